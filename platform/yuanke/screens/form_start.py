"""What an empty form begins with: defaults, a record that is copied, values from the address.

The one rule: it only proposes; the door computes defaults again for whatever was not sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zlib import crc32

from flask import request

from yuanke.expressions import Expression
from yuanke.fieldtypes import ValueFault
from yuanke.metadata.registry import Entity, Field
from yuanke.records import LinkValue, Record
from yuanke.records.carried import titles_of
from yuanke.records.environment import SaveValues
from yuanke.records.save import Save
from yuanke.screens.reader import Reader
from yuanke.workflow.documents import drafts

#: parameters of the address that are not values
WORDS = ("from", "for", "dialog", "asking", "title", "becomes")


class Values:
    """The values of a form as conditions and defaults see them; what does not read is not there."""

    def __init__(self, reader: Reader, entity: Entity, given: Mapping[str, Any]) -> None:
        self.reader, self.entity = reader, entity
        self.save = Save(reader.unit, reader.actor, entity, "create", values=self._plain(given))

    def _plain(self, given: Mapping[str, Any]) -> dict[str, Any]:
        found = {}
        for key, value in given.items():
            field = self.entity.fields.get(key)
            if field is None or field.rows or field.pairs or not field.type.stored:
                continue
            if isinstance(value, LinkValue) and len(field.targets) == 1:
                found[key] = value.id
                continue
            try:
                found[key] = field.type.parse(field, value, self.reader.place)
            except ValueFault:
                continue
        return found

    def holds(self, condition: Expression) -> bool:
        """A condition that cannot be told shows the field rather than hiding it."""
        try:
            return bool(condition.evaluate(SaveValues(self.save)))
        except Exception:
            return True

    def default(self, field: Field) -> Any:
        try:
            value = (
                field.default.evaluate(SaveValues(self.save))
                if isinstance(field.default, Expression)
                else field.default
            )
            made = field.type.parse(field, value, self.reader.place)
        except Exception:
            return None
        return made.replace(second=0, microsecond=0) if isinstance(made, datetime) else made  # nobody plans in seconds


def start_values(reader: Reader, entity: Entity, writable: frozenset[str]) -> dict[str, Any]:
    """Values as a record would have them (links with their titles)."""
    first = {
        **_copied(reader, entity, writable),
        **_drafted(reader, entity, writable),
        **_given(reader, entity, writable),
    }
    values = Values(reader, entity, first)
    found: dict[str, Any] = {}
    for key, field in entity.fields.items():
        if field.default is None or not field.has_column or field.retired or key in first:
            continue
        value = values.default(field)
        if value is not None:
            values.save.values[key] = value
            found[key] = _titled(reader, field, value)
    return {**found, **first}


def _copied(reader: Reader, entity: Entity, writable: frozenset[str]) -> dict[str, Any]:
    """What a copy takes over: nothing that must be unique, and it begins its own way through the states."""
    source = request.args.get("from", "")
    if not source.isdigit() or len(source) > 18:
        return {}
    record = reader.records.get(entity.key, int(source))
    state = (entity.workflow or {}).get("field")
    once = {name for key in entity.unique for name in key}
    return {
        key: value for key, value in record.values.items()
        if key in writable and key not in ("owner", state) and key not in once and entity.fields[key].unique is None and value is not None
    }  # fmt: skip


def _drafted(reader: Reader, entity: Entity, writable: frozenset[str]) -> dict[str, Any]:
    """``?becomes=order.5.shipment``: what the record would make, nothing saved; of several documents the first."""
    asked = becoming()
    if asked is None:
        return {}
    found = next((d for d in drafts(reader.unit, reader.actor, *asked) if d.entity is entity), None)
    if found is None:
        return {}
    return {k: _shown(reader, entity.fields[k], v) for k, v in found.values.items() if v is not None and k in writable}


def becoming() -> tuple[str, int, str] | None:
    """(entity, id, document) of the address; None when it says nothing of the kind."""
    source, _, rest = request.args.get("becomes", "").partition(".")
    record_id, _, key = rest.partition(".")
    return (source, int(record_id), key) if record_id.isdigit() and len(record_id) < 19 and key else None


def row_name(at: int, row: Record) -> str:
    """The page's key of a row: where it stands and, of a row made of another document, a mark of what it leads to. By
    the mark the row is known again when it is sent, also if others took rows of that document in the meantime."""
    led = sorted((key, value.id) for key, value in row.values.items() if isinstance(value, LinkValue))
    return f"{at}-{crc32(repr(led).encode()):08x}" if led and not row.id else str(at)


def _shown(reader: Reader, field: Field, value: Any) -> Any:
    if field.rows:
        rows = reader.registry.entities[field.rows]
        return [
            Record(rows, 0, 0, {k: _shown(reader, rows.fields[k], v) for k, v in one.items() if v is not None})
            for one in value
        ]
    return _titled(reader, field, value)


def _given(reader: Reader, entity: Entity, writable: frozenset[str]) -> dict[str, Any]:
    """``?member=5&stage=won``: from a related list, a column of the kanban or a day of the calendar; what does not read is left."""
    found: dict[str, Any] = {}
    for key, text in request.args.items():
        field = entity.fields.get(key)
        if (
            field is None
            or key not in writable
            or key in WORDS
            or field.rows
            or field.pairs
            or not text
            or field.type.name in ("file", "image")
        ):
            continue
        if field.type.name == "datetime":
            text = f"{text}T09:00" if len(text) == 10 else text[:16]  # a day of the calendar, or a moment of its week
        try:
            value = _titled(reader, field, field.type.parse(field, text, reader.place))
        except ValueFault:
            continue
        if value is not None:
            found[key] = value
    return found


def _titled(reader: Reader, field: Field, value: Any) -> Any:
    """A link gets the title that this reader may see; one that he may not see is not proposed."""
    if not field.targets or field.pairs:
        return value
    key, record_id = (value.entity, value.id) if hasattr(value, "entity") else (field.targets[0], value)
    target = reader.registry.entities.get(key)
    if target is None or not isinstance(record_id, int):
        return None
    title = titles_of(reader.unit, reader.actor, target, [record_id]).get(record_id)
    return LinkValue(record_id, title, entity=key if len(field.targets) > 1 else None) if title is not None else None
