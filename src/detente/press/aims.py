# SPDX-License-Identifier: Apache-2.0
"""What a contact was for, and what was talked about."""

from __future__ import annotations

import re
from typing import Any

from detente.press.pieces import Piece, outermost
from detente.press.quotes import enclosing
from detente.press.reading import Reading, finding, inside
from detente.press.sentences import split_outside_quotes
from detente.press.source import Span, trim

_FOR = re.compile(
    r"(?:состоял\w{2,3}|про(?:шел|шла|шли|шло)|провел\w?|проведен\w?|проводил\w{1,3}"
    r"|организован\w?|инициирован\w?|необходим\w?|состоится|пройдет)"
    r"(?: \w+){0,6}? (?:для|ради|с целью|в целях|в интересах)\s+"
)
_AIM = re.compile(
    r"(?<!\w)цель(?:ю|ями|и)? (?:\w+ ){0,2}?(?:разговор|бесед|встреч|переговор|визит|звонк|контакт"
    r"|консультаци|обращени|письм)\w*"
    r"\s*(?:—|(?:был[аои]?|стал[аои]?|явля\w+|называ\w+|назвал\w*))\s+"
)
_TO = re.compile(r"(?<=,\s)чтобы\s+|(?<=\s)для того,? чтобы\s+")
_CONTACT = re.compile(r"контакт|разговор|бесед|встреч|перегов|звон|визит|взаимодейств|диалог")
_END = re.compile(r"[.;:!?]|,\s+(?:—|где|котор\w+|причем|при этом|сообщ|заяв|отмет|подчеркн|говорится)")
_VERBAL_NOUN = re.compile(r"(?:\w+ )?\w{3,}(?:ния|тия|ние|тие|нию|тию|зации|ции|ку|ки|у|а)\b")
_ITEMS = re.compile(r",\s+(?:а\s+также\s+)?(?:и\s+)?|\s+а\s+также\s+")
_AND = re.compile(r"\s+и\s+")
_INFINITIVE = re.compile(r"(?:не )?\w+(?:ть|ти|чь|ться|тись)(?!\w)")

_TALKED = re.compile(
    r"(?<!\w)(?:обсудил\w{0,2}|обсужда\w+|обсужден\w{0,2}|рассмотрел\w{0,2}|рассмотрен\w{0,2}"
    r"|затронул\w{0,2}|затронут\w{0,2}"
    r"|обменял(?:ись|ся) мнениями (?:о|об|по)|поговорил\w{0,2} (?:о|об)|говорил\w{0,2} (?:о|об)"
    r"|шла речь (?:о|об)|речь шла (?:о|об)|реч\w+ (?:о|об)"
    r"|(?:темой|темами|предметом) (?:\w+ ){0,3}?(?:стал[аои]?|был[аои]?)"
    r"|внимание (?:был[оа] )?уделен\w|вопрос\w? (?=о взаимодейств|об отношени|о контакт"
    r"|о сотруднич|о перегов))"
    r"\s+"
)
_TOPIC_HEAD = re.compile(
    r"(?:[\w-]+(?:ые|ие|ую|ый|ий|ое|ее|ых|их|ой|ей)\s+){0,3}(?:вопрос|тем|проблем|шаг|мер"
    r"|перспектив|ситуаци|возможност|обстановк|состояни|ход|подготовк|план"
    r"|сотрудничеств|взаимодействи|безопасност|отношени|поставк|обмен|инцидент|учени|реализаци"
    r"|развити|укреплени|деятельност|аспект|направлени|урегулировани|угроз|механизм|формат"
    r"|график)\w*"
)
_EMPTY_TOPIC = re.compile(
    r"(?:\w+ )?(?:вещи|все|многое|то|ряд вопросов|вопросы)(?:,? котор\w+ .*"
    r"|,? представля\w+ (?:взаимный|общий) интерес)?$"
)
_CUT_TOPIC = re.compile(
    r"\s+и\s+(?=(?:\w+\s)?\w+(?:ли|лись|ла|лась)(?!\w))|,\s+(?=сообщ|заяв|отмет|подчеркн|говорится"
    r"|рассказ|переда)|\s+—\s+(?=сообщ|заяв|отмет|рассказ|сказ)"
)
_AGAIN = re.compile(
    r"(?:связанн|касающ|направленн|представляющ|включа|каса|относящ|посвященн|вызванн|в том числе"
    r"|в частности|котор|где|как)\w*"
)
_QUESTION = re.compile(r"(?:отвечая на вопрос\w? |на вопрос\w? |комментируя |говоря )(?:о|об|про)?\s?(?=\S)")


def find_purposes(r: Reading, pieces: list[Piece], contact_spans: list[Span]) -> list[dict[str, Any]]:
    """``purpose[]``: the parts of "for …", "the aim was …", "so as to …"; ``side`` whose words say so."""
    found: list[dict[str, Any]] = []
    for low, high in r.sentences:
        held = any(start <= low < end for start, end in contact_spans)
        for pattern, rule in ((_FOR, "held-for"), (_AIM, "aim-was")):
            match = pattern.search(r.folded, low, high)
            if match and (rule == "aim-was" or held or _CONTACT.search(r.folded, low, match.end())):
                found.extend(_purpose(r, pieces, span, rule) for span in _nouns(r, match.end(), high))
        if _CONTACT.search(r.folded, low, high):
            found.extend(_purpose(r, pieces, span, "so-as-to") for span in _clauses(r, low, high))
    return found


