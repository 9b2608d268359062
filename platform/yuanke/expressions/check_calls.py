"""Calls: functions with their arguments, aggregates over a collection, and the forms that the checker knows by name."""

from __future__ import annotations

import ast
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING

from yuanke.expressions import kinds as k
from yuanke.expressions import nodes as n
from yuanke.expressions.check_operators import NO_VALUE, meet
from yuanke.expressions.faults import ExpressionFault, meant
from yuanke.expressions.functions import Function, catalogue, internal
from yuanke.expressions.library.forms import AGGREGATES
from yuanke.expressions.scope import Kind
from yuanke.expressions.spelling import IF_CALLED
from yuanke.kernel.text import Label

if TYPE_CHECKING:
    from yuanke.expressions.check import Checker

Form = Callable[["Checker", ast.Call, Kind | None], n.Node]
MOST_LITERAL = 100


def called(checker: Checker, node: ast.Call, hint: Kind | None) -> n.Node:
    name = _name(checker, node)
    checker.notes.calls.add(name)
    if name in AGGREGATES and (name not in ("min", "max") or len(node.args) == 1):
        from yuanke.expressions.check_aggregates import aggregate

        return aggregate(checker, node, name)
    function = catalogue()[name]
    _arguments_fit(checker, node, function)
    form = _FORMS.get(name)
    if form is not None:
        return form(checker, node, hint)
    if function.volatile:
        checker.notes.volatile.add(function.volatile)
    return _plain(checker, node, function)


def _name(checker: Checker, node: ast.Call) -> str:
    if (
        isinstance(node.func, ast.Attribute)
        and node.func.attr == "has_role"
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "me"
    ):
        raise checker.fault(
            node,
            Label("me 没有函数", "me has no functions."),
            Label("请写 boss in me.roles", "Write boss in me.roles."),
        )
    if not isinstance(node.func, ast.Name):
        raise checker.fault(
            node.func,
            Label("只能调用平台的函数", "Only functions of the platform are called."),
            Label(
                "请写 function(value)；字段的点后面没有函数",
                "Write function(value); fields have no functions behind a dot.",
            ),
        )
    name = "if" if node.func.id == IF_CALLED else node.func.id
    if name not in catalogue():
        raise checker.fault(
            node.func,
            Label(f"没有函数“{name}”", f'There is no function "{name}".'),
            meant(name, catalogue()) or Label("请看函数列表", "See the list of functions."),
        )
    return name


def _arguments_fit(checker: Checker, node: ast.Call, function: Function) -> None:
    count = len(node.args)
    if count < function.needed or (function.most is not None and count > function.most):
        raise checker.fault(node, _got(function, count), write(function.signature))
    for keyword in node.keywords:
        refuse_keyword(checker, keyword, function)


def refuse_keyword(checker: Checker, keyword: ast.keyword, function: Function) -> None:
    if keyword.arg is None:
        raise checker.fault(
            keyword.value,
            Label("** 在这里没有意义", "** has no meaning here."),
            Label("请把值逐个写出来", "Write the values out."),
        )
    if keyword.arg not in function.keywords and "*" not in function.keywords:
        names = ", ".join(f"{name}=" for name in function.keywords)
        known = Label(f"；可用 {names}", f" It knows {names}.") if names else Label("", "")
        detail = Label(f"比较请写 =={known.zh}", f"Write == to compare.{known.en}")
        raise checker.fault(keyword.value, no_keyword(function.name, keyword.arg), detail)


def no_keyword(name: str, keyword: str | None) -> Label:
    return Label(f"{name} 没有“{keyword}=”", f'{name} has no "{keyword}=".')


def write(what: str) -> Label:
    return Label(f"请写 {what}", f"Write {what}.")


def _got(function: Function, count: int) -> Label:
    values = "value" if count == 1 else "values"
    return Label(f"{function.name} 收到 {count} 个值", f"{function.name} got {count} {values}.")


def _plain(checker: Checker, node: ast.Call, function: Function) -> n.Node:
    if function.result == "same":
        return _same(checker, node, function)
    arguments = [_argument(checker, part, function, index) for index, part in enumerate(node.args)]
    keywords = {word.arg: checker.check(word.value) for word in node.keywords if word.arg}
    _literals(checker, node, function)
    kind = k.BY_NAME.get(function.result) or Kind(function.result)
    return n.Call(kind, function, arguments, keywords)


