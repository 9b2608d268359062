"""The names of an expression on a record in Python: fields, rows, links (read on first use), collections, me, settings.

The one rule: an expression sees mappings of plain values only, and it sees them as the engine.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial
from typing import Any

import sqlalchemy as sa

from yuanke.access.scopes import run_values
from yuanke.kernel.actor import Actor
from yuanke.metadata.registry import Entity, Field
from yuanke.records.save import Save
from yuanke.storage import Unit
from yuanke.storage.prepared import Prepared, one_of, open_value, prepared, remembered
from yuanke.storage.sqlscope import TableScope, live

#: by this a record behind a link to one of several entities says which one it is of (``about.kind``)
ENTITY = "@entity"
NAMES_OF_RECORD = ("this", "row")
#: under this an expression finds the functions that only the place of use can bring
CALLS = "calls"
#: those that records bring: name -> function of the unit, the actor (None = the engine) and what it is called with
calls: dict[str, Callable[..., Any]] = {}


def calls_of(unit: Unit, actor: Actor | None = None) -> dict[str, Callable[..., Any]]:
    return {name: partial(function, unit, actor) for name, function in calls.items()}


class Values(Mapping[str, Any]):
    """Base: look-ups by name; what is not there is None, never an error (the expression was checked before)."""

    unit: Unit
    entity: Entity

    def __getitem__(self, key: str) -> Any:
        return self.get(key)

    def get(self, key: str, default: Any = None) -> Any:
        raise NotImplementedError

    def __iter__(self) -> Iterator[str]:
        return iter(self.entity.fields)

    def __len__(self) -> int:
        return len(self.entity.fields)

    def _wrap(self, field: Field, value: Any) -> Any:
        if value is None or not field.targets or field.pairs:
            return value
        if len(field.targets) == 1:
            return stored(self.unit, self.unit.registry.entities[field.targets[0]], value)
        return stored(self.unit, self.unit.registry.entities[value.entity], value.id)


class SaveValues(Values):
    """A record being saved, with the rows it will have."""

    def __init__(self, save: Save) -> None:
        self.save = save
        self.unit = save.unit
        self.entity = save.entity
        self.more = run_values(save.unit, save.actor)

    def get(self, key: str, default: Any = None) -> Any:
        save = self.save
        field = self.entity.fields.get(key)
        if field is not None:
            return self._field(field)
        if key in ("me", "settings"):
            return self.more[key]
        if key == CALLS:
            return calls_of(self.unit, self.save.actor)
        if key in NAMES_OF_RECORD:
            return self
        if key == ENTITY:
            return self.entity.key
        if key == "record":
            return SaveValues(save.parent) if save.parent else self
        if key == "old":
            return StoredValues(self.unit, self.entity, save.old) if save.old else None
        if key in self.entity.inverses or (key in self.unit.registry.entities and not self._is_parent(key)):
            return collection(self.unit, self.entity, save.id, key)
        if save.parent is not None:
            parent = SaveValues(save.parent)
            return parent if self._is_parent(key) else parent.get(key)
        return default

    def _is_parent(self, key: str) -> bool:
        return self.entity.parent is not None and key == self.entity.parent[0]

    def _field(self, field: Field) -> Any:
        save = self.save
        if field.rows:
            if field.key in save.rows or save.id is None:
                return [SaveValues(row) for row in save.rows.get(field.key, ()) if row.verb != "delete"]
            return collection(self.unit, self.entity, save.id, field.key)
        if field.pairs:
            target = self.unit.registry.entities[field.targets[0]]
            ids = save.pairs.get(field.key)
            if ids is not None:
                return [stored(self.unit, target, one) for one in ids]
            return collection(self.unit, self.entity, save.id, field.key)
        if field.key == self.entity.parent_link and save.parent is not None:
            return SaveValues(save.parent)
        if field.source == "computed" and field.formula is not None:
            return field.formula.evaluate(self) if not save.id else _computed(self.unit, self.entity, save.id, field)
        return self._wrap(field, save.get(field.key))


class StoredValues(Values):
    """A record as it stands in the database."""

    def __init__(self, unit: Unit, entity: Entity, row: Mapping[str, Any]) -> None:
        self.unit = unit
        self.entity = entity
        self.row = row

    def get(self, key: str, default: Any = None) -> Any:
        if key in self.row and not self._frozen(key):
            field = self.entity.fields.get(key)
            return self.row[key] if field is None else self._wrap(field, self.row[key])
        field = self.entity.fields.get(key)
        if field is not None and field.source == "computed":
            return _computed(self.unit, self.entity, self.row["id"], field)
        if key in self.entity.inverses or (field is not None and (field.rows or field.pairs)):
            return collection(self.unit, self.entity, self.row["id"], key)
        if key == ENTITY:
            return self.entity.key
        if key == CALLS:
            return calls_of(self.unit)
        return self if key in NAMES_OF_RECORD else default

    def _frozen(self, key: str) -> bool:
        """Its column alone does not say what it is."""
        field = self.entity.fields.get(key)
        return field is not None and field.frozen_when is not None


def stored(unit: Unit, entity: Entity, record_id: int) -> StoredValues | None:
    """The row of a link's target, read once a unit; `prefetch` fills many at once."""
    kept = unit.kept.setdefault(("rows", entity.key), {})
    if record_id not in kept:
        prefetch(unit, entity, {record_id})
    row = kept.get(record_id)
    return StoredValues(unit, entity, row) if row is not None else None


