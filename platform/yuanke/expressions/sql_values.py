"""Constants and conversions in SQL: a constant takes the type of the column beside it, so that an index serves the
comparison."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from yuanke.expressions import elements as e
from yuanke.expressions import nodes as n
from yuanke.expressions.exact import scaled
from yuanke.expressions.functions import Element
from yuanke.expressions.scope import Kind
from yuanke.expressions.sqltypes import SQL_TYPES, Number, Span, scale_of


def as_id(value: Any) -> Any:
    """A record is known to SQL by its id."""
    if isinstance(value, Mapping) and "id" in value:
        return value["id"]
    return value


def type_of(value: Any, kind: Kind) -> sa.types.TypeEngine[Any]:
    if isinstance(value, bool):
        return sa.Boolean()
    if isinstance(value, int) and kind.name == "link":
        return sa.BigInteger()
    if isinstance(value, (Decimal, int)):
        return Number()
    if isinstance(value, datetime):
        return SQL_TYPES["datetime"]
    if isinstance(value, date):
        return SQL_TYPES["date"]
    if isinstance(value, str):
        return sa.Text()
    return SQL_TYPES.get(kind.name, sa.BigInteger() if kind.name == "link" else sa.Text())


def literal(value: Any, kind: Kind) -> Element:
    if isinstance(value, bool):
        return sa.true() if value else sa.false()
    if value is None:
        return nothing(kind)
    return sa.literal(value, type_of(value, kind))


_PLAIN: dict[str, sa.types.TypeEngine[Any]] = {
    "number": sa.Numeric(),
    "text": sa.Text(),
    "choice": sa.Text(),
    "bool": sa.Boolean(),
    "date": sa.Date(),
    "time": sa.Time(),
    "datetime": sa.DateTime(timezone=True),
    "duration": sa.BigInteger(),
    "link": sa.BigInteger(),
}


def nothing(kind: Kind) -> Element:
    """NULL of a kind: PostgreSQL takes a bare one for a text."""
    plain = _PLAIN.get(kind.name)
    return sa.null() if plain is None else sa.type_coerce(sa.cast(sa.null(), plain), SQL_TYPES.get(kind.name, plain))


def bind(column: Element, constant: n.Const) -> tuple[Element, Element]:
    """``column`` and the constant to compare it with: ``column <op> :parameter`` wherever the column can hold the
    constant."""
    value = constant.value
    if value is None or isinstance(value, bool):
        return column, literal(value, constant.kind)
    if isinstance(value, (Decimal, int)) and constant.kind.name != "link":
        return _bind_number(column, Decimal(value))
    if constant.kind.name == "duration":
        return span(column), sa.literal(value, Span())
    if isinstance(value, (datetime, str)) and isinstance(
        column.type, (sa.types.TypeDecorator, sa.Text, sa.String, sa.DateTime)
    ):
        return column, sa.literal(value, column.type)
    return column, literal(value, constant.kind)


def _bind_number(column: Element, value: Decimal) -> tuple[Element, Element]:
    scale = scale_of(column.type)
    if scale is None:
        return column, sa.literal(value, Number())
    units = scaled(value, scale)
    if units == units.to_integral_value() and abs(units) < 10**18:
        # a count or an integer column is bound by the driver itself, which knows no Decimal on SQLite
        return column, sa.literal(int(value) if scale == 0 else value, column.type)
    return e.as_number(column), sa.literal(value, Number())


def number_pair(left: Element, right: Element) -> tuple[Element, Element]:
    """Two numbers in one form: as they are when both are integers of one scale, else as keys."""
    one, other = scale_of(left.type), scale_of(right.type)
    if one is not None and one == other:
        return left, right
    return as_key(left), as_key(right)


def as_key(element: Element) -> Element:
    return element if scale_of(element.type) is None else e.as_number(element)


def span(element: Element) -> Element:
    """A duration: milliseconds, as its column keeps it."""
    return element if isinstance(element.type, Span) else sa.type_coerce(element, Span())


def together(parts: list[Element], kind: Kind) -> list[Element]:
    """The branches of one value in one form."""
    if kind.name == "number":
        scales = {scale_of(part.type) for part in parts if not isinstance(part.type, sa.types.NullType)}
        return parts if len(scales) == 1 and scales != {0} else [as_key(part) for part in parts]
    if kind.name == "duration":
        return [span(part) for part in parts]
    return parts


def common_type(parts: list[Element]) -> sa.types.TypeEngine[Any]:
    """The type of the branches, which `together` made alike; a bare NULL has none."""
    return next((part.type for part in parts if not isinstance(part.type, sa.types.NullType)), sa.types.NullType())
