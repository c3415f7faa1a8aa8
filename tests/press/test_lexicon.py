# SPDX-License-Identifier: Apache-2.0
"""The language files: whole, folded, safe to run, and saying what the finders ask of them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from importlib.resources import files
from re import _constants as ops  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import pytest

from detente.press.lexicon import LANGUAGES, Lexicon, lexicon, parsed
from detente.press.source import fold

#: What the walk of a pattern calls a repetition.
REPEATS = (ops.MAX_REPEAT, ops.MIN_REPEAT)


def raw(lang: str) -> dict[str, Any]:
    text = (files("detente.press") / "data" / "lang" / f"{lang}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def keys() -> Iterator[tuple[str, str]]:
    """Every section and key that a language file has."""
    known = lexicon("ru")
    for section in fields(Lexicon):
        value = getattr(known, section.name)
        if is_dataclass(value):
            for one in fields(value):
                yield section.name, one.name


def patterns(lang: str) -> Iterator[tuple[str, re.Pattern[str]]]:
    known = lexicon(lang)
    yield "reporting", known.reporting
    for section, key in keys():
        value = getattr(getattr(known, section), key)
        if isinstance(value, re.Pattern):
            yield f"{section}.{key}", value


def found(lang: str, place: str, text: str) -> str | None:
    section, key = place.split(".")
    match = getattr(getattr(lexicon(lang), section), key).search(fold(text))
    return match.group() if match else None


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_language_file_states_every_key(lang: str) -> None:
    table = raw(lang)
    missing = [f"{section}.{key}" for section, key in keys() if key not in table.get(section, {})]
    assert not missing


@pytest.mark.parametrize("lang", LANGUAGES)
def test_expressions_are_folded_as_the_text_is(lang: str) -> None:
    for section, table in raw(lang).items():
        for key, value in table.items():
            for text in value if isinstance(value, list) else [value]:
                letters = re.sub(r"\\[A-Za-z]|\(\?P<\w+>", "", text) if isinstance(text, str) else ""
                assert letters == fold(letters), f"{section}.{key}"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_word_mixes_alphabets(lang: str) -> None:
    for section, table in raw(lang).items():
        for key, value in table.items():
            for text in value if isinstance(value, list) else [value]:
                plain = re.sub(r"\\[A-Za-z]", " ", text) if isinstance(text, str) else ""
                assert not re.search(r"[a-z][а-яіїєґў]|[а-яіїєґў][a-z]", plain), f"{section}.{key}"


def repeats(node: Any, inside: bool = False) -> Iterator[bool]:
    """For every endless repetition of a pattern: whether it stands inside another."""
    for op, argument in node:
        if op in REPEATS:
            _, most, body = argument
            endless = most == ops.MAXREPEAT
            if endless:
                yield inside
            yield from repeats(body, inside or endless)
        elif op is ops.SUBPATTERN:
            yield from repeats(argument[-1], inside)
        elif op is ops.BRANCH:
            for branch in argument[1]:
                yield from repeats(branch, inside)
        elif op in (ops.ASSERT, ops.ASSERT_NOT):
            yield from repeats(argument[1], inside)


def test_the_walk_sees_nested_repetition() -> None:
    assert list(repeats(parser.parse(r"(?:a+b)*"))) == [False, True]
    assert list(repeats(parser.parse(r"(?:a+ ){0,3}|(?=b*)"))) == [False, False]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_endless_repetition_inside_another(lang: str) -> None:
    for name, pattern in patterns(lang):
        assert not any(repeats(parser.parse(pattern.pattern))), name


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_repeated_group_can_be_empty(lang: str) -> None:
    def walk(node: Any) -> Iterator[Any]:
        for op, argument in node:
            if op in REPEATS:
                _, most, body = argument
                if most > 1:
                    yield body
                yield from walk(body)
            elif op is ops.SUBPATTERN:
                yield from walk(argument[-1])
            elif op is ops.BRANCH:
                for branch in argument[1]:
                    yield from walk(branch)

    for name, pattern in patterns(lang):
        assert all(body.getwidth()[0] for body in walk(parser.parse(pattern.pattern))), name


def test_a_key_that_is_absent_or_empty_never_matches() -> None:
    known = parsed("xx", "[contacts]\nheld = []\n")
    assert known.contacts.held.search("") is None
    assert known.contacts.planned.search("будет held ") is None
    assert known.reporting.search("said") is None
    assert known.grammar.cases is False
    assert known.voices.nominative == {}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[kontakts]\nheld = []", "kontakts"),
        ("[contacts]\nhold = []", "hold"),
        ("[contacts]\nheld = ['{no}']", "{no}"),
        ("[contacts]\nheld = ['(']", "held"),
        ("[contacts]\nheld = 'x'", "held"),
        ("[grammar]\ncases = 1", "cases"),
        ("[voices]\nnominative = ['x']", "nominative"),
        ("[verbs]\nspeak = ['x']", "speak"),
    ],
)
def test_a_wrong_language_file_is_refused_and_the_place_named(text: str, named: str) -> None:
    with pytest.raises(ValueError, match=re.escape(named)):
        parsed("xx", text)


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(ValueError, match="'de'"):
        lexicon("de")


def test_anchors_follow_the_type_of_the_key() -> None:
    known = parsed(
        "xx",
        "[macros]\nnegations = ['not ']\nit = '(?:this|that)'\n"
        "[contacts]\nheld = ['met']\nplanned = ['meet']\ndenied = ['{not}\\bran {it}']\n"
        "[measures]\nagreed = ['agreed']\n[exercises]\nnoun = ['exercis']\n",
    )
    assert known.contacts.held.search("calumet")
    assert not known.contacts.planned.search("meeting")
    assert known.contacts.planned.search("to meet.")
    assert known.measures.agreed.search("they agreed")
    assert not known.measures.agreed.search("they had not agreed")
    assert known.exercises.noun.search("exercises")
    assert not known.exercises.noun.search("preexercise")
    assert known.contacts.denied.search("he ran that")
    assert not known.contacts.denied.search("not ran that")


def test_a_language_is_compiled_once() -> None:
    assert lexicon("uk") is lexicon("uk")


#: Language, key, a text that it finds, a text that it does not.
SAID = [
    ("ru", "contacts.phone_call", "Состоялся телефонный разговор министров", "Состоялась встреча министров"),
    ("be", "contacts.phone_call", "Адбылася тэлефонная размова міністраў", "Адбылася сустрэча міністраў"),
    ("uk", "contacts.phone_call", "Відбулася телефонна розмова міністрів", "Відбулася зустріч міністрів"),
    ("en", "contacts.phone_call", "The ministers held a phone call on Monday", "He called for restraint"),
    ("en", "contacts.phone_call", "The minister called his Polish counterpart", "They called on both sides"),
    ("be", "contacts.video_call", "у фармаце відэаканферэнцыі", "тэлефонная размова"),
    ("uk", "contacts.video_call", "у форматі відеоконференції", "телефонна розмова"),
    ("en", "contacts.video_call", "held talks via video link", "held talks in Oslo"),
    ("be", "contacts.hotline", "па гарачай лініі", "па лініі фронту"),
    ("uk", "contacts.hotline", "гарячою лінією", "лінією фронту"),
    ("en", "contacts.hotline", "used the deconfliction line", "crossed the line"),
    ("be", "contacts.planned", "Сустрэча адбудзецца ў аўторак", "Сустрэча адбылася"),
    ("uk", "contacts.planned", "Зустріч відбудеться у вівторок", "Зустріч відбулася"),
    ("en", "contacts.planned", "The ministers will meet on Tuesday", "The ministers met"),
    ("be", "contacts.attempted", "Міністр не адказаў на званок", "Міністр адказаў"),
    ("uk", "contacts.attempted", "Міністр не відповів на дзвінок", "Міністр відповів"),
    ("en", "contacts.attempted", "The minister declined to take the call", "The minister took the call"),
    ("en", "contacts.attempted", "did not pick up the phone", "picked up the phone"),
    ("en", "contacts.attempted", "did not answer", "the call did take place"),
    ("be", "contacts.denied", "Ніякай размовы з міністрам не было", "Размова была"),
    ("uk", "contacts.denied", "Жодної розмови з міністром не було", "Розмова була"),
    ("en", "contacts.denied", "denied that a call took place", "said that a call took place"),
    ("en", "contacts.denied", "There was no telephone conversation", "There was a conversation"),
    ("be", "contacts.initiative", "па ініцыятыве польскага боку", "ініцыятыва"),
    ("uk", "contacts.initiative", "з ініціативи польської сторони", "ініціатива"),
    ("en", "contacts.initiative", "at the request of Poland", "at the border"),
    ("en", "contacts.initiative", "at Poland’s request", "at Poland’s border"),
    ("en", "contacts.initiator", "The call was initiated by the Polish side", "The call was long"),
    ("en", "contacts.called", "Austin telephoned", "Austin called for talks"),
    ("be", "voices.he", "Ён сказаў", "Яны сказалі"),
    ("uk", "voices.he", "Він сказав", "Вони сказали"),
    ("en", "voices.away", "talks with ", "and then "),
    ("be", "statements.calm", "носяць выключна абарончы характар", "пачаліся ўчора"),
    ("uk", "statements.calm", "навчання мають суто оборонний характер", "навчання почалися"),
    ("en", "statements.calm", "The drills are purely defensive", "The drills began"),
    ("en", "statements.calm", "The drills pose no threat to anyone", "The drills are a threat"),
    ("be", "statements.denial", "Гэта не адпавядае рэчаіснасці", "Гэта адпавядае"),
    ("uk", "statements.denial", "Це не відповідає дійсності", "Це відповідає"),
    ("en", "statements.denial", "Our aircraft did not violate the border", "Our aircraft landed"),
    ("en", "statements.demand", "Moscow must withdraw its troops", "Troops withdrew"),
    ("en", "statements.commit", "We will notify our neighbours", "Neighbours were notified"),
    ("be", "measures.agreed", "Бакі дамовіліся", "Бакі не дамовіліся"),
    ("uk", "measures.agreed", "Сторони домовилися", "Сторони не домовилися"),
    ("en", "measures.agreed", "The sides agreed", "The sides have not agreed"),
    ("be", "measures.proposed", "Міністр прапанаваў", "Міністр не прапанаваў"),
    ("uk", "measures.proposed", "Міністр запропонував", "Міністр не запропонував"),
    ("en", "measures.proposed", "The minister proposed", "The minister slept"),
    ("be", "aims.talked", "Міністры абмеркавалі пытанні", "Міністры сустрэліся"),
    ("uk", "aims.talked", "Міністри обговорили питання", "Міністри зустрілися"),
    ("en", "aims.talked", "The ministers spoke with each other about trade", "The ministers met"),
    ("be", "appeals.verb", "НАТА заклікала Расію", "НАТА чакае"),
    ("uk", "appeals.verb", "НАТО закликало Росію", "НАТО чекає"),
    ("en", "appeals.verb", "NATO urged Russia", "NATO waits"),
    ("be", "exercises.noun", "вучэнні", "навучанне"),
    ("uk", "exercises.noun", "навчання «Захід»", "вчора"),
    ("en", "exercises.noun", "the drills", "the drilling rig"),
    ("be", "relations.ended", "Мінск спыніў супрацоўніцтва", "Мінск не спыніў супрацоўніцтва"),
    ("uk", "relations.ended", "Київ припинив співпрацю", "Київ не припинив співпрацю"),
    ("en", "relations.ended", "Kyiv severed diplomatic relations", "Kyiv never severed relations"),
    ("en", "relations.was_suspended", "Cooperation has been suspended", "Cooperation goes on"),
    ("be", "relations.minimal", "кантакты зведзены да мінімуму", "кантакты ідуць"),
    ("uk", "relations.minimal", "контакти зведено до мінімуму, мінімальні контакти", "контакти тривають"),
    ("en", "relations.minimal", "contacts are kept at a minimum", "contacts go on"),
]


@pytest.mark.parametrize(("lang", "place", "yes", "no"), SAID)
def test_a_key_finds_what_it_is_for(lang: str, place: str, yes: str, no: str) -> None:
    assert found(lang, place, yes) is not None
    assert found(lang, place, no) is None


VERBS = [
    ("ru", "Министр заверил коллегу", "assure"),
    ("be", "Міністр запэўніў калегу", "assure"),
    ("uk", "Міністр запевнив колегу", "assure"),
    ("en", "The minister assured his counterpart", "assure"),
    ("be", "Міністр заявіў", "say"),
    ("uk", "Міністр зазначив", "say"),
    ("en", "The minister stressed", "say"),
    ("be", "Міністр запатрабаваў", "demand"),
    ("uk", "Міністр закликав", "demand"),
    ("en", "The minister called on", "demand"),
    ("be", "Міністр паабяцаў", "commit"),
    ("uk", "Міністр пообіцяв", "commit"),
    ("en", "The minister pledged", "commit"),
    ("be", "Міністр абверг", "deny"),
    ("uk", "Міністр спростував", "deny"),
    ("en", "The minister denied", "deny"),
]


@pytest.mark.parametrize(("lang", "text", "sort"), VERBS)
def test_a_reporting_verb_is_known_by_what_it_says(lang: str, text: str, sort: str) -> None:
    match = lexicon(lang).reporting.search(fold(text))
    assert match is not None
    assert match.lastgroup == sort


@pytest.mark.parametrize(
    ("lang", "form", "gerund"),
    [
        ("ru", "подчеркнув", True),
        ("ru", "подчеркнул", False),
        ("be", "падкрэсліўшы", True),
        ("be", "падкрэсліў", False),
        ("uk", "підкресливши", True),
        ("uk", "підкреслив", False),
        ("en", "stressing", True),
        ("en", "stressed", False),
    ],
)
def test_a_verb_without_a_subject_is_told_by_its_form(lang: str, form: str, gerund: bool) -> None:
    known = lexicon(lang)
    assert known.reporting.fullmatch(form)
    assert (known.grammar.gerund.fullmatch(form) is not None) is gerund


def test_word_order_is_used_only_where_there_are_no_cases() -> None:
    assert {lang: lexicon(lang).grammar.cases for lang in LANGUAGES} == {
        "ru": True,
        "be": True,
        "uk": True,
        "en": False,
    }
