# SPDX-License-Identifier: Apache-2.0
"""One log as a line holds it, against the plainest model of it; with and without a past."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.line import labels
from detente.line.logs import Kinds, LogState, split
from detente.line.past import REMEMBERED, Entries, Ids
from detente.line.writes import PutHead, PutLog
from detente.log import merkle
from detente.seal.keys import SigningKey
from detente.seal.vkey import VerifierKey

ORIGIN = "detente.log/" + "0" * 32
KEY = VerifierKey.make(ORIGIN, 1, SigningKey.from_seed(bytes(32)).public)
HASHES = [merkle.leaf_hash(b"%d" % n) for n in range(1100)]
IDS = [f"id {n}" for n in range(1100)]


class Model:
    """A past that remembers everything of one log."""

    def __init__(self) -> None:
        self.roots: dict[int, bytes] = {}
        self.asked: list[tuple[Any, ...]] = []

    def ids(self, origin: str, start: int, stop: int) -> list[str]:
        assert origin == ORIGIN and start < stop
        self.asked.append(("ids", start, stop))
        return IDS[start:stop]

    def hashes(self, origin: str, start: int, stop: int) -> bytes:
        assert origin == ORIGIN
        self.asked.append(("hashes", start, stop))
        return b"".join(HASHES[start:stop])

    def root(self, origin: str, size: int) -> bytes | None:
        assert origin == ORIGIN
        self.asked.append(("root", size))
        return self.roots.get(size)

    def head_above(self, origin: str, start: int, most: int) -> int | None:
        assert origin == ORIGIN
        above = [size for size in self.roots if size > start]
        within = [size for size in above if size <= start + most]
        return max(within, default=min(above, default=None))

    def head_below(self, origin: str, most: int) -> int:
        assert origin == ORIGIN
        self.asked.append(("head_below", most))
        return max((size for size in self.roots if size <= most), default=0)


def log_of(size: int, past: Model | None = None, settle_at: int = 0) -> LogState:
    put = PutLog(ORIGIN, "ab" * 32, 0, 0, str(KEY), str(KEY), "", False)
    log = LogState(put, KEY, KEY, past)  # type: ignore[arg-type]
    for n in range(size):
        log.add_leaf(HASHES[n], IDS[n], "test" if n % 3 else "message", n % 100 == 7)
        if n + 1 == settle_at:
            log.settle()
    return log


def head(log: LogState, size: int, *, mine: bool = False) -> None:
    log.add_head(PutHead(ORIGIN, size, merkle.root(HASHES[:size]), b"", 0, mine))


# -- leaves --------------------------------------------------------------------------------------

SIZES = [0, 1, 255, 256, 257, 511, 512, 700, 1025]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("settled", [False, True])
def test_every_leaf_is_found_again(size: int, settled: bool) -> None:
    past = Model()
    log = log_of(size, past if settled else None, size * 2 // 3 if settled else 0)
    assert (log.size, log.origin, log.party) == (size, ORIGIN, "ab" * 32)
    assert log.frontier.root() == merkle.root(HASHES[:size])
    assert log.hashes(0, size) == b"".join(HASHES[:size])
    for start in range(0, size, 97):
        assert log.hash_at(start) == HASHES[start]
        assert log.hashes(start, size) == b"".join(HASHES[start:size])
        assert log.hashes(0, start) == b"".join(HASHES[:start])
        assert (log.ids[start], log.ids[start : start + 3]) == (IDS[start], IDS[start : min(start + 3, size)])
    assert len(log.ids) == size and list(log.ids) == IDS[:size]
    if size:
        assert log.ids[-1] == IDS[size - 1]
        assert log.ids[-size] == IDS[0]
    for start in (0, 5, 256, 300):
        assert list(log.named(start)) == [(n, IDS[n]) for n in range(start, size)]
    assert list(log.urgent) == [n for n in range(size) if n % 100 == 7]
    assert list(log.kinds) == ["test" if n % 3 else "message" for n in range(size)]


def test_what_has_settled_is_asked_of_the_past_and_the_rest_is_not() -> None:
    past = Model()
    log = log_of(700, past, 600)
    assert log.settled == 600
    assert log.hashes(512, 700) == b"".join(HASHES[512:700]) and log.ids[512:] == IDS[512:700]
    assert log.ids[512] == IDS[512]
    assert past.asked == []
    assert log.hashes(511, 513) == HASHES[511] + HASHES[512]
    assert log.ids[510:514] == IDS[510:514]
    assert past.asked == [("hashes", 511, 512), ("ids", 510, 512)]
    log.settle()
    assert log.settled == 700
    past.asked.clear()
    assert log.hash_at(512) == HASHES[512] and past.asked == []


def test_kinds_are_a_list_of_names() -> None:
    kinds = Kinds()
    for kind in ("a", "b", "a", "c"):
        kinds.append(kind)
    assert (len(kinds), list(kinds), kinds[-1], kinds[1], kinds[1:3]) == (
        4,
        ["a", "b", "a", "c"],
        "c",
        "b",
        ["b", "a"],
    )
    assert (kinds.code("a"), kinds.code("c"), kinds.code("new"), kinds.names) == (
        0,
        2,
        3,
        ["a", "b", "c", "new"],
    )


def test_entries_are_noted_by_what_they_are() -> None:
    log = log_of(3)
    for what, index in (("rule", 1), ("rule", 2), ("other", 0)):
        log.note(what, index)
    assert {what: list(found) for what, found in log.noted.items()} == {"rule": [1, 2], "other": [0]}


# -- old roots -----------------------------------------------------------------------------------


@pytest.mark.parametrize("settled", [0, 256, 300, 700])
def test_any_old_root_and_any_audit_path_is_worked_out(settled: int) -> None:
    log = log_of(700, Model() if settled else None, settled)
    for size in (0, 1, 2, 255, 256, 257, 511, 512, 513, 699, 700):
        assert log.compute_root(size) == merkle.root(HASHES[:size])
        for index in {0, size // 2, size - 257, size - 256, size - 1} & set(range(size)):
            assert log.inclusion(index, size) == merkle.inclusion_proof(HASHES, index, size), (index, size)


def test_an_old_root_costs_two_trees_of_256_at_most() -> None:
    """Blocks of 256 leaves stand in trees of 256 blocks: here with small blocks that are made up."""
    log = log_of(0)
    count = 600
    log._blocks = bytearray(b"".join(HASHES[:count]))
    log.frontier = merkle.Frontier(256 * count, [HASHES[0]] * (256 * count).bit_count())
    for whole in (600, 1, 256, 255, 257, 512, 511, 599, 0):
        assert log.compute_root(256 * whole) == merkle.root(HASHES[:whole]), whole
    assert [tree.size for tree in log._trees] == [0, 256, 512]


@pytest.mark.parametrize("size", SIZES)
def test_a_log_taken_back_is_the_log_that_settled(size: int) -> None:
    log = log_of(size, Model(), size)
    start = size - size % 256
    back = log_of(0, Model())
    back.take_back(log.blocks, b"".join(HASHES[start:size]), IDS[start:size])
    assert (back.size, back.settled, back.frontier.root()) == (size, size, merkle.root(HASHES[:size]))
    assert back.blocks == log.blocks and len(back.blocks) == 32 * (size // 256)
    for n in range(size, size + 300):
        back.add_leaf(HASHES[n % 1100], IDS[n % 1100], "test", False)
        log.add_leaf(HASHES[n % 1100], IDS[n % 1100], "test", False)
    assert back.frontier.root() == log.frontier.root()
    for prefix in (0, size // 2, size, size + 1, size + 299):
        assert back.compute_root(prefix) == log.compute_root(prefix)
    assert back.hashes(0, size + 300) == log.hashes(0, size + 300)
    assert list(back.ids) == list(log.ids)


def test_hashes_are_split_by_32_bytes() -> None:
    assert list(split(b"")) == []
    assert list(split(b"".join(HASHES[:3]))) == HASHES[:3]


# -- heads ---------------------------------------------------------------------------------------

signed = st.lists(st.integers(1, 60), max_size=8)


def above(sizes: set[int], start: int, most: int) -> int | None:
    later = {size for size in sizes if size > start}
    return max((size for size in later if size <= start + most), default=min(later, default=None))


@given(signed, st.integers(0, 61), st.integers(0, 40))
def test_heads_are_found_from_both_sides(sizes: list[int], at: int, most: int) -> None:
    log = log_of(60)
    for size in sizes:
        head(log, size)
    known = set(sizes)
    assert log.head_sizes == sorted(known)
    assert log.root_at(at) == (merkle.root(HASHES[:at]) if at in known else None)
    assert log.head_above(at, most) == above(known, at, most)
    assert log.head_below(at) == max((size for size in known if size <= at), default=0)


@given(signed, signed, st.integers(0, 61), st.integers(0, 40))
def test_heads_are_found_where_some_have_settled(old: list[int], new: list[int], at: int, most: int) -> None:
    past = Model()
    log = log_of(30, past)
    before = {size for size in old if size <= 30}
    for size in sorted(before):
        head(log, size)
        past.roots[size] = merkle.root(HASHES[:size])
    log.settle()
    for n in range(30, 60):
        log.add_leaf(HASHES[n], IDS[n], "test", False)
    known = before | {size for size in new if size > 30}
    for size in new:
        if size > 30:
            head(log, size)
    assert log.root_at(at) == (merkle.root(HASHES[:at]) if at in known else None)
    assert log.head_above(at, most) == above(known, at, most)
    assert log.head_below(at) == max((size for size in known if size <= at), default=0)


def test_of_settled_heads_only_the_newest_is_kept_and_the_past_is_asked_no_more_than_needed() -> None:
    past = Model()
    log = log_of(30, past)
    for size in (10, 20, 30):
        head(log, size)
        past.roots[size] = merkle.root(HASHES[:size])
    log.settle()
    assert log.head_sizes == [30] and log.head_roots == [merkle.root(HASHES[:30])]
    assert log.root_at(30) is not None and log.head_below(30) == 30 and log.head_below(35) == 30
    assert log.root_at(31) is None
    assert past.asked == []
    assert log.head_below(29) == 20 and log.root_at(10) == merkle.root(HASHES[:10])
    assert past.asked == [("head_below", 29), ("root", 10)]


def test_a_head_of_one_size_is_kept_once() -> None:
    log = log_of(5)
    head(log, 3)
    head(log, 5)
    log.add_head(PutHead(ORIGIN, 3, b"another", b"", 0, False))
    assert (log.head_sizes, log.root_at(3)) == ([3, 5], merkle.root(HASHES[:3]))


@pytest.mark.parametrize(
    ("ours", "signed_here", "lost"), [(True, False, True), (True, True, False), (False, False, False)]
)
def test_a_log_of_ours_was_lost_where_its_head_is_given_back(
    ours: bool, signed_here: bool, lost: bool
) -> None:
    put = PutLog(ORIGIN, "ab" * 32, 0, 0, str(KEY), str(KEY), "", ours)
    log = LogState(put, KEY, KEY)
    head(log, 1, mine=signed_here)
    assert log.lost is lost
    head(log, 2, mine=True)
    assert log.lost is lost, "for good"


# -- citations -----------------------------------------------------------------------------------


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9)), max_size=12),
    st.integers(-1, 40),
    st.integers(0, 10),
)
def test_what_an_author_had_seen(steps: list[tuple[int, int]], at: int, leaf: int) -> None:
    log = log_of(40)
    index, cites = 0, []
    for step, size in steps:
        index += step
        log.cite(index, "other", size)
        cites.append((index, size))
    assert log.saw(at, "other") == max((size for i, size in cites if i <= at), default=0)
    seen = [i for i, size in cites if size > leaf]
    assert log.first_to_see("other", leaf) == min(seen, default=40)
    assert (log.saw(at, "unknown"), log.first_to_see("unknown", leaf)) == (0, 40)


# -- entries of a past ---------------------------------------------------------------------------


class Shelf:
    """A past of places and item receipts."""

    def __init__(self, places: dict[str, list[tuple[str, int, tuple[str, ...]]]]) -> None:
        self.held = places
        self.asked: list[str] = []

    def places(self, entry_id: str) -> list[tuple[str, int, tuple[str, ...]]]:
        self.asked.append(entry_id)
        return self.held.get(entry_id, [])

    def known(self, entry_ids: Sequence[str]) -> set[str]:
        return self.held.keys() & set(entry_ids)

    def givers(self, entry_id: str) -> set[str]:
        return {"giver"} if entry_id == "b" else set()


PLACES = {
    "a": [("log", 3, ("late",))],
    "b": [("elsewhere", 0, ()), ("log", 9, ()), ("log", 5, ())],
    "copy": [("log", 1, ("bad signature",)), ("other", 2, ("late",))],
    "only copies": [("log", 1, ("bad signature",)), ("other", 2, ("bad signature", "x"))],
    "not yet": [("log", 8, ())],
}
SETTLED = {"log": 8, "other": 4}


def entries() -> tuple[Entries, Shelf]:
    shelf = Shelf(PLACES)
    return Entries(shelf, SETTLED.get), shelf  # type: ignore[arg-type]


def test_the_new_entries_of_a_batch_are_not_asked_for_again_and_the_others_are_found() -> None:
    held, shelf = entries()
    held.look_up(["unknown", "a", "not here either", "copy"])
    assert [held.where.get(name) for name in ("unknown", "not here either")] == [None, None]
    assert shelf.asked == []
    assert (held.where["a"], held.where["copy"]) == (("log", 3), ("other", 2))
    assert shelf.asked == ["a", "copy"]
    held.settle()
    assert "unknown" not in held.where
    assert shelf.asked == ["a", "copy", "unknown"]


def test_an_entry_stands_at_its_first_settled_place_and_at_a_copy_only_for_want_of_it() -> None:
    held, _ = entries()
    found = {name: held.where.get(name) for name in (*PLACES, "unknown")}
    assert found == {
        "a": ("log", 3), "b": ("log", 5), "copy": ("other", 2), "only copies": ("log", 1),
        "not yet": None, "unknown": None,
    }  # fmt: skip
    assert ("a" in held.where, "unknown" in held.where, 5 in held.where) == (True, False, False)
    assert held.where["a"] == ("log", 3)
    with pytest.raises(KeyError):
        held.where["unknown"]
    assert held.where.get("unknown", "nowhere") == "nowhere"


def test_what_is_recent_hides_what_is_old_until_it_settles() -> None:
    held, _ = entries()
    assert (held.labels.get("a"), held.labels.get("b"), held.items.get("b")) == (("late",), None, {"giver"})
    held.where["a"], held.where["b"] = ("log", 20), ("log", 21)
    assert held.where["a"] == ("log", 20)
    assert (held.labels.get("a"), held.items.get("b")) == (None, None), "those of the new place count"
    held.labels["a"], held.items["a"], held.items["early"] = ("new",), {"x"}, {"y"}
    assert (held.labels["a"], held.items["a"]) == (("new",), {"x"})
    held.settle()
    assert held.where["a"] == ("log", 3) and held.labels["a"] == ("late",)
    assert held.items.recent == {"early": {"y"}}, "no place of it is known yet"


def test_an_entry_is_asked_for_once_until_there_is_something_new() -> None:
    held, shelf = entries()
    for _ in range(3):
        assert held.where.get("a") == ("log", 3) and held.where.get("unknown") is None
    assert shelf.asked == ["a", "unknown"]
    held.settle()
    assert held.where.get("a") == ("log", 3)
    assert shelf.asked == ["a", "unknown", "a"]
    for number in range(REMEMBERED):
        held.where.get(str(number))
    held.where.get("a")
    assert shelf.asked[-1] == "a", "no more than so many are remembered"


def test_without_a_past_only_what_is_recent_is_known() -> None:
    held = Entries(None, SETTLED.get)
    assert (held.where.get("a"), held.labels.get("a"), held.items.get("a")) == (None, None, None)
    ids = Ids(ORIGIN, None)
    for name in ("x", "y", "z"):
        ids.append(name)
    assert (list(ids), ids[1], ids[-1], ids[1:], len(ids)) == (["x", "y", "z"], "y", "z", ["y", "z"], 3)


LABELLED = st.sampled_from([(), ("late",), ("bad signature",), ("not vouched for",), ("duplicate", "late")])


@given(st.lists(st.one_of(LABELLED, st.tuples(st.just("relabel"), LABELLED), st.just("settle")), max_size=20))
def test_where_an_entry_counts_is_the_same_in_memory_and_on_disk(steps: list[Any]) -> None:
    """Against the plainest model, a list of rows: a change of labels is of the row where the entry counts."""
    rows: list[tuple[str, int, tuple[str, ...]]] = []
    settled = 0
    held = Entries(Shelf({"e": rows}), lambda origin: settled)  # type: ignore[arg-type]

    def first() -> int:
        worst = [("bad signature" in said, bool({"not vouched for", "duplicate"} & set(said)))
                 for _, _, said in rows]  # fmt: skip
        return worst.index(min(worst))

    for step in steps:
        if step == "settle":
            settled = len(rows)
            held.settle()
        elif step[:1] == ("relabel",):
            if not rows:
                continue
            at = first()
            rows[at] = (*rows[at][:2], step[1])
            held.labels["e"] = held.relabelled("e", step[1])
        else:
            rows.append(("log", len(rows), step))
            if held.stands("e", ("log", len(rows) - 1), step):
                held.labels["e"] = step
        if rows:
            assert (held.where["e"], held.labels.get("e") or ()) == (rows[first()][:2], rows[first()][2])


def test_a_label_is_known_by_what_it_does() -> None:
    """The lists that stood in four places, as they were."""
    unauthorised = {"bad signature", "no mandate", "revoked", "not understood"}
    assert unauthorised | {"malformed leaf", "duplicate"} == labels.VOID
    assert labels.VOID | {"not vouched for"} == labels.WITHOUT_EFFECT
    assert unauthorised | {"malformed body", "duplicate"} == labels.AGAINST
    assert unauthorised | {"unopened"} == labels.NOT_EARLY
    assert {"bad citation", "unopened"} == labels.PASSING
    assert {"against standing", "crossed", "before charter"} == labels.BY_RULES
    assert set(labels.LABELS) - labels.PREVENTED == {
        "malformed leaf", "single release", "crossed", "not vouched for", "duplicate",
    }  # fmt: skip
    assert labels.behind(()) == labels.behind(["late"]) == 0
    assert labels.behind(["not vouched for"]) == labels.behind(["duplicate", "not vouched for"]) == 1
    assert labels.behind(["not vouched for", "bad signature"]) == 2
