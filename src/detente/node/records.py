# SPDX-License-Identifier: Apache-2.0
"""From the store's rows to entries, for everything that shows them. All of it can be dropped and rebuilt.

``Records`` keeps what it read: a leaf is parsed once, and a call after nothing happened costs a few queries.
"""

from __future__ import annotations

import re
from bisect import bisect_right, insort
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from detente.errors import MalformedError, RefusedError
from detente.line.labels import WITHOUT_EFFECT, foremost
from detente.line.rules import Rule, Rulebook
from detente.line.state import State
from detente.line.writes import PutEarly, PutItem, PutLog
from detente.node.past import Start
from detente.node.reads import Row
from detente.node.rulings import Rulings
from detente.node.store import SqliteStore
from detente.record import states
from detente.record.entry import Entry, in_order
from detente.seal import canonical
from detente.seal.keys import key_id
from detente.words import charter as charters
from detente.words.entry import Leaf

EARLY = "ahead of its place"
_BODY_LIMIT = 1 << 20
# What was said of an old entry is looked for among so many that came after it.
NEAR = 1_000
_REF = re.compile(r"([A-Z0-9-]{1,21})-([0-9]{1,15})")
_PREFIX = re.compile(r"[0-9a-f]{6,64}")
_LEAF = msgspec.json.Decoder(Leaf)

Marks = dict[str, dict[str, int]]


@dataclass(frozen=True)
class Window:
    """What is read of a channel with more than ``most`` entries: the ``newest``, and its rule entries."""

    most: int = 50_000
    newest: int = 10_000


@dataclass
class _Log:
    """One log as the views need it; lists run along its indexes, from ``first`` on."""

    put: PutLog
    first: int = 0
    places: list[int] = field(default_factory=list)
    latest: list[int] = field(default_factory=list)
    saw: list[Mapping[str, int]] = field(default_factory=list)
    receipts: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    offices: dict[str, str] = field(default_factory=dict)

    def receipted(self, by: str, index: int) -> int | None:
        """The claimed second of the first receipt of ``by`` that covers ``index``."""
        found = self.receipts.get(by, [])
        at = bisect_right(found, (index, 1 << 62))
        return found[at][1] if at < len(found) else None

    @property
    def reached(self) -> int:
        """How many leaves were read of it, or passed over."""
        return self.first + len(self.latest)

    def latest_of(self, size: int) -> int | None:
        """The latest time placed among the first ``size`` leaves, as far as they were read."""
        at = min(size, self.reached) - self.first
        return self.latest[at - 1] if at > 0 else None


