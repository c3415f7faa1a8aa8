# SPDX-License-Identifier: Apache-2.0
"""What a packet from a member changes here, and nothing else: writes, events, and what is owed for it."""

from __future__ import annotations

from typing import Any

import pytest

from detente.line.accept import EPOCHS_AHEAD
from detente.line.line import OwnKeys
from detente.line.peers import Peer
from detente.line.writes import PutEpoch, PutHead, PutLeaf, PutMember, PutReceipt
from detente.log import merkle
from detente.log.checkpoint import Checkpoint, sign_checkpoint
from detente.seal import packet
from detente.seal import statement as statements
from detente.seal.keys import KemKey
from detente.seal.packet import (
    BodyPart,
    CheckpointPart,
    CosignaturePart,
    HavePart,
    LeafPart,
    LogPart,
)
from detente.seal.statement import decode_leaf
from tests.line.harness import CHANNEL, T0, Node, Party, chartered, connect, cut, run, seed
from tests.line.test_hostile_peer import send
from tests.line.test_review_hostile import succeed
from tests.line.test_taken_in import head_over, leaf_of, made_by


def peer_of(node: Node, other: Node) -> Peer:
    return node.line.peers[other.party.fpr]


def unopened(a: Node, b: Node) -> tuple[str, tuple[bytes, bytes], int]:
    """An entry of ``a`` that ``b`` could not open, its good body, and its index."""
    entry = a.say("message", {"text": "sealed"})
    good = a.store.bodies[entry]
    a.store.bodies[entry] = (seed("wrong"), good[1])
    run(a, b)
    assert b.store.labels()[entry] == ("unopened",)
    b.events.clear()
    return entry, good, b.line.state.where[entry][1]


# -- packets -------------------------------------------------------------------------------------


def test_a_packet_of_another_channel_or_sender_is_not_looked_into() -> None:
    """Such a packet says nothing of the keys that its bearer has: it need not bring one along."""
    a, b, _ = chartered()
    key = a.line.state.epochs[a.party.fpr, 1]
    parts = packet.encode_parts([HavePart({"logs": {}})])
    good = packet.seal(CHANNEL, a.party.fpr, 1, key, parts, {})
    other = packet.seal(CHANNEL, b.party.fpr, 1, key, parts, {})
    elsewhere = good[:4] + bytes(16) + good[20:]
    for count, raw in enumerate((other, elsewhere), 1):
        b.receive(a, raw)
        assert not peer_of(b, a).deaf
        assert b.line.counters["refused packets"] == count
    b.line.receive("ef" * 32, good, b.now)
    assert b.line.counters["refused packets"] == 3
    assert not b.line.take()


def test_one_bad_part_is_counted_and_the_others_are_read() -> None:
    a, b, _ = chartered()
    for bad in (
        CosignaturePart(b"x\n1\n\n\xe2\x80\x94 x AAAA\n"),
        CheckpointPart(head_over(a, [b"x"])),
    ):
        before = sum(b.line.counters.values())
        peer_of(b, a).owe_have = False
        send(a, b, [LogPart("detente.log/" + "7" * 32), bad, HavePart({"logs": {}, "ask": True})])
        assert sum(b.line.counters.values()) == before + 1
        assert peer_of(b, a).owe_have


def test_a_sender_is_a_few_epochs_ahead_of_its_log_at_most() -> None:
    assert EPOCHS_AHEAD == 8


# -- logs that are new ---------------------------------------------------------------------------


def alone(party: Party, count: int) -> tuple[Node, list[LeafPart], bytes]:
    """A node whose log nobody has seen: its first leaves, and a head over them."""
    node = Node(party, [])
    raws = node.store.rows[node.own.origin][:count]
    note = sign_checkpoint(
        Checkpoint(node.own.origin, count, merkle.root([merkle.leaf_hash(raw) for raw in raws])), node.own.log
    )
    return node, [LeafPart(index, raw) for index, raw in enumerate(raws)], note


def unmet() -> tuple[Node, Node]:
    """Two nodes; the second has not seen the first one's log, but has its key."""
    one, two = Party("BY"), Party("UA")
    a, b = Node(one, [two]), Node(two, [one])
    connect(a, b)
    b.line.load(PutEpoch(one.fpr, 1, a.line.state.epochs[one.fpr, 1], {}))
    return a, b


