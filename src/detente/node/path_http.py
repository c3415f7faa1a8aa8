# SPDX-License-Identifier: Apache-2.0
"""One incoming HTTP request, as the parser reports it."""

from __future__ import annotations

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from detente.errors import MalformedError


class Incoming:
    """A request being read; ``head`` and ``complete`` say how far it has come."""

    def __init__(self) -> None:
        self.url = b""
        self.lines: list[tuple[str, str]] = []
        self.body = bytearray()
        self.begun = 0
        self.head = self.complete = self.upgrade = False
        self.parser = HttpRequestParser(self)

    def feed(self, data: bytes) -> None:
        """MalformedError for what is no request, or for a second request before the first is answered."""
        try:
            self.parser.feed_data(data)
        except HttpParserUpgrade:
            self.upgrade = True
        except HttpParserError as error:
            raise MalformedError(f"not an HTTP request: {error}") from None
        if self.begun > 1:
            raise MalformedError("a request before the answer to the one before")

    def on_message_begin(self) -> None:
        """Parser: a request begins."""
        self.begun += 1

    def on_url(self, url: bytes) -> None:
        """Parser: a piece of the target."""
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Parser: a header line, or a trailer, which says nothing to us."""
        if not self.head:
            self.lines.append((name.decode("latin-1"), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        """Parser: the head is read."""
        self.head = True

    def on_body(self, body: bytes) -> None:
        """Parser: a piece of the body."""
        self.body += body

    def on_message_complete(self) -> None:
        """Parser: the request is read."""
        self.complete = True
