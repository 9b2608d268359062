"""What takes too long, and whose approver has left: jobs that act when nobody does.

The one rule: a job acts only on what is still as it was when it was planned; whatever a person did before wins.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from yuanke.jobs import enqueue
from yuanke.kernel import clock
from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import RecordNotFound, Refused
from yuanke.kernel.text import message
from yuanke.storage import Unit
from yuanke.workflow.approvals import keeping, moves, telling
from yuanke.workflow.approvals.course import Seat
from yuanke.workflow.approvals.keeping import TASK, Running

LATE, LEFT = "approval_late", "approver_left"


def watch(at: Running, opened: Iterable[Seat]) -> None:
    """Plan what happens when those whose turn it is let the time pass."""
    for seat in opened:
        due = at.tasks[seat.id]["due"]
        if due is not None:
            _plan(at.unit, at.tasks[seat.id]["id"], due)


def _nobody(unit: Unit) -> Actor:
    """By itself: no person's doing."""
    return Actor(unit.enterprise.slug, None, engine=True, door="job")


def _plan(unit: Unit, task_id: int, due: datetime) -> None:
    arguments = {"task": task_id, "due": due.isoformat()}
    enqueue(unit, _nobody(unit), LATE, arguments, run_at=due, dedupe=f"{task_id}:{due.isoformat()}")


def too_late(unit: Unit, actor: Actor, arguments: Mapping[str, Any], progress: Any) -> None:
    """The job: remind, pass on, approve or refuse, as the step says."""
    task = _task(unit, int(arguments["task"]))
    if task is None or task["state"] != "open" or task["due"] is None or task["due"].isoformat() != arguments["due"]:
        return
    try:
        at = keeping.hold(unit, actor, task["approval"])
    except RecordNotFound:
        return
    seat = at.course.seat(int(task["seat"]))
    if at.course.state == "pending" and seat.state == "open":
        _act(at, seat)


def _act(at: Running, seat: Seat) -> None:
    from yuanke.workflow.approvals import ending

    step, world, before = at.flow.by_key[seat.step], at.world(), ending.over(at)
    higher = world.above(seat.person) or next(iter(world.administrators()), None) if step.late == "up" else None
    if step.late == "remind" or (step.late == "up" and higher in (None, seat.person)):
        _remind(at, seat)
        return
    if step.late == "approve":
        moves.agree(at.course, seat, at.flow, world, "late")
    elif step.late == "refuse":
        moves.refuse(at.course, seat, at.flow, world, "late")
    else:
        moves.pass_on(at.course, seat, higher or 0, at.flow, world, "late")
    telling.log(at, f"late_{step.late}", seat, stands_for=telling.name_of(at.unit, seat.person))
    ending.settle(at, before=before)


def _remind(at: Running, seat: Seat) -> None:
    """Told once more, and again after the same time."""
    who = telling.name_of(at.unit, at.applicant)
    telling.tell(at, [seat.person], message("已超时：{who}的{entity}“{title}”等你审批", who=who, **telling.about(at)))
    telling.log(at, "late_remind", seat, to=telling.name_of(at.unit, seat.person))
    due = keeping.deadline(at, seat, clock.now())
    if due is not None:
        task = at.tasks[seat.id]
        table = at.unit.tables[TASK]
        at.unit.execute(table.update().where(table.c.id == task["id"]).values(due=due))
        _plan(at.unit, task["id"], due)


# -- who left -----------------------------------------------------------------------------------------------------


def watch_people(save: Any) -> None:
    """Called after every save: a user who is out of service hands on what waits for him."""
    if (
        save.entity.key == "user"
        and save.verb == "update"
        and save.changed("status")
        and save.get("status") != "active"
    ):
        enqueue(save.unit, _nobody(save.unit), LEFT, {"user": save.id})


def left(unit: Unit, actor: Actor, arguments: Mapping[str, Any], progress: Any) -> int:
    """The job: what waits for somebody out of service goes to an administrator; how many seats."""
    person, table = int(arguments["user"]), unit.tables[TASK]
    user = unit.tables["user"]
    if unit.execute(sa.select(user.c.status).where(user.c.id == person)).scalar() == "active":
        return 0
    waiting = sa.and_(table.c.approver == person, table.c.kind == "decide", table.c.state.in_(("open", "waiting")))
    tasks = unit.execute(
        sa.select(table.c.id, table.c.approval, table.c.seat).where(waiting).order_by(table.c.id)
    ).all()
    return sum(_hand_on(unit, actor, task) for task in tasks)


def _hand_on(unit: Unit, actor: Actor, task: Any) -> bool:
    from yuanke.workflow.approvals import ending

    try:
        at = keeping.hold(unit, actor, task.approval)
    except RecordNotFound:
        return False
    seat, world, before = at.course.seat(int(task.seat)), at.world(), ending.over(at)
    if at.course.state != "pending" or seat.state not in ("open", "waiting"):
        return False
    heir = next((one for one in world.administrators() if one != seat.person), None)
    if heir is None:
        return False
    try:
        moves.pass_on(at.course, seat, heir, at.flow, world, "left")
    except Refused:
        return False
    telling.log(at, "left", seat, to=telling.name_of(unit, heir), stands_for=telling.name_of(unit, seat.person))
    ending.settle(at, before=before)
    return True


def _task(unit: Unit, task_id: int) -> Mapping[str, Any] | None:
    table = unit.tables[TASK]
    row = unit.execute(sa.select(table).where(table.c.id == task_id)).mappings().first()
    return dict(row) if row is not None else None
