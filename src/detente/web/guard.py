# SPDX-License-Identifier: Apache-2.0
"""What every request must pass, and what every answer carries, before any page is asked.

Against pages of others in the same browser: only our own names in ``Host`` (DNS rebinding), nothing from
other sites (fetch metadata, ``Origin``), nothing large. Tokens in the forms come on top of this.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUEST_LIMIT = 2 << 20
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "x-frame-options": "DENY",
}


class TooLarge(Exception):
    """More of a body came than is read."""


class Guard:
    """Wraps the console. ``names``: what people may call it, in lower case.

    Addresses in digits are let through: rebinding needs a name. ``limit``: bytes of one request; ``forms``:
    the media types that a POST may have.
    """

    def __init__(
        self,
        app: ASGIApp,
        names: Collection[str],
        limit: int = REQUEST_LIMIT,
        forms: Collection[str] = ("application/x-www-form-urlencoded",),
    ) -> None:
        self._app = app
        self._names = names
        self._limit = limit
        self._forms = forms
        self._too_large = f"More than {limit >> 20} MiB in one request."

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = self._refusal(scope["method"], headers)
        if refusal is not None:
            status, reason = refusal
            answer = PlainTextResponse(reason + "\n", status)
            await answer(scope, receive, _with_headers(send))
            return
        await self._pass(scope, receive, send)

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        taken, begun = 0, False

        async def limited() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._limit:
                raise TooLarge
            return message

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, limited, _with_headers(noted))
        except TooLarge:
            if begun:
                raise
            answer = PlainTextResponse(self._too_large + "\n", 413)
            await answer(scope, receive, _with_headers(send))

    def _refusal(self, method: str, headers: Headers) -> tuple[int, str] | None:
        if not self.known_host(headers.get("host", "")):
            return 421, "This is not the console of that name."
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > self._limit:
            return 413, self._too_large
        if "prefetch" in headers.get("sec-purpose", ""):
            return 403, "The console shows nothing that nobody looks at."
        if not _ours(method, headers):
            return 403, "The console takes nothing from other sites."
        if method == "POST" and headers.get("content-type", "").partition(";")[0] not in self._forms:
            return 415, "The console takes forms only."
        return None

    def known_host(self, host: str) -> bool:
        """Whether a ``Host`` header is one of ours."""
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        if name in self._names:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True


def _ours(method: str, headers: Headers) -> bool:
    site = headers.get("sec-fetch-site")
    if site is not None:
        # A person may follow a link to here; the session's cookie does not come along from another site.
        own_window = (
            headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
        )
        return site in ("same-origin", "none") or (method == "GET" and own_window)
    origin = headers.get("origin")
    if method == "GET" or origin is None or origin == "null":
        # Browsers without fetch metadata say "null" under our own referrer policy: the form's token decides.
        return True
    try:
        return urlsplit(origin).netloc.lower() == headers.get("host", "").lower()
    except ValueError:  # what no browser sends
        return False


def _with_headers(send: Send) -> Send:
    async def decorated(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
            headers.setdefault("cache-control", "no-store")
        await send(message)

    return decorated
