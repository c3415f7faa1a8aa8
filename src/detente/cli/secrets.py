# SPDX-License-Identifier: Apache-2.0
"""Passphrases: from the environment, the service manager's credentials, or the terminal. Never logged."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from detente.errors import UsageError

SERVICE = "DETENTE_PASSPHRASE"
OFFICE = "DETENTE_OFFICE_PASSPHRASE"
ROOT = "DETENTE_ROOT_PASSPHRASE"
_FILES = {
    SERVICE: "detente-passphrase",
    OFFICE: "detente-office-passphrase",
    ROOT: "detente-root-passphrase",
}


def service_passphrase() -> str:
    """What unlocks the service keys; UsageError if there is none and nobody to ask."""
    return _known(SERVICE) or _ask(SERVICE, "Passphrase of the service keys")


def known_service_passphrase() -> str | None:
    """The same if it can be had without asking anybody."""
    return _known(SERVICE)


def office_passphrase(office: str | None = None) -> str:
    """What unlocks the key of the office at the terminal."""
    return _known(OFFICE) or _ask(
        OFFICE, f"Passphrase of the office {office}" if office else "Office passphrase"
    )


def root_passphrase() -> str:
    """What unlocks the root key: its own passphrase, else that of the service keys."""
    return _known(ROOT) or _known(SERVICE) or _ask(ROOT, "Passphrase of the root key")


def new_service_passphrase() -> str:
    """A passphrase for service keys that are being made; asked for twice."""
    return _known(SERVICE) or _ask(SERVICE, "New passphrase for the service keys", new=True)


def new_office_passphrase(office: str) -> str:
    """A passphrase for an office key that is being made."""
    return _known(OFFICE) or _ask(OFFICE, f"New passphrase for the office {office}", new=True)


def new_root_passphrase(service: str) -> str:
    """A passphrase for a root key that is being made; ``service`` where no other is set."""
    return _known(ROOT) or service


def _known(variable: str) -> str | None:
    value = os.environ.get(variable)
    if value:
        return value
    directory = os.environ.get("CREDENTIALS_DIRECTORY")
    path = Path(directory, _FILES[variable]) if directory else None
    if path is None or not path.is_file():
        return None
    return path.read_text("utf-8").rstrip("\n") or None


def _ask(variable: str, question: str, *, new: bool = False) -> str:
    # The answer is read from the controlling terminal, so standard input may be a body.
    if not (sys.stdin.isatty() or sys.stderr.isatty()):
        raise UsageError(f"no passphrase: set {variable}, or run this at a terminal to be asked for it")
    # The question goes to standard error: standard output may be a JSON document.
    answer: str = click.prompt(question, hide_input=True, confirmation_prompt=new, err=True)
    return answer
