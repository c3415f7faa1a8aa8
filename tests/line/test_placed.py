# SPDX-License-Identifier: Apache-2.0
"""What a line places and how it is judged: once, as signed, by what its author could know."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from detente.errors import RefusedError
from detente.line.signed import Signed
from detente.seal.canonical import b64
from detente.seal.credential import credential_id
from detente.seal.keys import SigningKey
from detente.words.charter import charter_body
from tests.line.harness import Node, chartered, connect, cut, pair, run, seed
from tests.line.test_review_hostile import forced, members, succeed

SUSPENDED = {"scope": "channel", "state": "suspended", "by": "ministry"}
NORMAL = {"scope": "channel", "state": "normal", "by": "ministry"}


def test_a_statement_is_placed_once() -> None:
    a, b, _ = chartered()
    signed = a.signed("message", {"text": "once"})
    for _ in range(2):
        a.line.place([signed, signed], a.now)
        a.commit()
    run(a, b)
    assert a.store.ids[a.own.origin].count(signed.id) == b.store.ids[a.own.origin].count(signed.id) == 1


def test_a_statement_placed_twice_by_a_liar_is_a_duplicate() -> None:
    a, b, _ = chartered()
    signed = a.signed("message", {"text": "once"})
    a.line.state.stands = lambda *args: False  # type: ignore[method-assign]
    for _ in range(2):
        a.line.place([signed], a.now)
        a.commit()
    run(a, b)
    held = [
        w.labels for w in b.store.writes if getattr(w, "entry_id", "") == signed.id and hasattr(w, "index")
    ]
    assert held == [(), ("duplicate",)]
    assert b.line.state.where[signed.id] == (a.own.origin, a.size_of(a) - 2)


def test_an_entry_counts_in_its_authors_log_though_a_copy_came_before() -> None:
    a, b, _ = chartered()
    signed = a.signed("message", {"text": "mine"})
    b.line._checked = lambda *args: {"text": "mine"}  # type: ignore[method-assign]
    b.line.place([signed], b.now)
    b.commit()
    run(a, b)
    assert a.store.labels()[signed.id][0] == "bad signature"
    a.line.place([signed], a.now)
    a.commit()
    run(a, b)
    assert a.line.state.where[signed.id][0] == a.own.origin
    assert a.line.state.labels.get(signed.id, ()) == ()


def test_a_body_is_placed_only_if_it_is_the_one_that_was_signed() -> None:
    a, _, _ = chartered()
    signed = a.signed("message", {"text": "agreed text"})
    assert signed.body is not None
    other = signed.body.replace(b"agreed", b"edited")
    for body, salt in ((other, signed.seed), (signed.body, seed("another")), (None, None)):
        with pytest.raises(RefusedError, match="body"):
            a.line.place([Signed(signed.statement, signed.signatures, body, salt)], a.now)
    a.line.place([signed], a.now)


def test_what_comes_too_late_is_not_placed() -> None:
    a, b, _ = chartered()
    with pytest.raises(RefusedError, match="too late"):
        a.say("message", {"text": "x"}, not_after=a.now - 1)
    assert a.say("message", {"text": "x"}, not_after=a.now)
    late = forced(a, "message", {"text": "x"}, not_after=a.now - 1)
    run(a, b)
    assert b.store.labels()[late] == ("too late",)


def placement(node: Node, entry: str) -> Any:
    from detente.seal.statement import decode_leaf

    origin, index = node.line.state.where[entry]
    return decode_leaf(node.store.rows[origin][index]).leaf.placement


def test_what_was_seen_is_cited_once() -> None:
    a, b, _ = chartered()
    b.say("message", {"text": "seen"})
    run(a, b)
    first, second = (a.say("message", {"text": str(n)}) for n in range(2))
    log = b.line.state.logs[b.own.origin]
    assert placement(a, first).seen == {b.own.origin: (log.size, b64(log.frontier.root()))}
    assert placement(a, second).seen == {}


@pytest.mark.parametrize("cited", ["below", "other root", "beyond"])
def test_a_citation_is_of_a_head_that_was_signed_and_not_below_an_earlier_one(cited: str) -> None:
    a, b, _ = chartered()
    b.say("message", {"text": "seen"})
    run(a, b)
    a.say("message", {"text": "cites it"})
    log = b.line.state.logs[b.own.origin]
    seen = {
        "below": [log.head_sizes[0], b64(log.head_roots[0])],
        "other root": [log.size, b64(seed("no root"))],
        "beyond": [log.size + 5, b64(seed("no root"))],
    }[cited]
    a.line._seen = lambda: {b.own.origin: seen}  # type: ignore[method-assign]
    entry = forced(a, "message", {"text": "cites another"})
    run(a, b)
    assert b.store.labels()[entry] == ("bad citation",)


def test_machine_entries_have_a_salt_each() -> None:
    a, _, _ = chartered()
    found = []
    for _ in range(3):
        entry = a.line.machine("test", {"text": "neutral", "n": 1, "lang": "en"}, a.now, mark="test")
        a.commit()
        origin, index = a.line.state.where[entry]
        found.append(a.store.rows[origin][index].split(b'"salt":"')[1][:24])
    assert len(set(found)) == 3


def test_every_epoch_has_a_number_of_its_own() -> None:
    a, b, _ = chartered()
    for number in (2, 3):
        a.line.grant(seed("epoch", number) * 2, a.now)
        a.commit()
        run(a, b)
        assert b.line.state.epoch_of(a.party.fpr) == number
        assert b.line.state.epochs[a.party.fpr, number] == seed("epoch", number) * 2


# -- what is in force ----------------------------------------------------------------------------


def test_a_charter_waits_for_every_member() -> None:
    a, b = pair()
    charter = a.say("charter", charter_body(members(a, b)))
    run(a, b)
    for node in (a, b):
        assert node.line.state.terms_now().charter is None
        with pytest.raises(RefusedError, match="before charter"):
            node.say("message", {"text": "too soon"})
    b.say("assent", {}, re=[charter])
    run(a, b)
    assert a.line.state.terms_now().charter_id == b.line.state.terms_now().charter_id == charter


def test_of_two_charters_the_same_counts_for_both() -> None:
    a, b = pair()
    made = [
        node.say("charter", charter_body(members(a, b), test_every=3600 * n)) for n, node in ((1, a), (2, b))
    ]
    run(a, b)
    for node in (a, b):
        node.say("assent", {}, re=made)
    run(a, b)
    assert a.line.state.terms_now().charter_id == b.line.state.terms_now().charter_id in made


def test_an_amendment_waits_for_every_member() -> None:
    a, b, charter = chartered()
    body = {"charter": charter, "changes": {"test_every": 43_200}, "reason": "agreed"}
    change = a.say("charter.amendment", body, re=[charter])
    run(a, b)
    for node in (a, b):
        terms = node.line.state.terms_now().charter
        assert terms is not None and terms.test_every != 43_200
    b.say("assent", {}, re=[change])
    run(a, b)
    for node in (a, b):
        terms = node.line.state.terms_now().charter
        assert terms is not None and terms.test_every == 43_200


def test_a_charters_floor_stays_open() -> None:
    a, b, _ = chartered(charter={"floor": ["incident.report", "message"]})
    b.say("standing", SUSPENDED)
    run(a, b)
    entry = a.say("message", {"text": "on this floor"})
    with pytest.raises(RefusedError, match="against standing"):
        a.say("explanation.request", {"concern": "c", "area": "n", "host": "UA"})
    run(a, b)
    assert b.store.labels()[entry] == ()


def test_a_rule_without_a_mandate_brings_nothing_into_force() -> None:
    a, b, _ = chartered(k=2)
    entry = forced(b, "standing", SUSPENDED, office="desk")
    run(a, b)
    assert a.store.labels()[entry] == ("no mandate",)
    assert not a.line.state.terms_now().standings
    assert a.say("message", {"text": "still open"})


@pytest.mark.parametrize("first", [0, 1])
def test_each_partys_newest_standing_counts(first: int) -> None:
    a, b, _ = chartered()
    closing, other = (a, b) if first == 0 else (b, a)
    closing.say("standing", SUSPENDED)
    run(a, b)
    other.say("standing", NORMAL)
    run(a, b)
    for node in (a, b):
        with pytest.raises(RefusedError, match="against standing"):
            node.say("message", {"text": "one of the two closed it"})
    closing.say("standing", NORMAL)
    run(a, b)
    assert a.say("message", {"text": "open"}) and b.say("message", {"text": "open"})


def test_only_what_a_standing_had_not_seen_crossed_it() -> None:
    a, b, _ = chartered()
    seen = a.say("message", {"text": "arrives before"})
    run(a, b)
    crossing = a.say("message", {"text": "on its way"})
    cut(a, b)
    b.say("standing", SUSPENDED)
    connect(a, b)
    run(a, b)
    for node in (a, b):
        assert node.store.labels()[seen] == () and node.store.labels()[crossing] == ("crossed",)


# -- mandates ------------------------------------------------------------------------------------


def test_a_co_signer_whose_mandate_has_ended_does_not_count() -> None:
    a, b, _ = chartered(k=2)
    until = a.now + 1000
    ends = a.party.mandate("duty", 1, ["duty"], serial=2, to=until)
    a.line.machine("credential", {"credential": ends}, a.now)
    a.commit()
    assert a.say("message", {"text": "both"}, office="desk", signers=("desk", "duty"))
    a.now = b.now = until
    with pytest.raises(RefusedError, match="no mandate"):
        a.say("message", {"text": "both"}, office="desk", signers=("desk", "duty"))


def test_an_emergency_is_one_only_where_the_mandate_says_so() -> None:
    a, b, _ = chartered(k=2)
    with pytest.raises(RefusedError, match="no mandate"):
        a.say("message", {"text": "alone"}, office="desk", emergency=True)
    entry = forced(a, "message", {"text": "alone"}, office="desk", emergency=True)
    run(a, b)
    assert b.store.labels()[entry] == ("no mandate",)


def test_a_card_does_not_certify_the_entry_that_brings_it() -> None:
    a, b, _ = chartered()
    new, old = SigningKey.from_seed(seed("new node key")), a.party.card["doc"]
    card = a.party.certify(**(old | {"serial": 2, "keys": old["keys"] | {"node": b64(new.public)}}))
    a.line.keys = replace(a.line.keys, node=new)
    entry = a.line.machine("credential", {"credential": card}, a.now)
    a.commit()
    after = a.line.machine("test", {"text": "neutral", "n": 1, "lang": "en"}, a.now, mark="test")
    a.commit()
    run(a, b)
    assert b.store.labels()[entry] == ("no mandate",) and b.store.labels()[after] == ()


def test_what_was_revoked_in_the_log_before_stays_revoked_in_the_next() -> None:
    a, b, _ = chartered()
    gone = credential_id(a.party.mandates[0]["doc"])
    revoked = a.party.certify(**{"type": "revocation", "revokes": gone, "reason": "lost", "from": a.now})
    a.line.machine("credential", {"credential": revoked}, a.now)
    a.commit()
    run(a, b)
    a.line.stop("restored")
    succeed(a, a.party.own_log())
    cut(a, b)
    connect(a, b)
    run(a, b)
    with pytest.raises(RefusedError, match="revoked"):
        a.say("message", {"text": "x"})
    entry = forced(a, "message", {"text": "x"})
    run(a, b)
    assert b.store.labels()[entry] == ("revoked",)
