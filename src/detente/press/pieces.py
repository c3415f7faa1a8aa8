# SPDX-License-Identifier: Apache-2.0
"""The page cut into pieces of speech: each span with its voice, direct or indirect; pieces may nest."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from detente.press.gazetteer import SideMention
from detente.press.names import PersonMention
from detente.press.quotes import Quote, enclosing
from detente.press.reading import Institution, Reading, inside, past_dateline
from detente.press.source import Span, trim
from detente.press.voices import (
    Verb,
    Voice,
    another_between,
    begin_of,
    find_verbs,
    outlet_in,
    stands_before,
    subject,
    verb_at,
    verbs_in,
    voice_of,
)

_ATTRIBUTION = re.compile(r"[,.!?…»]\s+—\s+")
_GOES_ON = re.compile(r"[.,:!?]\s+—\s+")
_STOP = re.compile(r"[.!?;:«»“”\"]\s")
_OPENING = '«„“"'
_ATTRIBUTED = ("quotation-then-verb", "quotation-goes-on")
#: Clauses of one "that A and that B" besides the first.
_MORE = 3
#: Words without which a verb's object says nothing: "confirmed the call".
_FEWEST_WORDS = 3
_LAST_STOP = ".,;:!?… "
#: Before "X said," in the middle of a clause there may stand only so much of it; more is a clause.
_SHORT = 25


@dataclass(frozen=True)
class Piece:
    """Words of ``voice`` at ``[start, end)``: ``direct`` or ``indirect``; verb's ``sort``; to whom, where."""

    start: int
    end: int
    voice: Voice
    mode: str
    sort: str
    addressee: str | None
    outlet: str | None
    rule: str
    confidence: float


def find_pieces(r: Reading) -> list[Piece]:
    """Every piece of speech, in order, the outer before the inner; addressees "me" and "us" resolved."""
    verbs = find_verbs(r)
    used: set[int] = set()
    found: list[Piece] = []
    for quote in r.quotes:
        found.extend(
            _dash(r, quote, verbs, used, found) if quote.dash else _quoted(r, quote, verbs, used, found)
        )
    for verb in verbs:
        if verb.start not in used:
            found.extend(_indirect(r, verb, found))
    found.extend(_according(r))
    found = [one for one in found if not _own_side(one, found)]
    return _settled(r, sorted(set(found), key=lambda piece: (piece.start, -piece.end)))


def _own_side(one: Piece, pieces: list[Piece]) -> bool:
    """ "Our side promises …" in a quotation: the speaker's own words, reported of nobody else."""
    if one.mode != "indirect" or one.voice.publisher is None:
        return False
    around = [outer for outer in pieces if outer.start <= one.start < outer.end and outer.mode == "direct"]
    return any(outer.voice.side == one.voice.side for outer in around)


def _make(
    r: Reading, span: Span, voice: Voice, mode: str, verb: Verb | None, rule: str, confidence: float
) -> Piece:
    sentence = r.sentence(verb.start if verb else voice.span[0])
    outlet = outlet_in(r, *sentence)
    addressee = _addressee(r, verb, voice, span) if verb else None
    return Piece(*span, voice, mode, verb.sort if verb else "say", addressee, outlet, rule, confidence)


