# SPDX-License-Identifier: Apache-2.0
"""``detente press``: pages in, findings out; the reading room in the browser, the terminal and as files."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from detente.cli import common
from detente.cli.common import json_option
from detente.errors import MalformedError, UsageError

if TYPE_CHECKING:
    from detente.node.room import Room


def _date(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """A date as it was given; a usage error for what is none, such as a thirteenth month."""
    from detente.press.decisions import check_date

    try:
        check_date(value)
    except UsageError as error:
        raise click.BadParameter(str(error)) from None
    return value


models_option = click.option(
    "--models/--no-models",
    default=None,
    help="Names by pymorphy3 and natasha beside the rules; by default where detente[press] is installed.",
)
by_option = click.option("--by", metavar="NAME", help="Who does it; by default who is logged in here.")


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
@click.option(
    "--jobs", type=click.IntRange(1, 256), default=1, show_default=True, help="Processes, with a room."
)
@models_option
@by_option
@json_option
def import_(
    files: tuple[str, ...],
    home: str | None,
    room: str | None,
    jobs: int,
    models: bool | None,
    by: str | None,
    as_json: bool,
    **about: str | None,
) -> None:
    """Read pages and print what they say, each finding with the spans it rests on.

    FILE is a saved page (HTML, MHTML), plain text, a channel's export from Telegram, a folder of these, or -
    for standard input. With --home or --room pages and findings are also kept; without, they are
    only printed.
    Many pages into a room: stopped half-way, the same command goes on where it was.
    """
    place = _place(home, room)
    models = _models(models, about["lang"])
    if place is not None and not as_json and files != ("-",):
        _into(place, files, by, jobs, models, about)
        return
    sources, problems = _printed(files, place, by, models, about)
    if as_json:
        common.emit({"sources": sources})
    for source in [] if as_json else sources:
        common.tell(in_words(source))
    _complain(problems, len(sources))


def _into(
    place: Room,
    files: tuple[str, ...],
    by: str | None,
    jobs: int,
    models: bool,
    about: Mapping[str, Any],
) -> None:
    """Files into a room, with progress; the pages' lines where there are few."""
    from detente.node import importing

    paths = importing.expand(files)
    show = common.progress("inputs")
    done = 0

    def progress(more: int) -> None:
        nonlocal done
        done += more
        show(done, len(paths))

    before = {row.page for row in place.rows()}
    outcome = importing.take_all(
        place, paths, _by(by), _now(), about, jobs=jobs, again=True, models=models, progress=progress
    )
    fresh = [row for row in place.rows() if row.page not in before]
    for row in reversed(fresh if len(fresh) <= 20 else []):
        common.tell(in_words(place.show(row.page).source))
        if row.relation:
            common.tell(f"  {row.relation.kind.replace('_', ' ')} of {place.row(row.relation.of).name}")
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(outcome.kinds.items()))
    common.tell(f"{outcome.pages} pages, {outcome.findings} findings{f' ({kinds})' if kinds else ''}")
    _complain(outcome.problems, outcome.pages + outcome.kinds["already here"])


def _printed(
    files: tuple[str, ...],
    place: Room | None,
    by: str | None,
    models: bool,
    about: Mapping[str, str | None],
) -> tuple[list[dict[str, Any]], list[str]]:
    """The SOURCEs of files, kept in the room if there is one; and what could not be read."""
    from detente.node import importing
    from detente.press.models import load
    from detente.press.pages import read_pages

    sources: list[dict[str, Any]] = []
    problems: list[str] = []
    paths: list[str] = ["-"] if files == ("-",) else [str(path) for path in importing.expand(files)]
    show = common.progress("pages")
    for number, file in enumerate(paths, 1):
        name = "-" if file == "-" else Path(file).name
        try:
            raw = common.read_input(file, "the page") if file == "-" else importing.read_input(Path(file))
            if place is not None:
                sources += _kept(place, raw, name, _by(by), models, about)
            else:
                read = read_pages(raw, name=name, models=load if models else None, **about)
                sources += [page.source for page in read]
        except (MalformedError, UsageError) as error:
            problems.append(f"{file}: {error}")
        show(number, len(paths))
    return sources, problems


def _kept(
    place: Room, raw: bytes, name: str, by: str, models: bool, about: Mapping[str, str | None]
) -> list[dict[str, Any]]:
    import hashlib

    from detente.node import importing

    importing.take(place, raw, name, by, _now(), about, models=models)
    digest = hashlib.sha256(raw).hexdigest()
    rows = sorted((row for row in place.rows() if row.sha256 == digest), key=lambda row: row.number)
    return [place.show(row.page).source for row in rows]


def _complain(problems: list[str], taken: int) -> None:
    """A line for each input that could not be read; an error if nothing else was left."""
    if problems and not taken:
        raise MalformedError("; ".join(problems[:20]))
    for problem in problems:
        common.note(problem)
    if problems:
        raise click.exceptions.Exit(1)


