# SPDX-License-Identifier: Apache-2.0
"""Risk: requests for explanation, replies, meetings, incidents (Vienna Document chapter III)."""

from __future__ import annotations

from typing import Annotated

from detente.words.bodies.base import (
    Area,
    Body,
    Day,
    Lang,
    People,
    Ref,
    Short,
    Shorts,
    Side,
    Sides,
    Text,
    TextBody,
    When,
    Worded,
    about,
)
from detente.words.bodies.exercises import Areas, Strength


class ExplanationRequest(Body, frozen=True, kw_only=True):
    """Asks for an explanation of an unusual activity, of the party where it takes place."""

    concern: Annotated[Text, about("Cause of the concern.")]
    area: Annotated[Areas | None, about("Where.")] = None
    host: Annotated[Side | None, about("Party on whose territory it takes place.")] = None
    activity: Annotated[Short | None, about("Type of activity, as far as known.")] = None
    questions: Annotated[Shorts | None, about("What is asked.")] = None
    lang: Annotated[Lang | None, about("Language of the request.")] = None


class ExplanationReply(Strength, frozen=True, kw_only=True):
    """Answers a request. That a reply came and that it suffices are two things."""

    text: Annotated[Text, about("The explanation.")]
    answers: Annotated[Shorts | None, about("Answers to the questions, in their order.")] = None
    area: Annotated[Areas | None, about("Exact areas.")] = None
    ends: Annotated[When | None, about("When the activity ends.")] = None
    refused: Annotated[bool | None, about("The request is held to be inadmissible.")] = None


class Adequacy(Body, frozen=True, kw_only=True):
    """Whether the requester finds a reply sufficient; its own judgement."""

    adequate: Annotated[bool, about("Sufficient or not.")]
    grounds: Annotated[Shorts | None, about("Why.")] = None
    missing: Annotated[Shorts | None, about("Questions left open.")] = None
    reply: Annotated[Ref | None, about("The reply, if not in `re`.")] = None


class MeetingRequest(Worded, frozen=True, kw_only=True):
    """Asks for a meeting with the other side, or of all."""

    to: Annotated[Sides | None, about("With whom; `all` for every party.")] = None
    purpose: Annotated[Shorts | None, about("What it is for.")] = None
    basis: Annotated[Short | None, about("Rule it rests on, such as `16.2` or `16.3`.")] = None
    when: Annotated[When | None, about("Time proposed.")] = None
    place: Annotated[Short | None, about("Place proposed.")] = None


class MeetingConvened(Worded, frozen=True, kw_only=True):
    """A meeting called or held. Absence is an outcome, not an error."""

    when: Annotated[When | None, about("Begin.")] = None
    place: Annotated[Short | None, about("Place.")] = None
    chair: Annotated[Short | None, about("Who chairs it.")] = None
    participants: Annotated[People | None, about("Who is invited or came.")] = None
    absent: Annotated[Sides | None, about("Who did not come.")] = None
    basis: Annotated[Short | None, about("Rule it rests on.")] = None
    outcome: Annotated[Text | None, about("What came of it.")] = None


class IncidentReport(Body, frozen=True, kw_only=True):
    """Something has happened that must not grow."""

    what: Annotated[Text, about("What happened.")]
    when: Annotated[When | None, about("When; an interval if it is not exactly known.")] = None
    where: Annotated[Area | None, about("Where.")] = None
    involved: Annotated[Shorts | None, about("Forces, ships, aircraft, people.")] = None
    casualties: Annotated[Short | None, about("Dead, injured, missing.")] = None
    damage: Annotated[Short | None, about("Damage.")] = None
    asked: Annotated[Shorts | None, about("What the other side is asked to do at once.")] = None
    case: Annotated[Short | None, about("Joint case number, for both sides' accounts.")] = None
    notified: Annotated[Ref | None, about("Earlier notification that this concerns.")] = None
    evidence: Annotated[Shorts | None, about("What it rests on.")] = None
    contact: Annotated[Short | None, about("Post to ring.")] = None
    lang: Annotated[Lang | None, about("Language of the report.")] = None


class IncidentClarification(TextBody, frozen=True, kw_only=True):
    """Asks or answers about an incident."""

    incident: Annotated[Ref | None, about("The report, if not in `re`.")] = None
    case: Annotated[Short | None, about("Joint case number.")] = None
    questions: Annotated[Shorts | None, about("What is asked.")] = None
    measures: Annotated[Shorts | None, about("What has been done.")] = None
    reply_by: Annotated[Day | None, about("Answer asked for by.")] = None
