"""Arithmetic, comparison and membership: which kinds may meet, and which conversions stand between them."""

from __future__ import annotations

import ast
from decimal import Decimal
from typing import TYPE_CHECKING

from yuanke.expressions import kinds as k
from yuanke.expressions import nodes as n
from yuanke.expressions.functions import Function, catalogue
from yuanke.expressions.names import Reference
from yuanke.expressions.scope import Kind
from yuanke.kernel.text import Label

if TYPE_CHECKING:
    from yuanke.expressions.check import Checker

_TIMES = ("date", "datetime")
_FOR = {
    "+": Label("相加", "Adding"),
    "-": Label("相减", "Subtracting"),
    "*": Label("相乘", "Multiplying"),
    "/": Label("相除", "Dividing"),
    "%": Label("求余数", "The remainder"),
}
NO_VALUE = Label("月数本身没有值", "A length of months has no value of its own.")


def arithmetic(checker: Checker, node: ast.BinOp, sign: str, left: n.Node, right: n.Node) -> n.Node:
    a, b = left.kind.name, right.kind.name
    if sign in "+-" and (a in _TIMES or b in _TIMES):
        return _on_times(checker, node, sign, left, right)
    if sign in "+-" and a == "duration" and b == "duration":
        return n.Arith(k.DURATION, sign, left, right)
    if sign == "+" and "text" in (a, b):
        for side, found in ((node.left, left), (node.right, right)):
            checker.wants(side, found, "text", Label("连接文字", "Joining texts"))
        return k.call("_join", left, right)
    if _shift_of(left) or _shift_of(right):
        raise checker.fault(
            node,
            Label("时间长度要加到日期上", "A length of time is added to a date."),
            Label(
                "请写 date + days(3)；月和年只能和日期一起用",
                "Write date + days(3); months and years stand beside a date only.",
            ),
        )
    left = checker.wants(node.left, left, "number", _FOR[sign])
    right = checker.wants(node.right, right, "number", _FOR[sign])
    return n.Arith(k.NUMBER, sign, left, right)


def _on_times(checker: Checker, node: ast.BinOp, sign: str, left: n.Node, right: n.Node) -> n.Node:
    a, b = left.kind.name, right.kind.name
    if sign == "+" and a not in _TIMES:
        left, right, a, b = right, left, b, a
    if sign == "-" and "null" in (a, b):
        left, right = (n.Const(right.kind, None), right) if a == "null" else (left, n.Const(left.kind, None))
        a, b = left.kind.name, right.kind.name
    shift = _shift_of(right)
    if shift is not None:
        return _shifted(left, sign, right, *shift)
    if b == "duration":
        span = n.Negative(k.DURATION, right) if sign == "-" else right
        return k.call("_later_span", k.to_kind(left, "datetime") or left, span)
    if (sign, a, b) == ("+", "date", "time"):
        return k.call("_at_clock", left, right)
    left, right = _read(left, b), _read(right, a)
    a, b = left.kind.name, right.kind.name
    if sign == "-" and a in _TIMES and b in _TIMES:
        if a == b == "date":
            return n.Call(k.NUMBER, _days_between(), [right, left])
        return k.call("_between", k.to_kind(left, "datetime") or left, k.to_kind(right, "datetime") or right)
    if "number" in (a, b):
        raise checker.fault(
            node,
            Label("数字加到了日期上", "A number is added to a date."),
            Label("请写明单位：date + days(3)、date + months(1)", "Say of what: date + days(3), date + months(1)."),
        )
    one, other = k.spoken(left.kind), k.spoken(right.kind)
    raise checker.fault(
        node,
        Label(f"{one.zh}与{other.zh}不能相加减", f"{one.en} and {other.en} cannot be put together.".capitalize()),
        Label(
            "日期可以加减 days(n)、months(n) ……；两个日期可以相减",
            "A date takes days(n), months(n) ...; two dates can be subtracted.",
        ),
    )


def _read(node: n.Node, beside: str) -> n.Node:
    """``signed - '2024-03-01'``: a text in quotes beside a date is one."""
    if isinstance(node, n.Const) and node.kind.name == "text" and beside in _TIMES:
        return k.to_kind(node, beside) or node
    return node


def _days_between() -> Function:
    return catalogue()["days_between"]


