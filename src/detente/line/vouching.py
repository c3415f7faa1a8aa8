# SPDX-License-Identifier: Apache-2.0
"""What a party no longer vouches for: the end of a log beyond the size that a succession names, and a log of
its own that it set aside (protocol §5).

Such entries are kept, receipted and shown, under a label. What they had put in force counts only for those
who did not know of the succession: as all judgement, that is a matter of what an author had seen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from detente.line.labels import NOT_VOUCHED, ranked
from detente.line.logs import LogState

if TYPE_CHECKING:
    from detente.line.state import State

# So much of a log has been seen by who knows for which one it goes on: its genesis and its succession.
SUCCEEDED = 2


def vouched(state: State, log: LogState) -> int | None:
    """Up to which size a log's author vouches for it; None for all of it."""
    after = state.successor(log)
    if log.put.seq < 0:
        return 0
    return None if after is None else after.put.base - log.put.base


def up_to(state: State, origin: str, seen: Callable[[str], int]) -> int:
    """How much of a log counts for who has ``seen`` (by origin) so much of each."""
    size, log = seen(origin), state.logs.get(origin)
    after = None if log is None else state.successor(log)
    if log is None or after is None or seen(after.origin) < SUCCEEDED:
        return size
    return min(size, after.put.base - log.put.base)


def repeated(state: State, log: LogState, index: int, entry_id: str) -> bool:
    """Whether a statement that is to stand at ``index`` of ``log`` stands already where it counts: what its
    author no longer vouches for may be said again in the log that goes on, else it would count nowhere."""
    if not state.stands(entry_id, log.party):
        return False
    if state.where[entry_id][0] == log.origin:
        return True
    start = vouched(state, log)
    return NOT_VOUCHED not in state.labels.get(entry_id, ()) and (start is None or index < start)


def _least_vouched(state: State, log: LogState, start: int) -> int:
    """Up to which size every succession vouches for a log, those that were set aside among them."""
    aside = [other.put for other in state.logs.values() if other.party == log.party and other.put.seq < 0]
    return min([start, *(put.base - log.put.base for put in aside if put.base >= log.put.base)])


def changed(state: State, log: LogState) -> list[tuple[str, tuple[str, ...]]]:
    """(entry id, labels) of the entries whose labels change now that it is known how much of a log its author
    vouches for: those beyond, those that only a succession left out which was set aside, and those of others
    that rest on what it had put in force beyond."""
    start = vouched(state, log)
    if start is None:
        return []
    found: dict[str, tuple[str, ...]] = {}
    for index, entry_id in log.named(_least_vouched(state, log, start)):
        held = state.labels.get(entry_id, ())
        if (NOT_VOUCHED in held) == (index >= start) or state.where.get(entry_id) != (log.origin, index):
            continue
        others = [label for label in held if label != NOT_VOUCHED]
        found[entry_id] = ranked([*others, NOT_VOUCHED] if index >= start else others)
    after = state.successor(log)
    if after is not None and any(r.origin == log.origin and r.index >= start for r in state.rules.rules):
        for other in state.logs.values():
            first = other.first_to_see(after.origin, SUCCEEDED - 1)
            for index, entry_id in other.named(first) if other.party != log.party else ():
                labels = state.by_rules(other, index, entry_id)
                found |= {} if labels is None else {entry_id: labels}
    return list(found.items())
