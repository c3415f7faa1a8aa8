# SPDX-License-Identifier: Apache-2.0
"""What an office hands over: its id, one more signature, and the way through JSON."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from detente.errors import MalformedError
from detente.line.bodies import open_body, statement_of
from detente.line.signed import Signed
from detente.seal import canonical, commit
from detente.seal import statement as statements
from detente.seal.packet import BodyPart
from detente.words.entry import BodyRef, Statement

STATEMENT = {"v": 1, "text": "x"}
ONE, TWO = {"key": "1", "sig": "a"}, {"key": "2", "sig": "b"}
BODY, SEED = b'{"text":"hi"}', bytes(range(32))
FULL = Signed(STATEMENT, (ONE,), BODY, SEED)


def test_an_entry_s_id_is_the_hash_of_its_statement() -> None:
    assert FULL.raw == statements.statement_bytes(STATEMENT)
    assert FULL.id == hashlib.sha256(FULL.raw).hexdigest()


def test_each_key_signs_once() -> None:
    both = FULL.with_signature(TWO)
    assert both.signatures == (ONE, TWO) and (both.statement, both.body, both.seed) == (STATEMENT, BODY, SEED)
    assert both.with_signature({"key": "1", "sig": "again"}) is both
    assert FULL.signatures == (ONE,)


@pytest.mark.parametrize("signed", [FULL, Signed(STATEMENT, ())])
def test_it_goes_through_json(signed: Signed) -> None:
    value = signed.to_json()
    canonical.encode(value)
    assert Signed.from_json(value) == signed
    assert set(value) == {"statement", "signatures", "body", "seed"}


@pytest.mark.parametrize(
    "change",
    [
        {"statement": None},
        {"statement": 5},
        {"signatures": 5},
        {"signatures": [5]},
        {"body": 5},
        {"body": "\ud800"},
        {"seed": "AA=="},
        {"seed": 5},
    ],
)
def test_what_is_no_signed_statement_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(MalformedError):
        Signed.from_json(FULL.to_json() | change)
    for name in change:
        with pytest.raises(MalformedError):
            Signed.from_json({key: value for key, value in FULL.to_json().items() if key != name})


def said(**content: Any) -> Statement:
    return Statement(1, "0" * 32, "1" * 64, "duty", "message", "routine", "real", [], 1, **content)


def test_a_body_opens_the_commitment_that_was_made_to_it() -> None:
    value = {"text": "hi"}
    root = canonical.b64(commit.commitment(value, SEED))
    statement = said(body=BodyRef(root, len(BODY)))
    assert open_body(statement, BodyPart("", SEED, BODY)) == (value, True)
    for part in (
        None,
        BodyPart("", bytes(32), BODY),
        BodyPart("", SEED, b'{"text":"ho"}'),
        BodyPart("", SEED, b'{"text": "hi"}'),
        BodyPart("", SEED, b"x" * len(BODY)),
    ):
        assert open_body(statement, part) == (None, False)
    assert open_body(said(body=BodyRef(root, len(BODY) + 1)), BodyPart("", SEED, BODY)) == (None, False)


def test_a_body_is_an_object() -> None:
    root = canonical.b64(commit.commitment([1], SEED))  # type: ignore[arg-type]
    assert open_body(said(body=BodyRef(root, 3)), BodyPart("", SEED, b"[1]")) == (None, False)


def test_an_entry_in_clear_is_open() -> None:
    assert open_body(said(data={"n": 1}, salt=""), None) == ({"n": 1}, True)
    assert open_body(said(), None) == (None, False)


def test_what_is_no_leaf_has_no_statement() -> None:
    assert statement_of(b"{}") is None
