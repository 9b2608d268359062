"""An approval in the database: its instance, and a task for every seat. Read under lock, written back as what moved.

The one rule: the record is locked before the instance, here as in every save, so that two people who decide at once come
one after the other and nobody waits for the other in a circle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from yuanke.kernel import clock
from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import RecordNotFound
from yuanke.kernel.text import Message, message
from yuanke.metadata.registry import Entity
from yuanke.storage import Unit
from yuanke.workflow.acts import Act, acts
from yuanke.workflow.answers import asked_fields
from yuanke.workflow.approvals import flow as flows
from yuanke.workflow.approvals.approvers import Approvers
from yuanke.workflow.approvals.course import Course, Seat, dump, load
from yuanke.workflow.approvals.flow import Flow
from yuanke.workflow.automations.workdays import work_time_behind
from yuanke.workflow.names import ActNames
from yuanke.workflow.perform import locked_row

INSTANCE, TASK = "approval_instance", "approval_task"
#: instances that are not over
ALIVE = ("pending", "returned")
_SEAT = ("step", "turn", "state", "added", "behind", "verdict", "why", "round", "place")


@dataclass
class Decision:
    """What was done with one seat, by whom, in whose place, and what he said."""

    seat: int
    by: int | None
    note: str = ""
    files: Sequence[Any] = ()


@dataclass
class Running:
    """One approval in the open transaction. ``row`` is its instance, ``tasks`` the task of each seat by the seat's id."""

    unit: Unit
    actor: Actor
    entity: Entity
    row: dict[str, Any]
    flow: Flow
    course: Course
    tasks: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    #: why the transition could not happen though everybody agreed
    held: Message | None = None

    @property
    def id(self) -> int:
        return int(self.row["id"])

    @property
    def record(self) -> int:
        return int(self.row["record"])

    @property
    def applicant(self) -> int | None:
        return self.row.get("applicant")

    @property
    def act(self) -> Act | None:
        """The transition; None when the definition has no such one any more."""
        return acts(self.entity).get(self.row["transition"])

    def names(self) -> ActNames:
        act = self.act
        asks = asked_fields(act) if act is not None else {}
        names = ActNames(self.unit, self.actor, self.entity, self.record, asked=self.asked(), asks=asks)
        names.refresh()
        return names

    def asked(self) -> dict[str, Any]:
        """What was answered when it was submitted, typed again."""
        return typed_answers(self.unit, self.act, self.row.get("asked") or {})

    def world(self) -> Approvers:
        return Approvers(self.unit, self.actor, self.entity, self.record, self.flow, self.applicant, self.names())


def typed_answers(unit: Unit, act: Act | None, kept: Mapping[str, Any]) -> dict[str, Any]:
    asks = asked_fields(act) if act is not None else {}
    return {key: _typed(unit, asks.get(key), value) for key, value in kept.items()}


def _typed(unit: Unit, field: Any, value: Any) -> Any:
    if field is None or value is None or field.rows or field.pairs:
        return value
    return field.type.parse(field, value, unit.place)


