# SPDX-License-Identifier: Apache-2.0
"""A case that is a list of steps between two parties, with looks at the record in between.

Steps and looks are the case's own data: who says what and when, and what the record is to answer there. Each
look becomes a measure; the replay comes out as it should if every look finds what the case expects.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from detente.errors import FatalError
from detente.node.casefile import Case
from detente.node.demo_plan import side_name
from detente.node.replay import DESK, PATIENCE, Clock, Exchange, Party, Step, parties, persona
from detente.record import contacts, silence, standing, states, waiting
from detente.record.entry import Entry, parse_rfc3339, rfc3339

REAL = ("signing, four eyes, sealing, TLS on loopback, storing, receipts, acknowledgements",)
Found = tuple[Any, str]


async def replay_steps(case: Case, place: Path) -> dict[str, Any]:
    """Every step at its time, and every look; measured as it goes."""
    clock = Clock(case.begins)
    who = [persona(side, f"Ministry of Defence of {side_name(side)}") for side in case.data["sides"]]
    async with parties(place, who, clock) as found:
        exchange = Exchange(found, clock)
        await exchange.open(who[0].side, **case.data["charter"])
        told = _Told(case, exchange)
        for row in case.data["steps"]:
            await told.step(row)
            for look in case.data["looks"]:
                if look["after"] == row["key"]:
                    told.look(look)
        channel = exchange.channel
    return {
        "channel": channel,
        "seen": told.seen,
        "measures": told.measures,
        "simulated": list(case.data["simulated"]),
        "real": list(REAL),
        "ok": not told.wrong,
        "why": "; ".join(told.wrong),
    }


@dataclass
class _View:
    """What one side's node makes of the record now."""

    me: str
    peer: str
    entries: list[Entry]
    dues: list[waiting.Due]
    scopes: list[standing.Scope]


