# SPDX-License-Identifier: Apache-2.0
"""Small channels built from seal and log alone, and entries as values."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from detente.log import merkle
from detente.log.checkpoint import Checkpoint, cosign, pq_line, sign_checkpoint
from detente.log.receipt import make_item
from detente.record.bundle import BundleLog, build
from detente.record.entry import Entry
from detente.seal import credential, keys
from detente.seal import statement as statements
from detente.seal.canonical import b64
from detente.seal.keys import KemKey, PqKey, SigningKey
from detente.seal.vkey import COSIGNATURE, NOTE, PQ_COSIGNATURE, VerifierKey

CHANNEL = "0f" * 16
START = 1_644_800_000_000  # 14 February 2022


def seed(*parts: object) -> bytes:
    return hashlib.sha256("/".join(map(str, parts)).encode()).digest()


def key(*parts: object) -> SigningKey:
    return SigningKey.from_seed(seed(*parts))


@dataclass
class Party:
    """A party with one log: just enough to place entries and sign heads."""

    id: str
    number: int = 1
    leaves: list[bytes] = field(default_factory=list)
    sealed: dict[str, tuple[dict[str, Any], bytes]] = field(default_factory=dict)
    ids: list[str] = field(default_factory=list)
    receipts: list[bytes] = field(default_factory=list)
    items: list[bytes] = field(default_factory=list)
    clock: int = START

    def __post_init__(self) -> None:
        self.root, self.node = key(self.id, "root"), key(self.id, "node")
        self.log_key, self.receipt_key = (
            key(self.id, "log", self.number),
            key(self.id, "receipt", self.number),
        )
        self.pq_key = PqKey.from_seed(seed(self.id, "pq", self.number))
        self.duty = key(self.id, "duty")
        self.fpr = keys.fingerprint(self.root.public)
        self.origin = "detente.log/" + seed(self.id, "origin", self.number).hex()[:32]
        self.receipt_name = "detente.receipt/" + seed(self.id, "name", self.number).hex()[:32]
        self.log_vkey = VerifierKey.make(self.origin, NOTE, self.log_key.public)
        self.receipt_vkey = VerifierKey.make(self.receipt_name, COSIGNATURE, self.receipt_key.public)
        self.pq_vkey = VerifierKey.make(self.origin, PQ_COSIGNATURE, self.pq_key.public)

    def doc(self, kind: str, **values: Any) -> dict[str, Any]:
        return {"type": kind, "party": self.fpr, "issued": START, **values}

    def card(self) -> dict[str, Any]:
        kem = KemKey.from_seeds(seed(self.id, "m") * 2, seed(self.id, "x"))
        public = {"node": self.node, "watch": key(self.id, "watch"), "http": key(self.id, "http")}
        return self.doc(
            "card",
            id=self.id,
            name=f"Ministry of {self.id}",
            lang="en",
            root=b64(self.root.public),
            serial=1,
            endpoints=[],
            tls=None,
            keys={name: b64(signer.public) for name, signer in public.items()} | {"kem": b64(kem.public)},
        )

    def mandate(self, **changes: Any) -> dict[str, Any]:
        values = {
            "office": "duty", "title": "Duty officer", "key": b64(self.duty.public), "kinds": ["*"],
            "precedence": "flash", "signers": {"k": 1, "of": ["duty"]}, "emergency": False,
            "from": 0, "to": None, "serial": 1,
        }  # fmt: skip
        return self.doc("mandate", **values | changes)

    def signed(self, doc: dict[str, Any]) -> dict[str, Any]:
        return credential.sign(self.root, doc)

    def open(self, *extra: tuple[str, dict[str, Any]], **mandate: Any) -> Party:
        cert = self.doc(
            "log",
            origin=self.origin,
            log=str(self.log_vkey),
            pq=str(self.pq_vkey),
            receipt=str(self.receipt_vkey),
        )
        self.place(
            "genesis", data={"card": self.signed(self.card()), "log": self.signed(cert), "suite": "detente/1"}
        )
        for kind, data in extra:
            self.place(kind, data=data)
        self.place("credential", data={"credential": self.signed(self.mandate(**mandate))})
        return self

    def place(
        self,
        kind: str,
        body: dict[str, Any] | None = None,
        data: dict[str, Any] | None = None,
        *,
        seen: tuple[Party, ...] = (),
        signer: SigningKey | None = None,
        **options: Any,
    ) -> str:
        index = len(self.leaves)
        self.clock += 60_000
        content: dict[str, Any] = {"body": body, "seed": seed(self.id, self.number, index)}
        if data is not None:
            content = {"data": data, "salt": seed(self.id, self.number, index)[:16]}
        office = options.pop("office", "duty" if data is None or kind == "ack" else "node")
        said = statements.make(
            channel=CHANNEL,
            party=self.fpr,
            office=office,
            kind=kind,
            released=self.clock,
            **content,
            **options,
        )
        by = signer or (self.node if office == "node" else self.duty)
        heads = {other.origin: [len(other.leaves), b64(other.tree())] for other in seen}
        placement = {"log": self.origin, "index": index, "time": self.clock, "seen": heads}
        self.leaves.append(statements.encode_leaf(placement, [statements.sign(by, said)], said))
        entry = statements.entry_id(said)
        self.ids.append(entry)
        if body is not None:
            self.sealed[entry] = (body, seed(self.id, self.number, index))
        return entry

    def tree(self, size: int | None = None) -> bytes:
        return merkle.root(merkle.leaf_hash(leaf) for leaf in self.leaves[:size])

    def head(self, size: int | None = None) -> bytes:
        size = len(self.leaves) if size is None else size
        return sign_checkpoint(Checkpoint(self.origin, size, self.tree(size)), self.log_key)

    def cosigned(self, by: Party, size: int | None = None, seconds: int | None = None) -> None:
        at = seconds if seconds is not None else self.clock // 1000 + 5
        self.receipts.append(cosign(self.head(size), by.receipt_name, by.receipt_key, at))

    def item(self, by: Party, entry: str) -> None:
        self.items.append(make_item(self.origin, entry, self.clock + 1234, by.receipt_name, by.receipt_key))

    def bundled(self, *, pq: bool = False) -> BundleLog:
        note = self.head()
        if pq:
            head = Checkpoint(self.origin, len(self.leaves), self.tree())
            note += pq_line(head, self.origin, self.pq_key)
        return BundleLog(
            self.id, self.fpr, self.origin, self.leaves, note, self.receipts, self.items,
            str(self.log_vkey), str(self.receipt_vkey), str(self.pq_vkey),
        )  # fmt: skip


@dataclass
class Channel:
    """Two parties with an exchange behind them, each with the other's receipts after every entry."""

    by: Party
    ua: Party

    def bodies(self) -> dict[str, Any]:
        return self.by.sealed | self.ua.sealed

    def files(self, bodies: dict[str, Any] | None = None) -> dict[str, bytes]:
        credentials = [party.signed(party.card()) for party in (self.by, self.ua)]
        logs = [self.by.bundled(pq=True), self.ua.bundled()]
        return build(logs, self.bodies() if bodies is None else bodies, credentials)


