# SPDX-License-Identifier: Apache-2.0
"""Proof of a fork: two notes by one log's key that cannot both be true (protocol §5; RFC 9162 §2.1.4).

Of one size with two roots they contradict each other as they stand. Of two sizes, a consistency proof leads
from another root of the smaller size to the larger note's root: its tree does not begin with the smaller one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from detente.errors import MalformedError, VerificationError
from detente.log import merkle
from detente.log.checkpoint import Checkpoint, open_checkpoint
from detente.log.note import VerifierKey
from detente.seal.canonical import b64, unb64

ONE, TWO, CONSISTENCY = "one.note", "two.note", "consistency"
# A path has at most two hashes for each level of the tree.
MAX_PATH = 128


class ForkProof(msgspec.Struct, frozen=True):
    """Two notes, the smaller head first. ``root`` (32 bytes) and ``path``: the root of the larger head's tree
    at the smaller one's size, and the consistency proof from there; None where the sizes are the same."""

    one: bytes
    two: bytes
    root: bytes | None = None
    path: tuple[bytes, ...] = ()

    def check(self, log_key: VerifierKey) -> tuple[Checkpoint, Checkpoint]:
        """The two heads that ``log_key`` signed and that contradict each other; VerificationError if not."""
        one, two = open_checkpoint(self.one, log_key), open_checkpoint(self.two, log_key)
        if not 0 < one.size <= two.size:
            raise VerificationError("a proof of a fork has the smaller head first, and it is not empty")
        if one.size == two.size:
            if one.root == two.root:
                raise VerificationError("both notes say the same: they prove no fork")
            return one, two
        if self.root is None:
            raise VerificationError("two heads of two sizes prove no fork without a consistency proof")
        merkle.verify_consistency(one.size, two.size, self.root, two.root, list(self.path))
        if self.root == one.root:
            raise VerificationError("the larger tree begins with the smaller one: they prove no fork")
        return one, two

    def to_doc(self) -> dict[str, Any]:
        """As JSON value."""
        doc: dict[str, Any] = {"notes": [b64(self.one), b64(self.two)]}
        if self.root is not None:
            doc |= {"root": b64(self.root), "path": [b64(digest) for digest in self.path]}
        return doc

    @classmethod
    def from_doc(cls, doc: Mapping[str, Any]) -> ForkProof:
        """Inverse of ``to_doc``; MalformedError."""
        notes, path = _texts(doc.get("notes")), _texts(doc.get("path", []))
        if len(notes) != 2 or len(path) > MAX_PATH:
            raise MalformedError("a proof of a fork has two notes and a short path")
        root = _texts([doc["root"]])[0] if "root" in doc else None
        found = None if root is None else unb64(root, 32)
        return cls(unb64(notes[0]), unb64(notes[1]), found, tuple(unb64(digest, 32) for digest in path))

    def files(self) -> dict[str, bytes]:
        """As named files; the consistency proof has one hash a line in base64, the other root first."""
        files = {ONE: self.one, TWO: self.two}
        if self.root is not None:
            files[CONSISTENCY] = "".join(f"{b64(digest)}\n" for digest in (self.root, *self.path)).encode()
        return files

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> ForkProof:
        """Inverse of ``files``; MalformedError."""
        try:
            lines = files.get(CONSISTENCY, b"").decode("ascii").split("\n")[:-1]
            hashes = [unb64(line, 32) for line in lines[: MAX_PATH + 1]]
            return cls(files[ONE], files[TWO], hashes[0] if hashes else None, tuple(hashes[1:]))
        except (KeyError, UnicodeDecodeError):
            raise MalformedError("two signed notes are not there, or the proof is not ASCII") from None


def _texts(value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise MalformedError("a proof of a fork is two notes, and a root with its path")
    return value
