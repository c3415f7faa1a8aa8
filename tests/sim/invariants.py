# SPDX-License-Identifier: Apache-2.0
"""What must hold after every step, and when all faults have ended. Kept incrementally, beside the program.

The watch sees what each party's disk took (never what a line says of itself), and knows which faults the
world caused: only those excuse a break.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from detente.errors import DetenteError
from detente.line.writes import (
    DropEarly,
    PutEarly,
    PutEpoch,
    PutEvidence,
    PutItem,
    PutLabels,
    PutLeaf,
    PutLog,
    PutReceipt,
    Write,
)
from detente.seal import packet
from detente.seal.packet import CheckpointPart, EarlyPart, LeafPart, LogPart
from detente.seal.statement import decode_leaf
from tests.line.harness import CHANNEL
from tests.sim.cover import Cover
from tests.sim.forks import Forks
from tests.sim.held import Held, Violation
from tests.sim.known import alike

if TYPE_CHECKING:
    from tests.sim.node import SimNode
    from tests.sim.world import World


class Watch:
    """All invariants of one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.canon: dict[str, list[bytes]] = {}
        self.diverged: set[str] = set()
        # (party, origin) -> most leaves that its disk ever held; (party, entry) -> statement held.
        self.ever: dict[tuple[str, str], int] = defaultdict(int)
        self.stated: set[tuple[str, str]] = set()
        # entry id -> labels of which others must give it one
        self.forbidden: dict[str, frozenset[str]] = {}
        self.cover = Cover()
        self.forks = Forks(world)
        self.steps = 0

    def must(self, holds: bool, name: str, text: str) -> None:
        if not holds:
            raise Violation(name, text)

    # -- after every step ----------------------------------------------------------------------

    def committed(self, node: SimNode, writes: list[Write], line_lives: bool = True) -> None:
        """The disk of ``node`` took ``writes``."""
        self.steps += 1
        held = node.held
        for write in writes:
            self.cover.write(node, held, write)
            match write:
                case PutLog():
                    self._log(node, held, write)
                case PutLeaf():
                    self._leaf(node, held, write)
                case PutReceipt():
                    self._receipt(node, held, write)
                case PutItem():
                    self._item(node, held, write)
                case PutEarly():
                    held.early.add(write.entry_id)
                    self.stated.add((node.fpr, write.entry_id))
                    self._labels(node, write.origin, write.entry_id, write.labels)
                case DropEarly():
                    self.must(
                        write.entry_id in held.places, "kept is lost", "an early statement has no place"
                    )
                    held.early.discard(write.entry_id)
                case PutLabels():
                    held.label(write.entry_id, write.labels)
                case PutEvidence():
                    self._proof(node, held, write)
                case PutEpoch():
                    held.epochs.add((write.sender, write.epoch))
                    if write.sender == node.fpr:
                        held.granted = node.now
        if line_lives and writes:
            self._line(node, writes)
            self._same_now(node, writes)

    def _leaf(self, node: SimNode, held: Held, write: PutLeaf) -> None:
        hashes = held.leaves.setdefault(write.origin, [])
        self.must(
            write.index == len(hashes),
            "kept is lost",
            f"{node.name} keeps leaf {write.index} where {len(hashes)} stand",
        )
        hashes.append(write.hash)
        held.ids.setdefault(write.origin, []).append(write.entry_id)
        author = self.world.author[write.origin]
        mine = author is node
        lesser = _behind(write.labels) >= _behind(held.labels.get(write.entry_id, ()))
        if write.entry_id not in held.places or not lesser:
            held.places[write.entry_id] = write.origin, write.index
            held.label(write.entry_id, write.labels)
        self.ever[node.fpr, write.origin] = max(self.ever[node.fpr, write.origin], len(hashes))
        self.stated.add((node.fpr, write.entry_id))
        self._history(write, mine)
        self._labels(node, write.origin, write.entry_id, write.labels)
        # What comes back of a log that was succeeded in the meantime is not in force in the next one.
        if mine and write.entry_id in self.world.issued:
            if write.origin == held.newest(node.owns):
                self.world.issued[write.entry_id](held)
            else:
                held.idle.setdefault(write.origin, []).append((write.index, write.entry_id))
        said = self.world.said.get(write.entry_id)
        if said is not None:
            self._meaning(node, held, author.fpr, *said)

    def _log(self, node: SimNode, held: Held, write: PutLog) -> None:
        """Of the log before this one what stands before its beginning is in force, whenever it came back."""
        if write.party != node.fpr:
            return
        if write.seq < 0:
            held.own.pop(write.origin, None)
            return
        held.own[write.origin] = write.seq, write.base
        for origin, (seq, base) in held.own.items():
            if seq == write.seq - 1:
                for index, entry_id in held.idle.pop(origin, []):
                    if index < write.base - base:
                        self.world.issued[entry_id](held)

    def _meaning(self, node: SimNode, held: Held, author: str, kind: str, about: str, detail: str) -> None:
        if kind == "standing":
            held.standings[author] = detail
        origin = held.places.get(about, ("", 0))[0]
        if author != node.fpr and origin and self.world.author[origin] is node:
            self.cover.word(held, about, author, detail if kind == "ack" else "answered")

    def _proof(self, node: SimNode, held: Held, write: PutEvidence) -> None:
        author = self.world.author.get(write.origin)
        # Two successions of one old log: its copy was known to be one, but not to the other copy.
        deserved = author is None or author.tainted or (write.what == "rivals" and author.rolled)
        self.must(deserved, "proof against the honest", f"{write.what} at {node.name}")
        held.evidence.setdefault(write.origin, set()).add(write.key)

    def _history(self, write: PutLeaf, mine: bool) -> None:
        canon = self.canon.setdefault(write.origin, [])
        if write.index == len(canon):
            canon.append(write.hash)
            self.world.entries += mine and self.world.opened and not self.world.quiet
        elif canon[write.index] != write.hash:
            author = self.world.author[write.origin]
            self.must(author.tainted, "two histories", f"{author.name} has two leaves {write.index}")
            self.diverged.add(write.origin)

    def _labels(self, node: SimNode, origin: str, entry_id: str, labels: tuple[str, ...]) -> None:
        wanted = self.forbidden.get(entry_id)
        if wanted is not None and self.world.author[origin] is not node and not self._forked(origin):
            self.must(
                bool(wanted & set(labels)),
                "mandate exceeded",
                f"{node.name} gives {labels}, not {sorted(wanted)}",
            )

    def _forked(self, origin: str) -> bool:
        return any(o in self.diverged for o in self.world.author[origin].owns)

    def _receipt(self, node: SimNode, held: Held, write: PutReceipt) -> None:
        by = self.world.by_fpr[write.by]
        has = self.ever[write.by, write.origin]
        self.must(
            has >= write.size or by.lies,
            "delivered is missing",
            f"{node.name} has a receipt of {by.name} for {write.size} leaves, its disk held {has} at most",
        )
        before = held.marks.get((write.origin, write.by), 0)
        if by is node:
            last = held.times.get(write.origin, (0, 0))
            this = write.size, write.seconds
            self.must(
                this[0] > last[0] and this[1] >= last[1], "marks go back", f"{node.name}: {last}, {this}"
            )
            held.times[write.origin] = this
        else:
            self.must(
                write.size >= before, "marks go back", f"{node.name}: receipt {before} then {write.size}"
            )
        held.marks[write.origin, write.by] = max(before, write.size)

    def _item(self, node: SimNode, held: Held, write: PutItem) -> None:
        by = self.world.by_fpr[write.by]
        ok = (write.by, write.entry_id) in self.stated or by.lies
        self.must(ok, "delivered is missing", f"{by.name} gave {node.name} a receipt for what it never kept")
        held.items.add((write.entry_id, write.by))

    def _line(self, node: SimNode, writes: list[Write]) -> None:
        """What the line says, where this step changed it."""
        for write in writes:
            if isinstance(write, PutReceipt):
                size = node.line.state.logs[write.origin].receipted.get(write.by, 0)
                mark = node.held.marks[write.origin, write.by]
                self.must(size == mark, "marks go back", f"{node.name} says {size}, has receipts for {mark}")
            elif isinstance(write, PutLabels):
                self._says(node, write.entry_id)
            elif isinstance(write, PutLeaf):
                self._says(node, write.entry_id)
                log = node.line.state.logs[write.origin]
                self.must(log.size == len(node.held.leaves[write.origin]), "kept is lost", f"at {node.name}")

    def _says(self, node: SimNode, entry_id: str) -> None:
        said = node.line.state.labels.get(entry_id, ())
        kept = node.held.labels.get(entry_id, ())
        same = said == kept or "malformed leaf" in kept
        self.must(same, "kept is lost", f"{node.name} says {said} of what it kept as {kept}")

    def _same_now(self, node: SimNode, writes: list[Write]) -> None:
        """Whoever now holds the same record as another derives the same labels from it, at once."""
        if self.diverged or node.lies or not any(isinstance(w, PutLeaf | PutLabels) for w in writes):
            return
        ours = node.held
        for other in self.world.honest():
            theirs = other.held
            if other is node or not other.up or theirs.unopened or ours.unopened:
                continue
            if {o: len(h) for o, h in ours.leaves.items()} == {o: len(h) for o, h in theirs.leaves.items()}:
                self._compare_labels(node, other)

    # -- single acts ---------------------------------------------------------------------------

    def placed(self, node: SimNode, what: str, error: DetenteError | None, expected: bool | None) -> None:
        """An honest node was asked to place something. ``expected``: whether it had to stand, None: open."""
        if expected is None or node.line.stopped or "wait for its proof" in str(error):
            return
        self.must(error is None or not expected, "the floor is closed" if "floor" in what else "refused",
                  f"{node.name}: {what}: {error}")  # fmt: skip
        self.must(error is not None or expected, "mandate exceeded", f"{node.name} placed {what}")

    def stopped(self, node: SimNode, reason: str) -> None:
        self.must(node.rolled, "an honest node was stopped", f"{node.name}: {reason}")

    def polled(self, node: SimNode, peer: SimNode, urgent: list[str], packets: list[bytes]) -> None:
        """Urgent entries that waited when ``packets`` were made must not come after other entries of ours."""
        line = node.line
        own = line.state.own_log()
        waiting = {entry_id: node.held.places[entry_id] for entry_id in urgent}
        if own is None:
            return
        for raw in packets:
            key = line.state.epochs[node.fpr, packet.header(raw).epoch]
            origin, leaves = "", list[int]()
            for part in packet.decode_parts(packet.open_packet(raw, key)):
                match part:
                    case LogPart(name):
                        origin, leaves = name, []
                    case LeafPart(index, _):
                        leaves.append(index)
                    case EarlyPart(index, _):
                        waiting = {e: p for e, p in waiting.items() if p != (origin, index)}
                    case CheckpointPart() if leaves:
                        late = {e for e, p in waiting.items() if p[0] == origin and p[1] > leaves[-1]}
                        self.must(
                            not late or origin != own.origin,
                            "urgent waits behind bulk",
                            f"{node.name} to {peer.name}: {len(late)} after leaves {leaves[0]}-{leaves[-1]}",
                        )
                        waiting = {e: p for e, p in waiting.items() if p[0] != origin or p[1] > leaves[-1]}
                        leaves = []

    def restarted(self, node: SimNode, before: dict[str, Any] | None, after: dict[str, Any]) -> None:
        """A restart gives back what was committed, and the same view of it."""
        for name in before or {}:
            self.must(
                before is not None and alike(before[name], after[name]),
                "kept is lost",
                f"{name} at {node.name}",
            )
        state = node.line.state
        for origin, hashes in node.held.leaves.items():
            log = state.logs.get(origin)
            same = log is not None and log.size == len(hashes)
            self.must(
                same and log is not None and log.frontier.root() == node.held.root(origin, log.size),
                "kept is lost",
                f"{node.name} came back without all of a log",
            )
        for origin, keys in node.held.evidence.items():
            kept = {row.key for row in node.disk.store.evidence(CHANNEL)}
            self.must(keys <= kept, "kept is lost", f"{node.name} came back without a proof")
            self.must(bool(state.evidence.get(origin)), "kept is lost", f"{node.name} knows of no fork")

    # -- when all faults have ended ------------------------------------------------------------

    def waits(self) -> bool:
        """Whether something of an honest member is still withheld by another."""
        nodes = self.world.honest()
        for one, two in itertools.permutations(nodes, 2):
            own = one.line.state.own_log()
            if own is not None and own.receipted.get(two.fpr, 0) < own.size:
                return True
        return any(
            one.held.leaves.get(origin) != two.held.leaves.get(origin)
            for one, two in itertools.permutations(nodes, 2)
            for origin in one.held.leaves
            if origin not in self.diverged and not self.world.author[origin].lies
        )

    def settled(self) -> None:
        """Everything is delivered, logs are the same, labels are the same."""
        nodes = self.world.honest()
        for node in nodes:
            self._at_rest(node)
        for one, two in itertools.combinations(nodes, 2):
            for origin in {*one.held.leaves, *two.held.leaves}:
                self._same_log(one, two, origin)
        self.forks.settled()
        self._same_labels(nodes)

    def _at_rest(self, node: SimNode) -> None:
        whole = node.disk.store.leaves
        for origin, hashes in node.held.leaves.items():
            self.must(
                len(whole(origin, 0, 1 << 40)) == len(hashes), "kept is lost", f"{origin} at {node.name}"
            )
        own = node.line.state.own_log()
        if own is None:
            return
        if node.name in self.world.rivals:
            return
        self.must(
            node.line.stopped is None, "not delivered", f"{node.name} is still stopped: {node.line.stopped}"
        )
        for peer in self.world.honest():
            size = own.receipted.get(peer.fpr, 0)
            if peer is not node:
                self.must(
                    size >= own.size, "not delivered", f"{node.name} to {peer.name}: {size} of {own.size}"
                )

    def _same_log(self, one: SimNode, two: SimNode, origin: str) -> None:
        author = self.world.author[origin]
        if origin in self.diverged or author.lies or author.name in self.world.rivals:
            return
        ours, theirs = one.held.leaves.get(origin, []), two.held.leaves.get(origin, [])
        short = min(len(ours), len(theirs))
        self.must(ours[:short] == theirs[:short], "two histories", f"{origin} at {one.name} and {two.name}")
        self.must(len(ours) == len(theirs), "not delivered",
                  f"of {author.name} {len(ours)} at {one.name}, {len(theirs)} at {two.name}")  # fmt: skip

    def _same_labels(self, nodes: list[SimNode]) -> None:
        if self.diverged:
            return
        for one, two in itertools.combinations(nodes, 2):
            if one.held.leaves != two.held.leaves:
                continue
            ours, theirs = one.line.state, two.line.state
            self._compare_labels(one, two)
            left = [*ours.early.values(), *theirs.early.values()]
            self.must(
                all(self._given_up(early.origin) for early in left),
                "not delivered",
                "statements left ahead of their place",
            )
            self.must(len(nodes) > 2 or ours.terms_now() == theirs.terms_now() or bool(self.world.rolls),
                      "labels differ", f"terms at {one.name} and {two.name}")  # fmt: skip

    def _given_up(self, origin: str) -> bool:
        """A log that its author could not go on with: what it lost of it never comes to its place."""
        author = self.world.author[origin]
        return author.rolled and origin != list(author.owns)[-1]

    def _compare_labels(self, one: SimNode, two: SimNode) -> None:
        ours, theirs = one.held.labels, two.held.labels
        if ours == theirs:
            return
        differ = {
            e: (ours.get(e, ()), theirs.get(e, ()))
            for e in {*ours, *theirs}
            if ours.get(e) != theirs.get(e) and not (self._own_claim(one, e) or self._of_lost(one, two, e))
        }
        self.must(not differ, "labels differ", f"{one.name}, {two.name}: {differ}")

    def _of_lost(self, one: SimNode, two: SimNode, entry_id: str) -> bool:
        """It cites a head that its author lost, and everybody: only that author knows that there is none."""
        ours, theirs = (set(node.held.labels.get(entry_id, ())) for node in (one, two))
        if ours ^ theirs != {"bad citation"}:
            return False
        node = one if "bad citation" in ours else two
        found = node.disk.store.leaf_of(entry_id)
        if found is None or not node.rolled:
            return False
        return any(
            self.world.author.get(origin) is node and size > len(node.held.leaves.get(origin, ()))
            for origin, (size, _) in decode_leaf(found[2]).leaf.placement.seen.items()
        )

    def _own_claim(self, one: SimNode, entry_id: str) -> bool:
        """A false citation shows only to the member whose head it is; what a liar keeps from us, to us."""
        place = one.held.places.get(entry_id)
        if place is None:
            return False
        author = self.world.author[place[0]]
        return author.lies


def _behind(labels: tuple[str, ...]) -> int:
    """A copy in another member's log makes way for the entry itself, and so does what is not vouched for."""
    if "bad signature" in labels:
        return 2
    return 1 if {"not vouched for", "duplicate"} & set(labels) else 0
