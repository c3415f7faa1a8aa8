# SPDX-License-Identifier: Apache-2.0
"""Nodes killed at random points while entries stream in: nothing said to be kept or delivered is missing.

After every kill the files of both homes are read again without a node, and everything the streams have said
so far must hold of them. ``DETENTE_TEST_SEED`` repeats the choices (not the timing) of a run.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.kit import PASSPHRASES, Program, free_port
from tests.node.offline import read, receipts, same_beginning, sizes

pytestmark = pytest.mark.slow

HOMES = {"by": "BY", "ua": "UA"}
PEER = {"by": "ua", "ua": "by"}
ROUNDS = 7
MOST = 800
SETTLE = 20.0


class Feed:
    """One ``say --stream`` at work: a thread writes lines to it until told to stop, another reads answers."""

    def __init__(self, run: Program, home: str, channel: str, prefix: str, pause: float) -> None:
        self.home = home
        self.answers: list[dict[str, Any]] = []
        self._prefix, self._pause = prefix, pause
        self._stop = threading.Event()
        self.process = subprocess.Popen(
            run.command("say", home, channel, "--stream"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=run.place,
            env=run.env,
        )
        self._threads = [threading.Thread(target=self._write), threading.Thread(target=self._read)]
        for thread in self._threads:
            thread.start()

    def _write(self) -> None:
        assert self.process.stdin is not None
        number = 0
        try:
            with self.process.stdin as pipe:
                while not self._stop.is_set() and number < MOST:
                    body = {"text": f"{self._prefix}-{number} {'x' * random.randrange(1000)}"}
                    pipe.write(json.dumps({"kind": "message", "body": body}).encode() + b"\n")
                    pipe.flush()
                    number += 1
                    time.sleep(self._pause)
                self._stop.wait()
        except BrokenPipeError:
            return

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as pipe:
            for line in pipe:
                self.answers.append(json.loads(line))

    def end(self, timeout: float) -> tuple[int, str]:
        """No more lines; (status, standard error) once it has ended by itself."""
        self._stop.set()
        status = self.process.wait(timeout)
        for thread in self._threads:
            thread.join(10)
        assert self.process.stderr is not None
        with self.process.stderr as pipe:
            return status, pipe.read().decode()

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.end(10)


class Pair:
    """Two parties with an open channel, each node a process, and all that their streams have said."""

    def __init__(self, place: Path) -> None:
        self.run = Program(place, **PASSPHRASES)
        self.nodes: dict[str, subprocess.Popen[bytes]] = {}
        self.feeds: list[Feed] = []
        self.said: dict[str, dict[str, str]] = {home: {} for home in HOMES}
        self.consoles = {home: free_port() for home in HOMES}
        self.channel = ""

    def open(self) -> None:
        for home, party in HOMES.items():
            endpoint = f"https://127.0.0.1:{free_port()}"
            self.run.ok("init", home, "--party", party, "--name", party, "--endpoint", endpoint)
            (self.run.place / f"{home}.card").write_text(self.run.ok("card", home).out)
        for home in HOMES:
            self.run.ok("meet", home, f"{PEER[home]}.card", "--yes")
            self.serve(home)
        proposed = self.run.ok("channel", "propose", "by", "--with", "UA", "--json").json()
        self.channel = proposed["channel"]
        self.run.ok("channel", "assent", "ua", self.channel)

    def serve(self, home: str) -> None:
        node = self.run.start("serve", home, "--console", f"127.0.0.1:{self.consoles[home]}", "--json")
        self.nodes[home] = node
        assert node.stdout is not None
        assert node.stdout.readline(), node.communicate(timeout=10)[1].decode()

    def kill(self, home: str) -> None:
        node = self.nodes.pop(home)
        node.kill()
        assert node.wait(10) == -signal.SIGKILL
        node.communicate()

    def feed(self, home: str, prefix: str, pause: float) -> Feed:
        feed = Feed(self.run, home, self.channel, prefix, pause)
        self.feeds.append(feed)
        return feed

    def note(self, feed: Feed) -> None:
        for answer in feed.answers:
            assert answer["state"] in ("delivered", "kept", "not kept"), answer
            assert answer["id"] not in self.said[feed.home], "one entry, two answers"
            self.said[feed.home][answer["id"]] = answer["state"]

    def check(self) -> None:
        """Both homes from their files, against each other and against all that was said so far."""
        # One side may be at work: what is receipted is read first, what the author has is read last.
        receipted = {home: receipts(self.run.place / home, self.channel) for home in HOMES}
        found = {home: read(self.run.place / home, self.channel) for home in HOMES}
        now = {home: sizes(self.run.place / home, self.channel) for home in HOMES}
        same_beginning(found["by"], found["ua"])
        for home in HOMES:
            for origin, leaves in found[PEER[home]].leaves.items():
                assert len(leaves) >= receipted[home].get(origin, 0), f"{origin}: receipted, and not held"
            assert found[home].theirs.total() <= max(now[PEER[home]].values()), "more than was ever kept"
        for home in HOMES:
            author, peer = found[home], found[PEER[home]]
            assert max(author.mine.values()) == 1
            for entry_id, state in self.said[home].items():
                assert (entry_id in author.mine) == (state != "not kept"), f"{entry_id} said to be {state}"
                if state == "delivered":
                    assert entry_id in peer.theirs, f"{entry_id} said to be delivered"

    def settle(self) -> None:
        """Wait until each side holds all of the other's log and has its receipts."""
        until = time.monotonic() + SETTLE
        while True:
            by, ua = (sizes(self.run.place / home, self.channel) for home in HOMES)
            receipted = [receipts(self.run.place / home, self.channel) for home in HOMES]
            if by == ua == receipted[0] == receipted[1]:
                return
            assert time.monotonic() < until, f"not all is delivered: {by}, {ua}, receipts {receipted}"
            time.sleep(0.2)

    def close(self) -> None:
        for feed in self.feeds:
            feed.kill()
        for home in list(self.nodes):
            self.kill(home)


