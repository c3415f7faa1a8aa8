# SPDX-License-Identifier: Apache-2.0
"""A whole line against a member that signs what it likes: parts in any order, entries that say anything."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from functools import cache
from typing import Any

import orjson

from detente.errors import MalformedError
from detente.line.labels import LABELS
from detente.line.limits import LIMITS
from detente.line.line import Line
from detente.log import merkle
from detente.log.checkpoint import Checkpoint, cosign, sign_checkpoint
from detente.log.receipt import make_item
from detente.seal import canonical, packet
from detente.seal import statement as statements
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
)
from detente.words.charter import charter_body
from detente.words.entry import DATA_KINDS
from tests.fuzz.fuzz_words import NAMES
from tests.fuzz.kit import Tape, loose, piece, target
from tests.line.harness import CHANNEL, T0, Memory, Node, Party, connect, run, seed
from tests.words.samples import GOOD

Trio = tuple[Node, Node, Node]


@cache
def _began() -> Trio:
    """Three members under a charter: the hostile one, we, and a third that hears of it from us."""
    parties = [Party(name) for name in ("BY", "UA", "LT")]
    by, ua, lt = (Node(p, [o for o in parties if o is not p], LIMITS) for p in parties)
    pairs = ((by, ua), (ua, lt), (by, lt))
    for one, other in pairs:
        connect(one, other)

    def rest() -> None:
        for _ in range(4):
            for one, other in pairs:
                run(one, other)

    rest()
    members = [{"fingerprint": p.fpr, "id": p.name, "name": p.name} for p in parties]
    charter = by.say("charter", charter_body(members))
    rest()
    for node in (ua, lt):
        node.say("assent", {}, re=[charter])
    rest()
    by.say("message", {"text": "the record so far"})
    rest()
    return by, ua, lt


def _twin(node: Node) -> Node:
    """The node as a restart would read it, over a copy of its store."""
    twin = copy.copy(node)
    twin.store, twin.events = Memory(), []
    for name in ("writes", "bodies", "heads"):
        setattr(twin.store, name, copy.copy(getattr(node.store, name)))
    for name in ("rows", "ids"):
        setattr(twin.store, name, {key: list(rows) for key, rows in getattr(node.store, name).items()})
    twin.crash()
    return twin


def trio() -> Trio:
    """The three as they began; the hostile one is not changed by anything that is sent in its name."""
    by, ua, lt = _began()
    return by, _twin(ua), _twin(lt)


def send(by: Node, to: Node, parts: list[Part]) -> bool:
    """Whatever parts, sealed as they should be; False for what no packet holds."""
    epoch = by.line.state.epoch_of(by.party.fpr)
    key = by.line.state.epochs[by.party.fpr, epoch]
    try:
        raw = packet.seal(CHANNEL, by.party.fpr, epoch, key, packet.encode_parts(parts), {})
    except MalformedError:
        return False
    to.receive(by, raw)
    return True


def goes_on(ua: Node, lt: Node) -> None:
    """We and the third talk as before, and a restart of ours knows the same."""
    labels = ua.store.labels()
    ua.crash()
    assert ua.line.stopped is None
    connect(ua, lt)
    run(ua, lt)
    said = ua.say("message", {"text": "the line goes on"}, precedence="flash")
    back = lt.say("message", {"text": "it does"})
    run(ua, lt)
    assert lt.store.labels()[said] == () and ua.store.labels()[back] == ()
    assert ua.line.state.logs[ua.own.origin].receipted[lt.party.fpr] == ua.size_of(ua)
    for origin, log in ua.line.state.logs.items():
        theirs = lt.line.state.logs[origin]
        assert theirs.size == log.size and theirs.frontier.root() == log.frontier.root()
    shared = {entry: names for entry, names in ua.store.labels().items() if entry in lt.store.labels()}
    assert {e: lt.store.labels()[e] for e in shared} == shared
    assert labels.items() <= ua.store.labels().items()


def _tapes() -> Iterator[bytes]:
    for n in range(9):
        yield bytes([n, 0, 1, 5]) + piece(b"{}") + bytes([n, 1, 1, 7]) + piece(b"{}")
    have = {"logs": {"detente.log/" + "7" * 32: 2**53 - 1}, "hold": 2**53 - 1, "ask": True}
    yield bytes([7, 0, 0, 0]) + piece(canonical.encode(have))


def part_of(tape: Tape, by: Node, ua: Node) -> Part:
    """One part, with numbers, notes and texts that are right, nearly right, or anything."""
    what, which, number = tape.byte() % 9, tape.byte(), tape.number()
    raw = tape.piece() or b"\0"
    origins = [by.own.origin, ua.own.origin, "detente.log/" + "7" * 32]
    origin = origins[which % 3]
    if what == 0:
        return LogPart(origin)
    if what in (1, 8):
        rows = by.store.rows[by.own.origin]
        leaf = rows[number % len(rows)] if which & 4 else raw
        return (LeafPart if what == 1 else EarlyPart)(number, leaf)
    if what == 2:
        return BodyPart(seed(which % 4).hex(), seed("s"), raw)
    log = by.line.state.logs.get(origin)
    root = log.root_at(number) if log is not None and number <= log.size else None
    head = sign_checkpoint(Checkpoint(origin, number % 2**53, root or seed(raw.hex())), by.own.log)
    if what == 3:
        return CheckpointPart(raw if which & 8 else head)
    if what == 4:
        held = by.store.heads.get((origin, number)) or head
        return CosignaturePart(
            raw if which & 8 else cosign(held, by.own.receipt_name, by.own.receipt, 1 + number % 2**43)
        )
    if what == 5:
        ids = ua.line.state.logs[ua.own.origin].ids
        item = make_item(origin, ids[number % len(ids)], number % 2**53, by.own.receipt_name, by.own.receipt)
        return ItemPart(raw if which & 8 else item)
    doc = loose(raw)
    size = number % 2**53
    return HavePart(
        doc if isinstance(doc, dict) and which & 8 else {"logs": {origin: size}, "ask": bool(which & 4)}
    )


@target(_tapes)
def fuzz_line_parts(data: bytes) -> None:
    """Parts in any order: nothing is raised, nothing that was kept is gone, and others are not held up."""
    by, ua, lt = trio()
    connect(by, ua)
    ua.line.connected(by.party.fpr)
    before = {origin: log.size for origin, log in ua.line.state.logs.items()}
    tape, parts = Tape(data), list[Part]()
    while tape and len(parts) < 24:
        parts.append(part_of(tape, by, ua))
    try:
        raw = packet.encode_parts(parts)
    except (MalformedError, ValueError, OverflowError):
        return
    del raw
    if not send(by, ua, parts):
        return
    ua.poll(by)
    for origin, size in before.items():
        assert ua.line.state.logs[origin].size >= size
    assert len(ua.line.counters) < 32
    if ua.line.stopped is None:
        ua.now += ua.line.limits.claim_wait
        goes_on(ua, lt)


def _entries() -> Iterator[bytes]:
    for kind in (
        "message",
        "standing",
        "ack",
        "test",
        "charter.amendment",
        "refusal",
        "epoch.grant",
        "withdrawal",
    ):
        yield bytes([NAMES.index(kind), 0]) + piece(b"{}") + piece(b"{}") + piece(orjson.dumps(GOOD[kind]))
    extreme = {"released": 2**53 - 1, "not_after": 0, "crit": ["fold"], "re": ["ab" * 32] * 3}
    place = {"time": 2**53 - 1, "seen": {"detente.log/" + "7" * 32: [2**53 - 1, canonical.b64(bytes(32))]}}
    body = piece(orjson.dumps(GOOD["message"]))
    yield (
        bytes([NAMES.index("message"), 1]) + piece(orjson.dumps(extreme)) + piece(orjson.dumps(place)) + body
    )
    yield bytes([NAMES.index("message"), 0x40]) + piece(b"no leaf") + piece(b"") + piece(b"")


def entry_of(tape: Tape, by: Node, index: int) -> tuple[bytes, BodyPart | None] | None:
    """One leaf of the hostile member, in its place and signed by its office, with what the tape changes."""
    kind, flags = tape.choice(NAMES), tape.byte()
    said, placed, content = tape.piece(), loose(tape.piece()), loose(tape.piece())
    if flags & 0x40:
        return said or b"\0", None
    salt = seed("salt", index)
    content = content if isinstance(content, dict) else {}
    try:
        named: dict[str, Any] = {"body": content, "seed": salt}
        if kind in DATA_KINDS:
            named = {"data": content, "salt": salt[:16]}
        office = "node" if flags & 2 else "duty"
        statement = statements.make(
            channel=CHANNEL, party=by.party.fpr, office=office, kind=kind, released=T0, **named
        )
        changes = loose(said)
        statement |= changes if isinstance(changes, dict) else {}
        placement = {"log": by.own.origin, "index": index, "time": T0, "seen": {}}
        placement |= placed if isinstance(placed, dict) else {}
        key = by.party.node if office == "node" else by.party.offices["duty"]
        signature = statements.sign(key, statement)
        if flags & 4:
            signature["sig"] = canonical.b64(bytes(64))
        leaf = statements.encode_leaf(placement, [signature], statement)
        raw = canonical.encode(content)
        return leaf, BodyPart(statements.entry_id(statement), salt, raw[: len(raw) - bool(flags & 8)] or b"x")
    except MalformedError:
        return None


@target(_entries)
def fuzz_entry(data: bytes) -> None:
    """Entries that say anything, under a good head: kept, labelled, and passed on to the third alike."""
    by, ua, lt = trio()
    log = by.line.state.logs[by.own.origin]
    frontier, index, tape = log.frontier.copy(), log.size, Tape(data)
    parts: list[Part] = [LogPart(by.own.origin)]
    while tape and len(parts) < 12:
        made = entry_of(tape, by, index)
        if made is None:
            continue
        leaf, body = made
        parts += [body, LeafPart(index, leaf)] if body is not None else [LeafPart(index, leaf)]
        frontier.append(merkle.leaf_hash(leaf))
        index += 1
    if index == log.size:
        return
    parts.append(CheckpointPart(sign_checkpoint(Checkpoint(log.origin, index, frontier.root()), by.own.log)))
    assert send(by, ua, parts)
    assert ua.size_of(by) == index, "any leaf under a good head is kept"
    for labels in ua.store.labels().values():
        assert set(labels) <= set(LABELS)
    assert isinstance(ua.line, Line)
    goes_on(ua, lt)
