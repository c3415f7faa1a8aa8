# SPDX-License-Identifier: Apache-2.0
"""Charter, amendments and standing: what an author could know at an entry, and what that closes (protocol
§6).

A *rule entry* is a charter, an assent, an amendment, a decline or a standing. All that is asked here is asked
of the rule
entries *visible* to an author at an index: those in its own log before it and those in what it had seen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from detente.errors import DetenteError
from detente.words import charter as charters
from detente.words.kinds import KINDS, closed_kinds

RULE_KINDS = frozenset({"charter", "charter.amendment", "assent", "decline", "standing"})
DEFAULT_FLOOR = frozenset(name for name, kind in KINDS.items() if kind.floor_default)
AGAINST_STANDING = "against standing"
CROSSED = "crossed"
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


@dataclass(frozen=True)
class Terms:
    """The charter in force for an author at a place, and the standings it could know: party to body."""

    charter_id: str | None = None
    charter: charters.Charter | None = None
    standings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def closes(body: Mapping[str, Any], kind: str, charter: charters.Charter | None) -> bool:
    """Whether a standing's body closes ``kind``. Of phrases the floor keeps only life-saving ones, which the
    caller knows."""
    return kind in closed_kinds(body, floor(charter) - {"phrase"})


def floor(charter: charters.Charter | None) -> frozenset[str]:
    """The kinds that stay open whatever the standing."""
    return frozenset(charter.floor) if charter is not None else DEFAULT_FLOOR


class Rulebook:
    """All rule entries of the channel, in the order in which they were kept."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []
        self._memo: dict[tuple[str, ...], Terms] = {}

    def add(self, rule: Rule) -> None:
        """One more rule entry."""
        self.rules.append(rule)

    def visible(self, party: str, origin: str, index: int, saw: Callable[[str], int]) -> list[Rule]:
        """The rule entries that ``party`` could know when it placed ``index`` of ``origin``."""
        known = [
            r
            for r in self.rules
            if (r.party == party and (r.origin != origin or r.index < index)) or r.index < saw(r.origin)
        ]
        # By place, not by arrival: every member reads the same terms (DESIGN, rule 7).
        return sorted(known, key=lambda r: (r.position, r.party))

    def terms(self, visible: list[Rule]) -> Terms:
        """What those rule entries amount to, whatever the order in which they came here."""
        key = tuple(r.entry_id for r in visible)
        if key not in self._memo:
            if len(self._memo) > 64:
                self._memo.clear()
            self._memo[key] = _terms(visible)
        return self._memo[key]


def _terms(visible: list[Rule]) -> Terms:
    chartered = _in_force(visible)
    standings: dict[str, tuple[tuple[str, int], Mapping[str, Any]]] = {}
    for rule in visible:
        if rule.kind == "standing":
            standings[rule.party] = ((rule.origin, rule.index), rule.body)
    latest = {party: body for party, (_, body) in standings.items()}
    if chartered is None:
        return Terms(standings=latest)
    charter_id, body = chartered
    return Terms(charter_id, charters.parse(body), latest)


def _agreed(visible: list[Rule], rule: Rule, members: set[str]) -> bool:
    willing = {r.party for r in visible if r.kind == "assent" and rule.entry_id in r.re} | {rule.party}
    return members <= willing


def _in_force(visible: list[Rule]) -> tuple[str, dict[str, Any]] | None:
    for rule in visible:
        if rule.kind != "charter":
            continue
        try:
            members = {m.fingerprint for m in charters.parse(dict(rule.body)).members}
        except DetenteError:
            continue
        if not _agreed(visible, rule, members):
            continue
        body = dict(rule.body)
        for amendment in visible:
            if amendment.kind == "charter.amendment" and rule.entry_id in amendment.re:
                body = _amended(visible, amendment, members, body)
        return rule.entry_id, body
    return None


def _amended(visible: list[Rule], amendment: Rule, members: set[str], body: dict[str, Any]) -> dict[str, Any]:
    if not _agreed(visible, amendment, members):
        return body
    try:
        changed = charters.amend(body, dict(amendment.body.get("changes") or {}))
        charters.parse(changed)
    except DetenteError:
        return body
    return changed
