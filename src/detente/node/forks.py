# SPDX-License-Identifier: Apache-2.0
"""Evidence of broken promises, as files that a stranger can check with C2SP tools."""

from __future__ import annotations

from typing import Any, NamedTuple

from detente.errors import DetenteError, MalformedError
from detente.line.forks import BEHIND, CONFLICT, FORK, PROVEN, RIVALS
from detente.line.writes import PutEvidence, PutLog
from detente.log import merkle, note
from detente.log.checkpoint import Checkpoint
from detente.log.fork import ONE, TWO, ForkProof
from detente.node.store import SqliteStore
from detente.record.evidence import CARD, CERTIFICATE, README, VKEY, readme
from detente.seal import canonical
from detente.seal.statement import decode_leaf


class Case(NamedTuple):
    """All evidence about one log. ``current``: it has no successor here; ``at`` (ms): when the first proof
    was kept."""

    channel: str
    log: PutLog
    current: bool
    proofs: tuple[PutEvidence, ...]
    at: int

    @property
    def kinds(self) -> set[str]:
        """What kinds of evidence there are."""
        return {proof.what for proof in self.proofs}


def cases(store: SqliteStore, channel: str) -> list[Case]:
    """The evidence of a channel, by log."""
    logs = {log.origin: log for log in store.logs(channel)}
    newest: dict[str, PutLog] = {}
    for log in logs.values():
        newest[log.party] = max(newest.get(log.party, log), log, key=lambda one: one.seq)
    found: dict[str, list[PutEvidence]] = {}
    for proof in store.evidence(channel):
        found.setdefault(proof.origin, []).append(proof)
    return [
        Case(channel, logs[origin], newest[logs[origin].party].origin == origin, tuple(proofs), proofs[0].at)
        for origin, proofs in found.items()
        if origin in logs
    ]


def sizes(store: SqliteStore, proof: PutEvidence) -> tuple[int, int] | None:
    """The sizes of the two heads that a fork's proof holds against each other; None if it is not one."""
    try:
        found = _fork(store, proof)
        return tuple(Checkpoint.parse(note.parse(raw).text).size for raw in (found.one, found.two))  # type: ignore[return-value]
    except DetenteError:
        return None


def proof_files(store: SqliteStore, proof: PutEvidence) -> dict[str, bytes]:
    """The files of one proof, by name: what is signed, the log's key with its certificate, how to check it.

    A proof that cannot be made whole here comes as it was kept.
    """
    try:
        files = _files(store, proof)
    except DetenteError:
        files = dict(proof.files)
    for row in store.channels():
        for log in store.logs(row["channel"]):
            if log.origin == proof.origin:
                files[VKEY] = f"{log.log_key}\n".encode()
    files |= _certificates(store, proof.origin)
    files[README] = readme(proof.what, proof.what in PROVEN).encode()
    return files


def _files(store: SqliteStore, proof: PutEvidence) -> dict[str, bytes]:
    if proof.what == FORK:
        return _fork(store, proof).files()
    if proof.what == CONFLICT:
        heads = store.heads(proof.origin)
        held = {ONE: store.head_note(proof.origin, heads[-1].size)} if heads else {}
        return held | {TWO: proof.files["theirs"]}
    return {TWO: proof.files["theirs"]} if proof.what == BEHIND else dict(proof.files)


def _fork(store: SqliteStore, proof: PutEvidence) -> ForkProof:
    """The whole proof: as it came, or with our own head that contradicts theirs. Raises DetenteError."""
    if TWO in proof.files:
        return ForkProof.from_files(proof.files)
    if proof.what != FORK:
        raise MalformedError("this evidence is not of two heads")
    theirs = Checkpoint.parse(note.parse(proof.files["theirs"]).text)
    size = min((head.size for head in store.heads(proof.origin) if head.size >= theirs.size), default=None)
    if size is None:
        raise MalformedError("no head is held that contradicts theirs")
    held = store.head_note(proof.origin, size)
    if size == theirs.size:
        return ForkProof(proof.files["theirs"], held)
    hashes = store.leaf_hashes(proof.origin)[:size]
    path = merkle.consistency_proof(hashes, theirs.size, size)
    return ForkProof(proof.files["theirs"], held, merkle.root(hashes[: theirs.size]), tuple(path))


def _certificates(store: SqliteStore, origin: str) -> dict[str, bytes]:
    """The root-signed card and log certificate from the log's genesis: whose key it is."""
    rows = store.leaves(origin, 0, 1)
    try:
        data: dict[str, Any] = (decode_leaf(rows[0][0]).leaf.statement.data or {}) if rows else {}
    except MalformedError:
        return {}
    named = {CARD: data.get("card"), CERTIFICATE: data.get("log")}
    return {name: canonical.encode(item) for name, item in named.items() if isinstance(item, dict)}


__all__ = ["BEHIND", "CONFLICT", "FORK", "RIVALS", "Case", "cases", "proof_files", "sizes"]
