# SPDX-License-Identifier: Apache-2.0
"""Read-outs against each other."""

from __future__ import annotations

from typing import Any

import pytest

from detente.errors import MalformedError
from detente.press.compare import (
    compare,
    compare_source,
    from_body,
    from_page,
    from_source,
    pair_of_page,
    pair_of_pages,
    told_page,
    word_overlap,
)
from tests.press.helpers import find, own, page

CALL = own("call.txt")
BY = (
    "Министр обороны Беларуси Виктор Хренин 14 февраля 2022 года провел телефонный разговор с министром "
    "обороны Украины Алексеем Резниковым. Цель разговора — укрепление доверия на границе. Министры "
    "договорились о взаимных визитах военных атташе на учения."
    " Виктор Хренин заявил, что Беларусь не угрожает Украине."
)
UA = (
    "По инициативе Киева министр обороны Украины Алексей Резников 14 февраля поговорил по телефону "
    "с министром обороны Беларуси Виктором Хрениным. Цель разговора — предотвращение "
    "инцидентов. Министры договорились о визитах военных атташе на учения."
    " Алексей Резников потребовал отвести войска от границы."
)


def rows(result: dict[str, Any], group: str) -> list[str]:
    return [row["point"] for row in result[group]]


def test_two_sides_of_one_page() -> None:
    result = compare_source(find(CALL), CALL)
    assert (result["a"]["side"], result["b"]["side"]) == ("BY", "UA")
    assert rows(result, "only_a").count("purpose") == 3
    alone = [row for row in result["only_b"] if row["point"] == "statement"]
    assert any(row["speaker"] == "BY" and row["type"] == "assurance" for row in alone)
    measures = [row["why"] for row in result["only_b"] if row["point"] == "measure"]
    assert len(measures) == 3
    assert sum("does not say whose" in why for why in measures) == 2
    for group in ("only_a", "only_b", "both", "both_differently"):
        for row in result[group]:
            for side in ("a", "b"):
                if row[side]:
                    parts = [CALL[start:end] for start, end in row[side]["spans"]]
                    assert all(part in CALL for part in parts)


def test_two_files() -> None:
    result = compare(
        from_page(BY.encode(), name="by.txt", side="BY"), from_page(UA.encode(), name="ua.txt", side="UA")
    )
    assert {"kind", "date", "measure"} <= set(rows(result, "both"))
    assert "purpose" in rows(result, "both_differently")
    assert "statement" in rows(result, "only_a")
    assert {"initiator", "statement"} <= set(rows(result, "only_b"))


def test_dates_that_differ_are_told_differently() -> None:
    other = UA.replace("14 февраля", "13 февраля")
    result = compare(
        from_page(BY.encode(), name="by.txt", side="BY"), from_page(other.encode(), name="ua.txt", side="UA")
    )
    assert "date" in rows(result, "both_differently")


def test_a_read_out_with_itself_is_all_both() -> None:
    one = from_page(BY.encode(), name="by.txt", side="BY")
    result = compare(one, one)
    assert len(result["both"]) == len(one.points)
    assert not result["only_a"] and not result["only_b"] and not result["both_differently"]


def test_the_order_of_the_two_only_swaps_the_sides() -> None:
    a, b = from_page(BY.encode(), name="by.txt", side="BY"), from_page(UA.encode(), name="ua.txt", side="UA")
    there, back = compare(a, b), compare(b, a)
    assert sorted(rows(there, "only_a")) == sorted(rows(back, "only_b"))
    assert sorted(rows(there, "both")) == sorted(rows(back, "both"))


def test_bodies_of_entries() -> None:
    a = from_body({"text": BY, "lang": "ru"}, name="BY-40", side="BY")
    b = from_body({"text": UA, "lang": "ru"}, name="UA-44", side="UA")
    assert "measure" in rows(compare(a, b), "both")
    assert from_body({"text": "  "}, name="BY-1", side="BY").points == ()
    assert (
        from_body({"text": "Беларусь никому не угрожает.", "lang": "ru"}, name="BY-2", side="BY").side == "BY"
    )


