# SPDX-License-Identifier: Apache-2.0
"""Bodies of dumps in four languages: what stands around, among and under the text is no part of it."""

from __future__ import annotations

import pytest

from tests.press.helpers import find, shown

#: Body lines begin with "+"; "=" is a dateline; everything else is furniture.
DUMPS = {
    "ru": """
Поддержать редакцию
Главная | Новости | Политика | Война
Популярное
Президент Латвии встретился с президентом Эстонии
Пять рецептов зимнего супа
Что известно о новом законе?

+Министры обороны Польши и Литвы поговорили по телефону
=15 февраля 2022, 12:40
Фото: архив редакции

+Министры обороны Польши и Литвы обсудили по телефону обстановку на границе, сообщили в польском ведомстве.
Реклама
Зимние шины со скидкой до 50 %

+«Угрозы нет», — сказал литовский министр журналистам после разговора с коллегой.
Читайте также: Министр обороны Чехии позвонил министру обороны Словакии
+Следующий шаг
+Стороны договорились о встрече, она пройдет в Вильнюсе, говорится в сообщении.
Снимок носит иллюстративный характер. Фото: пресс-служба
Подписывайтесь на наш телеграм-канал, чтобы не пропустить новости!
Нашли ошибку? Выделите ее и нажмите Ctrl+Enter
Теги: Польша, Литва
Другие новости
12:10 Президент Молдовы посетил Бухарест
11:45 Курс валют на завтра
© 2022 Пример. Все права защищены""",
    "be": """
Падтрымаць рэдакцыю
Галоўная
Навіны
Самае чытанае
  1. Прэзідэнт Латвіі сустрэўся з прэзідэнтам Эстоніі
  2. Пяць рэцэптаў зімовага супу

+Міністры абароны Польшчы і Літвы пагаварылі па тэлефоне
=Апублікавана: 15 лютага 2022, 12:40

+Міністры абароны Польшчы і Літвы абмеркавалі па тэлефоне сітуацыю на мяжы, паведамілі ў польскім ведамстве.
Фота: архіў рэдакцыі
+«Пагрозы няма», — сказаў літоўскі міністр журналістам пасля размовы з калегам.
Рэклама
+Бакі дамовіліся пра сустрэчу, яна пройдзе ў Вільні, гаворыцца ў паведамленні.
Чытайце таксама:
Міністр абароны Чэхіі патэлефанаваў міністру абароны Славакіі
Падпісвайцеся на наш тэлеграм-канал
Тэгі: Польшча, Літва
Усе правы абароненыя""",
    "uk": """
Підтримати редакцію
Головна / Новини / Політика / Війна
Найпопулярніше
1. Президент Латвії зустрівся з президентом Естонії
2. П'ять рецептів зимового супу

+Міністри оборони Польщі та Литви поговорили телефоном
=15 лютого 2022, 12:40

+Міністри оборони Польщі та Литви обговорили телефоном ситуацію на кордоні, повідомили в польському відомстві.
Світлина: архів редакції
+«Загрози немає», — сказав литовський міністр журналістам після розмови з колегою.
Знижки до 50 % на зимові шини
+Сторони домовилися про зустріч, вона відбудеться у Вільнюсі, йдеться в повідомленні.
Читайте також: Міністр оборони Чехії зателефонував міністру оборони Словаччини
Підписуйтесь на наш телеграм-канал
Знайшли помилку? Виділіть її та натисніть Ctrl+Enter
Останні новини
Президент Молдови відвідав Бухарест
Курс валют на завтра
Усі права захищено""",
    "en": """
Support independent journalism
Home | News | World | Opinion
Most read
1. Presidents of Latvia and Estonia meet in Riga
2. Five recipes for a winter soup

+Polish and Lithuanian defence ministers speak by phone
=15 February 2022, 12:40
By Jane Example

+The defence ministers of Poland and Lithuania discussed the border by phone, the Polish ministry said.
Photo: Example Archive
+“There is no threat,” the Lithuanian minister told reporters after the conversation with his colleague.
Advertisement
Winter tyres: 50% off today

+The sides agreed to meet in Vilnius, the ministry said, without giving a date for the meeting.
Read also: Czech defence minister telephones Slovak defence minister
Share this article
Sign up for our daily newsletter and never miss a story.
Reporting by Jane Example; editing by John Example
Latest news
President of Moldova visits Bucharest
Exchange rates for tomorrow
© 2022 Example. All rights reserved.""",
}


def parts(dump: str) -> tuple[str, list[str], list[str]]:
    """The page, its body lines and its datelines."""
    lines = dump.strip().split("\n")
    body = [line[1:] for line in lines if line.startswith("+")]
    dates = [line[1:] for line in lines if line.startswith("=")]
    return "\n".join(line.lstrip("+=") for line in lines), body, dates


@pytest.mark.parametrize("lang", DUMPS)
def test_the_body_of_a_dump_is_its_article_and_nothing_else(lang: str) -> None:
    text, body, dates = parts(DUMPS[lang])
    source = find(text)
    assert source["lang"] == lang
    assert [shown(text, span) for span in source["body"]] == body
    kinds = {shown(text, one["span"]): one["kind"] for one in source["furniture"]}
    assert [line for line, kind in kinds.items() if kind == "dateline"] == dates
    assert source["published"]["edtf"] == "2022-02-15"


