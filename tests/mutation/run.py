# SPDX-License-Identifier: Apache-2.0
"""Runs mutants: each in a forked process, against the tests that run its lines, the quickest first.

What a fork inherits is already imported and collected, so a mutant costs its tests and little more. A change
inside a function replaces that function's code. A change of what runs at import is made where nothing of ours
is imported yet, by a finder that gives the changed file.
"""

from __future__ import annotations
import __future__

import ast
import contextlib
import importlib.abc
import importlib.util
import inspect
import itertools
import json
import os
import resource
import signal
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import pytest

from tests.mutation.operators import Mutant, mutants
from tests.mutation.plain import OURS, QUIET, ROOT, SOURCE, Baseline, Quick, baseline, forget

# A room is held by its own tests and those of the rooms that are read with it.
TESTS = {
    "seal": ("tests/seal", "tests/log"),
    "log": ("tests/log", "tests/seal"),
    "line": ("tests/line", "tests/sim/test_sim.py"),
}
# Tests of one mutant, in seconds of their plain run. What would need more counts as not noticed.
BUDGET = 30.0
# A mutant that runs this many times longer than the test does has hung.
PATIENCE = 8
MEMORY = 6 << 30
# In place of a function: all of a file.
WHOLE = "*"
OUTCOMES = (pytest.skip.Exception, pytest.xfail.Exception)
KILLED, TIMEOUT, SURVIVED, UNTESTED = "killed", "timeout", "survived", "no test"


@dataclass
class Result:
    """What became of a mutant, and the test that noticed it."""

    mutant: Mutant
    outcome: str
    by: str = ""


def load(rooms: Iterable[str]) -> tuple[dict[str, ast.Module], list[Mutant]]:
    """The trees of all files of the rooms, and their mutants."""
    trees = {}
    for room in rooms:
        for path in sorted((SOURCE / room).glob("*.py")):
            trees[f"{room}/{path.name}"] = ast.parse(path.read_bytes(), str(path))
    return trees, [mutant for file, tree in trees.items() for mutant in mutants(file, tree)]


# -- which tests -------------------------------------------------------------------------------


