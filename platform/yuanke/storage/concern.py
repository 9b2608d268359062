"""Which rows a rule that is new would refuse: told in the plan, with a few of them.

The one rule: a new rule never takes a value away; whoever saves such a record next meets it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from yuanke.metadata.registry import Entity, Field
from yuanke.storage.comparison import SAMPLES, Comparison, signature
from yuanke.storage.conversion import DISTINCT
from yuanke.storage.tables import bare, identity, physical

Found = tuple[int, tuple[str, ...]]
NOBODY: Found = (0, ())


def concerned(at: Comparison, entity: Entity, field: Field, rule: str, now: Any) -> Found:
    """How many live rows break ``rule`` of ``field`` as it is wanted now, and some of them: values, or for empty ones
    the records."""
    live = at.live.get(physical(entity.key))
    if live is None or field.key not in live.columns or not field.has_column or now is None or now is False:
        return NOBODY
    if rule == "required":
        return _rows(at, entity, field, lambda held: held.is_(None), _title(entity, live.columns))
    if rule == "length" and signature(field) == "Text:":
        return _rows(at, entity, field, lambda held: sa.func.length(held) > now, field.key)
    limit = getattr(field, rule, None) if rule in ("min", "max") else None
    if isinstance(limit, (int, Decimal)) and not isinstance(limit, bool):
        wrong = (lambda held: held < limit) if rule == "min" else (lambda held: held > limit)
        return _rows(at, entity, field, wrong, field.key)
    if rule == "pattern" and signature(field) == "Text:":
        return _unlike(at, entity, field, str(now))
    return NOBODY


def _title(entity: Entity, columns: dict[str, str]) -> str:
    return entity.title if entity.title in columns else "id"


def _rows(
    at: Comparison,
    entity: Entity,
    field: Field,
    wrong: Callable[[sa.Column[Any]], sa.ColumnElement[bool]],
    shown: str,
) -> Found:
    types: dict[str, Any] = {"id": identity(), field.key: field.type.column_type(field), "deleted_at": None}
    if shown not in types:
        types[shown] = entity.fields[shown].type.column_type(entity.fields[shown])
    source = bare(physical(entity.key), **types)
    condition = sa.and_(wrong(source.c[field.key]), source.c.deleted_at.is_(None))
    count = at.unit.connection.scalar(sa.select(sa.func.count()).select_from(source).where(condition)) or 0
    if not count:
        return NOBODY
    rows = at.unit.execute(sa.select(source.c[shown]).where(condition).order_by(source.c.id).limit(SAMPLES)).scalars()
    return count, tuple(str(value)[:60] for value in rows)


def _unlike(at: Comparison, entity: Entity, field: Field, pattern: str) -> Found:
    import re2

    wanted = re2.compile(pattern)
    lost = [(value, count) for value, count in _values(at, entity, field) if not wanted.fullmatch(str(value))]
    return sum(count for _, count in lost), tuple(str(value)[:60] for value, _ in lost[:SAMPLES])


def _values(at: Comparison, entity: Entity, field: Field) -> Iterator[tuple[Any, int]]:
    source = bare(physical(entity.key), **{field.key: field.type.column_type(field), "deleted_at": None})
    held = source.c[field.key]
    rows = sa.select(held, sa.func.count()).where(held.is_not(None), source.c.deleted_at.is_(None))
    yield from at.unit.execute(rows.group_by(held).order_by(held).limit(DISTINCT)).tuples()
