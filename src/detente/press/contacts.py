# SPDX-License-Identifier: Apache-2.0
"""Contacts between sides: what kind, held or not, on whose initiative, when, and who took part."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

from detente.press import gazetteer
from detente.press.dates import Date, Stated, span_of, suggested
from detente.press.exercises import year_of
from detente.press.gazetteer import SideMention
from detente.press.lexicon import ContactWords
from detente.press.measures import is_measure
from detente.press.names import PersonMention
from detente.press.pieces import Piece, innermost
from detente.press.quotes import enclosing
from detente.press.reading import Reading, finding, inside, past_dateline
from detente.press.source import Span, trim
from detente.press.voices import find_verbs

#: The first kind whose words stand in the sentence is the contact's.
_KINDS = ("video_call", "hotline", "phone_call", "visit", "meeting", "message", "talk")
#: What ends a clause.
_CLAUSE = re.compile(r"[,;:—]")
#: Words that two ways of writing an office share at least.
_SHARED = 2
#: Offices that another text may call otherwise.
_HEAD = re.compile(
    r"(?:глава|руковод|начальн|команд|кіраўн|старшын|камандуюч|голов|керівн|очільн|head|chief|leader|command)"
)
#: Letters of a word that endings leave alone.
_STEM = 6
#: Two ways to tell of one call.
_LINES = {"hotline", "phone_call"}
_SURE_WITHOUT_VERB = frozenset({"phone_call", "video_call", "hotline"})


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
    told: Contact | None = None
    for span in r.sentences:
        candidate = _candidate(r, span, pieces, verbs, found)
        if candidate is None and told is not None:
            candidate = _attended(r, span, pieces, verbs, told)
        elif candidate is not None and told is not None:
            candidate = _led_in(told, candidate)
        told = candidate if not found and candidate and len(set(candidate.sides)) < 2 else None
        if candidate is None:
            continue
        at = next((n for n in range(len(found) - 1, -1, -1) if _same(r, found[n], candidate)), None)
        if _at_last(r, found, candidate):
            found.append(_after_attempts(found[-1], candidate))
        elif at is None and len(set(candidate.sides)) >= 2 and candidate.kind != "talk-again":
            found.append(candidate)
        elif at is not None:
            headline = _headline(r, found[at]) and candidate.kind != "talk"
            joined = _joined(found[at], candidate)
            found[at] = replace(joined, kind=candidate.kind) if headline else joined
        elif found:
            again = candidate.kind in ("talk-again", "failed-again")
            found[-1] = _joined(found[-1], candidate) if again else found[-1]
    return [_named_elsewhere(r, _how_held(r, one)) for one in found]


def _at_last(r: Reading, found: list[Contact], candidate: Contact) -> bool:
    """ "At the third attempt the call went through": told of the contact that was only attempted before."""
    if not found or found[-1].status != "attempted" or candidate.kind != "talk-again":
        return False
    through = r.words.contacts.went_through.search(r.folded, *candidate.sentence)
    return candidate.status == "held" and through is not None


def _after_attempts(known: Contact, new: Contact) -> Contact:
    """The contact that was held in the end, of the same kind and sides."""
    return replace(
        known,
        status="held",
        at=new.at,
        sentence=new.sentence,
        people=new.people,
        date=new.date,
        spans=new.spans,
    )


def _named_elsewhere(r: Reading, contact: Contact) -> Contact:
    """Participants known by office, with the name of the one person of their side that may hold it."""
    people = [_with_name(r, one) for one in contact.people]
    if contact.status != "denied":
        missing = [side for side in contact.sides if all(one.side != side for one in people)]
        people += [one for side in missing for one in _presented(r, contact, side)]
    return replace(contact, people=tuple(people))


#: How far behind a contact's sentence those who took part may be presented.
_PRESENTED = 320


def _presented(r: Reading, contact: Contact, side: str) -> list[PersonMention]:
    """ "X and Y held talks. X was represented by N": the page's one person of a side without any."""
    spokesman = r.words.contacts.spokesman
    named = [one for one in r.people if one.name and one.last and one.side == side]
    full = [one for one in named if " " in one.written and not spokesman.match(one.office or "")]
    near = [
        one
        for one in full
        if 0 <= one.start - contact.sentence[0] <= _PRESENTED + contact.sentence[1] - contact.sentence[0]
    ]
    return near[:1] if len({one.last for one in near}) == 1 else []


