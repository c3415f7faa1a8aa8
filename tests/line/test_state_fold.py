# SPDX-License-Identifier: Apache-2.0
"""What the fold keeps of the entries that it read, and what of them it need not look at again."""

from __future__ import annotations

import pytest

from detente.errors import RefusedError
from detente.line.state import NOTED, RECALLED
from detente.words.charter import charter_body
from tests.line.harness import chartered, pair, run, seed
from tests.line.test_review_hostile import members, succeed


def test_only_what_carries_credentials_is_kept_to_be_read_again() -> None:
    a, b, _ = chartered()
    a.say("message", {"text": "x"})
    a.line.machine("test", {}, a.now)
    a.commit()
    run(a, b)
    for node in (a, b):
        log = node.line.state.logs[a.own.origin]
        assert [(index, said.kind) for index, _, said in log.certifying] == [
            (0, "genesis"), (1, "credential"), (2, "credential"),
        ]  # fmt: skip
        assert {what: list(at) for what, at in log.noted.items()} == {
            "genesis": [0], "credential": [1, 2], "epoch.grant": [3], "charter": [4], "test": [6],
        }  # fmt: skip
        assert set(log.noted) <= NOTED


def test_a_party_has_the_credentials_of_its_newest_log_which_go_on_from_the_one_before() -> None:
    a, b, _ = chartered()
    old = a.own.origin
    mandate = a.party.mandate("duty", 1, ["duty"], serial=7)
    a.line.machine("credential", {"credential": mandate}, a.now)
    a.commit()
    run(a, b)
    a.line.stop("restored")
    a.party.mandates = []
    succeed(a, a.party.own_log())
    run(a, b)
    for node in (a, b):
        state = node.line.state
        newest = state.logs[a.own.origin]
        assert state.current(a.party.fpr) is newest and state.credentials[a.party.fpr] is state.certified(
            newest
        )
        assert state.certified(newest) is not state.certified(state.logs[old])
        serials = [one.serial for _, one in state.certified(newest).mandates() if one.office == "duty"]
        assert 7 in serials, "it goes on with what the log before had"


RULES = {"charter", "charter.amendment", "assent", "decline", "standing"}
CREDENTIALS = {"genesis", "credential", "succession"}


def test_a_start_reads_rules_and_credentials_and_what_may_be_labelled_anew() -> None:
    assert RULES | CREDENTIALS | {"marked"} == RECALLED
    assert RULES | CREDENTIALS | {"epoch.grant", "test"} == NOTED


def test_under_a_suspended_standing_only_the_phrases_that_save_lives_are_placed() -> None:
    a, b, _ = chartered()
    b.say("standing", {"scope": "channel", "state": "suspended", "by": "ministry"})
    run(a, b)
    floor = a.line.state.terms_now().charter
    assert floor is not None
    saving = next(p.code for p in floor.phrases if p.life_saving)
    a.say("phrase", {"code": saving, "params": {}})
    with pytest.raises(RefusedError, match="message by duty: against standing"):
        a.say("message", {"text": saving})


def test_a_phrase_that_cannot_be_opened_is_judged_as_any_other_entry() -> None:
    a, b, _ = chartered()
    charter = a.line.state.terms_now().charter
    assert charter is not None
    saving = next(p.code for p in charter.phrases if p.life_saving)
    entry = a.say("phrase", {"code": saving, "params": {}})
    a.store.bodies[entry] = (seed("wrong"), a.store.bodies[entry][1])
    run(a, b)
    assert b.store.labels()[entry] == ("unopened",)
    b.crash()
    assert b.line.state.labels[entry] == ("unopened",)


def test_a_charter_that_nobody_could_open_is_read_back_before_any_body_is() -> None:
    a, b = pair()
    entry = a.say("charter", charter_body(members(a, b)))
    a.store.bodies[entry] = (seed("wrong"), a.store.bodies[entry][1])
    run(a, b)
    assert b.store.labels()[entry] == ("unopened",)
    b.crash()
    assert b.line.state.unopened == {entry: a.own.origin} and b.line.state.terms_now().charter is None


def test_a_credential_that_the_third_log_leaves_out_of_the_second_is_not_in_force() -> None:
    a, b, _ = chartered()
    a.party.mandates = []
    a.line.stop("restored")
    succeed(a, a.party.own_log())
    size = a.size_of(a)
    for serial in (7, 8):
        mandate = a.party.mandate("duty", 1, ["duty"], serial=serial)
        a.line.machine("credential", {"credential": mandate}, a.now)
        a.commit()
    run(a, b)
    a.line.stop("restored")
    succeed(a, a.party.own_log(), size + 1)
    run(a, b)
    for node in (a, b):
        state = node.line.state
        serials = {one.serial for _, one in state.certified(state.logs[a.own.origin]).mandates()}
        assert 7 in serials and 8 not in serials
