# SPDX-License-Identifier: Apache-2.0
"""The console as one application: its addresses, and the guard around it."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from detente.node.ops import Operations
from detente.node.runtime import Node
from detente.web import api, compare, drafts, entry, live, login, timeline, watch, writing
from detente.web.assets import failed, static
from detente.web.console import Console, of
from detente.web.guard import Guard

FAILED = "The console failed at this. Nothing that was released is lost; go back and try again."
STATIC = {"console.css": "text/css", "console.js": "text/javascript", "icon.svg": "image/svg+xml"}

ROUTES = [
    Route("/", watch.get_watch),
    Route("/login", login.get_login),
    Route("/login", login.post_login, methods=["POST"]),
    Route("/logout", login.post_logout, methods=["POST"]),
    Route("/events", live.get_events),
    Route("/drafts", drafts.get_drafts),
    Route("/drafts/{draft}", drafts.get_draft),
    Route("/drafts/{draft}", drafts.post_draft, methods=["POST"]),
    Route("/c/{channel}", timeline.get_timeline),
    Route("/c/{channel}/compare/{contact}", compare.get_compare),
    Route("/c/{channel}/write", writing.get_write),
    Route("/c/{channel}/write", writing.post_write, methods=["POST"]),
    Route("/c/{channel}/e/{entry}", entry.get_entry),
    Route("/c/{channel}/e/{entry}/ack", entry.post_ack, methods=["POST"]),
    Route("/c/{channel}/e/{entry}/leaf", entry.get_leaf),
    Route("/c/{channel}/e/{entry}/tlog-proof", entry.get_proof),
    Route("/api/status", api.get_status),
    Route("/api/channels/{channel}/entries", api.get_entries),
]


def create_app(node: Node, operations: Operations) -> Starlette:
    """The console of a node at work on this event loop. ``app.state.console`` is its ``Console``."""
    console = Console(node, operations)
    app = Starlette(
        routes=[*ROUTES, Route("/static/{name}", static(STATIC))],
        middleware=[Middleware(Guard, names=console.names)],
        exception_handlers={HTTPException: _not_here, Exception: failed(FAILED)},
    )
    app.state.console = console
    return app


async def _not_here(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    words = {404: "There is nothing at this address.", 405: "This address takes another kind of request."}
    console = of(request)
    return console.page(
        request, None, "problem.html", status=status, problem=words.get(status, "That did not work.")
    )
