# SPDX-License-Identifier: Apache-2.0
"""Why it is quiet: the wire, the people, or a decision. Three answers that are never mixed up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from detente.record.states import rank
from detente.words.machine import Machine, Move

LINE_UP = "line up"
NOT_ANSWERED = "line up, not answered"
ANNOUNCED = "announced suspension"
# Of an entry that is not answered: what is known of the people there.
ON_WATCH = "on watch, not answering"
NOBODY = "no watch post has shown it"
NOT_THERE = "not there yet"
DOWN_THEIRS = "line down: theirs"
DOWN_OURS = "line down: ours"
DOWN_PATH = "line down: path"
KINDS = (LINE_UP, NOT_ANSWERED, ANNOUNCED, DOWN_THEIRS, DOWN_OURS, DOWN_PATH)


@dataclass(frozen=True, slots=True)
class Case:
    """One row of the table: ``kind`` if every fact in ``holds`` is so and none in ``not_so`` is."""

    kind: str
    holds: frozenset[str]
    not_so: frozenset[str]


ANSWERS, OURS, REACHES = "their node answers", "our end works", "their machine is reached"
OWED, CLOSED = "an answer is due", "a standing explains it"
# Which silence it is: the first row that fits. There is no memory in it: every kind may follow every other.
TABLE = (
    Case(DOWN_OURS, frozenset(), frozenset({ANSWERS, OURS})),
    Case(DOWN_THEIRS, frozenset({OURS, REACHES}), frozenset({ANSWERS})),
    Case(DOWN_PATH, frozenset({OURS}), frozenset({ANSWERS})),
    Case(NOT_ANSWERED, frozenset({ANSWERS, OWED}), frozenset()),
    Case(ANNOUNCED, frozenset({ANSWERS, CLOSED}), frozenset()),
    Case(LINE_UP, frozenset({ANSWERS}), frozenset()),
)
SILENCE = Machine(
    "silence",
    "Why it is quiet, from the facts of now. All kinds are reached from the facts alone.",
    "facts of now",
    [
        Move(
            "facts of now",
            ", ".join((*sorted(row.holds), *(f"not ({fact})" for fact in sorted(row.not_so)))),
            row.kind,
            "the reader's own node, by its paths and the record",
            "guide, Words",
        )
        for row in TABLE
    ],
)


@dataclass(frozen=True)
class PathFact:
    """What is known of one path to one peer, now.

    ``answers``: the peer's node answers on it. ``ours``: our own end of it works (listener, network,
    passphrase). ``reaches``: the peer's machine or account is reached, though its node does not answer;
    None where that cannot be told. ``last_heard``: when the peer was last heard on it (ms).
    ``live`` is false for a path that carries files by hand: it says nothing about the wire.
    """

    path: str
    answers: bool
    ours: bool = True
    reaches: bool | None = None
    last_heard: int | None = None
    live: bool = True


@dataclass(frozen=True)
class Unanswered:
    """An entry of ours past its time: which, its kind, since when it is due (ms), how far it came there."""

    id: str
    ref: str
    kind: str
    due: int
    reached: str = "kept"

    @property
    def there(self) -> str:
        """Whether anybody is known to be on watch there. That a post shows it is the other side's signed
        word; that none does is only the absence of one."""
        if rank(self.reached) >= rank("displayed"):
            return ON_WATCH
        return NOBODY if rank(self.reached) >= rank("delivered") else NOT_THERE


@dataclass(frozen=True)
class Silence:
    """``kind`` is one of ``KINDS``; ``since`` when it began, if known; ``unanswered`` what it is about.

    ``announced`` stays set while the line is down too: a peer that suspended and then went quiet did both.
    """

    kind: str
    since: int | None
    announced: str | None
    unanswered: tuple[Unanswered, ...]
    paths_up: tuple[str, ...]
    paths_down: tuple[str, ...]

    @property
    def up(self) -> bool:
        """Whether the peer's node answers on at least one path."""
        return not self.kind.startswith("line down")


def silence(
    paths: Sequence[PathFact],
    unanswered: Iterable[Unanswered],
    *,
    standing: str = "normal",
    standing_since: int | None = None,
    closed: Iterable[str] = (),
) -> Silence:
    """Which silence this is.

    ``unanswered``: our entries that the peer should have acknowledged or answered by now. ``standing``: the
    peer's declared one. ``closed``: the kinds that it closes. An announcement explains only what it closed:
    the floor stays open, and floor entries without an answer are "not answered" whatever was announced.
    """
    overdue = tuple(sorted(unanswered, key=lambda item: (item.due, item.id)))
    shut = frozenset(closed) if standing != "normal" else frozenset()
    owed = tuple(item for item in overdue if item.kind not in shut)
    excused = len(owed) < len(overdue)
    announced = standing if excused or standing in ("suspended", "ended") else None
    up = tuple(fact.path for fact in paths if fact.live and fact.answers)
    down = tuple(fact.path for fact in paths if fact.live and not fact.answers)
    kind = kind_of(_facts(paths, bool(owed), announced is not None))
    if kind == NOT_ANSWERED:
        return Silence(kind, owed[0].due, announced, owed, up, down)
    if kind == ANNOUNCED:
        return Silence(kind, standing_since, announced, overdue, up, down)
    if kind == LINE_UP:
        return Silence(kind, None, None, (), up, down)
    heard = [fact.last_heard for fact in paths if fact.last_heard is not None]
    return Silence(kind, max(heard, default=None), announced, overdue, up, down)


def kind_of(facts: frozenset[str]) -> str:
    """The first row of ``TABLE`` that fits; every set of facts has one."""
    return next(row.kind for row in TABLE if row.holds <= facts and not row.not_so & facts)


def _facts(paths: Sequence[PathFact], owed: bool, announced: bool) -> frozenset[str]:
    live = [fact for fact in paths if fact.live]
    so = {
        ANSWERS: any(fact.answers for fact in live),
        OURS: any(fact.ours for fact in live),
        REACHES: any(fact.reaches for fact in live if fact.ours),
        OWED: owed,
        CLOSED: announced,
    }
    return frozenset(fact for fact, holds in so.items() if holds)
