# SPDX-License-Identifier: Apache-2.0
"""Pages for the press tests: the project's own, the test ones, and pieces of them changed."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

from detente.press.importer import read_page

HERE = Path(__file__).parent / "pages"
SHARED = Path(__file__).parents[3] / "shared" / "press"


def own(name: str) -> str:
    """A page of the package."""
    return (files("detente.press") / "pages" / name).read_text(encoding="utf-8")


def page(name: str) -> str:
    """A page of the tests."""
    return (HERE / name).read_text(encoding="utf-8")


def find(text: str, **options: Any) -> dict[str, Any]:
    """The SOURCE of a text."""
    return read_page(text.encode(), name="page.txt", **options)


def shown(text: str, span: list[int]) -> str:
    """The words of a span, spaces made plain."""
    return " ".join(text[span[0] : span[1]].split())


def spans(value: Any) -> Iterator[list[int]]:
    """Every span anywhere in a SOURCE."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key in ("body", "spans", "follows") and isinstance(item, list):
                yield from item
            elif key.endswith("span") and item is not None:
                yield item
            else:
                yield from spans(item)
    elif isinstance(value, list):
        for item in value:
            yield from spans(item)
