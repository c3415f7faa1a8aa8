# SPDX-License-Identifier: Apache-2.0
"""A person's name as a page writes it, and its nominative."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from detente.press.declension import CASES, nominative
from detente.press.gazetteer import Gazetteer, Person
from detente.press.source import Span, fold

PATRONYMIC = re.compile(
    r"\w+(?:ович|евич|ьич|кич|мич)(?:а|у|ем|е)?$|\w+(?:овн|евн|ичн)(?:а|ы|е|у|ой)$"  # ru
    r"|\w+(?:авіч|евіч|овіч|ьіч|йовіч)(?:а|у|ам|ем|ы)?$|\w+(?:аўн|еўн|ічн)(?:а|ы|е|у|ай)$"  # be
    r"|\w+(?:йович)(?:а|у|ем|еві|і)?$|\w+(?:івн|ївн)(?:а|и|і|у|ою)$"  # uk
)
INITIAL = re.compile(r"\w\.(?:-?\w\.)*$")


class Morphology(Protocol):
    """What may know the nominative of a word better than the rules do (press.models)."""

    def surname(self, form: str, cases: str, female: bool, lang: str) -> str | None:
        """The nominative of a surname's ``form`` in one of ``cases``, lower case; None where not known."""
        ...


@dataclass(frozen=True)
class PersonMention:
    """A person at ``[start, end)``; ``name`` nominative, ``last`` its folded surname, ``cases`` of the form.

    ``name`` is None where only the office is named; the span is then the office's.
    """

    start: int
    end: int
    written: str
    name: str | None
    last: str | None
    first: str | None
    cases: str
    office: str | None
    office_span: Span | None
    rank: str | None
    side: str | None
    rule: str
    confidence: float


@dataclass(frozen=True)
class Resolved:
    """A written name made nominative: ``last`` folded, ``cases`` that the form can be."""

    name: str
    first: str | None
    last: str
    cases: str
    side: str | None
    confidence: float
    rule: str


@dataclass(frozen=True)
class Reader:
    """What names are read with: a language, the known names, and models where there are any."""

    lang: str
    names: Gazetteer
    morphology: Morphology | None = None


def resolve(words: list[str], hinted: str, reader: Reader) -> Resolved:
    """The nominative of a written name; ``hinted`` are the cases that its office or preposition stands in."""
    low = [fold(word) for word in words]
    if len(words) > 1 and (INITIAL.fullmatch(low[0]) or INITIAL.fullmatch(low[-1])):
        return _with_initials(words, low, hinted, reader)
    known = reader.names.surnames(reader.lang).get(low[-1], [])
    firsts = reader.names.first_names(reader.lang).get(low[0], [])
    for person, cases in known:
        if len(words) == 1:
            return Resolved(
                person.last, None, plain(person.last), cases, person.side, 0.8, "gazetteer-surname"
            )
        if not person.first and len(words) > 1:
            continue
        if _first_fits(low, person, reader):
            middle = [person.patronymic] if person.patronymic and _patronymic_in(low) else []
            name = " ".join([person.first, *middle, person.last])
            agreed = "".join(case for case in cases if any(case in first[1] for first in firsts)) or cases
            return Resolved(name, person.first, plain(person.last), agreed, person.side, 0.97, "gazetteer")
    if len(words) > 1 and PATRONYMIC.fullmatch(low[-1]) and firsts and reader.lang != "en":
        first, cases, woman = firsts[0]
        name = f"{first} {patronymic_of(words[-1], woman)}"
        return Resolved(name, first, "", cases, None, 0.9, "first-and-patronymic")
    if reader.lang == "en":
        first_name = words[0] if len(words) > 1 else None
        sure = 0.88 if firsts else 0.7
        return Resolved(" ".join(words), first_name, plain(words[-1]), CASES, None, sure, "name-by-rule")
    return _by_rule(words, low, hinted, firsts, reader)


def _patronymic_in(low: list[str]) -> bool:
    return any(PATRONYMIC.fullmatch(word) for word in low[1:-1])


def _first_fits(low: list[str], person: Person, reader: Reader) -> bool:
    """Whether the words before a surname are a form of the known first name."""
    parts = fold(person.first).split(" ")
    written = low[: len(low) - len(person.last.split(" "))]
    return len(written) >= len(parts) and all(
        _form_of(word, part, reader) for word, part in zip(written, parts, strict=False)
    )


def _form_of(word: str, part: str, reader: Reader) -> bool:
    if reader.lang == "en":
        return word == part
    known = reader.names.first_names(reader.lang).get(word, [])
    return any(fold(first) == part for first, _, _ in known) or (
        word.startswith(part[: max(2, len(part) - 2)]) and len(word) <= len(part) + 4
    )


