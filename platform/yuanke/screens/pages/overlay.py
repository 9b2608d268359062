"""The enterprise's own definitions as YAML: shown as they were written, edited with the checks of a file.

The one rule: it is the same overlay that the designer writes; comments and order of whoever wrote it stay.
"""

from __future__ import annotations

from flask import Response, make_response, render_template, request
from flask_babel import gettext as _

from yuanke.kernel.diagnostics import DefinitionError
from yuanke.kernel.errors import Refused, ValidationFailed
from yuanke.kernel.text import message
from yuanke.metadata import Layer
from yuanke.screens.plans import Proposal, administrator, crumbs, decisions, digest, done, plan_dialog, planned, why
from yuanke.screens.reader import Reader
from yuanke.screens.reader import reader as fresh
from yuanke.screens.shell import shell
from yuanke.screens.texts_of import LONGEST, judged, read_overlay
from yuanke.storage import Unit, definitions
from yuanke.storage.apply import change_here
from yuanke.storage.overlays import overlay_text
from yuanke.web.requests import give_up

HERE = "/settings/customize/yaml"


def yaml_page(reader: Reader) -> Response:
    administrator(reader)
    text = overlay_text(reader.unit)
    text = "" if text.strip() == "{}" else text
    model = {
        "title": str(_("YAML")), "crumbs": crumbs(), "text": text, "verdict": judged(reader, text), "check_url": f"{HERE}/check",
        "plan_url": f"{HERE}/plan",
    }  # fmt: skip
    return make_response(
        render_template("overlay.html", page=model, shell=shell(reader), seen=None, locale=reader.locale)
    )


def check_part(reader: Reader) -> Response:
    """POST ``text``: what is wrong with it, while it is typed."""
    administrator(reader)
    return make_response(render_template("_verdict.html", verdict=judged(reader, _text())))


def plan_part(reader: Reader) -> Response:
    """POST ``text``: its plan as a dialog."""
    administrator(reader)
    return _planned(reader, _text())


def apply_part(reader: Reader) -> Response:
    administrator(reader)
    text = _text()
    try:
        own = read_overlay(text)
        applied = change_here(
            reader.unit, lambda unit: _with(unit, own), reader.actor.user_id, decisions(), digest(), why()
        )
    except Refused as refusal:
        give_up()
        return _planned(fresh(), text, refusal)
    except DefinitionError:
        give_up()
        return _planned(fresh(), text)
    return done(reader, applied, str(_("改动已生效")), HERE)


def _planned(reader: Reader, text: str, moved: Refused | None = None) -> Response:
    title = str(_("改动计划"))
    proposal = Proposal(title, f"{HERE}/apply", f"{HERE}/plan", (("text", text),), request.form.get("reason", ""))
    try:
        own = read_overlay(text)
    except DefinitionError as fault:
        return plan_dialog(reader, proposal, None, fault=fault, moved=moved)
    return planned(reader, proposal, lambda unit: _with(unit, own), moved)


def _with(unit: Unit, own: Layer) -> list[Layer]:
    return definitions.replaced(definitions.layers_of(unit), own)


def _text() -> str:
    text = request.form.get("text", "").replace("\r\n", "\n")
    if len(text) > LONGEST:
        raise ValidationFailed({"text": [message("最多 {most} 个字", most=LONGEST)]})
    return text