def _purpose(r: Reading, pieces: list[Piece], span: Span, rule: str) -> dict[str, Any]:
    piece = outermost(pieces, span[0])
    return finding(
        rule, 0.85, text=r.text[span[0] : span[1]], span=list(span), side=piece.voice.side if piece else None
    )


def _bounded(r: Reading, start: int, high: int) -> int:
    quote = enclosing(r.quotes, start)
    stop = _END.search(r.folded, start, min(high, quote.end if quote else high))
    return stop.start() if stop else min(high, quote.end if quote else high)


def _nouns(r: Reading, start: int, high: int) -> list[Span]:
    """ "restoring A, lowering B and ensuring C": verbal nouns told apart, "trust and safety" kept whole."""
    end = _bounded(r, start, high)
    items = split_outside_quotes(r.folded, start, end, _ITEMS)
    found: list[Span] = []
    for begin, finish in items:
        found.extend(_split_and(r, begin, finish))
    return [trim(r.text, *span, ",.") for span in found]


def _split_and(r: Reading, start: int, end: int) -> list[Span]:
    head = re.compile(r"\w+?(ния|тия|ние|тие|нию|тию|нием|ции)(?!\w)").match(r.folded, start, end)
    for match in _AND.finditer(r.folded, start, end):
        tail = re.compile(r"(?:\w+ )?\w+?(ния|тия|ние|тие|нию|тию|нием|ции)(?!\w)").match(
            r.folded, match.end(), end
        )
        two_words = " " in r.folded[start : match.start()].strip()
        if head and tail and two_words and " " in r.folded[match.end() : end].strip():
            return [(start, match.start()), *_split_and(r, match.end(), end)]
    return [(start, end)]


def _clauses(r: Reading, low: int, high: int) -> list[Span]:
    """ "so as to …" clauses with an infinitive; each goes to the next one or the sentence's end."""
    marks = list(_TO.finditer(r.folded, low, high))
    found: list[Span] = []
    for number, mark in enumerate(marks):
        if not _INFINITIVE.match(r.folded, mark.end(), high):
            continue
        quote = enclosing(r.quotes, mark.end())
        end = (
            marks[number + 1].start() if number + 1 < len(marks) else min(high, quote.end if quote else high)
        )
        found.append(trim(r.text, mark.end(), end, ",.;"))
    return found


def find_topics(
    r: Reading, pieces: list[Piece], contact_spans: list[Span], statement: bool
) -> list[dict[str, Any]]:
    """``topics[]``: what was discussed, item by item; on a page with a statement, what it was asked about."""
    found: list[dict[str, Any]] = []
    for low, high in r.sentences:
        match = _TALKED.search(r.folded, low, high)
        if match and not statement:
            found.extend(_topic(r, pieces, span, "discussed") for span in _topic_items(r, match.end(), high))
        asked = _QUESTION.search(r.folded, low, high) if statement else None
        if asked:
            end = re.compile(r",|\.|:").search(r.folded, asked.end(), high)
            stops = [
                end.start() if end else high,
                *(one.start for one in inside(r.people, asked.end(), high)),
            ]
            span = trim(r.text, asked.end(), min(stops))
            found.append(_topic(r, pieces, span, "asked-about"))
    return found


def _topic(r: Reading, pieces: list[Piece], span: Span, rule: str) -> dict[str, Any]:
    piece = outermost(pieces, span[0])
    side = piece.voice.side if piece else None
    return finding(rule, 0.8, text=r.text[span[0] : span[1]], span=list(span), side=side)


def _topic_items(r: Reading, start: int, high: int) -> list[Span]:
    quote = enclosing(r.quotes, start)
    end = min(high, quote.end if quote else high)
    cut = _CUT_TOPIC.search(r.folded, start, end)
    end = cut.start() if cut else end
    items: list[Span] = []
    for begin, finish in split_outside_quotes(r.folded, start, end, _ITEMS):
        if items and _AGAIN.match(r.folded, begin, finish):
            items[-1] = (items[-1][0], finish)
        else:
            items.extend(_split_topics(r, begin, finish))
    spans = [_bare(r, *trim(r.text, *span, ".,;")) for span in items]
    return [
        span
        for span in spans
        if span[1] - span[0] > 3 and not _EMPTY_TOPIC.fullmatch(r.folded[span[0] : span[1]])
    ]


def _bare(r: Reading, start: int, end: int) -> Span:
    """Without "with the minister" between the verb and what was discussed, and without a leading "about"."""
    lead = re.compile(
        r"(?:также|в том числе|о|об|по|с (?:ним|ней|коллегой|украинским коллегой|белорусским коллегой))\s+"
    )
    match = lead.match(r.folded, start, end)
    return (match.end(), end) if match else (start, end)


def _split_topics(r: Reading, start: int, end: int) -> list[Span]:
    for match in _AND.finditer(r.folded, start, end):
        first = _TOPIC_HEAD.match(r.folded, start, match.start())
        rest = r.folded[match.end() : end]
        if first and " " in rest and _TOPIC_HEAD.match(rest) and _accusative(rest):
            return [(start, match.start()), *_split_topics(r, match.end(), end)]
    return [(start, end)]


def _accusative(phrase: str) -> bool:
    """Its first words are objects of the verb, not a second genitive of the item before."""
    first = phrase.split(maxsplit=1)[0]
    return first.endswith(("ы", "и", "у", "ю", "ые", "ие", "ую", "е", "ия", "ход")) and not first.endswith(
        ("сти", "ции", "ния")
    )
