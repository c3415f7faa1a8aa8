# SPDX-License-Identifier: Apache-2.0
"""A world: parties, their clocks, disks and links, and a plan of what they say and what befalls them.

Everything follows from the seed. The plan is made first; each of its acts has a generator of its own, so that
a plan with acts left out still plays, which is how a failing one is made smaller. The one thing that is
random inside the library is the bytes of epoch blobs; nothing here looks at them.
"""

from __future__ import annotations

import contextlib
import hashlib
import heapq
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from detente.line.events import Event
from detente.words.charter import charter_body
from tests.line.harness import T0
from tests.sim import memo
from tests.sim.disk import FileDisk, MemoryDisk
from tests.sim.held import Held, Violation
from tests.sim.invariants import Watch
from tests.sim.network import Link
from tests.sim.node import HOUR, MINUTE, SimNode
from tests.sim.parties import DAY, NAMES

# Charters differ: with the small quotas every day has members that are withheld.
QUOTAS = (
    {"bytes_per_day": 4_000_000, "entries_per_day": 400, "flash_per_hour": 40},
    {"bytes_per_day": 4_000_000, "entries_per_day": 400, "flash_per_hour": 2},
    {"bytes_per_day": 4_000_000, "entries_per_day": 40, "flash_per_hour": 6},
    {"bytes_per_day": 60_000, "entries_per_day": 400, "flash_per_hour": 40},
)
# Events a day for each pair of members, many times what is usual: above it two members talk without end.
EVENTS = 4_000
# Days that it may take after the faults until all that was withheld is read.
PATIENCE = 12


@dataclass(frozen=True)
class Act:
    """One thing that a plan has happen: ``number``, its place in the whole plan, names its generator."""

    at: int
    what: str
    who: int
    number: int


class World:
    """See the module. ``plan``: acts to play instead of all that the seed gives."""

    def __init__(
        self, seed: str, parties: int = 2, *, days: int | None = None, folder: Path | None = None,
        lies: bool | None = None,
    ) -> None:  # fmt: skip
        chance = random.Random(f"{seed}/world")
        self.seed = seed
        self.days = days or chance.choice([3, 4, 5, 6])
        self.quotas = chance.choice(QUOTAS)
        self.now = T0
        self.faults: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.entries = 0  # placed since the charter
        self.made = 0
        self.events = 0
        self.bound = EVENTS * parties * parties * (self.days + 2)
        self._heap: list[tuple[int, int, Callable[[], None]]] = []
        self._count = 0
        self._trace = hashlib.sha256()
        self.trace: list[str] | None = None
        self.watch = Watch(self)
        self.author: dict[str, SimNode] = {}
        # entry id -> kind, what it is about, detail
        self.said: dict[str, tuple[str, str, str]] = {}
        # entry id -> what the credential that it carries changes in the world's books
        self.issued: dict[str, Callable[[Held], None]] = {}
        self.opened = self.quiet = False
        # Old logs for which a succession was signed, and parties that signed two for one: see ``succeeded``.
        self._succeeded: set[str] = set()
        self.rivals: set[str] = set()
        self.nodes: dict[str, SimNode] = {}
        for name in NAMES[:parties]:
            self.nodes[name] = SimNode(self, name, FileDisk(_place(folder, name)) if folder else MemoryDisk())
        self.by_fpr = {node.fpr: node for node in self.nodes.values()}
        for node in list(self.nodes.values())[parties - self._liars(chance, parties, lies) :]:
            node.lies = True
        self.links: dict[tuple[str, str], Link] = {}
        for n, one in enumerate(self.nodes):
            for two in list(self.nodes)[n + 1 :]:
                self.links[one, two] = Link(f"{one}-{two}", seed, self.later, self.faults)
        self.rolls = 0
        self.suspect = any(node.lies for node in self.nodes.values())

    @staticmethod
    def _liars(chance: random.Random, parties: int, lies: bool | None) -> int:
        """How many members lie: none in most worlds; never so many that less than two are left to agree."""
        some = chance.random() < 0.4 if lies is None else lies
        return chance.randint(1, max(1, parties - 2)) if some else 0

    def succeeded(self, node: SimNode, old: str) -> None:
        """A root key signed a succession of ``old``. Of two for one old log, by a copy that also had the root
        key, members take one; what becomes of the other is not part of the promise."""
        if old in self._succeeded:
            self.rivals.add(node.name)
        self._succeeded.add(old)

    # -- time ----------------------------------------------------------------------------------

    def later(self, wait: int, act: Callable[[], None]) -> None:
        """Do something after ``wait`` ms."""
        self._count += 1
        heapq.heappush(self._heap, (self.now + wait, self._count, act))

    def run_until(self, end: int) -> None:
        """Play what is due by ``end``."""
        while self._heap and self._heap[0][0] <= end:
            self.now, _, act = heapq.heappop(self._heap)
            self.events += 1
            if self.events > self.bound:
                raise Violation("no rest", f"{self.events} events and the lines still talk")
            act()
        self.now = max(self.now, end)

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
        from tests.sim import speech

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
        listed = [{"fingerprint": n.fpr, "id": n.name, "name": n.name} for n in self.nodes.values()]
        first, *others = self.nodes.values()
        charter = speech.say(first, "charter", charter_body(listed, quotas=self.quotas), "duty")
        self.run_until(self.now + MINUTE)
        for node in others:
            speech.say(node, "assent", {}, "duty", re=[charter])
        self.run_until(self.now + MINUTE)
        self.opened = True

    def react(self, node: SimNode, event: Event) -> None:
        """What the people at a post do when an entry comes in."""
        from tests.sim import speech

        speech.react(node, event)

    def run(self, plan: list[Act] | None = None) -> World:
        """Play the plan, end all faults, and look. Raises Violation, whatever goes wrong."""
        try:
            with memo.shared(), contextlib.ExitStack() as stack:
                for patch in self.watch.cover.patches():
                    stack.enter_context(patch)
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
        for node in self.nodes.values():
            node.scarce = False
        for _ in range(3):
            self.run_until(self.now + 3 * HOUR)
            self.connect_all()
        # Whoever was withheld is read again the next day.
        for _ in range(PATIENCE):
            if not self.watch.waits():
                break
            self.run_until(self.now + DAY)
            for node in self.nodes.values():
                node.wake()
            self.run_until(self.now + HOUR)
        for node in self.nodes.values():
            self.watch.cover.over(node.line)
        self.watch.settled()

    def close(self) -> None:
        for node in self.nodes.values():
            node.disk.close()


def full_plan(world: World) -> list[Act]:
    """All acts that the seed gives."""
    from tests.sim import faults

    return faults.plan(world)


def _place(folder: Path, name: str) -> Path:
    place = folder / name
    place.mkdir(parents=True, exist_ok=True)
    return place
