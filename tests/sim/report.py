# SPDX-License-Identifier: Apache-2.0
"""What a run covered: days, entries, faults by type, transitions reached and not; as text and as tables."""

from __future__ import annotations

import datetime
import os
import platform
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.sim.cover import BEYOND, expected
from tests.sim.world import World

# What a simulated day has at least; worlds below that are played, but their days are not counted.
ENTRIES, FAULTS = 50, 5
PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- counts: begin -->", "<!-- counts: end -->"


@dataclass
class Report:
    """Counts over worlds; ``add`` one, ``merge`` those of another process."""

    days: int = 0
    thin: int = 0
    worlds: int = 0
    entries: int = 0
    steps: int = 0
    rivals: int = 0
    parties: Counter[int] = field(default_factory=Counter)
    liars: Counter[int] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    covered: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    least: tuple[int, int] = (10**9, 10**9)
    failures: list[tuple[str, str]] = field(default_factory=list)

    def add(self, world: World) -> None:
        self.worlds += 1
        faults = sum(n for name, n in world.faults.items() if not name.startswith("packet"))
        entries, most = world.entries // world.days, faults // world.days
        if entries < ENTRIES or most < FAULTS:
            self.thin += world.days
            return
        self.days += world.days
        self.entries += world.entries
        self.steps += world.watch.steps
        self.rivals += bool(world.rivals)
        self.parties[len(world.nodes)] += world.days
        self.liars[sum(node.lies for node in world.nodes.values())] += world.days
        self.faults.update(world.faults)
        self.covered.update(world.watch.cover.counts)
        self.refused.update(world.refused)
        self.least = min(self.least[0], entries), min(self.least[1], most)

    def merge(self, other: Report) -> None:
        for name in ("days", "thin", "worlds", "entries", "steps", "rivals"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("parties", "liars", "faults", "covered", "refused"):
            getattr(self, name).update(getattr(other, name))
        self.least = min(self.least[0], other.least[0]), min(self.least[1], other.least[1])
        self.failures += other.failures

    def missed(self) -> list[str]:
        """Transitions that should be reached and were not."""
        return sorted(expected() - self.covered.keys())

    def summary(self, took: float) -> str:
        """One line; ``took`` in seconds."""
        return (
            f"{self.days} days in {self.worlds} worlds, {self.entries} entries, {self.steps} commits,"
            f" {sum(self.faults.values())} faults, {len(self.failures)} failures; {took:.0f} s,"
            f" {60 * self.days / max(took, 1e-9):.0f} days a minute"
        )

    def text(self) -> str:
        """All counts, for a terminal."""
        least = f"at least {self.least[0]} entries and {self.least[1]} faults a day"
        lines = [f"{least}; {self.thin} thin days played and not counted"]
        lines.append("days by parties: " + ", ".join(f"{n}: {d}" for n, d in sorted(self.parties.items())))
        lines.append("days by liars: " + ", ".join(f"{n}: {d}" for n, d in sorted(self.liars.items())))
        for title, counts in (
            ("faults", self.faults), ("transitions and labels", self.covered), ("refused steps", self.refused)
        ):  # fmt: skip
            lines.append(f"{title}:")
            lines += [f"  {count:9} {name}" for name, count in sorted(counts.items())]
        missed = self.missed()
        lines.append(f"never reached, and should be: {len(missed)}")
        lines += [f"  {name}" for name in missed]
        lines.append("not expected of a simulation:")
        lines += [f"  {name} ({why})" for name, why in BEYOND.items()]
        return "\n".join(lines)

    def page(self, seed: str, took: float, jobs: int) -> str:
        """The same as tables, for the documents."""
        day = datetime.datetime.now(datetime.UTC).date()
        rows = [
            ("date", str(day)),
            ("machine", f"{_cpu()}, {jobs} processes, Python {platform.python_version()}"),
            ("seed", f"`{seed}`"),
            ("simulated days", f"{self.days:,} ({self.days / 365:.1f} years)"),
            ("days by number of parties", ", ".join(f"{n}: {d:,}" for n, d in sorted(self.parties.items()))),
            ("days by number of liars", ", ".join(f"{n}: {d:,}" for n, d in sorted(self.liars.items()))),
            ("entries", f"{self.entries:,}"),
            ("commits", f"{self.steps:,}"),
            ("faults", f"{sum(self.faults.values()):,}"),
            ("least in a day", f"{self.least[0]} entries, {self.least[1]} faults (worlds' means)"),
            ("days a minute", f"{60 * self.days / max(took, 1e-9):,.0f}"),
            ("transitions reached", f"{len(expected() & self.covered.keys())} of {len(expected())}"),
            ("never reached", "; ".join(f"`{m}`" for m in self.missed()) or "none"),
            ("failures", "; ".join(f"`{n}`: {t}" for n, t in self.failures) or "none"),
        ]
        table = ["| | |", "| --- | --- |", *(f"| {name} | {value} |" for name, value in rows)]
        for title, counts in (("fault", self.faults), ("transition or label", self.covered)):
            table += ["", f"| {title} | times |", "| --- | ---: |"]
            table += [f"| {name} | {count:,} |" for name, count in sorted(counts.items())]
        return "\n".join(table)


def write(text: str) -> None:
    """Put the tables into the page, between its marks."""
    page = PAGE.read_text(encoding="utf-8")
    head, rest = page.split(BEGIN, 1)
    PAGE.write_text(f"{head}{BEGIN}\n{text}\n{END}{rest.split(END, 1)[1]}", encoding="utf-8")


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    text = info.read_text(encoding="utf-8", errors="replace") if info.is_file() else ""
    names = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")]
    return f"{names[0] if names else platform.machine()}, {os.cpu_count()} cores"
