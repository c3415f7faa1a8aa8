# SPDX-License-Identifier: Apache-2.0
"""Our own line in a receipt is known to the byte; anything else in it is verified as before."""

from __future__ import annotations

import pytest

from detente.log.checkpoint import Checkpoint, cosign, sign_checkpoint
from detente.seal.keys import SigningKey
from detente.seal.packet import CosignaturePart, LogPart
from tests.line.harness import Node, chartered, cut, seed
from tests.line.test_hostile_peer import send


@pytest.fixture
def waiting() -> tuple[Node, Node]:
    """An entry of ours that the other side has not receipted."""
    a, b, _ = chartered()
    cut(a, b)
    a.say("message", {"text": "not receipted yet"})
    return a, b


def receipted(a: Node, b: Node, note: bytes) -> bool:
    send(b, a, [LogPart(a.own.origin), CosignaturePart(note)])
    return a.line.state.logs[a.own.origin].receipted.get(b.party.fpr) == a.size_of(a)


def test_a_receipt_over_our_own_head_counts(waiting: tuple[Node, Node]) -> None:
    a, b = waiting
    head = a.store.head(a.own.origin, a.size_of(a))
    assert a.line.wrote(a.own.origin, head)
    assert not a.line.wrote("detente.log/" + "0" * 32, head)
    assert receipted(a, b, cosign(head, b.own.receipt_name, b.own.receipt, 1_700_000_000))


def test_it_counts_after_a_restart_too(waiting: tuple[Node, Node]) -> None:
    a, b = waiting
    head = a.store.head(a.own.origin, a.size_of(a))
    a.crash()
    assert not a.line.wrote(a.own.origin, head)
    assert receipted(a, b, cosign(head, b.own.receipt_name, b.own.receipt, 1_700_000_000))


def test_a_receipt_by_another_key_does_not_count(waiting: tuple[Node, Node]) -> None:
    a, b = waiting
    head = a.store.head(a.own.origin, a.size_of(a))
    other = SigningKey.from_seed(seed("nobody"))
    assert not receipted(a, b, cosign(head, b.own.receipt_name, other, 1_700_000_000))


def test_our_own_line_changed_on_the_way_is_verified_and_refused(waiting: tuple[Node, Node]) -> None:
    a, b = waiting
    head = a.store.head(a.own.origin, a.size_of(a))
    note = bytearray(cosign(head, b.own.receipt_name, b.own.receipt, 1_700_000_000))
    at = len(head) - 20
    note[at : at + 1] = b"A" if note[at : at + 1] != b"A" else b"B"
    assert not receipted(a, b, bytes(note))


def test_a_head_that_another_key_signed_under_our_name_says_nothing(waiting: tuple[Node, Node]) -> None:
    a, b = waiting
    other, log = SigningKey.from_seed(seed("nobody")), a.line.state.logs[a.own.origin]
    for size, root in ((a.size_of(a), log.frontier.root()), (3, seed("another tree"))):
        head = sign_checkpoint(Checkpoint(a.own.origin, size, root), other)
        assert not receipted(a, b, cosign(head, b.own.receipt_name, b.own.receipt, 1_700_000_000))
    assert a.line.stopped is None and not a.line.state.evidence
