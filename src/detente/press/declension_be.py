# SPDX-License-Identifier: Apache-2.0
"""Case forms of Belarusian names by rule: cases ``n g d a i p``, each with the variants that pages write."""

from __future__ import annotations

_HARD = tuple("жшчцрщ")
_VELAR = tuple("гкх")
_FIXED = ("у", "ю", "е", "э", "ё", "і", "ы")
_SOFTER = {"г": "з", "к": "ц", "х": "с", "т": "ц", "д": "дз"}
#: Nominatives whose stem is not what is left without the ending.
STEMS = {"леў": "льв", "павел": "паўл", "пасол": "пасл"}
#: Endings of nominatives, how likely each is in a surname: to choose among the nominatives of one form.
PRIORS = (
    ("энка", 0.97),
    ("енка", 0.97),
    ("анка", 0.96),
    ("скі", 0.95),
    ("цкі", 0.95),
    ("оў", 0.93),
    ("аў", 0.92),
    ("еў", 0.93),
    ("ёў", 0.93),
    ("ін", 0.92),
    ("ын", 0.92),
    ("ны", 0.85),
    ("ы", 0.6),
    ("кі", 0.7),
    ("ец", 0.8),
    ("й", 0.86),
    ("ь", 0.8),
    ("о", 0.4),
    ("а", 0.8),
    ("я", 0.7),
    ("", 0.85),
)
PRIORS_FEMALE = (
    ("ская", 0.95),
    ("цкая", 0.95),
    ("ова", 0.95),
    ("ава", 0.94),
    ("ева", 0.95),
    ("ёва", 0.95),
    ("іна", 0.9),
    ("ына", 0.9),
    ("ая", 0.85),
    ("ія", 0.8),
    ("ыя", 0.8),
    ("я", 0.75),
    ("а", 0.8),
)

Forms = list[tuple[str, ...]]


def decline(name: str, surname: bool, female: bool, foreign: bool) -> Forms:
    """The forms of one lower-case part of a name, a tuple of variants for each of six cases."""
    if len(name) < 2:
        return [(name,)] * 6
    if not female and surname and not foreign and name.endswith(("скі", "цкі", "кі", "ны", "лы", "чы", "ты")):
        return _adjective(name)
    if name.endswith(_FIXED):
        return [(name,)] * 6
    if female:
        return _female(name, surname)
    return _male(name, surname, foreign)


def _adjective(name: str) -> Forms:
    stem = name[:-1]
    one = stem + name[-1] + "м"
    return _six(
        name, (stem + "ага", stem + "ога"), (stem + "аму", stem + "ому"), (stem + "ага",), (one,), (one,)
    )


def _male(name: str, surname: bool, foreign: bool) -> Forms:
    if name.endswith(("а", "я")):
        return _male_a(name)
    if name.endswith("о"):
        if foreign:
            return [(name,)] * 6
        stem = name[:-1]
        return _six(
            name, (stem + "а",), (stem + "у",), (stem + "а",), (stem + "ом", stem + "ам"), (stem + "у",)
        )
    if name.endswith(("й", "ь")):
        stem = name[:-1]
        dative = (stem + "ю",)
        return _six(name, (stem + "я",), dative, (stem + "я",), (stem + "ем",), (stem + "ю", stem + "і"))
    stem = STEMS.get(name, name)
    if name.endswith("ў"):
        stem = name[:-1] + "в"
        if name in STEMS:
            stem = STEMS[name]
    elif surname and name.endswith("ец") and len(name) > 4:
        stem = name[:-2] + "ц"
    place = (stem + "у", stem + ("ы" if stem.endswith(_HARD) else "е"), _soft(stem) + "е")
    ending = ("ам", "ом")
    if surname and name.endswith(("ў", "ін", "ын")):
        ending = ("ам", "ым") if foreign else ("ым", "ам")
    instrumental = tuple(stem + one for one in ending)
    return _six(name, (stem + "а",), (stem + "у",), (stem + "а",), instrumental, tuple(dict.fromkeys(place)))


def _male_a(name: str) -> Forms:
    stem = name[:-1]
    if name.endswith("я"):
        return _six(
            name,
            (stem + "і",),
            (stem + "ю", stem + "і"),
            (stem + "ю",),
            (stem + "ем", stem + "ём", stem + "ёй"),
            (stem + "ю", stem + "і"),
        )
    genitive = stem + ("і" if stem.endswith(_VELAR) else "ы")
    dative = (stem + "у", *_dative(stem))
    return _six(name, (genitive,), dative, (stem + "у",), (stem + "ам", stem + "ой", stem + "ай"), dative)


def _female(name: str, surname: bool) -> Forms:
    stem = name[:-1]
    if surname and name.endswith("ая"):
        soft = name[:-2]
        return _six(name, (soft + "ай",), (soft + "ай",), (soft + "ую",), (soft + "ай",), (soft + "ай",))
    if surname and name.endswith(("ова", "ава", "ева", "ёва", "іна", "ына")):
        return _six(name, (stem + "ай",), (stem + "ай",), (stem + "у",), (stem + "ай",), (stem + "ай",))
    if surname and name.endswith(("энка", "енка", "анка")):
        return [(name,)] * 6
    if name.endswith("я"):
        return _six(
            name, (stem + "і",), (stem + "і",), (stem + "ю",), (stem + "яй", stem + "ёй"), (stem + "і",)
        )
    if name.endswith("а"):
        genitive = stem + ("і" if stem.endswith(_VELAR) else "ы")
        dative = _dative(stem)
        return _six(name, (genitive,), dative, (stem + "у",), (stem + "ай", stem + "ой"), dative)
    return [(name,)] * 6


def _dative(stem: str) -> tuple[str, ...]:
    if stem.endswith(_HARD):
        return (stem + "ы",)
    if stem.endswith("к"):
        return (stem[:-1] + "ц" + "ы", stem[:-1] + "ц" + "э", stem[:-1] + "ц" + "е")
    return (_soft(stem) + ("э" if stem.endswith(_VELAR) else "е"),)


def _soft(stem: str) -> str:
    return stem[:-1] + _SOFTER.get(stem[-1:], stem[-1:])


def _six(
    n: str,
    g: tuple[str, ...],
    d: tuple[str, ...],
    a: tuple[str, ...],
    i: tuple[str, ...],
    p: tuple[str, ...],
) -> Forms:
    return [(n,), g, d, a, i, p]
