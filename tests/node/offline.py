# SPDX-License-Identifier: Apache-2.0
"""A home judged from its files alone: every leaf, body, head and receipt read again and verified."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from detente.line.writes import PutLog
from detente.log import merkle
from detente.log.checkpoint import open_checkpoint, open_cosignature
from detente.node.home import Home
from detente.node.instance import META_NONCE, Instance
from detente.node.store import SqliteStore
from detente.seal import canonical
from detente.seal.commit import commitment
from detente.seal.statement import decode_leaf
from detente.seal.vkey import VerifierKey


@dataclass
class Held:
    """What a home holds: log origin to leaves, entry ids of its own log, ids of the other party's."""

    leaves: dict[str, list[bytes]] = field(default_factory=dict)
    mine: Counter[str] = field(default_factory=Counter)
    theirs: Counter[str] = field(default_factory=Counter)


def read(path: Path, channel: str) -> Held:
    """Verify what the files of ``path`` hold of ``channel``; AssertionError for anything that is not so."""
    home = Home.open(path)
    held = Held()
    with closing(home.open_store(read_only=True)) as store:
        store._db.execute("BEGIN")  # one state of the file, though a node may be writing
        assert store.quick_check() is None
        assert store.evidence(channel) == []
        logs = store.logs(channel)
        receipt_keys = {log.party: VerifierKey.parse(log.receipt_key) for log in logs}
        for log in logs:
            _read_log(store, log, receipt_keys, held)
        if home.serving() is None:
            # Its own marker must still take it for the home that signed last.
            marker = Instance(home.info.home_id, home.store_file)
            assert marker.check(store.meta(META_NONCE), store.head_sizes()) is None
    return held


def _read_log(store: SqliteStore, log: PutLog, receipt_keys: dict[str, VerifierKey], held: Held) -> None:
    log_key = VerifierKey.parse(log.log_key)
    heads = {head.size: head for head in store.heads(log.origin)}
    roots: dict[int, bytes] = {}
    frontier = merkle.Frontier()
    leaves = held.leaves.setdefault(log.origin, [])
    ids = held.mine if log.mine else held.theirs
    for index, (raw, body) in enumerate(store.leaves(log.origin, 0, 1 << 40)):
        parsed = decode_leaf(raw)
        assert (parsed.leaf.placement.log, parsed.leaf.placement.index) == (log.origin, index)
        reference = parsed.leaf.statement.body
        if reference is not None:
            assert body is not None, "a body is not there"
            opened = canonical.decode(body[1], limit=1 << 20)
            assert canonical.b64(commitment(opened, body[0])) == reference.root
        leaves.append(raw)
        ids[parsed.id] += 1
        frontier.append(merkle.leaf_hash(raw))
        if index + 1 in heads:
            roots[index + 1] = frontier.root()
    for size, head in heads.items():
        checkpoint = open_checkpoint(head.note, log_key)
        assert (checkpoint.size, checkpoint.root) == (size, roots[size]) == (head.size, head.root)
    assert max(heads) == len(leaves), "leaves without a signed head over them"
    for receipt in store.receipts(log.origin):
        checkpoint, _ = open_cosignature(receipt.note, log_key, receipt_keys[receipt.by])
        assert (checkpoint.size, checkpoint.root) == (receipt.size, roots[receipt.size])


def sizes(path: Path, channel: str) -> dict[str, int]:
    """How many leaves of each log the files hold now."""
    with closing(Home.open(path).open_store(read_only=True)) as store:
        return {log.origin: max((head.size for head in store.heads(log.origin)), default=0)
                for log in store.logs(channel)}  # fmt: skip


def receipts(path: Path, channel: str) -> dict[str, int]:
    """Up to which size each log was receipted, as the files say now."""
    with closing(Home.open(path).open_store(read_only=True)) as store:
        return {log.origin: max((receipt.size for receipt in store.receipts(log.origin)), default=0)
                for log in store.logs(channel)}  # fmt: skip


def same_beginning(one: Held, other: Held) -> None:
    """Where both hold leaves of a log, they hold the same ones."""
    for origin, theirs in other.leaves.items():
        ours = one.leaves.get(origin, [])
        short = min(len(ours), len(theirs))
        assert ours[:short] == theirs[:short], f"{origin}: the two sides hold different leaves"
