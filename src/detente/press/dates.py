# SPDX-License-Identifier: Apache-2.0
"""Dates as a page writes them, into EDTF, each with why; a year only where the page gives one.

EDTF: ISO 8601-2:2019, levels 0 to 2 (``XXXX-02-14``, ``2021-11~``, ``2022-02-14?``).
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date as day_of
from datetime import timedelta

from detente.press.date_grammar import Grammar, grammar
from detente.press.source import Span

#: Code points before a date in which words such as "about" are looked for.
_HEDGED = 60
#: Code points on each side of a weekday in which its sentence is read for its tense.
_SENTENCE = 300
_STOP = re.compile(r"[.!?…]\s|[\r\n]")
_RELATIVE = "a day told from the day of writing, which the page does not tie to a date"


@dataclass(frozen=True)
class Date:
    """One date on the page: code points ``[start, end)``, EDTF or None for a relative day, and why.

    ``day``: whether it names a day (or days), not only a month or a year.
    """

    start: int
    end: int
    edtf: str | None
    why: str
    day: bool


@dataclass(frozen=True)
class Stated:
    """The day of writing: what the page says (``span``), or what the reader of it said (``span`` None)."""

    edtf: str
    span: Span | None

    @property
    def sure(self) -> bool:
        """Whether the page itself says it, without reserve."""
        return self.span is not None and self.edtf[-1] not in "~?%"

    def day(self) -> day_of | None:
        """The day, where it is a full one."""
        match = re.match(r"(\d{4})-(\d\d)-(\d\d)(?!\d)", self.edtf)
        try:
            return day_of(*map(int, match.groups())) if match else None
        except ValueError:
            return None

    def year(self) -> int | None:
        """The year, where there is one."""
        match = re.match(r"\d{4}", self.edtf)
        return int(match[0]) if match else None

    @property
    def named(self) -> str:
        """The date as ``why`` names it."""
        by = "" if self.span else " that the reader gave"
        return f"the date of publication{by}, {self.edtf}"


Made = tuple[str | None, str, bool]


def find_dates(folded: str, start: int, end: int, lang: str, stated: Stated | None = None) -> list[Date]:
    """Every date in ``folded[start:end]``, in order; days that do not exist are left out.

    Days told from the day of writing get a date only with ``stated``.
    """
    words = grammar(lang)
    found: list[Date] = []
    for match in words.dates.finditer(folded, start, end):
        made = _MAKERS[str(_form(match))](match, words, stated)
        if made is None:
            continue
        edtf, why, day = made
        begin = match.start()
        hedge = words.hedge.search(folded, max(start, begin - _HEDGED), begin)
        if hedge and edtf and "/" not in edtf and edtf[-1] not in "~?":
            mark = "?" if set(hedge["hedge"].split()) <= words.unsure else "~"
            edtf, begin = edtf + mark, hedge.start()
            why += "; uncertain by its words" if mark == "?" else "; about, by its words"
        found.append(Date(begin, match.end(), edtf, why, day))
    return _without_companions(folded, found)


def _form(match: re.Match[str]) -> str | None:
    return (
        match.lastgroup
        if match.lastgroup in _MAKERS
        else next(name for name in _MAKERS if name in match.groupdict() and match[name] is not None)
    )


def _without_companions(folded: str, dates: list[Date]) -> list[Date]:
    """Weekdays and days that only stand beside a written date ("on Monday, 14 February") left out."""
    kept: list[Date] = []
    for date in dates:
        beside = kept and not folded[kept[-1].end : date.start].strip(" ,(")
        if beside and date.day and kept[-1].day:
            if _told(kept[-1]):
                kept.pop()
            elif _told(date):
                continue
        kept.append(date)
    return kept


def _told(date: Date) -> bool:
    return date.why.startswith(("a day told", "a weekday"))


def _number(words: Grammar, written: str) -> int:
    """A day of the month, in figures or as a word."""
    figures = re.match(r"\d+", written)
    return int(figures[0]) if figures else words.ordinals.get(" ".join(written.split()), 0)


def _month(words: Grammar, written: str) -> int:
    return words.months[written.rstrip(".")]


def _year(match: re.Match[str], form: str, words: Grammar, stated: Stated | None) -> tuple[str, str, str]:
    """Year or ``XXXX``, the mark of doubt that it brings, and where it comes from."""
    written, this = match[f"{form}_y"], match[f"{form}_this"]
    if written:
        return written, "", ""
    if not this:
        return "XXXX", "", "no year on the page"
    this = " ".join(this.split())
    offset = words.this_year.get(this)
    known = stated.year() if stated else None
    if offset is None or stated is None or known is None:
        return "XXXX", "", f"year only as '{this}', and the page does not say which"
    return f"{known + offset:04d}", "" if stated.sure else "?", f"'{this}' counted from {stated.named}"


def _exists(year: str, month: int, day: int) -> bool:
    leap = 2024 if year == "XXXX" else int(year)
    return 1 <= month <= 12 and 1 <= day <= calendar.monthrange(leap, month)[1]


def _dated(year: tuple[str, str, str], month: int, days: tuple[int, ...]) -> Made | None:
    """A day, or the days from the first to the last, of one month."""
    number, mark, told = year
    if not all(_exists(number, month, day) for day in days):
        return None
    edtf = "/".join(f"{number}-{month:02d}-{day:02d}{mark}" for day in days)
    what = "day" if len(days) == 1 else "from and to"
    return (
        edtf,
        f"{what}, month and year on the page" if not told else f"{what} and month on the page; {told}",
        True,
    )


def _on_day(match: re.Match[str], words: Grammar, stated: Stated | None) -> Made | None:
    day = _number(words, match["day_d"])
    return _dated(_year(match, "day", words, stated), _month(words, match["day_m"]), (day,))


def _month_first(match: re.Match[str], words: Grammar, stated: Stated | None) -> Made | None:
    first = _number(words, match["first_d"])
    last = _number(words, match["first_e"]) if match["first_e"] else None
    year, month = _year(match, "first", words, stated), _month(words, match["first_m"])
    if last is None:
        return _dated(year, month, (first,))
    until = _month(words, match["first_n"]) if match["first_n"] else month
    if until != month:
        return _spanning(year, (month, first), (until, last))
    return None if first >= last else _dated(year, month, (first, last))


def _range(match: re.Match[str], words: Grammar, stated: Stated | None) -> Made | None:
    parts = match.groupdict()
    ends = [name for name in parts if re.fullmatch(r"range_\d*[a-d]", name) and parts[name]]
    first, last = (_number(words, parts[name]) for name in ends)
    if first >= last:
        return None
    if ends[0].endswith("c") and last - first > 1:
        return None, "two days on the page that do not follow each other", True
    return _dated(_year(match, "range", words, stated), _month(words, match["range_m"]), (first, last))


def _across(match: re.Match[str], words: Grammar, stated: Stated | None) -> Made | None:
    """From a day of one month to a day of another; only ever in one year, as it is written."""
    parts = match.groupdict()
    shown = [parts[name] for name in parts if re.fullmatch(r"across_\d[ambn]", name) and parts[name]]
    first = _month(words, shown[1]), _number(words, shown[0])
    last = _month(words, shown[3]), _number(words, shown[2])
    return _spanning(_year(match, "across", words, stated), first, last)


def _spanning(year: tuple[str, str, str], first: tuple[int, int], last: tuple[int, int]) -> Made | None:
    number, mark, told = year
    if first >= last:  # over the end of a year: which year is meant the page does not say
        number, mark, told = "XXXX", "", "it goes over the end of a year"
    if not _exists(number, *first) or not _exists(number, *last):
        return None
    edtf = "/".join(f"{number}-{month:02d}-{day:02d}{mark}" for month, day in (first, last))
    return edtf, "from and to on the page" + (f"; {told}" if told else ""), True


def _night(match: re.Match[str], words: Grammar, stated: Stated | None) -> Made | None:
    """The night that ends on a day begins on the day before."""
    year, mark, told = _year(match, "night", words, stated)
    month, day = _month(words, match["night_m"]), _number(words, match["night_d"])
    if not _exists(year, month, day):
        return None
    why = "the night to a day on the page" + (f"; {told}" if told else "")
    if day == 1:  # the day before depends on the year: said as about that day
        return f"{year}-{month:02d}-{day:02d}" + ("%" if mark else "~"), why, True
    return "/".join(f"{year}-{month:02d}-{one:02d}{mark}" for one in (day - 1, day)), why, True


def _of_month(form: str, what: str) -> Callable[[re.Match[str], Grammar, Stated | None], Made | None]:
    def made(match: re.Match[str], words: Grammar, stated: Stated | None) -> Made | None:
        year, mark, told = _year(match, form, words, stated)
        why = f"{what} and year on the page" if not told else f"{what} on the page; {told}"
        return f"{year}-{_month(words, match[form + '_m']):02d}{mark}", why, False

    return made


def _bare_month(match: re.Match[str], words: Grammar, stated: Stated | None) -> Made | None:
    return f"XXXX-{_month(words, match['bare_m']):02d}", "month on the page, no year", False


def _months(match: re.Match[str], words: Grammar, stated: Stated | None) -> Made | None:
    year, mark, told = _year(match, "months", words, stated)
    first, last = words.months[match["months_a"]], words.months[match["months_b"]]
    if first >= last:
        return None
    why = "months and year on the page" if not told else f"months on the page; {told}"
    return f"{year}-{first:02d}{mark}/{year}-{last:02d}{mark}", why, False


def _only_year(match: re.Match[str], words: Grammar, stated: Stated | None) -> Made | None:
    return match["year_y"], "year on the page", False


def _iso(match: re.Match[str], words: Grammar, stated: Stated | None) -> Made | None:
    year, month, day = re.split(r"[-./]", match["iso"])
    return _dated((year, "", ""), int(month), (int(day),))


def _numeric(match: re.Match[str], words: Grammar, stated: Stated | None) -> Made | None:
    """Day, month, year in figures; in English nobody knows which of two small numbers is the month."""
    first, second, written = (int(part) for part in re.split(r"[-./]", match["numeric"]))
    short = written < 100
    year = f"{2000 + written if short else written:04d}"
    doubt = ("?", "the century is not on the page") if short else ("", "")
    if not words.month_first or first == second or first > 12:
        return _dated((year, *doubt), second, (first,))
    if second > 12:
        return _dated((year, *doubt), first, (second,))
    why = "year on the page; which of the two numbers is the month it does not say"
    return (None if short else year), why, False


def _relative(match: re.Match[str], words: Grammar, stated: Stated | None) -> Made | None:
    word = " ".join(match["relative_w"].split())
    offset = words.relative[word]
    day = stated.day() if stated else None
    eve = offset == -1 and word in words.eves
    counted = _shifted(day, offset) if day else _same_month(stated, offset)
    if stated is None or counted is None or (eve and not words.no_event.match(match.string, match.end())):
        return None, _RELATIVE, True
    doubt = not stated.sure or eve or _quoted(match)
    why = f"a day told from the day of writing: '{word}' counted from {stated.named}"
    return counted + ("?" if doubt else ""), why, True


def _weekday(match: re.Match[str], words: Grammar, stated: Stated | None) -> Made | None:
    """The last such day up to the day of writing; the next one where the sentence tells of the future."""
    word = match["weekday_w"]
    why = f"a weekday, '{word}'"
    day = stated.day() if stated else None
    if stated is None or day is None:
        return None, why + ", which the page does not tie to a date", True
    back = (day.weekday() - words.weekdays[word]) % 7
    ahead = words.future.search(_clause(match, words)) is not None
    if ahead and back == 0:
        return None, why + ", and whether this one or the next the page does not say", True
    doubt = not stated.sure or ahead or _quoted(match)
    edtf = _shifted(day, 7 - back if ahead else -back) + ("?" if doubt else "")
    return edtf, f"{why}, counted from {stated.named}", True


def _same_month(stated: Stated | None, offset: int) -> str | None:
    """A day counted from one without a year, where the month has both."""
    match = re.match(r"XXXX-(\d\d)-(\d\d)$", stated.edtf) if stated else None
    day = int(match[2]) + offset if match else 0
    return f"XXXX-{match[1]}-{day:02d}" if match and 1 <= day <= 28 else None


def _shifted(day: day_of, by: int) -> str:
    try:
        return (day + timedelta(days=by)).isoformat()
    except OverflowError:
        return day.isoformat()


def _clause(match: re.Match[str], words: Grammar) -> str:
    text = match.string
    before = text[max(0, match.start() - _SENTENCE) : match.start()]
    after = text[match.end() : match.end() + _SENTENCE]
    begin = max((stop.end() for at in (_STOP, words.clause) for stop in at.finditer(before)), default=0)
    stops = [stop.start() for at in (_STOP, words.clause) if (stop := at.search(after))]
    return before[begin:] + " " + after[: min(stops, default=len(after))]


def _quoted(match: re.Match[str]) -> bool:
    """Whether it stands in somebody's words, whose day is not that of writing."""
    before = match.string[max(0, match.start() - 2_000) : match.start()]
    line = before[max(before.rfind("\n"), before.rfind("\r")) + 1 :]
    opened = max(line.rfind("«"), line.rfind("“"), line.rfind("„"))
    return (opened >= 0 and not re.search("[»”]", line[opened:])) or line.count('"') % 2 == 1


