# SPDX-License-Identifier: Apache-2.0
"""What a member that holds something is owed, and what its receipts and early statements change here."""

from __future__ import annotations

from typing import Any

from detente.line.limits import Limits
from detente.line.writes import PutItem, PutReceipt
from detente.log.checkpoint import Checkpoint, cosign, sign_checkpoint
from detente.log.receipt import make_item
from detente.seal.packet import (
    CosignaturePart,
    EarlyPart,
    HavePart,
    ItemPart,
    LogPart,
)
from tests.line.harness import Node, chartered, connect, cut, run
from tests.line.test_hostile_peer import send
from tests.line.test_received import peer_of
from tests.line.test_taken_in import REPORT, early, leaf_of, made_by


def delivered(node: Node) -> list[Any]:
    return [event for event in node.events if event.name == "delivered"]


def receipt(of: Node, by: Node, size: int, seconds: int = 1_700_000_000) -> bytes:
    """A cosignature over the head that ``of`` has signed at ``size``."""
    note = of.store.head(of.own.origin, size)
    return cosign(note, by.own.receipt_name, by.own.receipt, seconds)


# -- receipts ------------------------------------------------------------------------------------


def test_a_receipt_counts_once_and_says_what_it_covers() -> None:
    a, b, _ = chartered()
    before = a.line.state.logs[a.own.origin].receipted[b.party.fpr]
    a.say("message", {"text": "x"})
    a.poll(b)
    peer = peer_of(a, b)
    assert peer.flight_leaves == 1
    a.events.clear()
    parts: list[Any] = [LogPart(a.own.origin), CosignaturePart(receipt(a, b, before + 1))]
    for _ in range(2):
        send(b, a, parts)
    assert [(e.party, e.entry_id, e.detail) for e in delivered(a)] == [
        (
            b.party.fpr,
            "",
            {
                "origin": a.own.origin,
                "start": before,
                "stop": before + 1,
                "at": 1_700_000_000_000,
            },
        )
    ]
    assert peer.flight_leaves == 0 and peer.have is not None and peer.have[a.own.origin] == before + 1
    theirs = [w for w in a.store.writes if isinstance(w, PutReceipt) and w.by == b.party.fpr]
    assert [(w.size, w.seconds) for w in theirs].count((before + 1, 1_700_000_000)) == 1
    send(b, a, [LogPart(a.own.origin), CosignaturePart(receipt(a, b, before))])
    assert len(delivered(a)) == 1


def test_a_receipt_over_a_size_that_was_never_a_head_is_counted() -> None:
    a, b, _ = chartered()
    log = a.line.state.logs[a.own.origin]
    size = next(n for n in range(1, log.size) if log.root_at(n) is None)
    head = sign_checkpoint(Checkpoint(log.origin, size, log.compute_root(size)), a.own.log)
    note = cosign(head, b.own.receipt_name, b.own.receipt, 1_700_000_000)
    log.receipted.pop(b.party.fpr)
    send(b, a, [LogPart(a.own.origin), CosignaturePart(note)])
    assert a.line.counters["receipt over an unknown head"] == 1
    assert b.party.fpr not in log.receipted and a.line.stopped is None


def test_a_receipt_over_another_log_than_its_packet_says_does_not_count() -> None:
    a, b, _ = chartered()
    a.say("message", {"text": "x"})
    note = receipt(a, b, a.size_of(a))
    for origin in (b.own.origin, "detente.log/" + "7" * 32):
        before = a.line.counters["VerificationError"]
        send(b, a, [LogPart(origin), CosignaturePart(note)])
        assert a.line.counters["VerificationError"] == before + 1
    assert a.line.unsent() == 1


def test_an_item_receipt_counts_once_and_says_which_entry_it_covers() -> None:
    a, b, _ = chartered()
    entry = a.say("message", {"text": "x"}, precedence="flash")
    index = a.line.state.where[entry][1]
    a.events.clear()
    note = make_item(a.own.origin, entry, 1_644_829_203_123, b.own.receipt_name, b.own.receipt)
    for _ in range(2):
        send(b, a, [ItemPart(note)])
    assert [(e.party, e.entry_id, e.detail) for e in delivered(a)] == [
        (
            b.party.fpr,
            entry,
            {
                "origin": a.own.origin,
                "start": index,
                "stop": index + 1,
                "at": 1_644_829_203_123,
            },
        )
    ]
    assert len([w for w in a.store.writes if isinstance(w, PutItem)]) == 1


# -- what a member says that it has ---------------------------------------------------------------


def test_a_claim_to_hold_more_is_answered_with_what_we_have() -> None:
    a, b, _ = chartered()
    peer = peer_of(a, b)
    peer.owe_have = False
    send(b, a, [HavePart({"logs": {a.own.origin: a.size_of(a) + 1}})])
    assert peer.owe_have and peer.claimed == a.now
    peer.owe_have = False
    send(b, a, [HavePart({"logs": {a.own.origin: a.size_of(a)}})])
    assert not peer.owe_have
    send(b, a, [HavePart({"logs": {}, "ask": True})])
    assert peer.owe_have


def test_what_a_member_says_that_it_has_makes_us_owe_what_it_lacks() -> None:
    a, b, _ = chartered()
    peer, size = peer_of(a, b), a.size_of(a)
    peer.owe_heads.clear()
    peer.owe_receipts.clear()
    send(b, a, [HavePart({"logs": {a.own.origin: size}})])
    assert peer.owe_heads == set(), "it receipted all that it holds"
    assert peer.owe_receipts == {b.own.origin}, "only of what we have receipted"
    a.say("message", {"text": "x"})
    send(b, a, [HavePart({"logs": {a.own.origin: size}})])
    assert peer.owe_heads == set()
    send(b, a, [HavePart({"logs": {a.own.origin: size + 1}})])
    assert peer.owe_heads == {a.own.origin}, "it holds what it never receipted"


