# SPDX-License-Identifier: Apache-2.0
"""Thousands of words and phrases sought at once: one look-up a word of the text, however long the list is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_WORD = re.compile(r"\w+")
_TRAILS = re.compile(r"\w")


class Phrases:
    """A list of folded words and phrases; a longer one is found before a shorter one at the same place."""

    def __init__(self, listed: Iterable[str]) -> None:
        """Phrases begin with a letter or digit; a space in one stands for one space in the text."""
        first: dict[str, list[str]] = {}
        for phrase in set(listed):
            word = _WORD.match(phrase)
            if word:
                first.setdefault(word.group(), []).append(phrase)
        self._first = {word: tuple(sorted(found, key=len, reverse=True)) for word, found in first.items()}

    def find(self, folded: str, start: int, end: int) -> Iterator[tuple[int, int, str]]:
        """(start, end, phrase) of each that stands in ``folded[start:end]`` as whole words, none
        overlapping.
        """
        known = self._first
        done = start
        for match in _WORD.finditer(folded, start, end):
            phrases = known.get(match.group())
            if phrases is None:
                continue
            at = match.start()
            if at < done:
                continue
            for phrase in phrases:
                stop = at + len(phrase)
                if stop <= end and folded.startswith(phrase, at) and self._whole(folded, phrase, stop, end):
                    yield at, stop, phrase
                    done = stop
                    break

    @staticmethod
    def _whole(folded: str, phrase: str, stop: int, end: int) -> bool:
        return stop >= end or not phrase[-1].isalnum() or _TRAILS.match(folded, stop) is None
