# SPDX-License-Identifier: Apache-2.0
"""Who gets in, and what every answer carries."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from detente.web.guard import HEADERS, REQUEST_LIMIT
from detente.web.listener import serve_console
from tests.web import kit

PAGES = [
    "/",
    "/drafts",
    "/c/{channel}",
    "/c/{channel}/write",
    "/events",
    "/api/status",
    "/api/channels/{channel}/entries",
]


async def test_nothing_is_shown_without_a_login(pair: kit.Pair) -> None:
    async with pair.by.browser() as stranger:
        for page in PAGES:
            answer = await stranger.get(page.format(channel=pair.channel))
            assert "Avoiding incidents" not in answer.text
            assert pair.channel not in answer.text or "Passphrase of the office" in answer.text
            assert answer.status_code == (401 if page.startswith(("/events", "/api")) else 200)


async def test_every_answer_carries_the_headers(client: httpx.AsyncClient, pair: kit.Pair) -> None:
    for page in ("/", "/login", "/static/console.css", "/nope", f"/c/{pair.channel}"):
        answer = await client.get(page)
        for name, value in HEADERS.items():
            assert answer.headers[name] == value
        assert answer.headers["cache-control"] in ("no-store", "no-cache")
        assert "<style" not in answer.text
        assert " style=" not in answer.text
        assert "http://" not in answer.text.replace("http://www.w3.org/2000/svg", "")


async def test_a_wrong_passphrase_and_too_many_of_them(pair: kit.Pair) -> None:
    async with pair.by.browser() as stranger:
        for _ in range(3):
            answer = await kit.log_in(stranger, "wrong")
            assert answer.status_code == 403
            assert "not the passphrase" in answer.text
        answer = await kit.log_in(stranger)
        assert "too many wrong passphrases" in answer.text
        assert pair.by.app.state.console.cookie not in stranger.cookies


async def test_the_service_passphrase_is_no_way_in(pair: kit.Pair) -> None:
    async with pair.by.browser() as stranger:
        assert (await kit.log_in(stranger, kit.PASS)).status_code == 403
        assert (await kit.log_in(stranger, office="watch")).status_code == 400


async def test_the_cookie_is_for_this_site_and_no_script(pair: kit.Pair) -> None:
    async with pair.by.browser() as stranger:
        answer = await kit.log_in(stranger)
        cookie = next(
            c
            for c in answer.headers.get_list("set-cookie")
            if c.startswith(pair.by.app.state.console.cookie + "=")
        )
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert answer.headers["location"] == "/"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        *(
            pytest.param(url, marks=pytest.mark.slow)
            for url in ("//evil.example", "/\\evil.example", "javascript:alert(1)")
        ),
    ],
)
async def test_the_login_leads_nowhere_else(pair: kit.Pair, target: str) -> None:
    async with pair.by.browser() as stranger:
        answer = await kit.log_in(stranger, next=target)
        assert answer.headers["location"] == "/"


async def test_a_login_needs_its_own_page(pair: kit.Pair) -> None:
    async with pair.by.browser() as stranger:
        data = {"office": "duty", "passphrase": kit.OFFICE_PASS, "token": "x", "next": "/"}
        assert (await stranger.post("/login", data=data)).status_code == 403


async def test_a_form_without_its_token_changes_nothing(client: httpx.AsyncClient, pair: kit.Pair) -> None:
    data = {
        "text": "hello",
        "lang": "en",
        "precedence": "routine",
        "mark": "real",
        "re": "",
        "phrase": "",
        "step": "release",
    }
    for token in ("", "wrong"):
        answer = await client.post(f"/c/{pair.channel}/write", data={**data, "csrf": token})
        assert answer.status_code == 403
    assert not [e for e in pair.by.here.operations.records.entries(pair.channel) if e.kind == "message"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example"}, 421),
        ({"sec-fetch-site": "cross-site"}, 403),
        pytest.param({"sec-fetch-site": "same-site"}, 403, marks=pytest.mark.slow),
        ({"origin": "https://evil.example"}, 403),
        pytest.param({"origin": "http://[evil"}, 403, marks=pytest.mark.slow),
        ({"content-type": "text/plain"}, 415),
        ({"content-length": str(REQUEST_LIMIT + 1)}, 413),
    ],
)
async def test_what_comes_from_elsewhere_is_refused(
    client: httpx.AsyncClient, headers: dict[str, str], status: int
) -> None:
    given = {"content-type": "application/x-www-form-urlencoded", **headers}
    answer = await client.post("/logout", headers=given, content=b"csrf=x")
    assert answer.status_code == status


async def test_a_link_from_another_site_may_be_followed(client: httpx.AsyncClient) -> None:
    headers = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    assert (await client.get("/", headers=headers)).status_code == 200
    for name, value in (
        ("sec-fetch-dest", "iframe"),
        ("sec-fetch-mode", "no-cors"),
        ("sec-purpose", "prefetch"),
    ):
        assert (await client.get("/", headers={**headers, name: value})).status_code == 403


async def test_a_body_larger_than_it_says_is_cut_off(client: httpx.AsyncClient) -> None:
    async def flood() -> object:
        for _ in range(5):
            yield b"a=" + b"x" * (1 << 19) + b"&"

    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = await client.post("/login", headers=headers, content=flood())  # type: ignore[arg-type]
    assert answer.status_code == 413


async def test_logging_out_takes_the_session_away(client: httpx.AsyncClient) -> None:
    page = await client.get("/drafts")
    answer = await client.post("/logout", data={"csrf": kit.hidden(page.text, "csrf")})
    assert answer.status_code == 303
    assert "Passphrase of the office" in (await client.get("/drafts")).text


async def test_the_listener_serves_on_loopback_names_no_program_and_closes(pair: kit.Pair) -> None:
    task, url = await serve_console(pair.ua.app, "localhost", 0)
    port = url.rpartition(":")[2]
    async with httpx.AsyncClient() as browser:
        answer = await browser.get(url + "/login")
        assert answer.status_code == 200
        assert "server" not in answer.headers
        assert (await browser.get(f"http://127.0.0.1:{port}/login")).status_code == 200
        assert (await browser.get(url + "/login", headers={"host": "evil.example"})).status_code == 421
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    async with httpx.AsyncClient() as browser:
        with pytest.raises(httpx.ConnectError):
            await browser.get(url + "/login")


async def test_events_reach_an_open_page_and_its_watch_post_is_on(pair: kit.Pair) -> None:
    task, url = await serve_console(pair.ua.app, "localhost", 0)
    async with httpx.AsyncClient(base_url=url, timeout=20) as browser:
        assert (await kit.log_in(browser)).status_code == 303
        async with browser.stream("GET", "/events?watch=1") as stream:
            lines = stream.aiter_lines()
            assert "event: ready" in [await anext(lines) for _ in range(3)]
            assert pair.ua.here.node.posts == {"duty"}
            sent = await pair.by.say(
                pair.channel, "message", {"text": "secret words", "lang": "en"}, precedence="flash"
            )
            seen: list[str] = []
            async for line in lines:
                seen.append(line)
                if line == "event: alarm":
                    seen.append(await anext(lines))
                    break
            assert sent in seen[-1]
            assert "secret words" not in "\n".join(seen)
        await kit.until(lambda: not pair.ua.here.node.posts)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
