# SPDX-License-Identifier: Apache-2.0
"""Two parties at work in this process, each with a console that is asked without sockets."""

from __future__ import annotations

import asyncio
import re
import secrets
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette

from detente.node.author import Author, unlock_author
from detente.node.control import Running, running
from detente.node.home import Home
from detente.node.keystore import create_party
from detente.web.app import create_app
from detente.words.charter import charter_body

PASS, OFFICE_PASS = "service words", "office words"
BASE = "http://localhost"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


def make_home(path: Path, party: str, port: int, name: str | None = None) -> Home:
    endpoint = f"https://127.0.0.1:{port}"
    return create_party(
        path, party, name or f"Ministry {party}", endpoint, "en", PASS, OFFICE_PASS, None, 1_700_000_000_000
    )


@dataclass
class Side:
    """One party: its node, its console, its office."""

    home: Home
    here: Running
    app: Starlette = field(init=False)
    author: Author = field(init=False)

    def __post_init__(self) -> None:
        self.app = create_app(self.here.node, self.here.operations)
        self.author = unlock_author(self.home, "duty", OFFICE_PASS)

    def browser(self) -> httpx.AsyncClient:
        """A client with cookies of its own."""
        return httpx.AsyncClient(transport=httpx.ASGITransport(app=self.app), base_url=BASE)

    async def say(self, channel: str, kind: str, body: dict[str, Any], **more: Any) -> str:
        signed = self.author.make(channel, kind, body, now_ms=self.here.node.clock(), **more)
        done = await self.here.operations.call("submit", {"channel": channel, "signed": signed.to_json()})
        return str(done["id"])

    async def logged_in(self) -> httpx.AsyncClient:
        client = self.browser()
        answer = await log_in(client)
        assert answer.status_code == 303, answer.text
        return client


async def log_in(client: httpx.AsyncClient, passphrase: str = OFFICE_PASS, **more: str) -> httpx.Response:
    page = await client.get("/login")
    data = {
        "token": hidden(page.text, "token"),
        "office": "duty",
        "passphrase": passphrase,
        "next": "/",
        **more,
    }
    return await client.post("/login", data=data)


def hidden(html: str, name: str) -> str:
    """The value of a form's hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found is not None, f"no field {name}"
    return found[1]


@dataclass
class Pair:
    """Two sides and their channel."""

    by: Side
    ua: Side
    channel: str


@asynccontextmanager
async def pair(tmp: Path) -> AsyncIterator[Pair]:
    """BY and UA, connected, with a charter in force."""
    ports = free_port(), free_port()
    homes = make_home(tmp / "by", "BY", ports[0]), make_home(tmp / "ua", "UA", ports[1])
    async with (
        running(homes[0], lambda: PASS, listen=f"127.0.0.1:{ports[0]}") as first,
        running(homes[1], lambda: PASS, listen=f"127.0.0.1:{ports[1]}") as second,
    ):
        by, ua = Side(homes[0], first), Side(homes[1], second)
        await first.operations.call("meet", {"card": homes[1].card()})
        await second.operations.call("meet", {"card": homes[0].card()})
        yield Pair(by, ua, await open_channel(by, ua))


async def open_channel(by: Side, ua: Side) -> str:
    channel = secrets.token_hex(16)
    members = [
        {"fingerprint": s.home.info.fingerprint, "id": s.home.info.party, "name": s.home.info.name}
        for s in (by, ua)
    ]
    body = charter_body(members, purpose="Avoiding incidents", languages=["en", "be", "uk", "ru"])
    charter = by.author.make(channel, "charter", body, now_ms=by.here.node.clock())
    arguments = {"with": [ua.home.info.fingerprint], "charter": charter.to_json()}
    await by.here.operations.call("new_channel", arguments)
    await ua.here.operations.call("wait_channel", {"channel": channel, "timeout": 20})
    await until(lambda: ua.here.operations.records.proposed(channel) is not None)
    await ua.say(channel, "assent", {}, re=[charter.id])
    await by.here.operations.call("wait_channel", {"channel": channel, "for": "open", "timeout": 20})
    return channel


async def until(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    end = asyncio.get_running_loop().time() + seconds
    while not holds():
        assert asyncio.get_running_loop().time() < end, "it did not come to pass"
        await asyncio.sleep(0.02)