def _with_name(r: Reading, unnamed: PersonMention) -> PersonMention:
    """ "The ministers of X and Y met. X's Novak …": the page's only person of X, of no other office."""
    if unnamed.name or not unnamed.side:
        return unnamed
    spokesman = r.words.contacts.spokesman
    named = [
        one
        for one in r.people
        if one.name and one.last and one.side == unnamed.side and not spokesman.match(one.office or "")
    ]
    group = any(one.start == unnamed.start and one.side != unnamed.side for one in r.people)
    if len({one.last for one in named}) != 1 or any(
        _other_office(one, unnamed, group=group) for one in named
    ):
        return unnamed
    return replace(
        max(named, key=lambda one: " " in one.written), office=unnamed.office, office_span=unnamed.office_span
    )


def _other_office(one: PersonMention, unnamed: PersonMention, *, group: bool) -> bool:
    """``group``: "the heads of the services of X and Y", who may each be called otherwise."""
    if one.office is None or unnamed.office is None or unnamed.rule == "counterpart":
        return False
    if group and _HEAD.match(unnamed.office.lower()):
        return not _stems(one.office) & _stems(unnamed.office)
    words, others = set(one.office.lower().split()), set(unnamed.office.lower().split())
    return not (words <= others or others <= words) and len(words & others) < _SHARED


def _how_held(r: Reading, contact: Contact) -> Contact:
    """A talk of a kind not said: in a capital it is a meeting; else by telephone, if the language says so."""
    if contact.kind != "talk":
        return contact
    if _in_town(r, contact):
        return replace(contact, kind="meeting")
    spoke = r.words.contacts.spoke.search(r.folded, *contact.sentence)
    return replace(contact, kind="phone_call") if spoke else contact


def _in_town(r: Reading, contact: Contact) -> bool:
    """Whether a conversation of a kind not said was held in a capital: face to face."""
    towns = [one for one in inside(r.sides, *contact.sentence) if one.sort == "capital"]
    place = r.words.voices.place
    return any(place.search(r.folded[max(0, one.start - 8) : one.start]) for one in towns)


def _candidate(
    r: Reading, span: Span, pieces: list[Piece], verbs: list[int], found: list[Contact]
) -> Contact | None:
    sentence = r.folded[span[0] : span[1]]
    words = r.words.contacts
    kind, trigger = kind_of(words, sentence)
    if trigger is None:
        return _again(r, span, pieces, found)
    if words.past.search(sentence):
        return None
    at = span[0] + trigger.start()
    status = _status(words, sentence, kind, trigger)
    people = _participants(r, span, pieces, verbs)
    sides = _sides(r, span, people, kind)
    quote = enclosing(r.quotes, at)
    initiator, initiator_span = _initiator(r, span, kind)
    if status is None and found and initiator and initiator in found[-1].sides:
        kind, status = "talk-again", found[-1].status
    if status is None or (quote is not None and status == "held" and not found):
        return None
    if words.observers.search(sentence) and kind in ("visit", "meeting"):
        return None
    weak = len(set(sides)) < 2 and not initiator
    if weak and _further(r, span, status, found):
        return Contact(kind, status, at, span, people, found[-1].sides, _date(r, span, at), spans=(span,))
    if weak and status == "held" and found and found[-1].kind == "talk" and kind in _SURE_WITHOUT_VERB:
        sides, weak = found[-1].sides, False  # "They talked. The call took an hour."
    if weak:
        sides = sides if found else _of_both(r, span) or sides
    if found and len({one.side for one in people}) < 2 and words.definite.search(r.folded, span[0], at):
        weak = True
    if found and (weak or kind == "talk" or quote is not None):
        kind = "talk-again" if kind in ("talk",) or weak or quote is not None else kind
        if quote is not None and status == "held":
            return None
    denied_by = _denier(r, span, pieces) if status == "denied" else None
    denier = denied_by if len(sides) < 2 else None
    sides = tuple(dict.fromkeys([*sides, *(one for one in (denier, initiator) if one)]))
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


