# SPDX-License-Identifier: Apache-2.0
"""The console and the command line: forms, headers, texts on a page, addresses, lines of a stream."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.datastructures import FormData, Headers

from detente.cli.stream import _Talk
from detente.errors import MalformedError, UsageError
from detente.node.author import Author
from detente.seal.keys import SigningKey
from detente.web import guard, listener, text, writing
from tests.fuzz.fuzz_words import CHARTER, body_of, samples
from tests.fuzz.kit import Tape, only, piece, target


@target(
    lambda: [
        b"text=hello+there&lang=en&precedence=flash&mark=real&re=UA-57%2C+BY-3&step=release&once=1",
        b"phrase=1&p-place=51N&p-time=09%3A12&emergency=1",
    ]
)
def fuzz_form(data: bytes) -> None:
    given = FormData(dict(parse_qsl(data.decode("latin-1"), keep_blank_values=True)))
    with only(UsageError):
        read = writing.read(given)
        assert len(read.text) <= writing.TEXT_LIMIT and len(read.parameters) <= 32
        for charter in (None, CHARTER):
            kind, body = writing._content(read, charter, {})
            assert kind in ("message", "phrase")
            text.content_of(kind, body, charter)


@target(lambda: [b"\xe2\x80\xae<script>alert(1)</script>\x00\r\n&amp;", "привіт".encode()])
def fuzz_shown(data: bytes) -> None:
    said = data.decode("utf-8", "surrogateescape")
    shown = str(text.visible(said))
    bare = shown.replace('<span class="hidden-char">', "").replace("</span>", "")
    assert "<" not in bare and ">" not in bare and '"' not in bare
    assert not any("\u202a" <= one <= "\u202e" or "\u2066" <= one <= "\u2069" for one in shown)
    assert len(text.clip(said, 20)) <= 21
    text.lang_of(said)


@target(samples)
def fuzz_content(data: bytes) -> None:
    found = body_of(data)
    if found is not None:
        kind, body = found
        for charter in (None, CHARTER):
            for limit in (text.LIST_LIMIT, text.PAGE_LIMIT):
                content = text.content_of(kind, body, charter, limit)
                assert len(content.rows) <= text.ROWS


NAMES = ("host", "origin", "sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest", "content-type")


@target(
    lambda: [
        b"\0\1" + piece(b"localhost:8000") + b"\1\1" + piece(b"http://localhost:8000"),
        b"\0\1" + piece(b"[::1]:80") + b"\2\1" + piece(b"cross-site") + b"\3\1" + piece(b"navigate"),
    ]
)
def fuzz_console_headers(data: bytes) -> None:
    tape, found = Tape(data), list[tuple[bytes, bytes]]()
    while tape and len(found) < 12:
        found.append((tape.choice(NAMES).encode(), tape.piece() if tape.byte() else b""))
    headers = Headers(raw=found)
    asked: Any = None
    wall = guard.Guard(asked, ["localhost"])
    for method in ("GET", "POST", "PUT"):
        refusal = wall._refusal(method, headers)
        assert refusal is None or 400 <= refusal[0] < 500
    with only(UsageError):
        host, port = listener.address(headers.get("host", ""))
        assert host and 0 <= port <= 65_535


AUTHOR = Author("ab" * 32, "duty", SigningKey.from_seed(b"\1" * 32))


def _lines() -> Iterator[bytes]:
    yield orjson.dumps(
        {"kind": "message", "body": {"text": "x"}, "precedence": "flash", "mark": "test", "lang": "en"}
    )
    yield orjson.dumps({"kind": "ack", "body": {"state": "read"}, "re": ["ab" * 32], "to": ["cd" * 32]})
    yield orjson.dumps(
        {"kind": "message", "body": {"text": "x"}, "not_after": 5, "emergency": True, "crit": ["a"]}
    )


@target(_lines)
def fuzz_stream_line(data: bytes) -> None:
    """A line of ``detente say --stream``."""
    talk = _Talk.__new__(_Talk)
    talk._author, talk._channel = AUTHOR, "c0" * 16
    with only(MalformedError, UsageError):
        signed = talk._sign(data)
        assert len(signed.id) == 64
        assert orjson.dumps(signed.to_json())
