# SPDX-License-Identifier: Apache-2.0
"""The store: what a line and its node made durable, in one SQLite file.

``Store`` is what the rest of the node relies on; ``SqliteStore`` is the engine. Leaf, body and signed head
of one step are one transaction, synced before ``commit`` returns (WAL, ``synchronous=FULL``). SQL stands
here, in ``schema`` (tables), ``reads`` (lines) and ``tables`` (the node's own), and nowhere else.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol

from detente.errors import DetenteError, FatalError, RefusedError, UsageError
from detente.line.writes import (
    DropEarly,
    PutBody,
    PutEarly,
    PutEpoch,
    PutEvidence,
    PutHead,
    PutItem,
    PutLabels,
    PutLeaf,
    PutLog,
    PutMember,
    PutReceipt,
    Write,
)
from detente.node import schema
from detente.node.files import sync_dir
from detente.node.past import PastReads
from detente.node.reads import FIRST, LineReads, join, pack
from detente.node.tables import Doc, NodeTables

DISK_RESERVE = 64 * 1024 * 1024
# Pages. Moving the write-ahead log into the file holds a commit up: it is done in a pause, and within a
# commit only when the log has become this long.
WAL_MOST = 4_000
WAL_TIDY = 500
# What a commit writes at least, in pages, and how many seconds without one are a pause.
PAGES = 5
QUIET = 0.5


class Store(Protocol):
    """What a line and its node need of an engine. Every method raises only ``DetenteError``."""

    def commit(self, channel: str, writes: Sequence[Write]) -> None:
        """Make all of a step durable or none, before returning; see ``SqliteStore.commit``."""

    def load(self, channel: str) -> Iterator[Write]:
        """Every write that rebuilds the line, in an order in which each rests only on earlier ones."""

    def leaves(self, origin: str, start: int, stop: int) -> list[tuple[bytes, tuple[bytes, bytes] | None]]:
        """(leaf, (seed, body) or None) from ``start`` up to ``stop``, not included."""

    def leaf_of(self, entry_id: str) -> tuple[str, int, bytes] | None:
        """(origin, index, leaf) of an entry."""

    def body(self, entry_id: str) -> tuple[bytes, bytes] | None:
        """(seed, body JSON) of an entry."""

    def head_note(self, origin: str, size: int) -> bytes:
        """The signed note of one head; RefusedError if it is not held."""

    def heads(self, origin: str) -> list[PutHead]:
        """Signed heads of a log by size."""

    def logs(self, channel: str) -> list[PutLog]:
        """The logs of a channel."""

    def receipts(self, origin: str) -> list[PutReceipt]:
        """Cosignatures over a log's heads."""

    def items(self, ref: str) -> list[PutItem]:
        """Item receipts of an entry or of a log."""

    def early(self, channel: str) -> list[PutEarly]:
        """Statements kept ahead of their place."""

    def evidence(self, channel: str) -> list[PutEvidence]:
        """Kept proofs of broken promises."""

    def channels(self) -> list[Doc]:
        """All channels."""

    def put_channel(self, channel: str, kind: str, about: str, created: int, state: Doc) -> None:
        """Add a channel or change its state."""


def disk_low(path: Path, share: float = 1.0) -> bool:
    """True when less is free on the disk of ``path`` than this share of ``DETENTE_DISK_RESERVE`` (64 MiB)."""
    text = os.environ.get("DETENTE_DISK_RESERVE", "")
    reserve = int(text) if text.isdecimal() else DISK_RESERVE
    return shutil.disk_usage(path).free < reserve * share


_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