def test_nothing_to_compare_is_said() -> None:
    with pytest.raises(MalformedError, match="no contact"):
        from_page("Погода будет теплой и ясной.".encode(), name="weather.txt")
    with pytest.raises(MalformedError, match="fewer than two"):
        compare_source(find(page("planned.txt")), page("planned.txt"))
    with pytest.raises(MalformedError, match="no contact 7"):
        from_source(find(CALL), CALL, "BY", 7)


def test_words_agree_whatever_their_endings() -> None:
    assert word_overlap("обеспечения безопасности в регионе", "безопасность региона обеспечили") > 0.6
    assert word_overlap("снижения напряженности", "создании горячей линии") == 0


def test_words_agree_across_languages() -> None:
    ours, theirs = "приглашение военных атташе на учения", "an invitation of attachés to the exercise"
    assert word_overlap(ours, theirs) > 0.6
    assert word_overlap(ours, "the price of bread") == 0
    assert word_overlap("", ours) == 0


@pytest.mark.parametrize("text", ["<html>our words", "\x00\x01\x02", "x" * (3 << 20), " ", "", "\ufeff"])
def test_a_read_out_that_cannot_be_read_does_not_keep_the_others_from_being_compared(text: str) -> None:
    theirs = from_body({"text": text, "lang": "en"}, name="theirs", side="UA")
    ours = from_body({"text": BY, "lang": "ru"}, name="ours", side="BY")
    found = compare(ours, theirs)
    assert found["only_a"] and not found["both"] and not found["only_b"]


def said(a: str, b: str, lang: str = "ru", other: str | None = None) -> dict[str, Any]:
    """The comparison of two lodged texts, of BY and of UA."""
    return compare(
        from_body({"text": a, "lang": lang}, name="a", side="BY"),
        from_body({"text": b, "lang": other or lang}, name="b", side="UA"),
    )


def one(result: dict[str, Any], group: str, point: str) -> dict[str, Any]:
    (row,) = [row for row in result[group] if row["point"] == point]
    return dict(row)


OPENING = (
    "Министр обороны Беларуси 14 февраля 2022 года провел телефонный разговор с министром обороны Украины."
)


def test_two_purposes_are_told_differently_with_both_quotes() -> None:
    result = said(
        f"{OPENING} Цель разговора — восстановление диалога.",
        f"{OPENING} Цель разговора — безопасность в регионе.",
    )
    row = one(result, "both_differently", "purpose")
    assert (row["a"]["text"], row["b"]["text"]) == ("восстановление диалога", "безопасность в регионе")


def test_an_assurance_that_one_reports_of_a_silent_other() -> None:
    result = said(OPENING, f"{OPENING} Министр обороны Беларуси заверил, что угроз для Украины нет.")
    row = one(result, "only_b", "statement")
    assert (row["type"], row["speaker"], row["reported_by"]) == ("assurance", "BY", "UA")
    assert "BY itself does not say it" in row["why"]


def test_an_assurance_given_by_one_and_reported_by_the_other_is_in_both() -> None:
    result = said(
        f"{OPENING} Министр обороны Беларуси заявил, что для Украины угрозы нет.",
        f"{OPENING} Министр обороны Беларуси заверил, что угроз для Украины нет.",
    )
    row = one(result, "both", "statement")
    assert (row["speaker"], row["reported_by"]) == ("BY", "UA")


def test_assurances_of_two_sides_are_two() -> None:
    result = said(
        f"{OPENING} Министр обороны Беларуси заверил, что Беларусь не угрожает Украине.",
        f"{OPENING} Министр обороны Украины заверил, что Украина не угрожает Беларуси.",
    )
    assert one(result, "only_a", "statement")["speaker"] == "BY"
    assert one(result, "only_b", "statement")["speaker"] == "UA"


