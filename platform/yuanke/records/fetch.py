"""Rows fetched to be changed: under the grant, and on PostgreSQL under a row lock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from yuanke.access.grants import grant
from yuanke.kernel.actor import Actor
from yuanke.metadata.registry import Entity
from yuanke.records.selection import Selection
from yuanke.storage import Unit
from yuanke.storage.prepared import Prepared, open_value, prepared, remembered
from yuanke.storage.sqlscope import live

MINE = "yk_mine"


def fetch_for_update(
    unit: Unit,
    actor: Actor,
    entity: Entity,
    ids: Sequence[int],
    verb: str = "update",
    binned: bool = False,
) -> dict[int | None, dict[str, Any]]:
    """Standing rows by id, of those the actor may see; a row he may see but not change carries ``@unwritable``."""
    if not ids:
        return {}

    def selected(which: Any) -> Any:
        return _locked(unit, actor, entity, verb, binned, which)

    if len(ids) == 1:
        key = ("fetch", actor, entity.key, verb, binned)
        chosen = remembered(unit, key, lambda: prepared(unit, selected(lambda id_: id_ == open_value("id", id_.type))))
        rows = chosen.mappings(unit, id=ids[0])
    else:
        rows = [dict(row) for row in unit.execute(selected(lambda id_: id_.in_(ids))).mappings()]
    found: dict[int | None, dict[str, Any]] = {}
    for row in rows:
        if not row.pop(MINE):
            row["@unwritable"] = True
        found[row["id"]] = row
    return found


def _locked(unit: Unit, actor: Actor, entity: Entity, verb: str, binned: bool, which: Any) -> sa.Select[Any]:
    reading, writing = grant(unit, actor, entity, "read"), grant(unit, actor, entity, verb)
    table = unit.tables[entity.key]
    seen = Selection(unit, actor, entity, reading).rows(binned) if reading.allowed else _rows(table, entity, binned)
    condition = writing.predicate(table) if writing.allowed else sa.false()
    if not reading.allowed and condition is not None:
        seen = seen.where(condition)  # a right to change without a right to read shows nothing beyond itself
    mine = sa.literal(True) if condition is None else condition
    statement = seen.add_columns(*table.c, sa.case((mine, 1), else_=0).label(MINE)).where(which(table.c.id))
    if unit.dialect == "postgresql":
        statement = statement.order_by(table.c.id).with_for_update(of=table)
    return statement


def _rows(table: sa.Table, entity: Entity, binned: bool) -> sa.Select[Any]:
    alive = live(entity, table)
    return sa.select().select_from(table).where(sa.not_(alive) if binned else alive)


def ids_within(unit: Unit, actor: Actor, entity: Entity, verb: str, ids: Sequence[int]) -> set[int]:
    """Those of ``ids`` that lie inside the grant as they stand now."""
    table = unit.tables[entity.key]

    def within(which: Any) -> sa.Select[Any] | None:
        condition = grant(unit, actor, entity, verb).predicate(table)
        return None if condition is None else sa.select(table.c.id).where(which(table.c.id), condition)

    def of_one() -> Prepared | None:
        statement = within(lambda id_: id_ == open_value("id", id_.type))
        return None if statement is None else prepared(unit, statement)

    if not ids:
        return set()
    if len(ids) == 1:
        chosen = remembered(unit, ("within", actor, entity.key, verb), of_one)
        return set(ids) if chosen is None or chosen.columns(unit, id=ids[0]) else set()
    statement = within(lambda id_: id_.in_(ids))
    return set(ids) if statement is None else {row[0] for row in unit.execute(statement)}
