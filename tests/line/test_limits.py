# SPDX-License-Identifier: Apache-2.0
"""The limits that the protocol names are those that the line keeps."""

from __future__ import annotations

from pathlib import Path

import pytest

from detente.line.limits import LIMITS

PROTOCOL = (Path(__file__).resolve().parents[2] / "docs" / "protocol.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("said", "value", "meant"),
    [
        ("at most 8 MiB and 4,096 leaves unreceipted under way", LIMITS.window_bytes, 8 * 1024 * 1024),
        ("at most 8 MiB and 4,096 leaves unreceipted under way", LIMITS.window_leaves, 4096),
        ("place nothing for 5 seconds, at most once an hour", LIMITS.claim_wait, 5_000),
        ("place nothing for 5 seconds, at most once an hour", LIMITS.claim_interval, 3_600_000),
        ("a succession, and every 30 days", LIMITS.epoch_life, 30 * 24 * 3_600_000),
        ("1,000 entries and 16 MiB a day are read from a member", LIMITS.strange_entries, 1_000),
        ("1,000 entries and 16 MiB a day are read from a member", LIMITS.strange_bytes, 16 * 1024 * 1024),
    ],
)
def test_a_limit_is_the_one_of_the_protocol(said: str, value: int, meant: int) -> None:
    assert said in PROTOCOL
    assert value == meant