def test_a_first_log_may_consist_of_its_genesis() -> None:
    a, b = unmet()
    raw = a.store.rows[a.own.origin][0]
    note = sign_checkpoint(Checkpoint(a.own.origin, 1, merkle.root([merkle.leaf_hash(raw)])), a.own.log)
    send(a, b, [LogPart(a.own.origin), LeafPart(0, raw), CheckpointPart(note)])
    put = b.line.state.logs[a.own.origin].put
    assert (b.size_of(a), put.seq, put.base, put.party) == (1, 0, 0, a.party.fpr)
    assert put.mine is put.given is False
    assert peer_of(b, a).owe_have and peer_of(b, a).ask, "receipts under its keys may have come before"


def test_a_log_that_does_not_begin_at_its_genesis_is_counted_and_not_kept() -> None:
    a, b = unmet()
    raws = a.store.rows[a.own.origin]
    note = a.store.head(a.own.origin, len(raws))
    for leaves in ([], [LeafPart(1, raws[1])], [LeafPart(1, raws[0])], [LeafPart(0, raws[1])]):
        before = b.line.counters["VerificationError"]
        send(a, b, [LogPart(a.own.origin), *leaves, CheckpointPart(note)])
        assert b.line.counters["VerificationError"] == before + 1
        assert not b.size_of(a)


def test_the_log_of_somebody_who_is_no_member_is_not_taken() -> None:
    a, b, _ = chartered()
    node, leaves, note = alone(Party("XX"), 2)
    send(a, b, [LogPart(node.own.origin), *leaves, CheckpointPart(note)])
    assert b.line.counters["VerificationError"] == 1
    assert node.own.origin not in b.line.state.logs


def test_a_genesis_opens_no_other_log_than_its_own() -> None:
    a, b = unmet()
    raw = a.store.rows[a.own.origin][0]
    spare = a.party.own_log()
    note = sign_checkpoint(Checkpoint(spare.origin, 1, merkle.root([merkle.leaf_hash(raw)])), spare.log)
    send(a, b, [LogPart(spare.origin), LeafPart(0, raw), CheckpointPart(note)])
    assert b.line.counters["VerificationError"] == 1 and spare.origin not in b.line.state.logs


def test_a_card_is_no_certificate_of_a_log() -> None:
    a, b = unmet()
    said = statements.make(
        channel=CHANNEL, party=a.party.fpr, office="node", kind="genesis", released=a.now,
        data={"card": a.party.card, "log": a.party.card, "suite": "detente/1"}, salt=bytes(16),
    )  # fmt: skip
    placement = {"log": a.own.origin, "index": 0, "time": a.now, "seen": {}}
    raw = statements.encode_leaf(placement, [statements.sign(a.party.node, said)], said)
    note = sign_checkpoint(Checkpoint(a.own.origin, 1, merkle.root([merkle.leaf_hash(raw)])), a.own.log)
    send(a, b, [LogPart(a.own.origin), LeafPart(0, raw), CheckpointPart(note)])
    assert b.size_of(a) == 0 and b.line.counters["VerificationError"] == 1


@pytest.mark.parametrize("data", [{"x": 1}, {"succession": 5}, {"succession": {}}])
def test_a_second_log_whose_succession_says_nothing_is_not_taken(data: dict[str, Any]) -> None:
    a, b, _ = chartered()
    twin = Node(a.party, [b.party])
    raw = twin.store.rows[twin.own.origin][0]
    said = statements.make(
        channel=CHANNEL, party=a.party.fpr, office="node", kind="succession", released=a.now,
        data=data, salt=bytes(16),
    )  # fmt: skip
    placement = {"log": twin.own.origin, "index": 1, "time": a.now, "seen": {}}
    second = statements.encode_leaf(placement, [statements.sign(a.party.node, said)], said)
    root = merkle.root([merkle.leaf_hash(raw), merkle.leaf_hash(second)])
    note = sign_checkpoint(Checkpoint(twin.own.origin, 2, root), twin.own.log)
    before = sum(b.line.counters.values())
    send(a, b, [LogPart(twin.own.origin), LeafPart(0, raw), LeafPart(1, second), CheckpointPart(note)])
    assert sum(b.line.counters.values()) == before + 1
    assert twin.own.origin not in b.line.state.logs


# -- our own log, given back ---------------------------------------------------------------------


def set_back(node: Node, keep: int) -> None:
    """The node's store is an older one: its own log ends at ``keep`` leaves."""
    origin, kept = node.own.origin, []
    for write in node.store.writes:
        if isinstance(write, PutLeaf) and write.origin == origin and write.index >= keep:
            continue
        if isinstance(write, PutHead) and write.origin == origin and write.size > keep:
            continue
        if isinstance(write, PutReceipt) and write.origin == origin and write.size > keep:
            continue
        kept.append(write)
    node.store.writes = kept
    node.store.rows[origin], node.store.ids[origin] = (
        node.store.rows[origin][:keep],
        node.store.ids[origin][:keep],
    )
    node.crash()


