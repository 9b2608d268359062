"""What the system told this person, newest first.

The one rule: one's own messages only; what a message points to opens under one's own rights.
"""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, make_response, render_template
from flask_babel import gettext as _

from yuanke.access.grants import engine_of
from yuanke.records import Condition, Query, Record, Records
from yuanke.screens import urls
from yuanke.screens.reader import Reader
from yuanke.screens.shell import shell

MOST = 100


def messages_page(reader: Reader) -> Response:
    engine = Records(reader.unit, engine_of(reader.actor))
    query = Query(
        conditions=(Condition("to", "eq", reader.actor.user_id),),
        fields=("text", "entity", "record", "created_at"),
        sort=("-created_at",),
        limit=MOST,
        count="none",
    )
    rows = [_row(reader, record) for record in engine.list("message", query).records]
    empty = {"icon": "bell", "title": str(_("没有消息")), "said": str(_("有人提到你，或有事要你处理时，会显示在这里"))}
    columns = [{"label": str(_("内容")), "css": "yk-s-title"}, {"label": str(_("时间")), "css": "yk-s-due"}]
    page: dict[str, Any] = {
        "title": str(_("消息")),
        "crumbs": None,
        "count": None,
        "actions": [],
        "notes": [],
        "tabs": [],
        "form": None,
        "search": None,
        "table": {"columns": columns, "rows": rows, "empty": None if rows else empty},
        "pager": None,
    }
    context = {"page": page, "shell": shell(reader), "seen": None, "ctx": {"cell": False, "locale": reader.locale}}
    return make_response(render_template("simple.html", locale=reader.locale, **context))


def _row(reader: Reader, record: Record) -> dict[str, Any]:
    values = record.values
    at = values["created_at"].astimezone(ZoneInfo(reader.place.timezone))
    known = str(values.get("entity") or "") in reader.registry.entities and values.get("record")
    url = urls.record(str(values["entity"]), int(values["record"])) if known else None
    text = str(values.get("text") or "")
    shown = ("link", text, url) if url else ("text", text, None)
    return {"url": url, "cells": [shown, ("text", f"{at:%Y-%m-%d %H:%M}", None)], "actions": []}
