# SPDX-License-Identifier: Apache-2.0
"""What a line takes in from a member that has good keys, and what it does not, whatever the packet says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from detente.line.accept import EPOCHS_AHEAD
from detente.line.limits import LIMITS, Limits
from detente.line.line import OwnLog
from detente.line.signed import Signed
from detente.line.writes import PutHead, PutItem, PutReceipt
from detente.log import merkle
from detente.log.checkpoint import Checkpoint, sign_checkpoint
from detente.log.receipt import make_item
from detente.seal import credential, packet
from detente.seal import statement as statements
from detente.seal.epoch import make_grant
from detente.seal.keys import KemKey
from detente.seal.packet import (
    BodyPart,
    CheckpointPart,
    CosignaturePart,
    EarlyPart,
    HavePart,
    ItemPart,
    LeafPart,
    LogPart,
)
from detente.seal.vkey import COSIGNATURE, VerifierKey
from tests.line.durable import DurableNode, durable, rest
from tests.line.harness import CHANNEL, T0, Node, Party, chartered, connect, cut, run, seed
from tests.line.test_hostile_peer import send
from tests.line.test_review_hostile import agreed, succeed

REPORT = {"what": "shots", "where": "bridge", "when": "2022-02-14T09:00:00Z"}


def leaf_of(node: Node, signed: Signed, index: int) -> bytes:
    placement = {"log": node.own.origin, "index": index, "time": node.now, "seen": {}}
    return statements.encode_leaf(placement, list(signed.signatures), signed.statement)


def head_over(node: Node, leaves: Sequence[bytes]) -> bytes:
    """The note of a good head over the node's log and these leaves."""
    log = node.line.state.logs[node.own.origin]
    frontier = log.frontier.copy()
    for raw in leaves:
        frontier.append(merkle.leaf_hash(raw))
    return sign_checkpoint(Checkpoint(log.origin, frontier.size, frontier.root()), node.own.log)


def made_by(node: Node, kind: type) -> list[Any]:
    """Receipts (or item receipts) that the node itself has given."""
    return [w for w in node.store.writes if isinstance(w, kind) and w.by == node.party.fpr]  # type: ignore[attr-defined]


# -- leaves --------------------------------------------------------------------------------------


def test_leaves_that_do_not_yield_the_signed_root_are_not_kept() -> None:
    a, b, _ = chartered()
    size = b.size_of(a)
    raw = leaf_of(a, a.signed("message", {"text": "x"}), size)
    note = sign_checkpoint(Checkpoint(a.own.origin, size + 1, seed("another root")), a.own.log)
    send(a, b, [LogPart(a.own.origin), LeafPart(size, raw), CheckpointPart(note)])
    assert b.size_of(a) == size
    assert not any(w.origin == a.own.origin and w.size > size for w in made_by(b, PutReceipt))


def test_leaves_in_other_places_than_their_packet_says_do_not_reach_the_store(tmp_path: Path) -> None:
    for number, places in enumerate([(0, 0), (1, 0), (0, 2)]):
        folder = tmp_path / str(number)
        folder.mkdir()
        a, b = durable(folder)
        agreed([a, b])
        size = b.size_of(a)
        raws = [leaf_of(a, a.signed("message", {"text": str(n)}), size + n) for n in range(2)]
        parts = [LeafPart(size + at, raw) for at, raw in zip(places, raws, strict=True)]
        send(a, b, [LogPart(a.own.origin), *parts, CheckpointPart(head_over(a, raws))])
        assert b.size_of(a) == size
        still_works_durably(a, b)


def still_works_durably(a: DurableNode, b: DurableNode) -> None:
    cut(a, b)
    connect(a, b)
    rest([a, b])
    entry = a.say("message", {"text": "still here"})
    rest([a, b])
    assert b.store.labels()[entry] == ()


