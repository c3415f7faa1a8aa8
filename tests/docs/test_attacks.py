# SPDX-License-Identifier: Apache-2.0
"""docs/attacks.md: every attack names a test that exists, or says that it is a limit."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from tests.docs.tree import ROOT

PAGE = ROOT / "docs" / "attacks.md"
LIMIT = "**limit**"
COLUMNS = ["attack", "answer", "held by", "what remains"]
TEST = re.compile(r"`(tests/[a-z_/]+\.py)::(test_[A-Za-z0-9_]+)`")


def rows() -> list[list[str]]:
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in cells if row != COLUMNS and not set("".join(row)) <= {"-"}]


@cache
def names_in(path: str) -> frozenset[str]:
    """The names of the tests in a file, those of its classes too."""
    file = ROOT / path
    if not file.is_file():
        return frozenset()
    tree = ast.parse(file.read_text(encoding="utf-8"))
    made = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return frozenset(node.name for node in made if node.name.startswith("test_"))


@pytest.mark.parametrize("row", rows(), ids=lambda row: re.sub(r"\W+", "-", row[0])[:60])
def test_an_attack_has_an_answer_and_a_test_or_is_a_limit(row: list[str]) -> None:
    assert len(row) == len(COLUMNS)
    attack, answer, held, remains = row
    assert attack and answer
    found = TEST.findall(held)
    assert held == "<br>".join([*(f"`{path}::{name}`" for path, name in found), *([LIMIT] * (LIMIT in held))])
    for path, name in found:
        assert name in names_in(path), f"{path} has no {name}"
    if LIMIT in held:
        assert remains, "a limit says what remains"
    else:
        assert found, "an attack without a test is not answered"


def test_the_page_is_of_some_length_and_says_each_thing_once() -> None:
    attacks = [row[0] for row in rows()]
    assert len(attacks) == len(set(attacks)) >= 50


def test_a_name_that_is_wrong_is_noticed() -> None:
    assert "test_two_histories_are_proven" in names_in("tests/line/test_line.py")
    assert "test_no_such_thing" not in names_in("tests/line/test_line.py")
    assert not names_in("tests/line/test_nowhere.py")


def test_the_threat_model_leads_here() -> None:
    assert "(attacks.md)" in (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
