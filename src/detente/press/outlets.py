# SPDX-License-Identifier: Apache-2.0
"""The outlet of a page: the site, paper, agency or ministry that published it, from the page's own words."""

from __future__ import annotations

import re
from collections.abc import Iterator

from detente.press import gazetteer
from detente.press.furniture import Line
from detente.press.source import Span

#: A name with the place where it is written; None where the page's data and not its text have it.
Named = tuple[str, Span | None]

_YEARS = r"(?:19|20)\d\d(?:\s?[—-]\s?(?:(?:19|20)\d\d|\w+))?"
_NAME = r"[^\d\W](?:[^\n.,|;:©]|\.(?=\w)|\.\s(?=\w+\s\w+$)){1,60}"
_IMPRINT = re.compile(
    rf"(?:©|\(c\)|copyright)\s*(?:©\s*)?(?:{_YEARS},?\s*)?(?:by\s+)?(?P<name>[«\"“]?{_NAME})"
)


def _any(words: str) -> str:
    return "(?:" + "|".join(" ".join(one.split()) for one in words.split(";")) + ")"


#: What the law has a paper print under a page, after its name.
_REGISTERED = re.compile(
    rf"(?P<name>{_NAME})[.,]\s+"
    + _any(
        r"""свидетельство;зарегистрирован;сетевое издание;св-во;все права;пасведчанне;зарэгістрав;усе правы
        ;свідоцтво;зареєстрован;усі права;registered;all rights"""
    )
)
_REUSE = re.compile(
    _any(
        r"""(?:гипер)?ссылк(?:а|ой|у) на;(?:гіпер)?посилання(?:м)? на;(?:гіпер)?спасылк(?:а|ай|у) на
        ;(?:link|credit|reference) to"""
    )
    + r"\s+(?P<name>[«\"“]?[^\n,;:()]{2,45}?)[»\"”]?\s+"
    + _any(r"""обязательн;обов;абавязков;(?:is |are )?(?:required|obligatory|mandatory)""")
)
_FOLLOW = re.compile(
    _any(
        r"""подпи(?:сывайтесь|шитесь) на;читайте;следите за;падпі(?:свайцеся|шыцеся) на;чытайце
        ;підпи(?:суйтесь|суйтеся|шіться) на;subscribe to;sign up (?:for|to);follow;get;join"""
    )
    + r"\s+(?:the\s+)?(?P<name>[«\"“]?[^\n,;:]{2,40}?)[»\"”]?\s+(?:в|у|ў|на|on|in|newsletter|via)(?!\w)\s*"
    + _any(r"""telegram;телеграм;тэлеграм;дзен;google;your;facebook;viber;x(?!\w);whatsapp;youtube;$""")
)
#: "MINSK, 14 February — BelTA." and "KYIV, 5 March /Name/." at the head of the first paragraph.
_DATELINE = re.compile(
    r"[^\W\d_][\w -]{1,30}[,.]\s+\d{1,2}\s+[^\W\d_]{3,10}\.?(?:\s+\d{4})?(?:\s*г(?:ода|\.)?)?[.,]?\s*"
    r"(?:[—-]\s*(?P<dash>[^\W\d_][^\n.()/—]{2,30})\.\s|[(/](?P<bracket>[^()/\n\d]{3,30})[)/])"
)
_CITY_AGENCY = re.compile(
    r"[^\W\d_][\w -]{1,30}(?:,[^()\n]{1,20})?\s+\((?P<bracket>[^()\n\d]{3,30})\)\s*[—-]\s"
)
_SOURCE = re.compile(r"(?:источник|крыніца|джерело|source)\s*:\s*(?P<name>[«\"“]?[^\n,;:()]{2,40})[»\"”]?$")
_PARTED = re.compile(r"\s+(?:[|•·→›»/]|::|[—–-])\s+|\s*\|\s*|,\s+(?=\S*\s*\d)|\s*:\s+")
_TITLE_PARTED = re.compile(r"\s+(?:[|•·]|::|[—–-]|»|/)\s+|\s*\|\s*")
_GENERIC = re.compile(
    _any(
        r"""главн;меню;войти;вход;поиск;все права;усе правы;усі права;all rights;copyright;головна;галоўн
        ;menu;skip;search;latest;самое;самае;найчитаніше;найпопулярн;most read;читайте;чытайце;read;реклам
        ;контакт;источник;разработ;сайт$;редакци;рэдакц;редакц;собственн;навигац;навігац;рубрик;рубрык;опрос
        ;breaking;top stories;наш;нас(?!\w);нами;our;us$;рассылк;телефон;e-?mail;тел\.;сегодня:;photo"""
    )
)
#: Names of rubrics; one of them alone, or several, are a menu and no name.
_RUBRICS = re.compile(
    _any(
        r"""новост(?:и|ь);навіны;новини;news;home;world;полит[а-я]+;палітыка;політика;politics;общество;грамадства
        ;суспільство;society;экономика;эканоміка;економіка;economy;business;спорт;sports?;культура;culture;видео;відэа
        ;відео;videos?;фото;война;вайна;війна;war;мир;свет;світ;defen[cs]e;security;статьи;артыкулы;статті;события;події
        ;мнения;opinion;comment;weather;погода;архив;рубрики"""
    )
    + "$"
)
#: Words that papers, agencies, sites and ministries have in their names.
_BEARS = re.compile(
    r"(?<!\w)"
    + _any(
        r"""газет\w*;вест(?:и|ник|ь);ведомост\w*;новост\w+;известия;курьер;обозревател\w+;обозрени\w+;портал;журнал
        ;агентство;радио;телеканал;тв;голос;правда;труд;звезда;время;весці;веснік;навіны;агляд\w*;веды;ніва;варт[аы]\w*
        ;праўда;звязда;час;вісник;вісті;новини;кур'єр;оглядач;огляд;щоденник;тиждень;вартовий;дзеркало;зеркало;люстэрка
        ;м[иі]н[иі]стерств\w+;міністэрств\w+;times;post;gazette;courier;herald;monitor;observer;tribune;chronicle;news
        ;journal;daily;weekly;review;mirror;guardian;telegraph;independent;press;agency;radio;broadcasting;watch;dispatch
        ;record;mail;globe;star;sun;sentinel;examiner;bulletin;echo;standard;wire;ministry;department;media;мед[иі]а;інфа
        ;инфо;інфо;info;today;сегодня;сёння;сьогодні;онлайн;online;тасс;интерфакс;рубеж\w*;фронт;край;лайф;life;риа
        ;інтерфакс;агенція;агенцтва;часопис;рэха;эхо"""
    )
    + r"(?!\w)|\w(?:вісті|вести|весці|news|watch|інформ|информ|times|post|press|info)(?!\w)"
)
_FURNISHED = ("menu", "most_read", "dateline", "rubric", "related", "share", "byline", "other", "list")
_NO_HEAD = ("copyright", "share", "support", "most_read")
#: Lines at the head of a page among which its name is sought.
_HEAD_LINES = 4
_MOST_WORDS = 6
#: How the names of ministries begin, which may be long.
_STATE = re.compile(r"(?:м[иі]н[иіэ]ст[еэ]рств|(?:the )?ministry|департам|держ|государств|дзярж)")


