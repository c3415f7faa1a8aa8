# SPDX-License-Identifier: Apache-2.0
"""Checkpoints and their cosignatures (C2SP tlog-checkpoint, tlog-cosignature; protocol §5)."""

from __future__ import annotations

import msgspec

from detente.errors import MalformedError, VerificationError
from detente.log import note
from detente.log.note import COSIGNATURE, NOTE, PQ_COSIGNATURE, Note, NoteSignature, VerifierKey
from detente.seal import forms
from detente.seal.canonical import b64
from detente.seal.keys import PqKey, SigningKey

# Above this, a time in milliseconds has no exact JSON number.
MAX_SECONDS = forms.MAX_INT // 1000


class Checkpoint(msgspec.Struct, frozen=True):
    """A log's origin, size and root (32 bytes)."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{b64(self.root)}\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read the three lines; MalformedError. Extension lines are refused (protocol §5)."""
        return cls(*note.checkpoint_fields(text))


def sign_checkpoint(cp: Checkpoint, log_key: SigningKey) -> bytes:
    """The note of a checkpoint with the log's own line (type 01, named by the origin)."""
    text = cp.text()
    return text.encode() + b"\n" + note.sign_line(cp.origin, NOTE, log_key, text)


def pq_line(cp: Checkpoint, name: str, pq: PqKey) -> bytes:
    """A type 06 line (ML-DSA-44, timestamp 0) to append to the note of ``cp``."""
    return note.sign_line(name, PQ_COSIGNATURE, pq, cp.text())


def cosign(raw: bytes, receipt_name: str, key: SigningKey, seconds: int) -> bytes:
    """A note with the log's own line and a cosignature (type 04) of ``seconds``; MalformedError.

    The caller has verified ``raw``, holds everything up to it, and never signed a newer head.
    """
    if not 0 < seconds <= MAX_SECONDS:
        raise MalformedError("a cosignature's time is in whole seconds since 1970")
    parsed = note.parse(raw)
    return _bare(parsed) + note.sign_line(receipt_name, COSIGNATURE, key, parsed.text, seconds)


def open_checkpoint(raw: bytes, log_key: VerifierKey) -> Checkpoint:
    """The checkpoint that ``log_key`` (type 01) signed; VerificationError."""
    parsed, _ = note.open_note(raw, [log_key])
    return _read(parsed, log_key)


def open_cosignature(
    raw: bytes, log_key: VerifierKey | None, receipt_key: VerifierKey
) -> tuple[Checkpoint, int]:
    """The checkpoint that ``receipt_key`` (type 04) cosigned, and when (seconds); VerificationError.

    With ``log_key`` the log's own signature must stand and hold too.
    """
    keys = [receipt_key] if log_key is None else [receipt_key, log_key]
    parsed, verified = note.open_note(raw, keys)
    line = parsed.line(receipt_key)
    if line is None or len(verified) != len(keys):
        raise VerificationError("cosignature lacks the line of the log or of the cosigner")
    seconds = int.from_bytes(line.payload[:8], "big")
    if not 0 < seconds <= MAX_SECONDS:
        raise VerificationError("cosignature has no usable time")
    return _read(parsed, log_key), seconds


def own_note(raw: bytes) -> bytes:
    """A checkpoint's note with the log's own line only; MalformedError, VerificationError if it has none."""
    return _bare(note.parse(raw))


def _bare(parsed: Note) -> bytes:
    line = _own_line(parsed, parsed.text.partition("\n")[0])
    return parsed.text.encode() + b"\n" + f"— {line.name} {b64(line.id + line.payload)}\n".encode()


def _read(parsed: Note, log_key: VerifierKey | None) -> Checkpoint:
    cp = Checkpoint.parse(parsed.text)
    if log_key is not None:
        if cp.origin != log_key.name:
            raise VerificationError(f"checkpoint is of {cp.origin}, not of {log_key.name}")
        _own_line(parsed, cp.origin)
    return cp


def _own_line(parsed: Note, origin: str) -> NoteSignature:
    """The one Ed25519 line that the log put under its own name: what a cosigner passes on."""
    own = [line for line in parsed.signatures if line.name == origin and len(line.payload) == 64]
    if len(own) != 1:
        raise VerificationError(f"checkpoint has {len(own)} Ed25519 lines of its own log, not one")
    return own[0]
