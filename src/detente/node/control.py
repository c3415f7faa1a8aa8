# SPDX-License-Identifier: Apache-2.0
"""Reaching a party's operations: through its serving node's socket, or by opening the node in this process.

The control socket lies in the home (mode 0600) and speaks one JSON object a line. Only its own user can
open it; office keys never pass through it, only what they have signed.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from detente import errors
from detente.errors import DetenteError, RefusedError, UnreachableError
from detente.line.signed import Signed
from detente.node.home import BusyError, Home
from detente.node.keystore import unlock_service
from detente.node.ops import Operations
from detente.node.paths import Paths
from detente.node.runtime import Node, clock_ms
from detente.node.schedule import Schedule

LOG = logging.getLogger("detente.node")
# One request or answer: a body of 1 MiB, quoted twice over, and its statement.
LINE_LIMIT = 8 << 20
NO_REQUEST = "a request is one JSON object a line, with `n` and `op` or `say`; its `args` are an object"
_CHUNK = 1 << 18
# So much of a stream is written at once: a node that has it takes it as one batch.
_AT_ONCE = 1 << 15
# A batch makes some ten thousand objects, all short-lived.
GC_YOUNG = 20_000
# How long a command looks for a node that is starting, and a node waits for a command that has the home (s).
PATIENCE = 15.0
SERVE_PATIENCE = 30.0
ERRORS: dict[str, type[DetenteError]] = {
    cls.__name__: cls
    for cls in vars(errors).values()
    if isinstance(cls, type) and issubclass(cls, DetenteError)
}


class Stream(Protocol):
    """Statements one after the other, without waiting for each."""

    async def submit(self, signed: Signed) -> tuple[asyncio.Future[dict[str, Any]], asyncio.Future[None]]:
        """Hand one over: futures for when it is kept and when it is delivered."""

    @property
    def gone(self) -> asyncio.Future[None]:
        """Done when the node has gone away: nothing more can be handed over."""


class Ops(Protocol):
    """A party's operations, wherever its node runs."""

    async def call(self, name: str, **arguments: Any) -> Any:
        """One operation. Raises DetenteError."""

    def events(self) -> AsyncIterator[dict[str, Any]]:
        """Events from now on."""

    async def stream(self, channel: str) -> Stream:
        """A stream into a channel."""


# -- in this process ---------------------------------------------------------------------------


@dataclass
class Running:
    """A node at work in this process."""

    node: Node
    operations: Operations
    paths: Paths
    line_url: str | None


