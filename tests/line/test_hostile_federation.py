# SPDX-License-Identifier: Apache-2.0
"""What malicious servers did to a federation of homeservers, tried here: one member against all others.

* CVE-2025-30355: crafted events that a server took in kept it from talking to other servers.
* CVE-2022-39374: events that had been rejected came to count after all, and then everything that the victim
  said was rejected. CVE-2024-31208: working out what counts was made to cost ever more.
* CVE-2026-45076: crafted events kept a server from giving its readers the full history.

The hostile member signs whatever it likes with its own keys. We take it in, go on with the third member both
ways, and pass it on; the third takes it in as we did; nothing is hidden; the work is in proportion to what
came.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from detente.line import rules
from detente.line.labels import BAD_CITATION, BY_RULES
from detente.line.limits import LIMITS
from detente.line.rules import CROSSED
from detente.line.state import State
from detente.line.writes import PutMember
from detente.log import merkle
from detente.log.checkpoint import Checkpoint, sign_checkpoint
from detente.node.records import Records
from detente.record import text
from detente.record.timeline import causal_order, to_json
from detente.seal import canonical
from detente.seal import statement as statements
from detente.seal.packet import BodyPart, CheckpointPart, HavePart, LeafPart, LogPart, Part
from detente.words.entry import DATA_KINDS
from tests.line.durable import durable, join, rest
from tests.line.harness import CHANNEL, T0, Node, Party, chartered, connect, cut, run, seed
from tests.line.test_hostile_peer import send
from tests.line.test_review_hostile import agreed, forced

FAR = 2**53 - 1
NOBODY = "detente.log/" + "7" * 32
SUSPENDED = {"scope": "channel", "state": "suspended", "by": "ministry"}


@dataclass
class Scribe:
    """Writes into the log of ``node`` what no honest node would, and signs the heads."""

    node: Node
    index: int = field(init=False)
    parts: list[Part] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.index = self.node.size_of(self.node)
        self.frontier = self.node.line.state.logs[self.node.own.origin].frontier.copy()

    def add(self, raw: bytes, entry_id: str) -> None:
        self.parts.append(LeafPart(self.index, raw))
        self.ids.append(entry_id)
        self.frontier.append(merkle.leaf_hash(raw))
        self.index += 1

    def say(
        self,
        kind: str,
        content: dict[str, Any],
        *,
        office: str = "duty",
        placement: dict[str, Any] | None = None,
        with_body: bool = True,
        signature: str | None = None,
        **changes: Any,
    ) -> str:
        salt = seed("scribe", self.index)
        named: dict[str, Any] = {"body": content, "seed": salt}
        if kind in DATA_KINDS:
            named = {"data": content, "salt": salt[:16]}
        said = statements.make(
            channel=CHANNEL, party=self.node.party.fpr, office=office, kind=kind, released=T0, **named
        )
        said |= changes
        place = {"log": self.node.own.origin, "index": self.index, "time": self.node.now, "seen": {}}
        party = self.node.party
        key = party.node if office == "node" else party.offices[office]
        signed = statements.sign(key, said) | ({} if signature is None else {"sig": signature})
        raw = statements.encode_leaf(place | (placement or {}), [signed], said)
        entry_id = statements.entry_id(said)
        if kind not in DATA_KINDS and with_body:
            self.parts.append(BodyPart(entry_id, salt, canonical.encode(content)))
        self.add(raw, entry_id)
        return entry_id

    def send(self, to: Node, junk: bytes = b"") -> None:
        """All since the last time, under one good head; ``junk``: further lines of its note."""
        head = Checkpoint(self.node.own.origin, self.index, self.frontier.root())
        note = sign_checkpoint(head, self.node.own.log) + junk
        send(self.node, to, [LogPart(head.origin), *self.parts, CheckpointPart(note)])
        self.parts = []
        assert to.size_of(self.node) == self.index, "any leaf under a good head is kept"


def trio(folder: Path | None = None) -> tuple[Any, Any, Any, Scribe]:
    """The hostile member, we, a third; a charter in force; the hostile one's own line is cut off.

    With a folder over the real store, which compares itself with what a restart reads after every step.
    """
    names = ("BY", "UA", "LT")
    nodes: list[Any]
    if folder is not None:
        nodes = [*durable(folder, names)]
    else:
        parties = [Party(name) for name in names]
        nodes = [Node(p, [o for o in parties if o is not p]) for p in parties]
        join(nodes)
    agreed(nodes)
    by, ua, lt = nodes
    by.say("message", {"text": "under the charter"})
    rest(nodes)
    cut(by, ua)
    cut(by, lt)
    return by, ua, lt, Scribe(by)


def plain(node: Any) -> dict[str, tuple[str, ...]]:
    """Labels but for that on citations: a member gives it only where its own log is cited (protocol §6)."""
    labels: dict[str, tuple[str, ...]] = node.store.labels()
    return {entry: tuple(one for one in held if one != BAD_CITATION) for entry, held in labels.items()}


def the_line_goes_on(ua: Any, lt: Any) -> None:
    """Both ways, also after a restart, and with the same record on both sides."""
    for _ in range(2):
        said = ua.say("message", {"text": "we go on"}, precedence="flash")
        answer = lt.say("message", {"text": "so do we"}, re=[said])
        rest([ua, lt])
        assert lt.store.labels()[said] == () and ua.store.labels()[answer] == ()
        assert ua.line.stopped is None and lt.line.stopped is None
        for origin, log in ua.line.state.logs.items():
            assert lt.line.state.logs[origin].frontier.root() == log.frontier.root()
            if log.put.mine:
                assert log.receipted[lt.party.fpr] == log.size
        ua.crash()
        cut(ua, lt)
        connect(ua, lt)
        rest([ua, lt])
    assert plain(lt) == plain(ua)


def shown(node: Any) -> dict[str, tuple[str, ...]]:
    """Every entry that a reader of this node gets to see, with its labels."""
    store = node.store.db
    store.put_channel(CHANNEL, "channel", "", T0, {})
    entries = Records(store).entries(CHANNEL)
    ordered = causal_order(entries)
    assert sorted(e.id for e in ordered) == sorted(e.id for e in entries)
    drawn = text.timeline(entries, width=100_000)
    assert all(e.ref in drawn for e in entries)
    # As a program reads it, page by page.
    pages = [to_json(e)["id"] for start in range(0, len(ordered), 3) for e in ordered[start : start + 3]]
    assert len(pages) == sum(log.size for log in node.line.state.logs.values())
    return {e.id: e.labels for e in entries}


# CVE-2025-30355 ---------------------------------------------------------------------------------------------


def _future(node: Node) -> dict[str, Any]:
    return {"seen": {node.own.origin: [FAR, canonical.b64(bytes(32))]}}


def _deep(levels: int) -> Any:
    value: Any = 0
    for _ in range(levels):
        value = [value]
    return value


Poison = Callable[[Scribe, Node, Node], object]
POISONS: dict[str, Poison] = {
    "placed at the end of time": lambda s, u, t: s.say("message", {"text": "x"}, placement={"time": FAR}),
    "placed before all time": lambda s, u, t: s.say("message", {"text": "x"}, placement={"time": 0}),
    "released at the end of time": lambda s, u, t: s.say("message", {"text": "x"}, released=FAR),
    "not to be placed after 1970": lambda s, u, t: s.say("message", {"text": "x"}, not_after=0),
    "has seen a head of ours that is not": lambda s, u, t: s.say(
        "message", {"text": "x"}, placement=_future(u)
    ),
    "has seen the third's future": lambda s, u, t: s.say("message", {"text": "x"}, placement=_future(t)),
    "has seen its own future": lambda s, u, t: s.say("message", {"text": "x"}, placement=_future(s.node)),
    "has seen a log of nobody": lambda s, u, t: s.say(
        "message", {"text": "x"}, placement={"seen": {NOBODY: [FAR, canonical.b64(bytes(32))]}}
    ),
    "names entries that are nowhere": lambda s, u, t: s.say(
        "message", {"text": "x"}, re=[seed(n).hex() for n in range(64)], to=[seed(n).hex() for n in range(64)]
    ),
    "must be understood, and cannot": lambda s, u, t: s.say("message", {"text": "x"}, crit=["fold"] * 16),
    "has fields that nobody knows": lambda s, u, t: s.say("message", {"text": "x"}, fold=_deep(28)),
    "of a kind that nobody knows": lambda s, u, t: s.say("x-fold", {"text": "x"}),
    "a body that is not there": lambda s, u, t: s.say("message", {"text": "x"}, with_body=False),
    "a body of the wrong shape": lambda s, u, t: s.say("message", {"text": {"a": FAR}, "lang": []}),
    "a body of direction signs": lambda s, u, t: s.say("message", {"text": "\u202e\u2066\x00\ud7ff" * 50}),
    "no leaf at all": lambda s, u, t: s.add(b"\xff\x00", merkle.leaf_hash(b"\xff\x00").hex()),
    "the largest leaf": lambda s, u, t: s.add(b"x" * 65_535, merkle.leaf_hash(b"x" * 65_535).hex()),
    "a leaf of another place": lambda s, u, t: s.add(
        u.store.leaves(u.own.origin, 0, 1)[0][0],
        merkle.leaf_hash(u.store.leaves(u.own.origin, 0, 1)[0][0]).hex(),
    ),
    "a signature that is none": lambda s, u, t: s.say(
        "message", {"text": "x"}, signature=canonical.b64(bytes(64))
    ),
    "a grant of an epoch that is not": lambda s, u, t: s.say(
        "epoch.grant", {"epoch": FAR, "blobs": {u.party.fpr: "00" * 32}}, office="node"
    ),
    "a succession that the root did not sign": lambda s, u, t: s.say(
        "succession",
        {"succession": {"doc": {"type": "succession"}, "sig": canonical.b64(bytes(64))}},
        office="node",
    ),
    "a refusal of everything": lambda s, u, t: s.say(
        "refusal",
        {"log": u.own.origin, "range": [0, FAR], "entries": [seed("e").hex()] * 256, "reason": "unopened"},
        office="node",
    ),
}


@pytest.mark.parametrize("name", POISONS)
def test_an_entry_that_we_take_in_does_not_keep_us_from_talking(name: str) -> None:
    by, ua, lt, scribe = trio()
    POISONS[name](scribe, ua, lt)
    scribe.send(ua)
    the_line_goes_on(ua, lt)
    assert lt.size_of(by) == scribe.index
    assert scribe.ids[-1] in ua.store.labels()
    after = scribe.say("message", {"text": "after it"})
    scribe.send(ua)
    rest([ua, lt])
    assert plain(ua)[after] == plain(lt)[after] == ()


def test_all_of_it_in_one_packet_is_taken_in_passed_on_and_shown(tmp_path: Path) -> None:
    _, ua, lt, scribe = trio(tmp_path)
    for poison in POISONS.values():
        poison(scribe, ua, lt)
    scribe.send(ua)
    the_line_goes_on(ua, lt)
    assert set(scribe.ids) <= shown(ua).keys() == shown(lt).keys()


def test_the_largest_batch_is_passed_on_with_the_largest_note() -> None:
    """What fits into a packet when it comes must fit into one when it goes on to others."""
    by, ua, _ = chartered()
    third = Party("LT")
    lt = Node(third, [by.party, ua.party])
    ua.line.write(PutMember(third.fpr, third.card))
    ua.line.grant(seed("for the third") * 2, ua.now)
    ua.commit()
    by_log = Scribe(by)
    cut(by, ua)
    for n in range(62):
        by_log.add(b"%d" % n + b"x" * 65_530, "")
    junk = b"".join(f"— junk{n} {canonical.b64(bytes(700))}\n".encode() for n in range(62))
    assert 58_000 < len(junk) < 64_000
    by_log.send(ua, junk)
    connect(ua, lt)
    run(ua, lt)
    assert lt.size_of(by) == by_log.index
    said = ua.say("message", {"text": "behind four megabytes"})
    run(ua, lt)
    assert said in lt.store.labels()


def test_notes_full_of_strangers_lines_count_against_the_quota() -> None:
    """A head is small; sixty-two lines of nobody's beside it are bytes that we would keep for ever."""
    quotas = {"bytes_per_day": 400_000, "entries_per_day": 10_000, "flash_per_hour": 10}
    a, b, _ = chartered(charter={"quotas": quotas})
    cut(a, b)
    scribe = Scribe(a)
    junk = b"".join(f"— junk{n} {canonical.b64(bytes(700))}\n".encode() for n in range(62))
    kept = 0
    for n in range(20):
        scribe.say("message", {"text": str(n)})
        head = Checkpoint(a.own.origin, scribe.index, scribe.frontier.root())
        note = sign_checkpoint(head, a.own.log) + junk
        send(a, b, [LogPart(head.origin), *scribe.parts, CheckpointPart(note)])
        if b.size_of(a) < scribe.index:
            break
        scribe.parts = []
        kept += 1
    assert 0 < kept < 10
    assert b.line.counters["withheld for quota"] == 1
    assert sum(len(note) for note in b.store.heads.values()) < 500_000


