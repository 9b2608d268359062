"""Feeds of the engine on a board: reminders and messages of whoever looks at it.

The one rule: a feed is one's own, whatever board it stands on and whoever declared it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import format_date
from flask_babel import gettext as _

from yuanke import messages
from yuanke.kernel import clock
from yuanke.screens import urls
from yuanke.screens.assets import tint
from yuanke.screens.reader import Reader
from yuanke.workflow import approvals

Widget = Mapping[str, Any]
USUAL = 6


def reminders_feed(reader: Reader, declared: Widget) -> dict[str, Any]:
    """Lines that stand, each with a box that ends it."""
    limit = int(declared.get("limit", USUAL))
    found = messages.reminders_of(reader.unit, reader.actor, limit + 1)
    empty = {"icon": "alarm", "title": str(_("没有提醒")), "said": str(_("到期、临期的事会提前显示在这里"))}
    pane = {
        "key": "all",
        "label": "",
        "count": "",
        "tone": "",
        "on": True,
        "items": [_line(reader, one) for one in found[:limit]],
    }
    count = f"{limit}+" if len(found) > limit else str(len(found)) if found else None
    return {"kind": "todo", "panes": [pane], "count": count, "empty": None if found else empty}


def _line(reader: Reader, one: messages.Reminder) -> dict[str, Any]:
    entity = reader.registry.entities.get(one.entity or "")
    return {
        "title": one.text, "sub": None, "kind": reader.say(entity.label) if entity is not None else None, "who": None,
        "url": urls.record(entity.key, one.record) if entity is not None and one.record else "/messages",
        "due": _due(reader, one.due), "done_url": f"/reminders/{one.id}/done",
    }  # fmt: skip


def _due(reader: Reader, due: datetime | None) -> tuple[str, str, str] | None:
    if due is None:
        return None
    at, now = (one.astimezone(ZoneInfo(reader.place.timezone)) for one in (due, clock.now()))
    days = (at.date() - now.date()).days
    hour = f" {at:%H:%M}" if (at.hour, at.minute) != (0, 0) else ""
    near = {0: str(_("今天")), 1: str(_("明天")), -1: str(_("昨天"))}
    said = near.get(days) or str(format_date(at, "MM-dd" if at.year == now.year else "yyyy-MM-dd"))
    late = at < now if hour else days < 0
    return "text", f"{said}{hour}", "late" if late else "now" if days == 0 else ""


def messages_feed(reader: Reader, declared: Widget) -> dict[str, Any]:
    """The newest messages, read or not; reminders have a feed of their own."""
    limit = int(declared.get("limit", USUAL))
    found = messages.messages_of(reader.unit, reader.actor, limit=limit, without="reminder")
    waiting = messages.unread(reader.unit, reader.actor).count
    return {
        "kind": "feed", "items": [_told(reader, one) for one in found], "count": str(waiting) if waiting else None,
        "link": {"label": str(_("全部")), "url": "/messages?all=1"},
        "empty": None if found else {"icon": "bell", "title": str(_("没有消息")), "said": None},
    }  # fmt: skip


def _told(reader: Reader, told: messages.Told) -> dict[str, Any]:
    at = told.at.astimezone(ZoneInfo(reader.place.timezone))
    days = (clock.today(reader.place.timezone) - at.date()).days
    when = f"{at:%H:%M}" if days == 0 else str(_("昨天")) if days == 1 else f"{at:%m-%d}"
    known = told.entity in reader.registry.entities and told.record
    name = told.by_name or str(_("系统"))
    return {
        "who": {"name": name, "tint": tint(told.by)}, "text": told.text, "sub": None, "when": when, "new": not told.read,
        "url": urls.record(str(told.entity), int(told.record or 0)) if known else "/messages",
    }  # fmt: skip


def approvals_feed(reader: Reader, declared: Widget) -> dict[str, Any]:
    """Papers that wait for whoever looks, the oldest due first shown as late."""
    limit = int(declared.get("limit", USUAL))
    found = approvals.items(reader.unit, reader.actor, approvals.Box("todo", limit=limit))
    items = [
        {
            "title": one.title or str(_("（无权查看）")), "sub": _amount(reader, one), "kind": reader.say(one.entity.label),
            "who": {"name": one.applicant_name, "tint": tint(one.applicant)}, "due": _due(reader, one.due), "done_url": None,
            "url": urls.with_query("/approvals", {"at": one.approval}),
        }
        for one in found.items
    ]  # fmt: skip
    pane = {"key": "all", "label": "", "count": "", "tone": "", "on": True, "items": items}
    return {
        "kind": "todo", "panes": [pane], "count": str(found.count) if found.count else None,
        "link": {"label": str(_("全部")), "url": "/approvals"},
        "empty": None if items else {"icon": "checks", "title": str(_("没有等你审批的单据")), "said": None},
    }  # fmt: skip


def _amount(reader: Reader, one: approvals.Item) -> str | None:
    if one.amount is None or one.amount[1] is None:
        return None
    field, value = one.amount
    return field.type.text(field, value, reader.place)


#: words of ``feed:`` in a widget; what is not here yet is left out
FEEDS: Mapping[str, Callable[[Reader, Widget], dict[str, Any] | None]] = {
    "reminders": reminders_feed,
    "messages": messages_feed,
    "approvals": approvals_feed,
}
