# SPDX-License-Identifier: Apache-2.0
"""A page saved by a browser as one file (MHTML, RFC 2557): its HTML, as the browser had it."""

from __future__ import annotations

import email
import email.policy
import re
from email.message import EmailMessage, Message

from detente.errors import MalformedError

_HEAD = re.compile(rb"\s*(?:[A-Za-z][\w-]*:[^\n]*\n(?:[ \t][^\n]*\n)*){1,40}", re.M)
_TYPE = re.compile(rb"^content-type:\s*(?:multipart/(?:related|mixed|alternative)|text/html)\b", re.I | re.M)
#: Parts that are looked at for the HTML; a saved page has one for each image and style.
MAX_PARTS = 5_000


def looks_mhtml(raw: bytes) -> bool:
    """Whether a file begins with headers that tell of a saved page."""
    head = _HEAD.match(raw[:8_192])
    return head is not None and _TYPE.search(head[0]) is not None and b"mime-version" in head[0].lower()


def page_in(raw: bytes) -> tuple[bytes, str | None]:
    """The bytes of the HTML, and the address that the page was saved from.

    Raises MalformedError for a file without a part of HTML.
    """
    try:
        message = email.message_from_bytes(raw, policy=email.policy.compat32)
        part = _html(message)
        content = part.get_payload(decode=True) if part is not None else None
        address = message.get("Snapshot-Content-Location") or (part and part.get("Content-Location"))
    except (AssertionError, LookupError, RecursionError, TypeError, ValueError):
        raise MalformedError("page is a broken MHTML file: save it again, as HTML or text") from None
    if not isinstance(content, bytes) or not content.strip():
        raise MalformedError("page is an MHTML file without HTML in it: save it again, as HTML or text")
    shown = str(address).strip() if address else None
    return content, shown if shown and re.match(r"https?://\S{1,2000}$", shown) else None


def _html(message: Message | EmailMessage) -> Message | None:
    """The part that the file says to start with, else the first of HTML."""
    start = message.get_param("start")
    first = None
    for number, part in enumerate(message.walk()):
        if number >= MAX_PARTS:
            break
        if part.get_content_type() in ("text/html", "application/xhtml+xml"):
            if start and part.get("Content-ID", "").strip() == str(start):
                return part
            first = first or part
    return first
