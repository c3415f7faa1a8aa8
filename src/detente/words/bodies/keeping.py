# SPDX-License-Identifier: Apache-2.0
"""Keeping the line: set-up, charter, tests, acknowledgements, corrections, standing."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from detente.words.bodies.base import (
    Body,
    Data,
    Facts,
    Hash,
    Lang,
    Languages,
    Ref,
    Seconds,
    Short,
    Shorts,
    Side,
    Text,
    TextBody,
    Time,
    When,
    about,
)

Kinds = Annotated[list[Annotated[str, Meta(min_length=1, max_length=64)]], Meta(max_length=200)]
PrecedenceName = Literal["routine", "priority", "immediate", "flash"]


class SignedDoc(msgspec.Struct, frozen=True):
    """A credential: a document signed by the party's root key (protocol §2)."""

    doc: Annotated[Facts, about("The document; `type` tells which.")]
    sig: Annotated[Annotated[str, Meta(max_length=128)], about("b64 Ed25519 signature of the root key.")]


class Genesis(Data, frozen=True, kw_only=True):
    """Opens a log: who writes it and with which keys."""

    card: Annotated[SignedDoc, about("The author's card.")]
    log: Annotated[SignedDoc, about("The credential of this log's keys.")]
    suite: Annotated[Annotated[str, Meta(max_length=64)], about("Protocol suite, `detente/1`.")]


class Credential(Data, frozen=True, kw_only=True):
    """A card, mandate, revocation or log certificate made known to the channel."""

    credential: Annotated[SignedDoc, about("The credential.")]


class EpochGrant(Data, frozen=True, kw_only=True):
    """Opens the author's next sending key; the sealed key itself travels beside it (protocol §7)."""

    epoch: Annotated[Annotated[int, Meta(ge=1, le=2**32 - 1)], about("Number of the epoch, from 1.")]
    blobs: Annotated[
        Annotated[dict[Hash, str], Meta(max_length=64)], about("Fingerprint to SHA-256 of its sealed key.")
    ]


class Succession(Data, frozen=True, kw_only=True):
    """Goes on in a new log after a loss, naming the head of the old one."""

    succession: Annotated[SignedDoc, about("The credential of type `succession`.")]


class Refusal(Data, frozen=True, kw_only=True):
    """What could not be opened or is not accepted. It does not undo delivery."""

    reason: Annotated[Literal["unopened", "commitment", "schema", "crit", "quota", "mandate"], about("Why.")]
    log: Annotated[Annotated[str, Meta(max_length=255)] | None, about("Origin of the log meant.")] = None
    range: Annotated[
        tuple[Annotated[int, Meta(ge=0)], Annotated[int, Meta(ge=0)]] | None,
        about("First index, and the index after the last."),
    ] = None
    entries: Annotated[
        Annotated[list[Hash], Meta(max_length=1_000)] | None, about("The entries meant, by id.")
    ] = None
    note: Annotated[Short | None, about("In words.")] = None


class Test(Data, frozen=True, kw_only=True):
    """A test of the line; its text is made by the program and means nothing."""

    text: Annotated[Annotated[str, Meta(max_length=2_000)], about("Neutral test text.")]
    n: Annotated[Annotated[int, Meta(ge=0)] | None, about("Running number.")] = None
    lang: Annotated[Lang | None, about("Language of the text.")] = None


class Ack(Data, frozen=True, kw_only=True):
    """How far an entry named in `re` has come at the author's post."""

    state: Annotated[
        Literal["displayed", "read", "understood", "referred", "declined", "will-answer"], about("How far.")
    ]
    note: Annotated[
        Short | None, about("In words; for `understood` the sense given back, for `declined` a reason.")
    ] = None
    by: Annotated[Side | None, about("The post that did it; for `referred` the post that now has it.")] = None
    until: Annotated[Time | None, about("For `will-answer`: by when.")] = None


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A party to a charter."""

    fingerprint: Annotated[Hash, about("SHA-256 of its root public key.")]
    id: Annotated[Annotated[str, Meta(pattern=r"^[A-Z0-9-]{1,16}$")], about("Short party id.")]
    name: Annotated[Short, about("Name.")] = ""


class Quotas(msgspec.Struct, frozen=True, kw_only=True):
    """What one member may send before the others stop reading for a while. Floor kinds always go through."""

    bytes_per_day: Annotated[Annotated[int, Meta(ge=1)], about("Leaves and bodies.")]
    entries_per_day: Annotated[Annotated[int, Meta(ge=1)], about("Entries.")]
    flash_per_hour: Annotated[Annotated[int, Meta(ge=1)], about("Entries of precedence flash.")]


class PhraseEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A numbered, pre-agreed sentence; `{name}` in it stands for a parameter."""

    code: Annotated[Annotated[str, Meta(min_length=1, max_length=16)], about("Its number.")]
    text: Annotated[dict[Lang, Short], about("Language to template.")]
    life_saving: Annotated[bool, about("One signature releases it, and it is always on the floor.")] = False


