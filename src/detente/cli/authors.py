# SPDX-License-Identifier: Apache-2.0
"""The office at the terminal: unlock its key, make and submit what it says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from detente.cli import common
from detente.cli.times import now_ms, show
from detente.errors import UnreachableError

if TYPE_CHECKING:
    from detente.node.author import Author
    from detente.node.control import Ops
    from detente.node.home import Home


def author_of(home: Home, office: str | None) -> Author:
    """The office's author, its key unlocked by the passphrase of the person at the terminal."""
    from detente.cli.secrets import office_passphrase
    from detente.node.author import unlock_author

    return unlock_author(home, office, office_passphrase(office))


async def submit_and_wait(
    ops: Ops,
    author: Author,
    channel: str,
    kind: str,
    body: Mapping[str, Any],
    until: str,
    timeout: float,
    *,
    re: Sequence[str] = (),
    **optional: Any,
) -> dict[str, Any]:
    """Sign, submit, and wait for the state ``until``; the result has id, ref and state.

    Raises UnreachableError, naming the kept entry, when ``timeout`` seconds were not enough.
    """
    signed = author.make(channel, kind, dict(body), re=tuple(re), now_ms=now_ms(), **optional)
    kept: dict[str, Any] = await ops.call("submit", channel=channel, signed=signed.to_json())
    if until == "kept" or kept["state"] != "kept":
        return kept
    try:
        waited = await ops.call(
            "wait", **{"channel": channel, "id": kept["id"], "for": until, "timeout": timeout}
        )
    except UnreachableError as error:
        raise NotYet(str(error), {"channel": channel} | kept) from None
    marks = {party: {mark: show(at) for mark, at in seen.items()} for party, seen in waited["marks"].items()}
    result: dict[str, Any] = kept | waited | {"marks": marks}
    return result


class NotYet(UnreachableError):
    """The entry is kept and will go out, but has not come as far as was waited for; ``kept`` tells of it."""

    def __init__(self, message: str, kept: Mapping[str, Any]) -> None:
        super().__init__(f"{kept['ref']} ({kept['id']}) is kept and will go out: {message}")
        self.kept = dict(kept)


def report(
    home: Home,
    act: Callable[[Ops], Awaitable[dict[str, Any]]],
    as_json: bool,
    line: Callable[[dict[str, Any]], str],
) -> int:
    """Run ``act`` and print its result, also when it is only kept; returns the status."""
    try:
        result = common.with_ops(home, act)
    except NotYet as late:
        common.finish(late.kept, as_json, line(late.kept))
        raise
    return common.finish(result, as_json, line(result))
