# SPDX-License-Identifier: Apache-2.0
"""One open line to one peer: packets both ways over a WebSocket, and a ping that tells whether it lives."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.connection import Connection
from websockets.exceptions import ConnectionClosed, ConnectionClosedOK, PayloadTooBig, ProtocolError

from detente.node.path_host import DIRECT, Counters, Fault, Host, Limits


class Wire(Connection):
    """A WebSocket that counts what it reads, and gives up a peer that makes it hold too much unsent."""

    octets = 0
    write_most = Limits.write_most

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is there."""
        super().connection_made(transport)
        sock = transport.get_extra_info("socket")
        if sock is not None:
            # The loop does this only for sockets that name their protocol; an accepted one does not, and a
            # small packet would wait 40 ms for the acknowledgement of the one before it.
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # Little unsent in the kernel: a ping then waits behind little, and an urgent packet too.
        if sock is not None and hasattr(socket, "TCP_NOTSENT_LOWAT"):
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, 64 * 2**10)

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        self.octets += len(data)
        super().data_received(data)
        # Answers to pings are written without waiting: who asks and never reads must not cost memory.
        if self.transport.get_write_buffer_size() > self.write_most:
            self.transport.abort()


class ClientWire(Wire, ClientConnection):
    """The dialling side's ``Wire``."""


class Link:
    """A WebSocket to ``peer`` at work, until ``run`` returns.

    ``opener`` is the fingerprint of the side that opened it. Packets are pulled only while the link is
    ``active``; they are received as long as it is open.
    """

    def __init__(
        self, host: Host, peer: str, opener: str, wire: Connection, limits: Limits, counters: Counters
    ) -> None:
        self.peer, self.opener = peer, opener
        self.active = False
        self.error: str | None = None
        self.fault: Fault = "path"
        self._host, self._wire, self._limits, self._counters = host, wire, limits, counters
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._closing = False

    def wake(self) -> None:
        """Something may wait to be sent."""
        self._wake.set()

    def activate(self, active: bool) -> None:
        """Pull packets for this link from now on, or no longer."""
        self.active = active
        self._wake.set()

    def drop(self) -> None:
        """Cut the connection at once."""
        self._closing = True
        self._wire.transport.abort()

    async def close(self, within: float) -> None:
        """Finish what is being sent, say good-bye; cut the connection if that takes over ``within`` (s)."""
        self._closing = True
        self.activate(False)
        try:
            async with asyncio.timeout(within):
                await self._idle.wait()
                await self._wire.close()
        except TimeoutError:
            self._wire.transport.abort()

    async def check(self, within: float) -> None:
        """Cut the connection if it does not answer a ping in ``within`` (s)."""
        try:
            async with asyncio.timeout(within):
                await (await self._wire.ping())
        except (TimeoutError, ConnectionClosed):
            self._end("no answer to a ping", "path")
            self._wire.transport.abort()

    async def run(self) -> None:
        """Work until the connection ends; ``error`` then says why, or is None if it was closed in order."""
        tasks = [asyncio.create_task(self._send()), asyncio.create_task(self._pulse())]
        try:
            await self._receive()
        except ConnectionClosed as error:
            self._explain(error)
        finally:
            self._wire.transport.abort()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, self._wire.wait_closed(), return_exceptions=True)
        if self._closing:
            self.error = None

    async def _receive(self) -> None:
        while True:
            data: Any = await self._wire.recv()
            if isinstance(data, str):
                self._counters["not a binary message"] += 1
                self._end("the other side sent text", "theirs")
                await self._wire.close(1003)
                return
            self._host.packet(self.peer, data)
            self._wake.set()

    async def _send(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                await self._wake.wait()
                self._wake.clear()
                self._idle.clear()
                room = more = self._limits.room
                # Less than there was room for is all there was: what came meanwhile has set the event again.
                while self.active and more >= room and (frames := self._host.pull(self.peer, room)):
                    for frame in frames:
                        await self._wire.send(frame)
                    more = sum(map(len, frames))
                self._idle.set()

    async def _pulse(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                await self._ping()
                await asyncio.sleep(self._limits.ping)

    async def _ping(self) -> None:
        """One round trip. Late is not dead: as long as bytes still move, a thin line is given time."""
        pong = asyncio.create_task(self._round_trip())
        moved, still = self._moved(), 0.0
        try:
            while not (await asyncio.wait({pong}, timeout=self._limits.pong))[0]:
                now, waiting = self._moved(), self._wire.transport.get_write_buffer_size()
                still = still + self._limits.pong if now == moved else 0.0
                moved = now
                if still >= (self._limits.stuck if waiting else self._limits.pong):
                    self._end("no answer to a ping", "path")
                    self._counters["no answer to a ping"] += 1
                    self._wire.transport.abort()
                    return
            self._host.path_event(self.peer, DIRECT, True, 1000 * pong.result(), None, None)
        finally:
            pong.cancel()
            await asyncio.gather(pong, return_exceptions=True)

    async def _round_trip(self) -> float:
        began = time.perf_counter()  # the event loop's own clock may tick in milliseconds only
        await (await self._wire.ping())
        return time.perf_counter() - began

    def _moved(self) -> tuple[int, int]:
        octets = self._wire.octets if isinstance(self._wire, Wire) else 0
        return octets, self._wire.transport.get_write_buffer_size()

    def _end(self, error: str, fault: Fault) -> None:
        if self.error is None:
            self.error, self.fault = error, fault

    def _explain(self, error: ConnectionClosed) -> None:
        cause = self._wire.protocol.parser_exc
        if isinstance(cause, PayloadTooBig) or (error.sent and error.sent.code == 1009):
            self._counters["packet too long"] += 1
            self._end("the other side sent more than a packet may have", "theirs")
        elif isinstance(cause, ProtocolError):
            self._counters["not a WebSocket"] += 1
            self._end("the other side broke the WebSocket protocol", "theirs")
        elif error.rcvd is not None:
            said = f"{error.rcvd.code} {error.rcvd.reason}".strip()
            self._end(f"the other side closed the line ({said})", "theirs")
        elif not isinstance(error, ConnectionClosedOK):
            self._end("the connection was cut", "path")
