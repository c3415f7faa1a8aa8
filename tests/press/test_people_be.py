# SPDX-License-Identifier: Apache-2.0
"""Names, offices, ranks and sides in Belarusian."""

from __future__ import annotations

import pytest

from tests.press.named import named, sides, surnames_come_back, unnamed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Міністр абароны Літвы Станіслаў Вераб'ёў і намеснік міністра абароны Польшчы Ян Бжозка тут.",
            [
                ("Станіслаў Вераб'ёў", "міністр абароны Літвы", None, "LT"),
                ("Ян Бжозка", "намеснік міністра абароны Польшчы", None, "PL"),
            ],
        ),
        (
            (
                "Размова міністра замежных спраў Латвіі генерал-маёра Андрэя Ластоўскага з прэзідэнтам "
                "Украіны Уладзімірам Зяленскім."
            ),
            [
                ("Андрэй Ластоўскі", "міністр замежных спраў Латвіі", "генерал-маёр", "LV"),
                ("Уладзімір Зяленскі", "прэзідэнт Украіны", None, "UA"),
            ],
        ),
        (
            "Пра гэта сказала прэс-сакратарка МЗС Эстоніі Вольга Жураўлёва.",
            [("Вольга Жураўлёва", "прэс-сакратарка МЗС Эстоніі", None, "EE")],
        ),
        ("Патэлефанаваў В. Хрэнін.", [("В. Хрэнін", None, None, "BY")]),
        ("З Лукашэнкам размаўлялі двойчы.", [("Лукашэнка", None, None, "BY")]),
        (
            "Міністр прыродных рэсурсаў Малдовы Іон Чабатар падпісаў ліст.",
            [("Іон Чабатар", "міністр прыродных рэсурсаў Малдовы", None, "MD")],
        ),
    ],
)
def test_persons(text: str, expected: list[tuple[str | None, ...]]) -> None:
    assert named(text, "be") == expected


def test_offices_without_names() -> None:
    text = "Дзяжурны памежнай службы Латвіі выклікаў міністра абароны Беларусі."
    assert unnamed(text, "be") == [
        ("дзяжурны памежнай службы Латвіі", "LV"),
        ("міністр абароны Беларусі", "BY"),
    ]


def test_two_ministers_under_one_office() -> None:
    text = "Міністры абароны Беларусі і Казахстана Пятро Кіс і Ерлан Абішаў правялі перамовы."
    assert named(text, "be") == [
        ("Пятро Кіс", "міністр абароны Беларусі", None, "BY"),
        ("Ерлан Абішаў", "міністр абароны Казахстана", None, "KZ"),
    ]


def test_holders_named_in_the_next_sentence() -> None:
    text = "Міністры абароны Літвы і Чэхіі правялі перамовы. У іх удзельнічалі Яўген Бароўскі і Віт Пракопец."
    assert named(text, "be") == [
        ("Яўген Бароўскі", "міністр абароны Літвы", None, "LT"),
        ("Віт Пракопец", "міністр абароны Чэхіі", None, "CZ"),
    ]


def test_sides() -> None:
    text = "Беларуска-ўкраінская мяжа, Вільня, Рэспубліка Польшча, расіяне, НАТА і ЗША; у Злучаных Штатах."
    assert sides(text, "be") == [
        ("BY", "adjective"),
        ("UA", "adjective"),
        ("LT", "capital"),
        ("PL", "name"),
        ("RU", "people"),
        ("NATO", "name"),
        ("US", "name"),
        ("US", "name"),
    ]


@pytest.mark.parametrize(
    "name", ["Жураўлёў", "Ластоўскі", "Гулевіч", "Шаўчэнка", "Макей", "Блашчак", "Коваль"]
)
def test_surnames_come_back_from_their_cases(name: str) -> None:
    surnames_come_back(name, "be")
