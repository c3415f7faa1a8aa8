# SPDX-License-Identifier: Apache-2.0
"""Lines over the real store: after every step a line that is read back knows what the living one knows."""

from __future__ import annotations

import contextlib
import itertools
import random
from pathlib import Path

import pytest

from detente.errors import RefusedError
from detente.line.limits import Limits
from detente.line.logs import LogState
from detente.line.signed import Signed
from detente.line.states import OPEN
from detente.line.writes import PutLog, PutMember
from detente.log import merkle
from detente.log.checkpoint import Checkpoint, sign_checkpoint
from detente.log.fork import ForkProof
from detente.node.forks import proof_files
from detente.node.store import SqliteStore
from detente.seal.credential import credential_id
from detente.seal.packet import CheckpointPart, CosignaturePart, LeafPart, LogPart
from detente.seal.vkey import VerifierKey
from tests.line.durable import Disk, DurableNode, durable, facts, join, rest
from tests.line.harness import CHANNEL, Party, connect, cut, run, seed
from tests.line.test_review_hostile import agreed, send, succeed

KINDS = [
    ("message", {"text": "x"}),
    ("standing", {"scope": "channel", "state": "suspended", "by": "ministry"}),
    ("standing", {"scope": "channel", "state": "normal", "by": "ministry"}),
    ("incident.report", {"what": "shots", "where": "bridge", "when": "2022-02-14T09:00:00Z"}),
]


def say(node: DurableNode, chance: random.Random) -> None:
    kind, body = chance.choice([KINDS[0], *KINDS])
    entry = node.signed(kind, body, precedence=chance.choice(["routine", "routine", "flash"]))
    with contextlib.suppress(RefusedError):  # against standing
        node.line.place([entry], node.now)
    node.commit()
    if chance.random() < 0.1:
        node.line.grant(chance.randbytes(64), node.now)
        node.commit()


def all_agree(nodes: list[DurableNode]) -> None:
    for one, two in itertools.permutations(nodes, 2):
        assert one.store.rows_of(two.own.origin) == two.store.rows_of(two.own.origin)  # type: ignore[attr-defined]
        assert one.store.labels() == two.store.labels()
        assert facts(one.line)["labels"] == facts(two.line)["labels"]
        assert not one.line.state.early and not one.line.state.evidence and one.line.stopped is None


