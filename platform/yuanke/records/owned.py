"""Owned rows on the way in: what was sent for ``lines`` becomes saves of the row entity.

The one rule: an item with ``id`` changes that row, one without adds, ``{id, deleted: true}`` removes, rows not named stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from yuanke.access.grants import Grant, grant
from yuanke.kernel.text import message
from yuanke.metadata.registry import Entity, Field
from yuanke.records.intake import MOST_OWNED_ROWS, take
from yuanke.records.save import Save
from yuanke.records.values import Record
from yuanke.storage.sqlscope import live


def take_rows(save: Save) -> None:
    """Turn ``save.row_changes`` of row fields into ``save.rows``, standing rows included (formulas need them all)."""
    for key, raw in list(save.row_changes.items()):
        field = save.entity.fields[key]
        if field.rows:
            save.rows[key] = _rows_of(save, field, raw)
            del save.row_changes[key]
    if save.old is None:
        return
    for key, field in save.entity.fields.items():
        if field.rows and key not in save.rows and not field.retired and _needed(save, field):
            save.rows[key] = _standing(save, field)


def _needed(save: Save, field: Field) -> bool:
    """Rows that were not sent matter when one of their formulas reads the document."""
    rows = save.unit.registry.entities[field.rows or ""]
    formulas = [rows.fields[k].formula for k in rows.compute_order]
    return any(path and path[0] not in rows.fields for f in formulas if f for path in f.reads)


def _rows_of(save: Save, field: Field, raw: Any) -> list[Save]:
    entity = save.unit.registry.entities[field.rows or ""]
    if not isinstance(raw, (list, tuple)):
        save.fault(field.key, message("{field} 应是一个列表", field=field.label))
        return []
    if len(raw) > MOST_OWNED_ROWS:
        save.fault(
            field.key,
            message("{field} 最多 {most} 行，收到 {count} 行", field=field.label, most=MOST_OWNED_ROWS, count=len(raw)),
        )
        return []
    standing = {row.id: row for row in (_standing(save, field) if save.id else [])}
    given = grant(save.unit, save.actor, entity, "update")
    rows, named = [], set()
    for position, item in enumerate(raw):
        row = _row(save, entity, item, standing, given, field, position)
        if row is not None:
            rows.append(row)
            named.add(row.id)
    rest = [row for row_id, row in standing.items() if row_id not in named]
    _place(rows, rest)
    return [*rows, *rest]


def _place(rows: list[Save], rest: list[Save]) -> None:
    """A whole list stands in the order sent; a partial one keeps the order and puts new rows at the end."""
    if not rest:
        for position, row in enumerate(rows):
            row.values["position"] = position
        return
    last = max(row.get("position") or 0 for row in [*rest, *(r for r in rows if r.old)])
    for position, row in enumerate((r for r in rows if r.old is None), start=last + 1):
        row.values["position"] = position


def _row(
    save: Save,
    entity: Entity,
    item: Any,
    standing: Mapping[int | None, Save],
    given: Grant,
    field: Field,
    position: int,
) -> Save | None:
    if isinstance(item, Record):
        item = dict(item.values)
    if not isinstance(item, Mapping):
        save.fault(f"{field.key}.{position}", message("{field} 的每一行应是一个对象", field=field.label))
        return None
    values = {k: v for k, v in item.items() if k not in ("id", "deleted", "position", "version")}
    row_id = item.get("id")
    if row_id is None:
        row = Save(save.unit, save.actor, entity, "create", parent=save)
    elif row_id in standing and not isinstance(row_id, bool):
        row = standing[row_id]
    else:
        save.fault(f"{field.key}.{position}", message("{field} 里没有编号为 {id} 的行", field=field.label, id=row_id))
        return None
    if item.get("deleted") is True and row.id is not None:
        row.verb = "delete"
        return row
    take(row, values, given)
    if row.row_changes:
        take_rows(row)
    return row


def _standing(save: Save, field: Field) -> list[Save]:
    """The rows the record has now, as updates that change nothing."""
    entity = save.unit.registry.entities[field.rows or ""]
    table = save.unit.tables[entity.key]
    link = table.c[entity.parent_link or "parent"]
    statement = sa.select(table).where(link == save.id, live(entity, table)).order_by(table.c.position, table.c.id)
    found = save.unit.execute(statement).mappings()
    return [Save(save.unit, save.actor, entity, "update", row["id"], dict(row), parent=save) for row in found]


def take_pairs(save: Save) -> None:
    """``links``: the whole set, or ``{add: [..], remove: [..]}``; becomes the whole set of ids."""
    for key, raw in list(save.row_changes.items()):
        field = save.entity.fields[key]
        if not field.pairs:
            continue
        del save.row_changes[key]
        standing = _linked(save, field) if save.id else []
        save.old_pairs[key] = standing
        wanted = _wanted(save, field, raw, standing)
        if wanted is not None:
            save.pairs[key] = wanted


def _wanted(save: Save, field: Field, raw: Any, standing: list[int]) -> list[int] | None:
    if isinstance(raw, Mapping) and raw.keys() <= {"add", "remove"}:
        add, remove = _ids(save, field, raw.get("add", [])), _ids(save, field, raw.get("remove", []))
        if add is None or remove is None:
            return None
        return [i for i in dict.fromkeys([*standing, *add]) if i not in set(remove)]
    ids = _ids(save, field, raw if raw is not None else [])
    return None if ids is None else list(dict.fromkeys(ids))


def _ids(save: Save, field: Field, raw: Any) -> list[int] | None:
    if not isinstance(raw, (list, tuple)):
        save.fault(field.key, message("{field} 应是一个列表", field=field.label))
        return None
    ids = []
    for item in raw:
        one = item.get("id") if isinstance(item, Mapping) else getattr(item, "id", item)
        if isinstance(one, bool) or not isinstance(one, int):
            save.fault(
                field.key, message("{field} 的每一项应是编号，收到 {item}", field=field.label, item=str(item)[:50])
            )
            return None
        ids.append(one)
    return ids


def _linked(save: Save, field: Field) -> list[int]:
    pairs = save.unit.tables[field.pairs or ""]
    statement = sa.select(pairs.c.target).where(pairs.c.source == save.id).order_by(pairs.c.position, pairs.c.id)
    return [row[0] for row in save.unit.execute(statement)]
