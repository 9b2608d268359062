"""操作记录: what was done to many records at once, by whom, and the button that takes it back.

The one rule: a set is seen by its author and his superiors; the records in it by whoever may read them.
"""

from __future__ import annotations

from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _

from yuanke.kernel.errors import Refusal
from yuanke.metadata.registry import Entity
from yuanke.records import Condition, Query, Record
from yuanke.records.undoing import Undone
from yuanke.records.undoing.job import undo_or_queue
from yuanke.records.undoing.sets import ENTITY
from yuanke.records.undoing.telling import Touched, touched
from yuanke.screens import urls
from yuanke.screens.asking import chosen_records
from yuanke.screens.cells import cell
from yuanke.screens.reader import Reader, wants_part
from yuanke.screens.shell import shell
from yuanke.screens.undoable import action, at
from yuanke.web.addresses import local_path
from yuanke.web.language import enumerated, say, told
from yuanke.web.requests import give_up

HERE = "/changes"
COLUMNS = ("created_at", "owner", "kind", "entity", "count", "to", "reason", "undone_at")
CHUNK = 50


# -- all of them ---------------------------------------------------------------------------------------------------


def log_page(reader: Reader) -> Response:
    """GET ``kind``, ``entity``, ``after``."""
    kind, entity = request.args.get("kind") or None, request.args.get("entity") or None
    of = reader.records.entity(ENTITY)
    conditions = [Condition(k, "eq", v) for k, v in (("kind", kind), ("entity", entity)) if v is not None]
    query = Query(
        conditions=tuple(conditions), fields=(*COLUMNS, "act"), sort=("-created_at",), limit=CHUNK, count="none",
        after=request.args.get("after") or None,
    )  # fmt: skip
    found = reader.records.list(ENTITY, query)
    next_url = urls.with_query(HERE, {"kind": kind, "entity": entity, "after": found.next}) if found.next else None
    first_url = urls.with_query(HERE, {"kind": kind, "entity": entity}) if request.args.get("after") else None
    model = {
        "title": str(_("操作记录")), "crumbs": _crumbs(reader, entity), "count": None, "actions": [], "notes": [],
        "tabs": _tabs(reader, of, kind, entity), "form": None, "search": None, "table": _table(reader, of, found.records),
        "pager": {"said": "", "prev_url": first_url, "next_url": next_url} if next_url or first_url else None,
    }  # fmt: skip
    return make_response(
        render_template("simple.html", page=model, shell=shell(reader), seen=None, locale=reader.locale)
    )


def _crumbs(reader: Reader, entity: str | None) -> list[dict[str, Any]] | None:
    of = reader.registry.entities.get(entity or "")
    return [{"label": reader.say(of.plural), "url": urls.entity(of.key)}] if of is not None else None


def _tabs(reader: Reader, of: Entity, kind: str | None, entity: str | None) -> list[dict[str, Any]]:
    options = of.fields["kind"].options or {}
    named = [(None, str(_("全部"))), *((key, reader.say(option.label)) for key, option in options.items())]
    return [
        {
            "label": label,
            "url": urls.with_query(HERE, {"kind": key, "entity": entity}),
            "on": kind == key,
            "count": None,
        }
        for key, label in named
    ]


def _table(reader: Reader, of: Entity, records: list[Record]) -> dict[str, Any]:
    css = {"kind": "yk-s-title", "owner": "yk-s-sub", "count": "yk-r yk-s-sum", "created_at": "yk-s-state"}
    heads = {"owner": _("操作人"), "created_at": _("时间"), "undone_at": _("撤销")}
    columns = [
        {"label": str(heads.get(key) or reader.say(of.fields[key].label)), "css": css.get(key, "")} for key in COLUMNS
    ]
    rows = [{"url": at(r.id), "cells": [_cell(reader, of, r, key) for key in COLUMNS], "actions": []} for r in records]
    empty = {
        "icon": "history",
        "title": str(_("没有操作记录")),
        "said": str(_("合并、转移、共享、导入和批量修改会列在这里")),
    }
    return {"columns": columns, "rows": rows, "empty": None if rows else empty}


def _cell(reader: Reader, of: Entity, record: Record, key: str) -> Any:
    value = record.values.get(key)
    if key == "kind":
        return "title", _what(reader, record), at(record.id)
    if key == "entity":
        return "text", _named(reader, str(value or "")), None
    if key == "undone_at":
        return ("state", str(_("已撤销")), "gray") if value is not None else ("none", "", None)
    return cell(record, of.fields[key], reader.place)


def _named(reader: Reader, key: str) -> str:
    of = reader.registry.entities.get(key)
    return reader.say(of.label) if of is not None else key


def _what(reader: Reader, record: Record) -> str:
    """The kind, or the label of the act that did it."""
    of, act = reader.registry.entities.get(str(record.values.get("entity") or "")), record.values.get("act")
    if of is not None and act in of.act_labels:
        return reader.say(of.act_labels[str(act)])
    option = (reader.registry.entities[ENTITY].fields["kind"].options or {}).get(str(record.values.get("kind")))
    return reader.say(option.label) if option is not None else str(record.values.get("kind") or "")


