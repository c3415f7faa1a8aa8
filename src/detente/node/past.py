# SPDX-License-Identifier: Apache-2.0
"""The store as the past of a line (``detente.line.past``), and the parts of the fold that it keeps.

Every question here is answered by an index, whatever the store holds.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from detente.errors import MalformedError
from detente.line.writes import PutBody, PutHead, PutItem, PutLeaf, PutReceipt
from detente.node.reads import CHUNK, split

_LOG = "(SELECT id FROM logs WHERE origin=?)"
# A leaf with its body, as ``_leaf`` makes writes of it.
_LEAF = (
    "SELECT v.n, l.origin, v.idx, v.raw, v.hash, v.entry_id, v.arrived, v.labels, b.seed, b.raw FROM leaves v"
    " CROSS JOIN logs l ON l.id=v.log LEFT JOIN bodies b ON b.entry_id=v.entry_id"
)
Folded = tuple[int, PutLeaf, PutBody | None]


@dataclass(frozen=True)
class Start:
    """Where to begin to read a channel: after these rows of leaves and receipts; ``sizes`` are the leaves of
    each log (by origin) that stand before. Item receipts up to row ``item`` are asked for by entry."""

    leaf: int = 0
    receipt: int = 0
    item: int = 0
    sizes: Mapping[str, int] = field(default_factory=dict)


class PastReads(ABC):
    """Questions about entries that settled, put to an engine through ``_rows``."""

    @abstractmethod
    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]: ...

    @abstractmethod
    def _run(self, sql: str, values: Sequence[Any]) -> None: ...

    # The past ------------------------------------------------------------------------------------------

    def places(self, entry_id: str) -> list[tuple[str, int, tuple[str, ...]]]:
        """(origin, index, labels) wherever an entry stands, in order of arrival."""
        rows = self._rows(
            "SELECT l.origin, v.idx, v.labels FROM leaves v CROSS JOIN logs l ON l.id=v.log"
            " WHERE v.entry_id=? ORDER BY v.n",
            (entry_id,),
        )
        return [(origin, index, split(labels)) for origin, index, labels in rows]

    def known(self, entry_ids: Sequence[str]) -> set[str]:
        """Those that stand anywhere."""
        found: set[str] = set()
        for start in range(0, len(entry_ids), CHUNK):
            some = entry_ids[start : start + CHUNK]
            places = ",".join("?" * len(some))
            rows = self._rows(f"SELECT entry_id FROM leaves WHERE entry_id IN ({places})", some)  # noqa: S608
            found.update(row[0] for row in rows)
        return found

    def ids(self, origin: str, start: int, stop: int) -> list[str]:
        """Entry ids of the leaves ``start`` up to ``stop``, not included."""
        rows = self._rows(
            f"SELECT entry_id FROM leaves WHERE log={_LOG} AND idx>=? AND idx<? ORDER BY idx",  # noqa: S608
            (origin, start, stop),
        )
        return [row[0] for row in rows]

    def hashes(self, origin: str, start: int, stop: int) -> bytes:
        """Their leaf hashes, 32 bytes each."""
        rows = self._rows(
            f"SELECT hash FROM leaves WHERE log={_LOG} AND idx>=? AND idx<? ORDER BY idx",  # noqa: S608
            (origin, start, stop),
        )
        return b"".join(row[0] for row in rows)

    def root(self, origin: str, size: int) -> bytes | None:
        """The root signed for a size, or None."""
        rows = self._rows(f"SELECT root FROM heads WHERE log={_LOG} AND size=?", (origin, size))  # noqa: S608
        return bytes(rows[0][0]) if rows else None

    def head_above(self, origin: str, start: int, most: int) -> int | None:
        """Largest signed size in (start, start + most], else the smallest above ``start``."""
        (largest,) = self._rows(
            f"SELECT max(size) FROM heads WHERE log={_LOG} AND size>? AND size<=?",  # noqa: S608
            (origin, start, start + most),
        )[0]
        if largest is None:
            (largest,) = self._rows(
                f"SELECT min(size) FROM heads WHERE log={_LOG} AND size>?",  # noqa: S608
                (origin, start),
            )[0]
        return None if largest is None else int(largest)

    def head_below(self, origin: str, most: int) -> int:
        """Largest signed size up to ``most``; 0 if there is none."""
        (found,) = self._rows(
            f"SELECT max(size) FROM heads WHERE log={_LOG} AND size<=?",  # noqa: S608
            (origin, most),
        )[0]
        return int(found or 0)

    def givers(self, entry_id: str) -> set[str]:
        """Fingerprints of those who gave an item receipt for an entry."""
        return {row[0] for row in self._rows("SELECT by FROM items WHERE entry_id=?", (entry_id,))}

    # What a start reads --------------------------------------------------------------------------------

    def fold_from(self, channel: str, after: int) -> Iterator[Folded]:
        """(row number, leaf, its body) of a channel in order of arrival, after a row number."""
        while True:
            rows = self._rows(
                f"{_LEAF} WHERE v.n>? AND l.channel=? ORDER BY v.n LIMIT ?", (after, channel, CHUNK)
            )
            if not rows:
                return
            yield from map(_folded, rows)
            after = rows[-1][0]

    def folded(self, places: Sequence[tuple[str, int]]) -> list[Folded]:
        """The same of the leaves at certain places (origin, index), in order of arrival."""
        found = []
        for origin, index in places:
            found += self._rows(f"{_LEAF} WHERE v.log={_LOG} AND v.idx=?", (origin, index))
        return [_folded(row) for row in sorted(found)]

    def heads_from(self, origin: str, size: int) -> list[PutHead]:
        """The newest head of a log, and all above ``size``."""
        rows = self._rows(
            "SELECT h.size, h.root, h.note, l.mine FROM logs l JOIN heads h ON h.log=l.id WHERE l.origin=?1"
            " AND h.size>=(SELECT min(?2+1, max(size)) FROM heads WHERE log=l.id) ORDER BY h.size",
            (origin, size),
        )
        return [PutHead(origin, size, root, note, size, bool(mine)) for size, root, note, mine in rows]

    def newest_receipts(self, origin: str, makers: Sequence[str]) -> list[PutReceipt]:
        """The newest cosignature of each of ``makers`` (fingerprints) over a log's heads."""
        found = []
        for by in makers:
            rows = self._rows(
                f"SELECT size, by, seconds, note FROM receipts WHERE log={_LOG} AND by=?"  # noqa: S608
                " ORDER BY size DESC, seconds DESC LIMIT 1",
                (origin, by),
            )
            found += [PutReceipt(origin, *row) for row in rows]
        return found

    def first_receipts(self, origin: str, index: int, makers: Sequence[str]) -> list[PutReceipt]:
        """The first cosignature of each of ``makers`` that covers the leaf at ``index``."""
        found = []
        for by in makers:
            rows = self._rows(
                f"SELECT size, by, seconds, note FROM receipts WHERE log={_LOG} AND by=? AND size>?"  # noqa: S608
                " ORDER BY size, seconds LIMIT 1",
                (origin, by, index),
            )
            found += [PutReceipt(origin, *row) for row in rows]
        return found

    def items_of(self, entry_ids: Sequence[str]) -> list[PutItem]:
        """Item receipts of certain entries."""
        found = []
        for start in range(0, len(entry_ids), CHUNK):
            some = entry_ids[start : start + CHUNK]
            rows = self._rows(
                "SELECT i.entry_id, l.origin, i.by, i.arrived, i.note FROM items i JOIN logs l ON l.id=i.log"  # noqa: S608
                f" WHERE i.entry_id IN ({','.join('?' * len(some))}) ORDER BY i.n",
                some,
            )
            found += [PutItem(*row) for row in rows]
        return found

    # What a view reads ---------------------------------------------------------------------------------

    def count(self, channel: str) -> int:
        """Entries of a channel, those ahead of their place not counted."""
        rows = self._rows(
            "SELECT (SELECT max(idx) FROM leaves WHERE log=l.id) FROM logs l WHERE l.channel=?", (channel,)
        )
        return sum(last + 1 for (last,) in rows if last is not None)

    def start_of(self, channel: str, newest: int) -> Start | None:
        """Where the ``newest`` entries of a channel begin; None if there are not more."""
        rows = self._rows(
            "SELECT v.n FROM leaves v CROSS JOIN logs l ON l.id=v.log WHERE l.channel=?"
            " ORDER BY v.n DESC LIMIT 1 OFFSET ?",
            (channel, newest - 1),
        )
        return self.start_at(channel, rows[0][0]) if rows else None

    def start_at(self, channel: str, n: int) -> Start:
        """Where to begin so that row ``n`` of the leaves comes first, with every receipt that covers it."""
        sizes: dict[str, int] = {}
        receipts = []
        logs = self._rows("SELECT id, origin, party FROM logs WHERE channel=?", (channel,))
        for log, origin, _ in logs:
            rows = self._rows(
                "SELECT idx FROM leaves WHERE log=? AND n<? ORDER BY idx DESC LIMIT 1", (log, n)
            )
            sizes[origin] = rows[0][0] + 1 if rows else 0
            for by in {party for _, _, party in logs}:
                receipts += self._rows(
                    "SELECT n FROM receipts WHERE log=? AND by=? AND size>? ORDER BY size LIMIT 1",
                    (log, by, sizes[origin]),
                )
        (none,), (item,) = (
            *self._rows("SELECT max(n)+1 FROM receipts"),
            *self._rows("SELECT max(n) FROM items"),
        )
        return Start(n - 1, min((row[0] for row in receipts), default=none or 1) - 1, item or 0, sizes)

    # Parts of the fold ---------------------------------------------------------------------------------

    def last_row(self) -> int:
        """The row number of the newest leaf, of all channels; 0 for none."""
        return int(self._rows("SELECT max(n) FROM leaves")[0][0] or 0)

    def put_part(self, channel: str, n: int, raw: bytes) -> None:
        """Keep the next part of a channel's fold, which reaches to row ``n`` of the leaves."""
        held = self._rows(
            "SELECT part, digest FROM parts WHERE channel=? ORDER BY part DESC LIMIT 1", (channel,)
        )
        part, before = held[0] if held else (0, b"")
        self._run(
            "INSERT INTO parts VALUES(?,?,?,?,?)",
            (channel, part + 1, n, raw, _digest(channel, before, n, raw)),
        )

    def drop_parts(self, channel: str) -> None:
        """The fold of a channel begins anew."""
        self._run("DELETE FROM parts WHERE channel=?", (channel,))

    def parts(self, channel: str) -> tuple[int, list[bytes]]:
        """(row number of the newest leaf in them, parts in order). MalformedError if one was altered or is
        missing."""
        rows = self._rows("SELECT part, n, raw, digest FROM parts WHERE channel=? ORDER BY part", (channel,))
        digest, last = b"", 0
        for number, (part, n, raw, kept) in enumerate(rows, 1):
            digest = _digest(channel, digest, n, raw)
            if part != number or n < last or digest != kept:
                raise MalformedError(f"part {number} of the fold was altered, or is missing")
            last = n
        return last, [row[2] for row in rows]

    def part_ends(self, channel: str, n: int, sizes: dict[str, int]) -> bool:
        """Whether ``sizes`` (by origin) are those that the logs had when leaf row ``n`` was their newest."""
        for log, origin in self._rows("SELECT id, origin FROM logs WHERE channel=?", (channel,)):
            size = sizes.get(origin, 0)
            rows = self._rows("SELECT idx, n FROM leaves WHERE log=? AND idx IN (?,?)", (log, size - 1, size))
            at = dict(rows)
            if (size and at.get(size - 1, n + 1) > n) or at.get(size, n + 1) <= n:
                return False
        return True


def _digest(channel: str, before: bytes, n: int, raw: bytes) -> bytes:
    return hashlib.sha256(b"%b%b%016x%b" % (before, channel.encode(), n, raw)).digest()


def _folded(row: tuple[Any, ...]) -> Folded:
    n, origin, index, raw, digest, entry_id, arrived, labels, seed, body = row
    leaf = PutLeaf(origin, index, raw, digest, entry_id, arrived, split(labels))
    return n, leaf, None if seed is None else PutBody(entry_id, seed, body)
