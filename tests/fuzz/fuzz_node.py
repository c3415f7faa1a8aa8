# SPDX-License-Identifier: Apache-2.0
"""The node: requests of the direct path, frames, nonces, backups, drafts, a party's file, leaves at rest."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from unittest.mock import patch

import orjson
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from detente.errors import MalformedError, RefusedError, UsageError
from detente.line.signed import Signed
from detente.node import backup, home, path_auth, path_frames, records
from detente.node.path_auth import Nonces, Request
from detente.node.path_http import Incoming
from detente.node.reads import Row
from detente.seal import vault
from detente.seal.keys import SigningKey, fingerprint
from tests.fuzz.fuzz_seal import _cheap
from tests.fuzz.kit import Tape, loose, only, piece, target, vectors

KEY = SigningKey.from_seed(b"\1" * 32)
FPR = fingerprint(KEY.public)
NONCE = "A" * 43 + "="


def _head(method: str, body: bytes | None = None) -> bytes:
    request = Request.of(method, [("Detente-From", FPR), ("Detente-To", FPR)])
    path_auth.sign_request(request, KEY, NONCE, body)
    lines = [
        f"{method} /line/v1 HTTP/1.1",
        "Host: node.example",
        *(f"{k}: {v}" for k, v in request.headers.items()),
    ]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + (body or b"")


def _requests() -> Iterator[bytes]:
    yield b"\0" + _head("GET")
    yield b"\7" + _head("POST", path_frames.join([b"packet"]))
    yield b"\1GET /line/v1 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nrest"
    yield b"\3POST /line/v1 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n"


@target(_requests)
def fuzz_request(data: bytes) -> None:
    """What a stranger sends, in pieces of any size."""
    tape = Tape(data)
    step, rest = tape.byte() or len(data) or 1, tape.rest()
    incoming = Incoming()
    with only():
        for at in range(0, len(rest), step):
            incoming.feed(rest[at : at + step])
            if incoming.upgrade:
                break
        assert len(incoming.body) <= len(rest)
    request = Request.of("POST" if b"POST" in rest[:8] else "GET", incoming.lines)
    nonce = path_auth.request_nonce(request)
    assert nonce is None or isinstance(nonce, str)
    with only():
        digest = path_auth.verify_request(request, KEY.public)
        assert nonce is not None
        if digest is not None:
            path_auth.check_digest(digest, bytes(incoming.body))


def _signed_fields() -> Iterator[bytes]:
    for body in (None, b"x"):
        request = Request.of("GET" if body is None else "POST", [("Detente-From", FPR), ("Detente-To", FPR)])
        path_auth.sign_request(request, KEY, NONCE, body)
        names = ("signature-input", "signature", "content-digest")
        yield b"".join(piece(request.headers.get(name, "").encode()) + b"\0" for name in names)


@target(_signed_fields)
def fuzz_signature_fields(data: bytes) -> None:
    """The fields of RFC 9421 and RFC 9530 alone."""
    tape = Tape(data)
    headers = {"detente-from": FPR, "detente-to": FPR}
    for name in ("signature-input", "signature", "content-digest"):
        headers[name] = tape.text()
    for method in ("GET", "POST"):
        request = Request(method, headers)
        path_auth.request_nonce(request)
        with only():
            path_auth.verify_request(request, KEY.public)
    with only():
        path_auth.check_digest(headers["content-digest"], b"x")
    with only():
        assert path_auth.challenge_nonce(headers["signature-input"])


@target(lambda: [path_frames.join([b"a", b"bc" * 9]), b"", path_frames.join([b"x" * 300])])
def fuzz_frames(data: bytes) -> None:
    with only():
        packets = path_frames.split(data, 256)
        assert path_frames.join(packets) == data
        assert all(0 < len(one) <= 256 for one in packets)
        assert not packets or 1 <= path_frames.portion(packets, 64) <= len(packets)


@target(lambda: [path_auth.challenge(NONCE, "POST").encode(), NONCE.encode()])
def fuzz_nonce(data: bytes) -> None:
    text = data.decode("latin-1")
    with only():
        found = path_auth.challenge_nonce(text)
        assert 0 < len(found) <= 256
    nonces = Nonces(clock=lambda: 0.0)
    assert not nonces.fresh(FPR, text) and not nonces.spend(FPR, text)


class _File:
    """Bytes in place of a path."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw

    def open(self, mode: str) -> io.BytesIO:
        assert mode == "rb"
        return io.BytesIO(self.raw)

    def __str__(self) -> str:
        return "backup"


def _sealed(content: bytes) -> bytes:
    out = io.BytesIO()
    same = patch.object(AESGCM, "generate_key", lambda bits: bytes(32))
    with same, _fixed(), closing(backup._Sealer(out, "pass")) as sealer:
        sealer.write(content)
    return out.getvalue()


def _fixed() -> Any:
    return patch.object(os, "urandom", bytes)


def _tar() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name in ("party.json", "keys/service.json"):
            info = tarfile.TarInfo(name)
            info.size = 3
            archive.addfile(info, io.BytesIO(b"{}\n"))
    return out.getvalue()[:2560]


def _backups() -> Iterator[bytes]:
    with patch.object(vault, "_key", _cheap):
        yield b"\0" + _sealed(b"x" * 40)
    yield b"\1" + _tar()
    yield b"\1"


@target(_backups)
def fuzz_backup(data: bytes) -> None:
    """A backup that was altered, and (second kind) one that the right passphrase sealed over anything."""
    tape = Tape(data)
    with patch.object(vault, "_key", _cheap):
        raw = _sealed(tape.rest()) if tape.byte() & 1 else tape.rest()
        path: Any = _File(raw)
        with only(MalformedError, RefusedError, UsageError):
            for name, content in backup._members(path, "pass"):
                assert name in {"party.json", "card.json", "store.db"} or name.startswith("keys/")
                assert ".." not in name
                while content.read(1 << 16):
                    pass


@target(lambda: [orjson.dumps({"format": 1, "party": "BY", "name": "B", "fingerprint": FPR, "lang": "en"})])
def fuzz_party_file(data: bytes) -> None:
    with patch.object(home, "read_file", lambda path, what: data), only(MalformedError, RefusedError):
        info = home._parse_info(Path("party.json"))
        assert isinstance(info.format, int)


def _drafts() -> Iterator[bytes]:
    leaf = orjson.loads(next(iter(vectors("leaves", "leaf"))))
    value = {"statement": leaf["statement"], "signatures": leaf["signatures"], "body": "{}", "seed": None}
    yield orjson.dumps(value)
    yield orjson.dumps(value | {"seed": "A" * 43 + "=", "body": None})


@target(_drafts)
def fuzz_draft(data: bytes) -> None:
    """What a program hands to its node over the control socket."""
    value = loose(data)
    with only():
        signed = Signed.from_json(value)
        assert len(signed.id) == 64
        assert Signed.from_json(orjson.loads(orjson.dumps(signed.to_json()))).id == signed.id


@target(lambda: vectors("leaves", "leaf"))
def fuzz_kept_leaf(data: bytes) -> None:
    """A leaf as the record reads it back: whatever stood under a good checkpoint."""
    leaf = records._parse(data)
    row = Row(1, "detente.log/" + "0a" * 16, 0, "ab" * 32, data, 0, (), data)
    assert records._unreadable(row)["kind"] == "malformed"
    body, state = records._open(row)
    assert state in ("open", "unopened") and (body is None) == (state == "unopened")
    assert leaf is None or leaf.statement.kind is not None
