"""What a form computes while somebody types: formulas, defaults that follow, and which fields show.

The one rule: the browser's figures are for the eye; the door computes again when it saves.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from yuanke.expressions import Expression
from yuanke.metadata.registry import Entity, Field
from yuanke.screens.reader import Reader

SCALES = {"money": 2, "price": 2, "quantity": None, "percent": None, "number": None, "integer": 0}


def spec(reader: Reader, entity: Entity, fields: Sequence[Field], hidden_values: dict[str, str]) -> dict[str, Any]:
    shown = {f.key for f in fields}
    compute = [*_of_rows(reader, fields), *_formulas(entity, shown, "")]
    return {
        "compute": compute,
        "visible": _conditions(fields, "visible_when"),
        "required": _conditions(fields, "required_when"),
        "values": hidden_values,
    }


def _of_rows(reader: Reader, fields: Sequence[Field]) -> list[dict[str, Any]]:
    found = []
    for field in fields:
        if field.rows:
            rows = reader.registry.entities[field.rows]
            found += _formulas(rows, set(rows.fields), field.key + ".")
    return found


def _formulas(entity: Entity, shown: set[str], prefix: str) -> list[dict[str, Any]]:
    """Defaults first, then formulas in the order in which the save computes them."""
    defaults = [f for f in entity.fields.values() if isinstance(f.default, Expression) and not f.retired]
    order = {key: at for at, key in enumerate(entity.compute_order)}
    formulas = [f for f in entity.fields.values() if f.formula is not None and not f.retired]
    formulas.sort(key=lambda f: order.get(f.key, -1))
    found = []
    for field, expression in [*((f, f.default) for f in defaults), *((f, f.formula) for f in formulas)]:
        tree = _tree(entity, expression)
        if field.key in shown and tree is not None:
            scale = field.scale if field.scale is not None else SCALES.get(field.type.name)
            found.append({"name": prefix + field.key, "tree": tree, "scale": scale})
    return found


def _tree(entity: Entity, expression: Expression | None) -> list[Any] | None:
    """The browser's form; a default that is just one field behind a link is a ``path`` (the look-up brings it along)."""
    if expression is None:
        return None
    tree = expression.tree()
    if tree is not None:
        return tree
    path = single_path(entity, expression)
    return ["path", *path] if path else None


def single_path(entity: Entity, expression: Expression) -> tuple[str, str] | None:
    """``product.list_price`` -> ("product", "list_price"); None for anything more."""
    parts = expression.source.strip().split(".")
    if len(parts) == 2 and parts[0] in entity.fields and len(entity.fields[parts[0]].targets) == 1:
        return parts[0], parts[1]
    return None


def extras(entity: Entity, link: str) -> list[str]:
    """Fields of the target of ``link`` that defaults of this form read."""
    found = []
    for field in entity.fields.values():
        for expression in (field.default, field.formula):
            path = single_path(entity, expression) if isinstance(expression, Expression) else None
            if path and path[0] == link:
                found.append(path[1])
    return list(dict.fromkeys(found))


def _conditions(fields: Sequence[Field], which: str) -> dict[str, Any]:
    found = {}
    for field in fields:
        expression = getattr(field, which)
        tree = expression.tree() if expression is not None else None
        if tree is not None:
            found[field.key] = tree
    return found
