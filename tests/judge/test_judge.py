# SPDX-License-Identifier: Apache-2.0
"""A Go program that shares no code with us finds our logs valid, and damaged ones not."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from detente.log import checkpoint, merkle, receipt, tiles
from detente.log.checkpoint import Checkpoint
from detente.log.note import VerifierKey
from detente.seal import statement
from detente.seal.keys import PqKey, SigningKey

pytestmark = pytest.mark.slow

LOG, RECEIPT, WITNESS = (SigningKey.from_seed(bytes([i]) * 32) for i in (1, 2, 3))
OFFICE = SigningKey.from_seed(b"\4" * 32)
ORIGIN = "detente.log/" + "0a" * 16
NAMES = ("detente.receipt/" + "0b" * 16, "detente.receipt/" + "0c" * 16)


def leaf(index: int) -> bytes:
    s = statement.make(
        channel="0" * 32,
        party="1" * 64,
        office="duty",
        kind="message",
        released=index,
        body={"text": f"Паведамленне {index}"},
        seed=bytes(32),
    )
    placement = {"log": ORIGIN, "index": index, "time": index, "seen": {}}
    return statement.encode_leaf(placement, [statement.sign(OFFICE, s)], s)


def bundle(size: int) -> dict[str, bytes]:
    """The files of a bundle with one log of ``size`` entries, receipted half way and at its end."""
    entries = [leaf(index) for index in range(size)]
    hashes = [merkle.leaf_hash(entry) for entry in entries]
    heads = {n: Checkpoint(ORIGIN, n, merkle.root(hashes[:n])) for n in {size, size // 2}}
    signed = {n: checkpoint.sign_checkpoint(head, LOG) for n, head in heads.items()}
    files = {f"logs/BY/{path}": raw for path, raw in tiles.tile_files(hashes, entries).items()}
    pq = PqKey.from_seed(bytes(32))
    files["logs/BY/checkpoint"] = signed[size] + checkpoint.pq_line(heads[size], ORIGIN, pq)
    files["keys/log-BY.vkey"] = f"{VerifierKey.make(ORIGIN, 1, LOG.public)}\n".encode()
    files["keys/receipt-UA.vkey"] = f"{VerifierKey.make(NAMES[0], 4, RECEIPT.public)}\n".encode()
    files["keys/witness-w1.vkey"] = f"{VerifierKey.make(NAMES[1], 4, WITNESS.public)}\n".encode()
    for n, raw in signed.items():
        files[f"logs/BY/receipts/UA-{n}"] = checkpoint.cosign(raw, NAMES[0], RECEIPT, 1_700_000_000)
        files[f"logs/BY/receipts/w1-{n}"] = checkpoint.cosign(raw, NAMES[1], WITNESS, 1_700_000_000)
    if entries:
        last = statement.decode_leaf(entries[-1]).id
        files["logs/BY/receipts/item"] = receipt.make_item(ORIGIN, last, 5, NAMES[0], RECEIPT)
    return files


def run(judge: Path, folder: Path, files: dict[str, bytes]) -> subprocess.CompletedProcess[str]:
    for path, raw in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(raw)
    return subprocess.run([judge, folder], capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("size", [0, 1, 2, 7, 255, 256, 257, 700])
def test_our_logs_are_valid(judge: Path, tmp_path: Path, size: int) -> None:
    result = run(judge, tmp_path, bundle(size))
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith(f"BY: valid, size {size}, root ")


def flip(path: str, at: int = -5) -> Callable[[dict[str, bytes]], None]:
    def damage(files: dict[str, bytes]) -> None:
        raw = bytearray(files[path])
        raw[at] ^= 1
        files[path] = bytes(raw)

    return damage


def drop(path: str) -> Callable[[dict[str, bytes]], None]:
    def damage(files: dict[str, bytes]) -> None:
        del files[path]

    return damage


def forget_an_entry(files: dict[str, bytes]) -> None:
    entries = tiles.read_entries({p.removeprefix("logs/BY/"): raw for p, raw in files.items()}, 300)[:-1]
    hashes = [merkle.leaf_hash(entry) for entry in entries]
    files |= {f"logs/BY/{path}": raw for path, raw in tiles.tile_files(hashes, entries).items()}
    del files["logs/BY/tile/entries/001.p/44"]


def fork(files: dict[str, bytes]) -> None:
    raw = checkpoint.sign_checkpoint(Checkpoint(ORIGIN, 150, bytes(32)), LOG)
    files["logs/BY/receipts/UA-150"] = checkpoint.cosign(raw, NAMES[0], RECEIPT, 1_700_000_000)


def item_for_another(files: dict[str, bytes]) -> None:
    files["logs/BY/receipts/item"] = receipt.make_item(ORIGIN, "ab" * 32, 5, NAMES[0], RECEIPT)


DAMAGE: dict[str, tuple[Callable[[dict[str, bytes]], None], str]] = {
    "entry": (flip("logs/BY/tile/entries/000", 100), "root"),
    "entry in the partial bundle": (flip("logs/BY/tile/entries/001.p/44"), "root"),
    "length of an entry": (flip("logs/BY/tile/entries/000", 0), "entries"),
    "tile": (flip("logs/BY/tile/0/000"), "tile/0/000"),
    "partial tile": (flip("logs/BY/tile/0/001.p/44"), "tile/0/001.p/44"),
    "upper tile": (flip("logs/BY/tile/1/000.p/1"), "tile/1/000.p/1"),
    "checkpoint: size": (flip("logs/BY/checkpoint", len(ORIGIN) + 1), "checkpoint"),
    "checkpoint: root": (flip("logs/BY/checkpoint", len(ORIGIN) + 10), "checkpoint"),
    "receipt": (flip("logs/BY/receipts/UA-150"), "receipts/UA-150"),
    "witness's receipt": (flip("logs/BY/receipts/w1-300"), "receipts/w1-300"),
    "item receipt": (flip("logs/BY/receipts/item"), "receipts/item"),
    "item receipt for another statement": (item_for_another, "not in the log"),
    "log key": (flip("keys/log-BY.vkey", 20), "key"),
    "tile gone": (drop("logs/BY/tile/1/000.p/1"), "tile/1/000.p/1"),
    "bundle gone": (drop("logs/BY/tile/entries/000"), "tile/entries/000"),
    "checkpoint gone": (drop("logs/BY/checkpoint"), "checkpoint"),
    "key gone": (drop("keys/receipt-UA.vkey"), "receipts"),
    "last entry taken away": (forget_an_entry, "tile/entries/001.p/44"),
    "receipt over another root": (fork, "receipts/UA-150"),
}


@pytest.mark.parametrize(("damage", "reason"), DAMAGE.values(), ids=DAMAGE.keys())
def test_damaged_logs_are_invalid(
    judge: Path, tmp_path: Path, damage: Callable[[dict[str, bytes]], None], reason: str
) -> None:
    files = bundle(300)
    damage(files)
    result = run(judge, tmp_path, files)
    assert result.returncode == 1
    assert result.stdout.startswith("BY: invalid: ")
    assert reason in result.stdout


def test_a_folder_without_logs_is_invalid(judge: Path, tmp_path: Path) -> None:
    assert run(judge, tmp_path, {}).returncode == 1
    assert subprocess.run([judge], capture_output=True, check=False).returncode == 2
