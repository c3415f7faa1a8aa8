# SPDX-License-Identifier: Apache-2.0
"""A channel's timeline: ours on the left, theirs on the right, in causal order."""

from __future__ import annotations

import asyncio
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from detente.record.timeline import causal_order
from detente.web import views
from detente.web.console import Console, signed_in
from detente.web.sessions import Session

PAGE = 100


@signed_in
async def get_timeline(console: Console, request: Request, session: Session) -> Response:
    """One page of it, by default the newest. ``kind`` shows one kind, ``all`` also tests and machinery."""
    row = console.channel(request)
    view = await views.channel_view(console, row, await console.call("status"))
    ordered = await asyncio.to_thread(causal_order, view.entries)
    kind = request.query_params.get("kind", "")
    every = "all" in request.query_params
    chosen = [e for e in ordered if (e.kind == kind if kind else every or views.said(e))]
    pages = max(1, -(-len(chosen) // PAGE))
    wanted = request.query_params.get("page", "")
    number = min(int(wanted), pages) if wanted.isdecimal() and 0 < len(wanted) < 7 and int(wanted) else pages
    shown = chosen[(number - 1) * PAGE : number * PAGE]
    base = {"kind": kind} if kind else {"all": "1"} if every else {}
    return console.page(
        request,
        session,
        "timeline.html",
        view=view,
        views=views,
        items=views.items(console, view, shown),
        kinds=sorted({entry.kind for entry in ordered}),
        kind=kind,
        every=every,
        hidden=len(ordered) - len(chosen),
        number=number,
        pages=pages,
        link=lambda page: "?" + urlencode({**base, "page": page}),
    )
