# SPDX-License-Identifier: Apache-2.0
"""What the paths ask of the node that owns them, and the limits they hold to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from detente.seal.credential import Card
from detente.seal.keys import SigningKey

DIRECT = "direct"
"""The path of one long-lived WebSocket."""
POST = "direct-post"
"""The path of plain HTTPS requests, where WebSockets do not get through."""
PATH = "/line/v1"

Fault: TypeAlias = Literal["theirs", "ours", "path"]
Counters: TypeAlias = Counter[str]
"""What was refused or went wrong, by reason."""


@dataclass(frozen=True)
class Limits:
    """Sizes in bytes, times in seconds; the defaults are those of protocol §11.

    Of a body, ``body_least`` bytes must come in every ``body_time``: a stalled one is cut, a thin line not.
    """

    packet: int = 4 * 2**20 + 64 * 2**10
    body: int = 8 * 2**20
    head: int = 16 * 2**10
    head_time: float = 10.0
    body_time: float = 60.0
    body_least: int = 64 * 2**10
    keep_time: float = 75.0
    linger: float = 1.0
    dial_time: float = 10.0
    connections: int = 512
    connections_per_address: int = 32
    connections_per_peer: int = 8
    room: int = 4 * 2**20
    post_room: int = 3 * 2**20
    write_buffer: int = 128 * 2**10
    write_most: int = 16 * 2**20
    ping: float = 20.0
    pong: float = 20.0
    stuck: float = 60.0
    poll: float = 20.0
    post_silence: float = 60.0
    post_for: float = 600.0
    backoff_first: float = 0.5
    backoff_urgent: float = 10.0
    backoff_most: float = 600.0
    close_time: float = 3.0


class Host(Protocol):
    """The node behind the paths. Every call is made on the event loop and must be quick."""

    @property
    def me(self) -> str:
        """Our own fingerprint."""

    def peer_card(self, fpr: str) -> Card | None:
        """The newest card of a party met, or None: it is answered 403."""

    def connected(self, peer: str, path: str) -> None:
        """A connection to ``peer`` is in use from now on. Said again when another one takes its place."""

    def disconnected(self, peer: str, path: str, error: str | None) -> None:
        """No connection of this path is left; what was pulled and is not receipted may be lost."""

    def packet(self, peer: str, packet: bytes) -> None:
        """Handle one packet completely, commit included. Bad packets are counted there, not raised."""

    def pull(self, peer: str, room: int) -> list[bytes]:
        """The next packets for ``peer``, about ``room`` bytes of them and at least one if any waits."""

    def wanting(self) -> dict[str, bool]:
        """The peers a connection is wanted to, and whether anything urgent waits for each."""

    def path_event(
        self, peer: str, path: str, ok: bool, ms: float | None, error: str | None, fault: Fault | None
    ) -> None:
        """How a path does: it opened or answered a ping after ``ms``, or failed by somebody's fault."""


class ServiceKeys(Protocol):
    """The two keys of the node's keystore that the direct path needs."""

    @property
    def http(self) -> SigningKey:
        """Signs requests (RFC 9421)."""

    @property
    def tls_key_pem(self) -> bytes:
        """Private key of the TLS certificate."""

    @property
    def tls_cert_pem(self) -> bytes:
        """The TLS certificate, followed by its chain if a public CA issued it."""
