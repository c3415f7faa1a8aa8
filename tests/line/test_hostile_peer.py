# SPDX-License-Identifier: Apache-2.0
"""A met peer that sends anything at all: counted, never an error, and the line goes on."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from detente.errors import RefusedError
from detente.log import merkle
from detente.log.checkpoint import Checkpoint, sign_checkpoint
from detente.seal import canonical, packet
from detente.seal.packet import (
    BodyPart,
    CheckpointPart,
    CosignaturePart,
    EarlyPart,
    HavePart,
    ItemPart,
    LeafPart,
    LogPart,
    Part,
)
from tests.examples import examples
from tests.line.harness import CHANNEL, Node, chartered, connect, cut, run, seed

QUICK = settings(
    max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def nodes() -> tuple[Node, Node]:
    a, b, _ = chartered()
    return a, b


def send(a: Node, b: Node, parts: list[Part]) -> None:
    """A packet of ``a`` with whatever parts, sealed as it should be."""
    epoch = a.line.state.epoch_of(a.party.fpr)
    key = a.line.state.epochs[a.party.fpr, epoch]
    b.receive(a, packet.seal(CHANNEL, a.party.fpr, epoch, key, packet.encode_parts(parts), {}))


def still_works(a: Node, b: Node) -> None:
    cut(a, b)
    connect(a, b)
    run(a, b)
    entry = a.say("message", {"text": "still here"})
    run(a, b)
    assert b.store.labels()[entry] == ()
    assert a.line.unsent() == 0


@QUICK
@given(raw=st.binary(max_size=2000))
def test_any_bytes(nodes: tuple[Node, Node], raw: bytes) -> None:
    a, b = nodes
    before = b.size_of(a), b.line.counters["refused packets"]
    b.receive(a, raw)
    assert (b.size_of(a), b.line.counters["refused packets"]) == (before[0], before[1] + 1)


notes = st.one_of(st.binary(min_size=1, max_size=300), st.just(b"x\n1\n\n\xe2\x80\x94 x AAAA\n"))
indices = st.integers(0, 2**64 - 1)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("ab/~", max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


def part_of(origin: str, own: str) -> st.SearchStrategy[Part]:
    ids = st.sampled_from([seed("x").hex(), "00" * 32])
    return st.one_of(
        st.sampled_from([LogPart(origin), LogPart(own), LogPart("detente.log/" + "7" * 32)]),
        st.builds(LeafPart, st.integers(0, 12) | indices, st.binary(min_size=1, max_size=200)),
        st.builds(BodyPart, ids, st.binary(min_size=32, max_size=32), st.binary(min_size=1, max_size=50)),
        st.builds(CheckpointPart, notes),
        st.builds(CosignaturePart, notes),
        st.builds(ItemPart, notes),
        st.builds(EarlyPart, indices, st.binary(min_size=1, max_size=200)),
        st.builds(
            HavePart,
            st.fixed_dictionaries(
                {"logs": st.dictionaries(st.sampled_from([origin, "?"]), st.integers(0, 6), max_size=2)},
                optional={
                    "hold": st.integers(0, 9),
                    "unopened": st.lists(ids, max_size=2),
                    "ask": st.booleans(),
                },
            ),
        ),
    )


@QUICK
@given(data=st.data())
def test_any_parts(nodes: tuple[Node, Node], data: st.DataObject) -> None:
    a, b = nodes
    parts = data.draw(st.lists(part_of(a.own.origin, b.own.origin), max_size=8))
    held = b.size_of(a)
    send(a, b, parts)
    assert b.size_of(a) == held
    assert b.line.stopped is None


def test_the_line_goes_on_after_all_of_that(nodes: tuple[Node, Node]) -> None:
    still_works(*nodes)


@QUICK
@given(raw=st.binary(min_size=1, max_size=300) | st.builds(canonical.encode, json_values))
def test_any_leaf_under_a_good_checkpoint_is_kept_and_labelled(raw: bytes) -> None:
    """The log layer stores any leaf (protocol §6): a malformed one is a label, and is refused by an entry."""
    a, b, _ = chartered()
    index = a.size_of(a)
    frontier = a.line.state.logs[a.own.origin].frontier.copy()
    frontier.append(merkle.leaf_hash(raw))
    note = sign_checkpoint(Checkpoint(a.own.origin, index + 1, frontier.root()), a.own.log)
    send(a, b, [LogPart(a.own.origin), LeafPart(index, raw), CheckpointPart(note)])
    assert b.size_of(a) == index + 1
    assert b.store.labels()[merkle.leaf_hash(raw).hex()] == ("malformed leaf",)
    assert "refusal" in b.line.state.logs[b.own.origin].kinds
    b.crash()
    assert b.size_of(a) == index + 1


def test_a_flood_of_epochs_is_bounded(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    known = len(b.line.state.epochs)
    for epoch in range(100, 200):
        b.receive(a, packet.seal(CHANNEL, a.party.fpr, epoch, seed("k") * 2, b"", {b.party.fpr: b"x" * 1200}))
    assert len(b.line.state.epochs) == known


def test_evidence_is_bounded(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    for n in range(60):
        root = seed("root", n)
        note = sign_checkpoint(Checkpoint(a.own.origin, 3, root), a.own.log)
        send(a, b, [LogPart(a.own.origin), CheckpointPart(note)])
    assert b.line.state.evidence[a.own.origin] == b.line.limits.evidence_per_log
    run(a, b)
    assert a.line.stopped is not None, "whose log it is learns what was signed in it"
    b.say("message", {"text": "the floor is open, and so is the rest"})
    run(a, b)
    assert a.size_of(b) == b.size_of(b)


def test_a_receipt_over_a_head_that_we_never_signed_stops_us() -> None:
    """Only our log key can have signed it: somebody else has it, or is us."""
    a, b, _ = chartered()
    forged: Any = Checkpoint(a.own.origin, 3, seed("another tree"))
    from detente.log.checkpoint import cosign

    note = cosign(sign_checkpoint(forged, a.own.log), b.own.receipt_name, b.own.receipt, 1_700_000_000)
    send(b, a, [LogPart(a.own.origin), CosignaturePart(note)])
    assert a.line.stopped is not None
    assert a.line.state.evidence == {a.own.origin: 1}


def test_a_bare_claim_to_hold_more_of_our_log_does_not_close_it() -> None:
    a, b, _ = chartered()
    size = a.size_of(a)
    for _ in range(5):
        send(b, a, [HavePart({"logs": {a.own.origin: size + 10}})])
    assert a.line.stopped is None
    with pytest.raises(RefusedError, match="wait for its proof"):
        a.say("message", {"text": "at once"})
    a.now += a.line.limits.claim_wait
    send(b, a, [HavePart({"logs": {a.own.origin: size + 10}})])
    still_works(a, b)
