# SPDX-License-Identifier: Apache-2.0
"""What the parties say, and what the world expects to become of it by its own reading of the rules."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from detente.errors import DetenteError
from detente.line.events import Event
from detente.line.line import Line
from detente.line.signed import Signed
from detente.seal import canonical
from detente.seal import statement as statements
from tests.line.harness import CHANNEL
from tests.sim.held import Authority, Held
from tests.sim.parties import RANKS

if TYPE_CHECKING:
    from tests.sim.node import SimNode
    from tests.sim.world import World

REPORT = {"what": "shots", "where": "bridge", "when": "2022-02-14T09:00:00Z"}
DATA = ("ack",)
# What a post may say of an entry, one after the other.
WORDS = ("read", "understood", "referred", "declined", "will-answer", "answered")
REACTS = 0.08  # how likely somebody says something of an entry
# Kinds that a suspension of the whole channel leaves open, and those that it closes.
OPEN = frozenset({"incident.report", "ack", "standing", "assent", "charter.amendment", "test"})
CLOSED = frozenset({"message"})
REFUSABLE = frozenset(
    {"no mandate", "revoked", "bad signature", "too late", "unknown kind", "malformed body"}
)

Speech = Callable[["World", "SimNode", random.Random], None]


def make(
    node: SimNode, kind: str, content: dict[str, Any], office: str, signers: Sequence[str] = (), **more: Any
) -> Signed:
    """A signed statement; its seed follows from how many were made before."""
    world = node.world
    world.made += 1
    salt = hashlib.sha256(f"{world.seed}/{node.name}/{world.made}".encode()).digest()
    held: dict[str, Any] = (
        {"data": content, "salt": salt[:16]} if kind in DATA else {"body": content, "seed": salt}
    )
    released = more.pop("released", node.now)
    said = statements.make(
        channel=CHANNEL, party=node.fpr, office=office, kind=kind, released=released, **held, **more
    )
    keys = [node.party.offices[o] for o in (signers or (office,))]
    signatures = tuple(statements.sign(key, said) for key in keys)
    if kind in DATA:
        return Signed(said, signatures)
    return Signed(said, signatures, canonical.encode(content), salt)


def say(node: SimNode, kind: str, content: dict[str, Any], office: str, **more: Any) -> str:
    """Make and place one entry that the world expects to stand if the rules allow it; its id."""
    signed = make(node, kind, content, office, **more)
    note(node, signed, content)
    submit(node, [signed])
    return signed.id


def note(node: SimNode, signed: Signed, content: dict[str, Any]) -> None:
    said = signed.statement
    node.world.said[signed.id] = said["kind"], (said["re"] or [""])[0], str(content.get("state", ""))


def submit(node: SimNode, entries: Sequence[Signed], *, expected: bool | None = True) -> DetenteError | None:
    """Place as the node would; what should become of it is worked out from what the world issued."""
    if not node.up:
        return None
    wanted = [allowed(node, entry) if expected else expected for entry in entries]
    what = ", ".join(sorted({_described(e) for e in entries}))
    verdict = False if False in wanted else None if None in wanted else True
    stopped = node.line.stopped
    troubled = node.trouble is not None
    error = node.step(lambda line: line.place(entries, node.now))
    node.world.log("place", node.name, what, type(error).__name__)
    if not troubled and not stopped:
        node.world.watch.placed(node, what, error, verdict)
    return error


def _described(entry: Signed) -> str:
    said = entry.statement
    floor = " (floor)" if said["kind"] in OPEN else ""
    return f"{said['kind']} by {said['office']}{floor}"


def allowed(node: SimNode, entry: Signed) -> bool | None:
    """Whether it must stand (True), must be refused (False), or may be either (None)."""
    said = entry.statement
    office: Authority = node.held.authority[said["office"]]
    rank = RANKS.index(said["precedence"])
    emergency = bool(said.get("emergency"))
    if not office.allows(said["kind"], rank, len(entry.signatures), node.now, emergency):
        return False
    if said.get("not_after") is not None and node.now > said["not_after"]:
        return False
    if said["kind"] in OPEN or said["kind"] not in CLOSED:
        return True if said["kind"] in OPEN else None
    return _standing(node)


def _standing(node: SimNode) -> bool | None:
    """Whether messages are open to it: known for sure only while nobody has more than one log."""
    if node.world.rolls or any(peer.lies for peer in node.world.nodes.values()):
        return None
    return not any(state in ("suspended", "ended") for state in node.held.standings.values())


def react(node: SimNode, event: Event) -> None:
    """People at a post see what comes in, acknowledge it, answer it, and assent to amendments."""
    world, kind = node.world, event.detail["kind"]
    if kind not in ("charter.amendment", "message", "incident.report", "phrase"):
        return
    name = f"{world.seed}/{node.name}/{event.entry_id}"
    likely = 0.8 if kind == "charter.amendment" else REACTS
    if hashlib.sha256(name.encode()).digest()[0] >= 256 * likely:  # most are let be, and need no generator
        return
    chance = random.Random(name)
    if kind == "charter.amendment":
        world.later(chance.randint(1_000, 600_000), lambda: _later(node, "assent", {}, event.entry_id))
    else:
        wait = chance.randint(20, 400_000)
        if chance.random() < 0.4:
            world.later(wait, lambda: _displayed(node, event.entry_id))
        for state in chance.sample(WORDS, chance.choice([1, 1, 2])):
            wait += chance.randint(20, 400_000)
            world.later(wait, lambda s=state: _acknowledged(node, s, event.entry_id))  # type: ignore[misc]


def _displayed(node: SimNode, entry_id: str) -> None:
    def place(line: Line) -> None:
        said = line.machine("ack", {"state": "displayed"}, node.now, re=[entry_id], office="watch")
        node.world.said[said] = "ack", entry_id, "displayed"

    node.step(place)


def _acknowledged(node: SimNode, word: str, about: str) -> None:
    if word == "answered":
        _later(node, "incident.report", REPORT, about)
    else:
        _later(node, "ack", {"state": word}, about)


def _later(node: SimNode, kind: str, content: dict[str, Any], about: str) -> None:
    if not node.world.quiet:
        say(node, kind, content, "duty", re=[about])


# -- acts ----------------------------------------------------------------------------------------


def message(world: World, node: SimNode, chance: random.Random) -> None:
    rank = chance.choice(["routine", "routine", "routine", "priority", "immediate", "flash"])
    text = "x" * chance.choice([5, 50, 400, 3000])
    say(node, "message", {"text": text}, "duty", precedence=rank)


def batch(world: World, node: SimNode, chance: random.Random) -> None:
    """Bulk, and something urgent right behind it."""
    sizes = [chance.choice([10, 900, 4000]) for _ in range(chance.randint(7, 12))]
    entries = [make(node, "message", {"text": "y" * size}, "duty") for size in sizes]
    for entry in entries:
        note(node, entry, {})
    at_once = chance.choice([4, len(entries)])
    for n in range(0, len(entries), at_once):
        submit(node, entries[n : n + at_once])
    if chance.random() < 0.7:
        say(node, "incident.report", REPORT, "duty", precedence="flash")


def report(world: World, node: SimNode, chance: random.Random) -> None:
    say(node, "incident.report", REPORT, "duty", precedence=chance.choice(RANKS))


def standing(world: World, node: SimNode, chance: random.Random) -> None:
    """Closed for a while, and opened again."""
    body = {"scope": "channel", "state": chance.choice(["suspended", "suspended", "ended"]), "by": "ministry"}
    say(node, "standing", body, "duty")
    back = body | {"state": "normal"}

    def reopen() -> None:
        say(node, "standing", back, "duty")

    world.later(chance.randint(60_000, 7_200_000), reopen)


def phrase(world: World, node: SimNode, chance: random.Random) -> None:
    charter = node.line.state.terms_now().charter
    if charter is not None:
        say(node, "phrase", {"code": chance.choice(charter.phrases).code, "parameters": {}}, "duty")


def desk(world: World, node: SimNode, chance: random.Random) -> None:
    """Four eyes, two eyes in an emergency, and two eyes without one."""
    how = chance.randrange(3)
    signers = ("desk",) if how else ("desk", "duty")
    more: dict[str, Any] = {"emergency": True} if how == 1 else {}
    attempt(node, "incident.report", REPORT, "desk", signers=signers, **more)


def press(world: World, node: SimNode, chance: random.Random) -> None:
    """Within its mandate and beyond: another kind, a higher precedence."""
    kind, content = chance.choice(
        [("message", {"text": "p"}), ("message", {"text": "p"}), ("incident.report", REPORT)]
    )
    attempt(node, kind, content, "press", precedence=chance.choice(["routine", "routine", "flash"]))


def temp(world: World, node: SimNode, chance: random.Random) -> None:
    attempt(node, "incident.report", REPORT, "temp")


def late(world: World, node: SimNode, chance: random.Random) -> None:
    attempt(node, "incident.report", REPORT, "duty", not_after=node.now - chance.randint(1, 10**7))


def forged(world: World, node: SimNode, chance: random.Random) -> None:
    """Signed by somebody else's key under the name of the right one."""
    signed = make(node, "incident.report", REPORT, "duty")
    other = statements.sign(node.party.offices["press"], signed.statement)
    fake = {"key": signed.signatures[0]["key"], "sig": other["sig"]}
    bad = Signed(signed.statement, (fake,), signed.body, signed.seed)
    forbid(node, bad, expected=False)


