# SPDX-License-Identifier: Apache-2.0
"""The charter: its defaults, its template for people, its reading and its amendment."""

from __future__ import annotations

import pkgutil
import tomllib
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from detente.errors import MalformedError, UsageError
from detente.words import phrases
from detente.words.bodies.keeping import Charter, Member, PhraseEntry, Quotas
from detente.words.kinds import KINDS

__all__ = [
    "DEFAULTS",
    "Charter",
    "Member",
    "PhraseEntry",
    "Quotas",
    "amend",
    "charter_body",
    "from_toml",
    "open_kinds",
    "parse",
    "template",
]

_TEMPLATE = (pkgutil.get_data("detente.words", "charter.toml") or b"").decode()
DEFAULTS: dict[str, Any] = {"procedures": [], **tomllib.loads(_TEMPLATE)}


def template() -> str:
    """The commented TOML that a person fills in. It reads back to the defaults."""
    return _TEMPLATE


def from_toml(text: str) -> dict[str, Any]:
    """A charter's body from a filled-in template, without members if it names none.

    Raises UsageError that names the field.
    """
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"charter: not readable as TOML: {error}") from None
    known = set(Charter.__struct_fields__)
    for name in given:
        if name not in known:
            raise UsageError(f"charter: unknown field {name!r}; known are {', '.join(sorted(known))}")
    return _checked(given, given.get("members"))


def charter_body(members: Iterable[Mapping[str, Any] | Member], **overrides: Any) -> dict[str, Any]:
    """A complete charter body: defaults, then ``overrides`` by field. Raises UsageError.

    ``members``: ``{"fingerprint", "id", "name"}`` of every party, the proposer's own among them.
    """
    named = [msgspec.to_builtins(m) if isinstance(m, Member) else dict(m) for m in members]
    return _checked(overrides, named)


def parse(body: Mapping[str, Any]) -> Charter:
    """The charter that a body states; what it leaves out has its default. Raises MalformedError."""
    full = _full(body)
    try:
        charter = msgspec.convert(full, Charter)
    except (msgspec.ValidationError, OverflowError, RecursionError) as error:
        raise MalformedError(f"charter: {str(error).replace('$.', '')}") from None
    _no_doubles(charter)
    return charter


def amend(body: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The charter body after an amendment, by merge patch (RFC 7396). Raises MalformedError."""
    merged: dict[str, Any] = merge_patch(body, changes)
    parse(merged)
    return merged


def merge_patch(target: Any, patch: Any) -> Any:
    """RFC 7396: objects are merged name by name, null takes away, anything else replaces."""
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged


def open_kinds(charter: Charter) -> frozenset[str]:
    """What no standing closes: the charter's floor and what keeps the line."""
    return frozenset(charter.floor) | {k.name for k in KINDS.values() if k.keeping}


def _full(given: Mapping[str, Any]) -> dict[str, Any]:
    named = {name: value for name, value in given.items() if value is not None}
    merged = DEFAULTS | {"phrases": phrases.default_book()} | named
    for table in ("ack_due", "quotas"):
        if isinstance(named.get(table), Mapping):
            merged[table] = DEFAULTS[table] | dict(named[table])
    return merged


def _checked(given: Mapping[str, Any], members: Any) -> dict[str, Any]:
    body: dict[str, Any] = msgspec.to_builtins(_full(given))
    sample = {"fingerprint": "0" * 64, "id": "A"}
    try:
        charter = parse(body | {"members": [sample] if members is None else members})
    except MalformedError as error:
        raise UsageError(str(error)) from None
    for field, names in (("floor", charter.floor), ("answer_due", charter.answer_due)):
        for name in names:
            if name not in KINDS:
                raise UsageError(f"charter: {field}: no kind is called {name!r}")
    return body if members is None else body | {"members": members}


def _no_doubles(charter: Charter) -> None:
    for field, values in (
        ("members", [m.fingerprint for m in charter.members]),
        ("members", [m.id for m in charter.members]),
        ("phrases", [p.code for p in charter.phrases]),
    ):
        seen: set[str] = set()
        for value in values:
            if value in seen:
                raise MalformedError(f"charter: {field}: {value!r} stands there twice")
            seen.add(value)
