# SPDX-License-Identifier: Apache-2.0
"""Statements: who said what of which type, directly or by report, and who reports it."""

from __future__ import annotations

import re
from typing import Any

from detente.press.contacts import Contact, kind_of
from detente.press.measures import is_measure
from detente.press.pieces import Piece, other_side
from detente.press.reading import Reading, finding, inside
from detente.press.sentences import sentences
from detente.press.source import Span, trim

#: A sentence of thanks with so few words says nothing else.
_BARE_THANKS = 4


def find_statements(r: Reading, pieces: list[Piece], contacts: list[Contact]) -> list[dict[str, Any]]:
    """``statements[]`` in the order of the page. Organisations' calls are appeals, not statements."""
    spans = [(span, piece) for piece in pieces for span in _spans(r, piece, pieces)]
    found = [_statement(r, span, piece, pieces, contacts) for span, piece in spans]
    kept = [one for one in found if one is not None]
    return sorted(kept, key=lambda one: (one["span"][0], -one["span"][1]))


def _spans(r: Reading, piece: Piece, pieces: list[Piece]) -> list[Span]:
    """A piece's own words, sentence by sentence; what an inner piece holds is that piece's."""
    inner = [
        one
        for one in inside(pieces, piece.start, piece.end)
        if one is not piece and _deeper(one, piece) and not _is_appeal(r, one)
    ]
    if piece.mode == "indirect":
        return [] if inner else [(piece.start, piece.end)]
    found = []
    for low, high in sentences(r.text, piece.start, piece.end):
        if not any(low <= one.start < high for one in inner):
            found.append(trim(r.text, low, high))
    return found


def _deeper(one: Piece, piece: Piece) -> bool:
    return (one.start, one.end) != (piece.start, piece.end) or (
        one.mode == "indirect" and piece.mode == "direct"
    )


def _statement(
    r: Reading, span: Span, piece: Piece, pieces: list[Piece], contacts: list[Contact]
) -> dict[str, Any] | None:
    known = r.words.statements
    words = r.folded[span[0] : span[1]]
    speaker, office, side, continued = _speaker(r, span, piece, pieces)
    direct = piece.mode == "direct"
    if direct and known.courtesy.match(words) and words.count(" ") < _BARE_THANKS:
        return None
    if not direct and known.contact_told.match(words) and not known.denial.search(words):
        return None
    if _is_appeal(r, piece):
        return None
    if piece.mode == "indirect" and is_measure(r, span) and piece.sort == "say":
        return None
    kind, rule, sure = type_of(r, span, piece.sort, side, reported=piece.mode == "indirect")
    if (
        kind == "description"
        and piece.mode == "indirect"
        and any(_tells_of(r, span, one) for one in contacts)
    ):
        return None
    outer = next(
        (one for one in pieces if one.start <= span[0] and span[1] <= one.end and one is not piece), None
    )
    if (
        side is None
        and outer
        and outer.voice.side == piece.addressee
        and contacts
        and len(contacts[0].sides) == 2
    ):
        side = next((one for one in contacts[0].sides if one != piece.addressee), None)
        rule += "+other-party"
    reporter = outer.voice.side if outer and outer.voice.side != side else None
    return finding(
        f"{piece.rule}+{rule}" + ("+goes-on" if continued else ""),
        min(piece.confidence, sure) - (0.2 if continued else 0),
        speaker=speaker,
        office=office,
        side=side,
        addressee=piece.addressee or _addressee(r, span, side, contacts),
        type=kind,
        mode=piece.mode,
        outlet=piece.outlet,
        reported_by=reporter,
        span=list(span),
    )


def _tells_of(r: Reading, span: Span, contact: Contact) -> bool:
    """Whether reported words only tell of a contact: where the page first does, or below its headline."""
    if span[0] <= contact.at < span[1]:
        return True
    if contact.status not in ("held", "planned") or r.text[contact.spans[0][1] - 1] in ".!?…»":
        return False
    named = {one.side for one in inside(r.sides, *span)} & set(contact.sides)
    told = r.sentence(span[0]) in contact.spans[1:2] and len(named) > 1
    return told and kind_of(r.words.contacts, r.folded[span[0] : span[1]])[1] is not None


