"""What a reader asks for in words or clicks, turned into SQL under his rights.

The one rule: a name that is hidden from the reader reads exactly like one that does not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from yuanke import expressions
from yuanke.expressions.scope import SqlScope
from yuanke.fieldtypes import ValueFault
from yuanke.fieldtypes.columns import array_has
from yuanke.kernel.errors import QueryFault
from yuanke.kernel.text import message
from yuanke.metadata.registry import Entity, Field
from yuanke.records.names import ReadableNames, readable_scope
from yuanke.records.selection import Selection
from yuanke.records.values import Condition

LONGEST_LIST = 1_000


def filter_expression(selection: Selection, source: str) -> sa.ColumnElement[bool]:
    """One expression of the dialect, checked against what the reader may name. Raises QueryFault."""
    try:
        expression = expressions.compile(
            source, readable_scope(selection.unit, selection.actor, selection.entity), expect="bool"
        )
    except expressions.ExpressionFault as fault:
        said = message("筛选条件有误：{fault}", fault=fault.told)
        raise QueryFault(said, parameter="filter", start=fault.start, end=fault.end) from fault
    if not expression.has_sql:
        raise QueryFault(message("这个条件里的函数不能用于筛选"), parameter="filter")
    return expression.sql(selection.scope)


def condition_sql(selection: Selection, condition: Condition) -> sa.ColumnElement[bool]:
    """One clicked filter. Raises QueryFault for unknown (or hidden) fields, operators and values."""
    scope, field = resolve(selection, condition.field)
    known = {**_VALUED, **_UNVALUED}
    if condition.operator not in known:
        raise QueryFault(message("不认识的筛选方式 {operator}", operator=condition.operator), parameter=condition.field)
    column = scope.column(field.key)
    if condition.operator in _UNVALUED:
        return _UNVALUED[condition.operator](column)
    given = _given(condition)
    own = _of_type(selection, field, column, condition, [one for one in given if one is not None])
    if own is not None:
        return sa.or_(own, _is_empty(column)) if None in given else own
    return _VALUED[condition.operator](column, [_value(selection, field, raw, condition) for raw in given])


def _of_type(
    selection: Selection,
    field: Field,
    column: sa.ColumnElement[Any],
    condition: Condition,
    given: list[Any],
) -> sa.ColumnElement[bool] | None:
    """Where the type gives the operator a meaning of its own (a region and what lies in it, one of several tags)."""
    try:
        return field.type.condition(field, column, condition.operator, given, selection.unit.place)
    except ValueFault as fault:
        raise QueryFault(
            message("{field}：{fault}", field=field.label, fault=fault.said), parameter=condition.field
        ) from fault


def resolve(selection: Selection, path: str) -> tuple[SqlScope, Field]:
    """``member.region`` -> the scope of the member and its field; each step must be readable."""
    scope: SqlScope = selection.scope
    names = ReadableNames(selection.unit, selection.actor)
    entity: Entity = selection.entity
    *steps, last = path.split(".")
    for name in steps:
        field = entity.fields.get(name)
        if field is None or not names.visible(entity, name) or len(field.targets) != 1 or field.pairs:
            raise unknown_field(path)
        scope, entity = scope.link(name), selection.unit.registry.entities[field.targets[0]]
    field = entity.fields.get(last)
    if field is None or field.retired or not names.visible(entity, last) or not (field.has_column or field.formula):
        raise unknown_field(path)
    return scope, field


def unknown_field(path: str) -> QueryFault:
    return QueryFault(message("没有名为 {field} 的字段", field=path), parameter=path)


def _given(condition: Condition) -> list[Any]:
    given = condition.value if isinstance(condition.value, (list, tuple)) else [condition.value]
    if len(given) > LONGEST_LIST:
        raise QueryFault(message("一次最多筛选 {most} 个值", most=LONGEST_LIST), parameter=condition.field)
    return list(given)


def _value(selection: Selection, field: Field, raw: Any, condition: Condition) -> Any:
    if raw is None:
        return None
    if condition.operator in ("contains", "starts"):
        return str(raw)
    if raw == "me" and field.targets == ("user",):
        return selection.actor.user_id
    try:
        if field.multiple:
            return str(raw)
        return field.type.parse(field, raw, selection.unit.place)
    except ValueFault as fault:
        raise QueryFault(
            message("{field}：{fault}", field=field.label, fault=fault.said), parameter=condition.field
        ) from fault


def _between(column: sa.ColumnElement[Any], values: list[Any]) -> sa.ColumnElement[bool]:
    low, high = ([*values, None, None])[:2]
    parts = [column >= low] if low is not None else []
    parts += [column <= high] if high is not None else []
    return sa.and_(sa.true(), *parts)


def _among(column: sa.ColumnElement[Any], values: list[Any]) -> sa.ColumnElement[bool]:
    """One of the values; None among them stands for empty."""
    filled = [one for one in values if one is not None]
    parts = [column.in_(filled)] if filled else []
    return sa.or_(sa.false(), *parts, *([_is_empty(column)] if None in values else []))


def _is_empty(column: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    text = isinstance(column.type, sa.String)
    return sa.or_(column.is_(None), column == "") if text else column.is_(None)


_UNVALUED: Mapping[str, Callable[[Any], Any]] = {
    "empty": _is_empty,
    "filled": lambda c: sa.not_(_is_empty(c)),
}
_VALUED: Mapping[str, Callable[[Any, list[Any]], Any]] = {
    "eq": lambda c, v: c == v[0],
    "ne": lambda c, v: sa.or_(c != v[0], c.is_(None)),
    "lt": lambda c, v: c < v[0],
    "le": lambda c, v: c <= v[0],
    "gt": lambda c, v: c > v[0],
    "ge": lambda c, v: c >= v[0],
    "between": _between,
    "in": lambda c, v: _among(c, v),
    "contains": lambda c, v: sa.cast(c, sa.Text).contains(v[0], autoescape=True),
    "starts": lambda c, v: sa.cast(c, sa.Text).startswith(v[0], autoescape=True),
    "within": lambda c, v: sa.or_(*(c.is_(None) if one is None else array_has(c, str(one)) for one in v)),
}
