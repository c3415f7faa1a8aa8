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

import count
import counted
import growth
import peers
import stream
import synapse
from figures import Figures, Sheet

TARGET = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"

PAGE = Path(__file__).with_name("page.md")


def write(sheet: Sheet) -> None:
    """Write the page. SystemExit if a figure is missing."""
    figures = sheet.figures
    nats = figures[peers.NAME]
    many = figures.get(f"{peers.NAME}, {peers.UNDER_WAY} under way")
    start, bundle = figures["start of a node"], figures["export and verify"]
    behind, matrix = figures["flash behind a backlog"], figures[synapse.NAME]
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
        processor=_processor_times(figures["burst"]["processor_ms_an_entry"]),
        cost="\n".join(_costs(figures["what one entry costs"])),
        times=_share(figures["kept to delivered, one after the other"], figures["floor"]),
        backlog=f"{behind['backlog_mb']:g}",
        behind=f"{behind['still_behind']:,} of {behind['entries']:,}",
        flash=f"{behind['delivered_ms']:.0f} ms",
        matrix=matrix.get("skipped") or f"{_ms(matrix['median_us'])} (version {matrix['version']})",
        matrix_times=_faster(figures, matrix),
        nats=nats.get("skipped") or _ms(nats["median_us"]),
        nats_many=f"{many['per_second']:,} a second" if many else "not measured",
        **_reading(figures),
        help=f"{figures['detente --help']['median_ms']} ms",
        python=f"{figures['python -c pass']['median_ms']} ms",
        empty=f"{start['empty_s']} s",
        entries=f"{start['entries']:,}",
        full=f"{start['full_s']} s",
        alone=f"{start['kept_per_second_without_a_peer']:,}",
        bundle_entries=f"{bundle['entries']:,}",
        export=f"{bundle['export_all_s']} s",
        verify_start=f"{bundle['start_s']} s",
        verify=_verified(bundle["verify_s"], bundle["per_second"], bundle["share_of_raw"]),
        verify_bodies=_verified(
            bundle["verify_bodies_s"], bundle["per_second_with_bodies"], bundle["share_with_bodies"]
        ),
        verify_hashes=f"{bundle['hashes_only_s']} s | {bundle['per_second_hashes_only']:,} | –",
        raw=f"{bundle['raw_per_second']:,}",
        signatures=f"{bundle['signatures']:,}",
        signature_rate=f"{bundle['signatures_per_second']:,}",
        signature_share=f"{100 * bundle['signatures_share_of_raw']:.0f} %",
        growth="\n".join(growth.row(one) for name, one in figures.items() if name.startswith(growth.NAME)),
        blocks="\n".join(_blocks(figures)),
    )
    TARGET.write_text(page, encoding="utf-8")


def _processor_times(spent: dict[str, float]) -> str:
    return ", ".join(f"{count.WHO[who]} {ms:.2f} ms" for who, ms in spent.items())


def _costs(cost: dict[str, Any]) -> list[str]:
    """Commits and signatures of one entry: a row for each process, and their sum."""
    rows = [(name, [cost[who][kind] for kind in counted.NAMES]) for who, name in count.WHO.items()]
    rows.append(("all", [sum(values) for values in zip(*(values for _, values in rows), strict=True)]))
    return [f"| {name} | {' | '.join(f'{value:g}' for value in values)} |" for name, values in rows]


def _share(figure: dict[str, Any], floor: dict[str, Any]) -> str:
    return f"{figure['median_us'] / floor['median_us']:.1f}"


def _faster(figures: Figures, matrix: dict[str, Any]) -> str:
    """How many times our median goes into the other's: from kept, and from the line accepted."""
    if "median_us" not in matrix:
        return "not measured"
    names = ("kept to delivered, one after the other", "accept to delivered, one after the other")
    ours = [matrix["median_us"] / figures[name]["median_us"] for name in names]
    return f"{ours[0]:.0f} times kept … delivered, {ours[1]:.0f} times line accepted … delivered"


def _verified(seconds: float, per_second: int, share: float) -> str:
    return f"{seconds} s | {per_second:,} | {100 * share:.0f} %"


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


def _reading(figures: Figures) -> dict[str, str]:
    """The figures of the press: pages a second of one core, and a folder of thousands."""
    rates, folder = figures["pages read"], figures["folder read"]
    names = (
        "bodies_of_dumps",
        "bodies_of_html",
        "trafilatura_alone",
        "findings_by_rules",
        "findings_with_models",
    )
    made = {name: f"{rates[name]:,}" for name in names}
    made["folder"] = (
        f"{folder['pages']:,} pages, two processes: {folder['seconds']:g} s, "
        f"{folder['per_second']:,} a second; the largest process had {folder['most_mib']:,} MiB"
    )
    return made