@pytest.fixture
def pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pair]:
    made = Pair(tmp_path)
    monkeypatch.setenv("DETENTE_STATE_DIR", made.run.env["DETENTE_STATE_DIR"])
    try:
        made.open()
        yield made
    finally:
        made.close()


def test_nothing_said_is_missing_when_nodes_are_killed_at_random(pair: Pair) -> None:
    seed = int(os.environ.get("DETENTE_TEST_SEED") or random.SystemRandom().randrange(10**6))
    print(f"DETENTE_TEST_SEED={seed}")
    chance = random.Random(seed)
    for number in range(ROUNDS):
        author = chance.choice(list(HOMES))
        victims = chance.choice([[author], [PEER[author]], [author, PEER[author]]])
        feed = pair.feed(author, f"round {number}", chance.choice([0.0, 0.001, 0.01]))
        _wait_for_answers(feed, chance.randrange(1, 200))
        time.sleep(chance.random() * 0.3)
        for victim in victims:
            pair.kill(victim)
        if author in victims:
            # The stream's own node has gone: what is known of each line, one line of error, and an end.
            status, error = feed.end(10)
            assert status == 3, error
            assert error.startswith("detente: the node stopped"), error
            assert error.count("\n") == 1, error
            pair.note(feed)
            pair.check()
            for victim in victims:
                pair.serve(victim)
        else:
            # Its own node lives: it keeps what comes, and delivers when the peer is back.
            pair.check()
            pair.serve(victims[0])
            status, error = feed.end(SETTLE)
            assert (status, error) == (0, "")
            pair.note(feed)
            pair.check()
    _at_once(pair)
    pair.settle()
    pair.check()
    for home in HOMES:
        status = pair.run.ok("verify", home, "--json").json()
        assert status["valid"], status
    assert sum(map(len, pair.said.values())) > 100


def _wait_for_answers(feed: Feed, count: int) -> None:
    until = time.monotonic() + 10
    while len(feed.answers) < count and feed.process.poll() is None:
        assert time.monotonic() < until, f"only {len(feed.answers)} answers"
        time.sleep(0.005)


def _at_once(pair: Pair) -> None:
    """After all the kills a new stream works at once, and nobody takes a restarted home for a copy."""
    for home in HOMES:
        feed = pair.feed(home, f"last of {home}", 0.01)
        _wait_for_answers(feed, 5)
        assert feed.end(10) == (0, "")
        pair.note(feed)
        assert {answer["state"] for answer in feed.answers} == {"delivered"}


def test_a_stream_without_lines_ends_when_its_node_does(pair: Pair) -> None:
    process = subprocess.Popen(
        pair.run.command("say", "by", pair.channel, "--stream"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=pair.run.place,
        env=pair.run.env,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b'{"kind":"message","body":{"text":"one line, then silence"}}\n')
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["state"] == "delivered"
    pair.kill("by")
    assert process.wait(5) == 3
    _, error = process.communicate()
    assert error.startswith(b"detente: the node stopped")
    assert error.count(b"\n") == 1
