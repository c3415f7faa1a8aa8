# SPDX-License-Identifier: Apache-2.0
"""Parties in memory: real lines, a store that can be cut off, and a network that is a pair of lists."""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import dataclass, field
from typing import Any

from detente.line.events import Event
from detente.line.limits import LIMITS, Limits
from detente.line.line import Line, OwnKeys, OwnLog
from detente.line.signed import Signed
from detente.line.writes import PutBody, PutEpoch, PutHead, PutLabels, PutLeaf, PutLog, PutMember, Write
from detente.seal import canonical, credential
from detente.seal import statement as statements
from detente.seal.keys import KemKey, PqKey, SigningKey
from detente.seal.vkey import COSIGNATURE, NOTE, PQ_COSIGNATURE, VerifierKey
from detente.words.charter import charter_body

CHANNEL = "00112233445566778899aabbccddeeff"
T0 = 1_644_829_200_000


def seed(*names: object) -> bytes:
    return hashlib.sha256("/".join(map(str, names)).encode()).digest()


@dataclass
class Party:
    """Keys and credentials of one party, all derived from its name."""

    name: str
    kinds: tuple[str, ...] = ("*",)
    k: int = 1
    logs: int = 0
    root: SigningKey = field(init=False)

    def __post_init__(self) -> None:
        self.root = SigningKey.from_seed(seed(self.name, "root"))
        self.fpr = hashlib.sha256(self.root.public).hexdigest()
        kem_seed = seed(self.name, "kem") + seed(self.name, "kem2")
        self.kem = KemKey.from_seeds(kem_seed, seed(self.name, "x"))
        self.node = SigningKey.from_seed(seed(self.name, "node"))
        self.watch = SigningKey.from_seed(seed(self.name, "watch"))
        self.http = SigningKey.from_seed(seed(self.name, "http"))
        self.offices = {o: SigningKey.from_seed(seed(self.name, o)) for o in ("duty", "desk")}
        self.card = self.certify(
            type="card",
            id=self.name,
            name=self.name,
            lang="en",
            root=canonical.b64(self.root.public),
            serial=1,
            endpoints=[],
            tls=None,
            keys={n: canonical.b64(getattr(self, n).public) for n in ("node", "watch", "http", "kem")},
        )
        self.mandates = [self.mandate("duty", 1, ["duty"]), self.mandate("desk", self.k, ["duty", "desk"])]

    def mandate(self, office: str, k: int, of: list[str], **more: Any) -> dict[str, Any]:
        doc = {
            "type": "mandate",
            "office": office,
            "title": office,
            "key": canonical.b64(self.offices[office].public),
            "kinds": list(self.kinds),
            "precedence": "flash",
            "signers": {"k": k, "of": of},
            "emergency": False,
            "from": T0 - 1000,
            "to": None,
            "serial": 1,
        }
        return self.certify(**(doc | more))

    def certify(self, **doc: Any) -> dict[str, Any]:
        return credential.sign(self.root, {"party": self.fpr, "issued": T0 - 1000} | doc)

    def own_log(self) -> OwnLog:
        n, self.logs = self.logs, self.logs + 1
        origin = f"detente.log/{seed(self.name, 'log', n).hex()[:32]}"
        name = f"detente.receipt/{seed(self.name, 'receipt', n).hex()[:32]}"
        log = SigningKey.from_seed(seed(self.name, "logkey", n))
        receipt = SigningKey.from_seed(seed(self.name, "receiptkey", n))
        pq = PqKey.from_seed(seed(self.name, "pq", n))
        certificate = self.certify(
            type="log",
            origin=origin,
            log=str(VerifierKey.make(origin, NOTE, log.public)),
            pq=str(VerifierKey.make(origin, PQ_COSIGNATURE, pq.public)),
            receipt=str(VerifierKey.make(name, COSIGNATURE, receipt.public)),
        )
        return OwnLog(origin, log, pq, name, receipt, certificate)

    def keys(self) -> OwnKeys:
        return OwnKeys(self.node, self.watch, self.kem)