class _Channel:
    """The entries of one channel, kept up with the store; all, or those after ``start``."""

    def __init__(
        self, store: SqliteStore, channel: str, start: Start | None = None, known: State | None = None
    ) -> None:
        self.store = store
        self.known = known
        self.start = start or Start()
        self.channel = channel
        row = store.channel(channel)
        self.register = row is not None and row["kind"] == "register"
        self.logs: dict[str, _Log] = {}
        self.names: dict[str, str] = {}
        self.me = ""
        self.bare: list[Entry] = []
        self.done: list[Entry] = []
        self.where: dict[str, list[int]] = {}
        self.said: dict[str, Marks] = {}
        self.items: dict[str, dict[str, int]] = {}
        self.old: dict[str, Entry] = {}  # entries from before the start that were asked for
        self.behind: set[int] = set()  # entries that cite more of a log than is here yet
        self.last = {"leaf": self.start.leaf, "receipt": self.start.receipt, "item": self.start.item}

    # Reading on ----------------------------------------------------------------------------------------

    def update(self, most: int | None = None) -> None:
        """Take in what came since the last time, or of that the first ``most`` entries."""
        rows = self.store.rows_since(self.channel, self.last["leaf"], most)
        receipts, items = self.store.marks_since(self.channel, self.last["receipt"], self.last["item"], most)
        if self.start.leaf and not self.bare:
            before = self.store.items_of([row.entry_id for row in rows])
            items = [{"n": self.last["item"], **_named(item)} for item in before] + items
        if not (rows or receipts or items):
            return
        self._learn_logs()
        dirty, self.behind = self.behind if rows else set(), set() if rows else self.behind
        for row in rows:
            dirty |= self._take(row)
        for receipt in receipts:
            dirty |= self._receipt(receipt)
        for item in items:
            by = self.items.setdefault(item["entry_id"], {})
            by.setdefault(item["by"], item["arrived"])
            dirty.update(self.where.get(item["entry_id"], ()))
            self.last["item"] = item["n"]
        for position in sorted(dirty):
            entry = self.bare[position]
            self.done[position] = self._finish(entry)
            log = self.logs[entry.origin]
            seen = log.saw[entry.index - log.first]
            if any(self.logs[one].reached < size for one, size in seen.items() if one in self.logs):
                self.behind.add(position)

    def _learn_logs(self) -> None:
        for put in self.store.logs(self.channel):
            if put.origin in self.logs:
                continue
            log = self.logs[put.origin] = _Log(put, self.start.sizes.get(put.origin, 0))
            held = self.known.logs.get(put.origin) if self.known is not None else None
            for index, _, statement in held.certifying if held is not None else ():
                if index < log.first:
                    _learn_keys(log, statement.kind, statement.data)
            if put.mine:
                self.me = put.party
        cards = self.store.members(self.channel)
        parties = {*cards, *(log.put.party for log in self.logs.values())} - self.names.keys()
        for party in sorted(parties, key=lambda one: (one != self.me, one)):
            self.names[party] = self._name(party, cards.get(party))

    def _name(self, party: str, card: Mapping[str, Any] | None) -> str:
        """The short id of a card; of two parties that chose the same one, the second has more to its name."""
        name = str(card["doc"]["id"]) if card is not None else party[:8].upper()
        return f"{name}-{party[:4].upper()}" if name in self.names.values() else name

    def _take(self, row: Row) -> set[int]:
        self.last["leaf"] = row.n
        log = self.logs[row.origin]
        leaf = _parse(row.raw)
        entry = self._entry(log.put, row, leaf)
        position = len(self.bare)
        self.bare.append(entry)
        self.done.append(entry)
        self.where.setdefault(entry.id, []).append(position)
        log.places.append(position)
        log.latest.append(max(entry.placed, log.latest[-1] if log.latest else 0))
        before = log.saw[-1] if log.saw else {}
        cited = {origin: size for origin, (size, _) in entry.seen.items()}
        log.saw.append({**before, **cited} if cited else before)
        _learn_keys(log, entry.kind, entry.body)
        return {position} | self._hear(entry)

    def _hear(self, entry: Entry) -> set[int]:
        """What this entry says of others: acknowledgements and answers."""
        touched: set[int] = set()
        if not in_order(entry):
            return touched
        said = _says(entry)
        for target in entry.re if said else ():
            marks = self.said.setdefault(target, {})
            marks[entry.party] = states.merge(marks.get(entry.party, {}), {said: entry.placed})
            touched.update(self.where.get(target, ()))
        return touched

    def _receipt(self, row: Mapping[str, Any]) -> set[int]:
        self.last["receipt"] = row["n"]
        log = self.logs[row["origin"]]
        known = log.receipts.setdefault(row["by"], [])
        start = max((size for size, _ in known if size < row["size"]), default=0)
        insort(known, (row["size"], row["seconds"]))
        return set(log.places[max(start - log.first, 0) : max(row["size"] - log.first, 0)])

    # One entry -----------------------------------------------------------------------------------------

    def _entry(self, log: PutLog, row: Row, leaf: Leaf | None) -> Entry:
        """The entry without what others made of it."""
        name = self.names[log.party]
        fixed: dict[str, Any] = {
            "id": row.entry_id,
            "ref": f"{name}-{log.base + row.index}",
            "channel": self.channel,
            "party": name,
            "fpr": log.party,
            "origin": row.origin,
            "index": row.index,
            "labels": row.labels,
            "marks": {},
            "proven": (None, None),
            "mine": log.mine,
            "state": "kept" if log.mine or self.register else "received",
        }
        return Entry(**fixed, **(_unreadable(row) if leaf is None else self._said(row, leaf)))

    def _said(self, row: Row, leaf: Leaf) -> dict[str, Any]:
        statement, placement = leaf.statement, leaf.placement
        body, state = statement.data, "data"
        if statement.data is None:
            body, state = _open(row)
        offices = self.logs[row.origin].offices
        return {
            "office": statement.office,
            "kind": statement.kind,
            "precedence": statement.precedence,
            "mark": statement.mark,
            "re": tuple(statement.re),
            "to": tuple(statement.to or ()),
            "released": statement.released,
            "placed": placement.time,
            "seen": placement.seen,
            "body": body,
            "body_state": state,
            "signers": tuple(offices.get(one.key, one.key[:8]) for one in leaf.signatures),
        }

    def _finish(self, entry: Entry) -> Entry:
        """The entry with its marks, state and proven interval."""
        log = self.logs[entry.origin]
        marks = self._marks(entry, log)
        witnessed = self._witnessed(entry, log)
        starts = [start for start, _ in witnessed.values() if start is not None]
        ends = [end for _, end in witnessed.values() if end is not None]
        proven = max(starts, default=None), min(ends, default=None)
        state = self._state(entry, marks)
        return replace(entry, marks=marks, state=state, proven=proven, witnessed=witnessed)

    def _marks(self, entry: Entry, log: _Log) -> Marks:
        marks: Marks = {}
        for party, name in self.names.items():
            if party == entry.fpr:
                continue
            found = dict(self.said.get(entry.id, {}).get(name, {}))
            delivered = self._delivered(entry, log, party)
            if delivered is not None:
                found["delivered"] = delivered
            if found:
                marks[name] = found
        return marks

    def _delivered(self, entry: Entry, log: _Log, party: str) -> int | None:
        """Claimed time (ms) of the first receipt. Of a cosignature's second: the first ms after placing."""
        times = []
        if EARLY not in entry.labels:
            second = log.receipted(party, entry.index)
            if second is not None:
                times.append(min(max(second * 1000, entry.placed), second * 1000 + 999))
        arrived = self.items.get(entry.id, {}).get(party)
        return min([*times, *([] if arrived is None else [arrived])], default=None)

    def _state(self, entry: Entry, marks: Marks) -> str:
        if self.register:
            return "kept"
        if not entry.mine:
            return states.own_summary(marks.get(self.names.get(self.me, ""), {}))
        addressed = entry.to or tuple(party for party in self.names if party != entry.fpr)
        return states.summary(marks, [self.names.get(party, party) for party in addressed])

    def _witnessed(self, entry: Entry, log: _Log) -> dict[str, tuple[int | None, int | None]]:
        """For each other member, by its own clock: the latest time at which it signed something that the
        author had seen, and the earliest at which it signed a receipt (protocol §10)."""
        starts: dict[str, int] = {}
        seen = {} if EARLY in entry.labels else log.saw[entry.index - log.first]
        for origin, size in seen.items():
            other = self.logs.get(origin)
            at = other.latest_of(size) if other is not None and other.put.party != entry.fpr else None
            if other is not None and at is not None:
                starts[other.put.party] = max(at, starts.get(other.put.party, at))
        found: dict[str, tuple[int | None, int | None]] = {}
        for party, name in self.names.items():
            ends = (starts.get(party), self._receipted(entry, log, party))
            if party != entry.fpr and ends != (None, None):
                found[name] = ends
        return found

    def _receipted(self, entry: Entry, log: _Log, by: str) -> int | None:
        """The earliest time at which a member signed a receipt for it; a second counts to its end."""
        second = None if EARLY in entry.labels else log.receipted(by, entry.index)
        ended = None if second is None else second * 1000 + 999
        times = [at for at in (self.items.get(entry.id, {}).get(by), ended) if at is not None]
        return min(times, default=None)

    def at(self, origin: str, index: int) -> Entry | None:
        """The entry at a place; None if it is from before the start."""
        log = self.logs[origin]
        return self.done[log.places[index - log.first]] if index >= log.first else None

    def lone(self, entry_id: str, near: int = NEAR) -> Entry | None:
        """One entry from before the start: with its receipts, and what the ``near`` next ones say of it."""
        rows = self.store.rows_of(self.channel, entry_id)
        if not rows:
            return None
        start = self.store.start_at(self.channel, foremost(rows, lambda row: row.labels).n)
        around = _Channel(self.store, self.channel, start, self.known)
        around.update(near)
        return around.done[around.where[entry_id][0]]

    def early(self) -> Iterator[Entry]:
        """Statements kept ahead of their place, which have no marks but receipts and our own."""
        waiting = self.store.early(self.channel)
        if waiting:
            self._learn_logs()
        for put in waiting:
            yield self._early(put)

    def _early(self, put: PutEarly) -> Entry:
        found = self.store.body(put.entry_id)
        labels = (*put.labels, EARLY)
        body = found[1] if found else None
        row = Row(0, put.origin, put.index, put.entry_id, put.raw, put.arrived, labels, body)
        return self._finish(self._entry(self.logs[put.origin].put, row, _parse(put.raw)))


