# SPDX-License-Identifier: Apache-2.0
"""The read-outs of one contact, gathered by side, each with the notice it gave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from detente.errors import RefusedError, UsageError
from detente.record.contacts import find
from detente.record.entry import Entry, parse_rfc3339, text_of
from detente.record.states import reached


@dataclass(frozen=True)
class Piece:
    """One piece of a side's read-out as lodged: its text is what spans count in (code points)."""

    entry: str
    ref: str
    party: str
    text: str
    lang: str
    publisher: str
    publish_at: int | None
    lodged: Mapping[str, int]  # party id → when it was delivered there (ms)

    def notice(self, party: str) -> int | None:
        """How long (ms) before publication ``party`` had it; negative after; None if either is unknown."""
        at = self.lodged.get(party)
        return None if at is None or self.publish_at is None else self.publish_at - at


def by_side(entries: Sequence[Entry], contact: str) -> dict[str, tuple[Piece, ...]]:
    """Each side's read-out of a contact (id or ref of any of its entries), pieces in causal order.

    In a register, a body's ``side`` says whose words they are. Raises RefusedError for an unknown contact.
    """
    found = find(entries, contact)
    if found is None:
        raise RefusedError(f"no contact {contact!r} here; name its record, proposal or a read-out")
    sides: dict[str, list[Piece]] = {}
    for entry in found.readouts:
        if text_of(entry.body, "text"):
            piece = _piece(entry)
            sides.setdefault(piece.party, []).append(piece)
    return {side: tuple(pieces) for side, pieces in sides.items()}


def pair(
    entries: Sequence[Entry], contact: str, parties: Iterable[str]
) -> tuple[tuple[str, tuple[Piece, ...]], tuple[str, tuple[Piece, ...]]]:
    """The two sides to compare, in the order of ``parties``; RefusedError names who has said nothing."""
    sides = by_side(entries, contact)
    ordered = [party for party in (*parties, *sides) if party in sides]
    unique = list(dict.fromkeys(ordered))
    if len(unique) < 2:
        missing = [party for party in parties if party not in sides]
        whose = f" of {missing[0]}" if missing else ""
        raise RefusedError(f"there is no read-out{whose} for this contact yet; nothing to compare")
    first, second = unique[:2]
    return (first, sides[first]), (second, sides[second])


def _piece(entry: Entry) -> Piece:
    body = entry.body
    lodged = {party: reached(marks, "delivered") for party, marks in entry.marks.items()}
    return Piece(
        entry=entry.id,
        ref=entry.ref,
        party=text_of(body, "side") or entry.party,
        text=text_of(body, "text"),
        lang=text_of(body, "lang"),
        publisher=text_of(body, "publisher"),
        publish_at=_time(text_of(body, "publish_at")),
        lodged={party: at for party, at in lodged.items() if at is not None},
    )


def _time(text: str) -> int | None:
    try:
        return parse_rfc3339(text) if text else None
    except UsageError:
        return None
