"""Values that lie in other tables: owned rows, many-to-many links, links to one of several entities.

The one rule: one query a field for all records of a page, never one a record.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from yuanke.access.grants import grant
from yuanke.kernel.actor import Actor
from yuanke.metadata.registry import Entity, Field
from yuanke.records.selection import HIDDEN, RecordReader, Selection
from yuanke.records.values import LinkValue, Record
from yuanke.storage import Unit
from yuanke.storage.prepared import Prepared, open_value, prepared, remembered
from yuanke.storage.sqlscope import live


def fill_rows(unit: Unit, actor: Actor, field: Field, records: list[Record]) -> None:
    """``values[field]`` becomes the list of owned rows in their order."""
    entity = unit.registry.entities[field.rows or ""]
    columns, reader = _rows_selected(unit, actor, entity, [r.id for r in records]) if records else ([], None)
    of: dict[int, list[Record]] = defaultdict(list)
    if reader is not None and columns:
        for row, carrier in zip(reader.records(columns), columns[reader.width]):
            of[carrier].append(row)
        _fill_links_of_rows(unit, actor, entity, [row for rows in of.values() for row in rows])
    for record in records:
        record.values[field.key] = of.get(record.id, [])


def _fill_links_of_rows(unit: Unit, actor: Actor, entity: Entity, rows: list[Record]) -> None:
    """What a row links to in other tables, where the reader may see it: serial numbers of a line, who it is about."""
    carried = [f for f in entity.fields.values() if not f.retired and (f.pairs or len(f.targets) > 1)]
    if not carried:
        return
    readable = grant(unit, actor, entity, "read").readable
    for field in carried:
        if field.key in readable:
            (fill_pairs if field.pairs else fill_pointers)(unit, actor, field, rows)


def _rows_selected(
    unit: Unit, actor: Actor, entity: Entity, ids: list[int]
) -> tuple[list[Sequence[Any]], RecordReader]:
    """Rows of the carriers ``ids``, column by column, the carrier last."""

    def statement(condition: Any) -> tuple[sa.Select[Any], RecordReader]:
        selection = Selection(unit, actor, entity)
        wanted = [f for f in selection.all_fields() if f.key != entity.parent_link]
        columns, reader = selection.columns(wanted)
        link = selection.table.c[entity.parent_link or "parent"]
        # the rows ride with a record that was read under the grant: their own predicate would ask the same again
        chosen = sa.select(*columns, link.label("carrier")).where(condition(link), live(entity, selection.table))
        return chosen.order_by(link, selection.table.c.position, selection.table.c.id), reader

    def of_one() -> tuple[Prepared, RecordReader]:
        chosen, reader = statement(lambda link: link == open_value("carrier", link.type))
        return prepared(unit, chosen), reader

    if len(ids) == 1:
        ready, reader = remembered(unit, ("rows", actor, entity.key), of_one)
        return ready.columns(unit, carrier=ids[0]), reader
    chosen, reader = statement(lambda link: link.in_(ids))
    return list(zip(*unit.execute(chosen).all())), reader


def fill_pairs(unit: Unit, actor: Actor, field: Field, records: list[Record]) -> None:
    """``values[field]`` becomes a list of `LinkValue`; a target the reader may not see is hidden, not left out."""
    pairs = unit.tables[field.pairs or ""]
    target = unit.registry.entities[field.targets[0]]
    statement = sa.select(pairs.c.source, pairs.c.target).order_by(pairs.c.source, pairs.c.position, pairs.c.id)
    rows = unit.execute(statement.where(pairs.c.source.in_([r.id for r in records]))).all() if records else []
    titles = titles_of(unit, actor, target, {row.target for row in rows})
    of: dict[int, list[LinkValue]] = defaultdict(list)
    for row in rows:
        title = titles.get(row.target)
        of[row.source].append(HIDDEN if title is None else LinkValue(row.target, title))
    for record in records:
        record.values[field.key] = of.get(record.id, [])


def fill_pointers(unit: Unit, actor: Actor, field: Field, records: list[Record]) -> None:
    """A link to one of several entities: titles by entity, then put in place."""
    wanted: dict[str, set[int]] = defaultdict(set)
    for record in records:
        pointer = record.values.get(field.key)
        if pointer is not None and not isinstance(pointer, LinkValue):
            wanted[pointer.entity].add(pointer.id)
    titles: Mapping[str, Mapping[int, str]] = {
        name: titles_of(unit, actor, unit.registry.entities[name], ids)
        for name, ids in wanted.items()
        if name in unit.registry.entities
    }
    for record in records:
        pointer = record.values.get(field.key)
        if pointer is not None and not isinstance(pointer, LinkValue):
            title = titles.get(pointer.entity, {}).get(pointer.id)
            record.values[field.key] = HIDDEN if title is None else LinkValue(pointer.id, title, entity=pointer.entity)


def titles_of(unit: Unit, actor: Actor, entity: Entity, ids: Iterable[int]) -> dict[int, str]:
    """id -> title, only of records that the reader may see."""
    wanted = sorted(set(ids))
    selection = Selection(unit, actor, entity)
    if not wanted or not selection.grant.allowed:
        return {}
    title = title_column(selection)
    rows = unit.execute(
        selection.rows().add_columns(selection.table.c.id, title.label("title")).where(selection.table.c.id.in_(wanted))
    )
    return {row[0]: str(row[1] or f"#{row[0]}") for row in rows}


def title_column(selection: Selection) -> sa.ColumnElement[Any]:
    entity = selection.entity
    return selection.scope.column(entity.title) if entity.title in entity.fields else selection.table.c.id


def may_read(unit: Unit, actor: Actor, entity: Entity) -> bool:
    return grant(unit, actor, entity, "read").allowed