def _in_force(known: State, rule: Rule) -> bool:
    """Whether a rule entry counts, and counts at this place of its statement."""
    if known.where.get(rule.entry_id) != (rule.origin, rule.index):
        return False
    return not WITHOUT_EFFECT & set(known.labels.get(rule.entry_id, ()))


def _named(item: PutItem) -> dict[str, Any]:
    return {"entry_id": item.entry_id, "by": item.by, "arrived": item.arrived}


def _parse(raw: bytes) -> Leaf | None:
    try:
        return _LEAF.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _unreadable(row: Row) -> dict[str, Any]:
    """A leaf under a good checkpoint that is no leaf: it stays in the record, and says nothing."""
    return {
        "office": "",
        "kind": "malformed",
        "precedence": "routine",
        "mark": "real",
        "re": (),
        "to": (),
        "released": row.arrived,
        "placed": row.arrived,
        "seen": {},
        "body": None,
        "body_state": "unopened",
    }


def _open(row: Row) -> tuple[dict[str, Any] | None, str]:
    if row.body is None or "unopened" in row.labels:
        return None, "unopened" if "unopened" in row.labels else "withheld"
    try:
        body = canonical.loads(row.body, limit=_BODY_LIMIT)
    except MalformedError:
        return None, "unopened"
    return (body, "open") if isinstance(body, dict) else (None, "unopened")


