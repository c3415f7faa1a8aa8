# SPDX-License-Identifier: Apache-2.0
"""Nodes that are just starting, and commands that do not wait for them (CONTRACT: the dozen commands)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.kit import PASSPHRASES, Pair, Program, free_port

# Real nodes, started and stopped: too long for the fast tests.
pytestmark = pytest.mark.slow


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    made = Pair(tmp_path)
    made.make()
    yield made
    for node in made.nodes.values():
        node.kill()
        node.communicate()


@pytest.mark.parametrize("pause", [0.0, 0.15, 0.4])
def test_the_dozen_commands_do_not_wait_for_the_nodes(pair: Pair, pause: float) -> None:
    for home in ("by", "ua"):
        console = f"127.0.0.1:{free_port()}"
        pair.nodes[home] = pair.run.start("serve", home, "--console", console, "--json")
    time.sleep(pause)
    channel = pair.json("channel propose", "by", "--with", "UA")["channel"]
    pair.run.ok("channel", "assent", "ua", channel)
    said = pair.json("say", "by", channel, "message", "-", "--wait", "delivered", stdin='{"text":"hello"}')
    assert said["state"] == "delivered"
    assert all(node.poll() is None for node in pair.nodes.values())


def test_a_second_node_of_one_home_says_so_at_once(pair: Pair) -> None:
    pair.serve("by")
    second = pair.run("serve", "by", "--json", timeout=25)  # less than it would wait for a command
    assert second.status == 1
    assert "is serving" in second.line()


def test_two_commands_at_once_both_do_their_work(tmp_path: Path) -> None:
    run = Program(tmp_path, **PASSPHRASES)
    run.ok("init", "by", "--party", "BY", "--name", "BY", "--endpoint", "https://127.0.0.1:9")
    both = [run.start("channel", "register", "by", "--about", about, "--json") for about in ("one", "two")]
    for process in both:
        process.communicate(timeout=60)
        assert process.returncode == 0, (run.place / run.errors).read_text()
    assert len(run.ok("channel", "list", "by").out.splitlines()) == 2
