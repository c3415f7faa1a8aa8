# SPDX-License-Identifier: Apache-2.0
"""What a receipt says: what is told of it, once, and whose entries it is about."""

from __future__ import annotations

from typing import Any

from detente.line.writes import PutItem, PutReceipt
from detente.log.checkpoint import cosign
from detente.log.receipt import make_item
from detente.seal.packet import CosignaturePart, ItemPart, LogPart
from tests.line.harness import Node, chartered, cut, run
from tests.line.parties import three
from tests.line.test_hostile_peer import send
from tests.line.test_received import peer_of, set_back


def delivered(node: Node) -> list[tuple[str, str, dict[str, Any]]]:
    found = [(e.party, e.entry_id, e.detail) for e in node.events if e.name == "delivered"]
    node.events.clear()
    return found


def cosigned(by: Node, of: Node, size: int, seconds: int) -> list[Any]:
    """The parts that bring a member's cosignature over a log."""
    note = cosign(of.store.head(of.own.origin, size), by.own.receipt_name, by.own.receipt, seconds)
    return [LogPart(of.own.origin), CosignaturePart(note)]


def test_a_receipt_is_told_with_what_it_covers_and_when_it_was_given() -> None:
    a, b, _ = chartered()
    a.events.clear()
    start = a.size_of(a)
    a.say("message", {"text": "1"})
    a.say("message", {"text": "2"})
    cut(a, b)
    seconds = a.now // 1000 + 5
    log = a.line.state.logs[a.own.origin]
    send(b, a, cosigned(b, a, start + 1, seconds))
    told = {"origin": a.own.origin, "start": start, "stop": start + 1, "at": seconds * 1000}
    assert delivered(a) == [(b.party.fpr, "", told)]
    assert log.receipted[b.party.fpr] == start + 1
    count = len([w for w in a.store.writes if isinstance(w, PutReceipt)])
    for size in (start + 1, start):
        send(b, a, cosigned(b, a, size, seconds + 1))
        assert not delivered(a), "it says nothing new"
    assert len([w for w in a.store.writes if isinstance(w, PutReceipt)]) == count
    send(b, a, cosigned(b, a, start + 2, seconds + 2))
    assert [detail["start"] for _, _, detail in delivered(a)] == [start + 1]


def test_a_members_first_receipt_covers_the_log_from_its_beginning() -> None:
    a, b, _ = chartered()
    a.events.clear()
    a.line.state.logs[a.own.origin].receipted.clear()
    send(b, a, cosigned(b, a, a.size_of(a), 7))
    told = {"origin": a.own.origin, "start": 0, "stop": a.size_of(a), "at": 7000}
    assert delivered(a) == [(b.party.fpr, "", told)]


def test_a_receipt_over_more_than_we_hold_stops_us_and_is_none() -> None:
    a, b, _ = chartered()
    size = a.size_of(a)
    a.say("message", {"text": "lost"})
    parts = cosigned(b, a, size + 1, 7)
    set_back(a, size)
    a.events.clear()
    send(b, a, parts)
    assert a.line.stopped == (
        f"a member holds {size + 1} entries of our log, we hold {size}: restored or copied"
    )
    assert not delivered(a) and a.line.state.logs[a.own.origin].receipted[b.party.fpr] <= size


def test_receipts_of_a_members_log_are_kept_and_told_to_nobody() -> None:
    a, b, c = three()
    entry = a.say("message", {"text": "x"}, precedence="flash")
    run(a, b)
    cut(b, c)
    b.events.clear()
    size = a.size_of(a)
    note = make_item(a.own.origin, entry, 7, c.own.receipt_name, c.own.receipt)
    send(c, b, [*cosigned(c, a, size, 7), ItemPart(note)])
    assert b.line.state.logs[a.own.origin].receipted[c.party.fpr] == size
    assert c.party.fpr in b.line.state.items[entry] and not delivered(b)
    have = peer_of(b, c).have
    assert have is None or have[a.own.origin] == size


def test_an_item_receipt_is_told_with_its_entry_once() -> None:
    a, b, _ = chartered()
    cut(a, b)
    entry = a.say("message", {"text": "x"}, precedence="flash")
    index = a.size_of(a) - 1
    a.events.clear()
    note = make_item(a.own.origin, entry, 1234, b.own.receipt_name, b.own.receipt)
    for _ in range(2):
        send(b, a, [ItemPart(note)])
    told = {"origin": a.own.origin, "start": index, "stop": index + 1, "at": 1234}
    assert delivered(a) == [(b.party.fpr, entry, told)]
    (put,) = (w for w in a.store.writes if isinstance(w, PutItem) and w.by == b.party.fpr)
    assert (put.entry_id, put.origin, put.arrived, put.note) == (entry, a.own.origin, 1234, note)
