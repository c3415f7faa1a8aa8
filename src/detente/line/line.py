# SPDX-License-Identifier: Apache-2.0
"""One party's side of one channel: what comes in, what must go out (protocol §3 to §8).

House rules of this file:

* Nothing is signed for others, and nothing is handed out, before its writes are durable: every method
  leaves its writes in ``take()``, and ``poll`` refuses to work until ``committed()`` says that they are on
  disk.
* A line that may be a copy or an old backup (``stopped``) keeps what it receives and signs nothing.
* A bad packet is counted and changes nothing.
"""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from detente.errors import FatalError, MalformedError, RefusedError, VerificationError
from detente.line.accept import Inbox
from detente.line.events import Event
from detente.line.forks import Forks
from detente.line.labels import PREVENTED
from detente.line.limits import LIMITS, Limits
from detente.line.logs import LogState
from detente.line.mandates import MACHINES, Spread, in_turn
from detente.line.past import Past
from detente.line.peers import Peer
from detente.line.rules import RULE_KINDS, Rule, floor
from detente.line.send import Outbox, ReadHead, ReadLeaves
from detente.line.signed import Signed
from detente.line.state import CERTIFYING, URGENT, State
from detente.line.states import (
    ATTACHED,
    BARRED,
    CLAIM,
    LINE,
    OPENED,
    OVER,
    PROOF,
    STOPPED,
    SUCCEEDED,
    WAITING,
)
from detente.line.vouching import repeated
from detente.line.writes import (
    DropEarly,
    PutBody,
    PutEpoch,
    PutHead,
    PutLabels,
    PutLeaf,
    PutLog,
    PutMember,
    Write,
)
from detente.log import merkle
from detente.log.checkpoint import Checkpoint, pq_line, sign_checkpoint
from detente.seal import canonical
from detente.seal import statement as statements
from detente.seal.commit import commitment
from detente.seal.epoch import make_grant
from detente.seal.keys import KemKey, PqKey, SigningKey
from detente.seal.statement import ParsedLeaf

HEADS_KNOWN = 256
# One head's leaves and bodies fit into one packet, with the heads of its parts and the head itself.
MAX_BATCH = 3 << 20
PART_HEADS = 128


@dataclass(frozen=True)
class OwnLog:
    """The private side of one of our logs, with its root-signed certificate."""

    origin: str
    log: SigningKey
    pq: PqKey
    receipt_name: str
    receipt: SigningKey
    certificate: dict[str, Any]


@dataclass(frozen=True)
class OwnKeys:
    """Our service keys for statements and epochs."""

    node: SigningKey
    watch: SigningKey
    kem: KemKey