class LocalOps:
    """Operations of a node in this process."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    async def call(self, name: str, **arguments: Any) -> Any:
        """One operation."""
        return await self._operations.call(name, arguments)

    async def events(self) -> AsyncIterator[dict[str, Any]]:
        """Events from now on."""
        with self._operations.node.listen() as queue:
            while True:
                yield await queue.get()

    async def stream(self, channel: str) -> Stream:
        """A stream into a channel."""
        return LocalStream(self._operations, channel)


class LocalStream:
    """A stream into a node in this process."""

    def __init__(self, operations: Operations, channel: str) -> None:
        operations.node.line(channel)
        self._operations = operations
        self._channel = channel
        self._gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def gone(self) -> asyncio.Future[None]:
        """Never done: the node ends with this process."""
        return self._gone

    async def submit(self, signed: Signed) -> tuple[asyncio.Future[dict[str, Any]], asyncio.Future[None]]:
        """Placed with whatever else is handed over in this turn of the loop."""
        loop = asyncio.get_running_loop()
        kept: asyncio.Future[dict[str, Any]] = loop.create_future()
        delivered: asyncio.Future[None] = loop.create_future()

        def on_kept(result: dict[str, Any] | DetenteError) -> None:
            if isinstance(result, DetenteError):
                _fail(kept, result)
                _fail(delivered, result)
            elif not kept.done():
                kept.set_result(result)

        def on_delivered() -> None:
            if not delivered.done():
                delivered.set_result(None)

        submit_into(self._operations, self._channel, signed, on_kept, on_delivered)
        return kept, delivered


def submit_into(
    operations: Operations,
    channel: str,
    signed: Signed,
    on_kept: Callable[[dict[str, Any] | DetenteError], None],
    on_delivered: Callable[[], None],
) -> None:
    """Place a statement. ``on_kept`` is called once, with the result or what stood against it; then, when
    every other member has it, ``on_delivered``."""
    node = operations.node

    def told(error: DetenteError | None) -> None:
        if error is not None:
            on_kept(error)
            return
        on_kept(operations.placed(channel, signed.id))
        node.on_delivered(channel, signed.id, on_delivered)

    try:
        waiting = operations.desk.awaits(channel, signed)
        if waiting is None:
            node.enqueue(channel, signed, told)
            return
        error: DetenteError = RefusedError(f"{waiting['state']}: kept as draft {waiting['id']}")
    except DetenteError as refused:
        error = refused
    on_kept(error)


@asynccontextmanager
async def running(
    home: Home,
    passphrase: Callable[[], str],
    *,
    listen: str | None = None,
    behind_proxy: bool = False,
    clock: Callable[[], int] = clock_ms,
    clockwork: bool = True,
) -> AsyncIterator[Running]:
    """The node of ``home`` at work in this process: lock held, lines loaded, clock and paths running.

    ``listen`` (host:port): also the listener for other parties, and the control socket for this party's
    commands. ``clock`` gives ms UTC; a replay of the past sets its own, and does without the ``clockwork``
    (scheduled tests and releases), which would follow this machine's.
    Raises RefusedError when another process has the home, or for a wrong passphrase.
    """
    # A node that is to serve waits for a command that has the home; a command looks for the node instead.
    async with _held(home, SERVE_PATIENCE if listen else 0.0):
        keys = unlock_service(home, passphrase())
        node = Node(home, home.open_store(), keys, clock)
        operations = Operations(node)
        paths = Paths(node, keys)
        node.wake = paths.wake
        tasks: list[asyncio.Task[None]] = []
        control: asyncio.Server | None = None
        try:
            paths.start()
            url = await paths.start_listener(listen, behind_proxy=behind_proxy) if listen else None
            if listen:
                control = await _listen(home, operations)
            if clockwork:
                tasks.append(asyncio.create_task(Schedule(node, operations.desk).run(), name="schedule"))
            yield Running(node, operations, paths, url)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if control is not None:
                control.close()
            await paths.close()
            home.socket.unlink(missing_ok=True)
            node.close()


@asynccontextmanager
async def _held(home: Home, patience: float) -> AsyncIterator[None]:
    """Hold the home's lock. Raises BusyError after ``patience`` seconds; other work goes on meanwhile."""
    loop = asyncio.get_running_loop()
    until = loop.time() + patience
    with contextlib.ExitStack() as stack:
        while True:
            try:
                stack.enter_context(home.lock(0.0))
                break
            except BusyError:
                # A node that answers will not end by itself; anything else that has the home soon will.
                if loop.time() > until or await _answers(home):
                    raise
            await asyncio.sleep(0.05)
        yield


async def _answers(home: Home) -> bool:
    try:
        _, writer = await _reach(home)
    except UnreachableError:
        return False
    writer.close()
    return True


