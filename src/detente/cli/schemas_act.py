# SPDX-License-Identifier: Apache-2.0
"""The outputs of commands that make, say and keep: parties, offices, channels, entries, drafts, backups."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

Id = Annotated[str, Meta(pattern="^[0-9a-f]{64}$", description="Entry id: SHA-256 of the statement, hex.")]
Channel = Annotated[str, Meta(pattern="^[0-9a-f]{32}$", description="Channel id, hex.")]
Fingerprint = Annotated[
    str, Meta(pattern="^[0-9a-f]{64}$", description="SHA-256 of the root public key, hex.")
]
Time = Annotated[str, Meta(description="RFC 3339 in UTC.")]
Facts = dict[str, Any]


class Made(msgspec.Struct):
    """``init``: the party that was made."""

    home: str
    party: str
    name: str
    fingerprint: Fingerprint
    words: str
    endpoint: str | None
    office: str
    root_key: Annotated[str, Meta(description="Where the root key is; to be taken offline.")]


class Credential(msgspec.Struct):
    """``card`` and others: a credential signed by the root key."""

    doc: Facts
    sig: str


class Met(msgspec.Struct):
    """``meet``: the party whose card was taken in."""

    party: str
    name: str
    fingerprint: Fingerprint
    words: str


class Office(msgspec.Struct):
    """One office and the mandate in force for it."""

    office: str
    title: str
    kinds: list[str]
    precedence: str
    signers: Facts
    emergency: bool
    from_: Time = msgspec.field(name="from")
    to: Time | None
    state: Annotated[str, Meta(description="in force, not yet, ended or revoked")]
    id: Annotated[str, Meta(description="Credential id of the mandate.")]


class Offices(msgspec.Struct):
    """``office list``."""

    offices: list[Office]


class Issued(msgspec.Struct):
    """``office add|mandate|revoke``: the credential that was issued."""

    office: str
    id: str
    type: Literal["mandate", "revocation"]


class Prepared(msgspec.Struct):
    """``keys prepare``: how many logs are prepared and unused now."""

    prepared: int
    unused: int


class TakenOffline(msgspec.Struct):
    """``keys take-root-offline``: where the root key is now."""

    root_key: str


class Succeeded(msgspec.Struct):
    """``keys succeed``: the channels that go on in a new log."""

    channels: list[Facts]


class Ready(msgspec.Struct):
    """``serve``: the addresses, once ready."""

    line: str | None
    console: str | None


class Template(msgspec.Struct):
    """``channel template``: the charter's template, TOML."""

    template: str


class Opened(msgspec.Struct):
    """``channel propose|register|assent|decline``: the channel and the entry that was made."""

    channel: Channel
    id: Id
    ref: str | None
    state: str


class ChannelRow(msgspec.Struct):
    """One channel or register."""

    channel: Channel
    state: str
    about: str | None
    parties: list[str]
    entries: int
    created: Time


class Channels(msgspec.Struct):
    """``channel list``."""

    channels: list[ChannelRow]


class Proposed(msgspec.Struct):
    """A charter or an amendment."""

    id: Id
    ref: str
    by: str
    body: Facts | None


class Answer(msgspec.Struct):
    """An assent or a decline, and what it answers."""

    id: Id
    ref: str
    party: str
    kind: Literal["assent", "decline"]
    re: list[Id]


class ChannelShown(msgspec.Struct):
    """``channel show``."""

    channel: Channel
    state: str
    charter: Proposed
    amendments: list[Proposed]
    answers: list[Answer]
    in_force: Annotated[Facts | None, Meta(description="The charter as amended; null before all assented.")]


class Said(msgspec.Struct):
    """``say``, ``ack``, ``draft release``: the entry and how far it has come."""

    id: Id
    state: str
    ref: str | None = None
    channel: Channel | None = None
    marks: dict[str, dict[str, Any]] | None = None
    times: Facts | None = None


class Streamed(msgspec.Struct):
    """``say --stream``: one line out for each line in."""

    id: Id | None
    state: Literal["delivered", "kept", "not kept", "refused"]
    times: Annotated[
        dict[str, int], Meta(description="kept, delivered: microseconds from accepting the line.")
    ]
    line: Annotated[int | None, Meta(description="Number of the refused line, from 1.")] = None
    error: str | None = None


class Draft(msgspec.Struct):
    """One draft."""

    id: Id
    channel: Channel
    kind: str
    office: str
    status: str
    signatures: list[str]
    needed: int
    remarks: list[Any] = []
    created: Any = None


class Drafts(msgspec.Struct):
    """``draft list``."""

    drafts: list[Draft]


class DraftChanged(msgspec.Struct):
    """``draft sign|return|recall``."""

    id: Id
    state: str | None = None


class RecallTime(msgspec.Struct):
    """``draft recall-time``."""

    seconds: int


class Cases(msgspec.Struct):
    """``case list`` and ``case run``."""

    cases: list[Facts]


class Exported(msgspec.Struct):
    """``export``: what was written."""

    file: str
    channel: Channel
    entries: int
    disclosed: int
    bytes: int
    sha256: str


class Backup(msgspec.Struct):
    """``backup``: what was written, and read back."""

    file: str
    bytes: int
    verified: bool


class Restored(msgspec.Struct):
    """``restore``: the party that came out, and what it must do before it signs again."""

    home: str
    party: str
    fingerprint: Fingerprint
    needs_succession: list[str]


class Finding(msgspec.Struct):
    """One thing that was looked at."""

    check: str
    state: Literal["ok", "warn", "bad"]
    what: str
    do: str | None


class Doctor(msgspec.Struct):
    """``doctor``: what is wrong and how to mend it."""

    state: Literal["ok", "warn", "bad"]
    findings: list[Finding]


class Proof(msgspec.Struct):
    """One proof that is kept; ``at`` in ms, ``proven``: a third party can check it."""

    folder: str
    channel: str
    log: str
    party: str
    fingerprint: str
    what: Literal["fork", "rivals", "conflict", "behind"]
    proven: bool
    at: int


class EvidenceKept(msgspec.Struct):
    """``evidence list``: every proof that is kept."""

    evidence: list[Proof]


class EvidenceExported(msgspec.Struct):
    """``evidence export``: the folders that were written."""

    directory: str
    folders: list[str]


class Verdict(msgspec.Struct):
    """What one folder proves; ``sizes`` of the two heads."""

    folder: str
    what: Literal["fork", "rivals"]
    proven: bool
    party: str | None
    fingerprint: str | None
    log: str | None
    sizes: list[int]
    problem: str | None


class EvidenceVerified(msgspec.Struct):
    """``evidence verify``: what each folder proves."""

    proofs: list[Verdict]


class Names(msgspec.Struct):
    """``schema`` without a command: the commands that print JSON."""

    commands: list[str]
