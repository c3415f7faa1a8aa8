# SPDX-License-Identifier: Apache-2.0
"""The Merkle tree of RFC 6962 §2.1 (RFC 9162 §2.1): roots, proofs and their verification."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence

from detente.errors import MalformedError, VerificationError

_sha256 = hashlib.sha256
EMPTY = _sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256(0x00 || entry)."""
    return _sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right)."""
    return _sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a growing tree: enough to append and to know the root, in O(log n) space.

    ``hashes`` are the roots of the perfect subtrees that ``size`` is made of, largest first.
    """

    __slots__ = ("_hashes", "size")

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        self._hashes = list(hashes)
        self.size = size
        if len(self._hashes) != size.bit_count():
            raise MalformedError(f"a frontier of size {size} has {size.bit_count()} hashes")

    @property
    def hashes(self) -> tuple[bytes, ...]:
        """What ``Frontier(size, hashes)`` makes the same frontier of."""
        return tuple(self._hashes)

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash."""
        hashes, bits = self._hashes, self.size
        while bits & 1:
            leaf = _sha256(b"\x01" + hashes.pop() + leaf).digest()
            bits >>= 1
        hashes.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """The root of the tree so far."""
        if not self._hashes:
            return EMPTY
        result = self._hashes[-1]
        for left in self._hashes[-2::-1]:
            result = _sha256(b"\x01" + left + result).digest()
        return result

    def copy(self) -> Frontier:
        """An independent frontier of the same tree."""
        return Frontier(self.size, self._hashes)


class Tree:
    """All perfect subtrees over given leaf hashes: the root of any prefix without hashing it again.

    Takes twice the memory of the leaf hashes; ``levels[h][i]`` is the root of leaves ``i << h`` up to
    ``i + 1 << h``.
    """

    __slots__ = ("levels",)

    def __init__(self, hashes: Sequence[bytes]) -> None:
        digest, level = _sha256, list(hashes)
        self.levels = [level]
        while len(level) > 1:
            pairs = zip(level[::2], level[1::2], strict=False)
            level = [digest(b"\x01" + left + right).digest() for left, right in pairs]
            self.levels.append(level)

    @property
    def size(self) -> int:
        """How many leaves."""
        return len(self.levels[0])

    def root(self, size: int) -> bytes:
        """The root of the first ``size`` leaves; MalformedError if there are fewer."""
        if not 0 <= size <= self.size:
            raise MalformedError(f"no tree of size {size} in one of size {self.size}")
        result, at = None, size
        for level in self.levels:
            if at & 1:
                result = level[at - 1] if result is None else node_hash(level[at - 1], result)
            at >>= 1
        return EMPTY if result is None else result


def root(hashes: Iterable[bytes]) -> bytes:
    """The root over leaf hashes."""
    frontier = Frontier()
    for leaf in hashes:
        frontier.append(leaf)
    return frontier.root()


def inclusion_proof(hashes: Sequence[bytes], index: int, size: int) -> list[bytes]:
    """The audit path of leaf ``index`` in the tree of the first ``size`` leaves, leaf's sibling first."""
    if not 0 <= index < size <= len(hashes):
        raise MalformedError(f"no leaf {index} in a tree of size {size}")
    return _path(hashes, 0, size, index)


def _path(hashes: Sequence[bytes], start: int, end: int, index: int) -> list[bytes]:
    proof: list[bytes] = []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(root(hashes[middle:end]))
            end = middle
        else:
            proof.append(root(hashes[start:middle]))
            start = middle
    return proof[::-1]


def consistency_proof(hashes: Sequence[bytes], old: int, new: int) -> list[bytes]:
    """The proof that the tree of size ``new`` begins with size ``old``; empty for 0 or equal sizes."""
    if not 0 <= old <= new <= len(hashes):
        raise MalformedError(f"no tree of size {new} that begins with one of size {old}")
    if old in (0, new):
        return []
    proof: list[bytes] = []
    start, end, rest, whole = 0, new, old, True
    while rest != end - start:
        middle = start + _split(end - start)
        if rest <= middle - start:
            proof.append(root(hashes[middle:end]))
            end = middle
        else:
            proof.append(root(hashes[start:middle]))
            rest -= middle - start
            start, whole = middle, False
    if not whole:
        proof.append(root(hashes[start:end]))
    return proof[::-1]


def _split(size: int) -> int:
    """The largest power of two below ``size``."""
    return 1 << (size - 1).bit_length() - 1


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """VerificationError unless the leaf hash stands at ``index`` under ``root`` (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size:
        raise VerificationError(f"no leaf {index} in a tree of size {size}")
    _check_hashes((leaf, root, *proof))
    result, place, last = leaf, index, size - 1
    for sibling in proof:
        if last == 0:
            raise VerificationError("inclusion proof is too long")
        if place & 1 or place == last:
            result = node_hash(sibling, result)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            result = node_hash(result, sibling)
        place, last = place >> 1, last >> 1
    if last or not hmac.compare_digest(result, root):
        raise VerificationError("inclusion proof does not yield the root")


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    """VerificationError unless the tree ``new`` begins with the tree ``old`` (RFC 9162 §2.1.4.2).

    A proof from size 0 proves nothing and is refused; who accepts an empty start decides so beforehand.
    """
    if not 0 < old <= new:
        raise VerificationError(f"no consistency from size {old} to size {new} can be proven")
    if old == new:
        if proof or not hmac.compare_digest(old_root, new_root):
            raise VerificationError("two roots for one size, or a proof where none is needed")
        return
    _check_hashes((old_root, new_root, *proof))
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        raise VerificationError("consistency proof is empty")
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old_result = new_result = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise VerificationError("consistency proof is too long")
        if place & 1 or place == last:
            old_result = node_hash(sibling, old_result)
            new_result = node_hash(sibling, new_result)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            new_result = node_hash(new_result, sibling)
        place, last = place >> 1, last >> 1
    same = hmac.compare_digest(old_result, old_root) and hmac.compare_digest(new_result, new_root)
    if last or not same:
        raise VerificationError("consistency proof does not yield both roots")


def _check_hashes(hashes: Iterable[bytes]) -> None:
    if any(len(digest) != 32 for digest in hashes):
        raise VerificationError("a hash has 32 bytes")
