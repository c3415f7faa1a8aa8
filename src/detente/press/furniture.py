# SPDX-License-Identifier: Apache-2.0
"""Body apart from furniture: each line of a page is one or the other, by its form and its neighbours."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate

from detente.press.data import table
from detente.press.dates import find_dates
from detente.press.markup import Block
from detente.press.source import Span, trim

_LINE = re.compile(r"[^\r\n\u2028\u2029]+")
_NUMBERED = re.compile(r"\d{1,2}[.)]\s+\S|[•·▪●◦‣■►]\s*\S")
_LINK = re.compile(r"\[\d{1,3}\]\s*")
_MAY_CREDIT = re.compile(r"[:©]|[.)]$")
_TIME = re.compile(r"\d{1,2}:\d{2}(?!\d)")
_BESIDE = re.compile(r"\s*[,:|·•/—-]\s*")
_FEED = re.compile(r"\d{1,2}:\d{2}(?:\s|$)")
_PARTED = re.compile(r"\s*[|•·›»>/→]\s+|\s{2,}(?:\[\d{1,3}\]\s*)?")
_FINAL = tuple('.!?…:;»”")')
#: Ends of what is a sentence of the text; headlines end with a question mark too, but not with these.
_CLOSED = tuple(".…:;")
_AFTER_CLOSED = tuple('»”")')
#: A headline or a rubric is shorter than this; a paragraph is longer (code points).
_SHORT_LINE = 90
#: A headline of another article is at most this long.
_HEADLINE = 160
#: A line of this length is a paragraph, however it ends; from this one on where it ends as a sentence.
_PARAGRAPH, _SENTENCE = 220, 60
#: Furniture that is told by its words even where they make a sentence.
_CERTAIN = frozenset(("caption", "related", "copyright"))
_MAX_FURNITURE = 400
_HEADINGS = frozenset(("h1", "h2", "h3", "h4"))


@dataclass(frozen=True)
class Line:
    """One line: trimmed span, and ``kind``: ``body`` or what piece of furniture it is."""

    start: int
    end: int
    kind: str
    blank_before: bool


@dataclass(frozen=True)
class _Forms:
    """The patterns of furniture: those of a line's start by its first letter, and the others."""

    starts: dict[str, list[tuple[str, re.Pattern[str]]]]
    others: list[tuple[str, re.Pattern[str]]]
    anywhere: list[tuple[str, re.Pattern[str]]]
    date_rest: re.Pattern[str]
    credit: re.Pattern[str]
    weekday: re.Pattern[str]
    comments: re.Pattern[str]
    told: re.Pattern[str]


@lru_cache(maxsize=1)
def _forms() -> _Forms:
    data = table("furniture")
    first = {
        pattern[0] for patterns in data["starts"].values() for pattern in patterns if pattern[0].isalpha()
    }
    starts: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
    others = []
    for kind, patterns in data["starts"].items():
        plain = [pattern for pattern in patterns if not pattern[0].isalpha()]
        if plain:
            others.append((kind, re.compile("|".join(plain))))
        for letter in first:
            own = [pattern for pattern in patterns if pattern[0] == letter]
            if own:
                starts.setdefault(letter, []).append((kind, re.compile("|".join(own))))
    words = data["words"]
    return _Forms(
        starts,
        others,
        [(kind, re.compile("|".join(patterns))) for kind, patterns in data["anywhere"].items()],
        re.compile(
            r"(?:(?:"
            + "|".join(words["published"] + words["weekdays"])
            + r")(?![^\W\d_])\.?|\d{1,2}:\d{2}(?::\d\d)?|[\s,.:;|/—·•()+-])+"
        ),
        re.compile(
            rf"(?:^|[.!?»)\s(])(?:{'|'.join(words['credit'])})\s*:\s*[^.:]{{2,80}}\.?\)?$"
            rf"|[./(]\s*(?:{'|'.join(words['agencies'])})\)?\.?$|\s©\s?[^.]{{2,60}}$"
        ),
        re.compile(rf"\b(?:{'|'.join(words['weekdays'])})\s*,?\s*$"),
        re.compile(rf"(?:{'|'.join(words['comments'])})[^.!?]{{0,20}}$"),
        re.compile(rf"\b(?:{'|'.join(word for word in words['published'] if len(word) > 4)})"),
    )


def lines_of(text: str, folded: str, lang: str, message: bool = False) -> list[Line]:
    """Every line that is not blank, in order, told apart. Linear in the page.

    ``message``: the text is somebody's message, not a page, so that it has no headlines of other articles.
    """
    lines = _settle_datelines(folded, _plain_lines(text, folded, lang), lang)
    lines = _settle_lists(folded, lines)
    lines = _settle_rubrics(folded, lines)
    lines = _settle_comments(folded, _settle_related(folded, lines))
    return lines if message else _settle_edges(text, folded, lines)