def settle_memory() -> None:
    """For a process that only serves: what is loaded stays, the collector need not walk through it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_YOUNG, 20, 50)


# -- the socket --------------------------------------------------------------------------------


async def _listen(home: Home, operations: Operations) -> asyncio.Server:
    home.socket.unlink(missing_ok=True)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _Connection(operations, reader, writer).run()

    old = os.umask(0o177)
    try:
        with _short(home) as path:
            return await asyncio.start_unix_server(serve, path, limit=LINE_LIMIT)
    finally:
        os.umask(old)


@contextlib.contextmanager
def _short(home: Home) -> Any:
    """A Unix socket's address has 107 bytes at most: a long one is reached through an open directory."""
    if len(os.fsencode(home.socket)) < 100:
        yield str(home.socket)
        return
    handle = os.open(home.run, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{handle}/{home.socket.name}"
    finally:
        os.close(handle)


async def _lines(reader: asyncio.StreamReader) -> AsyncIterator[list[bytes]]:
    """The whole lines that each arrival brings, together: a stream brings many at once. Raises ValueError."""
    rest = b""
    while chunk := await reader.read(_CHUNK):
        *lines, rest = (rest + chunk).split(b"\n") if rest else chunk.split(b"\n")
        if len(rest) > LINE_LIMIT:
            raise ValueError(f"a line of more than {LINE_LIMIT} bytes")
        if lines:
            yield lines


class _Connection:
    """One command at the socket. Requests are answered in the order in which they are done."""

    def __init__(
        self, operations: Operations, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._operations = operations
        self._reader = reader
        self._writer = writer
        self._tasks: set[asyncio.Task[None]] = set()
        self._posts: set[str] = set()
        self._unsent: list[bytes] = []

    async def run(self) -> None:
        """Until the other end goes away; a watch post that goes away is off."""
        try:
            async for lines in _lines(self._reader):
                for line in lines:
                    self._take(orjson.loads(line))
                await self._writer.drain()
        except (OSError, ValueError) as error:
            LOG.info("a command at the control socket ended: %s", error)
        finally:
            for task in self._tasks:
                task.cancel()
            self._operations.node.posts -= self._posts
            self._writer.close()

    def _take(self, request: Any) -> None:
        if not isinstance(request, dict) or not isinstance(request.get("args") or {}, dict):
            number = request.get("n") if isinstance(request, dict) else None
            self._send({"n": number, "error": "UsageError", "message": NO_REQUEST})
            return
        if "say" in request:
            self._say(request)
            return
        task = asyncio.get_running_loop().create_task(self._answer(request))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, request: dict[str, Any]) -> None:
        number = request.get("n")
        try:
            if request.get("op") == "events":
                await self._events(number)
                return
            if request.get("op") == "watch_on":
                self._posts.add(str((request.get("args") or {}).get("post", "watch")))
            result = await self._operations.call(str(request.get("op")), request.get("args") or {})
            self._send({"n": number, "ok": result})
        except DetenteError as error:
            self._send({"n": number, "error": type(error).__name__, "message": str(error)})
        except asyncio.CancelledError:
            raise
        except Exception as error:
            LOG.exception("operation %s", request.get("op"))
            self._send({"n": number, "error": "FatalError", "message": f"the node failed at this: {error!r}"})

    async def _events(self, number: Any) -> None:
        with self._operations.node.listen() as queue:
            self._send({"n": number, "ok": None})
            while True:
                self._send({"event": await queue.get()})
                await self._writer.drain()

    def _say(self, request: dict[str, Any]) -> None:
        number = request.get("n")

        def on_kept(result: dict[str, Any] | DetenteError) -> None:
            if isinstance(result, DetenteError):
                self._send({"n": number, "error": type(result).__name__, "message": str(result)})
            else:
                self._send({"n": number, "kept": result})

        def on_delivered() -> None:
            self._send({"n": number, "delivered": None})

        try:
            signed = Signed.from_json(request.get("signed") or {})
        except DetenteError as error:
            on_kept(error)
            return
        submit_into(self._operations, str(request["say"]), signed, on_kept, on_delivered)

    def _send(self, document: dict[str, Any]) -> None:
        """Written with whatever else is answered in this turn of the loop."""
        if not self._unsent:
            asyncio.get_running_loop().call_soon(self._flush)
        self._unsent.append(orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE))

    def _flush(self) -> None:
        unsent, self._unsent = self._unsent, []
        if not self._writer.is_closing():
            self._writer.write(b"".join(unsent))


