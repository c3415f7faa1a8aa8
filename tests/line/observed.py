# SPDX-License-Identifier: Apache-2.0
"""Watches what every write of a line does to entries, bodies, logs and epochs, and holds it to the tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from detente.line import states
from detente.line.line import Line
from detente.line.peers import Peer
from detente.line.state import State
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
from detente.words.machine import Machine

Probe = tuple[Machine, str, Callable[[], str]]


def ours(state: State, entry_id: str, by: str) -> str:
    """State of an entry of ours for one member."""
    if entry_id not in state.where:
        return "none"
    origin, index = state.where[entry_id]
    if state.logs[origin].receipted.get(by, 0) > index:
        return "delivered"
    return "delivered ahead" if by in state.items.get(entry_id, ()) else "kept"


def theirs(state: State, entry_id: str) -> str:
    """State of another member's entry as we hold it."""
    if entry_id in state.where:
        origin, index = state.where[entry_id]
        return "receipted" if state.logs[origin].receipted.get(state.me, 0) > index else "kept"
    if entry_id in state.early:
        return "early, receipted" if state.me in state.items.get(entry_id, ()) else "early"
    return "none"


def body(state: State, entry_id: str) -> str:
    """State of the content of another member's entry."""
    if entry_id not in state.where:
        return "none"
    return "unopened" if entry_id in state.unopened else "opened"


def log(state: State, origin: str) -> str:
    """State of a log as we hold it."""
    held = state.logs.get(origin)
    if held is None:
        return "unknown"
    if held.put.seq < 0:
        return "set aside"
    if held.put.seq < 0:
        return "set aside"
    if state.sequence[held.party][-1] != origin:
        return "succeeded"
    return "forked" if held.forked else "given back" if held.lost else "followed"


def peer(held: Peer) -> str:
    """State of what we know of a member."""
    return "known" if held.have is not None else "unheard" if held.connected else "apart"


class Observer:
    """``seen`` counts the transitions by their names in the tables."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()

    def during(self, probes: list[Probe], act: Callable[[], None]) -> None:
        """Do ``act``; each probe's machine must lead from the state before to the one after."""
        before = [probe() for _, _, probe in probes]
        act()
        for (machine, event, probe), was in zip(probes, before, strict=True):
            assert machine.step(was, event) == probe(), (machine.name, was, event, probe())
            self.seen[machine.transition(was, probe())] += 1

    def probes(self, state: State, write: Write) -> list[Probe]:
        """What a write is about to change."""
        match write:
            case PutLeaf():
                return self._leaf(state, write)
            case PutEarly():
                return [(states.THEIRS, "PutEarly", lambda: theirs(state, write.entry_id))]
            case PutReceipt():
                return self._receipt(state, write)
            case PutItem():
                return self._item(state, write)
            case PutLabels() if write.entry_id in state.unopened and "unopened" not in write.labels:
                return [(states.BODY, "PutLabels", lambda: body(state, write.entry_id))]
            case PutEvidence() if write.what == "fork":
                return [(states.LOG, "PutEvidence", lambda: log(state, write.origin))]
            case PutHead() if state.logs[write.origin].put.mine and not write.mine:
                return [(states.LOG, "PutHead given", lambda: log(state, write.origin))]
            case PutLog():
                return self._log(state, write)
            case PutEpoch():
                at = write.sender, write.epoch
                return [(states.EPOCH, "PutEpoch", lambda: "known" if at in state.epochs else "unknown")]
            case _:
                return []

    def _leaf(self, state: State, write: PutLeaf) -> list[Probe]:
        if write.entry_id in state.where:  # it counts once, at its first place
            return []
        if state.logs[write.origin].put.mine:
            members = [party for party in state.members if party != state.me]
            return [
                (states.OURS, "PutLeaf", lambda by=by: ours(state, write.entry_id, by))  # type: ignore[misc]
                for by in members
            ]
        event = "PutLeaf unopened" if "unopened" in write.labels else "PutLeaf"
        return [
            (states.THEIRS, "PutLeaf", lambda: theirs(state, write.entry_id)),
            (states.BODY, event, lambda: body(state, write.entry_id)),
        ]

    def _receipt(self, state: State, write: PutReceipt) -> list[Probe]:
        held = state.logs[write.origin]
        new = range(held.receipted.get(write.by, 0), write.size)
        fresh = [held.ids[at] for at in new if state.where.get(held.ids[at]) == (write.origin, at)]
        if held.put.mine:
            return [(states.OURS, "PutReceipt", lambda e=e: ours(state, e, write.by)) for e in fresh]  # type: ignore[misc]
        if write.by != state.me:
            return []
        return [(states.THEIRS, "PutReceipt", lambda e=e: theirs(state, e)) for e in fresh]  # type: ignore[misc]

    def _item(self, state: State, write: PutItem) -> list[Probe]:
        place = state.where.get(write.entry_id)
        if write.by == state.me:
            return [(states.THEIRS, "PutItem", lambda: theirs(state, write.entry_id))]
        if place is None or not state.logs[place[0]].put.mine:
            return []
        return [(states.OURS, "PutItem", lambda: ours(state, write.entry_id, write.by))]

    def _log(self, state: State, write: PutLog) -> list[Probe]:
        if write.seq < 0:
            return [(states.LOG, "PutLog aside", lambda: log(state, write.origin))]
        if write.origin in state.logs:
            return [(states.LOG, "PutLog aside", lambda: log(state, write.origin))]
        event = "PutLog given" if write.given else "PutLog"
        found: list[Probe] = [(states.LOG, event, lambda: log(state, write.origin))]
        if state.sequence.get(write.party):
            old = state.sequence[write.party][-1]
            found.append((states.LOG, "PutLog next", lambda: log(state, old)))
        return found


def watch(patch: Any) -> Observer:
    """Every line of this test is observed from now on. ``patch`` is pytest's monkeypatch."""
    found = Observer()
    write, reset, told = Line.write, Peer.reset, Peer.told

    def observed_write(line: Line, one: Write, *rest: Any, **more: Any) -> None:
        found.during(found.probes(line.state, one), lambda: write(line, one, *rest, **more))

    def observed_reset(held: Peer, connected: bool) -> None:
        event = "connected" if connected else "disconnected"
        found.during([(states.PEER, event, lambda: peer(held))], lambda: reset(held, connected))

    def observed_told(held: Peer, *arguments: Any) -> None:
        found.during([(states.PEER, "have", lambda: peer(held))], lambda: told(held, *arguments))

    patch.setattr(Line, "write", observed_write)
    patch.setattr(Peer, "reset", observed_reset)
    patch.setattr(Peer, "told", observed_told)
    return found
