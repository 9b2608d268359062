"""Records that seem to be the same thing as one that is being written.

The one rule: whoever may not see the other record learns that there is one, and nothing of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from yuanke.kernel.actor import Actor
from yuanke.metadata.registry import DuplicateRule, Entity, Field
from yuanke.records.carried import titles_of
from yuanke.records.duplicates.forms import form_of
from yuanke.records.duplicates.kept import NORMAL, normal_fields
from yuanke.storage import Unit
from yuanke.storage.sqlscope import live

MOST = 10


@dataclass(frozen=True)
class Match:
    """Another record, and the fields in which it is the same. ``id`` and ``title`` are None where it is not for this reader."""

    entity: Entity
    fields: tuple[Field, ...]
    id: int | None = None
    title: str | None = None
    refuses: bool = False

    @property
    def hidden(self) -> bool:
        return self.id is None


def matches(
    unit: Unit, actor: Actor, entity: Entity, values: Mapping[str, Any], record_id: int | None = None
) -> list[Match]:
    """Live records that a rule of ``entity`` calls the same as typed ``values``, but ``record_id`` itself; each once."""
    found: dict[tuple[str, int], tuple[DuplicateRule, Entity]] = {}
    for rule in entity.duplicates:
        for other, ids in _of_rule(unit, entity, rule, values):
            for one in ids:
                if (other.key, one) != (entity.key, record_id):
                    found.setdefault((other.key, one), (rule, other))
    titles = {
        key: titles_of(unit, actor, unit.registry.entities[key], {i for k, i in found if k == key})
        for key in {key for key, _ in found}
    }
    told = []
    for (key, one), (rule, other) in found.items():
        fields = tuple(entity.fields[name] for name in rule.match)
        title = titles[key].get(one)
        told.append(Match(other, fields, None if title is None else one, title, rule.refuse))
    seen = [match for match in told if not match.hidden]
    return [*seen, *list(dict.fromkeys(match for match in told if match.hidden))][:MOST]


def _of_rule(
    unit: Unit, entity: Entity, rule: DuplicateRule, values: Mapping[str, Any]
) -> Iterable[tuple[Entity, list[int]]]:
    if rule.match and all(not _empty(values.get(name)) for name in rule.match):
        yield entity, ids_alike(unit, entity, {name: values[name] for name in rule.match})
    for key, name in rule.also:
        value = values.get(rule.match[0]) if rule.match else None
        other = unit.registry.entities.get(key)
        if other is not None and not _empty(value):
            yield other, ids_alike(unit, other, {name: value})


def _empty(value: Any) -> bool:
    return value is None or value == "" or value == []


def ids_alike(unit: Unit, entity: Entity, values: Mapping[str, Any], most: int = MOST * 5) -> list[int]:
    """Live records whose fields have the same normal forms as ``values`` (links and the like: are equal), newest first."""
    table = unit.tables[entity.key]
    statement = sa.select(table.c.id).where(live(entity, table))
    for name, value in values.items():
        one = entity.fields[name]
        if one.targets:
            statement = statement.where(table.c[name] == getattr(value, "id", value))
            continue
        form = form_of(one, value, unit.place)
        if not form:
            return []
        kept = NORMAL.alias()
        same = sa.select(kept.c.record).where(kept.c.entity == entity.key, kept.c.field == name, kept.c.form == form)
        statement = statement.where(table.c.id.in_(same))
    return list(unit.execute(statement.order_by(table.c.id.desc()).limit(most)).scalars())


def ids_by_forms(
    unit: Unit, entity: Entity, names: Sequence[str], keys: Iterable[tuple[Any, ...]]
) -> dict[tuple[str, ...], list[int]]:
    """Forms of ``names`` -> live records that have them, in one query; one of ``names`` has its forms kept."""
    wanted = {forms_of(unit, entity, names, key) for key in keys}
    first = next(name for name in names if name in normal_fields(unit.registry, entity))
    if not wanted:
        return {}
    table, kept = unit.tables[entity.key], NORMAL.alias()
    at = names.index(first)
    near = sa.select(kept.c.record).where(
        kept.c.entity == entity.key, kept.c.field == first, kept.c.form.in_({forms[at] for forms in wanted})
    )
    rows = unit.execute(
        sa.select(table.c.id, *(table.c[name] for name in names)).where(live(entity, table), table.c.id.in_(near))
    )
    found: dict[tuple[str, ...], list[int]] = {}
    for record_id, *values in rows:
        forms = forms_of(unit, entity, names, tuple(values))
        if forms in wanted:
            found.setdefault(forms, []).append(record_id)
    return found


def ids_by_values(
    unit: Unit, entity: Entity, names: Sequence[str], keys: Iterable[tuple[Any, ...]]
) -> dict[tuple[Any, ...], list[int]]:
    """The same for fields that are compared as they stand."""
    wanted = set(keys)
    table = unit.tables[entity.key]
    near = [table.c[name].in_({key[at] for key in wanted}) for at, name in enumerate(names)]
    found: dict[tuple[Any, ...], list[int]] = {}
    columns = [table.c[name] for name in names]
    for record_id, *values in unit.execute(sa.select(table.c.id, *columns).where(live(entity, table), *near)):
        if tuple(values) in wanted:
            found.setdefault(tuple(values), []).append(record_id)
    return found


def forms_of(unit: Unit, entity: Entity, names: Sequence[str], values: Sequence[Any]) -> tuple[str, ...]:
    return tuple(form_of(entity.fields[name], value, unit.place) for name, value in zip(names, values, strict=True))
