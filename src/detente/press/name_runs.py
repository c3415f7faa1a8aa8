# SPDX-License-Identifier: Apache-2.0
"""Runs of capitalised words, and which of their words are a person's name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from detente.press import gazetteer, offices_en
from detente.press.data import table
from detente.press.names import PATRONYMIC
from detente.press.offices import Page, grammar, near, office_after, office_before, rank_before, ranked_before

_UPPER = "".join(
    char
    for char in map(chr, [*range(0xC0, 0x250), *range(0x1E00, 0x1F00), *range(0x400, 0x530)])
    if char.isupper()
)
_CAPITAL = rf"[A-Z{_UPPER}]"
_WORD = (
    rf"(?:{_CAPITAL}['’]?\w*(?:['’ʼ]\w+)*(?:-\w+(?:['’ʼ]\w+)*)*|(?:аль|эль|ль|al|el|ash|as)-{_CAPITAL}\w+)"
)
_INITIAL = rf"{_CAPITAL}\.(?:-?\s?{_CAPITAL}\.)*"
_PARTICLES = (
    "фон|ван|дер|дэр|ден|дэн|де|да|ди|ды|дель|ла|ле|бен|бэн|бин|бін|ибн|ібн|аль|эль|ель|оглы|оглу"
    "|von|van|der|den|de|da|di|del|dos|la|le|bin|ibn|al|el|ter|zu"
)
_ITEM = rf"(?:{_INITIAL}(?=\s?{_CAPITAL}|\W|$)|{_WORD})"
_RUN = re.compile(
    rf"(?<![\w-])(?:{_ITEM})(?:(?:[ \u00a0]+|(?<=\.))(?:(?:{_PARTICLES})[ \u00a0]+){{0,2}}(?:{_ITEM}))*"
)
_TOKEN = re.compile(rf"{_INITIAL}(?=\s?{_CAPITAL}|\W|$)|(?:{_PARTICLES})(?=[ \u00a0])|{_WORD}|\S+")
_IS_INITIAL = re.compile(rf"{_CAPITAL}\.(?:-?\s?{_CAPITAL}\.)*$")
_IS_PARTICLE = re.compile(rf"(?:{_PARTICLES})$")
#: Capitalised words inside a name that are no names by themselves.
_LINKING = frozenset(
    [
        "ле",
        "ла",
        "де",
        "ван",
        "фон",
        "дер",
        "аль",
        "эль",
        "бен",
        "мак",
        "ди",
        "да",
        "du",
        "le",
        "la",
        "de",
        "van",
        "von",
        "der",
        "al",
        "el",
        "ben",
        "mac",
        "bin",
        "san",
        "saint",
        "del",
    ]
)
#: Tokens of one run that are looked at.
MAX_TOKENS = 14


@dataclass(frozen=True)
class Token:
    """One word of a run; ``kind`` is ``word``, ``initial``, ``particle`` or ``other``."""

    start: int
    end: int
    kind: str
    low: str
    blocked: bool


def runs(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Spans of capitalised words and initials that follow each other."""
    for match in _RUN.finditer(text, start, end):
        yield match.span()


def tokens(page: Page, start: int, end: int) -> list[Token]:
    """The words of a run; blocked are those that name a side or, in English, belong to an office."""
    found: list[Token] = []
    for match in _TOKEN.finditer(page.text, start, end):
        if len(found) == MAX_TOKENS:
            break
        at, stop = match.span()
        if page.folded.endswith("'s", at, stop) and page.lang == "en":
            stop -= 2
        stop = stop if page.text[stop - 1].isalnum() or page.text[stop - 1] == "." else stop - 1
        written = page.text[at:stop]
        kind = (
            "initial"
            if _IS_INITIAL.match(written)
            else "particle"
            if _IS_PARTICLE.match(written)
            else "word"
            if written[:1].isupper() or "-" in written
            else "other"
        )
        blocked = _blocked(page, at, stop, kind) or (
            page.lang != "en" and _post(page, page.folded[at:stop], found[-1] if found else None)
        )
        found.append(Token(at, stop, kind, page.folded[at:stop], blocked))
    return found