class _Told:
    """What happened so far, for people, and what the looks found."""

    def __init__(self, case: Case, exchange: Exchange) -> None:
        self.case, self.exchange, self.clock = case, exchange, exchange.clock
        self.seen: list[dict[str, Any]] = []
        self.measures: list[dict[str, Any]] = []
        self.wrong: list[str] = []
        self._refused: dict[str, str] = {}
        self._down: set[str] = set()

    # -- steps ---------------------------------------------------------------------------------

    async def step(self, row: Mapping[str, Any]) -> None:
        """One step: something said, or ``do``: a post shows an entry, a watch ends, a node goes down."""
        self.clock.set(parse_rfc3339(row["at"]))
        does = {"show": self._show, "watch off": self._watch_off, "down": self._go_down, "nothing": _nothing}
        acts = does.get(row.get("do", ""))
        if acts is not None:
            await acts(row)
            self._note(row, row.get("by", ""), None)
            return
        given: dict[str, Any] = {"office": DESK, "read": False}
        given |= {name: row[name] for name in _STEP_FIELDS if name in row}
        step = replace(Step(row["key"], row["by"], row["kind"], row["says"]), **given)
        arrives = self._peer(row["by"]).side not in self._down
        step = replace(step, re=tuple(row.get("re", ())), arrives=arrives)
        done = await self.exchange.play(step)
        if done.refused is not None:
            self._refused[step.key] = done.refused
        self._note(row, row["by"], done.id)

    def _note(self, row: Mapping[str, Any], by: str, entry: str | None) -> None:
        facts = [self.case.facts[name] for name in row.get("facts", ())]
        refused = "; its own node refuses" if row["key"] in self._refused else ""
        self.seen.append(
            {
                "time": row["at"],
                "party": by,
                "entry": entry,
                "ref": self.exchange.refs.get(row["key"]),
                "what": f"{by}: {row['says']}{refused}" if by else row["says"],
                "basis": "facts" if facts else "replay",
                "source": "; ".join(fact.cite() for fact in facts),
                "state": None if entry is None else "kept",
            }
        )

    async def _show(self, row: Mapping[str, Any]) -> None:
        """A post of ``by`` comes on watch and shows the entry of step ``of``."""
        post = self.exchange.parties[row["by"]]
        await post.call("watch_on", post="watch")
        entry = self.exchange.ids[row["of"]]
        await post.call("displayed", channel=self.exchange.channel, id=entry, post="watch")
        author = self._peer(row["by"])
        wanted = {"channel": self.exchange.channel, "id": entry, "for": "displayed", "timeout": PATIENCE}
        await author.call("wait", **wanted)

    async def _watch_off(self, row: Mapping[str, Any]) -> None:
        await self.exchange.parties[row["by"]].call("watch_off", post="watch")

    async def _go_down(self, row: Mapping[str, Any]) -> None:
        """The node of ``by`` is no longer there; the other notices."""
        await self.exchange.parties[row["by"]].here.paths.close()
        self._down.add(row["by"])
        other = self._peer(row["by"])
        for _ in range(round(PATIENCE / 0.1)):
            health = await other.call("health")
            if not health["peers"][0]["connected"] and health["peers"][0]["fault"] is not None:
                return
            await asyncio.sleep(0.1)
        raise FatalError(f"the node of {other.side} does not notice that {row['by']} is gone")

    def _peer(self, side: str) -> Party:
        return next(party for party in self.exchange.parties.values() if party.side != side)

    # -- looks ---------------------------------------------------------------------------------

    def look(self, row: Mapping[str, Any]) -> None:
        """What the record answers now, beside what the case expects."""
        view = self._view(row.get("by", self.case.data["sides"][0]))
        value, how = _LOOKS[row["what"]](self, row, view)
        self.measures.append({"name": row["name"], "value": _text(value), "how": how})
        if value != row["expect"]:
            self.wrong.append(f"{row['name']}: {_text(value)}, not {_text(row['expect'])}")

    def _view(self, side: str) -> _View:
        party = self.exchange.parties[side]
        charter = party.here.operations.records.charter(self.exchange.channel)
        entries = self.exchange.entries(side)
        assert charter is not None
        members = [member.id for member in charter.members]
        dues = waiting.dues(entries, charter, self.clock())
        return _View(side, self._peer(side).side, entries, dues, standing.current(entries, members, charter))

    def standing(self, row: Mapping[str, Any], view: _View) -> Found:
        """Each side's own claim on a scope, and the stricter."""
        found = next((one for one in view.scopes if one.scope == row["scope"]), None)
        if found is None:
            return {}, f"nobody has declared anything about {row['scope']}"
        sides = {side.party: side.state for side in found.sides}
        refs = ", ".join(f"{side.party} {side.ref or 'nothing'}" for side in found.sides)
        return sides | {"stricter": found.effective}, f"declared on the line: {refs}; as {view.me} holds it"

    def closed(self, row: Mapping[str, Any], view: _View) -> Found:
        """Which of the named kinds are closed, by anybody."""
        shut = standing.closed_kinds(view.scopes)
        found = {kind: list(shut.get(kind, ())) for kind in row["kinds"]}
        return found, "by whose declaration each kind is closed; without a name it is open"

    def used(self, row: Mapping[str, Any], view: _View) -> Found:
        """How many entries of these kinds each side said, and the other received, since a step."""
        known = {entry.id: entry for entry in view.entries}
        first = known[self.exchange.ids[row["since"]]].placed
        said = [e for e in view.entries if e.kind in row["kinds"] and e.placed > first]
        came = [e for e in said if states.reached(e.marks.get(_other(view, e.party), {}), "delivered")]
        found = {side: sum(entry.party == side for entry in came) for side in (view.me, view.peer)}
        return found, f"entries with the other side's receipt: {', '.join(e.ref for e in came) or 'none'}"

    def refused(self, row: Mapping[str, Any], view: _View) -> Found:
        """Whether its own node refused a step, and why."""
        why = self._refused.get(row["of"])
        return why is not None, why or "it was placed"

    def silence(self, row: Mapping[str, Any], view: _View) -> Found:
        """Which silence it is, and what is known of the people there."""
        node = self.exchange.parties[view.me].here.node
        peer = self.exchange.parties[view.peer].home.info.fingerprint
        fact = node.link_facts.get(peer, {})
        path = silence.PathFact(
            str(fact.get("path") or "direct"),
            answers=peer in node.links,
            ours=fact.get("fault") != "ours",
            reaches={"theirs": True, "path": False}.get(fact.get("fault") or ""),
        )
        own = next((side for side in view.scopes[0].sides if side.party == view.peer), None)
        found = silence.silence(
            [path],
            waiting.unanswered(view.dues, view.me, view.peer),
            standing=own.state if own else "normal",
            closed=own.closed if own else (),
        )
        about = [f"{one.ref} {one.there}, due {rfc3339(one.due)}" for one in found.unanswered]
        there = f"; {found.unanswered[-1].there}" if found.kind == silence.NOT_ANSWERED else ""
        return found.kind + there, "; ".join(about) or "nothing is past its time"

    def marks(self, row: Mapping[str, Any], view: _View) -> Found:
        """The marks of the other side on an entry: each is its own signed word."""
        entry = next(one for one in view.entries if one.id == self.exchange.ids[row["of"]])
        found = sorted(entry.marks.get(view.peer, {}).items(), key=lambda mark: states.rank(mark[0]))
        when = ", ".join(f"{mark} {rfc3339(at)}" for mark, at in found)
        return [mark for mark, _ in found], f"{entry.ref}: {when or 'nothing signed by the other side'}"

    def contact(self, row: Mapping[str, Any], view: _View) -> Found:
        """How far a call has come."""
        found = contacts.find(view.entries, self.exchange.ids[row["of"]])
        assert found is not None
        reasons = [str((e.body or {}).get("reason")) for e in found.entries if e.kind == "decline"]
        return found.state((view.me, view.peer)), "; ".join(reasons) or "nothing said to it"


_STEP_FIELDS = ("body", "office", "precedence", "mark", "refused", "read")
_LOOKS = {
    "standing": _Told.standing,
    "closed": _Told.closed,
    "used": _Told.used,
    "refused": _Told.refused,
    "silence": _Told.silence,
    "marks": _Told.marks,
    "contact": _Told.contact,
}


async def _nothing(row: Mapping[str, Any]) -> None:
    """Time passes; something is said elsewhere."""


def _other(view: _View, side: str) -> str:
    return view.peer if side == view.me else view.me


def _text(value: Any) -> str:
    """A value of a look for people."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_text(one)}" for key, one in value.items()) or "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return " and ".join(map(str, value)) or "nobody"
    return str(value)
