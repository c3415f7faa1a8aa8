# SPDX-License-Identifier: Apache-2.0
"""Findings on the project's own pages and on changed ones."""

from __future__ import annotations

from typing import Any

import pytest

from tests.press.helpers import find, own, page, shown

CALL = own("call.txt")
STATEMENT = own("statement.txt")


def contact(text: str) -> dict[str, Any]:
    found = find(text)["contacts"]
    assert len(found) == 1
    return dict(found[0])


def test_the_call() -> None:
    found = contact(CALL)
    assert (found["kind"], found["status"], found["initiator"]) == ("phone_call", "held", "UA")
    assert "украинская" in shown(CALL, found["initiator_span"])
    assert found["date"]["edtf"] == "2022-02-14?" and shown(CALL, found["date"]["span"]) == "14 февраля"
    assert "Метель" in found["date"]["why"]
    assert [one["side"] for one in found["purpose"]] == ["BY"] * 3
    assert len(found["topics"]) == 3
    people = [(one["name"], one["side"], one["rank"]) for one in found["participants"]]
    assert people == [("Виктор Хренин", "BY", "генерал-лейтенант"), ("Алексей Резников", "UA", None)]


def test_each_side_has_its_own_read_out() -> None:
    found = {one["side"]: one for one in contact(CALL)["readouts"]}
    assert set(found) == {"BY", "UA"}
    assert found["UA"]["publisher"] == "Министерство обороны Украины"
    assert "военного ведомства" in found["BY"]["publisher"]
    texts = {side: " ".join(shown(CALL, span) for span in one["spans"]) for side, one in found.items()}
    assert "братьями" in texts["BY"] and "алгоритм" in texts["UA"]
    assert "братьями" not in texts["UA"] and "алгоритм" not in texts["BY"]


def test_what_no_side_is_said_to_say_is_nobodys() -> None:
    source = find(CALL)
    attaches = [one for one in source["measures"] if "атташе" in one["what"]]
    assert [(one["reported_by"], one["follows"], one["status"]) for one in attaches] == [
        (None, "UA", "agreed")
    ] * 2
    agreed = [one for one in source["measures"] if "алгоритм" in one["what"]]
    assert [one["reported_by"] for one in agreed] == ["UA"]


def test_an_assurance_and_a_reported_assurance_are_two_statements() -> None:
    found = [one for one in find(CALL)["statements"] if one["type"] == "assurance"]
    own_one = [one for one in found if "исключены" in shown(CALL, one["span"])]
    reported = [one for one in found if one["reported_by"]]
    assert [(one["side"], one["mode"], one["addressee"], one["reported_by"]) for one in own_one] == [
        ("UA", "direct", "BY", None)
    ]
    assert [
        (one["speaker"], one["side"], one["mode"], one["addressee"], one["reported_by"]) for one in reported
    ] == [("Виктор Хренин", "BY", "indirect", "UA", "UA")]


def test_direct_speech_stands_without_its_marks() -> None:
    for text in (CALL, STATEMENT, page("visit.txt")):
        for one in find(text)["statements"]:
            if one["mode"] == "direct":
                words = shown(text, one["span"])
                assert words[0] not in '«„“"—' and words[-1] not in '»”“"'


def test_exercises_by_name() -> None:
    assert [one["name"] for one in find(CALL)["exercises"]] == ["Метель — 2022", "Союзная решимость — 2022"]


def test_the_statement() -> None:
    found = contact(STATEMENT)
    assert (found["kind"], found["date"], found["initiator"], found["readouts"]) == (
        "statement",
        None,
        None,
        [],
    )
    assert found["participants"][0]["name"] == "Валерий Ревенко"
    assert found["participants"][0]["office"].startswith("начальник Департамента")
    assert len(found["purpose"]) == 3
    source = find(STATEMENT)
    assert {one["outlet"] for one in source["statements"]} == {"СТВ"}
    assert {one["side"] for one in source["statements"]} == {"BY"}


def test_claimed_relations() -> None:
    found = find(STATEMENT)["relations"]
    ended, minimal = found
    assert (ended["parties"], ended["state"], ended["ended_by"], ended["claimed_by"], ended["since"]) == (
        ["BY", "NATO"],
        "ended",
        "NATO",
        "BY",
        "2021-11~",
    )
    assert (minimal["state"], minimal["ended_by"], minimal["since"]) == ("minimal_contacts", None, None)
    assert {one["review"] for one in found} == {"proposed"}


def test_an_appeal() -> None:
    found = find(STATEMENT)["appeals"]
    assert [(one["org"], one["addressee"], one["date"]) for one in found] == [("NATO", "BY", "XXXX-07-11")]


@pytest.mark.parametrize(
    ("old", "new", "path", "value"),
    [
        ("украинская сторона", "белорусская сторона", "initiator", "BY"),
        ("Инициатором беседы стала украинская сторона.", "", "initiator", None),
        ("провели телефонный разговор", "провели видеоконференцию", "kind", "video_call"),
        ("провели телефонный разговор", "встретились", "kind", "meeting"),
    ],
)
def test_a_change_of_the_page_changes_the_contact(old: str, new: str, path: str, value: str | None) -> None:
    text = CALL.replace(old, new).replace(
        "поговорили по телефону", "провели встречу" if value == "meeting" else "поговорили"
    )
    assert old in CALL
    assert contact(text)[path] == value


