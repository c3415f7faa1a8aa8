# SPDX-License-Identifier: Apache-2.0
"""Each side's read-out of a contact: the pieces of the page that are its own words about it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from detente.press.contacts import Contact
from detente.press.pieces import Piece
from detente.press.reading import Reading, finding
from detente.press.source import Span


def find_readouts(r: Reading, pieces: list[Piece], contact: Contact, until: int) -> list[dict[str, Any]]:
    """``readouts[]`` ``{side, publisher, spans}`` of one contact, from pieces up to ``until``.

    ``follows`` are paragraphs without an attribution of their own between two pieces of the same read-out:
    they stand where that side's words stand, but the page does not say whose they are.
    """
    outer = [
        piece
        for piece in _outermost(pieces)
        if contact.at <= piece.end and piece.start < until and piece.voice.side in contact.sides
    ]
    sides = list(dict.fromkeys(piece.voice.side for piece in outer if piece.voice.side))
    return [_readout(r, [one for one in outer if one.voice.side == side], outer, side) for side in sides]


def _outermost(pieces: list[Piece]) -> list[Piece]:
    found: list[Piece] = []
    for piece in pieces:
        if not found or piece.start >= found[-1].end:
            found.append(piece)
    return found


def _readout(r: Reading, own: list[Piece], every: list[Piece], side: str) -> dict[str, Any]:
    publisher = next((piece.voice for piece in own if piece.voice.publisher), None)
    return finding(
        "attributed-pieces",
        min(piece.confidence for piece in own),
        side=side,
        publisher=publisher.publisher if publisher else None,
        publisher_span=list(publisher.span) if publisher else None,
        spans=[[piece.start, piece.end] for piece in own],
        follows=[list(span) for span in _between(r, own, every)],
    )


def _between(r: Reading, own: list[Piece], every: list[Piece]) -> list[Span]:
    """Unattributed paragraphs between one piece of the side and its next, nobody else's words between."""
    found: list[Span] = []
    for first, second in pairwise(own):
        if any(first.end <= piece.start < second.start for piece in every):
            continue
        found.extend(
            span
            for span in r.paragraphs
            if first.end < span[0]
            and span[1] <= second.start
            and not any(span[0] <= piece.start < span[1] for piece in every)
        )
    return found
