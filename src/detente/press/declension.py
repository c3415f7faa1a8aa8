# SPDX-License-Identifier: Apache-2.0
"""Case forms of names by rule, and the nominative back from a form, in four languages.

Only the common declensions of personal names; cases ``n g d a i p``. English names have one form for all.
"""

from __future__ import annotations

import re
from functools import lru_cache

from detente.press import declension_be, declension_uk

CASES = "ngdaip"
_HUSH = tuple("жшчщц")
_VELAR = tuple("гкхжшчщ")
_VOWELS = tuple("аеиоуыэюя")


def forms(name: str, *, surname: bool, female: bool, foreign: bool = False) -> dict[str, str]:
    """The six Russian forms of one part of a name, lower case; a hyphenated part declines on both sides."""
    made = decline(name, "ru", surname=surname, female=female, foreign=foreign)
    return {case: variants[0] for case, variants in made.items()}


def decline(
    name: str, lang: str, *, surname: bool, female: bool, foreign: bool = False
) -> dict[str, tuple[str, ...]]:
    """The forms of one lower-case part of a name by case, each with its variants, the usual one first."""
    return dict(zip(CASES, _declined(name, lang, surname, female, foreign), strict=True))


#: French first names that have one form and look as if they had six.
_ONE_FORM = frozenset({"николя", "ніколя", "нікаля", "тома"})


@lru_cache(maxsize=20_000)
def _declined(
    name: str, lang: str, surname: bool, female: bool, foreign: bool
) -> tuple[tuple[str, ...], ...]:
    if lang == "en" or name.endswith("уа") or name in _ONE_FORM:
        return ((name,),) * 6
    if "-" in name:
        return _hyphenated(name, lang, surname, female, foreign)
    if lang == "uk":
        return tuple(declension_uk.decline(name, surname, female, foreign))
    if lang == "be":
        return tuple(declension_be.decline(name, surname, female, foreign))
    return tuple((form,) for form in _forms(name, surname, female, foreign))


def _hyphenated(
    name: str, lang: str, surname: bool, female: bool, foreign: bool
) -> tuple[tuple[str, ...], ...]:
    """Both sides of a double surname decline; of a double first name also the last alone (Jean-Yves)."""
    head, _, tail = name.rpartition("-")
    heads = _declined(head, lang, surname, female, foreign)
    tails = _declined(tail, lang, surname, female, foreign)
    both = [
        tuple(f"{one}-{two}" for one in ones for two in twos) for ones, twos in zip(heads, tails, strict=True)
    ]
    if surname:
        return tuple(both)
    last = [tuple(f"{head}-{two}" for two in twos) for twos in tails]
    return tuple(
        tuple(dict.fromkeys((*plain, *declined))) for plain, declined in zip(last, both, strict=True)
    )


def _forms(name: str, surname: bool, female: bool, foreign: bool) -> list[str]:
    if name.endswith(("о", "у", "ю", "е", "э", "и", "ы")) or len(name) < 2:
        return [name] * 6
    if surname and name.endswith(("ых", "их")) and len(name) > 5 and not foreign:
        return [name] * 6
    if female:
        return _female(name, surname)
    return _male(name, surname, foreign)


def _female(name: str, surname: bool) -> list[str]:
    if surname and name.endswith(("ова", "ева", "ина", "ына")):
        stem = name[:-1]
        return [name, stem + "ой", stem + "ой", stem + "у", stem + "ой", stem + "ой"]
    if surname and name.endswith("ая"):
        stem = name[:-2]
        return [name, stem + "ой", stem + "ой", stem + "ую", stem + "ой", stem + "ой"]
    if name.endswith(("а", "я")):
        return _a_stem(name)
    if not surname and name.endswith("ь"):
        stem = name[:-1]
        return [name, stem + "и", stem + "и", name, name + "ю", stem + "и"]
    return [name] * 6


def _a_stem(name: str) -> list[str]:
    stem = name[:-1]
    if name.endswith("ия"):
        return [name, stem + "и", stem + "и", stem + "ю", stem + "ей", stem + "и"]
    if name.endswith("я"):
        return [name, stem + "и", stem + "е", stem + "ю", stem + "ей", stem + "е"]
    genitive = stem + ("и" if stem.endswith(_VELAR) else "ы")
    return [
        name,
        genitive,
        stem + "е",
        stem + "у",
        stem + ("ей" if stem.endswith(_HUSH) else "ой"),
        stem + "е",
    ]


