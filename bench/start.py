# SPDX-License-Identifier: Apache-2.0
"""How long the program takes to begin: its help, and a node with few and with many entries."""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import time

from figures import Sheet
from parties import Parties
from stream import TEXT

from detente.node.author import unlock_author
from detente.node.control import LocalStream, running
from detente.node.home import Home
from detente.seal.canonical import encode

AT_ONCE = 2048


def help_time(sheet: Sheet, parties: Parties, quick: bool) -> None:
    """``detente --help``, beside a Python that does nothing."""
    command = parties.command("--help")
    for name, call in (("python -c pass", [command[0], "-c", "pass"]), ("detente --help", command)):
        taken = []
        for _ in range(5 if quick else 20):
            began = time.perf_counter()
            subprocess.run(call, env=parties.environment, stdout=subprocess.DEVNULL, check=True)
            taken.append(time.perf_counter() - began)
        sheet.put(name, median_ms=round(1000 * statistics.median(taken)), n=len(taken))


def node_start(sheet: Sheet, parties: Parties, quick: bool) -> None:
    """A node of a register of its own: with nothing in it, then with 100,000 entries."""
    count = 5000 if quick else 100_000
    parties.init("big", "BIG")
    register = json.loads(parties.call("channel", "register", "big", "--about", "X", "--json"))["channel"]
    empty = parties.serve("big")
    parties.stop("big")
    began = time.perf_counter()
    os.environ |= {name: value for name, value in parties.environment.items() if name.startswith("DETENTE_")}
    asyncio.run(_fill(parties, register, count))
    filled = time.perf_counter() - began
    full = parties.serve("big")
    parties.stop("big")
    sheet.put(
        "start of a node",
        empty_s=round(empty, 2),
        entries=count,
        full_s=round(full, 2),
        kept_per_second_without_a_peer=round(count / filled),
    )


async def _fill(parties: Parties, channel: str, count: int) -> None:
    home = Home.open(parties.place / "big")
    author = unlock_author(home, None, parties.environment["DETENTE_OFFICE_PASSPHRASE"])
    body = {"text": TEXT, "means": "by telephone"}
    assert len(encode(body)) > 1000
    async with running(home, lambda: parties.environment["DETENTE_PASSPHRASE"]) as here:
        stream = LocalStream(here.operations, channel)
        for start in range(0, count, AT_ONCE):
            pairs = [
                await stream.submit(author.make(channel, "message", body, now_ms=here.node.clock()))
                for _ in range(start, min(start + AT_ONCE, count))
            ]
            await asyncio.gather(*(kept for kept, _ in pairs))
