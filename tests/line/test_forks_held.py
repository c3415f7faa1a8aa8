# SPDX-License-Identifier: Apache-2.0
"""What a line makes of two histories and two successions of one log: what it keeps, tells and passes on."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest

from detente.errors import MalformedError, VerificationError
from detente.line.forks import BEHIND, CONFLICT, FORK, RIVALS
from detente.line.labels import NOT_VOUCHED
from detente.line.limits import LIMITS
from detente.line.logs import LogState
from detente.line.vouching import vouched
from detente.line.writes import PutEvidence, PutLog
from detente.log.checkpoint import Checkpoint, cosign, open_checkpoint, own_note, sign_checkpoint
from detente.log.fork import ForkProof
from detente.seal import canonical
from detente.seal.packet import CheckpointPart, LogPart, ProofPart
from tests.line.harness import Node, chartered, connect, cut, run, seed
from tests.line.test_hostile_peer import send
from tests.line.test_review_hostile import succeed
from tests.line.test_succession import succession_parts


@pytest.fixture
def nodes() -> tuple[Node, Node]:
    a, b, _ = chartered()
    a.events.clear()
    b.events.clear()
    return a, b


def theft(a: Node, size: int, name: str = "thief", root: bytes | None = None) -> bytes:
    """A head that somebody signed with the key of ``a``'s log."""
    return sign_checkpoint(Checkpoint(a.own.origin, size, root or seed(name)), a.own.log)


def kept(node: Node) -> list[PutEvidence]:
    return list(node.line.state.kept.values())


def kinds(node: Node) -> list[str]:
    return [one.what for one in kept(node)]


def show(a: Node, b: Node, note: bytes) -> None:
    send(a, b, [LogPart(a.own.origin), CheckpointPart(note)])


def held(node: Node, origin: str) -> LogState:
    return node.line.state.logs[origin]


# -- two histories -------------------------------------------------------------------------------


