# SPDX-License-Identifier: Apache-2.0
"""The reading room's pages without a browser: the way in, the review, what a hostile page cannot do."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from detente.node import importing
from detente.node.room import Room
from detente.press.review import items
from detente.web.room.app import Desk, create_room_app

AT = "2026-01-02T03:04:05.000Z"
CALL = """Министры обороны поговорили по телефону

14 февраля 2022 года состоялся телефонный разговор министра обороны Беларуси с министром обороны Украины.
Разговор прошёл по инициативе украинской стороны, сообщает Минобороны Беларуси.
Стороны обсудили меры доверия и безопасности, заявили в Минобороны Беларуси.
Украина не угрожает соседям, заверили в Минобороны Украины.
"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    room = Room.open(tmp_path / "room", make=True)
    importing.take(room, CALL.encode(), "call.txt", "anna", AT, {})
    return Desk(room, "anna", key="the-key")


@pytest_asyncio.fixture
async def client(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=create_room_app(desk))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as one:
        assert (await one.get("/open", params={"key": "the-key"})).status_code == 303
        yield one


def _page(desk: Desk) -> str:
    return desk.room.rows()[-1].page


async def test_only_the_printed_address_is_a_way_in(desk: Desk) -> None:
    transport = httpx.ASGITransport(app=create_room_app(desk))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as stranger:
        for path in ("/", "/add", f"/p/{_page(desk)}", f"/p/{_page(desk)}/raw", "/findings.csv"):
            refused = await stranger.get(path)
            assert refused.status_code == 403
            assert "телефон" not in refused.text
        assert (await stranger.get("/open", params={"key": "guess"})).status_code == 403
        assert (
            await stranger.post(f"/p/{_page(desk)}/decide", data={"csrf": desk.token()})
        ).status_code == 403
        assert not stranger.cookies
        rebound = await stranger.get("/", headers={"host": "evil.example"})
        assert rebound.status_code == 421


async def test_the_list_shows_sources_and_searches(client: httpx.AsyncClient, desk: Desk) -> None:
    page = (await client.get("/")).text
    assert "Министры обороны поговорили" in page
    assert "0 of" in page
    assert "Министры" in (await client.get("/", params={"q": "обороны ru"})).text
    assert "No source has all" in (await client.get("/", params={"q": "ничего-такого"})).text


async def test_a_page_shows_its_text_with_marks_and_its_findings(
    client: httpx.AsyncClient, desk: Desk
) -> None:
    page = (await client.get(f"/p/{_page(desk)}")).text
    assert 'class="n" href="#f-1"' in page
    words = re.sub(r"<[^>]+>", "", re.search(r'class="page-words".*?</div>', page, re.S)[0])  # type: ignore[index]
    for line in CALL.splitlines():
        assert re.sub(r"\s+", "", line) in re.sub(r"\s+|\d", "", words) or any(c.isdigit() for c in line)
    assert "phone call, held, 2022-02-14, on the initiative of UA" in page
    assert (await client.get("/p/ffffffff")).status_code == 400


async def test_a_decision_is_kept_with_who_and_when(client: httpx.AsyncClient, desk: Desk) -> None:
    page = _page(desk)
    first, second, *_ = items(desk.room.show(page).source)
    form = {"csrf": desk.token(), "key": first.key, "verdict": "confirmed", "note": "heard it"}
    answer = await client.post(f"/p/{page}/decide", data=form)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/p/{page}#f-{second.number}"
    (kept,) = desk.room.decisions(page)
    assert (kept.verdict, kept.by, kept.note) == ("confirmed", "anna", "heard it")
    assert "confirmed by anna" in (await client.get(f"/p/{page}")).text
    await client.post(f"/p/{page}/decide", data={**form, "verdict": "proposed"})
    assert items(desk.room.show(page).source)[0].state == "proposed"


async def test_a_correction_keeps_only_what_was_changed(client: httpx.AsyncClient, desk: Desk) -> None:
    page = _page(desk)
    contact = next(one for one in items(desk.room.show(page).source) if one.list == "contacts")
    fields = {f"field.{one.path}": one.value for one in contact.fields}
    form = {
        "csrf": desk.token(),
        "key": contact.key,
        "verdict": "corrected",
        **fields,
        "field.kind": "video_call",
    }
    assert (await client.post(f"/p/{page}/decide", data=form)).status_code == 303
    assert desk.room.decisions(page)[0].fields == {"kind": "video_call"}
    refused = await client.post(f"/p/{page}/decide", data={**form, "field.date.edtf": "soon"})
    assert refused.status_code == 400
    assert "nothing that" in refused.text


async def test_a_form_of_another_site_is_refused(client: httpx.AsyncClient, desk: Desk) -> None:
    page = _page(desk)
    key = items(desk.room.show(page).source)[0].key
    for form in ({"key": key, "verdict": "confirmed"}, {"key": key, "verdict": "confirmed", "csrf": "x"}):
        assert (await client.post(f"/p/{page}/decide", data=form)).status_code == 400
    stolen = {"csrf": desk.token(), "key": key, "verdict": "confirmed"}
    foreign = {"sec-fetch-site": "cross-site"}
    assert (await client.post(f"/p/{page}/decide", data=stolen, headers=foreign)).status_code == 403
    assert desk.room.decisions(page) == []


