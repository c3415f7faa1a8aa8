# SPDX-License-Identifier: Apache-2.0
"""The soak: two nodes killed and cut under load lose and double nothing; and the soak would see it."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

BENCH = Path(__file__).resolve().parents[2] / "bench"
AUTHORS = {"a": "by", "b": "ua"}


@pytest.fixture(scope="module")
def soak() -> ModuleType:
    sys.path.insert(0, str(BENCH))
    try:
        spec = importlib.util.spec_from_file_location("soak", BENCH / "soak.py")
        assert spec is not None
        assert spec.loader is not None
        module = sys.modules["soak"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(BENCH))
    return module


def _rows(*numbers: int | None) -> list[tuple[bytes, str, int | None]]:
    return [(f"leaf {n}".encode(), f"id {n}", n) for n in numbers]


def _said(soak: ModuleType, *numbers: int) -> object:
    return soak.Said(kept={f"id {number}" for number in numbers})


def test_a_whole_record_has_nothing_wrong(soak: ModuleType) -> None:
    said = {"by": _said(soak, 1, 2), "ua": _said(soak, 3)}
    leaves = {"a": _rows(None, 1, 2), "b": _rows(None, 3)}
    assert soak.check(said, {"by": leaves, "ua": leaves}, AUTHORS) == []


@pytest.mark.parametrize(
    ("held", "wrong"),
    [
        ((1,), "by: 1 entries that were told to be kept are lost"),
        ((1, 2, 2), "by: 1 entries stand twice"),
        ((1, 2, 9), "by: 1 entries stand that had no answer"),
        ((1, 2, 7), "by: 1 entries that were told not to be kept are there"),
    ],
)
def test_a_loss_or_a_double_is_seen(soak: ModuleType, held: tuple[int, ...], wrong: str) -> None:
    told = soak.Said(kept={"id 1", "id 2"}, not_kept={"id 7"})
    leaves = {"a": _rows(*held), "b": _rows(None)}
    assert wrong in soak.check({"by": told, "ua": _said(soak)}, {"by": leaves, "ua": leaves}, AUTHORS)


def test_a_line_placed_under_two_ids_is_seen(soak: ModuleType) -> None:
    rows = [(b"x", "id 1", 1), (b"y", "id 2", 1)]
    leaves = {"a": rows, "b": _rows(None)}
    said = {"by": _said(soak, 1, 2), "ua": _said(soak)}
    assert "by: 1 lines stand twice" in soak.check(said, {"by": leaves, "ua": leaves}, AUTHORS)


def test_homes_that_differ_are_seen(soak: ModuleType) -> None:
    one, other = {"a": _rows(1), "b": _rows(None)}, {"a": [(b"else", "id 1", 1)], "b": _rows(None)}
    said = {"by": _said(soak, 1), "ua": _said(soak)}
    assert soak.check(said, {"by": one, "ua": other}, AUTHORS) == ["the homes differ in the log a"]


def test_memory_that_grows_is_seen(soak: ModuleType) -> None:
    steady = [soak.Sample(i, 100 * i, {"by": 70.0, "ua": 70.0 + i / 100}) for i in range(100)]
    assert soak.not_flat(steady) == []
    leaking = [soak.Sample(i, 100 * i, {"by": 70.0 + i, "ua": 70.0}) for i in range(100)]
    assert [text[:20] for text in soak.not_flat(leaking)] == ["memory of by grew by"]


@pytest.mark.slow
def test_a_short_soak_loses_and_doubles_nothing(tmp_path: Path) -> None:
    short = ["--minutes", "0.5", "--rate", "25", "--every", "4", "--seed", "4", "--dir", str(tmp_path)]
    ran = subprocess.run(
        [sys.executable, str(BENCH / "soak.py"), *short], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.endswith("PASS\n")
    assert "kills of one" in ran.stdout
