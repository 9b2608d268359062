"""Rules of kinds: what may meet what, and how a value becomes one of another kind. Strict, because a silent conversion
is a wrong figure."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from yuanke.expressions import nodes as n
from yuanke.expressions.functions import Function, internal
from yuanke.expressions.scope import Kind
from yuanke.kernel.text import Label

NUMBER, TEXT, BOOL, DATE, DATETIME = Kind("number"), Kind("text"), Kind("bool"), Kind("date"), Kind("datetime")
TIME, DURATION, NULL, ANY, LIST = Kind("time"), Kind("duration"), Kind("null"), Kind("any"), Kind("list")
BY_NAME = {kind.name: kind for kind in (NUMBER, TEXT, BOOL, DATE, DATETIME, TIME, DURATION, NULL, ANY, LIST)}
ORDERED = {"number", "text", "date", "datetime", "time", "duration", "any"}
MANY = {"collection", "links"}
#: a value of them can be anything
LOOSE = {"any", "json", "null"}

_SPOKEN = {
    "number": Label("数字", "a number"),
    "text": Label("文字", "a text"),
    "bool": Label("是或否", "yes or no"),
    "date": Label("日期", "a date"),
    "datetime": Label("时间点", "an instant"),
    "time": Label("一天中的时间", "a time of day"),
    "duration": Label("时长", "a duration"),
    "choice": Label("单选", "a choice"),
    "choices": Label("多选", "a choice of several"),
    "null": Label("空值", "nothing"),
    "list": Label("列表", "a list"),
    "json": Label("JSON 值", "a JSON value"),
    "shift": Label("时间长度", "a length of time"),
    "any": Label("任意值", "any value"),
}


def spoken(kind: Kind) -> Label:
    """``a number``, ``a link to member``."""
    if kind.name == "link":
        if kind.of and not kind.of.startswith("@"):
            return Label(f"指向 {kind.of} 的关联", f"a link to {kind.of}")
        return Label("关联", "a link")
    if kind.name in MANY:
        return Label(f"{kind.of} 的集合", f"a collection of {kind.of}") if kind.of else Label("集合", "a collection")
    return _SPOKEN.get(kind.name) or Label(kind.name, kind.name)


def this_is(kind: Kind) -> Label:
    said = spoken(kind)
    return Label(f"这是{said.zh}", f"This is {said.en}.")


def needed(kind: Kind) -> Label:
    said = spoken(kind)
    return Label(f"这里需要{said.zh}", f"{said.en} is needed here.".capitalize())


def without_order(kind: Kind) -> Label:
    said = spoken(kind)
    return Label(f"{said.zh}不分先后", f"{said.en} has no order.".capitalize())


def compared(one: Kind, other: Kind) -> Label:
    a, b = spoken(one), spoken(other)
    return Label(f"{a.zh}与{b.zh}相比较", f"{a.en} is compared with {b.en}.".capitalize())


def call(name: str, *arguments: n.Node, kind: Kind | None = None) -> n.Call:
    """A call of one of the checker's own functions."""
    function: Function = internal()[name]
    return n.Call(kind or BY_NAME[function.result], function, list(arguments))


def constant(value: Any) -> n.Const:
    return n.Const(kind_of_value(value), value)


def kind_of_value(value: Any) -> Kind:
    if isinstance(value, bool):
        return BOOL
    if isinstance(value, (int, float, Decimal)):
        return NUMBER
    if isinstance(value, str):
        return TEXT
    return (
        NULL if value is None else DATETIME if isinstance(value, datetime) else DATE if isinstance(value, date) else ANY
    )


def exact_value(value: Any) -> Any:
    """A declared option value as the engine has it: numbers are Decimal."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return value
    return Decimal(repr(value))


def read_time(text: str, wanted: str) -> n.Node | None:
    """A text in quotes beside a date, instant or time of day: ISO 8601; an instant without zone is the enterprise's."""
    try:
        if wanted == "time":
            return n.Const(TIME, time.fromisoformat(text))
        if len(text) <= 10:
            return n.Const(DATE, date.fromisoformat(text))
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if wanted == "date":
        return None
    if moment.tzinfo is None:
        return call("_start", n.Const(DATE, moment))
    return n.Const(DATETIME, moment)


def to_kind(node: n.Node, wanted: str) -> n.Node | None:
    """``node`` as a value of the kind ``wanted``, None when it is not one."""
    name = node.kind.name
    if name == wanted or wanted == "any" or name in LOOSE:
        return node
    if wanted == "date" and name == "datetime":
        return day_of(node)
    if wanted == "datetime" and name == "date":
        return call("_start", node)
    if wanted == "text" and name == "choice":
        return node
    if wanted in ("date", "datetime", "time") and isinstance(node, n.Const) and name == "text":
        found = read_time(node.value, wanted)
        return found if found is None or found.kind.name == wanted else to_kind(found, wanted)
    return None


def day_of(node: n.Node) -> n.Node:
    from yuanke.expressions.functions import catalogue

    return n.Call(DATE, catalogue()["date_of"], [node])


def together(one: Kind, other: Kind) -> Kind | None:
    """The kind of a value that is either; None when nobody could say what it is."""
    if one.name == "null":
        return other
    if other.name == "null" or one == other:
        return one
    if one.name in LOOSE or other.name in LOOSE:
        return ANY
    names = {one.name, other.name}
    if names == {"choice"}:
        return Kind(
            "choice", options=None if one.options is None or other.options is None else {**one.options, **other.options}
        )
    if names == {"link"}:
        return Kind("link", of=one.of if one.of == other.of else None)
    if names == {"choice", "text"}:
        return TEXT
    if names == {"date", "datetime"}:
        return DATETIME
    return one if one.name == other.name else None
