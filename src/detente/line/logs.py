# SPDX-License-Identifier: Apache-2.0
"""One log of the channel as this party holds it: tree, heads, citations."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import overload

from detente.line.past import Ids, Past
from detente.line.writes import PutHead, PutLog
from detente.log import merkle
from detente.seal.vkey import VerifierKey
from detente.words.entry import Statement

# A member may ask for any old root, as often as it likes: none costs more hashes than twice this.
TREE_EVERY = 256
# 64 bits: sizes and indices.
WIDE = "Q"


class Kinds(Sequence[str]):
    """The kinds of a log's entries, each name kept once."""

    def __init__(self) -> None:
        self.codes = array("I")
        self.names: list[str] = []
        self._code: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self.codes)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> list[str]: ...
    def __getitem__(self, at: int | slice) -> str | list[str]:
        if isinstance(at, slice):
            return [self.names[code] for code in self.codes[at]]
        return self.names[self.codes[at]]

    def __iter__(self) -> Iterator[str]:
        return (self.names[code] for code in self.codes)

    def append(self, kind: str) -> None:
        """The next entry's kind."""
        self.codes.append(self.code(kind))

    def code(self, kind: str) -> int:
        """The number that stands for a kind, from now on."""
        code = self._code.get(kind)
        if code is None:
            code = self._code[kind] = len(self.names)
            self.names.append(kind)
        return code


