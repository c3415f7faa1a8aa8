# SPDX-License-Identifier: Apache-2.0
"""Statements and leaves: what is made can be read, and nothing else can."""

from __future__ import annotations

import contextlib
import copy
import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.errors import MalformedError
from detente.seal import canonical, statement
from detente.seal.keys import SigningKey

KEY = SigningKey.from_seed(b"\1" * 32)
ORIGIN = "detente.log/" + "0" * 32
ROOT = canonical.b64(bytes(32))
PLACEMENT = {"log": ORIGIN, "index": 3, "time": 5, "seen": {"detente.log/" + "1" * 32: [4, ROOT]}}


def make(**more: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "channel": "0" * 32,
        "party": "1" * 64,
        "office": "duty",
        "kind": "message",
        "released": 1,
    } | more
    if "data" not in values:
        values |= {"body": values.get("body", {"text": "hi", "lang": "en"}), "seed": bytes(32)}
    return statement.make(**values)


def leaf(s: dict[str, Any] | None = None) -> bytes:
    s = s or make()
    return statement.encode_leaf(PLACEMENT, [statement.sign(KEY, s)], s)


def test_round_trip() -> None:
    s = make(re=["2" * 64], to=["3" * 64], not_after=9, emergency=True, crit=["lang"], lang="en")
    raw = leaf(s)
    parsed = statement.decode_leaf(raw)
    assert parsed.raw == raw
    assert parsed.doc["statement"] == s
    assert parsed.statement_raw == statement.statement_bytes(s)
    assert parsed.id == statement.entry_id(s) == hashlib.sha256(parsed.statement_raw).hexdigest()
    assert parsed.leaf.statement.to == ["3" * 64]
    assert parsed.leaf.placement.seen
    assert statement.verify_signature(KEY.public, parsed.statement_raw, parsed.doc["signatures"][0])


@pytest.mark.parametrize("more", [{}, {"new": {"é": 1.5, "a": [{}]}}, {"lang": "uk"}])
def test_what_is_built_here_is_what_is_read(more: dict[str, Any]) -> None:
    s = make() | more
    signatures = [statement.sign(KEY, s)]
    raw = statement.encode_leaf(PLACEMENT, signatures, s)
    assert raw == canonical.encode({"placement": PLACEMENT, "signatures": signatures, "statement": s})
    built = statement.build_leaf(PLACEMENT, signatures, s, statement.statement_bytes(s))
    assert built == statement.decode_leaf(raw)


@pytest.mark.parametrize(("depth", "fits"), [(29, True), (30, False)])
def test_the_leaf_around_a_statement_counts_for_its_depth(depth: int, fits: bool) -> None:
    deep: Any = 1
    for _ in range(depth):
        deep = [deep]
    s = make() | {"new": {"x": deep}}
    with contextlib.nullcontext() if fits else pytest.raises(MalformedError):
        raw, signatures = statement.statement_bytes(s), [statement.sign(KEY, make())]
        statement.decode_leaf(statement.build_leaf(PLACEMENT, signatures, s, raw).raw)


def test_what_is_not_said_leaves_no_field() -> None:
    assert make(emergency=False, to=None, not_after=0) == make() | {"not_after": 0}


def test_data_kinds_carry_data() -> None:
    s = make(kind="ack", office="watch", data={"state": "displayed"}, salt=bytes(16))
    assert statement.decode_leaf(leaf(s)).leaf.statement.data == {"state": "displayed"}
    for more in (
        {"kind": "ack"},
        {"data": {}, "salt": bytes(16)},
        {"kind": "ack", "data": {}, "salt": bytes(15)},
    ):
        with pytest.raises(MalformedError):
            make(**more)


def test_unknown_fields_are_kept_and_covered() -> None:
    s = make() | {"new": {"é": 1.5}}
    parsed = statement.decode_leaf(leaf(s))
    assert parsed.doc["statement"]["new"] == {"é": 1.5}
    assert parsed.id == statement.entry_id(s) != statement.entry_id(make())


def test_signature_checks_key_and_bytes() -> None:
    s = make()
    sig, raw = statement.sign(KEY, s), statement.statement_bytes(s)
    other = SigningKey.from_seed(bytes(32))
    assert not statement.verify_signature(other.public, raw, sig)
    assert not statement.verify_signature(KEY.public, raw + b" ", sig)
    for bad in ({}, {"key": KEY.id}, sig | {"sig": ""}, sig | {"key": other.id}, sig | {"sig": None}):
        assert not statement.verify_signature(KEY.public, raw, bad)


