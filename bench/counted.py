# SPDX-License-Identifier: Apache-2.0
"""Commits and signatures, counted: ``python bench/counted.py FILE ARGUMENTS…`` is ``detente ARGUMENTS…``.

The program is the same; a count is kept in FILE, four numbers of 8 bytes: commits, signatures made, checked,
and 0. ``measure`` runs two nodes and an office in this way.
"""

from __future__ import annotations

import mmap
import sqlite3
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

NAMES = ("commits", "signed", "verified")
_SIZE = 32


class _Count:
    """Counters that another process can read."""

    def __init__(self, path: Path) -> None:
        with path.open("wb+") as file:
            file.truncate(_SIZE)
            self._map = mmap.mmap(file.fileno(), _SIZE)

    def add(self, at: int) -> None:
        """One more."""
        (held,) = struct.unpack_from("<Q", self._map, 8 * at)
        struct.pack_into("<Q", self._map, 8 * at, held + 1)

    def of(self, step: Callable[..., Any], at: int) -> Callable[..., Any]:
        """``step``, counted."""

        def counted(*arguments: Any, **named: Any) -> Any:
            self.add(at)
            return step(*arguments, **named)

        return counted


def read(path: Path) -> dict[str, int]:
    """What was counted so far."""
    return dict(zip(NAMES, struct.unpack("<QQQ", path.read_bytes()[:24]), strict=True))


def main() -> None:
    """Put the counters where keys and transactions are, then be the program."""
    from detente.seal import keys

    count = _Count(Path(sys.argv[1]))
    # Before any other module takes the names from there.
    keys.SigningKey.sign = count.of(keys.SigningKey.sign, 1)  # type: ignore[method-assign]
    keys.SigningKey.sign_raw = count.of(keys.SigningKey.sign_raw, 1)  # type: ignore[method-assign]
    keys.verify_raw = count.of(keys.verify_raw, 2)
    connect = sqlite3.connect

    def connected(*arguments: Any, **named: Any) -> sqlite3.Connection:
        made = connect(*arguments, **named)
        made.set_trace_callback(lambda statement: count.add(0) if statement == "COMMIT" else None)
        return made

    sqlite3.connect = connected  # type: ignore[assignment]
    sys.argv = ["detente", *sys.argv[2:]]
    from detente.cli.main import main as run

    run()


if __name__ == "__main__":
    main()
