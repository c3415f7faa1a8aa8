# SPDX-License-Identifier: Apache-2.0
"""What a line tells its node once a step is on disk: field by field, as the node and the console read it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from detente.line.events import Event
from detente.seal.packet import BodyPart, EarlyPart, LogPart
from tests.line.harness import T0, Node, chartered
from tests.line.harness import run as run_both
from tests.line.test_hostile_peer import send
from tests.line.test_taken_in import early, queued


def told(node: Node, name: str) -> list[Event]:
    return [event for event in node.events if event.name == name]


def fresh(*nodes: Node) -> None:
    for node in nodes:
        node.events.clear()


def test_an_entry_is_told_to_both_and_its_delivery_to_its_author() -> None:
    a, b, charter_id = chartered()
    fresh(a, b)
    at = a.line.state.logs[a.own.origin].size
    entry = a.say("message", {"text": "x"}, precedence="priority", mark="exercise", re=[charter_id])
    run_both(a, b)
    said = {"kind": "message", "precedence": "priority", "mark": "exercise", "labels": [], "re": [charter_id]}
    for node in (a, b):
        assert told(node, "entry") == [Event("entry", a.party.fpr, entry, said)]
    (delivery,) = told(a, "delivered")
    where = {"origin": a.own.origin, "start": at, "stop": at + 1, "at": T0 // 1000 * 1000}
    assert delivery == Event("delivered", b.party.fpr, "", where)
    assert told(b, "delivered") == []


def test_of_several_entries_the_deliveries_are_the_range_that_is_new() -> None:
    a, b, _ = chartered()
    at = a.line.state.logs[a.own.origin].size
    fresh(a, b)
    for text in "xyz":
        a.say("message", {"text": text})
    run_both(a, b)
    ranges = [(event.detail["start"], event.detail["stop"]) for event in told(a, "delivered")]
    assert ranges[0][0] == at and ranges[-1][1] == at + 3
    assert all(one[1] == two[0] for one, two in pairwise(ranges))


def test_an_early_entry_is_told_as_such() -> None:
    a, b, index = queued()
    fresh(a, b)
    signed = a.signed("message", {"text": "now"}, precedence="immediate", mark="drill")
    send(a, b, early(a, signed, index))
    (event,) = told(b, "entry")
    said = {"kind": "message", "precedence": "immediate", "mark": "drill", "re": [], "early": True}
    assert event == Event("entry", a.party.fpr, signed.id, {**said, "labels": ["before charter"]})


def test_an_item_receipt_is_the_delivery_of_one_entry() -> None:
    a, b, _ = queued()
    entry = a.say("message", {"text": "now"}, precedence="flash")
    place = a.line.state.where[entry][1]
    raw = a.store.rows[a.own.origin][place]
    fresh(a, b)
    send(a, b, [LogPart(a.own.origin), BodyPart(entry, *a.store.bodies[entry]), EarlyPart(place, raw)])
    for packet in b.poll(a):
        a.receive(b, packet)
    items = [event for event in told(a, "delivered") if event.entry_id]
    detail = {"origin": a.own.origin, "start": place, "stop": place + 1, "at": b.now}
    assert items == [Event("delivered", b.party.fpr, entry, detail)]


def test_a_line_that_stops_says_why_once() -> None:
    a, _, _ = chartered()
    fresh(a)
    a.line.stop("restored")
    a.line.stop("again")
    a.commit()
    assert told(a, "stopped") == [Event("stopped", a.party.fpr, "", {"reason": "restored"})]


def test_what_is_told_waits_for_the_disk() -> None:
    a, _, _ = chartered()
    fresh(a)
    a.line.place([a.signed("message", {"text": "x"})], a.now)
    assert a.events == []
    a.commit()
    assert [event.name for event in a.events] == ["entry"]


def test_labels_that_change_later_are_told() -> None:
    """Two who speak at once: a suspension crosses a message on its way."""
    a, b, _ = chartered()
    message = b.say("message", {"text": "x"})
    fresh(a, b)
    a.say("standing", {"state": "suspended", "since": "2022-02-24", "by": "BY", "reason": "x"})
    run_both(a, b)
    (event,) = told(b, "labels")
    # Told with the party that wrote it, not with the one whose suspension it crossed.
    assert event == Event("labels", b.party.fpr, message, {"labels": ["crossed"]})
    assert [node.store.labels()[message] for node in (a, b)] == [("crossed",), ("crossed",)]


@pytest.mark.parametrize("detail", [{}, {"x": 1}])
def test_an_event_is_what_it_says(detail: dict[str, Any]) -> None:
    assert Event("x", "y") == Event("x", "y", "", {})
    assert Event("x", "y", "z", detail).detail == detail
