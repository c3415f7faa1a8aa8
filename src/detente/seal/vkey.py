# SPDX-License-Identifier: Apache-2.0
"""Verifier keys in signed-note form (C2SP signed-note, *Verifier keys*)."""

from __future__ import annotations

import hashlib
from functools import lru_cache

import msgspec

from detente.errors import MalformedError
from detente.seal.canonical import b64, unb64
from detente.seal.keys import PQ_PUBLIC_SIZE, check_public

NOTE, COSIGNATURE, PQ_COSIGNATURE = 1, 4, 6


class VerifierKey(msgspec.Struct, frozen=True):
    """A name, a signature type (01, 04 or 06) and a public key."""

    name: str
    type: int
    public: bytes

    @property
    def id(self) -> bytes:
        """The four bytes that a signature line carries."""
        return note_key_id(self.name, self.type, self.public)

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{b64(bytes([self.type]) + self.public)}"

    @classmethod
    def make(cls, name: str, sig_type: int, public: bytes) -> VerifierKey:
        """A checked key: MalformedError for a bad name, an unknown type or a key that binds nobody."""
        check_name(name)
        if sig_type in (NOTE, COSIGNATURE):
            check_public(public)
        elif sig_type != PQ_COSIGNATURE:
            raise MalformedError(f"verifier key is of unknown type {sig_type:02x}")
        elif len(public) != PQ_PUBLIC_SIZE:
            raise MalformedError(f"an ML-DSA-44 public key has {PQ_PUBLIC_SIZE} bytes, not {len(public)}")
        return cls(name, sig_type, public)

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """The key of ``name+id+base64``, cut from the left as base64 may hold ``+``; MalformedError."""
        name, _, rest = text.partition("+")
        digits, _, encoded = rest.partition("+")
        raw = unb64(encoded)
        if not raw:
            raise MalformedError("verifier key holds no key")
        key = cls.make(name, raw[0], raw[1:])
        if digits != key.id.hex():
            raise MalformedError("verifier key does not have the id that it names")
        return key

    def as_type(self, sig_type: int) -> VerifierKey:
        """The same name and Ed25519 key under another type: a receipt key signs types 01 and 04."""
        return VerifierKey(self.name, sig_type, self.public)


@lru_cache(maxsize=4096)
def note_key_id(name: str, sig_type: int, public: bytes) -> bytes:
    """The first four bytes of SHA-256(name LF type public key)."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([sig_type]) + public).digest()[:4]


def check_name(name: str) -> None:
    """A key name is not empty and has no Unicode space and no ``+``; MalformedError."""
    try:
        name.encode()
    except UnicodeEncodeError:
        raise MalformedError("key name is not Unicode text") from None
    if "+" in name or name.split() != [name]:
        raise MalformedError("key name is empty, or has a space or a plus")