_MAKERS: dict[str, Callable[[re.Match[str], Grammar, Stated | None], Made | None]] = {
    "iso": _iso,
    "numeric": _numeric,
    "across": _across,
    "night": _night,
    "range": _range,
    "first": _month_first,
    "day": _on_day,
    "months": _months,
    "month": _of_month("month", "month"),
    "part": _of_month("part", "part of a month"),
    "bare": _bare_month,
    "year": _only_year,
    "weekday": _weekday,
    "relative": _relative,
}


def with_hint(date: Date, years: set[int], hint: str) -> Date:
    """The date with the one year that hints agree on, marked uncertain; unchanged where they do not."""
    if date.edtf is None or "XXXX" not in date.edtf or len(years) != 1 or date.edtf[-1] in "~?%":
        return date
    year = next(iter(years))
    edtf = date.edtf.replace("XXXX", f"{year:04d}")
    if edtf.endswith("-02-29") and not calendar.isleap(year):
        return date
    marked = "/".join(f"{part}?" for part in edtf.split("/"))
    return replace(date, edtf=marked, why=f"{date.why}; {year} is suggested by {hint}")


def suggested(date: Date, years: set[int], hint: str, stated: Stated | None) -> Date:
    """As ``with_hint``, with the year also suggested that brings the date nearest to the day of writing."""
    near = nearest_year(date, stated)
    if near is None or stated is None:
        return with_hint(date, years, hint)
    return with_hint(date, years | {near}, f"{hint}; {stated.named}" if years else stated.named)


def nearest_year(date: Date, stated: Stated | None) -> int | None:
    """The year in which a day without one lies nearest to the day of writing."""
    known = stated.year() if stated else None
    match = re.match(r"XXXX-(\d\d)(?:-(\d\d))?", date.edtf or "")
    if stated is None or known is None or match is None:
        return known
    day = stated.day()
    if day is None or not 1 < known < 9999:
        return known
    month, number = int(match[1]), min(int(match[2] or 15), 28)
    return min((known, known - 1, known + 1), key=lambda year: abs((day_of(year, month, number) - day).days))


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
