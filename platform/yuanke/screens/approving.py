"""An approval as templates take it: the chain in columns, what people said, what moved, the buttons of this reader.

The one rule: it tells what `yuanke.workflow.approvals.picture` gives this reader, and offers what its verbs would do.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import format_date
from flask_babel import gettext as _

from yuanke.fieldtypes import ValueFault
from yuanke.kernel import clock
from yuanke.metadata.registry import Entity, Field
from yuanke.records import Record
from yuanke.records.carried import titles_of
from yuanke.screens import urls
from yuanke.screens.assets import tint
from yuanke.screens.reader import Reader
from yuanke.web.language import enumerated
from yuanke.workflow import approvals
from yuanke.workflow.approvals import Picture
from yuanke.workflow.approvals.inbox import amount_field
from yuanke.workflow.approvals.picture import Sitting, StopSeen
from yuanke.workflow.approvals.snapshot import Difference

MOST_NAMES = 3
COLOURS = {"pending": "orange", "approved": "green", "rejected": "red", "returned": "yellow", "withdrawn": "grey"}
TASKS = "/approvals/tasks"


def panel(reader: Reader, entity: Entity, record: Record, back: str = "record") -> dict[str, Any] | None:
    """The newest approval of a record with those before it counted; None when it never had one. ``back``: where a
    decision leads: record or box."""
    found = approvals.pictures_of(reader.unit, reader.actor, entity, record.id)
    return drawn(reader, found[0], back, len(found)) if found else None


def drawn(reader: Reader, seen: Picture, back: str, count: int = 1) -> dict[str, Any]:
    return {
        "id": seen.id, "act": reader.say(seen.act), "state": (state_said(seen), COLOURS[seen.state]), "again": seen.again,
        "applicant": person(seen.applicant, seen.applicant_name), "submitted": moment(reader, seen.submitted_at), "round": seen.round,
        "columns": columns(reader, seen), "opinions": opinions(reader, seen), "differences": differences(reader, seen),
        "changed": seen.state == "approved" and bool(seen.differences), "mine": mine(reader, seen, back), "others": others(reader, seen, back),
        "instead_of": seen.mine.instead_of, "count": count,
    }  # fmt: skip


def state_said(seen: Picture) -> str:
    words = {
        "pending": _("审批中"), "approved": _("已通过"), "rejected": _("已否决"), "returned": _("已退回"), "withdrawn": _("已撤回"),
    }  # fmt: skip
    return str(words[seen.state])


def person(user: int | None, name: str) -> dict[str, Any]:
    return {"name": name or str(_("系统")), "tint": tint(user)}


def moment(reader: Reader, at: datetime) -> str:
    """``10:42``, ``昨天``, ``11-21``."""
    here = at.astimezone(ZoneInfo(reader.place.timezone))
    today = clock.today(reader.place.timezone)
    days = (today - here.date()).days
    if days == 0:
        return f"{here:%H:%M}"
    if days == 1:
        return str(_("昨天"))
    return f"{here:%m-%d}" if here.year == today.year else str(format_date(here, "yyyy-MM-dd"))


def lasting(since: datetime, until: datetime) -> str:
    """``2 小时``, ``3 天``."""
    hours = int((until - since).total_seconds() // 3600)
    if hours < 1:
        return str(_("%(n)s 分钟", n=max(1, int((until - since).total_seconds() // 60))))
    return str(_("%(n)s 小时", n=hours)) if hours < 48 else str(_("%(n)s 天", n=hours // 24))


# -- the chain ----------------------------------------------------------------------------------------------------


def columns(reader: Reader, seen: Picture) -> list[dict[str, Any]]:
    """The applicant, then the steps: those that run side by side stand in one column."""
    begun = {
        "label": str(_("提交")), "state": "done", "who": person(seen.applicant, seen.applicant_name), "names": seen.applicant_name,
        "said": moment(reader, seen.submitted_at), "tone": "", "conditional": False, "mine": False,
    }  # fmt: skip
    level: dict[str, int] = {}
    found: dict[int, list[dict[str, Any]]] = {0: [begun]}
    for stop in seen.stops:
        level[stop.key] = 1 + max((level.get(key, 0) for key in stop.after), default=0)
        found.setdefault(level[stop.key], []).append(_node(reader, seen, stop))
    made: list[dict[str, Any]] = [{"nodes": found[at]} for at in sorted(found)]
    for column in made:
        states = {node["state"] for node in column["nodes"]}
        column["done"] = states <= {"done", "skipped"}
        column["conditional"] = any(node["conditional"] for node in column["nodes"])
    return made


def _node(reader: Reader, seen: Picture, stop: StopSeen) -> dict[str, Any]:
    first = _face(stop)
    state = _state(seen, stop)
    return {
        "label": reader.say(stop.label), "state": state, "who": person(first.person, first.name) if first is not None else None,
        "names": _names(reader, stop), "said": _said(reader, stop, state), "tone": _tone(stop, state),
        "conditional": stop.conditional, "mine": seen.mine.step == stop.key, "how": _how(stop),
    }  # fmt: skip


def _state(seen: Picture, stop: StopSeen) -> str:
    """done | now | refused | coming | skipped."""
    if stop.state == "skipped" or (stop.state == "waiting" and stop.reason in ("when", "same_person")):
        return "skipped"
    if any(one.state == "refused" for one in stop.people) and stop.state != "passed":
        return "refused"
    if stop.state == "open":
        return "now" if seen.state == "pending" else "back" if seen.state == "returned" else "coming"
    return "done" if stop.state == "passed" else "coming"


def _face(stop: StopSeen) -> Sitting | None:
    """Whose picture stands there: who decided last, else who is asked, else who would be."""
    decided = [one for one in stop.people if one.state in ("agreed", "refused")]
    asked = [one for one in stop.people if one.state in ("open", "waiting", "coming")]
    if stop.state == "open" and asked:
        return asked[0]
    if decided:
        return decided[-1]
    return next(iter([*asked, *stop.people]), None)


def _names(reader: Reader, stop: StopSeen) -> str:
    if stop.state == "passed":
        names = [one.name for one in stop.people if one.state == "agreed"]
    else:
        names = [one.name for one in stop.people if one.state != "gone"]
    names = list(dict.fromkeys(names))
    if len(names) > MOST_NAMES:
        return str(_("%(names)s 等 %(n)s 人", names=enumerated(names[:MOST_NAMES]), n=len(names)))
    return enumerated(names)


def _said(reader: Reader, stop: StopSeen, state: str) -> str:
    decided = [one for one in stop.people if one.decided_at is not None and one.state in ("agreed", "refused")]
    if state == "skipped":
        return _why(stop)
    if state in ("done", "refused") and decided:
        last = max(decided, key=lambda one: one.decided_at or clock.now())
        when = moment(reader, last.decided_at) if last.decided_at else ""
        if last.why == "late":
            return str(_("%(when)s 超时自动处理", when=when))
        if last.why == "repeat":
            return str(_("前面已同意"))
        return str(_("%(when)s 同意", when=when) if state == "done" else _("%(when)s 否决", when=when))
    opened = [one.opened_at for one in stop.people if one.state == "open" and one.opened_at is not None]
    if state == "now" and opened:
        agreed = sum(one.state == "agreed" for one in stop.people)
        wait = str(_("等待 %(time)s", time=lasting(min(opened), clock.now())))
        return str(_("%(n)s 人已同意，%(wait)s", n=agreed, wait=wait)) if agreed else wait
    return str(_("将转给管理员")) if stop.reason in ("missing", "unreadable") and state == "coming" else ""


def _why(stop: StopSeen) -> str:
    words = {"when": _("不需要"), "same_person": _("本人，跳过")}
    return str(words.get(stop.reason or "") or _("无人可审，跳过"))


def _tone(stop: StopSeen, state: str) -> str:
    due = [one.due for one in stop.people if one.state == "open" and one.due is not None]
    return "late" if state == "now" and due and min(due) < clock.now() else "warn" if state == "now" else ""


def _how(stop: StopSeen) -> str | None:
    """What several people at one step must do."""
    asked = [one for one in stop.people if one.added is None and one.state != "gone"]
    if len(asked) < 2 or stop.state == "passed":
        return None
    if stop.mode == "sequence":
        return str(_("依次"))
    if stop.needed == 1 and stop.mode == "any":
        return str(_("一人同意即可"))
    if stop.needed >= len(asked):
        return str(_("全部同意"))
    return str(_("%(n)s 人同意即可", n=stop.needed))


# -- what people said ---------------------------------------------------------------------------------------------


def opinions(reader: Reader, seen: Picture) -> list[dict[str, Any]]:
    """Everything that was decided, oldest first, the turns before included."""
    decided = [
        (stop, one)
        for stop in seen.stops
        for one in (*stop.earlier, *stop.people)
        if one.decided_at is not None and one.verdict
    ]
    decided.sort(key=lambda pair: (pair[1].decided_at, pair[1].task))
    return [_opinion(reader, stop, one) for stop, one in decided]


def _opinion(reader: Reader, stop: StopSeen, one: Sitting) -> dict[str, Any]:
    words = {"agreed": _("同意"), "rejected": _("否决"), "returned": _("退回"), "passed_on": _("转交")}
    marks = []
    if one.by is not None:
        marks.append(str(_("%(deputy)s 代", deputy=one.by)))
    if one.added is not None:
        marks.append(str(_("加签")))
    if one.why is not None:
        why = {"repeat": _("前面已同意"), "late": _("超时自动处理"), "left": _("审批人离岗")}
        marks.append(str(why[one.why]))
    return {
        "who": person(one.person, one.name), "step": reader.say(stop.label), "verdict": str(words[one.verdict or "agreed"]),
        "tone": {"agreed": "good", "rejected": "bad", "returned": "warn"}.get(one.verdict or "", ""), "marks": marks,
        "when": moment(reader, one.decided_at) if one.decided_at else "", "note": one.note,
        "files": [
            {"name": file["name"], "url": urls.with_query(f"/files/{file['id']}", {"entity": "approval_task", "record": one.task})}
            for file in one.files
        ],
    }  # fmt: skip


# -- what moved ---------------------------------------------------------------------------------------------------


def differences(reader: Reader, seen: Picture) -> list[dict[str, Any]]:
    return [
        {"label": label, "old": text(reader, one.field, one.before), "new": text(reader, one.field, one.after)}
        for one, label in _labelled(reader, seen)
    ]


def _labelled(reader: Reader, seen: Picture) -> Iterator[tuple[Difference, str]]:
    for one in seen.differences:
        label = reader.say(one.field.label)
        if one.rows is not None:
            label = str(
                _("%(rows)s 第 %(n)s 行 %(field)s", rows=reader.say(one.rows.label), n=one.position, field=label)
            )
        yield one, label


def text(reader: Reader, field: Field, value: Any) -> str | None:
    """A kept value as people read it today."""
    if value is None or value == []:
        return None
    if len(field.targets) == 1:
        target = reader.registry.entities[field.targets[0]]
        ids = [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, int)]
        titles = titles_of(reader.unit, reader.actor, target, ids)
        return enumerated(titles.get(one) or str(_("（无权查看）")) for one in ids)
    try:
        return field.type.text(field, field.type.parse(field, value, reader.place), reader.place)
    except ValueFault:
        return str(value)


def amount(reader: Reader, entity: Entity, transition: str, record: Record) -> dict[str, str] | None:
    """The figure that approvers see first."""
    field = amount_field(entity, transition)
    value = record.values.get(field.key) if field is not None else None
    if field is None or value is None:
        return None
    return {"label": reader.say(field.label), "text": field.type.text(field, value, reader.place)}


# -- buttons ------------------------------------------------------------------------------------------------------


def mine(reader: Reader, seen: Picture, back: str) -> list[dict[str, Any]]:
    """What this reader does with his task: the first is the one that most do."""
    task = seen.mine.task
    if task is None:
        return []
    words: list[tuple[str, Any, str, dict[str, Any]]] = [
        ("approve", _("同意"), "check", {"primary": True}),
        ("reject", _("拒绝"), "x", {"danger": True}),
        ("return", _("退回"), "arrow-back-up", {}),
        ("reassign", _("转交"), "user-share", {}),
        ("add_signer", _("加签"), "user-plus", {}),
    ]
    return [
        {"label": str(label), "icon": icon, "url": urls.with_query(f"{TASKS}/{task}/{verb}", {"back": back}), "method": "dialog",
         "primary": False, "danger": False, **more}
        for verb, label, icon, more in words
    ]  # fmt: skip


def others(reader: Reader, seen: Picture, back: str) -> list[dict[str, Any]]:
    """What the applicant, somebody involved or an administrator does with the whole."""
    at, found = f"/approvals/{seen.id}", []
    if seen.mine.renew:
        renew = {
            "label": str(_("重新提交审批")),
            "icon": "send",
            "url": f"{at}/renew",
            "method": "post",
            "primary": True,
        }
        found.append(
            {**renew, "confirm": str(_("重新提交审批？\n通过之后，内容以现在的为准。")), "yes": str(_("提交"))}
        )
    if seen.mine.remind:
        found.append({"label": str(_("催办")), "icon": "bell-ringing", "url": f"{at}/remind", "method": "post"})
    if seen.mine.withdraw:
        confirm = str(_("撤回这项审批？\n撤回后可以修改，再重新提交。"))
        found.append(
            {
                "label": str(_("撤回")),
                "icon": "arrow-back",
                "url": f"{at}/withdraw",
                "method": "post",
                "confirm": confirm,
                "yes": str(_("撤回")),
            }
        )
    if seen.mine.copy:
        found.append({"label": str(_("抄送")), "icon": "copy", "url": f"{at}/cc", "method": "dialog"})
    if seen.mine.reassign and seen.mine.task is None and (task := _open_task(seen)) is not None:
        url = urls.with_query(f"{TASKS}/{task}/reassign", {"back": back})
        found.append({"label": str(_("改派")), "icon": "user-share", "url": url, "method": "dialog"})
    return [{"primary": False, "danger": False, **one} for one in found]


def _open_task(seen: Picture) -> int | None:
    return next((one.task for stop in seen.stops for one in stop.people if one.state == "open"), None)


def next_said(reader: Reader, seen: Picture) -> str:
    """Who comes after this reader's step: the name and the step, or that it is the last."""
    step = next((stop for stop in seen.stops if stop.key == seen.mine.step), None)
    coming = [stop for stop in seen.stops if stop.state == "waiting" and stop.reason != "when"]
    if step is None or not coming:
        return str(_("这是最后一步，同意后即生效"))
    first = coming[0]
    return f"{_names(reader, first)} {reader.say(first.label)}".strip()
