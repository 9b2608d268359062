"""Children of two records that are the same thing twice: ``same: {guest: [name, mobile]}``.

The one rule: all the fields named are filled and equal in their normal forms; one that is empty proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from yuanke.metadata.registry import Entity, Field
from yuanke.records.duplicates.forms import form_of
from yuanke.storage import Unit
from yuanke.storage.sqlscope import live


def same_children(
    unit: Unit, entity: Entity, settings: Mapping[str, Any], keep: int, lost: int
) -> Iterator[tuple[Entity, int, int]]:
    """(entity, the child of ``keep``, its double below ``lost``)."""
    for key, names in (settings.get("same") or {}).items():
        child = unit.registry.entities.get(key)
        link = link_to(child, entity) if child is not None else None
        if child is None or link is None:
            continue
        fields = [child.fields[name] for name in names if name in child.fields]
        there = {mark: record for record, mark in reversed(list(_marked(unit, child, link, fields, keep)))}
        for record, mark in _marked(unit, child, link, fields, lost):
            if mark in there:
                yield child, there[mark], record


def link_to(child: Entity, entity: Entity) -> Field | None:
    """The link by which a child hangs on its record."""
    return next((f for f in child.live_fields() if f.targets == (entity.key,) and f.has_column and not f.pairs), None)


def _marked(
    unit: Unit, child: Entity, link: Field, fields: list[Field], holder: int
) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Children of a record with the normal forms of ``fields``, where all are filled."""
    table = unit.tables[child.key]
    mine = sa.select(table).where(table.c[link.key] == holder, live(child, table)).order_by(table.c.id)
    for row in unit.execute(mine).mappings():
        mark = tuple(form_of(one, row[one.key], unit.place) for one in fields if one.has_column)
        if mark and all(mark):
            yield row["id"], mark
