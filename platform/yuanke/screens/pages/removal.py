"""To the bin and back: one record, the chosen ones, and the page of the bin."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from flask import Response, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _

from yuanke.kernel.errors import Refusal, ValidationFailed
from yuanke.metadata.registry import Entity
from yuanke.records import Query
from yuanke.records.values import Outcome
from yuanke.screens import urls
from yuanke.screens.cells import cell
from yuanke.screens.columns import listed, styles
from yuanke.screens.reader import Reader, wants_part
from yuanke.screens.shell import listed_entities, shell
from yuanke.web.language import say, told
from yuanke.web.requests import give_up

MOST_REASONS = 3


def delete_one(reader: Reader, entity: Entity, record_id: int) -> Response:
    """A refusal (others refer to it) is said on the page one came from; nothing has happened then."""
    try:
        reader.records.delete(entity.key, record_id)
    except Refusal as refusal:
        if refusal.status in (403, 404):
            raise
        give_up()
        if wants_part():
            return Response(say(refusal.said), 409, mimetype="text/plain")
        flash(say(refusal.said), "danger")
        return redirect(urls.record(entity.key, record_id), 303)  # type: ignore[return-value]
    return back_to_list(entity, str(_("已移到回收站")))


def delete_many(reader: Reader, entity: Entity) -> Response:
    """The chosen ones, each by itself: those that are refused stay and are counted with their reason."""
    ids = [int(one) for one in request.form.getlist("id") if one.isdigit()][:500]
    result = reader.records.batch(entity.key, delete=ids, atomic=False)
    gone = len(ids) - len(result.failed)
    said = str(_("%(n)s 条已移到回收站", n=gone))
    if result.failed:
        reasons = said_reasons(reader, entity, result.failed)
        kept = _("%(n)s 条没有删除：%(reason)s", n=len(result.failed), reason=reasons)
        said = told([said, kept]) if gone else str(kept)
    return back_to_list(entity, said, "warning" if result.failed else "success")


def said_reasons(reader: Reader, entity: Entity, failed: Iterable[Outcome]) -> str:
    """The most frequent reasons, each once, with the record or how often: ``D-7：没有权限；被订单引用（3）``."""
    found: dict[str, list[int | None]] = {}
    for outcome in failed:
        found.setdefault(_reason(outcome.error), []).append(outcome.id)
    most = sorted(found.items(), key=lambda item: -len(item[1]))[:MOST_REASONS]
    return told(_with_whom(reader, entity, *one) for one in most) + ("…" if len(found) > MOST_REASONS else "")


def _with_whom(reader: Reader, entity: Entity, text: str, ids: list[int | None]) -> str:
    if len(ids) > 1:
        return str(_("%(text)s（%(n)s）", text=text, n=len(ids)))
    try:
        title = reader.records.get(entity.key, ids[0]).title if ids[0] else ""
    except Refusal:
        title = ""
    return str(_("%(said)s：%(reason)s", said=title, reason=text)) if title else text


def _reason(error: Exception | None) -> str:
    if isinstance(error, ValidationFailed):
        return told(m for sentences in error.errors.values() for m in sentences)
    return say(error.said) if isinstance(error, Refusal) else str(_("没有成功"))


def back_to_list(entity: Entity, said: str, kind: str = "success") -> Response:
    """Back to the list one came from, with its filters, and say what was done."""
    flash(said, kind)
    return lead_to_list(entity)


def lead_to_list(entity: Entity) -> Response:
    """The list one came from, with its filters; else the whole list."""
    came = urlsplit(request.headers.get("HX-Current-URL") or request.referrer or "")
    home = urls.entity(entity.key)
    where = f"{home}?{came.query}" if came.path == home and came.query else home
    if wants_part():
        return Response("", 200, headers={"HX-Redirect": where})
    return redirect(where, 303)  # type: ignore[return-value]


def restore_one(reader: Reader, entity: Entity, record_id: int) -> Response:
    try:
        reader.records.restore(entity.key, record_id)
    except Refusal as refusal:
        if refusal.status in (403, 404):
            raise
        give_up()
        flash(say(refusal.said), "danger")
        return redirect("/bin?entity=" + entity.key, 303)  # type: ignore[return-value]
    flash(str(_("已恢复")), "success")
    return redirect(urls.record(entity.key, record_id), 303)  # type: ignore[return-value]


def bin_page(reader: Reader) -> Response:
    """What lies in the bin, kind by kind, with the way back."""
    open_to = [e for e in listed_entities(reader) if reader.may(e, "delete")]
    chosen = request.args.get("entity", "")
    entity = next((e for e in open_to if e.key == chosen), open_to[0] if open_to else None)
    tabs = [
        {"label": reader.say(e.plural), "url": f"/bin?entity={e.key}", "on": e is entity, "count": None}
        for e in open_to
    ]
    page: dict[str, Any] = {
        "title": str(_("回收站")), "crumbs": None, "count": None, "actions": [], "notes": [], "tabs": tabs, "form": None, "search": None,
        "table": _table(reader, entity) if entity is not None else None, "pager": None,
    }  # fmt: skip
    context = {
        "page": page,
        "shell": shell(reader),
        "seen": None,
        "ctx": {"cell": False, "locale": reader.locale},
        "locale": reader.locale,
    }
    return make_response(render_template("simple.html", **context))


def _table(reader: Reader, entity: Entity) -> dict[str, Any]:
    view = entity.views.get("list")
    fields = listed(reader, entity, view.body.get("columns", ()) if view else ())[:6]
    query = Query(fields=tuple(f.key for f in fields), sort=("-updated_at",), limit=200, binned=True, count="none")
    records = reader.records.list(entity.key, query).records
    rows = [
        {"url": None, "cells": [_plain(cell(r, f, reader.place)) for f in fields],
         "actions": [{"label": str(_("恢复")), "icon": "arrow-back-up", "url": f"/records/{entity.key}/{r.id}/restore", "method": "post"}]}
        for r in records
    ]  # fmt: skip
    empty = {"icon": "trash", "title": str(_("回收站是空的")), "said": str(_("删除的记录会留在这里，随时可以恢复"))}
    columns = [
        {"label": reader.say(f.label), "css": css} for f, css in zip(fields, styles(entity, fields), strict=True)
    ]
    return {"columns": columns, "rows": rows, "empty": None if rows else empty}


def _plain(shown: Any) -> Any:
    return ("text", shown[1], None) if shown[0] == "title" else shown
