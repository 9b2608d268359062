"""Core Tables from compiled entities: real columns for every field, exact types, no ForeignKey objects.

The one rule: every name from outside resolves through the Registry to a Column here, never into SQL text. Tables carry
no ForeignKey and a MetaData each, so that enterprises share the tables of the entities they share.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.compiler import RESERVED_WORDS
from sqlalchemy.sql.elements import ColumnClause
from sqlalchemy.sql.selectable import Alias

from yuanke.metadata.registry import Entity, Field, Registry

LONGEST_NAME = 63
MORE_RESERVED = {"order", "user", "group", "table", "column", "index", "check", "end", "when", "transaction", "plan"}
OUR_PREFIXES = ("ab_", "yk_", "x_", "sqlite_", "pg_")


def physical(name: str) -> str:
    """The name in the database: reserved words get ``x_``, names over 63 bytes end in a hash."""
    if name in RESERVED_WORDS or name in MORE_RESERVED or name.startswith(OUR_PREFIXES):
        name = f"x_{name}"
    if len(name.encode()) <= LONGEST_NAME:
        return name
    return name[: LONGEST_NAME - 9] + "_" + hashlib.sha256(name.encode()).hexdigest()[:8]


@cache
def identity() -> sa.types.TypeEngine[Any]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def column_of(field: Field) -> sa.Column[Any]:
    """The column of a field; nullable, unless the engine keeps it filled (rules may change, data may not be lost)."""
    if field.key == "id":
        return sa.Column("id", identity(), sa.Identity(), primary_key=True)
    if field.key == "version" and field.source == "system":
        return sa.Column("version", sa.Integer, nullable=False, server_default="1")
    return sa.Column(field.key, field.type.column_type(field), nullable=True, quote=True)


def build(entity: Entity) -> sa.Table:
    columns = [column_of(field) for field in entity.fields.values() if field.has_column]
    return sa.Table(physical(entity.key), sa.MetaData(), *columns, sqlite_autoincrement=True)


def bare(name: str, /, **columns: sa.types.TypeEngine[Any] | None) -> sa.Table:
    """A table known by name alone, with only these columns: for schema changes, where no definition fits both sides."""
    made = [
        sa.Column(key, type_ if type_ is not None else sa.types.NullType(), quote=True)
        for key, type_ in columns.items()
    ]
    return sa.Table(name, sa.MetaData(), *made)


class _Alias(Alias):
    """An alias whose columns are plain: those of a Table's own alias carry constraints and defaults, which costs seven
    times as much, and a statement over links makes hundreds of them."""

    inherit_cache = True

    def _populate_column_collection(self, columns: Any, primary_key: Any, foreign_keys: Any) -> None:
        columns._populate_separate_keys(
            [(one.key, ColumnClause(one.name, one.type, _selectable=self)) for one in self.element.c]
        )


def aliased(table: sa.Table) -> sa.FromClause:
    """``table`` once more in one statement, under a name that is nobody else's."""
    return _Alias._construct(table)


_built: dict[tuple[str, str], sa.Table] = {}


def table_of(entity: Entity) -> sa.Table:
    """The Table of an entity; entities with one digest share one Table, in all enterprises."""
    identity = (entity.key, entity.digest)
    table = _built.get(identity) if entity.digest else None
    if table is None:
        table = build(entity)
        if entity.digest:
            if len(_built) > 20_000:
                _built.clear()
            _built[identity] = table
    return table


class Tables(Mapping[str, sa.Table]):
    """``tables["member"]``: Tables of one Registry, made on first use."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self._made: dict[str, sa.Table] = {}

    def __getitem__(self, key: str) -> sa.Table:
        table = self._made.get(key)
        if table is None:
            table = self._made[key] = table_of(self.registry.entities[key])
        return table

    def __iter__(self) -> Iterator[str]:
        return iter(self.registry.entities)

    def __len__(self) -> int:
        return len(self.registry.entities)
