# SPDX-License-Identifier: Apache-2.0
"""Tiles, entry bundles and proof files."""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.errors import MalformedError, VerificationError
from detente.log import checkpoint, merkle, tiles
from detente.log.note import VerifierKey
from detente.log.proof import Proof
from detente.seal.keys import SigningKey

TESSERA = Path(__file__).parents[2] / "../shared/vectors/tessera-log"
TESSERA_KEY = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
ENTRIES = [b'{"n":%d}' % n for n in range(700)]
HASHES = [merkle.leaf_hash(entry) for entry in ENTRIES]
LOG = SigningKey.from_seed(b"\1" * 32)
KEY = VerifierKey.make("example.com/log", 1, LOG.public)


def files_of(size: int) -> dict[str, bytes]:
    return tiles.tile_files(HASHES[:size], ENTRIES[:size])


def test_worked_example_of_size_300() -> None:
    files = files_of(300)
    assert sorted((path, len(raw)) for path, raw in files.items() if "entries" not in path) == [
        ("tile/0/000", 8192),
        ("tile/0/001.p/44", 1408),
        ("tile/1/000.p/1", 32),
    ]
    digest = hashlib.sha256(files["tile/0/000"]).hexdigest()
    assert digest.startswith("bbbacfcb")
    assert digest.endswith("d097")
    assert files["tile/entries/000"].startswith(bytes.fromhex("00077b226e223a307d"))
    assert "tile/entries/001.p/44" in files
    assert set(files_of(256)) == {"tile/0/000", "tile/1/000.p/1", "tile/entries/000"}
    assert files_of(0) == {}
    assert tiles.tile_paths(0) == []


def test_paths_of_large_trees() -> None:
    assert tiles._path(0, 1234067, 256) == "tile/0/x001/x234/067"
    assert tiles._path(5, 1000, 3) == "tile/5/x001/000.p/3"
    paths = tiles.tile_paths(256**2 + 1)
    assert {"tile/2/000.p/1", "tile/1/000", "tile/0/255", "tile/0/256.p/1", "tile/entries/256.p/1"} <= set(
        paths
    )
    assert "tile/1/001.p/0" not in paths


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 512, 513, 700])
def test_round_trip(size: int) -> None:
    files, root = files_of(size), merkle.root(HASHES[:size])
    assert set(files) == set(tiles.tile_paths(size))
    assert tiles.read_entries(files, size) == ENTRIES[:size]
    assert tiles.check_tiles(files, size, root) == HASHES[:size]


@given(st.integers(0, 10**6), st.sampled_from(sorted(files_of(300))))
def test_any_flipped_byte_is_found(at: int, path: str) -> None:
    files, root = files_of(300), merkle.root(HASHES[:300])
    raw = bytearray(files[path])
    raw[at % len(raw)] ^= 1
    with pytest.raises(MalformedError):
        tiles.check_tiles(files | {path: bytes(raw)}, 300, root)


def test_missing_short_and_long_files_are_found() -> None:
    files, root = files_of(300), merkle.root(HASHES[:300])
    for path in files:
        without = {name: raw for name, raw in files.items() if name != path}
        for bad in (without, files | {path: files[path] + b"\0"}, files | {path: files[path][:-1]}):
            with pytest.raises(MalformedError):
                tiles.check_tiles(bad, 300, root)
    with pytest.raises(VerificationError):
        tiles.check_tiles(files, 300, bytes(32))


def test_a_full_bundle_stands_in_for_a_partial_one() -> None:
    full = files_of(512)
    assert tiles.read_entries({p: r for p, r in full.items() if "entries" in p}, 300) == ENTRIES[:300]


def test_limits() -> None:
    with pytest.raises(MalformedError):
        tiles.tile_files([bytes(32)], [bytes(65_536)])
    with pytest.raises(MalformedError):
        tiles.tile_files([], [b""])


@pytest.mark.skipif(not TESSERA.is_dir(), reason="public vectors are not beside the repository")
def test_a_real_log_at_every_size() -> None:
    key = VerifierKey.parse(TESSERA_KEY)
    files = {
        path.relative_to(TESSERA).as_posix(): path.read_bytes()
        for path in (TESSERA / "tile").rglob("*")
        if path.is_file()
    }
    checkpoints = [
        checkpoint.open_checkpoint((TESSERA / f"checkpoint.{n}").read_bytes(), key) for n in range(16)
    ]
    hashes = tiles.check_tiles(files, 15, checkpoints[15].root)
    assert tiles.read_entries(files, 15)[8] == b"nain"
    for size, cp in enumerate(checkpoints):
        assert (cp.size, cp.root) == (size, merkle.root(hashes[:size]))
        if size:
            assert tiles.check_tiles(files, size, cp.root) == hashes[:size]
            proof = merkle.consistency_proof(hashes, size, 15)
            merkle.verify_consistency(size, 15, cp.root, checkpoints[15].root, proof)


def proof_of(index: int, size: int) -> Proof:
    cp = checkpoint.Checkpoint(KEY.name, size, merkle.root(HASHES[:size]))
    path = tuple(merkle.inclusion_proof(HASHES, index, size))
    return Proof(index, path, checkpoint.sign_checkpoint(cp, LOG))


def test_proof_file() -> None:
    proof = proof_of(5, 7)
    raw = proof.encode()
    assert raw.startswith(b"c2sp.org/tlog-proof@v1\nindex 5\n")
    assert Proof.parse(raw) == proof
    assert proof.verify(ENTRIES[5], KEY).size == 7
    assert Proof.parse(raw.replace(b"@v1\n", b"@v1\nextra AAAA\n")) == proof
    one = proof_of(0, 1)
    assert one.path == ()
    assert Proof.parse(one.encode()) == one
    for entry, bad in ((ENTRIES[4], proof), (ENTRIES[5], Proof(4, proof.path, proof.checkpoint))):
        with pytest.raises(VerificationError):
            bad.verify(entry, KEY)


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"c2sp.org/tlog-proof@v2\nindex 5",
        b"c2sp.org/tlog-proof@v1",
        b"c2sp.org/tlog-proof@v1\nindex 05",
        b"c2sp.org/tlog-proof@v1\nindex -1",
        b"c2sp.org/tlog-proof@v1\nindex 5\nAA==",
        b"c2sp.org/tlog-proof@v1\nindex 5\n\xff",
        b"c2sp.org/tlog-proof@v1\nextra AB==\nindex 5",
        b"c2sp.org/tlog-proof@v1\nindex 5\nextra AAAA",
        b"c2sp.org/tlog-proof@v1\nindex 5" + b"\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" * 64,
    ],
)
def test_malformed_proofs_are_refused(head: bytes) -> None:
    with pytest.raises(MalformedError):
        Proof.parse(head + b"\n\n" + proof_of(0, 1).checkpoint)


@given(st.binary(max_size=200))
def test_arbitrary_proofs_let_out_only_malformed(raw: bytes) -> None:
    for data in (
        raw,
        b"c2sp.org/tlog-proof@v1\n" + raw,
        b"c2sp.org/tlog-proof@v1\nindex 0\n" + raw + b"\n\n",
    ):
        with contextlib.suppress(MalformedError):
            Proof.parse(data)
