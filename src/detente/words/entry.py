# SPDX-License-Identifier: Apache-2.0
"""Statement, placement and leaf as values (protocol §3). Their bytes are made in ``detente.seal``."""

from __future__ import annotations

from typing import Any

import msgspec

PRECEDENCES = ("routine", "priority", "immediate", "flash")
MARKS = ("real", "exercise", "drill", "test")
MACHINE_OFFICES = frozenset({"node", "watch", "root"})
DATA_KINDS = frozenset({"genesis", "credential", "epoch.grant", "succession", "refusal", "test", "ack"})


class BodyRef(msgspec.Struct, frozen=True):
    """The commitment to a body: b64 root of its commitment tree, length of its JSON in bytes."""

    root: str
    size: int


class Statement(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an office signs (protocol §3). Times in milliseconds UTC; ids in hex."""

    v: int
    channel: str
    party: str
    office: str
    kind: str
    precedence: str
    mark: str
    re: list[str]
    released: int
    body: BodyRef | None = None
    data: dict[str, Any] | None = None
    salt: str | None = None
    to: list[str] | None = None
    not_after: int | None = None
    emergency: bool = False
    crit: list[str] | None = None
    lang: str | None = None


class Signature(msgspec.Struct, frozen=True):
    """One signature over a statement: hex key id, b64 Ed25519 signature."""

    key: str
    sig: str


class Placement(msgspec.Struct, frozen=True):
    """What the node adds when it places a statement; ``seen`` maps origin to [size, b64 root]."""

    log: str
    index: int
    time: int
    seen: dict[str, tuple[int, str]]


class Leaf(msgspec.Struct, frozen=True):
    """A placed statement."""

    placement: Placement
    signatures: list[Signature]
    statement: Statement
