"""Owned rows on the way in: what was sent for ``lines`` becomes saves of the row entity.

The one rule: an item with ``id`` changes that row, one without adds, ``{id, deleted: true}`` removes, rows not named stay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from yuanke.access.grants import ENCLOSED, Grant, grant
from yuanke.fieldtypes import ValueFault
from yuanke.fieldtypes.link import Unresolved
from yuanke.fieldtypes.links import LinkChange, Pair
from yuanke.kernel.text import Message, message
from yuanke.metadata.registry import Entity, Field
from yuanke.records.intake import MOST_OWNED_ROWS, take
from yuanke.records.keys import ids_by_key, no_such
from yuanke.records.save import Save
from yuanke.records.values import Record
from yuanke.storage.sqlscope import live

#: keys of an item that say which row it is, not what stands in it
OF_THE_ROW = frozenset({"id", "deleted", "position", "version"})


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
            save.rows[key] = standing_rows(save, field)


def misshapen(field: Field, raw: Any) -> Message | None:
    """What is wrong with ``raw`` as the rows of ``field``, before any row is looked at."""
    if not isinstance(raw, (list, tuple)):
        return message("{field} 应是一个列表", field=field.label)
    if len(raw) > MOST_OWNED_ROWS:
        label, most = field.label, MOST_OWNED_ROWS
        return message("{field} 最多 {most} 行，收到 {count} 行", field=label, most=most, count=len(raw))
    return None


def no_row(field: Field) -> Message:
    return message("{field} 的每一行应是一个对象", field=field.label)


def not_among(field: Field, row_id: Any) -> Message:
    """Said of a row that is not there, or was named before."""
    return message("{field} 里没有编号为 {id} 的行", field=field.label, id=str(row_id)[:40])


def _needed(save: Save, field: Field) -> bool:
    """Rows that were not sent matter when one of their formulas reads the document."""
    rows = save.unit.registry.entities[field.rows or ""]
    formulas = [rows.fields[k].formula for k in rows.compute_order]
    return any(path and path[0] not in rows.fields for f in formulas if f for path in f.reads)


def _rows_of(save: Save, field: Field, raw: Any) -> list[Save]:
    entity = save.unit.registry.entities[field.rows or ""]
    refused = misshapen(field, raw)
    if refused is not None:
        save.fault(field.key, refused)
        return []
    left = {row.id: row for row in (standing_rows(save, field) if save.id else [])}
    given = grant(save.unit, save.actor, entity, ENCLOSED if _is_new(save) else "update")
    rows: list[Save] = []
    for position, item in enumerate(raw):
        row = _row(save, entity, item, left, given, field, position)
        if row is None:
            row = Save(
                save.unit, save.actor, entity, "delete", parent=save
            )  # keeps the place: faults are told by position
        rows.append(row)
    rest = list(left.values())
    _place(rows, rest)
    return [*rows, *rest]


def _is_new(save: Save) -> bool:
    """Whether the document as a whole is being made."""
    while save.parent is not None:
        save = save.parent
    return save.old is None


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
    left: dict[int | None, Save],
    given: Grant,
    field: Field,
    position: int,
) -> Save | None:
    """``left``: the standing rows not named yet; the one that is named here is taken out."""
    if isinstance(item, Record):
        item = dict(item.values)
    if not isinstance(item, Mapping):
        save.fault(f"{field.key}.{position}", no_row(field))
        return None
    values = {k: v for k, v in item.items() if k not in OF_THE_ROW}
    row_id = item.get("id")
    if row_id is None:
        row = Save(save.unit, save.actor, entity, "create", parent=save)
    elif isinstance(row_id, int) and not isinstance(row_id, bool) and row_id in left:
        row = left.pop(row_id)
    else:
        save.fault(f"{field.key}.{position}", not_among(field, row_id))
        return None
    if item.get("deleted") is True and row.id is not None:
        row.verb = "delete"
        return row
    take(row, values, given)
    if row.row_changes:
        take_rows(row)
        take_pairs(row)
    return row


def standing_rows(save: Save, field: Field) -> list[Save]:
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
    try:
        given = field.type.parse(field, raw, save.unit.place)
    except ValueFault as fault:
        save.fault(field.key, fault.said)
        return None
    change = given if isinstance(given, LinkChange) else LinkChange(add=given or ())
    add, remove = _ids(save, field, change.add), _ids(save, field, change.remove)
    kept = standing if isinstance(given, LinkChange) else []
    return [one for one in dict.fromkeys([*kept, *add]) if one not in set(remove)]


def _ids(save: Save, field: Field, pairs: Sequence[Pair]) -> list[int]:
    """The ids of the targets; those named by a unique value are looked up, and a fault where there is none."""
    target = save.unit.registry.entities[field.targets[0]]
    found: list[int] = []
    for pair in pairs:
        one = pair.id
        if isinstance(one, Unresolved):
            known = ids_by_key(save.unit, save.actor, target, {one.text}, one.field).get(one.text)
            if known is None:
                save.fault(field.key, no_such(one.text, target))
                continue
            one = known
        found.append(one)
    return found


def _linked(save: Save, field: Field) -> list[int]:
    pairs = save.unit.tables[field.pairs or ""]
    statement = sa.select(pairs.c.target).where(pairs.c.source == save.id).order_by(pairs.c.position, pairs.c.id)
    return [row[0] for row in save.unit.execute(statement)]
