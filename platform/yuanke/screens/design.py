"""An entity as the designer takes it (`templates/customize.html`): its fields, options, form and list, as plain values.

The one rule: what is shown here is what runs; what a module fixed says why it cannot be changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _

from yuanke.expressions import Expression
from yuanke.fieldtypes import catalogue
from yuanke.kernel.text import Label, message
from yuanke.metadata.registry import Entity, Field
from yuanke.screens.origins import own_layouts
from yuanke.screens.reader import Reader
from yuanke.screens.shell import listed_entities
from yuanke.web.language import say

COLOURS = ["grey", "blue", "green", "amber", "red", "purple", "cyan"]
GROUPS = (
    (
        message("文字"),
        ("text", "long_text", "rich_text", "phone", "email", "url", "address", "region", "position", "barcode", "tags"),
    ),
    (message("数字"), ("integer", "number", "money", "price", "quantity", "percent", "rating", "duration")),
    (message("日期"), ("date", "datetime", "time", "month")),
    (message("选择与关联"), ("choice", "bool", "link", "user", "department", "color")),
    (message("附件与其他"), ("file", "image", "json")),
)
ICONS = {
    "text": "cursor-text", "long_text": "align-left", "rich_text": "file-text", "phone": "phone", "email": "mail", "url": "external-link",
    "address": "map-pin", "region": "map-2", "position": "current-location", "barcode": "barcode", "tags": "tags", "integer": "number-123", "number": "decimal",
    "money": "currency-yuan", "price": "tag", "quantity": "packages", "percent": "percentage", "rating": "star", "duration": "hourglass",
    "date": "calendar", "datetime": "calendar-time", "time": "clock", "month": "calendar-stats", "choice": "circle-dot", "choices": "checkbox",
    "bool": "toggle-right", "link": "link", "links": "affiliate", "dynamic_link": "switch-horizontal", "rows": "table", "user": "user",
    "department": "sitemap", "color": "palette", "file": "paperclip", "image": "photo", "json": "code", "sequence": "hash",
}  # fmt: skip
#: what the engine writes and a list may show
LISTED = ("number", "owner", "department", "created_at", "created_by", "updated_at", "updated_by")
PROPS = {
    "choice": ["options", "default", "multiple"], "link": ["target"], "text": ["length", "unique", "default"], "integer": ["min", "max", "default", "formula"],
    "number": ["scale", "min", "max", "default", "formula"], "money": ["min", "max", "default", "formula"], "price": ["min", "max", "default", "formula"],
    "quantity": ["min", "max", "default", "formula"], "percent": ["min", "max", "default", "formula"], "date": ["default", "formula"],
    "datetime": ["default"], "bool": ["default", "formula"],
}  # fmt: skip


def design(reader: Reader, entity: Entity) -> dict[str, Any]:
    others = listed_entities(reader)
    return {
        "entity": {"key": entity.key, "label": reader.say(entity.label), "icon": entity.icon},
        "entities": [{"key": e.key, "label": reader.say(e.plural), "url": f"/settings/customize/{e.key}", "current": e.key == entity.key} for e in others],
        "tabs": [{"label": str(_("版本")), "url": "/settings/customize/versions"}, {"label": str(_("草稿")), "url": "/settings/customize/drafts"},
                 {"label": str(_("YAML")), "url": "/settings/customize/yaml"}], "collect_url": "/settings/customize/drafts/collect",
        "flow_url": f"/records/{entity.key}/flow" if entity.workflow and reader.may(entity, "read") else None,
        "plan_url": f"/settings/customize/{entity.key}/plan", "check_url": "/settings/customize/check",
        "key_url": "/settings/customize/key", "names_url": "/settings/customize/names", "reset_url": f"/settings/customize/{entity.key}/reset", "origins_url": f"/settings/customize/{entity.key}/origins",
        "own_layouts": own_layouts(reader, entity), "preview_url": f"/settings/customize/{entity.key}/preview", "types": _types(reader), "colours": COLOURS,
        "targets": [{"key": e.key, "label": reader.say(e.label)} for e in [*others, reader.registry.entities["user"]]],
        "roles": [{"key": k, "label": reader.say(label)} for k, label in reader.registry.roles.items() if k != "admin"],
        "fields": [_field(reader, entity, f) for f in entity.fields.values() if f.source != "system" or f.key in LISTED],
        "sections": _sections(reader, entity), "columns": list(_view(entity, "list").get("columns", ())),
    }  # fmt: skip


def _types(reader: Reader) -> list[dict[str, Any]]:
    known = catalogue()
    found = []
    for group, names in GROUPS:
        items = [
            {
                "type": name,
                "label": reader.say(known[name].label),
                "icon": ICONS.get(name, "file"),
                "props": PROPS.get(name, []),
            }
            for name in names
            if name in known
        ]
        found.append({"group": say(group), "items": items})
    return found


def _field(reader: Reader, entity: Entity, field: Field) -> dict[str, Any]:
    name = field.type.name
    system = field.source == "system"
    fixed = bool(field.rows or field.pairs) or system
    return {
        "key": field.key, "label": reader.say(field.label), "help": reader.say(field.help), "type": name,
        "type_label": reader.say(field.type.label), "icon": ICONS.get(name, "file"), "props": PROPS.get(name, []),
        "required": field.required, "unique": field.unique is not None, "searchable": field.searchable,
        "in_list": not (field.rows or field.pairs), "system": system, "custom": field.custom, "retired": field.retired, "fixed": fixed,
        "why": str(_("由系统填写")) if system else str(_("明细和多选关联在模块文件里改")) if fixed else None,
        "options": _options(reader, field), "target": field.targets[0] if field.targets else None, "multiple": field.multiple,
        "formula": _source(field.formula), "default": _default(field), "visible_when": _source(field.visible_when),
        "required_when": _source(field.required_when), "editable": _editable(field), "min": _plain(field.min), "max": _plain(field.max), "length": field.length,
        "scale": field.scale, "rights": _rights(reader, entity, field),
    }  # fmt: skip


def _options(reader: Reader, field: Field) -> list[dict[str, Any]] | None:
    if field.options is None:
        return None
    return [
        {"key": k, "label": reader.say(o.label), "color": o.color or "grey", "retired": o.retired}
        for k, o in field.options.items()
    ]


def _source(expression: Any) -> str:
    return expression.source if isinstance(expression, Expression) else ""


def _editable(field: Field) -> str | None:
    """``""`` whenever one likes, ``new``, ``false``, or the condition; None where it is not for the designer to say."""
    if field.source != "typed":
        return None
    if isinstance(field.editable, Expression):
        return field.editable.source
    if isinstance(field.editable, str):
        return field.editable
    return "" if field.editable else "false"


def _default(field: Field) -> str:
    if isinstance(field.default, Expression):
        return "=" + field.default.source
    return "" if field.default is None else str(field.default)


def _plain(limit: Any) -> str:
    return "" if limit is None or isinstance(limit, Expression) else str(limit)


def _rights(reader: Reader, entity: Entity, field: Field) -> dict[str, str]:
    found = {}
    for role in reader.registry.roles:
        permission = entity.permissions.get(role)
        if permission is not None and role != "admin":
            found[role] = permission.fields.get(field.key) or permission.fields.get("*") or "write"
    return found


def _view(entity: Entity, name: str) -> Mapping[str, Any]:
    view = entity.views.get(name)
    return view.body if view is not None else {}


def _sections(reader: Reader, entity: Entity) -> list[dict[str, Any]]:
    found = []
    for section in _view(entity, "form").get("sections", ()):
        label = section["label"]
        fields = [{"key": key, "wide": len(row) == 1 and entity.fields[key].type.name in ("long_text", "rich_text", "rows")}
                  for row in section["rows"] for key in row]  # fmt: skip
        found.append({"title": label.zh if isinstance(label, Label) else str(label), "fields": fields})
    return found
