# SPDX-License-Identifier: Apache-2.0
"""A reading room keeps what came, who added it and what was decided, through crashes and other programs."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from detente.errors import MalformedError, RefusedError, UsageError
from detente.node import importing
from detente.node.room import Addition, Room
from detente.node.room_export import write
from detente.press.review import items

AT = "2026-01-02T03:04:05.000Z"
ABOUT: dict[str, str | None] = {}
CALL = """Министры обороны поговорили по телефону

14 февраля 2022 года состоялся телефонный разговор министра обороны Беларуси с министром обороны Украины.
Разговор прошёл по инициативе украинской стороны, сообщает Минобороны Беларуси.
Стороны обсудили меры доверия и безопасности, заявили в Минобороны Беларуси.
"""


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room.open(tmp_path / "room", make=True)


def _take(room: Room, text: str = CALL, name: str = "call.txt", **about: str | None) -> str:
    return importing.take(room, text.encode(), name, "anna", AT, about)


def test_a_room_that_is_not_there_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no reading room"):
        Room.open(tmp_path / "nowhere")


def test_an_input_is_kept_byte_for_byte_with_who_and_when(room: Room) -> None:
    told = _take(room, url="https://example.org/1", captured="2022-02-15")
    (row,) = room.rows()
    assert "finding" in told
    assert room.raw(row.sha256) == CALL.encode()
    assert (room.path / "sources" / row.sha256).read_bytes() == CALL.encode()
    (addition,) = room.show(row.page).additions
    assert (addition.by, addition.at, addition.url, addition.captured) == (
        "anna", AT, "https://example.org/1", "2022-02-15",
    )  # fmt: skip
    assert (row.title, row.lang, row.relation) == ("Министры обороны поговорили по телефону", "ru", None)
    again = Room.open(room.path)
    assert again.rows() == room.rows()
    assert again.show(row.page).source == room.show(row.page).source


def test_the_same_bytes_again_are_noted_and_no_second_page(room: Room) -> None:
    _take(room)
    assert "already" in _take(room, url="https://example.org/mirror")
    (row,) = room.rows()
    assert [one.url for one in room.show(row.page).additions] == [None, "https://example.org/mirror"]
    assert room.addition(row.sha256).url == "https://example.org/mirror"
    _take(room, url="https://example.org/mirror")
    assert len(room.show(row.page).additions) == 2


def test_a_changed_page_and_a_correction_are_shown_as_such(room: Room) -> None:
    _take(room, url="https://example.org/1")
    assert "another version of call.txt" in _take(room, CALL + "\nДобавлено позже.\n", "new.txt")
    assert "a correction of" in _take(room, "Исправлено: дата.\n" + CALL, "mended.txt")
    kinds = {row.name: row.relation.kind if row.relation else None for row in room.rows()}
    assert kinds == {"call.txt": None, "new.txt": "version", "mended.txt": "correction"}


def _first(room: Room) -> tuple[str, Any]:
    (row,) = room.rows()
    return row.page, items(room.show(row.page).source)[0]


def test_a_decision_outlives_the_findings(room: Room) -> None:
    _take(room)
    page, item = _first(room)
    room.decide(page, item.list, item.span, "confirmed", by="boris", at=AT, note="read twice")
    shutil.rmtree(room.path / "derived")
    anew = Room.open(room.path)
    assert anew.rows() == []
    assert anew.unread() == [page]
    assert importing.reread(anew).pages == 1
    shown = items(anew.show(page).source)[0]
    assert (shown.state, shown.decided) == ("confirmed", {"at": AT, "by": "boris", "note": "read twice"})


def test_another_program_in_the_same_room_is_seen(room: Room) -> None:
    _take(room)
    page, item = _first(room)
    other = Room.open(room.path)
    other.decide(page, item.list, item.span, "rejected", by="boris", at=AT)
    importing.take(other, b"Another page.", "b.txt", "boris", AT, ABOUT)
    room.refresh()
    assert items(room.show(page).source)[0].state == "rejected"
    assert len(room.rows()) == 2
    room.decide(page, item.list, item.span, "confirmed", by="anna", at=AT)
    assert [one.verdict for one in room.decisions(page)] == ["rejected", "confirmed"]
    assert len((room.path / "decisions.jsonl").read_bytes().splitlines()) == 2


def test_a_line_torn_by_a_crash_is_passed_over_and_counted(room: Room) -> None:
    _take(room)
    page, item = _first(room)
    room.decide(page, item.list, item.span, "confirmed", by="anna", at=AT)
    with (room.path / "decisions.jsonl").open("ab") as file:
        file.write(b'{"at": "2026')
    after = Room.open(room.path)
    assert items(after.show(page).source)[0].state == "confirmed"
    after.decide(page, item.list, item.span, "rejected", by="anna", at=AT)
    last = Room.open(room.path)
    assert items(last.show(page).source)[0].state == "rejected"
    assert last.damaged == {"decisions": 1}


def test_a_source_changed_on_disk_is_not_taken_for_what_came(room: Room) -> None:
    _take(room)
    (row,) = room.rows()
    (room.path / "sources" / row.sha256).write_bytes(b"something else")
    with pytest.raises(MalformedError, match="not what was put in"):
        room.raw(row.sha256)


def test_damaged_findings_say_what_to_do(room: Room) -> None:
    _take(room)
    (row,) = room.rows()
    (room.path / "derived" / "findings" / f"{row.page}.json").write_bytes(b"{")
    with pytest.raises(MalformedError, match="made anew"):
        room.show(row.page)


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_room_that_cannot_be_written_says_so(room: Room) -> None:
    _take(room)
    page, item = _first(room)
    (room.path / "decisions.jsonl").touch(0o400)
    with pytest.raises(RefusedError, match="cannot write"):
        room.decide(page, item.list, item.span, "confirmed", by="anna", at=AT)


def test_a_decision_is_on_a_finding_that_is_there(room: Room) -> None:
    _take(room)
    page, item = _first(room)
    for name, span in (("contacts", (1, 2)), ("relations", item.span)):
        with pytest.raises(UsageError, match="no finding"):
            room.decide(page, name, span, "confirmed", by="anna", at=AT)
    with pytest.raises(UsageError, match="what it corrects"):
        room.decide(page, item.list, item.span, "corrected", by="anna", at=AT)
    with pytest.raises(UsageError, match="no page"):
        room.show("ffffff")


def test_a_corrected_name_is_known_on_the_next_page(room: Room) -> None:
    text = "14 февраля министр обороны Польши Збынек Прштык провёл встречу с министром обороны Литвы.\n"
    _take(room, text)
    (row,) = room.rows()
    contact = next(one for one in items(room.show(row.page).source) if one.list == "contacts")
    people = [one for one in contact.fields if one.path.endswith(".name") and one.value]
    assert people, contact
    room.decide(
        row.page,
        "contacts",
        contact.span,
        "corrected",
        by="anna",
        at=AT,
        fields={people[0].path: "Збинек Пштык"},
    )
    assert "Збинек Пштык" in json.dumps(room.names(), ensure_ascii=False)
    assert room.unread() == [row.sha256]
    assert "anna" in (room.path / "gazetteer.toml").read_text()
    _take(
        room,
        "Вчера министр обороны Польши Збынек Прштык провёл встречу с министром обороны Литвы.\n",
        "b.txt",
    )
    later = next(row for row in room.rows() if row.name == "b.txt")
    names = [
        person["name"] for one in room.show(later.page).source["contacts"] for person in one["participants"]
    ]
    assert "Збинек Пштык" in names


def test_a_corrected_name_of_an_exercise_is_known_on_the_next_page(room: Room) -> None:
    text = "Министр обороны Литвы рассказал министру обороны Польши об учениях «Севрный щит», {} раз."
    _take(room, text.format("первый"))
    page, _ = next((row.page, row) for row in room.rows())
    (found,) = [one for one in items(room.show(page).source) if one.list == "exercises"]
    room.decide(page, "exercises", found.span, "corrected", by="anna", at=AT, fields={"name": "Северный щит"})
    _take(room, text.format("второй"), "b.txt")
    later = next(row for row in room.rows() if row.name == "b.txt")
    assert [one["name"] for one in room.show(later.page).source["exercises"]] == ["Северный щит"]


def test_a_folder_is_found_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hidden = tmp_path / ".saved" / "pages"
    hidden.mkdir(parents=True)
    for name in ("one.txt", ".two.txt"):
        (hidden / name).write_text("x")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert [path.name for path in importing.expand(["../.saved/pages"])] == ["one.txt"]


def test_a_broken_gazetteer_is_named(room: Room) -> None:
    (room.path / "gazetteer.toml").write_text("[[person]\n")
    with pytest.raises(MalformedError, match=r"gazetteer\.toml"):
        room.names()


def test_many_inputs_go_on_after_a_stop_and_past_what_is_broken(room: Room, tmp_path: Path) -> None:
    folder = tmp_path / "pages"
    (folder / "deep").mkdir(parents=True)
    for number in range(6):
        (folder / "deep" / f"{number}.txt").write_text(f"{CALL}\nСтраница {number}.\n")
    (folder / "empty.txt").write_bytes(b"")
    (folder / ".hidden").write_text("no")
    files = importing.expand([str(folder)])
    assert len(files) == 7
    seen: list[int] = []

    class Stopped(Exception):
        pass

    def stop(done: int) -> None:
        seen.append(done)
        if len(seen) == 3:
            raise Stopped

    with pytest.raises(Stopped):
        importing.take_all(room, files, "anna", AT, ABOUT, progress=stop)
    kept = len(Room.open(room.path).rows())
    assert kept == 3
    after = Room.open(room.path)
    outcome = importing.take_all(after, files, "anna", AT, ABOUT, jobs=2)
    assert (outcome.pages, outcome.kinds["already here"]) == (3, 3)
    (problem,) = outcome.problems
    assert "empty" in problem
    assert len(after.rows()) == 6
    assert hashlib.sha256(files[0].read_bytes()).hexdigest() in {row.sha256 for row in after.rows()}


def test_an_input_above_the_limit_is_not_read(tmp_path: Path) -> None:
    huge = tmp_path / "huge.html"
    with huge.open("wb") as file:
        file.truncate(200 << 20)
    with pytest.raises(MalformedError, match="more than"):
        importing.read_input(huge)


def test_a_room_is_attached_with_its_decisions(room: Room, tmp_path: Path) -> None:
    _take(room)
    page, item = _first(room)
    room.decide(page, item.list, item.span, "confirmed", by="anna", at=AT)
    home = Room.open(tmp_path / "home" / "press", make=True)

    def read(raw: bytes, one: Addition) -> importing.Pages:
        return importing.read(raw, one, {})

    assert home.attach(room, read) == 1
    assert home.attach(room, read) == 0
    assert items(home.show(page).source)[0].state == "confirmed"
    assert home.decisions(page) == room.decisions(page)


def test_the_export_needs_no_program_of_ours(room: Room, tmp_path: Path) -> None:
    _take(room, CALL + "=cmd()", "=call.txt")
    page, item = _first(room)
    room.decide(page, item.list, item.span, "confirmed", by="anna", at=AT)
    out = tmp_path / "out"
    names = write(room, out)
    for line in (out / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((out / name).read_bytes()).hexdigest() == digest
    assert {"findings.json", "decisions.json", "contacts.csv", "SHA256SUMS"} <= set(names)
    (source,) = json.loads((out / "findings.json").read_text())["sources"]
    assert source["page"] == page
    assert source["additions"][0]["by"] == "anna"
    table = (out / f"{item.list}.csv").read_text()
    assert "confirmed" in table
    assert "'=call.txt" in table
    with pytest.raises(UsageError, match="not empty"):
        write(room, out)
    only = tmp_path / "only"
    write(room, only, confirmed=True)
    (chosen,) = json.loads((only / "findings.json").read_text())["sources"]
    assert [one["state"] for name in ("contacts", "statements") for one in chosen[name]] == ["confirmed"]
