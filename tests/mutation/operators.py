# SPDX-License-Identifier: Apache-2.0
"""What is changed in a file to see whether a test notices: one small change is one mutant.

Not changed: annotations, decorators and class keywords (the type checker holds them), docstrings, asserts,
``__all__`` and ``__slots__``, and the text of an error that is raised (no test pins the wording; the raise
itself is changed).
"""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.And: ast.Or, ast.Or: ast.And, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.BitXor: ast.BitAnd,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.Div: ast.Mult,
    ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.LShift: ast.RShift, ast.RShift: ast.LShift,
}  # fmt: skip
NAMES = {
    "min": "max", "max": "min", "any": "all", "all": "any", "sorted": "list", "partition": "rpartition",
    "rpartition": "partition", "startswith": "endswith", "endswith": "startswith", "popleft": "pop",
    "append": "appendleft", "issuperset": "issubset", "issubset": "issuperset",
}  # fmt: skip
TEXT = 60


@dataclass(frozen=True)
class Mutant:
    """``field`` of ``parent`` (at ``at``, where it is a list) becomes ``node``; None takes it out.

    ``where``: the function or method, empty for what runs at import, which is then about ``names``;
    ``statement``: the assignment at the top of the module that it is in.
    """

    file: str
    where: str
    names: tuple[str, ...]
    statement: ast.stmt | None
    lines: range
    text: str
    parent: ast.AST
    field: str
    at: int | None
    node: ast.AST | None

    @property
    def key(self) -> str:
        """What it is called in the list of survivors: no line number, so that it outlives other changes."""
        return f"{self.where or 'module'}: {self.text}"

    @property
    def name(self) -> str:
        """``key`` with the file."""
        return f"{self.file}: {self.key}"

    def apply(self) -> None:
        """Change the tree for good."""
        _put(self.parent, self.field, self.at, self.node)


@dataclass
class Scope:
    """Where the walk stands: a function, or what runs at import."""

    function: str = ""
    prefix: str = ""
    names: tuple[str, ...] = ()
    statement: ast.stmt | None = None
    quiet: bool = False


def mutants(file: str, tree: ast.Module) -> list[Mutant]:
    """All mutants of one file, in its order. ``tree`` stays as it is until one is applied."""
    found = list(_walk(file, tree, Scope()))
    seen: Counter[str] = Counter()
    result = []
    for mutant in found:
        seen[mutant.key] += 1
        text = mutant.text if seen[mutant.key] == 1 else f"{mutant.text} #{seen[mutant.key]}"
        result.append(Mutant(**{**vars(mutant), "text": text}))
    return result


def _walk(file: str, node: ast.AST, scope: Scope) -> Iterator[Mutant]:
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list", "keywords", "bases", "type_ignores") and not (
            field == "keywords" and isinstance(node, ast.Call)
        ):
            continue
        children = enumerate(value) if isinstance(value, list) else [(None, value)]
        for at, child in children:
            if not isinstance(child, ast.AST) or _skipped(node, field, at, child):
                continue
            inner = _scope(node, field, child, scope)
            if not inner.quiet:
                yield from _of(file, inner, node, field, at, child)
            yield from _walk(file, child, inner)


def _scope(node: ast.AST, field: str, child: ast.AST, scope: Scope) -> Scope:
    if isinstance(node, ast.FunctionDef) and not scope.function and field == "body":
        return Scope(function=f"{scope.prefix}{node.name}", prefix=scope.prefix)
    if isinstance(node, ast.FunctionDef) and not scope.function and field == "args":
        return Scope(prefix=scope.prefix, names=(node.name,))
    if isinstance(node, ast.ClassDef) and field == "body" and not scope.function:
        scope = Scope(prefix=f"{scope.prefix}{node.name}.", names=(node.name,))
    if isinstance(child, ast.Assign | ast.AnnAssign) and not scope.function:
        targets = child.targets if isinstance(child, ast.Assign) else [child.target]
        names = (name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name))
        top = child if isinstance(node, ast.Module) else None
        return Scope(prefix=scope.prefix, names=(*scope.names, *names), statement=top)
    if isinstance(node, ast.Raise) and isinstance(child, ast.Call):
        return Scope(**{**vars(scope), "quiet": True})
    return scope