def _post(page: Page, word: str, before: Token | None) -> bool:
    """Whether a capitalised word is an office or a rank, and no surname behind a first name."""
    if word not in page.names.heads(page.lang) and word not in gazetteer.ranks(page.lang):
        return False
    named = before is not None and (
        before.kind == "initial" or before.low in page.names.first_names(page.lang)
    )
    return not named


def _blocked(page: Page, at: int, stop: int, kind: str) -> bool:
    if stop <= at or any(side.start <= at and stop <= side.end for side in near(page.sides, at, stop)):
        return True
    word = page.folded[at:stop]
    if kind == "initial":
        return False
    if word in _calendar(page.lang):
        return True
    if page.lang != "en":
        return False
    return offices_en.office_word(page, at, stop) and word not in page.names.first_names("en")


@lru_cache(maxsize=8)
def _calendar(lang: str) -> frozenset[str]:
    """Capitalised words that are never names."""
    return frozenset(table("firstnames")[lang]["not_names"].split())


@lru_cache(maxsize=1)
def _common() -> tuple[tuple[str, ...], frozenset[str]]:
    """Capitalised words of bodies, posts and places: how the longer ones begin, and the short ones whole."""
    listed = table("firstnames")["not_begun"].split()
    return tuple(one for one in listed if len(one) > 4), frozenset(one for one in listed if len(one) <= 4)


def name_at(page: Page, run: list[Token], at: int, floor: int) -> int:
    """How many tokens from ``at`` are a person's name; 0 if none."""
    rest = run[at : at + 6]
    first = rest[0]
    if first.kind in ("particle", "other"):
        return 0
    if first.kind == "initial":
        return _after_initials(rest)
    if first.low in page.names.first_names(page.lang) and len(rest) > 1 and _goes_on(rest, 1):
        return _length_after_first(page, rest)
    followed = len(rest) > 1 and rest[1].kind == "initial" and not rest[1].blocked
    if _known(page, first.low) and first.low not in page.names.first_names(page.lang):
        return 2 if followed else 1
    if page.lang == "en":
        return _english(page, rest, floor)
    return _cyrillic(page, rest, floor, followed)


def _known(page: Page, word: str) -> bool:
    return len(word) > 3 and word in page.names.surnames(page.lang)


def _goes_on(rest: list[Token], number: int) -> bool:
    """Whether a name may go on with token ``number``: a free word, or a particle and a free word."""
    if number >= len(rest) or rest[number].blocked:
        return False
    if rest[number].kind in ("particle", "initial"):
        return any(token.kind == "word" and not token.blocked for token in rest[number + 1 : number + 3])
    return rest[number].kind == "word"


def _after_initials(rest: list[Token]) -> int:
    count = 0
    while count < len(rest) and rest[count].kind == "initial":
        count += 1
    while count < len(rest) and rest[count].kind == "particle":
        count += 1
    if (
        count < len(rest)
        and rest[count].kind == "word"
        and not rest[count].blocked
        and len(rest[count].low) > 1
    ):
        return count + 1
    return 0


def _length_after_first(page: Page, rest: list[Token]) -> int:
    """The tokens of a name that begins with a known first name."""
    if page.lang != "en" and PATRONYMIC.fullmatch(rest[1].low):
        return 3 if _goes_on(rest, 2) and rest[2].kind == "word" else 2
    count = 1
    while (
        count < len(rest)
        and (rest[count].kind in ("particle", "initial") or rest[count].low in _LINKING)
        and _goes_on(rest, count + 1 if rest[count].low in _LINKING else count)
    ):
        count += 1
    count = min(count + 1, len(rest))
    firsts = page.names.first_names(page.lang)
    while count < min(len(rest), 5) and _goes_on(rest, count):
        here, before = rest[count], rest[count - 1]
        if page.lang == "en":
            if here.low.isupper() or page.text[here.start : here.end].isupper():
                break
            count += 1
        elif (before.low in firsts and not _known(page, before.low)) or (
            _known(page, here.low) and not _known(page, before.low)
        ):
            count += 1
        else:
            break
    return count


