# SPDX-License-Identifier: Apache-2.0
"""The notes of a bundle: who signed which head or item of a log, and who holds which entry since when."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from detente.errors import MalformedError
from detente.log import note
from detente.log.checkpoint import open_cosignature
from detente.log.receipt import open_item
from detente.record.verify_report import Held
from detente.record.verify_tree import Log
from detente.seal.credential import LogCert
from detente.seal.vkey import VerifierKey

COSIGNATURE, ITEM = "cosignature", "item receipt"


@dataclass(frozen=True)
class Maker:
    """Who makes receipts under a name: a party id or the name of a witness, and with which key."""

    who: str
    key: VerifierKey


@dataclass(frozen=True)
class Cosigned:
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

    def heads(self) -> dict[int, bytes]:
        """Size to root of the heads that the log itself signed and somebody cosigned."""
        return {item.size: item.root for item in self.cosigned}


def read(log: Log, cert: LogCert, makers: Mapping[str, Maker]) -> Receipts:
    """Verify the notes of one log. One that fails is a problem; one by somebody unknown here is counted."""
    found = Receipts()
    for path, raw in sorted(log.files.items()):
        folder = path.partition("/")[0]
        if folder not in ("receipts", "items"):
            continue
        try:
            known = _makers(raw, makers)
            found.strangers += not known
            for maker in known:
                if folder == "receipts":
                    head, seconds = open_cosignature(raw, cert.log, maker.key)
                    found.cosigned.append(Cosigned(maker.who, head.size, head.root, seconds * 1000, path))
                else:
                    _item(log, raw, maker, found)
        except MalformedError as error:
            log.problems.append((None, f"logs/{log.name}/{path}: {error}"))
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
    ids = {row.id for row in log.rows if row is not None}
    for entry in receipts.items if log.rows else ():
        if entry not in ids:
            log.problems.append((None, f"an item receipt is for the entry {entry}, which is not in this log"))
    found, before = [], tuple[Held, ...]()
    for index, row in enumerate(log.rows):
        held = [Held(who, at, COSIGNATURE) for who, ladder in ladders.items() if (at := _at(ladder, index))]
        held += receipts.items.get(row.id, []) if row is not None and log.in_log[index] else []
        # Neighbours mostly have the same receipt: one value for all of them.
        earliest = _earliest(held)
        before = before if earliest == before else earliest
        found.append(before)
    return found


def _makers(raw: bytes, makers: Mapping[str, Maker]) -> list[Maker]:
    return [makers[line.name] for line in note.parse(raw).signatures if line.name in makers]


def _item(log: Log, raw: bytes, maker: Maker, found: Receipts) -> None:
    item = open_item(raw, maker.key)
    if item.origin != log.origin:
        raise MalformedError(f"is an item receipt for the log {item.origin}")
    if maker.who != log.party:
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
