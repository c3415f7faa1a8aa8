# SPDX-License-Identifier: Apache-2.0
"""The rule entries of a channel, found by the parts of the fold without reading all the others."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from detente.errors import MalformedError
from detente.line import part
from detente.line.labels import UNOPENED, WITHOUT_EFFECT
from detente.line.rules import RULE_KINDS, Rule
from detente.node.past import Folded
from detente.node.store import SqliteStore
from detente.seal import canonical

_BODY_LIMIT = 1 << 20


class _Said(msgspec.Struct, frozen=True):
    kind: str
    re: list[str]


class _Leaf(msgspec.Struct, frozen=True):
    statement: _Said


_LEAF = msgspec.json.Decoder(_Leaf)


class Rulings:
    """Kept up with the store. Without parts the first call reads all leaves, one after the other."""

    def __init__(self, store: SqliteStore, channel: str) -> None:
        self.store = store
        self.channel = channel
        self._after = 0
        self._found: list[Rule] | None = None

    def all(self) -> list[Rule]:
        """In the order of arrival; without those that put nothing in force."""
        if self._found is None:
            self._found = list(self._rules(self._old()))
        for one in self.store.fold_from(self.channel, self._after):
            self._after = one[0]
            self._found += self._rules([one])
        return self._found

    def _old(self) -> list[Folded]:
        try:
            self._after, parts = self.store.parts(self.channel)
            places = part.noted(parts, RULE_KINDS)
        except MalformedError:  # the node drops them when it starts
            self._after, places = 0, []
        return self.store.folded(places)

    def _rules(self, rows: list[Folded]) -> Iterator[Rule]:
        logs = {log.origin: log for log in self.store.logs(self.channel)} if rows else {}
        for _, leaf, body in rows:
            said = _said(leaf.raw)
            if said is None or said.kind not in RULE_KINDS or body is None:
                continue
            log, content = logs[leaf.origin], _content(body.raw)
            if content is None or {UNOPENED, *WITHOUT_EFFECT} & set(leaf.labels):
                continue
            place = log.party, log.origin, leaf.index, log.base + leaf.index
            yield Rule(*place, leaf.entry_id, said.kind, tuple(said.re), content)


def _said(raw: bytes) -> _Said | None:
    try:
        return _LEAF.decode(raw).statement
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _content(raw: bytes) -> dict[str, object] | None:
    try:
        found = canonical.loads(raw, limit=_BODY_LIMIT)
    except MalformedError:
        return None
    return found if isinstance(found, dict) else None
