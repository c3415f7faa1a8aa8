# SPDX-License-Identifier: Apache-2.0
"""How much a member may have read in a day (DESIGN §4, abuse): what is above is withheld, never lost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from detente.line.bodies import statement_of
from detente.line.peers import Peer
from detente.line.rules import floor
from detente.seal.packet import BodyPart, LeafPart
from detente.words.kinds import KINDS

if TYPE_CHECKING:
    from detente.line.line import Line

DAY = 86_400_000
HOUR = 3_600_000


class Quotas:
    """The charter's quotas, kept for each peer by our clock."""

    def __init__(self, line: Line) -> None:
        self.line = line

    def over(
        self, peer: Peer, fresh: Sequence[LeafPart], bodies: Iterable[BodyPart], now: int, note: int = 0
    ) -> bool:
        """Withhold reading from a member above its charter quota; counts what is let in.

        ``note``: bytes of the head, which is kept with all the lines that stand in it.
        """
        charter = self.line.state.terms_now().charter
        limits = self.line.limits
        if self.line.scarce and not all(self.on_floor(leaf.raw) for leaf in fresh):
            self.line.counters["withheld for space"] += 1
            peer.owe_have, peer.withheld = True, now + limits.scarce_wait
            return True
        most = limits.strange_entries, limits.strange_bytes
        if charter is not None and charter.quotas is not None:
            most = charter.quotas.entries_per_day, charter.quotas.bytes_per_day
        day = now // DAY
        _, entries, size = peer.used if peer.used[0] == day else (day, 0, 0)
        # A batch is let in whole, as the first of a day even above the quota: nothing could pass it by.
        first = entries == 0
        entries += len(fresh)
        size += note + sum(len(leaf.raw) for leaf in fresh) + sum(len(part.raw) for part in bodies)
        until = 0
        if not first and (entries > most[0] or size > most[1]):
            until = (day + 1) * DAY
        elif self.floods(peer, now):
            until = (now // HOUR + 1) * HOUR
        if until:
            self.line.counters["withheld for quota"] += 1
            peer.owe_have, peer.withheld = True, until
            return True
        peer.used = (day, entries, size)
        return False

    def on_floor(self, raw: bytes) -> bool:
        """Whether a leaf is of a kind that is read even with the disk nearly full."""
        statement = statement_of(raw)
        if statement is None:
            return False
        known = KINDS.get(statement.kind)
        keeping = known is not None and known.keeping
        return keeping or statement.kind in floor(self.line.state.terms_now().charter)

    def floods(self, peer: Peer, now: int) -> bool:
        """Whether a member has used up its flash entries of this hour."""
        charter = self.line.state.terms_now().charter
        limit = charter.quotas.flash_per_hour if charter is not None and charter.quotas is not None else None
        return limit is not None and peer.flashes[0] == now // HOUR and peer.flashes[1] >= limit

    def count_flash(self, party: str, precedence: str, now: int) -> None:
        """One more entry was taken in."""
        peer = self.line.peers.get(party)
        if peer is not None and precedence == "flash":
            hour, count = peer.flashes
            peer.flashes = (now // HOUR, count + 1 if hour == now // HOUR else 1)
