# SPDX-License-Identifier: Apache-2.0
"""Parts of the fold: cut at any places and joined they are the log, and what does not fit is told."""

from __future__ import annotations

import hashlib
import sys
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.errors import MalformedError
from detente.line.logs import LogState
from detente.line.part import FORMAT, Marks, cut, join, noted
from detente.line.writes import PutLog
from tests.line.test_logs import HASHES, IDS, KEY, ORIGIN, Model

OTHER = "detente.log/" + "1" * 32


def empty(*origins: str) -> Any:
    """What a part is cut from and joined into, as far as it is asked: its logs."""
    logs = {}
    for origin in origins or (ORIGIN,):
        put = PutLog(origin, "ab" * 32, 0, 0, str(KEY), str(KEY), "", False)
        logs[origin] = LogState(put, KEY, KEY, Past())  # type: ignore[arg-type]
    return SimpleNamespace(logs=logs)


class Past(Model):
    """The past of any log: all logs here have the same leaves."""

    def ids(self, origin: str, start: int, stop: int) -> list[str]:
        return IDS[start:stop]

    def hashes(self, origin: str, start: int, stop: int) -> bytes:
        return b"".join(HASHES[start:stop])


def grow(state: Any, upto: int, origin: str = ORIGIN) -> None:
    log = state.logs[origin]
    for n in range(log.size, upto):
        kind = ("message", "charter", "test", "ack")[n * n % 4]
        log.add_leaf(HASHES[n], IDS[n], kind, n % 9 == 0)
        if kind == "charter":
            log.note("charter", n)
        if n % 5 == 0:
            log.cite(n, f"seen {n % 2}", n // 2)


def facts(log: LogState) -> tuple[Any, ...]:
    cited = {of: (list(indices), list(sizes)) for of, (indices, sizes) in log.cited.items()}
    columns = {what: list(column) for what, column in log.noted.items()}
    return (
        log.size, log.frontier.root(), list(log.kinds), log.kinds.names, list(log.urgent), columns, cited,
        log.blocks, list(log.ids), log.hashes(0, log.size),
    )  # fmt: skip


@given(st.lists(st.integers(0, 700), min_size=1, max_size=4))
def test_a_log_cut_at_any_places_is_joined_again(places: list[int]) -> None:
    state, marks, parts = empty(), Marks(), []
    for upto in sorted(places):
        grow(state, upto)
        parts.append(cut(state, marks))
    back, again = empty(), Marks()
    join(back, Past(), parts, again)  # type: ignore[arg-type]
    assert facts(back.logs[ORIGIN]) == facts(state.logs[ORIGIN])
    for one in (state, back):
        grow(one, max(places) + 40)
    assert cut(back, again) == cut(state, marks), "both go on from the same place"
    kinds = [(ORIGIN, n) for n in range(max(places)) if n * n % 4 == 1]
    assert noted(parts, ["charter", "standing"]) == kinds and noted(parts, ["message"]) == []


def test_a_part_holds_what_came_since_the_one_before() -> None:
    state, marks = empty(), Marks()
    grow(state, 600)
    before = marks.copy()
    first, nothing = cut(state, marks), cut(state, marks)
    assert len(nothing) < 200 < 2_000 < len(first)
    assert cut(state, before) == first, "a copy goes on from where it was taken"


def test_what_was_cited_before_is_not_in_every_part_that_comes_after() -> None:
    """A member may cite as many logs as it likes: it must not make each later part as long as all of them."""
    state, marks = empty(), Marks()
    for number in range(1000):
        state.logs[ORIGIN].cite(0, f"detente.log/{number:032x}", 1)
    first, nothing = cut(state, marks), cut(state, marks)
    assert len(nothing) < 200 < 40_000 < len(first)
    state.logs[ORIGIN].cite(1, f"detente.log/{7:032x}", 2)
    back = empty()
    join(back, Past(), [first, nothing, cut(state, marks)], Marks())  # type: ignore[arg-type]
    assert back.logs[ORIGIN].cited == state.logs[ORIGIN].cited


def test_several_logs_are_kept_apart() -> None:
    state, marks = empty(ORIGIN, OTHER), Marks()
    grow(state, 300)
    grow(state, 20, OTHER)
    parts = [cut(state, marks)]
    grow(state, 310)
    grow(state, 280, OTHER)
    parts.append(cut(state, marks))
    back = empty(ORIGIN, OTHER)
    join(back, Past(), parts, Marks())  # type: ignore[arg-type]
    for origin in (ORIGIN, OTHER):
        assert facts(back.logs[origin]) == facts(state.logs[origin])
    assert {origin for origin, _ in noted(parts, {"charter"})} == {ORIGIN, OTHER}


def parts_of(*sizes: int) -> list[bytes]:
    state, marks, parts = empty(), Marks(), []
    for size in sizes:
        grow(state, size)
        parts.append(cut(state, marks))
    return parts


def changed(raw: bytes, **fields: Any) -> bytes:
    """A part with fields of its only log replaced, by number."""
    form, (log,) = msgspec.msgpack.decode(raw)
    for name, value in fields.items():
        log[int(name[1:])] = value
    return msgspec.msgpack.encode([form, [log]])


GOOD = parts_of(300, 700)


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ([b"", GOOD[1]], "cannot be read"),
        ([GOOD[0][:-1]], "cannot be read"),
        ([GOOD[0].replace(FORMAT.encode(), FORMAT.encode().replace(b"1 ", b"9 "))], "has the format"),
        ([changed(GOOD[0], _0=OTHER)], "is not known"),
        ([changed(GOOD[0], _3=b"abc")], "half a number"),
        ([changed(GOOD[0], _4=b"abc")], "half a number"),
        (GOOD[1:], "do not fit together"),
        (GOOD[::-1], "do not fit together"),
        ([GOOD[0], GOOD[0]], "do not fit together"),
        ([changed(GOOD[0], _1=299)], "do not fit together"),
        ([changed(GOOD[0], _7=b"")], "do not fit together"),
        ([changed(GOOD[0], _7=bytes(64))], "do not fit together"),
    ],
)
def test_parts_that_do_not_fit_are_refused(parts: list[bytes], why: str) -> None:
    with pytest.raises(MalformedError, match=why):
        join(empty(), Past(), parts, Marks())  # type: ignore[arg-type]


