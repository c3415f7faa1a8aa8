# SPDX-License-Identifier: Apache-2.0
"""The entries of a bundle, read and judged in chunks: the work that grows with a log, for many cores."""

from __future__ import annotations

import hmac
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, TypeAlias

from detente.errors import MalformedError, VerificationError
from detente.line.mandates import CARRIERS, Credentials
from detente.record.verify_report import ALTERED, DISCLOSED, IN_CLEAR, PARTLY, WITHHELD
from detente.seal import canonical, commit
from detente.seal.canonical import unb64
from detente.seal.statement import ParsedLeaf, decode_leaf

MAX_BODY_FILE = 4 << 20  # a body of 1 MiB as it is written here, or the disclosures of many of its fields
CHUNK = 512
_CARRIER = tuple(f'"kind":"{kind}"'.encode() for kind in CARRIERS)


class Row(NamedTuple):
    """What is known of one entry: where it says that it stands, who signed it, how far its body is open.

    ``wrong``: why what is here as its body is not.
    """

    id: str
    log: str
    place: int
    time: int
    seen: dict[str, tuple[int, str]]
    office: str
    kind: str
    labels: tuple[str, ...]
    signed: bool
    body: str
    wrong: str | None


# A row; why the leaf cannot be read; or None where there is none.
Read: TypeAlias = Row | str | None


@dataclass(frozen=True)
class Chunk:
    """Entries of one log from ``start`` on, with the credentials in force before them."""

    start: int
    entries: Sequence[bytes | None]
    held: Credentials


def chunks(entries: Sequence[bytes | None], held: Credentials, ends: Collection[int] = ()) -> Iterator[Chunk]:
    """A log in chunks, another one beginning at each of ``ends``.

    ``held`` is what was in force before the log; when all is taken it is what is in force after it.
    """
    starts = sorted({*range(0, len(entries), CHUNK), *(end for end in ends if end < len(entries))})
    for start, stop in pairwise([*starts, len(entries)]):
        yield Chunk(start, entries[start:stop], held.copy())
        for raw in entries[start:stop]:
            # Canonical JSON has one spelling of each field: what does not hold it carries nothing.
            if raw is not None and any(mark in raw for mark in _CARRIER):
                _carry(held, raw)


def _carry(held: Credentials, raw: bytes) -> None:
    try:
        leaf = decode_leaf(raw)
    except MalformedError:
        return
    held.carry(leaf.leaf.statement, leaf.leaf.placement.index, leaf.leaf.placement.time)


def read(files: Mapping[str, bytes], chunk: Chunk) -> list[Read]:
    """Read and judge the entries of a chunk, and open the bodies that ``files`` has for them."""
    held = chunk.held.copy()
    return [None if raw is None else _row(files, held, raw) for raw in chunk.entries]


def _row(files: Mapping[str, bytes], held: Credentials, raw: bytes) -> Row | str:
    try:
        leaf = decode_leaf(raw)
    except MalformedError as error:
        return str(error)
    judged = held.examine(leaf)
    body, wrong = _body(files, leaf)
    placement, statement = leaf.leaf.placement, leaf.leaf.statement
    return Row(
        leaf.id,
        placement.log,
        placement.index,
        placement.time,
        placement.seen,
        statement.office,
        statement.kind,
        judged.labels,
        judged.signed,
        body,
        wrong,
    )


def _body(files: Mapping[str, bytes], leaf: ParsedLeaf) -> tuple[str, str | None]:
    path = f"bodies/{leaf.id}.json"
    if path not in files:
        return IN_CLEAR if leaf.leaf.statement.data is not None else WITHHELD, None
    try:
        return _opened(leaf, files[path]), None
    except MalformedError as error:
        return ALTERED, str(error)


def _opened(leaf: ParsedLeaf, raw: bytes) -> str:
    """How far this file opens the entry's body; MalformedError if it does not match the commitment."""
    ref = leaf.leaf.statement.body
    if ref is None:
        raise VerificationError("the entry's content is in clear; it has no body to disclose")
    doc = _loads(raw)
    root = unb64(ref.root, 32)
    if isinstance(doc, dict) and set(doc) == {"body", "seed"} and isinstance(doc["body"], dict):
        seed = unb64(doc["seed"], commit.SEED_SIZE) if isinstance(doc["seed"], str) else b""
        size = len(canonical.encode(doc["body"]))
        if size != ref.size or not hmac.compare_digest(commit.commitment(doc["body"], seed), root):
            raise VerificationError("the body is not the one that was signed")
        return DISCLOSED
    items = doc.get("disclosures") if isinstance(doc, dict) and set(doc) == {"disclosures"} else None
    if not isinstance(items, list) or not items:
        raise MalformedError("holds neither a body with its seed nor disclosures")
    for item in items:
        if not isinstance(item, dict) or not commit.check_disclosure(root, item):
            name = item.get("path") if isinstance(item, dict) else None
            raise VerificationError(f"the disclosed field {str(name)[:100]!r} is not what was signed")
    return PARTLY


def _loads(raw: bytes) -> object:
    """JSON as people may write it; what is canonical, as our own files are, is read faster."""
    try:
        return canonical.decode(raw, limit=MAX_BODY_FILE)
    except MalformedError:
        return canonical.loads(raw, limit=MAX_BODY_FILE)
