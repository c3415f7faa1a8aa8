# SPDX-License-Identifier: Apache-2.0
"""Every interleaving of a small exchange, on the real line and the real store.

``python -m tests.sim.exhaustive --scope talk --lost 1 --twice 1`` prints how many states, transitions and
ends there are, and the way to the first state that breaks an invariant.

*In the scope*: two parties whose charter is in force, three entries (two in ``brief``), each placed by its
author at any time (``SCOPES``). Packets are made one at a time, at any time (or at once, with ``--eager``),
and go one after the other in each direction. In one run, at any place: so many packets are lost, handed over
twice, or overtaken by the next one; and once
one party loses its power: between two steps, or at any statement of a commit, or right after it. Whoever
lost its power starts again from its store at once, with a new connection; what was under way is gone. From
every state in which nothing more happens by itself, time goes on: both ask for what they miss.

*Not in the scope*: other clocks than one, damage, lies, more than two parties, more than one power cut in a
run. The simulation (``run.py``) has those, at random; here nothing is left to chance.

Two states that are told apart by nothing that a party holds are one: what its disk has (in its order), what
it knows of its peer, the packets under way, and what may still go wrong.
"""

from __future__ import annotations

import argparse
import copy
import hashlib
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Any

from detente.errors import FatalError, RefusedError
from detente.line.accept import Inbox
from detente.line.limits import LIMITS
from detente.line.line import Line
from detente.line.send import Outbox
from detente.line.signed import Signed
from detente.line.writes import Write
from detente.seal import canonical
from detente.seal import statement as statements
from detente.words.charter import charter_body
from tests.line.durable import facts
from tests.line.harness import CHANNEL, T0
from tests.sim import memo
from tests.sim.disk import CUT, MemoryDisk, PowerCut
from tests.sim.exhaustive_holds import Broken, delivered, ended, kept, same_blobs, values
from tests.sim.parties import SimParty, own_log, party

NAMES = ("BY", "UA")
# Small batches, so that three entries do not go in one packet.
SMALL = replace(LIMITS, batch_leaves=2)
STEP = LIMITS.stall + 1
# More rounds than any of these exchanges needs to come to rest.
ROUNDS = 40
# More statements than any commit has: the power goes right after it.
AFTER = 10_000
REPORT = {"what": "shots", "where": "bridge", "when": "2022-02-14T09:00:00Z"}
SUSPENDED = {"scope": "channel", "state": "suspended", "by": "ministry"}

# Who says what: kind, body, precedence; "re" is the charter where the kind needs it.
Said = tuple[str, str, dict[str, Any], str]
SCOPES: dict[str, tuple[Said, ...]] = {
    "brief": (("BY", "incident.report", REPORT, "flash"), ("UA", "message", {"text": "one"}, "routine")),
    "talk": (
        ("BY", "message", {"text": "one"}, "routine"),
        ("BY", "incident.report", REPORT, "flash"),
        ("UA", "message", {"text": "two"}, "routine"),
    ),
    "standing": (
        ("BY", "message", {"text": "on its way"}, "routine"),
        ("UA", "standing", SUSPENDED, "routine"),
        ("UA", "incident.report", REPORT, "flash"),
    ),
    "amendment": (
        ("BY", "charter.amendment", {"changes": {"floor": ["message"]}, "reason": "agreed"}, "routine"),
        ("UA", "assent", {}, "routine"),
        ("UA", "standing", SUSPENDED, "flash"),
    ),
}


TABLES = {
    "members": "party", "logs": "id", "epochs": "sender, epoch", "leaves": "n", "bodies": "n",
    "heads": "log, size", "receipts": "n", "items": "n", "early": "entry_id", "evidence": "key",
}  # fmt: skip


@dataclass(frozen=True)
class Budget:
    """What may still go wrong in a run."""

    lost: int = 1
    twice: int = 0
    passed: int = 0
    cuts: int = 1


@dataclass
class Side:
    """One party: its line, its disk as an image, how many of its entries it has placed."""

    line: Line
    image: bytes
    rows: bytes  # what is on the disk, as one value
    facts: dict[str, Any]
    placed: int = 0


@dataclass
class State:
    """All that the future depends on. Sides that did not act are shared with the state before."""

    sides: tuple[Side, Side]
    # Packets from each side under way to the other, oldest first.
    ways: tuple[tuple[bytes, ...], tuple[bytes, ...]]
    left: Budget
    now: int = T0


