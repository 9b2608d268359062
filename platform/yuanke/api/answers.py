"""Values on their way out: exact numbers as text, instants with Z, links as id and title.

The one rule: what a field looks like in JSON is said by its type's `dump`; the dumpers of an entity are made once. This
is the short way of `contracts.Contract.dump`: tests hold both equal.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from flask import Response

from yuanke.fieldtypes import FieldType
from yuanke.metadata.registry import Entity, Field, Registry
from yuanke.records import HistoryEntry, LinkValue, Page, Record

Dump = Callable[[Any], Any]
_dumpers: WeakKeyDictionary[Entity, dict[str, Dump | None]] = WeakKeyDictionary()
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str, allow_nan=False).encode


def reply(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """``value`` as a JSON response."""
    return Response(_encode(value).encode(errors="replace"), status, headers, mimetype="application/json")


def nothing() -> Response:
    return Response(status=204)


def page_json(page: Page) -> dict[str, Any]:
    """``{result, next, count, count_capped}``; count is null when it was not asked for."""
    result = records_json(page.records)
    return {"result": result, "next": page.next, "count": page.count, "count_capped": page.count_capped}


def records_json(records: Sequence[Record]) -> list[dict[str, Any]]:
    """Records of one list: they carry the same fields, so how each is dumped is looked up once."""
    if not records:
        return []
    keys = list(records[0].values)
    if any(list(record.values) != keys or record.entity is not records[0].entity for record in records):
        return [record_json(record) for record in records]
    dumpers = dumpers_of(records[0].entity)
    columns = zip(*(record.values.values() for record in records))
    said = [_dumped(column, dumpers.get(key)) for key, column in zip(keys, columns)]
    rows = zip(*said) if said else ((),) * len(records)
    names = ("id", "version", *keys)
    return [dict(zip(names, (record.id, record.version, *row))) for record, row in zip(records, rows)]


def _dumped(column: Sequence[Any], dump: Dump | None) -> Sequence[Any]:
    return column if dump is None else [None if value is None else dump(value) for value in column]


def draft_json(entity: Entity, values: Mapping[str, Any], registry: Registry) -> dict[str, Any]:
    """Values of a document that is not saved: rows as objects, links as ids, everything else as its type says it."""
    made: dict[str, Any] = {}
    for key, value in values.items():
        field = entity.fields[key]
        if field.rows:
            made[key] = [draft_json(registry.entities[field.rows], row, registry) for row in value]
        else:
            made[key] = value if value is None or field.targets else field.type.dump(field, value)
    return made


def record_json(record: Record) -> dict[str, Any]:
    """id, version, and every field that was read."""
    dumpers = dumpers_of(record.entity)
    said: dict[str, Any] = {"id": record.id, "version": record.version}
    for key, value in record.values.items():
        dump = dumpers.get(key)
        said[key] = value if value is None or dump is None else dump(value)
    return said


def dumpers_of(entity: Entity) -> dict[str, Dump | None]:
    """For each field how its value is dumped; None = as it is."""
    found = _dumpers.get(entity)
    if found is None:
        found = _dumpers[entity] = {key: _dumper(field) for key, field in entity.fields.items()}
    return found


def _dumper(field: Field) -> Dump | None:
    kind = field.type
    if field.rows:
        return records_json
    if len(field.targets) < 2 and (field.targets or kind.kind in ("link", "links")):
        return link_json
    if type(kind).dump is FieldType.dump:
        return None
    return lambda value: kind.dump(field, value)


def link_json(value: Any) -> Any:
    """``{"id", "title"}``, ``{"id": null, "title": null, "hidden": true}``, or a list of them."""
    if type(value) is LinkValue and not value.hidden and value.entity is None:
        return {"id": value.id, "title": value.title}
    if isinstance(value, (list, tuple)) and not isinstance(value, LinkValue):
        return [link_json(one) for one in value]
    if value is None:
        return None
    if getattr(value, "hidden", False):
        return {"id": None, "title": None, "hidden": True}
    said = {"id": value.id, "title": value.title}
    entity = getattr(value, "entity", None)
    return {**said, "entity": entity} if entity else said


def history_json(entry: HistoryEntry) -> dict[str, Any]:
    """One entry: verb, instant, person, door, and for each changed field what stood before and after."""
    changes = {key: {"before": _past(before), "after": _past(after)} for key, (before, after) in entry.changes.items()}
    at = entry.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    said = {
        "id": entry.id,
        "verb": entry.verb,
        "at": at,
        "by": link_json(entry.by),
        "door": entry.door,
        "changes": changes,
    }
    return {**said, "told": dict(entry.told)} if entry.told else said


def _past(value: Any) -> Any:
    if isinstance(value, LinkValue):
        return link_json(value)
    if isinstance(value, Mapping):
        return {key: _past(inner) for key, inner in value.items()}
    if isinstance(value, tuple) and len(value) == 2:
        return {"before": _past(value[0]), "after": _past(value[1])}
    if isinstance(value, list):
        return [_past(one) for one in value]
    return value