class Line:
    """See the module. Times are milliseconds of this party's clock, given by the caller."""

    def __init__(
        self, channel: str, me: str, keys: OwnKeys, limits: Limits = LIMITS, past: Past | None = None
    ) -> None:
        self.channel = channel
        self.me = me
        self.keys = keys
        self.limits = limits
        self.state = State(channel, me, past)
        self.own: OwnLog | None = None
        self.peers: dict[str, Peer] = {}
        # One of the states of the table LINE, and why it is stopped or until when it waits.
        self.phase = LINE.start
        self._why = ""
        self._waiting_until = 0
        # Set by the node while its disk is nearly full: only floor kinds are read.
        self.scarce = False
        # How the signatures of a batch are checked; a node with more than one core sets its own.
        self.spread: Spread = in_turn
        self.counters: Counter[str] = Counter()
        self.last_pq: tuple[int, int] = (0, 0)
        self.forks = Forks(self)
        self._inbox = Inbox(self)
        self._outbox = Outbox(self)
        self._writes: list[Write] = []
        self._events: list[Event] = []
        self._uncommitted = False
        # Notes of the heads that we signed last: our own line need not be verified when it comes back.
        self._heads: dict[bytes, None] = {}

    # -- durable change ------------------------------------------------------------------------

    def load(self, write: Write) -> None:
        """Take back what the store holds, in its order, before anything else."""
        self.state.apply(write)
        if isinstance(write, PutMember) and write.party != self.me:
            self.peers.setdefault(write.party, Peer(write.party))

    @property
    def stopped(self) -> str | None:
        """Why this line signs nothing in our log, or None while it may."""
        return self._why if self.phase == STOPPED else None

    def attach(self, own: OwnLog | None, barred: str | None = None) -> None:
        """The private side of our newest log, after loading. ``barred``: why the node knows that it must not
        sign in it."""
        log = self.state.own_log()
        self.own = own
        if own is not None:
            self.phase = LINE.step(self.phase, ATTACHED)
        if barred:
            self.phase, self._why = LINE.step(self.phase, BARRED), barred
        elif log is not None and self.forks.against(log.origin):
            self.phase = LINE.step(self.phase, PROOF)
            self._why = "there is proof that more was signed in our log: it was restored or copied"

    def write(
        self, write: Write, parsed: ParsedLeaf | None = None, body: dict[str, Any] | None = None
    ) -> None:
        """Apply a change and leave it to be committed."""
        self.state.apply(write, parsed, body)
        self._writes.append(write)
        self._uncommitted = True
        if isinstance(write, PutMember) and write.party != self.me:
            self.peers.setdefault(write.party, Peer(write.party))

    def stop(self, reason: str) -> None:
        """Sign nothing in our log from now on, and say why, once."""
        if LINE.allows(self.phase, PROOF):
            self.phase, self._why = LINE.step(self.phase, PROOF), reason
            self.event("stopped", self.me, reason=reason)

    def await_proof(self, until: int) -> None:
        """A member claims to hold more of our log than we do: place nothing until it could prove that."""
        if LINE.allows(self.phase, CLAIM):
            self.phase, self._waiting_until = LINE.step(self.phase, CLAIM), until

    def event(self, name: str, party: str, entry_id: str = "", **detail: Any) -> None:
        """Tell the node, after the commit."""
        self._events.append(Event(name, party, entry_id, detail))

    def take(self) -> list[Write]:
        """The writes of this step, for one commit. Until ``committed`` nothing is handed out."""
        writes, self._writes = self._writes, []
        return writes

    def committed(self) -> list[Event]:
        """The writes are durable: what the node may now tell."""
        if self._writes:
            raise FatalError("a step was called committed before its writes were taken")
        self._uncommitted = False
        events, self._events = self._events, []
        return events

    # -- our own log ---------------------------------------------------------------------------

    def open_log(
        self,
        own: OwnLog,
        card: dict[str, Any],
        mandates: Sequence[dict[str, Any]],
        secret: bytes,
        members: Mapping[str, dict[str, Any]],
        now: int,
        succession: dict[str, Any] | None = None,
    ) -> None:
        """Begin our log, or after a loss the next one (protocol §5). ``members``: fingerprint to card
        credential.

        Raises RefusedError if the log's certificate was used in this channel before.
        """
        if own.origin in self.state.logs:
            raise RefusedError("this prepared log is in use already")
        for party, credential in members.items():
            if party not in self.state.members:
                self.write(PutMember(party, credential))
        old = self.state.own_log()
        doc = own.certificate["doc"]
        base = old.put.base + int(succession["doc"]["old"]["size"]) if old is not None and succession else 0
        seq = len(self.state.sequence.get(self.me, ()))
        put = PutLog(own.origin, self.me, seq, base, doc["log"], doc["receipt"], doc["pq"], True)
        self.write(put)
        self.forks.vouched_anew(put)
        self.own = own
        self.phase = LINE.step(self.phase, OPENED if succession is None else SUCCEEDED)
        placed = [
            self._machine("genesis", {"card": card, "log": own.certificate, "suite": "detente/1"}, now, 0)
        ]
        if succession is not None:
            placed.append(self._machine("succession", {"succession": succession}, now, 1))
        for mandate in mandates:
            placed.append(self._machine("credential", {"credential": mandate}, now, len(placed)))
        placed.append(self._grant(secret, now, len(placed)))
        self._append(placed, now)

    def listen(self, secret: bytes, members: Mapping[str, dict[str, Any]]) -> None:
        """In a home that lost its newest state, before any log of ours is known: receive under our own key.

        A member gives back what we had here (protocol §5). ``members`` as in ``open_log``.
        """
        for party, credential in members.items():
            self.write(PutMember(party, credential))
        kems = {party: card.keys.kem for party, card in self.state.members.items() if party != self.me}
        _, blobs = make_grant(secret, 1, self.channel, self.me, kems)
        self.write(PutEpoch(self.me, 1, secret, blobs))

    def heard_whole(self) -> bool:
        """Whether we hold all that the other members said they have."""
        return bool(self.peers) and not self.unheard()

    def unheard(self) -> list[str]:
        """The members that did not say what they have, or of which something is still to come."""
        logs = self.state.logs
        return [
            party
            for party, peer in self.peers.items()
            if peer.have is None or any(o not in logs or logs[o].size < n for o, n in peer.have.items())
        ]

    def place(self, entries: Sequence[Signed], now: int) -> list[str]:
        """Place signed statements, one signed head for all; returns their ids in order.

        A statement that already stands is not placed twice. Raises RefusedError, and places none, where one
        of them would get a label that our node prevents (protocol §6), or is not what it claims.
        """
        log = self._writable()
        # A clock that was put back must not make the wait longer.
        if self.phase == WAITING:
            if 0 < self._waiting_until - now <= self.limits.claim_wait:
                raise RefusedError(
                    "a member says that it holds more of our log than we do: wait for its proof, then repeat"
                )
            self.phase = LINE.step(self.phase, OVER)
        leaves = self._leaves(log, entries, now)
        self.state.check_ahead(log, (leaf for _, leaf in leaves), self.spread)
        placed: list[tuple[Signed, ParsedLeaf, dict[str, Any] | None]] = []
        ruled = list[Rule]()
        for index, (entry, leaf) in enumerate(leaves, log.size):
            body = self._checked(log, index, entry, leaf, ruled, leaves[0][1].leaf.placement.seen)
            placed.append((entry, leaf, body))
            if body is not None and leaf.leaf.statement.kind in RULE_KINDS:
                ruled.append(self.state.rule_of(log, index, leaf, body))
        if placed:
            self._append(placed, now)
        return [entry.id for entry in entries]

    def _leaves(self, log: LogState, entries: Sequence[Signed], now: int) -> list[tuple[Signed, ParsedLeaf]]:
        """The leaves of a batch, of those that do not stand already. Raises RefusedError for too many."""
        leaves: list[tuple[Signed, ParsedLeaf]] = []
        new: set[str] = set()
        size = 0
        self.state.look_up([entry.id for entry in entries])
        for entry in entries:
            if repeated(self.state, log, log.size, entry.id) or entry.id in new:
                continue
            new.add(entry.id)
            leaf = self._leaf(entry, log.size + len(leaves), now, first=not leaves)
            size += len(leaf.raw) + len(entry.body or b"") + PART_HEADS
            if size > MAX_BATCH:
                raise RefusedError("too much for one signed head: place it in parts")
            leaves.append((entry, leaf))
        return leaves

    def machine(
        self,
        kind: str,
        data: dict[str, Any],
        now: int,
        *,
        re: Sequence[str] = (),
        office: str = "node",
        precedence: str = "routine",
        mark: str = "real",
    ) -> str:
        """Place a statement of a machine office; returns its id. Raises RefusedError when stopped."""
        log = self._writable()
        placed = self._machine(
            kind, data, now, log.size, re=re, office=office, precedence=precedence, mark=mark
        )
        self._append([placed], now)
        return placed[1].id

    def grant(self, secret: bytes, now: int) -> None:
        """Open our next epoch with a fresh 64-byte key."""
        self._append([self._grant(secret, now, self._writable().size)], now)

    def sign_pq(self, now: int) -> None:
        """Put an ML-DSA-44 line on our head, where it has moved since the last one (protocol §5)."""
        log = self.state.own_log()
        if self.own is None or self.stopped or log is None or log.size in (0, self.last_pq[0]):
            return
        if self.own.origin != log.origin:
            return
        root = log.root_at(log.size)
        if root is None:
            return
        checkpoint = Checkpoint(self.own.origin, log.size, root)
        note = sign_checkpoint(checkpoint, self.own.log) + pq_line(checkpoint, self.own.origin, self.own.pq)
        self.write(PutHead(log.origin, log.size, root, note, log.size, True))
        self.last_pq = (log.size, now)

    def _writable(self) -> LogState:
        log = self.state.own_log()
        if self.stopped:
            raise RefusedError(f"this node does not sign in this log: {self.stopped}")
        if log is None or self.own is None or self.own.origin != log.origin:
            raise RefusedError("this channel has no log of ours with its keys at hand")
        return log

    def _checked(
        self,
        log: LogState,
        index: int,
        entry: Signed,
        leaf: ParsedLeaf,
        ruled: Sequence[Rule],
        seen: Mapping[str, tuple[int, str]],
    ) -> dict[str, Any] | None:
        statement = leaf.leaf.statement
        if statement.kind in CERTIFYING:  # judging one would put its credential in force
            raise RefusedError(f"{statement.kind} by {statement.office}: no mandate")
        body = statement.data
        if statement.body is not None:
            if entry.body is None or entry.seed is None:
                raise RefusedError("the statement has a body, and it is not here")
            body = canonical.decode(entry.body, limit=1 << 20)
            root = canonical.b64(commitment(body, entry.seed))
            if root != statement.body.root or len(entry.body) != statement.body.size:
                raise RefusedError("the body is not the one that was signed")
        labels = self.state.judge(log, index, leaf, body, True, ruled, seen)
        bad = [label for label in labels if label in PREVENTED]
        if bad:
            raise RefusedError(f"{statement.kind} by {statement.office}: {', '.join(bad)}")
        return body

    def _leaf(self, entry: Signed, index: int, now: int, *, first: bool) -> ParsedLeaf:
        assert self.own is not None
        seen = self._seen() if first else {}
        placement = {"log": self.own.origin, "index": index, "time": now, "seen": seen}
        return statements.build_leaf(placement, list(entry.signatures), entry.statement, entry.raw)

    def _seen(self) -> dict[str, list[Any]]:
        """Logs that grew since we last cited them, at the newest head that their author signed."""
        seen: dict[str, list[Any]] = {}
        own = self.state.own_log()
        for log in self.state.logs.values():
            cited = 0 if own is None else own.saw(own.size, log.origin)
            if log.party != self.me and log.head_sizes and log.head_sizes[-1] > cited:
                seen[log.origin] = [log.head_sizes[-1], canonical.b64(log.head_roots[-1])]
        return seen

    def _machine(
        self,
        kind: str,
        data: dict[str, Any],
        now: int,
        index: int,
        *,
        re: Sequence[str] = (),
        office: str = "node",
        precedence: str = "routine",
        mark: str = "real",
    ) -> tuple[Signed, ParsedLeaf, dict[str, Any] | None]:
        assert self.own is not None
        key = self.keys.watch if office == "watch" else self.keys.node
        # A salt that only we can compute keeps the leaf's hash from being guessed; the place makes it new.
        salt = hmac.digest(key.seed, f"detente/salt/v1\n{self.own.origin}\n{index}".encode(), "sha256")[:16]
        statement = statements.make(
            channel=self.channel,
            party=self.me,
            office=office,
            kind=kind,
            released=now,
            data=data,
            salt=salt,
            re=list(re),
            precedence=precedence,
            mark=mark,
        )
        entry = Signed(statement, (statements.sign(key, statement),))
        leaf = self._leaf(entry, index, now, first=True)
        return entry, leaf, data

    def _grant(self, secret: bytes, now: int, index: int) -> tuple[Signed, ParsedLeaf, dict[str, Any] | None]:
        epoch = self.state.epoch_of(self.me) + 1
        kems = {party: card.keys.kem for party, card in self.state.members.items() if party != self.me}
        data, blobs = make_grant(secret, epoch, self.channel, self.me, kems)
        self.write(PutEpoch(self.me, epoch, secret, blobs))
        return self._machine("epoch.grant", data, now, index)

    def _append(self, placed: Sequence[tuple[Signed, ParsedLeaf, dict[str, Any] | None]], now: int) -> None:
        """One batch: its leaves, bodies and one signed head."""
        log = self._writable()
        assert self.own is not None
        previous = log.size
        for offset, (entry, leaf, body) in enumerate(placed):
            labels: tuple[str, ...] = ()
            # What people say was judged before it was taken; the machine's word gets the label it deserves.
            if leaf.leaf.statement.emergency or leaf.leaf.statement.office in MACHINES:
                labels = self.state.judge(log, log.size, leaf, body, opened=True)
            if entry.body is not None and entry.seed is not None:
                self.write(PutBody(leaf.id, entry.seed, entry.body), body=body)
            put = PutLeaf(
                log.origin, previous + offset, leaf.raw, merkle.leaf_hash(leaf.raw), leaf.id, now, labels
            )
            self.write(put, leaf, body)
            self._overtake(log, leaf, now)
            self.after_entry(log, leaf, body, labels)
        root = log.frontier.root()
        note = sign_checkpoint(Checkpoint(self.own.origin, log.size, root), self.own.log)
        self.write(PutHead(log.origin, log.size, root, note, previous, True))
        self._heads[note] = None
        if len(self._heads) > HEADS_KNOWN:
            del self._heads[next(iter(self._heads))]

    def wrote(self, origin: str, note: bytes) -> bool:
        """Whether ``note`` is, to the byte, a head of that log which this line signed since it started."""
        return note in self._heads and note.startswith(f"{origin}\n".encode())

    def _overtake(self, log: LogState, leaf: ParsedLeaf, now: int) -> None:
        """Urgent statements go ahead where something else is queued before them, or a member reads nothing
        else for a while (DESIGN §4, out of order); then the floor does, too."""
        statement = leaf.leaf.statement
        for peer in self.peers.values():
            sent = peer.sent.get(log.origin, 0)
            queued = (
                peer.have is None
                or sent < leaf.leaf.placement.index
                or peer.flight_leaves > self.limits.batch_leaves
                or now < peer.hold
            )
            held = now < peer.hold and statement.kind in floor(self.state.terms_now().charter)
            if queued and (statement.precedence in URGENT or held):
                peer.owe_early.append(leaf.id)

    def after_entry(
        self, log: LogState, leaf: ParsedLeaf, body: dict[str, Any] | None, labels: tuple[str, ...]
    ) -> None:
        """What an entry, ours or theirs, sets going once it stands."""
        statement = leaf.leaf.statement
        self.event(
            "entry",
            log.party,
            leaf.id,
            kind=statement.kind,
            precedence=statement.precedence,
            mark=statement.mark,
            labels=list(labels),
            re=list(statement.re),
        )
        if statement.kind in RULE_KINDS:
            self.relabel(log, leaf.leaf.placement.index)
        if leaf.id in self.state.early:
            self.write(DropEarly(leaf.id))
        if statement.kind == "refusal" and log.party != self.me:
            self._reseal(statement.data or {}, log.party)

    def relabel(self, log: LogState, index: int) -> None:
        """A rule entry may have come to stand at that place: entries that crossed it get the label."""
        added = self.state.rules.rules[-1:]
        if added and (added[0].origin, added[0].index) == (log.origin, index):
            for entry_id, labels in self.state.relabelled(added[0]):
                self.label(entry_id, labels)

    def recite(self) -> None:
        """A log of ours was given back: who cited what we had lost cited well."""
        for entry_id, labels in self.state.recited():
            self.label(entry_id, labels)

    def label(self, entry_id: str, labels: tuple[str, ...]) -> None:
        """An entry that stands gets other labels; told with the party whose entry it is."""
        author = self.state.logs[self.state.where[entry_id][0]].party
        self.write(PutLabels(entry_id, labels))
        self.event("labels", author, entry_id, labels=list(labels))

    def _reseal(self, data: dict[str, Any], party: str) -> None:
        """A member could not open bodies of ours: a new epoch, and the bodies once more."""
        own = self.state.logs.get(str(data.get("log")))
        if own is None or not own.put.mine or data.get("reason") != "unopened":
            return
        peer = self.peers.get(party)
        entries = data.get("entries")
        if peer is not None and isinstance(entries, list):
            owed = set(peer.owe_again)
            ours = {str(e): None for e in entries[:256] if self.state.stands(str(e), self.me)}
            peer.owe_again.extend(e for e in ours if e not in owed)
            if ours:
                self.event("epoch wanted", party)

    # -- peers ---------------------------------------------------------------------------------

    def connected(self, party: str) -> None:
        """A path to a member is up."""
        if party in self.peers:
            self.peers[party].reset(True)
            self.peers[party].owe_proofs.update(self.state.kept)

    def disconnected(self, party: str) -> None:
        """The last path to a member is gone."""
        if party in self.peers:
            self.peers[party].reset(False)

    def receive(self, party: str, raw: bytes, now: int) -> None:
        """A packet from a member, over whatever path. Never raises for what a peer can cause: it counts."""
        try:
            self._inbox.packet(party, raw, now)
        except (MalformedError, VerificationError) as error:
            self.counters[type(error).__name__] += 1
            self.counters["refused packets"] += 1

    def tick(self, now: int) -> None:
        """Ask a peer that owes us receipts for too long; renew what is old."""
        for peer in self.peers.values():
            waiting = peer.flight_leaves or (peer.connected and peer.have is None)
            # What a member cannot take is offered ever less often.
            patience = self.limits.stall << min(peer.stalls, 6)
            if peer.connected and waiting and not 0 <= now - peer.progress <= patience:
                peer.owe_have, peer.ask, peer.progress = True, True, now
                peer.stalls += 1
        if not 0 <= now - self.last_pq[1] < self.limits.pq_interval:
            self.sign_pq(now)

    def unsent(self) -> int:
        """Entries of ours that some member has not receipted."""
        own = self.state.own_log()
        if own is None or not self.peers:
            return 0
        return sum(max(0, own.size - own.receipted.get(party, 0)) for party in self.peers)

    def urgent_waiting(self, party: str) -> list[int]:
        """Indices of our immediate and flash entries that a member has not receipted."""
        return self.state.urgent.waiting(party)

    def poll(self, party: str, now: int, room: int, leaves: ReadLeaves, head: ReadHead) -> list[bytes]:
        """Packets for a member, of committed things only, up to ``room`` bytes or one packet.

        Raises FatalError if a step is not committed yet.
        """
        if self._uncommitted:
            raise FatalError("nothing is handed out before its writes are durable")
        return self._outbox.poll(party, now, room, leaves, head)
