# SPDX-License-Identifier: Apache-2.0
"""Reverse proxies: those that let a line through, and those that leave only plain requests."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from detente.node.path_host import DIRECT, POST
from detente.node.path_tls import server_context
from tests.node.paths_kit import QUICK, Node, pair, running, until

pytestmark = pytest.mark.slow


class Proxy:
    """A reverse proxy in front of ``node``: speaks TLS, and does ``mode`` to what asks for an upgrade."""

    def __init__(self, node: Node, mode: str) -> None:
        self.node, self.mode = node, mode
        self.tasks: set[asyncio.Task[None]] = set()
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            request = await reader.readuntil(b"\r\n\r\n")
            blocked = b"upgrade: websocket" in request.lower()
            if self.mode.isdecimal() and (blocked or self.mode in ("502", "503")):
                writer.write(b"HTTP/1.1 %s Refused\r\ncontent-length: 0\r\n\r\n" % self.mode.encode())
            elif self.mode == "close" and blocked:
                pass
            elif self.mode == "hang" and blocked:
                await asyncio.sleep(30)
            else:
                if self.mode == "strip":
                    request = request.replace(b"Upgrade: websocket\r\n", b"").replace(
                        b"Connection: Upgrade\r\n", b""
                    )
                await self.through(request, reader, writer)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    async def through(
        self, request: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        port = int(self.node.url.rpartition(":")[2])
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
        inner_writer.write(request)
        copies = [
            asyncio.create_task(copy(reader, inner_writer)),
            asyncio.create_task(copy(inner_reader, writer)),
        ]
        try:
            await asyncio.wait(copies, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in copies:
                task.cancel()
            inner_writer.close()
            await asyncio.gather(*copies, return_exceptions=True)


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()


@asynccontextmanager
async def behind(mode: str, limits=QUICK) -> AsyncIterator[tuple[Node, Node, Proxy]]:  # type: ignore[no-untyped-def]
    """Node a reaches node b through a proxy; b does not know where a is."""
    async with running("one", "two", limits=limits, listen=False) as (a, b):
        assert b.paths is not None
        b.url = await b.paths.start_listener("127.0.0.1:0", behind_proxy=True)
        proxy = Proxy(b, mode)
        handlers: set[asyncio.Task[None]] = set()

        def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.get_running_loop().create_task(proxy.serve(reader, writer))
            handlers.add(task)
            task.add_done_callback(handlers.discard)

        context = server_context(b.tls_key_pem, b.tls_cert_pem)
        server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context)
        proxy.url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        a.meet(b, proxy.url)
        b.meet(a)
        a.wanted[b.me] = True
        try:
            yield a, b, proxy
        finally:
            server.close()
            assert a.paths is not None
            await a.paths.close()
            for task in list(handlers):
                task.cancel()
            await asyncio.gather(*handlers, return_exceptions=True)


async def test_a_line_goes_through_a_reverse_proxy() -> None:
    async with behind("through") as (a, b, _):
        assert b.url.startswith("http://127.0.0.1:")
        a.send(b, b"one")
        await until(lambda: b.got)
        b.send(a, b"back")
        await until(lambda: a.got)
        assert ("connected", b.me, DIRECT) in a.log


@pytest.mark.parametrize("mode", ["400", "404", "501", "close", "strip"])
async def test_where_no_upgrade_gets_through_posts_do(mode: str) -> None:
    async with behind(mode) as (a, b, _):
        b.on_packet = lambda peer, packet: b.send(a, b"receipt of " + packet)
        a.send(b, b"one", b"x" * 4_000_000, b"three")
        await until(lambda: len(b.got) == 3 and len(a.got) == 3)
        assert [packet for _, packet in b.got] == [b"one", b"x" * 4_000_000, b"three"]
        assert ("connected", b.me, POST) in a.log
        assert ("connected", a.me, POST) in b.log
        # What begins at the other side comes with the request that waits there.
        began = asyncio.get_running_loop().time()
        b.send(a, b"unasked")
        await until(lambda: len(a.got) == 4)
        assert asyncio.get_running_loop().time() - began < 0.5
        assert a.events(True)[0][2] == POST


async def test_a_proxy_that_swallows_upgrades_is_noticed() -> None:
    async with behind("hang", replace(QUICK, dial_time=0.3)) as (a, b, _):
        a.send(b, b"one")
        await until(lambda: b.got)


async def test_a_proxy_that_does_not_reach_the_node_is_the_paths_fault() -> None:
    async with behind("502") as (a, _, __):
        await until(lambda: a.events(False))
        assert a.events(False)[0][6] == "path"
        assert "502" in a.events(False)[0][5]


async def test_posting_goes_on_through_quiet_and_back_to_a_line() -> None:
    async with behind("400", replace(QUICK, poll=0.1, post_for=0.6)) as (a, b, proxy):
        await until(lambda: a.count("connected"))
        await asyncio.sleep(0.3)
        a.send(b, b"after some silence")
        await until(lambda: b.got)
        proxy.mode = "through"
        await until(lambda: ("connected", b.me, DIRECT) in a.log)
        assert ("disconnected", b.me, POST, None) in a.log
        await until(lambda: ("disconnected", a.me, POST, None) in b.log)
        a.send(b, b"by line")
        await until(lambda: len(b.got) == 2)


async def test_a_peer_that_posts_no_more_is_gone() -> None:
    async with behind("400", replace(QUICK, poll=0.1, post_silence=0.2)) as (a, b, _):
        await until(lambda: b.count("connected"))
        assert a.paths is not None
        await a.paths.close()
        await until(lambda: b.count("disconnected"))
        assert b.log[-1][3] is not None


async def test_posts_stop_when_the_other_side_dials_in() -> None:
    async with behind("400") as (a, b, _):
        await until(lambda: a.count("connected"))
        assert a.paths is not None
        a.url = await a.paths.start_listener("127.0.0.1:0")
        b.meet(a)
        b.wanted[a.me] = True
        b.send(a, b"by line")
        await until(lambda: ("connected", a.me, DIRECT) in b.log)
        await until(lambda: a.count("disconnected") == 1 and a.got)
        a.send(b, b"too")
        await until(lambda: b.got)


async def test_a_dead_line_does_not_keep_posts_from_answers() -> None:
    async with pair() as (a, b):
        a.wanted[b.me] = True
        await until(lambda: b.count("connected"))
        assert b.paths is not None
        [link] = b.paths._links[a.me]
        await link.check(1.0)
        assert a.me in b.paths._links
        link._wire.transport.pause_reading()
        await link.check(0.1)
        await until(lambda: b.count("disconnected"))
        assert b.log[-1][5] == "no answer to a ping"
