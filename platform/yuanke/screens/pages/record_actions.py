"""The buttons of a record's page that every entity has: edit, hand over, share, merge, copy, delete.

The one rule: a button stands where pressing it now would be allowed for this very record, and nowhere else.
"""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from yuanke.metadata.approvals import FIELD, RUNNING
from yuanke.metadata.registry import Entity
from yuanke.records import Record
from yuanke.records.fetch import ids_within
from yuanke.screens import urls
from yuanke.screens.pages.transfer import may_transfer
from yuanke.screens.reader import Reader
from yuanke.screens.undoable import may_do


def first(reader: Reader, entity: Entity, record: Record) -> list[dict[str, Any]]:
    """Those beside the title; none while an approval runs."""
    if record.values.get(FIELD) in RUNNING:
        return []
    found = []
    if may_update(reader, entity, record):
        url = urls.edit(entity.key, record.id)
        found.append(_button(str(_("编辑")), "edit", url, "get", key="e", primary=True))
    asked = "transfer" if "transfer" in entity.features else "update"
    if may_transfer(reader, entity) and _within(reader, entity, record, asked):
        url = urls.with_query(f"/records/{entity.key}/transfer", {"id": record.id, "one": 1})
        found.append(_button(str(_("转移")), "switch-horizontal", url))
    return found


def more(reader: Reader, entity: Entity, record: Record) -> list[dict[str, Any]]:
    """Those of the menu, what destroys last."""
    found = _of_users(reader, record) if entity.key == "user" else []
    if may_do(reader, entity, "share") and _within(reader, entity, record, "share"):
        url = urls.with_query(f"/records/{entity.key}/share", {"id": record.id, "one": 1})
        found.append(_button(str(_("共享")), "share", url))
    if may_do(reader, entity, "merge") and _within(reader, entity, record, "merge"):
        url = urls.with_query(f"/records/{entity.key}/merge", {"id": record.id})
        found.append(_button(str(_("与其他记录合并")), "arrows-join", url))
    if reader.may(entity, "create"):
        found.append(_button(str(_("复制")), "copy", urls.new(entity.key, **{"from": record.id}), "get"))
    if reader.may(entity, "delete") and _within(reader, entity, record, "delete"):
        confirm = str(_("删除“%(name)s”？\n会移到回收站，可以恢复。", name=record.title))
        url = f"{urls.record(entity.key, record.id)}/delete"
        found.append(_button(str(_("删除")), "trash", url, "post", confirm=confirm, yes=str(_("删除")), danger=True))
    return found


def may_update(reader: Reader, entity: Entity, record: Record) -> bool:
    return reader.may(entity, "update") and _within(reader, entity, record, "update")


def _of_users(reader: Reader, record: Record) -> list[dict[str, Any]]:
    """What an administrator does with an account."""
    if not reader.actor.is_admin:
        return []
    found = [_button(str(_("设置密码")), "key", f"/records/user/{record.id}/password")]
    if record.id != reader.actor.user_id:
        found.append(_button(str(_("离职交接")), "user-share", f"/records/user/{record.id}/hand_over"))
    return found


def _within(reader: Reader, entity: Entity, record: Record, verb: str) -> bool:
    return bool(ids_within(reader.unit, reader.actor, entity, verb, [record.id]))


def _button(label: str, icon: str, url: str, method: str = "dialog", **rest: Any) -> dict[str, Any]:
    return {"label": label, "icon": icon, "url": url, "method": method, **rest}
