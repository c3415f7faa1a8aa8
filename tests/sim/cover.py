# SPDX-License-Identifier: Apache-2.0
"""Which transitions of the program's state tables were reached, and which of them never."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from detente.line.labels import LABELS
from detente.line.line import Line
from detente.line.peers import Peer
from detente.line.states import BODY, EPOCH, LINE, LOG, MACHINES, OURS, PEER, THEIRS
from detente.line.writes import (
    PutEarly,
    PutEpoch,
    PutEvidence,
    PutHead,
    PutItem,
    PutLabels,
    PutLeaf,
    PutLog,
    PutReceipt,
    Write,
)
from detente.record.states import ENTRY, rank
from detente.words.machine import Machine
from tests.line.observed import peer as peer_state

if TYPE_CHECKING:
    from tests.sim.held import Held
    from tests.sim.node import SimNode

OVER = frozenset({"succeeded", "set aside"})  # logs that no later one of their author goes on for
Patch = contextlib.AbstractContextManager[Any]
# What is not to be expected of lines that are driven as the runtime drives them, and why.
BEYOND = {
    "line: no log -> stopped": "an own log without its keys, and with proof against it",
    "line: open -> open": "a succession is signed only for a line that is stopped",
    "peer: unheard -> unheard": "a second path to one member",
    "peer: apart -> apart": "a path that ends twice",
    "theirs: early -> kept": "an early statement has its item receipt in its own commit",
    "label: before charter": "the world begins with a charter in force",
}
EXTRA = (
    *(f"label: {label}" for label in LABELS),
    *(f"evidence: {what}" for what in ("fork", "conflict", "behind")),
    "fork: shown -> proven", "labels: changed later", "withheld: quota", "withheld: space",
    "kem: changed", "epoch: renewed",
)  # fmt: skip


def expected() -> set[str]:
    """Every transition that the simulation should reach."""
    tables = {name for machine in (*MACHINES, ENTRY) for name in machine.transitions()}
    return (tables | set(EXTRA)) - BEYOND.keys()


class Cover:
    """Counts of one world, from what each party's disk took."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def count(self, name: str, times: int = 1) -> None:
        if times:
            self.counts[name] += times

    def _step(self, machine: Machine, before: str, event: str) -> str:
        """A move of a table; one that it lacks is a FatalError."""
        after = machine.step(before, event)
        self.counts[machine.transition(before, after)] += 1
        return after

    def patches(self) -> list[Patch]:
        """Under these the moves of lines and of what they know of their peers are counted."""

        def line(before: str, event: str) -> str:
            after = Machine.step(LINE, before, event)
            self.count(LINE.transition(before, after))
            return after

        return [patch.object(LINE, "step", line), *self._peers()]

    def _peers(self) -> list[Patch]:
        def observed(name: str, event: Callable[..., str]) -> Patch:
            real = getattr(Peer, name)

            def method(peer: Peer, *args: object) -> None:
                before = peer_state(peer)
                real(peer, *args)
                self.count(PEER.transition(before, PEER.step(before, event(*args))))

            return patch.object(Peer, name, method)

        return [
            observed("reset", lambda connected: "connected" if connected else "disconnected"),
            observed("told", lambda *args: "have"),
        ]

    def write(self, node: SimNode, held: Held, write: Write) -> None:
        """Before the world's own books take ``write`` in."""
        match write:
            case PutLeaf():
                self._leaf(node, held, write)
            case PutReceipt():
                self._receipt(node, held, write)
            case PutItem():
                self._item(node, held, write)
            case PutEarly():
                self._step(THEIRS, "none", "PutEarly")
            case PutLabels():
                self.count("labels: changed later")
                if write.entry_id in held.unopened and "unopened" not in write.labels:
                    self._step(BODY, "unopened", "PutLabels")
            case PutLog():
                self._log(node, held, write)
            case PutHead() if node.world.author[write.origin] is node and not write.mine:
                self._of_log(held, write.origin, "PutHead given")
            case PutEvidence():
                self.count(f"evidence: {write.what}")
                if write.what == "fork":
                    self._of_log(held, write.origin, "PutEvidence")
            case PutEpoch():
                known = (write.sender, write.epoch) in held.epochs
                self._step(EPOCH, "known" if known else "unknown", "PutEpoch")

    def _leaf(self, node: SimNode, held: Held, write: PutLeaf) -> None:
        for label in write.labels:
            self.count(f"label: {label}")
        if write.entry_id in held.places:
            return
        if node.world.author[write.origin] is node:
            self.count(OURS.transition("none", "kept"), len(node.world.nodes) - 1)
            return
        early = "none"
        if write.entry_id in held.early:
            early = "early, receipted" if (write.entry_id, node.fpr) in held.items else "early"
        self._step(THEIRS, early, "PutLeaf")
        self._step(BODY, "none", "PutLeaf unopened" if "unopened" in write.labels else "PutLeaf")

    def _receipt(self, node: SimNode, held: Held, write: PutReceipt) -> None:
        mine = node.world.author[write.origin] is node
        before = held.marks.get((write.origin, write.by), 0)
        new = held.ids.get(write.origin, [])[before : write.size]
        if not mine:
            if write.by == node.fpr:
                self.count(THEIRS.transition("kept", "receipted"), len(new))
            return
        ahead = sum((entry, write.by) in held.items for entry in new)
        self.count(OURS.transition("delivered ahead", "delivered"), ahead)
        self.count(OURS.transition("kept", "delivered"), len(new) - ahead)
        for entry in new:
            self.word(held, entry, write.by, "delivered")

    def _item(self, node: SimNode, held: Held, write: PutItem) -> None:
        if write.by == node.fpr:
            if write.entry_id in held.early and write.entry_id not in held.places:
                self._step(THEIRS, "early", "PutItem")
            return
        origin, index = held.places.get(write.entry_id, ("", 0))
        if origin and node.world.author[origin] is node:
            covered = held.marks.get((origin, write.by), 0) > index
            self._step(OURS, "delivered" if covered else "kept", "PutItem")
            self.word(held, write.entry_id, write.by, "delivered")

    def _log(self, node: SimNode, held: Held, write: PutLog) -> None:
        if write.seq < 0:  # one of its own that nobody holds: it is there already, and counts no more
            self._of_log(held, write.origin, "PutLog aside")
            return
        held.states[write.origin] = self._step(LOG, "unknown", "PutLog given" if write.given else "PutLog")
        if write.seq:
            for origin, state in list(held.states.items()):
                of = node.world.author[origin]
                if of.fpr == write.party and origin != write.origin and state not in OVER:
                    self._of_log(held, origin, "PutLog next")

    def _of_log(self, held: Held, origin: str, event: str) -> None:
        before = held.states[origin]
        if LOG.allows(before, event):
            held.states[origin] = self._step(LOG, before, event)
        else:
            self.count(f"{LOG.name}: {before}, {event}: not in the table")

    def over(self, line: Line) -> None:
        """A line ends, by a restart or with the world: what it counted by itself."""
        self.count("withheld: quota", line.counters["withheld for quota"])
        self.count("withheld: space", line.counters["withheld for space"])
        self.count("epoch: known -> unknown", line.counters["grant mismatch"])

    def word(self, held: Held, entry: str, party: str, word: str) -> None:
        """``party`` said ``word`` of an entry of ours; of one rank the later counts."""
        before = held.words.get((entry, party), "kept")
        if before != word and rank(word) >= rank(before) and ENTRY.joins(before, word):
            held.words[entry, party] = word
            self.count(ENTRY.transition(before, word))
