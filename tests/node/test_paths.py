# SPDX-License-Identifier: Apache-2.0
"""Two nodes on loopback: packets both ways, whatever happens to the connection."""

from __future__ import annotations

import asyncio
import os
import socket
from collections import deque

import pytest

from detente.errors import UsageError
from detente.node.path_host import DIRECT
from detente.node.paths import Limits, Paths, _Dialling
from tests.node.paths_kit import QUICK, Node, certificate, der, pair, running, until

pytestmark = pytest.mark.slow


async def test_packets_go_both_ways_over_one_connection() -> None:
    async with pair() as (a, b):
        a.wanted[b.me] = True
        a.send(b, b"one", b"two")
        await until(lambda: len(b.got) == 2)
        b.send(a, b"back")
        await until(lambda: a.got)
        assert b.got == [(a.me, b"one"), (a.me, b"two")]
        assert a.got == [(b.me, b"back")]
        assert a.log[0] == ("connected", b.me, DIRECT)
        assert ("connected", a.me, DIRECT) in b.log
        await until(lambda: a.events(True) and b.events(True))
        assert 0 < a.events(True)[0][4] < 1000


async def test_an_answer_to_a_packet_goes_out_at_once() -> None:
    async with pair() as (a, b):
        b.on_packet = lambda peer, packet: b.send(a, b"receipt of " + packet)
        a.wanted[b.me] = True
        a.send(b, b"x")
        await until(lambda: a.got)
        assert a.got == [(b.me, b"receipt of x")]


async def test_long_packets_and_many() -> None:
    async with pair() as (a, b):
        a.wanted[b.me] = True
        packets = [os.urandom(4 * 2**20 + 64 * 2**10), *(bytes([n % 256]) * 2000 for n in range(500))]
        a.send(b, *packets)
        b.send(a, *packets)
        await until(lambda: len(a.got) == len(b.got) == len(packets))
        assert [packet for _, packet in b.got] == packets
        assert [packet for _, packet in a.got] == packets


async def test_the_line_comes_back_after_the_other_side_was_killed() -> None:
    async with pair() as (a, b):
        a.wanted[b.me] = True
        a.send(b, b"before")
        await until(lambda: b.got)
        assert b.paths is not None
        for link in b.paths._links[a.me]:
            link.drop()
        await until(lambda: a.count("connected") == 2)
        a.send(b, b"after")
        await until(lambda: len(b.got) == 2)
        [lost] = [entry for entry in a.log if entry[0] == "disconnected"]
        assert lost[3] is not None
        assert a.events(False)[0][5:] == (lost[3], "path")


async def test_the_line_comes_back_after_the_other_side_was_away() -> None:
    async with running("one", "two") as (a, b):
        a.meet(b)
        b.meet(a)
        a.wanted[b.me] = True
        await until(lambda: a.count("connected"))
        assert b.paths is not None
        await b.paths.close()
        await until(lambda: any(event[6] == "theirs" for event in a.events(False)[1:]))
        assert any("refused" in event[5] for event in a.events(False))
        b.paths = Paths(b, b, QUICK)
        await b.paths.start_listener(b.url.removeprefix("https://"))
        a.send(b, b"again")
        await until(lambda: b.got)


async def test_when_both_dial_the_line_of_the_lower_fingerprint_stays() -> None:
    async with pair() as (low, high):
        low.wanted[high.me] = high.wanted[low.me] = True
        low.send(high, *(bytes([n]) for n in range(100)))
        high.send(low, *(bytes([n]) for n in range(100)))
        assert low.paths is not None
        assert high.paths is not None
        await until(lambda: len(low.got) == len(high.got) == 100)

        def openers(paths: Paths, peer: Node) -> list[str]:
            return [link.opener for link in paths._links.get(peer.me, [])]

        await until(lambda: openers(low.paths, high) == openers(high.paths, low))
        await until(lambda: len(openers(low.paths, high)) == 1)
        assert low.count("disconnected") == high.count("disconnected") == 0
        assert sorted(low.got) == [(high.me, bytes([n])) for n in range(100)]
        low.send(high, b"still")
        high.send(low, b"here")
        await until(lambda: len(low.got) == len(high.got) == 101)


