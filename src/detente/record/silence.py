# SPDX-License-Identifier: Apache-2.0
"""Why it is quiet: the wire, the people, or a decision. Three answers that are never mixed up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

LINE_UP = "line up"
NOT_ANSWERED = "line up, not answered"
ANNOUNCED = "announced suspension"
DOWN_THEIRS = "line down: theirs"
DOWN_OURS = "line down: ours"
DOWN_PATH = "line down: path"
KINDS = (LINE_UP, NOT_ANSWERED, ANNOUNCED, DOWN_THEIRS, DOWN_OURS, DOWN_PATH)


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
    """An entry of ours past its time: which, its kind, and since when it is due (ms)."""

    id: str
    ref: str
    kind: str
    due: int


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
    if not up:
        heard = [fact.last_heard for fact in paths if fact.last_heard is not None]
        return Silence(_whose(paths), max(heard, default=None), announced, overdue, up, down)
    if owed:
        return Silence(NOT_ANSWERED, owed[0].due, announced, owed, up, down)
    if announced:
        return Silence(ANNOUNCED, standing_since, announced, overdue, up, down)
    return Silence(LINE_UP, None, None, (), up, down)


def _whose(paths: Sequence[PathFact]) -> str:
    """Ours if no live path of ours works; theirs if one reaches them and finds nobody; else the path."""
    live = [fact for fact in paths if fact.live]
    if not any(fact.ours for fact in live):
        return DOWN_OURS
    if any(fact.reaches for fact in live if fact.ours):
        return DOWN_THEIRS
    return DOWN_PATH
