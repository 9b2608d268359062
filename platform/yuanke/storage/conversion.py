"""Values of one kind read as another: what fits, what does not.

The one rule: it reads the way import reads a cell, so that a change of type and an import agree on what a value is.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import sqlalchemy as sa

from yuanke.fieldtypes import Place, ValueFault
from yuanke.metadata.registry import Field
from yuanke.storage.comparison import SAMPLES, Comparison
from yuanke.storage.tables import bare

#: values of these kinds are no text that another kind could read
UNREADABLE = frozenset({"link", "links", "rows", "file", "image", "json"})
#: how many different values a plan tries; beyond that it tells of these
DISTINCT = 20_000


def read_as(value: Any, old: Field, new: Field, place: Place) -> Any:
    """A value of the old kind read as one of the new kind, the way import reads cells; raises ValueFault."""
    if value is None:
        return None
    read = new.type.read_cell(new, old.type.write_cell(old, value, place), place)
    if read is not None:
        new.type.check(new, read)
    return read


def unfit(at: Comparison, table: str, column: str, old: Field, new: Field) -> tuple[int, tuple[str, ...]]:
    """How many values do not fit the new type, and some of them. Kinds that are no text fit nothing else."""
    types = {column: old.type.column_type(old)}
    source = bare(table, **types).c[column]
    if {old.type.name, new.type.name} & UNREADABLE:
        return at.filled(table, column), ()
    rows = sa.select(source, sa.func.count()).where(source.is_not(None)).group_by(source).limit(DISTINCT)
    lost: Counter[str] = Counter()
    for value, count in at.unit.execute(rows).tuples():
        try:
            read_as(value, old, new, at.unit.place)
        except (ValueFault, ValueError, ArithmeticError):
            lost[str(value)[:40]] += count
    return lost.total(), tuple(value for value, _ in lost.most_common(SAMPLES))
