# SPDX-License-Identifier: Apache-2.0
"""The real store on a disk that loses its power: at any statement of a commit, with torn and lost writes.

``MemoryDisk`` is the store over an in-memory database: what was committed stays, what was not is gone.
``FileDisk`` is the store on files: of the write-ahead log only what was synced is sure to survive, of the
rest a random part, the last of it torn. Slower, and truer.
"""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from detente.errors import DetenteError, FatalError
from detente.line.writes import Write
from detente.node.store import SqliteStore


class PowerCut(BaseException):
    """The machine lost its power within a commit; nothing of the program catches this."""


# What the engine may say of a statement, and whether the store can go on after it.
TROUBLES = {
    "full": (sqlite3.SQLITE_FULL, False),
    "busy": (sqlite3.SQLITE_BUSY, False),
    "i/o error": (sqlite3.SQLITE_IOERR, True),
}
CUT = "power cut"


class DiskError(Exception):
    """A commit failed, and the machine goes on. ``told``: what the store made of it."""

    def __init__(self, what: str, told: DetenteError) -> None:
        super().__init__(str(told))
        self.what, self.told, self.fatal = what, told, TROUBLES[what][1]
        assert self.fatal == isinstance(told, FatalError)


class Wire:
    """A database connection on which something goes wrong before its n-th statement."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db
        self.left: int | None = None
        self.what = CUT
        self.landed = False
        self.calm()

    def calm(self) -> None:
        """Nothing goes wrong: statements go straight to the database."""
        self.left = None
        self.execute: Callable[..., sqlite3.Cursor] = self.db.execute
        self.executemany: Callable[..., sqlite3.Cursor] = self.db.executemany

    def arm(self, left: int, what: str) -> None:
        """Before so many statements more go well, ``what`` happens; after a power cut nothing else does."""
        self.left, self.what = left, what
        self.execute, self.executemany = self._execute, self._executemany

    def _execute(self, sql: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        self._count(sql)
        return self.db.execute(sql, values)

    def _executemany(self, sql: str, values: Any) -> sqlite3.Cursor:
        self._count(sql)
        return self.db.executemany(sql, values)

    def _count(self, sql: str) -> None:
        assert self.left is not None
        if self.left == 0:
            self.calm()
            raise PowerCut if self.what == CUT else _said(self.what)
        self.left -= 1
        self.landed = self.landed or sql == "COMMIT"

    @property
    def in_transaction(self) -> bool:
        return self.db.in_transaction

    def close(self) -> None:
        self.db.close()


def _said(what: str) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(what)
    error.sqlite_errorcode = TROUBLES[what][0]
    return error


class MemoryDisk:
    """See the module."""

    def __init__(self, image: bytes | None = None) -> None:
        self._open(sqlite3.connect(":memory:", isolation_level=None))
        if image is None:
            self.store.upgrade()
        else:
            self.wire.db.deserialize(image)

    def _open(self, db: sqlite3.Connection) -> None:
        db.execute("PRAGMA foreign_keys=ON")
        self.wire = Wire(db)
        self.store = SqliteStore(Path("memory"), self.wire)  # type: ignore[arg-type]

    def commit(self, channel: str, writes: Sequence[Write], trouble: tuple[int, str] | None) -> None:
        """Commit; ``trouble``: before which statement what happens. Power that is to go later than the last
        statement goes right after it. Raises PowerCut, DiskError, DetenteError."""
        if trouble is None:
            self.wire.landed = False
            self.store.commit(channel, writes)
            return
        self.wire.landed = False
        self.wire.arm(*trouble)
        try:
            self.store.commit(channel, writes)
        except DetenteError as error:
            if self.wire.left is None:
                raise DiskError(trouble[1], error) from None
            raise
        finally:
            self.wire.calm()
        if trouble[1] == CUT:
            raise PowerCut

    @property
    def landed(self) -> bool | None:
        """Whether the commit that was cut is on the disk; None if that is open until it is read again."""
        return self.wire.landed

    def recover(self, chance: random.Random) -> None:
        """What a start after the power cut finds."""
        db = self.wire.db
        assert not db.in_transaction
        self._open(db)

    def image(self) -> bytes:
        """A consistent backup."""
        return bytes(self.wire.db.serialize())

    def reborn(self, image: bytes) -> MemoryDisk:
        """A disk that holds a backup."""
        self.wire.close()
        return MemoryDisk(image)

    def close(self) -> None:
        self.wire.close()


class FileDisk(MemoryDisk):
    """See the module; ``folder`` had best be in memory (tmpfs)."""

    def __init__(self, folder: Path, image: bytes | None = None) -> None:
        self.folder = folder
        self.number = len(list(folder.glob("store-*.db")))
        self.path = folder / f"store-{self.number}.db"
        self.tail = False
        if image is not None:
            self.path.write_bytes(image)
        self._open(self._connect())
        if image is None:
            self.store.upgrade()
        self._synced = self._wal_size()

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, isolation_level=None)
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("PRAGMA wal_autocheckpoint=0")  # the log only grows: what was synced is a prefix of it
        return db

    def _wal(self, path: Path) -> Path:
        return path.with_name(path.name + "-wal")

    def _wal_size(self) -> int:
        wal = self._wal(self.path)
        return wal.stat().st_size if wal.exists() else 0

    def commit(self, channel: str, writes: Sequence[Write], trouble: tuple[int, str] | None) -> None:
        self.tail = False
        try:
            super().commit(channel, writes, trouble)
        except PowerCut:
            self.tail = self.wire.landed
            raise
        self._synced = self._wal_size()

    @property
    def landed(self) -> bool | None:
        return None if self.tail else self.wire.landed

    def recover(self, chance: random.Random) -> None:
        old, size = self.path, self._wal_size()
        self.number += 1
        self.path = self.folder / f"store-{self.number}.db"
        shutil.copy(old, self.path)
        wal = self._wal(old).read_bytes() if size else b""
        if self.tail:
            keep = chance.choice([self._synced, size, chance.randint(self._synced, size)])
            torn = chance.randbytes(min(512, size - keep)) if chance.random() < 0.5 else b""
            wal = wal[:keep] + torn
        self._wal(self.path).write_bytes(wal)
        self.wire.close()
        old.unlink()
        self.tail = False
        self._open(self._connect())
        self._synced = self._wal_size()

    def reborn(self, image: bytes) -> MemoryDisk:
        self.wire.close()
        return FileDisk(self.folder, image)


Image = tuple[bytes, Any]
