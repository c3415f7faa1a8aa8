# SPDX-License-Identifier: Apache-2.0
"""A person's name as a page writes it, and its nominative."""

from __future__ import annotations

import re
from dataclasses import dataclass

from detente.press import gazetteer
from detente.press.declension import nominative
from detente.press.source import Span

PATRONYMIC = re.compile(r"\w+(?:ович|евич|ьич|кич|мич)(?:а|у|ем|е)?$|\w+(?:овн|евн|ичн)(?:а|ы|е|у|ой)$")


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


def resolve(words: list[str], hinted: str) -> tuple[str, str | None, str, str, str | None, float, str]:
    """(name, first, folded surname, cases, side, confidence, rule) of a written name."""
    low = [word.lower().replace("ё", "е") for word in words]
    known = gazetteer.surnames().get(low[-1], [])
    firsts = gazetteer.first_names().get(low[0], [])
    for person, cases in known:
        if len(words) == 1:
            return person.last, None, plain(person.last), cases, person.side, 0.8, "gazetteer-surname"
        if _first_fits(low[:-1], person.first):
            middle = [person.patronymic] if len(words) > 2 and person.patronymic else []
            name = " ".join([person.first, *middle, person.last])
            agreed = "".join(case for case in cases if any(case in first[1] for first in firsts)) or cases
            return name, person.first, plain(person.last), agreed, person.side, 0.97, "gazetteer"
    if len(words) > 1 and PATRONYMIC.fullmatch(low[-1]) and firsts:
        first, cases, woman = firsts[0]
        return (
            f"{first} {patronymic_of(words[-1], woman)}",
            first,
            "",
            cases,
            None,
            0.9,
            "first-and-patronymic",
        )
    return _by_rule(words, low, hinted, firsts)


def _first_fits(written: list[str], first: str) -> bool:
    """Whether the words before a surname are a form of the known first name."""
    parts = first.split(" ")
    return len(written) >= len(parts) and all(
        word.startswith(_stem(part)) for word, part in zip(written, parts, strict=False)
    )


def _by_rule(
    words: list[str], low: list[str], hinted: str, firsts: list[tuple[str, str, bool]]
) -> tuple[str, str | None, str, str, str | None, float, str]:
    best: tuple[float, str, str | None, str, str] | None = None
    for first, cases, woman in firsts:
        agreed = "".join(case for case in cases if case in hinted) or (cases if not hinted else "")
        if not agreed:
            continue
        last, sure = nominative(words[-1], agreed, female=woman)
        middle = [patronymic_of(word, woman) for word in words[1:-1]]
        candidate = (sure, " ".join([first, *middle, last]), first, last, agreed)
        if best is None or candidate[0] > best[0]:
            best = candidate
    if best is not None:
        sure, name, known_first, last, cases = best
        return name, known_first, plain(last), cases, None, round(min(0.9, sure), 2), "name-by-rule"
    parts = [nominative(word, hinted) for word in words]
    name = " ".join(part for part, _ in parts)
    sure = min(part for _, part in parts) * 0.8
    first_part = parts[0][0] if len(parts) > 1 else None
    return name, first_part, plain(parts[-1][0]), hinted, None, round(sure, 2), "name-by-rule"


def known_surname(word: str) -> bool:
    """Whether the gazetteer has this surname form, long enough to stand alone."""
    return len(word) > 3 and word in gazetteer.surnames()


def plain(name: str) -> str:
    """Folded as the gazetteer has it."""
    return name.lower().replace("ё", "е")


def _stem(first: str) -> str:
    return plain(first)[: max(2, len(first) - 2)]


def patronymic_of(word: str, woman: bool) -> str:
    """A patronymic in the nominative."""
    if woman:
        return re.sub(r"(вн|чн)(?:а|ы|е|у|ой)$", r"\1а", word)
    return re.sub(r"(ич)(?:а|у|ем|е)$", r"\1", word)
