# SPDX-License-Identifier: Apache-2.0
"""What the store lets a party sign: nothing on a state that is not its own, and nothing in a log it lost."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from detente.errors import FatalError, RefusedError
from detente.line.writes import PutItem, PutLabels, PutReceipt
from detente.node import backup
from detente.node.home import Home
from detente.node.store import SqliteStore
from detente.node.tables import META_SPENT
from tests.node.test_store import CHANNEL, OURS, THEIRS, entry, head, leaf, log


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    made = SqliteStore.create(tmp_path / "store.db")
    made.commit(CHANNEL, [log(OURS, True), log(THEIRS, False)])
    made.commit(CHANNEL, [leaf(OURS, 0), head(OURS, 1, 0, True), leaf(THEIRS, 0), head(THEIRS, 1, 0, False)])
    yield made
    made.close()


def test_after_a_step_that_is_not_ours_the_store_takes_no_other(store: SqliteStore, tmp_path: Path) -> None:
    with pytest.raises(FatalError, match="another program has signed"):
        store.commit(CHANNEL, [leaf(OURS, 1), head(OURS, 2, 0, True)])
    with pytest.raises(FatalError, match="another program has signed"):
        store.commit(CHANNEL, [leaf(OURS, 1), head(OURS, 2, 1, True)])
    store.close()
    again = SqliteStore.open(tmp_path / "store.db")
    again.commit(CHANNEL, [leaf(OURS, 1), head(OURS, 2, 1, True)])
    assert again.head_sizes()[OURS] == 2
    again.close()


def test_a_log_keeps_its_channel_its_party_and_its_keys(store: SqliteStore) -> None:
    held = log(THEIRS, False)
    changed = [
        replace(held, party="r" * 64),
        replace(held, log_key="another"),
        replace(held, receipt_key="x"),
    ]
    for other in changed:
        with pytest.raises(RefusedError, match="in use already"):
            store.commit(CHANNEL, [other])
    with pytest.raises(RefusedError, match="in use already"):
        store.commit("d" * 32, [held])
    store.commit(CHANNEL, [held])
    assert [one.log_key for one in store.logs(CHANNEL) if one.origin == THEIRS] == ["log-key"]


def test_a_head_of_ours_that_a_member_gave_back_ends_our_log(store: SqliteStore) -> None:
    store.commit(CHANNEL, [leaf(OURS, 1), head(OURS, 2, 1, False)])
    with pytest.raises(RefusedError, match="succession"):
        store.commit(CHANNEL, [leaf(OURS, 2), head(OURS, 3, 2, True)])
    assert store.head_sizes()[OURS] == 2 and [row["origin"] for row in store.lost_logs()] == [OURS]


def test_a_party_that_lost_its_log_gives_no_receipt(store: SqliteStore) -> None:
    ours, theirs = "p" * 64, "q" * 64
    promises = [
        PutReceipt(THEIRS, 1, ours, 5, b"cosigned"),
        PutItem(entry(THEIRS, 0), THEIRS, ours, 5, b"item"),
    ]
    store.mark_lost()
    for promise in promises:
        with pytest.raises(RefusedError, match="succession"):
            store.commit(CHANNEL, [promise])
    store.commit(CHANNEL, [PutReceipt(OURS, 1, theirs, 5, b"theirs is kept")])
    assert not store.receipts(THEIRS) and not store.items(THEIRS) and len(store.receipts(OURS)) == 1
    store._run("UPDATE logs SET lost=0", ())
    for promise in promises:
        store.commit(CHANNEL, [promise])


def test_a_copy_is_synced_before_it_is_said_to_be_there(
    store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    sync = os.fsync

    def noted(handle: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{handle}").readlink()))
        sync(handle)

    monkeypatch.setattr(os, "fsync", noted)
    store.copy_to(tmp_path / "copy.db")
    assert str((tmp_path / "copy.db").resolve()) in synced


def test_an_entry_counts_where_its_author_placed_it_first(store: SqliteStore) -> None:
    again, copy = (
        replace(leaf(THEIRS, 1), entry_id=entry(THEIRS, 0)),
        replace(leaf(OURS, 1), labels=("bad signature",)),
    )
    store.commit(CHANNEL, [replace(again, labels=("duplicate",)), head(THEIRS, 2, 1, False)])
    store.commit(CHANNEL, [replace(copy, entry_id=entry(THEIRS, 0)), head(OURS, 2, 1, True)])
    found = store.leaf_of(entry(THEIRS, 0))
    assert found is not None and found[:2] == (THEIRS, 0)
    # Where it counts at none of its places, the first of them is named; and it makes way for one that counts.
    store.commit(CHANNEL, [PutLabels(entry(THEIRS, 0), ("not vouched for",))])
    found = store.leaf_of(entry(THEIRS, 0))
    assert found is not None and found[:2] == (THEIRS, 0)
    store.commit(CHANNEL, [replace(leaf(OURS, 2), entry_id=entry(THEIRS, 0)), head(OURS, 3, 2, True)])
    found = store.leaf_of(entry(THEIRS, 0))
    assert found is not None and found[:2] == (OURS, 2)
    store.commit(CHANNEL, [PutLabels(entry(THEIRS, 0), ("crossed",))])
    rows = {(row.origin, row.index): row.labels for row in store.rows_of(CHANNEL, entry(THEIRS, 0))}
    assert rows == {
        (THEIRS, 0): ("not vouched for",),
        (THEIRS, 1): ("duplicate",),
        (OURS, 1): ("bad signature",),
        (OURS, 2): ("crossed",),
    }


def test_a_spent_log_is_not_among_those_to_use(store: SqliteStore) -> None:
    spent = "detente.log/" + "e" * 32
    store.put_meta(META_SPENT, json.dumps([spent]))
    assert store.used_logs() == {OURS, spent}


def test_a_home_that_was_claimed_again_elsewhere_does_not_sign(home: Home) -> None:
    """The marker was made anew for another copy, which may have had this very file."""
    held = home.open_store()
    assert held.bar is None
    home.instance.claim()
    assert "another home" in str(home.must_not_sign(held))
    held.close()


def test_no_two_pieces_of_a_backup_have_one_nonce() -> None:
    """One key seals them all: with a nonce used twice they could be swapped, and opened."""
    found = [backup._nonce(index, last) for index in (0, 1, 255, 256, 70_000) for last in (False, True)]
    assert len(set(found)) == len(found) and {len(nonce) for nonce in found} == {12}
