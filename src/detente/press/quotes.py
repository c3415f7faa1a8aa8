# SPDX-License-Identifier: Apache-2.0
"""Quotation marks in pairs, and speech that a dash opens."""

from __future__ import annotations

import re
from dataclasses import dataclass

from detente.press.source import Span, trim

_MARK = re.compile(r"[«»„“”\"]")
_DASH_SPEECH = re.compile(r"[—–-]\s+")
#: Single marks: what closes is no apostrophe, behind a stop for sure, else where no letter follows.
_SINGLE = re.compile(
    r"(?<!\w)‘(?=\w)[^‘\n]{2,900}?[,.!?…]’(?!\w)"
    r"|(?<!\w)‘(?=\w)[^‘\n]{2,900}?’(?!\w)"
    r"|(?<!\w)'(?=[^\W\d_])[^'\n]{2,900}?(?:\w'\w[^'\n]{0,900}?){0,9}[,.!?…]'(?!\w)"
)
#: A quotation that does not close in its paragraph is taken to the paragraph's end.
_OPEN = '«„“"'


@dataclass(frozen=True)
class Quote:
    """A quotation: the marks stand at ``open`` and ``close``; its words are ``[start, end)``."""

    open: int
    start: int
    end: int
    close: int
    dash: bool = False


def find_quotes(text: str, paragraphs: list[Span]) -> list[Quote]:
    """The outermost quotations of each paragraph, and paragraphs that open with a dash."""
    found: list[Quote] = []
    for start, end in paragraphs:
        dash = _DASH_SPEECH.match(text, start, end)
        if dash:
            found.append(Quote(start, dash.end(), end, end, True))
        found.extend(_pairs(text, start, end))
    return found


def _pairs(text: str, start: int, end: int) -> list[Quote]:
    found: list[Quote] = []
    opened: list[tuple[int, str]] = []
    for match in _MARK.finditer(text, start, end):
        mark, at = match.group(), match.start()
        if _closes(text, mark, at, opened):
            begin, _ = opened.pop()
            if not opened:
                found.append(_quote(text, begin, at))
        elif mark in _OPEN and not (mark == '"' and opened):
            opened.append((at, mark))
    if opened and not text[opened[0][0] : end].startswith('"') and end - opened[0][0] > 40:
        found.append(Quote(opened[0][0], *trim(text, opened[0][0] + 1, end), end))
    return _with_singles(text, start, end, found)


def _with_singles(text: str, start: int, end: int, found: list[Quote]) -> list[Quote]:
    """Quotations in single marks that no other marks stand round or within."""
    if "‘" not in text[start:end] and "'" not in text[start:end]:
        return found
    singles = [_quote(text, match.start(), match.end() - 1) for match in _SINGLE.finditer(text, start, end)]
    free = [one for one in singles if not any(q.open < one.close and one.open < q.close for q in found)]
    return sorted([*found, *free], key=lambda one: one.open)


def _closes(text: str, mark: str, at: int, opened: list[tuple[int, str]]) -> bool:
    if not opened:
        return False
    pair = {"«": "»", "„": "“”", "“": "”", '"': '"'}[opened[-1][1]]
    if mark == '"':
        return opened[-1][1] == '"'
    return mark in pair


def _quote(text: str, begin: int, close: int) -> Quote:
    return Quote(begin, *trim(text, begin + 1, close), close + 1)


def enclosing(quotes: list[Quote], at: int) -> Quote | None:
    """The outermost quotation that holds position ``at``; a dash paragraph counts."""
    low, high = 0, len(quotes)
    while low < high:
        middle = (low + high) // 2
        if quotes[middle].open <= at:
            low = middle + 1
        else:
            high = middle
    for quote in reversed(quotes[max(0, low - 40) : low]):
        if quote.start <= at < quote.end and not quote.dash:
            return quote
    return None
