"""What a form sent, as values for the door: only fields the form held and somebody could change.

The one rule: what was not touched is not sent on, so a save changes what its author changed and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from werkzeug.datastructures import MultiDict

from yuanke.fieldtypes import ValueFault
from yuanke.metadata.registry import Entity, Field
from yuanke.records import LinkValue, Record
from yuanke.screens.reader import Reader

Sent = MultiDict[str, str]


def values_of(reader: Reader, fields: Sequence[Field], sent: Sent, standing: Record | None) -> dict[str, Any]:
    """Raw values by field; of an existing record only those that differ from what stands."""
    found: dict[str, Any] = {}
    for field in fields:
        if field.rows:
            rows = _rows(reader, field, sent, standing)
            if rows is not None:
                found[field.key] = rows
            continue
        if not _present(field, field.key, sent):
            continue
        raw = _raw(field, field.key, sent)
        if standing is None:
            if raw not in (None, "", []) or field.default is not None:
                found[field.key] = raw
        elif _differs(reader, field, raw, standing.values.get(field.key)):
            found[field.key] = raw
    return found


def _present(field: Field, name: str, sent: Sent) -> bool:
    """An unticked box and an empty multiple choice send nothing but their companion of the same name."""
    if field.type.name == "dynamic_link":
        return f"{name}.id" in sent
    return name in sent or field.type.name == "bool" or field.multiple or field.pairs is not None


def _raw(field: Field, name: str, sent: Sent) -> Any:
    read = _READS.get(field.type.name)
    if read is not None:
        return read(field, name, sent)
    if field.multiple or field.pairs:
        many = [one for one in sent.getlist(name) if one]
        return [int(one) for one in many if one.isdigit()] if field.pairs else many
    return sent.get(name, "")


def _bool(_field: Field, name: str, sent: Sent) -> Any:
    values = sent.getlist(name)
    return bool(values) and values[-1] not in ("", "0", "false", "off")


def _pointer(field: Field, name: str, sent: Sent) -> Any:
    chosen = sent.get(f"{name}.id", "")
    return {"entity": sent.get(f"{name}.entity") or field.targets[0], "id": int(chosen)} if chosen.isdigit() else None


def _words(_field: Field, name: str, sent: Sent) -> Any:
    return [word for one in sent.getlist(name) for word in one.split(",") if word.strip()]


def _rating(_field: Field, name: str, sent: Sent) -> Any:
    value = sent.get(name, "")
    return int(value) or None if value.isdigit() else None


def _files(field: Field, name: str, sent: Sent) -> Any:
    ids = [one for one in sent.getlist(name) if one]
    return ids if field.multiple else (ids[0] if ids else None)


_READS: dict[str, Callable[[Field, str, Sent], Any]] = {
    "bool": _bool, "dynamic_link": _pointer, "tags": _words, "rating": _rating, "file": _files, "image": _files,
}


def _differs(reader: Reader, field: Field, raw: Any, value: Any) -> bool:
    """Compared as typed values where the text reads, else by text: a fault must reach the door and be told there."""
    if field.pairs:
        return [v.id for v in value or ()] != raw
    standing = value.id if isinstance(value, LinkValue) else value
    if isinstance(value, LinkValue) and value.hidden and raw in ("", None):
        return False
    try:
        return bool(field.type.parse(field, raw, reader.place) != standing)
    except ValueFault:
        return True


def _rows(reader: Reader, field: Field, sent: Sent, standing: Record | None) -> list[dict[str, Any]] | None:
    """Items for the door in the order of the page; None when the form held no such table."""
    if f"{field.key}:given" not in sent:
        return None
    entity = reader.registry.entities[field.rows or ""]
    stored = {row.id: row for row in (standing.values.get(field.key) or [])} if standing is not None else {}
    items = []
    for key in row_keys(field, sent):
        item = _row(reader, entity, f"{field.key}.{key}.", sent, stored)
        if item is not None:
            items.append(item)
    return items


def row_keys(field: Field, sent: Sent) -> list[str]:
    """Keys of the rows in the order in which they stand on the page; the template row is none."""
    head = field.key + "."
    keys = dict.fromkeys(name[len(head):].split(".", 1)[0] for name in sent if name.startswith(head))
    return [key for key in keys if key != "__key__"]


def _row(reader: Reader, entity: Entity, prefix: str, sent: Sent, stored: dict[int, Record]) -> dict[str, Any] | None:
    row_id = sent.get(prefix + "id", "")
    before = stored.get(int(row_id)) if row_id.isdigit() else None
    if before is not None and sent.get(prefix + "deleted"):
        return {"id": before.id, "deleted": True}
    item: dict[str, Any] = {"id": before.id} if before is not None else {}
    filled = False
    for field in entity.fields.values():
        name = prefix + field.key
        if field.retired or field.source != "typed" or not (name in sent or f"{name}.id" in sent):
            continue
        raw = _raw(field, name, sent)
        filled = filled or raw not in (None, "", [], False)
        if before is None or _differs(reader, field, raw, before.values.get(field.key)):
            if before is not None or raw not in (None, ""):
                item[field.key] = raw
    return item if before is not None or filled else None