@pytest.mark.parametrize(
    ("side", "names"),
    [
        ("PL", ("Украина", "Польша", "Украины", "Польши", "Украине", "Польше", "украинск", "польск")),
        (
            "KZ",
            (
                "Украина",
                "Казахстан",
                "Украины",
                "Казахстана",
                "Украине",
                "Казахстану",
                "украинск",
                "казахстанск",
            ),
        ),
        ("CN", ("Украина", "Китай", "Украины", "Китая", "Украине", "Китаю", "украинск", "китайск")),
    ],
)
def test_another_state(side: str, names: tuple[str, ...]) -> None:
    text = CALL
    for old, new in zip(names[::2], names[1::2], strict=True):
        text = text.replace(old, new)
    text = text.replace("Киеве", "столице")
    found = contact(text)
    assert found["initiator"] == side
    assert [one["side"] for one in found["participants"]] == ["BY", side]
    assert {one["side"] for one in found["readouts"]} == {"BY", side}
    assert any(one["reported_by"] == side and one["side"] == "BY" for one in find(text)["statements"])


@pytest.mark.parametrize(
    ("verb", "state"), [("прекратила", "ended"), ("приостановила", "suspended"), ("сократила", "reduced")]
)
@pytest.mark.parametrize(
    ("written", "org"), [("НАТО", "NATO"), ("ОБСЕ", "OSCE"), ("ООН", "UN"), ("Польша", "PL")]
)
def test_other_states_of_relations(verb: str, state: str, written: str, org: str) -> None:
    said = f"С мая 2020 года {written} {verb} отношения с Беларусью"
    text = f"— {said}, — сказал Валерий Ревенко, помощник министра обороны Беларуси."
    found = find(text)["relations"]
    assert [(one["state"], one["ended_by"], one["since"]) for one in found] == [(state, org, "2020-05")]
    assert found[0]["parties"] == sorted(["BY", org])


def test_a_planned_call() -> None:
    found = contact(page("planned.txt"))
    assert (found["kind"], found["status"], found["initiator"]) == ("video_call", "planned", "US")
    assert found["date"]["edtf"] == "XXXX-10-17"
    assert len(found["purpose"]) == 2


def test_an_unanswered_call() -> None:
    found = contact(page("attempted.txt"))
    assert (found["kind"], found["status"], found["initiator"]) == ("phone_call", "attempted", "UA")
    assert found["date"]["edtf"] == "2022-02-20"


def test_a_denied_call() -> None:
    text = page("denied.txt")
    found = contact(text)
    assert (found["status"], found["denied_by"], found["date"]["edtf"]) == ("denied", "BY", "XXXX-09-05")
    assert [one["type"] for one in find(text)["statements"]] == ["denial", "denial"]


def test_a_visit() -> None:
    text = page("visit.txt")
    found = contact(text)
    assert (found["kind"], found["initiator"], found["date"]["edtf"]) == ("visit", "LV", "2023-05-11?")
    assert [shown(text, one["span"]) for one in found["topics"]] == [
        "охрану границы",
        "обмен данными",
        "подготовку к учениям «Железный волк — 2023»",
    ]
    measures = {one["what"]: (one["status"], one["reported_by"]) for one in find(text)["measures"]}
    assert measures["создании горячей линии"] == ("agreed", "LT")
    assert ("proposed", "LV") in measures.values()


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("США призвали Россию вернуться за стол переговоров с Украиной.", None),
        ("Министр обороны Польши готов к переговорам с министром обороны Литвы.", None),
        ("Погода в Минске 14 февраля будет теплой.", None),
        ("Министр обороны Польши позвонит министру обороны Литвы 3 мая.", "planned"),
        ("Министр обороны Польши позвонил министру обороны Литвы 3 мая.", "held"),
        ("Министру обороны Польши не удалось дозвониться до министра обороны Литвы.", "attempted"),
        ("МИД Польши опроверг телефонный разговор с министром обороны Литвы.", "denied"),
    ],
)
def test_wishes_are_no_contacts(text: str, status: str | None) -> None:
    found = [one["status"] for one in find(text)["contacts"] if one["kind"] != "statement"]
    assert found == ([status] if status else [])


@pytest.mark.parametrize(
    ("text", "kind", "side"),
    [
        ("Министр обороны Польши Мариуш Блащак заявил, что Польша никому не угрожает.", "assurance", "PL"),
        ("Министр обороны Польши Мариуш Блащак потребовал прекратить провокации.", "demand", "PL"),
        ("Министр обороны Польши Мариуш Блащак пообещал прислать наблюдателей.", "commitment", "PL"),
        ("Министр обороны Польши Мариуш Блащак опроверг сообщения о стрельбе.", "denial", "PL"),
        ("Министр обороны Польши Мариуш Блащак сообщил, что учения завершены.", "description", "PL"),
        ("Министр обороны Польши Мариуш Блащак заявил, что Россия представляет угрозу.", "description", "PL"),
        ("«Мы требуем вывести войска», — сказал министр обороны Польши Мариуш Блащак.", "demand", "PL"),
        (
            "По словам министра обороны Польши Мариуша Блащака, учения носят оборонительный характер.",
            "assurance",
            "PL",
        ),
        ("В МИД Литвы сообщили, что нарушений не было.", "description", "LT"),
        (
            "Учения не направлены против соседей, заявил министр обороны Эстонии Ханно Певкур.",
            "assurance",
            "EE",
        ),
    ],
)
def test_types_of_statements(text: str, kind: str, side: str) -> None:
    found = find(text)["statements"]
    assert [(one["type"], one["side"]) for one in found] == [(kind, side)]
    assert found[0]["outlet"] is None


def test_rules_find_nothing_about_sides_in_other_languages_yet() -> None:
    source = find("Міністр повідомив, що розмова відбулася 14 лютого 2022 року.")
    assert source["lang"] == "uk"
    assert [one["edtf"] for one in source["dates"]] == ["2022-02-14"]
    assert source["contacts"] == []