def _quoted(r: Reading, quote: Quote, verbs: list[Verb], used: set[int], found: list[Piece]) -> list[Piece]:
    """The words of a quotation that its neighbourhood, or a verb inside it, gives to somebody."""
    start, end = r.paragraph(quote.open)
    said_inside = _said_inside(r, quote, verbs, used)
    if said_inside:
        return said_inside
    after = r.words.pieces.after_quote.match(r.folded, quote.close, end)
    if after and (after.group().strip() or r.text[quote.end - 1] not in ".…"):
        said = r.words.pieces.says_in.match(r.folded, after.end(), end)
        if said:
            return _document(r, quote, said, found)
        cites = r.words.pieces.cites.match(r.folded, after.end(), end)
        if cites:
            return _cited(r, quote, (after.end(), r.sentence(cites.end() - 1)[1]), used)
        verb, dashed = _verb_after(r, quote, after, verbs, end), "—" in after.group()
        long = r.text.count(" ", quote.start, quote.end) >= (2 if r.text[quote.end - 1] == "," else 4)
        named = verb and r.words.voices.as_saying.search(r.folded, after.end(), verb.start)
        if verb and (dashed or long) and (named or not verb.gerund):
            at = verb.start if r.words.grammar.cases else after.end()
            voice = subject(r, verb, at, end)
            if voice is None or (voice.span[0] < at and not r.words.grammar.cases):
                voice = subject(r, verb, start, end)
            return _from(r, quote, voice, verb, used, "quotation-then-verb")
    return _introduced(r, quote, start, verbs, used, found)


def _cited(r: Reading, quote: Quote, around: Span, used: set[int]) -> list[Piece]:
    """ "…", the press service quotes the minister: the words are the minister's, named there or before."""
    named = inside(r.people, *around)
    earlier = [one for one in inside(r.people, max(0, around[0] - 1500), around[0]) if one.name]
    published = inside(r.institutions, *around)
    who = named[:1] or earlier[-1:] or published[:1]
    return _from(r, quote, voice_of(r, who[0]), None, used, "cited-words") if who else []


def _verb_after(r: Reading, quote: Quote, after: re.Match[str], verbs: list[Verb], end: int) -> Verb | None:
    """The verb of a quotation that stands before it: next to it, or behind its subject."""
    if r.words.grammar.cases:
        verb = _first_verb(verbs, after.end(), min(end, after.end() + 40))
        return verb if verb and "," not in r.folded[after.end() : verb.start] else None
    verb = _first_verb(verbs, after.end(), min(end, after.end() + 140))
    gap = r.folded[after.end() : verb.start] if verb else ""
    return verb if gap.count(",") % 2 == 0 and not _STOP.search(gap) else None


def _introduced(
    r: Reading, quote: Quote, start: int, verbs: list[Verb], used: set[int], found: list[Piece]
) -> list[Piece]:
    """A quotation after "X said:", "as X reports," or "that"."""
    left = r.folded[start : quote.open].rstrip()
    sentence = r.sentence(quote.open)[0]
    if not left:
        return _continued(r, quote, start, found)
    if left[-1] in ".!?":
        return _resumed(r, quote, start, found)
    low = max(start, min(sentence, quote.open - 1))
    half = _half_quoted(r, quote, left, low)
    if half:
        return half
    according = r.words.pieces.according.search(r.folded, low, quote.open)
    if not r.words.pieces.introduces.search(left) and not (left.endswith(",") and according):
        return []
    if left.endswith(":") and r.words.pieces.cites.search(r.folded, low, quote.open):
        return _cited(r, quote, (low, quote.open), used)
    alone = [one for one in _named(r, low, quote.open) if not r.folded[one.end : quote.open].strip(": ")]
    if left.endswith(":") and alone and begin_of(r, alone[-1]) == low:
        return _from(r, quote, voice_of(r, alone[-1]), None, used, "name-then-quotation")
    earlier = [verb for verb in inside(verbs, low, quote.open) if enclosing(r.quotes, verb.start) is None]
    if earlier:
        voice = subject(r, earlier[-1], low, quote.open)
        more = r.words.pieces.and_that.search(r.folded, earlier[-1].end, quote.open)
        also = set() if more and more.end() == quote.open else used  # the clause before is said too
        return _from(r, quote, voice, earlier[-1], also, "verb-then-quotation")
    voice = _named_after(r, according, quote.open)
    return _from(r, quote, voice, None, used, "according-then-quotation")


