"""A link given by what people know: its document number or another unique key of the target.

The one rule: only keys that name one record are taken, and only of records the actor may see.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from yuanke.fieldtypes.link import Unresolved
from yuanke.kernel.actor import Actor
from yuanke.kernel.text import Message, message
from yuanke.metadata.registry import Entity
from yuanke.records.save import Save
from yuanke.records.selection import Selection
from yuanke.storage import Unit


def resolve_keys(saves: Sequence[Save]) -> None:
    """Replace every `Unresolved` among the values by an id; what names no record is a fault at its field."""
    wanted: dict[tuple[str, str | None], list[tuple[Save, str, str]]] = {}
    for save in saves:
        for key, value in save.values.items():
            if isinstance(value, Unresolved):
                target = save.entity.fields[key].targets[0]
                wanted.setdefault((target, value.field), []).append((save, key, value.text))
    for (target, by), uses in wanted.items():
        first = uses[0][0]
        entity = first.unit.registry.entities[target]
        ids = ids_by_key(first.unit, first.actor, entity, {text for _, _, text in uses}, by)
        for save, key, text in uses:
            save.values[key] = ids.get(text)
            if ids.get(text) is None:
                save.fault(key, no_such(text, entity))


def no_such(text: str, entity: Entity) -> Message:
    return message("没有找到“{text}”这条{entity}", text=text, entity=entity.label)


def unique_fields(entity: Entity) -> list[str]:
    """Fields whose value names one record: the number and every field that is unique by itself."""
    return [
        key
        for key, field in entity.fields.items()
        if (field.unique == () or key == "number") and not field.retired and field.has_column
    ]


def ids_by_key(unit: Unit, actor: Actor, entity: Entity, texts: set[str], by: str | None = None) -> dict[str, int]:
    """text -> id, through any unique field (or only ``by``) that the actor may read."""
    selection = Selection(unit, actor, entity)
    found: dict[str, int] = {}
    if not selection.grant.allowed:
        return found
    for key in unique_fields(entity):
        column = selection.table.c[key]
        if (by is not None and key != by) or not selection.readable(key) or not isinstance(column.type, sa.String):
            continue
        statement = selection.rows().add_columns(column, selection.table.c.id).where(column.in_(texts))
        for text, record_id in unit.execute(statement):
            found.setdefault(text, record_id)
    return found
