# SPDX-License-Identifier: Apache-2.0
"""Two read-outs of one contact, point by point: both, both differently, only one, only the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from detente.errors import MalformedError
from detente.press.compare_match import JOINED, NEAR, SAME, SURE, WORDED, Known, Match, valued, worded
from detente.press.compare_points import (
    MAX_POINTS,
    Point,
    ReadOut,
    Told,
    from_body,
    from_page,
    from_source,
    of_page,
    pair_of_page,
    pair_of_pages,
    told_page,
)
from detente.press.compare_words import meaning, united, word_overlap

__all__ = [
    "Point",
    "ReadOut",
    "Told",
    "compare",
    "compare_source",
    "from_body",
    "from_page",
    "from_source",
    "of_page",
    "pair_of_page",
    "pair_of_pages",
    "told_page",
    "word_overlap",
]

VALUED = ("kind", "date", "initiator", "participant", "exercise")
#: Of these there is one in a contact: two that do not agree are two versions.
_SINGLE = ("kind", "date", "initiator")
GROUPS = ("both", "both_differently", "only_a", "only_b")
#: Share of the shorter of two spans from which they are the same words of the page.
_INSIDE = 0.6


@dataclass
class _Row:
    """A row in the making: the points of either side, the match, and the point that names it."""

    a: list[Known]
    b: list[Known]
    match: Match

    def points(self) -> list[Known]:
        return [*self.a, *self.b]


def compare(a: ReadOut, b: ReadOut) -> dict[str, Any]:
    """``both``, ``both_differently``, ``only_a``, ``only_b``: each with the point, spans, texts and why.

    Every point of either read-out is in one row, and in no other. The rows of ``compare(b, a)`` are the same,
    the sides exchanged. Nothing of it says who is right.
    """
    ours, theirs = _known(a), _known(b)
    rows = _identical(ours, theirs)
    left_a, left_b = _left(ours[:MAX_POINTS], rows), _left(theirs[:MAX_POINTS], rows)
    for sort in VALUED:
        rows += _best(_of(left_a, (sort,)), _of(left_b, (sort,)), valued)
    rows += _best(_of(left_a, WORDED), _of(left_b, WORDED), _surely)
    rows += _versions(_left(ours, rows), _left(theirs, rows))
    left_a, left_b = _left(left_a, rows), _left(left_b, rows)
    rows += _best(_of(left_a, WORDED), _of(left_b, WORDED), _across)
    _join(rows, ours, theirs)
    rows += [_Row([one], [], _alone(one, b)) for one in _left(ours, rows)]
    rows += [_Row([], [one], _alone(one, a)) for one in _left(theirs, rows)]
    result: dict[str, Any] = {
        "a": {"name": a.name, "side": a.side},
        "b": {"name": b.name, "side": b.side},
        **{group: [] for group in GROUPS},
    }
    for row in sorted(rows, key=_order):
        result[_group(row)].append(_written(row))
    return result


def compare_source(source: Mapping[str, Any], text: str, contact: int = 0) -> dict[str, Any]:
    """The first two sides' read-outs of one contact on one page, against each other."""
    held = source["contacts"][contact] if contact < len(source["contacts"]) else {"readouts": []}
    sides = list(dict.fromkeys(one["side"] for one in held["readouts"]))
    if len(sides) < 2:
        raise MalformedError(f"{source['file']}: fewer than two read-outs of the contact, nothing to compare")
    return compare(from_source(source, text, sides[0], contact), from_source(source, text, sides[1], contact))


def _known(readout: ReadOut) -> list[Known]:
    return [
        Known(point, meaning(point.text, readout.lang, readout.names), place)
        for place, point in enumerate(readout.points)
    ]


def _left(points: Sequence[Known], rows: Sequence[_Row]) -> list[Known]:
    used = {id(one) for row in rows for one in row.points()}
    return [one for one in points if id(one) not in used]


def _of(points: Iterable[Known], sorts: Sequence[str]) -> list[Known]:
    return [one for one in points if one.point.point in sorts]


def _identical(ours: Sequence[Known], theirs: Sequence[Known]) -> list[_Row]:
    """Points with the very same words, first: they need no measure, however many there are."""
    waiting: dict[tuple[object, ...], list[Known]] = {}
    for one in reversed(theirs):
        waiting.setdefault(_words(one), []).append(one)
    rows = []
    for one in ours:
        same = waiting.get(_words(one))
        if same:
            rows.append(_Row([one], [same.pop()], Match(1.0, True, "the same words")))
    return rows


def _words(one: Known) -> tuple[object, ...]:
    point = one.point
    said = " ".join(point.text.split())
    return point.point, point.value, point.speaker, point.type, one.meaning.lang, said


def _best(
    ours: Sequence[Known], theirs: Sequence[Known], judge: Callable[[Known, Known], Match | None]
) -> list[_Row]:
    """The best pairs first, none used twice; ties go to the pair that stands earlier on both sides."""
    pairs = []
    for number, one in enumerate(ours):
        for against, other in enumerate(theirs):
            match = judge(one, other)
            if match is not None:
                pairs.append((-match.score, number + against, abs(number - against), number, match, against))
    pairs.sort(key=lambda pair: pair[:4])
    used_a: set[int] = set()
    used_b: set[int] = set()
    rows = []
    for *_, number, match, against in pairs:
        if number not in used_a and against not in used_b:
            used_a.add(number)
            used_b.add(against)
            rows.append(_Row([ours[number]], [theirs[against]], match))
    return rows


def _surely(one: Known, other: Known) -> Match | None:
    """One matter told in one way; in two ways, as a topic and a purpose, only where little else differs."""
    match = worded(one, other)
    sorts = {one.point.point, other.point.point}
    least = SURE if len(sorts) > 1 and ("clause" not in sorts or "purpose" in sorts) else NEAR
    return match if match is not None and match.score >= least else None