def test_a_late_body_is_held_against_the_leaf_that_stands_here() -> None:
    """Not against one that the packet brings along, which may commit to anything."""
    a, b, _ = chartered()
    entry = a.say("message", {"text": "sealed"})
    good = a.store.bodies[entry]
    a.store.bodies[entry] = (seed("wrong"), good[1])
    run(a, b)
    assert entry in b.line.state.unopened
    other = a.signed("message", {"text": "what was never said"})
    assert other.body is not None and other.seed is not None
    index = b.line.state.where[entry][1]
    parts = [BodyPart(entry, other.seed, other.body), LeafPart(index, leaf_of(a, other, index))]
    send(a, b, [LogPart(a.own.origin), *parts])
    assert entry in b.line.state.unopened and b.store.labels()[entry] == ("unopened",)


def test_other_leaves_in_places_that_we_hold_are_not_taken() -> None:
    a, b, _ = chartered()
    held = bytes(b.line.state.logs[a.own.origin].hash_at(b.size_of(a) - 1))
    index, note = b.size_of(a) - 1, a.store.head(a.own.origin, b.size_of(a))
    given = len(made_by(b, PutReceipt))
    b.line.peers[a.party.fpr].owe_receipts.clear()
    raw = leaf_of(a, a.signed("message", {"text": "instead"}), index)
    send(a, b, [LogPart(a.own.origin), LeafPart(index, raw), CheckpointPart(note)])
    assert bytes(b.line.state.logs[a.own.origin].hash_at(index)) == held
    assert len(made_by(b, PutReceipt)) == given and not b.line.peers[a.party.fpr].owe_receipts


def test_a_leaf_that_names_another_place_is_malformed() -> None:
    a, b, _ = chartered()
    size = b.size_of(a)
    signed = a.signed("message", {"text": "x"})
    raw = leaf_of(a, signed, size + 1)
    send(a, b, [LogPart(a.own.origin), LeafPart(size, raw), CheckpointPart(head_over(a, [raw]))])
    assert b.size_of(a) == size + 1 and signed.id not in b.line.state.where
    assert b.store.labels()[merkle.leaf_hash(raw).hex()] == ("malformed leaf",)


# -- logs ----------------------------------------------------------------------------------------


def strangers(certificate: Callable[[Party], dict[str, Any]]) -> tuple[Node, Node]:
    """Two nodes; the log of the first has that certificate."""
    one, two = Party("BY"), Party("UA")
    spare = one.own_log()
    certified = replace(spare, certificate=certificate(one))
    one.own_log = lambda: certified  # type: ignore[method-assign]
    a, b = Node(one, [two]), Node(two, [one])
    connect(a, b)
    run(a, b)
    return a, b


def test_a_log_begins_with_its_makers_certificate_for_it() -> None:
    def good(party: Party) -> dict[str, Any]:
        party.logs = 0
        return party.own_log().certificate

    def by_another_root(party: Party) -> dict[str, Any]:
        return credential.sign(Party("UA").root, good(party)["doc"])

    def of_another_log(party: Party) -> dict[str, Any]:
        return party.own_log().certificate

    a, b = strangers(good)
    assert b.size_of(a) == a.size_of(a)
    for bad in (by_another_root, of_another_log):
        a, b = strangers(bad)
        assert b.size_of(a) == 0


def names_another(node: Node, new: OwnLog, named: str) -> None:
    """Open a log with a succession to another one."""
    certify = node.party.certify
    node.party.certify = lambda **doc: certify(**(doc | {"new": named}))  # type: ignore[method-assign]
    succeed(node, new)
    node.party.certify = certify  # type: ignore[method-assign]


