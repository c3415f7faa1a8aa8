# SPDX-License-Identifier: Apache-2.0
"""A node at work: what it tells and takes in, its disk full, its store failing, its home a copy."""

from __future__ import annotations

import asyncio
import secrets
import shutil
from pathlib import Path
from typing import Any

import pytest

from detente.errors import DetenteError, FatalError, RefusedError
from detente.line.signed import Signed
from detente.line.writes import PutItem, Write
from detente.node import runtime
from detente.node.home import Home
from detente.node.keystore import unlock_office, unlock_service
from detente.node.runtime import RESERVED_LOGS, Node
from detente.seal import canonical, packet
from detente.seal import statement as statements
from detente.words.charter import charter_body
from tests.node.conftest import NOW, OFFICE_PASS, PASS, make_home

pytestmark = pytest.mark.slow

CHANNEL = "c" * 32
REPORT = {"what": "shots", "where": "bridge", "when": "2022-02-14T09:00:00Z"}


def begin(home: Home) -> Node:
    return Node(home, home.open_store(), unlock_service(home, PASS), lambda: NOW)


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Node, Node]:
    """Two nodes that have met, with a channel whose charter both assented to."""
    homes = make_home(tmp_path / "by"), make_home(tmp_path / "ua", "UA")
    one, two = (begin(home) for home in homes)
    for node, other in ((one, two), (two, one)):
        node.store.put_peer(other.me, other.card(), NOW)
    one.open_line(CHANNEL, "channel", "UA", {one.me: one.card(), two.me: two.card()})
    one.connected(two.me, "test")
    two.connected(one.me, "test")
    exchange(one, two)
    members = [{"fingerprint": n.me, "id": n.home.info.party, "name": n.home.info.name} for n in (one, two)]
    charter = said(one, "charter", charter_body(members))
    one.place(CHANNEL, [charter])
    exchange(one, two)
    two.place(CHANNEL, [said(two, "assent", {}, re=[charter.id])])
    exchange(one, two)
    return one, two


def exchange(one: Node, two: Node) -> None:
    for _ in range(50):
        there, back = one.pull(two.me, 1 << 20), two.pull(one.me, 1 << 20)
        for raw in there:
            two.packet(one.me, raw)
        for raw in back:
            one.packet(two.me, raw)
        if not there and not back:
            return
    raise AssertionError("the line does not come to rest")


def said(node: Node, kind: str, body: dict[str, Any], *, office: str = "", **more: Any) -> Signed:
    office = office or node.home.offices()[0]
    key, salt = unlock_office(node.home, office, OFFICE_PASS), secrets.token_bytes(32)
    made = statements.make(
        channel=CHANNEL, party=node.me, office=office, kind=kind, released=NOW, body=body, seed=salt, **more
    )
    return Signed(made, (statements.sign(key, made),), canonical.encode(body), salt)


def failing(node: Node, error: DetenteError) -> None:
    """The store takes nothing any more."""

    def commit(channel: str, writes: list[Write]) -> None:
        raise error

    node.store.commit = commit  # type: ignore[method-assign, assignment]


# -- what is told ----------------------------------------------------------------------------------


def test_nothing_is_told_before_its_commit(pair: tuple[Node, Node]) -> None:
    one, two = pair
    entry = said(one, "message", {"text": "x"})
    one.place(CHANNEL, [entry])
    for raw in one.pull(two.me, 1 << 20):
        two.packet(one.me, raw)
    back = two.pull(one.me, 1 << 20)
    told: list[str] = []
    one.on_delivered(CHANNEL, entry.id, lambda: told.append(entry.id))
    commit = one.store.commit
    failing(one, RefusedError("no space is left"))
    with one.listen() as events:
        for raw in back:
            one.packet(two.me, raw)
        assert not told and not one.is_delivered(CHANNEL, entry.id)
        assert all(events.get_nowait()["event"] != "mark" for _ in range(events.qsize()))
    one.store.commit = commit  # type: ignore[method-assign]
    exchange(one, two)
    one.disconnected(two.me, "test", None)
    one.connected(two.me, "test")
    exchange(one, two)
    assert told == [entry.id] and one.is_delivered(CHANNEL, entry.id)


