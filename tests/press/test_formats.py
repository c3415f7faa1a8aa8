# SPDX-License-Identifier: Apache-2.0
"""Pages in every format, and inputs that are none."""

from __future__ import annotations

import base64
import gzip
import json
import quopri
import time
from typing import Any

import pytest

from detente.errors import MalformedError
from detente.press.importer import read_page
from detente.press.pages import ReadPage, read_pages
from detente.press.source import MAX_INPUT, MAX_PAGE, check_size, unpacked

CALL = "Министр обороны Польши Мариуш Блащак позвонил 14 февраля министру обороны Литвы Арвидасу Анушаускасу."
MORE = "Стороны договорились о новой встрече, сообщила пресс-служба польского министерства обороны."
SHARE = "Подписывайтесь на наш канал!"
HTML = f"""<!DOCTYPE html>
<html lang="ru"><head><title>Министры поговорили | Пример</title>
<meta property="og:site_name" content="Пример">
<meta property="og:url" content="https://example.org/a">
<meta property="article:published_time" content="2022-02-15T09:00:00+03:00">
<script>var text = "Министр обороны США позвонил министру обороны Китая.";</script>
<style>.a {{ color: red }}</style></head>
<body><nav><a href="/">Главная</a><a href="/w">Война</a></nav>
<!-- Министр обороны Чехии позвонил министру обороны Словакии. -->
<article><h1>Министры&nbsp;поговорили</h1>
<p>{CALL.replace(" 14 ", " <b>14</b>&nbsp;")}</p>
<div class="advert">Скидки до 50 % на&nbsp;всё</div>
<p>{MORE}</p></article>
<aside><p>Президент Латвии встретился с президентом Эстонии 3 марта 2020 года.</p></aside>
<footer>© 2022 Пример</footer></body></html>
"""


def only(raw: bytes, name: str = "page", **options: Any) -> ReadPage:
    (page,) = read_pages(raw, name=name, **options)
    return page


def words(page: ReadPage, span: list[int]) -> str:
    return page.text[span[0] : span[1]]


def test_a_page_of_html_gives_what_its_text_gives() -> None:
    page, plain = only(HTML.encode()), read_page(f"{CALL}\n\n{MORE}".encode(), name="a")
    (contact,), (told,) = page.source["contacts"], plain["contacts"]
    assert [one["name"] for one in contact["participants"]] == [one["name"] for one in told["participants"]]
    assert contact["kind"] == told["kind"] == "phone_call"
    assert words(page, contact["date"]["span"]) == "14</b>&nbsp;февраля"
    assert [words(page, one["span"]) for one in contact["participants"]] == [
        "Мариуш Блащак",
        "Арвидасу Анушаускасу",
    ]
    assert page.text == HTML


def test_only_the_article_of_html_is_body() -> None:
    page = only(HTML.encode())
    body = [words(page, span) for span in page.source["body"]]
    assert body[0] == "Министры&nbsp;поговорили"
    assert body[-1] == MORE
    assert len(body) == 3
    kinds = {words(page, one["span"])[:6]: one["kind"] for one in page.source["furniture"]}
    assert kinds == {"Главна": "menu", "Скидки": "advert", "Презид": "related", "© 2022": "copyright"}


def test_what_html_says_of_itself_with_its_places() -> None:
    page = only(HTML.encode())
    source = page.source
    assert source["published"]["edtf"] == words(page, source["published"]["span"]) == "2022-02-15"
    assert source["outlet"]["name"] == words(page, source["outlet"]["span"]) == "Пример"
    assert source["url"] == "https://example.org/a"
    assert source["format"] == "html"
    assert source["contacts"][0]["date"]["edtf"] == "2022-02-14?"


def test_the_view_shows_a_person_no_markup() -> None:
    page = only(HTML.encode())
    assert "<" not in page.view.text
    assert "Министр обороны США" not in page.view.text
    start, end = page.view.span(*page.source["contacts"][0]["date"]["span"])
    assert page.view.text[start:end] == "14\u00a0февраля"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1251", "koi8-u"])
def test_html_in_every_encoding(encoding: str) -> None:
    declared = HTML.replace("<title>", f'<meta charset="{encoding.removesuffix("-sig")}"><title>')
    page = only(declared.replace("©", "(c) ").encode(encoding))
    assert page.source["contacts"][0]["participants"][0]["name"] == "Мариуш Блащак"


def test_a_piece_of_html_without_its_head_is_html() -> None:
    page = only(f"<div><p>{CALL}</p></div>".encode())
    assert page.source["format"] == "html"
    assert [words(page, span) for span in page.source["body"]] == [CALL]


def test_text_outside_of_any_element_is_read() -> None:
    page = only(f"<!doctype html>{CALL}<p>{MORE}</p>".encode())
    assert words(page, page.source["body"][0]) == CALL


