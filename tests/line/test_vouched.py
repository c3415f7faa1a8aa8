# SPDX-License-Identifier: Apache-2.0
"""What a party no longer vouches for: which entries, who learns of it, and what still counts."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path

import pytest

from detente.errors import RefusedError
from detente.line.labels import NOT_VOUCHED, ranked
from detente.line.logs import LogState
from detente.line.vouching import changed, repeated, up_to, vouched
from detente.line.writes import PutLabels
from detente.node.records import Records
from tests.line.durable import durable, join, rest
from tests.line.harness import CHANNEL, Node, Party, chartered, connect, cut, run
from tests.line.test_review_durable import restored
from tests.line.test_review_hostile import agreed, succeed


@pytest.fixture
def nodes() -> tuple[Node, Node]:
    a, b, _ = chartered()
    a.events.clear()
    b.events.clear()
    return a, b


def held(node: Node, origin: str) -> LogState:
    return node.line.state.logs[origin]


def test_what_a_succession_leaves_out_is_labelled_by_all_and_nothing_else(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    mine = b.say("message", {"text": "of another party"})
    size = a.size_of(a)
    first, second = (a.say("message", {"text": text}) for text in ("left out", "this too"))
    run(a, b)
    old = held(a, a.own.origin)
    for node in nodes:
        assert vouched(node.line.state, held(node, old.origin)) is None
        node.events.clear()
    succeed(a, a.party.own_log(), size)
    run(a, b)
    for node in nodes:
        labels = node.store.labels()
        assert {e for e, found in labels.items() if NOT_VOUCHED in found} == {first, second}
        assert labels[mine] == ()
        told = [e for e in node.events if e.name == "labels"]
        assert [(e.party, e.entry_id, e.detail) for e in told] == [
            (a.party.fpr, entry, {"labels": [NOT_VOUCHED]}) for entry in (first, second)
        ]
        assert [w.entry_id for w in node.store.writes if isinstance(w, PutLabels)] == [first, second]
        assert vouched(node.line.state, held(node, old.origin)) == size
        assert vouched(node.line.state, held(node, a.own.origin)) is None


def test_how_much_of_a_log_counts_is_a_matter_of_what_was_seen(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    size, old = a.size_of(a), a.own.origin
    a.say("message", {"text": "left out"})
    run(a, b)
    assert up_to(b.line.state, old, {old: size + 1}.__getitem__) == size + 1
    succeed(a, a.party.own_log(), size)
    run(a, b)
    state, new = b.line.state, a.own.origin
    for seen_old, seen_new, counts in (
        (size + 1, 1, size + 1),
        (size + 1, 2, size),
        (size + 1, 3, size),
        (size - 1, 2, size - 1),
    ):
        assert up_to(state, old, {old: seen_old, new: seen_new}.__getitem__) == counts
    assert up_to(state, new, {old: 0, new: 3}.__getitem__) == 3
    assert up_to(state, "detente.log/" + "7" * 32, lambda origin: 4) == 4


def test_of_the_second_log_what_the_third_leaves_out_is_counted_from_its_own_beginning(
    nodes: tuple[Node, Node],
) -> None:
    a, b = nodes
    succeed(a, a.party.own_log())
    size, second = a.size_of(a), a.own.origin
    entry = a.say("message", {"text": "left out"})
    succeed(a, a.party.own_log(), size)
    run(a, b)
    for node in nodes:
        assert vouched(node.line.state, held(node, second)) == size
        seen = {second: size + 1, a.own.origin: 2}
        assert up_to(node.line.state, second, seen.__getitem__) == size
        assert [e for e, found in node.store.labels().items() if NOT_VOUCHED in found] == [entry]


def test_what_is_not_vouched_for_may_be_said_again_and_what_is_may_not(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    before = a.signed("message", {"text": "vouched for"})
    again = a.signed("message", {"text": "left out"})
    a.line.place([before], a.now)
    a.commit()
    size = a.size_of(a)
    a.line.place([again], a.now)
    a.line.place([again], a.now)
    a.commit()
    assert a.size_of(a) == size + 1
    succeed(a, a.party.own_log(), size)
    start = a.size_of(a)
    a.line.place([before, again], a.now)
    a.commit()
    assert held(a, a.own.origin).ids[start:] == [again.id]
    run(a, b)
    assert b.line.unsent() == a.line.unsent() == 0


def test_what_was_left_out_and_said_again_is_placed_no_third_time(tmp_path: Path) -> None:
    """Its second place is where it counts: for its author, for who holds both, and after a restart."""
    a, b = durable(tmp_path)
    agreed([a, b])
    size, old = a.size_of(a), a.own.origin
    again = a.signed("message", {"text": "left out, then said again"})
    a.line.place([again], a.now)
    a.commit()
    rest([a, b])
    succeed(a, a.party.own_log(), size)
    rest([a, b])
    assert a.line.state.labels[again.id] == b.line.state.labels[again.id] == (NOT_VOUCHED,)
    place = (a.own.origin, a.size_of(a))
    a.line.place([again], a.now)
    a.commit()
    rest([a, b])
    for node in (a, b):
        assert {row.origin: row.labels for row in node.db.rows_of(CHANNEL, again.id)} == {
            old: (NOT_VOUCHED,),
            a.own.origin: (),
        }
        for line in (node.line, node.reloaded(), node.folded()):
            assert line.state.where[again.id] == place and again.id not in line.state.labels
        assert node.db.leaf_of(again.id)[:2] == place  # type: ignore[index]
        node.db.put_channel(CHANNEL, "channel", "x", 0, {})
        shown = Records(node.db).entry(again.id)
        assert shown is not None and (shown.origin, shown.index, shown.labels) == (*place, ())
    for _ in range(2):
        assert a.line.place([again], a.now) == [again.id]
        assert not a.line.take(), "it stands: it is placed no third time"
        a.crash()
    a.line.state.stands = lambda *args: False  # type: ignore[method-assign]
    a.line.place([again], a.now)
    a.line.state.__dict__.pop("stands")
    a.commit()
    connect(a, b)
    rest([a, b])
    assert [row.labels for row in b.db.rows_of(CHANNEL, again.id)] == [(NOT_VOUCHED,), (), ("duplicate",)]
    assert b.line.state.where[again.id] == place


def test_a_standing_that_was_left_out_and_said_again_counts_at_its_new_place(tmp_path: Path) -> None:
    """At its old place, which has a higher number, it would come after the one that ends it."""
    a, b = durable(tmp_path)
    agreed([a, b])
    size = a.size_of(a)
    for number in range(12):
        a.say("message", {"text": str(number)})
    closed = {"scope": "channel", "state": "suspended", "by": "ministry"}
    again = a.signed("standing", closed)
    a.line.place([again], a.now)
    a.commit()
    succeed(a, a.party.own_log(), size)
    a.line.place([again], a.now)
    a.commit()
    last = a.say("standing", closed | {"state": "normal"})
    rest([a, b])
    for node in (a, b):
        for line in (node.line, node.reloaded()):
            assert line.state.terms_now().standings[a.party.fpr].entry_id == last
            known = Records(node.db, None, lambda channel, line=line: line.state)  # type: ignore[misc]
            rules = known._rules(CHANNEL)
            assert rules == Records(node.db)._rules(CHANNEL)
            assert [rule.entry_id for rule in rules][-2:] == [again.id, last]


def test_what_only_a_succession_left_out_that_was_set_aside_is_vouched_for_again(tmp_path: Path) -> None:
    """An older copy left more out; nobody took its log: it goes on in the other one, as all others see it."""
    a, b = durable(tmp_path)
    agreed([a, b])
    a.db.copy_to(tmp_path / "kept.db")
    old, least = a.own.origin, a.size_of(a)
    vouched_for = [a.say("message", {"text": text}) for text in "12"]
    size = a.size_of(a)
    left_out = a.say("message", {"text": "3"})
    rest([a, b])
    cut(a, b)
    succeed(a, a.party.own_log(), size)
    connect(a, b)
    rest([a, b])
    cut(a, b)
    restored(a, tmp_path / "kept.db")
    succeed(a, a.party.own_log(), least)
    connect(a, b)
    rest([a, b])
    assert vouched(a.line.state, held(a, old)) == vouched(b.line.state, held(b, old)) == size
    for node in (a, b):
        labels = node.store.labels()
        assert [labels[entry] for entry in (*vouched_for, left_out)] == [(), (), (NOT_VOUCHED,)]
    told = [(e.party, e.entry_id, e.detail["labels"]) for e in a.events if e.name == "labels"]
    assert [one for one in told if one[1] in vouched_for] == [(a.party.fpr, e, []) for e in vouched_for]


def test_what_another_party_said_may_be_said_by_us(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    a.say("message", {"text": "x"})
    run(a, b)
    last = held(b, a.own.origin).ids[-1]
    assert b.line.state.stands(last, a.party.fpr) and not b.line.state.stands(last, b.party.fpr)


def test_where_a_statement_counts_it_is_not_said_again(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    kept_one = a.say("message", {"text": "vouched for"})
    size = a.size_of(a)
    gone = a.say("message", {"text": "left out"})
    old = held(a, a.own.origin)
    succeed(a, a.party.own_log(), size)
    run(a, b)
    for node in nodes:
        state, log = node.line.state, held(node, a.own.origin)
        before = held(node, old.origin)
        assert repeated(state, log, log.size, kept_one)
        assert not repeated(state, log, log.size, gone)
        assert not repeated(state, held(node, b.own.origin), 0, kept_one), "another party may say it"
        assert not repeated(state, log, log.size, "0" * 64)
        assert repeated(state, before, size + 1, kept_one) and repeated(state, before, size + 1, gone)
        last = log.ids[-1]
        assert repeated(state, log, log.size, last)
        # In what is not vouched for, a statement of the log that goes on is no repeat.
        assert repeated(state, before, size - 1, last)
        assert not repeated(state, before, size, last) and not repeated(state, before, size + 1, last)


def test_labels_change_once_and_only_where_the_entry_counts(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    size = a.size_of(a)
    entries = [a.say("message", {"text": text}) for text in "123"]
    run(a, b)
    for node in nodes:
        assert changed(node.line.state, held(node, a.own.origin)) == []
    log = a.line.state.logs[a.own.origin]
    a.line.state.labels[entries[0]] = ("crossed",)
    succeed_at = a.party.own_log()
    state = a.line.state
    put = replace(log.put, origin=succeed_at.origin, seq=1, base=size)
    state.apply(put)
    assert changed(state, log) == [
        (entries[0], ranked([NOT_VOUCHED, "crossed"])),
        (entries[1], (NOT_VOUCHED,)),
        (entries[2], (NOT_VOUCHED,)),
    ]
    state.labels[entries[1]] = (NOT_VOUCHED,)
    state.where[entries[2]] = (succeed_at.origin, 0)
    assert [entry for entry, _ in changed(state, log)] == [entries[0]]


@pytest.mark.parametrize("left_out", [False, True])
def test_who_saw_that_a_standing_is_no_longer_vouched_for_is_not_held_to_it(left_out: bool) -> None:
    parties = [Party(name) for name in ("BY", "UA", "LT")]
    a, b, c = trio = [Node(p, [o for o in parties if o is not p]) for p in parties]
    join(trio)  # type: ignore[arg-type]
    agreed(trio)  # type: ignore[arg-type]
    size = a.size_of(a)
    a.say("standing", {"scope": "channel", "state": "suspended", "by": "ministry"})
    rest(trio)  # type: ignore[arg-type]
    for one, two in ((a, b), (a, c), (b, c)):
        cut(one, two)
    succeed(a, a.party.own_log(), size + (not left_out))
    connect(a, b)
    run(a, b)
    place = b.size_of(b)
    with contextlib.suppress(RefusedError):
        b.say("message", {"text": "seen that it was left out"})
    assert (b.size_of(b) > place) is left_out
    assert a.own.origin not in c.line.state.logs and c.size_of(b) == place
    connect(b, c)
    for raw in b.poll(c):
        c.receive(b, raw)
    rest(trio)  # type: ignore[arg-type]
    assert [found for found in c.store.labels().values() if NOT_VOUCHED in found] == [
        (NOT_VOUCHED,)
    ] * left_out
    assert c.store.labels() == b.store.labels()
    told = [e.detail["labels"] for e in c.events if e.name == "entry" and e.party == b.party.fpr][-1]
    changes = [e.detail["labels"] for e in c.events if e.name == "labels"]
    assert (told, changes) == ((["against standing"], [[NOT_VOUCHED], []]) if left_out else ([], []))