def test_a_second_log_names_the_one_before_it() -> None:
    a, b, _ = chartered()
    twin = Node(a.party, [b.party])  # a log that goes on for none
    twin.line.connected(b.party.fpr)
    twin.line.peers[b.party.fpr].told({"logs": {}}, "", T0)
    for raw in twin.poll(b):
        b.receive(twin, raw)
    assert b.line.state.sequence[a.party.fpr] == [a.own.origin]
    a.line.stop("restored")
    cut(a, b)
    origin = a.own.origin
    new, other = a.party.own_log(), a.party.own_log()
    names_another(a, new, other.origin)
    connect(a, b)
    run(a, b)
    assert b.line.state.sequence[a.party.fpr] == [origin]


def test_a_successor_waits_for_the_rest_of_the_log_before_it() -> None:
    a, b, _ = chartered(replace(LIMITS, batch_leaves=2))
    cut(a, b)
    origin = a.own.origin
    for n in range(6):
        a.say("message", {"text": str(n)})
    succeed(a, a.party.own_log())
    connect(a, b)
    for raw in b.poll(a):
        a.receive(b, raw)
    packets = a.poll(b, room=64 << 20)
    for raw in (packets[-1], packets[0], packets[-1]):
        b.receive(a, raw)
    assert b.line.state.sequence[a.party.fpr] == [origin]
    for raw in packets[1:]:
        b.receive(a, raw)
    run(a, b)
    assert b.line.state.sequence[a.party.fpr] == [origin, a.own.origin]


# -- ahead of their place ------------------------------------------------------------------------


def queued(limits: Limits = LIMITS, **charter: Any) -> tuple[Node, Node, int]:
    """Two nodes, and the place some way ahead of what the second has of the first."""
    a, b, _ = chartered(limits, charter=charter or None)
    return a, b, b.size_of(a) + 3


def early(
    node: Node, signed: Signed, index: int, *, body: bool = True, place: int | None = None
) -> list[Any]:
    """The parts that bring one statement ahead of its place."""
    raw = leaf_of(node, signed, index if place is None else place)
    parts: list[Any] = [LogPart(node.own.origin)]
    if body and signed.body is not None and signed.seed is not None:
        parts.append(BodyPart(signed.id, signed.seed, signed.body))
    return [*parts, EarlyPart(index, raw)]


def test_an_early_statement_is_receipted_only_with_its_body() -> None:
    a, b, index = queued()
    signed = a.signed("message", {"text": "now"}, precedence="flash")
    send(a, b, early(a, signed, index, body=False))
    assert not b.line.state.early and not made_by(b, PutItem)
    send(a, b, early(a, signed, index))
    assert signed.id in b.line.state.early and b.store.bodies[signed.id][0] == signed.seed
    assert [item.entry_id for item in made_by(b, PutItem)] == [signed.id]


def test_an_early_statement_without_a_mandate_is_not_receipted() -> None:
    a, b, index = queued()
    good = a.signed("message", {"text": "now"}, precedence="flash")
    by_another = statements.sign(a.party.offices["desk"], good.statement)
    send(a, b, early(a, Signed(good.statement, (by_another,), good.body, good.seed), index))
    assert not b.line.state.early and not made_by(b, PutItem)


def test_an_early_statement_names_the_place_that_it_will_have() -> None:
    a, b, index = queued()
    signed = a.signed("message", {"text": "now"}, precedence="flash")
    send(a, b, early(a, signed, index, place=index + 1))
    assert not b.line.state.early and not made_by(b, PutItem)


def test_a_credential_does_not_count_ahead_of_its_place() -> None:
    a, b, index = queued()
    stronger = a.party.mandate("duty", 1, ["duty"], serial=7)
    said = statements.make(
        channel=CHANNEL, party=a.party.fpr, office="node", kind="credential", released=a.now,
        data={"credential": stronger}, salt=bytes(16), precedence="flash",
    )  # fmt: skip
    signed = Signed(said, (statements.sign(a.party.node, said),))
    before = b.line.state.credentials[a.party.fpr].mandates()
    send(a, b, early(a, signed, index))
    assert not b.line.state.early and not made_by(b, PutItem)
    assert b.line.state.credentials[a.party.fpr].mandates() == before


