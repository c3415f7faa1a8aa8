# SPDX-License-Identifier: Apache-2.0
"""What the pages give a replay to work with: sides, contact, people, exercises, each finding by name."""

from __future__ import annotations

import pkgutil
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from detente.errors import RefusedError
from detente.press.data import table
from detente.press.gazetteer import find_sides
from detente.press.source import fold

LISTS = ("contacts", "statements", "exercises", "measures", "appeals", "relations")
PARTS = ("participants", "purpose", "topics", "readouts")
_PARTY = re.compile(r"[A-Z0-9-]{1,16}")
_WHEN = re.compile(r"[0-9X]{4}(-[0-9X]{2}(-[0-9X]{2})?)?[?~%]?")
_NEAR = 80
"""How far (code points) before an exercise's name the side that holds it is sought."""


@dataclass(frozen=True)
class Page:
    """A page as read: its text, and what was found in it (a SOURCE of the contract)."""

    text: str
    source: Mapping[str, Any]


@dataclass(frozen=True)
class Found:
    """One finding: ``id`` is page number, list and number in it, such as ``2.statements.3``."""

    id: str
    page: int
    kind: str
    value: Mapping[str, Any]
    words: str

    @property
    def side(self) -> str | None:
        """Whose it is, as far as the page says or as the read-out around it suggests."""
        return self.value.get("side") or self.value.get("follows")


@dataclass(frozen=True)
class Exercise:
    """An exercise by name, the party on whose ground it takes place, and the finding."""

    name: str
    host: str | None
    found: str


@dataclass(frozen=True)
class Plan:
    """The pages put together. ``sides``: the two parties of the replay, in the order of the page."""

    pages: tuple[Page, ...]
    found: tuple[Found, ...]
    sides: tuple[str, str]
    contact: Found
    initiator: str | None
    date: str | None
    exercises: tuple[Exercise, ...]

    def of(self, kind: str, *, page: int | None = None) -> list[Found]:
        """All findings of one kind, of one page or of all."""
        return [one for one in self.found if one.kind == kind and page in (None, one.page)]

    def parts(self, name: str) -> list[Found]:
        """The contact's participants, purposes, topics or read-outs."""
        return [one for one in self.found if one.id.startswith(f"{self.contact.id}.{name}.")]

    def other(self, side: str) -> str:
        """The party that is not ``side``."""
        return self.sides[1] if side == self.sides[0] else self.sides[0]

    def people(self, side: str) -> list[Mapping[str, Any]]:
        """Who took part for a side."""
        return [one.value for one in self.parts("participants") if one.value.get("side") == side]

    def kind(self) -> str:
        """What kind of contact, as a proposal names it; a talk without more said counts as a call."""
        return str(self.contact.value.get("kind") or "phone_call")


def make_plan(pages: Sequence[Page]) -> Plan:
    """The plan for a replay. RefusedError if no page tells of a contact between two parties."""
    found = tuple(one for number, page in enumerate(pages, 1) for one in _findings(number, page))
    usable = [
        (one, sides) for one in found if one.kind == "contacts" and len(sides := _sides(one.value)) >= 2
    ]
    if not usable:
        names = ", ".join(str(page.source["file"]) for page in pages)
        raise RefusedError(
            f"no page tells of a contact between two sides: {names}; give one with a call or a meeting"
        )
    # A contact that took place tells more than one that is planned; of equals, the first counts.
    contact, sides = max(usable, key=lambda one: one[0].value.get("status") == "held")
    pair = (sides[0], sides[1])
    initiator = contact.value.get("initiator")
    date = (contact.value.get("date") or {}).get("edtf")
    return Plan(
        pages=tuple(pages),
        found=found,
        sides=pair,
        contact=contact,
        initiator=initiator if initiator in pair else None,
        date=date if date and _WHEN.fullmatch(date) else None,
        exercises=_exercises(pages, found, pair),
    )