def test_a_second_head_of_one_size_is_kept_with_what_we_held(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    size, root = a.size_of(a), a.line.state.logs[a.own.origin].frontier.root()
    note = theft(a, size)
    show(a, b, note)
    (one,) = kept(b)
    assert (one.origin, one.what, one.at) == (a.own.origin, FORK, b.now)
    assert one.key == hashlib.sha256(note).hexdigest()
    assert one.files == {
        "theirs": note,
        "held": f"{a.own.origin}\n{size}\n{canonical.b64(root)}\n".encode(),
    }
    assert b.line.counters["conflicting checkpoint"] == 1
    told = [event for event in b.events if event.name == "evidence"]
    assert [(e.party, e.detail) for e in told] == [(a.party.fpr, {"origin": a.own.origin, "what": FORK})]
    show(a, b, note)
    assert len(kept(b)) == 1 and b.line.counters["conflicting checkpoint"] == 2
    assert len([event for event in b.events if event.name == "evidence"]) == 1


def test_lines_of_others_in_its_note_make_no_second_proof(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    note = theft(a, a.size_of(a))
    show(a, b, cosign(note, b.own.receipt_name, b.own.receipt, 1_700_000_000))
    show(a, b, note)
    assert [one.files["theirs"] for one in kept(b)] == [note]


def test_any_size_up_to_ours_is_compared(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    log = held(b, a.own.origin)
    assert log.size not in (1, 2) and log.root_at(1) is None
    for size in (1, log.size):
        show(a, b, theft(a, size, root=log.compute_root(size)))
    assert not kept(b), "they are heads of the history that we hold"
    for number, size in enumerate((1, 2, log.size), 1):
        show(a, b, theft(a, size))
        assert kinds(b) == [FORK] * number
    show(a, b, theft(a, log.size + 1))
    assert len(kept(b)) == 3, "that may be its next one"


def test_a_size_of_which_we_have_no_root_is_compared_with_nothing(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    log, peer = held(b, a.own.origin), b.line.peers[a.party.fpr]
    for size in (0, log.size + 1, log.size + 1000):
        head = Checkpoint(log.origin, size, seed("thief"))
        b.line.forks.compare(log, head, sign_checkpoint(head, a.own.log), peer, b.now)
    assert not kept(b) and not peer.differs


def test_a_head_in_conflict_is_kept_once(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    log, peer = held(b, a.own.origin), b.line.peers[a.party.fpr]
    note = theft(a, log.size + 1)
    for _ in range(2):
        b.line.forks.conflict(log, note, open_checkpoint(note, log.log_key), peer, b.now)
    assert kinds(b) == [CONFLICT] and kept(b)[0].key == hashlib.sha256(note).hexdigest()


def test_who_shows_another_history_is_shown_our_head(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    show(a, b, theft(a, a.size_of(a)))
    peer = b.line.peers[a.party.fpr]
    assert peer.differs == peer.owe_heads == {a.own.origin}


def test_a_proof_is_told_to_every_member_and_a_suspicion_to_none(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    log, peer = held(b, a.own.origin), b.line.peers[a.party.fpr]
    for size, what in ((log.size + 1, CONFLICT), (log.size, FORK)):
        note = theft(a, size)
        checkpoint = open_checkpoint(note, log.log_key)
        b.line.forks.conflict(log, note, checkpoint, peer, b.now)
        b.commit()
        assert kinds(b)[-1] == what
        assert peer.owe_proofs == {one.key for one in kept(b) if one.what == FORK}
    assert b.line.forks.against(a.own.origin) and not b.line.forks.against(b.own.origin)
    assert b.line.stopped is None


def test_a_log_that_is_not_here_is_in_no_conflict(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    log, peer = held(b, a.own.origin), b.line.peers[a.party.fpr]
    note = theft(a, 1)
    checkpoint = open_checkpoint(note, log.log_key)
    other = LogState(replace(log.put, origin="detente.log/" + "7" * 32), log.log_key, log.receipt_key)
    b.line.forks.conflict(other, note, checkpoint, peer, b.now)
    assert not kept(b) and not peer.differs and not b.line.counters["conflicting checkpoint"]


def test_only_so_many_proofs_of_a_kind_are_kept_of_a_log(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    b.line.limits = replace(LIMITS, evidence_per_log=2)
    log, peer = held(b, a.own.origin), b.line.peers[a.party.fpr]
    for size, what in ((log.size + 1, CONFLICT), (log.size, FORK)):
        for n in range(3):
            note = theft(a, size, f"thief {n}")
            b.line.forks.conflict(log, note, open_checkpoint(note, log.log_key), peer, b.now)
        b.commit()
        assert kinds(b).count(what) == 2
    assert len(peer.owe_proofs) == 2


def test_what_was_signed_in_our_own_log_stops_us_and_in_anothers_not(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    note = theft(a, a.size_of(a))
    show(a, b, note)
    send(b, a, [LogPart(a.own.origin), CheckpointPart(note)])
    assert kinds(a) == kinds(b) == [FORK]
    assert a.line.stopped == "somebody else signed in our log: a copy of this node, or a stolen key"
    for node, stopped in ((a, True), (b, False)):
        node.crash()
        assert (node.line.stopped is not None) is stopped


def test_rivals_of_ours_are_no_proof_that_more_was_signed_in_our_log(nodes: tuple[Node, Node]) -> None:
    a, _ = nodes
    a.line.write(PutEvidence("k", a.own.origin, RIVALS, a.now, {}))
    a.commit()
    assert not a.line.forks.against(a.own.origin)
    a.crash()
    assert a.line.stopped is None


# -- a suspicion that leaves prove ---------------------------------------------------------------


def suspect(b: Node, a: Node, size: int, name: str = "x") -> bytes:
    """A head in conflict that ``b`` keeps."""
    note = theft(a, size, name)
    b.line.write(PutEvidence(seed(note).hex(), a.own.origin, CONFLICT, 1, {"theirs": note, "held": b""}))
    return note


def test_a_head_in_conflict_is_proven_when_its_leaves_have_come(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    log = held(b, a.own.origin)
    size = log.size
    note = suspect(b, a, size)
    b.line.forks.grown(log, size, 7)
    assert kinds(b) == [CONFLICT], "it was not among the leaves that came"
    b.line.forks.grown(log, size - 1, 7)
    assert kinds(b) == [CONFLICT, FORK]
    assert kept(b)[1].files["theirs"] == note and kept(b)[1].at == 7
    b.line.forks.grown(log, size - 1, 8)
    assert len(kept(b)) == 2


def test_a_head_in_conflict_is_not_proven_before_or_if_it_comes_true(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    log = held(b, a.own.origin)
    suspect(b, a, log.size + 1)
    true = theft(a, log.size, root=log.frontier.root())
    b.line.write(PutEvidence("true", a.own.origin, CONFLICT, 1, {"theirs": true, "held": b""}))
    b.line.forks.grown(log, 0, 7)
    assert kinds(b) == [CONFLICT, CONFLICT]


def test_each_head_in_conflict_is_looked_at_and_no_other_log(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    log = held(b, a.own.origin)
    b.line.write(PutEvidence("0", b.own.origin, CONFLICT, 1, {"theirs": theft(a, 2, "other"), "held": b""}))
    b.line.write(PutEvidence("1", a.own.origin, BEHIND, 1, {"theirs": theft(a, 2, "behind")}))
    suspect(b, a, log.size + 9)
    notes = [suspect(b, a, 2, "y"), suspect(b, a, 3, "z")]
    b.line.forks.grown(log, 1, 7)
    assert [one.files["theirs"] for one in kept(b) if one.what == FORK] == notes
    assert b.line.forks.against(a.own.origin) and b.line.forks.against(b.own.origin)


def test_what_was_kept_as_a_suspicion_is_kept_as_a_proof_too(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    log, peer = held(b, a.own.origin), b.line.peers[a.party.fpr]
    size = log.size
    note = theft(a, size + 1)
    b.line.forks.conflict(log, note, open_checkpoint(note, log.log_key), peer, b.now)
    b.commit()
    a.say("message", {"text": "the leaf that was missing"})
    cut(a, b)
    connect(a, b)
    run(a, b)
    assert log.size == size + 1 and kinds(b) == [CONFLICT, FORK]
    show(a, b, note)
    assert kinds(b) == [CONFLICT, FORK], "one fork is one proof"
    assert len({one.key for one in kept(b)}) == 2


# -- more of our log than we hold ----------------------------------------------------------------


def test_our_signature_over_more_than_we_hold_is_kept_and_stops_us(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    log = held(a, a.own.origin)
    note = theft(a, log.size + 2)
    for of in (held(a, b.own.origin), held(b, a.own.origin)):
        a.line.forks.ahead_of_us(of, log.size + 2, note, 5)
    assert not kept(a) and a.line.stopped is None
    a.line.forks.ahead_of_us(log, log.size + 2, note, 5)
    (one,) = kept(a)
    assert (one.origin, one.what, one.at, one.files) == (a.own.origin, BEHIND, 5, {"theirs": note})
    assert one.key == hashlib.sha256(note).hexdigest()
    assert a.line.stopped == (
        f"a member holds {log.size + 2} entries of our log, we hold {log.size}: restored or copied"
    )
    a.line.forks.ahead_of_us(log, log.size + 3, theft(a, log.size + 3), 6)
    assert len(kept(a)) == 1, "it has stopped"


def test_more_of_a_log_that_we_left_does_not_stop_us(nodes: tuple[Node, Node]) -> None:
    a, _ = nodes
    old = held(a, a.own.origin)
    note = theft(a, old.size + 2)
    succeed(a, a.party.own_log())
    a.line.forks.ahead_of_us(old, old.size + 2, note, 5)
    assert not kept(a) and a.line.stopped is None


def test_what_is_kept_already_is_not_kept_again(nodes: tuple[Node, Node]) -> None:
    a, _ = nodes
    log = held(a, a.own.origin)
    note = theft(a, log.size + 1)
    a.line.forks.ahead_of_us(log, log.size + 1, note, 5)
    writes = len(a.line.take())
    assert writes == 1
    a.line.phase = "open"
    a.line.forks.ahead_of_us(log, log.size + 1, note, 6)
    assert not a.line.take() and a.line.stopped is not None


# -- proofs to others ----------------------------------------------------------------------------


def proof_of(b: Node) -> ProofPart | None:
    (key,) = (one.key for one in kept(b) if one.what in (FORK, RIVALS))
    return b.line.forks.part(key, b.store.head)


def test_a_proof_of_one_size_is_both_heads(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    note = theft(a, a.size_of(a))
    show(a, b, note)
    proof = proof_of(b)
    assert proof is not None
    assert set(proof.doc) == {"log", "notes"} and proof.doc["log"] == a.own.origin
    found = ForkProof.from_doc(proof.doc)
    assert found.one == note and found.two == b.store.head(a.own.origin, a.size_of(a))


def test_a_proof_of_a_size_that_we_hold_no_head_of_has_a_path(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    log = held(b, a.own.origin)
    note = theft(a, 2)
    show(a, b, note)
    proof = proof_of(b)
    assert proof is not None
    found = ForkProof.from_doc(proof.doc)
    one, two = found.check(log.log_key)
    assert (found.one, one.size, two.size) == (note, 2, log.head_sizes[0])
    assert found.root == log.compute_root(2) and found.path
    for most, same in ((two.size, True), (two.size - 1, False)):
        b.crash()
        b.line.limits = replace(LIMITS, fork_search=most)
        assert (proof_of(b) == proof) is same, "it would cost too much"
        assert same or proof_of(b) is None


def test_a_proof_is_worked_out_once_and_so_many_are_kept(
    nodes: tuple[Node, Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = nodes
    monkeypatch.setattr("detente.line.forks.PROOFS_KEPT", 2)
    read: list[tuple[str, int]] = []

    def head(origin: str, size: int) -> bytes:
        read.append((origin, size))
        return b.store.head(origin, size)

    for key in "123":
        files = {"theirs": theft(a, 2, f"thief {key}"), "held": b""}
        b.line.write(PutEvidence(key, a.own.origin, FORK, 1, files))
    one = b.line.forks.part("1", head)
    assert one is not None and len(read) == 1
    assert b.line.forks.part("1", head) == one and len(read) == 1
    two, three = b.line.forks.part("2", head), b.line.forks.part("3", head)
    assert len(read) == 3 and len({str(part.doc) for part in (one, two, three) if part is not None}) == 3
    for _ in range(2):
        assert b.line.forks.part("3", head) == three and b.line.forks.part("2", head) == two
    assert len(read) == 3
    assert b.line.forks.part("1", head) == one and len(read) == 4, "the oldest was let go"


def test_without_a_head_of_ours_at_or_above_it_there_is_no_proof(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    log = held(b, a.own.origin)
    b.line.write(PutEvidence("k", a.own.origin, FORK, 1, {"theirs": theft(a, log.size + 1), "held": b""}))
    assert b.line.forks.part("k", b.store.head) is None


def test_a_suspicion_is_not_passed_on(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    for what in (CONFLICT, BEHIND):
        b.line.write(PutEvidence(what, a.own.origin, what, 1, {"theirs": theft(a, 2), "held": b""}))
        assert b.line.forks.part(what, b.store.head) is None
    b.commit()
    cut(a, b)
    connect(a, b)
    run(a, b)
    assert not kept(a)


def test_a_proof_that_came_is_passed_on_as_it_came(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    show(a, b, theft(a, 2))
    proof = proof_of(b)
    assert proof is not None
    run(a, b)
    (one,) = kept(a)
    assert (one.what, one.at) == (FORK, a.now) and set(one.files) == {"one.note", "two.note", "consistency"}
    assert proof_of(a) == proof
    assert a.line.stopped is not None
    send(b, a, [proof])
    assert len(kept(a)) == 1


def test_one_fork_is_one_proof_whoever_tells_of_it(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    note, size = theft(a, a.size_of(a)), a.size_of(a)
    show(a, b, note)
    ours = b.store.head(a.own.origin, size)
    more = cosign(note, b.own.receipt_name, b.own.receipt, 1_700_000_000)
    for one, two in ((note, ours), (ours, note), (more, ours)):
        b.line.forks.received(
            b.line.peers[a.party.fpr], {"log": a.own.origin} | ForkProof(one, two).to_doc(), b.now
        )
    assert len(kept(b)) == 1
    third = theft(a, size, "another thief")
    doc = {"log": a.own.origin} | ForkProof(more, third).to_doc()
    b.line.forks.received(b.line.peers[a.party.fpr], doc, 9)
    assert len(kept(b)) == 2 and kept(b)[1].at == 9
    assert kept(b)[1].files == {"one.note": own_note(more), "two.note": third}


def test_a_proof_about_an_unknown_log_says_nothing(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    for doc in ({}, {"log": "detente.log/" + "7" * 32}):
        with pytest.raises(VerificationError, match="do not know"):
            b.line.forks.received(b.line.peers[a.party.fpr], doc, b.now)
    with pytest.raises(MalformedError):
        b.line.forks.received(b.line.peers[a.party.fpr], {"log": a.own.origin}, b.now)


# -- two successions -----------------------------------------------------------------------------


def old_of(a: Node) -> tuple[str, int, bytes]:
    log = held(a, a.own.origin)
    return log.origin, log.size, log.frontier.root()


def succession(a: Node, old: tuple[str, int, bytes], new: str, **more: Any) -> dict[str, Any]:
    doc: dict[str, Any] = {
        "type": "succession",
        "channel": a.line.channel,
        "new": new,
        "reason": "restored",
        "old": {"origin": old[0], "size": old[1], "root": canonical.b64(old[2])},
    }
    return a.party.certify(**(doc | more))


NEW = [f"detente.log/{n:032x}" for n in range(3)]


def test_two_successions_that_a_member_shows_are_kept_in_one_order(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    old, peer = old_of(a), b.line.peers[a.party.fpr]
    assert peer.have is not None
    peer.have[NEW[1]] = 2
    said = [succession(a, old, new) for new in NEW[:2]]
    for pair in (said, said[::-1]):
        b.line.forks.received(peer, {"log": old[0], "successions": pair}, 7)
    (one,) = kept(b)
    assert (one.origin, one.what, one.at) == (old[0], RIVALS, 7)
    assert list(one.files.items()) == [
        (name, raw)
        for name, raw in zip(("one.json", "two.json"), sorted(map(canonical.encode, said)), strict=True)
    ]
    assert peer.differs == {NEW[0]}, "it has the other"
    assert peer.owe_proofs == {one.key}
    assert b.line.stopped is None
    proof = proof_of(b)
    assert proof is not None and proof.doc["log"] == old[0]
    assert [canonical.encode(item) for item in proof.doc["successions"]] == list(one.files.values())


def test_before_the_member_said_what_it_has_neither_is_offered(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    old, peer = old_of(a), b.line.peers[a.party.fpr]
    peer.have = None
    said = [succession(a, old, new) for new in NEW[:2]]
    b.line.forks.received(peer, {"log": old[0], "successions": said}, 7)
    assert peer.differs == set(NEW[:2])


def test_what_are_not_two_successions_of_one_log_is_refused(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    old, peer = old_of(a), b.line.peers[a.party.fpr]
    one, two = (succession(a, old, new) for new in NEW[:2])
    elsewhere = (b.own.origin, *old[1:])
    card = a.party.card
    cases: list[tuple[Any, type[Exception], str]] = [
        (5, MalformedError, "two credentials"),
        ({"a": one, "b": two}, MalformedError, "two credentials"),
        ([], MalformedError, "two credentials"),
        ([one], MalformedError, "two credentials"),
        ([one, two, two], MalformedError, "two credentials"),
        ([one, 5], MalformedError, "two credentials"),
        ([one, card], VerificationError, "no successions"),
        ([card, two], VerificationError, "no successions"),
        ([card, card], VerificationError, "no successions"),
        ([one, one], VerificationError, "by one log"),
        ([one, succession(a, elsewhere, NEW[1])], VerificationError, "two logs"),
        ([succession(a, elsewhere, NEW[0]), two], VerificationError, "two logs"),
        ([succession(a, elsewhere, new) for new in NEW[:2]], VerificationError, "two logs"),
        ([one, succession(a, old, NEW[1], channel="0" * 32)], VerificationError, "two logs"),
        ([succession(a, old, NEW[0], channel="0" * 32), two], VerificationError, "two logs"),
        (
            [succession(a, old, new, channel="0" * 32) for new in NEW[:2]],
            VerificationError,
            "two logs",
        ),
        ([one, succession(b, old, NEW[1])], VerificationError, "."),
    ]
    for said, error, words in cases:
        with pytest.raises(error, match=words):
            b.line.forks.received(peer, {"log": old[0], "successions": said}, 7)
    assert not kept(b) and not peer.differs


def test_a_second_log_for_one_is_refused_with_the_proof_for_all(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    old, peer = old_of(a), b.line.peers[a.party.fpr]
    send(a, b, succession_parts(a, *old))
    assert not kept(b) and len(b.line.state.sequence[a.party.fpr]) == 2
    b.events.clear()
    send(a, b, succession_parts(a, *old))
    (one,) = kept(b)
    assert (one.origin, one.what, one.at) == (old[0], RIVALS, b.now)
    assert len(b.line.state.sequence[a.party.fpr]) == 2 and len(b.line.state.logs) == 3
    assert peer.owe_proofs == {one.key}
    told = [(e.party, e.detail) for e in b.events if e.name == "evidence"]
    assert told == [(a.party.fpr, {"origin": old[0], "what": RIVALS})]
    new = {canonical.decode(raw, limit=9999)["doc"]["new"] for raw in one.files.values()}
    assert b.line.state.sequence[a.party.fpr][1] in new and len(new) == 2
    run(a, b)
    assert kinds(a) == [RIVALS], "its author is told"


def test_who_shows_a_rival_is_told_again_and_not_of_more_than_are_kept(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    b.line.limits = replace(LIMITS, evidence_per_log=1)
    old, peer = old_of(a), b.line.peers[a.party.fpr]
    send(a, b, succession_parts(a, *old))
    second = succession_parts(a, *old)
    send(a, b, second)
    peer.owe_proofs.clear()
    send(a, b, second)
    assert peer.owe_proofs == set(b.line.state.kept) and len(kept(b)) == 1
    peer.owe_proofs.clear()
    send(a, b, succession_parts(a, *old))
    assert not peer.owe_proofs and len(kept(b)) == 1


def test_whose_succession_a_member_holds_passes_a_rival_on(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    old = old_of(a)
    succeed(a, a.party.own_log())
    a.line.write(PutEvidence("k", old[0], RIVALS, 1, {"one.json": b"{}", "two.json": b"[1]"}))
    a.commit()
    assert a.line.forks.part("k", a.store.head) is None, "it would go on in the other one"
    run(a, b)
    assert held(a, a.own.origin).receipted
    assert a.line.forks.part("k", a.store.head) == ProofPart({"log": old[0], "successions": [{}, [1]]})


def test_ours_that_nobody_holds_is_set_aside_for_the_one_that_a_member_holds() -> None:
    a, b, _ = chartered()
    cut(a, b)
    old = old_of(a)
    send(a, b, succession_parts(a, *old))
    theirs = b.line.state.sequence[a.party.fpr][1]
    aside = []
    for _ in range(2):
        succeed(a, a.party.own_log())
        aside.append(a.own.origin)
    entry = a.say("message", {"text": "nobody holds it"})
    a.events.clear()
    connect(a, b)
    run(a, b)
    assert a.line.state.sequence[a.party.fpr] == [old[0], theirs]
    assert kinds(a) == [RIVALS]
    puts = [w for w in a.store.writes if isinstance(w, PutLog) and w.seq < 0]
    assert [(put.origin, put.seq) for put in puts] == [(aside[0], -1), (aside[1], -2)]
    assert a.line.stopped is not None
    assert a.store.labels()[entry] == (NOT_VOUCHED,)
    told = {e.entry_id: e for e in a.events if e.name == "labels"}
    assert told[entry].party == a.party.fpr and told[entry].detail == {"labels": [NOT_VOUCHED]}
    for origin in aside:
        log = held(a, origin)
        assert vouched(a.line.state, log) == 0
        assert all(NOT_VOUCHED in a.store.labels()[e] for e in log.ids)
    assert not any(NOT_VOUCHED in a.store.labels()[e] for e in held(a, old[0]).ids)
    assert a.line.forks.part(kept(a)[0].key, a.store.head) is None or held(a, theirs).receipted


def test_the_proof_against_what_we_set_aside_is_kept_with_it() -> None:
    a, b, _ = chartered()
    cut(a, b)
    old = old_of(a)
    succeed(a, a.party.own_log())
    aside = a.own.origin
    send(b, a, succession_parts(a, *old))
    assert kinds(a) == [RIVALS] and held(a, aside).put.seq == -1
