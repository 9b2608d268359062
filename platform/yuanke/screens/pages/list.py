"""A list of records: views, filters by click and by expression, columns, pages, what to do with the chosen ones."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, render_template, request, session
from flask_babel import gettext as _

from yuanke.kernel.errors import QueryFault
from yuanke.kernel.text import Label
from yuanke.metadata.registry import Entity, Field
from yuanke.records import Page, Record
from yuanke.screens import urls
from yuanke.screens.asked import SIZES, Asked, asked
from yuanke.screens.bar import filters
from yuanke.screens.cells import cell
from yuanke.screens.columns import heads, listed
from yuanke.screens.reader import Reader, wants_part
from yuanke.screens.shell import shell
from yuanke.web.language import say

VIEW_ICONS = {"list": "list", "kanban": "layout-kanban", "calendar": "calendar"}


def list_page(reader: Reader, entity: Entity) -> Response:
    """The page, or the list alone for htmx. A wrong expression is told in place over an empty list."""
    ask = asked(entity)
    fields = shown_fields(reader, entity, ask)
    if not reader.may(entity, "read"):
        return _answer(reader, entity, _denied(reader, entity, ask), 403)
    try:
        page = reader.records.list(entity.key, ask.query(reader, fields))
    except QueryFault as fault:
        model = {**_frame(reader, entity, ask, fields), **_nothing(), "expression": _expression(reader, entity, ask, fault)}
        if fault.extra.get("parameter") != "filter":
            model["note"] = {"tone": "bad", "title": say(fault.said), "action": {"label": str(_("清除条件")), "url": urls.entity(entity.key)}}
        return _answer(reader, entity, model, 422 if wants_part() else 400)
    return _answer(reader, entity, {**_frame(reader, entity, ask, fields), **_filled(reader, entity, ask, fields, page)})


def shown_fields(reader: Reader, entity: Entity, ask: Asked) -> list[Field]:
    """Columns the reader chose in this browser, else those of the list view."""
    chosen = session.get("columns", {}).get(entity.key)
    view = entity.views.get("list")
    return listed(reader, entity, chosen or (view.body.get("columns", ()) if view else ()))


def choose_columns(reader: Reader, entity: Entity) -> Response:
    """POST ``column`` repeated in order, or ``reset``; answers the list."""
    kept = dict(session.get("columns", {}))
    chosen = [key for key in request.form.getlist("column") if key in entity.fields][:40]
    if request.form.get("reset") or not chosen:
        kept.pop(entity.key, None)
    else:
        kept[entity.key] = chosen
    session["columns"] = kept
    return list_page(reader, entity)


def _answer(reader: Reader, entity: Entity, model: dict[str, Any], status: int = 200) -> Response:
    context = {"list": model, "ctx": {"cell": False, "locale": reader.locale}, "locale": reader.locale}
    if wants_part():
        return make_response(render_template("_list.html", **context), 200 if status == 422 else status)
    return make_response(render_template("list.html", shell=shell(reader), seen=None, **context), status)


def _frame(reader: Reader, entity: Entity, ask: Asked, fields: list[Field]) -> dict[str, Any]:
    """All but the rows."""
    return {
        **head(reader, entity, ask, "list"),
        "url": urls.entity(entity.key),
        "keep": {k: ask.args[k] for k in ("v", "sort", "limit") if ask.args.get(k)},
        "q": ask.args.get("q", ""), "q_hint": str(_("名称、编号、拼音首字母")),
        "filters": filters(reader, entity, ask, fields),
        "expression": _expression(reader, entity, ask, None),
        "clear_url": urls.entity(entity.key, v=ask.args.get("v")) if ask.narrowed else None,
        "bulk": _bulk(reader, entity),
        "columns": heads(reader, entity, fields, ask.sort or _declared_sort(entity), ask.url),
        "chooser": _chooser(reader, entity, fields),
        "row_actions": _row_actions(reader, entity),
        "refresh_url": ask.url(after=ask.args.get("after"), trail=ask.args.get("trail"), at=ask.args.get("at")),
        "note": None,
    }  # fmt: skip


def head(reader: Reader, entity: Entity, ask: Asked, kind: str) -> dict[str, Any]:
    """Title, actions, views and kinds: the same above list, kanban and calendar."""
    return {
        "entity": {"key": entity.key, "label": reader.say(entity.label), "plural": reader.say(entity.plural), "icon": entity.icon},
        "title": reader.say(entity.plural), "count": None, "crumbs": None,
        "actions": _actions(reader, entity),
        "views": _views(reader, entity, ask), "save_view_url": None, "views_url": None,
        "kinds": [
            {"label": reader.say(view.label), "icon": VIEW_ICONS[view.kind], "on": name == kind,
             "url": urls.entity(entity.key, view=None if name == "list" else name, v=ask.args.get("v"))}
            for name, view in entity.views.items() if view.kind in VIEW_ICONS
        ],
    }  # fmt: skip


def _declared_sort(entity: Entity) -> tuple[str, ...]:
    view = entity.views.get("list")
    return tuple(view.body.get("sort") or ()) if view else ()


def _views(reader: Reader, entity: Entity, ask: Asked) -> list[dict[str, Any]]:
    view = entity.views.get("list")
    declared = view.body.get("filters", {}) if view else {}
    now = ask.args.get("v") or ""
    kind = ask.args.get("view")
    if "all" in declared:
        now = now or "all"
    every = {"label": str(_("全部")), "url": urls.entity(entity.key, view=kind), "on": not now, "count": None}
    return [*([] if "all" in declared else [every]), *(
        {"label": reader.say(f["label"]) if isinstance(f.get("label"), Label) else str(f.get("label") or name),
         "url": urls.entity(entity.key, v=name, view=kind), "on": now == name, "count": None}
        for name, f in declared.items()
    )]  # fmt: skip


def _actions(reader: Reader, entity: Entity) -> list[dict[str, Any]]:
    found = []
    if reader.may(entity, "import"):
        found.append({"label": str(_("导入")), "icon": "upload", "url": f"/records/{entity.key}/import", "method": "get"})
    if reader.may(entity, "export"):
        found.append({"label": str(_("导出")), "icon": "download", "url": f"/records/{entity.key}/export", "method": "dialog"})
    if reader.may(entity, "create"):
        label = str(_("新建%(name)s", name=reader.say(entity.label)))
        found.append({"label": label, "icon": "plus", "url": urls.new(entity.key), "method": "get", "primary": True, "key": "n"})
    return found


def _bulk(reader: Reader, entity: Entity) -> list[dict[str, Any]]:
    if not reader.may(entity, "delete"):
        return []
    confirm = str(_("删除选中的记录？\n会移到回收站，可以恢复。"))
    return [{"label": str(_("删除")), "icon": "trash", "url": f"/records/{entity.key}/delete", "method": "post",
             "confirm": confirm, "yes": str(_("删除")), "danger": True}]  # fmt: skip


def _row_actions(reader: Reader, entity: Entity) -> list[dict[str, Any]]:
    found = []
    if reader.may(entity, "update"):
        found.append({"label": str(_("编辑")), "icon": "edit", "url": urls.edit(entity.key, "{id}"), "method": "get"})
    if reader.may(entity, "create"):
        found.append({"label": str(_("复制")), "icon": "copy", "url": urls.new(entity.key) + "?from={id}", "method": "get"})
    if reader.may(entity, "delete"):
        confirm = str(_("删除这条记录？\n会移到回收站，可以恢复。"))
        found.append({"label": str(_("删除")), "icon": "trash", "url": f"/records/{entity.key}/{{id}}/delete", "method": "post",
                      "confirm": confirm, "yes": str(_("删除")), "danger": True})  # fmt: skip
    return found


def _chooser(reader: Reader, entity: Entity, shown: list[Field]) -> dict[str, Any]:
    readable = reader.records.grant(entity.key).readable
    keys = [f.key for f in shown]
    rest = [
        f for k, f in entity.fields.items()
        if k in readable and k not in keys and not f.retired and not f.rows and k not in ("id", "deleted_at", "version")
    ]
    return {
        "url": f"/records/{entity.key}/columns",
        "items": [
            {"key": f.key, "label": reader.say(f.label), "on": f.key in keys, "fixed": f.key == entity.title}
            for f in [*shown, *rest]
        ],
    }


def _expression(reader: Reader, entity: Entity, ask: Asked, fault: QueryFault | None) -> dict[str, Any]:
    text = ask.args.get("filter", "")
    readable = reader.records.grant(entity.key).readable
    names = [f for k, f in entity.fields.items() if k in readable and not f.retired and f.source != "system"][:12]
    error = None
    if fault is not None and fault.extra.get("parameter") == "filter":
        start, end = fault.extra.get("start", 0), fault.extra.get("end", 0)
        error = {"said": say(fault.said), "hint": str(_("字段名见下方，点击可插入")), "before": text[:start], "wrong": text[start:end], "after": text[end:]}
    fields = [{"name": f.key, "label": reader.say(f.label)} for f in names]
    return {"text": text, "open": bool(text), "error": error, "fields": fields}


def _filled(reader: Reader, entity: Entity, ask: Asked, fields: list[Field], page: Page) -> dict[str, Any]:
    rows = [_row(reader, entity, record, fields) for record in page.records]
    count = f"{page.count:,}{'+' if page.count_capped else ''}" if page.count is not None else None
    return {"rows": rows, "count": count, "pager": _pager(ask, page, count) if rows else None,
            "empty": None if rows else _empty(reader, entity, ask)}  # fmt: skip


def _row(reader: Reader, entity: Entity, record: Record, fields: list[Field]) -> dict[str, Any]:
    return {
        "id": record.id, "url": urls.record(entity.key, record.id), "title": record.title, "version": record.version,
        "cells": [cell(record, field, reader.place) for field in fields],
    }  # fmt: skip


def _pager(ask: Asked, page: Page, count: str | None) -> dict[str, Any]:
    first, here = ask.offset + 1, ask.args.get("after", "")
    trail = [*ask.trail, here][-20:]
    following = ask.url(after=page.next, trail="~".join(c for c in trail if c), at=ask.offset + len(page.records)) if page.next else None
    back = None
    if here:
        before = ask.trail
        back = ask.url(after=before[-1] if before else None, trail="~".join(before[:-1]), at=max(0, ask.offset - ask.limit))
    said = _("第 %(first)s–%(last)s 条，共 %(count)s 条", first=f"{first:,}", last=f"{ask.offset + len(page.records):,}", count=count or "?")
    sizes = [{"n": n, "url": ask.url(limit=n), "on": n == ask.limit} for n in SIZES]
    return {"said": str(said), "prev_url": back, "next_url": following, "sizes": sizes}


def _nothing() -> dict[str, Any]:
    empty = {"icon": "filter", "title": str(_("条件有误，先改正它")), "said": None, "action": None}
    return {"rows": [], "pager": None, "empty": empty}


def _empty(reader: Reader, entity: Entity, ask: Asked) -> dict[str, Any]:
    name = reader.say(entity.label)
    if ask.narrowed or ask.args.get("v"):
        action = {"label": str(_("清除条件")), "url": urls.entity(entity.key)}
        return {"icon": "search-off", "title": str(_("没有符合条件的%(name)s", name=name)), "said": str(_("少几个条件，或换一个词试试")), "action": action}
    action = {"label": str(_("新建%(name)s", name=name)), "url": urls.new(entity.key)} if reader.may(entity, "create") else None
    said = str(_("新建第一条，或从 Excel 导入已有的数据")) if action else str(_("有了数据就会显示在这里"))
    return {"icon": entity.icon, "title": str(_("还没有%(name)s", name=name)), "said": said, "action": action}


def _denied(reader: Reader, entity: Entity, ask: Asked) -> dict[str, Any]:
    reason = reader.records.grant(entity.key, "read").reason
    empty = {"icon": "lock", "title": str(_("你没有查看%(name)s的权限", name=reader.say(entity.label))), "said": say(reason), "action": None}
    bare = {"views": [], "kinds": [], "actions": [], "filters": [], "bulk": [], "columns": [], "chooser": None, "row_actions": [],
            "expression": None, "rows": [], "pager": None, "keep": {}, "q": "", "q_hint": "", "clear_url": None, "note": None}  # fmt: skip
    return {**head(reader, entity, ask, "list"), **bare, "url": urls.entity(entity.key), "empty": empty}


