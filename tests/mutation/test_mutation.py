# SPDX-License-Identifier: Apache-2.0
"""The mutants themselves: what is changed, how it is put into a live function, and that the list is true."""

from __future__ import annotations

import ast
import sys
import types
from pathlib import Path

import pytest

from tests.mutation import run
from tests.mutation.operators import Mutant, mutants
from tests.mutation.survivors import ROOMS, accepted

SAMPLE = '''
"""What it is for."""
LIMIT = 5
def below(a: int, b: int = 1) -> bool:
    """Whether a is below b."""
    if a < 0:
        raise ValueError("below nothing")
    assert a >= 0
    return a < b and a < LIMIT
class Box:
    size: int = 3
    @property
    def double(self) -> int:
        return self.size * 2
    @staticmethod
    def none(items: list[int]) -> list[int]:
        return [item for item in items if item]
'''


def of(source: str) -> tuple[ast.Module, dict[str, Mutant]]:
    tree = ast.parse(source)
    return tree, {mutant.key: mutant for mutant in mutants("sample.py", tree)}


def test_each_change_has_a_name_of_its_own() -> None:
    tree, found = of(SAMPLE)
    assert set(found) == {
        "module: LIMIT = 5 → LIMIT = 6",
        "module: a: int, b: int=1 → a: int, b: int=2",
        "below: if a < 0: → if False:",
        "below: a < 0 → a <= 0",
        "below: a < 0 → a < 1",
        "below: return a < b and a < LIMIT → return None",
        "below: a < b and a < LIMIT → a < b or a < LIMIT",
        "below: return a < b and a < LIMIT → return a < LIMIT",
        "below: return a < b and a < LIMIT → return a < b",
        "below: a < b → a <= b",
        "below: a < LIMIT → a <= LIMIT",
        "module: size: int = 3 → size: int = 4",
        "Box.double: return self.size * 2 → return None",
        "Box.double: self.size * 2 → self.size // 2",
        "Box.double: self.size * 2 → self.size * 3",
        "Box.none: return [item for item in items if item] → return None",
        "Box.none: for item in items if item → for item in items",
    }
    assert ast.unparse(tree) == ast.unparse(ast.parse(SAMPLE))


@pytest.mark.parametrize(
    ("key", "expression", "was", "now"),
    [
        ("below: a < b → a <= b", "below(2, 2)", False, True),
        ("Box.double: self.size * 2 → self.size * 3", "Box().double", 6, 9),
        ("Box.none: for item in items if item → for item in items", "Box.none([0, 1])", [1], [0, 1]),
    ],
)
def test_a_change_reaches_the_live_function(
    key: str, expression: str, was: object, now: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = types.ModuleType("detente.sample")
    exec(SAMPLE, vars(module))
    monkeypatch.setitem(sys.modules, "detente.sample", module)
    assert eval(expression, vars(module)) == was
    tree, found = of(SAMPLE)
    found[key].apply()
    run.replace_code(found[key], tree)
    assert eval(expression, vars(module)) == now


def test_a_changed_constant_reaches_whoever_has_imported_it(monkeypatch: pytest.MonkeyPatch) -> None:
    module, user = types.ModuleType("detente.sample"), types.ModuleType("tests.user")
    exec(SAMPLE, vars(module))
    vars(user)["LIMIT"] = vars(module)["LIMIT"]
    for one in (module, user):
        monkeypatch.setitem(sys.modules, one.__name__, one)
    _, found = of(SAMPLE)
    mutant = found["module: LIMIT = 5 → LIMIT = 6"]
    mutant.apply()
    run.replace_value(mutant)
    assert eval("below(5, 9)", vars(module)) is True
    assert vars(user)["LIMIT"] == 6


@pytest.mark.slow
def test_every_survivor_that_is_accepted_is_one_that_there_is_and_says_why() -> None:
    _, found = run.load(ROOMS)
    known = {(mutant.file, mutant.key) for mutant in found}
    for file, lines in accepted().items():
        for key, why in lines.items():
            assert (file, key) in known, f"no mutant {file}: {key}"
            assert len(why) > 10, f"no reason for {file}: {key}"


def test_no_file_is_left_out() -> None:
    trees, _ = run.load(ROOMS)
    source = Path(run.__file__).parents[2] / "src" / "detente"
    assert set(trees) == {
        f"{room}/{path.name}" for room in ROOMS for path in (source / room).iterdir() if path.suffix == ".py"
    }