async def test_the_lower_fingerprints_line_takes_over_and_nothing_is_lost() -> None:
    async with pair() as (low, high):
        high.wanted[low.me] = True
        await until(lambda: low.count("connected") and high.count("connected"))
        assert low.paths is not None
        assert high.paths is not None
        high.send(low, *(os.urandom(200_000) for _ in range(40)))
        high.out[low.me].extend(bytes([n]) for n in range(50))
        # As if both had dialled at the same moment: the lower one's comes second.
        dialling = low.paths._dialling.setdefault(high.me, _Dialling())
        await low.paths._dial(high.me, dialling)
        del low.paths._dialling[high.me]
        await until(lambda: len(low.got) == 90)
        await until(lambda: [link.opener for link in high.paths._links[low.me]] == [low.me])
        await until(lambda: [link.opener for link in low.paths._links[high.me]] == [low.me])


async def test_an_unknown_party_is_told_so() -> None:
    async with running("one", "two") as (a, b):
        a.meet(b)
        a.wanted[b.me] = True
        await until(lambda: a.events(False))
        event = a.events(False)[0]
        assert "403" in event[5]
        assert event[6] == "theirs"
        assert b.paths is not None
        assert b.paths.counters["unknown party"] >= 1
        assert b.log == []


async def test_a_wrong_http_key_is_refused() -> None:
    async with running("one", "two") as (a, b):
        a.meet(b)
        b.peers[a.me] = a.card(http=b.http.public)
        a.wanted[b.me] = True
        await until(lambda: a.events(False))
        assert "403" in a.events(False)[0][5]
        assert b.paths is not None
        assert b.paths.counters["bad signature"] >= 1


async def test_another_certificate_than_the_cards_is_refused() -> None:
    async with running("one", "two") as (a, b):
        b.meet(a)
        a.peers[b.me] = b.card(b.url, tls=der(certificate("three")[1]))
        a.wanted[b.me] = True
        await until(lambda: a.events(False))
        event = a.events(False)[0]
        assert "certificate" in event[5]
        assert event[6] == "theirs"
        assert b.log == []


async def test_without_a_pinned_certificate_the_public_cas_decide() -> None:
    async with running("one", "two") as (a, b):
        b.meet(a)
        card = b.card(b.url)
        a.peers[b.me] = type(card)(**{**{f: getattr(card, f) for f in card.__struct_fields__}, "tls": None})
        a.wanted[b.me] = True
        await until(lambda: a.events(False))
        assert "certificate" in a.events(False)[0][5]


@pytest.mark.parametrize(
    ("endpoint", "fault"),
    [
        ("https://127.0.0.1:9", "theirs"),
        ("nats://127.0.0.1:9", "theirs"),
        ("https://host.invalid:9", None),
    ],
)
async def test_whose_fault_it_is(endpoint: str, fault: str | None) -> None:
    async with running("one", "two") as (a, b):
        a.meet(b, endpoint)
        a.wanted[b.me] = False
        await until(lambda: a.events(False))
        assert a.events(False)[0][6] in ((fault,) if fault else ("theirs", "ours", "path"))


async def test_a_listener_that_never_answers_is_a_fault_of_the_path() -> None:
    silent = socket.create_server(("127.0.0.1", 0))
    limits = Limits(dial_time=0.2, backoff_first=5, close_time=1)
    try:
        async with running("one", "two", limits=limits) as (a, b):
            a.meet(b, f"https://127.0.0.1:{silent.getsockname()[1]}")
            a.wanted[b.me] = True
            await until(lambda: a.events(False))
            assert a.events(False)[0][6] == "path"
    finally:
        silent.close()


