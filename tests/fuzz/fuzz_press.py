# SPDX-License-Identifier: Apache-2.0
"""The press room: any page is read or refused, and what is found stands on the page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from detente.press import compare
from detente.press.pages import read_pages
from tests.fuzz.kit import Tape, only, piece, target

RU = (
    "Министр обороны Северии позвонил министру обороны Южнии 14 февраля 2022 года. Стороны обсудили учения"
    " «Заря-2022». Министр заверил, что угрозы нет. В ответ тот сообщил: «Мы пригласим атташе до 16 февраля»."
    "\n\nПодписывайтесь на наш канал. Фото: пресс-служба."
)
EN = (
    "The minister of defence of Northia telephoned the minister of Southia on 14 February 2022."
    ' They discussed the exercise "Dawn 2022". "There is no threat," the minister said. An algorithm of'
    " further interaction was agreed: first, observers; second, a visit by 20 February.\n\nShare this page"
)
UK = "Міністр оборони повідомив 12.02.2022, що сторони домовилися про алгоритм подальших дій."
PAGES = (RU, EN, UK)


def _pages() -> Iterator[bytes]:
    for page in PAGES:
        yield page.encode()
    yield PAGES[0].encode("cp1251")
    yield PAGES[2].encode("utf-16")


def spans(value: Any) -> Iterator[tuple[int, int]]:
    """Every span in a SOURCE."""
    if isinstance(value, dict):
        for name, item in value.items():
            if name == "span" and item is not None:
                yield item[0], item[1]
            elif name in ("spans", "body"):
                yield from ((one[0], one[1]) for one in item)
            else:
                yield from spans(item)
    elif isinstance(value, list):
        for item in value:
            yield from spans(item)


@target(_pages)
def fuzz_page(data: bytes) -> None:
    with only():
        for page in read_pages(data, name="page.txt", published="2022-02-15"):
            for start, end in spans(page.source):
                assert 0 <= start <= end <= len(page.text)
            shown = json.dumps(page.source)
            # Each finding stands on words of its own: the whole grows with the page.
            assert len(shown) <= 400 * len(page.text) + 20_000


@target(lambda: [b"\0" + page.encode() for page in PAGES] + [b"\1<html>", b"\2" + b"\0" * 9])
def fuzz_readout(data: bytes) -> None:
    """A read-out as an entry has it: whatever the other side wrote, ours can be put beside it."""
    lang = ("ru", None, "en", "xx")[data[0] % 4] if data else None
    said = {"text": data[1:].decode("utf-8", "replace"), "lang": lang}
    theirs = compare.from_body(said, name="theirs", side="UA")
    ours = compare.from_body({"text": PAGES[0], "lang": "ru"}, name="ours", side="BY")
    assert ours.points
    assert json.dumps(compare.compare(ours, theirs))


@target(lambda: [piece(PAGES[0].encode()) + PAGES[0].encode(), piece(PAGES[1].encode()) + PAGES[2].encode()])
def fuzz_compare(data: bytes) -> None:
    tape = Tape(data)
    with only():
        one = compare.from_page(tape.piece(), name="a.txt")
        other = compare.from_page(tape.rest(), name="b.txt")
        result = compare.compare(one, other)
        assert json.dumps(result)
        same = compare.compare(one, one)
        assert not same["only_a"] and not same["only_b"]
