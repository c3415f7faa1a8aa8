# SPDX-License-Identifier: Apache-2.0
"""A proof of a fork: it convinces whoever has the log's key, and nothing else passes for one."""

from __future__ import annotations

from typing import Any

import pytest

from detente.errors import MalformedError, VerificationError
from detente.log import merkle
from detente.log.checkpoint import Checkpoint, sign_checkpoint
from detente.log.fork import ForkProof
from detente.log.note import VerifierKey
from detente.seal.canonical import b64
from detente.seal.keys import SigningKey

NAME = "detente.log/" + "0" * 32
LOG = SigningKey.from_seed(b"\1" * 32)
KEY = VerifierKey.make(NAME, 1, LOG.public)
ONE = [merkle.leaf_hash(b"one %d" % n) for n in range(9)]
TWO = ONE[:2] + [merkle.leaf_hash(b"two %d" % n) for n in range(7)]


def head(hashes: list[bytes], size: int) -> bytes:
    return sign_checkpoint(Checkpoint(NAME, size, merkle.root(hashes[:size])), LOG)


SAME = ForkProof(head(ONE, 5), head(TWO, 5))
GROWN = ForkProof(
    head(ONE, 3), head(TWO, 9), merkle.root(TWO[:3]), tuple(merkle.consistency_proof(TWO, 3, 9))
)


@pytest.mark.parametrize(("proof", "sizes"), [(SAME, (5, 5)), (GROWN, (3, 9))])
def test_two_heads_that_cannot_both_be_true(proof: ForkProof, sizes: tuple[int, int]) -> None:
    one, two = proof.check(KEY)
    assert (one.size, two.size) == sizes
    assert ForkProof.from_doc(proof.to_doc()) == proof
    assert ForkProof.from_files(proof.files()) == proof


def test_a_fork_at_the_first_entry() -> None:
    other = [merkle.leaf_hash(b"other")]
    assert ForkProof(head(ONE, 1), head(other, 1)).check(KEY)[0].size == 1


def test_how_a_proof_is_written_down() -> None:
    assert SAME.to_doc() == {"notes": [b64(SAME.one), b64(SAME.two)]}
    assert GROWN.root is not None
    path = [b64(digest) for digest in GROWN.path]
    assert GROWN.to_doc() == {
        "notes": [b64(GROWN.one), b64(GROWN.two)],
        "root": b64(GROWN.root),
        "path": path,
    }
    assert SAME.files() == {"one.note": SAME.one, "two.note": SAME.two}
    lines = "\n".join([b64(GROWN.root), *path, ""])
    assert GROWN.files()["consistency"] == lines.encode()


@pytest.mark.parametrize(
    ("proof", "why"),
    [
        (ForkProof(head(ONE, 5), head(ONE, 5)), "both notes say the same"),
        (ForkProof(GROWN.two, GROWN.one, GROWN.root, GROWN.path), "smaller head first"),
        (ForkProof(head(ONE, 0), head(TWO, 5)), "not empty"),
        (ForkProof(GROWN.one, GROWN.two), "without a consistency proof"),
        (ForkProof(GROWN.one, GROWN.two, GROWN.root, GROWN.path[:-1]), "consistency proof"),
        (ForkProof(head(TWO, 3), GROWN.two, GROWN.root, GROWN.path), "begins with the smaller"),
        (ForkProof(GROWN.one, GROWN.two, merkle.root(ONE[:3]), GROWN.path), "consistency proof"),
    ],
)
def test_what_proves_no_fork(proof: ForkProof, why: str) -> None:
    with pytest.raises(VerificationError, match=why):
        proof.check(KEY)


def test_both_heads_are_by_the_log_s_own_key() -> None:
    other = SigningKey.from_seed(b"\2" * 32)
    forged = sign_checkpoint(Checkpoint(NAME, 5, merkle.root(TWO[:5])), other)
    for proof in (ForkProof(SAME.one, forged), ForkProof(forged, SAME.one)):
        with pytest.raises(VerificationError):
            proof.check(KEY)


NOTES = [b64(SAME.one), b64(SAME.two)]
HASH = b64(bytes(32))


def test_a_path_has_128_hashes_at_most() -> None:
    doc = {"notes": NOTES, "root": HASH, "path": [HASH] * 128}
    proof = ForkProof.from_doc(doc)
    assert len(proof.path) == 128 and ForkProof.from_files(proof.files()) == proof
    with pytest.raises(MalformedError):
        ForkProof.from_doc({**doc, "path": [HASH] * 129})
    longer = {**proof.files(), "consistency": proof.files()["consistency"] + f"{HASH}\n".encode() * 1000}
    assert len(ForkProof.from_files(longer).path) == 128


@pytest.mark.parametrize(
    "doc",
    [
        {},
        {"notes": None},
        {"notes": "xx"},
        {"notes": NOTES[:1]},
        {"notes": [*NOTES, NOTES[0]]},
        {"notes": [NOTES[0], 5]},
        {"notes": [NOTES[0], "x"]},
        {"notes": NOTES, "root": None},
        {"notes": NOTES, "root": b64(bytes(31))},
        {"notes": NOTES, "root": HASH, "path": None},
        {"notes": NOTES, "root": HASH, "path": [HASH, b64(bytes(33))]},
        {"notes": NOTES, "root": HASH, "path": [5]},
    ],
)
def test_a_malformed_proof_is_refused(doc: dict[str, Any]) -> None:
    with pytest.raises(MalformedError):
        ForkProof.from_doc(doc)


@pytest.mark.parametrize(
    "change",
    [
        {"one.note": None},
        {"two.note": None},
        {"consistency": b"\xff\n"},
        {"consistency": b"AA==\n"},
        {"consistency": f"{b64(bytes(31))}\n".encode()},
    ],
)
def test_malformed_files_are_refused(change: dict[str, bytes | None]) -> None:
    files = {name: raw for name, raw in (GROWN.files() | change).items() if raw is not None}
    with pytest.raises(MalformedError):
        ForkProof.from_files(files)
