# SPDX-License-Identifier: Apache-2.0
"""What people decided stays, whatever the program reads later."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from detente.errors import MalformedError, UsageError
from detente.press.decisions import Decision, check_date, check_fields, corrected, decide, from_dict, taught
from detente.press.review import items, parse_key

PERSON = {
    "name_written": "Ковшика",
    "name": "Ковшик",
    "office": None,
    "office_span": None,
    "rank": None,
    "side": None,
    "span": [10, 17],
}
SOURCE: dict[str, Any] = {
    "contacts": [
        {
            "kind": "meeting",
            "status": "held",
            "initiator": None,
            "date": {"edtf": "XXXX-02-14", "span": [40, 50], "why": "no year"},
            "participants": [PERSON],
            "readouts": [],
            "span": [0, 60],
            "rule": "contact",
            "confidence": 0.7,
            "state": "proposed",
        }
    ],
    "statements": [
        {
            "speaker": None,
            "office": None,
            "side": "BY",
            "addressee": None,
            "type": "description",
            "mode": "indirect",
            "outlet": None,
            "reported_by": None,
            "span": [70, 120],
            "rule": "said",
            "confidence": 0.5,
            "state": "proposed",
        }
    ],
    "exercises": [],
    "measures": [],
    "appeals": [],
    "relations": [],
}


def _decision(
    name: str, verdict: str, fields: dict[str, str | None] | None = None, at: str = "1"
) -> Decision:
    found = SOURCE[name][0]
    return Decision(at, "anna", "p", name, tuple(found["span"]), verdict, fields or {}, found)


def test_a_decision_gives_its_finding_its_state() -> None:
    shown = decide(SOURCE, "p", [_decision("statements", "confirmed")])
    assert shown["statements"][0]["state"] == "confirmed"
    assert shown["statements"][0]["decided"] == {"at": "1", "by": "anna", "note": ""}
    assert shown["contacts"][0]["state"] == "proposed"
    assert "now_read" not in shown["statements"][0]
    assert SOURCE["statements"][0]["state"] == "proposed"


def test_decisions_on_other_pages_do_not_count() -> None:
    assert decide(SOURCE, "another", [_decision("statements", "rejected")]) == SOURCE


def test_the_last_decision_counts_and_one_can_be_taken_back() -> None:
    first = _decision("statements", "rejected")
    assert decide(SOURCE, "p", [first, _decision("statements", "confirmed", at="2")])["statements"][0][
        "state"
    ] == ("confirmed")
    assert decide(SOURCE, "p", [first, _decision("statements", "proposed", at="2")]) == SOURCE


def test_a_correction_changes_fields_and_never_spans() -> None:
    fields = {"date.edtf": "2022-02-14", "participants.0.side": "PL", "initiator": "UA", "kind": "phone_call"}
    contact = decide(SOURCE, "p", [_decision("contacts", "corrected", fields)])["contacts"][0]
    assert contact["date"]["edtf"] == "2022-02-14"
    assert contact["date"]["span"] == [40, 50]
    assert contact["participants"][0]["side"] == "PL"
    assert (contact["initiator"], contact["kind"], contact["state"]) == ("UA", "phone_call", "corrected")
    assert corrected(SOURCE["contacts"][0], {"date.edtf": None})["date"] is None
    assert corrected({**SOURCE["contacts"][0], "date": None}, {"date.edtf": "XXXX-03"})["date"] == {
        "edtf": "XXXX-03",
        "span": None,
        "why": "corrected by a person",
    }


def test_a_finding_read_otherwise_later_stays_as_decided_and_says_so() -> None:
    anew = copy.deepcopy(SOURCE)
    anew["statements"][0].update(span=[72, 125], type="denial")
    (one,) = decide(anew, "p", [_decision("statements", "confirmed")])["statements"]
    assert (one["type"], one["state"], one["span"]) == ("description", "confirmed", [70, 120])
    assert one["now_read"]["type"] == "denial"


def test_another_confidence_is_no_other_reading() -> None:
    anew = copy.deepcopy(SOURCE)
    anew["statements"][0].update(rule="other", confidence=0.9)
    assert "now_read" not in decide(anew, "p", [_decision("statements", "confirmed")])["statements"][0]


def test_a_decided_finding_that_is_found_no_more_stays() -> None:
    gone = {**SOURCE, "statements": []}
    (one,) = decide(gone, "p", [_decision("statements", "confirmed")])["statements"]
    assert (one["state"], one["now_read"]) == ("confirmed", None)
    assert items(decide(gone, "p", [_decision("statements", "confirmed")]))[1].now_read == ""


def test_two_findings_that_overlap_keep_each_their_decision() -> None:
    two = copy.deepcopy(SOURCE)
    two["statements"].append({**two["statements"][0], "span": [70, 100], "type": "demand"})
    second = Decision("1", "anna", "p", "statements", (70, 100), "rejected", {}, two["statements"][1])
    shown = decide(two, "p", [second, _decision("statements", "confirmed")])["statements"]
    assert [(one["span"], one["state"]) for one in shown] == [
        ([70, 120], "confirmed"),
        ([70, 100], "rejected"),
    ]


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("contacts", {"span": "1"}),
        ("contacts", {"kind": "chat"}),
        ("contacts", {"date.edtf": "2022-13-01"}),
        ("contacts", {"participants.1.name": "X"}),
        ("contacts", {"initiator": "Belarus"}),
        ("statements", {"type": "verdict"}),
        ("statements", {"speaker": "a\x00b"}),
        ("statements", {"speaker": "x" * 3000}),
    ],
)
def test_what_cannot_be_corrected_is_refused(name: str, fields: dict[str, str | None]) -> None:
    with pytest.raises(UsageError):
        check_fields(name, SOURCE[name][0], fields)


def test_a_correction_of_a_name_teaches_the_gazetteer() -> None:
    fields = {"participants.0.name": "Кавшик", "participants.0.side": "BY"}
    assert taught(_decision("contacts", "corrected", fields)) == [
        {"table": "person", "written": "Ковшика", "name": "Кавшик", "side": "BY"}
    ]
    assert taught(_decision("contacts", "confirmed")) == []
    assert taught(_decision("contacts", "corrected", {"kind": "visit"})) == []


def test_a_decision_is_written_down_and_read_again() -> None:
    one = _decision("contacts", "corrected", {"kind": "visit"})
    assert from_dict(one.as_dict()) == one
    for broken in ({}, {**one.as_dict(), "list": "secrets"}, {**one.as_dict(), "span": [1]}, None):
        with pytest.raises(MalformedError):
            from_dict(broken)


def test_items_are_numbered_by_place_and_say_what_they_are() -> None:
    first, second = items(SOURCE)
    assert (first.number, first.key, second.key) == (1, "contacts:0-60", "statements:70-120")
    assert first.summary == "meeting, held, XXXX-02-14: Ковшик"
    assert "description by BY" in second.summary
    assert set(first.marks) == {(0, 60), (10, 17), (40, 50)}
    assert {field.path for field in first.fields} >= {"kind", "date.edtf", "participants.0.name"}
    assert parse_key(first.key) == ("contacts", (0, 60))
    for wrong in ("contacts", "pages:1-2", "contacts:a-b", "contacts:1-99999999999"):
        with pytest.raises(ValueError, match=wrong):
            parse_key(wrong)


def test_of_relations_the_state_is_the_pages_and_the_review_ours() -> None:
    claim = {"parties": ["BY", "UA"], "state": "ended", "span": [0, 9], "rule": "r", "review": "proposed"}
    one = Decision("1", "anna", "p", "relations", (0, 9), "confirmed", {}, claim)
    (shown,) = decide({"relations": [claim]}, "p", [one])["relations"]
    assert (shown["state"], shown["review"]) == ("ended", "confirmed")
    (item,) = items({"relations": [shown]})
    assert (item.state, item.now_read) == ("confirmed", None)


def test_dates_are_checked() -> None:
    for good in (None, "2022-02-14", "XXXX-02-14", "2021-11~", "2022-02-14T10:00:00Z"):
        check_date(good)
    for bad in ("yesterday", "2022-13-45", ""):
        with pytest.raises(UsageError):
            check_date(bad)
