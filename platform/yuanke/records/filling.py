"""Values that the engine owes: new stored formulas, formulas of the day, an index of newly searchable fields.

The one rule: what is filled here touches no version, no history and nobody's ``updated_at``; it is what the record would
hold if it had been saved just now.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from yuanke import jobs
from yuanke.access.grants import engine_of
from yuanke.jobs import Run
from yuanke.kernel import clock
from yuanke.kernel.actor import Actor
from yuanke.kernel.text import message
from yuanke.metadata.registry import Entity, Field
from yuanke.records.compute import compute
from yuanke.records.duplicates.kept import NORMAL, shape_of
from yuanke.records.environment import SaveValues, forget
from yuanke.records.index import SEARCH, remove_index, searched_fields, write_index
from yuanke.records.rollups import fill_rollup, move_rollups, tell_carried
from yuanke.records.save import Save
from yuanke.records.trail import HISTORY
from yuanke.storage import Unit
from yuanke.storage.plan import Plan
from yuanke.storage.sqlscope import live

CHUNK = 200
REINDEX, REFRESH = "reindex", "refresh_day"


def engine(unit: Unit) -> Actor:
    return engine_of(Actor(unit.enterprise.slug, None, door="job"))


def fill(unit: Unit, entity: Entity, field: Field, ids: Sequence[int]) -> None:
    """Write the value of a stored formula or roll-up into these records (`storage.steps.fillers`)."""
    if field.source == "rollup":
        fill_rollup(unit, engine(unit), entity, field.key, set(ids))
    else:
        recompute(unit, entity, ids)


def recompute(unit: Unit, entity: Entity, ids: Sequence[int]) -> int:
    """Bring every stored formula of these records up to date; how many differed. Holders of their roll-ups follow."""
    table = unit.tables[entity.key]
    rows = unit.execute(sa.select(table).where(table.c.id.in_(ids)).order_by(table.c.id)).mappings().all()
    actor, moved = engine(unit), []
    for row in rows:
        save = Save(unit, actor, entity, "update", row["id"], _without_past(unit, entity, dict(row)))
        compute(save)
        values = {k: v for k, v in save.values.items() if k in table.c and row[k] != v}
        if values and not save.errors:
            unit.execute(table.update().where(table.c.id == row["id"]).values(values))
            moved.append(save)
    if moved:
        forget(unit, entity, ids)
        tell_carried(unit, moved)
        move_rollups(unit, actor, moved)
    return len(moved)


def _without_past(unit: Unit, entity: Entity, row: dict[str, Any]) -> dict[str, Any]:
    """The row without what the day gave a formula that one may overwrite: that moves on, what a person typed stays.

    A value is the day's when the formula gave it when the record was last saved, or a day ago.
    """
    for field in refreshed(entity):
        if field.source == "typed" and field.formula is not None and row[field.key] is not None:
            values = SaveValues(Save(unit, engine(unit), entity, "update", row["id"], dict(row)))
            for moment in (row["updated_at"], clock.now() - timedelta(days=1)):
                with clock.stopped(moment):
                    given = field.formula.evaluate(values)
                if given == row[field.key]:
                    row[field.key] = None
                    break
    return row


def follow(unit: Unit, made: Plan) -> None:
    """After a change of definitions: renamed fields keep their history and index; newly searched ones are indexed by a job."""
    for step in made.steps:
        if step.kind == "rename_field" and step.work:
            _rename(unit, step.entity, str(step.work["old"]), str(step.work["new"]))
    fresh = any(step.kind == "engine_table" and NORMAL.name in step.tables for step in made.steps)
    for key, after in made.after.entities.items():
        before = made.before.entities.get(key)
        if before is None:
            continue
        searched = set(searched_fields(before)) ^ set(searched_fields(after)) - _empty(made, after)
        forms = shape_of(made.after, after)
        if searched or forms != shape_of(made.before, before) or (fresh and forms):
            jobs.enqueue(unit, engine(unit), REINDEX, {"entity": key}, dedupe=f"{key}:{made.after.digest}")


def _empty(made: Plan, entity: Entity) -> set[str]:
    """Fields that have no value in any record yet: their columns come with this plan, and people will fill them."""
    return {
        step.field
        for step in made.steps
        if step.kind == "add_column" and step.entity == entity.key and entity.fields[step.field].source == "typed"
    }


def _rename(unit: Unit, entity: str, old: str, new: str) -> None:
    unit.execute(SEARCH.update().where(SEARCH.c.entity == entity, SEARCH.c.field == old).values(field=new))
    rows = unit.execute(sa.select(HISTORY.c.id, HISTORY.c.changes).where(HISTORY.c.entity == entity)).all()
    for row in rows:
        if old in row.changes:
            changes = {new if k == old else k: v for k, v in row.changes.items()}
            unit.execute(HISTORY.update().where(HISTORY.c.id == row.id).values(changes=changes))


# -- jobs -----------------------------------------------------------------------------------------------------------


def reindex(run: Run) -> dict[str, int]:
    """Write the search index of one entity anew, chunk by chunk."""
    done = run.checkpoint.get("done", 0)
    while True:
        with run.step() as step:
            entity = step.unit.registry.entities.get(run.arguments["entity"])
            if entity is None:
                return {"records": done}
            ids = _next(step.unit, entity, run.checkpoint.get("reached", 0))
            if ids:
                write_anew(step.unit, entity, ids)
                done += len(ids)
                run.checkpoint.update(reached=ids[-1], done=done)
                run.report(0.5, message("已建立 {done} 条记录的索引", done=done))
        if not ids:
            return {"records": done}


def write_anew(unit: Unit, entity: Entity, ids: Sequence[int]) -> None:
    """The search index of these records."""
    table = unit.tables[entity.key]
    rows = unit.execute(sa.select(table).where(table.c.id.in_(ids))).mappings()
    remove_index(unit, entity, ids)
    write_index(unit, entity, [(row["id"], dict(row)) for row in rows], fresh=True)


def refresh_day(run: Run) -> dict[str, int]:
    """Formulas that say ``refresh: day``: computed anew for every record, once a day."""
    with run.reading() as step:
        entities = [key for key, entity in step.unit.registry.entities.items() if refreshed(entity)]
    return recompute_all(run, entities)


def recompute_all(run: Run, entities: Sequence[str]) -> dict[str, int]:
    """Every record of these entities computed anew, chunk by chunk; how many differed."""
    moved, begin = run.checkpoint.get("moved", 0), run.checkpoint.get("entity", 0)
    for at, key in enumerate(entities[begin:], begin + 1):
        while True:
            with run.step() as step:
                entity = step.unit.registry.entities.get(key)
                ids = _next(step.unit, entity, run.checkpoint.get("reached", 0)) if entity is not None else []
                if ids and entity is not None:
                    moved += recompute(step.unit, entity, ids)
                    run.checkpoint.update(reached=ids[-1], moved=moved)
                else:
                    run.checkpoint.update(reached=0, entity=at)
                run.report(at / (len(entities) + 1), message("已重新计算 {moved} 条记录", moved=moved))
            if not ids:
                break
    return {"moved": moved}


def refreshed(entity: Entity) -> list[Field]:
    return [f for f in entity.fields.values() if f.more.get("refresh") == "day" and f.has_column and not f.retired]


def _next(unit: Unit, entity: Entity, reached: int) -> list[int]:
    table = unit.tables[entity.key]
    statement = sa.select(table.c.id).where(table.c.id > reached, live(entity, table)).order_by(table.c.id).limit(CHUNK)
    return list(unit.execute(statement).scalars())


def new_day(unit: Unit) -> None:
    """Queue what is due once a day in the enterprise's own zone; asking again on the same day changes nothing."""
    if any(refreshed(entity) for entity in unit.registry.entities.values()):
        day = clock.today(unit.place.timezone)
        jobs.enqueue(unit, engine(unit), REFRESH, {}, dedupe=f"{REFRESH}:{day}")
