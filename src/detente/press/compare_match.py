# SPDX-License-Identifier: Apache-2.0
"""How well two points of two read-outs agree, and in what they differ."""

from __future__ import annotations

from dataclasses import dataclass

from detente.press.compare_points import Point
from detente.press.compare_words import Meaning, shared_words, title_key
from detente.press.data import table
from detente.press.dates import compatible
from detente.press.same_person import key

#: Agreement (0 to 1) from which two clauses are one point, and from which they are two versions of it.
SAME = 0.5
NEAR = 0.34
#: The share of a point's words that a clause of the other side must have to tell it besides another point.
JOINED = 0.6
#: From which a topic of one is surely a purpose of the other, whatever else there is.
SURE = 0.75
#: Weight of shared words below which two clauses have nothing in common that says anything.
_LEAST = 0.75
#: Weight of more than one shared word, without which less than half of a clause is no version of another.
_TWO = 1.25
#: Sorts of points that are words, the most telling first; points of two sorts can be one matter.
WORDED = ("statement", "measure", "purpose", "topic", "clause")
#: The share of the words that two speakers' statements must have in common to say the same.
_SAID_ALIKE = 0.8
#: Numbers up to this are so common that they speak for nothing.
_FEW = 3
_WISHES = frozenset(("=important", "=need"))


@dataclass(frozen=True)
class Match:
    """Agreement (0 to 1), whether the two say the same, and why.

    ``cover``: the share of the shorter one's words that the other has; ``differ``: whether they say it
    otherwise.
    """

    score: float
    same: bool
    why: str
    cover: float = 0.0
    differ: bool = False


@dataclass(frozen=True)
class Known:
    """A point with what it says, and its place among its read-out's."""

    point: Point
    meaning: Meaning
    place: int


def worded(one: Known, other: Known) -> Match | None:
    """Two points that are words; None where they are not one matter."""
    a, b = one.point, other.point
    if a.speaker and b.speaker and a.speaker != b.speaker and not _may_both_say(a, b):
        return None
    both, mine, theirs = shared_words(one.meaning, other.meaning)
    if both <= 0:
        return None
    if both < _LEAST and both < min(mine, theirs):
        return None
    if a.point != b.point and "clause" not in (a.point, b.point) and both < _TWO:
        return None
    foreign = one.meaning.lang != other.meaning.lang
    cover = both / max(min(mine, theirs), 0.8 if foreign else 0.5)
    score = 0.65 * cover + 0.35 * both / max(mine, theirs)
    score += _bearing(one, other, foreign)
    if score < NEAR or (score < SAME and cover < 0.5 and both < _TWO):
        return None
    score = min(1.0, score)
    differ = differences(one, other)
    if a.speaker != b.speaker and a.speaker and b.speaker and cover < _SAID_ALIKE and not differ:
        differ = ["each in words of its own"]
    agree = f"{round(100 * min(1.0, cover))} % of the {'subjects' if foreign else 'words'} agree"
    whose = _whose(a, b)
    if differ:
        return Match(score, False, f"{whose}; ".lstrip("; ") + "; ".join([*differ, agree]), cover, True)
    if score >= SAME:
        return Match(score, True, f"{whose}; ".lstrip("; ") + agree, cover)
    return Match(score, False, f"{whose}; ".lstrip("; ") + f"only {agree}", cover)


def _may_both_say(a: Point, b: Point) -> bool:
    """A fact can be told by both, and one can answer the other.

    But what two sides assure, demand or promise is each one's own: assurances of two are two.
    """
    if any(one.reported_by for one in (a, b)):
        return False
    plain = all(one.type in ("description", "denial") for one in (a, b))
    return plain or a.type != b.type


def _bearing(one: Known, other: Known, foreign: bool) -> float:
    """What speaks for one matter, or against it, besides the words: weights set on the pairs of the tests."""
    a, b = one.point, other.point
    found = 0.0
    if a.point != b.point:
        found -= 0 if "clause" in (a.point, b.point) else 0.1
    elif a.point == "statement":
        same = a.speaker == b.speaker and a.type == b.type
        found += (0.15 if foreign else 0.05) if same and a.speaker else 0.0
        found -= 0.1 if a.type != b.type and "description" not in (a.type, b.type) else 0.0
        found += 0.05 if a.addressee and a.addressee == b.addressee else 0.0
    elif a.point == "measure" and a.type and b.type and "other" not in (a.type, b.type):
        found += 0.1 if a.type == b.type else -0.15
    figures = one.meaning.numbers & other.meaning.numbers
    found += 0.2 if any(float(one) > _FEW for one in figures) else 0.0
    mine, theirs = one.meaning.sides, other.meaning.sides
    if mine and theirs:
        if not set(mine) & set(theirs):
            found -= 0.25
        elif set(mine) == set(theirs):
            found += 0.1 if max(len(one.meaning.own), len(other.meaning.own)) <= 4 else 0.03
        if mine[0] != theirs[0]:
            found -= 0.06
    return found