def test_a_step_that_was_not_kept_leaves_memory(pair: tuple[Node, Node]) -> None:
    one, two = pair
    log = one.line(CHANNEL).state.own_log()
    assert log is not None
    size, commit = log.size, one.store.commit
    failing(one, RefusedError("no space is left"))
    with pytest.raises(RefusedError, match="no space"):
        one.place(CHANNEL, [said(one, "message", {"text": "not kept"})])
    again = one.line(CHANNEL).state.own_log()
    assert again is not None and again.size == size
    one.store.commit = commit  # type: ignore[method-assign]
    exchange(one, two)
    assert two.line(CHANNEL).state.logs[log.origin].size == size
    one.place(CHANNEL, [said(one, "message", {"text": "kept"})])
    failing(one, FatalError("the store failed"))
    with pytest.raises(FatalError):
        one.place(CHANNEL, [said(one, "message", {"text": "not kept"})])
    assert one.fatal is not None


async def test_a_statement_stands_when_it_is_on_disk(pair: tuple[Node, Node]) -> None:
    one, _ = pair
    entry, seen = said(one, "message", {"text": "x"}), list[bool]()
    one.enqueue(CHANNEL, entry, lambda error: seen.append(one.store.leaf_of(entry.id) is not None))
    while not seen:
        await asyncio.sleep(0)
    assert seen == [True]
    failing(one, RefusedError("no space is left"))
    with pytest.raises(RefusedError, match="no space"):
        await one.place_soon(CHANNEL, said(one, "message", {"text": "not kept"}))


async def test_one_bad_statement_refuses_only_itself(pair: tuple[Node, Node]) -> None:
    one, _ = pair
    good = [said(one, "message", {"text": str(n)}) for n in range(2)]
    bad = said(one, "message", {"lang": "en"})
    asked = [one.place_soon(CHANNEL, entry) for entry in (good[0], bad, good[1])]
    found = await asyncio.gather(*asked, return_exceptions=True)
    assert found[0] == good[0].id and found[2] == good[1].id
    assert isinstance(found[1], RefusedError)


def test_delivered_is_delivered_to_every_member(pair: tuple[Node, Node], tmp_path: Path) -> None:
    one, two = pair
    third = make_home(tmp_path / "pl", "PL")
    entry = said(one, "message", {"text": "x"})
    one.place(CHANNEL, [entry])
    assert not one.is_delivered(CHANNEL, entry.id)
    exchange(one, two)
    assert one.is_delivered(CHANNEL, entry.id)
    line = one.line(CHANNEL)
    line.peers[third.info.fingerprint] = type(line.peers[two.me])(third.info.fingerprint)
    assert not one.is_delivered(CHANNEL, entry.id)
    newest = said(one, "message", {"text": "y"})
    one.place(CHANNEL, [newest])
    assert not one.is_delivered(CHANNEL, newest.id)


def test_urgent_entries_go_before_other_channels(pair: tuple[Node, Node]) -> None:
    one, two = pair
    earlier = "a" * 32  # by its id it would come first
    line = one.open_line(earlier, "channel", "UA", {one.me: one.card(), two.me: two.card()})
    exchange(one, two)
    with one.step(earlier):
        line.machine("test", {"text": "neutral", "n": 1, "lang": "en"}, NOW, mark="test")
    one.place(CHANNEL, [said(one, "incident.report", REPORT, precedence="flash")])
    channels = [packet.header(raw).channel for raw in one.pull(two.me, 1 << 20)]
    assert channels[0] == CHANNEL and earlier in channels


async def test_a_new_epoch_comes_when_a_member_could_not_open_ours(pair: tuple[Node, Node]) -> None:
    one, two = pair
    entry = said(one, "message", {"text": "x"})
    one.place(CHANNEL, [entry])
    data = {"log": one.line(CHANNEL).state.where[entry.id][0], "entries": [entry.id], "reason": "unopened"}
    exchange(one, two)
    with two.step(CHANNEL) as line:
        line.machine("refusal", data, NOW, re=[entry.id])
    before = one.line(CHANNEL).state.epoch_of(one.me)
    exchange(one, two)
    for _ in range(3):
        await asyncio.sleep(0)
    assert one.line(CHANNEL).state.epoch_of(one.me) == before + 1
    exchange(one, two)
    assert two.line(CHANNEL).state.epoch_of(one.me) == before + 1


# -- who may sign ----------------------------------------------------------------------------------


def test_a_barred_home_says_so_and_signs_nothing(pair: tuple[Node, Node], tmp_path: Path) -> None:
    one, two = pair
    entry = said(two, "message", {"text": "for the copy"})
    shutil.copytree(one.home.path, tmp_path / "copy")
    copy = begin(Home.open(tmp_path / "copy"))
    assert copy.line(CHANNEL).stopped is not None and "copy" in str(copy.line(CHANNEL).stopped)
    with pytest.raises(RefusedError, match="does not sign"):
        copy.place(CHANNEL, [said(copy, "message", {"text": "twice"})])
    copy.connected(two.me, "test")
    two.place(CHANNEL, [entry])
    given = [item for item in copy.store.items(entry.id) if isinstance(item, PutItem)]
    exchange(copy, two)
    assert copy.store.leaf_of(entry.id) is not None and not given
    assert not two.is_delivered(CHANNEL, entry.id)