def test_who_is_given_back_its_own_log_keeps_it_and_stops() -> None:
    a, b, _ = chartered()
    size = a.size_of(a)
    lost = a.say("message", {"text": "lost"})
    run(a, b)
    set_back(a, size)
    assert a.size_of(a) == size
    cut(a, b)
    connect(a, b)
    run(a, b)
    assert a.size_of(a) == size + 1 and lost in a.line.state.where
    assert a.line.stopped is not None and "restored or copied" in a.line.stopped


def test_a_citation_of_what_we_had_lost_is_good_once_it_is_given_back() -> None:
    a, b, _ = chartered()
    size = a.size_of(a)
    a.say("message", {"text": "lost"})
    for raw in a.poll(b):
        b.receive(a, raw)
    entry = b.say("message", {"text": "cites it"})
    set_back(a, size)
    held = a.size_of(b)
    rows = b.store.leaves(b.own.origin, held, b.size_of(b))
    body = b.store.bodies[entry]
    parts: list[Any] = [LeafPart(held + n, raw) for n, (raw, _) in enumerate(rows)]
    parts += [BodyPart(entry, *body), CheckpointPart(b.store.head(b.own.origin, b.size_of(b)))]
    send(b, a, [LogPart(b.own.origin), *parts])
    assert a.store.labels()[entry] == ("bad citation",)
    given = [LeafPart(size, b.store.rows[a.own.origin][size])]
    send(b, a, [LogPart(a.own.origin), *given, CheckpointPart(b.store.head(a.own.origin, size + 1))])
    assert a.size_of(a) == size + 1
    assert a.line.stopped == "a member holds more of our log than we do: it was restored or copied"
    assert a.store.labels()[entry] == ()


def test_a_machine_without_any_log_is_given_back_the_one_that_it_had() -> None:
    a, b, _ = chartered()
    size = b.size_of(a)
    kept = [write for write in a.store.writes if isinstance(write, PutMember | PutEpoch)]
    a.store = type(a.store)()
    a.line = a.new_line()
    for write in kept:
        a.line.load(write)
    cut(a, b)
    connect(a, b)
    for raw in b.poll(a, room=8 << 20):
        a.receive(b, raw)
    leaves = [LeafPart(index, raw) for index, raw in enumerate(b.store.rows[a.own.origin])]
    head = b.store.head(a.own.origin, size)
    send(b, a, [LogPart(a.own.origin), *leaves, CheckpointPart(head)])
    put = a.line.state.logs[a.own.origin].put
    assert a.size_of(a) == size and put.mine is put.given is True
    assert a.line.stopped is not None


def test_leaves_of_our_own_log_under_our_key_that_are_not_ours_stop_us() -> None:
    a, b, _ = chartered()
    size = a.size_of(a)
    note = sign_checkpoint(Checkpoint(a.own.origin, size + 1, seed("another tree")), a.own.log)
    send(b, a, [LogPart(a.own.origin), LeafPart(size, b"never ours"), CheckpointPart(note)])
    assert a.line.counters["conflicting checkpoint"] == 1 and a.line.state.evidence[a.own.origin] == 1
    assert a.size_of(a) == size


def test_entries_beyond_what_a_successor_vouches_for_are_labelled_when_it_comes() -> None:
    a, b, _ = chartered()
    size = a.size_of(a)
    lost = a.say("message", {"text": "lost"})
    run(a, b)
    cut(a, b)
    set_back(a, size)
    a.line.stop("restored")
    succeed(a, a.party.own_log())
    b.events.clear()
    connect(a, b)
    run(a, b)
    assert b.line.state.labels[lost] == ("not vouched for",)
    assert [e.detail for e in b.events if e.name == "labels" and e.entry_id == lost] == [
        {"labels": ["not vouched for"]}
    ]


# -- leaves --------------------------------------------------------------------------------------


def test_whoever_sends_leaves_holds_them() -> None:
    a, b, _ = chartered()
    a.say("message", {"text": "x"})
    for raw in a.poll(b):
        b.receive(a, raw)
    have = peer_of(b, a).have
    assert have is not None and have[a.own.origin] == a.size_of(a)


