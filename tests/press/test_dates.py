# SPDX-License-Identifier: Apache-2.0
"""Dates to EDTF."""

from __future__ import annotations

import re

import pytest

from detente.press.dates import Stated, compatible, find_dates, suggested
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


@pytest.mark.parametrize(
    ("lang", "words", "edtf"),
    [
        ("ru", "14-го февраля", "XXXX-02-14"),
        ("ru", "пятнадцатого февраля 2022 года", "2022-02-15"),
        ("ru", "двадцать первого марта", "XXXX-03-21"),
        ("ru", "14 и 15 февраля 2022 года", "2022-02-14/2022-02-15"),
        ("ru", "с 28 февраля по 3 марта 2022 года", "2022-02-28/2022-03-03"),
        ("ru", "с 28 декабря по 3 января", "XXXX-12-28/XXXX-01-03"),
        ("ru", "в ночь на 15 февраля", "XXXX-02-14/XXXX-02-15"),
        ("ru", "в ночь с 14 на 15 февраля 2022 года", "2022-02-14/2022-02-15"),
        ("ru", "в конце ноября 2021 года", "2021-11"),
        ("ru", "в феврале-марте 2022 года", "2022-02/2022-03"),
        ("ru", "14 февраля с. г.", "XXXX-02-14"),
        ("ru", "14.02.22", "2022-02-14?"),
        ("be", "14 лютага", "XXXX-02-14"),
        ("be", "14-15 лютага 2022 года", "2022-02-14/2022-02-15"),
        ("be", "у лістападзе 2021 года", "2021-11"),
        ("be", "прыкладна ў лістападзе 2021 года", "2021-11~"),
        ("be", "з 10 па 20 лютага", "XXXX-02-10/XXXX-02-20"),
        ("be", "14 лютага сёлета", "XXXX-02-14"),
        ("be", "напрыканцы лістапада", "XXXX-11"),
        ("be", "у ноч на 15 траўня", "XXXX-05-14/XXXX-05-15"),
        ("be", "сёмага снежня 2021 года", "2021-12-07"),
        ("uk", "14–15 лютого 2022 року", "2022-02-14/2022-02-15"),
        ("uk", "приблизно в листопаді 2021 року", "2021-11~"),
        ("uk", "п’ятнадцятого лютого", "XXXX-02-15"),
        ("uk", "з 10 до 20 лютого", "XXXX-02-10/XXXX-02-20"),
        ("uk", "у лютому 2022-го", "2022-02"),
        ("uk", "14 лютого ц. р.", "XXXX-02-14"),
        ("uk", "наприкінці листопада 2021 року", "2021-11"),
        ("en", "Feb. 14", "XXXX-02-14"),
        ("en", "Feb. 14, 2022", "2022-02-14"),
        ("en", "the 14th of February 2022", "2022-02-14"),
        ("en", "February 14-15, 2022", "2022-02-14/2022-02-15"),
        ("en", "from 10 to 20 February 2022", "2022-02-10/2022-02-20"),
        ("en", "February 28 to March 3, 2022", "2022-02-28/2022-03-03"),
        ("en", "about November 2021", "2021-11~"),
        ("en", "late November", "XXXX-11"),
        ("en", "since 2014", "2014"),
        ("en", "14/02/2022", "2022-02-14"),
        ("en", "02/14/2022", "2022-02-14"),
        ("en", "05/05/2022", "2022-05-05"),
        ("en", "02/03/2022", "2022"),
    ],
)  # fmt: skip
def test_each_language_has_its_own_grammar(lang: str, words: str, edtf: str) -> None:
    text = fold(f"aa {words} aa")
    assert [date.edtf for date in find_dates(text, 0, len(text), lang)] == [edtf]


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("ru", "14 маршей"),
        ("ru", "версия 14.02.22.1"),
        ("ru", "около 14 часов"),
        ("ru", "«Метель — 2022»"),
        ("en", "they may 2 or 3"),
        ("en", "may 14 people"),
        ("en", "the Sunday Times"),
        ("en", "every Monday"),
        ("en", "in 2000 metres"),
        ("uk", "14 листів"),
        ("be", "14 маршаў"),
    ],
)
def test_what_only_looks_like_a_date_is_none(lang: str, words: str) -> None:
    text = fold(f"aa {words} aa")
    assert find_dates(text, 0, len(text), lang, Stated("2022-02-16", (0, 1))) == []


def test_two_days_that_do_not_follow_each_other_are_no_range() -> None:
    text = fold("14 и 20 февраля")
    assert [date.edtf for date in find_dates(text, 0, len(text), "ru")] == [None]


