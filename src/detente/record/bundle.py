# SPDX-License-Identifier: Apache-2.0
"""The files of a full bundle: everything that an auditor needs and nothing that has to be believed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from detente.errors import MalformedError, UsageError
from detente.log import merkle, note, tiles
from detente.log.checkpoint import Checkpoint
from detente.seal import canonical, commit, credential
from detente.seal.canonical import b64

Sealed = tuple[Mapping[str, Any], bytes]  # a body and its 32-byte seed
Disclosures = Sequence[Mapping[str, Any]]
_ID = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class BundleLog:
    """One log as it is held: the party's short id and fingerprint, all leaves up to the signed checkpoint.

    ``receipts`` are cosigned notes of its heads by peers and witnesses; ``items`` are item receipt notes.
    The keys are verifier keys in text form; ``pq_vkey`` may be empty.
    """

    party: str
    fpr: str
    origin: str
    leaves: Sequence[bytes]
    checkpoint: bytes
    receipts: Sequence[bytes]
    items: Sequence[bytes]
    log_vkey: str
    receipt_vkey: str
    pq_vkey: str = ""


@dataclass(frozen=True)
class Disclose:
    """What ``--disclose`` asked for: everything, whole bodies, single fields (RFC 6901) by entry id."""

    everything: bool
    whole: frozenset[str]
    fields: Mapping[str, tuple[str, ...]]


def build(
    logs: Sequence[BundleLog],
    bodies: Mapping[str, Sealed | Disclosures],
    credentials: Iterable[Mapping[str, Any]] = (),
    *,
    witnesses: Mapping[str, str] | None = None,
) -> dict[str, bytes]:
    """Path to content of every file. ``logs``: a party's logs in the order of its successions.

    ``bodies``: entry id to (body, seed), or to single disclosures. ``credentials``: ``{"doc","sig"}``.
    ``witnesses``: name to verifier key. Raises MalformedError for what cannot be written down.
    """
    files: dict[str, bytes] = {"README.txt": readme(logs).encode()}
    makers = {}
    for name, log in zip(folder_names(log.party for log in logs), logs, strict=True):
        makers[_key_name(log.receipt_vkey)] = name
        files |= {f"logs/{name}/{path}": content for path, content in _log_files(log).items()}
        files |= _keys(name, log)
    for name, vkey in (witnesses or {}).items():
        makers[_key_name(vkey)] = f"witness-{_safe(name)}"
        files[f"keys/witness-{_safe(name)}.vkey"] = f"{vkey}\n".encode()
    for name, log in zip(folder_names(log.party for log in logs), logs, strict=True):
        files |= _numbered(f"logs/{name}/receipts", log.receipts, makers)
        files |= _numbered(f"logs/{name}/items", log.items, makers)
    for item in credentials:
        doc = dict(item["doc"])
        stem = f"{doc.get('type', 'credential')}-{credential.credential_id(doc)[:16]}"
        files[f"credentials/{_safe(stem)}.json"] = canonical.encode(dict(item))
    return files | {f"bodies/{entry}.json": _body(opened) for entry, opened in bodies.items()}


def folder_names(parties: Iterable[str]) -> list[str]:
    """One name a log: the party id, and ``-2``, ``-3`` … for its further logs."""
    counts: dict[str, int] = {}
    names = []
    for party in parties:
        counts[party] = counts.get(party, 0) + 1
        names.append(party if counts[party] == 1 else f"{party}-{counts[party]}")
    return names


def parse_disclose(options: Iterable[str], names: Mapping[str, str]) -> Disclose:
    """Read ``all | ID[:PATH]…``. ``names``: what an entry may be called (id or ref) to its id.

    A path is an RFC 6901 pointer; a field's bare name is taken for ``/name``. Raises UsageError.
    """
    everything, whole = False, set()
    fields: dict[str, list[str]] = {}
    for option in options:
        name, colon, path = option.partition(":")
        if option == "all":
            everything = True
        elif name not in names:
            raise UsageError(f"--disclose {option}: there is no entry {name!r} in this channel")
        elif not colon:
            whole.add(names[name])
        else:
            pointer = path if path.startswith("/") or not path else f"/{path}"
            fields.setdefault(names[name], []).append(pointer)
    return Disclose(everything, frozenset(whole), {entry: tuple(paths) for entry, paths in fields.items()})


def disclosed(
    asked: Disclose, opened: Mapping[str, Sealed], own: Iterable[str]
) -> dict[str, Sealed | Disclosures]:
    """What to put under ``bodies/``: the exporter's own statements whole, and what was asked for.

    ``opened``: every body that the exporter can read. For an own entry that is named with paths, only those
    paths. Raises UsageError for a body that cannot be read here, or a path that is not in it.
    """
    chosen = set(opened) if asked.everything else {entry for entry in own if entry in opened}
    found: dict[str, Sealed | Disclosures] = {entry: opened[entry] for entry in chosen - set(asked.fields)}
    for entry in (*asked.whole, *asked.fields):
        if entry not in opened:
            raise UsageError(f"--disclose {entry}: its body cannot be read here")
    found |= {entry: opened[entry] for entry in asked.whole}
    for entry, paths in asked.fields.items():
        if entry not in asked.whole:
            found[entry] = fields(*opened[entry], paths)
    return found


def fields(body: Mapping[str, Any], seed: bytes, paths: Iterable[str]) -> list[dict[str, Any]]:
    """The disclosures of every value at or below ``paths``; UsageError for a path that leads nowhere."""
    present = [path for path, _value in commit.flatten(dict(body))]
    chosen: dict[str, None] = {}
    for path in paths:
        below = [name for name in present if name == path or name.startswith(f"{path}/")]
        if not below:
            raise UsageError(f"the body has no field {path}; it has {', '.join(present[:20])}")
        chosen |= dict.fromkeys(below)
    return [commit.disclose(dict(body), seed, path) for path in chosen]


def _log_files(log: BundleLog) -> dict[str, bytes]:
    hashes = [merkle.leaf_hash(leaf) for leaf in log.leaves]
    return {"checkpoint": log.checkpoint} | tiles.tile_files(hashes, log.leaves)


def _keys(name: str, log: BundleLog) -> dict[str, bytes]:
    keys = {"log": log.log_vkey, "receipt": log.receipt_vkey, "pq": log.pq_vkey}
    return {f"keys/{use}-{name}.vkey": f"{vkey}\n".encode() for use, vkey in keys.items() if vkey}


def _body(opened: Sealed | Disclosures) -> bytes:
    if isinstance(opened, tuple) and len(opened) == 2 and isinstance(opened[1], bytes):
        return canonical.encode({"body": dict(opened[0]), "seed": b64(opened[1])})
    return canonical.encode({"disclosures": [dict(item) for item in opened if isinstance(item, Mapping)]})


def _numbered(folder: str, notes: Iterable[bytes], makers: Mapping[str, str]) -> dict[str, bytes]:
    """Notes under names that tell who made them and, for a cosignature, over which size."""
    files: dict[str, bytes] = {}
    for raw in notes:
        parsed = note.parse(raw)
        by = next((makers[line.name] for line in parsed.signatures if line.name in makers), "other")
        stem = f"{folder}/{by}-{_subject(parsed.text)}"
        path, again = f"{stem}.note", 2
        while path in files and files[path] != raw:
            path, again = f"{stem}-{again}.note", again + 1
        files[path] = raw
    return files


def _subject(text: str) -> str:
    try:
        return str(Checkpoint.parse(text).size)
    except MalformedError:
        ids = _ID.findall(text)
        return ids[-1] if ids else "note"


def _key_name(vkey: str) -> str:
    return vkey.partition("+")[0]


def _safe(name: str) -> str:
    """A file name without anything that a path or a shell could take for more than a name."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", name).lstrip(".")[:100] or "unnamed"


