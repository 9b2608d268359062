"""Aggregates: one chain of collections, an element computed in each of its rows.

``sum(items.quantity * items.product.price)``: every path that begins with ``items`` means the same row of it; other
names
are those of the record outside. In a report (``group``) the rows of the group are the collection, and bare names are
theirs.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from yuanke.expressions import kinds as k
from yuanke.expressions import nodes as n
from yuanke.expressions.check_found import finds, found
from yuanke.expressions.functions import catalogue
from yuanke.expressions.scope import Kind
from yuanke.kernel.text import Label

if TYPE_CHECKING:
    from yuanke.expressions.check import Checker

MOST_LIMIT = 1000
_WANTED = {"avg": "number", "median": "number", "names": "text"}
_RESULTS = {"count": k.NUMBER, "exists": k.BOOL, "avg": k.NUMBER, "median": k.NUMBER, "names": k.TEXT, "list": k.LIST}


def aggregate(checker: Checker, node: ast.Call, name: str) -> n.Node:
    from yuanke.expressions.check_calls import no_keyword

    if name in ("first", "last"):
        return edge(checker, node, name, [])
    if node.keywords:
        word = node.keywords[0]
        raise checker.fault(
            word.value,
            no_keyword(name, word.arg),
            Label(
                f"比较请写 ==，条件写在方括号里：{name}(orders[status == won])",
                f"Write == to compare, and a condition in brackets: {name}(orders[status == won]).",
            ),
        )
    if len(node.args) == 2:
        said = checker.text.of(node.args[0])
        raise checker.fault(
            node.args[1],
            _one_collection(name),
            Label(f"条件写在方括号里：{name}({said}[...])", f"Write the condition in brackets: {name}({said}[...])."),
        )
    if len(node.args) > 1 or (not node.args and not (checker.group and name == "count")):
        raise checker.fault(
            node,
            _one_collection(name),
            Label(
                f"请写 {name}(orders) 或 {name}(orders[status == won].total)",
                f"Write {name}(orders) or {name}(orders[status == won].total).",
            ),
        )
    if not node.args:
        return n.Aggregate(k.NUMBER, "count", n.Chain(0, 0, [_group()]), None)
    return over(checker, node.args[0], name)


def _one_collection(name: str) -> Label:
    return Label(f"{name} 用于一个集合", f"{name} takes one collection.")


def _group() -> n.Hop:
    return n.Hop((), "rows", Kind("collection"), group=True)


def _collect(checker: Checker, part: ast.expr) -> tuple[n.Chain, n.Node]:
    """The chain that the paths in ``part`` share, and ``part`` as the element of one of its rows."""
    from yuanke.expressions.check import Collecting

    if finds(part):
        return found(checker, part)
    if checker.collecting is not None:
        raise checker.fault(
            part,
            Label("汇总里又有汇总", "An aggregate stands inside another."),
            Label(
                "请把里面的放进内层记录的字段，或放进方括号",
                "Put the inner one into a field of the inner record, or into brackets.",
            ),
        )
    collecting = checker.collecting = Collecting()
    depth, in_group = checker.frame, checker.group and checker.frame == 0
    checker.frame += in_group
    try:
        element = (
            _narrowed_value(checker, part) if in_group and isinstance(part, ast.Subscript) else checker.check(part)
        )
    finally:
        checker.collecting, checker.frame = None, depth
    hops = [_group(), *collecting.hops] if in_group else collecting.hops
    if not hops:
        said = checker.text.of(part)
        raise checker.fault(
            part,
            Label(f"{said} 是一个值，不是集合", f"{said} is one value, not a collection."),
            Label(
                "汇总用于明细、反向关联或实体：sum(lines.total)",
                "An aggregate takes rows, an inverse link or an entity: sum(lines.total).",
            ),
        )
    return n.Chain(depth if in_group else collecting.frame, depth, hops), element


def _narrowed_value(checker: Checker, part: ast.Subscript) -> n.Node:
    """In a report ``quantity[date < asked.since]`` is the quantity where the condition holds, else nothing."""
    if checker.names.is_many(part.value):
        return checker.check(part)
    value, test = checker.check(part.value), checker.condition(part.slice)
    return n.If(value.kind, test, value, k.constant(None))


def over(checker: Checker, part: ast.expr, name: str) -> n.Node:
    chain, element = _collect(checker, part)
    rows = isinstance(element, n.Field) and not element.names
    if rows:
        if name not in ("count", "exists", "list"):
            said = checker.text.of(part)
            raise checker.fault(
                part,
                Label(f"{said} 是记录的集合", f"{said} is a collection of records."),
                Label(f"请写明字段：{name}({said}.amount)", f"Say which field: {name}({said}.amount)."),
            )
        return n.Aggregate(_RESULTS[name], name, chain, None if name != "list" else element)
    kind = element.kind
    if name in ("sum",) and kind.name != "duration":
        element = checker.wants(part, element, "number", "sum()")
    if name in _WANTED:
        element = checker.wants(part, element, _WANTED[name], f"{name}()")
    if name in ("min", "max") and kind.name not in k.ORDERED:
        raise checker.fault(
            part,
            k.without_order(kind),
            Label(
                f"{name} 用于数字、文字或日期；选项请用 stage.order",
                f"{name} takes numbers, texts or dates; of options take stage.order.",
            ),
        )
    result = _RESULTS.get(name) or (k.DURATION if kind.name == "duration" else k.NUMBER if name == "sum" else kind)
    return n.Aggregate(result, name, chain, element)


def edge(checker: Checker, node: ast.Call, name: str, steps: list[ast.Attribute]) -> n.Node:
    """``first(rules[active], by=priority).days``, ``last(actions.content, by=at, limit=20)``."""
    from yuanke.expressions.check_calls import refuse_keyword, write

    if len(node.args) != 1:
        raise checker.fault(node, _one_collection(name), write(f"{name}(rules[active], by=priority)"))
    for word in node.keywords:
        refuse_keyword(checker, word, catalogue()[name])
    part = node.args[0]
    path: ast.expr = part
    for step in steps:
        path = ast.copy_location(ast.Attribute(path, step.attr, ast.Load()), step)
    many = isinstance(part, (ast.Name, ast.Attribute, ast.Subscript)) and checker.names.is_many(part)
    if not many and not finds(part):
        raise checker.fault(
            node.args[0],
            Label(f"{name} 用于集合", f"{name} takes a collection."),
            write(f"{name}(rules[active], by=priority)"),
        )
    chain, element = _collect(checker, path)
    given = {word.arg: word.value for word in node.keywords}
    by = _order(checker, chain, given["by"], node) if "by" in given else None
    limit = _limit(checker, given["limit"]) if "limit" in given else None
    kind = element.kind
    if isinstance(element, n.Field) and not element.names:
        kind = Kind("link", of=chain.hops[-1].kind.of)
        element = n.Field(kind, element.frame, ())
    return n.Aggregate(k.LIST if limit is not None else kind, name, chain, element, by, limit)


def _order(checker: Checker, chain: n.Chain, by: ast.expr, node: ast.Call) -> n.Node:
    reads = _reads_of(chain)
    inner = checker.inside(chain.hops[-1].kind, chain.depth + len(chain.hops), (*checker.prefix, *reads), node)
    found = inner.check(by)
    if found.kind.name not in k.ORDERED:
        raise checker.fault(
            by,
            k.without_order(found.kind),
            Label("请按数字、文字或日期排序", "Order by a number, a text or a date."),
        )
    return found


def _reads_of(chain: n.Chain) -> list[str]:
    return [name for hop in chain.hops for name in (*hop.links, hop.many) if name not in ("this", "row")]


def _limit(checker: Checker, limit: ast.expr) -> int:
    if not (isinstance(limit, ast.Constant) and type(limit.value) is int and 1 <= limit.value <= MOST_LIMIT):
        raise checker.fault(
            limit,
            Label("limit 是整数", "limit is a whole number."),
            Label(f"从 1 到 {MOST_LIMIT}", f"From 1 to {MOST_LIMIT}."),
        )
    return limit.value
