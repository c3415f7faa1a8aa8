# SPDX-License-Identifier: Apache-2.0
"""The points of a read-out: what one side says of a contact, each with its words and where they stand."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Protocol

from detente.errors import MalformedError
from detente.press.compare_words import meaning, tells
from detente.press.data import table
from detente.press.dates import compatible
from detente.press.importer import read_page
from detente.press.lexicon import lexicon
from detente.press.pages import ReadPage, View, read_pages, respan
from detente.press.sentences import sentences
from detente.press.source import LANGUAGES, decode, fold, trim

#: Points of one read-out that are held against the other's; what is beyond is shown, not compared.
MAX_POINTS = 400
#: Contacts of a page that are looked through for the one that another page tells of too.
_CONTACTS = 20
#: What must be said (weight of the words) to be a point of its own: by a sentence without any finding, by
#: what the findings of a sentence leave of it, by an item of a list.
_SENTENCE, _REST, _ITEM = 1.2, 1.9, 1.0
_BESIDE = ',;:—–- «»"“”„'
_STOPS = ".!?…:»”\"')"

Span = tuple[int, int]


@dataclass(frozen=True)
class Point:
    """One point of a read-out: its sort, its words and their span.

    ``value`` is what it comes to where words do not matter (EDTF date, side, person, exercise, kind, status
    of a measure); ``follows``: only its place on the page tells the side; ``reported_by``: the side that says
    it of ``speaker``, where that is another one.
    """

    point: str
    text: str
    span: Span
    value: str | None = None
    speaker: str | None = None
    addressee: str | None = None
    type: str | None = None
    follows: bool = False
    reported_by: str | None = None


@dataclass(frozen=True)
class ReadOut:
    """What one side says of a contact: where it stands, its side, language and points.

    ``names`` are the folded words of people's names, which say nothing of a clause's matter.
    """

    name: str
    side: str | None
    lang: str | None
    points: tuple[Point, ...]
    names: frozenset[str] = frozenset()


class Told(Protocol):
    """A page with its SOURCE, whose spans are of the input, and its view."""

    @property
    def source(self) -> dict[str, Any]:
        """The SOURCE of the page."""

    @property
    def view(self) -> View:
        """What a person reads of it."""


def from_source(
    source: Mapping[str, Any], text: str, side: str, contact: int = 0, *, whole: bool = False
) -> ReadOut:
    """One side's read-out in a SOURCE whose spans are of ``text``; ``whole``: all of the page is its words.

    Raises MalformedError where the page has no such contact.
    """
    if contact >= len(source["contacts"]):
        raise MalformedError(f"{source['file']}: no contact {contact} on the page, nothing to compare")
    source = _standing(source)
    held = source["contacts"][contact]
    told = [one for one in held["readouts"] if one["side"] == side]
    own = [_pair(span) for one in told for span in one["spans"]]
    run = own + [_pair(span) for one in told for span in one.get("follows") or ()]

    def mine(span: Sequence[int]) -> bool:
        return whole or any(start <= span[0] < end for start, end in own)

    names = _names(source)
    points = [*_of_contact(held, text, mine), *_of_lists(source, held, text, side, whole)]
    points += _statements(source, text, side, whole)
    points += [
        Point("exercise", _quote(text, one["span"]), _pair(one["span"]), one["name"])
        for one in source["exercises"]
        if mine(one["span"])
    ]
    region = [_pair(span) for span in source["body"]] if whole else run
    points += _clauses(text, region, [] if whole else own, points, source["lang"], names)
    unique = {(one.point, one.span, one.value): one for one in reversed(points)}
    name = f"{source['file']} ({side})" if side else str(source["file"])
    return ReadOut(name, side, source["lang"], tuple(reversed(unique.values())), names)


def from_page(
    raw: bytes, *, name: str, side: str | None = None, lang: str | None = None, contact: int | None = None
) -> ReadOut:
    """The read-out that a file holds: of ``side``, else of the side that speaks most on it.

    Spans are of the input as read; the words are as a person reads them. Raises MalformedError where the file
    tells of no contact.
    """
    return _of_page(told_page(raw, name=name, lang=lang), side, contact or 0)


def pair_of_pages(first: Told, second: Told, sides: Sequence[str] = ()) -> tuple[ReadOut, ReadOut]:
    """The read-outs of one contact that two pages hold: of the two contacts that agree best.

    Where ``sides`` does not say whose words to take and both pages quote two sides, the two sides taken are
    not the same one. Raises MalformedError where a page tells of no contact.
    """
    pages = (first, second)
    for page in pages:
        if not page.source["contacts"]:
            raise MalformedError(f"{page.source['file']}: no contact found on the page, nothing to compare")
    held: list[list[Any]] = [page.source["contacts"][:_CONTACTS] for page in pages]
    one, other = max(
        ((i, j) for i in range(len(held[0])) for j in range(len(held[1]))),
        key=lambda at: (_agree(held[0][at[0]], held[1][at[1]]), -at[0] - at[1], -at[0]),
    )
    chosen: list[str | None] = [*sides, None, None][:2]
    sizes = [_sizes(held[0][one]), _sizes(held[1][other])]
    if chosen == [None, None] and all(len(size) > 1 for size in sizes):
        unlike = [(a, b) for a in sizes[0] for b in sizes[1] if a != b]
        best = max(unlike, key=lambda both: sizes[0][both[0]] + sizes[1][both[1]])
        chosen = [best[0], best[1]]
    return _of_page(first, chosen[0], one), _of_page(second, chosen[1], other)


def of_page(page: Told, side: str | None = None, *, without: str | None = None) -> ReadOut:
    """The read-out of ``side`` on a page, else of the side that speaks most on it and is not ``without``."""
    sizes = _sizes(page.source["contacts"][0])
    others = {one: size for one, size in sizes.items() if one != without} or sizes
    return _of_page(page, side or max(others, key=lambda one: others[one], default=None), 0)


def pair_of_page(page: Told, sides: Sequence[str] = ()) -> tuple[ReadOut, ReadOut]:
    """The read-outs of two sides that one page quotes; MalformedError where it quotes fewer."""
    for number, held in enumerate(page.source["contacts"]):
        known = list(dict.fromkeys([*sides, *_sizes(held)]))[:2]
        if len(known) == 2 and all(side in _sizes(held) for side in known):
            return _of_page(page, known[0], number), _of_page(page, known[1], number)
    raise MalformedError(
        f"{page.source['file']}: fewer than two read-outs of one contact, nothing to compare"
    )


def from_body(body: Mapping[str, Any], *, name: str, side: str) -> ReadOut:
    """The read-out in the body of a ``readout`` entry: all of it is its party's words.

    A text that cannot be read as a page (markup, control characters, too long) has no points: one side must
    not be able to keep the other's words from being compared.
    """
    raw = str(body.get("text") or "").encode("utf-8", "replace")
    try:
        source, text = read_page(raw, name=name, lang=body.get("lang")), decode(raw)[0]
    except MalformedError:
        return ReadOut(name, side, body.get("lang"), ())
    if not source["contacts"]:
        source["contacts"] = [
            {
                "kind": None,
                "status": None,
                "initiator": None,
                "date": None,
                "span": [0, len(text)],
                "sides": [],
                "participants": [],
                "readouts": [],
                "purpose": [],
                "topics": [],
            }
        ]
    return replace(from_source(source, text, side, whole=True), name=name)


def told_page(raw: bytes, *, name: str, lang: str | None = None) -> ReadPage:
    """The first page of a file that tells of a contact; MalformedError where none does."""
    for page in read_pages(raw, name=name, lang=lang):
        if page.source["contacts"]:
            return page
    raise MalformedError(f"{name}: no contact found on the page, nothing to compare")


def _of_page(page: Told, side: str | None, contact: int) -> ReadOut:
    sizes = _sizes(page.source["contacts"][contact])
    chosen = side or max(sizes, key=lambda one: sizes[one], default=None)
    seen = respan(page.source, page.view.span)
    found = from_source(seen, page.view.text, chosen or "", contact, whole=len(sizes) <= 1)
    points = tuple(replace(one, span=page.view.source(*one.span)) for one in found.points)
    return replace(found, side=chosen, points=points)


def _sizes(held: Mapping[str, Any]) -> dict[str, int]:
    """How much of the page each side's read-out of a contact is."""
    found: dict[str, int] = {}
    for one in held["readouts"]:
        found[one["side"]] = found.get(one["side"], 0) + sum(end - start for start, end in one["spans"])
    return found