def test_what_is_kept_is_told_as_an_entry_with_what_it_says() -> None:
    a, b, charter = chartered()
    b.events.clear()
    entry = a.say("message", {"text": "x"}, precedence="priority", mark="exercise", re=[charter])
    run(a, b)
    assert [(e.party, e.detail) for e in b.events if e.name == "entry" and e.entry_id == entry] == [
        (
            a.party.fpr,
            {
                "kind": "message",
                "precedence": "priority",
                "mark": "exercise",
                "labels": [],
                "re": [charter],
            },
        )
    ]


def test_a_gap_is_answered_once_in_a_while() -> None:
    a, b, _ = chartered()
    size, peer = b.size_of(a), peer_of(b, a)
    raws = [leaf_of(a, a.signed("message", {"text": str(n)}), size + n) for n in range(2)]
    parts: list[Any] = [
        LogPart(a.own.origin),
        LeafPart(size + 1, raws[1]),
        CheckpointPart(head_over(a, raws)),
    ]
    wait = b.limits.gap_answer
    for step, told in ((0, True), (1, False), (wait - 1, False), (1, True), (wait, False), (-wait - 1, True)):
        b.now += step
        peer.owe_have = False
        send(a, b, parts)
        assert peer.owe_have is told, (step, told)
    assert b.size_of(a) == size


