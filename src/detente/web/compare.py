# SPDX-License-Identifier: Apache-2.0
"""Two read-outs of one contact side by side: what both say, and what only one of them says."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from detente.press.compare import compare, from_body
from detente.record.readouts import Piece, pair
from detente.web.console import Console, signed_in
from detente.web.sessions import Session

GROUPS = (
    ("both", "Both say"),
    ("both_differently", "Both say, differently"),
    ("only_a", "Only {a} says"),
    ("only_b", "Only {b} says"),
)


@signed_in
async def get_compare(console: Console, request: Request, session: Session) -> Response:
    """The comparison, ours on the left. It says what differs, never who is right."""
    row = console.channel(request)
    charter = console.records.charter(row["channel"])
    me = console.info.party
    members = [member.id for member in charter.members] if charter else [me]
    entries = console.records.entries(row["channel"])
    sides = pair(entries, request.path_params["contact"], [me, *(m for m in members if m != me)])
    # Reading a long text takes a while: the line must not wait for it.
    found = await asyncio.to_thread(_compare, sides)
    return console.page(
        request,
        session,
        "compare.html",
        channel={"id": row["channel"], "title": console.title(row)},
        sides=[(side, [(piece.entry, piece.ref, piece.lang) for piece in pieces]) for side, pieces in sides],
        groups=groups(found, [side for side, _ in sides]),
    )


def groups(found: Mapping[str, Any], sides: Sequence[str]) -> list[tuple[str, list[dict[str, Any]]]]:
    """(title, rows) of each group; a row has ``point``, ``a``, ``b`` (texts or "") and ``why``.

    ``whose``: type and speaker of a statement, or "".
    """
    names = dict(zip("ab", sides, strict=True))
    return [(title.format(**names), [_row(item) for item in found[group]]) for group, title in GROUPS]


def _row(item: Mapping[str, Any]) -> dict[str, Any]:
    texts = {which: _half(item.get(which)) for which in ("a", "b")}
    whose = [item[key] for key in ("type", "speaker") if item.get(key)]
    return {
        "point": item.get("point", ""),
        "whose": " of ".join(whose),
        "why": item.get("why") or "",
        **texts,
    }


def _half(half: Mapping[str, Any] | None) -> str:
    """A side's words; behind them what they come to, where that is not in the words."""
    if not half:
        return ""
    value = half.get("value")
    words = " ".join(half["text"].split())
    return f"{half['text']} [{value}]" if value and " ".join(value.split()) not in words else half["text"]


def _compare(sides: Sequence[tuple[str, Sequence[Piece]]]) -> dict[str, Any]:
    return compare(*(_read(side, pieces) for side, pieces in sides))


def _read(side: str, pieces: Sequence[Piece]) -> Any:
    text = "\n\n".join(piece.text for piece in pieces)
    name = ", ".join(piece.ref for piece in pieces)
    return from_body({"text": text, "lang": pieces[0].lang or None}, name=name, side=side)
