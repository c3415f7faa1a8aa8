# SPDX-License-Identifier: Apache-2.0
"""Offices and ranks beside a name: their spans, nominative texts and sides."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from detente.press import gazetteer
from detente.press.data import table
from detente.press.gazetteer import Gazetteer
from detente.press.sides import SideMention

_WORD = re.compile(r"[\w'-]+|[—,.;:!?«»()\"„“”\n]")
#: How far to the left of a name its office may begin (code points).
_OFFICE_REACH = 260
#: How far after a name its office may reach.
_OFFICE_AFTER = 120


@dataclass(frozen=True)
class Office:
    """An office phrase: its span, nominative text, side, rank and the case that it stands in.

    ``text`` is empty where only a rank stands, or a word that gives a side and is no office ("counterpart").
    """

    start: int
    end: int
    text: str
    side: str | None
    rank: str | None
    cases: str
    plural: bool


@dataclass(frozen=True)
class Page:
    """What the finders of names share: a page's text, its folded twin, its sides, language and known
    names.
    """

    text: str
    folded: str
    sides: list[SideMention]
    lang: str
    names: Gazetteer


@dataclass(frozen=True)
class Grammar:
    """How a language writes offices (data/offices.toml), compiled."""

    inner: frozenset[str]
    not_verbs: frozenset[str]
    stops: frozenset[str]
    verb: re.Pattern[str]
    modifier: re.Pattern[str]
    tail: re.Pattern[str]
    joiner: re.Pattern[str]
    conjunction: re.Pattern[str]
    after: re.Pattern[str]
    cases: tuple[tuple[str, str], ...]
    female: tuple[str, ...]


@lru_cache(maxsize=8)
def grammar(lang: str) -> Grammar:
    """The grammar of ``ru``, ``be`` or ``uk``; English has its own (offices_en)."""
    row = table("offices")[lang]
    joined = "|".join(row["and"])
    return Grammar(
        frozenset(row["inner"]),
        frozenset(row["not_verbs"]),
        frozenset(row["stops"]),
        re.compile(row["verbs"]),
        re.compile(
            rf"(?:{'|'.join(row['modifiers'])})(?:{'|'.join(row['adjective'])})"
            rf"|{'|'.join(re.escape(word) for word in row['words'])}"
        ),
        re.compile(r"(?: (?:" + "|".join(sorted(row["tails"], key=len, reverse=True)) + r")(?!\w))*"),
        re.compile(rf"\s+(?:(?:{joined})\s+)?|,\s+"),
        re.compile(rf"(?:{joined})"),
        re.compile(r"[,.;:!?)—]|\s(?:" + row["after_stops"] + ")"),
        tuple((word, case) for word, case in (one.split(" ") for one in row["cases"])),
        tuple(row["female"]),
    )


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


def rank_before(page: Page, at: int) -> tuple[int, str, str] | None:
    """A rank that ends right before ``at``: (its start, nominative, cases)."""
    low = max(0, at - 80)
    left = page.folded[low:at]
    match = gazetteer.rank_pattern(page.lang).search(left)
    if match is None or (left.rstrip().endswith(",") and not match.group(2)):
        return None
    if _NO_RANK.search(left[: match.start()]):
        return None
    nominative, cases = gazetteer.ranks(page.lang)[match.group(1)]
    return low + match.start(), " ".join(filter(None, (nominative, match.group(2)))), cases


#: "Secretary General" is an office.
_NO_RANK = re.compile(
    r"(?<!\w)(?:secretary|attorney|consul|director|governor|inspector|commissioner|solicitor)[ -]$"
)


def office_before(page: Page, at: int, floor: int) -> tuple[int, int] | None:
    """The office phrase that ends right before ``at``: the farthest head reachable over office words."""
    low = max(floor, at - _OFFICE_REACH)
    heads = page.names.heads(page.lang)
    rules = grammar(page.lang)
    found = [(match.start(), match.group()) for match in _WORD.finditer(page.folded, low, at)]
    best: int | None = None
    after = ""
    joined = False  # a conjunction stands between here and the best head
    for start, word in reversed(found):
        if word in heads:
            if joined and best is not None and _sided(page, start, best):
                break  # "the minister of X and the minister of Y, N": N's office begins at the second
            best, joined = start, False
        elif rules.conjunction.fullmatch(word):
            joined = joined or best is not None
        elif not _office_word(word, after, rules) and not _plural_noun(found, start):
            break
        after = word
    if best is None:
        return None
    return best, len(page.folded[best:at].rstrip()) + best


def _sided(page: Page, start: int, end: int) -> bool:
    return any(side.sort != "people" for side in near(page.sides, start, end))


def _plural_noun(found: list[tuple[int, str]], start: int) -> bool:
    """Whether a word that may be a verb is a noun: a plural adjective in the genitive stands before it."""
    before = [word for at, word in found if at < start]
    return bool(before) and before[-1].endswith(GENITIVES)


#: How plural adjectives in the genitive end: "(the minister) of natural resources".
GENITIVES = ("ых", "іх", "их")


def _office_word(word: str, after: str, rules: Grammar) -> bool:
    if word in rules.inner and (word not in ("з", "із") or after.startswith("питан")):
        return True
    if word in rules.not_verbs:
        return True
    return word[0].isalpha() and not rules.verb.fullmatch(word) and word not in rules.stops


def office_of(page: Page, at: int, floor: int) -> Office | None:
    """Office and rank that stand before the name at ``at``."""
    rank = rank_before(page, at)
    stop = rank[0] if rank else at
    left = page.folded[max(floor, stop - 3) : stop]
    if rank and left.rstrip().endswith(","):  # "the head of the committee, General N"
        stop -= len(left) - left.rfind(",")
    span = office_before(page, stop, floor)
    if span is None:
        if rank is None:
            return ranked_before(page, at, floor)
        return Office(at, at, "", side_beside(page, rank[0]), rank[1], rank[2], False)
    start = with_modifiers(page, span[0], floor)
    nominative, cases, plural = page.names.heads(page.lang)[head_at(page, span[0])]
    within = [side for side in near(page.sides, start, span[1]) if side.sort != "people"]
    side = within[0].side if within else None
    weak = nominative in gazetteer.sorts(page.lang, "weak")
    if rank is not None:  # an office that does not decline stands in the case of its rank
        cases = "".join(case for case in cases if case in rank[2]) or cases
    return Office(
        start,
        span[1],
        "" if weak else office_text(page, start, span[1]),
        side,
        rank[1] if rank else None,
        cases,
        plural,
    )


def side_beside(page: Page, at: int) -> str | None:
    """The side of the adjective right before ``at``: "the Polish (general N)"."""
    left = near(page.sides, at - 2, at)
    return left[-1].side if left and left[-1].sort == "adjective" and left[-1].end == at - 1 else None


_FORCES = re.compile(
    r"(?<!\w)(?:арми|армі|войск|військ|сил|флот|авиац|авіац|пагран|погран|памежн|прикордон|пограни|полиц|полиці|паліц|поліц|гвард"
    r"|варт|служб|вс[уф]?(?!\w)|зс[у]?(?!\w)|усу(?!\w)|ввс|вмс|вмф|впс|ппо|пво|генштаб|минобор|міноб|мінаб|фсб|сбу|гур)"
)
#: Words between a rank and a name: "a colonel of the defence forces of X, N".
_MOST_AFTER_RANK = 5


def ranked_before(page: Page, at: int, floor: int) -> Office | None:
    """A rank with the body of its holder between it and the name: "a general of the Polish army N"."""
    rules = grammar(page.lang)
    low = max(floor, at - 90)
    found = [(match.start(), match.group()) for match in _WORD.finditer(page.folded, low, at)]
    for start, word in reversed(found[-_MOST_AFTER_RANK:]):
        if not _office_word(word, "", rules) or word in rules.inner:
            return None
        rank = rank_before(page, start)
        if rank is not None:
            within = [side for side in near(page.sides, start, at) if side.sort != "people"]
            if not within and _FORCES.search(page.folded, start, at) is None:
                return None
            return Office(at, at, "", within[0].side if within else None, rank[1], rank[2], False)
    return None


def head_at(page: Page, at: int) -> str:
    """The head word that begins at ``at``."""
    match = _WORD.match(page.folded, at)
    assert match is not None
    return match.group()


_ACTING_FOR = re.compile(r"(?<!\w)(?:и|в|т|вр)\. ?(?:в\. ?|и\. ?)?[оа]\. $")


def with_modifiers(page: Page, start: int, floor: int) -> int:
    """The start moved left over "first", "acting", "Polish" and the like."""
    rules = grammar(page.lang)
    while True:
        acting = _ACTING_FOR.search(page.folded[max(floor, start - 12) : start])
        if acting:
            start -= len(acting.group())
            continue
        match = re.search(r"([\w'-]+|\w\.(?:\w\.)+) $", page.folded[max(floor, start - 30) : start])
        if not match:
            return start
        word, begin = match.group(1), start - len(match.group())
        adjective = any(
            side.sort == "adjective" and side.end == start - 1 for side in near(page.sides, begin, start)
        )
        if not adjective and not rules.modifier.fullmatch(word):
            return start
        start = begin


_ACTING = frozenset(
    [
        "врио",
        "и.о.",
        "вр.и.о.",
        "в.о.",
        "т.в.о.",
        "в.а.",
        "о.",
        "обязанности",
        "обов'язки",
        "обов’язки",
        "абавязкі",
    ]
)


def office_text(page: Page, start: int, end: int) -> str:
    """An office phrase with its head (heads after dashes, adjectives before it) in the nominative."""
    heads = page.names.heads(page.lang)
    parts = []
    for part in re.split(r"( — )", re.sub(r"\s+", " ", _plain_dashes(page.text[start:end]))):
        words = part.split(" ")
        for number, word in enumerate(words):
            known = heads.get(word.lower().replace("ё", "е").replace("’", "'").replace("ʼ", "'"))
            if known and known[2]:
                words[number] = known[0]
                words[:number] = [_singular(one, page.lang) for one in words[:number]]
                if number + 1 < len(words):
                    words[number + 1] = _one_of(heads, words[number + 1])
                break
            if known and any(one.lower() in _ACTING for one in words[:number]):
                words[:number] = [_adjective(one, page.lang) for one in words[:number]]
                break  # "acting head": what is acted as stays in its case
            if known:
                words[number] = _cased(known[0], word)
                after = heads.get(words[number + 1].lower()) if number + 1 < len(words) else None
                if after and after[0] != known[0] and known[0].endswith(("ый", "ий", "ы")):
                    words[number + 1] = after[0]  # "the officer on duty": an adjective and its noun
                words[:number] = [_adjective(one, page.lang) for one in words[:number]]
                break
        parts.append(" ".join(words))
    made = "".join(parts)
    if page.lang == "be":
        made = _SHORT_U.sub(lambda match: match.group(1) + "у", made)
        made = _LONG_U.sub("ў", made)
    return made


#: Belarusian writes a short u after vowels only; the nominative before it may have lost its vowel.
_LONG_U = re.compile(r"(?<=[аеёіоуыэюя] )у(?=паўнаваж)", re.IGNORECASE)
_SHORT_U = re.compile(r"([^аеёіоуыэюя\s] )ў", re.IGNORECASE)


_PLURAL = {
    "ru": re.compile(r"(\w+?)(?:([ыи])(?:е|х|м|ми))"),
    "be": re.compile(r"(\w+?)(?:([ыі])(?:я|х|м|мі))"),
    "uk": re.compile(r"(\w+?)(?:(и)(?:х|м|ми)|і)"),
}


def _singular(word: str, lang: str) -> str:
    """A plural adjective as the masculine singular one."""
    match = _PLURAL[lang].fullmatch(word.lower())
    if not match:
        return word
    vowel = match.group(2) or "и"
    return match.group(1) + (vowel if lang == "be" else vowel + "й")


def _one_of(heads: gazetteer.Heads, word: str) -> str:
    """ "(deputies) of ministers": the second head singular too."""
    known = heads.get(word.lower())
    if known is None or not known[2] or "g" not in known[1]:
        return word
    return next(
        (form for form, other in heads.items() if other[0] == known[0] and "g" in other[1] and not other[2]),
        word,
    )


def _cased(head: str, written: str) -> str:
    """The nominative; as the page writes it where it already is (its apostrophe, say)."""
    return written[0].lower() + written[1:] if written.lower().replace("’", "'") == head else head


def _plain_dashes(text: str) -> str:
    """Dashes between spaces made em dashes; letters as written."""
    return re.sub(r"[ \u00a0][–—-][ \u00a0]", " — ", text)


_OBLIQUE = {
    "ru": re.compile(r"(\w+?)(ого|ому|ым|им|ом|его|ему|ем)"),
    "be": re.compile(r"(\w+?)(ага|аму|ога|ому|яга|яму|ым|ім)"),
    "uk": re.compile(r"(\w+?)(ого|ому|им|ім|ього|ьому)"),
}


def _adjective(word: str, lang: str) -> str:
    """A masculine adjective in the nominative; another word as it is."""
    match = _OBLIQUE[lang].fullmatch(word)
    if not match:
        return word
    stem, ending = match.groups()
    if lang == "uk":
        return stem + ("ій" if ending.startswith("ь") else "ий")
    if lang == "be":
        soft = stem.endswith(("к", "г", "х")) or ending in ("яга", "яму", "ім")
        return stem + ("і" if soft else "ы")
    soft = stem.endswith(("к", "г", "х", "щ", "ш")) or ending in ("его", "ему", "ем")
    return stem + ("ий" if soft else "ый")


_LEAD = re.compile(r"(?:(?:,|\s+[—–-])\s+|\s+\()(?=[а-яёіїєґў])")
_NEXT_PERSON = re.compile(r"\s(?:и|і|й|та|ды|а також|а также)\s+(?=[А-ЯЁІЇЄҐЎ][\w'’ʼ-]+\s+[А-ЯЁІЇЄҐЎ])")


def office_after(page: Page, end: int) -> Office | None:
    """ "Name, minister of defence of X," right after the name."""
    match = _LEAD.match(page.text, end)
    if not match:
        return None
    heads = page.names.heads(page.lang)
    start = match.end()
    at = start
    for _ in range(4):  # the head, or up to three modifiers before it
        word = _WORD.match(page.folded, at)
        if word is None:
            return None
        if word.group() in heads:
            break
        adjective = any(
            side.sort == "adjective" and side.start == at for side in near(page.sides, at, word.end())
        )
        if not adjective and not grammar(page.lang).modifier.fullmatch(word.group()):
            return None
        at = word.end() + 1
    else:
        return None
    nominative, cases, plural = heads[word.group()]
    if plural or nominative in gazetteer.sorts(page.lang, "weak"):
        return None
    stop = grammar(page.lang).after.search(page.folded, word.end())
    finish = min(stop.start() if stop else word.end(), word.end() + _OFFICE_AFTER)
    other = _NEXT_PERSON.search(page.text, word.end(), finish)
    finish = other.start() if other else finish
    span = (start, len(page.folded[:finish].rstrip()))
    within = [side for side in near(page.sides, *span) if side.sort != "people"]
    return Office(*span, office_text(page, *span), within[0].side if within else None, None, cases, False)
