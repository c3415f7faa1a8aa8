# SPDX-License-Identifier: Apache-2.0
"""Epochs: one author's sending key in one channel, granted to each member (protocol §7)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from detente.errors import MalformedError, VerificationError
from detente.seal import canonical
from detente.seal.keys import KemKey, kem_seal

SECRET_SIZE = 64


def grant_info(channel: str, epoch: int, sender: str, recipient: str) -> bytes:
    """The HPKE ``info`` that binds a blob to its channel, epoch, sender and recipient (fingerprints)."""
    return canonical.encode(
        {"channel": channel, "epoch": epoch, "from": sender, "to": recipient, "v": "detente/epoch/v1"}
    )


def make_grant(
    secret: bytes, epoch: int, channel: str, sender_fpr: str, members: Mapping[str, bytes]
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The ``data`` of an ``epoch.grant`` and each member's blob; ``members``: kem public keys."""
    if len(secret) != SECRET_SIZE:
        raise MalformedError(f"an epoch's key has {SECRET_SIZE} bytes, not {len(secret)}")
    blobs = {
        fpr: kem_seal(public, secret, grant_info(channel, epoch, sender_fpr, fpr))
        for fpr, public in members.items()
    }
    hashes = {fpr: hashlib.sha256(blob).hexdigest() for fpr, blob in blobs.items()}
    return {"epoch": epoch, "blobs": hashes}, blobs


def open_grant(blob: bytes, kem: KemKey, channel: str, epoch: int, sender: str, recipient: str) -> bytes:
    """The 64 bytes of an epoch's key; VerificationError if the blob was not made for exactly this use.

    The sender is not known from the blob itself: compare its SHA-256 with the sender's signed grant.
    """
    secret = kem.open(blob, grant_info(channel, epoch, sender, recipient))
    if len(secret) != SECRET_SIZE:
        raise VerificationError(f"blob holds {len(secret)} bytes, not {SECRET_SIZE}")
    return secret
