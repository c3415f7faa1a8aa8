# SPDX-License-Identifier: Apache-2.0
"""What the node's tests share: homes with light passphrases and a state directory of their own."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from detente.node.home import Home
from detente.node.keystore import create_party
from detente.seal import vault


@pytest.fixture(autouse=True)
def state_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Instance markers go beside the test, never into the tester's own state directory."""
    path = tmp_path / "state"
    monkeypatch.setenv("DETENTE_STATE_DIR", str(path))
    monkeypatch.delenv("DETENTE_DISK_RESERVE", raising=False)
    return path


PASS, OFFICE_PASS = "service words", "office words"
NOW = 1_700_000_000_000


@pytest.fixture(autouse=True)
def light_passphrases(monkeypatch: pytest.MonkeyPatch) -> None:
    """The vault's own tests pay for Argon2id; here a hash does."""
    monkeypatch.setattr(
        vault, "_key", lambda passphrase, salt: hashlib.sha256(salt + passphrase.encode()).digest()
    )


def make_home(path: Path, party: str = "BY", endpoint: str | None = "https://127.0.0.1:8801") -> Home:
    return create_party(path, party, f"Ministry {party}", endpoint, "en", PASS, OFFICE_PASS, None, NOW)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return make_home(tmp_path / "by")