_STEPS = {"days": ("days", 1), "weeks": ("days", 7), "months": ("months", 1), "years": ("months", 12)}


def _shift_of(node: n.Node) -> tuple[str, n.Node] | None:
    """Unit and count of ``months(3)``, None for any other node."""
    return node.shift if isinstance(node, n.Call) else None


def _shifted(time: n.Node, sign: str, span: n.Node, unit: str, count: n.Node) -> n.Node:
    if unit in ("hours", "minutes"):
        return k.call(
            "_later_span", k.to_kind(time, "datetime") or time, n.Negative(k.DURATION, span) if sign == "-" else span
        )
    step, times = _STEPS[unit]
    if times != 1:
        count = n.Arith(k.NUMBER, "*", count, n.Const(k.NUMBER, Decimal(times)))
    if sign == "-":
        count = n.Negative(k.NUMBER, count)
    return k.call(f"_add_{step}" if time.kind.name == "date" else f"_later_{step}", time, count)


def comparison(
    checker: Checker, node: ast.Compare, left: ast.expr, sign: ast.cmpop, operator: str, right: ast.expr
) -> n.Node:
    hint_right = checker.names.peek(left)
    hint_left = checker.names.peek(right) if hint_right is None else None
    a, b = checker.check(left, hint_left), checker.check(right, hint_right)
    if isinstance(sign, (ast.Is, ast.IsNot)) and not (isinstance(b, n.Const) and b.value is None):
        raise checker.fault(
            node,
            Label("is 只能与 null 比较", "is compares with null only."),
            Label(f"请写 {operator}", f"Write {operator}."),
        )
    if "choices" in (a.kind.name, b.kind.name) and "null" not in (a.kind.name, b.kind.name):
        raise checker.fault(
            node,
            Label("多选不能等于一个值", "A choice of several is not equal to one value."),
            Label("请写 value in field", "Write value in field."),
        )
    a, b, on = meet(checker, node, a, b)
    if operator in ("==", "!="):
        return _with_none(operator, a, b, on)
    for side, found in ((left, a), (right, b)):
        if found.kind.name not in k.ORDERED:
            raise checker.fault(
                side,
                k.without_order(found.kind),
                Label("请用 == 或 !=；选项可以比较 stage.order", "Use == or !=; of options compare stage.order."),
            )
    return n.Compare(k.BOOL, operator, a, b, on)


def _with_none(operator: str, a: n.Node, b: n.Node, on: str) -> n.Node:
    """``x == null`` of a choice of several means that none is chosen."""
    if a.kind.name == "choices" or b.kind.name == "choices":
        chosen = k.call("_any_chosen", a if a.kind.name == "choices" else b)
        return n.Not(k.BOOL, chosen) if operator == "==" else chosen
    return n.Compare(k.BOOL, operator, a, b, on)


def meet(checker: Checker, node: ast.expr, a: n.Node, b: n.Node) -> tuple[n.Node, n.Node, str]:
    """Both sides made comparable, and how they are compared."""
    one, other = a.kind.name, b.kind.name
    if "shift" in (one, other):
        raise checker.fault(node, NO_VALUE, Label("请比较日期：a < b + months(3)", "Compare dates: a < b + months(3)."))
    if "null" in (one, other):
        return a, b, _on(one if other == "null" else other)
    if (
        one in ("date", "datetime", "time")
        and other != one
        and (found := k.to_kind(b, one)) is not None
        and other not in ("date", "datetime")
        and other not in k.LOOSE
    ):
        return meet(checker, node, a, found) if found.kind.name != one else (a, found, "plain")
    if (
        other in ("date", "datetime", "time")
        and other != one
        and (found := k.to_kind(a, other)) is not None
        and one not in ("date", "datetime")
        and one not in k.LOOSE
    ):
        return meet(checker, node, found, b) if found.kind.name != other else (found, b, "plain")
    if {one, other} == {"date", "datetime"}:
        return k.to_kind(a, "datetime") or a, k.to_kind(b, "datetime") or b, "plain"
    if "link" in (one, other) and {one, other} <= {"link", "number", "any", "json"}:
        return _links(checker, node, a, b)
    if one == other or k.LOOSE & {one, other} or {one, other} == {"choice", "text"}:
        if one in k.MANY:
            raise checker.fault(
                node,
                Label("集合不能比较", "Collections are not compared."),
                Label("请比较个数，或写 x in collection", "Compare a count, or write x in collection."),
            )
        return a, b, _on(one if one not in k.LOOSE else other)
    hint = (
        Label("数字请与数字比较，不加引号", "Compare the number with a number, without quotes.")
        if {one, other} == {"number", "text"}
        else Label("两边必须是同一种", "Both sides must be of one kind.")
    )
    raise checker.fault(node, k.compared(a.kind, b.kind), hint)