# CVE-2022-39374 and CVE-2024-31208 --------------------------------------------------------------------------


def _copied(scribe: Scribe, standing: bytes) -> None:
    """A statement of ours in the hostile member's log."""
    said = statements.decode_leaf(standing).doc
    place = {"log": scribe.node.own.origin, "index": scribe.index, "time": T0, "seen": {}}
    scribe.add(statements.encode_leaf(place, said["signatures"], said["statement"]), "")


REJECTED: dict[str, dict[str, Any]] = {
    "bad signature": {"signature": canonical.b64(bytes(64))},
    "of another channel": {"channel": "ee" * 16},
    "of another party": {"party": "ee" * 32},
    "no mandate": {"office": "duty", "placement": {"time": T0 - 10_000}},
    "not understood": {"crit": ["fold"]},
}


@pytest.mark.parametrize("name", REJECTED)
def test_what_was_rejected_never_comes_to_count(name: str) -> None:
    _, ua, lt, scribe = trio()
    entry = scribe.say("standing", SUSPENDED, **REJECTED[name])
    scribe.say("charter.amendment", {"changes": {"floor": []}}, **REJECTED[name])
    scribe.send(ua)
    assert ua.store.labels()[entry]
    terms = ua.line.state.terms_now()
    the_line_goes_on(ua, lt)
    # What comes later, and rests on it, does not bring it back.
    scribe.say("assent", {}, re=scribe.ids[:2])
    scribe.say("message", {"text": "as we declared"}, re=scribe.ids[:1])
    scribe.send(ua)
    the_line_goes_on(ua, lt)
    assert ua.line.state.terms_now().standings == terms.standings == {}
    assert ua.line.state.terms_now().charter == terms.charter
    assert lt.store.labels()[entry]


