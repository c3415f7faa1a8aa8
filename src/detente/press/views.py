# SPDX-License-Identifier: Apache-2.0
"""What a person reads of a page, and where in the input each code point of it stands."""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from detente.press.source import Span

#: View start, input start, code points in the view, code points in the input. Equal lengths map one to one;
#: else the part is one thing, such as a character reference, or a gap that only the view has.
Segment = tuple[int, int, int, int]

#: Keys of a SOURCE that hold lists of spans.
_SPAN_LISTS = frozenset(("body", "spans", "follows"))

_PART = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});?|[ \t\r\n\f]+")


@dataclass(frozen=True)
class View:
    """The text that is read, and its segments in order of both the view and the input."""

    text: str
    segments: tuple[Segment, ...]

    @classmethod
    def plain(cls, text: str) -> View:
        """A view that is the input itself."""
        return cls(text, ((0, 0, len(text), len(text)),))

    def source(self, start: int, end: int) -> Span:
        """A span of the view as a span of the input, whole references and tags between included."""
        return self._source(start, last=False), self._source(max(start, end - 1), last=True)

    def span(self, start: int, end: int) -> Span:
        """A span of the input as a span of the view: what of it is read; empty where nothing is."""
        first = self._view(start, after=False)
        return first, max(first, self._view(end, after=True))

    def part(self, start: int, end: int) -> View:
        """The view of ``[start, end)`` of this one alone."""
        kept: list[Segment] = []
        for view, begin, wide, long in self.segments[
            max(0, bisect_right(self.segments, start, key=_view_start) - 1) :
        ]:
            if view >= end:
                break
            low, high = max(start, view), min(end, view + wide)
            if wide == long:
                kept.append((low - start, begin + low - view, high - low, high - low))
            elif low < high:
                kept.append((low - start, begin, high - low, long))
        return View(self.text[start:end], tuple(kept) or ((0, 0, 0, 0),))

    def pieces(self, start: int, end: int) -> list[Span]:
        """A span of the view as the spans of the input that are read, without what stands between them."""
        found: list[Span] = []
        for _, begin, _, long in self.part(start, end).segments:
            if found and begin <= found[-1][1]:
                found[-1] = (found[-1][0], max(found[-1][1], begin + long))
            elif long:
                found.append((begin, begin + long))
        return found

    def _source(self, at: int, last: bool) -> int:
        view, begin, wide, long = self.segments[max(0, bisect_right(self.segments, at, key=_view_start) - 1)]
        if wide == long:
            return begin + min(at - view + last, long)
        return begin + long if last else begin

    def _view(self, at: int, after: bool) -> int:
        """The first place of the view at or after ``at``, or the place after the last one before it."""
        number = bisect_right(self.segments, at - after, key=_input_start) - 1
        if number < 0:
            return 0
        view, begin, wide, long = self.segments[number]
        if wide == long:
            return view + min(at - begin, wide)
        return view if not after and at == begin else view + wide


def _view_start(segment: Segment) -> int:
    return segment[0]


def _input_start(segment: Segment) -> int:
    return segment[1]


@dataclass
class Builder:
    """A view in the making, part by part in the order of the input."""

    text: str
    parts: list[str] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)
    length: int = 0
    spaced: bool = True

    def copy(self, start: int, end: int) -> None:
        """The input's own code points."""
        if start < end:
            self._add(self.text[start:end], start, end - start)

    def put(self, shown: str, start: int, end: int) -> None:
        """Other text in the place of ``[start, end)``."""
        if shown:
            self._add(shown, start, end - start)

    def flow(self, start: int, end: int) -> None:
        """Text of HTML: references resolved, white space drawn together."""
        at = start
        for match in _PART.finditer(self.text, start, end):
            self.copy(at, match.start())
            at = match.end()
            if match[0][0] == "&":
                shown = html.unescape(match[0])
                self.put(" " if shown in ("\n", "\r", "\t") else shown, match.start(), at)
            elif not self.spaced:
                self.put(" ", match.start(), at)
                self.spaced = True
        self.copy(at, end)

    def gap(self, shown: str, at: int) -> None:
        """Something that only the view has, such as the end of a line."""
        self._add(shown, at, 0)

    def made(self) -> View:
        """The view."""
        return View("".join(self.parts), tuple(self.segments) or ((0, 0, 0, 0),))

    def _add(self, shown: str, start: int, long: int) -> None:
        wide = len(shown)
        self.parts.append(shown)
        self.spaced = shown[-1] in " \n"
        last = self.segments[-1] if self.segments else None
        even = last is not None and last[2] == last[3] and last[1] + last[3] == start
        if last is not None and even and wide == long:
            self.segments[-1] = (last[0], last[1], last[2] + wide, last[3] + long)
        else:
            self.segments.append((self.length, start, wide, long))
        self.length += wide


def respan(source: dict[str, Any], place: Callable[[int, int], Span]) -> dict[str, Any]:
    """A SOURCE, or a part of one, with every span put through ``place``; nothing else is changed."""
    return {key: _respanned(key, value, place) for key, value in source.items()}


def _respanned(key: str, value: Any, place: Callable[[int, int], Span]) -> Any:
    if isinstance(value, dict):
        return respan(value, place)
    if not isinstance(value, (list, tuple)):
        return value
    if _is_span(value) and (key == "span" or key.endswith("_span")):
        return list(place(value[0], value[1]))
    if key in _SPAN_LISTS:
        return [list(place(one[0], one[1])) if _is_span(one) else _respanned("", one, place) for one in value]
    return [_respanned("", one, place) for one in value]


def _is_span(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and len(value) == 2 and all(type(one) is int for one in value)
