"""An approval as people look at it: the chain with who decided what, who is asked now, who will be asked, and what this
reader may do.

The one rule: it shows what happened from the tasks and what is to come from the flow that the approval keeps; whoever
reads the record reads it whole, but for values of fields he may not see.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from yuanke.access.grants import grant
from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import RecordNotFound
from yuanke.kernel.text import Label, message
from yuanke.metadata import approvals as approval_field
from yuanke.metadata.registry import Entity
from yuanke.records.environment import stored
from yuanke.records.fetch import ids_within
from yuanke.storage import Unit
from yuanke.workflow.approvals import keeping, snapshot
from yuanke.workflow.approvals.course import Stop
from yuanke.workflow.approvals.editing import editable
from yuanke.workflow.approvals.keeping import INSTANCE, Running
from yuanke.workflow.approvals.snapshot import Difference
from yuanke.workflow.approvals.starting import may_renew
from yuanke.workflow.approvals.verbs import decides
from yuanke.workflow.perform import right_of, why_not

MOST = 20


@dataclass(frozen=True)
class Sitting:
    """One person at a stop. ``state``: waiting | open | agreed | refused | gone | coming (who would be asked as things
    stand); ``by`` is who decided in his place."""

    person: int
    name: str
    state: str
    task: int | None = None
    verdict: str | None = None
    why: str | None = None
    added: str | None = None
    note: str | None = None
    files: Sequence[Mapping[str, Any]] = ()
    by: str | None = None
    opened_at: datetime | None = None
    decided_at: datetime | None = None
    due: datetime | None = None
    turn: int = 1


@dataclass(frozen=True)
class StopSeen:
    """``state``: waiting | open | passed | skipped; ``reason``: when | missing | unreadable | same_person; ``earlier`` are
    the seats of the turns before."""

    key: str
    label: Label
    state: str
    reason: str | None
    mode: str
    needed: int
    after: tuple[str, ...]
    conditional: bool
    people: tuple[Sitting, ...]
    earlier: tuple[Sitting, ...] = ()


@dataclass(frozen=True)
class Mine:
    """What this reader may do: his open task (with whom he stands in for), and with the approval as a whole."""

    task: int | None = None
    step: str | None = None
    instead_of: str | None = None
    edit: Mapping[str, frozenset[str]] = field(default_factory=dict)
    return_to: tuple[tuple[str, Label], ...] = ()
    withdraw: bool = False
    remind: bool = False
    reassign: bool = False
    renew: bool = False
    copy: bool = False


@dataclass(frozen=True)
class Picture:
    id: int
    entity: Entity
    record: int
    transition: str
    act: Label
    state: str
    again: bool
    round: int
    applicant: int | None
    applicant_name: str
    submitted_at: datetime
    ended_at: datetime | None
    stops: tuple[StopSeen, ...]
    mine: Mine
    differences: tuple[Difference, ...] = ()


def picture(unit: Unit, actor: Actor, approval_id: int) -> Picture:
    """One approval by its id. Raises RecordNotFound for whoever does not read its record."""
    table = unit.tables[INSTANCE]
    row = unit.execute(sa.select(table).where(table.c.id == approval_id)).mappings().first()
    entity = unit.registry.entities.get(row["entity"]) if row is not None else None
    if row is None or entity is None or not ids_within(unit, actor, entity, "read", [row["record"]]):
        raise RecordNotFound(message("没有找到这项审批，或你无权查看"))
    return drawn(keeping.running(unit, actor, entity, dict(row)), actor)


def pictures_of(unit: Unit, actor: Actor, entity: Entity, record_id: int) -> list[Picture]:
    """The approvals of a record that the reader reads, newest first."""
    if not approval_field.approvable(entity):
        return []
    table = unit.tables[INSTANCE]
    statement = sa.select(table).where(table.c.entity == entity.key, table.c.record == record_id)
    rows = unit.execute(statement.order_by(table.c.id.desc()).limit(MOST)).mappings().all()
    return [
        drawn(keeping.running(unit, actor, entity, dict(row)), actor, newest=at == 0) for at, row in enumerate(rows)
    ]


def drawn(at: Running, actor: Actor, newest: bool = True) -> Picture:
    names = _names(at)
    act = at.act
    return Picture(
        at.id, at.entity, at.record, at.row["transition"], act.label if act is not None else Label(at.row["transition"], at.row["transition"]),
        at.course.state, bool(at.row["again"]), at.course.round, at.applicant, names.get(at.applicant or 0, ""),
        at.row["submitted_at"], at.row["ended_at"], tuple(_stop(at, key, stop, names) for key, stop in at.course.stops.items()),
        _mine(at, actor, names) if newest else Mine(), _differences(at, actor) if newest else (),
    )  # fmt: skip


def _names(at: Running) -> dict[int, str]:
    """Everybody who is named in the tasks, read at once."""
    people = {at.applicant, *(task[key] for task in at.tasks.values() for key in ("approver", "decided_by"))}
    user = at.unit.tables["user"]
    rows = at.unit.execute(sa.select(user.c.id, user.c.name).where(user.c.id.in_(people - {None})))
    return {row.id: row.name or "" for row in rows}


def _stop(at: Running, key: str, stop: Stop, names: Mapping[int, str]) -> StopSeen:
    step = at.flow.by_key[key]
    seats = [seat for seat in at.course.seats if seat.step == key]
    sitting = [_sitting(at.tasks[seat.id], names) for seat in seats]
    current = stop.state in ("open", "passed")
    now = [one for one in sitting if one.turn == stop.turn] if current else []
    before = [one for one in sitting if not current or one.turn != stop.turn]
    reason = stop.reason
    if stop.state == "waiting" and at.course.state in ("pending", "returned"):
        now, reason = _coming(at, key)
    shown = [one for one in now if one.state != "gone" or one.verdict is not None]
    earlier = tuple(one for one in before if one.verdict is not None)
    return StopSeen(
        key, step.label, stop.state, reason, stop.mode if current else step.mode, stop.needed, step.after, step.when is not None,
        tuple(shown), earlier,
    )  # fmt: skip


def _sitting(task: Mapping[str, Any], names: Mapping[int, str]) -> Sitting:
    deputy = task["decided_by"] not in (None, task["approver"])
    return Sitting(
        task["approver"], names.get(task["approver"], ""), task["state"], task["id"], task["verdict"], task["why"], task["added"],
        task["note"], task["files"] or (), names.get(task["decided_by"], "") if deputy else None, task["opened_at"],
        task["decided_at"], task["due"], task["turn"],
    )  # fmt: skip


def _coming(at: Running, key: str) -> tuple[list[Sitting], str | None]:
    """Who would be asked as things stand, or why nobody would be."""
    world, step = at.world(), at.flow.by_key[key]
    if not world.applies(step):
        return [], "when"
    asked = world.people(step)
    users = at.unit.registry.entities["user"]
    found = [(person, stored(at.unit, users, person)) for person in asked.people]
    return [
        Sitting(person, str(one.get("name") or ""), "coming") for person, one in found if one is not None
    ], asked.why


def _mine(at: Running, actor: Actor, names: Mapping[int, str]) -> Mine:
    own = actor.user_id is not None and actor.user_id == at.applicant
    pending = at.course.state == "pending"
    seat = next(
        (one for one in at.course.open_seats() if decides(at.unit, actor, one.person, at.entity.key, at.applicant)),
        None,
    )
    withdraws = (pending and _may_withdraw(at)) or at.course.state == "returned"
    involved = own or any(task["approver"] == actor.user_id for task in at.tasks.values())
    mine = Mine(
        withdraw=(own and withdraws) or (actor.is_admin and pending),
        remind=pending and (own or actor.is_admin),
        reassign=pending and actor.is_admin,
        renew=_may_renew(at, actor),
        copy=involved or actor.is_admin,
    )
    if seat is None or not pending:
        return mine
    step = at.flow.by_key[seat.step]
    back = [one for one in at.flow.before(seat.step) if at.course.stops[one].state == "passed"]
    return Mine(
        at.tasks[seat.id]["id"], seat.step, names.get(seat.person) if seat.person != actor.user_id else None,
        editable(at.entity, step.edit), tuple((one, at.flow.by_key[one].label) for one in back), mine.withdraw, mine.remind, True,
        mine.renew, mine.copy,
    )  # fmt: skip


def _may_withdraw(at: Running) -> bool:
    return at.flow.withdraw == "any_time" or (at.flow.withdraw == "before_first" and not at.course.decided())


def _may_renew(at: Running, actor: Actor) -> bool:
    act, record = at.act, stored(at.unit, at.entity, at.record)
    if act is None or record is None or not may_renew(record.row, at.row) or why_not(at.unit, actor, act) is not None:
        return False
    return at.record in ids_within(at.unit, actor, at.entity, right_of(act), [at.record])


def _differences(at: Running, actor: Actor) -> tuple[Difference, ...]:
    """What is no longer as it was approved; while it runs, what approvers changed of what was submitted."""
    standing = at.row["approved"] if at.course.state == "approved" else at.row["submitted"]
    if not standing:
        return ()
    readable = grant(at.unit, actor, at.entity, "read").readable
    found = snapshot.differences(at.unit, at.entity, standing, snapshot.take(at.unit, at.entity, at.record, at.flow))
    return tuple(one for one in found if _may_see(at, actor, one, readable))


def _may_see(at: Running, actor: Actor, one: Difference, readable: frozenset[str]) -> bool:
    if one.rows is None:
        return one.field.key in readable
    rows = at.unit.registry.entities[one.rows.rows or ""]
    return one.rows.key in readable and one.field.key in grant(at.unit, actor, rows, "read").readable
