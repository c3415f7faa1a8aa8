# SPDX-License-Identifier: Apache-2.0
"""The Merkle tree against its definition, its own proofs and the public vectors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.errors import MalformedError, VerificationError
from detente.log import merkle
from detente.seal.canonical import unb64

VECTORS = Path(__file__).parents[2] / "../shared/vectors/merkle"
HASHES = [merkle.leaf_hash(b'{"n":%d}' % n) for n in range(70)]


def slow_root(hashes: list[bytes]) -> bytes:
    """RFC 9162 §2.1.1 as it is written."""
    if len(hashes) <= 1:
        return hashes[0] if hashes else merkle.EMPTY
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return merkle.node_hash(slow_root(hashes[:k]), slow_root(hashes[k:]))


def test_worked_example() -> None:
    assert HASHES[2] == unb64("PR3ndt8IbBrp9wSdK7DAR1rRQYX5h+Bk6NENyy20oyI=")
    assert merkle.root(HASHES[:7]) == unb64("ju+6vaTwi1RItNuwTrHrzyzYa/Nn0cD+wyFIgqkbe54=")
    assert unb64("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=") == merkle.EMPTY


def test_frontier_equals_the_definition() -> None:
    frontier = merkle.Frontier()
    for size, leaf in enumerate(HASHES):
        assert (frontier.size, frontier.root()) == (size, slow_root(HASHES[:size]))
        again = merkle.Frontier(frontier.size, frontier.hashes)
        copy = frontier.copy()
        frontier.append(leaf)
        assert again.root() == copy.root() == slow_root(HASHES[:size])
    with pytest.raises(MalformedError):
        merkle.Frontier(3, [bytes(32)])


def test_every_inclusion_proof_up_to_size_40() -> None:
    for size in range(1, 41):
        root = merkle.root(HASHES[:size])
        for index in range(size):
            proof = merkle.inclusion_proof(HASHES, index, size)
            merkle.verify_inclusion(HASHES[index], index, size, proof, root)
            with pytest.raises(VerificationError):
                merkle.verify_inclusion(HASHES[index + 1], index, size, proof, root)


def test_every_consistency_proof_up_to_size_40() -> None:
    roots = [merkle.root(HASHES[:size]) for size in range(41)]
    for new in range(1, 41):
        for old in range(1, new + 1):
            proof = merkle.consistency_proof(HASHES, old, new)
            merkle.verify_consistency(old, new, roots[old], roots[new], proof)
            if old < new:
                with pytest.raises(VerificationError):
                    merkle.verify_consistency(old, new, roots[old - 1], roots[new], proof)
    assert merkle.consistency_proof(HASHES, 0, 5) == []


@given(st.integers(1, 70), st.data())
def test_touched_proofs_fail(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    root, proof = merkle.root(HASHES[:size]), merkle.inclusion_proof(HASHES, index, size)
    bad = [
        [*proof, bytes(32)],
        [bytes(32), *proof],
        [p + b"\0" for p in proof] or [b""],
        [p[:-1] for p in proof] or [b""],
    ]
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        bad += [proof[:-1], proof[1:], [*proof[:at], bytes(32), *proof[at + 1 :]]]
    for wrong in bad:
        with pytest.raises(VerificationError):
            merkle.verify_inclusion(HASHES[index], index, size, wrong, root)


def test_bounds() -> None:
    for index, size in ((0, 0), (5, 5), (-1, 5), (0, 71)):
        with pytest.raises(MalformedError):
            merkle.inclusion_proof(HASHES, index, size)
        with pytest.raises(VerificationError):
            merkle.verify_inclusion(bytes(32), index, size, [], bytes(32))
    for old, new in ((6, 5), (-1, 5), (1, 71)):
        with pytest.raises(MalformedError):
            merkle.consistency_proof(HASHES, old, new)


def cases(kind: str) -> list[Any]:
    return sorted((VECTORS / kind).rglob("*.json")) if VECTORS.is_dir() else []


@pytest.mark.skipif(not VECTORS.is_dir(), reason="public vectors are not beside the repository")
def test_public_inclusion_vectors() -> None:
    paths = cases("inclusion")
    assert len(paths) > 50
    for path in paths:
        case = json.loads(path.read_text())
        leaf, root = (unb64(case[name] or "") for name in ("leafHash", "root"))
        proof = [unb64(text) for text in case["proof"] or []]
        verdict(
            path,
            case["wantErr"],
            merkle.verify_inclusion,
            leaf,
            case["leafIdx"],
            case["treeSize"],
            proof,
            root,
        )


@pytest.mark.skipif(not VECTORS.is_dir(), reason="public vectors are not beside the repository")
def test_public_consistency_vectors() -> None:
    paths = cases("consistency")
    assert len(paths) > 50
    for path in paths:
        case = json.loads(path.read_text())
        old_root, new_root = (unb64(case[name] or "") for name in ("root1", "root2"))
        proof = [unb64(text) for text in case["proof"] or []]
        call = (case["size1"], case["size2"], old_root, new_root, proof)
        verdict(path, case["wantErr"], merkle.verify_consistency, *call)


def verdict(path: Path, want_error: bool, check: Any, *call: Any) -> None:
    try:
        check(*call)
    except VerificationError:
        assert want_error, path
    else:
        assert not want_error, path


def test_a_tree_knows_the_root_of_every_prefix() -> None:
    hashes = [merkle.leaf_hash(bytes([number])) for number in range(70)]
    tree = merkle.Tree(hashes)
    assert [tree.root(size) for size in range(71)] == [merkle.root(hashes[:size]) for size in range(71)]
    for size in (-1, 71):
        with pytest.raises(MalformedError):
            tree.root(size)
