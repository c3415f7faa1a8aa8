# SPDX-License-Identifier: Apache-2.0
"""``detente say --stream``: many entries through one call, the next signed while the last is under way."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson

from detente.cli import common
from detente.cli.times import now_ms
from detente.errors import DetenteError, MalformedError, UnreachableError

if TYPE_CHECKING:
    from detente.line.signed import Signed
    from detente.node.author import Author
    from detente.node.control import Stream
    from detente.node.home import Home
    from detente.node.store import SqliteStore

WINDOW = 4096
# How often, and how many seconds apart, to look whether a node that ends in order has done so.
_ENDING = 250
_LOOK = 0.02
_CHUNK = 1 << 16
# Chunks read before they are asked for.
_AHEAD = 16
_LIMIT = 2 << 20
_OPTIONAL = ("precedence", "mark", "not_after", "emergency", "lang", "to")


def run_stream(home: Home, channel: str, office: str | None, timeout: float) -> int:
    """Read lines until standard input ends; 1 if one was refused.

    Raises UnreachableError if the node stopped, or if one was not delivered in time.
    """
    from detente.cli.authors import author_of
    from detente.node.control import settle_memory

    author = author_of(home, office)
    settle_memory()

    async def act(ops: Any) -> int:
        stream = await ops.stream(channel)
        return await _Talk(stream, author, channel, _Files(home)).run(timeout)

    return common.with_ops(home, act)


class _Files:
    """What the files of the home say of an entry after its node has gone without an answer."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._node = (home.serving() or {}).get("pid")
        self._store: SqliteStore | None = None

    async def ended(self) -> None:
        """Wait until that node can write no more; one that stops in order takes a moment."""
        for _ in range(_ENDING):
            if (self._home.serving() or {}).get("pid", 0) != self._node:
                return
            await asyncio.sleep(_LOOK)

    def hold(self, entry_id: str) -> bool:
        """Whether the entry stands in the store."""
        self._store = self._store or common.open_store(self._home)
        return self._store.leaf_of(entry_id) is not None


class _Talk:
    """One stream of entries: at most ``WINDOW`` under way, results printed as they come."""

    def __init__(self, stream: Stream, author: Author, channel: str, files: _Files) -> None:
        self._stream = stream
        self._author = author
        self._channel = channel
        self._files = files
        self._answers = _Answers()
        self._room = asyncio.Semaphore(WINDOW)
        self._under_way: dict[int, _Entry] = {}
        self._idle = asyncio.Event()
        self._unanswered: list[tuple[str, dict[str, int]]] = []
        self._late = self._refused = 0
        self._broken: BaseException | None = None

    async def run(self, timeout: float) -> int:
        number = 0
        gone = self._stream.gone
        try:
            async for line in _lines(gone):
                number += 1
                if not line.strip():
                    continue
                await self._room.acquire()
                if gone.done() or self._failed() is not None:
                    break
                await self._one(number, line)
        except MalformedError as error:
            self._broken = error  # what came before it is answered first
        if self._under_way:
            self._idle.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._idle.wait(), timeout)
            for entry in list(self._under_way.values()):
                self._not_yet(entry)
        broken = self._failed()
        if broken is not None:
            self._answers.flush()
            raise broken
        return await self._end(timeout)

    def _failed(self) -> BaseException | None:
        return self._broken or self._answers.failed

    async def _end(self, timeout: float) -> int:
        """What is still to be told when nothing more will come. Raises UnreachableError."""
        if self._unanswered:
            await self._files.ended()
        lost = 0
        for entry_id, times in self._unanswered:
            kept = self._files.hold(entry_id)
            lost += not kept
            self._late += kept
            self._answers.put({"id": entry_id, "state": "kept" if kept else "not kept", "times": times})
        self._answers.flush()
        if self._answers.failed is not None:
            raise self._answers.failed
        if self._stream.gone.done():
            raise UnreachableError(
                f"the node stopped: {self._late} of these entries are kept and will go out when it runs"
                f" again, {lost} are not kept; a line without an answer was not kept either"
            )
        if self._late and not self._refused:
            raise UnreachableError(
                f"{self._late} entries are kept but were not delivered within {timeout:g} s; they will go out"
            )
        return 1 if self._refused else 0

    async def _one(self, number: int, line: bytes) -> None:
        accepted = time.monotonic_ns()
        try:
            signed = self._sign(line)
            kept, delivered = await self._stream.submit(signed)
        except UnreachableError:
            self._room.release()
            return
        except DetenteError as error:
            self._refuse(number, error)
            self._room.release()
            return
        entry = self._under_way[number] = _Entry(number, accepted, signed.id)
        kept.add_done_callback(partial(self._kept, entry))
        delivered.add_done_callback(partial(self._delivered, entry))

    def _sign(self, line: bytes) -> Signed:
        from detente.seal.canonical import loads

        said = loads(line, limit=_LIMIT)
        if not isinstance(said, dict) or not isinstance(said.get("kind"), str):
            raise MalformedError("a line is a JSON object with kind and body")
        body = said.get("body", {})
        if not isinstance(body, dict):
            raise MalformedError("body is not a JSON object")
        re = said.get("re", [])
        if not isinstance(re, list):
            raise MalformedError("re is not a list of entry ids")
        optional = {name: said[name] for name in _OPTIONAL if name in said}
        return self._author.make(self._channel, said["kind"], body, re=tuple(re), now_ms=now_ms(), **optional)

    # What becomes of an entry: kept, then delivered; or refused; or the node goes, or the time is up.

    def _kept(self, entry: _Entry, future: asyncio.Future[Any]) -> None:
        if not future.cancelled() and future.exception() is None:
            entry.times["kept"] = _microseconds(entry.accepted)

    def _delivered(self, entry: _Entry, future: asyncio.Future[Any]) -> None:
        if entry.number not in self._under_way:
            return
        error = None if future.cancelled() else future.exception()
        if future.cancelled() or isinstance(error, UnreachableError):
            self._not_yet(entry)
        elif isinstance(error, DetenteError):
            self._refuse(entry.number, error)
            self._over(entry)
        elif error is not None:
            self._broken = self._broken or error
            self._over(entry)
        else:
            entry.times["delivered"] = _microseconds(entry.accepted)
            self._answers.put({"id": entry.id, "state": "delivered", "times": entry.times})
            self._over(entry)

    def _not_yet(self, entry: _Entry) -> None:
        if "kept" in entry.times:
            self._late += 1
            self._answers.put({"id": entry.id, "state": "kept", "times": entry.times})
        else:
            self._unanswered.append((entry.id, entry.times))
        self._over(entry)

    def _over(self, entry: _Entry) -> None:
        del self._under_way[entry.number]
        self._room.release()
        if not self._under_way:
            self._idle.set()

    def _refuse(self, number: int, error: DetenteError) -> None:
        self._refused += 1
        document: dict[str, Any] = {
            "id": None,
            "state": "refused",
            "times": {},
            "line": number,
            "error": str(error),
        }
        self._answers.put(document)