Act = tuple[str, int, int]  # what, by whom, at which statement of its commit the power goes (-1: not at all)


@dataclass
class Report:
    """What a search went through."""

    states: int = 0
    transitions: int = 0
    ends: int = 0
    acts: Counter[str] = field(default_factory=Counter)
    whole: bool = True
    broken: str = ""
    way: tuple[Act, ...] = ()


class Exchange:
    """The entries of a scope and the state in which it begins."""

    def __init__(self, scope: str, budget: Budget) -> None:
        self.parties = [party(name) for name in NAMES]
        self.owns = [own_log(name, 0) for name in NAMES]
        self.shared = _shared(self.parties, self.owns)
        # What a start finds, by what is on the disk.
        self.read: dict[bytes, dict[str, Any]] = {}
        self.says: tuple[list[Signed], list[Signed]] = ([], [])
        begun = self._begun()
        for number, (name, kind, body, precedence) in enumerate(SCOPES[scope]):
            by = NAMES.index(name)
            self.says[by].append(self._signed(by, kind, body, precedence, f"{scope}/{number}"))
        self.begin = replace(begun, left=budget)

    # -- how it begins -------------------------------------------------------------------------

    def _begun(self) -> State:
        """Logs, a charter in force, nothing under way."""
        self.refers: list[str] = []
        members = {p.fpr: p.card for p in self.parties}
        sides = []
        for own, one in zip(self.owns, self.parties, strict=True):
            disk = MemoryDisk()
            line = Line(CHANNEL, one.fpr, one.keys(), SMALL)
            line.open_log(own, one.card, one.mandates, _salt(one.name) * 2, members, T0)
            self._commit(line, disk, -1)
            sides.append(self._side(line, disk, 0))
        state = State((sides[0], sides[1]), ((), ()), Budget(0, 0, 0, 0))
        state = self._joined(state)
        listed = [{"fingerprint": p.fpr, "id": p.name, "name": p.name} for p in self.parties]
        charter = self._signed(0, "charter", charter_body(listed), "routine", "charter")
        self.refers.append(charter.id)
        for by, entry in ((0, charter), (1, self._signed(1, "assent", {}, "routine", "assent"))):
            state = self.rest(self._acted(state, by, lambda line, e=entry: line.place([e], T0)))  # type: ignore[misc]
        assert all(side.line.state.terms_now().charter is not None for side in state.sides)
        return state

    def _signed(self, by: int, kind: str, body: dict[str, Any], precedence: str, name: str) -> Signed:
        if kind == "charter.amendment":
            body = {"charter": self.refers[0], **body}
        refers = self.refers[-1:] if kind in ("assent", "charter.amendment") else []
        said = statements.make(
            channel=CHANNEL, party=self.parties[by].fpr, office="duty", kind=kind, released=T0, body=body,
            seed=_salt(name), precedence=precedence, re=refers,
        )  # fmt: skip
        signature = statements.sign(self.parties[by].offices["duty"], said)
        signed = Signed(said, (signature,), canonical.encode(body), _salt(name))
        if kind == "charter.amendment":
            self.refers.append(signed.id)
        return signed

    # -- steps ---------------------------------------------------------------------------------

    def _side(self, line: Line, disk: MemoryDisk, placed: int) -> Side:
        side = Side(line, disk.image(), _rows(disk), facts(line), placed)
        disk.close()
        return side

    def _opened(self, side: Side) -> tuple[Line, MemoryDisk]:
        """A line of its own and its disk, to act on."""
        return copy.deepcopy(side.line, dict(self.shared)), MemoryDisk(side.image)

    def _commit(self, line: Line, disk: MemoryDisk, cut: int) -> None:
        writes: list[Write] = line.take()
        if writes:
            self._nothing_leaves(line, disk)
            disk.commit(CHANNEL, writes, None if cut < 0 else (cut, CUT))
        for event in line.committed():
            if event.name in ("epoch wanted", "stopped", "evidence"):
                raise Broken(f"{event.name} without a reason: {event.detail}")

    def _nothing_leaves(self, line: Line, disk: MemoryDisk) -> None:
        for one in self.parties:
            try:
                found = line.poll(one.fpr, T0, 1, disk.store.leaves, disk.store.head_note)
            except FatalError:
                continue
            if found:
                raise Broken("a packet was handed out before the commit")

    def _acted(
        self, state: State, by: int, change: Callable[[Line], object], cut: int = -1, *,
        ways: tuple[tuple[bytes, ...], ...] | None = None, places: int = 0,
    ) -> State:  # fmt: skip
        """One step of a side with its commit, before whose statement ``cut`` the power goes."""
        state = state if ways is None else replace(state, ways=(ways[0], ways[1]))
        side = state.sides[by]
        line, disk = self._opened(side)
        try:
            change(line)
            self._commit(line, disk, cut)
        except RefusedError:  # it may not be said any more, and nothing was kept
            disk.close()
            return _with(state, by, replace(side, placed=side.placed + places))
        except PowerCut:  # whoever placed something does not know, and will place it again
            disk.recover(random.Random(0))
            return self._started(_with(state, by, self._read(disk, by, side.placed)), by)
        return _with(state, by, self._side(line, disk, side.placed + places))

    def _read(self, disk: MemoryDisk, by: int, placed: int) -> Side:
        line = Line(CHANNEL, self.parties[by].fpr, self.parties[by].keys(), SMALL)
        for write in disk.store.load(CHANNEL):
            line.load(write)
        line.attach(self.owns[by])
        return self._side(line, disk, placed)

    def _started(self, state: State, by: int) -> State:
        """After a power cut: a new connection for both, and what was under way is gone."""
        left = replace(state.left, cuts=state.left.cuts - 1)
        return self._joined(replace(state, ways=((), ()), left=left))

    def _joined(self, state: State) -> State:
        sides = []
        for side, other in zip(state.sides, reversed(self.parties), strict=True):
            line = _handing(side.line)
            line.disconnected(other.fpr)
            line.connected(other.fpr)
            sides.append(replace(side, line=line))
        return replace(state, sides=(sides[0], sides[1]))

    def sent(self, state: State, by: int) -> State | None:
        """The next packet of a side goes on its way; None if it has none."""
        line, disk = _handing(state.sides[by].line), MemoryDisk(state.sides[by].image)
        found = line.poll(self.parties[1 - by].fpr, state.now, 1, disk.store.leaves, disk.store.head_note)
        disk.close()
        if not found:
            return None
        ways = list(state.ways)
        ways[by] = (*ways[by], *found)
        return _with(replace(state, ways=(ways[0], ways[1])), by, replace(state.sides[by], line=line))

    def memory_is_disk(self, side: Side, by: int) -> None:
        """What the line knows is what a start would find."""
        if side.rows not in self.read:
            disk = MemoryDisk(side.image)
            self.read[side.rows] = self._read(disk, by, 0).facts
        for name, value in side.facts.items():
            if value != self.read[side.rows][name]:
                raise Broken(f"a start would find other {name}")
        if side.line.stopped or side.facts["evidence"] or side.facts["unopened"]:
            raise Broken(f"without a reason: {side.line.stopped} {side.facts['evidence']}")

    def said(self, state: State) -> bool:
        """Whether all was placed, or could not be, and nothing is under way."""
        return not any(state.ways) and all(
            side.placed == len(says) for side, says in zip(state.sides, self.says, strict=True)
        )

    def all_sent(self, state: State) -> State:
        """All packets that can be made go on their way."""
        for by in (0, 1):
            while (sent := self.sent(state, by)) is not None:
                state = sent
        return state

    # -- what can happen -----------------------------------------------------------------------

    def acts(self, state: State) -> Iterator[tuple[Act, Callable[[int], State]]]:
        """All that can happen next; of a step with a commit, its function takes where the power goes."""
        for by in (0, 1):
            if state.sides[by].placed < len(self.says[by]):
                entry = self.says[by][state.sides[by].placed]
                yield (
                    ("place", by, -1),
                    lambda cut, b=by, e=entry: self._acted(  # type: ignore[misc]
                        state, b, lambda line: line.place([e], state.now), cut, places=1
                    ),
                )
            way, left = state.ways[by], state.left
            if way:
                yield ("deliver", by, -1), lambda cut, b=by: self._taken(state, b, 0, 1, cut)  # type: ignore[misc]
            if way and left.twice:
                spent = replace(state, left=replace(left, twice=left.twice - 1))
                yield ("twice", by, -1), lambda cut, b=by, s=spent: self._taken(s, b, 0, 0, cut)  # type: ignore[misc]
            if len(way) > 1 and left.passed:
                spent = replace(state, left=replace(left, passed=left.passed - 1))
                yield ("passed", by, -1), lambda cut, b=by, s=spent: self._taken(s, b, 1, 1, cut)  # type: ignore[misc]
            if way and left.lost:
                yield ("lose", by, 0), lambda cut, b=by: self._lost(state, b)  # type: ignore[misc]
            if left.cuts:
                yield ("power", by, 0), lambda cut, b=by: self._power(state, b)  # type: ignore[misc]

    def _taken(self, state: State, by: int, at: int, gone: int, cut: int) -> State:
        """A packet from ``by`` comes in at the other side."""
        raw, ways = state.ways[by][at], list(state.ways)
        ways[by] = ways[by][:at] + ways[by][at + gone :]
        sender = self.parties[by].fpr
        return self._acted(
            state, 1 - by, lambda line: line.receive(sender, raw, state.now), cut, ways=tuple(ways)
        )

    def _lost(self, state: State, by: int) -> State:
        ways = list(state.ways)
        ways[by] = ways[by][1:]
        return replace(state, ways=(ways[0], ways[1]), left=replace(state.left, lost=state.left.lost - 1))

    def _power(self, state: State, by: int) -> State:
        side = state.sides[by]
        return self._started(_with(state, by, self._read(MemoryDisk(side.image), by, side.placed)), by)

    def rest(self, state: State) -> State:
        """Deliver all that is under way or comes, in turn, until both are silent."""
        for _ in range(ROUNDS):
            before = state
            for by in (0, 1):
                state = self.sent(state, by) or state
                while state.ways[by]:
                    state = self._taken(state, by, 0, 1, -1)
            if state is before:
                return state
        raise Broken("the line does not come to rest")

    def end(self, state: State, known: set[bytes]) -> State | None:
        """From here nothing goes wrong any more: time goes on, and all has to be delivered. None if it comes
        to a state in ``known``, from which that was found already; all on the way are added."""
        for _ in range(ROUNDS):
            key = digest(state)
            if key in known:
                return None
            known.add(key)
            state = self.rest(state)
            if not any(side.line.unsent() for side in state.sides):
                return state
            state = replace(state, now=state.now + STEP)
            for by in (0, 1):
                state = self._acted(state, by, lambda line, now=state.now: line.tick(now))  # type: ignore[misc]
        raise Broken("not all is delivered, whatever the time")


