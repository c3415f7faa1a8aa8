# SPDX-License-Identifier: Apache-2.0
"""``detente draft``: the desk. A second office signs and releases, or returns with a remark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from detente.cli import common
from detente.cli.common import HomeCommand, home_argument, json_option, office_option
from detente.errors import RefusedError, UsageError

if TYPE_CHECKING:
    from detente.node.home import Home

draft_argument = click.argument("draft_id", metavar="ID")


@click.group(name="draft")
def draft() -> None:
    """The desk: drafts that wait for more signatures, and releases that can still be recalled."""


@draft.command(name="list", cls=HomeCommand)
@home_argument
@json_option
def list_(home: str, as_json: bool) -> None:
    """List the drafts."""
    rows = common.call(common.open_home(home), "drafts")
    if as_json:
        common.emit({"drafts": rows})
    for row in [] if as_json else rows:
        common.tell(_line(row))


@draft.command(cls=HomeCommand)
@home_argument
@draft_argument
@json_option
def show(home: str, draft_id: str, as_json: bool) -> None:
    """Show a draft with its body, signatures and remarks."""
    from detente.words.render import plain

    party = common.open_home(home)
    document = common.call(party, "draft_show", id=_find(party, draft_id)["id"])
    if as_json:
        common.emit(document)
        return
    common.tell(_line(document))
    charter = common.open_records(party).charter(document["channel"])
    common.tell(plain(document["kind"], document.get("body"), charter=charter))
    for remark in document.get("remarks", []):
        common.tell(f"returned: {_remark(remark)}")


@draft.command(cls=HomeCommand)
@home_argument
@draft_argument
@office_option
@json_option
def sign(home: str, draft_id: str, office: str | None, as_json: bool) -> int:
    """Add an office's signature; the draft is not released by that."""
    party = common.open_home(home)
    row = _find(party, draft_id)
    signature = _signature(party, row["id"], office)
    result = {"id": row["id"]} | common.call(party, "draft_sign", id=row["id"], signature=signature)
    return common.finish(result, as_json, f"{row['id']}\n{result.get('state', 'signed')}")


@draft.command(cls=HomeCommand)
@home_argument
@draft_argument
@click.option(
    "--sign/--no-sign", default=None, help="Sign first, or not. By default: if a signature is missing."
)
@office_option
@json_option
def release(home: str, draft_id: str, sign: bool | None, office: str | None, as_json: bool) -> int:
    """Release a draft: it is placed and goes out. Signs it first if a signature is missing."""
    party = common.open_home(home)
    row = _find(party, draft_id)
    missing = len(row.get("signatures", [])) < row.get("needed", 1)
    arguments: dict[str, Any] = {"id": row["id"]}
    if sign or (sign is None and missing):
        arguments["signature"] = _signature(party, row["id"], office)
    result = {"id": row["id"]} | common.call(party, "draft_release", **arguments)
    return common.finish(result, as_json, f"{result.get('ref') or '-'}  {result['id']}  {result['state']}")


@draft.command(name="return", cls=HomeCommand)
@home_argument
@draft_argument
@click.option("--remark", required=True, metavar="TEXT", help="What is to be changed.")
@click.option("--by", metavar="OFFICE", default="", help="The office that returns it.")
@json_option
def return_(home: str, draft_id: str, remark: str, by: str, as_json: bool) -> int:
    """Return a draft to its author with a remark."""
    party = common.open_home(home)
    row = _find(party, draft_id)
    result = common.call(party, "draft_return", id=row["id"], remark=remark, by=by) or {}
    return common.finish({"id": row["id"], "state": "returned"} | result, as_json, f"{row['id']}\nreturned")


@draft.command(cls=HomeCommand)
@home_argument
@draft_argument
@json_option
def recall(home: str, draft_id: str, as_json: bool) -> int:
    """Recall a release within the party's recall time, before it is placed."""
    party = common.open_home(home)
    row = _find(party, draft_id)
    result = common.call(party, "draft_recall", id=row["id"]) or {}
    return common.finish({"id": row["id"], "state": "recalled"} | result, as_json, f"{row['id']}\nrecalled")


@draft.command(name="recall-time", cls=HomeCommand)
@home_argument
@click.argument("seconds", required=False, type=click.IntRange(0, 3600), metavar="[SECONDS]")
@json_option
def recall_time(home: str, seconds: int | None, as_json: bool) -> None:
    """Show or set for how long a routine or priority release can be recalled (0: not at all)."""
    result = common.call(common.open_home(home), "recall_time", seconds=seconds)
    if as_json:
        common.emit(result)
    else:
        common.tell(f"{result['seconds']} seconds")


def _find(party: Home, text: str) -> dict[str, Any]:
    rows: list[dict[str, Any]] = common.call(party, "drafts")
    found = [row for row in rows if row["id"] == text.lower()]
    if not found and len(text) < common.SHORTEST_PREFIX:
        raise UsageError(
            f"{text!r} is no draft id; give its first {common.SHORTEST_PREFIX} hex digits or more"
        )
    found = found or [row for row in rows if row["id"].startswith(text.lower())]
    if len(found) != 1:
        what = "no draft" if not found else f"{len(found)} drafts begin with"
        raise RefusedError(f"{what} {text} in {party.path}; see: detente draft list {party.path}")
    return found[0]


def _signature(party: Home, draft_id: str, office: str | None) -> dict[str, Any]:
    from detente.cli.authors import author_of

    document = common.call(party, "draft_show", id=draft_id)
    statement = document.get("statement") or document["signed"]["statement"]
    return author_of(party, office).sign(statement)


def _line(row: dict[str, Any]) -> str:
    signed = f"signed: {', '.join(row.get('signatures', [])) or 'nobody'} of {row['needed']}"
    return f"{row['id']}  {row['status']:<10} {row['kind']} by {row['office']}; {signed}"


def _remark(remark: Any) -> str:
    return f"{remark.get('remark')} ({remark.get('by') or '-'})" if isinstance(remark, dict) else str(remark)
