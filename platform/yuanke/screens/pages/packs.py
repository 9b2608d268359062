"""功能包: which modules and customizations run, which could, and how to install, bring up to date or take out one.

The one rule: a pack changes nothing before its plan was seen; where it and the enterprise's own changes disagree, the
administrator decides. What is taken out keeps its data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, make_response, render_template, request
from flask_babel import gettext as _

from yuanke.kernel.diagnostics import DefinitionError
from yuanke.kernel.errors import AccessDenied, RecordNotFound, Refused
from yuanke.kernel.text import message
from yuanke.metadata import Layer
from yuanke.metadata.differences import Conflict, Side, open_ones
from yuanke.screens.markdown import rendered
from yuanke.screens.plans import Proposal, choices, decisions, digest, done, faults_of, plan_dialog, planned, why
from yuanke.screens.reader import Reader
from yuanke.screens.reader import reader as fresh
from yuanke.screens.shell import shell
from yuanke.storage import Unit, definitions
from yuanke.storage.apply import change_here
from yuanke.storage.packs.shelf import Pack, folders, pack, packs, with_depended
from yuanke.storage.packs.upgrade import Upgrade, upgrade
from yuanke.storage.plan import plan
from yuanke.web.language import say
from yuanke.web.requests import give_up

HERE = "/settings/packs"
LAYERS = ("module", "customization")


def packs_page(reader: Reader) -> Response:
    _admin(reader)
    running = [layer for layer in definitions.layers_of(reader.unit) if layer.rank in LAYERS]
    shelf = packs(reader.unit.installation)
    where = {layer.name: one for one in shelf for layer in one.layers}
    names = {layer.name for layer in running}
    others = [one for one in shelf if not any(layer.name in names for layer in one.layers)]
    model = {
        "title": str(_("功能包")), "crumbs": _crumbs(), "installed": [_installed(reader, layer, where.get(layer.name)) for layer in running],
        "available": [_available(reader, one) for one in others], "folders": [str(path) for path in folders(reader.unit.installation)],
    }  # fmt: skip
    return _page("packs.html", reader, model)


def pack_page(reader: Reader, key: str) -> Response:
    _admin(reader)
    one = pack(reader.unit.installation, key)
    running = {layer.name: layer for layer in definitions.layers_of(reader.unit)}
    inside = [{**_named(reader, layer), "state": _state(layer, running.get(layer.name))} for layer in one.layers]
    depends = sorted({str(name) for layer in one.layers for name in layer.plain().get("depends") or ()})
    model = {
        **_available(reader, one), "crumbs": [*_crumbs(), {"label": str(_("功能包")), "url": HERE}], "inside": inside, "depends": depends,
        "readme": rendered(one.readme) if one.readme else None, "signed_by": one.signed_by, "digest": one.digest,
        "same": all(_same(layer, running.get(layer.name)) for layer in one.layers), "known": any(layer.name in running for layer in one.layers),
        "plan_url": f"{HERE}/{key}/plan",
    }  # fmt: skip
    return _page("pack.html", reader, model)


# -- install and upgrade ----------------------------------------------------------------------------------------------


def plan_part(reader: Reader, key: str) -> Response:
    """POST the answers to what has to be decided: the plan, or what still has to be."""
    _admin(reader)
    return _planned(reader, _sound(reader, key))


def apply_part(reader: Reader, key: str) -> Response:
    """POST ``digest``, ``reason`` and the answers: exactly that plan."""
    _admin(reader)
    one, chosen = _sound(reader, key), choices()
    known = {layer.name for layer in definitions.layers_of(reader.unit)}
    kind = "upgrade" if any(layer.name in known for layer in one.layers) else "pack"
    try:
        applied = change_here(
            reader.unit,
            lambda unit: _decided(unit, one, chosen),
            reader.actor.user_id,
            decisions(),
            digest(),
            why(kind),
        )
    except Refused as refusal:
        give_up()
        return _planned(fresh(), one, refusal)
    except DefinitionError:
        give_up()
        return _planned(fresh(), one)
    return done(reader, applied, str(_("功能包「%(name)s」已安装", name=_label(reader, one))), HERE)


def _planned(reader: Reader, one: Pack, moved: Refused | None = None) -> Response:
    at = f"{HERE}/{one.key}"
    name = f"{_label(reader, one)} {one.version}".strip()
    proposal = Proposal(
        str(_("安装「%(name)s」", name=name)), f"{at}/apply", f"{at}/plan", reason=request.form.get("reason", ""),
        conflict_words=(str(_("保留本企业的")), str(_("用新版本的"))),
    )  # fmt: skip
    wanted, found = _laid_together(reader.unit, one, choices())
    conflicts: list[Conflict] = [conflict for up in found for conflict in up.conflicts]
    if open_ones(conflicts):
        return plan_dialog(reader, proposal, None, conflicts=conflicts)
    used = [
        {"icon": "arrow-right", "title": str(_("本地改动随改名移动")), "said": f"{a} → {b}"}
        for up in found
        for a, b in up.moves
    ]
    try:
        made = plan(reader.unit, definitions.replaced(definitions.layers_of(reader.unit), *wanted), decisions())
    except DefinitionError as fault:
        return plan_dialog(reader, proposal, None, fault=fault, conflicts=conflicts, moved=moved)
    return plan_dialog(reader, proposal, made, conflicts=conflicts, moved=moved, used=used)


def _laid_together(unit: Unit, one: Pack, chosen: Mapping[str, Side]) -> tuple[list[Layer], list[Upgrade]]:
    """The layers that would run in the place of others; what each newer module means for local changes."""
    running = definitions.layers_of(unit)
    wanted = with_depended(one, running)
    found: list[Upgrade] = []
    for new in one.layers:
        old = next((x for x in running if x.rank == new.rank == "module" and x.name == new.name), None)
        if old is not None and old.digest != new.digest:
            found.append(upgrade(old, new, running, chosen))
            running = definitions.replaced(running, *found[-1].layers)
    changed = {(x.rank, x.name): x for up in found for x in up.layers if x.rank != "module"}
    return [*wanted, *changed.values()], found


def _decided(unit: Unit, one: Pack, chosen: Mapping[str, Side]) -> list[Layer]:
    wanted, found = _laid_together(unit, one, chosen)
    if open_ones([conflict for up in found for conflict in up.conflicts]):
        raise Refused(message("本企业自己的改动与新版本不一致，请逐处选择"))
    return definitions.replaced(definitions.layers_of(unit), *wanted)


def _sound(reader: Reader, key: str) -> Pack:
    one = pack(reader.unit.installation, key)
    if isinstance(one.fault, DefinitionError):
        raise one.fault
    if one.fault is not None:
        raise Refused(one.fault)
    return one


# -- take out ---------------------------------------------------------------------------------------------------------


def plan_removal(reader: Reader, name: str) -> Response:
    _admin(reader)
    return _removal(reader, name)


def remove(reader: Reader, name: str) -> Response:
    """POST ``digest``: the module or customization runs no more; its tables and values stay."""
    _admin(reader)
    try:
        applied = change_here(
            reader.unit, lambda unit: _without(unit, name), reader.actor.user_id, decisions(), digest(), why("pack")
        )
    except Refused as refusal:
        give_up()
        return _removal(fresh(), name, refusal)
    except DefinitionError:
        give_up()
        return _removal(fresh(), name)
    return done(reader, applied, str(_("已移除，数据保留")), HERE)


def _removal(reader: Reader, name: str, moved: Refused | None = None) -> Response:
    found = next((x for x in definitions.layers_of(reader.unit) if x.name == name and x.rank in LAYERS), None)
    if found is None:
        raise RecordNotFound()
    at = f"{HERE}/installed/{name}/remove"
    proposal = Proposal(
        str(_("移除「%(name)s」", name=_named(reader, found)["label"])), f"{at}/apply", f"{at}/plan",
        reason=request.form.get("reason", ""), note=str(_("数据表和数据都保留，再次安装时可以恢复")),
    )  # fmt: skip
    return planned(reader, proposal, lambda unit: _without(unit, name), moved)


def _without(unit: Unit, name: str) -> list[Layer]:
    layers = definitions.layers_of(unit)
    kept = [layer for layer in layers if layer.name != name or layer.rank not in LAYERS]
    if len(kept) == len(layers):
        raise RecordNotFound()
    return kept


# -- what the pages show ----------------------------------------------------------------------------------------------


def _admin(reader: Reader) -> None:
    if not reader.actor.is_admin:
        raise AccessDenied(message("只有系统管理员可以安装功能包"))


def _crumbs() -> list[dict[str, Any]]:
    return [{"label": str(_("设置")), "url": "/settings"}]


def _page(template: str, reader: Reader, model: dict[str, Any]) -> Response:
    return make_response(render_template(template, page=model, shell=shell(reader), seen=None, locale=reader.locale))


def _named(reader: Reader, layer: Layer) -> dict[str, Any]:
    said = layer.plain()
    module = reader.registry.modules.get(layer.name)
    label = reader.say(module.label) if module is not None else _said(reader, said) or layer.name
    return {
        "name": layer.name, "label": label, "version": str(said.get("version") or ""), "icon": str(said.get("icon") or "package"),
        "entities": len(said.get("entities") or {}), "custom": layer.rank == "customization",
    }  # fmt: skip


def _said(reader: Reader, said: Mapping[str, Any]) -> str:
    """The label of a module that does not run here, in the language of the page."""
    label = said.get("label")
    if isinstance(label, Mapping):
        return str(label.get(reader.locale) or label.get("zh") or "")
    translated = ((said.get("translations") or {}).get(reader.locale) or {}).get("module.label")
    return str(translated or label or "")


def _installed(reader: Reader, layer: Layer, shelved: Pack | None) -> dict[str, Any]:
    newer = next((x for x in shelved.layers if x.name == layer.name), None) if shelved is not None else None
    offered = newer is not None and shelved is not None and not shelved.fault and newer.digest != layer.digest
    return {
        **_named(reader, layer), "url": f"{HERE}/{shelved.key}" if shelved is not None else None,
        "newer": str(newer.plain().get("version") or "") if offered and newer is not None else None,
        "upgrade_url": f"{HERE}/{shelved.key}/plan" if offered and shelved is not None else None,
        "remove_url": f"{HERE}/installed/{layer.name}/remove/plan", "signed": bool(shelved and shelved.signed_by and not offered),
    }  # fmt: skip


def _available(reader: Reader, one: Pack) -> dict[str, Any]:
    fault = one.fault
    faults = faults_of(reader, fault) if isinstance(fault, DefinitionError) else []
    if fault is not None and not isinstance(fault, DefinitionError):
        faults = [{"where": str(_("签名")), "said": say(fault), "hint": ""}]
    first = one.layers[0]
    return {
        **_named(reader, first), "title": _label(reader, one), "key": one.key, "url": f"{HERE}/{one.key}", "version": one.version,
        "shipped": one.shipped, "signed": one.signed_by is not None, "faults": faults, "modules": len(one.layers),
        "entities": sum(len(layer.plain().get("entities") or {}) for layer in one.layers),
    }  # fmt: skip


def _label(reader: Reader, one: Pack) -> str:
    own: Sequence[Layer] = [layer for layer in one.layers if layer.name == one.key] or one.layers
    return str(_named(reader, own[0])["label"])


def _same(layer: Layer, running: Layer | None) -> bool:
    return running is not None and running.digest == layer.digest


def _state(layer: Layer, running: Layer | None) -> str:
    if running is None:
        return str(_("未安装"))
    if running.digest == layer.digest:
        return str(_("已安装"))
    return str(_("已安装 %(version)s", version=running.plain().get("version") or "—"))
