# SPDX-License-Identifier: Apache-2.0
"""What is proven of a time holds in truth, whatever the clocks say: the record of simulated parties."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from itertools import permutations
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as some

from detente.line.writes import PutLog, PutMember
from detente.node.store import SqliteStore
from detente.record import interval
from detente.record.entry import Entry
from detente.record.interval import Span
from tests.examples import examples
from tests.node.test_records import CHANNEL, FPR, LOG, Scene, T

PARTIES = ("BY", "UA", "XX")
YEAR = 365 * 86_400_000
# (who says something or takes in another's log, whose, after how many ms)
STEPS = some.lists(
    some.tuples(some.sampled_from(PARTIES), some.sampled_from(PARTIES), some.integers(1, 90_000)), max_size=25
)


@dataclass
class World:
    """Three parties with clocks of their own; what is true is kept beside what they sign."""

    scene: Scene
    ahead: dict[str, int]
    now: int = T
    held: dict[tuple[str, str], int] = field(default_factory=dict)
    cited: dict[tuple[str, str], int] = field(default_factory=dict)
    truth: dict[str, int] = field(default_factory=dict)

    def clock(self, party: str) -> int:
        return self.now + self.ahead[party]

    def say(self, party: str) -> str:
        seen = {of: size for (by, of), size in self.held.items() if by == party and size}
        new = {of: size for of, size in seen.items() if size > self.cited.get((party, of), 0)}
        self.cited |= {(party, of): size for of, size in new.items()}
        text = {"text": f"{len(self.truth)}"}
        entry_id = self.scene.place(party, "message", text, self.clock(party), seen=new)
        self.truth[entry_id] = self.now
        return entry_id

    def take(self, party: str, of: str) -> None:
        size = self.scene.sizes[of]
        if size > self.held.get((party, of), 0):
            self.held[party, of] = size
            self.scene.receipt(party, of, size, self.clock(party) // 1000)

    def entries(self) -> list[Entry]:
        return self.scene.records.entries(CHANNEL)


def world(store: SqliteStore, ahead: dict[str, int], steps: list[tuple[str, str, int]]) -> World:
    scene = Scene(store)
    third = PutLog(LOG["XX"], FPR["XX"], 0, 0, "l", "XX", "p", False)
    store.commit(CHANNEL, [PutMember(FPR["XX"], {"doc": {"id": "XX"}}), third])
    made = World(scene, ahead)
    for party, of, later in steps:
        made.now += later
        if party == of:
            made.say(party)
        else:
            made.take(party, of)
    return made


@settings(max_examples=examples(40))
@given(STEPS, some.tuples(*[some.integers(-YEAR, YEAR)] * 3))
def test_an_interval_holds_on_each_members_clock_however_wrong_it_is(
    steps: list[tuple[str, str, int]], aheads: tuple[int, ...]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore.create(Path(folder) / "store.db")
        made = world(store, dict(zip(PARTIES, aheads, strict=True)), steps)
        entries = made.entries()
        assert len(entries) == len(made.truth)
        for entry in entries:
            for party in set(PARTIES) - {entry.party}:
                assert made.truth[entry.id] + made.ahead[party] in interval.on_clock(entry, party)
        for one, other in permutations(PARTIES, 2):
            assert made.ahead[one] - made.ahead[other] in interval.offset(entries, one, other)
        store.close()


@settings(max_examples=examples(40))
@given(STEPS, some.tuples(*[some.integers(-5_000, 5_000)] * 3), some.sets(some.sampled_from(PARTIES)))
def test_an_interval_holds_in_truth_where_somebody_vouches_for_the_clocks(
    steps: list[tuple[str, str, int]], aheads: tuple[int, ...], vouched: set[str]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore.create(Path(folder) / "store.db")
        made = world(store, dict(zip(PARTIES, aheads, strict=True)), steps)
        for entry in made.entries():
            found = interval.true_time(entry, dict.fromkeys(vouched, 5_000))
            assert made.truth[entry.id] in found
            assert vouched or found == Span()
        store.close()


@settings(max_examples=examples(40))
@given(STEPS, some.tuples(*[some.integers(-YEAR, YEAR)] * 3), some.integers(-600_000, 600_000))
def test_how_long_before_holds_by_either_sides_clock(
    steps: list[tuple[str, str, int]], aheads: tuple[int, ...], before: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore.create(Path(folder) / "store.db")
        made = world(store, dict(zip(PARTIES, aheads, strict=True)), steps)
        entries = made.entries()
        for entry in entries:
            true = made.truth[entry.id] + before
            for party in set(PARTIES) - {entry.party}:
                by_theirs = Span(true + made.ahead[party], true + made.ahead[party])
                assert before in interval.lead(entry, party, by_theirs)
                by_authors = Span(true + made.ahead[entry.party], true + made.ahead[entry.party])
                ahead = interval.offset(entries, entry.party, party)
                assert before in interval.lead(entry, party, by_authors, ahead)
        store.close()


def test_a_clock_that_was_set_contradicts_what_is_proven(tmp_path: Path) -> None:
    store = SqliteStore.create(tmp_path / "store.db")
    made = world(store, dict.fromkeys(PARTIES, 0), [])
    for _ in range(2):
        made.say("BY")
        made.take("UA", "BY")
        made.say("UA")
        made.take("BY", "UA")
        made.now += 60_000
        made.ahead["UA"] += 3_600_000
    found = interval.offset(made.entries(), "UA", "BY")
    assert found.contradictory
    store.close()


def test_a_backdated_entry_does_not_move_what_others_prove(tmp_path: Path) -> None:
    store = SqliteStore.create(tmp_path / "store.db")
    made = world(store, dict.fromkeys(PARTIES, 0), [])
    made.say("UA")
    made.take("BY", "UA")
    made.now += 600_000
    made.ahead["BY"] = -599_000
    late = made.say("BY")
    made.now += 1_000
    made.take("UA", "BY")
    entry = next(one for one in made.entries() if one.id == late)
    assert entry.placed == T + 1_000
    strike = Span(T + 660_000, T + 660_000)
    assert interval.lead(entry, "UA", strike) == Span(660_000 - 601_999, 660_000)
    assert not interval.true_time(entry, {"UA": 0}).contradictory
    assert interval.true_time(entry, {"UA": 0, "BY": 0}) == Span(T + 1_000, T + 1_000)
    store.close()
