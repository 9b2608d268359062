"""The chain of documents around a record: what it was made of, and what was made of it.

The one rule: a document the reader may not see is not in the chain, and nothing behind it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from yuanke.kernel.actor import Actor
from yuanke.metadata.registry import Entity, Registry
from yuanke.records.environment import stored
from yuanke.records.fetch import ids_within
from yuanke.storage import Unit
from yuanke.storage.sqlscope import live
from yuanke.workflow.documents.becomes import declared
from yuanke.workflow.documents.rows import link_back
from yuanke.workflow.text import title

MOST = 60
DEEPEST = 5


@dataclass(frozen=True)
class Stop:
    """One document. ``level``: 0 = the record asked about, negative = what it was made of, positive = what became of it."""

    entity: Entity
    id: int
    title: str
    state: str | None
    level: int


def chain(unit: Unit, actor: Actor, entity: Entity, record_id: int) -> list[Stop]:
    """Stops by level, oldest first; the record alone when nothing hangs together."""
    found: dict[tuple[str, int], int] = {(entity.key, record_id): 0}
    _walk(unit, actor, [(entity, record_id)], -1, found)
    _walk(unit, actor, [(entity, record_id)], 1, found)
    stops = [_stop(unit, unit.registry.entities[key], one, level) for (key, one), level in found.items()]
    return sorted(stops, key=lambda stop: (stop.level, stop.entity.key, stop.id))


def _walk(unit: Unit, actor: Actor, at: list[tuple[Entity, int]], step: int, found: dict[tuple[str, int], int]) -> None:
    for depth in range(1, DEEPEST + 1):
        following: list[tuple[Entity, int]] = []
        for entity, record_id in at:
            beside = _made_of(unit, entity, record_id) if step < 0 else _became(unit, entity, record_id)
            for other, ids in beside:
                for one in sorted(ids_within(unit, actor, other, "read", sorted(ids))):
                    if (other.key, one) not in found and len(found) < MOST:
                        found[(other.key, one)] = step * depth
                        following.append((other, one))
        at = following


def _targets(registry: Registry, source: Entity) -> list[Entity]:
    """Entities that a record of ``source`` may become."""
    return [registry.entities[str(said.get("entity") or key)] for key, said in declared(source).items()]


def _made_of(unit: Unit, entity: Entity, record_id: int) -> Iterator[tuple[Entity, set[int]]]:
    row = stored(unit, entity, record_id)
    for source in unit.registry.entities.values():
        back = link_back(entity, source) if entity in _targets(unit.registry, source) else None
        value = row.row.get(back.key) if back is not None and row is not None else None
        if value is not None:
            yield source, {value}


def _became(unit: Unit, entity: Entity, record_id: int) -> Iterator[tuple[Entity, set[int]]]:
    for target in _targets(unit.registry, entity):
        back = link_back(target, entity)
        if back is not None:
            table = unit.tables[target.key]
            chosen = sa.select(table.c.id).where(live(target, table), table.c[back.key] == record_id).limit(MOST)
            yield target, {row[0] for row in unit.execute(chosen)}


def _stop(unit: Unit, entity: Entity, record_id: int, level: int) -> Stop:
    row = stored(unit, entity, record_id)
    state = row.row.get(entity.workflow["field"]) if row is not None and entity.workflow else None
    return Stop(entity, record_id, title(row) if row is not None else f"#{record_id}", state, level)
