"""功能自定义: fields, options, form and list of one entity, changed while everybody works.

The one rule: a change is an overlay in the dialect; it is shown as a plan first, and exactly that plan is applied.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from flask import Response, jsonify, make_response, redirect, render_template, request
from flask_babel import gettext as _

from yuanke import expressions
from yuanke.kernel.diagnostics import DefinitionError
from yuanke.kernel.errors import RecordNotFound, Refused
from yuanke.metadata import Layer, compile_layers
from yuanke.metadata.faults import told
from yuanke.metadata.registry import Entity, Registry
from yuanke.records import Query, Records
from yuanke.records.environment import stored
from yuanke.records.names import readable_scope
from yuanke.records.tokens import initials
from yuanke.screens.design import design
from yuanke.screens.forms import Form
from yuanke.screens.origins import origins, without
from yuanke.screens.places import place_words, value_words
from yuanke.screens.plans import (
    Proposal,
    administrator,
    decisions,
    digest,
    done,
    faults_of,
    overlay_hidden,
    overlay_in,
    planned,
    sent_overlay,
    why,
)
from yuanke.screens.reader import Reader
from yuanke.screens.reader import reader as fresh
from yuanke.screens.shell import listed_entities, shell
from yuanke.storage import Unit, definitions
from yuanke.storage.apply import change_here
from yuanke.storage.overlays import merged, overlay_of
from yuanke.web.requests import give_up


def home(reader: Reader) -> Response:
    administrator(reader)
    first = next(iter(listed_entities(reader)), None)
    if first is None:
        raise RecordNotFound()
    return redirect(f"/settings/customize/{first.key}")  # type: ignore[return-value]


def designer(reader: Reader, entity: Entity) -> Response:
    administrator(reader)
    context = {"design": design(reader, entity), "shell": shell(reader), "seen": None, "locale": reader.locale}
    return make_response(render_template("customize.html", **context))


# -- what is to be ------------------------------------------------------------------------------------------------


def plan_part(reader: Reader, entity: Entity) -> Response:
    """POST ``overlay``: the plan as a dialog, faults included; nothing changes."""
    administrator(reader)
    return _planned(reader, entity, sent_overlay())


def apply_part(reader: Reader, entity: Entity) -> Response:
    """POST ``overlay`` and ``digest``: exactly the plan that was shown, or a fresh one to look at."""
    administrator(reader)
    overlay = sent_overlay()
    try:
        applied = change_here(
            reader.unit, lambda unit: layers(unit, overlay), reader.actor.user_id, decisions(), digest(), why()
        )
    except Refused as refusal:
        give_up()
        return _planned(fresh(), entity, overlay, refusal)
    except DefinitionError:  # what it builds on has gone meanwhile
        give_up()
        return _planned(fresh(), entity, overlay)
    return done(reader, applied, str(_("改动已生效")), f"/settings/customize/{entity.key}")


def _planned(reader: Reader, entity: Entity, overlay: Mapping[str, Any], moved: Refused | None = None) -> Response:
    at = f"/settings/customize/{entity.key}"
    title = str(_("%(name)s的改动计划", name=reader.say(entity.label)))
    proposal = Proposal(title, f"{at}/apply", f"{at}/plan", overlay_hidden(overlay), reason="")
    return planned(reader, proposal, lambda unit: layers(unit, overlay), moved)


def origins_json(reader: Reader, entity: Entity) -> Response:
    """``?field=``: where each of its values comes from."""
    administrator(reader)
    return jsonify(origins=origins(reader, entity, request.args.get("field", "")))


def reset_part(reader: Reader, entity: Entity, moved: Refused | None = None) -> Response:
    """POST ``path`` (JSON, a list of keys): the plan of taking back what the enterprise itself says there."""
    administrator(reader)
    path, at = _path(), f"/settings/customize/{entity.key}"
    title = str(_("恢复：%(name)s", name=place_words(reader, ("entities", entity.key, *path))))
    hidden = (("path", json.dumps(path)),)
    proposal = Proposal(title, f"{at}/reset/apply", f"{at}/reset", hidden, request.form.get("reason", ""))
    return planned(reader, proposal, lambda unit: without(unit, entity.key, path), moved)


def apply_reset(reader: Reader, entity: Entity) -> Response:
    administrator(reader)
    path = _path()
    try:
        applied = change_here(
            reader.unit,
            lambda unit: without(unit, entity.key, path),
            reader.actor.user_id,
            decisions(),
            digest(),
            why(),
        )
    except (Refused, DefinitionError) as refusal:
        give_up()
        return reset_part(fresh(), entity, refusal if isinstance(refusal, Refused) else None)
    return done(reader, applied, str(_("已恢复")), f"/settings/customize/{entity.key}")


def _path() -> list[str]:
    try:
        path = json.loads(request.form.get("path", ""))
    except (ValueError, RecursionError):
        path = None
    if not isinstance(path, list) or not path or not all(isinstance(key, str) for key in path):
        raise RecordNotFound()
    return path


def layers(unit: Unit, overlay: Mapping[str, Any]) -> list[Layer]:
    """The layers that run with ``overlay`` merged onto the enterprise's own."""
    own = Layer.from_plain(definitions.OWN, "enterprise", merged(overlay_of(unit), overlay))
    return definitions.replaced(definitions.layers_of(unit), own)


