# SPDX-License-Identifier: Apache-2.0
"""All parties' entries in one order that contradicts no log and no one's ``seen``."""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from detente.record.entry import Entry, rfc3339

_Place = tuple[str, int]  # origin, index
_Key = tuple[int, str, str, int]  # placed, party, origin, index


def causal_order(entries: Sequence[Entry]) -> list[Entry]:
    """Every entry after those before it in its own log and after all that its author had seen.

    What is left open is settled by the time placed, then the party: the same entries always give
    the same list. Times are claims, so they never outrank an order that is proven. Logs that cite each
    other in a circle (which honest ones cannot) are cut at the earliest entry; none is ever left out.
    """
    places = {_place(entry): entry for entry in entries}
    logs = _by_log(places.values())
    waits, followers = _edges(logs)
    ready = [_key(entry) for place, entry in places.items() if not waits[place]]
    heapq.heapify(ready)
    heads = dict.fromkeys(logs, 0)
    done: dict[_Place, Entry] = {}
    while len(done) < len(places):
        place = heapq.heappop(ready)[2:] if ready else _cut(logs, heads, done)
        if place in done:
            continue
        done[place] = places[place]
        for follower in followers[place]:
            waits[follower] -= 1
            if not waits[follower]:
                heapq.heappush(ready, _key(places[follower]))
    return list(done.values())


def to_json(entry: Entry) -> dict[str, Any]:
    """One entry of ``detente log --json``; times RFC 3339."""
    return {
        "id": entry.id,
        "ref": entry.ref,
        "party": entry.party,
        "office": entry.office,
        "kind": entry.kind,
        "time": rfc3339(entry.placed),
        "precedence": entry.precedence,
        "state": entry.state,
        "re": list(entry.re),
        "body": None if entry.body is None else dict(entry.body),
        "body_state": entry.body_state,
        "marks": {party: _times(marks) for party, marks in entry.marks.items()},
        "labels": list(entry.labels),
        "mark": entry.mark,
        "proven": [None if at is None else rfc3339(at) for at in entry.proven],
        "to": list(entry.to),
        "witnessed": {
            party: [None if at is None else rfc3339(at) for at in ends]
            for party, ends in entry.witnessed.items()
        },
    }


def _times(marks: Mapping[str, int]) -> dict[str, str]:
    return {state: rfc3339(at) for state, at in sorted(marks.items(), key=lambda mark: mark[1])}


def _place(entry: Entry) -> _Place:
    return entry.origin, entry.index


def _key(entry: Entry) -> _Key:
    return entry.placed, entry.party, entry.origin, entry.index


def _by_log(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    logs: dict[str, list[Entry]] = defaultdict(list)
    for entry in sorted(entries, key=_place):
        logs[entry.origin].append(entry)
    return logs


def _edges(logs: Mapping[str, Sequence[Entry]]) -> tuple[dict[_Place, int], dict[_Place, list[_Place]]]:
    """How many places each place waits for, and which places wait for it."""
    waits: dict[_Place, int] = defaultdict(int)
    followers: dict[_Place, list[_Place]] = defaultdict(list)
    indexes = {origin: [entry.index for entry in log] for origin, log in logs.items()}
    for origin, log in logs.items():
        for number, entry in enumerate(log):
            before = {_place(log[number - 1])} if number else set()
            for cited, size in _cited(entry):
                # The last entry at hand below the size that was seen; those before it follow from its log.
                below = bisect_left(indexes.get(cited, []), size)
                if below and cited != origin:
                    before.add(_place(logs[cited][below - 1]))
            waits[_place(entry)] = len(before)
            for place in before:
                followers[place].append(_place(entry))
    return waits, followers


def _cited(entry: Entry) -> Iterator[_Place]:
    for origin, (size, _root) in entry.seen.items():
        yield origin, size
    if entry.kind == "succession":
        old = _succeeds(entry.body)
        if old is not None:
            yield old


def _succeeds(body: Mapping[str, Any] | None) -> _Place | None:
    """The old log and the size up to which its author still vouches for it, from a succession entry."""
    node: Any = body
    for name in ("succession", "doc", "old"):
        node = node.get(name) if isinstance(node, Mapping) else None
    if not isinstance(node, Mapping):
        return None
    origin, size = node.get("origin"), node.get("size")
    return (origin, size) if isinstance(origin, str) and isinstance(size, int) else None


def _cut(logs: Mapping[str, Sequence[Entry]], heads: dict[str, int], done: Mapping[_Place, Entry]) -> _Place:
    """In a circle of citations: the earliest of the entries that come next in their own logs."""
    waiting = []
    for origin, log in logs.items():
        while heads[origin] < len(log) and _place(log[heads[origin]]) in done:
            heads[origin] += 1
        if heads[origin] < len(log):
            waiting.append(log[heads[origin]])
    return _place(min(waiting, key=_key))
