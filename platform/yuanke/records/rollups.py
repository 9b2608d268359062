"""Roll-ups kept on a holder: recomputed in the transaction that moves their source, holders locked in id order.

The one rule: the holder's version, history and automations are not touched; what its other formulas make of the new
figure is recomputed in the same go, and so are the holders above it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import Refused, ValidationFailed
from yuanke.kernel.text import message
from yuanke.metadata.registry import Entity, Field
from yuanke.records.compute import compute
from yuanke.records.environment import SaveValues, forget, standing_rows
from yuanke.records.save import Save
from yuanke.storage import Unit
from yuanke.storage.prepared import Prepared, one_of, open_row, open_value, prepared, remembered
from yuanke.storage.sqlscope import TableScope, live, void_choices

DEEPEST = 8
#: told what moved without a save of its own (roll-ups, formulas of the day): ``(unit, saves)``
carried: list[Callable[[Unit, Sequence[Save]], None]] = []


def move_rollups(unit: Unit, actor: Actor, saves: Sequence[Save], depth: int = 0) -> None:
    """Bring every roll-up that ``saves`` may have moved up to date, and the ones above."""
    if depth > DEEPEST:
        raise Refused(message("汇总字段相互触发超过 {deepest} 层", deepest=DEEPEST))
    moved: dict[tuple[str, str], set[int]] = {}
    for entity, group in _by_entity(saves).items():
        for holder, key in unit.registry.entities[entity].rollups:
            ids = _holders(unit, unit.registry.entities[holder].fields[key], holder, group)
            if ids:
                moved.setdefault((holder, key), set()).update(ids)
    changed: dict[str, dict[int, dict[str, Any]]] = {}
    for (holder, key), ids in sorted(moved.items()):
        for one, value in _recompute(unit, unit.registry.entities[holder], key, ids).items():
            changed.setdefault(holder, {}).setdefault(one, {})[key] = value
    above = [save for holder, rows in sorted(changed.items()) for save in _carry(unit, actor, holder, rows)]
    if above:
        tell_carried(unit, above)
        move_rollups(unit, actor, above, depth + 1)


def tell_carried(unit: Unit, saves: Sequence[Save]) -> None:
    for told in carried:
        told(unit, saves)


def fill_rollup(unit: Unit, actor: Actor, entity: Entity, key: str, ids: set[int]) -> None:
    """Write a roll-up that is new into records that never had it, and what follows from it."""
    found = {one: {key: value} for one, value in _recompute(unit, entity, key, ids).items()}
    above = _carry(unit, actor, entity.key, found) if found else []
    if above:
        tell_carried(unit, above)
        move_rollups(unit, actor, above)


def _by_entity(saves: Iterable[Save]) -> dict[str, list[Save]]:
    found: dict[str, list[Save]] = {}
    for save in saves:
        found.setdefault(save.entity.key, []).append(save)
        for row in _rows_of_void(save):
            found.setdefault(row.entity.key, []).append(row)
        for rows in save.rows.values():
            for entity, group in _by_entity(rows).items():
                found.setdefault(entity, []).extend(group)
    return found


def _rows_of_void(save: Save) -> list[Save]:
    """A document that becomes void, or counts again, takes its rows with it: they move figures as if they came or went."""
    if save.verb != "update" or not any(save.changed(key) for key in void_choices(save.entity)):
        return []
    found = []
    for field in save.entity.fields.values():
        if not field.rows or field.retired:
            continue
        rows = save.unit.registry.entities[field.rows]
        table = save.unit.tables[rows.key]
        chosen = sa.select(table).where(table.c[rows.parent_link or "parent"] == save.id, live(rows, table))
        found += [
            Save(save.unit, save.actor, rows, "restore", row["id"], dict(row))
            for row in save.unit.execute(chosen).mappings()
        ]
    return found


def _holders(unit: Unit, field: Field, holder: str, saves: Sequence[Save]) -> set[int]:
    """Ids of the records of ``holder`` whose ``field`` may read one of ``saves``."""
    return records_reading(unit, holder, field.formula.reads if field.formula else (), saves)


def records_reading(unit: Unit, holder: str, reads: Iterable[tuple[str, ...]], saves: Sequence[Save]) -> set[int]:
    """Ids of the records of ``holder`` from which one of the paths ``reads`` may lead to one of ``saves`` (all of one
    entity): the paths are walked backwards."""
    ids: set[int] = set()
    for path in reads:
        entity, steps = unit.registry.entities[holder], []
        for name in path:
            step = _step(unit, entity, name)
            if step is None:
                break
            steps.append((entity, name, step))
            entity = step
            if entity.key == saves[0].entity.key:
                touching = [s for s in saves if _touches(s, path, len(steps))]
                ids |= _walk_back(unit, steps, touching) if touching else set()
    return ids


def _touches(save: Save, path: tuple[str, ...], depth: int) -> bool:
    """An update that changes neither the field read nor a link cannot move the figure; create, delete and restore may."""
    if save.verb != "update":
        return True
    return any(save.changed(k) for k in path[depth : depth + 1]) or _moves(save)


def _moves(save: Save) -> bool:
    """A link leads elsewhere, or the record is void now or counts again."""
    fields = save.entity.fields
    return any(save.changed(k) for k in save.values if k in fields and fields[k].targets) or any(
        save.changed(k) for k in void_choices(save.entity)
    )


def _step(unit: Unit, entity: Entity, name: str) -> Entity | None:
    field, inverse = entity.fields.get(name), entity.inverses.get(name)
    if inverse is not None:
        return unit.registry.entities[inverse.entity]
    if field is not None and (field.rows or len(field.targets) == 1):
        return unit.registry.entities[field.rows or field.targets[0]]
    return None


def _walk_back(unit: Unit, steps: Sequence[tuple[Entity, str, Entity]], saves: Sequence[Save]) -> set[int]:
    before, name, _ = steps[-1]
    ids = _back_from_saves(unit, before, name, saves)
    for entity, step, _ in reversed(steps[:-1]):
        ids = _back(unit, entity, step, ids) if ids else set()
    return ids


def _back_from_saves(unit: Unit, before: Entity, name: str, saves: Sequence[Save]) -> set[int]:
    """The first step back reads the saves themselves: the old holder loses what the new one gains."""
    field, inverse = before.fields.get(name), before.inverses.get(name)
    own_link = saves[0].entity.parent_link if field is not None and field.rows else None
    own_link = inverse.field if inverse is not None and not inverse.through_pairs else own_link
    if own_link is None:
        return _back(unit, before, name, {s.id for s in saves if s.id is not None})
    found = {s.get(own_link) for s in saves} | {s.old.get(own_link) for s in saves if s.old}
    found |= {s.parent.id for s in saves if s.parent is not None and field is not None and field.rows}
    return _ids_of(before, found)


def _ids_of(entity: Entity, found: Iterable[Any]) -> set[int]:
    """Ids of records of ``entity`` among links that may lead to others as well (`Pointer`)."""
    return {
        getattr(one, "id", one)
        for one in found
        if one is not None and getattr(one, "entity", entity.key) == entity.key
    }  # fmt: skip


def _back(unit: Unit, entity: Entity, name: str, ids: set[int]) -> set[int]:
    """Records of ``entity`` from which step ``name`` leads to one of ``ids``."""
    field, inverse = entity.fields.get(name), entity.inverses.get(name)
    if inverse is not None:
        other = unit.registry.entities[inverse.entity]
        if inverse.through_pairs:
            pairs = unit.tables[other.fields[inverse.field].pairs or ""]
            statement = sa.select(pairs.c.target).where(pairs.c.source.in_(ids))
        else:
            table = unit.tables[other.key]
            statement = sa.select(table.c[inverse.field]).where(table.c.id.in_(ids))
    elif field is not None and field.rows:
        rows = unit.registry.entities[field.rows]
        table = unit.tables[rows.key]
        statement = sa.select(table.c[rows.parent_link or "parent"]).where(table.c.id.in_(ids))
    elif field is not None and field.pairs:
        pairs = unit.tables[field.pairs]
        statement = sa.select(pairs.c.source).where(pairs.c.target.in_(ids))
    else:
        table = unit.tables[entity.key]
        statement = sa.select(table.c.id).where(table.c[name].in_(ids))
    return _ids_of(entity, unit.execute(statement.distinct()).scalars())


def _recompute(unit: Unit, entity: Entity, key: str, ids: set[int]) -> dict[int, Any]:
    """id -> new value, for the records whose figure differs; they are locked in id order first."""
    field = entity.fields[key]
    if unit.dialect == "postgresql":
        table = unit.tables[entity.key]
        unit.execute(sa.select(table.c.id).where(table.c.id.in_(ids)).order_by(table.c.id).with_for_update()).all()
    asked = remembered(unit, ("figure", entity.key, key), lambda: _figures(unit, entity, field))
    found = {}
    for one, standing, figure in zip(*asked.columns(unit, ids=ids)):
        value = None if figure is None else field.type.settle(field, figure, unit.place)
        if value != standing:
            found[one] = value
    return found


def _figures(unit: Unit, entity: Entity, field: Field) -> Prepared:
    """Id, what the column keeps, and what the formula says now."""
    table = unit.tables[entity.key]
    scope = TableScope(entity, table, unit.tables, {"settings": unit.settings})
    figure = field.formula.sql(scope) if field.formula else sa.null()
    columns = table.c.id, table.c[field.key], figure.label("figure")
    return prepared(unit, sa.select(*columns).where(one_of(unit, table.c.id)))


def _carry(unit: Unit, actor: Actor, holder: str, rows: dict[int, dict[str, Any]]) -> list[Save]:
    """Write new figures with what the holder's stored formulas make of them; answers the saves for the holders above."""
    entity = unit.registry.entities[holder]
    standing = {row["id"]: row for row in standing_rows(unit, entity, rows)}
    owners = _owners(unit, actor, entity, standing.values())
    saves = []
    for one, figures in sorted(rows.items()):
        owner = owners.get(standing[one].get(entity.parent_link or "") or 0)
        save = Save(unit, actor, entity, "update", one, standing[one], dict(figures), parent=owner)
        compute(save)
        _keep_limits(save, figures)
        saves.append(save)
    for save in saves:
        _put(save)
    forget(unit, entity, rows)
    return [*saves, *_carry_owners(unit, actor, entity, saves)]


