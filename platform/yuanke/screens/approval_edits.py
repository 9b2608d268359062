"""What a step lets its approver change, inside the dialog of his yes: a control for each field, and for each row of it.

The one rule: what was not touched is not sent on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import request

from yuanke.metadata.registry import Entity, Field
from yuanke.records import Record
from yuanke.screens.controls import control
from yuanke.screens.incoming import differs, is_held, raw_of
from yuanke.screens.reader import Reader
from yuanke.screens.typed import typed
from yuanke.workflow.approvals import Picture

Errors = Mapping[str, Sequence[str]]


def editable_controls(reader: Reader, seen: Picture, record: Record, errors: Errors) -> list[dict[str, Any]]:
    found = []
    for name, entity, field, held, label in _places(reader, seen, record):
        made = control(
            reader, entity, field, held.values.get(field.key), writable=True, of=held, errors=list(errors.get(name, ()))
        )
        made |= {"name": name, "id": "d-" + name.replace(".", "-"), "label": label, "formula": False, "visible": True}
        if request.method == "POST" and is_held(field, name, request.form):
            made["value"] = typed(reader, field, made, name)
        found.append(made)
    return found


def _places(reader: Reader, seen: Picture, record: Record) -> list[tuple[str, Entity, Field, Record, str]]:
    """(name of the control, entity, field, the record or row that holds it, label); ``items.3.price`` is row 3 as it stands."""
    found: list[tuple[str, Entity, Field, Record, str]] = []
    for key, inner in seen.mine.edit.items():
        field = seen.entity.fields[key]
        if not field.rows:
            found.append((key, seen.entity, field, record, reader.say(field.label)))
            continue
        rows = reader.registry.entities[field.rows]
        for at, row in enumerate(record.values.get(key) or ()):
            title = row.title if rows.title in row.values else str(at + 1)
            found += [
                (f"{key}.{at}.{one}", rows, rows.fields[one], row, f"{title} · {reader.say(rows.fields[one].label)}")
                for one in sorted(inner)
                if one in rows.fields
            ]
    return found


def edited(reader: Reader, seen: Picture) -> dict[str, Any]:
    """What was changed of it, for the verb: rows by their id, faults by their place in the dialog."""
    record = reader.records.get(seen.entity.key, seen.record)
    values: dict[str, Any] = {}
    for name, _entity, field, held, _label in _places(reader, seen, record):
        if not is_held(field, name, request.form):
            continue
        raw = raw_of(field, name, request.form)
        top, _dot, rest = name.partition(".")
        if not rest:
            if differs(reader, field, raw, held.values.get(field.key)):
                values[top] = raw
            continue
        items = values.setdefault(top, [])
        item = next((one for one in items if one["id"] == held.id), None)
        if item is None:
            item = {"id": held.id}
            items.append(item)
        if differs(reader, field, raw, held.values.get(field.key)):
            item[field.key] = raw
    return {
        key: value
        for key, value in values.items()
        if not isinstance(value, list) or any(len(item) > 1 for item in value)
    }
