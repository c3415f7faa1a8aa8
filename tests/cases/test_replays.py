# SPDX-License-Identifier: Apache-2.0
"""Replays of suspensions, silences and warnings, and what the record answers in each."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from detente.node import casefile
from detente.node.cases import run_case

pytestmark = pytest.mark.slow


def value(result: dict[str, Any], beginning: str) -> Any:
    found = [one["value"] for one in result["measures"] if one["name"].startswith(beginning)]
    assert found, [one["name"] for one in result["measures"]]
    return found[0]


def test_the_il_20_accounts_lie_in_intervals_that_do_not_meet(tmp_path: Path) -> None:
    result = run_case("il-20-2018", tmp_path)
    assert result["ok"], result["why"]
    bounds = {}
    for side in ("RU", "IL"):
        words = value(result, f"if it was as {side} says, before: the strike")
        least, most = re.findall(r"at (?:least|most) (?:(\d+) min )?([\d.]+) s", words)
        bounds[side] = [60 * int(minutes or 0) + float(seconds) for minutes, seconds in (least, most)]
    assert bounds["RU"][0] <= 60 <= bounds["RU"][1] < bounds["IL"][0] <= 600 <= bounds["IL"][1]
    assert all("verdict" not in one["value"] for one in result["measures"])
    said = [row["what"] for row in result["seen"] if " says: " in row["what"]]
    assert sum("less than a minute" in text for text in said) == 2
    assert sum("much earlier" in text for text in said) == 2


def test_the_syria_line_is_suspended_in_words_and_in_use(tmp_path: Path) -> None:
    result = run_case("syria-line-2017", tmp_path)
    assert result["ok"], result["why"]
    assert value(result, "standing after the first") == "US normal, RU suspended, stricter suspended"
    assert value(result, "use of the line while suspended") == "US 2, RU 2"
    assert value(result, "the line itself") == "line up"
    assert value(result, "a message while it is closed") == "yes"


def test_new_start_is_suspended_and_the_launch_notices_go_on(tmp_path: Path) -> None:
    result = run_case("new-start-2023", tmp_path)
    assert result["ok"], result["why"]
    assert (
        value(result, "standing on New START after 1 June") == "US reduced, RU suspended, stricter suspended"
    )
    assert value(result, "standing on the agreement of 1988") == "nothing"
    assert value(result, "marks on the launch notice") == "delivered and read"


def test_february_2023_tells_three_silences_apart(tmp_path: Path) -> None:
    result = run_case("february-2023", tmp_path)
    assert result["ok"], result["why"]
    silences = [one["value"] for one in result["measures"] if one["name"].startswith("which silence")]
    assert silences == [
        "line up, not answered; on watch, not answering",
        "line up, not answered; on watch, not answering",
        "line up",
        "line up, not answered; no watch post has shown it",
        "line down: theirs",
    ]
    assert value(result, "signed by the other side about the last request") == "nobody"
    assert value(result, "the call, after the other side said no") == "declined"


@pytest.mark.parametrize("name", ["il-20-2018", "syria-line-2017", "new-start-2023", "february-2023"])
def test_a_case_says_what_of_it_is_not_history(name: str) -> None:
    case = casefile.load(name)
    assert len(case.data["simulated"]) >= 4
    if case.kind == "steps":
        keys = [row["key"] for row in case.data["steps"]]
        assert len(keys) == len(set(keys))
        assert {look["after"] for look in case.data["looks"]} <= set(keys)
        times = [row["at"] for row in case.data["steps"]]
        assert times == sorted(times)
        told = {fact for row in case.data["steps"] for fact in row.get("facts", ())}
        assert told <= set(case.facts)


def test_a_look_that_finds_something_else_fails_the_case(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = casefile.load("new-start-2023")
    steps = [row for row in real.data["steps"] if row["key"] in ("test-us", "suspension")]
    look = {"after": "suspension", "name": "standing", "what": "standing", "scope": "new-start", "expect": {}}
    data = {**real.data, "steps": steps, "looks": [look]}
    changed = casefile.Case(**{**vars(real), "data": data})
    monkeypatch.setattr(casefile, "load", lambda name: changed)
    result = run_case("new-start-2023", tmp_path)
    assert not result["ok"]
    assert "standing: US normal, RU suspended" in result["why"]
