"""A draft looked at as if it ran: ``?draft=3`` of a request that reads, or for a browser from `enter` until `leave`.

The one rule: only its author sees it, and nothing is written meanwhile but the customizations themselves.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from types import TracebackType

from flask import request, session

from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import AccessDenied, QueryFault, RecordNotFound, Refused
from yuanke.kernel.text import message
from yuanke.storage import Unit, drafts
from yuanke.storage.preview import preview

PARAMETER = "draft"
#: what one may go on doing while a draft is shown
BESIDE = ("/settings/customize", "/api/v1/customizations", "/logout", "/lang", "/login")


def enter(draft_id: int) -> None:
    """From now on this browser sees the draft."""
    session[PARAMETER] = draft_id


def leave() -> None:
    session.pop(PARAMETER, None)


def shown() -> int | None:
    """The draft that this request is about, if any: of its address, else of the browser's session."""
    if request.path.startswith(BESIDE):
        return None
    given = request.args.get(PARAMETER)
    if given is None:
        held = session.get(PARAMETER) if not request.path.startswith("/api/") else None
        return held if isinstance(held, int) else None
    if not (given.isascii() and given.isdigit() and len(given) < 10):
        raise QueryFault(message("参数 draft 应为草稿的编号"), parameter=PARAMETER)
    return int(given)


def check_reads(writing: bool) -> None:
    if writing:
        raise Refused(message("正在预览草稿，不能保存：请先退出预览"))


def previewed(unit: Unit, actor: Actor, draft_id: int) -> Unit | None:
    """The unit as the draft would have it; None when the browser's draft is there no more."""
    if not actor.is_admin:
        raise AccessDenied(message("只有系统管理员可以自定义功能"))
    try:
        held = drafts.draft(unit, draft_id, actor.user_id)
    except RecordNotFound:
        if PARAMETER in request.args:
            raise
        leave()
        return None
    return preview(unit, drafts.layers(unit, held))


class Undone(Exception):
    """Leaves a unit by the door that rolls back."""


class RolledBack(AbstractContextManager[Unit]):
    """An opened unit whose transaction never stands."""

    def __init__(self, opened: AbstractContextManager[Unit]) -> None:
        self._opened = opened

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        undone = fault or Undone()
        self._opened.__exit__(type(undone), undone, trace)