class Charter(Body, frozen=True, kw_only=True):
    """What the members of a channel agree on before they talk. In force once all have assented."""

    members: Annotated[
        Annotated[list[Member], Meta(min_length=1, max_length=64)], about("The parties; in a register one.")
    ]
    purpose: Annotated[Short, about("What the channel is for.")] = ""
    languages: Annotated[Languages, about("Languages used, the first preferred.")] = []
    regimes: Annotated[Kinds, about("Names of the regimes that run here.")] = []
    procedures: Annotated[list[Facts], about("Procedures agreed from the start, as bodies.")] = []
    floor: Annotated[Kinds, about("Kinds that stay open whatever the standing.")] = []
    ack_due: Annotated[dict[PrecedenceName, Seconds], about("Precedence to seconds for an ack.")] = {}
    answer_due: Annotated[dict[str, Seconds], about("Kind to seconds for an answer.")] = {}
    test_every: Annotated[Seconds, about("Seconds between line tests.")] = 3600
    quotas: Annotated[Quotas | None, about("What one member may send.")] = None
    witnesses: Annotated[
        Annotated[list[Short], Meta(max_length=32)],
        about("Verifier keys of the witnesses (type 04), each with its address after a space if known."),
    ] = []
    phrases: Annotated[Annotated[list[PhraseEntry], Meta(max_length=2_000)], about("The phrase book.")] = []
    emergency_release: Annotated[bool, about("A mandate may let one signer release alone, marked so.")] = True
    readout_notice: Annotated[
        Annotated[int, Meta(ge=0, le=31_536_000)], about("Seconds from lodging a read-out to publishing it.")
    ] = 1800
    publication: Annotated[Short | None, about("What may be published of the channel, in words.")] = None
    about: Annotated[Side | None, Meta(description="In a register: the side without a node.")] = None


class CharterAmendment(Body, frozen=True, kw_only=True):
    """A change to the charter. In force once all members have assented."""

    charter: Annotated[Ref, about("The charter or amendment it changes.")]
    changes: Annotated[Facts, about("Merge patch (RFC 7396) on the charter: null takes a field away.")]
    reason: Annotated[Text | None, about("Why.")] = None


class Assent(Body, frozen=True, kw_only=True):
    """Agreement to the entry named in `re`, word for word and without condition."""

    note: Annotated[Text | None, about("A remark that changes nothing in what is agreed.")] = None


class Decline(Body, frozen=True, kw_only=True):
    """No, or not now, to the entry named in `re`."""

    reason: Annotated[
        Text | None, about("Neutral reason: not now, other level, other channel, under study, or own words.")
    ] = None
    note: Annotated[Text | None, about("A remark.")] = None


class Correction(Body, frozen=True, kw_only=True):
    """Puts right an entry of the author's own; the entry stays as it was."""

    text: Annotated[Text | None, about("What was wrong and how it should read.")] = None
    changes: Annotated[Facts | None, about("Merge patch (RFC 7396) on the entry's body.")] = None
    reason: Annotated[Text | None, about("Why.")] = None
    lang: Annotated[Lang | None, about("Language of the text.")] = None


class Withdrawal(Body, frozen=True, kw_only=True):
    """Takes back an entry of the author's own; the entry stays on the record."""

    reason: Annotated[Text | None, about("Why.")] = None


class Standing(Body, frozen=True, kw_only=True):
    """What the author declares of its official relations with the other side."""

    state: Annotated[Literal["normal", "reduced", "suspended", "ended"], about("The relations now.")]
    scope: Annotated[Short, about("`channel`, or the regime or field of cooperation meant.")] = "channel"
    since: Annotated[When | None, about("Since when, as exactly as it is claimed (EDTF).")] = None
    until: Annotated[When | None, about("End, if one is set.")] = None
    by: Annotated[Side | None, about("Who brought it about, in the author's view.")] = None
    reason: Annotated[Text | None, about("Why.")] = None
    fields: Annotated[Shorts | None, about("Fields of cooperation concerned.")] = None
    closes: Annotated[
        Kinds | None,
        about("Kinds or groups closed. Missing: all off the floor if the channel is suspended or ended."),
    ] = None


class ResumptionProposal(TextBody, frozen=True, kw_only=True):
    """A way back to a better standing."""

    scope: Annotated[Short | None, about("What is to be resumed.")] = None
    state: Annotated[
        Literal["normal", "reduced", "suspended", "ended"] | None, about("The standing proposed.")
    ] = None
    starts: Annotated[When | None, about("From when.")] = None
    conditions: Annotated[Shorts | None, about("What must come first.")] = None
    steps: Annotated[Shorts | None, about("Steps, in order.")] = None
    reply_by: Annotated[When | None, about("Answer asked for by.")] = None
