# SPDX-License-Identifier: Apache-2.0
"""Two parties at work in this process, over a real line on this machine, going through a list of steps.

The demo and the historical cases are made of this: real homes, real keys, real logs; only the words are
given.
"""

from __future__ import annotations

import asyncio
import re as regex
import secrets
import socket
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from detente.errors import FatalError, RefusedError
from detente.line.signed import Signed
from detente.node.author import Author, unlock_author
from detente.node.control import Running, running
from detente.node.home import Home
from detente.node.keystore import add_office, create_party, unlock_root
from detente.node.runtime import clock_ms
from detente.record.entry import Entry
from detente.words.charter import charter_body
from detente.words.testtexts import text as test_text

Basis = Literal["page", "facts", "replay"]
Where = Literal["line", "register"]
DUTY, DESK, RELEASE = "duty", "desk", "release"
EXERCISE = "exercise"
_PLACE = regex.compile(r"\{(id|ref):([^{}]+)\}")
PATIENCE = 20.0
"""How long (s) a step may take to come as far as it is meant to."""


@dataclass(frozen=True)
class Step:
    """One thing that a party says. ``key`` names it for later steps, which refer to it in ``re``.

    ``says``: one line for people. ``basis``: whether a page tells of it (``findings`` are what it rests on),
    the facts of a case add it (``source`` names them), or the replay itself does. ``refused``: our own node
    is meant to refuse it. ``read``: the other side's duty officer acknowledges it. ``urgent``: a post
    shows it.
    ``at``: when (ms) in a replay with a clock of its own. ``arrives``: whether the other node is there.
    """

    key: str
    by: str
    kind: str
    says: str
    body: Mapping[str, Any] = field(default_factory=dict)
    re: tuple[str, ...] = ()
    office: str = DESK
    precedence: str = "routine"
    mark: str = EXERCISE
    basis: Basis = "replay"
    source: str = ""
    findings: tuple[str, ...] = ()
    refused: bool = False
    read: bool = True
    urgent: bool = False
    where: Where = "line"
    at: int | None = None
    arrives: bool = True


@dataclass(frozen=True)
class Done:
    """What became of a step: its entry, or why our own node refused it; ``ms`` until its state."""

    step: Step
    id: str | None
    ref: str | None
    state: str
    ms: float
    refused: str | None = None
    displayed: float | None = None


class Clock:
    """A party's clock in ms: this machine's, or one that is set by hand for a replay of the past."""

    def __init__(self, start: int | None = None) -> None:
        self._now = start

    @property
    def simulated(self) -> bool:
        """Whether it is set by hand."""
        return self._now is not None

    def __call__(self) -> int:
        """Now."""
        return clock_ms() if self._now is None else self._now

    def set(self, at: int | None) -> None:
        """Go to ``at``; a clock set by hand never goes back."""
        if self._now is not None and at is not None:
            self._now = max(self._now, at)

    def shifted(self, ahead: int) -> Callable[[], int]:
        """The clock of a party that is ``ahead`` (ms) of this one."""
        return lambda: self() + ahead

    def pass_(self, ms: int) -> None:
        """Let time go by on a clock set by hand."""
        if self._now is not None:
            self._now += ms


@dataclass(frozen=True)
class Persona:
    """Who a party is. ``passphrase`` opens its service keys, ``office`` those of its offices; its clock is
    ``ahead`` (ms) of the replay's."""

    side: str
    name: str
    endpoint: str
    passphrase: str
    office: str
    ahead: int = 0

    def unlock(self) -> str:
        """What opens the service keys."""
        return self.passphrase


@dataclass(frozen=True)
class Party:
    """A party with its node at work."""

    persona: Persona
    home: Home
    here: Running
    authors: Mapping[str, Author]

    @property
    def side(self) -> str:
        """Its short id."""
        return self.persona.side

    async def call(self, name: str, **arguments: Any) -> Any:
        """One operation of its node."""
        return await self.here.operations.call(name, arguments)


def persona(side: str, name: str, ahead: int = 0) -> Persona:
    """A party of a replay on a free port of this machine, with passphrases of its own."""
    words = ["-".join(secrets.token_hex(2) for _ in range(4)) for _ in range(2)]
    return Persona(side, name, f"https://127.0.0.1:{_free_port()}", words[0], words[1], ahead)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _make(place: Path, who: Persona, now: int) -> tuple[Home, dict[str, Author]]:
    """A home with a duty officer who signs alone, and a desk whose words a second office releases."""
    home = create_party(
        place / who.side, who.side, who.name, who.endpoint, "en", who.passphrase, who.office, None, now
    )
    root = unlock_root(home, who.passphrase)
    for office, title in ((DESK, "Desk officer"), (RELEASE, "Releasing authority")):
        add_office(
            home,
            root,
            office,
            office_pass=who.office,
            now=now,
            title=title,
            precedence="immediate",
            k=2,
            of=(DESK, RELEASE),
        )
    return home, {name: unlock_author(home, name, who.office) for name in (DUTY, DESK, RELEASE)}


