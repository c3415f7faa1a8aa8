# SPDX-License-Identifier: Apache-2.0
"""Should a peer find a defect after all: one packet, one channel is lost by it, and nothing else."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from detente.line.line import Line
from detente.node.runtime import Node
from tests.node.test_runtime import CHANNEL, exchange, pair, said

__all__ = ["pair"]
OTHER = "d" * 32


def test_a_packet_that_makes_the_program_fail_is_undone_and_the_next_one_is_read(
    pair: tuple[Node, Node], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    one, two = pair
    receive, size = Line.receive, two.line(CHANNEL).state.logs[one.line(CHANNEL).own.origin].size  # type: ignore[union-attr]

    def fails(self: Line, party: str, raw: bytes, now: int) -> None:
        receive(self, party, raw, now)
        raise IndexError("planted")

    entry = said(one, "message", {"text": "x"})
    one.place(CHANNEL, [entry])
    [raw] = one.pull(two.me, 1 << 20)
    with monkeypatch.context() as patched, caplog.at_level(logging.CRITICAL + 1, "detente.node"):
        patched.setattr(Line, "receive", fails)
        two.packet(one.me, raw)
    assert two.line(CHANNEL).state.logs[one.line(CHANNEL).own.origin].size == size  # type: ignore[union-attr]
    two.packet(one.me, raw)
    exchange(one, two)
    assert one.is_delivered(CHANNEL, entry.id)


def test_a_channel_that_cannot_be_sent_does_not_hold_up_the_others(
    pair: tuple[Node, Node], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    one, two = pair
    one.open_line(OTHER, "channel", "UA", {one.me: one.card(), two.me: two.card()})
    exchange(one, two)
    poll = Line.poll

    def fails(self: Line, *args: Any) -> list[bytes]:
        if self.channel == OTHER:
            raise IndexError("planted")
        return poll(self, *args)

    entry = said(one, "message", {"text": "x"})
    one.place(CHANNEL, [entry])
    with monkeypatch.context() as patched, caplog.at_level(logging.CRITICAL + 1, "detente.node"):
        patched.setattr(Line, "poll", fails)
        exchange(one, two)
    assert one.is_delivered(CHANNEL, entry.id)
