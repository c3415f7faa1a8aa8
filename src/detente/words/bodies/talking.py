# SPDX-License-Identifier: Apache-2.0
"""Talking: messages, phrases, contacts, points, joint texts, read-outs, demands, procedures."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from detente.words.bodies.base import (
    Body,
    Day,
    Facts,
    Lang,
    Languages,
    People,
    Ref,
    Seconds,
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

ContactKind = Literal["phone_call", "video_call", "meeting", "visit", "hotline", "message"]
Points = Short | Annotated[list[Short | Facts], Meta(max_length=1_000)]
Codes = Annotated[dict[Side, Short], Meta(max_length=64)]


class Message(TextBody, frozen=True, kw_only=True):
    """Free words."""

    subject: Annotated[Short | None, about("What it is about.")] = None


class Phrase(Body, frozen=True, kw_only=True):
    """A sentence of the charter's phrase book; each side reads it in its own language.

    Life-saving phrases are on the floor and need one signature; the others are not and do not.
    """

    code: Annotated[
        Annotated[str, Meta(min_length=1, max_length=16)] | Annotated[int, Meta(ge=0, le=10**9)],
        about("Its number in the book."),
    ]
    parameters: Annotated[
        Annotated[dict[str, Annotated[str, Meta(max_length=500)] | int | float], Meta(max_length=32)],
        about("Parameter name to value."),
    ] = {}
    book: Annotated[Short | None, about("SHA-256 of the book meant, in hex.")] = None


class Translation(TextBody, frozen=True, kw_only=True):
    """A translation of the entry named in `re`; the original stays authentic."""

    of: Annotated[Ref | None, about("The entry translated, if not in `re`.")] = None
    standing: Annotated[Literal["sight", "rough", "official"], about("How far it can be trusted.")] = "rough"
    method: Annotated[Short | None, about("Made by a person, by machine, or both.")] = None
    author: Annotated[Short | None, about("Who made it.")] = None


class ContactProposal(Worded, frozen=True, kw_only=True):
    """Asks for a call, a meeting or a visit."""

    kind: Annotated[ContactKind, about("What kind of contact.")]
    when: Annotated[Shorts | None, about("Times offered, RFC 3339 or EDTF.")] = None
    place: Annotated[Short | None, about("Place, number or line.")] = None
    purpose: Annotated[Shorts | None, about("What it is for.")] = None
    points: Annotated[Points | None, about("Matters to go through.")] = None
    languages: Annotated[Languages | None, about("Languages spoken.")] = None
    interpreters: Annotated[Short | None, about("Who brings interpreters.")] = None
    participants: Annotated[People | None, about("Who takes part, both sides.")] = None
    code_commitments: Annotated[
        Codes | None, about("Party to hash of its secret for the call code, before the call.")
    ] = None
    code_reveals: Annotated[Codes | None, about("Party to its secret, once both are committed.")] = None


class ContactRecord(Worded, frozen=True, kw_only=True):
    """What a side sets down of a contact: facts first, words in the read-outs."""

    kind: Annotated[ContactKind, about("What kind of contact.")]
    status: Annotated[Literal["held", "planned", "attempted", "denied"], about("Did it take place.")] = "held"
    started: Annotated[When | None, about("Begin.")] = None
    ended: Annotated[When | None, about("End.")] = None
    place: Annotated[Short | None, about("Place, number or line.")] = None
    initiator: Annotated[Side | None, about("The side that asked for it.")] = None
    participants: Annotated[People | None, about("Who took part, with office and side.")] = None
    interpreters: Annotated[Short | People | None, about("Who interpreted.")] = None
    languages: Annotated[Languages | None, about("Languages spoken.")] = None
    purpose: Annotated[Shorts | None, about("What it was for, in this side's words.")] = None
    points: Annotated[Points | None, about("Matters gone through.")] = None
    agreed: Annotated[Points | bool | None, about("What was agreed, in this side's words.")] = None
    proposal: Annotated[Ref | None, about("The `contact.proposal` it came from.")] = None


class Point(TextBody, frozen=True, kw_only=True):
    """A matter on the joint agenda and the author's position on it. Settled only by assents."""

    state: Annotated[Literal["open", "parked", "settled"], about("Where it stands for the author.")] = "open"
    title: Annotated[Short | None, about("The matter in a few words.")] = None
    point: Annotated[Ref | None, about("The first entry on this matter, when it continues one.")] = None
    contact: Annotated[Ref | None, about("The contact at which it came up.")] = None
    side: Annotated[Side | None, about("Whose position, in a register.")] = None


class JointText(TextBody, frozen=True, kw_only=True):
    """A text for both sides to assent to; agreed when every party has assented to the same entry."""

    title: Annotated[Short | None, about("Title.")] = None
    version: Annotated[Short | None, about("Which draft.")] = None
    replaces: Annotated[Ref | None, about("The draft before it.")] = None
    versions: Annotated[dict[Lang, Text] | None, about("Further authentic texts: language to text.")] = None


class Readout(TextBody, frozen=True, kw_only=True):
    """What the author says, or will say, of a contact in public."""

    contact: Annotated[Ref | None, about("The `contact.record` or proposal it tells of.")] = None
    title: Annotated[Short | None, about("Headline.")] = None
    publisher: Annotated[Short | None, about("Who publishes it.")] = None
    publish_at: Annotated[Day | None, about("When it is to be published.")] = None
    url: Annotated[Short | None, about("Where.")] = None


class Demand(TextBody, frozen=True, kw_only=True):
    """What the author asks the other side to do or stop doing."""

    addressee: Annotated[Sides | None, about("Of whom.")] = None
    until: Annotated[When | None, about("By when.")] = None
    grounds: Annotated[Shorts | None, about("Why.")] = None


class Protest(TextBody, frozen=True, kw_only=True):
    """A protest against an act."""

    concerning: Annotated[Short | None, about("The act.")] = None
    addressee: Annotated[Sides | None, about("To whom.")] = None
    grounds: Annotated[Shorts | None, about("On which grounds.")] = None


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a procedure."""

    what: Annotated[Short, about("What is done.")]
    id: Annotated[Short | None, about("Name by which other steps refer to it.")] = None
    owes: Annotated[Sides | None, about("Who does it; `all` for every party.")] = None
    to: Annotated[Sides | None, about("Towards whom.")] = None
    after: Annotated[Short | None, about("The step or kind of entry that sets it going.")] = None
    within: Annotated[Seconds | None, about("Seconds from then.")] = None
    by: Annotated[Day | None, about("Or a fixed date.")] = None
    kind: Annotated[Short | None, about("Kind of entry that fulfils it.")] = None


class Procedure(Worded, frozen=True, kw_only=True):
    """An agreed algorithm of further steps; it may begin as announced, its text not agreed."""

    name: Annotated[Short | None, about("Name.")] = None
    status: Annotated[
        Literal["announced", "proposed", "agreed"], about("How far the text is; agreed needs assents.")
    ] = "proposed"
    steps: Annotated[
        Annotated[list[Short | Step], Meta(max_length=200)] | None, about("The steps, in order.")
    ] = None
    starts: Annotated[When | None, about("From when.")] = None
    ends: Annotated[When | None, about("Until when.")] = None
