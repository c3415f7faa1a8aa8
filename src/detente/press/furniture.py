# SPDX-License-Identifier: Apache-2.0
"""Body apart from furniture: each line of a page is one or the other, by its form and its neighbours."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from detente.press.data import table
from detente.press.dates import find_dates
from detente.press.source import Span, trim

_LINE = re.compile(r"[^\r\n\u2028\u2029]+")
_NUMBERED = re.compile(r"\d{1,2}[.)]\s+\S|[•·▪●]\s*\S")
_TAIL_CAPTION = re.compile(r"(?:^|[.!?»)\s])(?:фото|видео|скриншот|снимок|фота|photo)\s*:\s*[^.:]{2,80}\.?$")
_FINAL = tuple('.!?…:;»”")')
_DATE_REST = re.compile(
    r"(?:опубликован\w*|обновлен\w*|дата|публикаци\w+|published|updated|on|в|at|г|года|\d{1,2}:\d{2}|мск|utc"
    r"|понедельник|вторник|сред[аы]|четверг|пятница|суббота|воскресенье|[\s,.:|/—·•()-])+"
)
#: A headline or a rubric is shorter than this; a paragraph is longer (code points).
_SHORT_LINE = 90


@dataclass(frozen=True)
class Line:
    """One line: trimmed span, and ``kind``: ``body`` or what piece of furniture it is."""

    start: int
    end: int
    kind: str
    blank_before: bool


@lru_cache(maxsize=1)
def _starts() -> list[tuple[str, re.Pattern[str]]]:
    return [(kind, re.compile("|".join(patterns))) for kind, patterns in table("furniture").items()]


def lines_of(text: str, folded: str, lang: str) -> list[Line]:
    """Every line that is not blank, in order, told apart. Linear in the page."""
    lines = _plain_lines(text, folded, lang)
    lines = _settle_lists(folded, lines)
    lines = _settle_rubrics(folded, lines)
    return _settle_related(folded, lines)


def paragraphs(text: str, folded: str, lines: list[Line]) -> list[Span]:
    """Body paragraphs: body lines, hard-wrapped ones joined."""
    found: list[Span] = []
    previous: Line | None = None
    for line in lines:
        joins = (
            previous is not None and previous.kind == "body" and line.kind == "body" and not line.blank_before
        )
        if joins and previous is not None and _wrapped(text, folded, previous, line):
            found[-1] = (found[-1][0], line.end)
        elif line.kind == "body":
            found.append((line.start, line.end))
        previous = line
    return found


def _wrapped(text: str, folded: str, line: Line, after: Line) -> bool:
    """Whether ``after`` goes on in the middle of ``line``'s sentence, as in mail and old dumps."""
    wide = line.end - line.start
    if not 45 <= wide <= 120 or _NUMBERED.match(folded, after.start, after.end):
        return False
    cut = folded[line.end - 1] not in _FINAL and wide >= 60 and after.end - after.start <= 120
    return text[after.start].islower() or cut


def _plain_lines(text: str, folded: str, lang: str) -> list[Line]:
    found: list[Line] = []
    last_end = 0
    for match in _LINE.finditer(text):
        start, end = trim(text, match.start(), match.end(), "\ufeff")
        if start == end:
            continue
        gap = text[last_end:start]
        blank = gap.count("\n") > 1 or (gap.count("\n") == 0 and gap.count("\r") > 1)
        found.append(Line(start, end, _form(folded, start, end, lang), blank))
        last_end = end
    return found


def _form(folded: str, start: int, end: int, lang: str) -> str:
    """What a line is by its own form; ``list`` and ``body`` are settled with the neighbours."""
    line = folded[start : min(end, start + 400)]
    if _NUMBERED.match(line):
        return "list"
    for kind, pattern in _starts():
        short = kind in ("caption", "copyright") or end - start <= 160
        certain = kind in ("caption", "related", "copyright")
        if short and pattern.match(line) and (certain or not _sentence(line)):
            return kind
    if end - start <= 320 and _TAIL_CAPTION.search(line):
        return "caption"
    return "dateline" if _is_dateline(folded, start, end, lang) else "body"


def _sentence(line: str) -> bool:
    """A full sentence of the text may begin with a furniture word ("Поддержать …, заявил министр.")."""
    return len(line) > 60 and line.endswith(".") and ("," in line or "—" in line)


def _is_dateline(folded: str, start: int, end: int, lang: str) -> bool:
    if end - start > 80:
        return False
    dates = [date for date in find_dates(folded, start, end, lang) if date.day]
    if not dates:
        return False
    rest = folded[start : dates[0].start] + " " + folded[dates[-1].end : end]
    return not rest.strip() or bool(_DATE_REST.fullmatch(rest))


def _first_paragraph(folded: str, lines: list[Line]) -> int:
    for number, line in enumerate(lines):
        if line.kind == "body" and line.end - line.start >= _SHORT_LINE and folded[line.end - 1] in _FINAL:
            return number
    return next((number for number, line in enumerate(lines) if line.kind == "body"), len(lines))


def _settle_lists(folded: str, lines: list[Line]) -> list[Line]:
    """A numbered list is body when a sentence announces it, or its items are sentences; else most read."""
    first = _first_paragraph(folded, lines)
    settled = list(lines)
    begin = 0
    while begin < len(lines):
        if lines[begin].kind != "list":
            begin += 1
            continue
        end = begin
        while end < len(lines) and lines[end].kind == "list":
            end += 1
        kind = "most_read" if begin < first else _list_in_text(folded, lines, begin, end)
        settled[begin:end] = [replace(line, kind=kind) for line in lines[begin:end]]
        begin = end
    return settled


def _list_in_text(folded: str, lines: list[Line], begin: int, end: int) -> str:
    before = lines[begin - 1]
    if before.kind == "body" and folded[before.end - 1] == ":":
        return "body"
    closed = sum(1 for line in lines[begin:end] if folded[line.end - 1] in ".;")
    return "body" if before.kind == "body" and closed * 2 > end - begin else "most_read"


def _settle_rubrics(folded: str, lines: list[Line]) -> list[Line]:
    """A short line without a full stop right above a list or among furniture is its heading."""
    settled = list(lines)
    first = _first_paragraph(folded, lines)
    for number in range(len(lines) - 2, -1, -1):
        line, after = settled[number], settled[number + 1]
        short = line.end - line.start <= _SHORT_LINE and folded[line.end - 1] not in _FINAL
        if line.kind != "body" or not short:
            continue
        heads_list = after.kind == "most_read" and not after.blank_before
        among = number < first and after.kind in ("most_read", "support", "menu", "rubric")
        if heads_list or among:
            settled[number] = replace(line, kind="rubric")
    return settled


def _settle_related(folded: str, lines: list[Line]) -> list[Line]:
    """Headlines under "read also" belong to it, up to the next full paragraph."""
    settled = list(lines)
    following = False
    for number, line in enumerate(lines):
        if line.kind == "related":
            following = folded[line.end - 1] == ":" or line.end - line.start <= 40
            continue
        headline = line.end - line.start <= 160 and folded[line.end - 1] not in ".!?:"
        if following and line.kind == "body" and headline:
            settled[number] = replace(line, kind="related")
        else:
            following = False
    return settled