FIELDS: list[tuple[str, Any]] = [
    ("v", 2),
    ("v", True),
    ("channel", "0" * 31),
    ("channel", "A" * 32),
    ("party", "1" * 63),
    ("office", ""),
    ("office", "Duty"),
    ("office", "a" * 33),
    ("kind", ""),
    ("kind", "a b"),
    ("precedence", "urgent"),
    ("mark", "fake"),
    ("re", ["2" * 64] * 65),
    ("re", ["2"]),
    ("re", None),
    ("released", -1),
    ("released", "1"),
    ("released", 1.5),
    ("body", None),
    ("body", {"root": "AA==", "size": 2}),
    ("body", {"root": ROOT, "size": 1}),
    ("body", {"root": ROOT, "size": 2**20 + 1}),
    ("salt", "AAAAAAAAAAAAAAAAAAAAAA=="),
    ("data", {}),
    ("to", ["3" * 64] * 65),
    ("to", ["x"]),
    ("not_after", -1),
    ("emergency", 1),
    ("crit", ["a"] * 17),
    ("lang", "é"),
]


@pytest.mark.parametrize(("name", "value"), FIELDS)
def test_bad_statement_fields_are_refused(name: str, value: Any) -> None:
    s = make() | {name: value}
    raw = canonical.encode(
        {"placement": PLACEMENT, "signatures": [statement.sign(KEY, make())], "statement": s}
    )
    with pytest.raises(MalformedError):
        statement.decode_leaf(raw)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("placement", PLACEMENT | {"log": "example.com/log"}),
        ("placement", PLACEMENT | {"index": -1}),
        ("placement", PLACEMENT | {"time": "now"}),
        ("placement", PLACEMENT | {"seen": {ORIGIN: [1]}}),
        ("placement", PLACEMENT | {"seen": {ORIGIN: [-1, ROOT]}}),
        ("placement", PLACEMENT | {"seen": {ORIGIN: [1, "AA=="]}}),
        ("placement", PLACEMENT | {"seen": {"": [1, ROOT]}}),
        ("signatures", []),
        ("signatures", [{"key": "0" * 32, "sig": canonical.b64(bytes(64))}] * 17),
        ("signatures", [{"key": "0" * 32, "sig": canonical.b64(bytes(63))}]),
        ("signatures", [{"key": "0", "sig": canonical.b64(bytes(64))}]),
        ("statement", None),
        ("statement", []),
    ],
)
def test_bad_leaf_fields_are_refused(name: str, value: Any) -> None:
    doc = canonical.decode(leaf(), limit=statement.MAX_LEAF)
    with pytest.raises(MalformedError):
        statement.decode_leaf(canonical.encode(doc | {name: value}))


def test_limits() -> None:
    with pytest.raises(MalformedError, match="limit"):
        leaf(make() | {"pad": "x" * 65_535})
    big = canonical.encode({"pad": "x" * 65_535})
    with pytest.raises(MalformedError, match="limit"):
        statement.decode_leaf(big)
    with pytest.raises(MalformedError, match="limit"):
        make(body={"text": "x" * 2**20})


@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b"null", b"1", b'"x"', b"[" * 60_000])
def test_other_json_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        statement.decode_leaf(raw)


@given(st.integers(0, 10_000), st.binary(min_size=0, max_size=3))
def test_mutated_leaves_let_out_only_malformed(at: int, replacement: bytes) -> None:
    raw = leaf()
    at %= len(raw)
    try:
        parsed = statement.decode_leaf(raw[:at] + replacement + raw[at + 1 :])
    except MalformedError:
        return
    assert canonical.encode(parsed.doc) == parsed.raw


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.sampled_from(["placement", "signatures", "statement"]),
    st.sampled_from(["", "log", "seen", "re", "body", "to", "crit", "key", "v", "kind", "index"]),
    json_values,
)
def test_any_value_anywhere_lets_out_only_malformed(part: str, field: str, value: Any) -> None:
    doc = copy.deepcopy(canonical.decode(leaf(), limit=statement.MAX_LEAF))
    if field and isinstance(doc[part], dict):
        doc[part][field] = value
    else:
        doc[part] = value
    with contextlib.suppress(MalformedError):
        statement.decode_leaf(canonical.encode(doc))
