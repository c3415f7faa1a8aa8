# SPDX-License-Identifier: Apache-2.0
"""Private files, written whole and durably or not at all."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from detente.errors import RefusedError, UsageError

PRIVATE_DIR = 0o700
PRIVATE_FILE = 0o600


def sync_dir(path: Path) -> None:
    """Make the names in a directory durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_dir(path: Path) -> None:
    """A directory for its owner only. RefusedError if it cannot be made."""
    try:
        path.mkdir(PRIVATE_DIR, parents=True, exist_ok=True)
        path.chmod(PRIVATE_DIR)
    except OSError as error:
        raise RefusedError(
            f"cannot make the directory {path}: {error.strerror}; choose another place"
        ) from None


def write_private(path: Path, raw: bytes) -> None:
    """Put ``raw`` at ``path``, mode 0600: the old content or the new, synced. RefusedError if it cannot."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        handle = os.open(temporary, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, PRIVATE_FILE)
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_dir(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise RefusedError(
            f"cannot write {path}: {error.strerror}; free some space or mend its rights"
        ) from None


def read_file(path: Path, what: str) -> bytes:
    """The bytes of a file. UsageError, naming ``what`` it is, if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {what} {path}: {error.strerror}") from None
