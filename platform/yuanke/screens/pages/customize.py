"""功能自定义: fields, options, form and list of one entity, changed while everybody works.

The one rule: a change is an overlay in the dialect; it is shown as a plan first, and exactly that plan is applied.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import Response, flash, jsonify, make_response, redirect, render_template, request
from flask_babel import gettext as _

from yuanke import expressions
from yuanke.expressions import Expression
from yuanke.fieldtypes import catalogue
from yuanke.kernel.diagnostics import DefinitionError
from yuanke.kernel.errors import AccessDenied, RecordNotFound, Refused, ValidationFailed
from yuanke.kernel.text import Label, message
from yuanke.metadata import Layer
from yuanke.metadata.registry import Entity, Field
from yuanke.records import Query
from yuanke.records.names import readable_scope
from yuanke.records.tokens import initials
from yuanke.screens.cells import colour
from yuanke.screens.reader import Reader
from yuanke.screens.shell import listed_entities, shell
from yuanke.storage import Unit, definitions
from yuanke.storage.apply import change_here
from yuanke.storage.overlays import merged, overlay_of
from yuanke.storage.plan import Plan, Step, plan
from yuanke.web.language import enumerated, say
from yuanke.web.requests import give_up

COLOURS = ["gray", "blue", "green", "amber", "red", "purple", "cyan"]
GROUPS = (
    (message("文字"), ("text", "long_text", "rich_text", "phone", "email", "url", "address", "region", "barcode", "tags")),
    (message("数字"), ("integer", "number", "money", "price", "quantity", "percent", "rating", "duration")),
    (message("日期"), ("date", "datetime", "time", "month")),
    (message("选择与关联"), ("choice", "bool", "link", "user", "department", "color")),
    (message("附件与其他"), ("file", "image", "json")),
)
ICONS = {
    "text": "text-size", "long_text": "align-left", "rich_text": "file-text", "phone": "phone", "email": "mail", "url": "link",
    "address": "map-pin", "region": "map", "barcode": "barcode", "tags": "tags", "integer": "123", "number": "123", "money": "coin",
    "price": "coin", "quantity": "packages", "percent": "percentage", "rating": "star", "duration": "hourglass", "date": "calendar",
    "datetime": "calendar-time", "time": "clock", "month": "calendar", "choice": "list-check", "bool": "toggle-left", "link": "link",
    "user": "user", "department": "sitemap", "color": "palette", "file": "paperclip", "image": "photo", "json": "code",
}  # fmt: skip
PROPS = {
    "choice": ["options", "default", "multiple"], "link": ["target"], "text": ["length", "unique", "default"], "integer": ["min", "max", "default", "formula"],
    "number": ["scale", "min", "max", "default", "formula"], "money": ["min", "max", "default", "formula"], "price": ["min", "max", "default", "formula"],
    "quantity": ["min", "max", "default", "formula"], "percent": ["min", "max", "default", "formula"], "date": ["default", "formula"],
    "datetime": ["default"], "bool": ["default", "formula"],
}  # fmt: skip


def home(reader: Reader) -> Response:
    _admin(reader)
    first = next(iter(listed_entities(reader)), None)
    if first is None:
        raise RecordNotFound()
    return redirect(f"/settings/customize/{first.key}")  # type: ignore[return-value]


def designer(reader: Reader, entity: Entity) -> Response:
    _admin(reader)
    context = {"design": design(reader, entity), "shell": shell(reader), "seen": None, "locale": reader.locale}
    return make_response(render_template("customize.html", **context))


def _admin(reader: Reader) -> None:
    if not reader.actor.is_admin:
        raise AccessDenied(message("只有系统管理员可以自定义功能"))


# -- what stands --------------------------------------------------------------------------------------------------


def design(reader: Reader, entity: Entity) -> dict[str, Any]:
    others = listed_entities(reader)
    return {
        "entity": {"key": entity.key, "label": reader.say(entity.label), "icon": entity.icon},
        "entities": [{"key": e.key, "label": reader.say(e.plural), "url": f"/settings/customize/{e.key}", "current": e.key == entity.key} for e in others],
        "tabs": [], "plan_url": f"/settings/customize/{entity.key}/plan", "check_url": "/settings/customize/check",
        "key_url": "/settings/customize/key", "types": _types(reader), "colours": COLOURS,
        "targets": [{"key": e.key, "label": reader.say(e.label)} for e in [*others, reader.registry.entities["user"]]],
        "roles": [{"key": k, "label": reader.say(label)} for k, label in reader.registry.roles.items() if k != "admin"],
        "fields": [_field(reader, entity, f) for f in entity.fields.values() if f.source != "system"],
        "sections": _sections(reader, entity), "columns": list(_view(entity, "list").get("columns", ())),
    }  # fmt: skip


def _types(reader: Reader) -> list[dict[str, Any]]:
    known = catalogue()
    found = []
    for group, names in GROUPS:
        items = [
            {"type": name, "label": reader.say(known[name].label), "icon": ICONS.get(name, "file"), "props": PROPS.get(name, [])}
            for name in names if name in known
        ]
        found.append({"group": say(group), "items": items})
    return found


def _field(reader: Reader, entity: Entity, field: Field) -> dict[str, Any]:
    name = field.type.name
    fixed = bool(field.rows or field.pairs)
    return {
        "key": field.key, "label": reader.say(field.label), "help": reader.say(field.help), "type": name,
        "type_label": reader.say(field.type.label), "icon": ICONS.get(name, "file"), "props": PROPS.get(name, []),
        "required": field.required, "unique": field.unique is not None, "searchable": field.searchable,
        "in_list": not fixed, "custom": field.custom, "retired": field.retired, "fixed": fixed,
        "why": str(_("明细和多选关联在模块文件里改")) if fixed else None,
        "options": _options(reader, field), "target": field.targets[0] if field.targets else None, "multiple": field.multiple,
        "formula": _source(field.formula), "default": _default(field), "visible_when": _source(field.visible_when),
        "required_when": _source(field.required_when), "min": _plain(field.min), "max": _plain(field.max), "length": field.length,
        "scale": field.scale, "rights": _rights(reader, entity, field),
    }  # fmt: skip


def _options(reader: Reader, field: Field) -> list[dict[str, Any]] | None:
    if field.options is None:
        return None
    return [{"key": k, "label": reader.say(o.label), "color": colour(o), "retired": o.retired} for k, o in field.options.items()]


def _source(expression: Any) -> str:
    return expression.source if isinstance(expression, Expression) else ""


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


# -- what is to be ------------------------------------------------------------------------------------------------


def plan_part(reader: Reader, entity: Entity) -> Response:
    """POST ``overlay``: the plan as a dialog, faults included; nothing changes."""
    _admin(reader)
    overlay = _sent()
    try:
        made = plan(reader.unit, layers(reader.unit, overlay))
    except DefinitionError as fault:
        return _dialog(reader, entity, overlay, None, _faults(fault))
    return _dialog(reader, entity, overlay, made, [])


def apply_part(reader: Reader, entity: Entity) -> Response:
    """POST ``overlay`` and ``digest``: exactly the plan that was shown, or a fresh one to look at."""
    _admin(reader)
    overlay, digest = _sent(), request.form.get("digest")
    try:
        change_here(reader.unit, lambda unit: layers(unit, overlay), reader.actor.user_id, {}, digest)
    except Refused:
        give_up()
        from yuanke.screens.reader import reader as fresh

        again = fresh()
        made = plan(again.unit, layers(again.unit, overlay))
        response = _dialog(again, entity, overlay, made, [], moved=True)
        response.status_code = 409
        response.headers["HX-Retarget"] = "#yk-dialogs"
        return response
    flash(str(_("改动已生效")), "success")
    return Response("", 200, headers={"HX-Redirect": f"/settings/customize/{entity.key}"})


def layers(unit: Unit, overlay: Mapping[str, Any]) -> list[Layer]:
    """The layers that run with ``overlay`` merged onto the enterprise's own."""
    own = Layer.from_plain(definitions.OWN, "enterprise", merged(overlay_of(unit), overlay))
    return definitions.replaced(definitions.layers_of(unit), own)


