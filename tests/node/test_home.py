# SPDX-License-Identifier: Apache-2.0
"""A home is laid out privately, used by one process, and knows when it is a copy or an old state."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from detente.errors import DetenteError, FatalError, MalformedError, RefusedError, UsageError
from detente.line.writes import PutHead, PutLeaf, PutLog, PutReceipt
from detente.node import schema
from detente.node.home import Home
from detente.node.keystore import unlock_service
from detente.node.store import SqliteStore

from .conftest import PASS, make_home

CHANNEL = "c" * 32
OWN = "detente.log/" + "a" * 32
THEIRS = "detente.log/" + "b" * 32


def sign(home: Home, size: int, origin: str = OWN) -> None:
    """Place one leaf so that the own log has ``size`` leaves."""
    store = home.open_store()
    writes: list[PutLog | PutLeaf | PutHead] = []
    if size == 1:
        writes.append(PutLog(origin, home.info.fingerprint, 0, 0, "l", "r", "p", True))
    writes.append(PutLeaf(origin, size - 1, b"leaf", b"h" * 32, f"{size:064x}", 1, ()))
    writes.append(PutHead(origin, size, b"r" * 32, b"note", size - 1, True))
    try:
        store.commit(CHANNEL, writes)
    finally:
        store.close()


def reason(home: Home) -> str | None:
    store = home.open_store()
    try:
        return store.bar
    finally:
        store.close()


def test_layout_is_private(home: Home) -> None:
    for path in [home.path, *home.path.rglob("*")]:
        mode = path.stat().st_mode & 0o777
        assert mode == (0o700 if path.is_dir() else 0o600), path
    assert {"party.json", "card.json", "store.db", "keys"} <= {path.name for path in home.path.iterdir()}
    assert Home.open(home.path).info == home.info


def test_a_home_goes_only_into_an_empty_place(home: Home, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="not empty"):
        make_home(home.path)
    assert Home.open(home.path).info == home.info
    (tmp_path / "file").write_text("x")
    with pytest.raises(DetenteError):
        make_home(tmp_path / "file")


def test_what_is_no_home_is_said(tmp_path: Path, home: Home) -> None:
    with pytest.raises(UsageError, match="no home"):
        Home.open(tmp_path / "nothing")
    (home.path / "party.json").write_text("{")
    with pytest.raises(MalformedError, match="backup"):
        Home.open(home.path)


@pytest.mark.parametrize("number", ["Infinity", "1e999", "NaN", "[]", '"x"', "null"])
def test_a_partys_file_with_a_format_that_is_no_number_is_refused(home: Home, number: str) -> None:
    (home.path / "party.json").write_text(f'{{"format": {number}}}')
    with pytest.raises(MalformedError, match="put it back from a backup"):
        Home.open(home.path)


def test_a_newer_home_is_refused_in_one_line(home: Home) -> None:
    doc = json.loads((home.path / "party.json").read_text())
    (home.path / "party.json").write_text(json.dumps({**doc, "format": 99}))
    with pytest.raises(RefusedError, match="newer detente") as caught:
        Home.open(home.path)
    assert "\n" not in str(caught.value)


def test_an_older_home_is_upgraded_after_a_backup(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    sign(home, 1)
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, ("CREATE TABLE later(x)",)))
    upgraded = Home.open(home.path)
    assert SqliteStore.peek(upgraded.store_file) == len(schema.MIGRATIONS)
    (kept,) = home.path.glob("store.before-*.db")
    assert SqliteStore.peek(kept) == len(schema.MIGRATIONS) - 1
    assert reason(upgraded) is None
    sign(upgraded, 2)


def test_no_upgrade_without_a_whole_backup(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, ("CREATE TABLE later(x)",)))
    monkeypatch.setattr(SqliteStore, "quick_check", lambda self: "broken")
    with pytest.raises(FatalError, match="nothing was upgraded"):
        Home.open(home.path)
    assert SqliteStore.peek(home.store_file) == len(schema.MIGRATIONS) - 1


# One process at a time ---------------------------------------------------------------------------------


def test_lock_and_serving(home: Home) -> None:
    assert home.serving() is None
    with home.lock():
        home.announce("https://127.0.0.1:1", "http://localhost:2")
        serving = Home.open(home.path).serving()
        assert serving == {"pid": os.getpid(), "line": "https://127.0.0.1:1", "console": "http://localhost:2"}
        with pytest.raises(RefusedError, match=r"is serving \(process"), Home.open(home.path).lock(0.05):
            pass
        home.retract()
        with pytest.raises(RefusedError, match="another command"), Home.open(home.path).lock(0.05):
            pass
    assert home.serving() is None
    with home.lock():
        pass


def test_a_killed_node_leaves_no_lock(home: Home) -> None:
    script = (
        "import sys, os; from detente.node.home import Home\n"
        f"home = Home.open({str(home.path)!r})\n"
        "with home.lock():\n home.announce(None, None); print('up', flush=True); sys.stdin.read()"
    )
    child = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"up\n"
    serving = home.serving()
    assert serving is not None
    assert serving["pid"] == child.pid
    child.kill()
    child.communicate()
    assert home.serving() is None
    with home.lock():
        pass


# Copies and old states ---------------------------------------------------------------------------------


def assert_does_not_sign(home: Home, size: int, says: str) -> None:
    assert says in (reason(home) or "")
    with pytest.raises(RefusedError, match=says):
        sign(home, size)


def test_the_home_itself_goes_on(home: Home) -> None:
    for size in (1, 2, 3):
        sign(home, size)
    assert reason(Home.open(home.path)) is None


@pytest.mark.parametrize("keep", [True, False])
def test_a_copied_home_never_signs(home: Home, tmp_path: Path, keep: bool) -> None:
    sign(home, 1)
    shutil.copytree(home.path, tmp_path / "copy", copy_function=shutil.copy2 if keep else shutil.copy)
    assert_does_not_sign(Home.open(tmp_path / "copy"), 2, "copy")
    sign(home, 2)


def test_a_copy_put_in_the_homes_place_never_signs(home: Home, tmp_path: Path) -> None:
    sign(home, 1)
    shutil.copytree(home.path, tmp_path / "copy")
    shutil.rmtree(home.path)
    (tmp_path / "copy").rename(home.path)
    assert_does_not_sign(Home.open(home.path), 2, "must not sign")


def test_deletion_and_re_copy_never_signs_from_an_old_state(home: Home, tmp_path: Path) -> None:
    sign(home, 1)
    shutil.copytree(home.path, tmp_path / "copy")
    sign(home, 2)
    shutil.rmtree(home.path)
    shutil.copytree(tmp_path / "copy", home.path)
    # The new file may be given the old one's inode; then the sizes tell.
    assert_does_not_sign(Home.open(home.path), 2, "must not sign")


def test_a_moved_home_goes_on(home: Home, tmp_path: Path) -> None:
    sign(home, 1)
    home.path.rename(tmp_path / "elsewhere")
    moved = Home.open(tmp_path / "elsewhere")
    sign(moved, 2)
    moved.path.rename(home.path)
    sign(Home.open(home.path), 3)


def test_an_old_backup_put_in_place_never_signs(home: Home, tmp_path: Path) -> None:
    sign(home, 1)
    old = home.store_file.read_bytes()
    sign(home, 2)
    for name in ("store.db-wal", "store.db-shm"):
        (home.path / name).unlink(missing_ok=True)
    with home.store_file.open("r+b") as file:
        file.truncate()
        file.write(old)
    assert_does_not_sign(home, 2, "old state")


def test_an_old_state_is_found_by_what_it_held_of_others_too(home: Home, tmp_path: Path) -> None:
    sign(home, 1)
    old = home.store_file.read_bytes()
    store = home.open_store()
    received = [
        PutLog(THEIRS, "q" * 64, 0, 0, "l2", "r2", "p2", False),
        PutLeaf(THEIRS, 0, b"leaf", b"h" * 32, "e" * 64, 1, ()),
        PutHead(THEIRS, 1, b"r" * 32, b"note", 0, False),
    ]
    store.commit(CHANNEL, received)
    store.close()
    with home.store_file.open("r+b") as file:
        file.truncate()
        file.write(old)
    assert_does_not_sign(home, 2, "old state")


def test_a_copy_keeps_what_it_receives_but_gives_no_receipt(home: Home, tmp_path: Path) -> None:
    sign(home, 1)
    shutil.copytree(home.path, tmp_path / "copy")
    store = Home.open(tmp_path / "copy").open_store()
    store.commit(
        CHANNEL,
        [
            PutLog(THEIRS, "q" * 64, 0, 0, "l2", "r2", "p2", False),
            PutLeaf(THEIRS, 0, b"leaf", b"h" * 32, "e" * 64, 1, ()),
            PutHead(THEIRS, 1, b"r" * 32, b"note", 0, False),
        ],
    )
    with pytest.raises(RefusedError, match="copy"):
        store.commit(CHANNEL, [PutReceipt(THEIRS, 1, home.info.fingerprint, 5, b"note")])
    assert len(store.leaves(THEIRS, 0, 9)) == 1
    store.close()


def test_another_machine_or_a_lost_marker(home: Home, state_dir: Path) -> None:
    sign(home, 1)
    shutil.rmtree(state_dir)
    assert_does_not_sign(home, 2, "no marker")


def test_a_hard_linked_store_never_signs(home: Home, tmp_path: Path) -> None:
    sign(home, 1)
    os.link(home.store_file, tmp_path / "second.db")
    assert_does_not_sign(home, 2, "second name")


def test_a_marker_damaged_by_a_power_cut_is_only_less_strict(home: Home, state_dir: Path) -> None:
    sign(home, 1)
    (sizes,) = state_dir.glob("*.sizes")
    assert sizes.read_text() == f"{OWN} {1:016d}\n"
    sizes.write_bytes(b"\0" * 62 + b"half")
    sign(home, 2)
    assert reason(home) is None


def test_an_adopted_copy_goes_on_apart(home: Home, tmp_path: Path) -> None:
    sign(home, 1)
    shutil.copytree(home.path, tmp_path / "copy")
    copy = Home.open(tmp_path / "copy")
    store = copy.open_store()
    keys = unlock_service(copy, PASS)
    copy.adopt(store, keys.logs)
    with pytest.raises(RefusedError, match="no prepared log"):
        keys.unused_log(store.used_logs())
    store.close()
    assert reason(Home.open(copy.path)) is None
    with pytest.raises(RefusedError, match="succession"):
        sign(copy, 2)
    sign(home, 2)


def test_state_directory_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "blocked").write_text("")
    monkeypatch.setenv("DETENTE_STATE_DIR", str(tmp_path / "blocked"))
    with pytest.raises(RefusedError, match="DETENTE_STATE_DIR"):
        make_home(tmp_path / "x")
    assert not (tmp_path / "x").exists()
