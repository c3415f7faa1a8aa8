# SPDX-License-Identifier: Apache-2.0
"""A backup opens with its passphrase only, whole or not at all; what comes out goes on in no old log."""

from __future__ import annotations

from pathlib import Path

import pytest

from detente.errors import DetenteError, FatalError, RefusedError, UsageError
from detente.line.writes import PutHead, PutLeaf, PutLog
from detente.node import backup as backups
from detente.node.backup import backup, restore
from detente.node.home import Home
from detente.node.keystore import prepare_logs, unlock_office, unlock_root, unlock_service
from detente.node.store import SqliteStore

from .conftest import NOW, OFFICE_PASS, PASS

CHANNEL = "c" * 32


def sign_in(home: Home, origin: str, size: int = 1) -> None:
    store = home.open_store()
    keys = unlock_service(home, PASS)
    cert = keys.log(origin).certificate["doc"]
    writes: list[PutLog | PutLeaf | PutHead] = []
    if size == 1:
        writes.append(
            PutLog(
                origin,
                home.info.fingerprint,
                len(store.logs(CHANNEL)),
                0,
                cert["log"],
                cert["receipt"],
                cert["pq"],
                True,
            )
        )
    writes.append(PutLeaf(origin, size - 1, b"leaf", b"h" * 32, f"{size:064x}", 1, ()))
    writes.append(PutHead(origin, size, b"r" * 32, b"note", size - 1, True))
    try:
        store.commit(CHANNEL, writes)
    finally:
        store.close()


@pytest.fixture
def kept(home: Home, tmp_path: Path) -> Path:
    """A backup made while the home was in use."""
    sign_in(home, next(iter(unlock_service(home, PASS).logs)))
    with home.lock():
        backup(home, tmp_path / "out.backup", PASS)
    return tmp_path / "out.backup"


def test_a_party_comes_back(home: Home, kept: Path, tmp_path: Path) -> None:
    back = restore(kept, tmp_path / "back", PASS)
    assert back.info.fingerprint == home.info.fingerprint
    assert unlock_office(back, "duty", OFFICE_PASS).id == unlock_office(home, "duty", OFFICE_PASS).id
    assert unlock_root(back, PASS).id == unlock_root(home, PASS).id
    assert back.card() == home.card()
    ours = SqliteStore.open(home.store_file, read_only=True)
    theirs = SqliteStore.open(back.store_file, read_only=True)
    assert list(theirs.load(CHANNEL)) == list(ours.load(CHANNEL))
    for path in [back.path, *back.path.rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, path
    assert list(home.path.glob(".backup*")) == []


def test_a_restored_party_never_signs_in_the_old_log(home: Home, kept: Path, tmp_path: Path) -> None:
    (origin,) = SqliteStore.open(home.store_file).head_sizes()
    back = restore(kept, tmp_path / "back", PASS)
    with pytest.raises(RefusedError, match="succession"):
        sign_in(back, origin, 2)
    sign_in(home, origin, 2)
    again = restore(kept, tmp_path / "again", PASS)
    with pytest.raises(RefusedError, match="succession"):
        sign_in(again, origin, 2)


def test_a_restored_party_opens_no_log_prepared_before(home: Home, kept: Path, tmp_path: Path) -> None:
    # After the backup the home opened another of its prepared logs; the backup cannot know.
    prepared = list(unlock_service(home, PASS).logs)
    back = restore(kept, tmp_path / "back", PASS)
    keys = unlock_service(back, PASS)
    store = SqliteStore.open(back.store_file)
    with pytest.raises(RefusedError, match="detente keys prepare"):
        keys.unused_log(store.used_logs())
    assert set(keys.logs) == {prepared[0]}
    assert prepare_logs(back, unlock_root(back, PASS), PASS, 1, NOW) == 1
    fresh = unlock_service(back, PASS).unused_log(store.used_logs())
    assert fresh.origin not in prepared
    spent = PutLog(prepared[1], back.info.fingerprint, 1, 0, "l", "r", "p", True)
    with pytest.raises(RefusedError, match="prepared log"):
        store.commit(CHANNEL, [spent])
    assert store.lost_logs() == [{"channel": CHANNEL, "origin": prepared[0]}]
    store.close()
    sign_in(back, fresh.origin)
    assert SqliteStore.open(back.store_file).lost_logs() == []


def test_wrong_passphrase_and_places(home: Home, kept: Path, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="wrong passphrase"):
        restore(kept, tmp_path / "back", "other")
    with pytest.raises(RefusedError, match="wrong passphrase"):
        backup(home, tmp_path / "b2", "other")
    with pytest.raises(RefusedError, match="there already"):
        backup(home, kept, PASS)
    with pytest.raises(UsageError, match="cannot write"):
        backup(home, tmp_path / "no" / "b2", PASS)
    with pytest.raises(RefusedError, match="not empty"):
        restore(kept, home.path, PASS)
    with pytest.raises(UsageError, match="cannot read"):
        restore(tmp_path / "nothing", tmp_path / "back", PASS)
    assert not (tmp_path / "back").exists()
    assert not (tmp_path / "b2").exists()


def test_every_cut_and_every_flipped_byte_is_refused(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = kept.read_bytes()
    places = {
        0,
        5,
        len(backups.MAGIC) + 1,
        len(backups.MAGIC) + 40,
        len(raw) // 2,
        len(raw) - 1,
        *range(50, len(raw), 9973),
    }
    for at in sorted(places):
        for changed in (raw[:at], raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]):
            kept.write_bytes(changed)
            with pytest.raises(DetenteError) as caught:
                restore(kept, tmp_path / "back", PASS)
            assert "\n" not in str(caught.value)
            assert not (tmp_path / "back").exists()
    kept.write_bytes(raw + b"more")
    with pytest.raises(DetenteError):
        restore(kept, tmp_path / "back", PASS)


def test_pieces_cannot_be_left_out_or_swapped(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backups, "_PIECE", 20_000)
    out = tmp_path / "small"
    backup(home, out, PASS)
    restore(out, tmp_path / "whole", PASS)
    raw = out.read_bytes()
    at = len(backups.MAGIC)
    at += 4 + int.from_bytes(raw[at : at + 4], "big")
    pieces = [raw[at + i : at + i + 20_020] for i in range(0, len(raw) - at, 20_020)]
    assert len(pieces) > 3
    for order in (pieces[1:], pieces[:-1], [pieces[1], pieces[0], *pieces[2:]], [*pieces[:1], *pieces]):
        out.write_bytes(raw[:at] + b"".join(order))
        with pytest.raises(DetenteError):
            restore(out, tmp_path / "back", PASS)
        assert not (tmp_path / "back").exists()


def test_the_backup_shows_nothing(home: Home, kept: Path) -> None:
    raw = kept.read_bytes()
    assert kept.stat().st_mode & 0o777 == 0o600
    for secret in (b"Ministry", home.info.fingerprint.encode(), b"SQLite", b'sealed":"' + b"A"):
        assert secret not in raw


def test_a_backup_that_does_not_read_back_is_removed(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backups, "_hashes", lambda *_: iter([("store.db", "other")]))
    with pytest.raises(FatalError, match="does not read back"):
        backup(home, tmp_path / "b", PASS)
    assert not (tmp_path / "b").exists()


def test_a_full_disk_leaves_no_half_backup(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backups._Sealer, "_put", full)
    with pytest.raises(RefusedError, match="No space left"):
        backup(home, tmp_path / "b", PASS)
    assert not (tmp_path / "b").exists()