def _put(save: Save) -> None:
    """Write figures into their columns and nothing else."""
    unit, table, names = save.unit, save.unit.tables[save.entity.key], tuple(sorted(save.values))

    def make() -> Prepared:
        mine = table.c.id == open_value("ID", table.c.id.type)
        return prepared(unit, table.update().where(mine).values(open_row(table, names)))

    remembered(unit, ("carry", save.entity.key, names), make).run(unit, ID=save.id, **save.values)


def _owners(unit: Unit, actor: Actor, entity: Entity, rows: Iterable[dict[str, Any]]) -> dict[int, Save]:
    """The documents of owned rows, as they stand: what a row makes of its document (``record.mode``) is read there."""
    if entity.parent is None or entity.parent_link is None:
        return {}
    owner = unit.registry.entities[entity.parent[0]]
    found = standing_rows(unit, owner, {row[entity.parent_link] for row in rows})
    return {row["id"]: Save(unit, actor, owner, "update", row["id"], row) for row in found}


def _carry_owners(unit: Unit, actor: Actor, entity: Entity, saves: Sequence[Save]) -> list[Save]:
    """What the owner makes of a figure of its rows (``sum(lines.open)``) moves with it."""
    owner = unit.registry.entities[entity.parent[0]] if entity.parent and entity.parent_link else None
    if owner is None or not any(f.source == "stored" and f.formula is not None for f in owner.fields.values()):
        return []
    table, ids = unit.tables[owner.key], {save.get(entity.parent_link or "") for save in saves} - {None}
    statement = sa.select(table).where(table.c.id.in_(ids)).order_by(table.c.id)
    standing = unit.execute(statement.with_for_update() if unit.dialect == "postgresql" else statement).mappings()
    moved = []
    for row in [dict(one) for one in standing]:
        save = Save(unit, actor, owner, "update", row["id"], row, {})
        compute(save)
        if save.values:
            _put(save)
            moved.append(save)
    forget(unit, owner, ids)
    return [*moved, *_carry_owners(unit, actor, owner, moved)]


def _keep_limits(save: Save, figures: dict[str, Any]) -> None:
    """A ``valid_when`` on a figure is a limit: whoever would break it is refused."""
    for key in figures:
        field = save.entity.fields[key]
        if field.valid_when is not None and not field.valid_when.evaluate(SaveValues(save)):
            said = (
                message(
                    field.message,
                    **{k: save.get(k) for k in save.entity.fields if "{" + k + "}" in (field.message or "")},
                )
                if field.message
                else message("{entity}的 {field} 超出了允许的范围", entity=save.entity.label, field=field.label)
            )
            raise ValidationFailed({"": [said]})