def attempt(node: SimNode, kind: str, content: dict[str, Any], office: str, **more: Any) -> None:
    """Something that may be beyond a mandate; a liar's node places it all the same."""
    signed = make(node, kind, content, office, **more)
    note(node, signed, content)
    forbid(node, signed, expected=True)


def forbid(node: SimNode, signed: Signed, *, expected: bool) -> None:
    verdict = allowed(node, signed) if expected else False
    if verdict is False and node.lies:
        node.world.watch.forbidden[signed.id] = REFUSABLE
        force(node, signed)
    elif not node.lies:
        submit(node, [signed], expected=expected)


def force(node: SimNode, signed: Signed) -> None:
    """Place what an honest node would not."""
    body = None if signed.body is None else canonical.decode(signed.body, limit=1 << 20)

    def place(line: Any) -> None:
        line._checked = lambda *args: body
        try:
            line.place([signed], node.now)
        finally:
            del line._checked

    node.step(place)


def again(world: World, node: SimNode, chance: random.Random) -> None:
    """The same statement is handed in twice: it stands once."""
    signed = make(node, "incident.report", REPORT, "duty")
    for _ in range(2):
        submit(node, [signed])


def renewed(world: World, node: SimNode, chance: random.Random) -> None:
    """A new mandate for the press office, or the end of the one it has."""
    office = node.held.authority["press"]
    serial = sum(m["doc"].get("office") == "press" for m in node.held.issued) + 1
    if chance.random() < 0.3 and not office.revoked:
        issued = node.party.revocation([m for m in node.held.issued if m["doc"].get("office") == "press"][-1])
        changed = Authority(office.kinds, office.highest, office.needed)
        changed.revoked = True
    else:
        kinds = chance.choice([("message",), ("message", "incident.report")])
        issued, changed = node.party.press(serial, kinds=kinds), Authority(kinds, 0, 1)

    def place(line: Line) -> None:
        entry_id = line.machine("credential", {"credential": issued}, node.now)
        world.issued[entry_id] = took

    def took(held: Held) -> None:
        held.issued.append(issued)
        held.authority["press"] = changed

    node.step(place)


