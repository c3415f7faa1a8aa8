# SPDX-License-Identifier: Apache-2.0
"""The claimed state of relations between two sides: who says it, who brought it about, since when."""

from __future__ import annotations

import re
from typing import Any

from detente.press.pieces import Piece, innermost
from detente.press.reading import Reading, finding, inside
from detente.press.source import Span, trim

#: States in the order in which they are sought.
_STATES = ("ended", "suspended", "reduced", "normal")
_COMMA = re.compile(r"[,;:]\s+")


def find_relations(r: Reading, pieces: list[Piece]) -> list[dict[str, Any]]:
    """``relations[]``, each claim once; ``state`` is the relations', ``review`` the finding's own."""
    found: list[dict[str, Any]] = []
    for low, high in r.sentences:
        for state, rule, span in _claims(r, low, high):
            piece = innermost(pieces, span[0])
            speaker = piece.voice.side if piece else None
            held = (max(low, piece.start), min(high, piece.end)) if piece else (low, high)
            parties = _parties(r, low, high, speaker, found, pieces)
            if parties is None:
                continue
            doer = _doer(r, low, span, parties) if rule == "active-verb" else _by_whom(r, span, parties)
            found.append(_relation(r, held, span, (state, rule), parties, doer, speaker))
    return _once(found)


def _claims(r: Reading, low: int, high: int) -> list[tuple[str, str, Span]]:
    found: list[tuple[str, str, Span]] = []
    words = r.words.relations
    for state in _STATES:
        match = getattr(words, state).search(r.folded, low, high)
        if match:
            found.append((state, "active-verb", match.span()))
    if not found:
        for state in _STATES:
            match = getattr(words, f"was_{state}").search(r.folded, low, high)
            if match:
                found.append((state, "passive-verb", match.span()))
    minimal = words.minimal.search(r.folded, low, high)
    if minimal:
        found.append(("minimal_contacts", "minimal-words", minimal.span()))
    absent = words.absent.search(r.folded, low, high)
    if absent and not any(state in ("ended", "suspended") for state, _, _ in found):
        found.append(("ended", "official-relations-absent", absent.span()))
    return found


def _parties(
    r: Reading, low: int, high: int, speaker: str | None, found: list[dict[str, Any]], pieces: list[Piece]
) -> list[str] | None:
    """The two sides of the sentence; one and the speaker's; or those of the claim before."""
    named = list(dict.fromkeys(one.side for one in inside(r.sides, low, high) if one.sort != "people"))
    if len(named) > 2 and speaker in named:
        others = [side for side in named if side != speaker]
        named = [speaker, others[0]] if speaker else named[:2]
    if len(named) >= 2:
        return sorted(named[:2])
    if len(named) == 1 and speaker and named[0] != speaker:
        return sorted([named[0], speaker])
    if found and (not named or named[0] in found[-1]["parties"]) and low - found[-1]["span"][1] < 800:
        return list(found[-1]["parties"])
    if not named and r.words.contacts.of_both.search(r.folded, low, high):
        told = [one.side for one in inside(r.sides, max(0, low - 1500), low) if one.sort != "people"]
        both = list(dict.fromkeys(reversed(told)))[:2]
        return sorted(both) if len(both) == 2 else None
    ours = bool(r.words.relations.ours.search(r.folded, low, high)) or not named
    start = r.paragraph(low)[0]
    before = [
        one.side
        for one in inside(r.sides, max(0, start - 400), low)
        if one.side != speaker and one.sort != "people"
    ]
    return sorted([speaker, before[-1]]) if speaker and ours and before else None


def _doer(r: Reading, low: int, span: Span, parties: list[str]) -> str | None:
    """The subject of the verb: the party named last before it, not after "with" or "to"."""
    before = [one for one in inside(r.sides, low, span[0]) if one.side in parties]
    nominative = [
        one
        for one in before
        if not r.words.relations.away.search(r.folded[max(low, one.start - 25) : one.start])
    ]
    if len({one.side for one in nominative}) > 1 and r.words.relations.both.search(
        r.folded, nominative[0].end, nominative[-1].start + 1
    ):
        return None  # both did it
    if nominative:
        return nominative[-1].side
    after = [one for one in inside(r.sides, span[1], min(len(r.folded), span[1] + 80)) if one.side in parties]
    objects = {one.side for one in after}
    left = [side for side in parties if side not in objects]
    return left[0] if len(objects) == 1 and len(left) == 1 else None


def _by_whom(r: Reading, span: Span, parties: list[str]) -> str | None:
    match = r.words.relations.by_whom.search(r.folded, span[0], span[1] + 80)
    named = inside(r.sides, match.end(), match.end() + 40) if match else []
    return named[0].side if named and named[0].side in parties else None


def _relation(
    r: Reading,
    sentence: Span,
    span: Span,
    claim: tuple[str, str],
    parties: list[str],
    doer: str | None,
    speaker: str | None,
) -> dict[str, Any]:
    state, rule = claim
    dates = [one for one in inside(r.dates, *sentence) if one.edtf]
    since = dates[0] if dates and state != "minimal_contacts" else None
    start = _clause_start(r, sentence[0], min([span[0]] + ([since.start] if since else [])), state)
    end = _clause_end(r, span[1], sentence[1])
    begin, finish = trim(r.text, start, end, ",.;«»")
    one = finding(
        rule,
        0.85 if rule == "active-verb" else 0.6 if rule == "official-relations-absent" else 0.75,
        parties=parties,
        ended_by=doer if state in ("ended", "suspended", "reduced") else None,
        claimed_by=speaker,
        since=since.edtf if since else None,
        since_span=[since.start, since.end] if since else None,
        unilateral=True if doer and r.words.relations.unilateral.search(r.folded, *sentence) else None,
        span=[begin, finish],
    )
    return {**one, "state": state, "review": "proposed"}


def _clause_start(r: Reading, low: int, at: int, state: str) -> int:
    marks = (_COMMA if state == "minimal_contacts" else r.words.relations.clause).finditer(r.folded, low, at)
    return max((mark.end() for mark in marks), default=low)


def _clause_end(r: Reading, at: int, high: int) -> int:
    stop = _COMMA.search(r.folded, at, high)
    return stop.start() if stop else high


def _once(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One claim of a state by a side; the firmer and the fuller stays, at the place of the fuller."""
    best: dict[tuple[Any, ...], dict[str, Any]] = {}
    for one in found:
        key = (tuple(one["parties"]), one["state"], one["claimed_by"])
        if key not in best or _full(one) >= _full(best[key]):
            best[key] = one
    kept = list(best.values())
    firm = {
        (tuple(one["parties"]), one["claimed_by"])
        for one in kept
        if one["rule"] in ("active-verb", "passive-verb")
    }
    return sorted(
        (
            one
            for one in kept
            if one["rule"] != "official-relations-absent"
            or (tuple(one["parties"]), one["claimed_by"]) not in firm
        ),
        key=lambda one: (one["span"][0], one["span"][1]),
    )


def _full(one: dict[str, Any]) -> int:
    known = sum(2 for field in ("ended_by", "since") if one[field] is not None)
    return known + int(one["rule"] != "official-relations-absent")
