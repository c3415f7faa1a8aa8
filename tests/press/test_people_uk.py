# SPDX-License-Identifier: Apache-2.0
"""Names, offices, ranks and sides in Ukrainian."""

from __future__ import annotations

import pytest

from tests.press.named import named, sides, surnames_come_back, unnamed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Міністр оборони Литви Станіслав Воробйов із заступником міністра оборони Польщі Яном Бжозкою.",
            [
                ("Станіслав Воробйов", "міністр оборони Литви", None, "LT"),
                ("Ян Бжозка", "заступник міністра оборони Польщі", None, "PL"),
            ],
        ),
        (
            (
                "Розмова міністра оборони Румунії генерал-лейтенанта Міхая Думітреску з начальником "
                "Генерального штабу Молдови бригадним генералом Іваном Гончаренком."
            ),
            [
                ("Міхай Думітреску", "міністр оборони Румунії", "генерал-лейтенант", "RO"),
                ("Іван Гончаренко", "начальник Генерального штабу Молдови", "бригадний генерал", "MD"),
            ],
        ),
        (
            "Про це сказала речниця МЗС Естонії Ольга Журавльова.",
            [("Ольга Журавльова", "речниця МЗС Естонії", None, "EE")],
        ),
        ("Зателефонував О. Резніков.", [("О. Резніков", None, None, "UA")]),
        ("З Шевчуком, прем'єр-міністром Словаччини, не говорили.", []),
        (
            "Дмитрові Гордієнку, міністрові оборони України, відповіли.",
            [("Дмитро Гордієнко", "міністр оборони України", None, "UA")],
        ),
    ],
)
def test_persons(text: str, expected: list[tuple[str | None, ...]]) -> None:
    assert [one for one in named(text, "uk") if one[0]] == expected


def test_offices_without_names() -> None:
    text = "Оперативний черговий прикордонної поліції Молдови викликав міністра природних ресурсів Угорщини."
    assert unnamed(text, "uk") == [
        ("Оперативний черговий прикордонної поліції Молдови", "MD"),
        ("міністр природних ресурсів Угорщини", "HU"),
    ]


def test_two_ministers_under_one_office() -> None:
    text = "Міністри оборони України та Латвії Павло Кіс і Роланд Бергс провели переговори."
    assert named(text, "uk") == [
        ("Павло Кіс", "міністр оборони України", None, "UA"),
        ("Роланд Бергс", "міністр оборони Латвії", None, "LV"),
    ]


def test_a_surname_alone_is_filled_from_the_page() -> None:
    text = "Міністр оборони Литви Станіслав Воробйов відповів. Розмова з Воробйовим тривала годину."
    assert [one[0] for one in named(text, "uk")] == ["Станіслав Воробйов", "Станіслав Воробйов"]


def test_sides() -> None:
    text = (
        "Українсько-білоруський кордон, Вільнюс, Республіка Польща, росіяни, НАТО і США; у Великій Британії."
    )
    assert sides(text, "uk") == [
        ("UA", "adjective"),
        ("BY", "adjective"),
        ("LT", "capital"),
        ("PL", "name"),
        ("RU", "people"),
        ("NATO", "name"),
        ("US", "name"),
        ("GB", "name"),
    ]


@pytest.mark.parametrize(
    "name", ["Журавльов", "Ластовський", "Гулевич", "Шевченко", "Макей", "Блащак", "Коваль"]
)
def test_surnames_come_back_from_their_cases(name: str) -> None:
    surnames_come_back(name, "uk")