def test_parts_that_know_more_than_the_disk_are_refused() -> None:
    class Short(Past):
        def hashes(self, origin: str, start: int, stop: int) -> bytes:
            return super().hashes(origin, start, stop - 1)

    with pytest.raises(MalformedError, match="than there is"):
        join(empty(), Short(), parts_of(300), Marks())  # type: ignore[arg-type]


def test_a_part_that_cannot_be_read_notes_nothing() -> None:
    for bad in (b"", changed(GOOD[0], _5={"charter": b"abc"})):
        with pytest.raises(MalformedError):
            noted([bad], ["charter"])


def test_a_kind_is_named_in_one_part_and_known_in_all_that_follow() -> None:
    state, marks, names = empty(), Marks(), []
    for upto in (3, 50, 51):
        grow(state, upto)
        ((_, _, named, *_),) = msgspec.msgpack.decode(cut(state, marks))[1]
        names.append(named)
    assert names[0] + names[1] == state.logs[ORIGIN].kinds.names and names[2] == []


def test_parts_without_their_last_block_are_refused() -> None:
    state = empty()
    grow(state, 256)
    name, (log,) = msgspec.msgpack.decode(cut(state, Marks()))
    assert len(log[7]) == 32
    for size, blocks in ((256, b""), (256, log[7] * 2), (255, log[7])):
        raw = msgspec.msgpack.encode([name, [[log[0], size, *log[2:7], blocks]]])
        with pytest.raises(MalformedError, match="do not fit"):
            join(empty(), Past(), [raw], Marks())  # type: ignore[arg-type]


def test_the_format_is_that_of_the_words_that_parts_are_made_by() -> None:
    """What another program noted by other words is not read: the digest changes with each of them."""
    words = [
        "assent", "charter", "charter.amendment", "credential", "decline", "epoch.grant", "flash", "genesis",
        "immediate", "standing", "succession", "test",
    ]  # fmt: skip
    digest = hashlib.sha256(" ".join(words).encode()).hexdigest()[:16]
    assert f"1 {sys.byteorder} 4 256 {digest}" == FORMAT
