# SPDX-License-Identifier: Apache-2.0
"""A met peer that sends what is well signed and meant to harm: over the real store, nothing gives way."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from detente.errors import RefusedError
from detente.line.limits import Limits
from detente.line.signed import Signed
from detente.log import merkle
from detente.log.checkpoint import Checkpoint, sign_checkpoint
from detente.log.receipt import make_item
from detente.seal import canonical
from detente.seal import statement as statements
from detente.seal.packet import BodyPart, CheckpointPart, EarlyPart, HavePart, ItemPart, LeafPart, LogPart
from detente.seal.vkey import COSIGNATURE, VerifierKey
from detente.words.charter import charter_body
from tests.line.durable import DurableNode, durable, rest
from tests.line.harness import CHANNEL, Node, chartered, connect, cut, pair, run, seed
from tests.line.test_hostile_peer import send, still_works


def members(*nodes: Node) -> list[dict[str, str]]:
    return [{"fingerprint": n.party.fpr, "id": n.party.name, "name": n.party.name} for n in nodes]


def agreed(nodes: list[DurableNode], **more: Any) -> str:
    charter = nodes[0].say("charter", charter_body(members(*nodes), **more))
    rest(nodes)
    for node in nodes[1:]:
        node.say("assent", {}, re=[charter])
    rest(nodes)
    return charter


def forced(node: Node, kind: str, body: dict[str, Any], **more: Any) -> str:
    """Place what an honest node would not."""
    kept = node.line._checked
    node.line._checked = lambda *args, **named: body  # type: ignore[method-assign]
    try:
        return node.say(kind, body, **more)
    finally:
        node.line._checked = kept  # type: ignore[method-assign]


@pytest.mark.parametrize("size", [2**31, 2**53 - 1])
def test_a_checkpoint_of_a_giant_size_costs_nothing(size: int) -> None:
    a, b, _ = chartered()
    note = sign_checkpoint(Checkpoint(a.own.origin, size, seed("root")), a.own.log)
    send(a, b, [LogPart(a.own.origin), CheckpointPart(note)])
    still_works(a, b)


def test_an_item_receipt_for_an_unknown_log_does_not_reach_the_store(tmp_path: Path) -> None:
    a, b = durable(tmp_path)
    agreed([a, b])
    entry = a.say("message", {"text": "x"})
    for origin in ("detente.log/" + "7" * 32, b.own.origin):
        note = make_item(origin, entry, 5, b.own.receipt_name, b.own.receipt)
        send(b, a, [ItemPart(note)])
        assert b.party.fpr not in a.line.state.items.get(entry, ())
    run(a, b)
    assert a.line.unsent() == 0


def test_an_amendment_that_is_no_object_is_only_a_label() -> None:
    a, b = pair()
    charter = a.say("charter", charter_body(members(a)))
    for changes in ([1, 2], "abc", 5):
        forced(a, "charter.amendment", {"charter": charter, "changes": changes}, re=[charter])
    run(a, b)
    assert b.line.counters["refused packets"] == 0
    assert a.line.unsent() == 0


def test_a_charter_counts_only_for_its_members() -> None:
    a, b = pair()
    b.say("charter", charter_body(members(b)))
    run(a, b)
    assert a.line.state.terms_now().charter is None
    with pytest.raises(RefusedError, match="before charter"):
        a.say("message", {"text": "under whose charter?"})


def test_a_body_beside_data_is_not_kept(tmp_path: Path) -> None:
    a, b = durable(tmp_path)
    agreed([a, b])
    entry = b.say("message", {"text": "x"})
    run(a, b)
    data = {"state": "read"}
    said = statements.make(
        channel=CHANNEL, party=a.party.fpr, office="duty", kind="ack", released=a.now, data=data,
        salt=b"s" * 16, re=[entry],
    )  # fmt: skip
    index = a.size_of(a) + 3
    placement = {"log": a.own.origin, "index": index, "time": a.now, "seen": {}}
    raw = statements.encode_leaf(placement, [statements.sign(a.party.offices["duty"], said)], said)
    made = statements.decode_leaf(raw)
    send(a, b, [LogPart(a.own.origin), BodyPart(made.id, b"s" * 32, b"\xff junk"), EarlyPart(index, raw)])
    assert made.id in b.line.state.early
    assert b.store.db.body(made.id) is None  # type: ignore[attr-defined]


def test_the_same_early_statement_again_and_again_takes_no_memory() -> None:
    a, b, _ = chartered(Limits(window_leaves=8, batch_leaves=4))
    for n in range(40):
        a.say("message", {"text": f"bulk {n}"})
    a.poll(b)
    flash = a.say("message", {"text": "now"}, precedence="flash")
    raw, body = a.store.leaves(a.own.origin, a.size_of(a) - 1, a.size_of(a))[0]
    assert body is not None
    part = [LogPart(a.own.origin), BodyPart(flash, *body), EarlyPart(a.size_of(a) - 1, raw)]
    for _ in range(20):
        send(a, b, part)
    assert len(b.line.peers[a.party.fpr].owe_items) == 1


def test_many_receipts_go_out_in_packets_of_an_allowed_size() -> None:
    a, b, _ = chartered()
    peer = b.line.peers[a.party.fpr]
    note = make_item(a.own.origin, "0" * 64, 5, b.own.receipt_name, b.own.receipt)
    peer.owe_items.update({str(n): note for n in range(20_000)})
    assert b.poll(a, room=64 << 20)
    assert not peer.owe_items


def test_the_same_proof_again_does_not_fill_the_evidence(tmp_path: Path) -> None:
    a, b = durable(tmp_path)
    note = sign_checkpoint(Checkpoint(a.own.origin, 3, seed("root")), a.own.log)
    for _ in range(5):
        send(a, b, [LogPart(a.own.origin), CheckpointPart(note)])
    assert b.line.state.evidence == {a.own.origin: 1}


def test_a_batch_above_the_whole_quota_still_comes_through() -> None:
    quotas = {"bytes_per_day": 10_000_000, "entries_per_day": 5, "flash_per_hour": 10}
    a, b, _ = chartered(charter={"quotas": quotas})
    cut(a, b)
    a.line.place([a.signed("message", {"text": f"n{n}"}) for n in range(20)], a.now)
    a.commit()
    for _ in range(4):
        for node in (a, b):
            node.now += 86_400_000
        connect(a, b)
        run(a, b)
        cut(a, b)
    assert a.line.unsent() == 0


def test_crossing_two_standings_is_one_label(tmp_path: Path) -> None:
    a, b = durable(tmp_path)
    agreed([a, b])
    crossing = a.say("message", {"text": "on its way"})
    for state in ("suspended", "ended"):
        b.say("standing", {"scope": "channel", "state": state, "by": "ministry"})
    run(a, b)
    assert a.store.labels()[crossing] == b.store.labels()[crossing] == ("crossed",)


def test_a_life_saving_phrase_is_never_crossed(tmp_path: Path) -> None:
    a, b = durable(tmp_path)
    agreed([a, b])
    charter = a.line.state.terms_now().charter
    assert charter is not None
    code = next(p.code for p in charter.phrases if p.life_saving)
    other = next(p.code for p in charter.phrases if not p.life_saving)
    phrases = [a.say("phrase", {"code": c, "params": {}}) for c in (code, other)]
    b.say("standing", {"scope": "channel", "state": "suspended", "by": "ministry"})
    run(a, b)
    for entry, labels in zip(phrases, [(), ("crossed",)], strict=True):
        assert a.store.labels()[entry] == b.store.labels()[entry] == labels


def test_a_batch_is_judged_with_what_its_first_entry_had_seen() -> None:
    a, b, _ = chartered()
    b.say("standing", {"scope": "channel", "state": "suspended", "by": "ministry"})
    run(a, b)
    report = {"what": "shots", "where": "bridge", "when": "2022-02-14T09:00:00Z"}
    with pytest.raises(RefusedError, match="against standing"):
        a.line.place([a.signed("incident.report", report), a.signed("message", {"text": "x"})], a.now)


def test_a_batch_is_judged_with_what_stands_in_it_before() -> None:
    a, _, _ = chartered()
    standing = a.signed("standing", {"scope": "channel", "state": "suspended", "by": "ministry"})
    with pytest.raises(RefusedError, match="against standing"):
        a.line.place([standing, a.signed("message", {"text": "x"})], a.now)


def test_a_refused_credential_leaves_no_trace() -> None:
    a, _, _ = chartered()
    mandate = a.party.mandate("desk", 1, ["desk"], serial=9)
    said = statements.make(
        channel=CHANNEL, party=a.party.fpr, office="duty", kind="credential", released=a.now,
        data={"credential": mandate}, salt=b"s" * 16,
    )  # fmt: skip
    with pytest.raises(RefusedError):
        a.line.place([Signed(said, (statements.sign(a.party.offices["duty"], said),))], a.now)
    assert all(m.serial == 1 for _, m in a.line.state.credentials[a.party.fpr].mandates())


def test_labels_of_a_copy_are_not_those_of_the_entry(tmp_path: Path) -> None:
    """A member that puts our statement into its own log: the copy is labelled, the entry is not."""
    a, b = durable(tmp_path)
    agreed([a, b])
    entry = a.say("message", {"text": "ours"})
    run(a, b)
    origin, index = b.line.state.where[entry]
    raw, body = b.store.leaves(origin, index, index + 1)[0]
    said = statements.decode_leaf(raw).doc
    size = b.size_of(b)
    placement = {"log": b.own.origin, "index": size, "time": b.now, "seen": {}}
    copy = statements.encode_leaf(placement, said["signatures"], said["statement"])
    frontier = b.line.state.logs[b.own.origin].frontier.copy()
    frontier.append(merkle.leaf_hash(copy))
    note = sign_checkpoint(Checkpoint(b.own.origin, size + 1, frontier.root()), b.own.log)
    assert body is not None
    parts = [LogPart(b.own.origin), BodyPart(entry, *body), LeafPart(size, copy), CheckpointPart(note)]
    send(b, a, parts)
    assert a.size_of(b) == size + 1
    assert entry not in a.line.state.labels
    assert a.store.labels()[entry] == ()


def test_a_receipt_name_of_another_does_not_hide_its_receipts(tmp_path: Path) -> None:
    a, b = durable(tmp_path)
    agreed([a, b])
    # The next log of UA names a receipt key as BY does.
    twin = b.party.own_log()
    doc = twin.certificate["doc"] | {
        "receipt": str(VerifierKey.make(a.own.receipt_name, COSIGNATURE, twin.receipt.public))
    }
    del doc["party"], doc["issued"]
    twin = replace(twin, certificate=b.party.certify(**doc), receipt_name=a.own.receipt_name)
    succeed(b, twin)
    run(a, b)
    entry = b.say("message", {"text": "x"})
    run(a, b)
    assert b.line.unsent() == 0 and b.line.state.where[entry][0] == twin.origin
    assert b.line.state.logs[twin.origin].receipted[a.party.fpr] == b.size_of(b)


def succeed(node: Node, new: Any, size: int | None = None) -> None:
    old = node.line.state.own_log()
    assert old is not None
    size = old.head_sizes[-1] if size is None else size
    root = canonical.b64(old.compute_root(size))
    doc = {"type": "succession", "channel": CHANNEL, "new": new.origin, "reason": "restored",
           "old": {"origin": old.origin, "size": size, "root": root}}  # fmt: skip
    secret = hashlib.sha512(new.origin.encode()).digest()
    node.line.open_log(
        new, node.party.card, node.party.mandates, secret, {}, node.now, node.party.certify(**doc)
    )
    node.own = new
    node.commit()


def test_refusals_do_not_pile_up() -> None:
    a, b, _ = chartered()
    entry = a.say("message", {"text": "x"})
    for _ in range(10):
        data = {"log": a.own.origin, "entries": [entry] * 3, "reason": "unopened"}
        b.line.machine("refusal", data, b.now, re=[entry])
        b.commit()
    raws = b.poll(a)
    for raw in raws:
        a.receive(b, raw)
    assert len(a.line.peers[b.party.fpr].owe_again) <= 1


def test_an_epoch_of_the_same_number_under_another_key_is_asked_for() -> None:
    a, b, _ = chartered()
    kept = list(a.store.writes)
    a.line.grant(seed("second") * 2, a.now)
    a.commit()
    run(a, b)
    assert b.line.state.epoch_of(a.party.fpr) == 2
    a.store = type(a.store)()
    a.store.commit(kept)
    a.crash()
    a.line.stop("restored")
    succeed(a, a.party.own_log())
    cut(a, b)
    connect(a, b)
    run(a, b)
    entry = a.say("message", {"text": "x"})
    run(a, b)
    assert entry in b.store.labels() and a.line.unsent() == 0


def test_a_clock_that_goes_back_does_not_close_the_log() -> None:
    a, b, _ = chartered()
    send(b, a, [HavePart({"logs": {a.own.origin: a.size_of(a) + 10}})])
    a.now -= 86_400_000
    with pytest.raises(RefusedError, match="no mandate"):
        a.say("message", {"text": "the mandate has not begun, but the log is open"})