def _half_quoted(r: Reading, quote: Quote, left: str, low: int) -> list[Piece]:
    """ "Novak had “demanded an answer”": the verb is the quotation's first word."""
    inner = verbs_in(r, quote.start, quote.end)
    if not inner or inner[0].start != quote.start or not r.words.pieces.half_quoted.search(left):
        return []
    outside = Verb(quote.open - 1, quote.end, inner[0].sort, False)
    voice = subject(r, outside, low, quote.open)
    return (
        [_make(r, (quote.start, quote.end), voice, "direct", inner[0], "verb-quoted", 0.8)] if voice else []
    )


def _continued(r: Reading, quote: Quote, start: int, found: list[Piece]) -> list[Piece]:
    """A paragraph that is all quotation goes on with the speaker of the quotation before it."""
    end = r.paragraph(start)[1]
    if quote.open != start or end - quote.close > 2 or not found or quote.end - quote.start < 60:
        return []
    last = found[-1]
    if last.mode != "direct" or start - last.end > 200:
        return []
    return [
        Piece(
            quote.start, quote.end, last.voice, "direct", "say", None, last.outlet, "quotation-goes-on", 0.6
        )
    ]


def _resumed(r: Reading, quote: Quote, start: int, found: list[Piece]) -> list[Piece]:
    """ "A," said X. "B.": B is a sentence of its own behind the attribution of A."""
    last = found[-1] if found else None
    if last is None or last.mode != "direct" or last.rule not in _ATTRIBUTED or last.start < start:
        return []
    between = r.text[last.end : quote.open]
    whole = r.text[quote.end - 1] in ".!?…" and r.text.count(" ", quote.start, quote.end) >= 2
    if not whole or len(between) > 160 or sum(between.count(mark) for mark in ".!?") > 2:
        return []
    return [
        Piece(
            quote.start, quote.end, last.voice, "direct", "say", None, last.outlet, "quotation-goes-on", 0.7
        )
    ]


def _from(
    r: Reading, quote: Quote, voice: Voice | None, verb: Verb | None, used: set[int], rule: str
) -> list[Piece]:
    if verb:
        used.add(verb.start)
    if voice is None:
        return []
    spans = _without_attribution(r, *trim(r.text, quote.start, quote.end, ","))
    return [_make(r, span, voice, "direct", verb, rule, 0.9) for span in spans]


def _document(r: Reading, quote: Quote, said: re.Match[str], found: list[Piece]) -> list[Piece]:
    """ "…", it says in the message: of the institution named there, or the last one that published."""
    at = said.end()
    end = r.sentence(at - 1)[1]
    named = [one for one in inside(r.institutions, said.start(), end) if one.start - at <= 30]
    earlier = [piece.voice for piece in found if piece.voice.publisher and piece.end <= quote.open]
    before = [one for one in inside(r.institutions, 0, quote.open) if enclosing(r.quotes, one.start) is None]
    speaker = next(
        (one for one in inside(r.people, quote.start, quote.end) if "n" in one.cases and one.side), None
    )
    if named:
        voice = voice_of(r, named[0])
    elif earlier:
        voice = earlier[-1]
    elif before:
        voice = voice_of(r, before[-1])
    elif speaker:
        return [
            Piece(
                quote.start,
                quote.end,
                Voice(speaker.side, None, None, None, (at, at)),
                "direct",
                "say",
                None,
                None,
                "quoted-message",
                0.6,
            )
        ]
    else:
        return []
    if speaker and speaker.side != voice.side and (voice.side is None or not named):
        voice = Voice(speaker.side, None, None, None, (at, at))
    confidence = 0.9 if named else 0.8
    span = trim(r.text, quote.start, quote.end, ",")
    return [Piece(*span, voice, "direct", "say", None, None, "quoted-message", confidence)]


