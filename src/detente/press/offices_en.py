# SPDX-License-Identifier: Apache-2.0
"""English offices beside a name: phrases of known words around a head, in any mixture of capitals."""

from __future__ import annotations

import re
from functools import lru_cache

from detente.press import gazetteer
from detente.press.declension import CASES
from detente.press.offices import Office, Page, near, rank_before, side_beside

_WORD = re.compile(r"[^\W\d_](?:[\w-]|\.(?=\w)|'(?!s\b))*|[^ \u00a0\w]")
_REACH = 200
_AFTER = 140
_LINKS = frozenset({"of", "for", "to", "at", "on", "in", "and", "the", "a"})
#: A head beyond one of these is the head of something else.
_APART = frozenset({"to", "at", "on", "in", "for"})
_APPOSITION = re.compile(r",\s+$")
_TITLE = re.compile(r"(?<![\w.])(mr|ms|mrs|dr|sir|lord|dame|baroness|prof|sen|rep)\.?\s+$")
#: After these a capitalised word is still of the office: "the commander of the Baltiysk base".
_OPENS_BODY = frozenset({"of", "for", "the", "at"})
#: After "and": another person, not another part of the office.
_RANK_NEXT = re.compile(
    r"\s+(?:[A-Z]\w+\s+){0,2}(?:General|Admiral|Colonel|Major|Captain|Commodore|Gen\.|Adm\.|Col\.|Lt\.|Maj\.|Capt\.)\s"
)
_LEAD = re.compile(r",\s+(?:who\s+is\s+)?(?:the\s+|a\s+)?|\s+—\s+(?:the\s+)?|\s+\((?:the\s+)?")


@lru_cache(maxsize=1)
def before_words() -> frozenset[str]:
    """What may stand before a head: "defence", "deputy"."""
    return gazetteer.words("en", "before")


@lru_cache(maxsize=1)
def known_words() -> frozenset[str]:
    """Every word of an office that is no side."""
    return gazetteer.words("en", "after") | before_words()


def title_before(page: Page, at: int) -> bool:
    """Whether "Mr" or the like stands right before ``at``."""
    return _TITLE.search(page.folded[max(0, at - 12) : at]) is not None


def office_word(page: Page, start: int, end: int) -> bool:
    """Whether a capitalised word belongs to an office or a side rather than to a name."""
    word = page.folded[start:end]
    return (
        word in page.names.heads("en")
        or word in known_words()
        or word in _rank_words()
        or word in gazetteer.words("en", "titles")
    )


@lru_cache(maxsize=1)
def _rank_words() -> frozenset[str]:
    """The single words of ranks: "lt", "gen", "admiral"."""
    return frozenset(word.strip(".") for rank in gazetteer.ranks("en") for word in rank.split(" "))


def office_before(page: Page, at: int, floor: int) -> tuple[int, int] | None:
    """(start, end) of the office phrase that ends right before ``at``, its modifiers with it."""
    low = max(floor, at - _REACH)
    stop = at
    comma = _APPOSITION.search(page.folded[low:at])
    if comma:
        stop = low + comma.start()
    end = len(page.folded[low:stop].rstrip()) + low
    found = [(match.start(), match.group()) for match in _WORD.finditer(page.folded, low, end)]
    heads = page.names.heads("en")
    head: int | None = None
    apart = False
    for number in range(len(found) - 1, -1, -1):
        start, word = found[number]
        if word in heads:
            if head is not None and (apart or _sided(page, start, head)):
                break
            head = start
            apart = False
        elif not _belongs(page, start, word):
            break
        else:
            apart = apart or (head is not None and word in _APART)
    if head is None:
        return None
    begin = with_modifiers(page, head, low)
    if comma and not _definite(page, begin, low):
        return None
    return begin, end


def _sided(page: Page, start: int, end: int) -> bool:
    """Whether "and" parts two offices of different sides."""
    between = page.folded[start:end]
    return " and " in between and bool(near(page.sides, start, end))


def _definite(page: Page, begin: int, low: int) -> bool:
    """Before a comma only "the minister of X, N" and "X's minister, N" are offices of N."""
    side = near(page.sides, begin, begin + 1)
    return bool(side) or page.folded[low:begin].endswith("the ")


def _belongs(page: Page, start: int, word: str) -> bool:
    return (
        word in _LINKS
        or word in known_words()
        or word in ("'", "s", "—", "-")
        or any(side.start <= start < side.end for side in near(page.sides, start, start + 1))
    )


