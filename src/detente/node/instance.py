# SPDX-License-Identifier: Apache-2.0
"""The instance marker: how a home finds out that it is a copy, or an old state of itself.

The marker lies outside the home, so no copy and no backup of the home carries it along. It names the one
store file that may sign (nonce, inode) and how far each log had come. Two files in the state
directory: ``<home id>.json``, synced, written when a home is claimed; ``<home id>.sizes``, one line of fixed
width a log, overwritten in place after each commit and not synced: after a power cut it may be behind, which
only makes it less strict.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from detente.errors import RefusedError
from detente.node.files import make_dir, write_private

META_NONCE = "instance"
_WIDTH = 62  # origin (44), space, 16 digits, LF


def state_dir() -> Path:
    """Where markers are kept: ``DETENTE_STATE_DIR``, else the XDG state directory of the user."""
    own = os.environ.get("DETENTE_STATE_DIR")
    if own:
        return Path(own)
    base = os.environ.get("XDG_STATE_HOME")
    return Path(base, "detente") if base else Path.home() / ".local" / "state" / "detente"


@dataclass(frozen=True, slots=True)
class Place:
    """Which file on this machine it is. A reused inode is found out by the sizes."""

    path: str
    inode: int


def place_of(store: Path) -> Place:
    """The place of a store file."""
    # Never open the store file here: closing any descriptor of it would drop SQLite's locks in this process
    # (POSIX record locks), and another process could then take the log of the database away.
    return Place(str(store.resolve()), store.stat().st_ino)


class Instance:
    """The marker of one home."""

    def __init__(self, home_id: str, store: Path) -> None:
        self.home_id = home_id
        self.store = store
        self.state = state_dir()
        self._file = self.state / f"{home_id}.json"
        self._sizes_file = self.state / f"{home_id}.sizes"
        self._slots: dict[str, int] = {}
        self._handle: int | None = None

    def claim(self) -> str:
        """Make this store the one that may sign here; returns the nonce to keep in it. RefusedError."""
        nonce = secrets.token_hex(16)
        make_dir(self.state)
        self.close()
        write_private(self._sizes_file, b"")
        self._write(nonce, place_of(self.store))
        return nonce

    def _write(self, nonce: str, place: Place) -> None:
        write_private(self._file, json.dumps({"format": 1, "nonce": nonce, **asdict(place)}).encode())

    def check(self, nonce: str | None, held: Mapping[str, int]) -> str | None:
        """Why this home must not sign, or None. ``held``: origin to the size of the newest head in the store.

        A home that was only moved on its disk is recognised, and the marker follows it.
        """
        try:
            known = json.loads(self._file.read_bytes())
            marked = Place(known["path"], known["inode"])
        except (OSError, ValueError, KeyError, TypeError):
            return (
                f"it has no marker in {self.state}: it is a copy, came from another machine, or was made by"
                " another user or with another DETENTE_STATE_DIR"
            )
        here = place_of(self.store)
        if known["nonce"] != nonce:
            return f"it is a copy: another home of this party was put to work here ({marked.path})"
        if here.inode != marked.inode:
            return f"it is a copy, or was put back from one: another file signed last ({marked.path})"
        if self.store.stat().st_nlink > 1:
            return "its store has a second name (hard link), and another program may sign there"
        behind = [origin for origin, size in self.sizes().items() if size > held.get(origin, 0)]
        if behind:
            return f"it is an old state of itself: {len(behind)} of its logs had come further"
        if here.path != marked.path:
            self._write(known["nonce"], here)
        return None

    def sizes(self) -> dict[str, int]:
        """Origin to the size last noted. Lines that a power cut left unreadable are left out."""
        try:
            raw = self._sizes_file.read_bytes()
        except OSError:
            return {}
        found = {}
        for start in range(0, len(raw), _WIDTH):
            origin, _, size = raw[start : start + _WIDTH].decode("ascii", "replace").partition(" ")
            if len(size) == _WIDTH - 45 and size.strip().isdecimal():
                found[origin] = int(size)
                self._slots[origin] = start
        return found

    def advance(self, origin: str, size: int) -> None:
        """Note how far a log has come. Cheap and unsynced; never fails, as the commit it follows is done."""
        with contextlib.suppress(OSError):
            if self._handle is None:
                self.sizes()
                self._handle = os.open(self._sizes_file, os.O_CREAT | os.O_RDWR, 0o600)
            line = f"{origin} {size:016d}\n".encode()
            if len(line) == _WIDTH:
                os.pwrite(self._handle, line, self._slots.setdefault(origin, len(self._slots) * _WIDTH))

    def forget(self) -> None:
        """Take the marker away: a home that could not be made leaves nothing."""
        self.close()
        with contextlib.suppress(OSError):
            self._file.unlink(missing_ok=True)
            self._sizes_file.unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of the file."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def advice(home: Path, reason: str) -> str:
    """The line that is shown where something should have been signed."""
    return (
        f"{home} must not sign: {reason}. Use the home that signed last; if that is gone,"
        " `detente backup`, `detente restore` and a succession with the root key go on from here"
    )


def require_dir() -> Path:
    """The state directory, made if need be. RefusedError with what to set if it cannot be."""
    try:
        make_dir(state_dir())
    except RefusedError as error:
        raise RefusedError(f"{error}, with DETENTE_STATE_DIR") from None
    return state_dir()
