# SPDX-License-Identifier: Apache-2.0
"""What the world itself knows of each party: what its disk took, and what its offices may do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from detente.log import merkle


class Violation(AssertionError):
    """An invariant does not hold: ``name`` says which."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(f"{name}: {text}")
        self.name = name


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


class Held:
    """What one party's disk has taken; goes back with its backups."""

    def __init__(self) -> None:
        self.leaves: dict[str, list[bytes]] = {}
        self.ids: dict[str, list[str]] = {}
        self.places: dict[str, tuple[str, int]] = {}
        self.early: set[str] = set()
        self.items: set[tuple[str, str]] = set()
        self.marks: dict[tuple[str, str], int] = {}
        self.times: dict[str, tuple[int, int]] = {}
        self.standings: dict[str, str] = {}
        # origin -> keys of the proofs that it holds of that log
        self.evidence: dict[str, set[str]] = {}
        self.epochs: set[tuple[str, int]] = set()
        self.labels: dict[str, tuple[str, ...]] = {}  # of the entries that have any
        self.unopened: set[str] = set()
        self.states: dict[str, str] = {}  # of each log, by the program's table
        self.words: dict[tuple[str, str], str] = {}  # (entry, party) -> the furthest that it said of it
        self.issued: list[dict[str, Any]] = []
        self.authority: dict[str, Authority] = {}
        # Its own logs that count: number and entries before it; and what came back of them while another
        # one went on for them, by origin: index, entry.
        self.own: dict[str, tuple[int, int]] = {}
        self.idle: dict[str, list[tuple[int, str]]] = {}
        self.granted = 0  # when its newest sending key began
        # of each log, as far as they were asked for: the tree, and its root at every size
        self._roots: dict[str, tuple[merkle.Frontier, list[bytes]]] = {}

    def copy(self) -> Held:
        twin = Held()
        twin.leaves = {o: list(hashes) for o, hashes in self.leaves.items()}
        twin.ids = {o: list(ids) for o, ids in self.ids.items()}
        twin.idle = {o: list(found) for o, found in self.idle.items()}
        twin.evidence = {o: set(found) for o, found in self.evidence.items()}
        for name in (
            "places",
            "marks",
            "times",
            "standings",
            "states",
            "words",
            "labels",
            "authority",
            "own",
        ):
            setattr(twin, name, dict(getattr(self, name)))
        for name in ("early", "items", "epochs", "unopened"):
            setattr(twin, name, set(getattr(self, name)))
        twin.issued, twin.granted = list(self.issued), self.granted
        return twin

    def label(self, entry_id: str, labels: tuple[str, ...]) -> None:
        """An entry has these labels from now on."""
        if labels:
            self.labels[entry_id] = labels
        else:
            self.labels.pop(entry_id, None)
        if "unopened" in labels:
            self.unopened.add(entry_id)
        else:
            self.unopened.discard(entry_id)

    def newest(self, owns: Iterable[str]) -> str:
        """The last of a party's own logs, in their order, that its disk holds and that was not set aside."""
        held = [o for o in owns if o in self.leaves and self.states.get(o) != "set aside"]
        return held[-1]

    def root(self, origin: str, size: int) -> bytes:
        """Root over the first ``size`` leaves that the disk took."""
        if origin not in self._roots:
            tree = merkle.Frontier()
            self._roots[origin] = tree, [tree.root()]
        tree, roots = self._roots[origin]
        for leaf in self.leaves[origin][len(roots) - 1 : size]:
            tree.append(leaf)
            roots.append(tree.root())
        return roots[size]
