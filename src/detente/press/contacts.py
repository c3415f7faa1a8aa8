# SPDX-License-Identifier: Apache-2.0
"""Contacts between sides: what kind, held or not, on whose initiative, when, and who took part."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

from detente.press.dates import Date, span_of, with_hint
from detente.press.exercises import year_of
from detente.press.gazetteer import SideMention
from detente.press.names import PersonMention
from detente.press.pieces import Piece, innermost
from detente.press.quotes import enclosing
from detente.press.reading import Reading, finding, inside
from detente.press.source import Span
from detente.press.voices import find_verbs

#: The first kind whose words stand in the sentence is the contact's. Folded.
_KINDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "video_call",
        re.compile(
            r"видео(?:конференц|связ|звон|разговор|встреч|переговор|бесед|мост)\w*"
            r"|онлайн-(?:встреч|переговор|бесед)\w*"
        ),
    ),
    (
        "hotline",
        re.compile(
            r"горяч\w{2,3} лини\w+|прям\w{2,3} лини\w+(?: связи)?|лини\w+ (?:прямой"
            r"|экстренной) связи|лини\w+ деконфликт\w+"
        ),
    ),
    (
        "phone_call",
        re.compile(
            r"телефонн\w+ (?:\w+ )?(?:разговор|бесед|звон|перегов|контакт|общени|консультаци)\w*"
            r"|телефонн\w+ режиме"
            r"|по телефону|созвон(?:ил|ят)\w+|(?<!\w)(?:по|пере)звон(?:ил|ит)\w*|дозвон\w+"
            r"|(?<!\w)звон(?:ок|ка|ку|ком|ки|ил|ила|или)(?!\w)"
        ),
    ),
    ("visit", re.compile(r"(?<!\w)визит\w{0,3}(?!\w)|(?<!\w)посети(?:л|ла|ли|т)(?!\w)")),
    (
        "meeting",
        re.compile(
            r"(?<!\w)встреч(?:а|и|у|е|ей)(?!\w)|встретил(?:ся|ись|ась)|встретятся|встретится"
            r"|(?<!\w)переговор(?:ы|ов|ах|ам)(?!\w)|консультаци(?:и|й|ях)(?!\w)"
        ),
    ),
    (
        "message",
        re.compile(
            r"(?:направил|отправил|передал|вручил|получил)\w{0,2} [^.;]{0,60}(?:письмо|послани[ея]"
            r"|ноту|обращение)(?!\w)"
        ),
    ),
    (
        "talk",
        re.compile(
            r"(?<!\w)(?:разговор(?:а|е|у|ом|ы|ов|ам)?|бесед(?:а|ы|у|е|ой)|поговорил\w*|побеседовал\w*)(?!\w)"
        ),
    ),
)
_SURE_WITHOUT_VERB = frozenset({"phone_call", "video_call", "hotline"})
_HELD = re.compile(
    r"состоял(?:ся|ась|ось|ись)(?!\w)|(?<!\w)про(?:шел|шла|шли|шло)(?!\w)|(?<!\w)провел(?:а|и"
    r"|о)?(?!\w)|проведен(?:а|ы|о)?(?!\w)"
    r"|обсудил|поговорил|побеседовал|созвонил|позвонил|звонил|встретил(?:ся|ись|ась)|посетил"
    r"|принял(?:а|и)?(?!\w)|прибыл|завершил"
    r"|(?:направил|отправил|передал|вручил|получил)\w{0,2}(?!\w)|(?:в ходе|во время|по итогам"
    r"|после|по результатам) "
)
_PLANNED = re.compile(
    r"(?<!\w)(?:состоится|состоятся|пройдет|пройдут|проведет|проведут|планиру\w+|запланирован\w*"
    r"|намечен\w*|намечает\w*"
    r"|встретятся|встретится|посетит|посетят|созвонятся|позвонит|поговорит|поговорят|прибудет"
    r"|ожидается|предстоит|предстоящ\w+"
    r"|готовится|будет проведен\w*|должн[аыо]? (?:состояться|пройти)|договорились (?:провести"
    r"|встретиться|созвониться))(?!\w)"
)
_ATTEMPTED = re.compile(
    r"не ответил\w*|не отвеча\w+|не (?:взял|поднял|снял)\w* трубк\w+|не удал\w+ (?:связаться"
    r"|дозвониться|поговорить|провести|организовать)"
    r"|(?:попытал|пытал|попытк)\w* (?:\w+ ){0,3}(?:связ|дозвон|позвон|погов|созвон|провести)\w*"
    r"|не (?:вышел|вышла|вышли) на связь"
    r"|остал\w+ без ответа|без ответа|безответн\w+|отклонил\w* (?:\w+ ){0,2}(?:звон|разговор"
    r"|встреч|приглаш)\w*"
    r"|отказал\w+ (?:\w+ ){0,2}(?:от|разговаривать|говорить|встре)\w*|не состоял(?:ся|ась|ось|ись)"
    r"|сорвал(?:ся|ась|ось|ись)|не дозвонил\w*"
)
_DENIED = re.compile(
    r"опроверг\w*|опровергают|отрица\w+|(?<!\w)отверг\w*|никак\w+ (?:\w+ ){0,3}(?:разговор|бесед"
    r"|звонк|переговор|встреч|контакт|визит)\w* (?:[^.]{0,60} )?не "
    r"|не было (?:никак\w+ )?(?:\w+ )?(?:разговор|бесед|звонк|переговор|встреч|визит)\w*"
    r"|(?:разговор|бесед|звонк|переговор|встреч|визит)\w* (?:[^.,]{0,80} )?не было(?!\w)"
    r"|не (?:разговаривал|звонил|встречал|беседовал|созванивал)\w*"
    r"|не проводил\w* (?:\w+ ){0,3}(?:разговор|бесед|переговор|встреч)\w*"
    r"|не соответству\w+ действительности"
)
#: Wishes, calls and offers: a contact spoken of so has not been held and is not planned.
_WISH = re.compile(
    r"призва\w+|призыва\w+|предложил\w*|предлага\w+|готов(?:а|ы|о|ность)?(?!\w)|стол\w* переговор"
    r"|возможност\w+ (?:встреч|переговор|разговор)"
    r"|необходим\w*|хотел\w*|настаива\w+|возобновить|для (?:разговор|переговор|встреч|бесед)\w*"
)
_ORG_MEETING = re.compile(r"(?<!\w)(?:саммит|заседани)\w*")
_INITIATIVE = re.compile(r"(?<!\w)по (?:инициативе|просьбе|приглашению|запросу|предложению)\s+")
_INITIATOR = re.compile(
    r"инициатор\w* (?:\w+ ){0,3}?(?:разговор|бесед|звонк|встреч|переговор|визит"
    r"|контакт)\w*(?: (?:выступил[аио]?|стал[аио]?|был[аио]?|явля\w+))?\s*(?:—\s*)?"
    r"|(?:разговор|беседа|звонок|встреча|переговоры|контакт)\w* (?:был[аио]? )?(?:инициирован"
    r"|организован)\w* (?:по инициативе )?"
)
_INITIATED = re.compile(
    r"инициировал[аио]?(?!\w)|выступил[аио]? инициатор\w+(?: (?:\w+ )?(?:разговор|бесед|встреч"
    r"|переговор|звонк|контакт)\w*)?"
)
_CALLED = re.compile(r"(?<!\w)(?:позвонил[аи]?|звонил[аи]?)(?!\w)")
_CALL_OF = re.compile(r"(?:не ответил\w* на|ответил\w* на|отклонил\w*|без ответа) (?:\w+ )?звон\w+\s+")
_SENT = re.compile(r"(?<!\w)(?:направил|отправил|передал|вручил)[аио]?(?!\w)")
_TRIED = re.compile(r"попытал|пытал|не дозвонил")
_DENIES_IT = re.compile(
    r"(?<!\w)(?:опроверг\w*|отрица\w+|отверг\w*) (?:\w+ )?(?:эт[уио]\w*|данн\w+|так\w+"
    r"|информаци\w+|сообщени\w+)(?!\w)"
)
_IT_WAS = re.compile(r"(?:это (?:было|произошло|случилось|состоялось)|он[аи]? (?:состоял|про)\w+)(?!\w)")
_MUTUAL = re.compile(r"(?:взаимн|обоюдн|общ)\w+\s")
_COLLEAGUE = re.compile(r"(?<!\w)(?:коллег\w*|визави|оппонент\w*|сторон\w*|делегаци\w+)(?!\w)")
_POLITE_COLLEAGUE = re.compile(r"\s\w+ (?:коллег|сторон|делегац)")
_VISITED = re.compile(r"(?:посети\w+|визит\w*|прибы\w+) (?:\w+ ){0,2}$")
_WITH = re.compile(r"(?:(?<!\w)с|со|между|коллег\w* из|(?<!\w)и)\s+(?:\w+\s)?$")
_DEAD_WORDS = re.compile(r"атташе|наблюдател")


@dataclass(frozen=True)
class Contact:
    """One contact and the sentences that tell of it; ``at`` is where the page first does."""

    kind: str
    status: str
    at: int
    sentence: Span
    people: tuple[PersonMention, ...]
    sides: tuple[str, ...]
    date: Date | None
    initiator: str | None = None
    initiator_span: Span | None = None
    denied_by: str | None = None
    spans: tuple[Span, ...] = field(default=())


def find_contacts(r: Reading, pieces: list[Piece]) -> list[Contact]:
    """Contacts between at least two sides, in order; later mentions of one are joined to it."""
    found: list[Contact] = []
    verbs = [verb.start for verb in find_verbs(r)]
    for span in r.sentences:
        candidate = _candidate(r, span, pieces, verbs, found)
        if candidate is None:
            continue
        at = next((n for n in range(len(found) - 1, -1, -1) if _same(r, found[n], candidate)), None)
        if at is None and len(set(candidate.sides)) >= 2 and candidate.kind != "talk-again":
            found.append(candidate)
        elif at is not None:
            headline = _headline(r, found[at]) and candidate.kind != "talk"
            joined = _joined(found[at], candidate)
            found[at] = replace(joined, kind=candidate.kind) if headline else joined
        elif found:
            found[-1] = _joined(found[-1], candidate) if candidate.kind == "talk-again" else found[-1]
    return found


def _candidate(
    r: Reading, span: Span, pieces: list[Piece], verbs: list[int], found: list[Contact]
) -> Contact | None:
    sentence = r.folded[span[0] : span[1]]
    kind, trigger = _kind(sentence)
    if trigger is None:
        return _again(r, span, pieces, found)
    at = span[0] + trigger.start()
    status = _status(sentence, kind, trigger)
    people = _participants(r, span, pieces, verbs)
    sides = _sides(r, span, people, kind)
    quote = enclosing(r.quotes, at)
    initiator, initiator_span = _initiator(r, span, kind)
    if status is None and found and initiator and initiator in found[-1].sides:
        kind, status = "talk-again", found[-1].status
    if status is None or (quote is not None and status == "held" and not found):
        return None
    if _DEAD_WORDS.search(sentence) and kind in ("visit", "meeting"):
        return None
    weak = len(set(sides)) < 2 and not initiator
    if found and (weak or kind == "talk" or quote is not None):
        kind = "talk-again" if kind in ("talk",) or weak or quote is not None else kind
        if quote is not None and status == "held":
            return None
    denied_by = _denier(r, span, pieces) if status == "denied" else None
    if denied_by and denied_by not in sides and len(sides) < 2:
        sides = (*sides, denied_by)
    if initiator and initiator not in sides:
        sides = (*sides, initiator)
    return Contact(
        kind,
        status,
        at,
        span,
        people,
        sides,
        _date(r, span, at),
        initiator,
        initiator_span,
        denied_by,
        (span,),
    )


def _again(r: Reading, span: Span, pieces: list[Piece], found: list[Contact]) -> Contact | None:
    """ "It was on 20 February"; "the ministry denied this report": of the contact just told of."""
    if not found or found[-1].spans[-1][1] + 600 < span[0]:
        return None
    if _DENIES_IT.search(r.folded, *span):
        denied_by = _denier(r, span, pieces)
        return Contact(
            "talk-again", "denied", span[0], span, (), (), None, denied_by=denied_by, spans=(span,)
        )
    if _IT_WAS.match(r.folded, *span) and found[-1].date is None:
        date = _date(r, span, span[0])
        return Contact("talk-again", found[-1].status, span[0], span, (), (), date, spans=(span,))
    return None


def _headline(r: Reading, contact: Contact) -> bool:
    """Whether a contact is known so far from a line without a full stop."""
    return contact.spans == (contact.sentence,) and r.text[contact.sentence[1] - 1] not in ".!?…»"


def _kind(sentence: str) -> tuple[str, re.Match[str] | None]:
    for kind, pattern in _KINDS:
        match = pattern.search(sentence)
        if match:
            return kind, match
    return "", None


def _status(sentence: str, kind: str, trigger: re.Match[str]) -> str | None:
    """held, planned, attempted or denied; None for a contact that neither was nor will be."""
    if _DENIED.search(sentence):
        return "denied"
    if _ATTEMPTED.search(sentence):
        return "attempted"
    planned, held = _PLANNED.search(sentence), _HELD.search(sentence)
    if planned and (
        held is None or abs(planned.start() - trigger.start()) < abs(held.start() - trigger.start())
    ):
        return "planned"
    if _WISH.search(sentence, 0, trigger.end()) and not (
        held and held.start() < trigger.end() + 40 and kind in _SURE_WITHOUT_VERB
    ):
        return None
    if held or kind in _SURE_WITHOUT_VERB:
        return "held"
    return None


def _participants(r: Reading, span: Span, pieces: list[Piece], verbs: list[int]) -> tuple[PersonMention, ...]:
    """Persons of the sentence, but not who merely reports it; a person named twice counts once."""
    people = [one for one in inside(r.people, *span) if one.side]
    reporters = {
        piece.voice.span
        for piece in pieces
        if span[0] <= piece.voice.span[0] < span[1] and piece.mode in ("direct", "indirect")
    }
    kept = [one for one in people if (one.start, one.end) not in reporters or len(people) <= 2]
    unique: dict[object, PersonMention] = {}
    for one in kept:
        unique.setdefault(one.last or (one.office, one.side), one)
    named = {one.side for one in unique.values() if one.name}
    return tuple(one for one in unique.values() if one.name or one.side not in named)


def _sides(r: Reading, span: Span, people: tuple[PersonMention, ...], kind: str) -> tuple[str, ...]:
    """The sides of the participants, and those that take part without a name."""
    found = [one.side for one in people if one.side]
    found += [side.side for side in inside(r.sides, *span) if _takes_part(r, span, side, bool(people), kind)]
    return tuple(dict.fromkeys(found))


def _takes_part(r: Reading, span: Span, side: SideMention, people: bool, kind: str) -> bool:
    """ "the Polish side", "Polish-Lithuanian talks", "a colleague from Poland", "with NATO"."""
    right = r.folded[side.end : min(span[1], side.end + 25)]
    left = r.folded[max(span[0], side.start - 25) : side.start]
    if side.sort == "adjective":
        linked = right.startswith("-") or left.endswith("-")
        return linked or bool(_COLLEAGUE.match(right.lstrip()) or _POLITE_COLLEAGUE.match(right))
    visited = kind == "visit" and side.sort in ("name", "capital") and _VISITED.search(left)
    return not people or bool(visited or _WITH.search(left))


def _date(r: Reading, span: Span, at: int) -> Date | None:
    dates = [one for one in inside(r.dates, *span) if enclosing(r.quotes, one.start) is None] or inside(
        r.dates, *span
    )
    days = [one for one in dates if one.day] or dates
    return min(days, key=lambda one: abs(one.start - at)) if days else None


def _initiator(r: Reading, span: Span, kind: str) -> tuple[str | None, Span | None]:
    """Whose initiative it was, only where the sentence says so."""
    for pattern in (_INITIATIVE, _INITIATOR):
        match = pattern.search(r.folded, *span)
        if match and not _MUTUAL.match(r.folded, match.end(), span[1]) and "не явля" not in match.group():
            side, end = _actor_after(r, match.end(), span[1])
            if side:
                return side, (match.start(), end)
    match = _INITIATED.search(r.folded, *span)
    if match:
        return _actor_around(r, span, match, after=True)
    sent = _SENT.search(r.folded, *span) if kind == "message" else None
    if sent:
        return _actor_around(r, span, sent, after=False)
    if kind == "phone_call":
        match = _CALL_OF.search(r.folded, *span)
        if match:
            side, end = _actor_after(r, match.end(), span[1])
            return (side, (match.start(), end)) if side else (None, None)
        match = _CALLED.search(r.folded, *span) or _TRIED.search(r.folded, *span)
        if match and r.folded[match.start() - 3 : match.start()] != "не ":
            return _actor_around(r, span, match, after=False)
    return None, None


def _actor_after(r: Reading, at: int, end: int) -> tuple[str | None, int]:
    """The side that a phrase at ``at`` names: a side's own name, an office with it, or a person."""
    stop = re.compile(r"[,.;:]|\s(?:состоял|про(?:шел|шла|шли)|провел|с(?:о)?\s|в\s|\d)").search(
        r.folded, at, end
    )
    high = stop.start() if stop else end
    sides = inside(r.sides, at, high)
    people = [
        one for one in inside(r.people, at, end) if one.side and (one.office_span or (one.start, 0))[0] < high
    ]
    if sides:
        tail = re.compile(r"\s+(?:сторон|коллег|ведомств|министр|делегаци|минист)\w*").match(
            r.folded, sides[0].end, end
        )
        return sides[0].side, tail.end() if tail and sides[0].sort == "adjective" else sides[0].end
    return (people[0].side, people[0].end) if people else (None, at)


