"""``duplicates(firm, name=name, mobile=mobile)`` in expressions: what the rules of an entity find for these values.

The one rule: whoever saves finds only what he may see; a rule that names a field of another kind of record leads to the
record that this one hangs on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from yuanke.kernel.actor import Actor
from yuanke.metadata.registry import DuplicateRule, Entity
from yuanke.records.duplicates.finding import ids_alike
from yuanke.records.environment import StoredValues, calls, prefetch, stored
from yuanke.records.fetch import ids_within
from yuanke.records.merging.same import link_to
from yuanke.storage import Unit


def duplicates(unit: Unit, actor: Actor | None, key: str, **values: Any) -> list[StoredValues]:
    """Live records of the entity ``key``, newest first within each rule; a value that is empty compares nothing."""
    entity = unit.registry.entities[key]
    given = {name: _plain(value) for name, value in values.items() if value is not None and value != ""}
    ids = list(dict.fromkeys(one for rule in entity.duplicates for one in _of_rule(unit, entity, rule, given)))
    if actor is not None and not actor.engine:
        seen = ids_within(unit, actor, entity, "read", ids)
        ids = [one for one in ids if one in seen]
    prefetch(unit, entity, set(ids))
    return [one for record in ids if (one := stored(unit, entity, record)) is not None]


def _plain(value: Any) -> Any:
    return value.get("id") if isinstance(value, Mapping) else value


def _of_rule(unit: Unit, entity: Entity, rule: DuplicateRule, given: Mapping[str, Any]) -> list[int]:
    if rule.match and all(name in given for name in rule.match):
        found = ids_alike(unit, entity, {name: given[name] for name in rule.match})
    else:
        found = []
    for key, name in rule.also if len(rule.match) == 1 else ():
        value = given.get(rule.match[0], given.get(name))
        if value is None:
            continue
        if rule.match[0] not in given:
            found += ids_alike(unit, entity, {rule.match[0]: value})
        found += _holders(unit, entity, key, ids_alike(unit, unit.registry.entities[key], {name: value}))
    return found


def _holders(unit: Unit, entity: Entity, key: str, ids: list[int]) -> list[int]:
    """Records of ``entity`` on which those of another kind hang."""
    other = unit.registry.entities[key]
    link = link_to(other, entity)
    if key == entity.key or link is None or not ids:
        return ids if key == entity.key else []
    table = unit.tables[key]
    held = sa.select(table.c[link.key]).where(table.c.id.in_(ids), table.c[link.key].is_not(None))
    return list(dict.fromkeys(unit.execute(held.order_by(table.c.id.desc())).scalars()))


calls["duplicates"] = duplicates
