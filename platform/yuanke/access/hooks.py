"""What `access` has to say in a save: files one may name, users who are log-ins too, managers whose move moves rights.

The one rule: whoever gives rights must have them all: only an administrator changes roles, kind or status of anybody.
"""

from __future__ import annotations

from typing import Any

from yuanke.access import people
from yuanke.access.attached import settle_files
from yuanke.kernel.errors import Refused, ValidationFailed
from yuanke.kernel.hooks import impl
from yuanke.kernel.text import message

TRUSTED = ("roles", "kind", "status", "username")
#: fields that decide who stands below whom, and who stands in for whom
STANDING = {
    "user": ("department", "manager", "extra_departments", "roles", "status"),
    "department": ("parent",),
    "deputy": ("owner", "deputy", "since", "till", "entities"),
}


@impl
def before_save(save: Any) -> None:
    """Refuse files and users that must not be, before anything is written."""
    if save.verb in ("create", "update"):
        settle_files(save)
    if save.entity.key == "api_key":
        _check_key(save)
    if save.entity.key != "user":
        return
    if save.verb == "delete":
        raise Refused(message("用户不能删除；请把状态改为停用或离职，记录会保留"))
    if not save.actor.is_admin:
        refused = [key for key in TRUSTED if save.changed(key)]
        if refused:
            said = message("只有系统管理员可以修改")
            raise ValidationFailed({key: [said] for key in refused})
    record = _with_defaults(save.record)
    if not isinstance(record["roles"], list) or not all(isinstance(role, str) for role in record["roles"]):
        raise ValidationFailed({"roles": [message('角色应为角色键的列表，例如 ["sales"]')]})
    people.check(save.unit, save.id, record)


def _check_key(save: Any) -> None:
    """A key is made and revoked by the doors that show it once (as the engine); a person gives it a name and a term."""
    if save.actor.engine:
        return
    if save.verb != "update":
        raise Refused(message("接口密钥不能这样新建或删除，请用“新建密钥”和“撤销”"))
    for key in ("user", "prefix", "revoked_at", "last_used_at"):
        if save.changed(key):
            save.fault(key, message("不能修改"))


@impl
def after_save(save: Any) -> None:
    """Write the ``ab_*`` rows, and raise the version of the rights when the tree of people moved."""
    fields = STANDING.get(save.entity.key)
    if fields is None:
        return
    if save.entity.key == "user":
        people.project_user(save.unit, save.id, _with_defaults(save.record))
    moved = any(save.changed(key) for key in fields) or any(
        save.pairs.get(key) != save.old_pairs.get(key, []) for key in fields if key in save.pairs
    )
    if moved or save.verb in ("delete", "restore"):
        people.bump_permissions(save.unit)


def _with_defaults(record: dict[str, Any]) -> dict[str, Any]:
    """The record as the checks of `people` read it; what is empty counts as the entity's default."""
    return {
        **record,
        "kind": record.get("kind") or "full",
        "status": record.get("status") or "active",
        "roles": record.get("roles") or [],
    }