def _findings(number: int, page: Page) -> Iterator[Found]:
    for kind in LISTS:
        for at, value in enumerate(page.source.get(kind) or (), 1):
            name = f"{number}.{kind}.{at}"
            yield Found(name, number, kind, value, words_of(page, value))
            for part in PARTS if kind == "contacts" else ():
                for n, inner in enumerate(value.get(part) or (), 1):
                    yield Found(f"{name}.{part}.{n}", number, part, inner, words_of(page, inner))


def words_of(page: Page, value: Mapping[str, Any]) -> str:
    """The words of the page on which a finding rests, on one line."""
    spans = value.get("spans") or ([value["span"]] if value.get("span") else [])
    return " … ".join(" ".join(page.text[start:end].split()) for start, end in spans)


def _sides(contact: Mapping[str, Any]) -> list[str]:
    if contact.get("kind") == "statement":
        return []
    named = [one.get("side") for one in contact.get("participants") or ()]
    named += [*(contact.get("sides") or ()), contact.get("initiator")]
    return [side for side in dict.fromkeys(named) if isinstance(side, str) and _PARTY.fullmatch(side)]


# Exercises -----------------------------------------------------------------------------------------------


def _exercises(pages: Sequence[Page], found: Iterable[Found], pair: tuple[str, str]) -> tuple[Exercise, ...]:
    """Each name once, with its host: who speaks of it, else whom the words before it name, else the rest."""
    listed = list(found)
    hosts: dict[str, tuple[str | None, str]] = {}
    for one in listed:
        if one.kind == "exercises" and one.value["name"] not in hosts:
            hosts[one.value["name"]] = (_host(pages[one.page - 1], one, listed, pair), one.id)
    taken = [host for host, _ in hosts.values()]
    left = [side for side in pair if side not in taken]
    exercises = []
    for name, (host, name_of) in hosts.items():
        exercises.append(Exercise(name, host or (left.pop(0) if left else None), name_of))
    return tuple(exercises)


def _host(page: Page, exercise: Found, found: Iterable[Found], pair: tuple[str, str]) -> str | None:
    start, end = exercise.value["span"]
    for one in found:
        if one.kind == "statements" and one.page == exercise.page and not one.value.get("reported_by"):
            low, high = one.value["span"]
            if low <= start and end <= high and one.value.get("side") in pair:
                return str(one.value["side"])
    near = find_sides(fold(page.text), max(0, start - _NEAR), start)
    named = [one.side for one in near if one.side in pair]
    return named[-1] if named else None


# Words of the replay's own -------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _words() -> dict[str, Any]:
    return tomllib.loads((pkgutil.get_data("detente.node", "demo.toml") or b"").decode())


def side_name(side: str | None) -> str:
    """A side in English; its code where the table has no name."""
    return "nobody named" if side is None else str(_words()["sides"].get(side, side))


def authority(people: Sequence[Mapping[str, Any]], side: str) -> str:
    """The name of the party that speaks for a side: the authority whose office took part."""
    offices = fold(" ".join(str(one.get("office") or "") for one in people))
    for row in _words()["authorities"]:
        if any(stem in offices for stem in row["stems"]):
            return f"{row['name']} of {side_name(side)}"
    return f"Government of {side_name(side)}" if side not in ("NATO", "EU", "OSCE", "UN") else side_name(side)


def gist(words: str, lang: str = "en") -> str:
    """What a text is about in a few words of ours, as far as single words of it show."""
    folded = f" {fold(words)} "
    told = [row["text"] for row in _words()["gists"] if any(stem in folded for stem in row["stems"])]
    return ", ".join(str(text[lang]) for text in told[:4])


def readout_words(lang: str | None) -> tuple[str, Mapping[str, Any]]:
    """(language, sentences) for a read-out in the language of a page, or in English."""
    known = _words()["readout"]
    chosen = lang if lang is not None and lang in known else "en"
    return chosen, known[chosen]


def own_name(side: str, lang: str) -> str:
    """A side by its name in that language; in English, or its code, where it is not known."""
    names = table("sides").get(side, {}).get("names") if lang == "ru" else None
    return " ".join(word.capitalize() for word in names[0].split()) if names else side_name(side)
