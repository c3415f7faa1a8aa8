# SPDX-License-Identifier: Apache-2.0
"""Bytes of a page into text whose offsets are the input's own, and a folded twin of the same length."""

from __future__ import annotations

import gzip
import io
import re
import zlib

from detente.errors import MalformedError

Span = tuple[int, int]

#: Bytes of one page. A long newspaper page is under 1 MiB; more is a dump of something else.
MAX_PAGE = 8 << 20
#: Bytes of one file that holds many pages, such as a channel's export; whoever reads files checks it first.
MAX_INPUT = 64 << 20
#: Bytes that a compressed page may unfold to. A page of text packs 10 to 1, so this is what fits a page.
MAX_UNPACKED = MAX_PAGE
#: Code points in which findings are sought. Body and furniture are told apart in the whole page.
MAX_SEARCHED = 100_000
#: Code points of one paragraph; a longer one is no prose, and findings are not sought in it.
MAX_PARAGRAPH = 20_000
#: Bytes from which an encoding is guessed where nothing tells it.
_SAMPLE = 65_536
#: Bytes at whose beginning HTML must declare its encoding (HTML standard, 13.2.3.2); pages exceed it.
_DECLARED = 4_096
#: Eight-bit code pages in use for the four languages. KOI8-U has all letters of KOI8-R.
_CODE_PAGES = ["cp1251", "koi8_u", "cp866", "iso8859_5", "cp1252"]
#: What a page may declare itself to be; other codecs of Python are no encodings of pages, or slow.
_CODE_PAGE = re.compile(
    r"(?:windows-|cp)(?:125\d|866|1125)|koi8-?[ru]|koi8-ru|iso-?8859-\d{1,2}|utf-?16(?:[bl]e)?|x-mac-cyrillic|mac-?cyrillic"
)
_BOMS = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_META = re.compile(
    rb"""<(?:meta\b[^>]{0,300}?\bcharset\s*=\s*|\?xml\b[^>]{0,100}?\bencoding\s*=\s*)["']?\s*([\w.:-]{2,40})""",
    re.I,
)

_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ufffe\uffff]")
_HTML = re.compile(r"\s*(?:<!--.{0,500}?-->\s*)?<(?:!doctype\s+html|html|head|\?xml)\b", re.I | re.S)

#: One code point to one: yo to ye, any space to a space, any dash to an em dash, any hyphen to a hyphen.
_FOLD = (
    ("ё", "е"),
    *(
        (space, " ")
        for space in "\u00a0\u2002\u2003\u2004\u2005\u2007\u2008\u2009\u200a\u200b\u202f\u2060\u3000\t"
    ),
    *((hyphen, "-") for hyphen in "\u2010\u2011"),
    *((dash, "—") for dash in "\u2012\u2013\u2015\u2212"),
    *((sign, "'") for sign in "’ʼ"),
    (" - ", " — "),  # between spaces a hyphen is a dash
)


def decode(raw: bytes) -> tuple[str, str]:
    """Text and encoding of a plain page, as Python's codecs read it; newlines stay as they are.

    A UTF-8 byte order mark counts as a code point, as in ``bytes.decode("utf-8")``.
    Raises MalformedError for an empty, too long, binary or HTML input.
    """
    text, encoding, _ = decoded(raw)
    if looks_html(text):
        raise MalformedError("page is HTML: save it as plain text and import that")
    return text, encoding


def decoded(raw: bytes, limit: int = MAX_PAGE) -> tuple[str, str, list[str]]:
    """Text, encoding, and what a reader should know of how it was read.

    The encoding is that of the byte order mark; else UTF-8 where it fits; else what HTML declares; else
    guessed by charset-normalizer among the code pages of the four languages. Raises MalformedError for an
    empty, too long or binary input, and where nothing fits.
    """
    if len(raw) > limit:
        raise MalformedError(f"page is {len(raw)} bytes, more than {limit}: save the article alone")
    text, encoding, notes = _decoded(raw)
    if not text.strip("\ufeff \t\r\n\v\f\u00a0"):
        raise MalformedError("page is empty: nothing to read")
    if "\x00" in text or (_CONTROL.search(text) and len(_CONTROL.findall(text)) * 500 > len(text)):
        raise MalformedError("page is not text: save it as plain text and import that")
    return text, encoding, notes


def check_size(size: int) -> None:
    """Before a file of ``size`` bytes is read at all. Raises MalformedError for one that is too long."""
    if size > MAX_INPUT:
        raise MalformedError(f"file has {size:,} bytes, more than {MAX_INPUT:,}: save the article alone")


def looks_html(text: str) -> bool:
    """Whether a text begins as an HTML page does."""
    return _HTML.match(text.lstrip("\ufeff")) is not None


def unpacked(raw: bytes, limit: int = MAX_UNPACKED) -> bytes:
    """The input, out of gzip where it is in gzip. Never holds more than ``limit`` bytes of what unfolds.

    Raises MalformedError for a gzip file that is broken or unfolds to more.
    """
    if raw[:2] != b"\x1f\x8b":
        return raw
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(raw)) as stream:
            inner = stream.read(limit + 1)
    except (OSError, EOFError, zlib.error):
        raise MalformedError("page is a broken gzip file: unpack it and import what is inside") from None
    if len(inner) > limit:
        raise MalformedError(f"page unfolds from gzip to more than {limit} bytes: save the article alone")
    if inner[:2] == b"\x1f\x8b":
        raise MalformedError("page is a gzip file inside a gzip file: unpack it and import what is inside")
    return inner


