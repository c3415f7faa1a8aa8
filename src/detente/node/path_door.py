# SPDX-License-Identifier: Apache-2.0
"""One incoming connection, from its first byte until it is a line or gone.

What a stranger can make us hold is one request head. The HTTP parser is llhttp (httptools), the WebSocket one
``websockets``; this file keeps the time, counts the bytes and decides.
"""

from __future__ import annotations

import asyncio
import re
from http import HTTPStatus
from typing import Any, Protocol, cast

from websockets.server import ServerProtocol

from detente.errors import MalformedError, VerificationError
from detente.node import path_frames
from detente.node.path_auth import (
    Nonces,
    Request,
    challenge,
    check_digest,
    request_nonce,
    verify_request,
)
from detente.node.path_host import PATH, Counters, Host, Limits
from detente.node.path_http import Incoming
from detente.node.path_link import Wire

_FINGERPRINT = re.compile(r"[0-9a-f]{64}")
_WAIT = re.compile(r"wait=(\d{1,4})")


class Desk(Protocol):
    """What a door reports to."""

    host: Host
    limits: Limits
    counters: Counters
    nonces: Nonces

    def met(self, door: Door, peer: str) -> None:
        """The request has proved to be ``peer``'s; sets ``door.peer``."""

    def opened(self, door: Door, peer: str, wire: Wire) -> None:
        """The connection has become a line and is the door's no longer."""

    def posted(self, door: Door, peer: str, wait: float) -> None:
        """A POST of ``peer`` has been handled: call ``door.reply`` at the latest in ``wait`` seconds."""

    def left(self, door: Door) -> None:
        """The connection is gone."""


