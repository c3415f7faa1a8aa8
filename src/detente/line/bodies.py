# SPDX-License-Identifier: Apache-2.0
"""The content of an entry: in clear in the leaf, or a body that opens its commitment (protocol §4)."""

from __future__ import annotations

from typing import Any

from detente.errors import MalformedError
from detente.seal import canonical
from detente.seal.commit import MAX_BODY, commitment
from detente.seal.packet import BodyPart
from detente.seal.statement import decode_leaf
from detente.words.entry import Statement


def statement_of(raw: bytes) -> Statement | None:
    """The statement of a leaf, or None where it does not parse."""
    try:
        return decode_leaf(raw).leaf.statement
    except MalformedError:
        return None


def open_body(statement: Statement, part: BodyPart | None) -> tuple[dict[str, Any] | None, bool]:
    """The content of an entry, and whether it is there and as committed."""
    if statement.body is None:
        return statement.data, statement.data is not None
    if part is None or len(part.raw) != statement.body.size:
        return None, False
    try:
        body = canonical.decode(part.raw, limit=MAX_BODY)
        if not isinstance(body, dict) or canonical.b64(commitment(body, part.seed)) != statement.body.root:
            return None, False
    except MalformedError:
        return None, False
    return body, True