def _further(r: Reading, span: Span, status: str, found: list[Contact]) -> bool:
    """ "The sides will meet on 27 March": a further contact of the sides just told of; none agreed on."""
    told = bool(found) and status == "planned" and r.words.contacts.further.search(r.folded, *span)
    return bool(told) and not is_measure(r, span)


def _of_both(r: Reading, span: Span) -> tuple[str, ...]:
    """ "Of the two countries": the states that the page names, where they are two."""
    if not r.words.contacts.of_both.search(r.folded, *span):
        return ()
    states = tuple(dict.fromkeys(one.side for one in r.sides if one.side not in gazetteer.ORGANISATIONS))
    return states if len(states) == 2 else ()


def _stems(office: str) -> set[str]:
    """The words of an office without their endings: "border service", "of the border guard"."""
    return {word[:_STEM] for word in office.lower().split()}


def _attended(r: Reading, span: Span, pieces: list[Piece], verbs: list[int], told: Contact) -> Contact | None:
    """ "The talks were held on 3 May. They were attended by …": the contact with those who took part."""
    near = 0 <= span[0] - told.sentence[1] <= 5
    if not near or not r.words.contacts.took_part.search(r.folded, *span):
        return None
    people = _participants(r, span, pieces, verbs)
    named = [one.side for one in inside(r.sides, *span)]
    sides = tuple(dict.fromkeys([*told.sides, *(one.side for one in people if one.side), *named]))
    return replace(told, people=told.people + people, sides=sides, spans=(*told.spans, span))


def _led_in(told: Contact, new: Contact) -> Contact:
    """ "At Poland's request there was a call on 2 May. From Warsaw N rang M": one contact, told twice."""
    near = 0 <= new.sentence[0] - told.sentence[1] <= 5
    alike = told.kind == new.kind or "talk" in (told.kind, new.kind)
    if not near or not alike or told.status != new.status:
        return new
    joined = _joined(told, new)
    return replace(joined, sides=tuple(dict.fromkeys([*told.sides, *new.sides])))


def _again(r: Reading, span: Span, pieces: list[Piece], found: list[Contact]) -> Contact | None:
    """ "It was on 20 February"; "the ministry denied this report": of the contact just told of."""
    if not found or found[-1].spans[-1][1] + 600 < span[0]:
        return None
    if r.words.contacts.denies_it.search(r.folded, *span):
        denied_by = _denier(r, span, pieces)
        return Contact(
            "talk-again", "denied", span[0], span, (), (), None, denied_by=denied_by, spans=(span,)
        )
    after = found[-1].spans[-1][1]
    if (
        found[-1].status == "held"
        and not r.folded[after : span[0]].strip()
        and r.words.contacts.unanswered.fullmatch(r.folded, *trim(r.text, *span, ".!"))
    ):
        return Contact("failed-again", "attempted", span[0], span, (), (), None, spans=(span,))
    initiator, initiator_span = _initiator(r, span, "")
    if initiator in found[-1].sides and found[-1].initiator is None:
        kind, status = "talk-again", found[-1].status
        return Contact(kind, status, span[0], span, (), (), None, initiator, initiator_span, spans=(span,))
    if r.words.contacts.it_was.match(r.folded, *span) and found[-1].date is None:
        date = _date(r, span, span[0])
        return Contact("talk-again", found[-1].status, span[0], span, (), (), date, spans=(span,))
    return None


def _headline(r: Reading, contact: Contact) -> bool:
    """Whether a contact is known so far from a line without a full stop."""
    return contact.spans == (contact.sentence,) and r.text[contact.sentence[1] - 1] not in ".!?…»"


def kind_of(words: ContactWords, sentence: str) -> tuple[str, re.Match[str] | None]:
    """The kind of contact that a text speaks of, and the words that do; "" and None if of none."""
    for kind in _KINDS:
        match = getattr(words, kind).search(sentence)
        if match:
            return kind, match
    return "", None


