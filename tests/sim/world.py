# SPDX-License-Identifier: Apache-2.0
"""A world: parties, their clocks, disks and links, and a plan of what they say and what befalls them.

Everything follows from the seed. The plan is made first; each of its acts has a generator of its own, so that
a plan with acts left out still plays, which is how a failing one is made smaller. The one thing that is
random inside the library is the bytes of epoch blobs; nothing here looks at them.
"""

from __future__ import annotations

import copy
import hashlib
import heapq
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from detente.errors import DetenteError, FatalError, MalformedError, RefusedError
from detente.line.events import Event
from detente.line.limits import LIMITS
from detente.line.line import Line
from detente.line.writes import Write
from detente.seal import canonical
from detente.words.charter import charter_body
from tests.line.durable import facts
from tests.line.harness import CHANNEL, T0
from tests.sim.disk import FileDisk, MemoryDisk, PowerCut
from tests.sim.invariants import Authority, Held, Violation, Watch
from tests.sim.network import Link
from tests.sim.parties import DAY, NAMES, authority, own_log, party

# Small, so that a day's traffic meets every limit.
SMALL = replace(LIMITS, batch_leaves=6, batch_bytes=24_000, window_leaves=24, window_bytes=96_000)
ROOM = 64 << 10
TICK, IDLE = 4_000, 1_200_000
MINUTE = 60_000


@dataclass(frozen=True)
class Act:
    """One thing that a plan has happen: ``number``, its place in the whole plan, names its generator."""

    at: int
    what: str
    who: int
    number: int


