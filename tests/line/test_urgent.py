# SPDX-License-Identifier: Apache-2.0
"""Which urgent entries a member lacks, after every step, against looking at all of them."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from detente.line.urgent import Urgent
from detente.log.receipt import make_item
from detente.seal.packet import ItemPart
from tests.line.harness import Node, Party, chartered, connect, cut, run
from tests.line.parties import three
from tests.line.test_accept_receipts import cosigned
from tests.line.test_hostile_peer import send
from tests.line.test_review_hostile import succeed


def plain(node: Node, party: str) -> list[int]:
    state, log = node.line.state, node.line.state.own_log()
    assert log is not None
    covered = log.receipted.get(party, 0)
    return [at for at in log.urgent if at >= covered and party not in state.items.get(log.ids[at], ())]


def flash(node: Node) -> str:
    return node.say("message", {"text": "now"}, precedence="flash")


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_receipts_in_any_order_take_from_what_is_waiting(order: tuple[int, ...]) -> None:
    a, b, _ = chartered()
    cut(a, b)
    member, other = b.party.fpr, "nobody"
    size = a.size_of(a)
    entries = [flash(a), a.say("message", {"text": "x"}), flash(a), flash(a)]
    assert a.line.urgent_waiting(member) == [size, size + 2, size + 3]

    def item(at: int) -> list[Any]:
        return [ItemPart(make_item(a.own.origin, entries[at], 7, b.own.receipt_name, b.own.receipt))]

    steps = [
        lambda: send(b, a, item(0)),
        lambda: send(b, a, item(3)),
        lambda: send(b, a, cosigned(b, a, size + 3, 7)),
        lambda: entries.append(flash(a)),
    ]
    for number in order:
        steps[number]()
        for asked in (member, other):
            assert a.line.urgent_waiting(asked) == plain(a, asked), order
    assert a.line.urgent_waiting(member) == [size + 4]
    assert Urgent(a.line.state).waiting(member) == [size + 4], "found again at a restart"
    assert a.line.urgent_waiting(other) == [size, size + 2, size + 3, size + 4]


def test_members_are_kept_apart_and_what_is_not_ours_is_not_counted() -> None:
    a, b, c = three()
    for member in (b, c):
        cut(a, member)
    cut(b, c)
    mine, theirs = flash(a), flash(b)
    connect(a, b)
    run(a, b)
    cut(a, b)
    assert a.line.urgent_waiting(b.party.fpr) == [] != a.line.urgent_waiting(c.party.fpr)
    index = a.line.state.where[mine][1]
    flash(a)
    assert a.line.urgent_waiting(b.party.fpr) == [index + 1]
    note = make_item(b.own.origin, theirs, 7, c.own.receipt_name, c.own.receipt)
    send(c, a, [ItemPart(note)])
    assert c.party.fpr in a.line.state.items[theirs]
    for member in (b, c):
        assert a.line.urgent_waiting(member.party.fpr) == plain(a, member.party.fpr)


def test_of_a_log_that_we_left_nothing_is_waiting() -> None:
    a, b, _ = chartered()
    cut(a, b)
    old, entry = a.own.origin, flash(a)
    assert a.line.urgent_waiting(b.party.fpr) == [a.line.state.where[entry][1]]
    a.line.stop("restored")
    succeed(a, a.party.own_log())
    assert a.line.urgent_waiting(b.party.fpr) == []
    for n in range(a.line.state.where[entry][1]):
        a.say("message", {"text": str(n)}, precedence="immediate" if n == 3 else "routine")
    waiting = plain(a, b.party.fpr)
    assert a.line.urgent_waiting(b.party.fpr) == waiting != []
    send(b, a, [ItemPart(make_item(old, entry, 7, b.own.receipt_name, b.own.receipt))])
    assert a.line.urgent_waiting(b.party.fpr) == waiting, "another log's entry at that place"


def test_who_has_no_log_has_nothing_waiting() -> None:
    party = Party("BY")
    node = Node(party, [])
    assert Urgent(node.new_line().state).waiting("nobody") == []
