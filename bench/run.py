# SPDX-License-Identifier: Apache-2.0
"""The measurements, in one run on one machine: ``python bench/run.py [--quick] [--write] [--only NAME…]``.

Prints one JSON line a figure. With ``--write`` the figures also go to docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

import backlog
import count
import floor
import growth
import peers
import reading
import report
import start
import stream
import synapse
import verifying
from figures import Sheet
from parties import HOMES, Parties

PARTS = (
    "floor",
    "help",
    "latency",
    "burst",
    "count",
    "bundle",
    "backlog",
    "start",
    "growth",
    "peers",
    "synapse",
    "reading",
)


def main() -> None:
    """See the module."""
    arguments = _arguments()
    sheet, began = Sheet(), time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="detente-bench-") as directory:
        _measure(sheet, Path(directory), arguments.quick, set(arguments.only or PARTS))
        if "growth" in (arguments.only or PARTS):
            growth.measure(sheet, arguments.quick, whole="growth" in (arguments.only or ()))
    sheet.put("whole run", seconds=round(time.perf_counter() - began), quick=arguments.quick)
    if arguments.write:
        report.write(sheet)


def _measure(sheet: Sheet, place: Path, quick: bool, wanted: set[str]) -> None:
    parties = Parties(place)
    if "floor" in wanted:
        floor.measure(sheet, place, quick)
    if "help" in wanted:
        start.help_time(sheet, parties, quick)
    try:
        if wanted & {"latency", "burst", "bundle", "backlog"}:
            parties.open()
        if "bundle" in wanted:
            verifying.small(parties)
        if "latency" in wanted:
            stream.latency(sheet, parties, quick)
            stream.in_turn(sheet, parties, quick)
        if "burst" in wanted:
            stream.burst(sheet, parties, quick)
        if "bundle" in wanted:
            for home in list(parties.nodes):
                parties.stop(home)
            verifying.measure(sheet, parties, quick)
            for home in HOMES:
                parties.serve(home)
        if "backlog" in wanted:
            backlog.measure(sheet, parties, quick)
    finally:
        parties.close()
    if "count" in wanted:
        counting = place / "count"
        counting.mkdir()
        count.measure(sheet, counting, quick)
    if "start" in wanted:
        start.node_start(sheet, parties, quick)
    if "peers" in wanted:
        peers.measure(sheet, place, quick)
    if "synapse" in wanted:
        synapse.measure(sheet, place, quick)
    if "reading" in wanted:
        reading.measure(sheet, place, quick)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer of everything; takes under a minute")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md; needs all parts")
    parser.add_argument("--only", nargs="+", choices=PARTS, help="only these parts")
    arguments = parser.parse_args()
    if arguments.write and arguments.only:
        parser.error("--write needs all parts")
    return arguments


if __name__ == "__main__":
    main()
