# SPDX-License-Identifier: Apache-2.0
"""``detente press import``: pages in, findings out."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from detente.cli import common
from detente.cli.common import json_option
from detente.errors import MalformedError, UsageError

MAX_PAGE = 8 << 20
_WHEN = re.compile(
    r"[0-9X]{4}(-(0[1-9]|1[0-2]|XX)(-(0[1-9]|[12][0-9]|3[01]|XX))?)?([?~%]|T[0-9:.]+(Z|[+-][0-9:]+))?"
)
_LISTS = ("contacts", "statements", "exercises", "measures", "appeals", "relations")


def _date(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """A date as it was given; a usage error for what is none, such as a thirteenth month."""
    if value is None or _WHEN.fullmatch(value):
        return value
    raise click.BadParameter(f"{value!r} is no date; write it as 2022-02-14, XXXX-02-14 or 2021-11~")


@click.group(name="press")
def press() -> None:
    """The public record: sources, and what they are found to say."""


@press.command(name="import")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--home", metavar="HOME", help="Keep them with this party.")
@click.option("--room", metavar="DIR", help="Keep them in this reading room.")
@click.option("--url", metavar="U", help="Where the page stood.")
@click.option("--published", callback=_date, metavar="DATE", help="When it was published (EDTF).")
@click.option("--captured", callback=_date, metavar="DATE", help="When it was captured (EDTF or RFC 3339).")
@click.option("--lang", metavar="L", help="Its language; else it is recognised.")
@json_option
def import_(
    files: tuple[str, ...], home: str | None, room: str | None, as_json: bool, **about: str | None
) -> None:
    """Read pages of plain text and print what they say, each finding with the spans it rests on.

    With --home or --room pages and findings are also kept; without, they are only printed.
    """
    from detente.press.importer import read_page

    place = _place(home, room)
    show = common.progress("pages")
    sources = []
    for number, file in enumerate(files, 1):
        raw = _read(file)
        try:
            source = read_page(raw, name="-" if file == "-" else Path(file).name, **about)
        except MalformedError as error:
            raise MalformedError(f"{file}: {error}") from None
        if place is not None:
            keep(place, source, raw)
        sources.append(source)
        show(number, len(files))
    if as_json:
        common.emit({"sources": sources})
    for source in [] if as_json else sources:
        common.tell(in_words(source))


def keep(place: Path, source: Mapping[str, Any], raw: bytes) -> None:
    """Write a page and its findings under the page's hash; the same page again replaces its findings."""
    digest = source["sha256"]
    _write(place / f"{digest}.txt", raw)
    _write(place / f"{digest}.json", json.dumps(source, ensure_ascii=False, indent=1).encode("utf-8") + b"\n")


def in_words(source: Mapping[str, Any]) -> str:
    """A page in a few lines: what was found, by kind, and each contact."""
    counts = ", ".join(_counted(len(source[name]), name) for name in _LISTS if source.get(name))
    lines = [f"{source['file']}  {source.get('lang') or 'language unknown'}  {counts or 'nothing found'}"]
    for contact in source.get("contacts", []):
        date = (contact.get("date") or {}).get("edtf") or "no date"
        sides = sorted({person.get("side") or "?" for person in contact.get("participants", [])})
        lines.append(
            f"  {contact['kind']}, {contact['status']}, {date}, {' and '.join(sides) or 'nobody named'}"
        )
    for said in source.get("statements", []):
        by = f", as {said['reported_by']} reports" if said.get("reported_by") else ""
        lines.append(
            f"  {said['type']} by {said.get('side') or said.get('speaker') or '?'}{by} at {said['span']}"
        )
    return "\n".join(lines)


def _counted(number: int, names: str) -> str:
    return f"{number} {names if number != 1 else names.removesuffix('s')}"


def _place(home: str | None, room: str | None) -> Path | None:
    if home and room:
        raise UsageError("keep the pages either with --home or in a --room, not both")
    if home:
        place = common.open_home(home).path / "press"
    elif room:
        place = Path(room)
    else:
        return None
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot make {place}: {error.strerror}") from None
    return place


def _read(file: str) -> bytes:
    raw = common.read_input(file, "the page")
    if len(raw) > MAX_PAGE:
        raise MalformedError(f"{file} has {len(raw)} bytes, more than {MAX_PAGE}: save the article alone")
    return raw


def _write(path: Path, raw: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_bytes(raw)
    temporary.replace(path)
