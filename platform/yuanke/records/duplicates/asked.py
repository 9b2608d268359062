"""What somebody is typing, read for finding duplicates: fields of the rules alone, as far as they can be read yet.

The one rule: this is no check of input; what cannot be read compares nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yuanke.access.grants import grant
from yuanke.fieldtypes import ValueFault
from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import AccessDenied, RecordNotFound
from yuanke.kernel.text import message
from yuanke.metadata.registry import Entity
from yuanke.records.duplicates.finding import Match, matches
from yuanke.records.intake import typed_value
from yuanke.storage import Unit


def compared_fields(entity: Entity) -> tuple[str, ...]:
    """Fields that a rule of the entity compares with those of other records."""
    return tuple(dict.fromkeys(name for rule in entity.duplicates for name in rule.match))


def asked_matches(
    unit: Unit, actor: Actor, entity: Entity, raw: Mapping[str, Any], record_id: int | None = None
) -> list[Match]:
    """`matches` of JSON-like values, for whoever may make or change such records. Raises RecordNotFound, AccessDenied."""
    if not entity.duplicates:
        raise RecordNotFound(message("{entity}没有查重规则", entity=entity.label))
    given = grant(unit, actor, entity, "create" if record_id is None else "update")
    reading = grant(unit, actor, entity, "read")
    if not given.allowed:
        raise AccessDenied(given.reason)
    values = {}
    for name in compared_fields(entity):
        if name not in raw or name not in given.readable | reading.readable:
            continue
        try:
            values[name] = typed_value(entity.fields[name], raw[name], unit.place)
        except ValueFault:
            continue
    return matches(unit, actor, entity, values, record_id)
