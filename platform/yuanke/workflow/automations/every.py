"""``every:`` automations: on a schedule, for each record that fulfils ``when``, in pages.

The one rule: the effect on a record and the place that was reached are one transaction, so a run that is killed goes on
behind the last record and does none of them twice.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from yuanke import jobs
from yuanke.access.scopes import run_values
from yuanke.jobs import LongJob, Run
from yuanke.jobs.tables import JOB
from yuanke.kernel import clock
from yuanke.kernel.errors import RecordNotFound
from yuanke.kernel.text import Label, message
from yuanke.metadata.registry import Registry
from yuanke.records.environment import prefetch
from yuanke.storage import Unit
from yuanke.storage.sqlscope import TableScope, live
from yuanke.workflow.acts import act
from yuanke.workflow.automations import logbook, switching
from yuanke.workflow.automations.declared import Automation, every_automation, find
from yuanke.workflow.automations.firing import STEP_SECONDS
from yuanke.workflow.automations.running import attempt, engine
from yuanke.workflow.automations.schedule import is_time, next_time
from yuanke.workflow.automations.told import Told
from yuanke.workflow.automations.workdays import workdays
from yuanke.workflow.scope import expression

KIND = "automation_every"
PAGE = 50


# -- planning ----------------------------------------------------------------------------------------------------------


def plan(unit: Unit, one: Automation) -> datetime:
    """Queue the next time of a schedule; asking again changes nothing."""
    moment = next_time(one.schedule, clock.now(), unit.place.timezone, workdays(unit))
    said = f"{one.address}@{moment.isoformat()}"
    arguments = {"automation": one.address, "at": moment.isoformat()}
    jobs.enqueue(unit, engine(unit), KIND, arguments, run_at=moment, dedupe=said)
    return moment


def plan_all(unit: Unit, registry: Registry) -> None:
    for one in every_automation(registry):
        if one.trigger == "every" and one.active:
            plan(unit, one)


def next_run(unit: Unit, one: Automation) -> datetime:
    return next_time(one.schedule, clock.now(), unit.place.timezone, workdays(unit))


# -- running -----------------------------------------------------------------------------------------------------------


def run_every(run: Run) -> dict[str, Any]:
    """One time of one schedule, over all records."""
    if not run.checkpoint:
        with run.step() as step:
            why = _begin(step.unit, run)
            run.checkpoint.update(reached=0, done=0, looked=0)
        if why is not None:
            return {"skipped": why}
    while True:
        with run.step() as step:
            more = _some(step.unit, run)
        if not more:
            return {"done": run.checkpoint["done"], "looked": run.checkpoint["looked"]}


def _begin(unit: Unit, run: Run) -> str | None:
    """Queue the next time; why this one is not run."""
    moment = datetime.fromisoformat(run.arguments["at"])
    try:
        one = find(unit.registry, run.arguments["automation"])
    except RecordNotFound:
        return "gone"
    if one.trigger != "every" or not one.active:
        return "off"
    plan(unit, one)
    if not is_time(one.schedule, moment, unit.place.timezone, workdays(unit)):
        return "another schedule"
    if switching.is_paused(unit, one.address):
        return "paused"
    return "overtaken" if _overtaken(unit, one, moment) else None


def _overtaken(unit: Unit, one: Automation, moment: datetime) -> bool:
    """After a pause of the workers the times that were missed are one run, the last."""
    later = sa.select(JOB.c.arguments).where(
        JOB.c.kind == KIND, JOB.c.state == "queued", JOB.c.run_at <= clock.now(), JOB.c.run_at > moment
    )
    return any(arguments["automation"] == one.address for arguments in unit.execute(later).scalars())


def _some(unit: Unit, run: Run) -> bool:
    """A page of records, as many as a short transaction bears; whether there are more."""
    one = find(unit.registry, run.arguments["automation"])
    ids = _page(unit, one, run.checkpoint["reached"])
    until, lines = time.monotonic() + STEP_SECONDS, []
    prefetch(unit, one.entity, set(ids))
    for record in ids:
        line = attempt(unit, Told(one, record, "every"), run.id)
        if line is not None:
            lines.append(line)
            run.checkpoint["done"] += line["state"] == "done"
        run.checkpoint["looked"] += 1
        run.checkpoint["reached"] = record
        if time.monotonic() > until:
            break
    logbook.write(unit, *lines)
    run.report(0.5, message("{name}：已处理 {n} 条", name=one.label, n=run.checkpoint["done"]))
    return bool(ids)


def _page(unit: Unit, one: Automation, reached: int) -> Sequence[int]:
    """The next records; those that cannot fulfil ``when`` are left out by the database where it can say so."""
    table = unit.tables[one.entity.key]
    found = sa.select(table.c.id).where(table.c.id > reached, live(one.entity, table))
    condition = _condition(unit, one, table)
    if condition is not None:
        found = found.where(condition)
    return list(unit.execute(found.order_by(table.c.id).limit(PAGE)).scalars())


def _condition(unit: Unit, one: Automation, table: Any) -> Any:
    scope = TableScope(one.entity, table, unit.tables, run_values(unit, engine(unit)))
    conditions = []
    sources = _states(one)
    if sources is not None:
        conditions.append(sources(table))
    if one.when is not None and not one.said.get("let"):
        asked = expression(unit, engine(unit), one.entity, one.when, "bool")
        if asked.has_sql and "event" not in {path[0] for path in asked.reads}:
            conditions.append(asked.sql(scope))
    return sa.and_(*conditions) if conditions else None


def _states(one: Automation) -> Any:
    """A transition is tried on records in a state it begins in."""
    key = one.said.get("act")
    if key is None:
        return None
    begins = act(one.entity, key).sources
    field = (one.entity.workflow or {})["field"]
    return None if begins is None else lambda table: table.c[field].in_(sorted(begins))


JOB_KINDS = {KIND: LongJob(run_every, Label("定时自动化", "Scheduled automation"))}
