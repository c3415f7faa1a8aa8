# SPDX-License-Identifier: Apache-2.0
"""Every interleaving of a small exchange holds every invariant; a broken line does not get through."""

from __future__ import annotations

from unittest.mock import patch

import pytest

from detente.line.line import Line
from detente.line.state import State
from tests.sim.exhaustive import SCOPES, Budget, search

NOTHING = Budget(0, 0, 0, 0)


@pytest.mark.slow
@pytest.mark.parametrize("scope", SCOPES)
def test_every_order_of_things(scope: str) -> None:
    report = search(scope, NOTHING)
    assert report.whole and not report.broken, (report.broken, report.way)
    assert report.states > 50 and report.ends > 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("budget", "act"),
    [(Budget(1, 0, 0, 0), "lose"), (Budget(0, 1, 0, 0), "twice"), (Budget(0, 0, 1, 0), "passed")],
)
def test_every_place_where_a_packet_goes_astray(budget: Budget, act: str) -> None:
    report = search("talk", budget, eager=True)
    assert report.whole and not report.broken, (report.broken, report.way)
    assert report.acts[act]


@pytest.mark.slow
def test_every_statement_of_a_commit_at_which_the_power_goes() -> None:
    report = search("talk", Budget(0, 0, 0, 1), eager=True)
    assert report.whole and not report.broken, (report.broken, report.way)
    assert report.acts["power"] and report.states > 2000


def test_a_mark_that_goes_back_is_found() -> None:
    def receipt(state: State, write: object) -> None:
        log = state.logs[write.origin]  # type: ignore[attr-defined]
        log.receipted[write.by] = 1  # type: ignore[attr-defined]

    with patch.object(State, "_receipt", receipt):
        report = search("talk", NOTHING, most=60)
    assert report.broken and report.way


def test_a_loss_that_nobody_asks_for_again_is_found() -> None:
    with patch.object(Line, "tick", lambda *args: None):
        report = search("talk", Budget(1, 0, 0, 0), most=60)
    assert "delivered" in report.broken and any(what == "lose" for what, _, _ in report.way)
