"""审批: what waits for me, what I did, my own papers, copies; beside the list the paper that is looked at.

The one rule: one address holds box and paper, so that on a phone the list leads to the paper and back, and on a desk both
stand side by side.
"""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, render_template, request
from flask_babel import gettext as _

from yuanke.kernel import clock
from yuanke.kernel.errors import AccessDenied, QueryFault, RecordNotFound
from yuanke.kernel.text import message
from yuanke.metadata.registry import Entity
from yuanke.records import Record
from yuanke.screens import approving, urls
from yuanke.screens.assets import tint
from yuanke.screens.pages.inline import field_shown
from yuanke.screens.pages.record import related_model
from yuanke.screens.reader import Reader
from yuanke.screens.shell import shell
from yuanke.workflow import approvals
from yuanke.workflow.approvals import Box, Item, Picture
from yuanke.workflow.approvals.inbox import Boxful

PAGE = 30
MOST_FIELDS = 12
AT = "/approvals"


def approvals_page(reader: Reader) -> Response:
    """GET ``box``, ``q``, ``after``, ``batch=1`` (several are chosen), ``at`` (the approval that is looked at)."""
    asked = _asked()
    found = approvals.items(reader.unit, reader.actor, asked)
    batch = asked.name == "todo" and request.args.get("batch") == "1" and bool(found.items)
    chosen = _chosen(found)
    model = {
        "box": asked.name, "tabs": _tabs(reader, asked, found), "q": asked.text or "", "batch": batch,
        "batch_url": _url(asked, batch=None if batch else 1) if asked.name == "todo" and found.items else None,
        "items": [_line(reader, one, asked, chosen) for one in found.items], "more": _url(asked, after=found.next) if found.next else None,
        "empty": None if found.items else _empty(asked), "opened": request.args.get("at", "").isdigit(),
        "paper": None if batch or chosen is None else _paper(reader, chosen, asked, found), "back_url": _url(asked),
    }  # fmt: skip
    context = {"page": model, "shell": shell(reader), "seen": None, "ctx": {"cell": False, "locale": reader.locale}}
    return make_response(render_template("approvals.html", locale=reader.locale, **context))


def _asked() -> Box:
    name = request.args.get("box", "todo")
    if name not in approvals.BOXES:
        raise QueryFault(
            message("参数 {name} 须为 {known} 之一，收到 {given}", name="box", known=approvals.BOXES, given=name[:40]),
            parameter="box",
        )
    return Box(name, text=request.args.get("q", "")[:100] or None, limit=PAGE, after=request.args.get("after") or None)


def _chosen(found: Boxful) -> int | None:
    """The approval that is looked at: the one of the address, else the first of the box."""
    said = request.args.get("at", "")
    if said.isdigit() and len(said) < 19:
        return int(said)
    return found.items[0].approval if found.items else None


def _url(asked: Box, **more: Any) -> str:
    return urls.with_query(AT, {"box": asked.name if asked.name != "todo" else None, "q": asked.text, **more})


def _tabs(reader: Reader, asked: Box, found: Boxful) -> list[dict[str, Any]]:
    waiting = (
        found.count if asked.name == "todo" and not asked.text else approvals.count_open(reader.unit, reader.actor)
    )
    words = {"todo": _("待我审批"), "mine": _("我发起的"), "done": _("已处理"), "cc": _("抄送")}
    return [
        {"label": str(label), "url": urls.with_query(AT, {"box": None if name == "todo" else name}), "on": name == asked.name,
         "count": said_count(waiting or 0) if name == "todo" else ""}
        for name, label in words.items()
    ]  # fmt: skip


def said_count(count: int) -> str:
    return "" if not count else str(count) if count < 100 else "99+"


def _empty(asked: Box) -> dict[str, Any]:
    if asked.text:
        return {
            "icon": "search",
            "title": str(_("没有找到")),
            "said": str(_("换一个标题或申请人的名字试试")),
            "action": None,
        }
    words = {
        "todo": (_("没有等你审批的单据"), _("有单据要你审批时，会显示在这里，也会发消息给你")),
        "done": (_("还没有处理过"), _("你审批过的单据会留在这里")),
        "mine": (_("你还没有提交过审批"), _("在单据上点“提交”，要审批的会显示在这里")),
        "cc": (_("没有抄送给你的单据"), None),
    }
    title, said = words[asked.name]
    return {"icon": "checks", "title": str(title), "said": str(said) if said else None, "action": None}


# -- lines --------------------------------------------------------------------------------------------------------


