# SPDX-License-Identifier: Apache-2.0
"""What a party's own line places, signs, tells and refuses, and what it asks of the members."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest

from detente.errors import FatalError, RefusedError
from detente.line import line as module
from detente.line.limits import LIMITS
from detente.line.line import Line
from detente.line.peers import Peer
from detente.line.writes import PutEpoch, PutHead, PutLeaf, PutLog, PutMember
from detente.log.checkpoint import open_checkpoint
from detente.seal import canonical
from detente.seal import statement as statements
from tests.line.harness import CHANNEL, T0, Node, Party, chartered, run, seed
from tests.line.test_review_hostile import succeed

REPORT = {"what": "shots", "where": "bridge", "when": "2022-02-14T09:00:00Z"}


@pytest.fixture
def nodes() -> tuple[Node, Node]:
    a, b, _ = chartered()
    a.events.clear()
    b.events.clear()
    return a, b


def last(node: Node) -> Any:
    """The leaf that the node placed last."""
    return statements.decode_leaf(node.store.rows[node.own.origin][-1])


# -- durable change ------------------------------------------------------------------------------


def test_a_new_line_is_open_to_nothing_yet() -> None:
    party = Party("BY")
    line = Line(CHANNEL, party.fpr, party.keys())
    assert (line.stopped, line.own, line.peers, line.scarce, line.last_pq) == (None, None, {}, False, (0, 0))
    assert line.take() == [] and line.committed() == [] and line.unsent() == 0
    assert line.urgent_waiting("nobody") == [] and not line.heard_whole()
    with pytest.raises(RefusedError, match="no log of ours"):
        line.machine("ping", {}, T0)
    line.sign_pq(T0)
    assert line.take() == []


def test_a_step_is_not_called_committed_before_its_writes_are_taken(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    a.line.place([a.signed("message", {"text": "x"})], a.now)
    with pytest.raises(FatalError):
        a.line.committed()
    writes = a.line.take()
    assert writes and a.line.take() == []
    with pytest.raises(FatalError):
        a.poll(b)
    a.store.commit(writes)
    assert [event.name for event in a.line.committed()] == ["entry"]
    assert a.line.committed() == [] and a.poll(b)


def test_every_member_but_ourselves_is_a_peer(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    assert set(a.line.peers) == {b.party.fpr}
    before = a.line.peers[b.party.fpr]
    other = Party("LT")
    for party in (b.party, a.party, other):
        a.line.write(PutMember(party.fpr, party.card))
    assert set(a.line.peers) == {b.party.fpr, other.fpr} and a.line.peers[b.party.fpr] is before
    a.commit()
    a.crash()
    assert set(a.line.peers) == {b.party.fpr, other.fpr}
    assert all(fingerprint == peer.fingerprint for fingerprint, peer in a.line.peers.items())


def test_a_line_that_is_barred_says_why(nodes: tuple[Node, Node]) -> None:
    a, _ = nodes
    a.line = a.new_line()
    for write in a.store.writes:
        a.line.load(write)
    a.line.attach(a.own, "a copy of this home signs elsewhere")
    assert a.line.stopped == "a copy of this home signs elsewhere"
    with pytest.raises(RefusedError, match="does not sign in this log: a copy of this home"):
        a.say("message", {"text": "x"})


def test_a_line_stops_once(nodes: tuple[Node, Node]) -> None:
    a, _ = nodes
    a.line.stop("first")
    a.line.stop("second")
    a.commit()
    assert a.line.stopped == "first"
    assert [(e.name, e.party, e.detail) for e in a.events] == [("stopped", a.party.fpr, {"reason": "first"})]


def test_a_claim_makes_a_line_wait_until_its_time(nodes: tuple[Node, Node]) -> None:
    a, _ = nodes
    a.line.await_proof(a.now + LIMITS.claim_wait)
    size = a.size_of(a)
    with pytest.raises(RefusedError, match="wait for its proof"):
        a.say("message", {"text": "x"})
    a.now += LIMITS.claim_wait - 1
    with pytest.raises(RefusedError, match="wait for its proof"):
        a.say("message", {"text": "x"})
    a.now += 1
    a.say("message", {"text": "x"})
    assert a.size_of(a) == size + 1
    a.line.await_proof(a.now + LIMITS.claim_wait)
    a.now -= 1
    a.say("message", {"text": "a clock that was put back does not make it wait longer"})
    assert a.size_of(a) == size + 2


# -- logs ----------------------------------------------------------------------------------------


def test_a_log_begins_with_card_mandates_and_an_epoch(nodes: tuple[Node, Node]) -> None:
    _, b = nodes
    fresh = Node(Party("LT"), [b.party])
    rows = [statements.decode_leaf(raw) for raw in fresh.store.rows[fresh.own.origin]]
    assert [leaf.leaf.statement.kind for leaf in rows] == [
        "genesis",
        "credential",
        "credential",
        "epoch.grant",
    ]
    assert rows[0].leaf.statement.data == {
        "card": fresh.party.card,
        "log": fresh.own.certificate,
        "suite": "detente/1",
    }
    assert [leaf.leaf.statement.data for leaf in rows[1:3]] == [
        {"credential": mandate} for mandate in fresh.party.mandates
    ]
    assert [leaf.leaf.placement.index for leaf in rows] == [0, 1, 2, 3]
    (put,) = (write for write in fresh.store.writes if isinstance(write, PutLog))
    assert (put.origin, put.party, put.seq, put.base, put.mine) == (
        fresh.own.origin,
        fresh.party.fpr,
        0,
        0,
        True,
    )
    doc = fresh.own.certificate["doc"]
    assert (put.log_key, put.receipt_key, put.pq_key) == (doc["log"], doc["receipt"], doc["pq"])
    assert [w.party for w in fresh.store.writes if isinstance(w, PutMember)] == [
        fresh.party.fpr,
        b.party.fpr,
    ]
    heads = [write for write in fresh.store.writes if isinstance(write, PutHead)]
    assert [(head.size, head.previous, head.mine) for head in heads] == [(4, 0, True)]


def test_the_next_log_goes_on_where_the_last_one_was_vouched_for(nodes: tuple[Node, Node]) -> None:
    a, _ = nodes
    a.say("message", {"text": "left out"})
    size = a.size_of(a)
    succeed(a, a.party.own_log(), size - 1)
    a.say("message", {"text": "x"})
    second = a.size_of(a)
    succeed(a, a.party.own_log())
    puts = [write for write in a.store.writes if isinstance(write, PutLog) and write.mine]
    assert [(put.seq, put.base) for put in puts] == [(0, 0), (1, size - 1), (2, size - 1 + second)]
    kinds = list(a.line.state.logs[a.own.origin].kinds)
    assert kinds == ["genesis", "succession", "credential", "credential", "epoch.grant"]
    assert [w.epoch for w in a.store.writes if isinstance(w, PutEpoch) and w.sender == a.party.fpr] == [
        1,
        2,
        3,
    ]


def test_a_prepared_log_is_used_once(nodes: tuple[Node, Node]) -> None:
    a, _ = nodes
    with pytest.raises(RefusedError, match="in use already"):
        a.line.open_log(a.own, a.party.card, [], seed("x") * 2, {}, a.now)
    assert a.line.take() == []


def test_members_that_are_known_are_not_written_again(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    other = Party("LT")
    members = {party.fpr: party.card for party in (a.party, b.party, other)}
    log = a.line.state.own_log()
    assert log is not None
    new = a.party.own_log()
    doc = a.party.certify(
        type="succession",
        channel=CHANNEL,
        new=new.origin,
        reason="restored",
        old={"origin": log.origin, "size": log.size, "root": canonical.b64(log.frontier.root())},
    )
    a.line.open_log(new, a.party.card, a.party.mandates, seed("x") * 2, members, a.now, doc)
    assert [w.party for w in a.line.take() if isinstance(w, PutMember)] == [other.fpr]


def test_who_lost_its_state_listens_under_its_own_key() -> None:
    a, b = Party("BY"), Party("UA")
    line = Line(CHANNEL, a.fpr, a.keys())
    secret = seed("listening") * 2
    line.listen(secret, {a.fpr: a.card, b.fpr: b.card})
    writes = line.take()
    assert [w.party for w in writes if isinstance(w, PutMember)] == [a.fpr, b.fpr]
    (epoch,) = (w for w in writes if isinstance(w, PutEpoch))
    assert (epoch.sender, epoch.epoch, set(epoch.blobs)) == (a.fpr, 1, {b.fpr})
    assert line.state.epoch_of(a.fpr) == 1 and line.stopped is None
    line.connected(b.fpr)
    line.committed()
    assert line.poll(b.fpr, T0, 1, lambda *_: [], lambda *_: b"")


def test_the_whole_is_heard_when_every_member_said_what_it_has_and_it_is_here(
    nodes: tuple[Node, Node],
) -> None:
    a, b = nodes
    peer = a.line.peers[b.party.fpr]
    own, theirs = a.own.origin, b.own.origin
    sizes = {own: a.size_of(a), theirs: a.size_of(b)}
    for have, whole in (
        (None, False),
        ({}, True),
        (sizes, True),
        (sizes | {theirs: sizes[theirs] + 1}, False),
        (sizes | {own: sizes[own] - 1}, True),
        (sizes | {"detente.log/" + "7" * 32: 0}, False),
    ):
        peer.have = have
        assert a.line.heard_whole() is whole
        assert a.line.unheard() == ([] if whole else [b.party.fpr])
    a.line.peers["c"] = Peer("c")
    peer.have = sizes
    assert a.line.unheard() == ["c"] and not a.line.heard_whole()


# -- placing -------------------------------------------------------------------------------------


def test_a_batch_is_placed_under_one_head_and_what_stands_is_left_out(nodes: tuple[Node, Node]) -> None:
    a, _ = nodes
    one, two, three = (a.signed("message", {"text": text}) for text in ("1", "2", "3"))
    a.line.place([one], a.now)
    a.commit()
    size = a.size_of(a)
    a.now += 5
    assert a.line.place([one, two, two, three], a.now) == [one.id, two.id, two.id, three.id]
    writes = a.line.take()
    leaves = [w for w in writes if isinstance(w, PutLeaf)]
    assert [(w.entry_id, w.index, w.arrived, w.labels) for w in leaves] == [
        (two.id, size, a.now, ()),
        (three.id, size + 1, a.now, ()),
    ]
    (head,) = (w for w in writes if isinstance(w, PutHead))
    assert (head.size, head.previous, head.mine) == (size + 2, size, True)
    log = a.line.state.logs[a.own.origin]
    checkpoint = open_checkpoint(head.note, log.log_key)
    assert (checkpoint.size, checkpoint.root) == (
        size + 2,
        log.frontier.root(),
    ) and head.root == checkpoint.root
    a.store.commit(writes)
    a.line.committed()
    assert a.line.place([one, two], a.now) == [one.id, two.id]
    assert a.line.take() == []


def test_the_first_of_a_batch_cites_what_came_and_the_others_nothing(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    b.say("message", {"text": "seen by what follows"})
    run(a, b)
    start = a.size_of(a)
    a.line.place([a.signed("message", {"text": text}) for text in "12"], a.now)
    a.commit()
    first, second = (statements.decode_leaf(raw) for raw in a.store.rows[a.own.origin][start:])
    log = a.line.state.logs[b.own.origin]
    assert first.leaf.placement.seen == {b.own.origin: (log.size, canonical.b64(log.frontier.root()))}
    assert not second.leaf.placement.seen
    a.say("message", {"text": "nothing came since"})
    assert not last(a).leaf.placement.seen
    assert last(a).leaf.placement.time == a.now


def test_a_batch_that_fits_into_no_packet_is_refused_whole(
    nodes: tuple[Node, Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    a, _ = nodes
    assert (module.MAX_BATCH, module.PART_HEADS) == (3 << 20, 128)
    entries = [a.signed("message", {"text": text}) for text in "12"]
    log = a.line.state.own_log()
    assert log is not None
    room = 0
    for at, entry in enumerate(entries):
        leaf = a.line._leaf(entry, log.size + at, a.now, first=not at)
        room += len(leaf.raw) + len(entry.body or b"") + 128
    monkeypatch.setattr(module, "MAX_BATCH", room - 1)
    with pytest.raises(RefusedError, match="place it in parts"):
        a.line.place(entries, a.now)
    assert a.line.take() == []
    monkeypatch.setattr(module, "MAX_BATCH", room)
    a.line.place(entries, a.now)
    assert len([w for w in a.line.take() if isinstance(w, PutLeaf)]) == 2


def test_a_body_is_here_and_is_the_one_that_was_signed(nodes: tuple[Node, Node]) -> None:
    a, _ = nodes
    good = a.signed("message", {"text": "x"})
    for change in ({"body": None}, {"seed": None}):
        with pytest.raises(RefusedError, match="it is not here"):
            a.line.place([replace(good, **change)], a.now)  # type: ignore[arg-type]
    other = canonical.encode({"text": "y"})
    for bad in (replace(good, body=other), replace(good, seed=bytes(32))):
        with pytest.raises(RefusedError, match="not the one that was signed"):
            a.line.place([bad], a.now)
    assert a.line.take() == []
    a.line.place([good], a.now)
    assert a.line.take()


def test_no_one_places_a_credential_as_a_person(nodes: tuple[Node, Node]) -> None:
    a, _ = nodes
    said = statements.make(
        channel=CHANNEL,
        party=a.party.fpr,
        office="node",
        kind="credential",
        released=a.now,
        data={"credential": a.party.mandates[0]},
        salt=bytes(16),
    )
    entry = type(a.signed("message", {"text": "x"}))(said, (statements.sign(a.party.node, said),))
    with pytest.raises(RefusedError, match="credential by node: no mandate"):
        a.line.place([entry], a.now)


def test_of_a_batch_in_which_one_would_be_labelled_none_is_placed(nodes: tuple[Node, Node]) -> None:
    a, _ = nodes
    good = a.signed("message", {"text": "x"})
    bad = replace(a.signed("message", {"text": "y"}), signatures=good.signatures)
    with pytest.raises(RefusedError, match="message by duty: bad signature"):
        a.line.place([good, bad], a.now)
    assert a.line.take() == [] and good.id not in a.line.state.where


def test_what_a_batch_declares_first_counts_for_what_follows(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    b.say("standing", {"scope": "channel", "state": "suspended", "by": "ministry", "reason": "x"})
    run(a, b)
    with pytest.raises(RefusedError, match="against standing"):
        b.line.place([b.signed("message", {"text": "closed"})], b.now)
    opening = b.signed("standing", {"scope": "channel", "state": "normal", "by": "ministry"})
    b.line.place([opening, b.signed("message", {"text": "open again"})], b.now)
    b.commit()


def test_a_machine_says_what_it_is_told_to_say(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    entry = a.say("message", {"text": "x"})
    data = {"log": b.own.origin, "entries": [], "reason": "quota"}
    for office, key in (("node", a.party.node), ("watch", a.party.watch)):
        a.now += 1
        found = a.line.machine(
            "refusal", data, a.now, re=[entry], office=office, precedence="priority", mark="exercise"
        )
        a.commit()
        said = last(a).leaf.statement
        assert last(a).id == found
        assert (said.kind, said.office, said.precedence, said.mark, list(said.re), said.released) == (
            "refusal", office, "priority", "exercise", [entry], a.now,
        )  # fmt: skip
        assert (said.party, said.data) == (a.party.fpr, data)
        assert [one.key for one in last(a).leaf.signatures] == [hashlib.sha256(key.public).hexdigest()[:32]]
    salt = last(a).leaf.statement.salt
    a.line.machine("refusal", data, a.now)
    a.commit()
    said = last(a).leaf.statement
    assert (said.office, said.precedence, said.mark, list(said.re)) == ("node", "routine", "real", [])
    assert salt != said.salt, "its place makes it new"


def test_a_new_epoch_is_granted_to_all_others(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    a.line.grant(seed("second") * 2, a.now)
    (epoch,) = (w for w in a.line._writes if isinstance(w, PutEpoch))
    assert (epoch.sender, epoch.epoch, epoch.key, set(epoch.blobs)) == (
        a.party.fpr, 2, seed("second") * 2, {b.party.fpr},
    )  # fmt: skip
    a.commit()
    assert last(a).leaf.statement.kind == "epoch.grant"


# -- heads ---------------------------------------------------------------------------------------


def test_the_head_gets_a_second_signature_once_it_has_moved(nodes: tuple[Node, Node]) -> None:
    a, _ = nodes
    a.line.sign_pq(7)
    (head,) = a.line.take()
    log = a.line.state.logs[a.own.origin]
    assert isinstance(head, PutHead)
    assert (head.origin, head.size, head.root, head.previous, head.mine) == (
        a.own.origin, log.size, log.frontier.root(), log.size, True,
    )  # fmt: skip
    assert head.note.startswith(a.store.head(a.own.origin, log.size)) and head.note.count("— ".encode()) == 2
    assert a.line.last_pq == (log.size, 7)
    a.line.sign_pq(8)
    assert a.line.take() == [] and a.line.last_pq == (log.size, 7)
    a.line.committed()
    a.say("message", {"text": "x"})
    a.line.sign_pq(9)
    assert len(a.line.take()) == 1


def test_no_second_signature_by_a_line_that_may_not_sign(nodes: tuple[Node, Node]) -> None:
    a, _ = nodes
    own = a.line.own
    a.line.own = None
    a.line.sign_pq(7)
    assert own is not None
    a.line.own = replace(own, origin="detente.log/" + "7" * 32)
    a.line.sign_pq(7)
    with pytest.raises(RefusedError, match="no log of ours with its keys"):
        a.line.machine("refusal", {}, a.now)
    a.line.own = own
    a.line.state.logs[own.origin].head_sizes.clear()
    a.line.sign_pq(7)
    a.line.stop("a copy")
    a.line.sign_pq(7)
    assert a.line.take() == [] and a.line.last_pq == (0, 0)


def test_it_is_renewed_at_its_time_and_when_the_clock_goes_back(nodes: tuple[Node, Node]) -> None:
    a, _ = nodes
    signed: list[bool] = []
    a.line.sign_pq(a.now)
    a.commit()
    for step in (LIMITS.pq_interval - 1, LIMITS.pq_interval, -1, 0):
        a.say("message", {"text": "x"})
        a.line.last_pq = (a.size_of(a) - 1, a.now)
        a.line.tick(a.now + step)
        signed.append(bool(a.line.take()))
        a.line.committed()
    assert signed == [False, True, True, False]


def test_so_many_heads_of_ours_are_known_by_heart(
    nodes: tuple[Node, Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = nodes
    assert module.HEADS_KNOWN == 256
    monkeypatch.setattr(module, "HEADS_KNOWN", 3)
    start = a.size_of(a)
    for text in "12345":
        a.say("message", {"text": text})
    notes = [a.store.head(a.own.origin, start + n) for n in range(1, 6)]
    assert len(a.line._heads) <= len(set(a.line._heads)) and notes[-1] in a.line._heads
    a.line._heads.clear()
    for text in "12345":
        a.say("message", {"text": text})
    notes = [a.store.head(a.own.origin, start + n) for n in range(6, 11)]
    assert [a.line.wrote(a.own.origin, note) for note in notes] == [False, False, True, True, True]
    assert not a.line.wrote(b.own.origin, notes[-1])


def test_a_machine_cites_what_came_and_its_word_gets_the_label_it_deserves(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    b.say("message", {"text": "seen by the machine"})
    run(a, b)
    size = a.size_of(b)
    good = {"log": b.own.origin, "range": [0, 1], "entries": ["ab" * 32], "reason": "schema"}
    first = a.line.machine("refusal", good, a.now)
    a.commit()
    seen = last(a).leaf.placement.seen
    assert {origin: cited[0] for origin, cited in seen.items()} == {b.own.origin: size}
    second = a.line.machine("refusal", {}, a.now)
    a.commit()
    assert (a.store.labels()[first], a.store.labels()[second]) == ((), ("malformed body",))
