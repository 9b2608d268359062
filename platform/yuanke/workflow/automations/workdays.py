"""On which days people work: the entity that says ``workdays:``, and Monday to Friday where it says nothing.

The one rule: an enterprise without a working calendar works from Monday to Friday.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from yuanke.access.scopes import run_values
from yuanke.kernel import clock
from yuanke.kernel.actor import Actor
from yuanke.metadata.registry import Entity
from yuanke.storage import Unit
from yuanke.storage.sqlscope import TableScope, live
from yuanke.workflow.automations.schedule import IsWorkday, monday_to_friday
from yuanke.workflow.scope import expression

#: days around today that are looked at
REACH = timedelta(days=500)


def workdays(unit: Unit) -> IsWorkday:
    """Whether a day is worked, read once a unit."""
    found: dict[date, bool] | None = unit.kept.get("workdays")
    if found is None:
        calendar = next((e for e in unit.registry.entities.values() if e.more.get("workdays")), None)
        found = unit.kept["workdays"] = _read(unit, calendar) if calendar is not None else {}
    said = found
    return lambda day: said.get(day, monday_to_friday(day))


def _read(unit: Unit, calendar: Entity) -> dict[date, bool]:
    said: Any = calendar.more["workdays"]
    table, today = unit.tables[calendar.key], clock.today(unit.place.timezone)
    engine = Actor(unit.enterprise.slug, None, door="job", engine=True)
    works = expression(unit, engine, calendar, str(said["works"]), "bool")
    scope = TableScope(calendar, table, unit.tables, run_values(unit, engine))
    day = table.c[said["date"]]
    rows = sa.select(day, works.sql(scope, certain=True)).where(
        live(calendar, table), day.between(today - REACH, today + REACH)
    )
    return {one: bool(on) for one, on in unit.execute(rows).tuples()}
