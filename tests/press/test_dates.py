# SPDX-License-Identifier: Apache-2.0
"""Dates to EDTF."""

from __future__ import annotations

import re

import pytest

from detente.press.dates import compatible, find_dates
from detente.press.source import fold
from tests.press.helpers import find, own

CALL = "Телефонный разговор министра обороны Польши с министром обороны Литвы состоялся {}."


@pytest.mark.parametrize(
    ("words", "edtf"),
    [
        ("14 февраля", "XXXX-02-14"),
        ("14 февраля 2022 года", "2022-02-14"),
        ("1 мая 2023 г.", "2023-05-01"),
        ("11 июля этого года", "XXXX-07-11"),
        ("30 ноября прошлого года", "XXXX-11-30"),
        ("где-то с ноября 2021 года", "2021-11~"),
        ("ориентировочно где-то с марта 2014 года", "2014-03~"),
        ("предположительно 3 марта 2020 года", "2020-03-03?"),
        ("примерно 5 июня", "XXXX-06-05~"),
        ("в ноябре 2021 года", "2021-11"),
        ("14.02.2022", "2022-02-14"),
        ("2022-02-14", "2022-02-14"),
        ("с 10 по 20 февраля 2022 года", "2022-02-10/2022-02-20"),
        ("10–20 февраля", "XXXX-02-10/XXXX-02-20"),
        ("29 февраля 2024 года", "2024-02-29"),
        ("в 2021 году", "2021"),
    ],
)
def test_russian_dates(words: str, edtf: str) -> None:
    text = fold(f"Это было {words} в городе")
    assert [date.edtf for date in find_dates(text, 0, len(text), "ru")] == [edtf]


@pytest.mark.parametrize(
    "words", ["31 февраля", "29 февраля 2023 года", "45 мая", "14.22.2022", "2022-13-01"]
)
def test_days_that_do_not_exist_are_no_dates(words: str) -> None:
    text = fold(f"Это было {words}")
    assert not [date for date in find_dates(text, 0, len(text), "ru") if date.day]


def test_a_counted_number_is_no_year() -> None:
    text = "14 февраля 2000 военнослужащих"
    assert find_dates(text, 0, len(text), "ru")[0].edtf == "XXXX-02-14"


@pytest.mark.parametrize(
    ("words", "lang", "edtf"),
    [
        ("14 лютага 2022 года", "be", "2022-02-14"),
        ("14 лютого 2022 року", "uk", "2022-02-14"),
        ("14 February 2022", "en", "2022-02-14"),
        ("February 14, 2022", "en", "2022-02-14"),
        ("14 лютого", "uk", "XXXX-02-14"),
    ],
)
def test_other_languages(words: str, lang: str, edtf: str) -> None:
    text = fold(words)
    assert [date.edtf for date in find_dates(text, 0, len(text), lang)] == [edtf]


def contact_date(text: str, **options: str) -> str | None:
    return find(text, **options)["contacts"][0]["date"]["edtf"]


def test_no_year_unless_the_page_gives_one() -> None:
    assert contact_date(CALL.format("14 февраля")) == "XXXX-02-14"
    assert contact_date(CALL.format("14 февраля 2022 года")) == "2022-02-14"


def test_an_exercise_suggests_a_year_and_two_that_differ_do_not() -> None:
    one = CALL.format("14 февраля") + " Министры обсудили учения «Метель — 2022»."
    assert contact_date(one) == "2022-02-14?"
    assert contact_date(one + " Вспомнили и учения «Запад-2021».") == "XXXX-02-14"


def test_an_exercise_in_the_furniture_suggests_nothing() -> None:
    text = "Читают сегодня\n1. Начались учения «Запад-2025»\n2. Погода\n\n" + CALL.format("14 февраля")
    assert contact_date(text) == "XXXX-02-14"


def test_publication_only_suggests() -> None:
    assert contact_date(CALL.format("14 февраля"), published="2022-02-15") == "2022-02-14?"
    assert contact_date(CALL.format("14 февраля 2021 года"), published="2022-02-15") == "2021-02-14"


def test_today_is_no_date() -> None:
    assert contact_date(CALL.format("сегодня")) is None


def test_a_contact_without_a_date_has_none() -> None:
    assert find(CALL.replace(" {}", ""))["contacts"][0]["date"] is None


def test_every_full_date_stands_on_its_span() -> None:
    text = own("call.txt")
    for year in ("2022", "2019"):
        changed = text.replace("2022", year)
        for date in find(changed)["dates"]:
            written = changed[date["span"][0] : date["span"][1]]
            assert re.fullmatch(r"\d{4}.*", date["edtf"]) is None or date["edtf"][:4] in written


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        ("XXXX-02-14", "2022-02-14", True),
        ("2022-02-14?", "2022-02-14", True),
        ("2022-02-14", "2022-02-15", False),
        ("2021-11~", "2021-11-30", True),
        ("2021-11~", "2022-02-14", False),
        ("XXXX-02-10/XXXX-02-20", "2022-02-14", True),
        ("2022-02-10/2022-02-20", "2022-03-01", False),
    ],
)
def test_dates_that_can_be_the_same_day(one: str, other: str, agree: bool) -> None:
    assert compatible(one, other) is agree
    assert compatible(other, one) is agree
