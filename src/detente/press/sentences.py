# SPDX-License-Identifier: Apache-2.0
"""Sentences and clauses inside a paragraph, as spans."""

from __future__ import annotations

import re
from functools import lru_cache

from detente.press.data import table
from detente.press.source import Span, trim

#: Code points of one sentence.
MAX_SENTENCE = 2_000

_END = re.compile(r"[.!?…]+[»”\"“')\]]*(?=\s)")
_NEXT = re.compile(
    r"\s+(?:[—-]\s+)?[«„“\"(\[]*[A-ZÀ-ÖØ-ÞĀĂĄĆČĎĐĒĖĘĚĞĢĪĮİĶĹĻĽŁŃŅŇŌŐŒŔŘŚŞŠŢŤŪŮŰŲŹŻŽȘȚА-ЯЁІЇЄҐЎ0-9]"
)
#: Code points before a full stop in which an abbreviation is looked for.
_LOOKED_AT = 12


@lru_cache(maxsize=1)
def _short() -> re.Pattern[str]:
    """An abbreviation at the end; the parts of one may stand apart ("т. е.")."""
    words = {word for words in table("abbreviations").values() for word in words}
    parts = sorted((r"\.\s?".join(map(re.escape, re.split(r"\.\s?", word))) for word in words), key=len)
    return re.compile(rf"(?:^|[\s(«„“\"])(?:{'|'.join(reversed(parts))}|[^\W\d_])\.$")


def sentences(text: str, start: int, end: int) -> list[Span]:
    """Sentences of ``text[start:end]``; a full stop inside a quotation ends one too."""
    found: list[Span] = []
    begin = start
    for match in _END.finditer(text, start, end):
        if not _NEXT.match(text, match.end(), end) or _abbreviation(text, match.start(), match.end(), start):
            continue
        found.extend(_bounded(text, begin, match.end()))
        begin = match.end()
    found.extend(_bounded(text, begin, end))
    return found


def _bounded(text: str, start: int, end: int) -> list[Span]:
    """One sentence, trimmed; cut after MAX_SENTENCE, so that the work stays linear."""
    start, end = trim(text, start, end)
    return [(at, min(at + MAX_SENTENCE, end)) for at in range(start, end, MAX_SENTENCE)]


def _abbreviation(text: str, dot: int, after: int, floor: int) -> bool:
    if text[dot:after] != ".":
        return False
    return bool(_short().search(text[max(floor, dot - _LOOKED_AT) : after]))


def split_outside_quotes(folded: str, start: int, end: int, at: re.Pattern[str]) -> list[Span]:
    """Cut ``[start, end)`` at the matches of ``at`` that stand outside quotation marks and brackets."""
    depth = 0
    cuts: list[Span] = []
    scan = start
    for match in at.finditer(folded, start, end):
        depth += _depth(folded, scan, match.start())
        scan = match.start()
        if depth <= 0:
            cuts.append(match.span())
    pieces: list[Span] = []
    begin = start
    for cut_start, cut_end in cuts:
        pieces.append((begin, cut_start))
        begin = cut_end
    pieces.append((begin, end))
    return [span for span in (trim(folded, *piece) for piece in pieces) if span[0] < span[1]]


def _depth(folded: str, start: int, end: int) -> int:
    part = folded[start:end]
    opened = part.count("«") + part.count("(") + part.count("„")
    return opened - part.count("»") - part.count(")") - (part.count("“") if "„" in part else 0)
