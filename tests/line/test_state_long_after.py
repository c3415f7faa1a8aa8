# SPDX-License-Identifier: Apache-2.0
"""What comes long after, or in another order than it was said, is judged as if it had come at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from detente.line.forks import RIVALS
from detente.line.past import Entries
from detente.line.writes import PutEpoch, PutEvidence
from detente.log import merkle
from detente.seal import canonical
from detente.seal import statement as statements
from detente.seal.packet import BodyPart, CheckpointPart, LeafPart, LogPart, ProofPart
from tests.line.durable import durable
from tests.line.harness import chartered, connect, cut, run, seed
from tests.line.parties import parts_of, three
from tests.line.test_forks_held import kinds, old_of, show, theft
from tests.line.test_hostile_peer import send
from tests.line.test_logs import SETTLED, Shelf
from tests.line.test_received import set_back
from tests.line.test_review_hostile import agreed, forced, succeed
from tests.line.test_succession import succession_parts
from tests.line.test_taken_in import REPORT, early, head_over, leaf_of


def test_a_life_saving_phrase_that_is_long_on_disk_is_not_crossed(tmp_path: Path) -> None:
    a, b = durable(tmp_path)
    agreed([a, b])
    charter = a.line.state.terms_now().charter
    assert charter is not None
    codes = [next(p.code for p in charter.phrases if p.life_saving is saves) for saves in (True, False)]
    cut(a, b)
    phrases = [a.say("phrase", {"code": code, "params": {}}) for code in codes]
    for n in range(12):
        a.say("message", {"text": str(n)})
    assert not any(entry in a.line.state.where.recent for entry in phrases)
    b.say("standing", {"scope": "channel", "state": "suspended", "by": "ministry"})
    connect(a, b)
    run(a, b)
    labels = a.store.labels()
    assert [labels[entry] for entry in phrases] == [(), ("crossed",)]


def test_an_item_receipt_of_an_entry_that_stands_in_another_channel_says_nothing_here() -> None:
    held = Entries(Shelf({"b": [("elsewhere", 0, ())]}), SETTLED.get)  # type: ignore[arg-type]
    assert held.items.get("b") is None
    held.where["b"] = ("log", 9)
    assert held.items.get("b") is None, "here it came only now"


def test_a_citation_of_a_size_whose_head_does_not_come_back_is_good_by_the_leaves() -> None:
    a, b, _ = chartered()
    size = a.size_of(a)
    a.say("message", {"text": "lost"})
    for raw in a.poll(b):
        b.receive(a, raw)
    entry = b.say("message", {"text": "cites the first of two"})
    a.say("message", {"text": "lost too"})
    for raw in a.poll(b):
        b.receive(a, raw)
    given = [LogPart(a.own.origin), *parts_of(a, size, size + 2)[1:]]
    set_back(a, size)
    held = a.size_of(b)
    send(b, a, parts_of(b, held, b.size_of(b)))
    assert a.store.labels()[entry] == ("bad citation",)
    send(b, a, given)
    assert a.size_of(a) == size + 2 and a.line.state.logs[a.own.origin].root_at(size + 1) is None
    assert a.store.labels()[entry] == ()


def test_what_a_successor_vouches_for_and_came_after_it_is_not_labelled() -> None:
    """Two histories of the old log are proven, so the new one is taken before all of the old one is here."""
    a, b, _ = chartered()
    size = b.size_of(a)
    show(a, b, theft(a, size))
    assert kinds(b) == ["fork"]
    cut(a, b)
    good = a.say("message", {"text": "vouched for"})
    old = old_of(a)
    left = a.say("message", {"text": "left out"})
    send(a, b, succession_parts(a, *old))
    assert len(b.line.state.sequence[a.party.fpr]) == 2 and b.line.state.logs[old[0]].size == size
    send(a, b, parts_of(a, size, a.size_of(a)))
    labels = b.store.labels()
    assert (labels[good], labels[left]) == ((), ("not vouched for",))


def test_one_log_after_it_that_a_member_holds_is_enough_to_pass_a_rival_on() -> None:
    a, b, _ = chartered()
    old: Any = a.own.origin
    succeed(a, a.party.own_log())
    run(a, b)
    cut(a, b)
    succeed(a, a.party.own_log())
    a.line.write(PutEvidence("k", old, RIVALS, 1, {"one.json": b"{}", "two.json": b"[1]"}))
    a.commit()
    assert [bool(log.receipted) for log in a.line.state.logs.values() if log.put.mine][1:] == [True, False]
    assert a.line.forks.part("k", a.store.head) == ProofPart({"log": old, "successions": [{}, [1]]})


def test_the_first_thing_after_a_start_may_be_a_statement_ahead_of_its_place() -> None:
    a, b, _ = chartered()
    cut(a, b)
    b.crash()
    signed = a.signed("message", {"text": "now"}, precedence="flash")
    send(a, b, early(a, signed, b.size_of(a) + 3))
    assert b.line.state.early[signed.id].labels == ("before charter",), "it cites no assent"


def test_a_leaf_that_nobody_can_read_stays_under_its_own_label_whatever_its_author_knew() -> None:
    a, b, c = three()
    cut(a, b)
    cut(b, c)
    c.say("standing", {"scope": "channel", "state": "suspended", "by": "ministry"})
    run(a, c)
    size = b.size_of(a)
    a.say("incident.report", REPORT)  # on the floor, and cites the standing
    raw = b"no leaf"
    parts = [*parts_of(a, size, a.size_of(a))[:-1], LeafPart(a.size_of(a), raw)]
    send(a, b, [*parts, CheckpointPart(head_over(a, [raw]))])
    name = merkle.leaf_hash(raw).hex()
    assert b.store.labels()[name] == ("malformed leaf",)
    connect(b, c)
    run(b, c)
    assert b.size_of(c) == c.size_of(c) and b.store.labels()[name] == ("malformed leaf",)
    assert list(b.line.state.logs[a.own.origin].kinds)[-1] == "malformed"


def test_a_life_saving_phrase_that_was_read_back_is_not_crossed() -> None:
    a, b, _ = chartered()
    charter = a.line.state.terms_now().charter
    assert charter is not None
    codes = [next(p.code for p in charter.phrases if p.life_saving is saves) for saves in (True, False)]
    cut(a, b)
    phrases = [a.say("phrase", {"code": code, "params": {}}) for code in codes]
    a.crash()
    b.say("standing", {"scope": "channel", "state": "suspended", "by": "ministry"})
    connect(a, b)
    run(a, b)
    labels = a.store.labels()
    assert [labels[entry] for entry in phrases] == [(), ("crossed",)]


def test_what_its_author_declared_in_the_log_before_counts_though_it_comes_later() -> None:
    """As above: the new log is here before the end of the old one."""
    a, b, _ = chartered()
    size, old = b.size_of(a), a.own
    show(a, b, theft(a, size))
    cut(a, b)
    a.say("standing", {"scope": "channel", "state": "suspended", "by": "ministry"})
    rest = parts_of(a, size, size + 1)
    succeed(a, a.party.own_log())
    entry = forced(a, "message", {"text": "it said itself that it would not"})
    b.line.load(PutEpoch(a.party.fpr, 2, a.line.state.epochs[a.party.fpr, 2], {}))
    send(a, b, parts_of(a, 0, a.size_of(a)))
    assert b.store.labels()[entry] == ()
    send(a, b, rest)
    assert b.line.state.logs[old.origin].size == size + 1
    assert b.store.labels()[entry] == ("against standing",)


def test_a_copy_in_a_log_whose_author_knew_of_a_standing_does_not_label_the_entry() -> None:
    a, b, c = three()
    cut(a, c)
    c.say("standing", {"scope": "channel", "state": "suspended", "by": "ministry"})
    run(b, c)
    cut(a, b)
    said = a.signed("message", {"text": "said without knowing"})
    a.line.place([said], a.now)
    a.commit()
    size = a.size_of(b)
    b.say("incident.report", REPORT)  # on the floor, and cites the standing
    copy = leaf_of(b, said, size + 1)
    assert said.body is not None and said.seed is not None
    parts = [*parts_of(b, size, size + 1)[:-1], BodyPart(said.id, said.seed, said.body)]
    send(b, a, [*parts, LeafPart(size + 1, copy), CheckpointPart(head_over(b, [copy]))])
    assert a.size_of(b) == size + 2 and not a.line.state.labels.get(said.id)
    connect(a, c)
    run(a, c)
    assert a.size_of(c) == c.size_of(c)
    assert a.line.state.labels[said.id] == ("crossed",)


def test_every_citation_of_an_entry_is_looked_at() -> None:
    a, b, _ = chartered()
    good = {a.own.origin: [a.size_of(a), canonical.b64(a.line.state.logs[a.own.origin].frontier.root())]}
    bad = {a.own.origin: [a.size_of(a), canonical.b64(seed("another"))]}
    unknown = {f"detente.log/{0:032x}": [1, canonical.b64(seed("unknown"))]}
    size, raws, entries = b.size_of(b), [], []
    for number, seen in enumerate((unknown | good, unknown | bad)):
        signed = b.signed("message", {"text": str(number)})
        placement = {"log": b.own.origin, "index": size + number, "time": b.now, "seen": seen}
        raws.append(statements.encode_leaf(placement, list(signed.signatures), signed.statement))
        entries.append(signed.id)
    leaves = [LeafPart(size + at, raw) for at, raw in enumerate(raws)]
    send(b, a, [LogPart(b.own.origin), *leaves, CheckpointPart(head_over(b, raws))])
    labels = a.store.labels()
    assert [("bad citation" in labels[entry]) for entry in entries] == [False, True]
