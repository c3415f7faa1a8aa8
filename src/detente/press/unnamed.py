# SPDX-License-Identifier: Apache-2.0
"""Offices with a side and no name: "the defence ministers of X and Y", "the Polish minister of defence"."""

from __future__ import annotations

import re

from detente.press import gazetteer, offices_en
from detente.press.names import PersonMention
from detente.press.offices import GENITIVES, Page, grammar, near, office_text, with_modifiers
from detente.press.sides import SideMention, find_sides
from detente.press.source import Span, fold

_WORD = re.compile(r"[\w'-]*\w")
_OF = re.compile(r"\s+(?:of|for)\s+(?:the\s+)?(?:republic of\s+)?")
_ENGLISH_JOIN = re.compile(r"\s+(?:and\s+)(?:the\s+)?|,\s+(?:and\s+)?(?:the\s+)?")


def find_unnamed(page: Page, span: Span, taken: list[Span]) -> list[PersonMention]:
    """The mentions in ``span`` that are not part of the office spans in ``taken``."""
    heads = page.names.heads(page.lang)
    plain = gazetteer.sorts(page.lang, "plain")
    inside = {at for start, end in taken if start < span[1] and end > span[0] for at in range(start, end)}
    found: list[PersonMention] = []
    done = span[0]
    for match in _WORD.finditer(page.folded, *span):
        known = heads.get(match.group())
        if known is None or known[0] in plain or match.start() < done:
            continue
        if match.start() in inside:
            continue
        here = _at(page, match.start(), match.end(), span, known)
        found += here
        done = max([done, *(one.end for one in here)])
    return found


def _at(page: Page, start: int, end: int, span: Span, known: tuple[str, str, bool]) -> list[PersonMention]:
    nominative, cases, plural = known
    english = page.lang == "en"
    begin = (
        offices_en.with_modifiers(page, start, span[0]) if english else with_modifiers(page, start, span[0])
    )
    if english:
        stop = max(end, offices_en.tail(page, end, span[1]))
    else:
        stop = _tail(page, end)
    owners = _owners(page, stop, span[1])
    if not owners and not english:
        further = _further(page, stop, span[1], known)
        owners = _owners(page, further, span[1])
        stop = further if owners else stop
        whose = None if owners or plural else _adjectival(page, stop, span[1])
        if whose is not None:
            side, stop = whose
            return [_mention(page, begin, stop, cases, office_text(page, begin, stop), side.side, weak=False)]
    before = [side for side in near(page.sides, begin, start) if side.sort in ("adjective", "name")]
    if english and not owners and not plural:
        whose = _english_adjectival(page, stop, span[1])
        if whose is not None:
            side, stop = whose
            text = offices_en.office_text(page, begin, stop)
            return [_mention(page, begin, stop, cases, text, side.side, weak=False)]
    chosen = owners or (_adjectives(page, begin, before, span[0]) if plural else before[:1])
    weak = nominative in gazetteer.sorts(page.lang, "weak")
    text = offices_en.office_text(page, begin, stop) if english else office_text(page, begin, stop)
    found = []
    for side in chosen:
        finish = max(stop, side.end)
        shown = _text(page, text, side, owners=bool(owners))
        stands = "n" if plural and "n" in cases and not english else cases
        found.append(_mention(page, min(begin, side.start), finish, stands, shown, side.side, weak=weak))
        if not plural:
            break
    return found


def _mention(
    page: Page, start: int, end: int, cases: str, office: str, side: str, *, weak: bool
) -> PersonMention:
    return PersonMention(
        start,
        end,
        page.text[start:end],
        None,
        None,
        None,
        cases,
        office,
        (start, end),
        None,
        side,
        "counterpart" if weak else "office",
        0.6 if weak else 0.8,
    )


def _tail(page: Page, end: int) -> int:
    """Where the known words after a head end: "of defence", "of the minister of foreign affairs"."""
    rules, heads = grammar(page.lang), page.names.heads(page.lang)
    while True:
        tail = rules.tail.match(page.folded, end)
        end = tail.end() if tail else end
        word = _WORD.match(page.folded, end + 1) if page.folded[end : end + 1] == " " else None
        known = heads.get(word.group()) if word else None
        if word is None or known is None or "g" not in known[1]:
            return end
        end = word.end()


