# SPDX-License-Identifier: Apache-2.0
"""What a member does that lies: everything here is signed with its own good keys."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from detente.errors import MalformedError
from detente.line.line import Line
from detente.line.signed import Signed
from detente.line.writes import PutHead, PutLeaf
from detente.log import merkle
from detente.log.checkpoint import Checkpoint, cosign, sign_checkpoint
from detente.log.receipt import make_item
from detente.seal import packet
from detente.seal import statement as statements
from detente.seal.packet import (
    CheckpointPart,
    CosignaturePart,
    EarlyPart,
    HavePart,
    ItemPart,
    LeafPart,
    LogPart,
    Part,
)
from tests.line.harness import CHANNEL
from tests.sim.speech import REPORT, force, make

if TYPE_CHECKING:
    from tests.sim.node import SimNode
    from tests.sim.world import World

ODD: tuple[tuple[str, dict[str, Any], dict[str, Any]], ...] = (
    ("weather.report", {"text": "rain"}, {}),
    ("incident.report", REPORT, {"crit": ["telepathy"]}),
    ("incident.report", {"what": 7}, {}),
)
Lie = Callable[["World", "SimNode", random.Random], None]


def send(node: SimNode, to: SimNode, parts: list[Part]) -> None:
    """Whatever parts, sealed as they should be."""
    epoch = node.line.state.epoch_of(node.fpr)
    key = node.line.state.epochs[node.fpr, epoch]
    raw(node, to, packet.seal(CHANNEL, node.fpr, epoch, key, packet.encode_parts(parts), {}))


def raw(node: SimNode, to: SimNode, data: bytes) -> None:
    node.world.link(node, to).carry(to.name, data, node.world.now, lambda got: to.arrive(node.fpr, got))


def _victims(world: World, node: SimNode, chance: random.Random) -> list[SimNode]:
    others = [n for n in world.nodes.values() if n is not node]
    return chance.sample(others, chance.randint(1, len(others)))


def _speaks(node: SimNode) -> bool:
    own = node.line.state.own_log()
    return node.up and node.line.stopped is None and own is not None and own.size > 5


def histories(world: World, node: SimNode, chance: random.Random) -> None:
    """Another root for a size that was signed, or a next entry that only one member is shown."""
    log, own = node.line.state.own_log(), node.line.own
    if not _speaks(node) or log is None or own is None:
        return
    node.tainted = node.rolled = world.suspect = True
    world.rolls += 1
    for victim in _victims(world, node, chance):
        if chance.random() < 0.5:
            size = chance.randint(1, log.size)
            note = sign_checkpoint(Checkpoint(log.origin, size, chance.randbytes(32)), own.log)
            send(node, victim, [LogPart(log.origin), CheckpointPart(note)])
            continue
        signed = make(node, "ack", {"state": "read"}, "duty")
        placement = {"log": log.origin, "index": log.size, "time": node.now, "seen": {}}
        leaf = statements.encode_leaf(placement, list(signed.signatures), signed.statement)
        frontier = log.frontier.copy()
        frontier.append(merkle.leaf_hash(leaf))
        note = sign_checkpoint(Checkpoint(log.origin, frontier.size, frontier.root()), own.log)
        send(node, victim, [LogPart(log.origin), LeafPart(log.size, leaf), CheckpointPart(note)])


def receipts(world: World, node: SimNode, chance: random.Random) -> None:
    """For what was never held, for heads that never were, for logs that are not there."""
    own = node.line.own
    if own is None:
        return
    for victim in _victims(world, node, chance):
        theirs = victim.line.state.own_log()
        if theirs is None or not theirs.ids or not victim.up:
            continue
        entry = chance.choice(theirs.ids)
        nowhere = "detente.log/" + "7" * 32
        items = [
            make_item(origin, entry, node.now, own.receipt_name, own.receipt)
            for origin in (theirs.origin, nowhere)
        ]
        size = chance.choice([1, theirs.size, theirs.size + 50])
        bogus = sign_checkpoint(Checkpoint(theirs.origin, size, chance.randbytes(32)), own.log)
        signed = cosign(bogus, own.receipt_name, own.receipt, node.now // 1000)
        good = victim.disk.store.head_note(theirs.origin, theirs.head_sizes[-1])
        early = cosign(good, own.receipt_name, own.receipt, 1)
        send(node, victim, [LogPart(theirs.origin), CosignaturePart(signed), *map(ItemPart, items)])
        send(node, victim, [LogPart(theirs.origin), CosignaturePart(early)])


def unopenable(world: World, node: SimNode, chance: random.Random) -> None:
    """Epochs without a key, with a wrong one, far ahead; and noise under a good header."""
    for victim in _victims(world, node, chance):
        epoch = node.line.state.epoch_of(node.fpr) + chance.choice([0, 1, 3, 50])
        blobs = chance.choice([{}, {victim.fpr: chance.randbytes(1136)}])
        data = packet.seal(CHANNEL, node.fpr, epoch, chance.randbytes(64), b"", blobs)
        raw(node, victim, data)
        raw(node, victim, data[: chance.randrange(len(data))])


def claims(world: World, node: SimNode, chance: random.Random) -> None:
    """To hold more or less than it does, and to read nothing for a while."""
    for victim in _victims(world, node, chance):
        logs = {
            o: chance.choice([0, 1, log.size, log.size + 1000]) for o, log in node.line.state.logs.items()
        }
        doc: dict[str, Any] = {"logs": logs | {"detente.log/" + "7" * 32: 3}, "ask": True}
        if chance.random() < 0.3:
            doc["hold"] = victim.now + chance.randint(0, 3_600_000)
        if chance.random() < 0.5:
            doc["unopened"] = ["00" * 32]
        send(node, victim, [HavePart(doc)])


def flood(world: World, node: SimNode, chance: random.Random) -> None:
    """Many of everything that costs the other side something."""
    victim = _victims(world, node, chance)[0]
    log = node.line.state.own_log()
    for n in range(60):
        if n % 2 or log is None:
            send(node, victim, [HavePart({"logs": {}, "ask": True})])
        else:
            send(node, victim, [LogPart(log.origin), EarlyPart(log.size + 10 + n, chance.randbytes(60))])


def citation(world: World, node: SimNode, chance: random.Random) -> None:
    """An entry that says it has seen heads which do not exist."""
    if not _speaks(node):
        return
    origins = [o for o, log in node.line.state.logs.items() if log.party != node.fpr]
    seen = {o: [chance.randint(1, 500), "A" * 43 + "="] for o in chance.sample(origins, 1)}
    signed = make(node, "incident.report", REPORT, "duty")

    def place(line: Any) -> None:
        line._seen = lambda: seen
        try:
            line.place([signed], node.now)
        finally:
            del line._seen

    node.step(place)


def backdated(world: World, node: SimNode, chance: random.Random) -> None:
    """Placed and released long ago, as it says."""
    if not _speaks(node):
        return
    offset, node.offset = node.offset, node.offset - chance.randint(1, 30) * 86_400_000
    force(node, make(node, "incident.report", REPORT, "duty"))
    node.offset = offset


def hidden(world: World, node: SimNode, chance: random.Random) -> None:
    """A body that is not the one committed to."""
    signed = make(node, "incident.report", REPORT, "duty")
    if _speaks(node):
        force(node, Signed(signed.statement, signed.signatures, signed.body, chance.randbytes(32)))


def malformed(world: World, node: SimNode, chance: random.Random) -> None:
    """A leaf that is none, in its own log under its own good head."""
    if not _speaks(node):
        return
    junk = chance.randbytes(40)

    def place(line: Line) -> None:
        log, own = line.state.own_log(), line.own
        assert log is not None and own is not None
        size, digest = log.size, merkle.leaf_hash(junk)
        line.write(PutLeaf(log.origin, size, junk, digest, digest.hex(), node.now, ("malformed leaf",)))
        root = log.frontier.root()
        note = sign_checkpoint(Checkpoint(log.origin, log.size, root), own.log)
        line.write(PutHead(log.origin, log.size, root, note, size, True))

    node.step(place)


def odd(world: World, node: SimNode, chance: random.Random) -> None:
    """What no honest node places: a kind or a field that nobody knows, a body of another form."""
    if not _speaks(node):
        return
    kind, content, more = chance.choice(ODD)
    force(node, make(node, kind, content, "duty", **more))


def twice(world: World, node: SimNode, chance: random.Random) -> None:
    """One statement at two places of its log, and a copy of somebody else's in it."""
    if not _speaks(node):
        return
    logs = [log for log in node.line.state.logs.values() if log.size > 8]
    if not logs:
        return
    log = chance.choice(logs)
    raw, _ = node.disk.store.leaves(log.origin, log.size - 1, log.size)[0]

    def place(line: Line) -> None:
        mine, own = line.state.own_log(), line.own
        assert mine is not None and own is not None
        said = statements.decode_leaf(raw).doc
        placement = {"log": own.origin, "index": mine.size, "time": node.now, "seen": {}}
        again = statements.encode_leaf(placement, said["signatures"], said["statement"])
        leaf = statements.decode_leaf(again)
        labels = line.state.judge(mine, mine.size, leaf, None, opened=True)
        size, digest = mine.size, merkle.leaf_hash(leaf.raw)
        line.write(PutLeaf(own.origin, size, leaf.raw, digest, leaf.id, node.now, labels), leaf, None)
        root = mine.frontier.root()
        note = sign_checkpoint(Checkpoint(own.origin, mine.size, root), own.log)
        line.write(PutHead(own.origin, mine.size, root, note, size, True))

    try:
        leaf = statements.decode_leaf(raw).leaf
    except MalformedError:
        return
    if leaf.statement.kind in ("message", "ack"):
        node.step(place)


