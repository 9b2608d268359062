"""Functions of exact numbers. Rounding is half-up, away from zero."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

import sqlalchemy as sa

from yuanke.expressions.elements import bucketed, divided
from yuanke.expressions.exact import CONTEXT, divide, multiply, negative, plain, round_half_up, whole
from yuanke.expressions.functions import Element, Function
from yuanke.expressions.sqltypes import milliseconds
from yuanke.kernel.text import Label

MOST_ROUND = 30
MOST_MILLISECONDS = 10**14
_ONE = Decimal(1)
_NUMBER = re.compile(r"[ \t\r\n]*([+-]?[0-9]{1,30}(?:\.[0-9]{1,30})?)[ \t\r\n]*")


def raw(number: int) -> Element:
    """A number of ours, written into the SQL."""
    return sa.literal_column(str(number))


def numeric(element: Element) -> Element:
    return sa.cast(element, sa.Numeric())


def small(number: Element, most: int) -> Element:
    """``number`` cut to an integer, NULL when it is NULL or further from zero than ``most``."""
    high, low = raw(most + 1), raw(-most - 1)
    held = sa.func.least(sa.func.greatest(sa.func.trunc(number), low), high)
    return sa.cast(sa.func.nullif(sa.func.nullif(held, high), low), sa.Integer)


def _round(value: Any, places: Any = 0) -> Any:
    """``round(x)`` to a whole number, ``round(x, 2)`` to cents, ``round(x, -3)`` to thousands."""
    count = whole(places, MOST_ROUND)
    return None if count is None else round_half_up(Decimal(value), count)


def _round_sql(value: Element, places: Element | None = None) -> Element:
    return sa.func.round(value) if places is None else sa.func.round(value, small(places, MOST_ROUND))


def _floor(value: Any) -> Any:
    return Decimal(value).to_integral_value(ROUND_FLOOR, CONTEXT)


def _ceil(value: Any) -> Any:
    return Decimal(value).to_integral_value(ROUND_CEILING, CONTEXT)


def _abs(value: Any) -> Any:
    return negative(value) if value < 0 else value


def _number(text: str) -> Decimal | None:
    match = _NUMBER.fullmatch(text)
    return Decimal(match.group(1)) if match else None


def _number_sql(text: Element) -> Element:
    pattern: Element = sa.literal_column(r"'^[ \t\r\n]*([+-]?[0-9]{1,30}(?:\.[0-9]{1,30})?)[ \t\r\n]*$'")
    return numeric(sa.func.substring(text, pattern))


def _bucket(value: Any, *bounds: Any) -> Any:
    found = None
    for bound in bounds:
        if value >= bound:
            found = bound
    return found


def _bucket_sql(value: Element, *bounds: Element) -> Element:
    return bucketed(value, *bounds)


def _least(*values: Any) -> Any:
    return min((value for value in values if value is not None), default=None)


def _greatest(*values: Any) -> Any:
    return max((value for value in values if value is not None), default=None)


def _in(unit: int) -> Any:
    def python(span: timedelta) -> Decimal | None:
        return divide(Decimal(milliseconds(span)), Decimal(unit))

    def sql(span: Element) -> Element:
        return divided(numeric(span), raw(unit))

    return python, sql


_hours, _hours_sql = _in(3_600_000)
_minutes, _minutes_sql = _in(60_000)
_days, _days_sql = _in(86_400_000)

FUNCTIONS = (
    Function(
        "round",
        ("number", "number?"),
        "number",
        _round,
        Label("四舍五入到几位小数", "Rounded half-up to so many places"),
        _round_sql,
    ),
    Function(
        "floor",
        ("number",),
        "number",
        _floor,
        Label("向下取整", "The whole number at or below"),
        lambda x: sa.func.floor(x),
    ),
    Function(
        "ceil",
        ("number", "number?"),
        "number",
        _ceil,
        Label("向上取整；给出第二个数时取它的倍数", "The whole number (or multiple of the second) at or above"),
        lambda x: sa.func.ceil(x),
    ),
    Function("abs", ("number",), "number", _abs, Label("绝对值", "Without its sign"), lambda x: sa.func.abs(x)),
    Function(
        "min",
        ("any*",),
        "same",
        _least,
        Label(
            "最小的值，空的不算；或各行中的最小值",
            "The least value, or the least over rows; empty ones are passed over",
        ),
        lambda *a: sa.func.least(*a),
        nulls=True,
    ),
    Function(
        "max",
        ("any*",),
        "same",
        _greatest,
        Label("最大的值，空的不算；或各行中的最大值", "The greatest value, or over rows; empty ones are passed over"),
        lambda *a: sa.func.greatest(*a),
        nulls=True,
    ),
    Function(
        "number",
        ("text",),
        "number",
        _number,
        Label("文字转为数字，不是数字时为空", "A text as a number, empty when it is none"),
        _number_sql,
    ),
    Function("hours_in", ("duration",), "number", _hours, Label("时长是多少小时", "A duration in hours"), _hours_sql),
    Function(
        "minutes_in", ("duration",), "number", _minutes, Label("时长是多少分钟", "A duration in minutes"), _minutes_sql
    ),
    Function("days_in", ("duration",), "number", _days, Label("时长是多少天", "A duration in days"), _days_sql),
)

_NONE = Label("", "")
INTERNAL = (
    Function("_bucket", ("number", "number*"), "number", _bucket, _NONE, _bucket_sql),
    Function("_text_number", ("number",), "text", plain, _NONE, lambda x: sa.cast(sa.func.trim_scale(x), sa.Text)),
    Function(
        "_span",
        ("number", "number"),
        "duration",
        lambda n, unit: _span(n, unit),
        _NONE,
        lambda n, unit: _span_sql(n, unit),
    ),
)


def _span(count: Any, unit: Any) -> timedelta | None:
    """``count`` times ``unit`` milliseconds, cut to whole ones."""
    found = whole(multiply(count, unit), MOST_MILLISECONDS)
    return None if found is None else timedelta(milliseconds=found)


def _span_sql(count: Element, unit: Element) -> Element:
    high, low = raw(MOST_MILLISECONDS + 1), raw(-MOST_MILLISECONDS - 1)
    held = sa.func.least(sa.func.greatest(sa.func.trunc(count.op("*")(unit)), low), high)
    return sa.cast(sa.func.nullif(sa.func.nullif(held, high), low), sa.BigInteger)
