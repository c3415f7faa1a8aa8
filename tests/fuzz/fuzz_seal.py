# SPDX-License-Identifier: Apache-2.0
"""The seal room: canonical JSON, leaves, credentials, packets, keys, vaults, grants, commitments."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from unittest.mock import patch

from detente.errors import MalformedError, RefusedError
from detente.seal import callcode, canonical, commit, credential, epoch, keys, packet, statement, vault
from detente.seal.keys import KemKey, SigningKey
from detente.seal.vkey import VerifierKey
from tests.fuzz.kit import Tape, again, loose, only, piece, target, vectors

KEY = bytes(range(64))
CHANNEL = "c0" * 16
ROOT = SigningKey.from_seed(b"\1" * 32)
FPR = keys.fingerprint(ROOT.public)
KEM = KemKey.from_seeds(b"\2" * 64, b"\3" * 32)
SEED = b"\5" * 32


@target(lambda: vectors("canonical", "raw"))
def fuzz_canonical(data: bytes) -> None:
    with only():
        value = canonical.decode(data, limit=1 << 20)
        assert canonical.encode(value) == data
    with only():
        value = canonical.loads(data, limit=1 << 20)
        raw = canonical.encode(value)
        assert canonical.decode(raw, limit=len(raw)) == value
        assert len(raw) <= 8 * len(data) + 8
    with only():
        text = data.decode("utf-8", "surrogateescape")
        assert canonical.b64(canonical.unb64(text)) == text


def _leaf(raw: bytes) -> None:
    with only():
        parsed = statement.decode_leaf(raw)
        assert parsed.raw == raw
        doc = parsed.doc
        assert parsed.id == hashlib.sha256(parsed.statement_raw).hexdigest()
        assert parsed.statement_raw == statement.statement_bytes(doc["statement"])
        if doc.keys() == {"placement", "signatures", "statement"}:
            assert statement.encode_leaf(doc["placement"], doc["signatures"], doc["statement"]) == raw
        for signature in doc["signatures"]:
            statement.verify_signature(ROOT.public, parsed.statement_raw, signature)


@target(lambda: vectors("leaves", "leaf"))
def fuzz_leaf(data: bytes) -> None:
    _leaf(data)
    form = again(data)
    if form is not None and form != data:
        _leaf(form)


def _credentials() -> Iterator[bytes]:
    # A card has a key of 1,216 bytes: its seeds are the largest here.
    yield from vectors("credentials", "credential")


@target(_credentials)
def fuzz_credential(data: bytes) -> None:
    with only():
        credential.parse_card_file(data)
    value = loose(data)
    doc = value.get("doc") if isinstance(value, dict) else None
    with only():
        credential.check(value, ROOT.public)
    if not isinstance(doc, dict):
        return
    with only():
        parsed = credential.parse(doc)
        signed = credential.sign(ROOT, doc)
        assert credential.check(signed, ROOT.public) == doc
        assert credential.parse(credential.check(signed, ROOT.public)) == parsed
        if isinstance(parsed, credential.Mandate):
            parsed.allows("message", "flash", parsed.since)


@target(lambda: vectors("packets", "packet"))
def fuzz_packet(data: bytes) -> None:
    with only():
        head = packet.header(data)
        assert sum(map(len, head.blobs.values())) < len(data)
        assert len(packet.open_packet(data, KEY)) < len(data)


def _parts() -> Iterator[bytes]:
    yield b""
    origin = "detente.log/" + "0a" * 16
    leaf = next(iter(vectors("leaves", "leaf")))
    note = next(iter(vectors("notes", "note")))
    parts: list[packet.Part] = [
        packet.LogPart(origin),
        packet.BodyPart("ab" * 32, SEED, b'{"text":"x"}'),
        packet.LeafPart(7, leaf),
        packet.CheckpointPart(note),
        packet.CosignaturePart(note),
        packet.ItemPart(note),
        packet.EarlyPart(9, leaf),
        packet.HavePart({"logs": {origin: 3}, "epochs": {FPR: 1}, "unopened": [FPR], "hold": 5, "ask": True}),
    ]
    for part in parts:
        yield packet.encode_parts([part])
    yield packet.encode_parts(parts)
    yield b"\x80" + (3).to_bytes(4, "big") + b"new"


@target(_parts)
def fuzz_parts(data: bytes) -> None:
    with only():
        parts = packet.decode_parts(data)
        raw = packet.encode_parts(parts)
        assert packet.decode_parts(raw) == parts
        assert len(raw) <= len(data)
        sealed = packet.seal(CHANNEL, FPR, 1, KEY, data, {})
        assert packet.open_packet(sealed, KEY) == data


def _vkeys() -> Iterator[bytes]:
    for name, kind in (("detente.log/" + "0a" * 16, 1), ("witness.example/w", 4)):
        yield str(VerifierKey.make(name, kind, ROOT.public)).encode()
    yield b"PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"


@target(_vkeys)
def fuzz_vkey(data: bytes) -> None:
    with only():
        text = data.decode("utf-8", "surrogateescape")
        assert str(VerifierKey.parse(text)) == text


@target(lambda: [*vectors("keys", "public"), KEM.public])
def fuzz_key(data: bytes) -> None:
    with only():
        keys.check_public(data)
        assert not keys.verify_raw(data, b"message", bytes(64))
    with only():
        keys.check_kem_public(data)
        assert len(data) == keys.KEM_PUBLIC_SIZE
    with only():
        words = keys.fingerprint_words(data.decode("latin-1"))
        assert len(words.split()) == 12
    with only():
        assert not keys.pq_verify(data, b"message", bytes(2420))
        KEM.open(data, b"info")


def _vaults() -> Iterator[bytes]:
    with patch.object(vault, "_key", _cheap):
        yield vault.lock(b"secret", "pass", salt=b"s" * 16, nonce=b"n" * 12)
        yield vault.lock(b"", "", salt=b"s" * 16, nonce=b"n" * 12)


def _cheap(passphrase: str, salt: bytes) -> bytes:
    """In place of Argon2id, which a run could repeat only ten times a second."""
    return hashlib.sha256(salt + passphrase.encode("utf-8", "surrogatepass")).digest()


@target(_vaults)
def fuzz_vault(data: bytes) -> None:
    with patch.object(vault, "_key", _cheap):
        for raw in {data, again(data) or data}:
            with only(MalformedError, RefusedError):
                assert len(vault.unlock(raw, "pass")) < len(raw)


@target(lambda: vectors("grants", "blob"))
def fuzz_grant(data: bytes) -> None:
    with only():
        assert len(epoch.open_grant(data, KEM, CHANNEL, 1, FPR, FPR)) == epoch.SECRET_SIZE


@target(lambda: [piece(callcode.reveal(SEED).encode()) + callcode.commit(SEED, CHANNEL, "BY").encode()])
def fuzz_callcode(data: bytes) -> None:
    tape = Tape(data)
    text, commitment = tape.text(), tape.rest().decode("latin-1")
    with only():
        secret = callcode.check(text, commitment, CHANNEL, "BY")
        assert callcode.commit(secret, CHANNEL, "BY") == commitment
        assert len(callcode.code({"BY": secret, "UA": SEED}, CHANNEL, FPR, "BY")) == 7


def _bodies() -> Iterator[bytes]:
    yield from vectors("commitments", "body")
    yield from vectors("commitments", "disclosure")
    yield b'{"a":{"/~":[1,{"b":[]}]},"c":null}'


@target(_bodies)
def fuzz_commitment(data: bytes) -> None:
    value = loose(data)
    if not isinstance(value, dict):
        return
    commit.check_disclosure(SEED, value)
    with only():
        pairs = commit.flatten(value)
        assert sum(len(path) for path, _ in pairs) <= commit.MAX_PATHS
        root = commit.commitment(value, SEED)
        path = pairs[len(data) % len(pairs)][0]
        shown = commit.disclose(value, SEED, path)
        assert commit.check_disclosure(root, shown)
        assert not commit.check_disclosure(root, shown | {"salt": canonical.b64(bytes(16))})
