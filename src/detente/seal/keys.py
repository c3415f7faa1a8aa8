# SPDX-License-Identifier: Apache-2.0
"""Keys and their ids: Ed25519, ML-DSA-44, ML-KEM-768 + X25519 (protocol §2)."""

from __future__ import annotations

import hashlib
from functools import lru_cache

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from mnemonic import Mnemonic

from detente.errors import MalformedError, VerificationError

KEM_PUBLIC_SIZE = 1184 + 32
PQ_PUBLIC_SIZE = 1312
_MLKEM_SIZE = 1184

# Curve25519's field and Edwards constant (RFC 8032 §5.1).
_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P
# y of the eight points of order 1, 2, 4 and 8; the last two are those of order 8.
_LOW_ORDER_Y = frozenset(
    {
        0,
        1,
        _P - 1,
        int.from_bytes(
            bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"
        ),
        int.from_bytes(
            bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"), "little"
        ),
    }
)
_SUITE = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


class SigningKey:
    """An Ed25519 private key; its seed is 32 bytes."""

    __slots__ = ("_key", "id", "public", "seed")

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.seed = seed
        self.public = self._key.public_key().public_bytes_raw()
        self.id = key_id(self.public)

    @classmethod
    def from_seed(cls, seed: bytes) -> SigningKey:
        """The key of a 32-byte seed; MalformedError for another length."""
        if len(seed) != 32:
            raise MalformedError(f"an Ed25519 seed has 32 bytes, not {len(seed)}")
        return cls(seed)

    def sign(self, domain: str, message: bytes) -> bytes:
        """64 bytes over ``domain`` LF ``message`` (protocol §1)."""
        return self._key.sign(domain.encode("ascii") + b"\n" + message)

    def sign_raw(self, message: bytes) -> bytes:
        """64 bytes over ``message`` alone, for standards that bring their own domain separation."""
        return self._key.sign(message)


def verify(public: bytes, domain: str, message: bytes, signature: bytes) -> bool:
    """Whether ``signature`` is by ``public`` over ``domain`` LF ``message``; False on any bad bytes."""
    return verify_raw(public, domain.encode("ascii") + b"\n" + message, signature)


def verify_raw(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether ``signature`` is by ``public`` over ``message``; False on any bad bytes."""
    try:
        _ed25519(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


@lru_cache(maxsize=4096)
def _ed25519(public: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(public)


@lru_cache(maxsize=4096)
def check_public(public: bytes) -> None:
    """Refuse, at enrolment, a key that could bind nobody: MalformedError.

    Wrong length, non-canonical encoding, off the curve, or of low order (RFC 8032 §5.1.3).
    """
    if len(public) != 32:
        raise MalformedError(f"an Ed25519 public key has 32 bytes, not {len(public)}")
    y = int.from_bytes(public, "little") & (2**255 - 1)
    if y >= _P:
        raise MalformedError("public key is not in its canonical encoding")
    if y in _LOW_ORDER_Y:
        raise MalformedError("public key is of low order")
    x_squared = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    if pow(x_squared, (_P - 1) // 2, _P) != 1:
        raise MalformedError("public key is not a point of the curve")


@lru_cache(maxsize=4096)
def key_id(public: bytes) -> str:
    """Hex of the first 16 bytes of SHA-256 of the public key."""
    return hashlib.sha256(public).digest()[:16].hex()


def fingerprint(root_public: bytes) -> str:
    """Hex of SHA-256 of a party's root public key."""
    return hashlib.sha256(root_public).hexdigest()


def fingerprint_words(fpr: str) -> str:
    """Twelve English words (BIP 39) over the first 16 bytes of a fingerprint, to compare by voice."""
    try:
        raw = bytes.fromhex(fpr)
    except ValueError:
        raise MalformedError("a fingerprint is 64 hex digits") from None
    if len(raw) != 32:
        raise MalformedError("a fingerprint is 64 hex digits")
    return str(_words().to_mnemonic(raw[:16]))


@lru_cache(maxsize=1)
def _words() -> Mnemonic:
    return Mnemonic("english")


class KemKey:
    """An HPKE private key, ML-KEM-768 + X25519."""

    __slots__ = ("_key", "public", "seeds")

    def __init__(self, mlkem_seed: bytes, x25519_seed: bytes) -> None:
        mlkem = MLKEM768PrivateKey.from_seed_bytes(mlkem_seed)
        x25519 = X25519PrivateKey.from_private_bytes(x25519_seed)
        self._key = hpke.MLKEM768X25519PrivateKey(mlkem, x25519)
        self.seeds = (mlkem_seed, x25519_seed)
        self.public = mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()

    @classmethod
    def from_seeds(cls, mlkem_seed: bytes, x25519_seed: bytes) -> KemKey:
        """The key of a 64-byte ML-KEM seed and a 32-byte X25519 private key; MalformedError otherwise."""
        if len(mlkem_seed) != 64 or len(x25519_seed) != 32:
            raise MalformedError("a kem key is made of 64 and 32 bytes")
        return cls(mlkem_seed, x25519_seed)

    def open(self, blob: bytes, info: bytes) -> bytes:
        """The plaintext of an HPKE blob sealed for this key with ``info``; VerificationError."""
        try:
            return _SUITE.decrypt(blob, self._key, info=info)
        except (InvalidTag, ValueError):
            raise VerificationError("blob does not open with this kem key") from None


def kem_seal(public: bytes, plaintext: bytes, info: bytes) -> bytes:
    """An HPKE blob (RFC 9180, base mode) for ``public``. The library draws the encapsulation's randomness."""
    try:
        return _SUITE.encrypt(plaintext, _kem(public), info=info)
    except ValueError as error:
        raise MalformedError(f"kem key cannot be used: {error}") from None


@lru_cache(maxsize=256)
def check_kem_public(public: bytes) -> None:
    """Refuse, at enrolment, a kem key of wrong length or that nothing can be sealed to: MalformedError."""
    kem_seal(public, b"", b"")


@lru_cache(maxsize=256)
def _kem(public: bytes) -> hpke.MLKEM768X25519PublicKey:
    if len(public) != KEM_PUBLIC_SIZE:
        raise MalformedError(f"a kem public key has {KEM_PUBLIC_SIZE} bytes, not {len(public)}")
    return hpke.MLKEM768X25519PublicKey(
        MLKEM768PublicKey.from_public_bytes(public[:_MLKEM_SIZE]),
        X25519PublicKey.from_public_bytes(public[_MLKEM_SIZE:]),
    )


class PqKey:
    """An ML-DSA-44 private key (FIPS 204), empty context."""

    __slots__ = ("_key", "public", "seed")

    def __init__(self, seed: bytes) -> None:
        self._key = MLDSA44PrivateKey.from_seed_bytes(seed)
        self.seed = seed
        self.public = self._key.public_key().public_bytes_raw()

    @classmethod
    def from_seed(cls, seed: bytes) -> PqKey:
        """The key of a 32-byte seed; MalformedError for another length."""
        if len(seed) != 32:
            raise MalformedError(f"an ML-DSA-44 seed has 32 bytes, not {len(seed)}")
        return cls(seed)

    def sign(self, message: bytes) -> bytes:
        """2,420 bytes over ``message``."""
        return self._key.sign(message)


def pq_verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether an ML-DSA-44 signature holds; False on any bad bytes."""
    try:
        MLDSA44PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