def _actor_around(
    r: Reading, span: Span, match: re.Match[str], after: bool
) -> tuple[str | None, Span | None]:
    """The subject of "rang", "initiated", "tried to reach": a nominative before it, else after it."""
    before = [
        one for one in inside(r.people, span[0], match.start()) if one.side and "n" in (one.cases or "n")
    ]
    if before:
        return before[-1].side, (before[-1].start, match.end())
    named = [one for one in inside(r.sides, span[0], match.start()) if one.sort != "people"]
    if named:
        return named[-1].side, (named[-1].start, match.end())
    people = [one for one in inside(r.people, match.end(), span[1]) if one.side and "n" in (one.cases or "n")]
    if people:
        return people[0].side, (match.start(), people[0].end)
    sides = inside(r.sides, match.end(), span[1]) if after else []
    return (sides[0].side, (match.start(), sides[0].end)) if sides else (None, None)


def _denier(r: Reading, span: Span, pieces: list[Piece]) -> str | None:
    piece = innermost(pieces, span[0] + 1)
    if piece:
        return piece.voice.side
    voices = [one.voice.side for one in pieces if span[0] <= one.voice.span[0] < span[1] and one.voice.side]
    before = _DENIED.search(r.folded, *span)
    named = inside(r.institutions, span[0], before.start() if before else span[1])
    return voices[0] if voices else (named[-1].side if named else None)