def outlet(
    text: str,
    folded: str,
    lines: list[Line],
    team: re.Pattern[str],
    names: gazetteer.Gazetteer | None = None,
) -> Named | None:
    """The outlet named in the page's furniture, with its span in ``text``; None where nothing names one.

    The surest place first: the line that asks for support, the imprint, the terms of use, the head of the
    page, an agency's opening of its report, the line that asks to subscribe, the source given.
    """
    for span in _places(text, folded, lines, team):
        start, end = _trimmed(folded, *span)
        if _name_like(text, folded, start, end):
            known = gazetteer.outlet_forms(names).get(folded[start:end])
            return known or text[start:end], (start, end)
    return None


def of_title(title: str, span: Span, view: str) -> Named | None:
    """The outlet at the end of a page's title, "Headline | Name": the span is in the input.

    ``view`` is what the page shows; after a dash the name must be shown there too.
    """
    parted = list(_TITLE_PARTED.finditer(title))
    if not parted:
        return None
    last = parted[-1]
    name = title[last.end() :].strip()
    sure = "|" in last.group() or "::" in last.group() or name in view
    if not sure or not 1 < len(name) <= 45 or len(name.split()) > _MOST_WORDS or not name[0].isupper():
        return None
    exact = span[1] - span[0] == len(title) and title.endswith(name)
    return name, (span[1] - len(name), span[1]) if exact else None


