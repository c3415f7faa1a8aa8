# SPDX-License-Identifier: Apache-2.0
"""``detente office``: offices, their keys and their mandates. The root key signs each change."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from detente.cli import common
from detente.cli.common import HomeCommand, home_argument, json_option
from detente.cli.times import Time, now_ms, show
from detente.errors import RefusedError, UsageError
from detente.words.entry import PRECEDENCES

if TYPE_CHECKING:
    from detente.node.home import Home
    from detente.seal.keys import SigningKey

F = TypeVar("F", bound=Callable[..., Any])

name_argument = click.argument("name", metavar="OFFICE")
root_option = click.option("--root", metavar="FILE", help="The root key's file, where it is not in HOME.")


def mandate_options(command: F) -> F:
    """The options that make up a mandate."""
    options = (
        click.option("--title", metavar="TEXT", help="What people call the office."),
        click.option(
            "--kind", "kinds", multiple=True, metavar="KIND", help="A kind it may sign; all by default."
        ),
        click.option("--precedence", type=click.Choice(PRECEDENCES), default="flash", show_default=True),
        click.option("--signers", type=click.IntRange(1, 16), default=1, show_default=True, metavar="K"),
        click.option("--of", "of", multiple=True, metavar="OFFICE", help="Who may sign with it. Repeatable."),
        click.option("--emergency", is_flag=True, help="One signer may release alone; it is marked so."),
        click.option("--from", "since", type=Time(), metavar="TIME", help="In force from; now by default."),
        click.option("--to", "until", type=Time(), metavar="TIME", help="In force until; no end by default."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.group(name="office")
def office() -> None:
    """Offices: posts of this party that may speak, each with its own key and mandate."""


@office.command(cls=HomeCommand)
@home_argument
@name_argument
@mandate_options
@root_option
@json_option
def add(home: str, name: str, root: str | None, as_json: bool, **fields: Any) -> None:
    """Make an office: a key under its own passphrase, and a mandate.

    Four eyes: --signers 2 --of OFFICE --of OTHER.
    """
    from detente.cli.secrets import new_office_passphrase
    from detente.node.keystore import add_office, revoked

    party = common.open_home(home)
    if party.office_file(name).is_file() and not revoked(party, name):
        raise RefusedError(
            f"the office {name} is there already; another mandate: detente office mandate {home} {name}"
        )
    key, checked = unlock_root(party, root), _fields(name, fields)
    passphrase = new_office_passphrase(name)
    _issued(
        party, add_office(party, key, name, office_pass=passphrase, now=now_ms(), **checked), name, as_json
    )


@office.command(cls=HomeCommand)
@home_argument
@name_argument
@mandate_options
@root_option
@json_option
def mandate(home: str, name: str, root: str | None, as_json: bool, **fields: Any) -> None:
    """Give an office another mandate; it replaces the one before."""
    from detente.node.keystore import change_mandate

    party = common.open_home(home)
    if name not in party.offices():
        here = ", ".join(party.offices()) or "none"
        raise RefusedError(f"no office {name} has its key in {home}; there are: {here}")
    key = unlock_root(party, root)
    _issued(party, change_mandate(party, key, name, now=now_ms(), **_fields(name, fields)), name, as_json)


@office.command(cls=HomeCommand)
@home_argument
@name_argument
@click.option("--reason", default="", metavar="TEXT", help="Why, in words.")
@click.option(
    "--from", "since", type=Time(), metavar="TIME", help="Not to be relied on since; now by default."
)
@root_option
@json_option
def revoke(home: str, name: str, reason: str, since: int | None, root: str | None, as_json: bool) -> None:
    """Revoke an office's mandate."""
    from detente.node.keystore import revoke as revoke_mandate

    party = common.open_home(home)
    held = {row["office"]: row for row in mandates(common.open_store(party).credentials(), now_ms())}
    if name not in held or held[name]["state"] == "revoked":
        raise RefusedError(f"the office {name} has no mandate to revoke; see: detente office list {home}")
    key = unlock_root(party, root)
    _issued(party, revoke_mandate(party, key, name, reason=reason, now=now_ms(), since=since), name, as_json)


