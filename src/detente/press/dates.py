# SPDX-License-Identifier: Apache-2.0
"""Dates as a page writes them, into EDTF, each with why; a year only where the page gives one.

EDTF: ISO 8601-2:2019, levels 0 to 2 (``XXXX-02-14``, ``2021-11~``, ``2022-02-14?``).
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from functools import lru_cache

from detente.press.data import table
from detente.press.source import Span

_YEAR = r"(?P<y>(?:19|20)\d\d)"
#: After "14 February 2022" a counted thing shows that the number is no year.
_COUNTED = r"(?!\s+(?:человек|военн|солдат|рубл|доллар|танк|единиц|бойц|беспилотник|дрон|ракет|км\b|тыс))"


@dataclass(frozen=True)
class Date:
    """One date on the page: code points ``[start, end)``, EDTF or None for a relative day, and why."""

    start: int
    end: int
    edtf: str | None
    why: str
    day: bool


@lru_cache(maxsize=8)
def _grammar(lang: str) -> tuple[re.Pattern[str], dict[str, int], re.Pattern[str], frozenset[str]]:
    """The pattern of a language's dates, its months, what may stand before, and what says "about"."""
    tables = table("months")
    words = tables.get(lang, tables["ru"])
    months = {form: number for number, forms in enumerate(words["months"], 1) for form in forms}
    month = "|".join(sorted(map(re.escape, months), key=len, reverse=True))
    after_year = "|".join(map(re.escape, sorted(words["year_words"], key=len, reverse=True)))
    year = rf"{_YEAR}(?![\d.,]\d|\d){_COUNTED}" + (rf"(?:\s*(?:{after_year})\b\.?)?" if after_year else "")
    this = "|".join(words["this_year"])
    this_year = rf"(?P<this>(?:{this})\s+(?:год\w{{0,2}}|року|year))"
    relative = "|".join(words["relative"])
    alternatives = [
        r"(?P<iso>(?:19|20)\d\d-\d\d-\d\d)(?![\d-])",
        r"(?P<dots>\d{1,2}[./]\d{1,2}[./](?:19|20)\d\d)(?!\d)",
        rf"(?P<md>(?:{month})\.?\s+(?P<md_d>\d{{1,2}})(?!\d)(?:,?\s+(?P<md_y>(?:19|20)\d\d)(?!\d))?)"
        if lang == "en"
        else r"(?P<md>(?P<md_d>(?P<md_y>(?!))))",
        (
            rf"(?P<from>\d{{1,2}})(?:\s?[—-]\s?|\s+по\s+)(?P<to>\d{{1,2}})\s+(?P<rm>{month})\b"
            rf"(?:\s+{year.replace('?P<y>', '?P<ry>')})?"
        ),
        rf"(?P<d>\d{{1,2}})(?:-?го)?\s+(?P<m>{month})\b\.?(?:,?\s+(?:{year}|{this_year}))?",
        (
            rf"(?P<m2>{month})\b\.?\s+(?:{year.replace('?P<y>', '?P<y2>')}"
            rf"|{this_year.replace('?P<this>', '?P<this2>')})"
        ),
        rf"(?:(?<=\bв )|(?<=\bс )|(?<=\bу )|(?<=\bin ))(?P<m3>{month})(?=[\s,.])",
        rf"(?P<y3>(?:19|20)\d\d)\s?(?:{after_year})\b\.?" if after_year else r"(?P<y3>(?!))",
        rf"(?P<rel>{relative})",
    ]
    pattern = re.compile(r"(?<![\w.-])(?:" + "|".join(alternatives) + r")")
    hedges = words["about"] + words["unsure"]
    before = re.compile(
        rf"(?P<hedge>(?:(?:{'|'.join(hedges)})\s+){{1,3}})(?:(?:{'|'.join(words['prepositions'])})\s+)?$"
    )
    return pattern, months, before, frozenset(words["unsure"])


def find_dates(folded: str, start: int, end: int, lang: str) -> list[Date]:
    """Every date in ``folded[start:end]``; days that do not exist are left out."""
    pattern, months, before, unsure = _grammar(lang)
    found: list[Date] = []
    for match in pattern.finditer(folded, start, end):
        made = _edtf(match, months)
        if made is None:
            continue
        edtf, why, day = made
        begin = match.start()
        hedge = before.search(folded, max(start, begin - 60), begin)
        if hedge and edtf and "/" not in edtf:
            mark = "?" if set(hedge["hedge"].split()) <= unsure else "~"
            edtf, begin = edtf + mark, hedge.start()
            why += "; uncertain by its words" if mark == "?" else "; about, by its words"
        found.append(Date(begin, match.end(), edtf, why, day))
    return found


