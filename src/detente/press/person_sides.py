# SPDX-License-Identifier: Apache-2.0
"""Whose side a person is on where the office beside the name does not say it."""

from __future__ import annotations

import re
from dataclasses import replace

from detente.press import gazetteer
from detente.press.names import PersonMention
from detente.press.offices import Page, near
from detente.press.sides import SideMention, find_sides

#: How far after the offices of several sides their holders' names may stand.
_GROUP_REACH = 500
#: How far back the side of an office that names none is sought.
_CONTEXT = 700
_JOINT = re.compile(r"(?:,|(?<!\w)(?:и|і|й|та|ды|and)(?!\w))")
_BREAK = re.compile(r"[.!?;:«»\n]")
_DELEGATION = re.compile(
    r"\s*(?:делегаци|дэлегацы|делегаці|сторон|бок[уа]?(?!\w)|боц|delegation|side(?!\w))\w*"
)
#: "The delegation of (Poland)", "on behalf of (Poland)", and what may stand between that and a person.
_GROUP = re.compile(r"(?:делегаци|дэлегацы|делегаці|delegation)\w*\s+(?:of\s+|from\s+)?(?:the\s+)?$")
_BEHALF = re.compile(
    r"(?<!\w)(?:со стороны|от имени|от|з боку|ад імя|ад|від імені|від|on behalf of|for)\s+(?:the\s+)?$"
)
_BEHALF_GAP = re.compile(r"(?:\s*[—,]?\s+(?:(?!(?:и|і|й|та|ды|and)\s)[\w-]+\s+){0,4})?")
#: "The talks were led by N for Poland."
_LED_BY = re.compile(r"(?<!\w)(?:led|headed|represented|attended|conducted)\s+by\s")
_FOR = re.compile(r"\s+for\s+(?:the\s+)?")
_SIDE_TOLD = re.compile(r"делегац|дэлегац|сторон|бок|боц|delegation|side")
_LEADS = re.compile(r"(?:возглав|представ|руковод|ачол|прадстав|очол|led|headed|represent)")
_HOLDS = re.compile(
    r",?\s+(?:who\s+|котор\w+\s+|які\s+|який\s+|яка\s+|якая\s+)?(?:heads|leads|commands|chairs|runs|возглавляет|руководит"
    r"|командует|ачольвае|кіруе|камандуе|очолює|керує|командує)\s+(?:the\s+)?"
)
_AWAY = re.compile(
    r"(?<!\w)(?:с|со|к|ко|из|от|против|о|об|про|для|у|между|по|з|із|зі|са|да|ад|до|від|пра|супраць|проти"
    r"|with|to|from|against|about|between|for|in|near)\s+(?:the\s+)?$"
)


def sided(page: Page, people: list[PersonMention]) -> list[PersonMention]:
    """``people`` with sides, and offices of a group, filled where the words beside a name give them."""
    filled = _groups(page, people)
    return [_beside(page, one) if one.name and one.side is None else one for one in filled]


def placed(page: Page, people: list[PersonMention]) -> list[PersonMention]:
    """``people`` in an office with the side that the text before speaks of; else that of the page's house.

    For those whom nothing beside any mention of them gives a side.
    """
    open_ = [
        one
        for one in people
        if one.name and one.side is None and one.office and not _elsewhere(page, one.office)
    ]
    if not open_:
        return people
    house = _house(page)
    return [
        _with_side(one, _context(page, one) or house) if any(one is other for other in open_) else one
        for one in people
    ]


def _with_side(one: PersonMention, side: str | None) -> PersonMention:
    return replace(one, side=side, confidence=round(one.confidence * 0.9, 2)) if side else one


#: How far the head of a page reaches, where its ministry names itself in a line of its own.
_HEAD = 400
_OF = re.compile(r"\s+(?:of\s+)?(?:the\s+)?")


def _house(page: Page) -> str | None:
    """The side of the ministry or service whose name is a line at the head of the page."""
    sides = find_sides(page.folded, 0, min(_HEAD, len(page.folded)), page.lang, page.text)
    for match in gazetteer.institution_pattern(page.lang).finditer(page.folded, 0, _HEAD):
        low = page.folded.rfind("\n", 0, match.start()) + 1
        high = page.folded.find("\n", match.end())
        if high < 0 or high - low > 90:
            continue
        for side in sides:
            after = side.start > match.end() and _OF.fullmatch(page.folded, match.end(), side.start)
            if side.sort != "people" and (after or side.end + 1 == match.start()):
                return side.side
    return None


def _groups(page: Page, people: list[PersonMention]) -> list[PersonMention]:
    """ "The ministers of X and Y met. A and B discussed …": as many joined names as there were sides."""
    filled = list(people)
    at = 0
    while at < len(filled):
        size = 1
        while at + size < len(filled) and _one_group(page, filled[at + size - 1], filled[at + size]):
            size += 1
        if size > 1:
            for number, place in enumerate(_holders(page, filled, at, size)):
                owner = filled[at + number]
                filled[place] = replace(
                    filled[place], office=owner.office, office_span=owner.office_span, side=owner.side
                )
        at += size
    return filled


def _one_group(page: Page, one: PersonMention, other: PersonMention) -> bool:
    if one.name is not None or other.name is not None or one.side == other.side:
        return False
    if one.start == other.start or one.end > other.start:
        return True
    between = page.folded[one.end : other.start].strip()  # "the minister of X and the minister of Y"
    return len(between) < 8 and _JOINT.fullmatch(between.removesuffix(" the")) is not None


