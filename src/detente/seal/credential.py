# SPDX-License-Identifier: Apache-2.0
"""Credentials: what a party's root key certifies (protocol §2)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Any, Literal, TypeAlias

import msgspec

from detente.errors import MalformedError, VerificationError
from detente.seal import canonical, forms
from detente.seal.canonical import b64, unb64
from detente.seal.keys import SigningKey, check_kem_public, check_public, fingerprint, verify
from detente.seal.vkey import COSIGNATURE, NOTE, PQ_COSIGNATURE, VerifierKey
from detente.words.entry import MACHINE_OFFICES, PRECEDENCES

DOMAIN = "detente/credential/v1"
MAX_SIZE = 65_535
MAX_SIGNERS = 16

_PARTY_ID = re.compile(r"[A-Z0-9-]{1,16}")
_URL = re.compile(r"(https?|nats|tls)://[!-~]{1,500}")


class _Doc(msgspec.Struct, frozen=True, kw_only=True):
    """What every credential names: its type, party (fingerprint) and time of issue (ms)."""

    type: str
    party: str
    issued: int


class CardKeys(msgspec.Struct, frozen=True):
    """The service keys of a card, as raw bytes."""

    node: bytes
    watch: bytes
    http: bytes
    kem: bytes


class Card(_Doc, frozen=True, kw_only=True):
    """A party's public card. ``root`` and ``tls`` (DER or None) are raw bytes."""

    id: str
    name: str
    lang: str
    root: bytes
    serial: int
    endpoints: tuple[str, ...]
    keys: CardKeys
    tls: bytes | None = None


class Signers(msgspec.Struct, frozen=True):
    """``k`` of these offices sign."""

    k: int
    of: tuple[str, ...]


class Mandate(_Doc, frozen=True, kw_only=True):
    """What an office may sign, from ``since`` to ``until`` (ms; the fields ``from`` and ``to``)."""

    office: str
    title: str
    key: bytes
    kinds: tuple[str, ...]
    precedence: Literal["routine", "priority", "immediate", "flash"]
    signers: Signers
    serial: int
    emergency: bool = False
    since: int = msgspec.field(name="from")
    until: int | None = msgspec.field(name="to", default=None)

    def allows(self, kind: str, precedence: str, at: int) -> bool:
        """Whether ``kind`` at ``precedence`` is within this mandate at the time ``at`` (ms)."""
        return (
            ("*" in self.kinds or kind in self.kinds)
            and PRECEDENCES.index(precedence) <= PRECEDENCES.index(self.precedence)
            and self.since <= at
            and (self.until is None or at < self.until)
        )


class Revocation(_Doc, frozen=True, kw_only=True):
    """A credential (by id) is not to be relied on since ``since`` (ms; the field ``from``)."""

    revokes: str
    since: int = msgspec.field(name="from")
    reason: str = ""


class LogCert(_Doc, frozen=True, kw_only=True):
    """The verifier keys of one log: types 01 and 06 under the origin, 04 under the receipt name."""

    origin: str
    log: VerifierKey
    pq: VerifierKey
    receipt: VerifierKey


class LastHead(msgspec.Struct, frozen=True):
    """Origin, size and root (raw bytes) of the old log from which on its maker no longer vouches."""

    origin: str
    size: int
    root: bytes


class SuccessionDoc(_Doc, frozen=True, kw_only=True):
    """The log ``new`` (origin) goes on for ``old`` in ``channel``."""

    channel: str
    old: LastHead
    new: str
    reason: str = ""


Credential: TypeAlias = Card | Mandate | Revocation | LogCert | SuccessionDoc
_TYPES: dict[str, type[Credential]] = {
    "card": Card,
    "mandate": Mandate,
    "revocation": Revocation,
    "log": LogCert,
    "succession": SuccessionDoc,
}


def sign(root: SigningKey, doc: dict[str, Any]) -> dict[str, Any]:
    """``{"doc","sig"}`` by the party's root key."""
    return {"doc": doc, "sig": b64(root.sign(DOMAIN, canonical.encode(doc)))}


def check(credential: dict[str, Any], root_public: bytes) -> dict[str, Any]:
    """The ``doc`` of a credential that ``root_public`` signed for its own party; VerificationError."""
    doc, signature = _split(credential)
    if doc.get("party") != fingerprint(root_public):
        raise VerificationError("credential is for another party than the key that is to have signed it")
    if not verify(root_public, DOMAIN, canonical.encode(doc), signature):
        raise VerificationError("credential is not signed by this root key")
    return doc


def credential_id(doc: dict[str, Any]) -> str:
    """Hex of SHA-256 of the JSON of ``doc``."""
    return hashlib.sha256(canonical.encode(doc)).hexdigest()


