"""Counts and sums by one field, under the reader's rights: heads of a kanban, bars of a widget.

The one rule: a figure is the fold of what the same reader would see as a list; a hidden field has no sum.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import sqlalchemy as sa

from yuanke.access.grants import grant
from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import AccessDenied
from yuanke.metadata.registry import Entity
from yuanke.records.filters import unknown_field
from yuanke.records.reading import asked_of_database, narrowed
from yuanke.records.selection import Selection
from yuanke.records.values import Query
from yuanke.storage import Unit


class Group(NamedTuple):
    key: Any
    records: int
    total: Any = None


def group_by(unit: Unit, actor: Actor, entity: Entity, by: str | None, total: str | None, query: Query) -> list[Group]:
    """One `Group` a value of ``by`` (None: one for all), with the sum of ``total``; groups in no order."""
    given = grant(unit, actor, entity, "read")
    if not given.allowed:
        raise AccessDenied(given.reason)
    selection = Selection(unit, actor, entity, given)
    key = _column(selection, by) if by else sa.null()
    summed = _column(selection, total) if total else None
    figure = sa.null() if summed is None else sa.func.sum(summed, type_=summed.type)
    statement = narrowed(selection, query, None).add_columns(
        key.label("key"), sa.func.count().label("n"), figure.label("total")
    )
    if by:
        statement = statement.group_by(key)
    return [Group(row.key, row.n, row.total) for row in asked_of_database(unit, statement)]


def _column(selection: Selection, key: str) -> sa.ColumnElement[Any]:
    field = selection.entity.fields.get(key)
    if field is None or not selection.readable(key) or not field.has_column or field.pairs or field.rows:
        raise unknown_field(key)
    return selection.scope.column(key)