def _with_initials(words: list[str], low: list[str], hinted: str, reader: Reader) -> Resolved:
    """ "V. Khrenin" and "Khrenin V.G.": the initials as written, the surname in the nominative."""
    before = INITIAL.fullmatch(low[0]) is not None
    at = next(number for number, word in enumerate(low) if not INITIAL.fullmatch(word))
    initials = [word for word, plainly in zip(words, low, strict=True) if INITIAL.fullmatch(plainly)]
    letter = next(word for word in low if INITIAL.fullmatch(word))[0]
    for person, cases in reader.names.surnames(reader.lang).get(low[at], []):
        if fold(person.first).startswith(letter):
            last, sure, rule = person.last, 0.9, "gazetteer"
            return Resolved(" ".join([*initials, last]), None, plain(last), cases, person.side, sure, rule)
    last, sure, cases = _surname(words[at], hinted, _womanly(low[at], hinted, reader.lang), reader)
    name = " ".join([*initials, last] if before else [last, *initials])
    return Resolved(name, None, plain(last), cases, None, round(sure * 0.95, 2), "initials-and-surname")


def _surname(word: str, cases: str, female: bool, reader: Reader) -> tuple[str, float, str]:
    """(nominative, how sure, cases) of a surname; a model's word for it where it has one."""
    if reader.lang == "en":
        return word, 0.85, CASES
    last, sure = nominative(word, cases, female=female, lang=reader.lang)
    if reader.morphology is not None and cases and "n" not in cases and "-" not in word:
        better = reader.morphology.surname(fold(word), cases, female, reader.lang)
        if better is not None and better != fold(last):
            kept = _same_start(fold(word), better)
            return word[:kept] + better[kept:], 0.9, cases
    return last, sure, cases


def _same_start(one: str, two: str) -> int:
    return next(
        (at for at, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two))
    )


def _by_rule(
    words: list[str], low: list[str], hinted: str, firsts: list[tuple[str, str, bool]], reader: Reader
) -> Resolved:
    best: tuple[float, Resolved] | None = None
    for first, cases, woman in firsts if len(words) > 1 else []:
        agreed = "".join(case for case in cases if case in hinted) or (cases if not hinted else "")
        if not agreed:
            continue
        last, sure, _ = _surname(words[-1], agreed, woman, reader)
        middle = [patronymic_of(word, woman) for word in words[1:-1]]
        name = " ".join([first, *middle, last])
        rank = sure if _gender_fits(last, woman) else sure - 0.3
        if best is None or rank > best[0]:
            found = Resolved(name, first, plain(last), agreed, None, round(min(0.9, sure), 2), "name-by-rule")
            best = (rank, found)
    if best is not None:
        return best[1]
    woman = _womanly(low[-1], hinted, reader.lang)
    parts = [
        _first(word, hinted, woman and number > 0, reader.lang) for number, word in enumerate(words[:-1])
    ]
    last, sure, _ = _surname(words[-1], hinted, woman, reader)
    name = " ".join([*(part for part, _ in parts), last])
    sure = min([sure, *(part for _, part in parts)]) * 0.8
    first_part = parts[0][0] if parts else None
    return Resolved(name, first_part, plain(last), hinted, None, round(sure, 2), "name-by-rule")


def _first(word: str, hinted: str, woman: bool, lang: str) -> tuple[str, float]:
    """The nominative of an unknown first name; in these vowels it is a foreign one with one form."""
    if fold(word).endswith(("и", "і", "ы", "э", "е", "о", "є", "ї")) and lang != "en":
        return word, 0.7
    return nominative(word, hinted, female=woman, lang=lang)


_MANLY = ("ов", "ев", "ёв", "ин", "ский", "цкий", "оў", "аў", "еў", "скі", "цкі", "єв", "ський", "цький")
_WOMANLY = ("ова", "ева", "ёва", "ская", "цкая", "єва", "ська", "цька", "ава", "ёва")


def _gender_fits(last: str, woman: bool) -> bool:
    """Whether a surname's ending can be borne by a woman, or by a man."""
    return not fold(last).endswith(_MANLY if woman else _WOMANLY)


def _womanly(low: str, hinted: str, lang: str) -> bool:
    """Whether a surname in an oblique case ends as only a woman's does."""
    if lang == "en" or "n" in hinted or not hinted:
        return False
    from detente.press.offices import grammar

    return low.endswith(grammar(lang).female)


def plain(name: str) -> str:
    """Folded as the gazetteer has it."""
    return fold(name)


_ENDINGS = re.compile(r"(іч|ич)(?:а|у|ем|е|ам|ы|еві|і)$")
_WOMAN_ENDINGS = re.compile(r"(вн|чн|ўн)(?:а|ы|е|у|ой|ай|и|і|ою)$")


def patronymic_of(word: str, woman: bool) -> str:
    """A patronymic in the nominative."""
    return _WOMAN_ENDINGS.sub(r"\1а", word) if woman else _ENDINGS.sub(r"\1", word)
