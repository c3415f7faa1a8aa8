# SPDX-License-Identifier: Apache-2.0
"""What the finders know of a language: ``data/lang/<language>.toml`` as compiled patterns.

A language file has a table for each section of ``Lexicon`` and in it a key for each field. A value is a
list of regular expressions over folded text (see ``source.fold``), any of which may match; a key that is
absent or an empty list never matches, so that a language can grow key by key. ``{name}`` in an expression
stands for the text of that name in the file's ``[macros]``; ``{not}`` for "no negation right before here".
How a key is anchored is the field's type:

- ``Pattern``: as written;
- ``Words``: as whole words;
- ``Deeds``: as whole words that no negation stands right before;
- ``Stems``: not after a letter, whatever follows.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from importlib.resources import files
from typing import Any, TypeVar

LANGUAGES = ("ru", "be", "uk", "en")
#: Capital letters of the four alphabets, for a character class over the text as written.
CAPITALS = "A-ZÀ-ÖØ-ÞĀĂĄĆČĎĐĒĘĚĞĢĪĮİĶŁĹĽĻŃŇŅŌŐŘŚŠŞŤŢŪŮŰŲŹŻŽА-ЯЁІЇЄҐЎ"

Pattern = re.Pattern[str]
Words = re.Pattern[str]
Deeds = re.Pattern[str]
Stems = re.Pattern[str]
Table = Mapping[str, str]

_NEVER = r"(?!)"
#: Character classes and lookbehinds, which stay as they are (group 1), and what stands between them.
_AS_IT_IS = re.compile(r"(\[[^\]]*\]|\(\?<[=!](?:\[[^\]]*\]|[^()\[])*\))|(?:(?!\(\?<[=!])[^\[])+")
#: Consonants that soften before a soft one: "пасьля", "зьвярнуўся", "вучэньне".
_SOFTENED = re.compile(r"([сзц])(?=[бвдзлмнпсфцчў])|(?<=н)()(?=н)|(?<=л)()(?=л)|(дз)(?=[вм])")
_MACRO = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True)
class Grammar:
    """How the language builds a sentence."""

    cases: bool  # whether a subject can be told from other nouns by its form
    bare_clause: bool  # whether what is said may follow the verb without "that"
    gerund: Pattern  # a verb's form that has no subject of its own: "adding", "stressing"
    that: Words  # the conjunction before what is said


@dataclass(frozen=True)
class ReadingWords:
    """Institutions by a common noun."""

    again: Pattern  # an institution named before, without its side
    body: Pattern  # what speaks for the side named right beside it: "the Polish side", "delegation"
    owned: Pattern  # from a person's name to the institution that is theirs: "'s " of "Novak's ministry"
    state: Pattern  # from a state's name to its verb, where their forms tell that the state speaks


@dataclass(frozen=True)
class VerbWords:
    """Verbs that report speech, by what they say of it."""

    say: Words
    assure: Words
    demand: Words
    commit: Words
    deny: Words


@dataclass(frozen=True)
class ContactWords:
    """Contacts: kinds in the order of preference, status, initiative, who takes part."""

    video_call: Pattern
    hotline: Pattern
    phone_call: Pattern
    visit: Pattern
    meeting: Pattern
    message: Pattern
    talk: Pattern  # a conversation of a kind not said
    spoke: Pattern  # a talk told so is by telephone where the page does not say how it was held
    held: Pattern
    planned: Words
    attempted: Pattern
    denied: Pattern
    wish: Pattern  # spoken of so, a contact has not been held and is not planned
    initiative: Pattern  # "at the initiative of"; the actor follows
    initiator: Pattern  # "the initiator of the call was"; the actor follows
    no_initiator: Pattern  # inside the two above: no initiator is said
    initiated: Pattern  # "initiated"; the actor stands round it
    called: Words  # rang up; the caller is the subject
    tried: Pattern  # tried to reach; the caller is the subject
    call_of: Pattern  # "did not answer the call of"; the caller follows
    sent: Words  # sent a message; the sender is the subject
    negated: Pattern  # what stands right before a verb that is denied
    unanswered: Pattern  # a sentence of its own after the contact's: "The centre did not answer"
    denies_it: Words  # "denied this report", of the contact just told of
    it_was: Words  # "it was on …", of the contact just told of
    mutual: Pattern  # a common initiative: no one side's
    colleague: Words  # what makes a side's adjective a participant: "the Polish colleague"
    polite_colleague: Pattern  # the same after another adjective
    visited: Pattern  # ends right before the side that is visited
    beside: Pattern  # ends right before a side that takes part: "with", "between", "and"
    bodies: Pattern  # after a side's adjective: who takes part where the sentence names no person
    past: Pattern  # of an earlier contact, which the page only recalls: "the last meeting was in"
    not_its_date: Pattern  # starts a clause whose date is not the contact's: "after", "since"
    further: Pattern  # "the sides will", "the next": a contact to come of the sides just told of
    spokesman: Pattern  # starts an office whose holder tells of contacts: "spokesman of"
    took_part: Pattern  # who took part in the contact of the sentence before: "it was attended by"
    of_both: Pattern  # "of the two countries": the two sides that the page names
    went_through: Pattern  # of a contact that was attempted before: it was held in the end
    not_party: Pattern  # ends right before a side that is only spoken of: "ties with", "the war in"
    definite: Pattern  # ends right before the contact just told of: "after the " of "after the talks"
    observers: Pattern  # a visit or meeting of observers is a measure, no contact
    actor_end: Pattern  # where the phrase that names the actor ends
    actor_tail: Pattern  # what belongs to the actor after its adjective: " side", " ministry"


@dataclass(frozen=True)
class VoiceWords:
    """Who speaks."""

    away: Pattern  # ends right before somebody who is not the subject
    far: Pattern  # the same where the form is surely nominative
    he: Words
    document_of: Pattern  # ends right before whose statement it is that speaks: "a statement by"
    it: Words  # ends right before the verb of an institution named before: "it said"
    and_verb: Pattern  # ends right before a verb that shares the subject of the one before it
    person_noun: Words  # "the minister", of a person named before
    place: Pattern  # ends right before a capital that is a place, no government
    as_saying: Pattern  # ends right before a gerund whose subject stands before it: "quoted X as"
    impersonal: Words  # "it is stressed that": of the institution whose words the page gives
    speaks_for: Pattern  # capitals and houses that speak even so
    inverted: Words  # verbs that may stand before their subject, where no form tells it
    nominative: Table  # an institution's first word: stem to nominative
    outlet_noun: Pattern  # "the agency", "the newspaper"; the name follows
    outlet_noun_after: Pattern  # the same; the name stands before
    outlet_before: Pattern  # ends right before a known outlet that carries somebody's words


@dataclass(frozen=True)
class PieceWords:
    """Pieces of speech."""

    after_quote: Pattern  # between a quotation and its verb
    says_in: Pattern  # "it says in the statement"
    cites: Pattern  # "quotes", "carries the words of": who is quoted stands beside as its object
    introduces: Pattern  # ends right before a quotation that a verb before it introduces
    back: Pattern  # "this was stated by", of the sentence before
    according: Pattern  # "according to"; the speaker follows
    as_told: Pattern  # fullmatches an ``according`` that needs a verb: "as X reports"
    according_after: Pattern  # "…, according to"; the speaker follows, the words stand before
    by_his: Pattern  # "by his words, "
    that: Pattern  # from the verb to what is said
    and_that: Pattern  # from one such clause to the next: "and that"
    about: Pattern  # from the verb to "about …"
    into: Pattern  # from a verb that assures to "of …"
    adjunct: Pattern  # between verb and bare clause: "in a statement", "on Monday"
    not_clause: Pattern  # what follows the verb where there is no bare clause
    takes_person: Words  # verbs whose object is who is told
    told_whom: Pattern  # between such a verb and the sentence's end: "told the daily X on Monday"
    half_quoted: Pattern  # ends right before a quotation that begins with the verb: "he had “asked”"
    told_person: Pattern  # between such a verb and a bare clause: "his counterpart"
    object_verb: Pattern  # verbs whose object is what is said: "stressed the need"
    gerund_clause: Pattern  # starts a clause that reports on its own
    clause_break: Pattern  # where a clause may end
    trailing: Pattern  # from the clause that is said to its verb: ", as "
    first_person: Pattern  # ends at a verb that the speaker says of himself
    own_words: Words  # "me", "us" as whom somebody tells


@dataclass(frozen=True)
class StatementWords:
    """Types of statements."""

    courtesy: Pattern  # starts a sentence of thanks
    contact_told: Pattern  # starts a sentence that only tells of the contact
    calm: Pattern
    demand: Pattern
    demand_other: Pattern  # "must", "should": a demand where another side is who must
    commit: Pattern
    denial: Pattern
    will: Pattern  # a deed to come; a commitment where it is the speaker's own
    will_not: Pattern  # a deed that will not come; an assurance where it is the speaker's own
    from_own: Pattern  # ends right before the side whose conduct it is
    toward: Pattern  # ends right before the side that need not fear
    ours: Words  # "we", "our"
    own_things: Words  # "the troops", "the line": the speaker's own where no side is named
    speaker_again: Words  # what begins reported words and is the speaker: "it", "he"


@dataclass(frozen=True)
class MeasureWords:
    """Measures by status, and how their clauses are cut."""

    agreed: Deeds
    agreed_object: Deeds  # agreed only with the object that follows
    proposed: Deeds
    announced: Deeds
    carried: Pattern  # observers came
    that: Pattern
    about: Pattern
    plain: Pattern  # between the verb and its object
    infinitive: Pattern  # the object goes on with an infinitive, which is the group ``what``
    also_to: Pattern  # between two infinitives
    clauses: Pattern  # between two measures
    cut: Pattern  # where the measure ends and its reporter begins
    observation: Pattern
    procedure: Pattern
    line: Pattern
    talks: Pattern
    exchange: Pattern
    withdrawal: Pattern


@dataclass(frozen=True)
class AimWords:
    """Purposes and topics."""

    held_for: Pattern
    aim_was: Pattern
    so_as_to: Pattern
    contact: Pattern  # words of a contact, without which "so as to" is no purpose
    end: Pattern
    infinitive: Pattern
    items: Pattern  # between two items
    also: Pattern  # " and "
    noun: Pattern  # an item's first words: a verbal noun
    next_noun: Pattern  # the same after "and"
    talked: Pattern  # "discussed"; the topic follows
    topic_head: Pattern
    topic_form: Pattern  # a first word that can be the verb's object
    not_topic_form: Pattern  # but is not
    empty_topic: Pattern
    cut_topic: Pattern
    goes_on: Pattern  # starts what belongs to the item before
    lead: Pattern  # starts an item and is no part of it
    asked: Pattern  # "answering a question about"; the topic follows


@dataclass(frozen=True)
class AppealWords:
    """Appeals of organisations and states."""

    verb: Deeds
    said_after: Pattern  # starts the sentence that tells where the appeal was made
    place: Pattern  # ends right before an organisation's house that speaks
    away: Pattern  # ends right before who is not the caller


@dataclass(frozen=True)
class ExerciseWords:
    """Exercises."""

    noun: Stems  # the name follows
    noun_after: Stems  # the name stands before
    also: Pattern  # between two names
    named: Pattern  # from the noun to a name without quotation marks and year
    no_name: Words  # capitalised words that are no part of an exercise's name


@dataclass(frozen=True)
class RelationWords:
    """States of relations; the passive ones as verbs, which stand on either side of ``what``."""

    ended: Pattern
    suspended: Pattern
    reduced: Pattern
    normal: Pattern
    was_ended: Pattern
    was_suspended: Pattern
    was_reduced: Pattern
    was_normal: Pattern
    minimal: Pattern
    absent: Pattern
    clause: Pattern  # between two clauses
    ours: Words
    away: Pattern  # ends right before a side that is not the doer
    both: Pattern  # between two doers
    by_whom: Pattern  # the doer follows
    unilateral: Pattern


@dataclass(frozen=True)
class PageWords:
    """The page's own lines."""

    team: Pattern  # a support line; the outlet's name follows