def _english_adjectival(page: Page, end: int, limit: int) -> tuple[SideMention, int] | None:
    """ "(the duty officer) of the Turkish naval command": the side and where the phrase ends."""
    gap = _OF.match(page.folded, end, limit)
    side = next((one for one in near(page.sides, gap.end(), gap.end() + 1)), None) if gap else None
    if gap is None or side is None or side.start != gap.end() or side.sort != "adjective":
        return None
    stop = offices_en.tail(page, side.end, limit)
    return (side, stop) if stop > side.end else None


#: Words between a head and its side: "the duty officer of the border guard service of X".
_MOST_BETWEEN = 5


def _further(page: Page, end: int, limit: int, known: tuple[str, str, bool]) -> int:
    """Where other words after a head end if a side's name follows them; ``end`` if none does."""
    if known[2] and known[0].startswith(("представител", "прадстаўні", "представни")):
        return end  # "representatives of the ministry of X" are nobody
    rules = grammar(page.lang)
    at, before = end, ""
    for _ in range(_MOST_BETWEEN):
        word = _WORD.match(page.folded, at + 1, limit) if page.folded[at : at + 1] == " " else None
        if word is None or word.group() in page.names.heads(page.lang) or word.group() in _NEVER_BETWEEN:
            return end
        noun = word.group() in rules.not_verbs or before.endswith(GENITIVES)
        noun = noun or (known[2] and word.group().endswith(("ів", "їв", "аў", "оў", "еў")))
        if rules.verb.fullmatch(word.group()) and not noun:
            return end
        before = word.group()
        at = word.end()
        if _owners(page, at, limit):
            return at
    return end


def _adjectival(page: Page, end: int, limit: int) -> tuple[SideMention, int] | None:
    """ "(the head) of the Polish delegation": the side and where the phrase ends."""
    side = next((one for one in near(page.sides, end, end + 2) if one.start == end + 1), None)
    if side is None or side.sort != "adjective" or side.end >= limit:
        return None
    noun = _WORD.match(page.folded, side.end + 1, limit) if page.folded[side.end] == " " else None
    if noun is None or noun.group() in _NEVER_BETWEEN or noun.group() in page.names.heads(page.lang):
        return None
    return side, noun.end()


_NEVER_BETWEEN = frozenset(
    [
        "и",
        "в",
        "на",
        "у",
        "ў",
        "і",
        "й",
        "та",
        "с",
        "со",
        "з",
        "із",
        "зі",
        "к",
        "до",
        "что",
        "что",
        "як",
        "што",
        "а",
        "но",
        "але",
        "при",
        "під",
        "под",
    ]
)


def _text(page: Page, text: str, side: SideMention, *, owners: bool) -> str:
    if not owners:
        written = page.text[side.start : side.end]
        if page.lang == "en" and written not in text:
            first, _, rest = text.partition(" ")
            return f"{written} {rest}" if find_sides(fold(first), 0, len(first), "en") else text
        return text
    joined = " of " if page.lang == "en" and not text.endswith((" of", " of the")) else " "
    return f"{text}{joined}{page.text[side.start : side.end]}"


def _adjectives(page: Page, begin: int, before: list[SideMention], floor: int) -> list[SideMention]:
    """The sides of "the Polish and Lithuanian ministers": those before a conjunction too."""
    found = list(before)
    at = begin
    while found:
        left = [side for side in near(page.sides, max(floor, at - 40), at) if side.sort == "adjective"]
        if not left:
            break
        between = page.folded[left[-1].end : at]
        joined = re.fullmatch(r",?\s+(?:и|і|й|та|ды|and)?\s*|,\s+", between)
        if not joined:
            break
        found.insert(0, left[-1])
        at = left[-1].start
    return found


def _owners(page: Page, at: int, end: int) -> list[SideMention]:
    """Sides that follow an office: "of X", "of X and Y", "of X, Y and Z"."""
    found: list[SideMention] = []
    english = page.lang == "en"
    while True:
        joiner = (_ENGLISH_JOIN if found else _OF) if english else grammar(page.lang).joiner
        gap = joiner.match(page.folded, at, end)
        after = (
            [side for side in near(page.sides, gap.end(), gap.end() + 1) if side.start == gap.end()]
            if gap
            else []
        )
        if not after or after[0].sort in ("adjective", "people"):
            return found
        if not found and not english and gap is not None and gap.group().strip():
            return found
        found.append(after[0])
        at = after[0].end
