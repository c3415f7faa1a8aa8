# SPDX-License-Identifier: Apache-2.0
"""What a charter is made of on the command line: met parties, a file, and options over it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from detente.cli import common
from detente.errors import MalformedError, RefusedError, UsageError

if TYPE_CHECKING:
    from detente.node.home import Home


def met(party: Home) -> list[dict[str, Any]]:
    """The met parties as id, name and fingerprint; from the store, so no passphrase is needed."""
    docs = [row["card"]["doc"] for row in common.open_store(party).peers()]
    return [{"id": doc["id"], "name": doc["name"], "fingerprint": doc["party"]} for doc in docs]


def find_peer(peers: list[dict[str, Any]], name: str, home: str) -> dict[str, Any]:
    """The met party of this short id, or whose fingerprint begins so; RefusedError if there is not one."""
    wanted = name.lower()
    found = [peer for peer in peers if peer["id"].lower() == wanted]
    if not found and len(wanted) >= common.SHORTEST_PREFIX:
        found = [peer for peer in peers if peer["fingerprint"].startswith(wanted)]
    if not found:
        raise RefusedError(f"{name} has not been met by {home}; first: detente meet {home} CARD")
    if len(found) > 1:
        raise RefusedError(
            f"{len(found)} parties that {home} has met are called {name}; give the fingerprint"
        )
    return found[0]


def charter_for(
    party: Home,
    others: list[dict[str, Any]],
    file: str | None,
    regimes: tuple[str, ...],
    witnesses: tuple[str, ...],
) -> dict[str, Any]:
    """The charter's body: the file if there is one, the options over it, and the members."""
    from detente.words.charter import charter_body, from_toml

    for witness in witnesses:
        _check_witness(witness)
    given = from_toml(_text(file)) if file else {}
    if regimes:
        given["regimes"] = [
            *given.get("regimes", []),
            *(r for r in regimes if r not in given.get("regimes", [])),
        ]
    if witnesses:
        given["witnesses"] = [*given.get("witnesses", []), *witnesses]
    own = {"fingerprint": party.info.fingerprint, "id": party.info.party, "name": party.info.name}
    given.pop("members", None)
    return charter_body([own, *others], **given)


def _check_witness(text: str) -> None:
    """A verifier key of type 04, with the witness's address after a space if that is known."""
    from detente.seal.vkey import COSIGNATURE, VerifierKey

    try:
        key = VerifierKey.parse(text.partition(" ")[0])
    except MalformedError as error:
        raise UsageError(f"--witness {text!r} is no verifier key: {error}") from None
    if key.type != COSIGNATURE:
        raise UsageError(f"--witness {text!r} is a key of another type: a witness cosigns with type 04")


def _text(file: str) -> str:
    try:
        return common.read_input(file, "the charter").decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedError(f"the charter {Path(file).name} is not UTF-8 text") from None
