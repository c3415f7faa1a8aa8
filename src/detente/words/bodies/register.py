# SPDX-License-Identifier: Apache-2.0
"""The register: our notes of contacts by other means."""

from __future__ import annotations

from typing import Annotated

from detente.words.bodies.base import People, Short, Side, Text, TextBody, about


class Note(TextBody, frozen=True, kw_only=True):
    """Our note of what passed by other means; never shown as delivered."""

    by: Annotated[Short | None, about("The post that noted it.")] = None
    other_side: Annotated[Text | None, about("The other side's words, as noted.")] = None
    side: Annotated[Side | None, about("The other side.")] = None
    participants: Annotated[People | None, about("Who spoke, both sides.")] = None
    subject: Annotated[Short | None, about("What it is about.")] = None