@pytest.fixture
def new_party() -> Callable[..., Party]:
    return Party


@pytest.fixture(scope="session")
def _exchange() -> Channel:
    by, ua = Party("BY").open(), Party("UA").open()
    by.cosigned(ua)
    ua.cosigned(by)
    for number in range(4):
        asked = ua.place("message", {"text": f"question {number}", "lang": "uk"}, seen=(by,))
        ua.cosigned(by)
        body = {"text": f"answer {number}", "lang": "ru", "nested": {"a": [1, {"b": None}], "c": "x"}}
        by.place("message", body, seen=(ua,), re=[asked])
        by.cosigned(ua)
    urgent = by.place("message", {"text": "urgent", "lang": "en"}, precedence="flash")
    by.item(ua, urgent)
    return Channel(by, ua)


@pytest.fixture
def exchange(_exchange: Channel) -> Channel:
    """A fresh copy of the same exchange."""
    return Channel(*(_copy(party) for party in (_exchange.by, _exchange.ua)))


def _copy(party: Party) -> Party:
    twin = Party(party.id, party.number)
    twin.leaves, twin.ids, twin.clock = list(party.leaves), list(party.ids), party.clock
    twin.sealed, twin.receipts, twin.items = dict(party.sealed), list(party.receipts), list(party.items)
    return twin


@pytest.fixture
def entry() -> Callable[..., Entry]:
    """Make an entry as the views see it: ``entry("BY", 3, kind="message", placed=…)``."""

    def make(party: str = "BY", index: int = 0, **values: Any) -> Entry:
        base = Entry(
            id=hashlib.sha256(f"{party}-{index}".encode()).hexdigest(), ref=f"{party}-{index}",
            channel=CHANNEL, party=party, fpr=hashlib.sha256(party.encode()).hexdigest(),
            office="duty", kind="message",
            precedence="routine", mark="real", re=(), to=(), origin=f"detente.log/{party}", index=index,
            released=START, placed=START, seen={}, body={"text": "x"}, body_state="open", labels=(), marks={},
            proven=(None, None), mine=party == "BY", state="kept",
        )  # fmt: skip
        return replace(base, **values)

    return make
