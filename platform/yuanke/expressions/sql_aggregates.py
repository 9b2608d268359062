"""Aggregates in SQL: correlated subqueries over the collections walked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from yuanke.expressions import elements as e
from yuanke.expressions import nodes as n
from yuanke.expressions.functions import Element
from yuanke.expressions.sql_values import span
from yuanke.expressions.sqltypes import SQL_TYPES, scale_of

if TYPE_CHECKING:
    from yuanke.expressions.to_sql import Translator, Walked


def build(translator: Translator, node: n.Aggregate, walked: Walked) -> Element:
    if node.operator == "exists":
        return _exists(translator, node, walked)
    if node.operator in ("first", "last"):
        return _edge(translator, node, walked)
    value = plain(translator, node)
    query = walked.select(value).scalar_subquery()
    query.type = value.type
    return query


def _exists(translator: Translator, node: n.Aggregate, walked: Walked) -> Element:
    query = walked.select(sa.literal(1))
    if node.element is not None:
        held = (
            translator.truth(node.element)
            if node.element.kind.name == "bool"
            else translator.value(node.element).is_not(None)
        )
        query = query.where(held)
    return query.exists()


def plain(translator: Translator, node: n.Aggregate) -> Element:
    """The aggregate function itself, over the rows of the query it stands in."""
    if node.element is None:
        counted = sa.func.count(sa.literal_column("*"))
        return counted > 0 if node.operator == "exists" else counted
    if node.element.kind.name == "bool":
        counted = sa.func.count(sa.case((translator.truth(node.element), sa.literal_column("1"))))
        return counted > 0 if node.operator == "exists" else counted
    value = translator.value(node.element)
    if node.element.kind.name == "duration":
        value = span(value)
    return _FUNCTIONS[node.operator](value, node.element.kind.name)


def _sum(value: Element, kind: str) -> Element:
    if kind == "duration":
        return sa.cast(sa.func.coalesce(sa.func.sum(sa.type_coerce(value, sa.BigInteger())), 0), SQL_TYPES["duration"])
    if (scale_of(value.type) or 0) > 0:  # a column: SQLite adds its integers, exactly, and tells when they overflow
        return sa.func.coalesce(sa.func.sum(value, type_=value.type), sa.literal(0, value.type), type_=value.type)
    return sa.func.coalesce(e.summed(value), sa.literal(0, e.Number()), type_=e.Number())


def _average(value: Element, kind: str) -> Element:
    return e.divided(_sum(value, kind), sa.func.count(value, type_=sa.BigInteger()))


def _extreme(name: str) -> Any:
    def build_extreme(value: Element, kind: str) -> Element:
        return getattr(sa.func, name)(e.bytewise(value) if kind == "text" else value, type_=value.type)

    return build_extreme


_FUNCTIONS: dict[str, Any] = {
    "count": lambda value, kind: sa.func.count(value),
    "sum": _sum,
    "avg": _average,
    "min": _extreme("min"),
    "max": _extreme("max"),
    "median": lambda value, kind: e.middle(value),
    "names": lambda value, kind: e.joined_names(value),
    "exists": lambda value, kind: sa.func.count(value) > 0,
}


def _edge(translator: Translator, node: n.Aggregate, walked: Walked) -> Element:
    """The first or last row by its key (rows without one come after), then by id; typed rows by their position."""
    assert node.element is not None
    scope, value = translator.frames[-1], translator.value(node.element)
    order: list[Element] = []
    if node.by is not None:
        key = translator.value(node.by)
        order = [(e.bytewise(key) if node.by.kind.name == "text" else key), scope.column("id")]
    elif node.chain.hops[-1].placed:
        order = [scope.column("position"), scope.column("id")]
    else:
        order = [scope.column("id")]
    backwards = node.operator == "last"
    keys = [(one.desc() if backwards else one.asc()).nulls_last() for one in order]
    query = walked.select(value).order_by(*keys).limit(1).scalar_subquery()
    query.type = value.type
    return query
