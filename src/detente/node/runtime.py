# SPDX-License-Identifier: Apache-2.0
"""A running party: lines over one store, commits before anything leaves, events to whoever listens.

Everything here runs on one event loop. A step of a line, its commit and its events are one uninterrupted
piece of work,
so no two steps ever mix and nothing is handed to a path before it is durable.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

from detente.errors import DetenteError, FatalError, MalformedError, RefusedError
from detente.line.events import Event
from detente.line.line import Line, OwnKeys, OwnLog
from detente.line.signed import Signed
from detente.line.state import URGENT, State
from detente.line.writes import Write
from detente.node.crew import Crew
from detente.node.home import Home
from detente.node.keystore import ServiceKeys
from detente.node.path_host import Fault
from detente.node.reload import Keeper, read_line
from detente.node.store import SqliteStore, disk_low
from detente.seal import canonical, credential, packet
from detente.seal.credential import Card
from detente.seal.epoch import open_grant
from detente.words.kinds import KINDS

# Told what became of a statement: None when it stands, else what stood against it.
Told: TypeAlias = Callable[[DetenteError | None], None]

LOG = logging.getLogger("detente.node")
UNASSENTED = 16
# Shares of the disk reserve: above it peers are read whole; below, floor kinds only; below the next, our own
# entries too are of floor kinds only; below the last, nothing could be kept safely.
OWN_SHARE = 0.5
LAST_SHARE = 0.125
# Prepared logs that no peer's channel can use up: for what we open ourselves, and for successions.
RESERVED_LOGS = 2
EVENT_QUEUE = 4096
BATCH = 256
BATCH_BYTES = 2 << 20
# A node that ends keeps a part of the fold for so many entries: the next start should be quick.
PART_AT_END = 512


def clock_ms() -> int:
    """This machine's clock, in ms UTC."""
    return time.time_ns() // 1_000_000


