# SPDX-License-Identifier: Apache-2.0
"""Making a party, and what its root key certifies later: cards, mandates, logs, revocations, successions."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from detente.errors import MalformedError, RefusedError, UsageError
from detente.log.merkle import EMPTY
from detente.node.files import write_private
from detente.node.home import FORMAT, Home, HomeInfo
from detente.node.selfsigned import make_tls
from detente.node.store import SqliteStore
from detente.node.tables import META_SPENT
from detente.node.vaults import (
    LogKeys,
    ServiceKeys,
    make_keys,
    make_log,
    unlock_office,
    unlock_root,
    unlock_service,
    write_office,
    write_root,
    write_service,
)
from detente.seal import credential
from detente.seal.canonical import b64, unb64
from detente.seal.keys import SigningKey, fingerprint

__all__ = ["LogKeys", "ServiceKeys", "unlock_office", "unlock_root", "unlock_service"]  # and those below

Doc = dict[str, Any]
FIRST_OFFICE = "duty"
FIRST_TITLE = "Duty officer"
_PARTY_ID = re.compile(r"[A-Z0-9-]{1,16}")


def create_party(
    path: Path | str,
    party: str,
    name: str,
    endpoint: str | None,
    lang: str,
    service_pass: str,
    office_pass: str,
    root_pass: str | None,
    now: int,
) -> Home:
    """Make a party at ``path``: keys, card, first office with a 1-of-1 mandate, store. ``now`` in ms.

    UsageError for a bad id or endpoint, RefusedError if something is there; then nothing is left behind.
    """
    if not _PARTY_ID.fullmatch(party):
        raise UsageError(f"{party!r} is no party id: capital letters, digits and dashes, at most 16")
    if "" in (service_pass, office_pass, root_pass):
        raise RefusedError("an empty passphrase protects nothing; give one")
    root = SigningKey.from_seed(os.urandom(32))
    info = HomeInfo(FORMAT, party, name, lang, endpoint, fingerprint(root.public), now, os.urandom(16).hex())
    keys = make_service(root, endpoint, now)
    card = make_card(root, info, keys, serial=1, now=now)
    fresh = not Path(path).exists()
    home = Home.create(path, info)
    try:
        _fill(home, root, keys, card, (service_pass, office_pass, root_pass or service_pass), now)
    except BaseException:
        home.instance.forget()
        if fresh:
            shutil.rmtree(home.path, ignore_errors=True)
        raise
    return home


def _fill(
    home: Home, root: SigningKey, keys: ServiceKeys, card: Doc, passphrases: tuple[str, str, str], now: int
) -> None:
    service_pass, office_pass, root_pass = passphrases
    write_root(home.root_file, root, root_pass)
    write_service(home, keys, service_pass)
    _keep_card(home, card)
    add_office(home, root, FIRST_OFFICE, title=FIRST_TITLE, office_pass=office_pass, now=now)
    home.finish()


def make_service(root: SigningKey, endpoint: str | None, now: int) -> ServiceKeys:
    """Fresh service keys, their TLS certificate naming the endpoint's host."""
    return make_keys(root, make_tls(endpoint), now)


# What the root key certifies ---------------------------------------------------------------------------


def _head(root: SigningKey, kind: str, now: int) -> Doc:
    return {"type": kind, "party": fingerprint(root.public), "issued": now}


def _certify(root: SigningKey, doc: Doc) -> Doc:
    """The credential, checked as every receiver will; UsageError if a field is not allowed."""
    try:
        credential.parse(doc)
    except MalformedError as error:
        raise UsageError(str(error)) from None
    return credential.sign(root, doc)


def make_card(root: SigningKey, info: HomeInfo, keys: ServiceKeys, *, serial: int, now: int) -> Doc:
    """A card for what ``info`` and ``keys`` say."""
    certificate = x509.load_pem_x509_certificate(keys.tls_cert_pem)
    own = certificate.issuer == certificate.subject
    doc = _head(root, "card", now) | {
        "id": info.party,
        "name": info.name,
        "lang": info.lang,
        "root": b64(root.public),
        "serial": serial,
        "endpoints": [info.endpoint] if info.endpoint else [],
        "keys": {
            "node": b64(keys.node.public),
            "watch": b64(keys.watch.public),
            "http": b64(keys.http.public),
            "kem": b64(keys.kem.public),
        },
        "tls": b64(certificate.public_bytes(Encoding.DER)) if own else None,
    }
    return _certify(root, doc)


