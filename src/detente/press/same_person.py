# SPDX-License-Identifier: Apache-2.0
"""Mentions of one person on a page: the shorter filled from the fuller."""

from __future__ import annotations

from dataclasses import replace

from detente.press import gazetteer
from detente.press.gazetteer import SideMention
from detente.press.names import PersonMention, plain
from detente.press.offices import near
from detente.press.source import Span


def pairs_filled(folded: str, people: list[PersonMention], sides: list[SideMention]) -> list[PersonMention]:
    """ "the ministers of X and Y, N1 and N2": the names take the sides in order."""
    filled = list(people)
    for number, one in enumerate(people):
        if one.name is None or one.office_span is None or one.office is None:
            continue
        owners = [side for side in near(sides, *one.office_span) if side.sort == "name"]
        if len(owners) < 2 or not _plural(folded, one.office_span):
            continue
        base = one.office[: len(one.office) - (one.office_span[1] - owners[0].start)].rstrip()
        for at, owner in enumerate(owners):
            follower = filled[number + at] if number + at < len(filled) else None
            if (
                follower is None
                or follower.name is None
                or (at and not _linked(folded, filled[number + at - 1], follower))
            ):
                break
            written = folded[owner.start : owner.end].title()
            filled[number + at] = replace(
                follower, office=f"{base} {written}", office_span=one.office_span, side=owner.side
            )
    return filled


def _plural(folded: str, span: Span) -> bool:
    head = gazetteer.head_pattern().search(folded, *span)
    return head is not None and gazetteer.heads()[head.group()][2]


def _linked(folded: str, one: PersonMention, after: PersonMention) -> bool:
    return folded[one.end : after.start].strip() in ("и", ",", ", а также")


def completed(people: list[PersonMention]) -> list[PersonMention]:
    """Fill what a mention lacks (name, office, rank, side) from the fullest of the same person."""
    fullest: dict[str, PersonMention] = {}
    for one in people:
        if one.last and (one.last not in fullest or _weight(one) > _weight(fullest[one.last])):
            fullest[one.last] = one
    return [_fill(one, _same(one, people, fullest)) for one in people]


def _weight(one: PersonMention) -> int:
    return (2 if one.first else 0) + (4 if one.office else 0) + (1 if one.rank else 0)


def _same(
    one: PersonMention, people: list[PersonMention], fullest: dict[str, PersonMention]
) -> PersonMention | None:
    if one.last:
        return fullest.get(one.last)
    if one.name is None:
        return _holder(one, fullest)
    if one.first and one.name:  # first name and patronymic: the one person of that first name on the page
        patronymic = _letters(one.name.split(" ")[-1])
        fits = [
            other
            for other in fullest.values()
            if other.first == one.first and patronymic in _patronymics(other, patronymic)
        ]
        return fits[0] if len(fits) == 1 else None
    return None


def _holder(one: PersonMention, fullest: dict[str, PersonMention]) -> PersonMention | None:
    """The one person of the page whose office an unnamed office is: same side, and all its words."""
    words = set(plain(one.office or "").split()) - {"республики"}
    head = next((word for word in plain(one.office or "").split() if word in gazetteer.heads()), None)
    fits = [
        other
        for other in fullest.values()
        if other.side == one.side
        and other.office
        and head == plain(other.office).split()[0]
        and _covers(other.office, words)
    ]
    return fits[0] if len(fits) == 1 else None


def _covers(office: str, words: set[str]) -> bool:
    """Whether an office has every word of another that is no side's name."""
    known = plain(office)
    named = {known[side.start : side.end] for side in gazetteer.find_sides(known, 0, len(known))}
    other = {word for word in words if not gazetteer.find_sides(word, 0, len(word))}
    return other <= set(known.split()) | named


def _patronymics(one: PersonMention, unknown: str) -> set[str]:
    """The patronymics that the gazetteer has for a person; ``unknown`` where it has none."""
    known = [
        person for person, _ in gazetteer.surnames().get(one.last or "", []) if person.first == one.first
    ]
    return {_letters(person.patronymic) for person in known if person.patronymic} or {unknown}


def _letters(patronymic: str) -> str:
    """Gennadievich and Gennadyevich are spellings of one patronymic."""
    return plain(patronymic).replace("ь", "и")


def _fill(one: PersonMention, full: PersonMention | None) -> PersonMention:
    if full is None or full is one:
        return one
    name = full.name if one.first is None or not one.last else one.name
    if one.name is None:
        return replace(
            one, name=full.name, last=full.last, first=full.first, rank=full.rank, rule="office-holder"
        )
    return replace(
        one,
        name=name,
        last=full.last,
        first=full.first or one.first,
        office=one.office or full.office,
        office_span=one.office_span or full.office_span,
        rank=one.rank or full.rank,
        side=one.side if one.office_span else (full.side or one.side),
    )
