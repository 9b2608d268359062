"""Values of one kind read as another: what fits, what does not.

The one rule: it reads the way import reads a cell, so that a change of type and an import agree on what a value is.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from yuanke.fieldtypes import Place, ValueFault
from yuanke.fieldtypes.columns import Exact
from yuanke.metadata.registry import Field
from yuanke.storage.comparison import SAMPLES, Comparison
from yuanke.storage.tables import bare

#: values of these kinds are no text that another kind could read
UNREADABLE = frozenset({"link", "links", "rows", "file", "image", "json", "position"})
#: how many different values a plan tries; beyond that it tells of these
DISTINCT = 20_000


def default_of(field: Field, place: Place) -> Any:
    """The plain default of a field as a value of its type."""
    return field.type.parse(field, field.default, place)


def read_as(value: Any, old: Field, new: Field, place: Place) -> Any:
    """A value of the old kind as one of the new kind; ValueFault or ValueError when it is none. Limits are not asked:
    a rule that is new never takes a value away."""
    if value is None:
        return None
    read = new.type.read_cell(new, old.type.write_cell(old, value, place), place)
    kept = new.type.column_type(new)
    return kept.settle(read) if read is not None and isinstance(kept, Exact) else read


@dataclass(frozen=True)
class Widening:
    """``table`` with its columns as the database keeps them, the value for the new one, and whether it fits there."""

    table: sa.Table
    value: sa.ColumnElement[Any]
    fits: sa.ColumnElement[bool]


def widening(dialect: str, table: str, column: str, old: Field, new: Field) -> Widening | None:
    """The new kind is the same number with as many places or more: SQL does that by itself, in one statement."""
    before, after = old.type.column_type(old), new.type.column_type(new)
    if not isinstance(after, Exact) or not isinstance(before, (Exact, sa.Integer)):
        return None
    grow = after.scale - (before.scale if isinstance(before, Exact) else 0)
    if grow < 0:
        return None
    raw: sa.types.TypeEngine[Any] = sa.BigInteger() if dialect == "sqlite" else sa.Numeric()
    source = bare(table, **{column: raw, new.key: raw})
    value: sa.ColumnElement[Any] = source.c[column]
    if dialect == "sqlite":  # scaled integers; a product beyond 64 bits turns REAL, and is too large all the same
        value = value * sa.literal(10**grow, sa.BigInteger())
        return Widening(source, value, sa.func.abs(value) < 10**after.precision)
    return Widening(source, value, sa.func.abs(value) < 10 ** (after.precision - after.scale))


def unfit(at: Comparison, table: str, column: str, old: Field, new: Field) -> tuple[int, tuple[str, ...]]:
    """How many values do not fit the new type, and some of them. Kinds that are no text fit nothing else."""
    types = {column: old.type.column_type(old)}
    source = bare(table, **types).c[column]
    if {old.type.name, new.type.name} & UNREADABLE:
        return at.filled(table, column), ()
    wider = widening(at.dialect, table, column, old, new)
    if wider is not None:
        return at.unit.execute(sa.select(sa.func.count()).select_from(wider.table).where(~wider.fits)).scalar_one(), ()
    rows = sa.select(source, sa.func.count()).where(source.is_not(None)).group_by(source).limit(DISTINCT)
    lost: Counter[str] = Counter()
    for value, count in at.unit.execute(rows).tuples():
        try:
            read_as(value, old, new, at.unit.place)
        except (ValueFault, ValueError, ArithmeticError):
            lost[str(value)[:40]] += count
    return lost.total(), tuple(value for value, _ in lost.most_common(SAMPLES))
