"""A draft looked at as if it ran: ``?draft=3`` of a request that reads, or for a browser from `enter` until `leave`.

The one rule: only its author sees it, and nothing is written meanwhile but the customizations themselves.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from types import TracebackType

from flask import flash, request, session
from flask_babel import gettext

from yuanke.kernel.actor import Actor
from yuanke.kernel.diagnostics import DefinitionError
from yuanke.kernel.errors import AccessDenied, QueryFault, RecordNotFound, Refused
from yuanke.kernel.text import message
from yuanke.storage import Unit, drafts
from yuanke.storage.preview import preview

PARAMETER = "draft"
#: what one may go on doing while a draft is shown
BESIDE = ("/settings/customize", "/settings/packs", "/api/v1/customizations", "/logout", "/lang", "/login")


def enter(draft_id: int) -> None:
    """From now on this browser sees the draft."""
    session[PARAMETER] = draft_id


def leave() -> None:
    session.pop(PARAMETER, None)


def entered() -> int | None:
    """The draft that this browser sees, if any."""
    held = session.get(PARAMETER)
    return held if isinstance(held, int) else None


def shown() -> int | None:
    """The draft that this request is about, if any: of its address, else of the browser's session."""
    if request.path.startswith(BESIDE):
        return None
    given = request.args.get(PARAMETER)
    if given is None:
        return entered() if not request.path.startswith("/api/") else None
    if not (given.isascii() and given.isdigit() and len(given) < 10):
        raise QueryFault(message("参数 draft 应为草稿的编号"), parameter=PARAMETER)
    return int(given)


def check_reads(writing: bool) -> None:
    if writing:
        raise Refused(message("正在预览草稿，不能保存：请先退出预览"))


def previewed(unit: Unit, actor: Actor, draft_id: int) -> Unit | None:
    """The unit as the draft would have it; None when the browser's draft is there no more, or cannot run any more (what it
    builds on went, or somebody changed the same place): then the browser leaves it, and is told."""
    if not actor.is_admin:
        raise AccessDenied(message("只有系统管理员可以自定义功能"))
    try:
        held = drafts.draft(unit, draft_id, actor.user_id)
    except RecordNotFound:
        if PARAMETER in request.args:
            raise
        leave()
        return None
    try:
        return preview(unit, drafts.layers(unit, held))
    except (DefinitionError, Refused):
        if PARAMETER in request.args:
            raise
        leave()
        flash(str(gettext("草稿「%(name)s」现在不能预览了，预览已结束", name=held.title)), "warning")
        return None


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
