# SPDX-License-Identifier: Apache-2.0
"""What a party knows of a channel: rule entries, labels, receipts, keys and evidence, entry by entry."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from detente.errors import FatalError
from detente.line import rules
from detente.line.labels import LABELS, VOID, ranked
from detente.line.limits import LIMITS
from detente.line.rules import RULE_KINDS
from detente.line.state import MARKED, State
from detente.line.writes import DropEarly, PutEarly, PutEpoch, PutEvidence, PutItem, PutMember, PutReceipt
from detente.seal import statement as statements
from detente.seal.canonical import b64
from detente.seal.statement import ParsedLeaf, decode_leaf
from tests.line.harness import Node, chartered, pair, run, seed
from tests.line.test_review_hostile import forced
from tests.line.test_rules import A, B, book, charter, rule, terms

# -- rules and labels ----------------------------------------------------------------------------


def test_only_a_charter_is_one_whatever_another_entry_says() -> None:
    for kind in ("decline", "standing", "charter.amendment"):
        found = book(rule(A, 5, kind, charter(A, B)), rule(B, 3, "assent", None, "a5"))
        assert terms(found).charter is None


def test_the_kinds_of_rule_entries() -> None:
    assert set(RULE_KINDS) == {"charter", "charter.amendment", "assent", "decline", "standing"}


def test_labels_stand_in_the_protocols_order_each_once() -> None:
    assert ranked([*reversed(LABELS), *LABELS]) == LABELS
    assert ranked([]) == ()
    assert LABELS == (
        "malformed leaf", "bad signature", "no mandate", "revoked", "single release", "too late",
        "against standing", "crossed", "before charter", "bad citation", "not understood", "unknown kind",
        "malformed body", "unopened", "not vouched for", "duplicate",
    )  # fmt: skip


def standing_of(node: Node, state: str = "suspended") -> tuple[ParsedLeaf, dict[str, Any]]:
    body = {"scope": "channel", "state": state, "by": "ministry"}
    signed = node.signed("standing", body)
    placement = {"log": node.own.origin, "index": node.size_of(node), "time": node.now, "seen": {}}
    return decode_leaf(statements.encode_leaf(placement, list(signed.signatures), signed.statement)), body


def test_a_rule_entry_counts_unless_a_label_makes_it_void() -> None:
    a, b, _ = chartered()
    parsed, body = standing_of(a)
    state, log = b.line.state, b.line.state.logs[a.own.origin]
    before = len(state.rules.rules)
    for label in (
        "bad signature", "no mandate", "revoked", "malformed leaf", "not understood", "duplicate", "unopened",
    ):  # fmt: skip
        state.rule(log, log.size, parsed, body, (label,))
        assert len(state.rules.rules) == before, label
    state.rule(log, log.size, parsed, None, ())
    assert len(state.rules.rules) == before
    for label in set(LABELS) - VOID - {"unopened"}:
        state.rule(log, log.size, parsed, body, (label,))
    assert len(state.rules.rules) == before + len(set(LABELS) - VOID) - 1
    made = state.rules.rules[-1]
    assert (made.party, made.origin, made.index, made.position) == (
        a.party.fpr, a.own.origin, log.size, log.size,
    )  # fmt: skip
    assert (made.entry_id, made.kind, made.re, dict(made.body)) == (parsed.id, "standing", (), body)


def test_only_entries_whose_labels_may_go_are_noted_as_such() -> None:
    a, b, _ = chartered()
    entry = a.say("message", {"text": "sealed"})
    a.store.bodies[entry] = (seed("wrong"), a.store.bodies[entry][1])
    a.say("message", {"text": "in clear"})
    late = forced(a, "message", {"text": "late"}, not_after=a.now - 1)
    run(a, b)
    log = b.line.state.logs[a.own.origin]
    assert b.line.state.labels.get(late) == ("too late",)
    assert [log.ids[index] for index in log.noted[MARKED]] == [entry]


def test_our_newest_cosignature_is_our_own_and_of_the_largest_size() -> None:
    a, b, _ = chartered()
    state, origin = b.line.state, a.own.origin
    log = state.logs[origin]
    held_now = log.cosigned
    assert held_now is not None and held_now[0] == log.size
    state.apply(PutReceipt(origin, log.size + 5, "ab" * 32, 9, b"theirs"))
    assert log.cosigned == held_now and log.receipted["ab" * 32] == log.size + 5
    state.apply(PutReceipt(origin, 1, b.party.fpr, 9, b"older"))
    assert log.cosigned == held_now and log.receipted[b.party.fpr] == log.size
    state.apply(PutReceipt(origin, log.size, b.party.fpr, 11, b"again"))
    assert log.cosigned == (log.size, 11, b"again")
    log.cosigned = None
    state.apply(PutReceipt(origin, 2, "ab" * 32, 9, b"theirs"))
    assert log.cosigned is None


def test_labels_of_an_entry_whose_body_comes_late_are_those_it_would_have_had() -> None:
    a, b, _ = chartered()
    bad = forced(a, "message", {"words": "no text"})
    good = a.store.bodies[bad]
    a.store.bodies[bad] = (seed("wrong"), good[1])
    run(a, b)
    assert b.store.labels()[bad] == ("unopened",)
    a.store.bodies[bad] = good
    log = b.line.state.logs[a.own.origin]
    index = b.line.state.where[bad][1]
    parsed = decode_leaf(b.store.rows[a.own.origin][index])
    assert b.line.state.opened(log, index, parsed, {"words": "no text"}) == ("malformed body",)
    assert b.line.state.opened(log, index, parsed, {"text": "x"}) == ()
    b.line.state.rules = rules.Rulebook()
    assert b.line.state.opened(log, index, parsed, {"text": "x"}) == ("before charter",)


def test_a_member_sees_the_limits_that_were_agreed() -> None:
    assert asdict(LIMITS) == {
        "batch_leaves": 256, "batch_bytes": 2_097_152, "window_leaves": 4_096, "window_bytes": 8_388_608,
        "strange_entries": 1_000, "strange_bytes": 16_777_216, "scarce_wait": 10_000, "early_per_peer": 256,
        "stall": 10_000, "gap_answer": 2_000, "claim_wait": 5_000, "claim_interval": 3_600_000,
        "epoch_life": 2_592_000_000, "pq_interval": 60_000, "evidence_per_log": 16, "fork_search": 200_000,
    }  # fmt: skip


# -- what is known of a channel --------------------------------------------------------------------


def judged(
    node: Node,
    sender: Node,
    kind: str,
    body: dict[str, Any],
    *,
    opened: bool = True,
    index: int | None = None,
    seen: dict[str, Any] | None = None,
    **more: Any,
) -> tuple[str, ...]:
    """The labels that ``node`` gives a next entry of ``sender``."""
    log = node.line.state.logs[sender.own.origin]
    at = log.size if index is None else index
    signed = sender.signed(kind, body, **more)
    placement = {"log": log.origin, "index": at, "time": sender.now, "seen": seen or {}}
    raw = statements.encode_leaf(placement, list(signed.signatures), signed.statement)
    return node.line.state.judge(log, at, decode_leaf(raw), body if opened else None, opened)


def knows_all(node: Node, other: Node) -> dict[str, Any]:
    """The citation of all of ``node``'s log as ``other`` holds it."""
    log = other.line.state.logs[node.own.origin]
    return {log.origin: [log.size, b64(log.frontier.root())]}


