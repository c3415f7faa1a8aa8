# SPDX-License-Identifier: Apache-2.0
"""``detente keys``: the root key offline, logs prepared ahead, and going on after a loss."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from detente.cli import common
from detente.cli.common import HomeCommand, home_argument, json_option
from detente.cli.office import root_option, unlock_root
from detente.errors import RefusedError, UsageError

if TYPE_CHECKING:
    from detente.node.control import Ops
    from detente.node.home import Home
    from detente.node.store import SqliteStore
    from detente.seal.keys import SigningKey


@click.group(name="keys")
def keys() -> None:
    """The root key, the logs it prepares ahead, and successions."""


@keys.command(cls=HomeCommand)
@home_argument
@root_option
@click.option(
    "--count", type=click.IntRange(1, 64), default=8, show_default=True, help="How many logs to prepare."
)
@json_option
def prepare(home: str, root: str | None, count: int, as_json: bool) -> None:
    """Prepare logs: certify keys for channels to come, so that the root key can stay offline."""
    from detente.cli.secrets import service_passphrase
    from detente.cli.times import now_ms
    from detente.node.keystore import prepare_logs

    party = common.open_home(home)
    unused = prepare_logs(party, unlock_root(party, root), service_passphrase(), count, now_ms())
    if party.serving() is not None:
        common.note("the node takes them up when it is started again")
    if as_json:
        common.emit({"prepared": count, "unused": unused})
    else:
        common.tell(f"{count} logs prepared, {unused} unused")


@keys.command(name="take-root-offline", cls=HomeCommand)
@home_argument
@click.argument("file", metavar="FILE")
@json_option
def take_root_offline(home: str, file: str, as_json: bool) -> None:
    """Move the root key out of HOME to FILE, on a medium that is kept in a safe."""
    party = common.open_home(home)
    if not party.root_file.is_file():
        raise RefusedError(
            f"the root key of {party.info.party} is not in {home}; it was taken offline before"
        )
    target = Path(file)
    if target.is_dir():
        target = target / f"{party.info.party}-root.json"
    if target.exists():
        raise RefusedError(f"{target} is there already; choose another name")
    _move(party.root_file, target)
    if as_json:
        common.emit({"root_key": str(target)})
    else:
        common.tell(
            f"{target}\nBring it only for cards, offices, prepared logs and successions: --root FILE."
        )


def _move(source: Path, target: Path) -> None:
    """Copy, sync, read back, and only then take the source away."""
    from detente.node.files import sync_dir, write_private

    raw = source.read_bytes()
    if not target.parent.is_dir():
        raise UsageError(f"no directory {target.parent} for the root key")
    write_private(target, raw)
    if target.read_bytes() != raw:
        raise RefusedError(f"{target} does not read back as it was written; the root key stays in {source}")
    try:
        source.unlink()
    except OSError:
        target.unlink(missing_ok=True)  # it stays in one place, not in two
        raise
    sync_dir(source.parent)


@keys.command(cls=HomeCommand)
@home_argument
@click.option("--endpoint", metavar="URL", help="The new address of the line.")
@click.option("--name", metavar="NAME", help="The new name.")
@click.option("--lang", metavar="L", help="The new language.")
@root_option
@json_option
def card(home: str, root: str | None, as_json: bool, **changes: str | None) -> None:
    """Make a new card, print it (one line of JSON in any case), and make it known on every open line."""
    from detente.cli.secrets import service_passphrase
    from detente.cli.times import now_ms
    from detente.node.keystore import new_card
    from detente.node.vaults import unlock_service

    party = common.open_home(home)
    changed = {name: value for name, value in changes.items() if value is not None}
    if not changed:
        raise UsageError("say what changes: --endpoint, --name or --lang")
    key = unlock_root(party, root)
    service = unlock_service(party, service_passphrase())
    credential = new_card(party, key, service, now_ms(), **changed)
    common.call(party, "add_credential", credential=credential)
    common.emit(credential)


@keys.command(cls=HomeCommand)
@home_argument
@click.argument("channel", required=False, metavar="[CHANNEL]")
@root_option
@click.option("--reason", default="restored from a backup", show_default=True, metavar="TEXT", help="Why.")
@click.option("--fresh", is_flag=True, help="Use no log that was prepared before: its keys may be stolen.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0),
    default=15.0,
    show_default=True,
    metavar="S",
    help="Seconds to wait for what the other members hold.",
)
@json_option
def succeed(
    home: str,
    channel: str | None,
    root: str | None,
    reason: str,
    fresh: bool,
    timeout: float,
    as_json: bool,
) -> None:
    """Go on in a new log after a loss or a fork: in CHANNEL, or wherever it is needed.

    The new log begins after the last entry of the old one that this home holds: so the other members are
    heard first, as they may hold more. After a fork the logs that were prepared before are not used.
    """
    from detente.line.forks import CONFLICT, FORK

    party = common.open_home(home)
    store = common.open_store(party)
    lost = store.lost_logs()
    if channel is not None:
        identifier = common.channel_of(party, channel, store)
        lost = [row for row in lost if row["channel"] == identifier]
    if not lost:
        raise RefusedError(f"no log of {party.info.party} needs a succession; nothing was done")
    root_key = unlock_root(party, root)
    proofs = [one for row in lost for one in store.evidence(row["channel"])]
    forked = {one.origin for one in proofs if one.what in (FORK, CONFLICT)}
    fresh = fresh or any(row["origin"] in forked for row in lost)
    _enough_logs(party, store, root_key, len(lost), fresh=fresh)

    async def act(ops: Ops) -> list[dict[str, Any]]:
        return [await _succeed(ops, party, root_key, row["channel"], reason, timeout) for row in lost]

    results = common.with_ops(party, act)
    if as_json:
        common.emit({"channels": results})
    for row in [] if as_json else results:
        common.tell(f"{row['channel']} goes on in a new log, after {row['after']['size']} entries of the old")


def _enough_logs(party: Home, store: SqliteStore, root: SigningKey, needed: int, *, fresh: bool) -> None:
    """A restored home has no prepared log: those in the backup may have been used since."""
    from detente.cli.secrets import service_passphrase
    from detente.cli.times import now_ms
    from detente.node.keystore import prepare_logs, renew_logs
    from detente.node.vaults import unlock_service

    passphrase = service_passphrase()
    if fresh:
        if party.serving() is not None:
            raise RefusedError(
                "the logs prepared before may be in other hands, and a serving node cannot exchange them:"
                " stop the node, then repeat"
            )
        renew_logs(party, root, passphrase, needed + 8, now_ms())
        return
    if len(unlock_service(party, passphrase).logs.keys() - store.used_logs()) >= needed:
        return
    if party.serving() is not None:
        raise RefusedError(
            "too few logs are prepared, and the node takes up new ones at its start: stop it first"
        )
    prepare_logs(party, root, passphrase, needed + 8, now_ms())


async def _succeed(
    ops: Ops, party: Home, root: SigningKey, channel: str, reason: str, timeout: float
) -> dict[str, Any]:
    """The node says what is to be certified, the root key certifies it, the node goes on under that."""
    from detente.cli.times import now_ms
    from detente.node.keystore import make_succession

    missing = (await ops.call("heard", channel=channel, timeout=timeout))["missing"]
    if missing:
        common.note(
            f"{channel[:12]}: not heard: {', '.join(missing)}. What only they hold of our old log will be"
            " shown as not vouched for"
        )
    terms = await ops.call("succession_request", channel=channel)
    credential = make_succession(party, root, reason=reason, now=now_ms(), **terms)
    result: dict[str, Any] = await ops.call("succeed", channel=channel, succession=credential)
    return result
