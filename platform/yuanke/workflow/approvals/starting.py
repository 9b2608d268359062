"""Submitting: a transition that somebody must agree to first becomes an approval; what nobody needs to agree to happens.

The one rule: what is decided about is what stands in the record at this moment; it is kept with the approval.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import AccessDenied, Refused
from yuanke.kernel.text import message
from yuanke.metadata import approvals as field
from yuanke.metadata.registry import Entity
from yuanke.records.environment import stored
from yuanke.records.fetch import ids_within
from yuanke.storage import Unit
from yuanke.workflow.acts import Act, acts
from yuanke.workflow.approvals import ending, flow, keeping, moves, snapshot, telling
from yuanke.workflow.approvals.course import fresh
from yuanke.workflow.approvals.keeping import Running
from yuanke.workflow.perform import locked_row, right_of, why_not


def start(unit: Unit, actor: Actor, act: Act, record_id: int, asked: Mapping[str, Any]) -> bool:
    """Called by `perform` when every condition holds; True = it waits for approval now and does not happen yet."""
    if not field.approvable(act.entity):
        return False
    standing = keeping.newest(unit, act.entity.key, record_id)
    if (
        act.is_transition
        and standing is not None
        and standing["state"] == "pending"
        and not _passes(unit, act, record_id)
    ):
        raise Refused(message("这条{entity}正在审批，不能{act}", entity=act.entity.label, act=act.label))
    if act.is_transition and standing is not None and standing["state"] == "returned":
        if standing["transition"] == act.key:
            return _go_on(unit, actor, act, standing, asked)
        _give_up(unit, actor, act.entity, standing)
    if not act.said.get("approval"):
        return False
    at = _entered(unit, actor, act, record_id, asked)
    return _decide(at)


def renew(unit: Unit, actor: Actor, entity: Entity, record_id: int) -> Running:
    """再次审批: the content moved after it was approved. The transition does not happen again; only its approval is renewed."""
    row = locked_row(unit, actor, entity, record_id)
    standing = keeping.newest(unit, entity.key, record_id)
    act = acts(entity).get(standing["transition"]) if standing is not None else None
    if act is None or standing is None or not act.said.get("approval"):
        raise Refused(message("这条{entity}没有审批过", entity=entity.label))
    refused = why_not(unit, actor, act)
    if refused is not None or record_id not in ids_within(unit, actor, entity, right_of(act), [record_id]):
        raise AccessDenied(
            refused or message("你可以查看这条{entity}，但不能{act}", entity=entity.label, act=act.label)
        )
    if not may_renew(row, standing):
        raise Refused(message("这条{entity}现在不需要再次审批", entity=entity.label))
    at = _entered(unit, actor, act, record_id, keeping.typed_answers(unit, act, standing["asked"] or {}), again=True)
    _decide(at)
    return at


def may_renew(row: Mapping[str, Any], standing: Mapping[str, Any]) -> bool:
    """The content is no longer the one that was approved, and nobody decides about it at present."""
    closed = standing["state"] in ("approved", "rejected", "withdrawn")
    once_approved = standing["state"] == "approved" or standing["again"]
    return closed and once_approved and row.get(field.FIELD) in (field.UNSENT, field.REJECTED, field.WITHDRAWN)


def _entered(
    unit: Unit, actor: Actor, act: Act, record_id: int, asked: Mapping[str, Any], again: bool = False
) -> Running:
    """A new instance, nobody asked yet."""
    entity = act.entity
    prefix = f"{act.key}.approval."
    labels = {key.removeprefix(prefix): label for key, label in entity.act_labels.items() if key.startswith(prefix)}
    settled = flow.settle(act.said["approval"], labels)
    read = flow.read(settled)
    values = {
        "record": record_id, "title": telling.title_of(unit, entity, record_id)[:300], "transition": act.key, "again": again,
        "applicant": _applicant(unit, actor, entity, record_id), "flow": settled, "asked": keeping.plain(act, asked),
        "submitted": snapshot.take(unit, entity, record_id, read),
    }  # fmt: skip
    return keeping.enter(unit, actor, entity, values, fresh(step.key for step in read.steps))


def _applicant(unit: Unit, actor: Actor, entity: Entity, record_id: int) -> int | None:
    """Who submits; where a program does, the owner of the record."""
    record = stored(unit, entity, record_id)
    return actor.user_id or (record.row.get("owner") if record is not None else None)


def _decide(at: Running) -> bool:
    """Ask whom the flow asks; False = the transition happens at once."""
    world = at.world()
    if not world.needed():
        _drop(at)
        ending.say(at, field.NOT_NEEDED)
        return False
    moves.submit(at.course, at.flow, world)
    if all(stop.reason == "when" for stop in at.course.stops.values()):
        _drop(at)
        ending.say(at, field.NOT_NEEDED)
        return False
    return _submitted(at)


def _submitted(at: Running) -> bool:
    _refuse_nobody(at)
    telling.log(at, "submit", round=at.course.round if at.course.round > 1 else None)
    if at.course.state == "approved" and not at.row["again"]:
        # nobody had to be asked: the transition goes on by itself and the approval stands as given
        keeping.write(at, ended_at=at.row["submitted_at"])
        ending.say(at, field.APPROVED)
        ending.keep_approved(at)
        return False
    ending.settle(at)
    return True


def _refuse_nobody(at: Running) -> None:
    """``missing: refuse`` is told to the one who submits, before anything stands."""
    if at.course.state == "rejected":
        lost = next(stop for stop in at.course.stops.values() if stop.reason in ("missing", "unreadable"))
        label = at.flow.by_key[lost.key].label
        raise Refused(message("“{step}”这一步找不到能审批的人，不能提交", step=label))


def _go_on(unit: Unit, actor: Actor, act: Act, standing: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
    """Submitted again after a return, with the flow it began with."""
    at = keeping.hold(unit, actor, standing["id"])
    at.row["asked"] = keeping.plain(act, asked)
    agreed, content = at.row["approved"], snapshot.take(unit, at.entity, at.record, at.flow)
    name = telling.title_of(unit, at.entity, at.record)[:300]
    keeping.write(at, asked=at.row["asked"], submitted=content, title=name)
    world = at.world()
    if not world.needed():
        moves.withdraw(at.course, at.flow)
        keeping.write(at)
        ending.say(at, field.NOT_NEEDED)
        return False
    moves.submit_again(at.course, at.flow, world, same=content == agreed)
    return _submitted(at)


def _give_up(unit: Unit, actor: Actor, entity: Entity, standing: dict[str, Any]) -> None:
    """Another transition was chosen: the one that was returned is over."""
    at = keeping.running(unit, actor, entity, standing)
    moves.withdraw(at.course, at.flow)
    keeping.write(at)
    telling.log(at, "withdraw")


def _drop(at: Running) -> None:
    table = at.unit.tables[keeping.INSTANCE]
    at.unit.execute(sa.delete(table).where(table.c.id == at.id))


def _passes(unit: Unit, act: Act, record_id: int) -> bool:
    return bool(unit.kept.get((ending.PASSES, act.entity.key, record_id)))
