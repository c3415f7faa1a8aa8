# SPDX-License-Identifier: Apache-2.0
"""Packets: the one sealed unit that every path carries, and its parts (protocol §7)."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, TypeAlias

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from detente.errors import MalformedError, VerificationError
from detente.seal import canonical, forms
from detente.seal.commit import MAX_BODY
from detente.seal.statement import MAX_LEAF

MAGIC = b"DTP1"
KEY_SIZE = 64
MAX_PLAIN = 4 * 1024 * 1024
MAX_PACKET = MAX_PLAIN + 64 * 1024
MAX_MEMBERS = 64
MAX_BLOB = 65_535
MAX_NOTE = 64 * 1024
# Two notes and a path, or two credentials.
MAX_PROOF = 256 * 1024
_MIN_PLAIN = 512
_AD_SIZE = 40
_SIV_SIZE = 16
_HEAD = struct.Struct(">4s16s16sI")
_BLOB_HEAD = struct.Struct(">16sH")
_PART_HEAD = struct.Struct(">BI")
_U64 = struct.Struct(">Q")
_U32 = struct.Struct(">I")


class LogPart(msgspec.Struct, frozen=True):
    """The parts after it are about this log."""

    origin: str


class LeafPart(msgspec.Struct, frozen=True):
    """A leaf at its place."""

    index: int
    raw: bytes


class BodyPart(msgspec.Struct, frozen=True):
    """The seed (32 bytes) and JSON of an entry's body; the entry id is hex."""

    entry_id: str
    seed: bytes
    raw: bytes


class CheckpointPart(msgspec.Struct, frozen=True):
    """A checkpoint note."""

    note: bytes


class CosignaturePart(msgspec.Struct, frozen=True):
    """A cosignature note."""

    note: bytes


class ItemPart(msgspec.Struct, frozen=True):
    """An item receipt."""

    note: bytes


class HavePart(msgspec.Struct, frozen=True):
    """What the sender has (protocol §8)."""

    doc: dict[str, Any]


class EarlyPart(msgspec.Struct, frozen=True):
    """A statement ahead of its place."""

    index: int
    raw: bytes


class ProofPart(msgspec.Struct, frozen=True):
    """A proof against a log (protocol §5): an object that its reader checks."""

    doc: dict[str, Any]


Part: TypeAlias = (
    LogPart
    | LeafPart
    | BodyPart
    | CheckpointPart
    | CosignaturePart
    | ItemPart
    | HavePart
    | EarlyPart
    | ProofPart
)
# From here on a type that a program does not know is skipped.
SKIPPED = 128
PROOF = 129


class Header(msgspec.Struct, frozen=True):
    """What a packet says in clear: channel (hex), the sender's tag, epoch, blobs by recipient's tag."""

    channel: str
    sender_tag: bytes
    epoch: int
    blobs: dict[bytes, bytes]


class _Have(msgspec.Struct, frozen=True):
    """The shape of ``have``; only checked, the document itself is handed on."""

    logs: dict[str, int]
    epochs: dict[str, int] = {}
    unopened: list[str] = []
    hold: int = 0
    early: list[str] = []


def encode_parts(parts: Iterable[Part]) -> bytes:
    """The bytes of parts, in order."""
    out = bytearray()
    for part in parts:
        number, content = _encode_part(part)
        out += _PART_HEAD.pack(number, len(content))
        out += content
    return bytes(out)


def decode_parts(raw: bytes) -> list[Part]:
    """The known parts of ``raw``; unknown types are skipped from 128 on, else refused. MalformedError."""
    parts: list[Part] = []
    at, end = 0, len(raw)
    while at < end:
        if end - at < _PART_HEAD.size:
            raise MalformedError("packet ends within the head of a part")
        number, length = _PART_HEAD.unpack_from(raw, at)
        at += _PART_HEAD.size
        if length > end - at:
            raise MalformedError("packet ends within a part")
        if number < SKIPPED or number == PROOF:
            parts.append(_decode_part(number, raw[at : at + length]))
        at += length
    return parts


def _encode_part(part: Part) -> tuple[int, bytes]:
    match part:
        case LogPart(origin):
            return 1, origin.encode()
        case LeafPart(index, raw):
            return 2, _U64.pack(index) + raw
        case BodyPart(entry_id, seed, raw):
            return 3, bytes.fromhex(entry_id) + seed + raw
        case CheckpointPart(note):
            return 4, note
        case CosignaturePart(note):
            return 5, note
        case ItemPart(note):
            return 6, note
        case HavePart(doc):
            return 7, canonical.encode(doc)
        case EarlyPart(index, raw):
            return 8, _U64.pack(index) + raw
        case ProofPart(doc):
            return PROOF, canonical.encode(doc)