class Door(asyncio.Protocol):
    """See the module. ``address`` is where the connection comes from; ``peer`` is None until it is proved."""

    def __init__(self, desk: Desk, address: str) -> None:
        self.address, self.peer = address, ""
        self.transport: asyncio.Transport | None = None
        self.handshake: asyncio.Task[None] | None = None
        self._desk = desk
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._state = "head"
        self._buffer = bytearray()
        self._octets = self._mark = 0
        self._incoming = Incoming()
        self._request = Request("")
        self._digest = ""

    def drop(self) -> None:
        """Cut the connection, wherever it stands."""
        if self.transport is not None:
            self.transport.abort()
        elif self.handshake is not None:
            self.handshake.cancel()

    def shut(self) -> None:
        """Close the connection; an answer under way still goes out."""
        if self._state == "wait":
            self.reply([])
        if self.transport is not None:
            self.transport.close()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The TLS handshake, if any, is done."""
        self.transport = cast("asyncio.Transport", transport)
        self._expect(self._desk.limits.head_time, "slow head")

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._expect(None)
        self._state = "gone"
        self._desk.left(self)

    def data_received(self, data: bytes) -> None:
        """Bytes came: a head, a body, or too early."""
        if self._state == "head":
            self._take_head(data)
        elif self._state == "body":
            self._take_body(data)
        else:
            self._desk.counters["request before the answer"] += 1
            self.drop()

    # A request's head

    def _take_head(self, data: bytes) -> None:
        limits = self._desk.limits
        if not self._buffer:
            self._expect(limits.head_time, "slow head")
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n") + 4
        if end < 4 and len(self._buffer) <= limits.head:
            return None
        if end < 4 or end > limits.head:
            return self._refuse(431, "head too long")
        head, rest = bytes(self._buffer[:end]), bytes(self._buffer[end:])
        self._buffer.clear()
        self._incoming = Incoming()
        try:
            self._incoming.feed(head)
            if not self._incoming.head:
                raise MalformedError("not an HTTP request")
        except MalformedError:
            return self._refuse(400, "not HTTP")
        method = self._incoming.parser.get_method().decode("ascii")
        self._request = Request.of(method, self._incoming.lines)
        return self._decide(head, rest)

    def _decide(self, head: bytes, rest: bytes) -> None:
        """Answer 4xx, or go on to the body or to the line. 403 comes before anything else is looked at."""
        host, request = self._desk.host, self._request
        peer = request.headers.get("detente-from", "")
        card = host.peer_card(peer) if _FINGERPRINT.fullmatch(peer) else None
        if card is None or request.headers.get("detente-to") != host.me:
            return self._refuse(403, "unknown party")
        if self._incoming.url != PATH.encode("ascii"):
            return self._refuse(404, "unknown path")
        if request.method not in ("GET", "POST"):
            return self._refuse(405, "unknown method", allow="GET, POST")
        if request.method == "GET" and not self._incoming.upgrade:
            return self._refuse(426, "no upgrade", upgrade="websocket", connection="upgrade, close")
        nonce = request_nonce(request)
        if nonce is None or not self._desk.nonces.fresh(peer, nonce):
            return self._challenge(peer, rest, nonce)
        try:
            self._digest = verify_request(request, card.keys.http) or ""
        except VerificationError:
            return self._refuse(403, "bad signature")
        if not self._desk.nonces.spend(peer, nonce):
            return self._challenge(peer, rest, nonce)
        if peer != self.peer:  # a reverse proxy may bring several parties over one connection
            self._desk.met(self, peer)
        if request.method == "GET":
            return self._open(head, rest)
        return self._start_body(rest)

    def _challenge(self, peer: str, rest: bytes, nonce: str | None) -> None:
        if nonce is not None:
            self._desk.counters["nonce not fresh"] += 1
        asked = challenge(self._desk.nonces.issue(peer), self._request.method)
        stay = False
        if self._request.method == "POST":
            try:
                self._incoming.feed(rest)
                stay = self._incoming.complete
            except MalformedError:
                return self._refuse(400, "not HTTP")
        self._answer(401, stay=stay, headers={"accept-signature": asked})
        return None

    # A line

    def _open(self, head: bytes, rest: bytes) -> None:
        limits = self._desk.limits
        protocol = ServerProtocol(max_size=limits.packet)
        protocol.receive_data(head)
        events = protocol.events_received()
        if not events:
            return self._refuse(400, "not a WebSocket")
        response = protocol.accept(cast("Any", events[0]))
        if response.status_code != 101:
            return self._refuse(response.status_code, "not a WebSocket")
        protocol.send_response(response)
        assert self.transport is not None
        self._expect(None)
        self._state = "gone"
        wire = Wire(
            protocol,
            ping_interval=None,
            close_timeout=limits.close_time,
            max_queue=4,
            write_limit=limits.write_buffer,
        )
        wire.connection_made(self.transport)
        self.transport.set_protocol(wire)
        wire.send_data()
        self._desk.opened(self, self.peer, wire)
        if rest:
            wire.data_received(rest)
        return None

    # A POST

    def _start_body(self, rest: bytes) -> None:
        headers, limits = self._request.headers, self._desk.limits
        length = headers.get("content-length", "0")
        if not length.isdecimal() or len(length) > 12 or int(length) > limits.body:
            return self._refuse(413, "body too long")
        if headers.get("expect", "").lower() == "100-continue" and not rest and self.transport is not None:
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._state, self._octets, self._mark = "body", 0, 0
        self._expect(limits.body_time, "slow body")
        return self._take_body(rest)

    def _take_body(self, data: bytes) -> None:
        limits = self._desk.limits
        self._octets += len(data)
        # Chunk headers and trailers count too: they are the peer's bytes like all others.
        if self._octets > limits.body + limits.head:
            return self._refuse(413, "body too long")
        try:
            self._incoming.feed(data)
        except MalformedError:
            return self._refuse(400, "not HTTP")
        if len(self._incoming.body) > limits.body:
            return self._refuse(413, "body too long")
        if self._incoming.complete:
            self._expect(None)
            self._handle(bytes(self._incoming.body))
        return None

    def _handle(self, body: bytes) -> None:
        self._incoming.body.clear()
        try:
            check_digest(self._digest, body)
            packets = path_frames.split(body, self._desk.limits.packet)
        except MalformedError:
            return self._refuse(400, "bad body")
        for packet in packets:
            self._desk.host.packet(self.peer, packet)
        self._state = "wait"
        found = _WAIT.search(self._request.headers.get("prefer", ""))
        wait = min(float(found[1]) if found else 0.0, self._desk.limits.poll)
        return self._desk.posted(self, self.peer, wait)

    def reply(self, packets: list[bytes]) -> None:
        """Answer the POST that is waiting; every answer brings the next nonce."""
        if self._state != "wait":
            return
        asked = challenge(self._desk.nonces.issue(self.peer), "POST")
        headers = {"content-type": "application/octet-stream", "accept-signature": asked}
        stay = self._incoming.parser.should_keep_alive()
        self._answer(200, path_frames.join(packets), stay=stay, headers=headers)

    # Answers and time

    def _refuse(self, status: int, why: str, **headers: str) -> None:
        self._desk.counters[why] += 1
        self._answer(status, headers=headers)

    def _answer(
        self, status: int, body: bytes = b"", *, stay: bool = False, headers: dict[str, str] | None = None
    ) -> None:
        assert self.transport is not None
        fields = {"content-length": str(len(body)), "cache-control": "no-store", **(headers or {})}
        if not stay:
            fields.setdefault("connection", "close")
        lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *(f"{k}: {v}" for k, v in fields.items())]
        self.transport.write("\r\n".join([*lines, "\r\n"]).encode("ascii") + body)
        self._state = "head" if stay else "gone"
        limits = self._desk.limits
        if stay:
            self._expect(limits.keep_time if self.peer else limits.head_time)
        else:
            # Closing TLS in order goes on reading; whoever still sends is cut off a little later.
            self._expect(limits.linger)
            self.transport.close()

    def _expect(self, time: float | None, late: str = "") -> None:
        """Within ``time`` (s) the next step has to be done; ``late`` is how it is counted if not."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if time is None else self._loop.call_later(time, self._late, late)

    def _late(self, why: str) -> None:
        if self._state == "body" and self._octets - self._mark >= self._desk.limits.body_least:
            self._mark = self._octets
            return self._expect(self._desk.limits.body_time, why)
        if why:
            self._desk.counters[why] += 1
        return self.drop()
