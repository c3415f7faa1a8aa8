# SPDX-License-Identifier: Apache-2.0
"""Who speaks where: the subject of a reporting verb, and the outlet that carries the words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from detente.press import gazetteer
from detente.press.lexicon import CAPITALS
from detente.press.names import PersonMention
from detente.press.quotes import enclosing
from detente.press.reading import Institution, Reading, inside
from detente.press.source import Span

_STOP = re.compile(r"[.;:!?«»]")
#: An outlet's name as written, in quotation marks or in words with a capital.
_NAME = re.compile(
    rf"[«“\"](?P<q>[^«»“”\"\n]{{2,60}})[»”\"]"
    rf"|(?P<b>[{CAPITALS}][\w.-]*(?:\s+[{CAPITALS}][\w.-]*){{0,2}}(?:\s\d{{1,2}}(?!\s*[^\W{CAPITALS}_]))?)"
)


@dataclass(frozen=True)
class Voice:
    """Who says something: ``speaker`` a person's or institution's name, ``publisher`` an institution's."""

    side: str | None
    speaker: str | None
    office: str | None
    publisher: str | None
    span: Span


@dataclass(frozen=True)
class Verb:
    """A reporting verb at ``[start, end)`` and its class: say, assure, demand, commit, deny."""

    start: int
    end: int
    sort: str
    gerund: bool


def find_verbs(r: Reading) -> list[Verb]:
    """Every reporting verb of the body, in order."""
    return [verb for span in r.paragraphs for verb in verbs_in(r, *span)]


def verbs_in(r: Reading, start: int, end: int) -> list[Verb]:
    """The reporting verbs of ``[start, end)``, in order."""
    gerund = r.words.grammar.gerund
    return [
        Verb(match.start(), match.end(), str(match.lastgroup), gerund.fullmatch(match.group()) is not None)
        for match in r.words.reporting.finditer(r.folded, start, end)
    ]


def verb_at(r: Reading, at: int) -> bool:
    """Whether a reporting verb begins at ``at``."""
    return r.words.reporting.match(r.folded, at) is not None


def subject(r: Reading, verb: Verb, low: int, high: int) -> Voice | None:
    """The subject of ``verb`` among what ``[low, high)`` names: before it, after it, or farther before."""
    inner = enclosing(r.quotes, verb.start)
    candidates: list[PersonMention | Institution] = [*inside(r.people, low, high)]
    candidates += inside(r.institutions, low, high)
    own = [one for one in candidates if enclosing(r.quotes, one.start) == inner]
    if not own and inner is not None and inner.start == verb.start:
        low = r.sentence(inner.open)[0]  # X «promised to …»: the subject stands before the quotation
        own = [*inside(r.people, low, inner.open), *inside(r.institutions, low, inner.open)]
    candidates = own
    candidates.sort(key=lambda one: one.start)
    before = [one for one in candidates if one.end <= verb.start and _can_speak(r, one)]
    after = [one for one in candidates if one.start >= verb.end and _can_speak(r, one)]
    if not r.words.grammar.cases:
        return _by_order(r, verb, (low, high), before, after)
    goes_on = _goes_on(r, verb, low, before)
    if goes_on:
        return subject(r, goes_on, low, verb.start)
    if before and _close(r, r.folded[before[-1].end : verb.start]):
        return voice_of(r, before[-1])
    he = _pronoun(r, verb, low, high, before, r.words.voices.he)
    if he:
        return he
    if after and _near_after(r.folded[verb.end : begin_of(r, after[0])]) and not verb.gerund:
        return voice_of(r, after[0])
    if before:
        return voice_of(r, before[-1])
    if inner is None and r.words.voices.impersonal.fullmatch(r.folded, verb.start, verb.end):
        return _published(r, low)
    return _pronoun(r, verb, low, high, before, r.words.voices.person_noun)


def _goes_on(r: Reading, verb: Verb, low: int, before: list[PersonMention | Institution]) -> Verb | None:
    """The verb whose subject ``verb`` shares: "X said that Minsk is ready, and called on …"."""
    earlier = [one for one in verbs_in(r, low, verb.start) if not one.gerund]
    if verb.gerund or not before or not earlier or before[-1].start < earlier[-1].end:
        return None
    named = before[-1]
    if not isinstance(named, Institution) and _close(r, r.folded[named.end : verb.start]):
        return None
    joints = r.words.pieces.clause_break.finditer(r.folded, max(named.end, verb.start - 20), verb.start)
    joined = any(one.end() == verb.start and one.group().strip(" ,—") for one in joints)
    return earlier[-1] if joined else None


