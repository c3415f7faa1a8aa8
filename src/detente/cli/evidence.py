# SPDX-License-Identifier: Apache-2.0
"""``detente evidence``: proofs of two histories or two successions of a log, as files for others to check."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from detente.cli import common
from detente.cli.common import HomeCommand, home_argument, json_option
from detente.errors import RefusedError, UsageError

if TYPE_CHECKING:
    from detente.line.writes import PutEvidence
    from detente.node.home import Home
    from detente.node.store import SqliteStore

MAX_FILES = 64


@click.group(name="evidence")
def evidence() -> None:
    """Proofs that a log has two histories, or two successors."""


@evidence.command(name="list", cls=HomeCommand)
@home_argument
@json_option
def list_(home: str, as_json: bool) -> None:
    """What is kept, and whether a third party can check it."""
    party = common.open_home(home)
    rows = [_row(party, store, channel, proof) for store, channel, proof in _all(party)]
    if as_json:
        common.emit({"evidence": rows})
    for row in [] if as_json else rows:
        proven = "proven to anybody" if row["proven"] else "not provable to others"
        common.tell(f"{row['folder']}  {row['party']}  {row['what']}, {proven}")


@evidence.command(cls=HomeCommand)
@home_argument
@click.argument("directory", metavar="DIR")
@json_option
def export(home: str, directory: str, as_json: bool) -> None:
    """Write each proof to a folder of its own in DIR, with what a stranger needs to check it."""
    folders = write(common.open_home(home), Path(directory))
    if as_json:
        common.emit({"directory": directory, "folders": folders})
    else:
        common.tell(f"{directory}: {len(folders)} proofs")


@evidence.command()
@click.argument("directory", metavar="DIR")
@json_option
def verify(directory: str, as_json: bool) -> None:
    """Check the proofs in DIR, or the one that DIR is, without any home; 1 if one proves nothing."""
    from detente.record.evidence import check

    place = Path(directory)
    if not place.is_dir():
        raise UsageError(f"no directory {directory}")
    folders = [place] if any(path.is_file() for path in place.iterdir()) else sorted(place.iterdir())
    verdicts = {folder.name: check(_read(folder)) for folder in folders}
    if as_json:
        common.emit({"proofs": [{"folder": name} | one.to_json() for name, one in verdicts.items()]})
    for name, one in {} if as_json else verdicts.items():
        heads = " and ".join(map(str, one.sizes))
        told = f"{one.party} ({one.fingerprint}) signed both, sizes {heads}, log {one.log}"
        common.tell(
            f"{name}: {one.what}, {f'proven: {told}' if one.proven else f'not proven: {one.problem}'}"
        )
    bad = [(name, one) for name, one in verdicts.items() if not one.proven]
    if bad or not verdicts:
        why = f"{bad[0][0]}: {bad[0][1].problem}" if bad else "there is no proof in it"
        raise RefusedError(f"{directory} does not prove all that it claims: {why}")


def write(party: Home, place: Path) -> list[str]:
    """Write all proofs of a home below ``place``; the names of their folders. UsageError if it cannot be."""
    from detente.node.forks import proof_files

    names = []
    try:
        for store, channel, proof in _all(party):
            name = _folder(channel, proof)
            (place / name).mkdir(parents=True, exist_ok=True)
            for file, raw in proof_files(store, proof).items():
                (place / name / file).write_bytes(raw)
            names.append(name)
    except OSError as error:
        raise UsageError(f"cannot write to {place}: {error.strerror}") from None
    return names


def _all(party: Home) -> list[tuple[SqliteStore, str, PutEvidence]]:
    store = common.open_store(party)
    return [
        (store, row["channel"], proof) for row in store.channels() for proof in store.evidence(row["channel"])
    ]


def _folder(channel: str, proof: PutEvidence) -> str:
    return f"{channel[:12]}-{proof.what}-{proof.key[:12]}"


def _row(party: Home, store: SqliteStore, channel: str, proof: PutEvidence) -> dict[str, Any]:
    from detente.line.forks import PROVEN

    author = next((log.party for log in store.logs(channel) if log.origin == proof.origin), "")
    names = {row["party"]: str(row["card"]["doc"]["id"]) for row in store.peers()}
    names[party.info.fingerprint] = party.info.party
    return {
        "folder": _folder(channel, proof),
        "channel": channel,
        "log": proof.origin,
        "party": names.get(author, author[:12]),
        "fingerprint": author,
        "what": proof.what,
        "proven": proof.what in PROVEN,
        "at": proof.at,
    }


def _read(folder: Path) -> dict[str, bytes]:
    from detente.record.evidence import MAX_FILE

    found = {}
    try:
        for path in sorted(folder.iterdir())[:MAX_FILES] if folder.is_dir() else ():
            if path.is_file() and path.stat().st_size <= 2 * MAX_FILE:
                found[path.name] = path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {folder}: {error.strerror}") from None
    return found
