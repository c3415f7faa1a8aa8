# SPDX-License-Identifier: Apache-2.0
"""Two read-outs of one contact, point by point: both, both differently, only one, only the other."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from detente.errors import MalformedError
from detente.press.data import table
from detente.press.dates import compatible
from detente.press.exercises import exercise_key
from detente.press.gazetteer import find_sides
from detente.press.importer import read_page
from detente.press.source import decode, fold

#: Overlap of words (0 to 1) from which two texts are one point, and from which they are two versions of it.
SAME = 0.5
NEAR = 0.25
_LISTS = ("purpose", "topic", "measure")
_SMALL = frozenset(word for words in table("stopwords").values() for word in words)


@dataclass(frozen=True)
class Point:
    """One point of a read-out. ``follows``: only its place on the page tells the side."""

    point: str
    text: str
    span: tuple[int, int]
    value: str | None = None
    speaker: str | None = None
    addressee: str | None = None
    type: str | None = None
    follows: bool = False


@dataclass(frozen=True)
class ReadOut:
    """What one side says of a contact: where it stands, its side, language, text and points."""

    name: str
    side: str | None
    lang: str | None
    points: tuple[Point, ...]


def from_source(
    source: Mapping[str, Any], text: str, side: str, contact: int = 0, *, whole: bool = False
) -> ReadOut:
    """One side's read-out in a SOURCE whose text is ``text``; ``whole``: all of the page is its words."""
    if contact >= len(source["contacts"]):
        raise MalformedError(f"{source['file']}: no contact {contact} on the page, nothing to compare")
    held = source["contacts"][contact]
    own = [tuple(span) for one in held["readouts"] if one["side"] == side for span in one["spans"]]

    def mine(span: Sequence[int]) -> bool:
        return whole or any(start <= span[0] < end for start, end in own)

    points = [*_of_contact(held, text, mine), *_of_lists(source, held, text, side, whole)]
    points += [
        Point(
            "statement",
            text[one["span"][0] : one["span"][1]],
            _span(one),
            None,
            one["side"],
            one["addressee"],
            one["type"],
        )
        for one in source["statements"]
        if (one["reported_by"] or one["side"]) == side or (whole and one["side"] is None)
    ]
    points += [
        Point("exercise", one["name"], _span(one), exercise_key(one["name"]))
        for one in source["exercises"]
        if mine(one["span"])
    ]
    return ReadOut(f"{source['file']} ({side})", side, source["lang"], tuple(points))


def from_page(raw: bytes, *, name: str, side: str | None = None, lang: str | None = None) -> ReadOut:
    """The read-out that a file holds: of ``side``, else of the side that speaks most on it.

    Raises MalformedError where the file tells of no contact.
    """
    source = read_page(raw, name=name, lang=lang)
    text = decode(raw)[0]
    if not source["contacts"]:
        raise MalformedError(f"{name}: no contact found on the page, nothing to compare")
    readouts = source["contacts"][0]["readouts"]
    sizes = {one["side"]: sum(end - start for start, end in one["spans"]) for one in readouts}
    chosen = side or max(sizes, key=lambda one: sizes[one], default=None)
    return from_source(source, text, chosen or "", whole=len(sizes) <= 1)


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
                "initiator": None,
                "date": None,
                "span": [0, len(text)],
                "readouts": [],
                "purpose": [],
                "topics": [],
            }
        ]
    return from_source(source, text, side, whole=True)


def compare(a: ReadOut, b: ReadOut) -> dict[str, Any]:
    """``both``, ``both_differently``, ``only_a``, ``only_b``: each with the point, spans, texts and why."""
    result: dict[str, Any] = {
        "a": {"name": a.name, "side": a.side},
        "b": {"name": b.name, "side": b.side},
        "both": [],
        "both_differently": [],
        "only_a": [],
        "only_b": [],
    }
    for point in ("kind", "date", "initiator", "purpose", "topic", "measure", "statement", "exercise"):
        ours = [one for one in a.points if one.point == point]
        theirs = [one for one in b.points if one.point == point]
        _pair(result, point, ours, theirs)
    return result


def compare_source(source: Mapping[str, Any], text: str, contact: int = 0) -> dict[str, Any]:
    """The first two sides' read-outs of one contact on one page, against each other."""
    held = source["contacts"][contact] if contact < len(source["contacts"]) else {"readouts": []}
    sides = list(dict.fromkeys(one["side"] for one in held["readouts"]))
    if len(sides) < 2:
        raise MalformedError(f"{source['file']}: fewer than two read-outs of the contact, nothing to compare")
    return compare(from_source(source, text, sides[0], contact), from_source(source, text, sides[1], contact))


def _span(one: Mapping[str, Any]) -> tuple[int, int]:
    return one["span"][0], one["span"][1]