@dataclass(frozen=True)
class Lexicon:
    """A language's words, by finder."""

    lang: str
    grammar: Grammar
    reading: ReadingWords
    verbs: VerbWords
    contacts: ContactWords
    voices: VoiceWords
    pieces: PieceWords
    statements: StatementWords
    measures: MeasureWords
    aims: AimWords
    appeals: AppealWords
    exercises: ExerciseWords
    relations: RelationWords
    page: PageWords
    reporting: Pattern  # every verb of ``verbs``; ``lastgroup`` is its key


_SECTIONS: dict[str, type[Any]] = {
    "grammar": Grammar,
    "reading": ReadingWords,
    "verbs": VerbWords,
    "contacts": ContactWords,
    "voices": VoiceWords,
    "pieces": PieceWords,
    "statements": StatementWords,
    "measures": MeasureWords,
    "aims": AimWords,
    "appeals": AppealWords,
    "exercises": ExerciseWords,
    "relations": RelationWords,
    "page": PageWords,
}

S = TypeVar("S")


@lru_cache(maxsize=len(LANGUAGES))
def lexicon(lang: str) -> Lexicon:
    """The words of a language, compiled once. Raises ValueError for a language without a file."""
    if lang not in LANGUAGES:
        raise ValueError(f"no word file for language {lang!r}: one of {', '.join(LANGUAGES)}")
    path = files(__package__) / "data" / "lang" / f"{lang}.toml"
    return parsed(lang, path.read_text(encoding="utf-8"))