def test_a_statement_that_stands_does_not_come_early_once_more() -> None:
    a, b, _ = queued()
    signed = a.signed("message", {"text": "now"}, precedence="flash")
    a.line.place([signed], a.now)
    a.commit()
    run(a, b)
    place = b.line.state.where[signed.id][1]
    for index in (place, b.size_of(a) + 3):
        send(a, b, early(a, signed, index))
    assert not b.line.state.early


def test_only_so_many_statements_wait_ahead_of_their_place() -> None:
    a, b, index = queued(replace(LIMITS, early_per_peer=3))
    for n in range(6):
        send(a, b, early(a, a.signed("message", {"text": str(n)}, precedence="immediate"), index + n))
    assert len(b.line.state.early) == len(made_by(b, PutItem)) == 3


# -- how much ------------------------------------------------------------------------------------

FLASHES = {"bytes_per_day": 10_000_000, "entries_per_day": 400, "flash_per_hour": 3}


def test_flash_entries_above_the_charters_rate_wait_until_the_next_hour() -> None:
    a, b, index = queued(quotas=FLASHES)
    for n in range(5):
        send(a, b, early(a, a.signed("message", {"text": str(n)}, precedence="flash"), index + n))
    assert len(b.line.state.early) == 3
    for node in (a, b):
        node.now += 3_600_000
    send(a, b, early(a, a.signed("message", {"text": "later"}, precedence="flash"), index + 9))
    assert len(b.line.state.early) == 4


def test_a_flash_incident_comes_through_above_the_charters_rate() -> None:
    a, b, index = queued(quotas=FLASHES)
    for n in range(3):
        send(a, b, early(a, a.signed("message", {"text": str(n)}, precedence="flash"), index + n))
    report = {"what": "shots", "where": "bridge", "when": "2022-02-14T09:00:00Z"}
    incident = a.signed("incident.report", report, precedence="flash")
    send(a, b, early(a, incident, index + 3))
    assert incident.id in b.line.state.early


def test_a_flash_entry_that_came_early_counts_once() -> None:
    a, b, index = queued(quotas=FLASHES)
    first = a.signed("message", {"text": "0"}, precedence="flash")
    send(a, b, early(a, first, b.size_of(a)))
    a.line.place([first], a.now)
    a.commit()
    run(a, b)
    assert b.line.state.where[first.id]
    for n in range(1, 4):
        send(a, b, early(a, a.signed("message", {"text": str(n)}, precedence="flash"), index + n))
    assert len(b.line.state.early) == 2  # three in this hour, the first of them in its place by now


def test_flash_entries_in_their_place_count_too() -> None:
    a, b, _ = queued(quotas=FLASHES)
    for n in range(3):
        a.say("message", {"text": str(n)}, precedence="flash")
        run(a, b)
    send(a, b, early(a, a.signed("message", {"text": "one more"}, precedence="flash"), b.size_of(a) + 3))
    assert not b.line.state.early


