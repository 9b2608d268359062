"""System parameters: the settings of all modules on one page, by heading, and what was done to them.

The one rule: a refused form keeps what was typed, and nothing of it stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _

from yuanke.kernel.errors import AccessDenied, ValidationFailed
from yuanke.kernel.text import Label, message
from yuanke.metadata.registry import Entity, Field
from yuanke.records.carried import titles_of
from yuanke.records.parameters import change_settings, changeable, past_of_settings
from yuanke.screens.controls import control
from yuanke.screens.incoming import is_held, raw_of
from yuanke.screens.reader import Reader
from yuanke.screens.reader import reader as fresh
from yuanke.screens.shell import shell
from yuanke.screens.typed import typed
from yuanke.web.language import say
from yuanke.web.requests import give_up

HERE = "/settings/parameters"
PAST = 20


def parameters_page(reader: Reader, errors: Mapping[str, Sequence[str]] | None = None) -> Response:
    fields = _mine(reader)
    groups: dict[str, list[dict[str, Any]]] = {}
    for field in fields:
        made = _control(reader, fields, field, list((errors or {}).get(field.key, ())))
        groups.setdefault(_heading(reader, field), []).append(made)
    model = {
        "title": str(_("系统参数")), "url": HERE, "groups": [{"title": title, "fields": held} for title, held in groups.items()],
        "past": _past(reader), "crumbs": [{"label": str(_("设置")), "url": "/settings"}, {"label": str(_("系统参数")), "url": None}],
        "faults": sum(len(said) for said in (errors or {}).values()),
    }  # fmt: skip
    context = {"page": model, "shell": shell(reader), "seen": None, "ctx": {"cell": False, "locale": reader.locale}}
    return make_response(render_template("parameters.html", locale=reader.locale, **context), 422 if errors else 200)


def save_parameters(reader: Reader) -> Response:
    fields = _mine(reader)
    held = [field for field in fields if is_held(field, field.key, request.form)]
    sent = {f.key: raw_of(f, f.key, request.form) for f in held}
    sent = {key: None if value == "" else value for key, value in sent.items()}
    try:
        changed = change_settings(reader.unit, reader.actor, sent)
    except ValidationFailed as refused:
        give_up()
        return parameters_page(fresh(), {key: [say(m) for m in said] for key, said in refused.errors.items()})
    flash(str(_("已保存 %(n)s 项参数", n=len(changed)) if changed else _("没有改动")), "success")
    return redirect(HERE, 303)  # type: ignore[return-value]


def _mine(reader: Reader) -> list[Field]:
    fields = [f for f in changeable(reader.unit, reader.actor) if not (f.rows or f.pairs)]
    if not fields:
        raise AccessDenied(message("你不能修改系统参数"))
    return fields


def _heading(reader: Reader, field: Field) -> str:
    return str(field.more.get("group") or _("其他"))


def _control(reader: Reader, fields: Sequence[Field], field: Field, errors: list[str]) -> dict[str, Any]:
    """Settings are no entity: the control is told of one that holds them."""
    label = Label("系统参数", "Settings")
    entity = Entity("settings", "platform", label, label, {f.key: f for f in fields})
    made = {
        **control(reader, entity, field, reader.unit.settings.get(field.key), writable=True, errors=errors),
        "formula": False, "visible": True, "create_url": None, "span": 1,
    }  # fmt: skip
    if request.method == "POST" and is_held(field, field.key, request.form):
        made["value"] = typed(reader, field, made, field.key)
    return made


def _past(reader: Reader) -> list[dict[str, Any]]:
    if not reader.actor.is_admin:
        return []
    rows = past_of_settings(reader.unit, PAST)
    people = titles_of(
        reader.unit, reader.actor, reader.registry.entities["user"], {row.by for row in rows if row.by is not None}
    )
    zone = ZoneInfo(reader.place.timezone)
    found = []
    for row in rows:
        for key, (before, after) in row.changes.items():
            field = reader.registry.settings.get(key)
            if field is not None:
                found.append(
                    {"when": f"{row.at.astimezone(zone):%Y-%m-%d %H:%M}", "who": people.get(row.by) or str(_("系统")),
                     "what": reader.say(field.label), "before": _text(reader, field, before), "after": _text(reader, field, after)}
                )  # fmt: skip
    return found


def _text(reader: Reader, field: Field, dumped: Any) -> str:
    if dumped is None:
        return "—"
    if field.options:
        option = field.options.get(str(dumped))
        return reader.say(option.label) if option is not None else str(dumped)
    value = field.type.parse(field, dumped, reader.place)
    return field.type.text(field, value, reader.place)
