# SPDX-License-Identifier: Apache-2.0
"""Who speaks in English, where only the order of words tells, and where what is said ends."""

from __future__ import annotations

from typing import Any

import pytest

from tests.press.helpers import find, shown

HEAD = "Polish Defence Minister Jan Nowak met Czech Defence Minister Petr Dvořák in Prague on 3 May 2023.\n\n"


def said(sentence: str) -> list[tuple[Any, str, str, str]]:
    text = HEAD + sentence
    return [
        (one["speaker"], one["type"], one["mode"], shown(text, one["span"]))
        for one in find(text, lang="en")["statements"]
        if one["span"][0] >= len(HEAD)
    ]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        (
            "Nowak told Dvořák that the drills near the border are purely defensive.",
            ("Jan Nowak", "assurance", "indirect", "the drills near the border are purely defensive"),
        ),
        (
            "“The column crossed the bridge before noon,” said Dvořák.",
            ("Petr Dvořák", "description", "direct", "The column crossed the bridge before noon"),
        ),
        (
            "“The column crossed the bridge before noon,” Dvořák said in a statement.",
            ("Petr Dvořák", "description", "direct", "The column crossed the bridge before noon"),
        ),
        (
            "The column crossed the bridge before noon, Nowak said on Friday.",
            ("Jan Nowak", "description", "indirect", "The column crossed the bridge before noon"),
        ),
        (
            "Nowak said the column crossed the bridge before noon.",
            ("Jan Nowak", "description", "indirect", "the column crossed the bridge before noon"),
        ),
        (
            "The column crossed the bridge before noon, according to Dvořák.",
            ("Petr Dvořák", "description", "indirect", "The column crossed the bridge before noon"),
        ),
    ],
)
def test_the_speaker_is_told_by_the_order_of_words(
    sentence: str, expected: tuple[str, str, str, str]
) -> None:
    assert said(sentence) == [expected]


def test_two_clauses_of_one_sentence_are_two_statements() -> None:
    words = [one[3] for one in said("Nowak said that the road is closed and that the bridge stays open.")]
    assert words == ["the road is closed", "the bridge stays open"]


def test_a_second_quotation_goes_on_with_the_speaker_of_the_first() -> None:
    found = said("“The bridge is open to all,” Nowak said. “The road is closed until Friday.”")
    assert [(one[0], one[3]) for one in found] == [
        ("Jan Nowak", "The bridge is open to all"),
        ("Jan Nowak", "The road is closed until Friday."),
    ]


@pytest.mark.parametrize("verb", ["called for restraint", "called on both sides to talk"])
def test_a_call_for_something_is_no_telephone_call(verb: str) -> None:
    text = f"Polish Defence Minister Jan Nowak {verb} after the Czech Republic closed a road."
    kinds = [one["kind"] for one in find(text, lang="en")["contacts"]]
    assert "phone_call" not in kinds