def _decode_part(number: int, content: bytes) -> Part:
    size = len(content)
    if number in (2, 8):
        _require(8 < size <= 8 + MAX_LEAF, "leaf")
        index = _U64.unpack_from(content)[0]
        return (LeafPart if number == 2 else EarlyPart)(index, content[8:])
    if number == 3:
        _require(64 < size <= 64 + MAX_BODY, "body")
        return BodyPart(content[:32].hex(), content[32:64], content[64:])
    if number in (4, 5, 6):
        _require(0 < size <= MAX_NOTE, "note")
        return (CheckpointPart, CosignaturePart, ItemPart)[number - 4](content)
    if number == 1:
        origin = content.decode("ascii", "replace")
        _require(forms.origin(origin), "log")
        return LogPart(origin)
    if number == PROOF:
        doc = canonical.decode(content, limit=MAX_PROOF)
        _require(isinstance(doc, dict), "proof")
        return ProofPart(doc)
    _require(number == 7, f"of unknown type {number}")
    doc = canonical.decode(content, limit=MAX_BODY)
    try:
        have = msgspec.convert(doc, _Have)
    except msgspec.ValidationError as error:
        raise MalformedError(f"have: {error}") from None
    _require(min((*have.logs.values(), *have.epochs.values(), have.hold)) >= 0, "have")
    return HavePart(doc)


def _require(holds: object, what: str) -> None:
    if not holds:
        raise MalformedError(f"packet has a bad part: {what}")


@lru_cache(maxsize=4096)
def tag(channel: str, fpr: str) -> bytes:
    """16 bytes that name a party to those who know the channel, and tell others nothing."""
    if not (forms.hex16(channel) and forms.hex32(fpr)):
        raise MalformedError("a channel is 32 hex digits and a fingerprint 64")
    return hashlib.sha256(b"detente/tag/v1\n" + bytes.fromhex(channel) + bytes.fromhex(fpr)).digest()[:16]


@lru_cache(maxsize=1024)
def _cipher(key: bytes) -> AESSIV:
    if len(key) != KEY_SIZE:
        raise MalformedError(f"an epoch's key has {KEY_SIZE} bytes, not {len(key)}")
    return AESSIV(key)


def seal(
    channel: str, sender: str, epoch: int, key: bytes, parts_raw: bytes, blobs: Mapping[str, bytes]
) -> bytes:
    """A packet of ``sender`` (fingerprint); ``blobs``: for whom may lack the epoch yet."""
    if len(parts_raw) > MAX_PLAIN - 4 or not 0 < epoch < 2**32:
        raise MalformedError(f"a packet holds at most {MAX_PLAIN - 4} bytes of parts, of one epoch")
    if len(blobs) > MAX_MEMBERS or any(len(blob) > MAX_BLOB for blob in blobs.values()):
        raise MalformedError(f"a packet holds at most {MAX_MEMBERS} blobs of at most {MAX_BLOB} bytes")
    sender_tag = tag(channel, sender)
    head = _HEAD.pack(MAGIC, bytes.fromhex(channel), sender_tag, epoch)
    pieces = [head, bytes([len(blobs)])]
    for fpr, blob in blobs.items():
        pieces += (_BLOB_HEAD.pack(tag(channel, fpr), len(blob)), blob)
    plain = bytearray(_bucket(4 + len(parts_raw)))
    _U32.pack_into(plain, 0, len(parts_raw))
    plain[4 : 4 + len(parts_raw)] = parts_raw
    pieces.append(_cipher(key).encrypt(plain, [head]))
    packet = b"".join(pieces)
    if len(packet) > MAX_PACKET:  # a full plaintext leaves no room for the blobs of a large channel
        raise MalformedError(f"packet of {len(packet)} bytes; the limit is {MAX_PACKET}")
    return packet


def header(packet: bytes) -> Header:
    """What ``packet`` says in clear, nothing of it proven yet; MalformedError."""
    return _split(packet)[0]


def open_packet(packet: bytes, key: bytes) -> bytes:
    """The parts of a packet; VerificationError if it was not sealed with ``key`` and this head."""
    _, sealed_at = _split(packet)
    try:
        plain = _cipher(key).decrypt(memoryview(packet)[sealed_at:], [packet[:_AD_SIZE]])
    except InvalidTag:
        raise VerificationError("packet does not open with this epoch's key") from None
    end = 4 + _U32.unpack_from(plain)[0]
    if end > len(plain) or _bucket(end) != len(plain) or plain.count(0, end) != len(plain) - end:
        raise MalformedError("packet is not padded as the protocol asks")
    return plain[4:end]


def _split(packet: bytes) -> tuple[Header, int]:
    size = len(packet)
    if size > MAX_PACKET or size < _AD_SIZE + 1 or packet[:4] != MAGIC:
        raise MalformedError("not a packet of version 1, or too large")
    _, channel, sender_tag, epoch = _HEAD.unpack_from(packet)
    blobs: dict[bytes, bytes] = {}
    count, at = packet[_AD_SIZE], _AD_SIZE + 1
    for _ in range(count):
        if size - at < _BLOB_HEAD.size:
            raise MalformedError("packet ends within its blobs")
        recipient, length = _BLOB_HEAD.unpack_from(packet, at)
        at += _BLOB_HEAD.size
        blobs[recipient] = packet[at : at + length]
        at += length
    if count > MAX_MEMBERS or len(blobs) != count:
        raise MalformedError("packet has too many blobs, or two for one recipient")
    sealed = size - at - _SIV_SIZE
    if sealed < _MIN_PLAIN or sealed > MAX_PLAIN or sealed & (sealed - 1):
        raise MalformedError("packet is not of an allowed size")
    return Header(channel.hex(), sender_tag, epoch, blobs), at


def _bucket(size: int) -> int:
    return max(_MIN_PLAIN, 1 << (size - 1).bit_length())
