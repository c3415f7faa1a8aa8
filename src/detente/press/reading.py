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
from detente.press.lexicon import CAPITALS, LANGUAGES, Lexicon, lexicon
from detente.press.names import PersonMention
from detente.press.people import find_people
from detente.press.quotes import Quote, find_quotes
from detente.press.sentences import sentences
from detente.press.source import MAX_PARAGRAPH, MAX_SEARCHED, Span


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

_UPPER = re.compile(rf"[{CAPITALS}]{{3,}}\b")
_DATELINE = re.compile(r"[^.!?;:\n—–]{0,40}?\s[—–-]\s")
#: Letters of a noun that are the same in all its forms.
_STEM = 5


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
    words: Lexicon
    names: Any  # the gazetteer in use, None for the built-in one
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

    def shown(self, start: int, end: int) -> str:
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


def read(
    text: str,
    folded: str,
    lang: str,
    paragraphs: list[Span],
    *,
    names: Any = None,
    models: Any = None,
    stated: Any = None,
) -> Reading:
    """Everything that the finders need, found once. Searches MAX_SEARCHED code points of the body.

    A language without a word file is read with the words of the first of LANGUAGES.
    ``names`` is the gazetteer, ``models`` what finds names beside the rules, ``stated`` the page's own date.
    """
    paragraphs = _bounded(paragraphs)
    words = lexicon(lang if lang in LANGUAGES else LANGUAGES[0])
    cut = [span for paragraph in paragraphs for span in sentences(text, *paragraph)]
    sides = [side for span in paragraphs for side in gazetteer.find_sides(folded, *span, lang, text)]
    people = find_people(text, folded, paragraphs, sides, lang, names, models)
    dates = [date for span in paragraphs for date in find_dates(folded, *span, lang, stated)]
    return Reading(
        text,
        folded,
        lang,
        words,
        names,
        paragraphs,
        cut,
        sides,
        dates,
        people,
        find_quotes(text, paragraphs),
        _institutions(text, folded, words, paragraphs, sides, people),
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
    text: str,
    folded: str,
    words: Lexicon,
    paragraphs: list[Span],
    sides: list[SideMention],
    people: list[PersonMention],
) -> list[Institution]:
    cores = [
        match.span()
        for span in paragraphs
        for match in gazetteer.institution_pattern(words.lang).finditer(folded, *span)
    ]
    again = words.reading.again
    cores += [match.span() for span in paragraphs for match in again.finditer(folded, *span)]
    begins = {start for start, _ in paragraphs}
    cores += [
        (side.start, side.end)
        for side in sides
        if side.side in gazetteer.ORGANISATIONS
        or (side.sort == "capital" and (side.start not in begins or not _dateline(text, side)))
    ]
    bodies = [match.span() for span in paragraphs for match in words.reading.body.finditer(folded, *span)]
    cores += [span for span in bodies if _beside_side(folded, words, span, sides)]
    cores += [(side.start, side.end) for side in sides if _state_speaks(folded, words, side)]
    offices = sorted({person.office_span for person in people if person.office_span})
    phrases: list[tuple[int, int, str | None]] = []
    for start, end in sorted(cores):
        if _covered(offices, start) or (phrases and start < phrases[-1][1]):
            continue
        begin, finish, side = _with_sides(folded, words, (start, end), sides)
        side = side or _owner(folded, words, begin, people)
        if phrases and phrases[-1][1] < begin and not folded[phrases[-1][1] : begin].strip():
            first, _, known = phrases.pop()  # "the press service of the ministry of X" is one
            begin, side = first, known or side
        phrases.append((begin, finish, side))
    return _named(text, folded, words, phrases)


def _named(
    text: str, folded: str, words: Lexicon, phrases: list[tuple[int, int, str | None]]
) -> list[Institution]:
    """Phrases as institutions; "the ministry" without a side is the last one named with its side."""
    found: list[Institution] = []
    last: Institution | None = None
    nouns: dict[str, Institution] = {}  # the last with its side for each noun: "ministry"
    for start, end, side in phrases:
        again = side is None and words.reading.again.match(folded, start) is not None
        if again and last is not None:
            noun = folded[start:end].rsplit(maxsplit=1)[-1][:_STEM]
            before = nouns.get(noun, last)
            found.append(Institution(start, end, before.side, before.name))
            continue
        one = Institution(start, end, side, " ".join(text[start:end].split()))
        found.append(one)
        if side is not None and not _place(folded, words, start, end):
            last = one
            nouns.update((word[:_STEM], one) for word in folded[start:end].split())
    return found


