# SPDX-License-Identifier: Apache-2.0
"""What hostile peers and strangers can do to a listener: be refused, be counted, and nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
from dataclasses import replace
from pathlib import Path

import pytest

from detente.node.path_auth import Request, challenge_nonce, sign_request
from detente.node.path_host import Counters
from detente.node.path_link import Wire
from tests.node.paths_kit import QUICK, UPGRADE, Node, answer, head, pair, raw, running, signed_head, until

pytestmark = pytest.mark.slow


def counters(node: Node) -> Counters:
    assert node.paths is not None
    return node.paths.counters


def resident() -> int:
    """Bytes of memory this process holds now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


async def ended(reader: asyncio.StreamReader, seconds: float = 3.0) -> bytes:
    """All that still comes until the other side closes."""
    async with asyncio.timeout(seconds):
        try:
            return await reader.read()
        except ConnectionError:
            return b""


async def test_a_slow_head_is_cut_however_it_drips() -> None:
    async with running("one") as [node]:
        reader, writer = await raw(node)
        writer.write(b"GET /line/v1 HTTP/1.1\r\n")
        loop = asyncio.get_running_loop()
        began = loop.time()
        drip = asyncio.create_task(_drip(writer))
        await ended(reader)
        drip.cancel()
        assert loop.time() - began < QUICK.head_time + 1
        assert counters(node)["slow head"] == 1


async def _drip(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"x: y\r\n")
        await asyncio.sleep(0.02)


async def test_a_stalled_tls_handshake_is_cut() -> None:
    async with running("one") as [node]:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(node.url.rpartition(":")[2]))
        writer.write(b"\x16\x03\x01")
        assert await ended(reader) == b""
        writer.close()
        await until(lambda: counters(node)["no TLS"] == 1)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /line/v1 HTTP/1.1\r\n" + b"x: " + b"y" * 20_000, 431),
        (b"\x00\x01\x02 garbage\r\n\r\n", 400),
        (b"\r\n\r\n", 400),
        (b"GET /line/v1 HTTP/1.1\r\n\r\n", 403),
        (head("GET", {"detente-from": "a" * 64, "detente-to": "b" * 64, **UPGRADE}), 403),
        (head("POST", {"detente-from": "../../etc", "content-length": str(2**30)}), 403),
        (head("POST", {"transfer-encoding": "chunked", "content-length": "5"}), 400),
    ],
)
async def test_strangers_are_refused(sent: bytes, status: int) -> None:
    async with running("one") as [node]:
        reader, writer = await raw(node)
        writer.write(sent)
        got, fields = await answer(reader)
        assert got == status
        assert "server" not in fields
        await ended(reader)
        writer.close()
        assert sum(counters(node).values()) == 1


async def test_a_met_partys_mistakes_are_told_apart() -> None:
    async with pair() as (a, b):
        who = {"detente-from": a.me, "detente-to": b.me}
        for sent, status in [
            (head("GET", {**who, "detente-to": a.me, **UPGRADE}), 403),
            (head("GET", who), 426),
            (head("PUT", who), 405),
            (head("GET", {**who, **UPGRADE}).replace(b"/line/v1", b"/line/v2"), 404),
            (head("GET", {**who, **UPGRADE}), 401),
            (head("GET", {**who, **UPGRADE, "signature-input": 'detente=();nonce="x"'}), 401),
        ]:
            reader, writer = await raw(b)
            writer.write(sent)
            assert (await answer(reader))[0] == status
            await ended(reader)
            writer.close()


async def test_a_nonce_is_good_once() -> None:
    async with pair() as (a, b):
        request = await signed_head(b, a, "GET", None)
        statuses = []
        for _ in range(2):
            reader, writer = await raw(b)
            writer.write(request)
            statuses.append((await answer(reader))[0])
            writer.close()
        assert statuses == [101, 401]
        assert counters(b)["nonce not fresh"] == 1


async def test_a_nonce_is_good_for_its_peer_only() -> None:
    async with pair() as (a, b), running("three") as [third]:
        b.meet(third)
        request = await signed_head(b, a, "GET", None)
        reader, writer = await raw(b)
        writer.write(request.replace(a.me.encode(), third.me.encode()))
        assert (await answer(reader))[0] == 401
        writer.close()


async def test_a_posted_body_must_be_the_signed_one_and_framed() -> None:
    async with pair() as (a, b):
        for body, sent, status in [
            (b"\0\0\0\1x", b"\0\0\0\1x", 200),
            (b"\0\0\0\1x", b"\0\0\0\1y", 400),
            (b"\0\0\0\2x", b"\0\0\0\2x", 400),
            (b"\xff\xff\xff\xffx", b"\xff\xff\xff\xffx", 400),
        ]:
            reader, writer = await raw(b)
            writer.write(await signed_head(b, a, "POST", body) + sent)
            assert (await answer(reader))[0] == status
            writer.close()
        assert b.got == [(a.me, b"x")]
        assert counters(b)["bad body"] == 3


async def test_a_replayed_post_is_not_handled_again() -> None:
    async with pair() as (a, b):
        body = b"\0\0\0\1x"
        request = await signed_head(b, a, "POST", body) + body
        for status in (200, 401):
            reader, writer = await raw(b)
            writer.write(request)
            assert (await answer(reader))[0] == status
            writer.close()
        assert len(b.got) == 1


