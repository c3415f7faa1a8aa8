# SPDX-License-Identifier: Apache-2.0
"""Charters, assents, amendments and standings: what they amount to for whoever could know them."""

from __future__ import annotations

from typing import Any

import pytest

from detente.line.rules import DEFAULT_FLOOR, KINDS_KNOWN, Rule, Rulebook, closes, floor
from detente.words.charter import charter_body, parse

A, B, C = "a" * 64, "b" * 64, "c" * 64
LOGS = {A: "log a", B: "log b", C: "log c"}
SUSPENDED = {"state": "suspended"}


def rule(
    party: str, index: int, kind: str, body: dict[str, Any] | None = None, *re: str, **more: Any
) -> Rule:
    values = {"origin": LOGS[party], "position": index, "entry_id": f"{party[0]}{index}"} | more
    return Rule(party, values["origin"], index, values["position"], values["entry_id"], kind, re, body or {})


def charter(*members: str, **more: Any) -> dict[str, Any]:
    return charter_body([{"fingerprint": p, "id": p[0].upper(), "name": p[0]} for p in members], **more)


def book(*rules: Rule) -> Rulebook:
    found = Rulebook()
    for one in rules:
        found.add(one)
    return found


def everything(origin: str) -> int:
    return 1_000_000


def terms(found: Rulebook, party: str = A, **bounds: int) -> Any:
    return found.view(party, lambda origin: bounds.get(origin[-1], 1_000_000)).terms


def test_a_charter_is_in_force_where_every_member_is_for_it() -> None:
    proposed = rule(A, 5, "charter", charter(A, B))
    for found in (
        book(proposed),
        book(proposed, rule(B, 3, "assent", None, "another")),
        book(proposed, rule(B, 3, "decline", None, "a5")),
    ):
        assert terms(found).charter is None and terms(found).charter_id is None
    agreed = book(rule(B, 3, "assent", None, "another", "a5"), proposed)
    assert terms(agreed).charter_id == "a5" and terms(agreed, B).charter_id == "a5"
    assert [m.fingerprint for m in terms(agreed).charter.members] == [A, B]


def test_a_charter_binds_only_its_members() -> None:
    found = book(rule(A, 5, "charter", charter(A, B)), rule(B, 3, "assent", None, "a5"))
    assert terms(found, C).charter is None
    assert found.terms(found.rules).charter_id == "a5", "for nobody in particular it is in force"


def test_of_two_agreed_charters_the_first_by_place_counts() -> None:
    one, two = rule(A, 5, "charter", charter(A, B)), rule(B, 4, "charter", charter(A, B))
    assents = rule(B, 9, "assent", None, "a5"), rule(A, 8, "assent", None, "b4")
    for order in ((one, two, *assents), (*assents, two, one)):
        assert terms(book(*order)).charter_id == "b4"
    third = rule(A, 4, "charter", charter(A, B))
    assert terms(book(one, two, *assents, third, rule(B, 10, "assent", None, "a4"))).charter_id == "a4"


@pytest.mark.parametrize("body", [{}, {"members": "nobody"}, {"members": []}])
def test_a_charter_that_cannot_be_read_binds_nobody(body: dict[str, Any]) -> None:
    found = book(
        rule(A, 1, "charter", body),
        rule(A, 5, "charter", charter(A, B)),
        rule(B, 3, "assent", None, "a5", "a1"),
    )
    assert terms(found).charter_id == "a5"
    assert terms(book(rule(A, 1, "charter", body))).charter is None


def amendment(party: str, index: int, changes: Any, *re: str) -> Rule:
    return rule(party, index, "charter.amendment", {"charter": "a5", "changes": changes}, *re)


def test_an_amendment_counts_once_every_member_is_for_it() -> None:
    base = [rule(A, 5, "charter", charter(A, B, test_every=3600)), rule(B, 3, "assent", None, "a5")]
    change = amendment(A, 7, {"test_every": 60}, "a5")
    yes = rule(B, 8, "assent", None, "a7")
    assert terms(book(*base, change)).charter.test_every == 3600
    assert terms(book(*base, change, yes)).charter.test_every == 60
    assert terms(book(*base, change, yes)).charter_id == "a5"
    elsewhere = amendment(A, 7, {"test_every": 60}, "another")
    assert terms(book(*base, elsewhere, yes)).charter.test_every == 3600
    note = rule(A, 7, "decline", {"changes": {"test_every": 60}}, "a5")
    assert terms(book(*base, note, yes)).charter.test_every == 3600


@pytest.mark.parametrize("changes", [None, "x", {"test_every": "often"}, {"members": None}])
def test_an_amendment_that_cannot_be_made_changes_nothing(changes: Any) -> None:
    base = [rule(A, 5, "charter", charter(A, B, test_every=3600)), rule(B, 3, "assent", None, "a5")]
    later = [amendment(A, 9, {"test_every": 60}, "a5"), rule(B, 10, "assent", None, "a9", "a7")]
    assert terms(book(*base, amendment(A, 7, changes, "a5"), *later)).charter.test_every == 60


def test_amendments_follow_each_other() -> None:
    found = book(
        rule(A, 5, "charter", charter(A, B, test_every=3600)),
        rule(B, 3, "assent", None, "a5", "a7", "a8"),
        amendment(A, 8, {"test_every": 61}, "a5"),
        amendment(A, 7, {"test_every": 60, "purpose": "to talk"}, "a5"),
    )
    assert (terms(found).charter.test_every, terms(found).charter.purpose) == (61, "to talk")


