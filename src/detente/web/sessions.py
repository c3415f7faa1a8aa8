# SPDX-License-Identifier: Apache-2.0
"""Who is logged in. A session is an office; its key is in memory only, and put away after an idle hour.

The service passphrase is no way in: it opens the machine's keys and has no business in a browser. A screen
that only watches logs in as an office whose mandate allows acknowledgements and nothing else.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from detente.errors import RefusedError
from detente.node.author import Author

ABSOLUTE = 12 * 3600.0
IDLE = 3600.0
# The third wrong passphrase in a row closes the login for a second, each further one for twice as long.
# Not for long: whoever can reach the console must not be able to keep the duty officer out.
BACKOFF_FREE = 3
BACKOFF_MOST = 60.0
MAX_SESSIONS = 256
KEPT_RESULTS = 64


@dataclass
class Session:
    """One office at one browser. ``author`` is None when the key was put away: signing asks for it again."""

    office: str
    author: Author | None
    csrf: str
    begun: float
    used: float
    watching: int = 0
    notices: list[str] = field(default_factory=list)
    # What a form's one-time mark led to: the same release sent twice is released once.
    results: dict[str, Any] = field(default_factory=dict)

    def remember(self, once: str, result: Any) -> None:
        """Keep the result of a form's one-time mark."""
        self.results[once] = result
        while len(self.results) > KEPT_RESULTS:
            self.results.pop(next(iter(self.results)))

    def take_notices(self) -> list[str]:
        """What is to be told once."""
        told, self.notices = self.notices, []
        return told


class Sessions:
    """All sessions of one console. ``clock``: monotonic seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._held: dict[str, Session] = {}
        self._secret = secrets.token_bytes(32)

    def begin(self, author: Author) -> tuple[str, Session]:
        """A new session: (token for the cookie, session). The oldest ends when there are too many."""
        self.sweep()
        while len(self._held) >= MAX_SESSIONS:
            oldest = min(self._held, key=lambda name: self._held[name].used)
            del self._held[oldest]
        token, now = secrets.token_urlsafe(32), self._clock()
        session = Session(author.office, author, secrets.token_urlsafe(32), now, now)
        self._held[_name(token)] = session
        return token, session

    def find(self, token: str | None, *, person: bool) -> Session | None:
        """A cookie's session, or None. ``person``: somebody did something, so the idle clock starts anew."""
        self.sweep()
        session = self._held.get(_name(token)) if token else None
        if session is not None and person:
            session.used = self._clock()
        return session

    def end(self, token: str | None) -> None:
        """Log out."""
        if token:
            session = self._held.pop(_name(token), None)
            if session is not None:
                session.author = None

    def sweep(self) -> None:
        """End sessions that are over; put away keys that nobody used for an hour.

        A watch page that is open keeps its session for reading: an alarm must not go dark at night.
        """
        now = self._clock()
        for name, session in list(self._held.items()):
            idle = now - session.used > IDLE
            if idle:
                session.author = None
            if now - session.begun > ABSOLUTE or (idle and not session.watching):
                session.author = None
                del self._held[name]

    def stranger_token(self, nonce: str) -> str:
        """The token of the login form, bound to the nonce in the visitor's cookie."""
        return hmac.new(self._secret, nonce.encode(), hashlib.sha256).hexdigest()


def same(given: str | None, wanted: str) -> bool:
    """Compare without telling by the time it takes how much was right."""
    return given is not None and hmac.compare_digest(given.encode(), wanted.encode())


def _name(token: str) -> str:
    # What is kept is a hash: neither a dump nor the time of a look-up gives a token away.
    return hashlib.sha256(token.encode()).hexdigest()


class Backoff:
    """How long an office's login is closed after wrong passphrases. ``clock``: monotonic seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failed: dict[str, tuple[int, float]] = {}

    def check(self, office: str) -> None:
        """RefusedError while the login of this office is closed."""
        _, until = self._failed.get(office, (0, 0.0))
        left = until - self._clock()
        if left > 0:
            raise RefusedError(f"too many wrong passphrases for {office}: try again in {int(left) + 1} s")

    def failed(self, office: str) -> None:
        """One more wrong passphrase."""
        count = self._failed.get(office, (0, 0.0))[0] + 1
        wait = 0.0 if count < BACKOFF_FREE else min(2.0 ** (count - BACKOFF_FREE), BACKOFF_MOST)
        self._failed[office] = count, self._clock() + wait

    def succeeded(self, office: str) -> None:
        """The right one: what went before is forgotten."""
        self._failed.pop(office, None)