def _skipped(node: ast.AST, field: str, at: int | None, child: ast.AST) -> bool:
    if isinstance(child, ast.Assert | ast.Import | ast.ImportFrom):
        return True
    if field == "body" and at == 0 and isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
        return True
    if isinstance(child, ast.If) and isinstance(child.test, ast.Name) and child.test.id == "TYPE_CHECKING":
        return True
    if isinstance(child, ast.AnnAssign) and ast.unparse(child.annotation) == "TypeAlias":
        return True
    if isinstance(child, ast.Assign) and isinstance(child.targets[0], ast.Name):
        # A union of types is an annotation by another name.
        return child.targets[0].id in {"__all__", "__slots__"} or _is_union(child.value)
    return False


def _is_union(value: ast.AST) -> bool:
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.BitOr):
        return _is_union(value.left) and isinstance(value.right, ast.Name)
    return isinstance(value, ast.Name) and value.id[:1].isupper() and not value.id.isupper()


def _of(
    file: str, scope: Scope, parent: ast.AST, field: str, at: int | None, child: ast.AST
) -> Iterator[Mutant]:
    changes = (
        _statement(parent, child, bool(scope.function)) if isinstance(child, ast.stmt) else _expression(child)
    )
    for inside, node in changes:
        owner, name, index = inside or (parent, field, at)
        whole = owner is parent and isinstance(child, ast.stmt)  # the statement goes
        site = _site(owner, child)
        before = _head(site)
        was = _get(owner, name, index)
        _put(owner, name, index, node)
        after = _head(node) if whole and node is not None else _head(site)
        _put(owner, name, index, was, back=node is None)
        if before == after:
            continue
        lines = _lines(child if hasattr(child, "lineno") else parent)
        yield Mutant(
            file, scope.function, scope.names, scope.statement, lines,
            _shown(before, after), owner, name, index, node,
        )  # fmt: skip


# A field of the node itself or of one below it, or None where the node itself is replaced; what comes there.
Change: TypeAlias = tuple[tuple[ast.AST, str, int | None] | None, ast.AST | None]


def _here(node: ast.AST) -> Change:
    return None, node


def _statement(parent: ast.AST, node: ast.stmt, inside: bool) -> Iterator[Change]:
    """Changes of a statement; those of its expressions come from them."""
    nothing = ast.copy_location(ast.Pass(), node)
    match node:
        case ast.If():
            only_raises = len(node.body) == 1 and isinstance(node.body[0], ast.Raise)
            for value in (False,) if only_raises else (True, False):
                yield (node, "test", None), _constant(value, node.test)
        case ast.While():
            yield (node, "test", None), _constant(False, node.test)
        case ast.For():
            yield (node, "iter", None), ast.copy_location(ast.Tuple([], ast.Load()), node.iter)
        case ast.Raise() if not isinstance(parent, ast.If) or len(parent.body) > 1:
            yield _here(nothing)
        case ast.Expr(value=ast.Call()) | ast.Delete():
            yield _here(nothing)
        case ast.AugAssign():
            yield _here(nothing)
            if type(node.op) in SWAPS:
                yield (node, "op", None), SWAPS[type(node.op)]()
        case ast.Assign() | ast.AnnAssign() if inside and node.value is not None:
            if not isinstance(node.value, ast.Constant) or isinstance(node.value.value, str | bytes):
                yield (node, "value", None), _constant(None, node.value)
        case ast.Return() if node.value is not None and not isinstance(node.value, ast.Constant):
            yield (node, "value", None), _constant(None, node.value)
        case ast.Break():
            yield _here(ast.copy_location(ast.Continue(), node))
        case ast.Continue():
            yield _here(ast.copy_location(ast.Break(), node))
        case ast.Match() if len(node.cases) > 1:
            for index in range(len(node.cases)):
                yield (node, "cases", index), None