def _word_run(rest: list[Token], most: int) -> int:
    count = 0
    while (
        count < min(len(rest), most) and not rest[count].blocked and rest[count].kind in ("word", "particle")
    ):
        count += 1
    while count and rest[count - 1].kind == "particle":
        count -= 1
    return count


def _cyrillic(page: Page, rest: list[Token], floor: int, followed: bool) -> int:
    first = rest[0]
    if len(first.low) < 2 or page.text[first.start : first.end].isupper():
        return 0
    rank = rank_before(page, first.start)
    office = office_before(page, first.start, floor)
    free = _word_run(rest, 6)
    if office is not None or rank is not None:
        return 2 if followed else _titled(page, rest, free, office, ranked=rank is not None)
    if free > 1 and ranked_before(page, first.start, floor) is not None:
        return _most_words(rest, free) if all(_person_like(page, token) for token in rest[:2]) else 0
    if _adjective_like(first.low) or page.text[max(0, first.start - 1) : first.start] in _OPEN_QUOTES:
        return 0
    if free >= 2:
        return _unknown(page, rest, free)
    if free == 1 and _SURNAME.search(first.low) and _speaks(page, first.start, first.end):
        return 1 if _person_like(page, first) and len(first.low) > 4 else 0
    return 0


def _titled(page: Page, rest: list[Token], free: int, office: tuple[int, int] | None, *, ranked: bool) -> int:
    """How many words behind an office or a rank are its holder's name."""
    if free > 1:
        if _first_later(page, rest) or not all(_person_like(page, token) for token in rest[:2]):
            return 0  # "of the department for Europe N": the office's own last word has a capital
        return _most_words(rest, free)
    if len(rest[0].low) > 3 and rest[0].low not in page.names.heads(page.lang):
        return _alone(page, rest, office, ranked=ranked)
    return 0


_OPEN_QUOTES = ("«", '"', "„", "“")


def _unknown(page: Page, rest: list[Token], free: int) -> int:
    """Two or three capitalised words that nothing is known of: a person by what stands beside them."""
    if free < 5 and office_after(page, rest[free - 1].end) is not None:
        return free
    if free != 2 or not all(_person_like(page, token) for token in rest[:2]):
        return 0
    if _speaks(page, rest[0].start, rest[1].end) or _SURNAME.search(rest[1].low):
        return 2
    if _JOINED_BEFORE.search(page.text[max(0, rest[0].start - 40) : rest[0].start]):
        return 2
    after = _JOINED_NAME.match(page.text, rest[1].end)
    return 2 if after and page.folded[slice(*after.span(1))] in page.names.first_names(page.lang) else 0


_JOINED_BEFORE = re.compile(rf"{_CAPITAL}\w+\s+{_CAPITAL}\w+\s+(?:и|і|й|та|ды)\s+$")
_JOINED_NAME = re.compile(rf"\s+(?:и|і|й|та|ды)\s+({_CAPITAL}\w+)\s+{_CAPITAL}")


def _most_words(rest: list[Token], free: int) -> int:
    """The tokens of at most three words, the particles between them not counted."""
    words = 0
    for number, token in enumerate(rest[:free], 1):
        words += token.kind == "word"
        if words == 3:
            return number
    return free


def _first_later(page: Page, rest: list[Token]) -> bool:
    """Whether a known first name with a surname stands after the first word."""
    firsts = page.names.first_names(page.lang)
    return any(
        token.low in firsts and _goes_on(rest, number + 1) for number, token in enumerate(rest[1:3], 1)
    )


