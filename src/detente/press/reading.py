# SPDX-License-Identifier: Apache-2.0
"""What the finders share: a page with its body, sentences, names, dates, quotations and institutions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from detente.press import gazetteer
from detente.press.dates import Date, find_dates
from detente.press.gazetteer import SideMention
from detente.press.names import PersonMention
from detente.press.people import find_people
from detente.press.quotes import Quote, find_quotes
from detente.press.sentences import sentences
from detente.press.source import MAX_PARAGRAPH, MAX_SEARCHED, Span

#: An institution named before, without its side.
_AGAIN = re.compile(
    r"(?<![\w-])(?:(?:(?:оборонн|военн|внешнеполитическ)\w+ )?ведомств\w+|министерств\w+"
    r"|пресс-служб\w+)(?!\w)"
    r"(?! (?:обороны|иностранных|внутренних|национальной|вооруженных))"
)


class Placed(Protocol):
    """Anything with a span."""

    @property
    def start(self) -> int:
        """First code point."""
        ...

    @property
    def end(self) -> int:
        """The code point after the last."""
        ...


T = TypeVar("T", bound=Placed)


@dataclass(frozen=True)
class Institution:
    """A ministry, service or organisation that speaks; ``side`` None where the page does not say."""

    start: int
    end: int
    side: str | None
    name: str


@dataclass(frozen=True)
class Reading:
    """One page as the finders see it; every list is in the order of the page."""

    text: str
    folded: str
    lang: str
    paragraphs: list[Span]
    sentences: list[Span]
    sides: list[SideMention]
    dates: list[Date]
    people: list[PersonMention]
    quotes: list[Quote]
    institutions: list[Institution]

    def paragraph(self, at: int) -> Span:
        """The body paragraph that holds ``at``."""
        return _holding(self.paragraphs, at)

    def sentence(self, at: int) -> Span:
        """The sentence that holds ``at``."""
        return _holding(self.sentences, at)

    def words(self, start: int, end: int) -> str:
        """The text of a span, white space made single spaces: for showing, never for offsets."""
        return " ".join(self.text[start:end].split())


def _holding(spans: list[Span], at: int) -> Span:
    low, high = 0, len(spans)
    while low < high:
        middle = (low + high) // 2
        if spans[middle][0] <= at:
            low = middle + 1
        else:
            high = middle
    return spans[low - 1] if low else (at, at)


def inside(items: Sequence[T], start: int, end: int) -> list[T]:
    """The items that lie wholly in ``[start, end)``; ``items`` are sorted by start."""
    low, high = 0, len(items)
    while low < high:
        middle = (low + high) // 2
        if items[middle].start < start:
            low = middle + 1
        else:
            high = middle
    found = []
    while low < len(items) and items[low].start < end:
        if items[low].end <= end:
            found.append(items[low])
        low += 1
    return found


def read(text: str, folded: str, lang: str, paragraphs: list[Span]) -> Reading:
    """Everything that the finders need, found once. Searches MAX_SEARCHED code points of the body."""
    paragraphs = _bounded(paragraphs)
    cut = [span for paragraph in paragraphs for span in sentences(text, *paragraph)]
    sides = [side for span in paragraphs for side in gazetteer.find_sides(folded, *span)]
    people = find_people(text, folded, paragraphs, sides)
    dates = [date for span in paragraphs for date in find_dates(folded, *span, lang)]
    return Reading(
        text,
        folded,
        lang,
        paragraphs,
        cut,
        sides,
        dates,
        people,
        find_quotes(text, paragraphs),
        _institutions(text, folded, paragraphs, sides, people),
    )


def _bounded(paragraphs: list[Span]) -> list[Span]:
    kept: list[Span] = []
    left = MAX_SEARCHED
    for start, end in paragraphs:
        if end - start > min(left, MAX_PARAGRAPH):
            continue
        kept.append((start, end))
        left -= end - start
    return kept


def _institutions(
    text: str, folded: str, paragraphs: list[Span], sides: list[SideMention], people: list[PersonMention]
) -> list[Institution]:
    cores = [
        match.span()
        for span in paragraphs
        for match in gazetteer.institution_pattern().finditer(folded, *span)
    ]
    cores += [match.span() for span in paragraphs for match in _AGAIN.finditer(folded, *span)]
    cores += [
        (side.start, side.end)
        for side in sides
        if side.side in gazetteer.ORGANISATIONS or side.sort == "capital"
    ]
    offices = sorted({person.office_span for person in people if person.office_span})
    phrases: list[tuple[int, int, str | None]] = []
    for start, end in sorted(cores):
        if _covered(offices, start) or (phrases and start < phrases[-1][1]):
            continue
        begin, finish, side = _with_sides(folded, start, end, sides)
        if phrases and phrases[-1][1] < begin and not folded[phrases[-1][1] : begin].strip():
            first, _, known = phrases.pop()  # "the press service of the ministry of X" is one
            begin, side = first, known or side
        phrases.append((begin, finish, side))
    return _named(text, folded, phrases)


def _named(text: str, folded: str, phrases: list[tuple[int, int, str | None]]) -> list[Institution]:
    """Phrases as institutions; "the ministry" without a side is the last one named with its side."""
    found: list[Institution] = []
    last: Institution | None = None
    for start, end, side in phrases:
        again = side is None and _AGAIN.match(folded, start) is not None
        if again and last is not None:
            found.append(Institution(start, end, last.side, last.name))
            continue
        one = Institution(start, end, side, " ".join(text[start:end].split()))
        found.append(one)
        last = one if side is not None else last
    return found


def _covered(offices: list[Span], at: int) -> bool:
    start, end = _holding(offices, at)
    return start <= at < end


def _with_sides(folded: str, start: int, end: int, sides: list[SideMention]) -> tuple[int, int, str | None]:
    """The phrase widened over the side's adjective before it and the side's name after it."""
    side = next((one.side for one in inside(sides, start, end)), None)
    before = inside(sides, max(0, start - 30), start)
    if before and before[-1].sort == "adjective" and folded[before[-1].end : start] == " ":
        start, side = before[-1].start, side or before[-1].side
    after = inside(sides, end, end + 60)
    if after and after[0].sort == "name" and folded[end : after[0].start] == " ":
        end, side = after[0].end, side or after[0].side
    return start, end, side


def finding(rule: str, confidence: float, **fields: Any) -> dict[str, Any]:
    """A finding as CONTRACT has it: its fields, what proposed it, how sure, not yet judged."""
    return {**fields, "rule": rule, "confidence": round(confidence, 2), "state": "proposed"}
