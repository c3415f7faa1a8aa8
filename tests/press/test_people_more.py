# SPDX-License-Identifier: Apache-2.0
"""Persons in every place and case of a sentence: ``people/LANG.txt``.

There a sentence is followed by its persons, a line each: name, office, rank and side, "-" for none.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.press.named import named, sides

HERE = Path(__file__).parent / "people"
LANGUAGES = ("be", "uk", "en", "ru")


def told(lang: str) -> Iterator[tuple[str, list[tuple[str | None, ...]]]]:
    """The sentences of a language, each with its persons."""
    sentence, persons = "", []
    for line in (HERE / f"{lang}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith(" "):
            persons.append(tuple(None if one == "-" else one for one in line.strip().split(" | ")))
            continue
        if sentence:
            yield sentence, persons
        sentence, persons = line, []
    yield sentence, persons


CASES = [(lang, text, persons) for lang in LANGUAGES for text, persons in told(lang)]


@pytest.mark.parametrize(("lang", "text", "persons"), CASES)
def test_persons(lang: str, text: str, persons: list[tuple[str | None, ...]]) -> None:
    assert named(text, lang) == persons


@pytest.mark.parametrize("lang", ["be", "uk", "en"])
def test_there_are_many_of_each_language(lang: str) -> None:
    assert sum(1 for one in CASES if one[0] == lang) >= 50


def test_a_short_u_after_a_vowel_is_no_other_side() -> None:
    assert sides("Ён і ўкраінскі калега", "be") == [("UA", "adjective")]


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        ("uk", "Начальник Управління зв'язків спростував."),
        ("be", "Камандуючы Сухапутнымі войскамі прыбыў."),
        ("ru", "Министр Обороны прибыл, а командующий Северным флотом нет."),
        ("en", "The commander of the Northern Fleet and the Secretary General arrived."),
    ],
)
def test_what_is_no_person(lang: str, text: str) -> None:
    assert named(text, lang) == []
