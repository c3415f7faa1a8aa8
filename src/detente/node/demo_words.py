# SPDX-License-Identifier: Apache-2.0
"""The replay's script of the words: undertakings given and claimed, read-outs, invitations, procedures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from detente.node.demo_ground import Ground
from detente.node.demo_plan import Exercise, Found, gist, side_name, words_of
from detente.node.demo_readout import write_readout
from detente.node.replay import Step
from detente.press.exercises import exercise_key

CLAIM_ANSWER = 3 * 86_400
"""Seconds in which the replay's charter asks a maker to answer a claimed undertaking."""
GIVEN = ("assurance", "commitment", "demand")


def words(g: Ground) -> Iterator[Step]:
    """What each side says of it: undertakings given and claimed, then the read-outs lodged."""
    contact = {"contact": "{id:record}"} if g.held() else {}
    for one in g.plan.of("statements", page=g.plan.contact.page):
        step = _undertaking(g, one)
        if step is not None:
            yield replace(step, body=dict(step.body) | contact)
    for number, one in enumerate(g.plan.parts("readouts"), 1):
        if one.value.get("side") in g.plan.sides and g.held():
            yield _readout(g, one, number)


def _undertaking(g: Ground, one: Found) -> Step | None:
    value, plan = one.value, g.plan
    side, reporter, kind = value.get("side"), value.get("reported_by"), str(value.get("type"))
    if side not in plan.sides or kind not in GIVEN:
        return None
    # A few words of ours: the words themselves stand on the page, and the finding names the place.
    about_what = gist(one.words) or "its own conduct"
    place = f"{plan.pages[one.page - 1].source['file']}, characters {value['span'][0]} to {value['span'][1]}"
    lang = {"lang": "en"}
    if reporter in plan.sides and reporter != side and kind != "demand":
        speaker = value.get("speaker") or "The speaker"
        text = f"{speaker} of {side_name(side)} gave us an {kind} about: {about_what}."
        body = {
            "maker": side,
            "text": text,
            "type": kind,
            "source": f"Their words as we report them: {place}",
        }
        says = f"claims that {side} gave an {kind}: {about_what}"
        return Step(
            one.id, reporter, "undertaking.claim", says, body | lang, basis="page", findings=(one.id,)
        )
    text = (
        f"{side_name(side)} gives its word about: {about_what}."
        if kind != "demand"
        else f"We ask about: {about_what}."
    )
    body = {"text": text, "addressee": plan.other(side), "remarks": f"Words: {place}"}
    says = f"gives an {kind}: {about_what}" if kind != "demand" else f"asks for something: {about_what}"
    return Step(one.id, side, kind, says, body | lang, basis="page", findings=(one.id,))


def _readout(g: Ground, one: Found, number: int) -> Step:
    side, plan = str(one.value["side"]), g.plan
    page = plan.pages[one.page - 1]
    told = write_readout(plan, side, page.source.get("lang"))
    publisher = one.value.get("publisher")
    body: dict[str, Any] = {
        "text": told.text,
        "lang": told.lang,
        "contact": "{id:record}",
        "title": told.title,
    }
    body |= {"publisher": str(publisher)} if publisher else {}
    length = len(words_of(page, one.value))
    body["remarks"] = (
        f"Made from {len(one.value['spans'])} pieces of {page.source['file']}, {length} characters"
    )
    says = f"lodges its read-out with the other side ({len(told.findings)} findings)"
    key = f"readout-{side}" if number <= len(plan.sides) else f"readout-{side}-{number}"
    return Step(
        key, side, "readout", says, body, re=("record",), basis="page", findings=(one.id, *told.findings)
    )


def attaches(g: Ground) -> Iterator[Step]:
    """Invitations to each exercise of a party, and their answers; what was announced as a procedure."""
    observed = [one for one in g.measures() if one.value.get("kind") == "observation"]
    for number, exercise in enumerate(g.plan.exercises, 1):
        if exercise.host in g.plan.sides and observed:
            yield from _invitation(g, number, exercise, observed)
    for one in g.measures():
        if one.value.get("kind") == "procedure":
            yield _procedure(g, one)


def _invitation(g: Ground, number: int, exercise: Exercise, observed: list[Found]) -> Iterator[Step]:
    host, guest, known = str(exercise.host), g.plan.other(str(exercise.host)), g.known(exercise)
    finding = g.plan.exercises[number - 1].found
    # The clause that names this exercise; one that names none belongs to the exercise that no clause names.
    named = [one for one in observed if exercise_key(exercise.name) in exercise_key(one.words)]
    every = [exercise_key(other.name) for other in g.plan.exercises]
    unnamed = [one for one in observed if not any(name in exercise_key(one.words) for name in every)]
    told = tuple(one.id for one in named or unnamed)
    visit = g.facts.facts[known["visitor"]] if g.facts is not None and known else None
    dates = {"dates": visit.date} if visit is not None and visit.date else {}
    source = g.cite(known["visitor"])[1] if known else ""
    remark = {"remarks": f"The day of the visit by {source}"} if source else {}
    body = {
        "exercise": exercise.name,
        "to": guest,
        "basis": "voluntary",
        "per_party": 1,
        "lang": "en",
        "text": f"We invite your defence attaché to watch the exercise «{exercise.name}».",
    }
    key = f"invitation-{number}"
    yield Step(
        key,
        host,
        "invitation",
        f"invites {guest}'s attaché to «{exercise.name}»",
        body | dates | remark,
        basis="page",
        source=source,
        findings=(finding, *told),
    )
    answer = {"accepted": True, "observers": [{"office": "defence attaché", "side": guest}]}
    yield Step(
        f"{key}-reply",
        guest,
        "invitation.reply",
        "accepts: the attaché will come",
        answer,
        re=(key,),
        basis="page",
        findings=told,
    )


def _procedure(g: Ground, one: Found) -> Step:
    side = one.value.get("reported_by")
    side = side if side in g.plan.sides else g.first
    body = {
        "name": "further steps",
        "status": "announced",
        "lang": "en",
        "text": f"Announced by {side_name(side)}; its text is not agreed: «{one.value['what']}».",
    }
    says = "announces a procedure of further steps; there is no agreed text"
    return Step(
        one.id,
        side,
        "procedure",
        says,
        body,
        re=("record",) if g.held() else (),
        basis="page",
        findings=(one.id,),
    )
