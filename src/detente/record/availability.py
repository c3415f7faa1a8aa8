# SPDX-License-Identifier: Apache-2.0
"""Availability from the tests on the record: measured and shown, never asserted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from detente.record.entry import Entry, rfc3339
from detente.record.states import reached

IN_TIME = 60_000  # a test is ok if it was delivered within 60 s of being placed


@dataclass(frozen=True)
class TestResult:
    """One test towards one party: ``ok`` is None while its time still runs."""

    entry: str
    ref: str
    placed: int
    delivered: int | None
    ok: bool | None
    path: str | None

    __test__ = False  # not a test class of the test runner


@dataclass(frozen=True)
class Availability:
    """The tests of one party towards another: results in order, the share in time by month (UTC, percent)."""

    by: str
    to: str
    results: tuple[TestResult, ...]
    months: Mapping[str, float]

    @property
    def last(self) -> TestResult | None:
        """The latest test whose outcome is known."""
        known = [result for result in self.results if result.ok is not None]
        return known[-1] if known else None

    def last_by_path(self) -> dict[str, TestResult]:
        """The latest known outcome on each path that is known by name."""
        return {item.path: item for item in self.results if item.path and item.ok is not None}


def availability(
    entries: Iterable[Entry],
    parties: Sequence[str],
    now: int,
    *,
    paths: Mapping[str, str] | None = None,
) -> list[Availability]:
    """For every ordered pair of parties that tested: how it went.

    ``parties``: short ids of all members. ``now`` (ms) tells a test that is late from one still under way.
    ``paths``: entry id to the path on which its receipt came first, as far as it is known here.
    """
    rows: dict[tuple[str, str], list[TestResult]] = {}
    tests = (entry for entry in entries if entry.kind == "test")
    for entry in sorted(tests, key=lambda entry: (entry.placed, entry.origin, entry.index)):
        for party in entry.to or parties:
            if party != entry.party:
                result = _result(entry, party, now, (paths or {}).get(entry.id))
                rows.setdefault((entry.party, party), []).append(result)
    return [
        Availability(by, to, tuple(results), _months(results)) for (by, to), results in sorted(rows.items())
    ]


def to_json(row: Availability) -> dict[str, Any]:
    """One row of ``detente standing --json``."""
    return {
        "by": row.by,
        "to": row.to,
        "tests": len(row.results),
        "months": dict(row.months),
        "last": _result_json(row.last),
        "last_by_path": {path: _result_json(result) for path, result in row.last_by_path().items()},
    }


def percent(share: float) -> str:
    """``99.98 %``: never rounded up to a hundred that was not reached."""
    return "100 %" if share >= 100 else f"{int(share * 100) / 100:.2f} %"


def _result(entry: Entry, party: str, now: int, path: str | None) -> TestResult:
    delivered = reached(entry.marks.get(party, {}), "delivered")
    ok: bool | None = None
    if delivered is not None:
        ok = delivered - entry.placed <= IN_TIME
    elif now - entry.placed > IN_TIME:
        ok = False
    return TestResult(entry.id, entry.ref, entry.placed, delivered, ok, path)


def _months(results: Sequence[TestResult]) -> dict[str, float]:
    counts: dict[str, list[int]] = {}
    for result in results:
        if result.ok is not None:
            good_all = counts.setdefault(_month(result.placed), [0, 0])
            good_all[0] += result.ok
            good_all[1] += 1
    return {month: 100 * good / total for month, (good, total) in counts.items()}


def _month(ms: int) -> str:
    return f"{datetime.fromtimestamp(min(ms // 1000, 253_402_214_400), UTC):%Y-%m}"


def _result_json(result: TestResult | None) -> dict[str, Any] | None:
    if result is None:
        return None
    return {
        "entry": result.entry,
        "ref": result.ref,
        "time": rfc3339(result.placed),
        "delivered": None if result.delivered is None else rfc3339(result.delivered),
        "ok": result.ok,
        "path": result.path,
    }
