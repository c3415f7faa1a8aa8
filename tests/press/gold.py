# SPDX-License-Identifier: Apache-2.0
"""Gold: what a careful reader finds on a page, written beside it as ``NAME.gold.json``.

A gold file is a SOURCE (docs: *Findings*), or ``{"sources": [SOURCE…]}`` for a file of several. Spans may be
``[start, end]`` or quotes: a string (its first occurrence), ``{"q": str, "n": 2}`` (its second), and in
``body`` also ``{"from": str, "to": str}``. A field that is absent is not scored; ``null`` and ``[]`` mean
none. A finding with ``"maybe": true`` is neither missed nor wrong. A list of values: equally good ones; so
are the spans in a statement's ``also``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Span = tuple[int, int]

_FINDING = {"span", "maybe"}
KEYS = {
    "source": {
        "file",
        "lang",
        "body",
        "outlet",
        "published",
        "contacts",
        "statements",
        "exercises",
        "measures",
        "appeals",
        "relations",
    },
    "outlet": {"name", "span"},
    "published": {"edtf", "span"},
    "date": {"edtf", "span", "why"},
    "contacts": {
        "kind",
        "status",
        "initiator",
        "initiator_span",
        "date",
        "purpose",
        "topics",
        "participants",
        "readouts",
        "maybe",
    },
    "purpose": {"text", "side"} | _FINDING,
    "topics": {"text", "side"} | _FINDING,
    "participants": {"name_written", "name", "office", "office_span", "rank", "side"} | _FINDING,
    "readouts": {"side", "publisher", "spans", "maybe"},
    "statements": {"speaker", "office", "side", "addressee", "type", "mode", "outlet", "reported_by", "also"}
    | _FINDING,
    "exercises": {"name"} | _FINDING,
    "measures": {"what", "status", "reported_by"} | _FINDING,
    "appeals": {"org", "addressee", "date"} | _FINDING,
    "relations": {"parties", "state", "ended_by", "claimed_by", "since"} | _FINDING,
}
NEEDED = {
    "source": {"lang", "body", "contacts", "statements"},
    "contacts": {"kind", "status", "date", "participants"},
    "participants": {"name", "office", "side"},
    "readouts": {"side", "spans"},
    "statements": {"speaker", "type", "mode", "span"},
    "exercises": {"name", "span"},
    "measures": {"status", "span"},
    "appeals": {"org", "span"},
    "relations": {"parties", "state", "span"},
}
VALUES = {
    "kind": {"phone_call", "video_call", "meeting", "visit", "hotline", "message", "statement"},
    "contacts.status": {"held", "planned", "attempted", "denied"},
    "type": {"assurance", "demand", "commitment", "description", "denial"},
    "mode": {"direct", "indirect"},
    "measures.status": {"agreed", "proposed", "announced", "carried_out"},
    "state": {"normal", "reduced", "suspended", "ended", "minimal_contacts"},
}


class GoldError(ValueError):
    """A quote that does not occur, or a key that nobody knows."""


@dataclass(frozen=True)
class Page:
    """A page with its gold, as they stand on disk."""

    path: Path
    gold: list[dict[str, Any]]

    @property
    def lang(self) -> str:
        """The language of the gold, or ``?``."""
        return str(self.gold[0].get("lang") or "?")


def pages(folders: list[Path]) -> Iterator[Page]:
    """Every page with gold in the folders, recursively, by name."""
    for folder in folders:
        for gold in sorted(folder.rglob("*.gold.json")):
            name = gold.name.removesuffix(".gold.json")
            page = next((p for p in sorted(gold.parent.glob(f"{name}.*")) if _is_page(p, name)), None)
            if page is None:
                raise GoldError(f"{gold}: there is no page beside it")
            yield Page(page, sources(gold.read_text(encoding="utf-8")))


def sources(text: str) -> list[dict[str, Any]]:
    """The SOURCEs of a gold file."""
    value = json.loads(text)
    return list(value["sources"]) if "sources" in value else [value]


def _is_page(path: Path, name: str) -> bool:
    return (path.stem == name and path.suffix != ".json") or path.name == f"{name}.export.json"


def place(quote: Any, text: str) -> Span:
    """Where a quote stands. Raises GoldError if it does not."""
    if isinstance(quote, list):
        start, end = quote
        if not 0 <= start < end <= len(text):
            raise GoldError(f"span {quote} is not within the page of {len(text)}")
        return start, end
    if isinstance(quote, str):
        return _nth(quote, 1, text)
    if "q" in quote:
        return _nth(quote["q"], quote.get("n", 1), text)
    start, _ = _nth(quote["from"], quote.get("n", 1), text)
    end = text.find(quote["to"], start)
    if end < 0:
        raise GoldError(f"does not occur after {quote['from']!r}: {quote['to']!r}")
    return start, end + len(quote["to"])


def _nth(words: str, n: int, text: str) -> Span:
    at = -1
    for _ in range(n):
        at = text.find(words, at + 1)
        if at < 0:
            raise GoldError(f"does not occur {n} time(s): {words!r}")
    return at, at + len(words)


def resolve(gold: Any, text: str) -> Any:
    """The gold with every quote replaced by its span in ``text``. Raises GoldError."""
    if isinstance(gold, list):
        return [resolve(item, text) for item in gold]
    if not isinstance(gold, dict):
        return gold
    done: dict[str, Any] = {}
    for key, value in gold.items():
        if value is None:
            done[key] = None
        elif key in ("body", "spans", "also"):
            done[key] = [place(item, text) for item in value]
        elif key.endswith("span"):
            done[key] = place(value, text)
        else:
            done[key] = resolve(value, text)
    return done


def problems(gold: dict[str, Any], text: str) -> list[str]:
    """What is wrong with a gold SOURCE; empty when nothing is."""
    found = list(_keys("source", gold))
    try:
        resolve(gold, text)
    except GoldError as error:
        found.append(str(error))
    return found


def _keys(kind: str, value: Any) -> Iterator[str]:
    if not isinstance(value, dict):
        return
    known, needed = KEYS[kind], NEEDED.get(kind, set())
    for key in sorted(value.keys() - known):
        yield f"{kind}: unknown key {key!r}"
    for key in sorted(needed - value.keys()):
        yield f"{kind}: {key!r} is missing"
    for key, inner in value.items():
        allowed = VALUES.get(f"{kind}.{key}", VALUES.get(key))
        for one in inner if isinstance(inner, list) else [inner]:
            if allowed is not None and one not in allowed:
                yield f"{kind}: {key} is {one!r}"
            if key in KEYS:
                yield from _keys(key, one)
