# SPDX-License-Identifier: Apache-2.0
"""The replay's script after the contact: relations are suspended, and the line goes on at its floor."""

from __future__ import annotations

from collections.abc import Iterator

from detente.node.demo_ground import Ground
from detente.node.demo_plan import Found
from detente.node.replay import DUTY, Step

CLOSING = ("suspended", "ended")


def after(g: Ground) -> Iterator[Step]:
    """A word is called broken, relations are suspended; the line goes on at its floor."""
    claimed = _claimed(g)
    if g.facts is not None and claimed is not None:
        basis, source = g.cite("broken")
        body = {"view": "broken", "since": g.facts.facts["broken"].date, "remarks": f"By {source}"}
        yield Step(
            "broken",
            str(claimed.value["reported_by"]),
            "undertaking.view",
            "states its own view: that word was broken",
            body,
            re=(claimed.id,),
            basis=basis,
            source=source,
        )
    standing = _standing(g)
    yield standing
    yield from _floor(g, standing)


def _claimed(g: Ground) -> Found | None:
    """The first undertaking that one party says the other gave."""
    for one in g.plan.of("statements", page=g.plan.contact.page):
        maker, teller = one.value.get("side"), one.value.get("reported_by")
        undertaken = one.value.get("type") in ("assurance", "commitment")
        if undertaken and maker != teller and {maker, teller} == set(g.plan.sides):
            return one
    return None


def _standing(g: Ground) -> Step:
    told = [one for one in g.plan.of("relations") if set(one.value.get("parties") or ()) >= set(g.plan.sides)]
    cut = next((one for one in told if one.value.get("state") in CLOSING), None)
    if cut is not None:
        side = cut.value.get("claimed_by") or cut.value.get("ended_by")
        body = {"state": cut.value["state"], "scope": "channel"}
        body |= {
            name: cut.value[key]
            for name, key in (("since", "since"), ("by", "ended_by"))
            if cut.value.get(key)
        }
        by = side if side in g.plan.sides else g.second
        says = f"declares relations {body['state']} since {body.get('since', 'a day not given')}"
        says += f", by {body['by']}" if "by" in body else ""
        return Step(
            "standing", by, "standing", says, body, basis="page", findings=tuple(one.id for one in told)
        )
    basis, source = g.cite("broken")
    since = g.facts.facts["broken"].date if g.facts is not None else None
    reason = "Added by the replay to show the floor." + (f" The day by {source}" if source else "")
    by = _wronged(g)
    body = {"state": "suspended", "scope": "channel", "by": by, "reason": reason} | (
        {"since": since} if since else {}
    )
    says = "declares relations suspended" + (f" since {since}" if since else "")
    return Step("standing", by, "standing", says, body, basis=basis, source=source)


def _wronged(g: Ground) -> str:
    """Who cuts relations where no page says: the side that reports the other's word, else the second one."""
    reporters = [one.value.get("reported_by") for one in g.plan.of("statements", page=g.plan.contact.page)]
    return next((str(side) for side in reporters if side in g.plan.sides), g.second)


def _floor(g: Ground, standing: Step) -> Iterator[Step]:
    other = g.plan.other(standing.by)
    text = {"text": "We would like to go on talking about the points of our record.", "lang": "en"}
    yield Step("refused", other, "message", "wants to send a message", text, refused=True)
    for side in g.plan.sides:
        yield Step(f"test-floor-{side}", side, "test", "tests the line: tests go on", mark="test")
    drill = {
        "code": "9",
        "parameters": {"place": "by the common border", "direction": "not known", "time": "now"},
    }
    yield Step(
        "drill",
        other,
        "phrase",
        "FLASH, drill: phrase 9, an unknown object: is it yours?",
        drill,
        office=DUTY,
        precedence="flash",
        mark="drill",
        urgent=True,
    )
    answer = {"code": "11", "parameters": {"ref": "{ref:drill}"}}
    yield Step(
        "drill-answer",
        standing.by,
        "phrase",
        "FLASH, drill: phrase 11, the object is not ours",
        answer,
        re=("drill",),
        office=DUTY,
        precedence="flash",
        mark="drill",
        urgent=True,
    )
    back = {
        "text": "We propose to open the line again for invitations and points, as far as our record goes.",
        "scope": "channel",
        "state": "reduced",
        "lang": "en",
        "steps": ["a call of the duty officers", "then the points one by one"],
    }
    yield Step(
        "resume",
        other,
        "resumption.proposal",
        f"proposes a way back: from {standing.body['state']} to reduced",
        back,
    )
