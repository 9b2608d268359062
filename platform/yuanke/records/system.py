"""What the engine writes by itself: owner, department, who and when, version.

The one rule: the owner is the creator unless a covering create scope gives another; the department follows the owner.
"""

from __future__ import annotations

from typing import Any

from yuanke.access.grants import grant
from yuanke.access.organisation import organisation
from yuanke.access.scopes import everything
from yuanke.kernel import clock
from yuanke.kernel.text import message
from yuanke.records.save import Save


def fill_system(save: Save) -> None:
    fields, now = save.entity.fields, clock.now()
    if save.verb == "create":
        _fill_new(save, now)
    elif "owner" in save.given and save.changed("owner"):
        _transfer(save)
    stamp: dict[str, Any] = {"updated_at": now, "updated_by": save.actor.user_id}
    save.values.update({k: v for k, v in stamp.items() if k in fields})
    if save.old is not None and "version" in fields:
        save.values["version"] = (save.old.get("version") or 1) + 1
    for rows in save.rows.values():
        for row in rows:
            if row.verb != "delete" and (row.old is None or row.given):
                fill_system(row)


def _fill_new(save: Save, now: Any) -> None:
    fields, actor = save.entity.fields, save.actor
    if "owner" in fields:
        if "owner" not in save.given:
            save.values["owner"] = save.parent.get("owner") if save.parent else actor.user_id
        elif save.values.get("owner") != actor.user_id and "owner" not in save.errors:
            _check_given(save)
    if "department" in fields and save.entity.key != "user":  # where a person works is said, not inherited
        save.values["department"] = department_of(save, save.values.get("owner"))
    stamp = {"created_at": now, "created_by": actor.user_id, "version": 1}
    save.values.update({k: v for k, v in stamp.items() if k in fields})


def _check_given(save: Save) -> None:
    scopes = {
        scope for policy in grant(save.unit, save.actor, save.entity, "create").policies for scope in policy.scopes
    }
    if scopes == {"own"}:
        save.fault("owner", message("你只能新建自己负责的{entity}", entity=save.entity.label))
    elif not _may_give(save, scopes):
        save.fault("owner", message("这位负责人不在你新建{entity}的权限范围内", entity=save.entity.label))


def _may_give(save: Save, scopes: set[str]) -> bool:
    """Whether one of ``scopes`` covers the owner named: all covers anybody and nobody (公海), team and department theirs.

    Any other scope asks for the record as a whole, so it is asked when the record stands (`saving._still_mine`).
    """
    if everything(scopes) or scopes - {"own", "team", "department"}:
        return True
    owner, me, at = save.values.get("owner"), save.actor.user_id, organisation(save.unit)
    if owner is None or me is None:
        return False
    mine = at.team(me) if "team" in scopes else frozenset()
    within = at.my_departments(me) if "department" in scopes else frozenset()
    return owner in mine or department_of(save, owner) in within


def _transfer(save: Save) -> None:
    if save.entity.key == "user":
        return
    save.values["department"] = department_of(save, save.values.get("owner"))


def department_of(save: Save, owner: int | None) -> int | None:
    if owner is None:
        return None
    if owner == save.actor.user_id:
        return save.actor.department_id
    mark = ("main department", owner)
    if mark not in save.unit.kept:
        from yuanke.records.environment import stored

        person = stored(save.unit, save.unit.registry.entities["user"], owner)
        save.unit.kept[mark] = person.row.get("department") if person is not None else None
    return save.unit.kept[mark]
