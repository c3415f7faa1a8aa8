# SPDX-License-Identifier: Apache-2.0
"""``detente export`` and ``detente verify``: the record for people who have none of this software."""

from __future__ import annotations

import gc
import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson

from detente.cli import common
from detente.cli.common import HomeCommand, channel_argument, home_argument, json_option
from detente.errors import MalformedError, RefusedError, UsageError

if TYPE_CHECKING:
    from detente.node.home import Home
    from detente.node.keystore import ServiceKeys
    from detente.record.bundle import Disclose
    from detente.record.entry import Entry
    from detente.record.verify_report import Report


@click.command(cls=HomeCommand)
@home_argument
@channel_argument
@click.argument("out", metavar="OUT.zip")
@click.option(
    "--disclose",
    multiple=True,
    metavar="all|ID[:PATH]",
    help="Open more than one's own statements: all, an entry, or one field of it. Repeatable.",
)
@json_option
def export(home: str, channel: str, out: str, disclose: tuple[str, ...], as_json: bool) -> None:
    """Write a channel's whole record to OUT.zip, to be verified anywhere."""
    from detente.node.exports import bundle_files
    from detente.record.bundle_zip import write

    party = common.open_home(home)
    store = common.open_store(party)
    identifier = common.channel_of(party, channel, store)
    entries = common.open_records(party).entries(identifier)
    asked = _asked(disclose, entries)
    files, opened = bundle_files(party, store, identifier, entries, asked, _service_keys(party))
    target = Path(out)
    if target.is_dir() or not target.name:
        raise UsageError(f"{out} is a directory; name the file to write, such as record.zip")
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            write(files, file)
        temporary.replace(target)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise UsageError(f"cannot write {out}: {error.strerror}") from None
    raw = target.read_bytes()
    document = {
        "file": out,
        "channel": identifier,
        "entries": len(entries),
        "disclosed": opened,
        "bytes": len(raw),
        "sha256": hashlib.sha256(raw).hexdigest(),
    }
    if as_json:
        common.emit(document)
    else:
        common.tell(f"{out}: {len(entries)} entries, {opened} bodies disclosed\nsha256 {document['sha256']}")


@click.command()
@click.argument("what", metavar="BUNDLE|HOME", envvar=common.HOME_VARIABLE)
@click.option(
    "--trust", multiple=True, metavar="CARD", help="A card whose fingerprint was compared. Repeatable."
)
@click.option(
    "--hashes-only",
    is_flag=True,
    help="Trees and signed heads only: no signature of an entry or receipt and no body is checked.",
)
@json_option
def verify(what: str, trust: tuple[str, ...], hashes_only: bool, as_json: bool) -> int:
    """Verify a bundle, or every log in a home; 1 if anything was removed, swapped or redated."""
    cards = [_card(path) for path in trust]
    reports = _reports(what, cards, hashes_only)
    if as_json:
        click.echo(orjson.dumps(_document(reports)))  # of a million entries: several times as fast
    else:
        for channel, report in reports.items():
            common.tell((f"channel {channel}\n" if channel else "") + report.to_text().rstrip("\n"))
    _refuse_if_bad(what, reports)
    return 0


def _reports(what: str, cards: Sequence[dict[str, Any]], hashes_only: bool) -> Mapping[str, Report]:
    path = Path(what)
    collecting = gc.isenabled()
    # A report of many entries is no garbage, and looking for some among them takes a third of its time.
    gc.disable()
    try:
        if common.is_home(what):
            return _of_home(common.open_home(what), cards, hashes_only)
        if path.is_file():
            return {"": _of_bundle(path, cards, hashes_only)}
        raise UsageError(f"{what} is neither a bundle nor a home")
    finally:
        if collecting:
            gc.enable()


def _asked(options: Sequence[str], entries: Sequence[Entry]) -> Disclose:
    """The options, with ids that may be shortened and refs in any case, as in every other command."""
    from detente.record.bundle import parse_disclose

    names = {name: entry.id for entry in entries for name in (entry.id, entry.ref)}
    full = []
    for option in options:
        name, colon, path = option.partition(":")
        known = option == "all" or name in names
        full.append(option if known else common.find_entry(entries, name, "this channel").id + colon + path)
    return parse_disclose(full, names)


def _document(reports: Mapping[str, Report]) -> dict[str, Any]:
    """One bundle's report; for a home all its channels' in one, each also for itself under ``channels``."""
    parts = {channel: report.to_json() for channel, report in reports.items()}
    if list(parts) == [""]:
        return parts[""]
    identities = {part["identities"] for part in parts.values()}
    joined: dict[str, Any] = {
        "valid": all(part["valid"] for part in parts.values()),
        "identities": "verified" if identities == {"verified"} else "unverified",
        "fingerprints": {
            party: fpr for part in parts.values() for party, fpr in part["fingerprints"].items()
        },
    }
    for name in ("logs", "entries", "problems", "notes"):
        joined[name] = [item for part in parts.values() for item in part[name]]
    joined["hashes_only"] = any(part["hashes_only"] for part in parts.values())
    return joined | {"channels": [{"channel": channel} | part for channel, part in parts.items()]}


def _refuse_if_bad(what: str, reports: Mapping[str, Report]) -> None:
    problems = [problem for report in reports.values() for problem in report.problems]
    if problems:
        first = problems[0]
        where = first.entry or first.log or "the bundle"
        more = f", and {len(problems) - 1} more" if len(problems) > 1 else ""
        raise RefusedError(f"{what} is not valid: {where}: {first.problem}{more}")


def _of_bundle(path: Path, cards: Sequence[dict[str, Any]], hashes_only: bool) -> Report:
    from detente.node.cores import spread
    from detente.record.bundle_zip import unread
    from detente.record.verify import verify as verify_files

    with path.open("rb") as file:
        # By place: the helping processes share the file, and would share its position.
        handle = file.fileno()
        try:
            files = unread(file, lambda offset, length: os.pread(handle, length, offset))
            return verify_files(files, cards, spread=spread, hashes_only=hashes_only)
        except MalformedError as error:
            raise MalformedError(f"{path}: {error}") from None


def _of_home(party: Home, cards: Sequence[dict[str, Any]], hashes_only: bool) -> dict[str, Report]:
    from detente.node.cores import spread
    from detente.node.exports import ALL, bundle_files
    from detente.record.verify import verify as verify_files

    store = common.open_store(party)
    records = common.open_records(party)
    channels = [row["channel"] for row in store.channels()]
    show = common.progress("channels verified")
    reports = {}
    for number, channel in enumerate(channels, 1):
        entries = records.entries(channel)
        files, _opened = bundle_files(party, store, channel, entries, ALL)
        reports[channel] = verify_files(files, cards, spread=spread, hashes_only=hashes_only)
        show(number, len(channels))
    return reports


def _card(path: str) -> dict[str, Any]:
    from detente.seal.credential import parse_card_file

    try:
        return parse_card_file(common.read_input(path, "the card"))[0]
    except MalformedError as error:
        raise MalformedError(f"{path} is not a card to rely on: {error}") from None


def _service_keys(party: Home) -> ServiceKeys | None:
    """The service keys, for the post-quantum line, if their passphrase is at hand; nobody is asked for it."""
    from detente.cli.secrets import known_service_passphrase
    from detente.node.vaults import unlock_service

    passphrase = known_service_passphrase()
    return None if passphrase is None else unlock_service(party, passphrase)
