# SPDX-License-Identifier: Apache-2.0
"""A line between two parties: delivery, order, cuts, crashes, standing, mandates, refusals."""

from __future__ import annotations

import random

import pytest

from detente.errors import FatalError, RefusedError
from detente.line.limits import Limits
from detente.line.signed import Signed
from detente.line.writes import PutEpoch
from detente.seal import statement as statements
from detente.seal.canonical import b64
from detente.seal.epoch import make_grant
from tests.line.harness import T0, Node, Party, chartered, connect, cut, pair, run, seed


def test_two_parties_hold_the_same_log() -> None:
    a, b, charter = chartered()
    entry = a.say("message", {"text": "one", "lang": "en"})
    run(a, b)
    assert a.line.unsent() == 0 and b.line.unsent() == 0
    assert a.store.labels()[entry] == b.store.labels()[entry] == ()
    assert b.store.bodies[entry] == a.store.bodies[entry]
    origin = a.own.origin
    assert a.store.rows[origin] == b.store.rows[origin]
    assert a.line.state.terms_now().charter_id == b.line.state.terms_now().charter_id == charter


def test_nothing_is_handed_out_before_the_commit() -> None:
    a, b, _ = chartered()
    a.line.place([a.signed("message", {"text": "x"})], a.now)
    with pytest.raises(FatalError):
        a.poll(b)
    a.commit()
    assert a.poll(b)


def test_a_crash_before_the_commit_leaves_no_trace() -> None:
    a, b, _ = chartered()
    a.line.place([a.signed("message", {"text": "lost"})], a.now)
    a.crash()
    cut(a, b)
    connect(a, b)
    run(a, b)
    kept = a.say("message", {"text": "kept"})
    run(a, b)
    assert b.store.labels()[kept] == () and a.line.unsent() == 0
    assert not b.line.state.evidence and a.line.stopped is None


