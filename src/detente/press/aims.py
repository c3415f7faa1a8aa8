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

#: Where the words of a question about a topic end.
_STOP = re.compile(r",|\.|:")


def find_purposes(r: Reading, pieces: list[Piece], contact_spans: list[Span]) -> list[dict[str, Any]]:
    """``purpose[]``: the parts of "for …", "the aim was …", "so as to …"; ``side`` whose words say so."""
    found: list[dict[str, Any]] = []
    words = r.words.aims
    for low, high in r.sentences:
        held = any(start <= low < end for start, end in contact_spans)
        for pattern, rule in ((words.held_for, "held-for"), (words.aim_was, "aim-was")):
            match = pattern.search(r.folded, low, high)
            if match and (rule == "aim-was" or held or words.contact.search(r.folded, low, match.end())):
                found.extend(_purpose(r, pieces, span, rule) for span in _nouns(r, match.end(), high))
        if words.contact.search(r.folded, low, high):
            found.extend(_purpose(r, pieces, span, "so-as-to") for span in _clauses(r, low, high))
    return found


def _purpose(r: Reading, pieces: list[Piece], span: Span, rule: str) -> dict[str, Any]:
    piece = outermost(pieces, span[0])
    return finding(
        rule, 0.85, text=r.text[span[0] : span[1]], span=list(span), side=piece.voice.side if piece else None
    )


def _bounded(r: Reading, start: int, high: int) -> int:
    quote = enclosing(r.quotes, start)
    stop = r.words.aims.end.search(r.folded, start, min(high, quote.end if quote else high))
    return stop.start() if stop else min(high, quote.end if quote else high)


def _nouns(r: Reading, start: int, high: int) -> list[Span]:
    """ "restoring A, lowering B and ensuring C": verbal nouns told apart, "trust and safety" kept whole."""
    end = _bounded(r, start, high)
    items = split_outside_quotes(r.folded, start, end, r.words.aims.items)
    found: list[Span] = []
    for begin, finish in items:
        found.extend(_split_and(r, begin, finish))
    return [trim(r.text, *span, ",.") for span in found]


def _split_and(r: Reading, start: int, end: int) -> list[Span]:
    words = r.words.aims
    head = words.noun.match(r.folded, start, end)
    for match in words.also.finditer(r.folded, start, end):
        tail = words.next_noun.match(r.folded, match.end(), end)
        two_words = " " in r.folded[start : match.start()].strip()
        if head and tail and two_words and " " in r.folded[match.end() : end].strip():
            return [(start, match.start()), *_split_and(r, match.end(), end)]
    return [(start, end)]


def _clauses(r: Reading, low: int, high: int) -> list[Span]:
    """ "so as to …" clauses with an infinitive; each goes to the next one or the sentence's end."""
    marks = list(r.words.aims.so_as_to.finditer(r.folded, low, high))
    found: list[Span] = []
    for number, mark in enumerate(marks):
        if not r.words.aims.infinitive.match(r.folded, mark.end(), high):
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
    words = r.words.aims
    for low, high in r.sentences:
        match = words.talked.search(r.folded, low, high)
        if match and not statement:
            found.extend(_topic(r, pieces, span, "discussed") for span in _topic_items(r, match.end(), high))
        asked = words.asked.search(r.folded, low, high) if statement else None
        if asked:
            end = _STOP.search(r.folded, asked.end(), high)
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
    cut = r.words.aims.cut_topic.search(r.folded, start, end)
    end = cut.start() if cut else end
    items: list[Span] = []
    for begin, finish in split_outside_quotes(r.folded, start, end, r.words.aims.items):
        if items and r.words.aims.goes_on.match(r.folded, begin, finish):
            items[-1] = (items[-1][0], finish)
        else:
            items.extend(_split_topics(r, begin, finish))
    spans = [_bare(r, *trim(r.text, *span, ".,;")) for span in items]
    return [
        span
        for span in spans
        if span[1] - span[0] > 3 and not r.words.aims.empty_topic.fullmatch(r.folded[span[0] : span[1]])
    ]


def _bare(r: Reading, start: int, end: int) -> Span:
    """Without "with the minister" between the verb and what was discussed, and without a leading "about"."""
    match = r.words.aims.lead.match(r.folded, start, end)
    return (match.end(), end) if match else (start, end)


def _split_topics(r: Reading, start: int, end: int) -> list[Span]:
    words = r.words.aims
    for match in words.also.finditer(r.folded, start, end):
        first = words.topic_head.match(r.folded, start, match.start())
        rest = r.folded[match.end() : end]
        if first and " " in rest and words.topic_head.match(rest) and _is_object(r, rest):
            return [(start, match.start()), *_split_topics(r, match.end(), end)]
    return [(start, end)]


def _is_object(r: Reading, phrase: str) -> bool:
    """Its first word can be the object of the verb, not a second genitive of the item before."""
    first = phrase.split(maxsplit=1)[0]
    words = r.words.aims
    return words.topic_form.search(first) is not None and words.not_topic_form.search(first) is None
