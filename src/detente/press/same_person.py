# SPDX-License-Identifier: Apache-2.0
"""Mentions of one person: the shorter of a page filled from the fuller, and one key for all languages."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache

from detente.press.gazetteer import builtin
from detente.press.names import PersonMention, plain
from detente.press.offices import Page, near
from detente.press.sides import find_sides
from detente.press.source import fold

_JOINED = {
    "ru": ("и", ",", ", а также"),
    "be": ("і", ",", ", а таксама", "ды"),
    "uk": ("і", "й", "та", ",", ", а також"),
}
_WORD = re.compile(r"[\w'-]+")


def pairs_filled(page: Page, people: list[PersonMention]) -> list[PersonMention]:
    """ "the ministers of X and Y, N1 and N2": the names take the sides in order."""
    filled = list(people)
    for number, one in enumerate(people):
        if one.name is None or one.office_span is None or one.office is None:
            continue
        owners = [side for side in near(page.sides, *one.office_span) if side.sort != "people"]
        if len(owners) < 2 or not _plural(page, one.office_span):
            continue
        named = owners[0].sort in ("name", "capital")
        base = one.office
        if named:
            base = one.office[: len(one.office) - (one.office_span[1] - owners[0].start)].rstrip()
        elif page.lang != "en":
            continue
        for at, owner in enumerate(owners):
            follower = filled[number + at] if number + at < len(filled) else None
            if (
                follower is None
                or follower.name is None
                or (at and not _linked(page, filled[number + at - 1], follower))
            ):
                break
            written = page.text[owner.start : owner.end]
            filled[number + at] = replace(
                follower,
                office=f"{base} {written}" if named else base,
                office_span=one.office_span,
                side=owner.side,
            )
    return filled


def _plural(page: Page, span: tuple[int, int]) -> bool:
    heads = page.names.heads(page.lang)
    head = next((one.group() for one in _WORD.finditer(page.folded, *span) if one.group() in heads), None)
    return head is not None and heads[head][2]


def _linked(page: Page, one: PersonMention, after: PersonMention) -> bool:
    between = page.folded[one.end : after.start].strip()
    return between in _JOINED.get(page.lang, ("and", ",", ", and"))


def completed(people: list[PersonMention], page: Page) -> list[PersonMention]:
    """Fill what a mention lacks (name, office, rank, side) from the fullest of the same person."""
    fullest: dict[str, PersonMention] = {}
    for one in people:
        if one.last and (one.last not in fullest or _weight(one) > _weight(fullest[one.last])):
            fullest[one.last] = one
    return [_fill(one, _same(one, fullest, page)) for one in people]


def _weight(one: PersonMention) -> tuple[int, int]:
    filled = (2 if one.first else 0) + (4 if one.office else 0) + (1 if one.rank else 0)
    return filled, len(one.office or "")


def _same(one: PersonMention, fullest: dict[str, PersonMention], page: Page) -> PersonMention | None:
    if one.last:
        full = fullest[one.last]
        return full if full.side or full.office else _spelt_otherwise(one, fullest, page.lang) or full
    if one.name is None:
        return None if one.rule == "counterpart" else _holder(one, fullest, page)
    if one.first and one.name:  # first name and patronymic: the one person of that first name on the page
        patronymic = _letters(one.name.split(" ")[-1])
        fits = [
            other
            for other in fullest.values()
            if other.first == one.first and patronymic in _patronymics(other, patronymic, page)
        ]
        return fits[0] if len(fits) == 1 else None
    return None


def _spelt_otherwise(
    one: PersonMention, fullest: dict[str, PersonMention], lang: str
) -> PersonMention | None:
    """The one person with an office whose name is the same in another spelling (Grigorenko, Hryhorenka)."""
    if not one.first or not one.name:
        return None
    mine = key(one.name, lang)
    fits = [
        other
        for other in fullest.values()
        if other.side
        and other.first
        and other.first[0] == one.first[0]
        and key(str(other.name), lang) == mine
    ]
    return fits[0] if len(mine) > 2 and len(fits) == 1 else None


#: Words of an office that say nothing of whose it is.
_EMPTY = frozenset({"республики", "рэспублікі", "республіки", "the", "of", "for"})


def _holder(one: PersonMention, fullest: dict[str, PersonMention], page: Page) -> PersonMention | None:
    """The one person of the page whose office an unnamed office is: same side, and all its words."""
    heads = page.names.heads(page.lang)
    listed = _WORD.findall(plain(one.office or ""))
    head = next((word for word in listed if word in heads), None)
    fits = [
        other
        for other in fullest.values()
        if other.side == one.side
        and other.office
        and head == next((word for word in _WORD.findall(plain(other.office)) if word in heads), None)
        and _covers(other.office, set(listed) - _EMPTY, page.lang)
    ]
    return fits[0] if len(fits) == 1 else None


def _covers(office: str, words: set[str], lang: str) -> bool:
    """Whether an office has every word of another that is no side's name."""
    known = plain(office)
    named = {known[side.start : side.end] for side in find_sides(known, 0, len(known), lang, office)}
    other = {word for word in words if not find_sides(word, 0, len(word), lang) and word not in ("us", "s")}
    return other <= set(_WORD.findall(known)) | named