def test_a_claim_makes_us_wait_once_an_hour() -> None:
    a, b, _ = chartered()
    claim = HavePart({"logs": {a.own.origin: a.size_of(a) + 10}})
    send(b, a, [claim])
    a.now += LIMITS.claim_wait
    for wait in (0, LIMITS.claim_interval // 2):
        a.now += wait
        b.now = a.now
        send(b, a, [claim])
        assert a.say("message", {"text": "goes out"})


def test_a_quota_is_for_a_day() -> None:
    quotas = {"bytes_per_day": 10_000_000, "entries_per_day": 6, "flash_per_hour": 10}
    a, b, _ = chartered(charter={"quotas": quotas})
    for day in range(3):
        for node in (a, b):
            node.now += 86_400_000
        for n in range(4):
            a.say("message", {"text": f"{day} {n}"})
            run(a, b)
        assert a.line.unsent() == 0 and not b.line.counters["withheld for quota"]
    for n in range(9):
        a.say("message", {"text": str(n)})
        run(a, b)
    assert a.line.unsent() and b.line.counters["withheld for quota"]


def test_a_quota_counts_bytes_too() -> None:
    quotas = {"bytes_per_day": 50_000, "entries_per_day": 1000, "flash_per_hour": 10}
    a, b, _ = chartered(charter={"quotas": quotas})
    for n in range(6):
        a.say("message", {"text": f"{n}" + "x" * 20_000})
        run(a, b)
    assert 3 <= a.line.unsent() <= 5


def test_who_holds_its_reading_is_sent_nothing_else() -> None:
    a, b, _ = chartered()
    send(b, a, [HavePart({"logs": {a.own.origin: a.size_of(a)}, "hold": a.now + 3_600_000})])
    a.say("message", {"text": "waits"})
    assert not any(isinstance(p, LeafPart) for raw in a.poll(b) for p in opened(a, raw))
    a.now += 3_600_001
    assert any(isinstance(p, LeafPart) for raw in a.poll(b) for p in opened(a, raw))


def test_the_floor_of_before_goes_ahead_to_who_holds_its_reading() -> None:
    a, b, _ = chartered()
    a.say("message", {"text": "waits"})
    report = a.size_of(a)
    a.say("incident.report", REPORT)
    send(b, a, [HavePart({"logs": {a.own.origin: report - 1}, "hold": a.now + 3_600_000})])
    parts = [p for raw in a.poll(b) for p in opened(a, raw)]
    assert [p.index for p in parts if isinstance(p, EarlyPart)] == [report]
    assert not any(isinstance(p, LeafPart) for p in parts)


def opened(node: Node, raw: bytes) -> list[packet.Part]:
    key = node.line.state.epochs[node.party.fpr, packet.header(raw).epoch]
    return packet.decode_parts(packet.open_packet(raw, key))


def test_only_so_much_is_under_way_without_a_receipt() -> None:
    a, b, _ = chartered(replace(LIMITS, batch_leaves=2, window_leaves=4))
    for n in range(12):
        a.say("message", {"text": str(n)})
    packets = a.poll(b)
    assert sum(isinstance(p, LeafPart) for raw in packets for p in opened(a, raw)) == 4
    assert not a.poll(b)
    for raw in packets:
        b.receive(a, raw)
    run(a, b)
    assert not a.line.unsent()


def test_who_asks_is_told_what_is_here() -> None:
    a, b, _ = chartered()
    for ask in (False, True):
        send(a, b, [HavePart({"logs": {a.own.origin: a.size_of(a)}, "ask": ask})])
        assert any(isinstance(p, HavePart) for raw in b.poll(a) for p in opened(b, raw)) is ask


# -- receipts ------------------------------------------------------------------------------------


def test_an_item_receipt_names_the_log_in_which_its_entry_stands() -> None:
    a, b, _ = chartered()
    cut(a, b)
    entry = a.say("message", {"text": "x"})
    for origin in (b.own.origin, "detente.log/" + "7" * 32):
        send(b, a, [ItemPart(make_item(origin, entry, a.now, b.own.receipt_name, b.own.receipt))])
    assert b.party.fpr not in a.line.state.items.get(entry, set())
    send(b, a, [ItemPart(make_item(a.own.origin, entry, a.now, b.own.receipt_name, b.own.receipt))])
    assert b.party.fpr in a.line.state.items.get(entry, set())


def test_a_receipt_key_that_logs_of_two_members_name_counts_for_neither() -> None:
    a, b, _ = chartered()
    new = b.party.own_log()
    doc = new.certificate["doc"] | {
        "receipt": str(VerifierKey.make(a.own.receipt_name, COSIGNATURE, a.own.receipt.public))
    }
    del doc["party"], doc["issued"]
    succeed(b, replace(new, certificate=b.party.certify(**doc)))
    run(a, b)
    entry = b.say("message", {"text": "x"})
    run(a, b)
    assert a.line.state.where[entry] == (new.origin, a.size_of(b) - 1)
    assert a.party.fpr not in b.line.state.logs[new.origin].receipted and b.line.unsent()


def test_receipts_that_came_before_the_log_of_their_key_are_asked_for_again() -> None:
    a, b, _ = chartered()
    cut(a, b)
    succeed(b, b.party.own_log())
    entry = a.say("message", {"text": "x"})
    connect(a, b)
    for raw in b.poll(a, room=1)[:1]:  # what it has; its new log waits
        a.receive(b, raw)
    for raw in a.poll(b):
        b.receive(a, raw)
    run(a, b)
    assert b.line.state.where[entry] and a.line.unsent() == b.line.unsent() == 0


def test_a_gap_is_answered_with_what_is_here() -> None:
    a, b, _ = chartered()
    a.say("message", {"text": "lost on the way"})
    assert a.poll(b)
    a.say("message", {"text": "arrives"})
    for raw in a.poll(b):
        b.receive(a, raw)
    said = [
        p.doc["logs"][a.own.origin] for raw in b.poll(a) for p in opened(b, raw) if isinstance(p, HavePart)
    ]
    assert said == [b.size_of(a)] and b.size_of(a) == a.size_of(a) - 2


def test_a_member_that_could_not_open_a_body_gets_it_again() -> None:
    a, b, _ = chartered()
    entry = a.say("message", {"text": "x"})
    run(a, b)
    data = {"log": a.own.origin, "entries": [entry], "reason": "unopened"}
    b.line.machine("refusal", data, b.now, re=[entry])
    b.commit()
    for raw in b.poll(a):
        a.receive(b, raw)
    assert list(a.line.peers[b.party.fpr].owe_again) == [entry]
    brought = [p.entry_id for raw in a.poll(b) for p in opened(a, raw) if isinstance(p, BodyPart)]
    assert brought == [entry]


def test_a_refusal_is_not_refused() -> None:
    a, b, _ = chartered()
    a.line.machine("refusal", {"log": a.own.origin, "entries": "none that can be read"}, a.now)
    a.commit()
    size = b.size_of(b)
    run(a, b)
    assert b.size_of(a) == a.size_of(a) and b.size_of(b) == size
    assert "malformed body" in b.store.labels()[a.line.state.logs[a.own.origin].ids[-1]]


# -- keys ----------------------------------------------------------------------------------------


def granted(a: Node, b: Node, epoch: int, secret: bytes) -> tuple[bytes, bytes]:
    """A packet under an epoch of ``a`` that no log grants, and the blob in it."""
    _, blobs = make_grant(secret, epoch, CHANNEL, a.party.fpr, {b.party.fpr: b.party.kem.public})
    blob = blobs[b.party.fpr]
    return packet.seal(CHANNEL, a.party.fpr, epoch, secret, b"", {b.party.fpr: blob}), blob


def test_only_so_many_keys_are_kept_that_no_log_grants() -> None:
    a, b, _ = chartered()
    for epoch in range(50, 70):
        b.receive(a, granted(a, b, epoch, seed("k", epoch) * 2)[0])
    assert sum(sender == a.party.fpr for sender, _ in b.line.state.epochs) <= 1 + EPOCHS_AHEAD


def test_a_key_that_the_log_does_not_grant_is_forgotten() -> None:
    a, b, _ = chartered()
    raw, _ = granted(a, b, 2, seed("another") * 2)
    b.receive(a, raw)
    assert b.line.state.epoch_of(a.party.fpr) == 2
    a.line.grant(seed("the granted one") * 2, a.now)
    a.commit()
    epoch = b.line.state.epochs[a.party.fpr, 1]
    rows = a.store.leaves(a.own.origin, b.size_of(a), a.size_of(a))
    parts = [LeafPart(b.size_of(a) + n, leaf) for n, (leaf, _) in enumerate(rows)]
    note = a.store.head(a.own.origin, a.size_of(a))
    inside = packet.encode_parts([LogPart(a.own.origin), *parts, CheckpointPart(note)])
    b.receive(a, packet.seal(CHANNEL, a.party.fpr, 1, epoch, inside, {}))
    assert b.size_of(a) == a.size_of(a)
    assert b.line.counters["grant mismatch"] == 1 and (a.party.fpr, 2) not in b.line.state.epochs


def test_a_members_new_kem_key_asks_for_a_new_epoch() -> None:
    a, b, _ = chartered()
    old = a.party.card["doc"]
    kem = KemKey.from_seeds(seed("new") + seed("kem"), seed("x"))
    keys = old["keys"] | {"kem": statements.b64(kem.public)}
    a.line.machine(
        "credential", {"credential": a.party.certify(**(old | {"serial": 2, "keys": keys}))}, a.now
    )
    a.commit()
    b.events.clear()
    run(a, b)
    assert [e.party for e in b.events if e.name == "epoch wanted"] == [a.party.fpr]
    assert b.line.state.members[a.party.fpr].keys.kem == kem.public


# -- a line that signs nothing -------------------------------------------------------------------


def test_a_stopped_line_keeps_what_comes_and_signs_nothing() -> None:
    a, b, _ = chartered()
    b.line.stop("it may be a copy")
    given = len(made_by(b, PutReceipt)), len(made_by(b, PutItem)), b.size_of(b)
    heads = sum(isinstance(w, PutHead) and w.mine for w in b.store.writes)
    entry = a.say("message", {"text": "sealed"})
    a.store.bodies[entry] = (seed("wrong"), a.store.bodies[entry][1])
    run(a, b)
    flash = a.signed("message", {"text": "now"}, precedence="flash")
    send(a, b, early(a, flash, b.size_of(a) + 3))
    b.now += LIMITS.pq_interval + 1
    b.line.tick(b.now)
    b.commit()
    assert b.size_of(a) == a.size_of(a) and b.store.labels()[entry] == ("unopened",)
    assert (len(made_by(b, PutReceipt)), len(made_by(b, PutItem)), b.size_of(b)) == given
    assert sum(isinstance(w, PutHead) and w.mine for w in b.store.writes) == heads


def test_what_a_receipt_covers_is_asked_for_again_when_it_is_lost() -> None:
    a, b, _ = chartered()
    a.say("message", {"text": "x"})
    for raw in a.poll(b):
        b.receive(a, raw)
    assert b.poll(a)  # its receipt, which never comes
    assert a.line.unsent()
    a.now += LIMITS.stall + 1
    a.line.tick(a.now)
    a.commit()
    run(a, b)
    assert not a.line.unsent()


def test_cosignature_times_never_go_back() -> None:
    a, b, _ = chartered()
    for shift in (0, -86_400_000, 5_000):
        b.now += shift
        a.say("message", {"text": str(shift)})
        run(a, b)
    given = [(w.size, w.seconds) for w in made_by(b, PutReceipt) if w.origin == a.own.origin]
    assert given == sorted(given) and [s for _, s in given] == sorted(s for _, s in given)


def test_no_cosignature_of_our_own_makes_something_delivered() -> None:
    """Our receipt key under our own head says nothing of any other member."""
    from detente.log.checkpoint import cosign

    a, b, _ = chartered()
    a.say("message", {"text": "x"})
    note = a.store.head(a.own.origin, a.size_of(a))
    signed = cosign(note, a.own.receipt_name, a.own.receipt, a.now // 1000)
    send(b, a, [LogPart(a.own.origin), CosignaturePart(signed)])
    assert a.line.unsent() and a.party.fpr not in a.line.state.logs[a.own.origin].receipted
