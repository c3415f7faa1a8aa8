# SPDX-License-Identifier: Apache-2.0
"""Clauses as the comparison sees them: stems, concepts, numbers, negation, in four languages."""

from __future__ import annotations

import tomllib
from importlib.resources import files

import pytest

from detente.press.compare_words import meaning, shared_words, stem_of, tells, title_key
from detente.press.source import LANGUAGES

TOPICS = tomllib.loads((files("detente.press.data") / "topics.toml").read_text("utf-8"))


def overlap(one: str, lang: str, other: str, other_lang: str) -> float:
    both, mine, theirs = shared_words(meaning(one, lang), meaning(other, other_lang))
    return both / min(mine, theirs)


@pytest.mark.parametrize("group", ["contact", "wide", "concepts"])
def test_every_concept_has_all_languages(group: str) -> None:
    for name, forms in TOPICS[group].items():
        assert set(forms) == set(LANGUAGES), name
        assert all(forms[lang].strip("|") == forms[lang] and forms[lang] for lang in LANGUAGES), name


def test_the_lists_have_all_languages() -> None:
    for name in (
        "negation",
        "neutral",
        "small",
        "endings",
        "reflexive",
        "also",
        "numbers",
        "times",
        "one_unit",
    ):
        assert set(TOPICS[name]) == set(LANGUAGES), name
    known = {name for group in ("contact", "wide", "concepts") for name in TOPICS[group]}
    assert all(set(pair) <= known for pair in TOPICS["opposites"]["pairs"])


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("ru", "граница границы границе границу границей"),
        ("ru", "напечатали напечатать напечатала"),
        ("uk", "мисливців мисливці мисливцями"),
        ("be", "лясныя лясных лясным"),
        ("en", "painting paintings painted"),
    ],
)
def test_forms_of_a_word_have_one_stem(lang: str, words: str) -> None:
    assert len({stem_of(word, lang) for word in words.split()}) == 1


@pytest.mark.parametrize(
    ("one", "lang", "other", "other_lang"),
    [
        ("военные атташе приглашены на учения", "ru", "military attachés are invited to the exercise", "en"),
        ("вывад войскаў ад мяжы", "be", "отвод войск от границы", "ru"),
        ("обмін полоненими", "uk", "an exchange of prisoners", "en"),
        ("меры доверия и безопасности", "ru", "заходи довіри і безпеки", "uk"),
        ("гуманитарный коридор", "ru", "humanitarian corridor", "en"),
        ("разминирование портов", "ru", "demining of the ports", "en"),
        ("гарачая лінія", "be", "гаряча лінія", "uk"),
        ("нарушение воздушного пространства", "ru", "violation of the airspace", "en"),
    ],
)
def test_subjects_agree_across_languages(one: str, lang: str, other: str, other_lang: str) -> None:
    assert overlap(one, lang, other, other_lang) >= 0.6


def test_other_subjects_do_not() -> None:
    assert overlap("обмен пленными", "ru", "withdrawal of troops from the border", "en") == 0
    assert overlap("вінаградарства", "be", "рыболовство", "ru") == 0


@pytest.mark.parametrize(
    ("text", "lang", "numbers"),
    [
        ("12 тысяч военнослужащих", "ru", {"12000"}),
        ("12 000 солдат и две бригады", "ru", {"12000", "2"}),
        ("12,000 troops, 1.5 million litres", "en", {"12000", "1500000"}),
        ("2,5 тисячі осіб", "uk", {"2500"}),
        ("на працягу гадзіны", "be", {"1"}),
        ("через неделю", "ru", {"1"}),
        ("through the week", "en", set()),
        ("14 февраля 2022 года", "ru", set()),
    ],
)
def test_numbers_are_read_as_figures(text: str, lang: str, numbers: set[str]) -> None:
    assert meaning(text, lang).numbers == numbers


@pytest.mark.parametrize(
    ("text", "lang", "negated"),
    [
        ("угрозы нет", "ru", True),
        ("угрозы исключены", "ru", True),
        ("не только войска", "ru", False),
        ("не исключает встречи", "ru", False),
        ("ніхто не пагражае", "be", True),
        ("відсутність загроз", "uk", True),
        ("no later than May", "en", False),
        ("freedom of navigation", "en", False),
        ("it poses no threat", "en", True),
    ],
)
def test_negation(text: str, lang: str, negated: bool) -> None:
    assert meaning(text, lang).negated is negated


def test_names_of_speakers_say_nothing() -> None:
    names = frozenset(("виктор", "ковшик"))
    assert tells(meaning("Виктору Ковшику", "ru", names)) == 0
    assert tells(meaning("Виктору Ковшику передали зерно", "ru", names)) > 0


def test_titles_meet_across_alphabets() -> None:
    assert title_key("Запад-2021", "ru") == title_key("Zapad-2021", "en") == title_key("ЗАПАД — 2021", "ru")
    assert title_key("Запад-2021", "ru") != title_key("Запад-2025", "ru")
    assert meaning("учение «Запад-2021»", "ru").named == meaning("the exercise “Zapad-2021”", "en").named


def test_a_language_that_is_not_known_is_read_all_the_same() -> None:
    assert meaning("troops at the border", "xx").common == meaning("troops at the border", "en").common
    assert tells(meaning("", None)) == 0
