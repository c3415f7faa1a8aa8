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


def told(text: str, lang: str) -> list[dict[str, Any]]:
    """The contacts between parties that a text tells of."""
    return [one for one in find(text, lang=lang)["contacts"] if one["kind"] != "statement"]


def contact_row(one: dict[str, Any]) -> tuple[str, str | None, str, str | None, str]:
    """A contact as the language tests write it: kind and status, date, sides, initiator, names."""
    names = sorted(person["name"] for person in one["participants"] if person["name"])
    date = one["date"]["edtf"] if one["date"] else None
    return (
        f"{one['kind']} {one['status']}",
        date,
        " ".join(sorted(one["sides"])),
        one["initiator"],
        ", ".join(names),
    )


def statement_rows(text: str, lang: str) -> list[tuple[str, str, str | None, str | None, str]]:
    """Statements as the language tests write them: type, mode, speaker, side, words."""
    return [
        (one["type"], one["mode"], one["speaker"], one["side"], shown(text, one["span"]))
        for one in find(text, lang=lang)["statements"]
    ]
