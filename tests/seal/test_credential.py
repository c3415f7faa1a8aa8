# SPDX-License-Identifier: Apache-2.0
"""Credentials: signed by the right root, of a known shape, with keys that bind."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.errors import MalformedError, VerificationError
from detente.seal import credential
from detente.seal.canonical import b64
from detente.seal.keys import KemKey, PqKey, SigningKey, fingerprint
from detente.seal.vkey import VerifierKey

ROOT, NODE, WATCH, HTTP, LOG, RECEIPT = (SigningKey.from_seed(bytes([i]) * 32) for i in range(1, 7))
KEM = KemKey.from_seeds(bytes(64), bytes(32))
FPR = fingerprint(ROOT.public)
ORIGIN, OTHER = "detente.log/" + "a" * 32, "detente.log/" + "b" * 32
RECEIPT_NAME = "detente.receipt/" + "c" * 32

CARD: dict[str, Any] = {
    "type": "card",
    "party": FPR,
    "issued": 1,
    "id": "BY",
    "name": "Міністэрства",
    "lang": "be",
    "root": b64(ROOT.public),
    "serial": 1,
    "endpoints": ["https://127.0.0.1:8801"],
    "tls": b64(b"der"),
    "keys": {
        "node": b64(NODE.public),
        "watch": b64(WATCH.public),
        "http": b64(HTTP.public),
        "kem": b64(KEM.public),
    },
}
MANDATE: dict[str, Any] = {
    "type": "mandate",
    "party": FPR,
    "issued": 1,
    "office": "duty",
    "title": "Duty officer",
    "key": b64(NODE.public),
    "kinds": ["message"],
    "precedence": "priority",
    "signers": {"k": 1, "of": ["duty", "desk"]},
    "emergency": False,
    "from": 10,
    "to": 20,
    "serial": 1,
}
REVOCATION: dict[str, Any] = {
    "type": "revocation",
    "party": FPR,
    "issued": 1,
    "revokes": "0" * 64,
    "from": 5,
    "reason": "lost",
}
LOG_CERT: dict[str, Any] = {
    "type": "log",
    "party": FPR,
    "issued": 1,
    "origin": ORIGIN,
    "log": str(VerifierKey.make(ORIGIN, 1, LOG.public)),
    "pq": str(VerifierKey.make(ORIGIN, 6, PqKey.from_seed(bytes(32)).public)),
    "receipt": str(VerifierKey.make(RECEIPT_NAME, 4, RECEIPT.public)),
}
SUCCESSION: dict[str, Any] = {
    "type": "succession",
    "party": FPR,
    "issued": 1,
    "channel": "0" * 32,
    "old": {"origin": ORIGIN, "size": 3, "root": b64(bytes(32))},
    "new": OTHER,
    "reason": "disk",
}
ALL = [CARD, MANDATE, REVOCATION, LOG_CERT, SUCCESSION]


@pytest.mark.parametrize("doc", ALL, ids=lambda doc: str(doc["type"]))
def test_sign_check_parse(doc: dict[str, Any]) -> None:
    signed = credential.sign(ROOT, doc)
    assert credential.check(signed, ROOT.public) == doc
    value = credential.parse(doc | {"unknown": "kept elsewhere"})
    assert (value.type, value.party, value.issued) == (doc["type"], FPR, 1)
    assert len(credential.credential_id(doc)) == 64


def test_values_are_raw_bytes_and_keys() -> None:
    card, mandate, log = (credential.parse(doc) for doc in (CARD, MANDATE, LOG_CERT))
    assert isinstance(card, credential.Card)
    assert card.root == ROOT.public
    assert card.keys.kem == KEM.public
    assert isinstance(mandate, credential.Mandate)
    assert (mandate.since, mandate.until) == (10, 20)
    assert isinstance(log, credential.LogCert)
    assert log.receipt.public == RECEIPT.public


def test_mandate_allows() -> None:
    mandate = credential.parse(MANDATE)
    assert isinstance(mandate, credential.Mandate)
    assert mandate.allows("message", "priority", 10)
    for kind, precedence, at in (
        ("message", "flash", 10),
        ("message", "routine", 9),
        ("message", "routine", 20),
        ("protest", "routine", 10),
    ):
        assert not mandate.allows(kind, precedence, at)


def test_a_credential_of_another_root_or_touched_is_refused() -> None:
    signed = credential.sign(ROOT, CARD)
    for bad, key in (
        (signed, NODE.public),
        (credential.sign(NODE, CARD), ROOT.public),
        ({"doc": CARD | {"serial": 2}, "sig": signed["sig"]}, ROOT.public),
        ({"doc": CARD, "sig": b64(bytes(64))}, ROOT.public),
    ):
        with pytest.raises(VerificationError):
            credential.check(bad, key)
    for shape in (
        {},
        {"doc": CARD},
        signed | {"more": 1},
        {"doc": [], "sig": ""},
        {"doc": CARD, "sig": 5},
        None,
    ):
        with pytest.raises(MalformedError):
            credential.check(shape, ROOT.public)  # type: ignore[arg-type]


LOW = b64(b"\1" + bytes(31))
BAD: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (CARD, {"type": "pass"}),
    (CARD, {"type": None}),
    (CARD, {"party": "0" * 64}),
    (CARD, {"id": "by"}),
    (CARD, {"id": "A" * 17}),
    (CARD, {"root": LOW}),
    (CARD, {"root": "x"}),
    (CARD, {"issued": -1}),
    (CARD, {"serial": "1"}),
    (CARD, {"endpoints": ["javascript:x"]}),
    (CARD, {"endpoints": ["https://a"] * 17}),
    (CARD, {"keys": CARD["keys"] | {"node": LOW}}),
    (CARD, {"keys": CARD["keys"] | {"kem": b64(bytes(1216))}}),
    (CARD, {"keys": CARD["keys"] | {"node": CARD["keys"]["watch"]}}),
    (CARD, {"keys": {}}),
    (CARD, {"name": ""}),
    (CARD, {"name": "x" * 70_000}),
    (CARD, {"tls": 5}),
    (MANDATE, {"office": "node"}),
    (MANDATE, {"office": "root"}),
    (MANDATE, {"office": "Duty"}),
    (MANDATE, {"key": LOW}),
    (MANDATE, {"precedence": "urgent"}),
    (MANDATE, {"signers": {"k": 3, "of": ["duty", "desk"]}}),
    (MANDATE, {"signers": {"k": 0, "of": ["duty"]}}),
    (MANDATE, {"signers": {"k": 1, "of": ["duty", "duty"]}}),
    (MANDATE, {"signers": {"k": 1, "of": [f"o{i}" for i in range(17)]}}),
    (MANDATE, {"to": 5}),
    (REVOCATION, {"revokes": "x"}),
    (REVOCATION, {"from": None}),
    (LOG_CERT, {"origin": OTHER}),
    (LOG_CERT, {"log": LOG_CERT["receipt"]}),
    (LOG_CERT, {"receipt": LOG_CERT["log"]}),
    (LOG_CERT, {"receipt": str(VerifierKey.make(RECEIPT_NAME, 4, LOG.public))}),
    (LOG_CERT, {"pq": "a+b+c"}),
    (SUCCESSION, {"new": ORIGIN}),
    (SUCCESSION, {"channel": ""}),
    (SUCCESSION, {"old": SUCCESSION["old"] | {"root": "AA=="}}),
    (SUCCESSION, {"old": None}),
]


@pytest.mark.parametrize(("doc", "change"), BAD)
def test_bad_docs_are_refused(doc: dict[str, Any], change: dict[str, Any]) -> None:
    with pytest.raises(MalformedError):
        credential.parse(doc | change)


@given(
    st.sampled_from(ALL),
    st.data(),
    st.none() | st.integers() | st.text(max_size=3) | st.lists(st.integers(), max_size=2) | st.floats(),
)
def test_any_value_anywhere_lets_out_only_malformed(
    doc: dict[str, Any], data: st.DataObject, value: Any
) -> None:
    with contextlib.suppress(MalformedError):
        credential.parse(doc | {data.draw(st.sampled_from(sorted(doc))): value})


def test_card_file() -> None:
    raw = json.dumps(credential.sign(ROOT, CARD), indent=2, ensure_ascii=False).encode()
    signed, card = credential.parse_card_file(raw)
    assert signed["doc"] == CARD
    assert card.party == FPR
    forged = credential.sign(NODE, CARD)
    for bad in (forged, credential.sign(ROOT, MANDATE), {}, []):
        with pytest.raises(MalformedError):
            credential.parse_card_file(json.dumps(bad).encode())
