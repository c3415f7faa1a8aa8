# SPDX-License-Identifier: Apache-2.0
"""Simulated days of three to seven parties."""

from __future__ import annotations

import pytest

from tests.sim.report import ENTRIES, FAULTS
from tests.sim.run import many

DAYS = {3: 80, 4: 25, 5: 12, 6: 6, 7: 4}


@pytest.mark.slow
@pytest.mark.parametrize("parties", DAYS)
def test_no_invariant_breaks(parties: int) -> None:
    report = many(DAYS[parties], "ci", parties, 1, on=True)
    assert not report.failures
    assert report.parties[parties] >= DAYS[parties]
    entries, faults = report.least
    assert entries >= ENTRIES and faults >= FAULTS
