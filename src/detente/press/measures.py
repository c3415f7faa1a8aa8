# SPDX-License-Identifier: Apache-2.0
"""Measures: what was agreed, proposed, announced or carried out, clause by clause."""

from __future__ import annotations

import re
from typing import Any

from detente.press.pieces import Piece, outermost
from detente.press.quotes import enclosing
from detente.press.reading import Reading, finding
from detente.press.sentences import split_outside_quotes
from detente.press.source import Span, trim

#: Status and the key of its triggers.
_TRIGGERS = (
    ("agreed", "agreed"),
    ("agreed", "agreed_object"),
    ("proposed", "proposed"),
    ("announced", "announced"),
)
#: Sorts of measures; the first whose words the clause has.
_KINDS = ("observation", "procedure", "line", "talks", "exchange", "withdrawal")


def find_measures(r: Reading, pieces: list[Piece]) -> list[dict[str, Any]]:
    """``measures[]``: each clause; ``reported_by``: whose words tell of it, None for the page's own."""
    found: list[dict[str, Any]] = []
    for low, high in r.sentences:
        for status, rule, span in _spans(r, low, high):
            if any(one["span"][0] < span[1] and span[0] < one["span"][1] for one in found[-6:]):
                continue
            piece = outermost(pieces, span[0])
            found.append(
                finding(
                    rule,
                    0.85 if status == "agreed" else 0.65,
                    what=r.shown(*span),
                    status=status,
                    reported_by=piece.voice.side if piece else None,
                    kind=_kind(r, span),
                    span=list(span),
                )
            )
    return found


def is_measure(r: Reading, span: Span) -> bool:
    """Whether a sentence's news is something agreed."""
    words = r.words.measures
    return any(pattern.search(r.folded, *span) for pattern in (words.agreed, words.agreed_object))


def _spans(r: Reading, low: int, high: int) -> list[tuple[str, str, Span]]:
    found: list[tuple[str, str, Span]] = []
    for status, key in _TRIGGERS:
        for match in getattr(r.words.measures, key).finditer(r.folded, low, high):
            quote = enclosing(r.quotes, match.start())
            end = min(high, quote.end) if quote else high
            found.extend((status, rule, span) for rule, span in _after(r, match, status, end))
    carried = r.words.measures.carried.search(r.folded, low, high)
    if carried and not found:
        found.append(("carried_out", "observers-came", _clean(r, carried.start(), high)))
    return found


def _after(r: Reading, match: re.Match[str], status: str, end: int) -> list[tuple[str, Span]]:
    at = match.end()
    words = r.words.measures
    cut = words.cut.search(r.folded, at, end)
    end = cut.start() if cut else end
    that = words.that.match(r.folded, at, end)
    if that:
        return [
            ("agreed-that" if status == "agreed" else f"{status}-that", _clean(r, *span))
            for span in split_outside_quotes(r.folded, that.end(), end, words.clauses)
        ]
    about = words.about.match(r.folded, at, end)
    if about:
        return [
            (f"{status}-about", _clean(r, *span))
            for span in split_outside_quotes(r.folded, about.end(), end, words.clauses)
        ]
    if not words.plain.match(r.folded, at, end):
        return []
    infinitive = words.infinitive.match(r.folded, at, end)
    if infinitive and status in ("agreed", "proposed") and match.re is not words.agreed_object:
        return [
            (f"{status}-to", _clean(r, *span))
            for span in split_outside_quotes(r.folded, infinitive.start("what"), end, words.also_to)
        ]
    if match.re is not words.agreed:
        return [(f"{status}-object", _clean(r, match.start(), end))]
    return []


def _clean(r: Reading, start: int, end: int) -> Span:
    return trim(r.text, start, end, ".,;!")


def _kind(r: Reading, span: Span) -> str:
    words = r.words.measures
    return next((kind for kind in _KINDS if getattr(words, kind).search(r.folded, *span)), "other")
