# SPDX-License-Identifier: Apache-2.0
"""How a line of two parties does as it grows, at 10³ to 10⁶ entries: cost of an entry, start, memory.

``python bench/growth.py PLACE [SIZE]`` keeps the pair of homes in PLACE, to be measured again and again.

The entries between the sizes that are measured are real ones (signed by their offices, under signed heads,
with receipts), put into both stores without packets and without being judged: so a million takes minutes.
What is measured goes the whole way: placed, sealed, opened, judged, kept, receipted; without a network.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

import httpx
from figures import Sheet
from parties import Parties

from detente.line.signed import Signed
from detente.line.writes import PutBody, PutHead, PutLeaf, PutReceipt
from detente.log import merkle
from detente.log.checkpoint import Checkpoint, cosign, sign_checkpoint
from detente.node.author import Author, unlock_author
from detente.node.home import Home
from detente.node.keystore import unlock_service
from detente.node.runtime import Node

SIZES = (1_000, 10_000, 100_000, 1_000_000)
NAME = "growth to "
BATCH = 256
SINGLE = 200
TEXT = "x" * 1000
CHARTER = "[quotas]\nentries_per_day = 100000000\nbytes_per_day = 1000000000000\nflash_per_hour = 1000000\n"


class Pair:
    """Both parties' nodes in this process, with what their offices sign."""

    def __init__(self, parties: Parties, stack: ExitStack) -> None:
        self.channel = parties.channel
        self.nodes: list[Node] = []
        self.authors: list[Author] = []
        for name in ("by", "ua"):
            home = Home.open(parties.place / name)
            stack.enter_context(home.lock())
            keys = unlock_service(home, parties.environment["DETENTE_PASSPHRASE"])
            node = Node(home, home.open_store(), keys)
            stack.callback(node.close)
            self.nodes.append(node)
            self.authors.append(unlock_author(home, None, parties.environment["DETENTE_OFFICE_PASSPHRASE"]))
        self.meet()

    @property
    def size(self) -> int:
        """Entries of both."""
        return sum(log.size for log in self.nodes[0].line(self.channel).state.logs.values())

    def signed(self, which: int, count: int) -> list[Signed]:
        """Messages of one of the two."""
        now = self.nodes[which].clock()
        return [
            self.authors[which].make(self.channel, "message", {"text": TEXT, "n": n}, now_ms=now)
            for n in range(count)
        ]

    def say(self, which: int, entries: list[Signed]) -> tuple[float, float]:
        """One batch the whole way; CPU seconds of placing, and of all else until it has its receipt."""
        node = self.nodes[which]
        began = time.process_time()
        node.place(self.channel, entries)
        placed = time.process_time()
        self.even()
        if node.line(self.channel).unsent():
            raise SystemExit("an entry was not receipted")
        return placed - began, time.process_time() - placed

    def meet(self) -> None:
        """A connection begins: both say what they have."""
        for node, other in (self.nodes, self.nodes[::-1]):
            node.connected(other.me, "bench")
        self.even()

    def even(self) -> None:
        """Until neither has anything for the other."""
        node, other = self.nodes
        while self.pump(node, other) + self.pump(other, node):
            pass

    @staticmethod
    def pump(node: Node, other: Node) -> int:
        """What one has for the other."""
        packets = node.pull(other.me, 8 << 20)
        for raw in packets:
            other.packet(node.me, raw)
        return len(packets)

    def fill(self, which: int, entries: list[Signed]) -> None:
        """One batch into both stores, without packets."""
        node, other = self.nodes[which], self.nodes[1 - which]
        with node.step(self.channel) as mine, other.step(self.channel) as theirs:
            log, now = mine.state.own_log(), node.clock()
            assert log is not None
            assert mine.own is not None
            assert theirs.own is not None
            previous = log.size
            for offset, entry in enumerate(entries):
                place = previous + offset
                leaf = mine._leaf(entry, place, now, first=not offset)  # noqa: SLF001
                put = PutLeaf(log.origin, place, leaf.raw, merkle.leaf_hash(leaf.raw), leaf.id, now, ())
                for line in (mine, theirs):
                    line.write(PutBody(leaf.id, entry.seed or b"", entry.body or b""))
                    line.write(put, leaf)
            root = log.frontier.root()
            note = sign_checkpoint(Checkpoint(log.origin, log.size, root), mine.own.log)
            receipt = cosign(note, theirs.own.receipt_name, theirs.own.receipt, now // 1000)
            for line in (mine, theirs):
                line.write(PutHead(log.origin, log.size, root, note, previous, line is mine))
                line.write(PutReceipt(log.origin, log.size, other.me, now // 1000, receipt))


def grow(pair: Pair, size: int) -> None:
    """Fill up to ``size`` entries, both parties in turn."""
    turn = 0
    while pair.size < size:
        pair.fill(turn % 2, pair.signed(turn % 2, min(BATCH, size - pair.size)))
        for node in pair.nodes:
            node.settle()
            node.store.tidy()
        turn += 1
    pair.meet()


def cost(pair: Pair) -> dict[str, float]:
    """ms of CPU an entry: in batches, and alone under way."""
    found = {}
    for name, count, times in (("batch", BATCH, 12), ("single", 1, SINGLE)):
        placed = rest = 0.0
        for turn in range(times):
            entries = pair.signed(turn % 2, count)
            one = pair.say(turn % 2, entries)
            placed, rest = placed + one[0], rest + one[1]
        found[f"{name}_place_ms"] = round(1000 * placed / (times * count), 3)
        found[f"{name}_deliver_ms"] = round(1000 * rest / (times * count), 3)
    return found


@contextmanager
def at_work(parties: Parties) -> Iterator[Pair]:
    """Both nodes in this process."""
    os.environ |= {name: value for name, value in parties.environment.items() if name.startswith("DETENTE_")}
    with ExitStack() as stack:
        pair = Pair(parties, stack)
        gc.collect()
        gc.freeze()
        yield pair


def memory(pid: int) -> float:
    """MiB that a process has in memory."""
    text = Path(f"/proc/{pid}/status").read_text()
    return round(int(text.partition("VmRSS:")[2].split()[0]) / 1024, 1)


def worked(pid: int) -> float:
    """CPU seconds that a process took so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return round((int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), 2)


def opened(place: Path) -> Parties:
    """The parties of PLACE, made if need be."""
    parties = Parties(place)
    known = place / "channel"
    if known.exists():
        parties.channel = known.read_text()
        return parties
    place.mkdir(parents=True, exist_ok=True)
    (place / "charter.toml").write_text(CHARTER)
    parties.open("--charter", "charter.toml")
    parties.close()
    known.write_text(parties.channel)
    return parties


def at_start(parties: Parties) -> dict[str, Any]:
    """Start and memory of one serving node, then of the same with its first pages open."""
    seconds = min(_started(parties) for _ in range(3))
    parties.serve("by")
    try:
        pid = parties.nodes["by"].pid
        found: dict[str, Any] = {
            "start_s": round(seconds, 3),
            "start_mib": memory(pid),
            "start_cpu_s": worked(pid),
        }
        return found | pages(parties, pid)
    finally:
        parties.stop("by")


def pages(parties: Parties, pid: int) -> dict[str, Any]:
    """Log in to the console; then the watch page and the timeline, each for the first time and once more."""
    serving = Home.open(parties.place / "by").serving() or {}
    found: dict[str, Any] = {}
    with httpx.Client(base_url=str(serving["console"]), timeout=600) as browser:
        token = re.search(r'name="token" value="([^"]*)"', browser.get("/login").text)
        assert token is not None
        office = {"office": "duty", "passphrase": parties.environment["DETENTE_OFFICE_PASSPHRASE"]}
        browser.post("/login", data={"token": token[1], "next": "/", **office})
        for name, path in (("watch", "/"), ("timeline", f"/c/{parties.channel}")):
            for time_ in ("first", "again"):
                began = time.perf_counter()
                page = browser.get(path)
                found[f"{name}_{time_}_s"] = round(time.perf_counter() - began, 2)
                if page.status_code != 200 or "Log in" in page.text:
                    raise SystemExit(f"{path}: {page.status_code}")
    return found | {"pages_mib": memory(pid)}


def _started(parties: Parties) -> float:
    try:
        return parties.serve("by")
    finally:
        parties.stop("by")


async def _measure(sheet: Sheet, parties: Parties, sizes: tuple[int, ...]) -> None:
    """The sizes that PLACE has passed already are given as they were measured then."""
    notes = parties.place / "figures.json"
    known = json.loads(notes.read_text()) if notes.exists() else {}
    for size in sizes:
        name = _name(size)
        with at_work(parties) as pair:
            if pair.size > 2 * size:
                if name in known:
                    sheet.put(name, **known[name])
                continue
            grow(pair, size)
            figures: dict[str, Any] = cost(pair)
        known[name] = sheet.put(name, entries=size, **figures, **at_start(parties))
        notes.write_text(json.dumps(known))


def measure(sheet: Sheet, quick: bool, *, whole: bool) -> None:
    """The curve. The pair is kept for the next time, as a million entries take some minutes to make: without
    ``whole`` it is measured up to a million only where it was made before, else up to 100,000."""
    place = Path(tempfile.gettempdir()) / "detente-bench-growth" / ("quick" if quick else "full")
    notes = place / "figures.json"
    made = notes.exists() and _name(SIZES[-1]) in json.loads(notes.read_text())
    sizes = SIZES[:2] if quick else SIZES if whole or made else SIZES[:3]
    asyncio.run(_measure(sheet, opened(place), sizes))


def row(one: dict[str, Any]) -> str:
    """A figure as a row of the page."""
    costs = [
        f"{one[f'{name}_{what}_ms']:.2f} ms" for name in ("batch", "single") for what in ("place", "deliver")
    ]
    pages = [
        f"{one[f'{name}_first_s']:.2f}, {one[f'{name}_again_s']:.2f} s" for name in ("watch", "timeline")
    ]
    ready = [f"{one['start_s']:.2f} s", f"{one['start_mib']:.0f} MiB"]
    cells = [f"{one['entries']:,}", *costs, *ready, *pages, f"{one['pages_mib']:.0f} MiB"]
    return f"| {' | '.join(cells)} |"


def _name(size: int) -> str:
    return f"{NAME}{size}"


if __name__ == "__main__":
    here = opened(Path(sys.argv[1]).absolute())
    wanted = int(sys.argv[2]) if len(sys.argv) > 2 else SIZES[-1]
    asyncio.run(_measure(Sheet(), here, tuple(size for size in SIZES if size <= wanted)))