# -- searching -----------------------------------------------------------------------------------------------


def search(scope: str, budget: Budget, *, most: float = 0, every: bool = True, eager: bool = False) -> Report:
    """Go through all states of a scope; ``most``: seconds after which it stops, unfinished.

    ``every``: whether the power goes at every statement of a commit, or only before the first and after the
    last; ``eager``: whether packets go out as soon as they can be made, or at any later time.
    """
    with memo.shared(), same_blobs(), values():
        exchange = Exchange(scope, budget)
        report, known, done = Report(), set[bytes](), set[bytes]()
        began = time.monotonic()
        stack: list[tuple[State, tuple[Act, ...], Iterator[tuple[Act, State]]]] = []
        sending: list[bool] = []

        def enter(state: State, way: tuple[Act, ...]) -> None:
            key = digest(state)
            if key in known:
                return
            known.add(key)
            report.states += 1
            stack.append((state, way, _after(exchange, state, every, eager)))
            sending.append(False)

        way: tuple[Act, ...] = ()
        try:
            enter(exchange.all_sent(exchange.begin) if eager else exchange.begin, ())
            while stack:
                before, way, rest = stack[-1]
                found = next(rest, None)
                if found is None:
                    stack.pop()
                    if not sending.pop() and exchange.said(before):
                        _at_end(exchange, before, report, done)
                    continue
                act, state = found
                state = exchange.all_sent(state) if eager else state
                sending[-1] = sending[-1] or act[0] == "send"
                way = (*way, act)
                report.transitions += 1
                report.acts[act[0]] += 1
                check(exchange, before, state)
                enter(state, way)
                if most and time.monotonic() - began > most:
                    report.whole = False
                    break
        except Broken as broken:
            report.broken, report.way = str(broken), way
        return report