def _argument(checker: Checker, part: ast.expr, function: Function, index: int) -> n.Node:
    wanted = function.parameter(index)
    if wanted == "name":
        if not isinstance(part, (ast.Name, ast.Attribute)):
            raise checker.fault(
                part,
                Label(f"{function.name} 这里要写名称", f"{function.name} wants a name here."),
                write(function.signature),
            )
        return n.Const(k.TEXT, checker.text.of(part))
    found = checker.check(part)
    if function.name == "concat":
        return as_text(checker, part, found)
    if found.kind.name in k.MANY or found.kind.name == "shift":
        one = Label(f"{function.name} 需要一个值", f"{function.name} needs one value.")
        raise checker.fault(part, k.this_is(found.kind), one)
    return checker.wants(part, found, wanted, f"{function.name}()")


def _literals(checker: Checker, node: ast.Call, function: Function) -> None:
    """Sizes that SQL must know to be small stand in the text as they are."""
    if function.name == "replace":
        for part in node.args[1:]:
            if not (isinstance(part, ast.Constant) and isinstance(part.value, str) and len(part.value) <= MOST_LITERAL):
                raise checker.fault(
                    part,
                    Label("replace 的第二、三段文字要加引号", "replace takes its second and third text in quotes."),
                    Label(
                        f"请写 replace(name, 'old', 'new')，每段最多 {MOST_LITERAL} 个字符",
                        f"Write replace(name, 'old', 'new'), at most {MOST_LITERAL} characters each.",
                    ),
                )
    if function.name in ("left", "right"):
        count = node.args[1]
        if not (isinstance(count, ast.Constant) and type(count.value) is int and count.value <= 100_000):
            raise checker.fault(
                count,
                Label(f"{function.name} 取整数个字符", f"{function.name} takes a whole number of characters."),
                write(f"{function.name}(name, 10)"),
            )


def _same(checker: Checker, node: ast.Call, function: Function) -> n.Node:
    """``min(a, b)``, ``max(a, b)``."""
    if len(node.args) < 2:
        raise checker.fault(
            node,
            _got(function, len(node.args)),
            Label(
                f"请写 {function.name}(a, b) 或 {function.name}(collection.field)",
                f"Write {function.name}(a, b), or {function.name}(collection.field).",
            ),
        )
    arguments, kind = checker.alike(node, node.args, None)
    if kind.name not in k.ORDERED and kind.name != "null":
        raise checker.fault(node, k.without_order(kind), Label("请用数字、文字或日期", "Use numbers, texts or dates."))
    return n.Call(kind, function, arguments)


# -- forms -------------------------------------------------------------------------------------------------------------


def _if(checker: Checker, node: ast.Call, hint: Kind | None) -> n.Node:
    return checker.choice_of(node, node.args[0], node.args[1], node.args[2], hint)


def _coalesce(checker: Checker, node: ast.Call, hint: Kind | None) -> n.Node:
    arguments, kind = checker.alike(node, node.args, hint)
    return n.Call(kind, catalogue()["coalesce"], arguments)


def _filled(checker: Checker, node: ast.Call, hint: Kind | None) -> n.Node:
    part = node.args[0]
    collection = _collection(checker, part)
    if collection is not None:
        return collection
    found = checker.check(part)
    name = found.kind.name
    if name == "text":
        return k.call("_filled", found)
    if name == "choices":
        return k.call("_any_chosen", found)
    if name == "shift":
        raise checker.fault(part, NO_VALUE, Label("请和日期一起用", "Use it beside a date."))
    left, right, on = meet(checker, node, found, k.constant(None))
    return n.Compare(k.BOOL, "!=", left, right, on)


def _collection(checker: Checker, part: ast.expr) -> n.Node | None:
    from yuanke.expressions.check_aggregates import over

    return over(checker, part, "exists") if checker.collecting is None and checker.names.is_many(part) else None


def _empty(checker: Checker, node: ast.Call, hint: Kind | None) -> n.Node:
    return n.Not(k.BOOL, _filled(checker, node, hint))


def _date(checker: Checker, node: ast.Call, hint: Kind | None) -> n.Node:
    parts = [checker.check(part) for part in node.args]
    if len(parts) == 1:
        return checker.wants(node.args[0], parts[0], "date", "date()")
    if len(parts) != 3:
        raise checker.fault(
            node,
            Label("date 收到两个值", "date got two values."),
            Label("请写 date(moment) 或 date(year, month, day)", "Write date(moment) or date(year, month, day)."),
        )
    return k.call(
        "_make_date",
        *(checker.wants(part, one, "number", "date()") for part, one in zip(node.args, parts, strict=True)),
    )


