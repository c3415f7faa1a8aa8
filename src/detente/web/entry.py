# SPDX-License-Identifier: Apache-2.0
"""One entry: its words, whose they are, how far it has come, what is proven; and acknowledging it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from detente.errors import DetenteError, RefusedError, UsageError
from detente.record import states
from detente.record.entry import Entry, parse_rfc3339
from detente.record.timeline import causal_order
from detente.web import proof, views
from detente.web.console import Console, NotHere, back, field, own_path, signed_in
from detente.web.sessions import Session
from detente.web.watch import displayed
from detente.words.kinds import KINDS

ACKS = {
    "read": "Read: a person here has read it",
    "understood": "Understood: give the sense back in your own words",
    "referred": "Referred: with a post that may answer",
    "will-answer": "Will answer by a time",
    "declined": "Declined, with a neutral reason",
}
_WHEN = re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}")


def find(console: Console, request: Request) -> tuple[dict[str, Any], Entry]:
    """The channel and entry that the path names, by id or by ref. Raises NotHere."""
    row = console.channel(request)
    name = request.path_params["entry"]
    for entry in console.records.entries(row["channel"]):
        if name in (entry.id, entry.ref):
            return row, entry
    try:  # one that is older than what is read of a long channel
        return row, console.records.find(name, row["channel"])
    except RefusedError:
        raise NotHere("There is no such entry in this channel.") from None


@signed_in
async def get_entry(console: Console, request: Request, session: Session) -> Response:
    """The entry's page. Looking at it is *displayed*, not *read*."""
    _, entry = find(console, request)
    if not entry.mine:
        await displayed(console, session, [(entry.channel, entry.id)])
    return await entry_page(console, request, session)


async def entry_page(
    console: Console,
    request: Request,
    session: Session,
    *,
    problem: str = "",
    given: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    """The page, with what was given in the form where it is shown again."""
    row, entry = find(console, request)
    view = await views.channel_view(console, row, await console.call("status"))
    evidence = await proof.proof_of(console, entry)
    verified = proof.verify(console, entry, evidence) if "verify" in request.query_params else None
    ordered = await asyncio.to_thread(causal_order, view.entries)
    about = views.items(console, view, [other for other in ordered if other.id in entry.re], 200)
    after = [other for other in ordered if entry.id in other.re]
    item = views.items(console, view, [entry], 60_000)[0]
    return console.page(
        request,
        session,
        "entry.html",
        status=status,
        view=view,
        item=item,
        about=about,
        after=views.items(console, view, after, 200),
        unknown=[target for target in entry.re if target not in {e.id for e in view.entries}],
        proof=evidence,
        verified=verified,
        acks=ACKS if may_ack(entry) else {},
        acked=states.reached(entry.marks.get(console.info.party, {}), "read") is not None,
        known_kind=entry.kind in KINDS,
        warnings=views.warnings(entry),
        problem=problem,
        given={"state": "read", "note": "", "by": "", "until": ""} | dict(given or {}),
        to=[console.node.short(fpr) for fpr in entry.to],
    )


def may_ack(entry: Entry) -> bool:
    """Whether we may acknowledge it."""
    return not entry.mine and views.acknowledgeable(entry)


@signed_in
async def post_ack(console: Console, request: Request, session: Session) -> Response:
    """Sign and place an acknowledgement by the office that is logged in."""
    _, entry = find(console, request)
    form = await request.form()
    given = {name: field(form, name).strip() for name in ("state", "note", "by", "until")}
    once = field(form, "once", 64)
    done = session.results.get(once) if once else None
    if done is None:
        try:
            data = ack_data(given, may_ack(entry))
            author = await console.author(session, form)
            signed = author.make(entry.channel, "ack", data, re=[entry.id], now_ms=console.now())
            done = await console.call("submit", channel=entry.channel, signed=signed.to_json())
        except DetenteError as error:
            return await entry_page(console, request, session, problem=str(error), given=given, status=400)
        if once:
            session.remember(once, done)
        said = given["state"].replace("-", " ")
        waits = "; it waits for a second office's signature" if done["state"] == "awaiting release" else ""
        session.notices.append(f"{entry.ref}: {said}{waits}.")
    return back(own_path(field(form, "next") or f"/c/{entry.channel}/e/{entry.id}"))


def ack_data(given: Mapping[str, str], allowed: bool) -> dict[str, Any]:
    """The data of an acknowledgement from the form. Raises UsageError that says what is missing."""
    state = given["state"]
    if not allowed:
        raise UsageError("This entry is not acknowledged: it is ours, or of a kind that nobody acknowledges.")
    if state not in ACKS:
        raise UsageError("Choose how far the entry has come.")
    if state == "declined" and not given["note"]:
        raise UsageError("Declining needs a reason, in neutral words.")
    if state == "understood" and not given["note"]:
        raise UsageError("Understood: give the sense back in your own words.")
    if state == "referred" and not given["by"]:
        raise UsageError("Referred: say which post has it now.")
    data: dict[str, Any] = {"state": state}
    if given["note"]:
        data["note"] = given["note"]
    if given["by"]:
        data["by"] = given["by"][:120]
    if state == "will-answer":
        data["until"] = _until(given["until"])
    return data


def _until(text: str) -> int:
    """A time from the form, in UTC (``2026-02-14 09:30``) or RFC 3339; ms. Raises UsageError."""
    if not text:
        raise UsageError("Will answer: say by when.")
    return parse_rfc3339(f"{text}:00Z" if _WHEN.fullmatch(text) else text)


@signed_in
async def get_leaf(console: Console, request: Request, session: Session) -> Response:
    """The leaf's bytes, as they stand in the log."""
    _, entry = find(console, request)
    found = await proof.proof_of(console, entry)
    return _download(found.raw, f"{entry.ref}.leaf.json", "application/json")


@signed_in
async def get_proof(console: Console, request: Request, session: Session) -> Response:
    """The entry's C2SP tlog-proof."""
    _, entry = find(console, request)
    found = await proof.proof_of(console, entry)
    return _download(found.tlog_proof(), f"{entry.ref}.tlog-proof", "text/plain; charset=utf-8")


def _download(content: bytes, name: str, kind: str) -> Response:
    safe = re.sub(r"[^A-Za-z0-9.-]", "_", name)
    return Response(
        content, media_type=kind, headers={"content-disposition": f'attachment; filename="{safe}"'}
    )
