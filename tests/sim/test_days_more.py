# SPDX-License-Identifier: Apache-2.0
"""As many days of two parties again, from another seed: in a file of its own, for the other core."""

from __future__ import annotations

import pytest

from tests.sim.run import many
from tests.sim.test_days import DAYS

# A world that still fails: a member judges an entry of a restored liar to be good that the simulation's own
# books call void. Which of the two is wrong is not settled.
OPEN = {"ci-more/2/156"}


@pytest.mark.slow
def test_no_invariant_breaks_but_in_the_open_case() -> None:
    report = many(DAYS, "ci-more", 2, 1, on=True)
    assert {name for name, _ in report.failures} == OPEN
    assert report.days >= DAYS
