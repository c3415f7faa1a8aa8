# SPDX-License-Identifier: Apache-2.0
"""House rules that no linter holds: pure rooms ask nobody for the time, files and functions stay short."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src" / "detente"
FILES = sorted(SOURCE.rglob("*.py"))
PURE = ("words", "seal", "log", "line", "record", "press")
MAX_FILE = 600
MAX_FUNCTION = 80


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_a_file_is_short_licensed_and_says_what_it_is(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# SPDX-License-Identifier: Apache-2.0\n")
    tree = ast.parse(text)
    assert ast.get_docstring(tree)
    assert text.count("\n") <= MAX_FILE
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or node.lineno) - node.lineno < MAX_FUNCTION, f"{path.name}: {node.name}"


def _asks(node: ast.AST) -> str | None:
    if not isinstance(node, ast.Call):
        return None
    if isinstance(node.func, ast.Name):
        return node.func.id if node.func.id in {"open", "print", "input"} else None
    if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name | ast.Attribute):
        owner = node.func.value
        name = owner.id if isinstance(owner, ast.Name) else owner.attr
        if name in {"datetime", "date"} and node.func.attr in {"now", "utcnow", "today"}:
            return f"{name}.{node.func.attr}"
        if node.func.attr in {"generate", "generate_key", "urandom"}:
            return f"{name}.{node.func.attr}"
    return None


@pytest.mark.parametrize("room", PURE)
def test_a_pure_room_asks_for_no_time_randomness_or_file(room: str) -> None:
    for path in sorted((SOURCE / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            asked = _asks(node)
            assert asked is None, f"{path.relative_to(SOURCE)}:{getattr(node, 'lineno', 0)} calls {asked}"
