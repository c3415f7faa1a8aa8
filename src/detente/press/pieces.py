# SPDX-License-Identifier: Apache-2.0
"""The page cut into pieces of speech: each span with its voice, direct or indirect; pieces may nest."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from detente.press.names import PersonMention
from detente.press.quotes import Quote, enclosing
from detente.press.reading import Institution, Reading, inside
from detente.press.source import Span, trim
from detente.press.voices import Verb, Voice, find_verbs, outlet_in, subject, verb_at, voice_of

_AFTER = re.compile(r"\s*[,.!?…]*\s*—\s*(?:так |как |об этом )?|\s*,\s+")
_SAYS_IN = re.compile(
    r"(?:говорится|сказано|отмечается|подчеркивается|сообщается|указано|указывается|утверждается) "
    r"в (?:\w+ )?(?:сообщени|заявлени|пресс-релиз|релиз|документ|публикаци|комментари|коммюнике"
    r"|тексте|записи|посте)\w*"
)
_ATTRIBUTION = re.compile(r"[,.!?…»]\s+—\s+")
_GOES_ON = re.compile(r"[.,:!?]\s+—\s+")
_BACK = re.compile(
    r"(?:с )?(?:так(?:им|ое)|эт(?:им|о)|соответствующ(?:им|ее)) (?:заявлени\w+|мнени\w+)\b"
    r"|об этом\b|такое мнение\b"
)
_ACCORDING = re.compile(
    r"(?<!\w)(?:по (?:словам|данным|информации|сведениям|версии|мнению|утверждению)|как) "
)
_GERUND = re.compile(r"а также |\w+(?:ив|ув|ав|вшись)\b")
_TRAILING = re.compile(r",\s+(?:—\s+)?(?:как\s+)?(?:об этом\s+)?$")
_BY_HIS = re.compile(r"по (?:его|ее|их) (?:словам|мнению|данным|информации|сведениям)\s*,\s+")
_THAT = re.compile(r"[^.;:«»—]{0,160}?,\s+(?:что|будто)\s+")
_ABOUT = re.compile(r"(?:\s+[\w-]+){0,5}?\s+(?=(?:о|об|обо)\s)")
_INTO = re.compile(r"(?:\s+[\w-]+){0,5}?\s+(?=в(?:о)?\s)")
_FIRST_PERSON = re.compile(r"(?<!\w)(?:я|мы)(?!\w)[^,.;:«»—]{0,60}$")
_OWN_WORDS = re.compile(r"(?<!\w)(?:меня|мне|нас|нам)(?!\w)")
_LAST_STOP = ".,;:!?… "


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
    return _settled(r, sorted(set(found), key=lambda piece: (piece.start, -piece.end)))


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
    after = _AFTER.match(r.folded, quote.close, end)
    if after:
        said = _SAYS_IN.match(r.folded, after.end(), end)
        if said:
            return _document(r, quote, said.end(), found)
        verb = _first_verb(verbs, after.end(), min(end, after.end() + 40))
        dashed = "—" in after.group() or r.text.count(" ", quote.start, quote.end) >= 4
        if verb and dashed and not verb.gerund and "," not in r.folded[after.end() : verb.start]:
            voice = subject(r, verb, verb.start, end)
            if voice is None or voice.span[0] < verb.start:
                voice = subject(r, verb, start, end)
            return _from(r, quote, voice, verb, used, "quotation-then-verb")
    return _introduced(r, quote, start, verbs, used, found)


def _introduced(
    r: Reading, quote: Quote, start: int, verbs: list[Verb], used: set[int], found: list[Piece]
) -> list[Piece]:
    """A quotation after "X said:", "as X reports," or "that"."""
    left = r.folded[start : quote.open].rstrip()
    sentence = r.sentence(quote.open)[0]
    if not left:
        return _continued(r, quote, start, found)
    if not left.endswith((":", ",", "что", ", —")):
        return []
    low = max(start, min(sentence, quote.open - 1))
    earlier = [verb for verb in inside(verbs, low, quote.open) if enclosing(r.quotes, verb.start) is None]
    if left.endswith(",") and not _ACCORDING.search(r.folded, low, quote.open):
        return []
    if earlier:
        voice = subject(r, earlier[-1], low, quote.open)
        return _from(r, quote, voice, earlier[-1], used, "verb-then-quotation")
    voice = _named_after(r, _ACCORDING.search(r.folded, low, quote.open), quote.open)
    return _from(r, quote, voice, None, used, "according-then-quotation")


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


def _from(
    r: Reading, quote: Quote, voice: Voice | None, verb: Verb | None, used: set[int], rule: str
) -> list[Piece]:
    if verb:
        used.add(verb.start)
    if voice is None:
        return []
    spans = _without_attribution(r, quote.start, quote.end)
    return [_make(r, span, voice, "direct", verb, rule, 0.9) for span in spans]


def _document(r: Reading, quote: Quote, at: int, found: list[Piece]) -> list[Piece]:
    """ "…", it says in the message: of the institution named there, or the last one that published."""
    end = r.sentence(at - 1)[1]
    named = [one for one in inside(r.institutions, at, end) if one.start - at <= 30]
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
    if not named and speaker and voice.side and speaker.side != voice.side:
        voice = Voice(speaker.side, None, None, None, (at, at))
    confidence = 0.9 if named else 0.8
    return [Piece(quote.start, quote.end, voice, "direct", "say", None, None, "quoted-message", confidence)]


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
    if _FIRST_PERSON.search(r.folded, max(low, verb.start - 80), verb.start):
        return []
    voice = subject(r, verb, low, high)
    if voice is None:
        return []
    span, rule = _content(r, verb, voice, low, high)
    if span is None or span[1] - span[0] < 8:
        return []
    if rule == "clause-then-verb" and r.text[span[0]] in "—–-":
        span = trim(r.text, *span, "—–- ")
        return [_make(r, span, voice, "direct", verb, "dash-in-paragraph", 0.8)]
    if any(piece.start <= span[0] and span[1] <= piece.end and piece.voice == voice for piece in quoted):
        return []
    return [_make(r, span, voice, "indirect", verb, rule, 0.85 if rule == "verb-that" else 0.7)]


def _past_quotes(r: Reading, low: int, at: int) -> int:
    """A sentence that began inside a quotation: only what stands after the quotation is the verb's."""
    around = enclosing(r.quotes, low)
    return around.close if around and around.close <= at else low