def _places(text: str, folded: str, lines: list[Line], team: re.Pattern[str]) -> Iterator[Span]:
    for line in lines:
        match = team.search(folded, line.start, line.end) if line.kind == "support" else None
        if match and line.end - match.end() <= 42:
            yield match.end(), line.end
    yield from _written(folded, lines, (_IMPRINT,))
    yield from _written(folded, lines, (_REUSE,), ("caption",))
    yield from _written(folded, [line for line in lines if line.kind == "copyright"], (_REGISTERED,))
    yield from _heads(text, folded, lines)
    first = next((line for line in lines if line.kind == "body" and line.end - line.start > 60), None)
    if first is not None:
        near = min(first.end, first.start + 80)
        match = _DATELINE.match(folded, first.start, near) or _CITY_AGENCY.match(folded, first.start, near)
        if match:
            yield next(match.span(key) for key, value in match.groupdict().items() if value)
    yield from _written(folded, lines, (_FOLLOW, _SOURCE))


def _written(
    folded: str,
    lines: list[Line],
    patterns: tuple[re.Pattern[str], ...],
    without: tuple[str, ...] = ("body", "caption"),
) -> Iterator[Span]:
    for pattern in patterns:
        for line in lines:
            if line.kind not in without and line.end - line.start <= 400:
                match = pattern.search(folded, line.start, line.end)
                if match:
                    yield match.span("name")


def _heads(text: str, folded: str, lines: list[Line]) -> Iterator[Span]:
    """The page's first lines: the site's name alone, or before a rubric or the day."""
    for number, line in enumerate(lines[:_HEAD_LINES]):
        if line.end - line.start > 110 or (line.kind in _NO_HEAD and number):
            continue
        parted = _PARTED.search(folded, line.start, line.end)
        end = parted.start() if parted else line.end
        written = text[line.start : end]
        if not written or len(written) > 60 or folded[end - 1] in ".!?…":
            continue
        follows = lines[number + 1].kind if number + 1 < len(lines) else ""
        bears = _BEARS.search(folded, line.start, end) is not None
        words = written.split()
        short = len(words) <= 3 and number == 0
        mixed = len(words) == 1 and re.search(r"[a-zа-яіў][A-ZА-ЯІ]|\w\.\w", written) is not None
        capitals = len(words) > 1 and all(word[0].isupper() for word in words)
        alone = mixed or capitals or (follows in _FURNISHED and line.kind in ("rubric", "menu", "body"))
        state = bears and _STATE.match(folded, line.start, end) is not None
        if state or (bears and len(words) <= 4) or (short and alone):
            yield line.start, end


def _trimmed(folded: str, start: int, end: int) -> Span:
    """A name without the marks around it; quotation marks inside it stay."""
    while start < end and folded[start] in " «\"“'":
        start += 1
    while start < end and folded[end - 1] in " .!,»\"”'":
        end -= 1
    if folded.count("«", start, end) > folded.count("»", start, end) and folded[end : end + 1] == "»":
        end += 1
    return start, end


def _name_like(text: str, folded: str, start: int, end: int) -> bool:
    words = folded[start:end].split()
    return (
        1 < end - start <= 60
        and (text[start].isupper() or "." in folded[start:end])
        and len(words) <= _MOST_WORDS + 2 * bool(_STATE.match(folded, start))
        and _GENERIC.match(folded, start, end) is None
        and not (len(words) == 1 and _RUBRICS.match(words[0]))
        and sum(_RUBRICS.match(word) is not None for word in words) < 2
    )
