# SPDX-License-Identifier: Apache-2.0
"""The two pages that the project was made for, where they are beside it; key facts only."""

from __future__ import annotations

from typing import Any

import pytest

from detente.press.compare import compare_source
from detente.press.importer import read_page
from tests.press.helpers import SHARED, own, shown, spans

CALL, STATEMENT = SHARED / "003_5a839aec3bd9fe1a.txt", SHARED / "000_284303bb47a663dd.txt"
pytestmark = pytest.mark.skipif(not CALL.exists() or not STATEMENT.exists(), reason="the pages are not here")


def source(path: Any) -> tuple[str, dict[str, Any]]:
    raw = path.read_bytes()
    return raw.decode(), read_page(raw, name=path.name)


def test_the_call() -> None:
    text, found = source(CALL)
    (contact,) = found["contacts"]
    assert found["lang"] == "ru" and found["outlet"]["name"] == "Зеркало" and found["published"] is None
    assert (contact["kind"], contact["status"], contact["initiator"]) == ("phone_call", "held", "UA")
    assert contact["date"]["edtf"] == "2022-02-14?" and shown(text, contact["date"]["span"]) == "14 февраля"
    assert [one["side"] for one in contact["purpose"]] == ["BY"] * 3 and len(contact["topics"]) == 3
    assert [(one["name"], one["side"], one["rank"]) for one in contact["participants"]] == [
        ("Виктор Хренин", "BY", "генерал-лейтенант"),
        ("Алексей Резников", "UA", None),
    ]
    assert [(one["side"], len(one["spans"])) for one in contact["readouts"]] == [("BY", 2), ("UA", 2)]
    assert [one["name"].replace("\u00a0", " ") for one in found["exercises"]] == [
        "Метель — 2022",
        "Союзная решимость — 2022",
    ]
    assert [one["status"] for one in found["measures"]] == ["agreed"] * 3
    assert [one["reported_by"] for one in found["measures"]] == [None, None, "UA"]
    assert found["relations"] == [] and found["appeals"] == []


def test_the_assurances_of_the_call() -> None:
    _, found = source(CALL)
    given = [
        (one["side"], one["addressee"], one["mode"], one["reported_by"])
        for one in found["statements"]
        if one["type"] == "assurance"
    ]
    assert ("UA", "BY", "direct", None) in given
    assert ("BY", "UA", "indirect", "UA") in given
    result = compare_source(found, CALL.read_bytes().decode())
    assert any(row["point"] == "statement" and row["speaker"] == "BY" for row in result["only_b"])


def test_the_statement() -> None:
    text, found = source(STATEMENT)
    (contact,) = found["contacts"]
    assert (contact["kind"], contact["date"], contact["readouts"]) == ("statement", None, [])
    assert [one["name"] for one in contact["participants"]] == ["Валерий Ревенко"]
    assert {one["outlet"] for one in found["statements"]} == {"СТВ"}
    assert [
        (one["state"], one["ended_by"], one["claimed_by"], one["since"]) for one in found["relations"]
    ] == [
        ("ended", "NATO", "BY", "2021-11~"),
        ("minimal_contacts", None, "BY", None),
    ]
    assert [(one["org"], one["addressee"], one["date"]) for one in found["appeals"]] == [
        ("NATO", "BY", "XXXX-07-11")
    ]
    assert all(0 <= start < end <= len(text) for start, end in spans(found))


def test_no_name_of_the_lists_beside_the_text_is_found() -> None:
    for path in (CALL, STATEMENT):
        text, found = source(path)
        first = min(start for start, _ in found["body"])
        assert all(start >= first for contact in found["contacts"] for start, _ in [contact["span"]])
        assert {one["kind"] for one in found["furniture"]} <= {"support", "rubric", "most_read", "caption"}
        assert all("Лукашенко" not in text[start:end] for start, end in found["body"])


@pytest.mark.parametrize(("real", "retold"), [(CALL, "call.txt"), (STATEMENT, "statement.txt")])
def test_the_projects_own_pages_tell_the_same(real: Any, retold: str) -> None:
    _, there = source(real)
    here = read_page(own(retold).encode(), name=retold)
    assert outline(there) == outline(here)


def outline(found: dict[str, Any]) -> dict[str, Any]:
    """What two pages of the same facts have in common, whatever their words."""
    contact = found["contacts"][0]
    return {
        "contact": [contact[key] for key in ("kind", "status", "initiator")],
        "date": contact["date"] and contact["date"]["edtf"],
        "people": [(one["name"], one["side"], one["rank"]) for one in contact["participants"]],
        "readouts": [one["side"] for one in contact["readouts"]],
        "assurances": sorted(
            (str(one["side"]), str(one["mode"]), str(one["reported_by"]))
            for one in found["statements"]
            if one["type"] == "assurance"
        ),
        "exercises": [one["name"].replace("\u00a0", " ") for one in found["exercises"]],
        "measures": [(one["kind"], one["status"], one["reported_by"]) for one in found["measures"]],
        "relations": [
            (one["parties"], one["state"], one["ended_by"], one["since"]) for one in found["relations"]
        ],
        "appeals": [(one["org"], one["addressee"], one["date"]) for one in found["appeals"]],
    }
