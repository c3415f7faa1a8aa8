# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a home, and how to mend it. Looks only; changes nothing.

A finding is ``{"check", "state", "what", "do"}``; ``state`` is "ok", "warn" or "bad", and ``do`` None where
nothing is to be done.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any, NamedTuple

from detente.errors import DetenteError
from detente.line.writes import PutHead, PutLog
from detente.log import checkpoint, merkle
from detente.node import forks
from detente.node.home import Home
from detente.node.keystore import ServiceKeys, mandates_in_force, unlock_service
from detente.node.store import SqliteStore, disk_low
from detente.record.entry import rfc3339
from detente.seal import credential
from detente.seal.vkey import VerifierKey

Finding = dict[str, Any]
SOON = 30 * 86_400_000
CLOCK_SLACK = 60_000
FEW_LOGS = 2
_CHUNK = 1024


class Patient(NamedTuple):
    """What the checks look at. ``keys`` is None where no passphrase was at hand; ``now`` in ms."""

    home: Home
    store: SqliteStore
    keys: ServiceKeys | None
    now: int


def examine(home: Home, passphrase: str | None, now: int) -> list[Finding]:
    """All findings, in a fixed order. Works beside a serving node. A check that fails is itself a finding."""
    findings, keys = _unlock(home, passphrase)
    findings += list(_rights(home))
    try:
        store = SqliteStore.open(home.store_file, read_only=True)
    except DetenteError as error:
        return [*findings, _bad("store", str(error), "restore a backup: detente restore OUT NEWHOME")]
    with closing(store):
        patient = Patient(home, store, keys, now)
        for name, check in _CHECKS:
            try:
                findings += list(check(patient))
            except DetenteError as error:
                findings.append(_bad(name, str(error), "mend what this names, then look again"))
    return findings


def _ok(check: str, what: str) -> Finding:
    return {"check": check, "state": "ok", "what": what, "do": None}


def _warn(check: str, what: str, do: str) -> Finding:
    return {"check": check, "state": "warn", "what": what, "do": do}


def _bad(check: str, what: str, do: str) -> Finding:
    return {"check": check, "state": "bad", "what": what, "do": do}


def _unlock(home: Home, passphrase: str | None) -> tuple[list[Finding], ServiceKeys | None]:
    if passphrase is None:
        return [
            _warn("keys", "not tried: no passphrase at hand", "set DETENTE_PASSPHRASE and look again")
        ], None
    try:
        keys = unlock_service(home, passphrase)
    except DetenteError as error:
        return [_bad("keys", str(error), "use the right passphrase, or restore a backup")], None
    return [_ok("keys", "the service keys open")], keys


def _rights(home: Home) -> Iterator[Finding]:
    paths = [home.path, home.store_file, *home.keys.rglob("*.json")]
    open_to_others = [path for path in paths if path.exists() and path.stat().st_mode & 0o077]
    if open_to_others:
        names = ", ".join(path.name for path in open_to_others[:3])
        yield _bad("rights", f"others on this machine can read {names}", f"chmod -R go-rwx {home.path}")
    else:
        yield _ok("rights", "only the owner can read this home")


def _root(patient: Patient) -> Iterator[Finding]:
    home = patient.home
    if home.root_file.exists():
        do = f"detente keys take-root-offline {home.path} FILE"
        yield _warn("root key", "it is still on this machine", do)
    else:
        yield _ok("root key", "it is not on this machine")


def _card(patient: Patient) -> Iterator[Finding]:
    home, keys = patient.home, patient.keys
    card = credential.parse(home.card()["doc"])
    if not isinstance(card, credential.Card) or card.party != home.info.fingerprint:
        yield _bad("card", "card.json is not this party's", "restore a backup")
    elif keys is not None and (card.keys.node, card.keys.http, card.keys.kem) != (
        keys.node.public,
        keys.http.public,
        keys.kem.public,
    ):
        yield _bad("card", "the card names other keys than this home has", "restore a backup")
    elif not card.endpoints:
        yield _warn(
            "card", "it names no endpoint: others cannot dial in", "make a new card with the root key"
        )
    else:
        yield _ok("card", f"serial {card.serial}, {card.endpoints[0]}")


def _mandates(patient: Patient) -> Iterator[Finding]:
    mandates = [held["doc"] for held in mandates_in_force(patient.store)]
    if not mandates:
        yield _bad("mandates", "no office may speak", "detente office add, with the root key")
    for doc in mandates:
        until = doc.get("to")
        renew = f"detente office mandate {patient.home.path} {doc['office']}, with the root key"
        if until is not None and until <= patient.now:
            yield _bad("mandates", f"that of {doc['office']} has ended", renew)
        elif until is not None and until <= patient.now + SOON:
            days = (until - patient.now) // 86_400_000
            yield _warn("mandates", f"that of {doc['office']} ends in {days} days", renew)
        else:
            yield _ok("mandates", f"{doc['office']}: in force")


