# SPDX-License-Identifier: Apache-2.0
"""The words that the record shows move as their tables say, whatever is said in whatever order."""

from __future__ import annotations

from itertools import chain, combinations, pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as some

from detente.record import contacts, silence, standing, states
from detente.record.contacts import CONTACT
from detente.record.entry import Entry
from detente.record.silence import PathFact, Unanswered
from tests.record.conftest import START

EVENTS = {mark.word: mark.event for mark in states.MARKS}
MARKED = some.lists(some.tuples(some.sampled_from(sorted(EVENTS)), some.integers(0, 9)), max_size=12)


@given(MARKED)
def test_the_word_of_an_entry_takes_only_moves_of_its_table(said: list[tuple[str, int]]) -> None:
    sets = [{word: at} for word, at in said]
    words = [states.strongest(states.merge(*sets[:n])) for n in range(len(sets) + 1)]
    assert words[0] == states.ENTRY.start
    for before, after in pairwise(words):
        assert before == after or states.ENTRY.joins(before, after)


@given(some.dictionaries(some.sampled_from(sorted(EVENTS)), some.integers(0, 9)))
def test_the_word_is_where_the_marks_lead_one_after_the_other(marks: dict[str, int]) -> None:
    state = states.ENTRY.start
    for _, word in sorted((at, word) for word, at in marks.items()):
        if states.ENTRY.allows(state, EVENTS[word]):
            state = states.ENTRY.step(state, EVENTS[word])
    assert state == states.strongest(marks)


def test_no_way_leads_back_to_a_weaker_word() -> None:
    for move in (*states.ENTRY.moves, *states.RECEIVED.moves):
        assert states.rank(move.after) >= states.rank(move.before)
    assert not states.ENTRY.joins("read", "delivered")
    assert not any(move.before == "answered" for move in states.ENTRY.moves)


@given(MARKED)
def test_the_word_of_what_we_received_takes_only_moves_of_its_table(said: list[tuple[str, int]]) -> None:
    sets = [{word: at} for word, at in said]
    words = [states.own_summary(states.merge(*sets[:n])) for n in range(len(sets) + 1)]
    assert words[0] == states.RECEIVED.start
    for before, after in pairwise(words):
        assert before == after or states.RECEIVED.joins(before, after)


@given(
    some.lists(some.tuples(some.sampled_from(["BY", "UA"]), some.sampled_from(standing.STATES)), max_size=6)
)
def test_a_standing_is_moved_by_its_party_alone(said: list[tuple[str, str]]) -> None:
    listed = [
        _entry(party, index, "standing", body={"state": state}) for index, (party, state) in enumerate(said)
    ]
    for number, (party, state) in enumerate(said, 1):
        before, after = _declared(listed[: number - 1]), _declared(listed[:number])
        other = "UA" if party == "BY" else "BY"
        assert after[other] == before[other]
        assert after[party] == standing.STANDING.step(before[party], f"declares {state}")


def _declared(entries: list[Entry]) -> dict[str, str]:
    return {side.party: side.state for side in standing.current(entries, ["BY", "UA"])[0].sides}


FACTS = (silence.ANSWERS, silence.OURS, silence.REACHES, silence.OWED, silence.CLOSED)


def test_every_set_of_facts_is_one_silence_and_every_silence_has_facts() -> None:
    every = chain.from_iterable(combinations(FACTS, n) for n in range(len(FACTS) + 1))
    assert {silence.kind_of(frozenset(facts)) for facts in every} == set(silence.KINDS)


@given(
    some.lists(
        some.builds(PathFact, some.just("p"), some.booleans(), some.booleans(), some.booleans()), max_size=3
    ),
    some.lists(some.sampled_from(["message", "incident.report"]), max_size=2),
    some.sampled_from(standing.STATES),
)
def test_the_wire_the_people_and_a_decision_are_never_mixed_up(
    paths: list[PathFact], kinds: list[str], declared: str
) -> None:
    overdue = [Unanswered(f"{n}", "R", kind, n) for n, kind in enumerate(kinds)]
    found = silence.silence(paths, overdue, standing=declared, closed=["message"])
    assert found.up == any(path.answers for path in paths)
    assert silence.SILENCE.joins(silence.SILENCE.start, found.kind)
    owed = [one for one in overdue if one.kind != "message" or declared == "normal"]
    if found.up:
        assert (found.kind == silence.NOT_ANSWERED) == bool(owed)
    if found.kind == silence.ANNOUNCED:
        assert declared != "normal"


PARTS = some.lists(
    some.tuples(
        some.sampled_from(["BY", "UA"]), some.sampled_from(["assent", "decline", "contact.record", "message"])
    ),
    max_size=6,
)


@given(PARTS)
def test_a_contact_takes_only_moves_of_its_table(said: list[tuple[str, str]]) -> None:
    listed = [_entry("BY", 0, "contact.proposal")]
    shown = [contacts.contacts(listed)[0].state(["BY", "UA"])]
    for number, (party, kind) in enumerate(said, 1):
        listed.append(_entry(party, number, kind, re=tuple(one.id for one in listed)))
        shown.append(contacts.contacts(listed)[0].state(["BY", "UA"]))
    assert shown[0] == CONTACT.start
    reach = {(move.before, move.after) for move in CONTACT.moves}
    reach |= {(a, d) for a, b in reach for c, d in reach if b == c}
    assert all(before == after or (before, after) in reach for before, after in pairwise(shown))


def _entry(party: str, number: int, kind: str, **more: Any) -> Entry:
    values: dict[str, Any] = {
        "id": f"{number:064x}", "ref": f"{party}-{number}", "channel": "0f" * 16, "party": party,
        "fpr": party, "office": "duty", "kind": kind, "precedence": "routine", "mark": "real", "re": (),
        "to": (),
        "origin": f"log/{party}", "index": number, "released": START + number, "placed": START + number,
        "seen": {}, "body": {}, "body_state": "open", "labels": (), "marks": {}, "proven": (None, None),
        "mine": party == "BY", "state": "kept",
    }  # fmt: skip
    return Entry(**values | more)