@pytest.mark.parametrize(
    "number", [0, 1, 2, *(pytest.param(n, marks=pytest.mark.slow) for n in range(3, 12))]
)
def test_cuts_losses_duplicates_and_reordering_lose_nothing(number: int) -> None:
    chance = random.Random(number)
    a, b, _ = chartered()
    said: list[str] = []
    under_way: list[tuple[Node, Node, bytes]] = []
    for _ in range(120):
        a.now += 700
        b.now += 700
        node, other = (a, b) if chance.random() < 0.5 else (b, a)
        said.append(
            node.say("message", {"text": f"n{len(said)}"}, precedence=chance.choice(["routine", "flash"]))
        )
        under_way += [(node, other, raw) for raw in node.poll(other)]
        event = chance.random()
        if event < 0.1:
            cut(a, b)
            connect(a, b)
        elif event < 0.2:
            node.crash()
            connect(a, b)
        elif event < 0.3:
            under_way = under_way[: len(under_way) // 2]
        chance.shuffle(under_way)
        for _ in range(min(3, len(under_way))):
            sender, receiver, raw = under_way.pop() if chance.random() < 0.8 else under_way[-1]
            receiver.receive(sender, raw)
    cut(a, b)
    connect(a, b)
    run(a, b, rounds=2000)
    for node, other in ((a, b), (b, a)):
        assert node.line.unsent() == 0
        assert node.store.rows[node.own.origin] == other.store.rows[node.own.origin]
        assert not node.line.state.evidence and node.line.stopped is None
        assert not other.line.state.early
    assert set(said) <= set(a.store.labels()) and set(said) <= set(b.store.labels())
    assert a.store.labels() == b.store.labels()


def test_flash_overtakes_what_is_queued() -> None:
    a, b, _ = chartered(Limits(window_leaves=8, batch_leaves=4))
    for n in range(40):
        a.say("message", {"text": f"bulk {n}"})
    queued = a.poll(b)
    flash = a.say("message", {"text": "now"}, precedence="flash")
    for raw in a.poll(b):
        b.receive(a, raw)
    assert flash in b.line.state.early
    receipts = b.poll(a)
    for raw in receipts:
        a.receive(b, raw)
    assert b.party.fpr in a.line.state.items[flash]
    for raw in queued:
        b.receive(a, raw)
    run(a, b, rounds=500)
    a.now += 20_000
    b.now += 20_000
    a.line.tick(a.now)
    a.commit()
    run(a, b, rounds=500)
    assert flash not in b.line.state.early and b.store.labels()[flash] == ()
    assert b.store.ids[a.own.origin].count(flash) == 1


def test_flash_overtakes_a_backlog_after_a_restart() -> None:
    a, b, _ = chartered(Limits(batch_leaves=4))
    cut(a, b)
    for n in range(20):
        a.say("message", {"text": f"bulk {n}"})
    flash = a.say("message", {"text": "now"}, precedence="flash")
    a.crash()
    connect(a, b)
    assert a.line.urgent_waiting(b.party.fpr)
    for raw in b.poll(a):
        a.receive(b, raw)
    for raw in a.poll(b, room=1)[:1] + a.poll(b, room=1)[:1]:
        b.receive(a, raw)
    assert flash in b.line.state.early
    run(a, b, rounds=500)
    assert not a.line.urgent_waiting(b.party.fpr) and not b.line.state.early


def test_standing_closes_kinds_and_never_the_line() -> None:
    a, b, _ = chartered()
    b.say("standing", {"scope": "channel", "state": "suspended", "by": "ministry", "reason": "x"})
    run(a, b)
    with pytest.raises(RefusedError, match="against standing"):
        a.say("message", {"text": "closed"})
    request = a.say("explanation.request", {"concern": "troops", "area": "north", "host": "UA"})
    run(a, b)
    assert b.store.labels()[request] == ()
    b.say("standing", {"scope": "channel", "state": "normal", "by": "ministry"})
    run(a, b)
    assert a.say("message", {"text": "open again"})


def test_an_entry_that_crosses_a_suspension_is_labelled_alike_by_both() -> None:
    a, b, _ = chartered()
    crossing = a.say("message", {"text": "on its way"})
    b.say("standing", {"scope": "channel", "state": "suspended", "by": "ministry"})
    before = b.say("explanation.request", {"concern": "c", "area": "n", "host": "BY"})
    run(a, b)
    assert a.store.labels()[crossing] == b.store.labels()[crossing] == ("crossed",)
    assert a.store.labels()[before] == ()


def test_a_node_does_not_place_what_it_would_label() -> None:
    a, _, _ = chartered(k=2)
    with pytest.raises(RefusedError, match="no mandate"):
        a.say("message", {"text": "alone"}, office="desk")
    assert a.say("message", {"text": "two"}, office="desk", signers=("desk", "duty"))
    with pytest.raises(RefusedError, match="malformed body"):
        a.say("message", {"lang": "en"})


def test_before_the_charter_only_what_keeps_the_line() -> None:
    a, b = pair()
    with pytest.raises(RefusedError, match="before charter"):
        a.say("message", {"text": "too soon"})
    assert b.size_of(a) == a.size_of(a) > 0


def test_a_peer_that_lies_about_mandates_is_labelled_and_kept() -> None:
    a, b, _ = chartered(k=2)
    a.line._checked = lambda *args: {"text": "forged"}  # type: ignore[method-assign]
    entry = a.say("message", {"text": "forged"}, office="desk")
    run(a, b)
    assert b.store.labels()[entry] == ("no mandate",)
    assert a.line.unsent() == 0


def test_an_old_backup_does_not_sign_on() -> None:
    a, b, _ = chartered()
    kept = list(a.store.writes)
    a.say("message", {"text": "after the backup"})
    run(a, b)
    a.store = type(a.store)()
    a.store.commit(kept)
    a.crash()
    cut(a, b)
    connect(a, b)
    run(a, b)
    assert a.line.stopped is not None and "member holds" in a.line.stopped
    with pytest.raises(RefusedError, match="does not sign"):
        a.say("message", {"text": "fork"})
    assert a.store.rows[a.own.origin] == b.store.rows[a.own.origin]  # given back by the member


def test_after_a_loss_a_succession_goes_on() -> None:
    a, b, _ = chartered()
    old = a.line.state.own_log()
    assert old is not None
    new = a.party.own_log()
    doc = {"type": "succession", "channel": a.line.channel, "new": new.origin, "reason": "restored",
           "old": {"origin": old.origin, "size": old.size, "root": b64(old.frontier.root())}}  # fmt: skip
    a.line.open_log(new, a.party.card, a.party.mandates, seed("again") * 2, {}, a.now, a.party.certify(**doc))
    a.commit()
    a.own = new
    run(a, b)
    entry = a.say("message", {"text": "going on"})
    run(a, b)
    assert b.store.labels()[entry] == ()
    assert b.line.state.logs[new.origin].put.base == old.size
    assert a.line.unsent() == 0


def test_after_a_loss_the_same_epoch_number_may_come_with_another_key() -> None:
    a, b, _ = chartered()
    a.line.write(PutEpoch(a.party.fpr, 1, seed("other") * 2, _blobs(a, b)))
    a.commit()
    cut(a, b)
    connect(a, b)
    a.line.peers[b.party.fpr].epoch = 0
    entry = a.say("message", {"text": "under the new key"})
    a.line.peers[b.party.fpr].have = {a.own.origin: b.size_of(a)}
    for raw in a.poll(b):
        b.receive(a, raw)
    assert b.store.labels()[entry] == ()
    assert b.line.state.epochs[a.party.fpr, 1] == seed("other") * 2


def _blobs(a: Node, b: Node) -> dict[str, bytes]:
    return make_grant(seed("other") * 2, 1, a.line.channel, a.party.fpr, {b.party.fpr: b.party.kem.public})[1]


def test_two_histories_are_proven() -> None:
    a, b, _ = chartered()
    twin = Node.__new__(Node)
    twin.__dict__.update(a.__dict__)
    twin.store = type(a.store)()
    twin.store.commit(list(a.store.writes))
    twin.events = []
    twin.crash()
    a.say("message", {"text": "for one"})
    run(a, b)
    twin.say("message", {"text": "for another"})
    twin.line.connected(b.party.fpr)
    twin.line.peers[b.party.fpr].told({"logs": {twin.own.origin: twin.size_of(twin) - 1}}, "", T0)
    for raw in twin.poll(b):
        b.receive(twin, raw)
    assert b.line.state.evidence == {a.own.origin: 1}
    assert b.line.state.logs[a.own.origin].forked
    assert a.say("message", {"text": "the line goes on"})
    run(a, b)
    assert a.line.unsent() == 0


def test_bodies_that_do_not_open_are_refused_and_come_again() -> None:
    a, b, _ = chartered()
    entry = a.say("message", {"text": "sealed"})
    good = a.store.bodies[entry]
    a.store.bodies[entry] = (seed("wrong"), good[1])
    run(a, b)
    assert b.store.labels()[entry] == ("unopened",)
    assert a.line.unsent() == 0
    assert any(e.name == "epoch wanted" for e in a.events)
    a.store.bodies[entry] = good
    cut(a, b)
    connect(a, b)
    run(a, b)
    assert b.store.labels()[entry] == () and b.store.bodies[entry] == good


def test_a_party_above_its_quota_waits_and_its_floor_does_not() -> None:
    quotas = {"bytes_per_day": 10_000_000, "entries_per_day": 12, "flash_per_hour": 10}
    a, b, _ = chartered(charter={"quotas": quotas})
    for n in range(30):
        a.say("message", {"text": f"n{n}"})
        run(a, b)
    assert a.line.unsent() > 0 and b.line.counters["withheld for quota"] > 0
    urgent = a.say("incident.report", {"what": "shots", "where": "bridge", "when": "2022-02-14T09:00:00Z"})
    run(a, b)
    assert urgent in b.line.state.early
    for node in (a, b):
        node.now += 86_400_000
    cut(a, b)
    connect(a, b)
    run(a, b)
    assert b.line.counters["withheld for quota"] > 0


@pytest.mark.parametrize("flip", range(0, 600, 37))
def test_a_damaged_packet_changes_nothing(flip: int) -> None:
    a, b, _ = chartered()
    a.say("message", {"text": "x"})
    raw = bytearray(a.poll(b)[0])
    raw[flip % len(raw)] ^= 1
    size = b.size_of(a)
    b.receive(a, bytes(raw))
    assert b.size_of(a) == size and b.line.counters["refused packets"] == 1


def test_another_partys_packet_is_refused() -> None:
    a, b, _ = chartered()
    a.say("message", {"text": "x"})
    stranger = Node(Party("XX"), [b.party])
    raw = a.poll(b)[0]
    size = b.size_of(a)
    b.receive(stranger, raw)
    assert b.line.counters["refused packets"] == 1 and b.size_of(a) == size


def test_kinds_and_fields_of_a_newer_peer_are_kept_and_shown_as_such() -> None:
    a, b, _ = chartered()
    signed = a.signed("message", {"text": "from a newer program"})
    newer = dict(signed.statement) | {"kind": "satellite.notice", "orbit": {"height": 500}}
    a.line._checked = lambda *args: {"text": "from a newer program"}  # type: ignore[method-assign]
    entry = Signed(newer, (statements.sign(a.party.offices["duty"], newer),), signed.body, signed.seed)
    a.line.place([entry], a.now)
    a.commit()
    run(a, b)
    assert b.store.labels()[entry.id] == ("unknown kind",)
    assert b.store.rows[a.own.origin] == a.store.rows[a.own.origin]
    assert b'"orbit":{"height":500}' in b.store.rows[a.own.origin][-1]
    assert a.line.unsent() == 0


def test_a_field_that_must_be_understood_is_refused_and_kept() -> None:
    a, b, _ = chartered()
    signed = a.signed("message", {"text": "x"})
    newer = dict(signed.statement) | {"quantum": 1, "crit": ["quantum"]}
    a.line._checked = lambda *args: {"text": "x"}  # type: ignore[method-assign]
    entry = Signed(newer, (statements.sign(a.party.offices["duty"], newer),), signed.body, signed.seed)
    a.line.place([entry], a.now)
    a.commit()
    run(a, b)
    assert b.store.labels()[entry.id] == ("not understood",)
    assert "refusal" in b.line.state.logs[b.own.origin].kinds
    assert a.line.unsent() == 0


def test_with_the_disk_nearly_full_the_floor_still_comes_through() -> None:
    a, b, _ = chartered()
    b.line.scarce = True
    waiting = a.say("message", {"text": "not now"})
    request = a.say("explanation.request", {"concern": "troops", "area": "north", "host": "UA"})
    run(a, b)
    assert b.line.counters["withheld for space"] == 1
    assert request in b.line.state.early and b.party.fpr in a.line.state.items[request]
    assert waiting not in b.store.labels()
    later = a.say("incident.report", {"what": "shots", "where": "bridge", "when": "2022-02-14T09:00:00Z"})
    run(a, b)
    assert later in b.line.state.early
    b.line.scarce = False
    for node in (a, b):
        node.now += b.line.limits.scarce_wait
    run(a, b)
    assert a.line.unsent() == 0 and not b.line.state.early
    assert b.store.labels()[waiting] == b.store.labels()[request] == ()
