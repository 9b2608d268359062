"""Fields as controls of a form, as `widgets/README.md` tells them.

The one rule: what stands in a control is what its type reads back unchanged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from yuanke.expressions import Expression
from yuanke.metadata.registry import Entity, Field
from yuanke.records import LinkValue, Record
from yuanke.screens import urls
from yuanke.screens.cells import EMPTY, colour, file_url, show_of, shown
from yuanke.screens.figures import figure, scale_of
from yuanke.screens.reader import Reader
from yuanke.screens.spec import asked_of_form
from yuanke.screens.units import COMMON
from yuanke.web.language import say

WIDE = {"long_text", "rich_text", "rows", "json", "address", "file", "image"}
SHORT_TEXT = 20
KINDS = {
    "link": "link", "dynamic_link": "link", "user": "link", "department": "link", "long_text": "wide", "date": "date",
    "datetime": "date", "choice": "choice", "money": "money", "price": "money",
}  # fmt: skip
LONGEST_FILE = 20 * 1024 * 1024


def options_of(reader: Reader, field: Field, held: Any = None) -> list[dict[str, Any]]:
    """Options one may choose; a retired one only where it is held."""
    if not field.options:
        return []
    chosen = set(held if isinstance(held, (list, tuple)) else [held])
    return [
        {"key": key, "label": reader.say(option.label), "color": colour(option), "retired": option.retired}
        for key, option in field.options.items()
        if not option.retired or key in chosen
    ]


def control(
    reader: Reader, entity: Entity, field: Field, value: Any, *, writable: bool, prefix: str = "", errors: Sequence[str] = (),
    of: Record | None = None,
) -> dict[str, Any]:  # fmt: skip
    """One field of a form, empty or filled; ``prefix`` is ``lines.3.`` inside rows, ``of`` the record that holds it."""
    readonly = not writable
    widget = _widget(field, readonly)
    name = prefix + field.key
    made = {
        "key": field.key, "name": name, "id": "f-" + name.replace(".", "-"), "label": reader.say(field.label),
        "help": reader.say(field.help), "placeholder": "", "unit": _unit(field), "widget": widget,
        "required": field.required and writable, "readonly": readonly, "errors": list(errors), "visible": True,
        "span": "wide" if field.type.name in WIDE or field.rows else 1,
        "options": options_of(reader, field, value), "style": "select", "scale": scale_of(field),
        "min": _plain(field.min), "max": _plain(field.max) if field.type.name != "rating" else int(field.max or 5),
        "length": field.length, "pattern": None, "numeric": field.type.numeric,
        "formula": writable and (field.formula is not None or isinstance(field.default, Expression)), "by_hand": value is not None,
        "kind": _kind(field),
    }  # fmt: skip
    made.update(_lookups(reader, entity, field))
    if is_roles(field):
        made.update(widget="choices", options=role_options(reader))
        widget = "choices"
    if field.type.name in ("file", "image"):
        made.update(many=field.multiple, accept=_accept(field), upload_url="/files", limit=_largest(field))
    made["value"] = edit_value(reader, field, value, widget, of)
    if readonly:
        made["cell"] = (
            EMPTY
            if value is None
            else shown(of, field, value, reader.place)
            if of is not None
            else show_of(entity, field, reader.place)(value)
        )
    return made


def bare(name: str, label: str, widget: str, **more: Any) -> dict[str, Any]:
    """A control of a dialog that is no field of any entity; ``more`` says what is different."""
    return {
        "key": name, "name": name, "id": "d-" + name.replace(".", "-"), "label": label, "help": "", "placeholder": "", "unit": "",
        "widget": widget, "required": False, "readonly": False, "errors": [], "options": [], "style": "select", "value": "",
        "formula": False, "visible": True, "numeric": False, **more,
    }  # fmt: skip


def is_roles(field: Field) -> bool:
    """The keys of a user's roles: kept as a list, ticked like options."""
    return (field.entity, field.key) == ("user", "roles")


def role_options(reader: Reader) -> list[dict[str, Any]]:
    return [
        {"key": key, "label": reader.say(label), "color": "gray", "retired": False}
        for key, label in reader.registry.roles.items()
    ]


def _accept(field: Field) -> str:
    endings = field.more.get("accept") or ()
    return ",".join(f".{str(one).lstrip('.')}" for one in endings) or ("image/*" if field.type.name == "image" else "")