# -- one of them ---------------------------------------------------------------------------------------------------


def change_page(reader: Reader, set_id: int) -> Response:
    record = reader.records.get(ENTITY, set_id)
    found, every = touched(reader.unit, reader.actor, set_id)
    shown = [one for one in found if one.title is not None]
    undo = action(reader, set_id, str(_("撤销这次操作")))
    model = {
        "title": _what(reader, record), "crumbs": [{"label": str(_("操作记录")), "url": HERE}], "count": f"{every:,}" if every else None,
        "actions": [undo] if undo is not None else [], "notes": _notes(reader, record), "facts": _facts(reader, record),
        "rows": [_row(reader, one) for one in shown],
        "more": str(_("另有 %(n)s 条不在这里列出", n=f"{every - len(shown):,}")) if every > len(shown) else None,
    }  # fmt: skip
    return make_response(
        render_template("change.html", page=model, shell=shell(reader), seen=None, locale=reader.locale)
    )


def _facts(reader: Reader, record: Record) -> list[dict[str, Any]]:
    of, found = record.entity, []
    labels = {"created_at": _("时间"), "owner": _("操作人"), "entity": _("对象"), "count": _("记录数")}
    for key in ("created_at", "owner", "entity", "count", "to", "reason", "until"):
        if record.values.get(key) is not None:
            found.append(
                {
                    "label": str(labels.get(key) or reader.say(of.fields[key].label)),
                    "cell": _cell(reader, of, record, key),
                }
            )
    return found


def _notes(reader: Reader, record: Record) -> list[dict[str, Any]]:
    """What became of it, when it was taken back; what was left, with the reason."""
    if record.values.get("undone_at") is None:
        return []
    details = record.values.get("details") or {}
    when, by = cell(record, record.entity.fields["undone_at"], reader.place)[1], record.values.get("undone_by")
    who = by.title if by is not None and by.title else ""
    n = details.get("undone")
    said = str(_("恢复了 %(n)s 条记录", n=n)) if n else ""
    notes = [{"tone": "good", "title": str(_("%(who)s 已于 %(when)s 撤销", who=who, when=when)).strip(), "said": said}]
    left = details.get("left") or []
    if left:
        title = str(_("%(n)s 处保持现状", n=len(left)))
        notes.append(
            {"tone": "", "title": title, "said": enumerated(dict.fromkeys(_left(reader, one) for one in left[:8]))}
        )
    return notes


def _left(reader: Reader, one: dict[str, Any]) -> str:
    titles = (
        {item["id"]: item["title"] for item in chosen_records(reader, one["entity"], [one["id"]])}
        if one["entity"] in reader.registry.entities else {}
    )  # fmt: skip
    name = titles.get(one["id"], _named(reader, one["entity"]))
    return str(_("%(name)s：%(why)s", name=name, why=str(_(one["why"])) if one["why"] else ""))


def _row(reader: Reader, one: Touched) -> dict[str, Any]:
    url = urls.record(one.entity.key, one.id) if one.entity.kind == "record" and not one.entity.system else None
    return {
        "title": one.title,
        "url": url,
        "label": reader.say(one.entity.label),
        "icon": one.entity.icon,
        "did": _did(reader, one),
    }


def _did(reader: Reader, one: Touched) -> str:
    if one.verb in one.entity.act_labels:
        return reader.say(one.entity.act_labels[one.verb])
    words = {
        "create": _("新建"), "update": _("修改"), "delete": _("移到了回收站"), "restore": _("从回收站恢复"), "merge": _("合并"),
        "merged": _("并入别的记录"), "transfer": _("转移"), "share": _("共享"), "unshare": _("取消共享"), "repoint": _("改为指向保留的一条"),
        "undo": _("撤销"),
    }  # fmt: skip
    return str(words.get(one.verb, one.verb))


# -- taken back ----------------------------------------------------------------------------------------------------


def undo(reader: Reader, set_id: int) -> Response:
    """POST: taken back at once, or by a job; then where one came from, or the page of the set when something was left."""
    back = local_path(request.referrer or at(set_id))
    try:
        done = undo_or_queue(reader.unit, reader.speaking, set_id)
    except Refusal as refusal:
        if refusal.status == 404:
            raise
        give_up()
        flash(say(refusal.said), "danger")
        return _on(back)
    if isinstance(done, int):
        return _on(f"/jobs/{done}")
    flash(_said(done), "warning" if done.left else "success")
    return _on(at(set_id) if done.left else back)


def _said(done: Undone) -> str:
    said = [_("已撤销，恢复了 %(n)s 条记录", n=done.records) if done.records else _("已撤销")]
    said += [_("取消了 %(n)s 个共享", n=done.ended)] if done.ended else []
    said += [_("%(n)s 处保持现状", n=len(done.left))] if done.left else []
    return told(said)


def _on(target: str) -> Response:
    if wants_part():
        return Response("", 200, headers={"HX-Redirect": target})
    return redirect(target, 303)  # type: ignore[return-value]
