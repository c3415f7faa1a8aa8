# SPDX-License-Identifier: Apache-2.0
"""An office at work: it signs in the process of the person who holds its key, never in the node's
keystore."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from detente.errors import UsageError
from detente.line.signed import Signed
from detente.node.home import Home
from detente.node.keystore import unlock_office
from detente.seal import canonical
from detente.seal import statement as statements
from detente.seal.keys import SigningKey
from detente.words.entry import DATA_KINDS
from detente.words.kinds import check_body

FIRST_OFFICE = "duty"


class Author:
    """One office with its key unlocked."""

    def __init__(self, party: str, office: str, key: SigningKey) -> None:
        """``party`` is the fingerprint."""
        self.party = party
        self.office = office
        self._key = key

    def make(
        self,
        channel: str,
        kind: str,
        body: dict[str, Any],
        *,
        re: Sequence[str] = (),
        precedence: str = "routine",
        mark: str = "real",
        now_ms: int,
        **optional: Any,
    ) -> Signed:
        """A statement of this office with its first signature. Raises MalformedError where the body is not
        the kind's.

        ``optional``: to, not_after, emergency, lang, crit (protocol §3).
        """
        check_body(kind, body)
        common: dict[str, Any] = {
            "channel": channel, "party": self.party, "office": self.office, "kind": kind, "released": now_ms,
            "precedence": precedence, "mark": mark, "re": list(re), **optional,
        }  # fmt: skip
        if kind in DATA_KINDS:
            statement = statements.make(**common, data=body, salt=secrets.token_bytes(16))
            return Signed.by(self._key, statement)
        seed = secrets.token_bytes(32)
        statement = statements.make(**common, body=body, seed=seed)
        return Signed.by(self._key, statement, canonical.encode(body), seed)

    def sign(self, statement: dict[str, Any]) -> dict[str, Any]:
        """One more signature, over a statement of this or another office."""
        return statements.sign(self._key, statement)


def unlock_author(home: Home, office: str | None, passphrase: str) -> Author:
    """The author for an office; without a name, the only one there is, or ``duty``.

    Raises UsageError for an unknown office, RefusedError for a wrong passphrase.
    """
    names = home.offices()
    if office is None:
        office = names[0] if len(names) == 1 else FIRST_OFFICE
    if office not in names:
        raise UsageError(
            f"no office {office!r} has its key in {home.path}; there are: {', '.join(names) or 'none'}"
        )
    return Author(home.info.fingerprint, office, unlock_office(home, office, passphrase))
