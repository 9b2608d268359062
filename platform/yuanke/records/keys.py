"""A link given by what people know: its document number or another unique key of the target.

The one rule: only keys that name one record are taken, and only of records the actor may see.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from yuanke.kernel.actor import Actor
from yuanke.metadata.registry import Entity
from yuanke.records.selection import Selection
from yuanke.storage import Unit


def resolve_keys(unit: Unit, actor: Actor, entity: Entity, raws: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Replace texts given for single links by ids; what is not found stays as it was and is told by its type."""
    wanted: dict[str, set[str]] = {}
    for raw in raws:
        for key, text in _texts(entity, raw):
            wanted.setdefault(key, set()).add(text)
    if not wanted:
        return list(raws)
    ids = {key: _ids(unit, actor, entity.fields[key].targets[0], texts) for key, texts in wanted.items()}
    return [{**raw, **{key: ids[key].get(text, text) for key, text in _texts(entity, raw)}} for raw in raws]


def _texts(entity: Entity, raw: Mapping[str, Any]) -> list[tuple[str, str]]:
    found = []
    for key, value in raw.items():
        if isinstance(value, str) and value:
            field = entity.fields.get(key)
            if field is not None and len(field.targets) == 1 and not field.pairs and not value.isdigit():
                found.append((key, value))
    return found


def unique_fields(entity: Entity) -> list[str]:
    return [key for key, field in entity.fields.items() if field.unique == () and not field.retired and field.has_column]


def _ids(unit: Unit, actor: Actor, target: str, texts: set[str]) -> dict[str, int]:
    entity = unit.registry.entities[target]
    selection = Selection(unit, actor, entity)
    found: dict[str, int] = {}
    if not selection.grant.allowed:
        return found
    for key in unique_fields(entity):
        column = selection.table.c[key]
        if not selection.readable(key) or not isinstance(column.type, sa.String):
            continue
        statement = selection.rows().add_columns(column, selection.table.c.id).where(column.in_(texts))
        for text, record_id in unit.execute(statement):
            found.setdefault(text, record_id)
    return found
