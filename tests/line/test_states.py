# SPDX-License-Identifier: Apache-2.0
"""A line goes through the states of its table, and what it keeps through those of theirs."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from detente.errors import FatalError, RefusedError
from detente.line.states import BARRED, LINE, MACHINES, OPEN, STOPPED, SUCCEEDED, WAITING
from detente.seal.packet import HavePart
from tests.line.harness import chartered, connect, cut, run
from tests.line.observed import Observer
from tests.line.test_review_hostile import send, succeed


def test_a_claim_makes_it_wait_and_go_on_by_itself() -> None:
    a, b, _ = chartered()
    assert a.line.phase == OPEN
    send(b, a, [HavePart({"logs": {a.own.origin: a.size_of(a) + 1}})])
    assert a.line.phase == WAITING
    with pytest.raises(RefusedError, match="wait for its proof"):
        a.say("message", {"text": "x"})
    a.now += a.limits.claim_wait
    a.say("message", {"text": "x"})
    assert a.line.phase == OPEN


def test_a_stopped_line_opens_only_by_a_succession() -> None:
    a, b, _ = chartered()
    a.line.stop("restored")
    assert a.line.phase == STOPPED
    assert [event for _, event in _moves_from(STOPPED)] == [SUCCEEDED]
    send(b, a, [HavePart({"logs": {a.own.origin: a.size_of(a) + 1}})])
    a.line.stop("for another reason")
    assert (a.line.phase, a.line.stopped) == (STOPPED, "restored")
    with pytest.raises(RefusedError, match="restored"):
        a.say("message", {"text": "x"})
    succeed(a, a.party.own_log())
    assert (a.line.phase, a.line.stopped) == (OPEN, None)


def test_a_line_that_never_had_a_log_cannot_begin_twice() -> None:
    a, _, _ = chartered()
    with pytest.raises(FatalError, match="cannot happen"):
        a.line.attach(a.own)


def test_a_barred_line_says_why_and_signs_nothing() -> None:
    a, _, _ = chartered()
    a.crash()
    a.line.phase = LINE.start
    a.line.attach(a.own, "it was restored")
    assert a.line.stopped == "it was restored"
    assert LINE.step(OPEN, BARRED) == STOPPED
    with pytest.raises(RefusedError, match="it was restored"):
        a.say("message", {"text": "x"})


def test_an_entrys_way_is_the_one_in_the_tables(observed: Observer) -> None:
    a, b, _ = chartered()
    cut(a, b)
    a.say("message", {"text": "bulk"})
    a.say("message", {"text": "urgent"}, precedence="flash")
    connect(a, b)
    run(a, b)
    wanted = {
        "ours: none -> kept", "ours: kept -> delivered", "theirs: none -> kept", "theirs: kept -> receipted",
        "body: none -> opened", "log: unknown -> followed", "epoch: unknown -> known",
        "peer: apart -> unheard", "peer: unheard -> known", "peer: known -> apart",
    }  # fmt: skip
    assert wanted <= set(observed.seen)
    assert set(observed.seen) <= {name for machine in MACHINES for name in machine.transitions()}


def test_the_page_of_the_state_machines_is_what_the_tables_make() -> None:
    repo = Path(__file__).resolve().parents[2]
    spec = importlib.util.spec_from_file_location("make_states_doc", repo / "scripts" / "make_states_doc.py")
    assert spec is not None and spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert (repo / "docs" / "state-machines.md").read_text(encoding="utf-8") == script.page()


def _moves_from(state: str) -> list[tuple[str, str]]:
    return [(move.after, move.event) for move in LINE.moves if move.before == state]
