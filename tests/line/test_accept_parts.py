# SPDX-License-Identifier: Apache-2.0
"""Parts of a packet, one by one: whose leaves they are, in which order they come, and what follows."""

from __future__ import annotations

from typing import Any

import pytest

from detente.line.forks import CONFLICT, FORK, RIVALS
from detente.log import merkle
from detente.log.checkpoint import Checkpoint, sign_checkpoint
from detente.seal import packet
from detente.seal import statement as statements
from detente.seal.packet import BodyPart, CheckpointPart, LeafPart, LogPart, ProofPart
from tests.line.harness import CHANNEL, Node, Party, chartered, connect, cut, run, seed
from tests.line.parties import parts_of, three
from tests.line.test_forks_held import NEW, kinds, old_of, succession
from tests.line.test_hostile_peer import send
from tests.line.test_received import peer_of, set_back, unmet, unopened
from tests.line.test_taken_in import granted, leaf_of


def test_a_proof_in_a_packet_is_kept() -> None:
    a, b, _ = chartered()
    old = old_of(a)
    said = [succession(a, old, new) for new in NEW[:2]]
    send(a, b, [ProofPart({"log": old[0], "successions": said})])
    assert kinds(b) == [RIVALS]


def test_bodies_that_come_again_without_a_head_open_the_entry_wherever_they_stand() -> None:
    for more in ([], [LogPart("detente.log/" + "7" * 32)]):
        a, b, _ = chartered()
        entry, good, index = unopened(a, b)
        leaf = LeafPart(index, a.store.rows[a.own.origin][index])
        send(a, b, [LogPart(a.own.origin), leaf, BodyPart(entry, *good), *more])
        assert b.store.labels()[entry] == () and b.store.bodies[entry] == good


def test_who_passes_on_leaves_that_do_not_fit_their_head_is_shown_ours() -> None:
    a, b, c = three()
    cut(a, b)
    a.say("message", {"text": "x"})
    size = b.size_of(a)
    note = a.store.head(a.own.origin, size + 1)
    send(c, b, [LogPart(a.own.origin), LeafPart(size, b"another leaf"), CheckpointPart(note)])
    assert b.size_of(a) == size and not kinds(b)
    assert peer_of(b, c).owe_heads == {a.own.origin} and b.line.counters["VerificationError"] == 1


