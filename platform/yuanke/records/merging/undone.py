"""What the details of a merge mean for undoing it: what was moved without a line of history goes back by itself.

The one rule: only what still stands where the merge put it goes back.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from yuanke.fieldtypes.columns import Pointer
from yuanke.kernel.actor import Actor
from yuanke.records.environment import forget
from yuanke.records.merging.rows import move_back
from yuanke.records.redirects import take_away
from yuanke.records.undoing.undo import parts
from yuanke.storage import Unit


def _raw(unit: Unit, actor: Actor, moved: list[list[Any]]) -> None:
    for key, field, kind, lost, to, ids in moved:
        entity = unit.registry.entities.get(key)
        one = entity.fields.get(field) if entity is not None else None
        if entity is None or one is None or not one.has_column:
            continue
        table = unit.tables[key]
        was, now = (lost, to) if len(one.targets) == 1 else (Pointer(kind, lost), Pointer(kind, to))
        here = sa.and_(table.c.id.in_(ids), table.c[field] == now)
        unit.execute(table.update().where(here).values({field: was}))
        forget(unit, entity, ids)


def _pairs(unit: Unit, actor: Actor, moved: list[list[Any]]) -> None:
    for key, *how in moved:
        if key not in unit.registry.entities:
            continue
        table = unit.tables[key]
        if len(how) == 1:
            _bring_back(unit, table, how[0])
        else:
            row_id, lost, to = how
            unit.execute(table.update().where(table.c.id == row_id, table.c.target == to).values(target=lost))


def _bring_back(unit: Unit, table: sa.Table, row: dict[str, Any]) -> None:
    """A pair that went because there was one like it; its source may have gone since, or be linked anew."""
    there = sa.or_(table.c.id == row["id"], sa.and_(table.c.source == row["source"], table.c.target == row["target"]))
    if unit.execute(sa.select(table.c.id).where(there)).first() is None:
        unit.execute(table.insert().values({k: v for k, v in row.items() if k in table.c}))


def _redirects(unit: Unit, actor: Actor, change_set: int) -> None:
    take_away(unit, change_set)


parts.update(raw=_raw, pairs=_pairs, rows=move_back, redirects=_redirects)
