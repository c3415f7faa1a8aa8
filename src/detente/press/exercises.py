# SPDX-License-Identifier: Apache-2.0
"""Exercises by name, and the year that a name carries."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from detente.press import gazetteer
from detente.press.lexicon import CAPITALS
from detente.press.reading import Reading, finding, inside
from detente.press.source import Span, fold

_NAME_AFTER = re.compile(r"[^.;:»]{0,60}?[«„“\"](?P<name>[^«»„“”\"\n]{2,60})[»“”\"]")
_QUOTED = re.compile(r"[«„“\"](?P<name>[^«»„“”\"\n]{2,60})[»“”\"]")
_BARE = re.compile(
    rf"\s+(?P<name>[{CAPITALS}][\w-]*(?:\s[{CAPITALS}][\w-]*){{0,2}}\s?[—–-]?\s?(?:19|20)\d\d)(?!\d)"
)
_SINGLE = re.compile(rf"[‘'](?P<name>[{CAPITALS}][^‘’'\n]{{1,60}})[’'](?!\w)")
#: Words with a capital each.
_TITLE = re.compile(
    rf"(?<![\w-])[{CAPITALS}][\w'’-]*\w(?:\s(?:of\s(?:the\s)?)?[{CAPITALS}][\w'’-]*){{0,3}}(?:\s\d{{1,4}})?(?!\w)"
)
#: How far from a name another that overlaps it may begin or end.
_NEAR = 120
#: "Zapad-2021": one word with a year, on a page that speaks of exercises.
_WITH_YEAR = re.compile(rf"(?<![\w-])[{CAPITALS}][\w’']+[—–-](?:19|20)\d\d(?![\w-])")
_FEW_WORDS = re.compile(r"\s+(?:[\w-]+\s+){0,3}")
_YEAR = re.compile(r"[\s—–-]((?:19|20)\d\d)$")


@lru_cache(maxsize=4)
def _known(listed: tuple[str, ...]) -> re.Pattern[str]:
    names = "|".join(sorted((re.escape(fold(name)) for name in listed), key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{names})\s?[—-]?\s?(?:19|20)\d\d(?!\d)|[«„“](?P<quoted>{names})[»“”]")


def find_exercises(r: Reading) -> list[dict[str, Any]]:
    """``exercises[]``: one finding for each name, at its first place on the page."""
    spans: list[tuple[Span, str, float]] = []
    noun = r.words.exercises.noun
    known_names = _known(gazetteer.exercise_names(r.names))
    for low, high in r.paragraphs:
        for word in noun.finditer(r.folded, low, high):
            spans.extend((span, "exercise-word-then-name", 0.9) for span in _after_word(r, word.end(), high))
        for word in r.words.exercises.noun_after.finditer(r.folded, low, high):
            spans.extend(
                (span, "name-then-exercise-word", 0.85) for span in _before_word(r, low, word.start())
            )
        for known in known_names.finditer(r.folded, low, high):
            span = known.span("quoted") if known["quoted"] else known.span()
            if not known["quoted"] or noun.search(
                r.folded, max(low, known.start() - 120), min(high, known.end() + 120)
            ):
                spans.append((span, "known-name", 0.85))
    if spans or any(noun.search(r.folded, *span) for span in r.paragraphs):
        years = (match for low, high in r.paragraphs for match in _WITH_YEAR.finditer(r.text, low, high))
        spans.extend((match.span(), "name-with-year", 0.6) for match in years)
    found: dict[str, dict[str, Any]] = {}
    spellings = (r.names or gazetteer.builtin()).exercise_forms()
    for (start, end), rule, confidence in sorted(spans):
        name = spellings.get(fold(r.shown(start, end)), r.shown(start, end))
        found.setdefault(exercise_key(name), finding(rule, confidence, name=name, span=[start, end]))
    return _without_parts(found)


def _after_word(r: Reading, at: int, high: int) -> list[Span]:
    match = _NAME_AFTER.match(r.text, at, high)
    if match is None:
        bare = _BARE.match(r.text, at, high)
        return [bare.span("name")] if bare else _plain_after(r, at, high)
    spans: list[Span] = []
    following: re.Match[str] | None = match
    while following is not None:
        first = r.text[following.start("name")]
        if first.isupper() or first.isdigit():
            spans.append(following.span("name"))
        also = r.words.exercises.also.match(r.folded, following.end(), high)
        following = _QUOTED.match(r.text, also.end(), high) if also else None
    return spans


def _before_word(r: Reading, low: int, at: int) -> list[Span]:
    """A name with its year, or in quotation marks, at most three words before the exercise's noun."""
    start = max(low, at - 120)
    names = [*_BARE.finditer(r.text, start, at), *_QUOTED.finditer(r.text, start, at)]
    last = max(names, key=lambda one: one.end(), default=None)
    if last is None or not _FEW_WORDS.fullmatch(r.text, last.end(), at):
        return _plain_before(r, start, at)
    first = r.text[last.start("name")]
    return [last.span("name")] if first.isupper() or first.isdigit() else []


def _plain_after(r: Reading, at: int, high: int) -> list[Span]:
    """ "exercise Northern Shore": capitalised words behind the noun, in a language that writes them so."""
    gap = r.words.exercises.named.match(r.folded, at, high)
    single = _SINGLE.match(r.text, gap.end(), high) if gap else None
    if single:
        return [single.span("name")]
    name = _TITLE.match(r.text, gap.end(), high) if gap else None
    return [name.span()] if name and _may_name(r, name.span()) else []


def _plain_before(r: Reading, start: int, at: int) -> list[Span]:
    """ "the Northern Shore exercise": two capitalised words or more right before the noun."""
    if not r.words.exercises.named.match(r.folded, at - 1):
        return []
    single = next((one for one in _SINGLE.finditer(r.text, start, at) if at - one.end() == 1), None)
    if single:
        return [single.span("name")]
    for one in _TITLE.finditer(r.text, start, at):
        low, end = one.span()
        first = one.group().partition(" ")[0]
        if r.words.exercises.no_name.fullmatch(r.folded, low, low + len(first)):
            low += len(first) + 1  # "The" that begins the sentence
        own = " " in r.text[low:end] or any(char.isdigit() for char in r.text[low:end])
        if at - end == 1 and low < end and own and _may_name(r, (low, end)):
            return [(low, end)]
    return []


def _may_name(r: Reading, span: Span) -> bool:
    """No side, person, office, and none of the words that no exercise is named with."""
    if inside(r.sides, *span) or r.words.exercises.no_name.search(r.folded, *span):
        return False
    low, high = max(0, span[0] - _NEAR), span[1] + _NEAR
    near = [(one.start, one.end) for one in inside(r.people, low, high)]
    near += [(one.start, one.end) for one in inside(r.institutions, low, high)]
    return not any(start < span[1] and span[0] < end for start, end in near)


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