def _holders(page: Page, people: list[PersonMention], at: int, size: int) -> list[int]:
    """The places of the names that follow a group, if they are as many as its sides and joined."""
    found: list[int] = []
    for place in range(at + size, len(people)):
        one = people[place]
        if one.start - people[at].end > _GROUP_REACH:
            break
        if one.name is None:
            continue
        blank = page.text.count("\n\n", people[at].end, one.start) > 1
        if one.office or one.side is not None or one.first is None or blank or _owner(page, one.start):
            if found:
                break
            return []
        if found and not _joined(page, people[found[-1]], one):
            break
        found.append(place)
    return found if len(found) == size else []


def _joined(page: Page, one: PersonMention, after: PersonMention) -> bool:
    between = page.folded[one.end : after.start]
    return len(between) <= 45 and _JOINT.search(between) is not None and _BREAK.search(between) is None


def _beside(page: Page, one: PersonMention) -> PersonMention:
    return _with_side(one, _owner(page, one.start) or _of(page, one.end) or _delegation(page, one))


def _elsewhere(page: Page, office: str) -> bool:
    """Whether an office is held in other countries, or is none: the page's subject says nothing of its
    side.
    """
    words = office.lower().split()
    return any(word in gazetteer.sorts(page.lang, "plain") or word.startswith(_ENVOYS) for word in words)


_ENVOYS = (
    "посол",
    "посла",
    "пасол",
    "амбасадар",
    "ambassador",
    "консул",
    "consul",
    "посланник",
    "envoy",
    "allied",
    "атташе",
    "аташе",
    "аташэ",
)


def _owner(page: Page, at: int) -> str | None:
    """ "Norway's N"."""
    left = near(page.sides, at - 4, at)
    if page.lang == "en" and left and page.folded[left[-1].end : at] == "'s ":
        return left[-1].side
    return None


_BRACKET = re.compile(r"\s*\([^()\n]{2,60}\)")
_FOLLOWS = re.compile(r"(?:\s+(?:of|from)|,?\s+(?:who\s+)?represent(?:ed|s|ing))\s+(?:the\s+)?")


def _of(page: Page, end: int) -> str | None:
    """ "N of Norway", "N represented Norway"."""
    bracket = _BRACKET.match(page.folded, end)
    if bracket:
        inside = near(page.sides, *bracket.span())
        return inside[0].side if inside else None
    match = _FOLLOWS.match(page.folded, end) if page.lang == "en" else None
    if page.lang == "en" and match is None and _LED_BY.search(page.folded[max(0, end - 160) : end]):
        match = _FOR.match(page.folded, end)
    if match is None:
        return None
    after = near(page.sides, match.end(), match.end() + 1)
    return after[0].side if after and after[0].sort == "name" and after[0].start == match.end() else None


def _delegation(page: Page, one: PersonMention) -> str | None:
    """ "The Polish delegation was led by N", "the Polish one by N", "N, who led the Polish delegation"."""
    low = max(0, one.start - 110)
    left = page.folded[low : one.start]
    stop = max((match.end() for match in _BREAK.finditer(left)), default=0)
    for side in near(page.sides, low + stop, one.start):
        if side.sort == "name" and _GROUP.search(page.folded[low + stop : side.start]):
            return side.side
        on_behalf = side.sort == "name" and _BEHALF.search(page.folded[max(0, side.start - 16) : side.start])
        begin = one.office_span[0] if one.office_span and one.office_span[0] < one.start else one.start
        if on_behalf and _BEHALF_GAP.fullmatch(page.folded[side.end : max(side.end, begin)]):
            return side.side
    before = [side for side in near(page.sides, low + stop, one.start) if side.sort == "adjective"]
    if before:
        side = before[-1]
        if _DELEGATION.match(page.folded, side.end):
            return side.side
        begin = one.office_span[0] if one.office_span and one.office_span[0] < one.start else one.start
        gap = page.folded[side.end : max(side.end, begin)]
        told = page.folded[max(0, low - 120) : one.start]
        if re.match(r"\s*—\s", gap) and len(gap) < 45 and _SIDE_TOLD.search(told):
            return side.side
    right = near(page.sides, one.end, one.end + 60)
    for side in right:
        gap = page.folded[one.end : side.start]
        if _HOLDS.fullmatch(gap) and side.sort != "people":
            return side.side
        if side.sort == "adjective" and _LEADS.search(gap) and not _BREAK.search(gap):
            return side.side if _DELEGATION.match(page.folded, side.end) else None
    return None


def _context(page: Page, one: PersonMention) -> str | None:
    """The side that the paragraph before the office speaks of first, and not as somebody else's partner."""
    start = one.office_span[0] if one.office_span and one.office_span[0] < one.start else one.start
    low = max(0, start - _CONTEXT)
    paragraph = page.folded.rfind("\n", low, start) + 1 or low
    for since, until in ((paragraph, start), (low, paragraph)):
        found = [side for side in near(page.sides, since, until) if _subject(page, side)]
        if found:
            return found[0].side
    return None


def _subject(page: Page, side: SideMention) -> bool:
    if side.side in ("NATO", "EU", "UN", "OSCE"):
        return False
    if side.sort not in ("name", "capital"):  # "the Polish ministry"
        institution = gazetteer.institution_pattern(page.lang).match(page.folded, side.end + 1)
        if side.sort != "adjective" or institution is None:
            return False
    return _AWAY.search(page.folded[max(0, side.start - 16) : side.start]) is None