def test_a_standing_of_ours_in_another_log_closes_nothing() -> None:
    _, ua, lt, scribe = trio()
    old = ua.signed("standing", SUSPENDED)
    index = {"log": ua.own.origin, "index": 99, "time": T0, "seen": {}}
    _copied(scribe, statements.encode_leaf(index, list(old.signatures), old.statement))
    scribe.send(ua)
    the_line_goes_on(ua, lt)
    assert not ua.line.state.terms_now().standings


def test_a_charter_that_only_the_hostile_member_wants_binds_nobody_else() -> None:
    _, ua, lt, scribe = trio()
    body = dict(_charter_of(ua)) | {"floor": [], "members": [_charter_of(ua)["members"][0]]}
    scribe.say("charter", body)
    scribe.say(
        "charter.amendment", {"charter": _charter_id(ua), "changes": {"floor": []}}, re=[_charter_id(ua)]
    )
    scribe.send(ua)
    before = ua.line.state.terms_now().charter
    the_line_goes_on(ua, lt)
    assert ua.line.state.terms_now().charter == before


def _charter_id(node: Node) -> str:
    found = node.line.state.terms_now().charter_id
    assert found is not None
    return found


def _charter_of(node: Node) -> dict[str, Any]:
    rule = next(r for r in node.line.state.rules.rules if r.kind == "charter")
    return dict(rule.body)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often it is worked out what an entry's author could know, and whether a standing closes a kind."""
    calls: Counter[str] = Counter()
    order, closes = State._order, rules.closes

    def ordering(self: State, *args: Any, **named: Any) -> list[str]:
        calls["judged"] += 1
        return order(self, *args, **named)

    def closing(*args: Any) -> bool:
        calls["compared"] += 1
        return closes(*args)

    monkeypatch.setattr(State, "_order", ordering)
    monkeypatch.setattr(rules, "closes", closing)
    return calls