class Selection:
    """The tests for a mutant: those first that noticed it, others of its function, others of its file, then
    those of the files of tests whose names begin as its own or that import from it, then the quickest. That
    is a third of its budget; another is for those that run lines of its function which few run, and the last
    for those that run the most of its file: what only a restart or a long exchange shows is in no quick test.
    """

    def __init__(
        self, found: Baseline, trees: dict[str, ast.Module], before: dict[str, str], budget: float
    ) -> None:
        self.found = found
        self.budget = budget
        self.before = before
        self.killers: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        for mutant, by in before.items():
            file, where, _ = mutant.split(": ", 2)
            self._count(file, where.replace("module", ""), by)
        self.about = {name: _imports(name) for name in {test.partition("::")[0] for test in found.seconds}}
        self.breadth: Counter[tuple[str, str]] = Counter(
            (file, name) for (file, _), names in found.lines.items() for name in names
        )
        self.uses: dict[str, set[tuple[str, int]]] = defaultdict(set)
        self.bodies: dict[tuple[str, str], range] = {}
        for file, tree in trees.items():
            self.bodies |= {(file, where): lines for where, lines in _functions(tree)}
            for node in ast.walk(tree):
                name = getattr(node, "id", None) or getattr(node, "attr", None) or getattr(node, "name", None)
                if isinstance(node, ast.FunctionDef):  # its defaults are what its body works with
                    self.uses[node.name] |= {(file, line) for line in range(node.lineno, _end(node) + 1)}
                elif isinstance(name, str):
                    self.uses[name].add((file, getattr(node, "lineno", 0)))

    def of(self, mutant: Mutant) -> list[str]:
        """Test ids within the budget."""
        near = self._tests((mutant.file, line) for line in mutant.lines)
        far: set[str] = set()
        if not mutant.where:
            uses = {place for name in mutant.names for place in self.uses[name]}
            near |= self._tests(place for place in uses if place[0] == mutant.file)
            near |= {name for name in self.found.seconds if self._own(mutant) in name}
            far = self._tests(uses)
            if all(file == mutant.file and line in mutant.lines for file, line in uses):  # used elsewhere
                far = self._tests(place for place in self.found.lines if place[0] == mutant.file)
        known, around = self.killers[mutant.file, mutant.where], self.killers[mutant.file, WHOLE]
        last = self.before.get(mutant.name, "")

        own = self._own(mutant)

        def order(name: str) -> tuple[bool, int, bool, int, bool, float, str]:
            seconds = self.found.seconds[name]
            apart = own not in name and mutant.file not in self.about[name.partition("::")[0]]
            return name != last, -known[name], name not in near, -around[name], apart, seconds, name

        mine = TESTS[mutant.file.split("/")[0]]
        rest = sorted(
            (name for name in near | far if name.startswith(mine) and name in self.found.seconds), key=order
        )
        chosen = self._within(rest, self.budget / 3) or rest[:1]
        for value in (self._rarity(mutant), {name: self.breadth[mutant.file, name] for name in rest}):
            rest = [name for name in rest if name not in chosen]
            rest.sort(key=lambda name: (-value.get(name, 0), self.found.seconds[name]))
            chosen += self._within(rest, self.budget / 3)
        return chosen

    def _rarity(self, mutant: Mutant) -> dict[str, float]:
        """How much each test runs of the mutant's function that others do not."""
        value: dict[str, float] = defaultdict(float)
        for line in self.bodies.get((mutant.file, mutant.where), ()):
            names = self.found.lines.get((mutant.file, line), ())
            for name in names:
                value[name] += 1 / len(names)
        return value

    def _within(self, names: Sequence[str], budget: float) -> list[str]:
        """The first of them, as many as the budget has room for."""
        spent = itertools.accumulate(self.found.seconds[name] for name in names)
        return list(names[: sum(1 for so_far in spent if so_far <= budget)])

    @staticmethod
    def _own(mutant: Mutant) -> str:
        return f"/test_{Path(mutant.file).stem}"

    def _tests(self, places: Iterable[tuple[str, int]]) -> set[str]:
        return set().union(*(self.found.lines.get(place, set()) for place in places))

    def note(self, result: Result) -> None:
        """The test that noticed this one is asked first about its neighbours."""
        self._count(result.mutant.file, result.mutant.where, result.by)

    def _count(self, file: str, where: str, by: str) -> None:
        if by:
            self.killers[file, where][by] += 1
            self.killers[file, WHOLE][by] += 1


def _functions(tree: ast.Module) -> Iterator[tuple[str, range]]:
    """Each function or method by the name that its mutants have, with its lines."""
    for node in tree.body:
        for inner in node.body if isinstance(node, ast.ClassDef) else [node]:
            if isinstance(inner, ast.FunctionDef):
                name = f"{node.name}.{inner.name}" if isinstance(node, ast.ClassDef) else inner.name
                yield name, range(inner.lineno, _end(inner) + 1)


def _imports(test: str) -> set[str]:
    """The files of ours that a file of tests takes names from, as ``line/accept.py``."""
    found = ast.walk(ast.parse((ROOT / test).read_bytes()))
    modules = [node.module or "" for node in found if isinstance(node, ast.ImportFrom)]
    return {f"{name.removeprefix('detente.').replace('.', '/')}.py" for name in modules}


def _end(node: ast.FunctionDef) -> int:
    return node.end_lineno or node.lineno


# -- one mutant --------------------------------------------------------------------------------


