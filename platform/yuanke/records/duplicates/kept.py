"""Normal forms kept beside the records, written in the transaction that writes the record and found by an index.

The one rule: only what stands has forms; what goes into the bin loses them and gets them back with its return.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from yuanke.metadata.registry import Entity, Field, Registry
from yuanke.records.duplicates.forms import LONGEST, form_of, kind_of
from yuanke.storage import Unit
from yuanke.storage.prepared import constant, inserts, open_value
from yuanke.storage.system import key, own_table
from yuanke.storage.tables import identity

NORMAL = own_table(
    "normal",
    key(),
    sa.Column("entity", sa.String(63), nullable=False),
    sa.Column("record", identity(), nullable=False),
    sa.Column("field", sa.String(63), nullable=False),
    sa.Column("form", sa.String(LONGEST), nullable=False),
    sa.Index("ix_yk_normal_form", "entity", "field", "form"),
    sa.Index("ix_yk_normal_record", "entity", "record"),
)
COLUMNS = ("entity", "record", "field", "form")
_kept: WeakKeyDictionary[Registry, dict[str, dict[str, Field]]] = WeakKeyDictionary()


def normal_fields(registry: Registry, entity: Entity) -> Mapping[str, Field]:
    """Fields whose forms are kept: those that say ``normal:``, and those that a rule of this or another entity compares."""
    known = _kept.get(registry)
    if known is None:
        known = _kept[registry] = _all(registry)
    return known.get(entity.key, {})


def _all(registry: Registry) -> dict[str, dict[str, Field]]:
    named = {
        (entity.key, name)
        for entity in registry.entities.values()
        for name, one in entity.fields.items()
        if "normal" in one.more
    }
    for entity in registry.entities.values():
        for rule in entity.duplicates:
            named |= {(entity.key, name) for name in (*rule.match, *((rule.similar,) if rule.similar else ()))}
            named |= set(rule.also)
    found: dict[str, dict[str, Field]] = {}
    for of, name in sorted(named):
        one = registry.entities[of].fields.get(name) if of in registry.entities else None
        if one is not None and one.has_column and not one.retired and not one.multiple and not one.targets:
            found.setdefault(of, {})[name] = one
    return found


def shape_of(registry: Registry, entity: Entity) -> dict[str, str]:
    """Field -> kind of its form: when it moves, the forms of the entity are written anew."""
    return {name: kind_of(one) for name, one in normal_fields(registry, entity).items()}


def write_forms(unit: Unit, entity: Entity, records: Sequence[tuple[int, Mapping[str, Any]]]) -> None:
    """The forms of whole records of which none has any yet."""
    fields = normal_fields(unit.registry, entity)
    if not fields or not records:
        return
    rows = [
        {"entity": entity.key, "record": record_id, "field": name, "form": form}
        for record_id, values in records
        for name, one in fields.items()
        if (form := form_of(one, values.get(name), unit.place))
    ]
    constant(unit, "normal", lambda: inserts(unit, NORMAL, COLUMNS)).run_many(unit, rows)


def remove_forms(unit: Unit, entity: Entity, ids: Iterable[int]) -> None:
    if not normal_fields(unit.registry, entity):
        return
    wanted = list(ids)
    if len(wanted) == 1:
        which = sa.and_(
            NORMAL.c.entity == open_value("entity", NORMAL.c.entity.type),
            NORMAL.c.record == open_value("record", identity()),
        )
        constant(unit, "unnormal", lambda: NORMAL.delete().where(which)).run(unit, entity=entity.key, record=wanted[0])
        return
    unit.execute(NORMAL.delete().where(NORMAL.c.entity == entity.key, NORMAL.c.record.in_(wanted)))
