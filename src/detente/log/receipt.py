# SPDX-License-Identifier: Apache-2.0
"""Item receipts: one statement is durably held, before the gap in front of it is filled (protocol §5)."""

from __future__ import annotations

import msgspec

from detente.errors import MalformedError
from detente.log import note
from detente.log.note import NOTE, VerifierKey
from detente.seal import forms
from detente.seal.keys import SigningKey

_HEAD = "detente/item-receipt/v1"


class Item(msgspec.Struct, frozen=True):
    """What an item receipt says: the log's origin, the entry's id, its arrival (ms)."""

    origin: str
    entry_id: str
    arrival: int


def make_item(origin: str, entry_id: str, arrival_ms: int, receipt_name: str, key: SigningKey) -> bytes:
    """The signed note of an item receipt; MalformedError for values that it cannot say."""
    text = f"{_HEAD}\n{origin}\n{entry_id}\n{arrival_ms}\n"
    _parse(text)
    return text.encode() + b"\n" + note.sign_line(receipt_name, NOTE, key, text)


def open_item(raw: bytes, receipt_key: VerifierKey) -> Item:
    """The item receipt that ``receipt_key`` (certified as type 04) signed as type 01; VerificationError."""
    parsed, _ = note.open_note(raw, [receipt_key.as_type(NOTE)])
    return _parse(parsed.text)


def _parse(text: str) -> Item:
    match text.split("\n"):
        case [head, origin, entry_id, arrival, ""] if (
            head == _HEAD
            and forms.origin(origin)
            and forms.hex32(entry_id)
            and forms.decimal(arrival)
            and int(arrival) <= forms.MAX_INT
        ):
            return Item(origin, entry_id, int(arrival))
    raise MalformedError("not the text of an item receipt")
