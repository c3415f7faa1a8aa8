# SPDX-License-Identifier: Apache-2.0
"""What an entry sets going once it stands, and what a line expects of the members."""

from __future__ import annotations

from pathlib import Path

import pytest

from detente.line.limits import LIMITS
from detente.line.peers import Peer
from detente.line.writes import PutItem
from detente.seal.packet import HavePart
from tests.line.durable import EVERY, durable
from tests.line.harness import Node, chartered, connect, cut, pair, run
from tests.line.test_hostile_peer import send
from tests.line.test_review_hostile import agreed, succeed

REPORT = {"what": "shots", "where": "bridge", "when": "2022-02-14T09:00:00Z"}


@pytest.fixture
def nodes() -> tuple[Node, Node]:
    a, b, _ = chartered()
    a.events.clear()
    b.events.clear()
    return a, b


# -- what an entry sets going --------------------------------------------------------------------


def test_an_entry_is_told_with_what_it_is(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    first = a.say("message", {"text": "x"})
    a.events.clear()
    entry = a.say("message", {"text": "y"}, precedence="priority", mark="exercise", re=[first])
    run(a, b)
    for node in nodes:
        (event,) = (e for e in node.events if e.entry_id == entry and e.name == "entry")
        assert event.party == a.party.fpr
        assert event.detail == {
            "kind": "message",
            "precedence": "priority",
            "mark": "exercise",
            "labels": [],
            "re": [first],
        }


def test_entries_that_a_standing_crossed_are_told_and_labelled(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    crossing = a.say("message", {"text": "on its way"})
    b.say("standing", {"scope": "channel", "state": "suspended", "by": "ministry"})
    run(a, b)
    (event,) = (e for e in a.events if e.name == "labels")
    assert (event.party, event.entry_id, event.detail) == (a.party.fpr, crossing, {"labels": ["crossed"]})
    assert a.store.labels()[crossing] == b.store.labels()[crossing] == ("crossed",)


def test_urgent_entries_go_ahead_of_what_is_queued_only(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    peer = a.line.peers[b.party.fpr]
    a.say("message", {"text": "in its turn"}, precedence="flash")
    assert not peer.owe_early, "nothing is queued before it"
    waiting = [
        a.say("message", {"text": p}, precedence=p) for p in ("flash", "immediate", "priority", "routine")
    ]
    assert list(peer.owe_early) == waiting[:2]
    run(a, b)
    assert not peer.owe_early
    peer.flight_leaves = LIMITS.batch_leaves
    a.say("message", {"text": "x"}, precedence="flash")
    assert not peer.owe_early
    a.poll(b)
    peer.flight_leaves = LIMITS.batch_leaves + 1
    ahead = a.say("message", {"text": "y"}, precedence="flash")
    assert list(peer.owe_early) == [ahead]
    peer.owe_early.clear()
    a.poll(b)
    peer.flight_leaves, peer.have = 0, None
    ahead = a.say("message", {"text": "z"}, precedence="immediate")
    assert list(peer.owe_early) == [ahead], "it did not say where it stands"


def test_the_floor_goes_ahead_to_who_holds_its_reading(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    peer = a.line.peers[b.party.fpr]
    peer.hold = a.now + 1
    a.say("message", {"text": "waits"})
    report = a.say("incident.report", REPORT)
    assert list(peer.owe_early) == [report]
    a.now += 1
    a.say("incident.report", REPORT)
    assert list(peer.owe_early) == [report]


@pytest.mark.parametrize("before", [0, 1])
def test_an_urgent_entry_does_not_wait_for_who_holds_its_reading(
    nodes: tuple[Node, Node], before: int
) -> None:
    """Said alone as well as behind another one; and when the hold comes after it."""
    a, b = nodes
    peer = a.line.peers[b.party.fpr]
    start = a.size_of(a)
    send(b, a, [HavePart({"logs": {a.own.origin: start}, "hold": a.now + 60_000})])
    for number in range(before):
        a.say("message", {"text": str(number)})
    flash = a.say("message", {"text": "now"}, precedence="flash")
    assert list(peer.owe_early) == [flash]
    run(a, b)
    assert flash in b.line.state.early and b.size_of(a) == start
    assert a.line.urgent_waiting(b.party.fpr) == []
    peer.hold = 0
    later = a.say("message", {"text": "in the next packet"}, precedence="immediate")
    a.poll(b)
    for _ in range(2):
        send(b, a, [HavePart({"logs": {a.own.origin: start}, "hold": a.now + 60_000})])
        assert list(peer.owe_early) == [later], "it was in what is not read now"


def test_what_a_member_could_not_open_goes_once_more(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    ids = [a.say("message", {"text": text}) for text in "12"]
    theirs = b.say("message", {"text": "not ours"})
    run(a, b)
    peer = a.line.peers[b.party.fpr]
    data = {"log": a.own.origin, "entries": [*ids, ids[0], theirs, "0" * 64], "reason": "unopened"}
    for change in (
        {"log": b.own.origin},
        {"log": "detente.log/" + "7" * 32},
        {"log": None},
        {"reason": "quota"},
        {"entries": "x"},
        {"entries": None},
        {"entries": []},
        {"entries": [theirs]},
    ):
        a.line._reseal(data | change, b.party.fpr)
        assert not peer.owe_again and not a.line.committed()
    a.line._reseal(data, "nobody")
    assert not peer.owe_again and not a.line.committed()
    a.line._reseal(data, b.party.fpr)
    assert list(peer.owe_again) == ids
    assert [(e.name, e.party) for e in a.line.committed()] == [("epoch wanted", b.party.fpr)]
    a.line._reseal(data, b.party.fpr)
    assert list(peer.owe_again) == ids, "it is owed already"
    peer.owe_again.clear()
    a.line._reseal(data | {"entries": ["0" * 64] * 255 + ids}, b.party.fpr)
    assert list(peer.owe_again) == ids[:1], "256 at most are looked at"


def test_only_a_members_refusal_wants_anything(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    entry = a.say("message", {"text": "x"})
    run(a, b)
    data = {"log": a.own.origin, "entries": [entry], "reason": "unopened"}
    a.events.clear()
    a.line.machine("refusal", data, a.now)
    a.commit()
    assert "epoch wanted" not in [e.name for e in a.events]
    b.line.machine("refusal", data, b.now)
    b.commit()
    run(a, b)
    assert "epoch wanted" in [e.name for e in a.events]


# -- members -------------------------------------------------------------------------------------


def test_a_connection_begins_with_what_we_have_and_every_proof(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    peer = a.line.peers[b.party.fpr]
    a.line.disconnected(b.party.fpr)
    assert not peer.connected and not peer.owe_have
    a.line.state.kept["k"] = None  # type: ignore[assignment]
    a.line.connected(b.party.fpr)
    assert peer.connected and peer.owe_have and peer.owe_proofs == {"k"}
    for told in (a.line.connected, a.line.disconnected):
        told("nobody")
    assert set(a.line.peers) == {b.party.fpr}


def test_a_bad_packet_is_counted_by_its_kind(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    a.line.receive(b.party.fpr, b"no packet", a.now)
    assert a.line.counters == {"MalformedError": 1, "refused packets": 1}
    a.line.receive("nobody", b"no packet", a.now)
    assert a.line.counters["refused packets"] == 2


def test_a_member_that_is_silent_is_asked_ever_less_often(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    peer, start = a.line.peers[b.party.fpr], a.now

    def asked(at: int) -> bool:
        peer.owe_have = peer.ask = False
        a.line.tick(at)
        assert peer.ask is peer.owe_have
        return peer.ask

    a.line.last_pq = (0, start)
    peer.progress = start
    assert not asked(start + LIMITS.stall + 1), "nothing is under way"
    peer.flight_leaves = 1
    assert not asked(start + LIMITS.stall)
    assert asked(start + LIMITS.stall + 1) and peer.stalls == 1
    now = peer.progress
    assert now == start + LIMITS.stall + 1
    assert not asked(now + 2 * LIMITS.stall) and asked(now + 2 * LIMITS.stall + 1) and peer.stalls == 2
    assert asked(peer.progress - 1), "the clock went back"
    for stalls in (6, 7, 8):
        peer.stalls = stalls
        now = peer.progress
        assert not asked(now + 64 * LIMITS.stall) and asked(now + 64 * LIMITS.stall + 1)
    peer.stalls, peer.flight_leaves, peer.have = 0, 0, None
    assert asked(peer.progress + LIMITS.stall + 1), "it never said where it stands"
    peer.connected = False
    assert not asked(peer.progress + 1_000_000)
    peer.flight_leaves = 1
    assert not asked(peer.progress + 1_000_000)


def test_what_is_not_receipted_is_counted_for_each_member(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    assert a.line.unsent() == 0
    for text in "12":
        a.say("message", {"text": text})
    assert a.line.unsent() == 2
    log = a.line.state.logs[a.own.origin]
    log.receipted[b.party.fpr] = log.size + 5
    assert a.line.unsent() == 0
    a.line.peers["c"] = Peer("c")
    assert a.line.unsent() == log.size
    log.receipted["c"] = 1
    assert a.line.unsent() == log.size - 1
    a.line.peers.clear()
    assert a.line.unsent() == 0


def test_urgent_entries_wait_until_they_are_receipted_in_any_way(nodes: tuple[Node, Node]) -> None:
    a, b = nodes
    start = a.size_of(a)
    ids = [a.say("message", {"text": p}, precedence=p) for p in ("flash", "routine", "immediate", "flash")]
    log, other = a.line.state.logs[a.own.origin], b.party.fpr
    assert a.line.urgent_waiting(other) == [start, start + 2, start + 3]
    log.receipted[other] = start
    assert a.line.urgent_waiting(other) == [start, start + 2, start + 3]
    a.line.load(PutItem(ids[2], log.origin, other, 1, b""))
    assert a.line.urgent_waiting(other) == [start, start + 3]
    log.receipted[other] = start + 1
    assert a.line.urgent_waiting(other) == [start + 3]
    assert a.line.urgent_waiting("c") == [start, start + 2, start + 3]


def test_an_urgent_entry_that_settled_is_asked_for_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many wait for a member, and however often it is looked whether any does."""
    a, b = durable(tmp_path)
    agreed([a, b])
    cut(a, b)
    start, other = a.size_of(a), b.party.fpr
    ids = [a.say("message", {"text": "x"}, precedence="flash") for _ in range(2 * EVERY)]
    a.commit()
    waiting = list(range(start, start + len(ids)))
    for again in (False, True):
        if again:
            a.crash()
        assert a.line.urgent_waiting(other) == waiting
        with monkeypatch.context() as patch:
            for name in ("givers", "places", "ids"):
                patch.setattr(type(a.db), name, lambda *args: pytest.fail("the store was asked"))
            assert a.line.urgent_waiting(other) == waiting
    assert a.line.state.logs[a.own.origin].settled > start
    item = PutItem(ids[1], a.own.origin, other, 1, b"")
    a.line.write(item)
    a.commit()
    del waiting[1]
    assert a.line.urgent_waiting(other) == waiting
    a.crash()
    assert a.line.urgent_waiting(other) == waiting
    assert a.line.urgent_waiting("another") == [start, start + 1, *waiting[1:]]
    succeed(a, a.party.own_log())
    assert a.line.urgent_waiting(other) == []


def test_a_member_that_was_cut_off_catches_up() -> None:
    a, b = pair()
    cut(a, b)
    connect(a, b)
    send(b, a, [HavePart({"logs": {}})])
    run(a, b)
    assert b.size_of(a) == a.size_of(a) and a.line.heard_whole() and b.line.heard_whole()
