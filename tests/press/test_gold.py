# SPDX-License-Identifier: Apache-2.0
"""The gold itself: every quote occurs in its page, every key and value is known, every trap is there."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.press.gold import pages, problems, resolve
from tests.press.match import ways

HERE = Path(__file__).parent
OPEN, HELD = HERE / "pages", HERE / "pages-held"
PAGES = list(pages([OPEN, HELD]))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.lang}/{page.path.stem}")
def test_gold_fits_its_page(page):
    text = page.path.read_bytes().decode("utf-8")
    for gold in page.gold:
        assert problems(gold, text) == []
        body = resolve(gold, text)["body"]
        for kind in ("statements", "measures"):
            for item in resolve(gold, text).get(kind, []):
                start, end = item["span"]
                assert any(a <= start and end <= b for a, b in body), (
                    f"{text[start:end]!r} is not in the body"
                )


def test_enough_pages_of_each_language():
    counts = Counter(page.lang for page in PAGES)
    assert counts["ru"] >= 26
    assert counts["be"] >= 13
    assert counts["uk"] >= 13
    assert counts["en"] >= 14
    held = Counter(page.lang for page in PAGES if HELD in page.path.parents)
    assert all(held[lang] * 4 >= counts[lang] for lang in counts)


def test_every_page_has_its_line_in_the_table():
    table = (OPEN / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE))
    there = {page.path.relative_to(HERE).as_posix() for page in PAGES}
    assert named == there


def test_every_kind_and_status_is_there_in_every_language():
    for lang in ("ru", "be", "uk", "en"):
        contacts = [c for page in PAGES if page.lang == lang for gold in page.gold for c in gold["contacts"]]
        kinds = {
            kind for c in contacts for kind in ([c["kind"]] if isinstance(c["kind"], str) else c["kind"])
        }
        assert kinds == {
            "phone_call",
            "video_call",
            "meeting",
            "visit",
            "hotline",
            "message",
            "statement",
        }
        assert {status for c in contacts for status in ways(c["status"])} == {
            "held",
            "planned",
            "attempted",
            "denied",
        }