def parsed(lang: str, toml: str) -> Lexicon:
    """A language file's text as a Lexicon.

    Raises ValueError for an unknown section, key, macro or type of value, and for an expression that does
    not compile.
    """
    raw = tomllib.loads(toml)
    if lang == "be":
        raw = {name: _both_spellings(table) for name, table in raw.items()}
    macros = _macros(raw)
    unknown = set(raw) - set(_SECTIONS) - {"macros"}
    if unknown:
        raise ValueError(f"{lang}.toml: unknown section {', '.join(sorted(unknown))}")
    made = {
        name: _section(f"{lang}.toml [{name}]", kind, raw.get(name, {}), macros)
        for name, kind in _SECTIONS.items()
    }
    return Lexicon(lang=lang, reporting=_reporting(raw.get("verbs", {}), macros), **made)


def _both_spellings(table: Any) -> Any:
    """Belarusian expressions with the soft signs that the classical spelling writes and today's does not."""
    if isinstance(table, dict):
        fixed = ("negations", "nominative")  # strings, no expressions
        return {key: value if key in fixed else _both_spellings(value) for key, value in table.items()}
    if isinstance(table, list):
        return [_both_spellings(one) for one in table]
    return _AS_IT_IS.sub(_soft, table) if isinstance(table, str) else table


