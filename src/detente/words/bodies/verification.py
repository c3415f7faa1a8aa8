# SPDX-License-Identifier: Apache-2.0
"""Verification: inspections, evaluation visits, annual returns (Vienna Document chapters I, VII, IX)."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from detente.words.bodies.base import (
    Count,
    Facts,
    Languages,
    People,
    Ref,
    Short,
    Shorts,
    Side,
    Sides,
    Text,
    When,
    Worded,
    about,
)
from detente.words.bodies.exercises import Activity, Areas, Formation, Formations

Year = Annotated[int, Meta(ge=1900, le=9999)]


class VisitRequest(Worded, frozen=True, kw_only=True):
    """What requests for inspections and evaluation visits share."""

    host: Annotated[Side | None, about("Party to be visited.")] = None
    arrives: Annotated[When | None, about("Arrival at the point of entry.")] = None
    point_of_entry: Annotated[Short | None, about("Point of entry.")] = None
    transport: Annotated[Short | None, about("Transport to there, with flight or plates.")] = None
    team: Annotated[People | None, about("Team, with passports sent apart.")] = None
    third_parties: Annotated[Sides | None, about("Other States in the team.")] = None
    languages: Annotated[Languages | None, about("Languages used.")] = None


class VisitReply(Worded, frozen=True, kw_only=True):
    """What replies to such requests share."""

    accepted: Annotated[bool | None, about("Yes or no.")] = None
    request: Annotated[Ref | None, about("The request, if not in `re`.")] = None
    reason: Annotated[Text | None, about("Why not: quota used, force majeure.")] = None
    point_of_entry: Annotated[Short | None, about("Point of entry.")] = None
    arrives: Annotated[When | None, about("Arrival agreed.")] = None
    escort: Annotated[Short | People | None, about("Who receives and escorts the team.")] = None


class VisitReport(Worded, frozen=True, kw_only=True):
    """What reports on such visits share."""

    host: Annotated[Side | None, about("Party visited.")] = None
    request: Annotated[Ref | None, about("The request it follows.")] = None
    started: Annotated[When | None, about("Begin.")] = None
    ended: Annotated[When | None, about("End.")] = None
    team: Annotated[People | None, about("Team.")] = None
    findings: Annotated[Shorts | None, about("What was found.")] = None
    restrictions: Annotated[Shorts | None, about("What was closed to the team.")] = None


class InspectionRequest(VisitRequest, frozen=True, kw_only=True):
    """Asks to inspect an area."""

    area: Annotated[Areas | None, about("The specified area, with coordinates.")] = None
    begins_at: Annotated[Short | None, about("Where the inspection is to begin.")] = None
    by: Annotated[Short | None, about("Ground, air or both; aircraft and vehicles.")] = None


class InspectionReply(VisitReply, frozen=True, kw_only=True):
    """Answers a request for inspection."""


class InspectionReport(VisitReport, frozen=True, kw_only=True):
    """What an inspection found."""

    area: Annotated[Areas | None, about("The area inspected.")] = None


class EvaluationRequest(VisitRequest, frozen=True, kw_only=True):
    """Asks to visit a formation or unit."""

    unit: Annotated[Short | Formation | None, about("Formation or unit, as in the annual exchange.")] = None


class EvaluationReply(VisitReply, frozen=True, kw_only=True):
    """Answers a request for an evaluation visit."""


class EvaluationReport(VisitReport, frozen=True, kw_only=True):
    """What an evaluation visit found."""

    unit: Annotated[Short | Formation | None, about("Formation or unit visited.")] = None


class Annual(Worded, frozen=True, kw_only=True):
    """What annual returns share."""

    year: Annotated[Year | None, about("The calendar year it is valid for.")] = None
    nil: Annotated[bool, about("Nothing to report; the return is due all the same.")] = False


class AnnualExchange(Annual, frozen=True, kw_only=True):
    """Forces as of 1 January."""

    units: Annotated[Count | None, about("Number of units.")] = None
    evaluation_quota: Annotated[Count | None, about("Evaluation visits to be accepted.")] = None
    personnel: Annotated[Count | None, about("Personnel.")] = None
    formations: Annotated[Formations | None, about("Command organisation, formations and units.")] = None
    holdings: Annotated[Facts | None, about("Major weapons: type to number.")] = None
    plans: Annotated[Shorts | None, about("Planned deployments in the year.")] = None


class AnnualCalendar(Annual, frozen=True, kw_only=True):
    """Activities foreseen for the year, on the author's territory."""

    activities: Annotated[
        Annotated[list[Activity], Meta(max_length=1_000)] | None, about("Each, as in a notification.")
    ] = None
