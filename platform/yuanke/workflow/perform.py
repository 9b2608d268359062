"""An act of a person or program on one record: may he, may it, does somebody have to agree first, then it happens.

The one rule: everything from the lock to the last step is one transaction of the caller; any refusal undoes all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from yuanke.access.grants import engine_of, grant
from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import AccessDenied, RecordNotFound, Refused, VersionConflict
from yuanke.kernel.hooks import hooks
from yuanke.kernel.text import message
from yuanke.metadata.registry import Entity
from yuanke.records import Record, Records
from yuanke.records.fetch import fetch_for_update
from yuanke.records.undoing import recorded
from yuanke.storage import Unit
from yuanke.workflow import rules
from yuanke.workflow.acts import PREVIOUS, Act, act, state_field
from yuanke.workflow.answers import asked_fields, own_answers, take_answers
from yuanke.workflow.documents.fills import fill_at
from yuanke.workflow.locks import lock_all
from yuanke.workflow.names import ActNames
from yuanke.workflow.past import state_before
from yuanke.workflow.steps import StepRun, entering, run_steps
from yuanke.workflow.values import values_of
from yuanke.workflow.writing import write_act

#: asked in order before an act happens; the first that answers True has taken it over (an approval is pending now)
waits: list[Callable[[Unit, Actor, Act, int, Mapping[str, Any]], bool]] = []
#: what happens between the new state and the steps: fills, posts
effects: list[Callable[[Unit, Actor, Act, ActNames], None]] = [fill_at]


def perform(
    unit: Unit,
    actor: Actor,
    entity_key: str,
    record_id: int,
    act_key: str,
    asked: Mapping[str, Any] | None = None,
    version: int | None = None,
    confirm: Collection[str] = (),
) -> Record:
    """Do the act ``act_key`` on one record; answers the record as the actor may see it afterwards.

    ``asked`` are answers as they were sent; ``confirm`` names checks whose warning was read. Raises RecordNotFound,
    AccessDenied, VersionConflict, ValidationFailed, Refused (with ``confirm`` or ``reason_needed`` where it helps).
    """
    door = Records(unit, actor)
    found = act(door.entity(entity_key), act_key)
    row = _fetch(unit, actor, found, record_id)
    if version is not None and row.get("version") != version:
        raise VersionConflict(row["version"])
    do_act(unit, actor, found, record_id, take_answers(unit, actor, found, asked or {}), confirm, row)
    return _answer(door, found.entity, record_id)


def do_act(
    unit: Unit,
    actor: Actor,
    found: Act,
    record_id: int,
    asked: Mapping[str, Any],
    confirm: Collection[str] = (),
    row: Mapping[str, Any] | None = None,
) -> None:
    """The act without asking for rights: conditions, approval, effects. ``asked`` are typed answers."""
    row = row if row is not None else locked_row(unit, actor, found.entity, record_id)
    rules.refuse_state(found, row)
    names = _names(unit, actor, found, record_id, asked, row)
    rules.refuse_conditions(found, names, confirm)
    if any(wait(unit, actor, found, record_id, asked) for wait in waits):
        return
    _happen(unit, actor, found, names)


def carry_out(unit: Unit, actor: Actor, entity: Entity, record_id: int, found: Act, asked: Mapping[str, Any]) -> None:
    """What the act does, in the open transaction as the engine: state, values, fills, posts, steps. Its rights were asked
    before, and its conditions again by `ask_again` where time has passed."""
    row = locked_row(unit, actor, entity, record_id)
    rules.refuse_state(found, row)
    names = _names(unit, actor, found, record_id, asked, row)
    _happen(unit, actor, found, names)


def ask_again(unit: Unit, actor: Actor, found: Act, record_id: int, asked: Mapping[str, Any], **own: Any) -> None:
    """Whether an act that waited may still happen, for ``actor`` who wanted it: its state and every condition. Warnings
    were read when it was asked for. ``own`` are names over the record's. Raises Refused, ValidationFailed."""
    row = locked_row(unit, actor, found.entity, record_id)
    rules.refuse_state(found, row)
    names = _names(unit, actor, found, record_id, asked, row)
    names.own.update(own)
    rules.refuse_conditions(found, names, confirm=None)


def locked_row(unit: Unit, actor: Actor, entity: Entity, record_id: int) -> Mapping[str, Any]:
    """The standing row under lock, whoever asks. Raises RecordNotFound."""
    row = fetch_for_update(unit, engine_of(actor), entity, [record_id]).get(record_id)
    if row is None:
        raise RecordNotFound()
    return row


