# SPDX-License-Identifier: Apache-2.0
"""What a line takes in without a word of its own: from strangers, without a log, and of its own older log."""

from __future__ import annotations

from typing import Any

import pytest

from detente.errors import FatalError, RefusedError
from detente.line.accept import EPOCHS_AHEAD
from detente.line.line import Line
from detente.line.writes import PutEpoch, PutItem, PutMember, PutReceipt
from detente.seal import packet
from detente.seal.epoch import make_grant, open_grant
from detente.seal.packet import BodyPart, CheckpointPart, HavePart, LeafPart, LogPart
from tests.line.harness import CHANNEL, T0, Node, Party, chartered, connect, cut, run, seed
from tests.line.test_hostile_peer import send
from tests.line.test_received import peer_of, set_back
from tests.line.test_review_hostile import succeed
from tests.line.test_taken_in import REPORT, early, granted, made_by


def bare(node: Node) -> None:
    """The node lost all but what it knows of the members and their keys."""
    kept = [write for write in node.store.writes if isinstance(write, PutMember | PutEpoch)]
    node.store = type(node.store)()
    node.line = node.new_line()
    for write in kept:
        node.line.load(write)


# -- strangers -----------------------------------------------------------------------------------


def test_a_packet_of_somebody_who_is_no_member_is_counted_and_nothing_else() -> None:
    _, b, _ = chartered()
    stranger = "ef" * 32
    inside = packet.encode_parts([HavePart({"logs": {}})])
    for blobs in ({}, {b.party.fpr: b"x" * 40}):
        before = b.line.counters["refused packets"]
        b.line.receive(stranger, packet.seal(CHANNEL, stranger, 1, seed("x") * 2, inside, blobs), b.now)
        assert b.line.counters["refused packets"] == before + 1
    assert not b.line.take() and set(b.line.peers) == set(b.line.state.members) - {b.party.fpr}


def test_a_packet_of_junk_under_a_key_that_it_brings_is_said_to_be_unreadable_and_its_key_is_not_kept() -> (
    None
):
    a, b, _ = chartered()
    secret = seed("new") * 2
    _, blobs = make_grant(secret, 7, CHANNEL, a.party.fpr, {b.party.fpr: b.party.kem.public})
    peer_of(b, a).owe_have = False
    b.receive(a, packet.seal(CHANNEL, a.party.fpr, 7, secret, b"\xff junk", blobs))
    assert peer_of(b, a).deaf and peer_of(b, a).owe_have
    assert (a.party.fpr, 7) not in b.line.state.epochs


def test_as_many_keys_as_may_come_ahead_of_the_log_are_kept_and_not_one_more() -> None:
    a, b, _ = chartered()
    for number in (2, 3):
        a.line.grant(seed("granted", number) * 2, a.now)
        a.commit()
    run(a, b)
    for epoch in range(50, 50 + 2 * EPOCHS_AHEAD):
        b.receive(a, granted(a, b, epoch, seed("k", epoch) * 2)[0])
    assert sum(sender == a.party.fpr for sender, _ in b.line.state.epochs) == 3 + 8
    peer = peer_of(b, a)
    assert peer.deaf
    b.line.state.epochs = {key: held for key, held in b.line.state.epochs.items() if key[1] < 50}
    b.receive(a, granted(a, b, 50, seed("k", 50) * 2)[0])
    assert not peer.deaf, "what it brings along opens"


# -- a home without a log ------------------------------------------------------------------------


def test_who_has_no_log_refuses_nothing_and_receipts_nothing() -> None:
    a, b, _ = chartered()
    entry = a.say("message", {"text": "sealed"})
    good = a.store.bodies[entry]
    a.store.bodies[entry] = (seed("wrong"), good[1])
    bare(b)
    rows = a.store.leaves(a.own.origin, 0, a.size_of(a))
    ids = a.store.ids[a.own.origin]
    parts: list[packet.Part] = [LogPart(a.own.origin)]
    for index, (raw, body) in enumerate(rows):
        parts += [LeafPart(index, raw), *([BodyPart(ids[index], *body)] if body is not None else [])]
    send(a, b, [*parts, CheckpointPart(a.store.head(a.own.origin, a.size_of(a)))])
    assert b.size_of(a) == a.size_of(a) and "unopened" in b.store.labels()[entry]
    assert not made_by(b, PutReceipt) and not made_by(b, PutItem)
    assert [log.party for log in b.line.state.logs.values()] == [a.party.fpr]
    flash = a.signed("message", {"text": "now"}, precedence="flash")
    send(a, b, early(a, flash, b.size_of(a) + 3))
    assert not b.line.state.early and not made_by(b, PutItem)