def test_each_fault_of_an_entry_has_its_label() -> None:
    a, b, _ = chartered()
    seen = knows_all(b, a)
    text = {"text": "x"}
    assert judged(b, a, "message", text, seen=seen) == ()
    assert judged(b, a, "message", text) == ("before charter",), "it had not seen the assent"
    assert judged(b, a, "message", {"words": 1}, seen=seen) == ("malformed body",)
    assert judged(b, a, "message", text, seen=seen, opened=False) == ("unopened",)
    assert judged(b, a, "unheard.of", text, seen=seen) == ("unknown kind",)
    assert judged(b, a, "message", text, seen=seen, crit=["sooner"]) == ("not understood",)
    assert judged(b, a, "message", text, seen=seen, crit=["kind"]) == ()
    assert judged(b, a, "message", text, seen=seen, crit=["kind", "sooner"]) == ("not understood",)
    assert judged(b, a, "message", text, seen=seen, not_after=a.now) == ()
    assert judged(b, a, "message", text, seen=seen, not_after=a.now - 1) == ("too late",)
    assert judged(b, a, "message", text, seen=seen, office="desk", signers=("duty",)) == ()
    size, root = seen[b.own.origin]
    assert judged(b, a, "message", text, seen={b.own.origin: [size, b64(seed("x"))]}) == ("bad citation",)
    assert "bad citation" in judged(b, a, "message", text, seen={b.own.origin: [size - 1, root]})
    assert "bad citation" in judged(b, a, "message", text, seen={b.own.origin: [size + 1, root]})
    unknown = {"detente.log/" + "7" * 32: [3, root]}
    assert judged(b, a, "message", text, seen=seen | unknown) == ()


def test_before_there_is_a_charter_only_its_own_kinds_are_open() -> None:
    a, b = pair()
    assert judged(b, a, "message", {"text": "x"}) == ("before charter",)
    assert judged(b, a, "decline", {"reason": "r"}) in ((), ("malformed body",))
    assert "before charter" not in judged(b, a, "charter", {})


