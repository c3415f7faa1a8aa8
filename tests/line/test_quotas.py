# SPDX-License-Identifier: Apache-2.0
"""What is read of a member in a day and an hour, and what is withheld; entry by entry at the border."""

from __future__ import annotations

from typing import Any

import pytest

from detente.line.limits import Limits
from detente.line.peers import Peer
from detente.line.quotas import Quotas
from detente.seal.packet import BodyPart, LeafPart
from detente.words.charter import charter_body
from tests.line.harness import Node, chartered, pair
from tests.line.test_taken_in import leaf_of

DAY, HOUR = 86_400_000, 3_600_000
NOW = 19_000 * DAY + 5 * HOUR + 7
QUOTAS = {"bytes_per_day": 1_000, "entries_per_day": 10, "flash_per_hour": 3}


def reader(**quotas: int) -> tuple[Quotas, Peer, Node]:
    """A line with these quotas in force, and what it knows of the other member."""
    a, b, _ = chartered(charter={"quotas": QUOTAS | quotas})
    peer = a.line.peers[b.party.fpr]
    peer.used, peer.flashes, peer.owe_have = (0, 0, 0), (0, 0), False
    return Quotas(a.line), peer, a


def leaves(count: int, size: int = 1) -> list[LeafPart]:
    return [LeafPart(n, b"x" * size) for n in range(count)]


def withheld(quotas: Quotas, peer: Peer, fresh: list[LeafPart], now: int = NOW, bodies: Any = ()) -> bool:
    return quotas.over(peer, fresh, bodies, now)


def test_entries_of_a_day_are_let_in_up_to_the_quota() -> None:
    quotas, peer, a = reader()
    assert not withheld(quotas, peer, leaves(4))
    assert not withheld(quotas, peer, leaves(6))
    assert peer.used == (19_000, 10, 10)
    before = a.line.counters["withheld for quota"]
    assert withheld(quotas, peer, leaves(1))
    assert (peer.used, peer.owe_have, peer.withheld) == ((19_000, 10, 10), True, 19_001 * DAY)
    assert a.line.counters["withheld for quota"] == before + 1
    assert not withheld(quotas, peer, leaves(10), NOW + DAY)
    assert peer.used == (19_001, 10, 10)


def test_leaves_and_bodies_count_for_the_bytes() -> None:
    quotas, peer, _ = reader()
    body = BodyPart("ab" * 32, bytes(32), b"y" * 300)
    assert not withheld(quotas, peer, leaves(2, 100), bodies=[body])
    assert peer.used == (19_000, 2, 500)
    assert not withheld(quotas, peer, leaves(1, 200), bodies=[body])
    assert peer.used == (19_000, 3, 1_000)
    assert withheld(quotas, peer, leaves(1, 1))


def test_the_first_batch_of_a_day_is_let_in_whole() -> None:
    quotas, peer, _ = reader()
    assert not withheld(quotas, peer, leaves(50, 100))
    assert withheld(quotas, peer, leaves(1))
    assert not withheld(quotas, peer, leaves(50, 100), NOW + DAY)


def test_flashes_are_counted_by_the_hour() -> None:
    quotas, peer, _ = reader()
    party, hour = peer.fingerprint, NOW // HOUR
    for count in range(1, 4):
        assert not quotas.floods(peer, NOW)
        quotas.count_flash(party, "flash", NOW)
        assert peer.flashes == (hour, count)
    quotas.count_flash(party, "immediate", NOW)
    quotas.count_flash("nobody", "flash", NOW)
    assert peer.flashes == (hour, 3)
    assert quotas.floods(peer, NOW) and not quotas.floods(peer, NOW + HOUR)
    assert withheld(quotas, peer, leaves(1))
    assert (peer.withheld, peer.owe_have) == ((hour + 1) * HOUR, True)
    assert not withheld(quotas, peer, leaves(1), NOW + HOUR)
    quotas.count_flash(party, "flash", NOW + HOUR)
    assert peer.flashes == (hour + 1, 1)


def test_without_a_charter_a_member_is_a_stranger_and_flashes_are_not_counted_against_it() -> None:
    a, b = pair(Limits(strange_entries=3, strange_bytes=100))
    quotas, peer = Quotas(a.line), a.line.peers[b.party.fpr]
    peer.used, peer.flashes = (0, 0, 0), (NOW // HOUR, 10_000)
    assert not quotas.floods(peer, NOW)
    assert not withheld(quotas, peer, leaves(1))
    assert not withheld(quotas, peer, leaves(2, 49))
    assert peer.used == (19_000, 3, 99)
    assert withheld(quotas, peer, leaves(1, 1))
    peer.used = (19_000, 1, 99)
    assert not withheld(quotas, peer, leaves(1, 1))
    peer.used = (19_000, 1, 99)
    assert withheld(quotas, peer, leaves(1, 2))


@pytest.mark.parametrize(
    ("kind", "body", "open_"),
    [
        ("message", {"text": "x"}, False),
        ("assent", {}, True),
        ("incident.report", {"what": "shots", "where": "bridge", "when": "2022-02-14T09:00:00Z"}, True),
        ("unheard.of", {}, False),
    ],
)
def test_with_the_disk_nearly_full_only_the_floor_is_read(
    kind: str, body: dict[str, Any], open_: bool
) -> None:
    quotas, peer, a = reader()
    one = LeafPart(0, leaf_of(a, a.signed(kind, body), 0))
    assert quotas.on_floor(one.raw) is open_
    a.line.scarce = True
    before = a.line.counters["withheld for space"]
    assert withheld(quotas, peer, [one]) is not open_
    assert a.line.counters["withheld for space"] == before + (not open_)
    if not open_:
        assert (peer.owe_have, peer.withheld) == (True, NOW + a.line.limits.scarce_wait)
        assert peer.used == (0, 0, 0), "what is withheld is not counted"


def test_a_floor_entry_does_not_open_the_disk_for_the_others_of_its_batch() -> None:
    quotas, peer, a = reader()
    a.line.scarce = True
    good = LeafPart(0, leaf_of(a, a.signed("assent", {}), 0))
    bad = LeafPart(1, leaf_of(a, a.signed("message", {"text": "x"}), 1))
    assert withheld(quotas, peer, [good, bad]) and withheld(quotas, peer, [LeafPart(0, b"no leaf")])
    assert not quotas.on_floor(b"no leaf")


def test_a_new_charter_is_read_with_the_disk_nearly_full_though_it_is_not_on_the_floor() -> None:
    quotas, peer, a = reader()
    members = [{"fingerprint": a.party.fpr, "id": "BY", "name": "BY"}]
    one = LeafPart(0, leaf_of(a, a.signed("charter", charter_body(members)), 0))
    a.line.scarce = True
    assert quotas.on_floor(one.raw) and not withheld(quotas, peer, [one])
