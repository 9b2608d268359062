"""The shape a Registry wants its database to have: tables, columns, indexes, as plain comparable values.

The one rule: a shape says everything DDL needs and nothing else; `live` reads the same values from a database, `plan`
compares the two, `ddl` writes them. Names of indexes carry a digest of what they index: equal name, equal index.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from yuanke.metadata.registry import Entity, Field, Registry
from yuanke.storage.tables import LONGEST_NAME, physical, table_of

DIALECTS: Mapping[str, sa.Dialect] = {"sqlite": sqlite.dialect(), "postgresql": postgresql.dialect()}
LIVE = "deleted_at IS NULL"
#: system links that never need a constraint: users are never deleted
UNREFERENCED = frozenset({"created_by", "updated_by"})


@dataclass(frozen=True)
class ColumnShape:
    """``type`` as the dialect writes it; ``references`` is the physical table whose id the column holds."""

    name: str
    type: str
    nullable: bool = True
    default: str | None = None
    references: str | None = None
    identity: bool = False


@dataclass(frozen=True)
class IndexShape:
    """``where`` is the condition of a partial index, or empty."""

    name: str
    table: str
    columns: tuple[str, ...]
    unique: bool = False
    where: str = ""


@dataclass(frozen=True)
class TableShape:
    name: str
    entity: str
    columns: Mapping[str, ColumnShape]
    indexes: Mapping[str, IndexShape] = field(default_factory=dict)


Shape = Mapping[str, TableShape]


def shape_of(registry: Registry, dialect: str) -> dict[str, TableShape]:
    """Physical table name -> the table every entity of the Registry wants, in an order that suits creation."""
    return {
        shape.name: shape for shape in (table_shape(entity, registry, dialect) for entity in registry.entities.values())
    }


_described: dict[tuple[str, str, str, tuple[str, ...]], TableShape] = {}


def table_shape(entity: Entity, registry: Registry, dialect: str) -> TableShape:
    """The wanted table of one entity; remembered by digest, since most entities are shared by all enterprises."""
    missing = tuple(sorted({t for f in entity.fields.values() for t in f.targets if t not in registry.entities}))
    remembered = (entity.key, entity.digest, dialect, missing)
    found = _described.get(remembered) if entity.digest else None
    if found is None:
        found = _describe(entity, registry, dialect)
        if entity.digest:
            if len(_described) > 20_000:
                _described.clear()
            _described[remembered] = found
    return found


def _describe(entity: Entity, registry: Registry, dialect: str) -> TableShape:
    table = table_of(entity)
    columns = {}
    for column in table.columns:
        declared = entity.fields[column.key]
        columns[column.name] = ColumnShape(
            column.name,
            type_text(column.type, dialect),
            nullable=bool(column.nullable),
            default=str(column.server_default.arg) if isinstance(column.server_default, sa.DefaultClause) else None,
            references=_target(declared, registry, column),
            identity=column.identity is not None,
        )
    indexes = {index.name: index for index in _indexes(entity, table)}
    return TableShape(table.name, entity.key, columns, indexes)


def _target(declared: Field, registry: Registry, column: sa.Column[Any]) -> str | None:
    """The table a link points to, when it is one table and the column holds its id."""
    if len(declared.targets) != 1 or declared.key in UNREFERENCED or not isinstance(column.type, sa.Integer):
        return None
    target = registry.entities.get(declared.targets[0])
    return physical(target.key) if target else None


def type_text(type_: sa.types.TypeEngine[Any], dialect: str) -> str:
    """The type in the words of the dialect. Texts have no length in the database (limits are the field's to check);
    SQLite tables are STRICT and know five types only."""
    if dialect == "sqlite":
        return _strict(type_.compile(dialect=DIALECTS["sqlite"]).upper())
    said = " ".join(type_.compile(dialect=DIALECTS["postgresql"]).lower().replace(", ", ",").split())
    if said.startswith(("varchar", "char", "text")):
        return "text"
    return {"float": "double precision", "timestamp": "timestamp without time zone"}.get(said, said)


def _strict(said: str) -> str:
    """SQLite's own affinity rules, and booleans as integers, dates and JSON as texts."""
    if "INT" in said or "BOOL" in said:
        return "INTEGER"
    if "BLOB" in said:
        return "BLOB"
    if any(word in said for word in ("REAL", "FLOA", "DOUB", "NUMERIC", "DECIMAL")):
        return "REAL"
    return "TEXT"


def index(table: str, columns: Iterable[str], unique: bool = False, where: str = "") -> IndexShape:
    """An index whose name says what it is, for people by its words and for `plan` by its digest."""
    names = tuple(columns)
    digest = hashlib.sha256(repr((table, names, unique, where)).encode()).hexdigest()[:8]
    words = f"{'uq' if unique else 'ix'}_{table}_{'_'.join(names)}"
    return IndexShape(f"{words[: LONGEST_NAME - 9]}_{digest}", table, names, unique, where)


def _indexes(entity: Entity, table: sa.Table) -> Iterator[IndexShape]:
    """Longer rules first said, first kept: an index that another one begins with is not made twice."""
    live = LIVE if "deleted_at" in table.c else ""
    made: set[tuple[str, ...]] = set()
    for columns, unique, where in _wished(entity, live):
        names = tuple(table.c[key].name for key in columns if key in table.c and not entity.fields[key].retired)
        if len(names) == len(columns) and names not in made:
            made.add(names)
            yield index(table.name, names, unique, where)


def _wished(entity: Entity, live: str) -> Iterator[tuple[tuple[str, ...], bool, str]]:
    if entity.number is not None:
        yield ("number",), True, ""  # a number stays taken, in the bin too
    for together in _uniques(entity):
        yield together, True, live
    if entity.kind == "pair":
        yield ("target", "source"), False, ""
    if entity.kind == "rows" and entity.parent_link:
        yield (entity.parent_link, "position"), False, ""
    for chosen in entity.indexes:
        yield chosen, False, live
    led = (
        {"source", "target"} if entity.kind == "pair" else {str(entity.parent_link)}
    )  # an index above begins with these
    for key in ("owner", "department") if entity.kind == "record" else ():  # rows go by the rights of their parent
        yield (key, "id"), False, live
    for declared in entity.fields.values():
        if (
            declared.targets
            and declared.has_column
            and declared.key not in led | UNREFERENCED | {"owner", "department"}
        ):
            yield (declared.key, "id"), False, ""
    named = {f.key for f in entity.fields.values() if f.index} | set(_sorted_by(entity)) | set(_filtered_by(entity))
    for key in sorted(named - led):
        yield (key, "id"), False, live
    for rule in entity.duplicates:
        if rule.match and all(entity.fields[key].targets for key in rule.match):
            yield rule.match, False, live  # what is compared as text has its normal form beside the record


def _uniques(entity: Entity) -> Iterator[tuple[str, ...]]:
    if entity.kind == "pair":
        yield ("source", "target")
    for declared in entity.fields.values():
        if declared.unique is not None and declared.has_column and not (entity.number and declared.key == "number"):
            yield (declared.key, *declared.unique)
    yield from entity.unique


def _sorted_by(entity: Entity) -> Iterator[str]:
    """Fields that list views are sorted by first."""
    for view in entity.views.values():
        sort = view.body.get("sort") if view.kind == "list" else None
        first = sort[0] if isinstance(sort, (list, tuple)) and sort else sort
        if isinstance(first, str) and first.lstrip("+-") in entity.fields and first.lstrip("+-") != "id":
            yield first.lstrip("+-")


def _filtered_by(entity: Entity) -> Iterator[str]:
    """Option fields that the ready-made filters of list views ask for."""
    for view in entity.views.values():
        filters = view.body.get("filters") or {}
        for spec in filters.values() if isinstance(filters, Mapping) else ():
            condition = spec.get("where") if isinstance(spec, Mapping) else spec
            for path in getattr(condition, "reads", ()):
                named = entity.fields.get(path[0])
                if named is not None and named.options is not None and not named.multiple:
                    yield path[0]


def own_shape(dialect: str) -> dict[str, TableShape]:
    """The engine's own tables, from every MetaData that packages registered."""
    from yuanke.storage.system import own_metadata

    shapes = {}
    for metadata in own_metadata:
        for table in metadata.sorted_tables:
            columns = {
                c.name: ColumnShape(c.name, type_text(c.type, dialect), nullable=bool(c.nullable))
                for c in table.columns
            }
            indexes = {
                str(i.name): IndexShape(str(i.name), table.name, tuple(c.name for c in i.columns), bool(i.unique))
                for i in table.indexes
            }
            shapes[table.name] = TableShape(table.name, "", columns, indexes)
    return shapes