def _on(kind: str) -> str:
    return kind if kind in ("number", "text", "link") else "plain"


def _links(checker: Checker, node: ast.expr, a: n.Node, b: n.Node) -> tuple[n.Node, n.Node, str]:
    one, other = a.kind, b.kind
    if one.name == other.name and (one.of is None) != (other.of is None):
        return a, b, "pointer"
    if one.name == other.name and one.of != other.of:
        raise checker.fault(
            node, k.compared(one, other), Label("它们不会是同一条记录", "They are never the same record.")
        )
    return a, b, "link"


def membership(checker: Checker, left: ast.expr, right: ast.expr) -> n.Node:
    """``x in [a, b]``, ``x in me.regions``, ``red in colors``, ``me in pool.members``."""
    if isinstance(right, (ast.List, ast.Tuple)):
        return _in_list(checker, left, right)
    if not isinstance(right, (ast.Name, ast.Attribute, ast.Subscript)):
        raise checker.fault(
            right,
            Label("in 后面是列表或集合", "Behind in stands a list or a collection."),
            Label("请写 x in [a, b] 或 x in collection", "Write x in [a, b] or x in collection."),
        )
    peeked = checker.names.peek(right)
    found = checker.names.resolve(right, None)
    value = checker.check(left, peeked if peeked is not None and peeked.name == "choices" else None)
    if isinstance(found, Reference):
        return _in_rows(checker, left, value, found)
    if found.kind.name == "choices" and not isinstance(found, n.Known):
        return k.call("_holds", found, checker.wants(left, value, "text", Label("选项", "An option")))
    if isinstance(found, n.Known) and found.kind.name in (*k.LOOSE, "choices", "list", "links"):
        return n.InKnown(k.BOOL, value, found)
    instead = "contains(text, part)" if found.kind.name == "text" else "=="
    hint = Label(f"请写 {instead}", f"Write {instead}." if instead != "==" else "Write == to compare.")
    name, said = checker.text.of(right), k.spoken(found.kind)
    raise checker.fault(right, Label(f"{name} 是{said.zh}，不是列表", f"{name} is {said.en}, not a list."), hint)


def _in_list(checker: Checker, left: ast.expr, right: ast.List | ast.Tuple) -> n.Node:
    hint = checker.names.peek(left)
    backward = (
        next((kind for item in right.elts if (kind := checker.names.peek(item)) is not None), None)
        if hint is None
        else None
    )
    value = checker.check(left, backward)
    items, on = [], "plain"
    for item in right.elts:
        found = checker.check(item, hint or backward)
        met, one, on_this = meet(checker, item, value, found)
        if on_this == "pointer" or met is not value:
            raise checker.fault(
                item,
                k.compared(found.kind, value.kind),
                Label("请写成用 or 连接的比较", "Write the comparisons joined by or."),
            )
        on = on if one.kind.name == "null" else on_this
        items.append(one)
    return n.InList(k.BOOL, value, items, on)


def _in_rows(checker: Checker, left: ast.expr, value: n.Node, found: Reference) -> n.Node:
    if checker.collecting is not None:
        raise checker.fault(
            left,
            Label("汇总里又在集合中查找", "A collection is searched inside an aggregate."),
            Label(
                "请把条件写在方括号里：count(lines[x in collection])",
                "Put the condition into brackets: count(lines[x in collection]).",
            ),
        )
    chain = n.Chain(found.frame, checker.frame, found.hops)
    element = found.node
    if isinstance(element, n.Field) and not element.names:
        element = n.Field(Kind("link", of=found.kind.of), element.frame, ("id",))
    _, element, on = meet(checker, left, value, element)
    return n.InRows(k.BOOL, value, chain, element, on)
