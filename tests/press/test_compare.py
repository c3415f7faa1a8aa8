# SPDX-License-Identifier: Apache-2.0
"""Read-outs against each other."""

from __future__ import annotations

from typing import Any

import pytest

from detente.errors import MalformedError
from detente.press.compare import compare, compare_source, from_body, from_page, from_source, word_overlap
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


@pytest.mark.parametrize("text", ["<html>our words", "\x00\x01\x02", "x" * (3 << 20), " ", "", "\ufeff"])
def test_a_read_out_that_cannot_be_read_does_not_keep_the_others_from_being_compared(text: str) -> None:
    theirs = from_body({"text": text, "lang": "en"}, name="theirs", side="UA")
    ours = from_body({"text": BY, "lang": "ru"}, name="ours", side="BY")
    found = compare(ours, theirs)
    assert found["only_a"] and not found["both"] and not found["only_b"]
