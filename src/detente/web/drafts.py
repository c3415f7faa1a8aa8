# SPDX-License-Identifier: Apache-2.0
"""The desk: what waits for a second signature, what came back, what can still be recalled."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from detente.errors import DetenteError, RefusedError, UsageError
from detente.web.console import Console, NotHere, back, field, signed_in
from detente.web.sessions import Session
from detente.web.text import content_of
from detente.web.writing import told


@signed_in
async def get_drafts(console: Console, request: Request, session: Session) -> Response:
    """All drafts."""
    rows = await console.call("drafts")
    titles = {row["id"]: row["title"] for row in console.channels()}
    return console.page(request, session, "drafts.html", drafts=rows, titles=titles)


@signed_in
async def get_draft(console: Console, request: Request, session: Session) -> Response:
    """One draft, as the other side will see it."""
    return await draft_page(console, request, session)


async def draft_page(console: Console, request: Request, session: Session, *, problem: str = "") -> Response:
    """The page, with what went wrong."""
    draft = await _draft(console, request)
    channel = draft["channel"]
    titles = {row["id"]: row["title"] for row in console.channels()}
    refs = {entry.id: entry.ref for entry in console.records.entries(channel)}
    statement = draft["statement"]
    return console.page(
        request,
        session,
        "draft.html",
        status=400 if problem else 200,
        draft=draft,
        title=titles.get(channel, channel),
        content=content_of(draft["kind"], draft["body"], console.records.charter(channel)),
        statement=statement,
        re=[(target, refs.get(target, target[:12])) for target in statement.get("re", [])],
        mine_missing=session.office in draft["of"] and session.office not in draft["signatures"],
        enough=len(draft["signatures"]) >= draft["needed"],
        problem=problem,
    )


async def _draft(console: Console, request: Request) -> dict[str, Any]:
    try:
        found: dict[str, Any] = await console.call("draft_show", id=request.path_params["draft"])
    except RefusedError:
        raise NotHere("There is no such draft here.") from None
    return found


@signed_in
async def post_draft(console: Console, request: Request, session: Session) -> Response:
    """Sign, release, return or recall, by the button that was pressed."""
    form = await request.form()
    draft = await _draft(console, request)
    what = field(form, "step", 16)
    try:
        if what == "release":
            return await _release(console, request, session, draft)
        await _other(console, request, session, draft, what)
    except DetenteError as error:
        return await draft_page(console, request, session, problem=str(error))
    return back("/drafts" if what == "recall" else f"/drafts/{draft['id']}")


async def _release(console: Console, request: Request, session: Session, draft: dict[str, Any]) -> Response:
    """Sign where this office's signature is missing, and place it."""
    arguments: dict[str, Any] = {"id": draft["id"]}
    if len(draft["signatures"]) < draft["needed"]:
        author = await console.author(session, await request.form())
        arguments["signature"] = author.sign(draft["statement"])
    done = await console.call("draft_release", **arguments)
    session.notices.append(told(done))
    if done["state"] == "kept":
        return back(f"/c/{draft['channel']}/e/{draft['id']}")
    return back(f"/drafts/{draft['id']}")


async def _other(
    console: Console, request: Request, session: Session, draft: dict[str, Any], what: str
) -> None:
    form = await request.form()
    if what == "sign":
        author = await console.author(session, form)
        await console.call("draft_sign", id=draft["id"], signature=author.sign(draft["statement"]))
        session.notices.append("Signed.")
    elif what == "return":
        await console.call("draft_return", id=draft["id"], remark=field(form, "remark"), by=session.office)
        session.notices.append("Returned with your remark.")
    elif what == "recall":
        await console.call("draft_recall", id=draft["id"])
        session.notices.append("Recalled: it was not sent, and will not be.")
    else:
        raise UsageError("Choose what to do with the draft.")
