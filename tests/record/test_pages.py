# SPDX-License-Identifier: Apache-2.0
"""The timeline as a page and in a terminal: whole, calm, and with nothing a peer could smuggle in."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

from detente.record import html, standing, text
from detente.record.entry import Entry

Make = Callable[..., Entry]
NOW = 1_644_800_000_000
NAMES = {"BY": "Ministry of Defence (BY)", "UA": "Ministry of Defence (UA)"}
EVIL = "<script>alert(1)</script><img src=//x onerror=y>\"'\u202e\x1b[2J"


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs


def exchange(entry: Make) -> list[Entry]:
    asked = entry("UA", 0, kind="explanation.request", body={"concern": EVIL, "lang": "uk"}, state="received")
    return [
        asked,
        entry("BY", 0, re=(asked.id,), body={"text": "line one\nline two", "lang": "ru"}, state="read",
              marks={"UA": {"delivered": 1, "read": 2}}, proven=(NOW, NOW + 60_000), precedence="flash"),
        entry("UA", 1, kind=f"x{EVIL}", labels=("unknown kind",), mark="exercise", body=None,
              placed=NOW + 86_400_000),
        entry("BY", 1, kind="ack", body={"state": "read"}, placed=NOW + 86_400_000),
    ]  # fmt: skip


def page(entries: list[Entry], **more: Any) -> str:
    return html.timeline(entries, channel="0f" * 16, us="BY", names=NAMES, now=NOW, **more).decode()


def test_page_needs_nothing_else_and_runs_nothing(entry: Make) -> None:
    made = page(exchange(entry))
    parser = Tags()
    parser.feed(made)
    assert not {"script", "img", "link", "iframe", "object", "svg"} & set(parser.tags)
    assert not [name for name, _value in parser.attributes if name.startswith("on") or name == "src"]
    hrefs = [value or "" for name, value in parser.attributes if name == "href"]
    assert hrefs
    assert all(value.startswith("#") for value in hrefs)
    ids = {value for name, value in parser.attributes if name == "id"}
    assert {value[1:] for value in hrefs} <= ids
    assert "url(" not in made
    assert "@import" not in made
    assert "default-src 'none'" in made
    assert EVIL not in made


def test_page_shows_both_sides_states_and_what_is_proven(entry: Make) -> None:
    made = page(
        exchange(entry), scopes=standing.current([], ["BY", "UA"]), note="From the party's own store."
    )
    ours, theirs = made.count('<td class="ours">'), made.count('<td class="theirs">')
    assert (ours, theirs) == (2, 2)
    assert "proven between 14 Feb 2022 00:53 and 00:54 UTC" in made
    assert re.search(r"◕</span>\s+read", made)
    assert "unknown kind" in made
    assert made.index("14 Feb 2022</th>") < made.index("15 Feb 2022</th>")
    assert 'lang="ru"' in made
    assert "UA: normal" in made


def test_empty_page_says_what_will_be_here() -> None:
    assert "Nothing has been said here yet" in page([])
    assert text.timeline([]) == "Nothing has been said here yet.\n"


def test_terminal_timeline_shows_order_and_states(entry: Make) -> None:
    shown = text.timeline(exchange(entry), width=60)
    assert shown.startswith("14 Feb 2022\n")
    assert "→ BY-0  duty  FLASH  re UA-0  ◕ read" in shown
    assert "▲ unknown kind" in shown
    assert "BY-1" not in text.timeline(exchange(entry), keeping=False)
    assert max(len(line) for line in shown.splitlines()) <= 72


def test_no_control_character_of_a_peer_reaches_the_terminal(entry: Make) -> None:
    shown = text.timeline(exchange(entry))
    assert "\x1b" not in shown
    assert "\u202e" not in shown


def test_states_apart_where_addressees_differ(entry: Make) -> None:
    marks = {"UA": {"delivered": 1, "read": 2}, "PL": {"delivered": 1}}
    shown = text.timeline([entry("BY", 0, marks=marks, state="delivered")])
    assert "UA ◕ read, PL ◔ delivered" in shown