def _integrity(patient: Patient) -> Iterator[Finding]:
    wrong = patient.store.quick_check()
    if wrong is not None:
        yield _bad("store", f"SQLite finds: {wrong}", "stop the node and restore a backup")
        return
    yield _ok("store", "SQLite finds nothing wrong")
    count = size = 0
    for channel in patient.store.channels():
        for log in patient.store.logs(channel["channel"]):
            broken = _log_fault(patient.store, log)
            if broken is not None:
                yield _bad("logs", f"{log.origin}: {broken}", "stop the node and restore a backup")
            count, size = count + 1, size + len(patient.store.leaf_hashes(log.origin))
    yield _ok("logs", f"{count} logs with {size} entries read again")


def _log_fault(store: SqliteStore, log: PutLog) -> str | None:
    """Hash a log again from its leaves, and hold it against each of its signed heads."""
    key = VerifierKey.parse(log.log_key)
    heads = {head.size: head for head in store.heads(log.origin)}
    hashes = store.leaf_hashes(log.origin)
    frontier = merkle.Frontier()
    for start in range(0, len(hashes), _CHUNK):
        for raw, _ in store.leaves(log.origin, start, start + _CHUNK):
            digest = merkle.leaf_hash(raw)
            if digest != hashes[frontier.size]:
                return f"entry {frontier.size} was altered"
            frontier.append(digest)
            head = heads.pop(frontier.size, None)
            if head is not None and not _head_stands(head, frontier.root(), key):
                return f"its head at {head.size} does not fit its entries"
    beyond = [size for size in heads if size > frontier.size]
    return f"entries are missing up to its head at {max(beyond)}" if beyond else None


def _head_stands(head: PutHead, root: bytes, key: VerifierKey) -> bool:
    try:
        signed = checkpoint.open_checkpoint(head.note, key)
    except DetenteError:
        return False
    return (signed.origin, signed.size, signed.root) == (head.origin, head.size, root) and head.root == root


def _instance(patient: Patient) -> Iterator[Finding]:
    reason = patient.home.must_not_sign(patient.store)
    if reason is not None:
        home = patient.home.path
        do = (
            "use the home that signed last. If it is gone: "
            f"detente backup {home} FILE; detente restore FILE NEWHOME; detente keys prepare NEWHOME --root"
            " ROOT; detente serve NEWHOME; detente keys succeed NEWHOME --root ROOT"
        )
        yield _bad("instance", reason, do)
    else:
        yield _ok("instance", "this is the one home of the party that signs here")
    yield from _successions(patient)


def _successions(patient: Patient) -> Iterator[Finding]:
    """What has to be gone on for, how far the old log came back, and how to go on."""
    home, store = patient.home.path, patient.store
    known = [case for row in store.channels() for case in forks.cases(store, row["channel"])]
    # A head that was ahead of us, or a second succession, is no sign of somebody else.
    forked = {case.log.origin for case in known if case.kinds & {forks.FORK, forks.CONFLICT}}
    for row in store.lost_logs():
        origin, channel = row["origin"], row["channel"][:12]
        held, (arrived, _) = store.head_sizes().get(origin, 0), store.last_times(origin)
        why = (
            "somebody else signed in our log too"
            if origin in forked
            else "our log here is an old or lost one"
        )
        what = (
            f"channel {channel}: {why}; nothing is signed until a succession. {held} entries of it are here,"
            f" the last came {rfc3339(arrived)}. What was said after that and delivered to nobody is lost"
        )
        serving = patient.home.serving() is not None
        do = (
            "" if serving else f"detente serve {home}, until the others have given back what they hold; then "
        )
        if origin in forked:
            do = "find the other home or thief and stop it; stop this node; then "
        yield _bad("succession", what, f"{do}detente keys succeed {home} --root FILE")


def _evidence(patient: Patient) -> Iterator[Finding]:
    """Broken promises that were proven: who signed what, since when it is known here, what is to be done."""
    home = patient.home.path
    names = {row["party"]: str(row["card"]["doc"]["id"]) for row in patient.store.peers()}
    found = [case for row in patient.store.channels() for case in forks.cases(patient.store, row["channel"])]
    if not found:
        yield _ok("evidence", "nobody signed two histories of a log")
    for case in found:
        ours = case.log.party == patient.home.info.fingerprint
        who = "this party" if ours else names.get(case.log.party, case.log.party[:12])
        what = f"channel {case.channel[:12]}: {_told(patient, case, who)}; kept since {rfc3339(case.at)}"
        do = f"detente evidence export {home} DIR writes the proof for others"
        if ours:
            yield _warn("evidence", what, f"{_OURS[case.current]}; {do}")
        else:
            yield _warn("evidence", what, f"{_THEIRS[case.current].format(who=who)}; {do}")


