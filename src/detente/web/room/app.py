# SPDX-License-Identifier: Apache-2.0
"""The reading room as one application on this machine's own address."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import wraps
from typing import Any, cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from detente.errors import DetenteError, UsageError
from detente.node.room import Room
from detente.record.entry import rfc3339
from detente.web.assets import failed
from detente.web.console import templates
from detente.web.guard import Guard
from detente.web.sessions import same

FAILED = "The reading room failed at this. What was decided is kept; go back and try again."
STATIC = {
    "console.css": "text/css",
    "room.css": "text/css",
    "room.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
#: Bytes of one upload with all its files.
UPLOAD = 64 << 20
Handler = Callable[["Desk", Request], Awaitable[Response]]


class Desk:
    """One reading room open in the browser. ``key`` is the way in: the printed address has it."""

    def __init__(self, room: Room, by: str, key: str | None = None) -> None:
        self.room = room
        self.by = by
        self.key = key or secrets.token_urlsafe(24)
        self.cookie = "detente-room-" + hashlib.sha256(str(room.path.resolve()).encode()).hexdigest()[:8]
        self.names = {"localhost"}
        self.templates = templates()
        #: One at a time: decisions and sources go into files.
        self.lock = asyncio.Lock()
        self._notices: list[str] = []

    def close(self) -> None:
        """Nothing stays open by itself here."""

    def now(self) -> str:
        """The present, RFC 3339 UTC."""
        return rfc3339(time.time_ns() // 1_000_000)

    def token(self) -> str:
        """What forms carry, so that no other site can send one."""
        return hmac.new(self.key.encode(), b"form", hashlib.sha256).hexdigest()

    def tell(self, words: str) -> None:
        """Say something once, on the next page."""
        self._notices.append(words)

    def page(self, request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        """A page from a template of the room."""
        notices, self._notices = self._notices, []
        common: dict[str, Any] = {
            "room": self.room.path.name or str(self.room.path),
            "by": self.by,
            "csrf": self.token(),
            "here": request.url.path,
            "notices": notices,
            "damaged": dict(self.room.damaged),
        }
        html = self.templates.get_template(f"room/{template}").render(common | values)
        return HTMLResponse(html, status)


def desk_of(request: Request) -> Desk:
    """The desk that a request is for."""
    return cast("Desk", request.app.state.console)


def inside(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """A page for whoever came in by the printed address; forms must carry the room's token."""

    @wraps(handler)
    async def guarded(request: Request) -> Response:
        desk = desk_of(request)
        if not same(request.cookies.get(desk.cookie), desk.key):
            return desk.page(
                request,
                "problem.html",
                status=403,
                problem="Open the reading room by the address that `detente press open` printed.",
            )
        try:
            if request.method == "POST":
                form = await request.form(max_files=100, max_fields=200, max_part_size=UPLOAD)
                given = form.get("csrf")
                if not same(given if isinstance(given, str) else None, desk.token()):
                    raise UsageError("This form is not of this room; go back and try again.")
            return await handler(desk, request)
        except DetenteError as error:
            return desk.page(request, "problem.html", status=400, problem=str(error))
        finally:
            await request.close()

    return guarded


async def enter(request: Request) -> Response:
    """The printed address: checks its key and remembers it in a cookie of this browser."""
    desk = desk_of(request)
    if not same(request.query_params.get("key"), desk.key):
        return desk.page(
            request,
            "problem.html",
            status=403,
            problem="This address is of an earlier opening; use the one printed last.",
        )
    answer = RedirectResponse("/", 303)
    answer.set_cookie(desk.cookie, desk.key, httponly=True, samesite="strict", path="/")
    return answer


async def _not_here(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return desk_of(request).page(
        request, "problem.html", status=status, problem="There is nothing at this address."
    )


def create_room_app(desk: Desk) -> Starlette:
    """The application of one room; ``app.state.console`` is its ``Desk``."""
    from detente.web.room.pages import ROUTES

    handlers: Mapping[Any, Any] = {HTTPException: _not_here, Exception: failed(FAILED)}
    app = Starlette(
        routes=list(ROUTES),
        middleware=[
            Middleware(
                Guard,
                names=desk.names,
                limit=UPLOAD,
                forms=("application/x-www-form-urlencoded", "multipart/form-data"),
            )
        ],
        exception_handlers=dict(handlers),
    )
    app.state.console = desk
    return app
