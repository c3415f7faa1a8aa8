# SPDX-License-Identifier: Apache-2.0
"""Proofs that travel, successions that rival each other, and what is no longer vouched for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from detente.line.forks import CONFLICT, FORK, RIVALS
from detente.line.labels import NOT_VOUCHED
from detente.line.limits import LIMITS
from detente.log import merkle
from detente.log.checkpoint import Checkpoint, sign_checkpoint
from detente.node.store import SqliteStore
from detente.seal import canonical, packet
from detente.seal import statement as statements
from detente.seal.packet import CheckpointPart, LeafPart, LogPart, Part, ProofPart
from tests.line.durable import Disk, DurableNode, durable, rest
from tests.line.harness import CHANNEL, Node, connect, cut, run, seed
from tests.line.test_hostile_federation import Scribe
from tests.line.test_hostile_peer import send
from tests.line.test_review_durable import restored
from tests.line.test_review_hostile import agreed, succeed
from tests.line.test_sim_found import forked


def kinds(node: DurableNode) -> list[str]:
    return sorted(one.what for one in node.line.state.kept.values())


def quiet(a: DurableNode, b: DurableNode, minutes: int = 60) -> int:
    """Packets in an hour in which nobody says anything."""
    packets = 0
    for _ in range(minutes):
        for node in (a, b):
            node.now += 60_000
            node.line.tick(node.now)
            node.commit()
        packets += run(a, b)
    return packets


def rivals(tmp_path: Path) -> tuple[DurableNode, DurableNode, Any]:
    """BY goes on in a second log, which UA takes; a copy of BY from before goes on in another one."""
    a, b = durable(tmp_path)
    agreed([a, b])
    a.store.db.copy_to(tmp_path / "kept.db")  # type: ignore[attr-defined]
    succeed(a, a.party.own_log())
    first = a.own
    a.say("message", {"text": "in the log that UA took"})
    rest([a, b])
    cut(a, b)
    restored(a, tmp_path / "kept.db")
    succeed(a, a.party.own_log())
    a.say("message", {"text": "in the log that nobody took"})
    connect(a, b)
    rest([a, b])
    return a, b, first


def test_the_copy_whose_log_nobody_took_yields_and_the_line_goes_on(tmp_path: Path) -> None:
    a, b, first = rivals(tmp_path)
    aside = a.own.origin
    assert a.line.stopped is not None
    assert kinds(a) == kinds(b) == [RIVALS]
    assert a.line.state.own_log().origin == first.origin  # type: ignore[union-attr]
    assert aside in a.line.state.logs and aside not in b.line.state.logs
    lost = [row["origin"] for row in a.store.db.lost_logs()]  # type: ignore[attr-defined]
    assert lost == [first.origin]
    for entry, labels in a.store.labels().items():
        assert (NOT_VOUCHED in labels) == (a.line.state.where[entry][0] == aside)
    succeed(a, a.party.own_log())
    rest([a, b])
    entry = a.say("message", {"text": "going on"})
    rest([a, b])
    assert b.store.labels()[entry] == () and a.line.unsent() == 0
    assert [log.put.base for log in a.line.state.logs.values() if log.put.seq >= 0 and log.put.mine] == [
        log.put.base for log in b.line.state.logs.values() if not log.put.mine
    ]


def test_a_copy_that_knows_of_its_rival_is_still_given_its_log(tmp_path: Path) -> None:
    """The proof comes first and the connection breaks: the next one brings the log all the same."""
    a, b = durable(tmp_path)
    agreed([a, b])
    a.store.db.copy_to(tmp_path / "kept.db")  # type: ignore[attr-defined]
    succeed(a, a.party.own_log())
    first = a.own
    rest([a, b])
    cut(a, b)
    restored(a, tmp_path / "kept.db")
    succeed(a, a.party.own_log())
    connect(a, b)
    for _ in range(20):
        for raw in a.poll(b):
            b.receive(a, raw)
        for raw in b.poll(a):  # but what holds leaves is lost
            if any(isinstance(part, LeafPart) for part in opened(b, raw)):
                continue
            a.receive(b, raw)
    assert kinds(a) == kinds(b) == [RIVALS]
    cut(a, b)
    connect(a, b)
    rest([a, b])
    assert a.line.state.own_log().origin == first.origin  # type: ignore[union-attr]


def opened(node: DurableNode, raw: bytes) -> list[packet.Part]:
    key = node.line.state.epochs[node.party.fpr, packet.header(raw).epoch]
    return packet.decode_parts(packet.open_packet(raw, key))


def test_rival_successions_make_no_endless_traffic(tmp_path: Path) -> None:
    a, b, _ = rivals(tmp_path)
    assert quiet(a, b) <= 2


def test_members_who_took_different_successions_go_on_each_with_its_own(tmp_path: Path) -> None:
    """Two copies both succeeded, and each found a member: both members have the proof, and come to rest."""
    a, b, c = durable(tmp_path, ("BY", "UA", "PL"))
    agreed([a, b, c])
    a.store.db.copy_to(tmp_path / "kept.db")  # type: ignore[attr-defined]
    for one, two in ((a, b), (a, c), (b, c)):
        cut(one, two)
    succeed(a, a.party.own_log())
    connect(a, b)
    run(a, b)
    cut(a, b)
    restored(a, tmp_path / "kept.db")
    succeed(a, a.party.own_log())
    connect(a, c)
    run(a, c)
    connect(b, c)
    connect(a, b)
    rest([a, b, c])
    assert kinds(a) == kinds(b) == kinds(c) == [RIVALS]
    assert a.line.stopped is None, "a member holds this branch"
    entry = a.say("message", {"text": "to those who took it"})
    rest([a, b, c])
    assert c.store.labels()[entry] == () and entry not in b.store.labels()
    assert quiet(a, b) <= 10 and quiet(b, c) <= 10


def test_a_succession_of_another_channel_opens_no_log_here(tmp_path: Path) -> None:
    a, b = durable(tmp_path)
    agreed([a, b])
    cut(a, b)
    old = a.line.state.own_log()
    assert old is not None
    new, kept = a.party.own_log(), a.party.certify
    a.party.certify = lambda **doc: kept(**(doc | {"channel": "0" * 32}))  # type: ignore[method-assign]
    succeed(a, new)
    connect(a, b)
    run(a, b)
    assert new.origin not in b.line.state.logs


def test_the_author_learns_of_what_was_signed_behind_its_back(tmp_path: Path) -> None:
    """A thief shows another head of the same size to a member only: its author is told, and stops."""
    a, b = durable(tmp_path)
    agreed([a, b])
    note = sign_checkpoint(Checkpoint(a.own.origin, a.size_of(a), seed("thief")), a.own.log)
    send(a, b, [LogPart(a.own.origin), CheckpointPart(note)])
    run(a, b)
    assert kinds(a) == kinds(b) == [FORK]
    assert a.line.stopped is not None and b.line.stopped is None
    a.crash()
    assert a.line.stopped is not None
    assert [row["origin"] for row in a.store.db.lost_logs()] == [a.own.origin]  # type: ignore[attr-defined]
    assert quiet(a, b) <= 2


def test_an_author_that_was_away_is_told_when_it_comes_back(tmp_path: Path) -> None:
    a, b, c = durable(tmp_path, ("BY", "UA", "PL"))
    agreed([a, b, c])
    cut(a, b)
    cut(a, c)
    note = sign_checkpoint(Checkpoint(a.own.origin, a.size_of(a), seed("thief")), a.own.log)
    send(c, b, [LogPart(a.own.origin), CheckpointPart(note)])
    b.crash()
    connect(b, c)
    connect(a, b)
    rest([a, b, c])
    assert kinds(a) == kinds(b) == kinds(c) == [FORK]
    assert a.line.stopped is not None


def test_a_proof_against_an_old_log_does_not_stop_the_new_one(tmp_path: Path) -> None:
    a, b = durable(tmp_path)
    agreed([a, b])
    old, size = a.own, a.size_of(a)
    succeed(a, a.party.own_log())
    rest([a, b])
    note = sign_checkpoint(Checkpoint(old.origin, size, seed("thief")), old.log)
    send(a, b, [LogPart(old.origin), CheckpointPart(note)])
    send(b, a, [LogPart(old.origin), CheckpointPart(note)])
    rest([a, b])
    assert kinds(a) == kinds(b) == [FORK]
    entry = a.say("message", {"text": "still here"})
    rest([a, b])
    assert b.store.labels()[entry] == ()


def test_a_fork_whose_other_head_is_larger_is_proven_all_the_same(tmp_path: Path) -> None:
    """Who holds the shorter history cannot prove it; who holds the longer one can, and says so."""
    a, b = forked(tmp_path, 2, 5)
    assert FORK in kinds(a) and FORK in kinds(b)


def test_a_proof_that_proves_nothing_changes_nothing(tmp_path: Path) -> None:
    a, b = durable(tmp_path)
    agreed([a, b])
    origin, head = a.own.origin, a.store.head(a.own.origin, a.size_of(a))
    text = head.decode()
    for doc in (
        {},
        {"log": origin},
        {"log": origin, "notes": [1, 2]},
        {"log": origin, "notes": ["", ""]},
        {"log": origin, "notes": [text, text]},
        {"log": origin, "successions": [{}, {}]},
        {"log": origin, "successions": [a.party.card, a.party.card]},
        {"log": origin, "successions": 5},
        {"log": "detente.log/" + "0" * 32, "notes": []},
        {"log": [], "notes": {}, "root": 7, "path": "x"},
    ):
        send(b, a, [ProofPart(doc)])
    assert not kinds(a) and a.line.stopped is None
    assert a.line.counters["refused packets"] == 0


def test_what_comes_in_the_old_log_after_its_succession_is_not_vouched_for(tmp_path: Path) -> None:
    """A thief of the log key and of an office goes on in the old log: kept, labelled, without effect."""
    a, b = durable(tmp_path)
    agreed([a, b])
    a.store.db.copy_to(tmp_path / "kept.db")  # type: ignore[attr-defined]
    thief = DurableNode.__new__(DurableNode)
    thief.__dict__ |= {k: v for k, v in a.__dict__.items() if k != "store"}
    disk = Disk.__new__(Disk)
    disk.db = SqliteStore.open(tmp_path / "kept.db")
    thief.__dict__["store"] = disk
    thief.crash()
    succeed(a, a.party.own_log())
    rest([a, b])
    cut(a, b)
    standing = thief.say("standing", {"scope": "channel", "state": "ended", "by": "the thief"})
    connect(thief, b)
    for raw in thief.poll(b):
        b.receive(thief, raw)
    log = thief.line.state.own_log()
    assert log is not None
    rows = b.store.db.leaves(log.origin, 0, log.size)  # type: ignore[attr-defined]
    if len(rows) < log.size:  # it asked first where it stands
        (raw_leaf, _), note = thief.store.leaves(log.origin, log.size - 1, log.size)[0], None
        note = thief.store.head(log.origin, log.size)
        send(thief, b, [LogPart(log.origin), LeafPart(log.size - 1, raw_leaf), CheckpointPart(note)])
    assert NOT_VOUCHED in b.store.labels()[standing]
    cut(thief, b)
    connect(a, b)
    rest([a, b])
    entry = b.say("message", {"text": "the line is open"})
    answer = a.say("message", {"text": "so it is"})
    rest([a, b])
    assert a.store.labels()[entry] == b.store.labels()[answer] == ()


def test_late_entries_are_labelled_whichever_comes_first(tmp_path: Path) -> None:
    """The end of the old log and the succession that leaves it out, in either order: the same labels."""
    a, b = durable(tmp_path)
    agreed([a, b])
    a.store.db.copy_to(tmp_path / "kept.db")  # type: ignore[attr-defined]
    size = a.size_of(a)
    late = a.say("message", {"text": "left out"})
    rest([a, b])
    restored(a, tmp_path / "kept.db")
    succeed(a, a.party.own_log(), size)
    cut(a, b)
    connect(a, b)
    rest([a, b])
    assert a.store.labels()[late] == b.store.labels()[late] == (NOT_VOUCHED,)


def test_what_a_restore_lost_may_be_said_again_and_counts_for_all(tmp_path: Path) -> None:
    """A member holds it in the old log, not vouched for any more: in the new one it is no repeat."""
    a, b = durable(tmp_path)
    agreed([a, b])
    a.store.db.copy_to(tmp_path / "kept.db")  # type: ignore[attr-defined]
    size = a.size_of(a)
    again = a.signed("message", {"text": "before the restore, and after it"})
    a.line.place([again], a.now)
    a.commit()
    rest([a, b])
    cut(a, b)
    restored(a, tmp_path / "kept.db")
    old = a.own.origin
    succeed(a, a.party.own_log(), size)
    a.line.place([again], a.now)
    a.commit()
    connect(a, b)
    rest([a, b])
    for node in (a, b):
        rows = node.store.db.rows_of(CHANNEL, again.id)  # type: ignore[attr-defined]
        assert {row.origin: row.labels for row in rows} == {old: (NOT_VOUCHED,), a.own.origin: ()}
    a.line.place([again], a.now)
    assert not a.line.take(), "it stands: it is placed no third time"


def test_an_inconsistent_larger_head_is_kept_and_said_not_to_be_provable(tmp_path: Path) -> None:
    a, b = durable(tmp_path)
    agreed([a, b])
    size = a.size_of(a)
    note = sign_checkpoint(Checkpoint(a.own.origin, size + 1, seed("x")), a.own.log)
    send(a, b, [LogPart(a.own.origin), LeafPart(size, b"{}"), CheckpointPart(note)])
    run(a, b)
    assert kinds(b) == [CONFLICT]
    assert b.store.db.evidence(CHANNEL)[0].what == CONFLICT  # type: ignore[attr-defined]


def test_a_head_in_conflict_is_proven_once_its_author_shows_other_leaves(tmp_path: Path) -> None:
    """The leaves that were missing come later, under another head: both are signed, so it is a fork now."""
    a, b, c = durable(tmp_path, ("BY", "UA", "LT"))
    agreed([a, b, c])
    for node in (b, c):
        cut(a, node)
    size = a.size_of(a)
    note = sign_checkpoint(Checkpoint(a.own.origin, size + 1, seed("x")), a.own.log)
    send(a, b, [LogPart(a.own.origin), LeafPart(size, b"{}"), CheckpointPart(note)])
    assert kinds(b) == [CONFLICT]
    scribe = Scribe(a)
    for text in ("one", "two"):
        scribe.say("message", {"text": text})
    scribe.send(b)
    assert kinds(b) == [CONFLICT, FORK]
    rest([b, c])
    assert kinds(c) == [FORK]
    send(a, b, [LogPart(a.own.origin), CheckpointPart(note)])
    assert kinds(b) == [CONFLICT, FORK], "one fork is one proof"


def succession_parts(a: Node, old: str, size: int, root: bytes) -> list[Part]:
    """A new log of ``a`` that goes on for ``old``: genesis, succession, head."""
    new = a.party.own_log()
    before = {"origin": old, "size": size, "root": canonical.b64(root)}
    succession = a.party.certify(
        type="succession", channel=CHANNEL, new=new.origin, reason="restored", old=before
    )
    genesis = {"card": a.party.card, "log": new.certificate, "suite": "detente/1"}
    frontier, parts = merkle.Frontier(), list[Part]([LogPart(new.origin)])
    for index, (kind, data) in enumerate((("genesis", genesis), ("succession", {"succession": succession}))):
        said = statements.make(
            channel=CHANNEL,
            party=a.party.fpr,
            office="node",
            kind=kind,
            released=a.now,
            data=data,
            salt=seed(new.origin, index)[:16],
        )
        placement = {"log": new.origin, "index": index, "time": a.now, "seen": {}}
        raw = statements.encode_leaf(placement, [statements.sign(a.party.node, said)], said)
        frontier.append(merkle.leaf_hash(raw))
        parts.append(LeafPart(index, raw))
    head = Checkpoint(new.origin, 2, frontier.root())
    return [*parts, CheckpointPart(sign_checkpoint(head, new.log))]


def test_more_rival_successions_than_are_kept_do_not_part_the_other_members(tmp_path: Path) -> None:
    """A member shows us rivals without end, and another one to the third: we two go on with each other."""
    a, b, c = durable(tmp_path, ("BY", "UA", "LT"))
    agreed([a, b, c])
    for node in (b, c):
        cut(a, node)
    log = a.line.state.own_log()
    assert log is not None
    old = log.origin, log.size, log.frontier.root()
    for _ in range(LIMITS.evidence_per_log + 2):
        send(a, b, succession_parts(a, *old))
    send(a, c, succession_parts(a, *old))
    rest([b, c])
    assert kinds(b) == [RIVALS] * LIMITS.evidence_per_log
    entry = b.say("message", {"text": "still here"})
    rest([b, c])
    assert c.store.labels()[entry] == ()
