# SPDX-License-Identifier: Apache-2.0
"""What the pages show of a channel, made ready from the record and the node's own facts."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from detente.record import availability, duration, silence, standing, states, waiting
from detente.record.entry import Entry, by_id, in_order
from detente.seal.credential import Mandate
from detente.web.console import Console
from detente.web.text import LIST_LIMIT, Content, clip, entry_content
from detente.words.charter import Charter, PhraseEntry
from detente.words.kinds import KINDS

_BLANK = re.compile(r"\{[a-z_]+\}\.?")
URGENT = frozenset({"flash", "immediate"})
MACHINERY = frozenset({"genesis", "credential", "epoch.grant"})
# A shape and a word for each, the same everywhere; colour only comes on top.
TONES = {
    silence.LINE_UP: "up",
    silence.NOT_ANSWERED: "late",
    silence.ANNOUNCED: "quiet",
    silence.DOWN_THEIRS: "down",
    silence.DOWN_OURS: "down",
    silence.DOWN_PATH: "down",
}
SILENCES = {
    silence.LINE_UP: "Line up",
    silence.NOT_ANSWERED: "Line up, not answered",
    silence.ANNOUNCED: "Line up, suspension announced",
    silence.DOWN_THEIRS: "Line down: their node does not answer",
    silence.DOWN_OURS: "Line down: our own end",
    silence.DOWN_PATH: "Line down: no path",
}


@dataclass(frozen=True)
class PeerLine:
    """The line to one peer, now."""

    party: str
    name: str
    words: str
    tone: str
    silence: silence.Silence
    path: str
    rtt_ms: float | None
    last_heard: int | None
    error: str
    last_test: availability.TestResult | None
    month: str
    share: str


@dataclass(frozen=True)
class Item:
    """An entry as the pages list it."""

    entry: Entry
    content: Content
    office: str
    re: tuple[tuple[str, str], ...]
    due: int | None = None


@dataclass(frozen=True)
class Channel:
    """A channel with all that was read for one page."""

    id: str
    title: str
    kind: str
    state: str
    members: tuple[str, ...]
    entries: tuple[Entry, ...]
    charter: Charter | None
    purpose: str
    stopped: str
    unsent: int
    dues: tuple[waiting.Due, ...]
    scopes: tuple[standing.Scope, ...]
    lines: tuple[PeerLine, ...]
    # Entries that are older than what is read of a long channel: the views are without them.
    older: int = 0

    @property
    def register(self) -> bool:
        """Whether these are our own notes only."""
        return self.kind == "register"


async def channel_view(console: Console, row: Mapping[str, Any], status: Mapping[str, Any]) -> Channel:
    """Read one channel. ``status``: the node's own, from the operation of that name."""
    identifier, now, me = str(row["channel"]), console.now(), console.info.party
    entries = console.records.entries(identifier)
    charter = console.records.charter(identifier)
    nothing: dict[str, Any] = {"peers": [], "stopped": None, "unsent": 0}
    facts = next((c for c in status["channels"] if c["channel"] == identifier), nothing)
    members = tuple(m.id for m in charter.members) if charter else (me, *(p["party"] for p in facts["peers"]))
    members = (me, *(member for member in members if member != me))
    # Entries are values: views over a long record are computed beside the line, which waits for no page.
    rules = [*console.records.old_rules(identifier), *entries]
    dues, scopes, tests = await asyncio.to_thread(_derived, entries, rules, charter, members, now)
    lines = tuple(_line(console, peer, dues, scopes, tests) for peer in facts["peers"])
    return Channel(
        id=identifier,
        title=console.title(dict(row)),
        kind=str(row["kind"]),
        state=console.records.channel_state(identifier),
        members=members,
        entries=tuple(entries),
        charter=charter,
        purpose=charter.purpose if charter else "",
        stopped=str(facts["stopped"] or ""),
        unsent=int(facts["unsent"]),
        dues=tuple(dues),
        scopes=tuple(scopes),
        lines=lines,
        older=console.records.passed_over(identifier),
    )


def _derived(
    entries: Sequence[Entry],
    rules: Sequence[Entry],
    charter: Charter | None,
    members: Sequence[str],
    now: int,
) -> tuple[list[waiting.Due], list[standing.Scope], list[availability.Availability]]:
    dues = waiting.dues(entries, charter, now) if charter else []
    scopes = standing.current(rules, members, charter)
    return dues, scopes, availability.availability(entries, members, now)


def _line(
    console: Console,
    peer: Mapping[str, Any],
    dues: Sequence[waiting.Due],
    scopes: Sequence[standing.Scope],
    tests: Sequence[availability.Availability],
) -> PeerLine:
    me, party = console.info.party, str(peer["party"])
    own = next((side for side in scopes[0].sides if side.party == party), None)
    fault = peer["fault"]
    fact = silence.PathFact(
        str(peer["path"] or "direct"),
        answers=bool(peer["connected"]),
        ours=fault != "ours",
        reaches={"theirs": True, "path": False}.get(fault or ""),
        last_heard=peer["last_heard"],
    )
    found = silence.silence(
        [fact],
        waiting.unanswered(dues, me, party),
        standing=own.state if own else "normal",
        standing_since=own.placed if own and own.entry else None,
        closed=own.closed if own else (),
    )
    row = next((test for test in tests if (test.by, test.to) == (me, party)), None)
    month = f"{datetime.fromtimestamp(console.now() / 1000, UTC):%Y-%m}"
    share = row.months.get(month) if row else None
    card = console.node.peer_card(str(peer["fingerprint"]))
    return PeerLine(
        party=party,
        name=clip(card.name, 80) if card else "",
        words=SILENCES[found.kind],
        tone=TONES[found.kind],
        silence=found,
        path=str(peer["path"] or ""),
        rtt_ms=peer["rtt_ms"],
        last_heard=peer["last_heard"],
        error=clip(str(peer["error"] or ""), 200),
        last_test=row.last if row else None,
        month=f"{datetime.fromtimestamp(console.now() / 1000, UTC):%B}",
        share=availability.percent(share) if share is not None else "",
    )