async def test_sources_are_added_by_file_and_by_paste(client: httpx.AsyncClient, desk: Desk) -> None:
    assert "Or a text, pasted" in (await client.get("/add")).text
    form = {"csrf": desk.token(), "text": "", "published": "", "url": "https://example.org/2"}
    files = [("files", ("one.txt", (CALL + "\nЕщё.").encode())), ("files", ("empty.txt", b""))]
    assert (await client.post("/add", data=form, files=files)).headers["location"].startswith("/p/")
    told = (await client.get("/")).text
    assert "another version of call.txt" in told
    assert "empty.txt: not taken" in told
    pasted = {**form, "text": "Сегодня министр обороны Литвы заявил, что учений не будет."}
    answer = await client.post("/add", data=pasted, files=[("files", ("", b""))])
    assert answer.status_code == 303
    assert desk.room.rows()[0].url == "https://example.org/2"
    wrong = await client.post("/add", data={**pasted, "published": "soon"}, files=[("files", ("", b""))])
    assert wrong.status_code == 400
    assert "no date" in wrong.text
    assert "учений не будет" in wrong.text  # what was typed is not lost


async def test_what_changed_is_shown_by_lines(client: httpx.AsyncClient, desk: Desk) -> None:
    importing.take(desk.room, (CALL + "Добавлена строка.\n").encode(), "new.txt", "anna", AT, {})
    new = next(row for row in desk.room.rows() if row.name == "new.txt")
    page = (await client.get(f"/p/{new.page}/changes")).text
    assert "Добавлена строка." in page
    assert 'class="come"' in page


async def test_a_pages_own_mark_up_never_runs(client: httpx.AsyncClient, desk: Desk) -> None:
    evil = CALL + "\n<script>alert(1)</script><img src=x onerror=alert(2)>\n\u202eобратно\n"
    importing.take(desk.room, evil.encode(), "<b>evil</b>.txt", "anna", AT, {})
    html = f"<html><body><article><p>{CALL}</p><script>alert(3)</script></article></body></html>"
    importing.take(desk.room, html.encode(), "evil.html", "anna", AT, {"url": "javascript:alert(4)"})
    for row in desk.room.rows():
        answer = await client.get(f"/p/{row.page}")
        body = answer.text.split("<main", 1)[1]
        assert "<script" not in body
        assert "<img" not in body
        assert "<b>evil" not in body
        assert 'href="javascript' not in body
        assert "\u202e" not in body
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
    raw = await client.get(f"/p/{desk.room.rows()[0].page}/raw")
    assert raw.headers["content-type"] == "application/octet-stream"
    assert raw.headers["content-disposition"].startswith("attachment")


async def test_two_read_outs_stand_side_by_side(client: httpx.AsyncClient, desk: Desk) -> None:
    one = (
        "14 февраля 2022 года министр обороны Беларуси провёл телефонный разговор с министром обороны "
        "Украины. Стороны обсудили меры доверия, сообщили в Минобороны Беларуси.\n"
    )
    two = (
        "14 февраля министр обороны Украины провёл телефонный разговор с министром обороны Беларуси. "
        "Стороны обсудили учения, сообщили в Минобороны Украины.\n"
    )
    pages = []
    for name, text in (("by.txt", one), ("ua.txt", two)):
        importing.take(desk.room, text.encode(), name, "anna", AT, {})
        pages.append(next(row.page for row in desk.room.rows() if row.name == name))
    answer = await client.get("/compare", params={"a": pages[0], "b": pages[1]})
    assert answer.status_code == 200
    assert "Both say" in answer.text
    assert "not who is right" in answer.text
    assert (await client.get("/compare", params={"a": pages[0]})).status_code == 400


async def test_findings_leave_as_csv_and_json(client: httpx.AsyncClient, desk: Desk) -> None:
    table = (await client.get("/findings.csv")).text.splitlines()
    assert table[0].startswith("page,title,published,finding,state")
    assert len(table) > 2
    source = json.loads((await client.get(f"/p/{_page(desk)}/json")).text)
    assert source["contacts"][0]["state"] == "proposed"


async def test_pages_read_by_other_names_are_offered_to_be_read_again(
    client: httpx.AsyncClient, desk: Desk
) -> None:
    assert "again" not in (await client.get("/")).text
    (desk.room.path / "gazetteer.toml").write_text(
        '[[person]]\nwritten = "Ковшик"\nname = "Ковшик"\nside = "BY"\n'
    )
    assert "Read it again" in (await client.get("/")).text
    assert (await client.post("/reread", data={"csrf": desk.token()})).status_code == 303
    assert "1 pages read again" in (await client.get("/")).text
