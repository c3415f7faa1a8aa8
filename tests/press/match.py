# SPDX-License-Identifier: Apache-2.0
"""When two findings are the same: words, offices, dates, spans."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import accumulate
from typing import Any

from tests.press.gold import Span

_WORD = re.compile(r"[^\W_]+")
_TAG = re.compile(r"<!--.*?-->|<(script|style)\b.*?</\1\s*>|<[^<>]*>", re.DOTALL | re.IGNORECASE)
_CERTAIN_YEAR = re.compile(r"\d{4}(?:-\d\d){0,2}")


def folded(words: str) -> str:
    """Case, ё, apostrophes, quotation marks, dashes and spaces made equal."""
    plain = words.casefold().replace("ё", "е").replace("’", "'").replace("ʼ", "'")
    return " ".join(re.sub(r"[«»“”„\"–—-]", " ", plain).split())


def ways(value: Any) -> list[Any]:
    """A gold value as the list of equally good ones."""
    return value if isinstance(value, list) else [value]


def akin(a: str, b: str) -> bool:
    """Two words that may be forms of one: all but the last three letters are the same."""
    shared = 0
    for x, y in zip(a, b, strict=False):
        if x != y:
            break
        shared += 1
    return a == b or shared >= max(3, min(len(a), len(b)) - 3)


def loosely(a: str | None, b: str | None) -> bool:
    """Equal after folding; or of the shorter at least 70 % of the words are in the longer, of that half."""
    if not a or not b:
        return not a and not b
    first, second = _WORD.findall(folded(a)), _WORD.findall(folded(b))
    short, long = sorted((first, second), key=len)
    if not short:
        return folded(a) == folded(b)
    shared = sum(any(akin(x, y) for y in long) for x in short)
    return shared >= 0.7 * len(short) and shared >= 0.5 * len(long)


def same_name(a: str | None, b: str | None) -> bool:
    """Equal after folding."""
    return folded(a or "") == folded(b or "")


def same_speaker(gold: str | None, found: dict[str, Any]) -> bool:
    """The speaker's name, or a part of it, or the institution or office, in any form."""
    said = [found.get("speaker"), found.get("office")]
    if gold is None:
        return not said[0]
    ours = set(_WORD.findall(folded(gold)))
    for other in filter(None, said):
        theirs = set(_WORD.findall(folded(other)))
        if (ours and theirs and (ours <= theirs or theirs <= ours)) or loosely(gold, other):
            return True
    return False


def over_claimed(gold: Any, found: str | None) -> bool:
    """Does the program give a year, or a certainty, or a day, that the page does not support?"""
    if not found:
        return False
    for part in found.split("/"):
        if not _CERTAIN_YEAR.fullmatch(part):
            continue  # no year, or marked as uncertain or about
        if not any(right is not None and _covers(right, part) for right in ways(gold)):
            return True
    return False


def _covers(right: str, part: str) -> bool:
    return any(end == part or end.startswith(f"{part}-") for end in right.split("/"))


class Measure:
    """Lengths of spans in letters that a reader sees: no spaces, and in HTML no tags."""

    def __init__(self, text: str, *, html: bool) -> None:
        seen = [not char.isspace() for char in text]
        if html:
            for tag in _TAG.finditer(text):
                seen[tag.start() : tag.end()] = [False] * (tag.end() - tag.start())
        self._sums = [0, *accumulate(seen)]

    def size(self, spans: Iterable[Span]) -> int:
        """Letters covered by the spans together."""
        return sum(self._sums[end] - self._sums[start] for start, end in _joined(spans))

    def shared(self, a: Iterable[Span], b: Iterable[Span]) -> int:
        """Letters covered by both."""
        a, b = list(a), list(b)
        return self.size(a) + self.size(b) - self.size(a + b)

    def overlap(self, a: Iterable[Span], b: Iterable[Span]) -> float:
        """Intersection over union, 0 to 1."""
        a, b = list(a), list(b)
        union = self.size(a + b)
        return self.shared(a, b) / union if union else 0.0


def _joined(spans: Iterable[Span]) -> list[Span]:
    joined: list[Span] = []
    for start, end in sorted((span[0], span[1]) for span in spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def pairs(
    gold: list[Any], found: list[Any], worth: Callable[[Any, Any], float], least: float
) -> list[tuple[int, int]]:
    """One to one, the best first; only pairs worth at least ``least``."""
    ranked = sorted(
        ((worth(g, f), -i, -j) for i, g in enumerate(gold) for j, f in enumerate(found)), reverse=True
    )
    taken: list[tuple[int, int]] = []
    left, right = set(range(len(gold))), set(range(len(found)))
    for value, i, j in ranked:
        if value >= least and -i in left and -j in right:
            left.discard(-i)
            right.discard(-j)
            taken.append((-i, -j))
    return taken
