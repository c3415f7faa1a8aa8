# SPDX-License-Identifier: Apache-2.0
"""How fast pages are read: bodies, whole findings by the rules, with the models; a folder of thousands."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from figures import Sheet

from detente.node import importing
from detente.node.room import Room
from detente.press.formats import pages_of
from detente.press.furniture import paragraphs
from detente.press.models import load
from detente.press.pages import read_pages

PAGES = Path(__file__).resolve().parent.parent / "tests" / "press" / "pages"
AT = "2026-01-01T00:00:00.000Z"


def measure(sheet: Sheet, place: Path, quick: bool) -> None:
    """Rates on one core over the project's own test pages, in processor time."""
    dumps = [(path.name, path.read_bytes()) for path in sorted(PAGES.rglob("*.txt"))]
    saved = [(path.name, path.read_bytes()) for path in sorted(PAGES.rglob("*.html"))]
    seconds = 0.5 if quick else 4.0
    sheet.put(
        "pages read",
        unit="pages a second of one core",
        dumps=len(dumps),
        saved=len(saved),
        bodies_of_dumps=_rate(_bodies, dumps, seconds),
        bodies_of_html=_rate(_bodies, saved, seconds),
        trafilatura_alone=_rate(_trafilatura, saved, seconds),
        findings_by_rules=_rate(_findings, dumps, seconds),
        findings_with_models=_rate(_with_models, dumps, seconds),
    )
    _folder(sheet, place, dumps, 200 if quick else 10_000)


def _folder(sheet: Sheet, place: Path, dumps: Sequence[tuple[str, bytes]], count: int) -> None:
    """Thousands of different pages into a room by two processes, and the most memory one process had."""
    pages = place / "pages"
    pages.mkdir()
    for number in range(count):
        name, raw = dumps[number % len(dumps)]
        (pages / f"{number}-{name}").write_bytes(raw + f"\n{number}\n".encode())
    room = Room.open(place / "room", make=True)
    began = time.perf_counter()
    outcome = importing.take_all(room, importing.expand([str(pages)]), "bench", AT, {}, jobs=2, models=False)
    took = time.perf_counter() - began
    most = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    sheet.put(
        "folder read",
        pages=outcome.pages,
        seconds=round(took, 1),
        per_second=round(outcome.pages / took),
        most_mib=round(most / 1024),
    )


def _rate(read: Callable[[str, bytes], object], pages: Sequence[tuple[str, bytes]], seconds: float) -> int:
    for name, raw in pages:
        read(name, raw)
    done, began = 0, time.process_time()
    while (took := time.process_time() - began) < seconds:
        for name, raw in pages:
            read(name, raw)
        done += len(pages)
    return round(done / took)


def _bodies(name: str, raw: bytes) -> None:
    for page in pages_of(raw, name):
        paragraphs(page.view.text, page.folded, page.lines)


def _findings(name: str, raw: bytes) -> None:
    list(read_pages(raw, name=name))


def _with_models(name: str, raw: bytes) -> None:
    list(read_pages(raw, name=name, models=load))


def _trafilatura(name: str, raw: bytes) -> None:
    import trafilatura

    trafilatura.extract(raw, include_comments=False)