def _after(exchange: Exchange, state: State, every: bool, eager: bool) -> Iterator[tuple[Act, State]]:
    """Every act with the state after it."""
    for by in () if eager else (0, 1):
        sent = exchange.sent(state, by)
        if sent is not None:
            yield ("send", by, -1), sent
    for (what, by, cut), step in exchange.acts(state):
        done = step(-1)
        yield (what, by, -1), done
        if cut == 0 or not state.left.cuts:
            continue
        actor = by if what == "place" else 1 - by
        if done.sides[actor].rows == state.sides[actor].rows:
            continue  # it committed nothing
        at, landed = 0, False
        while not landed:
            after = step(at)
            yield (what, by, at), after
            landed = after.sides[actor].rows == done.sides[actor].rows
            at = at + 1 if every else AFTER


def _at_end(exchange: Exchange, state: State, report: Report, known: set[bytes]) -> None:
    report.ends += 1
    last = exchange.end(replace(state, left=Budget(0, 0, 0, 0)), known)
    if last is not None:
        ended(*(side.facts for side in last.sides))


def digest(state: State) -> bytes:
    """What the future depends on, as one value."""
    parts: list[Any] = [state.ways, state.left, state.now]
    for side in state.sides:
        line = side.line
        parts += [side.rows, side.placed, line.phase, line.stopped, line.last_pq, list(line._heads)]
        parts += [[_plain(getattr(peer, f.name)) for f in fields(peer)] for peer in line.peers.values()]
    return hashlib.sha256(repr(parts).encode()).digest()


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return sorted(value.items())
    return sorted(value) if isinstance(value, set) else value


