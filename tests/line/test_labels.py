# SPDX-License-Identifier: Apache-2.0
"""The labels of protocol §6: their order, and what each does."""

from __future__ import annotations

import pytest

from detente.errors import RefusedError
from detente.line import labels as module
from detente.line.labels import Effect, behind, foremost, having, ranked
from detente.seal.packet import CheckpointPart, LeafPart, LogPart
from detente.seal.statement import decode_leaf
from tests.line.harness import chartered
from tests.line.test_hostile_peer import send
from tests.line.test_taken_in import early, head_over, leaf_of

ALL = [
    "malformed leaf", "bad signature", "no mandate", "revoked", "single release", "too late",
    "against standing", "crossed", "before charter", "bad citation", "not understood", "unknown kind",
    "malformed body", "unopened", "not vouched for", "duplicate",
]  # fmt: skip
UNAUTHORISED = {"bad signature", "no mandate", "revoked", "not understood"}
PREVENTED = UNAUTHORISED | {
    "too late", "against standing", "before charter", "bad citation", "unknown kind", "malformed body",
    "unopened",
}  # fmt: skip
VOID = UNAUTHORISED | {"malformed leaf", "duplicate"}
NOT_EARLY = UNAUTHORISED | {"unopened"}


def test_every_label_does_what_the_protocol_says() -> None:
    assert list(module.LABELS) == ALL
    assert module.PREVENTED == PREVENTED
    assert module.VOID == VOID
    assert VOID | {"not vouched for"} == module.WITHOUT_EFFECT
    assert UNAUTHORISED | {"malformed body", "duplicate"} == module.AGAINST
    assert module.NOT_EARLY == NOT_EARLY
    assert {"bad citation", "unopened"} == module.PASSING
    assert {"against standing", "crossed", "before charter"} == module.BY_RULES
    assert having(Effect.NONE) == frozenset()


def test_labels_are_ranked_in_that_order_each_once() -> None:
    assert ranked([*reversed(ALL), *ALL]) == tuple(ALL) and ranked([]) == ()


def test_a_statement_counts_where_least_stands_against_its_place() -> None:
    behinds = {label: behind([label]) for label in ALL}
    assert {label for label, by in behinds.items() if by} == {"bad signature", "not vouched for", "duplicate"}
    assert behinds["bad signature"] == 2 and behinds["duplicate"] == behinds["not vouched for"] == 1
    assert behind([]) == 0 and behind(["duplicate", "bad signature", "crossed"]) == 2
    places = [("a", ["bad signature"]), ("b", ["duplicate"]), ("c", []), ("d", ["crossed"])]
    for least in "cdba":
        assert foremost(places, lambda place: place[1])[0] == least, "of equal ones the first"
        places = [place for place in places if place[0] != least]
    with pytest.raises(ValueError, match="empty"):
        foremost([], lambda place: [])


@pytest.mark.parametrize("label", ALL)
def test_a_label_keeps_a_statement_from_being_placed_or_taken_early(
    label: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b, _ = chartered()
    index = b.size_of(a) + 3
    for node in (a, b):
        monkeypatch.setattr(node.line.state, "judge", lambda *args, **more: (label,))
    signed = a.signed("message", {"text": "x"})
    send(a, b, early(a, signed, index))
    assert (signed.id in b.line.state.early) is (label not in NOT_EARLY)
    if label in PREVENTED:
        with pytest.raises(RefusedError, match=f"message by duty: {label}"):
            a.line.place([signed], a.now)
    else:
        assert a.line.place([signed], a.now) == [signed.id]


REASONS = {
    "unopened": "unopened", "malformed body": "schema", "malformed leaf": "schema", "not understood": "crit",
}  # fmt: skip


@pytest.mark.parametrize("label", ALL)
def test_what_cannot_be_read_is_refused_with_its_reason_and_nothing_else_is(
    label: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b, _ = chartered()
    size, before = b.size_of(a), b.size_of(b)
    judge = b.line.state.judge
    monkeypatch.setattr(
        b.line.state,
        "judge",
        lambda log, *args, **more: judge(log, *args, **more) if log.put.mine else (label,),
    )
    raw = leaf_of(a, a.signed("message", {"text": "x"}), size)
    send(a, b, [LogPart(a.own.origin), LeafPart(size, raw), CheckpointPart(head_over(a, [raw]))])
    assert b.size_of(a) == size + 1
    said = [decode_leaf(row).leaf.statement for row in b.store.rows[b.own.origin][before:]]
    assert [(one.kind, (one.data or {})["reason"]) for one in said] == (
        [("refusal", REASONS[label])] if label in REASONS else []
    )
