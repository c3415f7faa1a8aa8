# SPDX-License-Identifier: Apache-2.0
"""How bodies read in plain lines."""

from __future__ import annotations

from detente.words.charter import charter_body
from detente.words.render import plain


def test_a_charter_reads_as_people_say_it() -> None:
    members = [
        {"fingerprint": "ab" * 32, "id": "BY", "name": "Ministry BY"},
        {"fingerprint": "cd" * 32, "id": "UA"},
    ]
    shown = plain("charter", charter_body(members))
    assert "Members: BY (Ministry BY); UA (cdcdcdcdcdcd)" in shown
    for due in ("Flash: 2 min", "Immediate: 15 min", "Priority: 2 h", "Routine: 24 h"):
        assert due in shown
    assert "Test every: 1 h" in shown
