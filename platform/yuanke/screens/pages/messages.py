"""What this person was told, newest first, and the bell that counts what waits.

The one rule: one's own messages only; what a message points to opens under one's own rights.
"""

from __future__ import annotations

import json
from datetime import datetime
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, jsonify, make_response, redirect, render_template, request
from flask_babel import format_date
from flask_babel import gettext as _

from yuanke import messages
from yuanke.kernel import clock
from yuanke.kernel.errors import QueryFault, RecordNotFound
from yuanke.kernel.text import message
from yuanke.messages.kinds import KINDS, kind_of
from yuanke.metadata.registry import Entity
from yuanke.screens import urls
from yuanke.screens.assets import tint
from yuanke.screens.reader import Reader, wants_part
from yuanke.screens.shell import shell
from yuanke.web.language import say
from yuanke.workflow.approvals import count_open

PAGE = 50
LONGEST_NEWS = 120
#: what a kind of message looks like
LOOKS: dict[str, dict[str, str]] = {
    "approval": {"icon": "clipboard-check"}, "mention": {"icon": "at"}, "comment": {"icon": "message-2"},
    "change": {"icon": "edit"}, "reminder": {"icon": "alarm"}, "notice": {"icon": "bell"},
}  # fmt: skip


def messages_page(reader: Reader) -> Response:
    """The inbox, what is unread or all; for htmx the list alone, or with ``before`` only what is older."""
    everything, before = request.args.get("all") == "1", _before()
    told = messages.messages_of(reader.unit, reader.actor, not everything, before, PAGE + 1)
    items, more = [_item(reader, one) for one in told[:PAGE]], None
    if len(told) > PAGE:
        more = urls.with_query("/messages", {"all": 1 if everything else None, "before": told[PAGE - 1].id})
    inbox = {"items": _by_day(items), "more": more, "empty": _empty(everything)}
    if wants_part() and before is not None:
        return make_response(render_template("_messages_items.html", inbox=inbox, locale=reader.locale))
    waiting = messages.unread(reader.unit, reader.actor)
    page = {
        "unread": said_count(waiting.count), "newest": waiting.newest, "everything": everything,
        "url": "/messages?all=1" if everything else "/messages", "inbox": inbox,
        "tabs": [
            {"label": str(_("未读")), "url": "/messages", "on": not everything, "count": said_count(waiting.count)},
            {"label": str(_("全部")), "url": "/messages?all=1", "on": everything, "count": None},
        ],
    }  # fmt: skip
    if wants_part():
        return make_response(render_template("_messages.html", page=page, locale=reader.locale))
    return make_response(
        render_template("messages.html", page=page, shell=shell(reader), seen=None, locale=reader.locale)
    )


def said_count(count: int) -> str:
    """``3``, ``99+``, or nothing."""
    return "" if not count else str(count) if count < messages.MOST_COUNTED else "99+"


def _before() -> int | None:
    said = request.args.get("before")
    if said is None:
        return None
    if not (said.isascii() and said.isdigit() and len(said) < 19):
        raise QueryFault(message("参数 {name} 不正确", name="before"), parameter="before")
    return int(said)


def _item(reader: Reader, told: messages.Told) -> dict[str, Any]:
    at, kind = told.at.astimezone(ZoneInfo(reader.place.timezone)), kind_of(told.kind)
    known = told.entity in reader.registry.entities and told.record
    return {
        "id": told.id, "read": told.read, "text": told.text, "kind": say(KINDS[kind]), **LOOKS[kind],
        "url": urls.record(str(told.entity), int(told.record or 0)) if known else None,
        "read_url": f"/messages/{told.id}/read", "day": _day(reader, at), "when": f"{at:%H:%M}", "moment": at.isoformat(timespec="minutes"),
        "who": {"name": told.by_name, "tint": tint(told.by)} if told.by_name else None,
    }  # fmt: skip