def block_lines(
    text: str, folded: str, blocks: Sequence[Block], chosen: Collection[int], lang: str
) -> list[Line]:
    """The blocks of a page of HTML as lines: body are those chosen, unless their form says what they are."""
    found = []
    for number, block in enumerate(blocks):
        start, end = trim(text, block.start, block.end)
        if start == end:
            continue
        kind = _form(folded, start, end, lang)
        if number in chosen:
            heading = kind == "menu" and block.tag in _HEADINGS
            linked = block.linked * 10 >= 9 * (end - start) and folded[end - 1] not in _FINAL
            kind = "body" if kind == "list" or heading else kind
            kind = "related" if kind == "body" and linked and block.tag not in _HEADINGS else kind
        elif kind in ("body", "list") or (kind == "dateline" and block.zone):
            kind = block.zone or "other"
        found.append(Line(start, end, kind, block.blank_before))
    return _settle_related(folded, _settle_datelines(folded, found, lang))


def tells_publication(folded: str, line: Line) -> bool:
    """Whether a dateline says in words that it is the day of publication ("Published: …")."""
    return _forms().told.search(folded, line.start, line.end) is not None


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
    line = folded[start : min(end, start + _MAX_FURNITURE)]
    if line[0] == "[":
        line = _LINK.sub("", line) or line
    if _NUMBERED.match(line):
        return "list"
    short = end - start <= _MAX_FURNITURE
    if short:
        kind = _by_words(line)
        if kind:
            return kind
    if end - start <= 320 and _MAY_CREDIT.search(line) and _forms().credit.search(line):
        return "caption"
    if end - start > 120:
        return "body"
    if _FEED.match(line) and not line.endswith("."):
        return "dateline" if _is_dateline(folded, start, end, lang) else "most_read"
    if len(parts := _PARTED.split(line)) >= 3 and all(len(part) <= 30 for part in parts):
        return "menu"
    if not any(char.isalpha() for char in line):
        return "dateline" if _is_dateline(folded, start, end, lang) else "other"
    return "dateline" if _is_dateline(folded, start, end, lang) else "body"


def _by_words(line: str) -> str | None:
    """The kind that a line's words tell, from its start or, where they are strong, anywhere in it."""
    forms = _forms()
    sentence = _sentence(line)
    for patterns in (forms.starts.get(line[0], ()), forms.others):
        for kind, pattern in patterns:
            certain = kind in _CERTAIN
            if (certain or (not sentence and len(line) <= _HEADLINE)) and pattern.match(line):
                return kind
    if len(line) <= 320:
        return next((kind for kind, pattern in forms.anywhere if pattern.search(line)), None)
    return None


def _sentence(line: str) -> bool:
    """A full sentence of the text may begin with a furniture word ("Поддержать …, заявил министр.")."""
    return len(line) > 60 and line.endswith(".") and ("," in line or "—" in line)


def _is_dateline(folded: str, start: int, end: int, lang: str) -> bool:
    if end - start > 80 or not any(char.isdigit() for char in folded[start:end]):
        return False
    dates = [date for date in find_dates(folded, start, end, lang) if date.day]
    if not dates:
        return False
    rest = folded[start : dates[0].start] + " " + folded[dates[-1].end : end]
    return not rest.strip() or bool(_forms().date_rest.fullmatch(rest))


def _settle_datelines(folded: str, lines: list[Line], lang: str) -> list[Line]:
    """Above the first paragraph a date may stand beside a name or a place; that line is a dateline too."""
    for number, line in enumerate(lines):
        if _full(folded, line):
            break
        if line.kind in ("body", "other", "byline", "menu") and _names_its_day(folded, line, lang):
            lines[number] = replace(line, kind="dateline")
    return lines


def _names_its_day(folded: str, line: Line, lang: str) -> bool:
    """A short line that is a date and few other words, with the time, or set apart by a comma or the like."""
    start, end = line.start, line.end
    if end - start > 100 or _closed(folded, line) or not any(char.isdigit() for char in folded[start:end]):
        return False
    dates = [date for date in find_dates(folded, start, end, lang) if date.day and date.edtf]
    if len(dates) != 1:
        return False
    before, after = folded[start : dates[0].start], folded[dates[0].end : end]
    if _TIME.search(before + after):
        return len((before + after).split()) <= 9
    words = _forms().date_rest.sub(" ", before + " " + after).split()
    told = _forms().weekday.sub("", before)
    apart = not told.strip() or _BESIDE.fullmatch(told.rstrip()[-1:]) is not None
    return len(words) <= 5 and apart and (not after.strip() or _BESIDE.match(after) is not None)


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
    """Headlines under "read also", "most read" or "advertisement" belong to it, up to the next paragraph.

    Where they stand close under it, also only up to the next blank line.
    """
    settled = list(lines)
    heading: str | None = None
    close = False
    for number, line in enumerate(lines):
        if line.kind in ("related", "most_read", "advert"):
            short = folded[line.end - 1] == ":" or line.end - line.start <= 40
            short = short and not _NUMBERED.match(folded, line.start, line.end)
            heading, close = (line.kind if short else None), False
            continue
        if heading is None or line.kind != "body" or not _is_headline(folded, line):
            heading = None
            continue
        first = lines[number - 1].kind == heading
        if (close or heading == "advert") and line.blank_before:
            heading = None
            continue
        close = close or (first and not line.blank_before)
        settled[number] = replace(line, kind=heading)
    return settled