@dataclass(slots=True)
class _Entry:
    """One line under way; ``accepted`` in ns of the monotonic clock, ``times`` in us since then."""

    number: int
    accepted: int
    id: str
    times: dict[str, int] = field(default_factory=dict)


class _Answers:
    """Standard output, one line an answer; those of one turn of the loop go out together."""

    def __init__(self) -> None:
        self.failed: BaseException | None = None
        self._lines: list[bytes] = []

    def put(self, document: dict[str, Any]) -> None:
        """One more answer."""
        if not self._lines:
            asyncio.get_running_loop().call_soon(self.flush)
        self._lines.append(orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE))

    def flush(self) -> None:
        """Write what there is; ``failed`` then says if nobody reads any more."""
        lines, self._lines = self._lines, []
        if self.failed is None and lines:
            try:
                sys.stdout.buffer.write(b"".join(lines))
                sys.stdout.buffer.flush()
            except OSError as error:
                self.failed = error


def _microseconds(since: int) -> int:
    return (time.monotonic_ns() - since) // 1000


async def _lines(gone: asyncio.Future[None]) -> AsyncIterator[bytes]:
    """The lines of standard input as they come, until it ends or the node is gone."""
    chunks = _Chunks(asyncio.get_running_loop())
    rest = b""
    while chunk := await chunks.next(gone):
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line
        if len(rest) > _LIMIT:
            raise MalformedError(f"a line of more than {_LIMIT} bytes; one entry is one line")
    if rest:
        yield rest


class _Chunks:
    """What standard input brings. A thread reads it: files and terminals have no readiness."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._queue: asyncio.Queue[bytes] = asyncio.Queue()
        self._room = threading.Semaphore(_AHEAD)
        threading.Thread(target=self._read, name="stdin", daemon=True).start()

    def _read(self) -> None:
        chunk = b"-"
        while chunk:
            self._room.acquire()
            chunk = os.read(sys.stdin.fileno(), _CHUNK)
            try:
                self._loop.call_soon_threadsafe(self._queue.put_nowait, chunk)
            except RuntimeError:
                return  # the loop has ended first

    async def next(self, gone: asyncio.Future[None]) -> bytes:
        """The next chunk; empty at the end of the input, or when the node is gone."""
        if gone.done():
            return b""
        self._room.release()
        if not self._queue.empty():
            return self._queue.get_nowait()
        getting = asyncio.ensure_future(self._queue.get())
        either: set[asyncio.Future[Any]] = {getting, gone}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if getting.done():
            return getting.result()
        getting.cancel()
        return b""
