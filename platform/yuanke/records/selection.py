"""The SELECT of a list or a record: which columns, as whom, and how a row becomes a `Record`.

The one rule: only this package builds SELECTs over business tables, and each one carries the reader's grant.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from yuanke.access.grants import Grant, ReaderGuard, grant
from yuanke.access.scopes import run_values
from yuanke.kernel.actor import Actor
from yuanke.metadata.registry import Entity, Field
from yuanke.records.values import LinkValue, Record
from yuanke.storage import Unit
from yuanke.storage.sqlscope import TableScope, live


class Selection:
    """What one reader selects of one entity: the table, its scope under his grant, and the fields wanted."""

    def __init__(self, unit: Unit, actor: Actor, entity: Entity, given: Grant | None = None) -> None:
        self.unit = unit
        self.actor = actor
        self.entity = entity
        self.grant = given or grant(unit, actor, entity, "read")
        self.table = unit.tables[entity.key]
        guard = None if actor.engine else ReaderGuard(unit, actor)
        self.scope = TableScope(entity, self.table, unit.tables, run_values(unit, actor), guard)

    def readable(self, key: str) -> bool:
        field = self.entity.fields.get(key)
        return field is not None and not field.retired and key in self.grant.readable

    def all_fields(self) -> list[Field]:
        """Every readable field but the mark of the bin, in order of declaration."""
        return [f for k, f in self.entity.fields.items() if k != "deleted_at" and self.readable(k)]

    def rows(self, binned: bool = False) -> sa.Select[Any]:
        """SELECT of nothing yet, FROM the table, WHERE the grant says and the record is (not) in the bin."""
        statement = sa.select().select_from(self.table)
        condition = self.grant.predicate(self.table)
        if condition is not None:
            statement = statement.where(condition)
        if "deleted_at" in self.entity.fields:
            alive = live(self.entity, self.table)
            statement = statement.where(sa.not_(alive) if binned else alive)
        return statement

    def columns(self, fields: Sequence[Field]) -> tuple[list[sa.ColumnElement[Any]], RecordReader]:
        """Columns to select, id and version first, and how rows of them become records."""
        columns: list[sa.ColumnElement[Any]] = [self.table.c.id.label("id"), self._version()]
        places: list[tuple[str, int, bool]] = []
        for field in fields:
            if field.rows or field.pairs:
                continue  # filled in afterwards, one query for all records
            at = len(columns)
            columns.append(self.scope.column(field.key).label(f"f{at}"))
            titled = len(field.targets) == 1 and field.type.stored
            if titled:
                columns.append(self._title(field).label(f"f{at + 1}"))
            places.append((field.key, at, titled))
        return columns, RecordReader(self.entity, len(columns), tuple(places))

    def _version(self) -> sa.ColumnElement[Any]:
        known = "version" in self.entity.fields
        return (self.table.c.version if known else sa.literal(1)).label("version")

    def _title(self, field: Field) -> sa.ColumnElement[Any]:
        """The title of a link's target as the reader may see it: NULL = not for him, '' = it has none."""
        target = self.unit.registry.entities[field.targets[0]]
        step: Any = self.scope.link(field.key)
        if not self.actor.engine and not _title_open(self.unit, self.actor, target):
            return sa.null()
        title = target.fields.get(target.title)
        return step.text("id" if title is None or not title.has_column else title.key)


def _title_open(unit: Unit, actor: Actor, target: Entity) -> bool:
    given = grant(unit, actor, target, "read")
    return given.allowed and target.title in given.readable


HIDDEN = LinkValue(None, None, True)


class RecordReader:
    """Makes records of the rows of one SELECT, column by column; ``width`` columns are the records', others may follow."""

    def __init__(self, entity: Entity, width: int, places: tuple[tuple[str, int, bool], ...]) -> None:
        self.entity = entity
        self.width = width
        self._keys = [key for key, _, _ in places]
        self._places = [(at, titled) for _, at, titled in places]

    def records(self, columns: Sequence[Sequence[Any]]) -> list[Record]:
        """``columns`` as `yuanke.storage.prepared` gives them; empty = no rows."""
        if not columns:
            return []
        entity, keys = self.entity, self._keys
        values = [_links(columns[at], columns[at + 1]) if titled else columns[at] for at, titled in self._places]
        rows = zip(*values) if values else itertools.repeat(())
        return [
            Record(entity, record_id, version, dict(zip(keys, row)))
            for record_id, version, row in zip(columns[0], columns[1], rows)
        ]


def _links(ids: Sequence[Any], titles: Sequence[Any]) -> list[LinkValue | None]:
    """Many rows of a page lead to the same few records."""
    made: dict[Any, LinkValue | None] = {None: None}
    found = []
    for one, title in zip(ids, titles):
        if one not in made:
            made[one] = HIDDEN if title is None else LinkValue(one, title or f"#{one}")
        found.append(made[one])
    return found
