"""Declared values of a record that is made or changed: evaluated, and brought into the shape the door takes.

The one rule: what an expression gives is typed already and only settled by its field; what is written plainly is parsed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from yuanke.expressions import ExpressionFault
from yuanke.fieldtypes import ValueFault
from yuanke.kernel.errors import ValidationFailed
from yuanke.kernel.text import message
from yuanke.metadata.registry import Entity, Field
from yuanke.records import Typed
from yuanke.records.environment import ENTITY, StoredValues, collection
from yuanke.workflow.acts import state_field
from yuanke.workflow.names import ActNames, evaluate, is_expression

#: kinds that an expression need not be told
_OPEN_KINDS = ("collection", "links", "any", "json")


def values_of(entity: Entity, said: Mapping[str, Any], names: ActNames) -> Typed:
    """``said`` (field -> value or ``=expression``) as values for a record of ``entity``."""
    made = Typed()
    typed: set[str] = set()
    for key, declared in said.items():
        field = entity.fields[key]
        value = _given(names, declared, field)
        made[key] = settled(field, value, names)
        if is_expression(declared) and not (field.rows or field.pairs):
            typed.add(key)
    made.typed = typed
    return made


def _given(names: ActNames, declared: Any, field: Field) -> Any:
    """Bare words beside a choice are its options; a text that names one at run time (``=event.name``) does as well."""
    expected = _expected(field)
    if expected is None or field.options is None:
        return evaluate(names, declared, expected)
    try:
        return evaluate(names, declared, expected)
    except ExpressionFault:
        return evaluate(names, declared)


def _expected(field: Field) -> Any:
    if field.rows or field.pairs or (len(field.targets) != 1 and field.targets):
        return None
    kind = field.type.kind_of(field)
    return None if kind is None or kind.name in _OPEN_KINDS else kind


def settled(field: Field, value: Any, names: ActNames) -> Any:
    """One value of an expression as ``field`` keeps it: ids of links, plain rows, numbers at its scale."""
    if field.rows:
        rows = names.unit.registry.entities[field.rows]
        return [copied(row, rows) if isinstance(row, StoredValues) else dict(row) for row in _many(value)]
    if field.pairs:
        return [identity(one) for one in _many(value)]
    if field.targets:
        return identity(value, several=len(field.targets) > 1)
    if value is None or (isinstance(value, str) and field.options is not None):
        return value
    try:
        return field.type.settle(field, value, names.unit.place)
    except ValueFault as fault:
        said = message("{field} 计算出的值不可用：{fault}", field=field.label, fault=fault.said)
        raise ValidationFailed({field.key: [said]}) from None


def _many(value: Any) -> Iterable[Any]:
    if value is None:
        return ()
    return value if isinstance(value, (list, tuple, set, frozenset)) else (value,)


def identity(value: Any, several: bool = False) -> Any:
    """The id of a record, however it is held; with its entity where a link may lead to one of ``several``."""
    if isinstance(value, Mapping):
        return {"entity": value.get(ENTITY), "id": value.get("id")} if several else value.get("id")
    if several or value is None:
        return value
    return getattr(value, "id", value)


def copied(source: StoredValues, target: Entity, depth: int = 0) -> Typed:
    """Fields of equal name and type, rows too; never the number, the state, files, or what the engine writes."""
    made, typed = Typed(), set()
    state = state_field(target)
    for key, field in target.fields.items():
        given = source.entity.fields.get(key)
        if given is None or field is state or not _alike(given, field) or key == target.parent_link:
            continue
        if field.rows:
            rows = source.unit.registry.entities[field.rows]
            if depth < 2:
                made[key] = [
                    copied(r, rows, depth + 1) for r in collection(source.unit, source.entity, source.get("id"), key)
                ]
        elif field.pairs:
            made[key] = [one.get("id") for one in collection(source.unit, source.entity, source.get("id"), key)]
        elif (value := source.row.get(key)) is not None and (
            field.options is None or field.multiple or value in field.options
        ):
            made[key] = source.row[key]
            typed.add(key)
    made.typed = typed
    return made


def _alike(given: Field, field: Field) -> bool:
    """Whether a value of ``given`` may stand in ``field`` as it is."""
    if field.retired or given.retired or field.source != "typed" or field.type.name in ("file", "image"):
        return False
    if field.key == "number" or (field.editable is False and field.formula is None and not field.rows):
        return False
    return (
        given.type.name == field.type.name and given.targets == field.targets and bool(given.rows) == bool(field.rows)
    )
