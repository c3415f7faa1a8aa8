# SPDX-License-Identifier: Apache-2.0
"""Entries come out of the rows with the marks, states and intervals that the protocol's §10 gives them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from detente.errors import RefusedError
from detente.line.writes import (
    DropEarly,
    PutBody,
    PutEarly,
    PutHead,
    PutItem,
    PutLabels,
    PutLeaf,
    PutLog,
    PutMember,
    PutReceipt,
    Write,
)
from detente.node.records import EARLY, Records
from detente.node.store import SqliteStore
from detente.record.entry import Entry
from detente.seal import canonical, statement
from detente.seal.keys import SigningKey
from detente.words.charter import charter_body

CHANNEL = "c" * 32
T = 1_700_000_000_000
KEYS = {party: SigningKey.from_seed(party.encode() * 16) for party in ("BY", "UA", "XX")}
FPR = {"BY": "b" * 64, "UA": "a" * 64, "XX": "e" * 64}
LOG = {party: f"detente.log/{fpr[:32]}" for party, fpr in FPR.items()}


class Scene:
    """Three parties' logs as BY holds them, written leaf by leaf."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store
        self.records = Records(store)
        self.sizes = dict.fromkeys(FPR, 0)
        store.put_channel(CHANNEL, "channel", "", T, {})
        writes: list[Write] = [PutMember(FPR[one], {"doc": {"id": one}}) for one in ("BY", "UA")]
        writes += [
            PutLog(LOG[one], FPR[one], 0, base, "l", one, "p", one == "BY")
            for one, base in (("BY", 0), ("UA", 10))
        ]
        store.commit(CHANNEL, writes)

    def make(
        self,
        party: str,
        kind: str,
        content: dict[str, Any] | None,
        at: int,
        seen: dict[str, int] | None = None,
        **optional: Any,
    ) -> tuple[str, bytes, bytes | None]:
        data = kind in ("ack", "test", "refusal", "credential", "genesis")
        given: dict[str, Any] = (
            {"data": content, "salt": b"s" * 16} if data else {"body": content, "seed": b"s" * 32}
        )
        said = statement.make(
            channel=CHANNEL, party=FPR[party], office="duty", kind=kind, released=at - 5, **given, **optional
        )
        placement = {
            "log": LOG[party],
            "index": self.sizes[party],
            "time": at,
            "seen": {LOG[one]: [size, canonical.b64(b"r" * 32)] for one, size in (seen or {}).items()},
        }
        raw = statement.encode_leaf(placement, [statement.sign(KEYS[party], said)], said)
        return statement.entry_id(said), raw, None if data else canonical.encode(content)

    def place(
        self,
        party: str,
        kind: str,
        content: dict[str, Any] | None,
        at: int,
        *,
        labels: tuple[str, ...] = (),
        keep_body: bool = True,
        **more: Any,
    ) -> str:
        entry_id, raw, body = self.make(party, kind, content, at, **more)
        size = self.sizes[party]
        writes: list[Write] = [
            PutLeaf(LOG[party], size, raw, hashlib.sha256(raw).digest(), entry_id, at + 7, labels)
        ]
        if body is not None and keep_body:
            writes.append(PutBody(entry_id, b"s" * 32, body))
        writes.append(PutHead(LOG[party], size + 1, b"r" * 32, b"note", size, party == "BY"))
        self.store.commit(CHANNEL, writes)
        self.sizes[party] += 1
        return entry_id

    def receipt(self, by: str, over: str, size: int, seconds: int) -> None:
        self.store.commit(CHANNEL, [PutReceipt(LOG[over], size, FPR[by], seconds, b"n")])

    def entry(self, entry_id: str) -> Entry:
        found = {entry.id: entry for entry in self.records.entries(CHANNEL)}[entry_id]
        # What was kept up must be what reading anew gives.
        assert Records(self.store).entries(CHANNEL) == self.records.entries(CHANNEL)
        return found


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    store = SqliteStore.create(tmp_path / "store.db")
    yield Scene(store)
    store.close()


