# SPDX-License-Identifier: Apache-2.0
"""The labels of protocol §6 in its order, and what each does: every list of labels comes from here."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from enum import Flag, auto
from typing import TypeVar

from detente.line.mandates import BAD_SIGNATURE, NO_MANDATE, REVOKED, SINGLE_RELEASE
from detente.line.rules import AGAINST_STANDING, BEFORE_CHARTER, CROSSED

T = TypeVar("T")

MALFORMED_LEAF = "malformed leaf"
TOO_LATE = "too late"
BAD_CITATION = "bad citation"
NOT_UNDERSTOOD = "not understood"
UNKNOWN_KIND = "unknown kind"
MALFORMED_BODY = "malformed body"
UNOPENED = "unopened"
NOT_VOUCHED = "not vouched for"
DUPLICATE = "duplicate"


class Effect(Flag):
    """What a label does."""

    NONE = 0
    # Our own node does not place what would get it; the others say something true that may be said.
    PREVENTED = auto()
    # The entry puts nothing in force, for anybody.
    VOID = auto()
    # It puts nothing in force for whoever had seen what made it so.
    ENDED = auto()
    # Nobody is asked to act on it.
    AGAINST = auto()
    # A statement that would get it is not taken ahead of its place.
    NOT_EARLY = auto()
    # It may go: the entry is looked at again.
    PASSING = auto()
    # A rule entry that comes later can change it.
    BY_RULES = auto()
    # At this place the statement does not count, if it stands at another one.
    LESSER = auto()
    # Nor is it sure that its author placed it here: it may be a copy in another's log.
    LEAST = auto()


_E = Effect
_UNAUTHORISED = _E.PREVENTED | _E.VOID | _E.AGAINST | _E.NOT_EARLY
TABLE: dict[str, Effect] = {
    MALFORMED_LEAF: _E.VOID,
    BAD_SIGNATURE: _UNAUTHORISED | _E.LEAST,
    NO_MANDATE: _UNAUTHORISED,
    REVOKED: _UNAUTHORISED,
    SINGLE_RELEASE: _E.NONE,
    TOO_LATE: _E.PREVENTED,
    AGAINST_STANDING: _E.PREVENTED | _E.BY_RULES,
    CROSSED: _E.BY_RULES,
    BEFORE_CHARTER: _E.PREVENTED | _E.BY_RULES,
    BAD_CITATION: _E.PREVENTED | _E.PASSING,
    NOT_UNDERSTOOD: _UNAUTHORISED,
    UNKNOWN_KIND: _E.PREVENTED,
    MALFORMED_BODY: _E.PREVENTED | _E.AGAINST,
    UNOPENED: _E.PREVENTED | _E.NOT_EARLY | _E.PASSING,
    NOT_VOUCHED: _E.ENDED | _E.LESSER,
    # Our node places nothing twice: it passes such a statement over and refuses nothing.
    DUPLICATE: _E.VOID | _E.AGAINST | _E.LESSER,
}
LABELS = tuple(TABLE)


def having(effects: Effect) -> frozenset[str]:
    """The labels that do any of ``effects``."""
    return frozenset(label for label, effect in TABLE.items() if effect & effects)


PREVENTED = having(Effect.PREVENTED)
VOID = having(Effect.VOID)
# What counts for nobody who knows all that we know.
WITHOUT_EFFECT = having(Effect.VOID | Effect.ENDED)
AGAINST = having(Effect.AGAINST)
NOT_EARLY = having(Effect.NOT_EARLY)
PASSING = having(Effect.PASSING)
BY_RULES = having(Effect.BY_RULES)
# By how much a place comes behind the others of the same statement. Of equal ones the first to arrive counts.
BEHIND = dict.fromkeys(having(Effect.LESSER), 1) | dict.fromkeys(having(Effect.LEAST), 2)


def behind(labels: Iterable[str]) -> int:
    """How far a place with these labels comes behind others of the same statement; 0 where it counts."""
    return max((BEHIND.get(label, 0) for label in labels), default=0)


def foremost(places: Iterable[T], labels: Callable[[T], Collection[str]]) -> T:
    """The one of a statement's ``places``, in order of arrival, at which it counts. ``labels``: of a place.

    Raises ValueError without any.
    """
    return min(places, key=lambda place: behind(labels(place)))


def ranked(labels: Collection[str]) -> tuple[str, ...]:
    """Labels in the protocol's order, each once."""
    return tuple(sorted(set(labels), key=LABELS.index)) if labels else ()
