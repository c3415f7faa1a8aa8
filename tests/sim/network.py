# SPDX-License-Identifier: Apache-2.0
"""The simulated network: links with delay that are cut, lose, repeat, reorder and damage what they carry."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

NOISES = ("lost", "repeated", "reordered", "damaged")

Later = Callable[[int, Callable[[], None]], None]


class Link:
    """Between two parties. Its choices come from a generator of its own, so that they do not depend on what
    else happens."""

    def __init__(self, name: str, seed: str, later: Later, faults: Counter[str]) -> None:
        self.name = name
        self.chance = random.Random(f"{seed}/link/{name}")
        self.later = later
        self.faults = faults
        self.up = False
        self.life = 0
        self.delay = 40
        self.last: dict[str, int] = {}
        # What goes wrong until when, how likely.
        self.noise: dict[str, tuple[int, float]] = {}

    def cut(self) -> None:
        """What is under way is lost, or comes late over another path."""
        self.up = False
        self.life += 1

    def _happens(self, what: str, now: int) -> bool:
        until, likely = self.noise.get(what, (0, 0.0))
        if now >= until or self.chance.random() >= likely:
            return False
        self.faults[f"packet {what}"] += 1
        return True

    def carry(self, to: str, raw: bytes, now: int, arrive: Callable[[bytes], None]) -> None:
        """Bring ``raw`` to ``to`` some time, or not."""
        chance = self.chance
        if self._happens("lost", now):
            return
        if self._happens("damaged", now):
            raw = _damaged(raw, chance)
        times = 2 if self._happens("repeated", now) else 1
        for _ in range(times):
            at = now + self.delay + int(chance.expovariate(1 / 20))
            if self._happens("reordered", now):
                at += chance.randint(100, 60_000)
            else:
                at = self.last[to] = max(at, self.last.get(to, 0))
            self._arrive_at(at - now, raw, arrive)

    def _arrive_at(self, wait: int, raw: bytes, arrive: Callable[[bytes], None]) -> None:
        life, straggles = self.life, self.chance.random() < 0.3

        def come() -> None:
            if life == self.life:
                arrive(raw)
            elif straggles:
                self.faults["packet from an earlier connection"] += 1
                arrive(raw)

        self.later(wait, come)


def _damaged(raw: bytes, chance: random.Random) -> bytes:
    if chance.random() < 0.2:
        return raw[: chance.randrange(len(raw))]
    at = chance.randrange(len(raw))
    return raw[:at] + bytes([raw[at] ^ 1 << chance.randrange(8)]) + raw[at + 1 :]
