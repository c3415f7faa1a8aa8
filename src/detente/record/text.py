# SPDX-License-Identifier: Apache-2.0
"""The timeline for a terminal: time, whose, who, what, how far."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from detente.record.entry import Entry
from detente.record.rows import Row, Word, rows
from detente.words.bodies.keeping import Charter

_INDENT = " " * 9


def timeline(
    entries: Sequence[Entry],
    *,
    lang: str = "en",
    charter: Charter | None = None,
    width: int = 100,
    keeping: bool = True,
) -> str:
    """All entries in causal order, a heading a day (UTC). ``keeping``: with what only keeps the line."""
    shown = [
        row for row in rows(entries, lang=lang, charter=charter, limit=2_000) if keeping or not row.quiet
    ]
    if not shown:
        return "Nothing has been said here yet.\n"
    lines: list[str] = []
    day = ""
    for row in shown:
        if row.day != day:
            day = row.day
            lines += [*([""] if lines else []), day]
        lines += _lines(row, width)
    return "\n".join(lines) + "\n"


def states(shown: Sequence[Word]) -> str:
    """``◔ delivered``, or ``UA ◕ read, PL ◔ delivered``."""
    return ", ".join(
        " ".join(part for part in (word.party, word.shape, word.state) if part) for word in shown
    )


def _lines(row: Row, width: int) -> Iterator[str]:
    entry = row.entry
    head = [f"  {row.clock}  {'→' if entry.mine else '←'} {entry.ref}", entry.office]
    if entry.precedence != "routine":
        head.append(entry.precedence.upper())
    if entry.mark != "real":
        head.append(entry.mark.upper())
    if row.re:
        head.append(f"re {', '.join(row.re)}")
    yield f"{'  '.join(head)}  {states(row.words)}"
    for line in row.lines:
        yield from textwrap.wrap(line, width, initial_indent=_INDENT, subsequent_indent=_INDENT) or [""]
    if row.labels:
        yield f"{_INDENT}▲ {', '.join(row.labels)}"