def test_an_author_who_knew_of_a_standing_is_against_it_and_who_did_not_crossed_it() -> None:
    a, b, _ = chartered()
    known = knows_all(b, a)
    b.say("standing", {"scope": "channel", "state": "suspended", "by": "ministry"})
    run(a, b)
    assert judged(b, a, "message", {"text": "x"}, seen=knows_all(b, a)) == ("against standing",)
    assert judged(b, a, "message", {"text": "x"}, seen=known) == ("crossed",)
    report = {"what": "shots", "where": "bridge", "when": "2022-02-14T09:00:00Z"}
    assert judged(b, a, "incident.report", report, seen=known) == ()
    assert judged(a, b, "message", {"text": "x"}, seen=knows_all(a, b)) == ("against standing",)


def test_epochs_are_known_by_their_sender_and_the_highest_counts() -> None:
    _, b, _ = chartered()
    state, me = b.line.state, b.party.fpr
    assert state.epoch_of("ab" * 32) == 0
    for epoch in (5, 3):
        state.apply(PutEpoch("ab" * 32, epoch, seed(epoch) * 2, {me: b"blob %d" % epoch}))
    state.apply(PutEpoch("ab" * 32, 4, seed(4) * 2, {"cd" * 32: b"for another"}))
    assert state.epoch_of("ab" * 32) == 5
    assert state.epochs["ab" * 32, 3] == seed(3) * 2
    assert state.granted["ab" * 32, 5] == b"blob 5" and ("ab" * 32, 4) not in state.granted
    state.apply(PutEpoch(me, 9, seed(9) * 2, {"cd" * 32: b"for another"}))
    assert state.blobs[9] == {"cd" * 32: b"for another"} and (me, 9) not in state.granted
    assert 5 not in state.blobs


def test_evidence_is_counted_by_log_and_only_a_fork_is_one() -> None:
    a, b, _ = chartered()
    state, origin = b.line.state, a.own.origin
    for number, what in enumerate(("conflict", "behind", "fork")):
        assert not state.logs[origin].forked
        state.apply(PutEvidence(f"{number}", origin, what, 5, {}))
        assert state.evidence[origin] == number + 1
    assert state.logs[origin].forked and set(state.proofs) == {"0", "1", "2"}
    state.apply(PutEvidence("3", "detente.log/" + "7" * 32, "fork", 5, {}))
    assert state.evidence["detente.log/" + "7" * 32] == 1 and not state.logs[b.own.origin].forked


def test_what_is_urgent_and_what_is_looked_for_again_is_at_hand_by_its_place() -> None:
    a, b, _ = chartered()
    for precedence in ("routine", "priority", "immediate", "flash"):
        a.say("message", {"text": "x"}, precedence=precedence)
    a.say("standing", {"scope": "channel", "state": "normal", "by": "ministry"})
    run(a, b)
    log = b.line.state.logs[a.own.origin]
    size = log.size
    assert list(log.urgent) == [size - 3, size - 2]
    assert log.noted["standing"][-1] == size - 1 and list(log.noted["genesis"]) == [0]
    assert {"charter", "epoch.grant", "credential"} <= set(log.noted) and "message" not in log.noted
    assert log.kinds[-1] == "standing" and log.kinds[size - 2] == "message"


def test_of_a_party_without_a_log_there_is_none() -> None:
    a, b, _ = chartered()
    state = a.line.state
    assert state.current("ab" * 32) is None and state.current(b.party.fpr) is state.logs[b.own.origin]
    assert state.own_log() is state.logs[a.own.origin]
    assert state.successor(state.logs[a.own.origin]) is None
    assert not state.stands("ab" * 32, a.party.fpr)
    entry = a.say("message", {"text": "x"})
    assert state.stands(entry, a.party.fpr) and not state.stands(entry, b.party.fpr)
    empty = State(state.channel, a.party.fpr)
    assert empty.own_log() is None and empty.terms_now().charter is None
    with pytest.raises(FatalError, match="without a past"):
        empty.settle()


def test_item_receipts_and_early_statements_are_held_by_entry() -> None:
    a, b, _ = chartered()
    state = a.line.state
    for party in ("ab" * 32, "cd" * 32, "ab" * 32):
        state.apply(PutItem("11" * 32, a.own.origin, party, 5, b"note"))
    assert state.items["11" * 32] == {"ab" * 32, "cd" * 32}
    early = PutEarly(b.own.origin, 9, "22" * 32, b"raw", 5, ())
    state.apply(early)
    assert state.early == {"22" * 32: early}
    for _ in range(2):
        state.apply(DropEarly("22" * 32))
        assert state.early == {}


def test_a_members_newest_card_counts_wherever_it_came_from() -> None:
    a, b, _ = chartered()
    doc = a.party.card["doc"]
    b.line.state.apply(PutMember(a.party.fpr, a.party.certify(**(doc | {"serial": 3}))))
    for serial, counts in ((2, 3), (4, 4)):
        card = a.party.certify(**(doc | {"serial": serial}))
        a.line.machine("credential", {"credential": card}, a.now)
        a.commit()
        run(a, b)
        assert b.line.state.members[a.party.fpr].serial == counts
    assert b.line.state.doubted == {}, "nothing was cited badly"
