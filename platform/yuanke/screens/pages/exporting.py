"""The export dialog: what of the list, which columns, in which form; the work itself is a job."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask import Response, make_response, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from yuanke.exchange.kinds import start_export
from yuanke.kernel.errors import AccessDenied
from yuanke.metadata.registry import Entity
from yuanke.records import Query
from yuanke.screens.asked import Asked
from yuanke.screens.pages.list import shown_fields
from yuanke.screens.reader import Reader


def dialog(reader: Reader, entity: Entity) -> Response:
    given = reader.records.grant(entity.key, "export")
    if not given.allowed:
        raise AccessDenied(given.reason)
    came = urlsplit(request.headers.get("HX-Current-URL", "")).query
    ask = _asked(entity, came)
    fields = shown_fields(reader, entity, ask)
    page = reader.records.list(entity.key, ask.query(reader, fields[:1]), verb="export")
    readable = given.readable & reader.records.grant(entity.key).readable
    rest = [f for k, f in entity.fields.items() if k in readable and f not in fields and not f.retired and not f.rows and k not in ("deleted_at", "version")]
    scopes = [{"key": "list", "label": str(_("当前筛选结果")), "count": _count(page)}]
    if ask.narrowed or ask.args.get("v"):
        whole = reader.records.list(entity.key, Query(fields=("id",), limit=1), verb="export")
        scopes.append({"key": "all", "label": str(_("全部")), "count": _count(whole)})
    model: dict[str, Any] = {
        "title": str(_("导出%(name)s", name=reader.say(entity.plural))), "url": f"/records/{entity.key}/export", "scopes": scopes,
        "formats": [{"key": "xlsx", "label": "Excel", "said": ".xlsx"}, {"key": "csv", "label": "CSV", "said": str(_("UTF-8，可用 Excel 打开"))}],
        "columns": [{"key": f.key, "label": reader.say(f.label), "on": f in fields} for f in [*fields, *rest]],
        "hidden": [("came", came)], "limit": None,
    }  # fmt: skip
    return make_response(render_template("_export.html", export=model))


def start(reader: Reader, entity: Entity) -> Response:
    """POST scope, format, columns: queue it and follow it."""
    ask = _asked(entity, request.form.get("came", "") if request.form.get("scope") == "list" else "")
    columns = [key for key in request.form.getlist("columns") if key in entity.fields] or None
    query = ask.query(reader, [])
    job = start_export(reader.unit, reader.actor, entity.key, request.form.get("format", "xlsx"), query, columns)
    return redirect(f"/jobs/{job}", 303)  # type: ignore[return-value]


def _asked(entity: Entity, query: str) -> Asked:
    pairs = [(name, value) for name, values in parse_qs(query, keep_blank_values=True).items() for value in values]
    return Asked(entity, MultiDict(p for p in pairs if p[0] not in ("after", "trail", "at")))


def _count(page: Any) -> str:
    return f"{page.count:,}{'+' if page.count_capped else ''}"
