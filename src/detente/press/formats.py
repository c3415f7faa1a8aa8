# SPDX-License-Identifier: Apache-2.0
"""Bytes of any kind that pages come in, into pages: what is read of each, and where it stands in the input.

The input as read, to which all spans refer, is the decoded text: of plain text and HTML the file itself, of
MHTML its part of HTML, of a gzip file what is inside; of a channel's export the whole export.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from detente.errors import MalformedError
from detente.press import mhtml, telegram
from detente.press.furniture import Line, block_lines, lines_of
from detente.press.html_body import article
from detente.press.markup import read_markup
from detente.press.page_facts import NOTHING, Facts, facts
from detente.press.source import MAX_INPUT, MAX_PAGE, Span, decoded, fold, language, looks_html, unpacked
from detente.press.views import View

#: Pages of one file. A channel's export of years has tens of thousands.
MAX_PAGES = 100_000
#: Begins of files that people take for pages and that are none.
_OTHER = (
    (b"%PDF", "a PDF file"),
    (b"PK\x03\x04", "a zip file (or a document of an office program)"),
    (b"\xd0\xcf\x11\xe0", "a document of an office program"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"{\\rtf", "an RTF document"),
)
_MARKED = re.compile(r"\s*<(?:[a-zA-Z][^<>]{0,2000}>|!--)", re.S)
_FEED = re.compile(r"(?:\A|(?<=[\r\n]))\f[ \t]*(?=[\r\n])")
_TAGS = re.compile(r"</(?:p|div|body|html|article|section|head|span|a|li|h[1-6])\s*>", re.I)


@dataclass(frozen=True)
class Page:
    """One page: ``view`` is what is read of ``text``, the input; ``lines`` and ``folded`` are the view's.

    ``kind``: ``text``, ``html``, ``mhtml``, ``telegram-json``, ``telegram-html``, or ``dump``: several pages
    in one file of text. ``key`` names the page in a file of several. Facts have their spans in the input.
    """

    number: int
    key: str | None
    kind: str
    text: str
    view: View
    folded: str
    lang: str | None
    lines: list[Line]
    sha256: str
    encoding: str
    facts: Facts = NOTHING
    notes: list[str] = field(default_factory=list)

    @property
    def body(self) -> list[Span]:
        """The lines of the body, in the input."""
        return [self.view.source(line.start, line.end) for line in self.lines if line.kind == "body"]

    @property
    def furniture(self) -> list[tuple[str, Span]]:
        """The other lines, in the input, each with its kind."""
        return [
            (line.kind, self.view.source(line.start, line.end)) for line in self.lines if line.kind != "body"
        ]


@dataclass(frozen=True)
class _Input:
    """What the pages of one file have in common."""

    text: str
    sha256: str
    encoding: str
    notes: list[str]


def pages_of(raw: bytes, name: str) -> Iterator[Page]:
    """The pages of a file, in order. Raises MalformedError for a file that is no page that can be read."""
    for magic, what in _OTHER:
        if raw.startswith(magic):
            raise MalformedError(f"page is {what}: save it as plain text or HTML and import that")
    several = name.lower().removesuffix(".gz").endswith((".json", ".jsonl", ".ndjson"))
    limit = MAX_INPUT if several or raw[:1] in (b"{", b"[") else MAX_PAGE
    digest = hashlib.sha256(raw).hexdigest()
    raw = unpacked(raw, limit)
    address = None
    kind = "mhtml" if mhtml.looks_mhtml(raw) else None
    if kind:
        raw, address = mhtml.page_in(raw)
    text, encoding, notes = decoded(raw, limit)
    of = _Input(text, digest, encoding, notes)
    start = text[:2_000].lstrip("\ufeff \t\r\n")[:1]
    if start in ("{", "[") and not kind and _is_json(text, name):
        yield from _messages(of, _of_json(text), "telegram-json" if '"messages"' in text else "dump")
    elif kind or looks_html(text) or _is_html(text, name):
        yield from _of_html(of, kind or "html", address)
    else:
        yield from _of_text(of)


def _is_json(text: str, name: str) -> bool:
    """Prose may begin with a bracket; JSON goes on as JSON, or its name says so."""
    named = name.lower().removesuffix(".gz").endswith((".json", ".jsonl", ".ndjson"))
    return named or re.match(r"[\ufeff\s]*\{\s*\"[\w ]{1,60}\"\s*:", text) is not None


def _is_html(text: str, name: str) -> bool:
    """A piece of HTML without its head."""
    named = name.lower().endswith((".htm", ".html", ".xhtml"))
    head = text[:50_000].lstrip("\ufeff")
    return (named or _MARKED.match(head) is not None) and _TAGS.search(head) is not None


def _of_text(of: _Input) -> Iterator[Page]:
    """Plain text: one page, or several that are parted by lines of a form feed alone.

    Converters of paper pages put a form feed before the next page's first word; that parts no pages.
    """
    cuts = [match.span() for match in _FEED.finditer(of.text)]
    starts, ends = [0, *(end for _, end in cuts)], [*(start for start, _ in cuts), len(of.text)]
    parts = [(start, end) for start, end in zip(starts, ends, strict=True) if of.text[start:end].strip()]
    if len(parts) < 2:
        yield _read(of, 0, None, "text", View.plain(of.text))
        return
    if len(parts) > MAX_PAGES:
        raise MalformedError(f"file holds more than {MAX_PAGES} pages: import it in parts")
    for number, (start, end) in enumerate(parts):
        view = View(of.text[start:end], ((0, start, end - start, end - start),))
        yield _read(of, number, str(number + 1), "dump", view)


def _read(of: _Input, number: int, key: str | None, kind: str, view: View, known: Facts = NOTHING) -> Page:
    """A page whose furniture is told by its lines."""
    folded = fold(view.text)
    guess = language(folded)
    lines = lines_of(view.text, folded, guess or "ru", message=kind.startswith("telegram"))
    spoken = _body_language(folded, lines) or guess
    return Page(
        number, key, kind, of.text, view, folded, spoken, lines, of.sha256, of.encoding, known, of.notes
    )


def _body_language(folded: str, lines: list[Line]) -> str | None:
    body = "\n".join(folded[line.start : line.end] for line in lines[:500] if line.kind == "body")
    return language(body)


def _of_html(of: _Input, kind: str, address: str | None) -> Iterator[Page]:
    markup = read_markup(of.text)
    if telegram.is_export(of.text):
        yield from _messages(of, telegram.from_html(of.text, markup), "telegram-html")
        return
    if not markup.blocks:
        raise MalformedError("page is HTML without any text: save it again when it is loaded")
    chosen = article(markup)
    folded = fold(markup.view.text)
    guess = language(folded)
    lines = block_lines(markup.view.text, folded, markup.blocks, chosen, guess or "ru")
    spans = [(line.start, line.end) for line in lines if line.kind == "body"]
    known = facts(of.text, markup, (spans[0][0], spans[-1][1]) if spans else None)
    if address and not known.url:
        known = Facts(known.published, known.outlet, known.title, (address, (0, 0)), known.lang)
    spoken = _body_language(folded, lines) or guess
    yield Page(
        0, None, kind, of.text, markup.view, folded, spoken, lines, of.sha256, of.encoding, known, of.notes
    )


def _of_json(text: str) -> Iterator[telegram.Message]:
    return telegram.from_json(text) if '"messages"' in text else telegram.from_lines(text)


def _messages(of: _Input, messages: Iterable[telegram.Message], kind: str) -> Iterator[Page]:
    number = -1
    for number, message in enumerate(messages):
        if number >= MAX_PAGES:
            raise MalformedError(f"page is an export of more than {MAX_PAGES} messages: export it in parts")
        if len(message.view.text) > MAX_PAGE:
            raise MalformedError(
                f"message {message.key} has more than {MAX_PAGE} characters: export without it"
            )
        url = (message.url, (0, 0)) if message.url else None
        known = Facts(published=message.published, outlet=message.channel, url=url)
        yield _read(of, number, message.key or str(number + 1), kind, message.view, known)
    if number < 0:
        raise MalformedError("page is an export without any message that has text")
