# SPDX-License-Identifier: Apache-2.0
"""The timeline as rows of plain words: what the page and the terminal both show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from detente.record import duration
from detente.record.entry import Entry, rfc3339
from detente.record.states import rank, strongest
from detente.record.timeline import causal_order
from detente.words.bodies.keeping import Charter
from detente.words.phrases import clean
from detente.words.render import plain

# One drawn mark a word, the same everywhere; never the mark alone.
SHAPES = {
    "kept": "○",
    "delivered": "◔",
    "displayed": "◑",
    "read": "◕",
    "understood": "●",
    "referred": "◆",
    "declined": "◇",
    "will-answer": "◷",
    "answered": "✔",
    "received": "•",
}
_KEEPING = frozenset({"genesis", "credential", "epoch.grant", "succession", "test", "ack", "refusal"})


@dataclass(frozen=True)
class Word:
    """A state with its mark, and for whom it holds (empty: for all)."""

    state: str
    shape: str
    party: str = ""


@dataclass(frozen=True)
class Row:
    """One entry in words. ``lines``: its content, led by its kind. ``quiet``: it only keeps the line."""

    entry: Entry
    day: str
    clock: str
    stamp: str
    lines: tuple[str, ...]
    lang: str
    words: tuple[Word, ...]
    labels: tuple[str, ...]
    re: tuple[str, ...]
    proven: str
    quiet: bool


def rows(
    entries: Sequence[Entry], *, lang: str = "en", charter: Charter | None = None, limit: int = 20_000
) -> list[Row]:
    """Every entry in causal order. ``lang``: of the labels; texts stay in the language they were said in.

    ``limit``: characters shown of one field.
    """
    refs = {entry.id: entry.ref for entry in entries}
    return [_row(entry, refs, lang, charter, limit) for entry in causal_order(entries)]


def words(entry: Entry) -> tuple[Word, ...]:
    """The state of an entry: one word, or one for each addressee where they differ."""
    found = {party: strongest(marks) for party, marks in entry.marks.items() if party != entry.party}
    if not entry.mine or len(set(found.values())) <= 1:
        return (Word(entry.state, SHAPES.get(entry.state, "•")),)
    ordered = sorted(found.items(), key=lambda item: (-rank(item[1]), item[0]))
    return tuple(Word(state, SHAPES.get(state, "•"), party) for party, state in ordered)


def proven(entry: Entry) -> str:
    """Between when and when an entry was placed, as far as others' signatures show it; else empty."""
    earliest, latest = entry.proven
    if earliest is None and latest is None:
        return ""
    if earliest is None:
        return f"proven before {_moment(latest)}"
    if latest is None:
        return f"proven after {_moment(earliest)}"
    if duration.day(earliest) == duration.day(latest):
        between = f"{duration.clock(earliest)} and {duration.clock(latest)} UTC"
        return f"proven between {duration.day(earliest)} {between}"
    return f"proven between {_moment(earliest)} and {_moment(latest)}"


def _row(entry: Entry, refs: Mapping[str, str], lang: str, charter: Charter | None, limit: int) -> Row:
    body = dict(entry.body) if entry.body is not None else None
    said = (entry.body or {}).get("lang")
    return Row(
        entry=entry,
        day=duration.day(entry.placed),
        clock=duration.clock(entry.placed),
        stamp=rfc3339(entry.placed),
        lines=tuple(plain(entry.kind, body, lang, charter=charter, limit=limit).split("\n")),
        lang=clean(said)[:35] if isinstance(said, str) else "",
        words=words(entry),
        labels=entry.labels,
        re=tuple(refs.get(target, target[:12]) for target in entry.re),
        proven=proven(entry),
        quiet=entry.kind in _KEEPING,
    )


def _moment(ms: int | None) -> str:
    return "" if ms is None else f"{duration.day(ms)} {duration.clock(ms)} UTC"