def test_bodies_that_a_member_could_not_open_are_owed_again_once_and_only_ours() -> None:
    a, b, _ = chartered()
    theirs = b.say("message", {"text": "theirs"})
    run(a, b)
    a.line.place([a.signed("message", {"text": str(n)}) for n in range(70)], a.now)
    a.commit()
    own = a.store.ids[a.own.origin][-70:]
    peer = peer_of(a, b)
    peer.owe_again.clear()
    for _ in range(2):
        send(b, a, [HavePart({"logs": {}, "unopened": [theirs, "ab" * 32, *own]})])
        assert list(peer.owe_again) == own[:64]


def test_the_floor_goes_ahead_to_a_member_that_holds_its_reading() -> None:
    a, b, _ = chartered()
    peer = peer_of(a, b)
    cut(a, b)
    a.say("message", {"text": "waits"})
    report = a.say("incident.report", REPORT)
    connect(a, b)
    start = a.size_of(a) - 2
    send(b, a, [HavePart({"logs": {a.own.origin: start}})])
    assert not peer.owe_early
    for _ in range(2):
        send(b, a, [HavePart({"logs": {a.own.origin: start}, "hold": a.now + 60_000})])
        assert list(peer.owe_early) == [report]
    peer.owe_early.clear()
    send(b, a, [HavePart({"logs": {a.own.origin: start + 2}, "hold": a.now + 60_000})])
    assert not peer.owe_early


def test_what_is_urgent_goes_ahead_of_a_backlog_of_more_than_a_batch() -> None:
    a, b, _ = chartered(Limits(batch_leaves=3, early_per_peer=2))
    peer = peer_of(a, b)
    cut(a, b)
    flashes = [a.say("message", {"text": str(n)}, precedence="flash") for n in range(4)]
    connect(a, b)
    peer.owe_early.clear()
    size = a.size_of(a)
    send(b, a, [HavePart({"logs": {a.own.origin: size - 3}})])
    assert not peer.owe_early
    send(b, a, [HavePart({"logs": {a.own.origin: size - 4}})])
    assert list(peer.owe_early) == flashes[:2]


# -- ahead of its place --------------------------------------------------------------------------


def test_a_statement_for_a_place_that_is_taken_does_not_come_early() -> None:
    a, b, _ = chartered()
    signed = a.signed("message", {"text": "instead"}, precedence="flash")
    send(a, b, early(a, signed, b.size_of(a) - 1))
    assert not b.line.state.early and not made_by(b, PutItem)
    send(a, b, early(a, signed, b.size_of(a)))
    assert set(b.line.state.early) == {signed.id}


def test_with_the_disk_nearly_full_only_the_floor_comes_early() -> None:
    a, b, _ = chartered()
    b.line.scarce = True
    index = b.size_of(a) + 1
    send(a, b, early(a, a.signed("message", {"text": "x"}, precedence="flash"), index))
    assert not b.line.state.early
    report = a.signed("incident.report", REPORT, precedence="flash")
    send(a, b, early(a, report, index))
    assert set(b.line.state.early) == {report.id}


def test_what_comes_early_is_told_as_an_entry_ahead_of_its_place() -> None:
    a, b, charter = chartered()
    b.events.clear()
    signed = a.signed("message", {"text": "x"}, precedence="flash", mark="exercise", re=[charter])
    send(a, b, early(a, signed, b.size_of(a) + 1))
    assert [(e.name, e.party, e.entry_id, e.detail) for e in b.events] == [
        (
            "entry",
            a.party.fpr,
            signed.id,
            {
                "kind": "message",
                "precedence": "flash",
                "mark": "exercise",
                "labels": ["before charter"],
                "re": [charter],
                "early": True,
            },
        )
    ]


def test_an_early_statement_that_comes_again_is_receipted_again_and_not_kept_again() -> None:
    a, b, _ = chartered()
    signed = a.signed("message", {"text": "x"}, precedence="flash")
    index, peer = b.size_of(a) + 1, peer_of(b, a)
    send(a, b, early(a, signed, index))
    first = dict(peer.owe_items)
    assert set(first) == {signed.id}
    count = len(b.store.writes)
    b.now += 5_000
    send(a, b, early(a, signed, index))
    assert peer.owe_items == first
    peer.owe_items.clear()
    send(a, b, early(a, signed, index))
    assert peer.owe_items == first, "the time of its arrival is the first one's"
    assert len(b.store.writes) == count
    peer.owe_items.clear()
    b.line.own = None
    send(a, b, early(a, signed, index))
    send(a, b, early(a, a.signed("message", {"text": "y"}, precedence="flash"), index + 1))
    assert not peer.owe_items and len(b.store.writes) == count, "without keys nothing is signed"


def test_an_early_statement_of_a_log_that_is_unknown_is_counted() -> None:
    a, b, _ = chartered()
    signed = a.signed("message", {"text": "x"}, precedence="flash")
    raw = leaf_of(a, signed, b.size_of(a))
    for origin in ("detente.log/" + "7" * 32, b.own.origin):
        before = b.line.counters["VerificationError"]
        send(a, b, [LogPart(origin), EarlyPart(b.size_of(a), raw)])
        assert b.line.counters["VerificationError"] == before + 1
    assert not b.line.state.early
