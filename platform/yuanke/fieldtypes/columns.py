"""Column types that mean the same on SQLite and PostgreSQL. The one rule: what goes in comes out, exactly.

Booleans, days and texts need nothing of their own (`sa.Boolean`, `sa.Date`, `sa.Text`); these do.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import operators
from sqlalchemy.sql.functions import FunctionElement

from yuanke.kernel.decimals import round_half_up

#: operators whose other side is a number of another scale, so it must not be scaled like the column
_PRODUCTS = {operators.mul, operators.truediv, operators.floordiv, operators.mod}


class Exact(sa.types.TypeDecorator[Decimal]):
    """A Decimal: NUMERIC(precision, scale) on PostgreSQL, an INTEGER of 10^-scale units on SQLite.

    Binding rounds half-up to ``exact_scale`` and raises ValueError beyond ``precision`` digits. Constants that are
    compared, added or subtracted are scaled alike; products on SQLite are the business of `expressions`.
    """

    impl = sa.Numeric
    cache_ok = True

    def __init__(self, scale: int, precision: int = 18) -> None:
        if not 0 <= scale <= precision <= 18:
            raise ValueError(f"Exact({scale}, {precision}): at most 18 digits, of which scale are behind the point")
        self.scale = self.exact_scale = scale
        self.precision = precision
        super().__init__(precision, scale)

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(sa.Integer())
        return dialect.type_descriptor(sa.Numeric(self.precision, self.scale))

    def coerce_compared_value(self, op: Any, value: Any) -> Any:
        if op in _PRODUCTS:
            return sa.Integer() if isinstance(value, int) else sa.Numeric()
        return self

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        if value is None:
            return None
        number = self.settle(value)
        return int(number.scaleb(self.scale)) if dialect.name == "sqlite" else number

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Decimal | None:
        if value is None:
            return None
        if dialect.name == "sqlite":
            return Decimal(value).scaleb(-self.scale)
        return value if isinstance(value, Decimal) else Decimal(value)

    def settle(self, value: Any) -> Decimal:
        """``value`` at this scale, half-up, a float by its shortest text; ValueError if it does not fit."""
        if isinstance(value, bool) or not isinstance(value, (int, float, Decimal, str)):
            raise ValueError(f"an exact number is a Decimal or an int, not {type(value).__name__}")
        number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
        if not number.is_finite():
            raise ValueError("an exact number is finite")
        if number and number.adjusted() > self.precision:
            raise ValueError(f"{number:.3E} has more than {self.precision - self.scale} digits before the point")
        rounded = round_half_up(number, self.scale) + 0
        if abs(rounded) >= Decimal(10) ** (self.precision - self.scale):
            raise ValueError(f"{number:.3E} has more than {self.precision - self.scale} digits before the point")
        return rounded


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """An instant in whole milliseconds: timestamptz on PostgreSQL, ``2026-03-05T06:30:00.000Z`` as TEXT on SQLite.

    Python side: aware, UTC. A naive datetime raises ValueError: nobody knows which instant it is.
    """

    impl = sa.DateTime
    cache_ok = True

    def __init__(self) -> None:
        super().__init__(timezone=True)

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(sa.Text())
        return dialect.type_descriptor(sa.DateTime(timezone=True))

    def coerce_compared_value(self, op: Any, value: Any) -> Any:
        return sa.Interval() if isinstance(value, timedelta) else self

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        if value is None:
            return None
        if not isinstance(value, datetime) or value.tzinfo is None:
            raise ValueError(f"an instant is an aware datetime, not {value!r:.60}")
        moment = whole_milliseconds(value)
        return instant_text(moment) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        return moment if moment.tzinfo is UTC else moment.astimezone(UTC)


def whole_milliseconds(moment: datetime) -> datetime:
    """The instant in UTC, cut to what both databases and JSON keep."""
    moment = moment.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def instant_text(moment: datetime) -> str:
    """``2026-03-05T06:30:00.000Z``: one width, so that text order is time order."""
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return utc.isoformat(timespec="milliseconds")[:-6] + "Z"


class Span(sa.types.TypeDecorator[timedelta]):
    """A length of time: an integer column of milliseconds (as `expressions` computes with), a timedelta in Python."""

    impl = sa.BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        return dialect.type_descriptor(sa.Integer() if dialect.name == "sqlite" else sa.BigInteger())

    def coerce_compared_value(self, op: Any, value: Any) -> Any:
        return self if isinstance(value, timedelta) else sa.Integer()

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> int | None:
        if value is None:
            return None
        if not isinstance(value, timedelta):
            raise ValueError(f"a span is a timedelta, not {value!r:.60}")
        return value // timedelta(milliseconds=1)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> timedelta | None:
        return None if value is None else timedelta(milliseconds=int(value))


class Json(sa.types.TypeDecorator[Any]):
    """Plain JSON: JSONB on PostgreSQL, TEXT on SQLite; None is NULL. NaN, Infinity and NUL raise ValueError."""

    impl = sa.JSON
    cache_ok = True

    def __init__(self) -> None:
        super().__init__(none_as_null=True)

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.JSONB(none_as_null=True))
        return dialect.type_descriptor(sa.Text())

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        if value is None:
            return None
        written = json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
        if "\\u0000" in written and "\x00" in _texts(value):
            raise ValueError("JSON text must not hold NUL")
        return value if dialect.name == "postgresql" else written

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Any:
        return json.loads(value) if isinstance(value, str) and dialect.name != "postgresql" else value


def _texts(value: Any) -> str:
    if isinstance(value, dict):
        return "".join(map(_texts, value)) + "".join(map(_texts, value.values()))
    if isinstance(value, (list, tuple)):
        return "".join(map(_texts, value))
    return value if isinstance(value, str) else ""


@dataclass(frozen=True)
class Pointer:
    """Which record a link to one of several entities points to."""

    entity: str
    id: int

    def __str__(self) -> str:
        return f"{self.entity}:{self.id}"


#: under this name the dialect of an installation's engines carries its `Sealer`
SEALER = "yuanke_sealer"


class PointerText(sa.types.TypeDecorator[Pointer]):
    """A `Pointer` as ``book:5`` in one TEXT column."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str | None:
        return None if value is None else str(value)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Pointer | None:
        if value is None:
            return None
        entity, _, number = value.rpartition(":")
        return Pointer(entity, int(number))


