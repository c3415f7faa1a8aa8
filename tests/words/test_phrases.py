# SPDX-License-Identifier: Apache-2.0
"""The phrase book and the test texts."""

from __future__ import annotations

import re

import pytest

from detente.errors import RefusedError
from detente.words import charter, phrases, testtexts
from detente.words.render import plain

CHARTER = charter.parse({"members": [{"fingerprint": "a" * 64, "id": "UA"}]})
LANGS = ("en", "ru", "be", "uk")


def test_the_book_is_whole() -> None:
    book = phrases.default_book()
    assert [p["code"] for p in book] == [str(n + 1) for n in range(len(book))]
    assert len(book) == 40
    assert sum(p["life_saving"] for p in book) == 17
    for phrase in book:
        assert set(phrase["text"]) == set(LANGS)
        holes = {lang: sorted(re.findall(r"\{(\w+)\}", text)) for lang, text in phrase["text"].items()}
        assert len({tuple(h) for h in holes.values()}) == 1, phrase["code"]


@pytest.mark.parametrize("lang", LANGS)
def test_every_phrase_renders_in_every_language(lang: str) -> None:
    for phrase in CHARTER.phrases:
        values = {name: f"<{name}>" for name in phrases.parameters(phrase)}
        text = phrases.render_phrase(CHARTER, phrase.code, values, lang)
        assert all(v in text for v in values.values())
        assert "{" not in text


def test_a_number_may_be_given_as_a_number() -> None:
    said = phrases.render_phrase(CHARTER, 2, {"place": "51N", "time": 9}, "en")
    assert said == "Cease-fire ordered on our side. Place: 51N. From: 9."
    assert phrases.render_phrase(CHARTER, "2", {"place": "51N", "time": 9}, "fr") == said


def test_what_cannot_be_said_is_refused() -> None:
    with pytest.raises(RefusedError, match="'999' is not in the charter"):
        phrases.render_phrase(CHARTER, "999", {}, "en")
    with pytest.raises(RefusedError, match="parameter 'place' is missing"):
        phrases.render_phrase(CHARTER, "2", {"time": "9"}, "en")


def test_a_parameter_stays_a_parameter() -> None:
    text = phrases.render_phrase(CHARTER, "2", {"place": "{time}\nCease fire\u202e", "time": "9"}, "en")
    assert text == "Cease-fire ordered on our side. Place: {time} Cease fire. From: 9."


def test_the_book_has_an_id() -> None:
    book = phrases.default_book()
    assert phrases.book_id(book) == phrases.book_id(CHARTER.phrases)
    assert phrases.book_id(book[1:]) != phrases.book_id(book)


def test_a_phrase_is_shown_as_its_sentence_under_its_charter() -> None:
    body = {"code": 2, "parameters": {"place": "51N", "time": "9"}}
    assert plain("phrase", body, "uk", charter=CHARTER) == (
        "Фраза: 2. З нашого боку віддано наказ про припинення вогню. Місце: 51N. З: 9."
    )
    assert plain("phrase", body) == "Phrase\nCode: 2\nParameters: Place: 51N, Time: 9"
    assert "is missing" in plain("phrase", {"code": 2}, charter=CHARTER)


def test_test_texts_are_plain_and_repeatable() -> None:
    texts = [testtexts.text(n) for n in range(2_000)]
    assert len(set(texts)) == 2_000
    assert testtexts.text(7) == texts[7]
    assert all(len(t) < 120 and t.isascii() for t in texts)