def parse(doc: dict[str, Any]) -> Credential:
    """The credential that the object ``doc`` spells; MalformedError. The signature is ``check``'s matter."""
    if len(canonical.encode(doc)) > MAX_SIZE:
        raise MalformedError(f"a credential's doc is an object of at most {MAX_SIZE} bytes")
    kind = doc.get("type")
    model = _TYPES.get(kind) if isinstance(kind, str) else None
    if model is None:
        raise MalformedError("credential is of an unknown type")
    try:
        value: Credential = msgspec.convert(_decode_fields(doc), model, builtin_types=(bytes,))
    except msgspec.ValidationError as error:
        raise MalformedError(f"{kind}: {error}") from None
    _check_common(value)
    if isinstance(value, Card):
        _check_card(value)
    elif isinstance(value, Mandate):
        _check_mandate(value)
    elif isinstance(value, LogCert):
        _check_log(value)
    elif isinstance(value, SuccessionDoc):
        _require(forms.hex16(value.channel), "succession: channel")
        _require(forms.origin(value.new) and value.new != value.old.origin, "succession: new")
        _require(len(value.old.root) == 32 and 0 <= value.old.size <= forms.MAX_INT, "succession: old")
    else:
        _require(forms.hex32(value.revokes), "revocation: revokes")
        _require(0 <= value.since <= forms.MAX_INT, "revocation: from")
    return value


def parse_card_file(raw: bytes) -> tuple[dict[str, Any], Card]:
    """The credential and card of a card file: people's JSON, signed by the root key inside it.

    MalformedError, or VerificationError if the card does not vouch for itself.
    """
    credential = canonical.loads(raw, limit=MAX_SIZE)
    doc, _ = _split(credential)
    card = parse(doc)
    if not isinstance(card, Card):
        raise MalformedError("this credential is not a card")
    check(credential, card.root)
    return credential, card


def _split(credential: Any) -> tuple[dict[str, Any], bytes]:
    if not isinstance(credential, dict) or credential.keys() != {"doc", "sig"}:
        raise MalformedError("a credential is an object of doc and sig")
    doc, signature = credential["doc"], credential["sig"]
    if not isinstance(doc, dict):
        raise MalformedError("a credential is an object of doc and sig")
    return doc, unb64(signature, 64)


def _decode_fields(doc: dict[str, Any]) -> dict[str, Any]:
    """``doc`` with its base64 and verifier keys decoded, strictly, wherever its type has them as text."""
    kind = doc["type"]
    out = dict(doc)
    if kind == "log":
        _replace(out, ("log", "pq", "receipt"), VerifierKey.parse)
    elif kind == "mandate":
        _replace(out, ("key",), unb64)
    elif kind == "card":
        _replace(out, ("root", "tls"), unb64)
        if isinstance(out.get("keys"), dict):
            out["keys"] = _replace(dict(out["keys"]), ("node", "watch", "http", "kem"), unb64)
    elif kind == "succession" and isinstance(out.get("old"), dict):
        out["old"] = _replace(dict(out["old"]), ("root",), unb64)
    return out


def _replace(out: dict[str, Any], names: tuple[str, ...], decode: Callable[[str], Any]) -> dict[str, Any]:
    for name in names:
        if isinstance(out.get(name), str):
            out[name] = decode(out[name])
    return out


def _require(holds: object, what: str) -> None:
    if not holds:
        raise MalformedError(f"{what} is not what the protocol allows")


def _check_common(value: Credential) -> None:
    _require(forms.hex32(value.party), "credential: party")
    _require(0 <= value.issued <= forms.MAX_INT, "credential: issued")


def _check_card(card: Card) -> None:
    _require(_PARTY_ID.fullmatch(card.id), "card: id")
    _require(0 < len(card.name) <= 256 and len(card.lang) <= 35, "card: name or lang")
    _require(0 <= card.serial <= forms.MAX_INT, "card: serial")
    _require(len(card.endpoints) <= 16 and all(map(_URL.fullmatch, card.endpoints)), "card: endpoints")
    keys = card.keys
    for public in (card.root, keys.node, keys.watch, keys.http):
        check_public(public)
    check_kem_public(keys.kem)
    # One key, one purpose: a signature of one must never pass for a signature of another.
    _require(len({card.root, keys.node, keys.watch, keys.http}) == 4, "card: one key for two purposes")
    if card.party != fingerprint(card.root):
        raise VerificationError("card: party is not the fingerprint of its root key")


def _check_mandate(mandate: Mandate) -> None:
    _require(forms.office(mandate.office) and mandate.office not in MACHINE_OFFICES, "mandate: office")
    check_public(mandate.key)
    of = mandate.signers.of
    _require(len(of) <= MAX_SIGNERS and len(set(of)) == len(of), "mandate: signers")
    _require(1 <= mandate.signers.k <= len(of) and all(map(forms.office, of)), "mandate: signers")
    _require(
        0 <= mandate.serial <= forms.MAX_INT and 0 <= mandate.since <= forms.MAX_INT,
        "mandate: serial or from",
    )
    _require(mandate.until is None or mandate.since <= mandate.until <= forms.MAX_INT, "mandate: to")


def _check_log(cert: LogCert) -> None:
    _require(forms.origin(cert.origin), "log: origin")
    _require((cert.log.name, cert.log.type) == (cert.origin, NOTE), "log: log")
    _require((cert.pq.name, cert.pq.type) == (cert.origin, PQ_COSIGNATURE), "log: pq")
    _require(forms.receipt_name(cert.receipt.name) and cert.receipt.type == COSIGNATURE, "log: receipt")
    _require(cert.log.public != cert.receipt.public, "log: one key for two purposes")