@pytest.mark.parametrize("number", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in range(1, 6))])
@pytest.mark.parametrize("names", [("BY", "UA"), pytest.param(("BY", "UA", "PL"), marks=pytest.mark.slow)])
def test_any_order_of_things_gives_the_same_record(
    tmp_path: Path, names: tuple[str, ...], number: int
) -> None:
    chance = random.Random(f"{names}/{number}")
    nodes = durable(tmp_path, names, Limits(batch_leaves=4, window_leaves=16))
    agreed(nodes)
    under_way: list[tuple[DurableNode, DurableNode, bytes]] = []
    for _ in range(40):
        for node in nodes:
            node.now += 700
        node, other = chance.sample(nodes, 2)
        say(node, chance)
        under_way += [(node, other, raw) for raw in node.poll(other)]
        event = chance.random()
        if event < 0.15:
            cut(node, other)
            connect(node, other)
        elif event < 0.3:
            node.crash()
            for peer in nodes:
                if peer is not node:
                    connect(node, peer)
        elif event < 0.4:
            del under_way[len(under_way) // 2 :]
        chance.shuffle(under_way)
        for _ in range(min(3, len(under_way))):
            sender, receiver, raw = under_way.pop() if chance.random() < 0.8 else under_way[-1]
            receiver.receive(sender, raw)
    for one, two in itertools.combinations(nodes, 2):
        cut(one, two)
    join(nodes)
    all_agree(nodes)


def restored(node: DurableNode, kept: Path) -> None:
    """The node as its backup ``kept`` has it, its logs barred, as ``restore`` does it."""
    node.store.db.close()  # type: ignore[attr-defined]
    disk = Disk.__new__(Disk)
    disk.db = SqliteStore.open(kept)
    disk.db.mark_lost()
    node.store = disk  # type: ignore[assignment]
    node.crash()
    node.line.stop("it was restored and needs a succession")


def test_a_restored_party_gets_its_log_back_and_goes_on(tmp_path: Path) -> None:
    a, b = durable(tmp_path)
    agreed([a, b])
    a.store.db.copy_to(tmp_path / "kept.db")  # type: ignore[attr-defined]
    lost = a.say("message", {"text": "after the backup"})
    b.say("message", {"text": "b"})
    a.line.grant(seed("second") * 2, a.now)
    a.commit()
    rest([a, b])
    restored(a, tmp_path / "kept.db")
    old = a.own.origin
    cut(a, b)
    connect(a, b)
    run(a, b)
    assert lost in a.store.labels() and a.size_of(a) == b.size_of(a)
    assert a.store.db.lost_logs() == [{"channel": CHANNEL, "origin": old}]  # type: ignore[attr-defined]
    succeed(a, a.party.own_log())
    cut(a, b)
    connect(a, b)
    for raw in b.poll(a):  # what the other holds is heard first: it has an epoch of the same number
        a.receive(b, raw)
    run(a, b)
    entry = a.say("message", {"text": "going on"})
    rest([a, b])
    assert b.store.labels()[entry] == () and a.line.unsent() == 0
    assert a.store.labels() == b.store.labels()


def test_a_state_older_than_the_last_succession_gets_that_log_back_too(tmp_path: Path) -> None:
    a, b = durable(tmp_path)
    agreed([a, b])
    a.store.db.copy_to(tmp_path / "kept.db")  # type: ignore[attr-defined]
    succeed(a, a.party.own_log())
    second = a.own.origin
    a.say("message", {"text": "in the second log"})
    rest([a, b])
    restored(a, tmp_path / "kept.db")
    a.store.db.put_meta("spent_logs", f'["{second}"]')  # type: ignore[attr-defined]
    a.line.phase = OPEN  # even if nobody had noticed
    cut(a, b)
    connect(a, b)
    run(a, b)
    assert a.line.stopped is not None
    assert a.line.state.own_log().origin == second  # type: ignore[union-attr]
    a.line.sign_pq(a.now + 100_000)
    a.commit()
    succeed(a, a.party.own_log())
    rest([a, b])
    a.now += a.line.limits.claim_wait
    entry = a.say("message", {"text": "in the third log"})
    rest([a, b])
    assert b.store.labels()[entry] == () and a.line.unsent() == 0
    assert [log.put.base for log in a.line.state.logs.values() if log.put.mine] == [
        log.put.base for log in b.line.state.logs.values() if not log.put.mine
    ]


def test_what_the_maker_no_longer_vouches_for_is_not_its_prefix(tmp_path: Path) -> None:
    """A standing placed after the backup and given back late: the new log's entries do not rest on it."""
    a, b = durable(tmp_path)
    agreed([a, b])
    a.store.db.copy_to(tmp_path / "kept.db")  # type: ignore[attr-defined]
    size = a.size_of(a)
    a.say("standing", {"scope": "channel", "state": "suspended", "by": "ministry"})
    rest([a, b])
    restored(a, tmp_path / "kept.db")
    succeed(a, a.party.own_log(), size)
    entry = a.say("message", {"text": "as if nothing had been said"})
    cut(a, b)
    connect(a, b)
    rest([a, b])
    assert a.store.labels()[entry] == b.store.labels()[entry] == ()
    assert a.store.labels() == b.store.labels()


def test_having_stopped_outlasts_a_restart(tmp_path: Path) -> None:
    a, b = durable(tmp_path)
    agreed([a, b])
    a.store.db.copy_to(tmp_path / "kept.db")  # type: ignore[attr-defined]
    a.say("message", {"text": "after the copy was made"})
    rest([a, b])
    receipt = b.line.state.logs[a.own.origin].cosigned
    assert receipt is not None
    twin = a
    twin.store.db.close()  # type: ignore[attr-defined]
    twin.store.db = SqliteStore.open(tmp_path / "kept.db")  # type: ignore[attr-defined]
    twin.crash()
    send(b, twin, [LogPart(twin.own.origin), CosignaturePart(receipt[2])])
    assert twin.line.stopped is not None
    twin.crash()
    assert twin.line.stopped is not None
    with pytest.raises(RefusedError, match="does not sign"):
        twin.say("message", {"text": "a fork"})


def test_a_successor_before_its_predecessor_waits(tmp_path: Path) -> None:
    a, b = durable(tmp_path, limits=Limits(batch_leaves=4))
    agreed([a, b])
    succeed(a, a.party.own_log())
    c = DurableNode(Party("PL"), [a.party, b.party], tmp_path)
    for node in (a, b):
        node.line.write(PutMember(c.party.fpr, c.party.card))
        node.line.grant(seed(node.party.name, "for three") * 2, node.now)
        node.commit()
    connect(a, c)
    for raw in c.poll(a):
        a.receive(c, raw)
    packets = a.poll(c, room=64 << 20)
    for raw in reversed(packets):
        c.receive(a, raw)
    assert not any(
        log.party == a.party.fpr and log.put.seq == 0 and log.put.base for log in c.line.state.logs.values()
    )
    for node in (a, c):
        node.now += 20_000
        node.line.tick(node.now)
        node.commit()
    rest([a, c])
    held = [log.put.base for log in c.line.state.logs.values() if log.party == a.party.fpr]
    assert held == [log.put.base for log in a.line.state.logs.values() if log.put.mine]


def test_a_body_that_comes_late_is_judged_as_if_it_had_been_there(tmp_path: Path) -> None:
    a, b = durable(tmp_path)
    agreed([a, b])
    standing = b.say("standing", {"scope": "channel", "state": "suspended", "by": "ministry"})
    good = b.store.db.body(standing)  # type: ignore[attr-defined]
    b.store.db._run("UPDATE bodies SET seed=? WHERE entry_id=?", (seed("wrong"), standing))  # type: ignore[attr-defined]
    for raw in b.poll(a):
        a.receive(b, raw)
    assert a.store.labels()[standing] == ("unopened",)
    blind = a.say("message", {"text": "what suspension?"})
    b.store.db._run("UPDATE bodies SET seed=? WHERE entry_id=?", (good[0], standing))  # type: ignore[attr-defined]
    cut(a, b)
    connect(a, b)
    rest([a, b])
    assert a.store.labels()[standing] == ()
    assert a.store.labels()[blind] == b.store.labels()[blind] == ("against standing",)


def test_one_head_over_too_much_for_a_packet_is_refused(tmp_path: Path) -> None:
    a, b = durable(tmp_path)
    agreed([a, b])
    with pytest.raises(RefusedError, match="in parts"):
        a.line.place(long(a, 60), a.now)


def test_one_head_over_too_much_for_a_packet_still_goes_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = durable(tmp_path)
    agreed([a, b])
    monkeypatch.setattr("detente.line.line.MAX_BATCH", 1 << 30)
    a.line.place(long(a, 100), a.now)
    a.commit()
    rest([a, b])
    assert a.line.unsent() == 0 and not b.line.state.unopened
    assert a.store.labels() == b.store.labels()


def long(node: DurableNode, count: int) -> list[Signed]:
    return [node.signed("message", {"text": "y" * 60_000, "lang": "en"}) for _ in range(count)]


def test_own_machine_entries_get_the_label_that_others_give_them(tmp_path: Path) -> None:
    a, b = durable(tmp_path)
    agreed([a, b])
    revocation = a.party.certify(type="revocation", revokes=credential_id(a.party.card["doc"]),
                                 reason="lost", **{"from": 0})  # fmt: skip
    a.line.machine("credential", {"credential": revocation}, a.now)
    a.commit()
    test = a.line.machine("test", {"text": "x", "n": 1, "lang": "en"}, a.now, mark="test")
    a.commit()
    rest([a, b])
    assert a.store.labels()[test] == b.store.labels()[test] == ("revoked",)


def test_old_roots_are_found_without_the_whole_tree() -> None:
    own = Party("XX").own_log()
    doc = own.certificate["doc"]
    put = PutLog(own.origin, "f" * 64, 0, 0, doc["log"], doc["receipt"], doc["pq"], False)
    log = LogState(put, VerifierKey.parse(put.log_key), VerifierKey.parse(put.receipt_key))
    hashes = [seed(n) for n in range(1000)]
    for number, digest in enumerate(hashes):
        log.add_leaf(digest, str(number), "message", False)
    for size in (0, 1, 255, 256, 257, 999, 1000, 511, 512):
        assert log.compute_root(size) == merkle.root(hashes[:size])


def test_a_credential_that_is_given_back_late_is_not_in_the_new_logs_prefix(tmp_path: Path) -> None:
    a, b = durable(tmp_path)
    agreed([a, b])
    a.store.db.copy_to(tmp_path / "kept.db")  # type: ignore[attr-defined]
    size = a.size_of(a)
    revocation = a.party.certify(type="revocation", revokes=credential_id(a.party.mandates[0]["doc"]),
                                 reason="by mistake", **{"from": 0})  # fmt: skip
    a.line.machine("credential", {"credential": revocation}, a.now)
    a.commit()
    rest([a, b])
    restored(a, tmp_path / "kept.db")
    succeed(a, a.party.own_log(), size)
    entry = a.say("message", {"text": "nothing was revoked here"})
    cut(a, b)
    connect(a, b)
    rest([a, b])
    later = a.say("message", {"text": "nor later"})
    rest([a, b])
    for node in (a, b):
        assert node.store.labels()[entry] == node.store.labels()[later] == ()
    assert a.size_of(a) == b.size_of(a)


def test_evidence_of_a_fork_is_two_signed_notes_and_a_proof(tmp_path: Path) -> None:
    a, b = durable(tmp_path)
    agreed([a, b])
    for sizes in (3, a.size_of(a)):
        note = sign_checkpoint(Checkpoint(a.own.origin, sizes, seed("another", sizes)), a.own.log)
        send(a, b, [LogPart(a.own.origin), CheckpointPart(note)])
    found = b.store.db.evidence(CHANNEL)  # type: ignore[attr-defined]
    assert [one.what for one in found] == ["fork", "fork"]
    key = b.line.state.logs[a.own.origin].log_key
    for one in found:
        files = proof_files(b.store.db, one)  # type: ignore[attr-defined]
        proof = ForkProof.from_files(files)
        one_head, two_head = proof.check(key)
        assert (one_head.origin, two_head.origin) == (a.own.origin, a.own.origin)
        assert two_head.root == b.line.state.logs[a.own.origin].root_at(two_head.size)


def test_who_passes_on_other_leaves_proves_nothing_of_their_author(tmp_path: Path) -> None:
    a, b, c = durable(tmp_path, ("BY", "UA", "PL"))
    agreed([a, b, c])
    cut(a, b)
    a.say("message", {"text": "to be passed on"})
    index = a.size_of(a) - 1
    send(
        c,
        b,
        [
            LogPart(a.own.origin),
            LeafPart(index, b"altered"),
            CheckpointPart(a.store.head(a.own.origin, index + 1)),
        ],
    )
    assert not b.line.state.evidence
    connect(a, b)
    rest([a, b, c])
    assert b.size_of(a) == index + 1