def _expression(node: ast.AST) -> Iterator[Change]:
    match node:
        case ast.Compare():
            for index, op in enumerate(node.ops):
                yield (node, "ops", index), SWAPS[type(op)]()
        case ast.BoolOp():
            yield (node, "op", None), SWAPS[type(node.op)]()
            for index in range(len(node.values)):
                rest = [value for at, value in enumerate(node.values) if at != index]
                yield _here(rest[0] if len(rest) == 1 else ast.copy_location(ast.BoolOp(node.op, rest), node))
        case ast.UnaryOp():
            yield _here(node.operand)
        case ast.BinOp() if type(node.op) in SWAPS:
            yield (node, "op", None), SWAPS[type(node.op)]()
        case ast.IfExp():
            yield _here(node.body)
            yield _here(node.orelse)
        case ast.Lambda():
            yield (node, "body", None), _constant(None, node.body)
        case ast.Slice():
            for name in ("lower", "upper", "step"):
                if getattr(node, name) is not None:
                    yield (node, name, None), None
        case ast.comprehension():
            for index in range(len(node.ifs)):
                yield (node, "ifs", index), None
        case ast.ExceptHandler(type=ast.Tuple() as types):
            for index in range(len(types.elts)):
                yield (types, "elts", index), None
        case ast.ExceptHandler(type=ast.expr() as one):
            yield (node, "type", None), ast.copy_location(ast.Tuple([], ast.Load()), one)
        case ast.Call():
            yield from _call(node)
        case ast.Constant():
            yield from _value(node)


def _call(node: ast.Call) -> Iterator[Change]:
    for index, keyword in enumerate(node.keywords):
        if keyword.arg is not None:
            yield (node, "keywords", index), None
    match node.func:
        case ast.Name(id=name) if name in NAMES:
            yield (node, "func", None), ast.copy_location(ast.Name(NAMES[name], ast.Load()), node.func)
        case ast.Attribute(attr=name) if name in NAMES and name != "append":
            changed = copy.copy(node.func)
            changed.attr = NAMES[name]
            yield (node, "func", None), changed


def _value(node: ast.Constant) -> Iterator[Change]:
    match node.value:
        case bool():
            yield _here(_constant(not node.value, node))
        case int():
            yield _here(_constant(node.value + 1, node))
        case str():
            yield _here(_constant(f"XX{node.value}", node))
        case bytes():
            yield _here(_constant(b"XX" + node.value, node))


def _constant(value: object, like: ast.AST) -> ast.Constant:
    return ast.copy_location(ast.Constant(value), like)  # type: ignore[arg-type]


def _lines(node: ast.AST) -> range:
    """The lines of a node; of a compound statement those of its head."""
    first, last = getattr(node, "lineno", 1), getattr(node, "end_lineno", 1)
    if isinstance(node, ast.If | ast.While):
        last = node.test.end_lineno
    elif isinstance(node, ast.For):
        last = node.iter.end_lineno
    return range(first, last + 1)


def _get(owner: ast.AST, name: str, index: int | None) -> Any:
    held = getattr(owner, name)
    return held if index is None else held[index]


def _put(owner: ast.AST, name: str, index: int | None, node: Any, *, back: bool = False) -> None:
    if index is None:
        setattr(owner, name, node)
        return
    items = getattr(owner, name)
    if back:
        items.insert(index, node)
    elif node is None:
        del items[index]
    else:
        items[index] = node


def _site(owner: ast.AST, child: ast.AST) -> ast.AST:
    """The smallest piece of code that shows the change."""
    shows = ast.expr | ast.comprehension | ast.ExceptHandler | ast.arguments | ast.keyword
    if isinstance(child, ast.stmt) or not isinstance(owner, shows | ast.stmt):
        return child
    return owner


def _head(site: ast.AST) -> str:
    match site:
        case ast.If() | ast.While():
            return f"{type(site).__name__.lower()} {ast.unparse(site.test)}:"
        case ast.For():
            return f"for {ast.unparse(site.target)} in {ast.unparse(site.iter)}:"
        case ast.Match():
            return "match " + " | ".join(ast.unparse(case.pattern) for case in site.cases)
        case ast.ExceptHandler():
            return "except " + (ast.unparse(site.type) if site.type else "")
        case ast.Slice():
            return f"[{ast.unparse(site)}]"
    return " ".join(ast.unparse(site).split())


def _shown(before: str, after: str) -> str:
    """What differs, with what stands around it."""
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    while end < min(len(before), len(after)) - start and before[-1 - end] == after[-1 - end]:
        end += 1
    left = max(0, start - TEXT // 2)

    def cut(text: str) -> str:
        right = min(len(text), len(text) - end + TEXT // 2)
        changed = text[start : len(text) - end]
        middle = changed if len(changed) <= 2 * TEXT else f"{changed[:TEXT]}…{changed[-TEXT:]}"
        piece = text[left:start] + middle + text[len(text) - end : right]
        return ("…" if left else "") + piece + ("…" if right < len(text) else "")

    return f"{cut(before)} → {cut(after)}"
