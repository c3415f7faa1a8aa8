# SPDX-License-Identifier: Apache-2.0
"""Inputs made by changing the corpus, where no coverage-guided fuzzer runs: Hypothesis draws the changes."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

# What breaks parsers: edges of numbers, of UTF-8, of JSON and of the formats here.
TOKENS = (
    b"\x00", b"\xff", b"\x7f", b"\xff" * 8, b"\x00" * 8, b"\xed\xa0\x80", b"\xe2\x80\xae", b"\n\n", b'"',
    b"\\u0000", b"\\ud800", b"{}", b"[]", b"null", b"true", b"-1", b"1e309", b"9007199254740992", b"0.1",
    b"[[[[[[[[", b"+", b"=", b"/", b"..", b"%00", b"\xd1\x8a", b"detente.log/", b"AAAA",
)  # fmt: skip


def apply(raw: bytes, changes: Sequence[tuple[int, int, int, bytes]], other: bytes) -> bytes:
    """``raw`` after each change (what, where, how much, with what)."""
    for what, where, count, token in changes:
        at = where % (len(raw) + 1)
        if what == 0:
            raw = raw[:at] + token + raw[at:]
        elif what == 1:
            raw = raw[:at] + raw[at + count :]
        elif what == 2:
            raw = raw[:at] + token + raw[at + len(token) :]
        elif what == 3 and at < len(raw):
            raw = raw[:at] + bytes([raw[at] ^ (count % 255 + 1)]) + raw[at + 1 :]
        elif what == 4:
            raw = raw[:at] + other[where % (len(other) + 1) :]
        elif what == 5:
            raw = raw[:at] + raw[at : at + count] * (1 + count % 7) + raw[at + count :]
    return raw[:8192]


def inputs(corpus: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """One of the corpus, changed a few times; now and then any bytes."""
    sample = st.sampled_from(list(corpus) or [b""])
    token = st.sampled_from(TOKENS) | st.binary(min_size=1, max_size=8)
    change = st.tuples(st.integers(0, 5), st.integers(0, 4096), st.integers(0, 64), token)
    return st.builds(apply, sample, st.lists(change, max_size=6), sample) | st.binary(max_size=64)
