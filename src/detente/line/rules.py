# SPDX-License-Identifier: Apache-2.0
"""Charter, amendments and standing: what an author could know at an entry, what that closes (protocol §6).

A *rule entry* is a charter, an assent, an amendment, a decline or a standing. All that is asked here is asked
of the rule entries *visible* to an author at an index: those in its own log before it and those in what it
had seen.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from detente.errors import DetenteError
from detente.words import charter as charters
from detente.words.kinds import KINDS, closed_kinds

RULE_KINDS = frozenset({"charter", "charter.amendment", "assent", "decline", "standing"})
DEFAULT_FLOOR = frozenset(name for name, kind in KINDS.items() if kind.floor_default)
AGAINST_STANDING = "against standing"
CROSSED = "crossed"
# Kinds for which the standings that close them are kept at hand: all that the program knows, and more.
KINDS_KNOWN = 256
BEFORE_CHARTER = "before charter"


@dataclass(frozen=True)
class Rule:
    """A rule entry. ``position`` is the entry's index counted over its author's whole sequence of logs."""

    party: str
    origin: str
    index: int
    position: int
    entry_id: str
    kind: str
    re: tuple[str, ...]
    body: Mapping[str, Any]

    @cached_property
    def members(self) -> frozenset[str] | None:
        """Whom a charter binds (fingerprints); None if it cannot be read."""
        try:
            return frozenset(m.fingerprint for m in charters.parse(dict(self.body)).members)
        except DetenteError:
            return None

    @cached_property
    def closed(self) -> frozenset[str]:
        """What a standing closes where there is no floor; worked out once, as its list may be very long."""
        return closed_kinds(self.body, ()) if self.kind == "standing" else frozenset()


@dataclass(frozen=True)
class Terms:
    """The charter in force for an author at a place, and the standings it could know, by party."""

    charter_id: str | None = None
    charter: charters.Charter | None = None
    standings: Mapping[str, Rule] = field(default_factory=dict)


def closes(standing: Rule, kind: str, charter: charters.Charter | None) -> bool:
    """Whether a standing closes ``kind``. Of phrases the floor keeps only life-saving ones, which the caller
    knows."""
    return kind in standing.closed and (kind == "phrase" or kind not in floor(charter))


def floor(charter: charters.Charter | None) -> frozenset[str]:
    """The kinds that stay open whatever the standing."""
    return frozenset(charter.floor) if charter is not None else DEFAULT_FLOOR


@dataclass(frozen=True)
class View:
    """The rule entries that an author could know at a place, by place, and what they amount to for it."""

    visible: tuple[Rule, ...]
    known: frozenset[str]
    terms: Terms


class Rulebook:
    """All rule entries of the channel; ``rules`` in the order in which they were kept."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []
        self._by_log: dict[str, list[Rule]] = {}
        self._memo: dict[tuple[Any, ...], View] = {}
        # Kind to log to the standings that close it, in the order of that log; filled as kinds are asked for.
        self._closing: dict[str, dict[str, list[Rule]]] = {}

    def add(self, rule: Rule) -> None:
        """One more rule entry."""
        self.rules.append(rule)
        for kind in self._closing.keys() & rule.closed:
            insort(self._closing[kind].setdefault(rule.origin, []), rule, key=_index)
        insort(self._by_log.setdefault(rule.origin, []), rule, key=_index)
        self._memo.clear()

    def drop(self, origin: str) -> None:
        """The rule entries of that log count no more: it was set aside."""
        self.rules = [rule for rule in self.rules if rule.origin != origin]
        self._by_log.pop(origin, None)
        self._memo.clear()
        self._closing.clear()

    def closing(self, kind: str) -> Mapping[str, Sequence[Rule]]:
        """By log and in its order, the standings that close ``kind`` where there is no floor.

        Every entry asks, and a member may declare as many standings as its quota allows: looked up, not
        searched.
        """
        found = self._closing.get(kind)
        if found is None:
            if len(self._closing) >= KINDS_KNOWN:
                self._closing.clear()
            found = self._closing[kind] = {}
            for rule in self.rules:
                if kind in rule.closed:
                    insort(found.setdefault(rule.origin, []), rule, key=_index)
        return found

    def view(self, party: str, bound: Callable[[str], int], more: Sequence[Rule] = ()) -> View:
        """What ``party`` knew: of each log (by origin) the rule entries below ``bound``, and ``more``."""
        counts = [
            (origin, bisect_left(rules, bound(origin), key=_index)) for origin, rules in self._by_log.items()
        ]
        key = (party, *counts)
        found = self._memo.get(key)
        if found is None:
            if len(self._memo) > 64:
                self._memo.clear()
            visible = [rule for origin, count in counts for rule in self._by_log[origin][:count]]
            found = self._memo[key] = self._view(visible, party)
        return self._view([*found.visible, *more], party) if more else found

    def _view(self, visible: list[Rule], party: str) -> View:
        visible.sort(key=order)
        return View(tuple(visible), frozenset(r.entry_id for r in visible), self.terms(visible, party))

    def terms(self, visible: Sequence[Rule], party: str = "") -> Terms:
        """What those rule entries, by place, amount to for ``party``: a charter binds only its members."""
        return _terms(visible, party)


def order(rule: Rule) -> tuple[int, str, str]:
    """By place, not by arrival: every member reads the same terms (DESIGN, rule 7)."""
    return rule.position, rule.party, rule.origin


def _index(rule: Rule) -> int:
    return rule.index


def _terms(visible: Sequence[Rule], party: str) -> Terms:
    chartered = _in_force(visible, party)
    latest = {rule.party: rule for rule in visible if rule.kind == "standing"}
    if chartered is None:
        return Terms(standings=latest)
    charter_id, body = chartered
    return Terms(charter_id, charters.parse(body), latest)


def _willing(visible: Sequence[Rule]) -> dict[str, set[str]]:
    """Entry id to those who are for it: its author and all who assented."""
    willing: dict[str, set[str]] = {}
    for rule in visible:
        if rule.kind == "assent":
            for entry_id in rule.re:
                willing.setdefault(entry_id, set()).add(rule.party)
        else:
            willing.setdefault(rule.entry_id, set()).add(rule.party)
    return willing


def _in_force(visible: Sequence[Rule], party: str) -> tuple[str, dict[str, Any]] | None:
    willing = _willing(visible)
    for rule in visible:
        if rule.kind != "charter":
            continue
        members = rule.members
        if members is None or not members <= willing[rule.entry_id] or (party and party not in members):
            continue
        body = dict(rule.body)
        for amendment in visible:
            agreed = rule.entry_id in amendment.re and members <= willing.get(amendment.entry_id, set())
            if amendment.kind == "charter.amendment" and agreed:
                body = _amended(amendment, body)
        return rule.entry_id, body
    return None


def _amended(amendment: Rule, body: dict[str, Any]) -> dict[str, Any]:
    changes = amendment.body.get("changes")
    try:
        return charters.amend(body, changes) if isinstance(changes, Mapping) else body
    except DetenteError:
        return body