def as_text(checker: Checker, part: ast.expr, found: n.Node) -> n.Node:
    name = found.kind.name
    if name in ("text", "choice", "any", "json", "null"):
        return found
    if f"_text_{name}" not in internal():
        said = k.spoken(found.kind)
        raise checker.fault(
            part,
            Label(f"{said.zh}不能变成文字", f"{said.en} cannot become a text.".capitalize()),
            Label("请写它的一个字段，例如 member.name", "Name a field of it, for example member.name."),
        )
    return k.call(f"_text_{name}", found)


def _text(checker: Checker, node: ast.Call, hint: Kind | None) -> n.Node:
    return as_text(checker, node.args[0], checker.check(node.args[0]))


_MILLISECONDS = {"days": 86_400_000, "weeks": 604_800_000, "hours": 3_600_000, "minutes": 60_000}


def _length(checker: Checker, node: ast.Call, hint: Kind | None) -> n.Node:
    """``days(3)``: by itself 72 hours; beside a date three days of the calendar. Months and years have a meaning
    beside a date only."""
    unit = _name(checker, node)
    count = checker.wants(node.args[0], checker.check(node.args[0]), "number", f"{unit}()")
    if unit not in _MILLISECONDS:
        return n.Call(Kind("shift"), catalogue()[unit], [count], shift=(unit, count))
    size = n.Const(k.NUMBER, Decimal(_MILLISECONDS[unit]))
    return n.Call(k.DURATION, internal()["_span"], [count, size], shift=(unit, count))


def _bucket(checker: Checker, node: ast.Call, hint: Kind | None) -> n.Node:
    value = checker.wants(node.args[0], checker.check(node.args[0]), "number", "bucket()")
    bounds = [checker.check(part) for part in node.args[1:]]
    for part, bound in zip(node.args[1:], bounds, strict=True):
        if not (isinstance(bound, n.Const) and isinstance(bound.value, Decimal)):
            raise checker.fault(
                part,
                Label("bucket 的界限须是数字", "A bound of bucket must be a number."),
                write("bucket(x, 0, 30, 60)"),
            )
    numbers = [bound.value for bound in bounds if isinstance(bound, n.Const)]
    if numbers != sorted(set(numbers)):
        raise checker.fault(
            node,
            Label("bucket 的界限须从小到大", "The bounds of bucket must rise."),
            write("bucket(x, 0, 30, 60)"),
        )
    return k.call("_bucket", value, *bounds)


def _ceil(checker: Checker, node: ast.Call, hint: Kind | None) -> n.Node:
    """``ceil(x, step)``: the multiple of ``step`` at or above; a step of 0 gives nothing."""
    value = checker.wants(node.args[0], checker.check(node.args[0]), "number", "ceil()")
    function = catalogue()["ceil"]
    if len(node.args) == 1:
        return n.Call(k.NUMBER, function, [value])
    step = checker.wants(node.args[1], checker.check(node.args[1]), "number", "ceil()")
    if not isinstance(step, (n.Const, n.Field, n.Known)):
        raise checker.fault(
            node.args[1],
            Label("ceil 的步长须是字段或数字", "The step of ceil must be a field or a number."),
            Label("请把计算放进单独的字段", "Put the calculation into a field of its own."),
        )
    steps = n.Call(k.NUMBER, function, [n.Arith(k.NUMBER, "/", value, step)])
    return n.Arith(k.NUMBER, "*", steps, step)


_FORMS: dict[str, Form] = {
    "if": _if,
    "coalesce": _coalesce,
    "filled": _filled,
    "empty": _empty,
    "date": _date,
    "text": _text,
    "bucket": _bucket,
    "ceil": _ceil,
    **dict.fromkeys(("days", "weeks", "months", "years", "hours", "minutes"), _length),
}


def picked(checker: Checker, node: ast.Attribute) -> n.Node:
    """``first(rules, by=priority).days``, ``last(lines, by=position).article.name``."""
    from yuanke.expressions.check_aggregates import edge

    steps, call = [node], node.value
    while isinstance(call, ast.Attribute):
        steps.append(call)
        call = call.value
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in ("first", "last"):
        checker.notes.calls.add(call.func.id)
        return edge(checker, call, call.func.id, steps[::-1])
    raise _no_dot(checker, node)


def _no_dot(checker: Checker, node: ast.Attribute) -> ExpressionFault:
    return checker.fault(
        node,
        Label("点只能写在名称后面", "A dot stands behind a name only."),
        Label(
            "调用后面只有 first(...) 和 last(...) 可以写点",
            "Behind a call it stands for first(...) and last(...) alone.",
        ),
    )