def mhtml(coding: str) -> bytes:
    raw = HTML.encode()
    content = base64.encodebytes(raw) if coding == "base64" else quopri.encodestring(raw)
    return (
        b"From: <Saved by a browser>\r\nSnapshot-Content-Location: https://example.org/b\r\n"
        b"Subject: page\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/related; type="text/html"; boundary="--x"\r\n\r\n'
        b"----x\r\nContent-Type: text/css\r\n\r\np { color: red }\r\n"
        b"----x\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: "
        + coding.encode()
        + b"\r\n\r\n"
        + content
        + b"\r\n----x--\r\n"
    )


@pytest.mark.parametrize("coding", ["quoted-printable", "base64"])
def test_mhtml_is_read_as_the_html_in_it(coding: str) -> None:
    page, plain = only(mhtml(coding)), only(HTML.encode())
    assert page.text.strip() == HTML.replace("\r\n", "\n").strip()
    assert page.source["format"] == "mhtml"
    assert page.source["contacts"] == plain.source["contacts"]
    assert page.source["sha256"] != plain.source["sha256"]


def export(ascii_only: bool = False) -> str:
    messages = [
        {"id": 1, "type": "service", "date": "2022-02-14T09:00:00", "action": "pin_message", "text": ""},
        {"id": 2, "type": "message", "date": "2022-02-14T10:00:00", "text": f"{CALL}\n\n{SHARE}"},
        {"id": 3, "type": "message", "date": "2022-02-16T10:00:00", "text": [
            "😀 \"Министры\" Польши и Литвы вчера снова провели ",
            {"type": "bold", "text": "телефонный"}, " разговор. ", {"type": "text_link", "text": MORE}]},
        {"id": 4, "type": "message", "date": "2022-02-17T10:00:00", "text": "", "photo": "a.jpg"},
    ]  # fmt: skip
    return json.dumps(
        {"name": "Канал «А»", "type": "public_channel", "id": 7, "messages": messages},
        ensure_ascii=ascii_only, indent=1,
    )  # fmt: skip


@pytest.mark.parametrize("ascii_only", [False, True])
def test_each_message_of_an_export_is_a_page(ascii_only: bool) -> None:
    text = export(ascii_only)
    first, second = read_pages(text.encode(), name="result.json")
    assert (first.source["file"], second.source["file"]) == ("result.json#2", "result.json#3")
    assert (first.number, second.number) == (0, 1)
    assert first.text == second.text == text
    assert first.view.text.startswith(CALL)
    assert second.view.text.startswith(
        '😀 "Министры" Польши и Литвы вчера снова провели телефонный разговор. '
    )
    assert first.source["outlet"]["name"] == "Канал «А»"
    assert [page.source["published"]["edtf"] for page in (first, second)] == ["2022-02-14", "2022-02-16"]
    date = second.source["contacts"][0]["date"]
    assert date["edtf"] == "2022-02-15"
    assert json.loads(f'"{words(second, date["span"])}"') == "вчера"
    assert [one["kind"] for one in first.source["furniture"]] == ["share"]


def test_what_stands_between_the_pieces_of_a_message_is_no_body() -> None:
    _, second = read_pages(export().encode(), name="result.json")
    read = "".join(words(second, span) for span in second.source["body"])
    assert json.loads(f'"{read}"') == second.view.text.replace("\n", "")


def test_an_export_in_html() -> None:
    text = f"""<!DOCTYPE html><html><body>
<div class="page_wrap"><div class="page_header"><div class="content">
<div class="text bold"> Канал </div></div></div><div class="page_body"><div class="history">
<div class="message service" id="message-1"><div class="body details">14 February 2022</div></div>
<div class="message default clearfix" id="message2"><div class="body">
<div class="pull_right date details" title="14.02.2022 10:00:00 UTC+03:00">10:00</div>
<div class="from_name">Канал</div>
<div class="text">{CALL.replace("14 февраля", "сегодня")}<br><br>{MORE}</div></div></div>
<div class="message default clearfix" id="message3"><div class="body">
<div class="pull_right date details" title="15.02.2022 10:00:00 UTC+03:00">10:00</div>
<div class="text">{MORE}</div></div></div></div></div></div></body></html>"""
    first, second = read_pages(text.encode(), name="messages.html")
    assert (first.source["file"], second.source["file"]) == ("messages.html#2", "messages.html#3")
    assert first.source["published"]["edtf"] == "2022-02-14"
    assert words(first, first.source["published"]["span"]) == "14.02.2022"
    assert first.source["outlet"]["name"] == "Канал"
    assert second.view.text == MORE
    contact = first.source["contacts"][0]
    assert contact["date"]["edtf"] == "2022-02-14"
    assert words(first, contact["date"]["span"]) == "сегодня"


