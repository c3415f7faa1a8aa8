# SPDX-License-Identifier: Apache-2.0
"""The historical cases as data: facts in the project's own words, each with sources and its status."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from detente.errors import FatalError, MalformedError, UsageError
from detente.record.entry import parse_rfc3339

STATUSES = frozenset({"verified", "predecessor", "unverified"})
# Beside the program's rooms where it was installed; at the top of a clone.
_PLACES = (Path(__file__).parents[1] / "cases", Path(__file__).parents[3] / "cases")


@dataclass(frozen=True)
class Fact:
    """One fact: ``date`` is EDTF or None; ``sources`` are codes; ``more`` holds its figures."""

    id: str
    text: str
    date: str | None
    sources: tuple[str, ...]
    status: str
    more: Mapping[str, Any]

    def cite(self) -> str:
        """Its sources and status on one line."""
        return f"{', '.join(self.sources)} ({self.status})"


@dataclass(frozen=True)
class Case:
    """One case. ``kind`` says how it is replayed; ``data`` is all that its file holds; times in ms."""

    name: str
    title: str
    what: str
    kind: str
    begins: int
    ends: int
    facts: Mapping[str, Fact]
    sources: Mapping[str, str]
    data: Mapping[str, Any]


def places() -> Path:
    """The directory of the cases. FatalError if this installation has none."""
    for place in _PLACES:
        if place.is_dir():
            return place
    raise FatalError("this installation has no cases: install the wheel or use a whole clone")


def names() -> list[str]:
    """All cases by name."""
    return sorted(path.stem for path in places().glob("*.toml"))


@lru_cache(maxsize=16)
def load(name: str) -> Case:
    """A case by its name. UsageError if there is none, MalformedError for a file that is not one."""
    if name not in names():
        raise UsageError(f"no case {name!r}; the cases are: {', '.join(names())}")
    raw = (places() / f"{name}.toml").read_text("utf-8")
    try:
        data = tomllib.loads(raw)
        facts = {key: _fact(key, row) for key, row in data["facts"].items()}
        times = parse_rfc3339(data["begins"]), parse_rfc3339(data["ends"])
        case = Case(name, data["title"], data["what"], data["kind"], *times, facts, data["sources"], data)
    except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError, UsageError) as error:
        raise MalformedError(f"the case {name} cannot be read: {error}") from None
    unknown = {code for fact in facts.values() for code in fact.sources} - case.sources.keys()
    if unknown:
        raise MalformedError(
            f"the case {name} names sources that it does not list: {', '.join(sorted(unknown))}"
        )
    return case


def _fact(key: str, row: Mapping[str, Any]) -> Fact:
    if not row["sources"] or row["status"] not in STATUSES:
        raise TypeError(f"the fact {key} has no source, or no status")
    more = {name: row[name] for name in row if name not in ("text", "date", "sources", "status")}
    return Fact(key, row["text"], row.get("date"), tuple(row["sources"]), row["status"], more)
