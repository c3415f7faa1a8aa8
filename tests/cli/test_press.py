# SPDX-License-Identifier: Apache-2.0
"""Pages in, findings out, and two read-outs against each other."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from detente.cli.schemas import schema_of
from tests.cli.kit import PASSPHRASES, Program, first_fast

ONE = """Министры обороны поговорили по телефону

14 февраля 2022 года состоялся телефонный разговор министра обороны Беларуси с министром обороны Украины.
Разговор прошёл по инициативе украинской стороны, сообщает Минобороны Беларуси.
Стороны обсудили меры доверия и безопасности, заявили в Минобороны Беларуси.
"""
TWO = """Разговор министров

14 февраля министр обороны Украины провёл телефонный разговор с министром обороны Беларуси, сообщает
Минобороны Украины. Стороны договорились о дальнейших контактах, отметили в Минобороны Украины.
"""


@pytest.fixture
def detente(tmp_path: Path) -> Program:
    (tmp_path / "one.txt").write_text(ONE)
    (tmp_path / "two.txt").write_text(TWO)
    return Program(tmp_path, **PASSPHRASES)


def _sources(detente: Program, *arguments: str) -> list[dict[str, Any]]:
    document = detente.ok("press", "import", *arguments, "--json").json()
    jsonschema.validate(document, schema_of("press import"))
    return list(document["sources"])


def test_pages_are_printed_and_nothing_is_kept(detente: Program) -> None:
    before = sorted(detente.place.iterdir())
    first, second = _sources(detente, "one.txt", "two.txt")
    assert first["sha256"] == hashlib.sha256(ONE.encode()).hexdigest()
    assert [source["file"] for source in (first, second)] == ["one.txt", "two.txt"]
    assert sorted(detente.place.iterdir()) == before
    assert "one.txt" in detente.ok("press", "import", "one.txt").out


@pytest.mark.slow
def test_a_date_is_a_date(detente: Program) -> None:
    (source,) = _sources(
        detente, "two.txt", "--captured", "2022-02-15T08:00:00Z", "--published", "2022-02-14"
    )
    assert source["captured"] == "2022-02-15T08:00:00Z"
    for wrong in ("2022-13-45", "yesterday", ""):
        refused = detente("press", "import", "two.txt", "--published", wrong)
        assert refused.status == 2
        assert "no date" in refused.line()


def test_a_room_keeps_page_and_findings(detente: Program) -> None:
    (source,) = _sources(detente, "one.txt", "--room", "room")
    assert (detente.place / "room" / "sources" / source["sha256"]).read_text() == ONE
    document = detente.ok("press", "review", "room", "--json").json()
    jsonschema.validate(document, schema_of("press review"))
    assert document["sources"] == [source]


@pytest.mark.slow
def test_a_page_comes_again_changed_and_corrected(detente: Program) -> None:
    (detente.place / "later.txt").write_text("Исправлено.\n" + ONE)
    detente.ok("press", "import", "one.txt", "--room", "room")
    assert "already here" in detente.ok("press", "import", "one.txt", "--room", "room").out
    assert "correction of one.txt" in detente.ok("press", "import", "later.txt", "--room", "room").out


@pytest.mark.slow
def test_a_folder_goes_in_and_what_is_broken_is_a_line(detente: Program) -> None:
    folder = detente.place / "pages"
    folder.mkdir()
    for name, raw in (("one.txt", ONE.encode()), ("two.txt", TWO.encode()), ("empty.txt", b"")):
        (folder / name).write_bytes(raw)
    done = detente("press", "import", "pages", "--room", "room", "--jobs", "2")
    assert done.status == 1
    assert "2 pages" in done.out
    assert "empty.txt" in done.err
    assert "Traceback" not in done.err


@pytest.mark.slow
def test_the_review_at_the_terminal(detente: Program) -> None:
    detente.ok("press", "import", "one.txt", "--room", "room")
    done = detente("press", "review", "room", "--by", "anna", stdin="ynq")
    assert done.status == 0, done.err
    assert "⟦" in done.out
    assert "2 decided" in done.out
    (source,) = detente.ok("press", "review", "room", "--json").json()["sources"]
    states = [one["state"] for name in ("contacts", "statements", "measures") for one in source[name]]
    assert "confirmed" in states or "rejected" in states
    nowhere = detente("press", "review", "nowhere")
    assert nowhere.status == 2
    assert "no reading room" in nowhere.line()


@pytest.mark.slow
def test_a_room_leaves_as_files(detente: Program) -> None:
    detente.ok("press", "import", "one.txt", "two.txt", "--room", "room")
    document = detente.ok("press", "export", "room", "--out", "files", "--json").json()
    jsonschema.validate(document, schema_of("press export"))
    assert {"findings.json", "contacts.csv", "SHA256SUMS"} <= set(document["files"])
    assert len(json.loads((detente.place / "files" / "findings.json").read_text())["sources"]) == 2
    assert detente("press", "export", "room", "--out", "files").status == 2


@pytest.mark.slow
def test_a_room_joins_a_party(detente: Program) -> None:
    detente.ok("press", "import", "one.txt", "--room", "room")
    detente("press", "review", "room", stdin="yq")
    detente.ok("init", "by", "--party", "BY", "--name", "Ministry")
    document = detente.ok("press", "attach", "room", "by", "--json").json()
    assert document == {"sources": 1}
    kept = detente.ok("press", "review", "by/press", "--json").json()["sources"][0]
    assert "confirmed" in {one["state"] for name in ("contacts", "statements") for one in kept[name]}


@pytest.mark.slow
def test_a_home_keeps_them_beside_its_record(detente: Program) -> None:
    detente.ok("init", "by", "--party", "BY", "--name", "Ministry")
    (source,) = _sources(detente, "one.txt", "--home", "by")
    assert (detente.place / "by" / "press" / "sources" / source["sha256"]).is_file()


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    first_fast(
        [
            (["one.txt", "--home", "by", "--room", "room"], 2, "not both"),
            (["one.txt", "--home", "nowhere"], 2, "no party at nowhere"),
            (["empty.txt"], 1, "empty.txt: page is empty"),
            (["binary.txt"], 1, "binary.txt: page is not text"),
            ([], 2, "Missing argument"),
            (["one.txt", "--room", "one.txt"], 2, "cannot make one.txt"),
        ],
        fast=2,
    ),
)
def test_a_bad_page_or_place_is_said_in_one_line(
    detente: Program, arguments: list[str], status: int, says: str
) -> None:
    (detente.place / "empty.txt").write_text("")
    (detente.place / "binary.txt").write_bytes(b"a\x00b" * 100)
    result = detente("press", "import", *arguments)
    assert says in result.line()
    assert (result.status, result.out) == (status, "")


def test_two_files_are_compared_point_by_point(detente: Program) -> None:
    document = detente.ok("readouts", "compare", "one.txt", "two.txt", "--json").json()
    jsonschema.validate(document, schema_of("readouts compare"))
    assert "date" in {point["point"] for point in document["both"]}
    for which, text in (("a", ONE), ("b", TWO)):
        for group in ("both", "both_differently", f"only_{which}"):
            for point in (one for one in document[group] if one["point"] != "kind"):
                said = "; ".join(text[start:end] for start, end in point[which]["spans"])
                assert said == point[which]["text"]
    assert "in both: " in detente.ok("readouts", "compare", "one.txt", "two.txt").out


def test_a_file_without_a_contact_is_named(detente: Program) -> None:
    (detente.place / "weather.txt").write_text("Весь день в горах шёл дождь.\n")
    result = detente("readouts", "compare", "one.txt", "weather.txt")
    assert "weather.txt: no contact" in result.line()
    assert result.status == 1