def _same(r: Reading, known: Contact, new: Contact) -> bool:
    """Whether ``new`` tells of ``known``: no other kind, status, day or pair of sides."""
    if new.kind == "talk-again":
        return False
    if _headline(r, known) and set(new.sides) == set(known.sides) and new.status == known.status:
        return True
    if known.kind != new.kind and "talk" not in (known.kind, new.kind):
        return False
    if new.status not in (known.status, "denied") and known.status != "denied":
        return False
    if known.date and new.date and known.date.edtf != new.date.edtf:
        return False
    return set(new.sides) <= set(known.sides) or set(known.sides) <= set(new.sides)


def _joined(known: Contact, new: Contact) -> Contact:
    status = "denied" if new.status == "denied" else known.status
    keys = {one.last for one in known.people if one.last}
    sides = {one.side for one in known.people}
    people = (
        tuple(_fuller(one, new.people) for one in known.people) if new.kind != "talk-again" else known.people
    )
    more = (
        tuple(one for one in new.people if one.last not in keys and one.side not in sides)
        if new.kind != "talk-again"
        else ()
    )
    return replace(
        known,
        kind=new.kind if known.kind == "talk" and new.kind not in ("talk", "talk-again") else known.kind,
        status=status,
        people=people + more,
        sides=tuple(dict.fromkeys((*known.sides, *(new.sides if more else ())))),
        date=known.date or (new.date if new.status == known.status else None),
        initiator=known.initiator or new.initiator,
        initiator_span=known.initiator_span or new.initiator_span,
        denied_by=known.denied_by or new.denied_by,
        spans=(*known.spans, *new.spans),
    )