class Node:
    """One party at work; also the host of its paths (see ``path_host.Host``)."""

    def __init__(
        self, home: Home, store: SqliteStore, keys: ServiceKeys, clock: Callable[[], int] = clock_ms
    ) -> None:
        self.home = home
        self.store = store
        self.keys = keys
        self.clock = clock
        self.me = home.info.fingerprint
        self.lines: dict[str, Line] = {}
        self._keepers: dict[str, Keeper] = {}
        self._crew = Crew()
        self.links: dict[str, dict[str, int]] = {}
        self.link_facts: dict[str, dict[str, Any]] = {}
        self.posts: set[str] = set()
        self.wake: Callable[[str], None] = lambda peer: None
        self.fatal: FatalError | None = None
        self._listeners: set[asyncio.Queue[dict[str, Any]]] = set()
        self._queue: dict[str, list[tuple[Signed, Told]]] = {}
        self._renewing: set[str] = set()
        self._delivered: dict[tuple[str, str], list[Callable[[], None]]] = {}
        for row in store.channels():
            self._load(row["channel"])

    # -- lines ---------------------------------------------------------------------------------

    def own_keys(self) -> OwnKeys:
        """The service keys that a line signs and opens with."""
        return OwnKeys(self.keys.node, self.keys.watch, self.keys.kem)

    def _load(self, channel: str) -> None:
        keeper = read_line(self.store, lambda: self._new_line(channel))
        line = keeper.line
        own = line.state.own_log()
        if own is not None:
            lost = any(row["origin"] == own.origin for row in self.store.lost_logs())
            proven = line.forks.against(own.origin)
            needs = "it was restored and needs a succession" if lost and not proven else None
            line.attach(self._own_log(own.origin), self.store.bar or needs)
        self.lines[channel], self._keepers[channel] = line, keeper
        for peer in self.links:
            line.connected(peer)

    def _new_line(self, channel: str) -> Line:
        line = Line(channel, self.me, self.own_keys(), past=self.store)
        line.spread = self._crew
        return line

    def settle(self, least: int | None = None) -> None:
        """Between steps: keep of each line's fold what a start need not do again (``reload``)."""
        for channel, keeper in self._keepers.items():
            try:
                keeper.settle(least)
            except FatalError as error:
                self.fatal = error
            except DetenteError as error:
                LOG.error("channel %s: %s", channel[:12], error)

    def _own_log(self, origin: str) -> OwnLog | None:
        try:
            return self.keys.log(origin)
        except RefusedError:
            return None

    def unused_log(self) -> OwnLog:
        """A prepared log that no channel uses. Raises RefusedError when none is left."""
        # Also those that a state of ours used which is lost: its log must not begin twice.
        return self.keys.unused_log(self.store.used_logs())

    def line(self, channel: str) -> Line:
        """The line of a channel. Raises RefusedError if there is none."""
        if channel not in self.lines:
            raise RefusedError(f"no channel {channel[:12]} in {self.home.path}; see: detente channel list")
        return self.lines[channel]

    def open_line(self, channel: str, kind: str, about: str, members: dict[str, dict[str, Any]]) -> Line:
        """Begin a channel here: its row, its line, our log. ``members``: fingerprint to card credential."""
        own = self.unused_log()
        line = self._new_line(channel)
        self.store.put_channel(channel, kind, about, self.clock(), {})
        self.lines[channel], self._keepers[channel] = line, Keeper(self.store, line)
        with self.step(channel):
            line.open_log(own, self.card(), self.mandates(), secrets.token_bytes(64), members, self.clock())
        for peer in self.links:
            line.connected(peer)
        return line

    def known(self, channel: str) -> State | None:
        """What the line of a channel knows; None if it is not at work here."""
        line = self.lines.get(channel)
        return None if line is None else line.state

    def card(self) -> dict[str, Any]:
        """Our newest card credential."""
        return self.home.card()

    def mandates(self) -> list[dict[str, Any]]:
        """Our mandates and revocations, in the order they were made."""
        return [*self.store.credentials("mandate"), *self.store.credentials("revocation")]

    @contextmanager
    def step(self, channel: str) -> Iterator[Line]:
        """One step of a line: what it writes is durable when this ends, and only then told and sent.

        If the commit fails the line is built anew from the store; nothing of the step has left memory.
        """
        line = self.line(channel)
        writes: list[Write] = []
        try:
            yield line
            writes = line.take()
            if writes:
                self.store.commit(channel, writes)
        except BaseException as error:
            if writes or line.take():
                self._rebuild(channel, error)
            raise
        for event in line.committed():
            self._tell(channel, line, event)
        if writes or any(p.owe_have or p.owe_receipts or p.owe_items for p in line.peers.values()):
            for peer in line.peers:
                self.wake(peer)

    def _rebuild(self, channel: str, error: BaseException) -> None:
        """Memory is ahead of the disk: go back to what the store holds."""
        if isinstance(error, FatalError):
            self.fatal = error
        try:
            self._load(channel)
        except DetenteError as again:
            self.fatal = FatalError(f"the store does not give the line back: {again}")

    # -- placing -------------------------------------------------------------------------------

    def place_soon(self, channel: str, entry: Signed) -> asyncio.Future[str]:
        """As ``enqueue``; the future is done when it stands, or fails with what stood against it."""
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        def told(error: DetenteError | None) -> None:
            if future.done():
                return
            if error is None:
                future.set_result(entry.id)
            else:
                future.set_exception(error)

        self.enqueue(channel, entry, told)
        return future

    def enqueue(self, channel: str, entry: Signed, told: Told) -> None:
        """Place a statement with whatever else is asked for in this turn of the loop: one commit for all.

        ``told`` is called once, with None when it stands, or with what stood against it.
        """
        if channel not in self._queue:
            self._queue[channel] = []
            asyncio.get_running_loop().call_soon(self._flush, channel)
        self._queue[channel].append((entry, told))

    def _flush(self, channel: str) -> None:
        """One batch; the rest has the next turn, so that packets go out and come in meanwhile."""
        queue = self._queue.pop(channel)
        size, count = 0, 0
        while count < len(queue) and count < BATCH and (count == 0 or size < BATCH_BYTES):
            size += len(queue[count][0].body or b"")
            count += 1
        if count < len(queue):
            self._queue[channel] = queue[count:]
            asyncio.get_running_loop().call_soon(self._flush, channel)
        self._place_batch(channel, queue[:count])

    def _place_batch(self, channel: str, batch: Sequence[tuple[Signed, Told]]) -> None:
        try:
            self.place(channel, [entry for entry, _ in batch])
        except DetenteError as error:
            if len(batch) > 1 and not isinstance(error, FatalError):
                for one in batch:
                    self._place_batch(channel, [one])
                return
            _answer(batch, error)
            return
        except Exception as error:
            LOG.exception("placing in %s", channel[:12])
            _answer(batch, FatalError(f"the node failed at this: {error!r}"))
            return
        # In the next turn: the packets that carry the entries go first.
        asyncio.get_running_loop().call_soon(_answer, batch, None)

    def place(self, channel: str, entries: Sequence[Signed]) -> None:
        """Place statements now. Raises RefusedError for what our node prevents, or when the disk is nearly
        full."""
        self._room(entries)
        with self.step(channel) as line:
            line.place(entries, self.clock())

    def _room(self, entries: Sequence[Signed]) -> None:
        """Disk is reserved for floor kinds (DESIGN §4, abuse)."""
        if disk_low(self.home.path, OWN_SHARE):
            kinds = {str(entry.statement.get("kind")) for entry in entries}
            closed = sorted(
                k for k in kinds if k not in KINDS or not (KINDS[k].keeping or KINDS[k].floor_default)
            )
            if closed:
                raise RefusedError(
                    f"the disk is nearly full: only floor kinds are taken, not {', '.join(closed)}"
                )

    # -- paths (Host) --------------------------------------------------------------------------

    def peer_card(self, fpr: str) -> Card | None:
        """The newest card of a party met; a channel may know a newer one than was met."""
        row = self.store.peer(fpr)
        if row is None:
            return None
        card = credential.parse(row["card"]["doc"])
        newest = card if isinstance(card, Card) else None
        for line in self.lines.values():
            known = line.state.members.get(fpr)
            if newest is not None and known is not None and known.serial > newest.serial:
                newest = known
        return newest

    def connected(self, peer: str, path: str) -> None:
        """A path is up: every channel with that peer says what it has."""
        paths = self.links.setdefault(peer, {})
        paths[path] = self.clock()
        self.link_facts.setdefault(peer, {})["path"] = path
        for line in self.lines.values():
            line.connected(peer)
        self.emit({"event": "link", "peer": peer, "connected": True, "fault": None})
        self.wake(peer)

    def disconnected(self, peer: str, path: str, error: str | None) -> None:
        """A path is gone; with the last one, what was under way is sent again later."""
        paths = self.links.get(peer, {})
        paths.pop(path, None)
        if paths:
            return
        self.links.pop(peer, None)
        for line in self.lines.values():
            line.disconnected(peer)
        fault = self.link_facts.get(peer, {}).get("fault")
        self.emit({"event": "link", "peer": peer, "connected": False, "fault": fault, "error": error})

    def packet(self, peer: str, raw: bytes) -> None:
        """One packet from a peer, committed before this returns."""
        now = self.clock()
        self.link_facts.setdefault(peer, {})["last_heard"] = now
        try:
            channel = packet.header(raw).channel
            if channel not in self.lines:
                self._join(peer, channel, raw)
            if disk_low(self.home.path, LAST_SHARE):
                raise RefusedError("the disk is full: nothing is taken in until there is room")
            self.lines[channel].scarce = disk_low(self.home.path)
            with self.step(channel) as line:
                line.receive(peer, raw, now)
            self._begin(channel)
        except MalformedError as error:
            LOG.warning("a packet of %s was refused: %s", peer[:12], error)
        except DetenteError as error:
            LOG.error("a packet of %s could not be kept: %s", peer[:12], error)
        except Exception:
            # A defect of ours that a peer found: it must not end the connection, or it would come again with
            # every new one, and nothing behind it would be read. The step was undone.
            LOG.exception("a packet of %s made this program fail; please report it", peer[:12])

    def _join(self, peer: str, channel: str, raw: bytes) -> None:
        """A met party opens a channel: we keep what it says and receipt it; assent is ours to give or not.

        It costs us one of our prepared logs: so the packet must open, and some logs are kept for ourselves.
        """
        row = self.store.peer(peer)
        if row is None:
            raise RefusedError("a channel of a party that was not met")
        self._check_opens(peer, channel, raw)
        lost = bool(self.store.spent_logs())
        if not lost and len(self.keys.logs.keys() - self.store.used_logs()) <= RESERVED_LOGS:
            raise RefusedError("too few prepared logs are left for another channel: detente keys prepare")
        opened = [c for c in self.store.channels() if c["state"].get("opened_by") == peer]
        if sum(1 for c in opened if not self._in_force(c["channel"])) >= UNASSENTED:
            raise RefusedError("this party has opened too many channels that nobody here assented to")
        members = {self.me: self.card(), peer: row["card"]}
        about = row["card"]["doc"]["id"]
        if lost:
            self._listen(channel, about, members)
        else:
            self.open_line(channel, "channel", about, members)
        self.store.put_channel(channel, "channel", about, self.clock(), {"opened_by": peer})

    def _listen(self, channel: str, about: str, members: dict[str, dict[str, Any]]) -> None:
        """A home that lost its newest state may have a log in this channel: the others are heard first."""
        self.store.put_channel(channel, "channel", about, self.clock(), {})
        line = self._new_line(channel)
        self.lines[channel], self._keepers[channel] = line, Keeper(self.store, line)
        with self.step(channel):
            line.listen(secrets.token_bytes(64), members)
        for peer in self.links:
            line.connected(peer)

    def _begin(self, channel: str) -> None:
        """Where all is heard and nobody knows a log of ours, the first one is opened."""
        line = self.lines[channel]
        if line.state.own_log() is not None or not line.heard_whole():
            return
        own = self.unused_log()
        with self.step(channel):
            line.open_log(own, self.card(), self.mandates(), secrets.token_bytes(64), {}, self.clock())

    def _check_opens(self, peer: str, channel: str, raw: bytes) -> None:
        head = packet.header(raw)
        blob = head.blobs.get(packet.tag(channel, self.me))
        if blob is None or head.sender_tag != packet.tag(channel, peer):
            raise MalformedError("a channel that is not known here, without its key")
        packet.open_packet(raw, open_grant(blob, self.keys.kem, channel, head.epoch, peer, self.me))

    def _in_force(self, channel: str) -> bool:
        line = self.lines.get(channel)
        return line is not None and line.state.terms_now().charter is not None

    def pull(self, peer: str, room: int) -> list[bytes]:
        """The next packets for a peer, of all channels with it; urgent lines first."""
        now = self.clock()
        found: list[bytes] = []
        for channel in sorted(self.lines, key=lambda c: not self.lines[c].urgent_waiting(peer)):
            if room <= 0:
                break
            line = self.lines[channel]
            try:
                packets = line.poll(peer, now, room, self.store.leaves, self.store.head_note)
            except (FatalError, OSError):
                raise
            except Exception:
                # What goes wrong in one channel must not hold up the others with that peer.
                LOG.exception("nothing could be sent to %s in %s; please report it", peer[:12], channel[:12])
                continue
            room -= sum(len(p) for p in packets)
            found += packets
        return found

    def wanting(self) -> dict[str, bool]:
        """Every member of a channel with an endpoint, and whether something urgent waits for it."""
        wanted: dict[str, bool] = {}
        for line in self.lines.values():
            for peer in line.peers:
                card = self.peer_card(peer)
                if card is not None and card.endpoints:
                    wanted[peer] = wanted.get(peer, False) or bool(line.urgent_waiting(peer))
        return wanted

    def path_event(
        self, peer: str, path: str, ok: bool, ms: float | None, error: str | None, fault: Fault | None
    ) -> None:
        """How a path does, kept for the availability figure and for telling the kinds of silence apart."""
        facts = self.link_facts.setdefault(peer, {})
        changed = facts.get("ok") != ok or facts.get("fault") != fault
        facts.update(ok=ok, path=path, rtt_ms=ms, error=error, fault=fault, at=self.clock())
        if changed or ok:
            try:
                self.store.put_path_event(self.clock(), peer, path, ok, ms, error, fault)
            except DetenteError as failure:
                LOG.error("a path's state could not be noted: %s", failure)

    # -- events --------------------------------------------------------------------------------

    def _tell(self, channel: str, line: Line, event: Event) -> None:
        if event.name == "entry":
            self._tell_entry(channel, line, event)
        elif event.name == "delivered":
            self._tell_delivered(channel, line, event)
        elif event.name == "epoch wanted":
            # One for all that asked in this turn of the loop.
            if channel not in self._renewing:
                self._renewing.add(channel)
                asyncio.get_running_loop().call_soon(self._renew_epoch, channel)
        elif event.name in ("stopped", "evidence", "labels"):
            self.emit(
                {"event": event.name, "channel": channel, "id": event.entry_id, "party": event.party}
                | event.detail
            )

    def _tell_entry(self, channel: str, line: Line, event: Event) -> None:
        if not self._listeners:
            return
        detail = event.detail
        precedence = detail["precedence"]
        kind = KINDS.get(detail["kind"])
        urgent = precedence in URGENT and (kind is None or kind.acked)
        told = {
            "event": "entry",
            "channel": channel,
            "id": event.entry_id,
            "party": self.short(event.party),
            "mine": event.party == self.me,
            "kind": detail["kind"],
            "precedence": precedence,
            "urgent": urgent,
            "mark": detail["mark"],
            "labels": detail["labels"],
            "re": detail["re"],
        }
        self.emit(told)
        if urgent and event.party != self.me:
            self.emit(told | {"event": "alarm"})

    def _tell_delivered(self, channel: str, line: Line, event: Event) -> None:
        log = line.state.logs[event.detail["origin"]]
        start, stop = event.detail["start"], event.detail["stop"]
        waited = self._delivered
        at, party = event.detail["at"], self.short(event.party)
        if self._listeners and stop - start <= BATCH:
            for entry_id in log.ids[start:stop]:
                self.emit(
                    {
                        "event": "mark",
                        "channel": channel,
                        "id": entry_id,
                        "party": party,
                        "mark": "delivered",
                        "time": at,
                    }
                )
        if not waited:
            return
        few = stop - start <= len(waited)  # of a long absence, a receipt may cover all the log
        for entry_id in log.ids[start:stop] if few else [one for held, one in waited if held == channel]:
            if (channel, entry_id) in waited and self.is_delivered(channel, entry_id):
                for told in waited.pop((channel, entry_id), ()):
                    told()

    def _renew_epoch(self, channel: str) -> None:
        """A member could not open our packets, or has a new key: the next epoch."""
        self._renewing.discard(channel)
        try:
            with self.step(channel) as line:
                line.grant(secrets.token_bytes(64), self.clock())
        except DetenteError as error:
            LOG.error("no new epoch in %s: %s", channel[:12], error)

    def is_delivered(self, channel: str, entry_id: str) -> bool:
        """Whether every other member receipted an entry of ours."""
        line = self.line(channel)
        place = line.state.where.get(entry_id)
        if place is None:
            return False
        log = line.state.logs[place[0]]
        items = line.state.items.get(entry_id, set())
        return all(log.receipted.get(p, 0) > place[1] or p in items for p in line.peers)

    def when_delivered(self, channel: str, entry_id: str) -> asyncio.Future[None]:
        """A future that is done when every other member has receipted the entry."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.on_delivered(channel, entry_id, lambda: None if future.done() else future.set_result(None))
        return future

    def on_delivered(self, channel: str, entry_id: str, told: Callable[[], None]) -> None:
        """Call ``told`` when every other member has receipted the entry; at once if they have."""
        if self.is_delivered(channel, entry_id):
            told()
        else:
            self._delivered.setdefault((channel, entry_id), []).append(told)

    def short(self, fpr: str) -> str:
        """A party's short id, or the beginning of its fingerprint."""
        if fpr == self.me:
            return self.home.info.party
        for line in self.lines.values():
            card = line.state.members.get(fpr)
            if card is not None:
                return card.id
        return fpr[:12]

    def emit(self, event: dict[str, Any]) -> None:
        """Tell every listener; one that does not read loses its oldest, never holds up the line."""
        for queue in self._listeners:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(event)

    @contextmanager
    def listen(self) -> Iterator[asyncio.Queue[dict[str, Any]]]:
        """Events from now on."""
        queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue(EVENT_QUEUE)
        self._listeners.add(queue)
        try:
            yield queue
        finally:
            self._listeners.discard(queue)

    def close(self) -> None:
        """Nothing is under way between steps: the store can be closed."""
        self.settle(PART_AT_END)
        self._crew.close()
        self.store.close()
        self.home.instance.close()


def _answer(batch: Sequence[tuple[Signed, Told]], error: DetenteError | None) -> None:
    for _, told in batch:
        told(error)


def read_credential(document: Any) -> tuple[dict[str, Any], Card]:
    """A card credential as JSON value, checked. Raises MalformedError."""
    return credential.parse_card_file(canonical.encode(document))
