"""``at:`` automations whose moment has come: oldest first, a page a transaction, those that were missed too.

The one rule: a moment and its effect are one transaction, so it fires once, whoever dies meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from yuanke.jobs import LongJob, Run
from yuanke.kernel import clock
from yuanke.kernel.errors import RecordNotFound
from yuanke.kernel.text import Label, message
from yuanke.records.environment import prefetch
from yuanke.storage import Unit
from yuanke.workflow.automations import logbook, moments, switching
from yuanke.workflow.automations.declared import find
from yuanke.workflow.automations.running import attempt
from yuanke.workflow.automations.tables import MOMENT
from yuanke.workflow.automations.told import Told

PAGE = 50
STEP_SECONDS = 0.04  # a transaction of the background is over after this


def next_due(unit: Unit) -> datetime | None:
    return unit.execute(sa.select(sa.func.min(MOMENT.c.at)).where(MOMENT.c.state == "waiting")).scalar()


def fire(run: Run) -> dict[str, int]:
    """Run what is due, oldest first, a page a transaction; a moment and its effect are one transaction."""
    fired = run.checkpoint.get("fired", 0)
    while True:
        with run.step() as step:
            done, more = _fire_some(step.unit, run.id)
            fired += done
            run.checkpoint["fired"] = fired
            run.report(0.5, message("已处理 {n} 个时点", n=fired))
            if not more and (moment := next_due(step.unit)) is not None:
                moments.wake_at(step.unit, moment)
        if not more:
            return {"fired": fired}


def _fire_some(unit: Unit, job: int) -> tuple[int, bool]:
    """(how many, whether more are due)."""
    until, lines, done = time.monotonic() + STEP_SECONDS, [], 0
    rows = _due(unit)
    _prefetch(unit, rows)
    for row in rows:
        line = _fire_one(unit, row, job)
        if line is not None:
            lines.append(line)
        done += 1
        if time.monotonic() > until:
            break
    logbook.write(unit, *lines)
    return done, done < len(rows) or len(rows) == PAGE


def _prefetch(unit: Unit, rows: Sequence[Any]) -> None:
    """The records of a page, one SELECT an entity."""
    by_entity: dict[str, set[int]] = {}
    for row in rows:
        by_entity.setdefault(row.automation.partition(".")[0], set()).add(row.record)
    for key, ids in by_entity.items():
        if key in unit.registry.entities:
            prefetch(unit, unit.registry.entities[key], ids)


def _due(unit: Unit) -> list[Any]:
    found = sa.select(MOMENT).where(MOMENT.c.state == "waiting", MOMENT.c.at <= clock.now())
    found = found.order_by(MOMENT.c.at, MOMENT.c.id).limit(PAGE)
    return list(unit.execute(found.with_for_update(skip_locked=True) if unit.dialect == "postgresql" else found))


def _fire_one(unit: Unit, row: Any, job: int) -> dict[str, Any] | None:
    """``when:`` is asked now. What became unknown or is paused is passed over."""
    mine = MOMENT.update().where(MOMENT.c.id == row.id)
    try:
        one = find(unit.registry, row.automation)
    except RecordNotFound:
        unit.execute(MOMENT.delete().where(MOMENT.c.id == row.id))
        return None
    if one.trigger != "at" or not one.active or switching.is_paused(unit, one.address):
        unit.execute(mine.values(state="passed"))
        return None
    line = attempt(unit, Told(one, row.record, "at", more={"at": row.at}), job)
    unit.execute(mine.values(state="fired"))
    return line


JOB_KINDS = {moments.FIRE: LongJob(fire, Label("到点的自动化", "Automations at their moment"), quick=True)}