@pytest.mark.parametrize("state", ["suspended", "normal"])
def test_a_member_that_declares_again_and_again_does_not_make_us_judge_all_anew(
    state: str, counted: Counter[str]
) -> None:
    """It cites nothing, so by its own word each of its standings crosses all that we ever said."""
    a, b, _ = chartered()
    ours, theirs = 120, 60
    b.line.place([b.signed("message", {"text": str(n)}) for n in range(ours)], b.now)
    b.commit()
    cut(a, b)
    scribe = Scribe(a)
    for n in range(theirs):
        scribe.say("standing", SUSPENDED | {"state": state, "reason": str(n)})
    counted.clear()
    scribe.send(b)
    assert counted["judged"] <= 2 * ours + 2 * theirs
    assert counted["compared"] <= 4 * (ours + theirs)


def test_a_standing_that_lists_without_end_is_read_once(counted: Counter[str]) -> None:
    a, b, _ = chartered()
    cut(a, b)
    scribe = Scribe(a)
    scribe.say("standing", SUSPENDED | {"closes": [f"x-{n}" for n in range(5_000)]})
    scribe.send(b)
    [rule] = [r for r in b.line.state.rules.rules if r.kind == "standing"]
    closed = rule.closed
    for n in range(20):
        b.say("message", {"text": str(n)})
    assert rule.closed is closed
    assert "message" not in closed