@pytest.mark.parametrize("lang", DUMPS)
@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_newlines_do_not_matter(lang: str, newline: str) -> None:
    text, body, _ = parts(DUMPS[lang])
    changed = text.replace("\n", newline)
    assert [shown(changed, span) for span in find(changed)["body"]] == body


@pytest.mark.parametrize("lang", DUMPS)
def test_furniture_without_the_article_gives_no_contact(lang: str) -> None:
    kept = [line for line in DUMPS[lang].strip().split("\n") if not line.startswith(("+", "="))]
    assert find("\n".join(kept))["contacts"] == []


@pytest.mark.parametrize(
    "sentence",
    [
        "Поддержать предложение о встрече готовы обе стороны, заявил министр обороны Польши журналистам.",
        "Поделиться данными разведки согласились три страны, сообщил министр обороны Литвы в среду.",
        "Главная цель разговора — снизить напряжение на границе, подчеркнул министр обороны Польши.",
        "Подписать соглашение о границе стороны намерены до конца года, сообщила пресс-служба министра.",
        "Новости о провокации на границе не подтвердились, сказал министр обороны Литвы журналистам.",
    ],
)
def test_a_sentence_that_begins_like_furniture_is_body(sentence: str) -> None:
    text = f"Министры обороны Польши и Литвы поговорили по телефону, сообщила пресс-служба.\n\n{sentence}\n"
    assert [shown(text, span) for span in find(text)["body"]][-1] == sentence


def test_the_dateline_nearest_the_text_is_that_of_the_page() -> None:
    _, body, _ = parts(DUMPS["ru"])
    text = f"24 ноября 2025, 10:00\n\n{body[0]}\n15 февраля 2022, 12:40\n\n{body[1]}\n\n{body[2]}"
    assert find(text)["published"]["edtf"] == "2022-02-15"


def test_a_day_in_the_head_of_a_site_or_among_other_news_is_not_that_of_the_page() -> None:
    _, body, _ = parts(DUMPS["ru"])
    text = "\n\n".join(body)
    assert find(f"Понедельник, 24 ноября 2025\nГлавная | Новости | Война\n\n{text}")["published"] is None
    assert find(f"24 ноября 2025, 10:00\nГлавная | Новости | Война\n\n{text}")["published"] is None
    assert find(f"{text}\n\nДругие новости\n24 ноября 2025\nНовая выставка")["published"] is None
    assert find(f"{text}\n\n15 февраля 2022")["published"]["edtf"] == "2022-02-15"
    under = f"{text}\n\nПоделиться\nОпубликовано 15.02.2022 12:40"
    assert find(under)["published"]["edtf"] == "2022-02-15"


@pytest.mark.parametrize(
    ("line", "edtf"),
    [
        ("Ян Новак, 15 февраля 2022, 21:05", "2022-02-15"),
        ("Вильнюс, 15 февраля 2022 года", "2022-02-15"),
        ("15 февраля, вторник", "XXXX-02-15"),
        ("Обновлено 15.02.2022 12:40", "2022-02-15"),
    ],
)
def test_a_date_beside_a_name_or_place_is_a_dateline(line: str, edtf: str) -> None:
    _, body, _ = parts(DUMPS["ru"])
    text = f"{body[0]}\n{line}\n\n{body[1]}\n\n{body[2]}"
    source = find(text)
    assert source["published"]["edtf"] == edtf
    assert line not in [shown(text, span) for span in source["body"]]


def test_a_headline_with_a_date_is_no_dateline() -> None:
    _, body, _ = parts(DUMPS["ru"])
    text = f"Министры обороны встретились в Варшаве 14 февраля 2022 года\n\n{body[1]}\n\n{body[2]}"
    assert find(text)["published"] is None


def test_what_readers_comment_is_no_body() -> None:
    _, body, _ = parts(DUMPS["ru"])
    said = (
        "Правильно, что министр обороны Польши позвонил министру обороны Чехии, давно пора было это сделать."
    )
    text = "\n\n".join([*body, "Комментарии (2)", "Читатель", said])
    assert [shown(text, span) for span in find(text)["body"]] == body
    early = "\n\n".join([body[0], "Комментарии (2)", *body[1:]])
    assert [shown(early, span) for span in find(early)["body"]] == body


@pytest.mark.parametrize(
    ("opening", "edtf"),
    [
        ("МИНСК, 14 февраля. /ПРИМЕР/. ", "XXXX-02-14"),
        ("Минск. 14 февраля. PRIMER.RU - ", "XXXX-02-14"),
        ("МИНСК, 14 фев — Пример. ", "XXXX-02-14"),
        ("14 февраля 2022, Минск /Корр. ПРИМЕР/. ", None),
        ("14 февраля состоялся разговор — об этом сообщили. ", None),
    ],
)
def test_openings_of_agencies(opening: str, edtf: str | None) -> None:
    _, body, _ = parts(DUMPS["ru"])
    published = find(f"{opening}{body[1]}\n")["published"]
    assert (published and published["edtf"]) == edtf


def test_the_place_and_day_of_an_agency_are_the_day_of_writing() -> None:
    text = (
        "WARSAW, Feb. 15, 2022 (Example) - The defence ministers of Poland and Lithuania spoke by phone on"
        " Monday, the Polish ministry of defence said in a statement.\n"
    )
    source = find(text)
    assert source["published"]["edtf"] == "2022-02-15"
    assert source["contacts"][0]["date"]["edtf"] == "2022-02-14"
