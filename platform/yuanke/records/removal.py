"""To the recycle bin and back. Deleting is refused while others refer to the record; nothing is ever dropped here.

The one rule: what refers to a live record keeps it alive, unless the link says ``on_delete: empty`` or ``cascade``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from yuanke.access.grants import grant
from yuanke.kernel import clock
from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import AccessDenied, RecordNotFound, Refused, VersionConflict
from yuanke.kernel.hooks import hooks
from yuanke.kernel.text import Message, message
from yuanke.metadata.registry import Entity, Field
from yuanke.records import rules
from yuanke.records.chosen import refusal
from yuanke.records.environment import forget
from yuanke.records.fetch import fetch_for_update
from yuanke.records.index import remove_index, write_index
from yuanke.records.rollups import move_rollups
from yuanke.records.save import Save
from yuanke.records.trail import write_history
from yuanke.storage import Unit
from yuanke.storage.sqlscope import live

DEEPEST = 8
MOST_NAMED = 5


def delete(unit: Unit, actor: Actor, entity: Entity, record_id: int, version: int | None = None) -> Save:
    """Move one record with its owned rows to the bin. Raises Refused with what refers to it, or the rule that says no."""
    save = _begin(unit, actor, entity, record_id, "delete", binned=False)
    if version is not None and save.old is not None and save.old.get("version") != version:
        raise VersionConflict(save.old["version"])
    refused = refusal(unit, actor, entity, save.old or {}, "delete")
    if refused is not None:
        raise refused
    _bin(save, clock.now(), 0)
    return save


def restore(unit: Unit, actor: Actor, entity: Entity, record_id: int) -> Save:
    """Bring one record back with the rows that went with it; a unique value taken meanwhile is a 409."""
    save = _begin(unit, actor, entity, record_id, "restore", binned=True)
    at = save.old["deleted_at"] if save.old else None
    save.values.update({"deleted_at": None, "version": (save.old or {}).get("version", 1) + 1})
    _refuse_collisions(save)
    _mark(unit, entity, [record_id], {"deleted_at": None, "version": save.values["version"]})
    for rows in _row_entities(unit, entity):
        table = unit.tables[rows.key]
        link = table.c[rows.parent_link or "parent"]
        unit.execute(table.update().where(link == record_id, table.c.deleted_at == at).values(deleted_at=None))
    move_rollups(unit, actor, [save])
    write_history(unit, actor, entity, [(record_id, "restore", {})])
    write_index(unit, entity, [(record_id, save.record)], fresh=True)
    hooks().hook.after_save(save=save)
    return save


def _begin(unit: Unit, actor: Actor, entity: Entity, record_id: int, verb: str, binned: bool) -> Save:
    if "deleted_at" not in entity.fields:
        raise RecordNotFound()
    row = fetch_for_update(unit, actor, entity, [record_id], verb, binned).get(record_id)
    if row is None:
        raise RecordNotFound()
    given = grant(unit, actor, entity, verb)
    if not given.allowed or row.get("@unwritable"):
        raise AccessDenied(
            given.reason if not given.allowed else message("你可以查看但不能删除这条{entity}", entity=entity.label)
        )
    save = Save(unit, actor, entity, verb, record_id, row)
    hooks().hook.before_save(save=save)
    return save


def put_away(save: Save, at: Any) -> None:
    """Into the bin at the instant ``at``, its rights asked by whoever calls; ``save.act`` is what the history calls it."""
    _bin(save, at, 0)


def _bin(save: Save, at: Any, depth: int) -> None:
    unit, entity, record_id = save.unit, save.entity, save.id or 0
    if depth > DEEPEST:
        raise Refused(message("删除会牵连超过 {deepest} 层记录", deepest=DEEPEST))
    _let_go(save, at, depth)
    save.values["deleted_at"] = at
    _mark(unit, entity, [record_id], {"deleted_at": at, "version": (save.old or {}).get("version", 1) + 1})
    gone = [save, *_bin_rows(save, at)]
    move_rollups(unit, save.actor, gone)
    write_history(unit, save.actor, entity, [(record_id, save.act or "delete", {})])
    remove_index(unit, entity, [record_id])
    hooks().hook.after_save(save=save)


def _bin_rows(save: Save, at: Any) -> list[Save]:
    unit, found = save.unit, []
    for entity in _row_entities(unit, save.entity):
        table = unit.tables[entity.key]
        link = table.c[entity.parent_link or "parent"]
        rows = unit.execute(sa.select(table).where(link == save.id, live(entity, table))).mappings().all()
        if not rows:
            continue
        refuse_referred(unit, entity, [row["id"] for row in rows])
        unit.execute(table.update().where(link == save.id, live(entity, table)).values(deleted_at=at))
        found += [Save(unit, save.actor, entity, "delete", row["id"], dict(row), parent=save) for row in rows]
    return found


def _row_entities(unit: Unit, entity: Entity) -> list[Entity]:
    return [unit.registry.entities[field.rows] for field in entity.fields.values() if field.rows]


def _mark(unit: Unit, entity: Entity, ids: Sequence[int], values: dict[str, Any]) -> None:
    table = unit.tables[entity.key]
    unit.execute(table.update().where(table.c.id.in_(ids)).values({k: v for k, v in values.items() if k in table.c}))
    forget(unit, entity, ids)


def _let_go(save: Save, at: Any, depth: int) -> None:
    """Referrers first: refuse, empty or follow, as their link says."""
    unit, entity = save.unit, save.entity
    refuse_referred(unit, entity, [save.id or 0])
    for referrer, field in referring(unit, entity):
        table = unit.tables[referrer.key]
        if field.on_delete == "empty":
            unit.execute(table.update().where(table.c[field.key] == save.id).values({field.key: None}))
        elif field.on_delete == "cascade" and referrer.kind == "record":
            rows = (
                unit.execute(sa.select(table).where(table.c[field.key] == save.id, live(referrer, table)))
                .mappings()
                .all()
            )
            for row in rows:
                _bin(Save(unit, save.actor, referrer, "delete", row["id"], dict(row)), at, depth + 1)


def referring(unit: Unit, entity: Entity) -> list[tuple[Entity, Field]]:
    """(entity, link field) of every link that leads to ``entity`` alone."""
    found = []
    for other in unit.registry.entities.values():
        for field in other.fields.values():
            kept = field.has_column and not field.pairs and field.source != "system" and field.key != other.parent_link
            if kept and field.targets == (entity.key,):
                found.append((other, field))
    return found


def refuse_referred(unit: Unit, entity: Entity, ids: Sequence[int]) -> None:
    """Raises Refused naming up to five kinds of live records that refer to one of ``ids`` and would be left without it."""
    holding: list[dict[str, Any]] = []
    named: list[Message] = []
    for referrer, field in referring(unit, entity):
        if field.on_delete != "refuse":
            continue
        table = unit.tables[referrer.key]
        counted = (
            sa.select(sa.func.count()).select_from(table).where(table.c[field.key].in_(ids), live(referrer, table))
        )
        count = unit.execute(counted).scalar_one()
        if count:
            holding.append({"entity": referrer.key, "field": field.key, "label": str(referrer.label), "count": count})
            named.append(message("{entity} {count} 条", entity=referrer.label, count=count))
    if holding:
        said = message("还有 {named} 引用这条{entity}，不能删除", named=named[:MOST_NAMED], entity=entity.label)
        raise Refused(said, referrers=holding)


def _refuse_collisions(save: Save) -> None:
    taken = Save(
        save.unit,
        save.actor,
        save.entity,
        "restore",
        save.id,
        None,
        {k: v for k, v in (save.old or {}).items() if k[0] != "@"},
    )
    rules.check_unique([taken])
    if taken.errors:
        said = next(iter(taken.errors.values()))[0]
        raise Refused(message("不能恢复：{fault}", fault=said))