def _published(r: Reading, low: int) -> Voice | None:
    """ "It is stressed that …": the institution that the page last quoted or reported."""
    for one in reversed(inside(r.institutions, max(0, low - 1500), low)):
        start, end = r.sentence(one.start)
        if one.side and _can_speak(r, one) and r.words.reporting.search(r.folded, start, end):
            return voice_of(r, one)
    return None


def _by_order(
    r: Reading,
    verb: Verb,
    span: Span,
    before: list[PersonMention | Institution],
    after: list[PersonMention | Institution],
) -> Voice | None:
    """The subject where no form tells it: right before the verb, or right after one that may stand first."""
    low, high = span
    if verb.gerund and before and r.words.voices.as_saying.search(r.folded, low, verb.start):
        return voice_of(r, before[-1])
    if verb.gerund:
        main = next((one for one in verbs_in(r, low, verb.start) if not one.gerund), None)
        return subject(r, main, low, high) if main else None
    if before and _close(r, r.folded[before[-1].end : verb.start]):
        return voice_of(r, before[-1])
    inverted = r.words.voices.inverted.fullmatch(r.folded, verb.start, verb.end)
    if after and inverted and begin_of(r, after[0]) - verb.end <= len(" the "):
        return voice_of(r, after[0])
    he = _pronoun(r, verb, low, verb.start, before, r.words.voices.he) or _it(r, verb, low)
    if he:
        return he
    if before and r.words.voices.and_verb.search(r.folded, low, verb.start):
        that = [match.end() for match in r.words.grammar.that.finditer(r.folded, low, verb.start)]
        return voice_of(r, next((one for one in before if one.start >= max(that, default=low)), before[-1]))
    he = _pronoun(r, verb, low, verb.start, before, r.words.voices.person_noun)
    if he is None and before and verb.start - before[-1].end <= 150:
        return voice_of(r, before[-1])
    return he


def _it(r: Reading, verb: Verb, low: int) -> Voice | None:
    """ "it said": the last institution that spoke before, a paragraph or two back at most."""
    words = r.words.voices.it.findall(r.folded, max(low, verb.start - 4), verb.start)
    if not words or not r.folded[: verb.start].rstrip().endswith(words[-1]):
        return None
    earlier = [one for one in inside(r.institutions, max(0, verb.start - 1200), verb.start) if one.side]
    earlier = [one for one in earlier if _can_speak(r, one)]
    return voice_of(r, earlier[-1]) if earlier else None


def another_between(r: Reading, start: int, end: int) -> bool:
    """ "urged X to … and assured that": the "that" is another verb's; with forms, a gerund's too."""
    return any(r.words.grammar.cases or not verb.gerund for verb in verbs_in(r, start, end))


def stands_before(r: Reading, voice: Voice, verb: Verb) -> bool:
    """Whether what is said may stand before the verb: not in "Novak, in turn, said"."""
    between = r.folded[voice.span[1] : verb.start]
    return not (between.startswith(",") and between.count(",") == 2 and between.rstrip().endswith(","))


def _close(r: Reading, gap: str) -> bool:
    whole = gap.count(",") % 2 == 0 and not r.words.grammar.that.search(gap)
    return whole and len(gap) <= 70 and not _STOP.search(gap)


def _near_after(gap: str) -> bool:
    return len(gap) <= 120 and not _STOP.search(gap) and "," not in gap


def _pronoun(
    r: Reading,
    verb: Verb,
    low: int,
    high: int,
    before: list[PersonMention | Institution],
    pattern: re.Pattern[str],
) -> Voice | None:
    """ "he said", "the minister said": the last person named before, one paragraph back at most."""
    near = r.folded[max(low, verb.start - 30) : min(high, verb.end + 25)]
    match = pattern.search(near)
    if match is None or any(one.end > verb.start - 30 for one in before):
        return None
    start = r.paragraph(verb.start)[0]
    side = _whose(r, verb, max(low, verb.start - 30) + match.start())
    if side:
        theirs = [one for one in inside(r.people, max(0, start - 1500), verb.start) if one.side == side]
        named = [one for one in theirs if one.name and one.office]
        return voice_of(r, named[-1]) if named else None
    earlier = [
        one
        for one in inside(r.people, max(0, start - 1500), verb.start)
        if one.name
        and "n" in (one.cases or "n")
        and (r.words.grammar.cases or (_can_speak(r, one) and enclosing(r.quotes, one.start) is None))
        if enclosing(r.quotes, one.start) in (None, enclosing(r.quotes, verb.start))
    ]
    if earlier and not r.words.grammar.cases:
        low = r.sentence(earlier[-1].start)[0]  # what is said of somebody goes on with its subject
        return voice_of(r, next(one for one in earlier if one.start >= low))
    holders = [
        one
        for one in inside(r.people, max(0, start - 1500), verb.start)
        if one.name and one.office and match.group() in one.office.lower().split()
    ]
    if holders and (not earlier or earlier[-1] not in holders):
        return voice_of(r, holders[-1])
    return voice_of(r, earlier[-1]) if earlier else None