def _alone(page: Page, rest: list[Token], office: tuple[int, int] | None, *, ranked: bool) -> int:
    """Whether one capitalised word after an office is a surname: after a rank, a side or a bare head, or by
    its shape.
    """
    token = rest[0]
    if ranked:
        return 1
    if (
        office is not None
        and len(rest) == 1
        and page.folded[office[0] : office[1]].split(" ")[-1] in page.names.heads(page.lang)
        and _person_like(page, token)
        and token.low not in _bodies(page.lang)
        and not _ADJECTIVE.search(token.low)
        and _ends_phrase(page, token.end)
    ):
        return 1
    before = near(page.sides, token.start - 2, token.start)
    if before and before[-1].end == token.start - 1 and before[-1].sort == "name":
        return 1
    return 1 if _SURNAME.search(token.low) else 0


_NEXT_WORD = re.compile(r"[ \u00a0]([\w'-]+)")


def _ends_phrase(page: Page, end: int) -> bool:
    """Whether no noun follows, as in "head of the Directorate of …": a verb, a short word or a mark does."""
    word = _NEXT_WORD.match(page.folded, end)
    return (
        word is None
        or len(word.group(1)) <= 3
        or grammar(page.lang).verb.fullmatch(word.group(1)) is not None
    )


@lru_cache(maxsize=8)
def _bodies(lang: str) -> frozenset[str]:
    """The words of what offices are of: "defence", "foreign"."""
    return frozenset(word for tail in table("offices")[lang]["tails"] for word in tail.split(" "))


_SURNAME = re.compile(
    r"(?:(?:[оеєё]в|[ии]н|ін|ын)(?:а|у|ым|ом|им|ам|е|і|ові)?|[оеєё]ў|аў|ск(?:ий|ого|ому|им|ом|і|ага|аму|ім)"
    r"|ськ(?:ий|ого|ому|им|ім)|цк(?:ий|ого|ому|им|ом|і|ага|аму|ім)|цьк(?:ий|ого|ому|им)"
    r"|енк(?:о|а|у|ом|ові)|[эеа]нк(?:а|і|у|ам)|[юу]к(?:а|у|ом|ові|ам)?|[оеіу]вич(?:а|у|ем)?|евич(?:а|у|ем)?"
    r"|[аеоэ]віч(?:а|у|ам|ы)?|швили|швілі|дзе|ян(?:а|у|ом|ам)?|[аиіуы]ус(?:а|у|ом|ам)?|скас(?:а|у|ом)?|чик(?:а|у|ом)?)$"
)


def _adjective_like(low: str) -> bool:
    return bool(_ADJECTIVE.search(low))


_ADJECTIVE = re.compile(
    r"(?:(?:[кнвшщчжх]|ст)(?:ий|ій)|ый|ой|ая|яя|ое|ее|ые|ие|ого|его|ому|ему|ых|их|ыми|ими|ымі|імі|ыя|ага|аму|ої"
    r"|ської|ська|ське)$"
)
_SPOKEN = re.compile(
    r"\s+(?:\w+\s+)?(?:заяви|сказа|сообщи|отмети|подчеркну|добави|рассказа|напомни|уточни|поясни|написа|призва"
    r"|провел|прове[лў]|участв|возглав|представля|подписа|встрети|обсуди|поблагодари|позвони|считает|говорит|уверен"
    r"|заяві|паведамі|адзначы|падкрэслі|дада[ўл]|распавя|нагада|сустрэ|абмеркава|патэлефанава|лічыць|кажа"
    r"|повідоми|зазначи|наголоси|підкресли|дода[вл]|розпові|нагада|зустрі|обговори|зателефонува|вважає|каже|заяви)"
)
_SPOKEN_BEFORE = re.compile(
    r"(?:сказал[аи]?|заявил[аи]?|сообщил[аи]?|отметил[аи]?|подчеркнул[аи]?|добавил[аи]?|рассказал[аи]?|говорит|считает"
    r"|сказаў|сказала|заявіў|заявіла|адзначыў|адзначыла|падкрэсліў|дадаў|дадала|распавёў|кажа|лічыць"
    r"|сказав|заявив|заявила|зазначив|зазначила|наголосив|наголосила|додав|додала|розповів|каже|вважає)\s+$"
)


