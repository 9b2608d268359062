"""One field of a record edited where it stands.

The one rule: it is the same save as the form's, with one field; a refusal comes back beside it.
"""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, render_template, request
from flask_babel import gettext as _

from yuanke.expressions import Expression
from yuanke.kernel.errors import RecordNotFound, Refusal, ValidationFailed, VersionConflict
from yuanke.metadata.registry import Entity, Field
from yuanke.records import Record
from yuanke.screens import urls
from yuanke.screens.cells import EMPTY, shown
from yuanke.screens.controls import control, is_roles, role_options
from yuanke.screens.form_start import Values
from yuanke.screens.incoming import incoming
from yuanke.screens.reader import Reader
from yuanke.screens.reader import reader as fresh
from yuanke.screens.typed import typed
from yuanke.web.language import say
from yuanke.web.requests import give_up

#: fields that want more room than their line has
NOT_HERE = frozenset({"rich_text", "json", "file", "image"})


def may_edit(reader: Reader, entity: Entity, field: Field, record: Record) -> bool:
    """Whether the pencil stands beside it; the door is asked again when it is saved."""
    if field.key not in reader.records.grant(entity.key, "update").writable or field.editable == "new":
        return False
    if field.rows or field.type.name in NOT_HERE or field.key == "owner":
        return False
    return not isinstance(field.editable, Expression) or Values(reader, entity, record.values).holds(field.editable)


def field_shown(reader: Reader, entity: Entity, field: Field, record: Record, editable: bool) -> dict[str, Any]:
    """One field as `record.html` and `_field_value.html` take it."""
    value = record.values.get(field.key)
    made = EMPTY if value is None else shown(record, field, value, reader.place)
    if is_roles(field):
        labels = {o["key"]: o["label"] for o in role_options(reader)}
        made = ("tags", "", [(labels.get(str(key), str(key)), "gray") for key in value or ()]) if value else EMPTY
    wide = field.type.name in ("long_text", "rich_text", "json", "file", "image")
    url = (
        f"{urls.record(entity.key, record.id)}/fields/{field.key}"
        if editable and may_edit(reader, entity, field, record)
        else None
    )
    return {"key": field.key, "label": reader.say(field.label), "widget": "choices" if is_roles(field) else field.type.widget, "value": made,
            "wide": wide and not is_roles(field), "edit_url": url}  # fmt: skip


def show(reader: Reader, entity: Entity, record_id: int, key: str) -> Response:
    """GET: the control with its value; ``?shown=1`` the value again, as after 取消."""
    record = reader.records.get(entity.key, record_id)
    field = _field(reader, entity, key, record)
    return (
        _value(reader, entity, field, record)
        if request.args.get("shown")
        else _control(reader, entity, field, record, [])
    )


def save(reader: Reader, entity: Entity, record_id: int, key: str) -> Response:
    record = reader.records.get(entity.key, record_id)
    field = _field(reader, entity, key, record)
    version = request.form.get("version", "")
    values = incoming(reader, [field], request.form, record, {}).values
    try:
        stands = (
            reader.records.update(entity.key, record.id, values, int(version) if version.isdigit() else None)
            if values
            else record
        )
    except VersionConflict as fault:
        give_up()
        return _control(fresh(), entity, field, fresh().records.get(entity.key, record_id), [say(fault.said)])
    except ValidationFailed as fault:
        give_up()
        said = [_said(fresh(), entity, name, m, key) for name, sentences in fault.errors.items() for m in sentences]
        return _control(fresh(), entity, field, record, said)
    except Refusal as fault:
        if fault.status == 404:
            raise
        give_up()
        return _control(fresh(), entity, field, record, [say(fault.said)])
    response = _value(reader, entity, field, stands)
    response.headers["HX-Trigger"] = "yk-changed"
    return response


def _field(reader: Reader, entity: Entity, key: str, record: Record) -> Field:
    field = entity.fields.get(key)
    if field is None or key not in record.values or not may_edit(reader, entity, field, record):
        raise RecordNotFound()
    return field


def _said(reader: Reader, entity: Entity, name: str, said: Any, key: str) -> str:
    """A fault at another field names that field."""
    field = entity.fields.get(name)
    return (
        say(said)
        if name in ("", key) or field is None
        else str(_("%(said)s：%(reason)s", said=reader.say(field.label), reason=say(said)))
    )


def _control(reader: Reader, entity: Entity, field: Field, record: Record, errors: list[str]) -> Response:
    made = {
        **control(reader, entity, field, record.values.get(field.key), writable=True, errors=errors, of=record),
        "create_url": None,
        "formula": False,
    }
    if errors and request.method == "POST":
        made["value"] = typed(reader, field, made, field.key)
    at = f"{urls.record(entity.key, record.id)}/fields/{field.key}"
    context = {
        "field": made,
        "save_url": at,
        "cancel_url": f"{at}?shown=1",
        "version": record.version,
        "locale": reader.locale,
    }
    return make_response(render_template("_field_edit.html", **context), 422 if errors else 200)


def _value(reader: Reader, entity: Entity, field: Field, record: Record) -> Response:
    f = field_shown(reader, entity, field, record, True)
    return make_response(render_template("_field_value.html", f=f, ctx={"cell": False, "locale": reader.locale}))
