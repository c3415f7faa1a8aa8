# SPDX-License-Identifier: Apache-2.0
"""A party's directory: what lies where, who may use it now, and which format it has."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import time
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from detente.errors import FatalError, MalformedError, RefusedError, UsageError
from detente.node import schema
from detente.node.files import make_dir, read_file, write_private
from detente.node.instance import META_NONCE, Instance, advice, require_dir
from detente.node.store import SqliteStore
from detente.node.tables import META_SPENT

FORMAT = 1
OFFICE = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")
_PATIENCE = 0.25


class BusyError(RefusedError):
    """Another process has the home: a serving node, or a command that will soon be done."""


@dataclass(frozen=True)
class HomeInfo:
    """What ``party.json`` says; ``party`` is the short party id, ``created`` in ms, ``home_id`` 32 hex."""

    format: int
    party: str
    name: str
    lang: str
    endpoint: str | None
    fingerprint: str
    created: int
    home_id: str


class Home:
    """One party's directory. Paths are attributes; nothing is read before it is needed but ``party.json``."""

    def __init__(self, path: Path, info: HomeInfo) -> None:
        self.path = path
        self.info = info
        self.card_file = path / "card.json"
        self.store_file = path / "store.db"
        self.keys = path / "keys"
        self.root_file = self.keys / "root.json"
        self.service_file = self.keys / "service.json"
        self.offices_dir = self.keys / "offices"
        self.run = path / "run"
        self.socket = self.run / "control.sock"
        self.serve_file = self.run / "serve.json"
        self.exports = path / "exports"
        self.instance = Instance(info.home_id, self.store_file)
        self._handle: int | None = None

    # Making and opening --------------------------------------------------------------------------------

    @classmethod
    def create(cls, path: Path | str, info: HomeInfo) -> Home:
        """Lay out a new home with an empty store, and claim it. RefusedError if something is there already.

        ``party.json`` is not written yet: ``finish`` does that when the keys are there.
        """
        path = Path(path).absolute()
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise RefusedError(f"{path} is there already and not empty; choose another place")
        require_dir()
        home = cls(path, info)
        for directory in (path, home.keys, home.offices_dir, home.run, home.exports):
            make_dir(directory)
        store = SqliteStore.create(home.store_file)
        store.put_meta(META_NONCE, home.instance.claim())
        store.close()
        return home

    def finish(self) -> None:
        """Write ``party.json``: from now on this directory is a home."""
        self.set_info()

    @classmethod
    def open(cls, path: Path | str) -> Home:
        """The home at ``path``, upgraded if an older program made it.

        UsageError if there is none; RefusedError if a newer program made it.
        """
        path = Path(path).absolute()
        if not (path / "party.json").is_file():
            raise UsageError(f"{path} is no home of a party; `detente init` makes one")
        home = cls(path, _parse_info(path / "party.json"))
        if home.info.format < FORMAT or _older(home.store_file):
            home.upgrade()
        return home

    def upgrade(self) -> None:
        """Bring an older home to this program's format, after a verified backup of its store beside it."""
        with self.lock():
            store = SqliteStore.open(self.store_file, upgrade=True)
            try:
                kept = self.path / f"store.before-{len(schema.MIGRATIONS)}.db"
                kept.unlink(missing_ok=True)
                store.copy_to(kept)
                _verify_copy(kept, store)
                store.upgrade()
            finally:
                store.close()
        self.set_info(format=FORMAT)

    def set_info(self, **changes: Any) -> None:
        """Change fields of ``party.json``."""
        self.info = replace(self.info, **changes)
        text = json.dumps(asdict(self.info), ensure_ascii=False, indent=1)
        write_private(self.path / "party.json", text.encode() + b"\n")

    def open_store(self, *, read_only: bool = False) -> SqliteStore:
        """The store. A copy or an old state, opened for writing, keeps what comes in but signs nothing."""
        store = SqliteStore.open(self.store_file, read_only=read_only)
        if not read_only:
            store.bar = self.must_not_sign(store)
            store.on_head = self.instance.advance
            if store.bar is None:
                for origin, size in store.head_sizes().items():
                    self.instance.advance(origin, size)
        return store

    def must_not_sign(self, store: SqliteStore) -> str | None:
        """Why this home must not go on in its own logs (a line with what to do), or None."""
        reason = self.instance.check(store.meta(META_NONCE), store.head_sizes())
        return None if reason is None else advice(self.path, reason)

    def adopt(self, store: SqliteStore, prepared: Collection[str]) -> None:
        """Make a copy or a restored home one of its own, that goes on by successions.

        Its logs stay closed here for good. So do the ``prepared`` ones (origins in the service vault): any of
        them may have been opened after the state that this home has. It gets an id and a marker of its own,
        so the home it comes from is not disturbed.
        """
        store.mark_lost()
        store.put_meta(META_SPENT, json.dumps(sorted({*store.spent_logs(), *prepared})))
        self.instance.close()
        self.set_info(home_id=os.urandom(16).hex())
        self.instance = Instance(self.info.home_id, self.store_file)
        require_dir()
        store.put_meta(META_NONCE, self.instance.claim())
        for origin, size in store.head_sizes().items():
            self.instance.advance(origin, size)
        store.bar = None
        store.on_head = self.instance.advance

    def office_file(self, office: str) -> Path:
        """Where an office's key is kept. UsageError for what cannot be an office."""
        if not OFFICE.fullmatch(office):
            raise UsageError(f"{office!r} is no office: lower-case letters, digits, dot, dash, at most 32")
        return self.offices_dir / f"{office}.json"

    def offices(self) -> list[str]:
        """Offices whose keys are here."""
        return sorted(path.stem for path in self.offices_dir.glob("*.json"))

    def card(self) -> dict[str, Any]:
        """Our newest card credential."""
        found: dict[str, Any] = json.loads(read_file(self.card_file, "the card"))
        return found

    # Who uses it ---------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def lock(self, patience: float = _PATIENCE) -> Iterator[None]:
        """Hold the home for this process; BusyError if another has it for longer than ``patience`` (s)."""
        handle = os.open(self.path / "lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            until = time.monotonic() + patience
            while not _try_lock(handle, fcntl.LOCK_EX):
                if time.monotonic() > until:
                    raise BusyError(self._busy())
                time.sleep(0.02)
            yield
        finally:
            os.close(handle)

    def _busy(self) -> str:
        serving = self._announced()
        if serving is None:
            return f"another command is working in {self.path}: repeat when it is done"
        return f"the node of {self.path} is serving (process {serving.get('pid')}): stop it first"

    def serving(self) -> dict[str, Any] | None:
        """What the serving node announced (``pid``, ``line``, ``console``), or None if none is serving."""
        try:
            handle = os.open(self.path / "lock", os.O_RDONLY)
        except OSError:
            return None
        try:
            return None if _try_lock(handle, fcntl.LOCK_SH) else self._announced()
        finally:
            os.close(handle)

    def _announced(self) -> dict[str, Any] | None:
        try:
            found = json.loads(self.serve_file.read_bytes())
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def announce(self, line: str | None, console: str | None) -> None:
        """Say where the node of this process serves; only while it holds the lock."""
        make_dir(self.run)
        doc = {"pid": os.getpid(), "line": line, "console": console}
        write_private(self.serve_file, json.dumps(doc).encode())

    def retract(self) -> None:
        """The node no longer serves."""
        self.serve_file.unlink(missing_ok=True)


def _try_lock(handle: int, how: int) -> bool:
    try:
        fcntl.flock(handle, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _parse_info(path: Path) -> HomeInfo:
    try:
        doc = json.loads(read_file(path, "the party's file"))
        found = int(doc["format"])
        if found > FORMAT:
            raise RefusedError(f"{path.parent} has format {found}, not {FORMAT}: use a newer detente")
        return HomeInfo(**{name: doc[name] for name in HomeInfo.__dataclass_fields__})
    except (ValueError, KeyError, TypeError, OverflowError):
        raise MalformedError(f"{path} cannot be read as a party's file; put it back from a backup") from None


def _older(store: Path) -> bool:
    reader = SqliteStore.peek(store)
    return reader < len(schema.MIGRATIONS)


def _verify_copy(copy: Path, store: SqliteStore) -> None:
    """FatalError unless the backup is whole and holds the same heads."""
    kept = SqliteStore.open(copy, upgrade=True, read_only=True)
    try:
        if kept.quick_check() is not None or kept.head_sizes() != store.head_sizes():
            raise FatalError(
                f"the backup {copy} is not whole: nothing was upgraded; free some space and repeat"
            )
    finally:
        kept.close()
