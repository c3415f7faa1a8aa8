# SPDX-License-Identifier: Apache-2.0
"""Names, offices, ranks and sides."""

from __future__ import annotations

import re
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


KNOWN = [
    pytest.param(row, lang, id=f"{lang}-{row['en'][2]}")
    for row in table("people")["person"]
    for lang in ("ru", "be", "uk")
]


@pytest.mark.parametrize(("row", "lang"), KNOWN)
def test_every_known_name_is_found_in_every_case(row: dict[str, Any], lang: str) -> None:
    first, _, last = row[lang]
    forms = [[one.split(",")[0] for one in part.split(" ")] for part in row["forms"][lang]]
    for one, two in zip(*forms, strict=True):
        written = " ".join(
            _titled(part.replace("_", " "), name) for part, name in ((one, first), (two, last))
        )
        text = f"«» {written}, 2019."
        found = read(text, fold(text), lang, [(0, len(text))]).people
        assert [(person.name, person.side) for person in found] == [(f"{first} {last}", row["side"])], written
        assert text[found[0].start : found[0].end] == written


def _titled(form: str, name: str) -> str:
    """A form with the capitals of its name: "фон дер Ляйен", "Жан-Ив", "Сан"."""
    capitals = [part[0].isupper() for part in re.split(r"[ -]", name)]
    parts = re.split(r"([ -])", form)
    parts[::2] = [
        part[0].upper() + part[1:] if up else part for part, up in zip(parts[::2], capitals, strict=True)
    ]
    return "".join(parts)


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
    unknown = second(MET.format("министром обороны Украины Степаном Гончаруком"))
    assert unknown["confidence"] < known["confidence"]


def seen(text: str) -> list[tuple[str | None, str | None, str | None]]:
    people = read(text, fold(text), "ru", [(0, len(text))]).people
    return [(one.name, one.office, one.side) for one in people]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Министр обороны Литвы А. Ластовский ответил.", "А. Ластовский"),
        ("Ответ министра обороны Литвы А.Ластовского получен.", "А. Ластовский"),
        ("Ответ министра обороны Литвы Ластовского А.В. получен.", "Ластовский А.В."),
        ("Письмо президента Финляндии Лайтинена получено.", "Лайтинен"),
        ("С премьером Норвегии Уле фон дер Хаге говорили.", "Уле фон дер Хаге"),
        ("Принял посла Японии Такаси Накамуру.", "Такаси Накамура"),
        ("Говорил с атташе Индии Раджешем Кумаром.", "Раджеш Кумар"),
        ("Ответ директора департамента Европы Стефана Ковача получен.", "Стефан Ковач"),
        ("Ответ министра обороны Румынии Михая Думитреску получен.", "Михай Думитреску"),
        ("По словам пресс-секретаря МИД Латвии Ирины Ластовской, нет.", "Ирина Ластовская"),
    ],
)
def test_names_of_many_kinds(text: str, name: str) -> None:
    assert [one for one, _, _ in seen(text)] == [name]


@pytest.mark.parametrize(
    ("text", "side"),
    [
        ("Литва ждет ответа Польши. Министр обороны Роландас Бергас промолчал.", "LT"),
        ("Монгольскую делегацию возглавлял полковник Баатар Ганболд.", "MN"),
        ("Роландас Бергас возглавил литовскую делегацию, заявил он.", "LT"),
        ("Разговор с Литвой продолжил министр обороны Роландас Бергас.", None),
        ("В Литве работает посол Роландас Бергас.", None),
    ],
)
def test_the_side_that_the_office_does_not_say(text: str, side: str | None) -> None:
    assert [(one is not None, where) for one, _, where in seen(text)] == [(True, side)]


def test_each_of_two_offices_keeps_its_own_holder() -> None:
    text = "Встретились министр обороны Литвы и министр обороны Чехии Вит Прокопец."
    assert ("Вит Прокопец", "министр обороны Чехии", "CZ") in seen(text)
    assert (None, "министр обороны Литвы", "LT") in seen(text)


def test_bodies_and_places_are_no_persons() -> None:
    text = "Верховная Рада и Красный Крест заявили, что Северный Поток ждут. Совет Безопасности сказал."
    assert seen(text) == []
