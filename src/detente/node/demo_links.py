# SPDX-License-Identifier: Apache-2.0
"""The public record and the line: each finding with the entry it belongs to, and the comparison."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from detente.node.demo_plan import Found, Page, Plan
from detente.node.replay import Done, Exchange
from detente.press.compare import ReadOut, compare, from_source
from detente.press.link import link
from detente.record.entry import Entry
from detente.record.timeline import to_json

GROUPS = ("both", "both_differently", "only_a", "only_b")
# Of several entries that rest on one finding, the one that it belongs to: the act before the words about it.
_CLOSEST = (
    "assurance",
    "commitment",
    "undertaking.claim",
    "demand",
    "procedure",
    "standing",
    "contact.record",
    "invitation",
    "readout",
    "note",
    "contact.proposal",
    "explanation.request",
)
_OWN = {
    "readouts": "readout",
    "exercises": "invitation",
    "measures": "invitation",
    "purpose": "contact.record",
    "topics": "contact.record",
}
_QUIET = frozenset(
    {"genesis", "credential", "epoch.grant", "succession", "test", "ack", "refusal", "charter"}
)


@dataclass(frozen=True)
class Comparison:
    """The two read-outs side by side: whose ``a`` and ``b`` are, and the points by group."""

    a: dict[str, Any]
    b: dict[str, Any]
    groups: dict[str, list[dict[str, Any]]]


def compared(plan: Plan) -> Comparison:
    """The read-outs of the two parties, each from the page on which it stands, point by point."""
    first, second = (_readout(plan, side) for side in plan.sides)
    found = compare(first, second)
    return Comparison(found["a"], found["b"], {name: found[name] for name in GROUPS})


def annotate(
    found: Comparison, plan: Plan, findings: Sequence[Mapping[str, Any]], owed: Sequence[Mapping[str, Any]]
) -> None:
    """Put to each point the entries made from its words, and whether an answer to one is still awaited."""
    waits = {one["entry"] for one in owed if one["what"] == "answer" and one["state"] in ("open", "overdue")}
    for side, whose in zip(("a", "b"), plan.sides, strict=True):
        own = next(
            (one for one in findings if one["type"] == "readouts" and one["finding"]["side"] == whose), None
        )
        getattr(found, side).update(entry=own and own["entry"], ref=own and own["ref"])
    places = {
        (one["source"], tuple(one["finding"]["span"])): one for one in findings if one["finding"].get("span")
    }
    for rows in found.groups.values():
        for row in rows:
            for side in ("a", "b"):
                if row[side] is not None:
                    file = str(getattr(found, side)["name"]).rsplit(" (", 1)[0]
                    told = [
                        places[key] for span in row[side]["spans"] if (key := (file, tuple(span))) in places
                    ]
                    row[side]["entries"] = list(dict.fromkeys(one["ref"] for one in told if one["ref"]))
                    row[side]["unanswered"] = any(one["entry"] in waits for one in told)


def _readout(plan: Plan, side: str) -> ReadOut:
    for page, number in _told(plan):
        source = page.source
        if any(one["side"] == side for one in source["contacts"][number]["readouts"]):
            return from_source(source, page.text, side, number)
    return ReadOut(f"no read-out of {side} on these pages", side, None, ())


def _told(plan: Plan) -> list[tuple[Page, int]]:
    """Where the contact is told of: its own page first, then other pages with a contact of the same sides."""
    _, _, at = plan.contact.id.split(".")
    own = plan.pages[plan.contact.page - 1]
    listed = [(own, int(at) - 1)]
    for page in plan.pages:
        for number, one in enumerate(page.source.get("contacts") or ()):
            sides = {person.get("side") for person in one.get("participants") or ()} | set(
                one.get("sides") or ()
            )
            if page is not own and sides >= set(plan.sides):
                listed.append((page, number))
    return listed


# Findings and entries ------------------------------------------------------------------------------------


def linked(plan: Plan, exchange: Exchange, entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """Every finding with the entry that it belongs to, all that rest on it, or why there is none."""
    found = [_linked(plan, one, exchange.done) for one in plan.found]
    left = {one["id"]: one for one in found if one["entry"] is None}
    return found if not left else _by_words(plan, found, left, entries)


def _by_words(
    plan: Plan, found: list[dict[str, Any]], left: Mapping[str, dict[str, Any]], entries: Iterable[Entry]
) -> list[dict[str, Any]]:
    """Findings that no step was made from, with the entry that fits them by kind, side, date and words."""
    listed = {entry.id: entry for entry in entries}
    for number, page in enumerate(plan.pages, 1):
        for row in link([page.source], [to_json(entry) for entry in listed.values()]):
            place = row["finding"]
            parts = [str(one + 1) for one in place["index"]]
            name = f"{number}.contacts.{parts[0]}.readouts.{parts[1]}" if len(parts) > 1 else None
            one = left.get(name or f"{number}.{place['list']}.{parts[0]}")
            if one is not None and row["entry"] is not None:
                entry = listed[row["entry"]]
                one.update(
                    entry=entry.id, ref=entry.ref, kind=entry.kind, entries=[entry.ref], why=row["why"]
                )
    return found


def _linked(plan: Plan, one: Found, done: Sequence[Done]) -> dict[str, Any]:
    resting = [step for step in done if step.id is not None and one.id in step.step.findings]
    best = min(resting, key=lambda step: _closeness(one, step), default=None)
    source = plan.pages[one.page - 1].source
    return {
        "id": one.id,
        "source": source["file"],
        "type": one.kind,
        "entry": None if best is None else best.id,
        "ref": None if best is None else best.ref,
        "kind": None if best is None else best.step.kind,
        "entries": [step.ref for step in resting],
        "why": _why(plan, one, best),
        "words": one.words,
        "finding": {
            name: value
            for name, value in one.value.items()
            if name not in ("participants", "purpose", "topics", "readouts")
        },
    }


def _closeness(one: Found, step: Done) -> tuple[bool, int, str]:
    kind = step.step.kind
    rank = _CLOSEST.index(kind) if kind in _CLOSEST else len(_CLOSEST)
    return _OWN.get(one.kind) != kind, rank, str(step.ref)


def _why(plan: Plan, one: Found, best: Done | None) -> str:
    if best is not None:
        return f"{best.step.kind} by {best.step.by} was made from it"
    side = one.value.get("side") or one.value.get("claimed_by")
    if one.kind in ("contacts", "participants", "purpose", "topics", "readouts"):
        return (
            "the replay is of another contact" if one.page == plan.contact.page else "not about this contact"
        )
    if side is not None and side not in plan.sides:
        return f"{side} has no node in this replay"
    return "no entry says this; it stands on the page only"


def only_on_line(exchange: Exchange, entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """What was said on the line and stands on no page, in the order of the record."""
    by_id: Mapping[str, Done] = {one.id: one for one in exchange.done if one.id is not None}
    alone = []
    for entry in entries:
        done = by_id.get(entry.id)
        if done is None or entry.kind in _QUIET or done.step.findings or "charter" in done.step.re:
            continue
        alone.append(
            {
                "entry": entry.id,
                "ref": entry.ref,
                "party": entry.party,
                "kind": entry.kind,
                "text": done.step.says,
                "basis": done.step.basis,
                "source": done.step.source,
            }
        )
    return alone
