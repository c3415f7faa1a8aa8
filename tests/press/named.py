# SPDX-License-Identifier: Apache-2.0
"""What the finders of names see in a text of one paragraph, in short."""

from __future__ import annotations

from typing import Any

from detente.press.declension import CASES, decline, nominative
from detente.press.reading import Reading, read
from detente.press.source import fold


def reading(text: str, lang: str, **options: Any) -> Reading:
    """The Reading of a text that is all body, its spans checked."""
    found = read(text, fold(text), lang, [(0, len(text))], **options)
    for one in found.people:
        assert text[one.start : one.end] == one.written
        assert one.office_span is None or 0 <= one.office_span[0] < one.office_span[1] <= len(text)
    return found


def named(text: str, lang: str, **options: Any) -> list[tuple[str | None, ...]]:
    """(name, office, rank, side) of the persons named."""
    people = [
        one for one in reading(text, lang, **options).people if one.rule not in ("office", "office-holder")
    ]
    return [(one.name, one.office, one.rank, one.side) for one in people]


def unnamed(text: str, lang: str) -> list[tuple[str | None, ...]]:
    """(office, side) of the offices without a name."""
    return [(one.office, one.side) for one in reading(text, lang).people if one.name is None]


def sides(text: str, lang: str) -> list[tuple[str, str]]:
    """(side, sort) of the sides named."""
    return [(one.side, one.sort) for one in reading(text, lang).sides]


def surnames_come_back(name: str, lang: str) -> None:
    """The usual form of a surname in each case gives back its nominative, or says that it is unsure."""
    declined = decline(fold(name), lang, surname=True, female=False)
    for case in CASES:
        form = declined[case][0].capitalize()
        back, sure = nominative(form, case, lang=lang)
        assert fold(back) == fold(name) or sure < 0.85, (case, form, back, sure)
