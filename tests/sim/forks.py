# SPDX-License-Identifier: Apache-2.0
"""Whoever is shown two histories of one log has the proof on its disk, and keeps it.

The watch opens what a member is sent with that member's own keys, before the line does. It knows from the
disk which leaves the member holds, recomputes their roots by itself, and so knows what must be proof.
"""

from __future__ import annotations

import base64
import itertools
from typing import TYPE_CHECKING

from detente.errors import DetenteError
from detente.log.checkpoint import open_checkpoint, open_cosignature
from detente.seal import packet
from detente.seal.packet import CheckpointPart, CosignaturePart, LogPart
from detente.seal.vkey import COSIGNATURE
from tests.line.harness import CHANNEL
from tests.sim.held import Violation

if TYPE_CHECKING:
    from tests.sim.node import SimNode
    from tests.sim.world import World


class Forks:
    """Of one world."""

    def __init__(self, world: World) -> None:
        self.world = world

    def shown(self, node: SimNode, sender: str, raw: bytes) -> set[str]:
        """Logs of which this packet shows ``node`` another history than the one it holds.

        Heads of more leaves than it holds prove nothing yet, and the line need not keep them.
        """
        if not self.world.suspect:
            return set()
        state, origin, found = node.line.state, "", set[str]()
        try:
            key = state.epochs.get((sender, packet.header(raw).epoch))
            parts = [] if key is None else packet.decode_parts(packet.open_packet(raw, key))
        except DetenteError:
            return set()
        for part in parts:
            match part:
                case LogPart(name):
                    origin = name
                case CheckpointPart(note) | CosignaturePart(note) if origin in node.held.leaves:
                    if self._contradicts(node, origin, note, isinstance(part, CosignaturePart)):
                        found.add(origin)
        return found

    def _contradicts(self, node: SimNode, origin: str, note: bytes, cosigned: bool) -> bool:
        log, held = node.line.state.logs[origin], node.held
        # What does not contradict by its text need not be verified.
        said = _said(note)
        if said is None or not 0 < said[0] <= len(held.leaves[origin]):
            return False
        if held.root(origin, said[0]) == said[1]:
            return False
        try:
            if cosigned:
                line = node.line._inbox._makers(note, COSIGNATURE)
                heads = [open_cosignature(note, log.log_key, key)[0] for key in line.values()]
            else:
                heads = [open_checkpoint(note, log.log_key)]
        except DetenteError:
            return False
        return any(
            head.origin == origin
            and 0 < head.size <= len(held.leaves[origin])
            and held.root(origin, head.size) != head.root
            for head in heads
        )

    def kept(self, node: SimNode, proven: set[str]) -> None:
        """The step that took the packet in is on the disk: so is the proof."""
        for origin in proven:
            self.world.watch.cover.count("fork: shown -> proven")
            if not node.held.evidence.get(origin):
                raise Violation("a fork is not proven", f"{node.name} was shown two histories of {origin}")

    def settled(self) -> None:
        """Of two honest members that hold two histories of a log one at least has the proof, on its disk."""
        for one, two in itertools.combinations(self.world.honest(), 2):
            for origin in one.held.leaves.keys() & two.held.leaves.keys():
                ours, theirs = one.held.leaves[origin], two.held.leaves[origin]
                short = min(len(ours), len(theirs))
                if ours[:short] != theirs[:short] and not any(self._has(n, origin) for n in (one, two)):
                    raise Violation(
                        "a fork is not proven", f"{one.name} and {two.name} hold two histories of {origin}"
                    )

    @staticmethod
    def _has(node: SimNode, origin: str) -> bool:
        return any(e.origin == origin for e in node.disk.store.evidence(CHANNEL))


def _said(note: bytes) -> tuple[int, bytes] | None:
    """Size and root as the first lines of a note say them."""
    lines = note.split(b"\n", 3)
    try:
        return int(lines[1]), base64.b64decode(lines[2])
    except (IndexError, ValueError):
        return None
