# SPDX-License-Identifier: Apache-2.0
"""The store while a node serves and commands come and go beside it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from detente.node.home import Home
from detente.node.keystore import create_party

READ = """
import sys
from pathlib import Path
from detente.node.store import SqliteStore
store = SqliteStore.open(Path(sys.argv[1]))
print(store.meta("said"))
store.close()
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("DETENTE_STATE_DIR", str(tmp_path / "state"))
    return create_party(tmp_path / "by", "BY", "BY", None, "en", "a", "b", "c", 1)


def test_a_command_beside_the_node_does_not_take_the_write_ahead_log_away(home: Home) -> None:
    """POSIX locks: a descriptor of the database closed by us would drop SQLite's own, and the
    other process would think itself the last."""
    store = home.open_store()
    wal = home.store_file.with_name("store.db-wal")
    for number in range(3):
        store.put_meta("said", str(number))
        before = wal.stat().st_ino
        read = subprocess.run(
            [sys.executable, "-c", READ, str(home.store_file)], capture_output=True, text=True, check=True
        )
        assert read.stdout.strip() == str(number)
        assert wal.stat().st_ino == before
        home.must_not_sign(store)
    store.close()
    again = home.open_store()
    assert again.meta("said") == "2"
    again.close()