def test_who_listens_is_sent_an_epoch_that_its_members_can_open() -> None:
    a, b = Party("BY"), Party("UA")
    line = Line(CHANNEL, a.fpr, a.keys())
    line.listen(seed("listening") * 2, {a.fpr: a.card, b.fpr: b.card})
    (epoch,) = (write for write in line.take() if isinstance(write, PutEpoch))
    assert open_grant(epoch.blobs[b.fpr], b.kem, CHANNEL, 1, a.fpr, b.fpr) == seed("listening") * 2


def test_keys_without_a_log_sign_nothing_and_neither_does_a_log_without_keys() -> None:
    a, _, _ = chartered()
    line = Line(CHANNEL, a.party.fpr, a.party.keys())
    line.attach(a.own)
    line.sign_pq(T0)
    assert line.take() == []
    line = a.new_line()
    for write in a.store.writes:
        line.load(write)
    line.attach(None)
    with pytest.raises(RefusedError, match="no log of ours with its keys"):
        line.machine("refusal", {}, T0)
    line.sign_pq(T0)
    assert line.take() == []


# -- our own older log ---------------------------------------------------------------------------


def test_what_we_had_lost_of_an_older_log_of_ours_is_kept_without_a_receipt_of_our_own() -> None:
    a, b, _ = chartered()
    size, old = a.size_of(a), a.own.origin
    lost = a.say("message", {"text": "lost"})
    run(a, b)
    cut(a, b)
    set_back(a, size)
    a.line.stop("restored")
    succeed(a, a.party.own_log())
    connect(a, b)
    run(a, b)
    assert a.line.state.where[lost] == (old, size) and a.line.stopped is None
    assert not [write for write in made_by(a, PutReceipt) if write.origin in (old, a.own.origin)]
    assert a.line.state.logs[old].cosigned is None


# -- words that only a refusal has ---------------------------------------------------------------


def test_only_a_refusal_asks_for_bodies_again() -> None:
    a, b, _ = chartered()
    entry = a.say("message", {"text": "x"})
    run(a, b)
    data: dict[str, Any] = {"log": a.own.origin, "entries": [entry], "reason": "unopened"}
    b.line.machine("test", data, b.now, re=[entry])
    b.commit()
    run(a, b)
    assert not peer_of(a, b).owe_again
    assert not [event for event in a.events if event.name == "epoch wanted"]


# -- with the disk nearly full -------------------------------------------------------------------


def test_with_the_disk_nearly_full_only_the_floor_is_taken_early() -> None:
    a, b, _ = chartered()
    b.line.scarce = True
    index = b.size_of(a) + 3
    closed = a.signed("message", {"text": "now"}, precedence="flash")
    open_ = a.signed("incident.report", REPORT, precedence="flash")
    for at, signed in enumerate((closed, open_)):
        send(a, b, early(a, signed, index + at))
    assert list(b.line.state.early) == [open_.id]
    b.line.scarce = False
    send(a, b, early(a, closed, index))
    assert list(b.line.state.early) == [open_.id, closed.id]


# -- what a line without a log, or one that was stopped, says of itself --------------------------


def test_without_a_log_nothing_is_unsent_or_waiting() -> None:
    a, b, _ = chartered()
    a.say("message", {"text": "x"}, precedence="flash")
    bare(a)
    assert a.line.peers and (a.line.unsent(), a.line.urgent_waiting(b.party.fpr)) == (0, [])


def test_a_line_that_was_stopped_goes_on_with_a_succession_only() -> None:
    a, _, _ = chartered()
    a.line.stop("a copy of this home")
    with pytest.raises(FatalError, match="cannot happen"):
        a.line.open_log(a.party.own_log(), a.party.card, [], seed("x") * 2, {}, a.now)
    assert a.line.stopped == "a copy of this home"
