"""Everything that leads to a record, as the Registry knows it: links, many-to-many links, links to one of several
entities, and what hangs on it by entity and number.

The one rule: after a merge nothing that stands, and nothing in the bin, leads to the record that is gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from yuanke.access.grants import engine_of
from yuanke.fieldtypes.columns import Pointer
from yuanke.kernel.actor import Actor
from yuanke.metadata.registry import Entity, Field
from yuanke.records import removal
from yuanke.records.environment import forget
from yuanke.records.purging import KEPT
from yuanke.records.trail import write_history
from yuanke.records.undoing.rewriting import Rewriting, by_owner, linked, rewrite
from yuanke.storage import Unit
from yuanke.storage.sqlscope import live
from yuanke.storage.tables import aliased

#: links of the engine's own that say who did something; people are never merged
WHO = frozenset({"created_by", "updated_by"})
ACT = "repoint"


@dataclass
class Moves:
    """What was moved without a line of history of its own: for undoing. All of it is JSON."""

    raw: list[list[Any]] = field(default_factory=list)  # [entity, field, from, to, ids]
    pairs: list[list[Any]] = field(
        default_factory=list
    )  # [pair entity, id, from, to] or [pair entity, the row that went]
    rows: list[list[Any]] = field(default_factory=list)  # [owner entity, field, from, to, {row: place}]
    records: dict[str, set[int]] = field(default_factory=dict)  # entity -> records that lead elsewhere now

    def count(self, entity: str, ids: Iterable[int | None]) -> None:
        self.records.setdefault(entity, set()).update(one for one in ids if one is not None)

    @property
    def counts(self) -> dict[str, int]:
        return {entity: len(ids) for entity, ids in self.records.items() if ids}


def leading_to(unit: Unit, entity: Entity) -> Iterator[tuple[Entity, Field]]:
    """Link columns that may hold ``entity``, what somebody typed before what follows from it."""
    found = [
        (other, one)
        for other in unit.registry.entities.values()
        for one in other.fields.values()
        if entity.key in one.targets and one.has_column and not one.pairs and one.key not in WHO | {other.parent_link}
        and not (other.kind == "pair" and one.key in ("source", "target"))
    ]  # fmt: skip
    yield from sorted(found, key=lambda pair: pair[1].source not in ("typed", "system"))


def repoint(unit: Unit, actor: Actor, entity: Entity, lost: int, to: int, moves: Moves) -> None:
    """Every link to ``lost`` leads to ``to``; links between the two are for whoever merges them."""
    for other, one in leading_to(unit, entity):
        table = unit.tables[other.key]
        held = table.c[one.key] == _held(one, entity, lost)
        ids = set(unit.execute(sa.select(table.c.id).where(held, live(other, table))).scalars())
        if other.key == entity.key:
            ids -= {lost, to}
        if other.kind == "record":
            moved = rewrite(
                unit, actor, other, {i: Rewriting({one.key: _held(one, entity, to)}) for i in ids}, ACT, stamp=False
            )
            moves.count(other.key, [save.id for save in moved])
        elif other.kind == "rows" and ids:
            _repoint_rows(unit, actor, other, one, sorted(ids), _held(one, entity, to), moves)
        _repoint_rest(unit, entity, other, one, lost, to, moves)
    for pairs in _pairs_to(unit, entity):
        _repoint_pairs(unit, actor, pairs, lost, to, moves)


def _held(one: Field, entity: Entity, record_id: int) -> Any:
    return record_id if len(one.targets) == 1 else Pointer(entity.key, record_id)


def _repoint_rows(unit: Unit, actor: Actor, rows: Entity, one: Field, ids: list[int], value: Any, moves: Moves) -> None:
    """Owned rows are changed as a part of the record that carries them."""
    owner, field_ = unit.registry.entities[rows.parent[0]], rows.parent[1]  # type: ignore[index]
    wanted = {
        holder: Rewriting(rows={field_: {row: {one.key: value} for row in mine}})
        for holder, mine in by_owner(unit, rows, ids).items()
    }
    if owner.kind == "record":
        moved = rewrite(unit, actor, owner, wanted, ACT, stamp=False)
        moves.count(owner.key, [save.id for save in moved])


def _repoint_rest(unit: Unit, entity: Entity, other: Entity, one: Field, lost: int, to: int, moves: Moves) -> None:
    """What lies in the bin, rows of rows, values that hang on pairs: moved without a save."""
    table = unit.tables[other.key]
    held = table.c[one.key] == _held(one, entity, lost)
    mine = sa.sql.expression.true() if other.key != entity.key else table.c.id.not_in((lost, to))
    ids = list(unit.execute(sa.select(table.c.id).where(held, mine).order_by(table.c.id)).scalars())
    if ids:
        unit.execute(table.update().where(table.c.id.in_(ids)).values({one.key: _held(one, entity, to)}))
        forget(unit, other, ids)
        moves.raw.append([other.key, one.key, entity.key, lost, to, ids])


def _pairs_to(unit: Unit, entity: Entity) -> list[Entity]:
    return [
        e for e in unit.registry.entities.values() if e.kind == "pair" and e.fields["target"].targets == (entity.key,)
    ]


def _repoint_pairs(unit: Unit, actor: Actor, pairs: Entity, lost: int, to: int, moves: Moves) -> None:
    """A pair moves to the other target, or goes where there is such a pair already."""
    table = unit.tables[pairs.key]
    holder, key = unit.registry.entities[pairs.parent[0]], pairs.parent[1]  # type: ignore[index]
    rows = [dict(r) for r in unit.execute(sa.select(table).where(table.c.target == lost)).mappings()]
    if not rows:
        return
    sources = sorted({row["source"] for row in rows})
    before = {source: linked(unit, holder, key, source) for source in sources}
    there = set(unit.execute(sa.select(table.c.source).where(table.c.target == to)).scalars())
    for row in rows:
        if row["source"] in there:
            unit.execute(table.delete().where(table.c.id == row["id"]))
            moves.pairs.append([pairs.key, {k: v for k, v in row.items() if _is_json(v)}])
        else:
            unit.execute(table.update().where(table.c.id == row["id"]).values(target=to))
            moves.pairs.append([pairs.key, row["id"], lost, to])
    changes = [(one, ACT, {key: [before[one], linked(unit, holder, key, one)]}) for one in sources]
    if holder.kind == "record":
        write_history(unit, engine_of(actor), holder, changes)
        moved = unit.tables[holder.key]
        if "version" in moved.c:
            unit.execute(moved.update().where(moved.c.id.in_(sources)).values(version=moved.c.version + 1))
        forget(unit, holder, sources)
        moves.count(holder.key, sources)


def _is_json(value: Any) -> bool:
    return value is None or isinstance(value, (str, int, bool))


# -- what hangs by entity and number ------------------------------------------------------------------------------------


def hanging(unit: Unit) -> list[Entity]:
    """Comments, files, shares, favourites, messages: the platform's entities that name a record by entity and number."""
    return [
        e
        for e in unit.registry.entities.values()
        if e.system and {"entity", "record", "deleted_at"} <= e.fields.keys() and e.key not in KEPT
        and not e.more.get("append_only")
    ]  # fmt: skip


