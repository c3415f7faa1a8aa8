# SPDX-License-Identifier: Apache-2.0
"""What others write cannot hide, turn round or run over what stands around it."""

from __future__ import annotations

import pytest

from detente.web import text
from detente.web.guard import Guard
from detente.web.sessions import ABSOLUTE, BACKOFF_FREE, IDLE, Backoff, Sessions, same

NOW = 1_644_829_200_000


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("<script>", "&lt;script&gt;"),
        ("two\nlines\tkept", "two\nlines\tkept"),
        ("a\r\nb", "a\nb"),
        ("\u202eback", '<span class="hidden-char">U+202E</span>back'),
        ("zero\u200bwidth", 'zero<span class="hidden-char">U+200B</span>width'),
        ("bell\x07", 'bell<span class="hidden-char">U+0007</span>'),
        ("\u2028", '<span class="hidden-char">U+2028</span>'),
        ("Ўзброеныя сілы", "Ўзброеныя сілы"),
    ],
)
def test_hidden_characters_are_written_out_and_markup_is_escaped(raw: str, shown: str) -> None:
    assert str(text.visible(raw)) == shown


def test_marks_piled_on_a_letter_are_cut() -> None:
    assert str(text.visible("e" + "\u0301" * 400)) == "e" + "\u0301" * 4


@pytest.mark.parametrize("kind", ["message", "standing", "no.such.kind", "phrase", "charter"])
@pytest.mark.parametrize(
    "body", [None, {}, {"text": 7}, {"text": "x" * 100_000, "lang": 'en" onclick'}, {"a": {"b": [None]}}]
)
def test_any_body_of_any_kind_is_shown(kind: str, body: dict[str, object] | None) -> None:
    content = text.content_of(kind, body, None)
    assert len(content.main) <= text.PAGE_LIMIT + 1
    assert content.lang == ""


def test_a_local_time_has_its_day_only_where_it_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "offset_minutes", lambda ms: 120)
    due = NOW + 26 * 3_600_000
    assert text.at(due, NOW) == "15 Feb 11:00 UTC (13:00 here)"
    assert text.at(due + 12 * 3_600_000, NOW) == "15 Feb 23:00 UTC (16 Feb 01:00 here)"
    assert text.due(due, NOW) == "26 h left, due 15 Feb 11:00 UTC (13:00 here)"
    assert text.exact(NOW, NOW) == "14 Feb 2022, 09:00:00 UTC (11:00:00 here)"


class Office:
    office = "duty"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_key_is_put_away_after_an_idle_hour_and_a_watch_page_keeps_its_session() -> None:
    clock = Clock()
    sessions = Sessions(clock)
    watching, watch = sessions.begin(Office())  # type: ignore[arg-type]
    watch.watching = 1
    idle, _ = sessions.begin(Office())  # type: ignore[arg-type]
    clock.now += IDLE + 1
    assert sessions.find(watching, person=False) is watch
    assert watch.author is None
    assert sessions.find(idle, person=True) is None
    clock.now += ABSOLUTE
    assert sessions.find(watching, person=True) is None


def test_logging_out_ends_a_session_and_a_foreign_token_is_none() -> None:
    sessions = Sessions(Clock())
    token, session = sessions.begin(Office())  # type: ignore[arg-type]
    assert sessions.find("x" * 43, person=True) is None
    sessions.end(token)
    assert sessions.find(token, person=True) is None
    assert session.author is None


def test_wrong_passphrases_close_the_login_for_a_while() -> None:
    clock = Clock()
    backoff = Backoff(clock)
    for _ in range(BACKOFF_FREE):
        backoff.check("duty")
        backoff.failed("duty")
    with pytest.raises(Exception, match="too many wrong passphrases"):
        backoff.check("duty")
    backoff.check("head")
    clock.now += 2
    backoff.check("duty")
    backoff.succeeded("duty")
    backoff.failed("duty")
    backoff.check("duty")


def test_tokens_compare_whatever_is_given() -> None:
    assert same("a", "a")
    assert not same(None, "a")
    assert not same("ы", "a")


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("localhost:9801", True),
        ("LOCALHOST", True),
        ("127.0.0.1:9801", True),
        ("[::1]:9801", True),
        ("10.0.0.5", True),
        ("evil.example", False),
        ("localhost.evil.example", False),
        ("", False),
        ("[", False),
    ],
)
def test_only_our_own_names_are_answered(host: str, known: bool) -> None:
    assert Guard(lambda *_: None, {"localhost"}).known_host(host) is known  # type: ignore[arg-type,return-value]


def test_uncertain_dates_stand_in_words() -> None:
    content = text.content_of("standing", {"state": "suspended", "since": "2021-11~"}, None)
    assert ("Since", "about Nov 2021") in content.rows
