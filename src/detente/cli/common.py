# SPDX-License-Identifier: Apache-2.0
"""What the commands share: HOME, output, channels and entries by their short names, operations."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from detente.errors import RefusedError, UsageError

if TYPE_CHECKING:
    from detente.node.control import Ops
    from detente.node.home import Home
    from detente.node.records import Records
    from detente.node.store import SqliteStore
    from detente.record.entry import Entry

T = TypeVar("T")
HOME_VARIABLE = "DETENTE_HOME"
SHORTEST_PREFIX = 6
AWAITING = 1
_HEX = re.compile(r"[0-9a-f]+")
# Control characters, and marks that turn text around: what a peer writes must not drive the terminal.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class HomeCommand(click.Command):
    """A command whose first argument, HOME, may be left out when DETENTE_HOME is set."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put DETENTE_HOME in front, unless the first argument is a home or nothing was left out."""
        home = os.environ.get(HOME_VARIABLE)
        if home and not ctx.resilient_parsing and self._left_out(ctx, list(args)):
            args = [home, *args]
        return super().parse_args(ctx, args)

    def _left_out(self, ctx: click.Context, args: list[str]) -> bool:
        values, extra, _order = self.make_parser(ctx).parse_args(args)
        arguments = [param for param in self.params if isinstance(param, click.Argument)]
        given = [values[p.name] for p in arguments if isinstance(values.get(p.name), str | tuple)]
        if not given:
            return True
        full = len(given) == len(arguments) and arguments[-1].nargs == 1
        return not is_home(given[0]) and not full and not extra


def is_home(path: object) -> bool:
    """Whether ``path`` looks like a party's directory."""
    return isinstance(path, str) and (Path(path) / "party.json").is_file()


home_argument = click.argument("home", metavar="HOME")
channel_argument = click.argument("channel", metavar="CHANNEL")
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
office_option = click.option(
    "--office", metavar="NAME", help="The office that signs; the only one by default."
)
timeout_option = click.option(
    "--timeout",
    type=click.FloatRange(min=0),
    default=60.0,
    show_default=True,
    metavar="S",
    help="Seconds to wait.",
)


def emit(document: Any) -> None:
    """Print one JSON document on one line."""
    click.echo(json.dumps(document, ensure_ascii=False))


def tell(text: str) -> None:
    """Print text for people; what could drive the terminal is made visible instead."""
    click.echo(printable(text))


def printable(text: str) -> str:
    """``text`` with control and direction characters written out."""
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def note(text: str) -> None:
    """Print a line for people on standard error, beside the output."""
    click.echo(f"detente: {text}", err=True)


def progress(what: str) -> Callable[[int, int], None]:
    """A callable that takes (done, of) and shows them on standard error if that is a terminal."""
    if not sys.stderr.isatty():
        return lambda done, of: None

    def show(done: int, of: int) -> None:
        click.echo(f"\r{what}: {done:,} of {of:,}", err=True, nl=done >= of)

    return show


def open_home(path: str) -> Home:
    """The party at ``path``; UsageError if there is none."""
    from detente.node.home import Home

    if not is_home(path):
        raise UsageError(f"no party at {path}; make one with: detente init {path} --party ID --name NAME")
    return Home.open(path)


def open_store(home: Home) -> SqliteStore:
    """The store for reading: needs no passphrase and disturbs no running node."""
    return home.open_store(read_only=True)


def open_records(home: Home) -> Records:
    """The entries of a home, for reading."""
    from detente.node.records import Records

    return Records(open_store(home))


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end, on the faster loop where there is one."""
    if sys.platform == "win32":
        return asyncio.run(work)
    import uvloop

    return uvloop.run(work)


def with_ops(home: Home, work: Callable[[Ops], Awaitable[T]]) -> T:
    """Run ``work`` with the party's operations: through its node if that is serving, else in this process."""
    from detente.cli.secrets import service_passphrase
    from detente.node.control import connect

    async def act() -> T:
        async with connect(home, passphrase=service_passphrase) as ops:
            return await work(ops)

    return run(act())


def call(home: Home, name: str, **arguments: Any) -> Any:
    """One operation and its result."""
    return with_ops(home, lambda ops: ops.call(name, **arguments))


def find_channel(channels: Sequence[str], text: str, home: object) -> str:
    """The channel id that ``text`` is, or begins; UsageError for a short prefix, RefusedError if not one."""
    wanted = text.lower()
    if wanted in channels:
        return wanted
    if not _HEX.fullmatch(wanted) or len(wanted) < SHORTEST_PREFIX:
        raise UsageError(f"{text!r} is no channel id; give its first {SHORTEST_PREFIX} hex digits or more")
    return _only([channel for channel in channels if channel.startswith(wanted)], "channel", text, home)


def channel_of(home: Home, text: str, store: SqliteStore | None = None) -> str:
    """The id of the channel that ``text`` names in this home."""
    rows = (store or open_store(home)).channels()
    return find_channel([row["channel"] for row in rows], text, home.path)


def find_entry(entries: Sequence[Entry], text: str, where: object) -> Entry:
    """The entry that ``text`` names: its id, the beginning of it, or its ref (``UA-57``)."""
    wanted = text.strip()
    named = [e for e in entries if wanted.lower() == e.id or wanted.upper() == e.ref]
    if not named and _HEX.fullmatch(wanted.lower()) and len(wanted) >= SHORTEST_PREFIX:
        named = [e for e in entries if e.id.startswith(wanted.lower())]
    known = {entry.id: entry for entry in named}
    return known[_only(list(known), "entry", text, where)]


def _only(found: Sequence[str], what: str, text: str, where: object) -> str:
    if len(found) == 1:
        return found[0]
    if not found:
        lister = "detente channel list" if what == "channel" else "detente log"
        raise RefusedError(f"no {what} {text} in {where}; see: {lister}")
    raise RefusedError(f"{text} names {len(found)} of them in {where}; give more of the {what} id")


def read_input(path: str, what: str) -> bytes:
    """The bytes of a file, or of standard input for ``-``; UsageError if it cannot be read."""
    if path == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {what} {path}: {error.strerror}") from None


def finish(result: dict[str, Any], as_json: bool, line: str) -> int:
    """Print what became of an entry; 1 while more signatures are needed, else 0."""
    if as_json:
        emit(result)
    else:
        tell(line)
    return AWAITING if result.get("state") == "awaiting release" else 0
