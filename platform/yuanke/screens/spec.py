"""What a form computes while somebody types: formulas, defaults that follow, and which fields show.

The one rule: the browser's figures are for the eye; the door computes again when it saves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from yuanke.expressions import Expression
from yuanke.metadata.registry import Entity, Field
from yuanke.records import LinkValue, Record
from yuanke.screens.figures import scale_of
from yuanke.screens.reader import Reader

Tree = list[Any]
_OWN = re.compile(r"\b(?:this|record|row)\.([a-z][a-z0-9_]*)\b")
#: controls that no script fills with one text
UNFOLLOWED = frozenset({"bool", "tags", "file", "image", "rating", "rich_text", "json", "position"})


def spec(reader: Reader, entity: Entity, fields: Sequence[Field], record: Record | None) -> dict[str, Any]:
    compute = [*_following(reader, entity, fields), *_stored(reader, entity, fields)]
    conditions = {which: _conditions(fields, which) for which in ("visible_when", "required_when")}
    read = _names(one["tree"] for one in compute) | _names(t for trees in conditions.values() for t in trees.values())
    return {
        "compute": compute, "visible": conditions["visible_when"], "required": conditions["required_when"],
        "values": _elsewhere(reader, entity, record, read),
    }  # fmt: skip


def _following(reader: Reader, entity: Entity, fields: Sequence[Field]) -> list[dict[str, Any]]:
    """Defaults and formulas that one may type over: rows first, for they bring what the record adds up."""
    found = []
    for field in fields:
        if field.rows:
            rows = reader.registry.entities[field.rows]
            found += [
                _entry(rows, f, field.key + ".") for f in rows.fields.values() if not f.retired and f.source == "typed"
            ]
    found += [_entry(entity, f, "") for f in fields if f.source == "typed"]
    return [one for one in found if one is not None]


def _entry(entity: Entity, field: Field, prefix: str) -> dict[str, Any] | None:
    if field.targets or field.multiple or field.type.name in UNFOLLOWED:
        return None
    tree = _tree(entity, field)
    return {"name": prefix + field.key, "tree": tree, "scale": scale_of(field)} if tree is not None else None


def _tree(entity: Entity, field: Field) -> Tree | None:
    """The browser's form; a default that is just one field behind a link is a ``path`` (the look-up brings it along)."""
    expression = field.formula if field.formula is not None else field.default
    if not isinstance(expression, Expression):
        return None
    tree = expression.tree(document_of(entity))
    if tree is not None:
        return tree
    path = single_path(entity, expression) if field.formula is None else None
    return ["path", *path] if path else None


def document_of(entity: Entity) -> str | None:
    """What a row calls the record that carries it."""
    return entity.parent_link if entity.kind == "rows" else None


def _stored(reader: Reader, entity: Entity, fields: Sequence[Field]) -> list[dict[str, Any]]:
    """Formulas of record and rows in the order in which the save computes them."""
    rows = {f.key: reader.registry.entities[f.rows] for f in fields if f.rows}
    plan = entity.compute_plan or tuple(("", key) for key in entity.compute_order)
    found = []
    for carrier, key in plan:
        of = rows.get(carrier) if carrier else entity
        field = of.fields.get(key) if of is not None else None
        if of is None or field is None or field.retired or field.source != "stored":
            continue
        entry = _entry(of, field, f"{carrier}." if carrier else "")
        found += [entry] if entry is not None else []
    return found


def single_path(entity: Entity, expression: Expression) -> tuple[str, str] | None:
    """``article.base_price`` -> ("article", "base_price"); None for anything more."""
    parts = expression.source.strip().split(".")
    if len(parts) == 2 and parts[0] in entity.fields and len(entity.fields[parts[0]].targets) == 1:
        return parts[0], parts[1]
    return None


def asked_of_form(field: Field) -> list[tuple[str, str]]:
    """``this.member`` of the filter of a link, as (whole, name): what its look-up must be told."""
    if field.filter is None:
        return []
    return list(dict.fromkeys((found.group(0), found.group(1)) for found in _OWN.finditer(field.filter.source)))


def extras(entity: Entity, link: str) -> list[str]:
    """Fields of the target of ``link`` that defaults of this form read."""
    found = []
    for field in entity.fields.values():
        path = single_path(entity, field.default) if isinstance(field.default, Expression) else None
        if path and path[0] == link:
            found.append(path[1])
    return list(dict.fromkeys(found))


def _conditions(fields: Sequence[Field], which: str) -> dict[str, Tree]:
    found = {}
    for field in fields:
        expression = getattr(field, which)
        tree = expression.tree() if expression is not None else None
        if tree is not None:
            found[field.key] = tree
    return found


def _names(trees: Iterable[Tree]) -> set[str]:
    """Fields that any of the trees reads, of the record or of its rows."""
    found: set[str] = set()
    for tree in trees:
        if tree[:1] in (["field"], ["outer"]):
            found.add(str(tree[1]))
        found |= _names(part for part in tree[1:] if isinstance(part, list))
    return found


def _elsewhere(reader: Reader, entity: Entity, record: Record | None, names: set[str]) -> dict[str, str]:
    """What is read and may have no control on the form, as far as this reader may see it; a control comes first."""
    if record is None:
        return {}
    found = {}
    for key in sorted(names & record.values.keys()):
        field, value = entity.fields[key], record.values[key]
        if value is not None and not isinstance(value, (LinkValue, list)):
            found[key] = field.type.form_text(field, value, reader.place)
    return found
