# SPDX-License-Identifier: Apache-2.0
"""Appeals: an organisation, or a state as such, calls on a side."""

from __future__ import annotations

from typing import Any

from detente.press.dates import Date
from detente.press.gazetteer import ORGANISATIONS, SideMention
from detente.press.names import PersonMention
from detente.press.pieces import Piece, innermost
from detente.press.reading import Reading, finding, inside
from detente.press.source import trim


def find_appeals(r: Reading, pieces: list[Piece]) -> list[dict[str, Any]]:
    """``appeals[]`` ``{org, addressee, date, span}``; a person's call counts for an organisation only."""
    found: list[dict[str, Any]] = []
    for low, high in r.sentences:
        for verb in r.words.appeals.verb.finditer(r.folded, low, high):
            org = _caller(r, low, verb.start())
            addressee = _addressee(r, verb.end(), high, org.side if org else None)
            if org is None or addressee is None or _own_words(pieces, verb.start(), org):
                continue
            date = next(iter(inside(r.dates, low, high)), None) or _date_after(r, high)
            start = _with_preposition(r, low, _begin(org))
            span = trim(r.text, start, high, ".;,»")
            found.append(
                finding(
                    "calls-on",
                    0.85,
                    org=org.side,
                    addressee=addressee.side,
                    date=date.edtf if date else None,
                    date_span=[date.start, date.end] if date else None,
                    date_why=date.why if date else None,
                    span=list(span),
                )
            )
            break
    return found


def _own_words(pieces: list[Piece], at: int, org: SideMention | PersonMention) -> bool:
    """A state's demand in the words of its own minister is that person's statement."""
    piece = innermost(pieces, at)
    return piece is not None and org.side not in ORGANISATIONS and piece.voice.side == org.side


def _date_after(r: Reading, high: int) -> Date | None:
    """ "This is said in a statement of 9 August": the date of the sentence that tells where it was said."""
    after = r.words.appeals.said_after.match(r.folded, high)
    return next(iter(inside(r.dates, *r.sentence(after.end()))), None) if after else None


def _begin(org: SideMention | PersonMention) -> int:
    if isinstance(org, PersonMention) and org.office_span and org.office_span[0] < org.start:
        return org.office_span[0]
    return org.start


def _with_preposition(r: Reading, low: int, at: int) -> int:
    match = r.words.appeals.place.search(r.folded[max(low, at - 8) : at])
    return at - len(match.group()) if match else at


def _caller(r: Reading, low: int, at: int) -> SideMention | PersonMention | None:
    """The side named right before the verb; a person only where the person speaks for an organisation."""
    people = [one for one in inside(r.people, low, at) if one.side and at - one.end <= 60]
    if people:
        return people[-1] if people[-1].side in ORGANISATIONS else None
    sides = [
        one for one in inside(r.sides, low, at) if at - one.end <= 60 and one.sort in ("name", "capital")
    ]
    if not sides:
        return None
    left = r.folded[max(low, sides[-1].start - 12) : sides[-1].start]
    return None if r.words.appeals.away.search(left) else sides[-1]


def _addressee(r: Reading, at: int, high: int, caller: str | None) -> SideMention | None:
    sides = [
        one for one in inside(r.sides, at, min(high, at + 90)) if one.sort != "people" and one.side != caller
    ]
    return sides[0] if sides and sides[0].start - at <= 60 else None