class SimNode:
    """One party's line over its disk, as the runtime of a node drives it."""

    def __init__(self, world: World, name: str, disk: MemoryDisk) -> None:
        self.world, self.name, self.disk = world, name, disk
        self.party = party(name)
        self.fpr = self.party.fpr
        self.chance = random.Random(f"{world.seed}/node/{name}")
        self.offset = 0
        self.up = True
        self.lies = False
        self.rolled = False  # its state was put back or copied at some time
        self.tainted = False  # and nobody told it
        self.owns: dict[str, Any] = {}
        self.held = Held()
        self.held.issued, self.held.authority = list(self.party.mandates), authority()
        self.linked: set[str] = set()
        self.images: list[tuple[bytes, Held]] = []
        self.power_cut: int | None = None
        self.line = Line(CHANNEL, self.fpr, self.party.keys(), SMALL)
        self.pumping: set[str] = set()
        self.ticking = False
        self.renewing = self.succeeding = False
        self.early: set[str] = set()

    @property
    def now(self) -> int:
        """This party's clock."""
        return self.world.now + self.offset

    def secret(self) -> bytes:
        return self.chance.randbytes(64)

    def next_log(self) -> Any:
        own = own_log(self.name, len(self.owns))
        self.owns[own.origin] = own
        self.world.author[own.origin] = self
        return own

    # -- steps ---------------------------------------------------------------------------------

    def step(self, change: Callable[[Line], object]) -> DetenteError | None:
        """One step of the line and its commit; what a node would be told stood against it."""
        if not self.up:
            return RefusedError("the node is down")
        line = self.line
        writes: list[Write] = []
        before = frozen(facts(line)) if self.power_cut is not None else None
        try:
            change(line)
            writes = line.take()
            if writes:
                self._peek(line)
                cut, self.power_cut = self.power_cut, None
                self.disk.commit(CHANNEL, writes, cut)
        except PowerCut:
            self._cut_within(writes, before)
            return RefusedError("the power went")
        except FatalError as error:
            raise Violation("the store refuses a step", f"{self.name}: {error}") from error
        except DetenteError as error:
            if writes or line.take():
                self.world.refused[str(error)[:60]] += 1
                self._load()
            return error
        events = line.committed()
        self.world.watch.committed(self, writes)
        for event in events:
            self._told(event)
        if writes or any(p.owe_have or p.owe_receipts or p.owe_items for p in line.peers.values()):
            self.wake()
        self._tick_soon()
        return None

    def _peek(self, line: Line) -> None:
        """A path may ask at any time: before the commit it gets nothing."""
        for peer in sorted(self.linked):
            try:
                packets = line.poll(peer, self.now, ROOM, self.disk.store.leaves, self.disk.store.head_note)
            except FatalError:
                return
            self._send(self.world.by_fpr[peer], packets)

    def _cut_within(self, writes: list[Write], before: dict[str, Any] | None) -> None:
        self.world.faults["power cut within a commit"] += 1
        landed = self.disk.landed
        self.world.log("cut", self.name, str(landed))
        expected = before if not landed else frozen(facts(self.line))
        if landed is None:  # torn: it is there whole or not at all
            self.disk.recover(self.chance)
            grown = bool(writes) and self._has_landed(writes)
            expected, landed = (frozen(facts(self.line)) if grown else before), grown
        if landed:
            self.world.watch.committed(self, writes, line_lives=False)
        self.power_off(expected)

    def _has_landed(self, writes: list[Write]) -> bool:
        line = Line(CHANNEL, self.fpr, self.party.keys(), SMALL)
        for write in self.disk.store.load(CHANNEL):
            line.load(write)
        return frozen(facts(line)) == frozen(facts(self.line))

    def power_off(self, expected: dict[str, Any] | None = None) -> None:
        """The machine stops at once and starts again after a while."""
        if not self.up:
            return
        if expected is None:
            expected = frozen(facts(self.line))
        self.up, self.power_cut = False, None
        for peer in sorted(self.linked):
            self.world.drop(self, self.world.by_fpr[peer])
        wait = self.chance.choice([200, 5_000, 90_000, 20 * MINUTE])
        self.world.later(wait, lambda: self._power_on(expected))

    def _power_on(self, expected: dict[str, Any] | None) -> None:
        self.up = True
        self.disk.recover(self.chance)
        self._load()
        self.world.watch.restarted(self, expected, frozen(facts(self.line)))
        self.world.connect_all()
        self._tick_soon()

    def _load(self) -> None:
        """As the runtime builds a line from its store."""
        line = Line(CHANNEL, self.fpr, self.party.keys(), SMALL)
        for write in self.disk.store.load(CHANNEL):
            line.load(write)
        own = line.state.own_log()
        if own is not None:
            line.attach(self.owns.get(own.origin))
            lost = any(row["origin"] == own.origin for row in self.disk.store.lost_logs())
            line.stopped = "it was restored and needs a succession" if lost else line.stopped
        if line.stopped:
            self.succeed_soon()
        self.line = line
        for peer in self.linked:
            line.connected(peer)

    def put_back(self, image: tuple[bytes, Held], *, known: bool) -> None:
        """Go on from an old state; ``known``: by `restore`, which bars our logs."""
        self.rolled = True
        self.tainted = self.tainted or not known
        for peer in sorted(self.linked):
            self.world.drop(self, self.world.by_fpr[peer])
        self.disk = self.disk.reborn(image[0])
        self.held = image[1].copy()
        if known:
            self.disk.store.mark_lost()
        self._load()
        self.world.watch.restarted(self, None, {})
        self.world.later(2_000, self.world.connect_all)

    # -- what the runtime does of itself -------------------------------------------------------

    def _told(self, event: Event) -> None:
        if event.name == "stopped":
            self.world.watch.stopped(self, str(event.detail.get("reason")))
            self.succeed_soon()
        elif event.name == "epoch wanted" and not self.renewing:
            self.renewing = True
            self.world.later(5, self._renew)
        elif event.name == "entry" and event.party != self.fpr:
            self.world.react(self, event)

    def _renew(self) -> None:
        self.renewing = False
        secret = self.secret()
        self.step(lambda line: line.grant(secret, self.now))

    def succeed_soon(self) -> None:
        """Somebody has to bring the root key."""
        if not self.succeeding:
            self.succeeding = True
            self.world.later(self.chance.choice([5, 30, 90]) * MINUTE, self._succeed)

    def _succeed(self) -> None:
        self.succeeding = False
        if self.line.stopped is None:
            return
        # Not before all members were heard: one may hold a later log of ours, and two that both go on for one
        # old log are more than the others can take.
        if not self.up or any(p.have is None for p in self.line.peers.values()):
            self.succeed_soon()
            return
        old = self.line.state.own_log()
        assert old is not None
        size = old.head_sizes[-1] if old.head_sizes else 0
        root = canonical.b64(old.compute_root(size))
        own, secret = self.next_log(), self.secret()
        said = self.party.certify(
            type="succession", channel=CHANNEL, new=own.origin, reason="restored",
            old={"origin": old.origin, "size": size, "root": root},
        )  # fmt: skip
        error = self.step(
            lambda line: line.open_log(own, self.party.card, self.held.issued, secret, {}, self.now, said)
        )
        if error is not None:
            self.succeed_soon()
            return
        self.world.watch.covered["line: stopped -> open"] += 1
        for peer in sorted(self.linked):
            self.line.connected(peer)
        self.wake()

    def _tick_soon(self) -> None:
        if not self.ticking:
            self.ticking = True
            peers = self.line.peers.values()
            busy = any(p.connected and (p.flight_leaves or p.have is None) for p in peers)
            self.world.later(TICK if busy else IDLE, self._tick, idle=not busy)

    def _tick(self) -> None:
        self.ticking = False
        if self.up:
            self.step(lambda line: line.tick(self.now))
            self.wake()

    # -- paths ---------------------------------------------------------------------------------

    def wake(self) -> None:
        for peer in sorted(self.linked):
            self.wake_for(peer)

    def wake_for(self, peer: str) -> None:
        if peer not in self.pumping:
            self.pumping.add(peer)
            self.world.later(1, lambda: self._pump(peer))

    def _pump(self, peer: str) -> None:
        self.pumping.discard(peer)
        if not self.up or peer not in self.linked:
            return
        to = self.world.by_fpr[peer]
        line = self.line
        urgent = [] if self.lies else self._urgent(peer)
        packets = line.poll(peer, self.now, ROOM, self.disk.store.leaves, self.disk.store.head_note)
        if urgent and packets:
            self.world.watch.polled(self, to, urgent, packets)
        self._send(to, packets)
        if packets:
            self.wake_for(peer)
            if self.ticking is False:
                self._tick_soon()

    def _urgent(self, peer: str) -> list[str]:
        """Urgent entries of ours that were not handed out to ``peer`` on this connection."""
        log, known = self.line.state.own_log(), self.line.peers[peer]
        if log is None or known.have is None:
            return []
        start = max(known.sent.get(log.origin, 0), known.have.get(log.origin, 0))
        ids = [log.ids[index] for index in self.line.urgent_waiting(peer) if index >= start]
        fresh = [e for e in ids if f"{peer}/{e}" not in self.early]
        self.early.update(f"{peer}/{e}" for e in fresh)
        return fresh

    def _send(self, to: SimNode, packets: list[bytes]) -> None:
        link = self.world.link(self, to)
        for raw in packets:
            self.world.log("send", self.name, to.name, str(len(raw)))
            link.carry(to.name, raw, self.world.now, lambda got: to.arrive(self.fpr, got))

    def arrive(self, sender: str, raw: bytes) -> None:
        """A packet; one in a connection that ended may still come."""
        if self.up:
            self.world.log("got", self.name, str(len(raw)))
            error = self.step(lambda line: line.receive(sender, raw, self.now))
            if isinstance(error, MalformedError):
                raise Violation("a packet is an error", str(error))


