# SPDX-License-Identifier: Apache-2.0
"""What each side declares of its relations, kept apart, over time; the stricter applies; the floor stays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from detente.line import rules
from detente.line.labels import VOID
from detente.record.entry import Entry, rfc3339, text_of
from detente.record.timeline import causal_order
from detente.words.bodies.base import as_list
from detente.words.charter import Charter
from detente.words.kinds import KINDS
from detente.words.kinds import closed_kinds as closed_by
from detente.words.machine import Machine, Move

STATES = ("normal", "reduced", "suspended", "ended")  # from open to strict
STANDING = Machine(
    "standing",
    "What one party declares about one scope. Nobody else can change it, and no time that runs out does.",
    "normal",
    [
        Move(before, f"declares {after}", after, "the party alone, by a `standing` entry in order", "§12")
        for before in STATES
        for after in STATES
    ],
)
CHANNEL = "channel"


@dataclass(frozen=True)
class Declared:
    """One declaration of one party about one scope; ``since`` and ``until`` are EDTF texts as claimed."""

    party: str
    scope: str
    state: str
    since: str
    until: str
    by: str
    reason: str
    fields: tuple[str, ...]
    closed: tuple[str, ...]
    entry: str
    ref: str
    placed: int
    proven: tuple[int | None, int | None]


@dataclass(frozen=True)
class Scope:
    """One scope now: each side's own claim, and what applies."""

    scope: str
    sides: tuple[Declared, ...]
    effective: str
    strictest: tuple[str, ...]
    differ: bool


def declarations(entries: Sequence[Entry], charter: Charter | None = None) -> list[Declared]:
    """Every declaration of every party, in causal order: the history."""
    # By the same labels as the line: a body of the wrong shape may close kinds all the same (protocol §12).
    said = [e for e in causal_order(entries) if e.kind == "standing" and not VOID.intersection(e.labels)]
    found = (_declared(entry, charter) for entry in said)
    return [item for item in found if item is not None]


def current(
    entries: Sequence[Entry], parties: Sequence[str], charter: Charter | None = None, *, at: int | None = None
) -> list[Scope]:
    """What is in force now, or was for entries placed up to ``at`` (ms): the whole channel first.

    A party that has declared nothing stands at ``normal``; its latest word on a scope replaces its earlier
    ones. A claim of ``until`` is shown, not applied: only a new declaration opens what one has closed.
    """
    latest: dict[str, dict[str, Declared]] = {CHANNEL: {}}
    for item in declarations(entries, charter):
        if at is None or item.placed <= at:
            latest.setdefault(item.scope, {})[item.party] = item
    return [_scope(scope, by_party, parties) for scope, by_party in latest.items()]


def stricter(*states: str) -> str:
    """The strictest of these states; ``normal`` of none; an unknown word counts as normal."""
    known = [state for state in states if state in STATES]
    return max(known, key=STATES.index, default="normal")


def closed_kinds(scopes: Iterable[Scope]) -> dict[str, tuple[str, ...]]:
    """Which kinds are closed now, each with the parties whose declaration closes it."""
    found: dict[str, set[str]] = {}
    for scope in scopes:
        for declared in scope.sides:
            for kind in declared.closed:
                found.setdefault(kind, set()).add(declared.party)
    return {kind: tuple(sorted(parties)) for kind, parties in sorted(found.items())}


def floor(charter: Charter | None) -> tuple[str, ...]:
    """The kinds that no standing closes under this charter (or by default without one).

    Of phrases it keeps the life-saving ones.
    """
    opened = rules.floor(charter)
    return tuple(kind for kind, model in KINDS.items() if model.keeping or kind in opened)


def to_json(scopes: Sequence[Scope], charter: Charter | None) -> dict[str, Any]:
    """The part of ``detente standing --json`` that is about declarations."""
    return {
        "scopes": [
            {
                "scope": scope.scope,
                "effective": scope.effective,
                "by": list(scope.strictest),
                "differ": scope.differ,
                "sides": [_side_json(side) for side in scope.sides],
            }
            for scope in scopes
        ],
        "closed": {kind: list(parties) for kind, parties in closed_kinds(scopes).items()},
        "floor": list(floor(charter)),
    }


def _side_json(side: Declared) -> dict[str, Any]:
    return {
        "party": side.party,
        "state": side.state,
        "since": side.since or None,
        "until": side.until or None,
        "by": side.by or None,
        "reason": side.reason or None,
        "fields": list(side.fields),
        "closes": list(side.closed),
        "entry": side.entry or None,
        "ref": side.ref or None,
        "declared": rfc3339(side.placed) if side.entry else None,
        "proven": [None if time is None else rfc3339(time) for time in side.proven],
    }


def _scope(scope: str, by_party: dict[str, Declared], parties: Sequence[str]) -> Scope:
    named = [*parties, *(party for party in by_party if party not in parties)]
    sides = tuple(by_party.get(party) or _silent(party, scope) for party in named)
    effective = stricter(*(side.state for side in sides))
    strictest = tuple(side.party for side in sides if side.state == effective and effective != "normal")
    return Scope(scope, sides, effective, strictest, len({side.state for side in sides}) > 1)


def _silent(party: str, scope: str) -> Declared:
    return Declared(party, scope, STANDING.start, "", "", "", "", (), (), "", "", 0, (None, None))


def _declared(entry: Entry, charter: Charter | None) -> Declared | None:
    body = entry.body
    if body is None:
        return None
    state, scope = text_of(body, "state"), text_of(body, "scope")
    closed = tuple(sorted(closed_by(body, rules.floor(charter))))
    if state not in STATES:
        if not closed:
            return None
        state = "reduced"  # it names no state that there is, and closes kinds: that must be seen
    return Declared(
        party=entry.party,
        scope=CHANNEL if scope in ("", "relations", "all") else scope,
        state=state,
        since=text_of(body, "since"),
        until=text_of(body, "until"),
        by=text_of(body, "by"),
        reason=text_of(body, "reason"),
        fields=tuple(str(field) for field in as_list(body.get("fields"))),
        closed=closed,
        entry=entry.id,
        ref=entry.ref,
        placed=entry.placed,
        proven=entry.proven,
    )
