# SPDX-License-Identifier: Apache-2.0
"""One log of a bundle: its entries, held against its tiles and signed heads, and what is wrong where."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import takewhile

from detente.errors import MalformedError
from detente.log import merkle, note, tiles
from detente.log.checkpoint import Checkpoint
from detente.record.verify_rows import Row
from detente.seal.statement import ParsedLeaf, decode_leaf

_TILE = re.compile(r"tile/(entries|[0-9]{1,2})/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([0-9]{1,3}))?", re.ASCII)
_NOTE = re.compile(r"(?:receipts|items)/[A-Za-z0-9._-]+", re.ASCII)
_WIDTH = tiles.WIDTH
_SLACK = 64 * _WIDTH


@dataclass
class Log:
    """A log while it is being verified. ``entries`` and ``rows`` have None for one missing or unreadable.

    ``in_log`` says of each place whether what stands there is under a signed head. ``base`` counts the
    entries of its party's earlier logs. Problems are (index or None, text). ``notes``: the paths of its
    receipts, which are read by whoever checks them. ``bundles``: path to entries of what was taken apart.
    """

    name: str
    files: Mapping[str, bytes]
    notes: Sequence[str] = ()
    bundles: dict[str, list[bytes]] = field(default_factory=dict)
    head: Checkpoint | None = None
    entries: list[bytes | None] = field(default_factory=list)
    rows: list[Row | None] = field(default_factory=list)
    in_log: list[bool] = field(default_factory=list)
    problems: list[tuple[int | None, str]] = field(default_factory=list)
    party: str = ""
    base: int = 0

    @cached_property
    def origin(self) -> str:
        """The origin that the checkpoint names, or the first readable leaf."""
        if self.head is not None:
            return self.head.origin
        leaves = (self.leaf(index) for index in range(len(self.entries)))
        return next((leaf.leaf.placement.log for leaf in leaves if leaf is not None), "")

    def leaf(self, index: int) -> ParsedLeaf | None:
        """The leaf at ``index``; None where there is none that can be read."""
        raw = self.entries[index] if index < len(self.entries) else None
        try:
            return None if raw is None else decode_leaf(raw)
        except MalformedError:
            return None

    @cached_property
    def tree(self) -> merkle.Tree:
        """The tree of the entries up to the first missing one."""
        here = takewhile(lambda entry: entry is not None, self.entries)
        return merkle.Tree([merkle.leaf_hash(entry) for entry in here if entry is not None])

    def ref(self, index: int) -> str:
        """What people call the entry at ``index``."""
        return f"{self.party or self.name}-{self.base + index}"

    @cached_property
    def sound(self) -> int:
        """How many entries from the first on are under a signed head; asked once ``in_log`` is filled."""
        return next((index for index, holds in enumerate(self.in_log) if not holds), len(self.in_log))

    def root_at(self, sizes: Iterable[int]) -> dict[int, bytes]:
        """The roots of the first so many entries, for every size up to the first missing one."""
        return {size: self.tree.root(size) for size in set(sizes) if 0 <= size <= self.tree.size}


def read(name: str, files: Mapping[str, bytes], notes: Sequence[str] = ()) -> Log:
    """Read whatever of a log can be read; what cannot is a problem, never an exception."""
    log = Log(name, files, notes, party=re.sub(r"-[0-9]+\Z", "", name))
    log.head = _head(log)
    _read_entries(log)
    known = {"checkpoint", *filter(_TILE.fullmatch, files), *filter(_NOTE.fullmatch, notes)}
    for path in (*files, *notes):
        if path not in known:
            log.problems.append((None, f"logs/{name}/{path} is no file of a log"))
    return log


def check(log: Log, heads: Mapping[int, bytes]) -> None:
    """Fill ``in_log`` and name what does not belong. ``heads``: size to root of the other signed heads."""
    log.in_log = [False] * len(log.entries)
    if log.head is None:
        return
    size = log.head.size
    try:
        same = tiles.read_entries(log.files, size, log.bundles) == log.entries
        tiles.check_tiles(log.files, size, log.head.root, log.tree if same else None)
        log.in_log = [True] * len(log.entries)
    except MalformedError as error:
        before = len(log.problems)
        _diagnose(log, log.head, heads)
        if len(log.problems) == before:
            log.problems.append((None, str(error)))
    _places(log)


def _head(log: Log) -> Checkpoint | None:
    raw = log.files.get("checkpoint")
    if raw is None:
        log.problems.append((None, f"logs/{log.name}/checkpoint is missing"))
        return None
    try:
        return Checkpoint.parse(note.parse(raw).text)
    except MalformedError as error:
        log.problems.append((None, f"logs/{log.name}/checkpoint: {error}"))
        return None


def _read_entries(log: Log) -> None:
    """Entries by place, from whichever bundle files are there; the checkpoint says how many there must be."""
    found: dict[int, bytes] = {}
    for path, raw in log.files.items():
        match = _TILE.fullmatch(path)
        if match and match[1] == "entries":
            start = _number(match[2]) * _WIDTH
            pieces = _pieces(raw)
            if pieces is None:
                log.problems.append((start, f"logs/{log.name}/{path} ends within an entry"))
            else:
                log.bundles[path] = pieces
            for offset, piece in enumerate(pieces or ()):
                found.setdefault(start + offset, piece)
    last = max(found, default=-1) + 1
    size = log.head.size if log.head is not None else last
    if last > size:
        log.problems.append((size, "stands after the end of the log that the checkpoint signs"))
    if last < size:
        what = f"is missing, with all up to {log.ref(size - 1)}" if size - last > 1 else "is missing"
        log.problems.append((last, f"{what}: the checkpoint signs {size} entries, {last} are here"))
    # A checkpoint may claim any size and a tile any place: hold no more than what is here and its gaps.
    here = min(last, size, 2 * len(found) + _SLACK)
    log.entries = [found.get(index) for index in range(here)]
    for start, end in _gaps(log.entries):
        span = f", with all up to {log.ref(end - 1)}" if end - start > 1 else ""
        log.problems.append((start, f"is missing{span}"))


def _gaps(entries: Sequence[object | None]) -> Iterator[tuple[int, int]]:
    start: int | None = None
    for index, entry in enumerate([*entries, b""]):
        if entry is None and start is None:
            start = index
        elif entry is not None and start is not None:
            yield start, index
            start = None


def _pieces(raw: bytes) -> list[bytes] | None:
    pieces: list[bytes] = []
    at, size = 0, len(raw)
    while at + 1 < size and len(pieces) <= _WIDTH:
        start = at + 2
        at = start + (raw[at] << 8 | raw[at + 1])
        pieces.append(raw[start:at])
    # The last one must end where the file does.
    return pieces if at == size and len(pieces) <= _WIDTH else None


def _number(path: str) -> int:
    return int(path.replace("x", "").replace("/", ""))


def _tile_hashes(log: Log) -> list[bytes | None]:
    """The leaf hashes that the level 0 tiles claim, by place."""
    found: dict[int, bytes] = {}
    for path, raw in log.files.items():
        match = _TILE.fullmatch(path)
        if match and match[1] == "0":
            start = _number(match[2]) * _WIDTH
            for offset in range(0, min(len(raw), _WIDTH * 32) - 31, 32):
                found[start + offset // 32] = raw[offset : offset + 32]
    here = min(max(found, default=-1) + 1, 2 * len(found) + _SLACK)
    return [found.get(index) for index in range(max(here, len(log.entries)))]


def _diagnose(log: Log, head: Checkpoint, heads: Mapping[int, bytes]) -> None:
    """Say which entries are at fault: by the tiles if they yield the root, else by the signed heads."""
    hashes = [None if entry is None else merkle.leaf_hash(entry) for entry in log.entries]
    claimed = _tile_hashes(log)
    differ = [index for index, digest in enumerate(hashes) if digest != claimed[index]]
    if len(claimed) == head.size and _root(claimed) == head.root:
        log.in_log = [digest == claimed[index] for index, digest in enumerate(hashes)]
        for index in differ:
            if hashes[index] is not None:
                log.problems.append((index, "was altered: its hash is not the one in the log's tree"))
    elif len(hashes) == head.size and _root(hashes) == head.root:
        log.in_log = [True] * len(hashes)
        log.problems.extend((index, "the tile does not hold its hash") for index in differ)
    else:
        _by_heads(log, dict(heads) | {head.size: head.root}, differ)


def _by_heads(log: Log, heads: Mapping[int, bytes], differ: list[int]) -> None:
    """Everything up to the last head that its entries yield is sound; the fault is before the next one."""
    roots = log.root_at(heads)
    good = max((size for size, root in heads.items() if roots.get(size) == root), default=0)
    bad = min((size for size in heads if size > good), default=good)
    log.in_log = [index < good for index in range(len(log.entries))]
    if bad > len(log.entries):
        return  # what is missing has been named; what is here beyond the last good head is not proven
    misplaced = [index for index in range(good, bad) if _misplaced(log, index)]
    suspects = misplaced[:1] or [index for index in differ if good <= index < bad]
    for index in suspects:
        log.problems.append((index, "was altered, removed or moved: the log's tree does not hold it"))
    if not suspects and good < bad:
        span = "was altered" if bad - good == 1 else f"or one of those up to {log.ref(bad - 1)} was altered"
        log.problems.append((good, f"{span}: the log's tree does not hold it"))


def _root(hashes: list[bytes | None]) -> bytes | None:
    known = [digest for digest in hashes if digest is not None]
    return merkle.root(known) if len(known) == len(hashes) else None


def _misplaced(log: Log, index: int) -> bool:
    leaf = log.leaf(index)
    return leaf is None or leaf.leaf.placement.index != index


def _places(log: Log) -> None:
    """Every leaf says itself in which log and at which place it stands."""
    shifted = False
    for index, row in enumerate(log.rows):
        if row is None:
            continue
        if row.log != log.origin:
            log.problems.append((index, f"says that it stands in {row.log}"))
        if row.place == index:
            shifted = False
        elif not shifted:
            # After one removal everything moves up: name the first, not all that follow it.
            shifted = True
            log.problems.append((index, f"is not here: {log.ref(row.place)} stands in its place"))
