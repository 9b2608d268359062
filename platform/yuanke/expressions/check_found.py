"""Functions that find records (``duplicates(firm, name=name)``): a collection to count, or of which to take the first.

The one rule: the first argument names the entity, so that what stands behind ``first(...)`` is checked like any field.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from yuanke.expressions import nodes as n
from yuanke.expressions.faults import meant
from yuanke.expressions.functions import catalogue
from yuanke.expressions.scope import Kind
from yuanke.kernel.text import Label

if TYPE_CHECKING:
    from yuanke.expressions.check import Checker


def finds(node: ast.expr) -> bool:
    """Is it the call of such a function, perhaps with dots behind?"""
    call = _call_of(node)
    function = catalogue().get(call.func.id) if call is not None and isinstance(call.func, ast.Name) else None
    return function is not None and function.result == "collection"


def _call_of(node: ast.expr) -> ast.Call | None:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node if isinstance(node, ast.Call) else None


def found(checker: Checker, node: ast.expr) -> tuple[n.Chain, n.Node]:
    """The chain of the one collection, and what stands behind the dots in one of its records (the record itself)."""
    call = _call_of(node)
    assert call is not None and isinstance(call.func, ast.Name)
    kind = _entity(checker, call)
    called = checker.check(call)
    assert isinstance(called, n.Call)
    hop = n.Hop((), call.func.id, kind, mark=ast.dump(call), call=called)
    chain = n.Chain(checker.frame, checker.frame, [hop])
    steps = []
    while isinstance(node, ast.Attribute):
        steps.append(node)
        node = node.value
    if not steps:
        return chain, n.Field(kind, checker.frame + 1, ())
    path: ast.expr = ast.copy_location(ast.Name(steps[-1].attr, ast.Load()), steps[-1])
    for step in reversed(steps[:-1]):
        path = ast.copy_location(ast.Attribute(path, step.attr, ast.Load()), step)
    inner = checker.inside(kind, checker.frame + 1, checker.prefix, call)
    return chain, inner.check(path)


def _entity(checker: Checker, call: ast.Call) -> Kind:
    first = call.args[0] if call.args else None
    kind = checker.scope.entity(first.id) if isinstance(first, ast.Name) else None
    if kind is None:
        said = checker.text.of(first) if first is not None else ""
        raise checker.fault(
            first or call,
            Label(f"没有实体“{said}”", f'There is no entity "{said}".'),
            meant(said, checker.scope.names())
            or Label("第一个参数写实体的键", "The first argument is an entity's key."),
        )
    checker.notes.entities.add(str(kind.of))
    return Kind("collection", of=kind.of)