def crossed(node: Node, origin: str, index: int) -> bool:
    """Protocol §6, word for word: a standing that the author had not seen, nor its author the entry."""
    state = node.line.state
    log = state.logs[origin]
    charter = state.terms_now().charter
    return any(
        rule.party != log.party
        and rule.index >= log.saw(index, rule.origin)
        and index >= state.logs[rule.origin].saw(rule.index, origin)
        and rules.closes(rule, log.kinds[index], charter)
        for rule in state.rules.rules
        if rule.kind == "standing"
    )


@pytest.mark.parametrize("number", range(12))
def test_what_is_looked_up_is_what_a_search_through_all_would_find(number: int) -> None:
    chance = random.Random(number)
    a, b, _ = chartered()
    for _ in range(40):
        node = chance.choice([a, b])
        if chance.random() < 0.4:
            run(a, b)
        closes = chance.choice([[], ["message"], ["incident.report"], ["message", "note"], None])
        standing = {"scope": "channel", "state": chance.choice(["suspended", "normal"]), "by": "x"}
        kind, body = chance.choice(
            [
                ("message", {"text": "x"}),
                ("standing", standing | ({} if closes is None else {"closes": closes})),
            ]
        )
        if chance.random() < 0.3:  # as if it had seen nothing of the other
            node.line._seen = dict  # type: ignore[method-assign]
        forced(node, kind, body)
        node.line.__dict__.pop("_seen", None)
    run(a, b)
    # What was forced into a log its own node did not judge; the other one did.
    for node, author in ((a, b), (b, a)):
        log, kept = node.line.state.logs[author.own.origin], node.store.labels()
        judged = [n for n, entry in enumerate(log.ids) if not (BY_RULES - {CROSSED}) & set(kept[entry])]
        found = [n for n in judged if CROSSED in kept[log.ids[n]]]
        assert found == [n for n in judged if crossed(node, log.origin, n)]


