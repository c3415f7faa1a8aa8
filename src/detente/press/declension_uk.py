# SPDX-License-Identifier: Apache-2.0
"""Case forms of Ukrainian names by rule: cases ``n g d a i p``, each with the variants that pages write."""

from __future__ import annotations

_HUSH = tuple("жшчщ")
_FIXED = ("у", "ю", "е", "є", "э", "и", "і", "ї")
_SOFTER = {"г": "з", "к": "ц", "х": "с"}
#: Nominatives whose stem is not what is left without the ending.
STEMS = {
    "лев": "льв",
    "павел": "павл",
    "посол": "посл",
    "секретар": "секретарь",
    "держсекретар": "держсекретарь",
    "генсек": "генсек",
    "ігор": "ігорь",
    "лазар": "лазарь",
}
#: Endings of nominatives, how likely each is in a surname: to choose among the nominatives of one form.
PRIORS = (
    ("енко", 0.97),
    ("єнко", 0.97),
    ("ський", 0.95),
    ("цький", 0.95),
    ("ов", 0.93),
    ("ев", 0.93),
    ("єв", 0.93),
    ("ін", 0.92),
    ("їн", 0.9),
    ("ин", 0.85),
    ("ко", 0.7),
    ("ий", 0.8),
    ("ій", 0.86),
    ("ець", 0.85),
    ("ів", 0.6),
    ("ь", 0.8),
    ("й", 0.84),
    ("о", 0.4),
    ("а", 0.8),
    ("я", 0.7),
    ("", 0.85),
)
PRIORS_FEMALE = (
    ("ська", 0.95),
    ("цька", 0.95),
    ("ова", 0.95),
    ("ева", 0.95),
    ("єва", 0.95),
    ("іна", 0.9),
    ("на", 0.85),
    ("ія", 0.85),
    ("я", 0.75),
    ("а", 0.8),
)

Forms = list[tuple[str, ...]]


def decline(name: str, surname: bool, female: bool, foreign: bool) -> Forms:
    """The forms of one lower-case part of a name, a tuple of variants for each of six cases."""
    if name.endswith(_FIXED) or len(name) < 2:
        return [(name,)] * 6
    if female:
        return _female(name, surname)
    return _male(name, surname, foreign)


def _male(name: str, surname: bool, foreign: bool) -> Forms:
    if surname and name.endswith("ий") and not foreign:
        stem = name[:-2]
        return _six(
            name, stem + "ого", (stem + "ому",), stem + "ого", stem + "им", (stem + "ому", stem + "ім")
        )
    if name.endswith(("а", "я")):
        return a_stem(name)
    if name.endswith("о"):
        if foreign:
            return [(name,)] * 6
        stem = name[:-1]
        dative = (stem + "у", stem + "ові")
        return _six(name, stem + "а", dative, stem + "а", stem + "ом", (*dative, _soft(stem) + "і"))
    stem = STEMS.get(name, name)
    if surname and name.endswith(("ець", "єць")) and len(name) > 4:
        stem = name[:-3] + ("йць" if name.endswith("єць") else "ць")
    elif surname and name.endswith(("ів", "їв")) and len(name) > 4:
        stem = name[:-2] + ("єв" if name.endswith("їв") else "ев" if name[-3] in "лнцжшчщ" else "ов")
    if stem.endswith("й"):
        stem = stem[:-1]
        dative = (stem + "ю", stem + "єві")
        return _six(name, stem + "я", dative, stem + "я", stem + "єм", (*dative, stem + "ї"))
    if stem.endswith("ь"):
        stem = stem[:-1]
        dative = (stem + "ю", stem + "еві")
        return _six(name, stem + "я", dative, stem + "я", stem + "ем", (*dative, stem + "і"))
    if stem.endswith(_HUSH):
        dative = (stem + "у", stem + "еві")
        return _six(name, stem + "а", dative, stem + "а", stem + "ем", (*dative, stem + "і"))
    instrumental: tuple[str, ...] = (stem + "ом",)
    if surname and name.endswith(("ов", "ев", "єв", "ин", "ін", "їн", "ів", "їв")):
        instrumental = (stem + "ом", stem + "им") if foreign else (stem + "им", stem + "ом")
    dative = (stem + "у", stem + "ові")
    return [(name,), (stem + "а",), dative, (stem + "а",), instrumental, (*dative, stem + "і")]


def _female(name: str, surname: bool) -> Forms:
    if surname and name.endswith(("ова", "ева", "єва", "іна", "їна", "ина", "ська", "цька", "на")):
        stem = name[:-1]
        return _six(name, stem + "ої", (stem + "ій",), stem + "у", stem + "ою", (stem + "ій",))
    if name.endswith(("а", "я")):
        return a_stem(name)
    if not surname and name.endswith(("ь", "в")):  # Nynel', Liubov
        stem = name.rstrip("ь")
        return _six(name, stem + "і", (stem + "і",), name, stem + "'ю", (stem + "і",))
    return [(name,)] * 6


def a_stem(name: str) -> Forms:
    """First-declension forms of a name in -a or -ya."""
    stem = name[:-1]
    if name.endswith("ія"):
        return _six(name, stem + "ї", (stem + "ї",), stem + "ю", stem + "єю", (stem + "ї",))
    if name.endswith("я"):
        return _six(name, stem + "і", (stem + "і",), stem + "ю", stem + "ею", (stem + "і",))
    if stem.endswith(_HUSH):
        return _six(name, stem + "і", (stem + "і",), stem + "у", stem + "ею", (stem + "і",))
    return _six(name, stem + "и", (_soft(stem) + "і",), stem + "у", stem + "ою", (_soft(stem) + "і",))


def _soft(stem: str) -> str:
    return stem[:-1] + _SOFTER.get(stem[-1:], stem[-1:])


def _six(n: str, g: str, d: tuple[str, ...], a: str, i: str, p: tuple[str, ...]) -> Forms:
    return [(n,), (g,), d, (a,), (i,), p]
