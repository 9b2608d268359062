"""Rows fetched to be changed: under the grant, and on PostgreSQL under a row lock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from yuanke.access.grants import grant
from yuanke.kernel.actor import Actor
from yuanke.metadata.registry import Entity
from yuanke.records.selection import Selection
from yuanke.storage import Unit
from yuanke.storage.sqlscope import live


def fetch_for_update(
    unit: Unit,
    actor: Actor,
    entity: Entity,
    ids: Sequence[int],
    verb: str = "update",
    binned: bool = False,
) -> dict[int | None, dict[str, Any]]:
    """Standing rows by id, of those the actor may see; a row he may see but not change carries ``@unwritable``."""
    if not ids:
        return {}
    reading, writing = grant(unit, actor, entity, "read"), grant(unit, actor, entity, verb)
    table = unit.tables[entity.key]
    seen = Selection(unit, actor, entity, reading).rows(binned) if reading.allowed else _rows(table, entity, binned)
    condition = writing.predicate(table) if writing.allowed else sa.false()
    if not reading.allowed and condition is not None:
        seen = seen.where(condition)  # a right to change without a right to read shows nothing beyond itself
    mine = sa.literal(True) if condition is None else condition
    statement = seen.add_columns(*table.c, sa.case((mine, 1), else_=0).label("@mine")).where(table.c.id.in_(ids))
    if unit.dialect == "postgresql":
        statement = statement.order_by(table.c.id).with_for_update(of=table)
    found: dict[int | None, dict[str, Any]] = {}
    for row in unit.execute(statement).mappings():
        values = dict(row)
        if not values.pop("@mine"):
            values["@unwritable"] = True
        found[values["id"]] = values
    return found


def _rows(table: sa.Table, entity: Entity, binned: bool) -> sa.Select[Any]:
    alive = live(entity, table)
    return sa.select().select_from(table).where(sa.not_(alive) if binned else alive)


def ids_within(unit: Unit, actor: Actor, entity: Entity, verb: str, ids: Sequence[int]) -> set[int]:
    """Those of ``ids`` that lie inside the grant as they stand now."""
    given = grant(unit, actor, entity, verb)
    table = unit.tables[entity.key]
    condition = given.predicate(table)
    if condition is None or not ids:
        return set(ids)
    statement = sa.select(table.c.id).where(table.c.id.in_(ids), condition)
    return {row[0] for row in unit.execute(statement)}