def _keep(home: Home, made: Doc) -> None:
    """Put a credential into the store; a serving node reads it there, and is told to place it."""
    with closing(SqliteStore.open(home.store_file)) as store:
        store.put_credential(credential.credential_id(made["doc"]), made["doc"]["type"], made)


def _held(home: Home, kind: str) -> list[Doc]:
    with closing(SqliteStore.open(home.store_file, read_only=True)) as store:
        return [held["doc"] for held in store.credentials(kind)]


def _next_serial(home: Home, docs: Sequence[Doc], now: int) -> int:
    """One more than the highest; in a home that lost its latest state, above all that may have been lost."""
    with closing(SqliteStore.open(home.store_file, read_only=True)) as store:
        floor = now // 1000 if store.spent_logs() else 0
    return max([floor, 1, *(int(doc["serial"]) + 1 for doc in docs)])


def _keep_card(home: Home, card: Doc) -> None:
    _keep(home, card)
    write_private(home.card_file, json.dumps(card, ensure_ascii=False).encode() + b"\n")


def new_card(home: Home, root: SigningKey, keys: ServiceKeys, now: int, **changes: Any) -> Doc:
    """The next card, with ``changes`` of name, lang or endpoint; returns the credential."""
    info = replace(home.info, **changes)
    card = make_card(root, info, keys, serial=_next_serial(home, _held(home, "card"), now), now=now)
    _keep_card(home, card)
    home.set_info(**changes)
    return card


def add_office(home: Home, root: SigningKey, name: str, *, office_pass: str, now: int, **fields: Any) -> Doc:
    """Make an office: a key under its own passphrase, and a mandate; returns the mandate's credential.

    ``fields`` as in ``make_mandate``. It counts in a log once it is placed there. An office that was revoked
    gets a new key. RefusedError if there is such an office, UsageError for what a mandate cannot say.
    """
    if home.office_file(name).exists() and not revoked(home, name):
        raise RefusedError(f"the office {name} is here already; give it another mandate instead")
    key = SigningKey.from_seed(os.urandom(32))
    mandate = _make_mandate(home, root, name, key.public, now, **fields)
    write_office(home, name, key, office_pass)
    _keep(home, mandate)
    return mandate


def revoked(home: Home, name: str) -> bool:
    """Whether the newest mandate of an office was revoked: its key may be in other hands."""
    dead = {doc["revokes"] for doc in _held(home, "revocation")}
    known = any(doc["office"] == name for doc in _held(home, "mandate"))
    return known and credential.credential_id(_newest_mandate(home, name)) in dead


def change_mandate(home: Home, root: SigningKey, name: str, *, now: int, **fields: Any) -> Doc:
    """Give an office another mandate, with the key it has; returns the credential. UsageError if unknown."""
    newest = _newest_mandate(home, name)
    mandate = _make_mandate(home, root, name, unb64(newest["key"]), now, **fields)
    _keep(home, mandate)
    return mandate


def _newest_mandate(home: Home, name: str) -> Doc:
    docs = [doc for doc in _held(home, "mandate") if doc["office"] == name]
    if not docs:
        raise UsageError(f"there is no office {name} in {home.path}")
    return max(docs, key=lambda doc: int(doc["serial"]))


