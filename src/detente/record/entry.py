# SPDX-License-Identifier: Apache-2.0
"""The one value that every view is made from: an entry as one party holds it, opened and judged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from detente.errors import UsageError
from detente.line.labels import AGAINST
from detente.words.entry import PRECEDENCES


@dataclass(frozen=True)
class Entry:
    """A placed statement with its body where that could be opened.

    ``ref`` is what people call it (``UA-57``); ``party`` a short party id and ``fpr`` its fingerprint.
    Times are milliseconds UTC. ``seen`` maps origin to (size, b64 root). ``body`` is the body, or the
    data of a data kind. ``body_state`` is ``open``, ``withheld``, ``unopened`` or ``data``. ``marks`` maps
    an addressee's party id to the times of its marks; ``proven`` is the interval of protocol §10.
    ``witnessed`` maps each other member's party id to that interval as its own clock alone has it.
    ``state`` is one word: for an own entry the strongest mark that all addressees have reached.
    """

    id: str
    ref: str
    channel: str
    party: str
    fpr: str
    office: str
    kind: str
    precedence: str
    mark: str
    re: tuple[str, ...]
    to: tuple[str, ...]
    origin: str
    index: int
    released: int
    placed: int
    seen: Mapping[str, tuple[int, str]]
    body: Mapping[str, Any] | None
    body_state: str
    labels: tuple[str, ...]
    marks: Mapping[str, Mapping[str, int]]
    proven: tuple[int | None, int | None]
    mine: bool
    state: str
    signers: tuple[str, ...] = ()
    witnessed: Mapping[str, tuple[int | None, int | None]] = field(default_factory=dict)


def rfc3339(ms: int) -> str:
    """``ms`` since 1970 as RFC 3339 in UTC with milliseconds; the clamp keeps hostile times printable."""
    clamped = min(max(ms, _EARLIEST), _LATEST)
    moment = datetime.fromtimestamp(clamped // 1000, UTC)
    return f"{moment.replace(tzinfo=None).isoformat()}.{clamped % 1000:03d}Z"


def parse_rfc3339(text: str) -> int:
    """The milliseconds of an RFC 3339 time; a date alone is its first instant in UTC. Raises UsageError."""
    try:
        moment = datetime.fromisoformat(text.strip().replace("z", "Z"))
    except ValueError:
        raise UsageError(f"not a time: {text!r}; write it as 2022-02-14T09:30:00Z") from None
    if moment.tzinfo is None:
        if "T" in text or " " in text.strip():
            raise UsageError(f"the time {text!r} has no zone; write it as 2022-02-14T09:30:00Z")
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH).days * _DAY + (moment - _EPOCH).seconds * 1000 + moment.microsecond // 1000


def by_id(entries: Iterable[Entry]) -> dict[str, Entry]:
    """Entries by id; a statement that was placed twice counts once, at its first place (protocol §6)."""
    found: dict[str, Entry] = {}
    for entry in entries:
        known = found.get(entry.id)
        if known is None or (entry.placed, entry.index) < (known.placed, known.index):
            found[entry.id] = entry
    return found


def precedence_rank(precedence: str) -> int:
    """0 for routine to 3 for flash; an unknown word ranks as routine."""
    return PRECEDENCES.index(precedence) if precedence in PRECEDENCES else 0


def in_order(entry: Entry) -> bool:
    """Whether the author was allowed to say it: nothing in its labels stands against acting on it."""
    return not AGAINST.intersection(entry.labels)


def text_of(body: Mapping[str, Any] | None, *names: str) -> str:
    """The first of the named fields of ``body`` that is a text, else the empty text."""
    for name in names:
        value = body.get(name) if body is not None else None
        if isinstance(value, str):
            return value
    return ""


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = 86_400_000
_EARLIEST = -62_135_596_800_000  # 0001-01-01, the first day that datetime knows
_LATEST = 253_402_300_799_999  # 9999-12-31