def _largest(field: Field) -> int:
    said = field.more.get("largest")
    return min(int(said) * 1_000_000, LONGEST_FILE) if said else LONGEST_FILE


def _kind(field: Field) -> str:
    """What decides the width of a column of rows."""
    if field.options is not None and not field.multiple:
        return "choice"
    if field.type.name == "text" and field.length is not None and field.length <= SHORT_TEXT:
        return "short"
    return KINDS.get(field.type.name, "num" if field.type.numeric else "text")


def _widget(field: Field, readonly: bool) -> str:
    if field.key == "number" and field.source == "system":
        return "sequence"
    if readonly and field.source in ("stored", "rollup", "computed") and field.options is None:
        return "formula"
    return field.type.widget


def _unit(field: Field) -> str:
    if field.type.name == "percent":
        return "%"
    declared = str(field.more.get("unit") or "")
    return say(COMMON[declared]) if declared in COMMON else declared


def _plain(limit: Any) -> str | None:
    return None if limit is None or isinstance(limit, Expression) else str(limit)


def _lookups(reader: Reader, entity: Entity, field: Field) -> dict[str, Any]:
    if not field.targets:
        return {"lookup_url": words_url(entity, field), "create_url": None, "depends": [], "targets": []}
    each = [
        {
            "entity": key, "label": reader.say(reader.registry.entities[key].label),
            "lookup_url": urls.lookup(key, **{"for": f"{entity.key}.{field.key}"}),
            "create_url": _create_url(reader, key, f"{entity.key}.{field.key}"),
        }
        for key in field.targets
    ]  # fmt: skip
    return {
        "lookup_url": each[0]["lookup_url"], "create_url": each[0]["create_url"], "targets": each,
        "depends": _depends(entity, field),
    }  # fmt: skip


def words_url(entity: Entity, field: Field) -> str | None:
    """Where a chooser of words asks: places, or tags that were used before."""
    return {"region": "/regions", "tags": f"/records/{entity.key}/words/{field.key}"}.get(field.type.name)


def _create_url(reader: Reader, key: str, asking: str) -> str | None:
    """A dialog with the few fields a record must have; not for what needs rows of its own."""
    entity = reader.registry.entities[key]
    if entity.system or not reader.may(entity, "create") or any(f.rows and f.required for f in entity.fields.values()):
        return None
    return urls.new(key, dialog=1, asking=asking)


def _depends(entity: Entity, field: Field) -> list[str]:
    """Fields of the record that the filter of the link reads: ``guest.filter: member == this.member``."""
    return [name for _whole, name in asked_of_form(field) if name in entity.fields]


def edit_value(reader: Reader, field: Field, value: Any, widget: str, of: Record | None = None) -> Any:
    """A value as its widget's ``edit`` takes it."""
    if widget in ("file", "image"):
        return [file_item(one, of) for one in (value if isinstance(value, list) else [value] if value else [])]
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
    """As the browser writes what it computes: digits with commas, no currency."""
    if isinstance(value, (Decimal, int)) and not isinstance(value, bool) and field.type.numeric:
        return figure(value, scale_of(field))
    return field.type.text(field, value, reader.place)


def _region(reader: Reader, field: Field, value: Any) -> Any:
    return {"id": value, "title": field.type.text(field, value, reader.place)} if value else None


def file_item(one: Mapping[str, Any], of: Record | None = None) -> dict[str, Any]:
    """One file of a file widget; its address names the record it hangs on, for those who did not upload it."""
    return {
        "id": one["id"],
        "name": one.get("name") or f"#{one['id']}",
        "size": size_said(one.get("size", 0)),
        "url": file_url(one["id"], of),
    }


def size_said(size: int) -> str:
    """``1.2 MB``, ``18 KB``."""
    return f"{size / 1024 / 1024:.1f} MB" if size >= 1024 * 1024 else f"{max(1, size // 1024)} KB"


_EDITS: Mapping[str, Any] = {
    "formula": _formula,
    "bool": lambda _r, _f, value: value,
    "choice": lambda _r, _f, value: value or "",
    "choices": lambda _r, _f, value: list(value or ()),
    "tags": lambda _r, _f, value: list(value or ()),
    "rating": lambda _r, _f, value: int(value or 0),
    "region": _region,
    "rows": lambda _r, _f, value: None,
}


def value_in(record: Record | None, key: str) -> Any:
    return record.values.get(key) if record is not None else None