def bodiless(world: World, node: SimNode, chance: random.Random) -> None:
    """Leaves whose bodies are left out at first; they come when they are asked for."""
    log = node.line.state.own_log()
    if not _speaks(node) or log is None:
        return
    start = log.size
    force(node, make(node, "incident.report", REPORT, "duty"))
    log = node.line.state.own_log()
    if log is None or log.size <= start or node.line.stopped or not node.up:
        return
    rows = node.disk.store.leaves(log.origin, start, log.size)
    leaves = [LeafPart(start + n, raw) for n, (raw, _) in enumerate(rows)]
    note = node.disk.store.head_note(log.origin, log.size)
    for victim in _victims(world, node, chance):
        send(node, victim, [LogPart(log.origin), *leaves, CheckpointPart(note)])


def altered(world: World, node: SimNode, chance: random.Random) -> None:
    """Leaves of another member that it passes on, not as they were."""
    others = [o for o in node.line.state.logs.values() if o.party != node.fpr and o.head_sizes]
    if not others or not node.up:
        return
    log = chance.choice(others)
    stop = log.head_sizes[-1]
    rows = node.disk.store.leaves(log.origin, stop - 1, stop)
    note = node.disk.store.head_note(log.origin, stop)
    for victim in _victims(world, node, chance):
        raw = rows[0][0].replace(b"routine", b"flash!!")
        send(node, victim, [LogPart(log.origin), LeafPart(stop - 1, raw), CheckpointPart(note)])


LIES: dict[str, Lie] = {
    "two histories": histories, "wrong receipts": receipts, "unopenable packets": unopenable,
    "false claims": claims, "flood": flood, "false citation": citation, "backdated": backdated,
    "hidden body": hidden, "malformed leaf": malformed, "odd entry": odd, "said twice": twice,
    "body left out": bodiless, "altered on the way": altered,
}  # fmt: skip
