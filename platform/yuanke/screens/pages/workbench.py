"""The workbench and every dashboard: rows of widgets from ``dashboards:``, each asked under the reader's rights.

The one rule: a widget the reader may not fill is left out; one that fails says so in its place and stops nothing else.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, make_response, render_template
from flask_babel import format_date
from flask_babel import gettext as _

from yuanke.kernel import clock
from yuanke.kernel.errors import RecordNotFound, Refusal
from yuanke.metadata.registry import Entity
from yuanke.records import Query
from yuanke.screens import urls
from yuanke.screens.cells import cell
from yuanke.screens.columns import listed, styles
from yuanke.screens.feeds import FEEDS
from yuanke.screens.reader import Reader
from yuanke.screens.shell import shell
from yuanke.web.language import say

log = logging.getLogger("yuanke.screens")
Widget = Mapping[str, Any]
SPANS = {1: (12,), 2: (7, 5), 3: (4, 4, 4), 4: (3, 3, 3, 3)}


def workbench_page(reader: Reader, name: str | None = None) -> Response:
    key = name or _mine(reader)
    board = reader.registry.dashboards.get(key or "")
    if name is not None and (board is None or not _open(reader, board)):
        raise RecordNotFound()
    rows = [_row(reader, key or "", board, keys) for keys in board.get("rows", [])] if board else []
    model = {
        "title": _greeting(reader) if name is None else _label(reader, f"dashboards.{key}", board or {}, name),
        "said": _today(reader), "greeting": name is None, "scopes": [], "customize_url": None, "rows": [row for row in rows if row],
    }  # fmt: skip
    context = {
        "dashboard": model,
        "shell": shell(reader),
        "seen": None,
        "ctx": {"cell": False, "locale": reader.locale},
        "locale": reader.locale,
    }
    return make_response(render_template("dashboard.html", **context))


def _mine(reader: Reader) -> str | None:
    """The first dashboard that is for one of the reader's roles, else the first for everybody."""
    boards = reader.registry.dashboards
    return next((k for k, b in boards.items() if set(b.get("for", ())) & reader.actor.roles), None) or next(
        (k for k, b in boards.items() if _open(reader, b)), None
    )


def _open(reader: Reader, board: Widget) -> bool:
    said = board.get("for")
    return not said or reader.actor.is_admin or bool(set(said) & reader.actor.roles)


def _greeting(reader: Reader) -> str:
    hour = clock.now().astimezone(ZoneInfo(reader.place.timezone)).hour
    name = reader.actor.name
    if hour < 11:
        return str(_("早上好，%(name)s", name=name))
    if hour < 13:
        return str(_("中午好，%(name)s", name=name))
    return str(_("下午好，%(name)s", name=name) if hour < 18 else _("晚上好，%(name)s", name=name))


def _today(reader: Reader) -> str:
    now = clock.now().astimezone(ZoneInfo(reader.place.timezone))
    return str(format_date(now, "M月d日 EEEE" if reader.locale == "zh" else "full"))


def _row(reader: Reader, board_key: str, board: Widget, keys: list[str]) -> list[dict[str, Any]]:
    made = []
    for key in keys:
        declared = board.get("widgets", {}).get(key)
        widget = _widget(reader, f"dashboards.{board_key}.widgets.{key}", key, declared) if declared else None
        if widget is not None:
            made.append(widget)
    for widget, span in zip(made, SPANS.get(len(made), (3,) * len(made)), strict=False):
        widget["span"] = span
    return made


def _widget(reader: Reader, path: str, key: str, declared: Widget) -> dict[str, Any] | None:
    build = next((build for word, build in _KINDS.items() if word in declared), None)
    if build is None:
        return None
    frame: dict[str, Any] = {
        "key": key,
        "title": _label(reader, path, declared, key),
        "count": None,
        "link": None,
        "tabs": [],
        "failed": None,
        "empty": None,
        "said": None,
    }
    try:
        filled = build(reader, path, declared)
    except Refusal as refusal:
        return {**frame, "kind": "links", "items": [], "failed": say(refusal.said)} if refusal.status != 403 else None
    except Exception:
        log.exception("widget %s", path)
        return {**frame, "kind": "links", "items": [], "failed": str(_("这一块暂时打不开"))}
    return None if filled is None else {**frame, **filled}


def _label(reader: Reader, path: str, declared: Widget, key: str) -> str:
    english = reader.registry.more.get("english", {}).get(f"{path}.label")
    if reader.locale == "en":
        return str(english or key.replace("_", " ").capitalize())
    return str(declared.get("label") or key)


def _seen(reader: Reader, key: str) -> Entity | None:
    entity = reader.registry.entities.get(key)
    return entity if entity is not None and reader.may(entity, "read") else None


def _count(reader: Reader, entity: Entity, where: str | None) -> str:
    page = reader.records.list(entity.key, Query(filter=where, fields=("id",), limit=1))
    return f"{page.count:,}{'+' if page.count_capped else ''}"


