# SPDX-License-Identifier: Apache-2.0
"""What must hold after every step, and when all faults have ended. Kept incrementally, beside the program.

The watch sees what each party's disk took (never what a line says of itself), and knows which faults the
world caused: only those excuse a break.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from detente.errors import DetenteError
from detente.line.writes import (
    DropEarly,
    PutBody,
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

if TYPE_CHECKING:
    from tests.sim.world import SimNode, World


class Violation(AssertionError):
    """An invariant does not hold: ``name`` says which."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(f"{name}: {text}")
        self.name = name


class Held:
    """What one party's disk has taken; goes back with its backups."""

    def __init__(self) -> None:
        self.leaves: dict[str, list[bytes]] = {}
        self.places: dict[str, tuple[str, int]] = {}
        self.early: set[str] = set()
        self.items: set[tuple[str, str]] = set()
        self.marks: dict[tuple[str, str], int] = {}
        self.times: dict[str, tuple[int, int]] = {}
        self.standings: dict[str, str] = {}
        self.issued: list[dict[str, Any]] = []
        self.authority: dict[str, Authority] = {}

    def copy(self) -> Held:
        twin = Held()
        twin.leaves = {o: list(hashes) for o, hashes in self.leaves.items()}
        twin.places, twin.early, twin.items = dict(self.places), set(self.early), set(self.items)
        twin.marks, twin.times, twin.standings = dict(self.marks), dict(self.times), dict(self.standings)
        twin.issued, twin.authority = list(self.issued), dict(self.authority)
        return twin


