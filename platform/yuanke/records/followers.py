"""What goes with a record that is handed over or shared: collections that the feature names under ``with``.

The one rule: what is chosen is declared; a collection that the feature does not name never follows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from yuanke.access.grants import engine_of
from yuanke.access.scopes import run_values
from yuanke.expressions.elements import pointer_id
from yuanke.fieldtypes.columns import Pointer
from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import ValidationFailed
from yuanke.kernel.text import Label, message
from yuanke.metadata.registry import Entity, Inverse
from yuanke.records.chosen import compiled
from yuanke.storage import Unit
from yuanke.storage.sqlscope import TableScope, live
from yuanke.storage.tables import aliased


@dataclass(frozen=True)
class Following:
    """A collection that may go with a record; ``default``: it does when nobody says."""

    of: str  # the entity whose collection it is
    name: str
    inverse: Inverse
    entity: Entity
    label: Label
    default: bool = True
    where: Any = None


def followings(unit: Unit, entity: Entity, settings: Mapping[str, Any]) -> dict[str, Following]:
    """The collections that a feature declares, in their order."""
    said = settings.get("with") or {}
    named = said if isinstance(said, Mapping) else dict.fromkeys(said)
    found = {}
    for name, how in named.items():
        inverse = entity.inverses.get(name)
        if inverse is None or how is False:
            continue
        told = how if isinstance(how, Mapping) else {"default": True}
        other = unit.registry.entities[inverse.entity]
        label = told.get("label")
        found[name] = Following(
            entity.key, name, inverse, other, label if isinstance(label, Label) else other.plural, told.get("default") is True,
            told.get("where"),
        )  # fmt: skip
    return found


def chosen_of(known: Mapping[str, Following], names: Iterable[str] | None) -> list[Following]:
    """Those that were chosen, or those that follow by default. Raises ValidationFailed for a name there is not."""
    if names is None:
        return [one for one in known.values() if one.default]
    wanted = list(dict.fromkeys(names))
    unknown = [name for name in wanted if name not in known]
    if unknown:
        said = message("没有可以随同的 {names}，可选：{known}", names=unknown, known=list(known) or "-")
        raise ValidationFailed({"with": [said]})
    return [known[name] for name in wanted]


def following_ids(unit: Unit, actor: Actor, one: Following, ids: Iterable[int]) -> dict[int, list[int]]:
    """Holder -> live records of the collection that fulfil its ``where``, seen by the engine."""
    table = aliased(unit.tables[one.entity.key])
    conditions = [live(one.entity, table)]
    if one.where is not None:
        scope = TableScope(one.entity, table, unit.tables, run_values(unit, actor))
        conditions.append(compiled(unit, engine_of(actor), one.entity, one.where).sql(scope))
    if one.inverse.through_pairs:
        pairs = unit.tables[one.entity.fields[one.inverse.field].pairs or ""]
        holder: sa.ColumnElement[Any] = pairs.c.target
        source: sa.FromClause = table.join(pairs, pairs.c.source == table.c.id)
    else:
        holder, source = table.c[one.inverse.field], table
        if len(one.entity.fields[one.inverse.field].targets) > 1:
            conditions.append(holder.in_([Pointer(one.of, i) for i in sorted(ids)]))
            holder = pointer_id(holder)
    statement = sa.select(holder.label("holder"), table.c.id).select_from(source)
    found: dict[int, list[int]] = {}
    for row in unit.execute(statement.where(holder.in_(sorted(ids)), *conditions).order_by(table.c.id)):
        found.setdefault(row.holder, []).append(row.id)
    return found
