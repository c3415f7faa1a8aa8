# SPDX-License-Identifier: Apache-2.0
"""What is known of one member's copy: what it said, what is under way to it, how long it is to be spared."""

from __future__ import annotations

import itertools
from dataclasses import asdict

from detente.line.peers import HOLD_LEAST, Peer

ME = "ab" * 32


def told(peer: Peer, logs: dict[str, int], now: int = 5, **more: object) -> None:
    peer.told({"logs": logs, **more}, ME, now)


def test_of_a_new_member_nothing_is_known_and_nothing_is_owed() -> None:
    held = asdict(Peer("x"))
    assert held.pop("fingerprint") == "x"
    pairs = {"deaf_told": (0, 0, 0), "flashes": (0, 0), "used": (0, 0, 0)}
    assert {name: held.pop(name) for name in pairs} == pairs
    assert [held.pop(name) for name in ("have", "claimed")] == [None, None]
    assert all(value is False or value == 0 or not len(value) for value in held.values()), held
    assert {name for name, value in held.items() if value is False} == {
        "connected",
        "owe_have",
        "ask",
        "deaf",
    }


def test_what_it_says_replaces_what_was_under_way() -> None:
    peer = Peer("x", connected=True)
    peer.under_way("a", 7, 3, 100, 1)
    told(peer, {"a": 4, "b": 0}, 9, epochs={ME: 3, "other": 8})
    assert (peer.have, peer.sent, peer.epoch, peer.progress) == ({"a": 4, "b": 0}, {"a": 4, "b": 0}, 3, 9)
    assert (list(peer.flight), peer.flight_leaves, peer.flight_bytes) == ([], 0, 0)
    told(peer, {})
    assert (peer.have, peer.sent, peer.epoch) == ({}, {}, 0)


def test_packets_under_way_count_until_they_are_receipted_in_their_order() -> None:
    peer = Peer("x", connected=True)
    told(peer, {"a": 2, "b": 1})
    peer.under_way("a", 5, 3, 100, 2)
    peer.under_way("a", 6, 1, 50, 1)
    peer.under_way("b", 4, 3, 7, 3)
    assert (peer.flight_leaves, peer.flight_bytes, peer.sent) == (7, 157, {"a": 6, "b": 4})
    peer.stalls = 2
    peer.holds("a", 4, 20)  # a part of the first packet: nothing of it is done
    assert (peer.flight_leaves, peer.flight_bytes, peer.progress, peer.stalls) == (7, 157, 20, 0)
    peer.holds("a", 5, 21)
    assert (peer.flight_leaves, peer.flight_bytes, peer.epoch) == (4, 57, 2)
    peer.holds("b", 4, 22)  # the packet before it is still under way
    assert (peer.flight_leaves, peer.epoch, peer.have) == (4, 2, {"a": 5, "b": 4})
    peer.holds("a", 9, 23)
    assert (peer.flight_leaves, peer.flight_bytes, peer.epoch) == (3, 7, 2)
    peer.holds("a", 3, 24)
    assert peer.have == {"a": 9, "b": 4}, "nobody holds less than it did"


def test_several_packets_are_receipted_at_once() -> None:
    peer = Peer("x", connected=True)
    told(peer, {})
    for upto in (1, 2, 3):
        peer.under_way("a", upto, 1, 10, upto)
    peer.holds("a", 3, 6)
    assert (len(peer.flight), peer.flight_leaves, peer.flight_bytes, peer.epoch) == (0, 0, 0, 3)


def test_before_it_has_said_what_it_has_a_receipt_says_nothing() -> None:
    peer = Peer("x", connected=True)
    peer.holds("a", 5, 7)
    assert (peer.have, peer.progress) == (None, 0)


def test_a_connection_begins_without_what_was_known() -> None:
    for connected in (True, False):
        peer = Peer("x", connected=not connected)
        told(peer, {"a": 2}, epochs={ME: 2})
        peer.under_way("a", 5, 3, 100, 2)
        peer.differ("a")
        peer.stalls, peer.ask, peer.owe_have = 3, True, not connected
        peer.reset(connected)
        assert (peer.connected, peer.have, peer.sent, peer.epoch) == (connected, None, {}, 0)
        assert (peer.flight_leaves, peer.flight_bytes, list(peer.flight)) == (0, 0, [])
        assert (peer.differs, peer.stalls, peer.ask, peer.owe_have) == (set(), 0, False, connected)


def test_who_holds_another_history_is_shown_our_head_once() -> None:
    peer = Peer("x")
    peer.differ("a")
    assert (peer.differs, peer.owe_heads) == ({"a"}, {"a"})
    peer.owe_heads.clear()
    peer.differ("a")
    assert (peer.differs, peer.owe_heads) == ({"a"}, set())


def test_it_is_waited_for_as_long_as_it_asks_and_ten_seconds_at_least() -> None:
    """By our clock its time may be over already."""
    peer = Peer("x")
    for now, hold, until in ((1_000, 50_000, 50_000), (60_000, 61_000, 70_000), (70_000, 1, 80_000)):
        told(peer, {}, now, hold=hold)
        assert peer.hold == until
    assert HOLD_LEAST == 10_000
    told(peer, {}, 71_000)
    assert peer.hold == 0
    told(peer, {}, 72_000, hold=0)
    assert peer.hold == 0


def test_a_receipt_over_nothing_is_one() -> None:
    peer = Peer("x", connected=True)
    told(peer, {})
    peer.holds("a", 0, 6)
    assert (peer.have, peer.progress) == ({"a": 0}, 6)


def test_a_key_that_never_opens_is_spoken_of_every_nine_minutes_in_the_end() -> None:
    peer, told = Peer("ab" * 32, connected=True), list[int]()
    for now in range(0, 3_600_000, 2_000):
        peer.owe_have = False
        peer.unopened(3, now, 2_000)
        if peer.owe_have:
            told.append(now)
    waits = [later - earlier for earlier, later in itertools.pairwise(told)]
    assert waits == [2_000 + (2_000 << min(n, 8)) for n in range(len(waits))] and len(waits) > 10
