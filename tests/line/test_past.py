# SPDX-License-Identifier: Apache-2.0
"""Where an entry counts that stands at several places: every short way to get there."""

from __future__ import annotations

import itertools

import pytest

from detente.line.past import REMEMBERED, Entries, Ids
from detente.line.state import State
from tests.line import test_logs
from tests.line.harness import CHANNEL
from tests.line.test_logs import IDS, ORIGIN, SETTLED, Model, Shelf

STEPS = ((), ("bad signature",), ("duplicate",), ("relabel", ()), ("relabel", ("duplicate",)), "settle")
compare = test_logs.test_where_an_entry_counts_is_the_same_in_memory_and_on_disk.hypothesis.inner_test  # type: ignore[attr-defined]


@pytest.mark.parametrize("first", STEPS[:3])
def test_every_short_way_gives_what_the_rows_say(first: object) -> None:
    for steps in itertools.product(STEPS, repeat=4):
        compare([first, *steps])


def test_a_batch_is_asked_for_at_once_and_one_entry_is_not() -> None:
    shelf = Shelf({"a": [("log", 3, ())]})
    held = Entries(shelf, SETTLED.get)  # type: ignore[arg-type]
    held.look_up(["new"])
    assert "new" not in held.where and shelf.asked == ["new"]
    held.look_up(["newer", "a"])
    assert "newer" not in held.where and "a" in held.where
    assert shelf.asked == ["new", "a"], "what is new was answered with the batch"


def test_no_more_answers_are_remembered_than_were_asked_for_at_once() -> None:
    shelf = Shelf({})
    held = Entries(shelf, SETTLED.get)  # type: ignore[arg-type]
    held.look_up(["x", *map(str, range(REMEMBERED - 1))])
    assert "x" not in held.where and not shelf.asked
    held.look_up(["y", "z"])
    assert "x" not in held.where and shelf.asked == ["x"]
    assert "y" not in held.where and shelf.asked == ["x"]


def test_ids_are_read_in_ranges_from_both_sides_of_what_settled() -> None:
    ids = Ids(ORIGIN, Model())  # type: ignore[arg-type]
    for name in IDS[:9]:
        ids.append(name)
    for settled in (0, 4, 6, 9):
        ids.settle(settled)
        for start, stop in itertools.product(range(-11, 12), repeat=2):
            assert ids[start:stop] == IDS[:9][start:stop], (settled, start, stop)
        assert [ids[at] for at in range(-9, 9)] == IDS[:9] * 2
        assert len(ids) == 9 and list(ids) == IDS[:9]


def test_an_entry_of_another_channel_on_the_same_disk_stands_nowhere_here() -> None:
    state = State(CHANNEL, "ab" * 32, Shelf({"b": [("elsewhere", 0, ())]}))  # type: ignore[arg-type]
    assert state.where.get("b") is None and not state.stands("b", "ab" * 32)
    assert state.items.get("b") is None and state.labels.get("b", ()) == ()
