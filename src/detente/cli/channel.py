# SPDX-License-Identifier: Apache-2.0
"""``detente channel``: propose, assent, decline, show, list, register; the charter's template."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click
import msgspec

from detente.cli import common
from detente.cli.common import (
    HomeCommand,
    channel_argument,
    home_argument,
    json_option,
    office_option,
    timeout_option,
)
from detente.errors import RefusedError

if TYPE_CHECKING:
    from detente.node.records import Records

CHARTERS = ("charter", "charter.amendment")


@click.group(name="channel")
def channel() -> None:
    """Channels, registers and their charters."""


@channel.command()
@json_option
def template(as_json: bool) -> None:
    """Print a commented charter to fill in, for --charter."""
    from detente.words.charter import template as charter_template

    text = charter_template()
    if as_json:
        common.emit({"template": text})
    else:
        click.echo(text, nl=not text.endswith("\n"))


@channel.command(cls=HomeCommand)
@home_argument
@click.option(
    "--with", "peers", multiple=True, required=True, metavar="PARTY", help="A met party. Repeatable."
)
@click.option("--charter", "charter_file", metavar="FILE", help="The charter as TOML; see: channel template.")
@click.option("--regime", "regimes", multiple=True, metavar="R", help="A regime in force. Repeatable.")
@click.option(
    "--witness", "witnesses", multiple=True, metavar="W", help="A witness's verifier key. Repeatable."
)
@office_option
@json_option
def propose(
    home: str,
    peers: tuple[str, ...],
    charter_file: str | None,
    regimes: tuple[str, ...],
    witnesses: tuple[str, ...],
    office: str | None,
    as_json: bool,
) -> int:
    """Open a channel and propose its charter to other parties."""
    from detente.cli.authors import author_of
    from detente.cli.charters import charter_for, find_peer, met
    from detente.cli.times import now_ms

    party = common.open_home(home)
    members = [find_peer(met(party), name, home) for name in peers]
    body = charter_for(party, members, charter_file, regimes, witnesses)
    identifier = secrets.token_hex(16)
    signed = author_of(party, office).make(identifier, "charter", body, now_ms=now_ms())
    fingerprints = [member["fingerprint"] for member in members]
    result = common.call(party, "new_channel", **{"with": fingerprints, "charter": signed.to_json()})
    names = ", ".join(member["id"] for member in members)
    return common.finish(result, as_json, f"{result['channel']}\nproposed to {names} as {result['ref']}")


@channel.command(cls=HomeCommand)
@home_argument
@channel_argument
@click.option(
    "--to", metavar="ENTRY", help="The entry to assent to; by default the charter or amendment that waits."
)
@timeout_option
@office_option
@json_option
def assent(home: str, channel: str, to: str | None, timeout: float, office: str | None, as_json: bool) -> int:
    """Agree to a proposed charter; waits for it to arrive, and for the assent to be delivered."""
    return _answer(home, channel, "assent", {}, to, timeout, office, as_json)


@channel.command(cls=HomeCommand)
@home_argument
@channel_argument
@click.option("--reason", metavar="R", help="A neutral reason, in words.")
@click.option(
    "--to", metavar="ENTRY", help="The entry to decline; by default the charter or amendment that waits."
)
@timeout_option
@office_option
@json_option
def decline(
    home: str,
    channel: str,
    reason: str | None,
    to: str | None,
    timeout: float,
    office: str | None,
    as_json: bool,
) -> int:
    """Decline a proposed charter, with a neutral reason."""
    body = {"reason": reason} if reason else {}
    return _answer(home, channel, "decline", body, to, timeout, office, as_json)


@channel.command(cls=HomeCommand)
@home_argument
@channel_argument
@json_option
def show(home: str, channel: str, as_json: bool) -> None:
    """Show a channel's charter and who assented to it."""
    party = common.open_home(home)
    records = common.open_records(party)
    identifier = common.channel_of(party, channel)
    document = _describe(records, identifier)
    if as_json:
        common.emit(document)
    else:
        common.tell(_in_words(document))


@channel.command(name="list", cls=HomeCommand)
@home_argument
@json_option
def list_(home: str, as_json: bool) -> None:
    """List the channels and registers of a party."""
    party = common.open_home(home)
    records = common.open_records(party)
    rows = [_row(records, row) for row in common.open_store(party).channels()]
    if as_json:
        common.emit({"channels": rows})
    for row in [] if as_json else rows:
        about = row["about"] or ", ".join(row["parties"])
        common.tell(f"{row['channel']}  {row['state']:<9} {row['entries']:>6} entries  {about}")