def _by_day(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The day is said where it begins."""
    day = None
    for item in items:
        item["day"], day = (item["day"] if item["day"] != day else None), item["day"]
    return items


def _day(reader: Reader, at: datetime) -> str:
    days = (clock.today(reader.place.timezone) - at.date()).days
    if days in (0, 1):
        return str(_("今天") if days == 0 else _("昨天"))
    return str(format_date(at, "long"))


def _empty(everything: bool) -> dict[str, Any]:
    if everything:
        return {
            "icon": "bell", "title": str(_("没有消息")), "said": str(_("有人提到你，或有事要你处理时，会显示在这里")), "action": None,
        }  # fmt: skip
    return {
        "icon": "checks", "title": str(_("没有未读消息")), "said": None,
        "action": {"label": str(_("查看全部消息")), "url": "/messages?all=1"},
    }  # fmt: skip


# -- reading ------------------------------------------------------------------------------------------------------


def read_one(reader: Reader, message_id: int) -> Response:
    """POST: it is read. For htmx its line as it stands now; the bell is told."""
    if not messages.mark_read(reader.unit, reader.actor, [message_id]):
        raise RecordNotFound()
    if not wants_part():
        return Response("", 204) if request.headers.get("X-Script") else redirect("/messages", 303)  # type: ignore[return-value]
    told = messages.messages_of(reader.unit, reader.actor, before=message_id + 1, limit=1)
    items = [{**_item(reader, one), "day": None} for one in told]
    html = render_template("_messages_items.html", inbox={"items": items, "more": None}, locale=reader.locale)
    return Response(html, headers={"HX-Trigger": json.dumps({"yk-read": {}})})


def read_all(reader: Reader) -> Response:
    """POST ``up_to``: everything that was on the page is read; what came since stays."""
    up_to = request.form.get("up_to", "")
    messages.mark_all_read(reader.unit, reader.actor, int(up_to) if up_to.isascii() and up_to.isdigit() else None)
    return redirect("/messages", 303)  # type: ignore[return-value]


def unread_json(reader: Reader) -> Response:
    """``{unread, said, newest: {id, text, url} | null, approvals}``; 304 while nothing has changed."""
    waiting = messages.unread(reader.unit, reader.actor)
    asked = count_open(reader.unit, reader.actor)
    mark = f"{reader.unit.enterprise.slug}/{reader.actor.user_id}/{waiting.count}/{waiting.newest}/{asked}"
    tag = sha256(mark.encode()).hexdigest()[:20]  # another person's answer never counts for this one
    if tag in request.if_none_match:
        return Response(status=304, headers={"ETag": f'"{tag}"'})
    body = {
        "unread": waiting.count,
        "said": said_count(waiting.count),
        "newest": _newest(reader) if waiting.newest else None,
        "approvals": said_count(asked),
    }
    return Response(json.dumps(body, ensure_ascii=False), mimetype="application/json", headers={"ETag": f'"{tag}"'})


def _newest(reader: Reader) -> dict[str, Any] | None:
    told = messages.messages_of(reader.unit, reader.actor, only_unread=True, limit=1)
    if not told:
        return None
    item = _item(reader, told[0])
    text = item["text"].partition("\n")[0]
    short = text if len(text) <= LONGEST_NEWS else text[: LONGEST_NEWS - 1] + "…"
    return {"id": item["id"], "text": short, "url": item["url"] or "/messages"}


def readers_json(reader: Reader, entity: Entity, record_id: int) -> Response:
    """``?q=``: people who may read this record and so may be mentioned about it."""
    reader.records.get(entity.key, record_id, ())
    found = messages.readers_named(reader.records, entity, record_id, request.args.get("q", "")[:60])
    return jsonify(result=[{"id": p.id, "title": p.name, "sub": p.username, "insert": p.insert} for p in found])


def finish_reminder(reader: Reader, reminder_id: int) -> Response:
    """POST: done; its line goes from the workbench."""
    messages.finish(reader.unit, reader.actor, reminder_id)
    if not wants_part():
        return redirect("/", 303)  # type: ignore[return-value]
    return Response("", headers={"HX-Trigger": json.dumps({"yk-read": {}})})