def test_a_lost_log_needs_a_succession(pair: tuple[Node, Node]) -> None:
    one, _ = pair
    one.store.mark_lost()
    one.close()
    again = begin(Home.open(one.home.path))
    assert "succession" in str(again.line(CHANNEL).stopped)


# -- channels and space ----------------------------------------------------------------------------


def first_packets(home: Home, to: Home) -> tuple[Node, list[bytes]]:
    """A node that opens another channel, and what it says first."""
    node = begin(home)
    other = "d" * 32
    node.open_line(other, "channel", "BY", {to.info.fingerprint: to.card(), node.me: node.card()})
    node.connected(to.info.fingerprint, "test")
    return node, node.lines[other].poll(
        to.info.fingerprint, NOW, 1 << 20, node.store.leaves, node.store.head_note
    )


def test_a_stranger_opens_no_channel(pair: tuple[Node, Node], tmp_path: Path) -> None:
    one, _ = pair
    stranger, packets = first_packets(make_home(tmp_path / "pl", "PL"), one.home)
    for raw in packets:
        one.packet(stranger.me, raw)
    assert set(one.lines) == {CHANNEL}
    one.store.put_peer(stranger.me, stranger.card(), NOW)
    for raw in packets:
        one.packet(stranger.me, raw)
    assert set(one.lines) == {CHANNEL, "d" * 32}


def test_a_packet_that_does_not_open_begins_no_channel(pair: tuple[Node, Node]) -> None:
    one, two = pair
    before = len(one.store.used_logs())
    for number in range(3):
        raw = packet.seal(f"{number:032x}", two.me, 1, bytes(64), b"", {one.me: b"no blob" * 20})
        one.packet(two.me, raw)
    assert set(one.lines) == {CHANNEL} and len(one.store.used_logs()) == before


def test_some_prepared_logs_are_kept_for_ourselves(pair: tuple[Node, Node], tmp_path: Path) -> None:
    one, two = pair
    two.connected(one.me, "test")
    for number in range(len(two.keys.logs)):
        channel = f"{number + 1:032x}"
        try:
            line = two.open_line(channel, "channel", "BY", {one.me: one.card(), two.me: two.card()})
        except RefusedError:
            break
        line.connected(one.me)
        for raw in line.poll(one.me, NOW, 1 << 20, two.store.leaves, two.store.head_note):
            one.packet(two.me, raw)
    assert len(one.keys.logs.keys() - one.store.used_logs()) == RESERVED_LOGS


def test_with_the_disk_nearly_full_only_the_floor_is_placed(
    pair: tuple[Node, Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _ = pair
    monkeypatch.setattr(runtime, "disk_low", lambda path, share=1.0: share >= runtime.OWN_SHARE)
    with pytest.raises(RefusedError, match="nearly full"):
        one.place(CHANNEL, [said(one, "message", {"text": "bulk"})])
    one.place(CHANNEL, [said(one, "incident.report", REPORT)])


def test_with_the_disk_nearly_full_only_the_floor_is_read(
    pair: tuple[Node, Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = pair
    monkeypatch.setattr(runtime, "disk_low", lambda path, share=1.0: path == two.home.path and share == 1.0)
    bulk = said(one, "message", {"text": "bulk"})
    urgent = said(one, "incident.report", REPORT)
    one.place(CHANNEL, [bulk])
    one.place(CHANNEL, [urgent])
    exchange(one, two)
    assert two.store.leaf_of(bulk.id) is None
    assert urgent.id in two.line(CHANNEL).state.early


def test_with_the_disk_full_nothing_is_taken_in(
    pair: tuple[Node, Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = pair
    entry = said(two, "incident.report", REPORT)  # what a disk that is nearly full would take
    two.place(CHANNEL, [entry])
    packets = two.pull(one.me, 1 << 20)
    monkeypatch.setattr(runtime, "disk_low", lambda path, share=1.0: True)
    for raw in packets:
        one.packet(two.me, raw)
    assert one.store.leaf_of(entry.id) is None
    monkeypatch.undo()
    for raw in packets:
        one.packet(two.me, raw)
    assert one.store.leaf_of(entry.id) is not None
