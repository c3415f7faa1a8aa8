# SPDX-License-Identifier: Apache-2.0
"""What the store gives back of the lines: the writes that rebuild one, and rows for the views."""

from __future__ import annotations

import base64
import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from detente.errors import RefusedError
from detente.line.labels import BEHIND
from detente.line.writes import (
    PutBody,
    PutEarly,
    PutEpoch,
    PutEvidence,
    PutHead,
    PutItem,
    PutLeaf,
    PutLog,
    PutMember,
    PutReceipt,
    Write,
)

Doc = dict[str, Any]
# Where a query joins the logs by CROSS JOIN, SQLite keeps to the order of arrival; else it would sort all.
CHUNK = 512
# Where an entry counts: ``labels.foremost`` of its places, for an engine.
_BEHIND = " ".join(
    f"WHEN char(10)||labels||char(10) LIKE '%'||char(10)||'{label}'||char(10)||'%' THEN {places}"
    for label, places in sorted(BEHIND.items(), key=lambda item: -item[1])
)
FIRST = f"ORDER BY CASE {_BEHIND} ELSE 0 END, n LIMIT 1"


@dataclass(frozen=True, slots=True)
class Row:
    """A leaf as kept, for the views: ``n`` is its order of arrival; 0 for one ahead of its place."""

    n: int
    origin: str
    index: int
    entry_id: str
    raw: bytes
    arrived: int
    labels: tuple[str, ...]
    body: bytes | None


def pack(files: dict[str, bytes]) -> str:
    """Named bytes as JSON text."""
    return json.dumps({name: base64.b64encode(raw).decode() for name, raw in files.items()})


def unpack(text: str) -> dict[str, bytes]:
    """The other way."""
    return {name: base64.b64decode(value) for name, value in json.loads(text).items()}


def join(labels: Iterable[str]) -> str:
    """Labels as one text, one a line."""
    return "\n".join(labels)


def split(text: str) -> tuple[str, ...]:
    """The other way."""
    return tuple(text.split("\n")) if text else ()


