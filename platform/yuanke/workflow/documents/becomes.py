"""One document makes the next: what it would be, and making it.

The one rule: a draft saves nothing; making one is a save through the door by whoever asked, with the link back set, and
``do`` on the source in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from yuanke.access.grants import grant
from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import RecordNotFound, Refused
from yuanke.kernel.text import Label, label_of_key, message
from yuanke.metadata.registry import Entity
from yuanke.records import Record, Records, Typed
from yuanke.records.environment import StoredValues
from yuanke.records.fetch import ids_within
from yuanke.storage import Unit
from yuanke.storage.sqlscope import live, not_void
from yuanke.workflow.documents.rows import blocks_of, dealt, link_back, made_rows
from yuanke.workflow.each import turns
from yuanke.workflow.locks import lock_records
from yuanke.workflow.names import ActNames
from yuanke.workflow.steps.kinds import StepRun, entering_document
from yuanke.workflow.steps.running import run_steps
from yuanke.workflow.values import copied, values_of


@dataclass
class Draft:
    """A document that could be made: ``values`` for the door, rows among them."""

    entity: Entity
    values: Typed
    rows: dict[str, int] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        """Rows were asked for and there are none: no such document."""
        return bool(self.rows) and not any(self.rows.values())


@dataclass(frozen=True)
class Next:
    """A document that a record may become."""

    key: str
    label: Label
    entity: Entity


def declared(entity: Entity) -> Mapping[str, Mapping[str, Any]]:
    return entity.more.get("becomes") or {}


def offered(unit: Unit, actor: Actor, entity: Entity, record_id: int) -> list[Next]:
    """What the actor may make of this record now: he may create the target, and its condition holds."""
    if not declared(entity):
        return []
    names = ActNames(unit, actor, entity, record_id)
    if names.record is None or not ids_within(unit, actor, entity, "read", [record_id]):
        return []
    found = []
    for key, said in declared(entity).items():
        target = _target(unit, key, said)
        if grant(unit, actor, target, "create").allowed and _holds(names, said) and not _once_done(names, said, target):
            found.append(Next(key, _label(entity, key, said, target), target))
    return found


def _label(entity: Entity, key: str, said: Mapping[str, Any], target: Entity) -> Label:
    known = entity.act_labels.get(f"becomes.{key}")
    if known is not None:
        return known
    return Label(str(said["label"]), label_of_key(key)) if said.get("label") else target.label


def _target(unit: Unit, key: str, said: Mapping[str, Any]) -> Entity:
    return unit.registry.entities[str(said.get("entity") or key)]


def _holds(names: ActNames, said: Mapping[str, Any]) -> bool:
    return said.get("when") is None or names.holds(str(said["when"]))


def _once_done(names: ActNames, said: Mapping[str, Any], target: Entity) -> bool:
    """``once``: a living document that was made of this record stands already."""
    once = said.get("once")
    if not once or (isinstance(once, str) and not names.holds(once)):
        return False
    back = link_back(target, names.entity)
    if back is None:
        return False
    unit, table = names.unit, names.unit.tables[target.key]
    conditions = [live(target, table), table.c[back.key] == names.id, *not_void(target, table)]
    return unit.execute(sa.select(table.c.id).where(*conditions).limit(1)).scalar() is not None


def drafts(unit: Unit, actor: Actor, entity_key: str, record_id: int, key: str) -> list[Draft]:
    """What the record would become, nothing saved. Raises RecordNotFound, Refused when it may not be now, or nothing is left."""
    entity, said = _said(unit, actor, entity_key, record_id, key)
    return _drafts(ActNames(unit, actor, entity, record_id), key, said)


def _said(unit: Unit, actor: Actor, entity_key: str, record_id: int, key: str) -> tuple[Entity, Mapping[str, Any]]:
    """The entity and what it declares under ``key``, when the actor sees this record of it."""
    entity = Records(unit, actor).entity(entity_key)
    said = declared(entity).get(key)
    if said is None or not ids_within(unit, actor, entity, "read", [record_id]):
        raise RecordNotFound()
    return entity, said


def _drafts(names: ActNames, key: str, said: Mapping[str, Any]) -> list[Draft]:
    entity, target = names.entity, _target(names.unit, key, said)
    if not _holds(names, said):
        raise Refused(message("现在不能从这条{entity}生成{target}", entity=entity.label, target=target.label))
    if _once_done(names, said, target):
        raise Refused(message("这条{entity}已经生成过{target}", entity=entity.label, target=target.label))
    found = [draft for draft in _all(names, said, target) if not draft.empty]
    if not found:
        raise Refused(message("这条{entity}没有可以生成{target}的内容了", entity=entity.label, target=target.label))
    return found


def _all(names: ActNames, said: Mapping[str, Any], target: Entity) -> Iterator[Draft]:
    if said.get("by") is not None:
        yield from _by_value(names, said, target)
    elif said.get("each") is not None:
        yield from _each(names, said, target)
    else:
        yield _draft(names, said, target)


def _each(names: ActNames, said: Mapping[str, Any], target: Entity) -> Iterator[Draft]:
    """A document for each row."""
    walked = list(turns(names, said))
    for turn, given in zip(walked, dealt(walked, said.get("values") or {}, target), strict=True):
        draft = Draft(target, given.over(_head(turn, target)))
        _add_rows(turn, said, draft)
        yield draft


def _draft(names: ActNames, said: Mapping[str, Any], target: Entity) -> Draft:
    draft = Draft(target, values_of(target, said.get("values") or {}, names).over(_head(names, target)))
    _add_rows(names, said, draft)
    return draft


def _head(names: ActNames, target: Entity) -> Typed:
    """Equal fields of the record, without its rows, and the one link back."""
    record = names.record
    assert record is not None
    made = copied(record, target)
    for key in [k for k in made if target.fields[k].rows]:
        del made[key]
    back = link_back(target, names.entity)
    if back is not None:
        made[back.key] = record.get("id")
        made.typed = {*made.typed, back.key}
    return made


def _add_rows(names: ActNames, said: Mapping[str, Any], draft: Draft) -> None:
    asked = said.get("rows")
    if asked is None:
        asked = {} if said.get("each") is not None else _rows_alike(names.entity, draft.entity)
    for name, body in asked.items():
        rows = names.unit.registry.entities[draft.entity.fields[name].rows or ""]
        made = [row for block in blocks_of(_narrowed(body, said), name) for row in made_rows(names, block, rows)]
        draft.values[name] = made
        draft.rows[name] = len(made)


def _rows_alike(entity: Entity, target: Entity) -> dict[str, Any]:
    """Rows of the same name in both documents are taken over whole."""
    return {k: {} for k, f in target.fields.items() if f.rows and (own := entity.fields.get(k)) and own.rows}


def _narrowed(body: Any, said: Mapping[str, Any]) -> Mapping[str, Any]:
    """``where`` beside ``by`` holds for the rows of every document."""
    made = dict(body or {})
    wheres = [str(one) for one in (made.get("where"), said.get("where"), said.get("@by")) if one is not None]
    if wheres and said.get("by") is not None:
        made["where"] = " and ".join(f"({one})" for one in wheres)
    return made


def _by_value(names: ActNames, said: Mapping[str, Any], target: Entity) -> Iterator[Draft]:
    """A document for each value of ``by`` among the rows; its own link to that value is set."""
    rows = said.get("rows") or _rows_alike(names.entity, target)
    source = str(said["by"])
    values: dict[Any, StoredValues | Any] = {}
    for name, body in rows.items():
        for block in blocks_of(_narrowed(body, said), name):
            for turn in turns(names, block):
                value = turn.value(source)
                values.setdefault(value.get("id") if isinstance(value, StoredValues) else value, value)
    for identity, value in values.items():
        if identity is None:
            continue
        asked = f"{source} == asked.by" if not isinstance(value, StoredValues) else f"{source}.id == asked.by"
        inner = names.with_own()
        inner.asked = {**names.asked, "by": identity}
        draft = _draft(inner, {**said, "@by": asked}, target)
        link = link_back(target, value.entity) if isinstance(value, StoredValues) else None
        if link is not None and link.key not in (said.get("values") or {}):
            draft.values[link.key] = identity
            draft.values.typed = {*draft.values.typed, link.key}
        yield draft


def make(
    unit: Unit, actor: Actor, entity_key: str, record_id: int, key: str, more: Mapping[str, Any] | None = None
) -> list[Record]:
    """Make the documents and save them, ``more`` laid over what each takes from the record. All in the open transaction."""
    entity, said = _said(unit, actor, entity_key, record_id, key)
    lock_records(unit, [(entity.key, record_id)])
    door, made = Records(unit, actor), []
    with entering_document(unit, entity, record_id, key):
        for draft in _drafts(ActNames(unit, actor, entity, record_id), key, said):
            made.append(door.create(draft.entity.key, Typed(more or {}).over(draft.values)))
        finish(unit, actor, entity, record_id, key)
    return made


def follow(unit: Unit, actor: Actor, made: Entity, entity_key: str, record_id: int, key: str) -> None:
    """A form that began as this document was saved: what the source does then. Raises RecordNotFound when the actor does
    not see the source, or it does not become a record of ``made``."""
    entity, said = _said(unit, actor, entity_key, record_id, key)
    if _target(unit, key, said) is not made:
        raise RecordNotFound()
    finish(unit, actor, entity, record_id, key)


def finish(unit: Unit, actor: Actor, entity: Entity, record_id: int, key: str) -> None:
    """Steps of the source once its documents stand."""
    said = declared(entity)[key]
    steps = said.get("do") or ()
    if steps:
        names = ActNames(unit, actor, entity, record_id)
        names.refresh()
        run_steps(steps, names, StepRun(unit, actor, entity, record_id, f"becomes.{key}"))
