"""``at:`` automations: the moment of each record is kept beside it and moved when its sources change.

The one rule: a moment that fired is never planned again, whatever moves back and forth; only a new moment is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from yuanke import jobs
from yuanke.access.scopes import run_values
from yuanke.expressions import Expression
from yuanke.jobs import LongJob, Run
from yuanke.kernel import clock
from yuanke.kernel.text import Label, message
from yuanke.metadata.registry import Entity, Registry
from yuanke.records.rollups import records_reading
from yuanke.records.save import Save
from yuanke.storage import Unit
from yuanke.storage.prepared import Prepared, constant, one_of, open_value, prepared, remembered
from yuanke.storage.sqlscope import TableScope, live
from yuanke.workflow.automations.declared import Automation, every_automation, find
from yuanke.workflow.automations.events import ears
from yuanke.workflow.automations.running import engine
from yuanke.workflow.automations.schedule import instant
from yuanke.workflow.automations.tables import MOMENT
from yuanke.workflow.names import ActNames
from yuanke.workflow.scope import expression

FIRE, PLAN = "automation_moments", "automation_plan"
PAGE = 500
#: how far back a moment may lie when it is planned; one that lies further back is passed over
LATE = timedelta(days=7)
_UNITS = {"min": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def follow(save: Save) -> None:
    """A record was saved: its own moments move, and those of records that read it."""
    unit, own = save.unit, ears(save.unit.registry).moments
    for one in own.get(save.entity.key, ()):
        if save.id is not None:
            plan(unit, one, [save.id])
    for one, reads in _elsewhere(unit).get(save.entity.key, ()):
        ids = records_reading(unit, one.entity.key, reads, [save])
        if ids:
            plan(unit, one, ids)


def moved(unit: Unit, entity: Entity, ids: Collection[int]) -> None:
    """Figures of these records moved without a save: roll-ups, formulas of the day."""
    for one in ears(unit.registry).moments.get(entity.key, ()):
        plan(unit, one, ids)


_links: WeakKeyDictionary[Registry, dict[str, list[tuple[Automation, list[tuple[str, ...]]]]]] = WeakKeyDictionary()


def _elsewhere(unit: Unit) -> Mapping[str, list[tuple[Automation, list[tuple[str, ...]]]]]:
    """Entity -> automations of other records whose moment reads it, with the paths that lead there."""
    found = _links.get(unit.registry)
    if found is None:
        found = _links[unit.registry] = {}
        for one in (a for held in ears(unit.registry).moments.values() for a in held):
            for path in _moment(unit, one).reads:
                for key in _on_the_way(unit, one.entity, path):
                    listed = found.setdefault(key, [])
                    if not listed or listed[-1][0] is not one:
                        listed.append((one, []))
                    listed[-1][1].append(path)
    return found


def _on_the_way(unit: Unit, entity: Entity, path: tuple[str, ...]) -> list[str]:
    keys, at = [], entity
    for name in path[:-1]:
        field, inverse = at.fields.get(name), at.inverses.get(name)
        target = inverse.entity if inverse else (field.rows or next(iter(field.targets), None)) if field else None
        if target is None:
            break
        at = unit.registry.entities[target]
        keys.append(target)
    return keys


def reads_setting(unit: Unit, one: Automation, keys: Collection[str]) -> bool:
    return any(
        path[0] == "settings" and (set(path[1:]) & {*keys} or "timezone" in keys) for path in _moment(unit, one).reads
    )


def _moment(unit: Unit, one: Automation) -> Expression:
    return expression(unit, engine(unit), one.entity, one.moment)


def plan(unit: Unit, one: Automation, ids: Collection[int]) -> None:
    """Bring the waiting moments of these records in step with what they say now."""
    wanted = _instants(unit, one, ids)
    waiting = dict(
        zip(*constant(unit, "moments waiting", lambda: _waiting(unit)).columns(unit, of=one.address, ids=ids))
    )
    stale = [record for record, at in waiting.items() if wanted.get(record) != at]
    if stale:
        mine = MOMENT.c.automation == one.address, MOMENT.c.record.in_(stale), MOMENT.c.state == "waiting"
        unit.execute(MOMENT.delete().where(*mine))
    fresh = {record: at for record, at in wanted.items() if waiting.get(record) != at}
    if fresh:
        _keep(unit, one, fresh)


def _waiting(unit: Unit) -> Any:
    """Record and instant of the waiting moments of some records."""
    mine = (
        MOMENT.c.automation == open_value("of", sa.Text()),
        one_of(unit, MOMENT.c.record),
        MOMENT.c.state == "waiting",
    )
    return sa.select(MOMENT.c.record, MOMENT.c.at).where(*mine)


def _keep(unit: Unit, one: Automation, fresh: Mapping[int, datetime]) -> None:
    earliest = _earliest(one)
    rows = [
        {
            "automation": one.address, "record": record, "at": at,
            "state": "passed" if earliest is not None and at < earliest else "waiting",
        }
        for record, at in fresh.items()
    ]  # fmt: skip
    insert = (postgresql.insert if unit.dialect == "postgresql" else sqlite.insert)(MOMENT)
    unit.execute(insert.on_conflict_do_nothing(index_elements=["automation", "record", "at"]), rows)
    due = [at for at in fresh.values() if earliest is None or at >= earliest]
    if due:
        wake_at(unit, min(due))


def _earliest(one: Automation) -> datetime | None:
    """Moments before this instant are passed over when they are planned."""
    said = str(one.said.get("late") or "")
    return None if said == "any" else clock.now() - (length(said) if said else LATE)


def length(said: str) -> timedelta:
    """``2d`` or ``30min`` as a length of time; months count 30 days, years 365."""
    number, unit_ = int(said.rstrip("minhdwy")), said.lstrip("0123456789")
    if unit_ in ("m", "y"):
        return timedelta(days=number * (30 if unit_ == "m" else 365))
    return timedelta(**{_UNITS[unit_]: number})


def _instants(unit: Unit, one: Automation, ids: Collection[int]) -> dict[int, datetime]:
    """record -> its moment, for those live records that have one."""
    zone = ZoneInfo(unit.place.timezone)
    values = _in_database(unit, one, ids) if _moment(unit, one).has_sql else _one_by_one(unit, one, ids)
    return {record: _instant(value, zone) for record, value in values if value is not None}


def _in_database(unit: Unit, one: Automation, ids: Collection[int]) -> Iterable[tuple[int, Any]]:
    def make() -> Prepared:
        table = unit.tables[one.entity.key]
        scope = TableScope(one.entity, table, unit.tables, run_values(unit, engine(unit)))
        chosen = live(one.entity, table), one_of(unit, table.c.id)
        return prepared(unit, sa.select(table.c.id, _moment(unit, one).sql(scope)).where(*chosen))

    return list(zip(*remembered(unit, ("moments", one.address), make).columns(unit, ids=ids)))


def _one_by_one(unit: Unit, one: Automation, ids: Collection[int]) -> Iterable[tuple[int, Any]]:
    for record in ids:
        names = ActNames(unit, engine(unit), one.entity, record)
        if names.record is not None and names.record.row.get("deleted_at") is None:
            yield record, names.run(_moment(unit, one))


def _instant(value: Any, zone: ZoneInfo) -> datetime:
    """A day begins at midnight in the enterprise's zone."""
    if isinstance(value, datetime):
        return value.replace(microsecond=value.microsecond // 1000 * 1000)
    if isinstance(value, date):
        return instant(value, datetime.min.time(), zone)
    raise ValueError(f"{value!r} is no moment")


def plan_all(run: Run) -> dict[str, int]:
    """Every moment of every ``at:`` automation (or of the one in the arguments), in pages."""
    only, planned = run.arguments.get("automation"), run.checkpoint.get("planned", 0)
    with run.reading() as step:
        wanted = [one.address for held in ears(step.unit.registry).moments.values() for one in held]
    for address in [one for one in wanted if only in (None, one)][run.checkpoint.get("at", 0) :]:
        while True:
            with run.step() as step:
                ids = _page(step.unit, address, run.checkpoint.get("reached", 0))
                if ids:
                    plan(step.unit, find(step.unit.registry, address), ids)
                    planned += len(ids)
                    run.checkpoint.update(reached=ids[-1], planned=planned)
                    run.report(0.5, message("已核对 {n} 条记录的时点", n=planned))
                else:
                    run.checkpoint.update(reached=0, at=run.checkpoint.get("at", 0) + 1)
            if not ids:
                break
    return {"planned": planned}


def _page(unit: Unit, address: str, reached: int) -> list[int]:
    entity = find(unit.registry, address).entity
    table = unit.tables[entity.key]
    found = sa.select(table.c.id).where(table.c.id > reached, live(entity, table)).order_by(table.c.id).limit(PAGE)
    return list(unit.execute(found).scalars())


def wake_at(unit: Unit, moment: datetime) -> None:
    """There is one job that fires; it waits for the earliest moment."""
    jobs.enqueue_by(unit, engine(unit), FIRE, moment)


def forget_gone(unit: Unit, registry: Registry) -> None:
    """Waiting moments of automations that are no more."""
    known = [one.address for one in every_automation(registry) if one.trigger == "at"]
    unit.execute(MOMENT.delete().where(MOMENT.c.state == "waiting", MOMENT.c.automation.not_in(known)))


JOB_KINDS = {PLAN: LongJob(plan_all, Label("核对自动化时点", "Planning of moments"))}