@asynccontextmanager
async def parties(place: Path, who: Sequence[Persona], clock: Clock) -> AsyncIterator[dict[str, Party]]:
    """Make the parties' homes in ``place``, let them meet, and run their nodes until the block ends.

    Keys are made in threads: each passphrase costs a fifth of a second, on purpose. RefusedError: a home is
    there already.
    """
    made = await asyncio.gather(*(asyncio.to_thread(_make, place, one, clock()) for one in who))
    async with AsyncExitStack() as stack:
        found = {}
        for one, (home, authors) in zip(who, made, strict=True):
            listen = one.endpoint.removeprefix("https://")
            own = clock.shifted(one.ahead)
            run = running(home, one.unlock, listen=listen, clock=own, clockwork=not clock.simulated)
            found[one.side] = Party(one, home, await stack.enter_async_context(run), authors)
        for party in found.values():
            for other in found.values():
                if other is not party:
                    await party.call("meet", card=other.home.card())
        yield found


class Exchange:
    """A channel between two parties, and what is said in it, step by step."""

    def __init__(self, found: Mapping[str, Party], clock: Clock) -> None:
        self.parties = dict(found)
        self.clock = clock
        self.channel = ""
        self.registers: dict[str, tuple[str, str]] = {}
        self.done: list[Done] = []
        self.ids: dict[str, str] = {}
        self.refs: dict[str, str] = {}
        self._tests: dict[str, int] = {}

    async def open(self, proposer: str, **charter: Any) -> None:
        """Propose a charter, wait for the other side's assent: both its steps count as done."""
        began = time.perf_counter()
        first, second = self.parties[proposer], self._other(proposer)
        members = [
            {"fingerprint": one.home.info.fingerprint, "id": one.side, "name": one.home.info.name}
            for one in self.parties.values()
        ]
        self.channel = secrets.token_hex(16)
        body = charter_body(members, **charter)
        signed = await self._signed(first, self.channel, Step("charter", proposer, "charter", "", body))
        kept = await first.call(
            "new_channel", **{"with": [second.home.info.fingerprint], "charter": signed.to_json()}
        )
        kept = await self._release(first, signed, kept)
        await first.call("wait", channel=self.channel, id=kept["id"], timeout=PATIENCE)
        regimes = ", ".join(charter.get("regimes", ())) or "no regime"
        step = Step("charter", proposer, "charter", f"proposes the charter of this line ({regimes})", body)
        self._note(step, kept, "delivered", began)
        await second.call("wait_channel", channel=self.channel, timeout=PATIENCE)
        await self.play(
            Step("assent-charter", second.side, "assent", "assents: the line is open", re=("charter",))
        )
        await first.call("wait_channel", **{"channel": self.channel, "for": "open", "timeout": PATIENCE})

    async def open_register(self, keeper: str, about: str, purpose: str) -> None:
        """A register of ``keeper`` about a side without a node."""
        party = self.parties[keeper]
        register = secrets.token_hex(16)
        self.registers[register] = (keeper, about)
        me = {"fingerprint": party.home.info.fingerprint, "id": keeper, "name": party.home.info.name}
        body = charter_body([me], purpose=purpose, about=about)
        signed = await self._signed(party, register, Step("", keeper, "charter", "", body))
        kept = await party.call("register", about=about, charter=signed.to_json())
        await self._release(party, signed, kept)

    async def play(self, step: Step) -> Done:
        """Say one thing, and wait until it has come as far as it is meant to."""
        self.clock.set(step.at)
        if step.kind == "test":
            return await self._test(step)
        party = self.parties[step.by]
        channel = self.channel if step.where == "line" else list(self.registers)[-1]
        began = time.perf_counter()
        signed = await self._signed(party, channel, step)
        try:
            kept = await party.call("submit", channel=channel, signed=signed.to_json())
            kept = await self._release(party, signed, kept)
        except RefusedError as error:
            if not step.refused:
                raise
            if any(draft["id"] == signed.id for draft in await party.call("drafts")):
                await party.call("draft_recall", id=signed.id)
            return self._note(step, {}, "refused", began, refused=str(error))
        if step.refused:
            raise FatalError(f"{step.key} was placed, though a standing closes {step.kind}")
        if step.where == "register" or not step.arrives:
            return self._note(step, kept, "kept", began)
        return await self._arrive(step, party, kept, began)

    async def _arrive(self, step: Step, party: Party, kept: dict[str, Any], began: float) -> Done:
        entry_id = kept["id"]
        await self._wait(party, entry_id, "delivered")
        state, displayed = "delivered", None
        if step.urgent:
            post = self._other(step.by)
            await post.call("displayed", channel=self.channel, id=entry_id, post="watch")
            await self._wait(party, entry_id, "displayed")
            displayed = 1000 * (time.perf_counter() - began)
        if step.read:
            self.clock.pass_(60_000)
            await self.acknowledge(self._other(step.by), entry_id)
            await self._wait(party, entry_id, "read")
            state = "read"
        return self._note(step, kept, state, began, displayed=displayed)

    async def _wait(self, party: Party, entry_id: str, mark: str) -> None:
        await party.call(
            "wait", **{"channel": self.channel, "id": entry_id, "for": mark, "timeout": PATIENCE}
        )

    async def acknowledge(self, party: Party, entry_id: str) -> None:
        """The duty officer of ``party`` has read an entry."""
        ack = party.authors[DUTY].make(
            self.channel,
            "ack",
            {"state": "read"},
            re=[entry_id],
            mark=EXERCISE,
            now_ms=party.here.node.clock(),
        )
        await party.call("submit", channel=self.channel, signed=ack.to_json())

    async def _signed(self, party: Party, channel: str, step: Step) -> Signed:
        re = [self.ids[key] for key in step.re]
        body = {name: self._resolved(value) for name, value in step.body.items()}
        return party.authors[step.office].make(
            channel,
            step.kind,
            body,
            re=re,
            precedence=step.precedence,
            mark=step.mark,
            now_ms=party.here.node.clock(),
        )

    def _resolved(self, value: Any) -> Any:
        """``{id:key}`` and ``{ref:key}`` stand for the entry of an earlier step."""
        if isinstance(value, dict):
            return {name: self._resolved(inner) for name, inner in value.items()}
        found = _PLACE.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            return value
        return self.ids[found[2]] if found[1] == "id" else self.refs[found[2]]

    async def _release(self, party: Party, signed: Signed, kept: dict[str, Any]) -> dict[str, Any]:
        """Four eyes: what the desk drafted, the releasing authority signs too."""
        if kept.get("state") != "awaiting release":
            return kept
        second = party.authors[RELEASE].sign(signed.statement)
        released: dict[str, Any] = await party.call("draft_release", id=kept["id"], signature=second)
        return released

    async def _test(self, step: Step) -> Done:
        """A line test, which only the machine may say."""
        party = self.parties[step.by]
        node, number = party.here.node, self._tests.get(step.by, 0) + 1
        began = time.perf_counter()
        self._tests[step.by] = number
        with node.step(self.channel) as line:
            data = {"text": test_text(number), "n": number, "lang": "en"}
            entry_id = line.machine("test", data, node.clock(), mark="test")
        await self._wait(party, entry_id, "delivered")
        return self._note(step, party.here.operations.placed(self.channel, entry_id), "delivered", began)

    def _note(
        self,
        step: Step,
        kept: Mapping[str, Any],
        state: str,
        began: float,
        *,
        refused: str | None = None,
        displayed: float | None = None,
    ) -> Done:
        entry_id, took = kept.get("id"), 1000 * (time.perf_counter() - began)
        if entry_id is not None:
            self.ids[step.key], self.refs[step.key] = entry_id, str(kept.get("ref"))
        done = Done(step, entry_id, kept.get("ref"), state, took, refused, displayed)
        self.done.append(done)
        return done

    def _other(self, side: str) -> Party:
        return next(party for party in self.parties.values() if party.side != side)

    async def settle(self) -> None:
        """Wait until every receipt is in, so that both sides hold the same record."""
        for party in self.parties.values():
            await party.call("sync", timeout=PATIENCE)

    def entries(self, side: str) -> list[Entry]:
        """The line's record as one party holds it."""
        return self.parties[side].here.operations.records.entries(self.channel)

    def noted(self, register: str) -> list[Entry]:
        """The entries of a register."""
        return self.parties[self.registers[register][0]].here.operations.records.entries(register)