def _content(r: Reading, verb: Verb, voice: Voice, low: int, high: int) -> tuple[Span | None, str]:
    """The span that carries what is said, and the rule that found it."""
    back = _BACK.match(r.folded, low)
    if back and back.start() < verb.start:
        return _sentence_before(r, low), "said-of-the-sentence-before"
    that = _THAT.match(r.folded, verb.end, high)
    if that:
        return _trimmed(r, that.end(), high), "verb-that"
    trailing = _TRAILING.search(r.folded[max(low, verb.start - 20) : verb.start])
    if trailing and not verb.gerund and high - verb.start <= 220:
        comma = r.folded.rfind(",", low, verb.start)
        return _trimmed(r, low, comma), "clause-then-verb"
    about = (_INTO if verb.sort == "assure" else _ABOUT).match(r.folded, verb.end, high)
    if about is None and re.match(r"(?:подчерк|отмет|отмеч|указ)", r.folded[verb.start : verb.end]):
        return _trimmed(r, verb.end, _clause_end(r, verb.end, high)), "verb-object"
    if about and verb.sort in ("assure", "say"):
        end = _clause_end(r, about.end(), high)
        return _trimmed(r, about.end(), end), "verb-about"
    if verb.sort in ("demand", "commit", "deny") or (verb.gerund and verb.sort in ("say", "assure")):
        return _trimmed(r, max(verb.end, _past_voice(voice, verb)), high), f"{verb.sort}-verb"
    return None, ""


def _past_voice(voice: Voice, verb: Verb) -> int:
    return voice.span[1] if 0 <= voice.span[0] - verb.end <= 40 else verb.end


def _sentence_before(r: Reading, at: int) -> Span | None:
    earlier = [span for span in r.sentences if span[1] <= at][-1:]
    return _trimmed(r, *earlier[0]) if earlier and at - earlier[0][1] < 5 else None


def _clause_end(r: Reading, at: int, high: int) -> int:
    """The clause ends before a participle or gerund clause that reports on its own."""
    for match in re.compile(r",\s+|\s+и\s+").finditer(r.folded, at, high):
        gerund = "," in match.group() and _GERUND.match(r.folded, match.end(), high)
        if verb_at(r, match.end()) or gerund:
            return match.start()
    return high


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
        his = _BY_HIS.match(r.folded, low, high)
        if his:
            found.extend(_by_his(r, low, his.end(), high))
            continue
        match = _ACCORDING.match(r.folded, low, high)
        voice = _named_after(r, match, high) if match else None
        if voice is None:
            continue
        comma = r.folded.find(",", voice.span[1], min(high, voice.span[1] + 60))
        if comma < 0 or (match and match.group().strip() == "как" and not _reports(r, match.end(), comma)):
            continue
        start, end = _trimmed(r, comma + 1, high)
        if start < end and r.folded[start] != "«":
            found.append(_make(r, (start, end), voice, "indirect", None, "according-to", 0.8))
    return found


def _by_his(r: Reading, low: int, at: int, high: int) -> list[Piece]:
    """ "By his words, …": of the person named last before."""
    earlier = [one for one in inside(r.people, max(0, low - 1500), low) if one.name]
    if not earlier:
        return []
    return [
        _make(r, _trimmed(r, at, high), voice_of(r, earlier[-1]), "indirect", None, "according-to-him", 0.65)
    ]


def _reports(r: Reading, start: int, end: int) -> bool:
    return any(verb_at(r, match.start()) for match in re.compile(r"\b\w").finditer(r.folded, start, end))


def _named_after(r: Reading, match: re.Match[str] | None, end: int) -> Voice | None:
    if match is None:
        return None
    named: list[PersonMention | Institution] = [
        *inside(r.people, match.end(), min(end, match.end() + 200)),
        *inside(r.institutions, match.end(), min(end, match.end() + 200)),
    ]
    named = [one for one in named if "," not in r.folded[match.end() : one.start]]
    if named:
        return voice_of(r, min(named, key=lambda one: one.start))
    return None


def _addressee(r: Reading, verb: Verb, voice: Voice, span: Span) -> str | None:
    """Whom the verb's object names: a side, a person's side, or "me" (marked for later)."""
    if verb.end <= span[0] <= verb.end + 200 and verb.sort != "demand":
        between = (verb.end, span[0])
    elif verb.sort == "demand":
        between = (verb.end, min(span[1], verb.end + 60))
    else:
        return None
    if _OWN_WORDS.search(r.folded, *between) and enclosing(r.quotes, verb.start):
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
