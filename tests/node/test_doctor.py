# SPDX-License-Identifier: Apache-2.0
"""The doctor finds what is wrong, says how to mend it, and touches nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from detente.line.writes import PutHead, PutLeaf, PutLog, PutMember
from detente.log import merkle
from detente.log.checkpoint import Checkpoint, sign_checkpoint
from detente.node.doctor import Finding, examine
from detente.node.home import Home
from detente.node.keystore import change_mandate, unlock_root, unlock_service
from detente.node.store import SqliteStore

from .conftest import NOW, PASS

CHANNEL = "c" * 32
DAY = 86_400_000


def states(home: Home, now: int = NOW, passphrase: str | None = PASS) -> dict[str, str]:
    found = examine(home, passphrase, now)
    for finding in found:
        assert (finding["do"] is None) == (finding["state"] == "ok"), finding
        assert "\n" not in finding["what"]
    rank = {"ok": 0, "warn": 1, "bad": 2}
    worst: dict[str, str] = {}
    for finding in found:
        worst[finding["check"]] = max(
            worst.get(finding["check"], "ok"), finding["state"], key=rank.__getitem__
        )
    return worst


def finding(home: Home, check: str) -> Finding:
    return next(one for one in examine(home, PASS, NOW) if one["check"] == check and one["state"] != "ok")


def fill(home: Home, count: int) -> None:
    """A real log of ours, with a signed head after each leaf."""
    store = home.open_store()
    own = unlock_service(home, PASS).unused_log(())
    cert = own.certificate["doc"]
    store.put_channel(CHANNEL, "channel", "", NOW, {})
    store.commit(
        CHANNEL,
        [
            PutMember(home.info.fingerprint, home.card()),
            PutMember("q" * 64, {"doc": {"id": "UA"}}),
            PutLog(own.origin, home.info.fingerprint, 0, 0, cert["log"], cert["receipt"], cert["pq"], True),
        ],
    )
    frontier = merkle.Frontier()
    for index in range(count):
        raw = b'{"placement":{"time":%d},"n":%d}' % (NOW, index)
        frontier.append(merkle.leaf_hash(raw))
        note = sign_checkpoint(Checkpoint(own.origin, index + 1, frontier.root()), own.log)
        leaf = PutLeaf(own.origin, index, raw, merkle.leaf_hash(raw), f"{index:064x}", NOW, ())
        store.commit(CHANNEL, [leaf, PutHead(own.origin, index + 1, frontier.root(), note, index, True)])
    store.close()


def test_a_new_home_is_well(home: Home) -> None:
    found = states(home)
    assert found.pop("root key") == "warn"
    assert found.pop("peers") == "warn"
    assert set(found.values()) == {"ok"}
    home.root_file.unlink()
    assert states(home)["root key"] == "ok"


def test_it_works_beside_a_serving_node(home: Home) -> None:
    fill(home, 5)
    before = {path: path.read_bytes() for path in home.path.glob("*.json")}
    with home.lock():
        assert states(home)["logs"] == "ok"
    assert {path: path.read_bytes() for path in home.path.glob("*.json")} == before


def test_keys(home: Home) -> None:
    assert states(home, passphrase=None)["keys"] == "warn"
    assert states(home, passphrase="wrong")["keys"] == "bad"
    home.service_file.chmod(0o644)
    assert states(home)["rights"] == "bad"


def test_mandates_that_end(home: Home) -> None:
    change_mandate(home, unlock_root(home, PASS), "duty", now=NOW, until=NOW + 40 * DAY)
    assert states(home)["mandates"] == "ok"
    assert states(home, NOW + 15 * DAY)["mandates"] == "warn"
    assert states(home, NOW + 41 * DAY)["mandates"] == "bad"


def test_every_altered_row_is_found(home: Home) -> None:
    fill(home, 9)
    assert states(home)["logs"] == "ok"
    for change in (
        "UPDATE leaves SET raw=CAST('x' AS BLOB) WHERE idx=4",
        "UPDATE leaves SET hash=zeroblob(32) WHERE idx=4",
        "UPDATE heads SET root=zeroblob(32) WHERE size=5",
        "UPDATE heads SET note=CAST('x' AS BLOB) WHERE size=5",
        "DELETE FROM leaves WHERE idx=8",
    ):
        copy = home.store_file.with_suffix(".keep")
        shutil.copy(home.store_file, copy)
        store = SqliteStore.open(home.store_file)
        store._db.execute(change)
        store.close()
        found = finding(home, "logs")
        assert found["state"] == "bad", change
        home.store_file.write_bytes(copy.read_bytes())
        copy.unlink()
    assert states(home)["logs"] == "ok"


def test_a_store_that_cannot_be_opened(home: Home) -> None:
    home.store_file.write_bytes(b"nothing" * 1000)
    assert states(home)["store"] == "bad"
    home.store_file.unlink()
    assert states(home)["store"] == "bad"


def test_instance_and_succession(home: Home, tmp_path: Path) -> None:
    fill(home, 1)
    shutil.copytree(home.path, tmp_path / "copy")
    assert states(Home.open(tmp_path / "copy"))["instance"] == "bad"
    assert states(home)["instance"] == "ok"
    store = home.open_store()
    store.mark_lost()
    store.close()
    assert "keys succeed" in finding(home, "succession")["do"]


def test_clock_unsent_paths_disk_and_prepared(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(home, 3)
    assert states(home, NOW - DAY)["clock"] == "bad"
    assert "3 entries" in finding(home, "unsent")["what"]
    store = home.open_store()
    theirs = "detente.log/" + "d" * 32
    ahead = b'{"placement":{"time":%d}}' % (NOW + 500_000)
    cert = unlock_service(home, PASS).unused_log(()).certificate["doc"]
    store.commit(
        CHANNEL,
        [
            PutLog(theirs, "q" * 64, 0, 0, cert["log"], cert["receipt"], cert["pq"], False),
            PutLeaf(theirs, 0, ahead, merkle.leaf_hash(ahead), "e" * 64, NOW, ()),
        ],
    )
    store.put_peer("q" * 64, {"doc": {"id": "UA"}}, NOW)
    assert "never tried" in finding(home, "paths")["what"]
    store.put_path_event(NOW, "q" * 64, "direct", False, None, "connection refused", "theirs")
    assert "their side" in finding(home, "paths")["what"]
    store.put_path_event(NOW, "q" * 64, "direct", True, 3.0)
    store.close()
    assert states(home)["paths"] == "ok"
    assert "500 s ahead" in finding(home, "clock")["what"]
    monkeypatch.setenv("DETENTE_DISK_RESERVE", str(1 << 60))
    assert states(home)["disk"] == "bad"
    store = home.open_store()
    store.put_meta("spent_logs", "[" + ",".join(f'"{one}"' for one in unlock_service(home, PASS).logs) + "]")
    store.close()
    assert states(home)["prepared logs"] == "warn"