def _whose(r: Reading, verb: Verb, at: int) -> str | None:
    """The side of "the Polish minister", or of "the minister" in the quoted words of his own ministry."""
    beside = [one for one in inside(r.sides, max(0, at - 30), at) if one.sort == "adjective"]
    if beside and beside[-1].end == at - 1:
        return beside[-1].side
    quote = enclosing(r.quotes, verb.start)
    if quote is None or not r.words.voices.person_noun.match(r.folded, at):
        return None
    start, end = r.paragraph(quote.open)
    around = [*inside(r.institutions, start, quote.open), *inside(r.institutions, quote.close, end)]
    sides = {one.side for one in around if one.side}
    return sides.pop() if len(sides) == 1 else None


def _can_speak(r: Reading, one: PersonMention | Institution) -> bool:
    """Subjects stand in the nominative, or "in the ministry" with "in"; not after "with", "to", "from"."""
    words = r.words.voices
    left = r.folded[max(0, begin_of(r, one) - 60) : begin_of(r, one)]
    if words.document_of.search(left):
        return True
    if isinstance(one, PersonMention):
        away = words.far if one.cases == "n" else words.away
        return ("n" in one.cases or not one.cases) and not away.search(left)
    place = words.place.search(left) and any(
        side.sort == "capital" and side.start == one.start for side in inside(r.sides, one.start, one.end)
    )
    return not words.far.search(left) and (not place or _speaks_for(r, one))


def _speaks_for(r: Reading, one: Institution) -> bool:
    """ "in the Pentagon", "in the Kremlin" are speakers; "in Minsk" is a place."""
    return r.words.voices.speaks_for.match(r.folded, one.start, one.end) is not None


def begin_of(r: Reading, one: PersonMention | Institution) -> int:
    """Where the phrase with its office begins."""
    if isinstance(one, PersonMention) and one.office_span is not None and _adjoins(r, one):
        return one.office_span[0]
    return one.start


def _adjoins(r: Reading, one: PersonMention) -> bool:
    """Whether the office stands right before the name, a rank between them aside."""
    if one.office_span is None or one.office_span[1] > one.start:
        return False
    between = r.folded[one.office_span[1] : one.start][:60].strip(" ," if not r.words.grammar.cases else None)
    return not between or between in gazetteer.ranks()


def voice_of(r: Reading, one: PersonMention | Institution) -> Voice:
    """The voice of a person or an institution."""
    if isinstance(one, PersonMention):
        return Voice(one.side, one.name, one.office, None, (one.start, one.end))
    name = institution_name(r, one.name)
    return Voice(one.side, name, None, name, (one.start, one.end))


def institution_name(r: Reading, written: str) -> str:
    """The institution's name with its first word in the nominative, where the word is known."""
    first, _, rest = written.partition(" ")
    for stem, word in r.words.voices.nominative.items():
        if first.lower().startswith(stem):
            first = word.capitalize() if first[0].isupper() else word
    return f"{first} {rest}".strip()


def outlet_in(r: Reading, start: int, end: int) -> str | None:
    """The outlet that ``[start, end)`` names as carrying somebody's words."""
    words = r.words.voices
    for noun in words.outlet_noun.finditer(r.folded, start, end):
        match = _NAME.match(r.text, noun.end(), end)
        if match:
            name = match["q"] or match["b"]
            return gazetteer.outlet_forms(r.names).get(name.lower(), name)
    for noun in words.outlet_noun_after.finditer(r.folded, start, end):
        names = list(_NAME.finditer(r.text, max(start, noun.start() - 60), noun.start()))
        if names and names[-1].end() == noun.start():
            name = names[-1]["q"] or names[-1]["b"]
            return gazetteer.outlet_forms(r.names).get(name.lower(), name)
    for known in _outlet_pattern(tuple(gazetteer.outlet_forms(r.names))).finditer(r.folded, start, end):
        if words.outlet_before.search(r.folded, max(start, known.start() - 30), known.start()):
            return gazetteer.outlet_forms(r.names)[known.group()]
    return None


@lru_cache(maxsize=4)
def _outlet_pattern(forms: tuple[str, ...]) -> re.Pattern[str]:
    """Known outlets' names in every form."""
    return gazetteer.words_pattern(forms)