async def test_a_gigabyte_is_refused_with_constant_memory() -> None:
    async with pair() as (a, b):
        declared = await signed_head(b, a, "POST", b"", **{"content-length": str(2**30)})
        reader, writer = await raw(b)
        writer.write(declared)
        assert (await answer(reader))[0] == 413
        writer.close()

        streamed = await signed_head(b, a, "POST", b"", **{"transfer-encoding": "chunked"})
        _, writer = await raw(b)
        writer.write(streamed.replace(b"content-length: 0\r\n", b""))
        chunk = b"100000\r\n" + bytes(2**20) + b"\r\n"
        before = most = resident()
        with contextlib.suppress(ConnectionError):
            for _ in range(1024):
                writer.write(chunk)
                await writer.drain()
                most = max(most, resident())
        assert most - before < 64 * 2**20
        writer.close()
        assert counters(b)["body too long"] == 2
        assert b.got == []


async def test_chunk_trailers_do_not_grow_without_end() -> None:
    async with pair() as (a, b):
        request = await signed_head(b, a, "POST", b"", **{"transfer-encoding": "chunked"})
        _, writer = await raw(b)
        writer.write(request.replace(b"content-length: 0\r\n", b"") + b"0\r\nx: ")
        with contextlib.suppress(ConnectionError):
            for _ in range(64):
                writer.write(b"y" * 2**20)
                await writer.drain()
        await until(lambda: counters(b)["body too long"] == 1)
        writer.close()


async def test_a_stalled_body_is_cut_and_the_line_goes_on() -> None:
    async with pair(replace(QUICK, body_time=0.3)) as (a, b):
        a.wanted[b.me] = True
        body = b"x" * 1000
        reader, writer = await raw(b)
        writer.write(await signed_head(b, a, "POST", body) + body[:10])
        a.send(b, b"goes on")
        assert await ended(reader) == b""
        assert counters(b)["slow body"] == 1
        await until(lambda: b.got)
        writer.close()


async def test_a_second_request_before_the_answer_is_refused() -> None:
    async with pair() as (a, b):
        reader, writer = await raw(b)
        request = await signed_head(b, a, "POST", b"", prefer="wait=20")
        writer.write(request)
        await until(lambda: b.count("connected"))
        writer.write(request)
        assert await ended(reader) == b""
        writer.close()
        reader, writer = await raw(b)
        writer.write(await signed_head(b, a, "POST", b"") + request)
        assert (await answer(reader))[0] == 400
        writer.close()


async def test_one_address_gets_only_so_many_connections() -> None:
    async with running("one", limits=replace(QUICK, connections_per_address=3)) as [node]:
        opened = [await raw(node) for _ in range(3)]
        with pytest.raises(OSError):  # noqa: PT012
            reader, _ = await raw(node)
            await reader.readexactly(1)
        assert counters(node)["connections from one address"] == 1
        opened[0][1].close()
        await asyncio.sleep(0.05)
        opened.append(await raw(node))
        for _, writer in opened:
            writer.close()


async def test_when_all_places_are_taken_the_oldest_stranger_goes() -> None:
    async with pair(replace(QUICK, connections=4, head_time=5)) as (a, b):
        flood = [await raw(b) for _ in range(12)]
        a.wanted[b.me] = True
        a.send(b, b"through")
        await until(lambda: b.got)
        assert counters(b)["connections"] >= 8
        for _, writer in flood:
            writer.close()


async def test_one_party_gets_only_so_many_connections() -> None:
    async with pair(replace(QUICK, connections_per_peer=2)) as (a, b):
        opened = []
        for _ in range(4):
            reader, writer = await raw(b)
            writer.write(await signed_head(b, a, "POST", b""))
            assert (await answer(reader))[0] == 200
            opened.append((reader, writer))
        assert counters(b)["connections of one party"] == 2
        for reader, writer in opened[:2]:
            await ended(reader)
            writer.close()
        for _, writer in opened:
            writer.close()


async def test_who_pings_and_never_reads_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Wire, "write_most", 64 * 2**10)
    async with pair() as (a, b):
        reader, writer = await raw(b)
        writer.write(await signed_head(b, a, "GET", None))
        assert (await answer(reader))[0] == 101
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        ping = b"\x89\xfd" + b"\0\0\0\0" + b"p" * 125
        try:
            for _ in range(400):
                writer.write(ping * 1000)
                await writer.drain()
        except ConnectionError:
            pass
        await until(lambda: b.count("disconnected"))
        writer.close()


async def test_random_bytes_after_the_upgrade_end_only_that_line() -> None:
    async with pair() as (a, b):
        reader, writer = await raw(b)
        writer.write(await signed_head(b, a, "GET", None) + os.urandom(2000))
        await ended(reader)
        writer.close()
        await until(lambda: b.count("disconnected"))
        a.wanted[b.me] = True
        a.send(b, b"fine")
        await until(lambda: b.got)


async def test_an_answer_brings_the_next_nonce() -> None:
    async with pair() as (a, b):
        reader, writer = await raw(b)
        request = await signed_head(b, a, "POST", b"")
        for _ in range(3):
            writer.write(request)
            status, fields = await answer(reader)
            assert status == 200
            following = Request("POST", {"detente-from": a.me, "detente-to": b.me})
            sign_request(following, a.http, challenge_nonce(fields["accept-signature"]), b"")
            request = head("POST", {**following.headers, "content-length": "0"})
        writer.close()