def _line(reader: Reader, one: Item, asked: Box, chosen: int | None) -> dict[str, Any]:
    when = one.opened_at or one.submitted_at
    if asked.name == "done":
        when = one.decided_at or when
    quick = asked.name == "todo" and one.seen and not one.edit
    return {
        "approval": one.approval, "task": one.task, "url": _url(asked, at=one.approval, after=asked.after),
        "on": one.approval == chosen, "kind": reader.say(one.entity.label), "title": one.title if one.seen else str(_("（无权查看）")),
        "who": {"name": one.applicant_name or str(_("系统")), "tint": tint(one.applicant)}, "department": one.department,
        "when": approving.moment(reader, when), "amount": _amount(reader, one), "tags": _tags(reader, one, asked), "unread": one.unread,
        "approve_url": f"{approving.TASKS}/{one.task}/approve?back=box" if quick else None,
        "reject_url": f"{approving.TASKS}/{one.task}/reject?back=box" if quick else None,
    }  # fmt: skip


def _amount(reader: Reader, one: Item) -> str | None:
    if one.amount is None or one.amount[1] is None:
        return None
    field, value = one.amount
    return field.type.text(field, value, reader.place)


def _tags(reader: Reader, one: Item, asked: Box) -> list[tuple[str, str]]:
    tags: list[tuple[str, str]] = []
    if asked.name == "todo" and one.due is not None and one.due < clock.now():
        tags.append((str(_("已超时 %(time)s", time=approving.lasting(one.due, clock.now()))), "red"))
    if one.instead_of:
        tags.append((str(_("代 %(name)s", name=one.instead_of)), "purple"))
    if asked.name == "done":
        words = {
            "agreed": (_("同意"), "green"),
            "rejected": (_("否决"), "red"),
            "returned": (_("退回"), "orange"),
            "passed_on": (_("转交"), "grey"),
        }
        if one.verdict in words:
            tags.append((str(words[one.verdict][0]), words[one.verdict][1]))
    if asked.name in ("mine", "cc"):
        words = {
            "pending": (_("审批中"), "orange"), "approved": (_("已通过"), "green"), "rejected": (_("已否决"), "red"),
            "returned": (_("已退回"), "yellow"), "withdrawn": (_("已撤回"), "grey"),
        }  # fmt: skip
        tags.append((str(words[one.state][0]), words[one.state][1]))
    if one.step is not None and asked.name in ("todo", "mine") and one.state == "pending":
        tags.append((reader.say(one.step), "blue"))
    return tags


# -- the paper ----------------------------------------------------------------------------------------------------


def _paper(reader: Reader, approval: int, asked: Box, found: Boxful) -> dict[str, Any] | None:
    """What is looked at, with the record under this reader's rights; None when it is not his to read."""
    try:
        seen = approvals.picture(reader.unit, reader.actor, approval)
        record = reader.records.get(seen.entity.key, seen.record)
    except (RecordNotFound, AccessDenied):
        return None
    places = [one.approval for one in found.items]
    at = places.index(approval) if approval in places else None
    return {
        **approving.drawn(reader, seen, "box"), **_head(reader, seen, record),
        "place": f"{at + 1} / {len(places)}{'+' if found.next else ''}" if at is not None else None,
        "unread_copy": _unread_copy(found, approval), "fields": _fields(reader, seen.entity, record), "tables": _tables(reader, seen.entity, record),
    }  # fmt: skip


def _head(reader: Reader, seen: Picture, record: Record) -> dict[str, Any]:
    entity = seen.entity
    number = record.values.get("number")
    return {
        "entity": {"label": reader.say(entity.label), "icon": entity.icon, "url": urls.record(entity.key, record.id)},
        "number": number if number and str(number) != record.title else None, "title": record.title,
        "amount": approving.amount(reader, entity, seen.transition, record),
    }  # fmt: skip


def _fields(reader: Reader, entity: Entity, record: Record) -> list[dict[str, Any]]:
    """What the form shows and holds something, at most a dozen."""
    view = entity.views.get("form")
    keys = [
        key for section in (view.body.get("sections", ()) if view else ()) for row in section["rows"] for key in row
    ]
    held = [
        entity.fields[key] for key in keys
        if record.values.get(key) not in (None, "", []) and not entity.fields[key].rows and key not in (entity.title, "approval")
    ]  # fmt: skip
    return [field_shown(reader, entity, field, record, False) for field in held[:MOST_FIELDS]]


def _tables(reader: Reader, entity: Entity, record: Record) -> list[dict[str, Any]]:
    return [
        {"label": reader.say(field.label), "related": related_model(reader, entity, record.id, key)}
        for key, field in entity.fields.items()
        if field.rows and not field.retired and record.values.get(key)
    ]


def _unread_copy(found: Boxful, approval: int) -> int | None:
    """The copy that is read by looking at it."""
    return next((one.task for one in found.items if one.approval == approval and one.unread), None)