def _make_mandate(
    home: Home,
    root: SigningKey,
    name: str,
    public: bytes,
    now: int,
    *,
    title: str = "",
    kinds: Sequence[str] = ("*",),
    precedence: str = "flash",
    k: int = 1,
    of: Sequence[str] = (),
    emergency: bool = False,
    since: int | None = None,
    until: int | None = None,
) -> Doc:
    """A mandate: ``k`` of the offices ``of`` (itself alone if empty) sign ``kinds`` up to ``precedence``."""
    known = [doc for doc in _held(home, "mandate") if doc["office"] == name]
    doc = _head(root, "mandate", now) | {
        "office": name,
        "title": title or name,
        "key": b64(public),
        "kinds": list(kinds),
        "precedence": precedence,
        "signers": {"k": k, "of": list(of) or [name]},
        "emergency": emergency,
        "from": now if since is None else since,
        "to": until,
        "serial": _next_serial(home, known, now),
    }
    return _certify(root, doc)


def mandates_in_force(store: SqliteStore) -> list[Doc]:
    """Our newest mandate credential of each office that is not revoked, by office."""
    revoked = {held["doc"]["revokes"] for held in store.credentials("revocation")}
    newest: dict[str, Doc] = {}
    for held in store.credentials("mandate"):
        known = newest.get(held["doc"]["office"])
        if known is None or held["doc"]["serial"] > known["doc"]["serial"]:
            newest[held["doc"]["office"]] = held
    kept = [held for held in newest.values() if credential.credential_id(held["doc"]) not in revoked]
    return sorted(kept, key=lambda held: str(held["doc"]["office"]))


def revoke(
    home: Home, root: SigningKey, name: str, *, reason: str, now: int, since: int | None = None
) -> Doc:
    """Revoke an office's mandate in force; returns the revocation. UsageError if there is no such office."""
    doc = _head(root, "revocation", now) | {
        "revokes": credential.credential_id(_newest_mandate(home, name)),
        "from": now if since is None else since,
        "reason": reason,
    }
    made = _certify(root, doc)
    _keep(home, made)
    return made


# Logs --------------------------------------------------------------------------------------------------


def prepare_logs(home: Home, root: SigningKey, passphrase: str, count: int, now: int) -> int:
    """Add ``count`` prepared logs to the service vault; returns how many are unused now."""
    keys = unlock_service(home, passphrase)
    for _ in range(count):
        log = make_log(root, now)
        keys.logs[log.origin] = log
    write_service(home, keys, passphrase)
    with closing(SqliteStore.open(home.store_file, read_only=True)) as store:
        return len(keys.logs.keys() - store.used_logs())


def renew_logs(home: Home, root: SigningKey, passphrase: str, count: int, now: int) -> int:
    """As ``prepare_logs``, after taking out of the vault all that were prepared before and not used: whoever
    has a copy of this home has their keys too. They are never opened here."""
    keys = unlock_service(home, passphrase)
    with closing(SqliteStore.open(home.store_file)) as store:
        own = store.own_logs()
        spent = keys.logs.keys() - own
        store.put_meta(META_SPENT, json.dumps(sorted({*store.spent_logs(), *spent})))
    for origin in spent:
        del keys.logs[origin]
    write_service(home, keys, passphrase)
    return prepare_logs(home, root, passphrase, count, now)


def succession_terms(store: SqliteStore, keys: ServiceKeys, channel: str) -> Doc:
    """What the root key is asked to certify for a channel: ``channel``, ``old`` (its last head), ``new``.

    RefusedError if we have no log there, or no prepared one is left.
    """
    own = [log for log in store.logs(channel) if log.mine]
    if not own:
        raise RefusedError(f"there is no log of ours in the channel {channel}")
    old = own[-1].origin
    heads = store.heads(old)
    size, root = (heads[-1].size, heads[-1].root) if heads else (0, EMPTY)
    last = {"origin": old, "size": size, "root": b64(root)}
    return {"channel": channel, "old": last, "new": keys.unused_log(store.used_logs()).origin}


def make_succession(
    home: Home, root: SigningKey, *, channel: str, old: Doc, new: str, reason: str, now: int
) -> Doc:
    """The credential by which ``new`` (origin) goes on for ``old`` (``origin, size, root``)."""
    if fingerprint(root.public) != home.info.fingerprint:
        raise RefusedError("this root key is another party's")
    return _certify(
        root, _head(root, "succession", now) | {"channel": channel, "old": old, "new": new, "reason": reason}
    )
