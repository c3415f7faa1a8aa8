# SPDX-License-Identifier: Apache-2.0
"""Decoding and folding."""

from __future__ import annotations

import pytest

from detente.errors import MalformedError
from detente.press.source import MAX_PAGE, decode, decoded, fold, language
from tests.press.helpers import find, own

ENCODINGS = ["cp1251", "koi8-u", "utf-16-le", "utf-16-be"]
UKRAINIAN = "Міністр повідомив, що зустріч відбулася. Їхня розмова є важливою для України й сусідів.\n"
TEXT = "Министр сообщил, что встреча состоялась.\r\nЁлка — «да».\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32", "cp1251"])
def test_each_encoding_is_read_to_the_same_text(encoding: str) -> None:
    assert decode(TEXT.encode(encoding))[0] == TEXT


def test_newlines_and_the_byte_order_mark_keep_their_places() -> None:
    raw = b"\xef\xbb\xbf" + TEXT.encode()
    text, _ = decode(raw)
    assert text == raw.decode("utf-8")
    assert "\r\n" in text


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" \r\n\t ",
        b"\xef\xbb\xbf",
        bytes(range(256)) * 40,
        b"\x00\x01\x02page",
        b"\x89PNG\r\n\x1a\n" + bytes(200),
        b"\xff\xfe\x00",
        b"<!DOCTYPE html><html></html>",
        b"x" * (MAX_PAGE + 1),
    ],
)
def test_what_is_no_text_page_is_malformed(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        decode(raw)


def test_folding_keeps_every_place() -> None:
    odd = "İSTANBUL ЁЖ\u00a0Я\u2013я ’ ß"
    assert len(fold(odd)) == len(odd)
    assert fold("Ёж\u00a0–") == "еж —"


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("Министр сообщил, что это был разговор и встреча", "ru"),
        ("Міністр паведаміў, што гэта была размова і ўсё", "be"),
        ("Міністр повідомив, що це була розмова і її зміст", "uk"),
        ("The minister said that this was the call", "en"),
        ("12345", None),
    ],
)
def test_languages_are_told_apart(text: str, lang: str | None) -> None:
    assert language(fold(text)) == lang


def test_the_same_findings_in_every_encoding() -> None:
    text = own("call.txt")
    plain = find(text)
    from detente.press.importer import read_page

    other = read_page(text.encode("cp1251"), name="page.txt")
    for field in ("contacts", "statements", "exercises", "measures", "body"):
        assert plain[field] == other[field]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_an_encoding_that_nothing_tells_is_guessed(encoding: str) -> None:
    assert decode(UKRAINIAN.encode(encoding))[0] == UKRAINIAN


def test_an_encoding_that_html_declares_is_taken() -> None:
    text = '<html><meta charset="koi8-r"><p>Да'
    assert decoded(text.encode("koi8-r"))[:2] == (text, "koi8-r")
    with pytest.raises(MalformedError, match="HTML"):
        decode(text.encode())
    assert decoded(b"<html><meta charset=rot13><p>" + UKRAINIAN.encode("cp1251"))[0].endswith(UKRAINIAN)


def test_english_quotation_marks_of_windows() -> None:
    text = "The minister said: \u201cwe met in the café, and that is all of it\u201d."
    assert decode(text.encode("cp1252"))[0] == text


def test_a_page_in_two_languages_is_in_that_of_its_larger_part() -> None:
    ru, uk = (
        "Министр сообщил, что это был важный разговор. ",
        "Міністр повідомив, що це була важлива розмова. ",
    )
    assert language(fold(ru * 3 + uk)) == "ru"
    assert language(fold(ru + uk * 3)) == "uk"
    assert language(fold("Ministrai kalbėjo telefonu apie padėtį prie sienos")) is None