def differences(one: Known, other: Known) -> list[str]:
    """In what two points of one matter differ, each as a phrase."""
    a, b = one.point, other.point
    mine, theirs = one.meaning, other.meaning
    found = []
    sorts = _sort(one), _sort(other)
    if sorts[0] != sorts[1] and "clause" not in sorts:
        found.append(f"a {sorts[0]} in one, a {sorts[1]} in the other")
    elif a.point == b.point == "statement" and _types_differ(a, b):
        found.append(f"{a.type} in one, {b.type} in the other")
    elif a.point == b.point == "measure" and a.value and b.value and a.value != b.value:
        found.append(f"{a.value} in one, {b.value} in the other")
    found += _opposites(mine, theirs)
    found += _only_wished(one, other)
    if mine.numbers - theirs.numbers and theirs.numbers - mine.numbers:
        found.append(f"the numbers differ: {_listed(mine.numbers)} and {_listed(theirs.numbers)}")
    if (
        mine.dates
        and theirs.dates
        and not any(compatible(day, other_day) for day in mine.dates for other_day in theirs.dates)
    ):
        found.append(f"the dates differ: {', '.join(mine.dates)} and {', '.join(theirs.dates)}")
    if mine.lang == theirs.lang and mine.named and theirs.named and not mine.named & theirs.named:
        found.append("the names in quotation marks differ")
    if mine.negated != theirs.negated:
        found.append("one says it with a negation, the other without")
    return found


def _sort(one: Known) -> str:
    """The sort of a point; a sentence that tells of an agreement is a measure, whatever its words."""
    agreed = one.point.point == "clause" and "=agree" in one.meaning.own
    return "measure" if agreed else one.point.point


def _types_differ(a: Point, b: Point) -> bool:
    """Unlike in type: one assures or promises, one asks, one denies.

    A description may be any of them, unless somebody else gives it.
    """
    groups = [{"assurance": "word", "commitment": "word"}.get(one.type or "", one.type) for one in (a, b)]
    if None in groups or groups[0] == groups[1]:
        return False
    return "description" not in groups or "denial" in groups or a.speaker != b.speaker


def _opposites(mine: Meaning, theirs: Meaning) -> list[str]:
    for one, two in table("topics")["opposites"]["pairs"]:
        pair = f"={one}", f"={two}"
        has = [tuple(word in each.own for word in pair) for each in (mine, theirs)]
        if sorted(has) == [(False, True), (True, False)]:
            return [f"one speaks of what the other undoes: {one}, {two}"]
    return []


def _only_wished(one: Known, other: Known) -> list[str]:
    """A measure agreed by both in one's words, and only needed or important in the other's."""
    for first, second in ((one, other), (other, one)):
        agreed = first.point.point == "measure" and first.point.value == "agreed"
        if (
            agreed
            and second.point.point != "measure"
            and _WISHES & set(second.meaning.own) - set(first.meaning.own)
        ):
            return ["agreed in one, called important or needed in the other"]
    asked = [_asks(each) for each in (one, other)]
    said = all(each.point.point in ("statement", "clause") for each in (one, other))
    return ["asked for in one, only told in the other"] if said and asked[0] != asked[1] else []


def _asks(one: Known) -> bool:
    return one.point.type == "demand" or "=demand" in one.meaning.own


def _listed(numbers: frozenset[str]) -> str:
    return ", ".join(sorted(numbers, key=float))


def _whose(a: Point, b: Point) -> str:
    """Whose words they are, where that is said: given by one's own side, or reported of it by the other."""
    if a.point != "statement" or b.point != "statement" or not (a.speaker and b.speaker):
        return ""
    if a.speaker != b.speaker:
        return f"said by {a.speaker} and by {b.speaker}"
    told = [one.reported_by for one in (a, b) if one.reported_by]
    said = f"{a.type} of {a.speaker} in both" if a.type == b.type else f"words of {a.speaker} in both"
    return said + (f", once as {told[0]} reports it" if len(told) == 1 else "")


def valued(one: Known, other: Known) -> Match | None:
    """Two points of one sort that a value tells: kind, date, initiator, participant, exercise."""
    a, b = one.point, other.point
    match a.point:
        case "date":
            agree = compatible(a.value or "", b.value or "")
            return (
                Match(1.0, True, f"the dates can be the same day: {a.value} and {b.value}") if agree else None
            )
        case "kind":
            return _kinds(a, b)
        case "initiator":
            return Match(1.0, True, f"the same initiator: {a.value}") if a.value == b.value else None
        case "participant":
            return _people(one, other)
        case _:
            return _exercises(one, other)


def _kinds(a: Point, b: Point) -> Match | None:
    if a.value != b.value:
        return None
    if a.type and b.type and a.type != b.type:
        return Match(0.9, False, f"{a.value}: {a.type} in one, {b.type} in the other")
    return Match(1.0, True, f"the same kind: {a.value}")


def _people(one: Known, other: Known) -> Match | None:
    a, b = one.point, other.point
    apart = a.speaker and b.speaker and a.speaker != b.speaker
    if a.value and b.value:
        if key(a.value, one.meaning.lang) == key(b.value, other.meaning.lang) and not apart:
            return Match(1.0, True, f"the same person: {a.value}")
        return None
    if a.speaker and a.speaker == b.speaker:
        return Match(
            0.5,
            True,
            f"somebody of {a.speaker} in both, not named in {'either' if a.value == b.value else 'one'}",
        )
    return None


def _exercises(one: Known, other: Known) -> Match | None:
    a, b = (title_key(each.point.value or "", each.meaning.lang) for each in (one, other))
    if a == b:
        return Match(1.0, True, "the same exercise")
    years = [[word for word in name.split() if word.isdigit() and len(word) == 4] for name in (a, b)]
    if one.meaning.lang != other.meaning.lang and years[0] and years[0] == years[1]:
        return Match(
            0.4, False, f"an exercise of {years[0][0]}; the names, in two languages, do not sound alike"
        )
    if a.split()[:1] == b.split()[:1] and a.split()[:-1] == b.split()[:-1] and years[0] and years[1]:
        return Match(0.6, False, f"the years differ: {years[0][0]} and {years[1][0]}")
    return None
