"""A plan before the eyes: how any change of the definitions is shown before it is applied, on every page alike.

The one rule: what the dialog shows is what its button applies. What somebody has to decide first (values of an earlier
field, two changes of one place) is asked here, and the plan is made again with the answers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from flask import Response, flash, make_response, render_template, request
from flask_babel import gettext as _

from yuanke.kernel.diagnostics import DefinitionError
from yuanke.kernel.errors import AccessDenied, Refused, ValidationFailed
from yuanke.kernel.text import message
from yuanke.metadata import Layer
from yuanke.metadata.differences import Conflict, Side, open_ones
from yuanke.metadata.faults import told
from yuanke.metadata.registry import Registry
from yuanke.screens.places import place_words, value_words
from yuanke.screens.reader import Reader
from yuanke.storage import Unit
from yuanke.storage.apply import Applied
from yuanke.storage.plan import Decision, Plan, Step, plan
from yuanke.storage.versions import LONGEST_REASON, Why
from yuanke.web.language import enumerated, say
from yuanke.web.schema import finish_later

TONES = {"safe": "", "slow": "is-changed", "destructive": "is-red"}
STEP_ICONS = {"safe": "plus", "slow": "clock", "destructive": "alert-triangle"}
MOST_STEPS = 300
DECIDE, CHOOSE = "decide.", "choose."


@dataclass(frozen=True)
class Proposal:
    """What a dialog is about. ``hidden`` goes along with either button; ``plan_url`` takes the answers to what has to be
    decided; ``reason`` stands in the field that asks for one (None: it is not asked)."""

    title: str
    apply_url: str
    plan_url: str
    hidden: tuple[tuple[str, str], ...] = ()
    reason: str | None = None
    conflict_words: tuple[str, str] = ("", "")  # what "mine" and "theirs" are called here
    note: str = ""


def administrator(reader: Reader) -> None:
    if not reader.actor.is_admin:
        raise AccessDenied(message("只有系统管理员可以自定义功能"))


def crumbs() -> list[dict[str, Any]]:
    return [
        {"label": str(_("设置")), "url": "/settings"},
        {"label": str(_("功能自定义")), "url": "/settings/customize"},
    ]


def decisions() -> dict[str, Decision]:
    """The answers of the dialog: what becomes of values that an earlier field or entity left behind."""
    found = {k.removeprefix(DECIDE): v for k, v in request.form.items() if k.startswith(DECIDE)}
    return {k: cast("Decision", v) for k, v in found.items() if v in ("restore", "fresh")}


def choices() -> dict[str, Side]:
    """The answers of the dialog: which of two changes of one place holds."""
    found = {k.removeprefix(CHOOSE): v for k, v in request.form.items() if k.startswith(CHOOSE)}
    return {k: cast("Side", v) for k, v in found.items() if v in ("mine", "theirs")}


def digest() -> str:
    """The plan that was looked at; a form without one fits no plan."""
    return request.form.get("digest", "")


def why(kind: str = "change") -> Why:
    return Why(request.form.get("reason", "").strip()[:LONGEST_REASON], kind)


def sent_overlay() -> dict[str, Any]:
    return overlay_in(request.form.get("overlay", ""))


def overlay_in(text: str) -> dict[str, Any]:
    try:
        overlay = json.loads(text)
    except (ValueError, RecursionError) as fault:
        raise ValidationFailed({"overlay": [message("改动的内容读不懂，请刷新页面再试")]}) from fault
    if not isinstance(overlay, dict):
        raise ValidationFailed({"overlay": [message("改动应是一个对象")]})
    return overlay


def overlay_hidden(overlay: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return (("overlay", json.dumps(overlay, ensure_ascii=False)),)


def done(reader: Reader, applied: Applied, said: str, target: str) -> Response:
    """The plan is carried out: its slow steps go on as a job, and the browser goes to ``target``."""
    finish_later(reader.unit, reader.actor, applied)
    flash(said, "success")
    return Response("", 200, headers={"HX-Redirect": target})


def planned(
    reader: Reader, proposal: Proposal, edit: Callable[[Unit], Sequence[Layer]], moved: Refused | None = None
) -> Response:
    """The dialog of what ``edit`` would make run, with the decisions that came along."""
    try:
        return plan_dialog(reader, proposal, plan(reader.unit, edit(reader.unit), decisions()), moved=moved)
    except DefinitionError as fault:
        return plan_dialog(reader, proposal, None, fault=fault, moved=moved)


# -- the dialog -------------------------------------------------------------------------------------------------------


def plan_dialog(
    reader: Reader, proposal: Proposal, made: Plan | None, *, fault: DefinitionError | None = None,
    conflicts: Sequence[Conflict] = (), moved: Refused | None = None, used: Sequence[Mapping[str, Any]] = (),
) -> Response:  # fmt: skip
    """``made`` is None while something has to be decided or mended first."""
    steps = list(made.steps) if made is not None else []
    asked = _asked(reader, made) if made is not None else []
    waiting = {one["address"] for one in asked if one["open"]}
    blocked = [
        {"where": say(s.summary), "said": say(s.blocked), "hint": enumerated(s.samples[:5])}
        for s in steps if s.blocked and _address(s) not in waiting
    ]  # fmt: skip
    faults = [*(faults_of(reader, fault) if fault is not None else []), *blocked]
    open_places = open_ones(conflicts)
    nothing = made is not None and not made and not faults
    if nothing:
        faults.append({"where": str(_("计划")), "said": str(_("没有改动")), "hint": ""})
    undecided = bool(waiting or open_places)
    model = {
        "title": proposal.title, "said": _said(made, faults, undecided), "faults": faults,
        "steps": [step_model(step) for step in steps[:MOST_STEPS]], "warnings": _moved(moved), "access": None, "used": list(used),
        "conflicts": [_conflict(reader, proposal, one) for one in conflicts], "asked": asked, "undecided": undecided,
        "undo": proposal.note or str(_("应用后可以恢复，已填的数据不会删除")), "reason": proposal.reason,
        "apply_url": proposal.plan_url if undecided else proposal.apply_url, "plan_url": proposal.plan_url,
        "hidden": list(proposal.hidden), "digest": made.digest if made is not None else "",
        "submit": str(_("按选择重新计算")) if undecided else _submit(steps), "longest": LONGEST_REASON,
        "danger": not undecided and any(s.speed == "destructive" for s in steps),
    }  # fmt: skip
    response = make_response(render_template("_plan.html", plan=model))
    if moved is not None:
        response.headers["HX-Retarget"] = "#yk-dialogs"
    return response


def _said(made: Plan | None, faults: Sequence[Any], undecided: bool) -> str:
    if undecided:
        return str(_("有需要先决定的地方，选好后再看计划"))
    if faults:
        return str(_("没有改动") if made is not None and not made else _("改动里有错误，先改正它"))
    return str(_("应用前看清楚会发生什么；应用时大家可以继续工作"))


def _submit(steps: Sequence[Step]) -> str:
    return str(_("应用 %(n)s 处改动", n=len(steps)) if steps else _("应用"))


def _moved(moved: Refused | None) -> list[dict[str, str]]:
    if moved is None:
        return []
    return [{"title": str(_("与刚才看到的不同，这是重新算出的计划")), "said": say(moved.said)}]


def step_model(step: Step) -> dict[str, Any]:
    count = {"label": str(_("涉及记录")), "value": f"{step.rows:,}", "of": None} if step.rows else None
    said = enumerated(step.samples[:5])
    if step.used:
        said = str(_("用在：%(names)s", names=enumerated(say(use.label) for use in step.used[:8])))
    return {
        "tone": TONES[step.speed], "icon": STEP_ICONS[step.speed], "speed": speed_word(step.speed),
        "title": say(step.summary), "said": said, "count": count,
    }  # fmt: skip


def speed_word(speed: str) -> str:
    words = {"safe": _("安全"), "slow": _("较慢"), "destructive": _("慎重")}
    return str(words.get(speed, speed))


def faults_of(reader: Reader, fault: DefinitionError) -> list[dict[str, str]]:
    wrong = [d for d in fault.diagnostics if not d.is_warning]
    return [{"where": d.code, "said": said, "hint": hint} for d in wrong for said, hint in (told(d, reader.locale),)]


# -- what has to be decided -------------------------------------------------------------------------------------------


def _address(step: Step) -> str:
    return f"{step.entity}.{step.field}" if step.field else step.entity


def _asked(reader: Reader, made: Plan) -> list[dict[str, Any]]:
    """Steps that wait for a decision, and those decided already, which may be decided otherwise."""
    open_ = {_address(s): s for s in made.steps if s.blocked and s.kind in ("bring_back", "required")}
    found = []
    for address in dict.fromkeys((*open_, *(a for a in made.decisions if a != "*"))):
        step = open_.get(address)
        options = [("restore", str(_("恢复从前的数据"))), ("fresh", str(_("重新开始，从前的数据保留在一边")))]
        if step is not None and step.kind == "required":
            options = [("fresh", str(_("让已有的记录空着，下次修改时再填")))]
        found.append(
            {"name": f"{DECIDE}{address}", "address": address, "title": _named(reader, made.after, address), "open": step is not None,
             "said": say(step.blocked) if step is not None and step.blocked else "", "options": options, "chosen": made.decisions.get(address)}
        )  # fmt: skip
    return found


def _named(reader: Reader, registry: Registry, address: str) -> str:
    key, _dot, field = address.partition(".")
    entity = registry.entities.get(key)
    if entity is None:
        return address
    label = reader.say(entity.label)
    held = entity.fields.get(field)
    return f"{label} · {reader.say(held.label)}" if held is not None else label


def _conflict(reader: Reader, proposal: Proposal, one: Conflict) -> dict[str, Any]:
    mine, theirs = proposal.conflict_words
    return {
        "name": f"{CHOOSE}{one.address}", "title": place_words(reader, one.path), "address": one.address, "was": value_words(one.base),
        "options": [("mine", mine, value_words(one.mine)), ("theirs", theirs, value_words(one.theirs))], "chosen": one.chosen,
    }  # fmt: skip