def _fetch(unit: Unit, actor: Actor, found: Act, record_id: int) -> Mapping[str, Any]:
    """The row under lock, if the actor sees it and may do the act with it."""
    entity, verb = found.entity, right_of(found)
    if found.internal and not actor.engine:
        raise RecordNotFound(message("{entity}没有名为 {act} 的操作", entity=entity.label, act=found.key))
    row = fetch_for_update(unit, actor, entity, [record_id], verb).get(record_id)
    if row is None:
        raise RecordNotFound()
    refused = why_not(unit, actor, found)
    if refused is not None:
        raise AccessDenied(refused)
    if row.pop("@unwritable", False):
        raise AccessDenied(message("你可以查看这条{entity}，但不能{act}", entity=entity.label, act=found.label))
    return row


def right_of(found: Act) -> str:
    """Roles that an act names take the place of the update right: whoever has one and sees the record may do it."""
    return "read" if found.roles else found.verb


def why_not(unit: Unit, actor: Actor, found: Act) -> Any:
    """Why the actor may do this act with no record at all; None when he may with some."""
    if actor.kind == "readonly" and not actor.engine:
        return message("你的账号是只读账号")
    if found.roles and not actor.is_admin and not found.roles & actor.roles:
        return message("你的角色不能{act}", act=found.label)
    given = grant(unit, actor, found.entity, right_of(found))
    if not given.allowed:
        return message("你的角色不能{act}", act=found.label)
    return None


def _names(
    unit: Unit, actor: Actor, found: Act, record_id: int, asked: Mapping[str, Any], row: Mapping[str, Any]
) -> ActNames:
    """Names of the run, the locks taken and ``let`` evaluated in its order."""
    names = ActNames(unit, actor, found.entity, record_id, asked=asked, asks=asked_fields(found))
    names.refresh()
    lock_all(names, found.said.get("lock") or ())
    for key, source in (found.said.get("let") or {}).items():
        names.own[key] = names.value(str(source))
    return names


def _happen(unit: Unit, actor: Actor, found: Act, names: ActNames) -> None:
    record_id = names.id or 0
    with entering(unit, found, record_id), _undoable(unit, actor, found):
        values: dict[str, Any] = {**own_answers(found, names.asked)}
        declared = values_of(found.entity, found.said.get("set") or {}, names)
        values |= declared
        state = state_field(found.entity)
        if found.to is not None and state is not None:
            values[state.key] = _target(unit, found, names, state.key)
        typed = {*declared.typed, *own_answers(found, names.asked), *([state.key] if state else [])}
        names.old = dict(names.record.row) if names.record is not None else None
        write_act(unit, actor, found, record_id, values, typed)
        names.refresh()
        for effect in effects:
            effect(unit, actor, found, names)
        run_steps(found.steps, names, StepRun(unit, actor, found.entity, record_id, found.key))
        hooks().hook.after_act(act=found, unit=unit, actor=actor, record=record_id, asked=names.asked)


@contextmanager
def _undoable(unit: Unit, actor: Actor, found: Act) -> Iterator[None]:
    """Where the act says ``undo:``, all that it writes is kept together, so that it can be taken back for a while."""
    said = found.said.get("undo")
    if said is None:
        yield
        return
    how = {"within": said.get("within") or "7d", "changed": said.get("changed") or "skip", "act": found.key}
    with recorded(unit, actor, "act", found.entity.key, **how) as change_set:
        change_set.begin()
        yield


def _target(unit: Unit, found: Act, names: ActNames, state: str) -> Any:
    """The state it leads to: the declared one, the one before, or the one that was asked."""
    if found.to == PREVIOUS:
        before = state_before(unit, found.entity, names.id or 0)
        if before is None:
            raise Refused(message("没有可以退回的状态"))
        return before
    if not found.targets:
        return found.to
    wanted = names.asked.get(state)
    if wanted not in found.targets:
        field = found.entity.fields[state]
        raise Refused(message("{act}要选择一个{field}", act=found.label, field=field.label))
    return wanted


def _answer(door: Records, entity: Entity, record_id: int) -> Record:
    """What the actor may see of it now; an act may have moved the record out of his sight."""
    try:
        return door.get(entity.key, record_id)
    except RecordNotFound:
        return Record(entity, record_id, 0, {})
