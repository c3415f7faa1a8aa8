# SPDX-License-Identifier: Apache-2.0
"""Work on all cores gives the answers of one core, in order, and its errors."""

from __future__ import annotations

import os
import signal

import pytest

from detente.errors import FatalError, MalformedError
from detente.line.mandates import Job, in_turn
from detente.node import cores
from detente.node.crew import LEAST, Crew


def _square(number: int) -> int:
    if number == 13:
        raise MalformedError("thirteen")
    return number * number


def _die(number: int) -> int:
    if number:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


@pytest.mark.parametrize("count", [1, 2, 12])
def test_answers_come_in_the_order_of_the_items(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1, 2})
    assert list(cores.spread(_square, range(count))) == [n * n for n in range(count)]


def test_an_error_in_another_process_is_raised_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1})
    with pytest.raises(MalformedError, match="thirteen"):
        list(cores.spread(_square, range(20)))


def test_a_killed_process_is_an_error_not_a_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1})
    with pytest.raises(FatalError, match="killed"):
        list(cores.spread(_die, range(4)))


@pytest.mark.parametrize("count", [0, 1, LEAST - 1, LEAST, LEAST + 5])
@pytest.mark.parametrize("cores_", [1, 2, 3])
def test_a_crew_answers_as_one_would(count: int, cores_: int) -> None:
    def even(job: Job) -> bool:
        return job[0][0] % 2 == 0

    jobs: list[Job] = [(bytes([number]), b"", "") for number in range(count)]
    crew = Crew(cores_)
    assert crew(even, jobs) == in_turn(even, jobs)
    crew.close()


def test_where_the_system_does_not_say_there_is_one_core(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1, 2})
    assert cores.cores() == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    assert cores.cores() == 1
    crew = Crew()
    assert crew(lambda job: True, [(b"", b"", "")] * LEAST) == [True] * LEAST and crew._pool is None
    crew.close()
