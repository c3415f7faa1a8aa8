# SPDX-License-Identifier: Apache-2.0
"""Many simulated days of two parties, and the transitions that they have to reach."""

from __future__ import annotations

import pytest

from tests.sim.report import ENTRIES, FAULTS, Report
from tests.sim.run import many

DAYS = 1_000
# What a thousand days need not meet: one fault on top of another in one log.
RARE = frozenset(
    {
        "line: waiting -> waiting",
        "log: followed -> set aside",
        "log: forked -> set aside",
        "log: given back -> forked",
        "log: succeeded -> set aside",
        "log: set aside -> set aside",
    }
)


@pytest.fixture(scope="module")
def report() -> Report:
    return many(DAYS, "ci", 2, 1, on=True)


@pytest.mark.slow
def test_no_invariant_breaks(report: Report) -> None:
    assert not report.failures
    assert report.days >= DAYS


@pytest.mark.slow
def test_every_day_has_its_entries_and_faults(report: Report) -> None:
    entries, faults = report.least
    assert entries >= ENTRIES and faults >= FAULTS
    assert report.thin < report.days // 20


@pytest.mark.slow
def test_every_transition_of_the_tables_is_reached(report: Report) -> None:
    missed = {name for name in report.missed() if not name.startswith("entry: kept -> ")}
    assert not missed - RARE