#: A Wednesday.
ON_PAGE, GIVEN = Stated("2022-02-16", (0, 10)), Stated("2022-02-16", None)


@pytest.mark.parametrize(
    ("lang", "words", "edtf"),
    [
        ("ru", "вчера состоялся разговор", "2022-02-15"),
        ("ru", "позавчера они говорили", "2022-02-14"),
        ("ru", "в понедельник состоялся разговор", "2022-02-14"),
        ("ru", "в среду состоялся разговор", "2022-02-16"),
        ("ru", "11 июля этого года", "2022-07-11"),
        ("ru", "14 декабря прошлого года", "2021-12-14"),
        ("be", "учора адбылася размова", "2022-02-15"),
        ("be", "у панядзелак адбылася размова", "2022-02-14"),
        ("be", "12 студзеня сёлета", "2022-01-12"),
        ("uk", "у понеділок відбулася розмова", "2022-02-14"),
        ("uk", "учора", "2022-02-15"),
        ("uk", "11 липня цього року", "2022-07-11"),
        ("en", "on Monday they spoke", "2022-02-14"),
        ("en", "earlier today", "2022-02-16"),
        ("en", "the day before yesterday", "2022-02-14"),
        ("en", "on 11 July last year", "2021-07-11"),
    ],
)
def test_a_day_told_from_the_day_of_writing(lang: str, words: str, edtf: str) -> None:
    text = fold(words)
    (date,) = find_dates(text, 0, len(text), lang, ON_PAGE)
    assert date.edtf == edtf
    assert "2022-02-16" in date.why
    (only_given,) = find_dates(text, 0, len(text), lang, GIVEN)
    assert only_given.edtf == f"{edtf}?"
    (unknown,) = find_dates(text, 0, len(text), lang)
    assert unknown.edtf is None or unknown.edtf.startswith("XXXX")


@pytest.mark.parametrize(
    ("lang", "words", "edtf"),
    [
        ("ru", "в пятницу состоится встреча", "2022-02-18?"),
        ("ru", "в среду состоится встреча", None),
        ("ru", "накануне состоялся разговор", "2022-02-15?"),
        ("ru", "разговор накануне учений", None),
        ("ru", "«вчера мы говорили», — сказал он", "2022-02-15?"),
        ("en", "they will meet on Friday", "2022-02-18?"),
        ("en", "said on Friday that they will meet", "2022-02-11"),
    ],
)
def test_what_may_mean_another_day_is_marked(lang: str, words: str, edtf: str | None) -> None:
    text = fold(words)
    assert [date.edtf for date in find_dates(text, 0, len(text), lang, ON_PAGE)] == [edtf]


def test_a_day_counted_from_one_without_a_year_has_none() -> None:
    text = fold("вчера")
    assert find_dates(text, 0, 5, "ru", Stated("XXXX-02-16", (0, 1)))[0].edtf == "XXXX-02-15"
    assert find_dates(text, 0, 5, "ru", Stated("XXXX-03-01", (0, 1)))[0].edtf is None


@pytest.mark.parametrize(
    "words", ["в понедельник, 14 февраля", "14 февраля, в понедельник", "вчера, 14 февраля"]
)
def test_a_weekday_beside_a_date_adds_nothing(words: str) -> None:
    text = fold(words)
    assert [date.edtf for date in find_dates(text, 0, len(text), "ru", ON_PAGE)] == ["XXXX-02-14"]


@pytest.mark.parametrize(
    ("words", "written", "edtf"),
    [("14 февраля", "2022-02-16", "2022-02-14?"), ("28 декабря", "2022-01-10", "2021-12-28?"),
     ("3 января", "2021-12-30", "2022-01-03?")],
)  # fmt: skip
def test_the_year_suggested_is_the_nearest(words: str, written: str, edtf: str) -> None:
    text = fold(words)
    (date,) = find_dates(text, 0, len(text), "ru")
    assert suggested(date, set(), "", Stated(written, (0, 1))).edtf == edtf
    assert suggested(date, {2019}, "the name of an exercise", Stated(written, (0, 1))).edtf == date.edtf


def test_no_year_that_no_page_gives() -> None:
    """Whatever page a date stands on, a year without doubt stands in its words or in a dateline."""
    for lang, words in [
        ("ru", "14 февраля"),
        ("be", "14 лютага"),
        ("uk", "14 лютого"),
        ("en", "February 14"),
    ]:
        text = fold(words)
        for stated in (None, GIVEN, ON_PAGE):
            for date in find_dates(text, 0, len(text), lang, stated):
                assert suggested(date, {2022}, "a name", stated).edtf == "2022-02-14?"
