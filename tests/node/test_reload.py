# SPDX-License-Identifier: Apache-2.0
"""A line read back by parts of its fold is the line that all its leaves make, whatever the parts are."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from detente.errors import FatalError, RefusedError
from detente.line import part
from detente.line.line import Line
from detente.line.logs import LogState
from detente.line.part import Marks
from detente.line.writes import PutLog
from detente.log import merkle
from detente.node.reload import Keeper, read_line
from detente.node.store import SqliteStore
from detente.seal.vkey import VerifierKey
from tests.line.durable import EVERY, NEVER, DurableNode, copied, durable, facts, rest
from tests.line.harness import CHANNEL, Party, seed
from tests.line.test_review_durable import say
from tests.line.test_review_hostile import agreed

# Of a kind that is open whatever the standing.
REPORT = ("incident.report", {"what": "shots", "where": "bridge", "when": "2022-02-14T09:00:00Z"})


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> list[DurableNode]:
    """Two parties that said this and that, with parts of it."""
    nodes = durable(tmp_path_factory.mktemp("said"))
    agreed(nodes)
    chance = random.Random(7)
    for _ in range(10):
        say(chance.choice(nodes), chance)
        rest(nodes)
    return nodes


@pytest.fixture
def pair(said: list[DurableNode], tmp_path: Path) -> list[DurableNode]:
    """The same two, with entries after the parts."""
    nodes = copied(said, tmp_path)
    nodes[0].say(*REPORT)
    return nodes


def parts(node: DurableNode) -> int:
    return len(node.db.parts(CHANNEL)[1])


def again(node: DurableNode, every: int = NEVER) -> Keeper:
    keeper = read_line(node.db, node.new_line, every)
    keeper.line.attach(node.own)
    return keeper


def test_a_start_folds_only_what_came_after_the_parts(pair: list[DurableNode], monkeypatch: Any) -> None:
    node = pair[0]
    folded = 0
    load = Line.load

    def counted(line: Line, write: Any) -> None:
        nonlocal folded
        folded += type(write).__name__ == "PutLeaf"
        load(line, write)

    monkeypatch.setattr(Line, "load", counted)
    read = again(node).line
    held = sum(log.size for log in read.state.logs.values())
    assert parts(node) > 2
    assert 0 < folded <= EVERY < held
    assert facts(read) == facts(node.folded())


def test_every_place_to_cut_gives_the_same_line(pair: list[DurableNode]) -> None:
    node = pair[1]
    whole = facts(node.folded())
    for every in range(1, 12):
        node.db.drop_parts(CHANNEL)
        assert facts(again(node, every).line) == whole
        assert parts(node) == sum(log.size for log in node.line.state.logs.values()) // every
        assert facts(again(node).line) == whole


def test_a_line_goes_on_from_its_parts_as_it_would_have_without(pair: list[DurableNode]) -> None:
    a, b = pair
    for node in pair:
        node.crash()
    b.line.connected(a.party.fpr)
    a.line.connected(b.party.fpr)
    chance = random.Random(8)
    for _ in range(8):
        say(chance.choice(pair), chance)
        rest(pair)
    assert a.line.unsent() == b.line.unsent() == 0
    assert a.store.labels() == b.store.labels()


def test_old_roots_heads_and_ids_are_asked_of_the_store(pair: list[DurableNode]) -> None:
    node = pair[0]
    read, whole = again(node).line, node.folded()
    for origin, log in whole.state.logs.items():
        settled = read.state.logs[origin]
        assert settled.settled > 0
        for size in range(log.size + 1):
            assert settled.compute_root(size) == log.compute_root(size)
            assert settled.root_at(size) == log.root_at(size)
            assert settled.head_below(size) == log.head_below(size)
            for most in (0, 1, 3, 100):
                assert settled.head_above(size, most) == log.head_above(size, most)
        for start in range(log.size):
            assert settled.ids[start] == log.ids[start]
            assert settled.ids[start : start + 4] == log.ids[start : start + 4]
        assert settled.ids[-1] == log.ids[-1]


def altered(column: str, change: Callable[[Any], Any]) -> Callable[[SqliteStore], None]:
    def apply(store: SqliteStore) -> None:
        ((value,),) = store._rows(f"SELECT {column} FROM parts WHERE part=2")
        store._run(f"UPDATE parts SET {column}=? WHERE part=2", (change(value),))

    return apply


def another_version(store: SqliteStore) -> None:
    last, held = store.parts(CHANNEL)
    store.drop_parts(CHANNEL)
    for raw in held:
        store.put_part(CHANNEL, last, raw.replace(part.FORMAT.encode(), b"2" + part.FORMAT[1:].encode()))


def other_logs(store: SqliteStore) -> None:
    last, held = store.parts(CHANNEL)
    (origin,) = store._rows("SELECT origin FROM logs LIMIT 1")[0]
    store.drop_parts(CHANNEL)
    for raw in held:
        store.put_part(CHANNEL, last, raw.replace(origin.encode(), b"detente.log/" + b"e" * 32))


@pytest.mark.parametrize(
    "spoil",
    [
        altered("raw", lambda raw: raw[:-1] + bytes([raw[-1] ^ 1])),
        altered("raw", lambda raw: raw[:40]),
        altered("n", lambda n: n + 1),
        altered("digest", lambda digest: bytes(32)),
        lambda store: store._run("DELETE FROM parts WHERE part=2", ()),
        lambda store: store._run("DELETE FROM parts WHERE part=1", ()),
        lambda store: store._run("UPDATE parts SET part=part+1 WHERE part=(SELECT max(part) FROM parts)", ()),
        lambda store: store.put_part(CHANNEL, 1 << 40, b"\x00"),
        lambda store: store.put_part(CHANNEL, 1 << 40, store.parts(CHANNEL)[1][-1]),
        another_version,
        other_logs,
    ],
)
def test_parts_that_are_no_good_are_made_anew(
    pair: list[DurableNode], spoil: Callable[[SqliteStore], None], caplog: pytest.LogCaptureFixture
) -> None:
    node = pair[0]
    whole = facts(node.folded())
    spoil(node.db)
    read = again(node, EVERY).line
    assert facts(read) == whole
    assert read.counters["refused parts"] == 1
    assert "all leaves are read again" in caplog.text
    assert parts(node) > 1
    assert again(node).line.counters["refused parts"] == 0


def test_parts_that_lead_to_another_root_than_the_signed_one_are_refused(pair: list[DurableNode]) -> None:
    node = pair[0]
    last, held = node.db.parts(CHANNEL)
    node.db.drop_parts(CHANNEL)
    # The hash of a leaf that the parts let the store answer for is not the one that was signed.
    origin = next(o for o, log in node.line.state.logs.items() if log.size > 3)
    node.db._run(
        "UPDATE leaves SET hash=zeroblob(32) WHERE idx=1 AND log=(SELECT id FROM logs WHERE origin=?)",
        (origin,),
    )
    for raw in held:
        node.db.put_part(CHANNEL, last, raw)
    assert again(node).line.counters["refused parts"] == 1


def test_a_part_that_ends_early_or_late_is_refused(pair: list[DurableNode]) -> None:
    node = pair[0]
    last, held = node.db.parts(CHANNEL)
    whole = facts(node.folded())
    for wrong in (last - 1, last + 1):
        node.db.drop_parts(CHANNEL)
        for raw in held:
            node.db.put_part(CHANNEL, wrong, raw)
        read = again(node).line
        assert read.counters["refused parts"] == 1
        assert facts(read) == whole


def test_a_part_that_could_not_be_kept_costs_nothing_but_time(
    pair: list[DurableNode], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    node = pair[0]
    count = parts(node)

    def full(*_: object) -> None:
        raise RefusedError("no space is left")

    with monkeypatch.context() as patch:
        patch.setattr(node.db, "put_part", full)
        assert not node.keeper.settle(0)
        assert "no part of the fold was kept" in caplog.text
        node.say(*REPORT)
    assert node.keeper.settle(0)
    assert parts(node) == count + 1
    assert facts(again(node).line) == facts(node.line)


@pytest.mark.parametrize("number", range(4))
def test_power_that_goes_at_any_statement_leaves_a_part_whole_or_absent(
    pair: list[DurableNode], number: int, tmp_path: Path
) -> None:
    node = pair[0]
    whole, count = facts(node.line), parts(node)

    class Gone(BaseException):
        pass

    class Wire:
        """The connection of a machine whose power goes before a statement."""

        def __init__(self, db: sqlite3.Connection) -> None:
            self.db, self.left = db, number

        def execute(self, sql: str, values: Any = ()) -> sqlite3.Cursor:
            if not sql.startswith("SELECT"):
                if self.left == 0:
                    raise Gone
                self.left -= 1
            return self.db.execute(sql, values)

        def __getattr__(self, name: str) -> Any:
            return getattr(self.db, name)

    keeper = Keeper(node.db, node.line, EVERY)
    keeper._marks = node.keeper._marks
    real = node.db._db
    node.db._db = Wire(real)  # type: ignore[assignment]
    try:
        keeper.settle(0)
        landed = True
    except Gone:
        landed = False
    assert landed == (number == 3)
    real.close()
    node.store.db = SqliteStore.open(node.db.path)  # type: ignore[attr-defined]
    assert parts(node) == count + landed
    read = again(node)
    assert read.line.counters["refused parts"] == 0
    assert facts(read.line) == whole


def test_a_state_without_a_past_keeps_all_of_it(pair: list[DurableNode]) -> None:
    whole = pair[0].folded()
    with pytest.raises(FatalError, match="without a past"):
        whole.state.settle()


def test_parts_hold_what_came_since_the_one_before(pair: list[DurableNode]) -> None:
    node = pair[0]
    marks = Marks()
    first = part.cut(node.line.state, marks)
    second = part.cut(node.line.state, marks)
    assert len(second) < len(first)
    assert len(second) < 400 * len(node.line.state.logs)


def test_proofs_from_blocks_are_those_from_all_leaves() -> None:
    own = Party("XX").own_log()
    doc = own.certificate["doc"]
    put = PutLog(own.origin, "f" * 64, 0, 0, doc["log"], doc["receipt"], doc["pq"], False)
    log = LogState(put, VerifierKey.parse(put.log_key), VerifierKey.parse(put.receipt_key))
    hashes = [seed(n) for n in range(1030)]
    for number, digest in enumerate(hashes):
        log.add_leaf(digest, str(number), "message", False)
    for size in (1, 2, 255, 256, 257, 511, 512, 513, 768, 1000, 1024, 1030):
        for index in {0, 1, size // 2, size - 2, size - 1, 255, 256, 257, 511, 512} & set(range(size)):
            assert log.inclusion(index, size) == merkle.inclusion_proof(hashes[:size], index, size)


def test_a_store_of_the_format_before_gets_the_parts_it_lacks(pair: list[DurableNode]) -> None:
    node = pair[0]
    whole = facts(node.folded())
    path = node.db.path
    node.db._run("DROP TABLE parts", ())
    node.db._run("PRAGMA user_version=1", ())
    node.db.close()
    with pytest.raises(RefusedError, match="older format"):
        SqliteStore.open(path)
    node.store.db = SqliteStore.open(path, upgrade=True)  # type: ignore[attr-defined]
    node.db.upgrade()
    read = again(node, EVERY).line
    assert facts(read) == whole
    assert read.counters["refused parts"] == 0
    assert parts(node) > 1


def test_a_log_that_was_set_aside_or_lost_is_not_hidden_by_parts(pair: list[DurableNode]) -> None:
    node = pair[0]
    node.db.mark_lost()
    read = again(node).line
    own = read.state.own_log()
    assert own is not None
    assert own.lost == node.folded().state.logs[own.origin].lost
    assert node.db.lost_logs()
    with pytest.raises(RefusedError, match="succession"):
        node.say(*REPORT)
