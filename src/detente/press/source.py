# SPDX-License-Identifier: Apache-2.0
"""Bytes of a page into text whose offsets are the input's own, and a folded twin of the same length."""

from __future__ import annotations

import re

from detente.errors import MalformedError

Span = tuple[int, int]

#: Bytes of one page. A long newspaper page is under 1 MiB; more is a dump of something else.
MAX_PAGE = 8 << 20
#: Code points in which findings are sought. Body and furniture are told apart in the whole page.
MAX_SEARCHED = 100_000
#: Code points of one paragraph; a longer one is no prose, and findings are not sought in it.
MAX_PARAGRAPH = 20_000

_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ufffe\uffff]")
_HTML = re.compile(r"\s*(?:<!--.{0,500}?-->\s*)?<(?:!doctype\s+html|html|head|\?xml)\b", re.I | re.S)

#: One code point to one: yo to ye, any space to a space, any dash to an em dash, any hyphen to a hyphen.
_FOLD = str.maketrans(
    {
        "ё": "е",
        "\u00a0": " ",
        "\u2002": " ",
        "\u2003": " ",
        "\u2007": " ",
        "\u2008": " ",
        "\u2009": " ",
        "\u200a": " ",
        "\u202f": " ",
        "\u3000": " ",
        "\t": " ",
        "\u2010": "-",
        "\u2011": "-",
        "\u2012": "—",
        "\u2013": "—",
        "\u2015": "—",
        "\u2212": "—",
        "’": "'",
        "ʼ": "'",
    }
)


def decode(raw: bytes) -> tuple[str, str]:
    """Text and encoding of a page, as Python's codecs read it; newlines stay as they are.

    A UTF-8 byte order mark counts as a code point, as in ``bytes.decode("utf-8")``.
    Raises MalformedError for an empty, too long, binary or HTML input.
    """
    if len(raw) > MAX_PAGE:
        raise MalformedError(f"page is {len(raw)} bytes, more than {MAX_PAGE}: save the article alone")
    text, encoding = _decoded(raw)
    if not text.strip("\ufeff \t\r\n\v\f\u00a0"):
        raise MalformedError("page is empty: nothing to read")
    if "\x00" in text or len(_CONTROL.findall(text)) * 500 > len(text):
        raise MalformedError("page is not text: save it as plain text and import that")
    if _HTML.match(text):
        raise MalformedError("page is HTML: save it as plain text and import that")
    return text, encoding


def _decoded(raw: bytes) -> tuple[str, str]:
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return _strict(raw, "utf-16"), "utf-16"
    try:
        return raw.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return _cp1251(raw), "windows-1251"


def _strict(raw: bytes, encoding: str) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise MalformedError(f"page starts as {encoding} but is not: byte {error.start}") from None


def _cp1251(raw: bytes) -> str:
    try:
        text = raw.decode("cp1251")
    except UnicodeDecodeError:
        raise MalformedError("page is neither UTF-8, UTF-16 nor Windows-1251 text") from None
    letters = sum(1 for char in text if "а" <= char <= "я" or char in "ёіўїєґ" or "a" <= char <= "z")
    visible = sum(1 for char in text if not char.isspace())
    if letters * 10 < visible * 6:
        raise MalformedError("page is neither UTF-8, UTF-16 nor Windows-1251 text")
    return text


def fold(text: str) -> str:
    """Lower case with spaces, dashes and yo made plain; every code point keeps its place."""
    lower = text.lower()
    if len(lower) != len(text):  # a few capitals have a lower case of two code points
        lower = "".join(low if len(low := char.lower()) == 1 else char for char in text)
    return lower.translate(_FOLD)


def trim(text: str, start: int, end: int, extra: str = "") -> Span:
    """``[start, end)`` without white space, and without ``extra`` characters, at its ends."""
    while start < end and (text[start].isspace() or text[start] in extra):
        start += 1
    while end > start and (text[end - 1].isspace() or text[end - 1] in extra):
        end -= 1
    return start, end


_WORDS = {
    "ru": re.compile(r"\b(?:и|что|не|как|это|был[аои]?|для|или|его|после|сообщает)\b"),
    "be": re.compile(r"\b(?:і|што|не|як|гэта|быў|была|для|або|яго|пасля|паведамляе)\b"),
    "uk": re.compile(r"\b(?:і|та|що|не|як|це|був|була|для|або|його|після|повідомляє)\b"),
    "en": re.compile(r"\b(?:and|the|that|not|as|this|was|for|or|his|after|said|of|to)\b"),
}


def language(folded: str) -> str | None:
    """``ru``, ``be``, ``uk`` or ``en`` by letters and small words; ``None`` where none shows."""
    sample = folded[:100_000]
    cyrillic = sum(sample.count(letter) for letter in "аеонтр")
    if cyrillic * 4 < sum(sample.count(letter) for letter in "aeontr"):
        return "en" if _WORDS["en"].search(sample) else None
    if not cyrillic:
        return None
    scores = {
        "ru": sum(sample.count(letter) for letter in "ищъ") + 3 * len(_WORDS["ru"].findall(sample)),
        "be": 3 * sum(sample.count(letter) for letter in "ўі") + 3 * len(_WORDS["be"].findall(sample)),
        "uk": 3 * sum(sample.count(letter) for letter in "їєі") + 3 * len(_WORDS["uk"].findall(sample)),
    }
    return max(scores, key=lambda name: scores[name])
