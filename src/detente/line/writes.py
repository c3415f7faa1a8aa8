# SPDX-License-Identifier: Apache-2.0
"""What a line asks its store to make durable.

Every change of a line's state is one of these values. A step's writes are committed together, before anything
made in that step leaves memory; after a crash the same values, read back in order, rebuild the line.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class PutLog:
    """A log becomes known. ``seq`` counts a party's logs from 0; ``base`` is the entries in its earlier
    ones. ``given``: one of ours that a member gave back; we never sign in it. Once more with
    ``seq`` below 0: one of ours is set aside, as nobody holds it and another goes on for the same log."""

    origin: str
    party: str
    seq: int
    base: int
    log_key: str
    receipt_key: str
    pq_key: str
    mine: bool
    given: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class PutLeaf:
    """A leaf at its place. ``hash`` is its RFC 6962 leaf hash; ``arrived`` is our clock, in ms."""

    origin: str
    index: int
    raw: bytes
    hash: bytes
    entry_id: str
    arrived: int
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PutHead:
    """A signed head. For our own log the store refuses it unless the head it holds has size ``previous``.

    ``mine``: signed here, in this step. A head of our own log without it was given back by a member: it is
    kept, and from then on the store takes no new head of ours in that log.
    """

    origin: str
    size: int
    root: bytes
    note: bytes
    previous: int
    mine: bool


@dataclass(frozen=True, slots=True)
class PutReceipt:
    """A cosignature by ``by`` (fingerprint) over the head of ``size``; ``seconds`` is its claimed time."""

    origin: str
    size: int
    by: str
    seconds: int
    note: bytes


@dataclass(frozen=True, slots=True)
class PutItem:
    """An item receipt by ``by`` for one statement; ``arrived`` is its claimed time, in ms."""

    entry_id: str
    origin: str
    by: str
    arrived: int
    note: bytes


@dataclass(frozen=True, slots=True)
class PutBody:
    """A body's JSON with the seed that opens its commitment. A later one for the same entry replaces it."""

    entry_id: str
    seed: bytes
    raw: bytes


@dataclass(frozen=True, slots=True)
class PutEarly:
    """A statement kept ahead of its place, as the leaf it will be."""

    origin: str
    index: int
    entry_id: str
    raw: bytes
    arrived: int
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DropEarly:
    """The statement now stands at its place."""

    entry_id: str


@dataclass(frozen=True, slots=True)
class PutLabels:
    """Labels that changed after the leaf was kept (a body that came later)."""

    entry_id: str
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PutEpoch:
    """A sending key of ``sender``; ``blobs`` (fingerprint to HPKE blob) only for our own."""

    sender: str
    epoch: int
    key: bytes
    blobs: dict[str, bytes]


@dataclass(frozen=True, slots=True)
class PutMember:
    """A member of the channel, by its card credential."""

    party: str
    card: dict[str, Any]


@dataclass(frozen=True, slots=True)
class PutEvidence:
    """Two notes that cannot both be true, or another proof of a broken promise; ``files`` name to bytes."""

    key: str
    origin: str
    what: str
    at: int
    files: dict[str, bytes]


Write = (
    PutLog
    | PutLeaf
    | PutHead
    | PutReceipt
    | PutItem
    | PutBody
    | PutEarly
    | DropEarly
    | PutLabels
    | PutEpoch
    | PutMember
    | PutEvidence
)
