# SPDX-License-Identifier: Apache-2.0
"""``detente demo``: the main job on one machine."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from detente.cli import common
from detente.cli.common import json_option
from detente.errors import UsageError

if TYPE_CHECKING:
    from detente.node.demo_report import DemoResult


@click.command()
@click.option("--once", is_flag=True, help="End by itself instead of leaving the console running.")
@click.option("--dir", "directory", metavar="DIR", help="Where the parties' homes go: DIR/<party id>.")
@click.option("--pages", multiple=True, metavar="FILE…", help="Pages to read instead of the project's own.")
@click.argument("more", nargs=-1, metavar="")
@json_option
def demo(
    once: bool, directory: str | None, pages: tuple[str, ...], more: tuple[str, ...], as_json: bool
) -> int:
    """Two parties on this machine replay the exchange that the pages tell of."""
    from detente.node.demo import run

    if more and not pages:
        raise UsageError(f"{more[0]} is not an option; pages come after --pages")
    paths = [Path(page) for page in (*pages, *more)]
    for path in paths:
        if not path.is_file():
            raise UsageError(f"no page at {path}; --pages takes files")
    place = Path(directory).absolute() if directory else None
    result = common.run(run(place, paths, _progress(as_json)))
    if as_json:
        common.emit(result.to_json())
    elif not once:
        _keep_consoles(result)
    return 0 if result.valid else 1


def _progress(as_json: bool) -> Callable[[str], None]:
    """Steps go to standard output for people; beside a JSON document only to a terminal."""
    if as_json:
        return common.note if sys.stderr.isatty() else (lambda text: None)
    return common.tell


def _keep_consoles(result: DemoResult) -> None:
    """Both parties' nodes go on, each with its console, until Ctrl-C."""
    from detente.cli.serve import until_told

    common.run(until_told(_consoles(result)))
    common.tell(f"\nBoth nodes are closed; everything stays in {result.place}")


async def _consoles(result: DemoResult) -> None:
    from detente.node.demo import homes
    from detente.web.serve import run

    waiting = {persona.side for persona in result.personas}

    def ready(side: str, office: str, passphrase: str) -> Callable[[str, str], None]:
        def tell(line: str, console: str) -> None:
            common.tell(f" {side:<5}{console}   log in as {office} with {passphrase}")
            waiting.discard(side)
            if not waiting:
                common.tell(
                    "\n The offices are duty, desk and release. Ctrl-C ends it.\n"
                    f" All this is also in {result.place / 'README'}"
                )

        return tell

    common.tell("\nTHE CONSOLES")
    async with asyncio.TaskGroup() as group:
        for who, home in homes(result):
            passphrase = who.passphrase
            told = ready(who.side, "duty", who.office)
            group.create_task(run(home, None, None, lambda words=passphrase: words, told))  # type: ignore[misc]
