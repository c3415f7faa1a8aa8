# SPDX-License-Identifier: Apache-2.0
"""docs/benchmarks.md from the figures of one run."""

from __future__ import annotations

import os
import platform
import sqlite3
import ssl
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import peers
import stream
from figures import Figures, Sheet

TARGET = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"

PAGE = Path(__file__).with_name("page.md")


def write(sheet: Sheet) -> None:
    """Write the page. SystemExit if a figure is missing."""
    figures = sheet.figures
    nats = figures[peers.NAME]
    many = figures.get(f"{peers.NAME}, {peers.UNDER_WAY} under way")
    start, bundle = figures["start of a node"], figures["export and verify"]
    page = PAGE.read_text("utf-8").format(
        machine=_machine(),
        rate=stream.RATE,
        cores=os.cpu_count(),
        kept=_row(figures, "accept to kept"),
        delivered=_row(figures, "kept to delivered"),
        whole=_row(figures, "accept to delivered"),
        floor=_parts(figures["floor"]),
        floor_paced=_parts(figures["floor at 50 a second"]),
        burst_entries=f"{figures['burst']['entries']:,}",
        burst=f"{figures['burst']['per_second']:,}",
        nats=nats.get("skipped") or _ms(nats["median_us"]),
        nats_many=f"{many['per_second']:,} a second" if many else "not measured",
        help=f"{figures['detente --help']['median_ms']} ms",
        python=f"{figures['python -c pass']['median_ms']} ms",
        empty=f"{start['empty_s']} s",
        entries=f"{start['entries']:,}",
        full=f"{start['full_s']} s",
        alone=f"{start['kept_per_second_without_a_peer']:,}",
        bundle_entries=f"{bundle['entries']:,}",
        export=f"{bundle['export_s']} s",
        verify=f"{bundle['verify_s']} s",
        blocks="\n".join(_blocks(figures)),
    )
    TARGET.write_text(page, encoding="utf-8")


def _row(figures: Figures, name: str) -> str:
    """Median and 99th percentile, with pauses and without."""
    both = (figures[f"{name} at {stream.RATE} a second"], figures[f"{name}, one after the other"])
    return " | ".join(_ms(figure[value]) for figure in both for value in ("median_us", "p99_us"))


def _parts(floor: dict[str, Any]) -> str:
    names = ("median_us", "commits_us", "round_trip_us", "signatures_us")
    return " | ".join(_ms(floor[name]) for name in names)


def _blocks(figures: Figures) -> list[str]:
    names = [name for name in figures if name.startswith(("Ed25519", "SQLite", "TLS"))]
    return [
        f"| {name} | {_ms(figures[name]['median_us'])} | {_ms(figures[name]['p99_us'])} |" for name in names
    ]


def _ms(micro: Any) -> str:
    return f"{micro / 1000:.2f} ms"


def _machine() -> str:
    day = datetime.now(UTC).date().isoformat()
    return (
        f"Taken {day}: {_processor()}, {os.cpu_count()} cores, {_memory()} of memory,"
        f" Linux {platform.release()};"
        f" Python {platform.python_version()}, cryptography {version('cryptography')}, {ssl.OPENSSL_VERSION},"
        f" SQLite {sqlite3.sqlite_version}, uvloop {version('uvloop')}."
    )


def _processor() -> str:
    return _field("/proc/cpuinfo", "model name") or platform.machine()


def _memory() -> str:
    text = _field("/proc/meminfo", "MemTotal")
    return f"{int(text.split()[0]) / 2**20:.1f} GiB" if text else "an unknown amount"


def _field(path: str, name: str) -> str:
    with Path(path).open(encoding="utf-8") as lines:
        for line in lines:
            if line.startswith(name):
                return line.partition(":")[2].strip()
    return ""
