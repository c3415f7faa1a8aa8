# SPDX-License-Identifier: Apache-2.0
"""The same for programs, with the session of a browser: what the node is doing, and a channel's entries."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from detente.errors import UsageError
from detente.record.timeline import causal_order, to_json
from detente.web.console import Console, signed_in
from detente.web.sessions import Session

MOST = 1000


@signed_in
async def get_status(console: Console, request: Request, session: Session) -> Response:
    """What ``detente`` calls the node's status."""
    return JSONResponse(await console.call("status"))


@signed_in
async def get_entries(console: Console, request: Request, session: Session) -> Response:
    """Entries in causal order, as ``detente log --json`` has them; ``from`` and ``limit`` cut a piece out."""
    row = console.channel(request)
    start, limit = _number(request, "from", 0), min(_number(request, "limit", MOST), MOST)
    entries = await asyncio.to_thread(causal_order, console.records.entries(row["channel"]))
    found = [to_json(entry) for entry in entries[start : start + limit]]
    return JSONResponse({"channel": row["channel"], "from": start, "total": len(entries), "entries": found})


def _number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, str(default))
    if not text.isdecimal() or len(text) > 9:
        raise UsageError(f"{name} is a number from 0")
    return int(text)
