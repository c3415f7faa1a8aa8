# SPDX-License-Identifier: Apache-2.0
"""Work on many entries, done by as many processes as there are cores."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from detente.errors import FatalError

Item = TypeVar("Item")
Answer = TypeVar("Answer")

# What the processes do: they are copies of this one and find it here, so that nothing large is sent to them.
_TASK: list[tuple[Callable[[Any], Any], Sequence[Any]]] = []


def cores() -> int:
    """How many cores this process may use; 1 where the system does not say."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


def spread(work: Callable[[Item], Answer], items: Sequence[Item]) -> Iterator[Answer]:
    """``map(work, items)`` on all cores that this process may use; the answers in the order of the items.

    Raises what ``work`` raises, and FatalError if one of the processes is killed.
    """
    count = cores()
    if count == 1 or len(items) < 2:
        yield from map(work, items)
        return
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    gc.freeze()  # what is here now is shared with the copies as long as nobody writes to it
    _TASK.append((work, items))
    try:
        copies = multiprocessing.get_context("fork")
        # A copy lives for this task only: looking for garbage costs it more than the garbage does.
        with ProcessPoolExecutor(count, copies, initializer=gc.disable) as pool:
            yield from pool.map(_do, range(len(items)))
    except BrokenProcessPool:
        raise FatalError("a process that helped with this was killed; is there too little memory?") from None
    finally:
        _TASK.pop()
        gc.unfreeze()


def _do(number: int) -> Any:
    work, items = _TASK[-1]
    return work(items[number])
