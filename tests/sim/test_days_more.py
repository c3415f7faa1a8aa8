# SPDX-License-Identifier: Apache-2.0
"""As many days of two parties again, from another seed: in a file of its own, for the other core."""

from __future__ import annotations

import pytest

from tests.sim.run import many
from tests.sim.test_days import DAYS


@pytest.mark.slow
def test_no_invariant_breaks() -> None:
    report = many(DAYS, "ci-more", 2, 1, on=True)
    assert not report.failures
    assert report.days >= DAYS
