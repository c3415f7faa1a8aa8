# SPDX-License-Identifier: Apache-2.0
"""What is read of a page, and its way back to the input."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.press.markup import mark, marks_in, read_markup
from detente.press.views import View, respan

PAGE = (
    "<!DOCTYPE html><html><head><title>Имя</title><script>var a = '<p>не текст</p>';</script>"
    "<style>p { color: red }</style></head><body><!-- <p>не текст</p> -->"
    "<h1>Министры&nbsp;поговорили</h1><p>Беседа <b>прошла</b>\n   14&nbsp;февраля"
    " &laquo;мирно&raquo;<br>и&#44; коротко.</p>"
    "<p>Ещё&amp;ещё</body></html>"
)


def test_scripts_styles_and_comments_are_not_read() -> None:
    view = read_markup(PAGE).view
    assert view.text == (
        "Министры\u00a0поговорили\n\nБеседа прошла 14\u00a0февраля «мирно»\nи, коротко.\n\nЕщё&ещё"
    )


@pytest.mark.parametrize(
    ("words", "source"),
    [
        ("14\u00a0февраля", "14&nbsp;февраля"),
        ("«мирно»", "&laquo;мирно&raquo;"),
        ("прошла", "прошла"),
        ("Беседа прошла 14", "Беседа <b>прошла</b>\n   14"),
        ("и, коротко", "и&#44; коротко"),
        ("&", "&amp;"),
        ("\u00a0", "&nbsp;"),
    ],
)
def test_a_span_of_the_view_is_a_span_of_the_input_and_back(words: str, source: str) -> None:
    view = read_markup(PAGE).view
    start = view.text.index(words)
    begin, end = view.source(start, start + len(words))
    assert PAGE[begin:end] == source
    assert view.span(begin, end) == (start, start + len(words))


def test_the_segments_alone_make_the_view_again() -> None:
    view = read_markup(PAGE).view
    again = View(view.text, tuple(tuple(one) for one in map(list, view.segments)))  # type: ignore[misc]
    for start in range(len(view.text)):
        assert again.source(start, start + 1) == view.source(start, start + 1)


def test_a_part_of_a_view_keeps_its_places() -> None:
    view = read_markup(PAGE).view
    start = view.text.index("14")
    part = view.part(start, start + 10)
    assert part.text == view.text[start : start + 10]
    for at in range(10):
        assert part.source(at, at + 1) == view.source(start + at, start + at + 1)


@given(
    st.lists(
        st.sampled_from([*"abя <>&;", "&nbsp;", "<p>", "</p>", "<b>", "<br>", "<!--", "-->", '<a x="', "\n"])
    )
)
def test_every_code_point_of_any_view_stands_in_the_input(parts: list[str]) -> None:
    text = "".join(parts)
    markup = read_markup(text)
    places = [markup.view.source(at, at + 1) for at in range(len(markup.view.text))]
    assert all(0 <= start <= end <= len(text) for start, end in places)
    assert places == sorted(places)
    for at, (start, end) in enumerate(places):
        char = markup.view.text[at]
        assert text[start:end] == char or char in " \n\u00a0&<" or text[start] == "&"
    for block in markup.blocks:
        assert 0 <= block.start < block.end <= len(markup.view.text)


def test_a_plain_view_is_the_input() -> None:
    view = View.plain("Министр")
    assert view.source(1, 4) == view.span(1, 4) == (1, 4)
    assert view.pieces(1, 4) == [(1, 4)]


@given(st.sets(st.integers(0, 20_000), max_size=50))
def test_marks_name_their_blocks(numbers: set[int]) -> None:
    assert marks_in(" ".join(map(mark, numbers))) == numbers


def test_respan_changes_spans_and_nothing_else() -> None:
    source = {
        "body": [[0, 5], [7, 9]],
        "outlet": {"name": "X", "span": [1, 2]},
        "published": {"edtf": "2022", "span": None},
        "contacts": [
            {"initiator_span": [3, 4], "readouts": [{"spans": [[1, 2]], "follows": [[5, 6]]}], "pair": [1, 2]}
        ],
        "sides": ["BY", "UA"],
    }
    moved = respan(source, lambda start, end: (start + 10, end + 10))
    assert moved["body"] == [[10, 15], [17, 19]]
    assert moved["outlet"]["span"] == [11, 12]
    assert moved["published"] == source["published"]
    contact = moved["contacts"][0]
    assert contact["initiator_span"] == [13, 14]
    assert contact["readouts"] == [{"spans": [[11, 12]], "follows": [[15, 16]]}]
    assert contact["pair"] == [1, 2]
    assert moved["sides"] == ["BY", "UA"]
