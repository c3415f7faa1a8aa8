# SPDX-License-Identifier: Apache-2.0
"""Heads and old roots of a log, every small case of them: where some settled, and what the past is asked."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from detente.log import merkle
from tests.line.test_logs import HASHES, IDS, Model, above, head, log_of


class Asked(Model):
    """Remembers that it was asked for heads, too."""

    def head_above(self, origin: str, start: int, most: int) -> int | None:
        self.asked.append(("head_above", start, most))
        return super().head_above(origin, start, most)


@pytest.mark.parametrize("old", list(itertools.product([False, True], repeat=3)))
@pytest.mark.parametrize("new", list(itertools.product([False, True], repeat=3)))
def test_of_few_heads_the_right_one_is_found_from_both_sides(old: Any, new: Any) -> None:
    """The settled ones in the past, the newest of them in memory as well, and those since."""
    past = Model()
    log = log_of(6, past)
    before = [*itertools.compress((1, 3, 4), old), 6]
    for size in before:
        head(log, size)
        past.roots[size] = merkle.root(HASHES[:size])
    log.settle()
    for n in range(6, 12):
        log.add_leaf(HASHES[n], IDS[n], "test", False)
    after = list(itertools.compress((7, 9, 12), new))
    for size in after:
        head(log, size)
    known = {*before, *after}
    for start, most in itertools.product(range(14), range(14)):
        assert log.head_above(start, most) == above(known, start, most), (start, most)
    for most in range(14):
        assert log.head_below(most) == max((size for size in known if size <= most), default=0)
        assert log.root_at(most) == (merkle.root(HASHES[:most]) if most in known else None)


def test_the_past_is_asked_for_heads_below_what_settled_only() -> None:
    past = Asked()
    log = log_of(6, past)
    assert log.settled == 0
    head(log, 6)
    log.root_at(1)
    log.head_above(0, 9)
    assert past.asked == [], "nothing has settled"
    log.settle()
    assert log.head_above(6, 9) is None and log.head_above(7, 9) is None and past.asked == []
    past.roots[6] = merkle.root(HASHES[:6])
    assert log.head_above(5, 9) == 6 and past.asked == [("head_above", 5, 9)]


def test_settling_keeps_the_blocks_so_that_the_past_is_not_asked_for_them() -> None:
    past = Model()
    log = log_of(700, past)
    log.settle()
    assert log.blocks == merkle.root(HASHES[:256]) + merkle.root(HASHES[256:512])
    assert log.compute_root(512) == merkle.root(HASHES[:512])
    assert past.asked == []


@pytest.mark.parametrize("first", [255, 256, 257, 511, 512, 513, 600])
def test_the_first_old_root_may_be_of_any_number_of_blocks(first: int) -> None:
    log = log_of(0)
    log._blocks = bytearray(b"".join(HASHES[:600]))
    log.frontier = merkle.Frontier(256 * 600, [HASHES[0]] * (256 * 600).bit_count())
    assert log.compute_root(256 * first) == merkle.root(HASHES[:first])


def test_only_what_is_newly_seen_is_noted() -> None:
    log = log_of(9)
    for index, size in ((1, 3), (2, 3), (3, 2), (4, 5), (5, 5)):
        log.cite(index, "other", size)
    indices, sizes = log.cited["other"]
    assert (list(indices), list(sizes)) == ([1, 4], [3, 5])
