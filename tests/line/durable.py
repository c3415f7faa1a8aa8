# SPDX-License-Identifier: Apache-2.0
"""The harness over the real store, and what a line knows, to compare it with the same line read back."""

from __future__ import annotations

import copy
import itertools
from pathlib import Path
from typing import Any

from detente.line.limits import LIMITS, Limits
from detente.line.line import Line, OwnLog
from detente.line.writes import Write
from detente.node.reload import Keeper, read_line
from detente.node.store import SqliteStore
from tests.line.harness import CHANNEL, Node, Party, connect, run

_NUMBER = itertools.count()
# A part of the fold for so many entries; and for none.
EVERY = 5
NEVER = 1 << 30


class Disk:
    """What the harness asks of its store, answered by the real one; a line can be read back at any time."""

    def __init__(self, folder: Path) -> None:
        self.db = SqliteStore.create(folder / f"store-{next(_NUMBER)}.db")

    def commit(self, writes: list[Write]) -> None:
        if writes:
            self.db.commit(CHANNEL, writes)

    @property
    def writes(self) -> list[Write]:
        return list(self.db.load(CHANNEL))

    def leaves(self, origin: str, start: int, stop: int) -> list[tuple[bytes, tuple[bytes, bytes] | None]]:
        return self.db.leaves(origin, start, stop)

    def head(self, origin: str, size: int) -> bytes:
        return self.db.head_note(origin, size)

    def rows_of(self, origin: str) -> list[bytes]:
        return [raw for raw, _ in self.db.leaves(origin, 0, 1 << 40)]

    def labels(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        ranks: dict[str, int] = {}
        for row in self.db.rows_since(CHANNEL, 0):
            # Where it counts: not at a copy, nor at what is not vouched for, if it stands elsewhere.
            lesser = {"not vouched for", "duplicate"} & set(row.labels)
            rank = 2 if "bad signature" in row.labels else int(bool(lesser))
            if row.entry_id not in found or rank < ranks[row.entry_id]:
                found[row.entry_id], ranks[row.entry_id] = row.labels, rank
        return found


class DurableNode(Node):
    """A node of the harness whose store is the real one."""

    def __init__(self, party: Party, others: list[Party], folder: Path, limits: Limits = LIMITS) -> None:
        self.folder = folder
        super().__init__(party, others, limits)

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "store" and "store" not in self.__dict__:
            value = Disk(self.folder)
        super().__setattr__(name, value)

    @property
    def db(self) -> SqliteStore:
        return self.store.db  # type: ignore[attr-defined,no-any-return]

    def new_line(self) -> Line:
        """With the store for its past: what settled is asked of it."""
        line = Line(CHANNEL, self.party.fpr, self.party.keys(), self.limits, past=self.db)
        self.keeper = Keeper(self.db, line, EVERY)
        return line

    def folded(self) -> Line:
        """The line by all its leaves, with nothing left to the past."""
        line = Line(CHANNEL, self.party.fpr, self.party.keys(), self.limits)
        for write in self.db.load(CHANNEL):
            line.load(write)
        line.attach(self.own)
        return line

    def reloaded(self) -> Line:
        """The line as a restart would read it: by parts of its fold and the leaves after them."""
        line = read_line(self.db, self.new_line, NEVER).line
        line.attach(self.own)
        return line

    def crash(self) -> None:
        self.keeper = read_line(self.db, self.new_line, EVERY)
        self.line = self.keeper.line
        self.line.attach(self.own)

    def commit(self) -> None:
        keeper = self.keeper
        super().commit()
        keeper.settle()
        living = facts(self.line)
        for read in self._read_back():
            for name in living:
                assert living[name] == read[name], name
        self.keeper = keeper

    def _read_back(self) -> list[dict[str, Any]]:
        """What restarts would know; read again only if a row changed since the last time."""
        db = self.db._db
        if self.__dict__.get("_read", (None, 0))[:2] != (db, db.total_changes):
            known = [facts(self.folded()), facts(self.reloaded())]
            self._read = db, db.total_changes, known
        return self._read[2]


def facts(line: Line, *, entries: bool = True) -> dict[str, Any]:
    """What must be the same before and after a restart; without ``entries`` not what is asked for singly."""
    state = line.state
    terms = state.terms_now()
    known: list[str] = (
        [] if not entries else [*(entry for log in state.logs.values() for entry in log.ids), *state.early]
    )
    return {
        "logs": {
            o: (log.size, log.frontier.root(), list(log.ids), list(log.kinds), list(log.urgent),
                log.hashes(0, log.size), {n: root for n in range(log.size + 1) if (root := log.root_at(n))},
                {of: (list(at), list(sizes)) for of, (at, sizes) in log.cited.items()},
                log.cosigned, log.receipted, log.forked, log.put)
            for o, log in state.logs.items()
        },
        "sequence": state.sequence,
        "members": state.members,
        "terms": (terms.charter_id, terms.charter, terms.standings),
        "rules": sorted((r.origin, r.index, r.entry_id) for r in state.rules.rules),
        "epochs": state.epochs,
        "newest": state.newest_epoch,
        "blobs": state.blobs,
        "where": {e: state.where.get(e) for e in known},
        "early": state.early,
        "items": {e: by for e in known if (by := state.items.get(e))},
        "unopened": state.unopened,
        "labels": {e: labels for e in known if (labels := state.labels.get(e))},
        "doubted": dict(state.doubted),
        "evidence": state.evidence,
        "seen": line._seen(),
        "peers": set(line.peers),
        "mandates": {
            o: (c.mandates(), c.card, c.log, c.root, c._revoked)
            for o, (_, c) in state._certified.items()
        },
    }  # fmt: skip


def durable(
    folder: Path, names: tuple[str, ...] = ("BY", "UA"), limits: Limits = LIMITS
) -> list[DurableNode]:
    """Connected nodes over real stores."""
    parties = [Party(name) for name in names]
    nodes = [DurableNode(p, [o for o in parties if o is not p], folder, limits) for p in parties]
    join(nodes)
    return nodes


def copied(nodes: list[DurableNode], folder: Path) -> list[DurableNode]:
    """Nodes over copies of the stores of ``nodes``, connected and at rest, for a test that changes them."""
    parties = {node.party.fpr: copy.copy(node.party) for node in nodes}
    made = []
    for node in nodes:
        twin = copy.copy(node)
        twin.folder, twin.party = folder, parties[node.party.fpr]
        twin.others = [parties[other.fpr] for other in node.others]
        twin.events = list(node.events)
        path = folder / f"store-{next(_NUMBER)}.db"
        node.db.copy_to(path)
        twin.store = Disk.__new__(Disk)  # type: ignore[assignment]
        twin.store.db = SqliteStore.open(path)  # type: ignore[attr-defined]
        twin.crash()
        made.append(twin)
    join(made)
    return made


def join(nodes: list[DurableNode]) -> None:
    """Connect all with all and let them come to rest."""
    for one, two in itertools.combinations(nodes, 2):
        connect(one, two)
    rest(nodes)


def rest(nodes: list[DurableNode], rounds: int = 20) -> None:
    """Exchange among all until all are silent."""
    for _ in range(rounds):
        if not sum(run(one, two, rounds=2000) for one, two in itertools.combinations(nodes, 2)):
            return
    raise AssertionError("the lines do not come to rest")


__all__ = ["Disk", "DurableNode", "OwnLog", "copied", "durable", "facts", "join", "rest"]
