# SPDX-License-Identifier: Apache-2.0
"""Codes read out before two people talk: who reads the right one has the other's sealed set-up (DESIGN §4).

Both sides commit to a secret on the line, then reveal it. No voice, and no number shown on a telephone, can
know the codes; a side that waits for the other's secret cannot choose its own any more.
"""

from __future__ import annotations

import hashlib
import hmac

from detente.errors import VerificationError
from detente.seal.canonical import b64, unb64

SECRET = 32
_COMMIT = b"detente/call-code/commit/v1\n"
_CODE = "detente/call-code/v1\n{channel}\n{proposal}\n{speaker}"


def commit(secret: bytes, channel: str, party: str) -> str:
    """What ``party`` publishes of its 32-byte secret before the other has revealed its own, hex."""
    return hashlib.sha256(_COMMIT + f"{channel}\n{party}\n".encode() + secret).hexdigest()


def reveal(secret: bytes) -> str:
    """A secret as it stands in an entry."""
    return b64(secret)


def check(text: str, commitment: str, channel: str, party: str) -> bytes:
    """The secret that ``text`` reveals; VerificationError if it is not the one committed to."""
    secret = unb64(text, SECRET)
    # Bytes: a commitment is the other side's text, and as text only ASCII can be compared.
    if not hmac.compare_digest(
        commit(secret, channel, party).encode(), commitment.encode("utf-8", "replace")
    ):
        raise VerificationError(f"the secret that {party} revealed is not the one it had committed to")
    return secret


def code(secrets: dict[str, bytes], channel: str, proposal: str, speaker: str) -> str:
    """The six digits that ``speaker`` reads out; ``secrets``: party id to its secret."""
    key = b"".join(secrets[party] for party in sorted(secrets))
    text = _CODE.format(channel=channel, proposal=proposal, speaker=speaker)
    mac = hmac.digest(key, text.encode(), "sha256")
    digits = int.from_bytes(mac[:8], "big") % 1_000_000
    return f"{digits // 1000:03d} {digits % 1000:03d}"