def _sent() -> dict[str, Any]:
    try:
        overlay = json.loads(request.form.get("overlay", ""))
    except (ValueError, RecursionError) as fault:
        raise ValidationFailed({"overlay": [message("改动的内容读不懂，请刷新页面再试")]}) from fault
    if not isinstance(overlay, dict):
        raise ValidationFailed({"overlay": [message("改动应是一个对象")]})
    return overlay


def _faults(fault: DefinitionError) -> list[dict[str, str]]:
    return [{"where": d.code, "said": d.summary, "hint": d.detail} for d in fault.diagnostics if not d.is_warning]


def _dialog(
    reader: Reader, entity: Entity, overlay: Mapping[str, Any], made: Plan | None, faults: list[dict[str, str]], moved: bool = False,
) -> Response:
    steps = list(made.steps) if made is not None else []
    blocked = [{"where": say(s.summary), "said": say(s.blocked), "hint": ""} for s in steps if s.blocked]
    destructive = any(s.speed == "destructive" for s in steps)
    warnings = [{"title": str(_("刚有别人改过，这是重新算出的计划")), "said": ""}] if moved else []
    model = {
        "title": str(_("%(name)s的改动计划", name=reader.say(entity.label))),
        "said": str(_("应用前看清楚会发生什么；应用时大家可以继续工作")) if steps else str(_("没有改动")),
        "steps": [_step(s) for s in steps], "warnings": warnings, "faults": [*faults, *blocked], "access": None, "used": [],
        "undo": str(_("应用后可以恢复，已填的数据不会删除")), "apply_url": f"/settings/customize/{entity.key}/apply",
        "overlay": json.dumps(overlay, ensure_ascii=False), "digest": made.digest if made is not None else "",
        "submit": str(_("应用 %(n)s 处改动", n=len(steps))), "danger": destructive,
    }  # fmt: skip
    if not steps:
        model["faults"] = model["faults"] or [{"where": str(_("计划")), "said": str(_("没有改动")), "hint": ""}]
    return make_response(render_template("_plan.html", plan=model))


