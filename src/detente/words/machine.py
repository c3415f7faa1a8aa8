# SPDX-License-Identifier: Apache-2.0
"""State machines as tables: what the code steps through, what the documents draw, what the tests count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from detente.errors import FatalError


@dataclass(frozen=True, slots=True)
class Move:
    """In state ``before``, ``event`` leads to ``after``; ``by`` says who makes it happen, ``source`` where
    that is laid down (``§n`` of docs/protocol.md, or a page of the documents)."""

    before: str
    event: str
    after: str
    by: str
    source: str


class Machine:
    """One table. ``name`` is short, ``what`` one sentence; ``start`` the state in which all begin.

    Raises FatalError for a table in which an event leads from one state to two: that is a slip in the code.
    """

    def __init__(self, name: str, what: str, start: str, moves: Sequence[Move]) -> None:
        self.name = name
        self.what = what
        self.start = start
        self.moves = tuple(moves)
        self._after = {(move.before, move.event): move.after for move in moves}
        if len(self._after) < len(self.moves):
            raise FatalError(f"the table {name} says two things of one event in one state")

    @property
    def states(self) -> tuple[str, ...]:
        """Every state, the start first, then in the order of the table."""
        named = (state for move in self.moves for state in (move.before, move.after))
        return tuple(dict.fromkeys((self.start, *named)))

    def allows(self, state: str, event: str) -> bool:
        """Whether the table has a move for that event in that state."""
        return (state, event) in self._after

    def step(self, state: str, event: str) -> str:
        """The state after the event. Raises FatalError where the table has none: that is a slip in the code,
        never what a peer can cause."""
        if (state, event) not in self._after:
            raise FatalError(f"{self.name}: {event!r} cannot happen in the state {state!r}")
        return self._after[state, event]

    def joins(self, before: str, after: str) -> bool:
        """Whether any one event leads from ``before`` to ``after``."""
        return any((move.before, move.after) == (before, after) for move in self.moves)

    def transition(self, before: str, after: str) -> str:
        """The name under which a transition is counted: ``line: stopped -> open``. Raises FatalError for one
        that is not in the table."""
        if not self.joins(before, after):
            raise FatalError(f"{self.name}: nothing leads from {before!r} to {after!r}")
        return f"{self.name}: {before} -> {after}"

    def transitions(self) -> tuple[str, ...]:
        """The names of all transitions, each once, in the order of the table."""
        return tuple(dict.fromkeys(self.transition(move.before, move.after) for move in self.moves))