def _across(one: Known, other: Known) -> Match | None:
    """One matter told in two ways."""
    match = worded(one, other)
    return match if match is not None and match.score >= SAME else None


def _versions(ours: Sequence[Known], theirs: Sequence[Known]) -> list[_Row]:
    """What is left where both sides tell of one matter: two aims, two days, two who spoke for one side."""
    rows = []
    for sort in (*_SINGLE, "purpose"):
        mine, other = _of(ours, (sort,)), _of(theirs, (sort,))
        if mine and other:
            rows.append(_Row(mine, other, Match(0.0, False, f"both give a {sort}, and not the same")))
    people = [_of(side, ("participant",)) for side in (ours, theirs)]
    for side in dict.fromkeys(one.point.speaker for one in people[0] if one.point.speaker):
        mine, other = ([one for one in group if one.point.speaker == side] for group in people)
        if len(mine) == len(other) == 1:
            rows.append(_Row(mine, other, Match(0.0, False, f"somebody else of {side} takes part")))
    return rows


def _join(rows: list[_Row], ours: Sequence[Known], theirs: Sequence[Known]) -> None:
    """A point of which the words are told by a row already goes with that row, and is not alone.

    They are its own side's words there too (one span within the other), or the other side's words of that
    row say all of it: one clause for two points, a point said twice.
    """
    paired = [row for row in rows if row.a and row.b and _naming(row) in WORDED][:MAX_POINTS]
    for points, own, facing in ((ours, "a", "b"), (theirs, "b", "a")):
        for one in _of(_left(points[:MAX_POINTS], rows), WORDED):
            row = _around(one, paired, own) or _telling(one, paired, facing)
            if row is not None:
                getattr(row, own).append(one)
                row.match = _joined(row)


def _around(one: Known, paired: Sequence[_Row], own: str) -> _Row | None:
    """The row whose words on the same side are those of ``one`` too; the earliest of several."""
    fits = [row for row in paired if any(_inside(one, at) for at in getattr(row, own))]
    return min(fits, key=lambda row: int(getattr(row, own)[0].place), default=None)


def _telling(one: Known, paired: Sequence[_Row], facing: str) -> _Row | None:
    """The row whose words of the other side tell ``one`` best, if they do."""
    fits = []
    for row in paired:
        other = getattr(row, facing)[0]
        match = worded(one, other)
        if match is not None and not match.differ and match.cover >= JOINED:
            fits.append((-match.score, other.place, row))
    return min(fits, key=lambda fit: fit[:2])[2] if fits else None


def _joined(row: _Row) -> Match:
    """The match of all that a row holds; what differed before still does."""
    whole = worded(_merged(row.a), _merged(row.b))
    return whole if whole is not None and not row.match.differ else row.match


def _merged(points: Sequence[Known]) -> Known:
    return replace(points[0], meaning=united([one.meaning for one in points]))


def _inside(one: Known, other: Known) -> bool:
    (start, end), (low, high) = one.point.span, other.point.span
    shared = min(end, high) - max(start, low)
    return shared > 0 and shared >= _INSIDE * min(end - start, high - low)


def _alone(one: Known, other: ReadOut) -> Match:
    point = one.point
    whose = other.side or "the other side"
    if one.place >= MAX_POINTS:
        return Match(0.0, False, f"not compared: only the first {MAX_POINTS} points of a read-out are")
    why = f"no {point.point} of {whose} matches"
    if point.reported_by and point.speaker:
        silent = " itself" if point.speaker == other.side else ""
        why = f"{point.reported_by} reports it of {point.speaker}; {whose}{silent} does not say it"
    if point.follows:
        why += "; the page does not say whose words: it stands among this side's"
    return Match(0.0, False, why)


def _order(row: _Row) -> tuple[object, ...]:
    """By sort, then by place; neither side's place goes before the other's."""
    sorts = (*VALUED, "purpose", "topic", "measure", "statement", "clause")
    places = [one.place for one in row.points()]
    return sorts.index(_naming(row)), min(places), sum(places), [one.place for one in row.a]


def _naming(row: _Row) -> str:
    """The sort that a row goes under: the most telling of its first points."""
    firsts = {side[0].point.point for side in (row.a, row.b) if side}
    return next(sort for sort in (*VALUED, *WORDED) if sort in firsts)


def _group(row: _Row) -> str:
    if row.a and row.b:
        return "both" if row.match.same else "both_differently"
    return "only_a" if row.a else "only_b"


def _written(row: _Row) -> dict[str, Any]:
    sort = _naming(row)
    found: dict[str, Any] = {
        "point": sort,
        "why": row.match.why,
        "a": _half(row.a),
        "b": _half(row.b),
    }
    if sort == "statement":
        told = [one.point for one in row.points() if one.point.point == "statement"]
        reporters = list(dict.fromkeys(one.reported_by for one in told if one.reported_by))
        found |= {
            "type": _agreed(one.type for one in told),
            "speaker": _agreed(one.speaker for one in told),
            "addressee": _agreed(one.addressee for one in told),
            "reported_by": reporters[0] if reporters else None,
        }
    return found


def _agreed(values: Iterable[str | None]) -> str | None:
    """The one value that is given; None where there is none, or two."""
    given = {value for value in values if value}
    return given.pop() if len(given) == 1 else None


def _half(points: Sequence[Known]) -> dict[str, Any] | None:
    if not points:
        return None
    value = points[0].point.value if points[0].point.point in VALUED else None
    return {
        "text": "; ".join(one.point.text for one in points),
        "spans": [list(one.point.span) for one in points],
        "value": value,
    }