def _dash(r: Reading, quote: Quote, verbs: list[Verb], used: set[int], found: list[Piece]) -> list[Piece]:
    """A paragraph that a dash opens: its speaker is named inside it, or before its colon, or goes on."""
    said_inside = _said_inside(r, quote, verbs, used)
    if said_inside:
        return said_inside
    before = [span for span in r.paragraphs if span[1] <= quote.open][-1:]
    if before and r.folded[before[0][1] - 1] == ":":
        earlier = inside(verbs, *before[0])
        if earlier:
            voice = subject(r, earlier[-1], r.sentence(earlier[-1].start)[0], before[0][1])
            return _from(r, quote, voice, earlier[-1], used, "colon-then-dash")
    if found and before and found[-1].mode == "direct" and before[0][0] <= found[-1].start < before[0][1]:
        last = found[-1]
        return [
            Piece(quote.start, quote.end, last.voice, "direct", "say", None, last.outlet, "dash-goes-on", 0.5)
        ]
    return []


def _said_inside(r: Reading, quote: Quote, verbs: list[Verb], used: set[int]) -> list[Piece]:
    """ "…, — said X. — …": the attribution stands inside the speech."""
    for match in _ATTRIBUTION.finditer(r.folded, quote.start, quote.end):
        verb = _first_verb(verbs, match.end(), min(quote.end, match.end() + 40))
        if verb and "," not in r.folded[match.end() : verb.start]:
            rest = _GOES_ON.search(r.folded, verb.end, quote.end)
            voice = subject(r, verb, match.end(), rest.start() if rest else quote.end)
            return _from(r, quote, voice, verb, used, "dash-then-verb")
    return []


def _without_attribution(r: Reading, start: int, end: int) -> list[Span]:
    """Speech with "…, — said X. — …" cut out of it."""
    spans: list[Span] = []
    begin = start
    for match in _ATTRIBUTION.finditer(r.folded, start, end):
        if match.start() < begin or not verb_at(r, match.end()):
            continue
        spans.append(trim(r.text, begin, match.start() + 1, ", "))
        rest = _GOES_ON.search(r.folded, match.end(), end)
        begin = rest.end() if rest else end
    if begin < end:
        spans.append(trim(r.text, begin, end))
    return [span for span in spans if span[0] < span[1]]


def _first_verb(verbs: list[Verb], start: int, end: int) -> Verb | None:
    return next(iter(inside(verbs, start, end)), None)


def _indirect(r: Reading, verb: Verb, quoted: list[Piece]) -> list[Piece]:
    """What a reporting verb reports without quoting."""
    quote = enclosing(r.quotes, verb.start)
    low, high = r.sentence(verb.start)
    if quote:
        low, high = max(low, quote.start), min(high, quote.end)
    else:
        low = _past_quotes(r, low, verb.start)
    if r.words.pieces.first_person.search(r.folded, max(low, verb.start - 80), verb.start):
        return []
    voice = subject(r, verb, low, high)
    if voice is None:
        return []
    span, rule = _content(r, verb, voice, low, high)
    if span is None or span[1] - span[0] < 8:
        return []
    bare = not r.words.grammar.cases and rule in ("verb-object", "verb-clause")
    if bare and r.text.count(" ", *span) < _FEWEST_WORDS - 1:
        return []
    if rule == "clause-then-verb" and r.text[span[0]] in "—–-":
        span = trim(r.text, *span, "—–- ")
        return [_make(r, span, voice, "direct", verb, "dash-in-paragraph", 0.8)]
    if any(piece.start <= span[0] and span[1] <= piece.end and piece.voice == voice for piece in quoted):
        return []
    spans = [span, *_more(r, span, high)] if rule in ("verb-that", "verb-clause") else [span]
    return [
        _make(r, one, voice, "indirect", verb, rule, 0.85 if rule == "verb-that" else 0.7) for one in spans
    ]


def _more(r: Reading, span: Span, high: int) -> list[Span]:
    """The further clauses of "that A and that B"."""
    found: list[Span] = []
    and_that = r.words.pieces.and_that
    while len(found) < _MORE and (following := and_that.match(r.folded, span[1], high)) is not None:
        span = _trimmed(r, following.end(), _clause_end(r, following.end(), high))
        if span[0] >= span[1] or r.text[span[0]] in _OPENING:
            break
        found.append(span)
    return found


