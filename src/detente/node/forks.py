# SPDX-License-Identifier: Apache-2.0
"""What proves a fork to a stranger: both signed notes, and that one tree does not begin with the other."""

from __future__ import annotations

from detente.errors import MalformedError, RefusedError
from detente.line.writes import PutEvidence
from detente.log import merkle, note
from detente.log.checkpoint import Checkpoint
from detente.node.store import SqliteStore
from detente.seal.canonical import b64


def proof_files(store: SqliteStore, evidence: PutEvidence) -> dict[str, bytes]:
    """The files of evidence as kept, and for a fork the signed head that we hold instead (``held.note``).

    ``held.consistency`` has the root of our tree at the size of the other note and the proof (RFC 9162) from
    it to that head, one hash a line in base64: the two notes stand for two roots of one size.
    """
    files = dict(evidence.files)
    if evidence.what != "fork":
        return files
    try:
        theirs = Checkpoint.parse(note.parse(files["theirs"]).text)
        size = min(head.size for head in store.heads(evidence.origin) if head.size >= theirs.size)
        files["held.note"] = store.head_note(evidence.origin, size)
        hashes = store.leaf_hashes(evidence.origin)
        root = merkle.root(hashes[: theirs.size])
        proof = merkle.consistency_proof(hashes, theirs.size, size)
    except (MalformedError, RefusedError, KeyError, ValueError):
        return files
    files["held.consistency"] = "".join(f"{b64(digest)}\n" for digest in (root, *proof)).encode()
    return files
