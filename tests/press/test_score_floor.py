# SPDX-License-Identifier: Apache-2.0
"""What was reached stays: the scores of ``floors.toml``, per language and field; no date is over-claimed.

After an improvement: ``python -m tests.press.score --floors > tests/press/floors.toml``.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

import pytest

from tests.press.score import Score, score_folders

HERE = Path(__file__).parent
FLOORS = tomllib.loads((HERE / "floors.toml").read_text(encoding="utf-8"))
LANGUAGES = ("ru", "be", "uk", "en")
FOLDERS = ("pages", "pages-held")


@cache
def scores(folder: str) -> dict[str, Score]:
    return score_folders([HERE / folder])


@pytest.mark.slow
@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_scores_do_not_fall(lang, folder):
    tallies = scores(folder)[lang].tallies
    floors = FLOORS[folder][lang]
    assert set(floors) <= set(tallies)
    fallen = {name: (tallies[name].f1, floor) for name, floor in floors.items() if tallies[name].f1 < floor}
    assert not fallen


@pytest.mark.slow
@pytest.mark.parametrize("folder", FOLDERS)
def test_no_date_is_over_claimed(folder):
    assert scores(folder)["all"].over_claimed == []
