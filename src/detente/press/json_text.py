# SPDX-License-Identifier: Apache-2.0
"""JSON whose strings keep their places: objects one at a time, so that an export need not be held twice."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from detente.errors import MalformedError
from detente.press.views import Builder

#: Containers inside one another; exports of chats have six.
MAX_DEPTH = 64
_TOKEN = re.compile(
    r"[\s,:\ufeff]*(?:\"(?P<text>(?:[^\"\\]|\\.)*+)\"|(?P<open>[\[{])|(?P<close>[\]}])|(?P<plain>[^\s,:\[\]{}\"]+))",
    re.S,
)
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[^u])", re.S
)


@dataclass(frozen=True)
class Quoted:
    """A string of the input: ``[start, end)`` between its quotation marks."""

    start: int
    end: int


@dataclass
class _Container:
    value: Any
    inside: str | None
    key: str | None = None
    waiting: bool = field(default=True)


def objects(text: str, under: str) -> Iterator[tuple[dict[str, Any] | None, dict[str, Any]]]:
    """Each object in a list called ``under``, with the object that holds the list; then each outermost one.

    Strings are ``Quoted``, numbers and words as they are written. Raises MalformedError for no JSON.
    """
    stack: list[_Container] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            if text[at:].strip(" \t\r\n,"):
                raise MalformedError(f"page is broken JSON at code point {at}: export it again")
            break
        at = match.end()
        if match["open"]:
            above = stack[-1].key if stack and isinstance(stack[-1].value, dict) else None
            if len(stack) >= MAX_DEPTH:
                raise MalformedError(
                    f"page is JSON nested deeper than {MAX_DEPTH}: no export of a channel is"
                )
            stack.append(_Container({} if match["open"] == "{" else [], above))
            continue
        if not match["close"]:
            _put(stack, match, text)
            continue
        if not stack or isinstance(stack[-1].value, dict) != (match["close"] == "}"):
            raise MalformedError(f"page is broken JSON at code point {match.start()}: export it again")
        closed = stack.pop().value
        if isinstance(closed, dict) and len(stack) > 1 and stack[-1].inside == under:
            yield stack[-2].value, closed
        elif stack:
            _add(stack[-1], closed)
        elif isinstance(closed, dict):
            yield None, closed
    if stack:
        raise MalformedError("page is JSON that breaks off: export it again")


def _put(stack: list[_Container], match: re.Match[str], text: str) -> None:
    if not stack:
        raise MalformedError("page is JSON but no export of a channel")
    top = stack[-1]
    if match["text"] is None:
        _add(top, match["plain"])
    elif isinstance(top.value, dict) and top.waiting:
        top.key, top.waiting = text[match.start("text") : match.end("text")], False
    else:
        _add(top, Quoted(*match.span("text")))


def _add(top: _Container, value: Any) -> None:
    if isinstance(top.value, list):
        top.value.append(value)
    elif top.key is not None:
        top.value[top.key] = value
        top.key, top.waiting = None, True


def plain(text: str, value: Any) -> str | None:
    """What a string says; None for anything else."""
    if not isinstance(value, Quoted):
        return None
    try:
        return str(json.loads(f'"{text[value.start : value.end]}"', strict=False))
    except ValueError:
        return None


def show(out: Builder, value: Quoted) -> None:
    """A string into a view, its escapes resolved."""
    at = value.start
    for match in _ESCAPE.finditer(out.text, value.start, value.end):
        out.copy(at, match.start())
        at = match.end()
        try:
            shown = str(json.loads(f'"{match[0]}"', strict=False))
        except ValueError:
            shown = "\ufffd"
        lone = any("\ud800" <= char <= "\udfff" for char in shown)
        out.put("\ufffd" if lone or shown == "\x00" else shown, match.start(), at)
    out.copy(at, value.end)