def _male(name: str, surname: bool, foreign: bool) -> list[str]:
    if surname and name.endswith(("кий", "гий", "хий", "ой", "ый")) and len(name) > 4 and not foreign:
        stem, soft = name[:-2], name.endswith(("кий", "гий", "хий"))
        return [name, stem + "ого", stem + "ому", stem + "ого", stem + ("им" if soft else "ым"), stem + "ом"]
    if name.endswith(("а", "я")):
        return _a_stem(name)
    if name.endswith(("й", "ь")):
        stem = name[:-1]
        last = "и" if name.endswith("ий") else "е"
        return [name, stem + "я", stem + "ю", stem + "я", stem + "ем", stem + last]
    stem = name
    if surname and name.endswith("ец") and len(name) > 4:
        stem = name[:-2] + "ц"
    if name == "павел":
        stem = "павл"
    if name == "лев":
        stem = "льв"
    if surname and not foreign and name.endswith(("ов", "ев", "ин", "ын")):
        instrumental = stem + "ым"
    else:
        instrumental = stem + ("ем" if stem.endswith(_HUSH) else "ом")
    return [name, stem + "а", stem + "у", stem + "а", instrumental, stem + "е"]


#: case -> (ending of the form, ending of the nominative, how sure), the first that fits is taken.
_BACK_MALE: dict[str, tuple[tuple[str, str, float], ...]] = {
    "g": (
        ("ского", "ский", 0.95),
        ("цкого", "цкий", 0.95),
        ("кого", "кий", 0.7),
        ("ого", "ый", 0.6),
        ("его", "ий", 0.6),
        ("ова", "ов", 0.95),
        ("ева", "ев", 0.95),
        ("ина", "ин", 0.9),
        ("ына", "ын", 0.9),
        ("ца", "ец", 0.6),
        ("ия", "ий", 0.9),
        ("ея", "ей", 0.9),
        ("эя", "эй", 0.9),
        ("ыя", "ый", 0.8),
        ("ая", "ай", 0.8),
        ("оя", "ой", 0.8),
        ("уя", "уй", 0.8),
        ("я", "ь", 0.8),
        ("а", "", 0.85),
        ("ы", "а", 0.85),
        ("ги", "га", 0.85),
        ("ки", "ка", 0.85),
        ("хи", "ха", 0.85),
        ("ши", "ша", 0.8),
        ("жи", "жа", 0.8),
        ("чи", "ча", 0.8),
    ),
    "d": (
        ("скому", "ский", 0.95),
        ("цкому", "цкий", 0.95),
        ("кому", "кий", 0.7),
        ("ому", "ый", 0.6),
        ("ову", "ов", 0.95),
        ("еву", "ев", 0.95),
        ("ину", "ин", 0.9),
        ("ыну", "ын", 0.9),
        ("цу", "ец", 0.6),
        ("ию", "ий", 0.9),
        ("ею", "ей", 0.9),
        ("эю", "эй", 0.9),
        ("ою", "ой", 0.8),
        ("ую", "уй", 0.8),
        ("аю", "ай", 0.8),
        ("ю", "ь", 0.7),
        ("у", "", 0.8),
        ("е", "а", 0.6),
    ),
    "i": (
        ("ским", "ский", 0.95),
        ("цким", "цкий", 0.95),
        ("овым", "ов", 0.95),
        ("евым", "ев", 0.95),
        ("иным", "ин", 0.9),
        ("ыным", "ын", 0.9),
        ("ким", "кий", 0.7),
        ("ым", "ый", 0.6),
        ("цем", "ец", 0.6),
        ("ием", "ий", 0.9),
        ("еем", "ей", 0.9),
        ("эем", "эй", 0.9),
        ("оем", "ой", 0.8),
        ("уем", "уй", 0.8),
        ("аем", "ай", 0.8),
        ("жем", "ж", 0.85),
        ("шем", "ш", 0.85),
        ("чем", "ч", 0.85),
        ("щем", "щ", 0.85),
        ("ем", "ь", 0.7),
        ("ом", "", 0.85),
        ("ой", "а", 0.8),
        ("ей", "я", 0.6),
    ),
    "p": (
        ("ском", "ский", 0.95),
        ("цком", "цкий", 0.95),
        ("ове", "ов", 0.9),
        ("еве", "ев", 0.9),
        ("ине", "ин", 0.9),
        ("ом", "ый", 0.5),
        ("ии", "ий", 0.8),
        ("е", "", 0.6),
    ),
}
_BACK_FEMALE: dict[str, tuple[tuple[str, str, float], ...]] = {
    "g": (
        ("овой", "ова", 0.95),
        ("евой", "ева", 0.95),
        ("иной", "ина", 0.9),
        ("ской", "ская", 0.95),
        ("цкой", "цкая", 0.95),
        ("ой", "ая", 0.6),
        ("ы", "а", 0.8),
        ("ии", "ия", 0.8),
        ("и", "я", 0.6),
    ),
    "a": (
        ("ову", "ова", 0.95),
        ("еву", "ева", 0.95),
        ("ину", "ина", 0.9),
        ("ую", "ая", 0.9),
        ("у", "а", 0.8),
        ("ю", "я", 0.7),
    ),
}
_BACK_FEMALE["i"] = (*_BACK_FEMALE["g"][:5], ("ой", "а", 0.7), ("ей", "я", 0.6))
_BACK_FEMALE["d"] = (*_BACK_FEMALE["g"][:6], ("е", "а", 0.6))
_BACK_FEMALE["p"] = _BACK_FEMALE["d"]


