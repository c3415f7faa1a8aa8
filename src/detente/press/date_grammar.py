# SPDX-License-Identifier: Apache-2.0
"""The grammar of dates of a language, made of its words in ``data/months.toml``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from detente.press.data import table
from detente.press.source import fold

_YEAR = r"(?:19|20)\d\d"
#: A day of the month, as a number; what counts things after it is seen to by the words that must follow.
_DAY = r"\d{1,2}"
_DASH = r"\s?[—-]\s?"


@dataclass(frozen=True)
class Grammar:
    """What dates look like in a language; everything is folded."""

    dates: re.Pattern[str]
    hedge: re.Pattern[str]
    future: re.Pattern[str]
    months: dict[str, int]
    ordinals: dict[str, int]
    this_year: dict[str, int]
    relative: dict[str, int]
    weekdays: dict[str, int]
    clause: re.Pattern[str]
    no_event: re.Pattern[str]
    eves: frozenset[str]
    unsure: frozenset[str]
    month_first: bool


def _any(words: Iterable[str]) -> str:
    """One of the words, the longest first; any white space between the parts of one."""
    ordered = sorted(set(words), key=len, reverse=True)
    return "(?:" + "|".join(r"\s+".join(map(re.escape, word.split())) for word in ordered) + ")"


def _numbered(rows: Iterable[Iterable[str]], first: int) -> dict[str, int]:
    return {fold(form): number for number, forms in enumerate(rows, first) for form in forms}


def _folded(words: Iterable[str]) -> list[str]:
    return [fold(word) for word in words]


@lru_cache(maxsize=8)
def grammar(lang: str) -> Grammar:
    """The grammar of ``ru``, ``be``, ``uk`` or ``en``; of Russian for any other."""
    words = table("months").get(lang) or table("months")["ru"]
    full, short = _numbered(words["months"], 1), _numbered(words["short"], 1)
    ordinals = {fold(word): number for number, word in enumerate(words["ordinals"], 1)}
    this_year = {fold(phrase): offset for phrase, offset in words["this_year"].items()}
    relative = {fold(word): offset for word, offset in words["relative"].items()}
    relative |= dict.fromkeys(_folded(words["eve"]), -1)
    weekdays = _numbered(words["weekdays"], 0)
    return Grammar(
        dates=_dates(words, full, short, ordinals, this_year, relative, weekdays),
        hedge=re.compile(
            rf"(?P<hedge>(?:{_any(_folded(words['about'] + words['unsure']))}\s+){{1,3}})"
            rf"(?:{_any(_folded(words['prepositions']))}\s+)?(?:the\s+)?$"
        ),
        future=re.compile(r"\b(?:" + "|".join(words["future"]) + ")"),
        months=full | short,
        ordinals=ordinals,
        this_year=this_year,
        relative=relative,
        weekdays=weekdays,
        clause=re.compile("|".join(map(fold, words["clause"]))),
        no_event=re.compile(r"\s*(?:" + "|".join(["[.,;:)»—]", "$", *map(fold, words["no_event"])]) + ")"),
        eves=frozenset(_folded(words["eve"])),
        unsure=frozenset(_folded(words["unsure"])),
        month_first=bool(words.get("month_first")),
    )


def _dates(
    words: dict[str, Any],
    full: dict[str, int],
    short: dict[str, int],
    ordinals: dict[str, int],
    this_year: dict[str, int],
    relative: dict[str, int],
    weekdays: dict[str, int],
) -> re.Pattern[str]:
    """One pattern: an alternative a form of date, named by its outer group; the more special come first."""
    month = rf"(?:{_any(full)}\b|{_any(short)}\b\.?)" if any(short) else rf"{_any(full)}\b"
    counted = rf"(?!\s*(?:{'|'.join(map(re.escape, _folded(words['counted'])))}))"
    year_word = (
        rf"(?:-?(?:го|га|м|му|ом|ым))?(?:\s?{_any(_folded(words['year_words']))}\b\.?)?"
        if words["year_words"]
        else ""
    )
    number = rf"{_YEAR}(?!\d|[.,]\d|[—-]\d){counted}"
    told = _any([*this_year, *_folded(words["same_year"])])

    def year(name: str) -> str:
        """The year after a day or month, or words that point to one."""
        return rf"(?:,?\s+(?:(?P<{name}_y>{number}){year_word}|(?P<{name}_this>{told})(?!\w)))?"

    plain = "".join(rf"(?<!\b{word} )" for word in words.get("month_not", []))
    ending = rf"(?:-?{_any(_folded(words['ordinal_end']))}\b)?"
    of = r"(?:of\s+)?" if words.get("month_first") else ""
    day = rf"(?:{_DAY}(?!\d){ending}|{_any(ordinals)}\b)"
    joined = "|".join(
        (rf"(?:{_any([first])}\s+(?:the\s+)?)" if first else "")
        + rf"(?P<range_{n}{'a' if first is not None else 'c'}>{day})\s+{_any([last])}"
        rf"\s+(?:the\s+)?(?P<range_{n}{'b' if first is not None else 'd'}>{day})"
        for n, (first, last) in enumerate([*words["range"], *((None, word) for word in words["and"])])
    )
    across = "|".join(
        rf"{_any([first])}\s+(?P<across_{n}a>{day})\s+{of}(?P<across_{n}m>{month})\s+{_any([last])}"
        rf"\s+(?P<across_{n}b>{day})\s+{of}(?P<across_{n}n>{month})"
        for n, (first, last) in enumerate(words["range"])
        if first
    )
    not_then = rf"(?!\s+{_any(words['weekday_then_not'])}\b)" if "weekday_then_not" in words else ""
    forms = [
        rf"(?P<iso>{_YEAR}([-./])\d\d\2\d\d)(?![\d-])",
        rf"(?P<numeric>\d{{1,2}}([-./])\d{{1,2}}\4(?:{_YEAR}|\d\d(?=[\s,;)]|\.?$)))(?![\d/-]|\.\d)",
        rf"(?P<across>(?:{across}){year('across')})",
        rf"(?P<night>{_any(_folded(words['night']))}\s+(?P<night_d>{day})\s+{of}(?P<night_m>{month}){year('night')})",
        rf"(?P<range>(?:(?P<range_a>{day}){_DASH}(?P<range_b>{day})|{joined})\s+{of}(?P<range_m>{month}){year('range')})",
        rf"(?P<day>(?P<day_d>{day})\s+{of}(?P<day_m>{month}){year('day')})",
        rf"(?P<months>(?P<months_a>{_any(full)}){_DASH}(?P<months_b>{_any(full)})\b{year('months')})",
        rf"(?P<month>(?P<month_m>{month})(?:,?\s+(?:of\s+)?(?:(?P<month_y>{number}){year_word}|(?P<month_this>{told})(?!\w))))",
        rf"(?P<part>{_any(_folded(words['part']))}(?:\s+|(?<=-)){of}(?P<part_m>{month}){year('part')})",
        rf"(?P<bare>(?:{_behind(words['before_month'])})(?P<bare_m>{_any(full)})(?=[\s,.;:)]|$))",
        rf"(?P<year>(?P<year_y>{_YEAR})\s?{_any(_folded(words['year_words']))}\b\.?)"
        if words["year_words"]
        else rf"(?P<year>(?:{_behind(words['before_year'])})(?P<year_y>{number})(?![\w%-]))",
        rf"(?P<weekday>(?:{_before_weekday(words)})(?P<weekday_w>{_any(weekdays)})(?!\w|'){not_then})",
        rf"(?P<relative>(?P<relative_w>{_any(relative)})(?![\w'-]))",
    ]
    if words.get("month_first"):
        american = (
            rf"(?P<first>{plain}(?P<first_m>{month})\s+(?:the\s+)?(?P<first_d>{day})(?!\d|:\d|,\d|\.\d)"
            rf"(?:(?:{_DASH}|\s+(?:and|to|through|until)\s+)(?:(?P<first_n>{month})\s+)?(?P<first_e>{day})(?!\d|:\d))?{year('first')}"
            rf"{counted})"
        )
        forms.insert(4, american)
    return re.compile(r"(?<![\w.,-])(?:" + "|".join(forms) + ")")


def _behind(words: list[str]) -> str:
    return "|".join(rf"(?<=\b{re.escape(fold(word))} )" for word in words)


def _before_weekday(words: dict[str, Any]) -> str:
    """What stands before a weekday that is one day, not every such day."""
    not_after = "".join(rf"(?<!\b{re.escape(fold(word))} )" for word in words["weekday_not"])
    before = [word for word in _folded(words["weekday_before"]) if word]
    optional = "?" if "" in words["weekday_before"] else ""
    return rf"{not_after}(?:{_any(before)}\s+){optional}"