def _speaker(
    r: Reading, span: Span, piece: Piece, pieces: list[Piece]
) -> tuple[str | None, str | None, str | None, bool]:
    """A ministry's quoted message that has begun to tell its minister's words goes on with them."""
    voice = piece.voice
    if piece.mode == "direct" and (voice.publisher or voice.speaker is None):
        told = [
            one
            for one in inside(pieces, piece.start, span[0])
            if one is not piece
            and one.mode == "indirect"
            and one.voice.office
            and one.voice.side == voice.side
        ]
        if told and "\n" not in r.text[told[-1].end : span[0]]:
            last = told[-1].voice
            return last.speaker, last.office, last.side, True
    return voice.speaker, voice.office, voice.side, False


def _is_appeal(r: Reading, piece: Piece) -> bool:
    """An organisation or a state calling on another: told in ``appeals``; not "the Polish side"."""
    if any(one.sort == "adjective" for one in inside(r.sides, *piece.voice.span)):
        return False
    return (
        piece.sort == "demand"
        and piece.mode == "indirect"
        and piece.voice.office is None
        and piece.addressee is not None
    )


def type_of(
    r: Reading, span: Span, sort: str, side: str | None, *, reported: bool = False
) -> tuple[str, str, float]:
    """(type, rule, confidence) from the reporting verb, else from the words themselves."""
    by_verb = {"assure": "assurance", "demand": "demand", "commit": "commitment", "deny": "denial"}
    if sort in by_verb:
        return by_verb[sort], f"{sort}-verb", 0.9
    own = r.words.reporting.match(r.folded, *span) or _own_deed(r, span, side)
    if own and own.lastgroup in by_verb:
        return by_verb[own.lastgroup], f"{own.lastgroup}-verb", 0.8
    known = r.words.statements
    words = r.folded[span[0] : span[1]]
    if known.denial.search(words):
        return "denial", "denial-words", 0.75
    if known.demand.search(words):
        return "demand", "demand-words", 0.75
    other = next((one.side for one in inside(r.sides, *span) if one.sort != "people"), side)
    if other != side and known.demand_other.search(words) and not known.ours.match(words):
        return "demand", "other-must", 0.6
    if known.commit.search(words):
        return "commitment", "commitment-words", 0.7
    if known.calm.search(words) and _about_self(r, span, side):
        return "assurance", "calming-words", 0.8
    if known.will_not.search(words) and _about_self(r, span, side):
        return "assurance", "own-will-not", 0.6
    if known.will.search(words) and (
        _own_subject(r, span, side) or (reported and known.speaker_again.match(words))
    ):
        return "commitment", "own-will", 0.6
    return "description", "no-other-type", 0.7


def _own_deed(r: Reading, span: Span, side: str | None) -> re.Match[str] | None:
    """ "Poland pledged to …" in the mouth of a Pole: what the words themselves say was done by saying."""
    first = next((one for one in inside(r.sides, span[0], span[1]) if one.sort != "people"), None)
    if r.words.grammar.cases or first is None or first.side != side or first.start - span[0] > len("the "):
        return None
    return r.words.reporting.search(r.folded, first.end, min(span[1], first.end + 25))


def _about_self(r: Reading, span: Span, side: str | None) -> bool:
    """Calming words are an assurance only about one's own side: it is named first, or no side is."""
    named = [one for one in inside(r.sides, *span) if one.sort != "people"]
    if not named or side is None:
        return True
    if named[0].side == side:
        return True
    words = r.words.statements
    if words.from_own.search(r.folded[span[0] : _own(r, span, side)]):
        return True
    left = r.folded[max(span[0], named[0].start - 20) : named[0].start]
    return bool(words.toward.search(left) or words.ours.search(r.folded, *span))


def _own_subject(r: Reading, span: Span, side: str | None) -> bool:
    """Whether the sentence is about the speaker's own doing: it opens with "we" or the own side's name."""
    opening = min(span[1], span[0] + 40)
    if r.words.statements.ours.search(r.folded, span[0], opening):
        return True
    first = next((one for one in inside(r.sides, *span) if one.sort != "people"), None)
    if first is None:
        return r.words.statements.own_things.search(r.folded, span[0], opening) is not None
    return first.side == side and first.start < opening


def _own(r: Reading, span: Span, side: str) -> int:
    return next((one.start for one in inside(r.sides, *span) if one.side == side), span[0])


def _addressee(r: Reading, span: Span, side: str | None, contacts: list[Contact]) -> str | None:
    """The one other side that the words name, where it is a side of the contact."""
    other = other_side(r, *span, side)
    known = {one for contact in contacts for one in contact.sides}
    return other if other in known and side in known else None
