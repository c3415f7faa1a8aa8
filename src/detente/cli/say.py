# SPDX-License-Identifier: Apache-2.0
"""``detente say`` and ``detente ack``: one entry, or a stream of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from detente.cli import common
from detente.cli.common import (
    HomeCommand,
    channel_argument,
    home_argument,
    json_option,
    office_option,
    timeout_option,
)
from detente.cli.times import Time, now_ms
from detente.errors import MalformedError, RefusedError, UsageError
from detente.words.entry import MARKS, PRECEDENCES

if TYPE_CHECKING:
    from detente.node.home import Home
    from detente.node.records import Records
    from detente.words.charter import Charter

BODY_LIMIT = 1 << 20
STATES = ("read", "understood", "referred", "declined", "will-answer")
WAITS = ("kept", "delivered", "displayed", "read")


def _complete_kind(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from detente.words.kinds import KINDS

    return [CompletionItem(name) for name in KINDS if name.startswith(incomplete)]


@click.command(cls=HomeCommand)
@home_argument
@channel_argument
@click.argument("kind", required=False, metavar="KIND", shell_complete=_complete_kind)
@click.argument("body", required=False, metavar="[BODY.json|-]")
@click.option(
    "--re", "re_", multiple=True, metavar="ID", help="An entry it refers to: id or ref. Repeatable."
)
@click.option("--precedence", type=click.Choice(PRECEDENCES), default="routine", show_default=True)
@click.option("--mark", type=click.Choice(MARKS), default="real", show_default=True)
@click.option(
    "--to", multiple=True, metavar="PARTY", help="An action addressee; all members by default. Repeatable."
)
@click.option("--not-after", type=Time(), metavar="TIME", help="Not to be placed after.")
@click.option("--emergency", is_flag=True, help="Release alone under a mandate that allows it; marked so.")
@click.option("--lang", metavar="L", help="The language of the body.")
@click.option(
    "--wait", "until", type=click.Choice(WAITS), default="kept", show_default=True, help="Return when it is."
)
@timeout_option
@click.option("--stream", is_flag=True, help="One JSON object a line in, one a line out.")
@office_option
@json_option
def say(home: str, channel: str, kind: str | None, body: str | None, stream: bool, **options: Any) -> int:
    """Author, sign and release an entry of KIND with the JSON body in a file, or on standard input for -.

    With --stream each line in is {"kind","body",…} and each line out {"id","state","times"}, in microseconds
    from accepting the line.
    """
    party = common.open_home(home)
    identifier = common.channel_of(party, channel)
    if stream:
        if kind is not None:
            raise UsageError("--stream takes kinds and bodies from standard input; leave out KIND and BODY")
        from detente.cli.stream import run_stream

        return run_stream(party, identifier, options["office"], options["timeout"])
    if kind is None:
        raise UsageError("say what: KIND is missing; the kinds are listed by: detente schema --kinds")
    content = _read_body(kind, body)
    return _say(party, identifier, kind, content, **options)


def _say(
    party: Home,
    channel: str,
    kind: str,
    body: dict[str, Any],
    *,
    re_: tuple[str, ...],
    to: tuple[str, ...],
    until: str,
    timeout: float,
    office: str | None,
    as_json: bool,
    **optional: Any,
) -> int:
    from detente.cli.authors import author_of, report, submit_and_wait

    records = common.open_records(party)
    entries = records.entries(channel) if re_ else []
    optional["re"] = [common.find_entry(entries, text, channel).id for text in re_]
    if kind == "charter.amendment":
        optional["re"] = _amended(records, channel, body, optional["re"])
    if kind == "phrase":
        _sayable(records.charter(channel), body)
    if to:
        optional["to"] = [_member(records.charter(channel), name) for name in to]
    given = {name: value for name, value in optional.items() if value not in (None, False)}
    author = author_of(party, office)

    async def act(ops: Any) -> dict[str, Any]:
        return await submit_and_wait(ops, author, channel, kind, body, until, timeout, **given)

    return report(party, act, as_json, _line)


def _line(result: dict[str, Any]) -> str:
    if result["state"] == "awaiting release":
        return f"{result['id']}\nawaiting release; next: detente draft sign HOME {result['id']}"
    return f"{result.get('ref') or '-'}  {result['id']}  {result['state']}"


def _amended(records: Records, channel: str, body: dict[str, Any], re_: list[str]) -> list[str]:
    """What an amendment refers to: the charter it changes, without which nobody's assent would apply it.

    RefusedError if it names another charter, or leaves one that cannot be.
    """
    import msgspec

    from detente.words.charter import amend

    proposed = records.proposed(channel)
    if proposed is None or body["charter"] != proposed[0]:
        here = "it has none yet" if proposed is None else f"its charter is {proposed[0]}"
        raise RefusedError(f"the amendment names {body['charter']!r}, not this channel's charter; {here}")
    try:
        amend(msgspec.to_builtins(records.charter(channel) or proposed[1]), body["changes"])
    except MalformedError as error:
        raise RefusedError(f"the charter cannot be changed so: {error}") from None
    return re_ if proposed[0] in re_ else [proposed[0], *re_]


def _sayable(charter: Charter | None, body: dict[str, Any]) -> None:
    """RefusedError for a phrase that the charter lacks, or without a parameter: nobody could read it."""
    from detente.words.phrases import render_phrase

    if charter is not None:
        render_phrase(charter, body["code"], body.get("parameters") or {}, "en")


def _member(charter: Any, name: str) -> str:
    members = charter.members if charter is not None else []
    found = [m.fingerprint for m in members if name.upper() == m.id or m.fingerprint.startswith(name.lower())]
    if len(found) != 1:
        known = ", ".join(member.id for member in members) or "nobody yet"
        raise RefusedError(f"{name} is not one member of this channel; its members: {known}")
    return str(found[0])


def _read_body(kind: str, path: str | None) -> dict[str, Any]:
    """The body, checked against its kind. Without one it is empty, which few kinds accept."""
    from detente.seal.canonical import loads
    from detente.words.kinds import KINDS, check_body

    known = KINDS.get(kind)
    if known is None:
        raise UsageError(f"no kind {kind!r}; the kinds are listed by: detente schema --kinds")
    if known.office != "any":
        raise UsageError(f"{kind} entries are written by the node itself; nobody says them")
    where = "standard input" if path == "-" else path or "the (missing) body"
    try:
        body = loads(common.read_input(path, "the body"), limit=BODY_LIMIT) if path else {}
        if not isinstance(body, dict):
            raise MalformedError("a body is a JSON object")
        check_body(kind, body)
    except MalformedError as error:
        raise MalformedError(f"{where}: {error}; see: detente schema --kind {kind}") from None
    return body


@click.command(cls=HomeCommand)
@home_argument
@channel_argument
@click.argument("entry", metavar="ID")
@click.option("--state", type=click.Choice(STATES), default="read", show_default=True)
@click.option(
    "--note", metavar="TEXT", help="In words; for understood the sense given back, for declined the reason."
)
@click.option("--by", metavar="POST", help="The post that did it; for referred, the post that now has it.")
@click.option("--until", "answer_by", type=Time(), metavar="TIME", help="For will-answer: by when.")
@office_option
@json_option
def ack(home: str, channel: str, entry: str, office: str | None, as_json: bool, **fields: Any) -> int:
    """Acknowledge an entry: read, understood, referred, declined, will-answer."""
    from detente.cli.authors import author_of, report, submit_and_wait

    party = common.open_home(home)
    identifier = common.channel_of(party, channel)
    target = common.find_entry(common.open_records(party).entries(identifier), entry, channel)
    if target.mine:
        raise RefusedError(f"{target.ref} is this party's own; the other side acknowledges it")
    if fields["state"] == "will-answer" and fields["answer_by"] is None:
        raise UsageError("will-answer needs a time; give --until TIME")
    if fields["answer_by"] is not None and fields["answer_by"] <= now_ms():
        raise UsageError("--until lies in the past; say by when it will be answered")
    fields["until"] = fields.pop("answer_by")
    data = {name: value for name, value in fields.items() if value is not None}
    author = author_of(party, office)

    async def act(ops: Any) -> dict[str, Any]:
        return await submit_and_wait(ops, author, identifier, "ack", data, "kept", 0.0, re=[target.id])

    return report(party, act, as_json, lambda result: f"{target.ref} {fields['state']}: {_line(result)}")
