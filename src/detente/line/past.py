# SPDX-License-Identifier: Apache-2.0
"""What a line need not keep in memory: entries that its store holds, asked for when they are wanted.

A state *settles* now and then: what stands below that place is asked of its ``Past``, and only what grows by
a few bytes an entry stays here. Without a past nothing settles and all of it is in memory, as in most tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, Protocol, TypeVar, overload

T = TypeVar("T")
Place = tuple[str, int]
Labels = tuple[str, ...]
# Answers kept until the next settling: an entry is asked for several times while it is judged and placed.
REMEMBERED = 4096


class Past(Protocol):
    """Answers from what is on disk. Every one of them holds for good, but for labels and bodies."""

    def places(self, entry_id: str) -> list[tuple[str, int, Labels]]:
        """(origin, index, labels) wherever an entry stands, in order of arrival."""

    def known(self, entry_ids: Sequence[str]) -> set[str]:
        """Those that stand anywhere."""

    def ids(self, origin: str, start: int, stop: int) -> list[str]:
        """Entry ids of the leaves ``start`` up to ``stop``, not included."""

    def hashes(self, origin: str, start: int, stop: int) -> bytes:
        """Their leaf hashes, 32 bytes each."""

    def root(self, origin: str, size: int) -> bytes | None:
        """The root signed for a size, or None."""

    def head_above(self, origin: str, start: int, most: int) -> int | None:
        """Largest signed size in (start, start + most], else the smallest above ``start``."""

    def head_below(self, origin: str, most: int) -> int:
        """Largest signed size up to ``most``; 0 if there is none."""

    def givers(self, entry_id: str) -> set[str]:
        """Fingerprints of those who gave an item receipt for an entry."""

    def body(self, entry_id: str) -> tuple[bytes, bytes] | None:
        """(seed, body JSON) of an entry, if here."""


class Ids(Sequence[str]):
    """The entry ids of one log: the newest in memory, the others from the past, read by ranges."""

    def __init__(self, origin: str, past: Past | None) -> None:
        self._origin = origin
        self._past = past
        self._start = 0
        self._recent: list[str] = []

    def __len__(self) -> int:
        return self._start + len(self._recent)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> list[str]: ...
    def __getitem__(self, at: int | slice) -> str | list[str]:
        if isinstance(at, int):
            if at < 0:
                at += len(self)
            return self._recent[at - self._start] if at >= self._start else self._old(at, at + 1)[0]
        start, stop, _ = at.indices(len(self))
        return (
            self._old(start, min(stop, self._start))
            + self._recent[max(start - self._start, 0) : max(stop - self._start, 0)]
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self[:])

    def append(self, entry_id: str) -> None:
        """The next one."""
        self._recent.append(entry_id)

    def settle(self, start: int) -> None:
        """Those below ``start`` are the past's."""
        del self._recent[: start - self._start]
        self._start = start

    def take_back(self, start: int, recent: Sequence[str]) -> None:
        """As ``settle`` left it."""
        self._start, self._recent = start, list(recent)

    def _old(self, start: int, stop: int) -> list[str]:
        return self._past.ids(self._origin, start, stop) if self._past is not None and start < stop else []


class Entries:
    """Where each entry stands, with which labels and item receipts; those since the last settling in memory.

    ``settled`` gives for an origin of this channel the size up to which it settled, for others None.
    """

    def __init__(self, past: Past | None, settled: Callable[[str], int | None]) -> None:
        self._past = past
        self._settled = settled
        self._old: dict[str, tuple[Place, Labels] | None] = {}
        self.where: Lookup[Place] = Lookup(lambda entry_id: _first(self.old(entry_id)))
        self.labels: Lookup[Labels] = Lookup(self._labels)
        self.items: Lookup[set[str]] = Lookup(self._items)

    def old(self, entry_id: str) -> tuple[Place, Labels] | None:
        """Place and labels of an entry that has settled: where it counts, a copy in another's log last."""
        if self._past is None:
            return None
        if entry_id in self._old:
            return self._old[entry_id]
        found = None
        for origin, index, labels in self._past.places(entry_id):
            size = self._settled(origin)
            if size is not None and index < size:
                held = ((origin, index), labels)
                if "bad signature" not in labels:
                    found = held
                    break
                found = found or held
        if len(self._old) >= REMEMBERED:
            self._old.clear()
        self._old[entry_id] = found
        return found

    def look_up(self, entry_ids: Sequence[str]) -> None:
        """Ask at once which entries of a batch are new; all are asked for singly soon."""
        if self._past is None or len(entry_ids) < 2:
            return
        known = self._past.known(entry_ids)
        if len(self._old) + len(entry_ids) > REMEMBERED:
            self._old.clear()
        self._old.update(dict.fromkeys(entry_id for entry_id in entry_ids if entry_id not in known))

    def settle(self) -> None:
        """All that is held is on disk: only what no place was found for yet stays."""
        standing = [entry_id for entry_id in self.items.recent if entry_id in self.where]
        for entry_id in standing:
            del self.items.recent[entry_id]
        self.where.recent.clear()
        self.labels.recent.clear()
        self._old.clear()

    def _labels(self, entry_id: str) -> Labels | None:
        if entry_id in self.where.recent:
            return None
        found = self.old(entry_id)
        return found[1] or None if found is not None else None

    def _items(self, entry_id: str) -> set[str] | None:
        if self._past is None or entry_id in self.where.recent or self.old(entry_id) is None:
            return None
        return self._past.givers(entry_id) or None


class Lookup(Generic[T]):
    """A mapping by entry id: what is recent, else what ``old`` finds."""

    def __init__(self, old: Callable[[str], T | None]) -> None:
        self.recent: dict[str, T] = {}
        self._old = old

    def get(self, entry_id: str, otherwise: Any = None) -> Any:
        """The value of an entry, or ``otherwise``."""
        found = self.recent.get(entry_id)
        if found is None:
            found = self._old(entry_id)
        return otherwise if found is None else found

    def __contains__(self, entry_id: object) -> bool:
        return isinstance(entry_id, str) and self.get(entry_id) is not None

    def __getitem__(self, entry_id: str) -> T:
        found: T | None = self.get(entry_id)
        if found is None:
            raise KeyError(entry_id)
        return found

    def __setitem__(self, entry_id: str, value: T) -> None:
        self.recent[entry_id] = value


def _first(found: tuple[Place, Labels] | None) -> Place | None:
    return None if found is None else found[0]