def _decoded(raw: bytes) -> tuple[str, str, list[str]]:
    for mark, encoding in _BOMS:
        if raw.startswith(mark):
            return _strict(raw, encoding), encoding, []
    if b"\x00" in raw[:_DECLARED] and (wide := _unmarked(raw)):
        return raw.decode(wide), wide, []
    try:
        return raw.decode("utf-8"), "utf-8", []
    except UnicodeDecodeError as error:
        if error.end == len(raw) and error.reason == "unexpected end of data" and error.start > 0:
            return _replaced(raw)
    return _other(raw)


def _unmarked(raw: bytes) -> str | None:
    """UTF-16 without its mark, where it reads as text."""
    for name in ("utf-16-le", "utf-16-be"):
        try:
            text = raw.decode(name)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text and _reads(text):
            return name
    return None


def _other(raw: bytes) -> tuple[str, str, list[str]]:
    """Not UTF-8: what the page declares, broken UTF-8, or a code page that reads as words."""
    declared = _META.search(raw, 0, _DECLARED)
    if declared:
        name = declared[1].decode("ascii").lower()
        try:
            if _CODE_PAGE.fullmatch(name):
                return raw.decode(name), name, []
        except (LookupError, UnicodeError):
            pass  # an unknown name or a wrong one: looked at without it
    broken = raw.decode("utf-8", "replace")
    wrong = broken.count("\ufffd")
    # Two-byte letters do not come about by chance: ten right ones for a wrong one is UTF-8 with damage.
    if sum(map(broken.count, "аеиоіnt")) >= wrong and len(raw) - len(broken) >= 10 * wrong:
        return _replaced(raw)
    name = _guessed(raw)
    if name is None:
        raise MalformedError("page is in no encoding that fits: save it as UTF-8 text and import that")
    return raw.decode(name), {"cp1251": "windows-1251", "cp1252": "windows-1252"}.get(name, name), []


def _replaced(raw: bytes) -> tuple[str, str, list[str]]:
    text = raw.decode("utf-8", "replace")
    wrong = text.count("\ufffd")
    return text, "utf-8", [f"{wrong} broken {'places' if wrong > 1 else 'place'} in UTF-8 replaced by U+FFFD"]


def _guessed(raw: bytes) -> str | None:
    from charset_normalizer import from_bytes

    sample = raw[:_SAMPLE]
    best = from_bytes(sample, cp_isolation=_CODE_PAGES, explain=False).best()
    names = ([best.encoding] if best else []) + ["cp1251", "cp1252"]
    for name in names:
        try:
            if _reads(raw.decode(name)):
                return name
        except UnicodeDecodeError:
            continue
    return None


def _reads(text: str) -> bool:
    """Whether a text is made of letters of the four languages, as far as one sees."""
    lower = text[:_SAMPLE].lower()
    letters = sum(1 for char in lower if "а" <= char <= "я" or char in "ёіўїєґ" or "a" <= char <= "z")
    visible = sum(1 for char in lower if not char.isspace())
    return letters * 10 >= visible * 6


def _strict(raw: bytes, encoding: str) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise MalformedError(f"page starts as {encoding} but is not: byte {error.start}") from None


def fold(text: str) -> str:
    """Lower case with spaces, dashes and yo made plain; every code point keeps its place."""
    lower = text.lower()
    if len(lower) != len(text):  # a few capitals have a lower case of two code points
        lower = "".join(low if len(low := char.lower()) == 1 else char for char in text)
    for written, plain in _FOLD:
        if written in lower:  # far faster than translate(), which looks up each letter
            lower = lower.replace(written, plain)
    return lower


def trim(text: str, start: int, end: int, extra: str = "") -> Span:
    """``[start, end)`` without white space, and without ``extra`` characters, at its ends."""
    while start < end and (text[start].isspace() or text[start] in extra):
        start += 1
    while end > start and (text[end - 1].isspace() or text[end - 1] in extra):
        end -= 1
    return start, end


#: The languages that are read.
LANGUAGES = ("ru", "be", "uk", "en")
#: Letters that speak for a language, and those that it does not have.
_LETTERS = {
    "ru": ("иыэъщё", "іїєґў"),
    "be": ("іўыэ", "ищїєъґ"),
    "uk": ("иіїєґщ", "ыэъўё"),
}
_WORDS = {
    "ru": re.compile(r"\b(?:и|что|не|как|это|был[аои]?|для|или|его|после|сообщает|на|с|по)\b"),
    "be": re.compile(r"\b(?:і|што|не|як|гэта|быў|была|для|або|яго|пасля|паведамляе|на|з|па|ў)\b"),
    "uk": re.compile(r"\b(?:і|та|що|не|як|це|був|була|для|або|його|після|повідомляє|на|з|у)\b"),
    "en": re.compile(r"\b(?:and|the|that|not|as|this|was|for|or|his|after|said|of|to|in|on|with|by)\b"),
}
_WORD = re.compile(r"[a-z]+")
#: Code points by which a language is told.
_TOLD_BY = 20_000


def language(folded: str) -> str | None:
    """``ru``, ``be``, ``uk`` or ``en`` by letters and small words; ``None`` where none shows.

    Of a page in two languages it is the one of the larger part. Other Latin languages are ``None``.
    """
    sample = folded[:_TOLD_BY]
    cyrillic = sum(map(sample.count, "аеонтркл"))
    if cyrillic * 2 < sum(map(sample.count, "aeontrkl")):
        words = len(_WORD.findall(sample))
        return "en" if len(_WORDS["en"].findall(sample)) * 25 >= words else None
    if not cyrillic:
        return None
    scores = {
        name: sum(map(sample.count, own)) - sum(map(sample.count, foreign))
        for name, (own, foreign) in _LETTERS.items()
    }
    first, second = sorted(scores.values(), reverse=True)[:2]
    if first - second < 10:
        for name, pattern in _WORDS.items():
            if name in scores:
                scores[name] += 2 * len(pattern.findall(sample))
    return max(scores, key=lambda name: scores[name])
