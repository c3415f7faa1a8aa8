# SPDX-License-Identifier: Apache-2.0
"""Findings beside entries."""

from __future__ import annotations

from typing import Any

from detente.press.link import link
from tests.press.helpers import find, own


def entry(
    number: int, party: str, kind: str, body: dict[str, Any], time: str = "2022-02-14T12:00:00Z"
) -> dict[str, Any]:
    return {
        "id": f"{number:064x}",
        "ref": f"{party}-{number}",
        "party": party,
        "kind": kind,
        "time": time,
        "body": body,
    }


ENTRIES = [
    entry(1, "UA", "contact.record", {"contact": "phone_call", "date": "2022-02-14"}),
    entry(2, "BY", "readout", {"text": "…", "lang": "ru"}),
    entry(3, "UA", "readout", {"text": "…", "lang": "ru"}),
    entry(4, "UA", "exercise.notification", {"name": "Метель-2022"}),
    entry(5, "UA", "undertaking.claim", {"maker": "BY", "text": "no threat", "source": "call"}),
    entry(6, "UA", "assurance", {"text": "угрозы Беларуси исключены", "scope": "all"}),
    entry(7, "UA", "procedure", {"title": "алгоритм дальнейших действий", "text": "to be agreed"}),
    entry(8, "BY", "standing", {"state": "minimal_contacts"}),
]


def linked(entries: list[dict[str, Any]], name: str = "call.txt") -> dict[tuple[str, int], str | None]:
    found = link([find(own(name))], entries)
    return {(row["finding"]["list"], row["finding"]["index"][-1]): row["entry"] for row in found}


def test_findings_meet_their_entries() -> None:
    source = find(own("call.txt"))
    found = linked(ENTRIES)
    assert found[("contacts", 0)] == ENTRIES[0]["id"]
    assert (found[("readouts", 0)], found[("readouts", 1)]) == (ENTRIES[1]["id"], ENTRIES[2]["id"])
    assert found[("exercises", 0)] == ENTRIES[3]["id"]
    assert found[("exercises", 1)] is None
    for number, one in enumerate(source["statements"]):
        if one["reported_by"]:
            assert found[("statements", number)] == ENTRIES[4]["id"]
        elif one["type"] == "assurance" and one["side"] == "UA":
            assert found[("statements", number)] == ENTRIES[5]["id"]
    procedures = [number for number, one in enumerate(source["measures"]) if one["kind"] == "procedure"]
    assert [found[("measures", number)] for number in procedures] == [ENTRIES[6]["id"]]


def test_relations_meet_the_standing_declared() -> None:
    found = linked(ENTRIES, "statement.txt")
    assert found[("relations", 1)] == ENTRIES[7]["id"]
    assert found[("relations", 0)] is None


def test_another_day_is_another_contact() -> None:
    other = [entry(1, "UA", "contact.record", {"date": "2022-02-13"})]
    assert linked(other)[("contacts", 0)] is None


def test_without_entries_nothing_is_linked_and_why_is_said() -> None:
    rows = link([find(own("call.txt"))], [])
    assert rows and all(row["entry"] is None and row["why"] for row in rows)


def test_the_order_of_entries_does_not_matter() -> None:
    assert linked(ENTRIES) == linked(ENTRIES[::-1])