class _Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives one module the code of a changed tree."""

    def __init__(self, file: str, tree: ast.Module) -> None:
        self.name, self.path, self.tree = module_name(file), str(SOURCE / file), tree

    def find_spec(self, name: str, path: object, target: object = None) -> ModuleSpec | None:
        if name != self.name:
            return None
        return importlib.util.spec_from_file_location(name, self.path, loader=self)

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self.tree, self.path, "exec", dont_inherit=True), vars(module))


def module_name(file: str) -> str:
    """``detente.seal.commit`` of ``seal/commit.py``."""
    return f"detente.{file.removesuffix('.py').removesuffix('/__init__').replace('/', '.')}"


def replace_code(mutant: Mutant, tree: ast.Module) -> None:
    """Give the live function the code that it has in a changed tree."""
    module = sys.modules[module_name(mutant.file)]
    code = _find(compile(tree, str(SOURCE / mutant.file), "exec", dont_inherit=True), mutant.where)
    function = live(module, mutant.where)
    clear = getattr(function, "cache_clear", None)
    if clear is not None:
        clear()
        function = inspect.unwrap(function)
    assert isinstance(function, FunctionType)
    function.__code__ = code


def replace_value(mutant: Mutant) -> None:
    """Give what a changed assignment assigns to all modules that hold the old value under that name."""
    assert mutant.statement is not None
    module = sys.modules[module_name(mutant.file)]
    flags = __future__.annotations.compiler_flag
    code = compile(ast.Module([mutant.statement], []), mutant.file, "exec", flags, dont_inherit=True)
    space = dict(vars(module))
    exec(code, space)
    for name in mutant.names:
        was = vars(module)[name]
        for other in [held for key, held in sys.modules.items() if key.partition(".")[0] in OURS]:
            if vars(other).get(name) is was:
                setattr(other, name, space[name])


def live(module: ModuleType, where: str) -> Any:
    """The function behind a name, without what its decorator made of it."""
    held: Any = module
    for part in where.split("."):
        held = vars(held)[part]
    for inner in ("fget", "__func__", "func"):
        held = getattr(held, inner, held)
    return held


def _find(code: CodeType, where: str) -> CodeType:
    for const in code.co_consts:
        if isinstance(const, CodeType):
            if const.co_qualname == where:
                return const
            if where.startswith(f"{const.co_qualname}."):
                return _find(const, where)
    raise LookupError(where)


def _limits(seconds: float) -> None:
    """A hung or greedy mutant ends here; both count as noticed."""
    signal.setitimer(signal.ITIMER_PROF, 1 + PATIENCE * seconds)
    signal.alarm(600)


def _silence() -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class _Verdict:
    """Ends the process at the first failure, and says which test failed."""

    def __init__(self, out: int) -> None:
        self.out = out

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        # Before pytest writes a long report of it.
        if (
            call.excinfo is not None
            and not isinstance(call.excinfo.value, OUTCOMES)
            and not item.get_closest_marker("xfail")
        ):
            self.end(item.nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.end(report.nodeid)

    def end(self, name: str) -> None:
        os.write(self.out, name.encode())
        os._exit(1)


def _warm(
    mutant: Mutant, tree: ast.Module, items: list[pytest.Item], seconds: dict[str, float], out: int
) -> int:
    items[0].config.pluginmanager.register(_Verdict(out))
    forget()
    mutant.apply()
    if mutant.where:
        replace_code(mutant, tree)
    else:
        replace_value(mutant)
    for item in items:
        _limits(seconds[item.nodeid])
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
    return 0


def _cold(mutant: Mutant, tree: ast.Module, names: list[str], seconds: dict[str, float], out: int) -> int:
    mutant.apply()
    sys.meta_path.insert(0, _Changed(mutant.file, tree))
    _limits(5 + sum(seconds[name] for name in names))
    return int(pytest.main([*QUIET, *names], plugins=[_Verdict(out), Quick()]))


# -- all of them -------------------------------------------------------------------------------


class Pool:
    """A few forks at a time; ``done`` gets each result."""

    def __init__(self, jobs: int, done: Callable[[Result], None]) -> None:
        self.jobs, self.done = jobs, done
        self.busy: dict[int, tuple[Mutant, int]] = {}

    def start(self, mutant: Mutant, work: Callable[[int], int]) -> None:
        """Run ``work`` in a fork; its status is 0 where nothing noticed."""
        while len(self.busy) >= self.jobs:
            self.wait()
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            status = 1
            try:
                _silence()
                status = work(writing)
            finally:
                os._exit(min(status, 1))
        os.close(writing)
        self.busy[child] = mutant, reading

    def wait(self) -> None:
        """The result of one of them."""
        child, status = os.wait()
        mutant, reading = self.busy.pop(child)
        with os.fdopen(reading, "rb") as into:
            by = into.read().decode()
        if os.WIFSIGNALED(status):
            outcome = TIMEOUT if os.WTERMSIG(status) in (signal.SIGPROF, signal.SIGALRM) else KILLED
        else:
            outcome = SURVIVED if os.WEXITSTATUS(status) == 0 else KILLED
        self.done(Result(mutant, outcome, by))

    def drain(self) -> None:
        """Wait for all."""
        while self.busy:
            self.wait()


class _Session:
    """Collects the tests as always, then runs the mutants in place of them."""

    def __init__(self, work: Callable[[dict[str, pytest.Item]], None]) -> None:
        self.work = work

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self.work({item.nodeid: item for item in session.items})
        return True


def run(
    only: str,
    done: Callable[[Result], None],
    *,
    before: dict[str, str],
    choice: Collection[str] | None,
    jobs: int,
    every: int,
    budget: float,
    kept: Path,
) -> list[str]:
    """Every mutant of a file that begins with ``only``; ``before``: what noticed it the last time;
    ``choice``: names, None for all.

    ``every``: take only each so-manieth, for a sample. ``budget``: seconds of tests that one mutant gets.
    ``kept``: where the plain runs are kept. ``done`` gets each result as it comes.
    Returns the tests that fail without any change: they tell nothing.
    """
    trees, found = load(TESTS)
    found = [mutant for mutant in found if mutant.file.startswith(only)][::every]
    found = [mutant for mutant in found if choice is None or mutant.name in choice]
    tests = sorted({path for mutant in found for path in TESTS[mutant.file.split("/")[0]]})
    plain = baseline(tests, kept)
    choose = Selection(plain, trees, before, budget)

    def keep(result: Result) -> None:
        choose.note(result)
        done(result)

    left = []
    for result in _in_fork(lambda tell: _warm_run(found, trees, choose, jobs, tests, tell), found):
        # A value that is made from a changed one when the module is read still is the old one: look again.
        if result.outcome == SURVIVED and not result.mutant.where:
            left.append(result.mutant)
        else:
            keep(result)
    left += [mutant for mutant in found if not mutant.where and mutant.statement is None]
    # What is not ours need not be imported anew for each of them.
    for name in plain.modules:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    pool = Pool(jobs, keep)
    for mutant in left:
        if names := choose.of(mutant):
            pool.start(mutant, partial(_cold, mutant, trees[mutant.file], names, plain.seconds))
        else:
            done(Result(mutant, UNTESTED))
    pool.drain()
    return sorted(plain.failed)


def _warm_run(
    found: list[Mutant],
    trees: dict[str, ast.Module],
    choose: Selection,
    jobs: int,
    tests: list[str],
    tell: Callable[[Result], None],
) -> None:
    """All mutants that can be put into what is imported already."""

    def keep(result: Result) -> None:
        choose.note(result)
        tell(result)

    def work(items: dict[str, pytest.Item]) -> None:
        pool = Pool(jobs, keep)
        for mutant in found:
            if not mutant.where and mutant.statement is None:
                continue
            if names := choose.of(mutant):
                held, seconds = [items[name] for name in names], choose.found.seconds
                pool.start(mutant, partial(_warm, mutant, trees[mutant.file], held, seconds))
            else:
                tell(Result(mutant, UNTESTED))
        pool.drain()

    pytest.main([*QUIET, *tests], plugins=[_Session(work), Quick()])


def _in_fork(work: Callable[[Callable[[Result], None]], None], found: list[Mutant]) -> Iterator[Result]:
    """The results that ``work`` tells, from a process of its own: this one stays without our modules."""
    numbers = {id(mutant): number for number, mutant in enumerate(found)}
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        with os.fdopen(writing, "w") as out:

            def tell(result: Result) -> None:
                print(
                    json.dumps([numbers[id(result.mutant)], result.outcome, result.by]), file=out, flush=True
                )

            work(tell)
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as lines:
        for line in lines:
            number, outcome, by = json.loads(line)
            yield Result(found[number], outcome, by)
    if os.waitpid(child, 0)[1] != 0:
        raise SystemExit("the run ended early")
