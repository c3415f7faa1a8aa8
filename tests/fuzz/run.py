# SPDX-License-Identifier: Apache-2.0
"""Run the targets for a while: ``python -m tests.fuzz.run --seconds 60 [--only leaf,note]``.

Coverage-guided by Atheris (libFuzzer) where it imports, else Hypothesis changes the corpus. Each target has a
process of its own. What breaks one is kept in its corpus as ``found-…`` and replayed by every test run.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from tests.fuzz.places import CORPUS, MAX_SEED, MAX_SEEDS

GUIDED = find_spec("atheris") is not None
# No decoder of ours takes a second for 4 KiB; the machine that runs this may be busy.
SLOW = 25
MEMORY_MB = 1500


@dataclass(frozen=True)
class Outcome:
    """What one target's run came to. ``covered`` is libFuzzer's count of edges, 0 without it."""

    name: str
    runs: int
    covered: int
    features: int
    seconds: float
    found: tuple[Path, ...]
    told: str


def main(argv: list[str] | None = None) -> int:
    """0, or 1 if any target broke."""
    args = _arguments(argv)
    if args.child:
        return _child(args.child, args.seconds, Path(args.work))
    from tests.fuzz.targets import TARGETS

    names = args.only.split(",") if args.only else sorted(TARGETS)
    unknown = sorted(set(names) - TARGETS.keys())
    if unknown:
        print(f"no target {', '.join(unknown)}; there are: {', '.join(sorted(TARGETS))}", file=sys.stderr)
        return 2
    share = max(1, args.seconds // len(names)) if args.total else args.seconds
    print(f"{len(names)} targets, {share} s each, {'Atheris' if GUIDED else 'Hypothesis'}", flush=True)
    outcomes = [_run(name, share, keep=args.keep) for name in names]
    broken = [outcome for outcome in outcomes if outcome.found or outcome.runs == 0]
    print(
        f"{sum(outcome.runs for outcome in outcomes):,} inputs, {len(broken)} of {len(names)} targets broke"
    )
    return 1 if broken else 0


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.run", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--total", action="store_true", help="the seconds are for all targets together")
    parser.add_argument("--only", help="names of targets, with commas")
    parser.add_argument("--keep", action="store_true", help="take what reached something new into the corpus")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--work", help=argparse.SUPPRESS)
    return parser.parse_args(argv)


def _run(name: str, seconds: int, *, keep: bool) -> Outcome:
    """One target in a process of its own, which may hang or die."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        work = Path(folder)
        (work / "new").mkdir()
        command = [sys.executable, "-m", "tests.fuzz.run", "--child", name, "--work", folder]
        command += ["--seconds", str(seconds)]
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=seconds + 8 * SLOW,
                check=False,
            )
            told = done.stderr + done.stdout
            status = done.returncode
        except subprocess.TimeoutExpired:
            told, status = "it hung", 1
        broken = sorted(path for path in work.iterdir() if path.is_file())
        found = tuple(keep_found(name, path.read_bytes()) for path in broken)
        if keep:
            _take(name, work)
    runs = _last(r"stat::number_of_executed_units:\s*(\d+)", told)
    outcome = Outcome(
        name,
        runs,
        _last(r"cov: (\d+)", told),
        _last(r"ft: (\d+)", told),
        time.monotonic() - began,
        found,
        told,
    )
    print(
        f"{name:20} {runs:>9,} inputs {runs / max(outcome.seconds, 0.1):>7,.0f}/s  edges {outcome.covered:>5}"
        f"  features {outcome.features:>6}  {'ok' if not found and status == 0 else 'BROKE'}",
        flush=True,
    )
    if found or status != 0:
        print("\n".join(told.splitlines()[-25:]))
    return outcome


def keep_found(name: str, raw: bytes, corpus: Path = CORPUS) -> Path:
    """Put an input that broke a target into its corpus."""
    from tests.fuzz.places import name_of

    path = corpus / name / f"found-{name_of(raw)}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw)
    print(f"kept as {path.relative_to(corpus.parent)}: {len(raw)} bytes", flush=True)
    return path


def _last(pattern: str, text: str) -> int:
    found = re.findall(pattern, text)
    return int(found[-1]) if found else 0


def _take(name: str, work: Path) -> None:
    """Of what reached something new, the smallest few."""
    from tests.fuzz.places import name_of

    folder = CORPUS / name
    new = sorted((path.read_bytes() for path in (work / "new").iterdir()), key=len)
    room = MAX_SEEDS - sum(1 for path in folder.iterdir() if not path.name.startswith("found-"))
    fit = [raw for raw in new if 0 < len(raw) <= MAX_SEED]
    # Spread over the sizes: the largest reach deepest, the smallest are read fastest.
    for raw in fit[:: max(1, len(fit) // max(1, room))][: max(0, room)]:
        (folder / name_of(raw)).write_bytes(raw)


def _child(name: str, seconds: int, work: Path) -> int:
    return _guided(name, seconds, work) if GUIDED else _drawn(name, seconds, work)


def _guided(name: str, seconds: int, work: Path) -> int:
    import atheris  # type: ignore[import-untyped,unused-ignore]

    with atheris.instrument_imports(include=["detente"]):
        from tests.fuzz.targets import TARGETS
    fuzz = TARGETS[name].fuzz
    options = {
        "max_total_time": seconds, "timeout": SLOW, "rss_limit_mb": MEMORY_MB, "max_len": MAX_SEED,
        "artifact_prefix": f"{work}/", "print_final_stats": 1,
        "report_slow_units": SLOW, "detect_leaks": 0, "use_value_profile": 1,
    }  # fmt: skip
    given = [f"-{option}={value}" for option, value in options.items()]
    atheris.Setup([sys.argv[0], *given, str(work / "new"), str(CORPUS / name)], fuzz)
    atheris.Fuzz()
    return 0


def _drawn(name: str, seconds: int, work: Path) -> int:
    from tests.fuzz.targets import TARGETS

    runs, broke = search(TARGETS[name].fuzz, corpus_of(name), seconds)
    if broke is not None:
        (work / "broke").write_bytes(broke)
    print(f"stat::number_of_executed_units: {runs}")
    return 1 if broke is not None else 0


def corpus_of(name: str) -> list[bytes]:
    """The inputs kept for a target."""
    return [path.read_bytes() for path in sorted((CORPUS / name).iterdir())]


def search(
    fuzz: object, corpus: list[bytes], seconds: float, examples: int = 500
) -> tuple[int, bytes | None]:
    """Changed inputs until the time is up: how many ran, and the smallest that broke it, if any."""
    import traceback

    from hypothesis import HealthCheck, given, settings
    from hypothesis.errors import HypothesisException

    from tests.fuzz.mutate import inputs

    assert callable(fuzz)
    runs, last, until = 0, b"", time.monotonic() + seconds

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(inputs(corpus))
    def once(data: bytes) -> None:
        nonlocal runs, last
        runs += 1
        last = data
        fuzz(data)

    while time.monotonic() < until or runs == 0:
        try:
            once()
        except HypothesisException:
            raise
        except Exception:  # noqa: BLE001 -- whatever comes out is the finding
            traceback.print_exc()
            return runs, last
    return runs, None


if __name__ == "__main__":
    sys.exit(main())
