# SPDX-License-Identifier: Apache-2.0
"""``python -m tests.mutation``: run the mutants of a copy of the tree, and say which nobody noticed."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path

from tests.mutation.run import BUDGET, KILLED, SURVIVED, TIMEOUT, UNTESTED, Result, run
from tests.mutation.survivors import accepted

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("src", "tests", "docs", "scripts", "cases", "pyproject.toml")
FLOOR = 90.0
TOLD = 200


def main() -> int:
    """0: the score is reached and each survivor is explained."""
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument(
        "--only", default="", metavar="PREFIX", help="files that begin so: line, seal/commit.py"
    )
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--every", type=int, default=1, metavar="N", help="a sample: each N-th mutant")
    parser.add_argument("--missed", action="store_true", help="only those that nobody noticed the last time")
    parser.add_argument("--budget", type=float, default=BUDGET, help="seconds of tests that one mutant gets")
    parser.add_argument("--results", type=Path, default=ROOT / ".make" / "mutants.json")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not options.here:
        return _in_a_copy(sys.argv[1:], options.results)
    held = json.loads(options.results.read_text()) if options.results.exists() else {}
    results: list[Result] = []
    reasons = accepted()
    began = time.monotonic()

    def done(result: Result) -> None:
        results.append(result)
        if result.outcome in (SURVIVED, UNTESTED) and result.mutant.key not in reasons.get(
            result.mutant.file, {}
        ):
            print(_line(result), flush=True)
        if len(results) % TOLD == 0:
            missed = sum(r.outcome in (SURVIVED, UNTESTED) for r in results)
            spent = time.monotonic() - began
            print(
                f"{len(results)} mutants, {missed} not noticed, {spent:.0f} s",
                file=sys.__stderr__,
                flush=True,
            )

    before = {key: by for key, (_, by) in held.items()}
    missed = {key for key, (outcome, _) in held.items() if outcome in (SURVIVED, UNTESTED)}
    failed = run(
        options.only, done,
        before=before, choice=missed if options.missed else None, jobs=options.jobs, every=options.every,
        budget=options.budget, kept=options.results.with_suffix(".plain"),
    )  # fmt: skip
    held |= {r.mutant.name: (r.outcome, r.by) for r in results}
    options.results.parent.mkdir(exist_ok=True)
    options.results.write_text(json.dumps(held, indent=0, ensure_ascii=False, sort_keys=True))
    status = report(results, time.monotonic() - began)
    for name in failed:
        print(f"failed before anything was changed: {name}")
    return int(bool(status or failed))


def _in_a_copy(arguments: list[str], results: Path) -> int:
    """The tree may change while this runs for minutes; a copy does not."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as name:
        copy = Path(name)
        for part in PARTS:
            if (ROOT / part).is_dir():
                shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / part, copy / part)
        environment = {**os.environ, "PYTHONPATH": f"{copy / 'src'}:{copy}"}
        command = [
            sys.executable,
            "-m",
            "tests.mutation",
            "--here",
            *arguments,
            "--results",
            str(results.resolve()),
        ]
        return subprocess.run(command, cwd=copy, env=environment, check=False).returncode


def report(results: list[Result], seconds: float) -> int:
    """Print the table and the survivors that nobody explained; the exit status."""
    files: dict[str, Counter[str]] = defaultdict(Counter)
    reasons = accepted()
    open_ends = []
    for result in results:
        files[result.mutant.file][result.outcome] += 1
        if result.outcome in (SURVIVED, UNTESTED):
            if result.mutant.key in reasons.get(result.mutant.file, {}):
                files[result.mutant.file]["accepted"] += 1
            else:
                open_ends.append(result)
    print(f"\n{'file':24}{'mutants':>9}{'killed':>9}{'timeout':>9}{'survived':>9}{'accepted':>9}{'score':>9}")
    total: Counter[str] = Counter()
    for file in sorted(files):
        total += files[file]
        print(_row(file, files[file]))
    print(_row("all", total))
    print(f"{seconds:.0f} s")
    for result in sorted(open_ends, key=lambda r: (r.mutant.file, r.mutant.lines.start)):
        print(_line(result))
    return int(_score(total) < FLOOR or bool(open_ends))


def _line(result: Result) -> str:
    return f"{result.outcome}: {result.mutant.file}:{result.mutant.lines.start} {result.mutant.key}"


def _score(counts: Counter[str]) -> float:
    tried = sum(counts[name] for name in (KILLED, TIMEOUT, SURVIVED, UNTESTED))
    return 100 * (counts[KILLED] + counts[TIMEOUT]) / tried if tried else 100.0


def _row(name: str, counts: Counter[str]) -> str:
    tried = sum(counts[outcome] for outcome in (KILLED, TIMEOUT, SURVIVED, UNTESTED))
    missed = counts[SURVIVED] + counts[UNTESTED]
    return (
        f"{name:24}{tried:9}{counts[KILLED]:9}{counts[TIMEOUT]:9}{missed:9}{counts['accepted']:9}"
        f"{_score(counts):8.1f}%"
    )


if __name__ == "__main__":
    sys.exit(main())
