# SPDX-License-Identifier: Apache-2.0
"""The main job on one machine: pages are read, two parties replay what they tell of, and all is compared."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from detente.errors import RefusedError
from detente.node import casefile
from detente.node.demo_plan import authority, make_plan
from detente.node.demo_play import given_pages, own_pages, play
from detente.node.demo_report import DemoResult, finish
from detente.node.demo_show import Show
from detente.node.files import write_private
from detente.node.home import Home
from detente.node.replay import Clock, Exchange, Persona, parties, persona

CASE = "february-2022-call"
Progress = Callable[[str], None]


async def run(place: Path | None, files: Sequence[Path], progress: Progress) -> DemoResult:
    """Replay what the pages tell of, in ``place`` (a fresh directory if None). ``progress`` takes lines.

    Without ``files`` the project's own pages are read. RefusedError: no page tells of a contact, or a home
    is there already.
    """
    began = time.perf_counter()
    show = Show(progress)
    pages = given_pages(files) if files else own_pages()
    plan = make_plan(pages)
    show.pages(plan)
    where = place or Path(tempfile.mkdtemp(prefix="detente-demo-"))
    where.mkdir(mode=0o700, parents=True, exist_ok=True)
    for side in plan.sides:
        if (where / side).exists():
            raise RefusedError(f"{where / side} is there already; take another --dir, or remove it")
    who = tuple(persona(side, authority(plan.people(side), side)) for side in plan.sides)
    write_private(where / "README", _readme(where, who).encode())
    clock = Clock()
    show.making()
    async with parties(where, who, clock) as found:
        show.parties(found)
        exchange = Exchange(found, clock)
        await play(exchange, plan, casefile.load(CASE), show.done)
        result = finish(where, plan, exchange, who, show)
    result.seconds = time.perf_counter() - began
    show.end(result.seconds, result.files, _look(result))
    return result


def _look(result: DemoResult) -> list[str]:
    """Commands that show what is there."""
    home = result.place / result.plan.sides[0]
    channel = result.channel[:8]
    return [
        f"detente log {home} {channel}",
        f"detente readouts compare {home} {channel} {result.document['comparison']['a']['ref'] or 'CONTACT'}",
        f"detente verify {home}.zip --trust CARD",
    ]


def _readme(where: Path, who: Sequence[Persona]) -> str:
    lines = [
        "The parties of a replay by Detente. All of it was made by `detente demo` and can be thrown away.",
        "",
    ]
    for one in who:
        lines += [
            f"{one.side}: {one.name}",
            f"  home       {where / one.side}",
            f"  line       {one.endpoint}",
            f"  export DETENTE_PASSPHRASE={one.passphrase} DETENTE_OFFICE_PASSPHRASE={one.office}",
            f"  detente serve {where / one.side}      (then the console; offices duty, desk and release)",
            "",
        ]
    return "\n".join(lines)


def homes(result: DemoResult) -> list[tuple[Persona, Home]]:
    """The parties' homes with who they are, to serve them after the replay."""
    return [(one, Home.open(result.place / one.side)) for one in result.personas]
