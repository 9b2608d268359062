"""Views that people keep: save what a list asks now, rename or share it, save it anew, delete it.

The one rule: a view is a record like any other; the door decides whose it is.
"""

from __future__ import annotations

from typing import Any

from flask import Response, flash, request
from flask_babel import gettext as _

from yuanke.kernel.errors import ValidationFailed
from yuanke.metadata.registry import Entity
from yuanke.screens import urls
from yuanke.screens.asked import came_from, taken
from yuanke.screens.controls import control
from yuanke.screens.dialogs import dialog, lead_on
from yuanke.screens.pages.list import remember_columns, shown_fields
from yuanke.screens.reader import Reader
from yuanke.screens.reader import reader as fresh
from yuanke.screens.saved import VIEWS, SavedView, contents, own, saved_views
from yuanke.screens.urls import with_query
from yuanke.web.language import say
from yuanke.web.requests import give_up

ASKED = ("name", "shared")


def ask_new(reader: Reader, entity: Entity) -> Response:
    """GET: under which name, and for whom."""
    came = came_from(entity)
    query = with_query("", {k: came.args.getlist(k) for k in came.args}).removeprefix("?")
    return _dialog(reader, entity, None, {"name": "", "shared": False}, [("came", query)], {})


def create(reader: Reader, entity: Entity) -> Response:
    came = taken(entity, request.form.get("came", ""))
    columns = [f.key for f in shown_fields(reader, entity, came)]
    try:
        made = reader.records.create(VIEWS, {**contents(entity, came, columns), **_sent()})
    except ValidationFailed as fault:
        give_up()
        return _dialog(fresh(), entity, None, _sent(), [("came", request.form.get("came", ""))], fault.errors)
    reader.unit.kept.pop((saved_views, entity.key), None)
    flash(str(_("视图已保存")), "success")
    return lead_on(own(reader, entity, made.id).url(entity))


def save(reader: Reader, entity: Entity, view_id: int) -> Response:
    """POST: the view asks from now on what the list asks now, in the columns it shows now."""
    view, came = own(reader, entity, view_id), came_from(entity)
    columns = [f.key for f in shown_fields(reader, entity, came)]
    reader.records.update(VIEWS, view.id, contents(entity, came, columns))
    remember_columns(f"{entity.key}/{view.id}", [])
    reader.unit.kept.pop((saved_views, entity.key), None)
    flash(str(_("视图已保存")), "success")
    return lead_on(own(reader, entity, view.id).url(entity))


def ask_edit(reader: Reader, entity: Entity, view_id: int) -> Response:
    view = own(reader, entity, view_id)
    return _dialog(reader, entity, view, {"name": view.name, "shared": view.shared}, [], {})


def edit(reader: Reader, entity: Entity, view_id: int) -> Response:
    view = own(reader, entity, view_id)
    try:
        reader.records.update(VIEWS, view.id, _sent())
    except ValidationFailed as fault:
        give_up()
        return _dialog(fresh(), entity, view, _sent(), [], fault.errors)
    return lead_on(view.url(entity))


def delete(reader: Reader, entity: Entity, view_id: int) -> Response:
    view = own(reader, entity, view_id)
    reader.records.delete(VIEWS, view.id)
    remember_columns(f"{entity.key}/{view.id}", [])
    flash(str(_("视图已删除")), "success")
    return lead_on(urls.entity(entity.key))


def _sent() -> dict[str, Any]:
    return {"name": request.form.get("name", ""), "shared": request.form.get("shared") == "1"}


def _dialog(
    reader: Reader,
    entity: Entity,
    view: SavedView | None,
    values: dict[str, Any],
    hidden: list[tuple[str, str]],
    errors: Any,
) -> Response:
    of = reader.registry.entities[VIEWS]
    fields = [
        control(reader, of, of.fields[k], values[k], writable=True, errors=[say(m) for m in errors.get(k, ())])
        for k in ASKED
    ]
    at = f"/records/{entity.key}/views"
    title = str(_("保存视图")) if view is None else str(_("改名或共享"))
    said = str(_("条件、排序和列一起保存")) if view is None else None
    return dialog(
        reader, title, f"{at}/{view.id}/edit" if view else at, fields, str(_("保存")), said=said, hidden=hidden
    )
