# SPDX-License-Identifier: Apache-2.0
"""The signatures of a batch, checked on all cores: the library lets the interpreter go while it checks one.

Whoever asks does a share itself and waits for the others, so nothing else of the node runs meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from detente.line.mandates import Job, in_turn
from detente.node.cores import cores

# Fewer are done before another thread has woken up.
LEAST = 16
MOST_CORES = 8


class Crew:
    """A ``Spread`` over the cores that this process may use. Its threads begin with the first large batch."""

    def __init__(self, count: int | None = None) -> None:
        """``count``: of cores, if not all."""
        self._cores = min(MOST_CORES, count or cores())
        self._pool: ThreadPoolExecutor | None = None

    def __call__(self, check: Callable[[Job], bool], jobs: Sequence[Job]) -> list[bool]:
        """The answers, in the order of the jobs."""
        if self._cores == 1 or len(jobs) < LEAST:
            return in_turn(check, jobs)
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._cores - 1, thread_name_prefix="signatures")
        share = -(-len(jobs) // self._cores)
        others = [
            self._pool.submit(in_turn, check, jobs[start : start + share])
            for start in range(share, len(jobs), share)
        ]
        answers = in_turn(check, jobs[:share])
        for other in others:
            answers += other.result()
        return answers

    def close(self) -> None:
        """End the threads."""
        if self._pool is not None:
            self._pool.shutdown()
