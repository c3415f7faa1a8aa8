# SPDX-License-Identifier: Apache-2.0
"""Inputs into a reading room: one, or thousands, with progress and several processes; stopped, it goes on."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from detente.errors import DetenteError, UsageError
from detente.node.room import Addition, Room
from detente.press.gazetteer import Gazetteer, builtin, with_user
from detente.press.models import load
from detente.press.pages import read_pages
from detente.press.source import check_size
from detente.press.views import View

Pages = list[tuple[View, dict[str, Any]]]
#: Inputs under way at once, for each process: what bounds the memory.
AHEAD = 4


@dataclass
class Outcome:
    """What came of an import: pages by what they are, and a line for each input that was not taken."""

    pages: int = 0
    findings: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)


def expand(paths: Iterable[str]) -> list[Path]:
    """The files that the paths name; folders with all that is in them, hidden files aside. UsageError."""
    found: list[Path] = []
    for name in paths:
        path = Path(name)
        if path.is_dir():
            inside = (one for one in sorted(path.rglob("*")) if one.is_file())
            found += [
                one for one in inside if not any(part.startswith(".") for part in one.relative_to(path).parts)
            ]
        elif path.exists() or path.is_symlink():
            found.append(path)
        else:
            raise UsageError(f"cannot read the page {name}: there is no such file")
    return found


def read_input(path: Path) -> bytes:
    """An input's bytes. MalformedError, without reading it, for one above the limit."""
    try:
        check_size(path.stat().st_size)
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}") from None


def read(raw: bytes, addition: Addition, names: Mapping[str, Any], models: bool = True) -> Pages:
    """The pages of an input with their findings; ``models``: with those that are installed.

    MalformedError for one that cannot be read.
    """
    return [
        (page.view, page.source)
        for page in read_pages(
            raw,
            name=addition.name,
            url=addition.url,
            published=addition.published,
            captured=addition.captured,
            lang=addition.lang,
            user=_gazetteer(json.dumps(names, sort_keys=True)) if names else None,
            models=load if models else None,
        )
    ]


@lru_cache(maxsize=2)
def _gazetteer(names: str) -> Gazetteer:
    """The program's gazetteer with the reader's own names in it; made once for thousands of pages."""
    return with_user(builtin(), json.loads(names))


def take(
    room: Room,
    raw: bytes,
    name: str,
    by: str,
    at: str,
    about: Mapping[str, str | None],
    *,
    models: bool = True,
) -> str:
    """Put one input in: a line that says what it is and what was found. MalformedError, RefusedError."""
    addition = _addition(raw, name, by, at, about)
    known = room.holds(addition.sha256)
    rows = room.take(raw, addition, [] if known else read(raw, addition, room.names(), models))
    if known:
        return f"{name}: these bytes were here already; noted that they came again"
    told = f"{name}: {_counted(sum(sum(row.counts.values()) for row in rows), 'finding')}"
    if len(rows) != 1:
        return f"{told} on {_counted(len(rows), 'page')}"
    relation = rows[0].relation
    words = {
        "same_text": "the same text as",
        "version": "another version of",
        "correction": "a correction of",
    }
    return f"{told}; {words[relation.kind]} {room.row(relation.of).name}" if relation else told


def take_all(
    room: Room,
    files: Iterable[Path],
    by: str,
    at: str,
    about: Mapping[str, str | None],
    *,
    jobs: int = 1,
    again: bool = False,
    models: bool = True,
    progress: Callable[[int], None] = lambda done: None,
) -> Outcome:
    """Put many inputs in. Stopped half-way, the same call goes on: what is there is not read again.

    ``jobs``: processes; ``again``: note inputs that are there as having come once more. An input that cannot
    be read is a line in the outcome and does not stop the others.
    """
    outcome = Outcome()
    names = room.names()

    def inputs() -> Iterator[tuple[bytes, Addition]]:
        for path in files:
            try:
                raw = read_input(path)
            except DetenteError as error:
                outcome.problems.append(f"{path}: {error}")
                progress(1)
                continue
            addition = _addition(raw, path.name, by, at, about)
            if room.holds(addition.sha256):
                outcome.kinds["already here"] += 1
                if again:
                    room.take(raw, addition, [])
                progress(1)
                continue
            yield raw, addition

    for raw, addition, pages in _read_all(inputs(), names, jobs, models):
        if isinstance(pages, DetenteError):
            outcome.problems.append(f"{addition.name}: {pages}")
        else:
            for row in room.take(raw, addition, pages):
                outcome.pages += 1
                outcome.findings += sum(row.counts.values())
                outcome.kinds[row.relation.kind.replace("_", " ") if row.relation else "new"] += 1
        progress(1)
    return outcome


def reread(
    room: Room, *, jobs: int = 1, models: bool = True, progress: Callable[[int], None] = lambda done: None
) -> Outcome:
    """Read anew what has no findings by the present rules and names; decisions stay as they are."""
    outcome = Outcome()
    names = room.names()

    def inputs() -> Iterator[tuple[bytes, Addition]]:
        for digest in room.unread():
            try:
                yield room.raw(digest), room.addition(digest)
            except DetenteError as error:
                outcome.problems.append(str(error))

    for _, addition, pages in _read_all(inputs(), names, jobs, models):
        if isinstance(pages, DetenteError):
            outcome.problems.append(f"{addition.name}: {pages}")
        else:
            for row in room.derive(addition.sha256, pages):
                outcome.pages += 1
                outcome.findings += sum(row.counts.values())
        progress(1)
    return outcome


def _read_all(
    inputs: Iterator[tuple[bytes, Addition]], names: Mapping[str, Any], jobs: int, models: bool
) -> Iterator[tuple[bytes, Addition, Pages | DetenteError]]:
    """Each input with its pages, in order; with several processes a few are read ahead."""
    if jobs <= 1:
        for raw, addition in inputs:
            yield raw, addition, _attempt(raw, addition, names, models)
        return
    with ProcessPoolExecutor(min(jobs, os.cpu_count() or 1)) as pool:
        waiting: list[tuple[bytes, Addition, Future[Pages | DetenteError]]] = []
        try:
            for raw, addition in inputs:
                waiting.append((raw, addition, pool.submit(_attempt, raw, addition, names, models)))
                if len(waiting) >= jobs * AHEAD:
                    first, about, future = waiting.pop(0)
                    yield first, about, future.result()
            for first, about, future in waiting:
                yield first, about, future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _attempt(raw: bytes, addition: Addition, names: Mapping[str, Any], models: bool) -> Pages | DetenteError:
    try:
        return read(raw, addition, names, models)
    except DetenteError as error:
        return error


def _addition(raw: bytes, name: str, by: str, at: str, about: Mapping[str, str | None]) -> Addition:
    check_size(len(raw))
    known = {key: about.get(key) for key in ("url", "published", "captured", "lang")}
    return Addition(hashlib.sha256(raw).hexdigest(), name, at, by, **known)


def _counted(number: int, name: str) -> str:
    return f"{number} {name}{'' if number == 1 else 's'}"
