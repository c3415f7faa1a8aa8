# SPDX-License-Identifier: Apache-2.0
"""Bodies of pages of HTML as different systems lay them out."""

from __future__ import annotations

import pytest

from tests.press.helpers import find

A = "Министр обороны Польши Мариуш Блащак позвонил 14 февраля министру обороны Литвы, сообщила пресс-служба."
B = "Стороны договорились о новой встрече, которая пройдет в Вильнюсе, говорится в сообщении министерства."
C = "«Угрозы нет», — сказал литовский министр журналистам после разговора с коллегой."
TITLE = "Министры поговорили"
LAYOUTS = {
    "blog": f"""<body class="single has-sidebar"><header class="site-header">
<h1 class="site-title">Пример</h1><nav><ul><li><a href=/>Главная</a></li></ul></nav></header>
<div class="content-sidebar-wrap">
<article class="post tag-a">
<header class="entry-header"><h1 class="entry-title">{TITLE}</h1>
<time class="published" datetime="2022-02-15T10:00:00+00:00">вторник</time></header>
<div class="entry-content"><p>{A}</p><figure><figcaption>Министры в 2020 году</figcaption></figure><p>{B}</p>
<p><strong>Читайте также:</strong> <a href=x>Президент Латвии встретился с президентом Эстонии</a></p>
<blockquote><p>{C}</p></blockquote><div class="sd-sharing"><h3>Поделиться ссылкой:</h3></div></div>
<footer>Рубрики: Новости</footer></article><div id="comments"><h2>Комментарии</h2>
<p>Правильно министр обороны Чехии сделал, что позвонил министру обороны Словакии.</p></div></div>
<aside class="sidebar"><ul><li><a href=y>Министр обороны США позвонил министру Китая</a></li></ul>
</aside></body>""",
    "tables": f"""<body><table><tr><td><a href=1>Главная</a><br><a href=2>Новости</a></td><td>
<h2>{TITLE}</h2>15.02.2022<br><br>{A}<br><br>{B}<br><br>{C}<br></td></tr></table></body>""",
    "blocks": f"""<body><div class="header"><a>Новости</a></div><div class="article-page"><h1>{TITLE}</h1>
<div class="article__date">15 февраля 2022, 10:00</div><div class="article__text"><div class="article__block">
<div>{A}</div></div><div class="article__block banner"><div>Кредит от 3 % без справок</div></div>
<div class="article__block"><div>{B}</div></div><div class="article__block"><div>{C}</div></div></div></div>
<div class="recommend"><div><a>Министр США позвонил министру Китая</a></div></div></body>""",
    "form": f"""<body><form id="whole"><div class="menu">Меню сайта</div><div id="content"><h1>{TITLE}</h1>
<div>Опубликовано 15.02.2022</div><p>{A}</p><p>{B}</p><p>{C}</p></div></form></body>""",
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_article_is_found_in_any_layout(layout: str) -> None:
    text = f"<!DOCTYPE html><html>{LAYOUTS[layout]}</html>"
    source = find(text)
    assert [text[start:end] for start, end in source["body"]] == [TITLE, A, B, C]
    assert source["published"]["edtf"] == "2022-02-15"
    assert len(source["contacts"]) == 1


def test_a_time_in_a_list_beside_the_article_is_not_its_day() -> None:
    aside = '<aside><time datetime="2025-11-24">вчера</time> <a href=z>Министр США позвонил</a></aside>'
    text = f"<html><body>{aside}<article><h1>{TITLE}</h1><p>{A}</p><p>{B}</p></article>{aside}</body></html>"
    source = find(text)
    assert source["published"] is None
    assert source["contacts"][0]["date"]["edtf"] == "XXXX-02-14"