def test_each_party_s_latest_standing_counts() -> None:
    found = book(rule(A, 6, "standing", SUSPENDED), rule(A, 4, "standing"), rule(B, 2, "standing", SUSPENDED))
    held = terms(found).standings
    assert {party: one.entry_id for party, one in held.items()} == {A: "a6", B: "b2"}
    assert terms(found, a=6).standings[A].entry_id == "a4"
    assert set(terms(found, a=4, b=2).standings) == set()


def test_an_author_knows_what_stands_below_its_bounds_and_what_it_brings_along() -> None:
    found = book(rule(A, 5, "charter", charter(A, B)), rule(B, 3, "assent", None, "a5"))
    assert [terms(found, a=a, b=b).charter_id for a, b in ((6, 4), (5, 4), (6, 3))] == ["a5", None, None]
    view = found.view(A, lambda origin: 6)
    assert view.known == {"a5", "b3"} and [one.entry_id for one in view.visible] == ["b3", "a5"]
    more = [rule(A, 9, "standing", SUSPENDED)]
    wider = found.view(A, lambda origin: 6, more)
    assert wider.known == {"a5", "b3", "a9"} and set(wider.terms.standings) == {A}
    assert found.view(A, lambda origin: 6) is view, "the same question again costs nothing"
    assert found.view(B, lambda origin: 6) is not view
    found.add(rule(B, 4, "standing", SUSPENDED))
    assert found.view(A, lambda origin: 6).known == {"a5", "b3", "b4"}


def test_views_are_remembered_for_a_while() -> None:
    found = book(*(rule(A, n, "standing") for n in range(200)))
    for bound in range(200):
        view = found.view(A, lambda origin, bound=bound: bound)  # type: ignore[misc]
        assert len(view.known) == bound
    assert len(found._memo) <= 65


def test_rules_of_one_place_are_in_one_order_for_all() -> None:
    same = [rule(A, 3, "standing", SUSPENDED, position=7), rule(B, 5, "standing", SUSPENDED, position=7)]
    twice = [
        rule(A, 1, "standing", entry_id="x", position=9, origin="log 2"),
        rule(A, 4, "standing", entry_id="y", position=9, origin="log 1"),
    ]
    for order in ([*same, *twice], [*reversed(same), *reversed(twice)]):
        visible = book(*order).view(A, everything).visible
        assert [one.entry_id for one in visible] == ["a3", "b5", "y", "x"]


def test_a_log_set_aside_takes_its_rules_along() -> None:
    found = book(rule(A, 5, "standing", SUSPENDED), rule(B, 3, "standing", SUSPENDED))
    assert set(found.closing("message")) == {"log a", "log b"}
    assert len(found.view(A, everything).known) == 2
    found.drop("log a")
    assert [one.entry_id for one in found.rules] == ["b3"]
    assert set(found.closing("message")) == {"log b"}
    assert found.view(A, everything).known == {"b3"}
    found.drop("log c")
    assert len(found.rules) == 1


def test_the_standings_that_close_a_kind_are_at_hand_in_the_order_of_their_log() -> None:
    late = {"state": "reduced", "closes": ["message"]}
    found = book(rule(A, 6, "standing", SUSPENDED), rule(A, 2, "standing", late), rule(A, 1, "standing"))
    assert {o: [one.index for one in held] for o, held in found.closing("message").items()} == {
        "log a": [2, 6]
    }
    assert {o: [one.index for one in held] for o, held in found.closing("protest").items()} == {"log a": [6]}
    found.add(rule(A, 4, "standing", late))
    found.add(rule(B, 9, "standing", SUSPENDED))
    found.add(rule(B, 8, "assent", SUSPENDED))
    assert {o: [one.index for one in held] for o, held in found.closing("message").items()} == {
        "log a": [2, 4, 6],
        "log b": [9],
    }
    assert found.closing("assent") == {}
    assert [one.index for one in found.closing("protest")["log a"]] == [6]


def test_no_more_kinds_are_kept_at_hand_than_there_are() -> None:
    found = book(rule(A, 6, "standing", SUSPENDED))
    for number in range(3 * KINDS_KNOWN):
        assert found.closing(f"kind {number}") == {}
        assert len(found._closing) <= KINDS_KNOWN
    assert set(found.closing("message")) == {"log a"}


def test_what_a_standing_closes() -> None:
    closed = rule(A, 1, "standing", SUSPENDED)
    own = parse(charter(A, B, floor=["message", "phrase"]))
    assert closes(closed, "message", None) and not closes(closed, "message", own)
    assert closes(closed, "protest", own) and not closes(closed, "assent", None)
    assert closes(closed, "phrase", own) and closes(closed, "phrase", None), (
        "life-saving ones are the caller's matter"
    )
    assert not closes(closed, "incident.report", None) and closes(closed, "incident.report", own)
    assert not closes(rule(A, 1, "standing", {"state": "reduced"}), "message", None)
    assert not closes(rule(A, 1, "assent", SUSPENDED), "message", None)


def test_the_floor_is_the_charter_s_or_the_program_s() -> None:
    assert floor(parse(charter(A, B, floor=["message"]))) == {"message"}
    assert (
        floor(None) == DEFAULT_FLOOR and "incident.report" in DEFAULT_FLOOR and "message" not in DEFAULT_FLOOR
    )
