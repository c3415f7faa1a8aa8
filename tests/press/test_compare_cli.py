# SPDX-License-Identifier: Apache-2.0
"""``readouts compare`` on pages, on a reading room, and on a page beside what was lodged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from detente.cli.readouts import QUOTED, _with_page, in_words
from detente.cli.schemas import schema_of
from detente.errors import RefusedError
from detente.node import importing
from detente.node.room import Room
from detente.record.readouts import Piece
from detente.web.compare import groups
from tests.cli.kit import Program
from tests.press.helpers import own
from tests.press.test_compare import BY, UA

pytestmark = pytest.mark.slow


@pytest.fixture
def detente(tmp_path: Path) -> Program:
    (tmp_path / "by.txt").write_text(BY)
    (tmp_path / "ua.txt").write_text(UA)
    (tmp_path / "call.txt").write_text(own("call.txt"))
    return Program(tmp_path)


def compared(detente: Program, *arguments: str) -> dict[str, Any]:
    document = detente.ok("readouts", "compare", *arguments, "--json").json()
    jsonschema.validate(document, schema_of("readouts compare"))
    return dict(document)


def test_one_page_that_quotes_both_sides(detente: Program) -> None:
    document = compared(detente, "call.txt")
    assert (document["a"]["side"], document["b"]["side"]) == ("BY", "UA")
    text = own("call.txt")
    for group in ("both", "both_differently", "only_a", "only_b"):
        for row in document[group]:
            for half in filter(None, (row["a"], row["b"])):
                assert half["text"] == "; ".join(text[start:end] for start, end in half["spans"])
    claimed = [row for row in document["only_b"] if row.get("reported_by")]
    assert [(row["speaker"], row["reported_by"]) for row in claimed] == [("BY", "UA")]
    turned = compared(detente, "call.txt", "--side", "UA", "--side", "BY")
    assert len(turned["only_a"]) == len(document["only_b"])


def test_two_pages(detente: Program) -> None:
    document = compared(detente, "by.txt", "ua.txt")
    assert "purpose" in [row["point"] for row in document["both_differently"]]
    told = detente.ok("readouts", "compare", "by.txt", "ua.txt").out
    assert "in both, differently: " in told
    assert "a: укрепление доверия на границе" in told


def test_what_cannot_be_compared_is_said_in_one_line(detente: Program) -> None:
    refused = detente("readouts", "compare", "by.txt")
    assert (refused.status, "fewer than two read-outs" in refused.line()) == (1, True)
    too_many = detente("readouts", "compare", "by.txt", "ua.txt", *["--side", "BY"] * 3)
    assert (too_many.status, "--side" in too_many.line()) == (2, True)


def test_two_pages_of_a_reading_room(detente: Program, tmp_path: Path) -> None:
    room = Room.open(tmp_path / "room", make=True)
    pages = []
    for name, text in (("by.txt", BY), ("ua.txt", UA)):
        importing.take(room, text.encode(), name, "anna", "2026-11-20T10:00:00Z", {})
        pages.append(next(row.page for row in room.rows() if row.name == name))
    document = compared(detente, "--room", "room", *pages)
    assert "purpose" in [row["point"] for row in document["both_differently"]]


def piece(party: str, text: str) -> Piece:
    return Piece("id", f"{party}-7", party, text, "ru", "", None, {})


def test_a_lodged_read_out_against_a_page(detente: Program, tmp_path: Path) -> None:
    page = str(tmp_path / "ua.txt")
    document = _with_page({"BY": (piece("BY", BY),)}, page, ())
    jsonschema.validate(json.loads(json.dumps(document)), schema_of("readouts compare"))
    assert document["a"] == {"name": "BY: BY-7", "side": "BY", "entries": ["BY-7"], "text": BY}
    assert "measure" in [row["point"] for row in document["both"]]
    published = _with_page({"BY": (piece("BY", BY),), "UA": (piece("UA", UA),)}, page, ("UA",))
    assert published["a"]["side"] == "BY"
    with pytest.raises(RefusedError, match="no read-out"):
        _with_page({}, page, ())


def test_the_terminal_is_short_and_the_page_tells_whose(detente: Program) -> None:
    document = compared(detente, "call.txt")
    document["only_a"][0]["a"]["text"] = "слово " * 200
    assert max(len(line) for line in in_words(document).split("\n")) < QUOTED + 50
    shown = dict(groups(document, ["BY", "UA"]))
    assert any(row["whose"] == "assurance of BY" for row in shown["Only UA says"])
