# SPDX-License-Identifier: Apache-2.0
"""The formats that pages come in: any file is read or refused, and what is read stands in the input."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator

from detente.press.formats import pages_of
from detente.press.json_text import objects
from detente.press.markup import read_markup
from detente.press.mhtml import page_in
from tests.fuzz.kit import only, target

TEXT = "Министр обороны Северии вчера позвонил министру обороны Южнии, сообщили в ведомстве."
HTML = (
    '<!DOCTYPE html><html lang="ru"><head><meta charset="utf-8"><title>Звонок &amp; ответ</title>'
    '<meta property="article:published_time" content="2022-02-15T10:00:00+03:00">'
    "<script>var a = 1</script></head>"
    "<body><nav><a href=/>Главная</a></nav><!-- нет --><article><h1>Звонок</h1>"
    f'<p class="lead">{TEXT}<br>Да&nbsp;&#1076;а.</p>'
    "<figure><figcaption>Фото: архив</figcaption></figure></article>"
    "<aside hidden>Ещё</aside></body></html>"
)
CHAT = (
    '<html><body><div class="page_wrap"><div class="history"><div class="message default" id="message2">'
    '<div class="pull_right date details" title="14.02.2022 10:00:00">10:00</div>'
    f'<div class="text">{TEXT}</div></div></div></div></body></html>'
)
MHTML = (
    b"MIME-Version: 1.0\r\nSnapshot-Content-Location: https://example.org/\r\n"
    b'Content-Type: multipart/related; boundary="b"\r\n\r\n--b\r\nContent-Type: text/html\r\n'
    b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    b"<html><p>=D0=94=D0=B0, text=\r\n goes on</p></html>\r\n--b--\r\n"
)
EXPORT = json.dumps(
    {
        "name": "Канал",
        "type": "public_channel",
        "messages": [
            {"id": 1, "type": "service", "text": ""},
            {
                "id": 2,
                "date": "2022-02-14T10:00:00",
                "text": [TEXT[:30], {"type": "bold", "text": "«да» 😀\n"}],
            },
        ],
    }
)


def _files() -> Iterator[bytes]:
    for text in (
        HTML,
        CHAT,
        EXPORT,
        TEXT + "\n\f\n" + TEXT,
        json.dumps({"text": "a", "date": "2022-02-14"}) + "\n{}",
    ):
        yield text.encode()
    yield HTML.replace("utf-8", "windows-1251").encode("cp1251")
    yield MHTML
    yield gzip.compress(TEXT.encode(), mtime=0)


@target(_files)
def fuzz_format(data: bytes) -> None:
    with only():
        for page in pages_of(data, "file"):
            text, view = page.text, page.view
            places = [view.source(at, at + 1) for at in range(len(view.text))]
            assert places == sorted(places)
            assert all(0 <= start <= end <= len(text) for start, end in places)
            assert all(0 <= line.start < line.end <= len(view.text) for line in page.lines)
            for fact in (page.facts.published, page.facts.outlet, page.facts.title):
                assert fact is None or 0 <= fact[1][0] <= fact[1][1] <= len(text)


@target(lambda: [HTML.encode(), CHAT.encode(), b"<p>a<!-- b", b"<a x='<b>", b"<script><p>&lt;"])
def fuzz_markup(data: bytes) -> None:
    """Nothing is refused; each block has its place, and what the view shows stands in the input."""
    text = data.decode("utf-8", "replace")
    markup = read_markup(text)
    end = 0
    for block in markup.blocks:
        assert end <= block.start < block.end <= len(markup.view.text)
        end = block.end
    for view, begin, wide, long in markup.view.segments:
        assert 0 <= begin <= begin + long <= len(text)
        assert wide != long or all(
            ours == theirs or (ours == " " and theirs in "\t\r\n\f")
            for ours, theirs in zip(
                markup.view.text[view : view + wide], text[begin : begin + long], strict=True
            )
        )


@target(
    lambda: [
        EXPORT.encode(),
        b'{"messages":[{"a":"\\u0041\\ud83d\\ude00"},{"b":[1,true,null,{}]}]}',
        b"[[[",
        b'{"a',
    ]
)
def fuzz_export(data: bytes) -> None:
    with only():
        for holder, one in objects(data.decode("utf-8", "replace"), "messages"):
            assert isinstance(one, dict)
            assert holder is None or isinstance(holder, dict)


@target(
    lambda: [
        MHTML,
        MHTML.replace(b"quoted-printable", b"base64"),
        MHTML.replace(b"multipart/related", b"text/html"),
    ]
)
def fuzz_mhtml(data: bytes) -> None:
    with only():
        content, address = page_in(data)
        assert content.strip()
        assert address is None or address.startswith("http")
