# SPDX-License-Identifier: Apache-2.0
"""What a line need not keep in memory: entries that its store holds, asked for when they are wanted.

A state *settles* now and then: what stands below that place is asked of its ``Past``, and only what grows by
a few bytes an entry stays here. Without a past nothing settles and all of it is in memory, as in most tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, Protocol, TypeVar, overload

from detente.line.labels import behind, foremost

T = TypeVar("T")
Place = tuple[str, int]
Labels = tuple[str, ...]
# Where a statement stands, and what it is labelled with there.
Standing = tuple[Place, Labels]
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
        self._old: dict[str, Sequence[Standing]] = {}
        # Every place of those that came to stand at a second one since the last settling, as they arrived.
        self._several: dict[str, list[Standing]] = {}
        self.where: Lookup[Place] = Lookup(lambda entry_id: _first(self.old(entry_id)))
        self.labels: Lookup[Labels] = Lookup(self._labels)
        self.items: Lookup[set[str]] = Lookup(self._items)

    def stands(self, entry_id: str, place: Place, labels: Labels) -> bool:
        """An entry stands here now, too. Whether it is here that it counts (``labels.foremost``)."""
        if entry_id in self.where:
            if entry_id not in self._several:
                self._several[entry_id] = self._places(entry_id)
            self._several[entry_id].append((place, labels))
            if behind(labels) >= behind(self.labels.get(entry_id, ())):
                return False
        self.where[entry_id] = place
        return True

    def relabelled(self, entry_id: str, labels: Labels) -> Labels:
        """The place where an entry counts gets other labels: those where it counts from now on, which may be
        another place."""
        places = self._several.get(entry_id) or self._places(entry_id)
        if len(places) < 2:
            return labels
        held = self.where[entry_id]
        self._several[entry_id] = [(held, labels) if one[0] == held else one for one in places]
        place, labels = _foremost(self._several[entry_id])
        if place != held:
            self.where[entry_id] = place
        return labels

    def _places(self, entry_id: str) -> list[Standing]:
        """Where an entry stands that is at no second place since the last settling."""
        place, labels = self.where.get(entry_id), self.labels.get(entry_id, ())
        if entry_id in self.where.recent:
            return [(place, labels)]
        # Its labels may have changed since they were read.
        return [(place, labels) if one[0] == place else one for one in self._standing(entry_id)]

    def old(self, entry_id: str) -> Standing | None:
        """Place and labels of an entry that has settled, where it counts."""
        found = self._standing(entry_id)
        return _foremost(found) if found else None

    def _standing(self, entry_id: str) -> Sequence[Standing]:
        """Every settled place of an entry, in order of arrival."""
        if self._past is None:
            return ()
        found = self._old.get(entry_id)
        if found is None:
            places = self._past.places(entry_id)
            found = [((o, at), labels) for o, at, labels in places if at < (self._settled(o) or 0)]
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
        self._old.update(dict.fromkeys((one for one in entry_ids if one not in known), ()))

    def settle(self) -> None:
        """All that is held is on disk: only what no place was found for yet stays."""
        standing = [entry_id for entry_id in self.items.recent if entry_id in self.where]
        for entry_id in standing:
            del self.items.recent[entry_id]
        self.where.recent.clear()
        self.labels.recent.clear()
        self._several.clear()
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


def _foremost(places: Sequence[Standing]) -> Standing:
    return foremost(places, lambda standing: standing[1])


def _first(found: Standing | None) -> Place | None:
    return None if found is None else found[0]
