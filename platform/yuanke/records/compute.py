"""Defaults and formulas of a record being saved, sources before what is made of them.

The one rule: what is stored is rounded half up to its field's scale where it is stored, and sums add the rounded values.
"""

from __future__ import annotations

from typing import Any

from yuanke.expressions import Expression, deal_out, needs_dealing
from yuanke.fieldtypes import ValueFault
from yuanke.kernel.text import message
from yuanke.metadata.registry import Entity, Field
from yuanke.records.environment import SaveValues
from yuanke.records.freezing import frozen_now
from yuanke.records.save import Save

#: rows may read the document and the document its rows: they settle in at most this many rounds
ROUNDS = 4


def fill_defaults(save: Save) -> None:
    """At create: fields nobody typed get their default, rows theirs."""
    if save.verb == "create":
        values = SaveValues(save)
        for key, field in save.entity.fields.items():
            if (
                field.default is None
                or key in save.values
                or key in save.given
                or field.retired
                or field.rows
                or field.pairs
            ):
                continue
            _set(save, field, _default(save, field, values))
    for rows in save.rows.values():
        for row in rows:
            fill_defaults(row)


def _default(save: Save, field: Field, values: SaveValues) -> Any:
    if isinstance(field.default, Expression):
        return field.default.evaluate(values)
    return field.type.parse(field, field.default, save.unit.place)


def compute(save: Save) -> None:
    """Recompute every stored formula of the record and its rows."""
    if not save.rows:
        _compute_own(save)
        return
    for _ in range(ROUNDS):
        before = _figures(save)
        for rows in save.rows.values():
            live = [row for row in rows if row.verb != "delete"]
            for row in live:
                compute(row)
            _deal_out(live)
        _compute_own(save)
        if _figures(save) == before:
            return


def _deal_out(rows: list[Save]) -> None:
    """Formulas that share something out over the rows of one document (`spread`, `take`, `running`): all rows at once."""
    if not rows:
        return
    ordered = sorted(rows, key=lambda row: (row.get("position") or 0, row.id or 0))
    for field in computed_fields(rows[0].entity):
        if field.formula is not None and needs_dealing(field.formula):
            places = getattr(field.type.column_type(field), "exact_scale", None)
            values = deal_out(field.formula, [SaveValues(row) for row in ordered], 0 if places is None else places)
            for row, value in zip(ordered, values, strict=True):
                if not (field.source == "typed" and _typed_over(row, field)):
                    _set(row, field, value)


def _figures(save: Save) -> list[dict[str, Any]]:
    return [dict(save.values), *(dict(row.values) for rows in save.rows.values() for row in rows)]


def _compute_own(save: Save) -> None:
    order = computed_fields(save.entity)
    if order:
        _compute_in(save, order)
    freeze(save)


def _compute_in(save: Save, order: list[Field]) -> None:
    values = SaveValues(save)
    for field in order:
        if field.source == "typed" and _typed_over(save, field):
            continue
        if field.source == "rollup" and save.verb != "create":
            continue
        if field.formula is not None and save.entity.parent is not None and needs_dealing(field.formula):
            continue
        _set(save, field, field.formula.evaluate(values) if field.formula else None)


def freeze(save: Save) -> None:
    """Give formulas that stand still from this save on their value."""
    for field, value in frozen_now(save):
        _set(save, field, value)


def computed_fields(entity: Entity) -> list[Field]:
    """Stored formulas in order, formulas one may overwrite, and roll-ups (which begin empty and are moved by others)."""
    fields = [entity.fields[key] for key in entity.compute_order]
    named = set(entity.compute_order)
    rest = [
        f
        for k, f in entity.fields.items()
        if k not in named
        and f.formula is not None
        and f.has_column
        and f.source in ("typed", "rollup")
        and not f.retired
    ]
    return [*rest, *fields]


def _typed_over(save: Save, field: Field) -> bool:
    """Kept until emptied; a save that does not carry the field recomputes it when one of its inputs changed."""
    if field.key in save.given:
        return save.values.get(field.key) is not None
    if save.verb == "create" or field.formula is None:
        return False
    inputs = {path[0] for path in field.formula.reads if path}
    moved = any(save.changed(name) or name in save.rows for name in inputs)
    return not moved and save.get(field.key) is not None


def _set(save: Save, field: Field, value: Any) -> None:
    """Computed values obey the type as typed ones do; a formula that makes nonsense says so at its field."""
    if value is not None:
        try:
            value = field.type.settle(field, _plain(field, value), save.unit.place)
        except ValueFault as fault:
            save.fault(field.key, message("{field} 计算出的值不可用：{fault}", field=field.label, fault=fault.said))
            return
    if save.old is not None and field.key not in save.values and save.old.get(field.key) == value:
        return
    save.values[field.key] = value


def _plain(field: Field, value: Any) -> Any:
    """An expression hands links over as mappings; the column holds the id."""
    return value.get("id") if field.targets and hasattr(value, "get") else value
