# SPDX-License-Identifier: Apache-2.0
"""Cases make real homes: their markers go beside the test, and passphrases cost nothing."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from detente.seal import vault


@pytest.fixture(autouse=True)
def light_homes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No Argon2id, and no marker in the tester's own state directory."""
    monkeypatch.setenv("DETENTE_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setattr(
        vault, "_key", lambda passphrase, salt: hashlib.sha256(salt + passphrase.encode()).digest()
    )
