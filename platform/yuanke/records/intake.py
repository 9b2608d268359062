"""From what was sent to typed values: unknown, hidden and read-only names refused, each value parsed by its type.

The one rule: nothing is lost and nothing is guessed; every fault stands at its field, all of them at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from yuanke.access.grants import Grant
from yuanke.expressions import Expression
from yuanke.fieldtypes import Place, ValueFault
from yuanke.fieldtypes.link import Unresolved
from yuanke.kernel.decimals import round_half_up
from yuanke.kernel.text import Message, message
from yuanke.metadata.registry import Entity, Field
from yuanke.records.keys import ids_by_key
from yuanke.records.save import Save
from yuanke.records.values import Typed

MOST_OWNED_ROWS = 2_000
MOST_SHOWN = 80  # letters of a name that is none
ALWAYS = frozenset({"version"})


def take(save: Save, raw: Mapping[str, Any], given: Grant) -> None:
    """Fill ``save.values``, ``rows`` and ``pairs`` from a mapping of JSON-like or typed values; faults go to ``save.errors``."""
    typed = raw.typed if isinstance(raw, Typed) else ()
    for key, value in raw.items():
        if key in ALWAYS:
            continue
        field = save.entity.fields.get(str(key))
        if field is None or field.retired or (key not in given.readable and key not in given.writable):
            save.fault(str(key), unknown(str(key)))
        elif key not in given.writable or not _open_now(save, field):
            if not _stands_already(save, field, value):
                save.fault(key, closed(field))
        elif field.rows or field.pairs:
            save.given.add(key)
            save.row_changes[key] = value
        else:
            save.given.add(key)
            _parse(save, field, value, key in typed)


def _stands_already(save: Save, field: Field, value: Any) -> bool:
    """What is sent back as it stands changes nothing and is not refused (a file imported again, a form sent whole)."""
    if field.rows or field.pairs or not field.has_column:
        return False
    if save.old is None:
        return field.default is not None and value == field.default and not isinstance(field.default, Expression)
    try:
        typed = field.type.parse(field, value, save.unit.place)
    except ValueFault:
        return False
    standing = save.old.get(field.key)
    if isinstance(typed, Unresolved):
        target = save.unit.registry.entities[field.targets[0]]
        return ids_by_key(save.unit, save.actor, target, {typed.text}, typed.field).get(typed.text) == standing
    return bool(typed == standing)


def _open_now(save: Save, field: Field) -> bool:
    """``editable: new`` closes with the first save; a condition is asked of the record as it stood."""
    if field.editable == "new":
        return save.verb == "create" or save.actor.engine
    if isinstance(field.editable, (bool, str)) or save.old is None or save.actor.engine:
        return True
    from yuanke.records.environment import StoredValues

    return bool(field.editable.evaluate(StoredValues(save.unit, save.entity, save.old)))


def unknown(key: str) -> Message:
    """Said of a field that is not there, and alike of one that is hidden."""
    return message("没有名为 {field} 的字段", field=key[:MOST_SHOWN])


def closed(field: Field) -> Message:
    return message("{field} 不能修改", field=field.label)


def _parse(save: Save, field: Field, value: Any, is_typed: bool) -> None:
    try:
        save.values[field.key] = typed_value(field, value, save.unit.place, is_typed)
    except ValueFault as fault:
        save.fault(field.key, fault.said)


def typed_value(field: Field, value: Any, place: Place, is_typed: bool = False) -> Any:
    """What was sent as a value of ``field``, exact and within its declared limits; None = empty. Raises ValueFault."""
    typed = value if is_typed else field.type.parse(field, value, place)
    if typed is not None:
        typed = rounded(field, typed)
        field.type.check(field, typed)
    return typed


def rounded(field: Field, value: Any) -> Any:
    """An exact number half up to the scale of its column; everything else as it is."""
    if not isinstance(value, Decimal):
        return value
    scale = getattr(_column_type(field), "exact_scale", None)
    return value if scale is None else round_half_up(value, scale)


_scales: dict[int, Any] = {}


def _column_type(field: Field) -> Any:
    found = _scales.get(id(field))
    if found is None or found[0] is not field:
        if len(_scales) > 50_000:
            _scales.clear()
        found = _scales[id(field)] = (field, field.type.column_type(field) if field.type.stored else None)
    return found[1]


def required_entity(save: Save, field: Field) -> Entity:
    return save.unit.registry.entities[field.rows or field.targets[0]]
