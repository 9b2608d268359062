"""Types of computed values in SQL: the same Python value comes out on both databases."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from yuanke.expressions.keys import key_of, number_of


class Number(sa.types.TypeDecorator[Decimal]):
    """A computed exact number: NUMERIC on PostgreSQL, a key (`keys`) on SQLite; may be compared, sorted and grouped by
    on both."""

    impl = sa.Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        return dialect.type_descriptor(sa.Text() if dialect.name == "sqlite" else sa.Numeric())

    def coerce_compared_value(self, op: Any, value: Any) -> Any:
        return self

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        if value is None:
            return None
        return key_of(value) if dialect.name == "sqlite" else Decimal(value)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Decimal | None:
        if value is None or isinstance(value, Decimal):
            return value
        return number_of(value) if dialect.name == "sqlite" else Decimal(value)


class Whole(sa.types.TypeDecorator[Decimal]):
    """A whole number as the database keeps it, for an index and for sorting; Decimal in Python like every number."""

    impl = sa.BigInteger
    cache_ok = True
    exact_scale = 0

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        return dialect.type_descriptor(sa.Integer() if dialect.name == "sqlite" else sa.BigInteger())

    def coerce_compared_value(self, op: Any, value: Any) -> Any:
        return self if isinstance(value, int) else Number()

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Decimal | None:
        return None if value is None else Decimal(value)


class Instant(sa.types.TypeDecorator[datetime]):
    """A computed instant: timestamptz on PostgreSQL, ``2026-03-05T06:30:00.000Z`` on SQLite; aware UTC in Python."""

    impl = sa.DateTime
    cache_ok = True

    def __init__(self) -> None:
        super().__init__(timezone=True)

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        return dialect.type_descriptor(sa.Text() if dialect.name == "sqlite" else sa.DateTime(timezone=True))

    def coerce_compared_value(self, op: Any, value: Any) -> Any:
        return self

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        return instant_text(value) if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return (datetime.fromisoformat(value) if isinstance(value, str) else value).astimezone(timezone.utc)


class Span(sa.types.TypeDecorator[timedelta]):
    """A computed length of time: whole milliseconds in SQL, a timedelta in Python."""

    impl = sa.BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        return dialect.type_descriptor(sa.Integer() if dialect.name == "sqlite" else sa.BigInteger())

    def coerce_compared_value(self, op: Any, value: Any) -> Any:
        return self

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> int | None:
        return None if value is None else milliseconds(value)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> timedelta | None:
        return None if value is None else timedelta(milliseconds=int(value))


class Truth(sa.types.TypeDecorator[bool]):
    """A condition: where SQL says NULL, an expression says false."""

    impl = sa.Boolean
    cache_ok = True

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> bool:
        return bool(value)


def milliseconds(span: timedelta) -> int:
    return span // timedelta(milliseconds=1)


def instant_text(moment: datetime) -> str:
    """One width, so that text order is time order."""
    return moment.astimezone(timezone.utc).isoformat(timespec="milliseconds")[:-6] + "Z"


def scale_of(kind: sa.types.TypeEngine[Any]) -> int | None:
    """Places behind the point of a column that SQLite keeps as an integer; None for a key."""
    scale = getattr(kind, "exact_scale", None)
    if scale is not None:
        return int(scale)
    return 0 if isinstance(kind, sa.Integer) else None


SQL_TYPES: dict[str, sa.types.TypeEngine[Any]] = {
    "number": Number(),
    "text": sa.Text(),
    "choice": sa.Text(),
    "bool": sa.Boolean(),
    "date": sa.Date(),
    "datetime": Instant(),
    "time": sa.Time(),
    "duration": Span(),
}