def _links(reader: Reader, path: str, declared: Widget) -> dict[str, Any] | None:
    items = []
    for key, link in declared["links"].items():
        entity = _seen(reader, key)
        if entity is None:
            continue
        at = f"{path}.links.{key}"
        label = (
            _label(reader, at, link, reader.say(entity.plural))
            if link.get("label") and reader.locale == "zh"
            else reader.say(entity.plural)
        )
        note = link.get("note") if reader.locale == "zh" else reader.registry.more.get("english", {}).get(f"{at}.note")
        where = link.get("where")
        url = urls.entity(key, filter=where)
        items.append(
            {
                "label": label,
                "icon": link.get("icon") or entity.icon,
                "value": _count(reader, entity, where),
                "note": note,
                "tone": "",
                "url": url,
            }
        )
    return {"kind": "shortcuts", "items": items} if items else None


def _list(reader: Reader, path: str, declared: Widget) -> dict[str, Any] | None:
    entity = _seen(reader, declared["list"])
    if entity is None:
        return None
    fields = listed(reader, entity, declared.get("columns", ()), titled=not declared.get("columns"))
    sort = declared.get("sort") or ()
    query = Query(
        filter=declared.get("where"), sort=(sort,) if isinstance(sort, str) else tuple(sort), limit=int(declared.get("limit", 6)),
        fields=tuple(f.key for f in fields), count="none",
    )  # fmt: skip
    page = reader.records.list(entity.key, query)
    rows = [
        {"url": urls.record(entity.key, r.id), "cells": [cell(r, f, reader.place) for f in fields]}
        for r in page.records
    ]
    every = urls.entity(entity.key, filter=declared.get("where"))
    empty = {"icon": entity.icon, "title": str(_("没有%(name)s", name=reader.say(entity.plural))), "said": None}
    return {
        "kind": "list", "rows": rows, "foot": None, "all_url": None, "all_label": "", "create": None,
        "columns": [{"label": reader.say(f.label), "css": css} for f, css in zip(fields, styles(entity, fields), strict=True)],
        "link": {"label": str(_("全部")), "url": every}, "empty": None if rows else empty,
    }  # fmt: skip


def _metric(reader: Reader, path: str, declared: Widget) -> dict[str, Any] | None:
    """Bars of a sum or count by a choice; people compare them, so they are a chart."""
    entity = _seen(reader, declared["metric"])
    by = entity.fields.get(declared.get("by", "")) if entity is not None else None
    if entity is None:
        return None
    value = str(declared.get("value", "count()")).replace(" ", "")
    total = value[4:-1] if value.startswith("sum(") else None
    groups = reader.records.group(entity.key, by.key if by else None, total, Query(filter=declared.get("where")))
    figures = {g.key: (g.total if total else g.records) or 0 for g in groups}
    if by is None:
        field = entity.fields.get(total or "")
        text = (
            field.type.text(field, figures.get(None, 0), reader.place)
            if field is not None
            else f"{figures.get(None, 0):,}"
        )
        return {
            "kind": "figure",
            "value": text,
            "unit": None,
            "delta": None,
            "note": None,
            "bar": None,
            "url": urls.entity(entity.key, filter=declared.get("where")),
        }
    options = [(k, o) for k, o in (by.options or {}).items() if k in figures]
    chart = {
        "type": "across", "unit": "", "x": [reader.say(o.label) for _k, o in options], "top": None,
        "series": [{"name": _label(reader, path, declared, entity.key), "data": [float(figures[k]) for k, _o in options]}],
        "data": [], "urls": [urls.entity(entity.key, filter=declared.get("where"), **{f"f.{by.key}": k}) for k, _o in options],
    }  # fmt: skip
    empty = {"icon": "chart-bar", "title": str(_("还没有数据")), "said": None} if not options else None
    return {"kind": "chart", "chart": chart, "size": "is-s", "finding": None, "empty": empty}


def _stages(reader: Reader, path: str, declared: Widget) -> dict[str, Any] | None:
    made = []
    for key, stage in declared["stages"].items():
        entity = _seen(reader, stage.get("count", ""))
        if entity is None:
            continue
        opens = [e for e in (_seen(reader, name) for name in stage.get("opens", ())) if e is not None]
        items = [
            {"label": reader.say(e.plural), "count": _count(reader, e, None), "url": urls.entity(e.key)} for e in opens
        ]
        made.append({
            "label": _label(reader, f"{path}.stages.{key}", stage, key), "icon": stage.get("icon", "point"), "tone": "", "rate": None,
            "count": _count(reader, entity, stage.get("where")), "unit": "", "items": items,
        })  # fmt: skip
    return {"kind": "stages", "stages": made, "ends": [], "loop": None} if made else None


def _feed(reader: Reader, path: str, declared: Widget) -> dict[str, Any] | None:
    feed = FEEDS.get(str(declared["feed"]))
    return feed(reader, declared) if feed is not None else None


_KINDS: Mapping[str, Callable[[Reader, str, Widget], dict[str, Any] | None]] = {
    "links": _links,
    "list": _list,
    "metric": _metric,
    "stages": _stages,
    "feed": _feed,
}