def readme(logs: Sequence[BundleLog]) -> str:
    """How to verify the bundle, with this program and without it."""
    rows = [
        f"  logs/{name}/   {len(log.leaves)} entries, root key fingerprint {log.fpr}"
        for name, log in zip(folder_names(log.party for log in logs), logs, strict=True)
    ]
    return _README.replace("@LOGS@", "\n".join(rows))


_README = """\
A Detente bundle: the record of one channel, to be verified by anybody.

@LOGS@

Compare the fingerprints with what the parties give you by another way: this file could name any.

With Detente:

    detente verify BUNDLE.zip --trust CARD

Without it, everything here follows public formats.

1. logs/<party>/checkpoint is a signed note (c2sp.org/signed-note, c2sp.org/tlog-checkpoint): origin, number
   of entries, root hash, signatures. Check it with keys/log-<party>.vkey. In Go: golang.org/x/mod/sumdb/note,
   note.Open(msg, note.VerifierList(verifier)) with note.NewVerifier(vkey).
2. logs/<party>/tile/entries/<N> holds the entries, each as a big-endian 16-bit length and its bytes
   (c2sp.org/tlog-tiles). Its hash is SHA-256 of a zero byte and the entry; the tree over them is that of
   RFC 6962 section 2.1. Its root must be the one in the checkpoint. In Go: golang.org/x/mod/sumdb/tlog,
   tlog.RecordHash and tlog.TreeHash. The other tiles hold the hashes of the tree, 256 in a file.
3. logs/<party>/receipts/ are the same checkpoints, or older ones, cosigned by peers and witnesses
   (c2sp.org/tlog-cosignature) with keys/receipt-<party>.vkey or keys/witness-<name>.vkey: each says that its
   maker holds everything up to there. Their roots must be those of the first so many entries.
4. logs/<party>/items/ are signed notes by which a peer says that it holds one statement, and since when. They
   are signed as type 01 by the key of keys/receipt-<party>.vkey.
5. Entry 0 of a log carries the party's card and the log's keys, signed by its root key; the next entries
   carry the mandates of its offices. An entry is signed with Ed25519 over the line detente/statement/v1 and
   its canonical JSON (RFC 8785); its id is SHA-256 of that JSON. docs/protocol.md of Detente has the rest.
6. bodies/<entry id>.json opens what an entry commits to: the body with its seed, or single fields with the
   path in the commitment tree (docs/protocol.md, section 4). A body that is not here was withheld by whoever
   made the bundle; nothing is shown about it.

credentials/ holds the same credentials once more, in clear, for reading.
"""
