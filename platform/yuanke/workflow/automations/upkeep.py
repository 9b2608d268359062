"""Keeps schedules and moments in step with definitions, settings and the calendar, and the log from growing for ever.

The one rule: everything here may be asked again at any time and changes nothing when nothing moved.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from yuanke import jobs
from yuanke.jobs import ShortJob
from yuanke.kernel import clock
from yuanke.kernel.actor import Actor
from yuanke.kernel.text import Label
from yuanke.records.save import Save
from yuanke.storage import Unit
from yuanke.storage.plan import Plan
from yuanke.workflow.automations import every, firing, logbook, moments
from yuanke.workflow.automations.declared import Automation
from yuanke.workflow.automations.events import ears
from yuanke.workflow.automations.running import engine
from yuanke.workflow.automations.tables import MARK

LOOK = "automation_upkeep"


def look_after(unit: Unit) -> None:
    """Asked every few minutes: schedules have their next time, moments that are due have their job."""
    every.plan_all(unit, unit.registry)
    if _saw_change(unit, unit.registry.digest) and ears(unit.registry).moments:
        _plan_moments(unit)
    moment = firing.next_due(unit)
    if moment is not None:
        moments.wake_at(unit, moment)
    logbook.purge(unit, clock.now() - timedelta(days=logbook.DAYS_KEPT))


def follow(unit: Unit, made: Plan) -> None:
    """Definitions moved: new schedules and moments are planned, those of what is no more are forgotten."""
    every.plan_all(unit, made.after)
    moments.forget_gone(unit, made.after)
    if any(one.trigger == "at" for held in ears(made.after).moments.values() for one in held) and _moved(made):
        _plan_moments(unit)


def carried(unit: Unit, saves: Sequence[Save]) -> None:
    """Figures moved without a save."""
    by_entity: dict[str, list[int]] = {}
    for save in saves:
        if save.id is not None:
            by_entity.setdefault(save.entity.key, []).append(save.id)
    for key, ids in by_entity.items():
        moments.moved(unit, unit.registry.entities[key], ids)


def settings_changed(unit: Unit, keys: Sequence[str]) -> None:
    """Moments that read a setting are planned anew, by a job that sees the new value; another zone moves schedules."""
    if any(moments.reads_setting(unit, one, keys) for held in ears(unit.registry).moments.values() for one in held):
        _plan_moments(unit)
    if "timezone" in keys:
        jobs.enqueue(unit, engine(unit), LOOK, {}, dedupe="look", once="pending")


def look_again(unit: Unit, actor: Actor, arguments: Mapping[str, Any], progress: Callable[..., None]) -> None:
    look_after(unit)


def _moved(made: Plan) -> bool:
    before, after = ears(made.before).moments, ears(made.after).moments
    return _said(before) != _said(after)


def _said(held: dict[str, list[Automation]]) -> dict[str, str]:
    return {one.address: one.moment for listed in held.values() for one in listed}


def _saw_change(unit: Unit, digest: str) -> bool:
    """Whether definitions or settings differ from what the planner saw last; it has seen them now."""
    settings = json.dumps({k: str(v) for k, v in unit.settings.items()}, sort_keys=True)
    value = hashlib.sha256(f"{digest} {settings}".encode()).hexdigest()
    held = unit.execute(sa.select(MARK.c.value).where(MARK.c.name == "planned")).scalar()
    if held == value:
        return False
    unit.execute(MARK.delete().where(MARK.c.name == "planned"))
    unit.execute(MARK.insert().values(name="planned", value=value))
    return True


def _plan_moments(unit: Unit) -> None:
    jobs.enqueue(unit, engine(unit), moments.PLAN, {}, dedupe="all", once="pending")


JOB_KINDS = {LOOK: ShortJob(look_again, Label("安排自动化", "Planning of automations"))}
