# SPDX-License-Identifier: Apache-2.0
"""The replay's script up to the record of the contact: from what the pages tell of to what the parties say.

Every sentence here is the replay's own; from the pages come names, offices, dates, the names of exercises and
short terms. A step says what it rests on, so each finding can be followed to its entry and back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from detente.node.demo_ground import Ground
from detente.node.demo_plan import Exercise
from detente.node.replay import DUTY, Step
from detente.seal import callcode

SPOKEN = frozenset({"phone_call", "video_call", "hotline"})


def before(g: Ground) -> Iterator[Step]:
    """The line is tested; then a request for explanation and its reply."""
    for side in g.plan.sides:
        yield Step(f"test-{side}", side, "test", "tests the line", mark="test")
    hosted = [one for one in g.plan.exercises if one.host is not None]
    if hosted:
        wanted = next((one for one in hosted if one.host == g.second), hosted[0])
        yield from _explanation(g, wanted)


def _explanation(g: Ground, exercise: Exercise) -> Iterator[Step]:
    host = str(exercise.host)
    asker, known = g.plan.other(host), g.known(exercise)
    basis, source = g.cite("baltic-request", "reply-due") if known else ("replay", "")
    remark = "Added by the replay" + (f" after what others asked in those days. {source}" if source else ".")
    request = {
        "concern": f"The exercise «{exercise.name}»: how many troops, what equipment, and when they return.",
        "host": host,
        "activity": "exercise",
        "lang": "en",
        "remarks": remark,
        "questions": ["number of troops", "equipment by type", "date of return"],
    }
    yield Step(
        "request",
        asker,
        "explanation.request",
        f"asks {host} to explain the exercise «{exercise.name}»",
        request,
        precedence="priority",
        basis=basis,
        source=source,
        findings=(exercise.found,),
    )
    ends = _ends(g, known)
    reply: dict[str, Any] = {
        "text": f"The exercise «{exercise.name}» is planned and checks defence only. Numbers are not given.",
        "remarks": remark,
        "lang": "en",
    }
    basis, source = g.cite("baltic-reply", str(known["fact"])) if known else ("replay", "")
    yield Step(
        "reply",
        host,
        "explanation.reply",
        "replies in time; gives no numbers",
        reply | ({"ends": ends} if ends else {}),
        re=("request",),
        precedence="priority",
        basis=basis,
        source=source,
    )
    judged = {"adequate": False, "missing": ["number of troops", "equipment by type"], "remarks": remark}
    yield Step(
        "adequacy",
        asker,
        "adequacy",
        "finds the reply insufficient: that it came is another matter",
        judged,
        re=("reply",),
        basis=basis,
        source=source,
    )


def _ends(g: Ground, known: Mapping[str, Any]) -> str | None:
    if g.facts is None or not known:
        return None
    date = g.facts.facts[known["fact"]].date or ""
    return date.split("/")[-1] or None


def contact(g: Ground) -> Iterator[Step]:
    """The contact proposed with its codes, agreed to, held and recorded."""
    plan = g.plan
    purpose = [one.value["text"] for one in plan.parts("purpose")]
    points = [one.value["text"] for one in plan.parts("topics")]
    people = [_person(one.value) for one in plan.parts("participants")]
    told = (plan.contact.id, *(one.id for one in plan.parts("participants")))
    body: dict[str, Any] = {"kind": plan.kind(), "participants": people}
    body |= ({"when": plan.date} if plan.date else {}) | ({"points": points} if points else {})
    spoken = plan.kind() in SPOKEN
    if spoken:
        body["code_commitments"] = _committed(g, g.first)
    what = plan.kind().replace("_", " ")
    whose = f"proposes a {what}" if plan.initiator else f"proposes a {what} (the pages do not say who began)"
    says = f"{whose}: {g.person(g.first)} with {g.person(g.second)}"
    asks = Step(
        "proposal",
        g.first,
        "contact.proposal",
        says,
        body,
        precedence="immediate",
        urgent=True,
        basis="page",
        findings=told,
    )
    status = str(plan.contact.value.get("status"))
    yield asks
    if status in ("attempted", "denied"):
        return
    if spoken:
        yield from _codes(g, plan.kind())
    yield Step(
        "agreed",
        g.second,
        "assent",
        f"agrees to the {what}",
        re=("proposal",),
        basis="page",
        findings=(plan.contact.id,),
    )
    if status == "held":
        yield from _record(g, purpose, points, people)


def _committed(g: Ground, side: str) -> dict[str, str]:
    return {side: callcode.commit(g.secrets[side], g.channel, side)}


def _codes(g: Ground, kind: str) -> Iterator[Step]:
    body = {"kind": kind}
    yield Step(
        "commits",
        g.second,
        "contact.proposal",
        "commits to its secret for the call code",
        body | {"code_commitments": _committed(g, g.second)},
        re=("proposal",),
        office=DUTY,
    )
    for side in (g.first, g.second):
        yield Step(
            f"reveals-{side}",
            side,
            "contact.proposal",
            "reveals its secret, now that both are committed",
            body | {"code_reveals": {side: callcode.reveal(g.secrets[side])}},
            re=("proposal",),
            office=DUTY,
        )


def _record(g: Ground, purpose: list[str], points: list[str], people: list[dict[str, Any]]) -> Iterator[Step]:
    plan = g.plan
    measures = [
        one.value["what"]
        for one in plan.of("measures", page=plan.contact.page)
        if one.value.get("status") == "agreed"
    ]
    body: dict[str, Any] = {"kind": plan.kind(), "status": "held", "participants": people}
    body |= {"initiator": plan.initiator} if plan.initiator else {}
    body |= {"started": plan.date} if plan.date else {}
    body |= {"purpose": purpose} if purpose else {}
    body |= {"points": points} if points else {}
    body |= {"agreed": measures} if measures else {}
    used = [one.id for name in ("participants", "purpose", "topics") for one in plan.parts(name)]
    when = plan.date or "no date on the page"
    says = f"records it: {when}, purpose ({len(purpose)}), points ({len(points)}), agreed ({len(measures)})"
    yield Step(
        "record",
        g.first,
        "contact.record",
        says,
        body,
        re=("proposal",),
        basis="page",
        findings=(plan.contact.id, *used),
    )
    yield Step("record-agreed", g.second, "assent", "stands by the same record", re=("record",))


def _person(value: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value[name] for name in ("name", "office", "rank", "side") if value.get(name)}
    return kept or {"name": str(value.get("name_written") or "not named")}
