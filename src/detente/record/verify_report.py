# SPDX-License-Identifier: Apache-2.0
"""What a verification found, for machines and for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import msgspec

from detente.record import entry as entries
from detente.seal.keys import fingerprint_words

_PLAIN = 253_402_300_799_999  # the last millisecond of the year 9999
HASHES_ONLY = "hashes only: no signature of an entry or receipt, no mandate and no body was checked"
DISCLOSED, PARTLY, WITHHELD, IN_CLEAR, ALTERED = "disclosed", "partly", "withheld", "in clear", "altered"


@lru_cache(maxsize=1024)
def rfc3339(ms: int) -> str:
    """``entry.rfc3339``, for very many: those of one minute are written from one."""
    if not 0 <= ms <= _PLAIN:
        return entries.rfc3339(ms)
    minute, rest = divmod(ms, 60_000)
    return f"{_minute(minute)}{rest // 1000:02d}.{rest % 1000:03d}Z"


@lru_cache(maxsize=1024)
def _minute(number: int) -> str:
    return entries.rfc3339(number * 60_000)[:17]


@dataclass(frozen=True)
class Problem:
    """One reason why the bundle is not valid; ``entry`` and ``log`` (folder) where it is about one."""

    entry: str | None
    log: str | None
    problem: str


@dataclass(frozen=True)
class Held:
    """One other's word that it holds an entry: which party or witness, when (ms), by which receipt."""

    by: str
    at: int
    how: str


class EntryReport(msgspec.Struct, frozen=True):
    """What is proven of one entry, each thing for itself. ``id`` is empty where the leaf is unreadable."""

    id: str
    ref: str
    log: str
    index: int
    party: str
    office: str
    kind: str
    placed: int | None
    in_log: bool
    receipted: tuple[Held, ...]
    signed: bool
    mandate_valid: bool
    labels: tuple[str, ...]
    body: str


@dataclass(frozen=True)
class LogReport:
    """One log: what its checkpoint says, and whether the key that its party certified signed that."""

    log: str
    party: str
    fingerprint: str
    origin: str
    size: int
    root: str
    checkpoint: bool
    post_quantum: bool | None
    receipts: int


@dataclass(frozen=True)
class Report:
    """The outcome. ``fingerprints``: party to root fingerprint; ``trusted``: those on a card given.

    ``hashes_only``: no entry was read, and of signatures only those of the logs' own heads were checked.
    """

    logs: Sequence[LogReport]
    entries: Sequence[EntryReport]
    problems: Sequence[Problem]
    fingerprints: Mapping[str, str]
    trusted: frozenset[str] = field(default_factory=frozenset)
    notes: Sequence[str] = ()
    hashes_only: bool = False

    @property
    def valid(self) -> bool:
        """Nothing contradicts the record. Withheld bodies and missing receipts do not."""
        return not self.problems

    @property
    def identities(self) -> str:
        """``verified`` if the root key of every party comes from a card that was trusted beforehand."""
        known = bool(self.fingerprints) and all(fpr in self.trusted for fpr in self.fingerprints.values())
        return "verified" if known else "unverified"

    def to_json(self) -> dict[str, Any]:
        """``detente verify --json``."""
        return {
            "valid": self.valid,
            "identities": self.identities,
            "fingerprints": dict(self.fingerprints),
            "logs": [_log_json(log) for log in self.logs],
            "entries": _entries_json(self.entries),
            "problems": [{"entry": p.entry, "log": p.log, "problem": p.problem} for p in self.problems],
            "notes": list(self.notes),
            "hashes_only": self.hashes_only,
        }

    def to_text(self) -> str:
        """The same for a reader: the verdict first, then whose, then each entry."""
        lines = ["valid" if self.valid else f"NOT VALID: {_count(len(self.problems), 'problem')}"]
        if self.hashes_only:
            lines.append(HASHES_ONLY)
        lines += [f"  {p.entry or p.log or 'bundle'}: {p.problem}" for p in self.problems]
        lines += ["", f"identities {self.identities}"]
        for party, fpr in self.fingerprints.items():
            mark = "on a card you trust" if fpr in self.trusted else "compare it by another way"
            lines += [f"  {party}  {fpr}  ({mark})", f"      {fingerprint_words(fpr)}"]
        lines.append("")
        lines += [_log_line(log) for log in self.logs]
        lines.append("")
        lines += [_entry_line(entry) for entry in self.entries]
        lines += ["", *(f"note: {text}" for text in self.notes)] if self.notes else []
        return "\n".join(lines) + "\n"


def _log_json(log: LogReport) -> dict[str, Any]:
    return {
        "log": log.log,
        "party": log.party,
        "fingerprint": log.fingerprint,
        "origin": log.origin,
        "size": log.size,
        "root": log.root,
        "checkpoint": log.checkpoint,
        "post_quantum": log.post_quantum,
        "receipts": log.receipts,
    }


def _entries_json(found: Sequence[EntryReport]) -> list[dict[str, Any]]:
    rows, before, receipted = [], None, list[dict[str, str]]()
    for entry in found:
        if entry.receipted is not before:  # neighbours mostly have the same
            before = entry.receipted
            receipted = [{"by": held.by, "time": rfc3339(held.at), "how": held.how} for held in before]
        rows.append(_entry_json(entry, receipted))
    return rows


def _entry_json(entry: EntryReport, receipted: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "id": entry.id,
        "ref": entry.ref,
        "log": entry.log,
        "index": entry.index,
        "party": entry.party,
        "office": entry.office,
        "kind": entry.kind,
        "time": None if entry.placed is None else rfc3339(entry.placed),
        "in_log": entry.in_log,
        "receipted": receipted,
        "signed": entry.signed,
        "mandate_valid": entry.mandate_valid,
        "labels": list(entry.labels),
        "body": entry.body,
    }


def _log_line(log: LogReport) -> str:
    signed = "signed by the key that its party certified" if log.checkpoint else "signature NOT good"
    if log.post_quantum:
        signed += ", also post-quantum"
    counted = f"{_count(log.size, 'entry', 'entries')}, {_count(log.receipts, 'receipt')}"
    return f"log {log.log}: {counted}, {signed}"


def _entry_line(entry: EntryReport) -> str:
    held = ", ".join(f"{h.by} {rfc3339(h.at)}" for h in entry.receipted) or "nobody"
    parts = [
        "in the log" if entry.in_log else "NOT in the log",
        "signed by its office" if entry.signed else "NOT signed by its office",
        "mandate valid" if entry.mandate_valid else "mandate NOT valid",
        f"held by {held}",
        f"body {entry.body}",
        *entry.labels,
    ]
    return f"{entry.ref:<8} {entry.kind or 'unreadable':<22} {'; '.join(parts)}"


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
