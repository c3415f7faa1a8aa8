# SPDX-License-Identifier: Apache-2.0
"""Body apart from furniture."""

from __future__ import annotations

from itertools import pairwise

from tests.press.helpers import find, own, page, shown

BODY = "Министр обороны Польши заявил, что переговоры с литовской стороной прошли спокойно и без споров."


def kinds(text: str) -> dict[str, str]:
    return {shown(text, one["span"]): one["kind"] for one in find(text)["furniture"]}


def test_lists_support_captions_and_share_lines_are_furniture() -> None:
    text = own("call.txt")
    found = kinds(text)
    assert found["Поддержать редакцию «Образец»"] == "support"
    assert found["Фото: архив редакции"] == "caption"
    assert found["Поделиться"] == "share"
    assert sum(kind == "most_read" for kind in found.values()) == 4


def test_a_headline_in_the_text_is_body() -> None:
    text = own("call.txt")
    assert shown(text, find(text)["body"][0]) == "Министры обороны Беларуси и Украины поговорили по телефону"


def test_nothing_is_both_and_nothing_visible_is_lost() -> None:
    for text in (own("call.txt"), own("statement.txt"), page("visit.txt")):
        source = find(text)
        spans = sorted([*source["body"], *(one["span"] for one in source["furniture"])])
        assert all(first[1] <= second[0] for first, second in pairwise(spans))
        covered = "".join(text[start:end] for start, end in spans)
        assert "".join(covered.split()) == "".join(text.split())


def test_a_numbered_list_that_a_sentence_announces_is_body() -> None:
    text = f"{BODY}\n\nСтороны договорились о следующем:\n1. Создать линию связи.\n2. Провести встречу.\n"
    assert not find(text)["furniture"]


def test_a_list_of_headlines_after_the_text_is_furniture() -> None:
    text = f"{BODY}\n\nСамое читаемое\n1. Первая новость\n2. Вторая новость\n"
    assert set(kinds(text).values()) == {"most_read"}


def test_datelines_give_the_day_of_publication() -> None:
    text = f"Опубликовано: 15 февраля 2022 года, 12:40\n\n{BODY}\n"
    assert find(text)["published"]["edtf"] == "2022-02-15"
    assert find(BODY)["published"] is None


def test_headlines_under_read_also_are_no_body() -> None:
    text = f"{BODY}\n\nЧитайте также:\nМинистр обороны США позвонил министру обороны Китая\n\n{BODY}\n"
    source = find(text)
    assert [one["kind"] for one in source["furniture"]] == ["related", "related"]
    assert all("US" not in contact["sides"] for contact in source["contacts"])


def test_hard_wrapped_lines_are_one_paragraph() -> None:
    text = (
        "Телефонный разговор министра обороны Польши Мариуша Блащака с министром\n"
        "обороны Литвы Арвидасом Анушаускасом состоялся 4 мая 2021 года, сообщила\n"
        "пресс-служба польского военного ведомства.\n"
    )
    source = find(text)
    assert len(source["body"]) == 1
    assert [one["name"] for one in source["contacts"][0]["participants"]] == [
        "Мариуш Блащак",
        "Арвидас Анушаускас",
    ]


def test_outlet_only_where_the_page_shows_it() -> None:
    assert find(own("call.txt"))["outlet"]["name"] == "Образец"
    assert find("Поддержать команду Зеркала\n\n" + BODY)["outlet"]["name"] == "Зеркало"
    assert find(BODY + "\n\n© 2024 Еврорадио\n")["outlet"]["name"] == "Еврорадио"
    assert find(BODY)["outlet"] is None
