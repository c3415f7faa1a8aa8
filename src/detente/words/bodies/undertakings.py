# SPDX-License-Identifier: Apache-2.0
"""Undertakings: given by their maker, or claimed by another; each side's own view of them."""

from __future__ import annotations

from typing import Annotated, Literal

from detente.words.bodies.base import Facts, Ref, Short, Shorts, Side, Sides, TextBody, When, Worded, about


class Assurance(TextBody, frozen=True, kw_only=True):
    """A word about the maker's own intentions or conduct, meant to calm."""

    scope: Annotated[Shorts | None, about("What it covers and what not.")] = None
    until: Annotated[When | None, about("How long it holds, or by when.")] = None
    addressee: Annotated[Sides | None, about("To whom, if not to all members.")] = None
    conditions: Annotated[Shorts | None, about("On which conditions.")] = None
    contact: Annotated[Ref | None, about("The contact at which it was given.")] = None
    maker: Annotated[Side | None, about("In a register: whose word it is.")] = None


class Commitment(Assurance, frozen=True, kw_only=True):
    """A promise to do something, or not to."""


class UndertakingClaim(TextBody, frozen=True, kw_only=True):
    """The author says that another gave this undertaking; its maker may confirm or deny it."""

    maker: Annotated[Side, about("Whose word it is said to be.")]
    source: Annotated[Short | Facts | None, about("What it rests on: a contact, a page, a finding.")] = None
    said_at: Annotated[When | None, about("When it was said.")] = None
    contact: Annotated[Ref | None, about("The contact at which it was said.")] = None
    addressee: Annotated[Sides | None, about("To whom.")] = None
    scope: Annotated[Shorts | None, about("What it covers and what not.")] = None
    until: Annotated[When | None, about("How long it holds, or by when.")] = None
    type: Annotated[Literal["assurance", "commitment"] | None, about("Which of the two.")] = None


class UndertakingView(Worded, frozen=True, kw_only=True):
    """The author's own view of an undertaking. `confirmed` and `denied` answer a claim."""

    view: Annotated[
        Literal["confirmed", "denied", "kept", "broken", "lapsed", "disputed"], about("The author's view.")
    ]
    undertaking: Annotated[Ref | None, about("The undertaking or claim, if not in `re`.")] = None
    grounds: Annotated[Shorts | None, about("Why.")] = None
    since: Annotated[When | None, about("Since when it is so.")] = None