def _soft(match: re.Match[str]) -> str:
    return match[1] or _SOFTENED.sub(lambda one: f"{one[1] or one[4] or ''}ь?", match[0])


def _macros(raw: Mapping[str, Any]) -> dict[str, str]:
    """The file's macros, each of which may use those before it; ``negations`` are fixed strings."""
    texts = dict(raw.get("macros", {}))
    negations = texts.pop("negations", [])
    macros = {"not": "".join(f"(?<!{re.escape(word)})" for word in negations)}
    for name, text in texts.items():
        macros[name] = _expanded(text, macros)
    return macros


def _expanded(text: str, macros: Mapping[str, str]) -> str:
    def one(match: re.Match[str]) -> str:
        if match[1] not in macros:
            raise ValueError(f"unknown macro {match[0]} in {text!r}")
        return macros[match[1]]

    return _MACRO.sub(one, text)


def _section(where: str, kind: type[S], raw: Mapping[str, Any], macros: Mapping[str, str]) -> S:
    known = {one.name: str(one.type) for one in fields(kind)}  # type: ignore[arg-type]
    unknown = set(raw) - set(known)
    if unknown:
        raise ValueError(f"{where}: unknown key {', '.join(sorted(unknown))}")
    return kind(
        **{name: _value(f"{where} {name}", sort, raw.get(name), macros) for name, sort in known.items()}
    )


def _value(where: str, sort: str, raw: Any, macros: Mapping[str, str]) -> Any:
    if sort == "bool":
        if raw is not None and not isinstance(raw, bool):
            raise ValueError(f"{where}: not true or false")
        return bool(raw)
    if sort == "Table":
        if raw is not None and not isinstance(raw, dict):
            raise ValueError(f"{where}: not a table")
        return dict(raw or {})
    return _compiled(where, _anchored(sort, _joined(where, raw, macros), macros))


def _joined(where: str, raw: Any, macros: Mapping[str, str]) -> str:
    """One expression of a key's list; one that never matches of an empty one."""
    if raw is not None and not (isinstance(raw, list) and all(isinstance(one, str) for one in raw)):
        raise ValueError(f"{where}: not a list of expressions")
    return "|".join(_expanded(one, macros) for one in raw) if raw else _NEVER


def _anchored(sort: str, text: str, macros: Mapping[str, str]) -> str:
    if sort == "Pattern" or text == _NEVER:
        return text
    before = (macros["not"] if sort == "Deeds" else "") + r"(?<!\w)"
    return f"{before}(?:{text})" + ("" if sort == "Stems" else r"(?!\w)")


def _compiled(where: str, text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise ValueError(f"{where}: {error}") from None


def _reporting(raw: Mapping[str, Any], macros: Mapping[str, str]) -> re.Pattern[str]:
    groups = [f"(?P<{sort}>{_joined('verbs', forms, macros)})" for sort, forms in raw.items() if forms]
    return _compiled("verbs", rf"(?<![\w-])(?:{'|'.join(groups)})(?!\w)" if groups else _NEVER)
