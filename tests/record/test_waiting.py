# SPDX-License-Identifier: Apache-2.0
"""What waits for whom until when, by the charter's own clocks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from detente.record import waiting
from detente.record.entry import Entry
from detente.words.charter import charter_body, parse

Make = Callable[..., Entry]
NOW = 1_644_800_000_000
HOUR = 3_600_000


@pytest.fixture
def charter(entry: Make) -> Any:
    members = [{"fingerprint": entry(party).fpr, "id": party, "name": party} for party in ("BY", "UA")]
    return parse(charter_body(members))


def delivered(entry: Make, kind: str = "message", **values: Any) -> Entry:
    return entry("BY", 1, kind=kind, marks={"UA": {"delivered": NOW}}, **values)


def states(items: list[waiting.Due]) -> list[tuple[str, str]]:
    return [(item.what, item.state) for item in items]


@pytest.mark.parametrize(
    ("precedence", "seconds"), [("routine", 86_400), ("priority", 7_200), ("immediate", 900), ("flash", 120)]
)
def test_acknowledgement_is_due_by_precedence(
    entry: Make, charter: Any, precedence: str, seconds: int
) -> None:
    item = delivered(entry, precedence=precedence)
    due = NOW + seconds * 1000
    (found,) = waiting.dues([item], charter, due)
    assert (found.due, found.state, found.owes, found.to) == (due, "open", "UA", "BY")
    assert waiting.dues([item], charter, due + 1)[0].state == "overdue"


def test_clock_starts_with_delivery(entry: Make, charter: Any) -> None:
    item = entry("BY", 1)
    assert waiting.dues([item], charter, NOW + 99 * HOUR) == []
    assert waiting.undelivered([item], charter) == [(item, "UA")]


@pytest.mark.parametrize("kind", ["test", "ack", "refusal", "genesis", "epoch.grant", "credential"])
def test_what_keeps_the_line_is_never_acknowledged(entry: Make, charter: Any, kind: str) -> None:
    assert waiting.dues([delivered(entry, kind)], charter, NOW) == []


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("displayed", [("acknowledge", "open"), ("answer", "open")]),
        ("read", [("acknowledge", "met"), ("answer", "open")]),
        ("will-answer", [("acknowledge", "met"), ("answer", "open")]),
        ("declined", [("acknowledge", "met"), ("answer", "met")]),
    ],
)
def test_what_an_acknowledgement_settles(entry: Make, charter: Any, state: str, expected: Any) -> None:
    asked = delivered(entry, "explanation.request")
    ack = entry("UA", 1, kind="ack", re=(asked.id,), body={"state": state}, placed=NOW + 1)
    assert states(waiting.dues([asked, ack], charter, NOW + 2)) == expected


def test_answer_settles_both(entry: Make, charter: Any) -> None:
    asked = delivered(entry, "explanation.request")
    reply = entry("UA", 1, kind="explanation.reply", re=(asked.id,), placed=NOW + 47 * HOUR)
    assert states(waiting.dues([asked, reply], charter, NOW + 99 * HOUR)) == [
        ("acknowledge", "late"),
        ("answer", "met"),
    ]
    forged = entry("UA", 1, kind="explanation.reply", re=(asked.id,), labels=("no mandate",))
    assert states(waiting.dues([asked, forged], charter, NOW + 1)) == [
        ("acknowledge", "open"),
        ("answer", "open"),
    ]


@pytest.mark.parametrize(
    ("now", "done", "proven", "state"),
    [
        (100, None, (None, None), "open"),
        (101, None, (None, None), "overdue"),
        (500, 100, (None, None), "met"),
        (500, 90, (80, 95), "met"),
        (500, 90, (80, 120), "disputed_time"),
        (500, 90, (101, 120), "late"),
        (500, 90, (None, 120), "disputed_time"),
        (500, 101, (80, 95), "late"),
    ],
)
def test_in_time_or_not(now: int, done: int | None, proven: Any, state: str) -> None:
    assert waiting.timed_state(100, now, done, proven) == state


def test_marks_count_where_the_acknowledgement_is_not_at_hand(entry: Make, charter: Any) -> None:
    asked = entry("BY", 1, marks={"UA": {"delivered": NOW, "read": NOW + 5}})
    assert states(waiting.dues([asked], charter, NOW + 9)) == [("acknowledge", "met")]


def test_withdrawn_entry_asks_for_nothing(entry: Make, charter: Any) -> None:
    asked = delivered(entry)
    own = entry("BY", 2, kind="withdrawal", re=(asked.id,))
    foreign = entry("UA", 2, kind="withdrawal", re=(asked.id,))
    assert waiting.dues([asked, own], charter, NOW) == []
    assert waiting.dues([asked, foreign], charter, NOW)[0].entry is asked


def test_only_action_addressees_owe(entry: Make) -> None:
    members = [{"fingerprint": entry(party).fpr, "id": party, "name": party} for party in ("BY", "PL", "UA")]
    charter = parse(charter_body(members))
    marks = {party: {"delivered": NOW} for party in ("PL", "UA")}
    to_one = entry("BY", 1, marks=marks, to=(entry("PL").fpr,))
    assert [item.owes for item in waiting.dues([to_one], charter, NOW)] == ["PL"]
    assert [item.owes for item in waiting.dues([entry("BY", 1, marks=marks)], charter, NOW)] == ["PL", "UA"]


def test_what_waits_stands_by_precedence_then_by_time(entry: Make, charter: Any) -> None:
    marks = {"BY": {"delivered": NOW}}
    entries = [
        entry("UA", 1, marks=marks),
        entry("UA", 2, marks=marks, precedence="flash"),
        entry("UA", 3, marks={"BY": {"delivered": NOW - HOUR}}),
        entry("UA", 4, marks={"BY": {"delivered": NOW, "read": NOW}}),
    ]
    items = waiting.dues(entries, charter, NOW)
    assert [item.entry.ref for item in waiting.waiting(items, "BY")] == ["UA-2", "UA-3", "UA-1"]
    assert waiting.waiting(items, "UA") == []


def test_unanswered_is_what_the_peer_left_past_its_time(entry: Make, charter: Any) -> None:
    asked = delivered(entry, "explanation.request", precedence="flash")
    items = waiting.dues([asked], charter, NOW + 72 * HOUR)
    (late,) = waiting.unanswered(items, by="BY", to="UA")
    assert (late.ref, late.due) == ("BY-1", NOW + 120_000)
    assert waiting.unanswered(items, by="UA", to="BY") == []


def test_obligation_has_the_promised_fields(entry: Make, charter: Any) -> None:
    (found,) = waiting.obligations([delivered(entry, precedence="flash")], charter, NOW)
    assert found == {
        "id": "BY-1:acknowledge:UA",
        "owes": "UA",
        "to": "BY",
        "what": "acknowledge",
        "due": "2022-02-14T00:55:20.000Z",
        "state": "open",
        "basis": "charter",
        "citation": "charter, ack_due.flash",
        "why": "BY-1 is flash, delivered 2022-02-14T00:53:20.000Z",
        "entry": entry("BY", 1).id,
        "addressees": [{"party": "UA", "state": "delivered"}],
    }