@pytest.mark.parametrize("delay", [50, 1_500, 30_000])
def test_a_member_that_never_opens_our_packets_is_sent_them_ever_less_often(delay: int) -> None:
    """Its key is another than the one on its card, and an answer is long on its way: nothing changes, so
    less and less is said."""
    a, b, _ = chartered()
    b.line.state.epochs = {k: v for k, v in b.line.state.epochs.items() if k[0] != a.party.fpr}
    b.line.state.newest_epoch.pop(a.party.fpr)
    other = KemKey.from_seeds(seed("another") + seed("one"), seed("other"))
    b.line.keys = OwnKeys(b.party.node, b.party.watch, other)
    a.say("message", {"text": "x"})
    cut(a, b)
    connect(a, b)
    step, hour, quarters = 500, 3_600_000, [0] * 8
    under_way: list[tuple[int, Node, Node, bytes]] = []
    for elapsed in range(0, 2 * hour, step):
        a.now = b.now = T0 + elapsed
        for node, member in ((a, b), (b, a)):
            node.line.tick(node.now)
            node.commit()
            under_way += [(elapsed + delay, node, member, raw) for raw in node.poll(member)]
        for at, node, member, raw in under_way:
            if at <= elapsed:
                member.receive(node, raw)
                quarters[elapsed * 8 // (2 * hour)] += 1
        under_way = [packet for packet in under_way if packet[0] > elapsed]
    # In a quarter of an hour each side asks where the other stands once or twice, and is answered.
    assert b.line.peers[a.party.fpr].deaf and max(quarters[4:]) <= 16
    b.line.keys = b.party.keys()
    cut(a, b)
    connect(a, b)
    run(a, b)
    assert b.size_of(a) == a.size_of(a) and a.line.unsent() == 0, "with its key again it gets all at once"


def test_a_key_that_does_not_open_is_asked_for_once_in_a_while() -> None:
    a, b, _ = chartered()
    peer, wait = peer_of(b, a), b.limits.gap_answer

    def sealed(epoch: int) -> bytes:
        inside = packet.encode_parts([HavePart({"logs": {}})])
        return packet.seal(CHANNEL, a.party.fpr, epoch, seed("unknown") * 2, inside, {})

    for step, epoch, told in (
        (0, 9, True), (wait, 9, False), (1, 9, True), (0, 10, True), (0, 10, False), (-1, 10, True),
    ):  # fmt: skip
        b.now += step
        peer.owe_have = False
        b.receive(a, sealed(epoch))
        assert peer.deaf and peer.owe_have is told, (step, epoch)
    send(a, b, [HavePart({"logs": {}})])
    assert not peer.deaf
    cut(a, b)
    b.now += 10 * wait
    b.receive(a, sealed(9))
    assert not peer.owe_have, "who is not connected is not told"


def test_bodies_that_come_again_with_their_leaves_and_head_open_the_entry() -> None:
    a, b, _ = chartered()
    entry, good, index = unopened(a, b)
    raw, size = a.store.rows[a.own.origin][index], b.size_of(a)
    head = a.store.head(a.own.origin, size)
    parts: list[Any] = [LogPart(a.own.origin), LeafPart(index, raw), BodyPart(entry, *good)]
    send(a, b, [*parts, CheckpointPart(head)])
    assert b.store.labels()[entry] == () and b.store.bodies[entry] == good
    assert [(e.party, e.detail) for e in b.events if e.entry_id == entry] == [(a.party.fpr, {"labels": []})]
    assert entry not in b.line.state.unopened
    b.events.clear()
    count = len(b.store.writes)
    send(a, b, parts)
    send(a, b, parts[:2])
    assert not b.events and len(b.store.writes) == count, "what is open is not opened again"


def test_a_body_that_comes_again_and_is_wrong_again_changes_nothing() -> None:
    a, b, _ = chartered()
    entry, good, index = unopened(a, b)
    leaf = LeafPart(index, a.store.rows[a.own.origin][index])
    count = len(b.store.writes)
    for bodies in ([], [BodyPart(entry, seed("wrong"), good[1])], [BodyPart("ab" * 32, *good)]):
        send(a, b, [LogPart(a.own.origin), leaf, *bodies])
    for origin in ("detente.log/" + "7" * 32, b.own.origin):
        send(a, b, [LogPart(origin), leaf, BodyPart(entry, *good)])
    send(a, b, [LogPart(a.own.origin), LeafPart(index + 50, leaf.raw), BodyPart(entry, *good)])
    assert len(b.store.writes) == count and entry in b.line.state.unopened


def test_a_refusal_names_what_could_not_be_read_and_why() -> None:
    a, b, _ = chartered()
    entry, _, index = unopened(a, b)
    log = b.line.state.logs[b.own.origin]
    at = max(n for n, kind in enumerate(log.kinds) if kind == "refusal")
    said = decode_leaf(b.store.rows[b.own.origin][at]).leaf.statement
    assert said.data == {
        "log": a.own.origin, "range": [index, index + 1], "entries": [entry], "reason": "unopened",
    }  # fmt: skip
    assert list(said.re) == [entry]


def test_a_refusal_of_many_entries_names_the_first_of_them() -> None:
    a, b, _ = chartered()
    size = b.size_of(a)
    raws = [b"no leaf %d" % n for n in range(300)]
    leaves = [LeafPart(size + n, raw) for n, raw in enumerate(raws)]
    send(a, b, [LogPart(a.own.origin), *leaves, CheckpointPart(head_over(a, raws))])
    assert b.size_of(a) == size + 300
    said = decode_leaf(b.store.rows[b.own.origin][-1]).leaf.statement
    named = [merkle.leaf_hash(raw).hex() for raw in raws]
    assert said.kind == "refusal" and said.data is not None
    assert said.data["entries"] == named[:256] and list(said.re) == named[:64]
    assert (said.data["range"], said.data["reason"]) == ([size, size + 300], "schema")


def test_a_head_of_our_size_over_another_tree_is_not_receipted() -> None:
    a, b, _ = chartered()
    log = b.line.state.logs[a.own.origin]
    good = a.store.head(a.own.origin, log.size)
    log.cosigned = None
    given = len(made_by(b, PutReceipt))
    forged = sign_checkpoint(Checkpoint(a.own.origin, log.size, seed("another tree")), a.own.log)
    send(a, b, [LogPart(a.own.origin), CheckpointPart(forged)])
    assert len(made_by(b, PutReceipt)) == given and log.cosigned is None
    send(a, b, [LogPart(a.own.origin), CheckpointPart(good)])
    assert len(made_by(b, PutReceipt)) == given + 1, "what came while we signed nothing is receipted now"


def test_a_forgotten_key_leaves_the_sender_at_its_older_one() -> None:
    a, b, _ = chartered()
    state = b.line.state
    for epoch in (2, 7):
        state.apply(PutEpoch(a.party.fpr, epoch, seed(epoch) * 2, {b.party.fpr: b"blob"}))
    state.apply(PutEpoch("ab" * 32, 9, seed("third") * 2, {}))
    assert state.epoch_of(a.party.fpr) == 7
    a.line.grant(seed("x") * 2, a.now)  # its second; the blob is another than the one that we hold
    a.commit()
    rows = a.store.leaves(a.own.origin, b.size_of(a), a.size_of(a))
    parts: list[Any] = [LeafPart(b.size_of(a) + n, leaf) for n, (leaf, _) in enumerate(rows)]
    inside: list[Any] = [
        LogPart(a.own.origin),
        *parts,
        CheckpointPart(a.store.head(a.own.origin, a.size_of(a))),
    ]
    key = state.epochs[a.party.fpr, 1]
    b.receive(a, packet.seal(CHANNEL, a.party.fpr, 1, key, packet.encode_parts(inside), {}))
    assert b.line.counters["grant mismatch"] == 1
    assert (a.party.fpr, 2) not in state.epochs and state.epoch_of(a.party.fpr) == 7
    assert state.epoch_of("ab" * 32) == 9
