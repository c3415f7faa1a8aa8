# SPDX-License-Identifier: Apache-2.0
"""Sides that a text names: states and four organisations, by name, adjective, capital or people."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from detente.press.data import table
from detente.press.wordlist import Phrases

ORGANISATIONS = frozenset({"NATO", "EU", "OSCE", "UN"})
_SORTS = {"names": "name", "adjectives": "adjective", "capitals": "capital", "people": "people"}
#: Adjectives of the first part of a compound that the second declension of the list does not give.
_LINKS = {
    "ru": {"американо": "US", "германо": "DE", "франко": "FR", "англо": "GB", "итало": "IT", "японо": "JP"},
    "be": {"амерыкана": "US", "германа": "DE", "франка": "FR", "англа": "GB"},
    "uk": {"американо": "US", "германо": "DE", "франко": "FR", "англо": "GB"},
    "en": {"franco": "FR", "anglo": "GB", "sino": "CN", "russo": "RU"},
}
#: Names that are common words too unless written in capitals throughout.
_SHOUTED = frozenset({"us", "un", "eu", "uk", "uae", "prc", "рб", "рф", "ес", "єс", "эз", "пар"})
#: Names that pages also write in lower case.
_LOWER = ("альянс", "паўночнаатлантычн", "північноатлантичн", "североатлантическ", "alliance", "эмират")


@dataclass(frozen=True)
class SideMention:
    """A side named at ``[start, end)``; ``sort`` is ``name``, ``adjective``, ``capital`` or ``people``."""

    start: int
    end: int
    side: str
    sort: str


@lru_cache(maxsize=8)
def _forms(lang: str) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for key in reversed(_SORTS):  # a name goes before a capital, and that before an adjective
        for side, words in table("sides")[lang].items():
            for form in words.get(key, "").split("|"):
                if form:
                    found[form] = (side, _SORTS[key])
    if lang == "be":  # after a vowel the first letter is a short u
        found.update({"ў" + form[1:]: known for form, known in found.items() if form.startswith("у")})
    for form, side in _LINKS[lang].items():
        found.setdefault(form, (side, "adjective"))
    if lang != "en":  # initials in Latin letters stand in pages of every language
        found.update({"nato": ("NATO", "name"), "osce": ("OSCE", "name")})
    return found


@lru_cache(maxsize=8)
def _phrases(lang: str) -> Phrases:
    return Phrases(_forms(lang))


def find_sides(
    folded: str, start: int, end: int, lang: str = "ru", text: str | None = None
) -> list[SideMention]:
    """Every side named in ``folded[start:end]``, in order.

    With ``text`` the capitals count: "us" is no side and "US" is, a vein is not Vienna.
    """
    known = _forms(lang)
    return [
        SideMention(at, stop, *known[form])
        for at, stop, form in _phrases(lang).find(folded, start, end)
        if _written(form, known[form][1], None if text is None else text[at:stop])
    ]


def _written(form: str, sort: str, written: str | None) -> bool:
    if form == "us" and written is None:
        return False
    if written is None:
        return True
    if form in _SHOUTED:
        return written.isupper()
    if sort in ("name", "capital"):
        return written[0].isupper() or form.startswith(_LOWER)
    return True