@contextlib.contextmanager
def _errors(path: Path) -> Iterator[None]:
    """Say the engine's errors as ours, in one line with what to do."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_FULL:
            raise RefusedError(
                f"no space is left for {path}: nothing was written; free some and repeat"
            ) from None
        if code in _BUSY:
            raise RefusedError(f"another program is writing to {path}: nothing was written; repeat") from None
        if code == sqlite3.SQLITE_READONLY:
            raise RefusedError(f"{path} is open for reading only: nothing was written") from None
        if code in _DAMAGED:
            raise FatalError(
                f"the store {path} is damaged ({error}): go on from a backup (`detente restore`)"
            ) from None
        raise FatalError(f"the store {path} failed ({error}): stop the node and start it again") from None


def _lost(origin: str) -> str:
    return f"the log {origin} needs a succession before this party can go on in it: bring the root key"


class SqliteStore(LineReads, PastReads, NodeTables):
    """One party's store in one file. One writer; any number of readers through ``open(read_only=True)``.

    ``bar`` says, if it is set, why nothing of ours may be signed here; what comes in is still kept.
    ``on_head`` is told (origin, size) of each head after its commit.
    """

    def __init__(self, path: Path, db: sqlite3.Connection) -> None:
        self.path = path
        self.bar: str | None = None
        self.on_head: Callable[[str, int], None] | None = None
        self._db = db
        self._lock = threading.RLock()
        self._ids: dict[str, tuple[int, bool]] = {}
        self._dead: str | None = None
        self._commits = 0
        self._last_commit = 0.0

    # Opening -------------------------------------------------------------------------------------------

    @classmethod
    def create(cls, path: Path) -> SqliteStore:
        """Make a new, empty store at ``path``, synced with its directory. RefusedError if it is there."""
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        except FileExistsError:
            raise RefusedError(f"{path} is there already; choose another place") from None
        except OSError as error:
            raise RefusedError(f"cannot make {path}: {error.strerror}; choose another place") from None
        store = cls._connect(path, read_only=False)
        store.upgrade()
        sync_dir(path.parent)
        return store

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False, upgrade: bool = False) -> SqliteStore:
        """Open the store at ``path``.

        UsageError if there is none, RefusedError if a newer program made it (or an older one, unless
        ``upgrade``), FatalError if it is damaged.
        """
        if not path.is_file():
            raise UsageError(f"there is no store at {path}; is the directory a home made by `detente init`?")
        store = cls._connect(path, read_only=read_only)
        try:
            store.check_version(upgrade=upgrade)
        except DetenteError:
            store.close()
            raise
        return store

    @classmethod
    def _connect(cls, path: Path, *, read_only: bool) -> SqliteStore:
        uri = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rw'}"
        with _errors(path):
            db = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=5.0)
            db.execute("PRAGMA foreign_keys=ON")
            if not read_only:
                db.execute("PRAGMA journal_mode=WAL")
                db.execute("PRAGMA synchronous=FULL")
                # Entry ids are random, so index pages are touched anywhere: keep them at hand, and write
                # them back less often (16 MiB of log). Both change speed only.
                db.execute("PRAGMA cache_size=-32768")
                db.execute(f"PRAGMA wal_autocheckpoint={WAL_MOST}")
        return cls(path, db)

    def check_version(self, *, upgrade: bool = False) -> None:
        """RefusedError unless the file has the newest format, or an older one and ``upgrade`` is wanted."""
        found, known = self.version, len(schema.MIGRATIONS)
        if found > known:
            raise RefusedError(
                f"{self.path} has format {found}, this program knows {known}: use a newer detente"
            )
        if found < known and not upgrade:
            raise RefusedError(f"{self.path} has the older format {found}: open its home once to upgrade it")

    @classmethod
    def peek(cls, path: Path) -> int:
        """The format version of the store at ``path``, whatever it is; UsageError, FatalError as ``open``."""
        if not path.is_file():
            raise UsageError(f"there is no store at {path}; put it back from a backup (`detente restore`)")
        store = cls._connect(path, read_only=True)
        try:
            return store.version
        finally:
            store.close()

    @property
    def version(self) -> int:
        """The format version of the file."""
        with _errors(self.path):
            return int(self._db.execute("PRAGMA user_version").fetchone()[0])

    def upgrade(self) -> None:
        """Bring the tables to the newest format, all or nothing."""
        for number in range(self.version, len(schema.MIGRATIONS)):
            with self._transaction():
                for statement in schema.MIGRATIONS[number]:
                    self._db.execute(statement)
                self._db.execute(f"PRAGMA user_version={number + 1}")

    def close(self) -> None:
        """Close the file. May be called again."""
        self._db.close()

    def copy_to(self, path: Path) -> None:
        """Write a consistent copy of the whole store to the new file ``path`` (SQLite online backup)."""
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        with _errors(path), contextlib.closing(sqlite3.connect(path)) as target:
            self._db.backup(target)
            target.execute("PRAGMA journal_mode=DELETE")
        with path.open("rb") as file:
            os.fsync(file.fileno())

    def quick_check(self) -> str | None:
        """What SQLite finds wrong with the file, or None."""
        try:
            answer = str(self._db.execute("PRAGMA quick_check(1)").fetchone()[0])
        except sqlite3.Error as error:
            return str(error)
        return None if answer == "ok" else answer

    # Committing ----------------------------------------------------------------------------------------

    def commit(self, channel: str, writes: Sequence[Write]) -> None:
        """Make all of ``writes`` durable, or none.

        RefusedError: nothing was written (disk full, busy, a copy that must not sign).
        FatalError: the state is unknown or the step rests on a state that is not ours: stop and load again.
        """
        groups: dict[type, list[Any]] = {}
        for write in writes:
            groups.setdefault(type(write), []).append(write)
        with self._transaction():
            for kind, put in self._ORDER:
                if kind in groups:
                    put(self, channel, groups[kind])
            self._check_own_heads(groups)
            self._check_own_receipts(channel, groups)
            self._note_revised(groups)
        if self.on_head is not None:
            for head in groups.get(PutHead, ()):
                self.on_head(head.origin, head.size)

    def tidy(self) -> None:
        """To be called now and then: after enough commits, and when none came lately, shorten the log."""
        with self._lock:
            if self._commits * PAGES < WAL_TIDY or time.monotonic() - self._last_commit < QUIET:
                return
            self._commits = 0
            with contextlib.suppress(sqlite3.Error):
                self._db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        """One write transaction; an engine's error becomes ours, and an unknown outcome stops this store."""
        with self._lock:
            if self._dead is not None:
                raise FatalError(self._dead)
            with _errors(self.path):
                self._db.execute("BEGIN IMMEDIATE")
            try:
                with _errors(self.path):
                    yield
                    self._db.execute("COMMIT")
                self._commits += 1
                self._last_commit = time.monotonic()
            except BaseException as error:
                self._ids.clear()
                self._undo(error)
                raise

    def _undo(self, cause: BaseException) -> None:
        if isinstance(cause, FatalError):
            self._dead = str(cause)
        try:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
        except sqlite3.Error as error:
            self._dead = (
                f"the store {self.path} could not undo a step ({error}): stop the node and start it again"
            )
            raise FatalError(self._dead) from None

    def _log(self, origin: str) -> tuple[int, bool]:
        """(row id, whether it is ours) of a log. FatalError if it was never put."""
        if origin not in self._ids:
            row = self._db.execute("SELECT id, mine FROM logs WHERE origin=?", (origin,)).fetchone()
            if row is None:
                raise FatalError(f"a step names the log {origin}, which the store does not know")
            self._ids[origin] = (row[0], bool(row[1]))
        return self._ids[origin]

    def _put_members(self, channel: str, rows: list[PutMember]) -> None:
        self._db.executemany(
            "INSERT OR REPLACE INTO members VALUES(?,?,?)",
            [(channel, row.party, json.dumps(row.card)) for row in rows],
        )

    def _put_logs(self, channel: str, rows: list[PutLog]) -> None:
        for row in rows:
            self._check_log_is_new(channel, row)
        self._db.executemany(
            "INSERT INTO logs(origin, channel, party, seq, base, log_key, receipt_key, pq_key, mine, lost)"
            " VALUES(?,?,?,?,?,?,?,?,?,?)"
            " ON CONFLICT(origin) DO UPDATE SET base=excluded.base, seq=excluded.seq",
            [
                (
                    r.origin,
                    channel,
                    r.party,
                    r.seq,
                    r.base,
                    r.log_key,
                    r.receipt_key,
                    r.pq_key,
                    r.mine,
                    r.given,
                )
                for r in rows
            ],
        )

    def _check_log_is_new(self, channel: str, log: PutLog) -> None:
        """A log belongs to one channel, one party and its keys for good; a spent one is never opened."""
        held = self._db.execute(
            "SELECT channel, party, log_key, receipt_key, mine FROM logs WHERE origin=?", (log.origin,)
        ).fetchone()
        if held is None and log.mine and not log.given and log.origin in self.spent_logs():
            raise RefusedError(
                "this prepared log may have been opened in a state that was lost; bring the root key:"
                " detente keys prepare HOME --root FILE"
            )
        if held not in (None, (channel, log.party, log.log_key, log.receipt_key, int(log.mine))):
            raise RefusedError(
                f"the log {log.origin} is in use already, elsewhere or with other keys: not kept"
            )

    def _put_epochs(self, channel: str, rows: list[PutEpoch]) -> None:
        self._db.executemany(
            "INSERT OR REPLACE INTO epochs VALUES(?,?,?,?,?)",
            [(channel, row.sender, row.epoch, row.key, pack(row.blobs)) for row in rows],
        )

    def _put_bodies(self, channel: str, rows: list[PutBody]) -> None:
        self._db.executemany(
            "INSERT INTO bodies(entry_id, seed, raw) VALUES(?,?,?)"
            " ON CONFLICT(entry_id) DO UPDATE SET seed=excluded.seed, raw=excluded.raw",
            [(row.entry_id, row.seed, row.raw) for row in rows],
        )

    def _put_leaves(self, channel: str, rows: list[PutLeaf]) -> None:
        sizes: dict[str, int] = {}
        values = []
        for row in rows:
            log, _ = self._log(row.origin)
            size = sizes[row.origin] if row.origin in sizes else self._leaf_count(log)
            if row.index != size:
                raise FatalError(
                    f"leaf {row.index} of {row.origin} does not follow the {size} kept: load again"
                )
            sizes[row.origin] = size + 1
            values.append((log, row.index, row.entry_id, row.hash, row.arrived, join(row.labels), row.raw))
        self._db.executemany(
            "INSERT INTO leaves(log, idx, entry_id, hash, arrived, labels, raw) VALUES(?,?,?,?,?,?,?)", values
        )

    def _leaf_count(self, log: int) -> int:
        (last,) = self._db.execute("SELECT max(idx) FROM leaves WHERE log=?", (log,)).fetchone()
        return 0 if last is None else int(last) + 1

    def _put_heads(self, channel: str, rows: list[PutHead]) -> None:
        for row in rows:
            log, mine = self._log(row.origin)
            held = self._db.execute(
                "SELECT size, root FROM heads WHERE log=? ORDER BY size DESC LIMIT 1", (log,)
            ).fetchone() or (0, b"")
            if mine:
                self._check_own_head(row, int(held[0]), log)
            if held[0] == row.size and held[1] not in (b"", row.root):
                raise FatalError(f"two roots for size {row.size} of {row.origin}: this head is not kept")
            self._db.execute(
                "INSERT OR REPLACE INTO heads VALUES(?,?,?,?)", (log, row.size, row.root, row.note)
            )

    def _check_own_head(self, head: PutHead, held: int, log: int) -> None:
        """Compare-and-swap: only the head that follows the one we hold, and never in a log we lost."""
        if held != head.previous or head.size < held:
            raise FatalError(
                f"the head of {head.origin} is {held}, not {head.previous}: another program has signed here;"
                " stop the node and start it again"
            )
        if not head.mine:  # a member gave it back: whoever signed it, it was not this state of ours
            self._db.execute("UPDATE logs SET lost=1 WHERE id=?", (log,))
            return
        if self.bar is not None:
            raise RefusedError(self.bar)
        if self._db.execute("SELECT lost FROM logs WHERE id=?", (log,)).fetchone()[0]:
            raise RefusedError(_lost(head.origin))

    def _check_own_heads(self, groups: dict[type, list[Any]]) -> None:
        """No leaf of ours without a signed head over it in the same transaction, and none the other way."""
        touched = {row.origin for kind in (PutLeaf, PutHead) for row in groups.get(kind, ())}
        for origin in touched:
            log, mine = self._log(origin)
            if not mine:
                continue
            (head,) = self._db.execute("SELECT max(size) FROM heads WHERE log=?", (log,)).fetchone()
            if (head or 0) != self._leaf_count(log):
                raise FatalError(f"a step would leave {origin} with leaves and head apart: not kept")

    def _check_own_receipts(self, channel: str, groups: dict[type, list[Any]]) -> None:
        """What we give receipts for is a promise too: none from a copy, none from a log that was lost."""
        makers = {row.by for kind in (PutReceipt, PutItem) for row in groups.get(kind, ())}
        if not makers:
            return
        own = self._db.execute(
            "SELECT party, lost, origin FROM logs WHERE channel=? AND mine ORDER BY seq DESC LIMIT 1",
            (channel,),
        ).fetchone()
        if own is None or own[0] not in makers:
            return
        if self.bar is not None:
            raise RefusedError(self.bar)
        if own[1]:
            raise RefusedError(_lost(own[2]))

    def _put_receipts(self, channel: str, rows: list[PutReceipt]) -> None:
        self._db.executemany(
            "INSERT INTO receipts(log, size, by, seconds, note) VALUES(?,?,?,?,?)"
            " ON CONFLICT(log, by, size, seconds) DO NOTHING",
            [(self._log(r.origin)[0], r.size, r.by, r.seconds, r.note) for r in rows],
        )

    def _put_items(self, channel: str, rows: list[PutItem]) -> None:
        self._db.executemany(
            "INSERT INTO items(entry_id, log, by, arrived, note) VALUES(?,?,?,?,?)"
            " ON CONFLICT(entry_id, by) DO NOTHING",
            [(r.entry_id, self._log(r.origin)[0], r.by, r.arrived, r.note) for r in rows],
        )

    def _put_early(self, channel: str, rows: list[PutEarly]) -> None:
        self._db.executemany(
            "INSERT OR REPLACE INTO early VALUES(?,?,?,?,?,?)",
            [(r.entry_id, self._log(r.origin)[0], r.index, r.arrived, join(r.labels), r.raw) for r in rows],
        )

    def _drop_early(self, channel: str, rows: list[DropEarly]) -> None:
        self._db.executemany("DELETE FROM early WHERE entry_id=?", [(row.entry_id,) for row in rows])

    def _put_labels(self, channel: str, rows: list[PutLabels]) -> None:
        values = [(join(row.labels), row.entry_id) for row in rows]
        self._db.executemany(
            f"UPDATE leaves SET labels=? WHERE n=(SELECT n FROM leaves WHERE entry_id=? {FIRST})",  # noqa: S608
            values,
        )
        self._db.executemany("UPDATE early SET labels=? WHERE entry_id=?", values)

    def _put_evidence(self, channel: str, rows: list[PutEvidence]) -> None:
        self._db.executemany(
            "INSERT OR IGNORE INTO evidence VALUES(?,?,?,?,?,?)",
            [(channel, r.key, r.origin, r.what, r.at, pack(r.files)) for r in rows],
        )

    def _note_revised(self, groups: dict[type, list[Any]]) -> None:
        fresh = {row.entry_id for kind in (PutLeaf, PutEarly) for row in groups.get(kind, ())}
        changed = {row.entry_id for kind in (PutLabels, PutBody) for row in groups.get(kind, ())}
        if changed - fresh:
            self._db.executemany(
                "INSERT INTO revised(entry_id) VALUES(?)", [(entry,) for entry in sorted(changed - fresh)]
            )

    # What is referred to goes in first.
    _ORDER: ClassVar[tuple[tuple[type, Callable[[SqliteStore, str, list[Any]], None]], ...]] = (
        (PutMember, _put_members),
        (PutLog, _put_logs),
        (PutEpoch, _put_epochs),
        (PutBody, _put_bodies),
        (PutLeaf, _put_leaves),
        (PutHead, _put_heads),
        (PutReceipt, _put_receipts),
        (PutItem, _put_items),
        (PutEarly, _put_early),
        (DropEarly, _drop_early),
        (PutLabels, _put_labels),
        (PutEvidence, _put_evidence),
    )

    # Asking -------------------------------------------------------------------------------------------

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._lock, _errors(self.path):
            return self._db.execute(sql, values).fetchall()

    def _docs(self, sql: str, values: Sequence[Any] = (), parsed: Sequence[str] = ()) -> list[Doc]:
        """Rows as dicts by column name; the columns in ``parsed`` hold JSON."""
        with self._lock, _errors(self.path):
            cursor = self._db.execute(sql, values)
            names = [column[0] for column in cursor.description]
            docs = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        for doc in docs:
            for name in parsed:
                doc[name] = json.loads(doc[name])
        return docs

    def _run(self, sql: str, values: Sequence[Any]) -> None:
        with self._transaction():
            self._db.execute(sql, values)
