# SPDX-License-Identifier: Apache-2.0
"""What the console's tests share: light passphrases, and two parties with a channel."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from detente.seal import vault
from tests.web import kit


@pytest.fixture(autouse=True)
def state_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Instance markers go beside the test, never into the tester's own state directory."""
    monkeypatch.setenv("DETENTE_STATE_DIR", str(tmp_path / "state"))


@pytest.fixture(autouse=True)
def light_passphrases(monkeypatch: pytest.MonkeyPatch) -> None:
    """The vault's own tests pay for Argon2id; here a hash does."""
    monkeypatch.setattr(vault, "_key", lambda phrase, salt: hashlib.sha256(salt + phrase.encode()).digest())


@pytest_asyncio.fixture
async def pair(tmp_path: Path) -> AsyncIterator[kit.Pair]:
    async with kit.pair(tmp_path) as made:
        yield made


@pytest_asyncio.fixture
async def client(pair: kit.Pair) -> AsyncIterator[httpx.AsyncClient]:
    """A browser that is logged in at BY."""
    made = await pair.by.logged_in()
    yield made
    await made.aclose()
