# SPDX-License-Identifier: Apache-2.0
"""Measures: what was agreed, proposed, announced or carried out, clause by clause."""

from __future__ import annotations

import re
from typing import Any

from detente.press.pieces import Piece, outermost
from detente.press.quotes import enclosing
from detente.press.reading import Reading, finding
from detente.press.sentences import split_outside_quotes
from detente.press.source import Span, trim

_OBJECT = (
    r"(?=\s+(?:[\w-]+\s+){0,3}?(?:алгоритм|порядок|порядка|механизм|график|план|формат|перечень|сроки"
    r"|дат|шаг|мер|процедур|канал|лини|правил|параметр|документ|соглашени|протокол|договоренност"
    r"|меморандум|дорожн))"
)
_TRIGGERS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "agreed",
        re.compile(
            r"(?<!не )(?<!\w)(?:договорил(?:ись|ся|ась)|условил(?:ись|ся)|сошлись во мнении"
            r"|дал[аи]? согласие|согласил(?:ись|ся|ась)"
            r"|достигл[аи]? (?:договоренност|соглашени|согласи|понимани)\w*"
            r"|достигнут[аоы]? (?:договоренност|соглашени|согласи)\w*"
            r"|пришл[аи]? к (?:договоренност|соглашени|согласи|пониманию)\w*)(?!\w)"
        ),
    ),
    (
        "agreed",
        re.compile(
            r"(?<!не )(?<!\w)(?:(?:определил[аи]?|согласовал[аи]?|утвердил[аи]?|подписал[аи]?"
            r"|выработал[аи]?|приняли|установил[аи]?)"
            + _OBJECT
            + r"|(?:определен|согласован|утвержден|подписан|выработан)[аоы]?"
            + _OBJECT
            + r")(?!\w)"
        ),
    ),
    (
        "proposed",
        re.compile(
            r"(?<!не )(?<!\w)(?:предложил[аио]?|предлагае(?:т|м)|предлагают|предлагаю"
            r"|выступил[аи]? с предложением)(?!\w)"
        ),
    ),
    (
        "announced",
        re.compile(
            r"(?<!не )(?<!\w)(?:пригласил[аи]?|приглашает|приглашаем|направил[аи]? приглашени\w+"
            r"|анонсировал[аио]?|объявил[аио]? о|принял[аои]? решение|решил[аио]?)(?!\w)"
        ),
    ),
)
_CARRIED = re.compile(
    r"(?<!\w)(?:военн\w+ атташе|атташе|наблюдател\w+|инспектор\w+"
    r"|инспекционн\w+ групп\w+)(?!\w)[^.;«»]{0,120}?"
    r"(?<!не )(?<!\w)(?:посетил|присутствовал|поприсутствовал|понаблюдал|наблюдал|прибыл|осмотрел"
    r"|побывал)(?:а|и|о)?(?!\w)"
)
_THAT = re.compile(r"[^.;:«»]{0,80}?,\s+что\s+")
_ABOUT = re.compile(r"(?:\s+(?:с|со|между)\s+[^,.;]{3,60}?)?\s+(?:о том,? чтобы|о|об|обо)\s+")
_PLAIN = re.compile(r"(?:\s+(?:также|сегодня|совместно))?\s+")
_CLAUSES = re.compile(
    r",\s+а\s+(?:также\s+)?(?=\w)|;\s+|,?\s+и\s+что\s+|,\s+что\s+|,\s+(?:а также )?(?:о"
    r"|об)\s+(?=\w)|\s+и\s+(?:о|об)\s+(?=\w)"
)
_CUT = re.compile(
    r",\s+(?:—\s+)?(?=(?:сообщ|заяв|отмет|подчеркн|говорится|рассказ|сказал|добав|поясн|уточн"
    r"|передает)\w*)|\s+—\s+(?=(?:сообщ|заяв|отмет|рассказ|сказал)\w*)"
)
_KINDS = (
    (
        "observation",
        re.compile(r"атташе|наблюдател|поприсутств|присутств\w+ на|инспекц|учени\w+ .*(?:посет|наблюд)"),
    ),
    ("procedure", re.compile(r"алгоритм|порядок|порядка|механизм|процедур|график")),
    ("line", re.compile(r"лини[июяей]+|канал\w* связи|прям\w+ связ")),
    ("talks", re.compile(r"консультаци|встреч|переговор|контакт|диалог|созвон|разговор")),
    ("exchange", re.compile(r"обмен|пленн|информаци|список|данны")),
    ("withdrawal", re.compile(r"отвод|отвест|вывод|вывест|прекращени\w+ огня|перемири")),
)


def find_measures(r: Reading, pieces: list[Piece]) -> list[dict[str, Any]]:
    """``measures[]``: each clause; ``reported_by``: whose words tell of it, None for the page's own."""
    found: list[dict[str, Any]] = []
    for low, high in r.sentences:
        for status, rule, span in _spans(r, low, high):
            if any(one["span"][0] < span[1] and span[0] < one["span"][1] for one in found[-6:]):
                continue
            piece = outermost(pieces, span[0])
            found.append(
                finding(
                    rule,
                    0.85 if status == "agreed" else 0.65,
                    what=r.words(*span),
                    status=status,
                    reported_by=piece.voice.side if piece else None,
                    kind=_kind(r.folded[span[0] : span[1]]),
                    span=list(span),
                )
            )
    return found


def is_measure(r: Reading, span: Span) -> bool:
    """Whether a sentence's news is something agreed."""
    return any(status == "agreed" and pattern.search(r.folded, *span) for status, pattern in _TRIGGERS)


def _spans(r: Reading, low: int, high: int) -> list[tuple[str, str, Span]]:
    found: list[tuple[str, str, Span]] = []
    for status, pattern in _TRIGGERS:
        for match in pattern.finditer(r.folded, low, high):
            quote = enclosing(r.quotes, match.start())
            end = min(high, quote.end) if quote else high
            found.extend((status, rule, span) for rule, span in _after(r, match, status, end))
    carried = _CARRIED.search(r.folded, low, high)
    if carried and not found:
        found.append(("carried_out", "observers-came", _clean(r, carried.start(), high)))
    return found


def _after(r: Reading, match: re.Match[str], status: str, end: int) -> list[tuple[str, Span]]:
    at = match.end()
    cut = _CUT.search(r.folded, at, end)
    end = cut.start() if cut else end
    that = _THAT.match(r.folded, at, end)
    if that:
        return [
            ("agreed-that" if status == "agreed" else f"{status}-that", _clean(r, *span))
            for span in split_outside_quotes(r.folded, that.end(), end, _CLAUSES)
        ]
    about = _ABOUT.match(r.folded, at, end)
    if about:
        return [
            (f"{status}-about", _clean(r, *span))
            for span in split_outside_quotes(r.folded, about.end(), end, _CLAUSES)
        ]
    if not _PLAIN.match(r.folded, at, end):
        return []
    if (
        re.compile(r"\s+(?:[\w-]+\s+){0,8}?\w+(?:ть|ти|чь|ться)(?!\w)").match(r.folded, at, end)
        or match.re is not _TRIGGERS[0][1]
    ):
        return [(f"{status}-object", _clean(r, match.start(), end))]
    return []


def _clean(r: Reading, start: int, end: int) -> Span:
    return trim(r.text, start, end, ".,;!")


def _kind(words: str) -> str:
    return next((kind for kind, pattern in _KINDS if pattern.search(words)), "other")
