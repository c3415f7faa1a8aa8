# SPDX-License-Identifier: Apache-2.0
"""``detente serve``: the node, until SIGTERM or SIGINT."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any

import click

from detente.cli import common
from detente.cli.common import HomeCommand, home_argument, json_option


@click.command(cls=HomeCommand)
@home_argument
@click.option("--listen", metavar="HOST:PORT", help="Where the line listens; by default where the card says.")
@click.option(
    "--console",
    metavar="HOST:PORT",
    help="Where console and API listen; by default localhost, the line's port + 1000.",
)
@click.option("--behind-proxy", is_flag=True, help="Plain HTTP on loopback: a proxy before it speaks TLS.")
@json_option
def serve(home: str, listen: str | None, console: str | None, behind_proxy: bool, as_json: bool) -> None:
    """Run the node: the line for other parties, and the console for this one's people."""
    from detente.cli.secrets import service_passphrase
    from detente.web.serve import run

    party = common.open_home(home)

    def on_ready(line: str, console_url: str) -> None:
        if as_json:
            common.emit({"line": line, "console": console_url})
        else:
            common.tell(f"line     {line}\nconsole  {console_url}")

    common.run(
        until_told(run(party, listen, console, service_passphrase, on_ready, behind_proxy=behind_proxy))
    )


async def until_told(node: Coroutine[Any, Any, None]) -> None:
    """Run the node; SIGTERM and SIGINT cancel it, and it closes in order."""
    task = asyncio.ensure_future(node)
    loop = asyncio.get_running_loop()
    told = False

    def stop() -> None:
        nonlocal told
        told = True
        task.cancel()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    try:
        await task
    except asyncio.CancelledError:
        if not told:
            raise
