# SPDX-License-Identifier: Apache-2.0
"""A page's text with its furniture greyed and the spans of its findings marked and numbered."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from markupsafe import Markup

from detente.press.review import Item
from detente.press.source import Span
from detente.web.text import visible

_NUMBER = Markup('<a class="n" href="#f-{0}" aria-label="finding {0}">{0}</a>')
#: Code points of one page that are shown; what is beyond is said to be left out.
SHOWN = 200_000


def marked(
    text: str, furniture: Sequence[Span], found: Sequence[tuple[Item, Sequence[Span], Span]]
) -> Markup:
    """The text as safe HTML. ``found``: each finding with all its spans and its main span, in ``text``.

    Overlapping spans are cut where one begins or ends; a piece names all findings that rest on it, in
    ``data-f``. A finding's number stands where its main span begins. Nothing of the page's own mark-up runs.
    """
    text = text[:SHOWN]
    cuts = {0, len(text)}
    for start, end in [*furniture, *(span for _, spans, main in found for span in (*spans, main))]:
        cuts |= {min(start, len(text)), min(end, len(text))}
    edges = sorted(cuts)
    opens: dict[int, list[int]] = {}
    closes: dict[int, list[int]] = {}
    numbers: dict[int, list[Item]] = {}
    for item, spans, main in found:
        numbers.setdefault(min(main[0], len(text)), []).append(item)
        for start, end in {span for span in (*spans, main) if span[0] < min(span[1], len(text))}:
            opens.setdefault(start, []).append(item.number)
            closes.setdefault(min(end, len(text)), []).append(item.number)
    grey = sorted(furniture)
    made: list[Markup] = []
    active: list[int] = []
    at = 0
    for start, end in itertools.pairwise(edges):
        for number in closes.get(start, []):
            active.remove(number)
        active += opens.get(start, [])
        while at < len(grey) and grey[at][1] <= start:
            at += 1
        piece = visible(text[start:end])
        made += [_NUMBER.format(item.number) for item in numbers.get(start, [])]
        if active:
            told = " ".join(str(number) for number in sorted(set(active)))
            piece = Markup('<mark data-f="{}">{}</mark>').format(told, piece)
        if at < len(grey) and grey[at][0] <= start:
            piece = Markup('<span class="furniture">{}</span>').format(piece)
        made.append(piece)
    return Markup("").join(made)
