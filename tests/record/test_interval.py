# SPDX-License-Identifier: Apache-2.0
"""Spans of time, and how they are said."""

from __future__ import annotations

import pytest

from detente.record import interval
from detente.record.interval import Lead, Span


def test_a_span_holds_what_lies_between_its_ends() -> None:
    assert 5 in Span(5, 5)
    assert 5 in Span(None, 5)
    assert 5 in Span()
    assert 6 not in Span(None, 5)
    assert Span(6, 5).contradictory
    assert not Span(6, None).contradictory


def test_spans_are_met_widened_and_taken_from_each_other() -> None:
    assert Span(1, 9).both(Span(3, None)) == Span(3, 9)
    assert Span(1, None).widened(2) == Span(-1, None)
    assert Span(10, 20).minus(Span(1, 4)) == Span(6, 19)
    assert Span(10, 20).minus(Span(None, 4)) == Span(6, None)


@pytest.mark.parametrize(
    ("before", "words"),
    [
        (Span(60_000, 359_900), "RU held it at least 1 min 0 s and at most 5 min 59.9 s before it"),
        (Span(None, 500), "RU held it at most 0.5 s before it"),
        (Span(-2_000, None), "RU held it at least -2 s before it"),
        (Span(), "RU held it at a time that nothing bounds, before it"),
    ],
)
def test_how_long_before_in_words(before: Span, words: str) -> None:
    assert interval.in_words(Lead("RU", "RU", Span(), before)) == f"{words}, by the clock of RU"


def test_a_contradiction_is_said_as_such() -> None:
    lead = Lead("RU", "RU", Span(1, 1), Span(5, 4))
    assert "contradict" in interval.in_words(lead)
    assert interval.leads_json([lead])[0]["contradictory"]
