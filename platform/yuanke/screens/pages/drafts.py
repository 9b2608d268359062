"""Drafts of definitions: changes collected, looked at by their author alone as if they ran, then applied together or dropped.

The one rule: a draft is its author's; to anybody else it is not there. What others changed meanwhile is decided by him.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast
from zoneinfo import ZoneInfo

from flask import Response, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _

from yuanke.kernel.diagnostics import DefinitionError
from yuanke.kernel.errors import Refused, ValidationFailed
from yuanke.kernel.text import message
from yuanke.metadata import Layer
from yuanke.metadata.differences import Difference, differences, open_ones
from yuanke.metadata.written import as_yaml
from yuanke.screens.controls import bare
from yuanke.screens.dialogs import dialog, lead_on
from yuanke.screens.places import difference_model
from yuanke.screens.plans import (
    Proposal,
    administrator,
    choices,
    crumbs,
    decisions,
    digest,
    done,
    overlay_hidden,
    plan_dialog,
    sent_overlay,
    why,
)
from yuanke.screens.reader import Reader
from yuanke.screens.reader import reader as fresh
from yuanke.screens.shell import shell
from yuanke.screens.texts_of import judged, read_overlay
from yuanke.storage import Draft, definitions, drafts
from yuanke.storage.apply import change_here
from yuanke.storage.plan import plan
from yuanke.web import drafts as looking
from yuanke.web.requests import give_up

HERE = "/settings/customize/drafts"
MOST = 300


def drafts_page(reader: Reader, errors: Sequence[str] = ()) -> Response:
    author = _author(reader)
    rows = [_row(reader, one) for one in drafts.drafts(reader.unit, author)]
    model = {
        "title": str(_("草稿")),
        "crumbs": crumbs(),
        "rows": rows,
        "errors": list(errors),
        "longest": drafts.LONGEST_TITLE,
    }
    return _page("drafts.html", reader, model, 422 if errors else 200)


def begin(reader: Reader) -> Response:
    """POST ``title``: an empty draft on what runs now."""
    author, title = _author(reader), _title()
    if not title:
        return drafts_page(reader, [str(_("给草稿起个名字"))])
    made = drafts.begin(reader.unit, author, title)
    return redirect(f"{HERE}/{made.id}", 303)  # type: ignore[return-value]


def draft_page(reader: Reader, number: int) -> Response:
    return _shown(reader, _mine(reader, number))


def change(reader: Reader, number: int) -> Response:
    """POST ``title`` and ``text`` (YAML): what the draft shall say. Faults of it come back in place, and it stands as it was."""
    held, text = _mine(reader, number), request.form.get("text", "").replace("\r\n", "\n")
    try:
        drafts.change(reader.unit, held, read_overlay(text).plain(), _title() or held.title)
    except DefinitionError as fault:
        give_up()
        return _shown(fresh(), held, text, fault)
    flash(str(_("草稿已保存")), "success")
    return redirect(f"{HERE}/{number}", 303)  # type: ignore[return-value]


def collect(reader: Reader) -> Response:
    """POST ``overlay`` (as the designer sends it): asks into which draft; with ``draft`` or ``title``: laid into it."""
    author, overlay = _author(reader), sent_overlay()
    known = drafts.drafts(reader.unit, author)
    if "draft" not in request.form:
        return _ask_where(overlay, known, reader)
    chosen, title = request.form["draft"], _title()
    if not chosen and not title:
        return _ask_where(overlay, known, reader, [str(_("选一份草稿，或给新的起个名字"))])
    held = (
        drafts.draft(reader.unit, int(chosen), author) if chosen.isdigit() else drafts.begin(reader.unit, author, title)
    )
    drafts.change(reader.unit, held, overlay, merge=True)
    flash(str(_("已放进草稿「%(name)s」", name=held.title)), "success")
    return lead_on(f"{HERE}/{held.id}")


def _ask_where(
    overlay: Mapping[str, Any], known: Sequence[Draft], reader: Reader, errors: Sequence[str] = ()
) -> Response:
    options = [{"key": str(one.id), "label": one.title, "color": "gray", "retired": False} for one in known]
    fields = (
        [
            bare(
                "draft",
                str(_("放进已有的草稿")),
                "choice",
                options=options,
                value=str(known[0].id) if known and not errors else "",
            )
        ]
        if known
        else []
    )
    fields.append(bare("title", str(_("新草稿的名称")), "text", required=not known))
    hidden = [*overlay_hidden(overlay), *([] if known else [("draft", "")])]
    return dialog(
        reader, str(_("放进草稿")), f"{HERE}/collect", fields, str(_("放进草稿")), hidden=hidden, errors=errors,
        said=str(_("先收着，只有你能预览；攒好了再一起应用")),
    )  # fmt: skip


def discard(reader: Reader, number: int) -> Response:
    held = _mine(reader, number)
    drafts.discard(reader.unit, held)
    if looking.entered() == number:
        looking.leave()
    flash(str(_("草稿「%(name)s」已丢弃", name=held.title)), "success")
    return redirect(HERE, 303)  # type: ignore[return-value]


# -- looked at as if it ran -------------------------------------------------------------------------------------------


def enter(reader: Reader, number: int) -> Response:
    """From now on this browser sees the draft; one that is wrong or disagrees with what runs tells so instead."""
    held = _mine(reader, number)
    try:
        made = plan(reader.unit, drafts.layers(reader.unit, held), {"*": "restore"})
    except (DefinitionError, Refused):
        flash(str(_("先改正草稿里的错误，或应用时决定冲突的地方，再预览")), "warning")
        return redirect(f"{HERE}/{number}", 303)  # type: ignore[return-value]
    looking.enter(number)
    keys = [one.path[1] for one in _changed(held) if one.path[0] == "entities" and len(one.path) > 1]
    first = next((k for k in keys if k in made.after.entities and made.after.entities[k].kind == "record"), None)
    return redirect(f"/records/{first}" if first else "/", 303)  # type: ignore[return-value]


def leave(reader: Reader) -> Response:
    number = looking.entered()
    looking.leave()
    return redirect(f"{HERE}/{number}" if reader.actor.is_admin and number else "/", 303)  # type: ignore[return-value]


# -- applied ----------------------------------------------------------------------------------------------------------


def plan_part(reader: Reader, number: int) -> Response:
    """POST the answers to what has to be decided: the plan, or what still has to be."""
    return _planned(reader, _mine(reader, number))


def apply_part(reader: Reader, number: int) -> Response:
    """POST ``digest``, ``reason`` and the answers: exactly that plan, and the draft is done with."""
    held, chosen = _mine(reader, number), choices()
    try:
        applied = change_here(
            reader.unit, lambda unit: drafts.layers(unit, held, chosen), held.author, decisions(), digest(), why()
        )
    except Refused as refusal:
        give_up()
        return _planned(fresh(), held, refusal)
    except DefinitionError:
        give_up()
        return _planned(fresh(), held)
    drafts.discard(reader.unit, held)
    if looking.entered() == number:
        looking.leave()
    return done(reader, applied, str(_("草稿已应用")), "/settings/customize/versions")


def _planned(reader: Reader, held: Draft, moved: Refused | None = None) -> Response:
    proposal = Proposal(
        str(_("应用草稿「%(name)s」", name=held.title)), f"{HERE}/{held.id}/apply", f"{HERE}/{held.id}/plan",
        reason=request.form.get("reason", held.title), conflict_words=(str(_("用我的草稿")), str(_("用现在运行的"))),
    )  # fmt: skip
    overlay, conflicts = drafts.laid_together(reader.unit, held, choices())
    moved = None if open_ones(conflicts) else moved
    if open_ones(conflicts):
        return plan_dialog(reader, proposal, None, conflicts=conflicts)
    own = Layer.from_plain(definitions.OWN, "enterprise", overlay)
    try:
        made = plan(reader.unit, definitions.replaced(definitions.layers_of(reader.unit), own), decisions())
    except DefinitionError as fault:
        return plan_dialog(reader, proposal, None, fault=fault, conflicts=conflicts, moved=moved)
    return plan_dialog(reader, proposal, made, conflicts=conflicts, moved=moved)


# -- what the pages show ----------------------------------------------------------------------------------------------


def _shown(reader: Reader, held: Draft, text: str | None = None, fault: DefinitionError | None = None) -> Response:
    written = as_yaml(held.overlay) if text is None else text
    changed = _changed(held)
    _overlay, conflicts = drafts.laid_together(reader.unit, held)
    at = f"{HERE}/{held.id}"
    model = {
        **_row(reader, held), "crumbs": [*crumbs(), {"label": str(_("草稿")), "url": HERE}], "text": written,
        "verdict": judged(reader, written, fault), "differences": [difference_model(reader, one) for one in changed[:MOST]],
        "conflicts": len(open_ones(conflicts)), "save_url": at, "plan_url": f"{at}/plan", "check_url": "/settings/customize/yaml/check",
        "preview_url": f"{at}/preview", "discard_url": f"{at}/discard", "longest": drafts.LONGEST_TITLE,
    }  # fmt: skip
    return _page("draft.html", reader, model, 422 if fault else 200)


def _row(reader: Reader, one: Draft) -> dict[str, Any]:
    at = one.changed_at.astimezone(ZoneInfo(reader.place.timezone))
    changed = _changed(one)
    return {
        "id": one.id, "title": one.title or str(_("无名草稿")), "url": f"{HERE}/{one.id}", "when": f"{at:%Y-%m-%d %H:%M}", "changes": len(changed),
        "some": [difference_model(reader, d) for d in changed[:3]], "shown": looking.entered() == one.id,
    }  # fmt: skip


def _changed(held: Draft) -> list[Difference]:
    return list(differences(held.base, held.overlay))


def _page(template: str, reader: Reader, model: dict[str, Any], status: int = 200) -> Response:
    context = {"page": model, "shell": shell(reader), "seen": None, "locale": reader.locale}
    return make_response(render_template(template, **context), status)


def _author(reader: Reader) -> int:
    administrator(reader)
    return cast("int", reader.actor.user_id)


def _mine(reader: Reader, number: int) -> Draft:
    return drafts.draft(reader.unit, number, _author(reader))


def _title() -> str:
    title = request.form.get("title", "").strip()
    if len(title) > drafts.LONGEST_TITLE:
        raise ValidationFailed({"title": [message("最多 {most} 个字", most=drafts.LONGEST_TITLE)]})
    return title
