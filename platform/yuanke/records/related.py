"""Related lists: what hangs on one record, each under its own grant.

The one rule: the parent is read first; what hangs on a record one may not see is not there either.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from yuanke.fieldtypes.columns import Pointer, PointerText
from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import RecordNotFound
from yuanke.kernel.text import message
from yuanke.metadata.registry import Entity
from yuanke.records.reading import Narrow, get_record, list_records
from yuanke.records.values import Page, Query
from yuanke.storage import Unit
from yuanke.storage.prepared import open_value
from yuanke.storage.tables import identity


def related_records(unit: Unit, actor: Actor, entity: Entity, record_id: int, name: str, query: Query) -> Page:
    """One page of the collection ``name`` of a record. Raises RecordNotFound for an unknown name or unseen record."""
    get_record(unit, actor, entity, record_id, fields=())
    return hanging_on(unit, actor, entity, record_id, name, query)


def hanging_on(unit: Unit, actor: Actor, entity: Entity, record_id: int, name: str, query: Query) -> Page:
    """`related_records` of a record that was just read: it is not asked for again."""
    of, narrow = _collection(unit, entity, record_id, name)
    return list_records(unit, actor, of, query, narrow)


def _collection(unit: Unit, entity: Entity, record_id: int, name: str) -> tuple[Entity, Narrow]:
    registry, key = unit.registry, ("related", entity.key, name)
    holder, kept = open_value("holder", identity()), dict[str, Any](holder=record_id)
    field, inverse = entity.fields.get(name), entity.inverses.get(name)
    if inverse is not None:
        other = registry.entities[inverse.entity]
        if not inverse.through_pairs:
            if len(other.fields[inverse.field].targets) > 1:
                holder, kept = open_value("holder", PointerText()), {"holder": Pointer(entity.key, record_id)}
            return other, Narrow(key, lambda table: table.c[inverse.field] == holder, kept)
        pairs = unit.tables[other.fields[inverse.field].pairs or ""]
        ids = sa.select(pairs.c.source).where(pairs.c.target == holder)
        return other, Narrow(key, lambda table: table.c.id.in_(ids), kept)
    if field is not None and field.rows:
        rows = registry.entities[field.rows]
        return rows, Narrow(key, lambda table: table.c[rows.parent_link or "parent"] == holder, kept)
    if field is not None and field.pairs:
        pairs = unit.tables[field.pairs]
        ids = sa.select(pairs.c.target).where(pairs.c.source == holder)
        return registry.entities[field.targets[0]], Narrow(key, lambda table: table.c.id.in_(ids), kept)
    raise RecordNotFound(message("没有名为 {name} 的关联列表", name=name))