class Authority:
    """What an office may sign, as the world issued it; the program's own reading is what is tested."""

    def __init__(
        self, kinds: tuple[str, ...], highest: int, needed: int, until: int | None = None, lone: bool = False
    ) -> None:
        self.kinds, self.highest, self.needed, self.until, self.lone = kinds, highest, needed, until, lone
        self.revoked = False

    def allows(self, kind: str, precedence: int, signers: int, at: int, emergency: bool) -> bool:
        needed = 1 if emergency and self.lone else self.needed
        timely = self.until is None or at < self.until
        known = "*" in self.kinds or kind in self.kinds
        return not self.revoked and known and precedence <= self.highest and signers >= needed and timely


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
        self.covered: Counter[str] = Counter()
        self.kinds: dict[str, tuple[str, str]] = {}
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
            match write:
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
                    self.covered["theirs: none -> early"] += 1
                case DropEarly():
                    self.must(
                        write.entry_id in held.places, "kept is lost", "an early statement has no place"
                    )
                    held.early.discard(write.entry_id)
                case PutLabels():
                    self.covered["labels: changed later"] += 1
                case _:
                    self._other(node, write)
        if line_lives:
            self._line(node, writes)

    def _leaf(self, node: SimNode, held: Held, write: PutLeaf) -> None:
        hashes = held.leaves.setdefault(write.origin, [])
        self.must(
            write.index == len(hashes),
            "kept is lost",
            f"{node.name} keeps leaf {write.index} where {len(hashes)} stand",
        )
        hashes.append(write.hash)
        mine = self.world.author[write.origin] is node
        if held.places.get(write.entry_id) is None or mine:
            held.places[write.entry_id] = write.origin, write.index
        self.ever[node.fpr, write.origin] = max(self.ever[node.fpr, write.origin], len(hashes))
        self.stated.add((node.fpr, write.entry_id))
        self._history(write)
        self._labels(node, write.origin, write.entry_id, write.labels)
        early = "early" if write.entry_id in held.early else "none"
        self.covered["ours: none -> kept" if mine else f"theirs: {early} -> kept"] += 1
        if mine and write.entry_id in self.world.issued:
            document, changed = self.world.issued[write.entry_id]
            held.issued.append(document)
            held.authority["press"] = changed
        said = self.world.said.get(write.entry_id)
        if said is not None:
            self._meaning(held, write, *said)

    def _meaning(self, held: Held, write: PutLeaf, kind: str, about: str, detail: str) -> None:
        author = self.world.author[write.origin].fpr
        if kind == "standing":
            held.standings[author] = detail
        elif kind == "ack":
            self.covered[f"entry: delivered -> {detail}"] += 1

    def _history(self, write: PutLeaf) -> None:
        canon = self.canon.setdefault(write.origin, [])
        if write.index == len(canon):
            canon.append(write.hash)
        elif canon[write.index] != write.hash:
            author = self.world.author[write.origin]
            self.must(author.tainted, "two histories", f"{author.name} has two leaves {write.index}")
            self.diverged.add(write.origin)

    def _labels(self, node: SimNode, origin: str, entry_id: str, labels: tuple[str, ...]) -> None:
        for label in labels:
            self.covered[f"label: {label}"] += 1
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
            self.covered["theirs: kept -> receipted by us"] += 1
        else:
            self.must(
                write.size >= before, "marks go back", f"{node.name}: receipt {before} then {write.size}"
            )
            self.covered["ours: kept -> delivered"] += 1
        held.marks[write.origin, write.by] = max(before, write.size)

    def _item(self, node: SimNode, held: Held, write: PutItem) -> None:
        by = self.world.by_fpr[write.by]
        ok = (write.by, write.entry_id) in self.stated or by.lies
        self.must(ok, "delivered is missing", f"{by.name} gave {node.name} a receipt for what it never kept")
        held.items.add((write.entry_id, write.by))
        self.covered[
            "theirs: early -> receipted by us" if by is node else "ours: kept -> delivered ahead"
        ] += 1

    def _other(self, node: SimNode, write: Write) -> None:
        match write:
            case PutEvidence():
                self.covered[f"evidence: {write.what}"] += 1
                author = self.world.author.get(write.origin)
                self.must(
                    author is None or author.tainted,
                    "proof against the honest",
                    f"{write.what} at {node.name}",
                )
            case PutEpoch():
                self.covered["epoch: ours" if write.sender == node.fpr else "epoch: theirs"] += 1
            case PutBody() if write.entry_id in node.held.places:
                self.covered["theirs: unopened -> opened"] += 1
            case PutLog() if write.given:
                self.covered["log: ours given back"] += 1
            case PutLog() if write.seq:
                self.covered["log: succession"] += 1

    def _line(self, node: SimNode, writes: list[Write]) -> None:
        """What the line says, where this step changed it."""
        for write in writes:
            if isinstance(write, PutReceipt):
                size = node.line.state.logs[write.origin].receipted.get(write.by, 0)
                mark = node.held.marks[write.origin, write.by]
                self.must(size == mark, "marks go back", f"{node.name} says {size}, has receipts for {mark}")
            elif isinstance(write, PutLeaf):
                log = node.line.state.logs[write.origin]
                self.must(log.size == len(node.held.leaves[write.origin]), "kept is lost", f"at {node.name}")

    # -- single acts ---------------------------------------------------------------------------

    def placed(self, node: SimNode, what: str, error: DetenteError | None, expected: bool | None) -> None:
        """An honest node was asked to place something. ``expected``: whether it had to stand, None: open."""
        if expected is None or node.line.stopped or "wait for its proof" in str(error):
            return
        self.must(error is None or not expected, "the floor is closed" if "floor" in what else "refused",
                  f"{node.name}: {what}: {error}")  # fmt: skip
        self.must(error is not None or expected, "mandate exceeded", f"{node.name} placed {what}")

    def stopped(self, node: SimNode, reason: str) -> None:
        self.covered["line: open -> stopped"] += 1
        self.must(node.rolled, "an honest node was stopped", f"{node.name}: {reason}")

    def polled(self, node: SimNode, peer: SimNode, urgent: list[str], packets: list[bytes]) -> None:
        """Urgent entries that waited when ``packets`` were made must not come after other entries of ours."""
        line = node.line
        own = line.state.own_log()
        waiting = {entry_id: line.state.where[entry_id] for entry_id in urgent}
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
                before is not None and before[name] == after[name], "kept is lost", f"{name} at {node.name}"
            )
        for origin, hashes in node.held.leaves.items():
            log = node.line.state.logs.get(origin)
            held = None if log is None else bytes(log.hashes)
            self.must(held == b"".join(hashes), "kept is lost", f"{node.name} came back without all of a log")

    # -- when all faults have ended ------------------------------------------------------------

    def settled(self) -> None:
        """Everything is delivered, logs are the same, labels are the same."""
        nodes = self.world.honest()
        for node in nodes:
            self._at_rest(node)
        for one, two in itertools.combinations(nodes, 2):
            for origin in {*one.held.leaves, *two.held.leaves}:
                self._same_log(one, two, origin)
        for origin in self.diverged:
            holders = [n for n in self.world.nodes.values() if origin in n.held.leaves]
            short = min((len(n.held.leaves[origin]) for n in holders), default=0)
            both = {tuple(n.held.leaves[origin][:short]) for n in holders}
            proven = any(n.line.state.evidence.get(origin) for n in holders)
            self.must(proven or len(both) < 2, "a fork is not proven", origin)
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
        if origin in self.diverged or author.lies:
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
            differ = {
                e: (ours.labels.get(e, ()), theirs.labels.get(e, ()))
                for e in {*ours.labels, *theirs.labels}
                if ours.labels.get(e) != theirs.labels.get(e) and not self._own_claim(one, two, e)
            }
            self.must(not differ, "labels differ", f"{one.name}, {two.name}: {differ}")
            self.must(
                not ours.early and not theirs.early, "not delivered", "statements left ahead of their place"
            )
            self.must(len(nodes) > 2 or ours.terms_now() == theirs.terms_now() or bool(self.world.rolls),
                      "labels differ", f"terms at {one.name} and {two.name}")  # fmt: skip

    def _own_claim(self, one: SimNode, two: SimNode, entry_id: str) -> bool:
        """A false citation shows only to the member whose head it is; what a liar keeps from us, to us."""
        author = self.world.author[one.held.places[entry_id][0]]
        return author.lies
