# SPDX-License-Identifier: Apache-2.0
"""What a line knows, taken down so that it can be compared with what it knows after a restart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from detente.line.labels import foremost
from detente.line.line import Line
from detente.node.reads import split
from tests.line.durable import facts
from tests.line.harness import CHANNEL

if TYPE_CHECKING:
    from tests.sim.node import SimNode

# Tables by entry or by key, of values that a line replaces and never changes.
FLAT = frozenset({"where", "labels", "items", "early", "epochs", "newest", "blobs", "members", "doubted"})


class Past:
    """What a line asks of its store, whichever that is after a restart.

    All that settled is asked for at once where everything is compared: same rows, fewer questions.
    """

    def __init__(self, node: SimNode) -> None:
        self._node = node
        self._read: tuple[dict[str, Any], dict[str, Any], dict[Any, Any]] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._node.disk.store, name)

    def places(self, entry_id: str) -> list[tuple[str, int, tuple[str, ...]]]:
        if self._read is not None:
            return self._read[0].get(entry_id, [])  # type: ignore[no-any-return]
        return self._node.disk.store.places(entry_id)

    def givers(self, entry_id: str) -> set[str]:
        if self._read is not None:
            return set(self._read[1].get(entry_id, ()))
        return self._node.disk.store.givers(entry_id)

    def root(self, origin: str, size: int) -> bytes | None:
        if self._read is not None:
            return self._read[2].get((origin, size))
        return self._node.disk.store.root(origin, size)

    def facts(self, line: Line) -> dict[str, Any]:
        """As ``known``, of a line that leaves to the store what settled."""
        rows = self._node.disk.store._rows
        places, givers = defaultdict(list), defaultdict(set)
        for entry, origin, index, labels in rows(
            "SELECT v.entry_id, l.origin, v.idx, v.labels FROM leaves v JOIN logs l ON l.id=v.log"
            " WHERE l.channel=? ORDER BY v.n",
            (CHANNEL,),
        ):
            places[entry].append((origin, index, split(labels)))
        for entry, by in rows("SELECT entry_id, by FROM items"):
            givers[entry].add(by)
        roots = rows("SELECT l.origin, h.size, h.root FROM heads h JOIN logs l ON l.id=h.log")
        self._read = dict(places), dict(givers), {(o, size): bytes(root) for o, size, root in roots}
        try:
            found = facts(line, entries=False)
        finally:
            self._read = None
        settled = {origin: log.settled for origin, log in line.state.logs.items()}
        where, labels = dict[str, Any](), dict[str, Any]()
        for entry, stands in places.items():
            held = [((o, index), said) for o, index, said in stands if index < settled.get(o, 0)]
            if held:
                where[entry], said = foremost(held, lambda standing: standing[1])
                if said:
                    labels[entry] = said
        old = {entry: givers[entry] for entry in where if givers.get(entry)}
        return found | _recent(line, where, labels, old)


def known(line: Line) -> dict[str, Any]:
    """What a line knows that has all in memory."""
    return facts(line, entries=False) | _recent(line, {}, {}, {})


def _recent(
    line: Line, where: dict[str, Any], labels: dict[str, Any], items: dict[str, Any]
) -> dict[str, Any]:
    """Places, labels and item receipts of all entries: what settled, and over it what is in memory."""
    state = line.state
    recent = state.where.recent
    labels = {entry: said for entry, said in labels.items() if entry not in recent}
    for found, more in ((labels, state.labels.recent), (items, state.items.recent)):
        found.update({entry: value for entry, value in more.items() if value})
    return {"where": where | recent, "labels": labels, "items": items}


def taken(found: dict[str, Any]) -> dict[str, Any]:
    """A copy that later changes do not reach."""
    return {name: dict(value) if name in FLAT else _copy(value) for name, value in found.items()}


def _copy(value: Any) -> Any:
    if type(value) is dict:
        return {k: _copy(v) for k, v in value.items()}
    if type(value) is tuple:
        return tuple([_copy(v) for v in value])
    return value.copy() if type(value) in (list, set, bytearray) else value


def alike(one: Any, two: Any) -> bool:
    """Whether two such facts are the same, tuple or list."""
    return bool(one == two) or bool(_plain(one) == _plain(two))


def _plain(value: Any) -> Any:
    if isinstance(value, str | bytes):
        return value
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, set | frozenset):
        return frozenset(value)
    if isinstance(value, bytearray):
        return bytes(value)
    return tuple(_plain(v) for v in value) if isinstance(value, Sequence) else value
