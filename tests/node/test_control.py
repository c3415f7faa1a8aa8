# SPDX-License-Identifier: Apache-2.0
"""What comes in at the control socket: answered, whatever it is, and the next line is read."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from detente.node import control
from detente.node.control import NO_REQUEST
from detente.node.home import Home


class Echo:
    """Operations that give back what they were asked."""

    def __init__(self) -> None:
        self.node = SimpleNamespace(posts=set[str]())

    async def call(self, name: str, arguments: Mapping[str, Any]) -> Any:
        return [name, dict(arguments)]


async def answers(home: Home, *lines: str) -> list[Any]:
    """What the socket answers to these lines, one answer a line."""
    server = await control._listen(home, Echo())  # type: ignore[arg-type]
    reader, writer = await control._reach(home)
    try:
        writer.write("".join(f"{line}\n" for line in lines).encode())
        return [json.loads(await asyncio.wait_for(reader.readline(), 5)) for _ in lines]
    finally:
        writer.close()
        server.close()


@pytest.mark.parametrize(
    ("line", "number"),
    [("[1]", None), ("7", None), ("null", None), ('"say"', None), ("true", None), ("[]", None),
     ('{"n": 3, "op": "x", "args": [1]}', 3), ('{"n": 4, "say": "c", "args": "x"}', 4)],
)  # fmt: skip
async def test_a_line_that_asks_nothing_is_answered_and_the_next_one_is_read(
    home: Home, line: str, number: int | None, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        wrong, right = await answers(home, line, '{"n": 9, "op": "status", "args": null}')
    assert wrong == {"n": number, "error": "UsageError", "message": NO_REQUEST}
    assert right == {"n": 9, "ok": ["status", {}]}
    assert not caplog.records


@pytest.mark.parametrize("more", ["", ', "signed": null', ', "signed": 5', ', "signed": {"body": 1}'])
async def test_what_is_no_statement_is_answered(home: Home, more: str) -> None:
    wrong, right = await answers(home, '{"n": 1, "say": "c"' + more + "}", '{"n": 2, "op": "status"}')
    assert (wrong["n"], wrong["error"]) == (1, "MalformedError")
    assert wrong["message"].startswith("not a signed statement")
    assert right["n"] == 2


async def test_a_watch_post_may_be_named_or_not(home: Home) -> None:
    named, nameless = await answers(
        home,
        '{"n": 1, "op": "watch_on", "args": {"post": "gate"}}',
        '{"n": 2, "op": "watch_on", "args": null}',
    )
    assert (named["ok"], nameless["ok"]) == (["watch_on", {"post": "gate"}], ["watch_on", {}])