# Entries -------------------------------------------------------------------------------------------------


def items(
    console: Console, channel: Channel, entries: Sequence[Entry], limit: int = LIST_LIMIT
) -> list[Item]:
    """Entries made ready to be listed."""
    refs = {entry.id: entry.ref for entry in channel.entries}
    clocks = {
        due.entry.id: due.due for due in channel.dues if due.owes == console.info.party and due.done is None
    }
    return [
        Item(
            entry,
            _with_refs(entry_content(entry, channel.charter, limit), refs),
            office_title(console, entry),
            tuple((target, refs[target]) for target in entry.re if target in refs),
            clocks.get(entry.id),
        )
        for entry in entries
    ]


def _with_refs(content: Content, refs: Mapping[str, str]) -> Content:
    """Entries named in fields go by what people call them."""
    return replace(content, rows=tuple((head, refs.get(value, value)) for head, value in content.rows))


def mandate_of(console: Console, channel: str, fpr: str, office: str, at: int) -> Mandate | None:
    """The mandate of an office as the channel knows it."""
    line = console.node.lines.get(channel)
    held = line.state.credentials.get(fpr) if line is not None else None
    return held.mandate_for(office, at) if held is not None else None


def office_title(console: Console, entry: Entry) -> str:
    """An office by its title, as its mandate has it."""
    machines = {"node": "node (machine)", "watch": "watch post (machine)"}
    if entry.office in machines:
        return machines[entry.office]
    mandate = mandate_of(console, entry.channel, entry.fpr, entry.office, entry.placed)
    return clip(mandate.title, 80) if mandate and mandate.title else entry.office


def urgent(console: Console, channel: Channel) -> list[Item]:
    """Flash and immediate entries of others that nobody here has acknowledged: flash first, then the oldest.

    They ring whether or not they are in order; what stands against them is shown with them.
    """
    me = console.info.party
    withdrawn = {target for entry in channel.entries if entry.kind == "withdrawal" for target in entry.re}
    found = [
        entry
        for entry in by_id(channel.entries).values()
        if not entry.mine
        and entry.precedence in URGENT
        and acknowledgeable(entry)
        and entry.id not in withdrawn
        and states.reached(entry.marks.get(me, {}), "read") is None
    ]
    found.sort(key=lambda entry: (entry.precedence != "flash", entry.placed))
    return items(console, channel, found)


def acknowledgeable(entry: Entry) -> bool:
    """Whether an entry may be acknowledged at all."""
    kind = KINDS.get(entry.kind)
    return kind is None or kind.acked


def due_here(console: Console, channel: Channel) -> list[waiting.Due]:
    """What we owe, without what is shown as urgent already."""
    me = console.info.party
    rows = waiting.waiting(channel.dues, me)
    return [
        due
        for due in rows
        if not (
            due.what == waiting.ACKNOWLEDGE
            and due.entry.precedence in URGENT
            and states.reached(due.entry.marks.get(me, {}), "read") is None
        )
    ]


def due_there(console: Console, channel: Channel) -> list[waiting.Due]:
    """What others owe us."""
    return [
        due
        for party in channel.members
        if party != console.info.party
        for due in waiting.waiting(channel.dues, party)
    ]


def life_saving(channel: Channel) -> list[tuple[PhraseEntry, str]]:
    """Phrases that whoever is on watch may send alone, with their text in the console's language."""
    book = channel.charter.phrases if channel.charter else []
    return [(p, p.text.get("en") or next(iter(p.text.values()), "")) for p in book if p.life_saving]


def rule_words(channel: Channel, due: waiting.Due) -> str:
    """By which rule of the charter: ``charter: flash within 2 min``."""
    charter = channel.charter
    if charter is None:
        return due.citation
    if due.what == waiting.ACKNOWLEDGE:
        name, seconds = due.entry.precedence, dict(charter.ack_due).get(due.entry.precedence)  # type: ignore[call-overload]
    else:
        name, seconds = due.entry.kind, charter.answer_due.get(due.entry.kind)
    return f"charter: {name} within {duration.length(seconds * 1000)}" if seconds else due.citation


def blanks(sentence: str) -> str:
    """A phrase with its parameters as blanks."""
    return _BLANK.sub("…", sentence)


def said(entry: Entry) -> bool:
    """Whether a reader of the timeline wants to see it: not machinery, tests, or bare acknowledgements."""
    if entry.kind in MACHINERY or entry.kind == "test":
        return False
    if entry.kind != "ack":
        return True
    body = entry.body or {}
    return body.get("state") not in ("displayed", "read") or bool(body.get("note"))


def warnings(entry: Entry) -> tuple[str, ...]:
    """Labels, and whether nobody should act on the entry."""
    return (*entry.labels, *(() if in_order(entry) else ("not to be acted upon",)))
