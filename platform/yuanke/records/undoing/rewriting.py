"""Values that the engine writes into standing records by itself: links that are re-pointed, owners handed over, what an
undo gives back.

The one rule: version, formulas, roll-ups, index and history move as in a save, but nobody is asked what the record should
be like; only what must be unique stays so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from yuanke.access.grants import engine_of
from yuanke.kernel import clock
from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import Refused
from yuanke.kernel.hooks import hooks
from yuanke.metadata.registry import Entity
from yuanke.records import compute as formulas
from yuanke.records import rules
from yuanke.records.fetch import fetch_for_update
from yuanke.records.links import lock_holders
from yuanke.records.owned import standing_rows, take_rows
from yuanke.records.save import Save
from yuanke.records.system import department_of
from yuanke.records.writing import write
from yuanke.storage import Unit

CHUNK = 200


@dataclass
class Rewriting:
    """What one record is to hold: typed ``values``; ``rows``: field -> row id -> values, or None for a row that goes;
    ``pairs``: field -> ids as a whole set."""

    values: dict[str, Any] = field(default_factory=dict)
    rows: dict[str, dict[int, dict[str, Any] | None]] = field(default_factory=dict)
    pairs: dict[str, list[int]] = field(default_factory=dict)


def rewrite(
    unit: Unit, actor: Actor, entity: Entity, wanted: Mapping[int, Rewriting], act: str, stamp: bool = True
) -> list[Save]:
    """Write ``wanted`` (id -> what); ``act`` is what the history calls it.

    ``stamp``: as a change of the actor's, which a lock on the record refuses; without it the record merely follows another.
    Records that are not there (any more) are passed over. Raises Refused where two would share what is unique.
    """
    saves: list[Save] = []
    ids = sorted(wanted)
    for at in range(0, len(ids), CHUNK):
        saves += _chunk(unit, engine_of(actor), entity, {one: wanted[one] for one in ids[at : at + CHUNK]}, act, stamp)
    return saves


def _chunk(
    unit: Unit, actor: Actor, entity: Entity, wanted: Mapping[int, Rewriting], act: str, stamp: bool
) -> list[Save]:
    standing = fetch_for_update(unit, actor, entity, list(wanted))
    saves = [_save(unit, actor, entity, row, wanted[row["id"]], act, stamp) for row in standing.values()]
    for save in saves if stamp else ():
        hooks().hook.before_save(save=save)
    lock_holders(saves)
    rules.check_unique(saves)
    for save in saves:
        if save.errors:
            raise Refused(next(iter(save.errors.values()))[0])
    write(unit, actor, entity, saves)
    for save in saves:
        hooks().hook.after_save(save=save)
    return saves


def _save(
    unit: Unit, actor: Actor, entity: Entity, row: Mapping[str, Any], wanted: Rewriting, act: str, stamp: bool
) -> Save:
    save = Save(unit, actor, entity, "update", row["id"], dict(row), act=act)
    save.values.update({key: value for key, value in wanted.values.items() if row.get(key) != value})
    for key, ids in wanted.pairs.items():
        save.old_pairs[key], save.pairs[key] = linked(unit, entity, key, row["id"]), ids
    for key, changes in wanted.rows.items():
        save.rows[key] = _rows(save, key, changes)
    take_rows(save)
    _pin(save)
    if "owner" in save.values and "department" in entity.fields and "department" not in wanted.values:
        save.values["department"] = department_of(save, save.values["owner"])
    formulas.compute(save)
    _stamp(save, stamp)
    return save


def _rows(save: Save, key: str, changes: Mapping[int, dict[str, Any] | None]) -> list[Save]:
    rows = standing_rows(save, save.entity.fields[key])
    for row in rows:
        if row.id is not None and row.id in changes:
            change = changes[row.id]
            if change is None:
                row.verb = "delete"
            else:
                row.values.update(change)
                row.given.update(change)
            _pin(row)
    return rows


def _pin(save: Save) -> None:
    """What somebody typed over a formula stays typed: the formula is not asked again because a link of it moved."""
    for key, one in save.entity.fields.items():
        if one.source == "typed" and one.formula is not None and save.old is not None:
            held = save.values.get(key, save.old.get(key))
            if held is not None:
                save.values[key] = held
                save.given.add(key)


def _stamp(save: Save, stamp: bool) -> None:
    fields, now = save.entity.fields, clock.now()
    if stamp:
        made: dict[str, Any] = {"updated_at": now, "updated_by": save.actor.user_id}
        save.values.update({k: v for k, v in made.items() if k in fields})
    if "version" in fields and save.old is not None:
        save.values["version"] = (save.old.get("version") or 1) + 1


def linked(unit: Unit, entity: Entity, key: str, record_id: int) -> list[int]:
    """Ids that the many-to-many link ``key`` of a record leads to, in their order."""
    pairs = unit.tables[entity.fields[key].pairs or ""]
    statement = sa.select(pairs.c.target).where(pairs.c.source == record_id).order_by(pairs.c.position, pairs.c.id)
    return list(unit.execute(statement).scalars())


def by_owner(unit: Unit, rows: Entity, ids: Sequence[int]) -> dict[int, list[int]]:
    """Owner -> those of the owned rows ``ids`` that it carries."""
    table, link = unit.tables[rows.key], rows.parent_link or "parent"
    found: dict[int, list[int]] = {}
    for row_id, owner in unit.execute(sa.select(table.c.id, table.c[link]).where(table.c.id.in_(ids))):
        if owner is not None:
            found.setdefault(owner, []).append(row_id)
    return found
