"""What happened to a record, told in days: who changed what from which value to which.

The one rule: it shows what the door's history gives this reader, formatted as the list would show it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import format_date
from flask_babel import gettext as _

from yuanke.access.grants import engine_of
from yuanke.fieldtypes import ValueFault
from yuanke.kernel import clock
from yuanke.metadata.registry import Entity, Field
from yuanke.records import Condition, HistoryEntry, LinkValue, Query, Record, Records
from yuanke.records.carried import titles_of
from yuanke.screens import approval_history, urls
from yuanke.screens.reader import Reader
from yuanke.web.language import enumerated

PAGE = 20
MOST_COMMENTS = 200
COMMENTS = "comment"
LONGEST_COMMENT = 5_000
ICONS = {
    "create": "plus", "update": "edit", "delete": "trash", "restore": "arrow-back-up", "undo": "arrow-back-up",
    "merge": "arrows-join", "merged": "arrows-join", "repoint": "arrows-join", "transfer": "switch-horizontal",
    "share": "share", "unshare": "lock",
}  # fmt: skip


def timeline(
    reader: Reader, entity: Entity, record: Record, before: int | None = None, until: datetime | None = None
) -> dict[str, Any]:
    """The newest page, or what lies ``before`` an entry of the history that was made at ``until``."""
    entries = reader.records.history(entity.key, record.id, PAGE + 1, before)
    shown, more, since = entries[:PAGE], None, None
    if len(entries) > PAGE:
        since = shown[-1].at
        url = urls.with_query(
            f"{urls.record(entity.key, record.id)}/history", {"before": shown[-1].id, "until": since.isoformat()}
        )
        more = {"label": str(_("更早的记录")), "url": url}
    told = [
        (entry.at, _item(reader, entity, entry)) for entry in shown if not approval_history.is_echo(entry)
    ] + _comments(reader, entity, record, since, until)
    kinds = (
        [("all", _("全部")), ("comment", _("评论")), ("change", _("变更"))]
        if may_say(reader, entity)
        else [("all", _("全部")), ("change", _("变更"))]
    )
    return {
        "say": _say(entity, record) if may_say(reader, entity) else None, "kinds": [{"key": k, "label": str(label)} for k, label in kinds],
        "items": _by_day(told), "more": more,
    }  # fmt: skip


def _by_day(told: list[tuple[datetime, dict[str, Any]]]) -> list[dict[str, Any]]:
    """Newest first; the day is said where it begins."""
    items, day = [], None
    for _at, item in sorted(told, key=lambda one: one[0], reverse=True):
        item["day"], day = (item["day"] if item["day"] != day else None), item["day"]
        items.append(item)
    return items


# -- what people said ---------------------------------------------------------------------------------------------


def may_say(reader: Reader, entity: Entity) -> bool:
    of = reader.registry.entities.get(COMMENTS)
    return of is not None and "comments" in entity.features and reader.may(of, "create")


def say(reader: Reader, entity: Entity, record: Record, text: str) -> None:
    """Whoever may read the record may say something about it. Raises ValidationFailed."""
    reader.records.create(COMMENTS, {"entity": entity.key, "record": record.id, "body": text.strip()[:LONGEST_COMMENT]})


def _say(entity: Entity, record: Record) -> dict[str, Any]:
    kinds = [{"key": "comment", "label": str(_("评论")), "hint": str(_("说点什么，看得到这条记录的人都看得到"))}]
    at = urls.record(entity.key, record.id)
    return {"url": f"{at}/say", "people_url": f"{at}/people", "kinds": kinds, "chips": []}


def _comments(
    reader: Reader, entity: Entity, record: Record, since: datetime | None, until: datetime | None
) -> list[tuple[datetime, dict[str, Any]]]:
    """Of a record that this reader reads, what everybody said about it: the door gives each his own, the page all."""
    if COMMENTS not in reader.registry.entities or "comments" not in entity.features:
        return []
    conditions = [Condition("entity", "eq", entity.key), Condition("record", "eq", record.id)]
    conditions += [Condition("created_at", "ge", since)] if since is not None else []
    conditions += [Condition("created_at", "lt", until)] if until is not None else []
    engine = Records(reader.unit, engine_of(reader.actor))
    query = Query(
        conditions=tuple(conditions),
        fields=("body", "owner", "created_at"),
        sort=("-created_at",),
        limit=MOST_COMMENTS,
        count="none",
    )
    return [(r.values["created_at"], _comment(reader, r)) for r in engine.list(COMMENTS, query).records]


def _comment(reader: Reader, said: Record) -> dict[str, Any]:
    at, owner = said.values["created_at"].astimezone(ZoneInfo(reader.place.timezone)), said.values.get("owner")
    return {
        "day": _day(reader, at), "kind": "comment", "icon": "message-2", "who": owner.title if owner is not None else str(_("系统")),
        "did": str(_("评论")), "when": f"{at:%H:%M}", "changes": [], "state": None, "text": said.values.get("body"), "chips": [], "note": None,
        "reply_url": None,
    }  # fmt: skip


# -- what was done ------------------------------------------------------------------------------------------------


def _item(reader: Reader, entity: Entity, entry: HistoryEntry) -> dict[str, Any]:
    at = entry.at.astimezone(ZoneInfo(reader.place.timezone))
    changes = (
        []
        if entry.verb == "create"
        else [c for key, pair in entry.changes.items() for c in _changes(reader, entity, key, pair)]
    )
    return {
        "day": _day(reader, at), "kind": "change", "icon": _icon(entry), "who": entry.by.title or str(_("系统")),
        "did": _did(reader, entity, entry, len(changes)), "when": f"{at:%H:%M}", "changes": changes[:12], "state": None,
        "text": approval_history.note(entry) or _told(reader, entry), "chips": [],
        "note": _door(entry.door), "reply_url": None,
    }  # fmt: skip


def _day(reader: Reader, at: datetime) -> str:
    today = clock.today(reader.place.timezone)
    days = (today - at.date()).days
    if days in (0, 1):
        return str(_("今天") if days == 0 else _("昨天"))
    return str(format_date(at, "M月d日" if reader.locale == "zh" and at.year == today.year else "medium"))


def _icon(entry: HistoryEntry) -> str:
    if approval_history.is_of_approval(entry):
        return approval_history.icon_of(entry)
    return ICONS.get(entry.verb, "point")


def _did(reader: Reader, entity: Entity, entry: HistoryEntry, count: int) -> str:
    if approval_history.is_of_approval(entry):
        return approval_history.did(reader, entry)
    if entry.verb in entity.act_labels:
        return reader.say(entity.act_labels[entry.verb])
    words = {
        "create": _("新建了记录"), "delete": _("移到了回收站"), "restore": _("从回收站恢复"), "merge": _("并入了别的记录"),
        "merged": _("并入了另一条记录"), "repoint": _("所指的记录被合并，改为指向保留的一条"), "transfer": _("转移了负责人"),
        "share": _("共享了记录"), "unshare": _("取消了共享"), "undo": _("撤销了之前的操作"),
    }  # fmt: skip
    return str(words[entry.verb]) if entry.verb in words else str(_("修改了 %(n)s 处", n=count))


def _told(reader: Reader, entry: HistoryEntry) -> str | None:
    """What was merged into the record, or with whom it was shared."""
    if entry.verb == "merge":
        return enumerated(one.get("title") or f"#{one.get('id')}" for one in entry.told.get("lost", ())) or None
    if entry.verb != "share":
        return None
    names = [_receiver(reader, *next(iter(one.items()))) for one in entry.told.get("to", ()) if one]
    level = _("读写") if entry.told.get("level") == "write" else _("只读")
    return str(_("%(names)s（%(level)s）", names=enumerated(names), level=level))


def _receiver(reader: Reader, kind: str, key: Any) -> str:
    if kind == "role":
        return reader.say(reader.registry.roles[key]) if key in reader.registry.roles else str(key)
    titles = titles_of(reader.unit, reader.actor, reader.registry.entities[kind], [key])
    return titles.get(key, f"#{key}")


def _door(door: str) -> str | None:
    words = {"api": _("通过接口"), "import": _("通过导入"), "job": _("由后台任务"), "command": _("通过命令行")}
    return str(words[door]) if door in words else None


def _changes(reader: Reader, entity: Entity, key: str, pair: tuple[Any, Any]) -> list[dict[str, Any]]:
    field = entity.fields[key]
    if field.rows:
        return [{"label": reader.say(field.label), "old": None, "new": _rows_said(pair[1])}]
    return [
        {"label": reader.say(field.label), "old": _text(reader, field, pair[0]), "new": _text(reader, field, pair[1])}
    ]


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
