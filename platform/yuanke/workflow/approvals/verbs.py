"""What people do with an approval. Tasks are named by their id, approvals by theirs; each verb is one transaction's part.

The one rule: a task is decided by the one it is for, or by his deputy (乙代甲), who also reads the record; whoever comes
second gets a sentence, never a second decision.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from yuanke.access.asked import stands_in_for
from yuanke.kernel import clock
from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import AccessDenied, RecordNotFound, Refusal, Refused, ValidationFailed
from yuanke.kernel.text import message
from yuanke.records.fetch import ids_within
from yuanke.storage import Unit
from yuanke.workflow.approvals import editing, ending, keeping, moves, telling
from yuanke.workflow.approvals.course import Seat
from yuanke.workflow.approvals.keeping import INSTANCE, TASK, Decision, Running

LONGEST_NOTE = 2_000
#: an applicant reminds no more often
PAUSE = timedelta(hours=1)


@dataclass(frozen=True)
class Said:
    """What somebody says with his decision: a note, and uploads (ids) that hang on it."""

    note: str = ""
    files: Sequence[int] = ()


def approve(
    unit: Unit, actor: Actor, task_id: int, said: Said = Said(), values: Mapping[str, Any] | None = None
) -> Running:
    """同意, with the changes of the record that the step allows (``values`` as the door takes them)."""
    at, seat = _mine(unit, actor, task_id)
    before = ending.over(at)
    if values:
        editing.edit(at, seat, values)
    moves.agree(at.course, seat, at.flow, at.world())
    return _done(at, "approve", seat, said, before)


def reject(unit: Unit, actor: Actor, task_id: int, said: Said) -> Running:
    """拒绝; a reason is asked."""
    at, seat = _mine(unit, actor, task_id)
    _must_say(said)
    before = ending.over(at)
    moves.refuse(at.course, seat, at.flow, at.world())
    return _done(at, "reject", seat, said, before)


def send_back(unit: Unit, actor: Actor, task_id: int, said: Said, to: str | None = None) -> Running:
    """退回 to an earlier step, or (None) to the applicant, who may change the record then."""
    at, seat = _mine(unit, actor, task_id)
    _must_say(said)
    before = ending.over(at)
    moves.send_back(at.course, seat, to, at.flow, at.world())
    label = at.flow.by_key[to].label if to is not None else None
    return _done(at, "return", seat, said, before, back_to=[label.zh, label.en] if label is not None else None)


def reassign(unit: Unit, actor: Actor, task_id: int, person: int, said: Said = Said()) -> Running:
    """转审: somebody else decides. An administrator may do it for anybody, so that nothing hangs on one person."""
    at, seat = _mine(unit, actor, task_id, administrator=True)
    _must_decide(at, [person])
    before = ending.over(at)
    moves.pass_on(at.course, seat, person, at.flow, at.world())
    return _done(at, "reassign", seat, said, before, to=telling.name_of(unit, person))


def add_signer(
    unit: Unit, actor: Actor, task_id: int, people: Sequence[int], before: bool = True, said: Said = Said()
) -> Running:
    """加签: ``before`` mine (I decide when they have), or behind it (then this is my yes)."""
    at, seat = _mine(unit, actor, task_id)
    _must_decide(at, people)
    over = ending.over(at)
    moves.add_signers(at.course, seat, people, before, at.flow, at.world())
    verb = "add_before" if before else "add_after"
    return _done(at, verb, seat, said, over, to=telling.names_of(unit, people), decided=not before)


def withdraw(unit: Unit, actor: Actor, approval_id: int, said: Said = Said()) -> Running:
    """撤回, by the applicant; an administrator may always take a paper out of the way."""
    at = _own(unit, actor, approval_id)
    if actor.user_id != at.applicant and at.course.state == "pending":
        moves.call_off(at.course)
    else:
        moves.withdraw(at.course, at.flow)
    telling.log(at, "withdraw", note=_note(said))
    waiting = [task["approver"] for task in at.tasks.values() if task["state"] == "open"]
    ending.settle(at)
    telling.tell(at, waiting, message("{entity}“{title}”已撤回，不用再审批", **telling.about(at)))
    return at


def remind(unit: Unit, actor: Actor, approval_id: int) -> Running:
    """催办: those whose turn it is are told once more, at most once an hour."""
    at = _own(unit, actor, approval_id)
    if at.course.state != "pending":
        raise moves.over(at.course)
    last = at.row.get("reminded_at")
    if last is not None and clock.now() - last < PAUSE:
        raise Refused(message("刚刚催办过，请一小时后再催"))
    table = unit.tables[INSTANCE]
    unit.execute(table.update().where(table.c.id == at.id).values(reminded_at=clock.now()))
    people = [seat.person for seat in at.course.open_seats()]
    who = telling.name_of(unit, actor.user_id)
    telling.tell(at, people, message("{who}催办：{entity}“{title}”等你审批", who=who, **telling.about(at)))
    telling.log(at, "remind", to=telling.names_of(unit, people))
    return at


def copy(unit: Unit, actor: Actor, approval_id: int, people: Sequence[int]) -> Running:
    """抄送, by the applicant or anybody who is or was asked."""
    at = keeping.hold(unit, actor, approval_id)
    involved = {at.applicant, *(task["approver"] for task in at.tasks.values())}
    if actor.user_id not in involved and not actor.is_admin:
        raise _absent()
    fresh = ending.copy_to(at, at.world(), people, None)
    if not fresh:
        raise Refused(message("他们已有抄送，或不能查看这类单据"))
    telling.log(at, "cc", to=telling.names_of(unit, fresh))
    return at


def read_copy(unit: Unit, actor: Actor, task_id: int) -> None:
    """A copy was looked at."""
    table = unit.tables[TASK]
    mine = sa.and_(table.c.id == task_id, table.c.approver == actor.user_id, table.c.kind == "copy")
    unit.execute(table.update().where(mine, table.c.state == "open").values(state="read", decided_at=clock.now()))


def together(
    unit: Unit, actor: Actor, verb: str, tasks: Sequence[int], said: Said = Said()
) -> list[tuple[int, Refusal | None]]:
    """Several tasks approved or rejected, each for itself; what was refused comes with its refusal."""
    found: list[tuple[int, Refusal | None]] = []
    for task in dict.fromkeys(tasks):
        refused: Refusal | None = None
        try:
            with unit.savepoint():
                approve(unit, actor, task, said) if verb == "approve" else reject(unit, actor, task, said)
        except Refusal as refusal:
            refused = refusal
        found.append((task, refused))
    return found


# -- whose it is --------------------------------------------------------------------------------------------------


def _mine(unit: Unit, actor: Actor, task_id: int, administrator: bool = False) -> tuple[Running, Seat]:
    """The approval under lock and the seat of a task that this actor may decide. Raises RecordNotFound, Refused."""
    table = unit.tables[TASK]
    task = unit.execute(sa.select(table).where(table.c.id == task_id, table.c.kind == "decide")).mappings().first()
    if task is None:
        raise _absent()
    instance = unit.tables[INSTANCE]
    applicant = unit.execute(sa.select(instance.c.applicant).where(instance.c.id == task["approval"])).scalar()
    allowed = decides(unit, actor, task["approver"], task["entity"], applicant) or (administrator and actor.is_admin)
    entity = unit.registry.entities.get(task["entity"])
    if not allowed or entity is None or task["record"] not in ids_within(unit, actor, entity, "read", [task["record"]]):
        raise _absent()
    at = keeping.hold(unit, actor, task["approval"])
    seat = at.course.seat(int(task["seat"]))
    if at.course.state == "pending" and seat.state != "open":
        raise Refused(_too_late(at, seat))
    return at, seat


def _too_late(at: Running, seat: Seat) -> Any:
    """Why a seat is not open any more: who was quicker, or what it waits for."""
    if seat.state == "waiting":
        return message("还没有轮到你审批")
    task = at.tasks[seat.id]
    who = telling.name_of(at.unit, task["decided_by"])
    if seat.verdict is not None and who:
        return message("这一步已由{who}处理", who=who)
    return message("这项审批已由别人处理，或不再需要你处理")


def decides(unit: Unit, actor: Actor, approver: int, entity: str, applicant: int | None) -> bool:
    """Whether the actor decides what was put before ``approver``: he himself, or his deputy, but never one's own paper
    as a deputy."""
    if actor.user_id is None or actor.kind == "readonly":
        return False
    if actor.user_id == approver:
        return True
    if actor.user_id == applicant:
        return False
    return any(one.user == approver and one.covers(entity) for one in stands_in_for(unit, actor.user_id))


def _own(unit: Unit, actor: Actor, approval_id: int) -> Running:
    """The approval under lock, for its applicant or an administrator."""
    at = keeping.hold(unit, actor, approval_id)
    if actor.user_id is None or (actor.user_id != at.applicant and not actor.is_admin):
        seen = at.record in ids_within(unit, actor, at.entity, "read", [at.record])
        raise AccessDenied(message("只有申请人可以这样做")) if seen else _absent()
    return at


def _must_decide(at: Running, people: Sequence[int]) -> None:
    """People who are put in must be able to decide: in service, with a role that reads such records, not the applicant."""
    world = at.world()
    for person in people:
        name = telling.name_of(at.unit, person) or f"#{person}"
        if person == at.applicant:
            raise Refused(message("申请人不能审批自己的单据"))
        if not world.active(person):
            raise Refused(message("{who}不在职或不能审批", who=name))
        if not world.may_read(person):
            raise Refused(message("{who}的角色不能查看{entity}，请选择别人", who=name, entity=at.entity.label))


def _absent() -> RecordNotFound:
    return RecordNotFound(message("没有找到这项审批，或你无权查看"))


# -- what stays ---------------------------------------------------------------------------------------------------


def _done(
    at: Running, verb: str, seat: Seat, said: Said, before: Sequence[str], *, decided: bool = True, **told: Any
) -> Running:
    """Log it, write it, let follow what follows."""
    principal = seat.person if seat.person != at.actor.user_id else None
    files = attached(at, said.files)
    stands_for = telling.name_of(at.unit, principal) if principal is not None else None
    telling.log(at, verb, seat, note=_note(said), files=[one["name"] for one in files], stands_for=stands_for, **told)
    decisions = [Decision(seat.id, at.actor.user_id, _note(said), files)] if decided else []
    ending.settle(at, decisions, before)
    return at


def attached(at: Running, files: Sequence[int]) -> list[dict[str, Any]]:
    """Uploads of the actor himself, described as they are."""
    if not files:
        return []
    found = []
    for one in files:
        try:
            info = at.unit.files.info(int(one))
        except RecordNotFound:
            info = None
        if info is None or info.created_by != at.actor.user_id:
            raise ValidationFailed({"files": [message("没有找到文件 {id}，请先上传", id=one)]})
        found.append({"id": info.id, "name": info.name, "size": info.size, "type": info.type})
    return found


def _note(said: Said) -> str:
    return said.note.strip()[:LONGEST_NOTE]


def _must_say(said: Said) -> None:
    if not said.note.strip():
        raise ValidationFailed({"note": [message("请写明原因")]})
