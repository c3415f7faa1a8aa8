# SPDX-License-Identifier: Apache-2.0
"""Commitments: every field can be shown alone, none can be altered or guessed from its neighbours."""

from __future__ import annotations

import copy
import hashlib
import hmac
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.errors import MalformedError
from detente.seal import commit
from detente.seal.canonical import unb64

SEED = bytes(range(32))
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.floats(-10, 10) | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=12,
)
bodies = st.dictionaries(text, values, max_size=4)


def test_paths_are_pointers_sorted_by_their_bytes() -> None:
    body = {"b": [1, {"x": None}], "a/~": "v", "": {}, "é": [], "z": {"": True}}
    assert commit.flatten(body) == [
        ("/", {}),
        ("/a~1~0", "v"),
        ("/b/0", 1),
        ("/b/1/x", None),
        ("/z/", True),
        ("/é", []),
    ]
    assert commit.flatten({}) == [("", {})]


def test_the_tree_by_hand() -> None:
    """Two fields: the formulas of protocol §4 written out."""
    body = {"lang": "en", "text": "hi"}
    leaves = []
    for path, value in ((b"/lang", b'"en"'), (b"/text", b'"hi"')):
        salt = hmac.digest(SEED, b"detente/salt/v1\n" + path + b"\x01", "sha256")[:16]
        leaves.append(hashlib.sha256(b"\x00" + salt + len(path).to_bytes(2, "big") + path + value).digest())
    assert commit.commitment(body, SEED) == hashlib.sha256(b"\x01" + leaves[0] + leaves[1]).digest()
    body["x"] = "y"
    pad = hmac.digest(SEED, b"detente/pad/v1\n3\x01", "sha256")[:16]
    shown = commit.disclose(body, SEED, "/x")
    assert unb64(shown["siblings"][0]) == hashlib.sha256(b"\x02" + pad).digest()


@given(bodies, st.binary(min_size=32, max_size=32))
def test_every_field_can_be_shown_alone(body: dict[str, Any], seed: bytes) -> None:
    root = commit.commitment(body, seed)
    for path, value in commit.flatten(body):
        shown = commit.disclose(body, seed, path)
        assert shown["value"] == value
        assert commit.check_disclosure(root, shown)


def test_a_disclosure_that_was_touched_fails() -> None:
    body = {"a": 1, "b": [True, "x"], "c": None}
    root = commit.commitment(body, SEED)
    good = commit.disclose(body, SEED, "/b/1")
    assert commit.check_disclosure(root, good)
    changes: list[tuple[str, Any]] = [
        ("path", "/b/0"),
        ("path", 5),
        ("path", "\ud800"),
        ("value", "y"),
        ("value", ["x"]),
        ("value", {"a": 1}),
        ("index", 0),
        ("index", -1),
        ("index", good["index"] + 4),
        ("index", True),
        ("index", "2"),
        ("salt", "AAAAAAAAAAAAAAAAAAAAAA=="),
        ("salt", ""),
        ("salt", None),
        ("siblings", []),
        ("siblings", good["siblings"][::-1]),
        ("siblings", good["siblings"][:1]),
        ("siblings", [1]),
        ("siblings", good["siblings"] * 20),
        ("siblings", None),
    ]
    for name, value in changes:
        bad = copy.deepcopy(good) | {name: value}
        assert not commit.check_disclosure(root, bad), name
    for name in good:
        assert not commit.check_disclosure(root, {k: v for k, v in good.items() if k != name})
    assert not commit.check_disclosure(bytes(32), good)


def test_a_node_of_the_tree_is_no_field() -> None:
    """Equal values at two places, or under two seeds, have different leaves."""
    body = {"a": 1, "b": 1}
    one, two = (commit.disclose(body, SEED, path) for path in ("/a", "/b"))
    assert one["siblings"] != two["siblings"]
    assert commit.commitment(body, SEED) != commit.commitment(body, bytes(32))


@pytest.mark.parametrize(
    "body",
    [
        {"a": [0] * 70_000},
        {"k" * 60_000: [0] * 1000},
        {"k" * 65_535: 1},
        {"a": b"x"},
        {"a": (1, 2)},
        {1: 2},
        {"\ud800": 1},
        {"a": "\ud800"},
        {"a": 2**60},
        {"a": float("nan")},
    ],
)
def test_bodies_beyond_the_limits_are_refused(body: Any) -> None:
    with pytest.raises(MalformedError):
        commit.commitment(body, SEED)


def test_depth_seed_and_path_are_checked() -> None:
    deep: Any = 1
    for _ in range(33):
        deep = [deep]
    with pytest.raises(MalformedError):
        commit.commitment({"a": deep}, SEED)
    with pytest.raises(MalformedError):
        commit.commitment({"a": 1}, SEED[:-1])
    for path in ("/b", "", "a", "/a/0"):
        with pytest.raises(MalformedError):
            commit.disclose({"a": 1}, SEED, path)