async def test_the_second_endpoint_is_tried() -> None:
    async with running("one", "two") as (a, b):
        a.meet(b, "https://127.0.0.1:9", b.url)
        b.meet(a)
        a.wanted[b.me] = False
        await until(lambda: a.count("connected"))


async def test_an_urgent_wake_ends_a_long_wait() -> None:
    limits = Limits(backoff_first=0.2, backoff_most=600, close_time=1)
    async with running("one", "two", limits=limits) as (a, b):
        a.meet(b)
        a.wanted[b.me] = False
        await until(lambda: a.events(False))
        assert a.paths is not None
        dialling = a.paths._dialling[b.me]
        dialling.failures = 12
        await until(lambda: dialling.failures == 13, 2)
        b.meet(a)
        a.send(b, b"routine")
        await asyncio.sleep(0.3)
        assert not b.got
        a.wanted[b.me] = True
        a.send(b, b"flash")
        await until(lambda: len(b.got) == 2, 2)


async def test_back_off_is_capped() -> None:
    node = Node("one")
    paths = Paths(node, node)
    node.wanted = {"u": True, "r": False}
    assert all(5 <= paths._delay("u", 30) <= 10 for _ in range(50))
    assert all(300 <= paths._delay("r", 30) <= 600 for _ in range(50))
    assert paths._delay("r", 1) <= 0.5
    await paths.close()


async def test_a_dead_line_is_noticed() -> None:
    limits = Limits(ping=0.1, pong=0.2, backoff_first=5, close_time=1)
    async with pair(limits) as (a, b):
        a.wanted[b.me] = True
        await until(lambda: b.count("connected"))
        assert b.paths is not None
        [link] = b.paths._links[a.me]
        link._wire.transport.pause_reading()
        await until(lambda: a.count("disconnected") and b.count("disconnected"))
        assert ("no answer to a ping", "path") in [event[5:] for event in a.events(False) + b.events(False)]


async def test_text_is_no_packet() -> None:
    async with pair() as (a, b):
        a.wanted[b.me] = True
        await until(lambda: a.count("connected"))
        assert a.paths is not None
        assert b.paths is not None
        await a.paths._links[b.me][0]._wire.send("text")
        await until(lambda: b.paths.counters["not a binary message"])
        await until(lambda: a.count("connected") == 2)


async def test_a_packet_over_the_limit_ends_the_line_and_is_counted() -> None:
    async with pair() as (a, b):
        a.wanted[b.me] = True
        a.send(b, b"x" * (QUICK.packet + 1))
        assert b.paths is not None
        await until(lambda: b.paths.counters["packet too long"])
        a.send(b, b"short")
        await until(lambda: b.got)
        assert b.got == [(a.me, b"short")]


async def test_closing_is_quick_and_in_order() -> None:
    async with pair() as (a, b):
        a.wanted[b.me] = True
        await until(lambda: a.count("connected") and b.count("connected"))
        assert a.paths is not None
        a.out[b.me] = deque([b"last"])
        a.paths.wake(b.me)
        await asyncio.sleep(0)
        began = asyncio.get_running_loop().time()
        await a.paths.close()
        assert asyncio.get_running_loop().time() - began < QUICK.close_time + 0.5
        await until(lambda: b.got)
        assert a.log[-1] == ("disconnected", b.me, DIRECT, None)


async def test_where_to_listen_must_make_sense() -> None:
    node = Node("one")
    paths = Paths(node, node, QUICK)
    for listen in ("nowhere", "127.0.0.1:x", ":1", "127.0.0.1:70000", "192.0.2.1:0"):
        with pytest.raises(UsageError):
            await paths.start_listener(listen)
    with pytest.raises(UsageError, match="loopback"):
        await paths.start_listener("0.0.0.0:0", behind_proxy=True)
    await paths.close()
