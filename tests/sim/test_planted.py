# SPDX-License-Identifier: Apache-2.0
"""Bugs that are planted into the program are found; ``make sim-planted`` runs all of them."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import pytest

from tests.sim.planted import PLANTS
from tests.sim.planted_list import PLANTED
from tests.sim.planting import ROOT, changed

# Of so many plants one is tried here: all of them take minutes.
ONE_OF = 4


def test_every_plant_fits_the_program_as_it_is() -> None:
    for plant in PLANTED:
        assert plant.finds and bool(plant.edits) != bool(plant.patch), plant.name
        assert not plant.patch or plant.patch in PLANTS, plant.name
        for edit in plant.edits:
            compile(changed(edit), edit.file, "exec")
    names = Counter(plant.name for plant in PLANTED)
    assert max(names.values()) == 1 and len(names) >= 25


@pytest.mark.slow
def test_a_plant_that_nothing_finds_is_told() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tests.sim.planted_run", "--harmless"],
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert run.returncode == 1 and "NOT FOUND: a comment" in run.stdout, run.stdout + run.stderr


@pytest.mark.slow
def test_planted_bugs_are_found() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tests.sim.planted_run", "--jobs", "1", "--one-of", str(ONE_OF)],
        cwd=ROOT, capture_output=True, text=True, timeout=1800, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout[-8000:] + run.stderr[-2000:]
