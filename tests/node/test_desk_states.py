# SPDX-License-Identifier: Apache-2.0
"""A draft takes only the moves of its table, whatever the offices do to it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from detente.errors import RefusedError
from detente.line.signed import Signed
from detente.node.desk import AWAITING, DRAFT, Desk
from detente.node.store import SqliteStore
from tests.examples import examples

OFFICES = ("desk", "release")
STATEMENT = {"office": "desk", "kind": "message", "precedence": "routine", "released": 0}


class TwoOffices(Desk):
    """A desk whose mandate asks for both offices; a signature stands if it names one of them."""

    def _standing(
        self, channel: str, entry: Signed, *, verify: bool = True
    ) -> tuple[list[str], int, tuple[str, ...]]:
        keys = {str(signature["key"]) for signature in entry.signatures}
        return [office for office in OFFICES if office in keys], 2, OFFICES


class Bench:
    """The desk with one draft, its store and a clock."""

    def __init__(self, folder: Path, recall: int) -> None:
        self.now, self.refuses = 0, False
        self.store = SqliteStore.create(folder / "store.db")
        node: Any = SimpleNamespace(
            store=self.store, clock=lambda: self.now, emit=lambda event: None, place=self.place
        )
        self.desk = TwoOffices(node)
        self.desk.set_recall_time(recall)
        self.entry = Signed(STATEMENT, ({"key": "desk", "sig": "s"},))

    def place(self, channel: str, entries: list[Signed]) -> None:
        if self.refuses:
            raise RefusedError("message by desk: against standing")

    def status(self) -> str:
        row = self.store.draft(self.entry.id)
        return DRAFT.start if row is None else str(row["status"])

    def act(self, what: str) -> None:
        desk, draft = self.desk, self.entry.id
        if what == "sign":
            desk.sign(draft, {"key": "release", "sig": "s"})
        elif what == "release":
            if not isinstance(desk.release(draft), dict):
                desk.done(draft, "released")
        elif what == "return":
            desk.send_back(draft, "the end date is missing", "release")
        elif what == "recall":
            desk.recall(draft)
        else:
            self.now, self.refuses = self.now + 61_000, what == "time, refused"
            desk.place_due()


ACTS = some.lists(
    some.sampled_from(["sign", "release", "return", "recall", "time", "time, refused"]), max_size=12
)


@settings(max_examples=examples(60))
@given(ACTS, some.sampled_from([0, 60]))
def test_a_draft_takes_only_moves_of_its_table(acts: list[str], recall: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), recall)
        bench.desk.awaits("c" * 32, bench.entry)
        assert bench.status() == AWAITING
        for act in acts:
            before = bench.status()
            try:
                bench.act(act)
            except RefusedError:
                assert bench.status() == before
            assert bench.status() == before or DRAFT.joins(before, bench.status()), (before, act)
        bench.store.close()


@pytest.mark.parametrize("act", ["sign", "release", "return"])
def test_what_was_recalled_can_neither_be_signed_nor_released_nor_returned(tmp_path: Path, act: str) -> None:
    bench = Bench(tmp_path, 0)
    bench.desk.awaits("c" * 32, bench.entry)
    bench.act("recall")
    with pytest.raises(RefusedError, match="recalled"):
        bench.act(act)
    assert bench.status() == "recalled"
    bench.store.close()