def _says(entry: Entry) -> str:
    """The mark that this entry sets on those it names: an acknowledgement's state, or ``answered``."""
    if entry.kind in states.NOT_ANSWERS:
        state = entry.body.get("state") if entry.kind == "ack" and entry.body is not None else None
        return state if isinstance(state, str) and state in states.ACK_STATES else ""
    return "answered"


def _learn_keys(log: _Log, kind: str, body: Mapping[str, Any] | None) -> None:
    """Whose key is whose: from the card and the mandates in the log itself."""
    if kind not in ("genesis", "credential") or body is None:
        return
    for credential in body.values():
        doc = credential.get("doc") if isinstance(credential, dict) else None
        if not isinstance(doc, dict):
            continue
        keys = doc.get("keys") if doc.get("type") == "card" else {str(doc.get("office")): doc.get("key")}
        for office, key in keys.items() if isinstance(keys, dict) else ():
            try:
                log.offices[key_id(canonical.unb64(key))] = office
            except (MalformedError, TypeError, AttributeError):
                continue


class Records:
    """The entries of a store. Not for several threads at once; each takes its own, over its own reader.

    With a ``window`` only the newest entries of a long channel are read. ``states`` gives what a line knows
    of a channel, where there is one in memory; else its rule entries are looked for among all entries.
    """

    def __init__(
        self,
        store: SqliteStore,
        window: Window | None = None,
        states: Callable[[str], State | None] = lambda channel: None,
    ) -> None:
        self.store = store
        self._window = window
        self._states = states
        self._channels: dict[str, _Channel] = {}
        self._rulings: dict[str, Rulings] = {}
        self._revised = 0

    def entries(self, channel: str) -> list[Entry]:
        """All entries of a channel in the order in which they came here, those ahead of their place last.

        With a window, those that stand in it: see ``passed_over``.
        """
        state = self._current(channel)
        return [*state.done, *state.early()]

    def passed_over(self, channel: str) -> int:
        """How many of a channel's entries are older than what is read of it."""
        return sum(self._current(channel).start.sizes.values())

    def old_rules(self, channel: str) -> list[Entry]:
        """The rule entries among those, without what others made of them."""
        state = self._current(channel)
        known = self._states(channel)
        for rule in known.rules.rules if known is not None and state.start.leaf else ():
            if rule.entry_id not in state.old and rule.index < state.start.sizes.get(rule.origin, 0):
                entry = state.lone(rule.entry_id, near=1)
                if entry is not None:
                    state.old[rule.entry_id] = entry
        return list(state.old.values())

    def _look_again(self) -> None:
        """Labels or bodies changed under what was read: rare, and simplest read again."""
        revised = self.store.revised_since(self._revised)
        if revised:
            self._revised = revised[-1][0]
            self._channels.clear()
            self._rulings.clear()

    def _current(self, channel: str) -> _Channel:
        self._look_again()
        state = self._channels.get(channel)
        if state is None or (self._window is not None and len(state.done) > self._window.most):
            start, known = self._start(channel), self._states(channel)
            state = self._channels[channel] = _Channel(self.store, channel, start, known)
        state.update()
        return state

    def _start(self, channel: str) -> Start | None:
        if self._window is None or self.store.count(channel) <= self._window.most:
            return None
        return self.store.start_of(channel, self._window.newest)

    def entry(self, entry_id: str) -> Entry | None:
        """One entry by its full id, where it counts; the place says in which of the channels that is."""
        place = self.store.leaf_of(entry_id)
        for channel in [row["channel"] for row in self.store.channels()]:
            if place is None:
                for entry in self._current(channel).early():
                    if entry.id == entry_id:
                        return entry
            elif any(log.origin == place[0] for log in self.store.logs(channel)):
                state = self._current(channel)
                return state.at(*place[:2]) or state.lone(entry_id)
        return None

    def count(self, channel: str) -> int:
        """How many entries a channel has, those ahead of their place too."""
        return self.store.count(channel) + len(self.store.early(channel))

    def find(self, text: str, channel: str | None = None) -> Entry:
        """The entry that ``text`` names: an id, the beginning of one (6 digits or more), or a ref like UA-57.

        RefusedError if there is none, or more than one.
        """
        ids = {entry.id for entry in self._named(text, channel)}
        if len(ids) != 1:
            what = "no entry" if not ids else f"{len(ids)} entries"
            raise RefusedError(f"{text} names {what} here; give the id as `detente log` shows it")
        found = self.entry(ids.pop())
        if found is None:
            raise RefusedError(f"{text} names no entry here")
        return found

    def _named(self, text: str, channel: str | None) -> Iterator[Entry]:
        known = [row["channel"] for row in self.store.channels()] if channel is None else [channel]
        if _PREFIX.fullmatch(text):
            for entry_id in self.store.entry_ids(text):
                entry = self.entry(entry_id)
                if entry is not None and entry.channel in known:
                    yield entry
        elif _REF.fullmatch(text):
            for one in known:
                yield from self._at(one, text)

    def _at(self, channel: str, ref: str) -> Iterator[Entry]:
        """The entries of a channel that people call by that ref: the place says where they stand."""
        state = self._current(channel)
        name, _, number = ref.rpartition("-")
        for log in state.logs.values():
            index = int(number) - log.put.base
            if state.names[log.put.party] == name and index >= 0 and str(int(number)) == number:
                for entry_id in self.store.ids(log.put.origin, index, index + 1):
                    entry = self.entry(entry_id)
                    if entry is not None:
                        yield entry
        yield from (entry for entry in state.early() if entry.ref == ref)

    # The channel ---------------------------------------------------------------------------------------

    def _rules(self, channel: str) -> list[Rule]:
        known = self._states(channel)
        if known is not None:
            held = [one for one in known.rules.rules if _in_force(known, one)]
            return sorted(held, key=lambda rule: (rule.position, rule.party))
        self._look_again()
        if channel not in self._rulings:
            self._rulings[channel] = Rulings(self.store, channel)
        return sorted(self._rulings[channel].all(), key=lambda rule: (rule.position, rule.party))

    def charter(self, channel: str) -> charters.Charter | None:
        """The charter in force with its amendments, by all that is here; None before all assented."""
        return Rulebook().terms(self._rules(channel), self._me(channel)).charter

    def _me(self, channel: str) -> str:
        return next((log.party for log in self.store.logs(channel) if log.mine), "")

    def proposed(self, channel: str) -> tuple[str, charters.Charter] | None:
        """(entry id, charter) of the first readable proposal."""
        for rule in self._rules(channel):
            if rule.kind == "charter":
                try:
                    return rule.entry_id, charters.parse(dict(rule.body))
                except MalformedError:
                    continue
        return None

    def channel_state(self, channel: str) -> str:
        """``register``, ``open`` (a charter is in force), ``declined`` or ``proposed``."""
        row = self.store.channel(channel)
        if row is not None and row["kind"] == "register":
            return "register"
        if self.charter(channel) is not None:
            return "open"
        declined = any(rule.kind == "decline" for rule in self._rules(channel))
        return "declined" if declined else "proposed"
