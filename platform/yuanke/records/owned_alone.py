"""Owned rows addressed by themselves: what is done to one is done to its document, which computes and remembers it.

The one rule: there is no save of a row without its record, so totals, version, history and rights are the record's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from yuanke.access.grants import grant
from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import RecordNotFound, Refusal, ValidationFailed
from yuanke.kernel.text import message
from yuanke.metadata.registry import Entity
from yuanke.records.fetch import fetch_for_update
from yuanke.records.keys import ids_by_key
from yuanke.records.reading import get_record
from yuanke.records.saving import save_all
from yuanke.records.values import Batch, LinkValue, Outcome, Record
from yuanke.storage import Unit

Get = Callable[[str, int], Record]


def create(unit: Unit, actor: Actor, entity: Entity, values: Mapping[str, Any], get: Get) -> Record:
    """A new row of the record that its link to the owner names (``{"order": 5, ...}``)."""
    owner, field, link = _owner(unit, entity)
    owner_id = _owner_id(unit, actor, owner, link, values)
    item = {k: v for k, v in values.items() if k != link}
    save = save_all(unit, actor, owner, [(owner_id, {field: [item]}, None)])[0]
    made = next(row for row in save.rows[field] if row.verb == "create")
    return get(entity.key, made.id or 0)


def update(unit: Unit, actor: Actor, entity: Entity, row_id: int, values: Mapping[str, Any], get: Get) -> Record:
    owner, field, link = _owner(unit, entity)
    owner_id = _standing_owner(unit, actor, entity, row_id, link)
    if link in values and _owner_id(unit, actor, owner, link, values) != owner_id:
        raise ValidationFailed({link: [message("一行明细不能换到另一条记录上")]})
    item = {"id": row_id, **{k: v for k, v in values.items() if k not in (link, "version")}}
    save_all(unit, actor, owner, [(owner_id, {field: [item]}, None)])
    return get(entity.key, row_id)


def remove(unit: Unit, actor: Actor, entity: Entity, row_id: int) -> None:
    owner, field, link = _owner(unit, entity)
    owner_id = _standing_owner(unit, actor, entity, row_id, link)
    save_all(unit, actor, owner, [(owner_id, {field: [{"id": row_id, "deleted": True}]}, None)])


def batch(
    door: Any,
    key: str,
    create: Sequence[Mapping[str, Any]],
    update: Sequence[Mapping[str, Any]],
    delete: Sequence[Any],
    atomic: bool,
) -> Batch:
    """One by one: each is a save of its record."""

    def one_updated(values: Mapping[str, Any]) -> int:
        return int(door.update(key, values["id"], {k: v for k, v in values.items() if k != "id"}).id)

    def one_deleted(row_id: int) -> int:
        door.delete(key, row_id)
        return row_id

    made = [_outcome(at, "created", atomic, partial(_made, door, key, values)) for at, values in enumerate(create)]
    changed = [_outcome(at, "updated", atomic, partial(one_updated, values)) for at, values in enumerate(update)]
    ids = [int(one if isinstance(one, int) else one["id"]) for one in delete]
    gone = [_outcome(at, "deleted", atomic, partial(one_deleted, row_id)) for at, row_id in enumerate(ids)]
    return Batch(made, changed, gone)


def _made(door: Any, key: str, values: Mapping[str, Any]) -> int:
    return int(door.create(key, values).id)


def _outcome(at: int, status: str, atomic: bool, act: Callable[[], int]) -> Outcome:
    try:
        return Outcome(at, status, act())
    except Refusal as refusal:
        if atomic:
            raise
        return Outcome(at, "failed", None, refusal)


def _owner(unit: Unit, entity: Entity) -> tuple[Entity, str, str]:
    if entity.parent is None or entity.parent_link is None:
        raise RecordNotFound()
    return unit.registry.entities[entity.parent[0]], entity.parent[1], entity.parent_link


def _owner_id(unit: Unit, actor: Actor, owner: Entity, link: str, values: Mapping[str, Any]) -> int:
    """The owner by id or unique key; it must be there and visible."""
    given = values.get(link)
    if isinstance(given, LinkValue):
        given = given.id
    if isinstance(given, Mapping):
        given = given.get("id")
    if isinstance(given, str):
        given = (
            int(given) if given.isdigit() and len(given) < 19 else ids_by_key(unit, actor, owner, {given}).get(given)
        )
    if not isinstance(given, int) or isinstance(given, bool):
        raise ValidationFailed({link: [message("要写明属于哪一条{entity}", entity=owner.label)]})
    return given


def _standing_owner(unit: Unit, actor: Actor, entity: Entity, row_id: int, link: str) -> int:
    if not grant(unit, actor, entity, "read").allowed:
        raise RecordNotFound()
    get_record(unit, actor, entity, row_id, fields=())
    row = fetch_for_update(unit, actor, entity, [row_id], "read").get(row_id)
    if row is None:
        raise RecordNotFound()
    return int(row[link])
