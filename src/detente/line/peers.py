# SPDX-License-Identifier: Apache-2.0
"""What this side knows of one peer's copy, and what it still owes that peer. Gone at a restart, asked for
again."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

# Whoever is asked to hold back does so for this long (ms) at least, whatever the two clocks say.
HOLD_LEAST = 10_000
# The time between two answers to packets that do not open doubles so often: from 2 seconds to 9 minutes.
DEAF_MOST = 8


@dataclass
class Peer:
    """Sizes are leaves; ``have`` is what the peer told or receipted, ``sent`` how far we have sent."""

    fingerprint: str
    connected: bool = False
    have: dict[str, int] | None = None
    sent: dict[str, int] = field(default_factory=dict)
    epoch: int = 0
    hold: int = 0
    # (origin, up to, leaves, bytes, epoch) under way without a receipt
    flight: deque[tuple[str, int, int, int, int]] = field(default_factory=deque)
    flight_leaves: int = 0
    flight_bytes: int = 0
    progress: int = 0
    # How often in a row it was asked where it stands, without any progress since.
    stalls: int = 0
    owe_have: bool = False
    ask: bool = False
    owe_receipts: set[str] = field(default_factory=set)
    # entry id -> note
    owe_items: dict[str, bytes] = field(default_factory=dict)
    owe_early: deque[str] = field(default_factory=deque)
    owe_again: deque[str] = field(default_factory=deque)
    # Logs of which it holds another history than we do: it cannot take our leaves; it is shown our head.
    differs: set[str] = field(default_factory=set)
    owe_heads: set[str] = field(default_factory=set)
    # Proofs against a log (evidence keys) that it is to see on this connection.
    owe_proofs: set[str] = field(default_factory=set)
    # Its last packet was under an epoch key that we do not have: it must bring the key along again.
    deaf: bool = False
    # Of which epoch it was told so last, when, and how often again without a packet that opened.
    deaf_told: tuple[int, int, int] = (0, 0, 0)
    gap_told: dict[str, tuple[int, int]] = field(default_factory=dict)
    # We read no more from it until then (ms): it is above its quota.
    withheld: int = 0
    # What we accepted from it today: (UTC day, entries, bytes).
    used: tuple[int, int, int] = (0, 0, 0)
    # When it last claimed, without proof, to hold more of our log than we do.
    claimed: int | None = None
    # Flash entries that we took in: (UTC hour, how many).
    flashes: tuple[int, int] = (0, 0)

    def reset(self, connected: bool) -> None:
        """A connection began or ended: what was under way may be lost."""
        self.connected = connected
        self.have = None
        # It may be back from an old state, or on a new machine: until it says otherwise it has no epoch.
        self.epoch = 0
        self.clear_flight()
        self.differs.clear()
        self.stalls = 0
        self.deaf_told = (0, 0, 0)
        self.owe_have = connected
        self.ask = False

    def opened(self) -> None:
        """A packet of it could be opened."""
        self.deaf = False
        epoch, when, _ = self.deaf_told
        self.deaf_told = (epoch, when, 0)

    def unopened(self, epoch: int, now: int, answer: int) -> None:
        """A packet under a key that we do not have: it is told so, of one epoch ever less often.

        For all of it comes again at once, and a key that will never open would be sent without end.
        ``answer`` is the shortest time (ms) between two.
        """
        told, when, times = self.deaf_told
        again = told == epoch
        if not again or not 0 <= now - when <= answer << min(times, DEAF_MOST):
            self.owe_have, self.deaf_told = self.connected, (epoch, now, times + 1 if again else 0)
        self.deaf = True

    def clear_flight(self) -> None:
        """Nothing counts as under way any more."""
        self.flight.clear()
        self.flight_leaves = self.flight_bytes = 0
        self.sent.clear()

    def differ(self, origin: str) -> None:
        """The peer holds another history of a log: it is shown our head, once."""
        if origin not in self.differs:
            self.differs.add(origin)
            self.owe_heads.add(origin)

    def under_way(self, origin: str, upto: int, leaves: int, size: int, epoch: int) -> None:
        """A packet was handed out."""
        self.flight.append((origin, upto, leaves, size, epoch))
        self.flight_leaves += leaves
        self.flight_bytes += size
        self.sent[origin] = upto

    def holds(self, origin: str, size: int, now: int) -> None:
        """The peer holds ``size`` leaves of a log."""
        if self.have is None:
            return
        self.have[origin] = max(size, self.have.get(origin, 0))
        self.progress, self.stalls = now, 0
        while self.flight and self.flight[0][0] == origin and self.flight[0][1] <= size:
            _, _, leaves, length, epoch = self.flight.popleft()
            # It receipted what only that key opens.
            self.epoch = max(self.epoch, epoch)
            self.flight_leaves -= leaves
            self.flight_bytes -= length

    def told(self, doc: dict[str, Any], me: str, now: int) -> None:
        """The peer said what it has: go on from there."""
        self.have = {str(o): int(s) for o, s in doc["logs"].items()}
        self.clear_flight()
        self.sent.update(self.have)
        self.epoch = int(doc.get("epochs", {}).get(me, 0))
        hold = int(doc.get("hold", 0))
        # By our clock that time may be over already: it would be asked for again at once, without end.
        self.hold = max(hold, now + HOLD_LEAST) if hold else 0
        self.progress = now
