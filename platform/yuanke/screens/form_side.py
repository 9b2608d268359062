"""The sums beside a form with rows: what the money fields come to while somebody types.

The one rule: every figure is one that the record has; the panel invents none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from yuanke.metadata.registry import Entity, Field
from yuanke.records import Record
from yuanke.screens.figures import figure, scale_of
from yuanke.screens.reader import Reader

Tree = list[Any]


@dataclass(frozen=True)
class Sum:
    """``computed``: a formula of the record, which the form keeps up to date; else a typed amount that goes into the last one."""

    field: Field
    tree: Tree
    computed: bool
    minus: bool = False
    strong: bool = False

    @property
    def key(self) -> str:
        return self.field.key


def sums(reader: Reader, entity: Entity, fields: Sequence[Field]) -> list[Sum]:
    """Sums over the rows, the typed amounts that are added or taken off, and at the end what is left to pay."""
    if not any(f.rows for f in fields):
        return []
    trees = {f.key: f.formula.tree() for f in fields if f.formula is not None and f.source == "stored"}
    formulas = [f for f in fields if trees.get(f.key) is not None]
    if not formulas:
        return []
    last = _last(entity, formulas)
    parts = list(_parts(trees[last.key] or [], False))
    typed = {f.key: f for f in fields if f.source == "typed" and not f.rows}
    found = [
        Sum(f, trees[f.key] or [], True) for f in formulas if f is not last and last.key not in _read(trees[f.key])
    ]
    found += [Sum(typed[key], tree, False, minus) for minus, key, tree in parts if key in typed]
    return [*found, Sum(last, trees[last.key] or [], True, strong=True)]


def _last(entity: Entity, formulas: Sequence[Field]) -> Field:
    """What the kanban adds up, else the formula that the others flow into."""
    view = entity.views.get("kanban")
    named = next((f for f in formulas if view is not None and f.key == view.body.get("total")), None)
    return named or formulas[-1]


def _parts(tree: Any, minus: bool) -> Any:
    """(is taken off, field, tree) of the terms of a sum: ``a - coalesce(b, 0) + c``."""
    if not isinstance(tree, list) or not tree:
        return
    if tree[0] in ("+", "-") and len(tree) == 3:
        yield from _parts(tree[1], minus)
        yield from _parts(tree[2], minus != (tree[0] == "-"))
    elif tree[0] == "coalesce":
        yield from ((m, key, tree) for m, key, _inner in _parts(tree[1], minus))
    elif tree[0] == "field":
        yield minus, tree[1], tree


def _read(tree: Any) -> set[str]:
    if not isinstance(tree, list):
        return set()
    own = {tree[1]} if tree[:1] == ["field"] else set()
    return own.union(*(_read(part) for part in tree[1:]))


def sums_model(reader: Reader, found: Sequence[Sum], record: Record | None) -> list[dict[str, Any]]:
    """As `_form.html` takes ``side.sums``."""
    made = []
    for one in found:
        value = record.values.get(one.key) if record is not None else None
        scale = scale_of(one.field)
        css = "is-strong" if one.strong else "is-minus" if one.minus else ""
        tree: Tree = ["neg", one.tree] if one.minus else one.tree
        made.append({
            "label": reader.say(one.field.label), "out": one.key if one.computed else None, "tree": tree, "scale": scale, "css": css,
            "value": figure(-value if one.minus else value, scale) if value is not None else "—", "prefix": "¥" if one.strong and reader.place.currency == "CNY" else "",
        })  # fmt: skip
    return made
