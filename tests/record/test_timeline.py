# SPDX-License-Identifier: Apache-2.0
"""The order of the timeline: no log and no citation is contradicted, whatever the clocks say."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from detente.record.entry import Entry, by_id, parse_rfc3339, rfc3339
from detente.record.timeline import causal_order, to_json

Make = Callable[..., Entry]
PARTIES = ("BY", "PL", "UA")


def refs(entries: list[Entry]) -> str:
    return " ".join(entry.ref for entry in entries)


def test_seen_outranks_clocks(entry: Make) -> None:
    asked = entry("UA", 0, placed=9_000)
    answered = entry("BY", 0, placed=1_000, seen={asked.origin: (1, "")})
    assert refs(causal_order([answered, asked])) == "UA-0 BY-0"


def test_unrelated_entries_follow_their_claimed_times_then_the_party(entry: Make) -> None:
    entries = [entry("UA", 0, placed=5), entry("BY", 0, placed=5), entry("PL", 0, placed=1)]
    assert refs(causal_order(entries)) == "PL-0 BY-0 UA-0"


def test_own_log_is_never_reordered(entry: Make) -> None:
    assert refs(causal_order([entry("BY", 1, placed=1), entry("BY", 0, placed=9)])) == "BY-0 BY-1"


def test_citation_of_entries_that_are_not_at_hand(entry: Make) -> None:
    late = entry("UA", 4, placed=9)
    assert refs(causal_order([entry("BY", 0, placed=1, seen={late.origin: (7, "")}), late])) == "UA-4 BY-0"
    assert refs(causal_order([entry("BY", 0, seen={"detente.log/unknown": (7, "")})])) == "BY-0"


def test_new_log_comes_after_what_its_author_still_vouches_for(entry: Make) -> None:
    old = [entry("BY", index, placed=100 + index) for index in range(3)]
    doc = {"succession": {"doc": {"old": {"origin": old[0].origin, "size": 2}}}}
    new = entry("BY", 0, origin="detente.log/new", ref="BY-2n", kind="succession", placed=5, body=doc)
    assert refs(causal_order([new, *old])) == "BY-0 BY-1 BY-2n BY-2"


def test_circle_of_citations_is_cut_and_nobody_left_out(entry: Make) -> None:
    first = entry("BY", 0, placed=2, seen={"detente.log/UA": (1, "")})
    second = entry("UA", 0, placed=1, seen={"detente.log/BY": (1, "")})
    assert refs(causal_order([first, second, entry("BY", 1, placed=3)])) == "UA-0 BY-0 BY-1"


@given(st.data())
def test_order_contradicts_nothing_and_does_not_depend_on_arrival(data: Any) -> None:
    sizes = dict.fromkeys(PARTIES, 0)
    entries: list[Entry] = []
    for _ in range(data.draw(st.integers(0, 25))):
        party = data.draw(st.sampled_from(PARTIES))
        cited = data.draw(st.sets(st.sampled_from(PARTIES)))
        seen = {f"log/{other}": (sizes[other], "") for other in cited if other != party}
        entries.append(_entry(party, sizes[party], data.draw(st.integers(0, 5)), seen))
        sizes[party] += 1
    ordered = causal_order(entries)
    assert len(ordered) == len(entries)
    assert ordered == causal_order(data.draw(st.permutations(entries)))
    place = {(item.origin, item.index): number for number, item in enumerate(ordered)}
    for item in ordered:
        before = [(item.origin, item.index - 1)] if item.index else []
        before += [(origin, size - 1) for origin, (size, _root) in item.seen.items() if size]
        assert all(place[there] < place[item.origin, item.index] for there in before)


@given(st.lists(st.tuples(st.sampled_from(PARTIES), st.integers(0, 6), st.integers(0, 9)), max_size=20))
def test_any_citations_whatever_give_an_order_of_all(cited: list[tuple[str, int, int]]) -> None:
    counts = dict.fromkeys(PARTIES, 0)
    entries = []
    for number, (party, size, placed) in enumerate(cited):
        target = PARTIES[number % 3]
        entries.append(_entry(party, counts[party], placed, {f"log/{target}": (size, "")}))
        counts[party] += 1
    assert sorted(map(id, causal_order(entries))) == sorted(map(id, entries))


def _entry(party: str, index: int, placed: int, seen: dict[str, tuple[int, str]]) -> Entry:
    return Entry(
        id=f"{party}{index}", ref=f"{party}-{index}", channel="", party=party, fpr="", office="",
        kind="message",
        precedence="routine", mark="real", re=(), to=(), origin=f"log/{party}", index=index, released=0,
        placed=placed, seen=seen, body=None, body_state="withheld", labels=(), marks={}, proven=(None, None),
        mine=False, state="received",
    )  # fmt: skip


def test_to_json_has_the_promised_fields(entry: Make) -> None:
    made = entry(
        "UA", 3, marks={"BY": {"read": 2_000, "delivered": 1_000}}, proven=(None, 5_000), labels=("crossed",)
    )
    doc = json.loads(json.dumps(to_json(made)))
    promised = {"id", "ref", "party", "office", "kind", "time", "precedence", "state", "re", "body"}
    assert promised | {"marks", "labels", "mark", "proven", "to"} <= set(doc)
    assert doc["time"] == "2022-02-14T00:53:20.000Z"
    assert list(doc["marks"]["BY"]) == ["delivered", "read"]
    assert doc["proven"] == [None, "1970-01-01T00:00:05.000Z"]


@given(st.integers(-62_135_596_800_000, 253_402_300_799_999))
def test_times_survive_their_text(ms: int) -> None:
    assert parse_rfc3339(rfc3339(ms)) == ms


@given(st.integers())
def test_any_time_at_all_can_be_shown(ms: int) -> None:
    assert len(rfc3339(ms)) == 24


def test_statement_placed_twice_counts_once(entry: Make) -> None:
    first, again = entry("BY", 3, placed=1), entry("BY", 9, placed=2)
    twice = [entry("BY", 9, id=first.id, placed=2), first]
    assert by_id(twice)[first.id].index == 3
    assert again.id in by_id([again])
