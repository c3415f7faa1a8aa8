# SPDX-License-Identifier: Apache-2.0
"""The comparison against pairs matched by hand, in one language and across."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.press.compare_score import Count, _in, pairs, run, score, total

HERE = Path(__file__).parent
TUNED = pairs(sorted((HERE / "compare").glob("*.json")))
#: Nobody tunes word lists by these.
HELD = pairs(sorted((HERE / "compare-held").glob("*.json")))
#: set -> what -> (precision, recall) that must be kept.
FLOORS = {
    "tuned": {"matched": (0.95, 0.93), "group": (0.90, 0.88), "alone": (0.90, 0.93)},
    "held": {"matched": (0.90, 0.65), "group": (0.65, 0.50), "alone": (0.55, 0.85)},
}


@pytest.mark.parametrize(("name", "found"), [("tuned", TUNED), ("held", HELD)])
def test_the_floors_are_kept(name: str, found: dict[str, dict[str, Any]]) -> None:
    reached = total(score(pair) for pair in found.values())
    for what, (precision, recall) in FLOORS[name].items():
        assert reached[what].precision >= precision, what
        assert reached[what].recall >= recall, what


def test_the_pairs_cover_the_languages() -> None:
    for found in (TUNED, HELD):
        together = {frozenset((pair["a"]["lang"], pair["b"]["lang"])) for pair in found.values()}
        assert together >= {
            frozenset(one.split()) for one in ("ru", "uk", "en", "be", "ru uk", "ru en", "be ru")
        }
        assert frozenset(("uk", "en")) in together


def test_every_expectation_stands_in_its_text() -> None:
    for pair in [*TUNED.values(), *HELD.values()]:
        expect = pair["expect"]
        for one, other in [*expect["both"], *expect["both_differently"]]:
            assert one in pair["a"]["text"]
            assert other in pair["b"]["text"]
        assert all(one in pair["a"]["text"] for one in expect["only_a"])
        assert all(one in pair["b"]["text"] for one in expect["only_b"])


def test_the_score_sees_what_is_wrong() -> None:
    pair = TUNED["ru-call"]
    right = score(pair)
    assert (right["matched"].precision, right["matched"].recall) == (1.0, 1.0)
    wrong = {**pair, "expect": {**pair["expect"], "both": [], "both_differently": [], "only_a": ["3 марта"]}}
    assert score(wrong)["matched"].precision == 0.0
    assert score(wrong)["alone"].recall == 0.0
    assert Count(expected=4, found=1, given=2, right=1).recall == 0.25


def test_both_sides_of_a_claim_are_found_across_languages() -> None:
    pair = TUNED["ru-uk-call"]
    row = next(row for row in run(pair)["both"] if row["point"] == "statement")
    assert _in(pair["a"]["text"], pair["expect"]["both"][1][0], row["a"])
    assert (row["speaker"], row["reported_by"]) == ("BY", "UA")
