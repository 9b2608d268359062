"""Settings changed together: every fault told at its key, nothing written when there is one.

The one rule: a setting is changed by administrators and by the roles it names; a locked one by nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from yuanke import expressions
from yuanke.access.grants import engine_of
from yuanke.access.scopes import run_values
from yuanke.expressions import Expression
from yuanke.fieldtypes import ValueFault
from yuanke.kernel import clock
from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import ValidationFailed
from yuanke.kernel.text import Message, message
from yuanke.metadata.registry import Field
from yuanke.metadata.scope import PlainScope
from yuanke.records.intake import typed_value, unknown
from yuanke.records.names import ReadableNames
from yuanke.records.parameters.refill import queue_refill
from yuanke.records.trail import HISTORY
from yuanke.storage import Unit
from yuanke.storage.sqlscope import TableScope
from yuanke.storage.system import META, SETTING

#: under this name the history keeps what was done to settings; they are no entity
SETTINGS = "@settings"
#: told in the transaction that changed settings: ``(unit, keys)``
settings_changed: list[Callable[[Unit, Sequence[str]], None]] = []


def changeable(unit: Unit, actor: Actor) -> list[Field]:
    """Settings that the actor may change, in the order of their declaration."""
    return [field for field in unit.registry.settings.values() if not field.retired and _may(actor, field)]


def _may(actor: Actor, field: Field) -> bool:
    return actor.is_admin or bool(actor.roles & set(field.more.get("roles") or ()))


def change_settings(unit: Unit, actor: Actor, sent: Mapping[str, Any]) -> dict[str, Any]:
    """Write settings by key; None gives one back to its default. Answers the typed values that changed.

    Raises ValidationFailed with a fault for each key: one that is not there or not the actor's, a value that does not
    fit, a condition that does not hold, a setting that is locked.
    """
    faults: dict[str, list[Message]] = {}
    mine = {field.key: field for field in changeable(unit, actor)}
    wanted: dict[str, Any] = {}
    for key, raw in sent.items():
        field = mine.get(key)
        if field is None:
            faults[key] = [unknown(key)]
            continue
        try:
            wanted[key] = field.default if raw is None else typed_value(field, raw, unit.place)
        except ValueFault as fault:
            faults[key] = [fault.said]
    changed = {key: value for key, value in wanted.items() if value != unit.settings.get(key)}
    _check(unit, actor, {key: mine[key] for key in changed}, changed, faults)
    if faults:
        raise ValidationFailed(faults)
    if changed:
        _write(unit, actor, mine, changed, {key for key, raw in sent.items() if raw is None})
    return changed


def _check(
    unit: Unit, actor: Actor, fields: Mapping[str, Field], changed: Mapping[str, Any], faults: dict[str, list[Message]]
) -> None:
    after = {**unit.settings, **changed}
    for key, field in fields.items():
        if field.required and changed[key] in (None, ""):
            faults[key] = [message("{field} 不能为空", field=field.label)]
        locked = field.more.get("locked_when")
        if locked and _holds(unit, actor, _compiled(unit, actor, str(locked)), unit.settings):
            faults[key] = [_said(field, message("{field}现在不能修改", field=field.label))]
        elif field.valid_when is not None and not _holds(unit, actor, field.valid_when, after):
            faults[key] = [_said(field, message("{field} 的值不符合要求", field=field.label))]


def _said(field: Field, plain: Message) -> Message:
    return message("{said}", said=field.message) if field.message else plain


def _compiled(unit: Unit, actor: Actor, source: str) -> Expression:
    return expressions.compile(source, PlainScope(ReadableNames(unit, engine_of(actor))), expect="bool")


def _holds(unit: Unit, actor: Actor, condition: Expression, settings: Mapping[str, Any]) -> bool:
    """A condition on settings; one that asks for records is asked in the database."""
    values = {**run_values(unit, actor), "settings": settings}
    if condition.entities:
        person = unit.registry.entities["user"]
        scope = TableScope(person, unit.tables["user"], unit.tables, values)
        return bool(unit.execute(sa.select(condition.sql(scope, certain=True))).scalar())
    return condition.holds({**settings, **values})


def _write(
    unit: Unit, actor: Actor, fields: Mapping[str, Field], changed: Mapping[str, Any], given_back: set[str]
) -> None:
    insert = postgresql.insert if unit.dialect == "postgresql" else sqlite.insert
    changes = {}
    for key, value in changed.items():
        dumped = None if value is None else fields[key].type.dump(fields[key], value)
        before = unit.settings.get(key)
        changes[key] = [None if before is None else fields[key].type.dump(fields[key], before), dumped]
        if key in given_back:
            unit.execute(SETTING.delete().where(SETTING.c.key == key))
        else:
            statement = insert(SETTING).values(key=key, value=dumped)
            unit.execute(statement.on_conflict_do_update(index_elements=["key"], set_={"value": dumped}))
    unit.execute(META.update().values(meta_version=META.c.meta_version + 1))
    row = {
        "entity": SETTINGS,
        "record": 0,
        "verb": "update",
        "at": clock.now(),
        "by": actor.user_id,
        "door": actor.door,
    }
    unit.execute(HISTORY.insert().values({**row, "changes": changes}))
    queue_refill(unit, list(changed))
    for told in settings_changed:
        told(unit, list(changed))


def past_of_settings(unit: Unit, limit: int = 50) -> Sequence[Any]:
    """What was done to settings, newest first: rows with ``at``, ``by``, ``changes`` {key: [before, after]}."""
    chosen = sa.select(HISTORY.c.id, HISTORY.c.at, HISTORY.c.by, HISTORY.c.changes)
    return unit.execute(chosen.where(HISTORY.c.entity == SETTINGS).order_by(HISTORY.c.id.desc()).limit(limit)).all()
