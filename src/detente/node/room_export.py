# SPDX-License-Identifier: Apache-2.0
"""A reading room as files that need no program of ours: JSON, one CSV a list, the sources as they came."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from detente.errors import UsageError
from detente.node.files import make_dir, write_private
from detente.node.room import Room, Shown
from detente.press.decisions import LISTS, state_key
from detente.press.review import items

#: What a spreadsheet would take for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_KEPT = ("confirmed", "corrected")


def write(room: Room, out: Path, *, confirmed: bool = False) -> list[str]:
    """Write the room into the new folder ``out``: the names of the files. UsageError if it is not empty.

    ``confirmed``: only what people confirmed or corrected.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out} is not empty; choose a new folder with --out")
    make_dir(out / "sources")
    written: list[str] = []
    sources = []
    rows: dict[str, list[list[Any]]] = {name: [] for name in LISTS}
    decisions: list[dict[str, Any]] = []
    for row in sorted(room.rows(), key=lambda one: (one.added, one.page)):
        shown = room.show(row.page)
        source = _kept(shown.source) if confirmed else shown.source
        sources.append({**source, "page": row.page, "additions": [one.as_dict() for one in shown.additions]})
        decisions += [one.as_dict() for one in room.decisions(row.page)]
        for item in items(source):
            rows[item.list].append(_row(shown, item.summary, item))
        name = f"sources/{row.sha256}"
        if name not in written:
            write_private(out / name, room.raw(row.sha256))
            written.append(name)
    head = ["page", "file", "published", "state", "decided by", "decided at", "what", "start", "end", "words"]
    for name, lines in rows.items():
        written.append(_csv(out, f"{name}.csv", [head, *lines]))
    for name, value in (("findings.json", {"sources": sources}), ("decisions.json", decisions)):
        write_private(out / name, json.dumps(value, ensure_ascii=False, indent=1).encode("utf-8") + b"\n")
        written.append(name)
    sums = [f"{hashlib.sha256((out / name).read_bytes()).hexdigest()}  {name}" for name in sorted(written)]
    write_private(out / "SHA256SUMS", ("\n".join(sums) + "\n").encode())
    return [*sorted(written), "SHA256SUMS"]


def _kept(source: Mapping[str, Any]) -> dict[str, Any]:
    chosen = {
        name: [one for one in source.get(name) or [] if one[state_key(name)] in _KEPT] for name in LISTS
    }
    return {**source, **chosen}


def _row(shown: Shown, what: str, item: Any) -> list[Any]:
    start, end = shown.view.span(*item.span)
    decided = item.decided or {}
    values = (shown.row.page, shown.row.name, shown.row.published, item.state, decided.get("by"))
    words = " ".join(shown.view.text[start:end].split())
    return [cell(value) for value in (*values, decided.get("at"), what, *item.span, words)]


def _csv(out: Path, name: str, lines: list[list[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(lines)
    write_private(out / name, text.getvalue().encode("utf-8"))
    return name


def cell(value: Any) -> Any:
    """A value for a CSV cell; what a spreadsheet would take for a formula gets an apostrophe before it."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
