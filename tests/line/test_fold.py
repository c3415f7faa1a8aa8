# SPDX-License-Identifier: Apache-2.0
"""What the fold keeps of the entries that it read, and what of them it need not look at again."""

from __future__ import annotations

from tests.line.harness import chartered, run
from tests.line.test_review_hostile import succeed


def test_only_what_carries_credentials_is_kept_to_be_read_again() -> None:
    a, b, _ = chartered()
    a.say("message", {"text": "x"})
    run(a, b)
    for node in (a, b):
        log = node.line.state.logs[a.own.origin]
        assert [(index, said.kind) for index, _, said in log.certifying] == [
            (0, "genesis"), (1, "credential"), (2, "credential"),
        ]  # fmt: skip
        assert {what: list(at) for what, at in log.noted.items()} == {
            "genesis": [0], "credential": [1, 2], "epoch.grant": [3], "charter": [4],
        }  # fmt: skip


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