TONES = {"safe": "", "slow": "is-changed", "destructive": "is-red"}
STEP_ICONS = {"safe": "plus", "slow": "clock", "destructive": "alert-triangle"}


def _step(step: Step) -> dict[str, Any]:
    count = {"label": str(_("涉及记录")), "value": f"{step.rows:,}", "of": None} if step.rows else None
    said = enumerated(step.samples[:5])
    return {"tone": TONES[step.speed], "icon": STEP_ICONS[step.speed], "title": say(step.summary), "said": said, "count": count}


# -- while typing -------------------------------------------------------------------------------------------------


def check_formula(reader: Reader) -> Response:
    """``?entity=&expression=&expect=bool``: is it right, what does it use, how many records fit (of a condition)."""
    _admin(reader)
    entity = reader.registry.entities.get(request.args.get("entity", ""))
    source = request.args.get("expression", "")
    if entity is None:
        raise RecordNotFound()
    expect = "bool" if request.args.get("expect") == "bool" else None
    try:
        expression = expressions.compile(source, readable_scope(reader.unit, reader.actor, entity), expect=expect)
    except expressions.ExpressionFault as fault:
        return jsonify(ok=False, said=f"{fault.summary} {fault.detail}", used=[], count=None)
    used = [reader.say(entity.fields[p[0]].label) for p in sorted(expression.reads) if p and p[0] in entity.fields]
    count = None
    if expect == "bool" and expression.has_sql:
        page = reader.records.list(entity.key, Query(filter=source, fields=("id",), limit=1))
        count = str(_("符合的有 %(n)s 条", n=f"{page.count:,}"))
    return jsonify(ok=True, said=str(_("正确")), used=list(dict.fromkeys(used)), count=count)


def key_for(reader: Reader) -> Response:
    """``?label=``: a free key for a new field; a Chinese label gives its initials, an admin may change it before saving."""
    _admin(reader)
    label = request.args.get("label", "")[:60]
    ascii_part = "_".join("".join(c if c.isascii() and c.isalnum() else " " for c in label.lower()).split())
    key = ascii_part or initials(label) or "field"
    if not key[0].isalpha():
        key = f"f_{key}"
    return jsonify(key=key[:50])
