# SPDX-License-Identifier: Apache-2.0
"""What a member says that it has, and what it is owed then."""

from __future__ import annotations

from dataclasses import replace

import pytest

from detente.line.limits import LIMITS
from detente.seal.packet import HavePart
from tests.line.harness import Node, chartered, cut, run
from tests.line.test_hostile_peer import send
from tests.line.test_received import peer_of


def told(b: Node, a: Node, size: int | None, **more: object) -> None:
    """The first says that it has so much of the second one's log."""
    logs = {} if size is None else {a.own.origin: size}
    send(b, a, [HavePart({"logs": logs, **more})])


def test_who_holds_what_it_never_receipted_is_shown_a_head() -> None:
    a, b, _ = chartered()
    peer, size = peer_of(a, b), a.size_of(a)
    peer.owe_heads.clear()
    for have in (size, size - 1, 0, None):
        told(b, a, have)
        assert not peer.owe_heads, have
    a.say("message", {"text": "it holds this, and did not say so"})
    told(b, a, size)
    assert not peer.owe_heads
    told(b, a, size + 1)
    assert peer.owe_heads == {a.own.origin}


def test_who_says_what_it_has_is_owed_our_receipts_for_the_logs_of_others() -> None:
    a, b, _ = chartered()
    peer_of(a, b).owe_receipts.clear()
    told(b, a, a.size_of(a))
    assert peer_of(a, b).owe_receipts == {b.own.origin}


def test_so_many_bodies_go_again_at_once_and_only_of_our_entries() -> None:
    a, b, _ = chartered()
    theirs = b.say("message", {"text": "x"})
    run(a, b)
    entries = [a.signed("message", {"text": str(n)}) for n in range(70)]
    a.line.place(entries, a.now)
    a.commit()
    ids = [entry.id for entry in entries]
    told(b, a, 0, unopened=[theirs, "ab" * 32, *ids])
    assert list(peer_of(a, b).owe_again) == ids[:64]
    told(b, a, 0, unopened=[ids[63], ids[64]])
    assert list(peer_of(a, b).owe_again) == ids[:65]


@pytest.mark.parametrize(("room", "ahead"), [(-1, True), (0, False)])
def test_urgent_entries_go_ahead_of_more_than_one_batch(room: int, ahead: bool) -> None:
    a, b, _ = chartered()
    cut(a, b)
    entry = a.say("message", {"text": "now"}, precedence="immediate")
    a.line.limits = replace(LIMITS, batch_leaves=a.size_of(a) + room)
    peer_of(a, b).owe_early.clear()
    told(b, a, None)
    assert list(peer_of(a, b).owe_early) == ([entry] if ahead else [])
    told(b, a, None)
    assert list(peer_of(a, b).owe_early) == ([entry] if ahead else []), "once"


def test_a_member_that_has_just_gone_on_is_not_asked_where_it_stands() -> None:
    a, b, _ = chartered()
    a.say("message", {"text": "x"})
    assert a.poll(b)
    peer = peer_of(a, b)
    for waited, asked in ((0, False), (LIMITS.stall, False), (LIMITS.stall + 1, True)):
        peer.owe_have = peer.ask = False
        peer.progress = a.now - waited
        a.line.tick(a.now)
        assert (peer.owe_have, peer.ask) == (asked, asked), waited