def plain(act: Act, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Typed answers as JSON."""
    asks = asked_fields(act)
    kept = {}
    for key, value in asked.items():
        field = asks.get(key)
        bare = field is None or value is None or field.rows or field.pairs
        kept[key] = value if bare or field is None else field.type.dump(field, value)
    return kept


# -- reading ------------------------------------------------------------------------------------------------------


def hold(unit: Unit, actor: Actor, instance_id: int) -> Running:
    """The approval under lock. Raises RecordNotFound, also when its record is in the bin."""
    table = unit.tables[INSTANCE]
    place = unit.execute(sa.select(table.c.entity, table.c.record).where(table.c.id == instance_id)).first()
    entity = unit.registry.entities.get(place.entity) if place is not None else None
    if place is None or entity is None:
        raise RecordNotFound(message("没有找到这项审批，或你无权查看"))
    locked_row(unit, actor, entity, place.record)
    statement = sa.select(table).where(table.c.id == instance_id)
    if unit.dialect == "postgresql":
        statement = statement.with_for_update()
    return running(unit, actor, entity, dict(unit.execute(statement).mappings().one()))


def running(unit: Unit, actor: Actor, entity: Entity, row: dict[str, Any]) -> Running:
    """An instance with its flow and its course, as they stand."""
    tasks = {int(task["seat"]): task for task in tasks_of(unit, row["id"])}
    seats, flow = [_seat(task) for task in tasks.values()], flows.read(row["flow"])
    course = load(row["course"], row["state"], seats, flow.by_key)
    return Running(unit, actor, entity, row, flow, course, tasks)


def tasks_of(unit: Unit, instance_id: int) -> list[Mapping[str, Any]]:
    """The seats of an instance in the order they were made."""
    table = unit.tables[TASK]
    statement = sa.select(table).where(table.c.approval == instance_id, table.c.kind == "decide").order_by(table.c.seat)
    return [dict(row) for row in unit.execute(statement).mappings()]


def _seat(task: Mapping[str, Any]) -> Seat:
    said = {key: task[key] for key in _SEAT}
    return Seat(id=int(task["seat"]), person=task["approver"], **{**said, "behind": tuple(task["behind"] or ())})


def newest(unit: Unit, entity: str, record_id: int) -> dict[str, Any] | None:
    """The last approval of a record, over or not."""
    table = unit.tables[INSTANCE]
    statement = (
        sa.select(table).where(table.c.entity == entity, table.c.record == record_id).order_by(table.c.id.desc())
    )
    row = unit.execute(statement.limit(1)).mappings().first()
    return dict(row) if row is not None else None


# -- writing ------------------------------------------------------------------------------------------------------


def enter(unit: Unit, actor: Actor, entity: Entity, values: Mapping[str, Any], course: Course) -> Running:
    """A new instance; its seats are written by `write`."""
    table, now = unit.tables[INSTANCE], clock.now()
    row = {
        **values, "entity": entity.key, "state": course.state, "round": course.round, "course": dump(course), "submitted_at": now,
        "ended_at": None, "approved": None, "reminded_at": None,
        "created_at": now, "created_by": actor.user_id, "updated_at": now, "updated_by": actor.user_id, "version": 1,
    }  # fmt: skip
    row["id"] = unit.execute(table.insert().values(row).returning(table.c.id)).scalar_one()
    return Running(unit, actor, entity, row, flows.read(row["flow"]), course)


def write(at: Running, decisions: Sequence[Decision] = (), **values: Any) -> list[Seat]:
    """Write back what moved; answers the seats that are open now and were not before."""
    decided = {decision.seat: decision for decision in decisions}
    opened = [seat for seat in at.course.seats if _keep(at, seat, decided.get(seat.id))]
    moved = {"state": at.course.state, "round": at.course.round, "course": dump(at.course), **values}
    table = at.unit.tables[INSTANCE]
    stamp = {"updated_at": clock.now(), "updated_by": at.actor.user_id, "version": table.c.version + 1}
    at.unit.execute(table.update().where(table.c.id == at.id).values({**moved, **stamp}))
    at.row.update(moved)
    at.tasks = {int(task["seat"]): task for task in tasks_of(at.unit, at.id)}
    return opened


def _keep(at: Running, seat: Seat, decision: Decision | None) -> bool:
    """Write one seat; True when it has just opened."""
    was, now, table = at.tasks.get(seat.id), clock.now(), at.unit.tables[TASK]
    values: dict[str, Any] = {key: getattr(seat, key) for key in _SEAT} | {"behind": list(seat.behind)}
    opened = seat.state == "open" and (was is None or was["state"] != "open")
    if opened:
        values |= {"opened_at": now, "due": deadline(at, seat, now)}
    if decision is not None:
        values |= {"decided_by": decision.by, "decided_at": now, "note": decision.note or None}
        values |= {"files": list(decision.files)} if decision.files else {}
    elif seat.verdict is not None and (was is None or was["verdict"] is None):
        values |= {"decided_at": now}  # by itself: agreed before, too late, left
    stamp = {"updated_at": now, "updated_by": at.actor.user_id}
    if was is None:
        own = {
            "approval": at.id, "entity": at.entity.key, "record": at.record, "kind": "decide", "approver": seat.person, "seat": seat.id,
            "asked_by": at.actor.user_id if seat.added or seat.place != seat.id else None, "created_at": now, "created_by": at.actor.user_id, "version": 1,
        }  # fmt: skip
        at.unit.execute(table.insert().values({**own, **values, **stamp}))
    elif any(_differs(was.get(key), value) for key, value in values.items()):
        at.unit.execute(table.update().where(table.c.id == was["id"]).values({**values, **stamp}))
    return opened


def deadline(at: Running, seat: Seat, since: datetime) -> datetime | None:
    """When the time of a seat is over that begins at ``since``; None where its step has no limit."""
    step = at.flow.by_key[seat.step]
    if step.within is not None and step.calendar == "work":
        return work_time_behind(at.unit, since, step.within)
    return since + step.time if step.time is not None else None


def _differs(was: Any, value: Any) -> bool:
    return (was or None) != (value or None)
