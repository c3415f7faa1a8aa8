# SPDX-License-Identifier: Apache-2.0
"""One entry's proof as a file (C2SP tlog-proof): index, audit path, checkpoint."""

from __future__ import annotations

import msgspec

from detente.errors import MalformedError
from detente.log import merkle
from detente.log.checkpoint import Checkpoint, open_checkpoint
from detente.log.note import MAX_NOTE, VerifierKey
from detente.seal import forms
from detente.seal.canonical import b64, unb64

_HEAD = "c2sp.org/tlog-proof@v1"
_MAX_PATH = 63


class Proof(msgspec.Struct, frozen=True):
    """The index of a leaf, its audit path (leaf's sibling first) and the checkpoint's note."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes

    def encode(self) -> bytes:
        """The text of the proof, without an ``extra`` line: nothing would authenticate it."""
        lines = [_HEAD, f"index {self.index}", *map(b64, self.path), "", ""]
        return "\n".join(lines).encode() + self.checkpoint

    @classmethod
    def parse(cls, raw: bytes) -> Proof:
        """Read a proof strictly; MalformedError. An ``extra`` line is checked and dropped."""
        head, blank, checkpoint = raw.partition(b"\n\n")
        if not blank or len(raw) > MAX_NOTE + 4096:
            raise MalformedError("proof has no blank line before its checkpoint, or is too long")
        try:
            lines = head.decode("ascii").split("\n")
        except UnicodeDecodeError:
            raise MalformedError("proof is not ASCII before its checkpoint") from None
        if lines[0] != _HEAD:
            raise MalformedError("not a tlog-proof of version 1")
        if len(lines) > 1 and lines[1].startswith("extra "):
            unb64(lines.pop(1)[len("extra ") :])
        index = lines[1].removeprefix("index ") if len(lines) > 1 else ""
        if lines[1:2] != [f"index {index}"] or not forms.decimal(index) or len(lines) - 2 > _MAX_PATH:
            raise MalformedError("proof has no index, or too many hashes")
        return cls(int(index), tuple(unb64(line, 32) for line in lines[2:]), checkpoint)

    def verify(self, leaf: bytes, log_key: VerifierKey) -> Checkpoint:
        """The verified checkpoint that covers ``leaf`` (its bytes) at ``index``; VerificationError."""
        cp = open_checkpoint(self.checkpoint, log_key)
        merkle.verify_inclusion(merkle.leaf_hash(leaf), self.index, cp.size, self.path, cp.root)
        return cp