# -- invariants ----------------------------------------------------------------------------------------------


def check(exchange: Exchange, before: State, after: State) -> None:
    """What holds after every act."""
    for by in (0, 1):
        old, new = before.sides[by], after.sides[by]
        if new is not old:
            exchange.memory_is_disk(new, by)
            kept(old.facts, new.facts)
    one, two = after.sides
    delivered(one.line.me, one.facts, two.line.me, two.facts)
    delivered(two.line.me, two.facts, one.line.me, one.facts)


# -- small things --------------------------------------------------------------------------------------------


def _with(state: State, by: int, side: Side) -> State:
    sides = (side, state.sides[1]) if by == 0 else (state.sides[0], side)
    return replace(state, sides=sides)


def _handing(line: Line) -> Line:
    """The line to hand out packets with, or to connect: that changes what it knows of its peers."""
    twin = copy.copy(line)
    twin.peers = copy.deepcopy(line.peers)
    twin.counters = copy.copy(line.counters)
    twin._inbox, twin._outbox = Inbox(twin), Outbox(twin)
    return twin


def _rows(disk: MemoryDisk) -> bytes:
    """The content of a disk, in the order in which it came, whatever pages it is on."""
    found = hashlib.sha256()
    for table, order in TABLES.items():
        for row in disk.wire.execute(f"SELECT * FROM {table} ORDER BY {order}"):
            for value in row[order == "n" :]:
                found.update(value if isinstance(value, bytes) else repr(value).encode())
                found.update(b"\n")
    return found.digest()


def _salt(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


def _shared(parties: list[SimParty], owns: list[Any]) -> dict[int, Any]:
    """For ``deepcopy``: what is never changed and need not be copied."""
    fixed: list[Any] = [*owns, SMALL]
    for one in parties:
        fixed += [one.node, one.watch, one.kem, *one.offices.values()]
    for own in owns:
        fixed += [own.log, own.pq, own.receipt, own.certificate]
    return {id(value): value for value in fixed}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scope", choices=[*SCOPES, "all"], default="all")
    parser.add_argument("--lost", type=int, default=1)
    parser.add_argument("--twice", type=int, default=1)
    parser.add_argument("--passed", type=int, default=0)
    parser.add_argument("--cuts", type=int, default=1)
    parser.add_argument("--eager", action="store_true", help="packets go out as soon as they can be made")
    parser.add_argument("--seconds", type=float, default=0, help="stop after so long, unfinished")
    args = parser.parse_args()
    budget = Budget(args.lost, args.twice, args.passed, args.cuts)
    failed = False
    for scope in SCOPES if args.scope == "all" else (args.scope,):
        began = time.monotonic()
        report = search(scope, budget, most=args.seconds, eager=args.eager)
        took = time.monotonic() - began
        print(f"{scope}, {budget}: {report.states} states, {report.transitions} transitions,"
              f" {report.ends} ends, {took:.0f} s{'' if report.whole else ', NOT FINISHED'}")  # fmt: skip
        print("  " + ", ".join(f"{name} {count}" for name, count in sorted(report.acts.items())))
        if report.broken:
            failed = True
            print(f"  BROKEN: {report.broken}")
            for act in report.way:
                print(f"    {act}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
