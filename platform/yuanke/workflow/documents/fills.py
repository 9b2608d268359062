"""``fills``: own rows, or records of an inverse link, kept in step with other rows at declared acts.

The one rule: what is paired is updated, what is left over is removed, what ``keep`` holds stays as it is; shares are dealt
out over what the kept ones leave.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from yuanke.access.grants import engine_of
from yuanke.kernel.actor import Actor
from yuanke.metadata.registry import Entity, Field
from yuanke.records import Records, Typed
from yuanke.records.environment import StoredValues, collection
from yuanke.storage import Unit
from yuanke.workflow.acts import Act
from yuanke.workflow.documents.rows import made_rows
from yuanke.workflow.each import row_names
from yuanke.workflow.names import ActNames
from yuanke.workflow.writing import write


def fill_at(unit: Unit, actor: Actor, act: Act, names: ActNames) -> None:
    """The effect of an act: every ``fills`` of its entity that is declared for it."""
    for name, said in (act.entity.more.get("fills") or {}).items():
        at = said.get("at")
        if at is not None and act.key in ([at] if isinstance(at, str) else at):
            fill(unit, actor, names, name, said)
    for name, said in (act.said.get("fills") or {}).items():
        fill(unit, actor, names, name, said)


def fill(unit: Unit, actor: Actor, names: ActNames, name: str, said: Mapping[str, Any]) -> None:
    if said.get("when") is not None and not names.holds(str(said["when"])):
        return
    entity = names.entity
    field, rows = _where(unit, entity, name)
    standing = [one for one in collection(unit, entity, names.id, name) if not _kept(names, one, said)]
    wanted = made_rows(names, said, rows, copy=False)
    pairs, rest = _paired(standing, wanted, _match(said, rows, wanted))
    if field is not None:
        _write_rows(unit, actor, names, field, pairs, rest)
    else:
        _write_records(unit, actor, names, rows, entity.inverses[name].field, pairs, rest)
    names.refresh()


def _where(unit: Unit, entity: Entity, name: str) -> tuple[Field | None, Entity]:
    """The field of own rows, or None where the records of an inverse link are meant; and what the rows are."""
    field = entity.fields.get(name)
    if field is not None and field.rows:
        return field, unit.registry.entities[field.rows]
    return None, unit.registry.entities[entity.inverses[name].entity]


def _kept(names: ActNames, one: StoredValues, said: Mapping[str, Any]) -> bool:
    keep = said.get("keep")
    return keep is not None and (keep is True or row_names(names, one).holds(str(keep)))


def _match(said: Mapping[str, Any], rows: Entity, wanted: Sequence[Typed]) -> str | None:
    """The field that pairs old and new rows: the declared one, else the link to what they are made from."""
    if said.get("match") is not None:
        return str(said["match"])
    links = [k for k in (said.get("values") or {}) if rows.fields[k].targets]
    return links[0] if links else None


def _paired(
    standing: Sequence[StoredValues], wanted: Sequence[Typed], match: str | None
) -> tuple[list[tuple[StoredValues | None, Typed]], list[StoredValues]]:
    left = list(standing)
    pairs: list[tuple[StoredValues | None, Typed]] = []
    for values in wanted:
        found = next((one for one in left if match is not None and one.row.get(match) == values.get(match)), None)
        if found is not None:
            left.remove(found)
        pairs.append((found, values))
    return pairs, left


def _write_rows(
    unit: Unit,
    actor: Actor,
    names: ActNames,
    field: Field,
    pairs: Sequence[tuple[StoredValues | None, Typed]],
    rest: Sequence[StoredValues],
) -> None:
    items: list[Any] = []
    for old, values in pairs:
        item = Typed({**({"id": old.get("id")} if old is not None else {}), **values})
        item.typed = values.typed
        items.append(item)
    items += [{"id": one.get("id"), "deleted": True} for one in rest]
    if items:
        write(unit, actor, names.entity, names.id, Typed({field.key: items}), "update")


def _write_records(
    unit: Unit,
    actor: Actor,
    names: ActNames,
    rows: Entity,
    back: str,
    pairs: Sequence[tuple[StoredValues | None, Typed]],
    rest: Sequence[StoredValues],
) -> None:
    door = Records(unit, engine_of(actor))
    for one in rest:
        door.delete(rows.key, one.get("id"))
    for old, values in pairs:
        if old is None:
            owner = Typed({back: names.id})
            owner.typed = {back}
            write(unit, actor, rows, None, owner.over(values))
        else:
            write(unit, actor, rows, old.get("id"), values, "update")
