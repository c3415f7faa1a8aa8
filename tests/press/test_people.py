# SPDX-License-Identifier: Apache-2.0
"""Names, offices, ranks and sides."""

from __future__ import annotations

from typing import Any

import pytest

from detente.press.data import table
from detente.press.declension import CASES, forms, nominative
from detente.press.reading import read
from detente.press.source import fold
from tests.press.helpers import find

MET = "Министр обороны Польши Мариуш Блащак встретился с {} 3 марта."


def second(text: str) -> dict[str, Any]:
    return find(text)["contacts"][0]["participants"][1]


@pytest.mark.parametrize("row", table("people")["person"], ids=lambda row: row["name"][2])
def test_every_known_name_is_found_in_every_case(row: dict[str, Any]) -> None:
    for first, last in zip(row["first"], row["last"], strict=True):
        text = f"В документе названы эти слова: {first} {last}, и больше ничего."
        found = read(text, fold(text), "ru", [(0, len(text))]).people
        assert [(one.name, one.side) for one in found] == [
            (f"{row['name'][0]} {row['name'][2]}", row["side"])
        ], first


@pytest.mark.parametrize(
    ("written", "name", "office", "rank", "side"),
    [
        (
            "министром обороны Украины Алексеем Резниковым",
            "Алексей Резников",
            "министр обороны Украины",
            None,
            "UA",
        ),
        (
            "министром обороны Литвы Раймундасом Кароблисом",
            "Раймундас Кароблис",
            "министр обороны Литвы",
            None,
            "LT",
        ),
        (
            "министром обороны Украины генералом армии Степаном Полтораком",
            "Степан Полторак",
            "министр обороны Украины",
            "генерал армии",
            "UA",
        ),
        ("министром обороны Китая Вэй Фэнхэ", "Вэй Фэнхэ", "министр обороны Китая", None, "CN"),
        (
            "генеральным секретарем НАТО Йенсом Столтенбергом",
            "Йенс Столтенберг",
            "генеральный секретарь НАТО",
            None,
            "NATO",
        ),
        (
            "министром обороны Германии Анегрет Крамп-Карренбауэр",
            "Анегрет Крамп-Карренбауэр",
            "министр обороны Германии",
            None,
            "DE",
        ),
        (
            "первым заместителем министра обороны Турции Яшаром Гюлером",
            "Яшар Гюлер",
            "первый заместитель министра обороны Турции",
            None,
            "TR",
        ),
        (
            "французским министром обороны Себастьяном Лекорню",
            "Себастьян Лекорню",
            "французский министр обороны",
            None,
            "FR",
        ),
    ],
)
def test_a_participant(written: str, name: str, office: str, rank: str | None, side: str) -> None:
    text = MET.format(written)
    found = second(text)
    assert (found["name"], found["office"], found["rank"], found["side"]) == (name, office, rank, side)
    assert text[slice(*found["span"])] == found["name_written"]
    assert text[slice(*found["office_span"])] in written


def test_two_ministers_under_one_office() -> None:
    names = "Виктор Хренин и Руслан Жаксылыков"
    text = f"Министры обороны Беларуси и Казахстана {names} провели видеоконференцию 2 мая."
    people = find(text)["contacts"][0]["participants"]
    assert [(one["name"], one["office"], one["side"]) for one in people] == [
        ("Виктор Хренин", "министр обороны Беларуси", "BY"),
        ("Руслан Жаксылыков", "министр обороны Казахстана", "KZ"),
    ]


def test_a_surname_alone_is_filled_from_the_page() -> None:
    text = (
        MET.format("министром обороны Литвы Раймундасом Кароблисом")
        + " Кароблис заявил, что угроз для Польши нет."
    )
    assert find(text)["statements"][0]["speaker"] == "Раймундас Кароблис"


def test_first_name_and_patronymic_are_the_person_of_that_name() -> None:
    text = (
        "Министр обороны Украины Алексей Резников позвонил министру обороны Беларуси Виктору Хренину. "
        "«Виктор Геннадьевич заверил меня, что угроз нет», — сказал Резников."
    )
    said = find(text)["statements"][0]
    assert (said["speaker"], said["side"], said["reported_by"], said["addressee"]) == (
        "Виктор Хренин",
        "BY",
        "UA",
        "UA",
    )


@pytest.mark.parametrize(
    "name", ["Кравчук", "Полторак", "Каробкин", "Сикорский", "Кулеба", "Макей", "Гоголь", "Кравец"]
)
def test_surnames_come_back_from_their_cases(name: str) -> None:
    for case in CASES:
        form = forms(name.lower(), surname=True, female=False)[case].capitalize()
        back, sure = nominative(form, case)
        assert back == name or sure < 0.85, (case, form, back, sure)


def test_an_unknown_name_is_less_sure_than_a_known_one() -> None:
    known = second(MET.format("министром обороны Украины Алексеем Резниковым"))
    unknown = second(MET.format("министром обороны Украины Степаном Полтораком"))
    assert unknown["confidence"] < known["confidence"]