def hinted(
    date: Date | None, exercises: list[dict[str, Any]], published: tuple[str, str] | None
) -> dict[str, Any] | None:
    """``date {edtf, span, why}`` of a contact; a year that is only suggested is marked ``?``."""
    if date is None:
        return None
    named = [one["name"] for one in exercises if year_of(one["name"])]
    years = {year for name in named if (year := year_of(name))}
    hint = "the name of the exercise " + "; ".join(f"«{name}»" for name in named)
    if published:
        years, hint = years | {int(published[0])}, f"{hint}; {published[1]}" if named else published[1]
    date = with_hint(date, years, hint)
    return {"edtf": date.edtf, "span": list(span_of(date)), "why": date.why}


def _fuller(one: PersonMention, others: tuple[PersonMention, ...]) -> PersonMention:
    """The mention that writes the person more fully: by name, with the first name, beside the office."""
    fits = [other for other in others if one.last and other.last == one.last]
    return max([one, *fits], key=lambda other: (other.rule != "office-holder", " " in other.written))


def participant(r: Reading, one: PersonMention) -> dict[str, Any]:
    """``participants[]`` of a person."""
    return finding(
        one.rule,
        one.confidence,
        name_written=one.written if one.name else None,
        name=one.name,
        office=one.office,
        office_span=list(one.office_span) if one.office_span else None,
        rank=one.rank,
        side=one.side,
        span=[one.start, one.end],
    )
