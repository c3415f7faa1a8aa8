# SPDX-License-Identifier: Apache-2.0
"""The demo's own bundles before a judge that shares no code with us: valid, and invalid when damaged."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle of one party of the demo, unpacked."""
    base = tmp_path_factory.mktemp("demo")
    environment = os.environ | {"DETENTE_STATE_DIR": str(base / "state")}
    command = [sys.executable, "-m", "detente", "demo", "--once", "--json", "--dir", str(base / "homes")]
    subprocess.run(command, check=True, capture_output=True, timeout=180, env=environment)
    unpacked = base / "bundle"
    with zipfile.ZipFile(next((base / "homes").glob("*.zip"))) as archive:
        archive.extractall(unpacked)
    return unpacked


def judged(judge: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(judge), str(folder)], capture_output=True, text=True, timeout=60, check=False)


def test_the_demo_is_valid(judge: Path, folder: Path) -> None:
    verdict = judged(judge, folder)
    assert verdict.returncode == 0, verdict.stdout + verdict.stderr
    lines = verdict.stdout.splitlines()
    assert len(lines) == 2
    assert all("valid" in line and "receipts" in line for line in lines)


@pytest.mark.parametrize("what", ["checkpoint", "tile/entries", "tile/0", "receipts"])
def test_one_flipped_bit_is_found(judge: Path, folder: Path, tmp_path: Path, what: str) -> None:
    chance = random.Random(what)
    damaged = tmp_path / "bundle"
    shutil.copytree(folder, damaged)
    logs = damaged / "logs"
    files = [f for f in logs.rglob("*") if f.is_file() and f"/{what}" in f.relative_to(logs).as_posix()]
    victim = chance.choice(sorted(files))
    raw = bytearray(victim.read_bytes())
    # In a note, hit the text: a later line could be one that the judge does not know.
    at = chance.randrange(min(len(raw), 60))
    raw[at] ^= 1
    victim.write_bytes(bytes(raw))
    assert judged(judge, damaged).returncode == 1


def test_an_entry_taken_away_is_found(judge: Path, folder: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "bundle"
    shutil.copytree(folder, damaged)
    victim = next(f for f in sorted(damaged.glob("logs/*/tile/entries/**/*")) if f.is_file())
    raw = victim.read_bytes()
    length = 2 + int.from_bytes(raw[:2], "big")
    victim.write_bytes(raw[length:])
    assert judged(judge, damaged).returncode == 1
