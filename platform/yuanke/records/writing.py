"""Rows, pairs, numbers, history and index of saves that passed every check, in few statements.

The one rule: the number is taken last before the row, and everything here is one transaction with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from yuanke.kernel import clock
from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import ValidationFailed, VersionConflict
from yuanke.kernel.text import message
from yuanke.metadata.registry import Entity
from yuanke.records.environment import forget
from yuanke.records.index import indexed_fields, write_index
from yuanke.records.numbers import take_numbers
from yuanke.records.rollups import move_rollups
from yuanke.records.save import Save
from yuanke.records.trail import CHANGE_SET, changes_between, write_history
from yuanke.storage import Unit
from yuanke.storage.prepared import Prepared, constant, inserts, open_row, open_value, prepared, remembered


def write(unit: Unit, actor: Actor, entity: Entity, saves: Sequence[Save]) -> None:
    created = [s for s in saves if s.verb == "create"]
    updated = [s for s in saves if s.verb == "update"]
    try:
        _number(unit, entity, created)
        _insert(unit, entity, created)
        _update(unit, entity, updated)
        _write_rows(unit, saves)
    except sa.exc.IntegrityError as fault:
        raise _told(entity, fault) from fault
    _write_pairs(unit, saves)
    forget(unit, entity, [s.id for s in saves])
    move_rollups(unit, actor, saves)
    write_history(unit, actor, entity, [(s.id or 0, s.act or s.verb, _changes(s)) for s in saves])
    _index(unit, entity, created, updated)


def _number(unit: Unit, entity: Entity, saves: Sequence[Save]) -> None:
    if entity.number is None:
        return
    unnumbered = [s for s in saves if not s.values.get("number")]
    if unnumbered:
        looks = [lambda path, s=save: _look(s, path) for save in unnumbered]
        numbers = take_numbers(unit, entity.key, entity.number.format, looks)
        for save, number in zip(unnumbered, numbers, strict=True):
            save.values["number"] = number


def _look(save: Save, path: str) -> Any:
    from yuanke.records.environment import SaveValues

    value: Any = SaveValues(save)
    for name in path.split("."):
        value = value.get(name) if hasattr(value, "get") else None
    return value


def _insert(unit: Unit, entity: Entity, saves: Sequence[Save]) -> None:
    """One statement for all; ids come back in the order of the saves."""
    if not saves:
        return
    table = unit.tables[entity.key]
    names = sorted({key for save in saves for key in save.values if key in table.c})
    rows = [{name: save.values.get(name) for name in names} for save in saves]
    if len(rows) == 1:
        saves[0].id = _inserting(unit, table, entity.key, tuple(names), returns=True).scalar(unit, **rows[0])
        return
    for save, row, taken in zip(saves, rows, _take_ids(unit, table, len(rows)), strict=True):
        save.id = row["id"] = taken
    _inserting(unit, table, entity.key, ("id", *names)).run_many(unit, rows)


def _take_ids(unit: Unit, table: sa.Table, count: int) -> list[int]:
    """The next ids of a table, taken before its rows are written: many rows go in one call then. SQLite has one writer."""
    if unit.dialect == "postgresql":
        sequence = sa.func.pg_get_serial_sequence(open_value("table", sa.Text()), "id")
        drawn = sa.select(sa.func.nextval(sequence)).select_from(
            sa.func.generate_series(1, open_value("count", sa.Integer()))
        )
        quoted = ".".join(
            map(unit.connection.dialect.identifier_preparer.quote_identifier, (unit.enterprise.place, table.name))
        )
        return list(constant(unit, "ids", lambda: drawn).columns(unit, table=quoted, count=count)[0])
    kept = sa.table("sqlite_sequence", sa.column("name"), sa.column("seq", sa.Integer))
    last = constant(unit, "ids", lambda: sa.select(kept.c.seq).where(kept.c.name == open_value("table", sa.Text())))
    first = (last.scalar(unit, table=table.name) or 0) + 1
    return list(range(first, first + count))


def _inserting(unit: Unit, table: sa.Table, entity: str, names: tuple[str, ...], returns: bool = False) -> Prepared:
    def make() -> Prepared:
        if not returns:
            return inserts(unit, table, names)
        return prepared(unit, table.insert().values(open_row(table, names)).returning(table.c.id))

    return remembered(unit, ("insert", entity, names, returns), make)


def _update(unit: Unit, entity: Entity, saves: Sequence[Save]) -> None:
    table = unit.tables[entity.key]
    for save in saves:
        values = {key: value for key, value in save.values.items() if key in table.c}
        versioned = "version" in table.c and save.old is not None
        was = save.old["version"] if versioned and save.old else None
        if (
            values
            and _updating(unit, table, entity.key, tuple(values), versioned).run(unit, ID=save.id, WAS=was, **values)
            != 1
        ):
            raise VersionConflict((save.old or {}).get("version", 0) + 1)


def _updating(unit: Unit, table: sa.Table, entity: str, names: tuple[str, ...], versioned: bool) -> Prepared:
    def make() -> Prepared:
        statement = table.update().where(table.c.id == open_value("ID", table.c.id.type))
        if versioned:
            statement = statement.where(table.c.version == open_value("WAS", table.c.version.type))
        return prepared(unit, statement.values(open_row(table, names)))

    return remembered(unit, ("update", entity, names, versioned), make)


def _write_rows(unit: Unit, saves: Sequence[Save]) -> None:
    """Owned rows of all saves, entity by entity; rows of rows come after their carriers."""
    groups: dict[str, list[Save]] = {}
    for save in saves:
        for rows in save.rows.values():
            for row in rows:
                groups.setdefault(row.entity.key, []).append(row)
    for rows in groups.values():
        entity = rows[0].entity
        created = [r for r in rows if r.verb == "create"]
        for row in created:
            row.values[entity.parent_link or "parent"] = row.parent.id if row.parent else None
        _number(unit, entity, created)
        _insert(unit, entity, created)
        _update(unit, entity, [r for r in rows if r.verb == "update" and _moved(r)])
        _remove(unit, entity, [r for r in rows if r.verb == "delete"])
        _index(unit, entity, created, [r for r in rows if r.verb == "update" and _moved(r)])
        _write_pairs(unit, [r for r in rows if r.verb != "delete"])
        _write_rows(unit, rows)


def _moved(row: Save) -> bool:
    return any(row.changed(key) for key in row.values if key not in ("updated_at", "updated_by", "version"))


def _remove(unit: Unit, entity: Entity, rows: Sequence[Save]) -> None:
    if rows:
        from yuanke.records.removal import refuse_referred

        refuse_referred(unit, entity, [r.id for r in rows if r.id is not None])
        table = unit.tables[entity.key]
        unit.execute(table.update().where(table.c.id.in_([r.id for r in rows])).values(deleted_at=clock.now()))


def _write_pairs(unit: Unit, saves: Sequence[Save]) -> None:
    for save in saves:
        for key, ids in save.pairs.items():
            table = unit.tables[save.entity.fields[key].pairs or ""]
            standing = save.old_pairs.get(key, [])
            gone = [one for one in standing if one not in set(ids)]
            if gone:
                unit.execute(table.delete().where(table.c.source == save.id, table.c.target.in_(gone)))
            fresh = [one for one in ids if one not in set(standing)]
            rows = [{"source": save.id, "target": one, "position": len(standing) + at} for at, one in enumerate(fresh)]
            if rows:
                unit.execute(table.insert(), rows)


def _changes(save: Save) -> dict[str, Any]:
    whole = CHANGE_SET in save.unit.kept
    changes: dict[str, Any] = {**changes_between(save.entity, save.old, save.values, whole), **_changed_pairs(save)}
    for key, rows in save.rows.items():
        lines = [line for line in map(_row_line, rows) if line]
        if lines:
            changes[key] = [None, lines]
    return changes


def _changed_pairs(save: Save) -> dict[str, Any]:
    was = save.old_pairs
    return {key: [was.get(key, []), ids] for key, ids in save.pairs.items() if was.get(key, []) != ids}


def _row_line(row: Save) -> dict[str, Any] | None:
    """One owned row in the history of its document: what was done with it and its changed fields."""
    whole = CHANGE_SET in row.unit.kept
    if row.verb == "delete":
        return {"id": row.id, "verb": "delete", "changes": changes_between(row.entity, None, row.old or {}, whole)}
    changes = {**changes_between(row.entity, row.old, row.values, whole), **_changed_pairs(row)}
    changes.pop(row.entity.parent_link or "", None)
    return {"id": row.id, "verb": row.verb, "changes": changes} if changes else None


def _index(unit: Unit, entity: Entity, created: Sequence[Save], updated: Sequence[Save]) -> None:
    names = indexed_fields(unit, entity)
    write_index(unit, entity, [(s.id or 0, s.values) for s in created], fresh=True)
    moved = [s for s in updated if any(s.changed(name) for name in names)]
    write_index(unit, entity, [(s.id or 0, s.record) for s in moved], fresh=False)


def _told(entity: Entity, fault: sa.exc.IntegrityError) -> ValidationFailed:
    """Two people saved the same unique value at once: the index told, at its field where the database names it."""
    text = str(fault.orig)
    for key, field in entity.fields.items():
        if field.unique is not None and key in text:
            return ValidationFailed({key: [message("{field} 已经存在", field=field.label)]})
    return ValidationFailed({"": [message("这条{entity}与已有的数据冲突", entity=entity.label)]})