class SealedText(sa.types.TypeDecorator[str]):
    """A secret: sealed on the way in, opened on the way out (`yuanke.kernel.sealing`); nothing can be searched in it."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str | None:
        sealer = getattr(dialect, SEALER, None)
        return value if value is None or sealer is None else sealer.seal(value)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> str | None:
        sealer = getattr(dialect, SEALER, None)
        return value if value is None or sealer is None else sealer.open(value)


@cache
def integer_column() -> sa.types.TypeEngine[Any]:
    """64 bits on both: BIGINT, and INTEGER on SQLite (where only that name makes a rowid)."""
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


class array_has(FunctionElement[bool]):
    """``array_has(column, key)``: the JSON array in ``column`` holds the text ``key``; false where it is NULL."""

    type = sa.Boolean()
    name = "array_has"
    inherit_cache = True

    def __init__(self, column: sa.ColumnElement[Any], key: str | sa.ColumnElement[Any]) -> None:
        super().__init__(column, sa.literal(key, sa.Text()) if isinstance(key, str) else key)


def holds(column: sa.ColumnElement[Any], operator: str, keys: Sequence[str]) -> sa.ColumnElement[bool] | None:
    """``contains`` (all of the keys) and ``within`` (any of them) of an array column; None for other operators."""
    if operator == "contains":
        return sa.and_(sa.true(), *(array_has(column, key) for key in keys))
    if operator == "within":
        return sa.or_(sa.false(), *(array_has(column, key) for key in keys))
    return None


@compiles(array_has, "sqlite")
def _array_has_sqlite(element: array_has, compiler: Any, **options: Any) -> str:
    column, key = (compiler.process(part, **options) for part in element.clauses)
    return f"EXISTS (SELECT 1 FROM json_each({column}) AS yk_held WHERE yk_held.value = {key})"


@compiles(array_has)
def _array_has_postgresql(element: array_has, compiler: Any, **options: Any) -> str:
    column, key = (compiler.process(part, **options) for part in element.clauses)
    return f"({column} IS NOT NULL AND {column} @> jsonb_build_array(CAST({key} AS TEXT)))"
