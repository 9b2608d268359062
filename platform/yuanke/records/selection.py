"""The SELECT of a list or a record: which columns, as whom, and how a row becomes a `Record`.

The one rule: only this package builds SELECTs over business tables, and each one carries the reader's grant.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from yuanke.access.grants import Grant, ReaderGuard, grant
from yuanke.access.scopes import run_values
from yuanke.kernel.actor import Actor
from yuanke.metadata.registry import Entity, Field
from yuanke.records.values import LinkValue, Record
from yuanke.storage import Unit
from yuanke.storage.sqlscope import TableScope, live

Read = Callable[[Any], Any]


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

    def columns(self, fields: Sequence[Field]) -> tuple[list[sa.ColumnElement[Any]], list[tuple[str, Read]]]:
        """Columns to select after id and version, and for each field how to read its value from the row."""
        columns: list[sa.ColumnElement[Any]] = [self.table.c.id.label("id"), self._version()]
        readers: list[tuple[str, Read]] = []
        for field in fields:
            if field.rows or field.pairs:
                continue  # filled in afterwards, one query for all records
            at = len(columns)
            columns.append(self.scope.column(field.key).label(f"f{at}"))
            if len(field.targets) == 1 and field.type.stored:
                columns.append(self._title(field).label(f"f{at + 1}"))
                readers.append((field.key, _link_reader(at)))
            else:
                readers.append((field.key, _value_reader(at)))
        return columns, readers

    def _version(self) -> sa.ColumnElement[Any]:
        known = "version" in self.entity.fields
        return (self.table.c.version if known else sa.literal(1)).label("version")

    def _title(self, field: Field) -> sa.ColumnElement[Any]:
        """The title of a link's target as the reader may see it: NULL = not for him, '' = it has none."""
        target = self.unit.registry.entities[field.targets[0]]
        step = self.scope.link(field.key)
        if not self.actor.engine and not _title_open(self.unit, self.actor, target):
            return sa.null()
        title = target.fields.get(target.title)
        text = step.column("id" if title is None or not title.has_column else title.key)
        shown = sa.cast(text, sa.Text) if not isinstance(text.type, sa.String) else text
        # the id decides whether the row is seen, so that an empty title does not read as a hidden one
        return sa.case((step.column("id").is_not(None), sa.func.coalesce(shown, "")))

    def record(self, row: Any, readers: Sequence[tuple[str, Read]]) -> Record:
        return Record(self.entity, row[0], row[1], {key: read(row) for key, read in readers})


def _title_open(unit: Unit, actor: Actor, target: Entity) -> bool:
    given = grant(unit, actor, target, "read")
    return given.allowed and target.title in given.readable


def _value_reader(at: int) -> Read:
    return lambda row: row[at]


def _link_reader(at: int) -> Read:
    def read(row: Any) -> LinkValue | None:
        target = row[at]
        if target is None:
            return None
        title = row[at + 1]
        return HIDDEN if title is None else LinkValue(target, title or f"#{target}")

    return read


HIDDEN = LinkValue(None, None, True)
