# SPDX-License-Identifier: Apache-2.0
"""The outlet: what a page's own lines call the one that published it."""

from __future__ import annotations

import pytest

from tests.press.helpers import find, shown

RU = (
    "Министр обороны Литвы Юлюс Мажейка 4 марта 2024 года провел телефонный разговор с министром обороны "
    "Латвии Гунтисом Озолсом. Стороны обсудили учения."
)
BE = (
    "Міністр абароны Літвы Юлюс Мажэйка 4 сакавіка 2024 года правёў тэлефонную размову з міністрам абароны "
    "Латвіі Гунтысам Озалсам. Бакі абмеркавалі вучэнні."
)
UK = (
    "Міністр оборони Литви Юлюс Мажейка 4 березня 2024 року провів телефонну розмову з міністром оборони "
    "Латвії Гунтісом Озолсом. Сторони обговорили навчання."
)
EN = (
    "Lithuanian Defence Minister Julius Mazeika held a telephone call with Latvian Defence Minister Guntis "
    "Ozols on 4 March 2024. They discussed exercises."
)


@pytest.mark.parametrize(
    ("page", "name"),
    [
        (f"Двинский курьер\n\nГлавная | Новости | Спорт\n\n{RU}\n", "Двинский курьер"),
        (f"ДВИНСКИЙ КУРЬЕР — городская газета\n\n{RU}\n", "ДВИНСКИЙ КУРЬЕР"),
        (f"{RU}\n\n© 2024 «Двинский курьер». Все права защищены.\n", "Двинский курьер"),
        (f"{RU}\n\n© Двинский курьер, 2019–2024\n", "Двинский курьер"),
        (
            f"{RU}\n\nПри использовании материалов ссылка на «Двинский курьер» обязательна.\n",
            "Двинский курьер",
        ),
        (f"{RU}\n\nПодписывайтесь на «Двинский курьер» в Telegram\n", "Двинский курьер"),
        (f"ВИЛЬНЮС, 4 марта — Двина-Информ. {RU}\n", "Двина-Информ"),
        (f"ВИЛЬНЮС, 4 марта. /Двина-Информ/. {RU}\n", "Двина-Информ"),
        (f"Главная\nНовости\nСпорт\n\n{RU}\n", None),
        (f"Литва и Латвия обсудили учения\n\n{RU}\n", None),
        (f"{RU}\n\nФото: © Двина-Информ\n", None),
        (
            f"Міністэрства абароны Літоўскай Рэспублікі\n\nГалоўная\nНавіны\n\n{BE}\n",
            "Міністэрства абароны Літоўскай Рэспублікі",
        ),
        (f"Дзвінскі веснік\n\n4 сакавіка 2024, 10:15\n\n{BE}\n", "Дзвінскі веснік"),
        (
            f"{BE}\n\nПры выкарыстанні матэрыялаў спасылка на Дзвінскі веснік абавязковая.\n",
            "Дзвінскі веснік",
        ),
        (f"{BE}\n\nЧытайце «Дзвінскі веснік» у Telegram\n", "Дзвінскі веснік"),
        (f"Дзвіна.Інфа\n\n{BE}\n", "Дзвіна.Інфа"),
        (f"{BE}\n\n© 2024 Дзвінскі веснік. Усе правы абаронены.\n", "Дзвінскі веснік"),
        (f"Двинський вісник\n\nГоловна | Події\n\n{UK}\n", "Двинський вісник"),
        (f"ВІЛЬНЮС, 4 березня. /Двинаінформ/. {UK}\n", "Двинаінформ"),
        (f"{UK}\n\nПосилання на «Двинський вісник» обов'язкове.\n", "Двинський вісник"),
        (f"{UK}\n\nПідписуйтесь на Двинський вісник у Telegram\n", "Двинський вісник"),
        (f"{UK}\n\n© 2024 Двинський вісник. Усі права захищено.\n", "Двинський вісник"),
        (f"The Dvina Courier\nHome | World | Sport\n\n{EN}\n", "The Dvina Courier"),
        (f"Dvina Courier, Tuesday 5 March 2024\n\n{EN}\n", "Dvina Courier"),
        (f"{EN}\n\n© 2024 Dvina Courier. All rights reserved.\n", "Dvina Courier"),
        (f"{EN}\n\nCopyright 2024 by Dvina Courier\n", "Dvina Courier"),
        (f"{EN}\n\nFollow Dvina Courier on X\n", "Dvina Courier"),
        (f"VILNIUS (Dvina Press) — {EN}\n", "Dvina Press"),
        (f"Home\nNews\nSport\n\n{EN}\n", None),
    ],
)
def test_named_in_a_text(page: str, name: str | None) -> None:
    outlet = find(page)["outlet"]
    assert (outlet and outlet["name"]) == name
    assert outlet is None or shown(page, outlet["span"]) == name


@pytest.mark.parametrize(
    ("head", "name", "written"),
    [
        ("<title>Call held | Dvina Courier</title>", "Dvina Courier", "Dvina Courier"),
        ("<title>Call held &amp; done | Dvina Courier</title>", "Dvina Courier", None),
        (
            '<title>Call</title><meta property="og:site_name" content="Dvina Courier">',
            "Dvina Courier",
            "Dvina Courier",
        ),
        ("<title>Baltic ministers - a telephone call</title>", None, None),
    ],
)
def test_named_in_the_head_of_html(head: str, name: str | None, written: str | None) -> None:
    page = f"<html><head>{head}</head><body><h1>Call held</h1><p>{EN}</p></body></html>"
    outlet = find(page)["outlet"]
    assert (outlet and outlet["name"]) == name
    if outlet:
        assert (outlet["span"] and shown(page, outlet["span"])) == written
