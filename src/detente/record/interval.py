# SPDX-License-Identifier: Apache-2.0
"""How long before: what the record proves about time, as intervals (protocol §10).

A time in an entry is its author's claim. What bounds it is what others signed: a receipt by another member
puts the entry before the reading of that member's clock; a head of another member that its author had seen
puts it after. Such an interval holds on that member's own clock, however wrong that is, as long as it was not
set back in between. It holds on true time only as far as somebody vouches for the error of a clock.

All times are milliseconds; an end that nothing bounds is None. A ``Span`` whose ends cross says that clocks
contradict what is proven: one was set, or a time or an assumed error is untrue.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from detente.record.entry import Entry, rfc3339


@dataclass(frozen=True, slots=True)
class Span:
    """Not before ``earliest``, not after ``latest``; also a difference of two times."""

    earliest: int | None = None
    latest: int | None = None

    def __contains__(self, at: int) -> bool:
        """Whether ``at`` may be it."""
        after = self.earliest is None or self.earliest <= at
        return after and (self.latest is None or at <= self.latest)

    @property
    def contradictory(self) -> bool:
        """Whether no time fits."""
        return self.earliest is not None and self.latest is not None and self.earliest > self.latest

    def widened(self, error: int) -> Span:
        """With ``error`` ms either way."""
        return Span(
            None if self.earliest is None else self.earliest - error,
            None if self.latest is None else self.latest + error,
        )

    def both(self, other: Span) -> Span:
        """What fits this and the other."""
        starts = [at for at in (self.earliest, other.earliest) if at is not None]
        ends = [at for at in (self.latest, other.latest) if at is not None]
        return Span(max(starts, default=None), min(ends, default=None))

    def minus(self, other: Span) -> Span:
        """How much later this is than the other."""
        least = None if self.earliest is None or other.latest is None else self.earliest - other.latest
        most = None if self.latest is None or other.earliest is None else self.latest - other.earliest
        return Span(least, most)


def on_clock(entry: Entry, party: str) -> Span:
    """When ``entry`` was placed and came to ``party`` (short id), as that member's own clock had it."""
    return Span(*entry.witnessed.get(party, (None, None)))


def true_time(entry: Entry, errors: Mapping[str, int]) -> Span:
    """When ``entry`` was placed. ``errors``: party to how far (ms) its clock is off at most; a clock that is
    not named says nothing. The author's own clock counts too, if somebody vouches for it."""
    found = Span()
    for party, error in errors.items():
        if party == entry.party:
            found = found.both(Span(entry.placed, entry.placed).widened(error))
        else:
            found = found.both(on_clock(entry, party).widened(error))
    return found


def offset(entries: Iterable[Entry], one: str, other: str) -> Span:
    """How far the clock of ``one`` is ahead of the clock of ``other``, by what both signed.

    Every entry of either that the other witnessed bounds it. It takes the difference to be constant; if one
    of the clocks was set in between, the span is contradictory.
    """
    found = Span()
    for entry in entries:
        if entry.party == one:
            found = found.both(Span(entry.placed, entry.placed).minus(on_clock(entry, other)))
        elif entry.party == other:
            found = found.both(on_clock(entry, one).minus(Span(entry.placed, entry.placed)))
    return found


def lead(entry: Entry, party: str, event: Span, ahead: Span | None = None) -> Span:
    """How long before ``event`` the party held ``entry``.

    ``event`` is a time on the clock of ``party``; or on another clock that is ``ahead`` of it by so much (see
    ``offset``). The same span holds for when the author placed it. Below zero: after the event.
    """
    there = event if ahead is None else event.minus(ahead)
    return there.minus(on_clock(entry, party))


@dataclass(frozen=True, slots=True)
class Lead:
    """How long (ms) before the event ``party`` held the entry; ``clock`` is whose clock timed the event."""

    party: str
    clock: str
    event: Span
    before: Span


def leads(entries: Iterable[Entry], entry: Entry, event: Span, clock: str | None = None) -> list[Lead]:
    """For each other member that witnessed ``entry``: how long before ``event`` it held it.

    ``clock``: the party by whose clock the event is timed; by default each member's own. ``entries`` are
    those of the channel, from which the difference between two clocks is known as far as it is.
    """
    listed = list(entries)
    found = []
    for party in entry.witnessed:
        whose = clock or party
        ahead = None if whose == party else offset(listed, whose, party)
        found.append(Lead(party, whose, event, lead(entry, party, event, ahead)))
    return found


def leads_json(found: Iterable[Lead]) -> list[dict[str, Any]]:
    """For ``detente show --before --json``: times RFC 3339, lengths in milliseconds, null where open."""
    return [
        {
            "party": one.party,
            "clock": one.clock,
            "event": [None if at is None else rfc3339(at) for at in (one.event.earliest, one.event.latest)],
            "least_ms": one.before.earliest,
            "most_ms": one.before.latest,
            "contradictory": one.before.contradictory,
        }
        for one in found
    ]


def in_words(one: Lead) -> str:
    """``UA held it at least 1 min 0 s and at most 5 min 59 s before it, by the clock of UA``."""
    if one.before.contradictory:
        return f"{one.party}: the clocks contradict what is proven; one was set, or a time is untrue"
    least, most = one.before.earliest, one.before.latest
    bounds = [] if least is None else [f"at least {_length(least)}"]
    bounds += [] if most is None else [f"at most {_length(most)}"]
    said = " and ".join(bounds) or "at a time that nothing bounds,"
    return f"{one.party} held it {said} before it, by the clock of {one.clock}"


def _length(ms: int) -> str:
    """``5 min 59.2 s``; below zero it is after the event."""
    minutes, rest = divmod(abs(ms), 60_000)
    seconds = f"{rest / 1000:.3f}".rstrip("0").removesuffix(".") + " s"
    return ("-" if ms < 0 else "") + (f"{minutes} min {seconds}" if minutes else seconds)