def _edtf(match: re.Match[str], months: dict[str, int]) -> tuple[str | None, str, bool] | None:
    part = match.groupdict()
    if part["rel"]:
        return None, "a day told from the day of writing, which the page does not tie to a date", True
    if part["iso"] or part["dots"]:
        return _numeric(part)
    if part["from"]:
        return _range(part, months)
    if part["md"]:
        name = re.match(r"[a-z]+", part["md"])
        return _day(part["md_y"], months[name[0]] if name else 0, int(part["md_d"]), None)
    if part["d"]:
        return _day(part["y"], months[part["m"]], int(part["d"]), part["this"])
    if part["m2"]:
        year = part["y2"] or "XXXX"
        why = "month and year on the page" if part["y2"] else f"month; year only as '{part['this2']}'"
        return f"{year}-{months[part['m2']]:02d}", why, False
    if part["m3"]:
        return f"XXXX-{months[part['m3']]:02d}", "month on the page, no year", False
    return part["y3"], "year on the page", False


def _numeric(part: dict[str, str | None]) -> tuple[str, str, bool] | None:
    if part["iso"]:
        year, month, day = (int(number) for number in part["iso"].split("-"))
    else:
        day, month, year = (int(number) for number in re.split(r"[./]", part["dots"] or ""))
    return _day(str(year), month, day, None)


def _day(year: str | None, month: int, day: int, this: str | None) -> tuple[str, str, bool] | None:
    if not 1 <= month <= 12 or not 1 <= day <= calendar.monthrange(int(year or 2024), month)[1]:
        return None
    if year:
        return f"{year}-{month:02d}-{day:02d}", "day, month and year on the page", True
    told = f"year only as '{this}', and the page does not say which" if this else "no year on the page"
    return f"XXXX-{month:02d}-{day:02d}", f"day and month on the page; {told}", True


def _range(part: dict[str, str | None], months: dict[str, int]) -> tuple[str, str, bool] | None:
    month = months[part["rm"] or ""]
    first = _day(part["ry"], month, int(part["from"] or 0), None)
    last = _day(part["ry"], month, int(part["to"] or 0), None)
    if first is None or last is None or first[0] >= last[0]:
        return None
    return f"{first[0]}/{last[0]}", "from and to on the page; " + first[1].split("; ")[-1], True


def with_hint(date: Date, years: set[int], hint: str) -> Date:
    """The date with the one year that hints agree on, marked uncertain; unchanged where they do not."""
    if date.edtf is None or "XXXX" not in date.edtf or len(years) != 1 or date.edtf[-1] in "~?%":
        return date
    year = next(iter(years))
    edtf = date.edtf.replace("XXXX", f"{year:04d}")
    if edtf.endswith("-02-29") and not calendar.isleap(year):
        return date
    marked = "/".join(f"{part}?" for part in edtf.split("/"))
    return Date(date.start, date.end, marked, f"{date.why}; {year} is suggested by {hint}", date.day)


_PARTS = re.compile(r"(\d{4}|XXXX)(?:-(\d\d))?(?:-(\d\d))?[?~%]?$")


def compatible(edtf: str, other: str) -> bool:
    """Whether two EDTF dates can be the same day: what is not given does not stand against it."""
    return any(
        _parts_agree(first, second) for first in _corners(edtf) for second in _corners(other)
    ) or _overlap(edtf, other)


def _corners(edtf: str) -> list[tuple[str | None, ...]]:
    found = [_PARTS.match(part) for part in edtf.split("/")]
    return [tuple(None if group == "XXXX" else group for group in match.groups()) for match in found if match]


def _parts_agree(first: tuple[str | None, ...], second: tuple[str | None, ...]) -> bool:
    return all(a is None or b is None or a == b for a, b in zip(first, second, strict=True))


def _overlap(edtf: str, other: str) -> bool:
    """Two dates of which one is a range: whether the ranges meet, the year aside where one lacks it."""
    one, two = _corners(edtf), _corners(other)
    if not one or not two or (len(one) == 1 and len(two) == 1):
        return False
    skip = 1 if any(corner[0] is None for corner in one + two) else 0
    low1, high1 = _key(one[0], skip, "00"), _key(one[-1], skip, "99")
    low2, high2 = _key(two[0], skip, "00"), _key(two[-1], skip, "99")
    return low1 <= high2 and low2 <= high1


def _key(corner: tuple[str | None, ...], skip: int, empty: str) -> tuple[str, ...]:
    return tuple(part or empty for part in corner[skip:])


def span_of(date: Date) -> Span:
    """The date's span."""
    return date.start, date.end
