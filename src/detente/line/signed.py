# SPDX-License-Identifier: Apache-2.0
"""What an office hands to its node: a signed statement with the body that opens its commitment."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from detente.errors import MalformedError
from detente.seal import canonical
from detente.seal.keys import SigningKey
from detente.seal.statement import sign_raw, statement_bytes


@dataclass(frozen=True)
class Signed:
    """``statement`` and ``signatures`` as JSON values (protocol §3); ``body`` is canonical JSON, ``seed`` 32
    bytes."""

    statement: dict[str, Any]
    signatures: tuple[dict[str, Any], ...]
    body: bytes | None = None
    seed: bytes | None = None

    @classmethod
    def by(
        cls, key: SigningKey, statement: dict[str, Any], body: bytes | None = None, seed: bytes | None = None
    ) -> Signed:
        """With its first signature. Raises MalformedError."""
        raw = statement_bytes(statement)
        signed = cls(statement, (sign_raw(key, raw),), body, seed)
        vars(signed)["raw"] = raw
        return signed

    @cached_property
    def raw(self) -> bytes:
        """The statement's JSON: what was signed. Raises MalformedError."""
        return statement_bytes(self.statement)

    @cached_property
    def id(self) -> str:
        """The entry id."""
        return hashlib.sha256(self.raw).hexdigest()

    def with_signature(self, signature: dict[str, Any]) -> Signed:
        """The same with one more signature; a second one by the same key is not added."""
        if any(s["key"] == signature["key"] for s in self.signatures):
            return self
        return replace(self, signatures=(*self.signatures, signature))

    def to_json(self) -> dict[str, Any]:
        """JSON value for the node's control socket and its drafts."""
        return {
            "statement": self.statement,
            "signatures": list(self.signatures),
            "body": None if self.body is None else self.body.decode(),
            "seed": None if self.seed is None else canonical.b64(self.seed),
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Signed:
        """Inverse of ``to_json``. Raises MalformedError."""
        try:
            body, seed = value["body"], value["seed"]
            return cls(
                dict(value["statement"]),
                tuple(dict(s) for s in value["signatures"]),
                None if body is None else body.encode(),
                None if seed is None else canonical.unb64(seed, 32),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise MalformedError(f"not a signed statement: {error}") from None
