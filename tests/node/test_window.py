# SPDX-License-Identifier: Apache-2.0
"""Of a long channel the newest entries are read, and they are the same as where all were read."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from detente.errors import RefusedError
from detente.line.writes import PutHead, PutLabels, PutLeaf
from detente.node.past import Folded, Start
from detente.node.records import Records, Window
from detente.node.rulings import Rulings
from detente.node.store import SqliteStore
from detente.record.entry import Entry
from tests.line.durable import EVERY, DurableNode, copied, durable, rest
from tests.line.harness import CHANNEL
from tests.line.test_review_durable import say
from tests.line.test_review_hostile import agreed

NEWEST = 12
SHORT = Window(most=20, newest=NEWEST)


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> list[DurableNode]:
    """Two parties that said much, acknowledged some of it, and declared this and that."""
    nodes = durable(tmp_path_factory.mktemp("said"))
    agreed(nodes)
    chance = random.Random(3)
    for _ in range(20):
        one = chance.choice(nodes)
        say(one, chance)
        rest(nodes)
        other = nodes[1 - nodes.index(one)]
        (target,) = one.line.state.logs[one.own.origin].ids[-1:]
        if chance.random() < 0.5:
            other.line.machine("ack", {"state": "displayed"}, other.now, re=[target], office="watch")
            other.commit()
            rest(nodes)
    nodes[0].db.put_channel(CHANNEL, "channel", "UA", 0, {})
    return nodes


@pytest.fixture
def node(said: list[DurableNode], tmp_path: Path) -> DurableNode:
    """One of them, over a store of its own."""
    return copied(said, tmp_path)[0]


def windowed(node: DurableNode) -> Records:
    return Records(node.db, SHORT, lambda channel: node.line.state)


def plain(entry: Entry) -> Entry:
    """Without what rests on citations from before the window: an interval may be wider, never narrower."""
    return replace(entry, proven=(None, None), witnessed={})


def test_the_newest_entries_are_as_where_all_were_read(node: DurableNode) -> None:
    whole = Records(node.db).entries(CHANNEL)
    found = windowed(node)
    newest = found.entries(CHANNEL)
    assert len(whole) > SHORT.most
    assert [plain(e) for e in newest] == [plain(e) for e in whole[-NEWEST:]]
    assert found.passed_over(CHANNEL) == len(whole) - NEWEST
    for one, full in zip(newest, whole[-NEWEST:], strict=True):
        assert one.proven[1] == full.proven[1]
        assert one.proven[0] is None or (full.proven[0] is not None and one.proven[0] <= full.proven[0])


def test_it_follows_what_comes_and_moves_on(node: DurableNode) -> None:
    found = windowed(node)
    before = found.entries(CHANNEL)
    for number in range(SHORT.most):
        node.line.machine("test", {"text": "x", "n": number, "lang": "en"}, node.now, mark="test")
        node.commit()
        whole = Records(node.db).entries(CHANNEL)
        newest = found.entries(CHANNEL)
        assert NEWEST <= len(newest) <= SHORT.most + 1
        assert [plain(e) for e in newest] == [plain(e) for e in whole[-len(newest) :]]
    assert not {e.id for e in before} & {e.id for e in newest}


def test_an_older_entry_is_found_by_id_and_by_ref(node: DurableNode) -> None:
    whole = Records(node.db).entries(CHANNEL)
    found = windowed(node)
    for entry in whole[:-NEWEST]:
        by_id, by_ref = found.find(entry.id), found.find(entry.ref, CHANNEL)
        assert plain(by_id) == plain(by_ref) == plain(Records(node.db).find(entry.id))
    with pytest.raises(RefusedError, match="names no entry"):
        found.find(f"{whole[0].party}-0{whole[0].index}", CHANNEL)
    with pytest.raises(RefusedError, match="names no entry"):
        found.find(f"{whole[0].party}-100000", CHANNEL)


def test_charter_and_standings_are_known_whatever_was_passed_over(node: DurableNode) -> None:
    whole, found = Records(node.db), windowed(node)
    assert found.charter(CHANNEL) == whole.charter(CHANNEL) is not None
    assert found.channel_state(CHANNEL) == "open"
    ids = {e.id for e in whole.entries(CHANNEL) if e.kind in ("standing", "charter", "assent")}
    newest = {e.id for e in found.entries(CHANNEL)}
    assert {e.id for e in found.old_rules(CHANNEL)} == ids - newest
    assert ids - newest


def test_a_channel_that_is_not_long_is_read_whole(node: DurableNode) -> None:
    whole = Records(node.db).entries(CHANNEL)
    found = Records(node.db, Window(most=len(whole), newest=1))
    assert found.entries(CHANNEL) == whole
    assert found.passed_over(CHANNEL) == 0
    assert not found.old_rules(CHANNEL)


def test_places_to_begin(node: DurableNode) -> None:
    rows = node.db.rows_since(CHANNEL, 0)
    assert node.db.count(CHANNEL) == len(rows)
    assert node.db.start_of(CHANNEL, len(rows) + 1) is None
    start = node.db.start_of(CHANNEL, 5)
    assert isinstance(start, Start)
    assert [row.n for row in node.db.rows_since(CHANNEL, start.leaf)] == [row.n for row in rows[-5:]]
    assert [row.n for row in node.db.rows_since(CHANNEL, start.leaf, 2)] == [row.n for row in rows[-5:-3]]
    assert sum(start.sizes.values()) == len(rows) - 5


def test_rule_entries_are_found_without_reading_the_others(
    node: DurableNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where no line is in memory: by the parts of the fold; and by all leaves where there are none."""
    whole = sorted(node.line.state.rules.rules, key=lambda rule: rule.entry_id)
    read = 0
    fold_from = SqliteStore.fold_from

    def counted(store: SqliteStore, channel: str, after: int) -> Iterator[Folded]:
        nonlocal read
        for one in fold_from(store, channel, after):
            read += 1
            yield one

    monkeypatch.setattr(SqliteStore, "fold_from", counted)
    assert sorted(Rulings(node.db, CHANNEL).all(), key=lambda rule: rule.entry_id) == whole
    assert read < EVERY
    node.db._run("UPDATE parts SET digest=zeroblob(32) WHERE part=2", ())
    assert sorted(Rulings(node.db, CHANNEL).all(), key=lambda rule: rule.entry_id) == whole
    assert read > node.db.count(CHANNEL)
    assert Records(node.db).channel_state(CHANNEL) == "open"