def test_several_pages_in_one_dump() -> None:
    text = f"{CALL}\n\f\n{MORE}\n\f\n{CALL}"
    pages = list(read_pages(text.encode(), name="dump.txt"))
    assert [page.source["file"] for page in pages] == ["dump.txt#1", "dump.txt#2", "dump.txt#3"]
    assert [words(page, page.source["body"][0]) for page in pages] == [CALL, MORE, CALL]
    lines = "\n".join(
        json.dumps({"url": "https://example.org/", "date": "2022-02-15", "text": one}) for one in (CALL, MORE)
    )
    pages = list(read_pages(lines.encode(), name="crawl.jsonl"))
    assert [page.view.text for page in pages] == [CALL, MORE]
    assert pages[0].source["published"]["edtf"] == "2022-02-15"
    with pytest.raises(MalformedError, match="several pages"):
        read_page(lines.encode(), name="crawl.jsonl")


def test_a_compressed_page_is_unpacked() -> None:
    assert (
        only(gzip.compress(HTML.encode(), mtime=0)).source["contacts"]
        == only(HTML.encode()).source["contacts"]
    )


def test_a_bomb_is_refused_without_being_unfolded() -> None:
    began = time.process_time()
    with pytest.raises(MalformedError, match="unfolds from gzip to more"):
        list(read_pages(gzip.compress(bytes(100_000_000), 1, mtime=0), name="bomb"))
    assert unpacked(b"plain") == b"plain"
    assert time.process_time() - began < 5


def test_a_file_that_is_too_long_is_refused_by_its_size() -> None:
    check_size(MAX_INPUT)
    with pytest.raises(MalformedError, match="200,000,000 bytes"):
        check_size(200_000_000)
    with pytest.raises(MalformedError, match="more than"):
        list(read_pages(b"a" * (MAX_PAGE + 1), name="long.txt"))


def test_damage_is_mended_and_said() -> None:
    source = only(CALL.encode() + b"\xff" + MORE.encode()).source
    assert source["notes"] == ["1 broken place in UTF-8 replaced by U+FFFD"]
    assert source["encoding"] == "utf-8"
    assert only(CALL.encode()[:-1]).source["notes"] == []
    assert only(CALL.removesuffix(".").encode()[:-1]).source["notes"]


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \n", "empty"),
        (b"text\x00text", "not text"),
        (b"%PDF-1.7 text", "PDF"),
        (b"PK\x03\x04", "zip"),
        (b"\x89PNG\r\n", "picture"),
        (b"<html><script>var a = 1</script></html>", "without any text"),
        (b"<html><!-- never closed", "without any text"),
        (gzip.compress(b"text" * 99, mtime=0)[:-9], "broken gzip"),
        (gzip.compress(gzip.compress(b"text"), mtime=0), "inside a gzip"),
        (b'{"messages": []}', "without any message"),
        (b'{"name": "a", "messages": [{"text": "b"}, ', "breaks off"),
        (b'{"messages": ' + b"[" * 100_000, "nested deeper"),
        (b'{"messages": [{"text": "b}', "broken JSON"),
        (b"MIME-Version: 1\nContent-Type: multipart/related; boundary=x\n\n--x\n\na\n--x--", "without HTML"),
        (bytes((number * 7919) % 251 + 1 for number in range(5_000)), "not text|no encoding"),
    ],
)  # fmt: skip
def test_what_is_no_page_is_refused_in_one_clear_line(raw: bytes, says: str) -> None:
    with pytest.raises(MalformedError, match=says) as error:
        list(read_pages(raw, name="file"))
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 200


@pytest.mark.parametrize(
    "unit", ["<div>", "<b>", "<table><tr><td>", "<ul><li>", "<div class='text'>x", "<p><b>"]
)
@pytest.mark.slow
def test_html_nested_a_hundred_thousand_deep_is_read(unit: str) -> None:
    began = time.process_time()
    page = only(f"<html><body>{unit * 100_000}<p>{CALL}</p>".encode())
    assert page.source["contacts"]
    assert time.process_time() - began < 30


@pytest.mark.parametrize(
    "unit",
    [
        "<!--",
        '<a "',
        "<a href='",
        "<script>",
        "<",
        "&amp",
        "</div>",
        "<p></div>",
        "<b>x<br>",
        "<a x=",
        "</a><b>",
        "&#",
    ],
)
def test_broken_html_takes_time_in_its_length(unit: str) -> None:
    from detente.press.markup import read_markup

    def seconds(times: int) -> float:
        began = time.process_time()
        read_markup("<html>" + unit * times)
        return time.process_time() - began

    seconds(1_000)
    assert seconds(40_000) < 20 * seconds(4_000) + 0.5
