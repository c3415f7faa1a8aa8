# SPDX-License-Identifier: Apache-2.0
"""The replay's script: from what the pages tell of, and what the facts of a case add, to what the parties say.

Every sentence here is the replay's own; from the pages come names, offices, dates, the names of exercises and short
terms. A step says what it rests on, so each finding can be followed to its entry and back.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from detente.node import callcode
from detente.node.casefile import Case
from detente.node.demo_plan import Exercise, Found, Plan, gist, side_name, words_of
from detente.node.replay import DUTY, Basis, Step
from detente.press.exercises import exercise_key

SPOKEN = frozenset({"phone_call", "video_call", "hotline"})
CLOSING = ("suspended", "ended")
CLAIM_ANSWER = 3 * 86_400
"""Seconds in which the replay's charter asks a maker to answer a claimed undertaking."""
GIVEN = {"assurance": "assurance", "commitment": "commitment", "demand": "demand"}


class Script:
    """The steps of a replay, in order. ``case``: the facts to add, if the pages are about it."""

    def __init__(self, plan: Plan, case: Case | None, channel: str = "") -> None:
        self.plan, self.channel = plan, channel
        self.facts = case if case is not None and about(plan, case) else None
        self.first = plan.initiator or plan.sides[0]
        self.second = plan.other(self.first)
        self.secrets = {side: secrets.token_bytes(callcode.SECRET) for side in plan.sides}

    # What is known ----------------------------------------------------------------------------------

    def cite(self, *ids: str) -> tuple[Basis, str]:
        """Basis and source of a step that facts of the case add; the replay's own where they are not at hand."""
        if self.facts is None:
            return "replay", ""
        return "facts", "; ".join(f"{name}: {self.facts.facts[name].cite()}" for name in ids)

    def known(self, exercise: Exercise) -> Mapping[str, Any]:
        """What the case knows of an exercise by that name."""
        if self.facts is None:
            return {}
        key = exercise_key(exercise.name)
        rows: Iterable[Mapping[str, Any]] = self.facts.data.get("exercises", ())
        return next((row for row in rows if any(key.startswith(name) for name in row["names"])), {})

    def person(self, side: str) -> str:
        """Who spoke for a side: name and office as the page has them."""
        people = self.plan.people(side)
        named = [f"{one.get('name') or ''} ({one.get('office')})" if one.get("office") else one.get("name") for one in people]
        return "; ".join(str(name).strip() for name in named if name) or side_name(side)

    # The parts of the exchange ----------------------------------------------------------------------

    def before(self) -> Iterator[Step]:
        """The line is tested; then a request for explanation and its reply."""
        for side in self.plan.sides:
            yield Step(f"test-{side}", side, "test", "tests the line", mark="test")
        hosted = [one for one in self.plan.exercises if one.host is not None]
        if hosted:
            wanted = next((one for one in hosted if one.host == self.second), hosted[0])
            yield from self._explanation(wanted)

    def _explanation(self, exercise: Exercise) -> Iterator[Step]:
        host = str(exercise.host)
        asker, known = self.plan.other(host), self.known(exercise)
        basis, source = self.cite("baltic-request", "reply-due") if known else ("replay", "")
        remark = "Added by the replay" + (f" after what others asked in those days. {source}" if source else ".")
        request = {
            "concern": f"The exercise «{exercise.name}»: how many troops, which equipment, and when they go back.",
            "host": host, "activity": "exercise", "lang": "en", "remarks": remark,
            "questions": ["number of troops", "equipment by type", "date of return"],
        }  # fmt: skip
        yield Step(
            "request", asker, "explanation.request", f"asks {host} to explain the exercise «{exercise.name}»", request,
            precedence="priority", basis=basis, source=source, findings=(exercise.found,),
        )  # fmt: skip
        ends = self._ends(known)
        reply: dict[str, Any] = {
            "text": f"The exercise «{exercise.name}» is planned and checks defence only. Numbers are not given.",
            "remarks": remark, "lang": "en",
        }  # fmt: skip
        basis, source = self.cite("baltic-reply", str(known["fact"])) if known else ("replay", "")
        yield Step(
            "reply", host, "explanation.reply", "replies in time; gives no numbers", reply | ({"ends": ends} if ends else {}),
            re=("request",), precedence="priority", basis=basis, source=source,
        )  # fmt: skip
        judged = {"adequate": False, "missing": ["number of troops", "equipment by type"], "remarks": remark}
        yield Step(
            "adequacy", asker, "adequacy", "finds the reply insufficient: that it came is another matter", judged,
            re=("reply",), basis=basis, source=source,
        )  # fmt: skip

    def _ends(self, known: Mapping[str, Any]) -> str | None:
        if self.facts is None or not known:
            return None
        date = self.facts.facts[known["fact"]].date or ""
        return date.split("/")[-1] or None

    def contact(self) -> Iterator[Step]:
        """The contact proposed with its codes, agreed to, held and recorded."""
        plan = self.plan
        purpose = [one.value["text"] for one in plan.parts("purpose")]
        points = [one.value["text"] for one in plan.parts("topics")]
        people = [_person(one.value) for one in plan.parts("participants")]
        told = (plan.contact.id, *(one.id for one in plan.parts("participants")))
        body: dict[str, Any] = {"kind": plan.kind(), "participants": people}
        body |= ({"when": plan.date} if plan.date else {}) | ({"points": points} if points else {})
        spoken = plan.kind() in SPOKEN
        if spoken:
            body["code_commitments"] = self._committed(self.first)
        what = plan.kind().replace("_", " ")
        whose = f"proposes a {what}" if plan.initiator else f"proposes a {what} (the pages do not say who began)"
        says = f"{whose}: {self.person(self.first)} with {self.person(self.second)}"
        asks = Step(
            "proposal", self.first, "contact.proposal", says, body, precedence="immediate", urgent=True, basis="page",
            findings=told,
        )  # fmt: skip
        status = str(plan.contact.value.get("status"))
        yield asks
        if status in ("attempted", "denied"):
            return
        if spoken:
            yield from self._codes(plan.kind())
        yield Step("agreed", self.second, "assent", f"agrees to the {what}", re=("proposal",), basis="page", findings=(plan.contact.id,))
        if status == "held":
            yield from self._record(purpose, points, people)

    def _committed(self, side: str) -> dict[str, str]:
        return {side: callcode.commit(self.secrets[side], self.channel, side)}

    def _codes(self, kind: str) -> Iterator[Step]:
        body = {"kind": kind}
        yield Step(
            "commits", self.second, "contact.proposal", "commits to its secret for the call code",
            body | {"code_commitments": self._committed(self.second)}, re=("proposal",), office=DUTY,
        )  # fmt: skip
        for side in (self.first, self.second):
            yield Step(
                f"reveals-{side}", side, "contact.proposal", "reveals its secret: both can now compute the codes",
                body | {"code_reveals": {side: callcode.reveal(self.secrets[side])}}, re=("proposal",), office=DUTY,
                read=False,
            )  # fmt: skip

    def _record(self, purpose: list[str], points: list[str], people: list[dict[str, Any]]) -> Iterator[Step]:
        plan = self.plan
        measures = [one.value["what"] for one in plan.of("measures", page=plan.contact.page) if one.value.get("status") == "agreed"]
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
            "record", self.first, "contact.record", says, body, re=("proposal",), basis="page",
            findings=(plan.contact.id, *used),
        )  # fmt: skip
        yield Step("record-agreed", self.second, "assent", "stands by the same record", re=("record",))

    def words(self) -> Iterator[Step]:
        """What each side says of it: undertakings given and claimed, then the read-outs lodged."""
        contact = {"contact": "{id:record}"} if self._held() else {}
        for one in self.plan.of("statements", page=self.plan.contact.page):
            step = self._undertaking(one)
            if step is not None:
                yield replace(step, body=dict(step.body) | contact)
        for number, one in enumerate(self.plan.parts("readouts"), 1):
            if one.value.get("side") in self.plan.sides and self._held():
                yield self._readout(one, number)

    def _held(self) -> bool:
        return self.plan.contact.value.get("status") == "held"

    def _undertaking(self, one: Found) -> Step | None:
        value, plan = one.value, self.plan
        side, reporter, kind = value.get("side"), value.get("reported_by"), str(value.get("type"))
        if side not in plan.sides or kind not in GIVEN:
            return None
        # In English before all else: the words themselves stand on the page, and the finding names the place.
        about_what = gist(one.words) or "its own conduct"
        place = f"{plan.pages[one.page - 1].source['file']}, characters {value['span'][0]} to {value['span'][1]}"
        lang = {"lang": "en"}
        if reporter in plan.sides and reporter != side and kind != "demand":
            text = f"{self._speaker(value)} of {side_name(side)} gave us an {kind} about: {about_what}."
            body = {"maker": side, "text": text, "type": kind, "source": f"Their words as we report them: {place}"}
            says = f"claims that {side} gave an {kind}: {about_what}"
            return Step(one.id, reporter, "undertaking.claim", says, body | lang, basis="page", findings=(one.id,))
        text = f"{side_name(side)} gives its word about: {about_what}." if kind != "demand" else f"We ask about: {about_what}."
        body = {"text": text, "addressee": plan.other(side), "remarks": f"Words: {place}"}
        says = f"gives an {kind}: {about_what}" if kind != "demand" else f"asks for something: {about_what}"
        return Step(one.id, side, GIVEN[kind], says, body | lang, basis="page", findings=(one.id,))

    def _speaker(self, value: Mapping[str, Any]) -> str:
        return str(value.get("speaker") or "The speaker")

    def _readout(self, one: Found, number: int) -> Step:
        side, plan = str(one.value["side"]), self.plan
        page = plan.pages[one.page - 1]
        lines, used = _told(plan, side)
        text = "\n\n".join([f"Read-out of {side_name(side)}: {plan.kind().replace('_', ' ')}, {plan.date or 'date not given'}.", *lines])
        publisher = one.value.get("publisher")
        body: dict[str, Any] = {"text": text, "lang": "en", "contact": "{id:record}", "title": f"Read-out of {side_name(side)}"}
        body |= {"publisher": str(publisher)} if publisher else {}
        body["remarks"] = f"{len(one.value['spans'])} pieces of {page.source['file']}, {len(words_of(page, one.value))} characters"
        says = f"lodges its read-out with the other side ({len(lines)} points)"
        key = f"readout-{side}" if number <= len(plan.sides) else f"readout-{side}-{number}"
        return Step(key, side, "readout", says, body, re=("record",), basis="page", findings=(one.id, *used))

    def attaches(self) -> Iterator[Step]:
        """Invitations to each exercise of a party, and their answers; what was announced as a procedure."""
        observed = [one for one in self._measures() if one.value.get("kind") == "observation"]
        for number, exercise in enumerate(self.plan.exercises, 1):
            if exercise.host in self.plan.sides and observed:
                yield from self._invitation(number, exercise, observed)
        for one in self._measures():
            if one.value.get("kind") == "procedure":
                yield self._procedure(one)

    def _measures(self) -> list[Found]:
        return self.plan.of("measures", page=self.plan.contact.page)

    def _invitation(self, number: int, exercise: Exercise, observed: list[Found]) -> Iterator[Step]:
        host, guest, known = str(exercise.host), self.plan.other(str(exercise.host)), self.known(exercise)
        finding = self.plan.exercises[number - 1].found
        # The clause that names this exercise; one that names none belongs to the exercise that no clause names.
        named = [one for one in observed if exercise_key(exercise.name) in exercise_key(one.words)]
        every = [exercise_key(other.name) for other in self.plan.exercises]
        unnamed = [one for one in observed if not any(name in exercise_key(one.words) for name in every)]
        told = tuple(one.id for one in named or unnamed)
        visit = self.facts.facts[known["visitor"]] if self.facts is not None and known else None
        dates = {"dates": visit.date} if visit is not None and visit.date else {}
        source = self.cite(known["visitor"])[1] if known else ""
        remark = {"remarks": f"The day of the visit by {source}"} if source else {}
        body = {
            "exercise": exercise.name, "to": guest, "basis": "voluntary", "per_party": 1, "lang": "en",
            "text": f"We invite your defence attaché to watch the exercise «{exercise.name}».",
        }  # fmt: skip
        key = f"invitation-{number}"
        yield Step(
            key, host, "invitation", f"invites {guest}'s attaché to «{exercise.name}»", body | dates | remark,
            basis="page", source=source, findings=(finding, *told),
        )  # fmt: skip
        answer = {"accepted": True, "observers": [{"office": "defence attaché", "side": guest}]}
        yield Step(
            f"{key}-reply", guest, "invitation.reply", "accepts: the attaché will come", answer, re=(key,), basis="page",
            findings=told,
        )  # fmt: skip

    def _procedure(self, one: Found) -> Step:
        side = one.value.get("reported_by")
        side = side if side in self.plan.sides else self.first
        body = {
            "name": "further steps", "status": "announced", "lang": "en",
            "text": f"Announced by {side_name(side)}; its text is not agreed and not known here: «{one.value['what']}».",
        }  # fmt: skip
        says = "announces a procedure of further steps; there is no agreed text"
        return Step(one.id, side, "procedure", says, body, re=("record",) if self._held() else (), basis="page", findings=(one.id,))

    # After the contact ------------------------------------------------------------------------------

    def after(self) -> Iterator[Step]:
        """A word is called broken, relations are suspended; the line goes on at its floor."""
        claims = [one for one in self.plan.of("statements") if one.value.get("reported_by") in self.plan.sides]
        claimed = next((one for one in claims if one.value.get("side") in self.plan.sides and one.value.get("type") in ("assurance", "commitment")), None)
        if self.facts is not None and claimed is not None:
            basis, source = self.cite("broken")
            body = {"view": "broken", "since": self.facts.facts["broken"].date, "remarks": f"By {source}"}
            yield Step(
                "broken", str(claimed.value["reported_by"]), "undertaking.view", "states its view: that word was broken (its view, not ours)",
                body, re=(claimed.id,), basis=basis, source=source,
            )  # fmt: skip
        standing = self._standing()
        yield standing
        yield from self._floor(standing)

    def _standing(self) -> Step:
        told = [one for one in self.plan.of("relations") if set(one.value.get("parties") or ()) >= set(self.plan.sides)]
        cut = next((one for one in told if one.value.get("state") in CLOSING), None)
        if cut is not None:
            side = cut.value.get("claimed_by") or cut.value.get("ended_by")
            body = {"state": cut.value["state"], "scope": "channel"}
            body |= {name: cut.value[key] for name, key in (("since", "since"), ("by", "ended_by")) if cut.value.get(key)}
            by = side if side in self.plan.sides else self.second
            says = f"declares relations {body['state']} since {body.get('since', 'a day not given')}, by {body.get('by', 'nobody named')}"
            return Step("standing", by, "standing", says, body, basis="page", findings=tuple(one.id for one in told))
        basis, source = self.cite("broken")
        since = self.facts.facts["broken"].date if self.facts is not None else None
        reason = "Added by the replay to show the floor." + (f" The day by {source}" if source else "")
        by = self._wronged()
        body = {"state": "suspended", "scope": "channel", "by": by, "reason": reason} | ({"since": since} if since else {})
        says = "declares relations suspended" + (f" since {since}" if since else "")
        return Step("standing", by, "standing", says, body, basis=basis, source=source)

    def _wronged(self) -> str:
        """Who cuts relations where no page says: the side that reports the other's word, else the second one."""
        reporters = [one.value.get("reported_by") for one in self.plan.of("statements", page=self.plan.contact.page)]
        return next((str(side) for side in reporters if side in self.plan.sides), self.second)

    def _floor(self, standing: Step) -> Iterator[Step]:
        other = self.plan.other(standing.by)
        text = {"text": "We would like to go on talking about the points of our record.", "lang": "en"}
        yield Step("refused", other, "message", "wants to send a message", text, refused=True)
        for side in self.plan.sides:
            yield Step(f"test-floor-{side}", side, "test", "tests the line: tests go on", mark="test")
        drill = {"code": "9", "parameters": {"place": "by the common border", "direction": "not known", "time": "now"}}
        yield Step(
            "drill", other, "phrase", "FLASH, drill: phrase 9, an unidentified object: is it yours?", drill, office=DUTY,
            precedence="flash", mark="drill", urgent=True,
        )  # fmt: skip
        answer = {"code": "11", "parameters": {"ref": "{ref:drill}"}}
        yield Step(
            "drill-answer", standing.by, "phrase", "FLASH, drill: phrase 11, the object is not ours", answer, re=("drill",),
            office=DUTY, precedence="flash", mark="drill", urgent=True,
        )  # fmt: skip
        back = {
            "text": "We propose to open the line again for invitations and points, as far as our record goes.",
            "scope": "channel", "state": "reduced", "lang": "en", "steps": ["a call of the duty officers", "then the points one by one"],
        }  # fmt: skip
        yield Step("resume", other, "resumption.proposal", "proposes a way back: from suspended to reduced", back)

    # A side without a node --------------------------------------------------------------------------

    def outside(self) -> dict[tuple[str, str], list[Step]]:
        """Notes in registers: what pages tell of one party and a side that has no node here, by (keeper, about)."""
        kept: dict[tuple[str, str], list[Step]] = {}
        for one in self.plan.found:
            pair = self._outsider(one)
            if pair is not None:
                kept.setdefault(pair, []).append(self._note(one, *pair))
        return kept

    def _outsider(self, one: Found) -> tuple[str, str] | None:
        value = one.value
        if one.kind == "relations":
            named = [side for side in value.get("parties") or () if side]
        elif one.kind == "appeals":
            named = [value.get("org"), value.get("addressee")]
        else:
            return None
        ours = [side for side in named if side in self.plan.sides]
        theirs = [side for side in named if side and side not in self.plan.sides]
        return (ours[0], theirs[0]) if ours and theirs else None

    def _note(self, one: Found, keeper: str, about_whom: str) -> Step:
        value, file = one.value, self.plan.pages[one.page - 1].source["file"]
        note = {"means": "public statement", "remarks": f"{file}, characters {value['span'][0]} to {value['span'][1]}"}
        if one.kind == "appeals":
            said = f"{side_name(about_whom)} calls on {side_name(keeper)} in public" + (f", {value['date']}" if value.get("date") else "")
            body = note | {"text": f"{said}.", "lang": "en"} | ({"at": value["date"]} if value.get("date") else {})
            return Step(one.id, keeper, "note", f"notes: {said}", body, where="register", basis="page", findings=(one.id,))
        state = str(value.get("state"))
        since = {"since": value["since"]} if value.get("since") else {}
        by = {"by": value["ended_by"]} if value.get("ended_by") else {}
        if state in ("reduced", "suspended", "ended", "normal"):
            body = note | {"state": state, "scope": "channel", "reason": f"As {side_name(value.get('claimed_by') or keeper)} says in public."} | since | by
            says = f"notes: relations with {about_whom} {state}" + (f" since {since['since']}" if since else "") + (f", by {by['by']}" if by else "")
            return Step(one.id, keeper, "standing", says, body, where="register", basis="page", findings=(one.id,))
        text = f"{side_name(value.get('claimed_by') or keeper)} says that contacts with {side_name(about_whom)} go on at the least level."
        return Step(one.id, keeper, "note", f"notes: the least contacts with {about_whom} go on", note | {"text": text, "lang": "en"},
                    where="register", basis="page", findings=(one.id,))  # fmt: skip


