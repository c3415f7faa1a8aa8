# SPDX-License-Identifier: Apache-2.0
"""Simulated days from fixed seeds; a failing seed replays, in any process, and gets smaller."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from detente.line.writes import PutLog
from tests.sim.cover import BEYOND, expected
from tests.sim.held import Held
from tests.sim.planted import PLANTS
from tests.sim.report import ENTRIES, FAULTS, Report, write
from tests.sim.run import build, fails, minimised, one, play
from tests.sim.world import full_plan

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("seed", "parties", "days"), [("fast", 2, 4), ("fast", 3, 1)])
def test_days_from_fixed_seeds(seed: str, parties: int, days: int) -> None:
    report = play(days, seed, parties)
    assert not report.failures
    entries, faults = report.least
    assert entries >= ENTRIES and faults >= FAULTS


def test_days_over_files_with_torn_writes() -> None:
    report = play(1, "files", 2, files=True)
    assert not report.failures and report.faults["power cut within a commit"]


@pytest.mark.slow
def test_a_seed_replays_exactly() -> None:
    worlds = []
    for _ in range(2):
        world = build("again/2/1", 2)
        world.trace = []
        world.run()
        world.close()
        worlds.append(world)
    one, two = worlds
    assert one.trace == two.trace and one.trace
    assert (one.digest, one.entries, one.faults) == (two.digest, two.entries, two.faults)


@pytest.mark.slow
def test_a_seed_replays_exactly_in_another_process() -> None:
    """Nothing hangs on the order of sets, nor on what the library draws for itself."""
    play_it = (
        "from tests.sim.run import build\n"
        "for name in ('again/2/1', 'again/3/2'):\n"
        "    world = build(name, int(name[6]))\n"
        "    world.run()\n"
        "    print(world.digest, world.entries, sorted(world.faults.items()))\n"
    )
    told = []
    for seed in ("1", "2"):
        ran = subprocess.run(
            [sys.executable, "-c", play_it],
            env=os.environ | {"PYTHONHASHSEED": seed},
            cwd=ROOT,
            capture_output=True,
            check=True,
            text=True,
        )
        told.append(ran.stdout)
    assert told[0] == told[1] and told[0].count("\n") == 2


@pytest.mark.slow
def test_a_failing_seed_replays_exactly_and_gets_smaller() -> None:
    with PLANTS["the floor is closed"]():
        seed = next(s for s in (f"small/2/{n}" for n in range(20)) if fails(s, 2, None))
        first, second = fails(seed, 2, None), fails(seed, 2, None)
        assert first is not None and str(first) == str(second)
        plan, found = minimised(seed, 2, tries=40)
        assert found is not None and found.name == first.name
        assert len(plan) <= len(full_plan(build(seed, 2))) // 4
        assert str(fails(seed, 2, plan)) == str(found)


def test_a_transition_is_either_expected_or_said_to_be_beyond() -> None:
    report = Report()
    assert set(report.missed()) == expected() and not expected() & BEYOND.keys()
    report.covered["label: crossed"] += 1
    assert "label: crossed" not in report.missed() and "never reached" in report.text()


def test_the_counts_go_into_the_page_between_its_marks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.md"
    page.write_text("head\n<!-- counts: begin -->\nold\n<!-- counts: end -->\ntail\n")
    monkeypatch.setattr("tests.sim.report.PAGE", page)
    report = one("fast/2/0")
    write(report.page("fast", 1.0, 1))
    text = page.read_text()
    assert text.startswith("head\n") and text.endswith("tail\n") and "old" not in text
    assert f"{report.entries:,}" in text


def test_a_log_that_was_set_aside_is_not_the_newest_and_stays_aside() -> None:
    world = build("aside/2/0", 2)
    node = next(iter(world.nodes.values()))
    first, second, third = (node.next_log().origin for _ in range(3))
    held, cover = Held(), world.watch.cover
    put = PutLog(first, node.fpr, 0, 0, "", "", "", True)
    for log in (put, replace(put, origin=second, seq=1), replace(put, origin=second, seq=-1)):
        cover.write(node, held, log)
        held.leaves.setdefault(log.origin, [])
    assert held.states[second] == "set aside" and held.newest(node.owns) == first
    cover.write(node, held, replace(put, origin=third, seq=1, given=True))
    held.leaves[third] = []
    assert held.states[second] == "set aside" and held.newest(node.owns) == third
    world.close()
