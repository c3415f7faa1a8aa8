# SPDX-License-Identifier: Apache-2.0
"""A channel's messages out of Telegram's exports, and texts out of JSON lines: one page a message."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from detente.press.json_text import Quoted, objects, plain, show
from detente.press.markup import Markup
from detente.press.source import Span
from detente.press.views import Builder, View

#: Chats that are nobody's public word are left out of an account's whole export.
_PRIVATE = frozenset(("personal_chat", "private_group", "private_supergroup", "bot_chat", "saved_messages"))
_DAY = re.compile(r"(?:19|20)\d\d-\d\d-\d\d(?!\d)")
_POINT_DAY = re.compile(r"(\d\d)\.(\d\d)\.((?:19|20)\d\d)(?!\d)")
#: Fields of JSON lines as crawlers and archives write them.
_TEXTS = ("text", "maintext", "content", "body", "raw_text")
_DAYS = ("date", "published", "date_publish", "datepublished", "published_at")


@dataclass(frozen=True)
class Message:
    """One message: what is read of it, and what the export says of it, with places in the input."""

    key: str
    view: View
    published: tuple[str, Span] | None
    channel: tuple[str, Span] | None
    url: str | None


def from_json(text: str) -> Iterator[Message]:
    """The messages of ``result.json``, in order; service messages and those without text left out."""
    for chat, message in objects(text, "messages"):
        if chat is None or plain(text, chat.get("type")) in _PRIVATE:
            continue
        view = _view(text, message.get("text"))
        if view is None or plain(text, message.get("type")) == "service":
            continue
        yield Message(
            str(message.get("id") or ""),
            view,
            _day(text, message.get("date")),
            _named(text, chat.get("name")) or _named(text, message.get("from")),
            None,
        )


def from_lines(text: str) -> Iterator[Message]:
    """The texts of JSON lines, one object a page."""
    for number, (_, one) in enumerate(objects(text, "")):
        field = next((one[name] for name in _TEXTS if isinstance(one.get(name), Quoted)), None)
        view = _view(text, field)
        if view is not None:
            days = (_day(text, one.get(name)) for name in _DAYS)
            yield Message(
                str(number + 1), view, next(filter(None, days), None), None, plain(text, one.get("url"))
            )


def _view(text: str, value: Any) -> View | None:
    """A text is a string, or a list of strings and of objects with a string ``text``."""
    parts = value if isinstance(value, list) else [value]
    out = Builder(text)
    for part in parts:
        string = part.get("text") if isinstance(part, dict) else part
        if isinstance(string, Quoted):
            show(out, string)
    view = out.made()
    return view if view.text.strip() else None


def _day(text: str, value: Any) -> tuple[str, Span] | None:
    if not isinstance(value, Quoted):
        return None
    match = _DAY.match(text, value.start, value.end)
    return (match[0], match.span()) if match else None


def _named(text: str, value: Any) -> tuple[str, Span] | None:
    name = plain(text, value)
    return (name, (value.start, value.end)) if name and name.strip() else None


def is_export(text: str) -> bool:
    """Whether a page of HTML is one of Telegram's ``messages.html``."""
    head = text[:20_000]
    return 'class="page_wrap"' in head and 'class="history"' in head


def from_html(text: str, markup: Markup) -> Iterator[Message]:
    """The messages of ``messages.html``, in order."""
    starts = [
        tag for tag in markup.tags if tag.name == "div" and _class(tag.attributes).startswith("message")
    ]
    title = next((block for block in markup.blocks if "text bold" in block.classes), None)
    channel = _read(markup, title.start, title.end) if title else None
    blocks = [
        block for block in markup.blocks if block.classes.split()[:1] == ["text"] and block is not title
    ]
    days = [
        tag for tag in markup.tags if "date" in _class(tag.attributes).split() and "title" in tag.attributes
    ]
    at = when = 0
    for number, tag in enumerate(starts):
        until = starts[number + 1].at if number + 1 < len(starts) else len(text)
        begin, end = None, None
        while at < len(blocks) and markup.view.source(blocks[at].start, blocks[at].end)[0] < until:
            if markup.view.source(blocks[at].start, blocks[at].end)[0] >= tag.at:
                begin, end = blocks[at].start if begin is None else begin, blocks[at].end
            at += 1
        day = None
        while when < len(days) and days[when].at < until:
            day = day or _point_day(days[when].attributes["title"])
            when += 1
        if begin is not None and end is not None:
            key = tag.attributes.get("id", ("", (0, 0)))[0].removeprefix("message")
            yield Message(html.unescape(key), markup.view.part(begin, end), day, channel, None)


def _class(attributes: dict[str, tuple[str, Span]]) -> str:
    return attributes.get("class", ("", (0, 0)))[0].lower()


def _read(markup: Markup, start: int, end: int) -> tuple[str, Span] | None:
    written = markup.view.text[start:end].strip()
    return (written, markup.view.source(start, end)) if written else None


def _point_day(value: tuple[str, Span]) -> tuple[str, Span] | None:
    match = _POINT_DAY.match(value[0])
    return (f"{match[3]}-{match[2]}-{match[1]}", (value[1][0], value[1][0] + 10)) if match else None
