"""Finishes what a plan left for later: big indexes, the values of stored formulas, migrations of values.

The one rule: every step is resumed where the journal says it stopped; killed anywhere, the next run goes on, and
nothing of it is seen until it is right. Transactions here are short, so nobody waits for them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from yuanke.expressions import ExpressionFailed
from yuanke.fieldtypes import ValueFault
from yuanke.kernel import clock
from yuanke.kernel.actor import Enterprise
from yuanke.metadata.registry import Entity, Field
from yuanke.storage.apply import failpoint
from yuanke.storage.ddl import drop_index
from yuanke.storage.installation import Installation
from yuanke.storage.system import META, STEP
from yuanke.storage.unit import Unit

#: ``fill(unit, entity, field, ids)`` writes the value of a stored formula into these records; `records` gives it
Filler = Callable[[Unit, Entity, Field, list[int]], None]
fillers: list[Filler] = []
#: ``migrate(unit, entity, body, ids)`` writes the values that a module's migration sets; `records` gives it
Migrator = Callable[[Unit, Entity, Mapping[str, Any], list[int]], None]
migrators: list[Migrator] = []

CHUNK = 200
REST = 0.005  # seconds between two chunks, so that others get the write lock
Progress = Callable[[str, int, int], None]


def run_pending_steps(
    installation: Installation,
    enterprise: Enterprise | str,
    progress: Progress = lambda name, done, total: None,
) -> int:
    """Run the journal's pending steps, oldest first; gives how many still wait (another runner, or no filler)."""
    with installation.unit(enterprise) as unit:
        at = unit.enterprise
        waiting = unit.execute(sa.select(STEP).where(STEP.c.state == "pending").order_by(STEP.c.id)).all()
    for step in waiting:
        if step.kind == "index":
            _index(installation, at, step)
        elif (step.kind == "fill" and fillers) or (step.kind == "migrate" and migrators):
            try:
                while _fill_chunk(installation, at, step.id, progress):
                    time.sleep(REST)
            except (sa.exc.IntegrityError, ExpressionFailed, ValueFault) as error:
                _fail(installation, at, step, error)
    with installation.unit(at) as unit:
        return (
            unit.connection.scalar(sa.select(sa.func.count()).select_from(STEP).where(STEP.c.state == "pending")) or 0
        )


def _end(unit: Unit, step_id: int, state: str, error: str | None = None) -> None:
    """Close a step; every worker must hear of it, so the version moves."""
    unit.execute(STEP.update().where(STEP.c.id == step_id).values(state=state, error=error, ended_at=clock.now()))
    unit.execute(META.update().values(meta_version=META.c.meta_version + 1))


def _fill_chunk(installation: Installation, at: Enterprise, step_id: int, progress: Progress) -> bool:
    """The next records of a fill or migration, in one short transaction with the mark of how far it is; whether more may follow."""
    with installation.unit(at, write=True) as unit:
        lock = sa.select(STEP).where(STEP.c.id == step_id).with_for_update()
        step: Any = unit.execute(lock).first()
        if step is None or step.state != "pending":
            return False
        entity = unit.registry.entities.get(step.entity)
        if entity is None or not _wanted(entity, step):
            _end(unit, step_id, "dropped")
            return False
        table = unit.tables[entity.key]
        ids = list(
            unit.execute(
                sa.select(table.c.id).where(table.c.id > step.reached).order_by(table.c.id).limit(CHUNK)
            ).scalars()
        )
        if not ids:
            _end(unit, step_id, "done")
            return False
        _do_chunk(unit, entity, step, ids)
        unit.execute(STEP.update().where(STEP.c.id == step_id).values(reached=ids[-1], done=step.done + len(ids)))
        failpoint(7)
        progress(f"{entity.key}.{step.field}".rstrip("."), step.done + len(ids), step.total)
    return True


def _wanted(entity: Entity, step: Any) -> bool:
    if step.kind == "migrate":
        return all(name in entity.fields for name in step.body["set"])
    field = entity.fields.get(step.field)
    return field is not None and field.source in ("stored", "rollup")


def _do_chunk(unit: Unit, entity: Entity, step: Any, ids: list[int]) -> None:
    if step.kind == "migrate":
        for migrate in migrators:
            migrate(unit, entity, step.body, ids)
        return
    for fill in fillers:
        fill(unit, entity, entity.fields[step.field], ids)


def _index(installation: Installation, at: Enterprise, step: Any) -> None:
    if installation.engines.dialect == "sqlite":
        _index_on_sqlite(installation, at, step)
    else:
        _index_on_postgresql(installation, at, step)


def _index_on_sqlite(installation: Installation, at: Enterprise, step: Any) -> None:
    """SQLite builds under its write lock: at least nothing else of the plan waits for it."""
    try:
        with installation.unit(at, write=True) as unit:
            if _still_pending(unit, step.id):
                failpoint(8)
                unit.connection.exec_driver_sql(step.body["sql"][0].replace(" INDEX ", " INDEX IF NOT EXISTS ", 1))
                _end(unit, step.id, "done")
    except sa.exc.IntegrityError as error:
        _fail(installation, at, step, error)


def _index_on_postgresql(installation: Installation, at: Enterprise, step: Any) -> None:
    """Beside the traffic, outside a transaction; an index that a killed run left half-built is built anew."""
    engine = installation.engines.shared
    assert engine is not None
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        held = sa.func.hashtextextended(f"yuanke.step.{at.place}.{step.id}", 0)
        if not connection.scalar(sa.select(sa.func.pg_try_advisory_lock(held))):
            return
        try:
            connection.exec_driver_sql(f'SET search_path TO "{at.place}"')
            with installation.unit(at) as unit:
                if not _still_pending(unit, step.id):
                    return
            connection.exec_driver_sql(drop_index(step.body["index"], "postgresql", concurrently=True))
            failpoint(8)
            connection.exec_driver_sql(step.body["sql"][0].replace(" INDEX ", " INDEX CONCURRENTLY ", 1))
            failpoint(9)
            with installation.unit(at, write=True) as unit:
                _end(unit, step.id, "done")
        except sa.exc.IntegrityError as error:
            connection.exec_driver_sql(drop_index(step.body["index"], "postgresql", concurrently=True))
            _fail(installation, at, step, error)
        finally:
            connection.execute(sa.select(sa.func.pg_advisory_unlock(held)))
            connection.exec_driver_sql("RESET search_path")


def _still_pending(unit: Unit, step_id: int) -> bool:
    return unit.connection.scalar(sa.select(STEP.c.state).where(STEP.c.id == step_id)) == "pending"


def _fail(installation: Installation, at: Enterprise, step: Any, error: Exception) -> None:
    with installation.unit(at, write=True) as unit:
        _end(unit, step.id, "failed", str(error)[:500])
