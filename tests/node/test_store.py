# SPDX-License-Identifier: Apache-2.0
"""The store keeps a step whole, durable and once; every way it can fail says so in one line."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from detente.errors import DetenteError, FatalError, RefusedError, UsageError
from detente.line.writes import (
    DropEarly,
    PutBody,
    PutEarly,
    PutEpoch,
    PutEvidence,
    PutHead,
    PutItem,
    PutLabels,
    PutLeaf,
    PutLog,
    PutMember,
    PutReceipt,
    Write,
)
from detente.node import schema
from detente.node.store import SqliteStore, disk_low

CHANNEL = "c" * 32
OURS = "detente.log/" + "a" * 32
THEIRS = "detente.log/" + "b" * 32


def entry(origin: str, index: int) -> str:
    return hashlib.sha256(f"{origin}/{index}".encode()).hexdigest()


def leaf(origin: str, index: int, labels: tuple[str, ...] = ()) -> PutLeaf:
    raw = b"leaf %d of " % index + origin.encode()
    return PutLeaf(
        origin, index, raw, hashlib.sha256(raw).digest(), entry(origin, index), 1000 + index, labels
    )


def head(origin: str, size: int, previous: int, mine: bool, root: bytes | None = None) -> PutHead:
    return PutHead(origin, size, root or bytes([size % 256]) * 32, b"note %d" % size, previous, mine)


def log(origin: str, mine: bool, seq: int = 0) -> PutLog:
    return PutLog(origin, "p" * 64 if mine else "q" * 64, seq, 0, "log-key", "receipt-key", "pq-key", mine)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    made = SqliteStore.create(tmp_path / "store.db")
    made.commit(CHANNEL, [log(OURS, True), log(THEIRS, False)])
    yield made
    made.close()


def full_step() -> list[Write]:
    return [
        PutMember("p" * 64, {"doc": {"id": "BY"}, "sig": "x"}),
        PutEpoch("p" * 64, 1, b"k" * 64, {"q" * 64: b"blob"}),
        PutBody(entry(OURS, 0), b"s" * 32, b'{"text":"a"}'),
        leaf(OURS, 0),
        leaf(OURS, 1),
        head(OURS, 2, 0, True),
        leaf(THEIRS, 0, ("unopened", "crossed")),
        head(THEIRS, 1, 0, False),
        PutReceipt(OURS, 2, "q" * 64, 77, b"cosigned"),
        PutItem(entry(OURS, 1), OURS, "q" * 64, 78, b"item"),
        PutEarly(THEIRS, 9, entry(THEIRS, 9), b"ahead", 79, ()),
        PutEvidence("k1", THEIRS, "fork", 80, {"a.note": b"\x00\xff"}),
    ]


def test_a_step_comes_back_as_it_was_put(store: SqliteStore) -> None:
    store.commit(CHANNEL, full_step())
    loaded = list(store.load(CHANNEL))
    assert sorted(map(repr, loaded)) == sorted(map(repr, [log(OURS, True), log(THEIRS, False), *full_step()]))
    body_at = loaded.index(full_step()[2])
    assert loaded[body_at + 1] == leaf(OURS, 0)
    kinds = [type(write) for write in loaded]
    order = [PutMember, PutLog, PutEpoch, PutLeaf, PutHead, PutReceipt, PutItem, PutEarly, PutEvidence]
    assert sorted(order, key=kinds.index) == order


def test_it_is_there_after_reopening(store: SqliteStore, tmp_path: Path) -> None:
    store.commit(CHANNEL, full_step())
    before = list(store.load(CHANNEL))
    store.close()
    again = SqliteStore.open(tmp_path / "store.db")
    assert list(again.load(CHANNEL)) == before
    assert again.head_note(OURS, 2) == b"note 2"
    assert again.leaf_of(entry(OURS, 1)) == (OURS, 1, leaf(OURS, 1).raw)
    assert again.leaves(OURS, 0, 5) == [
        (leaf(OURS, 0).raw, (b"s" * 32, b'{"text":"a"}')),
        (leaf(OURS, 1).raw, None),
    ]
    again.close()


def test_load_gives_leaves_in_order_of_arrival_across_logs(store: SqliteStore) -> None:
    store.commit(CHANNEL, [leaf(THEIRS, 0), head(THEIRS, 1, 0, False)])
    store.commit(CHANNEL, [leaf(OURS, 0), head(OURS, 1, 0, True)])
    store.commit(CHANNEL, [leaf(THEIRS, 1), head(THEIRS, 2, 1, False)])
    places = [(write.origin, write.index) for write in store.load(CHANNEL) if isinstance(write, PutLeaf)]
    assert places == [(THEIRS, 0), (OURS, 0), (THEIRS, 1)]


def test_more_leaves_than_one_page_of_rows(store: SqliteStore) -> None:
    store.commit(CHANNEL, [*(leaf(OURS, i) for i in range(1200)), head(OURS, 1200, 0, True)])
    assert sum(isinstance(write, PutLeaf) for write in store.load(CHANNEL)) == 1200


@pytest.mark.parametrize(
    ("writes", "says"),
    [
        ([leaf(OURS, 0), head(OURS, 1, 3, True)], "another program has signed"),
        ([leaf(OURS, 0)], "leaves and head apart"),
        ([head(OURS, 1, 0, True)], "leaves and head apart"),
        ([leaf(THEIRS, 4)], "does not follow"),
        ([leaf("detente.log/none", 0)], "does not know"),
    ],
)
def test_a_step_on_another_state_is_fatal_and_leaves_nothing(
    store: SqliteStore, tmp_path: Path, writes: list[Write], says: str
) -> None:
    before = list(store.load(CHANNEL))
    with pytest.raises(FatalError, match=says):
        store.commit(CHANNEL, [PutMember("z" * 64, {}), *writes])
    assert list(store.load(CHANNEL)) == before
    with pytest.raises(FatalError):
        store.commit(CHANNEL, [])
    store.close()
    assert list(SqliteStore.open(tmp_path / "store.db").load(CHANNEL)) == before


def test_two_writers_one_head(store: SqliteStore, tmp_path: Path) -> None:
    other = SqliteStore.open(tmp_path / "store.db")
    store.commit(CHANNEL, [leaf(OURS, 0), head(OURS, 1, 0, True)])
    with pytest.raises(FatalError):
        other.commit(CHANNEL, [leaf(OURS, 0), head(OURS, 1, 0, True, b"x" * 32)])
    assert [h.root for h in store.heads(OURS)] == [bytes([1]) * 32]
    other.close()


def test_the_same_head_may_be_kept_again_with_more_signatures(store: SqliteStore) -> None:
    store.commit(CHANNEL, [leaf(OURS, 0), head(OURS, 1, 0, True)])
    store.commit(CHANNEL, [PutHead(OURS, 1, bytes([1]) * 32, b"note 1 and pq", 1, True)])
    assert store.head_note(OURS, 1) == b"note 1 and pq"
    with pytest.raises(FatalError, match="two roots"):
        store.commit(CHANNEL, [head(OURS, 1, 1, True, b"y" * 32)])


def test_late_bodies_and_labels_are_told_to_views(store: SqliteStore) -> None:
    store.commit(CHANNEL, full_step())
    assert store.revised_since(0) == []
    late = entry(THEIRS, 0)
    store.commit(CHANNEL, [PutBody(late, b"s" * 32, b"{}"), PutLabels(late, ("crossed",))])
    assert [name for _, name in store.revised_since(0)] == [late]
    assert [row.labels for row in store.rows_of(CHANNEL, late)] == [("crossed",)]


def test_a_body_that_comes_again_is_the_one_kept(store: SqliteStore) -> None:
    store.commit(CHANNEL, full_step())
    late = entry(THEIRS, 0)
    store.commit(CHANNEL, [PutBody(late, b"w" * 32, b"what did not open")])
    store.commit(CHANNEL, [PutBody(late, b"s" * 32, b"{}")])
    assert store.body(late) == (b"s" * 32, b"{}")


def test_a_copy_in_a_strangers_log_is_not_where_an_entry_counts(store: SqliteStore) -> None:
    stolen = PutLeaf(THEIRS, 0, b"stolen", b"h" * 32, entry(OURS, 0), 5, ("bad signature",))
    store.commit(CHANNEL, [stolen, head(THEIRS, 1, 0, False)])
    store.commit(CHANNEL, [leaf(OURS, 0), head(OURS, 1, 0, True)])
    assert store.leaf_of(entry(OURS, 0)) == (OURS, 0, leaf(OURS, 0).raw)
    store.commit(CHANNEL, [PutLabels(entry(OURS, 0), ("unopened",))])
    labels = {row.origin: row.labels for row in store.rows_of(CHANNEL, entry(OURS, 0))}
    assert labels == {THEIRS: ("bad signature",), OURS: ("unopened",)}


def test_early_statements_come_and_go(store: SqliteStore) -> None:
    store.commit(CHANNEL, [PutEarly(THEIRS, 3, entry(THEIRS, 3), b"ahead", 5, ())])
    assert store.entry_ids(entry(THEIRS, 3)[:8]) == [entry(THEIRS, 3)]
    store.commit(CHANNEL, [DropEarly(entry(THEIRS, 3))])
    assert store.early(CHANNEL) == []


def test_a_barred_store_takes_no_step_and_a_lost_log_no_head(store: SqliteStore) -> None:
    store.bar = "this home is a copy"
    with pytest.raises(RefusedError, match="copy"):
        store.commit(CHANNEL, [leaf(OURS, 0), head(OURS, 1, 0, True)])
    store.bar = None
    store.mark_lost()
    with pytest.raises(RefusedError, match="succession"):
        store.commit(CHANNEL, [leaf(OURS, 0), head(OURS, 1, 0, True)])
    assert store.lost_logs() == [{"channel": CHANNEL, "origin": OURS}]
    following = "detente.log/" + "d" * 32
    store.commit(CHANNEL, [log(following, True, 1), leaf(following, 0), head(following, 1, 0, True)])
    assert store.lost_logs() == []
    assert list(store.head_sizes()) == [following]


def test_on_head_is_told_only_after_the_commit(store: SqliteStore) -> None:
    told: list[tuple[str, int]] = []
    store.on_head = lambda origin, size: told.append((origin, size))
    store.commit(CHANNEL, [leaf(OURS, 0), head(OURS, 1, 0, True)])
    with pytest.raises(FatalError):
        store.commit(CHANNEL, [leaf(OURS, 5), head(OURS, 2, 1, True)])
    assert told == [(OURS, 1)]


# When things go wrong ----------------------------------------------------------------------------------


def test_a_full_disk_refuses_in_one_line_and_loses_nothing(store: SqliteStore) -> None:
    store.commit(CHANNEL, [leaf(OURS, 0), head(OURS, 1, 0, True)])
    pages = store._db.execute("PRAGMA page_count").fetchone()[0]
    store._db.execute(f"PRAGMA max_page_count={pages}")
    big = PutBody(entry(OURS, 1), b"s" * 32, b"x" * 1_000_000)
    with pytest.raises(RefusedError, match="no space is left") as caught:
        store.commit(CHANNEL, [big, leaf(OURS, 1), head(OURS, 2, 1, True)])
    assert "\n" not in str(caught.value)
    assert store.body(entry(OURS, 1)) is None
    store._db.execute("PRAGMA max_page_count=1000000")
    store.commit(CHANNEL, [big, leaf(OURS, 1), head(OURS, 2, 1, True)])
    assert store.head_sizes() == {OURS: 2}


def test_a_damaged_store_is_said_to_be_damaged(store: SqliteStore, tmp_path: Path) -> None:
    store.commit(CHANNEL, [*(leaf(OURS, i) for i in range(200)), head(OURS, 200, 0, True)])
    store.close()
    path = tmp_path / "store.db"
    raw = bytearray(path.read_bytes())
    raw[4096:] = os.urandom(len(raw) - 4096)
    path.write_bytes(raw)
    with pytest.raises(FatalError, match="damaged"):
        list(SqliteStore.open(path).load(CHANNEL))
    path.write_bytes(b"not a store" * 1000)
    with pytest.raises(FatalError, match="damaged"):
        SqliteStore.open(path)


def test_quick_check_finds_damage(store: SqliteStore, tmp_path: Path) -> None:
    assert store.quick_check() is None
    store.commit(CHANNEL, [*(leaf(OURS, i) for i in range(200)), head(OURS, 200, 0, True)])
    store.close()
    path = tmp_path / "store.db"
    raw = bytearray(path.read_bytes())
    raw[-4096 * 4 :] = b"\x07" * 4096 * 4
    path.write_bytes(raw)
    assert SqliteStore.open(path).quick_check() is not None


def test_wrong_places_and_versions(store: SqliteStore, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no store"):
        SqliteStore.open(tmp_path / "nothing.db")
    with pytest.raises(RefusedError, match="there already"):
        SqliteStore.create(tmp_path / "store.db")
    store._db.execute("PRAGMA user_version=99")
    with pytest.raises(RefusedError, match="newer detente"):
        SqliteStore.open(tmp_path / "store.db")


def test_an_older_store_is_upgraded_only_when_asked(
    store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.commit(CHANNEL, full_step())
    before = list(store.load(CHANNEL))
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, ("CREATE TABLE later(x)",)))
    with pytest.raises(RefusedError, match="older format"):
        SqliteStore.open(tmp_path / "store.db")
    newer = SqliteStore.open(tmp_path / "store.db", upgrade=True)
    newer.upgrade()
    assert newer.version == len(schema.MIGRATIONS)
    assert list(newer.load(CHANNEL)) == before


def test_a_failing_upgrade_changes_nothing(
    store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        schema, "MIGRATIONS", (*schema.MIGRATIONS, ("CREATE TABLE later(x)", "CREATE TABLE later(x)"))
    )
    with pytest.raises(DetenteError):
        store.upgrade()
    assert store.version == len(schema.MIGRATIONS) - 1
    assert store._rows("SELECT 1 FROM sqlite_master WHERE name='later'") == []


def test_a_reader_sees_commits_and_may_not_write(store: SqliteStore, tmp_path: Path) -> None:
    reader = SqliteStore.open(tmp_path / "store.db", read_only=True)
    store.commit(CHANNEL, full_step())
    assert len(reader.leaves(OURS, 0, 10)) == 2
    with pytest.raises(RefusedError, match="reading only"):
        reader.put_meta("a", "b")
    reader.close()


def test_the_file_is_private_and_synced_as_promised(store: SqliteStore, tmp_path: Path) -> None:
    assert (tmp_path / "store.db").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "store.db-wal").stat().st_mode & 0o777 == 0o600
    assert store._db.execute("PRAGMA synchronous").fetchone()[0] == 2
    assert store._db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


def _write_until_killed(path: str, pipe: int) -> None:
    store = SqliteStore.open(Path(path))
    for size in range(1, 100_000):
        store.commit(CHANNEL, [leaf(OURS, size - 1), head(OURS, size, size - 1, True)])
        os.write(pipe, b"%08d" % size)


def test_what_was_said_to_be_kept_is_there_after_kill(store: SqliteStore, tmp_path: Path) -> None:
    store.close()
    ours, theirs = os.pipe()
    context = multiprocessing.get_context("fork")
    child = context.Process(target=_write_until_killed, args=(str(tmp_path / "store.db"), theirs))
    child.start()
    said = 0
    while said < 40:
        said = int(os.read(ours, 8))
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    child.join()
    os.set_blocking(ours, False)
    while True:
        try:
            said = int(os.read(ours, 8))
        except BlockingIOError:
            break
    again = SqliteStore.open(tmp_path / "store.db")
    (size,) = again.head_sizes().values()
    assert size >= said
    assert len(again.leaf_hashes(OURS)) == size
    again.close()
    os.close(ours)
    os.close(theirs)


def test_disk_low_follows_the_reserve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DETENTE_DISK_RESERVE", "0")
    assert not disk_low(tmp_path)
    monkeypatch.setenv("DETENTE_DISK_RESERVE", str(1 << 60))
    assert disk_low(tmp_path)


def test_a_copy_is_whole_and_private(store: SqliteStore, tmp_path: Path) -> None:
    store.commit(CHANNEL, full_step())
    store.copy_to(tmp_path / "copy.db")
    copy = SqliteStore.open(tmp_path / "copy.db")
    assert list(copy.load(CHANNEL)) == list(store.load(CHANNEL))
    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600
    copy.close()


# The node's own tables ---------------------------------------------------------------------------------


def test_node_tables_keep_what_they_are_given(store: SqliteStore) -> None:
    store.put_meta("a", "1")
    store.put_meta("a", "2")
    assert store.meta("a") == "2"
    assert store.meta("b") is None
    store.put_channel(CHANNEL, "channel", "", 5, {"status": "open"})
    assert store.channels() == [store.channel(CHANNEL)]
    store.put_peer("q" * 64, {"doc": 1}, 10)
    store.put_peer("q" * 64, {"doc": 2}, 20)
    assert store.peers() == [{"party": "q" * 64, "card": {"doc": 2}, "met": 10}]
    assert store.peer("r" * 64) is None
    store.put_credential("id1", "card", {"doc": {"type": "card"}})
    store.put_credential("id2", "mandate", {"doc": {"type": "mandate"}})
    assert store.credentials("mandate") == [{"doc": {"type": "mandate"}}]
    assert len(store.credentials()) == 2


def test_desk_tables(store: SqliteStore) -> None:
    store.put_draft("d2", CHANNEL, {"kind": "message"}, "open", [{"at": 2}])
    store.put_draft("d1", CHANNEL, {"kind": "message"}, "open", [{"at": 3}])
    assert [draft["id"] for draft in store.drafts("open")] == ["d2", "d1"]
    assert store.drafts("done") == []
    draft = store.draft("d1")
    assert draft is not None
    assert draft["draft"] == {"kind": "message"}
    store.put_outgoing("e1", CHANNEL, 50, {"v": 1})
    assert store.outgoing() == [{"id": "e1", "channel": CHANNEL, "due": 50, "statement": {"v": 1}}]
    store.drop_outgoing("e1")
    assert store.outgoing() == []
    store.put_audit(1, "duty", "released", "BY-3")
    assert store.audit() == [{"at": 1, "who": "duty", "what": "released", "ref": "BY-3"}]


def test_path_and_alarm_tables(store: SqliteStore) -> None:
    store.put_path_event(1, "q" * 64, "direct", True, 12.5)
    store.put_path_event(2, "q" * 64, "direct", False, None, "refused", "theirs")
    events = store.path_events("q" * 64, since=2)
    assert [(event["ok"], event["fault"]) for event in events] == [(False, "theirs")]
    store.drop_path_events(2)
    assert len(store.path_events()) == 1
    store.put_alarm("a1", 3, CHANNEL, "e" * 64, "flash", "ringing", {"due": 5})
    store.put_alarm("a1", 3, CHANNEL, "e" * 64, "flash", "taken")
    assert store.alarms("ringing") == []
    assert store.alarms()[0]["state"] == "taken"


def test_errors_name_the_engine_only_in_passing(tmp_path: Path) -> None:
    store = SqliteStore.create(tmp_path / "s.db")
    holder = sqlite3.connect(tmp_path / "s.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    store._db.execute("PRAGMA busy_timeout=10")
    with pytest.raises(RefusedError, match="another program is writing"):
        store.put_meta("a", "b")
    holder.execute("ROLLBACK")
    store.put_meta("a", "b")
    store.close()
