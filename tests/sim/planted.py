# SPDX-License-Identifier: Apache-2.0
"""Bugs planted into the real code, to see that the simulation finds them.

Each is a context manager: the program is wrong inside it and as before after it. Nothing of this is ever
imported by the program.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

from detente.line import rules
from detente.line.accept import Inbox
from detente.line.forks import Forks
from detente.line.line import Line
from detente.line.logs import LogState
from detente.line.mandates import Credentials
from detente.line.quotas import Quotas
from detente.line.state import State
from detente.line.writes import PutReceipt
from detente.node.store import SqliteStore

Plant = Callable[[], contextlib.AbstractContextManager[Any]]


def early_receipts() -> contextlib.AbstractContextManager[Any]:
    """Packets, receipts among them, are handed out before their step is on the disk."""

    def poll(line: Line, party: str, now: int, room: int, leaves: Any, head: Any) -> list[bytes]:
        parts = line._outbox._small(line.peers[party], now, head) if line._uncommitted else []
        if not line._uncommitted:
            return line._outbox.poll(party, now, room, leaves, head)
        return [line._outbox._seal(line.peers[party], line.state.epoch_of(line.me), parts)] if parts else []

    return patch.object(Line, "poll", poll)


def accepted_gap() -> contextlib.AbstractContextManager[Any]:
    """Leaves after a gap are taken as if they followed."""

    @contextlib.contextmanager
    def planted() -> Iterator[None]:
        good, root = Inbox._follows, Inbox._section

        def follows(inbox: Inbox, log: LogState, section: Any, checkpoint: Any, *rest: Any) -> bool:
            if section.leaves and section.leaves[0].index > log.size:
                inbox.line.write(_leaf(log, section.leaves[0]))
                return False
            return good(inbox, log, section, checkpoint, *rest)

        with patch.object(Inbox, "_follows", follows), patch.object(Inbox, "_section", root):
            yield

    return planted()


def _leaf(log: LogState, part: Any) -> Any:
    from detente.line.writes import PutLeaf
    from detente.log import merkle

    digest = merkle.leaf_hash(part.raw)
    return PutLeaf(log.origin, part.index, part.raw, digest, digest.hex(), 0, ("malformed leaf",))


def no_mandate_check() -> contextlib.AbstractContextManager[Any]:
    """Every office may say everything."""
    return patch.object(Credentials, "_judge_office", lambda *args: ())


def no_revocation() -> contextlib.AbstractContextManager[Any]:
    """A revoked mandate goes on."""
    return patch.object(Credentials, "_is_revoked", lambda *args: False)


def mark_back() -> contextlib.AbstractContextManager[Any]:
    """An older receipt that comes again takes the place of the newer one."""

    def receipt(state: State, write: Any) -> None:
        log = state.logs[write.origin]
        log.receipted[write.by] = min(write.size, log.receipted.get(write.by, write.size))

    return patch.object(State, "_receipt", receipt)


def closed_floor() -> contextlib.AbstractContextManager[Any]:
    """A standing closes the floor too."""
    return patch.object(
        rules, "closes", lambda standing, kind, charter: standing.body.get("state") != "normal"
    )


def same_index() -> contextlib.AbstractContextManager[Any]:
    """A head of ours is signed twice over one place: the second entry of a batch takes that of the first."""
    good = Line._leaf

    def leaf(line: Line, entry: Any, index: int, now: int, *, first: bool) -> Any:
        return good(line, entry, index if first else index - 1, now, first=first)

    return patch.object(Line, "_leaf", leaf)


def by_arrival() -> contextlib.AbstractContextManager[Any]:
    """A rule entry that comes late changes nothing of what was judged before."""
    return patch.object(State, "relabelled", lambda *args: [])


def no_overtaking() -> contextlib.AbstractContextManager[Any]:
    """Urgent entries wait in line."""
    return patch.object(Line, "_overtake", lambda *args: None)


def lost_body() -> contextlib.AbstractContextManager[Any]:
    """Packets leave the bodies of long entries out, and never bring them."""

    @contextlib.contextmanager
    def planted() -> Iterator[None]:
        with patch("detente.line.send._body_part", lambda entry_id, body: []):
            yield

    return planted()


def half_commit() -> contextlib.AbstractContextManager[Any]:
    """Receipts are not part of the step's transaction: they are never written."""
    good = SqliteStore.commit

    def commit(store: SqliteStore, channel: str, writes: Any) -> None:
        good(store, channel, [write for write in writes if not isinstance(write, PutReceipt)])

    return patch.object(SqliteStore, "commit", commit)


def forgotten_stop() -> contextlib.AbstractContextManager[Any]:
    """An old state that came back goes on signing, whatever its members and its store say."""

    @contextlib.contextmanager
    def planted() -> Iterator[None]:
        with patch.object(Line, "stop", lambda *args: None), patch.object(
            Inbox, "_claimed", lambda *args: None
        ), patch.object(Forks, "ahead_of_us", lambda *args: None):  # fmt: skip
            yield

    return planted()


def no_more_asking() -> contextlib.AbstractContextManager[Any]:
    """What got lost on the way is not asked for again."""

    @contextlib.contextmanager
    def planted() -> Iterator[None]:
        with patch.object(Line, "tick", lambda *args: None):
            yield

    return planted()


def flood_shut() -> contextlib.AbstractContextManager[Any]:
    """A member that was read enough is never read again."""
    return patch.object(Quotas, "over", lambda self, peer, fresh, bodies, now, note=0: len(fresh) > 3)


def wild_receipt() -> contextlib.AbstractContextManager[Any]:
    """An item receipt is given for what was refused."""

    def early(inbox: Inbox, peer: Any, section: Any, index: int, raw: bytes, now: int) -> None:
        from detente.seal.statement import decode_leaf

        inbox._owe_item(peer, inbox.line.state.logs[section.origin], decode_leaf(raw).id, now)

    return patch.object(Inbox, "_early", early)


PLANTS: dict[str, Plant] = {
    "receipt before durable": early_receipts,
    "a gap is accepted": accepted_gap,
    "mandates are not checked": no_mandate_check,
    "revocations are forgotten": no_revocation,
    "a mark goes back": mark_back,
    "the floor is closed": closed_floor,
    "an index is used again": same_index,
    "judged by arrival": by_arrival,
    "urgent waits in line": no_overtaking,
    "bodies are lost": lost_body,
    "receipts are not kept": half_commit,
    "an old state goes on": forgotten_stop,
    "what was lost is not asked for": no_more_asking,
    "never read again": flood_shut,
    "receipt for what was not kept": wild_receipt,
}