def _past_quotes(r: Reading, low: int, at: int) -> int:
    """A sentence that began inside a quotation: only what stands after the quotation is the verb's."""
    around = enclosing(r.quotes, low)
    return around.close if around and around.close <= at else low


def _content(r: Reading, verb: Verb, voice: Voice, low: int, high: int) -> tuple[Span | None, str]:
    """The span that carries what is said, and the rule that found it."""
    words = r.words.pieces
    back = words.back.match(r.folded, low)
    if back and back.start() < verb.start:
        return _sentence_before(r, low), "said-of-the-sentence-before"
    that = words.that.match(r.folded, verb.end, high)
    if that and not another_between(r, verb.end, that.end()):
        return _trimmed(r, that.end(), _told_end(r, that.end(), high)), "verb-that"
    if not r.words.grammar.cases and voice.span[1] <= verb.start:
        before = _clause_before(r, verb, voice, low, high)
        if before:
            return before, "clause-then-verb"
    trailing = words.trailing.search(r.folded[max(low, verb.start - 20) : verb.start])
    comma = r.folded.rfind(",", low, verb.start)
    own = stands_before(r, voice, verb) if r.words.grammar.cases else not low <= voice.span[0] < comma
    if trailing and own and not verb.gerund and high - verb.start <= 220:
        rest = r.folded.find(",", max(verb.end, voice.span[1]), high)
        whole = r.words.grammar.cases and comma - low <= _SHORT and 0 < rest < high - _SHORT
        return _trimmed(r, low, high if whole else comma), "clause-then-verb"
    about = (words.into if verb.sort == "assure" else words.about).match(r.folded, verb.end, high)
    if about is None and words.object_verb.match(r.folded, verb.start, verb.end):
        return _trimmed(r, verb.end, _clause_end(r, verb.end, high)), "verb-object"
    if about and verb.sort in ("assure", "say"):
        end = _clause_end(r, about.end(), high)
        return _trimmed(r, about.end(), end), "verb-about"
    if r.words.grammar.bare_clause and verb.sort in ("say", "assure"):
        at = _past_told(r, verb)
        if not words.not_clause.match(r.folded, at, high):
            return _trimmed(r, at, _clause_end(r, at, high)), "verb-clause"
    if verb.sort in ("demand", "commit", "deny") or (verb.gerund and verb.sort in ("say", "assure")):
        at = max(verb.end, _past_voice(voice, verb))
        reporter = r.words.measures.cut.search(r.folded, at, high)
        end = _clause_end(r, at, reporter.start() if reporter else high)
        return _trimmed(r, at, end), f"{verb.sort}-verb"
    return None, ""


def _clause_before(r: Reading, verb: Verb, voice: Voice, low: int, high: int) -> Span | None:
    """ "A, X said on Monday": A, where nothing but when and where stands behind the verb."""
    at = verb.end
    if r.words.pieces.takes_person.fullmatch(r.folded, verb.start, verb.end):
        whom = r.words.pieces.told_whom.match(r.folded, at, high)
        at = whom.end() if whom and not r.words.pieces.not_clause.match(r.folded, max(0, low - 1)) else at
    while (more := r.words.pieces.adjunct.match(r.folded, at, high)) is not None and more.end() > at:
        at = more.end()
    if r.folded[at:high].strip(_LAST_STOP + '"”»'):
        return None
    named: list[PersonMention | Institution] = [*inside(r.people, low, verb.start)]
    named += inside(r.institutions, low, verb.start)
    begin = min((begin_of(r, one) for one in named if one.start == voice.span[0]), default=voice.span[0])
    begin = verb.start if begin < low else begin  # "he said", of somebody named before
    low = past_dateline(r, low)
    comma = r.folded.rfind(",", low, begin)
    if comma < 0 or begin - comma > 40 or r.text.count(" ", low, comma) < 2:
        return None
    return _trimmed(r, low, comma)


