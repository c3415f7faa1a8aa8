# SPDX-License-Identifier: Apache-2.0
"""Dialling a peer: a WebSocket if one gets through, POSTs if not (protocol §9)."""

from __future__ import annotations

import asyncio
import ssl
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidHandshake, InvalidProxy, InvalidStatus, InvalidURI, ProxyError

from detente.errors import MalformedError
from detente.node import path_frames
from detente.node.path_auth import Request, challenge_nonce, sign_request
from detente.node.path_host import PATH, POST, Fault, Host, Limits
from detente.node.path_link import ClientWire
from detente.node.path_tls import PathError, explain
from detente.seal.keys import SigningKey

_NONCE_LIFE = 45.0
_PACE = 0.005
"""Between two POSTs (s): the peer remembers only so many spent nonces."""


class Blocked(PathError):
    """The peer is there, but something on the way lets no WebSocket through."""


@dataclass(frozen=True)
class Target:
    """Where and as whom to dial: one endpoint of ``peer``'s card."""

    endpoint: str
    peer: str
    me: str
    key: SigningKey
    context: ssl.SSLContext

    @property
    def base(self) -> str:
        """``host:port`` of the endpoint; PathError if it is not one of https."""
        parts = urlsplit(self.endpoint)
        if parts.scheme != "https" or not parts.hostname:
            raise PathError(f"{self.endpoint} is not an https endpoint", "theirs")
        return parts.netloc.rpartition("@")[2]

    def request(self, method: str, nonce: str | None, body: bytes | None = None) -> Request:
        """The request, signed if there is a nonce to sign."""
        request = Request(method, {"detente-from": self.me, "detente-to": self.peer})
        if nonce is not None:
            sign_request(request, self.key, nonce, body)
        return request


class _Connect(connect):
    def process_redirect(self, exc: Exception) -> Exception:
        """A signed request follows nobody elsewhere."""
        return exc


async def open_wire(target: Target, limits: Limits) -> ClientWire:
    """A WebSocket to the target, proved to be ours. Blocked, or PathError with the fault."""
    nonce: str | None = None
    for _ in range(3):
        try:
            wire = await _connect(target, nonce, limits)
        except InvalidStatus as error:
            if error.response.status_code != 401:
                raise _refused(error.response.status_code) from None
            nonce = challenge_nonce(", ".join(error.response.headers.get_all("accept-signature")))
        except (InvalidProxy, ProxyError) as error:
            raise PathError(f"our own proxy: {error}", "ours") from None
        except (InvalidHandshake, TimeoutError) as error:
            raise Blocked(f"no WebSocket gets through: {error}", "path") from None
        except (OSError, EOFError, InvalidURI) as error:
            raise explain(error) from None
        else:
            if nonce is not None:
                return wire
            await wire.close()
            raise PathError("the other side asks for no signature", "theirs")
    raise PathError("the other side does not accept our signature", "theirs")


async def _connect(target: Target, nonce: str | None, limits: Limits) -> ClientWire:
    wire = await _Connect(
        f"wss://{target.base}{PATH}",
        ssl=target.context,
        additional_headers=target.request("GET", nonce).headers,
        user_agent_header=None,
        compression=None,
        open_timeout=limits.dial_time,
        ping_interval=None,
        close_timeout=limits.close_time,
        max_size=limits.packet,
        max_queue=4,
        write_limit=limits.write_buffer,
        create_connection=ClientWire,
    )
    assert isinstance(wire, ClientWire)
    return wire


def _refused(status: int) -> PathError:
    """What an HTTP status other than the one wanted says."""
    if status == 403:
        return PathError("the other side does not know this party or its http key (403)", "theirs")
    if status == 401:
        return PathError("the other side does not accept our signature (401)", "theirs")
    if status == 429:
        return PathError("the other side refuses more requests for now (429)", "theirs")
    if status in (502, 503, 504):
        return Blocked(f"a proxy on the way does not reach the other side ({status})", "path")
    return Blocked(f"a proxy on the way lets no line through ({status})", "path")


