# SPDX-License-Identifier: Apache-2.0
"""The notes of a bundle: who signed which head or item of a log, and who holds which entry since when."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from detente.errors import MalformedError
from detente.log import note
from detente.log.checkpoint import Checkpoint, open_cosignature
from detente.log.receipt import open_item
from detente.record.verify_report import Held
from detente.record.verify_tree import Log
from detente.seal.credential import LogCert
from detente.seal.vkey import VerifierKey

COSIGNATURE, ITEM = "cosignature", "item receipt"
BATCH = 256


@dataclass(frozen=True)
class Maker:
    """Who makes receipts under a name: a party id or the name of a witness, and with which key."""

    who: str
    key: VerifierKey


class Cosigned(NamedTuple):
    """``who`` holds the first ``size`` entries under ``root``, since ``at`` (ms)."""

    who: str
    size: int
    root: bytes
    at: int
    path: str


@dataclass
class Receipts:
    """What of one log's notes holds by its signatures, before any root is compared."""

    cosigned: list[Cosigned] = field(default_factory=list)
    items: dict[str, list[Held]] = field(default_factory=dict)
    strangers: int = 0
    problems: list[str] = field(default_factory=list)
    unsigned: bool = False

    def add(self, other: Receipts) -> None:
        """Take in what holds of further notes of the same log."""
        self.cosigned += other.cosigned
        for entry, held in other.items.items():
            self.items.setdefault(entry, []).extend(held)
        self.strangers += other.strangers
        self.problems += other.problems

    def heads(self) -> dict[int, bytes]:
        """Size to root of the heads that the log itself signed and somebody cosigned."""
        return {item.size: item.root for item in self.cosigned}


@dataclass(frozen=True)
class Batch:
    """Some notes of one log: their paths in the bundle, and by whose keys they are to be checked.

    ``signatures``: whether these are, or only what the notes say of the tree is to be known.
    """

    folder: str
    party: str
    cert: LogCert
    makers: Mapping[str, Maker]
    paths: Sequence[str]
    signatures: bool


def batches(log: Log, cert: LogCert, makers: Mapping[str, Maker], *, signatures: bool) -> list[Batch]:
    """The notes of one log, to be checked by as many as like to."""
    paths = sorted(log.notes)
    parts = [paths[start : start + BATCH] for start in range(0, len(paths), BATCH)]
    return [Batch(log.name, log.party, cert, makers, part, signatures) for part in parts]


def read(files: Mapping[str, bytes], batch: Batch) -> Receipts:
    """Verify some notes. One that fails is a problem; one by somebody unknown here is counted."""
    found = Receipts()
    for path in batch.paths:
        whole = f"logs/{batch.folder}/{path}"
        raw = files[whole]
        try:
            parsed = note.parse(raw)
            known = [batch.makers[line.name] for line in parsed.signatures if line.name in batch.makers]
            found.strangers += not known
            for maker in known:
                if not batch.signatures:
                    _unsigned(batch, path, parsed.text, maker, found)
                elif path.startswith("receipts/"):
                    head, seconds = open_cosignature(raw, batch.cert.log, maker.key)
                    found.cosigned.append(Cosigned(maker.who, head.size, head.root, seconds * 1000, path))
                else:
                    _item(batch, raw, maker, found)
        except MalformedError as error:
            found.problems.append(f"{whole}: {error}")
    return found


def compare(log: Log, receipts: Receipts) -> list[Cosigned]:
    """Those cosignatures whose root is that of the entries here. The others are problems.

    Where the tree itself is already known to be at fault, its receipts are not blamed a second time.
    """
    roots = log.root_at(item.size for item in receipts.cosigned)
    good = []
    for item in receipts.cosigned:
        if roots.get(item.size) == item.root:
            good.append(item)
        elif item.size > len(log.entries):
            text = f"is missing: {item.who} holds {item.size} entries of this log ({item.path})"
            log.problems.append((len(log.entries), text))
        elif item.size and all(log.in_log[: item.size]):
            text = f"the receipt of {item.who} up to here is of another tree ({item.path})"
            log.problems.append((item.size - 1, text))
    return good


def holders(log: Log, good: Iterable[Cosigned], receipts: Receipts) -> list[tuple[Held, ...]]:
    """For each place, every other party's or witness's earliest receipt that covers it."""
    by_maker: dict[str, list[Cosigned]] = {}
    for item in good:
        if item.who != log.party:
            by_maker.setdefault(item.who, []).append(item)
    ladders = {who: _ladder(items) for who, items in by_maker.items()}
    found: list[tuple[Held, ...]] = []
    # From one signed size to the next all places have the same receipts.
    for size in sorted({size for sizes, _times in ladders.values() for size in sizes} | {len(log.rows)}):
        start, end = len(found), min(size, len(log.rows))
        held = (Held(who, at, COSIGNATURE) for who, ladder in ladders.items() if (at := _at(ladder, start)))
        found += [_earliest(held)] * (end - start)
    _add_items(log, receipts, found)
    return found


def _add_items(log: Log, receipts: Receipts, found: list[tuple[Held, ...]]) -> None:
    if not receipts.items or not log.rows:
        return
    missing = dict.fromkeys(receipts.items)
    for index, row in enumerate(log.rows):
        if row is not None and row.id in receipts.items:
            missing.pop(row.id, None)
            if log.in_log[index]:
                found[index] = _earliest((*found[index], *receipts.items[row.id]))
    for entry in missing:
        log.problems.append((None, f"an item receipt is for the entry {entry}, which is not in this log"))


def _unsigned(batch: Batch, path: str, text: str, maker: Maker, found: Receipts) -> None:
    """The head that a cosignature is for; an item receipt says nothing of the tree."""
    if path.startswith("receipts/"):
        head = Checkpoint.parse(text)
        if head.origin != batch.cert.log.name:
            raise MalformedError(f"checkpoint is of {head.origin}, not of {batch.cert.log.name}")
        found.cosigned.append(Cosigned(maker.who, head.size, head.root, 0, path))


def _item(batch: Batch, raw: bytes, maker: Maker, found: Receipts) -> None:
    item = open_item(raw, maker.key)
    if item.origin != batch.cert.log.name:
        raise MalformedError(f"is an item receipt for the log {item.origin}")
    if maker.who != batch.party:
        found.items.setdefault(item.entry_id, []).append(Held(maker.who, item.arrival, ITEM))


def _ladder(items: list[Cosigned]) -> tuple[list[int], list[int]]:
    """Sizes in order, and for each the earliest time at which that size or a larger one was cosigned."""
    ordered = sorted(items, key=lambda item: item.size)
    times: list[int] = []
    for item in reversed(ordered):
        times.append(min(item.at, times[-1]) if times else item.at)
    return [item.size for item in ordered], times[::-1]


def _at(ladder: tuple[list[int], list[int]], index: int) -> int | None:
    sizes, times = ladder
    place = bisect_right(sizes, index)
    return times[place] if place < len(sizes) else None


def _earliest(held: Iterable[Held]) -> tuple[Held, ...]:
    best: dict[str, Held] = {}
    for item in held:
        if item.by not in best or item.at < best[item.by].at:
            best[item.by] = item
    return tuple(best[who] for who in sorted(best))
