"""What happened to a record, told in days: who changed what from which value to which.

The one rule: it shows what the door's history gives this reader, formatted as the list would show it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import format_date
from flask_babel import gettext as _

from yuanke.fieldtypes import ValueFault
from yuanke.kernel import clock
from yuanke.metadata.registry import Entity, Field
from yuanke.records import HistoryEntry, LinkValue, Record
from yuanke.screens import urls
from yuanke.screens.reader import Reader
from yuanke.web.language import enumerated

PAGE = 20
ICONS = {"create": "plus", "update": "edit", "delete": "trash", "restore": "arrow-back-up"}


def timeline(reader: Reader, entity: Entity, record: Record, before: int | None = None) -> dict[str, Any]:
    entries = reader.records.history(entity.key, record.id, PAGE + 1, before)
    shown, more = entries[:PAGE], None
    if len(entries) > PAGE:
        more = {"label": str(_("更早的记录")), "url": f"{urls.record(entity.key, record.id)}/history?before={shown[-1].id}"}
    day: str | None = None
    items = []
    for entry in shown:
        item = _item(reader, entity, entry)
        item["day"], day = (item["day"] if item["day"] != day else None), item["day"]
        items.append(item)
    return {"say": None, "kinds": [{"key": "all", "label": str(_("全部"))}, {"key": "change", "label": str(_("变更"))}], "items": items, "more": more}


def _item(reader: Reader, entity: Entity, entry: HistoryEntry) -> dict[str, Any]:
    at = entry.at.astimezone(ZoneInfo(reader.place.timezone))
    changes = [] if entry.verb == "create" else [c for key, pair in entry.changes.items() for c in _changes(reader, entity, key, pair)]
    return {
        "day": _day(reader, at), "kind": "change", "icon": ICONS.get(entry.verb, "point"), "who": entry.by.title or str(_("系统")),
        "did": _did(entry, len(changes)), "when": f"{at:%H:%M}", "changes": changes[:12], "state": None, "text": None, "chips": [],
        "note": _door(entry.door), "reply_url": None,
    }  # fmt: skip


def _day(reader: Reader, at: datetime) -> str:
    today = clock.today(reader.place.timezone)
    days = (today - at.date()).days
    if days in (0, 1):
        return str(_("今天") if days == 0 else _("昨天"))
    return str(format_date(at, "M月d日" if reader.locale == "zh" and at.year == today.year else "medium"))


def _did(entry: HistoryEntry, count: int) -> str:
    words = {"create": _("新建了记录"), "delete": _("移到了回收站"), "restore": _("从回收站恢复")}
    return str(words[entry.verb]) if entry.verb in words else str(_("修改了 %(n)s 处", n=count))


def _door(door: str) -> str | None:
    words = {"api": _("通过接口"), "import": _("通过导入"), "job": _("由后台任务"), "command": _("通过命令行")}
    return str(words[door]) if door in words else None


def _changes(reader: Reader, entity: Entity, key: str, pair: tuple[Any, Any]) -> list[dict[str, Any]]:
    field = entity.fields[key]
    if field.rows:
        return [{"label": reader.say(field.label), "old": None, "new": _rows_said(pair[1])}]
    return [{"label": reader.say(field.label), "old": _text(reader, field, pair[0]), "new": _text(reader, field, pair[1])}]


def _rows_said(lines: list[dict[str, Any]]) -> str:
    """``新增 2 行，修改 1 行``."""
    counts = {verb: sum(1 for line in lines if line["verb"] == verb) for verb in ("create", "update", "delete")}
    words = {
        "create": _("新增 %(n)s 行", n=counts["create"]), "update": _("修改 %(n)s 行", n=counts["update"]),
        "delete": _("删除 %(n)s 行", n=counts["delete"]),
    }  # fmt: skip
    return enumerated(words[verb] for verb, count in counts.items() if count)


def _text(reader: Reader, field: Field, value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, LinkValue):
        return str(_("（无权查看）")) if value.hidden else value.title
    if isinstance(value, list) and value and isinstance(value[0], LinkValue):
        return enumerated(v.title or _("（无权查看）") for v in value)
    try:
        typed = field.type.parse(field, value, reader.place)
    except ValueFault:
        return str(value)
    return field.type.text(field, typed, reader.place)