class Poster:
    """A session by plain HTTPS requests: what waits here is pushed at once, what waits there asked for."""

    def __init__(self, host: Host, target: Target, limits: Limits) -> None:
        self._host, self._target, self._limits = host, target, limits
        self._wake = asyncio.Event()
        self._wake.set()

    def wake(self) -> None:
        """Something may wait to be sent."""
        self._wake.set()

    async def run(self, life: float) -> None:
        """Work for ``life`` seconds, or until it fails: PathError. The host is told of begin and end."""
        timeout = httpx.Timeout(self._limits.dial_time, read=self._limits.poll + self._limits.dial_time)
        async with httpx.AsyncClient(
            verify=self._target.context,
            timeout=timeout,
            headers={"accept-encoding": "identity", "user-agent": "", "accept": "*/*"},
            follow_redirects=False,
        ) as client:
            asker, pusher = _Requests(self, client), _Requests(self, client)
            began = time.monotonic()
            await asker.exchange(b"", 0)
            peer, took = self._target.peer, time.monotonic() - began
            self._host.path_event(peer, POST, True, 1000 * took, None, None)
            self._host.connected(peer, POST)
            error: PathError | None = None
            try:
                async with asyncio.TaskGroup() as tasks:
                    work = [tasks.create_task(self._ask(asker)), tasks.create_task(self._push(pusher))]
                    await asyncio.wait(work, timeout=life, return_when=asyncio.FIRST_EXCEPTION)
                    for task in work:
                        task.cancel()
            except* PathError as group:
                error = explain(_first(group))
            finally:
                self._host.disconnected(peer, POST, str(error) if error else None)
            if error is not None:
                raise error

    async def _ask(self, requests: _Requests) -> None:
        while True:
            await requests.exchange(b"", self._limits.poll)

    async def _push(self, requests: _Requests) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while packets := self._host.pull(self._target.peer, self._limits.post_room):
                while packets:
                    count = path_frames.portion(packets, self._limits.body)
                    await requests.exchange(path_frames.join(packets[:count]), 0)
                    packets = packets[count:]
                    await asyncio.sleep(_PACE)

    def take(self, answer: bytes) -> None:
        """Handle the packets of an answer; MalformedError."""
        for packet in path_frames.split(answer, self._limits.packet):
            self._host.packet(self._target.peer, packet)
            self._wake.set()

    @property
    def target(self) -> Target:
        """Whom this session is with."""
        return self._target

    @property
    def limits(self) -> Limits:
        """What it holds to."""
        return self._limits


class _Requests:
    """POSTs one after the other, each signed over the nonce that the answer before brought."""

    def __init__(self, poster: Poster, client: httpx.AsyncClient) -> None:
        self._poster, self._client = poster, client
        self._nonce: str | None = None
        self._since = 0.0

    async def exchange(self, body: bytes, wait: float) -> None:
        """One POST and its answer, handled. PathError."""
        try:
            if self._nonce is None or time.monotonic() - self._since > _NONCE_LIFE:
                # An unsigned request first, without a body: nobody should get that for nothing.
                self._nonce = None
                await self._post(b"", 0)
            for _ in range(2):
                if await self._post(body, wait):
                    return
        except httpx.ProxyError as error:
            raise PathError(f"our own proxy: {error}", "ours") from None
        except httpx.HTTPError as error:
            raise _explain_http(error) from None
        except MalformedError as error:
            raise PathError(f"the other side's answer: {error}", "theirs") from None
        raise _refused(401)

    async def _post(self, body: bytes, wait: float) -> bool:
        """Whether the POST was handled; if not, a nonce to sign has come instead."""
        target, nonce = self._poster.target, self._nonce
        self._nonce = None
        headers = dict(target.request("POST", nonce, body).headers)
        headers["content-type"] = "application/octet-stream"
        if wait:
            headers["prefer"] = f"wait={int(wait)}"
        url = f"https://{target.base}{PATH}"
        async with self._client.stream("POST", url, content=body, headers=headers) as response:
            if response.status_code not in (200, 401):
                raise _refused(response.status_code)
            self._nonce = challenge_nonce(response.headers.get("accept-signature", ""))
            self._since = time.monotonic()
            self._client.cookies.clear()
            if response.status_code == 401:
                return False
            answer = bytearray()
            async for chunk in response.aiter_raw():
                answer += chunk
                if len(answer) > self._poster.limits.body:
                    raise MalformedError("it is longer than it may be")
            self._poster.take(bytes(answer))
            return True


def _first(group: BaseExceptionGroup[PathError]) -> BaseException:
    found: BaseException = group
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    return found


def _explain_http(error: httpx.HTTPError) -> PathError:
    """The first error below httpx's that says whose fault it is."""
    if isinstance(error, httpx.TimeoutException):
        return explain(TimeoutError())
    below: BaseException | None = error
    while below is not None:
        if isinstance(below, ssl.SSLCertVerificationError) or (
            isinstance(below, OSError) and not isinstance(below, TimeoutError)
        ):
            return explain(below)
        below = below.__cause__ or below.__context__
    fault: Fault = "path"
    return PathError(f"HTTPS failed: {str(error) or type(error).__name__}", fault)
