# SPDX-License-Identifier: Apache-2.0
"""What the simulation found: each as the smallest exchange that shows it."""

from __future__ import annotations

from pathlib import Path

import pytest

from detente.seal import packet
from tests.line.durable import DurableNode, durable, rest
from tests.line.harness import CHANNEL, connect, cut, run
from tests.line.test_review_durable import restored
from tests.line.test_review_hostile import agreed, succeed


def gone_back(node: DurableNode, kept: Path) -> None:
    """The node as its backup has it, and nobody knows."""
    restored(node, kept)
    node.store.db._run("UPDATE logs SET lost=0", ())  # type: ignore[attr-defined]
    node.crash()


def forked(tmp_path: Path, lost: int, again: int) -> tuple[DurableNode, DurableNode]:
    """A node signs ``lost`` entries, goes back to before them, and signs ``again`` others; then they meet."""
    a, b = durable(tmp_path)
    agreed([a, b])
    a.store.db.copy_to(tmp_path / "kept.db")  # type: ignore[attr-defined]
    for n in range(lost):
        a.say("message", {"text": f"lost {n}"})
    rest([a, b])
    cut(a, b)
    gone_back(a, tmp_path / "kept.db")
    for n in range(again):
        a.say("message", {"text": f"again {n}"})
    connect(a, b)
    rest([a, b])
    return a, b


def test_a_citation_of_what_we_lost_is_no_bad_one_once_it_is_given_back(tmp_path: Path) -> None:
    a, b = durable(tmp_path)
    agreed([a, b])
    a.store.db.copy_to(tmp_path / "kept.db")  # type: ignore[attr-defined]
    a.say("message", {"text": "after the backup"})
    rest([a, b])
    entry = b.say("message", {"text": "I have seen it"})
    cut(a, b)
    restored(a, tmp_path / "kept.db")
    connect(a, b)
    rest([a, b])
    assert a.size_of(a) == b.size_of(a)
    assert a.store.labels()[entry] == b.store.labels()[entry] == ()
    told = [(e.party, e.detail) for e in a.events if (e.name, e.entry_id) == ("labels", entry)]
    assert told == [(b.party.fpr, {"labels": []})], "told with the party that wrote it"


@pytest.mark.parametrize(
    ("lost", "again"), [(2, 5), *(pytest.param(*n, marks=pytest.mark.slow) for n in [(5, 2), (3, 3)])]
)
def test_both_sides_of_a_fork_get_the_proof_and_then_rest(tmp_path: Path, lost: int, again: int) -> None:
    a, b = forked(tmp_path, lost, again)
    origin = a.own.origin
    b.say("message", {"text": "is this the line?"})
    rest([a, b])
    assert a.line.stopped is not None and a.line.state.evidence[origin]
    for _ in range(20):
        for node in (a, b):
            node.now += 60_000
            node.line.tick(node.now)
            node.commit()
        packets = run(a, b)
    assert packets <= 2


def test_after_a_fork_the_next_log_is_taken_whatever_the_last_one_held(tmp_path: Path) -> None:
    """The maker counts from its own history of the old log, which nobody else will ever hold."""
    a, b = forked(tmp_path, 2, 6)
    succeed(a, a.party.own_log())
    rest([a, b])
    entry = a.say("message", {"text": "going on"})
    rest([a, b])
    assert b.store.labels()[entry] == () and a.line.unsent() == 0


def test_what_came_while_a_member_was_stopped_is_receipted_when_it_goes_on(tmp_path: Path) -> None:
    a, b = durable(tmp_path)
    agreed([a, b])
    a.store.db.copy_to(tmp_path / "kept.db")  # type: ignore[attr-defined]
    cut(a, b)
    restored(a, tmp_path / "kept.db")
    connect(a, b)
    b.say("message", {"text": "nobody signs for this yet"})
    rest([a, b])
    assert b.line.unsent() == 1 and a.size_of(b) == b.size_of(b)
    succeed(a, a.party.own_log())
    cut(a, b)
    connect(a, b)
    rest([a, b])
    assert b.line.unsent() == 0


def test_what_a_member_cannot_take_is_offered_ever_less_often(tmp_path: Path) -> None:
    a, b = durable(tmp_path)
    agreed([a, b])
    a.say("message", {"text": "b takes nothing"})
    said = {"logs": {origin: log.size for origin, log in b.line.state.logs.items()}}
    peer, times = a.line.peers[b.party.fpr], 0
    for _ in range(360):  # an hour
        a.now += 10_001
        a.line.tick(a.now)
        a.commit()
        asked = peer.ask
        a.poll(b)
        if asked:
            times += 1
            a.line._inbox._have(b.party.fpr, peer, said, a.now)
            a.commit()
    assert 5 < times < 30
    cut(a, b)
    connect(a, b)
    run(a, b)
    assert a.line.unsent() == 0


def test_a_member_with_a_clock_behind_is_not_offered_at_once_what_it_holds_back(tmp_path: Path) -> None:
    """What it names is a time by its clock; by ours that is over already."""
    a, b = durable(tmp_path)
    agreed([a, b])
    a.now += 300_000
    b.line.scarce = True
    entry = a.say("message", {"text": "not on the floor"})
    assert run(a, b) < 12 and entry not in b.store.labels()
    b.line.scarce = False
    for node in (a, b):
        node.now += 20_000
    run(a, b)
    assert entry in b.store.labels()


def test_whoever_is_many_epochs_behind_opens_the_next_one(tmp_path: Path) -> None:
    """An old backup, or a member that begins anew, may be years behind."""
    a, b = durable(tmp_path)
    agreed([a, b])
    cut(a, b)
    for number in range(20):
        a.line.grant(bytes([number]) * 64, a.now)
        a.commit()
    connect(a, b)
    entry = a.say("message", {"text": "twenty epochs later"})
    rest([a, b])
    assert b.store.labels()[entry] == () and a.line.unsent() == 0


def test_a_packet_that_never_opens_is_answered_now_and_then_only(tmp_path: Path) -> None:
    a, b = durable(tmp_path)
    agreed([a, b])
    junk = packet.seal(CHANNEL, a.party.fpr, 99, bytes(64), b"", {})
    told = 0
    for _ in range(50):
        b.now += 100
        b.receive(a, junk)
        told += b.line.peers[a.party.fpr].owe_have
        b.poll(a)
    assert 1 <= told <= 4
