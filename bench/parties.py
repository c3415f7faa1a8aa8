# SPDX-License-Identifier: Apache-2.0
"""Two parties as a user makes them: the program in processes of its own, with an environment of its own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).resolve().parent.parent / "src"
HOMES = {"by": "BY", "ua": "UA"}


class Parties:
    """BY and UA in ``place``: met, serving, with one channel."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.environment = os.environ | {
            "PYTHONPATH": str(SOURCE),
            "DETENTE_PASSPHRASE": "service keys of a measurement",
            "DETENTE_OFFICE_PASSPHRASE": "office key of a measurement",
            "DETENTE_STATE_DIR": str(place / "state"),
        }
        self.nodes: dict[str, subprocess.Popen[bytes]] = {}
        self.channel = ""

    def command(self, *arguments: object) -> list[str]:
        """The program's own call."""
        return [sys.executable, "-m", "detente", *map(str, arguments)]

    def call(self, *arguments: object, text: str = "") -> bytes:
        """One call that must succeed; its standard output."""
        done = subprocess.run(
            self.command(*arguments),
            input=text.encode(),
            capture_output=True,
            cwd=self.place,
            env=self.environment,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"detente {' '.join(map(str, arguments))}: {done.stderr.decode()}")
        return done.stdout

    def open(self, *terms: str) -> None:
        """Make them, let them meet and serve, and open a channel; ``terms``: options of the proposal."""
        for home, party in HOMES.items():
            self.init(home, party)
            (self.place / f"{home}.card").write_bytes(self.call("card", home))
        self.call("meet", "by", "ua.card", "--yes")
        self.call("meet", "ua", "by.card", "--yes")
        for home in HOMES:
            self.serve(home)
        asked = self.call("channel", "propose", "by", "--with", "UA", *terms, "--json")
        proposed: dict[str, Any] = json.loads(asked)
        self.channel = proposed["channel"]
        self.call("channel", "assent", "ua", self.channel)

    def init(self, home: str, party: str) -> None:
        """One party."""
        endpoint = f"https://127.0.0.1:{free_port()}"
        self.call("init", home, "--party", party, "--name", party, "--endpoint", endpoint)

    def serving(self, home: str) -> tuple[str, ...]:
        """The call that serves a home."""
        return ("serve", home, "--console", f"127.0.0.1:{free_port()}", "--json")

    def serve(self, home: str) -> float:
        """Start a node; seconds from the call to its being ready."""
        began = time.perf_counter()
        node = subprocess.Popen(
            self.command(*self.serving(home)),
            stdout=subprocess.PIPE,
            cwd=self.place,
            env=self.environment,
        )
        self.nodes[home] = node
        assert node.stdout is not None
        if not node.stdout.readline():
            raise SystemExit(f"the node of {home} did not start")
        return time.perf_counter() - began

    def stop(self, home: str) -> None:
        """End a node in order."""
        node = self.nodes.pop(home)
        node.terminate()
        try:
            node.wait(20)
        except subprocess.TimeoutExpired:
            node.kill()
        node.communicate()

    def close(self) -> None:
        """End both."""
        for home in list(self.nodes):
            self.stop(home)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
