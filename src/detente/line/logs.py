# SPDX-License-Identifier: Apache-2.0
"""One log of the channel as this party holds it: tree, heads, citations."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

from detente.line.writes import PutHead, PutLog
from detente.log import merkle
from detente.seal.vkey import VerifierKey
from detente.words.entry import Statement

# A member may ask for any old root, as often as it likes: none costs more hashes than this.
TREE_EVERY = 256


@dataclass
class LogState:
    """Grows by whole entries; a head is known only at sizes that its author signed."""

    put: PutLog
    log_key: VerifierKey
    receipt_key: VerifierKey
    frontier: merkle.Frontier = field(default_factory=merkle.Frontier)
    hashes: bytearray = field(default_factory=bytearray)
    kinds: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    # Indices of immediate and flash entries.
    urgent: list[int] = field(default_factory=list)
    head_sizes: list[int] = field(default_factory=list)
    head_roots: list[bytes] = field(default_factory=list)
    # origin -> (indices, sizes): what the author had seen of that log from which index on.
    cited: dict[str, tuple[list[int], list[int]]] = field(default_factory=dict)
    # Our own newest cosignature over this log: (size, seconds, note).
    cosigned: tuple[int, int, bytes] | None = None
    # fingerprint -> size covered by that party's newest cosignature
    receipted: dict[str, int] = field(default_factory=dict)
    forked: bool = False
    # One of ours of which a member gave back what we had lost.
    lost: bool = False
    # (index, time, statement) of the entries that carry credentials.
    certifying: list[tuple[int, int, Statement]] = field(default_factory=list)
    # Trees of every so many leaves, made when an old root is first asked for.
    _trees: list[merkle.Frontier] = field(default_factory=lambda: [merkle.Frontier()])

    @property
    def origin(self) -> str:
        """The log's origin line."""
        return self.put.origin

    @property
    def party(self) -> str:
        """Fingerprint of the author."""
        return self.put.party

    @property
    def size(self) -> int:
        """Leaves held, without gaps."""
        return self.frontier.size

    def hash_at(self, index: int) -> bytes:
        """Leaf hash at an index below ``size``."""
        return bytes(self.hashes[32 * index : 32 * index + 32])

    def root_at(self, size: int) -> bytes | None:
        """Root signed for ``size``, or None where no head of that size is held."""
        at = bisect_right(self.head_sizes, size) - 1
        return self.head_roots[at] if at >= 0 and self.head_sizes[at] == size else None

    def head_above(self, start: int, most: int) -> int | None:
        """Largest signed size in (start, start + most], else the smallest above ``start``."""
        first = bisect_right(self.head_sizes, start)
        if first == len(self.head_sizes):
            return None
        last = bisect_right(self.head_sizes, start + most) - 1
        return self.head_sizes[max(first, last)]

    def head_below(self, most: int) -> int:
        """Largest signed size up to ``most``; 0 if there is none."""
        at = bisect_right(self.head_sizes, most)
        return self.head_sizes[at - 1] if at else 0

    def add_leaf(self, leaf_hash: bytes, entry_id: str, kind: str, urgent: bool) -> None:
        """The next leaf."""
        if urgent:
            self.urgent.append(self.size)
        self.frontier.append(leaf_hash)
        self.hashes += leaf_hash
        self.ids.append(entry_id)
        self.kinds.append(kind)

    def add_head(self, put: PutHead) -> None:
        """A head its author signed; sizes come in any order when an old one is shown late."""
        self.lost = self.lost or (self.put.mine and not put.mine)
        at = bisect_right(self.head_sizes, put.size)
        if at and self.head_sizes[at - 1] == put.size:
            return
        self.head_sizes.insert(at, put.size)
        self.head_roots.insert(at, put.root)

    def cite(self, index: int, origin: str, size: int) -> None:
        """The author's entry at ``index`` had seen ``size`` leaves of ``origin``."""
        indices, sizes = self.cited.setdefault(origin, ([], []))
        indices.append(index)
        sizes.append(max(size, sizes[-1] if sizes else 0))

    def saw(self, index: int, origin: str) -> int:
        """How much of ``origin`` the author had seen at ``index`` (protocol §6: prefix + seen)."""
        cites = self.cited.get(origin)
        if cites is None:
            return 0
        at = bisect_right(cites[0], index) - 1
        return cites[1][at] if at >= 0 else 0

    def first_to_see(self, origin: str, index: int) -> int:
        """The author's first entry that had seen leaf ``index`` of ``origin``; ``size`` if there is none."""
        indices, sizes = self.cited.get(origin, ([], []))
        at = bisect_right(sizes, index)
        return indices[at] if at < len(indices) else self.size

    def compute_root(self, size: int) -> bytes:
        """Root over the first ``size`` leaves, recomputed from the nearest tree that was kept on the way."""
        while len(self._trees) * TREE_EVERY <= size:
            frontier = self._trees[-1].copy()
            for index in range(frontier.size, frontier.size + TREE_EVERY):
                frontier.append(self.hash_at(index))
            self._trees.append(frontier)
        frontier = self._trees[size // TREE_EVERY].copy()
        for index in range(frontier.size, size):
            frontier.append(self.hash_at(index))
        return frontier.root()
