# SPDX-License-Identifier: Apache-2.0
"""Tiles and entry bundles as files (C2SP tlog-tiles 0.1.0)."""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping, Sequence

from detente.errors import MalformedError, VerificationError
from detente.log import merkle

WIDTH = 256
MAX_ENTRY = 65_535


def tile_paths(size: int) -> list[str]:
    """The paths of all tiles and entry bundles of ``size`` leaves: full ones and current partials."""
    return [_path(level, number, width) for level, number, width in _tiles(size)] + [
        _path("entries", number, width) for _, number, width in _level(size, 0)
    ]


def tile_files(leaf_hashes: Sequence[bytes], entries: Sequence[bytes]) -> dict[str, bytes]:
    """Path to content of every file of ``tile_paths``; MalformedError for an entry above 65,535 bytes."""
    if len(leaf_hashes) != len(entries):
        raise MalformedError("a log has one leaf hash for each entry")
    files = _hash_tiles(merkle.Tree(leaf_hashes))
    for _, number, width in _level(len(entries), 0):
        start = number * WIDTH
        files[_path("entries", number, width)] = _bundle(entries[start : start + width])
    return files


def read_entries(
    files: Mapping[str, bytes], size: int, known: Mapping[str, list[bytes]] | None = None
) -> list[bytes]:
    """The ``size`` entries of a log's files, also from a full bundle for a partial one; MalformedError.

    ``known``: by path, the entries of those that the caller has taken apart already.
    """
    entries: list[bytes] = []
    for _, number, width in _level(size, 0):
        path = _path("entries", number, width)
        # A client may fall back from a partial bundle to the full one that took its place.
        there = path if path in files else _path("entries", number, WIDTH)
        if there not in files:
            raise MalformedError(f"{path} is missing")
        found = known[there] if known and there in known else _read_bundle(files[there], path)
        if len(found) < width or (path in files and len(found) != width):
            raise MalformedError(f"{path} holds {len(found)} entries, not {width}")
        entries += found[:width]
    return entries


def check_tiles(
    files: Mapping[str, bytes], size: int, root: bytes, tree: merkle.Tree | None = None
) -> list[bytes]:
    """The leaf hashes of a log whose entries, tiles and ``root`` agree; VerificationError if not.

    ``tree``: over the entries of these files as ``read_entries`` gives them, if the caller has it already.
    """
    if tree is None:
        tree = merkle.Tree([merkle.leaf_hash(entry) for entry in read_entries(files, size)])
    if not hmac.compare_digest(tree.root(size), root):
        raise VerificationError("the entries do not yield the checkpoint's root")
    for path, content in _hash_tiles(tree).items():
        if path not in files:
            raise MalformedError(f"{path} is missing")
        if files[path] != content:
            raise VerificationError(f"{path} does not hold the hashes of the entries")
    return tree.levels[0]


def _tiles(size: int) -> Iterator[tuple[int, int, int]]:
    level = 0
    while size >> 8 * level:
        yield from _level(size, level)
        level += 1


def _level(size: int, level: int) -> Iterator[tuple[int, int, int]]:
    """(level, number, width) of the tiles of one level: the full ones, then the partial one if any."""
    full, partial = divmod(size >> 8 * level, WIDTH)
    for number in range(full):
        yield level, number, WIDTH
    if partial:
        yield level, full, partial


def _path(level: int | str, number: int, width: int) -> str:
    digits = f"{number:03d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[i : i + 3] for i in range(0, len(digits), 3)]
    place = "/".join([f"x{group}" for group in groups[:-1]] + groups[-1:])
    return f"tile/{level}/{place}" if width == WIDTH else f"tile/{level}/{place}.p/{width}"


def _hash_tiles(tree: merkle.Tree) -> dict[str, bytes]:
    """A tile of each level holds the roots of the full tiles of the level below."""
    files: dict[str, bytes] = {}
    for level, row in enumerate(tree.levels[::8]):
        for _, number, width in _level(tree.size, level):
            files[_path(level, number, width)] = b"".join(row[number * WIDTH : number * WIDTH + width])
    return files


def _bundle(entries: Sequence[bytes]) -> bytes:
    out = bytearray()
    for entry in entries:
        if len(entry) > MAX_ENTRY:
            raise MalformedError(f"entry of {len(entry)} bytes; the limit is {MAX_ENTRY}")
        out += len(entry).to_bytes(2, "big") + entry
    return bytes(out)


def _read_bundle(raw: bytes, path: str) -> list[bytes]:
    entries, at = [], 0
    while at < len(raw):
        length = int.from_bytes(raw[at : at + 2], "big")
        entry = raw[at + 2 : at + 2 + length]
        if at + 2 + length > len(raw):
            raise MalformedError(f"{path} ends within an entry")
        entries.append(entry)
        at += 2 + length
    return entries
