# SPDX-License-Identifier: Apache-2.0
"""Canonical JSON and base64: equal to RFC 8785, and strict about everything else."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from detente.errors import MalformedError
from detente.seal import canonical

JCS = Path(__file__).parents[2] / "../shared/vectors/jcs"
LIMIT = 1 << 20
SAFE = 2**53 - 1

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-SAFE, SAFE)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
)
names = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
documents = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=20,
)


def has_big_integer(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(has_big_integer, value.values()))
    if isinstance(value, list):
        return any(map(has_big_integer, value))
    return isinstance(value, float) and value.is_integer() and SAFE < abs(value) < 1e21


@given(documents)
def test_encode_equals_rfc8785(document: Any) -> None:
    if has_big_integer(document):
        with pytest.raises(MalformedError):
            canonical.encode(document)
        return
    raw = canonical.encode(document)
    assert raw == rfc8785.dumps(document)
    assert canonical.encode(canonical.decode(raw, limit=LIMIT)) == raw
    assert canonical.encode(canonical.loads(json.dumps(document).encode(), limit=LIMIT)) == raw


@pytest.mark.skipif(not JCS.is_dir(), reason="public vectors are not beside the repository")
@pytest.mark.parametrize("name", ["arrays", "french", "structures", "unicode", "values", "weird"])
def test_public_jcs_files(name: str) -> None:
    value = canonical.loads((JCS / "input" / f"{name}.json").read_bytes(), limit=LIMIT)
    expected = bytes.fromhex("".join((JCS / "outhex" / f"{name}.txt").read_text().split()))
    assert canonical.encode(value) == expected
    assert canonical.decode(expected, limit=LIMIT) == value


HOSTILE = {
    "duplicate key": b'{"a":1,"a":1}',
    "duplicate key below": b'[{"a":{"b":1,"b":2}}]',
    "NaN": b"[NaN]",
    "infinity": b"[Infinity]",
    "overflow to infinity": b"[1e999]",
    "lone surrogate": b'["\\ud800"]',
    "lone surrogate in a name": b'{"\\udfff":1}',
    "raw surrogate bytes": b'["\xed\xa0\x80"]',
    "not UTF-8": b'["\xff"]',
    "2^53": b"[9007199254740992]",
    "-2^53": b"[-9007199254740992]",
    "2^64": b"[18446744073709551616]",
    "integer that a float would hold": b"[100000000000000000000]",
    "5,000 digits": b"[" + b"9" * 5000 + b"]",
    "33 deep": b"[" * 33 + b"]" * 33,
    "10,000 deep": b"[" * 10_000 + b"]" * 10_000,
    "empty": b"",
    "two values": b"1 2",
    "byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": "{}".encode("utf-16"),
}
NOT_CANONICAL = {
    "space": b'{"a": 1}',
    "final line end": b"{}\n",
    "unsorted": b'{"b":1,"a":1}',
    "sorted by UTF-8, not UTF-16": '{"\ue000":1,"😀":1}'.encode(),
    "needless escape": b'["\\u0041"]',
    "escaped slash": b'["\\/"]',
    "float for an integer": b"[1.0]",
    "minus zero": b"[-0]",
    "exponent": b"[1e2]",
    "exponent without plus": b"[1e21]",
    "upper-case escape": b'["\\u001F"]',
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE.keys())
def test_both_readers_refuse(raw: bytes) -> None:
    for read in (canonical.decode, canonical.loads):
        with pytest.raises(MalformedError):
            read(raw, limit=LIMIT)


@pytest.mark.parametrize("raw", NOT_CANONICAL.values(), ids=NOT_CANONICAL.keys())
def test_only_the_strict_reader_refuses(raw: bytes) -> None:
    canonical.loads(raw, limit=LIMIT)
    with pytest.raises(MalformedError):
        canonical.decode(raw, limit=LIMIT)


def test_depth_32_and_the_length_limit_are_inclusive() -> None:
    raw = b"[" * 32 + b"]" * 32
    assert canonical.encode(canonical.decode(raw, limit=64)) == raw
    for read in (canonical.decode, canonical.loads):
        with pytest.raises(MalformedError, match="limit"):
            read(raw, limit=63)


@pytest.mark.parametrize(
    "value",
    [
        {1: 2},
        [object()],
        {"a": b"x"},
        [2**53],
        ["\ud800"],
        {"\ud800": 1},
        [float("nan")],
        {1, 2},
        [float("inf")],
    ],
)
def test_encode_refuses_what_has_no_form(value: Any) -> None:
    with pytest.raises(MalformedError):
        canonical.encode(value)


def test_encode_refuses_a_loop() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(MalformedError):
        canonical.encode(loop)


@given(st.binary(max_size=200))
def test_readers_let_out_only_malformed(raw: bytes) -> None:
    for read in (canonical.decode, canonical.loads):
        with contextlib.suppress(MalformedError):
            read(raw, limit=LIMIT)


@given(st.binary(max_size=64))
def test_base64_round_trip(raw: bytes) -> None:
    assert canonical.unb64(canonical.b64(raw), len(raw)) == raw


@pytest.mark.parametrize(
    "text", ["AB==", "AA", "AA=", "A A=", "AA==\n", "AA==AA==", "_w==", "é", "====", "A", None, 5, b"AA=="]
)
def test_base64_is_strict(text: Any) -> None:
    with pytest.raises(MalformedError):
        canonical.unb64(text)


def test_base64_size() -> None:
    with pytest.raises(MalformedError):
        canonical.unb64("AA==", 2)


@given(st.dictionaries(names, documents, max_size=4))
def test_a_member_has_the_bytes_that_it_has_alone(value: dict[str, Any]) -> None:
    try:
        raw = canonical.encode(value)
    except MalformedError:
        return
    for name, member in value.items():
        assert canonical.decode_with(raw, name, limit=LIMIT) == (value, canonical.encode(member))
    assert canonical.decode_with(raw, "no such member", limit=LIMIT) == (value, None)
