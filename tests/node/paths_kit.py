# SPDX-License-Identifier: Apache-2.0
"""Hosts in memory, with keys, cards and certificates, for the tests of the direct path."""

from __future__ import annotations

import asyncio
import datetime
import hashlib
import ssl
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from detente.node.path_auth import Request, challenge_nonce, sign_request
from detente.node.path_host import PATH
from detente.node.paths import Limits, Paths
from detente.seal.credential import Card, CardKeys
from detente.seal.keys import SigningKey

QUICK = Limits(backoff_first=0.05, close_time=1.0, head_time=0.4, poll=1.0)


@lru_cache(maxsize=8)
def certificate(name: str) -> tuple[bytes, bytes]:
    """Key and self-signed certificate, PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    day = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(day)
        .not_valid_after(day.replace(year=2120))
        .sign(key, SHA256())
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    assert load_pem_private_key(pem, None)
    return pem, built.public_bytes(Encoding.PEM)


def der(pem: bytes) -> bytes:
    return ssl.PEM_cert_to_DER_cert(pem.decode("ascii"))


@dataclass
class Node:
    """A fake host with its keys."""

    name: str
    me: str = ""
    peers: dict[str, Card] = field(default_factory=dict)
    wanted: dict[str, bool] = field(default_factory=dict)
    out: dict[str, deque[bytes]] = field(default_factory=dict)
    got: list[tuple[str, bytes]] = field(default_factory=list)
    log: list[tuple[Any, ...]] = field(default_factory=list)
    on_packet: Callable[[str, bytes], None] | None = None
    paths: Paths | None = None
    url: str = ""

    def __post_init__(self) -> None:
        self.me = hashlib.sha256(self.name.encode()).hexdigest()
        self.http = SigningKey.from_seed(hashlib.sha256(b"http" + self.name.encode()).digest())
        self.tls_key_pem, self.tls_cert_pem = certificate(self.name)

    # Host

    def peer_card(self, fpr: str) -> Card | None:
        return self.peers.get(fpr)

    def connected(self, peer: str, path: str) -> None:
        self.log.append(("connected", peer, path))

    def disconnected(self, peer: str, path: str, error: str | None) -> None:
        self.log.append(("disconnected", peer, path, error))

    def packet(self, peer: str, packet: bytes) -> None:
        self.got.append((peer, packet))
        if self.on_packet is not None:
            self.on_packet(peer, packet)

    def pull(self, peer: str, room: int) -> list[bytes]:
        queue, packets = self.out.get(peer, deque()), []
        while queue and (not packets or sum(map(len, packets)) + len(queue[0]) <= room):
            packets.append(queue.popleft())
        return packets

    def wanting(self) -> dict[str, bool]:
        return self.wanted

    def path_event(self, *event: Any) -> None:
        self.log.append(("event", *event))

    # What the tests do with it

    def send(self, peer: Node, *packets: bytes) -> None:
        self.out.setdefault(peer.me, deque()).extend(packets)
        assert self.paths is not None
        self.paths.wake(peer.me)

    def card(self, *endpoints: str, tls: bytes | None = None, http: bytes | None = None) -> Card:
        keys = CardKeys(node=b"", watch=b"", http=http or self.http.public, kem=b"")
        return Card(
            type="card",
            party=self.me,
            issued=0,
            id=self.name.upper(),
            name=self.name,
            lang="en",
            root=b"",
            serial=1,
            endpoints=endpoints,
            keys=keys,
            tls=tls or der(self.tls_cert_pem),
        )

    def meet(self, peer: Node, *endpoints: str, **changed: Any) -> None:
        self.peers[peer.me] = peer.card(*(endpoints or ((peer.url,) if peer.url else ())), **changed)

    def count(self, what: str) -> int:
        return sum(1 for entry in self.log if entry[0] == what)

    def events(self, ok: bool) -> list[tuple[Any, ...]]:
        return [entry for entry in self.log if entry[0] == "event" and entry[3] is ok]


@asynccontextmanager
async def running(*names: str, limits: Limits = QUICK, listen: bool = True) -> AsyncIterator[list[Node]]:
    """Nodes that listen on loopback; they have not met yet."""
    nodes = [Node(name) for name in names]
    for node in nodes:
        node.paths = Paths(node, node, limits)
        node.paths.start()
        if listen:
            node.url = await node.paths.start_listener("127.0.0.1:0")
    try:
        yield nodes
    finally:
        for node in nodes:
            assert node.paths is not None
            await node.paths.close()


@asynccontextmanager
async def pair(limits: Limits = QUICK) -> AsyncIterator[tuple[Node, Node]]:
    """Two nodes that have met; the first one's fingerprint is the lower."""
    async with running("one", "two", limits=limits) as nodes:
        low, high = sorted(nodes, key=lambda node: node.me)
        low.meet(high)
        high.meet(low)
        yield low, high


async def until(true: Callable[[], Any], seconds: float = 5.0) -> None:
    """Wait until ``true()`` is."""
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.005)


async def raw(node: Node) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A TLS connection to a node's listener."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return await asyncio.open_connection("127.0.0.1", int(node.url.rpartition(":")[2]), ssl=context)


def head(method: str, headers: dict[str, str]) -> bytes:
    lines = [f"{method} {PATH} HTTP/1.1", "host: node", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join([*lines, "\r\n"]).encode()


UPGRADE = {
    "connection": "Upgrade",
    "upgrade": "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
}


async def answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    """Status and headers of an answer."""
    raw_head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
    first, *lines = raw_head.decode().strip().split("\r\n")
    fields = dict(line.lower().split(": ", 1) if ": " not in line else line.split(": ", 1) for line in lines)
    return int(first.split()[1]), fields


async def signed_head(
    node: Node, me: Node, method: str, body: bytes | None, *, key: SigningKey | None = None, **more: str
) -> bytes:
    """A request to ``node`` that is in order, over a nonce just asked for."""
    reader, writer = await raw(node)
    who = {"detente-from": me.me, "detente-to": node.me}
    extra = UPGRADE if method == "GET" else {"content-length": "0"}
    writer.write(head(method, {**who, **extra}))
    status, fields = await answer(reader)
    assert status == 401
    writer.close()
    request = Request(method, dict(who))
    sign_request(request, key or me.http, challenge_nonce(fields["accept-signature"]), body)
    extra = UPGRADE if method == "GET" else {"content-length": str(len(body or b""))}
    return head(method, {**request.headers, **extra, **more})