def past_dateline(r: Reading, start: int) -> int:
    """Where the sentence begins behind "KYIV, Feb 14 —" or "MINSK."."""
    first = next(iter(inside(r.sides, start, start + 60)), None)
    upper = _UPPER.match(r.text, start)
    if not upper and (first is None or first.start != start or first.sort != "capital"):
        return start
    match = _DATELINE.match(r.text, upper.end() if upper else start)
    return match.end() if match else start


def _dateline(text: str, side: SideMention) -> bool:
    """ "KYIV, Feb 14 —", "MINSK.": where a paragraph was written, not who speaks in it."""
    return text[side.start : side.end].isupper() or _DATELINE.match(text, side.end) is not None


def _place(folded: str, words: Lexicon, start: int, end: int) -> bool:
    """Whether a phrase is only a place or a state, to which "the ministry" does not go back."""
    institution = gazetteer.institution_pattern(words.lang)
    return not any(
        pattern.search(folded, start, end)
        for pattern in (institution, words.reading.again, words.reading.body)
    )


def _right_before(folded: str, words: Lexicon, side: SideMention, start: int) -> bool:
    """ "Polish" or "Poland's" right before ``start``."""
    if folded[side.end : start] == " ":
        return side.sort == "adjective"
    return words.reading.owned.fullmatch(folded, side.end, start) is not None


def _beside_side(folded: str, words: Lexicon, span: Span, sides: list[SideMention]) -> bool:
    """ "the Polish side", "the delegation of Poland": a noun that speaks only with its side beside it."""
    start, end = span
    before = inside(sides, max(0, start - 30), start)
    if before and _right_before(folded, words, before[-1], start):
        return True
    after = inside(sides, end, end + 60)
    return (
        bool(after) and after[0].sort == "name" and folded[end : after[0].start] in (" ", " of ", " of the ")
    )


def _state_speaks(folded: str, words: Lexicon, side: SideMention) -> bool:
    """ "Norway said": the verb follows the state's name, or nearly; their forms agree where they have any."""
    if side.sort != "name":
        return False
    if words.grammar.cases:
        verb = words.reading.state.match(folded, side.end)
        return verb is not None and words.reporting.match(folded, verb.end()) is not None
    at = side.end
    while (more := words.pieces.adjunct.match(folded, at)) is not None and more.end() > at:
        at = more.end()
    at += len(folded[at : at + 2]) - len(folded[at : at + 2].lstrip(", "))
    return words.reporting.match(folded, at) is not None


def _owner(folded: str, words: Lexicon, start: int, people: list[PersonMention]) -> str | None:
    """The side of the person whose institution it is: "Novak's ministry"."""
    before = inside(people, max(0, start - 60), start)
    owned = words.reading.owned
    return before[-1].side if before and owned.fullmatch(folded, before[-1].end, start) else None


def _covered(offices: list[Span], at: int) -> bool:
    start, end = _holding(offices, at)
    return start <= at < end


def _with_sides(
    folded: str, words: Lexicon, span: Span, sides: list[SideMention]
) -> tuple[int, int, str | None]:
    """The phrase widened over the side's adjective before it and the side's name after it."""
    start, end = span
    side = next((one.side for one in inside(sides, start, end)), None)
    before = inside(sides, max(0, start - 30), start)
    if before and _right_before(folded, words, before[-1], start):
        start, side = before[-1].start, side or before[-1].side
    after = inside(sides, end, end + 60)
    if after and after[0].sort == "name" and folded[end : after[0].start] == " ":
        end, side = after[0].end, side or after[0].side
    return start, end, side


def finding(rule: str, confidence: float, **fields: Any) -> dict[str, Any]:
    """A finding as CONTRACT has it: its fields, what proposed it, how sure, not yet judged."""
    return {**fields, "rule": rule, "confidence": round(confidence, 2), "state": "proposed"}
