"""What a record must keep to before it is written: required, valid, within limits, unique.

The one rule: a field that the form does not show is not asked for, and every fault is told at its field.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from yuanke import expressions
from yuanke.access.grants import engine_of
from yuanke.expressions import Expression
from yuanke.kernel.text import message
from yuanke.metadata.registry import Entity, Field
from yuanke.records.environment import SaveValues
from yuanke.records.names import readable_scope
from yuanke.records.save import Save
from yuanke.storage.sqlscope import live


def check(save: Save) -> None:
    """Rules of the record and of its rows; at update only what the save may have broken."""
    values = SaveValues(save)
    for field in _asked(save):
        shown = field.visible_when is None or bool(field.visible_when.evaluate(values))
        if shown and _missing(save, field) and _required(field, values):
            save.fault(field.key, message("{field} 不能为空", field=field.label))
        elif save.get(field.key) is not None or field.rows:
            _check_limits(save, field, values)
    _check_declared(save, values)
    for rows in save.rows.values():
        for row in rows:
            if row.verb != "delete":
                check(row)


def _check_declared(save: Save, values: SaveValues) -> None:
    """``checks`` of the entity that refuse any save for which they do not hold (those of a transition wait for it)."""
    for name, declared in save.entity.checks.items():
        if declared.get("at") or declared.get("otherwise", "refuse") != "refuse" or not declared.get("valid_when"):
            continue
        if not _compiled(save, name, declared["valid_when"]).evaluate(values):
            said = declared.get("message")
            save.fault(
                "",
                _filled(said, save.entity, values)
                if said
                else message("这条{entity}不符合规则 {rule}", entity=save.entity.label, rule=name),
            )


_checks: dict[tuple[str, str, str], Expression] = {}


def _compiled(save: Save, name: str, source: str) -> Expression:
    mark = (save.entity.digest, save.entity.key, name)
    found = _checks.get(mark)
    if found is None:
        found = expressions.compile(
            source, readable_scope(save.unit, engine_of(save.actor), save.entity), expect="bool"
        )
        if save.entity.digest:
            _checks[mark] = found
    return found


def _asked(save: Save) -> list[Field]:
    return [
        f
        for f in save.entity.fields.values()
        if not f.retired
        and f.source != "system"
        and f.key not in save.errors
        and f.key != save.entity.parent_link
        and (
            f.required
            or f.required_when
            or f.valid_when
            or isinstance(f.min, Expression)
            or isinstance(f.max, Expression)
        )
    ]


def _required(field: Field, values: SaveValues) -> bool:
    return field.required or (field.required_when is not None and bool(field.required_when.evaluate(values)))


def _missing(save: Save, field: Field) -> bool:
    if field.source not in ("typed",):
        return False
    if field.rows:
        if field.key in save.rows:
            return not [row for row in save.rows[field.key] if row.verb != "delete"]
        return save.verb == "create"
    if field.pairs:
        return not save.pairs.get(field.key) if field.key in save.pairs else save.verb == "create"
    value = save.get(field.key)
    return value is None or value == "" or value == []


def _check_limits(save: Save, field: Field, values: SaveValues) -> None:
    value = save.get(field.key)
    low = field.min.evaluate(values) if isinstance(field.min, Expression) else None
    high = field.max.evaluate(values) if isinstance(field.max, Expression) else None
    if low is not None and value is not None and value < low:
        save.fault(field.key, message("{field} 不能小于 {low}", field=field.label, low=low))
    if high is not None and value is not None and value > high:
        save.fault(field.key, message("{field} 不能大于 {high}", field=field.label, high=high))
    if field.valid_when is not None and not field.valid_when.evaluate(values):
        save.fault(field.key, _told(field, values))


def _told(field: Field, values: SaveValues) -> Any:
    """The declared sentence with ``{field}`` places filled, else a plain one."""
    return (
        _filled(field.message, values.entity, values)
        if field.message
        else message("{field} 的值不符合要求", field=field.label)
    )


def _filled(said: str, entity: Entity, values: SaveValues) -> Any:
    return message(said, **{name: values.get(name) for name in entity.fields if "{" + name + "}" in said})


def unique_keys(entity: Entity) -> list[tuple[str, ...]]:
    """Combinations of fields of which live records hold each value once."""
    keys = [
        (key, *field.unique) for key, field in entity.fields.items() if field.unique is not None and not field.retired
    ]
    return [*keys, *entity.unique]


def check_unique(saves: Sequence[Save]) -> None:
    """One query a key for all saves; equal values inside the batch are told too."""
    if not saves:
        return
    for key in unique_keys(saves[0].entity):
        if key == ("number",):
            continue
        _check_key(saves, key)


def _check_key(saves: Sequence[Save], key: tuple[str, ...]) -> None:
    asked = [s for s in saves if s.verb in ("create", "update", "restore") and any(s.changed(k) for k in key)]
    valued = [(s, tuple(s.get(k) for k in key)) for s in asked]
    valued = [(s, values) for s, values in valued if values[0] is not None and values[0] != ""]
    if not valued:
        return
    held = _held(valued, key)
    first: dict[tuple[Any, ...], Save] = {}
    for save, values in valued:
        if held.get(values, save.id) != save.id or values in first:
            field = save.entity.fields[key[0]]
            save.fault(
                key[0], message("{field} “{value}” 已经存在", field=field.label, value=_shown(save, field, values[0]))
            )
        first.setdefault(values, save)


def _held(valued: Sequence[tuple[Save, tuple[Any, ...]]], key: tuple[str, ...]) -> dict[tuple[Any, ...], int]:
    unit, entity = valued[0][0].unit, valued[0][0].entity
    table = unit.tables[entity.key]
    columns = [table.c[k] for k in key]
    statement = sa.select(table.c.id, *columns).where(live(entity, table), columns[0].in_({v[0] for _, v in valued}))
    return {tuple(row[1:]): row[0] for row in unit.execute(statement)}


def _shown(save: Save, field: Field, value: Any) -> str:
    return field.type.text(field, value, save.unit.place)