def with_modifiers(page: Page, start: int, floor: int) -> int:
    """The start moved left over "US", "Polish", "Poland's", "deputy", "former defence" and the like."""
    while True:
        match = re.search(r"([\w.-]+)('s)? $", page.folded[max(floor, start - 40) : start])
        if not match:
            return start
        begin = start - len(match.group())
        sided = [
            side for side in near(page.sides, begin, begin + len(match.group(1))) if side.sort != "people"
        ]
        if sided:
            start = sided[0].start
        elif match.group(1) in before_words() and (not match.group(2) or _body(page, begin, floor)):
            start = begin
        else:
            return start


def _body(page: Page, at: int, floor: int) -> bool:
    """Whether a side stands, or known words behind one, before ``at``: "the Polish Border Guard's"."""
    left = page.folded[max(floor, at - 60) : at].split()
    while left and left[-1] in known_words():
        left.pop()
    low = max(floor, at - 60)
    return any(
        side.end >= at - 1 or left for side in near(page.sides, low, at) if side.sort != "people"
    ) and bool(left)


def office_of(page: Page, at: int, floor: int) -> Office | None:
    """Office and rank that stand before the name at ``at``."""
    stop = _untitled(page, at, floor)
    rank = rank_before(page, stop)
    stop = _untitled(page, rank[0] if rank else stop, floor)
    span = office_before(page, stop, floor)
    if span and rank is None and page.text[slice(*span)] == "Commander":  # a rank, alone before a name
        rank = (span[0], "commander", CASES)
        span = office_before(page, span[0], floor)
    if span is None:
        return Office(at, at, "", side_beside(page, rank[0]), rank[1], CASES, False) if rank else None
    return _made(page, span, rank[1] if rank else None)


def _untitled(page: Page, at: int, floor: int) -> int:
    """``at`` moved left over "Mr", "Sir" and the like."""
    title = _TITLE.search(page.folded[max(floor, at - 12) : at])
    return at - len(title.group()) if title else at


def _made(page: Page, span: tuple[int, int], rank: str | None) -> Office:
    heads = page.names.heads("en")
    words = [match.group() for match in _WORD.finditer(page.folded, *span)]
    nominative, cases, plural = next(heads[word] for word in words if word in heads)
    within = [side for side in near(page.sides, *span) if side.sort != "people"]
    weak = nominative in gazetteer.sorts("en", "weak")
    return Office(
        *span,
        "" if weak else office_text(page, *span),
        within[0].side if within else None,
        rank,
        cases,
        plural,
    )


def office_text(page: Page, start: int, end: int) -> str:
    """An office phrase as written; a plural head made singular."""
    heads = page.names.heads("en")
    words = " ".join(page.text[start:end].split()).split(" ")
    for number, word in enumerate(words):
        known = heads.get(word.lower())
        if known:  # only the first head: "chairman of the Joint Chiefs of Staff"
            words[number] = word[0] + known[0][1:] if known[2] else word
            break
    return " ".join(words)


def office_after(page: Page, end: int) -> Office | None:
    """ "Name, the Polish minister of defence," and "Name, Poland's defence minister," right after the
    name.
    """
    lead = _LEAD.match(page.folded, end)
    if not lead:
        return None
    heads = page.names.heads("en")
    finish = start = lead.end()
    seen = False
    before = ""
    for match in _WORD.finditer(page.folded, start, min(len(page.folded), start + _AFTER)):
        word = match.group()
        if word in heads:
            if heads[word][2] and not seen:
                return None
            seen, finish = True, match.end()
        elif word in _LINKS:
            if not seen:
                return None
            if word == "and" and _RANK_NEXT.match(page.text, match.end()):
                break
        elif _belongs(page, match.start(), word):
            finish = match.end()
        elif seen and page.text[match.start()].isupper() and before in _OPENS_BODY:
            finish, word = match.end(), "the"
        else:
            break
        before = word
    return _made(page, (start, finish), None) if seen else None


def tail(page: Page, at: int, end: int) -> int:
    """Where the words after a head end that are no side: "of defence", "of the armed forces of"."""
    finish = at
    for match in _WORD.finditer(page.folded, at, min(end, at + _AFTER)):
        word = match.group()
        if any(
            side.start <= match.start() < side.end for side in near(page.sides, match.start(), match.end())
        ):
            break
        if word not in _LINKS and word not in known_words():
            break
        if word not in _LINKS:
            finish = match.end()
    return finish
