# SPDX-License-Identifier: Apache-2.0
"""What holds of any comparison: nothing lost or used twice, the sides exchangeable, words as they stand."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.press.compare import GROUPS, ReadOut, compare, from_body
from detente.press.compare_points import MAX_POINTS
from tests.press.compare_score import pairs

pytestmark = pytest.mark.slow

SENTENCES = {
    (pair[side]["lang"], pair[side]["side"]): pair[side]["text"].replace(". ", ".\n").split("\n")
    for pair in pairs().values()
    for side in "ab"
}


@st.composite
def readouts(draw: st.DrawFn) -> tuple[str, ReadOut]:
    """A text made of sentences of one language, and its read-out."""
    lang = draw(st.sampled_from(["ru", "be", "uk", "en"]))
    pool = [one for (spoken, _), listed in SENTENCES.items() if spoken == lang for one in listed]
    text = draw(st.sampled_from([" ", "\n", "\n\n"])).join(draw(st.lists(st.sampled_from(pool), max_size=8)))
    side = draw(st.sampled_from(["BY", "UA", "LT"]))
    return text, from_body({"text": text, "lang": lang}, name="x", side=side)


def placed(result: dict[str, Any], side: str) -> Counter[tuple[str, tuple[int, int]]]:
    """Every span of a side's points, with its words, as often as it stands in a row."""
    found: Counter[tuple[str, tuple[int, int]]] = Counter()
    for group in GROUPS:
        for row in result[group]:
            if row[side]:
                found.update((row[side]["text"], (low, high)) for low, high in row[side]["spans"][:1])
                found.update(("", (low, high)) for low, high in row[side]["spans"][1:])
    return found


def outline(result: dict[str, Any], swapped: bool = False) -> Counter[tuple[object, ...]]:
    """The rows without whose they are called, the sides exchanged where ``swapped``."""
    names = {"only_a": "only_b", "only_b": "only_a"} if swapped else {}
    a, b = "ba" if swapped else "ab"
    return Counter(
        (names.get(group, group), row["point"], _half(row[a]), _half(row[b]))
        for group in GROUPS
        for row in result[group]
    )


def _half(half: dict[str, Any] | None) -> object:
    return half and (half["value"], tuple(sorted(map(tuple, half["spans"]))))


@given(readouts(), readouts())
def test_no_point_is_lost_or_used_twice(one: tuple[str, ReadOut], other: tuple[str, ReadOut]) -> None:
    result = compare(one[1], other[1])
    for side, (_, readout) in (("a", one), ("b", other)):
        spans = Counter(span for (_, span), count in placed(result, side).items() for _ in range(count))
        assert spans == Counter(point.span for point in readout.points)
    assert all(row["a"] and row["b"] for group in GROUPS[:2] for row in result[group])
    assert all(row["a"] and not row["b"] for row in result["only_a"])
    assert all(row["b"] and not row["a"] for row in result["only_b"])
    assert all(row["why"] for group in GROUPS for row in result[group])


@given(readouts(), readouts())
def test_spans_quote_the_text(one: tuple[str, ReadOut], other: tuple[str, ReadOut]) -> None:
    result = compare(one[1], other[1])
    for side, (text, _) in (("a", one), ("b", other)):
        for group in GROUPS:
            for row in result[group]:
                if row[side]:
                    quoted = [text[low:high] for low, high in row[side]["spans"]]
                    assert row[side]["text"] == "; ".join(quoted)
                    assert all(quoted)


@given(readouts(), readouts())
def test_the_sides_can_be_exchanged(one: tuple[str, ReadOut], other: tuple[str, ReadOut]) -> None:
    assert outline(compare(one[1], other[1])) == outline(compare(other[1], one[1]), swapped=True)


@given(readouts())
def test_with_itself_all_is_in_both(one: tuple[str, ReadOut]) -> None:
    result = compare(one[1], one[1])
    assert len(result["both"]) == len(one[1].points)
    assert not result["both_differently"] and not result["only_a"] and not result["only_b"]


def test_a_long_read_out_is_bounded_and_says_so() -> None:
    text = "\n".join(
        f"Стороны договорились открыть мост номер {number}." for number in range(MAX_POINTS + 50)
    )
    one = from_body({"text": text, "lang": "ru"}, name="one", side="BY")
    other = from_body({"text": text.replace("открыть", "закрыть"), "lang": "ru"}, name="other", side="UA")
    assert len(one.points) > MAX_POINTS
    result = compare(one, other)
    beyond = [row for row in result["only_a"] if row["why"].startswith("not compared")]
    assert len(beyond) == len(one.points) - MAX_POINTS
    assert len(compare(one, one)["both"]) == len(one.points)
