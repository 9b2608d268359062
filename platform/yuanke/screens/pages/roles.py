"""Roles and what they may do: a matrix of kinds of records and verbs, changed as an overlay after its plan was seen.

The one rule: what is shown is what the door answers by; a change is a customization like any other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, make_response, render_template, request
from flask_babel import gettext as _

from yuanke.access.fields import may_be_written
from yuanke.kernel.errors import AccessDenied, RecordNotFound, Refused
from yuanke.kernel.text import message
from yuanke.metadata import Layer, compile_layers
from yuanke.metadata.registry import Entity, Permission
from yuanke.records import Query
from yuanke.screens.controls import bare
from yuanke.screens.dialogs import dialog
from yuanke.screens.plans import Proposal, decisions, digest, done, overlay_hidden, planned, sent_overlay, why
from yuanke.screens.reader import Reader
from yuanke.screens.reader import reader as fresh
from yuanke.screens.shell import listed_entities, shell
from yuanke.storage import Unit, definitions
from yuanke.storage.apply import change_here
from yuanke.storage.overlays import merged, overlay_of
from yuanke.web.language import enumerated
from yuanke.web.requests import give_up

HERE = "/settings/roles"
VERBS = ("read", "create", "update", "delete", "import", "export")
SWITCHES = frozenset({"create", "import"})  # these know no rows yet: allowed, or not
LEVELS = ("write", "read", "hidden")


def roles_page(reader: Reader) -> Response:
    _admin(reader)
    roles = {k: reader.say(label) for k, label in reader.registry.roles.items()}
    chosen = request.args.get("role", "")
    chosen = chosen if chosen in roles else next(iter(roles), "")
    modules: dict[str, list[dict[str, Any]]] = {}
    for entity in listed_entities(reader):
        module = reader.registry.modules.get(entity.module)
        modules.setdefault(reader.say(module.label) if module else entity.module, []).append(
            _row(reader, entity, chosen)
        )
    model = {
        "title": str(_("角色和权限")),
        "crumbs": [{"label": str(_("设置")), "url": "/settings"}, {"label": str(_("角色和权限")), "url": None}],
        "tabs": [{"label": label, "url": f"{HERE}?role={key}", "on": key == chosen, "count": None} for key, label in roles.items()],
        "people": _people(reader, chosen), "people_url": f"/records/user?filter='{chosen}' in roles", "verbs": [_verb(v) for v in VERBS],
        "modules": [{"label": label, "rows": rows} for label, rows in modules.items()],
    }  # fmt: skip
    return make_response(
        render_template("roles.html", page=model, shell=shell(reader), seen=None, locale=reader.locale)
    )


def _admin(reader: Reader) -> None:
    if not reader.actor.is_admin:
        raise AccessDenied(message("只有系统管理员可以查看角色和权限"))


def _people(reader: Reader, role: str) -> int:
    users = reader.records.list("user", Query(filter="status == active", fields=("roles",), limit=500)).records
    return sum(1 for user in users if role in (user.values.get("roles") or ()))


def _verb(verb: str) -> str:
    words = {
        "read": _("查看"),
        "create": _("新建"),
        "update": _("修改"),
        "delete": _("删除"),
        "import": _("导入"),
        "export": _("导出"),
    }
    return str(words[verb])


def _row(reader: Reader, entity: Entity, role: str) -> dict[str, Any]:
    given = entity.permissions.get(role)
    cells = [_said(reader, entity, given, verb) for verb in VERBS]
    hidden = [reader.say(f.label) for f in entity.live_fields() if given and given.fields.get(f.key) == "hidden"]
    acts = [reader.say(entity.act_labels[k]) for k in (given.verbs if given else ()) if k in entity.act_labels]
    notes = []
    if acts:
        notes.append(str(_("还可以：%(acts)s", acts=enumerated(acts))))
    if hidden:
        notes.append(str(_("看不到：%(fields)s", fields=enumerated(hidden[:5]) + ("…" if len(hidden) > 5 else ""))))
    return {
        "label": reader.say(entity.label), "icon": entity.icon, "cells": cells, "notes": notes,
        "edit_url": f"{HERE}/{role}/{entity.key}" if role and not entity.system else None,
    }  # fmt: skip


def _said(reader: Reader, entity: Entity, given: Permission | None, verb: str) -> dict[str, str]:
    scopes = given.verbs.get(verb, ()) if given is not None and verb not in given.deny else ()
    if not scopes:
        return {"text": "—", "tone": "none"}
    if verb in SWITCHES:
        return {"text": str(_("可以")), "tone": "all"}
    words = enumerated(scope_word(reader, entity, scope) for scope in scopes)
    return {"text": words, "tone": "all" if "all" in scopes or "true" in scopes else "some"}


def scope_word(reader: Reader, entity: Entity, scope: str) -> str:
    """What people call a scope."""
    words = {
        "own": _("本人"),
        "team": _("团队"),
        "department": _("部门"),
        "all": _("全部"),
        "true": _("全部"),
        "shared": _("共享给我的"),
        "pool": _("公海"),
    }
    if scope.startswith("via "):
        field = entity.fields.get(scope[4:])
        return str(_("随%(name)s", name=reader.say(field.label) if field else scope[4:]))
    return str(words.get(scope, scope))


# -- changing one role's rights to one kind of record -------------------------------------------------------------


def ask(reader: Reader, role: str, entity: Entity, errors: Sequence[str] = ()) -> Response:
    _admin(reader)
    given = entity.permissions.get(role)
    if role not in reader.registry.roles or entity.system:
        raise RecordNotFound()
    controls = [_choice(verb, _verb(verb), _options(reader, entity, given, verb), _now(given, verb)) for verb in VERBS]
    controls += [
        _choice(
            f"act.{key}", reader.say(entity.act_labels[key]), _options(reader, entity, given, key), _now(given, key)
        )
        for key in _acts(entity)
    ]
    levels = {"write": str(_("可以修改")), "read": str(_("只能看")), "hidden": str(_("看不到"))}
    for field in entity.live_fields():
        if field.source == "system" and field.key != "owner":
            continue
        known = [(k, v) for k, v in levels.items() if k != "write" or may_be_written(field)]
        controls.append(_choice(f"field.{field.key}", reader.say(field.label), known, _level(given, field, known)))
    title = str(
        _("%(role)s对%(name)s的权限", role=reader.say(reader.registry.roles[role]), name=reader.say(entity.label))
    )
    return dialog(
        reader, title, f"{HERE}/{role}/{entity.key}", controls, str(_("查看改动计划")), errors=errors, size="is-l",
        said=str(_("先定能做什么、管到哪些记录，再定每个字段")),
    )  # fmt: skip


def _acts(entity: Entity) -> list[str]:
    return [*(entity.more.get("actions") or {})]


def _options(reader: Reader, entity: Entity, given: Permission | None, verb: str) -> list[tuple[str, str]]:
    if verb in SWITCHES:
        return [("", str(_("不可以"))), ("true", str(_("可以")))]
    known = ["own", "team", "department", *entity.scopes, "all"]
    found = [("", str(_("不可以"))), *((k, scope_word(reader, entity, k)) for k in known)]
    now = _now(given, verb)
    if now and now not in {key for key, _label in found}:
        found.append((now, enumerated(scope_word(reader, entity, one) for one in now.split(","))))
    return found


def _now(given: Permission | None, verb: str) -> str:
    scopes = given.verbs.get(verb, ()) if given is not None else ()
    if verb in SWITCHES:
        return "true" if scopes else ""
    return ",".join("all" if scope == "true" else scope for scope in scopes)


def _level(given: Permission | None, field: Any, known: Sequence[tuple[str, str]]) -> str:
    said = (given.fields.get(field.key) or given.fields.get("*")) if given is not None else None
    level = said if said in LEVELS else "hidden" if said else "write"
    return level if level in {key for key, _label in known} else "read"


def _choice(name: str, label: str, options: Sequence[tuple[str, str]], value: str) -> dict[str, Any]:
    made = [{"key": k, "label": v, "color": "gray", "retired": False} for k, v in options]
    return bare(name, label, "choice", required=True, options=made, value=value)


def plan_part(reader: Reader, role: str, entity: Entity) -> Response:
    """POST the choices (or the overlay they came to): the plan of what differs, nothing changed yet."""
    _admin(reader)
    overlay = sent_overlay() if "overlay" in request.form else _overlay(reader, role, entity)
    if not overlay:
        return ask(reader, role, entity, [str(_("没有改动"))])
    return _planned(reader, role, entity, overlay)


def apply_part(reader: Reader, role: str, entity: Entity) -> Response:
    """POST overlay and digest: exactly that plan."""
    _admin(reader)
    overlay = sent_overlay()
    try:
        applied = change_here(
            reader.unit, lambda unit: layers(unit, overlay), reader.actor.user_id, decisions(), digest(), why()
        )
    except Refused as refusal:
        give_up()
        return _planned(fresh(), role, entity, overlay, refusal)
    return done(reader, applied, str(_("权限已生效")), f"{HERE}?role={role}")


def _planned(
    reader: Reader, role: str, entity: Entity, overlay: Mapping[str, Any], moved: Refused | None = None
) -> Response:
    at = f"{HERE}/{role}/{entity.key}"
    title = str(_("%(name)s的改动计划", name=reader.say(entity.label)))
    proposal = Proposal(title, f"{at}/apply", at, overlay_hidden(overlay), reason="")
    return planned(reader, proposal, lambda unit: layers(unit, overlay), moved)


def _overlay(reader: Reader, role: str, entity: Entity) -> dict[str, Any]:
    """What the form says differently from what stands."""
    given = entity.permissions.get(role)
    said: dict[str, Any] = {}
    for verb in (*VERBS, *(f"act.{key}" for key in _acts(entity))):
        key, value = verb.removeprefix("act."), request.form.get(verb)
        if value is not None and value != _now(given, key):
            said[key] = None if value == "" else True if value == "true" else value.split(",")
    levels = {}
    for field in entity.live_fields():
        value = request.form.get(f"field.{field.key}")
        known = [(k, "") for k in LEVELS if k != "write" or may_be_written(field)]
        if value in LEVELS and value != _level(given, field, known):
            levels[field.key] = value
    if levels:
        said["fields"] = levels
    return {"entities": {entity.key: {"permissions": {role: said}}}} if said else {}


def layers(unit: Unit, overlay: Mapping[str, Any]) -> list[Layer]:
    """The layers with ``overlay`` laid over the enterprise's own; what only the enterprise itself gave is taken out, not
    taken away."""
    below = [
        layer for layer in definitions.layers_of(unit) if layer.name != definitions.OWN or layer.rank != "enterprise"
    ]
    under = compile_layers(below)
    own = merged(overlay_of(unit), overlay)
    for key, body in own.get("entities", {}).items():
        entity = under.entities.get(key)
        for role, said in (body.get("permissions") or {}).items() if isinstance(body, Mapping) else ():
            standing = entity.permissions.get(role) if entity is not None else None
            for verb in [
                v for v, value in said.items() if value is None and (standing is None or v not in standing.verbs)
            ]:
                del said[verb]
    return definitions.replaced(definitions.layers_of(unit), Layer.from_plain(definitions.OWN, "enterprise", own))
