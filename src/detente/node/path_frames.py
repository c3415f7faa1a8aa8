# SPDX-License-Identifier: Apache-2.0
"""The body of a POST and of its answer: packets, each prefixed by its u32 length (protocol §9)."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from detente.errors import MalformedError

_LENGTH = struct.Struct(">I")


def join(packets: Sequence[bytes]) -> bytes:
    """The body that carries ``packets``."""
    return b"".join(part for packet in packets for part in (_LENGTH.pack(len(packet)), packet))


def split(body: bytes, most: int) -> list[bytes]:
    """The packets of a body, each of 1 to ``most`` bytes; MalformedError."""
    packets, at = [], 0
    while at < len(body):
        if at + 4 > len(body):
            raise MalformedError("a body ends within a packet's length")
        (length,) = _LENGTH.unpack_from(body, at)
        if not 0 < length <= most or at + 4 + length > len(body):
            raise MalformedError("a body's packet is longer than it may be, or than the body")
        packets.append(body[at + 4 : at + 4 + length])
        at += 4 + length
    return packets


def portion(packets: Sequence[bytes], most: int) -> int:
    """How many of the first ``packets`` fit into a body of ``most`` bytes, at least one."""
    total = 0
    for count, packet in enumerate(packets):
        total += 4 + len(packet)
        if total > most:
            return max(count, 1)
    return len(packets)
