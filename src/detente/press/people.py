# SPDX-License-Identifier: Apache-2.0
"""Persons a page names: name in the nominative, office, rank and side, each with its span."""

from __future__ import annotations

import re

from detente.press import gazetteer
from detente.press.declension import forms
from detente.press.gazetteer import SideMention
from detente.press.names import PATRONYMIC, PersonMention, known_surname, plain, resolve
from detente.press.offices import (
    near,
    office_after,
    office_before,
    office_of,
    office_text,
    rank_before,
    with_modifiers,
)
from detente.press.same_person import completed, pairs_filled
from detente.press.source import Span

_RUN = re.compile(
    r"(?<![\w-])[A-ZА-ЯЁІЇЄҐЎ][\w'’]*(?:-[A-ZА-ЯЁІЇЄ]?[\w'’]+)*"
    r"(?:[ \u00a0]+[A-ZА-ЯЁІЇЄҐЎ][\w'’]*(?:-[A-ZА-ЯЁІЇЄ]?[\w'’]+)*)*"
)
_TOKEN = re.compile(r"\S+")
#: Persons introduced by one page whose surnames are looked for again.
MAX_INTRODUCED = 60


def find_people(text: str, folded: str, spans: list[Span], sides: list[SideMention]) -> list[PersonMention]:
    """Every person named in ``spans``; then offices without a name; fuller mentions fill the shorter."""
    named: list[PersonMention] = []
    for start, end in spans:
        floor = start
        for run in _RUN.finditer(text, start, end):
            here = _in_run(text, folded, run.start(), run.end(), floor, sides)
            named.extend(here)
            floor = here[-1].end if here else floor
    named += _again(text, folded, spans, named)
    taken = [mention.office_span for mention in named if mention.office_span]
    unnamed = [person for span in spans for person in _unnamed(text, folded, span, sides, taken)]
    people = sorted(named + unnamed, key=lambda mention: mention.start)
    return completed(pairs_filled(folded, people, sides))


def _in_run(
    text: str, folded: str, start: int, end: int, floor: int, sides: list[SideMention]
) -> list[PersonMention]:
    """Names inside a run of capitalised words; countries and institutions at its start are passed over."""
    tokens = [(match.start(), match.end()) for match in _TOKEN.finditer(text, start, end)][:8]
    blocked = [any(side.start <= s and e <= side.end for side in near(sides, s, e)) for s, e in tokens]
    found: list[PersonMention] = []
    at = 0
    while at < len(tokens):
        taken = 0 if blocked[at] else _name_at(folded, tokens, blocked, at, floor)
        if taken:
            found.append(_mention(text, folded, tokens[at : at + taken], floor, sides))
            at += taken
        else:
            at += 1
    return found


