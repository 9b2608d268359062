"""What a form sent, as values for the door: only fields the form held and somebody could change.

The one rule: what was not touched is not sent on, so a save changes what its author changed and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as slot
from typing import Any

from werkzeug.datastructures import MultiDict

from yuanke.access.grants import ENCLOSED
from yuanke.expressions import Expression
from yuanke.fieldtypes import ValueFault
from yuanke.metadata.registry import Entity, Field
from yuanke.records import LinkValue, Record
from yuanke.screens.reader import Reader

Sent = MultiDict[str, str]
NOTHING: tuple[Any, ...] = (None, "", [])


@dataclass
class Incoming:
    """``values`` for the door; ``rows``: field -> the page's key of the row at each position of what is sent."""

    values: dict[str, Any] = slot(default_factory=dict)
    rows: dict[str, list[str]] = slot(default_factory=dict)


def incoming(
    reader: Reader, fields: Sequence[Field], sent: Sent, standing: Record | None, start: Mapping[str, Any]
) -> Incoming:
    """Raw values by field; of an existing record those that differ from what stands, of a new one those that say something.

    ``start`` is what the empty form showed: a default that somebody emptied is sent as empty.
    """
    found = Incoming()
    for field in fields:
        if field.rows:
            _take_rows(reader, field, sent, standing, found)
        elif is_held(field, field.key, sent):
            raw = raw_of(field, field.key, sent)
            if standing is not None:
                if differs(reader, field, raw, standing.values.get(field.key)):
                    found.values[field.key] = _change(field, raw, standing.values.get(field.key))
            elif raw not in NOTHING or start.get(field.key) not in NOTHING:
                found.values[field.key] = raw
    return found


def is_held(field: Field, name: str, sent: Sent) -> bool:
    """Whether the form held the field: a box that is not ticked sends nothing but its companion ``<name>:given``."""
    if field.type.name == "dynamic_link":
        return f"{name}.id" in sent
    return name in sent or f"{name}:given" in sent


def raw_of(field: Field, name: str, sent: Sent) -> Any:
    """As `FieldType.parse` reads it; lines end in a single newline."""
    read = _READS.get(field.type.name)
    if read is not None:
        return read(field, name, sent)
    if f"{name}:given" in sent and field.type.name == "json":  # ticked, not typed
        return [one for one in sent.getlist(name) if one]
    if field.multiple or field.pairs:
        many = [one for one in sent.getlist(name) if one]
        return [int(one) for one in many if one.isdigit()] if field.pairs else many
    return sent.get(name, "").replace("\r\n", "\n")


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
    "bool": _bool,
    "dynamic_link": _pointer,
    "tags": _words,
    "rating": _rating,
    "file": _files,
    "image": _files,
}


# -- what differs -------------------------------------------------------------------------------------------------


def differs(reader: Reader, field: Field, raw: Any, value: Any) -> bool:
    """Compared as the form showed it, else as typed values; a text that does not read must reach the door and be told."""
    if field.pairs:
        return {v.id for v in value or () if v.id is not None} != set(raw)
    if isinstance(value, LinkValue) and value.hidden:
        return raw not in NOTHING
    if field.type.name == "bool":
        return bool(raw) != bool(value)  # a box cannot say that nobody has answered yet
    if (
        not isinstance(value, LinkValue)
        and isinstance(raw, str)
        and raw == field.type.form_text(field, value, reader.place)
    ):
        return False
    try:
        return bool(_settled(field.type.parse(field, raw, reader.place)) != _settled(value))
    except ValueFault:
        return True


def _settled(value: Any) -> Any:
    """Links, files and nothing at all in one form each, so that what was read from a form equals what is stored."""
    if isinstance(value, LinkValue):
        return (value.entity, value.id) if value.entity else value.id
    if hasattr(value, "entity") and hasattr(value, "id"):
        return value.entity, value.id
    if isinstance(value, Mapping) and "id" in value:
        return value["id"]
    if isinstance(value, list):
        return [_settled(one) for one in value] or None
    return value


def _change(field: Field, raw: Any, value: Any) -> Any:
    """Links that the author may not see are not his to remove: a set is changed, not replaced."""
    if not field.pairs:
        return raw
    seen = [v.id for v in value or () if v.id is not None]
    return {"add": [one for one in raw if one not in seen], "remove": [one for one in seen if one not in raw]}


# -- owned rows ---------------------------------------------------------------------------------------------------


def _take_rows(reader: Reader, field: Field, sent: Sent, standing: Record | None, found: Incoming) -> None:
    """Items for the door in the order of the page; nothing when the form held no such table or no row of it moved."""
    if f"{field.key}:given" not in sent:
        return
    entity = reader.registry.entities[field.rows or ""]
    held: list[Record] = list(standing.values.get(field.key) or ()) if standing is not None else []
    stored = {row.id: row for row in held}
    writable = reader.records.grant(entity.key, ENCLOSED if standing is None else "update").writable
    items, keys = [], []
    for key in row_keys(field, sent):
        item = _row(reader, entity, f"{field.key}.{key}.", sent, stored, writable)
        if item is not None:
            items.append(item)
            keys.append(key)
    if standing is None or _moved(items, [row.id for row in held]):
        found.values[field.key] = items
    found.rows[field.key] = keys


def _moved(items: Sequence[Mapping[str, Any]], held: Sequence[int]) -> bool:
    """Whether a row is new, gone, changed, or stands elsewhere; rows that the form did not hold stay where they are."""
    named = [item["id"] for item in items if "id" in item]
    return any(item.keys() != {"id"} for item in items) or named != [one for one in held if one in named]


def row_keys(field: Field, sent: Sent) -> list[str]:
    """Keys of the rows in the order in which they stand on the page; the template row is none."""
    head = field.key + "."
    keys = dict.fromkeys(name[len(head) :].split(".", 1)[0] for name in sent if name.startswith(head))
    return [key for key in keys if key != "__key__"]


def _row(
    reader: Reader, entity: Entity, prefix: str, sent: Sent, stored: Mapping[int, Record], writable: frozenset[str],
) -> dict[str, Any] | None:  # fmt: skip
    row_id = sent.get(prefix + "id", "")
    before = stored.get(int(row_id)) if row_id.isdigit() and len(row_id) < 19 else None
    if row_id and before is None:
        return None  # somebody else removed it in the meantime
    if before is not None and sent.get(prefix + "deleted"):
        return {"id": before.id, "deleted": True}
    item: dict[str, Any] = {"id": before.id} if before is not None else {}
    filled = before is not None
    for field in entity.fields.values():
        if field.retired or field.key not in writable or not is_held(field, prefix + field.key, sent):
            continue
        if field.editable == "new" and before is not None:
            continue
        raw = raw_of(field, prefix + field.key, sent)
        if before is not None:
            if differs(reader, field, raw, before.values.get(field.key)):
                item[field.key] = _change(field, raw, before.values.get(field.key))
        elif raw not in NOTHING or (not isinstance(field.default, Expression) and field.default is not None):
            item[field.key] = raw
            filled = filled or _says_something(reader, field, raw)
    return item if filled else None


def _says_something(reader: Reader, field: Field, raw: Any) -> bool:
    """A new row that holds nothing but its defaults is an empty row."""
    if raw in NOTHING or raw is False:
        return False
    if isinstance(field.default, Expression) or field.default is None:
        return True
    try:
        return bool(field.type.parse(field, raw, reader.place) != field.type.parse(field, field.default, reader.place))
    except ValueFault:
        return True
