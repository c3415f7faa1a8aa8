# SPDX-License-Identifier: Apache-2.0
"""Parts of the fold: as bytes, what a line keeps in memory of entries that settled. A start reads them
instead of all leaves.

A part holds what came since the one before: it costs as much as those entries, however long the logs are. It
is a cache of this program's own (not of the protocol) and holds nothing that the leaves do not say: who reads
parts back must come to the newest signed head of each log, or fold the leaves from the beginning.
"""

from __future__ import annotations

import hashlib
import sys
from array import array
from collections.abc import Collection, Iterable

import msgspec

from detente.errors import MalformedError
from detente.line.logs import TREE_EVERY, WIDE, LogState
from detente.line.past import Past
from detente.line.state import NOTED, URGENT, State

# What a part notes of an entry depends on these words too: with others it is another format.
_WORDS = hashlib.sha256(" ".join(sorted(NOTED | URGENT)).encode()).hexdigest()[:16]
# Stands in every part: one of another program, or of a machine that turns its numbers round, is not read.
FORMAT = f"1 {sys.byteorder} {array('I').itemsize} {TREE_EVERY} {_WORDS}"


class _Column(msgspec.Struct, array_like=True, frozen=True):
    indices: bytes
    sizes: bytes


class _Log(msgspec.Struct, array_like=True, frozen=True):
    origin: str
    size: int
    names: list[str]
    kinds: bytes
    urgent: bytes
    noted: dict[str, bytes]
    cited: dict[str, _Column]
    blocks: bytes


class _Part(msgspec.Struct, array_like=True, frozen=True):
    format: str
    logs: list[_Log]


_NOTHING = _Column(b"", b"")
_DECODER = msgspec.msgpack.Decoder(_Part)


class Marks:
    """How much of each column went into the parts so far."""

    def __init__(self) -> None:
        self._done: dict[tuple[str, ...], int] = {}

    def copy(self) -> Marks:
        """The same, to go on from."""
        twin = Marks()
        twin._done = dict(self._done)
        return twin

    def rest(self, column: array[int], *name: str) -> bytes:
        """What a column has more than at the last time."""
        start, self._done[name] = self._done.get(name, 0), len(column)
        return column[start:].tobytes()

    def start(self, length: int, *name: str) -> int:
        """Where the rest of something begins that has ``length`` now."""
        start, self._done[name] = self._done.get(name, 0), length
        return start


def cut(state: State, marks: Marks) -> bytes:
    """The next part: what ``state`` holds more than ``marks``, which moves on."""
    return msgspec.msgpack.encode(_Part(FORMAT, [_of(log, marks) for log in state.logs.values()]))


def _of(log: LogState, marks: Marks) -> _Log:
    name, blocks = log.origin, log.blocks
    return _Log(
        name,
        log.size,
        log.kinds.names[marks.start(len(log.kinds.names), name, "names") :],
        marks.rest(log.kinds.codes, name, "kinds"),
        marks.rest(log.urgent, name, "urgent"),
        {what: marks.rest(column, name, "noted", what) for what, column in log.noted.items()},
        {
            # Only what has news: an author may cite logs without number, and each part would name them all.
            of: column
            for of, (indices, sizes) in log.cited.items()
            if (
                column := _Column(
                    marks.rest(indices, name, "cited", of), marks.rest(sizes, name, "sizes", of)
                )
            )
            != _NOTHING
        },
        blocks[marks.start(len(blocks), name, "blocks") :],
    )


def join(state: State, past: Past, parts: list[bytes], marks: Marks) -> None:
    """Take the logs of an unused ``state``, which knows them already, to where these parts were cut.

    MalformedError: they are not parts, or of another format, or not of these logs; the state is spoilt then.
    """
    blocks: dict[str, bytearray] = {}
    sizes: dict[str, int] = {}
    for raw in parts:
        for one in _decode(raw).logs:
            if one.origin not in state.logs:
                raise MalformedError(f"a part of the fold has the log {one.origin}, which is not known")
            _add(state.logs[one.origin], one)
            blocks.setdefault(one.origin, bytearray()).extend(one.blocks)
            sizes[one.origin] = one.size
    for origin, size in sizes.items():
        log = state.logs[origin]
        start = TREE_EVERY * (len(blocks[origin]) // 32)
        if not start <= size == len(log.kinds) < start + TREE_EVERY:
            raise MalformedError(f"the parts of the fold do not fit together at {origin}")
        log.take_back(bytes(blocks[origin]), past.hashes(origin, start, size), past.ids(origin, start, size))
        if log.size != size:
            raise MalformedError(f"the parts of the fold know more of {origin} than there is")
    for log in state.logs.values():
        _of(log, marks)


def noted(parts: Iterable[bytes], kinds: Collection[str]) -> list[tuple[str, int]]:
    """(origin, index) of the entries of these kinds, as far as parts note them (``state.NOTED``).

    MalformedError as in ``join``.
    """
    places = []
    for raw in parts:
        for log in _decode(raw).logs:
            for kind in log.noted.keys() & set(kinds):
                column = array(WIDE)
                _extend(column, log.noted[kind], log.origin)
                places += [(log.origin, index) for index in column]
    return places


def _decode(raw: bytes) -> _Part:
    try:
        part = _DECODER.decode(raw)
    except msgspec.MsgspecError as error:
        raise MalformedError(f"a part of the fold cannot be read: {error}") from None
    if part.format != FORMAT:
        raise MalformedError(f"a part of the fold has the format {part.format}, not {FORMAT}")
    return part


def _add(log: LogState, part: _Log) -> None:
    for name in part.names:
        log.kinds.code(name)
    _extend(log.kinds.codes, part.kinds, log.origin)
    _extend(log.urgent, part.urgent, log.origin)
    for what, raw in part.noted.items():
        _extend(log.noted.setdefault(what, array(WIDE)), raw, log.origin)
    for origin, column in part.cited.items():
        indices, sizes = log.cited.setdefault(origin, (array(WIDE), array(WIDE)))
        _extend(indices, column.indices, log.origin)
        _extend(sizes, column.sizes, log.origin)


def _extend(column: array[int], raw: bytes, origin: str) -> None:
    try:
        column.frombytes(raw)
    except ValueError:
        raise MalformedError(f"a part of the fold has half a number of {origin}") from None