def _settle_comments(folded: str, lines: list[Line]) -> list[Line]:
    """What readers say under the text is not of it: all below "comments", where most of the text is above."""
    heads = [
        number
        for number, line in enumerate(lines)
        if line.end - line.start <= 40 and _forms().comments.match(folded, line.start, line.end)
    ]
    if not heads:
        return lines
    weights = [line.end - line.start if line.kind == "body" else 0 for line in lines]
    sums = [0, *accumulate(weights)]
    above = next((number for number in heads if sums[number] * 2 >= sums[-1]), len(lines))
    return [
        replace(line, kind="comments") if number > above and line.kind == "body" else line
        for number, line in enumerate(lines)
    ]


def _is_headline(folded: str, line: Line) -> bool:
    """Short, and not closed as a sentence of the text is."""
    return line.end - line.start <= _HEADLINE and not _closed(folded, line)


def _closed(folded: str, line: Line) -> bool:
    last = folded[line.end - 1]
    return last in _CLOSED or (last in _AFTER_CLOSED and folded[line.end - 2] in ".!?…;")


def _full(folded: str, line: Line) -> bool:
    """A paragraph of the text, by its length and its end."""
    wide = line.end - line.start
    return line.kind == "body" and (wide >= _PARAGRAPH or (wide >= _SENTENCE and _closed(folded, line)))


def _settle_edges(text: str, folded: str, lines: list[Line]) -> list[Line]:
    """Headlines that stand together before, among or after the paragraphs are those of other articles.

    Above the first paragraph one headline and what stands under it are the article's own.
    """
    full = _paragraph_lines(text, folded, lines)
    if not full:  # headlines and furniture, but no article
        bare = all(line.kind == "body" for line in lines)
        return lines if bare else [_without_article(folded, line) for line in lines]
    settled, prose = list(lines), set(full)
    _settle_lead(folded, settled, full[0])
    run: list[int] = []
    for number in range(full[0] + 1, len(lines) + 1):
        line = lines[number] if number < len(lines) else None
        if line and number not in prose and _stands_alone(folded, lines, number):
            run.append(number)
            continue
        if line and line.kind != "body" and number > full[-1] and run:
            continue  # after the text furniture stands between headlines
        tail = bool(run) and run[0] > full[-1]
        if len(run) >= 3 or (tail and _not_the_texts(lines, run)):
            for one in run:
                settled[one] = replace(lines[one], kind="related" if len(run) > 1 else "other")
        run = []
    return settled


def _paragraph_lines(text: str, folded: str, lines: list[Line]) -> list[int]:
    """The lines that are, or are wrapped parts of, a paragraph of the text."""
    found: list[int] = []
    begin = 0
    for number, line in enumerate(lines):
        after = lines[number + 1] if number + 1 < len(lines) else None
        if line.kind != "body":
            begin = number + 1
            continue
        goes_on = after is not None and after.kind == "body" and not after.blank_before
        if goes_on and after is not None and _wrapped(text, folded, line, after):
            continue
        whole = Line(lines[begin].start, line.end, "body", blank_before=True)
        if _full(folded, line) or (begin < number and _closed(folded, line) and _full(folded, whole)):
            found += range(begin, number + 1)
        begin = number + 1
    return found


def _without_article(folded: str, line: Line) -> Line:
    return replace(line, kind="other") if line.kind == "body" and _is_headline(folded, line) else line


def _stands_alone(folded: str, lines: list[Line], number: int) -> bool:
    line = lines[number]
    return line.kind == "body" and _is_headline(folded, line) and not _announced(folded, lines, number)


def _announced(folded: str, lines: list[Line], number: int) -> bool:
    """Whether a line is a point of a list or a speech that the line before announces."""
    return folded[lines[number - 1].end - 1] in ":;" or folded[lines[number].start] in "—-"


def _not_the_texts(lines: list[Line], run: list[int]) -> bool:
    """Whether short lines after the last paragraph are more than its own cut-off end."""
    return len(run) > 1 or lines[run[0]].end - lines[run[0]].start <= _SHORT_LINE


def _settle_lead(folded: str, settled: list[Line], first: int) -> None:
    own = 0
    for number in range(first - 1, -1, -1):
        line = settled[number]
        if line.kind in ("dateline", "byline", "caption", "share") and not own:
            continue
        wide = line.end - line.start
        if line.kind == "body" and (_closed(folded, line) or (own < 2 and wide >= 20)):
            own += 1
            continue
        if line.kind == "body" and (own or wide < 20):
            settled[number] = replace(line, kind="rubric")
        if own:
            own = 2  # what stands above furniture is not the article's headline
