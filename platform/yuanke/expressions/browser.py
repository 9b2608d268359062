"""The part of an expression that a form can compute while somebody types, as JSON.

A node is a list whose first entry says what it is; every value may be null:

* ``["const", "1.5"]`` a number as text · ``["text", "won"]`` · ``["bool", true]`` · ``["null"]``
* ``["field", "quantity"]`` of the record (or of the row, inside an aggregate) · ``["outer", "discount"]`` of the
  record, seen from a row; in a formula of an owned row, of the document that carries it (``order.rate_mode``)
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
from typing import Any, NamedTuple

from yuanke.expressions import nodes as n
from yuanke.expressions.exact import plain

_FUNCTIONS = {"round", "floor", "ceil", "abs", "min", "max", "coalesce", "concat"}
_ROWS = {"sum": "sum", "avg": "avg", "count": "count", "exists": "exists", "min": "least", "max": "greatest"}


class _ServerOnly(Exception):
    """This node has no form in the browser."""


class _At(NamedTuple):
    """Where a node stands: inside how many aggregates, and what a row calls the document that carries it."""

    frame: int
    document: str | None


def tree(node: n.Node, document: str | None = None) -> list[Any] | None:
    try:
        return _tree(node, _At(0, document))
    except _ServerOnly:
        return None


def _tree(node: n.Node, at: _At) -> list[Any]:
    build = _FORMS.get(type(node))
    if build is None:
        raise _ServerOnly
    return build(node, at)


def _const(node: n.Const, at: _At) -> list[Any]:
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


def _field(node: n.Field, at: _At) -> list[Any]:
    names = node.names[1:] if node.names[:1] in (("this",), ("record",)) and node.frame == 0 else node.names
    carried = len(names) == 2 and names[0] == at.document and node.frame == at.frame == 0
    if (len(names) != 1 and not carried) or node.kind.name not in ("number", "text", "bool", "choice", "any", "date"):
        raise _ServerOnly
    return ["outer" if carried or node.frame != at.frame else "field", names[-1]]


def _option(node: n.OptionValue, at: _At) -> list[Any]:
    values = {key: plain(value) if isinstance(value, Decimal) else value for key, value in node.values.items()}
    return ["option", _tree(node.choice, at), values]


def _call(node: n.Call, at: _At) -> list[Any]:
    if node.function.name not in _FUNCTIONS:
        raise _ServerOnly
    if node.function.name == "round":
        places = node.arguments[1] if len(node.arguments) > 1 else n.Const(node.kind, Decimal(0))
        if not isinstance(places, n.Const) or places.value is None:
            raise _ServerOnly
        return ["round", _tree(node.arguments[0], at), int(places.value)]
    return [node.function.name, *(_tree(part, at) for part in node.arguments)]


def _aggregate(node: n.Aggregate, at: _At) -> list[Any]:
    hop = node.chain.hops[0]
    if (
        node.operator not in _ROWS
        or len(node.chain.hops) != 1
        or hop.entity
        or hop.group
        or at.frame
        or node.chain.known
    ):
        raise _ServerOnly
    if tuple(name for name in hop.links if name not in ("this", "record")):
        raise _ServerOnly
    inner = at._replace(frame=1)
    element = _tree(node.element, inner) if node.element is not None else None
    condition = _tree(hop.condition, inner) if hop.condition is not None else None
    return (
        [_ROWS[node.operator], hop.many, element, condition]
        if condition is not None
        else [_ROWS[node.operator], hop.many, element]
    )


_FORMS: dict[type, Callable[[Any, _At], list[Any]]] = {
    n.Const: _const,
    n.Field: _field,
    n.OptionValue: _option,
    n.Call: _call,
    n.Aggregate: _aggregate,
    n.Arith: lambda node, at: [node.operator, _tree(node.left, at), _tree(node.right, at)],
    n.Negative: lambda node, at: ["neg", _tree(node.operand, at)],
    n.Compare: lambda node, at: [node.operator, _tree(node.left, at), _tree(node.right, at)],
    n.InList: lambda node, at: ["in", _tree(node.value, at), [_tree(item, at) for item in node.items]],
    n.Logic: lambda node, at: [node.operator, *(_tree(part, at) for part in node.parts)],
    n.Not: lambda node, at: ["not", _tree(node.operand, at)],
    n.If: lambda node, at: ["if", _tree(node.test, at), _tree(node.then, at), _tree(node.other, at)],
}