def rehang(unit: Unit, actor: Actor, entity: Entity, lost: int, to: int, moves: Moves) -> None:
    for other in hanging(unit):
        table = unit.tables[other.key]
        on_lost = sa.and_(table.c.entity == entity.key, table.c.record == lost, live(other, table))
        ids = list(unit.execute(sa.select(table.c.id).where(on_lost).order_by(table.c.id)).scalars())
        twice = _twice(unit, other, entity, ids, to)
        for one in twice:
            removal.delete(unit, engine_of(actor), other, one)
        moved = rewrite(
            unit, actor, other, {i: Rewriting({"record": to}) for i in ids if i not in twice}, ACT, stamp=False
        )
        moves.count(other.key, [save.id for save in moved])


def _twice(unit: Unit, other: Entity, entity: Entity, ids: list[int], to: int) -> set[int]:
    """Those that could not hang beside what hangs there already (a favourite of the same person)."""
    found: set[int] = set()
    table, there = unit.tables[other.key], aliased(unit.tables[other.key])
    for group in other.unique:
        if ids and "record" in group:
            same = [table.c[k] == there.c[k] for k in group if k not in ("entity", "record")]
            on_it = sa.and_(there.c.entity == entity.key, there.c.record == to, live(other, there), *same)
            found |= set(
                unit.execute(sa.select(table.c.id).where(table.c.id.in_(ids), sa.exists().where(on_it))).scalars()
            )
    return found
