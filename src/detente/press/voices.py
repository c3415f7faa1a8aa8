# SPDX-License-Identifier: Apache-2.0
"""Who speaks where: the subject of a reporting verb, and the outlet that carries the words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from detente.press import gazetteer
from detente.press.data import table
from detente.press.names import PersonMention
from detente.press.quotes import enclosing
from detente.press.reading import Institution, Reading, inside
from detente.press.source import Span

_AWAY = re.compile(
    r"(?<!\w)(?:с|со|к|ко|от|для|между|о|об|про|у|против|из|до|через|по отношению к)\s+(?:\w+\s+)?$"
)
_FAR = re.compile(r"(?<!\w)(?:с|со|к|ко|от|для|между|о|об|про|против|до|через)\s+$")
_HE = re.compile(r"(?<!\w)(?:он|она)(?!\w)")
_PRONOUN = re.compile(
    r"(?<!\w)(?:министр|генерал|военачальник|политик|чиновник|дипломат|собеседник|глава ведомства)(?!\w)"
)
_STOP = re.compile(r"[.;:!?«»]")
_NOMINATIVE = (
    ("министерств", "министерство"),
    ("пресс-служб", "пресс-служба"),
    ("посольств", "посольство"),
    ("правительств", "правительство"),
    ("администраци", "администрация"),
    ("пресс-центр", "пресс-центр"),
    ("генштаб", "генштаб"),
    ("офис", "офис"),
    ("пентагон", "пентагон"),
    ("кремл", "кремль"),
)
_OUTLET = re.compile(
    r"(?:теле|радио)?(?:канал|станци|агентств|газет|издани|портал|журнал|компани)\w*\s+"
    r"(?:(?:«(?P<q>[^«»\n]{2,60})»)"
    r"|(?P<b>[A-ZА-ЯЁ][\w.-]*(?:\s+[A-ZА-ЯЁ][\w.-]*){0,2}(?:\s\d{1,2}(?!\s*[а-яё\d]))?))"
)
_OUTLET_WORD = re.compile(
    r"(?:эфире|интервью|телеканал\w*|канал\w*|агентств\w*|газет\w*|порталу?|изданию?)\s+«?$"
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


@lru_cache(maxsize=1)
def _verb_pattern() -> re.Pattern[str]:
    groups = [f"(?P<{sort}>{'|'.join(forms)})" for sort, forms in table("verbs").items()]
    return re.compile(r"(?<![\w-])(?:" + "|".join(groups) + r")(?!\w)")


def find_verbs(r: Reading) -> list[Verb]:
    """Every reporting verb of the body, in order."""
    return [
        Verb(match.start(), match.end(), str(match.lastgroup), match.group().endswith(("ив", "ув", "ав")))
        for span in r.paragraphs
        for match in _verb_pattern().finditer(r.folded, *span)
    ]


def verb_at(r: Reading, at: int) -> bool:
    """Whether a reporting verb begins at ``at``."""
    return _verb_pattern().match(r.folded, at) is not None


def subject(r: Reading, verb: Verb, low: int, high: int) -> Voice | None:
    """The subject of ``verb`` among what ``[low, high)`` names: before it, after it, or farther before."""
    inner = enclosing(r.quotes, verb.start)
    candidates: list[PersonMention | Institution] = [*inside(r.people, low, high)]
    candidates += inside(r.institutions, low, high)
    candidates = [one for one in candidates if enclosing(r.quotes, one.start) == inner]
    candidates.sort(key=lambda one: one.start)
    before = [one for one in candidates if one.end <= verb.start and _can_speak(r, one)]
    after = [one for one in candidates if one.start >= verb.end and _can_speak(r, one)]
    if before and _close(r.folded[before[-1].end : verb.start]):
        return voice_of(r, before[-1])
    he = _pronoun(r, verb, low, high, before, _HE)
    if he:
        return he
    if after and _near_after(r.folded[verb.end : _begin(r, after[0])]) and not verb.gerund:
        return voice_of(r, after[0])
    if before:
        return voice_of(r, before[-1])
    return _pronoun(r, verb, low, high, before, _PRONOUN)


def _close(gap: str) -> bool:
    return len(gap) <= 70 and not _STOP.search(gap) and gap.count(",") % 2 == 0 and "что" not in gap.split()


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
    earlier = [
        one
        for one in inside(r.people, max(0, start - 1500), verb.start)
        if one.name and "n" in (one.cases or "n")
    ]
    return voice_of(r, earlier[-1]) if earlier else None


def _can_speak(r: Reading, one: PersonMention | Institution) -> bool:
    """Subjects stand in the nominative, or "in the ministry" with "in"; not after "with", "to", "from"."""
    left = r.folded[max(0, _begin(r, one) - 30) : _begin(r, one)]
    if isinstance(one, PersonMention):
        away = _FAR if one.cases == "n" else _AWAY
        return ("n" in one.cases or not one.cases) and not away.search(left)
    place = left.endswith((" в ", " во ")) and any(
        side.sort == "capital" and side.start == one.start for side in inside(r.sides, one.start, one.end)
    )
    return not _FAR.search(left) and (not place or _speaks_for(r, one))


def _speaks_for(r: Reading, one: Institution) -> bool:
    """ "in the Pentagon", "in the Kremlin" are speakers; "in Minsk" is a place."""
    return r.folded[one.start : one.end].startswith(("пентагон", "кремл", "бел", "госдеп", "бундесвер"))


def _begin(r: Reading, one: PersonMention | Institution) -> int:
    """Where the phrase with its office begins."""
    if isinstance(one, PersonMention) and one.office_span is not None and _adjoins(r, one):
        return one.office_span[0]
    return one.start


def _adjoins(r: Reading, one: PersonMention) -> bool:
    """Whether the office stands right before the name, a rank between them aside."""
    if one.office_span is None or one.office_span[1] > one.start:
        return False
    between = r.folded[one.office_span[1] : one.start][:60].strip()
    return not between or between in gazetteer.ranks()


def voice_of(r: Reading, one: PersonMention | Institution) -> Voice:
    """The voice of a person or an institution."""
    if isinstance(one, PersonMention):
        return Voice(one.side, one.name, one.office, None, (one.start, one.end))
    name = institution_name(one.name)
    return Voice(one.side, name, None, name, (one.start, one.end))


def institution_name(written: str) -> str:
    """The institution's name with its first word in the nominative, where the word is known."""
    first, _, rest = written.partition(" ")
    for stem, word in _NOMINATIVE:
        if first.lower().startswith(stem):
            first = word.capitalize() if first[0].isupper() else word
    return f"{first} {rest}".strip()


def outlet_in(r: Reading, start: int, end: int) -> str | None:
    """The outlet that ``[start, end)`` names as carrying somebody's words."""
    match = _OUTLET.search(r.text, start, end)
    if match:
        name = match["q"] or match["b"]
        return gazetteer.outlet_forms().get(name.lower(), name)
    for known in outlet_pattern().finditer(r.folded, start, end):
        if _OUTLET_WORD.search(r.folded, max(start, known.start() - 30), known.start()):
            return gazetteer.outlet_forms()[known.group()]
    return None


@lru_cache(maxsize=1)
def outlet_pattern() -> re.Pattern[str]:
    """Known outlets' names in every form."""
    return gazetteer.words_pattern(gazetteer.outlet_forms())
