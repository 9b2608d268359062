"""Undoing a change set: record by record, the last written first, in the caller's transaction or by a job.

The one rule: once only, in time, and by somebody who sees the set and still has the right to what he takes back.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import sqlalchemy as sa

from yuanke.access.grants import engine_of, grant
from yuanke.kernel import clock
from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import AccessDenied, RecordNotFound, Refusal, Refused
from yuanke.kernel.hooks import hooks
from yuanke.kernel.text import Message, message
from yuanke.records import removal
from yuanke.records.reading import get_record
from yuanke.records.trail import HISTORY, TOLD
from yuanke.records.undoing.backwards import Backwards, Left, Undone, Written, later, moved_on, written_by
from yuanke.records.undoing.rewriting import rewrite
from yuanke.records.undoing.sets import ENTITY, SHARE, recorded
from yuanke.storage import Unit
from yuanke.storage.sqlscope import live

Details = Mapping[str, Any]
#: what a part of the details of a set means for undoing it: key -> function, run before the records go back
parts: dict[str, Callable[[Unit, Actor, Any], None]] = {}
#: kind of a set -> the right that undoing it asks for
RIGHTS = {"merge": "merge", "transfer": "transfer", "share": "share", "import": "import", "bulk": "update"}


def undo(unit: Unit, actor: Actor, set_id: int) -> Undone:
    """Take back what the set wrote. Raises RecordNotFound, AccessDenied, Refused (``left`` names what stands in the way)."""
    row = begin(unit, actor, set_id)
    with recorded(unit, actor, "undo", row["entity"] or "", within=None) as back:
        back.begin()
        details = row["details"] or {}
        for key, part in details.items():
            if key in parts:
                parts[key](unit, actor, part)
        done = Undone()
        take_back(unit, actor, row, written_by(unit, set_id), done)
        _refuse_what_must_not_be_left(row, done)
        back.count = done.records
    finish(unit, actor, row, done)
    return done


def why_not(unit: Unit, actor: Actor, row: Mapping[str, Any]) -> Refusal | None:
    """Why this set cannot be undone by this actor now; None when it can."""
    entity = unit.registry.entities.get(row["entity"] or "")
    if row["kind"] == "undo" or row["until"] is None or entity is None:
        return Refused(message("这次操作不能撤销"))
    if row["undone_at"] is not None:
        return Refused(message("这次操作已经撤销过了"))
    if row["until"] < clock.now():
        return Refused(message("已过了可以撤销的期限"))
    if actor.is_admin:
        return None
    if row["kind"] == "leaving":
        return AccessDenied(message("只有系统管理员可以撤销离职交接"))
    held = grant(unit, actor, entity, RIGHTS.get(row["kind"]) or row["act"] or "update")
    if not held.allowed and row["kind"] == "act":
        held = grant(unit, actor, entity, "update")
    return None if held.allowed else AccessDenied(held.reason)


def begin(unit: Unit, actor: Actor, set_id: int) -> dict[str, Any]:
    """The set, locked and marked as undone; one that the actor may not undo is refused."""
    get_record(unit, actor, unit.registry.entities[ENTITY], set_id, fields=())
    table = unit.tables[ENTITY]
    statement = sa.select(table).where(table.c.id == set_id)
    found = unit.execute(statement.with_for_update() if unit.dialect == "postgresql" else statement).mappings().first()
    if found is None:
        raise RecordNotFound()
    row = dict(found)
    refused = why_not(unit, actor, row)
    if refused is not None:
        raise refused
    marked = {"undone_at": clock.now(), "undone_by": actor.user_id, "version": table.c.version + 1}
    unit.execute(table.update().where(table.c.id == set_id).values(marked))
    return row


def take_back(unit: Unit, actor: Actor, row: Mapping[str, Any], written: Collection[Written], done: Undone) -> None:
    """The records of ``written``, in their order; what is left is told in ``done``."""
    kept = _kept_whole(unit, row, written)
    again: list[Written] = []
    for one in written:
        why = kept.get((one.entity.key, one.id))
        if why is not None:
            done.left.append(Left(one.entity.key, one.id, why))
        elif _gently(unit, actor, row["id"], one, done, last=False):
            again.append(one)
    for one in again:  # what a link of theirs led to has come back meanwhile, or never will
        _gently(unit, actor, row["id"], one, done, last=True)


def _gently(unit: Unit, actor: Actor, set_id: int, one: Written, done: Undone, last: bool) -> bool:
    """One record in a savepoint; whether it is to be tried again when the others are back."""
    try:
        with unit.connection.begin_nested():
            return _take_back(unit, actor, set_id, one, done, last)
    except Refusal as refusal:
        for kept in [key for key in unit.kept if isinstance(key, tuple) and key[0] == "rows"]:
            del unit.kept[kept]  # what was read of records before the savepoint went
        done.left.append(Left(one.entity.key, one.id, refusal.said))
        return False


def _kept_whole(unit: Unit, row: Mapping[str, Any], written: Collection[Written]) -> dict[tuple[str, int], Message]:
    """Records that are left as a whole since somebody worked with them: those of ``groups``, with what followed them."""
    groups = (row["details"] or {}).get("groups") or ()
    if not groups:
        return {}
    touched = {
        (one.entity.key, one.id): message("之后有人修改过")
        for one in written
        if any(key != TOLD for line in later(unit, one, row["id"]) for key in line.changes)
    }
    found = dict(touched)
    for group in groups:
        if tuple(group["record"]) in touched:
            found.update({tuple(one): message("它所属的记录之后有人修改过") for one in group["follow"]})
            found[tuple(group["record"])] = message("之后有人修改过")
    return found


def _take_back(unit: Unit, actor: Actor, set_id: int, one: Written, done: Undone, last: bool) -> bool:
    if one.created:
        binned = not one.gone and _bin(unit, actor, set_id, one)
        if one.entity.key == SHARE:
            done.ended += binned
        else:
            done.binned += binned
        return False
    standing = _standing(unit, one)
    if standing is None and one.gone:
        removal.restore(unit, engine_of(actor), one.entity, one.id)
        done.brought_back += 1
        standing = _standing(unit, one)
    if standing is None:
        if one.changes or one.lines:
            raise Refused(message("已经在回收站里"))
        return False
    back = Backwards(unit, one, standing)
    wanted = back.find()
    if wanted.values or wanted.rows or wanted.pairs:
        rewrite(unit, actor, one.entity, {one.id: wanted}, "undo")
        done.restored += not one.gone and not last
    if back.waits and not last:
        return True
    if back.moved:
        done.left.append(Left(one.entity.key, one.id, moved_on(one.entity, back.moved), tuple(back.moved)))
    return False


def _standing(unit: Unit, one: Written) -> dict[str, Any] | None:
    table = unit.tables[one.entity.key]
    found = unit.execute(sa.select(table).where(table.c.id == one.id, live(one.entity, table))).mappings().first()
    return dict(found) if found is not None else None


def _bin(unit: Unit, actor: Actor, set_id: int, one: Written) -> bool:
    """Away with what the set made, unless somebody has worked with it since. What refers to it refuses by itself."""
    standing = _standing(unit, one)
    if standing is None:
        return False
    back = Backwards(unit, one, standing)
    after = {key: pair for line in later(unit, one, set_id) for key, pair in line.changes.items()}
    if any(not back.holds(key) for key in after if key != TOLD):
        raise Refused(message("之后有人修改过"))
    if _hangs(unit, one, set_id):
        raise Refused(message("之后有人添加了评论或附件"))
    removal.delete(unit, engine_of(actor), one.entity, one.id)
    return True


def _hangs(unit: Unit, one: Written, set_id: int) -> bool:
    """Comments or files that hang on the record and do not come from the set itself."""
    for key in ("comment", "attachment"):
        if key not in unit.registry.entities:
            continue
        table = unit.tables[key]
        made = sa.select(HISTORY.c.record).where(HISTORY.c.entity == key, HISTORY.c.change_set == set_id)
        on_it = sa.and_(table.c.entity == one.entity.key, table.c.record == one.id, table.c.deleted_at.is_(None))
        if unit.execute(sa.select(table.c.id).where(on_it, table.c.id.not_in(made)).limit(1)).first() is not None:
            return True
    return False


def _refuse_what_must_not_be_left(row: Mapping[str, Any], done: Undone) -> None:
    """``changed: refuse`` leaves nothing; two records that were made one come apart whole or not at all."""
    lost = {tuple(one) for one in (row["details"] or {}).get("lost") or ()}
    held = [one for one in done.left if row["changed"] == "refuse" or (one.entity, one.id) in lost]
    if held:
        left = [{"entity": one.entity, "id": one.id} for one in held]
        raise Refused(message("没有撤销：{why}", why=held[0].why), left=left)


def finish(unit: Unit, actor: Actor, row: Mapping[str, Any], done: Undone) -> None:
    """Write down what was left, and tell whoever listens."""
    note(unit, row["id"], done)
    hooks().hook.after_undo(unit=unit, actor=actor, change_set=row, undone=done)


def note(unit: Unit, set_id: int, done: Undone) -> None:
    """What was left since the last note, and how many records went back so far."""
    table = unit.tables[ENTITY]
    details = unit.execute(sa.select(table.c.details).where(table.c.id == set_id)).scalar() or {}
    left = [{"entity": one.entity, "id": one.id, "why": one.why.say(), "fields": list(one.fields)} for one in done.left]
    details = {**details, "left": [*details.get("left", ()), *left], "undone": done.records}
    unit.execute(table.update().where(table.c.id == set_id).values(details=details))
