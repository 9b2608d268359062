"""Fields as controls of a form, as `widgets/README.md` tells them.

The one rule: what stands in a control is what its type reads back unchanged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from yuanke.expressions import Expression
from yuanke.metadata.registry import Entity, Field
from yuanke.records import LinkValue, Record
from yuanke.screens import urls
from yuanke.screens.cells import EMPTY, colour, show_of
from yuanke.screens.reader import Reader

WIDE = {"long_text", "rich_text", "rows", "json", "address", "file", "image"}
KINDS = {
    "link": "link", "dynamic_link": "link", "user": "link", "department": "link", "long_text": "wide", "date": "date",
    "datetime": "date", "choice": "choice", "money": "money", "price": "money",
}  # fmt: skip
LONGEST_FILE = 20 * 1024 * 1024


def options_of(reader: Reader, field: Field, held: Any = None) -> list[dict[str, Any]]:
    """Options one may choose; a retired one only where it is held."""
    chosen = set(held if isinstance(held, (list, tuple)) else [held])
    return [
        {"key": key, "label": reader.say(option.label), "color": colour(option), "retired": option.retired}
        for key, option in (field.options or {}).items() if not option.retired or key in chosen
    ]


def control(
    reader: Reader, entity: Entity, field: Field, value: Any, *, writable: bool, prefix: str = "", errors: Sequence[str] = (),
) -> dict[str, Any]:
    """One field of a form, empty or filled; ``prefix`` is ``lines.3.`` inside rows."""
    readonly = not writable
    widget = _widget(field, readonly)
    name = prefix + field.key
    made = {
        "key": field.key, "name": name, "id": "f-" + name.replace(".", "-"), "label": reader.say(field.label),
        "help": reader.say(field.help), "placeholder": "", "unit": _unit(reader, field), "widget": widget,
        "required": field.required and writable, "readonly": readonly, "errors": list(errors), "visible": True,
        "span": "wide" if field.type.name in WIDE or field.rows else 1,
        "options": options_of(reader, field, value), "style": "select", "scale": field.scale,
        "min": _plain(field.min), "max": _plain(field.max) if field.type.name != "rating" else int(field.max or 5),
        "length": field.length, "pattern": None, "numeric": field.type.numeric,
        "formula": writable and (field.formula is not None or isinstance(field.default, Expression)), "by_hand": value is not None,
        "kind": KINDS.get(field.type.name, "num" if field.type.numeric else "text"),
    }  # fmt: skip
    made.update(_lookups(reader, entity, field))
    if field.type.name in ("file", "image"):
        made.update(many=field.multiple, accept="image/*" if field.type.name == "image" else "", upload_url="/files", limit=LONGEST_FILE)
    made["value"] = edit_value(reader, field, value, widget)
    if readonly:
        made["cell"] = EMPTY if value is None else show_of(entity, field, reader.place)(value)
    return made


def _widget(field: Field, readonly: bool) -> str:
    if field.key == "number" and field.source == "system":
        return "sequence"
    if readonly and field.source in ("stored", "rollup", "computed"):
        return "formula"
    return field.type.widget


def _unit(reader: Reader, field: Field) -> str:
    if field.type.name == "percent":
        return "%"
    return str(field.more.get("unit") or "")


def _plain(limit: Any) -> str | None:
    return None if limit is None or isinstance(limit, Expression) else str(limit)


def _lookups(reader: Reader, entity: Entity, field: Field) -> dict[str, Any]:
    if not field.targets:
        return {"lookup_url": None, "create_url": None, "depends": [], "targets": []}
    each = [
        {
            "entity": key, "label": reader.say(reader.registry.entities[key].label),
            "lookup_url": urls.lookup(key, **{"for": f"{entity.key}.{field.key}"}), "create_url": _create_url(reader, key),
        }
        for key in field.targets
    ]  # fmt: skip
    return {
        "lookup_url": each[0]["lookup_url"], "create_url": each[0]["create_url"], "targets": each,
        "depends": _depends(entity, field),
    }  # fmt: skip


def _create_url(reader: Reader, key: str) -> str | None:
    entity = reader.registry.entities[key]
    return urls.new(key, dialog=1) if not entity.system and reader.may(entity, "create") else None


def _depends(entity: Entity, field: Field) -> list[str]:
    """Fields of the record that the filter of the link reads: ``contact.filter: customer == this.customer``."""
    if field.filter is None:
        return []
    own = {path[1] for path in field.filter.reads if len(path) > 1 and path[0] in ("this", "record", "row")}
    return sorted(name for name in own if name in entity.fields)


def edit_value(reader: Reader, field: Field, value: Any, widget: str) -> Any:
    """A value as its widget's ``edit`` takes it."""
    make = _EDITS.get(widget)
    if make is not None:
        return make(reader, field, value)
    if field.targets and field.pairs:
        return [_link(reader, field, one) for one in value or ()]
    if field.targets:
        return _link(reader, field, value)
    return field.type.form_text(field, value, reader.place)


def _link(reader: Reader, field: Field, value: LinkValue | None) -> dict[str, Any] | None:
    if value is None:
        return None
    if not isinstance(value, LinkValue):
        return {"id": value, "title": f"#{value}"}
    made: dict[str, Any] = {"id": value.id or "", "title": value.title}
    if value.entity:
        made["entity"] = value.entity
    return made


def _formula(reader: Reader, field: Field, value: Any) -> str:
    return field.type.text(field, value, reader.place)


def _region(reader: Reader, field: Field, value: Any) -> Any:
    return {"id": value, "title": field.type.text(field, value, reader.place)} if value else None


def _files(reader: Reader, field: Field, value: Any) -> list[dict[str, Any]]:
    files = value if isinstance(value, list) else [value] if value else []
    return [{**f, "size": _size(f.get("size", 0)), "url": f"/files/{f.get('id')}"} for f in files]


def _size(size: int) -> str:
    return f"{size / 1024 / 1024:.1f} MB" if size >= 1024 * 1024 else f"{max(1, size // 1024)} KB"


_EDITS: Mapping[str, Any] = {
    "formula": _formula,
    "bool": lambda _r, _f, value: value,
    "choice": lambda _r, _f, value: value or "",
    "choices": lambda _r, _f, value: list(value or ()),
    "tags": lambda _r, _f, value: list(value or ()),
    "rating": lambda _r, _f, value: int(value or 0),
    "region": _region,
    "file": _files,
    "image": _files,
    "rows": lambda _r, _f, value: None,
}


def value_in(record: Record | None, key: str) -> Any:
    return record.values.get(key) if record is not None else None