def _agree(one: Mapping[str, Any], other: Mapping[str, Any]) -> int:
    """How well two contacts can be the same one."""
    score = 2 * len(set(one["sides"]) & set(other["sides"]))
    if one["kind"] and one["kind"] == other["kind"]:
        score += 1 if one["kind"] == "statement" else 3
    dates = [held["date"]["edtf"] if held["date"] else None for held in (one, other)]
    if dates[0] and dates[1]:
        score += 4 if compatible(dates[0], dates[1]) else -4
    return score


def _standing(source: Mapping[str, Any]) -> dict[str, Any]:
    """The SOURCE without the findings that a person rejected; contacts keep their numbers."""
    lists = ("statements", "measures", "exercises")
    kept = {name: _kept(source[name]) for name in lists}
    parts = ("purpose", "topics", "participants", "readouts")
    held = [{**one, **{name: _kept(one[name]) for name in parts}} for one in source["contacts"]]
    return {**source, **kept, "contacts": held}


def _kept(found: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [one for one in found if one.get("state") != "rejected"]


def _pair(span: Sequence[int]) -> Span:
    return span[0], span[1]


def _quote(text: str, span: Sequence[int]) -> str:
    return text[span[0] : span[1]]


def _names(source: Mapping[str, Any]) -> frozenset[str]:
    """The words of the names of people on the page."""
    named = [one["speaker"] for one in source["statements"]]
    for held in source["contacts"]:
        for one in held["participants"]:
            named += [one["name"], one["name_written"]]
    return frozenset(word for name in named if name for word in fold(name).split() if len(word) >= 4)


def _of_contact(held: Mapping[str, Any], text: str, mine: Callable[[Sequence[int]], bool]) -> Iterator[Point]:
    if held["kind"] and held["kind"] != "statement" and mine(held["span"]):
        yield Point(
            "kind", _quote(text, held["span"]), _pair(held["span"]), held["kind"], type=held.get("status")
        )
    date = held["date"]
    if date and date["edtf"] and mine(date["span"]):
        yield Point("date", _quote(text, date["span"]), _pair(date["span"]), date["edtf"])
    if held["initiator"] and held["initiator_span"] and mine(held["initiator_span"]):
        yield Point(
            "initiator",
            _quote(text, held["initiator_span"]),
            _pair(held["initiator_span"]),
            held["initiator"],
        )
    for one in held["participants"]:
        span = one["span"] or one["office_span"]
        if span and mine(span) and (one["name"] or one["side"]):
            yield Point("participant", _quote(text, span), _pair(span), one["name"], one["side"])


def _of_lists(
    source: Mapping[str, Any], held: Mapping[str, Any], text: str, side: str, whole: bool
) -> Iterator[Point]:
    named = [("purpose", one, one["side"]) for one in held["purpose"]]
    named += [("topic", one, one["side"]) for one in held["topics"]]
    named += [("measure", one, one["reported_by"]) for one in source["measures"]]
    for point, one, whose in named:
        follows = whose is None and one.get("follows") == side and not whole
        if whole or whose == side or follows:
            parts = [_pair(one["span"])] if point == "measure" else _items(text, one["span"], source["lang"])
            for span in parts:
                yield Point(
                    point,
                    _quote(text, span),
                    span,
                    one.get("status"),
                    type=one.get("kind"),
                    follows=follows,
                    reported_by=whose if whole and whose != side else None,
                )


@lru_cache(maxsize=4)
def _also(lang: str | None) -> re.Pattern[str]:
    spoken = lang if lang in LANGUAGES else "en"
    return re.compile(rf",?\s+(?:{table('topics')['also'][spoken]})\s+")


def _items(text: str, span: Sequence[int], lang: str | None) -> list[Span]:
    """The span of a topic or purpose, parted at "and" where either part says something by itself."""
    start, end = span
    for match in _also(lang).finditer(text, start, end):
        parts = (start, match.start()), (match.end(), end)
        if all(tells(meaning(text[low:high], lang)) >= _ITEM for low, high in parts):
            return [parts[0], *_items(text, parts[1], lang)]
    return [(start, end)]


def _statements(source: Mapping[str, Any], text: str, side: str, whole: bool) -> Iterator[Point]:
    for one in source["statements"]:
        teller = one["reported_by"] or (side if whole else one["side"])
        if teller == side or whole:
            yield Point(
                "statement",
                _quote(text, one["span"]),
                _pair(one["span"]),
                None,
                one["side"],
                one["addressee"],
                one["type"],
                reported_by=teller if one["side"] and teller and teller != one["side"] else None,
            )


def _clauses(
    text: str,
    region: Iterable[Span],
    own: Iterable[Span],
    points: Sequence[Point],
    lang: str | None,
    names: frozenset[str],
) -> Iterator[Point]:
    """The sentences that say something and in which nothing else was found: they are not lost."""
    said = sorted(one.span for one in points if one.point in ("purpose", "topic", "measure", "statement"))
    starts = [span[0] for span in said]
    contact = [one.span for one in points if one.point == "kind"]
    told = list(own)
    words = lexicon(lang if lang in LANGUAGES else "en")

    def follows(at: int) -> bool:
        return bool(told) and not any(low <= at < high for low, high in told)

    for low, high in region:
        for start, end in sentences(text, low, high):
            ends = text[end - 1] in _STOPS or (end == high and (low, high) in told)
            if not ends or any(start < after and before < end for before, after in contact):
                continue
            before = bisect_right(starts, end - 1)
            inside = [span for span in said[max(0, before - 20) : before] if span[1] > start]
            if words.statements.courtesy.match(fold(text[start:end])):
                continue
            if not inside:
                if tells(meaning(text[start:end], lang, names)) >= _SENTENCE:
                    yield Point("clause", text[start:end], (start, end), follows=follows(start))
                continue
            for begin, stop in _gaps(text, (start, end), inside, lang):
                said_there = meaning(text[begin:stop], lang, names)
                if words.reporting.search(fold(text[begin:stop])):
                    continue  # who says what stands beside it
                if tells(said_there) >= _REST and 1.0 in said_there.own.values():
                    yield Point("clause", text[begin:stop], (begin, stop), follows=follows(begin))


def _gaps(text: str, sentence: Span, inside: Sequence[Span], lang: str | None) -> Iterator[Span]:
    """What is left of a sentence beside the spans inside it, without the "and" at its ends."""
    at = sentence[0]
    for start, end in [*inside, (sentence[1], sentence[1])]:
        begin, stop = trim(text, at, max(at, min(start, sentence[1])), _BESIDE)
        if begin > sentence[0]:
            lead = _also(lang).match(text, begin - 1, stop)
            begin = lead.end() if lead else begin
        tail = _also(lang).search(text, max(begin, stop - 12), min(stop + 1, len(text)))
        if tail and tail.end() >= stop:
            begin, stop = trim(text, begin, tail.start(), _BESIDE)
        if begin < stop:
            yield begin, stop
        at = max(at, end)
