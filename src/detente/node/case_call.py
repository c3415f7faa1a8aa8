# SPDX-License-Identifier: Apache-2.0
"""A contact with two read-outs, replayed on the days on which it took place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from detente.node.casefile import Case
from detente.node.demo_links import compared
from detente.node.demo_plan import authority, make_plan
from detente.node.demo_play import own_pages, play
from detente.node.replay import Clock, Done, Exchange, Step, parties, persona
from detente.record import duration, waiting
from detente.record.entry import Entry, parse_rfc3339, rfc3339
from detente.record.states import reached
from detente.record.timeline import causal_order


async def replay_call(case: Case, place: Path) -> dict[str, Any]:
    """The exchange of the project's own pages at the times of the case; measured at the case's end."""
    plan = make_plan(own_pages())
    clock = Clock(case.begins)
    times = {key: parse_rfc3339(text) for key, text in case.data["times"].items()}
    seen: list[dict[str, Any]] = []

    def timed(step: Step) -> Step:
        return replace(step, at=times.get(step.key))

    def done(chapter: str, one: Done) -> None:
        if one.step.where == "line" and one.step.kind != "test":
            what = one.step.says if one.refused is None else f"{one.step.says}; its own node refuses"
            seen.append(
                {
                    "time": rfc3339(clock()),
                    "party": one.step.by,
                    "entry": one.id,
                    "ref": one.ref,
                    "what": f"{one.step.by}: {what}",
                    "basis": one.step.basis,
                    "source": one.step.source,
                    "state": one.state,
                }
            )

    who = [persona(side, authority(plan.people(side), side)) for side in plan.sides]
    async with parties(place, who, clock) as found:
        exchange = Exchange(found, clock)
        await play(exchange, plan, case, done, timed)
        clock.set(case.ends)
        first = plan.sides[0]
        entries = causal_order(exchange.entries(first))
        charter = found[first].here.operations.records.charter(exchange.channel)
        assert charter is not None
        owed = waiting.obligations(entries, charter, case.ends)
        channel = exchange.channel
    placed = {entry.id: rfc3339(entry.placed) for entry in entries}
    for row in seen:
        row["time"] = placed.get(row["entry"], row["time"])
    groups = {name: len(rows) for name, rows in compared(plan).groups.items()}
    measures = [*_undertakings(entries, case.ends), *_clocks(entries, owed), *_readouts(plan.sides, groups)]
    unanswered = [one for one in owed if one["what"] == "answer" and one["state"] == "overdue"]
    return {
        "channel": channel,
        "seen": seen,
        "measures": measures,
        "simulated": list(case.data["simulated"]),
        "real": ["signing, four eyes, sealing, TLS on loopback, storing, receipts, acknowledgements"],
        "ok": bool(unanswered) and groups["only_a"] > 0 and groups["only_b"] > 0,
        "why": "no claim is left unanswered, or the read-outs do not differ",
    }


def _undertakings(entries: Sequence[Entry], now: int) -> list[dict[str, Any]]:
    given = [entry for entry in entries if entry.kind in ("assurance", "commitment")]
    claims = [entry for entry in entries if entry.kind == "undertaking.claim"]
    views = {target: entry for entry in entries if entry.kind == "undertaking.view" for target in entry.re}
    found = [
        _measure("undertakings given by their maker", len(given), f"assurances on the line: {_refs(given)}"),
        _measure(
            "undertakings only claimed", len(claims), f"claims of the other side's word: {_refs(claims)}"
        ),
    ]
    for claim in claims:
        maker = str((claim.body or {}).get("maker"))
        answers = [entry for entry in views.values() if claim.id in entry.re and entry.party == maker]
        delivered = reached(claim.marks.get(maker, {}), "delivered")
        if not answers and delivered is not None:
            how = f"delivered to {maker} {rfc3339(delivered)}; neither confirmed nor denied by {rfc3339(now)}"
            found.append(_measure(f"claim {claim.ref} unanswered", duration.length(now - delivered), how))
    return found


def _clocks(entries: Sequence[Entry], owed: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    by_id = {entry.id: entry for entry in entries}
    found = []
    for one in owed:
        if one["what"] == "answer":
            entry = by_id[one["entry"]]
            name = f"answer to {entry.ref} ({entry.kind}), owed by {one['owes']}"
            found.append(_measure(name, one["state"], f"due {one['due']} by {one['citation']}; {one['why']}"))
    for entry in entries:
        if entry.kind == "adequacy" and entry.body is not None:
            missing = ", ".join(str(item) for item in entry.body.get("missing") or ())
            verdict = "sufficient" if entry.body.get("adequate") else "insufficient"
            found.append(
                _measure(
                    f"{entry.party}'s view of the explanation",
                    verdict,
                    f"{entry.ref}, missing: {missing or 'nothing'}; a view, not a finding",
                )
            )
    return found


def _readouts(sides: Sequence[str], groups: Mapping[str, int]) -> list[dict[str, Any]]:
    a, b = sides
    how = "points found in the words of each side on the page, matched by sort and words"
    names = {
        "both": "points in both read-outs",
        "both_differently": "points told differently",
        "only_a": f"points that only {a} tells",
        "only_b": f"points that only {b} tells",
    }
    return [_measure(name, groups[key], how) for key, name in names.items()]


def _measure(name: str, value: Any, how: str) -> dict[str, Any]:
    return {"name": name, "value": value, "how": how}


def _refs(entries: Sequence[Entry]) -> str:
    return ", ".join(entry.ref for entry in entries) or "none"
