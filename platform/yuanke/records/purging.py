"""The bin emptied for good: records that were put there before an instant, with their rows, pairs, history and comments.

The one rule: nothing that still stands loses anything. A record that is still named by one that stands, or that went into
the bin later, stays where it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from yuanke.metadata.registry import Entity, Field
from yuanke.records.index import remove_index
from yuanke.records.trail import HISTORY
from yuanke.storage import Unit

CHUNK = 200
#: links of the engine's own that hold nothing: users are never deleted
HOLD_NOTHING = frozenset({"created_by", "updated_by"})


@dataclass(frozen=True)
class Purged:
    """``reached``: the last id that was looked at, None = there were no more; ``kept``: those that are still named."""

    reached: int | None
    gone: int = 0
    kept: int = 0


def order(unit: Unit) -> list[Entity]:
    """Entities with a bin, in the order in which they are emptied: what hangs on others by number comes last."""
    binned = [entity for entity in unit.registry.entities.values() if "deleted_at" in entity.fields]
    return sorted(binned, key=lambda entity: (_hangs(entity), entity.kind == "rows"))


def waiting(unit: Unit, before: datetime) -> dict[str, int]:
    """Entity -> how many of its records lie in the bin since before ``before``."""
    found = {}
    for entity in order(unit):
        table = unit.tables[entity.key]
        count = unit.execute(
            sa.select(sa.func.count()).select_from(table).where(table.c.deleted_at < before)
        ).scalar_one()
        if count:
            found[entity.key] = int(count)
    return found


def purge(unit: Unit, entity: Entity, before: datetime, above: int = 0) -> Purged:
    """One chunk of ``entity`` with ids above ``above``: a short transaction; ask again until nothing more is reached."""
    table = unit.tables[entity.key]
    old = sa.select(table.c.id).where(table.c.deleted_at < before, table.c.id > above).order_by(table.c.id).limit(CHUNK)
    ids = list(unit.execute(old).scalars())
    if not ids:
        return Purged(None)
    free = sorted(set(ids) - _named(unit, entity, ids, before))
    if free:
        _let_go(unit, entity, free, before)
        _bin_what_hangs(unit, entity, free, before)
        _erase(unit, entity, free)
    return Purged(ids[-1], len(free), len(ids) - len(free))


def _named(unit: Unit, entity: Entity, ids: Sequence[int], before: datetime) -> set[int]:
    """Those that are linked to, themselves or one of their rows, by what stands or was binned later."""
    named: set[int] = set()
    for other, field in _links_to(unit, entity):
        table = unit.tables[other.key]
        holds = sa.true() if "deleted_at" not in other.fields else _not_old(table, before)
        named.update(unit.execute(sa.select(table.c[field.key]).where(table.c[field.key].in_(ids), holds)).scalars())
    for rows, link in _rows_of(unit, entity):
        table = unit.tables[rows.key]
        owners = {
            row[0]: row[1] for row in unit.execute(sa.select(table.c.id, table.c[link]).where(table.c[link].in_(ids)))
        }
        if owners:
            named.update(owners[one] for one in _named(unit, rows, list(owners), before))
    return named


def _not_old(table: sa.Table, before: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(table.c.deleted_at.is_(None), table.c.deleted_at >= before)


def _let_go(unit: Unit, entity: Entity, ids: Sequence[int], before: datetime) -> None:
    """What is to be purged as well lets go of these, so that a ring of links does not hold itself."""
    for other, field in _links_to(unit, entity):
        table = unit.tables[other.key]
        if "deleted_at" in other.fields:
            mine = sa.and_(table.c[field.key].in_(ids), table.c.deleted_at < before)
            unit.execute(table.update().where(mine).values({field.key: None}))


def _bin_what_hangs(unit: Unit, entity: Entity, ids: Sequence[int], before: datetime) -> None:
    """Comments, favourites, shares and files of these: they go the same way, when their own turn comes."""
    for other in unit.registry.entities.values():
        if _hangs(other):
            table = unit.tables[other.key]
            on_these = sa.and_(table.c.entity == entity.key, table.c.record.in_(ids), table.c.deleted_at.is_(None))
            unit.execute(table.update().where(on_these).values(deleted_at=before - timedelta(milliseconds=1)))


def _hangs(entity: Entity) -> bool:
    """Whether its records belong to one of any entity, named by ``entity`` and ``record``; a log is not purged with it."""
    named = {"entity", "record", "deleted_at"} <= entity.fields.keys()
    return entity.system and named and entity.key not in KEPT


#: what was decided about a record outlives it
KEPT = frozenset({"approval_instance", "approval_task", "audit_log"})


def _erase(unit: Unit, entity: Entity, ids: Sequence[int]) -> None:
    for rows, link in _rows_of(unit, entity):
        table = unit.tables[rows.key]
        owned = list(unit.execute(sa.select(table.c.id).where(table.c[link].in_(ids))).scalars())
        if owned:
            _erase(unit, rows, owned)
    for pairs in unit.registry.entities.values():
        if pairs.kind == "pair":
            table = unit.tables[pairs.key]
            for side in ("source", "target"):
                if pairs.fields[side].targets == (entity.key,):
                    unit.execute(table.delete().where(table.c[side].in_(ids)))
    remove_index(unit, entity, ids)
    unit.execute(HISTORY.delete().where(HISTORY.c.entity == entity.key, HISTORY.c.record.in_(ids)))
    table = unit.tables[entity.key]
    unit.execute(table.delete().where(table.c.id.in_(ids)))


def _rows_of(unit: Unit, entity: Entity) -> Iterator[tuple[Entity, str]]:
    """Entities of rows that records of ``entity`` own, with their link back; retired ones too, whose tables stand."""
    for rows in unit.registry.entities.values():
        if rows.kind == "rows" and rows.parent is not None and rows.parent[0] == entity.key and rows.parent_link:
            yield rows, rows.parent_link


def _links_to(unit: Unit, entity: Entity) -> Iterator[tuple[Entity, Field]]:
    """Every column that holds ids of ``entity`` and would not let them go; the link of a row to its owner is none."""
    for other in unit.registry.entities.values():
        if other.kind == "pair":
            continue
        for field in other.fields.values():
            if (
                field.has_column
                and field.targets == (entity.key,)
                and field.key not in HOLD_NOTHING | {other.parent_link}
            ):
                yield other, field
