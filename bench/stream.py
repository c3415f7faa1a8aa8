# SPDX-License-Identifier: Apache-2.0
"""Entries through ``say --stream`` between two serving nodes: how long one takes, and how many a second."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from pathlib import Path
from typing import IO, Any

from figures import Sheet
from parties import Parties

RATE = 50
TEXT = "x" * 1000


def line(number: int) -> bytes:
    """One line of the stream; the body's JSON has 1,024 bytes or a few less."""
    return json.dumps({"kind": "message", "body": {"text": TEXT, "n": number}}).encode() + b"\n"


class Stream:
    """``detente say by CHANNEL --stream``, its first line delivered."""

    def __init__(self, parties: Parties) -> None:
        self.process = subprocess.Popen(
            parties.command("say", "by", parties.channel, "--stream"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=parties.place,
            env=parties.environment,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.input: IO[bytes] = self.process.stdin
        self.output: IO[bytes] = self.process.stdout
        self.input.write(line(0))
        self.input.flush()
        self.answer()

    def answer(self) -> dict[str, Any]:
        """The next answer; SystemExit unless it says that the entry was delivered."""
        answer: dict[str, Any] = json.loads(self.output.readline() or b"{}")
        if answer.get("state") != "delivered":
            raise SystemExit(f"say --stream: {answer}")
        return answer

    def end(self) -> None:
        """No more lines."""
        self.input.close()
        if self.process.wait(60):
            raise SystemExit("say --stream did not end with status 0")


def latency(sheet: Sheet, parties: Parties, quick: bool) -> None:
    """Single entries, ``RATE`` a second, each alone under way."""
    stream, count = Stream(parties), 150 if quick else 1500
    answers: list[dict[str, Any]] = []
    reader = threading.Thread(target=lambda: answers.extend(stream.answer() for _ in range(count)))
    reader.start()
    began = time.perf_counter()
    for number in range(1, count + 1):
        stream.input.write(line(number))
        stream.input.flush()
        time.sleep(max(0.0, began + number / RATE - time.perf_counter()))
    reader.join(60)
    stream.end()
    _spreads(sheet, answers, f" at {RATE} a second")


def in_turn(sheet: Sheet, parties: Parties, quick: bool) -> None:
    """The next line as soon as the one before is delivered: nothing goes to sleep in between."""
    stream = Stream(parties)
    answers = []
    for number in range(200 if quick else 2000):
        stream.input.write(line(number))
        stream.input.flush()
        answers.append(stream.answer())
    stream.end()
    _spreads(sheet, answers, ", one after the other")


def _spreads(sheet: Sheet, answers: list[dict[str, Any]], how: str) -> None:
    times = [answer["times"] for answer in answers]
    sheet.spread(f"accept to kept{how}", [t["kept"] / 1e6 for t in times])
    sheet.spread(f"kept to delivered{how}", [(t["delivered"] - t["kept"]) / 1e6 for t in times])
    sheet.spread(f"accept to delivered{how}", [t["delivered"] / 1e6 for t in times])


def burst(sheet: Sheet, parties: Parties, quick: bool) -> None:
    """As many as it takes, each delivered and receipted; counted from the first line to the last answer."""
    count = 2000 if quick else 10_000
    runs = sorted((_burst(parties, count) for _ in range(1 if quick else 3)), key=lambda run: run[0])
    took, cost = runs[len(runs) // 2]
    sheet.put(
        "burst",
        entries=count,
        seconds=round(took, 2),
        per_second=round(count / took),
        all_runs=[round(count / run[0]) for run in runs],
        processor_ms_an_entry={who: round(1000 * seconds / count, 3) for who, seconds in cost.items()},
    )


def _burst(parties: Parties, count: int) -> tuple[float, dict[str, float]]:
    """Seconds that it took, and processor seconds of each process."""
    stream = Stream(parties)
    lines = [line(number) for number in range(count)]
    processes = {home: node.pid for home, node in parties.nodes.items()} | {"say": stream.process.pid}
    before = {who: _processor(pid) for who, pid in processes.items()}
    began = time.perf_counter()
    writer = threading.Thread(target=lambda: (stream.input.writelines(lines), stream.input.flush()))
    writer.start()
    for _ in range(count):
        stream.answer()
    took = time.perf_counter() - began
    cost = {who: _processor(pid) - before[who] for who, pid in processes.items()}
    writer.join(60)
    stream.end()
    return took, cost


def _processor(pid: int) -> float:
    """Seconds of processor time that a process has used, its own and the system's for it."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