@dataclass
class LogState:
    """Grows by whole entries; a head is known only at sizes that its author signed.

    Hashes, ids and heads below ``settled`` are asked of the ``past``; see ``settle``.
    """

    put: PutLog
    log_key: VerifierKey
    receipt_key: VerifierKey
    past: Past | None = None
    frontier: merkle.Frontier = field(default_factory=merkle.Frontier)
    kinds: Kinds = field(default_factory=Kinds)
    ids: Ids = field(init=False)
    settled: int = 0
    # Indices of immediate and flash entries.
    urgent: array[int] = field(default_factory=lambda: array(WIDE))
    # Heads above ``settled``, the newest in any case, and old ones that came late.
    head_sizes: list[int] = field(default_factory=list)
    head_roots: list[bytes] = field(default_factory=list)
    # origin -> (indices, sizes): what the author had seen of that log from which index on.
    cited: dict[str, tuple[array[int], array[int]]] = field(default_factory=dict)
    # Our own newest cosignature over this log: (size, seconds, note).
    cosigned: tuple[int, int, bytes] | None = None
    # fingerprint -> size covered by that party's newest cosignature
    receipted: dict[str, int] = field(default_factory=dict)
    forked: bool = False
    # One of ours of which a member gave back what we had lost.
    lost: bool = False
    # (index, time, statement) of the entries that carry credentials.
    certifying: list[tuple[int, int, Statement]] = field(default_factory=list)
    # By kind, indices of the entries that a start must read again; and of those whose labels may go.
    noted: dict[str, array[int]] = field(default_factory=dict)
    # The leaf hashes from ``_start`` on; the roots of every so many leaves; trees of every so many of those.
    _hashes: bytearray = field(default_factory=bytearray)
    _start: int = 0
    _blocks: bytearray = field(default_factory=bytearray)
    _trees: list[merkle.Frontier] = field(default_factory=lambda: [merkle.Frontier()])

    def __post_init__(self) -> None:
        self.ids = Ids(self.put.origin, self.past)

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

    # -- leaves --------------------------------------------------------------------------------

    def hash_at(self, index: int) -> bytes:
        """Leaf hash at an index below ``size``."""
        return self.hashes(index, index + 1)

    def hashes(self, start: int, stop: int) -> bytes:
        """Leaf hashes from ``start`` up to ``stop``, not included, 32 bytes each."""
        old = b""
        if start < self._start and self.past is not None:
            old = self.past.hashes(self.origin, start, min(stop, self._start))
        first, last = max(start - self._start, 0), max(stop - self._start, 0)
        return old + self._hashes[32 * first : 32 * last]

    def add_leaf(self, leaf_hash: bytes, entry_id: str, kind: str, urgent: bool) -> None:
        """The next leaf."""
        if urgent:
            self.urgent.append(self.size)
        self.frontier.append(leaf_hash)
        self._hashes += leaf_hash
        self.ids.append(entry_id)
        self.kinds.append(kind)

    def named(self, start: int) -> Iterator[tuple[int, str]]:
        """(index, entry id) from ``start`` on, read in ranges."""
        for first in range(start, self.size, TREE_EVERY):
            yield from enumerate(self.ids[first : first + TREE_EVERY], first)

    def note(self, what: str, index: int) -> None:
        """Remember an entry under a name, in the order of the log."""
        self.noted.setdefault(what, array(WIDE)).append(index)

    # -- heads ---------------------------------------------------------------------------------

    def root_at(self, size: int) -> bytes | None:
        """Root signed for ``size``, or None where no head of that size is held."""
        at = bisect_right(self.head_sizes, size) - 1
        if at >= 0 and self.head_sizes[at] == size:
            return self.head_roots[at]
        return self.past.root(self.origin, size) if self.past is not None and size <= self.settled else None

    def head_above(self, start: int, most: int) -> int | None:
        """Largest signed size in (start, start + most], else the smallest above ``start``."""
        found = []
        first = bisect_right(self.head_sizes, start)
        if first < len(self.head_sizes):
            last = bisect_right(self.head_sizes, start + most) - 1
            found.append(self.head_sizes[max(first, last)])
        old = self.past.head_above(self.origin, start, most) if self.past and start < self.settled else None
        if old is not None:
            found.append(old)
        return max((size for size in found if size <= start + most), default=min(found, default=None))

    def head_below(self, most: int) -> int:
        """Largest signed size up to ``most``; 0 if there is none."""
        at = bisect_right(self.head_sizes, most)
        held = self.head_sizes[at - 1] if at else 0
        if self.past is None or held >= min(most, self.settled):
            return held
        return max(held, self.past.head_below(self.origin, most))

    def add_head(self, put: PutHead) -> None:
        """A head its author signed; sizes come in any order when an old one is shown late."""
        self.lost = self.lost or (self.put.mine and not put.mine)
        at = bisect_right(self.head_sizes, put.size)
        if at and self.head_sizes[at - 1] == put.size:
            return
        self.head_sizes.insert(at, put.size)
        self.head_roots.insert(at, put.root)

    # -- citations -----------------------------------------------------------------------------

    def cite(self, index: int, origin: str, size: int) -> None:
        """The author's entry at ``index`` had seen ``size`` leaves of ``origin``."""
        indices, sizes = self.cited.setdefault(origin, (array(WIDE), array(WIDE)))
        if not sizes or size > sizes[-1]:
            indices.append(index)
            sizes.append(size)

    def saw(self, index: int, origin: str) -> int:
        """How much of ``origin`` the author had seen at ``index`` (protocol §6: prefix + seen)."""
        cites = self.cited.get(origin)
        if cites is None or index < 0:
            return 0
        at = bisect_right(cites[0], index) - 1
        return cites[1][at] if at >= 0 else 0

    def first_to_see(self, origin: str, index: int) -> int:
        """The author's first entry that had seen leaf ``index`` of ``origin``; ``size`` if there is none."""
        indices, sizes = self.cited.get(origin, (array(WIDE), array(WIDE)))
        at = bisect_right(sizes, index)
        return indices[at] if at < len(indices) else self.size

    # -- old roots -----------------------------------------------------------------------------

    def compute_root(self, size: int) -> bytes:
        """Root over the first ``size`` leaves, recomputed from the nearest tree that was kept on the way."""
        self._grow_blocks()
        whole = size // TREE_EVERY
        while len(self._trees) * TREE_EVERY <= whole:
            tree = self._trees[-1].copy()
            self._append_blocks(tree, tree.size + TREE_EVERY)
            self._trees.append(tree)
        tree = self._trees[whole // TREE_EVERY].copy()
        self._append_blocks(tree, whole)
        frontier = merkle.Frontier(TREE_EVERY * whole, tree.hashes)
        for leaf in split(self.hashes(TREE_EVERY * whole, size)):
            frontier.append(leaf)
        return frontier.root()

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """The audit path of leaf ``index`` in the tree of the first ``size`` leaves, leaf's sibling first."""
        self._grow_blocks()
        first = index - index % TREE_EVERY
        # A block is a node of the tree, and so is what is left after the last whole one.
        leaves = list(split(self.hashes(first, min(first + TREE_EVERY, size))))
        blocks = list(split(self._blocks[: 32 * (size // TREE_EVERY)]))
        if size % TREE_EVERY:
            blocks.append(merkle.root(split(self.hashes(size - size % TREE_EVERY, size))))
        below = merkle.inclusion_proof(leaves, index - first, len(leaves))
        return below + merkle.inclusion_proof(blocks, first // TREE_EVERY, len(blocks))

    def _append_blocks(self, tree: merkle.Frontier, upto: int) -> None:
        for block in split(self._blocks[32 * tree.size : 32 * upto]):
            tree.append(block)

    def _grow_blocks(self) -> None:
        first, last = len(self._blocks) // 32, self.size // TREE_EVERY
        if first < last:
            held = self.hashes(TREE_EVERY * first, TREE_EVERY * last)
            for at in range(0, len(held), 32 * TREE_EVERY):
                self._blocks += merkle.root(split(held[at : at + 32 * TREE_EVERY]))

    # -- settling ------------------------------------------------------------------------------

    def settle(self) -> None:
        """All that stands is on disk: keep what the past cannot answer, and the leaves of the last block."""
        self._grow_blocks()
        start = self.size - self.size % TREE_EVERY
        del self._hashes[: 32 * (start - self._start)]
        self.ids.settle(start)
        self._start, self.settled = start, self.size
        del self.head_sizes[:-1], self.head_roots[:-1]

    @property
    def blocks(self) -> bytes:
        """Roots of the whole blocks of ``TREE_EVERY`` leaves, 32 bytes each."""
        self._grow_blocks()
        return bytes(self._blocks)

    def take_back(self, blocks: bytes, hashes: bytes, ids: Sequence[str]) -> None:
        """Settled at the size of ``blocks`` and of the leaves after them, by hash and id."""
        tree = merkle.Frontier()
        for block in split(blocks):
            tree.append(block)
        self._start = TREE_EVERY * tree.size
        self.frontier = merkle.Frontier(self._start, tree.hashes)
        for leaf in split(hashes):
            self.frontier.append(leaf)
        self._blocks, self._hashes = bytearray(blocks), bytearray(hashes)
        self._trees = [merkle.Frontier()]
        self.settled = self.size
        self.ids.take_back(self._start, ids)


def split(hashes: bytes | bytearray) -> Iterable[bytes]:
    """Hashes of 32 bytes each."""
    return (bytes(hashes[at : at + 32]) for at in range(0, len(hashes), 32))