def _speaks(page: Page, start: int, end: int) -> bool:
    return bool(
        _SPOKEN.match(page.folded, end) or _SPOKEN_BEFORE.search(page.folded[max(0, start - 20) : start])
    )


def _person_like(page: Page, token: Token) -> bool:
    institution = gazetteer.institution_pattern(page.lang).match(page.folded, token.start)
    return (
        len(token.low) > 2
        and not token.low.startswith(_common()[0])
        and token.low not in _common()[1]
        and institution is None
        and not page.text[token.start : token.end].isupper()
        and token.low not in page.names.heads(page.lang)
        and token.low not in grammar(page.lang).not_verbs
    )


_SAID = re.compile(
    r",?\s+(?:also\s+|has\s+|had\s+|later\s+)?(?:said|says|told|tells|added|stated|noted|stressed|warned|confirmed|announced"
    r"|declared|wrote|met|spoke|thanked|called|discussed|assured|denied|urged|argued|explained|insisted|replied|tweeted"
    r"|emphasi[sz]ed|reiterated|recalled|pledged|promised|demanded|arrived|held|visited)(?!\w)"
)
_SAID_BEFORE = re.compile(r"(?:said|says|added|according to|told|stated|by)\s+$")


def _english(page: Page, rest: list[Token], floor: int) -> int:
    first = rest[0]
    count = _word_run(rest, 4)
    if not count or len(first.low) < 2:
        return 0
    shouted = page.text[first.start : first.end].isupper() and len(first.low) < 5
    if offices_en.title_before(page, first.start) or rank_before(page, first.start):
        return count
    if _owned(page, first.start) and not shouted:
        return count
    office = offices_en.office_before(page, first.start, floor)
    if office is not None and not shouted and _first_later(page, rest):
        return 0
    if office is not None and not shouted:
        comma = page.folded[office[1] : first.start].lstrip().startswith(",")
        if count > 1 or (not comma and _single(page, office, first)):
            return count
        return 0
    if count >= 2 and not shouted and first.low not in _OPENERS:
        if offices_en.office_after(page, rest[count - 1].end) is not None:
            return count
        if count <= 3 and (
            _SAID.match(page.folded, rest[count - 1].end)
            or _SAID_BEFORE.search(page.folded[max(0, first.start - 16) : first.start])
        ):
            return count
    return 0


def _owned(page: Page, at: int) -> bool:
    """Whether "Norway's" stands right before a name."""
    left = near(page.sides, at - 4, at)
    return bool(left) and left[-1].sort == "name" and page.folded[left[-1].end : at] == "'s "


_OPENERS = frozenset(
    [
        "the",
        "on",
        "in",
        "at",
        "after",
        "before",
        "during",
        "this",
        "that",
        "these",
        "those",
        "when",
        "while",
        "as",
        "for",
        "from",
        "by",
        "it",
        "its",
        "his",
        "her",
        "their",
        "both",
        "and",
        "but",
        "not",
        "no",
        "new",
        "black",
        "white",
        "north",
        "south",
        "east",
        "west",
        "united",
        "according",
    ]
)


def _single(page: Page, office: tuple[int, int], token: Token) -> bool:
    """Whether one word after an office is its holder: the office's last word is a head or a side."""
    words = page.folded[office[0] : office[1]].split()
    last = words[-1].rstrip("'s") if words else ""
    sided = near(page.sides, office[1] - 1, office[1])
    return len(token.low) > 2 and (
        last in page.names.heads("en") or words[-1] in page.names.heads("en") or bool(sided)
    )