def test_an_entry_is_what_was_said(scene: Scene) -> None:
    first = scene.place("BY", "message", {"text": "a", "lang": "en"}, T)
    answer = scene.place(
        "UA", "message", {"text": "b"}, T + 9, re=[first], precedence="flash", seen={"BY": 1}
    )
    entry = scene.entry(answer)
    assert (entry.ref, entry.party, entry.fpr, entry.office) == ("UA-10", "UA", FPR["UA"], "duty")
    assert (entry.kind, entry.precedence, entry.mark, entry.re) == ("message", "flash", "real", (first,))
    assert (entry.placed, entry.released, entry.body, entry.body_state) == (
        T + 9,
        T + 4,
        {"text": "b"},
        "open",
    )
    assert entry.seen == {LOG["BY"]: (1, canonical.b64(b"r" * 32))}
    assert (entry.mine, entry.state) == (False, "received")
    assert scene.entry(first).ref == "BY-0"


def test_state_grows_as_far_as_all_addressees_have_come(scene: Scene) -> None:
    said = scene.place("BY", "message", {"text": "a"}, T)
    assert scene.entry(said).state == "kept"
    scene.receipt("UA", "BY", 1, T // 1000 + 1)
    assert scene.entry(said).state == "delivered"
    assert scene.entry(said).marks == {"UA": {"delivered": T + 1000}}
    for at, state in enumerate(("displayed", "read", "understood"), start=10):
        scene.place("UA", "ack", {"state": state}, T + at, re=[said])
        assert scene.entry(said).state == state
    scene.place("UA", "message", {"text": "b"}, T + 20, re=[said])
    assert scene.entry(said).state == "answered"
    assert scene.entry(said).marks["UA"] == {
        "delivered": T + 1000,
        "displayed": T + 10,
        "read": T + 11,
        "understood": T + 12,
        "answered": T + 20,
    }


def test_what_is_no_mark(scene: Scene) -> None:
    said = scene.place("BY", "message", {"text": "a"}, T)
    scene.place("BY", "message", {"text": "more"}, T + 1, re=[said])
    scene.place("UA", "refusal", {"why": "x"}, T + 2, re=[said])
    scene.place("UA", "ack", {"state": "nonsense"}, T + 3, re=[said])
    scene.place("UA", "ack", {"state": "read"}, T + 4, re=[said], labels=("bad signature",))
    assert scene.entry(said).marks == {}
    assert scene.entry(said).state == "kept"


def test_only_addressees_count_for_the_state(scene: Scene) -> None:
    third: list[Write] = [
        PutMember(FPR["XX"], {"doc": {"id": "XX"}}),
        PutLog(LOG["XX"], FPR["XX"], 0, 0, "l", "XX", "p", False),
    ]
    scene.store.commit(CHANNEL, third)
    to_all = scene.place("BY", "message", {"text": "a"}, T)
    to_one = scene.place("BY", "message", {"text": "b"}, T, to=[FPR["UA"]])
    scene.receipt("UA", "BY", 2, T // 1000)
    assert (scene.entry(to_all).state, scene.entry(to_one).state) == ("kept", "delivered")
    scene.receipt("XX", "BY", 1, T // 1000)
    assert scene.entry(to_all).state == "delivered"


def test_delivered_by_item_receipt_and_never_before_placing(scene: Scene) -> None:
    said = scene.place("BY", "message", {"text": "a"}, T + 700)
    scene.receipt("UA", "BY", 1, T // 1000)
    assert scene.entry(said).marks["UA"]["delivered"] == T + 700
    later = scene.place("BY", "message", {"text": "b"}, T + 900)
    scene.store.commit(CHANNEL, [PutItem(later, LOG["BY"], FPR["UA"], T + 950, b"n")])
    assert scene.entry(later).marks["UA"]["delivered"] == T + 950


def test_receipts_that_come_out_of_order(scene: Scene) -> None:
    said = [scene.place("BY", "message", {"text": str(i)}, T + i) for i in range(4)]
    scene.receipt("UA", "BY", 4, T // 1000 + 9)
    assert [scene.entry(one).marks["UA"]["delivered"] for one in said] == [T + 9000] * 4
    scene.receipt("UA", "BY", 2, T // 1000 + 5)
    assert [scene.entry(one).marks["UA"]["delivered"] for one in said] == [T + 5000] * 2 + [T + 9000] * 2


def test_received_entries_show_our_own_marks(scene: Scene) -> None:
    theirs = scene.place("UA", "message", {"text": "a"}, T)
    scene.receipt("BY", "UA", 1, T // 1000)
    assert scene.entry(theirs).state == "received"
    scene.place("BY", "ack", {"state": "read"}, T + 5, re=[theirs])
    assert scene.entry(theirs).state == "read"


def test_the_proven_interval(scene: Scene) -> None:
    scene.place("UA", "message", {"text": "1"}, T + 50)
    scene.place("UA", "message", {"text": "2"}, T + 20)
    said = scene.place("BY", "message", {"text": "a"}, T + 100, seen={"UA": 2})
    after = scene.place("BY", "message", {"text": "b"}, T + 110)
    assert scene.entry(said).proven == (T + 50, None)
    scene.receipt("UA", "BY", 1, T // 1000 + 1)
    assert scene.entry(said).proven == (T + 50, T + 1999)
    assert scene.entry(after).proven == (T + 50, None)


def test_what_cites_more_than_is_here_is_looked_at_again(scene: Scene) -> None:
    said = scene.place("BY", "message", {"text": "a"}, T + 100, seen={"UA": 1})
    assert scene.entry(said).proven == (None, None)
    scene.place("UA", "message", {"text": "1"}, T + 50)
    assert scene.entry(said).proven == (T + 50, None)


def test_withheld_unopened_and_later_opened(scene: Scene) -> None:
    kept = scene.place("UA", "message", {"text": "a"}, T, labels=("unopened",), keep_body=False)
    assert (scene.entry(kept).body, scene.entry(kept).body_state) == (None, "unopened")
    gone = scene.place("UA", "message", {"text": "b"}, T, keep_body=False)
    assert scene.entry(gone).body_state == "withheld"
    body = canonical.encode({"text": "a"})
    scene.store.commit(CHANNEL, [PutBody(kept, b"s" * 32, body), PutLabels(kept, ())])
    assert (scene.entry(kept).body, scene.entry(kept).labels) == ({"text": "a"}, ())


def test_early_statements_are_shown_ahead_of_their_place(scene: Scene) -> None:
    scene.sizes["UA"] = 3
    entry_id, raw, body = scene.make("UA", "message", {"text": "now"}, T, precedence="flash")
    assert body is not None
    early: list[Write] = [PutBody(entry_id, b"s" * 32, body), PutEarly(LOG["UA"], 3, entry_id, raw, T, ())]
    scene.store.commit(CHANNEL, early)
    entry = scene.entry(entry_id)
    assert (entry.labels, entry.ref, entry.body, entry.state) == (
        (EARLY,),
        "UA-13",
        {"text": "now"},
        "received",
    )
    assert scene.records.entry(entry_id) == entry
    assert scene.records.find("UA-13") == entry
    scene.place("BY", "ack", {"state": "read"}, T + 5, re=[entry_id])
    assert scene.entry(entry_id).state == "read"
    scene.store.commit(CHANNEL, [DropEarly(entry_id)])
    assert entry_id not in {entry.id for entry in scene.records.entries(CHANNEL)}


def test_a_register_is_only_kept(scene: Scene) -> None:
    scene.store.put_channel(CHANNEL, "register", "Side", T, {})
    said = scene.place("BY", "note", {"means": "telephone"}, T)
    scene.receipt("UA", "BY", 1, T // 1000)
    assert scene.entry(said).state == "kept"
    assert scene.records.channel_state(CHANNEL) == "register"


def test_signers_are_named_by_the_mandates_in_the_log(scene: Scene) -> None:
    mandate = {"doc": {"type": "mandate", "office": "minister", "key": canonical.b64(KEYS["UA"].public)}}
    scene.place("UA", "credential", {"credential": mandate}, T)
    said = scene.place("UA", "message", {"text": "a"}, T)
    assert scene.entry(said).signers == ("minister",)
    ours = scene.place("BY", "message", {"text": "a"}, T)
    assert scene.entry(ours).signers == (KEYS["BY"].id[:8],)


@pytest.mark.parametrize("raw", [b"", b"{}", b"\xff\xfe", b'{"placement":{},"signatures":[],"statement":{}}'])
def test_a_leaf_that_is_none_stays_in_the_record(scene: Scene, raw: bytes) -> None:
    leaf = PutLeaf(LOG["UA"], 0, raw, b"h" * 32, "f" * 64, T, ("malformed leaf",))
    scene.store.commit(CHANNEL, [leaf, PutHead(LOG["UA"], 1, b"r" * 32, b"n", 0, False)])
    entry = scene.entry("f" * 64)
    assert (entry.kind, entry.body, entry.placed) == ("malformed", None, T)


def test_two_parties_of_one_name_are_told_apart(tmp_path: Path) -> None:
    store = SqliteStore.create(tmp_path / "other.db")
    scene = Scene(store)
    same: list[Write] = [
        PutMember(FPR["XX"], {"doc": {"id": "UA"}}),
        PutLog(LOG["XX"], FPR["XX"], 0, 0, "l", "XX", "p", False),
    ]
    store.commit(CHANNEL, same)
    scene.place("UA", "message", {"text": "a"}, T)
    scene.place("XX", "message", {"text": "b"}, T)
    assert [entry.party for entry in scene.records.entries(CHANNEL)] == ["UA", "UA-EEEE"]
    store.close()


def test_find(scene: Scene) -> None:
    said = scene.place("BY", "message", {"text": "a"}, T)
    for name in (said, said[:8], "BY-0"):
        assert scene.records.find(name).id == said
        assert scene.records.find(name, CHANNEL).id == said
    for name in ("BY-9", "f" * 64, "zz", ""):
        with pytest.raises(RefusedError, match="no entry"):
            scene.records.find(name)
    assert scene.records.entry("0" * 64) is None


def test_charter_and_channel_state(scene: Scene) -> None:
    members = [{"fingerprint": FPR[one], "id": one, "name": one} for one in ("BY", "UA")]
    assert scene.records.channel_state(CHANNEL) == "proposed"
    charter = scene.place("BY", "charter", charter_body(members, purpose="talk"), T)
    assert scene.records.charter(CHANNEL) is None
    proposed = scene.records.proposed(CHANNEL)
    assert proposed is not None
    assert (proposed[0], proposed[1].purpose) == (charter, "talk")
    scene.place("UA", "decline", {"reason": "no"}, T + 1, re=[charter])
    assert scene.records.channel_state(CHANNEL) == "declined"
    scene.place("UA", "assent", {}, T + 2, re=[charter])
    in_force = scene.records.charter(CHANNEL)
    assert in_force is not None
    assert in_force.purpose == "talk"
    assert scene.records.channel_state(CHANNEL) == "open"


def test_many_entries_are_read_once(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    for i in range(50):
        scene.place("BY", "message", {"text": str(i)}, T + i)
    first = scene.records.entries(CHANNEL)
    calls: list[bytes] = []
    monkeypatch.setattr("detente.node.records._parse", calls.append)
    assert scene.records.entries(CHANNEL) == first
    assert calls == []
