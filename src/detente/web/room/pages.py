# SPDX-License-Identifier: Apache-2.0
"""The pages of a reading room: the list, a page under review, adding sources, two read-outs side by side."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from typing import Any
from urllib.parse import quote

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from detente.errors import DetenteError, MalformedError, UsageError
from detente.node import importing
from detente.node.room import Row, Shown
from detente.node.room_export import cell
from detente.press.compare import compare, from_source
from detente.press.decisions import check_date
from detente.press.pages import respan
from detente.press.review import TITLES, Item, items, parse_key
from detente.press.versions import changes
from detente.web.assets import static
from detente.web.compare import groups
from detente.web.console import field
from detente.web.room.app import STATIC, Desk, enter, inside
from detente.web.room.marking import SHOWN, marked

#: Rows of one page of the list.
ROWS = 100
_ABOUT = ("url", "published", "captured", "lang")
RELATIONS = {
    "same_text": "same text as",
    "version": "another version of",
    "correction": "correction of",
}


@inside
async def get_list(desk: Desk, request: Request) -> Response:
    """The sources, the latest first; ``q`` narrows by words of title, name, outlet, address."""
    desk.room.refresh()
    words = request.query_params.get("q", "").lower().split()
    rows = [row for row in desk.room.rows() if _fits(row, words)]
    try:
        page = max(1, int(request.query_params.get("page", "1")))
    except ValueError:
        page = 1
    shown = rows[(page - 1) * ROWS : page * ROWS]
    return desk.page(
        request,
        "list.html",
        rows=[_listed(desk, row) for row in shown],
        total=len(rows),
        q=" ".join(words),
        stale=len(desk.room.unread()),
        number=page,
        pages=max(1, -(-len(rows) // ROWS)),
    )


@inside
async def get_page(desk: Desk, request: Request) -> Response:
    """One page: its text with marks on the left, its findings to decide on the right."""
    desk.room.refresh()
    shown = await asyncio.to_thread(desk.room.show, request.path_params["page"])
    found = items(shown.source)
    text = shown.view.text
    furniture = [shown.view.span(*one["span"]) for one in shown.source["furniture"]]
    spans = [
        (item, [shown.view.span(*span) for span in item.marks], shown.view.span(*item.span)) for item in found
    ]
    return desk.page(
        request,
        "page.html",
        row=_listed(desk, shown.row),
        shown=shown,
        text=marked(text, furniture, spans),
        cut=max(0, len(text) - SHOWN),
        items=found,
        titles=TITLES,
        quotes={item.number: _quote(text, shown, item) for item in found},
        waiting=sum(item.state == "proposed" for item in found),
        comparisons=_own_comparisons(shown),
        others=[_listed(desk, row) for row in desk.room.rows()[:ROWS] if row.page != shown.row.page],
        lang=shown.row.lang or "",
    )


@inside
async def post_decide(desk: Desk, request: Request) -> Response:
    """A decision on one finding; back to the page, at the next finding that waits."""
    form = await request.form()
    page = desk.room.row(request.path_params["page"]).page
    try:
        name, span = parse_key(field(form, "key"))
    except ValueError:
        raise UsageError("There is no such finding.") from None
    verdict = field(form, "verdict")
    fields: dict[str, str | None] = {}
    if verdict == "corrected":
        before = {
            one.path: one.value
            for item in items(desk.room.show(page).source)
            if item.key == f"{name}:{span[0]}-{span[1]}"
            for one in item.fields
        }
        for path, old in before.items():
            new = field(form, f"field.{path}").strip()
            if new != old:
                fields[path] = new or None
    async with desk.lock:
        await asyncio.to_thread(
            lambda: desk.room.decide(
                page, name, span, verdict, by=desk.by, at=desk.now(), fields=fields, note=field(form, "note")
            )
        )
    left = [one for one in items(desk.room.show(page).source) if one.state == "proposed"]
    following = next((one for one in left if one.span >= span), left[0] if left else None)
    return RedirectResponse(f"/p/{page}" + (f"#f-{following.number}" if following else "#findings"), 303)


@inside
async def post_reread(desk: Desk, request: Request) -> Response:
    """Read the pages again that were read by other rules or names; decisions stay."""
    async with desk.lock:
        outcome = await asyncio.to_thread(importing.reread, desk.room)
    for line in outcome.problems:
        desk.tell(line)
    desk.tell(f"{outcome.pages} pages read again; what was decided stands.")
    return RedirectResponse("/", 303)


@inside
async def get_add(desk: Desk, request: Request) -> Response:
    """The form for new sources."""
    empty = dict.fromkeys((*_ABOUT, "text"), "")
    return desk.page(request, "add.html", values=empty, problem="")


@inside
async def post_add(desk: Desk, request: Request) -> Response:
    """Files, or a text that was pasted. What cannot be read is said, one line each; the others are kept."""
    form = await request.form()
    about = {name: field(form, name).strip() or None for name in _ABOUT}
    pasted = field(form, "text", 4 << 20)
    uploads = [one for one in form.getlist("files") if isinstance(one, UploadFile) and one.filename]
    inputs = [(one.filename or "upload", await one.read()) for one in uploads]
    if pasted.strip():
        inputs.append(("paste.txt", pasted.encode("utf-8")))
    try:
        if not inputs:
            raise UsageError("Choose files, or paste a text.")
        for name in ("published", "captured"):
            check_date(about[name])
    except UsageError as error:
        return desk.page(
            request, "add.html", status=400, values={**about, "text": pasted}, problem=str(error)
        )
    added = 0
    for name, raw in inputs:
        try:
            async with desk.lock:
                told = await asyncio.to_thread(
                    importing.take, desk.room, raw, name, desk.by, desk.now(), about
                )
            added += 1
            desk.tell(told)
        except (MalformedError, UsageError) as error:
            desk.tell(f"{name}: not taken. {error}")
    return RedirectResponse("/" if added != 1 else f"/p/{desk.room.rows()[0].page}", 303)


@inside
async def get_changes(desk: Desk, request: Request) -> Response:
    """What changed from the page that this one is a version of."""
    new = desk.room.show(request.path_params["page"])
    if new.row.relation is None:
        raise UsageError("This page is no version of another one here.")
    old = desk.room.show(new.row.relation.of)
    lines = await asyncio.to_thread(changes, _body(old), _body(new))
    return desk.page(
        request, "changes.html", old=_listed(desk, old.row), new=_listed(desk, new.row), lines=lines
    )


@inside
async def get_compare(desk: Desk, request: Request) -> Response:
    """Two read-outs side by side: ``a`` and ``b`` are ``PAGE:CONTACT:SIDE``; a side may be left out."""
    sides = []
    for which in ("a", "b"):
        page, _, rest = request.query_params.get(which, "").partition(":")
        contact, _, side = rest.partition(":")
        shown = desk.room.show(page)
        sides.append((shown, int(contact) if contact.isdecimal() else 0, side))
    same = sides[0][0].row.page == sides[1][0].row.page
    read = [
        from_source(
            respan(shown.source, shown.view.span),
            shown.view.text,
            side or _first_side(shown, contact),
            contact,
            whole=not same and not side,
        )
        for shown, contact, side in sides
    ]
    found = await asyncio.to_thread(compare, *read)
    names = [one.side or one.name for one in read]
    return desk.page(
        request,
        "compare.html",
        sides=[(name, _listed(desk, shown.row)) for name, (shown, _, _) in zip(names, sides, strict=True)],
        groups=groups(found, names),
    )


@inside
async def get_csv(desk: Desk, request: Request) -> Response:
    """The findings of all pages as a table, with states."""
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(("page", "title", "published", "finding", "state", "by", "what", "start", "end", "words"))
    for row in desk.room.rows():
        shown = desk.room.show(row.page)
        for item in items(shown.source):
            words = _quote(shown.view.text, shown, item)
            by = (item.decided or {}).get("by", "")
            values = (row.page, row.title, row.published, TITLES[item.list], item.state, by, item.summary)
            table.writerow([cell(value) for value in (*values, *item.span, words)])
    return Response(
        out.getvalue(),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": 'attachment; filename="findings.csv"'},
    )


@inside
async def get_json(desk: Desk, request: Request) -> Response:
    """The SOURCE of one page with states and decisions."""
    shown = desk.room.show(request.path_params["page"])
    return Response(json.dumps(shown.source, ensure_ascii=False, indent=1), media_type="application/json")


@inside
async def get_raw(desk: Desk, request: Request) -> Response:
    """The input byte for byte, as a download: nothing of it is shown or run here."""
    row = desk.room.row(request.path_params["page"])
    return Response(
        desk.room.raw(row.sha256),
        media_type="application/octet-stream",
        headers={"content-disposition": f"attachment; filename*=UTF-8''{quote(row.name)}"},
    )


def _listed(desk: Desk, row: Row) -> dict[str, Any]:
    """A row for the templates: with the page it belongs to, and how much of it is decided."""
    decided = {(one.list, one.span) for one in desk.room.decisions(row.page) if one.verdict != "proposed"}
    relation = None
    if row.relation is not None:
        try:
            other: Row | None = desk.room.row(row.relation.of)
        except DetenteError:
            other = None
        if other is not None:
            relation = {"words": RELATIONS[row.relation.kind], "page": other.page, "title": _title(other)}
    return {
        "page": row.page,
        "title": _title(row),
        "name": row.name,
        "url": row.url,
        "lang": row.lang,
        "published": row.published,
        "added": row.added,
        "by": row.by,
        "counts": dict(row.counts),
        "findings": sum(row.counts.values()),
        "decided": len(decided),
        "relation": relation,
    }


def _title(row: Row) -> str:
    return row.title or row.name


def _fits(row: Row, words: list[str]) -> bool:
    told = f"{row.title or ''} {row.name} {row.url or ''} {row.lang or ''} {row.published or ''}".lower()
    return all(word in told for word in words)


def _quote(text: str, shown: Shown, item: Item) -> str:
    start, end = shown.view.span(*item.span)
    return " ".join(text[start:end].split())


def _body(shown: Shown) -> str:
    return "\n".join(
        shown.view.text[start:end] for start, end in (shown.view.span(*span) for span in shown.source["body"])
    )


def _own_comparisons(shown: Shown) -> list[dict[str, str]]:
    """The contacts of the page that have read-outs of two sides: what to compare."""
    made = []
    for number, contact in enumerate(shown.source["contacts"]):
        sides = list(dict.fromkeys(one["side"] for one in contact["readouts"] if one["side"]))
        if len(sides) >= 2:
            a, b = (quote(f"{shown.row.page}:{number}:{side}") for side in sides[:2])
            made.append({"sides": " and ".join(sides[:2]), "href": f"/compare?a={a}&b={b}"})
    return made


def _first_side(shown: Shown, contact: int) -> str:
    held = shown.source["contacts"]
    readouts = held[contact]["readouts"] if contact < len(held) else []
    return next((str(one["side"]) for one in readouts if one["side"]), "")


ROUTES = (
    Route("/open", enter),
    Route("/", get_list),
    Route("/reread", post_reread, methods=["POST"]),
    Route("/add", get_add),
    Route("/add", post_add, methods=["POST"]),
    Route("/p/{page}", get_page),
    Route("/p/{page}/decide", post_decide, methods=["POST"]),
    Route("/p/{page}/changes", get_changes),
    Route("/p/{page}/json", get_json),
    Route("/p/{page}/raw", get_raw),
    Route("/compare", get_compare),
    Route("/findings.csv", get_csv),
    Route("/static/{name}", static(STATIC)),
)
