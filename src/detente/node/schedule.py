# SPDX-License-Identifier: Apache-2.0
"""What a node does by the clock: line tests, stalled peers, renewed epochs, releases whose recall time is
over."""

from __future__ import annotations

import asyncio
import logging
import secrets

from detente.errors import DetenteError, FatalError
from detente.line.line import Line
from detente.line.logs import LogState
from detente.node.desk import Desk
from detente.node.runtime import Node
from detente.seal.statement import decode_leaf
from detente.words.testtexts import text as test_text

LOG = logging.getLogger("detente.node")
EVERY = 1.0
# The first test soon after a channel opens: a new line should show that it works.
FIRST_TEST = 10_000
# Path notes are for telling the kinds of silence apart, not for the record: a ping each 20 s adds up.
KEEP_PATH_EVENTS = 30 * 86_400_000
PRUNE_EVERY = 3_600_000


class Schedule:
    """The clockwork of one node."""

    def __init__(self, node: Node, desk: Desk) -> None:
        self.node = node
        self.desk = desk
        self._last_test: dict[str, int] = {}
        self._pruned = 0
        self._tests: dict[str, int] = {}
        self._open_since: dict[str, int] = {}

    async def run(self) -> None:
        """Until cancelled. One channel's trouble does not stop the clock of the others."""
        while True:
            await asyncio.sleep(EVERY)
            self.tick()

    def tick(self) -> None:
        """One turn of the clock."""
        now = self.node.clock()
        for channel in list(self.node.lines):
            try:
                with self.node.step(channel) as line:
                    line.tick(now)
                    self._test(channel, line, now)
                    self._epoch(line, now)
            except FatalError as error:
                self.node.fatal = error
            except DetenteError as error:
                LOG.error("channel %s: %s", channel[:12], error)
        try:
            self.desk.place_due()
        except DetenteError as error:
            LOG.error("releases that are due: %s", error)
        self.node.settle()
        self.node.store.tidy()
        self._prune(now)
        # What waited for the clock, not for a packet: a hold that is over, a peer to be asked.
        for peer in list(self.node.links):
            self.node.wake(peer)

    def _prune(self, now: int) -> None:
        if 0 <= now - self._pruned < PRUNE_EVERY:
            return
        self._pruned = now
        try:
            self.node.store.drop_path_events(now - KEEP_PATH_EVENTS)
        except DetenteError as error:
            LOG.error("old path notes: %s", error)

    def _test(self, channel: str, line: Line, now: int) -> None:
        """A scheduled line test with a neutral generated text (HOTLINES R37)."""
        charter = line.state.terms_now().charter
        log = line.state.own_log()
        if charter is None or not line.peers or log is None or line.stopped or line.own is None:
            return
        if channel not in self._last_test:
            self._tests[channel] = len(log.noted.get("test", ()))
            self._last_test[channel] = now + FIRST_TEST - charter.test_every * 1000
        if now - self._last_test[channel] < charter.test_every * 1000:
            return
        number = self._tests[channel] + 1
        line.machine("test", {"text": test_text(number), "n": number, "lang": "en"}, now, mark="test")
        self._tests[channel], self._last_test[channel] = number, now

    def _granted(self, log: LogState, now: int) -> int:
        """When our newest epoch began: a restart does not make it younger."""
        granted = log.noted.get("epoch.grant")
        if not granted:
            return now
        index = granted[-1]
        return decode_leaf(self.node.store.leaves(log.origin, index, index + 1)[0][0]).leaf.placement.time

    def _epoch(self, line: Line, now: int) -> None:
        """A sending key serves 30 days (protocol §7)."""
        log = line.state.own_log()
        if log is None or line.stopped or line.own is None or not line.peers:
            return
        if line.channel not in self._open_since:
            self._open_since[line.channel] = self._granted(log, now)
        if not 0 <= now - self._open_since[line.channel] <= line.limits.epoch_life:
            line.grant(secrets.token_bytes(64), now)
            self._open_since[line.channel] = now