def _again(text: str, folded: str, spans: list[Span], named: list[PersonMention]) -> list[PersonMention]:
    """Later mentions by surname alone of persons whom the page, and not the gazetteer, introduced."""
    known: dict[str, tuple[str, str]] = {}
    for one in named[:MAX_INTRODUCED]:
        if one.last and one.name and one.last not in gazetteer.surnames() and len(one.last) > 3:
            last = one.name.split(" ")[-1]
            female = last.endswith(("ова", "ева", "ина", "ская"))
            for case, form in forms(one.last, surname=True, female=female).items():
                known[form] = (last, known.get(form, ("", ""))[1] + case)
    if not known:
        return []
    covered = {at for one in named for at in range(one.start, one.end)}
    pattern = gazetteer.words_pattern(known)
    return [
        PersonMention(
            *match.span(),
            text[match.start() : match.end()],
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
        for span in spans
        for match in pattern.finditer(folded, *span)
        if match.start() not in covered and text[match.start()].isupper()
        for last, cases in [known[match.group()]]
    ]


def _name_at(folded: str, tokens: list[Span], blocked: list[bool], at: int, floor: int) -> int:
    """How many tokens from ``at`` are a person's name; 0 if none."""
    words = [folded[s:e] for s, e in tokens[at : at + 4]]
    free = [not flag for flag in blocked[at : at + 4]]
    if words[0] in gazetteer.first_names() and len(words) > 1 and free[1]:
        return _length_after_first(words, free)
    if known_surname(words[0]) and words[0] not in gazetteer.first_names():
        return 1
    after_office = office_before(folded, tokens[at][0], floor) is not None or rank_before(
        folded, tokens[at][0]
    )
    if after_office and len(words) > 1 and free[1] and len(words[0]) > 1:
        whole = len([1 for flag in free if flag])
        return 3 if whole >= 3 and free[2] else 2
    if after_office and len(words) == 1 and len(words[0]) > 3 and not gazetteer.heads().get(words[0]):
        return 1 if rank_before(folded, tokens[at][0]) else 0
    return 0


def _length_after_first(words: list[str], free: list[bool]) -> int:
    if PATRONYMIC.fullmatch(words[1]):
        return 3 if len(words) > 2 and free[2] else 2
    if len(words) > 2 and free[2] and (known_surname(words[2]) and not known_surname(words[1])):
        return 3
    return 2


def _mention(
    text: str, folded: str, tokens: list[Span], floor: int, sides: list[SideMention]
) -> PersonMention:
    start, end = tokens[0][0], tokens[-1][1]
    office = office_of(text, folded, start, floor, sides)
    hinted = office.cases if office and not office.plural else ""
    words = [text[s:e] for s, e in tokens]
    name, first, last, cases, side, sure, rule = resolve(words, hinted)
    if office and office.side:
        side = office.side
    shown = office if office and office.text else office_after(text, folded, end, sides)
    return PersonMention(
        start,
        end,
        text[start:end],
        name,
        last,
        first,
        cases or hinted,
        shown.text if shown else None,
        (shown.start, shown.end) if shown else None,
        office.rank if office else None,
        side or (shown.side if shown else None),
        rule,
        sure,
    )


def _unnamed(
    text: str, folded: str, span: Span, sides: list[SideMention], taken: list[Span]
) -> list[PersonMention]:
    """Offices with a side and no name after them: "the defence ministers of X and Y", "the minister of X"."""
    found: list[PersonMention] = []
    for head in gazetteer.head_pattern().finditer(folded, *span):
        if any(start <= head.start() < end for start, end in _overlapping(taken, head.start())):
            continue
        _, cases, plural = gazetteer.heads()[head.group()]
        begin = with_modifiers(folded, head.start(), span[0], sides)
        tail = re.compile(
            r"(?: (?:обороны|иностранных дел|внутренних дел|мид|минобороны|генштаба|правительства"
            r"|генерального штаба|вооруженных сил|национальной|военного ведомства|оборонного ведомства"
            r"|по вопросам обороны|совета безопасности))*"
        ).match(folded, head.end())
        stop = tail.end() if tail else head.end()
        owners = _owners(folded, stop, span[1], sides)
        before = [side for side in near(sides, begin, head.start()) if side.sort == "adjective"]
        for side in owners if owners else before[:1]:
            end = max(stop, side.end)
            found.append(
                PersonMention(
                    begin,
                    end,
                    text[begin:end],
                    None,
                    None,
                    None,
                    "n" if plural else cases,
                    office_text(text, folded, begin, stop)
                    + (f" {text[side.start : side.end]}" if owners else ""),
                    (begin, end),
                    None,
                    side.side,
                    "office",
                    0.8,
                )
            )
            if not plural:
                break
    return found


def _overlapping(taken: list[Span], at: int) -> list[Span]:
    return [span for span in taken if span[0] <= at < span[1]]


def _owners(folded: str, at: int, end: int, sides: list[SideMention]) -> list[SideMention]:
    """Sides that follow an office: "of X", "of X and Y", "of X, Y and Z"."""
    found: list[SideMention] = []
    joiner = re.compile(r"\s+(?:и\s+)?|,\s+")
    while True:
        gap = joiner.match(folded, at, end)
        after = (
            [side for side in near(sides, gap.end(), gap.end() + 1) if side.start == gap.end()] if gap else []
        )
        if not after or after[0].sort == "adjective":
            return found
        found.append(after[0])
        at = after[0].end
