"""What was done at once and can be taken back: said in a toast with the button that takes it back.

The one rule: the button stands where pressing it now would be allowed, and nowhere else.
"""

from __future__ import annotations

import re
from typing import Any

from flask import flash
from flask_babel import gettext as _

from yuanke.kernel.errors import Refusal
from yuanke.metadata.registry import Entity
from yuanke.records import Record
from yuanke.records.undoing import why_not
from yuanke.records.undoing.sets import ENTITY
from yuanke.screens.reader import Reader

ASKED = ("kind", "entity", "act", "until", "undone_at")


def may_do(reader: Reader, entity: Entity, feature: str) -> bool:
    """Whether somebody has a right of many (merge, transfer, share) that the entity offers."""
    return feature in entity.features and reader.actor.kind != "readonly" and reader.may(entity, feature)


def at(set_id: int) -> str:
    return f"/changes/{set_id}"


def undoable(reader: Reader, made: Record) -> bool:
    row = {key: made.values.get(key) for key in ASKED}
    return why_not(reader.unit, reader.actor, row) is None


def told(reader: Reader, said: str, set_id: int | None, kind: str = "success") -> None:
    """Flash ``said``; with a way back where there is one."""
    flash({"said": said, "undo": f"{at(set_id)}/undo"} if set_id and _open(reader, set_id) else said, kind)  # type: ignore[arg-type]


def _open(reader: Reader, set_id: int) -> bool:
    try:
        return undoable(reader, reader.records.get(ENTITY, set_id))
    except Refusal:
        return False


def action(reader: Reader, set_id: Any, label: str) -> dict[str, Any] | None:
    """The button that takes a change set back, for whoever may."""
    if not isinstance(set_id, int) or not _open(reader, set_id):
        return None
    confirm = str(_("%(label)s？\n之后又被改过的内容保持现状。", label=label))
    return {
        "label": label, "icon": "arrow-back-up", "url": f"{at(set_id)}/undo", "method": "post", "primary": False,
        "confirm": confirm, "yes": str(_("撤销")),
    }  # fmt: skip


def length_said(length: str) -> str:
    """``30 天`` of ``30d``."""
    found = re.fullmatch(r"([0-9]+)(min|h|d|w|m|y)", length)
    if found is None:
        return length
    n = found[1]
    words = {
        "min": _("%(n)s 分钟", n=n), "h": _("%(n)s 小时", n=n), "d": _("%(n)s 天", n=n), "w": _("%(n)s 周", n=n),
        "m": _("%(n)s 个月", n=n), "y": _("%(n)s 年", n=n),
    }  # fmt: skip
    return str(words[found[2]])
