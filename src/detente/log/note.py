# SPDX-License-Identifier: Apache-2.0
"""C2SP signed notes: strict parsing, signature lines of types 01, 04 and 06, verification.

Sources: C2SP signed-note 1.0.0, tlog-checkpoint 1.0.0, tlog-cosignature 1.1.0-rc.1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from detente.errors import MalformedError, VerificationError
from detente.seal import forms
from detente.seal.canonical import b64, unb64
from detente.seal.keys import PqKey, SigningKey, pq_verify, verify_raw
from detente.seal.vkey import COSIGNATURE, NOTE, PQ_COSIGNATURE, VerifierKey, check_name, note_key_id

__all__ = [
    "COSIGNATURE",
    "MAX_LINES",
    "MAX_NOTE",
    "NOTE",
    "PQ_COSIGNATURE",
    "TYPES",
    "Note",
    "NoteSignature",
    "SignatureType",
    "VerifierKey",
    "checkpoint_fields",
    "open_note",
    "parse",
    "sign_line",
]

MAX_NOTE = 64 * 1024
MAX_LINES = 64
_DASH = "— ".encode()
_CONTROL = bytes(code for code in range(0x20) if code != 0x0A)


class NoteSignature(msgspec.Struct, frozen=True):
    """One signature line: key name, 4-byte key id, what follows the id."""

    name: str
    id: bytes
    payload: bytes


class Note(msgspec.Struct, frozen=True):
    """A signed note: its text (ends with LF) and its signature lines, nothing of them verified yet."""

    text: str
    signatures: tuple[NoteSignature, ...]

    def line(self, key: VerifierKey) -> NoteSignature | None:
        """The line that claims to be by ``key``; VerificationError if there are two."""
        lines = [line for line in self.signatures if line.name == key.name and line.id == key.id]
        if len(lines) > 1:
            raise VerificationError(f"note has {len(lines)} signatures by {key.name}")
        return lines[0] if lines else None


class SignatureType(NamedTuple):
    """How a type signs: length of its signature, whether a u64 time stands before it, message, check."""

    size: int
    timed: bool
    message: Callable[[str, str, int], bytes]
    verify: Callable[[bytes, bytes, bytes], bool]


def checkpoint_fields(text: str) -> tuple[str, int, bytes]:
    """Origin, size and root of a checkpoint's text without extension lines; MalformedError."""
    lines = text.split("\n")
    if len(lines) != 4 or lines[3]:
        raise MalformedError("a checkpoint has the three lines origin, size and root")
    origin, size, root = lines[:3]
    check_name(origin)
    if not forms.decimal(size) or int(size) > forms.MAX_INT:
        raise MalformedError("checkpoint: size is not a decimal number")
    return origin, int(size), unb64(root, 32)


def _note_message(name: str, text: str, seconds: int) -> bytes:
    return text.encode()


def _cosignature_message(name: str, text: str, seconds: int) -> bytes:
    return b"cosignature/v1\ntime %d\n" % seconds + text.encode()


def _pq_message(name: str, text: str, seconds: int) -> bytes:
    origin, size, root = checkpoint_fields(text)
    names = [name.encode(), origin.encode()]
    if max(map(len, names)) > 255:
        raise MalformedError("a name in an ML-DSA cosignature has at most 255 bytes")
    signer, log = (bytes([len(raw)]) + raw for raw in names)
    span = bytes(8) + size.to_bytes(8, "big")
    return b"subtree/v1\n\0" + signer + seconds.to_bytes(8, "big") + log + span + root


# Unknown types are ignored in notes; a new one is one row here.
TYPES = {
    NOTE: SignatureType(64, False, _note_message, verify_raw),
    COSIGNATURE: SignatureType(64, True, _cosignature_message, verify_raw),
    PQ_COSIGNATURE: SignatureType(2420, True, _pq_message, pq_verify),
}


def parse(raw: bytes) -> Note:
    """Read a note strictly; MalformedError. The last blank line ends the text."""
    if len(raw) > MAX_NOTE:
        raise MalformedError(f"note of {len(raw)} bytes; the limit is {MAX_NOTE}")
    if len(raw.translate(None, _CONTROL)) != len(raw):
        raise MalformedError("note has a control character")
    text, _, tail = raw.rpartition(b"\n\n")
    if not text or not tail.endswith(b"\n"):
        raise MalformedError("note has no text, no signatures or no final line end")
    lines = tail[:-1].split(b"\n")
    if len(lines) > MAX_LINES:
        raise MalformedError(f"note has {len(lines)} signature lines; the limit is {MAX_LINES}")
    try:
        return Note(text.decode() + "\n", tuple(_parse_line(line) for line in lines))
    except UnicodeDecodeError:
        raise MalformedError("note is not UTF-8") from None


def _parse_line(line: bytes) -> NoteSignature:
    if not line.startswith(_DASH):
        raise MalformedError("note has a line that is no signature after its blank line")
    name, _, encoded = line[len(_DASH) :].decode().partition(" ")
    check_name(name)
    payload = unb64(encoded)
    if len(payload) < 5:
        raise MalformedError("signature line is too short")
    return NoteSignature(name, payload[:4], payload[4:])


def open_note(raw: bytes, keys: Sequence[VerifierKey]) -> tuple[Note, list[VerifierKey]]:
    """The note and those of ``keys`` that signed it; VerificationError if none did or one's line fails.

    Lines by other keys are ignored. A key that signed twice is refused: programs differ on which line counts.
    """
    note = parse(raw)
    verified = [key for key in keys if _holds(note, key)]
    if not verified:
        raise VerificationError("note is signed by none of the keys it is to be checked with")
    return note, verified


def _holds(note: Note, key: VerifierKey) -> bool:
    """Whether ``key`` signed; False without a line of it, VerificationError for a line that fails."""
    line = note.line(key)
    if line is None:
        return False
    kind = TYPES[key.type]
    payload, seconds = line.payload, 0
    if kind.timed:
        seconds, payload = int.from_bytes(payload[:8], "big"), payload[8:]
    if len(line.payload) != kind.size + 8 * kind.timed or not kind.verify(
        key.public, kind.message(key.name, note.text, seconds), payload
    ):
        raise VerificationError(f"signature by {key.name} does not hold")
    return True


def sign_line(name: str, sig_type: int, key: SigningKey | PqKey, text: str, seconds: int = 0) -> bytes:
    """A signature line, LF included, over ``text`` (which ends with LF); ``seconds`` for the timed types."""
    kind = TYPES[sig_type]
    message = kind.message(name, text, seconds)
    signature = key.sign(message) if isinstance(key, PqKey) else key.sign_raw(message)
    stamp = seconds.to_bytes(8, "big") if kind.timed else b""
    payload = note_key_id(name, sig_type, key.public) + stamp + signature
    return f"— {name} {b64(payload)}\n".encode()
