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
