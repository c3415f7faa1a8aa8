# SPDX-License-Identifier: Apache-2.0
"""From the marks of an entry to one word (protocol §10). Marks only grow; so does the word."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from detente.record.entry import Entry
from detente.words.machine import Machine, Move


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark: its word, how far it is (``rank``), what sets it, who, and where that is laid down."""

    word: str
    rank: int
    event: str
    by: str
    source: str = "§10"


MARKS = (
    Mark("kept", 0, "placed", "the author's node, with its commit"),
    Mark("delivered", 1, "receipt", "the addressee's node, by cosignature or item receipt", "§5, §10"),
    Mark("displayed", 2, "ack displayed", "the addressee's watch post, by its watch key", "§3, §10"),
    Mark("read", 3, "ack read", "an office of the addressee"),
    Mark("understood", 4, "ack understood", "an office of the addressee"),
    Mark("referred", 4, "ack referred", "an office of the addressee"),
    Mark("declined", 4, "ack declined", "an office of the addressee, with a neutral reason"),
    Mark("will-answer", 4, "ack will-answer", "an office of the addressee"),
    Mark("answered", 5, "answer", "an office of the addressee, by an entry that names it in `re`"),
)
_RANK = {mark.word: mark.rank for mark in MARKS}
# What a person can say in an acknowledgement; `displayed` is the watch post's machine.
ACK_STATES = tuple(mark.word for mark in MARKS if mark.event.startswith("ack "))
NOT_ANSWERS = frozenset({"ack", "test", "refusal"})


def _onward(start: str, marks: Sequence[Mark]) -> list[Move]:
    """Every move between marks: a mark changes the word unless it ranks below; of one rank the later counts.

    Marks may be skipped, for receipts and acknowledgements travel apart.
    """
    words = [(start, 0), *((mark.word, mark.rank) for mark in marks)]
    return [
        Move(before, mark.event, mark.word, mark.by, mark.source)
        for before, rank in words
        for mark in marks
        if mark.rank >= max(rank, 1) and mark.word != before
    ]


ENTRY = Machine(
    "entry",
    "The word for an entry of ours and one addressee. Marks only grow, so there is no way back.",
    "kept",
    _onward("kept", MARKS[1:]),
)
RECEIVED = Machine(
    "received",
    "The word for an entry of another member, by our own marks.",
    "received",
    _onward("received", [mark for mark in MARKS if mark.rank > _RANK["delivered"]]),
)


def rank(state: str) -> int:
    """How far a state is: ``kept`` 0 to ``answered`` 5; a word that is not a state ranks below all."""
    return _RANK.get(state, -1)


def strongest(marks: Mapping[str, int]) -> str:
    """The word for one addressee's marks; of marks of one rank the latest; ``kept`` without any."""
    known = [(rank(state), at, state) for state, at in marks.items() if state in _RANK]
    return max(known)[2] if known else "kept"


def summary(marks: Mapping[str, Mapping[str, int]], addressees: Sequence[str]) -> str:
    """The strongest word that every addressee has reached: the weakest of theirs."""
    words = [strongest(marks.get(party, {})) for party in addressees]
    return min(words, key=rank) if words else "kept"


def own_summary(marks: Mapping[str, int]) -> str:
    """The word for an entry that we received: ``received`` until one of our own marks says more."""
    word = strongest(marks)
    return word if rank(word) > rank("delivered") else "received"


def reached(marks: Mapping[str, int], state: str) -> int | None:
    """When these marks first reached ``state`` or a stronger one (ms), or None."""
    times = [at for mark, at in marks.items() if rank(mark) >= rank(state)]
    return min(times) if times else None


def merge(*sets: Mapping[str, int]) -> dict[str, int]:
    """The union of marks, each at its earliest time: a mark that was once there stays."""
    merged: dict[str, int] = {}
    for marks in sets:
        for state, at in marks.items():
            merged[state] = min(at, merged.get(state, at))
    return merged


def collect(entries: Iterable[Entry]) -> dict[str, dict[str, dict[str, int]]]:
    """What the entries themselves say of each other: entry id → party id → mark → time placed (ms).

    Acknowledgements give their ``state``; any other entry that names one of another party's in ``re``
    answers it. Receipts are not entries: ``delivered`` comes from elsewhere.
    """
    listed = list(entries)
    authors = {entry.id: entry.party for entry in listed}
    found: dict[str, dict[str, dict[str, int]]] = {}
    for entry in listed:
        state = _says(entry)
        for target in entry.re if state else ():
            if authors.get(target) not in (None, entry.party):
                marks = found.setdefault(target, {}).setdefault(entry.party, {})
                marks[state] = min(entry.placed, marks.get(state, entry.placed))
    return found


def _says(entry: Entry) -> str:
    if entry.kind != "ack":
        return "" if entry.kind in NOT_ANSWERS else "answered"
    state = (entry.body or {}).get("state")
    return state if state in ACK_STATES else ""
