# SPDX-License-Identifier: Apache-2.0
"""Gather a channel's record from the store, as the files of a bundle."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from detente.line.forks import PROVEN
from detente.line.writes import PutLog
from detente.log import note
from detente.log.checkpoint import Checkpoint, pq_line
from detente.node.forks import proof_files
from detente.node.home import Home
from detente.node.keystore import ServiceKeys
from detente.node.store import SqliteStore
from detente.record.bundle import BundleLog, Disclose, Sealed, build, disclosed
from detente.record.entry import Entry

ALL = Disclose(everything=True, whole=frozenset(), fields={})
_CARRIED = ("card", "log", "credential", "succession")


def bundle_files(
    home: Home,
    store: SqliteStore,
    channel: str,
    entries: Sequence[Entry],
    disclose: Disclose,
    keys: ServiceKeys | None = None,
) -> tuple[dict[str, bytes], int]:
    """(the files of a channel's bundle, how many bodies they disclose).

    With ``keys`` the own logs' checkpoints get a post-quantum line.
    """
    opened = {entry.id: body for entry in entries if (body := _body(store, entry.id)) is not None}
    own = [entry.id for entry in entries if entry.mine]
    bodies = disclosed(disclose, opened, own)
    names = _party_names(home, store, entries)
    # A log that was set aside was taken by nobody: it is no part of the common record.
    logs = [_log(store, log, names, keys) for log in store.logs(channel) if log.seq >= 0]
    kept = [log for log in logs if log is not None]
    files = build(kept, bodies, _credentials(entries), witnesses={})
    proofs = [proof for proof in store.evidence(channel) if proof.what in PROVEN]
    for number, proof in enumerate(proofs, 1):
        files |= {f"evidence/{number}/{name}": raw for name, raw in proof_files(store, proof).items()}
    return files, len(bodies)


def _body(store: SqliteStore, identifier: str) -> Sealed | None:
    kept = store.body(identifier)
    return None if kept is None else (json.loads(kept[1]), kept[0])


def _party_names(home: Home, store: SqliteStore, entries: Sequence[Entry]) -> dict[str, str]:
    names = {row["party"]: str(row["card"]["doc"]["id"]) for row in store.peers()}
    names |= {entry.fpr: entry.party for entry in entries}
    return names | {home.info.fingerprint: home.info.party}


def _log(
    store: SqliteStore, log: PutLog, names: Mapping[str, str], keys: ServiceKeys | None
) -> BundleLog | None:
    """One log up to its newest signed head; None while no head of it has arrived."""
    heads = store.heads(log.origin)
    if not heads:
        return None
    newest = heads[-1]
    checkpoint = _with_pq(newest.note, log, keys) if log.mine else newest.note
    return BundleLog(
        party=names.get(log.party, log.party[:16].upper()),
        fpr=log.party,
        origin=log.origin,
        leaves=[leaf for leaf, _body in store.leaves(log.origin, 0, newest.size)],
        checkpoint=checkpoint,
        receipts=[receipt.note for receipt in store.receipts(log.origin)],
        items=[item.note for item in store.items(log.origin)],
        log_vkey=log.log_key,
        receipt_vkey=log.receipt_key,
        pq_vkey=log.pq_key,
    )


def _with_pq(raw: bytes, log: PutLog, keys: ServiceKeys | None) -> bytes:
    if keys is None or log.origin not in keys.logs:
        return raw
    parsed = note.parse(raw)
    if len([line for line in parsed.signatures if line.name == log.origin]) > 1:
        return raw
    return raw + pq_line(Checkpoint.parse(parsed.text), log.origin, keys.log(log.origin).pq)


def _credentials(entries: Sequence[Entry]) -> list[Mapping[str, Any]]:
    """Every credential that the logs carry, once."""
    found: dict[str, Mapping[str, Any]] = {}
    for entry in entries:
        for name in _CARRIED:
            item = (entry.body or {}).get(name)
            if isinstance(item, Mapping) and "doc" in item and "sig" in item:
                found.setdefault(str(item["sig"]), item)
    return list(found.values())