def _patronymics(one: PersonMention, unknown: str, page: Page) -> set[str]:
    """The patronymics that the gazetteer has for a person; ``unknown`` where it has none."""
    known = [
        person
        for person, _ in page.names.surnames(page.lang).get(one.last or "", [])
        if person.first == one.first
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
    fuller = _part_of(one.office, full.office)
    return replace(
        one,
        name=name,
        last=full.last,
        first=full.first or one.first,
        office=full.office if fuller else one.office,
        office_span=full.office_span if fuller else one.office_span,
        rank=one.rank or full.rank,
        side=one.side or full.side,
    )


def _part_of(office: str | None, full: str | None) -> bool:
    """Whether an office says less than another: none at all, or some of its words."""
    if not office or not full:
        return bool(full)
    return set(_WORD.findall(plain(office))) < set(_WORD.findall(plain(full)))


def _table(pairs: str) -> dict[str, str]:
    """ "x:y …" as a table."""
    return {left: right for left, _, right in (pair.partition(":") for pair in pairs.split())}


_CYRILLIC = _table(
    "дз:d щ:s ж:s ш:s ч:s ц:t х:h г:h ґ:h й: ь: ъ: ў:v ': б:b в:v д:d з:s к:k л:l м:m н:n п:p р:r с:s т:t ф:f"
)
_LATIN = _table(
    "shch:s szcz:s tsch:s sch:s tch:s kh:h zh:s sh:s ch:s ts:t tz:t sz:s cz:s rz:s ck:k ph:f th:t gh:h g:h"
    " w:v x:ks q:k j: ou:v c:k ce:s ci:s cy:s y: z:s"
)
_FOREIGN = str.maketrans("łšžčćśźżńņļķģřşçğßđðæøþ", "lsssssssnnlkgrssgsddaot")
_CYRILLIC_VOWELS = "аеёиоуыэюяіїє"
_VOWEL_FIRST = re.compile(r"(?!у[аеиоуыэюяіїє])[аеёиоуыэюяіїєaeiou]|y[aeiou]")


@lru_cache(maxsize=5_000)
def key(name: str, lang: str) -> str:
    """A person's surname without what languages spell each in its own way: equal for one surname in four.

    The consonants of the last word, kinds of sibilants and of throat sounds made one, vowels left out
    but the first.
    A key is made to hold two pages together, not to tell apart all people of the world.
    """
    words = [word for word in fold(name).split(" ") if "." not in word]
    word, lang = _as_known(words[-1] if words else "", lang)
    word = word.replace("-", "")
    made = _latin(word) if lang == "en" else _cyrillic(word, lang)
    first = "a" if _VOWEL_FIRST.match(word) else ""
    return first + made


def _as_known(word: str, lang: str) -> tuple[str, str]:
    """A known person's surname as Russian pages write it, however little the spellings have in common."""
    known = {
        fold(str(person.names["ru"])).split(" ")[-1]
        for person, cases in builtin().surnames(lang).get(word, [])
        if "n" in cases and "ru" in person.names
    }
    return (known.pop(), "ru") if len(known) == 1 else (word, lang)


def _cyrillic(word: str, lang: str) -> str:
    sounds = _CYRILLIC if lang == "be" else {**_CYRILLIC, "дз": "ds"}
    if word[:1] in ("у", "ў") and word[1:2] in tuple(_CYRILLIC_VOWELS):
        word = "в" + word[1:]
    out, at = "", 0
    while at < len(word):
        pair, one = word[at : at + 2], word[at]
        if pair in sounds:
            out, at = out + sounds[pair], at + 2
            continue
        out += sounds.get(one, "" if one in _CYRILLIC_VOWELS else one)
        out += " " if one in _CYRILLIC_VOWELS else ""
        at += 1
    return _closed(out)


def _latin(word: str) -> str:
    import unicodedata

    word = word.translate(_FOREIGN)
    word = "".join(one for one in unicodedata.normalize("NFD", word) if not unicodedata.combining(one))
    sounds = _LATIN
    out, at = "", 0
    while at < len(word):
        for length in (4, 3, 2, 1):
            part = word[at : at + length]
            if (
                len(part) == length
                and part in sounds
                and not (part == "ou" and word[at + 2 : at + 3] not in ("s", ""))
            ):
                out += sounds[part]
                at += length
                break
        else:
            one = word[at]
            out += " " if one in "aeiou" else one if one.isalpha() else ""
            at += 1
    return _closed(out)


def _closed(sounds: str) -> str:
    """Doubled consonants made one, but not those that a vowel parts; then the vowels' places closed."""
    return re.sub(r"(\S)\1+", r"\1", sounds).replace(" ", "")