def _past_told(r: Reading, verb: Verb) -> int:
    """Behind whom the verb tells, and behind when and where: where a clause without "that" begins."""
    words = r.words.pieces
    at = verb.end
    if words.takes_person.fullmatch(r.folded, verb.start, verb.end):
        told = words.told_person.match(r.folded, at)
        named: list[PersonMention | SideMention] = [*inside(r.people, at, at + 120)]
        named += inside(r.sides, at, at + 60)
        near = [one for one in named if one.start - at <= 30]
        at = told.end() if told else at
        at = max([at, *(one.end for one in near[:1])])
    while (more := words.adjunct.match(r.folded, at)) is not None and more.end() > at:
        at = more.end()
    return at


def _past_voice(voice: Voice, verb: Verb) -> int:
    return voice.span[1] if 0 <= voice.span[0] - verb.end <= 40 else verb.end


def _sentence_before(r: Reading, at: int) -> Span | None:
    earlier = [span for span in r.sentences if span[1] <= at][-1:]
    return _trimmed(r, *earlier[0]) if earlier and at - earlier[0][1] < 5 else None


def _clause_end(r: Reading, at: int, high: int) -> int:
    """The clause ends before a participle or gerund clause that reports on its own."""
    for match in r.words.pieces.clause_break.finditer(r.folded, at, high):
        gerund = "," in match.group() and r.words.pieces.gerund_clause.match(r.folded, match.end(), high)
        another = r.words.pieces.and_that.match(r.folded, match.start(), high)
        if verb_at(r, match.end()) or gerund or another or _contrast(r, match, high):
            return match.start()
    return high


def _contrast(r: Reading, match: re.Match[str], high: int) -> bool:
    """ ", while Y demanded": another clause with its own subject and reporting verb."""
    if len(match.group().strip(", ")) == 0 or "," not in match.group():
        return False
    verb = r.words.reporting.search(r.folded, match.end(), min(high, match.end() + 60))
    return verb is not None and "," not in r.folded[match.end() : verb.start()]


def _told_end(r: Reading, at: int, high: int) -> int:
    """As ``_clause_end``, but what follows a verb of somebody inside the clause is that verb's."""
    end = _clause_end(r, at, high)
    return high if r.words.reporting.search(r.folded, at, end) else end


def _trimmed(r: Reading, start: int, end: int) -> Span:
    """Without outer white space and the sentence's stop."""
    begin, finish = trim(r.text, start, end)
    while finish > begin and r.text[finish - 1] in _LAST_STOP:
        finish -= 1
    return begin, finish


def _according(r: Reading) -> list[Piece]:
    """ "According to X, …" and "as X reports, …", where no quotation follows."""
    found: list[Piece] = []
    for low, high in r.sentences:
        his = r.words.pieces.by_his.match(r.folded, low, high)
        if his:
            found.extend(_by_his(r, low, his.end(), high))
            continue
        match = r.words.pieces.according.match(r.folded, low, high)
        voice = _named_after(r, match, high) if match else None
        if voice is None:
            found.extend(_according_after(r, low, high) if match is None else [])
            continue
        comma = r.folded.find(",", voice.span[1], min(high, voice.span[1] + 60))
        told = match and r.words.pieces.as_told.fullmatch(match.group().strip())
        if comma < 0 or (match and told and not _reports(r, match.end(), comma)):
            continue
        start, end = _trimmed(r, comma + 1, high)
        if start < end and r.folded[start] not in _OPENING:
            found.append(_make(r, (start, end), voice, "indirect", None, "according-to", 0.8))
    return found


def _according_after(r: Reading, low: int, high: int) -> list[Piece]:
    """ "…, according to X." where no quotation stands before."""
    match = r.words.pieces.according_after.search(r.folded, low, high)
    voice = _named_after(r, match, high) if match else None
    if match is None or voice is None or enclosing(r.quotes, match.start()):
        return []
    amid = r.folded.startswith(",", voice.span[1]) and high - voice.span[1] > _SHORT // 2
    if high - voice.span[1] > 60 and not amid:
        return []
    start, end = _trimmed(r, low, high if amid else match.start())
    if end - start < 8 or any(quote.start < end and start < quote.end for quote in r.quotes):
        return []
    return [_make(r, (start, end), voice, "indirect", None, "according-after", 0.75)]


