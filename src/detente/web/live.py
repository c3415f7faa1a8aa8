# SPDX-License-Identifier: Apache-2.0
"""What happens, told to open pages as it happens (server-sent events)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from detente.web.console import Console, signed_in
from detente.web.sessions import Session

BEAT = 15.0
STREAMS = 128
# What pages react to, and what of it they need: never a text.
TOLD = {
    "entry": ("channel", "id", "party", "mine", "kind", "precedence", "urgent", "mark", "re"),
    "alarm": ("channel", "id", "party", "kind", "precedence", "mark"),
    "mark": ("channel", "id", "party", "mark"),
    "link": ("peer", "connected"),
    "draft": ("channel", "id", "status"),
    "labels": ("channel", "id"),
    "stopped": ("channel",),
    "evidence": ("channel",),
}


@signed_in
async def get_events(console: Console, request: Request, session: Session) -> Response:
    """The events of the node, until the page is closed, the session over or the console stopped."""
    streams = request.app.state
    if getattr(streams, "open_streams", 0) >= STREAMS:
        return JSONResponse({"error": "too many open pages"}, 503)
    watching = "watch" in request.query_params
    token = request.cookies.get(console.cookie)
    stream = _stream(console, request, session, token, watching)
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(stream, media_type="text/event-stream", headers=headers)


async def _stream(
    console: Console, request: Request, session: Session, token: str | None, watching: bool
) -> AsyncIterator[str]:
    state = request.app.state
    state.open_streams = getattr(state, "open_streams", 0) + 1
    if watching:
        await console.watch(session)
    try:
        with console.node.listen() as events:
            yield "retry: 2000\nevent: ready\ndata: {}\n\n"
            while not console.closing.is_set():
                if console.sessions.find(token, person=False) is None:
                    yield "event: ended\ndata: {}\n\n"
                    return
                event = await _next(console, events)
                yield ": beat\n\n" if event is None else _line(event)
    finally:
        state.open_streams -= 1
        if watching:
            await console.unwatch(session)


async def _next(console: Console, events: asyncio.Queue[dict[str, Any]]) -> dict[str, Any] | None:
    """The next event; None when nothing came for a beat, or the console closes."""
    getting = asyncio.ensure_future(events.get())
    closing = asyncio.ensure_future(console.closing.wait())
    try:
        await asyncio.wait([getting, closing], timeout=BEAT, return_when=asyncio.FIRST_COMPLETED)
        return getting.result() if getting.done() else None
    finally:
        getting.cancel()
        closing.cancel()


def _line(event: dict[str, Any]) -> str:
    name = str(event.get("event"))
    if name not in TOLD:
        return ": \n\n"
    data = {key: event[key] for key in TOLD[name] if key in event}
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"
