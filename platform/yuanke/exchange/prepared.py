"""Everything an import needs to know before its first row: the mapping checked against the Registry, the file and
the rights.

The one rule: what is wrong with the mapping is said before anything is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from yuanke.access.grants import grant
from yuanke.exchange import mapping as mappings
from yuanke.exchange.children import Children
from yuanke.exchange.columns import number_columns
from yuanke.exchange.drafts import Drafting
from yuanke.exchange.mapping import ImportMapping, MappingFault, Source
from yuanke.exchange.reading import TableFile
from yuanke.exchange.shaping import Shaper, columns_in_expressions
from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import AccessDenied, RecordNotFound
from yuanke.kernel.text import message
from yuanke.metadata.registry import Entity, Field, Registry
from yuanke.storage import Unit

#: system fields that an import may fill; all others are the engine's
OPEN_SYSTEM_FIELDS = frozenset({"owner", "department"})


@dataclass
class Prepared:
    """``own_links``: fields that link to the entity's own records -> columns of this file by which they may be
    found."""

    registry: Registry
    entity: Entity
    mapping: ImportMapping
    drafting: Drafting
    shapers: Mapping[str, Shaper]  # "" = the record, else the field of the rows
    writable: frozenset[str]
    own_links: Mapping[str, tuple[str, ...]]

    def source(self, rows: str, name: str) -> Source | None:
        found = self.mapping.rows[rows].columns if rows else self.mapping.columns
        return found.get(name)


def prepare(
    unit: Unit,
    actor: Actor,
    mapping: ImportMapping,
    table: TableFile,
    tables_of_rows: Mapping[str, TableFile],
    children: Mapping[str, Children],
    numbers: dict[str, set[str]],
) -> Prepared:
    """Raises MappingFault, AccessDenied, RecordNotFound. ``numbers`` keeps which columns are numbers (a pass over
    each file)."""
    entity = unit.registry.entities.get(mapping.entity)
    if entity is None or entity.kind == "pair":
        raise RecordNotFound(message("没有名为 {entity} 的数据", entity=mapping.entity))
    writable = fillable(unit, actor, entity)
    if entity.parent is not None and entity.parent_link:
        _refuse_without_record(entity, mapping)
        writable |= {entity.parent_link}
    reading = grant(unit, actor, entity, "read")
    readable = reading.readable if reading.allowed else frozenset()
    every = {entity.key: writable}
    for known in entity.fields.values():
        if known.rows:
            every[known.rows] = grant(unit, actor, unit.registry.entities[known.rows], "update").writable
    headers = {name: there.header for name, there in tables_of_rows.items()}
    mappings.check(mapping, unit.registry, table.header, headers, every, readable)
    shapers = {"": _shaper(unit, entity, mapping.columns, mapping.constants, table, numbers, "")}
    for name, rows in mapping.rows.items():
        inner = unit.registry.entities[entity.fields[name].rows or ""]
        shapers[name] = _shaper(
            unit, inner, rows.columns, rows.constants, tables_of_rows.get(name, table), numbers, name
        )
    row_shapers = {name: shaper for name, shaper in shapers.items() if name}
    drafting = Drafting(table, mapping, shapers[""], row_shapers, children)
    return Prepared(unit.registry, entity, mapping, drafting, shapers, writable, _own_links(entity, mapping))


def _refuse_without_record(entity: Entity, mapping: ImportMapping) -> None:
    """Owned rows are saved through their record, so each must name it; lines of lines come with their record only."""
    if mapping.rows or entity.parent_link not in (*mapping.columns, *mapping.constants):
        raise MappingFault({f"columns.{entity.parent_link}": message("要写明每一行属于哪条记录")})


def fillable(unit: Unit, actor: Actor, entity: Entity) -> frozenset[str]:
    """Fields that an import may fill. Import is a right of its own; creating and updating are asked row by row.
    Raises AccessDenied."""
    actor = replace(actor, door="import")
    importing = grant(unit, actor, entity, "import")
    making, changing = grant(unit, actor, entity, "create"), grant(unit, actor, entity, "update")
    if not importing.allowed or not (making.allowed or changing.allowed):
        raise AccessDenied(importing.reason if not importing.allowed else making.reason)
    writable = (making.writable if making.allowed else frozenset()) | (
        changing.writable if changing.allowed else frozenset()
    )
    return frozenset(k for k in writable if _open(entity.fields[k]))


def _open(field: Field) -> bool:
    if field.source == "system":
        return field.key in OPEN_SYSTEM_FIELDS
    return field.source == "typed" or bool(field.editable and field.formula is not None and field.source == "stored")


def _shaper(
    unit: Unit,
    entity: Entity,
    sources: Mapping[str, Source],
    constants: Mapping[str, Any],
    table: TableFile,
    numbers: dict[str, set[str]],
    name: str,
) -> Shaper:
    wanted = columns_in_expressions(sources.values(), table.header)
    if name not in numbers:
        numbers[name] = number_columns(table.header, (cells for _, cells in table.rows()), wanted) if wanted else set()
    try:
        return Shaper(entity, sources, constants, table.header, numbers[name], unit.place)
    except MappingFault as fault:
        raise MappingFault({f"rows.{name}.{k}" if name else k: said for k, said in fault.faults.items()}) from None


def _own_links(entity: Entity, mapping: ImportMapping) -> dict[str, tuple[str, ...]]:
    """Links that a row of the same file may answer; they need a key, for a second look at the row."""
    found: dict[str, tuple[str, ...]] = {}
    for name, source in mapping.columns.items():
        known = entity.fields[name]
        if mapping.key and known.targets == (entity.key,) and not known.pairs and name not in mapping.key:
            wanted = [source.by] if source.by else [k for k in mapping.columns if not entity.fields[k].targets]
            columns = tuple(c for key in wanted if (s := mapping.columns.get(key)) and (c := s.column))
            if columns:
                found[name] = columns
    return found
