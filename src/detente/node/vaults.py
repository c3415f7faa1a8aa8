# SPDX-License-Identifier: Apache-2.0
"""A party's keys at rest under passphrases, and unlocked.

Three kinds, none under another: the root key (to be taken offline), the service keys (the machine may
unlock them, so that a node restarts unattended), and one key an office (its holder's). Python cannot wipe
memory: an unlocked key stays in the process until it ends.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from detente.errors import MalformedError, RefusedError, UsageError
from detente.line.line import OwnLog
from detente.node.files import read_file, write_private
from detente.node.home import Home
from detente.seal import credential, vault
from detente.seal.canonical import unb64
from detente.seal.keys import KemKey, PqKey, SigningKey, fingerprint
from detente.seal.vkey import COSIGNATURE, NOTE, PQ_COSIGNATURE, VerifierKey

PREPARED_LOGS = 8
_NO_LOG = "no prepared log is left; bring the root key: detente keys prepare HOME --root FILE"

LogKeys = OwnLog


@dataclass(frozen=True, repr=False)
class ServiceKeys:
    """The unlocked service keys. ``logs`` are prepared ones in their order, by origin."""

    node: SigningKey
    watch: SigningKey
    http: SigningKey
    kem: KemKey
    tls_key_pem: bytes
    tls_cert_pem: bytes
    logs: dict[str, LogKeys] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<ServiceKeys node={self.node.id}>"

    def log(self, origin: str) -> LogKeys:
        """The private side of one of our logs. RefusedError if its keys are not here."""
        if origin not in self.logs:
            raise RefusedError(
                f"the keys of the log {origin} are not in this home; restore its newest backup"
            )
        return self.logs[origin]

    def unused_log(self, used: Collection[str]) -> LogKeys:
        """The next prepared log that is not in ``used`` (the store's ``used_logs()``). RefusedError."""
        for origin, keys in self.logs.items():
            if origin not in used:
                return keys
        raise RefusedError(_NO_LOG)

    def to_doc(self) -> dict[str, Any]:
        """What the vault holds, secrets in clear."""
        return {
            "v": 1,
            "node": _b64(self.node.seed),
            "watch": _b64(self.watch.seed),
            "http": _b64(self.http.seed),
            "kem": [_b64(seed) for seed in self.kem.seeds],
            "tls": {"key": self.tls_key_pem.decode(), "cert": self.tls_cert_pem.decode()},
            "logs": [_log_doc(log) for log in self.logs.values()],
        }


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _log_doc(log: LogKeys) -> dict[str, Any]:
    return {
        "origin": log.origin,
        "log": _b64(log.log.seed),
        "pq": _b64(log.pq.seed),
        "receipt_name": log.receipt_name,
        "receipt": _b64(log.receipt.seed),
        "certificate": log.certificate,
    }


def _key(text: str) -> SigningKey:
    return SigningKey.from_seed(unb64(text, 32))


def _log_from(doc: dict[str, Any]) -> LogKeys:
    return LogKeys(
        doc["origin"],
        _key(doc["log"]),
        PqKey.from_seed(unb64(doc["pq"], 32)),
        doc["receipt_name"],
        _key(doc["receipt"]),
        doc["certificate"],
    )


def _service_from(doc: dict[str, Any]) -> ServiceKeys:
    return ServiceKeys(
        _key(doc["node"]),
        _key(doc["watch"]),
        _key(doc["http"]),
        KemKey.from_seeds(*(unb64(seed) for seed in doc["kem"])),
        doc["tls"]["key"].encode(),
        doc["tls"]["cert"].encode(),
        {log["origin"]: _log_from(log) for log in doc["logs"]},
    )


# Vault files -------------------------------------------------------------------------------------------


def write_vault(path: Path, doc: dict[str, Any], passphrase: str) -> None:
    """Lock a JSON object into a private file. RefusedError for an empty passphrase."""
    if not passphrase:
        raise RefusedError("an empty passphrase protects nothing; give one")
    salt, nonce = os.urandom(vault.SALT_SIZE), os.urandom(vault.NONCE_SIZE)
    write_private(path, vault.lock(json.dumps(doc).encode(), passphrase, salt=salt, nonce=nonce))


def read_vault(path: Path, passphrase: str, what: str) -> dict[str, Any]:
    """The JSON object in a vault file. UsageError (no file), RefusedError (passphrase), MalformedError."""
    raw = read_file(path, what)
    try:
        doc = json.loads(vault.unlock(raw, passphrase))
    except RefusedError:
        raise RefusedError(f"wrong passphrase for {what} {path} (or the file was altered)") from None
    except (MalformedError, ValueError):
        raise MalformedError(f"{path} is damaged; put {what} back from a backup") from None
    if not isinstance(doc, dict):
        raise MalformedError(f"{path} does not hold {what}")
    return doc


def unlock_service(home: Home, passphrase: str) -> ServiceKeys:
    """The service keys of a home. RefusedError for a wrong passphrase, MalformedError if damaged."""
    doc = read_vault(home.service_file, passphrase, "the service keys")
    try:
        return _service_from(doc)
    except (KeyError, TypeError, AttributeError):
        raise MalformedError(f"{home.service_file} does not hold service keys; restore a backup") from None


def write_service(home: Home, keys: ServiceKeys, passphrase: str) -> None:
    """Put the service keys into the home's vault."""
    write_vault(home.service_file, keys.to_doc(), passphrase)


def write_root(path: Path, root: SigningKey, passphrase: str) -> None:
    """Put a root key into a vault file."""
    write_vault(path, {"v": 1, "root": _b64(root.seed)}, passphrase)


def unlock_root(where: Home | Path | str, passphrase: str, party: str | None = None) -> SigningKey:
    """The root key from a home, or from a file or directory that it was taken to.

    ``party``: the fingerprint it must have (a home asks for its own).
    Raises UsageError, RefusedError, MalformedError.
    """
    if isinstance(where, Home):
        path, party = where.root_file, party or where.info.fingerprint
    else:
        path = Path(where)
        if path.is_dir():
            inside = [path / "keys" / "root.json", path / "root.json"]
            path = next((file for file in inside if file.is_file()), inside[0])
    if not path.is_file():
        raise UsageError(f"there is no root key at {path}; bring the file it was taken to (--root FILE)")
    root = _seed_key(read_vault(path, passphrase, "the root key"), "root", path)
    if party is not None and fingerprint(root.public) != party:
        raise RefusedError(f"{path} is another party's root key (fingerprint {fingerprint(root.public)})")
    return root


def write_office(home: Home, office: str, key: SigningKey, passphrase: str) -> None:
    """Put an office's key into its own vault."""
    write_vault(home.office_file(office), {"v": 1, "office": office, "key": _b64(key.seed)}, passphrase)


def unlock_office(home: Home, office: str, passphrase: str) -> SigningKey:
    """The key of an office. UsageError if it is not here, RefusedError for a wrong passphrase."""
    path = home.office_file(office)
    if not path.is_file():
        here = ", ".join(home.offices()) or "none"
        raise UsageError(f"the key of the office {office} is not in {home.path} (there: {here})")
    return _seed_key(read_vault(path, passphrase, f"the key of the office {office}"), "key", path)


def _seed_key(doc: dict[str, Any], name: str, path: Path) -> SigningKey:
    if not isinstance(doc.get(name), str):
        raise MalformedError(f"{path} holds another kind of key")
    return _key(doc[name])


# Making ------------------------------------------------------------------------------------------------


def make_log(root: SigningKey, now: int) -> LogKeys:
    """Fresh keys of one log, certified by the root ahead of need (protocol §2, ``log``)."""
    origin = f"detente.log/{os.urandom(16).hex()}"
    receipt_name = f"detente.receipt/{os.urandom(16).hex()}"
    log, receipt = SigningKey.from_seed(os.urandom(32)), SigningKey.from_seed(os.urandom(32))
    pq = PqKey.from_seed(os.urandom(32))
    doc = {
        "type": "log",
        "party": fingerprint(root.public),
        "issued": now,
        "origin": origin,
        "log": str(VerifierKey.make(origin, NOTE, log.public)),
        "pq": str(VerifierKey.make(origin, PQ_COSIGNATURE, pq.public)),
        "receipt": str(VerifierKey.make(receipt_name, COSIGNATURE, receipt.public)),
    }
    return LogKeys(origin, log, pq, receipt_name, receipt, credential.sign(root, doc))


def make_keys(root: SigningKey, tls: tuple[bytes, bytes], now: int) -> ServiceKeys:
    """Fresh service keys with their prepared logs; ``tls`` is (key PEM, certificate PEM)."""
    logs = [make_log(root, now) for _ in range(PREPARED_LOGS)]
    return ServiceKeys(
        SigningKey.from_seed(os.urandom(32)),
        SigningKey.from_seed(os.urandom(32)),
        SigningKey.from_seed(os.urandom(32)),
        KemKey.from_seeds(os.urandom(64), os.urandom(32)),
        *tls,
        {log.origin: log for log in logs},
    )
