# SPDX-License-Identifier: Apache-2.0
"""Offices and ranks beside a name: their spans, nominative texts and sides."""

from __future__ import annotations

import re
from dataclasses import dataclass

from detente.press import gazetteer
from detente.press.data import table
from detente.press.gazetteer import SideMention

_WORD = re.compile(r"[\w-]+|[—,.;:!?«»()]")
#: Words that may stand inside an office between its head and the name.
_INNER = frozenset({"по", "и", "при", "—", "в", "на"})
_VERBAL = re.compile(r"\w{2,}(?:л|ла|ло|ли|лся|лась|лись|лось|ет|ют|ит|ат|ят|ется|ются|ится|атся)$")
_NOT_VERBS = frozenset(
    {"дел", "сил", "штат", "совет", "комитет", "департамент", "кабинет", "бюджет", "союзники"}
)
_ADJECTIVE = "ий|ый|ой|ая|его|ого|ему|ому|им|ым|ем|ом|ие|ые|их|ых|ими|ыми|ую|ая"
#: How far to the left of a name its office may begin (code points).
_OFFICE_REACH = 260


@dataclass(frozen=True)
class Office:
    """An office phrase: its span, nominative text, side, rank and the case that it stands in."""

    start: int
    end: int
    text: str
    side: str | None
    rank: str | None
    cases: str
    plural: bool


def near(sides: list[SideMention], start: int, end: int) -> list[SideMention]:
    """The sides that overlap ``[start, end)``; ``sides`` are sorted."""
    low, high = 0, len(sides)
    while low < high:
        middle = (low + high) // 2
        if sides[middle].end <= start:
            low = middle + 1
        else:
            high = middle
    found = []
    while low < len(sides) and sides[low].start < end:
        found.append(sides[low])
        low += 1
    return found


def rank_before(folded: str, at: int) -> tuple[int, str, str] | None:
    """A rank that ends right before ``at``: (its start, nominative, cases)."""
    left = folded[max(0, at - 40) : at]
    found = None
    for match in gazetteer.rank_pattern().finditer(left):
        if not left[match.end() :].strip():
            found = (at - len(left) + match.start(), *gazetteer.ranks()[match.group()])
    return found


def office_before(folded: str, at: int, floor: int) -> tuple[int, int] | None:
    """The office phrase that ends right before ``at``: the farthest head reachable over office words."""
    low = max(floor, at - _OFFICE_REACH)
    words = [(match.start(), match.end(), match.group()) for match in _WORD.finditer(folded, low, at)]
    best: int | None = None
    for start, _, word in reversed(words):
        if word in gazetteer.heads():
            best = start
        elif not _office_word(word):
            break
    if best is None:
        return None
    end = len(folded[best:at].rstrip()) + best
    return best, end


def _office_word(word: str) -> bool:
    if word in _INNER or word in _NOT_VERBS:
        return True
    return (
        word[0].isalpha()
        and not _VERBAL.fullmatch(word)
        and word not in ("с", "со", "что", "как", "о", "об", "к")
    )


def office_of(text: str, folded: str, at: int, floor: int, sides: list[SideMention]) -> Office | None:
    """Office and rank that stand before the name at ``at``."""
    rank = rank_before(folded, at)
    span = office_before(folded, rank[0] if rank else at, floor)
    if span is None:
        return Office(at, at, "", None, rank[1], rank[2], False) if rank else None
    start = with_modifiers(folded, span[0], floor, sides)
    head = gazetteer.head_pattern().match(folded, span[0])
    assert head is not None
    _, cases, plural = gazetteer.heads()[head.group()]
    within = near(sides, start, span[1])
    side = within[0].side if within else None
    return Office(
        start,
        span[1],
        office_text(text, folded, start, span[1]),
        side,
        rank[1] if rank else None,
        cases,
        plural,
    )


def with_modifiers(folded: str, start: int, floor: int, sides: list[SideMention]) -> int:
    """The start moved left over "first", "acting", "Polish" and the like."""
    stems = table("offices")["modifiers"]
    while True:
        match = re.search(r"([\w-]+) $", folded[max(floor, start - 30) : start])
        if not match:
            return start
        word, begin = match.group(1), start - len(match.group())
        adjective = any(
            side.sort == "adjective" and side.start == begin for side in near(sides, begin, start)
        )
        if not adjective and not re.fullmatch(rf"(?:{'|'.join(stems)})(?:{_ADJECTIVE})|обязанности", word):
            return start
        start = begin


def office_text(text: str, folded: str, start: int, end: int) -> str:
    """An office phrase with its head (heads after dashes, adjectives before it) in the nominative."""
    parts = []
    for part in re.split(r"( — )", re.sub(r"\s+", " ", _plain_dashes(text[start:end]))):
        words = part.split(" ")
        for number, word in enumerate(words):
            known = gazetteer.heads().get(word.lower().replace("ё", "е"))
            if known:
                words[number] = known[0]
                words[:number] = [_adjective(one) for one in words[:number]]
                break
        parts.append(" ".join(words))
    return "".join(parts)


def _plain_dashes(text: str) -> str:
    """Dashes between spaces made em dashes; letters as written."""
    return re.sub(r"[ \u00a0][–—-][ \u00a0]", " — ", text)


def _adjective(word: str) -> str:
    match = re.fullmatch(r"(\w+?)(ого|ому|ым|им|ом|его|ему|ем)", word)
    if not match:
        return word
    stem = match.group(1)
    soft = stem.endswith(("к", "г", "х", "щ", "ш")) or match.group(2) in ("его", "ему", "ем")
    return stem + ("ий" if soft else "ый")


def office_after(text: str, folded: str, end: int, sides: list[SideMention]) -> Office | None:
    """ "Name, minister of defence of X," right after the name."""
    match = re.compile(r",\s+(?=[а-яё])").match(folded, end)
    if not match:
        return None
    head = gazetteer.head_pattern().match(folded, match.end())
    if not head:
        return None
    stop = re.compile(r"[,.;:!?)—]|\s(?:заяв|сообщ|сказ|отмет|подчерк|провел|встрет|обсуд)").search(
        folded, head.end()
    )
    finish = min(stop.start() if stop else head.end(), head.end() + 120)
    span = (match.end(), len(folded[:finish].rstrip()))
    within = near(sides, *span)
    return Office(
        *span, office_text(text, folded, *span), within[0].side if within else None, None, "", False
    )
