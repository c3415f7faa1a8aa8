# SPDX-License-Identifier: Apache-2.0
"""The replay's script of registers: what pages tell of one party and a side that has no node here."""

from __future__ import annotations

from typing import Any

from detente.node.demo_ground import Ground
from detente.node.demo_plan import Found, side_name
from detente.node.replay import Step

STANDINGS = ("normal", "reduced", "suspended", "ended")


def outside(g: Ground) -> dict[tuple[str, str], list[Step]]:
    """Notes in registers by (keeper, about): of one party and a side that has no node here."""
    kept: dict[tuple[str, str], list[Step]] = {}
    for one in sorted(g.plan.found, key=lambda one: (one.page, one.value.get("span") or [0])):
        pair = _outsider(g, one)
        if pair is None:
            continue
        steps = kept.setdefault(pair, [])
        if not any(step.key == f"{one.page}.said" for step in steps):
            steps += _said(g, one.page, *pair)
        steps.append(_note(g, one, *pair))
    return kept


def _said(g: Ground, page: int, keeper: str, about_whom: str) -> list[Step]:
    """Who says so in public: the statement of which a page without a contact tells."""
    told = [one for one in g.plan.of("contacts", page=page) if one.value.get("kind") == "statement"]
    people = (
        [one for one in told[0].value.get("participants") or () if one.get("side") == keeper] if told else []
    )
    if not people:
        return []
    names = "; ".join(str(one.get("name") or one.get("name_written")) for one in people)
    outlet = told[0].value.get("outlet")
    where = f" to {outlet}" if outlet else ""
    text = f"{names} speaks in public{where} about relations with {side_name(about_whom)}."
    body = {
        "text": text,
        "lang": "en",
        "means": "public statement",
        "by": str(people[0].get("office") or names),
    }
    says = f"notes: {names} speaks in public{where}"
    return [_kept(f"{page}.said", keeper, "note", says, body, _spoken(g, page, keeper))]


def _spoken(g: Ground, page: int, keeper: str) -> tuple[str, ...]:
    """The findings of a page that are the speaker's words, or about the speaker."""
    return tuple(
        one.id
        for one in g.plan.found
        if one.page == page
        and one.kind not in ("relations", "appeals")
        and one.value.get("side") in (keeper, None)
    )


def _outsider(g: Ground, one: Found) -> tuple[str, str] | None:
    value = one.value
    if one.kind == "relations":
        named = [side for side in value.get("parties") or () if side]
    elif one.kind == "appeals":
        named = [value.get("org"), value.get("addressee")]
    else:
        return None
    ours = [side for side in named if side in g.plan.sides]
    theirs = [side for side in named if side and side not in g.plan.sides]
    return (ours[0], theirs[0]) if ours and theirs else None


def _note(g: Ground, one: Found, keeper: str, about_whom: str) -> Step:
    value, file = one.value, g.plan.pages[one.page - 1].source["file"]
    start, end = value["span"]
    body: dict[str, Any] = {
        "means": "public statement",
        "remarks": f"{file}, characters {start} to {end}",
    }
    teller = side_name(value.get("claimed_by") or keeper)
    if one.kind == "appeals":
        kind, says = "note", f"{side_name(about_whom)} calls on {side_name(keeper)} in public"
        body |= {"text": f"{says}.", "lang": "en"}
        body |= {"at": value["date"]} if value.get("date") else {}
        says += f", {value['date']}" if value.get("date") else ""
    elif value.get("state") in STANDINGS:
        kind, says = "standing", f"relations with {about_whom} {value['state']}"
        body |= {"state": value["state"], "scope": "channel", "closes": []}
        body |= {"reason": f"As {teller} says in public."}
        for name, key, word in (("since", "since", " since "), ("by", "ended_by", ", by ")):
            if value.get(key):
                body[name] = value[key]
                says += f"{word}{value[key]}"
    else:
        kind, says = "note", f"the least contacts with {about_whom} go on"
        text = f"{teller} says that contacts with {side_name(about_whom)} go on at the least level."
        body |= {"text": text, "lang": "en"}
    return _kept(one.id, keeper, kind, f"notes: {says}", body, (one.id,))


def _kept(
    key: str, keeper: str, kind: str, says: str, body: dict[str, Any], findings: tuple[str, ...]
) -> Step:
    return Step(key, keeper, kind, says, body, where="register", basis="page", findings=findings)
