"""Values that a new version of a module writes once into records that are there.

The one rule: a migration is no save: it touches no version and nobody's ``updated_at``, and asks no rule of the record.
Formulas, roll-ups and the search index follow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from yuanke import expressions
from yuanke.access.scopes import run_values
from yuanke.expressions import Expression
from yuanke.expressions.scope import Kind
from yuanke.metadata.registry import Entity, Field
from yuanke.metadata.scope import RecordScope
from yuanke.records.filling import engine, recompute, write_anew
from yuanke.records.names import ReadableNames
from yuanke.storage import Unit
from yuanke.storage.sqlscope import TableScope


class KeptNames(ReadableNames):
    """Names of the engine, retired fields included."""

    def kind(self, entity: str, name: str) -> Kind | None:
        at = self.unit.registry.entities.get(entity)
        field = at.fields.get(name) if at is not None else None
        return field.type.kind_of(field) if field is not None and field.retired else super().kind(entity, name)


def migrate(unit: Unit, entity: Entity, body: Mapping[str, Any], ids: Sequence[int]) -> None:
    """Write what ``body`` (``set``, ``where``) says into those of these records that fulfil its condition."""
    table = unit.tables[entity.key]
    actor = engine(unit)
    scope = RecordScope(KeptNames(unit, actor), entity.key)
    rows = TableScope(entity, table, unit.tables, run_values(unit, actor))
    fields = [entity.fields[name] for name in body["set"]]
    plain: dict[str, Any] = {}
    columns = []
    for field in fields:
        said = body["set"][field.key]
        if isinstance(said, str) and said.startswith("="):
            columns.append(_compiled(said[1:], scope, field).sql(rows).label(field.key))
        else:
            plain[field.key] = field.type.parse(field, said, unit.place)
    chosen = sa.select(table.c.id, *columns).where(table.c.id.in_(ids)).order_by(table.c.id)
    if body.get("where"):
        chosen = chosen.where(expressions.compile(str(body["where"]), scope, expect="bool").sql(rows))
    found = unit.execute(chosen).mappings().all()
    for row in found:
        computed = {f.key: f.type.settle(f, row[f.key], unit.place) for f in fields if f.key in row}
        unit.execute(table.update().where(table.c.id == row["id"]).values(**plain, **computed))
    changed = [row["id"] for row in found]
    if changed:
        recompute(unit, entity, changed)
        write_anew(unit, entity, changed)


def _compiled(source: str, scope: RecordScope, field: Field) -> Expression:
    return expressions.compile(source, scope, expect=field.type.kind_of(field))
