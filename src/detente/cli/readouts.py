# SPDX-License-Identifier: Apache-2.0
"""``detente readouts compare``: what stands in both read-outs, and what in only one."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from detente.cli import common
from detente.cli.common import json_option
from detente.errors import MalformedError, RefusedError, UsageError

if TYPE_CHECKING:
    from detente.press.compare import ReadOut, Told
    from detente.record.readouts import Piece

GROUPS = {
    "both": "in both",
    "both_differently": "in both, differently",
    "only_a": "only in {a}",
    "only_b": "only in {b}",
}

#: Characters of a point's words that the terminal shows; the JSON has all.
QUOTED = 400


@click.group(name="readouts")
def readouts() -> None:
    """Read-outs: what each party publicly says of a contact."""


@readouts.command()
@click.argument("what", nargs=-1, required=True, metavar="HOME CHANNEL CONTACT | FILE [FILE]")
@click.option(
    "--side",
    "sides",
    multiple=True,
    metavar="CODE",
    help="With pages: whose words to take, first page first.",
)
@click.option("--page", metavar="FILE", help="With CHANNEL: a page against what was lodged on the line.")
@click.option("--room", metavar="DIR", help="The pages are those of the reading room DIR, by their ids.")
@json_option
def compare(
    what: tuple[str, ...], sides: tuple[str, ...], page: str | None, room: str | None, as_json: bool
) -> None:
    """Compare two read-outs of one contact point by point: from the line, from pages, or one of each.

    One page alone must quote both sides. It says what both say, what they say differently and what only one
    says, never who is right. Spans count code points of the read-out's text; with CHANNEL that text is in the
    JSON, as lodged.
    """
    if room is not None:
        document = _of_pages([_in_room(room, name) for name in what], sides)
    elif len(what) <= 2 and all(Path(name).is_file() for name in what):
        document = _of_pages([_on_disk(name) for name in what], sides)
    else:
        document = _of_contact(*_home_first(what), page, sides)
    if as_json:
        common.emit(document)
    else:
        common.tell(in_words(document))


def in_words(document: Mapping[str, Any]) -> str:
    """The comparison for people: by group, each point with its words on either side."""
    names = {which: document[which]["name"] for which in ("a", "b")}
    lines = [f"a: {names['a']}", f"b: {names['b']}"]
    for group, title in GROUPS.items():
        lines.append(f"{title.format(**names)}: {len(document[group])}")
        for item in document[group]:
            told = ", ".join(str(item[key]) for key in ("type", "speaker") if item.get(key))
            lines += [f"  {item.get('point', '')}" + (f" ({told})" if told else ""), *_words(item)]
    return "\n".join(lines)


def _words(item: Mapping[str, Any]) -> list[str]:
    said = []
    for which in ("a", "b"):
        half = item.get(which)
        if isinstance(half, Mapping):
            words = " ".join(str(half["text"]).split())
            said.append(
                f"    {which}: {_short(words)}" + (f" [{half['value']}]" if half.get("value") else "")
            )
    return said + ([f"    {item['why']}"] if item.get("why") else [])


def _short(words: str) -> str:
    return words if len(words) <= QUOTED else words[: QUOTED - 1] + "…"


def _home_first(what: tuple[str, ...]) -> tuple[str, str, str]:
    home = os.environ.get(common.HOME_VARIABLE)
    if len(what) == 2 and home:
        return home, what[0], what[1]
    if len(what) == 2:
        missing = next(name for name in what if not Path(name).is_file())
        raise UsageError(f"no file {missing}; give two files, or HOME CHANNEL CONTACT")
    if len(what) != 3:
        raise UsageError("give HOME CHANNEL CONTACT, or two files, or one that quotes both sides")
    return what[0], what[1], what[2]


def _on_disk(file: str) -> Told:
    """The page of a file that tells of a contact."""
    from detente.press.compare import told_page

    name = Path(file).name
    try:
        return told_page(common.read_input(file, "the page"), name=name)
    except MalformedError as error:
        raise MalformedError(f"{file}: {str(error).removeprefix(f'{name}: ')}") from None


def _in_room(room: str, page: str) -> Told:
    """A page of a reading room, as reviewed: what people rejected is left out."""
    from detente.node.room import Room

    return Room.open(room).show(page)


def _of_pages(pages: Sequence[Told], sides: Sequence[str]) -> dict[str, Any]:
    from detente.press.compare import compare as compare_two
    from detente.press.compare import pair_of_page, pair_of_pages

    if len(pages) > 2 or len(sides) > 2:
        raise UsageError("give one page that quotes both sides, or two; --side once for each at most")
    if len(pages) == 1:
        return compare_two(*pair_of_page(pages[0], sides))
    return compare_two(*pair_of_pages(pages[0], pages[1], sides))


def _of_contact(
    home: str, channel: str, contact: str, page: str | None, sides: Sequence[str]
) -> dict[str, Any]:
    from detente.press.compare import compare as compare_two
    from detente.record.readouts import by_side, pair

    if sides and page is None:
        raise UsageError("--side goes with a page; on the line each side has lodged its own words")
    party = common.open_home(home)
    records = common.open_records(party)
    identifier = common.channel_of(party, channel)
    charter = records.charter(identifier)
    parties = [member.id for member in charter.members] if charter is not None else [party.info.party]
    entries = records.entries(identifier)
    if page is not None:
        return _with_page(by_side(entries, contact), page, sides)
    both = pair(entries, contact, parties)
    document = compare_two(*(_read(side, pieces) for side, pieces in both))
    for which, (_side, pieces) in zip("ab", both, strict=True):
        document[which] |= _lodged(pieces)
    return document


def _with_page(lodged: Mapping[str, Sequence[Piece]], page: str, sides: Sequence[str]) -> dict[str, Any]:
    """What one side lodged against what a page has of the other; of the same one where only it has lodged."""
    from detente.press.compare import compare as compare_two
    from detente.press.compare import of_page

    if not lodged:
        raise RefusedError("there is no read-out for this contact yet; nothing to compare")
    told = _on_disk(page)
    theirs = of_page(
        told, sides[0] if sides else None, without=None if len(lodged) > 1 else next(iter(lodged))
    )
    side = next((one for one in lodged if one != theirs.side), next(iter(lodged)))
    document = compare_two(_read(side, lodged[side]), theirs)
    document["a"] |= _lodged(lodged[side])
    return document


def _lodged(pieces: Sequence[Piece]) -> dict[str, Any]:
    return {"entries": [piece.ref for piece in pieces], "text": _joined(pieces)}


def _read(side: str, pieces: Sequence[Piece]) -> ReadOut:
    """A side's read-out; several pieces are read as one text."""
    from detente.press.compare import from_body

    name = f"{side}: {', '.join(piece.ref for piece in pieces)}"
    return from_body({"text": _joined(pieces), "lang": pieces[0].lang or None}, name=name, side=side)


def _joined(pieces: Sequence[Piece]) -> str:
    return "\n\n".join(piece.text for piece in pieces)
