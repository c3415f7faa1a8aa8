# SPDX-License-Identifier: Apache-2.0
"""Call codes: both sides compute the same, each direction has its own, and no secret is changed late."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from detente.errors import MalformedError, VerificationError
from detente.seal.callcode import check, code, commit, reveal

SECRETS = {"BY": bytes(range(32)), "UA": bytes(range(32, 64))}


def test_codes_differ_by_direction_and_by_call() -> None:
    by, ua = (code(SECRETS, "c1", "p1", side) for side in ("BY", "UA"))
    assert by != ua
    assert by == code(dict(reversed(SECRETS.items())), "c1", "p1", "BY")
    assert by != code(SECRETS, "c1", "p2", "BY")
    assert len(by) == 7


def test_only_the_secret_committed_to_is_taken() -> None:
    promised = commit(SECRETS["BY"], "c1", "BY")
    assert check(reveal(SECRETS["BY"]), promised, "c1", "BY") == SECRETS["BY"]
    for secret, channel, party in (
        (SECRETS["UA"], "c1", "BY"),
        (SECRETS["BY"], "c2", "BY"),
        (SECRETS["BY"], "c1", "UA"),
    ):
        with pytest.raises(VerificationError):
            check(reveal(secret), promised, channel, party)
    with pytest.raises(MalformedError):
        check("short", promised, "c1", "BY")


def test_a_commitment_in_any_letters_is_only_a_wrong_one() -> None:
    for promised in ("ы" * 64, "\udcff" * 64, ""):
        with pytest.raises(VerificationError):
            check(reveal(SECRETS["BY"]), promised, "c1", "BY")


def test_the_formulas_by_hand() -> None:
    secret = SECRETS["BY"]
    promised = hashlib.sha256(b"detente/call-code/commit/v1\nc1\nBY\n" + secret).hexdigest()
    assert commit(secret, "c1", "BY") == promised
    for speaker, call in [(speaker, f"p{n}") for speaker in ("BY", "UA") for n in range(20)]:
        text = f"detente/call-code/v1\nc1\n{call}\n{speaker}".encode()
        mac = hmac.digest(SECRETS["BY"] + SECRETS["UA"], text, "sha256")
        digits = f"{int.from_bytes(mac[:8], 'big') % 10**6:06d}"
        assert code(SECRETS, "c1", call, speaker) == f"{digits[:3]} {digits[3:]}"
