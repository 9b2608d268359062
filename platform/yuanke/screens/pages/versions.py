"""Every change of the definitions, the newest first: who, when, why, what it did; and the way back to any of them.

The one rule: going back is a change like any other: planned, looked at, and a version of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, make_response, render_template, request
from flask_babel import gettext as _

from yuanke.kernel.diagnostics import DefinitionError
from yuanke.kernel.errors import Refused
from yuanke.metadata import Layer
from yuanke.metadata.differences import differences
from yuanke.metadata.written import as_yaml
from yuanke.records.carried import titles_of
from yuanke.screens import urls
from yuanke.screens.assets import tint
from yuanke.screens.places import difference_model
from yuanke.screens.plans import Proposal, administrator, crumbs, digest, done, plan_dialog, speed_word, why
from yuanke.screens.reader import Reader
from yuanke.screens.reader import reader as fresh
from yuanke.screens.shell import shell
from yuanke.storage import Unit, definitions, versions
from yuanke.storage.apply import change_here
from yuanke.storage.overlays import overlay_of
from yuanke.storage.plan import plan
from yuanke.storage.versions import Version
from yuanke.web.language import say
from yuanke.web.requests import give_up

HERE = "/settings/customize/versions"
PAGE = 30
SHORT = 3  # steps of a version that the list says
MOST = 300
SPEEDS = ("destructive", "slow", "safe")
COLOURS = {"destructive": "red", "slow": "amber", "safe": "green"}


def versions_page(reader: Reader) -> Response:
    administrator(reader)
    before = _number("before")
    found = versions.versions(reader.unit, PAGE + 1, before)
    shown = found[:PAGE]
    people = _people(reader, shown)
    model = {
        "title": str(_("版本")), "crumbs": crumbs(), "rows": [_row(reader, one, people) for one in shown],
        "next_url": urls.with_query(HERE, {"before": shown[-1].number}) if len(found) > PAGE else None,
        "first_url": HERE if before is not None else None,
    }  # fmt: skip
    return _page("versions.html", reader, model)


def version_page(reader: Reader, number: int) -> Response:
    administrator(reader)
    unit = reader.unit
    found = versions.version(unit, number)
    overlay = versions.overlay_at(unit, number)
    changed = versions.changed(unit, found)
    running = number == unit.head.meta_version
    title = str(_("版本 %(n)s", n=number))
    model = {
        **_row(reader, found, _people(reader, [found])), "title": title,
        "crumbs": [*crumbs(), {"label": str(_("版本")), "url": HERE}],
        "running": running, "all_steps": [_step(step) for step in found.steps], "most": len(found.steps) >= versions.MOST_STEPS,
        "differences": [difference_model(reader, one) for one in changed[:MOST]], "yaml": as_yaml(overlay),
        "modules": _modules(unit, found), "others": _others_differ(unit, found),
        "since": len(list(differences(overlay, overlay_of(unit)))), "plan_url": f"{HERE}/{number}/plan",
    }  # fmt: skip
    return _page("version.html", reader, model)


def plan_back(reader: Reader, number: int) -> Response:
    """POST ``everything``: the plan that leads back to that version, as a dialog."""
    administrator(reader)
    return _dialog(reader, number, _everything(), None)


def go_back(reader: Reader, number: int) -> Response:
    """POST ``digest`` and ``reason``: exactly that plan."""
    administrator(reader)
    everything = _everything()
    try:
        applied = change_here(
            reader.unit,
            lambda unit: versions.rolled_back(unit, number, everything),
            reader.actor.user_id,
            {"*": "restore"},
            digest(),
            why("rollback"),
        )
    except Refused as refusal:
        give_up()
        return _dialog(fresh(), number, everything, refusal)
    return done(reader, applied, str(_("已回到版本 %(n)s", n=number)), HERE)


def _dialog(reader: Reader, number: int, everything: bool, moved: Refused | None) -> Response:
    title = str(_("回到版本 %(n)s", n=number))
    proposal = Proposal(
        title, f"{HERE}/{number}/apply", f"{HERE}/{number}/plan", (("everything", "1" if everything else ""),),
        request.form.get("reason") or title, note=str(_("之后的改动仍在版本里，停用字段的数据会回来，新字段的数据保留在一边")),
    )  # fmt: skip
    try:
        layers: list[Layer] = versions.rolled_back(reader.unit, number, everything)
        return plan_dialog(reader, proposal, plan(reader.unit, layers, {"*": "restore"}), moved=moved)
    except DefinitionError as fault:
        return plan_dialog(reader, proposal, None, fault=fault, moved=moved)


def _everything() -> bool:
    return request.form.get("everything") == "1"


def _page(template: str, reader: Reader, model: dict[str, Any]) -> Response:
    return make_response(render_template(template, page=model, shell=shell(reader), seen=None, locale=reader.locale))


def _number(name: str) -> int | None:
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _people(reader: Reader, found: Sequence[Version]) -> dict[int, str]:
    ids = {one.made_by for one in found if one.made_by is not None}
    return titles_of(reader.unit, reader.actor, reader.registry.entities["user"], ids)


def _row(reader: Reader, one: Version, people: dict[int, str]) -> dict[str, Any]:
    at = one.made_at.astimezone(ZoneInfo(reader.place.timezone))
    steps = [say(versions.read_back(step["said"])) for step in one.steps]
    speeds = {step["speed"] for step in one.steps}
    speed = next((s for s in SPEEDS if s in speeds), None)
    name = people.get(one.made_by or 0)
    return {
        "number": one.number, "url": f"{HERE}/{one.number}", "when": f"{at:%Y-%m-%d %H:%M}", "kind": _kind(one.kind),
        "who": {"name": name, "tint": tint(one.made_by), "avatar_url": None} if name else None, "reason": one.reason,
        "steps": steps[:SHORT], "more": max(0, len(steps) - SHORT), "said": _unstepped(one) if not steps else "",
        "speed": {"label": speed_word(speed), "color": COLOURS[speed]} if speed else None,
        "running": one.number == reader.unit.head.meta_version,
    }  # fmt: skip


def _unstepped(one: Version) -> str:
    return str(_("企业建立时的定义") if one.kind == "start" else _("只有说明和排列有改动，数据表不变"))


def _kind(kind: str) -> str:
    words = {
        "start": _("建立"), "change": _("修改"), "pack": _("功能包"), "upgrade": _("升级"), "import": _("导入"), "rollback": _("回退"),
    }  # fmt: skip
    return str(words.get(kind, kind))


def _step(step: Any) -> dict[str, Any]:
    speed = step["speed"]
    return {
        "said": say(versions.read_back(step["said"])), "speed": speed_word(speed), "color": COLOURS.get(speed, "green"),
        "rows": f"{step['rows']:,}" if step["rows"] else "",
    }  # fmt: skip


def _modules(unit: Unit, found: Version) -> list[str]:
    """The modules and customizations that ran at a version, with what they said of their version."""
    named = [layer for layer in versions.layers_at(unit, found.number) if layer.rank in ("module", "customization")]
    return [f"{layer.name} {layer.plain().get('version') or ''}".strip() for layer in named]


def _others_differ(unit: Unit, found: Version) -> bool:
    """Whether other modules or customizations ran then: only then there is more to go back to than the own overlay."""
    now = [versions.mark(layer) for layer in definitions.layers_of(unit) if layer.rank != "platform"]
    return [m for m in found.layers if not m.startswith("enterprise:")] != [
        m for m in now if not m.startswith("enterprise:")
    ]
