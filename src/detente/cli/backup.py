# SPDX-License-Identifier: Apache-2.0
"""``detente backup``, ``restore``, ``doctor``: keep a party, get it back, and find out what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from detente.cli import common
from detente.cli.common import HomeCommand, home_argument, json_option
from detente.errors import RefusedError, UsageError

_RANK = {"ok": 0, "warn": 1, "bad": 2}


@click.command(cls=HomeCommand)
@home_argument
@click.argument("out", metavar="OUT")
@json_option
def backup(home: str, out: str, as_json: bool) -> None:
    """Write an encrypted backup of a party to OUT, and read it back."""
    from detente.cli.secrets import service_passphrase
    from detente.node.backup import backup as write_backup

    party = common.open_home(home)
    target = Path(out)
    if target.exists():
        raise RefusedError(f"{out} is there already; a backup is never written over another")
    if not target.absolute().parent.is_dir():
        raise UsageError(f"no directory {target.parent} for the backup")
    write_backup(party, target, service_passphrase())
    size = target.stat().st_size
    if as_json:
        common.emit({"file": out, "bytes": size, "verified": True})
    else:
        common.tell(f"{out}: {size:,} bytes, read back and found whole")


@click.command()
@click.argument("file", metavar="OUT")
@click.argument("home", metavar="HOME")
@json_option
def restore(file: str, home: str, as_json: bool) -> None:
    """Make a party from the backup OUT. It signs in its channels again after a succession."""
    from detente.cli.secrets import service_passphrase
    from detente.node.backup import restore as read_backup

    if not Path(file).is_file():
        raise UsageError(f"no backup at {file}")
    if Path(home).exists() and any(Path(home).iterdir()):
        raise RefusedError(f"{home} is there and not empty; restore into a new directory")
    party = read_backup(Path(file), Path(home), service_passphrase())
    needs = sorted({row["channel"] for row in common.open_store(party).lost_logs()})
    if as_json:
        info = party.info
        document = {
            "home": home,
            "party": info.party,
            "fingerprint": info.fingerprint,
            "needs_succession": needs,
        }
        common.emit(document)
        return
    common.tell(f"{home}: {party.info.party}, {party.info.name}")
    if needs:
        common.tell(
            f"{len(needs)} channels need a succession before this party can speak in them again. First let"
            f" the others give back what they hold:\n  detente keys prepare {home} --root FILE\n"
            f"  detente serve {home}\nthen, beside it:\n  detente keys succeed {home} --root FILE"
        )


@click.command(cls=HomeCommand)
@home_argument
@click.option(
    "--evidence",
    metavar="DIR",
    help="Write the signed notes that prove forks and the like to this directory.",
)
@json_option
def doctor(home: str, evidence: str | None, as_json: bool) -> int:
    """Look for what is wrong and say how to mend it; 1 if something is bad."""
    from detente.cli.evidence import write
    from detente.cli.secrets import known_service_passphrase
    from detente.cli.times import now_ms
    from detente.node.doctor import examine

    party = common.open_home(home)
    if evidence is not None:
        common.note(f"{len(write(party, Path(evidence)))} proofs written to {evidence}")
    findings = examine(party, known_service_passphrase(), now_ms())
    worst = _worst(findings)
    if as_json:
        common.emit({"state": worst, "findings": findings})
    for finding in [] if as_json else findings:
        mend = f"\n      {finding['do']}" if finding.get("do") else ""
        common.tell(f"{finding['state']:<5} {finding['check']}: {finding['what']}{mend}")
    if worst != "bad":
        return 0
    bad = [finding for finding in findings if finding["state"] == "bad"]
    raise RefusedError(f"{home}: {len(bad)} findings are bad, first {bad[0]['check']}: {bad[0]['what']}")


def _worst(findings: Sequence[dict[str, Any]]) -> str:
    return max(
        (str(finding["state"]) for finding in findings), key=lambda state: _RANK.get(state, 2), default="ok"
    )