def _by_his(r: Reading, low: int, at: int, high: int) -> list[Piece]:
    """ "By his words, …": of the person named last before."""
    earlier = [one for one in inside(r.people, max(0, low - 1500), low) if one.name]
    earlier = [one for one in earlier if "n" in (one.cases or "n")] or earlier
    if not earlier:
        return []
    return [
        _make(r, _trimmed(r, at, high), voice_of(r, earlier[-1]), "indirect", None, "according-to-him", 0.65)
    ]


def _reports(r: Reading, start: int, end: int) -> bool:
    return any(verb_at(r, match.start()) for match in re.compile(r"\b\w").finditer(r.folded, start, end))


def _named(r: Reading, start: int, end: int) -> list[PersonMention | Institution]:
    return [*inside(r.people, start, end), *inside(r.institutions, start, end)]


def _named_after(r: Reading, match: re.Match[str] | None, end: int) -> Voice | None:
    if match is None:
        return None
    named = _named(r, match.end(), min(end, match.end() + 200))
    named = [one for one in named if "," not in r.folded[match.end() : one.start]]
    return voice_of(r, min(named, key=lambda one: one.start)) if named else None


def _addressee(r: Reading, verb: Verb, voice: Voice, span: Span) -> str | None:
    """Whom the verb's object names: a side, a person's side, or "me" (marked for later)."""
    if verb.end <= span[0] <= verb.end + 200 and verb.sort != "demand":
        between = (verb.end, span[0])
    elif verb.sort == "demand":
        between = (verb.end, min(span[1], verb.end + 60))
    else:
        return None
    if r.words.pieces.own_words.search(r.folded, *between) and enclosing(r.quotes, verb.start):
        return "self"
    people = [one for one in inside(r.people, *between) if one.side and one.side != voice.side]
    sides = [one for one in inside(r.sides, *between) if one.side != voice.side and one.sort != "people"]
    return people[0].side if people else (sides[0].side if sides else None)


def _settled(r: Reading, pieces: list[Piece]) -> list[Piece]:
    """Resolve "me", and carry an outlet to the same speaker's later pieces."""
    outlets: dict[str, str] = {}
    settled: list[Piece] = []
    for piece in pieces:
        speaker = piece.voice.speaker or ""
        outlet = piece.outlet or outlets.get(speaker)
        if speaker and outlet:
            outlets[speaker] = outlet
        settled.append(replace(piece, addressee=_to_whom(r, piece, settled), outlet=outlet))
    return settled


def _to_whom(r: Reading, piece: Piece, before: list[Piece]) -> str | None:
    """ "me" is the outer speaker; "informed his colleague of A, stressing B": B goes to the same person."""
    if piece.addressee == "self":
        outer = outermost(before, piece.start)
        return outer.voice.side if outer else None
    if piece.addressee is None and before and piece.rule.endswith(("-verb", "-object")):
        last = before[-1]
        same = last.voice == piece.voice and r.sentence(last.start) == r.sentence(piece.start)
        return last.addressee if same else None
    return piece.addressee


def outermost(pieces: list[Piece], at: int) -> Piece | None:
    """The outermost piece that holds ``at``: who says it on the page."""
    return next((piece for piece in pieces if piece.start <= at < piece.end), None)


def innermost(pieces: list[Piece], at: int) -> Piece | None:
    """The innermost piece that holds ``at``: whose words they are said to be."""
    holding = [piece for piece in pieces if piece.start <= at < piece.end]
    return min(holding, key=lambda piece: piece.end - piece.start) if holding else None


def other_side(r: Reading, start: int, end: int, side: str | None) -> str | None:
    """The one side besides ``side`` that a span names; None where there are several or none."""
    named = {one.side for one in inside(r.sides, start, end)} - {side}
    return next(iter(named)) if len(named) == 1 else None