@pytest.mark.parametrize(
    ("ours", "theirs", "why"),
    [
        ("На учения прибудут 12 наблюдателей.", "На учения прибудут 15 наблюдателей.", "12 and 15"),
        ("Наблюдатели приедут до 3 марта.", "Наблюдатели приедут до 9 марта.", "XXXX-03-03 and XXXX-03-09"),
        ("Войска останутся у границы.", "Войска не останутся у границы.", "negation"),
        ("Открыты пункты пропуска на границе.", "Закрыты пункты пропуска на границе.", "undoes"),
    ],
)
def test_one_matter_told_in_two_ways(ours: str, theirs: str, why: str) -> None:
    result = said(f"{OPENING} {ours}", f"{OPENING} {theirs}")
    assert [row for row in result["both_differently"] if why in row["why"]], result
    assert not result["only_a"] and not result["only_b"]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("Наблюдатели приглашены на учения.", "На маневры приглашены наблюдатели."),
        ("Обмен пленными состоится в пятницу.", "В пятницу обменяют пленных."),
        ("Снижена напряженность на границе.", "Напряженность на границе снизилась."),
    ],
)
def test_order_endings_and_synonyms_do_not_matter(ours: str, theirs: str) -> None:
    result = said(f"{OPENING} {ours}", f"{OPENING} {theirs}")
    assert not result["both_differently"] and not result["only_a"] and not result["only_b"]


def test_a_contact_that_one_denies() -> None:
    denied = OPENING.replace("провел телефонный разговор", "не проводил телефонного разговора")
    result = said(OPENING, denied)
    row = one(result, "both_differently", "kind")
    assert "held in one, denied in the other" in row["why"]


def test_people_meet_across_spellings() -> None:
    ru = "Министр обороны Беларуси Виктор Хренин 14 февраля 2022 года встретился с министром обороны Украины."
    en = "The Belarusian minister Viktor Khrenin met the defence minister of Ukraine on 14 February 2022."
    result = said(ru, en, "ru", "en")
    assert any(
        (row["a"]["value"], row["b"]["value"]) == ("Виктор Хренин", "Viktor Khrenin")
        for row in result["both"]
        if row["point"] == "participant"
    )
    assert {"kind", "date"} <= set(rows(result, "both"))


def test_exercises_meet_across_alphabets_and_years_count() -> None:
    ru, en = (
        f"{OPENING} Обсуждены учения «Запад-2021».",
        "The ministers met. They discussed the exercise “Zapad-2021”.",
    )
    assert "exercise" in rows(said(ru, en, "ru", "en"), "both")
    assert "exercise" in rows(said(ru, en.replace("2021", "2025"), "ru", "en"), "both_differently")


def test_one_page_and_two_pages_and_html() -> None:
    page_of = told_page(CALL.encode(), name="call.txt")
    a, b = pair_of_page(page_of)
    assert (a.side, b.side) == ("BY", "UA")
    assert [one.side for one in pair_of_page(page_of, ["UA", "BY"])] == ["UA", "BY"]
    with pytest.raises(MalformedError, match="fewer than two"):
        pair_of_page(page_of, ["UA", "PL"])
    a, b = pair_of_pages(page_of, page_of)
    assert {a.side, b.side} == {"BY", "UA"}
    html = f"<!doctype html><html><body><article><p>{BY}</p></article></body></html>"
    read = from_page(html.encode(), name="by.html", side="BY")
    words = next(point for point in read.points if point.point == "purpose")
    assert html[words.span[0] : words.span[1]] == words.text == "укрепление доверия на границе"


def test_of_several_contacts_the_one_that_both_pages_tell_of() -> None:
    other = "Министр обороны Польши 2 марта 2021 года встретился с министром обороны Литвы."
    a, b = pair_of_pages(
        told_page(f"{other}\n\n{BY}".encode(), name="two.txt"), told_page(UA.encode(), name="ua.txt")
    )
    assert "date" in rows(compare(a, b), "both")


def test_what_a_person_rejected_is_left_out() -> None:
    source = find(BY)
    assert any(point.point == "purpose" for point in from_source(source, BY, "BY", whole=True).points)
    for purpose in source["contacts"][0]["purpose"]:
        purpose["state"] = "rejected"
    assert not any(point.point == "purpose" for point in from_source(source, BY, "BY", whole=True).points)


def test_names_that_stand_alone_do_not_make_two_clauses_one() -> None:
    result = said(
        f"{OPENING} Виктор Хренин передал карту минных полей.", f"{OPENING} Виктор Хренин опоздал на поезд."
    )
    assert not [
        row for group in ("both", "both_differently") for row in result[group] if row["point"] == "clause"
    ]