@channel.command(cls=HomeCommand)
@home_argument
@click.option("--about", required=True, metavar="NAME", help="The side without a node.")
@click.option("--charter", "charter_file", metavar="FILE", help="The charter as TOML; see: channel template.")
@click.option("--regime", "regimes", multiple=True, metavar="R", help="A regime in force. Repeatable.")
@office_option
@json_option
def register(
    home: str,
    about: str,
    charter_file: str | None,
    regimes: tuple[str, ...],
    office: str | None,
    as_json: bool,
) -> int:
    """Open a register: our own notes of contacts with a side that has no node."""
    from detente.cli.authors import author_of
    from detente.cli.charters import charter_for
    from detente.cli.times import now_ms

    party = common.open_home(home)
    body = charter_for(party, [], charter_file, regimes, ()) | {"about": about}
    signed = author_of(party, office).make(secrets.token_hex(16), "charter", body, now_ms=now_ms())
    result = common.call(party, "register", about=about, charter=signed.to_json())
    return common.finish(
        result, as_json, f"{result['channel']}\nregister about {about}, opened as {result['ref']}"
    )


def _answer(
    home: str,
    channel: str,
    kind: str,
    body: dict[str, Any],
    to: str | None,
    timeout: float,
    office: str | None,
    as_json: bool,
) -> int:
    from detente.cli.authors import author_of, report, submit_and_wait
    from detente.cli.waiting import proposal

    party = common.open_home(home)
    author = author_of(party, office)

    async def act(ops: Any) -> dict[str, Any]:
        identifier, target = await proposal(ops, party, channel, to, timeout)
        result = await submit_and_wait(ops, author, identifier, kind, body, "delivered", timeout, re=[target])
        return {"channel": identifier} | result

    word = "assented" if kind == "assent" else "declined"
    return report(
        party, act, as_json, lambda r: f"{r['channel']}\n{word} as {r.get('ref') or r['id']}, {r['state']}"
    )


def _row(records: Records, row: Mapping[str, Any]) -> dict[str, Any]:
    from detente.record.entry import rfc3339

    identifier = row["channel"]
    proposed = records.proposed(identifier)
    charter = records.charter(identifier) or (proposed[1] if proposed else None)
    return {
        "channel": identifier,
        "state": records.channel_state(identifier),
        "about": row.get("about") or None,
        "parties": [member.id for member in charter.members] if charter else [],
        "entries": records.count(identifier),
        "created": rfc3339(row["created"]),
    }


def _describe(records: Records, identifier: str) -> dict[str, Any]:
    entries = records.entries(identifier)
    charters = [entry for entry in entries if entry.kind in CHARTERS]
    if not charters:
        raise RefusedError(f"the charter of {identifier} has not arrived; try again when the line is up")
    charter, in_force = charters[0], records.charter(identifier)
    return {
        "channel": identifier,
        "state": records.channel_state(identifier),
        "charter": {"id": charter.id, "ref": charter.ref, "by": charter.party, "body": charter.body},
        "amendments": [{"id": e.id, "ref": e.ref, "by": e.party, "body": e.body} for e in charters[1:]],
        "in_force": None if in_force is None else msgspec.to_builtins(in_force),
        "answers": [
            {"id": e.id, "ref": e.ref, "party": e.party, "kind": e.kind, "re": list(e.re)}
            for e in entries
            if e.kind in ("assent", "decline") and {c.id for c in charters}.intersection(e.re)
        ],
    }


def _in_words(document: Mapping[str, Any]) -> str:
    from detente.words.render import plain

    charter = document["charter"]
    lines = [
        f"{document['channel']}  {document['state']}",
        f"{charter['ref']} charter, proposed by {charter['by']}",
    ]
    lines.append(plain("charter", document["in_force"] or charter["body"]))
    for amendment in document["amendments"]:
        lines += [f"{amendment['ref']} amendment, proposed by {amendment['by']}"]
        lines.append(plain("charter.amendment", amendment["body"]))
    lines += [f"{answer['ref']} {answer['party']} {answer['kind']}" for answer in document["answers"]]
    return "\n".join(lines)
