# SPDX-License-Identifier: Apache-2.0
"""The historical cases: their facts carry sources, and their replays give the measures that they promise."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from detente.errors import UsageError
from detente.node import casefile
from detente.node.cases import KINDS, list_cases, run_case


@pytest.mark.parametrize("name", casefile.names())
def test_every_fact_carries_sources_and_a_status(name: str) -> None:
    case = casefile.load(name)
    assert case.facts
    for fact in case.facts.values():
        assert fact.sources, fact.id
        assert fact.status in casefile.STATUSES
        assert all(case.sources[code] for code in fact.sources)
        assert fact.date is None or re.fullmatch(r"[0-9X]{4}-[0-9X]{2}-[0-9X]{2}(/.*)?", fact.date)
    used = {code for fact in case.facts.values() for code in fact.sources}
    assert used == set(case.sources), "a source that no fact names"
    assert case.kind in KINDS
    assert case.begins < case.ends


def test_the_list_names_them_all() -> None:
    assert [row["name"] for row in list_cases()] == casefile.names()
    assert {"february-2022-call", "deir-ez-zor-2016"} <= set(casefile.names())


def test_an_unknown_case_is_named_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="deir-ez-zor-2016"):
        run_case("no-such-case", tmp_path)


def measured(result: dict[str, Any], beginning: str) -> Any:
    return next(one["value"] for one in result["measures"] if one["name"].startswith(beginning))


def test_deir_ez_zor_is_read_within_a_minute_with_the_contact_away(tmp_path: Path) -> None:
    result = run_case("deir-ez-zor-2016", tmp_path)
    assert result["ok"], result["why"]
    assert measured(result, "in history") == "27 min"
    assert measured(result, "strikes in that time") == "15 of 37"
    assert float(measured(result, "on the line, until read").removesuffix(" s")) < 60
    assert float(measured(result, "on the line, until displayed").removesuffix(" s")) < 5
    assert all(one["how"] for one in result["measures"])
    assert any("Cease fire." in line for line in result["card"])
    assert result["simulated"]
    assert [row["time"] for row in result["seen"]] == sorted(row["time"] for row in result["seen"])
    assert all(row["time"].startswith("2016-09-17T12:") for row in result["seen"])


def test_the_call_of_february_2022_leaves_a_claim_unanswered_for_nine_days(tmp_path: Path) -> None:
    result = run_case("february-2022-call", tmp_path)
    assert result["ok"], result["why"]
    assert measured(result, "claim ") == "9 d"
    assert measured(result, "undertakings only claimed") == 1
    assert measured(result, "points that only BY tells") > 0
    assert measured(result, "points that only UA tells") > 0
    states = {one["name"]: one["value"] for one in result["measures"] if one["name"].startswith("answer to")}
    assert sorted(states.values()) == ["met", "overdue"]
    days = [row["time"][:10] for row in result["seen"]]
    assert days == sorted(days)
    assert {"2022-02-09", "2022-02-11", "2022-02-14", "2022-02-24"} == set(days)
    assert all(row["source"] for row in result["seen"] if row["basis"] == "facts")
