# SPDX-License-Identifier: Apache-2.0
"""What goes out: packets for one member, in the order in which it should have them (protocol §7, §8)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from detente.line.logs import LogState
from detente.line.peers import Peer
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
)

if TYPE_CHECKING:
    from detente.line.line import Line

# What stands before a leaf and a body in a packet; length, log and the checkpoint's head.
LEAF_HEAD, BODY_HEAD, HEADS = 13, 69, 64
# Receipts in one packet.
SMALL = 256
# Proofs in one packet: each may be as long as a packet's sixteenth part.
FEW = 8

# What ``poll`` reads: (origin, start, stop) to leaves with their (seed, body); the note of a signed head.
ReadLeaves = Callable[[str, int, int], Sequence[tuple[bytes, tuple[bytes, bytes] | None]]]
ReadHead = Callable[[str, int], bytes]


class Outbox:
    """The sending half of a line."""

    def __init__(self, line: Line) -> None:
        self.line = line

    def poll(self, party: str, now: int, room: int, leaves: ReadLeaves, head: ReadHead) -> list[bytes]:
        """Packets for a member up to ``room`` bytes, or one: receipts, what goes ahead, then the logs."""
        peer = self.line.peers.get(party)
        epoch = self.line.state.epoch_of(self.line.me)
        if peer is None or not peer.connected or not epoch:
            return []
        packets: list[bytes] = []
        used = 0
        while used < room:
            parts = (
                self._small(peer, now, head)
                or self._ahead(peer, leaves)
                or self._bulk(peer, now, leaves, head)
            )
            if not parts:
                break
            sealed = self._seal(peer, epoch, parts)
            packets.append(sealed)
            used += len(sealed)
        return packets

    def _seal(self, peer: Peer, epoch: int, parts: list[Part]) -> bytes:
        blobs = {}
        if peer.epoch < epoch:
            blob = self.line.state.blobs.get(epoch, {}).get(peer.fingerprint)
            blobs = {peer.fingerprint: blob} if blob is not None else {}
        key = self.line.state.epochs[self.line.me, epoch]
        return packet.seal(self.line.channel, self.line.me, epoch, key, packet.encode_parts(parts), blobs)

    def _small(self, peer: Peer, now: int, head: ReadHead) -> list[Part]:
        """Receipts first, then what we have: short, and others wait for them."""
        parts: list[Part] = []
        for origin in sorted(peer.owe_receipts)[:SMALL]:
            log = self.line.state.logs[origin]
            if log.cosigned is not None:
                parts += [LogPart(origin), CosignaturePart(log.cosigned[2])]
            peer.owe_receipts.discard(origin)
        for entry_id in list(peer.owe_items)[:SMALL]:
            parts.append(ItemPart(peer.owe_items.pop(entry_id)))
        parts += self._heads(peer, head) + self._proofs(peer, head)
        if peer.owe_have:
            parts.append(HavePart(self._have(peer, now)))
            peer.owe_have = peer.ask = False
            peer.progress = now
        return parts

    def _heads(self, peer: Peer, head: ReadHead) -> list[Part]:
        """Of logs in which we differ, our newest head that the peer can compare: so it has the proof too."""
        parts: list[Part] = []
        for origin in sorted(peer.owe_heads) if peer.have is not None else ():
            size = self.line.state.logs[origin].head_below((peer.have or {}).get(origin, 0))
            if size:
                parts += [LogPart(origin), CheckpointPart(head(origin, size))]
            peer.owe_heads.discard(origin)
        return parts

    def _proofs(self, peer: Peer, head: ReadHead) -> list[Part]:
        """What proves that a log has two histories or two successors, once it said where it stands."""
        parts: list[Part] = []
        for key in sorted(peer.owe_proofs)[:FEW] if peer.have is not None else ():
            proof = self.line.forks.part(key, head)
            parts += [] if proof is None else [proof]
            peer.owe_proofs.discard(key)
        return parts

    def _have(self, peer: Peer, now: int) -> dict[str, Any]:
        epoch = 0 if peer.deaf else self.line.state.epoch_of(peer.fingerprint)
        doc: dict[str, Any] = {"logs": {o: log.size for o, log in self.line.state.logs.items()}}
        doc["epochs"] = {peer.fingerprint: epoch} if epoch else {}
        if self.line.state.unopened:
            doc["unopened"] = sorted(self.line.state.unopened)[:64]
        if peer.withheld > now:
            doc["hold"] = peer.withheld
        if peer.ask:
            doc["ask"] = True
        return doc

    def _ahead(self, peer: Peer, leaves: ReadLeaves) -> list[Part]:
        """One statement ahead of its place, or a body once more."""
        while peer.owe_early:
            entry_id = peer.owe_early.popleft()
            origin, index = self.line.state.where[entry_id]
            if (peer.have or {}).get(origin, 0) > index:
                continue
            raw, body = leaves(origin, index, index + 1)[0]
            return [LogPart(origin), *_body_part(entry_id, body), EarlyPart(index, raw)]
        if peer.owe_again and peer.have is not None:
            entry_id = peer.owe_again.popleft()
            place = self.line.state.where.get(entry_id)
            if place is not None:
                raw, body = leaves(place[0], place[1], place[1] + 1)[0]
                return [LogPart(place[0]), *_body_part(entry_id, body), LeafPart(place[1], raw)]
        return []

    def _bulk(self, peer: Peer, now: int, leaves: ReadLeaves, head: ReadHead) -> list[Part]:
        if peer.have is None or now < peer.hold:
            return []
        if (
            peer.flight_leaves >= self.line.limits.window_leaves
            or peer.flight_bytes >= self.line.limits.window_bytes
        ):
            return []
        for log in self._by_author():
            if log.origin in peer.differs:
                continue
            start = max(peer.sent.get(log.origin, 0), peer.have.get(log.origin, 0))
            stop = log.head_above(start, self.line.limits.batch_leaves)
            if stop is not None:
                return self._batch(peer, log, start, stop, leaves, head)
        return []

    def _by_author(self) -> list[LogState]:
        """Our own logs first, in order; then those of others, which any member may pass on."""
        mine = [self.line.state.logs[o] for o in self.line.state.sequence.get(self.line.me, ())]
        return mine + [log for log in self.line.state.logs.values() if log.party != self.line.me]

    def _batch(
        self, peer: Peer, log: LogState, start: int, stop: int, leaves: ReadLeaves, head: ReadHead
    ) -> list[Part]:
        """Leaves from ``start`` up to a signed head: the largest that fits, the next one at least."""
        rows = leaves(log.origin, start, stop)
        sizes = list(accumulate(len(raw) + (len(body[1]) if body else 0) for raw, body in rows))
        while sizes[stop - start - 1] > self.line.limits.batch_bytes:
            lower = log.head_above(start, stop - start - 1)
            if lower is None or lower >= stop:
                break
            stop = lower
        note = head(log.origin, stop)
        without = _left_out(rows[: stop - start], len(note))
        parts: list[Part] = [LogPart(log.origin)]
        for index, (raw, body) in enumerate(rows[: stop - start], start):
            parts += _body_part(log.ids[index], None if index - start in without else body)
            parts.append(LeafPart(index, raw))
        parts.append(CheckpointPart(note))
        peer.under_way(
            log.origin, stop, stop - start, sizes[stop - start - 1], self.line.state.epoch_of(self.line.me)
        )
        return parts


def _left_out(rows: Sequence[tuple[bytes, tuple[bytes, bytes] | None]], note: int) -> set[int]:
    """Bodies to leave out so that one head's leaves fit into a packet; the receiver asks for them singly."""
    bodies = {at: len(body[1]) + BODY_HEAD for at, (_, body) in enumerate(rows) if body is not None}
    size = HEADS + note + sum(len(raw) + LEAF_HEAD for raw, _ in rows) + sum(bodies.values())
    without: set[int] = set()
    for at in sorted(bodies, key=lambda one: -bodies[one]):
        if size <= packet.MAX_PLAIN:
            break
        size -= bodies[at]
        without.add(at)
    return without


def _body_part(entry_id: str, body: tuple[bytes, bytes] | None) -> list[Part]:
    return [BodyPart(entry_id, body[0], body[1])] if body is not None else []
