# SPDX-License-Identifier: Apache-2.0
"""A flash behind a backlog: 100 MB were kept for the other side while it was away; it comes back."""

from __future__ import annotations

import json
import os
import threading
import time

from figures import Sheet
from parties import Parties
from stream import Stream

from detente.node.home import Home

# What one stream holds under way is 4,096 entries.
BODY = 32 << 10


def measure(sheet: Sheet, parties: Parties, quick: bool) -> None:
    """From accepting the flash to its receipt, said as soon as the first of the backlog has its receipt."""
    count = 320 if quick else 3200
    bulk, urgent = Stream(parties), Stream(parties)
    parties.stop("ua")
    before = _kept(parties)
    text = "x" * (BODY - 30)
    delivered: list[float] = []
    first = threading.Event()

    def read() -> None:
        for _ in range(count):
            bulk.answer()
            delivered.append(time.monotonic())
            first.set()

    for number in range(count):
        bulk.input.write(
            json.dumps({"kind": "message", "body": {"text": text, "n": number}}).encode() + b"\n"
        )
    bulk.input.flush()
    reader = threading.Thread(target=read)
    reader.start()
    while _kept(parties) < before + count:
        time.sleep(0.1)
    parties.serve("ua")
    first.wait(60)
    urgent.input.write(
        json.dumps({"kind": "message", "precedence": "flash", "body": {"text": "flash"}}).encode() + b"\n"
    )
    urgent.input.flush()
    times = urgent.answer()["times"]
    behind = count - len(delivered)
    reader.join(300)
    bulk.end()
    urgent.end()
    sheet.put(
        "flash behind a backlog",
        backlog_mb=round(count * BODY / 1e6, 1),
        entries=count,
        still_behind=behind,
        kept_ms=round(times["kept"] / 1000, 1),
        delivered_ms=round(times["delivered"] / 1000, 1),
        mb_per_second=round(count * BODY / 1e6 / (delivered[-1] - delivered[0]), 1),
    )


def _kept(parties: Parties) -> int:
    """How many entries stand in the larger log that BY holds."""
    os.environ["DETENTE_STATE_DIR"] = parties.environment["DETENTE_STATE_DIR"]
    store = Home.open(parties.place / "by").open_store(read_only=True)
    try:
        return max(store.head_sizes().values())
    finally:
        store.close()
