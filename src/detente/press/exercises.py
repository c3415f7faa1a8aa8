# SPDX-License-Identifier: Apache-2.0
"""Exercises by name, and the year that a name carries."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from detente.press.data import table
from detente.press.reading import Reading, finding
from detente.press.source import Span, fold

_WORD = re.compile(r"(?<!\w)(?:учени|маневр|тренировк|кшу\b|скшу\b|навчан|вучэнн|exercise)\w*")
_NAME_AFTER = re.compile(r"[^.;:»]{0,60}?[«„“\"](?P<name>[^«»„“”\"\n]{2,60})[»“”\"]")
_AND_NAME = re.compile(r"(?:,| и| а также)\s+[«„“\"](?P<name>[^«»„“”\"\n]{2,60})[»“”\"]")
_BARE = re.compile(r"\s+(?P<name>[A-ZА-ЯЁ][\w-]*(?:\s[A-ZА-ЯЁ][\w-]*){0,2}\s?[—–-]?\s?(?:19|20)\d\d)(?!\d)")
_YEAR = re.compile(r"[\s—–-]((?:19|20)\d\d)$")


@lru_cache(maxsize=1)
def _known() -> re.Pattern[str]:
    names = "|".join(
        sorted((re.escape(fold(name)) for name in table("exercises")["names"]), key=len, reverse=True)
    )
    return re.compile(rf"(?<!\w)(?:{names})\s?[—-]?\s?(?:19|20)\d\d(?!\d)|[«„“](?P<quoted>{names})[»“”]")


def find_exercises(r: Reading) -> list[dict[str, Any]]:
    """``exercises[]``: one finding for each name, at its first place on the page."""
    spans: list[tuple[Span, str, float]] = []
    for low, high in r.paragraphs:
        for word in _WORD.finditer(r.folded, low, high):
            spans.extend((span, "exercise-word-then-name", 0.9) for span in _after_word(r, word.end(), high))
        for known in _known().finditer(r.folded, low, high):
            span = known.span("quoted") if known["quoted"] else known.span()
            if not known["quoted"] or _WORD.search(
                r.folded, max(low, known.start() - 120), min(high, known.end() + 120)
            ):
                spans.append((span, "known-name", 0.85))
    found: dict[str, dict[str, Any]] = {}
    for (start, end), rule, confidence in sorted(spans):
        name = r.words(start, end)
        found.setdefault(exercise_key(name), finding(rule, confidence, name=name, span=[start, end]))
    return _without_parts(found)


def _after_word(r: Reading, at: int, high: int) -> list[Span]:
    match = _NAME_AFTER.match(r.text, at, high)
    if match is None:
        bare = _BARE.match(r.text, at, high)
        return [bare.span("name")] if bare else []
    spans: list[Span] = []
    following: re.Match[str] | None = match
    while following is not None:
        first = r.text[following.start("name")]
        if first.isupper() or first.isdigit():
            spans.append(following.span("name"))
        following = _AND_NAME.match(r.text, following.end(), high)
    return spans


def _without_parts(found: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """A known name inside a longer one already found ("Combat Shield of the Union") is not another."""
    spans = [one["span"] for one in found.values()]
    return [
        one
        for one in found.values()
        if not any(
            other != one["span"] and other[0] <= one["span"][0] and one["span"][1] <= other[1]
            for other in spans
        )
    ]


def exercise_key(name: str) -> str:
    """One key for the spellings of a name: dashes, spaces and letter case aside."""
    return re.sub(r"[\s—-]+", " ", fold(name)).strip()


def year_of(name: str) -> int | None:
    """The year that ends an exercise's name."""
    match = _YEAR.search(name)
    return int(match.group(1)) if match else None
