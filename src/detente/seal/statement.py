# SPDX-License-Identifier: Apache-2.0
"""Statements and leaves: their bytes, ids, signatures and strict reading (protocol §3)."""

from __future__ import annotations

import hashlib
import re as regex
from typing import Any

import msgspec

from detente.errors import MalformedError
from detente.seal import canonical, forms
from detente.seal.canonical import b64, unb64
from detente.seal.commit import MAX_BODY, SALT_SIZE, commitment
from detente.seal.keys import SigningKey, key_id, verify_raw
from detente.words.entry import DATA_KINDS, MARKS, PRECEDENCES, Leaf, Placement, Signature, Statement

DOMAIN = "detente/statement/v1"
_DOMAIN = DOMAIN.encode() + b"\n"
MAX_LEAF = 65_535
MAX_RE = 64
MAX_TO = 64
MAX_CRIT = 16
MAX_SIGNATURES = 16

_KIND = regex.compile(r"[a-z0-9][a-z0-9._-]{0,63}").fullmatch
_LANG = regex.compile(r"[A-Za-z0-9-]{1,35}").fullmatch


class ParsedLeaf(msgspec.Struct, frozen=True):
    """A leaf as read: its bytes, all fields, the known ones, the entry id, the statement's bytes."""

    raw: bytes
    doc: dict[str, Any]
    leaf: Leaf
    id: str
    statement_raw: bytes


def statement_bytes(s: dict[str, Any]) -> bytes:
    """The JSON of a statement: what is signed and what its id is the hash of. It will stand in a leaf."""
    return canonical.encode(s, inside=1)


def entry_id(s: dict[str, Any]) -> str:
    """Hex of SHA-256 of the JSON of a statement."""
    return hashlib.sha256(canonical.encode(s)).hexdigest()


def sign(key: SigningKey, s: dict[str, Any]) -> dict[str, str]:
    """``{"key","sig"}`` over a statement."""
    return sign_raw(key, canonical.encode(s))


def sign_raw(key: SigningKey, statement_raw: bytes) -> dict[str, str]:
    """As ``sign``, for whoever has the statement's bytes."""
    return {"key": key.id, "sig": b64(key.sign_raw(_DOMAIN + statement_raw))}


def verify_signature(public: bytes, statement_raw: bytes, sig: dict[str, str]) -> bool:
    """Whether ``sig`` names the key ``public`` and holds over the statement's bytes; never raises."""
    try:
        return sig["key"] == key_id(public) and holds(public, statement_raw, sig["sig"])
    except (MalformedError, KeyError, TypeError):
        return False


def holds(public: bytes, statement_raw: bytes, sig: str) -> bool:
    """Whether the b64 signature ``sig`` is by ``public`` over the statement's bytes. MalformedError."""
    return verify_raw(public, _DOMAIN + statement_raw, unb64(sig, 64))


def make(
    *,
    channel: str,
    party: str,
    office: str,
    kind: str,
    released: int,
    body: dict[str, Any] | None = None,
    seed: bytes | None = None,
    data: dict[str, Any] | None = None,
    salt: bytes | None = None,
    precedence: str = "routine",
    mark: str = "real",
    re: tuple[str, ...] | list[str] = (),
    **optional: Any,
) -> dict[str, Any]:
    """A statement, checked. With ``body`` and ``seed`` (32 bytes), or with ``data`` and ``salt`` (16 bytes).

    ``optional``: to, not_after, emergency, crit, lang; None or False leaves a field out. MalformedError.
    """
    s: dict[str, Any] = {
        "v": 1, "channel": channel, "party": party, "office": office, "kind": kind, "precedence": precedence,
        "mark": mark, "re": list(re), "released": released,
    }  # fmt: skip
    if body is not None and seed is not None:
        size = len(canonical.encode(body))
        if size > MAX_BODY:
            raise MalformedError(f"body of {size} bytes; the limit is {MAX_BODY}")
        s["body"] = {"root": b64(commitment(body, seed)), "size": size}
    if data is not None and salt is not None:
        s |= {"data": data, "salt": b64(salt)}
    s |= {name: value for name, value in optional.items() if value is not None and value is not False}
    try:
        _check_statement(msgspec.convert(s, Statement))
    except msgspec.ValidationError as error:
        raise MalformedError(f"statement: {error}") from None
    return s


def encode_leaf(
    placement: dict[str, Any], signatures: list[dict[str, Any]], statement: dict[str, Any]
) -> bytes:
    """The bytes of a leaf; MalformedError above 65,535."""
    return _leaf_bytes(placement, signatures, canonical.encode(statement, inside=1))


