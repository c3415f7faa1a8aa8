# SPDX-License-Identifier: Apache-2.0
"""Run the program as a user does: as a process, with an environment of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from detente.cli.schemas import schema_of

SRC = Path(__file__).resolve().parents[2] / "src"
PASSPHRASES = {
    "DETENTE_PASSPHRASE": "service keys of a test",
    "DETENTE_OFFICE_PASSPHRASE": "office key of a test",
}


@dataclass(frozen=True)
class Result:
    """What a call came to."""

    status: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)

    def line(self) -> str:
        """The one line that an error must be."""
        assert self.err.startswith("detente: "), self.err
        assert self.err.count("\n") == 1, self.err
        assert "Traceback" not in self.err
        return self.err.strip()


class Program:
    """``detente`` in a directory of its own."""

    errors = "errors.txt"

    def __init__(self, place: Path, **variables: str) -> None:
        self.place = place
        kept = {
            name: os.environ[name]
            for name in ("PATH", "LANG", "COVERAGE_PROCESS_START")
            if name in os.environ
        }
        self.env = kept | {
            "PYTHONPATH": str(SRC),
            "HOME": str(place),
            "DETENTE_STATE_DIR": str(place / "state"),
        }
        self.env |= variables

    def __call__(self, *arguments: object, stdin: str = "", timeout: float = 90, **variables: str) -> Result:
        done = subprocess.run(
            self.command(*arguments),
            input=stdin.encode(),
            capture_output=True,
            cwd=self.place,
            env=self.env | variables,
            timeout=timeout,
            check=False,
        )
        return Result(done.returncode, done.stdout.decode(), done.stderr.decode())

    def ok(self, *arguments: object, stdin: str = "", timeout: float = 90, **variables: str) -> Result:
        """A call that must succeed."""
        result = self(*arguments, stdin=stdin, timeout=timeout, **variables)
        assert result.status == 0, f"{arguments}: {result}"
        return result

    def start(self, *arguments: object) -> subprocess.Popen[bytes]:
        """A call that stays. Its standard error goes to ``errors``: a full pipe would hold it up."""
        with (self.place / self.errors).open("ab") as errors:
            return subprocess.Popen(
                self.command(*arguments),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd=self.place,
                env=self.env,
            )

    @staticmethod
    def command(*arguments: object) -> list[str]:
        return [sys.executable, "-m", "detente", *map(str, arguments)]


def first_fast(cases: list[Any], fast: int = 3) -> list[Any]:
    """Cases that each start a process: the first ``fast`` stand for the others in the fast tests."""
    return [*cases[:fast], *(pytest.param(*case, marks=pytest.mark.slow) for case in cases[fast:])]


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Pair:
    """BY and UA, met and serving, with one channel between them."""

    def __init__(self, place: Path) -> None:
        self.run = Program(place, **PASSPHRASES)
        self.nodes: dict[str, subprocess.Popen[bytes]] = {}
        self.ready: dict[str, dict[str, Any]] = {}
        self.channel = ""

    def make(self) -> None:
        for home, party in (("by", "BY"), ("ua", "UA")):
            endpoint = f"https://127.0.0.1:{free_port()}"
            name = f"Ministry of Defence, {party}"
            self.run.ok("init", home, "--party", party, "--name", name, "--endpoint", endpoint)
            (self.run.place / f"{home}.card").write_text(self.run.ok("card", home).out)
        self.run.ok("meet", "by", "ua.card", "--yes")
        self.run.ok("meet", "ua", "by.card", "--yes")

    def serve(self, home: str) -> None:
        node = self.run.start("serve", home, "--console", f"127.0.0.1:{free_port()}", "--json")
        self.nodes[home] = node
        assert node.stdout is not None
        line = node.stdout.readline()
        assert line, (self.run.place / self.run.errors).read_text()
        self.ready[home] = json.loads(line)

    def open(self) -> None:
        proposed = self.json("channel propose", "by", "--with", "UA", "--regime", "vienna-2011")
        self.channel = proposed["channel"]
        self.run.ok("channel", "assent", "ua", self.channel)

    def json(self, command: str, *arguments: object, stdin: str = "") -> Any:
        """The document that a command prints, valid by its published schema."""
        result = self.run.ok(*command.split(), *arguments, "--json", stdin=stdin)
        assert result.out.count("\n") == 1
        document = result.json()
        jsonschema.validate(document, schema_of(command))
        return document

    def stop(self, home: str) -> int:
        node = self.nodes.pop(home)
        node.send_signal(signal.SIGTERM)
        try:
            return node.wait(timeout=20)
        finally:
            node.kill()
            node.communicate()

    def close(self) -> None:
        for home in list(self.nodes):
            self.stop(home)