def _of_contact(held: Mapping[str, Any], text: str, mine: Any) -> list[Point]:
    found = []
    if held["kind"] and mine(held["span"]):
        found.append(Point("kind", held["kind"], _span(held), held["kind"]))
    date = held["date"]
    if date and date["edtf"] and mine(date["span"]):
        found.append(Point("date", text[date["span"][0] : date["span"][1]], _span(date), date["edtf"]))
    if held["initiator"] and mine(held["initiator_span"]):
        start, end = held["initiator_span"]
        found.append(Point("initiator", text[start:end], (start, end), held["initiator"]))
    return found


def _of_lists(
    source: Mapping[str, Any], held: Mapping[str, Any], text: str, side: str, whole: bool
) -> list[Point]:
    named = [("purpose", one, one["side"]) for one in held["purpose"]]
    named += [("topic", one, one["side"]) for one in held["topics"]]
    named += [("measure", one, one["reported_by"]) for one in source["measures"]]
    found = []
    for point, one, whose in named:
        follows = whose is None and one.get("follows") == side
        if whose == side or follows or (whole and whose is None):
            found.append(Point(point, text[one["span"][0] : one["span"][1]], _span(one), follows=follows))
    return found


def _pair(result: dict[str, Any], point: str, ours: list[Point], theirs: list[Point]) -> None:
    """Best matches first; what is left is somebody's alone, but two unlike aims are two versions."""
    scored = sorted(
        (
            (_match(one, other), number, against)
            for number, one in enumerate(ours)
            for against, other in enumerate(theirs)
        ),
        key=lambda row: (-row[0][0], row[1], row[2]),
    )
    used_a: set[int] = set()
    used_b: set[int] = set()
    for (score, why), number, against in scored:
        if score < NEAR or number in used_a or against in used_b:
            continue
        used_a.add(number)
        used_b.add(against)
        group = "both" if score >= SAME else "both_differently"
        result[group].append(_row(point, [ours[number]], [theirs[against]], why))
    left_a = [one for number, one in enumerate(ours) if number not in used_a]
    left_b = [one for number, one in enumerate(theirs) if number not in used_b]
    if point in ("purpose", "kind", "date", "initiator") and left_a and left_b:
        result["both_differently"].append(
            _row(point, left_a, left_b, f"both give a {point}, and not the same")
        )
        return
    result["only_a"].extend(_row(point, [one], [], _alone(one)) for one in left_a)
    result["only_b"].extend(_row(point, [], [one], _alone(one)) for one in left_b)


def _alone(one: Point) -> str:
    placed = "; the page does not say whose words: it stands among this side's" if one.follows else ""
    return f"no {one.point} of the other side matches{placed}"


def _row(point: str, ours: list[Point], theirs: list[Point], why: str) -> dict[str, Any]:
    first = (ours or theirs)[0]
    row: dict[str, Any] = {"point": point, "why": why, "a": _side(ours), "b": _side(theirs)}
    if point == "statement":
        row.update(type=first.type, speaker=first.speaker, addressee=first.addressee)
    return row


def _side(points: list[Point]) -> dict[str, Any] | None:
    if not points:
        return None
    return {"text": "; ".join(one.text for one in points), "spans": [list(one.span) for one in points]}


def _match(one: Point, other: Point) -> tuple[float, str]:
    """How well two points of one sort agree (0 to 1), and why."""
    if one.point == "date":
        agree = compatible(one.value or "", other.value or "")
        return (1.0, "the dates can be the same day") if agree else (0.0, "")
    if one.point in ("kind", "initiator", "exercise"):
        return (1.0, f"the same {one.point}") if one.value == other.value else (0.0, "")
    overlap = word_overlap(one.text, other.text)
    if one.point in _LISTS:
        return overlap, f"{round(overlap * 100)} % of the words agree"
    if one.type != other.type or one.speaker != other.speaker:
        return 0.0, ""
    same_addressee = one.addressee == other.addressee
    score = min(1.0, overlap + (0.15 if same_addressee else 0.0)) if overlap > 0.1 else 0.0
    return score, f"{one.type} of {one.speaker} in both; {round(overlap * 100)} % of the words agree"


def word_overlap(one: str, other: str) -> float:
    """The share of the shorter text's content words that the other has too, endings aside."""
    first, second = _stems(one), _stems(other)
    if not first or not second:
        return 0.0
    if len(first) > len(second):
        first, second = second, first
    hits = sum(1 for word in first if any(_alike(word, against) for against in second))
    return hits / len(first)


def _stems(text: str) -> list[str]:
    """Content words. Names of sides are none: any two sentences about two States have those in common."""
    folded = fold(text[:4000])
    for side in reversed(find_sides(folded, 0, len(folded))):
        folded = f"{folded[: side.start]} {folded[side.end :]}"
    words = re.findall(r"[^\W\d_]{3,}", folded)
    return list(dict.fromkeys(word for word in words if word not in _SMALL))[:80]


def _alike(one: str, other: str) -> bool:
    """Two words share a stem: the common beginning is at least four letters and 70 % of the shorter."""
    common = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        common += 1
    shorter = min(len(one), len(other))
    return one == other or (common >= 4 and common * 10 >= shorter * 7)
