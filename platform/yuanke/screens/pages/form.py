"""New and edit: the form is shown, saved, or comes back with every fault; a few fields at once in a dialog.

The one rule: nothing of a refused save stands, and nothing that was typed is lost.
"""

from __future__ import annotations

import json
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, make_response, redirect, render_template, request
from flask_babel import gettext as _

from yuanke.kernel.errors import AccessDenied, Refusal, ValidationFailed, VersionConflict
from yuanke.kernel.text import Message, message
from yuanke.metadata.registry import Entity, Field
from yuanke.records import LinkValue, Record
from yuanke.screens import urls
from yuanke.screens.alike import watched
from yuanke.screens.form_start import becoming, row_name
from yuanke.screens.forms import Errors, Form
from yuanke.screens.incoming import incoming
from yuanke.screens.pages.finding import item_of
from yuanke.screens.reader import Reader, wants_part
from yuanke.screens.reader import reader as fresh
from yuanke.screens.shell import shell
from yuanke.screens.since import Since, since
from yuanke.web.language import enumerated, say
from yuanke.web.requests import give_up
from yuanke.workflow.documents import follow


def show(reader: Reader, entity: Entity, record: Record | None) -> Response:
    form = Form(reader, entity, record)
    if not form.grant.allowed:
        raise AccessDenied(form.grant.reason)
    if request.args.get("dialog") and record is None:
        return _dialog(form)
    return _page(form)


def save(reader: Reader, entity: Entity, record: Record | None) -> Response:
    """POST: stands and leads on, or comes back with every fault."""
    form = Form(reader, entity, record)
    if not form.grant.allowed:
        raise AccessDenied(form.grant.reason)
    in_dialog = bool(request.args.get("dialog")) and record is None
    fields = dialog_fields(form) if in_dialog else form.fields()
    form.came = incoming(reader, [f for f in fields if form.writable(f)], request.form, record, form.start)
    try:
        stands = _stand(form)
    except ValidationFailed as fault:
        return _refused(form, fault.errors, in_dialog)
    except VersionConflict as fault:
        return _refused(form, {}, False, fault)
    except Refusal as fault:
        if fault.status in (403, 404):
            raise
        return _refused(form, {"": [fault.said]}, in_dialog)
    if in_dialog:
        return _created(form.reader, stands)
    return _lead_on(_again(entity) if request.form.get("then") == "new" else urls.record(entity.key, stands.id))


def _stand(form: Form) -> Record:
    """An unchanged form changes nothing, not even the version."""
    records, key = form.reader.records, form.entity.key
    if form.record is None:
        given = {k: v.id if isinstance(v, LinkValue) else v for k, v in form.start.items() if k in _kept(form)}
        made = records.create(key, {**given, **_with_what_rows_hide(form)})
        _follow(form)
        return made
    version = request.form.get("version", "")
    if not form.came.values:
        return form.record
    return records.update(key, form.record.id, form.came.values, int(version) if version.isdigit() else None)


def _follow(form: Form) -> None:
    """What the document it was made of does once it stands."""
    asked = becoming()
    if asked is not None:
        follow(form.reader.unit, form.reader.actor, form.entity, *asked)


def _kept(form: Form) -> list[str]:
    """What the address gave (``?member=5``, or the document it is made of) and the form does not show."""
    shown = {f.key for f in form.fields()}
    given = form.start if becoming() is not None else request.args
    return [k for k in given if k in form.start and k not in shown and not form.entity.fields[k].rows]


def _with_what_rows_hide(form: Form) -> dict[str, Any]:
    """Rows made of another document keep what their table has no column for, such as the row they come from. Raises
    ValidationFailed for rows that the document has no more."""
    values = dict(form.came.values)
    if becoming() is None:
        return values
    gone: dict[str, list[Message]] = {}
    for key, names in form.came.rows.items():
        named = {row_name(at, row): row for at, row in enumerate(form.start.get(key) or ())}
        marked = {name.partition("-")[2]: row for name, row in named.items()}
        for at, (name, item) in enumerate(zip(names, values[key], strict=True)):
            mark = name.partition("-")[2]
            row = named.get(name) or marked.get(mark) if mark else None
            if mark and row is None:
                gone[f"{key}.{at}"] = [message("来源单据里这一行已经被别人转走了，请删除这一行")]
            elif row is not None:
                values[key][at] = {**_hidden_of(row, item), **item}
    if gone:
        raise ValidationFailed(gone)
    return values


def _hidden_of(row: Record, item: dict[str, Any]) -> dict[str, Any]:
    return {k: v.id if isinstance(v, LinkValue) else v for k, v in row.values.items() if k not in item}


def _again(entity: Entity) -> str:
    return urls.with_query(urls.new(entity.key), {k: request.args.getlist(k) for k in request.args if k != "from"})


def _lead_on(target: str) -> Response:
    if wants_part():
        return Response("", 200, headers={"HX-Redirect": target})
    return redirect(target, 303)  # type: ignore[return-value]


