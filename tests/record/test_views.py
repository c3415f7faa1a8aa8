# SPDX-License-Identifier: Apache-2.0
"""States, standing, availability, silence, contacts, search and clocks as tables of cases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.errors import RefusedError
from detente.record import availability, contacts, duration, readouts, silence, standing, states
from detente.record.entry import Entry
from detente.record.search import search
from detente.record.silence import PathFact, Unanswered

Make = Callable[..., Entry]
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
NOW = 1_644_800_000_000


# States.


@pytest.mark.parametrize(
    ("marks", "word"),
    [
        ({}, "kept"),
        ({"delivered": 1}, "delivered"),
        ({"read": 3, "delivered": 1, "displayed": 2}, "read"),
        ({"answered": 1, "will-answer": 9}, "answered"),
        ({"referred": 3, "understood": 2}, "referred"),
        ({"declined": 4, "referred": 3}, "declined"),
        ({"delivered": 1, "sung": 5}, "delivered"),
    ],
)
def test_strongest_mark(marks: dict[str, int], word: str) -> None:
    assert states.strongest(marks) == word


def test_summary_is_what_all_addressees_reached() -> None:
    marks = {"UA": {"delivered": 1, "read": 2}, "PL": {"delivered": 1}}
    assert states.summary(marks, ["UA", "PL"]) == "delivered"
    assert states.summary(marks, ["UA", "LT"]) == "kept"
    assert states.summary({}, []) == "kept"
    assert states.own_summary({"delivered": 1}) == "received"
    assert states.own_summary({"delivered": 1, "displayed": 2}) == "displayed"


@given(st.lists(st.dictionaries(st.sampled_from(list(states._RANK)), st.integers(0, 9)), max_size=6))
def test_merging_marks_never_takes_a_state_back(sets: list[dict[str, int]]) -> None:
    words = [states.rank(states.strongest(states.merge(*sets[:count]))) for count in range(len(sets) + 1)]
    assert words == sorted(words)


def test_marks_that_entries_give_each_other(entry: Make) -> None:
    asked = entry("UA", 0)
    entries = [
        asked,
        entry("BY", 0, kind="ack", re=(asked.id,), body={"state": "read"}, placed=5),
        entry("BY", 1, kind="ack", re=(asked.id,), body={"state": "nonsense"}),
        entry("BY", 2, kind="refusal", re=(asked.id,)),
        entry("BY", 3, kind="message", re=(asked.id,), placed=9),
        entry("UA", 1, kind="message", re=(asked.id,), placed=1),
    ]
    assert states.collect(entries) == {asked.id: {"BY": {"read": 5, "answered": 9}}}


# Standing.


def declare(entry: Make, party: str, index: int, state: str, **body: Any) -> Entry:
    return entry(party, index, kind="standing", body={"state": state, **body}, placed=NOW + index)


def test_stricter_applies_and_claims_stay_apart(entry: Make) -> None:
    said = [
        declare(entry, "UA", 0, "reduced", since="2021-11~", by="UA", reason="minimal contacts"),
        declare(entry, "BY", 0, "normal"),
    ]
    (scope,) = standing.current(said, ["BY", "UA"])
    assert (scope.effective, scope.strictest, scope.differ) == ("reduced", ("UA",), True)
    assert [side.state for side in scope.sides] == ["normal", "reduced"]
    assert scope.sides[1].since == "2021-11~"


@pytest.mark.parametrize(
    ("first", "second", "effective"),
    [
        ("normal", "normal", "normal"),
        ("normal", "suspended", "suspended"),
        ("ended", "suspended", "ended"),
        ("reduced", "reduced", "reduced"),
    ],
)
def test_table_of_standings(entry: Make, first: str, second: str, effective: str) -> None:
    said = [declare(entry, "BY", 0, first), declare(entry, "UA", 0, second)]
    assert standing.current(said, ["BY", "UA"])[0].effective == effective


def test_suspension_closes_kinds_but_never_the_floor(entry: Make) -> None:
    scopes = standing.current([declare(entry, "UA", 0, "suspended")], ["BY", "UA"])
    closed = standing.closed_kinds(scopes)
    assert closed["message"] == ("UA",)
    assert not set(closed) & set(standing.floor(None))
    assert {"test", "ack", "incident.report", "explanation.request"} <= set(standing.floor(None))


def test_latest_word_of_a_party_counts_and_history_stays(entry: Make) -> None:
    said = [declare(entry, "UA", 0, "suspended"), declare(entry, "UA", 1, "normal")]
    assert standing.current(said, ["BY", "UA"])[0].effective == "normal"
    assert standing.current(said, ["BY", "UA"], at=NOW)[0].effective == "suspended"
    assert [item.state for item in standing.declarations(said)] == ["suspended", "normal"]
    assert standing.closed_kinds(standing.current(said, ["BY", "UA"])) == {}


def test_scopes_are_kept_apart(entry: Make) -> None:
    said = [declare(entry, "UA", 0, "ended", scope="vienna-2011", closes=["inspection.request"])]
    channel, regime = standing.current(said, ["BY", "UA"])
    assert (channel.effective, regime.effective) == ("normal", "ended")
    assert list(standing.closed_kinds([channel, regime])) == ["inspection.request"]


def test_standing_without_a_mandate_declares_nothing(entry: Make) -> None:
    said = [entry("UA", 0, kind="standing", body={"state": "ended"}, labels=("no mandate",))]
    assert standing.current(said, ["BY", "UA"])[0].effective == "normal"


@pytest.mark.parametrize(
    ("body", "state"),
    [
        ({"scope": "channel", "state": "suspended", "by": 5}, "suspended"),
        ({"scope": "channel", "state": 7, "closes": ["message"]}, "reduced"),
    ],
)
def test_a_standing_of_the_wrong_shape_that_closes_kinds_is_shown(
    entry: Make, body: dict[str, Any], state: str
) -> None:
    """The line closes by it (protocol §12); nobody could tell why from a page that shows nothing."""
    said = [entry("UA", 0, kind="standing", body=body, labels=("malformed body",))]
    [scope] = standing.current(said, ["BY", "UA"])
    assert scope.effective == state
    assert "message" in standing.closed_kinds([scope])


def test_standing_json(entry: Make) -> None:
    scopes = standing.current([declare(entry, "UA", 0, "reduced", since="2021-11")], ["BY", "UA"])
    doc = standing.to_json(scopes, None)
    assert doc["scopes"][0]["sides"][0] | {"party": "BY", "declared": None} == doc["scopes"][0]["sides"][0]
    assert doc["scopes"][0]["by"] == ["UA"]


# Silence: eight faults, one right word for each.

UP = PathFact("direct", answers=True)
DEAD = PathFact("direct", answers=False)
NO_NETWORK = PathFact("direct", answers=False, ours=False)
NODE_STOPPED = PathFact("direct", answers=False, reaches=True)
BUS_UP = PathFact("bus", answers=True)
POUCH = PathFact("pouch", answers=True, live=False)
LATE_MESSAGE = Unanswered("a", "BY-1", "message", 5)
LATE_INCIDENT = Unanswered("b", "BY-2", "incident.report", 6)


@pytest.mark.parametrize(
    ("paths", "unanswered", "state", "kind"),
    [
        ([UP], [], "normal", "line up"),
        ([UP], [LATE_MESSAGE], "normal", "line up, not answered"),
        ([UP], [], "suspended", "announced suspension"),
        ([UP], [LATE_MESSAGE], "suspended", "announced suspension"),
        ([UP], [LATE_MESSAGE, LATE_INCIDENT], "suspended", "line up, not answered"),
        ([NO_NETWORK], [LATE_MESSAGE], "normal", "line down: ours"),
        ([NODE_STOPPED], [LATE_MESSAGE], "normal", "line down: theirs"),
        ([DEAD], [], "normal", "line down: path"),
        ([DEAD, BUS_UP], [], "normal", "line up"),
        ([DEAD, POUCH], [], "normal", "line down: path"),
        ([NO_NETWORK, NODE_STOPPED], [], "normal", "line down: theirs"),
        ([DEAD], [], "ended", "line down: path"),
        ([], [], "normal", "line down: ours"),
    ],
)
def test_which_silence(paths: list[PathFact], unanswered: list[Unanswered], state: str, kind: str) -> None:
    found = silence.silence(paths, unanswered, standing=state, closed=["message"])
    assert found.kind == kind
    assert found.up == kind.startswith(("line up", "announced"))
    assert (found.announced is not None) == (state in ("suspended", "ended"))


def test_silence_names_what_it_is_about_and_since_when() -> None:
    found = silence.silence([UP], [LATE_INCIDENT, LATE_MESSAGE])
    assert [item.ref for item in found.unanswered] == ["BY-1", "BY-2"]
    assert found.since == 5
    assert silence.silence([PathFact("direct", answers=False, last_heard=7)], []).since == 7


# Availability.


def test_availability_is_measured_from_tests(entry: Make) -> None:
    def probe(index: int, placed: int, delivered: int | None) -> Entry:
        marks = {} if delivered is None else {"UA": {"delivered": delivered}}
        return entry("BY", index, kind="test", placed=placed, marks=marks)

    march = NOW + 20 * DAY
    tests = [
        probe(0, NOW, NOW + 200),
        probe(1, NOW + HOUR, NOW + HOUR + MINUTE),
        probe(2, NOW + 2 * HOUR, NOW + 2 * HOUR + MINUTE + 1),
        probe(3, NOW + 3 * HOUR, None),
        probe(4, march, march + 5),
        probe(5, march + 30_000, None),
    ]
    (row,) = availability.availability(tests, ["BY", "UA"], march + MINUTE, paths={tests[4].id: "direct"})
    assert [result.ok for result in row.results] == [True, True, False, False, True, None]
    assert row.months == {"2022-02": 50.0, "2022-03": 100.0}
    assert row.last is not None
    assert row.last.ref == "BY-4"
    assert list(row.last_by_path()) == ["direct"]
    assert availability.to_json(row)["last"]["path"] == "direct"


@pytest.mark.parametrize(("share", "text"), [(100.0, "100 %"), (99.999, "99.99 %"), (0.0, "0.00 %")])
def test_percent_never_flatters(share: float, text: str) -> None:
    assert availability.percent(share) == text


# Contacts and read-outs.


def call(entry: Make) -> list[Entry]:
    proposal = entry("UA", 0, kind="contact.proposal", body={"kind": "video_call"})
    record = entry("BY", 1, kind="contact.record", body={"kind": "video_call", "proposal": "UA-0"})
    return [
        proposal,
        entry("BY", 0, kind="assent", re=(proposal.id,), body={}),
        record,
        entry("UA", 1, kind="assent", re=(record.id,), body={}),
        entry("BY", 2, kind="readout",
              body={"text": "ours", "contact": record.id, "publish_at": "2022-02-14T12:00:00Z"},
              marks={"UA": {"delivered": NOW}}),
        entry("UA", 2, kind="readout", re=(proposal.id,), body={"text": "theirs"}),
        entry("UA", 3, kind="readout", re=(proposal.id,), body={"text": "and more"}),
        entry("UA", 4, kind="message"),
    ]  # fmt: skip


def test_contact_gathers_what_names_it(entry: Make) -> None:
    entries = call(entry)
    (contact,) = contacts.contacts(entries)
    assert contact.id == entries[0].id
    assert [len(part) for part in (contact.entries, contact.records, contact.readouts)] == [7, 1, 3]
    assert contact.state(["BY", "UA"]) == "record agreed"
    assert contact.agreed[entries[2].id] == ("BY", "UA")
    assert contacts.to_json(contact, ["BY", "UA"])["kind"] == "video_call"


@pytest.mark.parametrize(
    ("count", "state"), [(1, "proposed"), (2, "accepted"), (3, "recorded"), (4, "record agreed")]
)
def test_states_of_a_contact(entry: Make, count: int, state: str) -> None:
    assert contacts.contacts(call(entry)[:count])[0].state(["BY", "UA"]) == state


def test_read_outs_by_side_with_their_notice(entry: Make) -> None:
    entries = call(entry)
    (first, ours), (second, theirs) = readouts.pair(entries, "UA-0", ["BY", "UA"])
    assert (first, second) == ("BY", "UA")
    assert [piece.text for piece in theirs] == ["theirs", "and more"]
    assert ours[0].notice("UA") == 1_644_840_000_000 - NOW
    assert theirs[0].notice("BY") is None
    with pytest.raises(RefusedError, match="UA"):
        readouts.pair(entries[:5], "BY-1", ["BY", "UA"])
    with pytest.raises(RefusedError):
        readouts.by_side(entries, "BY-99")


# Search.


def test_search_finds_all_words_in_any_case_and_shows_where(entry: Make) -> None:
    entries = [
        entry("BY", 0, body={"text": "Nach dem Weißbuch: Straße gesperrt", "list": [{"deep": "Мінськ"}]}),
        entry("UA", 0, body={"text": "nothing"}),
        entry("UA", 1, body=None),
    ]
    (hit,) = search(entries, "WEISSBUCH straße")
    assert {hit.snippet[start:end] for start, end in hit.spans} == {"Weißbuch", "Straße"}
    assert [found.entry.ref for found in search(entries, "МІНСЬК")] == ["BY-0"]
    assert [found.entry.ref for found in search(entries, "ua-1")] == ["UA-1"]
    assert search(entries, "  ") == []
    assert search(entries, "absent") == []


def test_search_finds_a_machines_entry_by_its_name_and_not_by_its_keys(entry: Make) -> None:
    entries = [
        entry("BY", 0, kind="genesis", office="node", body={"card": {"root": "abcbridgedef="}}),
        entry("BY", 1, kind="message", office="duty", body={"text": "the bridge"}),
    ]
    assert [found.entry.ref for found in search(entries, "bridge")] == ["BY-1"]
    assert [found.entry.ref for found in search(entries, "genesis")] == ["BY-0"]


@given(st.text(), st.text(min_size=1, max_size=4))
def test_search_never_fails_and_its_spans_are_inside(text: str, word: str) -> None:
    value = Entry(
        "i", "r", "c", "p", "f", "o", "k", "routine", "real", (), (), "l", 0, 0, 0, {}, {"text": text},
        "open", (), {}, (None, None), True, "kept",
    )  # fmt: skip
    for hit in search([value], word):
        assert all(0 <= start < end <= len(hit.snippet) for start, end in hit.spans)


# Clocks in words.


@pytest.mark.parametrize(
    ("due", "text"),
    [
        (NOW + 42 * MINUTE + 5, "42 min left, due 01:35 UTC"),
        (NOW + 59_000, "59 s left, due 00:54 UTC"),
        (NOW + 46 * HOUR, "46 h left, due 15 Feb 22:53 UTC"),
        (NOW - 3 * DAY, "overdue 3 d, due 11 Feb 00:53 UTC"),
        (NOW + 400 * DAY, "400 d left, due 21 Mar 2023 00:53 UTC"),
    ],
)
def test_clocks_count_down_in_words(due: int, text: str) -> None:
    assert duration.due(due, NOW) == text


def test_local_time_stands_beside_utc() -> None:
    assert duration.due(NOW + 42 * MINUTE, NOW, local_offset=120) == "42 min left, due 01:35 UTC (03:35 here)"


@pytest.mark.parametrize(
    ("edtf", "text"),
    [
        ("2022-02-14", "14 Feb 2022"),
        ("2021-11~", "about Nov 2021"),
        ("2022-02-14?", "14 Feb 2022, uncertain"),
        ("XXXX-02-14", "14 Feb, year not stated"),
        ("2021%", "about 2021, uncertain"),
        ("2022-13", "2022-13"),
        ("2022-02/2022-03", "2022-02/2022-03"),
    ],
)
def test_uncertain_dates_in_words(edtf: str, text: str) -> None:
    assert duration.dated(edtf) == text


@given(st.integers(), st.integers())
def test_no_time_breaks_a_clock(due: int, now: int) -> None:
    assert duration.due(due, now, local_offset=-720)