def _status(words: ContactWords, sentence: str, kind: str, trigger: re.Match[str]) -> str | None:
    """held, planned, attempted or denied; None for a contact that neither was nor will be."""
    if words.denied.search(sentence):
        return "denied"
    if words.attempted.search(sentence):
        return "attempted"
    planned, held = words.planned.search(sentence), words.held.search(sentence)
    if planned and (
        held is None or abs(planned.start() - trigger.start()) < abs(held.start() - trigger.start())
    ):
        return "planned"
    if words.wish.search(sentence, 0, trigger.end()) and not (
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
    kept = [
        one
        for one in people
        if (one.start, one.end) not in reporters
        or (len(people) <= 2 and not r.words.contacts.spokesman.match(one.office or ""))
    ]
    unique: dict[object, PersonMention] = {}
    for one in kept:
        unique.setdefault(one.last or (one.office, one.side), one)
    named = {one.side for one in unique.values() if one.name}
    return tuple(one for one in unique.values() if one.name or one.side not in named)


def _sides(r: Reading, span: Span, people: tuple[PersonMention, ...], kind: str) -> tuple[str, ...]:
    """The sides of the participants, and those that take part without a name."""
    found = [one.side for one in people if one.side]
    found += [side.side for side in inside(r.sides, *span) if _takes_part(r, span, side, people, kind)]
    held = r.words.contacts.held
    bodies = [one for one in inside(r.institutions, *span) if one.side and held.match(r.folded, one.end + 1)]
    found += [one.side for one in bodies if one.side]
    if len(set(found)) == 1:  # "Poland summoned the ambassador of X"
        states = [one for one in inside(r.sides, *span) if one.sort in ("name", "capital")]
        found += [one.side for one in states if held.match(r.folded, one.end + 1)]
    return tuple(dict.fromkeys(found))


def _takes_part(
    r: Reading, span: Span, side: SideMention, people: tuple[PersonMention, ...], kind: str
) -> bool:
    """ "the Polish side", "Polish-Lithuanian talks", "a colleague from Poland", "with NATO"."""
    words = r.words.contacts
    right = r.folded[side.end : min(span[1], side.end + 60)]
    left = r.folded[max(span[0], side.start - 40) : side.start]
    if side.sort == "adjective":
        linked = right.startswith("-") or left.endswith("-")
        if linked or words.colleague.match(right.lstrip()) or words.polite_colleague.match(right):
            return True
        several = len({one.side for one in people}) > 1
        body = None if several else words.bodies.match(right)
        return body is not None and not _reports(r, side.end + body.end())
    visited = kind == "visit" and side.sort in ("name", "capital") and words.visited.search(left)
    if not visited and words.not_party.search(left):
        return False
    return not people or bool(visited or words.beside.search(left))


def _reports(r: Reading, at: int) -> bool:
    """Whether a reporting verb stands right behind: who tells of a contact need not take part in it."""
    while (more := r.words.pieces.adjunct.match(r.folded, at)) is not None and more.end() > at:
        at = more.end()
    at += len(r.folded[at : at + 2]) - len(r.folded[at : at + 2].lstrip(", "))
    return r.words.reporting.match(r.folded, at) is not None


def _date(r: Reading, span: Span, at: int) -> Date | None:
    """The nearest date of the sentence, a day before others; none that a clause of its own gives."""
    every = [one for one in inside(r.dates, *span) if _its_date(r, span, at, one)]
    dates = [one for one in every if enclosing(r.quotes, one.start) is None] or every
    days = [one for one in dates if one.day] or dates
    return min(days, key=lambda one: abs(one.start - at)) if days else None


def _its_date(r: Reading, span: Span, at: int, date: Date) -> bool:
    """Not "after the incident on 3 May", "since 2021": unless the contact's word stands between."""
    if date.end <= past_dateline(r, span[0]):
        return False
    markers = list(r.words.contacts.not_its_date.finditer(r.folded, span[0], date.start))
    if not markers or _CLAUSE.search(r.folded, markers[-1].end(), date.start):
        return True
    return markers[-1].end() <= at < date.start


def _initiator(r: Reading, span: Span, kind: str) -> tuple[str | None, Span | None]:
    """Whose initiative it was, only where the sentence says so."""
    words = r.words.contacts
    for pattern in (words.initiative, words.initiator):
        match = pattern.search(r.folded, *span)
        if match is None or words.no_initiator.search(match.group()):
            continue
        if not words.mutual.match(r.folded, match.end(), span[1]):
            side, end = _actor_after(r, match.end(), span[1])
            if side:
                return side, (match.start(), end)
    match = words.initiated.search(r.folded, *span)
    if match:
        return _actor_around(r, span, match, after=True)
    sent = words.sent.search(r.folded, *span) if kind == "message" else None
    if sent:
        return _actor_around(r, span, sent, after=False)
    if kind in _SURE_WITHOUT_VERB:
        match = words.call_of.search(r.folded, *span)
        if match:
            side, end = _actor_after(r, match.end(), span[1])
            return (side, (match.start(), end)) if side else (None, None)
        match = words.called.search(r.folded, *span) or words.tried.search(r.folded, *span)
        if match and not words.negated.search(r.folded, max(span[0], match.start() - 20), match.start()):
            return _actor_around(r, span, match, after=False)
    return None, None


def _actor_after(r: Reading, at: int, end: int) -> tuple[str | None, int]:
    """The side that a phrase at ``at`` names: a side's own name, an office with it, or a person."""
    words = r.words.contacts
    stop = words.actor_end.search(r.folded, at, end)
    high = stop.start() if stop else end
    sides = inside(r.sides, at, high)
    people = [
        one for one in inside(r.people, at, end) if one.side and (one.office_span or (one.start, 0))[0] < high
    ]
    if sides:
        tail = words.actor_tail.match(r.folded, sides[0].end, end)
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
    before = r.words.contacts.denied.search(r.folded, *span)
    named = inside(r.institutions, span[0], before.start() if before else span[1])
    return voices[0] if voices else (named[-1].side if named else None)


def _same(r: Reading, known: Contact, new: Contact) -> bool:
    """Whether ``new`` tells of ``known``: no other kind, status, day or pair of sides."""
    if new.kind in ("talk-again", "failed-again"):
        return False
    if _headline(r, known) and set(new.sides) == set(known.sides) and new.status == known.status:
        return True
    kinds = {known.kind, new.kind}
    if len(kinds) > 1 and "talk" not in kinds and kinds != _LINES:
        return False
    if new.status not in (known.status, "denied") and known.status != "denied":
        return False
    if known.date and new.date and known.date.edtf != new.date.edtf:
        return False
    return set(new.sides) <= set(known.sides) or set(known.sides) <= set(new.sides)


def _tells_kind(known: Contact, new: Contact) -> bool:
    """Whether ``new`` says more of how the contact was held."""
    if known.kind == "phone_call":
        return new.kind == "hotline"
    return known.kind == "talk" and new.kind not in ("talk", "talk-again", "failed-again")


def _joined(known: Contact, new: Contact) -> Contact:
    refuted = new.status == "denied" and known.status != "attempted"  # an attempt that one side denies
    status = new.status if refuted or new.kind == "failed-again" else known.status
    keys = {one.last for one in known.people if one.last}
    sides = {one.side for one in known.people}
    people = (
        tuple(_fuller(one, new.people) for one in known.people)
        if not new.kind.endswith("-again")
        else known.people
    )
    more = (
        tuple(one for one in new.people if one.last not in keys and one.side not in sides)
        if not new.kind.endswith("-again")
        else ()
    )
    return replace(
        known,
        kind=new.kind if _tells_kind(known, new) else known.kind,
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
    date: Date | None, exercises: list[dict[str, Any]], stated: Stated | None
) -> dict[str, Any] | None:
    """``date {edtf, span, why}`` of a contact; a year that is only suggested is marked ``?``."""
    if date is None:
        return None
    named = [one["name"] for one in exercises if year_of(one["name"])]
    years = {year for name in named if (year := year_of(name))}
    hint = "the name of the exercise " + "; ".join(f"«{name}»" for name in named)
    date = suggested(date, years, hint, stated)
    return {"edtf": date.edtf, "span": list(span_of(date)), "why": date.why}


def _fuller(one: PersonMention, others: tuple[PersonMention, ...]) -> PersonMention:
    """The mention that writes the person more fully: by name, with the first name, beside the office."""
    if not one.name:
        named = [other for other in others if other.name and other.side == one.side]
        return named[0] if len(named) == 1 else one
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