def test_rule_entries_that_come_later_are_found_too(node: DurableNode) -> None:
    rulings, records = Rulings(node.db, CHANNEL), Records(node.db)
    before, standing = len(rulings.all()), records.charter(CHANNEL)
    body = {"scope": "channel", "state": "normal", "by": "ministry"}
    entry = node.say("standing", body)
    assert [rule.entry_id for rule in rulings.all()[before:]] == [entry]
    node.db.commit(CHANNEL, [PutLabels(entry, ("no mandate",))])
    assert records.charter(CHANNEL) == standing
    assert entry not in {rule.entry_id for rule in Rulings(node.db, CHANNEL).all()}
    assert records.count(CHANNEL) == len(records.entries(CHANNEL))


def test_an_old_entry_is_shown_where_it_counts_though_a_copy_came_lately(node: DurableNode) -> None:
    """A member copies an old statement of ours: the copy is within the window, the entry is not."""
    whole = Records(node.db).entries(CHANNEL)
    mine = next(entry for entry in whole if entry.mine and entry.kind == "charter")
    theirs = next(log for log in node.line.state.logs.values() if not log.put.mine)
    raw = next(row.raw for row in node.db.rows_of(CHANNEL, mine.id))
    copy = PutLeaf(theirs.origin, theirs.size, raw, b"h" * 32, mine.id, 5, ("bad signature",))
    head = PutHead(theirs.origin, theirs.size + 1, b"r" * 32, b"n", theirs.size, False)
    node.db.commit(CHANNEL, [copy, head])
    for records in (windowed(node), Records(node.db)):
        found = records.entry(mine.id)
        assert found is not None and (found.origin, found.index) == (mine.origin, mine.index)
        assert plain(found) == plain(mine)
    assert mine.id in {entry.id for entry in windowed(node).entries(CHANNEL)}, "the copy is in the window"
