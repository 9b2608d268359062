"""What an automation says, in words: when it runs and what it does.

The one rule: everything is read from its declaration, labels in the reader's language; an expression stays an expression.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flask_babel import gettext as _

from yuanke.metadata.registry import Entity
from yuanke.screens.reader import Reader
from yuanke.web.language import enumerated
from yuanke.workflow.acts import acts
from yuanke.workflow.automations import Automation
from yuanke.workflow.steps.running import MODIFIERS

ICONS = {"after": "bolt", "before": "edit", "every": "calendar-time", "at": "clock", "hook": "webhook"}
_CLOCKED = re.compile(r"(?P<days>.+) (?P<clock>\d{1,2}:\d\d)")


def verb_said(reader: Reader, entity: Entity, verb: str) -> str:
    """``create`` and the like, or an act by its label."""
    act = acts(entity).get(verb)
    if act is not None:
        return reader.say(act.label)
    words = {
        "create": _("新建"), "update": _("修改"), "save": _("保存"), "delete": _("删除"), "restore": _("恢复"), "merge": _("合并"),
        "transfer": _("转移"), "share": _("共享"), "comment": _("评论"), "approved": _("审批通过"),
        "rejected": _("审批拒绝"), "returned": _("审批退回"), "withdrawn": _("撤回审批"), "every": _("定时"), "at": _("到点"),
        "hook": _("外部调用"),
    }  # fmt: skip
    return str(words.get(verb, verb))


def trigger_said(reader: Reader, one: Automation) -> str:
    """One line: ``修改 金额、阶段 之后``, ``每个工作日 08:00``, ``到时间 ends_on - days(3)``."""
    if one.trigger == "every":
        return schedule_said(one.schedule)
    if one.trigger == "at":
        return str(_("到 %(moment)s 时", moment=one.moment))
    if one.trigger == "hook":
        return str(_("外部系统调用时"))
    said = enumerated(_heard(reader, one.entity, verb, fields) for verb, fields in one.verbs.items())
    return str(_("%(verbs)s之后", verbs=said) if one.trigger == "after" else _("%(verbs)s之前", verbs=said))


def _heard(reader: Reader, entity: Entity, verb: str, fields: frozenset[str]) -> str:
    said = verb_said(reader, entity, verb)
    if not fields:
        return said
    labels = [reader.say(entity.fields[key].label) for key in entity.fields if key in fields]
    return str(_("%(verb)s“%(fields)s”", verb=said, fields=enumerated(labels)))


def schedule_said(said: str) -> str:
    found = _CLOCKED.fullmatch(said)
    if found is None:
        minutes = said.removesuffix(" minutes")
        return str(_("每小时") if said == "hour" else _("每 %(n)s 分钟", n=minutes))
    days, clock = found["days"], found["clock"].zfill(5)
    words = {
        "day": _("每天"), "weekday": _("周一至周五"), "workday": _("每个工作日"), "monday": _("每周一"), "tuesday": _("每周二"),
        "wednesday": _("每周三"), "thursday": _("每周四"), "friday": _("每周五"), "saturday": _("每周六"), "sunday": _("每周日"),
        "month last": _("每月最后一天"),
    }  # fmt: skip
    named = words.get(days) or _("每月 %(day)s 日", day=days.removeprefix("month "))
    return f"{named} {clock}"


def steps_said(reader: Reader, entity: Entity, steps: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """``{verb, what, when}`` of each step, inner ones behind their own."""
    for step in steps:
        verb = next(word for word in step if word not in MODIFIERS)
        if verb == "do":
            yield from steps_said(reader, entity, step["do"])
            continue
        yield {
            "verb": step_verb(verb), "what": _what(reader, entity, verb, step[verb]),
            "when": step.get("when"), "each": step.get("each"),
        }  # fmt: skip


def step_verb(verb: str) -> str:
    words = {
        "set": _("填写"), "create": _("新建"), "update": _("修改"), "delete": _("删除"), "run": _("执行"), "move": _("执行"),
        "become": _("生成"), "notify": _("通知"), "remind": _("提醒"), "mail": _("发邮件"), "webhook": _("调用外部系统"),
        "call": _("调用插件"), "merge": _("合并"), "transfer": _("转移"), "share": _("共享"), "repoint": _("改指关联"),
        "assign": _("分配"), "failed": _("失败"),
    }  # fmt: skip
    return str(words.get(verb, verb))


def _what(reader: Reader, entity: Entity, verb: str, body: Any) -> str:
    if isinstance(body, str):
        return _act_said(reader, entity, body) if verb in ("run", "move") else body
    if not isinstance(body, Mapping):
        return ""
    if verb == "set":
        return enumerated(_label(reader, entity, key) for key in body)
    if verb == "create":
        of = reader.registry.entities.get(str(body.get("entity")))
        return reader.say(of.label) if of is not None else ""
    if verb in ("run", "move"):
        return _act_said(reader, entity, str(body.get("action") or body.get("transition") or ""))
    if verb in ("notify", "remind", "mail"):
        said = str(body.get("subject") or body.get("text") or "")
        return f"{_to(body.get('to'))} · {said}" if said else _to(body.get("to"))
    if verb == "assign":
        who = body.get("role") or body.get("among") or ""
        role = reader.registry.roles.get(str(who))
        how = _("给事情最少的人") if body.get("by") == "load" else _("轮流")
        return f"{reader.say(role) if role is not None else who} · {how}"
    return str(body.get("target") or body.get("url") or body.get("name") or body.get("function") or "")


def _to(said: Any) -> str:
    return enumerated(str(one).removeprefix("=") for one in (said if isinstance(said, list) else [said]))


def _label(reader: Reader, entity: Entity, key: str) -> str:
    field = entity.fields.get(key)
    return reader.say(field.label) if field is not None else key


def _act_said(reader: Reader, entity: Entity, key: str) -> str:
    act = acts(entity).get(key)
    return reader.say(act.label) if act is not None else key
