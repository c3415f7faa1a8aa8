# SPDX-License-Identifier: Apache-2.0
"""``detente watch``: alarms at a terminal, for a post without a browser."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from detente.cli import common
from detente.cli.common import HomeCommand, home_argument, json_option
from detente.cli.times import show
from detente.errors import UnreachableError, UsageError
from detente.words.kinds import KINDS

if TYPE_CHECKING:
    from detente.node.control import Ops
    from detente.node.home import Home
    from detente.node.records import Records
    from detente.record.entry import Entry

BELL = "\a"
URGENT = ("immediate", "flash")
HOOK_TIMEOUT = 60


@click.command(cls=HomeCommand)
@home_argument
@click.option(
    "--hook",
    metavar="CMD",
    help="A program to run for each alarm, with JSON on its standard input; no shell.",
)
@click.option(
    "--post", metavar="NAME", default="watch", show_default=True, help="The name of this watch post."
)
@click.option("--all", "every", is_flag=True, help="Every entry, not only immediate and flash.")
@click.option("--once", is_flag=True, help="End after the first alarm.")
@json_option
def watch(home: str, hook: str | None, post: str, every: bool, once: bool, as_json: bool) -> None:
    """Keep watch: ring for urgent entries, show what to do, and tell the sender that it was displayed.

    With --json each alarm is one line.
    """
    party = common.open_home(home)
    command = _command(hook)
    common.with_ops(party, lambda ops: _Post(party, ops, post, command, every, as_json).keep(once))


class _Post:
    """One watch post: what it shows, it acknowledges as displayed."""

    def __init__(
        self, party: Home, ops: Ops, name: str, hook: Sequence[str], every: bool, as_json: bool
    ) -> None:
        self._name = name
        self._party = party
        self._ops = ops
        self._hook = hook
        self._every = every
        self._as_json = as_json
        self._records = common.open_records(party)
        self._shown: set[str] = set()

    async def keep(self, once: bool) -> None:
        """Ring until the node stops, or after the first alarm if ``once``."""
        # Events are asked for before the backlog is read, so that nothing falls between the two.
        events = self._ops.events()
        coming = asyncio.ensure_future(anext(events, None))
        await self._ops.call("watch_on", post=self._name)
        if not self._as_json:
            common.note(f"watch post {self._name} is on; Ctrl-C ends it")
        try:
            if await self._backlog() and once:
                return
            while (event := await coming) is not None:
                coming = asyncio.ensure_future(anext(events, None))
                if await self._take(event) and once:
                    return
            raise UnreachableError("the node stopped; start it, and the watch again")
        finally:
            coming.cancel()
            with contextlib.suppress(UnreachableError):
                await self._ops.call("watch_off", post=self._name)

    async def _backlog(self) -> bool:
        """Show what came before this post was on and no post has shown yet."""
        found = False
        for row in common.open_store(self._party).channels():
            for entry in self._records.entries(row["channel"]):
                if entry.state == "received" and entry.precedence in URGENT and entry.id not in self._shown:
                    found = await self._ring(entry, urgent=True) or found
        return found

    async def _take(self, event: Mapping[str, Any]) -> bool:
        if event.get("event") not in ("entry", "alarm") or event.get("id") in self._shown:
            return False
        urgent = event.get("urgent") or event.get("precedence") in URGENT or event["event"] == "alarm"
        if not urgent and not self._every:
            return False
        entry = _entry(self._records, event["channel"], event["id"])
        if entry is None:
            return False
        return await self._ring(entry, urgent=bool(urgent))

    async def _ring(self, entry: Entry, *, urgent: bool) -> bool:
        kind = KINDS.get(entry.kind)
        if entry.mine or (kind is not None and not kind.acked):
            return False
        self._shown.add(entry.id)
        self._show(entry, urgent)
        await self._ops.call("displayed", channel=entry.channel, id=entry.id, post=self._name)
        await self._run_hook(entry)
        return True

    def _show(self, entry: Entry, urgent: bool) -> None:
        from detente.cli.log import in_words
        from detente.record.timeline import to_json

        if self._as_json:
            common.emit({"channel": entry.channel, "entry": to_json(entry)})
            return
        if urgent and sys.stdout.isatty():
            click.echo(BELL, nl=False)
        entries = self._records.entries(entry.channel)
        charter = self._records.charter(entry.channel)
        common.tell(in_words(entry, {e.id: e.ref for e in entries}, self._party.info.lang, charter))
        common.tell(answerer_card(entry, str(self._party.path), _ack_due(self._records, entry)))

    async def _run_hook(self, entry: Entry) -> None:
        from detente.record.timeline import to_json

        if not self._hook:
            return
        document = json.dumps(
            {"channel": entry.channel, "entry": to_json(entry)}, ensure_ascii=False
        ).encode()
        try:
            process = await asyncio.create_subprocess_exec(*self._hook, stdin=asyncio.subprocess.PIPE)
        except OSError as error:
            common.note(f"the hook {self._hook[0]} did not start: {error.strerror}")
            return
        try:
            await asyncio.wait_for(process.communicate(document), HOOK_TIMEOUT)
        except TimeoutError:
            process.kill()
            common.note(f"the hook {self._hook[0]} ran longer than {HOOK_TIMEOUT} s and was ended")
            return
        if process.returncode:
            common.note(f"the hook {self._hook[0]} ended with status {process.returncode}")


def answerer_card(entry: Entry, home: str, due: int | None) -> str:
    """What whoever is at the post can do at once, as commands that can be copied."""
    line = f"{shlex.quote(home)} {entry.channel[:12]}"
    base = f"{line} {entry.ref}"
    lines = [f"    acknowledge by {show(due)}"] if due is not None else []
    return "\n".join(
        [
            *lines,
            f"    taken:      detente ack {base} --state read",
            f"    passed on:  detente ack {base} --state referred --by POST",
            f"    later:      detente ack {base} --state will-answer --until TIME",
            f"    answer:     detente say {line} message - --re {entry.ref}",
        ]
    )


def _ack_due(records: Records, entry: Entry) -> int | None:
    charter = records.charter(entry.channel)
    dues: dict[str, int] = {str(k): v for k, v in charter.ack_due.items()} if charter else {}
    seconds = dues.get(entry.precedence)
    return None if seconds is None else entry.placed + seconds * 1000


def _entry(records: Records, channel: str, identifier: str) -> Entry | None:
    return next((entry for entry in records.entries(channel) if entry.id == identifier), None)


def _command(hook: str | None) -> list[str]:
    """The hook's words. UsageError now, rather than at the first alarm, if it cannot be run."""
    try:
        words = shlex.split(hook) if hook else []
    except ValueError as error:
        raise UsageError(f"--hook {hook!r} is not a command: {error}") from None
    if words and shutil.which(words[0]) is None:
        raise UsageError(f"--hook {hook!r}: there is no program {words[0]} that can be run")
    return words
