# SPDX-License-Identifier: Apache-2.0
"""Break the program one way at a time and see that each is found: ``python -m tests.sim.planted_run``.

Every plant runs in a process of its own, on a copy of the package with the bug in it. It counts as found only
where a test fails in its own body or set-up, or a world of the simulation breaks an invariant; not where the
program does not start. Whatever found a bug has to pass without it.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing as mp
import os
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from tests.sim.planting import ROOT, Edit, Plant, copy_with

# One plant takes seconds; what is not found by then hangs or was not run.
PATIENCE = 240
WITHOUT = "without any bug"
SIM = "sim:"
FAILS = "the program fails"  # what the simulation says of an error that is none of its invariants
IMPORTS = "from __future__ import annotations"
HARMLESS = Plant(
    "a comment",
    ("tests/log/test_merkle.py::test_worked_example",),
    (Edit("log/merkle.py", IMPORTS, f"{IMPORTS}  # harmless"),),
)


@dataclass(frozen=True)
class Found:
    """``by``: node id of the test that failed, or the seed of the world that did; empty if none did."""

    name: str
    by: str
    what: str
    days: int
    seconds: float
    trouble: str = ""


# -- in a process of its own ---------------------------------------------------------------------------------


class _Failures:
    """A pytest plugin: what failed first, and why."""

    def __init__(self) -> None:
        self.first = ""
        self.why = ""

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed and not self.first:
            self.first = report.nodeid
            self.why = str(getattr(report.longrepr, "reprcrash", None) or report.longrepr).splitlines()[0]


def _tests(ids: Sequence[str]) -> tuple[str, str, str]:
    import pytest

    failures = _Failures()
    code = pytest.main(
        [
            "-x",
            "-q",
            "--tb=short",
            "-p",
            "no:xdist",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:randomly",
            "-W",
            "ignore::pytest.PytestAssertRewriteWarning",
            *ids,
        ],
        plugins=[failures],
    )
    ended = code in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
    trouble = "" if ended else f"pytest ended with {code}"
    return failures.first, failures.why, trouble


def _worlds(ask: str) -> tuple[str, str, int]:
    """Worlds of one seed until one fails: its seed, the broken invariant, days played."""
    from tests.sim.run import build, fails

    _, seed, parties, most = ask.split(":")
    days = 0
    for number in range(int(most)):
        name = f"{seed}/{parties}/{number}"
        world = build(name, int(parties))
        days += world.days
        world.close()
        violation = fails(name, int(parties), None)
        if violation is not None:
            return f"{SIM}{name}", violation.name, days
    return "", "", days


def _one_world(name: str) -> str:
    """How the world named in ``Found.by`` fails, or nothing."""
    from tests.sim.run import fails

    seed = name.removeprefix(SIM)
    violation = fails(seed, int(seed.split("/")[-2]), None)
    return "" if violation is None else violation.name


def _search(plant: Plant) -> Found:
    began, days, trouble = time.perf_counter(), 0, ""
    by = what = ""
    with contextlib.ExitStack() as stack:
        if plant.patch:
            from tests.sim.planted import PLANTS

            stack.enter_context(PLANTS[plant.patch]())
        for ask in (one for one in plant.finds if one.startswith(SIM)):
            by, what, more = _worlds(ask)
            days += more
            if by:
                break
        if plant.patch and what == FAILS:
            by, trouble = "", "the patch does not fit the program"
        tests = [one for one in plant.finds if not one.startswith(SIM)]
        if tests and not by:
            by, what, trouble = _tests(tests)
    return Found(plant.name, by, what, days, time.perf_counter() - began, trouble)


def _without(by: Sequence[str]) -> Found:
    """The same tests and worlds on the program as it is."""
    began = time.perf_counter()
    for name in (one for one in by if one.startswith(SIM)):
        what = _one_world(name)
        if what:
            return Found(WITHOUT, name, what, 0, time.perf_counter() - began)
    tests = [one for one in by if not one.startswith(SIM)]
    first, why, trouble = _tests(tests) if tests else ("", "", "")
    return Found(WITHOUT, first, why, 0, time.perf_counter() - began, trouble)


def _child(work: Callable[[], Found], folder: Path, end: Connection) -> None:
    """Run ``work`` on the package in ``folder``, with nothing of it imported before."""
    os.chdir(ROOT)
    sys.path[:0] = [str(folder), str(ROOT)]
    os.environ["PYTHONPATH"] = os.pathsep.join([str(folder), str(ROOT)])
    os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(folder / "examples")
    said = os.open(folder / "output.txt", os.O_CREAT | os.O_WRONLY, 0o600)
    os.dup2(said, 1)
    os.dup2(said, 2)
    try:
        found = work()
        import detente

        if not Path(detente.__file__).is_relative_to(folder):
            found = Found(found.name, "", "", 0, 0.0, "the broken package was not the one that ran")
    except Exception:  # noqa: BLE001 - whatever it is, the runner has to be told
        found = Found("", "", "", 0, 0.0, traceback.format_exc(limit=-3))
    end.send(found)
    end.close()
    sys.stdout.flush()
    os._exit(0)


# -- the runner ----------------------------------------------------------------------------------------------


class Runner:
    """Up to ``jobs`` processes at a time, each forked from this one, which has the libraries loaded and
    nothing of the program."""

    def __init__(self, jobs: int, *, verbose: bool = False) -> None:
        assert not any(name.partition(".")[0] == "detente" for name in sys.modules)
        for library in ("pytest", "cryptography.hazmat.primitives.hpke", "msgspec", "rfc8785"):
            __import__(library)
        self.jobs, self.verbose = jobs, verbose
        self._fork = mp.get_context("fork")

    def run(self, works: Sequence[tuple[Plant, Callable[[], Found]]]) -> list[Found]:
        """The findings in the order of ``works``."""
        waiting, done = list(enumerate(works)), dict[int, Found]()
        running: dict[Connection, tuple[int, Any, Path, float]] = {}
        while waiting or running:
            while waiting and len(running) < self.jobs:
                number, (plant, work) = waiting.pop(0)
                folder = Path(tempfile.mkdtemp(prefix="planted-"))
                try:
                    copy_with(plant.edits, folder)
                except ValueError as error:
                    done[number] = Found(plant.name, "", "", 0, 0.0, f"the plant does not fit: {error}")
                    shutil.rmtree(folder)
                    continue
                here, there = self._fork.Pipe(duplex=False)
                process = self._fork.Process(target=_child, args=(work, folder, there))
                process.start()
                there.close()
                running[here] = number, process, folder, time.monotonic()
            for end in [*wait(list(running), timeout=1), *self._late(running)]:
                assert isinstance(end, Connection)
                if end in running:
                    number, process, folder, _ = running.pop(end)
                    done[number] = self._taken(works[number][0], end, process, folder)
        return [done[number] for number in range(len(works))]

    @staticmethod
    def _late(running: dict[Connection, tuple[int, Any, Path, float]]) -> list[Connection]:
        return [end for end, (*_, began) in running.items() if time.monotonic() - began > PATIENCE]

    def _taken(self, plant: Plant, end: Connection, process: Any, folder: Path) -> Found:
        try:
            found = end.recv() if end.poll() else None
        except EOFError:
            found = None
        process.kill()
        process.join()
        end.close()
        if found is None:
            found = Found(plant.name, "", "", 0, float(PATIENCE), "it ended without an answer, or never")
        if self.verbose and not found.by:
            print((folder / "output.txt").read_text()[-3000:])
        shutil.rmtree(folder, ignore_errors=True)
        missed = "holds" if plant.name == WITHOUT and not found.trouble else f"NOT FOUND {found.trouble}"
        shown = found.by or missed
        print(f"{found.seconds:6.1f} s  {plant.name}: {shown} {found.what[:90]}", flush=True)
        return Found(plant.name, found.by, found.what, found.days, found.seconds, found.trouble)


def search(plants: Sequence[Plant], jobs: int, *, verbose: bool = False) -> tuple[list[Found], Found]:
    """What found each plant, and whether all that did passes without it."""
    runner = Runner(jobs, verbose=verbose)
    found = runner.run([(plant, lambda p=plant: _search(p)) for plant in plants])  # type: ignore[misc]
    by = sorted({one.by for one in found if one.by})
    parts = [by[n::jobs] for n in range(jobs) if by[n::jobs]]
    sound = runner.run([(Plant(WITHOUT, ()), lambda p=part: _without(p)) for part in parts])  # type: ignore[misc]
    bad = next((one for one in sound if one.by or one.trouble), None)
    return found, bad or Found(WITHOUT, "", "", 0, sum(one.seconds for one in sound))


def table(plants: Sequence[Plant], found: Sequence[Found]) -> str:
    """One line a plant: what it breaks, what found it, after how much."""
    lines = [f"{'room':6}{'broken':64}{'found by':92}{'days':>5}{'s':>7}"]
    for plant, one in zip(plants, found, strict=True):
        by = f"{one.by} ({one.what})" if one.by.startswith(SIM) else one.by
        days = str(one.days or "-")
        lines.append(f"{plant.room:6}{plant.name:64}{by or 'NOT FOUND':92}{days:>5}{one.seconds:7.1f}")
    return "\n".join(lines)


def _meant(plant: Plant, only: str) -> bool:
    return only in plant.name or only == plant.room or any(only in find for find in plant.finds)


def main() -> int:
    from tests.sim.planted_list import PLANTED

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default="", help="a room, or a part of a plant's name or of what finds it")
    parser.add_argument("--verbose", action="store_true", help="what a plant that was not found printed")
    parser.add_argument("--one-of", type=int, default=1, help="only one of so many, spread over the list")
    parser.add_argument("--harmless", action="store_true", help="a plant that breaks nothing, to see it told")
    args = parser.parse_args()
    plants = [plant for plant in PLANTED if _meant(plant, args.only)]
    plants = [HARMLESS] if args.harmless else plants[:: args.one_of]
    began = time.perf_counter()
    found, sound = search(plants, args.jobs, verbose=args.verbose)
    print(table(plants, found))
    missed = [one for one in found if not one.by]
    took = time.perf_counter() - began
    print(f"{len(found) - len(missed)} of {len(found)} found, in {took:.0f} s")
    for one in missed:
        print(f"NOT FOUND: {one.name} {one.trouble}")
    if sound.by or sound.trouble:
        print(f"fails {WITHOUT}: {sound.by} {sound.what} {sound.trouble}")
    return 1 if missed or sound.by or sound.trouble else 0


if __name__ == "__main__":
    sys.exit(main())
