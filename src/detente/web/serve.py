# SPDX-License-Identifier: Apache-2.0
"""A party's node and its console in one process, until cancelled."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from starlette.applications import Starlette

from detente.errors import UsageError
from detente.node.control import Running, running, settle_memory
from detente.node.home import Home
from detente.web.app import create_app
from detente.web.listener import address, serve_console

# The console's port beside the line's, where nobody says otherwise: 8801 and 9801.
BESIDE = 1000


async def run(
    party: Home,
    listen: str | None,
    console: str | None,
    passphrase: Callable[[], str],
    on_ready: Callable[[str, str], None],
    *,
    behind_proxy: bool = False,
) -> None:
    """Serve until cancelled. ``on_ready`` gets the URLs of line and console once both listen.

    Raises RefusedError when another process has the home or for a wrong passphrase, UsageError for an
    address that cannot be had.
    """
    where = listen or default_listen(party)
    async with running(party, passphrase, listen=where, behind_proxy=behind_proxy) as here:
        line = here.line_url or ""
        async with console_of(here, console, urlsplit(line).port) as (task, url):
            party.announce(line, url)
            settle_memory()
            try:
                on_ready(line, url)
                await task
            finally:
                party.retract()


@asynccontextmanager
async def console_of(
    here: Running, console: str | None, line_port: int | None = None
) -> AsyncIterator[tuple[asyncio.Task[None], str]]:
    """The console of a running node: (its task, its URL), closed at the end of the block."""
    app = create_app(here.node, here.operations)
    task, url = await _listen(app, console, line_port)
    try:
        yield task, url
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _listen(
    app: Starlette, console: str | None, line_port: int | None
) -> tuple[asyncio.Task[None], str]:
    if console is not None:
        return await serve_console(app, *address(console))
    if line_port is not None and line_port + BESIDE < 1 << 16:
        # If somebody else has it, any free port will do: it is told.
        with contextlib.suppress(UsageError):
            return await serve_console(app, "localhost", line_port + BESIDE)
    return await serve_console(app, "localhost", 0)


def default_listen(party: Home) -> str:
    """Where the line listens by the party's card: its port; on loopback if the card says so. UsageError."""
    parts = urlsplit(party.info.endpoint or "")
    if not parts.hostname:
        raise UsageError(
            f"the card of {party.info.party} has no endpoint; say where to listen: --listen HOST:PORT"
        )
    port = parts.port or 443
    host = parts.hostname
    if host == "localhost":
        return f"{host}:{port}"
    with contextlib.suppress(ValueError):
        if ipaddress.ip_address(host).is_loopback:
            return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return f"0.0.0.0:{port}"
