"""What follows from a move: tasks written, people asked, copies sent, the record's state of approval, and at the end what
the transition does.

The one rule: the last yes and everything it causes are one transaction. Where a condition of the transition holds no more,
the yes stands and the record goes back to its applicant; where what it causes is refused, so is the yes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from yuanke.access.sessions import actor_of
from yuanke.kernel import clock
from yuanke.kernel.actor import Actor
from yuanke.kernel.catalogue import translator
from yuanke.kernel.errors import Refusal, Refused, Unauthenticated, ValidationFailed
from yuanke.kernel.hooks import hooks
from yuanke.kernel.text import Message, message
from yuanke.metadata import approvals as field
from yuanke.records import Typed
from yuanke.workflow.acts import Act
from yuanke.workflow.approvals import late, moves, snapshot, telling
from yuanke.workflow.approvals.approvers import Approvers
from yuanke.workflow.approvals.keeping import TASK, Decision, Running, write
from yuanke.workflow.perform import ask_again, carry_out
from yuanke.workflow.writing import write as save

#: under this a unit knows the record whose approval changes it at this moment, so that the lock lets it pass
PASSES = "approval passes"
#: states of an approval that automations hear of (``after: approved``)
ENDS = ("approved", "rejected", "returned", "withdrawn")


def settle(at: Running, decisions: Sequence[Decision] = (), before: Iterable[str] = ()) -> None:
    """Write a course that moved and let follow what follows. ``before``: the steps that were over before the move."""
    ended = {"ended_at": clock.now()} if at.course.state in ("approved", "rejected", "withdrawn") else {}
    opened = write(at, decisions, **ended)
    late.watch(at, opened)
    _copy_steps(at, set(before))
    _follow(at)
    if at.course.state in ENDS:
        note = next((one.note for one in decisions), "")
        _announce(at, note)
    if at.course.state == "pending":
        telling.ask(at, opened)


def _announce(at: Running, reason: str) -> None:
    """Automations hear of the end: ``after: approved``."""
    event = {"name": at.course.state, "at": clock.now(), "moved": None, "reason": reason or None, "batch": None}
    hooks().hook.after_verb(
        unit=at.unit, actor=at.actor, entity=at.entity, verb=at.course.state, record=at.record, event=event
    )


def _follow(at: Running) -> None:
    """What the record says and does now."""
    match at.course.state:
        case "pending":
            say(at, field.PENDING if at.course.decided() else field.SUBMITTED)
        case "approved":
            _approved(at)
        case "rejected":
            _rejected(at)
        case "returned":
            say(at, field.UNSENT)
            telling.tell(
                at, [at.applicant], message("你的{entity}“{title}”被退回，请修改后再提交", **telling.about(at))
            )
        case "withdrawn":
            say(at, field.WITHDRAWN)


def over(at: Running) -> list[str]:
    return [key for key, stop in at.course.stops.items() if stop.state == "passed"]


def say(at: Running, state: str) -> None:
    """How far the record is, in its field; through the door, so that whatever depends on it follows."""
    table = at.unit.tables[at.entity.key]
    standing = at.unit.execute(sa.select(table.c[field.FIELD]).where(table.c.id == at.record)).scalar()
    if standing == state:
        return
    values = Typed({field.FIELD: state})
    with passing(at):
        save(at.unit, at.actor, at.entity, at.record, values)


class passing:
    """While it holds, the record under approval may be changed: by its own approval."""

    def __init__(self, at: Running) -> None:
        self.kept, self.mark = at.unit.kept, (PASSES, at.entity.key, at.record)

    def __enter__(self) -> None:
        self.kept[self.mark] = self.kept.get(self.mark, 0) + 1

    def __exit__(self, *fault: Any) -> None:
        self.kept[self.mark] -= 1


def _approved(at: Running) -> None:
    why = None if at.row["again"] else _not_any_more(at) or _happened(at)
    if why is not None:
        _hold_back(at, why)
        return
    say(at, field.APPROVED)
    keep_approved(at)
    telling.tell(at, [at.applicant], message("你的{entity}“{title}”已审批通过", **telling.about(at)))
    _copy(at, at.flow.cc, None)


def _not_any_more(at: Running) -> Message | None:
    """What the transition asks for and is so no more, as the one who submitted it would be told today."""
    act = at.act
    if act is None:
        return message("“{act}”这个操作已不存在", act=at.row["transition"])
    try:
        with passing(at):  # as it was when nothing waited
            ask_again(at.unit, _wants(at), act, at.record, at.asked(), **{field.FIELD: field.UNSENT})
    except (Refused, ValidationFailed) as refusal:
        return _reasons(at, refusal)
    return None


def _wants(at: Running) -> Actor:
    """Who wants it: its applicant, as long as he is in service."""
    try:
        return actor_of(at.unit, at.applicant, "job") if at.applicant is not None else at.actor
    except Unauthenticated:
        return at.actor


def _reasons(at: Running, refusal: Refusal) -> Message:
    """In one sentence; what is wrong with a field is told with its name."""
    if not isinstance(refusal, ValidationFailed):
        return refusal.said
    fields, said = at.entity.fields, []
    for key, faults in refusal.errors.items():
        field = fields.get(key.split(".")[0])
        said += [message("{field}：{fault}", field=field.label, fault=one) if field else one for one in faults]
    return message("{said}", said=said)


def _happened(at: Running) -> Message | None:
    """The transition; why it was refused, where no person is there to be told at once."""
    act = at.act
    assert act is not None
    try:
        with at.unit.savepoint():
            say(at, field.APPROVED)
            with passing(at):
                carry_out(at.unit, at.actor, at.entity, at.record, act, at.asked())
    except (Refused, ValidationFailed) as refusal:
        if at.actor.user_id is not None:
            raise
        return _reasons(at, refusal)
    return None


def _hold_back(at: Running, why: Message) -> None:
    moves.hold_back(at.course)
    write(at, ended_at=None)
    at.held = why
    keep_approved(at)
    say(at, field.UNSENT)
    telling.log(at, "held", why=[why.say(), why.say(translator("en"))])
    telling.tell_held(at, why)


def keep_approved(at: Running) -> None:
    """What was approved: the content as it stands when all is done, or when everybody has agreed."""
    table = at.unit.tables["approval_instance"]
    content = snapshot.take(at.unit, at.entity, at.record, at.flow)
    at.unit.execute(table.update().where(table.c.id == at.id).values(approved=content))
    at.row["approved"] = content


def _rejected(at: Running) -> None:
    say(at, field.REJECTED)
    said, act = at.flow.rejected, at.act
    if act is not None and (said.get("to") or said.get("do")):
        with passing(at):
            carry_out(at.unit, at.actor, at.entity, at.record, refusal(act, said), at.asked())
    telling.tell(at, [at.applicant], message("你的{entity}“{title}”被否决", **telling.about(at)))


def refusal(act: Act, said: Any) -> Act:
    """``rejected: {to, do}`` as an act of its own, from whatever state the record is in."""
    steps = said.get("do") or ()
    body = {"from": "any", "to": said.get("to"), "do": steps}
    return Act(act.entity, f"{act.key}_rejected", "transition", act.label, body, act.ask, None, said.get("to"))


# -- copies -------------------------------------------------------------------------------------------------------


def _copy_steps(at: Running, before: set[str]) -> None:
    for key in over(at):
        if key not in before:
            _copy(at, at.flow.by_key[key].cc, key)


def _copy(at: Running, words: Sequence[str], step: str | None) -> None:
    if words:
        world = at.world()
        copy_to(at, world, [person for word in words for person in world.of_word(word)], step)


def copy_to(at: Running, world: Approvers, people: Iterable[int], step: str | None) -> list[int]:
    """抄送: those of ``people`` who may read such records and have no copy yet; who got one."""
    table, now = at.unit.tables[TASK], clock.now()
    holding = sa.select(table.c.approver).where(table.c.approval == at.id, table.c.kind == "copy")
    known = set(at.unit.connection.scalars(holding))
    fresh = [one for one in dict.fromkeys(people) if one not in known and world.may_read(one)]
    for person in fresh:
        row = {
            "approval": at.id, "entity": at.entity.key, "record": at.record, "kind": "copy", "step": step, "approver": person,
            "state": "open", "asked_by": at.actor.user_id, "opened_at": now, "created_at": now, "created_by": at.actor.user_id,
            "updated_at": now, "updated_by": at.actor.user_id, "version": 1,
        }  # fmt: skip
        at.unit.execute(table.insert().values(row))
    who = telling.name_of(at.unit, at.applicant)
    telling.tell(at, fresh, message("{who}的{entity}“{title}”抄送给你", who=who, **telling.about(at)))
    return fresh
