"""The sorts of messages there are, and by which channels each goes while a person has said nothing.

The one rule: a sort that is not known here is a notice; modules may call theirs what they like.
"""

from __future__ import annotations

from collections.abc import Mapping

from yuanke.kernel.text import Message, message

#: in the order in which a person chooses among them
KINDS: Mapping[str, Message] = {
    "approval": message("审批"),
    "mention": message("提到我"),
    "comment": message("评论"),
    "change": message("关注的记录有改动"),
    "reminder": message("提醒"),
    "notice": message("通知"),
}
APP, MAIL = "app", "mail"
#: what goes by mail unasked; inside the application and by the robots an administrator set up goes everything
MAILED = frozenset({"approval", "mention"})


def kind_of(kind: str) -> str:
    return kind if kind in KINDS else "notice"


def usual(channel: str) -> frozenset[str]:
    """The kinds that a channel carries for somebody who has not chosen."""
    return MAILED if channel == MAIL else frozenset(KINDS)
