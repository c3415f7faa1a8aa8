# SPDX-License-Identifier: Apache-2.0
"""Signed requests and nonces of the direct path."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.errors import MalformedError, VerificationError
from detente.node import path_frames
from detente.node.path_auth import (
    Nonces,
    Request,
    challenge,
    challenge_nonce,
    check_digest,
    request_nonce,
    sign_request,
    verify_request,
)
from detente.seal.keys import SigningKey

KEY = SigningKey.from_seed(b"k" * 32)
A, B = "a" * 64, "b" * 64


def signed(method: str = "GET", body: bytes | None = None, nonce: str = "n") -> Request:
    request = Request(method, {"detente-from": A, "detente-to": B})
    sign_request(request, KEY, nonce, body)
    return Request.of(method, request.headers.items())


def test_a_signed_request_verifies_and_names_its_nonce() -> None:
    request = signed(nonce="once")
    assert verify_request(request, KEY.public) is None
    assert request_nonce(request) == "once"
    assert "created" not in request.headers["signature-input"]


def test_the_body_is_covered() -> None:
    digest = verify_request(signed("POST", b"body"), KEY.public)
    assert digest is not None
    check_digest(digest, b"body")
    with pytest.raises(VerificationError):
        check_digest(digest, b"bodY")


@pytest.mark.parametrize("field", ["detente-from", "detente-to", "signature", "signature-input"])
def test_every_covered_field_is_bound(field: str) -> None:
    request = signed()
    request.headers[field] = request.headers[field].replace("b", "c", 1).replace("a", "c", 1)
    with pytest.raises(VerificationError):
        verify_request(request, KEY.public)


def test_another_key_method_or_missing_digest_is_refused() -> None:
    with pytest.raises(VerificationError):
        verify_request(signed(), SigningKey.from_seed(b"o" * 32).public)
    get = signed()
    with pytest.raises(VerificationError):
        verify_request(Request("POST", get.headers), KEY.public)


def test_a_nonce_is_good_once_for_one_peer_and_a_time() -> None:
    now = [100.0]
    nonces = Nonces(life=60, clock=lambda: now[0])
    nonce = nonces.issue(A)
    assert nonces.fresh(A, nonce)
    assert not nonces.fresh(B, nonce)
    assert nonces.spend(A, nonce)
    assert not nonces.fresh(A, nonce)
    assert not nonces.spend(A, nonce)
    late = nonces.issue(A)
    now[0] += 61
    assert not nonces.spend(A, late)
    assert not Nonces(clock=lambda: now[0]).fresh(A, nonces.issue(A))


def test_spent_nonces_are_forgotten_only_when_they_are_stale() -> None:
    now = [0.0]
    nonces = Nonces(life=60, most=2, clock=lambda: now[0])
    assert nonces.spend(A, nonces.issue(A))
    assert nonces.spend(A, nonces.issue(A))
    assert not nonces.spend(A, nonces.issue(A)), "faster than can be remembered"
    assert nonces.spend(B, nonces.issue(B)), "and nobody else pays for it"
    now[0] += 62
    assert nonces.spend(A, nonces.issue(A))


def test_the_challenge_asks_for_what_is_signed() -> None:
    assert challenge_nonce(challenge("abc", "GET")) == "abc"
    assert '"content-digest"' in challenge("abc", "POST")


@given(st.text(max_size=80))
def test_a_hostile_peer_gets_only_the_declared_errors(text: str) -> None:
    with pytest.raises(MalformedError):
        challenge_nonce(text)
    request = signed()
    for field in ("signature", "signature-input"):
        hostile = Request.of("GET", {**request.headers, field: text}.items())
        request_nonce(hostile)
        with pytest.raises(VerificationError):
            verify_request(hostile, KEY.public)
    with pytest.raises(VerificationError):
        check_digest(text, b"")
    assert not Nonces().fresh(A, text)


@given(st.lists(st.binary(min_size=1, max_size=50), max_size=8))
def test_frames_round_trip(packets: list[bytes]) -> None:
    assert path_frames.split(path_frames.join(packets), 50) == packets


@given(st.binary(max_size=60))
def test_frames_of_a_hostile_peer(body: bytes) -> None:
    try:
        packets = path_frames.split(body, 20)
    except MalformedError:
        return
    assert path_frames.join(packets) == body


def test_a_portion_is_never_nothing() -> None:
    assert path_frames.portion([b"x" * 10, b"y"], 5) == 1
    assert path_frames.portion([b"x", b"y", b"z"], 10) == 2
    assert path_frames.portion([], 10) == 0