def _leaf_bytes(placement: dict[str, Any], signatures: list[dict[str, Any]], statement_raw: bytes) -> bytes:
    # The names are in the order of RFC 8785, so the canonical forms of the parts make that of the whole.
    parts = canonical.encode(placement, inside=1), canonical.encode(signatures, inside=1), statement_raw
    raw = b'{"placement":%b,"signatures":%b,"statement":%b}' % parts
    if len(raw) > MAX_LEAF:
        raise MalformedError(f"leaf of {len(raw)} bytes; the limit is {MAX_LEAF}")
    return raw


def build_leaf(
    placement: dict[str, Any], signatures: list[dict[str, Any]], statement: dict[str, Any], raw: bytes
) -> ParsedLeaf:
    """``decode_leaf(encode_leaf(…))`` of our own values, without reading the bytes back. MalformedError.

    ``raw`` is ``statement_bytes(statement)``.
    """
    doc = {"placement": placement, "signatures": signatures, "statement": statement}
    return _parsed(_leaf_bytes(placement, signatures, raw), doc, raw)


def decode_leaf(raw: bytes) -> ParsedLeaf:
    """Read a leaf strictly; MalformedError names the field. Nothing is judged here."""
    doc, statement_raw = canonical.decode_with(raw, "statement", limit=MAX_LEAF)
    return _parsed(raw, doc, statement_raw or b"")


def _parsed(raw: bytes, doc: Any, statement_raw: bytes) -> ParsedLeaf:
    try:
        leaf = msgspec.convert(doc, Leaf)
    except msgspec.ValidationError as error:
        raise MalformedError(f"leaf: {error}") from None
    _check_statement(leaf.statement)
    _check_placement(leaf.placement)
    _check_signatures(leaf.signatures)
    return ParsedLeaf(raw, doc, leaf, hashlib.sha256(statement_raw).hexdigest(), statement_raw)


# Each of these is asked for every entry: one expression, which comes to the first field that is wrong.


def _check_statement(s: Statement) -> None:
    wrong = (
        (s.v != 1 and "v")
        or (not forms.hex16(s.channel) and "channel")
        or (not forms.hex32(s.party) and "party")
        or (not forms.office(s.office) and "office")
        or (not _KIND(s.kind) and "kind")
        or (s.precedence not in PRECEDENCES and "precedence")
        or (s.mark not in MARKS and "mark")
        or (not (len(s.re) <= MAX_RE and all(map(forms.hex32, s.re))) and "re")
        or (not 0 <= s.released <= forms.MAX_INT and "released")
        or _wrong_content(s)
        or (s.to is not None and not (len(s.to) <= MAX_TO and all(map(forms.hex32, s.to))) and "to")
        or (s.not_after is not None and not 0 <= s.not_after <= forms.MAX_INT and "not_after")
        or (s.crit is not None and len(s.crit) > MAX_CRIT and "crit")
        or (s.lang is not None and not _LANG(s.lang) and "lang")
    )
    if wrong:
        raise _not_allowed(wrong)


def _wrong_content(s: Statement) -> str | None:
    if s.kind in DATA_KINDS:
        if s.data is None or s.salt is None or s.body is not None:
            return "data and salt"
        unb64(s.salt, SALT_SIZE)
        return None
    if s.body is None or s.data is not None or s.salt is not None:
        return "body"
    unb64(s.body.root, 32)
    return None if 2 <= s.body.size <= MAX_BODY else "body: size"


def _check_placement(placement: Placement) -> None:
    wrong = (
        (not forms.origin(placement.log) and "log")
        or (not 0 <= placement.index <= forms.MAX_INT and "index")
        or (not 0 <= placement.time <= forms.MAX_INT and "time")
    )
    if wrong:
        raise _not_allowed(wrong)
    for origin, (size, root) in placement.seen.items():
        if not (forms.origin(origin) and 0 <= size <= forms.MAX_INT):
            raise _not_allowed("seen")
        unb64(root, 32)


def _check_signatures(signatures: list[Signature]) -> None:
    if not 1 <= len(signatures) <= MAX_SIGNATURES:
        raise _not_allowed("signatures")
    for signature in signatures:
        if not forms.hex16(signature.key):
            raise _not_allowed("signatures: key")
        unb64(signature.sig, 64)


def _not_allowed(field: str) -> MalformedError:
    return MalformedError(f"entry: {field} is not what the protocol allows")