def about(plan: Plan, case: Case) -> bool:
    """Whether the pages are about this case: the same two sides, and a date that does not speak against it."""
    match = case.data.get("match")
    if match is None or set(match["sides"]) != set(plan.sides) or plan.date is None:
        return False
    bare = plan.date.rstrip("?~%")
    return bare[4:] == f"-{match['month_day']}" and bare[:4] in (match["year"], "XXXX")


def _person(value: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value[name] for name in ("name", "office", "rank", "side") if value.get(name)}
    return kept or {"name": str(value.get("name_written") or "not named")}


def _told(plan: Plan, side: str) -> tuple[list[str], tuple[str, ...]]:
    """What a side's read-out says, one sentence of ours for each finding, and the findings."""
    rows: list[tuple[int, str, str]] = []
    for one in plan.parts("purpose"):
        if one.side == side:
            rows.append((one.value["span"][0], f"Purpose: {one.value['text']}.", one.id))
    for one in plan.parts("topics"):
        if one.side == side:
            rows.append((one.value["span"][0], f"Talked about: {one.value['text']}.", one.id))
    for one in plan.of("statements", page=plan.contact.page):
        teller = one.value.get("reported_by") or one.value.get("side")
        if teller == side:
            whose = f"{side_name(one.value.get('side'))}, as we report it" if one.value.get("reported_by") else "We"
            rows.append((one.value["span"][0], f"{whose}: {one.value.get('type')} about {gist(one.words) or 'the matter'}.", one.id))
    for one in plan.of("measures", page=plan.contact.page):
        if (one.value.get("reported_by") or one.value.get("follows")) == side:
            rows.append((one.value["span"][0], f"{str(one.value.get('status')).capitalize()}: {one.value['what']}.", one.id))
    rows.sort()
    return [text for _, text, _ in rows], tuple(name for _, _, name in rows)
