# SPDX-License-Identifier: Apache-2.0
"""Play many days and print what they covered: ``make sim DAYS=1000 SEED=1 PARTIES=2``.

A world is named by ``seed/parties/number`` and follows from its name. Of one that fails the plan is made as
small as it gets, and the command that replays it is printed: ``python -m tests.sim.run --world NAME``.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import itertools
import multiprocessing
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.sim.held import Violation
from tests.sim.report import Report, write
from tests.sim.world import Act, World, full_plan

# In a run over all numbers of parties the small ones have most of the worlds: they are the cheapest.
MIX = (2, 2, 2, 3, 2, 2, 4, 2, 3, 2, 5, 2, 2, 3, 6, 2, 2, 4, 2, 7)
# Every so many worlds is over files, with torn writes; memory is much faster.
FILES = 25
MINUTE = 60.0


def build(seed: str, parties: int, folder: Path | None = None, *, lies: bool | None = None) -> World:
    """The world of a name."""
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


def one(name: str, *, files: bool = False) -> Report:
    """Play the world of that name."""
    gc.disable()  # a world is small; hardly anything of it is left when nobody holds it any more
    try:
        return _one(name, files=files)
    finally:
        gc.enable()


def _one(name: str, *, files: bool) -> Report:
    report, parties = Report(), int(name.split("/")[-2])
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=_memory()))) if files else None
        world = build(name, parties, folder)
        try:
            world.run()
        except Violation as violation:
            report.failures.append((name, str(violation)))
        finally:
            world.close()
        report.add(world)
    return report


def play(days: int, seed: str, parties: int, *, files: bool = False, stop: bool = True) -> Report:
    """Worlds until ``days`` are over, or one fails."""
    report = Report()
    for number in itertools.count():
        report.merge(one(f"{seed}/{parties}/{number}", files=files))
        if report.days >= days or (stop and report.failures):
            return report
    raise AssertionError


def _memory() -> Path | None:
    place = Path("/dev/shm")
    return place if place.is_dir() else None


def _names(seed: str, parties: int | None) -> Iterator[str]:
    for number in itertools.count():
        yield f"{seed}/{parties or MIX[number % len(MIX)]}/{number}"


def _worker(task: tuple[str, bool]) -> Report:
    return one(task[0], files=task[1])


def _quiet() -> None:
    """Ctrl-C is for the process that counts. What is loaded by now stays: nobody looks for garbage in it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.collect()
    gc.freeze()


def many(days: int, seed: str, parties: int | None, jobs: int, *, on: bool = False) -> Report:
    """Worlds over ``jobs`` processes; a line every minute; Ctrl-C ends with what there is."""
    total, began, told = Report(), time.monotonic(), time.monotonic()
    tasks = ((name, n % FILES == FILES - 1) for n, name in enumerate(_names(seed, parties)))
    with multiprocessing.get_context("spawn").Pool(jobs, _quiet, maxtasksperchild=200) as pool:
        try:
            waiting = [pool.apply_async(_worker, (next(tasks),)) for _ in range(2 * jobs)]
            while total.days < days and (on or not total.failures):
                total.merge(waiting.pop(0).get())
                waiting.append(pool.apply_async(_worker, (next(tasks),)))
                if time.monotonic() - told > MINUTE:
                    told = time.monotonic()
                    print(total.summary(told - began), flush=True)
        except KeyboardInterrupt:
            print("ended early", flush=True)
        pool.terminate()
    return total


def _explain(name: str, text: str) -> None:
    print(f"FAILED {name}: {text}")
    print(f"replay: python -m tests.sim.run --world {name}")
    parties = int(name.split("/")[-2])
    plan, found = minimised(name, parties)
    print(f"smallest plan found ({len(plan)} acts): {found}")
    for act in plan:
        print(f"  {act}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=1000)
    parser.add_argument("--years", type=float, help="instead of days")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--parties", type=int, choices=range(2, 8), help="default: all from 2 to 7")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--on", action="store_true", help="go on after a failure")
    parser.add_argument("--write", action="store_true", help="put the counts into docs/reliability.md")
    parser.add_argument("--world", help="play this one world, and make its plan smaller if it fails")
    args = parser.parse_args()
    if args.world:
        report = one(args.world)
        print(report.text())
        for failure in report.failures:
            _explain(*failure)
        return 1 if report.failures else 0
    began = time.monotonic()
    days = int(args.years * 365) if args.years else args.days
    report = many(days, args.seed, args.parties, args.jobs, on=args.on)
    took = time.monotonic() - began
    print(report.summary(took))
    print(report.text())
    if args.write:
        write(report.page(args.seed, took, args.jobs))
    for name, text in report.failures:
        print(f"FAILED {name}: {text}")
    if report.failures and not args.on:
        _explain(*report.failures[0])
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
