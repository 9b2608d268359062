"""Formulas that stand still from some moment on (``frozen_when``): live until then, kept in their column afterwards.

The one rule: the save that makes the condition true writes the value for good; the save that makes it false empties it.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from yuanke.access.scopes import run_values
from yuanke.metadata.registry import Field
from yuanke.records.environment import SaveValues, StoredValues
from yuanke.records.save import Save
from yuanke.storage.prepared import Prepared, open_value, prepared, remembered
from yuanke.storage.sqlscope import TableScope


def frozen_now(save: Save) -> list[tuple[Field, Any]]:
    """Fields that this save freezes with their value, or thaws with None."""
    fields = [f for f in save.entity.fields.values() if f.frozen_when is not None and not f.retired]
    if not fields:
        return []
    values = SaveValues(save)
    was = StoredValues(save.unit, save.entity, save.old) if save.old is not None else None
    found: list[tuple[Field, Any]] = []
    for field in fields:
        assert field.frozen_when is not None
        stood = was is not None and field.frozen_when.holds(was)
        stands = field.frozen_when.holds(values)
        if stands and not stood:
            found.append((field, _live(save, field, values)))
        elif stood and not stands:
            found.append((field, None))
    return found


def _live(save: Save, field: Field, values: SaveValues) -> Any:
    """Today's value: in the database when this save changes nothing that it reads, for it may count many records."""
    assert field.formula is not None
    own = {path[0] for path in field.formula.reads if path}
    if save.id is None or save.rows or any(save.changed(name) for name in own if name in save.entity.fields):
        return field.formula.evaluate(values)

    def make() -> Prepared:
        table = save.unit.tables[save.entity.key]
        scope = TableScope(save.entity, table, save.unit.tables, run_values(save.unit, save.actor))
        return prepared(save.unit, sa.select(scope.live(field)).where(table.c.id == open_value("id", table.c.id.type)))

    asked = remembered(save.unit, ("frozen", save.actor, save.entity.key, field.key), make)
    return asked.scalar(save.unit, id=save.id)