class LineReads(ABC):
    """Questions about lines, put to an engine through ``_rows`` and ``_docs``."""

    @abstractmethod
    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]: ...

    @abstractmethod
    def _docs(self, sql: str, values: Sequence[Any] = (), parsed: Sequence[str] = ()) -> list[Doc]: ...

    def load(self, channel: str) -> Iterator[Write]:
        """Every write that rebuilds the line: members, logs, epochs, leaves after their bodies, the rest."""
        yield from self.ground(channel)
        logs = self.logs(channel)
        yield from self._load_leaves(channel)
        for log in logs:
            yield from self.heads(log.origin)
        for log in logs:
            yield from self.receipts(log.origin)
        for log in logs:
            yield from self.items(log.origin)
        for early in self.early(channel):
            body = self.body(early.entry_id)
            if body is not None:
                yield PutBody(early.entry_id, *body)
            yield early
        yield from self.evidence(channel)

    def ground(self, channel: str) -> Iterator[Write]:
        """What leaves rest on: members, logs, epochs."""
        for party, card in self._rows("SELECT party, card FROM members WHERE channel=?", (channel,)):
            yield PutMember(party, json.loads(card))
        yield from self.logs(channel)
        yield from self.epochs(channel)

    def _load_leaves(self, channel: str) -> Iterator[Write]:
        after = 0
        while True:
            rows = self._rows(
                "SELECT v.n, l.origin, v.idx, v.raw, v.hash, v.entry_id, v.arrived, v.labels, b.seed, b.raw"
                " FROM leaves v CROSS JOIN logs l ON l.id=v.log"
                " LEFT JOIN bodies b ON b.entry_id=v.entry_id"
                " WHERE v.n>? AND l.channel=? ORDER BY v.n LIMIT ?",
                (after, channel, CHUNK),
            )
            if not rows:
                return
            for _, origin, index, raw, digest, entry_id, arrived, labels, seed, body in rows:
                if seed is not None:
                    yield PutBody(entry_id, seed, body)
                yield PutLeaf(origin, index, raw, digest, entry_id, arrived, split(labels))
            after = rows[-1][0]

    def logs(self, channel: str) -> list[PutLog]:
        """The channel's logs, by party and place in its sequence."""
        rows = self._rows(
            "SELECT origin, party, seq, base, log_key, receipt_key, pq_key, mine, lost FROM logs"
            " WHERE channel=? ORDER BY party, seq",
            (channel,),
        )
        return [replace(PutLog(*row), mine=bool(row[7]), given=bool(row[8])) for row in rows]

    def epochs(self, channel: str) -> list[PutEpoch]:
        """Sending keys by sender, oldest first."""
        rows = self._rows(
            "SELECT sender, epoch, key, blobs FROM epochs WHERE channel=? ORDER BY sender, epoch", (channel,)
        )
        return [PutEpoch(sender, epoch, key, unpack(blobs)) for sender, epoch, key, blobs in rows]

    def heads(self, origin: str) -> list[PutHead]:
        """Signed heads of a log by size; ``previous`` is the size of the one before."""
        found, previous = [], 0
        rows = self._rows(
            "SELECT h.size, h.root, h.note, l.mine FROM heads h JOIN logs l ON l.id=h.log WHERE l.origin=?"
            " ORDER BY h.size",
            (origin,),
        )
        for size, root, note, mine in rows:
            found.append(PutHead(origin, size, root, note, previous, bool(mine)))
            previous = size
        return found

    def head_note(self, origin: str, size: int) -> bytes:
        """The signed note of one head. RefusedError if none of this size is held."""
        rows = self._rows(
            "SELECT h.note FROM heads h JOIN logs l ON l.id=h.log WHERE l.origin=? AND h.size=?",
            (origin, size),
        )
        if not rows:
            raise RefusedError(f"no signed head of {origin} at size {size} is held")
        return bytes(rows[0][0])

    def head_sizes(self) -> dict[str, int]:
        """Origin to the size of the newest head, over all logs."""
        return dict(
            self._rows(
                "SELECT origin, size FROM (SELECT origin, (SELECT max(size) FROM heads WHERE log=l.id) size"
                " FROM logs l) WHERE size IS NOT NULL"
            )
        )

    def receipts(self, origin: str) -> list[PutReceipt]:
        """Cosignatures over a log's heads, in order of arrival."""
        rows = self._rows(
            "SELECT r.size, r.by, r.seconds, r.note FROM receipts r JOIN logs l ON l.id=r.log"
            " WHERE l.origin=? ORDER BY r.n",
            (origin,),
        )
        return [PutReceipt(origin, *row) for row in rows]

    def items(self, ref: str) -> list[PutItem]:
        """Item receipts of an entry, or of all entries of a log (``ref``: entry id or origin)."""
        rows = self._rows(
            "SELECT i.entry_id, l.origin, i.by, i.arrived, i.note FROM items i JOIN logs l ON l.id=i.log"
            " WHERE i.entry_id=? OR i.log=(SELECT id FROM logs WHERE origin=?) ORDER BY i.n",
            (ref, ref),
        )
        return [PutItem(*row) for row in rows]

    def early(self, channel: str) -> list[PutEarly]:
        """Statements kept ahead of their place."""
        rows = self._rows(
            "SELECT l.origin, e.idx, e.entry_id, e.raw, e.arrived, e.labels FROM early e"
            " JOIN logs l ON l.id=e.log WHERE l.channel=? ORDER BY e.arrived, e.entry_id",
            (channel,),
        )
        return [replace(PutEarly(*row), labels=split(row[5])) for row in rows]

    def evidence(self, channel: str) -> list[PutEvidence]:
        """Kept proofs of broken promises, oldest first."""
        rows = self._rows(
            "SELECT key, origin, what, at, files FROM evidence WHERE channel=? ORDER BY at, key", (channel,)
        )
        return [PutEvidence(key, origin, what, at, unpack(files)) for key, origin, what, at, files in rows]

    def leaves(self, origin: str, start: int, stop: int) -> list[tuple[bytes, tuple[bytes, bytes] | None]]:
        """Leaves ``start`` up to ``stop`` (not included) of a log, each with (seed, body) if there."""
        rows = self._rows(
            "SELECT v.raw, b.seed, b.raw FROM leaves v LEFT JOIN bodies b ON b.entry_id=v.entry_id"
            " WHERE v.log=(SELECT id FROM logs WHERE origin=?) AND v.idx>=? AND v.idx<? ORDER BY v.idx",
            (origin, start, stop),
        )
        return [(raw, None if seed is None else (seed, body)) for raw, seed, body in rows]

    def leaf_hashes(self, origin: str) -> list[bytes]:
        """The kept leaf hashes of a log, in order."""
        rows = self._rows(
            "SELECT hash FROM leaves WHERE log=(SELECT id FROM logs WHERE origin=?) ORDER BY idx", (origin,)
        )
        return [row[0] for row in rows]

    def last_times(self, origin: str) -> tuple[int, int]:
        """(our clock at the newest leaf, by how much the time placed was ahead of that), both ms."""
        rows = self._rows(
            "SELECT arrived, json_extract(CAST(raw AS TEXT), '$.placement.time') FROM leaves"
            " WHERE log=(SELECT id FROM logs WHERE origin=?) AND json_valid(CAST(raw AS TEXT))"
            " ORDER BY idx DESC LIMIT 1",
            (origin,),
        )
        return (rows[0][0], (rows[0][1] or 0) - rows[0][0]) if rows else (0, 0)

    def leaf_of(self, entry_id: str) -> tuple[str, int, bytes] | None:
        """(origin, index, leaf) of an entry where it counts."""
        rows = self._rows(
            "SELECT l.origin, v.idx, v.raw FROM leaves v JOIN logs l ON l.id=v.log WHERE v.n="  # noqa: S608
            f"(SELECT n FROM leaves WHERE entry_id=? {FIRST})",
            (entry_id,),
        )
        return rows[0] if rows else None

    def body(self, entry_id: str) -> tuple[bytes, bytes] | None:
        """(seed, body JSON) of an entry, if here."""
        rows = self._rows("SELECT seed, raw FROM bodies WHERE entry_id=?", (entry_id,))
        return rows[0] if rows else None

    def entry_ids(self, prefix: str) -> list[str]:
        """Ids that begin with ``prefix`` (lower-case hex), at most ten."""
        top = prefix + "g"
        rows = self._rows(
            "SELECT DISTINCT entry_id FROM leaves WHERE entry_id>=?1 AND entry_id<?2"
            " UNION SELECT entry_id FROM early WHERE entry_id>=?1 AND entry_id<?2 LIMIT 10",
            (prefix, top),
        )
        return [row[0] for row in rows]

    def rows_since(self, channel: str, after: int, most: int | None = None) -> list[Row]:
        """Leaves that arrived after row ``after``, in order of arrival; all, or the first ``most``."""
        return self._view_rows("l.channel=? AND v.n>?", (channel, after), -1 if most is None else most)

    def rows_of(self, channel: str, entry_id: str) -> list[Row]:
        """The leaves of one entry in a channel."""
        return self._view_rows("l.channel=? AND v.entry_id=?", (channel, entry_id))

    def _view_rows(self, where: str, values: Sequence[Any], most: int = -1) -> list[Row]:
        rows = self._rows(
            "SELECT v.n, l.origin, v.idx, v.entry_id, v.raw, v.arrived, v.labels, b.raw FROM leaves v"  # noqa: S608
            " CROSS JOIN logs l ON l.id=v.log LEFT JOIN bodies b ON b.entry_id=v.entry_id"
            f" WHERE {where} ORDER BY v.n LIMIT ?",
            (*values, most),
        )
        return [
            Row(n, origin, index, entry_id, raw, arrived, split(labels), body)
            for n, origin, index, entry_id, raw, arrived, labels, body in rows
        ]

    def marks_since(
        self, channel: str, receipt: int, item: int, most: int | None = None
    ) -> tuple[list[Doc], list[Doc]]:
        """Receipts and item receipts of a channel that came after these row numbers; all, or the first."""
        limit = -1 if most is None else most
        receipts = self._docs(
            "SELECT r.n, l.origin, r.size, r.by, r.seconds FROM receipts r CROSS JOIN logs l ON l.id=r.log"
            " WHERE l.channel=? AND r.n>? ORDER BY r.n LIMIT ?",
            (channel, receipt, limit),
        )
        items = self._docs(
            "SELECT i.n, i.entry_id, i.by, i.arrived FROM items i CROSS JOIN logs l ON l.id=i.log"
            " WHERE l.channel=? AND i.n>? ORDER BY i.n LIMIT ?",
            (channel, item, limit),
        )
        return receipts, items

    def revised_since(self, after: int) -> list[tuple[int, str]]:
        """(row number, entry id) of entries whose labels or body changed later."""
        return [(n, entry) for n, entry in self._rows("SELECT n, entry_id FROM revised WHERE n>?", (after,))]

    def members(self, channel: str) -> dict[str, Doc]:
        """Fingerprint to card credential of a channel's members."""
        rows = self._rows("SELECT party, card FROM members WHERE channel=?", (channel,))
        return {party: json.loads(card) for party, card in rows}
