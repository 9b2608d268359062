"""What an approval left in the history of a record, in the words of its timeline.

The one rule: it says who did what at which step, to whom and in whose place, and shows what he wrote.
"""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from yuanke.metadata.approvals import FIELD
from yuanke.records import HistoryEntry
from yuanke.screens.reader import Reader
from yuanke.web.language import enumerated
from yuanke.workflow.approvals.telling import PREFIX

ICONS = {
    "submit": "send", "approve": "check", "reject": "x", "return": "arrow-back-up", "reassign": "user-share", "withdraw": "arrow-back",
    "held": "arrow-back-up", "add_before": "user-plus", "add_after": "user-plus", "remind": "bell-ringing", "cc": "copy",
}  # fmt: skip


def is_of_approval(entry: HistoryEntry) -> bool:
    return entry.verb.startswith(PREFIX)


def is_echo(entry: HistoryEntry) -> bool:
    """A change of the field of approval alone: the act that caused it stands beside it."""
    return entry.verb == "update" and set(entry.changes) == {FIELD}


def icon_of(entry: HistoryEntry) -> str:
    return ICONS.get(entry.verb.removeprefix(PREFIX), "clock")


def did(reader: Reader, entry: HistoryEntry) -> str:
    """``在“财务”同意（代 Zhu）``."""
    told = entry.told
    said = _verb(reader, entry.verb.removeprefix(PREFIX), told)
    if told.get("stands_for") and entry.by.id is not None:
        said = str(_("%(what)s（代 %(name)s）", what=said, name=told["stands_for"]))
    return said


def note(entry: HistoryEntry) -> str | None:
    return str(entry.told["note"]) if entry.told.get("note") else None


def _verb(reader: Reader, verb: str, told: Any) -> str:
    step = _step(reader, told.get("step"))
    to = _step(reader, told["back_to"]) if told.get("back_to") else _people(told.get("to"))
    name = told.get("stands_for") or ""
    words = {
        "submit": lambda: _("提交了审批"), "approve": lambda: _("在“%(step)s”同意", step=step),
        "reject": lambda: _("在“%(step)s”拒绝", step=step), "withdraw": lambda: _("撤回了审批"),
        "return": lambda: _("在“%(step)s”退回到“%(to)s”", step=step, to=to) if to else _("在“%(step)s”退回给申请人", step=step),
        "reassign": lambda: _("把“%(step)s”转交给 %(to)s", step=step, to=to),
        "add_before": lambda: _("在“%(step)s”请 %(to)s 先签", step=step, to=to),
        "add_after": lambda: _("在“%(step)s”同意，并请 %(to)s 再签", step=step, to=to),
        "remind": lambda: _("催办了 %(to)s", to=to), "cc": lambda: _("抄送给 %(to)s", to=to),
        "late_remind": lambda: _("“%(step)s”已超时，提醒了 %(to)s", step=step, to=to),
        "late_up": lambda: _("“%(step)s”超时，由 %(name)s 转给上级", step=step, name=name),
        "late_approve": lambda: _("“%(step)s”超时，自动同意", step=step), "late_refuse": lambda: _("“%(step)s”超时，自动拒绝", step=step),
        "held": lambda: _("已全部同意，但条件已不满足，退回给申请人：%(why)s", why=_step(reader, told.get("why"))),
        "left": lambda: _("%(name)s 离岗，“%(step)s”转给 %(to)s", name=name, step=step, to=to),
    }  # fmt: skip
    return str(words[verb]()) if verb in words else verb


def _step(reader: Reader, said: Any) -> str:
    if isinstance(said, list) and len(said) == 2:
        return str(said[1] if reader.locale == "en" else said[0])
    return str(said or "")


def _people(said: Any) -> str:
    if isinstance(said, list):
        return enumerated(str(one) for one in said)
    return str(said or "")
