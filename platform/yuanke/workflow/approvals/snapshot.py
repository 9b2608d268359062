"""What of a record is approved: its content when it was submitted, when it was approved, and what is different now.

The one rule: content is what people enter; what the engine writes (states, stamps, figures) may move without a new
approval.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from yuanke.metadata.approvals import FIELD
from yuanke.metadata.registry import Entity, Field
from yuanke.records import Save
from yuanke.records.environment import stored
from yuanke.storage import Unit
from yuanke.storage.sqlscope import live
from yuanke.workflow.acts import state_field
from yuanke.workflow.approvals.flow import Flow

Content = Mapping[str, Any]


@dataclass(frozen=True)
class Difference:
    """One value that moved: of the record (``row`` None), or of one of its rows; ``position`` counts from 1."""

    field: Field
    before: Any
    after: Any
    rows: Field | None = None
    row: int | None = None
    position: int | None = None


def fields_of(entity: Entity, flow: Flow) -> list[Field]:
    """The fields of the record that make its content."""
    if flow.snapshot:
        return [entity.fields[key] for key in flow.snapshot if key in entity.fields]
    state = state_field(entity)
    return [field for field in _entered(entity) if field is not state and field.key != FIELD]


def _entered(entity: Entity) -> Iterator[Field]:
    for field in entity.live_fields():
        if field.source == "typed" and field.editable is not False and field.key != entity.parent_link:
            yield field


def take(unit: Unit, entity: Entity, record_id: int, flow: Flow) -> dict[str, Any]:
    """The content as it stands, as JSON: ``{field: value, rows: [{"id": 1, field: value}]}``."""
    record = stored(unit, entity, record_id)
    row: Mapping[str, Any] = record.row if record is not None else {}
    return {field.key: _value(unit, field, row, record_id) for field in fields_of(entity, flow)}


def _value(unit: Unit, field: Field, row: Mapping[str, Any], record_id: int) -> Any:
    if field.rows:
        return _rows(unit, unit.registry.entities[field.rows], record_id)
    if field.pairs:
        pairs = unit.tables[field.pairs]
        found = unit.execute(sa.select(pairs.c.target).where(pairs.c.source == record_id)).scalars()
        return sorted(found)
    return _dumped(field, row.get(field.key))


def _rows(unit: Unit, rows: Entity, record_id: int) -> list[dict[str, Any]]:
    table = unit.tables[rows.key]
    link = table.c[rows.parent_link or "parent"]
    statement = sa.select(table).where(link == record_id, live(rows, table)).order_by(table.c.position, table.c.id)
    kept = [field for field in _entered(rows) if field.has_column]
    return [
        {"id": row["id"], **{field.key: _dumped(field, row.get(field.key)) for field in kept}}
        for row in unit.execute(statement).mappings()
    ]


def _dumped(field: Field, value: Any) -> Any:
    return None if value is None else field.type.dump(field, value)


def differences(unit: Unit, entity: Entity, before: Content, after: Content) -> list[Difference]:
    """What is different between two contents, fields first in their order, rows in theirs."""
    found: list[Difference] = []
    for key, value in after.items():
        field, was = entity.fields.get(key), before.get(key)
        if field is None or was == value:
            continue
        if field.rows:
            found += _of_rows(unit.registry.entities[field.rows], field, was or [], value or [])
        else:
            found.append(Difference(field, was, value))
    return found


def _of_rows(rows: Entity, holder: Field, before: Sequence[Content], after: Sequence[Content]) -> Iterator[Difference]:
    """Changed values of rows that stand on both sides, whole rows that came or went."""
    was = {row["id"]: row for row in before}
    now = {row["id"]: row for row in after}
    for position, row in enumerate(after, 1):
        old = was.get(row["id"], {})
        yield from _of_row(rows, holder, old, row, position)
    for position, row in enumerate(before, 1):
        if row["id"] not in now:
            yield from _of_row(rows, holder, row, {}, position)


def _of_row(rows: Entity, holder: Field, old: Content, new: Content, position: int) -> Iterator[Difference]:
    for key in dict.fromkeys([*old, *new]):
        field = rows.fields.get(key)
        if key != "id" and field is not None and old.get(key) != new.get(key):
            yield Difference(field, old.get(key), new.get(key), holder, new.get("id") or old.get("id"), position)


def touches(save: Save, flow: Flow | None) -> bool:
    """Whether a save changes the content."""
    for field in fields_of(save.entity, flow or Flow(())):
        if field.rows:
            if any(_touched(row) for row in save.rows.get(field.key, ())):
                return True
        elif field.pairs:
            if field.key in save.pairs and sorted(save.pairs[field.key]) != sorted(save.old_pairs.get(field.key, [])):
                return True
        elif save.changed(field.key):
            return True
    return False


def _touched(row: Save) -> bool:
    return row.verb in ("create", "delete") or any(row.changed(field.key) for field in _entered(row.entity))