# -- as it would be -----------------------------------------------------------------------------------------------


def preview_part(reader: Reader, entity: Entity) -> Response:
    """``?overlay=&role=``: the empty form as a person of that role would see it; faults in its place. Nothing is stored."""
    administrator(reader)
    role = request.args.get("role", "")
    try:
        registry = compile_layers(layers(reader.unit, overlay_in(request.args.get("overlay", ""))))
    except DefinitionError as fault:
        return make_response(render_template("_form_preview.html", faults=faults_of(reader, fault), form=None))
    if role and role not in registry.roles:
        raise RecordNotFound()
    seen = _as_role(reader, registry, role)
    form = Form(seen, registry.entities[entity.key], None)
    if not form.grant.allowed:
        return make_response(render_template("_form_preview.html", faults=[], form=None))
    context = {"form": form.model(), "faults": [], "ctx": {"cell": False, "locale": reader.locale}}
    return make_response(render_template("_form_preview.html", locale=reader.locale, **context))


def _as_role(reader: Reader, registry: Registry, role: str) -> Reader:
    """A reader of definitions that nobody has applied: good for an empty form, for no table of theirs is there."""
    held = reader.unit
    settings = {key: field.default for key, field in registry.settings.items()} | dict(held.settings)
    unit = Unit(held.installation, held.enterprise, held.connection, False, held.head, registry, settings)
    actor = replace(reader.actor, roles=frozenset({role}), engine=False) if role else reader.actor
    return Reader(Records(unit, actor), reader.locale)


# -- while typing -------------------------------------------------------------------------------------------------


def check_formula(reader: Reader) -> Response:
    """``?entity=&expression=&expect=bool``: is it right, what does it use, how many records fit (of a condition), and what it
    gives for one of them."""
    administrator(reader)
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
    sample = _sample(reader, entity, expression)
    return jsonify(ok=True, said=str(_("正确")), used=list(dict.fromkeys(used)), count=count, sample=sample)


def _sample(reader: Reader, entity: Entity, expression: expressions.Expression) -> str | None:
    """What it gives for the newest record; None when there is none, or it needs what only a save has."""
    newest = reader.records.list(entity.key, Query(sort=("-id",), limit=1)).records
    values = stored(reader.unit, entity, newest[0].id) if newest else None
    if values is None:
        return None
    try:
        value = expression.evaluate(values)
    except Exception:  # an example is a courtesy: what cannot be computed here is not shown
        return None
    shown = "—" if value is None else f"{value:,}" if isinstance(value, Decimal) else value_words(value)
    return str(_("例如 %(title)s：%(value)s", title=newest[0].title, value=shown))


def names_json(reader: Reader) -> Response:
    """``?entity=``: what an expression may name there, for completion: fields with their labels, and functions."""
    administrator(reader)
    entity = reader.registry.entities.get(request.args.get("entity", ""))
    if entity is None:
        raise RecordNotFound()
    fields = [
        {"name": f.key, "label": reader.say(f.label), "kind": reader.say(f.type.label), "entity": f.targets[0] if len(f.targets) == 1 else f.rows or None,
         "options": [{"name": k, "label": reader.say(o.label)} for k, o in f.options.items() if not o.retired] if f.options else []}
        for f in entity.live_fields()
    ]  # fmt: skip
    functions = [{"name": f.name, "label": reader.say(f.help)} for f in expressions.catalogue().values()]
    return jsonify(fields=fields, functions=functions)


def _with_changes(reader: Reader, fault: expressions.ExpressionFault) -> dict[str, Any]:
    """It may name fields that are not applied yet: then the whole of the changes says whether it is right."""
    wrong = {"ok": False, "said": reader.say(fault.told), "used": [], "count": None, "sample": None}
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
    return {"ok": True, "said": str(_("正确")), "used": [], "count": None, "sample": None}


def key_for(reader: Reader) -> Response:
    """``?label=``: a free key for a new field; a Chinese label gives its initials, an admin may change it before saving."""
    administrator(reader)
    label = request.args.get("label", "")[:60]
    ascii_part = "_".join("".join(c if c.isascii() and c.isalnum() else " " for c in label.lower()).split())
    key = (ascii_part or initials(label) or "field")[:50]
    return jsonify(key=key if key[0].isalpha() and key[0].isascii() else f"f_{key}")
