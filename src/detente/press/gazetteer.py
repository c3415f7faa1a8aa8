# SPDX-License-Identifier: Apache-2.0
"""Names that the rules know: offices, ranks, institutions, office holders, first names, outlets, exercises.

What is built in can be extended by a table of the user's own (``with_user``). A name here helps; a name
that is not
here is found as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeVar

from detente.press.data import table
from detente.press.declension import CASES, decline
from detente.press.sides import ORGANISATIONS, SideMention, find_sides
from detente.press.source import fold

__all__ = ["ORGANISATIONS", "Gazetteer", "Person", "SideMention", "builtin", "find_sides", "with_user"]

T = TypeVar("T")
LANGUAGES = ("ru", "be", "uk", "en")
Heads = dict[str, tuple[str, str, bool]]
FirstNames = dict[str, list[tuple[str, str, bool]]]


@dataclass(frozen=True)
class Person:
    """A known person in one language: side, nominative first name, patronymic and surname, whether a woman.

    ``number`` and ``names`` (surnames by language) are the same in every language; the surname's forms are
    folded, ``(form, cases)``; ``first_written`` is a spelling of the first name that the user corrected.
    """

    side: str
    first: str
    patronymic: str
    last: str
    female: bool
    number: int
    forms: tuple[tuple[str, str], ...]
    first_written: str = ""
    names: Mapping[str, str] = field(default_factory=dict, hash=False, compare=False)


@dataclass(frozen=True, eq=False)
class Gazetteer:
    """Everything that is known by name; the tables of a language are made when first asked for."""

    people: tuple[dict[str, Any], ...]
    outlets: tuple[tuple[str, tuple[str, ...]], ...]
    exercises: tuple[str, ...]
    offices: tuple[tuple[str, str], ...] = ()
    spellings: tuple[tuple[str, str], ...] = ()
    _made: dict[tuple[str, str], Any] = field(default_factory=dict, repr=False)

    def persons(self, lang: str) -> list[Person]:
        """The people whose names are given in ``lang``."""
        return self._once("persons", lang, lambda: list(_persons(self.people, lang)))

    def surnames(self, lang: str) -> dict[str, list[tuple[Person, str]]]:
        """Folded form of the last word of a known surname -> [(person, cases)]."""
        return self._once("surnames", lang, lambda: _surnames(self.persons(lang)))

    def first_names(self, lang: str) -> FirstNames:
        """Folded form of a first name -> [(nominative, cases, whether a woman's)]."""
        return self._once("firsts", lang, lambda: _first_names(self.persons(lang), lang))

    def heads(self, lang: str) -> Heads:
        """Form of an office's head word -> (nominative singular, its cases, whether plural)."""
        return self._once("heads", lang, lambda: _heads(lang, self.offices))

    def exercise_forms(self) -> dict[str, str]:
        """Folded name of a known exercise, or a spelling of it that the user corrected -> its name."""
        return self._once(
            "exercises",
            "",
            lambda: {
                fold(one): name for one, name in [*((one, one) for one in self.exercises), *self.spellings]
            },
        )

    def outlet_forms(self) -> dict[str, str]:
        """Folded form of an outlet's name -> its name."""
        return self._once(
            "outlets", "", lambda: {form: name for name, forms in self.outlets for form in forms}
        )

    def _once(self, what: str, lang: str, make: Callable[[], T]) -> T:
        key = (what, lang)
        if key not in self._made:
            self._made[key] = make()
        made: T = self._made[key]
        return made


@lru_cache(maxsize=1)
def builtin() -> Gazetteer:
    """The gazetteer of the package."""
    return Gazetteer(
        people=tuple(table("people")["person"]),
        outlets=tuple((row["name"], tuple(row["forms"])) for row in table("outlets")["outlet"]),
        exercises=tuple(table("exercises")["names"]),
    )


def with_user(gazetteer: Gazetteer, own: dict[str, Any]) -> Gazetteer:
    """``gazetteer`` and the user's own persons, outlets, exercises and offices.

    Raises MalformedError naming the row that is wrong.
    """
    from detente.press.user_gazetteer import extended

    return extended(gazetteer, own)


def _persons(rows: Iterable[dict[str, Any]], lang: str) -> Iterable[Person]:
    for number, row in enumerate(rows):
        if lang not in row:
            continue
        first, patronymic, last = row[lang]
        female = row.get("female", False)
        forms = row.get("forms", {}).get(lang)
        if forms:
            by_case = dict(zip(CASES, (one.split(",") for one in forms[1].split(" ")), strict=True))
        else:
            by_case = {
                case: list(variants)
                for case, variants in decline(
                    fold(last.split(" ")[-1]), lang, surname=True, female=female
                ).items()
            }
        for case, variants in _written_forms(row.get("written"), lang, female).items():
            by_case[case] = [*by_case[case], *variants]
        cases: dict[str, str] = {}
        for case, variants in by_case.items():
            for form in variants:
                spaced = form.replace("_", " ")
                cases[spaced] = cases.get(spaced, "") + case
        spelt = (row.get("written") or "").split(" ")
        yield Person(
            row["side"],
            first,
            patronymic,
            last,
            female,
            number,
            tuple(cases.items()),
            spelt[0] if len(spelt) > 1 else "",
            {one: row[one][2] for one in LANGUAGES if one in row},
        )


def _written_forms(written: str | None, lang: str, female: bool) -> dict[str, tuple[str, ...]]:
    """The forms of a surname that the user says pages write otherwise."""
    if not written:
        return {}
    return decline(fold(written.split(" ")[-1]), lang, surname=True, female=female)


def _surnames(persons: Iterable[Person]) -> dict[str, list[tuple[Person, str]]]:
    found: dict[str, list[tuple[Person, str]]] = {}
    for person in persons:
        for form, cases in person.forms:
            slot = found.setdefault(form.split(" ")[-1], [])
            if all(known is not person for known, _ in slot):
                slot.append((person, cases))
    return found


def _first_names(persons: Iterable[Person], lang: str) -> FirstNames:
    lists = table("firstnames")[lang]
    known = [(name, False) for name in lists["male"].split()]
    known += [(name, True) for name in lists["female"].split()]
    listed = [(name, name, female) for name, female in known]
    for person in persons:
        first = person.first.split(" ")[0]
        listed += [(first, one, person.female) for one in (first, person.first_written) if one]
    found: dict[str, dict[tuple[str, bool], str]] = {}
    for name, spelt, female in dict.fromkeys(listed):
        for case, variants in decline(fold(spelt), lang, surname=False, female=female).items():
            for form in variants:
                slot = found.setdefault(form, {})
                if case not in slot.get((name, female), ""):
                    slot[(name, female)] = slot.get((name, female), "") + case
    return {
        form: [(name, cases, woman) for (name, woman), cases in slot.items()] for form, slot in found.items()
    }


def _heads(lang: str, own: Iterable[tuple[str, str]]) -> Heads:
    found: Heads = {}
    section = table("offices")[lang]
    listed = [row.split(" ") for sort in ("heads", "weak", "plain") for row in section[sort]]
    for row in listed + [row.split(" ") for where, row in own if where == lang]:
        nominative = row[0].split(",")[0]
        for case, variants in zip(CASES, row[:6], strict=True):
            for form in fold(variants).split(","):
                known = found.get(form)
                cases = known[1] if known and known[0] == nominative and not known[2] else ""
                if known is None or known[0] == nominative:
                    found[form] = (nominative, cases + (case if case not in cases else ""), False)
        for case, variants in zip(CASES, row[6:], strict=False):
            for form in fold(variants).split(","):
                known = found.get(form)
                if known is None:
                    found[form] = (nominative, case, True)
                elif known[2] and known[0] == nominative and case not in known[1]:
                    found[form] = (nominative, known[1] + case, True)
    if lang == "be":  # after a vowel the first letter is a short u
        found.update({"ў" + form[1:]: known for form, known in found.items() if form.startswith("у")})
    return found


@lru_cache(maxsize=8)
def ranks(lang: str = "ru") -> dict[str, tuple[str, str]]:
    """Form of a rank -> (nominative, its cases)."""
    found: dict[str, tuple[str, str]] = {}
    for row in table("offices")[lang]["ranks"]:
        forms = row.split("/")
        nominative = forms[0].split(",")[0]
        for case, variants in zip(CASES, forms, strict=True):
            for form in variants.split(","):
                plain = fold(form)
                found[plain] = (nominative, found.get(plain, ("", ""))[1] + case)
    return found


@lru_cache(maxsize=8)
def sorts(lang: str, sort: str) -> frozenset[str]:
    """The nominatives of the heads that are ``weak`` or ``plain`` (see data/offices.toml)."""
    return frozenset(row.split(" ")[0].split(",")[0] for row in table("offices")[lang][sort])


@lru_cache(maxsize=64)
def words(lang: str, key: str) -> frozenset[str]:
    """A list of words of data/offices.toml."""
    return frozenset(table("offices")[lang].get(key, ()))


def heads(lang: str = "ru", names: Gazetteer | None = None) -> Heads:
    """Form of an office's head word -> (nominative singular, its cases, whether plural)."""
    return (names or builtin()).heads(lang)


def outlet_forms(names: Gazetteer | None = None) -> dict[str, str]:
    """Folded form of an outlet's name -> its name."""
    return (names or builtin()).outlet_forms()


def exercise_names(names: Gazetteer | None = None) -> tuple[str, ...]:
    """Exercises that are found without the word "exercise" beside them."""
    return (names or builtin()).exercises


def words_pattern(listed: Iterable[str]) -> re.Pattern[str]:
    """One pattern for whole words and phrases, the longest first. For short lists; long ones are Phrases."""
    longest = sorted(listed, key=len, reverse=True)
    return re.compile(r"(?<!\w)(?:" + "|".join(re.escape(word) for word in longest) + r")(?!\w)")


@lru_cache(maxsize=8)
def institution_pattern(lang: str = "ru") -> re.Pattern[str]:
    """What names an institution, without the side beside it."""
    return re.compile(r"(?<![\w-])(?:" + "|".join(table("offices")[lang]["institutions"]) + r")(?!\w)")


@lru_cache(maxsize=8)
def rank_pattern(lang: str = "ru") -> re.Pattern[str]:
    """Ranks in every form, with what may follow them ("of justice", "retired"), at the end of a text."""
    longest = sorted(ranks(lang), key=len, reverse=True)
    tails = "|".join(table("offices")[lang].get("rank_tails", ()))
    return re.compile(
        r"(?<![\w-])(" + "|".join(re.escape(word) for word in longest) + rf")(?:\s+({tails}))?,?\s*$"
    )
