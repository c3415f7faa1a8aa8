# SPDX-License-Identifier: Apache-2.0
"""What goes to a member, in which order, and how much of it at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import pytest

from detente.line.forks import CONFLICT
from detente.line.limits import LIMITS, Limits
from detente.line.send import Outbox, _left_out
from detente.line.writes import PutEvidence, PutHead
from detente.log.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from detente.seal import packet
from detente.seal.packet import (
    BodyPart,
    CheckpointPart,
    CosignaturePart,
    EarlyPart,
    HavePart,
    ItemPart,
    LeafPart,
    LogPart,
    Part,
    ProofPart,
)
from tests.line.harness import CHANNEL, Node, Party, chartered, connect, cut, pair, run, seed
from tests.line.test_hostile_peer import send
from tests.line.test_review_hostile import succeed

P = TypeVar("P")


def opened(node: Node, raw: bytes) -> list[Part]:
    key = node.line.state.epochs[node.party.fpr, packet.header(raw).epoch]
    return packet.decode_parts(packet.open_packet(raw, key))


def sent(a: Node, b: Node, room: int = 1 << 20) -> list[list[Part]]:
    """The parts of the packets that ``a`` hands out for ``b``."""
    return [opened(a, raw) for raw in a.poll(b, room)]


def of(kind: type[P], packets: Sequence[Sequence[object]]) -> list[P]:
    return [part for parts in packets for part in parts if isinstance(part, kind)]


def told(a: Node, b: Node, **more: object) -> None:
    """``b`` says to ``a`` that it has all that ``a`` has."""
    logs = {origin: log.size for origin, log in a.line.state.logs.items()}
    send(b, a, [HavePart({"logs": logs, "epochs": {a.party.fpr: 1}} | more)])
    sent(a, b)


# -- whether, and how many -----------------------------------------------------------------------


def test_nothing_is_handed_out_for_who_is_away_or_unknown() -> None:
    a, b, _ = chartered()
    a.say("message", {"text": "x"})
    cut(a, b)
    a.line.peers[b.party.fpr].owe_receipts.add(b.own.origin)
    assert a.poll(b) == []
    assert a.poll(Node(Party("LT"), [])) == []
    connect(a, b)
    assert a.poll(b)


def test_nothing_is_handed_out_before_there_is_an_epoch() -> None:
    a, b = pair()
    a.line.state.newest_epoch.clear()
    a.line.peers[b.party.fpr].owe_have = True
    assert a.poll(b) == []


def test_room_is_filled_and_not_more_than_one_packet_over() -> None:
    a, b, _ = chartered(replace(LIMITS, batch_leaves=1))
    for text in "abc":
        a.say("message", {"text": text})
    origin, peer = a.own.origin, a.line.peers[b.party.fpr]
    start = a.size_of(a) - 3

    def handed_out(room: int) -> list[int]:
        peer.clear_flight()
        peer.sent[origin] = start
        return [len(raw) for raw in a.poll(b, room)]

    first, second, third = handed_out(1 << 20)
    assert handed_out(0) == []
    assert handed_out(1) == handed_out(first) == [first]
    assert handed_out(first + 1) == handed_out(first + second) == [first, second]
    assert handed_out(first + second + 1) == [first, second, third]


def test_a_packet_brings_the_key_until_the_member_has_it() -> None:
    a, b, _ = chartered()
    a.line.grant(seed("next") * 2, a.now)
    a.commit()
    first, *_ = a.poll(b)
    head = packet.header(first)
    assert head.epoch == 2 and len(head.blobs) == 1
    b.receive(a, first)
    assert b.line.state.epoch_of(a.party.fpr) == 2
    run(a, b)
    a.say("message", {"text": "with a key that it has"})
    assert [packet.header(raw).blobs for raw in a.poll(b)] == [{}]


def test_a_member_for_whom_there_is_no_key_gets_a_packet_without_one() -> None:
    a, b, _ = chartered()
    a.line.state.blobs[1].pop(b.party.fpr)
    a.line.peers[b.party.fpr].epoch = 0
    a.say("message", {"text": "x"})
    assert [packet.header(raw).blobs for raw in a.poll(b)] == [{}]


# -- receipts ------------------------------------------------------------------------------------


def test_receipts_go_before_entries() -> None:
    a, b, _ = chartered()
    b.say("message", {"text": "to be receipted"})
    for raw in b.poll(a):
        a.receive(b, raw)
    a.say("message", {"text": "an entry"})
    first, second = sent(a, b)
    assert [type(part) for part in first] == [LogPart, CosignaturePart]
    assert first[0] == LogPart(b.own.origin)
    assert of(LeafPart, [second]) and not of(CosignaturePart, [second])
    assert sent(a, b) == [], "each once"


def test_of_a_log_that_we_never_receipted_there_is_no_receipt() -> None:
    a, b, _ = chartered()
    peer = a.line.peers[b.party.fpr]
    peer.owe_receipts.update((a.own.origin, b.own.origin))
    parts = sent(a, b)
    assert of(LogPart, parts) == [LogPart(b.own.origin)]
    assert not peer.owe_receipts


def test_receipts_go_in_packets_of_256() -> None:
    a, b, _ = chartered()
    peer, logs = a.line.peers[b.party.fpr], a.line.state.logs
    note = logs[b.own.origin].cosigned
    assert note is not None
    many = [f"detente.log/{n:032x}" for n in range(257)]
    logs |= dict.fromkeys(many, logs[b.own.origin])
    peer.owe_receipts.update(many)
    packets = sent(a, b)
    assert [len(of(CosignaturePart, [parts])) for parts in packets] == [256, 1]
    assert [part.origin for part in of(LogPart, packets)] == many, "in order"
    assert {part.note for part in of(CosignaturePart, packets)} == {note[2]}
    peer.owe_items |= {f"{n:064x}": f"{n}".encode() for n in range(257)}
    packets = sent(a, b)
    assert [len(of(ItemPart, [parts])) for parts in packets] == [256, 1]
    assert of(ItemPart, packets)[0] == ItemPart(b"0")
    assert not peer.owe_items


# -- what we have --------------------------------------------------------------------------------


def what_it_has(a: Node, b: Node) -> dict[str, object]:
    a.line.peers[b.party.fpr].owe_have = True
    (have,) = of(HavePart, sent(a, b))
    return have.doc


def test_what_we_have_is_said_once_and_whole() -> None:
    a, b, _ = chartered()
    sizes = {a.own.origin: a.size_of(a), b.own.origin: a.size_of(b)}
    assert what_it_has(a, b) == {"logs": sizes, "epochs": {b.party.fpr: 1}}
    assert sent(a, b) == []


def test_who_waits_for_an_answer_asks_once() -> None:
    a, b, _ = chartered()
    peer = a.line.peers[b.party.fpr]
    peer.ask = True
    assert what_it_has(a, b)["ask"] is True
    assert "ask" not in what_it_has(a, b)


def test_the_wait_for_an_answer_begins_when_the_question_goes_out() -> None:
    a, b, _ = chartered()
    peer = a.line.peers[b.party.fpr]
    a.now += 5_000
    what_it_has(a, b)
    assert peer.progress == a.now


def test_who_lacks_a_key_says_that_it_has_none() -> None:
    a, b, _ = chartered()
    peer = a.line.peers[b.party.fpr]
    peer.deaf = True
    assert what_it_has(a, b)["epochs"] == {}
    peer.deaf = False
    assert what_it_has(a, b)["epochs"] == {b.party.fpr: 1}


def test_a_member_above_its_quota_is_told_until_when_to_hold() -> None:
    a, b, _ = chartered()
    peer = a.line.peers[b.party.fpr]
    peer.withheld = a.now + 1
    assert what_it_has(a, b)["hold"] == a.now + 1
    peer.withheld = a.now
    assert "hold" not in what_it_has(a, b)


def test_64_bodies_at_a_time_are_asked_for() -> None:
    a, b, _ = chartered()
    assert "unopened" not in what_it_has(a, b)
    ids = [f"{n:064x}" for n in range(65)]
    a.line.state.unopened |= dict.fromkeys(reversed(ids), next(iter(a.line.state.unopened.values()), None))  # type: ignore[arg-type]
    assert what_it_has(a, b)["unopened"] == ids[:64]


# -- heads and proofs ----------------------------------------------------------------------------


def test_a_head_goes_to_who_said_where_it_stands_and_can_compare_it() -> None:
    a, b, _ = chartered()
    for text in "ab":
        a.say("message", {"text": text})
    run(a, b)
    peer, size = a.line.peers[b.party.fpr], a.size_of(a)
    assert peer.have is not None
    peer.have[a.own.origin] = size - 1
    peer.sent[a.own.origin] = size
    peer.owe_heads.add(a.own.origin)
    ((log, head),) = sent(a, b)
    assert log == LogPart(a.own.origin) and head == CheckpointPart(a.store.head(a.own.origin, size - 1))
    assert not peer.owe_heads
    kept, peer.have = peer.have, None
    peer.owe_heads.add(a.own.origin)
    assert sent(a, b) == [] and peer.owe_heads, "not before it said where it stands"
    peer.have = kept | {a.own.origin: 0}
    assert sent(a, b) == [] and not peer.owe_heads, "it holds nothing to compare it with"


def test_a_head_of_a_log_that_the_member_does_not_name_is_not_shown() -> None:
    a, b, _ = chartered()
    peer = a.line.peers[b.party.fpr]
    peer.have = {b.own.origin: a.size_of(b)}
    peer.sent[a.own.origin] = a.size_of(a)
    peer.owe_heads.update((a.own.origin, b.own.origin))
    assert of(LogPart, sent(a, b)) == [LogPart(b.own.origin)]


def test_heads_go_in_the_order_of_their_logs() -> None:
    a, b, _ = chartered()
    log, peer = a.line.state.logs[b.own.origin], a.line.peers[b.party.fpr]
    many = [f"detente.log/{n:032x}" for n in range(9)]
    a.line.state.logs |= dict.fromkeys(many, log)
    peer.have = dict.fromkeys(many, log.size)
    peer.owe_heads.update(many)
    parts = a.line._outbox._heads(peer, lambda origin, size: f"{origin} {size}".encode())
    assert [part.origin for part in parts if isinstance(part, LogPart)] == many
    assert [part.note for part in parts if isinstance(part, CheckpointPart)] == [
        f"{origin} {log.size}".encode() for origin in many
    ]


def test_a_head_of_one_entry_is_shown_to_who_has_one() -> None:
    a, b, _ = chartered()
    log, peer = a.line.state.logs[a.own.origin], a.line.peers[b.party.fpr]
    log.add_head(PutHead(a.own.origin, 1, log.compute_root(1), b"of one", 0, True))
    for have, heads in (({}, []), ({a.own.origin: 0}, []), ({a.own.origin: 1}, [CheckpointPart(b"1")])):
        peer.have = dict(have)
        peer.owe_heads.add(a.own.origin)
        parts = a.line._outbox._heads(peer, lambda origin, size: str(size).encode())
        assert parts[1:] == heads and not peer.owe_heads


def test_proofs_go_eight_in_a_packet_once_the_member_said_where_it_stands() -> None:
    a, b, _ = chartered()
    cut(a, b)
    for n in range(9):
        note = sign_checkpoint(Checkpoint(a.own.origin, a.size_of(a), seed("thief", n)), a.own.log)
        send(a, b, [LogPart(a.own.origin), CheckpointPart(note)])
    connect(a, b)
    peer = b.line.peers[a.party.fpr]
    assert len(peer.owe_proofs) == 9
    assert not of(ProofPart, sent(b, a)) and len(peer.owe_proofs) == 9
    told(b, a)
    assert not peer.owe_proofs
    peer.owe_proofs.update(b.line.state.kept)
    packets = sent(b, a)
    assert [len(of(ProofPart, [parts])) for parts in packets] == [8, 1]
    proofs = [b.line.forks.part(key, b.store.head) for key in sorted(b.line.state.kept)]
    assert of(ProofPart, packets) == proofs


def test_what_proves_nothing_by_itself_is_not_owed_for_long() -> None:
    a, b, _ = chartered()
    b.line.write(PutEvidence("k", a.own.origin, CONFLICT, 1, {}))
    b.commit()
    peer = b.line.peers[a.party.fpr]
    peer.owe_proofs.add("k")
    assert sent(b, a) == [] and not peer.owe_proofs


# -- ahead, and once more ------------------------------------------------------------------------


def test_what_goes_ahead_is_what_the_member_does_not_have() -> None:
    a, b, _ = chartered()
    size = a.size_of(a)
    ids = [a.say("message", {"text": text}) for text in "abc"]
    peer = a.line.peers[b.party.fpr]
    peer.have = {a.own.origin: size + 1}
    peer.sent[a.own.origin] = size + 3
    peer.owe_early.extend(ids)
    packets = sent(a, b)
    assert [part.index for part in of(EarlyPart, packets)] == [size + 1, size + 2]
    log, body, early = packets[0]
    assert log == LogPart(a.own.origin)
    assert body == BodyPart(ids[1], *a.store.bodies[ids[1]])
    assert early == EarlyPart(size + 1, a.store.rows[a.own.origin][size + 1])
    assert not peer.owe_early


def test_what_goes_ahead_does_not_wait_for_the_member_to_say_where_it_stands() -> None:
    a, b, _ = chartered()
    entry, peer = a.say("message", {"text": "x"}), a.line.peers[b.party.fpr]
    peer.have = None
    peer.owe_early.append(entry)
    assert [part.index for part in of(EarlyPart, sent(a, b))] == [a.size_of(a) - 1]
    peer.have = {}
    peer.owe_early.append(a.line.state.logs[a.own.origin].ids[0])
    assert of(EarlyPart, sent(a, b))[0].index == 0, "it does not name our log"


def test_a_body_goes_once_more_with_its_leaf() -> None:
    a, b, _ = chartered()
    entry = a.say("message", {"text": "x"})
    run(a, b)
    peer = a.line.peers[b.party.fpr]
    peer.owe_again.extend(["0" * 64, entry])
    packets = sent(a, b)
    index = a.size_of(a) - 1
    assert packets == [] and not peer.owe_early, "of what is not here there is nothing to send"
    packets = sent(a, b)
    assert packets == [
        [
            LogPart(a.own.origin),
            BodyPart(entry, *a.store.bodies[entry]),
            LeafPart(index, a.store.rows[a.own.origin][index]),
        ]
    ]
    assert not peer.owe_again
    peer.owe_again.append(entry)
    peer.have = None
    assert sent(a, b) == [] and peer.owe_again, "not before it said where it stands"


def test_of_what_goes_singly_no_more_is_read() -> None:
    a, b, _ = chartered()
    ids = [a.say("message", {"text": text}) for text in "ab"]
    peer, start, read = a.line.peers[b.party.fpr], a.size_of(a) - 2, list[tuple[int, int]]()

    def leaves(origin: str, start: int, stop: int) -> list[tuple[bytes, tuple[bytes, bytes] | None]]:
        read.append((start, stop))
        return a.store.leaves(origin, start, stop)

    peer.owe_early.append(ids[0])
    peer.owe_again.append(ids[0])
    for _ in range(2):
        assert a.line.poll(b.party.fpr, a.now, 1, leaves, a.store.head)
    assert read == [(start, start + 1)] * 2


# -- logs ----------------------------------------------------------------------------------------


def test_entries_wait_until_the_member_said_where_it_stands() -> None:
    a, b, _ = chartered()
    a.say("message", {"text": "x"})
    peer = a.line.peers[b.party.fpr]
    kept, peer.have = peer.have, None
    assert sent(a, b) == []
    peer.have = kept
    assert of(LeafPart, sent(a, b))


def test_a_hold_ends_at_its_time() -> None:
    a, b, _ = chartered()
    a.say("message", {"text": "x"})
    a.line.peers[b.party.fpr].hold = a.now + 1
    assert sent(a, b) == []
    a.now += 1
    assert of(LeafPart, sent(a, b))


@pytest.mark.parametrize("change", [{"window_leaves": 2}, {"window_bytes": 700}])
def test_what_is_under_way_is_bounded_by_entries_and_by_bytes(change: dict[str, int]) -> None:
    a, b, _ = chartered()
    a.line.limits = b.line.limits = replace(Limits(), batch_leaves=1, **change)
    for text in "abcd":
        a.say("message", {"text": text})
    peer = a.line.peers[b.party.fpr]
    packets = sent(a, b)
    under_way = sum(
        len(part.raw) for parts in packets for part in parts if isinstance(part, LeafPart | BodyPart)
    )
    assert (peer.flight_leaves, peer.flight_bytes) == (len(packets), under_way)
    assert 0 < len(packets) < 4 and sent(a, b) == []
    peer.flight_leaves, peer.flight_bytes = a.line.limits.window_leaves, 0
    assert sent(a, b) == [], "as many as allowed are on their way"
    peer.flight_leaves, peer.flight_bytes = 0, a.line.limits.window_bytes
    assert sent(a, b) == [], "as much as allowed is on its way"
    peer.flight_leaves, peer.flight_bytes = a.line.limits.window_leaves - 1, a.line.limits.window_bytes - 1
    assert len(sent(a, b)) == 1


def test_a_log_of_which_the_member_holds_another_history_does_not_keep_others_back() -> None:
    a, b, _ = chartered()
    old = a.own
    a.say("message", {"text": "in a log that differs"})
    succeed(a, a.party.own_log())
    peer = a.line.peers[b.party.fpr]
    peer.differs.add(old.origin)
    assert {part.origin for part in of(LogPart, sent(a, b))} == {a.own.origin}


def test_our_logs_go_first_in_their_order_then_those_of_others() -> None:
    parties = [Party(name) for name in ("BY", "UA", "LT")]
    a, b, c = (Node(p, [o for o in parties if o is not p]) for p in parties)
    connect(a, b)
    run(a, b)
    succeed(a, a.party.own_log())
    run(a, b)
    first, second = a.line.state.sequence[a.party.fpr]
    connect(c, b)
    run(c, b)
    cut(c, b)
    connect(a, b)
    run(a, b)
    connect(a, c)
    for raw in c.poll(a):
        a.receive(c, raw)
    peer = a.line.peers[c.party.fpr]
    peer.have = {}
    peer.sent.clear()
    origins = [part.origin for part in of(LogPart, [p for p in sent(a, c) if of(LeafPart, [p])])]
    assert list(dict.fromkeys(origins)) == [first, second, b.own.origin, c.own.origin]


def test_a_batch_begins_after_what_was_sent_and_after_what_the_member_has() -> None:
    a, b, _ = chartered()
    origin, size = a.own.origin, a.size_of(a)
    for text in "abc":
        a.say("message", {"text": text})
    peer = a.line.peers[b.party.fpr]
    assert peer.have is not None
    for was_sent, has in ((size + 1, size), (size, size + 1)):
        peer.clear_flight()
        peer.sent[origin], peer.have[origin] = was_sent, has
        assert [part.index for part in of(LeafPart, sent(a, b))] == [size + 1, size + 2]
    peer.clear_flight()
    peer.have = {}
    assert of(LeafPart, sent(a, b))[0].index == 0, "it does not name our log"
    assert peer.sent[origin] == size + 3


def test_a_batch_is_a_packet_with_bodies_leaves_and_their_head() -> None:
    a, b, _ = chartered()
    origin, size = a.own.origin, a.size_of(a)
    ids = [a.say("message", {"text": text}) for text in "ab"]
    rows = a.store.rows[origin]
    assert sent(a, b) == [
        [
            LogPart(origin),
            BodyPart(ids[0], *a.store.bodies[ids[0]]),
            LeafPart(size, rows[size]),
            BodyPart(ids[1], *a.store.bodies[ids[1]]),
            LeafPart(size + 1, rows[size + 1]),
            CheckpointPart(a.store.head(origin, size + 2)),
        ]
    ]
    taken = sum(map(len, rows[size:])) + sum(len(a.store.bodies[e][1]) for e in ids)
    assert list(a.line.peers[b.party.fpr].flight) == [(origin, size + 2, 2, taken, 1)]


def test_a_batch_has_as_many_bytes_as_fit_up_to_a_head() -> None:
    a, b, _ = chartered()
    a.say("message", {"text": "cites what came, so those after it are of one size"})
    run(a, b)
    origin, size = a.own.origin, a.size_of(a)
    ids = [a.say("message", {"text": text}) for text in "abcd"]
    peer = a.line.peers[b.party.fpr]
    rows = a.store.rows[origin][size:]
    two = sum(map(len, rows[:2])) + sum(len(a.store.bodies[e][1]) for e in ids[:2])
    for most, counts in ((two, [2, 2]), (two - 1, [1, 1, 1, 1]), (1, [1, 1, 1, 1])):
        a.line.limits = replace(LIMITS, batch_bytes=most)
        peer.clear_flight()
        peer.sent[origin] = size
        packets = sent(a, b)
        assert [len(of(LeafPart, [parts])) for parts in packets] == counts
        heads = [
            open_checkpoint(p.note, a.line.state.logs[origin].log_key) for p in of(CheckpointPart, packets)
        ]
        assert [head.size for head in heads] == [size + sum(counts[: n + 1]) for n in range(len(counts))]


def test_a_batch_that_is_too_long_by_one_entry_goes_without_that_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    a, b, _ = chartered()
    a.say("message", {"text": "cites what came, so those after it are of one size"})
    run(a, b)
    origin, size, fitted = a.own.origin, a.size_of(a), list[int]()
    ids = [a.say("message", {"text": text}) for text in "abc"]
    two = sum(map(len, a.store.rows[origin][size : size + 2]))
    two += sum(len(a.store.bodies[entry][1]) for entry in ids[:2])
    a.line.limits = replace(LIMITS, batch_bytes=two)

    def left_out(rows: Sequence[tuple[bytes, tuple[bytes, bytes] | None]], note: int) -> set[int]:
        fitted.append(len(rows))
        return set()

    monkeypatch.setattr("detente.line.send._left_out", left_out)
    assert [len(of(LeafPart, [parts])) for parts in sent(a, b)] == [2, 1]
    assert fitted == [2, 1], "a body is left out for what goes along with it only"


def test_what_is_under_way_counts_a_leaf_without_a_body_by_itself() -> None:
    a, b, _ = chartered()
    a.line.machine("refusal", {"log": b.own.origin, "entries": [], "reason": "quota"}, a.now)
    a.commit()
    (leaf,) = of(LeafPart, sent(a, b))
    assert a.line.peers[b.party.fpr].flight_bytes == len(leaf.raw)


def test_entries_under_one_head_go_together_however_large() -> None:
    a, b, _ = chartered()
    a.line.place([a.signed("message", {"text": text}) for text in "abc"], a.now)
    a.commit()
    a.line.limits = replace(LIMITS, batch_bytes=1)
    assert [len(of(LeafPart, [parts])) for parts in sent(a, b)] == [3]


def test_bodies_that_do_not_fit_are_left_out_and_the_leaves_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    a, b, _ = chartered()
    texts = ["short", "long " * 200, "middling " * 20]
    signed = [a.signed("message", {"text": text}) for text in texts]
    a.line.place(signed, a.now)
    a.commit()
    monkeypatch.setattr("detente.line.send._left_out", lambda rows, note: {1})
    ((*parts,),) = sent(a, b)
    assert [part.entry_id for part in of(BodyPart, [parts])] == [signed[0].id, signed[2].id]
    assert len(of(LeafPart, [parts])) == 3


def test_the_largest_bodies_are_left_out_until_one_packet_holds_the_rest() -> None:
    """Counted: 64 bytes for the log and the head's, 13 before a leaf, 69 before a body."""
    most, note, leaf = 4 * 1024 * 1024, 1000, bytes(400)

    def rows(*sizes: int) -> list[tuple[bytes, tuple[bytes, bytes] | None]]:
        return [(leaf, (bytes(32), bytes(size)) if size else None) for size in sizes]

    assert _left_out([], note) == set()
    free = most - 64 - note - 2 * (400 + 13)
    assert _left_out(rows(free - 69, 0), note) == set()
    assert _left_out(rows(free - 69 + 1, 0), note) == {0}
    assert _left_out(rows(0, free - 69 + 1), note) == {1}
    free = most - 64 - note - 4 * (400 + 13)
    half = free // 2 - 69
    assert _left_out(rows(0, half, half, 0), note) == set()
    assert _left_out(rows(9, half, half + 5, 7), note) == {2}
    assert _left_out(rows(free, 9, free + 1, 7), note) == {0, 2}
    assert _left_out(rows(free, 9, free + 1, free - 9 - 2 * 69), note) == {0, 2}
    assert _left_out(rows(free, 9, free + 1, free - 9 - 2 * 69 + 1), note) == {0, 2, 3}


def test_room_is_counted_for_what_stands_before_a_leaf_and_a_body() -> None:
    raw, origin = bytes(100), "detente.log/" + "0" * 32
    assert len(packet.encode_parts([LeafPart(1 << 40, raw)])) == 13 + len(raw)
    assert len(packet.encode_parts([BodyPart("0" * 64, bytes(32), raw)])) == 69 + len(raw)
    assert len(packet.encode_parts([LogPart(origin), CheckpointPart(raw)])) <= 64 + len(raw)


def test_an_outbox_sends_for_its_own_line() -> None:
    a, b, _ = chartered()
    a.say("message", {"text": "x"})
    raws = Outbox(a.line).poll(b.party.fpr, a.now, 1, a.store.leaves, a.store.head)
    assert [packet.header(raw).sender_tag for raw in raws] == [packet.tag(CHANNEL, a.party.fpr)]
