# SPDX-License-Identifier: Apache-2.0
"""Persons a page names: name in the nominative, office, rank and side, each with its span."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from detente.press import gazetteer, name_runs, offices_en
from detente.press.declension import CASES, decline
from detente.press.gazetteer import Gazetteer
from detente.press.models import Models
from detente.press.name_runs import Token
from detente.press.names import PersonMention, Reader, plain, resolve
from detente.press.offices import Office, Page, grammar, near, office_after, office_of
from detente.press.person_sides import placed, sided
from detente.press.same_person import completed, pairs_filled
from detente.press.sides import SideMention
from detente.press.source import Span, fold
from detente.press.unnamed import find_unnamed
from detente.press.wordlist import Phrases

#: Persons introduced by one page whose surnames are looked for again.
MAX_INTRODUCED = 60


@dataclass(frozen=True)
class _Search:
    page: Page
    reader: Reader


def find_people(
    text: str,
    folded: str,
    spans: list[Span],
    sides: list[SideMention],
    lang: str = "ru",
    names: Gazetteer | None = None,
    models: Models | None = None,
) -> list[PersonMention]:
    """Every person named in ``spans``; then offices without a name; fuller mentions fill the shorter.

    ``names`` is the gazetteer (None: the built-in one); ``models`` propose names that the rules lack
    (None: rules
    alone).
    """
    known = names or gazetteer.builtin()
    page = Page(text, folded, sides, lang, known)
    search = _Search(page, Reader(lang, known, models))
    named: list[PersonMention] = []
    for start, end in spans:
        floor = start
        for first, last in name_runs.runs(text, start, end):
            here = _in_run(search, first, last, floor, named[-1] if named else None)
            named.extend(here)
            floor = here[-1].end if here else floor
    if models is not None:
        named += _proposed(search, spans, named, models)
        named.sort(key=lambda one: one.start)
    named += _again(search, spans, named)
    taken = [mention.office_span for mention in named if mention.office_span]
    unnamed = [person for span in spans for person in find_unnamed(page, span, taken)]
    known_sides = {one.side for one in named if one.side}
    unnamed = [one for one in unnamed if one.rule != "counterpart" or one.side not in known_sides]
    people = sorted(named + unnamed, key=lambda mention: mention.start)
    people = completed(pairs_filled(page, people), page)
    for step in (sided, sided, placed):
        people = completed(step(page, people), page)
    return people


def _in_run(
    search: _Search, start: int, end: int, floor: int, before: PersonMention | None
) -> list[PersonMention]:
    """Names inside a run of capitalised words; countries and institutions at its start are passed over."""
    tokens = name_runs.tokens(search.page, start, end)
    found: list[PersonMention] = []
    at = 0
    while at < len(tokens):
        taken = 0 if tokens[at].blocked else name_runs.name_at(search.page, tokens, at, floor)
        if taken:
            last = found[-1] if found else before
            found.append(_mention(search, tokens[at : at + taken], floor, last))
            at += taken
        else:
            at += 1
    return found


def _mention(
    search: _Search,
    tokens: list[Token],
    floor: int,
    before: PersonMention | None,
    rule: str | None = None,
) -> PersonMention:
    page = search.page
    start, end = tokens[0].start, tokens[-1].end
    english = page.lang == "en"
    office = offices_en.office_of(page, start, floor) if english else office_of(page, start, floor)
    words = [page.text[one.start : one.end] for one in tokens]
    hinted = office.cases if office and not office.plural else _hint(page, start, before)
    if office is not None and office.text and not english and set(hinted) == set(CASES):
        hinted = _adjective_cases(page, office) or _hint(page, office.start, None) or hinted
    made = resolve(words, hinted, search.reader)
    if rule is not None and made.rule == "name-by-rule":
        made = type(made)(made.name, made.first, made.last, made.cases, made.side, 0.5, rule)
    shown: Office | None = office
    if office is None or not office.text:
        shown = offices_en.office_after(page, end) if english else office_after(page, end)
    side = (office.side if office else None) or (shown.side if shown else None) or made.side
    named = shown if shown and shown.text else None
    return PersonMention(
        start,
        end,
        page.text[start:end],
        made.name,
        made.last,
        made.first,
        made.cases or hinted,
        named.text if named else None,
        (named.start, named.end) if named else None,
        office.rank if office else None,
        side,
        made.rule,
        made.confidence,
    )


_ENDS = (
    (re.compile(r"\w+(?:ого|его|ага|яга|ога)$"), "ga"),
    (re.compile(r"\w+(?:ому|ему|аму|яму)$"), "d"),
    (re.compile(r"\w+(?:ым|им|ім)$"), "i"),
)


def _adjective_cases(page: Page, office: Office) -> str:
    """The case of an office that does not decline, by the adjective before it: "of the military attaché"."""
    first = page.folded[office.start : office.end].split(" ")[0]
    return next((cases for ending, cases in _ENDS if ending.match(first)), "")


def _hint(page: Page, start: int, before: PersonMention | None) -> str:
    """The case that a preposition, or the name that this one is joined to, asks for."""
    if page.lang == "en":
        return CASES
    rules = grammar(page.lang)
    left = page.folded[max(0, start - 14) : start]
    for word, case in rules.cases:
        if left.endswith(f" {word} ") or left == f"{word} ":
            return case
    if before is not None and 0 < start - before.end <= 5 and before.cases:
        between = page.folded[before.end : start]
        if between == ", " or rules.joiner.fullmatch(between):
            return before.cases
    return ""


def _again(search: _Search, spans: list[Span], named: list[PersonMention]) -> list[PersonMention]:
    """Later mentions by surname alone of persons whom the page, and not the gazetteer, introduced."""
    page = search.page
    known: dict[str, tuple[str, str]] = {}
    introduced = [
        one
        for one in named
        if one.last and one.name and one.last not in page.names.surnames(page.lang) and len(one.last) > 2
    ]
    for one in introduced[:MAX_INTRODUCED]:
        last = _surname_of(str(one.name))
        if len(last) < 3 or fold(last) in page.names.first_names(page.lang):
            continue
        female = plain(last).endswith(_WOMANLY)
        for case, variants in decline(fold(last), page.lang, surname=True, female=female).items():
            for form in variants:
                before = known.get(form, (last, ""))
                known[form] = (last, before[1] + (case if case not in before[1] else ""))
    if not known:
        return []
    covered = {at for one in named for at in range(one.start, one.end)}
    phrases = Phrases(known)
    return [
        _surname_alone(page, start, end, *known[form])
        for span in spans
        for start, end, form in phrases.find(page.folded, *span)
        if start not in covered and page.text[start].isupper() and not _in_side(page, start)
    ]


_WOMANLY = ("ова", "ева", "ина", "ская", "цкая", "єва", "іна", "ська", "цька", "ава")


def _surname_of(name: str) -> str:
    """The surname of a nominative name: its last word, with the particles before it; not its initials."""
    words = [word for word in name.split(" ") if "." not in word]
    return words[-1] if words else ""


def _in_side(page: Page, at: int) -> bool:
    return bool(near(page.sides, at, at + 1))


def _surname_alone(page: Page, start: int, end: int, last: str, cases: str) -> PersonMention:
    return PersonMention(
        start,
        end,
        page.text[start:end],
        last,
        plain(last),
        None,
        cases,
        None,
        None,
        None,
        None,
        "page-surname",
        0.75,
    )


def _proposed(
    search: _Search, spans: list[Span], named: list[PersonMention], models: Models
) -> list[PersonMention]:
    """Persons whom a model finds and the rules have not."""
    page = search.page
    covered = {at for one in named for at in range(one.start, one.end)}
    found = []
    for start, end in spans:
        if not _undecided(page, start, end, covered):
            continue
        for at, stop in models.persons(page.text[start:end], page.lang):
            tokens = [
                token
                for token in name_runs.tokens(page, start + at, start + stop)
                if not token.blocked and token.kind != "other"
            ]
            if not tokens or len(tokens) > 5 or any(one.start in covered for one in tokens):
                continue
            if len(tokens) == 1:
                continue  # a surname alone says nothing of whom; the page's fuller mention finds it again
            found.append(_mention(search, tokens, start, None, "model-natasha"))
    return found


def _undecided(page: Page, start: int, end: int, covered: set[int]) -> bool:
    """Whether two capitalised words stand together that no rule has taken: models are slow."""
    for first, last in name_runs.runs(page.text, start, end):
        free = [
            token
            for token in name_runs.tokens(page, first, last)
            if token.kind == "word" and not token.blocked and token.start not in covered
        ]
        if any(one.end + 1 == two.start for one, two in pairwise(free)):
            return True
    return False


@lru_cache(maxsize=1)
def rules() -> frozenset[str]:
    """The names of the rules that propose a person."""
    return frozenset(
        {
            "gazetteer",
            "gazetteer-surname",
            "name-by-rule",
            "initials-and-surname",
            "first-and-patronymic",
            "page-surname",
            "office",
            "office-holder",
            "model-natasha",
        }
    )
