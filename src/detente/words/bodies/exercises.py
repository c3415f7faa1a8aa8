# SPDX-License-Identifier: Apache-2.0
"""Exercises: notifications and what follows them, invitations, visits, reports.

Fields follow blocks A to D of the Vienna Document's notifications (paras 42-46). Missing is not zero.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from detente.words.bodies.base import (
    Area,
    Count,
    Day,
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

Nature = Literal["land", "amphibious", "parachute", "heliborne", "transfer"]
Areas = Area | Annotated[list[Area], Meta(max_length=200)]


class Formation(msgspec.Struct, frozen=True, kw_only=True):
    """A formation or unit, down to brigade or regiment."""

    designation: Annotated[Short | None, about("Name or number.")] = None
    side: Annotated[Side | None, about("Whose.")] = None
    type: Annotated[Short | None, about("Type: brigade, regiment, division.")] = None
    subordination: Annotated[Short | None, about("Under whom.")] = None
    number: Annotated[Count | None, about("How many of the type.")] = None
    location: Annotated[Area | None, about("Peacetime location.")] = None
    personnel: Annotated[Count | None, about("Personnel.")] = None
    active: Annotated[bool | None, about("Active or non-active.")] = None
    weapons: Annotated[Facts | None, about("Major weapons: type to number.")] = None


Formations = Annotated[list[Short | Formation], Meta(max_length=5_000)]


class Phase(msgspec.Struct, frozen=True, kw_only=True):
    """A phase: transfer, deployment, concentration, active, recovery."""

    name: Annotated[Short | None, about("Which.")] = None
    starts: Annotated[Day | None, about("First day.")] = None
    ends: Annotated[Day | None, about("Last day.")] = None
    area: Annotated[Areas | None, about("Where.")] = None
    purpose: Annotated[Short | None, about("Tactical purpose.")] = None
    text: Annotated[Short | None, about("Short description.")] = None


class Strength(Worded, frozen=True, kw_only=True):
    """Figures of an activity; each may be unknown."""

    troops: Annotated[Count | None, about("Troops in all, support troops included.")] = None
    battle_tanks: Annotated[Count | None, about("Battle tanks.")] = None
    acvs: Annotated[Count | None, about("Armoured combat vehicles.")] = None
    artillery: Annotated[Count | None, about("Guns, mortars, rocket launchers of 100 mm and above.")] = None
    atgm_launchers: Annotated[Count | None, about("Anti-tank launchers on armoured vehicles.")] = None
    helicopters: Annotated[Count | Facts | None, about("Helicopters, or category to number.")] = None
    sorties: Annotated[Count | None, about("Aircraft sorties, helicopters not counted.")] = None
    formations: Annotated[Formations | None, about("Formations and units.")] = None
    by_party: Annotated[dict[Side, Facts] | None, about("Party to its share of these figures.")] = None


class Activity(Strength, frozen=True, kw_only=True):
    """What can be said of an exercise or other activity."""

    name: Annotated[Short | None, about("Designation.")] = None
    nature: Annotated[Nature | None, about("Kind of activity.")] = None
    starts: Annotated[Day | None, about("First day.")] = None
    ends: Annotated[Day | None, about("Last day.")] = None
    host: Annotated[Side | None, about("Party on whose territory it takes place.")] = None
    participants: Annotated[
        Annotated[list[Side], Meta(max_length=200)] | None, about("Parties whose forces take part.")
    ] = None
    single_command: Annotated[bool | None, about("Under a single operational command.")] = None
    divisional_structure: Annotated[bool | None, about("Organised into a divisional structure.")] = None
    brigades: Annotated[Count | None, about("Brigades or regiments.")] = None
    without_advance_notice: Annotated[bool | None, about("The troops are not told beforehand.")] = None
    purpose: Annotated[Short | None, about("General purpose.")] = None
    level: Annotated[Short | None, about("Level of command that organises or commands.")] = None
    area: Annotated[Areas | None, about("Where, as GeoJSON or in words.")] = None
    phases: Annotated[Annotated[list[Phase], Meta(max_length=100)] | None, about("Phases, in order.")] = None
    points: Annotated[Areas | None, about("Points of embarkation, landing, arrival, concentration.")] = None
    air: Annotated[Short | None, about("Purpose of air missions, kinds of aircraft, command.")] = None
    naval: Annotated[Short | None, about("Naval gunfire, other ship-to-shore support, command.")] = None
    calendar_changes: Annotated[Short | None, about("What differs from the annual calendar.")] = None
    related: Annotated[Shorts | None, about("Other activities it belongs to.")] = None


class ExerciseNotification(Activity, frozen=True, kw_only=True):
    """Gives notice of an exercise or transfer of troops."""

    name: Annotated[Short, about("Designation.")]
    nature: Annotated[Nature, about("Kind of activity.")]
    starts: Annotated[Day, about("First day.")]
    ends: Annotated[Day, about("Last day.")]


class ExerciseChange(Activity, frozen=True, kw_only=True):
    """Changes to a notified exercise: the fields that changed, with their new values."""

    exercise: Annotated[Ref | None, about("The notification, if not in `re`.")] = None
    changes: Annotated[Facts | None, about("Merge patch (RFC 7396); or give the fields here.")] = None
    reason: Annotated[Text | None, about("Why.")] = None


class ExerciseReport(Activity, frozen=True, kw_only=True):
    """Where a running exercise stands."""

    exercise: Annotated[Ref | None, about("The notification, if not in `re`.")] = None
    phase: Annotated[Short | None, about("The phase it is in.")] = None


class ExerciseEnd(Worded, frozen=True, kw_only=True):
    """The exercise is over, or called off."""

    exercise: Annotated[Ref | None, about("The notification, if not in `re`.")] = None
    ended: Annotated[When | None, about("When it ended.")] = None
    cancelled: Annotated[bool | None, about("It did not take place.")] = None
    returned: Annotated[When | None, about("When the last troops are back at their bases.")] = None
    remaining: Annotated[Short | None, about("Troops and equipment that stay, and why.")] = None


class Invitation(Worded, frozen=True, kw_only=True):
    """Invites observers or attachés."""

    exercise: Annotated[Ref | None, about("The notification; or the exercise's name.")] = None
    to: Annotated[Sides | None, about("Whom; `all` for every party.")] = None
    places: Annotated[Areas | None, about("Where to.")] = None
    dates: Annotated[Shorts | None, about("Days offered.")] = None
    reply_by: Annotated[Day | None, about("Answer asked for by.")] = None
    basis: Annotated[Short | None, about("Rule it rests on, or `voluntary`.")] = None
    per_party: Annotated[Count | None, about("Observers a party may send.")] = None
    programme: Annotated[
        Text | None, about("Assembly, duration, board and lodging, transport, equipment, clothing.")
    ] = None
    languages: Annotated[Languages | None, about("Languages of the programme.")] = None


class InvitationReply(Worded, frozen=True, kw_only=True):
    """Answers an invitation."""

    accepted: Annotated[bool | None, about("Yes or no.")] = None
    invitation: Annotated[Ref | None, about("The invitation, if not in `re`.")] = None
    observers: Annotated[People | None, about("Who comes.")] = None
    needs: Annotated[Short | None, about("Languages, diet, equipment, transport.")] = None
    reason: Annotated[Text | None, about("Why not, in neutral words.")] = None


class VisitArrangements(Worded, frozen=True, kw_only=True):
    """Who comes where and when, and who receives them."""

    invitation: Annotated[Ref | None, about("The invitation or request it belongs to.")] = None
    observers: Annotated[People | None, about("Who comes.")] = None
    arrives: Annotated[When | None, about("Arrival.")] = None
    departs: Annotated[When | None, about("Departure.")] = None
    point_of_entry: Annotated[Short | None, about("Border crossing or airport.")] = None
    meeting_place: Annotated[Area | None, about("Where they are met.")] = None
    transport: Annotated[Short | None, about("Vehicles, plates, flights, clearances.")] = None
    lodging: Annotated[Short | None, about("Board and lodging.")] = None
    equipment: Annotated[Short | None, about("Equipment issued or allowed.")] = None
    escort: Annotated[Short | People | None, about("Who escorts them.")] = None
    contact: Annotated[Short | None, about("Post to ring, day and night.")] = None
    languages: Annotated[Languages | None, about("Languages spoken.")] = None


class ObservationReport(Strength, frozen=True, kw_only=True):
    """What observers saw."""

    exercise: Annotated[Ref | None, about("The notification; or the exercise's name.")] = None
    observers: Annotated[People | None, about("Who observed.")] = None
    started: Annotated[When | None, about("Begin of the observation.")] = None
    ended: Annotated[When | None, about("End of it.")] = None
    places: Annotated[Areas | None, about("Where.")] = None
    restrictions: Annotated[Short | None, about("What was closed to the observers.")] = None