_OURS = {
    True: "stop every other home with our keys; then as under succession",
    False: "nothing more here, if every other home with our keys is stopped",
}
_THEIRS = {
    True: "call {who} by another means: it has two homes, or a thief its log key; wait for its succession",
    False: "nothing more here: {who} went on in a new log",
}


def _told(patient: Patient, case: forks.Case, who: str) -> str:
    """What happened, in one line."""
    if forks.RIVALS in case.kinds:
        return f"the root key of {who} signed two successions of one log; the one that was held first counts"
    if forks.FORK in case.kinds:
        heads = {pair for proof in case.proofs if (pair := forks.sizes(patient.store, proof)) is not None}
        one, two = min(heads, default=(0, 0))
        place = f"heads of {one} and {two} entries" if one != two else f"two heads of {one} entries"
        return f"the log key of {who} signed two histories of one log, {place} that cannot both be true"
    if forks.CONFLICT in case.kinds:
        return (
            f"{who} showed a head that its own leaves do not yield, which others cannot check by themselves"
        )
    return f"a member holds more of a log of {who} than this home did: it was an old state or a copy"


def _clock(patient: Patient) -> Iterator[Finding]:
    """Held against the last thing that each peer signed: what it placed after we wrote it down is ahead."""
    mend = "set the clock (NTP), then look again; nothing needs to be redone"
    newest = 0
    found = False
    for channel in patient.store.channels():
        for log in patient.store.logs(channel["channel"]):
            arrived, ahead = patient.store.last_times(log.origin)
            newest = max(newest, arrived)
            if not log.mine and ahead > CLOCK_SLACK:
                found = True
                yield _warn(
                    "clock", f"{log.party[:8]} is {ahead // 1000} s ahead of us, or we are behind", mend
                )
    if newest > patient.now + CLOCK_SLACK:
        yield _bad("clock", f"it was {(newest - patient.now) // 1000} s later when we last wrote", mend)
    elif not found:
        yield _ok("clock", "it goes with what the others signed")


def _peers(patient: Patient) -> Iterator[Finding]:
    peers = patient.store.peers()
    if not peers:
        yield _warn("peers", "no other party was met yet", "detente meet HOME CARD")
    for peer in peers:
        name = peer["card"]["doc"]["id"]
        events = patient.store.path_events(peer["party"])
        if not events:
            yield _warn("paths", f"{name}: never tried", "detente serve, and let the other side dial in too")
        elif not events[-1]["ok"]:
            last = events[-1]
            whose = {"theirs": "their side", "ours": "our side"}.get(last["fault"] or "", "the path")
            do = (
                "mend our network"
                if last["fault"] == "ours"
                else "tell them by another means; everything is kept and will go out"
            )
            yield _warn("paths", f"{name}: {last['error'] or 'failed'} ({whose})", do)
        else:
            yield _ok("paths", f"{name}: up when last seen")


def _unsent(patient: Patient) -> Iterator[Finding]:
    waiting = 0
    for channel in patient.store.channels():
        others = patient.store.members(channel["channel"]).keys() - {patient.home.info.fingerprint}
        own = [log for log in patient.store.logs(channel["channel"]) if log.mine]
        if not own or not others:
            continue
        size = len(patient.store.leaf_hashes(own[-1].origin))
        held = dict.fromkeys(others, 0)
        for receipt in patient.store.receipts(own[-1].origin):
            if receipt.by in held:
                held[receipt.by] = max(held[receipt.by], receipt.size)
        waiting += sum(size - reached for reached in held.values())
    if waiting:
        do = "start the node: detente serve"
        if patient.home.serving() is not None:
            do = "nothing, while the line is down; if it is up, ask the other side what its doctor says"
        yield _warn("unsent", f"{waiting} entries wait to be delivered", do)
    else:
        yield _ok("unsent", "everything is delivered")


def _disk(patient: Patient) -> Iterator[Finding]:
    free = shutil.disk_usage(patient.home.path).free >> 20
    if disk_low(patient.home.path):
        yield _bad(
            "disk", f"{free} MiB free: nothing is taken in, and only floor kinds are said", "free some space"
        )
    else:
        yield _ok("disk", f"{free} MiB free")


def _prepared(patient: Patient) -> Iterator[Finding]:
    if patient.keys is None:
        return
    left = len(patient.keys.logs.keys() - patient.store.used_logs())
    do = f"detente keys prepare {patient.home.path} --root FILE"
    if left <= FEW_LOGS:
        yield _warn("prepared logs", f"{left} left for new channels and successions", do)
    else:
        yield _ok("prepared logs", f"{left} left")


_CHECKS: tuple[tuple[str, Callable[[Patient], Iterator[Finding]]], ...] = (
    ("root key", _root),
    ("card", _card),
    ("mandates", _mandates),
    ("store", _integrity),
    ("instance", _instance),
    ("evidence", _evidence),
    ("clock", _clock),
    ("paths", _peers),
    ("unsent", _unsent),
    ("disk", _disk),
    ("prepared logs", _prepared),
)
