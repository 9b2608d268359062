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
from yuanke.kernel.diagnostics import DefinitionError
from yuanke.kernel.errors import AccessDenied, RecordNotFound, Refused, ValidationFailed
from yuanke.kernel.text import message
from yuanke.metadata import Layer, compile_layers
from yuanke.metadata.faults import told
from yuanke.metadata.registry import Entity
from yuanke.records import Query
from yuanke.records.names import readable_scope
from yuanke.records.tokens import initials
from yuanke.screens.design import design
from yuanke.screens.reader import Reader
from yuanke.screens.reader import reader as fresh
from yuanke.screens.shell import listed_entities, shell
from yuanke.storage import Unit, definitions
from yuanke.storage.apply import change_here
from yuanke.storage.overlays import merged, overlay_of
from yuanke.storage.plan import Plan, Step, plan
from yuanke.web.language import enumerated, say
from yuanke.web.requests import give_up
from yuanke.web.schema import finish_later


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


# -- what is to be ------------------------------------------------------------------------------------------------


def plan_part(reader: Reader, entity: Entity) -> Response:
    """POST ``overlay``: the plan as a dialog, faults included; nothing changes."""
    _admin(reader)
    overlay = _sent()
    try:
        made = plan(reader.unit, layers(reader.unit, overlay))
    except DefinitionError as fault:
        return _dialog(reader, entity, overlay, None, _faults(reader, fault))
    return _dialog(reader, entity, overlay, made, [])


def apply_part(reader: Reader, entity: Entity) -> Response:
    """POST ``overlay`` and ``digest``: exactly the plan that was shown, or a fresh one to look at."""
    _admin(reader)
    overlay, digest = _sent(), request.form.get("digest")
    try:
        done = change_here(reader.unit, lambda unit: layers(unit, overlay), reader.actor.user_id, {}, digest)
    except Refused as refusal:
        give_up()
        return _again(fresh(), entity, overlay, refusal)
    except DefinitionError as fault:  # what it builds on has gone meanwhile
        give_up()
        return _dialog(fresh(), entity, overlay, None, _faults(fresh(), fault))
    finish_later(reader.unit, reader.actor, done)
    flash(str(_("改动已生效")), "success")
    return Response("", 200, headers={"HX-Redirect": f"/settings/customize/{entity.key}"})


def plan_dialog(
    reader: Reader, entity: Entity, overlay: Mapping[str, Any], made: Plan | None, fault: DefinitionError | None, apply_url: str
) -> Response:  # fmt: skip
    """The plan of ``overlay`` for another page than the designer, which applies it at ``apply_url``."""
    return _dialog(reader, entity, overlay, made, _faults(reader, fault) if fault else [], apply_url=apply_url)


def stale_plan(
    reader: Reader, entity: Entity, overlay: Mapping[str, Any], refusal: Refused, apply_url: str
) -> Response:
    return _again(reader, entity, overlay, refusal, apply_url)


def _again(
    reader: Reader, entity: Entity, overlay: Mapping[str, Any], refusal: Refused, apply_url: str | None = None
) -> Response:
    """Either side has moved: the plan as it is now, to be looked at again."""
    try:
        made, faults = plan(reader.unit, layers(reader.unit, overlay)), []
    except DefinitionError as fault:
        made, faults = None, _faults(reader, fault)
    response = _dialog(reader, entity, overlay, made, faults, moved=say(refusal.said), apply_url=apply_url)
    response.headers["HX-Retarget"] = "#yk-dialogs"
    return response


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


def _faults(reader: Reader, fault: DefinitionError) -> list[dict[str, str]]:
    wrong = [d for d in fault.diagnostics if not d.is_warning]
    return [{"where": d.code, "said": said, "hint": hint} for d in wrong for said, hint in (told(d, reader.locale),)]


def _dialog(
    reader: Reader, entity: Entity, overlay: Mapping[str, Any], made: Plan | None, faults: list[dict[str, str]], moved: str | None = None,
    apply_url: str | None = None,
) -> Response:  # fmt: skip
    steps = list(made.steps) if made is not None else []
    blocked = [{"where": say(s.summary), "said": say(s.blocked), "hint": ""} for s in steps if s.blocked]
    destructive = any(s.speed == "destructive" for s in steps)
    warnings = [{"title": str(_("刚有别人改过，这是重新算出的计划")), "said": moved}] if moved else []
    model = {
        "title": str(_("%(name)s的改动计划", name=reader.say(entity.label))),
        "said": str(_("应用前看清楚会发生什么；应用时大家可以继续工作")) if steps else str(_("改动里有错误，先改正它")) if faults else str(_("没有改动")),
        "steps": [_step(s) for s in steps], "warnings": warnings, "faults": [*faults, *blocked], "access": None, "used": [],
        "undo": str(_("应用后可以恢复，已填的数据不会删除")), "apply_url": apply_url or f"/settings/customize/{entity.key}/apply",
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
    return {
        "tone": TONES[step.speed],
        "icon": STEP_ICONS[step.speed],
        "title": say(step.summary),
        "said": said,
        "count": count,
    }


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
        return jsonify(_with_changes(reader, fault))
    used = [reader.say(entity.fields[p[0]].label) for p in sorted(expression.reads) if p and p[0] in entity.fields]
    count = None
    if expect == "bool" and expression.has_sql:
        page = reader.records.list(entity.key, Query(filter=source, fields=("id",), limit=1))
        count = str(_("符合的有 %(n)s 条", n=f"{page.count:,}"))
    return jsonify(ok=True, said=str(_("正确")), used=list(dict.fromkeys(used)), count=count)


def _with_changes(reader: Reader, fault: expressions.ExpressionFault) -> dict[str, Any]:
    """It may name fields that are not applied yet: then the whole of the changes says whether it is right."""
    wrong = {"ok": False, "said": reader.say(fault.told), "used": [], "count": None}
    try:
        overlay = json.loads(request.args.get("overlay") or "{}")
        if not isinstance(overlay, dict) or not overlay:
            return wrong
        compile_layers(layers(reader.unit, overlay))
    except (ValueError, RecursionError):
        return wrong
    except DefinitionError as found:
        first = next((d for d in found.diagnostics if not d.is_warning), None)
        if first is None:
            return wrong
        return {**wrong, "said": " ".join(told(first, reader.locale)).strip()}
    return {"ok": True, "said": str(_("正确")), "used": [], "count": None}


def key_for(reader: Reader) -> Response:
    """``?label=``: a free key for a new field; a Chinese label gives its initials, an admin may change it before saving."""
    _admin(reader)
    label = request.args.get("label", "")[:60]
    ascii_part = "_".join("".join(c if c.isascii() and c.isalnum() else " " for c in label.lower()).split())
    key = (ascii_part or initials(label) or "field")[:50]
    return jsonify(key=key if key[0].isalpha() and key[0].isascii() else f"f_{key}")