def _fixed(lower: str) -> bool:
    """Names that never change: in -ko and the like, but not the adjective's -ogo and -ego."""
    return lower.endswith(("о", "э")) and not lower.endswith(("ого", "его"))


def nominative(form: str, cases: str, *, female: bool = False, lang: str = "ru") -> tuple[str, float]:
    """The nominative that a surname's ``form`` in one of ``cases`` most likely has, and how sure (0 to 1)."""
    if lang == "en":
        return form, 0.9
    if form.lower().endswith(_NEVER):
        return form, 0.93
    if lang != "ru":
        return _inverted(form, cases, female, lang)
    lower = form.lower()
    if "n" in cases or not cases or _fixed(lower):
        return form, 0.9 if "n" in cases or _fixed(lower) else 0.4
    if "-" in form:
        parts = [nominative(part, cases, female=female) for part in form.split("-")]
        return "-".join(name for name, _ in parts), min(sure for _, sure in parts)
    tables = _BACK_FEMALE if female else _BACK_MALE
    for case in cases:
        for ending, back, sure in tables.get("g" if case == "a" and not female else case, ()):
            if lower.endswith(ending) and len(lower) - len(ending) >= 1:
                return form[: len(form) - len(ending)] + back, sure
    if "a" in cases and not female and lower.endswith(("у", "ю")) and len(form) > 3:
        return form[:-1] + ("а" if lower.endswith("у") else "я"), 0.7  # a man's name in -a: "Duda"
    return form, 0.7  # no ending of the case fits: the name does not decline


def _inverted(form: str, cases: str, female: bool, lang: str) -> tuple[str, float]:
    """The likeliest nominative among those that the rules decline to ``form``."""
    if "n" in cases or not cases:
        return form, 0.9 if cases else 0.4
    if "-" in form:
        parts = [_inverted(part, cases, female, lang) for part in form.split("-")]
        return "-".join(name for name, _ in parts), min(sure for _, sure in parts)
    best: tuple[float, str] | None = None
    for name in _candidates(form.lower(), female, lang):
        declined = decline(name, lang, surname=True, female=female)
        if any(form.lower() in declined[case] for case in cases):
            sure = _likely(name, female, lang)
            if best is None or sure > best[0]:
                best = (sure, name)
    if best is None:
        return form, 0.7
    kept = _shared(form, best[1])
    return form[:kept] + best[1][kept:], best[0]


def _shared(form: str, name: str) -> int:
    """How many letters two spellings share at their start."""
    lower = form.lower()
    return next(
        (at for at, (one, two) in enumerate(zip(lower, name, strict=False)) if one != two),
        min(len(lower), len(name)),
    )


#: Endings of surnames that have one form in all three languages.
_NEVER = ("еску", "эску", "швили", "швілі", "адзе", "идзе", "ідзе", "їдзе", "оглы", "оглу", "аглу")
_ENDINGS = {
    "uk": ("", "а", "я", "о", "ь", "й", "ий", "ець", "ок", "ка", "ха", "га"),
    "be": ("", "а", "я", "о", "ь", "й", "ў", "ы", "і", "ец", "ая", "ка", "ха", "та", "да"),
}


def _candidates(form: str, female: bool, lang: str) -> list[str]:
    stems = [form[: len(form) - cut] for cut in range(min(5, len(form) - 1))]
    return [
        stem + ending
        for stem in stems
        for ending in _ENDINGS[lang]
        if len(stem) > 1 and _spelt(stem[-1], ending)
    ]


def _spelt(last: str, ending: str) -> bool:
    """Whether an ending may follow a letter: short i and short u after vowels, soft signs after
    consonants.
    """
    vowel = last in "аеёиоуыэюяіїє"
    if ending in ("й", "ў"):
        return vowel
    return ending not in ("ь", "") or not vowel


#: Consonants in which no nominative ends: a vowel is missing.
_CLUSTER = re.compile(r"[бвгджзйнптфхцчшщ]к$|ськ$|ўк$|льк$")


def _likely(name: str, female: bool, lang: str) -> float:
    rules = declension_uk if lang == "uk" else declension_be
    priors = rules.PRIORS_FEMALE if female else rules.PRIORS
    sure = next((sure for ending, sure in priors if ending and name.endswith(ending)), 0.0)
    if sure:
        return sure
    if name[-1] in "аеёиоуыэюяіїєьй" or _CLUSTER.search(name):
        return 0.3
    return 0.6 if name.endswith("ц") else 0.85