def card(world: World, node: SimNode, chance: random.Random) -> None:
    """A new card with a new kem key: from its commit on the node opens epochs with that."""
    serial = node.serial + 1
    issued = node.party.card_of(serial)

    def took(held: Held) -> None:
        node.serial = max(serial, node.serial)
        node.line.keys = node.keys()
        world.watch.cover.count("kem: changed")

    def place(line: Line) -> None:
        entry_id = line.machine("credential", {"credential": issued}, node.now)
        world.issued[entry_id] = took

    node.step(place)


def amendment(world: World, node: SimNode, chance: random.Random) -> None:
    terms = node.line.state.terms_now()
    if terms.charter_id is not None:
        changes = {"test_every": chance.choice([43_200, 86_400, 172_800])}
        body = {"charter": terms.charter_id, "changes": changes, "reason": "agreed"}
        say(node, "charter.amendment", body, "duty", re=[terms.charter_id])


def test(world: World, node: SimNode, chance: random.Random) -> None:
    data = {"text": "neutral", "n": chance.randrange(100), "lang": "en"}
    node.step(lambda line: line.machine("test", data, node.now, mark="test"))


def epoch(world: World, node: SimNode, chance: random.Random) -> None:
    secret = chance.randbytes(64)
    node.step(lambda line: line.grant(secret, node.now))


SPEECH: dict[str, tuple[Speech, int]] = {
    "message": (message, 22), "batch": (batch, 1), "report": (report, 8), "standing": (standing, 5),
    "phrase": (phrase, 5), "desk": (desk, 6), "press": (press, 8), "temp": (temp, 3), "late": (late, 2),
    "forged": (forged, 2), "again": (again, 2), "renewed": (renewed, 3), "amendment": (amendment, 2),
    "test": (test, 2), "epoch": (epoch, 1), "card": (card, 1),
}  # fmt: skip
