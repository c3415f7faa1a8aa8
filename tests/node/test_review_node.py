# SPDX-License-Identifier: Apache-2.0
"""A node across restarts: what its clock and its desk do must not depend on how often it starts."""

from __future__ import annotations

from pathlib import Path

from detente.line.signed import Signed
from detente.node.desk import Desk
from detente.node.keystore import unlock_service
from detente.node.runtime import Node
from detente.node.schedule import Schedule
from tests.node.conftest import NOW, PASS, make_home

CHANNEL = "c" * 32
DAY = 86_400_000


def start(path: Path, clock: list[int]) -> Node:
    home = make_home(path / "by")
    other = make_home(path / "ua", "UA")
    node = Node(home, home.open_store(), unlock_service(home, PASS), lambda: clock[0])
    node.open_line(CHANNEL, "channel", "UA", {other.info.fingerprint: other.card()})
    return node


def test_an_epoch_is_renewed_after_thirty_days_whatever_the_restarts(tmp_path: Path) -> None:
    clock = [NOW]
    node = start(tmp_path, clock)
    for _ in range(4):
        clock[0] += 10 * DAY
        Schedule(node, Desk(node)).tick()
    assert node.lines[CHANNEL].state.epoch_of(node.me) == 2
    node.close()


def test_a_release_that_cannot_be_read_does_not_hold_up_the_others(tmp_path: Path) -> None:
    clock = [NOW]
    node = start(tmp_path, clock)
    for number in range(2):
        broken = Signed({"v": 1, "channel": CHANNEL, "office": "duty", "kind": "message", "n": number}, ())
        node.store.put_outgoing(broken.id, CHANNEL, NOW - 1, broken.to_json())
    Desk(node).place_due()
    assert node.store.outgoing() == []
    node.close()


def test_path_notes_do_not_grow_for_ever(tmp_path: Path) -> None:
    clock = [NOW]
    node = start(tmp_path, clock)
    schedule = Schedule(node, Desk(node))
    node.path_event("f" * 64, "direct", True, 1.0, None, None)
    schedule.tick()
    clock[0] += 29 * DAY
    node.path_event("f" * 64, "direct", True, 2.0, None, None)
    schedule.tick()
    assert [row["ms"] for row in node.store.path_events()] == [1.0, 2.0]
    clock[0] += 2 * DAY
    schedule.tick()
    assert [row["ms"] for row in node.store.path_events()] == [2.0]
    node.close()
