# SPDX-License-Identifier: Apache-2.0
"""What comes in: packets opened, logs extended, receipts and statements checked (protocol §5 to §8).

Any leaf under a good checkpoint is kept and receipted; what is wrong with it is a label. Everything else that
is wrong raises MalformedError or VerificationError, which the line counts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from detente.errors import MalformedError, VerificationError
from detente.line.bodies import open_body, statement_of
from detente.line.labels import MALFORMED_BODY, MALFORMED_LEAF, NOT_EARLY, NOT_UNDERSTOOD, UNOPENED
from detente.line.logs import LogState
from detente.line.peers import Peer
from detente.line.quotas import Quotas
from detente.line.rules import floor
from detente.line.state import CERTIFYING
from detente.line.writes import (
    PutBody,
    PutEarly,
    PutEpoch,
    PutHead,
    PutItem,
    PutLeaf,
    PutLog,
    PutReceipt,
    Write,
)
from detente.log import merkle
from detente.log import note as notes
from detente.log.checkpoint import Checkpoint, cosign, open_checkpoint, open_cosignature
from detente.log.receipt import make_item, open_item
from detente.seal import credential as credentials
from detente.seal import packet
from detente.seal.credential import LogCert, SuccessionDoc
from detente.seal.epoch import open_grant
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
from detente.seal.statement import ParsedLeaf, decode_leaf
from detente.seal.vkey import COSIGNATURE, NOTE, VerifierKey
from detente.words.entry import Statement

if TYPE_CHECKING:
    from detente.line.line import Line

# Epochs a sender may open ahead of those its log grants: a few lost packets, not a flood of keys.
EPOCHS_AHEAD = 8
# Label to the reason that our refusal gives.
REFUSED = {
    UNOPENED: "unopened",
    MALFORMED_BODY: "schema",
    MALFORMED_LEAF: "schema",
    NOT_UNDERSTOOD: "crit",
}


@dataclass
class Section:
    """The parts of a packet about one log."""

    origin: str
    leaves: list[LeafPart] = field(default_factory=list)
    bodies: dict[str, BodyPart] = field(default_factory=dict)


class Inbox:
    """The receiving half of a line."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.quotas = Quotas(line)

    # -- packets -------------------------------------------------------------------------------

    def packet(self, party: str, raw: bytes, now: int) -> None:
        """One packet. Raises MalformedError or VerificationError."""
        line, state = self.line, self.line.state
        head = packet.header(raw)
        peer = line.peers.get(party)
        if peer is None or head.channel != line.channel or head.sender_tag != packet.tag(line.channel, party):
            raise MalformedError("packet of another channel or sender")
        key = state.epochs.get((party, head.epoch))
        blob = head.blobs.get(packet.tag(line.channel, line.me))
        try:
            if key is None:
                raise VerificationError("packet of an epoch that we cannot open")
            parts = packet.decode_parts(packet.open_packet(raw, key))
            peer.opened()
        except VerificationError:
            parts = self._open_epoch(party, peer, raw, head.epoch, blob, now)
        self._parts(party, peer, parts, now)

    def _open_epoch(
        self, party: str, peer: Peer, raw: bytes, epoch: int, blob: bytes | None, now: int
    ) -> list[Part]:
        """Open a packet with the epoch that it brings along.

        It takes the place of one of the same number: whoever lost its newest state counts from an older one.
        """
        line = self.line
        try:
            if blob is None or self._many_keys(party):
                raise VerificationError("packet of an epoch that we cannot open")
            key = open_grant(blob, line.keys.kem, line.channel, epoch, party, line.me)
            parts = packet.decode_parts(packet.open_packet(raw, key))
        except (MalformedError, VerificationError):
            peer.unopened(epoch, now, line.limits.gap_answer)
            raise
        peer.opened()
        line.write(PutEpoch(party, epoch, key, {line.me: blob}))
        return parts

    def _many_keys(self, party: str) -> bool:
        """Whether a sender has opened more epochs than its log grants, as far as we hold that. How high it
        counts says nothing: whoever was restored, or begins anew, may be years behind."""
        state = self.line.state
        logs = (log for log in state.logs.values() if log.party == party)
        granted = sum(len(log.noted.get("epoch.grant", ())) for log in logs)
        return sum(sender == party for sender, _ in state.epochs) >= granted + EPOCHS_AHEAD

    def _parts(self, party: str, peer: Peer, parts: Sequence[Part], now: int) -> None:
        section = Section("")
        for part in parts:
            match part:
                case LogPart(origin):
                    self._refill(section, now)
                    section = Section(origin)
                case LeafPart():
                    section.leaves.append(part)
                case BodyPart():
                    section.bodies[part.entry_id] = part
                case CheckpointPart(note):
                    self._guarded(self._section, party, peer, section, note, now)
                    section = Section(section.origin)
                case EarlyPart(index, raw):
                    self._guarded(self._early, peer, section, index, raw, now)
                case CosignaturePart(note):
                    self._guarded(self._cosignature, peer, section.origin, note, now)
                case ItemPart(note):
                    self._guarded(self._item, note)
                case HavePart(doc):
                    self._have(party, peer, doc, now)
                case ProofPart(doc):
                    self._guarded(self.line.forks.received, peer, doc, now)
        self._refill(section, now)

    def _guarded(self, step: Any, *args: Any) -> None:
        """One bad part does not spoil the others of its packet."""
        try:
            step(*args)
        except (MalformedError, VerificationError) as error:
            self.line.counters[type(error).__name__] += 1

    # -- leaves --------------------------------------------------------------------------------

    def _section(self, party: str, peer: Peer, section: Section, note: bytes, now: int) -> None:
        line, state = self.line, self.line.state
        log = state.logs.get(section.origin)
        put: PutLog | None = None
        aside: list[Write] = []
        if log is None:
            put, aside = self._introduced(section, peer, now)
            log = LogState(put, VerifierKey.parse(put.log_key), VerifierKey.parse(put.receipt_key))
        checkpoint = open_checkpoint(note, log.log_key)
        if not self._follows(log, section, checkpoint, note, peer, now):
            return
        fresh = [leaf for leaf in section.leaves if leaf.index >= log.size]
        hashes = [merkle.leaf_hash(leaf.raw) for leaf in fresh]
        frontier = log.frontier.copy()
        for leaf_hash in hashes:
            frontier.append(leaf_hash)
        if frontier.root() != checkpoint.root:
            if party != log.party and not log.put.mine:
                # Whoever passes them on may have changed the leaves: that says nothing of the author.
                peer.owe_heads.add(log.origin)
                raise VerificationError("leaves passed on that do not yield the checkpoint beside them")
            self.line.forks.conflict(log, note, checkpoint, peer, now)
            return
        if log.party != line.me and self.quotas.over(peer, fresh, section.bodies.values(), now, len(note)):
            return
        current = state.own_log()
        if put is not None:
            for write in (*aside, put):
                line.write(write)
            line.forks.vouched_anew(put)
            log = state.logs[section.origin]
            peer.owe_have = peer.ask = True  # receipts under its keys may have come before it
        if log.put.mine and (put is not None or log is current):
            line.stop("a member holds more of our log than we do: it was restored or copied")
        self._keep(log, party, fresh, hashes, section, checkpoint, note, now)

    def _introduced(self, section: Section, peer: Peer, now: int) -> tuple[PutLog, list[Write]]:
        """A log that is new here: its genesis must carry a member's root-signed card and log certificate.

        With what is to be written before it: where it takes the place of a log of ours that nobody holds.
        """
        state = self.line.state
        if not section.leaves or section.leaves[0].index != 0:
            raise VerificationError("a log that we do not know does not begin at its genesis")
        first = decode_leaf(section.leaves[0].raw)
        statement = first.leaf.statement
        card = state.members.get(statement.party)
        if card is None or statement.kind != "genesis" or first.leaf.placement.log != section.origin:
            raise VerificationError("a log that does not begin with the genesis of a member")
        certificate = credentials.parse(credentials.check((statement.data or {}).get("log") or {}, card.root))
        if not isinstance(certificate, LogCert) or certificate.origin != section.origin:
            raise VerificationError("the genesis has no certificate for this log")
        seq, base, aside = self._place(section, statement.party, card.root, peer, now)
        keys = str(certificate.log), str(certificate.receipt), str(certificate.pq)
        mine = statement.party == state.me
        return PutLog(section.origin, statement.party, seq, base, *keys, mine, mine), aside

    def _place(
        self, section: Section, party: str, root: bytes, peer: Peer, now: int
    ) -> tuple[int, int, list[Write]]:
        """Its number and base. A second log needs a succession that names the one before, and that one up to
        the size named; a first log has none (protocol §5)."""
        state = self.line.state
        sequence = state.sequence.get(party, [])
        second = statement_of(section.leaves[1].raw) if len(section.leaves) > 1 else None
        if second is None or second.kind != "succession":
            if not sequence:
                return 0, 0, []
        elif sequence:
            said = (second.data or {}).get("succession") or {}
            doc = credentials.parse(credentials.check(said, root))
            if (
                isinstance(doc, SuccessionDoc)
                and (doc.channel, doc.new) == (state.channel, section.origin)
                and doc.old.origin in sequence
            ):
                old = state.logs[doc.old.origin]
                aside = self.line.forks.rivals(party, doc, said, peer, now) if state.successor(old) else []
                # The prefix of the new log is here, or will never be: two histories of it are proven.
                if doc.old.size <= old.size or self.line.forks.against(old.origin):
                    return old.put.seq + 1, old.put.base + doc.old.size, aside
        raise VerificationError("a second log without a succession from the first, or before it")

    def _follows(
        self, log: LogState, section: Section, checkpoint: Checkpoint, note: bytes, peer: Peer, now: int
    ) -> bool:
        """Whether the leaves go on from ours up to the checkpoint; what does not is compared or answered."""
        same = all(
            merkle.leaf_hash(leaf.raw) == log.hash_at(leaf.index)
            for leaf in section.leaves
            if leaf.index < log.size
        )
        if not same or checkpoint.size <= log.size:
            self.line.forks.compare(log, checkpoint, note, peer, now)
            self._refill(section, now)
            if same and checkpoint.size == log.size and log.root_at(log.size) == checkpoint.root:
                self._cosign(log, note, now)  # what came while we were stopped has no receipt yet
            if same and log.cosigned is not None:
                peer.owe_receipts.add(log.origin)
            return False
        found = [leaf.index for leaf in section.leaves if leaf.index >= log.size]
        # Counted first: a checkpoint may claim any size.
        if len(found) == checkpoint.size - log.size and found == list(range(log.size, checkpoint.size)):
            return True
        told, when = peer.gap_told.get(log.origin, (-1, 0))
        if told != log.size or not 0 <= now - when <= self.line.limits.gap_answer:
            peer.gap_told[log.origin] = (log.size, now)
            peer.owe_have = True
        return False

    def _keep(
        self,
        log: LogState,
        party: str,
        fresh: Sequence[LeafPart],
        hashes: Sequence[bytes],
        section: Section,
        checkpoint: Checkpoint,
        note: bytes,
        now: int,
    ) -> None:
        line, previous = self.line, log.size
        kems = {p: c.keys.kem for p, c in line.state.members.items()}
        refused: dict[str, list[str]] = {}
        read = [_read(log, leaf) for leaf in fresh]
        parsed_leaves = [parsed for parsed in read if parsed is not None]
        line.state.look_up([parsed.id for parsed in parsed_leaves])
        line.state.check_ahead(log, parsed_leaves, line.spread)
        for leaf, leaf_hash, parsed in zip(fresh, hashes, read, strict=True):
            entry_id, labels = self._leaf(log, leaf, leaf_hash, parsed, section, now)
            for label in labels:
                if label in REFUSED and log.kinds[-1] != "refusal":
                    refused.setdefault(REFUSED[label], []).append(entry_id)
        line.write(PutHead(log.origin, checkpoint.size, checkpoint.root, note, previous, False))
        line.forks.grown(log, previous, now)
        if log.put.mine:
            line.recite()
        for peer in line.peers.values():
            if peer.fingerprint in (party, log.party):
                peer.holds(log.origin, checkpoint.size, now)
        self._cosign(log, note, now)
        if log.party != line.me:
            self._refuse(log, refused, previous, now)
        if {p: c.keys.kem for p, c in line.state.members.items()} != kems:
            line.event("epoch wanted", log.party)

    def _leaf(
        self,
        log: LogState,
        leaf: LeafPart,
        leaf_hash: bytes,
        parsed: ParsedLeaf | None,
        section: Section,
        now: int,
    ) -> tuple[str, tuple[str, ...]]:
        """Judge and keep one leaf; returns its id and labels."""
        line = self.line
        if parsed is None:
            labels: tuple[str, ...] = (MALFORMED_LEAF,)
            line.write(PutLeaf(log.origin, leaf.index, leaf.raw, leaf_hash, leaf_hash.hex(), now, labels))
            return leaf_hash.hex(), labels
        statement = parsed.leaf.statement
        body, opened = open_body(statement, section.bodies.get(parsed.id))
        labels = line.state.judge(log, leaf.index, parsed, body, opened)
        if statement.kind == "epoch.grant" and not self._granted(log.party, statement):
            line.counters["grant mismatch"] += 1
        if statement.body is not None and opened:
            part = section.bodies[parsed.id]
            line.write(PutBody(parsed.id, part.seed, part.raw), body=body)
        if parsed.id not in line.state.early:
            self.quotas.count_flash(log.party, statement.precedence, now)
        line.write(PutLeaf(log.origin, leaf.index, leaf.raw, leaf_hash, parsed.id, now, labels), parsed, body)
        line.after_entry(log, parsed, body, labels)
        return parsed.id, labels

    def _granted(self, party: str, statement: Statement) -> bool:
        """Whether the blob that we opened is the one that the grant commits to; if not, that epoch is
        forgotten."""
        state = self.line.state
        data = statement.data or {}
        epoch, blobs = data.get("epoch"), data.get("blobs")
        if not isinstance(epoch, int) or not isinstance(blobs, dict) or party == state.me:
            return True
        held = state.granted.get((party, epoch))
        if held is None or blobs.get(state.me) == hashlib.sha256(held).hexdigest():
            return True
        state.epochs.pop((party, epoch), None)
        state.newest_epoch[party] = max((e for s, e in state.epochs if s == party), default=0)
        return False

    def _cosign(self, log: LogState, note: bytes, now: int) -> None:
        """After the leaves, in the same commit; never an older head after a newer one (protocol §5)."""
        line = self.line
        if line.stopped or line.own is None or log.party == line.me:
            return
        size, seconds = log.size, now // 1000
        if log.cosigned is not None:
            if log.cosigned[0] >= size:
                return
            seconds = max(seconds, log.cosigned[1])
        signed = cosign(note, line.own.receipt_name, line.own.receipt, seconds)
        line.write(PutReceipt(log.origin, size, line.me, seconds, signed))
        for peer in line.peers.values():
            peer.owe_receipts.add(log.origin)

    def _refuse(self, log: LogState, refused: dict[str, list[str]], start: int, now: int) -> None:
        line = self.line
        if line.stopped or line.own is None:
            return
        for reason, entries in refused.items():
            data = {"log": log.origin, "range": [start, log.size], "entries": entries[:256], "reason": reason}
            line.machine("refusal", data, now, re=entries[:64])

    def _refill(self, section: Section, now: int) -> None:
        """Bodies that come again for entries that we could not open (protocol §7, refusal)."""
        line, state = self.line, self.line.state
        for leaf in section.leaves:
            log = state.logs.get(section.origin)
            if log is None or leaf.index >= log.size or merkle.leaf_hash(leaf.raw) != log.hash_at(leaf.index):
                continue
            entry_id = log.ids[leaf.index]
            part = section.bodies.get(entry_id)
            if part is None or entry_id not in state.unopened:
                continue
            parsed = decode_leaf(leaf.raw)
            body, opened = open_body(parsed.leaf.statement, part)
            if opened:
                line.write(PutBody(entry_id, part.seed, part.raw), body=body)
                assert body is not None
                labels = state.opened(log, leaf.index, parsed, body)
                line.label(entry_id, labels)
                state.rule(log, leaf.index, parsed, body, labels)
                line.relabel(log, leaf.index)

    # -- receipts and the rest -----------------------------------------------------------------

    def _makers(self, note: bytes, sig_type: int) -> dict[str, VerifierKey]:
        """The other members whose receipt keys the lines of a note name, with the key.

        By name and key id: names are their owners' choice, and one member may take another's. A key that two
        members claim says nothing of either.
        """
        lines = {(signature.name, signature.id) for signature in notes.parse(note).signatures}
        found: dict[str, VerifierKey] = {}
        owners: dict[bytes, set[str]] = {}
        for log in self.line.state.logs.values():
            key = log.receipt_key
            owners.setdefault(key.public, set()).add(log.party)
            if log.party != self.line.me and (key.name, key.as_type(sig_type).id) in lines:
                found[log.party] = key
        return {party: key for party, key in found.items() if owners[key.public] == {party}}

    def _cosignature(self, peer: Peer, origin: str, note: bytes, now: int) -> None:
        line = self.line
        log = line.state.logs.get(origin)
        if log is None:
            raise VerificationError("a cosignature over a log that we do not know")
        for by, key in self._makers(note, COSIGNATURE).items():
            # All but the cosigner's line: if we wrote that ourselves, there is nothing more to verify in it.
            ours = line.wrote(origin, note[: note.rfind(b"\n", 0, -1) + 1])
            checkpoint, seconds = open_cosignature(note, None if ours else log.log_key, key)
            if checkpoint.origin != origin:
                raise VerificationError("a cosignature over another log than its packet says")
            if checkpoint.size > log.size:
                self.line.forks.ahead_of_us(log, checkpoint.size, note, now)
                continue
            self.line.forks.compare(log, checkpoint, note, peer, now)
            if log.root_at(checkpoint.size) != checkpoint.root:
                line.counters["receipt over an unknown head"] += 1
                continue
            before = log.receipted.get(by, 0)
            if checkpoint.size <= before:
                continue
            line.write(PutReceipt(origin, checkpoint.size, by, seconds, note))
            if by in line.peers:
                line.peers[by].holds(origin, checkpoint.size, now)
            if log.put.mine:
                line.event(
                    "delivered", by, origin=origin, start=before, stop=checkpoint.size, at=seconds * 1000
                )

    def _claimed(self, peer: Peer, now: int) -> None:
        """A member says that it holds more of our log, without proof yet: say what we have, and wait for it.

        A claim alone must not close our log, or any member could; so we wait briefly, and seldom.
        """
        limits = self.line.limits
        peer.owe_have = True
        if peer.claimed is None or now - peer.claimed > limits.claim_interval:
            peer.claimed = now
            self.line.await_proof(now + limits.claim_wait)

    def _item(self, note: bytes) -> None:
        line = self.line
        for by, key in self._makers(note, NOTE).items():
            item = open_item(note, key)
            place = line.state.where.get(item.entry_id)
            if place is None or by in line.state.items.get(item.entry_id, ()):
                continue
            named = line.state.logs.get(item.origin)
            if named is None or named.party != line.state.logs[place[0]].party:
                raise VerificationError("an item receipt for an entry of another log")
            line.write(PutItem(item.entry_id, item.origin, by, item.arrival, note))
            if line.state.logs[place[0]].put.mine:
                line.event(
                    "delivered",
                    by,
                    item.entry_id,
                    origin=place[0],
                    start=place[1],
                    stop=place[1] + 1,
                    at=item.arrival,
                )

    def _have(self, party: str, peer: Peer, doc: dict[str, Any], now: int) -> None:
        line, state = self.line, self.line.state
        peer.told(doc, line.me, now)
        for origin, size in doc["logs"].items():
            log = state.logs.get(origin)
            if log is not None and log is state.own_log() and size > log.size:
                self._claimed(peer, now)
        for origin in state.sequence.get(line.me, ()):
            log = state.logs[origin]
            if log.receipted.get(party, 0) < log.head_below(int(doc["logs"].get(origin, 0))):
                peer.owe_heads.add(origin)  # it holds what it never receipted
        peer.owe_receipts.update(o for o, log in state.logs.items() if log.cosigned is not None)
        self._ahead(party, peer, now)
        own = [
            e
            for e in doc.get("unopened", ())
            if state.where.get(e, ("", 0))[0] in state.sequence.get(line.me, ())
        ]
        peer.owe_again.extend(e for e in own[:64] if e not in peer.owe_again)
        if doc.get("ask"):
            peer.owe_have = True

    def _ahead(self, party: str, peer: Peer, now: int) -> None:
        """What goes ahead of a backlog: urgent entries; to a member that holds its reading the floor, too."""
        line, log = self.line, self.line.state.own_log()
        if log is None:
            return
        start, ahead = peer.sent.get(log.origin, 0), list[int]()
        if log.size - start > line.limits.batch_leaves or now < peer.hold:
            ahead = line.urgent_waiting(party)
        if now < peer.hold:
            open_kinds = floor(line.state.terms_now().charter) - CERTIFYING
            ahead += [index for index in range(start, log.size) if log.kinds[index] in open_kinds]
        owed = set(peer.owe_early)
        queued = dict.fromkeys(log.ids[index] for index in ahead[: line.limits.early_per_peer])
        peer.owe_early.extend(e for e in queued if e not in owed)

    def _early(self, peer: Peer, section: Section, index: int, raw: bytes, now: int) -> None:
        """A statement ahead of its place: checked alone, kept, receipted (protocol §8)."""
        line, state = self.line, self.line.state
        log = state.logs.get(section.origin)
        if log is None:
            raise VerificationError("a statement of a log that we do not know")
        parsed = decode_leaf(raw)
        if parsed.leaf.placement.log != log.origin or parsed.leaf.placement.index != index:
            raise VerificationError("a statement that names another place")
        if parsed.leaf.statement.kind in CERTIFYING:
            raise VerificationError("a credential counts at its place in the log, not ahead of it")
        held = state.early.get(parsed.id)
        if held is not None:
            self._owe_item(peer, log, parsed.id, held.arrived)
            return
        if index < log.size or parsed.id in state.where or line.stopped or line.own is None:
            return
        if sum(1 for e in state.early.values() if e.origin == log.origin) >= line.limits.early_per_peer:
            raise VerificationError("too many statements ahead of their place")
        on_floor = self.quotas.on_floor(raw)
        if line.scarce and not on_floor:
            raise VerificationError("the disk is nearly full: only floor kinds are read")
        if parsed.leaf.statement.precedence == "flash" and not on_floor and self.quotas.floods(peer, now):
            raise VerificationError("more flash entries in this hour than the charter allows")
        part = section.bodies.get(parsed.id)
        body, opened = open_body(parsed.leaf.statement, part)
        labels = state.judge(log, index, parsed, body, opened)
        if NOT_EARLY & set(labels):
            raise VerificationError(f"a statement ahead of its place: {', '.join(labels)}")
        if part is not None and parsed.leaf.statement.body is not None:
            line.write(PutBody(parsed.id, part.seed, part.raw), body=body)
        line.write(PutEarly(log.origin, index, parsed.id, raw, now, labels))
        self._owe_item(peer, log, parsed.id, now)
        statement = parsed.leaf.statement
        self.quotas.count_flash(log.party, statement.precedence, now)
        line.event(
            "entry",
            log.party,
            parsed.id,
            kind=statement.kind,
            precedence=statement.precedence,
            mark=statement.mark,
            labels=list(labels),
            re=list(statement.re),
            early=True,
        )

    def _owe_item(self, peer: Peer, log: LogState, entry_id: str, arrived: int) -> None:
        own = self.line.own
        if own is None or entry_id in peer.owe_items:
            return
        note = make_item(log.origin, entry_id, arrived, own.receipt_name, own.receipt)
        if self.line.me not in self.line.state.items.get(entry_id, ()):
            self.line.write(PutItem(entry_id, log.origin, self.line.me, arrived, note))
        peer.owe_items[entry_id] = note


def _read(log: LogState, leaf: LeafPart) -> ParsedLeaf | None:
    """A leaf as read; None if it does not parse, or names another place."""
    try:
        parsed = decode_leaf(leaf.raw)
    except MalformedError:
        return None
    placement = parsed.leaf.placement
    return parsed if (placement.log, placement.index) == (log.origin, leaf.index) else None