class Memory:
    """What a store does, in memory: applied writes are durable, the rest is lost with the node."""

    def __init__(self) -> None:
        self.writes: list[Write] = []
        self.rows: dict[str, list[bytes]] = {}
        self.ids: dict[str, list[str]] = {}
        self.bodies: dict[str, tuple[bytes, bytes]] = {}
        self.heads: dict[tuple[str, int], bytes] = {}

    def commit(self, writes: list[Write]) -> None:
        for write in writes:
            self.writes.append(write)
            if isinstance(write, PutLeaf):
                self.rows.setdefault(write.origin, []).append(write.raw)
                self.ids.setdefault(write.origin, []).append(write.entry_id)
                assert len(self.rows[write.origin]) == write.index + 1
            elif isinstance(write, PutBody):
                self.bodies[write.entry_id] = (write.seed, write.raw)
            elif isinstance(write, PutHead):
                self.heads[write.origin, write.size] = write.note

    def leaves(self, origin: str, start: int, stop: int) -> list[tuple[bytes, tuple[bytes, bytes] | None]]:
        rows = zip(self.rows[origin][start:stop], self.ids[origin][start:stop], strict=True)
        return [(raw, self.bodies.get(entry_id)) for raw, entry_id in rows]

    def head(self, origin: str, size: int) -> bytes:
        return self.heads[origin, size]

    def labels(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for write in self.writes:
            if isinstance(write, PutLeaf | PutLabels):
                found[write.entry_id] = write.labels
        return found


class Node:
    """A party's line with its store; ``now`` is its clock."""

    def __init__(self, party: Party, others: list[Party], limits: Limits = LIMITS) -> None:
        self.party, self.others, self.limits = party, others, limits
        self.store = Memory()
        self.now = T0
        self.events: list[Event] = []
        self.own = party.own_log()
        self.line = self.new_line()
        members = {p.fpr: p.card for p in [party, *others]}
        self.line.open_log(
            self.own, party.card, party.mandates, seed(party.name, "epoch") * 2, members, self.now
        )
        self.commit()

    def new_line(self) -> Line:
        return Line(CHANNEL, self.party.fpr, self.party.keys(), self.limits)

    def commit(self) -> None:
        self.store.commit(self.line.take())
        self.events += self.line.committed()

    def crash(self) -> None:
        """Lose everything that was not committed, and start again from the store."""
        self.line = self.new_line()
        for write in self.store.writes:
            self.line.load(write)
        self.line.attach(self.own)

    def say(
        self,
        kind: str,
        body: dict[str, Any],
        *,
        office: str = "duty",
        signers: tuple[str, ...] = (),
        **more: Any,
    ) -> str:
        signed = self.signed(kind, body, office=office, signers=signers, **more)
        self.line.place([signed], self.now)
        self.commit()
        return signed.id

    def signed(
        self,
        kind: str,
        body: dict[str, Any],
        *,
        office: str = "duty",
        signers: tuple[str, ...] = (),
        **more: Any,
    ) -> Signed:
        salt = seed(self.party.name, kind, self.now, next(COUNT))
        statement = statements.make(
            channel=CHANNEL,
            party=self.party.fpr,
            office=office,
            kind=kind,
            released=self.now,
            body=body,
            seed=salt,
            **more,
        )
        keys = [self.party.offices[o] for o in (signers or (office,))]
        return Signed(
            statement, tuple(statements.sign(k, statement) for k in keys), canonical.encode(body), salt
        )

    def poll(self, to: Node, room: int = 1 << 20) -> list[bytes]:
        return self.line.poll(to.party.fpr, self.now, room, self.store.leaves, self.store.head)

    def receive(self, sender: Node, raw: bytes) -> None:
        self.line.receive(sender.party.fpr, raw, self.now)
        self.commit()

    def size_of(self, node: Node) -> int:
        log = self.line.state.current(node.party.fpr)
        return log.size if log is not None else 0


COUNT = itertools.count()


def connect(a: Node, b: Node) -> None:
    a.line.connected(b.party.fpr)
    b.line.connected(a.party.fpr)


def cut(a: Node, b: Node) -> None:
    a.line.disconnected(b.party.fpr)
    b.line.disconnected(a.party.fpr)


def run(a: Node, b: Node, rounds: int = 200) -> int:
    """Exchange until both are silent; returns how many packets went."""
    count = 0
    for _ in range(rounds):
        there, back = a.poll(b), b.poll(a)
        if not there and not back:
            return count
        for raw in there:
            b.receive(a, raw)
        for raw in back:
            a.receive(b, raw)
        count += len(there) + len(back)
    raise AssertionError("the line does not come to rest")


def pair(limits: Limits = LIMITS, **party: Any) -> tuple[Node, Node]:
    """Two connected nodes without a charter."""
    one, two = Party("BY", **party), Party("UA", **party)
    a, b = Node(one, [two], limits), Node(two, [one], limits)
    connect(a, b)
    run(a, b)
    return a, b


def chartered(
    limits: Limits = LIMITS, charter: dict[str, Any] | None = None, **party: Any
) -> tuple[Node, Node, str]:
    """Two nodes with a charter in force; its id."""
    a, b = pair(limits, **party)
    members = [{"fingerprint": n.party.fpr, "id": n.party.name, "name": n.party.name} for n in (a, b)]
    charter_id = a.say("charter", charter_body(members, **(charter or {})))
    run(a, b)
    b.say("assent", {}, re=[charter_id])
    run(a, b)
    return a, b, charter_id


__all__ = [
    "CHANNEL",
    "T0",
    "Memory",
    "Node",
    "Party",
    "PutEpoch",
    "PutLog",
    "PutMember",
    "chartered",
    "connect",
    "cut",
    "pair",
    "run",
    "seed",
]
