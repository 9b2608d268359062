"""The part of an expression that a form can compute while somebody types, as JSON.

A node is a list whose first entry says what it is; every value may be null:

* ``["const", "1.5"]`` a number as text · ``["text", "won"]`` · ``["bool", true]`` · ``["null"]``
* ``["field", "quantity"]`` of the record (or of the row, inside an aggregate) · ``["outer", "discount"]`` of the
  record, seen from a row
* ``["option", node, {"won": "100"}]`` the value that an option carries
* ``["+", a, b]`` ``-`` ``*`` ``/`` (12 places, null when b is 0) ``%`` · ``["neg", a]`` · ``["round", a, n]``
  ``["floor", a]`` ``["ceil", a]`` ``["abs", a]``
* ``["min", a, b, ...]`` ``["max", ...]`` (nulls passed over) · ``["coalesce", a, b, ...]`` · ``["concat", a, ...]``
* ``["==", a, b]`` ``!=`` ``<`` ``<=`` ``>`` ``>=`` (an ordering with null is false) · ``["in", a, [b, ...]]``
* ``["and", a, ...]`` ``["or", a, ...]`` ``["not", a]`` ``["if", test, a, b]``
* ``["sum", "lines", element]`` ``avg`` ``min`` ``max`` ``count`` ``exists`` over the rows typed in the form: ``["sum",
  "lines", element, condition]``;
  an element or condition of null means the row itself, always. ``min`` and ``max`` of rows are ``["least", ...]``,
  ``["greatest", ...]``.

The server computes again when it saves; the browser's figures are for the eye. One rule: what a node above cannot say
gives no tree at all.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from yuanke.expressions import nodes as n
from yuanke.expressions.exact import plain

_FUNCTIONS = {"round", "floor", "ceil", "abs", "min", "max", "coalesce", "concat"}
_ROWS = {"sum": "sum", "avg": "avg", "count": "count", "exists": "exists", "min": "least", "max": "greatest"}


class _ServerOnly(Exception):
    """This node has no form in the browser."""


def tree(node: n.Node) -> list[Any] | None:
    try:
        return _tree(node, 0)
    except _ServerOnly:
        return None


def _tree(node: n.Node, frame: int) -> list[Any]:
    build = _FORMS.get(type(node))
    if build is None:
        raise _ServerOnly
    return build(node, frame)


def _const(node: n.Const, frame: int) -> list[Any]:
    value = node.value
    if value is None:
        return ["null"]
    if isinstance(value, bool):
        return ["bool", value]
    if isinstance(value, Decimal):
        return ["const", plain(value)]
    if isinstance(value, str):
        return ["text", value]
    raise _ServerOnly


def _field(node: n.Field, frame: int) -> list[Any]:
    names = node.names[1:] if node.names[:1] in (("this",), ("record",)) and node.frame == 0 else node.names
    if len(names) != 1 or node.kind.name not in ("number", "text", "bool", "choice", "any", "date"):
        raise _ServerOnly
    return ["field" if node.frame == frame else "outer", names[0]]


def _option(node: n.OptionValue, frame: int) -> list[Any]:
    values = {key: plain(value) if isinstance(value, Decimal) else value for key, value in node.values.items()}
    return ["option", _tree(node.choice, frame), values]


def _call(node: n.Call, frame: int) -> list[Any]:
    if node.function.name not in _FUNCTIONS:
        raise _ServerOnly
    if node.function.name == "round":
        places = node.arguments[1] if len(node.arguments) > 1 else n.Const(node.kind, Decimal(0))
        if not isinstance(places, n.Const) or places.value is None:
            raise _ServerOnly
        return ["round", _tree(node.arguments[0], frame), int(places.value)]
    return [node.function.name, *(_tree(part, frame) for part in node.arguments)]


def _aggregate(node: n.Aggregate, frame: int) -> list[Any]:
    hop = node.chain.hops[0]
    if node.operator not in _ROWS or len(node.chain.hops) != 1 or hop.entity or hop.group or frame or node.chain.known:
        raise _ServerOnly
    if tuple(name for name in hop.links if name not in ("this", "record")):
        raise _ServerOnly
    element = _tree(node.element, 1) if node.element is not None else None
    condition = _tree(hop.condition, 1) if hop.condition is not None else None
    return (
        [_ROWS[node.operator], hop.many, element, condition]
        if condition is not None
        else [_ROWS[node.operator], hop.many, element]
    )


_FORMS: dict[type, Callable[[Any, int], list[Any]]] = {
    n.Const: _const,
    n.Field: _field,
    n.OptionValue: _option,
    n.Call: _call,
    n.Aggregate: _aggregate,
    n.Arith: lambda node, frame: [node.operator, _tree(node.left, frame), _tree(node.right, frame)],
    n.Negative: lambda node, frame: ["neg", _tree(node.operand, frame)],
    n.Compare: lambda node, frame: [node.operator, _tree(node.left, frame), _tree(node.right, frame)],
    n.InList: lambda node, frame: ["in", _tree(node.value, frame), [_tree(item, frame) for item in node.items]],
    n.Logic: lambda node, frame: [node.operator, *(_tree(part, frame) for part in node.parts)],
    n.Not: lambda node, frame: ["not", _tree(node.operand, frame)],
    n.If: lambda node, frame: ["if", _tree(node.test, frame), _tree(node.then, frame), _tree(node.other, frame)],
}
