# SPDX-License-Identifier: Apache-2.0
"""The direct path: one long-lived line a peer, dialled and answered, and what to do while there is none.

A line is a WebSocket over TLS 1.3, opened by a signed request (protocol §9). Where WebSockets do not get
through, plain HTTPS requests carry the same packets. Which packets there are is the host's matter.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Coroutine

from detente.errors import MalformedError
from detente.node.path_client import Blocked, Poster, Target, open_wire
from detente.node.path_host import DIRECT, POST, Counters, Fault, Host, Limits, ServiceKeys
from detente.node.path_link import Link, Wire
from detente.node.path_server import Listener
from detente.node.path_tls import PathError, client_context, explain, server_context

__all__ = ["DIRECT", "POST", "Fault", "Host", "Limits", "Paths", "ServiceKeys"]

_LOOK = 1.0
"""How often (s) the host is asked whom it wants to reach, besides when it says so."""


class _Dialling:
    """What is known about a peer that is being dialled."""

    def __init__(self) -> None:
        self.kick = asyncio.Event()
        self.poster: Poster | None = None
        self.failures = 0
        self.task: asyncio.Task[None] | None = None


class Paths:
    """All direct lines of one node. ``counters`` says what was refused, by reason. Made on the event loop."""

    def __init__(self, host: Host, service_keys: ServiceKeys, limits: Limits | None = None) -> None:
        self.counters: Counters = Counter()
        self._host, self._keys, self._limits = host, service_keys, limits or Limits()
        self._listeners: list[Listener] = []
        self._links: dict[str, list[Link]] = {}
        self._dialling: dict[str, _Dialling] = {}
        self._look = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._manager: asyncio.Task[None] | None = None
        self._closed = False

    def start(self) -> None:
        """Begin to dial whom the host wants to reach. ``start_listener`` and ``wake`` do this too."""
        if self._manager is None and not self._closed:
            self._manager = asyncio.create_task(self._manage())

    async def start_listener(self, listen: str, *, behind_proxy: bool = False) -> str:
        """Answer on ``host:port`` (port 0: any free one) and return the URL. UsageError.

        Behind a reverse proxy that speaks TLS and passes ``/line/v1`` on, listen without TLS, on loopback.
        """
        context = None if behind_proxy else server_context(self._keys.tls_key_pem, self._keys.tls_cert_pem)
        listener = Listener(
            self._host, self._limits, self.counters, context, self._answered, self._has_posted
        )
        url = listener.start(listen)
        self._listeners.append(listener)
        self.start()
        return url

    def wake(self, peer: str) -> None:
        """Something may wait to be sent to ``peer``: send it now, or dial now if anything urgent waits."""
        if self._closed:
            return
        for link in self._links.get(peer, ()):
            link.wake()
        for listener in self._listeners:
            listener.posts.wake(peer)
        dialling = self._dialling.get(peer)
        if dialling is not None:
            dialling.kick.set()
            if dialling.poster is not None:
                dialling.poster.wake()
        elif peer not in self._links:
            self._look.set()
        self.start()

    def open(self, peer: str) -> bool:
        """Whether a line to ``peer`` is open now, by WebSocket."""
        return peer in self._links

    async def close(self) -> None:
        """Close all lines in order and stop, within ``limits.close_time``; then cut what is left."""
        self._closed = True
        diallers = [dialling.task for dialling in self._dialling.values() if dialling.task is not None]
        if self._manager is not None:
            diallers.append(self._manager)
        for task in diallers:
            task.cancel()
        await asyncio.gather(*diallers, return_exceptions=True)
        links = [link for links in self._links.values() for link in links]
        time = self._limits.close_time * 2 / 3
        await asyncio.gather(*(listener.close() for listener in self._listeners))
        await asyncio.gather(*(link.close(time) for link in links))
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self._limits.close_time / 3)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # Lines

    def _answered(self, peer: str, wire: Wire) -> None:
        self._enter(Link(self._host, peer, peer, wire, self._limits, self.counters))

    def _enter(self, link: Link) -> None:
        if self._closed:
            return link.drop()
        links = self._links.setdefault(link.peer, [])
        links.append(link)
        for old in links[: -self._limits.connections_per_peer]:
            old.drop()
        self._task(self._work(link))
        for listener in self._listeners:
            listener.posts.end(link.peer)
        self._settle(link.peer)
        if link.peer in self._dialling:
            self._dialling[link.peer].kick.set()
        return None

    async def _work(self, link: Link) -> None:
        try:
            await link.run()
        finally:
            link.active = False
            self._links[link.peer].remove(link)
            if not self._links[link.peer]:
                del self._links[link.peer]
                self._ended(link)
            else:
                self._settle(link.peer)

    def _ended(self, link: Link) -> None:
        self._host.disconnected(link.peer, DIRECT, link.error)
        if link.error is not None:
            self._host.path_event(link.peer, DIRECT, False, None, link.error, link.fault)
        self._look.set()

    def _settle(self, peer: str) -> None:
        """Of several lines to one peer the one opened by the lower fingerprint stays, of those the newest."""
        links = self._links[peer]
        lowest = min(link.opener for link in links)
        best = [link for link in links if link.opener == lowest][-1]
        for link in links:
            if link is best:
                continue
            link.activate(False)
            # The other side's opener closes its own, unless it has forgotten it and opened another.
            if link.opener == self._host.me or link.opener == best.opener:
                self._task(link.close(self._limits.close_time))
        if not best.active:
            best.activate(True)
            self._host.connected(peer, DIRECT)
            best.wake()

    def _has_posted(self, peer: str) -> None:
        # Who posts sees no open line: what we hold may be dead without our knowing.
        for link in self._links.get(peer, ()):
            self._task(link.check(self._limits.close_time))

    # Dialling

    async def _manage(self) -> None:
        while True:
            self._look.clear()
            for peer in self._host.wanting():
                if peer not in self._links and peer not in self._dialling and peer != self._host.me:
                    dialling = self._dialling[peer] = _Dialling()
                    dialling.task = self._task(self._keep(peer, dialling))
            try:
                async with asyncio.timeout(_LOOK):
                    await self._look.wait()
            except TimeoutError:
                continue

    async def _keep(self, peer: str, dialling: _Dialling) -> None:
        """Dial ``peer`` until a line is open or the host does not want it any more."""
        try:
            while peer not in self._links and peer in self._host.wanting():
                try:
                    await self._dial(peer, dialling)
                except PathError as error:
                    dialling.failures += 1
                    self._host.path_event(peer, DIRECT, False, None, str(error), error.fault)
                    await self._pause(peer, dialling)
                else:
                    dialling.failures = 0
        finally:
            del self._dialling[peer]

    async def _dial(self, peer: str, dialling: _Dialling) -> None:
        """Open a line over the first endpoint that answers, or else keep up a session of POSTs. PathError."""
        card = self._host.peer_card(peer)
        if card is None or not card.endpoints:
            raise PathError("the peer's card names no endpoint", "theirs")
        context = client_context(card.tls)
        first: PathError | None = None
        for endpoint in card.endpoints:
            target = Target(endpoint, peer, self._host.me, self._keys.http, context)
            try:
                return await self._try(target, dialling)
            except (PathError, MalformedError) as error:
                first = first or explain(error)
        assert first is not None
        raise first

    async def _try(self, target: Target, dialling: _Dialling) -> None:
        try:
            wire = await open_wire(target, self._limits)
        except Blocked:
            dialling.poster = Poster(self._host, target, self._limits)
            try:
                await self._post(target.peer, dialling, dialling.poster)
            finally:
                dialling.poster = None
        else:
            me = self._host.me
            self._enter(Link(self._host, target.peer, me, wire, self._limits, self.counters))

    async def _post(self, peer: str, dialling: _Dialling, poster: Poster) -> None:
        """Run ``poster`` until it fails, its time is up, or the peer has opened a line to us."""
        session = asyncio.create_task(poster.run(self._limits.post_for))
        try:
            while not session.done():
                kick = asyncio.create_task(dialling.kick.wait())
                await asyncio.wait({session, kick}, return_when=asyncio.FIRST_COMPLETED)
                kick.cancel()
                dialling.kick.clear()
                if peer in self._links or peer not in self._host.wanting():
                    return
            session.result()
        finally:
            session.cancel()
            await asyncio.gather(session, return_exceptions=True)

    async def _pause(self, peer: str, dialling: _Dialling) -> None:
        """Wait before the next try: doubling, with jitter, capped low while anything urgent waits.

        Something urgent that comes meanwhile begins the doubling anew, but never leads to a try at once: a
        peer that is down would otherwise be dialled for every entry.
        """
        loop, began = asyncio.get_running_loop(), asyncio.get_running_loop().time()
        dialling.kick.clear()
        until = began + self._delay(peer, dialling.failures)
        while loop.time() < until and peer not in self._links:
            try:
                async with asyncio.timeout_at(until):
                    await dialling.kick.wait()
            except TimeoutError:
                return
            dialling.kick.clear()
            if self._host.wanting().get(peer, False):
                dialling.failures = min(dialling.failures, 1)
                until = min(until, began + self._delay(peer, dialling.failures))

    def _delay(self, peer: str, failures: int) -> float:
        limits = self._limits
        urgent = self._host.wanting().get(peer, False)
        cap = limits.backoff_urgent if urgent else limits.backoff_most
        full: float = min(cap, limits.backoff_first * 2.0 ** min(failures - 1, 20))
        return full * random.uniform(0.5, 1.0)  # noqa: S311 -- jitter is no secret

    def _task(self, coroutine: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            context = {"message": "the direct path failed", "exception": error, "task": task}
            asyncio.get_running_loop().call_exception_handler(context)