class World:
    """See the module. ``plan``: acts to play instead of all that the seed gives."""

    def __init__(
        self, seed: str, parties: int = 2, *, days: int | None = None, folder: Path | None = None,
        lies: bool | None = None,
    ) -> None:  # fmt: skip
        chance = random.Random(f"{seed}/world")
        self.seed = seed
        self.days = days or chance.choice([1, 1, 2, 3])
        self.now = T0
        self.faults: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.entries = 0
        self.events = 0
        self._heap: list[tuple[int, int, Callable[[], None], bool]] = []
        self._count = self._busy = 0
        self._trace = hashlib.sha256()
        self.trace: list[str] | None = None
        self.watch = Watch(self)
        self.author: dict[str, SimNode] = {}
        # entry id -> kind, what it is about, detail
        self.said: dict[str, tuple[str, str, str]] = {}
        # entry id -> a credential that was placed, and what its office may do from then on
        self.issued: dict[str, tuple[dict[str, Any], Authority]] = {}
        self.quiet = False
        self.nodes: dict[str, SimNode] = {}
        for name in NAMES[:parties]:
            self.nodes[name] = SimNode(self, name, FileDisk(_place(folder, name)) if folder else MemoryDisk())
        self.by_fpr = {node.fpr: node for node in self.nodes.values()}
        if chance.random() < 0.4 if lies is None else lies:
            self.nodes[NAMES[parties - 1]].lies = True
        self.links: dict[tuple[str, str], Link] = {}
        for n, one in enumerate(self.nodes):
            for two in list(self.nodes)[n + 1 :]:
                self.links[one, two] = Link(f"{one}-{two}", seed, self.later, self.faults)
        self.rolls = 0

    # -- time ----------------------------------------------------------------------------------

    def later(self, wait: int, act: Callable[[], None], *, idle: bool = False) -> None:
        """Do something after ``wait`` ms; ``idle`` things do not keep the world awake."""
        self._count += 1
        self._busy += not idle
        heapq.heappush(self._heap, (self.now + wait, self._count, act, idle))

    def run_until(self, end: int, *, until_quiet: bool = False) -> None:
        """Play what is due by ``end``."""
        while self._heap and self._heap[0][0] <= end and not (until_quiet and not self._busy):
            self.now, _, act, idle = heapq.heappop(self._heap)
            self._busy -= not idle
            self.events += 1
            act()
        self.now = self.now if until_quiet else max(self.now, end)

    def log(self, *what: str) -> None:
        """One line of what happened; nothing in it depends on epoch blobs."""
        line = f"{self.now} {' '.join(what)}"
        self._trace.update(line.encode())
        if self.trace is not None:
            self.trace.append(line)

    @property
    def digest(self) -> str:
        """What happened, as one value: the same for the same seed, in any process."""
        return self._trace.hexdigest()

    # -- links ---------------------------------------------------------------------------------

    def link(self, one: SimNode, two: SimNode) -> Link:
        return self.links.get((one.name, two.name)) or self.links[two.name, one.name]

    def connect(self, one: SimNode, two: SimNode) -> None:
        """A connection begins, if both are there."""
        link = self.link(one, two)
        if link.up or not (one.up and two.up):
            return
        link.up = True
        link.life += 1
        link.last.clear()
        for node, peer in ((one, two), (two, one)):
            node.linked.add(peer.fpr)
            node.early = {e for e in node.early if not e.startswith(peer.fpr)}
            node.line.connected(peer.fpr)
            node.wake_for(peer.fpr)

    def drop(self, one: SimNode, two: SimNode) -> None:
        """A connection ends for both; the other side may notice later."""
        link = self.link(one, two)
        if not link.up:
            return
        link.cut()
        for node, peer in ((one, two), (two, one)):
            node.linked.discard(peer.fpr)
            node.line.disconnected(peer.fpr)

    def cut(self, one: SimNode, two: SimNode, wait: int) -> None:
        """A connection ends, and comes back after ``wait`` ms."""
        self.drop(one, two)
        self.link(one, two).noise["cut"] = (self.now + wait, 1.0)
        self.later(wait, self.connect_all)

    def connect_all(self) -> None:
        """Whoever can, connects."""
        for (one, two), link in self.links.items():
            if not link.up and link.noise.get("cut", (0, 0))[0] <= self.now:
                self.connect(self.nodes[one], self.nodes[two])

    # -- the course of things ------------------------------------------------------------------

    def honest(self) -> list[SimNode]:
        return [node for node in self.nodes.values() if not node.lies]

    def open(self) -> None:
        """Logs, a charter, and everybody's assent."""
        members = {node.fpr: node.party.card for node in self.nodes.values()}
        for node in self.nodes.values():
            own, secret = node.next_log(), node.secret()
            node.step(
                lambda line, n=node, o=own, s=secret: line.open_log(  # type: ignore[misc]
                    o, n.party.card, n.party.mandates, s, members, n.now
                )
            )
        self.connect_all()
        self.run_until(self.now + MINUTE)
        from tests.sim import speech

        listed = [{"fingerprint": n.fpr, "id": n.name, "name": n.name} for n in self.nodes.values()]
        first, *others = self.nodes.values()
        charter = speech.say(first, "charter", charter_body(listed, quotas=speech.QUOTAS), "duty")
        self.run_until(self.now + MINUTE)
        for node in others:
            speech.say(node, "assent", {}, "duty", re=[charter])
        self.run_until(self.now + MINUTE)

    def react(self, node: SimNode, event: Event) -> None:
        """What the people at a post do when an entry comes in."""
        from tests.sim import speech

        speech.react(node, event)

    def run(self, plan: list[Act] | None = None) -> World:
        """Play the plan, end all faults, and look. Raises Violation, whatever goes wrong."""
        try:
            self._run(plan)
        except Violation:
            raise
        except Exception as error:
            raise Violation("the program fails", repr(error)[:300]) from error
        return self

    def _run(self, plan: list[Act] | None) -> None:
        from tests.sim import faults

        self.open()
        start = self.now
        for act in full_plan(self) if plan is None else plan:
            self.later(act.at - (self.now - start), lambda a=act: faults.play(self, a))  # type: ignore[misc]
        self.run_until(start + self.days * DAY)
        self.settle()

    def settle(self) -> None:
        """All faults end; what is under way comes to rest."""
        self.quiet = True
        for link in self.links.values():
            link.noise.clear()
        for _ in range(3):
            self.run_until(self.now + 3 * 3_600_000)
            self.connect_all()
        # Whoever was withheld is read again the next day.
        self.run_until(self.now + DAY)
        for node in self.nodes.values():
            node.wake()
        self.run_until(self.now + 3_600_000)
        self.watch.settled()

    def close(self) -> None:
        for node in self.nodes.values():
            node.disk.close()


def full_plan(world: World) -> list[Act]:
    """All acts that the seed gives."""
    from tests.sim import faults

    return faults.plan(world)


def frozen(value: Any) -> Any:
    """A copy that later changes do not reach, and that compares whatever the order of its sets."""
    if isinstance(value, dict):
        return {k: frozen(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return tuple(frozen(v) for v in value)
    if isinstance(value, set):
        return frozenset(value)
    return copy.copy(value) if isinstance(value, bytearray) else value


def _place(folder: Path, name: str) -> Path:
    place = folder / name
    place.mkdir(parents=True, exist_ok=True)
    return place
