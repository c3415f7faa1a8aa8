# SPDX-License-Identifier: Apache-2.0
"""Two nodes under load, killed and cut at random: ``python bench/soak.py [--minutes N] [--rate N]``.

Two ``detente serve`` processes, a ``say --stream`` into each, and a wire between them. At random moments one
node or both are killed (SIGKILL) and started again, frozen for some seconds (SIGSTOP), or the wire is cut.
After two thirds of the time nobody is killed any more: the last third shows what memory does in one life.
Every minute one line; at the end both homes are read and verified from their files alone:

* what ``say`` told to be kept stands in both homes, in one place;
* what it told not to be kept, or did not answer, stands nowhere;
* no line that was said stands twice; both homes hold the same bytes; everything has a receipt.

Status 0 and PASS, or 1 and FAIL with what was found.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from figures import quantile
from parties import HOMES, Parties, free_port
from relay import Relay

from detente.node.home import Home
from detente.seal.statement import decode_leaf

TEXT = "x" * 990
# Entries a second are varied by these, one after the other drawn at random: pauses, plain load, gusts.
GUSTS = (0.0, 0.5, 1.0, 1.0, 1.0, 1.5, 2.0)
FLASH_EVERY = 400
PATIENCE = 180.0
# One life may need this much more, plus what an index over the entries of that time takes.
FLAT_MIB = 24.0
FLAT_BYTES = 400
CHARTER = "[quotas]\nentries_per_day = 100000000\nbytes_per_day = 1000000000000\nflash_per_hour = 1000000\n"


class Pair(Parties):
    """Two parties whose line to each other runs through relays."""

    def __init__(self, place: Path) -> None:
        super().__init__(place)
        self.ports: dict[str, int] = {}
        self.relays: dict[str, Relay] = {}

    def init(self, home: str, party: str) -> None:
        """One party, whose card names the relay."""
        self.ports[home] = free_port()
        self.relays[home] = Relay(self.ports[home])
        endpoint = f"https://127.0.0.1:{self.relays[home].port}"
        self.call("init", home, "--party", party, "--name", party, "--endpoint", endpoint)

    def serving(self, home: str) -> tuple[str, ...]:
        """It listens behind the relay."""
        return (*super().serving(home), "--listen", f"127.0.0.1:{self.ports[home]}")

    def kill(self, home: str) -> None:
        """End a node as a power cut would."""
        node = self.nodes.pop(home)
        node.kill()
        node.communicate()

    def close(self) -> None:
        """End both, and the wire."""
        super().close()
        for relay in self.relays.values():
            relay.close()


@dataclass
class Said:
    """What came of the lines of one home."""

    lines: int = 0
    kept: set[str] = field(default_factory=set)
    delivered: int = 0
    not_kept: set[str] = field(default_factory=set)
    refused: int = 0
    unanswered: int = 0
    lags: list[float] = field(default_factory=list)
    ended: Counter[int] = field(default_factory=Counter)

    def answer(self, document: dict[str, Any]) -> None:
        """One line of ``say --stream``."""
        state = document["state"]
        if state in ("kept", "delivered"):
            self.kept.add(document["id"])
        if state == "delivered":
            self.delivered += 1
            self.lags.append((document["times"]["delivered"] - document["times"]["kept"]) / 1000)
        elif state == "not kept":
            self.not_kept.add(document["id"])
        elif state == "refused":
            self.refused += 1


class Feeder:
    """Says line after line at one home, through as many streams as it takes."""

    def __init__(self, pair: Pair, home: str, rate: float, dice: random.Random) -> None:
        self.said = Said()
        self.up = threading.Event()
        self._pair, self._home, self._rate, self._dice = pair, home, rate, dice
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Say no more, and wait for the last answers."""
        self._ending.set()
        self._thread.join(PATIENCE)
        if self._thread.is_alive():
            raise SystemExit(f"FAIL the stream into {self._home} does not end")

    def _work(self) -> None:
        while not self._ending.is_set():
            if self.up.wait(0.2):
                self._stream()

    def _stream(self) -> None:
        process = subprocess.Popen(
            self._pair.command("say", self._home, self._pair.channel, "--stream", "--timeout", "30"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=self._pair.place,
            env=self._pair.environment,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        answered: list[int] = []
        reader = threading.Thread(target=self._read, args=(process.stdout, answered))
        reader.start()
        before = self.said.lines
        try:
            self._write(process.stdin)
            process.stdin.close()
        except OSError:
            pass  # the stream has ended: its node is gone
        reader.join()
        self.said.ended[process.wait()] += 1
        self.said.unanswered += self.said.lines - before - len(answered)

    def _read(self, output: IO[bytes], answered: list[int]) -> None:
        for line in output:
            self.said.answer(json.loads(line))
            answered.append(1)

    def _write(self, lines: IO[bytes]) -> None:
        """Until the node is to be stopped, or all is said."""
        while self.up.is_set() and not self._ending.is_set():
            until = time.monotonic() + self._dice.uniform(0.5, 3.0)
            rate = self._rate * self._dice.choice(GUSTS)
            while self.up.is_set() and not self._ending.is_set() and time.monotonic() < until:
                for _ in range(max(1, round(rate / 20)) if rate else 0):
                    lines.write(self._line())
                    self.said.lines += 1
                lines.flush()
                time.sleep(max(0.05, 1 / rate if rate else 0.0))

    def _line(self) -> bytes:
        number = self.said.lines + 1
        said: dict[str, Any] = {"kind": "message", "body": {"text": TEXT, "n": number}}
        if number % FLASH_EVERY == 0:
            said["precedence"] = "flash"
        return json.dumps(said).encode() + b"\n"


class Trouble:
    """Kills, freezes and cuts, at random moments, one at a time."""

    def __init__(self, pair: Pair, feeders: dict[str, Feeder], every: float, dice: random.Random) -> None:
        self.counts: Counter[str] = Counter()
        self._pair, self._feeders, self._every, self._dice = pair, feeders, every, dice
        self._ending = threading.Event()
        self._broken: BaseException | None = None
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """No more of it; both nodes run and the wire is whole when this returns."""
        self._ending.set()
        self._thread.join()
        if self._broken is not None:
            raise self._broken

    def _work(self) -> None:
        steps: tuple[tuple[str, float, Callable[[], None]], ...] = (
            ("kills of one", 5, lambda: self._kill(self._dice.choice(list(HOMES)))),
            ("kills of both", 1, lambda: self._kill(*HOMES)),
            ("freezes", 2, self._freeze),
            ("cuts", 2, self._cut),
        )
        try:
            while not self._ending.wait(self._dice.expovariate(1 / self._every)):
                name, _, step = self._dice.choices(steps, [weight for _, weight, _ in steps])[0]
                self.counts[name] += 1
                step()
        except BaseException as error:  # noqa: BLE001 -- told by ``end``, in the thread that waits
            self._broken = error

    def _kill(self, *homes: str) -> None:
        # The order matters: who still feeds a dead node would open its home itself.
        for home in homes:
            self._pair.kill(home)
        for home in homes:
            self._feeders[home].up.clear()
        self._ending.wait(self._dice.uniform(0.0, 3.0))
        for home in homes:
            self._pair.serve(home)
            self._feeders[home].up.set()

    def _freeze(self) -> None:
        node = self._pair.nodes[self._dice.choice(list(HOMES))]
        node.send_signal(signal.SIGSTOP)
        self._ending.wait(self._dice.uniform(0.5, 5.0))
        node.send_signal(signal.SIGCONT)

    def _cut(self) -> None:
        for relay in self._pair.relays.values():
            relay.cut()
        self._ending.wait(self._dice.uniform(0.0, 5.0))
        for relay in self._pair.relays.values():
            relay.mend()


@dataclass
class Sample:
    """One moment: seconds since the start, lines said so far, MiB resident by home."""

    at: float
    lines: int
    resident: dict[str, float]


def resident(pid: int) -> float:
    """MiB of memory a process holds now."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def not_flat(samples: list[Sample]) -> list[str]:
    """What memory did in one life: from its second fifth to its last, against what an index may take."""
    fifth = len(samples) // 5
    if fifth == 0:
        return []
    early, late = samples[fifth : 2 * fifth], samples[-fifth:]
    found = []
    more = statistics.median(s.lines for s in late) - statistics.median(s.lines for s in early)
    for home in HOMES:
        grown = statistics.median(s.resident[home] for s in late) - statistics.median(
            s.resident[home] for s in early
        )
        if grown > FLAT_MIB + more * FLAT_BYTES / 2**20:
            found.append(f"memory of {home} grew by {grown:.1f} MiB over {more:.0f} entries")
    return found


Leaves = dict[str, list[tuple[bytes, str, int | None]]]


def check(said: dict[str, Said], homes: dict[str, Leaves], authors: dict[str, str]) -> list[str]:
    """What is wrong with what the homes hold.

    ``homes``: every home's logs by origin, as (leaf, entry id, the line's number or None). ``authors``: at
    which home a log's lines were said.
    """
    one, other = homes.values()
    found = [
        f"the homes differ in the log {origin}"
        for origin in sorted(one.keys() | other.keys())
        if one.get(origin) != other.get(origin)
    ]
    for home, leaves in homes.items():
        for origin, rows in leaves.items():
            found += [f"{home}: {text}" for text in _check_log(said[authors[origin]], rows)]
    return found


def _check_log(told: Said, rows: list[tuple[bytes, str, int | None]]) -> list[str]:
    ids = Counter(entry for _, entry, number in rows if number is not None)
    numbers = Counter(number for _, _, number in rows if number is not None)
    counted = (
        (len(told.kept - ids.keys()), "entries that were told to be kept are lost"),
        (len(told.not_kept & ids.keys()), "entries that were told not to be kept are there"),
        (len(ids.keys() - told.kept - told.not_kept), "entries stand that had no answer"),
        (sum(1 for count in ids.values() if count > 1), "entries stand twice"),
        (sum(1 for count in numbers.values() if count > 1), "lines stand twice"),
    )
    return [f"{count} {what}" for count, what in counted if count]


def main() -> None:
    """See the module."""
    options = _arguments()
    with tempfile.TemporaryDirectory(prefix="detente-soak-", dir=options.dir) as directory:
        pair = Pair(Path(directory))
        out = options.out.open("w", encoding="utf-8") if options.out else None

        def tell(text: str) -> None:
            for stream in (sys.stdout, out):
                if stream is not None:
                    print(text, file=stream, flush=True)

        try:
            found = _soak(pair, options, tell)
        finally:
            pair.close()
        for text in found:
            tell(f"  {text}")
        tell("FAIL" if found else "PASS")
    sys.exit(1 if found else 0)


def _soak(pair: Pair, options: argparse.Namespace, tell: Callable[[str], None]) -> list[str]:
    dice = random.Random(options.seed)
    tell(f"soak: {options.minutes:g} minutes, {options.rate:g} a second at each home, seed {options.seed}")
    _open(pair)
    feeders = {home: Feeder(pair, home, options.rate, random.Random(dice.random())) for home in HOMES}
    trouble = Trouble(pair, feeders, options.every, dice)
    for feeder in feeders.values():
        feeder.up.set()
    began, calm = time.monotonic(), list[Sample]()
    step = min(60.0, options.minutes * 60 / 6)
    for number in range(1, round(options.minutes * 60 / step) + 1):
        quiet = number * step > options.minutes * 40
        if quiet:
            trouble.end()
        until = began + number * step
        while time.monotonic() < until:
            time.sleep(min(step / 6, max(0.0, until - time.monotonic())))
            if quiet:
                calm.append(_sample(pair, feeders, began))
        tell(_line(pair, feeders, trouble, time.monotonic() - began, quiet))
    trouble.end()
    for feeder in feeders.values():
        feeder.end()
    return _end(pair, {home: feeder.said for home, feeder in feeders.items()}, tell) + not_flat(calm)


def _open(pair: Pair) -> None:
    (pair.place / "charter.toml").write_text(CHARTER, encoding="utf-8")
    pair.open("--charter", "charter.toml")


def _sample(pair: Pair, feeders: dict[str, Feeder], began: float) -> Sample:
    lines = sum(feeder.said.lines for feeder in feeders.values())
    now = {home: resident(node.pid) for home, node in pair.nodes.items()}
    return Sample(time.monotonic() - began, lines, now)


def _line(pair: Pair, feeders: dict[str, Feeder], trouble: Trouble, at: float, quiet: bool) -> str:
    """One minute in one line. Lag: from kept to delivered, over what was delivered in that minute."""
    said = [feeder.said for feeder in feeders.values()]
    lags = [lag for one in said for lag in one.lags]
    for one in said:
        one.lags = []
    lag = "lag -"
    if lags:
        lag = f"lag ms {statistics.median(lags):.1f} / {quantile(lags, 0.99):.0f} / {max(lags):.0f}"
    nodes = sorted((home, node.pid) for home, node in pair.nodes.items() if node.poll() is None)
    memory = ", ".join(f"{home} {resident(pid):.0f} MiB" for home, pid in nodes)
    lines, kept = sum(one.lines for one in said), sum(len(one.kept) for one in said)
    counts = ", ".join(f"{n} {name}" for name, n in sorted(trouble.counts.items()))
    return (
        f"{at:6.0f} s  said {lines}, kept {kept}, delivered {sum(one.delivered for one in said)},"
        f" not kept {sum(len(one.not_kept) + one.unanswered for one in said)} | {lag} | {memory}"
        f" | {counts}{' | calm' if quiet else ''}"
    )


def _end(pair: Pair, said: dict[str, Said], tell: Callable[[str], None]) -> list[str]:
    found = [f"{home}: {one.refused} lines were refused" for home, one in said.items() if one.refused]
    found += _settled(pair)
    for home in HOMES:
        pair.stop(home)
    homes, authors = {}, {}
    for home in HOMES:
        with_store = _Reading(pair, home)
        homes[home] = with_store.leaves()
        authors |= with_store.mine()
        with_store.close()
    found += check(said, homes, authors)
    for home in HOMES:
        began = time.monotonic()
        verified = subprocess.run(
            pair.command("verify", home),
            capture_output=True,
            cwd=pair.place,
            env=pair.environment,
            check=False,
        )
        entries = sum(map(len, homes[home].values()))
        took = time.monotonic() - began
        tell(f"{home}: {entries} entries, verify ended with {verified.returncode} after {took:.1f} s")
        found += [f"{home} does not verify: {verified.stderr.decode()}"] if verified.returncode else []
    for home, one in said.items():
        ends = ", ".join(f"{n} with status {status}" for status, n in sorted(one.ended.items()))
        tell(
            f"{home}: said {one.lines}; told kept {len(one.kept)}, of these delivered while the stream ran"
            f" {one.delivered}; not kept {len(one.not_kept)}, no answer {one.unanswered}; streams: {ends}"
        )
    return found


def _settled(pair: Pair) -> list[str]:
    """Wait until every entry has its receipt at both homes."""
    until = time.monotonic() + PATIENCE
    while True:
        states = []
        for home in HOMES:
            reading = _Reading(pair, home)
            states.append(reading.state())
            reading.close()
        if states[0][0] == states[1][0] and all(receipted for _, receipted in states):
            return []
        if time.monotonic() > until:
            return [f"after {PATIENCE:g} s without a word the homes hold {states}"]
        time.sleep(0.5)


class _Reading:
    """The store of one home, read from its file."""

    def __init__(self, pair: Pair, home: str) -> None:
        os.environ |= {k: v for k, v in pair.environment.items() if k.startswith("DETENTE_")}
        self._home, self._channel = home, pair.channel
        self._store = Home.open(pair.place / home).open_store(read_only=True)

    def close(self) -> None:
        self._store.close()

    def state(self) -> tuple[dict[str, int], bool]:
        """Size of every log, and whether a receipt covers each."""
        sizes = self._store.head_sizes()
        receipted = {
            origin: max((r.size for r in self._store.receipts(origin)), default=0) for origin in sizes
        }
        return sizes, sizes == receipted

    def mine(self) -> dict[str, str]:
        """The home's own logs, by origin."""
        return {log.origin: self._home for log in self._store.logs(self._channel) if log.mine}

    def leaves(self) -> Leaves:
        found: Leaves = {}
        for log in self._store.logs(self._channel):
            size = self._store.head_sizes()[log.origin]
            rows = found.setdefault(log.origin, [])
            for start in range(0, size, 1000):
                rows += [
                    _row(leaf, body) for leaf, body in self._store.leaves(log.origin, start, start + 1000)
                ]
        return found


def _row(leaf: bytes, body: tuple[bytes, bytes] | None) -> tuple[bytes, str, int | None]:
    return leaf, decode_leaf(leaf).id, None if body is None else json.loads(body[1]).get("n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=60.0, help="how long to feed (60)")
    parser.add_argument("--rate", type=float, default=50.0, help="entries a second at each home (50)")
    parser.add_argument("--every", type=float, default=20.0, help="seconds between troubles (20)")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 10**6, help="of the random moments")
    parser.add_argument("--out", type=Path, help="write what is printed to this file too")
    parser.add_argument("--dir", type=Path, help="where the homes are made (the system's place for such)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
