"""Owned rows that go over to the record that stays, behind its own."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from yuanke.kernel.actor import Actor
from yuanke.metadata.registry import Entity, Field
from yuanke.records.environment import forget
from yuanke.records.merging.links import Moves
from yuanke.records.undoing.rewriting import Rewriting, rewrite
from yuanke.storage import Unit
from yuanke.storage.sqlscope import live


def move_rows(unit: Unit, entity: Entity, one: Field, lost: int, to: int, moves: Moves) -> int:
    """The rows of ``one`` change their owner; how many. The owner is computed again by whoever calls."""
    rows = unit.registry.entities[one.rows or ""]
    table, link = unit.tables[rows.key], rows.parent_link or "parent"
    places = {
        r.id: r.position
        for r in unit.execute(
            sa.select(table.c.id, table.c.position)
            .where(table.c[link] == lost, live(rows, table))
            .order_by(table.c.position, table.c.id)
        )
    }
    last = unit.execute(sa.select(sa.func.max(table.c.position)).where(table.c[link] == to)).scalar()
    first = -1 if last is None else int(last)
    for at, row_id in enumerate(places, start=first + 1):
        unit.execute(table.update().where(table.c.id == row_id).values({link: to, "position": at}))
    if places:
        forget(unit, rows, places)
        moves.rows.append([entity.key, one.key, lost, to, {str(k): v for k, v in places.items()}])
    return len(places)


def move_back(unit: Unit, actor: Actor, moved: list[list[Any]]) -> None:
    """Rows that still stand where they went return to their places; both records are computed again."""
    for key, field, lost, to, places in moved:
        entity = unit.registry.entities.get(key)
        one = entity.fields.get(field) if entity is not None else None
        if entity is None or one is None or not one.rows:
            continue
        rows = unit.registry.entities[one.rows]
        table, link = unit.tables[rows.key], rows.parent_link or "parent"
        for row_id, position in places.items():
            here = sa.and_(table.c.id == int(row_id), table.c[link] == to)
            unit.execute(table.update().where(here).values({link: lost, "position": position}))
        forget(unit, rows, [int(row_id) for row_id in places])
        rewrite(unit, actor, entity, {to: Rewriting(rows={field: {}})}, "undo")
