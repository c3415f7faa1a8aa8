# SPDX-License-Identifier: Apache-2.0
"""A page that was there already is shown as what it is: the same text, a version, a correction."""

from __future__ import annotations

import pytest

from detente.press.versions import Known, Mark, Relation, address, changes, mark
from detente.press.views import View

LINES = [
    "Министры двух стран поговорили по телефону.",
    "Разговор длился час.",
    "Стороны условились о встрече.",
    "Дата не названа.",
]


def _mark(page: str, lines: list[str], url: str | None = None) -> Mark:
    text = "\n".join(lines)
    return mark(page, View.plain(text), {"body": [[0, len(text)]], "url": url})


@pytest.fixture
def known() -> Known:
    shelf = Known()
    shelf.add(_mark("a", LINES, "https://www.example.org/news/1?utm_source=x#top"))
    return shelf


def test_the_same_text_from_another_place(known: Known) -> None:
    spaced = [f"  {line.replace(' ', chr(160))}" for line in LINES]
    assert known.relate(_mark("b", spaced, "https://example.com/other")) == Relation("same_text", "a")


def test_another_version_by_its_address_or_its_lines(known: Known) -> None:
    rewritten = ["Совсем другой текст.", "И ещё строка.", "И третья."]
    assert known.relate(_mark("b", rewritten, "http://example.org/news/1/")) == Relation("version", "a")
    assert known.relate(_mark("c", [*LINES[:3], "Дата названа позже."])) == Relation("version", "a")


@pytest.mark.parametrize(
    "note",
    [
        "Исправлено: разговор длился два часа.",
        "Correction: the call took two hours.",
        "Виправлено: дві години.",
    ],
)
def test_a_correction_says_so_itself(known: Known, note: str) -> None:
    assert known.relate(_mark("b", [note, *LINES])) == Relation("correction", "a")


def test_a_page_of_its_own(known: Known) -> None:
    assert known.relate(_mark("b", ["Другая новость.", "О другом.", "Совсем.", "Правда."])) is None
    assert known.relate(_mark("c", LINES[:1])) is None
    assert known.relate(_mark("d", [])) is None


def test_a_page_is_no_version_of_itself(known: Known) -> None:
    assert known.relate(_mark("a", LINES, "https://example.org/news/1")) is None


def test_lines_that_stand_on_many_pages_make_no_version() -> None:
    shelf = Known()
    for number in range(60):
        shelf.add(_mark(f"p{number}", [*LINES, f"Новость {number}.", f"Ещё {number}."]))
    assert shelf.relate(_mark("new", [*LINES, "Новость иная.", "Ещё иная."])) is None


def test_the_latest_version_is_the_one_named(known: Known) -> None:
    known.add(_mark("b", [*LINES, "Добавлено."], "https://example.org/news/1"))
    assert known.relate(_mark("c", ["Новый текст."], "https://example.org/news/1")) == Relation(
        "version", "b"
    )


def test_addresses_are_told_apart_by_what_matters() -> None:
    assert address("https://www.example.org/a/?utm_source=x&id=7#part") == "example.org/a?id=7"
    assert address("HTTP://m.example.org/a") == "example.org/a"
    assert address("https://example.org/a?id=1") != address("https://example.org/a?id=2")
    assert address(None) is None
    assert address("") is None


def test_changes_are_lines() -> None:
    assert changes("one\ntwo", "one\nthree") == [(" ", "one"), ("-", "two"), ("+", "three")]
