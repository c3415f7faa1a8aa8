# SPDX-License-Identifier: Apache-2.0
"""Which of our immediate and flash entries a member still lacks: asked before every packet to it.

An item receipt is looked for once an entry and member; from then on those that have none are kept here, as
numbers, until the member gives one or its cosignature covers them.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from detente.line.writes import PutItem

if TYPE_CHECKING:
    from detente.line.state import State


@dataclass
class _Lacking:
    """``looked``: how many of the log's urgent entries were looked at; ``indices`` those without a receipt,
    in order."""

    looked: int = 0
    indices: dict[int, None] = field(default_factory=dict)


class Urgent:
    """Of our newest log, for each member. Gone at a restart, found again when asked for."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._origin = ""
        self._lacking: dict[str, _Lacking] = {}

    def waiting(self, party: str) -> list[int]:
        """Indices of our urgent entries that a member (fingerprint) has not receipted in any way."""
        state, log = self._state, self._state.own_log()
        if log is None:
            return []
        if log.origin != self._origin:
            self._origin, self._lacking = log.origin, {}
        found = self._lacking.setdefault(party, _Lacking())
        covered = log.receipted.get(party, 0)
        for index in log.urgent[max(found.looked, bisect_left(log.urgent, covered)) :]:
            if party not in state.items.get(log.ids[index], ()):
                found.indices[index] = None
        found.looked = len(log.urgent)
        for index in [one for one in found.indices if one < covered]:
            del found.indices[index]
        return list(found.indices)

    def given(self, put: PutItem) -> None:
        """A member gave an item receipt."""
        found = self._lacking.get(put.by)
        place = self._state.where.get(put.entry_id) if found is not None and found.indices else None
        if found is not None and place is not None and place[0] == self._origin:
            found.indices.pop(place[1], None)
