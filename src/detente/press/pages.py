# SPDX-License-Identifier: Apache-2.0
"""A file in, its pages out: each with its SOURCE, the input as read, and what a person reads of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from detente.press.formats import pages_of
from detente.press.importer import source_of
from detente.press.views import View, respan

__all__ = ["ReadPage", "View", "read_pages", "respan"]


@dataclass(frozen=True)
class ReadPage:
    """One page read: its number in the file, the input to which spans refer, its view, and its SOURCE."""

    number: int
    text: str
    view: View
    source: dict[str, Any]


def read_pages(
    raw: bytes,
    *,
    name: str,
    url: str | None = None,
    published: str | None = None,
    captured: str | None = None,
    lang: str | None = None,
    user: Any = None,
    models: Any = None,
) -> Iterator[ReadPage]:
    """The pages of a file of any format that is known, in order (see ``press/formats.py``).

    ``published`` and ``captured`` are what the caller knows; a year from them only ever suggests. ``user`` is
    the gazetteer in use. Raises MalformedError for a file that is empty, too long, or no page.
    """
    for page in pages_of(raw, name):
        source = source_of(
            page,
            name=name,
            url=url,
            published=published,
            captured=captured,
            lang=lang,
            names=user,
            models=models,
        )
        yield ReadPage(page.number, page.text, page.view, source)
