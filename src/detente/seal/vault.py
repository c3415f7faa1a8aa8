# SPDX-License-Identifier: Apache-2.0
"""A secret at rest under a passphrase: Argon2id, then AES-256-GCM."""

from __future__ import annotations

import unicodedata

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from detente.errors import MalformedError, RefusedError
from detente.seal import canonical
from detente.seal.canonical import b64, unb64

SALT_SIZE = 16
NONCE_SIZE = 12
MAX_SIZE = 1024 * 1024
# RFC 9106 §4, second recommended option: 64 MiB, three passes; one lane, as one core unlocks.
_HEAD = {"v": 1, "kdf": "argon2id", "memory_kib": 65_536, "passes": 3, "lanes": 1, "cipher": "aes-256-gcm"}


def lock(secret: bytes, passphrase: str, *, salt: bytes, nonce: bytes) -> bytes:
    """A JSON file that holds ``secret``; ``salt`` (16 bytes) and ``nonce`` (12) are fresh for each call."""
    if len(salt) != SALT_SIZE or len(nonce) != NONCE_SIZE:
        raise MalformedError(f"a vault takes a salt of {SALT_SIZE} bytes and a nonce of {NONCE_SIZE}")
    head = {**_HEAD, "salt": b64(salt), "nonce": b64(nonce)}
    sealed = AESGCM(_key(passphrase, salt)).encrypt(nonce, secret, canonical.encode(head))
    return canonical.encode({**head, "sealed": b64(sealed)})


def unlock(raw: bytes, passphrase: str) -> bytes:
    """The secret of a file by ``lock``. RefusedError: wrong passphrase (or altered file); MalformedError."""
    doc = canonical.decode(raw, limit=MAX_SIZE)
    if not isinstance(doc, dict):
        raise MalformedError("not a vault file")
    texts = [str(doc.pop(name, "")) for name in ("salt", "nonce", "sealed")]
    # The parameters must be ours exactly: a file must not make us spend all memory.
    if doc != _HEAD:
        raise MalformedError("not a vault file of version 1")
    salt, nonce, sealed = unb64(texts[0], SALT_SIZE), unb64(texts[1], NONCE_SIZE), unb64(texts[2])
    head = {**_HEAD, "salt": texts[0], "nonce": texts[1]}
    try:
        return AESGCM(_key(passphrase, salt)).decrypt(nonce, sealed, canonical.encode(head))
    except InvalidTag:
        raise RefusedError("wrong passphrase, or the file was altered") from None


def _key(passphrase: str, salt: bytes) -> bytes:
    # One passphrase may reach us composed or decomposed, as the keyboard has it (RFC 8265 §4.2.2).
    secret = unicodedata.normalize("NFC", passphrase).encode("utf-8", "surrogatepass")
    return Argon2id(salt=salt, length=32, iterations=3, lanes=1, memory_cost=65_536).derive(secret)
