# SPDX-License-Identifier: Apache-2.0
"""The tests without any change: how long each takes, and which lines it runs.

What a file of tests showed is kept until it, a helper of the tests or the source is another.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import coverage
import pytest
from hypothesis import Phase, settings

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "detente"
OURS = {"detente", "tests", "__main__"}
# The process has imported hypothesis already, which pytest warns of.
KNOWN = "ignore::pytest.PytestAssertRewriteWarning"
QUIET = ["-q", "-s", "-p", "no:cacheprovider", "-p", "no:xdist", "-m", "not slow", "-W", KNOWN]


@dataclass
class Baseline:
    """``seconds`` of each test; ``lines``: file and line to the tests that run it; ``failed``: tests;
    ``modules``: what was imported that is not ours."""

    seconds: dict[str, float] = field(default_factory=dict)
    lines: dict[tuple[str, int], set[str]] = field(default_factory=lambda: defaultdict(set))
    failed: set[str] = field(default_factory=set)
    modules: set[str] = field(default_factory=set)

    def add(self, other: Baseline) -> None:
        """What other tests showed."""
        self.seconds |= other.seconds
        self.failed |= other.failed
        self.modules |= other.modules
        for place, names in other.lines.items():
            self.lines[place] |= names


class _Watch:
    """Which lines each test runs, and how long it takes."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.failed: set[str] = set()
        self.cover = coverage.Coverage(data_file=None, config_file=False, source=[str(SOURCE)])

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        forget()
        began = time.process_time()
        self.cover.start()
        self.cover.switch_context(item.nodeid)
        yield
        self.cover.stop()
        self.seconds[item.nodeid] = time.process_time() - began

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.add(report.nodeid)

    def found(self) -> dict[str, Baseline]:
        """By file of tests. A test that fails without any change tells nothing."""
        of: dict[str, Baseline] = defaultdict(Baseline)
        for name, seconds in self.seconds.items():
            if name not in self.failed:
                of[_file(name)].seconds[name] = seconds
        for name in self.failed:
            of[_file(name)].failed.add(name)
        data = self.cover.get_data()
        for path in data.measured_files():
            file = str(Path(path).relative_to(SOURCE))
            for line, names in data.contexts_by_lineno(path).items():
                for name in set(names) - {""} - self.failed:
                    of[_file(name)].lines[file, line].add(name)
        modules = {name for name in sys.modules if name.partition(".")[0] not in OURS}
        for one in of.values():
            one.modules = modules
        return dict(of)


def _file(name: str) -> str:
    return name.partition("::")[0]


def baseline(tests: Iterable[str], kept: Path) -> Baseline:
    """What the tests of these files and folders show; those not in ``kept`` are run, in their own process."""
    before: dict[str, tuple[str, Baseline]] = pickle.loads(kept.read_bytes()) if kept.exists() else {}
    around = hashlib.sha256()
    for path in sorted([*(ROOT / "src").rglob("*.py"), *(ROOT / "tests").rglob("*.py")]):
        mine = path.parent == Path(__file__).parent and path != Path(__file__)
        if not path.name.startswith("test_") and not mine:
            around.update(path.read_bytes())
    found: dict[str, tuple[str, Baseline]] = {}
    stale: dict[str, str] = {}
    for file in sorted({file for test in tests for file in _files(ROOT / test)}):
        key = around.hexdigest() + hashlib.sha256((ROOT / file).read_bytes()).hexdigest()
        if file in before and before[file][0] == key:
            found[file] = before[file]
        else:
            stale[file] = key
    if stale:
        fresh = _run(list(stale))
        found |= {file: (stale[file], one) for file, one in fresh.items()}
        kept.parent.mkdir(exist_ok=True)
        kept.write_bytes(pickle.dumps(before | found))
    whole = Baseline()
    for _, one in found.values():
        whole.add(one)
    return whole


def _files(path: Path) -> list[str]:
    paths = [path] if path.is_file() else path.rglob("test_*.py")
    return [str(one.relative_to(ROOT)) for one in paths]


def _run(files: list[str]) -> dict[str, Baseline]:
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        with os.fdopen(writing, "wb") as out:
            watch = _Watch()
            if pytest.main([*QUIET, *files], plugins=[watch, Quick()]) in (0, 1):
                pickle.dump(watch.found(), out)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as into:
        raw = into.read()
    os.waitpid(child, 0)
    if not raw:
        raise SystemExit("the tests cannot be run")
    found: dict[str, Baseline] = pickle.loads(raw)
    return found


def forget() -> None:
    """Empty all caches of ours: what is remembered from elsewhere runs no line, and hides what is changed."""
    for name, module in list(sys.modules.items()):
        if name.startswith("detente."):
            for value in list(vars(module).values()):
                if callable(clear := getattr(value, "cache_clear", None)):
                    clear()


class Quick:
    """Generated examples: fewer, always the same, and none made smaller: a failure is all that counts."""

    def pytest_sessionstart(self) -> None:
        settings.register_profile(
            "mutation", settings.get_profile("detente"), max_examples=30, derandomize=True, database=None,
            report_multiple_bugs=False, phases=[Phase.explicit, Phase.generate],
        )  # fmt: skip
        settings.load_profile("mutation")