def _refused(form: Form, errors: Errors, in_dialog: bool, conflict: VersionConflict | None = None) -> Response:
    """The form is drawn from a fresh, read-only unit."""
    give_up()
    form.reader, form.errors = fresh(), errors
    if in_dialog:
        return _dialog(form, 422)
    told = None
    if conflict is not None and form.record is not None:
        seen = request.form.get("seen", "")
        form.since = since(form.reader, form.record, int(seen)) if seen.isdigit() and len(seen) < 19 else Since()
        told = _conflict(form, conflict)
    return _page(form, 422, told)


def _page(form: Form, status: int = 200, conflict: dict[str, Any] | None = None) -> Response:
    who = form.reader
    context = {"form": form.model(conflict), "ctx": {"cell": False, "locale": who.locale}, "locale": who.locale}
    if wants_part():
        return make_response(render_template("_form.html", **context), status)
    return make_response(render_template("form.html", shell=shell(who), seen=None, **context), status)


# -- somebody else was quicker ------------------------------------------------------------------------------------


def _conflict(form: Form, conflict: VersionConflict) -> dict[str, Any]:
    """Who it was, and which fields both changed; what only the other changed stands in the form already."""
    reader, record, newest = form.reader, form.record, form.since.entries[:1]
    assert record is not None
    both = [
        form.entity.fields[k]
        for k in form.since.fields
        if k in form.came.values and not form.since.untouched(reader, form.entity.fields[k], k)
    ]
    when = newest[0].at.astimezone(ZoneInfo(reader.place.timezone)).strftime("%m-%d %H:%M") if newest else ""
    return {
        "said": say(conflict.said), "who": (newest[0].by.title or "") if newest else "", "when": when, "reload_url": request.path,
        "changes": [{"label": reader.say(f.label), "mine": _mine(form, f), "theirs": _said(reader, f, record.values.get(f.key))} for f in both],
    }  # fmt: skip


def _mine(form: Form, field: Field) -> str:
    raw = form.came.values[field.key]
    try:
        value = field.type.parse(field, raw, form.reader.place)
    except Exception:
        return str(raw)
    if field.targets and isinstance(value, int):
        from yuanke.records.carried import titles_of

        target = form.reader.registry.entities[field.targets[0]]
        return titles_of(form.reader.unit, form.reader.actor, target, [value]).get(value, f"#{value}")
    return _said(form.reader, field, value)


def _said(reader: Reader, field: Field, value: Any) -> str:
    if isinstance(value, LinkValue):
        return str(_("（无权查看）")) if value.hidden else value.title or ""
    if field.pairs or value is None:
        return enumerated(v.title or "…" for v in value or ()) or str(_("（空）"))
    return field.type.text(field, value, reader.place)


# -- on the spot --------------------------------------------------------------------------------------------------


def dialog_fields(form: Form) -> list[Field]:
    """What names the record and what it must have; the rest has defaults or is filled in later."""
    title = form.entity.fields.get(form.entity.title)
    needed = [
        f
        for f in form.entity.fields.values()
        if f.required and f.default is None and f.formula is None and not f.rows and not f.retired
    ]
    first = [title] if title is not None and title.source == "typed" else []
    return [f for f in dict.fromkeys([*first, *needed]) if form.writable(f)]


def _dialog(form: Form, status: int = 200) -> Response:
    reader, entity = form.reader, form.entity
    title = entity.fields.get(entity.title)
    if title is not None and title.key not in form.start and title.type.kind == "text" and request.args.get("title"):
        form.start[title.key] = request.args["title"][: title.length or 200]
    values, held = form.conditions(), []
    for field in dialog_fields(form):
        made = form.control(field, values)
        held.append({**made, "id": f"d-{made['key']}", "span": "wide", "create_url": None})
    whole = [say(m) for key in form.errors if key not in {f["key"] for f in held} for m in form.errors[key]]
    model = {
        "title": str(_("新建%(name)s", name=reader.say(entity.label))), "said": None, "url": urls.with_query(request.path, dict(request.args)),
        "size": "is-s", "columns": 1, "fields": held, "hidden": [], "errors": whole, "submit": str(_("新建")), "danger": False,
        "note": str(_("其他内容可以以后补充")), "target": None, "alike": watched(entity, None),
    }  # fmt: skip
    return make_response(
        render_template(
            "_dialog_form.html", dialog=model, ctx={"cell": False, "locale": reader.locale}, locale=reader.locale
        ),
        status,
    )


def _created(reader: Reader, stands: Record) -> Response:
    """The new record is chosen where it was asked for."""
    item = item_of(reader, stands.entity, LinkValue(stands.id, stands.title), request.args.get("asking", ""))
    told = {"yk-created": {"for": request.args.get("for", ""), "item": item}}
    return Response("", 200, headers={"HX-Trigger": json.dumps(told)})
