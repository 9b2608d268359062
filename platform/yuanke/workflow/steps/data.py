"""Steps that change data: set, create, update, delete, repoint.

The one rule: every one of them is a save through the door, by the engine, in the open transaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from yuanke.access.grants import engine_of
from yuanke.kernel.errors import Refused
from yuanke.kernel.text import message
from yuanke.metadata.registry import Entity
from yuanke.records import Records, Typed
from yuanke.records.environment import StoredValues, forget, stored
from yuanke.storage.sqlscope import live
from yuanke.workflow.each import row_names, turns
from yuanke.workflow.names import ActNames, evaluate
from yuanke.workflow.steps.kinds import Body, StepRun, step
from yuanke.workflow.values import copied, values_of
from yuanke.workflow.writing import write


@step("set")
def set_values(body: Body, names: ActNames, run: StepRun) -> Any:
    """Gives fields of this record values."""
    write(run.unit, run.actor, run.entity, run.record_id, values_of(run.entity, body, names), run.act)
    run.tell("set", {"entity": run.entity.key, "id": run.record_id, "fields": list(body)})
    names.refresh()
    return names.record


@step("create")
def create(body: Body, names: ActNames, run: StepRun) -> Any:
    """Makes a record, or uses the one that ``instead`` gives, or updates the one that ``match`` finds."""
    entity = run.unit.registry.entities[body["entity"]]
    instead = evaluate(names, body["instead"]) if body.get("instead") else None
    if isinstance(instead, StoredValues):
        return instead
    values = _made_of(body, entity, names)
    match = values_of(entity, body.get("match") or {}, names)
    found = _matching(entity, match, run) if match else None
    record_id = write(run.unit, run.actor, entity, found, values.over(match), run.act if found else None)
    run.tell("update" if found else "create", {"entity": entity.key, "id": record_id})
    forget(run.unit, entity, [record_id])
    return stored(run.unit, entity, record_id)


def _made_of(body: Body, entity: Entity, names: ActNames) -> Typed:
    source = evaluate(names, body["copy"]) if body.get("copy") else None
    values = copied(source, entity) if isinstance(source, StoredValues) else Typed()
    return values_of(entity, body.get("values") or {}, names).over(values)


def _matching(entity: Entity, match: Mapping[str, Any], run: StepRun) -> int | None:
    table = run.unit.tables[entity.key]
    conditions = [_equal(table.c[key], value) for key, value in match.items()]
    statement = sa.select(table.c.id).where(live(entity, table), *conditions).order_by(table.c.id).limit(1)
    return run.unit.execute(statement).scalar()


def _equal(column: Any, value: Any) -> Any:
    return column.is_(None) if value is None else column == value


@step("update")
def update(body: Body, names: ActNames, run: StepRun) -> Any:
    """Changes other records: those ``target`` gives, or the rows of ``each``."""
    for record, turn in _targets(body, names):
        values = values_of(record.entity, body["values"], turn)
        if record.entity.parent is not None:
            _update_row(record, values, run)
        else:
            write(run.unit, run.actor, record.entity, record.get("id"), values, run.act)
        run.tell("update", {"entity": record.entity.key, "id": record.get("id"), "fields": list(values)})
        forget(run.unit, record.entity, [record.get("id")])
    names.refresh()
    return None


def _update_row(record: StoredValues, values: Typed, run: StepRun) -> None:
    """An owned row is changed as a part of the record that carries it."""
    parent_key, field = record.entity.parent or ("", "")
    parent = run.unit.registry.entities[parent_key]
    owner = record.row[record.entity.parent_link or "parent"]
    item = Typed({"id": record.get("id"), **values})
    item.typed = values.typed
    write(run.unit, run.actor, parent, owner, Typed({field: [item]}), run.act)
    forget(run.unit, parent, [owner])


def _targets(body: Body, names: ActNames) -> Iterator[tuple[StoredValues, ActNames]]:
    """The records a step is about, each with the names its values are evaluated under."""
    if body.get("each") is not None:
        for turn in turns(names, body):
            if isinstance(turn.own["row"], StoredValues):
                yield turn.own["row"], turn
        return
    for record in _records(names.record if body.get("target") is None else names.value(str(body["target"]))):
        turn = row_names(names, record, "target")
        if body.get("where") is None or turn.holds(str(body["where"])):
            yield record, names


def _records(value: Any) -> list[StoredValues]:
    found = list(value) if isinstance(value, (list, tuple)) else [value]
    return [one for one in found if isinstance(one, StoredValues)]


@step("delete")
def delete(body: Body, names: ActNames, run: StepRun) -> Any:
    """Puts records into the bin."""
    for record in _records(names.value(str(body["target"]))):
        door = Records(run.unit, engine_of(run.actor))
        door.delete(record.entity.key, record.get("id"))
        forget(run.unit, record.entity, [record.get("id")])
        run.tell("delete", {"entity": record.entity.key, "id": record.get("id")})
    names.refresh()
    return None


@step("repoint")
def repoint(body: Body, names: ActNames, run: StepRun) -> Any:
    """Links of the entities ``of`` that lead to one record lead to another one afterwards."""
    source, target = names.value(str(body["from"])), names.value(str(body["to"]))
    if not isinstance(source, StoredValues) or not isinstance(target, StoredValues):
        raise Refused(message("没有可以改指的记录"))
    for key in body.get("of") or ():
        entity = run.unit.registry.entities.get(key)
        if entity is not None:
            _repoint(entity, source, target, run)
        elif key in HANGING:
            _rehang(HANGING[key], source, target, run)
    return None


#: features whose records hang on others by entity and number
HANGING = {"files": "attachment", "comments": "comment", "share": "record_share"}


def _repoint(entity: Entity, source: StoredValues, target: StoredValues, run: StepRun) -> None:
    """A link to the same kind moves; where a record of another kind takes over, the entity's own link to that kind is
    filled beside the old one."""
    table = run.unit.tables[entity.key]
    leading = [f for f in entity.live_fields() if f.targets == (source.entity.key,) and not f.pairs]
    beside = next((f for f in entity.live_fields() if f.targets == (target.entity.key,) and not f.pairs), None)
    for field in leading:
        filled = field if source.entity is target.entity else beside
        if filled is None:
            continue
        chosen = sa.select(table.c.id).where(live(entity, table), table.c[field.key] == source.get("id"))
        for (record_id,) in run.unit.execute(chosen).all():
            write(run.unit, run.actor, entity, record_id, Typed({filled.key: target.get("id")}), run.act)


def _rehang(key: str, source: StoredValues, target: StoredValues, run: StepRun) -> None:
    if key not in run.unit.registry.entities:
        return
    table = run.unit.tables[key]
    here = sa.and_(table.c.entity == source.entity.key, table.c.record == source.get("id"))
    run.unit.execute(table.update().where(here).values(entity=target.entity.key, record=target.get("id")))
