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
from detente.errors import MalformedError, UsageError

if TYPE_CHECKING:
    from detente.press.compare import ReadOut
    from detente.record.readouts import Piece

GROUPS = {
    "both": "in both",
    "both_differently": "in both, differently",
    "only_a": "only in {a}",
    "only_b": "only in {b}",
}


@click.group(name="readouts")
def readouts() -> None:
    """Read-outs: what each party publicly says of a contact."""


@readouts.command()
@click.argument("what", nargs=-1, required=True, metavar="HOME CHANNEL CONTACT | FILE FILE")
@click.option(
    "--side",
    "sides",
    multiple=True,
    metavar="CODE",
    help="With files: whose words to take, first file first.",
)
@json_option
def compare(what: tuple[str, ...], sides: tuple[str, ...], as_json: bool) -> None:
    """Compare two read-outs of one contact point by point: from the line, or from two files.

    Spans count code points of the read-out's text; with CHANNEL that text is in the JSON, as lodged.
    """
    if len(what) == 2 and all(Path(name).is_file() for name in what):
        document = _of_files(what, sides)
    else:
        document = _of_contact(*_home_first(what))
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
            lines += [f"  {item.get('point', '')}", *_words(item)]
    return "\n".join(lines)


def _words(item: Mapping[str, Any]) -> list[str]:
    said = [
        f"    {which}: {item[which]['text']}" for which in ("a", "b") if isinstance(item.get(which), Mapping)
    ]
    return said + ([f"    {item['why']}"] if item.get("why") else [])


def _home_first(what: tuple[str, ...]) -> tuple[str, str, str]:
    home = os.environ.get(common.HOME_VARIABLE)
    if len(what) == 2 and home:
        return home, what[0], what[1]
    if len(what) == 2:
        missing = next(name for name in what if not Path(name).is_file())
        raise UsageError(f"no file {missing}; give two files, or HOME CHANNEL CONTACT")
    if len(what) != 3:
        raise UsageError("give HOME CHANNEL CONTACT, or two files")
    return what[0], what[1], what[2]


def _of_files(files: Sequence[str], sides: Sequence[str]) -> dict[str, Any]:
    from detente.press.compare import compare as compare_two
    from detente.press.compare import from_page

    if len(sides) > len(files):
        raise UsageError("--side is given once for each file at most")
    found = []
    for number, file in enumerate(files):
        side = sides[number] if number < len(sides) else None
        try:
            found.append(from_page(common.read_input(file, "the page"), name=Path(file).name, side=side))
        except MalformedError as error:
            raise MalformedError(f"{file}: {str(error).removeprefix(f'{Path(file).name}: ')}") from None
    return compare_two(*found)


def _of_contact(home: str, channel: str, contact: str) -> dict[str, Any]:
    from detente.press.compare import compare as compare_two
    from detente.record.readouts import pair

    party = common.open_home(home)
    records = common.open_records(party)
    identifier = common.channel_of(party, channel)
    charter = records.charter(identifier)
    parties = [member.id for member in charter.members] if charter is not None else [party.info.party]
    sides = pair(records.entries(identifier), contact, parties)
    texts = {which: _joined(pieces) for which, (_side, pieces) in zip("ab", sides, strict=True)}
    document = compare_two(*(_read(side, pieces) for side, pieces in sides))
    for which, (_side, pieces) in zip("ab", sides, strict=True):
        document[which] |= {"entries": [piece.ref for piece in pieces], "text": texts[which]}
    return document


def _read(side: str, pieces: Sequence[Piece]) -> ReadOut:
    """A side's read-out; several pieces are read as one text."""
    from detente.press.compare import from_body

    name = f"{side}: {', '.join(piece.ref for piece in pieces)}"
    return from_body({"text": _joined(pieces), "lang": pieces[0].lang or None}, name=name, side=side)


def _joined(pieces: Sequence[Piece]) -> str:
    return "\n\n".join(piece.text for piece in pieces)
