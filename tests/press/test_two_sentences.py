# SPDX-License-Identifier: Apache-2.0
"""A contact that is told over two sentences: one contact, with what each of them knows."""

from __future__ import annotations

import pytest

from tests.press.helpers import find

LED_IN = {
    "ru": (
        "По просьбе польской стороны 2 мая состоялся телефонный разговор военных. Из Варшавы звонил "
        "начальник генерального штаба Польши генерал Ян Новак, в Минске ответил министр обороны Беларуси "
        "Игорь Ковшик."
    ),
    "be": (
        "Па просьбе польскага боку 2 мая адбылася тэлефонная гутарка вайскоўцаў. З Варшавы тэлефанаваў "
        "начальнік Генеральнага штаба Польшчы генерал Ян Новак, у Мінску адказаў міністр абароны Беларусі "
        "Ігар Коўшык."
    ),
}


@pytest.mark.parametrize("lang", sorted(LED_IN))
def test_the_lead_names_one_side_and_the_next_sentence_both(lang: str) -> None:
    (contact,) = find(LED_IN[lang], lang=lang)["contacts"]
    assert (contact["kind"], contact["status"], contact["initiator"]) == ("phone_call", "held", "PL")
    assert contact["date"]["edtf"] == "XXXX-05-02"
    assert sorted(contact["sides"]) == ["BY", "PL"]


def test_the_means_of_a_talk_is_told_later() -> None:
    text = (
        "Военные Польши и Беларуси пообщались напрямую. Сеанс видео-конференц-связи продлился час. "
        "Попросила о нем Варшава."
    )
    (contact,) = find(text, lang="ru")["contacts"]
    assert (contact["kind"], contact["status"], contact["initiator"]) == ("video_call", "held", "PL")


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        ("ru", "В прошлый раз они общались в мае 2019 года."),
        ("be", "Мінулы раз яны гутарылі ў маі 2019 года."),
        ("uk", "Минулого разу вони розмовляли у травні 2019 року."),
    ],
)
def test_an_earlier_contact_gives_no_date(lang: str, text: str) -> None:
    lead = {
        "ru": "Министр обороны Польши Ян Новак поговорил по телефону с министром обороны Литвы.",
        "be": "Міністр абароны Польшчы Ян Новак правёў тэлефонную размову з міністрам абароны Літвы.",
        "uk": "Міністр оборони Польщі Ян Новак провів телефонну розмову з міністром оборони Литви.",
    }[lang]
    (contact,) = find(f"{lead} {text}", lang=lang)["contacts"]
    assert contact["date"] is None
