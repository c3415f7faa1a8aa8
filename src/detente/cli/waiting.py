# SPDX-License-Identifier: Apache-2.0
"""Wait for what the other side proposes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from detente.cli import common
from detente.errors import RefusedError, UnreachableError, UsageError

if TYPE_CHECKING:
    from detente.node.control import Ops
    from detente.node.home import Home
    from detente.record.entry import Entry

PROPOSALS = ("charter", "charter.amendment")
_EVERY = 0.1


async def proposal(ops: Ops, home: Home, channel: str, to: str | None, timeout: float) -> tuple[str, str]:
    """(channel id, id of the entry to answer), waiting up to ``timeout`` seconds for it to arrive.

    ``ops`` is held open meanwhile: where the node is not serving, it is what fetches the proposal.
    Raises UnreachableError when the time is up, RefusedError when nothing waits for an answer.
    """
    if len(channel) < common.SHORTEST_PREFIX:
        raise UsageError(
            f"{channel!r} is no channel id; give its first {common.SHORTEST_PREFIX} hex digits or more"
        )
    until = time.monotonic() + timeout
    records = common.open_records(home)
    store = common.open_store(home)
    while True:
        known = [row["channel"] for row in store.channels() if row["channel"].startswith(channel.lower())]
        if known:
            identifier = common.find_channel(known, channel, home.path)
            target = _target(records.entries(identifier), to, channel)
            if target is not None:
                return identifier, target.id
        if time.monotonic() >= until:
            raise UnreachableError(
                f"no proposal for {channel} arrived in {timeout:g} s: is the other side's node running?"
            )
        await asyncio.sleep(_EVERY)


def _target(entries: Sequence[Entry], to: str | None, channel: str) -> Entry | None:
    """The entry to answer; None while it may still arrive."""
    if to is not None:
        return common.find_entry(entries, to, channel)
    proposed = [entry for entry in entries if entry.kind in PROPOSALS]
    if not proposed:
        return None
    answered = {re for e in entries if e.mine and e.kind in ("assent", "decline") for re in e.re}
    open_ = [entry for entry in proposed if not entry.mine and entry.id not in answered]
    if open_:
        return open_[-1] if open_[-1].body is not None else None
    if any(not entry.mine for entry in proposed):
        raise RefusedError(f"nothing in {channel} waits for an answer; see: detente channel show")
    raise RefusedError(f"the proposal in {channel} is this party's own; the other side answers it")
