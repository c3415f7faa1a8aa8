# SPDX-License-Identifier: Apache-2.0
"""Vault files: one passphrase opens them, nothing else."""

from __future__ import annotations

import pytest

from detente.errors import MalformedError, RefusedError
from detente.seal import canonical, vault

LOCKED = vault.lock(b"secret", "пароль", salt=bytes(16), nonce=bytes(12))


def test_round_trip_and_wrong_passphrase() -> None:
    assert vault.unlock(LOCKED, "пароль") == b"secret"
    with pytest.raises(RefusedError, match="wrong passphrase"):
        vault.unlock(LOCKED, "other")


def test_composed_and_decomposed_passphrases_are_one() -> None:
    raw = vault.lock(b"secret", "\u0439", salt=bytes(16), nonce=bytes(12))
    assert vault.unlock(raw, "\u0438\u0306") == b"secret"


def test_an_altered_file_is_refused() -> None:
    doc = canonical.decode(LOCKED, limit=10_000)
    for change in ({"salt": canonical.b64(b"\1" * 16)}, {"nonce": canonical.b64(b"\1" * 12)}):
        with pytest.raises(RefusedError):
            vault.unlock(canonical.encode(doc | change), "пароль")
    for change in (
        {"memory_kib": 2**30},
        {"passes": 1},
        {"v": 2},
        {"salt": "AA=="},
        {"sealed": 5},
        {"more": 1},
    ):
        with pytest.raises(MalformedError):
            vault.unlock(canonical.encode(doc | change), "пароль")
    for raw in (b"", b"[]", b"{}", LOCKED[:-1], b" " + LOCKED):
        with pytest.raises(MalformedError):
            vault.unlock(raw, "пароль")


def test_salt_and_nonce_sizes() -> None:
    with pytest.raises(MalformedError):
        vault.lock(b"", "x", salt=bytes(15), nonce=bytes(12))
    with pytest.raises(MalformedError):
        vault.lock(b"", "x", salt=bytes(16), nonce=bytes(11))


def test_a_file_of_today_opens_with_every_later_version() -> None:
    assert LOCKED == (
        b'{"cipher":"aes-256-gcm","kdf":"argon2id","lanes":1,"memory_kib":65536,"nonce":"AAAAAAAAAAAAAAAA",'
        b'"passes":3,"salt":"AAAAAAAAAAAAAAAAAAAAAA==",'
        b'"sealed":"t3cQzuH0uCEvOZPuB8Sg/cqytLiH5g==","v":1}'
    )


def test_a_passphrase_that_is_not_unicode_text_locks_too() -> None:
    """A terminal hands over bytes that it cannot decode as lone surrogates."""
    raw = vault.lock(b"secret", "a\udcff", salt=bytes(16), nonce=bytes(12))
    assert vault.unlock(raw, "a\udcff") == b"secret"


def test_a_file_has_a_mebibyte_at_most() -> None:
    with pytest.raises(MalformedError, match="limit"):
        vault.unlock(b"1" * (2**20 + 1), "x")
    with pytest.raises(MalformedError) as error:
        vault.unlock(b"1" * 2**20, "x")
    assert "limit" not in str(error.value)
