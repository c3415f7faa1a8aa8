# SPDX-License-Identifier: Apache-2.0
"""Play many days and print what they covered: ``python -m tests.sim.run --days 1000 --seed 1 --parties 2``.

A world that fails is named by its seed; its plan is made as small as it gets and printed.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.sim.invariants import Violation
from tests.sim.world import Act, World, full_plan


@dataclass
class Report:
    """What a run covered."""

    days: int = 0
    worlds: int = 0
    entries: int = 0
    steps: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    covered: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    least: tuple[int, int] = (10**9, 10**9)
    failures: list[tuple[str, str]] = field(default_factory=list)

    def add(self, world: World) -> None:
        self.days += world.days
        self.worlds += 1
        self.entries += world.entries
        self.steps += world.watch.steps
        self.faults.update(world.faults)
        self.covered.update(world.watch.covered)
        self.refused.update(world.refused)
        faults = sum(n for name, n in world.faults.items() if not name.startswith("packet"))
        entries, most = world.entries // world.days, faults // world.days
        self.least = min(self.least[0], entries), min(self.least[1], most)


def build(seed: str, parties: int, folder: Path | None = None, *, lies: bool | None = None) -> World:
    return World(seed, parties, folder=folder, lies=lies)


def fails(seed: str, parties: int, plan: list[Act] | None) -> Violation | None:
    """How a world with that plan fails, or None."""
    world = build(seed, parties)
    try:
        world.run(plan)
    except Violation as violation:
        return violation
    finally:
        world.close()
    return None


def minimised(seed: str, parties: int, *, tries: int = 150) -> tuple[list[Act], Violation | None]:
    """A smaller plan that breaks the same invariant (delta debugging, at most ``tries`` worlds)."""
    found = fails(seed, parties, None)
    plan, size = full_plan(build(seed, parties)), 2
    while found is not None and tries > 0 and len(plan) > 1:
        step = max(1, len(plan) // size)
        for start in range(0, len(plan), step):
            tries -= 1
            rest = plan[:start] + plan[start + step :]
            again = fails(seed, parties, rest)
            if again is not None and again.name == found.name:
                plan, found, size = rest, again, max(2, size - 1)
                break
            if tries <= 0:
                break
        else:
            if step == 1:
                break
            size = min(len(plan), size * 2)
    return plan, found


def play(days: int, seed: str, parties: int, *, files: bool = False, stop: bool = True) -> Report:
    """Worlds until ``days`` are over, or one fails."""
    report, number = Report(), 0
    while report.days < days:
        name = f"{seed}/{parties}/{number}"
        number += 1
        with contextlib.ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=_memory()))) if files else None
            world = build(name, parties, folder)
            try:
                world.run()
            except Violation as violation:
                report.failures.append((name, str(violation)))
                if stop:
                    report.add(world)
                    return report
            finally:
                world.close()
            report.add(world)
    return report


def _memory() -> Path | None:
    place = Path("/dev/shm")
    return place if place.is_dir() else None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=100)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--parties", type=int, default=2, choices=range(2, 8))
    parser.add_argument("--files", action="store_true", help="the store on files, with torn writes (slower)")
    parser.add_argument("--on", action="store_true", help="go on after a failure")
    args = parser.parse_args()
    began = time.perf_counter()
    report = play(args.days, args.seed, args.parties, files=args.files, stop=not args.on)
    took = time.perf_counter() - began
    print(f"{report.days} days in {report.worlds} worlds of {args.parties}, {report.entries} entries,"
          f" {report.steps} commits, {took:.0f} s: {60 * report.days / took:.0f} days a minute;"
          f" at least {report.least[0]} entries and {report.least[1]} faults a day")  # fmt: skip
    for title, counts in (
        ("faults", report.faults),
        ("covered", report.covered),
        ("refused steps", report.refused),
    ):
        print(f"{title}:")
        for name, count in sorted(counts.items()):
            print(f"  {count:8} {name}")
    for name, text in report.failures:
        print(f"FAILED seed {name}: {text}")
    if report.failures and not args.on:
        plan, found = minimised(report.failures[0][0], args.parties)
        print(f"smallest plan found ({len(plan)} acts): {found}")
        for act in plan:
            print(f"  {act}")
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