def test_what_is_missing_is_asked_for_once_not_for_ever() -> None:
    """A head far ahead of what is here, again and again: one answer in two seconds, no work for its size."""
    a, b, _ = chartered()
    start = b.size_of(a)
    answers = 0
    for n in range(50):
        note = sign_checkpoint(Checkpoint(a.own.origin, FAR - n, seed("root", n)), a.own.log)
        send(a, b, [LogPart(a.own.origin), LeafPart(FAR - n - 1, b"{}"), CheckpointPart(note)])
        answers += len(b.poll(a))
    assert answers <= 1
    assert b.size_of(a) == start
    b.now += LIMITS.gap_answer + 1
    note = sign_checkpoint(Checkpoint(a.own.origin, FAR, seed("root")), a.own.log)
    send(a, b, [LogPart(a.own.origin), CheckpointPart(note)])
    assert len(b.poll(a)) == 1


def test_references_into_nothing_make_nobody_ask_anything() -> None:
    by, ua, lt, scribe = trio()
    ua.line.connected(by.party.fpr)
    send(by, ua, [HavePart({"logs": {}, "epochs": {ua.party.fpr: 1}})])
    while ua.poll(by):
        pass
    for n in range(20):
        names = [seed(n, m).hex() for m in range(64)]
        scribe.say(
            "message", {"text": "x"}, re=names, placement={"seen": {NOBODY: [n, canonical.b64(bytes(32))]}}
        )
    scribe.send(ua)
    # One cosignature; nobody is asked for what was named.
    assert len(ua.poll(by)) == 1 and not ua.poll(by)
    sent = ua.poll(lt)
    for raw in sent:
        lt.receive(ua, raw)
    assert lt.size_of(by) == scribe.index
    the_line_goes_on(ua, lt)


def test_refusals_of_what_we_never_said_open_no_epochs() -> None:
    a, b, _ = chartered()
    cut(a, b)
    scribe, before = Scribe(a), len(b.events)
    for n in range(10):
        data = {"log": b.own.origin, "range": [0, FAR], "entries": [seed(n).hex()], "reason": "unopened"}
        scribe.say("refusal", data, office="node")
    scribe.send(b)
    assert "epoch wanted" not in {event.name for event in b.events[before:]}


# CVE-2026-45076 ---------------------------------------------------------------------------------------------


def test_no_entry_hides_the_history_before_or_after_it(tmp_path: Path) -> None:
    """Times that run backwards, logs that cite each other in a circle, one id twice: all of it is shown."""
    _, ua, lt, scribe = trio(tmp_path)
    honest = [ua.say("message", {"text": f"before {n}"}) for n in range(3)]
    scribe.say("message", {"text": "first"}, placement={"time": FAR, **_future(ua)})
    twice = scribe.say("message", {"text": "second"}, placement={"time": 0})
    scribe.say("message", {"text": "third"}, re=[twice, twice, honest[0]], placement=_future(scribe.node))
    raw = next(part.raw for part in reversed(scribe.parts) if isinstance(part, LeafPart))
    scribe.add(raw, "")  # the same leaf where it does not belong
    scribe.send(ua)
    honest += [ua.say("message", {"text": f"after {n}"}) for n in range(3)]
    rest([ua, lt])
    for node in (ua, lt):
        seen = shown(node)
        assert {*honest, *scribe.ids[:3]} <= seen.keys()
        assert all(seen[entry] == () for entry in honest)
    the_line_goes_on(ua, lt)
