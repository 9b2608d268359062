"""Names of an expression resolved to columns, link steps and collections of real tables.

The one rule: with a `Guard`, every step to another record passes the reader's rights; without one the engine reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from yuanke.expressions.elements import pointer
from yuanke.expressions.scope import SqlCollection, SqlScope
from yuanke.metadata.registry import Entity, Field
from yuanke.storage.tables import Tables, aliased

MOST_STEPS = 8
#: among the values of a scope: (entity, field) of stored formulas whose column is still being filled (`Unit.unfilled`)
UNFILLED = "@unfilled"


class Guard(Protocol):
    """What a reader may see of an entity, as SQL."""

    def condition(self, entity: Entity, table: sa.FromClause) -> sa.ColumnElement[bool] | None:
        """Rows of ``table`` the reader may see; None means all."""

    def column(
        self, entity: Entity, field: Field, table: sa.FromClause, raw: sa.ColumnElement[Any]
    ) -> sa.ColumnElement[Any]:
        """``raw`` as the reader may see it: itself, a CASE, or NULL."""


class TableScope:
    """The scope of one row of ``table`` (an alias); ``outer`` is the scope a bracket stands in."""

    def __init__(
        self,
        entity: Entity,
        table: sa.FromClause,
        tables: Tables,
        values: Mapping[str, Any],
        guard: Guard | None = None,
        outer: SqlScope | None = None,
    ) -> None:
        self.entity = entity
        self.table = table
        self.tables = tables
        self.values = values
        self.guard = guard
        self.outer = outer

    def column(self, name: str) -> sa.ColumnElement[Any]:
        field = self.entity.fields.get(name)
        if field is None:
            return self._parent_column(name)
        raw = self._raw(field)
        return raw if self.guard is None else self.guard.column(self.entity, field, self.table, raw)

    def _raw(self, field: Field) -> sa.ColumnElement[Any]:
        if field.frozen_when is not None:
            engine = TableScope(self.entity, self.table, self.tables, self.values)
            return sa.case((field.frozen_when.sql(engine), self.table.c[field.key]), else_=self.live(field))
        return self.table.c[field.key] if field.has_column and not self._unfilled(field) else self.live(field)

    def _unfilled(self, field: Field) -> bool:
        waiting = self.values.get(UNFILLED) or ()
        return (self.entity.key, field.key) in waiting

    def live(self, field: Field) -> sa.ColumnElement[Any]:
        """What the formula says now, whatever the column keeps."""
        if field.formula is None:
            return sa.null()
        # the formula itself runs as the engine: what it may show is decided by its own field right
        engine = TableScope(self.entity, self.table, self.tables, self.values)
        return field.formula.sql(engine)

    def _parent_column(self, name: str) -> sa.ColumnElement[Any]:
        """A bare name inside owned rows that is not the row's is the document's."""
        if self.entity.parent is None or self.entity.parent_link is None:
            raise KeyError(name)
        return self.link(self.entity.parent_link).column(name)

    def link(self, name: str) -> SqlScope:
        if name in ("this", "record", "row"):
            return self._named(name)
        field = self.entity.fields.get(name)
        if field is None and self.entity.parent_link and self.entity.parent and name == self.entity.parent[0]:
            field = self.entity.fields[self.entity.parent_link]
        if field is None or len(field.targets) != 1:
            return _Nothing()
        target = self.tables.registry.entities[field.targets[0]]
        return _Step(self, self.column(field.key), target, ())

    def _named(self, name: str) -> SqlScope:
        if name == "this":
            return self.outer or self
        if name == "record" and self.entity.parent_link:
            return self.link(self.entity.parent_link)
        return self

    def collection(self, name: str) -> SqlCollection:
        return collection(self, self.entity, self.table.c.id, name)

    def value(self, path: tuple[str, ...]) -> Any:
        found: Any = self.values
        for step in path:
            found = found.get(step) if isinstance(found, Mapping) else None
        return found

    def inner(self, entity: Entity, table: sa.FromClause, outer: SqlScope) -> TableScope:
        return TableScope(entity, table, self.tables, self.values, self.guard, outer)


def collection(at: TableScope, entity: Entity, identity: sa.ColumnElement[Any], name: str) -> SqlCollection:
    """Rows, inverse records or many-to-many targets of the record ``identity``, or all records of an entity."""
    registry = at.tables.registry
    field = entity.fields.get(name)
    inverse = entity.inverses.get(name)
    if field is not None and field.rows:
        rows = registry.entities[field.rows]
        return _members(at, rows, lambda t: t.c[rows.parent_link or "parent"] == identity)
    if field is not None and field.pairs:
        return _paired(
            at, registry.entities[field.targets[0]], registry.entities[field.pairs], identity, "source", "target"
        )
    if inverse is not None:
        other = registry.entities[inverse.entity]
        if inverse.through_pairs:
            pairs = registry.entities[other.fields[inverse.field].pairs or ""]
            return _paired(at, other, pairs, identity, "target", "source")
        several = len(other.fields[inverse.field].targets) > 1
        held = pointer(identity, entity.key) if several else identity
        return _members(at, other, lambda t: t.c[inverse.field] == held)
    if name in registry.entities:
        return _members(at, registry.entities[name], lambda t: sa.true())
    raise KeyError(name)


def live(entity: Entity, table: sa.FromClause) -> sa.ColumnElement[bool]:
    return table.c.deleted_at.is_(None) if "deleted_at" in entity.fields else sa.true()


_void: WeakKeyDictionary[Entity, dict[str, list[str]]] = WeakKeyDictionary()


def void_choices(entity: Entity) -> Mapping[str, list[str]]:
    """Choice fields with options that say ``void``: a record in one of them counts for nothing in others' figures.

    Every save of a row asks it of every figure that reads it, so it is found once an entity.
    """
    kept = _void.get(entity)
    if kept is None:
        found = {key: [k for k, o in (field.options or {}).items() if o.void] for key, field in entity.fields.items()}
        kept = {key: void for key, void in found.items() if void and not entity.fields[key].multiple}
        _void[entity] = kept
    return kept


def not_void(entity: Entity, table: sa.FromClause) -> list[sa.ColumnElement[bool]]:
    """Conditions under which a record of ``entity`` counts."""
    return [sa.or_(table.c[k].is_(None), table.c[k].not_in(void)) for k, void in void_choices(entity).items()]


def _counted(at: TableScope, entity: Entity, table: sa.FromClause) -> list[sa.ColumnElement[bool]]:
    """Engine's figures pass over what is void, and over the rows of what is void; a reader's own filters see it."""
    if at.guard is not None:
        return []
    found = not_void(entity, table)
    if entity.parent is not None and entity.parent_link is not None and at.entity.key != entity.parent[0]:
        owner = at.tables.registry.entities[entity.parent[0]]
        if void_choices(owner):
            above = aliased(at.tables[owner.key])
            held = sa.select(sa.literal(1)).where(
                above.c.id == table.c[entity.parent_link], *_counted(at, owner, above)
            )
            found.append(held.correlate_except(above).exists())
    return found


def _members(at: TableScope, entity: Entity, related: Any) -> SqlCollection:
    table = aliased(at.tables[entity.key])
    counted = _counted(at, entity, table)
    condition = sa.and_(related(table), live(entity, table), *counted, *_seen(at, entity, table))
    return SqlCollection(table, condition, at.inner(entity, table, at))


def _paired(at: TableScope, entity: Entity, pairs: Entity, identity: Any, here: str, there: str) -> SqlCollection:
    pair, table = aliased(at.tables[pairs.key]), aliased(at.tables[entity.key])
    source = pair.join(table, pair.c[there] == table.c.id)
    condition = sa.and_(pair.c[here] == identity, live(entity, table), *_seen(at, entity, table))
    return SqlCollection(source, condition, at.inner(entity, table, at))


def _seen(at: TableScope, entity: Entity, table: sa.FromClause) -> list[sa.ColumnElement[bool]]:
    condition = at.guard.condition(entity, table) if at.guard is not None else None
    return [] if condition is None else [condition]


class _Step:
    """One or more dots behind a row: each value is a scalar subquery along the chain of links, NULL where it breaks."""

    def __init__(
        self,
        start: TableScope,
        key: sa.ColumnElement[Any],
        target: Entity,
        chain: tuple[tuple[sa.FromClause, sa.ColumnElement[bool]], ...],
    ) -> None:
        if len(chain) >= MOST_STEPS:
            raise KeyError("too many steps")
        table = aliased(start.tables[target.key])
        condition = sa.and_(table.c.id == key, *_seen(start, target, table))
        self.start = start
        self.target = target
        self.row = start.inner(target, table, start.outer or start)
        self.chain = (*chain, (table, condition))

    def column(self, name: str) -> sa.ColumnElement[Any]:
        return self._pick(self.row.column(name))

    def text(self, name: str) -> sa.ColumnElement[Any]:
        """The field as text, '' when it is empty; NULL only where the chain breaks."""
        column = self.row.column(name)
        text = column if isinstance(column.type, sa.String) else sa.cast(column, sa.Text)
        return self._pick(sa.func.coalesce(text, ""))

    def _pick(self, wanted: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        froms = [table for table, _ in self.chain]
        statement = sa.select(wanted).select_from(*froms).where(*(condition for _, condition in self.chain))
        return statement.correlate_except(*froms).scalar_subquery()

    def link(self, name: str) -> SqlScope:
        field = self.target.fields.get(name)
        if field is None or len(field.targets) != 1:
            return _Nothing()
        further = self.start.tables.registry.entities[field.targets[0]]
        return _Step(self.start, self.row.column(name), further, self.chain)

    def collection(self, name: str) -> SqlCollection:
        return collection(self.row, self.target, self.column("id"), name)

    def value(self, path: tuple[str, ...]) -> Any:
        return self.start.value(path)


class _Nothing:
    """Behind a link that leads to one of several entities: nothing can be said in SQL."""

    def column(self, name: str) -> sa.ColumnElement[Any]:
        return sa.null()

    def link(self, name: str) -> SqlScope:
        return self

    def collection(self, name: str) -> SqlCollection:
        raise KeyError(name)

    def value(self, path: tuple[str, ...]) -> Any:
        return None