@office.command(name="list", cls=HomeCommand)
@home_argument
@json_option
def list_(home: str, as_json: bool) -> None:
    """List the offices with their mandates."""
    rows = mandates(common.open_store(common.open_home(home)).credentials(), now_ms())
    if as_json:
        common.emit({"offices": rows})
    for row in [] if as_json else rows:
        who = f"{row['signers']['k']} of {', '.join(row['signers']['of'])}"
        kinds = "every kind" if row["kinds"] == ["*"] else ", ".join(row["kinds"])
        common.tell(
            f"{row['office']:<16} {row['state']:<9} {row['title']}; {who}; up to {row['precedence']}; {kinds}"
        )


def mandates(credentials: list[dict[str, Any]], now: int) -> list[dict[str, Any]]:
    """The newest mandate of each office, with its state at ``now`` (ms)."""
    from detente.seal.credential import credential_id

    docs = [credential["doc"] for credential in credentials]
    revoked = {doc["revokes"]: doc["from"] for doc in docs if doc["type"] == "revocation"}
    newest: dict[str, dict[str, Any]] = {}
    for doc in docs:
        if doc["type"] == "mandate" and doc["serial"] >= newest.get(doc["office"], doc)["serial"]:
            newest[doc["office"]] = doc
    return [_row(doc, credential_id(doc), revoked, now) for _name, doc in sorted(newest.items())]


def _row(doc: dict[str, Any], identifier: str, revoked: dict[str, int], now: int) -> dict[str, Any]:
    state = "in force"
    if revoked.get(identifier, now + 1) <= now:
        state = "revoked"
    elif doc["from"] > now:
        state = "not yet"
    elif doc.get("to") is not None and doc["to"] <= now:
        state = "ended"
    names = ("office", "title", "kinds", "precedence", "signers")
    return {name: doc[name] for name in names} | {
        "emergency": bool(doc.get("emergency")),
        "from": show(doc["from"]),
        "to": None if doc.get("to") is None else show(doc["to"]),
        "state": state,
        "id": identifier,
    }


def unlock_root(party: Home, root: str | None) -> SigningKey:
    """The root key, from the file ``root`` or from the home."""
    from detente.cli.secrets import root_passphrase
    from detente.node.vaults import unlock_root as unlock

    if root is None and not party.root_file.is_file():
        raise UsageError(f"the root key of {party.info.party} is offline; bring it and say --root FILE")
    if root is None:
        return unlock(party, root_passphrase())
    return unlock(root, root_passphrase(), party.info.fingerprint)


def _fields(name: str, mandate: dict[str, Any]) -> dict[str, Any]:
    """The mandate's fields as the keystore takes them. Without --of, the office signs alone."""
    of = list(mandate["of"]) or [name]
    if mandate["signers"] > len(set(of)):
        raise UsageError(f"--signers {mandate['signers']} needs as many different --of OFFICE")
    if mandate["until"] is not None and mandate["until"] <= (mandate["since"] or now_ms()):
        raise UsageError("--to lies before the mandate begins")
    return {
        "title": mandate["title"] or name,
        "kinds": list(mandate["kinds"]) or ["*"],
        "precedence": mandate["precedence"],
        "k": mandate["signers"],
        "of": of,
        "emergency": mandate["emergency"],
        "since": mandate["since"],
        "until": mandate["until"],
    }


def _issued(party: Home, credential: dict[str, Any], name: str, as_json: bool) -> None:
    """Make the credential known on every open line, and say what was issued."""
    from detente.seal.credential import credential_id

    common.call(party, "add_credential", credential=credential)
    document = {"office": name, "id": credential_id(credential["doc"]), "type": credential["doc"]["type"]}
    if as_json:
        common.emit(document)
    else:
        common.tell(f"{document['type']} for {name}: {document['id']}")
