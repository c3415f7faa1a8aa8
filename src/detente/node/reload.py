# SPDX-License-Identifier: Apache-2.0
"""A line read back from its store: the parts of its fold, then the leaves that came after them.

What a start costs does not grow with the logs. The parts are a cache (DESIGN, rule 10): without them, or
where they do not lead to the newest signed head of every log, all leaves are folded and they are made anew.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from detente.errors import FatalError, MalformedError, RefusedError
from detente.line import part
from detente.line.line import Line
from detente.line.state import RECALLED
from detente.node.store import SqliteStore

LOG = logging.getLogger("detente.node")
# So many entries to a part: kept in memory until then, and folded at a start (some 35 µs each).
EVERY = 4096


class Keeper:
    """One line read back, and the parts of its fold from then on."""

    def __init__(self, store: SqliteStore, line: Line, every: int = EVERY) -> None:
        """For a line that is new, or that ``read_line`` fills."""
        self.store = store
        self.line = line
        self.every = every
        self._marks = part.Marks()
        self._settled = 0

    def settle(self, least: int | None = None) -> bool:
        """Cut a part where enough came since the last one (``least``, by default ``every``).

        Only between steps, when all that the line holds is committed. Without room for the part only the
        memory is let go; the next part will hold both.
        """
        if self._size() - self._settled < (self.every if least is None else least):
            return False
        return self._cut(self.store.last_row())

    def _size(self) -> int:
        return sum(log.size for log in self.line.state.logs.values())

    def _cut(self, n: int) -> bool:
        marks, kept = self._marks.copy(), True
        raw = part.cut(self.line.state, marks)
        try:
            self.store.put_part(self.line.channel, n, raw)
            self._marks = marks
        except RefusedError as error:
            LOG.warning("channel %s: no part of the fold was kept: %s", self.line.channel[:12], error)
            kept = False
        self.line.state.settle()
        self._settled = self._size()
        return kept

    # -- reading back --------------------------------------------------------------------------

    def read(self) -> None:
        """Fill the line. MalformedError if the parts are no good: the line is spoilt then."""
        store, line = self.store, self.line
        for write in store.ground(line.channel):
            line.load(write)
        after, parts = store.parts(line.channel)
        if parts:
            part.join(line.state, store, parts, self._marks)
            sizes = {origin: log.size for origin, log in line.state.logs.items()}
            if not store.part_ends(line.channel, after, sizes):
                raise MalformedError("its parts do not end where they say")
            self._recall()
        self._settled = self._size()
        self._fold(after)
        self._rest()
        if parts and not self._stands():
            raise MalformedError("its parts do not lead to the newest signed heads")

    def _recall(self) -> None:
        logs = self.line.state.logs.values()
        noted = {(log.origin, at) for log in logs for what in RECALLED for at in log.noted.get(what, ())}
        for _, leaf, body in self.store.folded(sorted(noted)):
            self.line.state.recall(leaf, None if body is None else body.raw)

    def _fold(self, after: int) -> None:
        for n, leaf, body in self.store.fold_from(self.line.channel, after):
            if body is not None:
                self.line.load(body)
            self.line.load(leaf)
            if self._size() - self._settled >= self.every:
                self._cut(n)

    def _rest(self) -> None:
        """Heads, receipts, what is ahead of its place, and proofs: only what the line keeps of them."""
        store, line, state = self.store, self.line, self.line.state
        makers = sorted({*state.members, *(log.party for log in state.logs.values())})
        for log in list(state.logs.values()):
            for head in store.heads_from(log.origin, log.settled):
                line.load(head)
            for receipt in store.newest_receipts(log.origin, makers):
                line.load(receipt)
        early = store.early(line.channel)
        for item in store.items_of([*state.where.recent, *(put.entry_id for put in early)]):
            line.load(item)
        for put in early:
            line.load(put)
        for proof in store.evidence(line.channel):
            line.load(proof)

    def _stands(self) -> bool:
        """Whether every log has come to the root that its author signed last."""
        return all(
            not log.size
            or (log.head_sizes[-1:] == [log.size] and log.head_roots[-1:] == [log.frontier.root()])
            for log in self.line.state.logs.values()
        )


def read_line(store: SqliteStore, make: Callable[[], Line], every: int = EVERY) -> Keeper:
    """The line that ``make`` makes (with ``store`` for its past), read back. Raises FatalError as the store.

    Its keys are not attached yet.
    """
    keeper = Keeper(store, make(), every)
    try:
        keeper.read()
    except MalformedError as error:
        channel = keeper.line.channel
        LOG.warning("channel %s: all leaves are read again: %s", channel[:12], error)
        store.drop_parts(channel)
        keeper = Keeper(store, make(), every)
        keeper.line.counters["refused parts"] += 1
        try:
            keeper.read()
        except MalformedError as again:
            raise FatalError(f"the leaves of channel {channel[:12]} cannot be read: {again}") from None
    return keeper