class SocketOps:
    """Operations of the serving node, over its socket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._next = 0
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._streams: dict[int, tuple[asyncio.Future[dict[str, Any]], asyncio.Future[None]]] = {}
        self._unsent: list[bytes] = []
        self._waiting = 0
        self._queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        self.gone: asyncio.Future[None] = loop.create_future()
        self._task = loop.create_task(self._read())

    async def _read(self) -> None:
        try:
            async for lines in _lines(self._reader):
                for line in lines:
                    self._take(orjson.loads(line))
        except (OSError, ValueError) as error:
            LOG.debug("the control socket ended: %s", error)
        self.gone.set_result(None)
        for kept, delivered in self._streams.values():
            for stream_future in (kept, delivered):
                _fail(stream_future, _stopped())
        for future in self._answers.values():
            _fail(future, _stopped())
        self._queue.put_nowait(None)

    def _take(self, document: dict[str, Any]) -> None:
        if "event" in document:
            self._queue.put_nowait(document["event"])
            return
        number = document["n"]
        if number in self._streams:
            self._take_said(number, document)
            return
        future = self._answers.pop(number, None)
        if future is None or future.done():
            return
        if "error" in document:
            future.set_exception(_error(document))
        else:
            future.set_result(document["ok"])

    def _take_said(self, number: int, document: dict[str, Any]) -> None:
        kept, delivered = self._streams[number]
        if "kept" in document:
            if not kept.done():
                kept.set_result(document["kept"])
        elif "delivered" in document:
            if not delivered.done():
                delivered.set_result(None)
            del self._streams[number]
        else:
            for future in (kept, delivered):
                _fail(future, _error(document))
            del self._streams[number]

    async def call(self, name: str, **arguments: Any) -> Any:
        """One operation."""
        return await self._ask({"op": name, "args": arguments})

    async def _ask(self, request: dict[str, Any]) -> Any:
        if self.gone.done():
            raise _stopped()
        self._next += 1
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._answers[self._next] = future
        self._write(request | {"n": self._next})
        try:
            await self._writer.drain()
        except OSError:
            _fail(future, UnreachableError("the node stopped"))
        return await future

    async def events(self) -> AsyncIterator[dict[str, Any]]:
        """Events from now on, until the node stops."""
        await self._ask({"op": "events"})
        while (event := await self._queue.get()) is not None:
            yield event

    async def stream(self, channel: str) -> Stream:
        """A stream into a channel."""
        return SocketStream(self, channel)

    def say(
        self, channel: str, signed: Signed
    ) -> tuple[asyncio.Future[dict[str, Any]], asyncio.Future[None]]:
        """Write one statement without waiting. Raises UnreachableError when the node has stopped."""
        if self.gone.done():
            raise _stopped()
        self._next += 1
        loop = asyncio.get_running_loop()
        pair: tuple[asyncio.Future[dict[str, Any]], asyncio.Future[None]] = (
            loop.create_future(),
            loop.create_future(),
        )
        self._streams[self._next] = pair
        request = {"n": self._next, "say": channel, "signed": signed.to_json()}
        self._write(request)
        return pair

    def _write(self, request: dict[str, Any]) -> None:
        """Written with whatever else is asked in this turn of the loop, or when there is enough."""
        line = orjson.dumps(request, option=orjson.OPT_APPEND_NEWLINE)
        if not self._unsent:
            asyncio.get_running_loop().call_soon(self._flush)
        self._unsent.append(line)
        self._waiting += len(line)
        if self._waiting >= _AT_ONCE:
            self._flush()

    def _flush(self) -> None:
        unsent, self._unsent, self._waiting = self._unsent, [], 0
        # The other end may have gone before we have read so.
        if unsent and not self._writer.is_closing():
            self._writer.write(b"".join(unsent))

    async def drain(self) -> None:
        """Wait until the socket takes more."""
        with contextlib.suppress(OSError):
            await self._writer.drain()

    async def close(self) -> None:
        """Let go of the node."""
        self._flush()
        self._writer.close()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


class SocketStream:
    """A stream over the control socket."""

    def __init__(self, ops: SocketOps, channel: str) -> None:
        self._ops = ops
        self._channel = channel

    @property
    def gone(self) -> asyncio.Future[None]:
        """Done when the node has stopped."""
        return self._ops.gone

    async def submit(self, signed: Signed) -> tuple[asyncio.Future[dict[str, Any]], asyncio.Future[None]]:
        """Hand one over; waits only while the socket is full."""
        pair = self._ops.say(self._channel, signed)
        await self._ops.drain()
        return pair


def _stopped() -> UnreachableError:
    return UnreachableError(
        "the node stopped while it was asked; what it had kept will go out when it runs again"
    )


def _error(document: dict[str, Any]) -> DetenteError:
    return ERRORS.get(str(document["error"]), DetenteError)(str(document["message"]))


def _fail(future: asyncio.Future[Any], error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)
        # Not every caller looks at both futures of a pair; an error nobody asked for is no news.
        future.exception()


@asynccontextmanager
async def connect(home: Home, *, passphrase: Callable[[], str]) -> AsyncIterator[Ops]:
    """The operations of a party: of its serving node, else of a node opened in this process until the block
    ends.

    Raises RefusedError for a wrong passphrase or when another command has the home; UnreachableError when the
    node
    holds the home and does not answer.
    """
    async with AsyncExitStack() as stack:
        yield await _enter(home, passphrase, stack)


async def _enter(home: Home, passphrase: Callable[[], str], stack: AsyncExitStack) -> Ops:
    """Through the node, or as the node; a node that is just starting, or was killed, gets a moment."""
    loop = asyncio.get_running_loop()
    until = loop.time() + PATIENCE
    while True:
        late = loop.time() > until
        try:
            if home.serving() is None:
                return LocalOps((await stack.enter_async_context(running(home, passphrase))).operations)
            ops = SocketOps(*await _reach(home))
            stack.push_async_callback(ops.close)
            return ops
        except (BusyError, UnreachableError):
            if late:
                raise
        await asyncio.sleep(0.05)


async def _reach(home: Home) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """The control socket of the serving node."""
    try:
        with _short(home) as path:
            return await asyncio.open_unix_connection(path, limit=LINE_LIMIT)
    except OSError as error:
        raise UnreachableError(
            f"the node of {home.path} is serving but does not answer: {error.strerror}"
        ) from None
