# SPDX-License-Identifier: Apache-2.0
"""What holds of every SOURCE: spans, fields, and that nothing hostile stops it."""

from __future__ import annotations

import contextlib
import json
import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.errors import MalformedError
from detente.press.importer import read_page
from tests.examples import examples
from tests.press.helpers import HERE, find, own, page, spans

PAGES = [own("call.txt"), own("statement.txt"), *(page(path.name) for path in sorted(HERE.glob("*.txt")))]
FIELDS = {
    "contacts": {
        "kind",
        "status",
        "initiator",
        "initiator_span",
        "date",
        "purpose",
        "topics",
        "participants",
        "readouts",
    },
    "statements": {"speaker", "office", "side", "addressee", "type", "mode", "outlet", "reported_by", "span"},
    "exercises": {"name", "span"},
    "measures": {"what", "status", "reported_by", "span"},
    "appeals": {"org", "addressee", "date", "span"},
    "relations": {"parties", "state", "ended_by", "claimed_by", "since", "span"},
}


def check(text: str) -> None:
    source = find(text)
    for start, end in spans(source):
        assert 0 <= start < end <= len(text)
    json.dumps(source)
    for name, fields in FIELDS.items():
        for one in source[name]:
            assert fields | {"rule", "confidence"} <= set(one)
            assert one["review" if name == "relations" else "state"] == "proposed"
            assert 0 <= one["confidence"] <= 1
    for contact in source["contacts"]:
        for one in [*contact["purpose"], *contact["topics"]]:
            assert text[slice(*one["span"])] == one["text"]
        for one in contact["participants"]:
            assert one["name_written"] in (None, text[slice(*one["span"])])
    body = [tuple(span) for span in source["body"]]
    for name in FIELDS:
        for one in source[name]:
            if "span" in one:
                assert any(start <= one["span"][0] and one["span"][1] <= end for start, end in body), name


@pytest.mark.parametrize("text", PAGES)
def test_spans_and_fields(text: str) -> None:
    check(text)


@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_newlines_do_not_change_findings(newline: str) -> None:
    for text in PAGES:
        check(text.replace("\n", newline))
        plain, other = find(text), find(text.replace("\n", newline))
        for name in ("statements", "measures", "exercises", "relations"):
            assert [one["rule"] for one in plain[name]] == [one["rule"] for one in other[name]]


@pytest.mark.parametrize("seed", range(12))
def test_paragraphs_in_any_order(seed: int) -> None:
    for text in PAGES:
        lines = text.splitlines()
        random.Random(seed).shuffle(lines)
        check("\n\n".join(lines))


@given(st.data())
@settings(max_examples=examples(60), deadline=None)
def test_pages_with_parts_cut_out(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(PAGES))
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start, len(text)))
    rest = text[:start] + data.draw(st.text(max_size=8)) + text[end:]
    try:
        check(rest)
    except MalformedError:
        assert not rest.strip() or "\x00" in rest or any(ord(char) < 32 for char in rest)


@given(st.binary(max_size=400))
@settings(max_examples=examples(150), deadline=None)
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    with contextlib.suppress(MalformedError):
        assert read_page(raw, name="bytes")["file"] == "bytes"


@given(st.lists(st.sampled_from(" ".join(PAGES).split()), max_size=60))
@settings(max_examples=examples(60), deadline=None)
def test_any_order_of_words(words: list[str]) -> None:
    if words:
        check(" ".join(words))


HOSTILE = [
    "«",
    "— да, — сказал Хренин.\n",
    "договорились, что а ",
    "отношения с НАТО официально минимальные контакты ",
    "1. а\n",
    "14 февраля 2022 ",
    "телефонный разговор Беларуси с Украиной не ",
    "учения «А» и ",
    "где-то примерно около ",
    "Министр обороны Украины Алексей Резников сказал, что ",
    "а-",
    "Иван ",
    ", чтобы контакт сохранить ",
    "Слово дня\n",
]


@pytest.mark.slow
@pytest.mark.parametrize("unit", HOSTILE)
def test_two_megabytes_of_the_same_take_seconds(unit: str) -> None:
    text = unit * (2_000_000 // len(unit.encode()))
    cut = "\n".join(text[at : at + 19_000] for at in range(0, len(text), 19_000))
    began = time.process_time()
    find(cut)
    assert time.process_time() - began < 20
