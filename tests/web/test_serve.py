# SPDX-License-Identifier: Apache-2.0
"""Node and console in one process: where they listen, and that others find them."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import httpx
import pytest

from detente.errors import UsageError
from detente.web import serve
from detente.web.listener import address, url_of
from tests.web import kit

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("endpoint", "listen"),
    [
        ("https://127.0.0.1:8801", "127.0.0.1:8801"),
        ("https://[::1]:8801", "[::1]:8801"),
        ("https://localhost:8801", "localhost:8801"),
        ("https://by.example:8801", "0.0.0.0:8801"),
        ("https://10.0.0.5", "0.0.0.0:443"),
    ],
)
def test_the_line_listens_where_the_card_says(tmp_path: Path, endpoint: str, listen: str) -> None:
    home = kit.make_home(tmp_path / "by", "BY", 1)
    home.set_info(endpoint=endpoint)
    assert serve.default_listen(home) == listen


def test_without_an_endpoint_one_has_to_say_where(tmp_path: Path) -> None:
    home = kit.make_home(tmp_path / "by", "BY", 1)
    home.set_info(endpoint=None)
    with pytest.raises(UsageError, match="--listen"):
        serve.default_listen(home)


@pytest.mark.parametrize(
    "text", ["", "9801", "localhost", "localhost:x", "localhost:99999", "localhost:1/x", ":9801"]
)
def test_a_console_address_is_host_and_port(text: str) -> None:
    with pytest.raises(UsageError, match="HOST:PORT"):
        address(text)


def test_addresses_for_people() -> None:
    assert address("[::1]:9801") == ("::1", 9801)
    assert url_of("::1", 9801) == "http://[::1]:9801"
    assert url_of("localhost", 9801) == "http://localhost:9801"


def beside() -> tuple[int, socket.socket]:
    """A free port whose neighbour a thousand on is taken by the socket."""
    while True:
        port = kit.free_port()
        if port + serve.BESIDE >= 1 << 16:
            continue
        try:
            return port, socket.create_server(("127.0.0.1", port + serve.BESIDE))
        except OSError:
            continue


@pytest.mark.parametrize("busy", [False, True])
async def test_the_console_stands_beside_the_line_or_where_there_is_room(tmp_path: Path, busy: bool) -> None:
    port, taken = beside()
    if not busy:
        taken.close()
    home = kit.make_home(tmp_path / "by", "BY", port)
    ready: asyncio.Future[tuple[str, str]] = asyncio.get_running_loop().create_future()

    def on_ready(line: str, console: str) -> None:
        ready.set_result((line, console))

    task = asyncio.create_task(serve.run(home, None, None, lambda: kit.PASS, on_ready))
    line, console = await asyncio.wait_for(ready, 20)
    assert line == f"https://127.0.0.1:{port}"
    assert (console == f"http://localhost:{port + serve.BESIDE}") is not busy
    announced = home.serving()
    assert announced is not None
    assert (announced["line"], announced["console"]) == (line, console)
    async with httpx.AsyncClient() as browser:
        assert (await kit.log_in(_at(browser, console))).status_code == 303
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert home.serving() is None
    taken.close()


def _at(browser: httpx.AsyncClient, url: str) -> httpx.AsyncClient:
    browser.base_url = httpx.URL(url)
    return browser


async def test_a_console_address_that_is_taken_is_told_and_the_node_ends(tmp_path: Path) -> None:
    port, taken = beside()
    home = kit.make_home(tmp_path / "by", "BY", port)
    console = f"localhost:{port + serve.BESIDE}"
    with taken, pytest.raises(UsageError, match="cannot listen"):
        await serve.run(home, None, console, lambda: kit.PASS, lambda line, url: None)
    assert home.serving() is None
