# SPDX-License-Identifier: Apache-2.0
"""One party of a world: its real line over its real store, driven as the runtime of a node drives them."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from detente.errors import DetenteError, FatalError, MalformedError, RefusedError
from detente.line.events import Event
from detente.line.limits import LIMITS
from detente.line.line import Line, OwnKeys
from detente.line.writes import Write
from detente.node.reload import Keeper, read_line
from detente.seal import canonical
from tests.line.durable import facts
from tests.line.harness import CHANNEL
from tests.sim.disk import DiskError, MemoryDisk, PowerCut
from tests.sim.held import Held, Violation
from tests.sim.known import Past, alike, known, taken
from tests.sim.parties import authority, own_log, party

if TYPE_CHECKING:
    from tests.sim.world import World

MINUTE, HOUR = 60_000, 3_600_000
# Small, so that a day's traffic meets every limit, and a day sees keys grow old.
SMALL = replace(
    LIMITS, batch_leaves=6, batch_bytes=24_000, window_leaves=24, window_bytes=96_000,
    epoch_life=23 * HOUR, pq_interval=11 * HOUR,
)  # fmt: skip
ROOM = 64 << 10
TICK, IDLE = 500, HOUR
# What members say that they hold of us is waited for so often; it may be withheld, or not be true.
PATIENCE = 4


class SimNode:
    """See the module."""

    def __init__(self, world: World, name: str, disk: MemoryDisk) -> None:
        self.world, self.name, self.disk = world, name, disk
        self.party = party(name)
        self.fpr = self.party.fpr
        self.chance = random.Random(f"{world.seed}/node/{name}")
        self.offset = 0
        self.up = True
        self.lies = False
        self.scarce = False  # its disk is nearly full
        self.rolled = False  # its state was put back or copied at some time
        self.tainted = False  # and nobody told it
        self.owns: dict[str, Any] = {}
        self.held = Held()
        self.held.issued, self.held.authority = list(self.party.mandates), authority()
        self.serial = 1  # of its card, which says with which key it opens epochs
        self.linked: set[str] = set()
        self.images: list[tuple[bytes, Held]] = []
        self.trouble: tuple[int, str] | None = None  # what the next commit meets, before which statement
        self._before: dict[str, Any] | None = None  # what the line knew when that was to come
        self.past = Past(self)
        # Some keep parts of the fold, and often, so that their starts go on from those; the others fold all.
        self.every: int | None = self.chance.choice([None, None, 20, 60])
        self.line = self._new()
        self.keeper = self._keeper(self.line)
        self.pumping: set[str] = set()
        self.tick_at: int | None = None
        self.ticked = 0
        self.asked = 0  # how often it was looked whether all is back that members hold of our logs
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

    def keys(self) -> OwnKeys:
        """Its service keys, with the kem keys of all its cards so far."""
        return OwnKeys(self.party.node, self.party.watch, self.party.ring(self.serial))

    def _blank(self) -> Line:
        return Line(CHANNEL, self.fpr, self.keys(), SMALL)

    def _new(self) -> Line:
        """A line that leaves to the store what it holds there."""
        return Line(CHANNEL, self.fpr, self.keys(), SMALL, past=None if self.every is None else self.past)

    def _keeper(self, line: Line) -> Keeper | None:
        return None if self.every is None else Keeper(self.disk.store, line, self.every)

    # -- steps ---------------------------------------------------------------------------------

    def step(self, change: Callable[[Line], object]) -> DetenteError | None:
        """One step of the line and its commit; what a node would be told stood against it."""
        if not self.up:
            return RefusedError("the node is down")
        line = self.line
        writes: list[Write] = []
        if self.trouble is not None and self._before is None:
            self._before = taken(self._facts())
        before = self._before
        try:
            change(line)
            writes = line.take()
            if writes:
                self._peek(line)
                trouble, self.trouble, self._before = self.trouble, None, None
                self.disk.commit(CHANNEL, writes, trouble)
        except PowerCut:
            self._cut_within(writes, before)
            return RefusedError("the power went")
        except DiskError as error:
            return self._disk_failed(error, before)
        except FatalError as error:
            raise Violation("the store refuses a step", f"{self.name}: {error}") from error
        except DetenteError as error:
            if writes or line.take():
                self.world.refused[str(error)[:60]] += 1
                self._load()
            return error
        events = line.committed()
        if writes:
            self.world.watch.committed(self, writes)
        for event in events:
            self._told(event)
        if writes or any(p.owe_have or p.owe_receipts or p.owe_items for p in line.peers.values()):
            self.wake()
        if writes and self.keeper is not None:
            self.keeper.settle()
        self.tick_soon()
        return None

    def _facts(self) -> dict[str, Any]:
        """What a restart must give back. A key whose grant did not fit is forgotten only until then."""
        found = known(self.line) if self.every is None else self.past.facts(self.line)
        if self.line.counters["grant mismatch"]:
            found = {name: value for name, value in found.items() if name not in ("epochs", "newest")}
        return found

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
        expected = before if not landed else self._facts()
        if landed is None:  # torn: it is there whole or not at all
            self.disk.recover(self.chance)
            grown = bool(writes) and self._has_landed()
            expected, landed = (self._facts() if grown else before), grown
        if landed:
            self.world.watch.committed(self, writes, line_lives=False)
        self.power_off(expected)

    def _has_landed(self) -> bool:
        line = self._blank()
        for write in self.disk.store.load(CHANNEL):
            line.load(write)
        return alike(facts(line), facts(self.line))

    def _disk_failed(self, error: DiskError, before: dict[str, Any] | None) -> DetenteError:
        """The commit did not succeed: what the store says about it, and the line as it was."""
        self.world.faults[f"disk: {error.what}"] += 1
        self.world.log("disk", self.name, error.what)
        if error.fatal:  # the runtime stops; somebody starts the node again
            self.power_off(before)
            return error.told
        self._load()
        self.world.watch.restarted(self, before, self._facts())
        self.wake()
        self.tick_soon()
        return error.told

    def power_off(self, expected: dict[str, Any] | None = None) -> None:
        """The machine stops at once and starts again after a while."""
        if not self.up:
            return
        if expected is None:
            expected = taken(self._facts())
        self.up, self.trouble, self._before = False, None, None
        for peer in sorted(self.linked):
            self.world.drop(self, self.world.by_fpr[peer])
        wait = self.chance.choice([200, 5_000, 90_000, 20 * MINUTE])
        self.world.later(wait, lambda: self._power_on(expected))

    def _power_on(self, expected: dict[str, Any]) -> None:
        self.up = True
        self.disk.recover(self.chance)
        self._load()
        self.world.watch.restarted(self, expected, self._facts())
        self.world.connect_all()
        self.tick_soon()

    def _load(self) -> None:
        """As the runtime builds a line from its store."""
        self.world.watch.cover.over(self.line)
        self._before = None
        if self.every is None:
            line = self._new()
            for write in self.disk.store.load(CHANNEL):
                line.load(write)
        else:
            self.keeper = read_line(self.disk.store, self._new, self.every)
            line = self.keeper.line
        own = line.state.own_log()
        if own is not None:
            lost = any(row["origin"] == own.origin for row in self.disk.store.lost_logs())
            proven = line.forks.against(own.origin)
            barred = "it was restored and needs a succession" if lost and not proven else None
            line.attach(self.owns.get(own.origin), barred)
        if line.stopped:
            self.succeed_soon()
        self.line = line
        for peer in self.linked:
            line.connected(peer)

    def put_back(self, image: tuple[bytes, Held], *, known: bool) -> None:
        """Go on from an old state; ``known``: by `restore`, which bars our logs."""
        self.rolled = self.world.suspect = True
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
        elif event.name == "epoch wanted":
            self.renew_soon()
        elif event.name == "entry" and event.party != self.fpr:
            self.world.react(self, event)

    def renew_soon(self) -> None:
        """A new sending key, once for all that ask for one now."""
        if not self.renewing:
            self.renewing = True
            self.world.later(5, self._renew)

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
        self.asked += 1
        unheard = any(p.have is None for p in self.line.peers.values())
        if not self.up or unheard or (self.line.unheard() and self.asked < PATIENCE):
            self.succeed_soon()
            return
        self.asked = 0
        old = self.line.state.own_log()
        assert old is not None
        size = len(self.held.leaves[old.origin])
        root = canonical.b64(self.held.root(old.origin, size))
        own, secret = self.next_log(), self.secret()
        said = self.party.certify(
            type="succession", channel=CHANNEL, new=own.origin, reason="restored",
            old={"origin": old.origin, "size": size, "root": root},
        )  # fmt: skip
        card = self.party.card_of(self.serial)
        error = self.step(lambda line: line.open_log(own, card, self.held.issued, secret, {}, self.now, said))
        if error is not None:
            self.succeed_soon()
            return
        self.world.succeeded(self, old.origin)
        for peer in sorted(self.linked):
            self.line.connected(peer)
        self.wake()

    def tick_soon(self) -> None:
        """The runtime ticks all the time; here only when there may be something to do."""
        if self.tick_at is not None and self.tick_at <= self.world.now + TICK:
            return  # no sooner, whatever there is to do
        at = self.world.now + self._patience()
        if self.tick_at is None or at < self.tick_at:
            self.tick_at = at
            self.world.later(at - self.world.now, lambda: self._tick(at))

    def _patience(self) -> int:
        """How long until a tick may find something to do: a member to ask, or what is done by the hour."""
        wait = IDLE
        for peer in self.line.peers.values():
            if peer.connected and (peer.flight_leaves or peer.have is None):
                since = self.now - peer.progress
                patience = SMALL.stall << min(peer.stalls, 6)
                wait = min(wait, max(TICK, patience - since + 1) if since >= 0 else TICK)
        return wait

    def _tick(self, at: int) -> None:
        if at != self.tick_at:
            return
        self.tick_at = None
        if not self.up:
            return
        if self._patience() > TICK and 0 <= self.now - self.ticked < IDLE:
            self.tick_soon()
            return
        self.ticked = self.now
        self.step(lambda line: line.tick(self.now))
        if self.line.stopped is None and not 0 <= self.now - self.held.granted <= SMALL.epoch_life:
            self.world.watch.cover.count("epoch: renewed")
            self.renew_soon()
        # Who asked us to hold back may be over it.
        for peer in sorted(self.linked):
            if self.line.peers[peer].hold:
                self.wake_for(peer)

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
        urgent = [] if self.lies else self._urgent(peer)
        packets = self.line.poll(peer, self.now, ROOM, self.disk.store.leaves, self.disk.store.head_note)
        if not packets:
            return
        if urgent:
            self.world.watch.polled(self, to, urgent, packets)
        self._send(to, packets)
        if sum(map(len, packets)) >= ROOM:
            self.wake_for(peer)
        self.tick_soon()

    def _urgent(self, peer: str) -> list[str]:
        """Urgent entries of ours that were not handed out to ``peer`` on this connection."""
        log, known = self.line.state.own_log(), self.line.peers[peer]
        if log is None or known.have is None:
            return []
        waiting = self.line.urgent_waiting(peer)
        if not waiting:
            return []
        start = max(known.sent.get(log.origin, 0), known.have.get(log.origin, 0))
        ids = self.held.ids[log.origin]
        fresh = [e for index in waiting if index >= start and f"{peer}/{(e := ids[index])}" not in self.early]
        self.early.update(f"{peer}/{e}" for e in fresh)
        return fresh

    def _send(self, to: SimNode, packets: list[bytes]) -> None:
        link = self.world.link(self, to)
        for raw in packets:
            self.world.log("send", self.name, to.name, str(len(raw)))
            link.carry(to.name, raw, self.world.now, lambda got: to.arrive(self.fpr, got))

    def arrive(self, sender: str, raw: bytes) -> None:
        """A packet; one in a connection that ended may still come."""
        if not self.up:
            return
        self.world.log("got", self.name, str(len(raw)))
        self.line.scarce = self.scarce
        proven = self.world.watch.forks.shown(self, sender, raw)
        error = self.step(lambda line: line.receive(sender, raw, self.now))
        if isinstance(error, MalformedError):
            raise Violation("a packet is an error", str(error))
        if error is None:
            self.world.watch.forks.kept(self, proven)
