"""On which days and at which hours people work: the entity that says ``workdays:``, and Monday to Friday where it says
nothing.

The one rule: an enterprise without a working calendar works from Monday to Friday, 08:00 to 18:00.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import sqlalchemy as sa

from yuanke.access.scopes import run_values
from yuanke.kernel import clock
from yuanke.kernel.actor import Actor
from yuanke.metadata.registry import Entity
from yuanke.records.environment import calls
from yuanke.storage import Unit
from yuanke.storage.sqlscope import TableScope, live
from yuanke.workflow.automations.schedule import IsWorkday, monday_to_friday
from yuanke.workflow.scope import expression
from yuanke.workflow.worktime import USUAL, Hours, add_days, add_time, behind

#: days around today that are looked at
REACH = timedelta(days=500)


class Calendar(NamedTuple):
    """``days``: what the calendar says of single days, their hours or None; ``usual``: hours of all others."""

    days: Mapping[date, tuple[time, time] | None]
    usual: tuple[time, time]

    def works(self, day: date) -> bool:
        return self.days[day] is not None if day in self.days else monday_to_friday(day)

    def hours(self, day: date) -> tuple[time, time] | None:
        return self.days[day] if day in self.days else self.usual if monday_to_friday(day) else None


def workdays(unit: Unit) -> IsWorkday:
    """Whether a day is worked."""
    return calendar(unit).works


def working_hours(unit: Unit) -> Hours:
    """From when till when a day is worked, None where it is not."""
    return calendar(unit).hours


def work_time_behind(unit: Unit, moment: datetime, said: str) -> datetime:
    """``8h`` or ``2d`` of working time behind an instant."""
    return behind(moment, said, unit.place.timezone, working_hours(unit))


def calendar(unit: Unit) -> Calendar:
    """Read once a unit."""
    found: Calendar | None = unit.kept.get("workdays")
    if found is None:
        entity = next((e for e in unit.registry.entities.values() if e.more.get("workdays")), None)
        found = unit.kept["workdays"] = _read(unit, entity) if entity is not None else Calendar({}, USUAL)
    return found


def _read(unit: Unit, entity: Entity) -> Calendar:
    said: Any = entity.more["workdays"]
    table, today = unit.tables[entity.key], clock.today(unit.place.timezone)
    engine = Actor(unit.enterprise.slug, None, door="job", engine=True)
    values = run_values(unit, engine)
    usual = _usual(values["settings"], said.get("usual") or ())
    works = expression(unit, engine, entity, str(said["works"]), "bool")
    scope = TableScope(entity, table, unit.tables, values)
    day = table.c[said["date"]]
    hours = [table.c[said[key]] if said.get(key) else sa.null() for key in ("since", "till")]
    rows = sa.select(day, works.sql(scope, certain=True), *hours).where(
        live(entity, table), day.between(today - REACH, today + REACH)
    )
    return Calendar(
        {on: _span(since, till, usual) if worked else None for on, worked, since, till in unit.execute(rows).tuples()},
        usual,
    )


def _usual(settings: Mapping[str, Any], names: Any) -> tuple[time, time]:
    since, till = (settings.get(str(name)) for name in names) if len(names) == 2 else USUAL
    return _span(since, till, USUAL)


def _span(since: time | None, till: time | None, usual: tuple[time, time]) -> tuple[time, time]:
    """What is not said, or makes no sense, is as usual."""
    found = (since or usual[0], till or usual[1])
    return found if found[0] < found[1] else usual


# -- in expressions -----------------------------------------------------------------------------------------------


def is_workday(unit: Unit, actor: Actor | None, day: date | None) -> bool | None:
    return None if day is None else workdays(unit)(day)


def add_work_time(unit: Unit, actor: Actor | None, moment: datetime | None, hours: Decimal | None) -> datetime | None:
    if moment is None or hours is None or hours < 0:
        return None
    length = timedelta(milliseconds=int(hours * 3_600_000))
    return add_time(moment, length, unit.place.timezone, working_hours(unit))


def add_work_days(unit: Unit, actor: Actor | None, moment: datetime | None, days: Decimal | None) -> datetime | None:
    if moment is None or days is None or days < 0:
        return None
    return add_days(moment, min(int(days), 1_000), unit.place.timezone, working_hours(unit))


calls.update(is_workday=is_workday, add_work_time=add_work_time, add_work_days=add_work_days)
