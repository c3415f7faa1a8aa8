# SPDX-License-Identifier: Apache-2.0
"""Names that the rules know: sides, offices, ranks, institutions, office holders, outlets, exercises."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from detente.press.data import table
from detente.press.declension import CASES, forms

ORGANISATIONS = frozenset({"NATO", "EU", "OSCE", "UN"})
_SK = ("ий", "ая", "ое", "ие", "ого", "ой", "ому", "ую", "им", "ом", "их", "ими")
_LINKS = {
    "BY": ("белорусско",),
    "US": ("американо",),
    "DE": ("германо",),
    "FR": ("франко",),
    "CN": ("китайско",),
}


@dataclass(frozen=True)
class SideMention:
    """A side named at ``[start, end)``; ``sort`` is ``name``, ``adjective``, ``capital`` or ``people``."""

    start: int
    end: int
    side: str
    sort: str


@dataclass(frozen=True)
class Person:
    """An office holder: side, nominative first name, patronymic and surname, whether a woman."""

    side: str
    first: str
    patronymic: str
    last: str
    female: bool


@lru_cache(maxsize=1)
def _side_forms() -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for side, words in table("sides").items():
        for stem in words["adjectives"]:
            base = stem if stem.endswith("ск") else stem + "ск"
            if stem == "натов":
                base = "натовск"
            if stem in ("турец", "немец", "словац"):
                base = stem + "к"
            found.update({base + ending: (side, "adjective") for ending in _SK})
            found[base + "о"] = (side, "adjective")
        found.update(dict.fromkeys(_LINKS.get(side, ()), (side, "adjective")))
        found.update(dict.fromkeys(words["capital"], (side, "capital")))
        found.update(dict.fromkeys(words["names"], (side, "name")))
    for side, stem in (("BY", "белорус"), ("BY", "беларус"), ("UA", "украин")):
        for ending in ("ы", "ов", "ам", "ами", "ах") if side == "BY" else ("цы", "цев", "цам", "цами", "цах"):
            found[stem + ending] = (side, "people")
    return found


@lru_cache(maxsize=1)
def _side_pattern() -> re.Pattern[str]:
    return words_pattern(_side_forms())


def words_pattern(words: object) -> re.Pattern[str]:
    """One pattern for whole words and phrases, the longest first; linear in the text."""
    listed = sorted((str(word) for word in iter(words)), key=len, reverse=True)  # type: ignore[call-overload]
    return re.compile(r"(?<!\w)(?:" + "|".join(re.escape(word) for word in listed) + r")(?!\w)")


def find_sides(folded: str, start: int, end: int) -> list[SideMention]:
    """Every side named in ``folded[start:end]``, in order."""
    known = _side_forms()
    return [
        SideMention(match.start(), match.end(), *known[match.group()])
        for match in _side_pattern().finditer(folded, start, end)
    ]


@lru_cache(maxsize=1)
def heads() -> dict[str, tuple[str, str, bool]]:
    """Form of an office's head word -> (nominative singular, its cases, whether plural)."""
    found: dict[str, tuple[str, str, bool]] = {}
    for row in table("offices")["heads"]:
        for case, form in zip(CASES, row[:6], strict=True):
            cases = found[form][1] if form in found and found[form][0] == row[0] else ""
            found[form] = (row[0], cases + case, False)
        for case, form in zip("ngdi", row[6:], strict=True):
            found.setdefault(form, (row[0], case, True))
    return found


@lru_cache(maxsize=1)
def ranks() -> dict[str, tuple[str, str]]:
    """Form of a rank -> (nominative, its cases)."""
    found: dict[str, tuple[str, str]] = {}
    for row in table("offices")["ranks"]:
        for case, form in zip(CASES, row, strict=True):
            found[form] = (row[0], found.get(form, ("", ""))[1] + case)
    return found


@lru_cache(maxsize=1)
def first_names() -> dict[str, list[tuple[str, str, bool]]]:
    """Folded form of a first name -> [(nominative, cases, whether a woman's)]."""
    found: dict[str, dict[tuple[str, bool], str]] = {}
    lists = table("firstnames")
    known = [(name, False) for name in lists["male"]] + [(name, True) for name in lists["female"]]
    people = table("people")["person"]
    known += [(row["name"][0].split(" ")[0], row.get("female", False)) for row in people]
    for name, female in dict.fromkeys(known):
        plain = name.lower().replace("ё", "е")
        for case, form in forms(plain, surname=False, female=female).items():
            slot = found.setdefault(form, {})
            slot[(name, female)] = slot.get((name, female), "") + case
    return {
        form: [(name, cases, woman) for (name, woman), cases in slot.items()] for form, slot in found.items()
    }


@lru_cache(maxsize=1)
def surnames() -> dict[str, list[tuple[Person, str]]]:
    """Folded form of a known surname -> [(person, cases)]."""
    found: dict[str, list[tuple[Person, str]]] = {}
    for row in table("people")["person"]:
        person = Person(row["side"], row["name"][0], row["name"][1], row["name"][2], row.get("female", False))
        cases: dict[str, str] = {}
        for case, form in zip(CASES, row["last"], strict=True):
            plain = form.lower().replace("ё", "е")
            cases[plain] = cases.get(plain, "") + case
        for form, which in cases.items():
            found.setdefault(form, []).append((person, which))
    return found


@lru_cache(maxsize=1)
def outlet_forms() -> dict[str, str]:
    """Folded form of an outlet's name -> its name."""
    return {form: row["name"] for row in table("outlets")["outlet"] for form in row["forms"]}


@lru_cache(maxsize=1)
def institution_pattern() -> re.Pattern[str]:
    """What names an institution, without the side beside it."""
    return re.compile(r"(?<![\w-])(?:" + "|".join(table("offices")["institutions"]) + r")(?!\w)")


@lru_cache(maxsize=1)
def head_pattern() -> re.Pattern[str]:
    """Head words of offices in every form."""
    return words_pattern(heads())


@lru_cache(maxsize=1)
def rank_pattern() -> re.Pattern[str]:
    """Ranks in every form."""
    return words_pattern(ranks())
