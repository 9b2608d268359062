"""The export dialog: what of the list, which columns, in which form; the work itself is a job."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, redirect, render_template, request
from flask_babel import gettext as _

from yuanke.exchange.kinds import start_export
from yuanke.kernel.errors import AccessDenied
from yuanke.metadata.registry import Entity
from yuanke.records import Condition, Query
from yuanke.screens import urls
from yuanke.screens.asked import came_from, taken
from yuanke.screens.pages.list import shown_fields
from yuanke.screens.reader import Reader

MOST = 500


def dialog(reader: Reader, entity: Entity) -> Response:
    given = reader.records.grant(entity.key, "export")
    if not given.allowed:
        raise AccessDenied(given.reason)
    ask, ids = came_from(entity), request.args.getlist("id")[:MOST]
    fields = shown_fields(reader, entity, ask)
    page = reader.records.list(entity.key, ask.query(reader, fields[:1]), verb="export")
    readable = given.readable & reader.records.grant(entity.key).readable
    rest = [
        f
        for k, f in entity.fields.items()
        if k in readable and f not in fields and not f.retired and not f.rows and k not in ("deleted_at", "version")
    ]
    scopes = [{"key": "chosen", "label": str(_("选中的记录")), "count": str(len(ids))}] if ids else []
    scopes.append({"key": "list", "label": str(_("当前筛选结果")), "count": _count(page)})
    if ask.narrowed or ask.args.get("v"):
        whole = reader.records.list(entity.key, Query(fields=("id",), limit=1), verb="export")
        scopes.append({"key": "all", "label": str(_("全部")), "count": _count(whole)})
    model: dict[str, Any] = {
        "title": str(_("导出%(name)s", name=reader.say(entity.plural))), "url": f"/records/{entity.key}/export", "scopes": scopes,
        "formats": [{"key": "xlsx", "label": "Excel", "said": ".xlsx"}, {"key": "csv", "label": "CSV", "said": str(_("UTF-8，可用 Excel 打开"))}],
        "columns": [{"key": f.key, "label": reader.say(f.label), "on": f in fields} for f in [*fields, *rest]],
        "hidden": [("came", urls.with_query("", {k: ask.args.getlist(k) for k in ask.args}).removeprefix("?")), *(("id", one) for one in ids)],
        "limit": None,
    }  # fmt: skip
    return make_response(render_template("_export.html", export=model))


def start(reader: Reader, entity: Entity) -> Response:
    """POST scope, format, columns: queue it and follow it."""
    scope = request.form.get("scope", "all")
    query = taken(entity, request.form.get("came", "") if scope == "list" else "").query(reader, [])
    if scope == "chosen":
        ids = [int(one) for one in request.form.getlist("id") if one.isdigit() and len(one) < 19][:MOST]
        query = Query(conditions=(Condition("id", "in", ids),), fields=())
    columns = [key for key in request.form.getlist("columns") if key in entity.fields] or None
    job = start_export(reader.unit, reader.speaking, entity.key, request.form.get("format", "xlsx"), query, columns)
    return redirect(f"/jobs/{job}", 303)  # type: ignore[return-value]


def _count(page: Any) -> str:
    return f"{page.count:,}{'+' if page.count_capped else ''}"