def prefetch(unit: Unit, entity: Entity, ids: set[int]) -> dict[int, Any]:
    """Read the rows of ``ids`` that are not kept yet; absent ones are kept as None."""
    kept: dict[int, Any] = unit.kept.setdefault(("rows", entity.key), {})
    missing = [one for one in ids if one not in kept]
    if missing:
        kept.update(dict.fromkeys(missing))
        kept.update({row["id"]: row for row in standing_rows(unit, entity, missing)})
    return kept


def standing_rows(unit: Unit, entity: Entity, ids: Collection[int]) -> list[dict[str, Any]]:
    """The rows of ``ids`` as they stand in the database now."""

    def make() -> Prepared:
        table = unit.tables[entity.key]
        return prepared(unit, sa.select(table).where(one_of(unit, table.c.id)))

    return remembered(unit, ("standing", entity.key), make).mappings(unit, ids=ids)


def forget(unit: Unit, entity: Entity, ids: Any) -> None:
    """Rows that were just written are read again when asked for."""
    kept = unit.kept.get(("rows", entity.key))
    if kept:
        for one in ids:
            kept.pop(one, None)


def collection(unit: Unit, entity: Entity, record_id: int | None, name: str) -> list[StoredValues]:
    """Live members of a collection of one record, oldest first; none before the record has an id."""
    of_record = name not in unit.registry.entities or name in entity.inverses or name in entity.fields
    if of_record and record_id is None:
        return []
    one = record_id is not None and name not in unit.registry.entities
    chosen = remembered(unit, ("collection", entity.key, name, one), lambda: _members(unit, entity, name, one))
    of = _members_entity(unit, entity, name)
    return [StoredValues(unit, of, row) for row in chosen.mappings(unit, **({"id": record_id} if one else {}))]


def _members(unit: Unit, entity: Entity, name: str, one: bool) -> Prepared:
    """The members of a collection: of one record, or of the whole entity it is."""
    table = unit.tables[entity.key]
    members = TableScope(entity, table, unit.tables, {}).collection(name)
    inner = members.scope.table  # type: ignore[attr-defined]
    statement = sa.select(inner).select_from(members.source).where(members.condition).order_by(inner.c.id)
    if one:
        statement = statement.select_from(table).where(table.c.id == open_value("id", table.c.id.type))
    return prepared(unit, statement)


def _members_entity(unit: Unit, entity: Entity, name: str) -> Entity:
    field, inverse = entity.fields.get(name), entity.inverses.get(name)
    if field is not None and field.rows:
        return unit.registry.entities[field.rows]
    if field is not None and field.pairs:
        return unit.registry.entities[field.targets[0]]
    return unit.registry.entities[inverse.entity if inverse else name]


def _computed(unit: Unit, entity: Entity, record_id: int, field: Field) -> Any:
    def make() -> Prepared:
        table = unit.tables[entity.key]
        column = TableScope(entity, table, unit.tables, {"settings": unit.settings, "me": {}}).column(field.key)
        return prepared(unit, sa.select(column).where(table.c.id == open_value("id", table.c.id.type)))

    return remembered(unit, ("computed", entity.key, field.key), make).scalar(unit, id=record_id)


__all__ = ["SaveValues", "StoredValues", "collection", "forget", "live", "prefetch", "standing_rows", "stored"]