@press.command(name="open")
@click.argument("room", metavar="DIR")
@click.option("--listen", default="localhost:0", metavar="HOST:PORT", help="Where; by default any free port.")
@click.option("--no-browser", is_flag=True, help="Only print the address.")
@by_option
@json_option
def open_(room: str, listen: str, no_browser: bool, by: str | None, as_json: bool) -> None:
    """Open the reading room DIR in the browser, made if it is not there: no party, no keys, no network.

    The printed address holds the key to this opening; it works in this machine's browsers until Ctrl-C.
    """
    from detente.cli.serve import until_told
    from detente.web.room.serve import run

    def on_ready(url: str) -> None:
        if as_json:
            common.emit({"url": url})
        else:
            common.tell(f"reading room  {url}\nCtrl-C ends it; everything decided is kept in {room}")
        if not no_browser and not as_json:
            click.launch(url)

    common.run(until_told(run(_room(room, make=True), _by(by), listen, on_ready)))


@press.command(name="review")
@click.argument("room", metavar="DIR")
@click.option("--page", metavar="PAGE", help="Only this page: the beginning of its hash.")
@by_option
@json_option
def review(room: str, page: str | None, by: str | None, as_json: bool) -> None:
    """Go through what waits in the reading room DIR at the terminal, one finding at a time.

    y confirms, n rejects, e corrects, s passes on, b goes back, q ends. With --json: the pages with their
    findings and states, nothing asked.
    """
    from detente.cli import press_review

    place = _room(room)
    rows = [place.row(page)] if page else sorted(place.rows(), key=lambda row: (row.added, row.page))
    if as_json:
        common.emit({"sources": [place.show(row.page).source for row in rows]})
        return
    press_review.run(place, rows, _by(by), _now)


@press.command(name="export")
@click.argument("room", metavar="DIR")
@click.option("--out", metavar="OUT", help="The folder to write; by default DIR-export.")
@click.option("--confirmed", is_flag=True, help="Only what people confirmed or corrected.")
@json_option
def export(room: str, out: str | None, confirmed: bool, as_json: bool) -> None:
    """Write the reading room DIR as files that need no program of ours.

    findings.json, a CSV for each list, decisions.json, the sources as they came, SHA256SUMS.
    """
    from detente.node.room_export import write

    place = _room(room)
    where = Path(out or f"{room.rstrip('/')}-export")
    written = write(place, where, confirmed=confirmed)
    if as_json:
        common.emit({"out": str(where), "files": written})
    else:
        common.tell("\n".join(f"{where / name}" for name in written))


@press.command(name="reread")
@click.argument("room", metavar="DIR")
@click.option("--jobs", type=click.IntRange(1, 256), default=1, show_default=True, help="Processes.")
def reread(room: str, jobs: int) -> None:
    """Read the pages of the reading room DIR again, by the present rules and names; decisions stay."""
    from detente.node import importing

    place = _room(room)
    waiting = len(place.unread())
    show = common.progress("inputs")
    done = 0

    def progress(more: int) -> None:
        nonlocal done
        done += more
        show(done, waiting)

    outcome = importing.reread(place, jobs=jobs, progress=progress)
    common.tell(f"{outcome.pages} pages read again, {outcome.findings} findings")
    _complain(outcome.problems, outcome.pages)


@press.command(name="attach")
@click.argument("room", metavar="DIR")
@click.argument("home", metavar="HOME")
@json_option
def attach(room: str, home: str, as_json: bool) -> None:
    """Take the sources and decisions of the reading room DIR into the party at HOME, beside its record."""
    from detente.node import importing

    party = _place(home, None)
    assert party is not None
    fresh = party.attach(_room(room), lambda raw, one: importing.read(raw, one, party.names()))
    if as_json:
        common.emit({"sources": fresh})
    else:
        common.tell(f"{fresh} sources new here; their decisions came with them")


def in_words(source: Mapping[str, Any]) -> str:
    """A page in a few lines: what was found, by kind, and each contact."""
    from detente.press.decisions import LISTS

    counts = ", ".join(_counted(len(source[name]), name) for name in LISTS if source.get(name))
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


def _place(home: str | None, room: str | None) -> Room | None:
    if home and room:
        raise UsageError("keep the pages either with --home or in a --room, not both")
    if home:
        return _room(str(common.open_home(home).path / "press"), make=True)
    return _room(room, make=True) if room else None


def _models(asked: bool | None, lang: str | None) -> bool:
    """Whether models are used; a line where they were asked for and are not there."""
    from detente.press.models import missing

    if asked:
        lacking = missing(lang or "ru")
        if lacking:
            common.note(lacking)
    return asked is not False


def _room(path: str, *, make: bool = False) -> Room:
    from detente.node.room import Room

    return Room.open(path, make=make)


def _by(name: str | None) -> str:
    """Who decides: as given, else the user of this machine, else said to be unknown."""
    import getpass

    if name and name.strip():
        return name.strip()[:200]
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def _now() -> str:
    from detente.record.entry import rfc3339

    return rfc3339(time.time_ns() // 1_000_000)