def test_our_own_log_is_given_back_whatever_a_member_may_have_read_of_its_own() -> None:
    quotas = {"bytes_per_day": 1_000_000, "entries_per_day": 50, "flash_per_hour": 1}
    a, b, _ = chartered(charter={"quotas": quotas})
    size = a.size_of(a)
    lost = a.say("message", {"text": "lost"})
    run(a, b)
    set_back(a, size)
    cut(a, b)
    connect(a, b)
    peer_of(a, b).used = (a.now // 86_400_000, 50, 1_000_000)
    run(a, b)
    assert a.line.state.where[lost] == (a.own.origin, size)


def test_a_genesis_that_names_another_place_opens_no_log() -> None:
    a, b = unmet()
    data = {"card": a.party.card, "log": a.own.certificate, "suite": "detente/1"}
    said = statements.make(
        channel=CHANNEL, party=a.party.fpr, office="node", kind="genesis", released=a.now, data=data,
        salt=bytes(16),
    )  # fmt: skip
    placement = {"log": "detente.log/" + "7" * 32, "index": 0, "time": a.now, "seen": {}}
    raw = statements.encode_leaf(placement, [statements.sign(a.party.node, said)], said)
    note = sign_checkpoint(Checkpoint(a.own.origin, 1, merkle.root([merkle.leaf_hash(raw)])), a.own.log)
    send(a, b, [LogPart(a.own.origin), LeafPart(0, raw), CheckpointPart(note)])
    assert a.own.origin not in b.line.state.logs and b.line.counters["VerificationError"] == 1


def opens_a_second(a: Node, b: Node, data: dict[str, Any]) -> str:
    """Send the beginning of another log of ``a`` whose second entry is a succession with that content."""
    twin = Node(a.party, [b.party])
    raw = twin.store.rows[twin.own.origin][0]
    said = statements.make(
        channel=CHANNEL, party=a.party.fpr, office="node", kind="succession", released=a.now, data=data,
        salt=bytes(16),
    )  # fmt: skip
    placement = {"log": twin.own.origin, "index": 1, "time": a.now, "seen": {}}
    second = statements.encode_leaf(placement, [statements.sign(a.party.node, said)], said)
    root = merkle.root([merkle.leaf_hash(raw), merkle.leaf_hash(second)])
    note = sign_checkpoint(Checkpoint(twin.own.origin, 2, root), twin.own.log)
    send(a, b, [LogPart(twin.own.origin), LeafPart(0, raw), LeafPart(1, second), CheckpointPart(note)])
    return twin.own.origin


def test_a_card_or_a_mandate_is_no_succession() -> None:
    a, b, _ = chartered()
    for credential in (a.party.card, a.party.mandates[0]):
        before = sum(b.line.counters.values())
        assert opens_a_second(a, b, {"succession": credential}) not in b.line.state.logs
        assert sum(b.line.counters.values()) == before + 1


def test_leaves_that_come_again_are_receipted_again_if_they_ever_were() -> None:
    a, b, _ = chartered()
    size, origin = b.size_of(a), a.own.origin
    again: list[Any] = [
        LeafPart(size - 1, a.store.rows[origin][-1]),
        CheckpointPart(a.store.head(origin, size)),
    ]
    peer_of(b, a).owe_receipts.clear()
    send(a, b, [LogPart(origin), *again])
    assert peer_of(b, a).owe_receipts == {origin}
    b.line.stop("it may be a copy")
    b.line.state.logs[origin].cosigned = None
    peer_of(b, a).owe_receipts.clear()
    send(a, b, [LogPart(origin), *again])
    assert not peer_of(b, a).owe_receipts


def test_a_head_ahead_of_the_leaves_that_they_do_not_come_to_is_a_fork_when_they_come() -> None:
    a, b, _ = chartered()
    size = b.size_of(a)
    raws = [leaf_of(a, a.signed("message", {"text": "another"}), size)]
    note = sign_checkpoint(Checkpoint(a.own.origin, size + 1, seed("thief")), a.own.log)
    send(a, b, [LogPart(a.own.origin), LeafPart(size, raws[0]), CheckpointPart(note)])
    assert kinds(b) == [CONFLICT]
    a.say("message", {"text": "x"})
    send(a, b, parts_of(a, size, size + 1))
    assert b.size_of(a) == size + 1 and kinds(b) == [CONFLICT, FORK]


# -- grants --------------------------------------------------------------------------------------


def test_only_a_grant_says_which_key_is_the_right_one() -> None:
    a, b, _ = chartered()
    b.receive(a, granted(a, b, 2, seed("early") * 2)[0])
    held = b.line.state.epochs[a.party.fpr, 2]
    peer_of(a, b).owe_have = False
    a.line.machine("test", {"epoch": 2, "blobs": {b.party.fpr: "0" * 64}}, a.now)
    a.commit()
    size = b.size_of(a)
    send(a, b, parts_of(a, size, size + 1))
    assert b.size_of(a) == size + 1
    assert b.line.state.epochs[a.party.fpr, 2] == held and not b.line.counters["grant mismatch"]


@pytest.mark.parametrize(
    "data", [{"epoch": [1], "blobs": {}}, {"epoch": 1, "blobs": [1]}, {"epoch": 1}, {"blobs": {}}, {}]
)
def test_a_grant_that_makes_no_sense_is_a_label(data: dict[str, Any]) -> None:
    a, b, _ = chartered()
    entry = a.line.machine("epoch.grant", data, a.now)
    a.commit()
    run(a, b)
    assert "malformed body" in b.store.labels()[entry] and not b.line.counters["grant mismatch"]
    assert (a.party.fpr, 1) in b.line.state.epochs


def test_the_only_key_of_a_sender_is_forgotten_too_when_its_log_grants_another() -> None:
    one, two = Party("BY"), Party("UA")
    a, b = Node(one, [two]), Node(two, [one])
    connect(a, b)
    wrong = seed("wrong") * 2
    b.receive(a, granted(a, b, 1, wrong)[0])
    assert b.line.state.epoch_of(one.fpr) == 1
    inside = packet.encode_parts(parts_of(a, 0, a.size_of(a)))
    b.receive(a, packet.seal(CHANNEL, one.fpr, 1, wrong, inside, {}))
    assert b.size_of(a) == a.size_of(a) and b.line.counters["grant mismatch"] == 1
    assert b.line.state.epoch_of(one.fpr) == 0 and (one.fpr, 1) not in b.line.state.epochs


def test_leaves_that_begin_before_our_end_are_taken_from_there() -> None:
    a, b, _ = chartered()
    size = b.size_of(a)
    entry = a.say("message", {"text": "x"})
    send(a, b, parts_of(a, size - 2, size + 1))
    assert b.line.state.where[entry] == (a.own.origin, size) and b.store.labels()[entry] == ()
