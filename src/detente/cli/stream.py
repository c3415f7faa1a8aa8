# SPDX-License-Identifier: Apache-2.0
"""``detente say --stream``: many entries through one call, the next signed while the last is under way."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import orjson

from detente.cli import common
from detente.cli.times import now_ms
from detente.errors import DetenteError, MalformedError, UnreachableError

if TYPE_CHECKING:
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

    author = author_of(home, office)

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
        self._room = asyncio.Semaphore(WINDOW)
        self._under_way: set[asyncio.Task[None]] = set()
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
                if gone.done() or self._broken is not None:
                    break
                await self._one(number, line)
        except MalformedError as error:
            self._broken = error  # what came before it is answered first
        if self._under_way:
            _done, late = await asyncio.wait(self._under_way, timeout=timeout)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        if self._broken is not None:
            raise self._broken
        return await self._end(timeout)

    async def _end(self, timeout: float) -> int:
        """What is still to be told when nothing more will come. Raises UnreachableError."""
        if self._unanswered:
            await self._files.ended()
        lost = 0
        for entry_id, times in self._unanswered:
            kept = self._files.hold(entry_id)
            lost += not kept
            self._late += kept
            _print({"id": entry_id, "state": "kept" if kept else "not kept", "times": times})
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
        task = asyncio.ensure_future(self._follow(number, accepted, signed.id, kept, delivered))
        self._under_way.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._room.release()
        if not task.cancelled() and self._broken is None:
            self._broken = task.exception()

    def _sign(self, line: bytes) -> Any:
        from detente.seal.canonical import loads
        from detente.words.kinds import check_body

        said = loads(line, limit=_LIMIT)
        if not isinstance(said, dict) or not isinstance(said.get("kind"), str):
            raise MalformedError("a line is a JSON object with kind and body")
        body = said.get("body", {})
        if not isinstance(body, dict):
            raise MalformedError("body is not a JSON object")
        check_body(said["kind"], body)
        re = said.get("re", [])
        if not isinstance(re, list):
            raise MalformedError("re is not a list of entry ids")
        optional = {name: said[name] for name in _OPTIONAL if name in said}
        return self._author.make(self._channel, said["kind"], body, re=tuple(re), now_ms=now_ms(), **optional)

    async def _follow(
        self,
        number: int,
        accepted: int,
        entry_id: str,
        kept: asyncio.Future[Any],
        delivered: asyncio.Future[Any],
    ) -> None:
        """Print the line of one entry when it is delivered, or refused, or the time is up."""
        times: dict[str, int] = {}
        try:
            await kept
            times["kept"] = _microseconds(accepted)
            await delivered
            times["delivered"] = _microseconds(accepted)
            _print({"id": entry_id, "state": "delivered", "times": times})
        except (UnreachableError, asyncio.CancelledError):
            self._not_yet(entry_id, times)
        except DetenteError as error:
            self._refuse(number, error)

    def _not_yet(self, entry_id: str, times: dict[str, int]) -> None:
        if "kept" in times:
            self._late += 1
            _print({"id": entry_id, "state": "kept", "times": times})
        else:
            self._unanswered.append((entry_id, times))

    def _refuse(self, number: int, error: DetenteError) -> None:
        self._refused += 1
        _print({"id": None, "state": "refused", "times": {}, "line": number, "error": str(error)})


def _microseconds(since: int) -> int:
    return (time.monotonic_ns() - since) // 1000


def _print(document: dict[str, Any]) -> None:
    sys.stdout.buffer.write(orjson.dumps(document) + b"\n")
    sys.stdout.buffer.flush()


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
