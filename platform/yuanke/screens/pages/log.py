"""The system log: who did what and when, in all records and settings.

The one rule: it shows what was done, never a value: those stand in the record's own history, under its rights.
"""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, make_response, render_template, request
from flask_babel import gettext as _

from yuanke.records.log import LogEntry, log
from yuanke.records.parameters.changing import SETTINGS
from yuanke.screens import urls
from yuanke.screens.reader import Reader
from yuanke.screens.shell import listed_entities, shell
from yuanke.web.language import enumerated

PAGE = 50
HERE = "/settings/log"
MOST_FIELDS = 6


def log_page(reader: Reader) -> Response:
    entity, by, before = request.args.get("entity") or None, _number("by"), _number("before")
    found = log(reader.unit, reader.actor, entity, by, before, PAGE + 1)
    shown = found[:PAGE]
    asked = {"entity": entity, "by": by}
    model = {
        "title": str(_("系统日志")), "url": HERE,
        "crumbs": [{"label": str(_("设置")), "url": "/settings"}, {"label": str(_("系统日志")), "url": None}],
        "tabs": [{"label": str(_("操作日志")), "url": HERE, "on": True}, {"label": str(_("登录日志")), "url": "/records/login_log", "on": False}],
        "entities": [{"key": e.key, "label": reader.say(e.label), "on": e.key == entity} for e in listed_entities(reader)],
        "person": by, "rows": [_row(reader, one) for one in shown],
        "next_url": urls.with_query(HERE, {**asked, "before": shown[-1].id}) if len(found) > PAGE else None,
        "first_url": urls.with_query(HERE, asked) if before is not None else None,
    }  # fmt: skip
    return make_response(render_template("log.html", page=model, shell=shell(reader), seen=None, locale=reader.locale))


def _number(name: str) -> int | None:
    text = request.args.get(name, "")
    return int(text) if text.isdigit() and len(text) < 19 else None


def _row(reader: Reader, one: LogEntry) -> dict[str, Any]:
    entity = reader.registry.entities.get(one.entity)
    at = one.at.astimezone(ZoneInfo(reader.place.timezone))
    fields = reader.registry.settings if one.entity == SETTINGS else entity.fields if entity is not None else {}
    names = [reader.say(fields[key].label) for key in one.fields if key in fields]
    record = entity is not None and entity.kind == "record" and one.title is not None
    return {
        "when": f"{at:%Y-%m-%d %H:%M:%S}", "who": one.who or str(_("系统")),
        "who_url": urls.with_query(HERE, {"by": one.by}) if one.by is not None else None,
        "what": _verb(reader, one), "where": _where(reader, one), "title": one.title or "",
        "url": urls.record(one.entity, one.record) if record else None,
        "fields": enumerated(names[:MOST_FIELDS]) + ("…" if len(names) > MOST_FIELDS else ""), "door": _door(one.door),
    }  # fmt: skip


def _where(reader: Reader, one: LogEntry) -> str:
    if one.entity == SETTINGS:
        return str(_("系统参数"))
    entity = reader.registry.entities.get(one.entity)
    return reader.say(entity.label) if entity is not None else one.entity


def _verb(reader: Reader, one: LogEntry) -> str:
    entity = reader.registry.entities.get(one.entity)
    if entity is not None and one.verb in entity.act_labels:
        return reader.say(entity.act_labels[one.verb])
    words = {
        "create": _("新建"),
        "update": _("修改"),
        "delete": _("删除"),
        "restore": _("恢复"),
        "merge": _("合并"),
        "transfer": _("转移"),
        "share": _("共享"),
        "unshare": _("取消共享"),
        "merged": _("并入别的记录"),
        "repoint": _("改为指向保留的一条"),
        "undo": _("撤销"),
    }
    return str(words.get(one.verb, one.verb))


def _door(door: str) -> str:
    words = {"screen": _("页面"), "api": _("接口"), "import": _("导入"), "job": _("后台"), "command": _("命令行")}
    return str(words.get(door, door))
