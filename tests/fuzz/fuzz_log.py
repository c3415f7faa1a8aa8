# SPDX-License-Identifier: Apache-2.0
"""The log room: notes, checkpoints, cosignatures, item receipts, proofs, tiles, Merkle proofs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from detente.errors import MalformedError
from detente.log import checkpoint, merkle, note, proof, receipt, tiles
from detente.log.checkpoint import Checkpoint
from detente.seal.canonical import b64
from detente.seal.keys import SigningKey
from detente.seal.vkey import COSIGNATURE, NOTE, VerifierKey
from tests.fuzz.kit import Tape, only, piece, target, vectors

ORIGIN = "detente.log/" + "0a" * 16
NAME = "detente.receipt/" + "0c" * 16
KEY = SigningKey.from_seed(b"\1" * 32)
RECEIPT = SigningKey.from_seed(b"\2" * 32)
LOG_KEY = VerifierKey.make(ORIGIN, NOTE, KEY.public)
RECEIPT_KEY = VerifierKey.make(NAME, COSIGNATURE, RECEIPT.public)


def _notes() -> Iterator[bytes]:
    yield from vectors("notes", "note")


def rebuilt(parsed: note.Note) -> bytes:
    """The one form that a note has."""
    lines = [f"— {line.name} {b64(line.id + line.payload)}\n" for line in parsed.signatures]
    return "".join([parsed.text, "\n", *lines]).encode()


@target(_notes)
def fuzz_note(data: bytes) -> None:
    with only():
        assert rebuilt(note.parse(data)) == data
        note.open_note(data, [LOG_KEY, RECEIPT_KEY, RECEIPT_KEY.as_type(NOTE)])
    with only():
        checkpoint.open_checkpoint(data, LOG_KEY)
    with only():
        checkpoint.open_cosignature(data, LOG_KEY, RECEIPT_KEY)
    with only():
        receipt.open_item(data, RECEIPT_KEY)


def _texts() -> Iterator[bytes]:
    yield Checkpoint(ORIGIN, 7, bytes(32)).text().encode()
    yield Checkpoint(ORIGIN, 0, bytes(32)).text().encode()
    yield Checkpoint(ORIGIN, 2**53 - 1, bytes(32)).text().encode()
    yield f"detente/item-receipt/v1\n{ORIGIN}\n{'ab' * 32}\n1700000000000\n".encode()


@target(_texts)
def fuzz_signed_text(data: bytes) -> None:
    """Any text under the right signatures: what a peer with its own keys can make."""
    text = data.decode("utf-8", "replace").rstrip("\n") + "\n"
    raw = text.encode() + b"\n" + note.sign_line(ORIGIN, NOTE, KEY, text)
    with only():
        found = checkpoint.open_checkpoint(raw, LOG_KEY)
        assert found.text() == text
        seconds = int.from_bytes(data[-8:], "big")
        signed = checkpoint.cosign(raw, NAME, RECEIPT, seconds)
        assert checkpoint.open_cosignature(signed, LOG_KEY, RECEIPT_KEY) == (found, seconds)
    with only():
        line = note.sign_line(NAME, COSIGNATURE, RECEIPT, text, int.from_bytes(data[:8], "big"))
        _, at = checkpoint.open_cosignature(raw + line, LOG_KEY, RECEIPT_KEY)
        assert at <= checkpoint.MAX_SECONDS
    with only():
        raw = text.encode() + b"\n" + note.sign_line(NAME, NOTE, RECEIPT, text)
        item = receipt.open_item(raw, RECEIPT_KEY)
        assert receipt.make_item(*_fields(item), NAME, RECEIPT) == raw


def _fields(item: receipt.Item) -> tuple[str, str, int]:
    return item.origin, item.entry_id, item.arrival


LEAVES = [b'{"n":%d}' % n for n in range(300)]
HASHES = [merkle.leaf_hash(leaf) for leaf in LEAVES]


def _proofs() -> Iterator[bytes]:
    for index, size in ((0, 1), (5, 7), (299, 300)):
        head = checkpoint.sign_checkpoint(Checkpoint(ORIGIN, size, merkle.root(HASHES[:size])), KEY)
        path = tuple(merkle.inclusion_proof(HASHES, index, size))
        yield proof.Proof(index, path, head).encode()
        yield proof.Proof(index, path, head).encode().replace(b"v1\n", b"v1\nextra AAAA\n", 1)


@target(_proofs)
def fuzz_proof(data: bytes) -> None:
    with only():
        parsed = proof.Proof.parse(data)
        if b"\nextra " not in data:
            assert parsed.encode() == data
        for leaf in (LEAVES[0], LEAVES[5], LEAVES[299]):
            with only():
                parsed.verify(leaf, LOG_KEY)
                assert leaf == LEAVES[parsed.index]


def _hashed() -> Iterator[bytes]:
    for index, size in ((0, 1), (5, 7), (255, 300)):
        path = merkle.inclusion_proof(HASHES, index, size)
        yield bytes([1, index % 256, 2]) + size.to_bytes(2, "big") + HASHES[index] + b"".join(path)
    for old, new in ((1, 7), (4, 8), (7, 300)):
        path = merkle.consistency_proof(HASHES, old, new)
        yield bytes([1, old, 2]) + new.to_bytes(2, "big") + merkle.root(HASHES[:old]) + b"".join(path)


@target(_hashed)
def fuzz_merkle(data: bytes) -> None:
    """A proof that holds is the honest one: anything else would be a collision."""
    tape = Tape(data)
    index, size, start = tape.number(), tape.number(), tape.take(32)
    path: list[bytes] = []
    while tape and len(path) < 80:
        path.append(tape.take(32))
    known = min(size, len(HASHES))
    root = merkle.root(HASHES[:known])
    with only():
        merkle.verify_inclusion(start, index, size, path, root)
        # A root says nothing of a size; under the tree's own size only the true leaf and path hold.
        if size == known:
            assert HASHES[index] == start and path == merkle.inclusion_proof(HASHES, index, size)
    with only():
        merkle.verify_consistency(index, size, start, root, path)
        if size == known:
            assert start == merkle.root(HASHES[:index])
    with only():
        merkle.Frontier(index, path)


PATHS = ["tile/entries/000.p/7", "tile/0/000.p/7", "tile/entries/000", "tile/0/000", "tile/1/000.p/1"]


def _tiled() -> Iterator[bytes]:
    for size in (7, 1):
        files = tiles.tile_files(HASHES[:size], LEAVES[:size])
        shown = bytes([1, size]) + merkle.root(HASHES[:size])
        for path, raw in files.items():
            shown += bytes([5]) + piece(path.encode()) + piece(raw)
        yield shown


@target(_tiled)
def fuzz_tiles(data: bytes) -> None:
    tape = Tape(data)
    size, root, files = tape.number(), tape.take(32), dict[str, bytes]()
    while tape and len(files) < 16:
        place = tape.byte()
        path = PATHS[place] if place < len(PATHS) else tape.piece().decode("utf-8", "replace")
        files[path] = tape.piece()
    with only():
        entries = tiles.read_entries(files, size)
        assert len(entries) == size
        assert sum(map(len, entries)) <= len(data)
        hashes = tiles.check_tiles(files, size, root)
        assert tiles.tile_files(hashes, entries).items() <= files.items()
        assert merkle.root(hashes) == root
    if size < 10_000:
        assert all(len(path) < 64 for path in tiles.tile_paths(size))


@target(lambda: [hashlib.sha256(b"%d" % n).digest() for n in range(2)])
def fuzz_checkpoint_fields(data: bytes) -> None:
    with only(MalformedError):
        found = Checkpoint.parse(data.decode("utf-8", "replace"))
        assert Checkpoint.parse(found.text()) == found
