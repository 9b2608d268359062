"""Which reminders still stand: their record is there for whom they are, and their condition does not hold.

The one rule: it is asked of the records as they are now, in two queries for each kind of record; a condition that can be
asked no more (its field was retired) holds for nothing.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from yuanke.access.grants import engine_of
from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import Refusal
from yuanke.metadata.registry import Entity
from yuanke.records.filters import filter_expression
from yuanke.records.selection import Selection
from yuanke.storage import Unit

log = logging.getLogger("yuanke.messages")


class Line(NamedTuple):
    id: int
    entity: str | None
    record: int | None
    until: str | None


def standing(unit: Unit, actor: Actor, lines: Sequence[Line]) -> set[int]:
    """Ids of those of ``lines`` that stand for ``actor`` (the engine: for anybody)."""
    found = {line.id for line in lines if line.entity is None or line.record is None}
    by_entity: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        if line.entity is not None and line.record is not None:
            by_entity[line.entity].append(line)
    for key, some in by_entity.items():
        entity = unit.registry.entities.get(key)
        if entity is not None:
            found |= _standing_of(unit, actor, entity, some)
    return found


def _standing_of(unit: Unit, actor: Actor, entity: Entity, lines: Sequence[Line]) -> set[int]:
    there = _ids(Selection(unit, actor, entity), {line.record for line in lines})
    over: dict[str, set[int]] = {}
    for until in {line.until for line in lines if line.until}:
        asked = {line.record for line in lines if line.until == until} & there
        over[until] = _holding(unit, actor, entity, until, asked)
    return {line.id for line in lines if line.record in there and line.record not in over.get(line.until or "", ())}


def _holding(unit: Unit, actor: Actor, entity: Entity, until: str, ids: set[int | None]) -> set[int]:
    """A condition sees all fields, as it did when it was declared; it tells nothing but that a line may go."""
    selection = Selection(unit, engine_of(actor), entity)
    try:
        return _ids(selection, ids, filter_expression(selection, until))
    except Refusal:
        log.warning("the condition %r of reminders on %s can be asked no more", until, entity.key)
        return set()


def _ids(selection: Selection, ids: Iterable[int | None], *conditions: sa.ColumnElement[bool]) -> set[int]:
    wanted = sorted(one for one in set(ids) if one is not None)
    if not wanted or not selection.grant.allowed:
        return set()
    column = selection.table.c.id
    chosen = selection.rows().add_columns(column).where(column.in_(wanted), *conditions)
    return set(selection.unit.connection.scalars(chosen))
