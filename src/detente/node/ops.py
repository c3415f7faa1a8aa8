# SPDX-License-Identifier: Apache-2.0
"""What people may ask of their node: the desk (draft, sign, release), placing, waiting, watching.

Each operation takes and returns JSON values; the console, the command line and the control socket all come
through here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from detente.errors import RefusedError, UnreachableError, UsageError
from detente.line.signed import Signed
from detente.node.desk import Desk
from detente.node.forks import proof_files
from detente.node.records import Records, Window
from detente.node.runtime import Node, read_credential
from detente.record.entry import Entry
from detente.seal.canonical import b64
from detente.seal.keys import fingerprint_words

ACKS = ("displayed", "read", "understood", "referred", "declined", "will-answer", "answered")
# What counts as having come as far as was waited for: a later mark implies the earlier ones.
REACHED = {"displayed": frozenset(ACKS), "read": frozenset(ACKS[1:])}


class Operations:
    """All operations of one node, by name."""

    def __init__(self, node: Node) -> None:
        self.node = node
        # What pages and waiting commands ask for: a long record must not take the node's time and memory.
        self.records = Records(node.store, Window(), node.known)
        self.desk = Desk(node)
        self._table: dict[str, Callable[..., Awaitable[Any]]] = {
            name.removeprefix("op_"): getattr(self, name) for name in dir(self) if name.startswith("op_")
        }

    async def call(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """One operation. Raises DetenteError; UsageError for an unknown one or wrong arguments."""
        operation = self._table.get(name)
        if operation is None:
            raise UsageError(f"the node has no operation {name!r}")
        try:
            # Words of Python: the operations call them `for_`, `with_` and `id_`.
            renamed = {f"{k}_" if k in ("for", "with", "id") else k: v for k, v in arguments.items()}
            return await operation(**renamed)
        except TypeError as error:
            if "argument" not in str(error):
                raise
            raise UsageError(f"{name}: {error}") from None

    # -- parties and channels ------------------------------------------------------------------

    async def op_status(self) -> dict[str, Any]:
        """The node at a glance."""
        node = self.node
        serving = node.home.serving() or {}
        channels = []
        for channel, line in node.lines.items():
            peers = [self._peer_facts(peer) for peer in line.peers]
            channels.append(
                {
                    "channel": channel,
                    "state": self.records.channel_state(channel),
                    "peers": peers,
                    "stopped": line.stopped,
                    "unsent": line.unsent(),
                    "refused_packets": line.counters["refused packets"],
                }
            )
        return {
            "party": node.home.info.party,
            "fingerprint": node.me,
            "serving": bool(serving),
            "line": serving.get("line"),
            "console": serving.get("console"),
            "channels": channels,
            "unsent": sum(line.unsent() for line in node.lines.values()),
            "instance": node.store.bar,
            "posts": sorted(node.posts),
            "fatal": None if node.fatal is None else str(node.fatal),
        }

    def _peer_facts(self, peer: str) -> dict[str, Any]:
        facts = self.node.link_facts.get(peer, {})
        return {
            "party": self.node.short(peer),
            "fingerprint": peer,
            "connected": peer in self.node.links,
            "path": facts.get("path"),
            "rtt_ms": facts.get("rtt_ms"),
            "last_heard": facts.get("last_heard"),
            "fault": facts.get("fault"),
            "error": facts.get("error"),
        }

    async def op_health(self) -> dict[str, Any]:
        """How the paths to each peer do."""
        peers = {peer for line in self.node.lines.values() for peer in line.peers}
        return {"peers": [self._peer_facts(peer) for peer in sorted(peers)]}

    async def op_meet(self, card: dict[str, Any]) -> dict[str, Any]:
        """Take in another party's card, whose fingerprint a person has compared."""
        document, parsed = read_credential(card)
        if parsed.party == self.node.me:
            raise RefusedError("this is our own card")
        known = self.node.peer_card(parsed.party)
        if known is not None and known.serial > parsed.serial:
            raise RefusedError(f"a newer card of {parsed.id} is here already (serial {known.serial})")
        for row in self.node.store.peers():
            if row["card"]["doc"]["id"] == parsed.id and row["party"] != parsed.party:
                raise RefusedError(
                    f"another party is known here as {parsed.id}, with fingerprint {row['party']}"
                )
        self.node.store.put_peer(parsed.party, document, self.node.clock())
        return {
            "party": parsed.id,
            "name": parsed.name,
            "fingerprint": parsed.party,
            "words": fingerprint_words(parsed.party),
        }

    async def op_peers(self) -> list[dict[str, Any]]:
        """Parties met."""
        found = []
        for row in self.node.store.peers():
            doc = row["card"]["doc"]
            found.append(
                {
                    "party": doc["id"],
                    "name": doc["name"],
                    "fingerprint": row["party"],
                    "met": row["met"],
                    "words": fingerprint_words(row["party"]),
                    "endpoints": doc["endpoints"],
                }
            )
        return found

    async def op_new_channel(self, with_: list[str], charter: dict[str, Any]) -> dict[str, Any]:
        """Open a channel with parties met and place its charter."""
        members = {self.node.me: self.node.card()}
        for fpr in with_:
            row = self.node.store.peer(fpr)
            if row is None:
                raise RefusedError(f"no party with fingerprint {fpr[:12]} was met; see: detente meet")
            members[fpr] = row["card"]
        if len(members) < 2:
            raise UsageError(
                "a channel is with another party; for notes of one's own there is: channel register"
            )
        about = ", ".join(self.node.store.peer(f)["card"]["doc"]["id"] for f in with_)  # type: ignore[index]
        return await self._open(charter, "channel", about, members)

    async def op_register(self, about: str, charter: dict[str, Any]) -> dict[str, Any]:
        """Open a register about a side without a node."""
        return await self._open(charter, "register", about, {self.node.me: self.node.card()})

    async def _open(
        self, charter: dict[str, Any], kind: str, about: str, members: dict[str, Any]
    ) -> dict[str, Any]:
        signed = Signed.from_json(charter)
        channel = str(signed.statement["channel"])
        if channel in self.node.lines:
            raise RefusedError(f"there is a channel {channel} already")
        line = self.node.open_line(channel, kind, about, members)
        try:
            result = await self.op_submit(channel, charter)
        except RefusedError as error:
            raise RefusedError(
                f"the channel {channel} is open here but its charter was not placed: {error}"
            ) from None
        for peer in line.peers:
            self.node.wake(peer)
        return {"channel": channel} | result

    async def op_wait_channel(
        self, channel: str, for_: str = "proposal", timeout: float = 60.0
    ) -> dict[str, Any]:
        """Wait until a channel is known (``proposal``) or its charter is in force (``open``)."""

        def there() -> bool:
            state = self.records.channel_state(channel) if channel in self.node.lines else None
            return state == "open" if for_ == "open" else state is not None

        await self._until(there, timeout, f"channel {channel[:12]} is not there yet ({for_})")
        return {"channel": channel, "state": self.records.channel_state(channel)}

    async def op_add_credential(self, credential: dict[str, Any]) -> dict[str, Any]:
        """Keep a root-signed credential of ours and place it in every log (a mandate, a revocation, a new
        card)."""
        return self.desk.add_credential(credential)

    async def op_heard(self, channel: str, timeout: float = 10.0) -> dict[str, Any]:
        """Wait until all that the other members hold of this channel is here; ``missing``: who was not
        heard."""
        line = self.node.line(channel)
        try:
            await self._until(line.heard_whole, timeout, "not heard")
        except UnreachableError:
            return {"missing": sorted(self.node.short(party) for party in line.unheard())}
        return {"missing": []}

    async def op_succession_request(self, channel: str) -> dict[str, Any]:
        """What the root key has to sign so that this channel goes on in a new log."""
        line = self.node.line(channel)
        log = line.state.own_log()
        if log is None:
            raise RefusedError("this channel has no log of ours to succeed")
        head = log.head_sizes[-1] if log.head_sizes else 0
        root = b64(log.head_roots[-1]) if log.head_roots else b64(log.frontier.root())
        return {
            "channel": channel,
            "old": {"origin": log.origin, "size": head, "root": root},
            "new": self.node.unused_log().origin,
        }

    async def op_succeed(self, channel: str, succession: dict[str, Any]) -> dict[str, Any]:
        """Go on in a new log under a root-signed succession (protocol §5)."""
        return self.desk.succeed(channel, succession)

    async def op_forks(self) -> list[dict[str, Any]]:
        """Evidence of broken promises, ours or theirs."""
        found = []
        for channel in self.node.lines:
            for evidence in self.node.store.evidence(channel):
                files = {
                    name: raw.decode("utf-8", "replace")
                    for name, raw in proof_files(self.node.store, evidence).items()
                }
                found.append(
                    {
                        "channel": channel,
                        "log": evidence.origin,
                        "what": evidence.what,
                        "at": evidence.at,
                        "files": files,
                    }
                )
        return found

    # -- entries -------------------------------------------------------------------------------

    async def op_submit(self, channel: str, signed: dict[str, Any]) -> dict[str, Any]:
        """Place a statement, or keep it as a draft where its mandate asks for more signatures."""
        entry = Signed.from_json(signed)
        waiting = self.desk.awaits(channel, entry)
        if waiting is not None:
            return waiting
        await self.node.place_soon(channel, entry)
        return self.placed(channel, entry.id)

    def placed(self, channel: str, entry_id: str) -> dict[str, Any]:
        """What is told of an entry that now stands."""
        line = self.node.line(channel)
        origin, index = line.state.where[entry_id]
        log = line.state.logs[origin]
        return {
            "id": entry_id,
            "ref": f"{self.node.short(log.party)}-{log.put.base + index}",
            "state": "kept",
            "channel": channel,
        }

    async def op_wait(
        self, channel: str, id_: str, for_: str = "delivered", timeout: float = 60.0
    ) -> dict[str, Any]:
        """Wait until an entry of ours has come that far with every other member."""
        if for_ == "delivered":
            try:
                await asyncio.wait_for(self.node.when_delivered(channel, id_), timeout)
            except TimeoutError:
                raise UnreachableError(
                    self._why_not(channel, f"not delivered within {timeout:g} s")
                ) from None
        elif for_ in REACHED:
            await self._until(
                lambda: self._reached(channel, id_, for_), timeout, f"not {for_} within {timeout:g} s"
            )
        elif for_ != "kept":
            raise UsageError(f"cannot wait for {for_!r}; there are kept, delivered, displayed, read")
        entry = self._entry(id_)
        return {
            "id": id_,
            "ref": entry.ref,
            "state": entry.state,
            "marks": {p: dict(m) for p, m in entry.marks.items()},
        }

    def _reached(self, channel: str, entry_id: str, mark: str) -> bool:
        entry = self._entry(entry_id)
        peers = [self.node.short(p) for p in self.node.line(channel).peers]
        return all(REACHED[mark] & set(entry.marks.get(p, {})) for p in peers)

    def _entry(self, entry_id: str) -> Entry:
        entry = self.records.entry(entry_id)
        if entry is None:
            raise RefusedError(f"no entry {entry_id[:12]} here")
        return entry

    def _why_not(self, channel: str, what: str) -> str:
        peers = [self._peer_facts(p) for p in self.node.line(channel).peers]
        down = [p for p in peers if not p["connected"]]
        if not down:
            return f"{what}; the line is up"
        return "; ".join(
            [what, *(f"no path to {p['party']}: {p['error'] or 'not connected yet'}" for p in down)]
        )

    async def _until(self, holds: Callable[[], bool], timeout: float, what: str) -> None:
        """Wait on the node's events, looking again after each."""
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout
        with self.node.listen() as events:
            while not holds():
                left = end - loop.time()
                if left <= 0:
                    raise UnreachableError(what)
                try:
                    await asyncio.wait_for(events.get(), min(left, 1.0))
                except TimeoutError:
                    continue

    async def op_sync(self, timeout: float = 10.0) -> dict[str, Any]:
        """Wait until everything of ours is receipted."""
        await self._until(
            lambda: not any(line.unsent() for line in self.node.lines.values()),
            timeout,
            "not all is delivered yet; it is kept and will go out",
        )
        return {"unsent": 0}

    # -- the desk ------------------------------------------------------------------------------

    async def op_drafts(self) -> list[dict[str, Any]]:
        """Drafts and releases that can still be recalled."""
        return self.desk.list()

    async def op_draft_show(self, id_: str) -> dict[str, Any]:
        """One draft with its statement and body."""
        return self.desk.show(id_)

    async def op_draft_sign(self, id_: str, signature: dict[str, Any]) -> dict[str, Any]:
        """One more office's signature."""
        return self.desk.sign(id_, signature)

    async def op_draft_release(self, id_: str, signature: dict[str, Any] | None = None) -> dict[str, Any]:
        """Place a draft whose signatures suffice, or hold it for the recall time."""
        if signature is not None:
            self.desk.sign(id_, signature)
        held = self.desk.release(id_)
        if isinstance(held, dict):
            return held
        channel, entry = held
        await self.node.place_soon(channel, entry)
        self.desk.done(id_, "released")
        return self.placed(channel, entry.id)

    async def op_draft_return(self, id_: str, remark: str, by: str = "") -> dict[str, Any]:
        """Send a draft back with a remark."""
        return self.desk.send_back(id_, remark, by)

    async def op_recall_time(self, seconds: int | None = None) -> dict[str, Any]:
        """The time during which a routine or priority release can be recalled; set it, or only say it."""
        if seconds is not None:
            self.desk.set_recall_time(seconds)
        return {"seconds": self.desk.recall_time()}

    async def op_draft_recall(self, id_: str) -> dict[str, Any]:
        """Take back a release within the recall time."""
        return self.desk.recall(id_)

    # -- the watch -----------------------------------------------------------------------------

    async def op_watch_on(self, post: str = "watch") -> dict[str, Any]:
        """A watch post is active."""
        self.node.posts.add(post)
        return {"posts": sorted(self.node.posts)}

    async def op_watch_off(self, post: str = "watch") -> dict[str, Any]:
        """A watch post is no longer active."""
        self.node.posts.discard(post)
        return {"posts": sorted(self.node.posts)}

    async def op_displayed(self, channel: str, id_: str, post: str = "watch") -> dict[str, Any]:
        """A watch post shows an entry of another party: say so, once, with the key that may sign nothing
        else."""
        line = self.node.line(channel)
        place = line.state.where.get(id_)
        held = line.state.early.get(id_)
        if place is None and held is None:
            raise RefusedError(f"no entry {id_[:12]} in this channel")
        origin = place[0] if place is not None else held.origin  # type: ignore[union-attr]
        if line.state.logs[origin].put.mine or self._displayed(id_):
            return {"id": id_, "state": "displayed"}
        with self.node.step(channel):
            line.machine(
                "ack", {"state": "displayed", "by": post}, self.node.clock(), re=[id_], office="watch"
            )
        return {"id": id_, "state": "displayed"}

    def _displayed(self, entry_id: str) -> bool:
        marks = self._entry(entry_id).marks
        return "displayed" in marks.get(self.node.home.info.party, {})
