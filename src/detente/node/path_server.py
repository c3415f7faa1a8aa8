# SPDX-License-Identifier: Apache-2.0
"""The listener of the direct path: who may connect how often, lines handed on, POSTs answered."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections import Counter, defaultdict
from collections.abc import Callable
from functools import partial

from detente.errors import UsageError
from detente.node import path_frames
from detente.node.path_auth import Nonces
from detente.node.path_door import Door
from detente.node.path_host import POST, Counters, Host, Limits
from detente.node.path_link import Wire

_AT_ONCE = 64
_RECOVER = 0.05
"""How many connections are accepted in one go, and the wait (s) when the system has none to give."""


class Posts:
    """Peers that come by POST: whose request waits for an answer, and who has not been heard for long."""

    def __init__(self, host: Host, limits: Limits) -> None:
        self._host, self._limits = host, limits
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[str, tuple[Door, asyncio.TimerHandle]] = {}
        self._sessions: dict[str, asyncio.TimerHandle] = {}
        self._rest: dict[str, list[bytes]] = {}

    def posted(self, door: Door, peer: str, wait: float) -> None:
        """Answer at once if there is something to say, or else when there is, at most ``wait`` seconds on."""
        if peer in self._sessions:
            self._sessions[peer].cancel()
        self._sessions[peer] = self._loop.call_later(self._limits.post_silence + wait, self._silent, peer)
        if peer not in self._rest:
            self._rest[peer] = []
            self._host.connected(peer, POST)
        packets = self._pull(peer)
        if packets or wait <= 0:
            return door.reply(packets)
        self._release(peer)
        self._waiting[peer] = door, self._loop.call_later(wait, self._release, peer)
        return None

    def wake(self, peer: str) -> None:
        """Something may wait to be sent to ``peer``."""
        if peer in self._waiting and (packets := self._pull(peer)):
            self._release(peer, packets)

    def left(self, door: Door) -> None:
        """The connection is gone, with or without its answer."""
        if door.peer in self._waiting and self._waiting[door.peer][0] is door:
            self._waiting.pop(door.peer)[1].cancel()

    def end(self, peer: str, error: str | None = None) -> None:
        """``peer`` comes by another way now, or no longer."""
        self._release(peer)
        if peer in self._sessions:
            self._sessions.pop(peer).cancel()
            del self._rest[peer]
            self._host.disconnected(peer, POST, error)

    def close(self) -> None:
        """End all."""
        for peer in list(self._sessions):
            self.end(peer)

    def _silent(self, peer: str) -> None:
        self.end(peer, "no request for some time")

    def _pull(self, peer: str) -> list[bytes]:
        packets = self._rest[peer] or self._host.pull(peer, self._limits.post_room)
        count = path_frames.portion(packets, self._limits.body)
        self._rest[peer] = packets[count:]
        return packets[:count]

    def _release(self, peer: str, packets: list[bytes] | None = None) -> None:
        if peer in self._waiting:
            door, timer = self._waiting.pop(peer)
            timer.cancel()
            door.reply(packets or [])


class Listener:
    """Accepts connections on one address. ``context`` None: without TLS behind a proxy, on loopback."""

    def __init__(
        self,
        host: Host,
        limits: Limits,
        counters: Counters,
        context: ssl.SSLContext | None,
        on_line: Callable[[str, Wire], None],
        on_post: Callable[[str], None],
    ) -> None:
        self.host, self.limits, self.counters = host, limits, counters
        self.nonces = Nonces()
        self.posts = Posts(host, limits)
        self._context, self._on_line, self._on_post = context, on_line, on_post
        self._strangers: dict[Door, None] = {}
        self._addresses: Counter[str] = Counter()
        self._met: defaultdict[str, dict[Door, None]] = defaultdict(dict)
        self._socket: socket.socket | None = None
        self._loop = asyncio.get_running_loop()
        self._vacant = asyncio.Event()
        self._vacant.set()
        self._again: asyncio.TimerHandle | None = None

    def start(self, listen: str) -> str:
        """Listen on ``host:port`` (port 0: any) and return the URL; UsageError if that cannot be."""
        name, _, port = listen.rpartition(":")
        name = name.strip("[]")
        if not name or not port.isdecimal() or int(port) > 65_535:
            raise UsageError(f"the address to listen on is HOST:PORT, not {listen!r}")
        try:
            info = socket.getaddrinfo(name, int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
            if self._context is None and not ipaddress.ip_address(info[4][0]).is_loopback:
                raise UsageError("behind a proxy the node listens without TLS, so on a loopback address only")
            dual = name == "::" and socket.has_dualstack_ipv6()
            listener = socket.create_server(
                info[4][:2], family=info[0], backlog=self.limits.connections, dualstack_ipv6=dual
            )
        except OSError as error:
            raise UsageError(f"cannot listen on {listen}: {error}") from None
        listener.setblocking(False)
        self._socket = listener
        self._listen()
        scheme, shown = "https" if self._context else "http", f"[{name}]" if ":" in name else name
        return f"{scheme}://{shown}:{listener.getsockname()[1]}"

    async def close(self) -> None:
        """Accept nothing more and end the connections that are not lines."""
        if self._again is not None:
            self._again.cancel()
        if self._socket is not None:
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()
            self._socket = None
        self.posts.close()
        doors = [*self._strangers, *(door for doors in self._met.values() for door in doors)]
        shaking = [door.handshake for door in doors if door.handshake is not None]
        for door in doors:
            if door.transport is None:
                door.drop()
            else:
                door.shut()
        await asyncio.gather(*shaking, return_exceptions=True)
        await self._empty(0.1)
        for door in doors:
            door.drop()
        await self._empty(0.1)

    async def _empty(self, time: float) -> None:
        """Wait until all connections are gone, at most ``time`` (s)."""
        try:
            async with asyncio.timeout(time):
                await self._vacant.wait()
        except TimeoutError:
            return

    def _accept(self) -> None:
        assert self._socket is not None
        for _ in range(_AT_ONCE):
            try:
                sock, address = self._socket.accept()
            except BlockingIOError:
                return
            except OSError:
                # Out of descriptors, or the other side is gone already: no reason to stop listening.
                self.counters["not accepted"] += 1
                self._loop.remove_reader(self._socket.fileno())
                self._again = self._loop.call_later(_RECOVER, self._listen)
                return
            sock.setblocking(False)
            door = self._admit(sock, _network(address[0]))
            if door is not None:
                door.handshake = self._loop.create_task(self._shake(door, sock))
                door.handshake.add_done_callback(partial(self._shaken, door, sock))

    def _listen(self) -> None:
        assert self._socket is not None
        self._loop.add_reader(self._socket.fileno(), self._accept)

    def _admit(self, sock: socket.socket, address: str) -> Door | None:
        if self._context is not None and self._addresses[address] >= self.limits.connections_per_address:
            self.counters["connections from one address"] += 1
            sock.close()
            return None
        if len(self._strangers) >= self.limits.connections:
            # The oldest has had its time: an honest peer needs far less than a flood takes to come round.
            self.counters["connections"] += 1
            oldest = next(iter(self._strangers))
            self._forget(oldest)
            oldest.drop()
        door = Door(self, address)
        self._strangers[door] = None
        self._vacant.clear()
        self._addresses[address] += 1
        return door

    async def _shake(self, door: Door, sock: socket.socket) -> None:
        limit = self.limits.head_time if self._context else None
        try:
            await self._loop.connect_accepted_socket(
                lambda: door, sock, ssl=self._context, ssl_handshake_timeout=limit
            )
        except (OSError, EOFError):  # ssl.SSLError and TimeoutError are OSErrors
            self.counters["no TLS"] += 1

    def _shaken(self, door: Door, sock: socket.socket, task: asyncio.Task[None]) -> None:
        door.handshake = None
        if door.transport is None:
            sock.close()
            self._forget(door)

    def _forget(self, door: Door) -> None:
        if door in self._strangers:
            del self._strangers[door]
            self._addresses[door.address] -= 1
            if not self._addresses[door.address]:
                del self._addresses[door.address]
        elif door.peer in self._met:
            self._met[door.peer].pop(door, None)
            if not self._met[door.peer]:
                del self._met[door.peer]
        if not self._strangers and not self._met:
            self._vacant.set()

    # What a door reports

    def met(self, door: Door, peer: str) -> None:
        """See ``path_door.Desk``."""
        self._forget(door)
        door.peer = peer
        self._met[peer][door] = None
        self._vacant.clear()
        if len(self._met[peer]) > self.limits.connections_per_peer:
            self.counters["connections of one party"] += 1
            next(iter(self._met[peer])).drop()

    def opened(self, door: Door, peer: str, wire: Wire) -> None:
        """See ``path_door.Desk``."""
        self._forget(door)
        self._on_line(peer, wire)

    def posted(self, door: Door, peer: str, wait: float) -> None:
        """See ``path_door.Desk``."""
        self._on_post(peer)
        self.posts.posted(door, peer, wait)

    def left(self, door: Door) -> None:
        """See ``path_door.Desk``."""
        self.posts.left(door)
        self._forget(door)


def _network(address: str) -> str:
    """What counts as one address: an IPv4 address, or the /64 of an IPv6 one."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return str(ip.ipv4_mapped)
        return str(ipaddress.IPv6Network((ip, 64), strict=False))
    return str(ip)
