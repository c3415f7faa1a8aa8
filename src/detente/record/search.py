# SPDX-License-Identifier: Apache-2.0
"""Word search over everything in an entry that can be read, with the place of each hit."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from detente.line.mandates import MACHINES
from detente.record.entry import Entry

_AROUND = 60  # code points shown on either side of the first hit
_DEEP = 32  # a body nests no deeper (protocol §1)


@dataclass(frozen=True)
class Hit:
    """An entry that has all the words; ``spans`` are ``[start, end)`` code points within ``snippet``."""

    entry: Entry
    snippet: str
    spans: tuple[tuple[int, int], ...]


def search(
    entries: Sequence[Entry], words: str, *, render: Callable[[Entry], str] | None = None
) -> list[Hit]:
    """The entries that hold every one of ``words`` anywhere, in the order given.

    A word matches inside a longer one, whatever the case. A machine's entry is found by its ref, office and
    kind alone. ``render`` may add the text by which people
    know an entry (a phrase in their language, a kind in plain words); it is searched first.
    """
    wanted = [_fold(word)[0] for word in words.split()]
    if not wanted:
        return []
    hits = (_hit(entry, wanted, render) for entry in entries)
    return [hit for hit in hits if hit is not None]


def texts(value: Any, depth: int = 0) -> Iterator[str]:
    """Every text in a body, in its own order; numbers and names of fields are not text."""
    if isinstance(value, str):
        yield value
    elif depth < _DEEP and isinstance(value, Mapping):
        for item in value.values():
            yield from texts(item, depth + 1)
    elif depth < _DEEP and isinstance(value, list | tuple):
        for item in value:
            yield from texts(item, depth + 1)


def _hit(entry: Entry, wanted: Sequence[str], render: Callable[[Entry], str] | None) -> Hit | None:
    parts = [render(entry)] if render is not None else []
    parts += [entry.ref, entry.office, entry.kind]
    # What machines say is keys, hashes and test texts: no words that anybody looks for.
    parts += [] if entry.office in MACHINES else texts(entry.body)
    text = unicodedata.normalize("NFC", " · ".join(part for part in parts if part))
    folded, origin = _fold(text)
    spans: list[tuple[int, int]] = []
    for word in wanted:
        found = list(_find(folded, origin, word))
        if not found:
            return None
        spans.extend(found)
    return Hit(entry, *_snippet(text, sorted(set(spans))))


def _find(folded: str, origin: Sequence[int], word: str) -> Iterator[tuple[int, int]]:
    at = folded.find(word)
    while at >= 0:
        yield origin[at], origin[at + len(word) - 1] + 1
        at = folded.find(word, at + len(word))


def _fold(text: str) -> tuple[str, list[int]]:
    """The text for comparing, and for each of its characters the place in ``text`` (NFC) it came from."""
    folded: list[str] = []
    origin: list[int] = []
    for place, character in enumerate(unicodedata.normalize("NFC", text)):
        for part in character.casefold():
            folded.append(part)
            origin.append(place)
    return "".join(folded), origin


def _snippet(text: str, spans: Sequence[tuple[int, int]]) -> tuple[str, tuple[tuple[int, int], ...]]:
    start = max(0, spans[0][0] - _AROUND)
    end = min(len(text), spans[0][1] + _AROUND)
    before, after = "…" if start else "", "…" if end < len(text) else ""
    inside = tuple(
        (low - start + len(before), high - start + len(before))
        for low, high in spans
        if start <= low and high <= end
    )
    return before + text[start:end] + after, inside
